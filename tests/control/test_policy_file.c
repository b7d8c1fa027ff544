/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hs/hs.h>

#include "tests/support/unit.h"

static const char *const links[] = { "core", "edge" };

/* A folder with up to two files, made for one test. */
struct folder {
	char path[64];
	char rules[80];
	char conf[80];
	char pack[80];
	struct diag diag;
	struct policy_set set;
};

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static struct folder *folder_make(const char *rules, const char *conf)
{
	struct folder *f = calloc(1, sizeof(*f));

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	snprintf(f->path, sizeof(f->path), "/tmp/test_policy_file.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->path));
	snprintf(f->rules, sizeof(f->rules), "%s/a.pat", f->path);
	snprintf(f->conf, sizeof(f->conf), "%s/policy.conf", f->path);
	snprintf(f->pack, sizeof(f->pack), "%s/p.pack", f->path);
	put_file(f->rules, rules);
	if (conf != NULL) {
		put_file(f->conf, conf);
	}
	return f;
}

static bool folder_load(struct folder *f, const char *path)
{
	const struct policy_load how = {
		.path = path, .link_names = links, .n_links = 2, .default_action = ACTION_REJECT
	};

	return policy_set_load(&f->set, &how, &f->diag);
}

static void folder_remove(struct folder *f)
{
	policy_set_free(&f->set);
	diag_clear(&f->diag);
	unlink(f->rules);
	unlink(f->conf);
	unlink(f->pack);
	CU_ASSERT_EQUAL(rmdir(f->path), 0);
	free(f);
}

/* said: an entry at this line of this file (its end) that has these words. */
static bool said(
	const struct diag *d, enum diag_level level, const char *file, int line, const char *words)
{
	for (size_t i = 0; i < d->n_entries; i++) {
		const struct diag_entry *e = &d->entries[i];
		size_t n = e->file != NULL ? strlen(e->file) : 0;

		if (e->level == level && e->line == line && n >= strlen(file) &&
			strcmp(e->file + n - strlen(file), file) == 0 &&
			strstr(e->text, words) != NULL) {
			return true;
		}
	}
	return false;
}

static const struct policy_category *category(
	const struct policy_set *set, unsigned scope, const char *name)
{
	static const struct policy_category none;

	for (unsigned i = 0; i < set->policy.scopes[scope].n_categories; i++) {
		if (strcmp(set->policy.scopes[scope].categories[i].name, name) == 0) {
			return &set->policy.scopes[scope].categories[i];
		}
	}
	CU_FAIL("no such category");
	return &none;
}

static void test_bare_file(void)
{
	struct folder *f = folder_make("1:/lottery/i\n+ \"a Lottery\"\n- \"a lot\"\n", NULL);

	CU_ASSERT_TRUE(folder_load(f, f->rules));
	diag_print(&f->diag, stdout);
	CU_ASSERT_EQUAL(f->set.ruleset->n_rules, 1);
	CU_ASSERT_EQUAL(f->set.policy.n_scopes, 1);
	CU_ASSERT_EQUAL(category(&f->set, 0, "default")->threshold[ACTION_REJECT], 100);
	CU_ASSERT_EQUAL(category(&f->set, 0, "default")->threshold[ACTION_REPORT], POLICY_NEVER);
	CU_ASSERT_FALSE(f->set.from_pack);
	CU_ASSERT_PTR_NULL(f->set.policy_text);
	folder_remove(f);
}

static const char rules[] = "1:/alpha/ category=x\n2:/beta/ category=y\n3:/gamma/\n"
			    "4:/delta/ action=redact\n5:/epsilon/ category=x view=folded\n";

static const char conf[] =
	"# policy.conf\n"
	"categories = (\n"
	"	{ name = \"x\"; report = 40; reject = 0x64; status = 0x45; },\n"
	"	{ name = \"default\"; redact = -5; }\n"
	");\n"
	"max_action = \"reject\";\n"
	"links = (\n"
	"	{ link = \"edge\"; side = \"outside\"; content = false; },\n"
	"	{ link = \"edge\"; max_action = \"report\"; },\n"
	"	{ side = \"inside\"; categories = ( { name = \"x\"; blank = 60; } ); }\n"
	");\n";

static void check_conf(const struct policy_set *set)
{
	const struct policy *p = &set->policy;

	CU_ASSERT_EQUAL_FATAL(p->n_scopes, 4);
	CU_ASSERT_PTR_EQUAL(policy_scope_of(p, 1, 1), &p->scopes[0]);
	CU_ASSERT_PTR_EQUAL(policy_scope_of(p, 1, 0), &p->scopes[1]);
	CU_ASSERT_PTR_EQUAL(policy_scope_of(p, 0, 0), &p->scopes[2]);
	CU_ASSERT_PTR_EQUAL(policy_scope_of(p, 0, 1), &p->scopes[3]);
	CU_ASSERT_FALSE(p->scopes[0].content);
	CU_ASSERT_TRUE(p->scopes[1].content);
	CU_ASSERT_EQUAL(p->scopes[1].max_action, ACTION_REPORT);
	CU_ASSERT_EQUAL(p->scopes[3].max_action, ACTION_REJECT);
	CU_ASSERT_EQUAL(category(set, 3, "x")->threshold[ACTION_REPORT], 40);
	CU_ASSERT_EQUAL(category(set, 3, "x")->threshold[ACTION_REJECT], 100);
	CU_ASSERT_EQUAL(category(set, 3, "x")->status, 0x45);
	/* a category that is named has just what it is given; one that is not has the default */
	CU_ASSERT_EQUAL(category(set, 3, "default")->threshold[ACTION_REDACT], -5);
	CU_ASSERT_EQUAL(category(set, 3, "default")->threshold[ACTION_REJECT], POLICY_NEVER);
	CU_ASSERT_EQUAL(category(set, 3, "y")->threshold[ACTION_REJECT], 100);
	CU_ASSERT_EQUAL(category(set, 2, "x")->threshold[ACTION_BLANK], 60);
	CU_ASSERT_EQUAL(category(set, 2, "x")->threshold[ACTION_REJECT], POLICY_NEVER);
	CU_ASSERT_EQUAL(category(set, 2, "default")->threshold[ACTION_REDACT], -5);
}

static void test_folder(void)
{
	static const bool starts[] = { false, false, true, true, false };
	struct folder *f = folder_make(rules, conf);

	CU_ASSERT_TRUE_FATAL(folder_load(f, f->path));
	CU_ASSERT_EQUAL(f->diag.n_warnings, 0);
	check_conf(&f->set);
	/* rules that can redact keep the start of a match */
	for (unsigned i = 0; i < 5; i++) {
		unsigned flags = f->set.ruleset->rules[i].flags;

		CU_ASSERT_EQUAL((flags & HS_FLAG_SOM_LEFTMOST) != 0, starts[i]);
		CU_ASSERT_EQUAL((flags & HS_FLAG_SINGLEMATCH) != 0, !starts[i]);
		CU_ASSERT_EQUAL((flags & HS_FLAG_CASELESS) != 0, i == 4);
	}
	folder_remove(f);
}

static const char conf_rules[] =
	"tenants = ( { name = \"t\"; when = { link = \"edge\"; }; } );\n"
	"rules = (\n"
	"	{ id = \"a\"; category = \"new\"; weight = 7; state = \"shadow\"; note = \"why\";\n"
	"	  when = { tenant = \"t\"; not = { account = \"x\"; }; }; },\n"
	"	{ id = \"b\"; when = { hit = [ \"1\", \"a\" ]; }; }\n"
	");\n"
	"categories = ( { name = \"new\"; reject = 7; } );\n";

static void check_rules(const struct policy_set *set, uint32_t n_patterns)
{
	const struct policy *p = &set->policy;
	const struct rule *a = &set->ruleset->rules[n_patterns];

	CU_ASSERT_EQUAL_FATAL(set->ruleset->n_rules, n_patterns + 2);
	CU_ASSERT_EQUAL_FATAL(p->n_rules, 2);
	CU_ASSERT_EQUAL(p->rules[0].rule, n_patterns);
	CU_ASSERT_EQUAL(p->rules[1].rule, n_patterns + 1);
	CU_ASSERT_EQUAL(a->field, FIELD_WHEN);
	CU_ASSERT_STRING_EQUAL(a->id, "a");
	CU_ASSERT_STRING_EQUAL(a->expression, "tenant = \"t\"; not = { account = \"x\"; };");
	CU_ASSERT_STRING_EQUAL(a->note, "why");
	CU_ASSERT_EQUAL(a->weight, 7);
	CU_ASSERT_EQUAL(a->state, RULE_SHADOW);
	CU_ASSERT_EQUAL(a->line, 3);
	CU_ASSERT_EQUAL(category(set, 0, "new")->threshold[ACTION_REJECT], 7);
	CU_ASSERT_FALSE(p->rules[0].when.content);
	CU_ASSERT_TRUE(p->rules[1].when.content);
}

/* Rules of policy.conf are rules of the ruleset, and are in its pack. */
static void test_rules_of_conf(void)
{
	struct folder *f = folder_make(rules, conf_rules);

	if (!folder_load(f, f->path)) {
		diag_print(&f->diag, stdout);
		CU_FAIL_FATAL("refused");
	}
	check_rules(&f->set, 5);
	CU_ASSERT_TRUE(policy_set_write(
		&f->set, f->pack, &(struct policy_write){ .key = NULL }, &f->diag));
	policy_set_free(&f->set);
	if (!folder_load(f, f->pack)) {
		diag_print(&f->diag, stdout);
		CU_FAIL_FATAL("refused");
	}
	check_rules(&f->set, 5);
	folder_remove(f);
}

/* A folder without patterns, whose policy.conf has rules. */
static void test_no_patterns(void)
{
	struct folder *f = folder_make("", "rules = ( { id = \"a\"; when = { part = 1; }; } );\n");

	unlink(f->rules);
	CU_ASSERT_TRUE_FATAL(folder_load(f, f->path));
	CU_ASSERT_EQUAL(f->set.ruleset->n_rules, 1);
	policy_set_free(&f->set);
	unlink(f->conf);
	CU_ASSERT_FALSE(folder_load(f, f->path));
	CU_ASSERT_TRUE(f->diag.n_errors != 0);
	folder_remove(f);
}

static void test_pack(void)
{
	struct folder *f = folder_make(rules, conf);

	CU_ASSERT_TRUE_FATAL(folder_load(f, f->path));
	CU_ASSERT_TRUE(policy_set_write(
		&f->set, f->pack, &(struct policy_write){ .key = NULL }, &f->diag));
	policy_set_free(&f->set);
	CU_ASSERT_TRUE_FATAL(folder_load(f, f->pack));
	diag_print(&f->diag, stdout);
	CU_ASSERT_TRUE(f->set.from_pack);
	CU_ASSERT_EQUAL(f->set.ruleset->n_rules, 5);
	check_conf(&f->set);
	/* and once more from there */
	CU_ASSERT_TRUE(policy_set_write(
		&f->set, f->pack, &(struct policy_write){ .key = NULL }, &f->diag));
	policy_set_free(&f->set);
	CU_ASSERT_TRUE_FATAL(folder_load(f, f->pack));
	check_conf(&f->set);
	policy_set_free(&f->set);
	/* a link that the configuration no longer has */
	CU_ASSERT_FALSE(policy_set_load(&f->set,
		&(struct policy_load){ .path = f->pack,
			.link_names = links,
			.n_links = 1,
			.default_action = ACTION_REJECT },
		&f->diag));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "p.pack(policy.conf)", 8, "no link \"edge\""));
	folder_remove(f);
}

