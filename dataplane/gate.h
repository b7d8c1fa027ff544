/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gate: the only door from control to the workers: which generation is live.
 *
 * A worker reads the pointer once a turn and says after each turn that it holds none any more;
 * control publishes a new one without waiting, and may free the one before once gate_seen() says
 * that no worker can hold it (rte_rcu_qsbr).
 * Thread-safety: gate_current, gate_quiet and gate_leave by the worker they name; the rest by control.
 */
#ifndef SMSWALL_GATE_H
#define SMSWALL_GATE_H

#include <stdbool.h>

#include "dataplane/verdict/generation.h"

struct gate;

/* gate_create: boot only; all workers count from now on until gate_leave(). NULL when out of memory. */
struct gate *gate_create(unsigned n_workers, struct generation *first);
void gate_destroy(struct gate *g); /* NULL is accepted */

/* gate_current: the live generation, valid until this worker's next gate_quiet(). */
const struct generation *gate_current(struct gate *g);
void gate_quiet(struct gate *g, unsigned worker);
/* gate_leave: the worker ends: nobody waits for it any more. */
void gate_leave(struct gate *g, unsigned worker);

/* gate_publish: makes `next` live and returns the one before. *token is what gate_seen() asks for. */
struct generation *gate_publish(struct gate *g, struct generation *next, uint64_t *token);

/* gate_seen: no worker holds what was live before the publication that gave `token`. Never waits. */
bool gate_seen(struct gate *g, uint64_t token);

#endif
