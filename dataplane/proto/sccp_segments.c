/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/sccp_segments.h"

#include <assert.h>

enum { CALLING_SIZE = 32 }; /* octets of a calling address that are compared; and its length */
#define NONE UINT32_MAX

struct key {
	uint32_t opc;
	uint32_t dpc;
	uint32_t reference;
	uint16_t link;
	uint16_t calling_len;
	uint8_t calling[CALLING_SIZE];
};

/* A message being put together. Indices are of messages; NONE: no more. */
struct entry {
	struct key key;
	uint32_t chain; /* next of the same bucket, or next free one */
	uint32_t older; /* by birth, which is the order they end in */
	uint32_t younger;
	uint8_t n_total;
	uint8_t n_have;
	uint16_t end[LIMIT_SCCP_SEGMENTS]; /* behind each segment that is there, in octets */
	uint64_t born_us;
	uint8_t octets[LIMIT_SCCP_JOINED_LEN];
};

struct sccp_segments {
	struct sccp_segments_config config;
	uint32_t n_held;
	uint32_t free;
	uint32_t oldest;
	uint32_t youngest;
	uint32_t *buckets; /* messages_max of them */
	struct entry entries[];
};

static size_t entries_size(const struct sccp_segments_config *config)
{
	return sizeof(struct sccp_segments) + config->messages_max * sizeof(struct entry);
}

size_t sccp_segments_size(const struct sccp_segments_config *config)
{
	return (entries_size(config) + config->messages_max * sizeof(uint32_t) + 63) / 64 * 64;
}

struct sccp_segments *sccp_segments_init(void *memory, const struct sccp_segments_config *config)
{
	struct sccp_segments *t = memory;

	assert(config->messages_max != 0 && config->messages_max < NONE);
	t->config = *config;
	t->n_held = 0;
	t->free = 0;
	t->oldest = t->youngest = NONE;
	t->buckets = (void *)((uint8_t *)memory + entries_size(config));
	for (uint32_t i = 0; i < config->messages_max; i++) {
		t->buckets[i] = NONE;
		t->entries[i].chain = i + 1 < config->messages_max ? i + 1 : NONE;
	}
	return t;
}

uint32_t sccp_segments_held(const struct sccp_segments *t)
{
	return t->n_held;
}

static struct key key_of(unsigned link, uint32_t opc, uint32_t dpc, const struct sccp_message *m)
{
	struct bytes calling = bytes_slice(m->calling.octets, 0, CALLING_SIZE);
	struct key key;

	memset(&key, 0, sizeof(key)); /* compared whole */
	key.opc = opc;
	key.dpc = dpc;
	key.reference = m->segmentation.reference;
	key.link = (uint16_t)link;
	key.calling_len = (uint16_t)m->calling.octets.len;
	if (calling.len != 0) {
		memcpy(key.calling, calling.data, calling.len);
	}
	return key;
}

/* bucket_of: FNV-1a. A sender who aims at one bucket makes others walk it: messages_max steps at most. */
static uint32_t *bucket_of(struct sccp_segments *t, const struct key *key)
{
	const uint8_t *at = (const void *)key;
	uint64_t h = 0xCBF29CE484222325u;

	for (size_t i = 0; i < sizeof(*key); i++) {
		h = (h ^ at[i]) * 0x100000001B3u;
	}
	return &t->buckets[(h ^ h >> 32) % t->config.messages_max];
}

static struct entry *find(struct sccp_segments *t, const struct key *key)
{
	for (uint32_t i = *bucket_of(t, key); i != NONE; i = t->entries[i].chain) {
		if (memcmp(&t->entries[i].key, key, sizeof(*key)) == 0) {
			return &t->entries[i];
		}
	}
	return NULL;
}

static struct entry *entry_new(struct sccp_segments *t, const struct key *key, uint64_t now_us)
{
	uint32_t *bucket = bucket_of(t, key);
	uint32_t i = t->free;
	struct entry *e;

	if (i == NONE) {
		return NULL;
	}
	e = &t->entries[i];
	t->free = e->chain;
	e->key = *key;
	e->born_us = now_us;
	e->n_have = 0;
	e->chain = *bucket;
	*bucket = i;
	e->older = t->youngest;
	e->younger = NONE;
	*(t->youngest != NONE ? &t->entries[t->youngest].younger : &t->oldest) = i;
	t->youngest = i;
	t->n_held++;
	return e;
}

static void entry_free(struct sccp_segments *t, struct entry *e)
{
	uint32_t i = (uint32_t)(e - t->entries);
	uint32_t *at = bucket_of(t, &e->key);

	while (*at != i) {
		at = &t->entries[*at].chain;
	}
	*at = e->chain;
	*(e->older != NONE ? &t->entries[e->older].younger : &t->oldest) = e->younger;
	*(e->younger != NONE ? &t->entries[e->younger].older : &t->youngest) = e->older;
	e->chain = t->free;
	t->free = i;
	t->n_held--;
}

