/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/pack_ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "patterns/compile.h"
#include "patterns/scan.h"
#include "tests/support/unit.h"

static struct diag diag;
static struct pack pack;
static char folder[] = "/tmp/smswall-test-XXXXXX";
static char path[64];

static const char rules[] = "@default category=fraud\n"
			    "win:/you win/i note=\"a / b\"\n"
			    "+ \"YOU WIN\"\n"
			    "- \"you lose\"\n"
			    "@default\n"
			    "link:/evil\\.[a-z]+/L field=url action=reject status=0x45\n"
			    "folded:/parcel/ view=folded state=shadow weight=-5\n"
			    "share:/prize/ state=sample:25%\n";

static void begin(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/test.pack", folder);
	diag_clear(&diag);
}

static void end(void)
{
	(void)unlink(path);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	diag_clear(&diag);
}

/* `base` may be NULL; small shards of a base are kept. */
static struct ruleset *compile(struct source *s, const char *text, const struct ruleset *base)
{
	struct compile_limits limits = compile_default_limits();
	const struct compile_reuse reuse = { .base = base };
	struct ruleset *r;

	limits.small_ms = 0;
	source_init(s);
	CU_ASSERT(source_read_text(s, "p/a.pat", text, strlen(text), &diag));
	r = compile_source(s, &limits, &reuse, NULL, &diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	return r;
}

/* A rule of policy.conf among them, which has no database. */
static struct ruleset *compile_with_condition(struct source *s, const char *text)
{
	struct compile_limits limits = compile_default_limits();
	char expression[] = "side = \"outside\";";
	char file[] = "p/policy.conf";
	const struct rule rule = { .id = "when.outside",
		.expression = expression,
		.file = file,
		.line = 9,
		.weight = 10,
		.action = ACTION_REPORT,
		.state = RULE_SHADOW };
	struct ruleset *r;

