/* SPDX-License-Identifier: BSD-3-Clause */
/* What policy.conf may not say, and what is said of it: each with its line. */
#include "control/policy_conf_parts.h"
#include "dataplane/sms/numbering.h"
#include "tests/control/policy_rig.h"

static const char patterns[] = "1001:/prize/ category=prize\n1002:/win/\n";

struct mistake {
	const char *conf;
	int line;
	const char *text; /* part of what is said */
};

/* Lists and tenants that the mistakes below are made with; 8 lines. */
#define GIVEN                                                                    \
	"lists = (\n"                                                            \
	"	{ name = \"numbers\"; kind = \"number\"; },\n"                         \
	"	{ name = \"brands\"; kind = \"sender\"; },\n"                          \
	"	{ name = \"hosts\"; kind = \"host\"; },\n"                             \
	"	{ name = \"pairs\"; kind = \"pair\"; }\n"                              \
	");\n"                                                                   \
	"tenants = ( { name = \"acme\"; when = { account = \"acme*\"; }; } );\n" \
	"rules = ( { id = \"first\"; when = { side = \"inside\"; }; } );\n"
#define RULE(when)  "rules = (\n	{ id = \"r\";\n	  when = {\n" when "\n } } );\n"
#define SCOPE(when) "links = (\n	{ when = {\n" when "\n }; content = false; } );\n"

