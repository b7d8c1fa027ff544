/* SPDX-License-Identifier: BSD-3-Clause */
/* `limits` of policy.conf: what it may not say, what it becomes, and how it is printed. */
#include "control/policy_conf_parts.h"
#include "control/policy_print_limits.h"
#include "tests/control/policy_rig.h"

static const char patterns[] = "1001:/prize/ category=prize\n";

struct mistake {
	const char *limit; /* of one group; the first line is line 2 */
	int line;
	const char *text; /* part of what is said */
};

#define RATE   "name = \"l\"; kind = \"rate\"; key = [ \"originator\" ]; action = \"throttle\"; "
#define SPREAD "name = \"l\"; kind = \"distinct\"; key = [ \"originator\" ]; action = \"report\"; "
#define RATIO  "name = \"l\"; kind = \"ratio\"; key = [ \"originator\" ]; action = \"report\"; "
#define GREY   "name = \"l\"; kind = \"grey\"; key = [ \"originator\" ]; action = \"throttle\"; "
#define GREY_PAIR                                                                    \
	"name = \"l\"; kind = \"grey\"; key = [ \"originator\", \"destination\" ]; " \
	"action = \"throttle\"; delay = \"60 s\"; keep = \"1 day\"; "
#define PER_MIN "rate = \"60/min\"; "

