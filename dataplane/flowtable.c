/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/flowtable.h"

#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>

struct flowtable {
	struct rte_hash *hash;
	struct flow *flows; /* by the position rte_hash gives a key */
	uint32_t n_slots;
	uint32_t n_flows;
};

static uint32_t key_hash(const void *key, uint32_t len, uint32_t seed)
{
	return rte_hash_crc(key, len, seed);
}

/* Without a lock-free flag positions are 0..entries-1; the table is for one core. */
struct flowtable *flowtable_create(
	const char *name, uint32_t flows_max, uint32_t seed, int numa_node)
{
	struct rte_hash_parameters parameters = {
		.name = name,
		.entries = flows_max,
		.key_len = sizeof(struct flow_key),
		.hash_func = key_hash,
		.hash_func_init_val = seed,
		.socket_id = numa_node,
		/* a plain cuckoo table can refuse a key before it is full */
		.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};
	struct flowtable *t = rte_zmalloc_socket(name, sizeof(*t), 0, numa_node);

	if (t == NULL) {
		return NULL;
	}
	t->n_slots = flows_max;
	t->hash = rte_hash_create(&parameters);
	t->flows = rte_zmalloc_socket(name, (size_t)flows_max * sizeof(struct flow), 64, numa_node);
	if (t->hash == NULL || t->flows == NULL) {
		flowtable_destroy(t);
		return NULL;
	}
	return t;
}

void flowtable_destroy(struct flowtable *t)
{
	if (t != NULL) {
		rte_hash_free(t->hash);
		rte_free(t->flows);
		rte_free(t);
	}
}

size_t flowtable_size(uint32_t flows_max)
{
	/* rte_hash: key, pointer and padding per entry, and buckets of 64 octets for 8 entries, twice (extendable) */
	return (size_t)flows_max * (sizeof(struct flow) + sizeof(struct flow_key) + 16 + 2 * 8);
}

void flowtable_find_bulk(
	struct flowtable *t, const struct flow_key *const *keys, uint32_t n, struct flow **flows)
{
	const void *key_pointers[LIMIT_BURST];
	int32_t positions[LIMIT_BURST];

	for (uint32_t i = 0; i < n; i++) {
		key_pointers[i] = keys[i];
	}
	if (rte_hash_lookup_bulk(t->hash, key_pointers, n, positions) != 0) {
		memset(flows, 0, n * sizeof(*flows));
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		flows[i] = positions[i] >= 0 ? &t->flows[positions[i]] : NULL;
	}
}

struct flow *flowtable_find(struct flowtable *t, const struct flow_key *key)
{
	int32_t position = rte_hash_lookup(t->hash, key);

	return position >= 0 ? &t->flows[position] : NULL;
}

struct flow *flowtable_add(struct flowtable *t, const struct flow_key *key)
{
	int32_t position = t->n_flows < t->n_slots ? rte_hash_add_key(t->hash, key) : -ENOSPC;
	struct flow *flow;

	if (position < 0) {
		return NULL;
	}
	flow = &t->flows[position];
	memset(flow, 0, sizeof(*flow));
	flow->key = *key;
	t->n_flows++;
	return flow;
}

void flowtable_remove(struct flowtable *t, struct flow *flow)
{
	if (rte_hash_del_key(t->hash, &flow->key) >= 0) {
		flow->state = FLOW_FREE;
		t->n_flows--;
	}
}

uint32_t flowtable_count(const struct flowtable *t)
{
	return t->n_flows;
}

struct flow *flowtable_next_before(struct flowtable *t, uint32_t *position, uint32_t end)
{
	while (*position < end && *position < t->n_slots) {
		struct flow *flow = &t->flows[(*position)++];

		if (flow->state != FLOW_FREE) {
			return flow;
		}
	}
	return NULL;
}

struct flow *flowtable_next(struct flowtable *t, uint32_t *position)
{
	return flowtable_next_before(t, position, t->n_slots);
}
