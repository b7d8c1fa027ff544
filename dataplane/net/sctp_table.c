/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp_table.h"

#include <assert.h>

static uint32_t index_size(uint32_t assocs_max)
{
	uint32_t n = 16;

	while (n < 2 * assocs_max) {
		n *= 2;
	}
	return n;
}

static size_t head_size(void)
{
	return (sizeof(struct sctp_assocs) + 63) / 64 * 64;
}

size_t sctp_assocs_size(uint32_t assocs_max)
{
	return head_size() + (size_t)assocs_max * sizeof(struct sctp_assoc) +
	       2 * (size_t)index_size(assocs_max) * sizeof(uint32_t);
}

struct sctp_assocs *sctp_assocs_init(void *memory, uint32_t assocs_max, uint64_t seed)
{
	struct sctp_assocs *t = memory;
	uint32_t n_index = index_size(assocs_max);

	*t = (struct sctp_assocs){ .seed = seed, .mask = n_index - 1, .assocs_max = assocs_max };
	t->assocs = (struct sctp_assoc *)(void *)((uint8_t *)memory + head_size());
	t->tags = (uint32_t *)(void *)(t->assocs + assocs_max);
	t->paths = t->tags + n_index;
	memset(t->tags, 0, 2 * (size_t)n_index * sizeof(uint32_t));
	for (uint32_t i = assocs_max; i-- > 0;) {
		t->assocs[i].state = SCTP_FREE;
		t->assocs[i].path_next = t->free;
		t->free = i + 1;
	}
	return t;
}

static uint32_t *tag_at(const struct sctp_assocs *t, uint16_t source, uint16_t target, uint32_t tag)
{
	uint64_t key = (uint64_t)tag << 32 | (uint32_t)source << 16 | target;

	return &t->tags[sctp_mix(key ^ t->seed) & t->mask];
}

uint32_t *sctp_path_at(const struct sctp_assocs *t, const struct flow_key *key)
{
	uint64_t words[sizeof(*key) / 8];
	uint64_t hash = t->seed;

	_Static_assert(sizeof(*key) % 8 == 0, "whole words");
	memcpy(words, key, sizeof(words));
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = sctp_mix(hash ^ words[i]);
	}
	return &t->paths[hash & t->mask];
}

void sctp_tag_link(struct sctp_assocs *t, struct sctp_assoc *a, unsigned side, uint32_t tag)
{
	uint32_t *at = tag_at(t, a->port[side], a->port[1 - side], tag);

	a->tag[side] = tag;
	a->tag_known[side] = true;
	a->tag_next[side] = *at;
	*at = 2 * sctp_position_of(t, a) + side + 1;
}

void sctp_tag_unlink(struct sctp_assocs *t, struct sctp_assoc *a, unsigned side)
{
	uint32_t *at = tag_at(t, a->port[side], a->port[1 - side], a->tag[side]);
	uint32_t ref = 2 * sctp_position_of(t, a) + side + 1;

	if (!a->tag_known[side]) {
		return;
	}
	while (*at != ref) {
		at = &t->assocs[(*at - 1) / 2].tag_next[(*at - 1) % 2];
	}
	*at = a->tag_next[side];
	a->tag_known[side] = false;
	a->tag_proven[side] = false;
}

static void path_unlink(struct sctp_assocs *t, struct sctp_assoc *a)
{
	uint32_t *at = sctp_path_at(t, &a->key);

	while (*at != sctp_position_of(t, a) + 1) {
		at = &t->assocs[*at - 1].path_next;
	}
	*at = a->path_next;
}

void sctp_half_add(struct sctp_assocs *t, struct sctp_assoc *a)
{
	uint32_t ref = sctp_position_of(t, a) + 1;

	a->half_prev = t->half_tail;
	a->half_next = 0;
	if (t->half_tail != 0) {
		t->assocs[t->half_tail - 1].half_next = ref;
	} else {
		t->half_head = ref;
	}
	t->half_tail = ref;
	t->n_half++;
}

void sctp_half_remove(struct sctp_assocs *t, struct sctp_assoc *a)
{
	if (a->half_prev != 0) {
		t->assocs[a->half_prev - 1].half_next = a->half_next;
	} else {
		t->half_head = a->half_next;
	}
	if (a->half_next != 0) {
		t->assocs[a->half_next - 1].half_prev = a->half_prev;
	} else {
		t->half_tail = a->half_prev;
	}
	t->n_half--;
}