static const struct mistake mistakes[] = {
	{ "kind = \"rate\";", 2, "a limit without a name" },
	{ "name = \"a b\"; kind = \"rate\";", 2, "name: \"a b\" is no name of a limit" },
	{ "name = \"abcdefghijklmnopqrst\"; kind = \"rate\";", 2, "is no name of a limit" },
	{ "name = \"l\";", 2, "limit \"l\": kind is missing: rate, distinct, ratio or grey" },
	{ "name = \"l\"; kind = \"rat\";", 2, "did you mean \"rat" },
	{ RATE PER_MIN "brust = 5;", 2, "unknown key \"brust\": did you mean \"burst\"?" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; action = \"report\";", 2,
		"limit \"l\": key is missing: key = [ \"originator\" ]" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; key = [];", 2,
		"limit \"l\": action is missing" },
	{ RATE, 2, "limit \"l\": rate is missing: rate = \"60/min\"" },
	/* rates */
	{ RATE "\n rate = \"60 per min\";", 3, "rate: \"60 per min\" is none: a number" },
	{ RATE "rate = \"60\";", 2, "rate: \"60\" is none" },
	{ RATE "rate = \"0/min\";", 2, "rate: \"0/min\" is none" },
	{ RATE "rate = \"-5/min\";", 2, "rate: \"-5/min\" is none" },
	{ RATE "rate = \"2000000/min\";", 2, "rate: \"2000000/min\" is none" },
	{ RATE "rate = \"99999999999999999999/min\";", 2, "is none" },
	{ RATE "rate = \"1/moon\";", 2, "rate: \"1/moon\" is none" },
	{ RATE "rate = 60;", 2, "rate: expected a text in quotes" },
	{ RATE "rate = \"1000000/ms\";", 2, "rate: at least 1, at most" },
	{ RATE PER_MIN "burst = 0;", 2, "burst: 0 is out of range: 1 to 10000000" },
	{ RATE "rate = \"1/day\";\n burst = 10000000;", 2, "burst" },
	/* settings of other kinds */
	{ RATE PER_MIN "\n\n max = 5;", 4,
		"max is for limits of kind distinct; \"l\" is of kind rate" },
	{ SPREAD "of = \"destination\"; max = 5; per = \"day\"; burst = 1;", 2,
		"burst is for limits of kind rate" },
	{ GREY "delay = \"60 s\"; keep = \"1 day\"; per = \"1 s\";", 2,
		"per is for limits of kind distinct and ratio" },
	{ SPREAD "of = \"destination\"; max = 5; per = \"day\"; count = \"parts\";", 2,
		"count is for limits of kind rate" },
	{ SPREAD "max = 5; per = \"day\";", 2, "of is missing: of = \"destination\"" },
	{ RATIO "messages = 10; per = \"day\";", 2, "answered is missing" },
	{ GREY "keep = \"1 day\";", 2, "delay is missing" },
	/* keys */
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; action = \"report\"; key = [\n"
	  " \"orignator\" ];",
		3, "key: unknown value \"orignator\": did you mean \"originator\"?" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; action = \"report\"; "
	  "key = [ \"originator_prefix\" ];",
		2, "a prefix says how many digits, 1 to 15: \"originator_prefix:6\"" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; action = \"report\"; "
	  "key = [ \"destination_prefix:16\" ];",
		2, "a prefix says how many digits" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; action = \"report\"; "
	  "key = [ \"link\", \"link\" ];",
		2, "key: link is here twice" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; action = \"report\"; "
	  "key = [ \"link\", \"side\", \"account\", \"originator\", \"destination\" ];",
		2, "key: more than 4" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; action = \"report\"; "
	  "key = [ \"tenant\" ];",
		2, "key: there are no tenants" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; action = \"report\"; key = [ 1 ];", 2,
		"key: expected a text in quotes" },
	{ SPREAD "of = \"originator\"; max = 5; per = \"day\";", 2,
		"of: originator is the key: each one has one of it" },
	{ SPREAD "of = \"destinations\"; max = 5; per = \"day\";", 2,
		"of: unknown value \"destinations\": did you mean \"destination\"?" },
	{ SPREAD "of = \"destination\"; max = 1000001; per = \"day\";", 2,
		"max: 1000001 is out of range: 1 to 1000000" },
	{ SPREAD "of = \"destination\"; max = 5; per = \"2 moons\";", 2,
		"per: \"2 moons\" is no time" },
	{ SPREAD "of = \"destination\"; max = 5; per = \"500 days\";", 2, "per: " },
	{ RATIO "answered = 101; messages = 10; per = \"day\";", 2,
		"answered: 101 is out of range" },
	{ GREY "delay = \"1 day\"; keep = \"60 s\";", 2, "limit \"l\": " },
	/* what follows */
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; key = [];\n action = \"redact\";", 3,
		"action: " },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; key = []; action = \"pass\";", 2,
		"action: " },
	{ RATE PER_MIN "\n state = \"sample=100%\";", 3, "state: " },
	{ RATE PER_MIN "count = \"part\";", 2, "count: unknown value \"part\": did you mean" },
	{ RATE PER_MIN "status = 0x500;", 2, "status: 1280 is out of range" },
	{ RATE PER_MIN "\n\n when = { orignator = \"4477*\"; };", 4,
		"did you mean \"originator\"?" },
	/* keys with names */
	{ RATE PER_MIN "named = \"447700900001\";", 2, "named: expected an array" },
	{ GREY_PAIR "named = [ \"447700900001\" ];", 2,
		"named: \"447700900001\" is no value of originator,destination" },
	{ RATE PER_MIN "\n named = [ \"447700900001\", \"+447700900001\" ];", 3,
		"named: \"+447700900001\" is here twice" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; key = []; action = \"report\"; "
	  "named = [ \"x\" ];",
		2, "named: limit \"l\" has no key that could have names" },
	/* two of them */
	{ RATE PER_MIN "},\n{ " RATE PER_MIN, 3,
		"name: there is a limit \"l\" already, on line 2" },
};

/* said: of this line, with the text. */
static bool said(const struct diag *d, enum diag_level level, int line, const char *text)
{
	for (size_t i = 0; i < d->n_entries; i++) {
		if (d->entries[i].level == level && d->entries[i].line == line &&
			strstr(d->entries[i].text, text) != NULL) {
			return true;
		}
	}
	return false;
}

static bool read_limit(struct policy_rig *r, const char *before, const char *limit)
{
	char conf[1024];

	(void)snprintf(conf, sizeof(conf), "%slimits = (\n{ %s }\n);\n", before, limit);
	return rig_read(r, patterns, conf, 3);
}

static void test_mistakes(void)
{
	struct policy_rig *r = malloc(sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *m = &mistakes[i];
		bool good = read_limit(r, "", m->limit);

		if (good || !said(&r->diag, DIAG_ERROR, m->line, m->text)) {
			printf("not said: line %d: %s\nof: %s\nbut:\n", m->line, m->text, m->limit);
			diag_print(&r->diag, stdout);
			CU_FAIL("another error was expected");
		}
		rig_free(r);
	}
	free(r);
}