	source_init(s);
	CU_ASSERT(source_add_rule(s, &rule, "fraud", NULL, &diag));
	CU_ASSERT(source_read_text(s, "p/a.pat", text, strlen(text), &diag));
	r = compile_source(s, &limits, NULL, NULL, &diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	return r;
}

static void write_pack(const struct ruleset *r, const struct source *s, const struct ruleset *thin)
{
	pack = (struct pack){ 0 };
	CU_ASSERT(pack_add_ruleset(&pack, r, s, thin));
	CU_ASSERT(pack_add(&pack, "policy", bytes_str("# policy\n")));
	CU_ASSERT_EQUAL(pack_write(&pack, path, NULL, thin != NULL ? PACK_THIN : PACK_WHOLE), 0);
	pack_free(&pack);
}

static bool same_text(const char *a, const char *b)
{
	return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void compare_parts(const struct ruleset_part *a, const struct ruleset_part *b)
{
	CU_ASSERT_EQUAL(a->n_rules, b->n_rules);
	CU_ASSERT_EQUAL_FATAL(a->n_shards, b->n_shards);
	for (uint32_t k = 0; k < a->n_shards; k++) {
		const struct ruleset_shard *x = &a->shards[k];
		const struct ruleset_shard *y = &b->shards[k];

		CU_ASSERT_EQUAL_FATAL(x->n, y->n);
		CU_ASSERT_EQUAL(x->n_gone, y->n_gone);
		CU_ASSERT_EQUAL(memcmp(x->rules, y->rules, x->n * sizeof(x->rules[0])), 0);
		CU_ASSERT_EQUAL(
			memcmp(x->database->content, y->database->content, DATABASE_HASH_LEN), 0);
		CU_ASSERT_EQUAL(
			memcmp(x->database->source, y->database->source, DATABASE_HASH_LEN), 0);
	}
}

static void compare_rulesets(const struct ruleset *a, const struct ruleset *b)
{
	CU_ASSERT(memcmp(a->hash, b->hash, sizeof(a->hash)) == 0);
	CU_ASSERT_EQUAL_FATAL(a->n_rules, b->n_rules);
	CU_ASSERT_EQUAL(a->n_categories, b->n_categories);
	CU_ASSERT_EQUAL(a->database_len, b->database_len);
	for (uint32_t i = 0; i < a->n_rules; i++) {
		const struct rule *x = &a->rules[i];
		const struct rule *y = &b->rules[i];

		CU_ASSERT(same_text(x->id, y->id) && same_text(x->expression, y->expression));
		CU_ASSERT(same_text(x->note, y->note) && same_text(x->file, y->file));
		CU_ASSERT(x->flags == y->flags && x->category == y->category);
		CU_ASSERT(x->weight == y->weight && x->status == y->status && x->line == y->line);
		CU_ASSERT(x->action == y->action && x->state == y->state && x->sample == y->sample);
		CU_ASSERT(x->field == y->field && x->view == y->view);
		CU_ASSERT_EQUAL(memcmp(x->hash, y->hash, sizeof(x->hash)), 0);
	}
	for (unsigned i = 0; i < FIELDS * VIEWS; i++) {
		compare_parts(&a->parts[i / VIEWS][i % VIEWS], &b->parts[i / VIEWS][i % VIEWS]);
	}
}

/* The one rule that is found in `text`; RULE_GONE: none, or several. */
static uint32_t scan_once(
	const struct ruleset *r, enum rule_field f, enum rule_view v, const char *text)
{
	uint8_t copy[128] = { 0 };
	struct scan_hit hit[4];
	struct scan_hits hits = { hit, 0, 4, 0 };
	struct scan_scratch *scratch = NULL;

	memcpy(copy, text, strlen(text));
	CU_ASSERT_EQUAL_FATAL(scan_scratch_grow(&scratch, r), 0);
	CU_ASSERT(scan_text(r, scratch, f, v, 0, bytes_of(copy, strlen(text)), &hits));
	scan_scratch_free(scratch);
	return hits.n == 1 ? hit[0].rule : RULE_GONE;
}

static void test_whole(void)
{
	struct source s;
	struct source examples;
	struct ruleset *r;
	struct ruleset *loaded;
	struct bytes text;

	begin();
	r = compile(&s, rules, NULL);
	write_pack(r, &s, NULL);
	CU_ASSERT_FATAL(pack_read(&pack, path, NULL, NULL, &diag));
	CU_ASSERT(pack_find(&pack, "rules", &text));
	CU_ASSERT(text.len > 10 && memcmp(text.data, "@line 2 \"p/a.pat\"\n", 18) == 0);
	loaded = pack_load_ruleset(&pack, path, NULL, NULL, &examples, &diag);
	pack_free(&pack); /* nothing points into it */
	diag_print(&diag, stdout);
	CU_ASSERT_PTR_NOT_NULL_FATAL(loaded);
	compare_rulesets(r, loaded);
	CU_ASSERT_EQUAL_FATAL(examples.n_examples, 2);
	CU_ASSERT_EQUAL(examples.n_rules, 0);
	CU_ASSERT_STRING_EQUAL(examples.examples[1].text, "you lose");
	CU_ASSERT(examples.examples[0].must_match && !examples.examples[1].must_match);
	CU_ASSERT(examples.examples[1].rule == 0 && examples.examples[1].line == 4);
	CU_ASSERT_EQUAL(scan_once(loaded, FIELD_TEXT, VIEW_SENT, "Now You Win!"), 0);
	CU_ASSERT_EQUAL(scan_once(loaded, FIELD_URL, VIEW_SENT, "http://evil.example"), 1);
	CU_ASSERT_EQUAL(scan_once(loaded, FIELD_TEXT, VIEW_FOLDED, "your parcel"), 2);
	ruleset_unref(r);
	ruleset_unref(loaded);
	source_free(&s);
	source_free(&examples);
	end();
}

/* Rules with conditions come through a pack as they went in, and are in none of its databases. */
static void test_conditions(void)
{
	struct source s;
	struct source examples;
	struct ruleset *r;
	struct ruleset *loaded;

	begin();
	r = compile_with_condition(&s, rules);
	write_pack(r, &s, NULL);
	CU_ASSERT_FATAL(pack_read(&pack, path, NULL, NULL, &diag));
	loaded = pack_load_ruleset(&pack, path, NULL, NULL, &examples, &diag);
	pack_free(&pack);
	diag_print(&diag, stdout);
	CU_ASSERT_PTR_NOT_NULL_FATAL(loaded);
	compare_rulesets(r, loaded);
	CU_ASSERT_EQUAL_FATAL(loaded->n_rules, 5);
	CU_ASSERT_EQUAL(loaded->rules[0].field, FIELD_WHEN);
	CU_ASSERT_EQUAL(loaded->rules[0].state, RULE_SHADOW);
	CU_ASSERT_STRING_EQUAL(loaded->rules[0].expression, "side = \"outside\";");
	CU_ASSERT_EQUAL(scan_once(loaded, FIELD_TEXT, VIEW_SENT, "Now You Win!"), 1);
	CU_ASSERT_EQUAL(examples.examples[1].rule, 1);
	ruleset_unref(r);
	ruleset_unref(loaded);
	source_free(&s);
	source_free(&examples);
	end();
}

/* A push of a delta: the pack has one small database, the others are those of the base. */
static void test_thin(void)
{
	static const char changed[] = "link:/evil\\.[a-z]+/L field=url\n"
				      "new:/lottery/\n"
				      "win:/you win/i\n"
				      "folded:/parcel/ view=folded\n";
	struct arena arena;
	struct source s;
	struct source delta;
	struct source examples;
	struct ruleset *base = NULL;
	struct ruleset *r;
	struct ruleset *loaded;
	struct pack_known known;
	size_t used;

	begin();
	arena_init(&arena, 0);
	r = compile(&s, rules, NULL);
	write_pack(r, &s, NULL);
	CU_ASSERT_FATAL(pack_read(&pack, path, NULL, NULL, &diag));
	base = pack_load_ruleset(&pack, path, NULL, &arena, &examples, &diag);
	pack_free(&pack);
	source_free(&examples);
	CU_ASSERT_PTR_NOT_NULL_FATAL(base);
	used = arena_used(&arena);
	ruleset_unref(r);
	source_free(&s);
	/* made by a client, from its own copy of what is live */
	r = compile(&delta, changed, base);
	CU_ASSERT_EQUAL(r->parts[FIELD_TEXT][VIEW_SENT].n_shards, 2);
	write_pack(r, &delta, base);
	CU_ASSERT_FALSE(pack_read(&pack, path, NULL, NULL, &diag)); /* sections are missing */
	diag_clear(&diag);
	known = pack_ruleset_known(base);
	CU_ASSERT_FATAL(pack_read_new(&pack, path, NULL, NULL, &known, &diag));
	CU_ASSERT_PTR_NULL(pack_load_ruleset(&pack, path, NULL, &arena, &examples, &diag));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.entries[0].text, "is not in this pack"));
	CU_ASSERT_EQUAL(arena_used(&arena), used);
	diag_clear(&diag);
	loaded = pack_load_ruleset(&pack, path, base, &arena, &examples, &diag);
	pack_free(&pack);
	CU_ASSERT_PTR_NOT_NULL_FATAL(loaded);
	compare_rulesets(r, loaded);
	CU_ASSERT_PTR_EQUAL(loaded->parts[FIELD_URL][VIEW_SENT].shards[0].database,
		base->parts[FIELD_URL][VIEW_SENT].shards[0].database);
	CU_ASSERT(arena_used(&arena) > used);
	CU_ASSERT_EQUAL(loaded->parts[FIELD_TEXT][VIEW_SENT].shards[0].n_gone, 1);
	ruleset_unref(r);
	ruleset_unref(base);
	CU_ASSERT_EQUAL(scan_once(loaded, FIELD_TEXT, VIEW_SENT, "a prize"), RULE_GONE);
	CU_ASSERT_EQUAL(scan_once(loaded, FIELD_TEXT, VIEW_SENT, "a lottery"), 1);
	CU_ASSERT_EQUAL(scan_once(loaded, FIELD_TEXT, VIEW_SENT, "you win"), 2);
	CU_ASSERT_EQUAL(scan_once(loaded, FIELD_URL, VIEW_SENT, "http://evil.example"), 0);
	ruleset_unref(loaded);
	CU_ASSERT_EQUAL(arena_used(&arena), 0);
	source_free(&delta);
	source_free(&examples);
	end();
}

static void test_too_large(void)
{
	struct arena arena;
	struct source s;
	struct source examples;
	struct ruleset *r;

	begin();
	arena_init(&arena, 8192);
	r = compile(&s, rules, NULL);
	write_pack(r, &s, NULL);
	CU_ASSERT_FATAL(pack_read(&pack, path, NULL, NULL, &diag));
	CU_ASSERT_PTR_NULL(pack_load_ruleset(&pack, path, NULL, &arena, &examples, &diag));
	CU_ASSERT_EQUAL_FATAL(diag.n_errors, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.entries[0].text, "section db."));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(diag.entries[0].text, "too large for the memory of policies"));
	CU_ASSERT_EQUAL(arena_used(&arena), 0);
	pack_free(&pack);
	ruleset_unref(r);
	source_free(&s);
	end();
}

