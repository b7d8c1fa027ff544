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

/*
 * A message being put together: a place for each number of segments still to come (`remaining`), so
 * that the first segment's is the highest. Indices are of entries; NONE: no more.
 */
struct entry {
	struct key key;
	uint32_t chain; /* next of the same bucket, or next free one */
	uint32_t older; /* in its list */
	uint32_t younger;
	bool done;       /* has been whole once */
	uint8_t n_total; /* 0: the first segment has not come */
	uint16_t have;   /* bit r: the segment after which r are to come */
	uint16_t used;   /* of octets */
	uint16_t off[LIMIT_SCCP_SEGMENTS];
	uint16_t len[LIMIT_SCCP_SEGMENTS];
	uint64_t since_us; /* of the first arrival; when done, of being whole */
	uint8_t octets[LIMIT_SCCP_JOINED_LEN];
};

struct list { /* by age */
	uint32_t oldest;
	uint32_t youngest;
};

struct sccp_segments {
	struct sccp_segments_config config;
	uint32_t n_held; /* not done */
	uint32_t free;
	struct list lists[2]; /* of entries not done, and done */
	uint32_t *buckets;    /* messages_max of them */
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
	t->lists[0] = t->lists[1] = (struct list){ NONE, NONE };
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

static void list_add(struct sccp_segments *t, struct entry *e)
{
	struct list *list = &t->lists[e->done];
	uint32_t i = (uint32_t)(e - t->entries);

	e->older = list->youngest;
	e->younger = NONE;
	*(e->older != NONE ? &t->entries[e->older].younger : &list->oldest) = i;
	list->youngest = i;
	t->n_held += !e->done;
}

static void list_remove(struct sccp_segments *t, struct entry *e)
{
	struct list *list = &t->lists[e->done];

	*(e->older != NONE ? &t->entries[e->older].younger : &list->oldest) = e->younger;
	*(e->younger != NONE ? &t->entries[e->younger].older : &list->youngest) = e->older;
	t->n_held -= !e->done;
}

static void entry_free(struct sccp_segments *t, struct entry *e)
{
	uint32_t i = (uint32_t)(e - t->entries);
	uint32_t *at = bucket_of(t, &e->key);

	while (*at != i) {
		at = &t->entries[*at].chain;
	}
	*at = e->chain;
	list_remove(t, e);
	e->chain = t->free;
	t->free = i;
}

/* entry_new: where there is no room, that of the oldest which is done. */
static struct entry *entry_new(struct sccp_segments *t, const struct key *key, uint64_t now_us)
{
	uint32_t *bucket = bucket_of(t, key);
	struct entry *e;

