/* SPDX-License-Identifier: BSD-3-Clause */
/* Text -> list. Part of list_build.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/verdict/list_parts.h"

enum { LINE_MAX_LEN = 1024, ERRORS_MAX = 100, WARNINGS_MAX = 20 };

struct reading {
	enum list_kind kind;
	const char *file;
	struct bytes text;
	struct diag *diag;
	struct list_collect collect;
	uint32_t *span_lines; /* of collect.spans, as they came */
	size_t span_lines_size;
	size_t n_errors;
	uint64_t n_warnings;
};

struct line {
	struct bytes text;
	size_t at; /* where the next one begins */
	int number;
};

static bool next_line(struct bytes text, struct line *l)
{
	const uint8_t *end;
	size_t left = text.len - l->at;

	if (left == 0) {
		return false;
	}
	end = memchr(text.data + l->at, '\n', left);
	l->text = bytes_of(
		text.data + l->at, end != NULL ? (size_t)(end - (text.data + l->at)) : left);
	l->at += l->text.len + (end != NULL ? 1 : 0);
	l->number++;
	return true;
}

/* plain_key: of a line that is one number and nothing else; 0: it is something else. */
static uint64_t plain_key(enum list_kind kind, struct bytes line)
{
	uint64_t key = 1;

	if (line.len != 0 && line.data[line.len - 1] == '\r') {
		line.len--;
	}
	if (kind > LIST_CODE || line.len == 0 || line.len > LIST_DIGITS_MAX ||
		(kind == LIST_NUMBER && line.data[0] == '0')) {
		return 0;
	}
	for (size_t i = 0; i < line.len; i++) {
		unsigned digit = line.data[i] - (unsigned)'0';

		if (digit > 9) {
			return 0;
		}
		key = key * 10 + digit;
	}
	return key;
}

static void say_error(struct reading *r, int line, const char *why)
{
	diag_add(r->diag, DIAG_ERROR, r->file, line, 0, "%s", why);
	r->n_errors++;
}

/* may_warn: counts it; false when enough was said. */
static bool may_warn(struct reading *r)
{
	return r->n_warnings++ < WARNINGS_MAX;
}

static void note_span_line(struct reading *r, int line)
{
	size_t n = r->collect.n_spans;

	if (n > r->span_lines_size) {
		size_t want = 2 * n + 64;
		uint32_t *more = realloc(r->span_lines, want * sizeof(*more));

		if (more == NULL) {
			r->collect.failed = true;
			return;
		}
		r->span_lines = more;
		r->span_lines_size = want;
	}
	r->span_lines[n - 1] = (uint32_t)line;
}

static void read_lines(struct reading *r)
{
	struct list_entry e;
	struct line l = { .at = 0 };
	char why[LIST_WHY_SIZE];

	while (next_line(r->text, &l) && !r->collect.failed) {
		uint64_t key = plain_key(r->kind, l.text);
		int got;

		if (key != 0) {
			list_collect_key(&r->collect, key);
			continue;
		}
		if (l.text.len > LINE_MAX_LEN) {
			say_error(r, l.number, "a line of more than 1024 octets");
			got = 0;
		} else {
			got = list_entry_read(r->kind, l.text, &e, why);
		}
		if (got < 0) {
			say_error(r, l.number, why);
		} else if (got > 0) {
			size_t n_spans = r->collect.n_spans;

			list_collect_add(&r->collect, &e);
			if (r->collect.n_spans > n_spans) {
				note_span_line(r, l.number);
			}
		}
		if (r->n_errors == ERRORS_MAX) {
			say_error(r, l.number, "too many errors: the rest was not read");
			return;
		}
	}
}

/* ---- what is there twice ---- */

/* warn_repeats: the lines on which a number stands again; `repeated` has a few of them, sorted. */
static void warn_repeats(struct reading *r, const uint64_t *repeated, size_t n)
{
	int first[WARNINGS_MAX] = { 0 };
	struct line l = { .at = 0 };
	struct list_entry e;
	char why[LIST_WHY_SIZE];
	char digits[LIST_DIGITS_MAX + 1];

	while (next_line(r->text, &l)) {
		uint64_t key = plain_key(r->kind, l.text);

		if (key == 0 && list_entry_read(r->kind, l.text, &e, why) == 1 &&
			e.class == LIST_EXACT_NUMBER) {
			key = e.key;
		}
		for (size_t i = 0; i < n && key != 0; i++) {
			if (repeated[i] != key) {
				continue;
			}
			if (first[i] == 0) {
				first[i] = l.number;
			} else if (may_warn(r)) {
				(void)list_number_text(key, digits);
				diag_add(r->diag, DIAG_WARNING, r->file, l.number, 0,
					"%s is there already, on line %d", digits, first[i]);
			}
		}
	}
}

