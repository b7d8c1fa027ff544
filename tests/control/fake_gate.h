/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_gate: dataplane/gate.h as control sees it, without DPDK: a test says when workers have seen a
 * publication. Defines gate_publish() and gate_seen(): included by one file of a program.
 */
#ifndef SMSWALL_TESTS_FAKE_GATE_H
#define SMSWALL_TESTS_FAKE_GATE_H

#include <stdatomic.h>

#include "dataplane/gate.h"

struct gate {
	struct generation *live;
	_Atomic uint64_t token; /* of the newest publication */
	_Atomic uint64_t seen;  /* up to this one; UINT64_MAX: each at once */
	uint64_t n_questions;
};

struct generation *gate_publish(struct gate *g, struct generation *next, uint64_t *token)
{
	struct generation *before = g->live;

	g->live = next;
	*token = atomic_fetch_add(&g->token, 1) + 1;
	return before;
}

bool gate_seen(struct gate *g, uint64_t token)
{
	g->n_questions++;
	return token <= atomic_load(&g->seen);
}

#endif
