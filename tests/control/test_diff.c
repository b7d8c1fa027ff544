/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/diff.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/diff_capture.h"
#include "tests/support/unit.h"

static const char *const links[] = { "core", "edge" };

/* Two policies in folders of their own. */
struct pair {
	char path[2][64];
	char file[2][3][96]; /* a.pat, policy.conf, p.pack */
	struct diag diag;
	struct policy_set set[2];
	json_t *doc;
};

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void load(struct pair *p, unsigned i, const char *path, bool rules_only)
{
	const struct policy_load how = { .path = path,
		.link_names = links,
		.n_links = 2,
		.default_action = ACTION_REJECT,
		.rules_only = rules_only };

	CU_ASSERT_TRUE_FATAL(policy_set_load(&p->set[i], &how, &p->diag));
}

static void compare(struct pair *p)
{
	const struct diff_side sides[2] = { { "old", &p->set[0], links, 2 },
		{ "new", &p->set[1], links, 2 } };

	json_decref(p->doc);
	p->doc = diff_policies(&sides[0], &sides[1]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->doc);
}

/* pair_make: rules and policy.conf (NULL: none) of both. */
static struct pair *pair_make(const char *const rules[2], const char *const conf[2])
{
	static const char *const names[] = { "a.pat", "policy.conf", "p.pack" };
	struct pair *p = calloc(1, sizeof(*p));

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(p->path[i], sizeof(p->path[i]), "/tmp/test_diff.XXXXXX");
		CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p->path[i]));
		for (unsigned k = 0; k < 3; k++) {
			snprintf(p->file[i][k], sizeof(p->file[i][k]), "%s/%s", p->path[i],
				names[k]);
		}
		put_file(p->file[i][0], rules[i]);
		if (conf != NULL && conf[i] != NULL) {
			put_file(p->file[i][1], conf[i]);
		}
		load(p, i, p->path[i], true);
	}
	compare(p);
	return p;
}

static void pair_free(struct pair *p)
{
	for (unsigned i = 0; i < 2; i++) {
		policy_set_free(&p->set[i]);
		for (unsigned k = 0; k < 3; k++) {
			unlink(p->file[i][k]);
		}
		CU_ASSERT_EQUAL(rmdir(p->path[i]), 0);
	}
	json_decref(p->doc);
	diag_clear(&p->diag);
	free(p);
}

static json_t *rules_of(const struct pair *p, const char *what)
{
	return json_object_get(json_object_get(p->doc, "rules"), what);
}

static json_int_t differences(const struct pair *p)
{
	return json_integer_value(json_object_get(p->doc, "differences"));
}

