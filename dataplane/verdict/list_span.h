/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * list_span: entries that stand for many: ranges of numbers, prefixes of numbers, networks. Part of
 * lists.h.
 *
 * Each form has an order of its own in which an entry is one interval:
 *
 *   range    numbers of one length by value: 10^length + value
 *   prefix   digits as text: a number stands behind all its own prefixes, before whatever is greater
 *   network  addresses as 128 bits
 *
 * Intervals may overlap. They are cut into segments side by side, each with the entry that begins
 * last there (the longest prefix; of ranges the nearest), so that a look-up is one binary search.
 *
 * Immutable once made, counted: any core may read; control makes and frees. Bounds: 32 steps.
 */
#ifndef SMSWALL_VERDICT_LIST_SPAN_H
#define SMSWALL_VERDICT_LIST_SPAN_H

#include "dataplane/verdict/lists.h"

enum list_form { LIST_RANGE, LIST_PREFIX, LIST_NETWORK, LIST_FORMS };

struct list_key {
	uint64_t high;
	uint64_t low;
};

struct list_span {
	struct list_key from; /* [from, to] in the order of its form */
	struct list_key to;
	uint8_t form;
	uint8_t len;       /* digits of a range's ends or of a prefix; bits of a network (of 128) */
	uint8_t entry_len; /* as written, at `at` of the blob; then the tag */
	uint8_t tag_len;
	uint32_t at;
};

struct list_segment {
	struct list_key from; /* up to the next one's */
	uint32_t span;        /* index, or LIST_NO_SPAN */
};
#define LIST_NO_SPAN UINT32_MAX

struct arena;
struct list_spans {
	uint32_t n;
	uint32_t n_of[LIST_FORMS]; /* as spans are sorted by form */
	struct list_span *spans;   /* by form, begin, end */
	struct list_segment *segments[LIST_FORMS];
	uint32_t n_segments[LIST_FORMS];
	char *blob;
	uint32_t blob_len;
	struct arena *arena; /* what it is charged to, see list_set_charge() */
	size_t charged;
	_Atomic int references;
};

static inline int list_key_order(struct list_key a, struct list_key b)
{
	if (a.high != b.high) {
		return a.high < b.high ? -1 : 1;
	}
	return a.low == b.low ? 0 : a.low < b.low ? -1 : 1;
}

/* list_span_find_*: the entry that meets it, or NULL. Digits: 1 or more; beyond 15 only prefixes meet. */
const struct list_span *list_span_find_digits(const struct list_spans *s, struct bytes digits);
const struct list_span *list_span_find_ip(const struct list_spans *s, const uint8_t ip[16]);

struct bytes list_span_entry(const struct list_spans *s, const struct list_span *span);
struct bytes list_span_tag(const struct list_spans *s, const struct list_span *span);

/*
 * list_span_range, list_span_prefix, list_span_network: the intervals. Of a network the bits behind
 * `bits` are ignored.
 */
struct list_span list_span_range(struct bytes from, struct bytes to);
struct list_span list_span_prefix(struct bytes digits);
struct list_span list_span_network(const uint8_t ip[16], unsigned bits);

/* list_span_order: by form, begin, end (the longer first): the order in which they are printed. */
int list_span_order(const struct list_span *a, const struct list_span *b);

/*
 * list_spans_make: takes over `spans` (of n) and `blob` (malloc()ed), sorts, drops repeats. With one
 * reference; NULL when out of memory (both are freed then).
 */
struct list_spans *list_spans_make(
	struct list_span *spans, uint32_t n, char *blob, uint32_t blob_len);
void list_spans_unref(struct list_spans *s); /* NULL is accepted */
size_t list_spans_size(const struct list_spans *s);

#endif