static bool load_as(struct folder *f, struct policy_load how)
{
	how.link_names = links;
	how.n_links = 2;
	how.default_action = ACTION_REJECT;
	return policy_set_load(&f->set, &how, &f->diag);
}

static const char *state_of(const struct policy_set *set, const char *id)
{
	static char text[RULE_STATE_SIZE];
	uint32_t rule = ruleset_find(set->ruleset, id);

	return rule != RULE_GONE ? rule_state_text(&set->ruleset->rules[rule], text) : "gone";
}

/* States set by hand: kept in the pack, and replaced by the caller's. */
static void test_states(void)
{
	struct folder *f = folder_make("a:/alpha/\nb:/beta/ state=sample:5%\nc:/gamma/\n", NULL);

	CU_ASSERT_TRUE_FATAL(load_as(
		f, (struct policy_load){ .path = f->path, .states = "a shadow\nc sample:7%\n" }));
	CU_ASSERT_STRING_EQUAL(state_of(&f->set, "a"), "shadow");
	CU_ASSERT_STRING_EQUAL(state_of(&f->set, "b"), "sample:5%");
	CU_ASSERT_STRING_EQUAL(state_of(&f->set, "c"), "sample:7%");
	CU_ASSERT_TRUE(policy_set_write(
		&f->set, f->pack, &(struct policy_write){ .key = NULL }, &f->diag));
	policy_set_free(&f->set);
	CU_ASSERT_TRUE_FATAL(folder_load(f, f->pack));
	CU_ASSERT_STRING_EQUAL(state_of(&f->set, "a"), "shadow");
	CU_ASSERT_STRING_EQUAL(state_of(&f->set, "c"), "sample:7%");
	CU_ASSERT_STRING_EQUAL(f->set.states, "a shadow\nc sample:7%\n");
	policy_set_free(&f->set);
	CU_ASSERT_TRUE_FATAL(
		load_as(f, (struct policy_load){ .path = f->pack, .states = "b on\n" }));
	CU_ASSERT_STRING_EQUAL(state_of(&f->set, "a"), "on");
	CU_ASSERT_STRING_EQUAL(state_of(&f->set, "b"), "on");
	policy_set_free(&f->set);
	CU_ASSERT_FALSE(
		load_as(f, (struct policy_load){ .path = f->pack, .states = "b on\na off\n" }));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "states", 2, "\"off\" is no state"));
	CU_ASSERT_PTR_NULL(f->set.ruleset);
	folder_remove(f);
}

