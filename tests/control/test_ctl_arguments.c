/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/stats.h"
#include "tests/support/unit.h"

enum { WORDS_MAX = 12 };

/* A command line and what is made of it. */
struct line_case {
	const char *words[WORDS_MAX]; /* behind the program's name */
	int code;
	const char *verb;
	const char *first; /* argument */
	const char *out;   /* value of --out */
};

static const struct line_case lines[] = {
	{ { "replay", "a", "--out", "b" }, 0, "replay", "a", "b" },
	{ { "--out=b", "replay", "a" }, 0, "replay", "a", "b" },
	{ { "--out", "b", "--json", "replay", "a" }, 0, "replay", "a", "b" },
	{ { "replay", "--out", "x", "a", "--out", "b" }, 0, "replay", "a", "b" },
	{ { "replay", "--out", "--json", "a" }, 0, "replay", "a", "--json" },
	{ { "replay", "--", "--out" }, 0, "replay", "--out", NULL },
	{ { "config", "check", "f" }, 0, "config check", "f", NULL },
	{ { "config", "--json", "check", "f" }, 0, "config check", "f", NULL },
	{ { "explain", "--pdu", "-" }, 0, "explain", NULL, NULL },
	{ { "status", "--timeout", "5", "--socket", "s" }, 0, "status", NULL, NULL },
	{ { "replay", "--help" }, 0, "replay", NULL, NULL },
	{ { "-h" }, 0, NULL, NULL, NULL },
	{ { NULL }, 0, NULL, NULL, NULL },
	{ { "--version" }, 0, NULL, NULL, NULL },
	{ { "replay" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "config" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "config", "chek", "f" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "config", "check" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "config", "check", "f", "g" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "nothing" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "status", "--out", "b" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "replay", "a", "--oout", "b" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "replay", "a", "-o" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "replay", "a", "--out" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "status", "--json=yes" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "status", "--timeout", "0" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "status", "--timeout", "-1" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "status", "--timeout", "5s" }, CONTROL_USAGE, NULL, NULL, NULL },
	{ { "--out", "b" }, CONTROL_USAGE, NULL, NULL, NULL },
};

/* read_line: with standard error out of sight. */
static int read_line(const struct line_case *k, struct ctl_call *call)
{
	char *argv[WORDS_MAX + 1] = { (char *)(uintptr_t) "smswallctl" };
	FILE *old = stderr;
	int argc = 1;
	int rc;

	for (int i = 0; i < WORDS_MAX && k->words[i] != NULL; i++) {
		argv[argc++] = (char *)(uintptr_t)k->words[i];
	}
	stderr = fopen("/dev/null", "w");
	rc = ctl_read_arguments(call, argc, argv);
	(void)fclose(stderr);
	stderr = old;
	return rc;
}

static void same(const char *have, const char *want)
{
	if (want == NULL) {
		CU_ASSERT_PTR_NULL(have);
	} else {
		CU_ASSERT_PTR_NOT_NULL_FATAL(have);
		CU_ASSERT_STRING_EQUAL(have, want);
	}
}

static void lines_are_read(void)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct ctl_call *call = calloc(1, sizeof(*call));
		char name[64];

		CU_ASSERT_PTR_NOT_NULL_FATAL(call);
		CU_ASSERT_EQUAL(read_line(&lines[i], call), lines[i].code);
		if (lines[i].code == 0) {
			same(call->verb != NULL ? ctl_verb_name(call->verb, name, sizeof(name))
						: NULL,
				lines[i].verb);
			same(call->n_words != 0 ? call->words[0] : NULL, lines[i].first);
			same(ctl_value(call, "out"), lines[i].out);
		}
		free(call);
	}
}

