/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What policy_print() writes is the same policy: read again it is equal, and printed again the same
 * text. Of the shipped policies (found from where meson runs tests, or not at all), of policies made
 * by hand, and of RANDOM_POLICIES made by chance.
 */
#include <dirent.h>
#include <unistd.h>

#include "control/policy_file.h"
#include "dataplane/sms/numbering.h"
#include "dataplane/stats.h"
#include "tests/control/policy_rig.h"

enum { RANDOM_POLICIES = 2000 };

static const char patterns[] = "1001:/prize/ category=prize\n1002:/win/\nx.y-z:/free/\n";

static void fail_with(const struct diag *d, const char *text)
{
	printf("%s\n", text);
	diag_print(d, stdout);
	CU_FAIL_FATAL("it does not come back");
}

/* ---- equal */

static void check_scope(const struct policy_scope *a, const struct policy_scope *b)
{
	CU_ASSERT_EQUAL(a->link, b->link);
	CU_ASSERT_EQUAL(a->side, b->side);
	CU_ASSERT_EQUAL(a->tenant, b->tenant);
	CU_ASSERT_EQUAL(a->profile, b->profile);
	CU_ASSERT_EQUAL(a->country, b->country);
	CU_ASSERT_EQUAL(a->content, b->content);
	CU_ASSERT_EQUAL(a->max_action, b->max_action);
	CU_ASSERT_EQUAL(a->n_categories, b->n_categories);
	CU_ASSERT_EQUAL(memcmp(&a->when, &b->when, sizeof(a->when)), 0);
	CU_ASSERT_EQUAL(memcmp(a->categories, b->categories, sizeof(a->categories)), 0);
}

static void check_conditions(const struct condition_store *a, const struct condition_store *b)
{
	CU_ASSERT_EQUAL_FATAL(a->n_nodes, b->n_nodes);
	CU_ASSERT_EQUAL_FATAL(a->n_values, b->n_values);
	CU_ASSERT_EQUAL_FATAL(a->n_text, b->n_text);
	CU_ASSERT_EQUAL(memcmp(a->nodes, b->nodes, a->n_nodes * sizeof(a->nodes[0])), 0);
	CU_ASSERT_EQUAL(memcmp(a->values, b->values, a->n_values * sizeof(a->values[0])), 0);
	CU_ASSERT_EQUAL(memcmp(a->text, b->text, a->n_text), 0);
}

static void check_limits(const struct policy *a, const struct policy *b)
{
	CU_ASSERT_EQUAL_FATAL(a->n_limits, b->n_limits);
	for (uint32_t i = 0; i < a->n_limits; i++) {
		struct limit_rule x = a->limits[i];
		struct limit_rule y = b->limits[i];

		CU_ASSERT_STRING_EQUAL(x.name, y.name);
		CU_ASSERT_EQUAL(x.max, y.max);
		CU_ASSERT_EQUAL(x.burst, y.burst);
		CU_ASSERT_EQUAL(x.per_us, y.per_us);
		CU_ASSERT_EQUAL(x.delay_us, y.delay_us);
		CU_ASSERT_EQUAL(x.keep_us, y.keep_us);
		CU_ASSERT_EQUAL(x.action, y.action);
		CU_ASSERT_EQUAL(memcmp(&x.when, &y.when, sizeof(x.when)), 0);
	}
}

