/* SPDX-License-Identifier: BSD-3-Clause */
/* why: from an event's id to rules, score and the same verdict again; explain --live and --at by a real store. */
#include "control/policy_file.h"
#include "control/store.h"
#include "tests/control/fake_daemon.h"

static const char rules[] = "prize.cash:/cash/i category=prize weight=60\n"
			    "prize.call:/call now/i category=prize weight=50 view=folded\n"
			    "prize.quiet:/now/ category=prize weight=5 state=shadow\n"
			    "block.this:/verboten/ action=reject\n";
static const char policy[] = "categories = ( { name = \"prize\"; report = 40; reject = 100; } );\n";

#define EVENT(id, more)                                                                  \
	"{\"schema_version\":1,\"type\":\"message\",\"id\":" id                          \
	",\"ts\":\"2026-05-01T12:34:56.123456Z\",\"link\":\"lab\",\"session\":3,"        \
	"\"account\":\"acme\",\"proto\":\"smpp\",\"command\":\"submit_sm\","             \
	"\"side\":\"outside\",\"role\":\"esme\",\"src\":\"447700900123\",\"src_ton\":1," \
	"\"dst\":\"447700900456\",\"dst_ton\":1,\"data_coding\":0,\"generation\":1," more "}\n"
#define SCORED                                                                          \
	"\"verdict\":\"reject\",\"action\":\"self_reject\",\"rule\":\"prize.call\","    \
	"\"rules\":[\"prize.call\",\"prize.cash\"],\"shadow_rules\":[\"prize.quiet\"]," \
	"\"category\":\"prize\",\"score\":110,\"reason\":\"score\""
#define TEXT ",\"text\":\"Cash for you: call now\""

static const char events[] = EVENT("7", SCORED TEXT) "{\"type\":\"session\",\"id\":8}\n" EVENT(
	"8", SCORED) EVENT("9",
	"\"verdict\":\"reject\",\"action\":\"self_reject\",\"rule\":\"block.this\","
	"\"rules\":[\"block.this\"],\"reason\":\"rule\",\"text\":\"harmless\"") EVENT("70",
	"\"verdict\":\"pass\",\"action\":\"none\",\"rule\":null,\"rules\":[],"
	"\"reason\":\"rule\",\"text\":\"x\"") EVENT("10",
	"\"verdict\":\"report\",\"action\":\"none\",\"rule\":\"gone.rule\","
	"\"rules\":[\"gone.rule\"],\"reason\":\"rule\",\"generation\":5") "no JSON with \"id\":11\n" EVENT("12",
	"\"verdict\":\"pass\",\"action\":\"none\",\"rules\":[],\"reason\":\"rule\"")
	EVENT("12", SCORED TEXT);

struct rig {
	struct fake_daemon daemon;
	char state[64];
	char folder[64];
	char events[96];
	char status[256];
	char show[2048];
	char parts[STORE_FILE_SIZE];
	struct fake_answer script[4];
	struct store store;
	struct store_record record;
	struct pack pack;
	struct policy_set set;
	struct diag diag;
};