static const struct mistake warnings[] = {
	{ RATE PER_MIN "\n status = 0x45;", 4,
		"status has no effect without action = \"reject\": throttled is ESME_RTHROTTLED" },
	{ "name = \"l\"; kind = \"rate\"; rate = \"1/s\"; key = [ \"url_host\" ]; "
	  "action = \"reject\";",
		3, "limit \"l\" asks for the text, which is inspected nowhere" },
};

static void test_warnings(void)
{
	struct policy_rig *r = malloc(sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		CU_ASSERT_TRUE(read_limit(r, "content = false;\n", warnings[i].limit));
		if (!said(&r->diag, DIAG_WARNING, warnings[i].line, warnings[i].text)) {
			diag_print(&r->diag, stdout);
			CU_FAIL(warnings[i].text);
		}
		rig_free(r);
	}
	free(r);
}

/* A limit, how it is printed, and what it allows in few words. */
struct good {
	const char *limit;
	const char *printed;
	const char *allows;
};

static const struct good goods[] = {
	{ RATE PER_MIN,
		"{ name = \"l\"; kind = \"rate\"; key = [ \"originator\" ]; rate = \"60/min\"; "
		"burst = 60; action = \"throttle\"; }",
		"60/min, 60 at once" },
	{ "name = \"l\"; kind = \"rate\"; key = \"originator_prefix:6\"; rate = \"3 / 10s\"; "
	  "burst = 1; count = \"parts\"; action = \"reject\"; status = 0x58; state = \"shadow\"; "
	  "note = \"a \\\"trial\\\"\";",
		"{ name = \"l\"; kind = \"rate\"; key = [ \"originator_prefix:6\" ]; "
		"rate = \"3/10 s\"; burst = 1; count = \"parts\"; action = \"reject\"; "
		"status = 0x58; state = \"shadow\"; note = \"a \\\"trial\\\"\"; }",
		"3/10 s, 1 at once" },
	{ "name = \"l\"; kind = \"rate\"; key = []; rate = \"1000/day\"; burst = 10; "
	  "action = \"blank\"; state = \"sample=5%\"; when = { side = \"outside\"; };",
		"{ name = \"l\"; kind = \"rate\"; key = []; rate = \"1000/day\"; burst = 10; "
		"action = \"blank\"; state = \"sample=5%\"; when = { side = \"outside\"; }; }",
		"1000/day, 10 at once" },
	{ SPREAD "of = \"destination\"; max = 100; per = \"day\";",
		"{ name = \"l\"; kind = \"distinct\"; key = [ \"originator\" ]; "
		"of = \"destination\"; max = 100; per = \"1 day\"; action = \"report\"; }",
		"100 of destination in 1 day" },
	{ RATIO "answered = 10; messages = 200; per = \"12 hours\";",
		"{ name = \"l\"; kind = \"ratio\"; key = [ \"originator\" ]; answered = 10; "
		"messages = 200; per = \"12 hours\"; action = \"report\"; }",
		"200 messages in 12 hours, more if 10 % are answered" },
	{ "name = \"l\"; kind = \"grey\"; key = [ \"originator\", \"destination\" ]; "
	  "delay = \"60 s\"; keep = \"1 day\"; action = \"throttle\"; "
	  "named = [ \"447700900001,447700900002\" ];",
		"{ name = \"l\"; kind = \"grey\"; key = [ \"originator\", \"destination\" ]; "
		"delay = \"1 min\"; keep = \"1 day\"; action = \"throttle\"; "
		"named = [ \"447700900001,447700900002\" ]; }",
		"after 1 min, seen every 1 day" },
};

static char *print_one(const struct policy_rig *r)
{
	const struct policy_names names = rig_names(r, 3);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	policy_print_limit(r->policy, &names, 0, f);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
	return text;
}

