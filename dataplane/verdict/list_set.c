/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of kinds and matches; counting of lists and sets. Part of lists.h. */
#include <stdatomic.h>
#include <stdlib.h>

#include "dataplane/base/arena.h"
#include "dataplane/verdict/list_parts.h"

const char *list_kind_name(enum list_kind k)
{
#define X(name, text, help) text,
	static const char *const names[] = { LIST_KINDS(X) };
#undef X

	return names[k];
}

bool list_kind_parse(const char *name, enum list_kind *k)
{
	for (unsigned i = 0; i < LIST_KIND_COUNT; i++) {
		if (strcmp(name, list_kind_name((enum list_kind)i)) == 0) {
			*k = (enum list_kind)i;
			return true;
		}
	}
	return false;
}

const char *list_match_name(enum list_match m)
{
#define X(name, text) text,
	static const char *const names[] = { LIST_MATCHES(X) };
#undef X

	return names[m];
}

bool list_match_parse(const char *name, enum list_match *m)
{
	for (unsigned i = 0; i < LIST_MATCH_COUNT; i++) {
		if (strcmp(name, list_match_name((enum list_match)i)) == 0) {
			*m = (enum list_match)i;
			return true;
		}
	}
	return false;
}

bool list_kind_matches(enum list_kind k, enum list_match m)
{
#define MATCH(name) (1u << LIST_MATCH_##name)
	static const unsigned matches[] = {
		[LIST_NUMBER] = MATCH(ORIGINATOR) | MATCH(DESTINATION) | MATCH(MSISDN) |
		                MATCH(SMSC) | MATCH(TEXT),
		[LIST_IMSI] = MATCH(IMSI),
		[LIST_GT] = MATCH(CALLING_GT) | MATCH(CALLED_GT) | MATCH(SMSC),
		[LIST_CODE] = MATCH(ORIGINATOR) | MATCH(DESTINATION),
		[LIST_SENDER] = MATCH(ORIGINATOR),
		[LIST_ACCOUNT] = MATCH(ACCOUNT),
		[LIST_IP] = MATCH(FROM_IP) | MATCH(TO_IP),
		[LIST_HOST] = MATCH(TEXT),
		[LIST_PAIR] = MATCH(PAIR),
	};
#undef MATCH

	return (matches[k] >> m & 1) != 0;
}

struct list_store *list_store_ref(struct list_store *s)
{
	if (s != NULL) {
		s->references++;
	}
	return s;
}

void list_store_unref(struct list_store *s)
{
	if (s == NULL || --s->references != 0) {
		return;
	}
	list_number_free(&s->numbers);
	list_text_free(&s->texts);
	list_text_free(&s->folded);
	free(s->tags.keys);
	free(s->tags.at);
	free(s->tags.blob);
	arena_discharge(s->arena, s->charged);
	free(s);
}

struct list_spans *list_spans_ref(struct list_spans *s)
{
	if (s != NULL) {
		s->references++;
	}
	return s;
}

static void unref_counts(struct list_counts *c)
{
	if (c != NULL && --c->references == 0) {
		free(c);
	}
}

void list_share_counts(struct list *l, const struct list *before)
{
	before->counts->references++;
	unref_counts(l->counts);
	l->counts = before->counts;
}

void list_tally(const struct list *l, unsigned worker, uint64_t now_us)
{
	struct list_worker_count *c = &l->counts->workers[worker];
	uint64_t n = atomic_load_explicit(&c->decided, memory_order_relaxed);

	/* relaxed: one writer; list_facts() reads figures that may be a moment old */
	atomic_store_explicit(&c->decided, n + 1, memory_order_relaxed);
	atomic_store_explicit(&c->last_us, now_us, memory_order_relaxed);
}

static struct list_counts *new_counts(void)
{
	struct list_counts *c = aligned_alloc(64, sizeof(*c));

	if (c != NULL) {
		memset(c, 0, sizeof(*c));
		c->references = 1;
	}
	return c;
}

struct list *list_new(
	const char *name, enum list_kind kind, struct list_store *store, struct list_spans *spans)
{
	struct list *l = store != NULL ? calloc(1, sizeof(*l)) : NULL;

	if (l != NULL) {
		l->counts = new_counts();
	}
	if (l == NULL || l->counts == NULL) {
		free(l);
		list_store_unref(store);
		list_spans_unref(spans);
		return NULL;
	}
	memcpy(l->name, name, strnlen(name, LIST_NAME_SIZE - 1));
	l->kind = (uint8_t)kind;
	l->base = store;
	l->spans = spans;
	l->base_spans = list_spans_ref(spans);
	l->references = 1;
	return l;
}

