/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile.h"

#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>

#include "patterns/compile_child.h"

enum {
	ALONE_WALL_MIN_S = 20,
	ALONE_CPU_S = 3,          /* what one rule may take when the set took too much */
	RANGES_MAX = 4096,        /* shards and what they were cut into */
	SEARCH_FACTOR = 10,       /* the search for what is costly ends after this many cpu_s */
	WALL_FACTOR = 4,          /* a child may be slowed down by its neighbours this much */
	COLUMN_OF_EXPRESSION = 3, /* "ID:/" less the ID, and columns begin at 1 */
};

/* Some rules of one field and view, which are to become one database. */
struct range {
	uint32_t first; /* in work.indices */
	uint32_t n;
};

struct work {
	struct source *source;
	struct ruleset *ruleset;
	const struct compile_limits *limits;
	struct compile_report report;
	struct diag *diag;
	uint32_t *indices;    /* of one field and view, in file order */
	struct range *ranges; /* a stack, first rules on top */
	uint32_t n_ranges;
	bool cut;              /* of this field and view, said once */
	uint32_t cheap_until;  /* the rules of indices before this one were tried alone */
	double search_seconds; /* CPU spent on the search for what is costly */
	size_t errors_before;
	struct child_result result;
};

struct compile_limits compile_default_limits(void)
{
	return (struct compile_limits){
		.cpu_s = 30,
		.memory = (size_t)4 << 30,
		.shard_rules = 5000,
	};
}

static bool has_errors(const struct work *w)
{
	return w->diag->n_errors != w->errors_before;
}

/* Hyperscan's words that an operator can use better in others. */
static const char *explain(const char *said)
{
	static const struct {
		const char *said;
		const char *means;
	} known[] = {
		{ "matches empty buffer", "the expression matches the empty text, and so every "
					  "message (flag V allows it)" },
		{ "Pattern is too large",
			"the expression is too large once its repeats are "
			"written out: make bounded repeats such as {10,1000} smaller" },
		{ "\\b unsupported in UCP", "\\b cannot be used with flag W" },
		{ "Embedded start anchors",
			"^ is supported at the beginning of an expression only" },
		{ "Embedded end anchors", "$ is supported at the end of an expression only" },
		{ "Unable to allocate memory", "it takes more memory to compile than is allowed" },
		{ "Zero-width assertions are not supported",
			"look-ahead and look-behind, (?=...) (?!...) (?<=...) (?<!...), are not supported" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strstr(said, known[i].said) != NULL) {
			return known[i].means;
		}
	}
	return NULL;
}

/* The column in the rule's line of what Hyperscan calls "at index N"; 0 when it names none. */
static int column_of(const struct rule *r, const char *said)
{
	static const char index_word[] = "at index ";
	const char *at = strstr(said, index_word);
	long index = at != NULL ? strtol(at + sizeof(index_word) - 1, NULL, 10) : -1;
	int column = (int)strlen(r->id) + COLUMN_OF_EXPRESSION;

	if (index < 0 || (size_t)index > strlen(r->expression)) {
		return 0;
	}
	for (long i = 0; i < index; i++) {
		column += ((unsigned char)r->expression[i] & 0xC0) != 0x80;
	}
	return column;
}

static void report_finding(struct work *w, const struct child_finding *f)
{
	const struct rule *r = &w->source->rules[f->rule];
	const char *means = explain(f->text);

	if (f->is_warning) {
		diag_add(w->diag, DIAG_WARNING, r->file, r->line, 0, "rule %s %s", r->id, f->text);
	} else if (means != NULL) {
		diag_add(w->diag, DIAG_ERROR, r->file, r->line, column_of(r, f->text),
			"rule %s: %s", r->id, means);
	} else {
		diag_add(w->diag, DIAG_ERROR, r->file, r->line, column_of(r, f->text),
			"rule %s: Hyperscan says: %s", r->id, f->text);
	}
}