static void check_equal(const struct policy *a, const struct policy *b)
{
	CU_ASSERT_EQUAL_FATAL(a->n_scopes, b->n_scopes);
	for (uint32_t i = 0; i < a->n_scopes; i++) {
		check_scope(&a->scopes[i], &b->scopes[i]);
	}
	CU_ASSERT_EQUAL_FATAL(a->n_profiles, b->n_profiles);
	for (uint32_t i = 0; i < a->n_profiles; i++) {
		CU_ASSERT_STRING_EQUAL(a->profiles[i].name, b->profiles[i].name);
		check_scope(&a->profiles[i].settings, &b->profiles[i].settings);
	}
	CU_ASSERT_EQUAL_FATAL(a->n_tenants, b->n_tenants);
	for (uint32_t i = 0; i < a->n_tenants; i++) {
		CU_ASSERT_STRING_EQUAL(a->tenants[i].name, b->tenants[i].name);
		CU_ASSERT_EQUAL(memcmp(&a->tenants[i].when, &b->tenants[i].when,
					sizeof(a->tenants[i].when)),
			0);
	}
	CU_ASSERT_EQUAL_FATAL(a->n_lists, b->n_lists);
	for (uint32_t i = 0; i < a->n_lists; i++) {
		CU_ASSERT_STRING_EQUAL(a->lists[i].name, b->lists[i].name);
		CU_ASSERT_STRING_EQUAL(a->lists[i].file, b->lists[i].file);
		CU_ASSERT_EQUAL(a->lists[i].kind, b->lists[i].kind);
	}
	CU_ASSERT_EQUAL_FATAL(a->n_list_uses, b->n_list_uses);
	CU_ASSERT_EQUAL(
		memcmp(a->list_uses, b->list_uses, a->n_list_uses * sizeof(a->list_uses[0])), 0);
	CU_ASSERT_EQUAL_FATAL(a->n_rules, b->n_rules);
	CU_ASSERT_EQUAL(memcmp(a->rules, b->rules, a->n_rules * sizeof(a->rules[0])), 0);
	CU_ASSERT_EQUAL(a->country, b->country);
	CU_ASSERT_EQUAL(memcmp(&a->zone, &b->zone, sizeof(a->zone)), 0);
	check_conditions(&a->conditions, &b->conditions);
	check_limits(a, b);
}

/* check_back: of a text that is read without errors. */
static void check_back(const char *conf, unsigned n_links)
{
	struct policy_rig *r = calloc(2, sizeof(*r));
	char *first;
	char *second;

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	if (!rig_read(&r[0], patterns, conf, n_links)) {
		fail_with(&r[0].diag, conf);
	}
	first = rig_print(&r[0], n_links);
	if (!rig_read(&r[1], patterns, first, n_links)) {
		fail_with(&r[1].diag, first);
	}
	second = rig_print(&r[1], n_links);
	if (strcmp(first, second) != 0) {
		printf("%s\n---- printed first\n%s\n---- and then\n%s\n", conf, first, second);
		CU_FAIL_FATAL("printed in another way");
	}
	check_equal(r[0].policy, r[1].policy);
	free(first);
	free(second);
	rig_free(&r[0]);
	rig_free(&r[1]);
	free(r);
}

/* ---- one of each */

static const char plain[] =
	"lists = ( { name = \"b\"; kind = \"sender\"; }, { name = \"a\"; kind = \"number\"; effect = "
	"\"pass\"; match = [ \"originator\", \"text\" ]; country = \"GB\"; }, { name = \"b\"; effect = "
	"\"reject\"; folded = false; status = 0x45; link = \"edge\"; } );\n"
	"content = false; country = \"GB\"; timezone = \"America/New_York\"; max_action = \"blank\";\n"
	"categories = ( { name = \"prize\"; report = -3; throttle = 50; reject = 100; status = 69; },\n"
	"	{ name = \"odd\"; } );\n"
	"tenants = ( { name = \"acme\"; when = { account = [ \"acme1\", \"acme2\" ]; }; } );\n"
	"profiles = ( { name = \"p\"; content = true; categories = ( { name = \"odd\"; report = 1; } ); "
	"} );\n"
	"links = ( { link = \"edge\"; side = \"inside\"; tenant = \"acme\"; profile = \"p\"; content = "
	"false; }, { when = { originator = \"@b~\"; }; max_action = \"reject\"; country = \"FR\"; } );\n"
	"rules = ( { id = \"r\"; category = \"odd\"; weight = -5; action = \"pass\"; state = "
	"\"sample=5%\"; note = \"say \\\"x\\\"\\n\"; when = { not = { hit = \"1001\"; }; until = "
	"\"2026-12-31\"; }; } );\n"
	"limits = ( { name = \"p2p\"; kind = \"rate\"; key = [ \"originator\" ]; rate = \"60/min\"; "
	"action = \"throttle\"; when = { tenant = \"acme\"; }; } );\n";

