/* SPDX-License-Identifier: BSD-3-Clause */
/* why: from an event's id to rules, score and the same verdict again; explain --live and --at by a real store. */
#include "control/policy_file.h"
#include "control/store.h"
#include "tests/control/fake_daemon.h"

static const char rules[] = "prize.cash:/cash/i category=prize weight=60\n"
			    "prize.call:/call now/i category=prize weight=50 view=folded\n"
			    "prize.quiet:/now/ category=prize weight=5 state=shadow\n"
			    "block.this:/verboten/ action=reject\n";
static const char policy[] =
	"categories = ( { name = \"prize\"; report = 40; reject = 100; } );\n"
	"lists = ( { name = \"vip\"; kind = \"number\"; match = \"destination\"; effect = \"pass\"; },\n"
	"	{ name = \"spoofed\"; kind = \"sender\"; effect = \"reject\"; } );\n"
	"rules = ( { id = \"early\"; action = \"reject\"; when = { hours = \"04:00-04:30\"; "
	"account = \"acme\"; }; },\n"
	"	{ id = \"delivered\"; action = \"reject\"; when = { role = \"smsc\"; command = \"deliver_sm\"; "
	"protocol_id = 65; data_coding = 8; }; },\n"
	"	{ id = \"network\"; action = \"reject\"; when = { from_ip = \"192.0.2.0/24\"; }; },\n"
	"	{ id = \"roamer\"; action = \"reject\"; when = { imsi = \"23415*\"; }; } );\n"
	"limits = ( { name = \"minute\"; kind = \"rate\"; key = [ \"originator\" ]; rate = \"60/min\"; "
	"burst = 10; action = \"throttle\"; },\n"
	"	{ name = \"spread\"; kind = \"distinct\"; key = [ \"originator\" ]; "
	"of = \"destination\"; max = 300; per = \"day\"; action = \"report\"; },\n"
	"	{ name = \"farm\"; kind = \"ratio\"; key = [ \"originator\" ]; answered = 10; "
	"messages = 50; per = \"day\"; action = \"reject\"; },\n"
	"	{ name = \"grey\"; kind = \"grey\"; key = [ \"originator\", \"destination\" ]; "
	"delay = \"1 min\"; keep = \"1 day\"; action = \"throttle\"; } );\n";

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

/* One event of each reason: its verdict is the one that it gets again. */
struct told_reason {
	const char *id, *verdict, *reason;
	const char *more;  /* members that change */
	const char *again; /* "again" of the text, NULL: the same verdict */
	const char *told;
};