static const struct mistake mistakes[] = {
	{ "contnet = true;", 1, "unknown key \"contnet\": did you mean \"content\"?" },
	{ "zzzzzz = 1;", 1, "unknown key \"zzzzzz\"; known are country, timezone" },
	{ "content = \"yes\";", 1, "content: expected true or false" },
	{ "max_action = \"rejct\";", 1,
		"max_action: unknown value \"rejct\": did you mean \"reject\"?" },
	{ "country = \"Britain\";", 1, "country: \"Britain\" is none: a region of ISO 3166" },
	{ "country = 44;", 1, "country: expected a text in quotes" },
	{ "\ntimezone = \"Europe/Londn\";", 2, "timezone: \"Europe/Londn\" is not known" },
	{ "timezone = \"../../etc/passwd\";", 1, "is no name of one" },
	{ "categories = ( { name = \"prise\"; reject = 100; } );", 1,
		"no rule is in category \"prise\": did you mean \"prize\"?" },
	{ "categories = ( { name = \"prize\"; rejct = 100; } );", 1,
		"unknown key \"rejct\": did you mean \"reject\"?" },
	/* tenants */
	{ "tenants = ( { name = \"a\"; } );", 1, "a tenant without `when`" },
	{ "tenants = ( { when = { account = \"x\"; }; } );", 1, "a tenant without a name" },
	{ "tenants = ( { name = \"a b\"; when = { account = \"x\"; }; } );", 1,
		"name: \"a b\" is no name of a tenant" },
	{ "tenants = ( { name = \"a\"; when = { account = \"x\"; }; },\n"
	  "	{ name = \"a\"; when = { account = \"y\"; }; } );",
		2, "tenant \"a\" is on line 1 already" },
	{ "tenants = ( { name = \"a\"; when = { account = \"x\"; }; },\n"
	  "	{ name = \"b\"; when = { account = \"x\"; }; } );",
		2, "never reached: tenant \"a\" of line 1 asks the same" },
	{ "tenants = ( { name = \"a\"; when = {\n url_host = \"example.com\"; }; } );", 2,
		"url_host: tenants are told apart before the text is looked at" },
	{ "tenants = ( { name = \"a\"; when = {\n hit = \"1001\"; }; } );", 2,
		"hit: tenants are told apart before rules are asked" },
	{ GIVEN "profiles = ();\ntenats = ();", 10, "did you mean \"tenants\"?" },
	/* profiles and links */
	{ "profiles = ( { name = \"q\"; }, { name = \"q\"; } );", 1,
		"profile \"q\" is on line 1 already" },
	{ "profiles = ( { name = \"quiet\"; } );\nlinks = ( { link = \"core\"; profile = \"quite\"; } );",
		2, "unknown profile \"quite\": did you mean \"quiet\"?" },
	{ "links = ( { link = \"core\"; profile = \"q\"; } );", 1,
		"unknown profile \"q\": there are none" },
	{ "links = ( { link = \"croe\"; } );", 1,
		"the configuration has no link \"croe\": did you mean \"core\"?" },
	{ "links = ( { side = \"inner\"; } );", 1, "side: unknown value \"inner\"" },
	{ "links = ( { tenant = \"acme\"; } );", 1, "unknown tenant \"acme\": there are none" },
	{ GIVEN "links = ( { tenant = \"acne\"; } );", 9,
		"unknown tenant \"acne\": did you mean \"acme\"?" },
	{ "links = ( { content = false; } );", 1,
		"an entry of links names a link, a side, a tenant or a condition" },
	{ "links = ( { link = \"core\"; },\n\n	{ link = \"core\"; side = \"inside\"; } );", 3,
		"never reached: the entry of line 1 comes first" },
	{ GIVEN "links = ( { tenant = \"acme\"; },\n	{ tenant = \"acme\"; when = { recipients = "
		"\"2-\"; }; } );",
		10, "never reached: the entry of line 9 comes first" },
	{ "links = ( { when = { recipients = 2; }; },\n	{ side = \"inside\"; when = { recipients = "
	  "2; }; } );",
		2, "never reached" },
	{ SCOPE("text_length = 5;"), 3,
		"text_length: entries of links are told apart before the text is looked at" },
	{ SCOPE("hit = \"1001\";"), 3, "hit: entries of links" },
	/* conditions */
	{ RULE("orignator = \"44*\";"), 4,
		"unknown field \"orignator\": did you mean \"originator\"?" },
	{ RULE("an = ();"), 4, "unknown field \"an\": did you mean \"any\"?" },
	{ RULE("xyzzy = 1;"), 4, "unknown field \"xyzzy\"; smswall-policy(5) has the table" },
	{ "rules = (\n	{ id = \"r\"; when = { }; } );", 2, "a condition that asks nothing" },
	{ "rules = (\n	{ id = \"r\"; when = 5; } );", 2, "when: expected a group of tests" },
	{ RULE("any = { side = \"inside\"; };"), 4, "any: expected a list of groups of tests" },
	{ RULE("all = ();"), 4, "all: expected a list of groups of tests" },
	{ RULE("any = ( 5 );"), 4, "any: element 1 is no group" },
	{ RULE("not = ( { side = \"inside\"; } );"), 4, "not: expected a group of tests" },
	{ RULE("protocol_id = 256;"), 4, "protocol_id: 256 is out of range: 0 to 255" },
	{ RULE("protocol_id = \"64-63\";"), 4,
		"protocol_id: the range \"64-63\" ends before it begins: did you mean \"63-64\"?" },
	{ RULE("protocol_id = \"silent\";"), 4,
		"protocol_id: expected a number from 0 to 255, a range such as \"0-255\"" },
	{ RULE("protocol_id = true;"), 4, "protocol_id: expected a number" },
	{ RULE("part = 0;"), 4, "part: 0 is out of range: 1 to 255" },
	{ RULE("source_port = 70000;"), 4, "source_port: 70000 is out of range: 0 to 65535" },
	{ RULE("protocol_id = [];"), 4, "protocol_id: one of none never holds" },
	{ RULE("compressed = 1;"), 4, "compressed: expected true or false" },
	{ RULE("side = 1;"), 4, "side: expected a name in quotes" },
	{ RULE("side = \"@numbers\";"), 4, "side: lists cannot be asked for it" },
	{ RULE("carrier = \"smp\";"), 4, "carrier: unknown value \"smp\": did you mean \"smpp\"?" },
	{ RULE("coding = \"gsm\";"), 4, "coding: unknown value \"gsm\"" },
	{ RULE("originator_kind = \"premum\";"), 4, "did you mean \"premium\"?" },
	{ RULE("anomaly = \"no_such\";"), 4, "anomaly: unknown value \"no_such\"" },
	{ RULE("link = \"edgy\";"), 4, "did you mean \"edge\"?" },
	{ RULE("tenant = \"acme\";"), 4, "unknown tenant \"acme\"" },
	{ RULE("hit = \"1003\";"), 4, "unknown rule \"1003\", did you mean \"1001\"?" },
	{ RULE("hit = \"r\";"), 4, "unknown rule \"r\"" },
	{ RULE("command = \"submitsm\";"), 4,
		"command: unknown value \"submitsm\": did you mean \"submit_sm\"?" },
	{ RULE("account = \"\";"), 4,
		"account: nothing fits an empty text; for messages without one: not" },
	{ RULE("account = \"a*b\";"), 4,
		"account: \"*\" stands for anything at the beginning and the end" },
	{ RULE("account = 5;"), 4, "account: expected a text in quotes" },
	{ RULE("originator = 7726;"), 4,
		"originator: expected a text in quotes, numbers too (\"447700900001\")" },
	{ RULE("originator = \"07700 900001\";"), 4,
		"originator: numbers stand here with their country code and without a leading 0" },
	{ RULE("originator = \"447700900000-447700900999\";"), 4,
		"a range of numbers belongs into a list" },
	{ RULE("destination = \"4477009000014477009\";"), 4,
		"destination: a number has at most 15 digits" },
	{ RULE("imsi = \"2341x\";"), 4, "imsi: expected digits" },
	{ RULE("originator_country = \"XX\";"), 4, "originator_country: \"XX\" is none" },
	{ RULE("from_ip = \"10.0.0.300\";"), 4, "from_ip: expected an IP address or a prefix" },
	{ RULE("from_ip = \"10.0.0.1/8\";"), 4,
		"from_ip: \"10.0.0.1/8\" has bits set behind its first 8" },
	{ RULE("from_ip = \"10.0.0.0/33\";"), 4, "from_ip: expected an IP address or a prefix" },
	{ RULE("pair = \"x\";"), 4, "pair: expected a list of kind pair" },
	{ RULE("originator = \"@nobody\";"), 4, "unknown list \"nobody\": there are none" },
	{ GIVEN "links = ( { when = {\n originator = \"@nombers\"; }; } );", 10,
		"unknown list \"nombers\": did you mean \"numbers\"?" },
	{ GIVEN "links = ( { when = {\n originator = \"@hosts\"; }; } );", 10,
		"originator: list \"hosts\" is of kind host, which cannot be asked for it" },
	{ GIVEN "links = ( { when = {\n account = \"@numbers\"; }; } );", 10, "is of kind number" },
	{ GIVEN "links = ( { when = {\n originator = \"@numbers~\"; }; } );", 10,
		"look-alikes (\"@numbers~\") are for lists of kind sender" },
	{ RULE("hours = \"22-6\";"), 4, "hours: \"22-6\": expected \"HH:MM-HH:MM\"" },
	{ RULE("hours = \"22:00-25:00\";"), 4, "hours: \"22:00-25:00\": expected" },
	{ RULE("hours = \"08:00-08:00\";"), 4, "hours: \"08:00-08:00\" is no time at all" },
	{ RULE("days = \"weekend\";"), 4, "days: \"weekend\": expected mon, tue" },
	{ RULE("from = \"2026-02-30\";"), 4, "from: \"2026-02-30\": expected a date" },
	{ RULE("until = \"1 May\";"), 4, "until: \"1 May\": expected a date" },
	{ RULE("from = \"2026-05-02\";\n until = \"2026-05-01\";"), 5,
		"until: this is before `from`, so it never holds" },
	{ RULE("from = \"2026-05-01 12:00\"; until = \"2026-05-01 12:00\";"), 4, "it never holds" },
	/* rules */
	{ "rules = ( { when = { side = \"inside\"; }; } );", 1, "a rule without an id" },
	{ "rules = ( { id = \"a b\"; when = { side = \"inside\"; }; } );", 1,
		"id: \"a b\" is none" },
	{ "rules = ( { id = \"r\"; } );", 1, "rule \"r\" without `when`" },
	{ "rules = ( { id = \"1001\"; when = { side = \"inside\"; }; } );", 1,
		"rule 1001 was given before, at a.pat:1" },
	{ "rules = ( { id = \"r\"; when = { side = \"inside\"; }; },\n"
	  "	{ id = \"r\"; when = { side = \"outside\"; }; } );",
		2, "rule r was given before, at policy.conf:1" },
	{ "rules = ( { id = \"r\"; action = \"redact\"; when = { side = \"inside\"; }; } );", 1,
		"action: \"redact\": a condition has no match" },
	{ "rules = ( { id = \"r\"; weight = 1001; when = { side = \"inside\"; }; } );", 1,
		"weight: 1001 is out of range: -1000 to 1000" },
	{ "rules = ( { id = \"r\"; status = 0x500; when = { side = \"inside\"; }; } );", 1,
		"status: 1280 is out of range" },
	{ "rules = ( { id = \"r\"; state = \"sample=100%\"; when = { side = \"inside\"; }; } );", 1,
		"state: \"sample=100%\" is no share of senders" },
	{ "rules = ( { id = \"r\"; state = \"shadw\"; when = { side = \"inside\"; }; } );", 1,
		"state: unknown value \"shadw\": did you mean \"shadow\"?" },
	{ "rules = ( { id = \"r\"; category = \"9\"; when = { side = \"inside\"; }; } );", 1,
		"category: \"9\" is no name" },
	{ "rules = ( { id = \"a\"; when = { hit = \"b\"; }; },\n"
	  "	{ id = \"b\"; when = { side = \"inside\"; }; } );",
		1, "unknown rule \"b\"" },
	/* lists */
	{ "lists = ( { name = \"l\"; kind = \"nunber\"; } );", 1,
		"kind: unknown value \"nunber\": did you mean \"number\"?" },
	{ "lists = ( { name = \"l\"; kind = \"number\"; match = \"originator\"; } );", 1,
		"list \"l\": its effect is missing" },
	{ "lists = ( { name = \"l\"; kind = \"number\"; effect = \"rejct\"; } );", 1,
		"effect: unknown value \"rejct\": did you mean \"reject\"?" },
	/* limits: one of each kind of value that is read here */
	{ "limits = ( { name = \"l\"; kind = \"grey\"; key = [ \"originator\" ]; delay = \"1 moon\"; "
	  "keep = \"1 day\"; action = \"throttle\"; } );",
		1, "delay: \"1 moon\" is no time" },
};

