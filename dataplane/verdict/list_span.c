/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/list_span.h"

#include <stdlib.h>

#include "dataplane/base/arena.h"
#include "dataplane/verdict/list_number.h"

/*
 * Of a prefix: its digits as the first of 15, then their number, so that what is longer stands behind:
 * "44" < "440" < "4400" < "441". The last one with the prefix has 15 digits.
 */
enum { LEN_BITS = 4, LEN_MASK = (1 << LEN_BITS) - 1 };

static uint64_t left_justified(struct bytes digits, uint8_t filler)
{
	uint64_t v = 0;

	for (size_t i = 0; i < LIST_DIGITS_MAX; i++) {
		v = v * 10 + (uint64_t)(i < digits.len ? digits.data[i] - '0' : filler);
	}
	return v;
}

static struct list_key prefix_key(struct bytes digits)
{
	if (digits.len > LIST_DIGITS_MAX) {
		digits.len = LIST_DIGITS_MAX;
	}
	return (struct list_key){ 0, left_justified(digits, 0) << LEN_BITS | digits.len };
}

static struct list_key network_key(const uint8_t ip[16])
{
	struct list_key k = { 0, 0 };

	for (unsigned i = 0; i < 8; i++) {
		k.high = k.high << 8 | ip[i];
		k.low = k.low << 8 | ip[8 + i];
	}
	return k;
}

struct list_span list_span_range(struct bytes from, struct bytes to)
{
	return (struct list_span){ .from = { 0, list_number_key(from) },
		.to = { 0, list_number_key(to) },
		.form = LIST_RANGE,
		.len = (uint8_t)from.len };
}

struct list_span list_span_prefix(struct bytes digits)
{
	return (struct list_span){ .from = prefix_key(digits),
		.to = { 0, left_justified(digits, 9) << LEN_BITS | LIST_DIGITS_MAX },
		.form = LIST_PREFIX,
		.len = (uint8_t)digits.len };
}

struct list_span list_span_network(const uint8_t ip[16], unsigned bits)
{
	struct list_key k = network_key(ip);
	uint64_t high = bits >= 64 ? 0 : UINT64_MAX >> bits;
	uint64_t low = bits <= 64 ? UINT64_MAX : bits >= 128 ? 0 : UINT64_MAX >> (bits - 64);

	return (struct list_span){ .from = { k.high & ~high, k.low & ~low },
		.to = { k.high | high, k.low | low },
		.form = LIST_NETWORK,
		.len = (uint8_t)bits };
}

int list_span_order(const struct list_span *a, const struct list_span *b)
{
	int order;

	if (a->form != b->form) {
		return a->form < b->form ? -1 : 1;
	}
	order = list_key_order(a->from, b->from);
	return order != 0 ? order : list_key_order(b->to, a->to);
}

struct bytes list_span_entry(const struct list_spans *s, const struct list_span *span)
{
	return bytes_of(s->blob + span->at, span->entry_len);
}

struct bytes list_span_tag(const struct list_spans *s, const struct list_span *span)
{
	return bytes_of(s->blob + span->at + span->entry_len, span->tag_len);
}

/* find: the entry of the segment that `key` is in. */
static const struct list_span *find(
	const struct list_spans *s, enum list_form form, struct list_key key)
{
	const struct list_segment *segments = s->segments[form];
	uint32_t from = 0;
	uint32_t n = s->n_segments[form];

	if (n == 0 || list_key_order(key, segments[0].from) < 0) {
		return NULL;
	}
	while (n > 1) {
		uint32_t half = n / 2;

		from += list_key_order(segments[from + half].from, key) <= 0 ? half : 0;
		n -= half;
	}
	return segments[from].span != LIST_NO_SPAN ? &s->spans[segments[from].span] : NULL;
}

const struct list_span *list_span_find_digits(const struct list_spans *s, struct bytes digits)
{
	const struct list_span *span = NULL;

	if (digits.len <= LIST_DIGITS_MAX) {
		span = find(s, LIST_RANGE, (struct list_key){ 0, list_number_key(digits) });
	}
	return span != NULL ? span : find(s, LIST_PREFIX, prefix_key(digits));
}

const struct list_span *list_span_find_ip(const struct list_spans *s, const uint8_t ip[16])
{
	return find(s, LIST_NETWORK, network_key(ip));
}

/* ---- making ---- */

/* compare: of equal ones the first that was written, whose tag stays. */
static int compare(const void *a, const void *b)
{
	const struct list_span *x = a;
	const struct list_span *y = b;
	int order = list_span_order(x, y);

	return order != 0 ? order : x->at == y->at ? 0 : x->at < y->at ? -1 : 1;
}