/* A pack of a few changes: signed, without what the base has. */
static void test_thin(void)
{
	static struct pack pack;
	struct folder *f = folder_make("a:/alpha/\nb:/beta/ field=sender\n", NULL);
	struct pack_meta meta = { .schema = PACK_SCHEMA, .created_us = 5, .author = "anna" };
	static struct policy_set live;
	struct arena arena;
	struct key_secret key;
	struct key_secret other;
	static struct key_ring ring;
	size_t used;

	arena_init(&arena, 0);
	CU_ASSERT_FATAL(key_make(&key) && key_make(&other));
	CU_ASSERT_TRUE_FATAL(load_as(f, (struct policy_load){ .path = f->path, .arena = &arena }));
	live = f->set;
	used = arena_used(&arena);
	put_file(f->rules, "a:/alpha/\nb:/beta/ field=sender\nc:/gamma/ field=url\n");
	CU_ASSERT_TRUE_FATAL(
		load_as(f, (struct policy_load){ .path = f->path, .base = live.ruleset }));
	CU_ASSERT_EQUAL(f->set.report.n_reused, 2);
	CU_ASSERT_TRUE(policy_set_write(&f->set, f->pack,
		&(struct policy_write){ .key = &key, .thin = live.ruleset, .meta = &meta },
		&f->diag));
	policy_set_free(&f->set);
	/* whose signature is not trusted; without the base; with both */
	CU_ASSERT_TRUE(key_ring_add(&ring, &other.public, ""));
	CU_ASSERT_FALSE(load_as(f,
		(struct policy_load){ .path = f->pack, .base = live.ruleset, .trusted = &ring }));
	CU_ASSERT_TRUE(key_ring_add(&ring, &key.public, ""));
	CU_ASSERT_FALSE(load_as(f, (struct policy_load){ .path = f->pack, .trusted = &ring }));
	diag_clear(&f->diag);
	CU_ASSERT_TRUE_FATAL(load_as(f, (struct policy_load){ .path = f->pack,
						.base = live.ruleset,
						.arena = &arena,
						.trusted = &ring }));
	CU_ASSERT(arena_used(&arena) > used);
	CU_ASSERT_EQUAL(f->set.ruleset->n_rules, 3);
	CU_ASSERT_PTR_EQUAL(f->set.ruleset->parts[FIELD_TEXT][VIEW_SENT].shards[0].database,
		live.ruleset->parts[FIELD_TEXT][VIEW_SENT].shards[0].database);
	policy_set_free(&f->set);
	CU_ASSERT_EQUAL(arena_used(&arena), used);
	/* the same from a pack that the caller has read */
	{
		const struct pack_known known = pack_ruleset_known(live.ruleset);
		struct pack_meta read;

		CU_ASSERT_TRUE_FATAL(pack_read_new(&pack, f->pack, NULL, &ring, &known, &f->diag));
		CU_ASSERT_TRUE(pack_meta(&pack, f->pack, &read, &f->diag));
		CU_ASSERT_STRING_EQUAL(read.author, "anna");
		CU_ASSERT_TRUE_FATAL(
			load_as(f, (struct policy_load){
					   .path = f->pack, .pack = &pack, .base = live.ruleset }));
		pack_free(&pack);
	}
	CU_ASSERT_STRING_EQUAL(state_of(&f->set, "c"), "on");
	policy_set_free(&live);
	folder_remove(f);
	CU_ASSERT_EQUAL(arena_used(&arena), 0);
}