static void put(const char *folder, const char *name, const char *text)
{
	char path[160];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static void store_it(struct rig *r)
{
	static const char *const links[] = { "lab" };
	struct policy_load how = { .path = r->folder,
		.link_names = links,
		.n_links = 1,
		.default_action = ACTION_REPORT };
	struct pack_meta meta = { .schema = PACK_SCHEMA, .created_us = 5, .note = "the first" };
	struct policy_write write = { .meta = &meta };
	char manifest[STORE_FILE_SIZE];

	CU_ASSERT_TRUE_FATAL(policy_set_load(&r->set, &how, &r->diag));
	CU_ASSERT_TRUE_FATAL(policy_set_add(&r->set, &write, &r->pack, &r->diag));
	CU_ASSERT_TRUE_FATAL(store_add(&r->store, &r->pack, &r->record, &r->diag));
	pack_free(&r->pack);
	policy_set_free(&r->set);
	store_path_manifest(&r->store, 1, manifest);
	store_path_parts(&r->store, r->parts);
	(void)snprintf(r->show, sizeof(r->show),
		"{\"record\":{\"generation\":1,\"author\":\"anna\",\"note\":\"the first\","
		"\"pushed_us\":1777638896000000},\"path\":\"%s\",\"parts\":\"%s\"}",
		manifest, r->parts);
}

static struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	strcpy(r->state, "/tmp/smswall-test-state-XXXXXX");
	strcpy(r->folder, "/tmp/smswall-test-policy-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->state));
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->folder));
	put(r->folder, "a.pat", rules);
	put(r->folder, "policy.conf", policy);
	put(r->state, "events.jsonl", events);
	(void)snprintf(r->events, sizeof(r->events), "%s/events.jsonl", r->state);
	CU_ASSERT_TRUE_FATAL(store_open(&r->store, r->state, &r->diag));
	store_it(r);
	(void)snprintf(r->status, sizeof(r->status),
		"{\"config\":\"conf/lab.conf\",\"events\":{\"file\":\"%s\"}}", r->events);
	r->script[0] = (struct fake_answer){ "status", r->status, 0 };
	r->script[1] = (struct fake_answer){ "policy.show", r->show, 0 };
	fake_daemon_start(&r->daemon, r->script);
	return r;
}

static void rig_free(struct rig *r)
{
	char command[192];

	fake_daemon_stop(&r->daemon);
	store_close(&r->store);
	(void)snprintf(command, sizeof(command), "rm -r -- '%s' '%s'", r->state, r->folder);
	CU_ASSERT_EQUAL(system(command), 0);
	diag_clear(&r->diag);
	free(r);
}

/* The daemon names its event file, its configuration and its store: the number is enough. */
static void a_number_is_enough(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	FAKE_CTL(&r->daemon, &c, "why", "7");
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_STRING_EQUAL(c.error, "");
	fake_expect(c.text,
		"event       7, 2026-05-01 12:34:56 UTC, link lab, session 3 (account acme)");
	fake_expect(c.text, "verdict     reject, done: self_reject\n");
	fake_expect(c.text, "generation  1, pushed 2026-05-01 12:34:56 UTC by anna: the first\n");
	fake_expect(c.text,
		"/a.pat:1\n      /cash/ in text, sent view\n      category prize, weight 60\n");
	fake_expect(c.text, "prize.quiet  (shadow: counted only)");
	fake_expect(c.text,
		"score       prize: 50 (prize.call) + 60 (prize.cash) = 110; report from 40, reject "
		"from 100\n");
	fake_expect(c.text, "again       reject: the same verdict\n");
	CU_ASSERT_PTR_NULL(strstr(c.text, "missing"));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(
				fake_args(&r->daemon, 1, "policy.show"), "generation")),
		1);
	fake_call_free(&c);
	rig_free(r);
}

struct why_case {
	const char *words[10];
	int code;
	const char *parts[3];
	const char *error;
};

static const struct why_case cases[] = {
	{ { "why", "8" }, 0, { "missing     the text, to judge it again" }, "" },
	{ { "why", "8", "--text", "CASH, call now" }, 0, { "again       reject: the same verdict" },
		"" },
	{ { "why", "8", "--text", "cash only" }, 1, { "again       report: ANOTHER VERDICT" },
		"judged again the verdict is report, and was reject" },
	{ { "why", "9" }, 1, { "/verboten/", "action reject", "again       pass: ANOTHER" },
		"judged again" },
	{ { "why", "10" }, 0, { "  gone.rule\n", "rule gone.rule is not in this generation" }, "" },
	{ { "why", "12" }, 0, { "(2 events have this number; the newest of them)\n", "score" },
		"" },
	{ { "why", "11" }, 4, { NULL }, "no message has the id 11" },
	{ { "why", "x" }, 2, { NULL }, "an event is named by" },
	{ { "why", "7", "--events", "/nowhere" }, 4, { NULL }, "/nowhere: No such file" },
	{ { "why", "7", "--policy", "/nowhere" }, 0,
		{ "missing     the generation that judged: ", "  prize.cash\n" }, "" },
	{ { "explain", "--live", "--text", "cash, call now" }, 0,
		{ "generation 1\n", "prize.call" }, "" },
	{ { "explain", "--at", "@1", "--text", "verboten" }, 0, { "block.this" }, "" },
	{ { "explain", "--at", "1x", "--text", "verboten" }, 2, { NULL }, "a generation is named" },
	{ { "explain", "--live", "--policy", "x", "--text", "y" }, 2, { NULL },
		"--policy does not go" },
};

