/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flowtable: connection key -> struct flow, looked up a burst at a time.
 *
 * Implementations: flowtable.c over rte_hash (the only DPDK in it); tests and fuzzers link
 * tests/support/flowtable_plain.c, so that all the rest runs without EAL.
 * Ownership: the table owns its flows. Owning core only. Bounds: `flows_max`, fixed at boot.
 */
#ifndef SMSWALL_FLOWTABLE_H
#define SMSWALL_FLOWTABLE_H

#include "dataplane/net/flow.h"

struct flowtable;

/* flowtable_create: boot only; `seed` keys the hash (fixed in replay). NULL when out of memory. */
struct flowtable *flowtable_create(
	const char *name, uint32_t flows_max, uint32_t seed, int numa_node);
void flowtable_destroy(struct flowtable *t);

/* Octets a table of `flows_max` takes, for the memory budget. */
size_t flowtable_size(uint32_t flows_max);

/* flowtable_find_bulk: flows[i] = the flow of keys[i], or NULL; n <= LIMIT_BURST. */
void flowtable_find_bulk(
	struct flowtable *t, const struct flow_key *const *keys, uint32_t n, struct flow **flows);

/* flowtable_find: one key. */
struct flow *flowtable_find(struct flowtable *t, const struct flow_key *key);

/* flowtable_add: a zeroed flow for a key that is not in the table, or NULL when it is full. */
struct flow *flowtable_add(struct flowtable *t, const struct flow_key *key);

/* flowtable_remove: frees the flow; its directions and session must have been closed. */
void flowtable_remove(struct flowtable *t, struct flow *flow);

uint32_t flowtable_count(const struct flowtable *t);

/* flowtable_next: the first live flow at or after `*position` in slot order, or NULL; advances it. */
struct flow *flowtable_next(struct flowtable *t, uint32_t *position);

/* flowtable_next_before: the same, looking at no slot from `end` on: a bounded amount of work. */
struct flow *flowtable_next_before(struct flowtable *t, uint32_t *position, uint32_t end);

#endif