void sccp_segments_expire(struct sccp_segments *t, uint64_t now_us, struct stats *stats)
{
	while (t->oldest != NONE) {
		struct entry *e = &t->entries[t->oldest];

		if (now_us != UINT64_MAX &&
			(now_us < e->born_us || now_us - e->born_us < t->config.age_us)) {
			return;
		}
		stats_reason(stats, R_sccp_segment_timeout);
		entry_free(t, e);
	}
}

static size_t entry_end(const struct entry *e)
{
	return e->n_have != 0 ? e->end[e->n_have - 1] : 0;
}

/* entry_append: false when the whole would be too long. */
static bool entry_append(struct entry *e, struct bytes data)
{
	size_t end = entry_end(e);

	if (data.len > LIMIT_SCCP_JOINED_LEN - end) {
		return false;
	}
	if (data.len != 0) {
		memcpy(e->octets + end, data.data, data.len);
	}
	e->end[e->n_have++] = (uint16_t)(end + data.len);
	return true;
}

/* entry_equal: segment `i`, which is there, came with these octets. */
static bool entry_equal(const struct entry *e, unsigned i, struct bytes data)
{
	size_t begin = i != 0 ? e->end[i - 1] : 0;

	return bytes_equal(bytes_of(e->octets + begin, e->end[i] - begin), data);
}

/*
 * add_first: Q.714 4.1.1.2.3: a first segment begins a message. The same one again changes nothing
 * while no other has followed; later it does, because a receiver begins anew with it.
 */
static enum parse add_first(struct sccp_segments *t, const struct key *key, struct bytes data,
	unsigned n_total, uint64_t now_us, struct sccp_joined *joined, enum reason *why)
{
	struct entry *e = find(t, key);

	if (e != NULL) {
		if (e->n_have == 1 && e->n_total == n_total && entry_equal(e, 0, data)) {
			*why = R_sccp_segment_duplicate;
			return PARSE_MORE;
		}
		entry_free(t, e);
		*why = R_sccp_segment_restart;
	}
	if (n_total == 1) {
		*joined = (struct sccp_joined){ .octets = data, .n_segments = 1 };
		return PARSE_OK;
	}
	e = data.len <= LIMIT_SCCP_JOINED_LEN ? entry_new(t, key, now_us) : NULL;
	if (e == NULL) {
		*why = data.len <= LIMIT_SCCP_JOINED_LEN ? R_sccp_segment_full
		                                         : R_sccp_segment_oversize;
		return PARSE_BAD;
	}
	e->n_total = (uint8_t)n_total;
	(void)entry_append(e, data);
	return PARSE_MORE;
}

/* add_next: a segment after which `remaining` are to come; a receiver takes them in order only. */
static enum parse add_next(struct sccp_segments *t, struct entry *e, struct bytes data,
	unsigned remaining, uint8_t *scratch, struct sccp_joined *joined, enum reason *why)
{
	unsigned i = remaining < e->n_total ? e->n_total - 1u - remaining : LIMIT_SCCP_SEGMENTS;

	if (i < e->n_have) {
		*why = entry_equal(e, i, data) ? R_sccp_segment_duplicate : R_sccp_segment_differs;
		return PARSE_MORE;
	}
	if (i > e->n_have || !entry_append(e, data)) {
		*why = i > e->n_have ? R_sccp_segment_gap : R_sccp_segment_oversize;
		entry_free(t, e);
		return PARSE_BAD;
	}
	if (remaining != 0) {
		return PARSE_MORE;
	}
	memcpy(scratch, e->octets, entry_end(e));
	*joined = (struct sccp_joined){ .octets = bytes_of(scratch, entry_end(e)),
		.own_off = entry_end(e) - data.len,
		.n_segments = e->n_total };
	entry_free(t, e);
	return PARSE_OK;
}

enum parse sccp_segments_add(struct sccp_segments *t, unsigned link, uint32_t opc, uint32_t dpc,
	const struct sccp_message *m, uint64_t now_us, uint8_t *scratch, struct stats *stats,
	struct sccp_joined *joined, enum reason *why)
{
	struct key key = key_of(link, opc, dpc, m);
	enum parse p = PARSE_BAD;

	sccp_segments_expire(t, now_us, stats);
	*why = R_none;
	if (m->segmentation.first) {
		p = add_first(
			t, &key, m->data, m->segmentation.remaining + 1u, now_us, joined, why);
	} else {
		struct entry *e = find(t, &key);

		*why = e != NULL ? R_none : R_sccp_segment_gap;
		if (e != NULL) {
			p = add_next(
				t, e, m->data, m->segmentation.remaining, scratch, joined, why);
		}
	}
	if (*why != R_none) {
		stats_reason(stats, *why);
	}
	return p;
}