/* The text of a section with every `from` as `to`; malloc'ed. */
static char *replaced(struct bytes text, const char *from, const char *to)
{
	char *in = strndup((const char *)text.data, text.len);
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);
	char *at = in;
	char *found;

	CU_ASSERT_FATAL(in != NULL && f != NULL);
	while ((found = strstr(at, from)) != NULL) {
		fprintf(f, "%.*s%s", (int)(found - at), at, to);
		at = found + strlen(from);
	}
	fputs(at, f);
	fclose(f);
	free(in);
	return out;
}

/* Loads the shipped rules' pack after a change, and expects `said`. */
static void refused_with(const char *said, size_t which)
{
	struct source examples;
	bool heard = false;

	CU_ASSERT_PTR_NULL(pack_load_ruleset(&pack, path, NULL, NULL, &examples, &diag));
	for (size_t k = 0; k < diag.n_entries; k++) {
		heard = heard || strstr(diag.entries[k].text, said) != NULL;
		CU_ASSERT_STRING_EQUAL(diag.entries[k].file, path);
	}
	if (!heard) {
		printf("case %zu (%s):\n", which, said);
		diag_print(&diag, stdout);
		CU_FAIL("another reason");
	}
	diag_clear(&diag);
	pack_free(&pack);
}

/* Right hashes, wrong contents: another platform's, missing, strange. */
static void test_refused(void)
{
	static const struct {
		const char *section;
		const char *data; /* NULL: removed */
		const char *said;
	} cases[] = {
		{ "platform", "hyperscan 9.9.9\narchitecture x86_64\n",
			"hyperscan 9.9.9 is another version" },
		{ "platform", "architecture s390x\n", "s390x is another architecture" },
		{ "platform", "feature avx9000\n", "feature avx9000 is not in this CPU" },
		{ "platform", "moon full\n", "moon full is not known" },
		{ "platform", NULL, "section platform: missing" },
		{ "rules", NULL, "section rules: missing" },
		{ "rules", "a:/x/q\n", "unknown flag" },
		{ "rules", "", "a rule is named that is not there" },
		{ "shards", NULL, "section shards: missing" },
		{ "shards", "", "rule win is in no database" },
		{ "shards", "nonsense", "section shards: malformed" },
		{ "db.text.sent.0", NULL, "section db.text.sent.0: missing" },
		{ "db.url.sent.0", "not a database",
			"is another database than the one in section" },
		{ "db.text.sent.7", "x", "1 database sections belong to no rules" },
	};
	struct source s;
	struct ruleset *r;

	begin();
	r = compile(&s, rules, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pack = (struct pack){ 0 };
		CU_ASSERT(pack_add_ruleset(&pack, r, &s, NULL));
		if (cases[i].data == NULL) {
			pack_remove(&pack, cases[i].section);
		} else {
			CU_ASSERT(pack_replace(&pack, cases[i].section, bytes_str(cases[i].data)));
		}
		refused_with(cases[i].said, i);
	}
	ruleset_unref(r);
	source_free(&s);
	end();
}