static const char plain_printed[] =
	"country = \"GB\";\n"
	"timezone = \"America/New_York\";\n"
	"content = false;\n"
	"max_action = \"blank\";\n"
	"categories = (\n"
	"	{ name = \"default\"; reject = 100; },\n"
	"	{ name = \"prize\"; report = -3; throttle = 50; reject = 100; status = 0x45; },\n"
	"	{ name = \"odd\"; }\n"
	");\n"
	"tenants = (\n"
	"	{ name = \"acme\"; when = { account = [ \"acme1\", \"acme2\" ]; }; }\n"
	");\n"
	"profiles = (\n"
	"	{ name = \"p\"; content = true; categories = ( { name = \"odd\"; report = 1; } ); }\n"
	");\n"
	"links = (\n"
	"	{ link = \"edge\"; side = \"inside\"; tenant = \"acme\"; profile = \"p\"; content = "
	"false; },\n"
	"	{ when = { originator = \"@b~\"; }; max_action = \"reject\"; country = \"FR\"; }\n"
	");\n"
	"lists = (\n"
	"	{ name = \"b\"; kind = \"sender\"; },\n"
	"	{ name = \"a\"; kind = \"number\"; match = [ \"originator\", \"text\" ]; effect = "
	"\"pass\"; country = \"44\"; },\n"
	"	{ name = \"b\"; match = \"originator\"; effect = \"reject\"; status = 0x45; link = "
	"\"edge\"; folded = false; }\n"
	");\n"
	"rules = (\n"
	"	{ id = \"r\"; category = \"odd\"; weight = -5; action = \"pass\"; state = "
	"\"sample=5%\"; when = { not = { hit = \"1001\"; }; until = \"2026-12-31\"; }; note = \"say "
	"\\\"x\\\"\\n\"; }\n"
	");\n"
	"limits = (\n"
	"	{ name = \"p2p\"; kind = \"rate\"; key = [ \"originator\" ]; rate = \"60/min\"; burst = "
	"60; action = \"throttle\"; when = { tenant = \"acme\"; }; }\n"
	");\n";

static void test_plain(void)
{
	struct policy_rig *r = calloc(1, sizeof(*r));
	char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	if (!rig_read(r, patterns, plain, 2)) {
		fail_with(&r->diag, plain);
	}
	text = rig_print(r, 2);
	CU_ASSERT_STRING_EQUAL(text, plain_printed);
	free(text);
	rig_free(r);
	free(r);
	check_back(plain, 2);
	check_back(plain, 0); /* without a configuration: names of links stay */
	check_back("", 0);
}

/* Any octets in a text, as far as libconfig takes them. */
static void test_texts(void)
{
	char conf[256];

	for (unsigned c = 1; c < 256; c++) {
		(void)snprintf(conf, sizeof(conf),
			"tenants = ( { name = \"a\"; when = { account = \"x\\x%02Xy\"; }; } );\n",
			c);
		if (c != '*') {
			check_back(conf, 0);
		}
	}
	check_back(
		"tenants = ( { name = \"a\"; when = { account = \"\\\\ \\\" \xC3\xA9 \xE2\x82\xAC "
		"\xF0\x9F\x98\x80 \xC3\"; }; } );\n",
		0);
}

/* ---- by chance */

struct maker {
	uint64_t state;
	FILE *to;
	unsigned n_tenants, n_lists, n_rules;
	uint8_t kinds[16]; /* of lists */
};

static unsigned pick(struct maker *m, unsigned n)
{
	m->state ^= m->state << 13;
	m->state ^= m->state >> 7;
	m->state ^= m->state << 17;
	return (unsigned)((m->state >> 11) % n);
}

#define PICK(m, names) names[pick(m, sizeof(names) / sizeof((names)[0]))]

static void make_text(struct maker *m)
{
	static const char *const pieces[] = { "a", "Bank", "7", "-", "\\\"", "\\\\", "\\n", "\\x01",
		"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", " ", "{", "}", "=", ";", "#", "/",
		"\\xFF" };

	for (unsigned n = 1 + pick(m, 6); n != 0; n--) {
		fputs(PICK(m, pieces), m->to);
	}
}