	if (t->free == NONE && t->lists[true].oldest != NONE) {
		entry_free(t, &t->entries[t->lists[true].oldest]);
	}
	if (t->free == NONE) {
		return NULL;
	}
	e = &t->entries[t->free];
	e->key = *key;
	e->since_us = now_us;
	e->done = false;
	e->n_total = 0;
	e->have = 0;
	e->used = 0;
	list_add(t, e);
	t->free = e->chain;
	e->chain = *bucket;
	*bucket = (uint32_t)(e - t->entries);
	return e;
}

static void entry_done(struct sccp_segments *t, struct entry *e, uint64_t now_us)
{
	if (!e->done) {
		list_remove(t, e);
		e->done = true;
		e->since_us = now_us;
		list_add(t, e);
	}
}

static bool is_old(const struct sccp_segments *t, const struct entry *e, uint64_t now_us)
{
	return now_us == UINT64_MAX ||
	       (now_us > e->since_us && now_us - e->since_us >= t->config.age_us);
}

void sccp_segments_expire(struct sccp_segments *t, uint64_t now_us, struct stats *stats)
{
	for (unsigned done = 0; done < 2; done++) {
		const struct list *list = &t->lists[done];

		while (list->oldest != NONE && is_old(t, &t->entries[list->oldest], now_us)) {
			if (done == 0) {
				stats_reason(stats, R_sccp_segment_timeout);
			}
			entry_free(t, &t->entries[list->oldest]);
		}
	}
}

static bool entry_has(const struct entry *e, unsigned r)
{
	return (e->have >> r & 1) != 0;
}

static struct bytes entry_segment(const struct entry *e, unsigned r)
{
	return bytes_of(e->octets + e->off[r], e->len[r]);
}

static void entry_drop(struct entry *e, unsigned r)
{
	uint16_t off = e->off[r];
	uint16_t len = e->len[r];

	if (!entry_has(e, r)) {
		return;
	}
	memmove(e->octets + off, e->octets + off + len, (size_t)(e->used - off - len));
	e->used = (uint16_t)(e->used - len);
	e->have &= (uint16_t) ~(1u << r);
	for (unsigned i = 0; i < LIMIT_SCCP_SEGMENTS; i++) {
		if (entry_has(e, i) && e->off[i] > off) {
			e->off[i] = (uint16_t)(e->off[i] - len);
		}
	}
}

/* entry_put: false when the whole would be too long. */
static bool entry_put(struct entry *e, unsigned r, struct bytes data)
{
	entry_drop(e, r);
	if (data.len > (size_t)LIMIT_SCCP_JOINED_LEN - e->used) {
		return false;
	}
	if (data.len != 0) {
		memcpy(e->octets + e->used, data.data, data.len);
	}
	e->off[r] = e->used;
	e->len[r] = (uint16_t)data.len;
	e->used = (uint16_t)(e->used + data.len);
	e->have |= (uint16_t)(1u << r);
	return true;
}

static bool entry_whole(const struct entry *e)
{
	return e->n_total != 0 && e->have == (1u << e->n_total) - 1;
}

static void join(const struct entry *e, unsigned own, uint8_t *scratch, struct sccp_joined *joined)
{
	struct writer w = writer_of(scratch, LIMIT_SCCP_JOINED_LEN);

	for (unsigned r = e->n_total; r-- != 0;) {
		if (r == own) {
			joined->own_off = (size_t)(w.at - scratch);
			joined->own_len = e->len[r];
		}
		writer_put(&w, entry_segment(e, r));
	}
	joined->octets = bytes_of(scratch, e->used);
	joined->n_segments = e->n_total;
}

/*
 * take_first: a first segment says how many there are. Another one than before begins a new message
 * when the old was whole (references are used again); else it may be the same one's, in other words.
 */
static struct entry *take_first(struct sccp_segments *t, struct entry *e, const struct key *key,
	const struct sccp_message *m, uint64_t now_us, enum reason *why)
{
	unsigned n_total = m->segmentation.remaining + 1u;

	if (e != NULL && e->n_total != 0 &&
		(e->n_total != n_total || !bytes_equal(entry_segment(e, n_total - 1), m->data))) {
		*why = R_sccp_segment_restart;
		if (e->done) {
			entry_free(t, e);
			e = NULL;
		}
	}
	e = e != NULL ? e : entry_new(t, key, now_us);
	if (e != NULL && e->n_total != n_total) {
		e->n_total = (uint8_t)n_total;
		for (unsigned r = n_total - 1; r < LIMIT_SCCP_SEGMENTS; r++) {
			entry_drop(e, r);
		}
	}
	return e;
}

/* take_next: any other segment; *why tells one that fits none of the first's. */
static struct entry *take_next(struct sccp_segments *t, struct entry *e, const struct key *key,
	const struct sccp_message *m, uint64_t now_us, enum reason *why)
{
	if (e != NULL && e->n_total != 0 && m->segmentation.remaining + 1u >= e->n_total) {
		*why = R_sccp_segment_count;
		return NULL;
	}
	if (e == NULL || e->n_total == 0) {
		*why = R_sccp_segment_early;
	}
	return e != NULL ? e : entry_new(t, key, now_us);
}

/* add: as sccp_segments_add(), but for age and counting. */
static enum parse add(struct sccp_segments *t, const struct key *key, const struct sccp_message *m,
	uint64_t now_us, uint8_t *scratch, struct sccp_joined *joined, enum reason *why)
{
	unsigned r = m->segmentation.remaining;
	struct entry *e = find(t, key);

	e = m->segmentation.first ? take_first(t, e, key, m, now_us, why)
	                          : take_next(t, e, key, m, now_us, why);
	if (e == NULL) {
		*why = *why == R_sccp_segment_count ? *why : R_sccp_segment_full;
		return PARSE_BAD;
	}
	if (entry_has(e, r)) {
		if (bytes_equal(entry_segment(e, r), m->data)) {
			*why = R_sccp_segment_duplicate;
			if (!e->done) {
				return PARSE_MORE;
			}
			/* a receiver that did not take the last one, as it left here, takes this copy */
			join(e, r, scratch, joined);
			return PARSE_OK;
		}
		*why = *why != R_none ? *why : R_sccp_segment_differs;
	}
	if (!entry_put(e, r, m->data)) {
		*why = R_sccp_segment_oversize;
		entry_free(t, e);
		return PARSE_BAD;
	}
	if (!entry_whole(e)) {
		return PARSE_MORE;
	}
	join(e, r, scratch, joined);
	entry_done(t, e, now_us);
	return PARSE_OK;
}

enum parse sccp_segments_add(struct sccp_segments *t, unsigned link, uint32_t opc, uint32_t dpc,
	const struct sccp_message *m, uint64_t now_us, uint8_t *scratch, struct stats *stats,
	struct sccp_joined *joined, enum reason *why)
{
	struct key key = key_of(link, opc, dpc, m);
	enum parse p;

	sccp_segments_expire(t, now_us, stats);
	*why = R_none;
	if (m->segmentation.first && m->segmentation.remaining == 0) {
		*joined = (struct sccp_joined){
			.octets = m->data, .own_len = m->data.len, .n_segments = 1
		};
		return PARSE_OK;
	}
	p = add(t, &key, m, now_us, scratch, joined, why);
	if (*why != R_none) {
		stats_reason(stats, *why);
	}
	return p;
}
