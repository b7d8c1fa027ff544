/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/list_text.h"

#include <stdlib.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL /* short keys, as in concat.c */
#include <xxhash.h>

enum { HEAD_LEN = 2, SEEDS_MAX = 16 };

void *list_text_memory(size_t size)
{
	const uintptr_t huge = 2u << 20;
	void *p = malloc(size);
	uintptr_t from = ((uintptr_t)p + huge - 1) & ~(huge - 1);
	uintptr_t to = ((uintptr_t)p + size) & ~(huge - 1);

	if (p != NULL && to > from) { /* where that cannot be, it is as it was */
		(void)madvise((uint8_t *)p + (from - (uintptr_t)p), to - from, MADV_HUGEPAGE);
	}
	return p;
}

static uint64_t hash_of(const struct list_texts *s, struct bytes text)
{
	return XXH3_64bits_withSeed(text.data, text.len, s->seed);
}

/* The lower half chooses the slot, the upper half is kept in it. */
static uint32_t slot_of(const struct list_texts *s, uint64_t hash)
{
	return (uint32_t)(((hash & UINT32_MAX) * s->n_slots) >> 32);
}

static uint32_t next_slot(const struct list_texts *s, uint32_t slot)
{
	return slot + 1 == s->n_slots ? 0 : slot + 1;
}

struct list_text_entry list_text_at(const struct list_texts *s, uint32_t place)
{
	const uint8_t *p = s->blob + place;

	return (struct list_text_entry){ bytes_of(p + HEAD_LEN, p[0]),
		bytes_of(p + HEAD_LEN + p[0], p[1]) };
}

uint32_t list_text_next(const struct list_texts *s, uint32_t place)
{
	return place + HEAD_LEN + s->blob[place] + s->blob[place + 1];
}

int list_text_order(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n != 0 ? memcmp(a.data, b.data, n) : 0;

	return order != 0 ? order : a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

int64_t list_text_find(const struct list_texts *s, struct bytes text)
{
	uint64_t hash;
	uint32_t slot;

	if (s->n == 0 || text.len > UINT8_MAX) {
		return -1;
	}
	hash = hash_of(s, text);
	slot = slot_of(s, hash);
	for (unsigned i = 0; i < LIMIT_LIST_PROBES; i++) {
		uint64_t v = s->slots[slot];

		if (v == 0) {
			return -1;
		}
		if (v >> 32 == hash >> 32) {
			uint32_t place = (uint32_t)(v & UINT32_MAX) - 1;

			if (bytes_equal(list_text_at(s, place).text, text)) {
				return place;
			}
		}
		slot = next_slot(s, slot);
	}
	return -1;
}

/* put_slot: false when it would be further off than a look-up reads. */
static bool put_slot(struct list_texts *s, uint32_t place)
{
	struct bytes text = list_text_at(s, place).text;
	uint64_t hash = hash_of(s, text);
	uint32_t slot = slot_of(s, hash);

	for (unsigned i = 0; i < LIMIT_LIST_PROBES; i++) {
		uint64_t v = s->slots[slot];

		if (v == 0) {
			s->slots[slot] = hash >> 32 << 32 | (place + 1);
			return true;
		}
		if (v >> 32 == hash >> 32 &&
			bytes_equal(list_text_at(s, (uint32_t)(v & UINT32_MAX) - 1).text, text)) {
			return true; /* the first of equal ones stays */
		}
		slot = next_slot(s, slot);
	}
	return false;
}

static bool fill_slots(struct list_texts *s)
{
	memset(s->slots, 0, (size_t)s->n_slots * sizeof(*s->slots));
	for (uint32_t place = 0; place < s->blob_len; place = list_text_next(s, place)) {
		if (!put_slot(s, place)) {
			return false;
		}
	}
	return true;
}

/* check_blob: whole entries, in order where they are to be; counts them. */
static const char *check_blob(struct list_texts *s, size_t len, bool sorted)
{
	struct bytes before = bytes_of(NULL, 0);
	size_t at = 0;

	if (len >= UINT32_MAX) {
		return "more texts than fit";
	}
	while (at < len) {
		struct list_text_entry e;

		if (len - at < HEAD_LEN ||
			len - at - HEAD_LEN < (size_t)s->blob[at] + s->blob[at + 1]) {
			return "a text beyond the end";
		}
		e = list_text_at(s, (uint32_t)at);
		if (e.text.len == 0) {
			return "an empty text";
		}
		if (sorted && at != 0 && list_text_order(before, e.text) >= 0) {
			return "texts out of order";
		}
		before = e.text;
		at = list_text_next(s, (uint32_t)at);
		s->n++;
	}
	return NULL;
}

bool list_text_make(struct list_texts *s, uint8_t *blob, size_t len, bool sorted, const char **why)
{
	*s = (struct list_texts){ .blob = blob, .blob_len = (uint32_t)len };
	*why = check_blob(s, len, sorted);
	if (*why != NULL) {
		list_text_free(s);
		return false;
	}
	if (s->n == 0) {
		list_text_free(s);
		return true;
	}
	s->n_slots = 2 * s->n + 8; /* fuller, a million texts no longer keep to LIMIT_LIST_PROBES */
	s->slots = list_text_memory((size_t)s->n_slots * sizeof(*s->slots));
	while (s->slots != NULL && !fill_slots(s)) {
		if (++s->seed == SEEDS_MAX) {
			*why = "texts whose hashes meet: split the list";
			list_text_free(s);
			return false;
		}
	}
	if (s->slots == NULL) {
		*why = "out of memory";
		list_text_free(s);
		return false;
	}
	return true;
}

void list_text_free(struct list_texts *s)
{
	free(s->blob);
	free(s->slots);
	*s = (struct list_texts){ 0 };
}

size_t list_text_size(const struct list_texts *s)
{
	return s->blob_len + (size_t)s->n_slots * sizeof(*s->slots);
}