static void make_digits(struct maker *m, unsigned most)
{
	fputc((int)('1' + pick(m, 9)), m->to);
	for (unsigned n = pick(m, most); n != 0; n--) {
		fputc((int)('0' + pick(m, 10)), m->to);
	}
}

/* make_list: a list that fits the field; false: there is none. */
static bool make_list(struct maker *m, enum condition_field f)
{
	for (unsigned i = 0; i < m->n_lists; i++) {
		enum list_kind kind = (enum list_kind)m->kinds[i];
		bool fits = (f == CONDITION_ORIGINATOR && kind == LIST_SENDER) ||
		            (f == CONDITION_DESTINATION && kind == LIST_NUMBER) ||
		            (f == CONDITION_ACCOUNT && kind == LIST_ACCOUNT) ||
		            (f == CONDITION_URL_HOST && kind == LIST_HOST) ||
		            (f == CONDITION_PAIR && kind == LIST_PAIR) ||
		            (f == CONDITION_FROM_IP && kind == LIST_IP);

		if (fits && pick(m, 2) == 0) {
			fprintf(m->to, "\"@l%u%s\"", i,
				kind == LIST_SENDER && pick(m, 2) == 0 ? "~" : "");
			return true;
		}
	}
	return false;
}

static void make_enum(struct maker *m, enum condition_field f)
{
	const char *name = NULL;

	if (f == CONDITION_LINK) {
		fprintf(m->to, "\"%s\"", rig_links[pick(m, 3)]);
	} else if (f == CONDITION_TENANT) {
		fprintf(m->to, "\"t%u\"", pick(m, m->n_tenants));
	} else if (f == CONDITION_HIT) {
		unsigned i = pick(m, m->n_rules + 1);

		if (i == 0) {
			fputs("\"x.y-z\"", m->to);
		} else {
			fprintf(m->to, "\"r%u\"", i - 1);
		}
	} else {
		while (name == NULL) {
			name = condition_enum_name(f, pick(m, R_COUNT));
		}
		fprintf(m->to, "\"%s\"", name);
	}
}

static void make_time(struct maker *m, enum condition_field f)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	if (f == CONDITION_HOURS) {
		unsigned from = pick(m, 1439);

		fprintf(m->to, "\"%02u:%02u-%02u:%02u\"", from / 60, from % 60, (from + 1) / 60,
			(from + 1) % 60);
	} else if (f == CONDITION_DAYS) {
		fprintf(m->to, "\"%s-%s\"", PICK(m, days), PICK(m, days));
	} else {
		bool late = f == CONDITION_UNTIL; /* never before `from` */

		fprintf(m->to, "\"20%02u-%02u-%02u", (late ? 40 : 5) + pick(m, 30), 1 + pick(m, 12),
			1 + pick(m, 28));
		if (pick(m, 2) == 0) {
			fprintf(m->to, " %02u:%02u", pick(m, 24), pick(m, 60));
		}
		fputc('"', m->to);
	}
}

static void make_address(struct maker *m, enum condition_field f)
{
	if (f != CONDITION_IMSI && pick(m, 3) == 0) {
		fprintf(m->to, "\"%s", pick(m, 2) == 0 ? "*" : "");
		make_text(m);
		fprintf(m->to, "x%s\"", pick(m, 2) == 0 ? "*" : "");
		return;
	}
	fprintf(m->to, "\"%s", pick(m, 4) == 0 ? "*" : "");
	make_digits(m, 14);
	fprintf(m->to, "%s\"", pick(m, 2) == 0 ? "*" : "");
}

static bool is_country(enum condition_field f)
{
	const char *name = condition_field_name(f);

	return strlen(name) > 8 && strcmp(name + strlen(name) - 8, "_country") == 0;
}