static void questions(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct why_case *k = &cases[i];
		struct rig *r = rig_new();
		struct fake_call c;

		fake_ctl(&r->daemon, &c, k->words);
		CU_ASSERT_EQUAL(c.code, k->code);
		for (size_t p = 0; p < 3 && k->parts[p] != NULL; p++) {
			fake_expect(c.text, k->parts[p]);
		}
		if (k->error[0] == '\0') {
			CU_ASSERT_STRING_EQUAL(c.error, "");
		}
		fake_expect(c.error, k->error);
		fake_call_free(&c);
		rig_free(r);
	}
}

/* No daemon: the file and the policy are enough; without the policy that is what is missing. */
static void without_a_daemon(void)
{
	struct rig *r = rig_new();
	struct fake_call c;

	FAKE_CTL(NULL, &c, "why", "7", "--events", r->events, "--policy", r->folder, "--json");
	CU_ASSERT_EQUAL(c.code, 0);
	CU_ASSERT_TRUE(json_is_true(json_object_get(json_object_get(c.document, "again"), "same")));
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(json_object_get(c.document, "score"), "sum")),
		110);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(c.document, "rules")), 3);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(c.document, "lacks")), 0);
	fake_call_free(&c);
	FAKE_CTL(NULL, &c, "why", "7", "--events", r->events);
	CU_ASSERT_EQUAL(c.code, 0);
	fake_expect(c.text, "missing     the generation that judged: no daemon");
	fake_expect(c.text, "verdict     reject");
	fake_call_free(&c);
	FAKE_CTL(NULL, &c, "why", "7");
	CU_ASSERT_EQUAL(c.code, CONTROL_NO_DAEMON);
	fake_call_free(&c);
	rig_free(r);
}

/* A pseudonym is no sender, a part is no message: what is missing makes another verdict no failure. */
static void what_is_missing_is_said(void)
{
	static const char hidden[] =
		"{\"type\":\"message\",\"id\":1,\"ts\":\"2026-05-01T12:34:56Z\",\"link\":\"other\","
		"\"side\":\"outside\",\"src\":\"0123456789abcdef\",\"verdict\":\"reject\","
		"\"action\":\"blank\",\"rules\":[],\"reason\":\"rule\",\"generation\":1,\"part\":2,"
		"\"parts\":3,\"text\":\"and so on\"}\n";
	struct rig *r = rig_new();
	struct fake_call c;

	put(r->state, "events.jsonl", hidden);
	FAKE_CTL(&r->daemon, &c, "why", "1");
	CU_ASSERT_EQUAL(c.code, 0);
	fake_expect(c.text, "part 2 of 3");
	fake_expect(c.text, "the sender is not told in clear");
	fake_expect(c.text, "the configuration has no link \"other\"");
	fake_expect(c.text, "again       pass: ANOTHER VERDICT");
	fake_call_free(&c);
	rig_free(r);
}

UNIT_MAIN("control/ctl_why", { "a number is enough", a_number_is_enough },
	{ "questions", questions }, { "without a daemon", without_a_daemon },
	{ "what is missing is said", what_is_missing_is_said })