static struct list_key after(struct list_key k)
{
	k.low++;
	k.high += k.low == 0;
	return k;
}

static bool is_last(struct list_key k)
{
	return k.high == UINT64_MAX && k.low == UINT64_MAX;
}

/* What is cut: the entries that have begun and not ended, the one that began last on top. */
struct cutting {
	const struct list_span *spans;
	uint32_t *open;
	uint32_t n_open;
	struct list_segment *out;
	uint32_t n_out;
};

/* begin: a segment from `from` on, in place of one that begins there, too. */
static void begin(struct cutting *c, struct list_key from, uint32_t span)
{
	if (c->n_out != 0 && list_key_order(c->out[c->n_out - 1].from, from) == 0) {
		c->n_out--;
	}
	if (c->n_out == 0 || c->out[c->n_out - 1].span != span) {
		c->out[c->n_out++] = (struct list_segment){ from, span };
	}
}

/* end_before: ends what ends before `key` (NULL: everything); each end lets what is below it surface. */
static void end_before(struct cutting *c, const struct list_key *key)
{
	while (c->n_open != 0) {
		struct list_key to = c->spans[c->open[c->n_open - 1]].to;

		if (key != NULL && list_key_order(to, *key) >= 0) {
			return;
		}
		c->n_open--;
		while (c->n_open != 0 &&
			list_key_order(c->spans[c->open[c->n_open - 1]].to, to) <= 0) {
			c->n_open--;
		}
		if (!is_last(to)) {
			begin(c, after(to), c->n_open != 0 ? c->open[c->n_open - 1] : LIST_NO_SPAN);
		}
	}
}

/* cut: the segments of spans [first, first + n), which are sorted. */
static bool cut(struct list_spans *s, enum list_form form, uint32_t first, uint32_t n)
{
	struct cutting c = { .spans = s->spans };

	if (n == 0) {
		return true;
	}
	c.open = malloc((size_t)n * sizeof(*c.open));
	c.out = malloc(2 * (size_t)n * sizeof(*c.out));
	if (c.open == NULL || c.out == NULL) {
		free(c.open);
		free(c.out);
		return false;
	}
	for (uint32_t i = first; i < first + n; i++) {
		end_before(&c, &s->spans[i].from);
		c.open[c.n_open++] = i;
		begin(&c, s->spans[i].from, i);
	}
	end_before(&c, NULL);
	free(c.open);
	s->segments[form] = c.out;
	s->n_segments[form] = c.n_out;
	return true;
}

/* unique: drops repeats of sorted ones. */
static uint32_t unique(struct list_span *spans, uint32_t n)
{
	uint32_t out = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (out == 0 || list_span_order(&spans[out - 1], &spans[i]) != 0) {
			spans[out++] = spans[i];
		}
	}
	return out;
}

struct list_spans *list_spans_make(
	struct list_span *spans, uint32_t n, char *blob, uint32_t blob_len)
{
	struct list_spans *s = calloc(1, sizeof(*s));
	uint32_t first = 0;
	bool good = true;

	if (s == NULL) {
		free(spans);
		free(blob);
		return NULL;
	}
	s->spans = spans;
	s->blob = blob;
	s->blob_len = blob_len;
	s->references = 1;
	if (n != 0) {
		qsort(spans, n, sizeof(*spans), compare);
	}
	s->n = unique(spans, n);
	for (uint32_t i = 0; i < s->n; i++) {
		s->n_of[spans[i].form]++;
	}
	for (unsigned form = 0; form < LIST_FORMS && good; form++) {
		good = cut(s, (enum list_form)form, first, s->n_of[form]);
		first += s->n_of[form];
	}
	if (!good) {
		list_spans_unref(s);
		return NULL;
	}
	return s;
}

void list_spans_unref(struct list_spans *s)
{
	if (s == NULL || --s->references != 0) {
		return;
	}
	for (unsigned form = 0; form < LIST_FORMS; form++) {
		free(s->segments[form]);
	}
	free(s->spans);
	free(s->blob);
	arena_discharge(s->arena, s->charged);
	free(s);
}

size_t list_spans_size(const struct list_spans *s)
{
	size_t size = 0;

	if (s == NULL) {
		return 0;
	}
	size = sizeof(*s) + s->n * sizeof(*s->spans) + s->blob_len;
	for (unsigned form = 0; form < LIST_FORMS; form++) {
		size += s->n_segments[form] * sizeof(**s->segments);
	}
	return size;
}