static void test_conf_errors(void)
{
	static const struct {
		const char *text; /* its line 2 is wrong */
		enum diag_level level;
		const char *words;
	} cases[] = {
		{ "\ncategory = ();\n", DIAG_ERROR, "unknown key \"category\"" },
		{ "categories = (\n{ name = \"x\"; refuse = 1; } );\n", DIAG_ERROR,
			"unknown key \"refuse\"" },
		{ "categories = (\n{ report = 1; } );\n", DIAG_ERROR, "without a name" },
		{ "categories = (\n{ name = 3; report = 1; } );\n", DIAG_ERROR, "expected a text" },
		{ "categories = (\n{ name = \"z\"; report = 1; } );\n", DIAG_ERROR,
			"no rule is in category \"z\"" },
		{ "categories = ( { name = \"x\"; },\n{ name = \"x\"; } );\n", DIAG_ERROR,
			"twice" },
		{ "categories = (\n{ name = \"x\"; report = \"1\"; } );\n", DIAG_ERROR,
			"whole number" },
		{ "categories = (\n{ name = \"x\"; report = 1.5; } );\n", DIAG_ERROR,
			"whole number" },
		{ "categories = (\n{ name = \"x\"; report = 1000001; } );\n", DIAG_ERROR,
			"out of range" },
		/* libconfig 1.5 reads 4294967297 as 1 */
		{ "categories = (\n{ name = \"x\"; report = 4294967297; } );\n", DIAG_ERROR,
			"out of range" },
		{ "categories = (\n{ name = \"x\"; reject = 1; status = 0x500; } );\n", DIAG_ERROR,
			"out of range" },
		{ "categories = (\n{ name = \"x\"; reject = 1; status = 0x400; } );\n",
			DIAG_WARNING, "vendor" },
		{ "categories = (\n{ name = \"x\"; report = 1; status = 4; } );\n", DIAG_WARNING,
			"without reject" },
		{ "categories = (\n{ name = \"x\"; report = 5; reject = 5; } );\n", DIAG_WARNING,
			"report = 5 has no effect" },
		{ "\ncategories = [ 1 ];\n", DIAG_ERROR, "expected a list" },
		{ "categories = (\n1 );\n", DIAG_ERROR, "" },
		{ "\nmax_action = \"drop\";\n", DIAG_ERROR, "max_action: unknown value \"drop\"" },
		{ "\ncontent = 1;\n", DIAG_ERROR, "true or false" },
		{ "links = (\n{ content = false; } );\n", DIAG_ERROR,
			"names a link, a side, a tenant or a condition" },
		{ "links = (\n{ link = \"cor\"; } );\n", DIAG_ERROR, "no link \"cor\"" },
		{ "links = (\n{ side = \"left\"; } );\n", DIAG_ERROR,
			"side: unknown value \"left\"" },
		{ "links = ( { link = \"core\"; },\n{ link = \"core\"; side = \"inside\"; } );\n",
			DIAG_ERROR, "never reached: the entry of line 1" },
		{ "\ncategories = (", DIAG_ERROR, "" },
	};
	bool all = true;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct folder *f = folder_make("1:/alpha/ category=x\n", cases[i].text);
		bool loaded = folder_load(f, f->path);
		bool one = false;

		for (int line = 1; line <= 3;
			line++) { /* libconfig may name the line it stopped at */
			one |= said(&f->diag, cases[i].level, "policy.conf", line,
				       cases[i].words) &&
			       (line == 2 || cases[i].words[0] == '\0');
		}
		if (!one || loaded != (cases[i].level == DIAG_WARNING)) {
			all = false;
			printf("case %zu:\n", i);
			diag_print(&f->diag, stdout);
		}
		folder_remove(f);
	}
	CU_ASSERT_TRUE(all);
}