static void make_value(struct maker *m, enum condition_field f)
{
	switch (condition_field_type(f)) {
	case CONDITION_TYPE_NUMBER:
		if (pick(m, 2) == 0) {
			fprintf(m->to, "\"%u-%u\"", 1 + pick(m, 2), 2 + pick(m, 2));
		} else {
			fprintf(m->to, "\"%u%s\"", 1 + pick(m, 2), pick(m, 3) == 0 ? "-" : "");
		}
		break;
	case CONDITION_TYPE_ENUM:
		make_enum(m, f);
		break;
	case CONDITION_TYPE_BOOL:
		fputs(pick(m, 2) == 0 ? "true" : "false", m->to);
		break;
	case CONDITION_TYPE_TIME:
		make_time(m, f);
		break;
	case CONDITION_TYPE_IP:
		if (!make_list(m, f)) {
			fprintf(m->to,
				pick(m, 2) == 0 ? "\"10.%u.0.0/16\"" : "\"2001:db8:%x::/48\"",
				pick(m, 256));
		}
		break;
	case CONDITION_TYPE_ADDRESS:
		if (!make_list(m, f)) {
			make_address(m, f);
		}
		break;
	case CONDITION_TYPE_TEXT:
		if (is_country(f)) {
			static const char *const countries[] = { "GB", "44", "+1", "in", "DE" };

			fprintf(m->to, "\"%s\"", PICK(m, countries));
		} else if (f == CONDITION_COMMAND) {
			fputs("\"submit*\"", m->to);
		} else if (!make_list(m, f)) {
			fputc('"', m->to);
			make_text(m);
			fputs(pick(m, 2) == 0 ? "*\"" : "\"", m->to);
		}
		break;
	}
}

/* choose: a field that may stand here and has not been in this group. */
static enum condition_field choose(struct maker *m, bool scope, bool tenant, uint64_t seen[2])
{
	for (;;) {
		unsigned f = pick(m, CONDITION_FIELD_COUNT);
		bool pairless = f == CONDITION_PAIR;

		if ((scope && (condition_field_content((enum condition_field)f) ||
				      f == CONDITION_HIT)) ||
			(f == CONDITION_TENANT && (tenant || m->n_tenants == 0)) || pairless ||
			(seen[f / 64] >> (f % 64) & 1) != 0) {
			continue;
		}
		seen[f / 64] |= UINT64_C(1) << (f % 64);
		return (enum condition_field)f;
	}
}

static void make_group(/* NOLINT(misc-no-recursion): three deep */
	struct maker *m, bool scope, bool tenant, unsigned depth)
{
	uint64_t seen[2] = { 0, 0 };

	fputs("{ ", m->to);
	for (unsigned n = 1 + pick(m, 3); n != 0; n--) {
		enum condition_field f = choose(m, scope, tenant, seen);
		unsigned values = 1 + pick(m, 3);

		fprintf(m->to, "%s = %s", condition_field_name(f), values > 1 ? "( " : "");
		for (unsigned i = 0; i < values; i++) {
			fputs(i != 0 ? ", " : "", m->to);
			make_value(m, f);
		}
		fputs(values > 1 ? " ); " : "; ", m->to);
	}
	if (depth < 3 && pick(m, 3) == 0) {
		fputs("not = ", m->to);
		make_group(m, scope, tenant, depth + 1);
		fputs("; ", m->to);
	}
	if (depth < 3 && pick(m, 3) == 0) {
		fputs(pick(m, 2) == 0 ? "any = ( " : "all = ( ", m->to);
		for (unsigned n = pick(m, 2); n != 0; n--) {
			make_group(m, scope, tenant, depth + 1);
			fputs(", ", m->to);
		}
		make_group(m, scope, tenant, depth + 1);
		fputs(" ); ", m->to);
	}
	fputc('}', m->to);
}

static void make_categories(struct maker *m)
{
	fprintf(m->to, "categories = ( { name = \"%s\"; %s = %u; } ); ",
		pick(m, 2) == 0 ? "prize" : "default",
		rule_action_name((enum rule_action)(1 + pick(m, ACTIONS - 1))), pick(m, 300));
}

static void make_settings(struct maker *m)
{
	static const char *const countries[] = { "GB", "44", "US", "800" };

	if (pick(m, 3) == 0) {
		fprintf(m->to, "content = %s; ", pick(m, 2) == 0 ? "true" : "false");
	}
	if (pick(m, 3) == 0) {
		fprintf(m->to, "max_action = \"%s\"; ",
			rule_action_name((enum rule_action)pick(m, ACTIONS)));
	}
	if (pick(m, 3) == 0) {
		fprintf(m->to, "country = \"%s\"; ", PICK(m, countries));
	}
	if (pick(m, 3) == 0) {
		make_categories(m);
	}
}

