/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>
#include <sodium.h>

#include "patterns/compile_cache.h"
#include "patterns/compile_child.h"
#include "patterns/compile_plan.h"
#include "patterns/compile_say.h"

enum {
	ALONE_WALL_MIN_S = 20,
	ALONE_CPU_S = 3,    /* what one rule may take when the set took too much */
	RANGES_MAX = 4096,  /* shards and what they were cut into */
	SEARCH_FACTOR = 10, /* the search for what is costly ends after this many cpu_s */
	WALL_FACTOR = 4,    /* a child may be slowed down by its neighbours this much */
};

/* Some rules of one field and view, which are to become one database. */
struct range {
	uint32_t first; /* in work.fresh */
	uint32_t n;
};

struct work {
	struct source *source;
	struct ruleset *ruleset;
	const struct compile_limits *limits;
	const struct compile_reuse *reuse;
	struct compile_cache cache;
	struct compile_report report;
	struct diag *diag;
	uint32_t *indices;     /* of one field and view, in file order */
	const uint32_t *fresh; /* those of them that are to be compiled */
	struct range *ranges;  /* a stack, first rules on top */
	uint32_t n_ranges;
	bool cut;              /* of this field and view, said once */
	uint32_t cheap_until;  /* the rules of `fresh` before this one were tried alone */
	double search_seconds; /* CPU spent on the search for what is costly */
	size_t errors_before;
	struct child_result result;
};

struct compile_limits compile_default_limits(void)
{
	return (struct compile_limits){
		.cpu_s = 30,
		.memory = (size_t)4 << 30,
		.shard_ms = 10000,
		.small_ms = 300,
	};
}