/* said: an error of this line that has the text. */
static bool said(const struct diag *d, enum diag_level level, int line, const char *text)
{
	for (size_t i = 0; i < d->n_entries; i++) {
		if (d->entries[i].level == level && d->entries[i].line == line &&
			strcmp(d->entries[i].file, "policy.conf") == 0 &&
			strstr(d->entries[i].text, text) != NULL) {
			return true;
		}
	}
	return false;
}

static void test_mistakes(void)
{
	struct policy_rig *r = malloc(sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *m = &mistakes[i];
		bool good = rig_read(r, patterns, m->conf, 3);

		if (good || !said(&r->diag, DIAG_ERROR, m->line, m->text)) {
			printf("not said: line %d: %s\nof:\n%s\nbut:\n", m->line, m->text, m->conf);
			diag_print(&r->diag, stdout);
			CU_FAIL("another error was expected");
		}
		CU_ASSERT_FALSE(good);
		rig_free(r);
	}
	free(r);
}

/* A number that libconfig wraps is told once, as it was written. */
static void test_wrapped(void)
{
	static const char *const texts[] = {
		"rules = ( { id = \"r\"; weight = 3000000000; when = { side = \"inside\"; }; } );",
		"rules = ( { id = \"r\"; weight =\n\n3000000000L; when = { side = \"inside\"; }; } );",
		"categories = ( { name = \"prize\"; reject =\n 3000000000; } );",
		"categories = ( { name = \"prize\"; reject = 4294967297; } );",
		"categories = ( { name = \"prize\"; reject = 99999999999999999999; } );",
		"categories = ( { name = \"prize\"; reject = 5; status = 0xFFFFFFFF; } );",
		RULE("protocol_id = 3000000000;"),
		RULE("protocol_id = [ 1, -3000000000 ];"),
	};
	struct policy_rig *r = malloc(sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CU_ASSERT_FALSE(rig_read(r, patterns, texts[i], 3));
		CU_ASSERT_EQUAL(r->diag.n_errors, 1);
		if (r->diag.n_errors != 1) {
			diag_print(&r->diag, stdout);
		}
		CU_ASSERT_PTR_NOT_NULL(strstr(r->diag.entries[0].text, " is out of range"));
		rig_free(r);
	}
	/* what is wrong for itself is told beside it */
	CU_ASSERT_FALSE(rig_read(r, patterns,
		"categories = ( { name = \"prize\"; report = 2000000; reject = 3000000000; } );",
		3));
	CU_ASSERT_EQUAL(r->diag.n_errors, 2);
	rig_free(r);
	/* 1 is what libconfig makes of the other one, and is none the worse */
	CU_ASSERT_FALSE(rig_read(r, patterns,
		"categories = ( { name = \"prize\"; report = 1;\n reject = 4294967297; } );", 3));
	CU_ASSERT_EQUAL(r->diag.n_errors, 1);
	CU_ASSERT_TRUE(said(&r->diag, DIAG_ERROR, 2, "reject: 4294967297 is out of range"));
	rig_free(r);
	free(r);
}

