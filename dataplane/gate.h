/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gate: the only door from control to the workers: which generation is live.
 *
 * A worker reads the pointer once a turn and says when it holds none any more; control publishes a
 * new one, and frees the old one when every worker has said so (rte_rcu_qsbr).
 * Thread-safety: gate_current and gate_quiet by the worker they name; the rest by control.
 */
#ifndef SMSWALL_GATE_H
#define SMSWALL_GATE_H

#include "dataplane/verdict/generation.h"

struct gate;

/* gate_create: boot only; NULL when out of memory. */
struct gate *gate_create(unsigned n_workers, struct generation *first);
void gate_destroy(struct gate *g);

void gate_enter(struct gate *g, unsigned worker);
void gate_leave(struct gate *g, unsigned worker);

/* gate_current: the live generation, valid until this worker's next gate_quiet(). */
const struct generation *gate_current(struct gate *g);
void gate_quiet(struct gate *g, unsigned worker);

/* gate_publish: makes `next` live; returns the one before, which may still be in use: see gate_wait. */
struct generation *gate_publish(struct gate *g, struct generation *next);

/* gate_wait: returns when no worker can see a generation published before; a worker that is stuck stalls it. */
void gate_wait(struct gate *g);

#endif