unsigned sctp_address_find(const struct sctp_assoc *a, unsigned side, const uint8_t *address)
{
	for (unsigned i = 0; i < a->n_addresses[side]; i++) {
		if (memcmp(a->address[side][i], address, 16) == 0) {
			return i;
		}
	}
	return LIMIT_SCTP_ADDRESSES;
}

unsigned sctp_address_learn(
	struct sctp_assoc *a, unsigned side, const uint8_t *address, struct stats *stats)
{
	unsigned i = sctp_address_find(a, side, address);

	if (i != LIMIT_SCTP_ADDRESSES) {
		return i;
	}
	if (a->n_addresses[side] == LIMIT_SCTP_ADDRESSES) {
		stats_reason(stats, R_sctp_addresses);
		return LIMIT_SCTP_ADDRESSES;
	}
	i = a->n_addresses[side]++;
	memcpy(a->address[side][i], address, 16);
	return i;
}

void sctp_address_forget(struct sctp_assoc *a, unsigned side, unsigned i)
{
	unsigned last = a->n_addresses[side] - 1u;
	uint64_t paths = 0;

	_Static_assert(LIMIT_SCTP_ADDRESSES == 8, "paths is a square of 64 bits");
	for (unsigned n = 0; n < 64; n++) {
		unsigned at[2] = { n / 8, n % 8 };

		if ((a->paths >> n & 1) == 0 || at[side] == i) {
			continue;
		}
		at[side] = at[side] == last ? i : at[side];
		paths |= sctp_path_bit(at[0], at[1]);
	}
	memmove(a->address[side][i], a->address[side][last], 16);
	a->n_addresses[side]--;
	a->paths = paths;
	a->n_paths = (uint8_t)__builtin_popcountll(paths);
}

bool sctp_knows_addresses(const struct sctp_assoc *a, unsigned side, const struct frame *f)
{
	return sctp_address_find(a, side, sctp_source_of(f)) != LIMIT_SCTP_ADDRESSES &&
	       sctp_address_find(a, 1 - side, sctp_target_of(f)) != LIMIT_SCTP_ADDRESSES;
}

struct sctp_end sctp_tag_find(const struct sctp_assocs *t, uint16_t source, uint16_t target,
	uint32_t tag, const struct frame *f, bool reflected)
{
	struct sctp_end first = { NULL, 0 };

	if (tag == 0) {
		return first;
	}
	for (uint32_t ref = *tag_at(t, source, target, tag); ref != 0;) {
		struct sctp_assoc *a = &t->assocs[(ref - 1) / 2];
		unsigned side = (ref - 1) % 2;

		ref = a->tag_next[side];
		if (a->tag[side] != tag || a->port[side] != source || a->port[1 - side] != target) {
			continue;
		}
		if (sctp_knows_addresses(a, reflected ? 1 - side : side, f)) {
			return (struct sctp_end){ a, side };
		}
		/* a new path; but not a tag sent back to who chose it */
		if (first.a == NULL && !reflected && !sctp_knows_addresses(a, 1 - side, f)) {
			first = (struct sctp_end){ a, side };
		}
	}
	return first;
}

void sctp_assocs_remove(struct sctp_assocs *t, struct sctp_assoc *a)
{
	assert(a->state != SCTP_FREE && !sctp_holds_frames(a));
	if (a->state == SCTP_HALF) {
		sctp_half_remove(t, a);
	}
	sctp_tag_unlink(t, a, 0);
	sctp_tag_unlink(t, a, 1);
	path_unlink(t, a);
	a->state = SCTP_FREE;
	a->path_next = t->free;
	t->free = sctp_position_of(t, a) + 1;
	t->n_assocs--;
}

bool sctp_assocs_idle(const struct sctp_assoc *a, uint64_t now_us, uint64_t idle_us)
{
	if (a->state == SCTP_OVER) {
		idle_us = LIMIT_SCTP_LINGER_US;
	} else if (a->state == SCTP_HALF) {
		idle_us = LIMIT_SCTP_HALF_US;
	}
	return now_us >= a->last_us && now_us - a->last_us >= idle_us;
}

uint32_t sctp_assocs_count(const struct sctp_assocs *t)
{
	return t->n_assocs;
}

struct sctp_assoc *sctp_assocs_next_before(struct sctp_assocs *t, uint32_t *position, uint32_t end)
{
	while (*position < end && *position < t->assocs_max) {
		struct sctp_assoc *a = &t->assocs[(*position)++];

		if (a->state != SCTP_FREE) {
			return a;
		}
	}
	return NULL;
}

struct sctp_assoc *sctp_assocs_next(struct sctp_assocs *t, uint32_t *position)
{
	return sctp_assocs_next_before(t, position, t->assocs_max);
}