static void make_lists(struct maker *m)
{
	unsigned n = pick(m, 7);

	for (unsigned i = 0; i < n; i++) {
		unsigned kind = pick(m, LIST_KIND_COUNT);

		m->kinds[i] = (uint8_t)kind;
		fprintf(m->to, "%s{ name = \"l%u\"; kind = \"%s\"; ",
			i == 0 ? "lists = ( " : ",\n\t", i, list_kind_name((enum list_kind)kind));
		if (pick(m, 3) == 0) {
			fprintf(m->to, "file = \"f%u.list\"; ", pick(m, 5));
		}
		for (unsigned match = pick(m, 3) == 0 ? LIST_MATCH_COUNT : 0;
			match < LIST_MATCH_COUNT; match++) {
			if (list_kind_matches((enum list_kind)kind, (enum list_match)match)) {
				fprintf(m->to, "match = \"%s\"; effect = \"%s\"; ",
					list_match_name((enum list_match)match),
					pick(m, 2) == 0 ? "pass" : "reject");
				break;
			}
		}
		fputc('}', m->to);
	}
	for (unsigned i = 0; i < n; i++) { /* asked for once more, in another order */
		unsigned l = pick(m, n);

		if (m->kinds[l] == LIST_SENDER) {
			fprintf(m->to,
				",\n\t{ name = \"l%u\"; effect = \"%s\"; folded = %s; side = "
				"\"inside\"; }",
				l, pick(m, 2) == 0 ? "pass" : "blank",
				pick(m, 2) == 0 ? "true" : "false");
		}
	}
	fputs(n != 0 ? " );\n" : "", m->to);
	m->n_lists = n;
}

static void make_rules(struct maker *m)
{
	static const char *const states[] = { "on", "shadow", "sample=7%" };
	static const char *const actions[] = { "pass", "report", "blank", "throttle", "reject" };

	for (unsigned n = pick(m, 5); m->n_rules < n; m->n_rules++) {
		fprintf(m->to, "%s{ id = \"r%u\"; ", m->n_rules == 0 ? "rules = ( " : ",\n\t",
			m->n_rules);
		if (pick(m, 2) == 0) {
			fprintf(m->to, "category = \"c%u\"; weight = %d; ", pick(m, 3),
				(int)pick(m, 2001) - 1000);
		}
		if (pick(m, 2) == 0) {
			fprintf(m->to, "action = \"%s\"; state = \"%s\"; note = \"",
				PICK(m, actions), PICK(m, states));
			make_text(m);
			fputs("\"; ", m->to);
		}
		fputs("when = ", m->to);
		make_group(m, false, false, 0);
		fputs("; }", m->to);
	}
	fputs(m->n_rules != 0 ? " );\n" : "", m->to);
}

static void make_limits(struct maker *m)
{
	static const char *const per[] = { "s", "min", "hour", "day", "10 s" };
	unsigned n = pick(m, 3);

	for (unsigned i = 0; i < n; i++) {
		fprintf(m->to,
			"%s{ name = \"m%u\"; kind = \"rate\"; key = [ \"originator\" ]; rate = "
			"\"%u/%s\"; action = \"throttle\"; when = ",
			i == 0 ? "limits = ( " : ",\n\t", i, 1 + pick(m, 1000), PICK(m, per));
		make_group(m, false, false, 1);
		fputs("; }", m->to);
	}
	fputs(n != 0 ? " );\n" : "", m->to);
}