/* Every rule in exactly one place, where it looks. */
static void test_places(void)
{
	static const struct {
		const char *from;
		const char *to;
		const char *said;
	} cases[] = {
		{ "\n0 3\n", "\n0 2\n",
			"rule folded is in db.text.sent.0, where it does not look" },
		{ "\n0 3\n", "\n0 0\n", "named twice" },
		{ "\n0 3\n", "\n0 4\n", "not there" },
		{ "\n0 3\n", "\n0 -\n", "rule share is in no database" },
		{ "\n0 3\n", "\n0\n", "malformed" },
		{ "\n0 3\n", "\n0-3\n", "malformed" },
		{ "\n0 3\n", "\n3-0\n", "malformed" },
		{ "\n0 3\n", "\n0 4294967295\n", "malformed" },
		{ "\n0 3\n", "\n0 3 -\n", "malformed" },
		{ "\n0 3\n", "\n0 x\n", "malformed" },
		{ " 2\n0 3\n", " 999999999\n0 3\n", "malformed" },
		{ " 2\n0 3\n", " 2000000000\n0 3\n", "malformed" },
		{ " 2\n0 3\n", " 3\n0 3 -\n", NULL }, /* an id that no rule is meant by: taken */
		{ "db.text.sent.0", "db.text.sent.1", "malformed" },
		{ "db.text.sent.0", "db.text.seen.0", "malformed" },
		{ "db.text.folded.0 ", "db.text.folded.0 0", "malformed" },
		{ "db.text.folded.0 ", "db.text.folded.0 xx", "malformed" },
	};
	struct source s;
	struct ruleset *r;

	begin();
	r = compile(&s, rules, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes text;
		char *changed;

		pack = (struct pack){ 0 };
		CU_ASSERT(pack_add_ruleset(&pack, r, &s, NULL));
		CU_ASSERT_FATAL(pack_find(&pack, "shards", &text));
		changed = replaced(text, cases[i].from, cases[i].to);
		CU_ASSERT_FATAL(
			strlen(changed) != text.len || memcmp(changed, text.data, text.len) != 0);
		CU_ASSERT(pack_replace(&pack, "shards", bytes_str(changed)));
		free(changed);
		if (cases[i].said != NULL) {
			refused_with(cases[i].said, i);
		} else {
			struct source examples;
			struct ruleset *loaded =
				pack_load_ruleset(&pack, path, NULL, NULL, &examples, &diag);

			CU_ASSERT_PTR_NOT_NULL_FATAL(loaded);
			CU_ASSERT_EQUAL(scan_once(loaded, FIELD_TEXT, VIEW_SENT, "a prize"), 3);
			ruleset_unref(loaded);
			source_free(&examples);
			pack_free(&pack);
		}
	}
	ruleset_unref(r);
	source_free(&s);
	end();
}

UNIT_MAIN("patterns/pack_ruleset", { "whole", test_whole }, { "conditions", test_conditions },
	{ "thin", test_thin }, { "too_large", test_too_large }, { "refused", test_refused },
	{ "places", test_places })
