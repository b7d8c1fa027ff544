/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * list_text: a set of texts with their tags: senders, accounts, hosts. Part of lists.h.
 *
 * The texts lie one behind the other, sorted: u8 length, u8 length of the tag, text, tag. A table of
 * slots, at most half full, leads to them by a hash: its upper half is in the slot, so a miss does
 * not read texts.
 *
 * Immutable once made: any core. Making and checking: control only. Bounds: LIMIT_LIST_PROBES slots a
 * look-up; texts whose hashes will not keep to that get another seed.
 */
#ifndef SMSWALL_VERDICT_LIST_TEXT_H
#define SMSWALL_VERDICT_LIST_TEXT_H

#include "dataplane/verdict/lists.h"

struct list_texts {
	uint8_t *blob;
	uint64_t *slots; /* 0: free; hash's upper half << 32 | place in the blob + 1 */
	uint32_t blob_len;
	uint32_t n;
	uint32_t n_slots;
	uint32_t seed;
	bool blob_mapped; /* it has pages of its own */
};

struct list_text_entry {
	struct bytes text;
	struct bytes tag;
};

/* list_text_find: its place in the blob, or -1. */
int64_t list_text_find(const struct list_texts *s, struct bytes text);
struct list_text_entry list_text_at(const struct list_texts *s, uint32_t place);
/* list_text_next: the place behind this entry's; blob_len at the end. */
uint32_t list_text_next(const struct list_texts *s, uint32_t place);

/*
 * list_text_make: takes over `blob` (malloc()ed) of texts in the form above. `sorted`: they must be
 * in order without repeats, otherwise of equal ones the first is found. False: *why says what is wrong or
 * is "out of memory"; the blob is freed then.
 */
bool list_text_make(struct list_texts *s, uint8_t *blob, size_t len, bool sorted, const char **why);

/* list_text_order: as memcmp(), the shorter first. */
int list_text_order(struct bytes a, struct bytes b);

void list_text_free(struct list_texts *s);
size_t list_text_size(const struct list_texts *s);

#endif