static void check_repeats(struct reading *r, size_t n_repeats)
{
	const struct list_collect *c = &r->collect;
	uint64_t repeated[WARNINGS_MAX];
	size_t n = 0;

	for (size_t i = 1; n_repeats != 0 && i < c->n_keys && n < WARNINGS_MAX; i++) {
		if (c->keys[i] == c->keys[i - 1] && (n == 0 || repeated[n - 1] != c->keys[i])) {
			repeated[n++] = c->keys[i];
		}
	}
	if (n != 0) {
		warn_repeats(r, repeated, n);
	}
}

struct placed_span {
	const struct list_span *span;
	uint32_t line;
};

static int compare_placed(const void *a, const void *b)
{
	const struct placed_span *x = a;
	const struct placed_span *y = b;
	int order = list_span_order(x->span, y->span);

	return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

static void warn_overlap(
	struct reading *r, const struct placed_span *a, const struct placed_span *b)
{
	const char *blob = r->collect.span_blob;
	bool within = list_key_order(b->span->to, a->span->to) <= 0;

	if (list_key_order(b->span->from, a->span->to) > 0 || a->span->form != b->span->form ||
		!may_warn(r)) {
		return;
	}
	diag_add(r->diag, DIAG_WARNING, r->file, (int)b->line, 0, "%.*s %s %.*s, line %u",
		b->span->entry_len, blob + b->span->at,
		list_span_order(a->span, b->span) == 0 ? "is there already:"
		: within                               ? "is covered by"
						       : "overlaps",
		a->span->entry_len, blob + a->span->at, a->line);
}

/* lower_bound: how many sorted keys are below `key`. */
static size_t lower_bound(const uint64_t *keys, size_t n, uint64_t key)
{
	size_t from = 0;

	while (from < n) {
		size_t mid = from + (n - from) / 2;

		if (keys[mid] < key) {
			from = mid + 1;
		} else {
			n = mid;
		}
	}
	return from;
}

/* count_covered: whole numbers that a range or prefix has, too. */
static size_t count_covered(const struct list_collect *c, const struct list_span *span)
{
	uint64_t power = 1;
	uint64_t from;
	uint64_t to;
	size_t n = 0;

	if (span->form == LIST_RANGE) {
		return lower_bound(c->keys, c->n_keys, span->to.low + 1) -
		       lower_bound(c->keys, c->n_keys, span->from.low);
	}
	if (span->form == LIST_NETWORK) {
		return 0;
	}
	from = span->from.low >> 4; /* the digits and zeros up to 15 (list_span.c) */
	for (unsigned i = span->len; i < LIST_DIGITS_MAX; i++) {
		from /= 10;
	}
	for (unsigned i = 0; i < span->len; i++) {
		power *= 10;
	}
	from += power; /* 10^len + digits (list_number_key) */
	to = from + 1;
	for (unsigned len = span->len; len <= LIST_DIGITS_MAX; len++) {
		n += lower_bound(c->keys, c->n_keys, to) - lower_bound(c->keys, c->n_keys, from);
		from *= 10;
		to *= 10;
	}
	return n;
}

static void check_spans(struct reading *r)
{
	const struct list_collect *c = &r->collect;
	struct placed_span *placed = malloc((c->n_spans + 1) * sizeof(*placed));
	size_t widest = 0;

	for (size_t i = 0; placed != NULL && i < c->n_spans; i++) {
		size_t covered = count_covered(c, &c->spans[i]);

		placed[i] = (struct placed_span){ &c->spans[i], r->span_lines[i] };
		if (covered != 0 && may_warn(r)) {
			diag_add(r->diag, DIAG_WARNING, r->file, (int)r->span_lines[i], 0,
				"%.*s covers %zu numbers that are entries of their own",
				c->spans[i].entry_len, c->span_blob + c->spans[i].at, covered);
		}
	}
	if (placed == NULL) {
		return;
	}
	qsort(placed, c->n_spans, sizeof(*placed), compare_placed);
	for (size_t i = 1; i < c->n_spans; i++) {
		const struct list_span *w = placed[widest].span;

		warn_overlap(r, &placed[widest], &placed[i]);
		if (placed[i].span->form != w->form ||
			list_key_order(placed[i].span->to, w->to) > 0) {
			widest = i;
		}
	}
	free(placed);
}

/* covered_above: a domain above this host, or a shorter path, is an entry. */
static bool covered_above(const struct list *l, const struct list_entry *e, struct list_hit *hit)
{
	char url[8 + LIST_TEXT_MAX + 1];
	size_t host_len = strcspn(e->text, "/?#");
	const char *dot = memchr(e->text, '.', host_len);
	size_t skip = dot != NULL ? (size_t)(dot - e->text) + 1 : 0;
	int n;

	if (dot == NULL) {
		return false;
	}
	n = snprintf(url, sizeof(url), "http://%s", e->text + skip);
	return list_find_url(l, bytes_of(url, (size_t)n), bytes_of(url + 7, host_len - skip), hit);
}

/* check_texts: what stands again, and hosts below a domain that is there. */
static void check_texts(struct reading *r, const struct list *list)
{
	const struct list_texts *s = &list->base->texts;
	uint8_t *seen = calloc(1, (size_t)s->blob_len / 8 + 1);
	struct line l = { .at = 0 };
	struct list_entry e;
	struct list_hit hit;
	char why[LIST_WHY_SIZE];

	while (seen != NULL && next_line(r->text, &l)) {
		int64_t place;

		if (list_entry_read(r->kind, l.text, &e, why) != 1) {
			continue;
		}
		place = list_text_find(s, bytes_of(e.text, e.len));
		if (place >= 0 && (seen[place / 8] >> (place % 8) & 1) != 0) {
			if (may_warn(r)) {
				diag_add(r->diag, DIAG_WARNING, r->file, l.number, 0,
					"\"%s\" is there already", e.text);
			}
		} else if (place >= 0) {
			seen[place / 8] |= (uint8_t)(1u << (place % 8));
			if (r->kind == LIST_HOST && covered_above(list, &e, &hit) && may_warn(r)) {
				diag_add(r->diag, DIAG_WARNING, r->file, l.number, 0,
					"\"%s\" is covered by \"%.*s\"", e.text, (int)hit.entry.len,
					(const char *)hit.entry.data);
			}
		}
	}
	free(seen);
}

static struct list *finish(struct reading *r, const char *name)
{
	struct list_store *store;
	struct list_spans *spans;
	struct list *l = NULL;
	size_t n_texts = r->collect.n_texts;
	size_t n_repeats;

	if (list_collect_sort(&r->collect, &n_repeats)) {
		check_repeats(r, n_repeats);
		check_spans(r);
	}
	if (list_collect_finish(&r->collect, &store, &spans)) {
		l = list_new(name, r->kind, store, spans);
	}
	if (l == NULL) {
		diag_add(r->diag, DIAG_ERROR, r->file, 0, 0,
			"out of memory, or more than a list can have");
		return NULL;
	}
	if (n_texts > l->base->texts.n || (r->kind == LIST_HOST && n_texts != 0)) {
		check_texts(r, l);
	}
	if (r->n_warnings > WARNINGS_MAX) {
		diag_add(r->diag, DIAG_WARNING, r->file, 0, 0,
			"%" PRIu64 " more entries that are there already or covered",
			r->n_warnings - WARNINGS_MAX);
	}
	list_section_hash(l, l->hash);
	return l;
}

struct list *list_read(const char *name, enum list_kind kind, const char *file, struct bytes text,
	struct diag *diag)
{
	struct reading r = { .kind = kind, .file = file, .text = text, .diag = diag };
	struct list *l = NULL;

	list_collect_begin(&r.collect, kind);
	read_lines(&r);
	if (r.n_errors == 0) {
		l = finish(&r, name);
	}
	list_collect_free(&r.collect);
	free(r.span_lines);
	return l;
}

struct list *list_load(const char *name, enum list_kind kind, const char *path, const char *shown,
	struct diag *diag)
{
	/* a pipe is not waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct list *l = NULL;
	struct stat st;
	void *text = NULL;

	if (fd < 0 || fstat(fd, &st) != 0) {
		diag_add(diag, DIAG_ERROR, shown, 0, 0, "%s", strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		diag_add(diag, DIAG_ERROR, shown, 0, 0, "it is no file");
	} else if (st.st_size != 0 && (text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
					       fd, 0)) == MAP_FAILED) {
		diag_add(diag, DIAG_ERROR, shown, 0, 0, "%s", strerror(errno));
		text = NULL;
	} else {
		l = list_read(name, kind, shown, bytes_of(text, (size_t)st.st_size), diag);
	}
	if (text != NULL) {
		(void)munmap(text, (size_t)st.st_size);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return l;
}