/* What is only told. */
static const struct mistake warnings[] = {
	{ GIVEN, 4, "list \"hosts\" is not used" },
	{ "timezone = \"Europe/London\";\n" RULE("from = \"2026-03-29 01:30\";"), 5,
		"from: clocks of Europe/London go forward and do not show \"2026-03-29 01:30\"" },
	{ "categories = ( { name = \"prize\"; status = 0x45; } );", 1,
		"status has no effect without reject" },
	{ "rules = ( { id = \"r\"; status = 0x410; when = { side = \"inside\"; }; } );", 1,
		"values from 0x400 are of each vendor's own meaning" },
};

static void test_warnings(void)
{
	struct policy_rig *r = malloc(sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		CU_ASSERT_TRUE(rig_read(r, patterns, warnings[i].conf, 3));
		if (!said(&r->diag, DIAG_WARNING, warnings[i].line, warnings[i].text)) {
			diag_print(&r->diag, stdout);
			CU_FAIL(warnings[i].text);
		}
		rig_free(r);
	}
	free(r);
}

/* ---- what it becomes */

static const char whole[] = GIVEN
	"country = \"GB\";\n"
	"timezone = \"Europe/London\";\n"
	"max_action = \"reject\";\n"
	"profiles = ( { name = \"quiet\"; content = false; max_action = \"report\"; } );\n"
	"links = (\n"
	"	{ link = \"edge\"; profile = \"quiet\"; country = \"33\"; },\n"
	"	{ tenant = \"acme\"; when = { destination = \"@numbers\"; }; content = false; }\n"
	");\n";