/* errors of both files, and more than one of each */
static void test_all_errors(void)
{
	struct folder *f = folder_make("1:/alpha/ catgory=x\n2:beta\n",
		"categories = ( { name = \"x\";\nrefuse = 1; },\n{ name = 4; } );\ncontents = true;\n");

	CU_ASSERT_FALSE(folder_load(f, f->path));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "a.pat", 1, "catgory"));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "a.pat", 2, ""));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "policy.conf", 2, "refuse"));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "policy.conf", 3, "expected a text"));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "policy.conf", 4, "contents"));
	CU_ASSERT_PTR_NULL(f->set.ruleset);
	folder_remove(f);
}

static void test_examples(void)
{
	struct folder *f = folder_make("1:/lottery/\n"
				       "+ \"Lottery\"\n"
				       "- \"a lottery\"\n"
				       "2:/^bank$/ field=sender view=folded\n"
				       "+ \"B\\u{e1}nk\"\n"
				       "- \"banking\"\n"
				       "3:/evil/ field=url\n"
				       "+ \"evil words\"\n"
				       "+ \"http://evil.example/\"\n"
				       "4:/00000/ field=number\n"
				       "+ \"nothing to call\"\n"
				       "5:/f\\x{f6}o/ view=folded\n"
				       "+ \"F\\u{f6}o\"\n",
		NULL);

	CU_ASSERT_FALSE(folder_load(f, f->rules));
	CU_ASSERT_EQUAL(f->diag.n_errors, 5);
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "a.pat", 2, "rule 1 must match"));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "a.pat", 3, "rule 1 must not match"));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "a.pat", 8, "no URL was found"));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "a.pat", 11, "no telephone number"));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_ERROR, "a.pat", 13, "folded it reads \"foo\""));
	CU_ASSERT_EQUAL(f->diag.n_entries, 5);
	folder_remove(f);
}

