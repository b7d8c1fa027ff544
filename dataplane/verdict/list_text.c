/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/list_text.h"

#include <stdlib.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL /* short keys, as in concat.c */
#include <xxhash.h>

enum { HEAD_LEN = 2, SEEDS_MAX = 16 };

/*
 * Large tables have pages of their own, huge ones where there are any: look-ups are all over them, and
 * what malloc() gives again has small pages by then.
 */
enum { MAPPED = 2 << 20 };

static void *map_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		return NULL;
	}
	(void)madvise(p, size, MADV_HUGEPAGE); /* without them it is only slower */
	return p;
}

static void *take_slots(size_t size)
{
	return size >= MAPPED ? map_memory(size) : malloc(size);
}

static void free_slots(uint64_t *slots, size_t size)
{
	if (slots != NULL && size >= MAPPED) {
		(void)munmap(slots, size);
	} else {
		free(slots);
	}
}

static size_t slots_size(const struct list_texts *s)
{
	return (size_t)s->n_slots * sizeof(*s->slots);
}

/* move_blob: a large one to pages of its own; if there are none it stays where it is. */
static void move_blob(struct list_texts *s)
{
	uint8_t *moved = s->blob_len >= MAPPED ? map_memory(s->blob_len) : NULL;

	if (moved != NULL) {
		memcpy(moved, s->blob, s->blob_len);
		free(s->blob);
		s->blob = moved;
		s->blob_mapped = true;
	}
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
	memset(s->slots, 0, slots_size(s));
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
	s->slots = take_slots(slots_size(s));
	move_blob(s);
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
	if (s->blob_mapped) {
		(void)munmap(s->blob, s->blob_len);
	} else {
		free(s->blob);
	}
	free_slots(s->slots, slots_size(s));
	*s = (struct list_texts){ 0 };
}

size_t list_text_size(const struct list_texts *s)
{
	return s->blob_len + slots_size(s);
}
