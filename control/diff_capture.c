/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/diff_capture.h"

#include <errno.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A message as one replay told it. Texts are shared: equal ones are one pointer. */
struct row {
	uint64_t frame;
	uint64_t session;
	uint64_t sequence;
	uint64_t transaction; /* a hash of what tells messages of one DATA chunk apart */
	uint32_t input;
	uint32_t index; /* in the replay's order, from 0 */
	const char *verdict;
	const char *by; /* the rule, or LIST and the list, that decided; "": none */
	long at;        /* of its line in the file */
};

struct told {
	const char *path;
	FILE *f;
	struct row *rows;
	size_t n;
	size_t size;
};

/* A message whose verdict is another one. */
struct pair {
	const struct row *old;
	const struct row *new;
};

struct work {
	struct told old;
	struct told new;
	struct pair *pairs;
	size_t n_pairs;
	void *texts; /* tsearch() */
	unsigned n_samples;
	struct diag *diag;
};

static bool fail(struct diag *diag, const char *path, const char *why)
{
	diag_add(diag, DIAG_ERROR, path, 0, 0, "%s", why);
	return false;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* share: the one copy of `s`; NULL when out of memory. */
static const char *share(void **texts, const char *s)
{
	char *const *found = tfind(s, texts, compare_texts);
	char *copy;

	if (found != NULL) {
		return *found;
	}
	copy = strdup(s);
	if (copy != NULL && tsearch(copy, texts, compare_texts) == NULL) {
		free(copy);
		copy = NULL;
	}
	return copy;
}

static const char *string(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s != NULL ? s : "";
}

static uint64_t number(const json_t *j, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(j, key));
}

/* mix: FNV-1a over a text and its end. */
static uint64_t mix(uint64_t h, const char *s)
{
	do {
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001B3);
	} while (*s++ != '\0');
	return h;
}

static uint64_t transaction_of(const json_t *e)
{
	uint64_t h = UINT64_C(0xCBF29CE484222325);

	h = mix(h, string(e, "command"));
	h = mix(h, string(e, "otid"));
	h = mix(h, string(e, "dtid"));
	return h ^ number(e, "invoke_id") << 40;
}

/* No rule's id has a blank in it. */
#define LIST "list "

/* decided_by: shared; NULL when out of memory. */
static const char *decided_by(struct work *w, const json_t *e)
{
	char name[64];

	if (string(e, "rule")[0] != '\0' || string(e, "list")[0] == '\0') {
		return share(&w->texts, string(e, "rule"));
	}
	(void)snprintf(name, sizeof(name), LIST "%s", string(e, "list"));
	return share(&w->texts, name);
}

static bool add_row(struct work *w, struct told *t, const json_t *e, long at)
{
	struct row *r;

	if (t->n == t->size) {
		size_t size = t->size != 0 ? 2 * t->size : 4096;
		struct row *rows = reallocarray(t->rows, size, sizeof(*rows));

		if (rows == NULL) {
			return false;
		}
		t->rows = rows;
		t->size = size;
	}
	r = &t->rows[t->n];
	*r = (struct row){ .frame = number(e, "frame"),
		.session = number(e, "session"),
		.sequence = number(e, "sequence"),
		.transaction = transaction_of(e),
		.input = (uint32_t)number(e, "input"),
		.index = (uint32_t)t->n++,
		.verdict = share(&w->texts, string(e, "verdict")),
		.by = decided_by(w, e),
		.at = at };
	return r->verdict != NULL && r->by != NULL;
}

/* take_line: false when out of memory, or the line is no JSON. */
static bool take_line(struct work *w, struct told *t, const char *line, size_t len, long at)
{
	json_t *e = json_loadb(line, len, 0, NULL);
	bool good = e != NULL;

	if (!good) {
		return fail(w->diag, t->path, "an event cannot be read");
	}
	if (strcmp(string(e, "type"), "message") == 0 && !add_row(w, t, e, at)) {
		good = fail(w->diag, t->path, "out of memory");
	}
	json_decref(e);
	return good;
}

static bool read_told(struct work *w, struct told *t, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	long at = 0;
	bool good = true;

	t->path = path;
	t->f = fopen(path, "re");
	if (t->f == NULL) {
		return fail(w->diag, path, strerror(errno));
	}
	while (good && (len = getline(&line, &size, t->f)) >= 0) {
		good = take_line(w, t, line, (size_t)len, at);
		at += (long)len;
	}
	good = good && (!ferror(t->f) || fail(w->diag, path, strerror(errno)));
	free(line);
	return good;
}

/* ---- which are the same message */

static int order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_messages(const struct row *a, const struct row *b)
{
	int c = order(a->input, b->input);

	c = c != 0 ? c : order(a->frame, b->frame);
	c = c != 0 ? c : order(a->session, b->session);
	c = c != 0 ? c : order(a->sequence, b->sequence);
	return c != 0 ? c : order(a->transaction, b->transaction);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	int c = compare_messages(x, y);

	return c != 0 ? c : order(x->index, y->index);
}

/* take_pair: what became of one message. */
static void take_pair(struct work *w, const struct row *a, const struct row *b, size_t *other_rule)
{
	if (a->verdict != b->verdict) {
		w->pairs[w->n_pairs++] = (struct pair){ a, b };
	} else if (a->by != b->by) {
		++*other_rule;
	}
}