static void test_struct(void)
{
	struct policy_rig *r = malloc(sizeof(*r));
	const struct policy *p;

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_TRUE_FATAL(rig_read(r, patterns, whole, 3));
	p = r->policy;
	CU_ASSERT_EQUAL_FATAL(p->n_scopes, 3);
	CU_ASSERT_EQUAL(p->country, numbering_country(bytes_str("GB")));
	CU_ASSERT_EQUAL(p->scopes[0].link, 1);
	CU_ASSERT_EQUAL(p->scopes[0].profile, 0);
	CU_ASSERT_EQUAL(p->scopes[0].tenant, POLICY_NONE);
	CU_ASSERT_EQUAL(p->scopes[0].max_action, ACTION_REPORT);
	CU_ASSERT_FALSE(p->scopes[0].content);
	CU_ASSERT_EQUAL(p->scopes[0].country, numbering_country(bytes_str("FR")));
	CU_ASSERT_EQUAL(p->scopes[0].line, 14);
	CU_ASSERT_EQUAL(p->scopes[1].tenant, 0);
	CU_ASSERT_EQUAL(p->scopes[1].link, POLICY_ANY);
	CU_ASSERT_EQUAL(p->scopes[1].when.n, 2);
	CU_ASSERT_TRUE(p->scopes[1].when.lists);
	CU_ASSERT_FALSE(p->scopes[1].when.content);
	CU_ASSERT_EQUAL(p->scopes[1].country, p->country);
	CU_ASSERT_EQUAL(p->scopes[2].when.n, 0);
	CU_ASSERT_TRUE(p->scopes[2].content);
	CU_ASSERT_EQUAL(p->n_tenants, 1);
	CU_ASSERT_STRING_EQUAL(p->tenants[0].name, "acme");
	CU_ASSERT_EQUAL(p->n_rules, 1);
	CU_ASSERT_EQUAL(p->rules[0].rule, 2);
	CU_ASSERT_EQUAL(r->source.rules[2].field, FIELD_WHEN);
	CU_ASSERT_STRING_EQUAL(r->source.rules[2].expression, "side = \"inside\";");
	CU_ASSERT_EQUAL(r->source.rules[2].line, 8);
	CU_ASSERT_STRING_EQUAL(p->zone.name, "Europe/London");
	rig_free(r);
	free(r);
}