/* Printed, read again and printed again: the same, and the same limit. */
static void test_prints(void)
{
	struct policy_rig *r = malloc(sizeof(*r));
	struct policy_rig *again = malloc(sizeof(*again));

	CU_ASSERT_FATAL(r != NULL && again != NULL);
	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		char allows[POLICY_LIMIT_TEXT_SIZE];
		char *one;
		char *whole;
		char *whole_again;

		if (!read_limit(r, "", goods[i].limit)) {
			diag_print(&r->diag, stdout);
			CU_FAIL(goods[i].limit);
			rig_free(r);
			continue;
		}
		one = print_one(r);
		CU_ASSERT_STRING_EQUAL(one, goods[i].printed);
		if (strcmp(one, goods[i].printed) != 0) {
			printf("printed: %s\nand not: %s\n", one, goods[i].printed);
		}
		CU_ASSERT_STRING_EQUAL(
			policy_print_limit_text(&r->policy->limits[0], allows), goods[i].allows);
		whole = rig_print(r, 3);
		CU_ASSERT_TRUE_FATAL(rig_read(again, patterns, whole, 3));
		whole_again = rig_print(again, 3);
		CU_ASSERT_STRING_EQUAL(whole, whole_again);
		again->policy->limits[0].line = r->policy->limits[0].line;
		CU_ASSERT_EQUAL(memcmp(&again->policy->limits[0], &r->policy->limits[0],
					sizeof(r->policy->limits[0])),
			0);
		free(one);
		free(whole);
		free(whole_again);
		rig_free(again);
		rig_free(r);
	}
	free(again);
	free(r);
}

/* The defaults of CTIA's messaging principles (2019) 2.1, as docs and examples have them. */
static void test_consumer_defaults(void)
{
	static const char conf[] =
		"limits = (\n"
		"	{ name = \"minute\"; kind = \"rate\"; key = [ \"originator\" ]; "
		"rate = \"60/min\"; burst = 60; action = \"throttle\"; },\n"
		"	{ name = \"day\"; kind = \"rate\"; key = [ \"originator\" ]; "
		"rate = \"1000/day\"; burst = 1000; action = \"throttle\"; },\n"
		"	{ name = \"spread\"; kind = \"distinct\"; key = [ \"originator\" ]; "
		"of = \"destination\"; max = 100; per = \"day\"; action = \"report\"; },\n"
		"	{ name = \"farm\"; kind = \"ratio\"; key = [ \"originator\" ]; "
		"answered = 10; messages = 200; per = \"day\"; action = \"report\"; }\n"
		");\n";
	struct policy_rig *r = malloc(sizeof(*r));
	const struct limit_rule *l;

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_TRUE_FATAL(rig_read(r, patterns, conf, 3));
	l = r->policy->limits;
	CU_ASSERT_EQUAL_FATAL(r->policy->n_limits, 4);
	CU_ASSERT_EQUAL(l[0].max, 60);
	CU_ASSERT_EQUAL(l[0].per_us, 60 * UINT64_C(1000000));
	CU_ASSERT_EQUAL(l[0].interval_ns, UINT64_C(1000000000));
	CU_ASSERT_EQUAL(l[0].action, ACTION_THROTTLE);
	CU_ASSERT_EQUAL(l[1].per_us, UINT64_C(86400000000));
	CU_ASSERT_EQUAL(l[2].of, LIMIT_KEY_DESTINATION);
	CU_ASSERT_EQUAL(l[2].max, 100);
	CU_ASSERT_EQUAL(l[3].percent, 10);
	CU_ASSERT_EQUAL(l[3].max, 200);
	CU_ASSERT_FALSE(l[0].needs_text || l[2].needs_text);
	rig_free(r);
	free(r);
}

/* More than there is room for. */
static void test_many(void)
{
	struct policy_rig *r = malloc(sizeof(*r));
	char *conf = calloc(1, 65536);
	size_t len = 0;

	CU_ASSERT_FATAL(r != NULL && conf != NULL);
	for (unsigned i = 0; i <= LIMIT_RULES_MAX; i++) {
		len += (size_t)snprintf(conf + len, 65536 - len,
			"%s{ name = \"l%u\"; kind = \"rate\"; key = []; rate = \"1/s\"; "
			"action = \"report\"; }",
			i == 0 ? "limits = (" : ",\n", i);
	}
	(void)snprintf(conf + len, 65536 - len, ");\n");
	CU_ASSERT_FALSE(rig_read(r, patterns, conf, 3));
	CU_ASSERT_TRUE(said(&r->diag, DIAG_ERROR, 1, "limits: more than 64"));
	rig_free(r);
	free(conf);
	free(r);
}

UNIT_MAIN("control/policy_limits", { "mistakes", test_mistakes }, { "warnings", test_warnings },
	{ "prints", test_prints }, { "consumer defaults", test_consumer_defaults },
	{ "many", test_many })