struct list *list_ref(struct list *l)
{
	l->references++;
	return l;
}

void list_unref(struct list *l)
{
	if (l == NULL || --l->references != 0) {
		return;
	}
	list_store_unref(l->base);
	list_store_unref(l->added);
	list_store_unref(l->deleted);
	list_spans_unref(l->spans);
	list_spans_unref(l->base_spans);
	unref_counts(l->counts);
	free(l->change);
	free(l);
}

const char *list_name(const struct list *l)
{
	return l->name;
}

enum list_kind list_kind(const struct list *l)
{
	return (enum list_kind)l->kind;
}

size_t list_store_size(const struct list_store *s)
{
	size_t tags;

	if (s == NULL) {
		return 0;
	}
	tags = s->tags.n != 0 ? s->tags.n * (sizeof(*s->tags.keys) + sizeof(*s->tags.at)) +
	                                s->tags.at[s->tags.n]
	                      : 0;
	return sizeof(*s) + list_number_size(&s->numbers) + list_text_size(&s->texts) +
	       list_text_size(&s->folded) + tags;
}

static uint64_t count(const struct list_store *s)
{
	return s != NULL ? s->numbers.n + s->texts.n : 0;
}

struct list_facts list_facts(const struct list *l)
{
	struct list_facts f = { .n_added = count(l->added), .n_deleted = count(l->deleted) };
	uint64_t n_spans = l->spans != NULL ? l->spans->n : 0;
	uint64_t n_base_spans = l->base_spans != NULL ? l->base_spans->n : 0;

	f.n_entries = count(l->base) + f.n_added - f.n_deleted + n_spans;
	if (n_spans > n_base_spans) {
		f.n_added += n_spans - n_base_spans;
	} else {
		f.n_deleted += n_base_spans - n_spans;
	}
	for (unsigned i = 0; i < LIST_WORKERS_MAX; i++) {
		const struct list_worker_count *c = &l->counts->workers[i];
		uint64_t last_us = atomic_load_explicit(&c->last_us, memory_order_relaxed);

		f.n_decided += atomic_load_explicit(&c->decided, memory_order_relaxed);
		f.last_us = last_us > f.last_us ? last_us : f.last_us;
	}
	f.octets = sizeof(*l) + list_store_size(l->base) + list_store_size(l->added) +
	           list_store_size(l->deleted) + list_spans_size(l->spans) + l->change_len;
	return f;
}

struct list_set *list_set_create(void)
{
	struct list_set *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		s->references = 1;
	}
	return s;
}

int list_set_add(struct list_set *s, struct list *l)
{
	if (s->n == LIST_SET_MAX) {
		list_unref(l);
		return -1;
	}
	s->lists[s->n] = l;
	return (int)s->n++;
}

struct list *list_set_find(const struct list_set *s, const char *name)
{
	for (uint32_t i = 0; s != NULL && i < s->n; i++) {
		if (strcmp(s->lists[i]->name, name) == 0) {
			return s->lists[i];
		}
	}
	return NULL;
}

/* charge: `size` octets once; false: over the ceiling, and *size is told. */
static bool charge(struct arena *a, struct arena **to, size_t *charged, size_t size, size_t *asked)
{
	if (*charged == 0 && size != 0) {
		if (!arena_charge(a, size)) {
			*asked = size;
			return false;
		}
		*to = a;
		*charged = size;
	}
	return true;
}

static bool charge_store(struct list_store *s, struct arena *a, size_t *asked)
{
	return s == NULL || charge(a, &s->arena, &s->charged, list_store_size(s), asked);
}

static bool charge_spans(struct list_spans *s, struct arena *a, size_t *asked)
{
	return s == NULL || charge(a, &s->arena, &s->charged, list_spans_size(s), asked);
}

bool list_set_charge(const struct list_set *s, struct arena *a, const char **name, size_t *asked)
{
	for (uint32_t i = 0; s != NULL && i < s->n; i++) {
		struct list *l = s->lists[i];

		if (!charge_store(l->base, a, asked) || !charge_store(l->added, a, asked) ||
			!charge_store(l->deleted, a, asked) || !charge_spans(l->spans, a, asked) ||
			!charge_spans(l->base_spans, a, asked)) {
			*name = l->name;
			return false;
		}
	}
	return true;
}

struct list_set *list_set_ref(struct list_set *s)
{
	s->references++;
	return s;
}

void list_set_unref(struct list_set *s)
{
	if (s == NULL || --s->references != 0) {
		return;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		list_unref(s->lists[i]);
	}
	free(s);
}