/* join: both are in order: a merge. */
static void join(struct work *w, size_t *other_rule, size_t *unmatched)
{
	size_t i = 0;
	size_t k = 0;

	if (w->old.n != 0) {
		qsort(w->old.rows, w->old.n, sizeof(struct row), compare_rows);
	}
	if (w->new.n != 0) {
		qsort(w->new.rows, w->new.n, sizeof(struct row), compare_rows);
	}
	while (i < w->old.n && k < w->new.n) {
		int c = compare_messages(&w->old.rows[i], &w->new.rows[k]);

		if (c == 0) {
			take_pair(w, &w->old.rows[i], &w->new.rows[k], other_rule);
		} else {
			++*unmatched;
		}
		i += c <= 0;
		k += c >= 0;
	}
	*unmatched += w->old.n - i + w->new.n - k;
}

/* ---- groups */

static int compare_groups(const struct pair *x, const struct pair *y)
{
	int c = strcmp(x->old->verdict, y->old->verdict);

	c = c != 0 ? c : strcmp(x->new->verdict, y->new->verdict);
	c = c != 0 ? c : strcmp(x->old->by, y->old->by);
	return c != 0 ? c : strcmp(x->new->by, y->new->by);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a;
	const struct pair *y = b;
	int c = compare_groups(x, y);

	return c != 0 ? c : order(x->new->index, y->new->index);
}

/* event_of: the line of a row once more. NULL: it cannot be read. */
static json_t *event_of(const struct told *t, const struct row *r)
{
	char *line = NULL;
	size_t size = 0;
	json_t *e = NULL;

	if (fseek(t->f, r->at, SEEK_SET) == 0 && getline(&line, &size, t->f) > 0) {
		e = json_loads(line, 0, NULL);
	}
	free(line);
	return e;
}

static json_t *some_of(const json_t *event, const char *const *names)
{
	json_t *j = json_object();

	for (; *names != NULL; names++) {
		json_t *value = json_object_get(event, *names);

		if (value != NULL) {
			(void)json_object_set(j, *names, value);
		}
	}
	return j;
}

static json_t *sample_json(const struct work *w, const struct pair *p)
{
	static const char *const common[] = { "input", "frame", "sequence", "ts", "link", "session",
		"account", "proto", "command", "src", "dst", "part", "parts", "text", NULL };
	static const char *const verdict[] = { "verdict", "action", "rule", "rules", "list",
		"category", "score", "reason", NULL };
	json_t *old = event_of(&w->old, p->old);
	json_t *new = event_of(&w->new, p->new);
	json_t *j = some_of(new, common);

	(void)json_object_set_new(j, "old", some_of(old, verdict));
	(void)json_object_set_new(j, "new", some_of(new, verdict));
	json_decref(old);
	json_decref(new);
	return j;
}

static json_t *verdict_json(const struct row *r)
{
	bool is_list = strncmp(r->by, LIST, strlen(LIST)) == 0;
	json_t *j = json_pack("{s:s, s:s?}", "verdict", r->verdict, "rule",
		r->by[0] != '\0' && !is_list ? r->by : NULL);

	if (is_list) {
		(void)json_object_set_new(j, "list", json_string(r->by + strlen(LIST)));
	}
	return j;
}

static json_t *group_json(const struct work *w, const struct pair *first, size_t n)
{
	json_t *samples = json_array();

	for (size_t i = 0; i < n && i < w->n_samples; i++) {
		(void)json_array_append_new(samples, sample_json(w, &first[i]));
	}
	return json_pack("{s:o, s:o, s:I, s:o}", "old", verdict_json(first->old), "new",
		verdict_json(first->new), "messages", (json_int_t)n, "samples", samples);
}

/* A group of pairs, to be put in order by size. */
struct group {
	const struct pair *first;
	size_t n;
};

static int compare_sizes(const void *a, const void *b)
{
	const struct group *x = a;
	const struct group *y = b;
	int c = order(y->n, x->n);

	return c != 0 ? c : compare_groups(x->first, y->first);
}

static json_t *groups_json(const struct work *w)
{
	struct group *groups = calloc(w->n_pairs + 1, sizeof(*groups));
	json_t *list = json_array();
	size_t n = 0;

	for (size_t i = 0; groups != NULL && i < w->n_pairs; i++) {
		if (i == 0 || compare_groups(&w->pairs[i - 1], &w->pairs[i]) != 0) {
			groups[n++].first = &w->pairs[i];
		}
		groups[n - 1].n++;
	}
	if (n != 0) {
		qsort(groups, n, sizeof(*groups), compare_sizes);
	}
	for (size_t i = 0; i < n; i++) {
		(void)json_array_append_new(list, group_json(w, groups[i].first, groups[i].n));
	}
	free(groups);
	return list;
}

static json_t *document(struct work *w)
{
	size_t other_rule = 0;
	size_t unmatched = 0;
	size_t n = w->new.n > w->old.n ? w->new.n : w->old.n;

	w->pairs = calloc(n + 1, sizeof(*w->pairs));
	if (w->pairs == NULL) {
		(void)fail(w->diag, NULL, "out of memory");
		return NULL;
	}
	join(w, &other_rule, &unmatched);
	if (w->n_pairs != 0) {
		qsort(w->pairs, w->n_pairs, sizeof(*w->pairs), compare_pairs);
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "messages", (json_int_t)n, "changed",
		(json_int_t)w->n_pairs, "other_rule", (json_int_t)other_rule, "unmatched",
		(json_int_t)unmatched, "groups", groups_json(w));
}

static void told_close(struct told *t)
{
	if (t->f != NULL) {
		(void)fclose(t->f);
	}
	free(t->rows);
}

json_t *diff_events(const char *old, const char *new, unsigned n_samples, struct diag *diag)
{
	struct work w = { .n_samples = n_samples, .diag = diag };
	json_t *j = NULL;

	if (read_told(&w, &w.old, old) && read_told(&w, &w.new, new)) {
		j = document(&w);
	}
	told_close(&w.old);
	told_close(&w.new);
	free(w.pairs);
	tdestroy(w.texts, free);
	return j;
}
