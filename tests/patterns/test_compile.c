/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>

#include "tests/support/unit.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

/* One that takes Hyperscan a minute, then "Pattern is too large" (research/ecosystem.md 6). */
static const char costly[] = "\\b.{100,10000}\\b";

static struct diag diag;

static struct ruleset *compile_text(struct source *s, const char *text,
	const struct compile_limits *limits, struct compile_report *report)
{
	diag_clear(&diag);
	source_init(s);
	if (!source_read_text(s, "t.pat", text, strlen(text), &diag)) {
		diag_print(&diag, stdout);
		return NULL;
	}
	return compile_source(s, limits, NULL, report, &diag);
}

static void drop(struct source *s, struct ruleset *r)
{
	ruleset_unref(r);
	source_free(s);
	diag_clear(&diag);
}

static void test_parts(void)
{
	static const char text[] = "a:/one/\n+ \"one\"\n"
				   "b:/two/ view=folded category=x\n"
				   "c:/three/ field=url\n"
				   "d:/four/i field=sender view=folded\n"
				   "e:/five/L\n";
	const struct compile_limits limits = compile_default_limits();
	struct compile_report report;
	struct source s;
	struct ruleset *r = compile_text(&s, text, &limits, &report);

	diag_print(&diag, stdout);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_EQUAL(r->n_rules, 5);
	CU_ASSERT_EQUAL(r->references, 1);
	CU_ASSERT_EQUAL(r->n_categories, 2);
	CU_ASSERT_STRING_EQUAL(r->categories[1], "x");
	CU_ASSERT_STRING_EQUAL(r->rules[3].id, "d");
	CU_ASSERT_EQUAL(r->parts[FIELD_TEXT][VIEW_SENT].n_rules, 2);
	CU_ASSERT_EQUAL(r->parts[FIELD_TEXT][VIEW_SENT].n_shards, 1);
	CU_ASSERT_EQUAL(r->parts[FIELD_TEXT][VIEW_FOLDED].n_rules, 1);
	CU_ASSERT_EQUAL(r->parts[FIELD_URL][VIEW_SENT].n_rules, 1);
	CU_ASSERT_EQUAL(r->parts[FIELD_SENDER][VIEW_FOLDED].n_rules, 1);
	CU_ASSERT_EQUAL(r->parts[FIELD_SENDER][VIEW_SENT].n_shards, 0);
	CU_ASSERT_EQUAL(report.n_shards, 4);
	CU_ASSERT(report.database_len == r->database_len && report.database_len > 0);
	CU_ASSERT(report.peak_rss > 0);
	/* The rules have moved, the examples stayed. */
	CU_ASSERT(s.rules == NULL && s.n_rules == 0 && s.n_examples == 1);
	ruleset_ref(r);
	ruleset_unref(r);
	CU_ASSERT_EQUAL(r->references, 1);
	drop(&s, r);
	ruleset_unref(NULL);
}

static void test_empty(void)
{
	const struct compile_limits limits = compile_default_limits();
	struct source s;
	struct ruleset *r = compile_text(&s, "# no rule\n", &limits, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT(r->n_rules == 0 && r->database_len == 0);
	drop(&s, r);
}

/* Every wrong rule is named at once, in order, and the source is as it was. */
static void test_all_errors(void)
{
	static const char text[] = "a:/(x/\n"
				   "fine:/y/\n"
				   "b1:/\xC3\xA9[x/\n"
				   "c:/x*/\n"
				   "d:/(?<=x)y/ view=folded\n"
				   "e:/\\bx/W\n"
				   "f:/(a)\\1/ field=url\n"
				   "g:/a{1,100000}/\n"
				   "h:/x*/V\n";
	static const struct {
		enum diag_level level;
		int line;
		int column;
		const char *said;
	} want[] = {
		{ DIAG_ERROR, 1, 4, "rule a: Hyperscan says: Missing close parenthesis" },
		{ DIAG_ERROR, 3, 6, "rule b1: Hyperscan says: Unterminated character class" },
		{ DIAG_ERROR, 4, 0, "rule c: the expression matches the empty text" },
		{ DIAG_ERROR, 6, 4, "rule e: \\b cannot be used with flag W" },
		{ DIAG_ERROR, 8, 0, "Bounded repeat is too large" },
		{ DIAG_WARNING, 9, 0, "rule h matches the empty text" },
		{ DIAG_ERROR, 5, 0, "look-ahead and look-behind" },
		{ DIAG_ERROR, 7, 0, "Back-references" },
	};
	const struct compile_limits limits = compile_default_limits();
	struct source s;

	CU_ASSERT_PTR_NULL(compile_text(&s, text, &limits, NULL));
	CU_ASSERT_EQUAL(diag.n_errors, 7);
	CU_ASSERT_EQUAL(s.n_rules, 9);
	CU_ASSERT_STRING_EQUAL(s.rules[1].expression, "y");
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]) && i < diag.n_entries; i++) {
		const struct diag_entry *e = &diag.entries[i];

		CU_ASSERT_EQUAL(e->level, want[i].level);
		CU_ASSERT_EQUAL(e->line, want[i].line);
		CU_ASSERT_EQUAL(e->column, want[i].column);
		CU_ASSERT_PTR_NOT_NULL(strstr(e->text, want[i].said));
		CU_ASSERT_STRING_EQUAL(e->file, "t.pat");
	}
	drop(&s, NULL);
}