static void test_no_such(void)
{
	struct folder *f = folder_make("", NULL);

	CU_ASSERT_FALSE(folder_load(f, "/nonexistent/policy"));
	CU_ASSERT_EQUAL(f->diag.n_errors, 1);
	/* without a configuration the names of links are taken unseen */
	put_file(f->rules, "1:/alpha/\n");
	put_file(f->conf, "links = ( { link = \"any\"; content = false; } );\n");
	CU_ASSERT_TRUE(policy_set_load(&f->set,
		&(struct policy_load){ .path = f->path, .default_action = ACTION_REJECT },
		&f->diag));
	CU_ASSERT_TRUE(said(&f->diag, DIAG_WARNING, "policy.conf", 1, "not checked"));
	CU_ASSERT_TRUE(policy_scope_of(&f->set.policy, 0, 0)->content);
	folder_remove(f);
}

UNIT_MAIN("policy_file", { "bare file", test_bare_file }, { "folder", test_folder },
	{ "rules of policy.conf", test_rules_of_conf }, { "no patterns", test_no_patterns },
	{ "pack", test_pack }, { "states", test_states }, { "thin", test_thin },
	{ "errors of policy.conf", test_conf_errors }, { "all errors", test_all_errors },
	{ "examples", test_examples }, { "no such", test_no_such })
