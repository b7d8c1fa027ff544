/* SPDX-License-Identifier: BSD-3-Clause */
/* From a heap of entries to a list. Part of list_build.h. */
#include <stdlib.h>

#include "dataplane/verdict/list_parts.h"

void list_collect_begin(struct list_collect *c, enum list_kind kind)
{
	*c = (struct list_collect){ .kind = kind };
}

/* grow: room for `n` elements of `size` at *p, which has room for *max. */
static bool grow(struct list_collect *c, void **p, size_t *max, size_t n, size_t size)
{
	size_t want = *max;
	void *more;

	if (n <= *max) {
		return true;
	}
	while (want < n) {
		want = want < 1024 ? 1024 : want + want / 2;
	}
	more = realloc(*p, want * size);
	if (more == NULL) {
		c->failed = true;
		return false;
	}
	*p = more;
	*max = want;
	return true;
}

/* Each array by a variable of its own type: void ** aliases none of them. */
#define GROW(c, array, max, n)                                                  \
	(__extension__({                                                        \
		void *grown_ = (array);                                         \
		bool good_ = grow((c), &grown_, &(max), (n), sizeof(*(array))); \
		(array) = grown_;                                               \
		good_;                                                          \
	}))

void list_collect_key(struct list_collect *c, uint64_t key)
{
	if (c->n_keys >= LIMIT_LIST_ENTRIES) {
		c->failed = true;
		return;
	}
	if (!GROW(c, c->keys, c->keys_size, c->n_keys + 1)) {
		return;
	}
	c->keys_unsorted = c->keys_unsorted || (c->n_keys != 0 && c->keys[c->n_keys - 1] >= key);
	c->keys[c->n_keys++] = key;
}

static void add_tag(struct list_collect *c, const struct list_entry *e)
{
	if (c->tag_len >= UINT32_MAX - LIST_TAG_MAX - 1 ||
		!GROW(c, c->notes, c->notes_size, c->n_notes + 1) ||
		!GROW(c, c->tag_blob, c->tag_size, c->tag_len + 1 + e->tag_len)) {
		c->failed = true;
		return;
	}
	c->notes[c->n_notes++] = (struct list_tag_note){ e->key, (uint32_t)c->tag_len };
	c->tag_blob[c->tag_len++] = e->tag_len;
	memcpy(c->tag_blob + c->tag_len, e->tag, e->tag_len);
	c->tag_len += e->tag_len;
}

static void add_span(struct list_collect *c, const struct list_entry *e)
{
	size_t len = (size_t)e->len + e->tag_len;

	if (c->n_spans >= LIMIT_LIST_ENTRIES || c->span_len >= UINT32_MAX - len ||
		!GROW(c, c->spans, c->spans_size, c->n_spans + 1) ||
		!GROW(c, c->span_blob, c->span_size, c->span_len + len)) {
		c->failed = true;
		return;
	}
	c->spans[c->n_spans] = e->span;
	c->spans[c->n_spans].at = (uint32_t)c->span_len;
	c->spans[c->n_spans].entry_len = e->len;
	c->spans[c->n_spans].tag_len = e->tag_len;
	c->n_spans++;
	memcpy(c->span_blob + c->span_len, e->text, e->len);
	memcpy(c->span_blob + c->span_len + e->len, e->tag, e->tag_len);
	c->span_len += len;
}

static void add_text(struct list_collect *c, const struct list_entry *e)
{
	size_t len = 2 + (size_t)e->len + e->tag_len;
	uint8_t *p;

	if (c->texts_len >= UINT32_MAX - len ||
		!GROW(c, c->texts, c->texts_size, c->texts_len + len)) {
		c->failed = true;
		return;
	}
	p = c->texts + c->texts_len;
	p[0] = e->len;
	p[1] = e->tag_len;
	memcpy(p + 2, e->text, e->len);
	memcpy(p + 2 + e->len, e->tag, e->tag_len);
	c->texts_len += len;
	c->n_texts++;
}

void list_collect_add(struct list_collect *c, const struct list_entry *e)
{
	switch (e->class) {
	case LIST_EXACT_NUMBER:
		list_collect_key(c, e->key);
		if (e->tag_len != 0) {
			add_tag(c, e);
		}
		return;
	case LIST_SPAN:
		add_span(c, e);
		return;
	case LIST_EXACT_TEXT:
		break;
	}
	add_text(c, e);
}

/* ---- sorting ---- */

enum { RADIX_BITS = 8, RADIX = 1 << RADIX_BITS, SMALL = 64 };

static void sort_small(uint64_t *keys, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t key = keys[i];
		size_t k = i;

		for (; k > 0 && keys[k - 1] > key; k--) {
			keys[k] = keys[k - 1];
		}
		keys[k] = key;
	}
}

struct sort_part {
	size_t from;
	size_t n;
	unsigned shift;
};