/* is: a document written with single quotes. */
static bool is(const json_t *have, const char *text)
{
	char *copy = strdup(text);
	json_t *wanted;
	bool same;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	for (char *c = copy; *c != '\0'; c++) {
		*c = *c == '\'' ? '"' : *c;
	}
	wanted = json_loads(copy, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(wanted);
	same = json_equal(have, wanted);
	if (!same) {
		json_dumpf(have, stderr, JSON_COMPACT | JSON_ENCODE_ANY);
		fputc('\n', stderr);
	}
	json_decref(wanted);
	free(copy);
	return same;
}

/* Each attribute of a rule, alone. */
static void test_attributes(void)
{
	static const struct {
		const char *old, *new, *changes;
	} cases[] = {
		{ "1:/a/", "1:/b/", "[{'what':'expression','old':'a','new':'b'}]" },
		{ "1:/a/", "1:/a/i", "[{'what':'flags','old':'','new':'i'}]" },
		{ "1:/a/ category=x", "1:/a/ category=y",
			"[{'what':'category','old':'x','new':'y'}]" },
		{ "1:/a/", "1:/a/ field=sender", "[{'what':'field','old':'text','new':'sender'}]" },
		{ "1:/a/", "1:/a/ view=folded", "[{'what':'view','old':'sent','new':'folded'}]" },
		{ "1:/a/", "1:/a/ weight=7", "[{'what':'weight','old':100,'new':7}]" },
		{ "1:/a/", "1:/a/ action=blank", "[{'what':'action','old':null,'new':'blank'}]" },
		{ "1:/a/ action=reject", "1:/a/ action=reject status=0x45",
			"[{'what':'status','old':null,'new':69}]" },
		{ "1:/a/", "1:/a/ state=shadow", "[{'what':'state','old':'on','new':'shadow'}]" },
		{ "1:/a/ state=sample:5%", "1:/a/ state=sample:6%",
			"[{'what':'state','old':'sample:5%','new':'sample:6%'}]" },
		{ "1:/a/ weight=3", "1:/b/ weight=4",
			"[{'what':'expression','old':'a','new':'b'},{'what':'weight','old':3,'new':4}]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *p =
			pair_make((const char *const[]){ cases[i].old, cases[i].new }, NULL);
		json_t *changed = rules_of(p, "changed");

		CU_ASSERT_EQUAL(json_array_size(changed), 1);
		CU_ASSERT_TRUE(is(
			json_object_get(json_array_get(changed, 0), "changes"), cases[i].changes));
		pair_free(p);
	}
}

/* By id: what came, what went, and where; order, place, note and examples are nothing. */
static void test_rules(void)
{
	struct pair *p =
		pair_make((const char *const[]){ "a:/a/\nb:/b/ note=\"one\"\n+ \"b\"\nc:/c/\n",
				  "\n\nb:/b/ note=\"two\"\nd:/d/i weight=5 category=x\na:/a/\n" },
			NULL);
	json_t *added = json_array_get(rules_of(p, "added"), 0);
	json_t *removed = json_array_get(rules_of(p, "removed"), 0);

	CU_ASSERT_EQUAL(json_array_size(rules_of(p, "added")), 1);
	CU_ASSERT_EQUAL(json_array_size(rules_of(p, "removed")), 1);
	CU_ASSERT_EQUAL(json_array_size(rules_of(p, "changed")), 0);
	CU_ASSERT_EQUAL(json_integer_value(rules_of(p, "same")), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(added, "file")), p->file[1][0]);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(added, "line")), 4);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(removed, "id")), "c");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(removed, "line")), 4);
	/* the new category x has thresholds, which are told too */
	CU_ASSERT_EQUAL(differences(p), 3);
	pair_free(p);
}

static const char three[] = "1:/a/ category=x\n2:/b/ category=y\n3:/c/\n";

static void thresholds(const char *old, const char *new, const char *wanted)
{
	struct pair *p =
		pair_make((const char *const[]){ three, three }, (const char *const[]){ old, new });

	CU_ASSERT_TRUE(is(json_object_get(p->doc, "thresholds"), wanted));
	CU_ASSERT_EQUAL(
		(size_t)differences(p), json_array_size(json_object_get(p->doc, "thresholds")));
	pair_free(p);
}

/* As they hold, not as they are written. */
static void test_thresholds(void)
{
	static const char x80[] = "categories = ({ name = \"x\"; reject = 80; });\n";
	static const char x90[] = "categories = ({ name = \"x\"; reject = 90; });\n";
	static const char core[] =
		"categories = ({ name = \"x\"; reject = 80; });\n"
		"links = ({ link = \"core\"; categories = ({ name = \"x\"; reject = 90; }); });\n";
	static const char sides[] =
		"categories = ({ name = \"x\"; reject = 80; });\n"
		"links = ({ side = \"inside\"; max_action = \"report\"; },"
		" { link = \"edge\"; side = \"outside\"; content = false; });\n";
	static const char same[] =
		"links = ({ link = \"core\"; categories = ({ name = \"x\"; reject = 80; }); });\n"
		"categories = ({ name = \"x\"; reject = 80; });\n";

	thresholds(x80, x80, "[]");
	thresholds(x80, same, "[]");
	thresholds(x80, x90,
		"[{'link':null,'side':null,'category':'x','change':'changed','changes':"
		"[{'what':'reject','old':80,'new':90}]}]");
	thresholds(x80, core,
		"[{'link':'core','side':null,'category':'x','change':'changed','changes':"
		"[{'what':'reject','old':80,'new':90}]}]");
	thresholds(core, x90,
		"[{'link':'edge','side':null,'category':'x','change':'changed','changes':"
		"[{'what':'reject','old':80,'new':90}]},"
		"{'link':'(any other)','side':null,'category':'x','change':'changed','changes':"
		"[{'what':'reject','old':80,'new':90}]}]");
	thresholds(x80, sides,
		"[{'link':null,'side':'inside','category':null,'change':'changed','changes':"
		"[{'what':'max_action','old':'reject','new':'report'}]},"
		"{'link':'edge','side':'outside','category':null,'change':'changed','changes':"
		"[{'what':'content','old':true,'new':false}]}]");
}

