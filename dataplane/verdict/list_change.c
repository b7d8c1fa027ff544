/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes: a base and what was added and deleted since make a version. Part of list_build.h.
 *
 * All changes since the base are sorted by entry; of each entry the last word counts. What it is then,
 * against what the base says of it, gives the overlay: added, deleted, or both (another tag).
 */
#include <stdlib.h>

#include "dataplane/verdict/list_parts.h"

enum { ITEMS_MAX = 8 * LIMIT_LIST_OVERLAY };

struct item {
	struct list_entry entry;
	bool add;
	int line; /* of the new text; 0: a change that the version before had */
	uint32_t order;
};

struct changing {
	const struct list *from;
	const char *file;
	struct diag *diag;
	struct item *items;
	size_t n;
	size_t size;
	struct list_collect added;
	struct list_collect deleted;
	bool spans_change;
	char *text;
	size_t text_len;
	size_t text_size;
	bool failed;
};

static void say(
	struct changing *c, enum diag_level level, int line, const char *entry, const char *what)
{
	diag_add(c->diag, level, c->file, line, 0, "%s%s%s", entry, entry[0] != '\0' ? " " : "",
		what);
}

static struct item *new_item(struct changing *c)
{
	if (c->n == c->size) {
		size_t size = c->size == 0 ? 64 : 2 * c->size;
		struct item *more = realloc(c->items, size * sizeof(*more));

		if (more == NULL) {
			c->failed = true;
			return NULL;
		}
		c->items = more;
		c->size = size;
	}
	return &c->items[c->n++];
}

/* read_line: "+ENTRY[,TAG]" or "-ENTRY". */
static void read_line(struct changing *c, struct bytes line, int number)
{
	char why[LIST_WHY_SIZE];
	struct item *item;
	int got;

	while (line.len != 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
		line = bytes_slice(line, 1, line.len);
	}
	if (line.len == 0 || line.data[0] == '#' || line.data[0] == '\r') {
		return;
	}
	if (line.data[0] != '+' && line.data[0] != '-') {
		say(c, DIAG_ERROR, number, "", "a change begins with + or -");
		return;
	}
	if (c->n == ITEMS_MAX) {
		if (!c->failed) {
			say(c, DIAG_ERROR, number, "", "too many changes: replace the list");
		}
		c->failed = true;
		return;
	}
	item = new_item(c);
	if (item == NULL) {
		return;
	}
	got = list_entry_read(
		(enum list_kind)c->from->kind, bytes_slice(line, 1, line.len), &item->entry, why);
	if (got <= 0) {
		say(c, DIAG_ERROR, number, "", got == 0 ? "an entry is missing" : why);
		c->n--;
		return;
	}
	item->add = line.data[0] == '+';
	item->line = number;
	item->order = (uint32_t)c->n;
}

static void read_text(struct changing *c, struct bytes text, bool is_new)
{
	int number = 0;

	for (size_t at = 0; at < text.len && !c->failed;) {
		const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end != NULL ? (size_t)(end - (text.data + at)) : text.len - at;

		number++;
		read_line(c, bytes_of(text.data + at, len), is_new ? number : 0);
		at += len + 1;
	}
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	int order = list_entry_order(&x->entry, &y->entry);

	return order != 0 ? order : x->order < y->order ? -1 : x->order > y->order;
}