/* A part waits at most for the 255 beside it, on each of 8 levels. */
struct sorting {
	size_t heads[RADIX];
	size_t ends[RADIX];
	struct sort_part parts[8 * RADIX];
};

/* distribute: puts the keys in order of the 8 bits from `shift` on, in place; s->ends of each value. */
static void distribute(struct sorting *s, uint64_t *keys, size_t n, unsigned shift)
{
	size_t *heads = s->heads;
	size_t *ends = s->ends;
	size_t at = 0;

	memset(ends, 0, sizeof(s->ends));
	for (size_t i = 0; i < n; i++) {
		ends[keys[i] >> shift & (RADIX - 1)]++;
	}
	for (unsigned v = 0; v < RADIX; v++) {
		heads[v] = at;
		at += ends[v];
		ends[v] = at;
	}
	for (unsigned v = 0; v < RADIX; v++) {
		while (heads[v] < ends[v]) {
			uint64_t key = keys[heads[v]];
			unsigned to = key >> shift & (RADIX - 1);

			while (to != v) { /* carry it home, bring back what lay there */
				uint64_t next = keys[heads[to]];

				keys[heads[to]++] = key;
				key = next;
				to = key >> shift & (RADIX - 1);
			}
			keys[heads[v]++] = key;
		}
	}
}

/*
 * sort_keys: by radix, in place, the highest bits first: 100 million keys in seconds and without
 * memory of their own.
 */
static bool sort_keys(uint64_t *keys, size_t n)
{
	struct sorting *s = malloc(sizeof(*s));
	struct sort_part *parts = s != NULL ? s->parts : NULL;
	size_t n_parts = 0;

	if (s == NULL) {
		return false;
	}
	parts[n_parts++] = (struct sort_part){ 0, n, 64 - RADIX_BITS };
	while (n_parts != 0) {
		struct sort_part p = parts[--n_parts];
		size_t from = 0;

		if (p.n <= SMALL) {
			sort_small(keys + p.from, p.n);
			continue;
		}
		distribute(s, keys + p.from, p.n, p.shift);
		for (unsigned v = 0; v < RADIX && p.shift != 0; v++) {
			if (s->ends[v] - from > 1) {
				parts[n_parts++] = (struct sort_part){ p.from + from,
					s->ends[v] - from, p.shift - RADIX_BITS };
			}
			from = s->ends[v];
		}
	}
	free(s);
	return true;
}

bool list_collect_sort(struct list_collect *c, size_t *n_repeats)
{
	*n_repeats = 0;
	if (c->keys_unsorted) {
		if (!sort_keys(c->keys, c->n_keys)) {
			c->failed = true;
			return false;
		}
		for (size_t i = 1; i < c->n_keys; i++) {
			*n_repeats += c->keys[i] == c->keys[i - 1];
		}
		c->keys_unsorted = *n_repeats != 0;
	}
	return true;
}

static int compare_notes(const void *a, const void *b)
{
	const struct list_tag_note *x = a;
	const struct list_tag_note *y = b;

	if (x->key != y->key) {
		return x->key < y->key ? -1 : 1;
	}
	return x->at == y->at ? 0 : x->at < y->at ? -1 : 1;
}

static bool finish_tags(struct list_collect *c, struct list_tags *t)
{
	uint32_t used = 0;

	if (c->n_notes == 0) {
		return true;
	}
	qsort(c->notes, c->n_notes, sizeof(*c->notes), compare_notes);
	t->keys = malloc(c->n_notes * sizeof(*t->keys));
	t->at = malloc((c->n_notes + 1) * sizeof(*t->at));
	t->blob = malloc(c->tag_len);
	if (t->keys == NULL || t->at == NULL || t->blob == NULL) {
		return false;
	}
	for (size_t i = 0; i < c->n_notes; i++) {
		const uint8_t *tag = c->tag_blob + c->notes[i].at;

		if (i != 0 && c->notes[i - 1].key == c->notes[i].key) {
			continue;
		}
		t->keys[t->n] = c->notes[i].key;
		t->at[t->n++] = used;
		memcpy(t->blob + used, tag + 1, tag[0]);
		used += tag[0];
	}
	t->at[t->n] = used;
	return true;
}

static int compare_texts(const void *a, const void *b)
{
	const uint8_t *const *x = a;
	const uint8_t *const *y = b;
	int order = list_text_order(bytes_of(*x + 2, **x), bytes_of(*y + 2, **y));

	return order != 0 ? order : *x == *y ? 0 : *x < *y ? -1 : 1;
}