static const struct told_reason reasons[] = {
	{ "30", "reject", "rule",
		"\"rule\":\"block.this\",\"rules\":[\"block.this\"],\"text\":\"verboten\"", NULL,
		"/verboten/" },
	{ "31", "reject", "score",
		"\"rule\":\"prize.call\",\"rules\":[\"prize.call\",\"prize.cash\"],\"category\":\"prize\","
		"\"score\":110,\"text\":\"cash, call now\"",
		NULL, "= 110" },
	{ "32", "reject", "rule",
		"\"rule\":\"early\",\"rules\":[\"early\"],\"ts\":\"2026-05-01T04:15:00.000001Z\",\"text\":\"x\"",
		NULL, "when { hours" },
	{ "33", "reject", "list",
		"\"list\":\"spoofed\",\"entry\":\"MyBank\",\"src\":\"MYB4NK\",\"src_ton\":5,\"text\":\"x\"",
		NULL, "list        spoofed, entry MyBank" },
	{ "34", "pass", "never_block",
		"\"list\":\"vip\",\"entry\":\"447700900999\",\"dst\":\"447700900999\",\"text\":\"verboten\"",
		NULL, "list        vip, entry 447700900999" },
	{ "35", "throttle", "limit", "\"limit\":{\"name\":\"minute\",\"fill\":950},\"text\":\"x\"",
		NULL, "limit       minute, whose key was full to 95.0 %" },
	{ "36", "report", "limit", "\"limit\":{\"name\":\"spread\",\"fill\":1000},\"text\":\"x\"",
		NULL, "limit       spread" },
	{ "37", "reject", "limit", "\"limit\":{\"name\":\"farm\",\"fill\":1000},\"text\":\"x\"",
		NULL, "limit       farm" },
	{ "38", "throttle", "limit", "\"limit\":{\"name\":\"grey\",\"fill\":0},\"text\":\"x\"",
		NULL, "limit       grey" },
	{ "39", "pass", "none", "\"text\":\"hello\"", NULL, "verdict     pass" },
	/* what the header asks for */
	{ "41", "reject", "rule",
		"\"rule\":\"delivered\",\"rules\":[\"delivered\"],\"command\":\"deliver_sm\",\"role\":\"smsc\","
		"\"protocol_id\":65,\"data_coding\":8,\"esm_class\":64,\"text\":\"x\"",
		NULL, "sent by the smsc" },
	/* a text that the event tells in another way than its coding could carry it */
	{ "42", "pass", "none", "\"data_coding\":1,\"text\":\"\u20ac\"", NULL, "verdict     pass" },
	/* what no event tells, or no PDU of SMPP has: that is said, and is no failure */
	{ "43", "reject", "rule", "\"rule\":\"network\",\"rules\":[\"network\"],\"text\":\"x\"",
		"again       pass: ANOTHER VERDICT", "missing     rule network has a condition" },
	{ "44", "reject", "rule",
		"\"proto\":\"map\",\"command\":\"mo-forwardSM\",\"role\":\"msc\",\"imsi\":\"234150000000001\","
		"\"rule\":\"roamer\",\"rules\":[\"roamer\"],\"text\":\"x\"",
		"again       pass: ANOTHER VERDICT", "missing     it came by MAP" },
	{ "45", "pass", "never_block",
		"\"list\":\"vip\",\"src\":\"BANK\",\"src_ton\":5,\"dst\":\"0123456789abcdef\",\"text\":\"verboten\"",
		"again       reject: ANOTHER VERDICT",
		"missing     the recipient is not told in clear" },
	{ "46", "pass", "none", "\"command\":\"data_sm\",\"text\":\"x\"", NULL,
		"missing     it was a data_sm" },
	/* the part that is told is not what was judged: that is said, and is no failure */
	{ "40", "reject", "sibling",
		"\"rule\":\"block.this\",\"rules\":[\"block.this\"],\"part\":2,\"parts\":3,\"text\":\"and so on\"",
		"again       pass: ANOTHER VERDICT", "part 2 of 3: the other parts counted" },
};

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
	put(r->folder, "vip.txt", "447700900999\n");
	put(r->folder, "spoofed.txt", "MyBank\n");
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
	{ { "explain", "--live", "--text", "x", "--from", "+447700900123", "--fill",
		  "minute=1000" },
		0, { "VERDICT    throttle: limit" }, "" },
	{ { "explain", "--live", "--text", "x", "--fill", "minite=1000" }, 4, { NULL },
		"--fill: the policy has no limit \"minite\"" },
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

/* put_reason: an event line, in the file in which why looks. */
static void put_reason(struct rig *r, const struct told_reason *k)
{
	json_t *e =
		json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:i, s:i, s:[]}",
			"type", "message", "ts", "2026-05-01T12:34:56.123456Z", "link", "lab",
			"session", (json_int_t)3, "account", "acme", "proto", "smpp", "command",
			"submit_sm", "side", "outside", "src", "447700900123", "src_ton", 1, "dst",
			"447700900456", "dst_ton", 1, "generation", 1, "rules");
	char more[512];
	json_t *changes;
	char *line;

	(void)snprintf(more, sizeof(more),
		"{\"id\":%s,\"verdict\":\"%s\",\"reason\":\"%s\",\"action\":\"none\",%s}", k->id,
		k->verdict, k->reason, k->more);
	changes = json_loads(more, 0, NULL);
	CU_ASSERT_FATAL(e != NULL && changes != NULL);
	CU_ASSERT_EQUAL(json_object_update(e, changes), 0);
	line = json_dumps(e, JSON_COMPACT);
	put(r->state, "events.jsonl", line);
	free(line);
	json_decref(changes);
	json_decref(e);
}

static void each_reason_again(void)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		const struct told_reason *k = &reasons[i];
		struct rig *r = rig_new();
		struct fake_call c;
		char again[64];

		put_reason(r, k);
		(void)snprintf(
			again, sizeof(again), "again       %s: the same verdict", k->verdict);
		FAKE_CTL(&r->daemon, &c, "why", k->id);
		CU_ASSERT_EQUAL(c.code, 0);
		if (c.code != 0) {
			printf("  why %s: %s%s\n", k->id, c.text, c.error);
		}
		fake_expect(c.text, k->told);
		fake_expect(c.text, k->again != NULL ? k->again : again);
		fake_call_free(&c);
		rig_free(r);
	}
}

UNIT_MAIN("control/ctl_why", { "each reason again", each_reason_again },
	{ "a number is enough", a_number_is_enough }, { "questions", questions },
	{ "without a daemon", without_a_daemon },
	{ "what is missing is said", what_is_missing_is_said })