static void named(const char *old, const char *new, const char *wanted)
{
	struct pair *p =
		pair_make((const char *const[]){ three, three }, (const char *const[]){ old, new });

	CU_ASSERT_TRUE(is(json_object_get(p->doc, "named"), wanted));
	CU_ASSERT_EQUAL((size_t)differences(p), json_array_size(json_object_get(p->doc, "named")));
	pair_free(p);
}

/* Tenants, profiles, entries of links and limits, as they are printed. */
static void test_named(void)
{
	static const char one[] = "tenants = ( { name = \"a\"; when = { account = \"a\"; }; },\n"
				  "	{ name = \"b\"; when = { account = [ \"b\" ]; }; } );\n";
	static const char same[] =
		"tenants = ( { name = \"a\"; when = { account = ( \"a\" ); }; },\n"
		"\n	{ name = \"b\"; when = { account = \"b\"; }; } );\ntimezone = \"UTC\";\n";
	static const char turned[] = "tenants = ( { name = \"b\"; when = { account = \"b\"; }; },\n"
				     "	{ name = \"a\"; when = { account = \"a\"; }; } );\n";
	static const char other[] =
		"timezone = \"Asia/Kolkata\";\n"
		"tenants = ( { name = \"a\"; when = { account = \"a*\"; }; } );\n"
		"links = ( { tenant = \"a\"; content = false; } );\n";
	static const char limit[] = "limits = ( { name = \"l\"; kind = \"rate\"; key = []; rate = "
				    "\"5/s\"; action = \"report\"; } );\n";
	static const char faster[] = "limits = ( { name = \"l\"; kind = \"rate\"; key = []; rate = "
				     "\"6/s\"; burst = 5; action = \"report\"; } );\n";

	named(one, same, "[]");
	named(one, turned,
		"[{'what':'tenant','name':'(order)','change':'changed','changes':[{'what':'order',"
		"'old':['a','b'],'new':['b','a']}]}]");
	named(one, other,
		"[{'what':'timezone','name':'','change':'changed','changes':[{'what':'text','old':"
		"'UTC','new':'Asia/Kolkata'}]},"
		"{'what':'tenant','name':'a','change':'changed','changes':[{'what':'text','old':'{ "
		"name = \\\"a\\\"; when = { account = \\\"a\\\"; }; }','new':'{ name = \\\"a\\\"; "
		"when = { account = \\\"a*\\\"; }; }'}]},"
		"{'what':'tenant','name':'b','change':'removed','changes':[{'what':'text','old':'{ "
		"name = \\\"b\\\"; when = { account = \\\"b\\\"; }; }','new':null}]},"
		"{'what':'links','name':'tenant = \\\"a\\\";','change':'added','changes':[{'what':"
		"'text','old':null,'new':'{ tenant = \\\"a\\\"; content = false; }'}]}]");
	named(limit, faster,
		"[{'what':'limit','name':'l','change':'changed','changes':[{'what':'text','old':'{ "
		"name = \\\"l\\\"; kind = \\\"rate\\\"; key = []; rate = \\\"5/s\\\"; burst = 5; action "
		"= \\\"report\\\"; }','new':'{ name = \\\"l\\\"; kind = \\\"rate\\\"; key = []; rate = "
		"\\\"6/s\\\"; burst = 5; action = \\\"report\\\"; }'}]}]");
}