static bool has_errors(const struct work *w)
{
	return w->diag->n_errors != w->errors_before;
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
			compile_say(&w->source->rules[f->rule], f->text, f->is_warning, w->diag);
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

/* Runs a child over `n` rules from w->fresh[first]; its result stays until the next run. */
static bool run(struct work *w, enum child_task task, uint32_t first, uint32_t n)
{
	const bool alone = task == CHILD_ALONE && w->limits->cpu_s > ALONE_CPU_S;
	const unsigned cpu_s = alone ? ALONE_CPU_S : w->limits->cpu_s;
	const struct child_job job = {
		.task = task,
		.rules = w->source->rules,
		.indices = w->fresh + first,
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
			report_costly(w, w->fresh[next - 1], w->result.why);
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
	return &w->source->rules[w->fresh[i]];
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
		report_costly(w, w->fresh[r.first], why);
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

/* What a database is made from: the machine, and expressions and flags in their order. */
static void hash_range(const struct work *w, struct range r, uint8_t hash[DATABASE_HASH_LEN])
{
	char platform[DATABASE_PLATFORM_SIZE];
	crypto_generichash_state state;

	database_platform(platform);
	(void)crypto_generichash_init(&state, NULL, 0, DATABASE_HASH_LEN);
	(void)crypto_generichash_update(
		&state, (const unsigned char *)platform, strlen(platform) + 1);
	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		const struct rule *rule = rule_at(w, i);
		const uint32_t flags_be = htobe32(rule->flags);

		(void)crypto_generichash_update(
			&state, (const unsigned char *)&flags_be, sizeof(flags_be));
		(void)crypto_generichash_update(&state, (const unsigned char *)rule->expression,
			strlen(rule->expression) + 1);
	}
	(void)crypto_generichash_final(&state, hash, DATABASE_HASH_LEN);
}

/* Takes a range's database into a part. `told`: as an error, when it cannot be taken. */
static bool take_octets(struct work *w, struct ruleset_part *part, struct range r,
	const uint8_t source[DATABASE_HASH_LEN], struct bytes octets, bool told)
{
	struct arena *arena = w->reuse->arena;
	const struct rule *first = rule_at(w, r.first);
	struct database *db;
	uint32_t *rules;
	char why[160];
	int error = database_create(&db, octets, source, arena);

	if (error != 0) {
		database_explain(error, octets, arena, why, sizeof(why));
		if (told || error != -EINVAL) {
			diag_add(w->diag, DIAG_ERROR, first->file, first->line, 0,
				"the database of the %u rules from here on: %s", r.n, why);
		}
		return false;
	}
	rules = malloc(r.n * sizeof(*rules));
	if (rules == NULL) {
		database_unref(db);
	} else {
		memcpy(rules, w->fresh + r.first, r.n * sizeof(*rules));
	}
	if (rules == NULL || !ruleset_add_shard(w->ruleset, part, db, rules, r.n)) {
		diag_add(w->diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
		return false;
	}
	w->report.n_shards++;
	w->report.rules_fresh += r.n;
	return true;
}

/* True: the cache had it (or there was an error, which ends the search for it). */
static bool take_cached(struct work *w, struct ruleset_part *part, struct range r,
	const uint8_t source[DATABASE_HASH_LEN])
{
	size_t len = 0;
	char *octets = compile_cache_get(&w->cache, source, &len);
	bool taken;

	if (octets == NULL) {
		return false;
	}
	taken = take_octets(w, part, r, source, bytes_of(octets, len), false);
	free(octets);
	w->report.n_cached += taken;
	return taken || has_errors(w);
}

static bool take_compiled(struct work *w, struct ruleset_part *part, struct range r,
	const uint8_t source[DATABASE_HASH_LEN])
{
	const struct bytes octets = bytes_of(w->result.octets, w->result.octets_len);

	if (!take_octets(w, part, r, source, octets, true)) {
		return false;
	}
	w->report.n_compiled++;
	if (w->result.n_findings == 0) { /* a warning is to be heard each time */
		compile_cache_put(&w->cache, source, octets);
	}
	return true;
}

/* False when nothing more is to be tried. */
static bool compile_range(struct work *w, struct range r, struct ruleset_part *part)
{
	/* Once there are errors nothing will be used: only list the others. */
	enum child_task task = has_errors(w) ? CHILD_CHECK : CHILD_COMPILE;
	uint8_t source[DATABASE_HASH_LEN];
	bool refused;

	hash_range(w, r, source);
	if (task == CHILD_COMPILE && take_cached(w, part, r, source)) {
		return true;
	}
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
	if (w->result.octets == NULL) {
		diag_add(w->diag, DIAG_ERROR, NULL, 0, 0, "the pattern compiler gave no database");
		return false;
	}
	return take_compiled(w, part, r, source);
}

static bool compile_fresh(
	struct work *w, const struct compile_plan *plan, struct ruleset_part *part)
{
	const struct rule *rules = w->source->rules;
	double sum_ms;
	uint32_t left = compile_plan_count(plan, rules, w->limits->shard_ms, &sum_ms);
	bool good = true;

	for (uint32_t first = 0; good && first < plan->n_fresh;) {
		uint32_t end = compile_plan_cut(plan, rules, first, sum_ms, --left == 0);

		good = push_range(w, (struct range){ first, end - first });
		first = end;
		while (good && w->n_ranges != 0) {
			good = compile_range(w, w->ranges[--w->n_ranges], part);
		}
	}
	w->n_ranges = 0;
	return good;
}

/* Takes over what the plan takes of the base's databases. */
static bool reuse_shards(struct work *w, struct compile_plan *plan, const struct ruleset_part *base,
	struct ruleset_part *part)
{
	for (uint32_t k = 0; k < plan->n_shards; k++) {
		uint32_t *map = plan->maps[k];

		if (map == NULL) {
			continue;
		}
		plan->maps[k] = NULL;
		if (!ruleset_add_shard(w->ruleset, part, database_ref(base->shards[k].database),
			    map, base->shards[k].n)) {
			diag_add(w->diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
			return false;
		}
		w->report.n_shards++;
		w->report.n_reused++;
	}
	return true;
}

static uint32_t list_rules(struct work *w, enum rule_field field, enum rule_view view)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->source->n_rules; i++) {
		if (w->source->rules[i].field == field && w->source->rules[i].view == view) {
			w->indices[n++] = i;
		}
	}
	return n;
}

static bool compile_part(struct work *w, enum rule_field field, enum rule_view view)
{
	struct ruleset_part *part = &w->ruleset->parts[field][view];
	const struct ruleset *base = w->reuse->base;
	const struct ruleset_part *base_part = base != NULL ? &base->parts[field][view] : NULL;
	struct compile_plan plan;
	uint32_t n = list_rules(w, field, view);
	bool good;

	if (!compile_plan_make(
		    &plan, w->source->rules, w->indices, n, base, base_part, w->limits->small_ms)) {
		diag_add(w->diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
		return false;
	}
	w->fresh = plan.fresh;
	w->cheap_until = 0;
	w->cut = false;
	good = reuse_shards(w, &plan, base_part, part) &&
	       (plan.n_fresh == 0 || compile_fresh(w, &plan, part));
	w->fresh = NULL;
	compile_plan_free(&plan);
	return good;
}

static void compile_all(struct work *w)
{
	bool good = true;

	compile_cache_open(&w->cache, w->reuse->cache, w->diag);
	for (unsigned f = 0; good && f < FIELDS; f++) {
		for (unsigned v = 0; good && v < VIEWS; v++) {
			good = compile_part(w, (enum rule_field)f, (enum rule_view)v);
		}
	}
	compile_cache_close(&w->cache);
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
	const struct compile_reuse *reuse, struct compile_report *report, struct diag *diag)
{
	const struct compile_reuse nothing = { 0 };
	struct work w = {
		.source = s,
		.ruleset = calloc(1, sizeof(*w.ruleset)),
		.limits = limits,
		.reuse = reuse != NULL ? reuse : &nothing,
		.diag = diag,
		.indices = calloc(s->n_rules != 0 ? s->n_rules : 1, sizeof(*w.indices)),
		.ranges = calloc(RANGES_MAX, sizeof(*w.ranges)),
		.errors_before = diag->n_errors,
	};

	if (w.ruleset == NULL || w.indices == NULL || w.ranges == NULL || sodium_init() < 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
	} else {
		atomic_init(&w.ruleset->references, 1);
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
