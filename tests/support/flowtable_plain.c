/* SPDX-License-Identifier: BSD-3-Clause */
/* flowtable_plain: dataplane/flowtable.h without DPDK, for tests, fuzzers and benchmarks: open addressing. */
#include <assert.h>
#include <stdlib.h>

#include "dataplane/flowtable.h"

struct flowtable {
	struct flow *flows;
	uint32_t *slots; /* index of a flow + 1; 0: never used; UINT32_MAX: removed */
	uint32_t n_slots;
	uint32_t flows_max;
	uint32_t n_flows;
};

struct flowtable *flowtable_create(
	const char *name, uint32_t flows_max, uint32_t seed, int numa_node)
{
	struct flowtable *t = calloc(1, sizeof(*t));

	(void)name;
	(void)seed;
	(void)numa_node;
	t->flows_max = flows_max;
	t->n_slots = 1;
	while (t->n_slots < 4 * flows_max) {
		t->n_slots *= 2;
	}
	t->flows = aligned_alloc(64, flows_max * sizeof(struct flow));
	t->slots = calloc(t->n_slots, sizeof(*t->slots));
	memset(t->flows, 0, flows_max * sizeof(struct flow));
	return t;
}

void flowtable_destroy(struct flowtable *t)
{
	if (t != NULL) {
		free(t->flows);
		free(t->slots);
		free(t);
	}
}

size_t flowtable_size(uint32_t flows_max)
{
	return flows_max * sizeof(struct flow);
}

/* first_slot: a word at a time, as rte_hash's CRC is: this must not be what a benchmark measures. */
static uint32_t first_slot(const struct flowtable *t, const struct flow_key *key)
{
	uint64_t h = 0;
	uint64_t w;

	static_assert(sizeof(*key) % sizeof(w) == 0, "whole words");
	for (size_t i = 0; i < sizeof(*key); i += sizeof(w)) {
		memcpy(&w, (const uint8_t *)key + i, sizeof(w));
		h = (h ^ w) * UINT64_C(0x9E3779B97F4A7C15);
		h ^= h >> 32;
	}
	return (uint32_t)h & (t->n_slots - 1);
}

static uint32_t *find_slot(struct flowtable *t, const struct flow_key *key)
{
	uint32_t at = first_slot(t, key);

	for (uint32_t i = 0; i < t->n_slots && t->slots[at] != 0;
		i++, at = (at + 1) & (t->n_slots - 1)) {
		uint32_t flow = t->slots[at];

		if (flow != UINT32_MAX && memcmp(&t->flows[flow - 1].key, key, sizeof(*key)) == 0) {
			return &t->slots[at];
		}
	}
	return NULL;
}

struct flow *flowtable_find(struct flowtable *t, const struct flow_key *key)
{
	uint32_t *slot = find_slot(t, key);

	return slot != NULL ? &t->flows[*slot - 1] : NULL;
}

void flowtable_find_bulk(
	struct flowtable *t, const struct flow_key *const *keys, uint32_t n, struct flow **flows)
{
	for (uint32_t i = 0; i < n; i++) {
		flows[i] = flowtable_find(t, keys[i]);
	}
}

struct flow *flowtable_add(struct flowtable *t, const struct flow_key *key)
{
	uint32_t at = first_slot(t, key);
	uint32_t free_flow = 0;

	if (t->n_flows == t->flows_max) {
		return NULL;
	}
	while (t->flows[free_flow].state != FLOW_FREE) {
		free_flow++;
	}
	while (t->slots[at] != 0 && t->slots[at] != UINT32_MAX) {
		at = (at + 1) & (t->n_slots - 1);
	}
	t->slots[at] = free_flow + 1;
	memset(&t->flows[free_flow], 0, sizeof(struct flow));
	t->flows[free_flow].key = *key;
	t->n_flows++;
	return &t->flows[free_flow];
}

void flowtable_remove(struct flowtable *t, struct flow *flow)
{
	uint32_t *slot = find_slot(t, &flow->key);

	*slot = UINT32_MAX;
	flow->state = FLOW_FREE;
	t->n_flows--;
}

uint32_t flowtable_count(const struct flowtable *t)
{
	return t->n_flows;
}

struct flow *flowtable_next_before(struct flowtable *t, uint32_t *position, uint32_t end)
{
	while (*position < end && *position < t->flows_max) {
		struct flow *flow = &t->flows[(*position)++];

		if (flow->state != FLOW_FREE) {
			return flow;
		}
	}
	return NULL;
}

struct flow *flowtable_next(struct flowtable *t, uint32_t *position)
{
	return flowtable_next_before(t, position, t->flows_max);
}