static const struct list_span *find_span(const struct list_spans *s, const struct list_span *span)
{
	uint32_t from = 0;
	uint32_t n = s != NULL ? s->n : 0;

	while (n > 0) {
		uint32_t half = n / 2;
		int order = list_span_order(&s->spans[from + half], span);

		if (order == 0) {
			return &s->spans[from + half];
		}
		if (order < 0) {
			from += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return NULL;
}

/* in_base: the base has this entry; *tag is its tag. */
static bool in_base(const struct list *l, const struct list_entry *e, struct bytes *tag)
{
	const struct list_span *span;
	uint64_t value;
	unsigned len;
	int64_t place;

	*tag = bytes_of(NULL, 0);
	switch (e->class) {
	case LIST_EXACT_NUMBER:
		len = list_number_split(e->key, &value);
		*tag = list_tag_of(&l->base->tags, e->key);
		return list_number_has(&l->base->numbers, len, value);
	case LIST_SPAN:
		span = find_span(l->base_spans, &e->span);
		if (span == NULL) {
			return false;
		}
		*tag = list_span_tag(l->base_spans, span);
		return true;
	case LIST_EXACT_TEXT:
		break;
	}
	place = list_text_find(&l->base->texts, bytes_of(e->text, e->len));
	if (place < 0) {
		return false;
	}
	*tag = list_text_at(&l->base->texts, (uint32_t)place).tag;
	return true;
}

static void put_change(struct changing *c, char sign, const struct list_entry *e)
{
	if (c->text_size - c->text_len < LIST_PRINT_SIZE + 2) {
		size_t size = 2 * c->text_size + 4 * (size_t)LIST_PRINT_SIZE;
		char *more = realloc(c->text, size);

		if (more == NULL) {
			c->failed = true;
			return;
		}
		c->text = more;
		c->text_size = size;
	}
	c->text[c->text_len++] = sign;
	c->text_len += list_entry_print(e, c->text + c->text_len);
	c->text[c->text_len++] = '\n';
}

/* entry_name: as written, for messages. */
static const char *entry_name(const struct list_entry *e, char digits[LIST_DIGITS_MAX + 1])
{
	if (e->class != LIST_EXACT_NUMBER) {
		return e->text;
	}
	(void)list_number_text(e->key, digits);
	return digits;
}

/* last_word: what the items of one entry make of it; the last one added is its tag's. */
static bool last_word(struct changing *c, const struct item *items, size_t n, bool present)
{
	char digits[LIST_DIGITS_MAX + 1];

	for (size_t i = 0; i < n; i++) {
		const char *name = entry_name(&items[i].entry, digits);

		if (items[i].line != 0 && items[i].add && present) {
			say(c, DIAG_WARNING, items[i].line, name, "is in the list already");
		} else if (items[i].line != 0 && !items[i].add && !present) {
			say(c, DIAG_ERROR, items[i].line, name, "is no entry of the list");
		}
		present = items[i].add;
	}
	return present;
}

static void delete_entry(struct changing *c, struct list_entry *e)
{
	e->tag_len = 0;
	put_change(c, '-', e);
	if (e->class == LIST_SPAN) {
		c->spans_change = true;
	} else {
		list_collect_add(&c->deleted, e);
	}
}

static void add_entry(struct changing *c, const struct list_entry *e)
{
	put_change(c, '+', e);
	if (e->class == LIST_SPAN) {
		c->spans_change = true;
	}
	list_collect_add(&c->added, e);
}

/* settle: the items of one entry. */
static void settle(struct changing *c, const struct item *items, size_t n)
{
	const struct list_entry *last = &items[n - 1].entry;
	struct list_entry gone = *last;
	struct bytes tag;
	bool had = in_base(c->from, last, &tag);
	bool has = last_word(c, items, n, had);
	bool same = had && has && bytes_equal(tag, bytes_of(last->tag, last->tag_len));

	if (had && !same) {
		delete_entry(c, &gone);
	}
	if (has && !same) {
		add_entry(c, last);
	}
}

/*
 * move_folded: deleting a sender or host leaves other ones that look like it; the base's table leads to one of
 * them only. So they move to the overlay.
 */
static void move_folded(struct changing *c)
{
	struct list_store *gone;
	struct list_spans *spans;
	const struct list_texts *base = &c->from->base->texts;
	struct list_entry e = { .class = LIST_EXACT_TEXT };

	enum list_kind kind = (enum list_kind)c->from->kind;

	if (!list_kind_folds(kind) || c->deleted.n_texts == 0) {
		return;
	}
	if (!list_collect_finish(&c->deleted, &gone, &spans)) {
		c->failed = true;
		return;
	}
	for (uint32_t at = 0; at < base->blob_len; at = list_text_next(base, at)) {
		struct list_text_entry t = list_text_at(base, at);
		uint8_t fold[LIST_FOLD_SIZE];

		if (list_text_find(&gone->folded, list_entry_fold(kind, t.text, fold)) < 0 ||
			list_text_find(&gone->texts, t.text) >= 0) {
			continue;
		}
		e.len = (uint8_t)t.text.len;
		e.tag_len = (uint8_t)t.tag.len;
		memcpy(e.text, t.text.data, t.text.len);
		memcpy(e.tag, t.tag.data, t.tag.len);
		list_collect_add(&c->added, &e);
		e.tag_len = 0;
		list_collect_add(&c->deleted, &e);
	}
	list_store_unref(gone);
	list_spans_unref(spans);
}

/* keep_spans: those of the base that no item is about, to be spans of the new version. */
static void keep_spans(struct changing *c)
{
	const struct list_spans *s = c->from->base_spans;
	size_t at = 0;

	for (uint32_t i = 0; s != NULL && i < s->n; i++) {
		struct list_entry e = { .class = LIST_SPAN, .span = s->spans[i] };
		struct bytes text = list_span_entry(s, &s->spans[i]);
		struct bytes tag = list_span_tag(s, &s->spans[i]);
		bool met = false;

		while (at < c->n && list_entry_order(&c->items[at].entry, &e) < 0) {
			at++;
		}
		met = at < c->n && list_entry_order(&c->items[at].entry, &e) == 0;
		if (met) {
			struct bytes before;
			size_t last = at;

			while (last + 1 < c->n &&
				list_entry_order(&c->items[last + 1].entry, &e) == 0) {
				last++;
			}
			(void)in_base(c->from, &e, &before);
			/* it stays where its last word is what the base says */
			met = !c->items[last].add ||
			      !bytes_equal(before, bytes_of(c->items[last].entry.tag,
							   c->items[last].entry.tag_len));
		}
		if (!met) {
			e.len = (uint8_t)text.len;
			e.tag_len = (uint8_t)tag.len;
			memcpy(e.text, text.data, text.len);
			memcpy(e.tag, tag.data, tag.len);
			list_collect_add(&c->added, &e);
		}
	}
}

static bool is_empty(const struct list_collect *c)
{
	return c->n_keys == 0 && c->n_texts == 0;
}

/* make: the version. */
static struct list *make(struct changing *c)
{
	const struct list *from = c->from;
	struct list *l = list_new(from->name, (enum list_kind)from->kind,
		list_store_ref(from->base), list_spans_ref(from->base_spans));
	struct list_spans *spans = NULL;
	struct list_spans *none = NULL;
	bool added = !is_empty(&c->added);
	bool deleted = !is_empty(&c->deleted);

	if (l == NULL) {
		return NULL;
	}
	list_share_counts(l, from);
	memcpy(l->hash, from->hash, sizeof(l->hash));
	if (((added || c->spans_change) && !list_collect_finish(&c->added, &l->added, &spans)) ||
		(deleted && !list_collect_finish(&c->deleted, &l->deleted, &none))) {
		list_unref(l);
		return NULL;
	}
	list_spans_unref(none);
	if (!added) {
		list_store_unref(l->added);
		l->added = NULL;
	}
	if (c->spans_change) {
		list_spans_unref(l->spans);
		l->spans = spans;
	} else {
		list_spans_unref(spans);
	}
	l->change = c->text;
	l->change_len = c->text_len;
	c->text = NULL;
	return l;
}

static void apply(struct changing *c)
{
	for (size_t i = 0; i < c->n;) {
		size_t n = 1;

		while (i + n < c->n &&
			list_entry_order(&c->items[i].entry, &c->items[i + n].entry) == 0) {
			n++;
		}
		settle(c, c->items + i, n);
		i += n;
	}
	move_folded(c);
	if (c->spans_change) {
		keep_spans(c);
	}
	c->failed = c->failed || c->added.failed || c->deleted.failed;
}

struct list *list_change(
	const struct list *l, const char *file, struct bytes change, struct diag *diag)
{
	struct changing c = { .from = l, .file = file, .diag = diag };
	size_t errors = diag->n_errors;
	struct list *next = NULL;

	list_collect_begin(&c.added, (enum list_kind)l->kind);
	list_collect_begin(&c.deleted, (enum list_kind)l->kind);
	read_text(&c, list_change_text(l), false);
	read_text(&c, change, true);
	if (!c.failed && diag->n_errors == errors) {
		if (c.n != 0) {
			qsort(c.items, c.n, sizeof(*c.items), compare_items);
		}
		apply(&c);
	}
	if (!c.failed && diag->n_errors == errors) {
		next = make(&c);
	}
	if (next == NULL && diag->n_errors == errors) {
		diag_add(diag, DIAG_ERROR, file, 0, 0, "list %s: out of memory", l->name);
	}
	list_collect_free(&c.added);
	list_collect_free(&c.deleted);
	free(c.items);
	free(c.text);
	return next;
}

struct bytes list_change_text(const struct list *l)
{
	return bytes_of(l->change, l->change_len);
}

bool list_has_entry(const struct list *l, const char *entry)
{
	struct list_entry e;
	char why[LIST_WHY_SIZE];
	struct list_hit hit;
	struct bytes text;

	if (list_entry_read((enum list_kind)l->kind, bytes_str(entry), &e, why) != 1) {
		return false;
	}
	text = bytes_of(e.text, e.len);
	if (e.class == LIST_SPAN) {
		return find_span(l->spans, &e.span) != NULL;
	}
	if (e.class == LIST_EXACT_NUMBER) {
		char digits[LIST_DIGITS_MAX + 1];

		return list_find_digits(l, list_number_text(e.key, digits), &hit) && hit.number;
	}
	return list_find_text(l, text, false, &hit);
}
