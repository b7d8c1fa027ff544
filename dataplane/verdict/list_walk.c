/* SPDX-License-Identifier: BSD-3-Clause */
/* All entries of a list in order, for printing, comparing and merging. Part of list_build.h. */
#include <stdlib.h>

#include "dataplane/verdict/list_parts.h"

enum { WALK_NUMBERS, WALK_SPANS, WALK_TEXTS, WALK_END };

static bool is_deleted(const struct list *l, uint64_t key)
{
	uint64_t value;
	unsigned len = list_number_split(key, &value);

	return l->deleted != NULL && list_number_has(&l->deleted->numbers, len, value);
}

static void next_base_key(struct list_walk *w)
{
	do {
		if (!list_number_next(&w->list->base->numbers, &w->base, &w->base_key)) {
			w->base_key = 0;
		}
	} while (w->base_key != 0 && is_deleted(w->list, w->base_key));
}

static void next_added_key(struct list_walk *w)
{
	if (w->list->added == NULL ||
		!list_number_next(&w->list->added->numbers, &w->added, &w->added_key)) {
		w->added_key = 0;
	}
}

/* skip_deleted: w->base_text is no entry that was deleted. */
static void skip_deleted(struct list_walk *w)
{
	const struct list_texts *s = &w->list->base->texts;

	while (w->list->deleted != NULL && w->base_text < s->blob_len &&
		list_text_find(&w->list->deleted->texts, list_text_at(s, w->base_text).text) >= 0) {
		w->base_text = list_text_next(s, w->base_text);
	}
}

void list_walk_begin(struct list_walk *w, const struct list *l)
{
	*w = (struct list_walk){ .list = l };
	next_base_key(w);
	next_added_key(w);
	skip_deleted(w);
}

static void put(struct list_entry *e, struct bytes text, struct bytes tag)
{
	e->len = (uint8_t)text.len;
	memcpy(e->text, text.data, text.len);
	e->text[text.len] = '\0';
	e->tag_len = (uint8_t)tag.len;
	memcpy(e->tag, tag.data, tag.len);
	e->tag[tag.len] = '\0';
}

static bool walk_number(struct list_walk *w, struct list_entry *e)
{
	const struct list_store *s = w->list->base;

	if (w->base_key == 0 && w->added_key == 0) {
		return false;
	}
	e->class = LIST_EXACT_NUMBER;
	if (w->base_key == 0 || (w->added_key != 0 && w->added_key < w->base_key)) {
		s = w->list->added;
		e->key = w->added_key;
		next_added_key(w);
	} else {
		e->key = w->base_key;
		next_base_key(w);
	}
	put(e, bytes_of(NULL, 0), list_tag_of(&s->tags, e->key));
	return true;
}

static bool walk_span(struct list_walk *w, struct list_entry *e)
{
	const struct list_spans *s = w->list->spans;

	if (s == NULL || w->span == s->n) {
		return false;
	}
	e->class = LIST_SPAN;
	e->span = s->spans[w->span++];
	put(e, list_span_entry(s, &e->span), list_span_tag(s, &e->span));
	return true;
}

static bool walk_text(struct list_walk *w, struct list_entry *e)
{
	static const struct list_texts none;
	const struct list_texts *base = &w->list->base->texts;
	const struct list_texts *added = w->list->added != NULL ? &w->list->added->texts : &none;
	bool has_base = w->base_text < base->blob_len;
	bool has_added = w->added_text < added->blob_len;
	struct list_text_entry t;

	if (!has_base && !has_added) {
		return false;
	}
	if (!has_base || (has_added && list_text_order(list_text_at(added, w->added_text).text,
					       list_text_at(base, w->base_text).text) < 0)) {
		t = list_text_at(added, w->added_text);
		w->added_text = list_text_next(added, w->added_text);
	} else {
		t = list_text_at(base, w->base_text);
		w->base_text = list_text_next(base, w->base_text);
		skip_deleted(w);
	}
	e->class = LIST_EXACT_TEXT;
	put(e, t.text, t.tag);
	return true;
}

