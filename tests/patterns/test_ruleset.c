/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patterns/compile.h"
#include "tests/support/unit.h"

static struct diag diag;

static struct ruleset *make(const char *text)
{
	const struct compile_limits limits = compile_default_limits();
	struct source s;
	struct ruleset *r;

	diag_clear(&diag);
	source_init(&s);
	CU_ASSERT_FATAL(source_read_text(&s, "t.pat", text, strlen(text), &diag));
	r = compile_source(&s, &limits, NULL, NULL, &diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	source_free(&s);
	return r;
}

static void test_state_words(void)
{
	static const struct {
		const char *text;
		bool good;
		uint8_t state;
		uint8_t sample;
		const char *printed;
	} cases[] = {
		{ "on", true, RULE_ON, 0, "on" },
		{ "shadow", true, RULE_SHADOW, 0, "shadow" },
		{ "sample:1%", true, RULE_SAMPLE, 1, "sample:1%" },
		{ "sample=99%", true, RULE_SAMPLE, 99, "sample:99%" },
		{ "sample:0%", false, 0, 0, NULL },
		{ "sample:100%", false, 0, 0, NULL },
		{ "sample:05%", false, 0, 0, NULL },
		{ "sample:5", false, 0, 0, NULL },
		{ "sample:5%x", false, 0, 0, NULL },
		{ "sample:-5%", false, 0, 0, NULL },
		{ "sample", false, 0, 0, NULL },
		{ "sample:", false, 0, 0, NULL },
		{ "On", false, 0, 0, NULL },
		{ "", false, 0, 0, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rule r = { .state = 77, .sample = 77 };
		char text[RULE_STATE_SIZE];

		CU_ASSERT_EQUAL(
			rule_state_parse(cases[i].text, &r.state, &r.sample), cases[i].good);
		if (cases[i].good) {
			CU_ASSERT(r.state == cases[i].state && r.sample == cases[i].sample);
			CU_ASSERT_STRING_EQUAL(rule_state_text(&r, text), cases[i].printed);
		} else {
			CU_ASSERT(r.state == 77 && r.sample == 77); /* untouched */
		}
	}
}

static void test_find(void)
{
	struct ruleset *r = make("b:/x/\na:/y/\nz.9:/z/\nab:/v/\n");
	uint32_t *by_id = r->by_id;

	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(ruleset_find(r, "b"), 0);
		CU_ASSERT_EQUAL(ruleset_find(r, "a"), 1);
		CU_ASSERT_EQUAL(ruleset_find(r, "z.9"), 2);
		CU_ASSERT_EQUAL(ruleset_find(r, "ab"), 3);
		CU_ASSERT_EQUAL(ruleset_find(r, "c"), RULE_GONE);
		CU_ASSERT_EQUAL(ruleset_find(r, ""), RULE_GONE);
		r->by_id = NULL; /* the same without an index */
	}
	r->by_id = by_id;
	ruleset_unref(r);
	r = make("# nothing\n");
	CU_ASSERT_EQUAL(ruleset_find(r, "a"), RULE_GONE);
	ruleset_unref(r);
}

static bool apply(struct ruleset *r, const char *text)
{
	diag_clear(&diag);
	return ruleset_apply_states(r, text, strlen(text), "states", &diag);
}

static void test_apply(void)
{
	struct ruleset *r = make("a:/x/ state=shadow\nb:/y/\nc:/z/ state=sample:5%\n");
	uint8_t hash[32];

	memcpy(hash, r->hash, sizeof(hash));
	CU_ASSERT(r->rules[2].state == RULE_SAMPLE && r->rules[2].sample == 5);
	CU_ASSERT(apply(r, "# a comment\n\n a \t on\r\nb sample=20%\nc shadow"));
	CU_ASSERT(r->rules[0].state == RULE_ON);
	CU_ASSERT(r->rules[1].state == RULE_SAMPLE && r->rules[1].sample == 20);
	CU_ASSERT(r->rules[2].state == RULE_SHADOW && r->rules[2].sample == 0);
	CU_ASSERT_EQUAL(memcmp(hash, r->hash, sizeof(hash)), 0);
	CU_ASSERT(apply(r, ""));
	CU_ASSERT(apply(r, "gone on\nb on\n"));
	CU_ASSERT_EQUAL(diag.n_warnings, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.entries[0].text, "no rule gone any more"));
	CU_ASSERT_EQUAL(r->rules[1].state, RULE_ON);
	/* An error anywhere changes nothing. */
	CU_ASSERT_FALSE(apply(r, "a shadow\nb off\nc\na on on\n"));
	CU_ASSERT_EQUAL(diag.n_errors, 3);
	CU_ASSERT_EQUAL(diag.entries[0].line, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.entries[0].text, "\"off\" is no state"));
	CU_ASSERT_EQUAL(diag.entries[2].line, 4);
	CU_ASSERT_EQUAL(r->rules[0].state, RULE_ON);
	{
		char line[400];

		memset(line, 'x', sizeof(line) - 1);
		line[sizeof(line) - 1] = '\0';
		CU_ASSERT_FALSE(apply(r, line));
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.entries[0].text, "too long"));
	}
	ruleset_unref(r);
	diag_clear(&diag);
}