/* One condition and its nodes; values as they are compared with a message's. */
struct one {
	const char *when;
	const char *printed; /* NULL: the same */
	unsigned n;
	bool content;
	int64_t min, max; /* of the first value */
};

#define DAY_US  INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)

static const struct one ones[] = {
	{ "side = \"outside\";", NULL, 2, false, 1, 1 },
	{ "protocol_id = 64;", "protocol_id = 0x40;", 2, false, 0x40, 0x40 },
	{ "protocol_id = \"0x41-71\";", "protocol_id = \"0x41-0x47\";", 2, false, 65, 71 },
	{ "protocol_id = ( 64, \"65-71\" );", "protocol_id = [ \"0x40\", \"0x41-0x47\" ];", 2,
		false, 64, 64 },
	{ "recipients = \"10-\";", NULL, 2, false, 10, 255 },
	{ "text_length = \"0-3\";", NULL, 2, true, 0, 3 },
	{ "originator = \"+44 (7700) 900-001\";", "originator = \"447700900001\";", 2, false, 0,
		0 },
	{ "originator = \"0044 7700*\";", "originator = \"447700*\";", 2, false, 0, 0 },
	{ "originator = [ \"*900\", \"*\", \"MyBank\", \"*bank*\" ];", NULL, 2, false, 0, 0 },
	{ "originator = \"@brands~\";", NULL, 2, false, 1, 1 },
	{ "originator = \"@brands\";", NULL, 2, false, 1, 0 },
	{ "destination_country = [ \"gb\", \"+33\" ];", "destination_country = [ \"GB\", \"33\" ];",
		2, false, 0, 0 },
	{ "from_ip = [ \"10.0.0.0/8\", \"192.0.2.1\", \"2001:db8::/32\" ];", NULL, 2, false, 104,
		0 },
	{ "compressed = true;", NULL, 2, false, 1, 1 },
	{ "hours = \"22:00-06:00\";", NULL, 2, false, 1320, 359 },
	{ "hours = \"00:00-24:00\";", NULL, 2, false, 0, 1439 },
	{ "hours = \"18:00-00:00\";", "hours = \"18:00-24:00\";", 2, false, 1080, 1439 },
	{ "days = [ \"Sat-mon\", \"Wednesday\" ];", "days = [ \"sat-mon\", \"wed\" ];", 2, false, 5,
		0 },
	{ "from = \"2026-07-01\";", NULL, 2, false, 20635 * DAY_US - HOUR_US, INT64_MAX },
	{ "from = \"2026-01-01T10:30\";", "from = \"2026-01-01 10:30\";", 2, false,
		20454 * DAY_US + 10 * HOUR_US + HOUR_US / 2, INT64_MAX },
	{ "until = \"2026-06-30\";", NULL, 2, false, INT64_MIN, 20635 * DAY_US - HOUR_US - 1 },
	{ "until = \"2026-06-30 24:00\";", "until = \"2026-06-30\";", 2, false, INT64_MIN,
		20635 * DAY_US - HOUR_US - 1 },
	{ "tenant = \"acme\";", NULL, 2, false, 0, 0 },
	{ "hit = \"1002\";", NULL, 2, true, 1, 1 },
	{ "hit = \"first\";", NULL, 2, false, 2, 2 },
	{ "pair = \"@pairs\";", NULL, 2, false, 3, 0 },
	{ "url_host = \"@hosts\";", NULL, 2, true, 2, 0 },
	{ "number = \"@numbers\";", NULL, 2, true, 0, 0 },
	{ "link = [ \"edge\", \"lab-1\" ];", NULL, 2, false, 1, 1 },
	{ "not = { account = \"*\"; };", NULL, 4, false, 0, 0 },
	{ "any = ( { part = 1; }, { parts = 1; compressed = true; } );", NULL, 7, false, 1, 1 },
	{ "all = ( { any = ( { part = 1; } ); }, { not = { part = 2; }; } );", NULL, 10, false, 1,
		1 },
};