bool list_walk_next(struct list_walk *w, struct list_entry *e)
{
	static bool (*const stages[])(struct list_walk *, struct list_entry *) = {
		[WALK_NUMBERS] = walk_number, [WALK_SPANS] = walk_span, [WALK_TEXTS] = walk_text
	};

	for (; w->stage < WALK_END; w->stage++) {
		if (stages[w->stage](w, e)) {
			return true;
		}
	}
	return false;
}

uint64_t list_print(const struct list *l, uint64_t max, FILE *to)
{
	char line[LIST_PRINT_SIZE];
	struct list_entry e;
	struct list_walk w;
	uint64_t n = 0;

	list_walk_begin(&w, l);
	while ((max == 0 || n < max) && list_walk_next(&w, &e)) {
		(void)list_entry_print(&e, line);
		(void)fprintf(to, "%s\n", line);
		n++;
	}
	return list_facts(l).n_entries - n;
}

static bool same_tags(const struct list_entry *a, const struct list_entry *b)
{
	return bytes_equal(bytes_of(a->tag, a->tag_len), bytes_of(b->tag, b->tag_len));
}

bool list_equal_entries(const struct list *a, const struct list *b)
{
	struct list_walk x;
	struct list_walk y;
	struct list_entry e;
	struct list_entry f;

	if (a->kind != b->kind || list_facts(a).n_entries != list_facts(b).n_entries) {
		return false;
	}
	list_walk_begin(&x, a);
	list_walk_begin(&y, b);
	while (list_walk_next(&x, &e)) {
		if (!list_walk_next(&y, &f) || list_entry_order(&e, &f) != 0 ||
			!same_tags(&e, &f)) {
			return false;
		}
	}
	return true;
}

struct list_difference list_difference(const struct list *old, const struct list *new)
{
	struct list_difference d = { 0, 0, 0 };
	struct list_walk x;
	struct list_walk y;
	struct list_entry a;
	struct list_entry b;
	bool more_a;
	bool more_b;

	list_walk_begin(&x, old);
	list_walk_begin(&y, new);
	more_a = list_walk_next(&x, &a);
	more_b = list_walk_next(&y, &b);
	while (more_a || more_b) {
		int order = !more_b ? -1 : !more_a ? 1 : list_entry_order(&a, &b);

		d.n_removed += order < 0;
		d.n_added += order > 0;
		d.n_retagged += order == 0 && !same_tags(&a, &b);
		more_a = order <= 0 ? list_walk_next(&x, &a) : more_a;
		more_b = order >= 0 ? list_walk_next(&y, &b) : more_b;
	}
	return d;
}

bool list_wants_merge(const struct list *l)
{
	uint64_t n = 0;

	for (int i = 0; i < 2; i++) {
		const struct list_store *s = i == 0 ? l->added : l->deleted;

		n += s != NULL ? s->numbers.n + s->texts.n : 0;
	}
	return n > LIMIT_LIST_OVERLAY || l->change_len > LIMIT_LIST_OVERLAY * 32u;
}

struct list *list_merge(const struct list *l)
{
	struct list_collect c;
	struct list_store *store;
	struct list_spans *spans;
	struct list *merged = NULL;
	struct list_entry e;
	struct list_walk w;

	list_collect_begin(&c, (enum list_kind)l->kind);
	list_walk_begin(&w, l);
	while (list_walk_next(&w, &e)) {
		list_collect_add(&c, &e);
	}
	if (list_collect_finish(&c, &store, &spans)) {
		merged = list_new(l->name, (enum list_kind)l->kind, store, spans);
	}
	list_collect_free(&c);
	if (merged != NULL) {
		list_share_counts(merged, l);
		list_section_hash(merged, merged->hash);
	}
	return merged;
}