/* The kinds of changes of rule `id`, or -1. */
static int kind_of(const struct ruleset_diff *d, const struct ruleset *old,
	const struct ruleset *new, const char *id)
{
	for (uint32_t i = 0; i < d->n; i++) {
		const struct ruleset_change *c = &d->changes[i];
		const struct rule *r = c->new_rule != RULE_GONE ? &new->rules[c->new_rule]
		                                                : &old->rules[c->old_rule];

		if (strcmp(r->id, id) == 0) {
			CU_ASSERT(c->old_rule == RULE_GONE ||
				  strcmp(old->rules[c->old_rule].id, id) == 0);
			return (int)c->kind;
		}
	}
	return -1;
}

static void test_diff(void)
{
	struct ruleset *old = make(
		"same:/x/i note=\"one\" category=k\nword:/a/\nflag:/b/\nweight:/c/\n"
		"category:/d/ category=k\nstate:/e/ state=shadow\nshare:/f/ state=sample:5%\n"
		"gone:/g/\nstart:/s/\nfield:/h/\nview:/i/\naction:/j/\nstatus:/k/ action=reject\n"
		"both:/l/ state=shadow\n");
	struct ruleset *new = make(
		"new:/n/\nword:/aa/\nflag:/b/i\nweight:/c/ weight=7\n\n"
		"same:/x/iH8 note=\"two\" category=k\n"
		"category:/d/ category=other\nstate:/e/\nshare:/f/ state=sample:6%\n"
		"start:/s/L\nfield:/h/ field=sender\nview:/i/ view=folded\naction:/j/ action=report\n"
		"status:/k/ action=reject status=0x45\nboth:/l2/\n");
	static const struct {
		const char *id;
		int kind;
	} want[] = { { "same", -1 }, { "start", -1 }, { "new", RULE_ADDED },
		{ "gone", RULE_REMOVED }, { "word", RULE_CHANGED }, { "flag", RULE_CHANGED },
		{ "weight", RULE_CHANGED }, { "category", RULE_CHANGED }, { "field", RULE_CHANGED },
		{ "view", RULE_CHANGED }, { "action", RULE_CHANGED }, { "status", RULE_CHANGED },
		{ "state", RULE_RESTATED }, { "share", RULE_RESTATED }, { "both", RULE_CHANGED } };
	struct ruleset_diff d;

	CU_ASSERT_FATAL(ruleset_diff(old, new, &d));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		CU_ASSERT_EQUAL(kind_of(&d, old, new, want[i].id), want[i].kind);
	}
	CU_ASSERT_EQUAL(d.n, 13);
	CU_ASSERT(d.n_of[RULE_ADDED] == 1 && d.n_of[RULE_REMOVED] == 1);
	CU_ASSERT(d.n_of[RULE_CHANGED] == 9 && d.n_of[RULE_RESTATED] == 2);
	ruleset_diff_free(&d);
	CU_ASSERT_FATAL(ruleset_diff(NULL, new, &d));
	CU_ASSERT(d.n == new->n_rules &&d.n_of[RULE_ADDED] == new->n_rules);
	ruleset_diff_free(&d);
	CU_ASSERT_FATAL(ruleset_diff(old, old, &d));
	CU_ASSERT_EQUAL(d.n, 0);
	ruleset_diff_free(&d);
	ruleset_unref(old);
	ruleset_unref(new);
	diag_clear(&diag);
}

UNIT_MAIN("patterns/ruleset", { "state_words", test_state_words }, { "find", test_find },
	{ "apply", test_apply }, { "diff", test_diff })
