/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * telemetry: /smswall/... on DPDK's telemetry socket (rte_telemetry; docs/metrics.md), beside DPDK's own
 * /ethdev/... commands. Read-only: figures alone, never a number, an account or a text.
 *
 * The socket silently drops the 257th entry of a container and cuts an answer at 16 KiB: lists are told in
 * pages, "/smswall/counters,OFFSET"; "next" is the next page's offset, absent on the last one.
 *
 * Thread-safety: commands run on threads of DPDK's. They read only what any thread may read while others
 * write it: counters, gauges, turns, the panic word, the configuration. A generation may be freed by control at any
 * time, so nothing of it is read there: /smswall/rules is a question that the control thread answers in
 * telemetry_serve(), and gives up after TELEMETRY_WAIT_MS.
 * Ownership: what is given outlives telemetry_close(). One per process, as DPDK's callbacks get no argument.
 */
#ifndef SMSWALL_TELEMETRY_H
#define SMSWALL_TELEMETRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/pipeline.h"

enum { TELEMETRY_PAGE = 200, TELEMETRY_RULES_PAGE = 64, TELEMETRY_WAIT_MS = 1000 };

struct telemetry_source {
	const struct pipeline_config *config;
	struct pipeline **pipelines;
	unsigned n_pipelines;
	const _Atomic uint64_t *turns[WORKERS_MAX];
	const _Atomic uint64_t *panic_links;
	uint64_t started_us;
	const char *version;
};

struct telemetry_rule {
	char id[RULE_ID_SIZE];
	uint8_t state; /* enum rule_state */
	uint64_t hits, shadow, decided;
};

/* What control answers: rules from `offset` on in the ruleset's order. */
struct telemetry_rules {
	uint32_t generation;
	uint32_t n_total;
	uint32_t n;
	struct telemetry_rule rules[TELEMETRY_RULES_PAGE];
};
typedef void (*telemetry_fill)(void *arg, uint32_t offset, struct telemetry_rules *out);

/* telemetry_open: registers the commands; false where DPDK will not. Once. */
bool telemetry_open(const struct telemetry_source *source);

/* telemetry_serve: control, every round: answers a question for rules if there is one. Does not wait. */
void telemetry_serve(telemetry_fill fill, void *arg);

/* telemetry_close: commands answer nothing from now on; none is under way when it returns. */
void telemetry_close(void);

#endif
