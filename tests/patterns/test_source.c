/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hs/hs.h>

#include "tests/support/unit.h"

/* What is always set, and SINGLEMATCH where no start of match is kept. */
enum { ALWAYS = HS_FLAG_UTF8 | HS_FLAG_SINGLEMATCH };

static bool read_text(struct source *s, const char *text, struct diag *d)
{
	source_init(s);
	return source_read_text(s, "t.pat", text, strlen(text), d);
}

static void drop(struct source *s, struct diag *d)
{
	source_free(s);
	diag_clear(d);
}

static void test_rule_words(void)
{
	static const struct {
		const char *line;
		const char *id;
		const char *expression;
		unsigned flags;
	} cases[] = {
		{ "1001:/win/", "1001", "win", ALWAYS },
		{ "007:/win/i", "007", "win", ALWAYS | HS_FLAG_CASELESS },
		{ "a.b_C-9:/x/smiH8", "a.b_C-9", "x",
			ALWAYS | HS_FLAG_DOTALL | HS_FLAG_MULTILINE | HS_FLAG_CASELESS },
		{ "1:/x/L", "1", "x", HS_FLAG_UTF8 | HS_FLAG_SOM_LEFTMOST },
		{ "1:/x/VW", "1", "x", ALWAYS | HS_FLAG_ALLOWEMPTY | HS_FLAG_UCP },
		{ "1:/https?://a/b/", "1", "https?://a/b", ALWAYS },
		{ "1:/https?://a/b/i", "1", "https?://a/b", ALWAYS | HS_FLAG_CASELESS },
		{ "1:/a\\/b/", "1", "a\\/b", ALWAYS },
		{ "1:/a\\\\/i", "1", "a\\\\", ALWAYS | HS_FLAG_CASELESS },
		{ "1:/a b/i weight=5", "1", "a b", ALWAYS | HS_FLAG_CASELESS },
		{ "1:/a/ b/ weight=5", "1", "a/ b", ALWAYS },
		{ "1:/a/ weight=5/", "1", "a/ weight=5", ALWAYS },
		{ "1:/a/i note=\"x/y\" weight=5", "1", "a", ALWAYS | HS_FLAG_CASELESS },
		{ "1:/a/i note=\"x/ y\"", "1", "a", ALWAYS | HS_FLAG_CASELESS },
		{ "1:/a/i note=\"/i weight=5\"", "1", "a", ALWAYS | HS_FLAG_CASELESS },
		{ "1:/a/  \t weight=5  \t", "1", "a", ALWAYS },
		{ "1:/a/\r", "1", "a", ALWAYS },
		{ "\xEF\xBB\xBF"
		  "1:/\xC3\xA9/",
			"1", "\xC3\xA9", ALWAYS },
		{ "1:/a{2,3}/i", "1", "a{2,3}", ALWAYS | HS_FLAG_CASELESS },
		{ "1:/a\"b/", "1", "a\"b", ALWAYS },
		{ "1:///", "1", "/", ALWAYS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source s;
		static struct diag d;

		CU_ASSERT(read_text(&s, cases[i].line, &d));
		diag_print(&d, stdout);
		CU_ASSERT_EQUAL_FATAL(s.n_rules, 1);
		CU_ASSERT_STRING_EQUAL(s.rules[0].id, cases[i].id);
		CU_ASSERT_STRING_EQUAL(s.rules[0].expression, cases[i].expression);
		CU_ASSERT_EQUAL(s.rules[0].flags, cases[i].flags);
		CU_ASSERT_STRING_EQUAL(s.rules[0].file, "t.pat");
		CU_ASSERT_EQUAL(s.rules[0].line, 1);
		drop(&s, &d);
	}
}

static void test_attributes(void)
{
	static const char text[] =
		"bare:/a/\n"
		"full:/a/ category=fraud weight=-7 view=folded field=sender "
		"state=shadow action=reject status=0x45 note=\"a \\\"b\\\" \\u{e9}\"\n"
		"plain:/a/ category=\"fraud\" action=policy status=69\n"
		"url:/a/ field=url weight=+3\n"
		"num:/a/ field=number action=redact\n";
	struct source s;
	static struct diag d;
	const struct rule *r;

	CU_ASSERT(read_text(&s, text, &d));
	CU_ASSERT_EQUAL_FATAL(s.n_rules, 5);
	CU_ASSERT_EQUAL_FATAL(s.n_categories, 2);
	CU_ASSERT_STRING_EQUAL(s.categories[0], "default");
	CU_ASSERT_STRING_EQUAL(s.categories[1], "fraud");
	r = &s.rules[0];
	CU_ASSERT(r->category == 0 && r->weight == RULE_WEIGHT_DEFAULT && r->status == 0);
	CU_ASSERT(r->action == RULE_ACTION_UNSET && r->state == RULE_ON && r->note == NULL);
	CU_ASSERT(r->field == FIELD_TEXT && r->view == VIEW_SENT);
	r = &s.rules[1];
	CU_ASSERT(r->category == 1 && r->weight == -7 && r->status == 0x45);
	CU_ASSERT(r->action == ACTION_REJECT && r->state == RULE_SHADOW);
	CU_ASSERT(r->field == FIELD_SENDER && r->view == VIEW_FOLDED);
	CU_ASSERT_STRING_EQUAL(r->note, "a \"b\" \xC3\xA9");
	r = &s.rules[2];
	CU_ASSERT(r->category == 1 && r->status == 69 && r->action == RULE_ACTION_UNSET);
	CU_ASSERT(s.rules[3].field == FIELD_URL && s.rules[3].weight == 3);
	CU_ASSERT(s.rules[4].field == FIELD_NUMBER && s.rules[4].action == ACTION_REDACT);
	drop(&s, &d);
}

static void test_defaults(void)
{
	static const char text[] = "a:/a/\n"
				   "@default category=spam weight=30 view=folded\n"
				   "b:/a/\n"
				   "c:/a/ weight=9 view=sent\n"
				   "u:/a/ field=url\n"
				   "@default weight=1\n"
				   "d:/a/\n"
				   "@default\n"
				   "e:/a/\n";
	struct source s;
	static struct diag d;

	CU_ASSERT(read_text(&s, text, &d));
	CU_ASSERT_EQUAL_FATAL(s.n_rules, 6);
	CU_ASSERT(s.rules[0].category == 0 && s.rules[0].weight == 100);
	CU_ASSERT(s.rules[1].category == 1 && s.rules[1].weight == 30);
	CU_ASSERT(s.rules[1].view == VIEW_FOLDED);
	CU_ASSERT(s.rules[2].weight == 9 && s.rules[2].view == VIEW_SENT);
	CU_ASSERT(s.rules[3].field == FIELD_URL && s.rules[3].view == VIEW_SENT);
	CU_ASSERT(s.rules[4].category == 0 && s.rules[4].weight == 1);
	CU_ASSERT(s.rules[5].weight == 100);
	/* Until the end of its file, not beyond. */
	CU_ASSERT(source_read_text(&s, "1.pat", "@default weight=5\nf:/a/", 23, &d));
	CU_ASSERT(source_read_text(&s, "2.pat", "g:/a/", 5, &d));
	CU_ASSERT_EQUAL_FATAL(s.n_rules, 8);
	CU_ASSERT(s.rules[6].weight == 5 && s.rules[7].weight == 100);
	drop(&s, &d);
}

static void test_examples(void)
{
	static const char text[] = "# a comment\n\n"
				   "a:/a/\n"
				   "+ \"one \\\"a\\\" \\\\ \\n\\t\\r\"\n"
				   "  - \"\\xC3\\xa9\\u{20AC}\\u{1F600}\"\n"
				   "# between\n"
				   "+\"\"\n"
				   "b:/b/\n"
				   "- \"last\"";
	static const struct {
		const char *text;
		uint32_t rule;
		bool must;
		int line;
	} want[] = {
		{ "one \"a\" \\ \n\t\r", 0, true, 4 },
		{ "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 0, false, 5 },
		{ "", 0, true, 7 },
		{ "last", 1, false, 9 },
	};
	struct source s;
	static struct diag d;

	CU_ASSERT(read_text(&s, text, &d));
	CU_ASSERT_EQUAL_FATAL(s.n_examples, 4);
	for (size_t i = 0; i < 4; i++) {
		CU_ASSERT_STRING_EQUAL(s.examples[i].text, want[i].text);
		CU_ASSERT_EQUAL(s.examples[i].rule, want[i].rule);
		CU_ASSERT_EQUAL(s.examples[i].must_match, want[i].must);
		CU_ASSERT_EQUAL(s.examples[i].line, want[i].line);
		CU_ASSERT_STRING_EQUAL(s.examples[i].file, "t.pat");
	}
	drop(&s, &d);
}

/* One wrong line each: where it is said, and a part of what is said. */
static void test_errors(void)
{
	static const struct {
		const char *text;
		int line;
		int column;
		const char *said;
	} cases[] = {
		{ "hello", 1, 1, "this is no rule" },
		{ "a b:/x/", 1, 2, "letters, digits" },
		{ ":/x/", 1, 1, "letters, digits" },
		{ "\xC3\xA9:/x/", 1, 1, "letters, digits" },
		{ "1: /x/", 1, 3, "expected '/'" },
		{ "1:x", 1, 3, "expected '/'" },
		{ " 1:/x/", 1, 1, "first column" },
		{ "1:/x", 1, 5, "no slash ends" },
		{ "1:/x\\/", 1, 7, "no slash ends" },
		{ "1://", 1, 4, "empty expression" },
		{ "1:/x/q", 1, 6, "unknown flag 'q'" },
		{ "1:/http://foo", 1, 11, "unknown flag 'f'" },
		{ "1:/x/iP", 1, 7, "prefilter" },
		{ "1:/x/C", 1, 6, "logical combinations" },
		{ "1:/x/LH", 1, 6, "exclude each other" },
		{ "1:/x/i{min_offset=3}", 1, 7, "extended parameters" },
		{ "1:/x/ wieght=5", 1, 7, "did you mean weight?" },
		{ "1:/\xC3\xA9/ wieght=5", 1, 7, "did you mean weight?" },
		{ "1:/x/ colour=red", 1, 7, "known are category, weight" },
		{ "1:/x/ view=plain", 1, 12, "known are sent, folded" },
		{ "1:/x/ view=foldet", 1, 12, "did you mean folded?" },
		{ "1:/x/ action=rejct", 1, 14, "did you mean reject?" },
		{ "1:/x/ state=of", 1, 13, "did you mean on?" },
		{ "1:/x/ state=sample", 1, 13, "sample:N% with N from 1 to 99" },
		{ "1:/x/ state=sample:100%", 1, 13, "sample:N% with N from 1 to 99" },
		{ "1:/x/ field=from", 1, 13, "known are text, sender, url, number" },
		{ "1:/x/ weight=1001", 1, 14, "from -1000 to 1000" },
		{ "1:/x/ weight=4294967297", 1, 14, "from -1000 to 1000" },
		{ "1:/x/ weight=99999999999999999999", 1, 14, "from -1000 to 1000" },
		{ "1:/x/ weight=5x", 1, 14, "from -1000 to 1000" },
		{ "1:/x/ weight=010", 1, 14, "from -1000 to 1000" },
		{ "1:/x/ weight=", 1, 14, "has no value" },
		{ "1:/x/ status=0", 1, 14, "command_status" },
		{ "1:/x/ status=0x500", 1, 14, "command_status" },
		{ "1:/x/ status=-1", 1, 14, "command_status" },
		{ "1:/x/ category=a.b", 1, 16, "is no name" },
		{ "1:/x/ category=9a", 1, 16, "is no name" },
		{ "1:/x/ category=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1, 16, "is no name" },
		{ "1:/x/ weight=1 weight=2", 1, 16, "given twice" },
		{ "1:/x/ field=url view=folded", 1, 1, "no view=folded" },
		{ "@default field=url\n1:/x/ view=folded", 2, 1, "no view=folded" },
		{ "1:/x/ # why", 1, 7, "line of its own" },
		{ "1:/x/ weight", 1, 7, "key=value" },
		{ "1:/x/ note=\"abc", 1, 12, "not closed" },
		{ "1:/x/ note=\"abc\"x", 1, 17, "expected a space" },
		{ "1:/x/ note=\"a\\qb\"", 1, 14, "unknown escape" },
		{ "+ \"x\"", 1, 1, "follows no rule" },
		{ "1:/x/\n+ x", 2, 3, "double quotes" },
		{ "1:/x/\n+", 2, 2, "double quotes" },
		{ "1:/x/\n+ \"x", 2, 3, "not closed" },
		{ "1:/x/\n+ \"x\" y", 2, 6, "nothing may follow" },
		{ "1:/x/\n+ \"\\xZ1\"", 2, 4, "two hexadecimal" },
		{ "1:/x/\n+ \"\\x00\"", 2, 4, "zero octet" },
		{ "1:/x/\n+ \"\\xC3\"", 2, 3, "valid UTF-8" },
		{ "1:/x/\n+ \"\\u{D800}\"", 2, 4, "no character" },
		{ "1:/x/\n+ \"\\u{110000}\"", 2, 4, "no character" },
		{ "1:/x/\n+ \"\\u{1234567}\"", 2, 4, "1 to 6" },
		{ "1:/x/\n+ \"\\u41\"", 2, 4, "1 to 6" },
		{ "@defaults weight=1", 1, 1, "unknown directive" },
		{ "@default wait=1", 1, 10, "unknown attribute" },
		{ "@line x", 1, 7, "expected @line" },
		{ "@line 0 \"a\"", 1, 9, "expected @line" },
		{ "1:/\xC3\xA9\xFFx/", 1, 5, "octet 0xFF" },
		{ "1:/\xC0\x80/", 1, 4, "octet 0xC0" },
		{ "1:/\xED\xA0\x80/", 1, 4, "octet 0xED" },
		{ "1:/a\x01/", 1, 5, "control character 0x01" },
		{ "1:/a\rb/", 1, 5, "control character 0x0D" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source s;
		static struct diag d;

		CU_ASSERT_FALSE(read_text(&s, cases[i].text, &d));
		CU_ASSERT_FATAL(d.n_errors >= 1);
		if (d.entries[0].line != cases[i].line || d.entries[0].column != cases[i].column ||
			strstr(d.entries[0].text, cases[i].said) == NULL) {
			printf("case %zu (%s) said ", i, cases[i].text);
			diag_print(&d, stdout);
			CU_FAIL("another place or text");
		}
		CU_ASSERT_STRING_EQUAL(d.entries[0].file, "t.pat");
		drop(&s, &d);
	}
}

/* A zero octet cannot stand in a C string of the table above. */
static void test_zero_octet(void)
{
	static const char text[] = "1:/a\0b/\n";
	struct source s;
	static struct diag d;

	source_init(&s);
	CU_ASSERT_FALSE(source_read_text(&s, "t.pat", text, sizeof(text) - 1, &d));
	CU_ASSERT_EQUAL_FATAL(d.n_entries, 1);
	CU_ASSERT(d.entries[0].line == 1 && d.entries[0].column == 5);
	drop(&s, &d);
}

/* All errors are listed, one line's too; the good lines are read. */
static void test_all_errors(void)
{
	static const char text[] = "a:/x/Pq wieght=1 view=x\n"
				   "+ \"its examples are no errors\"\n"
				   "good:/x/\n"
				   "good:/y/\n"
				   "bad\n"
				   "fine:/z/\n"
				   "+ \"text\"\n";
	struct source s;
	static struct diag d;

	CU_ASSERT_FALSE(read_text(&s, text, &d));
	CU_ASSERT_EQUAL(d.n_errors, 6);
	CU_ASSERT_EQUAL_FATAL(s.n_rules, 2);
	CU_ASSERT_EQUAL(s.n_examples, 1);
	CU_ASSERT_STRING_EQUAL(d.entries[4].text, "rule good was given before, at t.pat:3");
	CU_ASSERT(d.entries[4].line == 4 && d.entries[4].column == 1);
	drop(&s, &d);
}

static void test_warnings(void)
{
	struct source s;
	static struct diag d;

	CU_ASSERT(read_text(&s, "1:/x/ status=0x400\n", &d));
	CU_ASSERT(d.n_warnings == 1 && d.entries[0].column == 14);
	drop(&s, &d);
	CU_ASSERT(read_text(&s, "1:/x/i # see a/i\n", &d));
	CU_ASSERT(d.n_warnings == 1 && strstr(d.entries[0].text, "line of its own") != NULL);
	drop(&s, &d);
}

static void test_long_lines(void)
{
	static char text[9000];
	struct source s;
	static struct diag d;

	for (size_t len = 8191; len <= 8193; len++) {
		memset(text, 'a', sizeof(text));
		memcpy(text, "1:/", 3);
		text[len - 1] = '/';
		source_init(&s);
		CU_ASSERT_EQUAL(source_read_text(&s, "t.pat", text, len, &d), len <= 8192);
		CU_ASSERT_EQUAL(s.n_rules, len <= 8192 ? 1 : 0);
		drop(&s, &d);
	}
	/* Comments are lines too. */
	memset(text, '#', sizeof(text));
	source_init(&s);
	CU_ASSERT_FALSE(source_read_text(&s, "t.pat", text, sizeof(text), &d));
	drop(&s, &d);
}

static void test_many(void)
{
	enum { MANY = 20000 };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct source s;
	static struct diag d;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (int i = 0; i < MANY; i++) {
		fprintf(f, "r%d:/word%d/i\n+ \"word%d\"\n", i, i, i);
	}
	fclose(f);
	source_init(&s);
	CU_ASSERT(source_read_text(&s, "t.pat", text, len, &d));
	CU_ASSERT(s.n_rules == MANY && s.n_examples == MANY);
	CU_ASSERT(s.examples[MANY - 1].rule == MANY - 1);
	CU_ASSERT_FALSE(source_read_text(&s, "u.pat", "r77:/x/", 7, &d));
	CU_ASSERT_STRING_EQUAL(d.entries[0].text, "rule r77 was given before, at t.pat:155");
	drop(&s, &d);
	free(text);
}

static void test_too_many_categories(void)
{
	static char text[4096];
	size_t len = 0;
	struct source s;
	static struct diag d;

	for (int i = 0; i < 64; i++) {
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "r%d:/x/ category=c%d\n", i, i);
	}
	CU_ASSERT_FALSE(read_text(&s, text, &d)); /* 64 and "default" */
	CU_ASSERT(s.n_rules == 63 && s.n_categories == 64 && d.n_errors == 1);
	CU_ASSERT_EQUAL(d.entries[0].line, 64);
	drop(&s, &d);
}

static void put_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void test_paths(void)
{
	static const char *const names[] = { "b.pat", "a.pat", ".hidden.pat", "c.txt", "B.pat" };
	char folder[] = "/tmp/smswall-test-XXXXXX";
	char path[256];
	char text[64];
	struct source s;
	static struct diag d;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	source_init(&s);
	CU_ASSERT_FALSE(source_read_path(&s, folder, &d)); /* no pattern file in it */
	CU_ASSERT_EQUAL(d.n_errors, 1);
	CU_ASSERT_STRING_EQUAL(d.entries[0].file, folder);
	for (size_t i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "%s:/x/\n", i == 2 ? "hidden" : names[i]);
		put_file(folder, names[i], text);
	}
	diag_clear(&d);
	CU_ASSERT(source_read_path(&s, folder, &d));
	CU_ASSERT_EQUAL_FATAL(s.n_rules, 3);
	CU_ASSERT_STRING_EQUAL(s.rules[0].id, "B.pat");
	CU_ASSERT_STRING_EQUAL(s.rules[1].id, "a.pat");
	CU_ASSERT_STRING_EQUAL(s.rules[2].id, "b.pat");
	snprintf(path, sizeof(path), "%s/a.pat", folder);
	CU_ASSERT_STRING_EQUAL(s.rules[1].file, path);
	CU_ASSERT_FALSE(source_read_path(&s, path, &d)); /* its rule is known by now */
	diag_clear(&d);
	snprintf(path, sizeof(path), "%s/none.pat", folder);
	CU_ASSERT_FALSE(source_read_path(&s, path, &d));
	CU_ASSERT(d.n_errors == 1 && strstr(d.entries[0].text, "No such file") != NULL);
	CU_ASSERT_FALSE(source_read_file(&s, folder, &d)); /* a folder is no file */
	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	drop(&s, &d);
}

static bool same_text(const char *a, const char *b)
{
	return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
	return strcmp(a->id, b->id) == 0 && same_text(a->expression, b->expression) &&
	       a->flags == b->flags && a->category == b->category && a->weight == b->weight &&
	       a->status == b->status && a->action == b->action && a->state == b->state &&
	       a->sample == b->sample && a->field == b->field && a->view == b->view &&
	       same_text(a->note, b->note) && same_text(a->file, b->file) && a->line == b->line;
}

static bool same_source(const struct source *a, const struct source *b)
{
	if (a->n_rules != b->n_rules || a->n_examples != b->n_examples ||
		a->n_categories != b->n_categories) {
		return false;
	}
	for (uint32_t i = 0; i < a->n_rules; i++) {
		if (!same_rule(&a->rules[i], &b->rules[i])) {
			return false;
		}
	}
	for (uint32_t i = 0; i < a->n_examples; i++) {
		const struct example *x = &a->examples[i];
		const struct example *y = &b->examples[i];

		if (!same_text(x->text, y->text) || x->rule != y->rule || x->line != y->line ||
			x->must_match != y->must_match || !same_text(x->file, y->file)) {
			return false;
		}
	}
	for (uint16_t i = 0; i < a->n_categories; i++) {
		if (strcmp(a->categories[i], b->categories[i]) != 0) {
			return false;
		}
	}
	return true;
}

/* parse(print(x)) equals x, and print(parse(print(x))) equals print(x). */
static bool round_trip(const struct source *s)
{
	struct source again;
	static struct diag d;
	size_t len = 0;
	size_t len_again = 0;
	char *text = source_print_rules(s->rules, s->n_rules, s->categories, s, &len);
	char *text_again;
	bool good;

	source_init(&again);
	good = text != NULL && source_read_printed(&again, "pack", text, len, &d) &&
	       same_source(s, &again);
	if (!good) {
		diag_print(&d, stdout);
		printf("%s\n", text != NULL ? text : "(no text)");
	}
	text_again = source_print_rules(
		again.rules, again.n_rules, again.categories, &again, &len_again);
	good = good && same_text(text, text_again) && len == len_again;
	free(text);
	free(text_again);
	drop(&again, &d);
	return good;
}

static void test_canonical_text(void)
{
	static const char text[] = "# comment\n"
				   "@default category=x\n"
				   "a:/x/8Hi note=\"q\\\"/i \" state=on\n"
				   "- \"\\x41\\u{200B}\\n\"\n"
				   "\n"
				   "b:/y/ category=default action=redact\n";
	static const char want[] = "@line 3 \"t.pat\"\n"
				   "a:/x/i category=x note=\"q\\\"/i \"\n"
				   "- \"A\\u{200B}\\n\"\n"
				   "@line 6 \"t.pat\"\n"
				   "b:/y/ action=redact\n";
	static const char want_bare[] = "a:/x/i category=x note=\"q\\\"/i \"\n"
					"b:/y/ action=redact\n";
	struct source s;
	static struct diag d;
	size_t len;
	char *printed;

	CU_ASSERT(read_text(&s, text, &d));
	printed = source_print_rules(s.rules, s.n_rules, s.categories, &s, &len);
	CU_ASSERT_STRING_EQUAL(printed, want);
	CU_ASSERT_EQUAL(len, sizeof(want) - 1);
	free(printed);
	printed = source_print_rules(s.rules, s.n_rules, s.categories, NULL, &len);
	CU_ASSERT_STRING_EQUAL(printed, want_bare);
	free(printed);
	CU_ASSERT(round_trip(&s));
	drop(&s, &d);
}

static char *heap(const char *text)
{
	char *copy = strdup(text);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	return copy;
}

/* add_when: a rule as policy.conf's reader makes it. */
static bool add_when(struct source *s, const char *id, const char *when, const char *category,
	uint32_t *index, struct diag *d)
{
	struct rule r = { .weight = 30,
		.action = ACTION_REJECT,
		.status = 0x45,
		.line = 7,
		.state = RULE_SAMPLE,
		.sample = 5 };
	bool good;

	(void)snprintf(r.id, sizeof(r.id), "%s", id);
	r.expression = heap(when);
	r.file = heap("policy.conf");
	r.note = heap("who \"asks\"");
	good = source_add_rule(s, &r, category, index, d);
	free(r.expression);
	free(r.file);
	free(r.note);
	return good;
}

/* Rules of policy.conf stand among the patterns: printed, read, hashed, but in no database. */
static void test_when(void)
{
	static const char when[] =
		"side = \"out}\\\"side\"; any = ( { part = 1; }, { urls = 2; } );";
	static const char want[] =
		"a:/x/ category=c\n"
		"w1:{side = \"out}\\\"side\"; any = ( { part = 1; }, { urls = 2; } );}"
		" category=c weight=30 state=sample:5% action=reject status=0x45"
		" note=\"who \\\"asks\\\"\"\n";
	struct ruleset r = { 0 };
	struct source s;
	static struct diag d;
	uint32_t index = 99;
	size_t len;
	char *printed;

	CU_ASSERT(read_text(&s, "a:/x/ category=c", &d));
	CU_ASSERT(add_when(&s, "w1", when, "c", &index, &d));
	CU_ASSERT_EQUAL(index, 1);
	CU_ASSERT_EQUAL(s.rules[1].field, FIELD_WHEN);
	CU_ASSERT_EQUAL(s.rules[1].category, 1);
	CU_ASSERT_EQUAL(s.rules[1].written_state, RULE_SAMPLE);
	CU_ASSERT_STRING_EQUAL(rule_field_name(FIELD_WHEN), "when");
	CU_ASSERT(add_when(&s, "w2", "", "new", NULL, &d));
	CU_ASSERT_EQUAL(s.n_categories, 3);
	printed = source_print_rules(s.rules, 2, s.categories, NULL, &len);
	CU_ASSERT_STRING_EQUAL(printed, want);
	free(printed);
	CU_ASSERT(round_trip(&s));
	CU_ASSERT(source_move_rules(&s, &r));
	CU_ASSERT_EQUAL(r.parts[FIELD_TEXT][VIEW_SENT].n_rules, 1);
	CU_ASSERT_EQUAL(ruleset_find(&r, "w2"), 2);
	CU_ASSERT_NOT_EQUAL(memcmp(r.rules[1].hash, r.rules[2].hash, RULE_HASH_LEN), 0);
	drop(&s, &d);
	s = (struct source){ .rules = r.rules,
		.n_rules = r.n_rules,
		.categories = r.categories,
		.n_categories = r.n_categories };
	free(r.by_id);
	source_free(&s);
}

static void test_when_errors(void)
{
	static const struct {
		const char *id;
		const char *when;
		const char *category;
		const char *says;
	} cases[] = {
		{ "a", "part = 1;", "c", "rule a was given before, at t.pat:1" },
		{ "a b", "part = 1;", "c", "an id has letters" },
		{ "", "part = 1;", "c", "an id has letters" },
		{ "b", "any = ( { part = 1; );", "c", "a '}' is missing" },
		{ "b", "part = 1; }", "c", "ends too early" },
		{ "b", "account = \"x", "c", "a '}' is missing" },
		{ "b", "account = \"\n\"", "c", "control character 0x0A" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source s;
		static struct diag d;

		CU_ASSERT(read_text(&s, "a:/x/", &d));
		CU_ASSERT_FALSE(
			add_when(&s, cases[i].id, cases[i].when, cases[i].category, NULL, &d));
		CU_ASSERT_EQUAL(s.n_rules, 1);
		CU_ASSERT_PTR_NOT_NULL(
			d.n_entries == 1 ? strstr(d.entries[0].text, cases[i].says) : NULL);
		drop(&s, &d);
	}
	for (unsigned i = 0; i < 2; i++) { /* by hand they belong elsewhere */
		struct source s;
		static struct diag d;

		CU_ASSERT_FALSE(read_text(
			&s, i == 0 ? "w:{part = 1;}" : "@line 1 \"p\"\nw:{part = 1;}", &d));
		CU_ASSERT_PTR_NOT_NULL(d.n_entries == 1
					       ? strstr(d.entries[0].text, "stands in policy.conf")
					       : NULL);
		drop(&s, &d);
	}
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static const char *pick(uint32_t *seed, const char *const *from, size_t n)
{
	return from[random_next(seed) % n];
}

static void random_pieces(FILE *f, uint32_t *seed, unsigned n_max)
{
	static const char *const pieces[] = { "a", "/", "\\\\", "\\\"", " ", "/i", "=", "weight=1",
		"\xC3\xA9", "\\n", "\\u{200b}", "\t", "#", "x=", "\xC2\xA0", "\\x07", " a=b",
		"/ " };

	for (unsigned n = random_next(seed) % (n_max + 1); n > 0; n--) {
		fputs(pick(seed, pieces, sizeof(pieces) / sizeof(pieces[0])), f);
	}
}

static void random_lines(FILE *f, uint32_t *seed)
{
	static const char *const flags[] = { "", "i", "sm", "L", "HW", "V8" };
	static const char *const words[] = { "", " weight=-5", " category=c1", " category=c2",
		" state=shadow", " state=sample:7%", " field=sender view=folded", " field=url",
		" action=blank", " status=0x58 action=reject", " weight=0" };

	for (unsigned i = 0; i < 12; i++) {
		fprintf(f, "%s", random_next(seed) % 4 == 0 ? "# skipped\n" : "");
		if (random_next(seed) % 5 == 0) {
			fprintf(f, "@default%s\n", pick(seed, words, 11));
		}
		fprintf(f, "r%u:/x", i);
		random_pieces(f, seed, 6);
		fprintf(f, "/%s%s note=\"", pick(seed, flags, 6), pick(seed, words, 11));
		random_pieces(f, seed, 8);
		fputs("\"\n", f);
		for (unsigned n = random_next(seed) % 3; n > 0; n--) {
			fputs(random_next(seed) % 2 != 0 ? "+ \"" : "- \"", f);
			random_pieces(f, seed, 10);
			fputs("\"\n", f);
		}
	}
}

static void test_round_trip(void)
{
	uint32_t seed = 1;
	uint32_t n_rules = 0;

	for (unsigned i = 0; i < 2000; i++) {
		struct source s;
		static struct diag d;
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		random_lines(f, &seed);
		fclose(f);
		(void)read_text(
			&s, text, &d); /* some lines are wrong by chance; the others count */
		n_rules += s.n_rules;
		CU_ASSERT_FATAL(round_trip(&s));
		drop(&s, &d);
		free(text);
	}
	CU_ASSERT(n_rules > 15000); /* of 24,000: it was not all errors */
}

/* Escapes make a line longer than what an operator may write; it is read all the same. */
static void test_round_trip_longest(void)
{
	static char text[9000];
	struct source s;
	static struct diag d;
	size_t len = (size_t)snprintf(text, sizeof(text), "1:/x/\n+ \"");

	while (len < 8192) {
		memcpy(text + len, "\xC2\x80", 2);
		len += 2;
	}
	text[len++] = '"';
	source_init(&s);
	CU_ASSERT(source_read_text(&s, "long \xFF name", text, len, &d));
	diag_print(&d, stdout);
	CU_ASSERT_EQUAL(s.n_examples, 1);
	CU_ASSERT_STRING_EQUAL(s.rules[0].file, "long ? name");
	CU_ASSERT(round_trip(&s));
	drop(&s, &d);
}

UNIT_MAIN("patterns/source", { "rule_words", test_rule_words }, { "attributes", test_attributes },
	{ "defaults", test_defaults }, { "examples", test_examples }, { "errors", test_errors },
	{ "zero_octet", test_zero_octet }, { "all_errors", test_all_errors },
	{ "warnings", test_warnings }, { "long_lines", test_long_lines }, { "many", test_many },
	{ "too_many_categories", test_too_many_categories }, { "paths", test_paths },
	{ "canonical_text", test_canonical_text }, { "round_trip", test_round_trip },
	{ "round_trip_longest", test_round_trip_longest }, { "when", test_when },
	{ "when_errors", test_when_errors })