/* What was compiled and packed says the same as its text, also where the policy changes how rules are compiled. */
static void test_pack(void)
{
	static const char conf[] = "categories = ({ name = \"x\"; redact = 50; });\n";
	struct pair *p = pair_make(
		(const char *const[]){ three, three }, (const char *const[]){ conf, conf });
	const struct policy_write how = { .key = NULL };

	CU_ASSERT_EQUAL(differences(p), 0);
	for (int rules_only = 0; rules_only < 2; rules_only++) {
		policy_set_free(&p->set[1]);
		load(p, 1, p->path[1], false);
		CU_ASSERT_TRUE_FATAL(policy_set_write(&p->set[1], p->file[1][2], &how, &p->diag));
		policy_set_free(&p->set[1]);
		load(p, 1, p->file[1][2], rules_only != 0);
		compare(p);
		CU_ASSERT_EQUAL(differences(p), 0);
		CU_ASSERT_EQUAL(json_integer_value(rules_of(p, "same")), 3);
	}
	CU_ASSERT_PTR_NOT_NULL(p->set[1].ruleset);
	CU_ASSERT_EQUAL(p->set[1].ruleset->database_len, 0);
	pair_free(p);
}

/* Lists by name: their uses, and what came and went in them. */
static void test_lists(void)
{
	static const char conf[] =
		"lists = ({ name = \"n\"; kind = \"number\"; file = \"p.pack\"; match = [\"originator\"]; "
		"effect = \"reject\"; });\n";
	static const char other[] =
		"lists = ({ name = \"n\"; kind = \"number\"; file = \"p.pack\"; match = [\"originator\"]; "
		"effect = \"report\"; link = \"edge\"; });\n";
	struct pair *p = pair_make((const char *const[]){ three, three }, NULL);

	put_file(p->file[0][2], "447700900001\n447700900002,tag\n447700900003\n44771*\n");
	put_file(p->file[1][2], "447700900001\n447700900002,other\n4477009000041\n44772*\n"
				"447700900005\n");
	put_file(p->file[0][1], conf);
	put_file(p->file[1][1], conf);
	for (unsigned i = 0; i < 2; i++) {
		policy_set_free(&p->set[i]);
		load(p, i, p->path[i], true);
	}
	compare(p);
	CU_ASSERT_TRUE(is(json_object_get(p->doc, "lists"),
		"[{'name':'n','change':'changed','added':3,'removed':2,'retagged':1,'changes':[]}]"));
	CU_ASSERT_EQUAL(differences(p), 1);

	put_file(p->file[1][2], "447700900001\n447700900002,tag\n447700900003\n44771*\n");
	put_file(p->file[1][1], other);
	policy_set_free(&p->set[1]);
	load(p, 1, p->path[1], true);
	compare(p);
	CU_ASSERT_TRUE(is(json_object_get(p->doc, "lists"),
		"[{'name':'n','change':'changed','added':0,'removed':0,'retagged':0,'changes':"
		"[{'what':'uses','old':['originator reject'],'new':['originator report, link edge']}]}]"));

	put_file(p->file[1][1], "");
	policy_set_free(&p->set[1]);
	load(p, 1, p->path[1], true);
	compare(p);
	CU_ASSERT_TRUE(is(json_object_get(p->doc, "lists"),
		"[{'name':'n','change':'removed','added':0,'removed':4,'retagged':0,'changes':"
		"[{'what':'kind','old':'number','new':null},"
		"{'what':'uses','old':['originator reject'],'new':[]}]}]"));
	pair_free(p);
}

/* ---- events */

static json_t *events(const char *old, const char *new, unsigned n_samples, struct diag *diag)
{
	char folder[] = "/tmp/test_diff.XXXXXX";
	char paths[2][64];
	json_t *doc;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	for (unsigned i = 0; i < 2; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%u.jsonl", folder, i);
		put_file(paths[i], i == 0 ? old : new);
	}
	doc = diff_events(paths[0], paths[1], n_samples, diag);
	unlink(paths[0]);
	unlink(paths[1]);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	return doc;
}