static void numbers_are_ranged(void)
{
	static const struct {
		const char *text;
		int code;
		long value;
	} cases[] = { { "1", 0, 1 }, { "64", 0, 64 }, { "0x10", 0, 16 }, { "0", CONTROL_USAGE, 7 },
		{ "65", CONTROL_USAGE, 7 }, { "", CONTROL_USAGE, 7 }, { "1x", CONTROL_USAGE, 7 },
		{ "99999999999999999999", CONTROL_USAGE, 7 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line_case k = { { "replay", "a", "--burst", cases[i].text }, 0, NULL, NULL,
			NULL };
		struct ctl_call *call = calloc(1, sizeof(*call));
		FILE *old = stderr;
		long value = 7;

		CU_ASSERT_PTR_NOT_NULL_FATAL(call);
		CU_ASSERT_EQUAL(read_line(&k, call), 0);
		stderr = fopen("/dev/null", "w");
		CU_ASSERT_EQUAL(ctl_number(call, "burst", 1, 64, &value), cases[i].code);
		(void)fclose(stderr);
		stderr = old;
		CU_ASSERT_EQUAL(value, cases[i].value);
		free(call);
	}
}

/* An option has one shape in all verbs: what stands before the verb is read without knowing it. */
static void options_have_one_shape(void)
{
	for (size_t i = 0; i < ctl_n_verbs; i++) {
		for (const struct ctl_option *a = ctl_verbs[i].options; a->name != NULL; a++) {
			for (size_t k = 0; k < ctl_n_verbs; k++) {
				for (const struct ctl_option *b = ctl_verbs[k].options;
					b->name != NULL; b++) {
					CU_ASSERT_TRUE(
						strcmp(a->name, b->name) != 0 ||
						(a->argument == NULL) == (b->argument == NULL));
				}
			}
			for (const struct ctl_option *b = ctl_global_options; b->name != NULL;
				b++) {
				CU_ASSERT_STRING_NOT_EQUAL(a->name, b->name);
			}
		}
	}
}

static char *load(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_TRUE(fread(text, 1, (1 << 20) - 1, f) > 0);
	(void)fclose(f);
	return text;
}

static void expect_in(const char *text, const char *before, const char *name, const char *after)
{
	char wanted[128];

	(void)snprintf(wanted, sizeof(wanted), "%s%s%s", before, name, after);
	if (strstr(text, wanted) == NULL) {
		fprintf(stderr, "missing: %s\n", wanted);
		CU_FAIL("a name is not in the manual");
	}
}

/* The tests run in the project's root. */
static void manual_has_every_verb_and_option(void)
{
	char *manual = load("control/man/smswallctl.1.scd");
	char name[64];

	for (size_t i = 0; i < ctl_n_verbs; i++) {
		if (ctl_verbs[i].hidden) {
			continue;
		}
		expect_in(manual, "\n*", ctl_verb_name(&ctl_verbs[i], name, sizeof(name)), "*");
		for (const struct ctl_option *o = ctl_verbs[i].options; o->name != NULL; o++) {
			expect_in(manual, "*--", o->name, "*");
		}
	}
	for (const struct ctl_option *o = ctl_global_options; o->name != NULL; o++) {
		expect_in(manual, "\n*--", o->name, "*");
	}
	free(manual);
}

static void docs_explain_every_line_of_the_summary(void)
{
	char *docs = load("docs/summary.md");

	for (int i = 0; i < STAT_COUNT; i++) {
		expect_in(docs, "\n| `", stats_counter_name((enum stats_counter)i), "` |");
	}
	for (int i = 0; i < R_COUNT; i++) {
		expect_in(docs, "\n| `", stats_reason_name((enum reason)i), "` |");
	}
	free(docs);
}

/* Each help text fits a screen of 80 columns by 50 lines. */
static void help_fits_a_screen(void)
{
	for (size_t i = 0; i <= ctl_n_verbs; i++) {
		char *text = NULL;
		size_t len = 0;
		size_t rows = 0;
		FILE *f = open_memstream(&text, &len);

		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		if (i == ctl_n_verbs) {
			ctl_help(f);
		} else {
			ctl_help_verb(&ctl_verbs[i], f);
		}
		(void)fclose(f);
		for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
			rows++;
			CU_ASSERT_TRUE(strlen(line) <= 100);
		}
		CU_ASSERT_TRUE(rows < 50);
		free(text);
	}
}

UNIT_MAIN("control/ctl_arguments", { "command lines are read", lines_are_read },
	{ "numbers are ranged", numbers_are_ranged },
	{ "an option has one shape in all verbs", options_have_one_shape },
	{ "help fits a screen", help_fits_a_screen },
	{ "the manual has every verb and option", manual_has_every_verb_and_option },
	{ "docs explain every line of the summary", docs_explain_every_line_of_the_summary })