/* make_policy: malloc()ed. Groups are written in the order in which they are read. */
static char *make_policy(uint64_t seed)
{
	static const char *const zones[] = { "UTC", "Europe/London", "Asia/Kolkata",
		"Australia/Lord_Howe" };
	struct maker m = { .state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1 };
	char *text = NULL;
	size_t len = 0;
	unsigned n;

	m.to = open_memstream(&text, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m.to);
	if (pick(&m, 2) == 0) {
		fprintf(m.to, "timezone = \"%s\";\n", PICK(&m, zones));
	}
	make_lists(&m);
	n = pick(&m, 4);
	for (unsigned i = 0; i < n; i++) {
		fprintf(m.to, "%s{ name = \"t%u\"; when = { account = \"a%u\"; any = ( ",
			i == 0 ? "tenants = ( " : ",\n\t", i, i);
		make_group(&m, true, true, 1);
		fputs(" ); }; }", m.to);
	}
	fputs(n != 0 ? " );\n" : "", m.to);
	m.n_tenants = n;
	make_rules(&m);
	make_settings(&m);
	fputs("\nprofiles = ( { name = \"p\"; ", m.to);
	make_settings(&m);
	fputs("} );\n", m.to);
	n = pick(&m, 4);
	for (unsigned i = 0; i < n; i++) {
		fprintf(m.to, "%s{ link = \"%s\"; when = { recipients = %u; not = ",
			i == 0 ? "links = ( " : ",\n\t", rig_links[pick(&m, 3)], i);
		make_group(&m, true, false, 1);
		fprintf(m.to, "; }; %s", pick(&m, 2) == 0 ? "profile = \"p\"; " : "");
		make_settings(&m);
		fputc('}', m.to);
	}
	fputs(n != 0 ? " );\n" : "", m.to);
	make_limits(&m);
	CU_ASSERT_EQUAL_FATAL(fclose(m.to), 0);
	return text;
}

static void test_random(void)
{
	for (unsigned i = 0; i < RANDOM_POLICIES; i++) {
		char *conf = make_policy(i + 1);

		check_back(conf, i % 4 == 0 ? 0 : 3);
		free(conf);
	}
}

/* ---- shipped ones */

/* check_folder: a policy as policy_set_load() reads it, and what is printed in its place. */
static void check_folder(const char *folder)
{
	const struct policy_load how = {
		.path = folder, .default_action = ACTION_REJECT, .rules_only = true
	};
	struct policy_set *set = calloc(1, sizeof(*set));
	struct policy_rig *r = calloc(1, sizeof(*r));
	struct policy_conf conf = { .default_action = ACTION_REJECT };
	struct policy_names names;
	struct config_text text;
	char *printed = NULL;
	char *again;
	size_t len = 0;
	FILE *f = open_memstream(&printed, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	if (!policy_set_load(set, &how, &r->diag)) {
		fail_with(&r->diag, folder);
	}
	names = policy_set_names(set, NULL, 0);
	policy_print(&set->policy, &names, f);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
	r->policy = calloc(1, sizeof(*r->policy));
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->policy);
	conf.ruleset = set->ruleset;
	conf.unseen = &r->unseen;
	if (!config_text_memory(&text, "again", printed, &r->diag) ||
		!policy_conf_read(r->policy, &text, &conf, &r->diag)) {
		fail_with(&r->diag, printed);
	}
	check_equal(&set->policy, r->policy);
	names.unseen = &r->unseen;
	f = open_memstream(&again, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	policy_print(r->policy, &names, f);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
	CU_ASSERT_STRING_EQUAL(printed, again);
	config_text_free(&text);
	free(printed);
	free(again);
	policy_set_free(set);
	free(set);
	rig_free(r);
	free(r);
}

static void test_shipped(void)
{
	const char *root = getenv("SMSWALL_ROOT");
	char folder[512];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	(void)snprintf(folder, sizeof(folder), "%s/conf/policies", root != NULL ? root : ".");
	d = opendir(folder);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(folder, sizeof(folder), "%s/conf/policies/%s/policy.conf",
			root != NULL ? root : ".", e->d_name);
		if (e->d_name[0] != '.' && access(folder, F_OK) == 0) {
			*strrchr(folder, '/') = '\0';
			check_folder(folder);
			n++;
		}
	}
	closedir(d);
	CU_ASSERT_TRUE(n >= 5);
}

UNIT_MAIN("control/policy_print", { "plain", test_plain }, { "texts", test_texts },
	{ "random", test_random }, { "shipped", test_shipped })