#define EVENT(frame, sequence, verdict, rule)                                              \
	"{\"type\":\"message\",\"frame\":" #frame ",\"session\":1,\"sequence\":" #sequence \
	",\"command\":\"submit_sm\",\"src\":\"s\",\"dst\":\"d\",\"verdict\":\"" verdict    \
	"\",\"rule\":" rule "}\n"

static void test_events(void)
{
	static const char old[] = "{\"type\":\"session\",\"frame\":1}\n" EVENT(1, 1, "pass", "null")
		EVENT(2, 2, "reject", "\"a\"") EVENT(3, 3, "pass", "null")
			EVENT(3, 3, "pass", "null") EVENT(5, 5, "reject", "\"a\"")
				EVENT(6, 6, "pass", "null");
	/* another order; twice the same key; one that only this has */
	static const char new[] = EVENT(6, 6, "reject", "\"b\"") EVENT(2, 2, "reject", "\"c\"")
		EVENT(1, 1, "reject", "\"b\"") "{\"type\":\"anomaly\"}\n" EVENT(
			3, 3, "pass", "null") EVENT(3, 3, "reject", "\"b\"")
			EVENT(4, 4, "pass", "null") EVENT(5, 5, "pass", "null");
	struct diag *diag = calloc(1, sizeof(*diag));
	json_t *doc;

	CU_ASSERT_PTR_NOT_NULL_FATAL(diag);
	doc = events(old, new, 2, diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	CU_ASSERT_TRUE(is(json_object_get(doc, "groups"),
		"[{'old':{'verdict':'pass','rule':null},'new':{'verdict':'reject','rule':'b'},"
		"'messages':3,'samples':["
		"{'frame':6,'sequence':6,'session':1,'command':'submit_sm','src':'s','dst':'d',"
		"'old':{'verdict':'pass','rule':null},'new':{'verdict':'reject','rule':'b'}},"
		"{'frame':1,'sequence':1,'session':1,'command':'submit_sm','src':'s','dst':'d',"
		"'old':{'verdict':'pass','rule':null},'new':{'verdict':'reject','rule':'b'}}]},"
		"{'old':{'verdict':'reject','rule':'a'},'new':{'verdict':'pass','rule':null},"
		"'messages':1,'samples':["
		"{'frame':5,'sequence':5,'session':1,'command':'submit_sm','src':'s','dst':'d',"
		"'old':{'verdict':'reject','rule':'a'},'new':{'verdict':'pass','rule':null}}]}]"));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(doc, "changed")), 4);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(doc, "other_rule")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(doc, "unmatched")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(doc, "messages")), 7);
	json_decref(doc);

	doc = events(
		EVENT(1, 1, "pass", "null"), EVENT(1, 1, "reject", "null,\"list\":\"n\""), 0, diag);
	CU_ASSERT_TRUE(is(json_object_get(doc, "groups"),
		"[{'old':{'verdict':'pass','rule':null},"
		"'new':{'verdict':'reject','rule':null,'list':'n'},'messages':1,'samples':[]}]"));
	json_decref(doc);
	doc = events(old, old, 2, diag);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(doc, "changed")), 0);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(doc, "groups")), 0);
	json_decref(doc);
	doc = events("", "", 2, diag);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(doc, "messages")), 0);
	json_decref(doc);
	CU_ASSERT_EQUAL(diag->n_errors, 0);
	CU_ASSERT_PTR_NULL(events(old, "{\"type\":\"mess", 2, diag));
	CU_ASSERT_EQUAL(diag->n_errors, 1);
	CU_ASSERT_PTR_NULL(diff_events("/nonexistent", "/nonexistent", 2, diag));
	CU_ASSERT_EQUAL(diag->n_errors, 2);
	diag_clear(diag);
	free(diag);
}

UNIT_MAIN("control/diff", { "attributes", test_attributes }, { "rules", test_rules },
	{ "thresholds", test_thresholds }, { "named", test_named }, { "pack", test_pack },
	{ "lists", test_lists }, { "events", test_events })