static void check_one(const struct one *o)
{
	struct policy_rig *r = malloc(sizeof(*r));
	const struct condition *when;
	const struct condition_store *c;
	char *conf = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_TRUE_FATAL(
		asprintf(&conf,
			"timezone = \"Europe/London\";\nlists = (\n"
			"{ name = \"numbers\"; kind = \"number\"; },\n"
			"{ name = \"brands\"; kind = \"sender\"; },\n"
			"{ name = \"hosts\"; kind = \"host\"; },\n"
			"{ name = \"pairs\"; kind = \"pair\"; } );\n"
			"tenants = ( { name = \"acme\"; when = { account = \"a\"; }; } );\n"
			"rules = ( { id = \"first\"; when = { side = \"inside\"; }; },\n"
			"{ id = \"r\"; when = { %s }; } );\n",
			o->when) > 0);
	if (!rig_read(r, patterns, conf, 3)) {
		printf("%s\n", o->when);
		diag_print(&r->diag, stdout);
		CU_FAIL_FATAL("refused");
	}
	when = &r->policy->rules[1].when;
	c = &r->policy->conditions;
	CU_ASSERT_EQUAL(when->n, o->n);
	CU_ASSERT_EQUAL(when->content, o->content);
	CU_ASSERT_EQUAL(c->nodes[when->root].kind, CONDITION_ALL);
	CU_ASSERT_EQUAL(c->nodes[when->root].skip + 1, when->n);
	for (unsigned i = 0; i < when->n; i++) {
		const struct condition_node *n = &c->nodes[when->root + i];

		if (n->kind == CONDITION_TEST) {
			CU_ASSERT_EQUAL(c->values[n->value].min, o->min);
			CU_ASSERT_EQUAL(c->values[n->value].max, o->max);
			break;
		}
	}
	if (strcmp(r->source.rules[3].expression, o->printed != NULL ? o->printed : o->when) != 0) {
		printf("%s\nprinted %s\n", o->when, r->source.rules[3].expression);
		CU_FAIL("printed in another way");
	}
	free(conf);
	rig_free(r);
	free(r);
}

static void test_conditions(void)
{
	for (size_t i = 0; i < sizeof(ones) / sizeof(ones[0]); i++) {
		check_one(&ones[i]);
	}
}

/* CONDITION_DEPTH_MAX levels are read, one more is not. */
static void test_depth(void)
{
	struct policy_rig *r = malloc(sizeof(*r));
	char conf[1024];

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (unsigned levels = 7; levels <= 8; levels++) {
		size_t n =
			(size_t)snprintf(conf, sizeof(conf), "rules = ( { id = \"r\"; when = {\n");

		for (unsigned i = 0; i < levels; i++) {
			n += (size_t)snprintf(conf + n, sizeof(conf) - n, "not = { ");
		}
		n += (size_t)snprintf(conf + n, sizeof(conf) - n, "part = 1; ");
		for (unsigned i = 0; i < levels; i++) {
			n += (size_t)snprintf(conf + n, sizeof(conf) - n, "}; ");
		}
		(void)snprintf(conf + n, sizeof(conf) - n, "}; } );");
		CU_ASSERT_EQUAL(rig_read(r, patterns, conf, 3), levels == 7);
		CU_ASSERT_EQUAL(
			said(&r->diag, DIAG_ERROR, 2, "deeper than 16 levels"), levels == 8);
		rig_free(r);
	}
	free(r);
}

/* A policy has so many tests and values, and not one more. */
static void check_ceiling(unsigned n_rules, unsigned n_values, const char *text)
{
	struct policy_rig *r = malloc(sizeof(*r));
	char *conf = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&conf, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs("rules = (\n", f);
	for (unsigned i = 0; i < n_rules; i++) {
		fprintf(f, "%s{ id = \"r%u\"; when = { account = [ ", i != 0 ? ",\n" : "", i);
		for (unsigned k = 0; k < n_values; k++) {
			fprintf(f, "%s\"a%u\"", k != 0 ? ", " : "", k);
		}
		fputs(" ]; }; }", f);
	}
	fputs(" );\n", f);
	fclose(f);
	CU_ASSERT_EQUAL(rig_read(r, patterns, conf, 3), text == NULL);
	if (text != NULL) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(r->diag.entries[0].text);
		CU_ASSERT_PTR_NOT_NULL(strstr(r->diag.entries[0].text, text));
	}
	free(conf);
	rig_free(r);
	free(r);
}