static int compare_findings(const void *a, const void *b)
{
	const struct child_finding *x = a;
	const struct child_finding *y = b;

	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* Reports what is said of single rules, in their order. Returns whether the set as a whole was refused. */
static bool report_findings(struct work *w)
{
	bool refused = false;

	if (w->result.n_findings != 0) {
		qsort(w->result.findings, w->result.n_findings, sizeof(w->result.findings[0]),
			compare_findings);
	}
	for (uint32_t i = 0; i < w->result.n_findings; i++) {
		const struct child_finding *f = &w->result.findings[i];

		if (f->rule < w->source->n_rules) {
			report_finding(w, f);
		} else {
			refused = true;
		}
	}
	return refused;
}

/* What was said of the set as a whole, or the limit that was hit. */
static const char *reason_of(const struct child_result *result)
{
	for (uint32_t i = 0; i < result->n_findings; i++) {
		if (result->findings[i].rule == CHILD_NO_RULE) {
			return result->findings[i].text;
		}
	}
	return result->why;
}

/* Trying rules alone ends by the clock, but not for a loaded machine's sake. */
static unsigned alone_wall_s(const struct compile_limits *limits)
{
	return limits->cpu_s > ALONE_WALL_MIN_S ? limits->cpu_s : ALONE_WALL_MIN_S;
}

/* Runs a child over `n` rules from w->indices[first]; its result stays until the next run. */
static bool run(struct work *w, enum child_task task, uint32_t first, uint32_t n)
{
	const bool alone = task == CHILD_ALONE && w->limits->cpu_s > ALONE_CPU_S;
	const unsigned cpu_s = alone ? ALONE_CPU_S : w->limits->cpu_s;
	const struct child_job job = {
		.task = task,
		.rules = w->source->rules,
		.indices = w->indices + first,
		.n = n,
		.cpu_s = cpu_s,
		.wall_s = task == CHILD_ALONE ? alone_wall_s(w->limits)
		                              : w->limits->cpu_s * WALL_FACTOR,
		.memory = w->limits->memory,
	};
	int error;

	child_result_free(&w->result);
	error = child_run(&job, &w->result);
	if (error != 0) {
		diag_add(w->diag, DIAG_ERROR, NULL, 0, 0,
			"the pattern compiler cannot be started: %s", strerror(-error));
		return false;
	}
	w->report.seconds += w->result.cpu_seconds;
	if (w->result.peak_rss > w->report.peak_rss) {
		w->report.peak_rss = w->result.peak_rss;
	}
	return true;
}

static void report_costly(struct work *w, uint32_t index, const char *why)
{
	const struct rule *r = &w->source->rules[index];

	diag_add(w->diag, DIAG_ERROR, r->file, r->line, 0,
		"rule %s is too costly to compile: %s; make its repeats smaller or its classes "
		"narrower",
		r->id, why);
}

/*
 * Tries the rules of a range alone, for cpu_s in all, and reports the costly ones. What there was
 * no time for is tried when a smaller range with it turns out to be too much.
 */
static bool try_each_alone(struct work *w, const struct range *r)
{
	const uint32_t end = r->first + r->n;
	double until = w->search_seconds + w->limits->cpu_s;
	uint32_t next = w->cheap_until > r->first ? w->cheap_until : r->first;

	while (next < end && w->search_seconds < until) {
		if (!run(w, CHILD_ALONE, next, end - next)) {
			return false;
		}
		w->search_seconds += w->result.cpu_seconds;
		(void)report_findings(w);
		if (w->result.finished) {
			next = end;
		} else if (w->result.n_begun == 0) {
			diag_add(w->diag, DIAG_ERROR, NULL, 0, 0,
				"the pattern compiler cannot begin: %s", w->result.why);
			return false;
		} else if (w->result.timed_out) {
			next += w->result.n_begun - 1;
			break;
		} else {
			next += w->result.n_begun;
			report_costly(w, w->indices[next - 1], w->result.why);
		}
	}
	w->cheap_until = next;
	return true;
}

static bool push_range(struct work *w, struct range r)
{
	if (w->n_ranges == RANGES_MAX) {
		diag_add(w->diag, DIAG_ERROR, NULL, 0, 0, "the rules need more than %d databases",
			RANGES_MAX);
		return false;
	}
	w->ranges[w->n_ranges++] = r;
	return true;
}

static const struct rule *rule_at(const struct work *w, uint32_t i)
{
	return &w->source->rules[w->indices[i]];
}

/* A range was too much for one child: find who is to blame, or cut it in two. */
static bool split_range(struct work *w, struct range r)
{
	const struct rule *first = rule_at(w, r.first);
	size_t errors = w->diag->n_errors;
	uint32_t half = r.n / 2;
	char why[128];

	snprintf(why, sizeof(why), "%s", reason_of(&w->result));
	w->search_seconds += w->result.cpu_seconds;
	if (r.n == 1) {
		report_costly(w, w->indices[r.first], why);
		return true;
	}
	if (!try_each_alone(w, &r) || w->diag->n_errors != errors) {
		return w->diag->n_errors != errors;
	}
	if (w->search_seconds > (double)w->limits->cpu_s * SEARCH_FACTOR) {
		diag_add(w->diag, DIAG_ERROR, first->file, first->line, 0,
			"%u rules from here on are too costly to compile together (%s); the search "
			"for a better grouping was given up after %.0f s",
			r.n, why, w->search_seconds);
		return false;
	}
	if (!w->cut) {
		diag_add(w->diag, DIAG_WARNING, first->file, first->line, 0,
			"%u rules from here on are too costly to compile together (%s); they are cut "
			"up, which makes scanning slower",
			r.n, why);
	}
	w->cut = true;
	return push_range(w, (struct range){ r.first + half, r.n - half }) &&
	       push_range(w, (struct range){ r.first, half });
}

/* Takes the database of the result into a part. */
static bool take_database(struct work *w, struct ruleset_part *part)
{
	struct hs_database **grown =
		realloc(part->shards, (part->n_shards + 1) * sizeof(part->shards[0]));
	size_t len = 0;

	if (grown == NULL || hs_database_size(w->result.database, &len) != HS_SUCCESS) {
		part->shards = grown != NULL ? grown : part->shards;
		diag_add(w->diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
		return false;
	}
	part->shards = grown;
	part->shards[part->n_shards++] = w->result.database;
	w->result.database = NULL;
	w->ruleset->database_len += len;
	w->report.n_shards++;
	return true;
}

/* False when nothing more is to be tried. */
static bool compile_range(struct work *w, struct range r, struct ruleset_part *part)
{
	/* Once there are errors nothing will be used: only list the others. */
	enum child_task task = has_errors(w) ? CHILD_CHECK : CHILD_COMPILE;
	bool refused;

	if (!run(w, task, r.first, r.n)) {
		return false;
	}
	refused = report_findings(w);
	if (w->result.n_errors > (refused ? 1u : 0u)) {
		return true;
	}
	if (!w->result.finished || refused) {
		return split_range(w, r);
	}
	if (task == CHILD_CHECK) {
		return true;
	}
	if (w->result.database == NULL) {
		diag_add(w->diag, DIAG_ERROR, NULL, 0, 0, "the pattern compiler gave no database");
		return false;
	}
	return take_database(w, part);
}

static bool compile_part(struct work *w, enum rule_field field, enum rule_view view)
{
	struct ruleset_part *part = &w->ruleset->parts[field][view];
	uint32_t shard = w->limits->shard_rules != 0 ? w->limits->shard_rules : 1;
	uint32_t n = 0;
	bool good = true;

	for (uint32_t i = 0; i < w->source->n_rules; i++) {
		if (w->source->rules[i].field == field && w->source->rules[i].view == view) {
			w->indices[n++] = i;
		}
	}
	w->cheap_until = 0;
	w->cut = false;
	for (uint32_t first = 0; good && first < n; first += shard) {
		good = push_range(
			w, (struct range){ first, n - first < shard ? n - first : shard });
		while (good && w->n_ranges != 0) {
			good = compile_range(w, w->ranges[--w->n_ranges], part);
		}
	}
	w->n_ranges = 0;
	return good;
}

static void compile_all(struct work *w)
{
	bool good = true;

	for (unsigned f = 0; good && f < FIELDS; f++) {
		for (unsigned v = 0; good && v < VIEWS; v++) {
			good = compile_part(w, (enum rule_field)f, (enum rule_view)v);
		}
	}
	child_result_free(&w->result);
}

/*
 * set_caseless: folded rules have no regard to case: where folding a text would change nothing else,
 * the judge has them look into the text itself.
 */
static void set_caseless(struct source *s)
{
	for (uint32_t i = 0; i < s->n_rules; i++) {
		if (s->rules[i].view == VIEW_FOLDED) {
			s->rules[i].flags |= HS_FLAG_CASELESS;
		}
	}
}

struct ruleset *compile_source(struct source *s, const struct compile_limits *limits,
	struct compile_report *report, struct diag *diag)
{
	struct work w = {
		.source = s,
		.ruleset = calloc(1, sizeof(*w.ruleset)),
		.limits = limits,
		.diag = diag,
		.indices = calloc(s->n_rules != 0 ? s->n_rules : 1, sizeof(*w.indices)),
		.ranges = calloc(RANGES_MAX, sizeof(*w.ranges)),
		.errors_before = diag->n_errors,
	};

	if (w.ruleset == NULL || w.indices == NULL || w.ranges == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
	} else {
		w.ruleset->references = 1;
		set_caseless(s);
		compile_all(&w);
	}
	w.report.database_len = w.ruleset != NULL ? w.ruleset->database_len : 0;
	if (report != NULL) {
		*report = w.report;
	}
	free(w.indices);
	free(w.ranges);
	if (!has_errors(&w) && !source_move_rules(s, w.ruleset)) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
	}
	if (has_errors(&w)) {
		ruleset_unref(w.ruleset);
		return NULL;
	}
	return w.ruleset;
}