/* sorted_texts: the texts in order without repeats; malloc()ed. */
static uint8_t *sorted_texts(const struct list_collect *c, size_t *len)
{
	const uint8_t **order = malloc(c->n_texts * sizeof(*order));
	uint8_t *out = malloc(c->texts_len);
	const uint8_t *p = c->texts;

	*len = 0;
	for (size_t i = 0; order != NULL && i < c->n_texts; i++) {
		order[i] = p;
		p += 2 + p[0] + p[1];
	}
	if (order == NULL || out == NULL) {
		free(order);
		free(out);
		return NULL;
	}
	qsort(order, c->n_texts, sizeof(*order), compare_texts);
	for (size_t i = 0; i < c->n_texts; i++) {
		size_t n = 2 + (size_t)order[i][0] + order[i][1];

		if (i == 0 || list_text_order(bytes_of(order[i - 1] + 2, order[i - 1][0]),
				      bytes_of(order[i] + 2, order[i][0])) != 0) {
			memcpy(out + *len, order[i], n);
			*len += n;
		}
	}
	free(order);
	return out;
}

static bool finish_texts(struct list_collect *c, struct list_store *s)
{
	const char *why;
	uint8_t *blob;
	size_t len;

	if (c->n_texts == 0) {
		return true;
	}
	blob = sorted_texts(c, &len);
	return blob != NULL && list_text_make(&s->texts, blob, len, true, &why) &&
	       list_store_index(s, c->kind);
}

struct bytes list_entry_fold(enum list_kind kind, struct bytes text, uint8_t out[LIST_FOLD_SIZE])
{
	for (size_t i = 0; i < text.len && kind == LIST_HOST; i++) {
		if (text.data[i] == '/' || text.data[i] == '?' || text.data[i] == '#') {
			return bytes_of(out, 0);
		}
	}
	return list_fold(text, out);
}

/* fold_texts: makes `folded`. */
static bool fold_texts(struct list_store *s, enum list_kind kind)
{
	const char *why;
	uint8_t *blob = NULL;
	size_t len = 0;

	for (int pass = 0; pass < 2; pass++) { /* first to know how long it becomes */
		size_t at = 0;

		for (uint32_t place = 0; place < s->texts.blob_len;
			place = list_text_next(&s->texts, place)) {
			uint8_t out[LIST_FOLD_SIZE];
			struct bytes fold =
				list_entry_fold(kind, list_text_at(&s->texts, place).text, out);

			if (fold.len == 0 || fold.len > UINT8_MAX) {
				continue; /* nothing is left of it, it is too long, or has a path */
			}
			if (blob != NULL) {
				blob[at] = (uint8_t)fold.len;
				blob[at + 1] = sizeof(place);
				memcpy(blob + at + 2, fold.data, fold.len);
				memcpy(blob + at + 2 + fold.len, &place, sizeof(place));
			}
			at += 2 + fold.len + sizeof(place);
		}
		if (pass == 0) {
			len = at;
			blob = malloc(len + 1);
			if (blob == NULL) {
				return false;
			}
		}
	}
	return list_text_make(&s->folded, blob, len, false, &why);
}

bool list_store_index(struct list_store *s, enum list_kind kind)
{
	if (kind == LIST_PAIR) {
		s->pair_prefixes = list_pair_prefixes(&s->texts);
	}
	return !list_kind_folds(kind) || fold_texts(s, kind);
}

/* drop_repeats: of sorted keys. */
static void drop_repeats(struct list_collect *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_keys; i++) {
		if (n == 0 || c->keys[n - 1] != c->keys[i]) {
			c->keys[n++] = c->keys[i];
		}
	}
	c->n_keys = n;
	c->keys_unsorted = false;
}

/* finish_spans: NULL in *spans where there are none. */
static bool finish_spans(struct list_collect *c, struct list_spans **spans)
{
	*spans = NULL;
	if (c->n_spans == 0) {
		return true;
	}
	*spans = list_spans_make(
		c->spans, (uint32_t)c->n_spans, c->span_blob, (uint32_t)c->span_len);
	c->spans = NULL;
	c->span_blob = NULL;
	c->n_spans = 0;
	return *spans != NULL;
}

bool list_collect_finish(
	struct list_collect *c, struct list_store **store, struct list_spans **spans)
{
	struct list_store *s = calloc(1, sizeof(*s));
	size_t n_repeats;

	*spans = NULL;
	*store = NULL;
	if (s == NULL || c->failed || !list_collect_sort(c, &n_repeats)) {
		free(s);
		return false;
	}
	s->references = 1;
	if (c->keys_unsorted) {
		drop_repeats(c);
	}
	if (!list_number_make(&s->numbers, c->keys, c->n_keys) || !finish_tags(c, &s->tags) ||
		!finish_texts(c, s) || !finish_spans(c, spans)) {
		list_store_unref(s);
		return false;
	}
	*store = s;
	return true;
}

void list_collect_free(struct list_collect *c)
{
	free(c->keys);
	free(c->notes);
	free(c->tag_blob);
	free(c->spans);
	free(c->span_blob);
	free(c->texts);
	*c = (struct list_collect){ 0 };
}