static void test_ceilings(void)
{
	check_ceiling(POLICY_RULES_MAX, 16, NULL);
	check_ceiling(POLICY_RULES_MAX, 17, "conditions of a policy have at most 16384 values");
	check_ceiling(POLICY_RULES_MAX + 1, 1, "rules: more than 1024");
	check_ceiling(1, 16000, "its condition is longer than 32768 octets");
}

static void test_durations(void)
{
	static const struct {
		const char *text;
		uint64_t us; /* 0: none */
		const char *printed;
	} cases[] = {
		{ "60 s", 60000000, "1 min" },
		{ "61s", 61000000, "61 s" },
		{ "1 day", UINT64_C(86400000000), "1 day" },
		{ "day", UINT64_C(86400000000), "1 day" },
		{ "48 hours", UINT64_C(172800000000), "2 days" },
		{ "h", UINT64_C(3600000000), "1 hour" },
		{ "90 min", UINT64_C(5400000000), "90 min" },
		{ "250 ms", 250000, "250 ms" },
		{ "0 s", 0, NULL },
		{ "", 0, NULL },
		{ "5", 0, NULL },
		{ "5 weeks", 0, NULL },
		{ "1234567890 s", 0, NULL },
		{ "-5 s", 0, NULL },
		{ "5 s ", 0, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t us = 0;
		char out[CONF_DURATION_SIZE];

		CU_ASSERT_EQUAL(conf_duration_text(cases[i].text, &us), cases[i].us != 0);
		CU_ASSERT_EQUAL(us, cases[i].us);
		if (cases[i].us != 0) {
			CU_ASSERT_STRING_EQUAL(conf_duration_print(us, out), cases[i].printed);
		}
	}
}

/* ---- the manual, from the source's folder, in which meson runs tests */

static char *manual(void)
{
	FILE *f = fopen("control/man/smswall-policy.5.scd", "r");
	char *text = calloc(1, 65536);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_TRUE_FATAL(fread(text, 1, 65535, f) < 65535);
	fclose(f);
	return text;
}

/* in_table: a row of the table of fields that begins with it, or has it behind a comma. */
static bool in_table(const char *table, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = table; (at = strstr(at, name)) != NULL; at++) {
		const char *line = at;

		while (line > table && line[-1] != '\n') {
			line--;
		}
		if (line[0] == '|' && at[-1] == ' ' && (at[len] == ',' || at[len] == '\n')) {
			return true;
		}
	}
	return false;
}

/* Each field has its row, and the synopsis is a policy. */
static void test_manual(void)
{
	char *text = manual();
	const char *table = strstr(text, "[[ *field*");
	char *synopsis = strstr(text, "```\n");
	struct policy_rig *r = malloc(sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	CU_ASSERT_PTR_NOT_NULL_FATAL(synopsis);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (unsigned f = 0; f < CONDITION_FIELD_COUNT; f++) {
		const char *name = condition_field_name((enum condition_field)f);

		if (!in_table(table, name)) {
			printf("not in the manual: %s\n", name);
			CU_FAIL("a field is not in the manual");
		}
	}
	synopsis += 4;
	*strstr(synopsis, "```") = '\0';
	if (!rig_read(r, "1:/a/ category=prize\n2:/b/ category=bank\n", synopsis, 3)) {
		diag_print(&r->diag, stdout);
		CU_FAIL("the synopsis is no policy");
	}
	CU_ASSERT_EQUAL(r->diag.n_warnings, 0);
	rig_free(r);
	free(r);
	free(text);
}

UNIT_MAIN("control/policy_conf", { "manual", test_manual }, { "mistakes", test_mistakes },
	{ "wrapped", test_wrapped }, { "warnings", test_warnings }, { "struct", test_struct },
	{ "conditions", test_conditions }, { "depth", test_depth }, { "ceilings", test_ceilings },
	{ "durations", test_durations })