/* `n` rules of random words around one of `special`. */
static char *make_rules(unsigned n, const char *special)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	uint32_t seed = 7;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (unsigned i = 0; i < n; i++) {
		fprintf(f, "%u:/", i);
		for (unsigned k = 0; k < 9; k++) {
			seed = seed * 1664525u + 1013904223u;
			fputc('a' + (int)((seed >> 16) % 26), f);
		}
		fputs("/i\n", f);
		if (special != NULL && i == n / 2) {
			fprintf(f, "special:/%s/\n", special);
		}
	}
	fclose(f);
	return text;
}

/* A thousand words compile in less than a second of CPU. */
static void test_cheap(void)
{
	const struct compile_limits limits = compile_default_limits();
	struct compile_report report;
	char *text = make_rules(1000, NULL);
	struct source s;
	struct ruleset *r = compile_text(&s, text, &limits, &report);

	CU_ASSERT_PTR_NOT_NULL(r);
	CU_ASSERT(report.seconds < (UNDER_ASAN ? 10.0 : 1.0));
	CU_ASSERT_EQUAL(report.n_shards, 1);
	drop(&s, r);
	free(text);
}

static void test_shards(void)
{
	struct compile_limits limits = compile_default_limits();
	struct compile_report report;
	char *text = make_rules(1000, NULL);
	struct source s;
	struct ruleset *r;

	limits.shard_ms = 60;
	r = compile_text(&s, text, &limits, &report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_EQUAL(report.n_shards, 4);
	CU_ASSERT_EQUAL(r->parts[FIELD_TEXT][VIEW_SENT].n_shards, 4);
	CU_ASSERT_EQUAL(r->parts[FIELD_TEXT][VIEW_SENT].n_rules, 1000);
	drop(&s, r);
	free(text);
}

/* One expression that costs a minute among cheap ones is named, soon. */
static void test_costly_rule(void)
{
	struct compile_limits limits = compile_default_limits();
	char *text = make_rules(60, costly);
	struct source s;

	limits.cpu_s = 1;
	CU_ASSERT_PTR_NULL(compile_text(&s, text, &limits, NULL));
	CU_ASSERT_EQUAL(diag.n_errors, 1);
	CU_ASSERT_FATAL(diag.n_entries >= 1);
	CU_ASSERT_EQUAL(diag.entries[0].line, 32);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(diag.entries[0].text, "rule special is too costly to compile"));
	drop(&s, NULL);
	free(text);
}

/* Rules that are cheap alone and costly together become several databases. */
static void test_costly_together(void)
{
	struct compile_limits limits = compile_default_limits();
	struct compile_report report;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct source s;
	struct ruleset *r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (unsigned i = 0; i < 16; i++) {
		/* Flag W: \w becomes some hundred ranges of characters. */
		fprintf(f, "%u:/%cab%c\\w+ x%u/iW\n", i, 'a' + (int)i, 'z' - (int)i, i);
	}
	fclose(f);
	limits.cpu_s = 1;
	r = compile_text(&s, text, &limits, &report);
	if (r != NULL && report.n_shards == 1) {
		printf("(one second was enough: nothing to cut) ");
	} else if (r != NULL) {
		CU_ASSERT(report.n_shards > 1);
		CU_ASSERT_EQUAL(diag.n_warnings, 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.entries[0].text, "they are cut up"));
		CU_ASSERT_EQUAL(diag.entries[0].line, 1);
	} else { /* a slow machine: then it says so, and no rule is blamed falsely */
		CU_ASSERT(UNDER_ASAN || diag.n_errors != 0);
	}
	drop(&s, r);
	free(text);
}

static void test_memory_limit(void)
{
	struct compile_limits limits = compile_default_limits();
	char *text = make_rules(1000, NULL);
	struct source s;
	struct ruleset *r;

	if (UNDER_ASAN) {
		printf("(skipped: AddressSanitizer needs address space without limit) ");
		free(text);
		return;
	}
	limits.memory = (size_t)2 << 20;
	CU_ASSERT_PTR_NULL(compile_text(&s, text, &limits, NULL));
	CU_ASSERT(diag.n_errors >= 1);
	drop(&s, NULL);
	limits.memory = (size_t)1 << 30;
	r = compile_text(&s, text, &limits, NULL);
	CU_ASSERT_PTR_NOT_NULL(r);
	drop(&s, r);
	free(text);
}

/* The hash depends on the rules, not on their places and examples. */
static void test_hash(void)
{
	static const char *const texts[] = {
		"a:/x/i weight=100\n+ \"x\"\nb:/y/\n",
		"# moved\n\na:/x/Hi8\n- \"y\"\n\nb:/y/ field=text\n",
		"a:/x/\nb:/y/\n",
		"b:/y/\na:/x/i\n",
	};
	const struct compile_limits limits = compile_default_limits();
	struct source s[4];
	struct ruleset *r[4];

	for (size_t i = 0; i < 4; i++) {
		r[i] = compile_text(&s[i], texts[i], &limits, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(r[i]);
	}
	CU_ASSERT(memcmp(r[0]->hash, r[1]->hash, sizeof(r[0]->hash)) == 0);
	CU_ASSERT(memcmp(r[0]->hash, r[2]->hash, sizeof(r[0]->hash)) != 0);
	CU_ASSERT(memcmp(r[0]->hash, r[3]->hash, sizeof(r[0]->hash)) != 0);
	for (size_t i = 0; i < 4; i++) {
		drop(&s[i], r[i]);
	}
}

UNIT_MAIN("patterns/compile", { "parts", test_parts }, { "empty", test_empty },
	{ "all_errors", test_all_errors }, { "cheap", test_cheap }, { "shards", test_shards },
	{ "costly_rule", test_costly_rule }, { "costly_together", test_costly_together },
	{ "memory_limit", test_memory_limit }, { "hash", test_hash })
