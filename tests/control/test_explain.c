/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/explain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/unit.h"

#define LINK(more)                                                           \
	"links = ({ name = \"l\"; ports = [0, 1]; mode = \"enforce\"; " more \
	"smpp = { ports = [2775]; }; });"

/* A policy of one file, or of a folder with a policy.conf, and what explains by it. */
struct bench {
	char folder[64];
	char patterns[96];
	char conf[96];
	struct config *config;
	struct policy_set *policy;
	struct explain *x;
	struct diag diag;
	uint8_t pdu[EXPLAIN_PDU_SIZE];
};

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	(void)fputs(text, f);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
}

/* bench_open_by: `policy` NULL: the file of patterns alone. */
static struct bench *bench_open_by(const char *patterns, const char *policy, const char *config)
{
	static const char *const links[] = { "l" };
	struct bench *b = calloc(1, sizeof(*b));

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	(void)snprintf(b->folder, sizeof(b->folder), "/tmp/smswall-test-explain-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	(void)snprintf(b->patterns, sizeof(b->patterns), "%s/a.pat", b->folder);
	(void)snprintf(b->conf, sizeof(b->conf), "%s/policy.conf", b->folder);
	put(b->patterns, patterns);
	if (policy != NULL) {
		put(b->conf, policy);
	}
	b->config = calloc(1, sizeof(*b->config));
	b->policy = calloc(1, sizeof(*b->policy));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->policy);
	CU_ASSERT_TRUE_FATAL(config_load_text(b->config, "test", config, &b->diag));
	CU_ASSERT_TRUE_FATAL(policy_set_load(b->policy,
		&(struct policy_load){ .path = policy != NULL ? b->folder : b->patterns,
			.link_names = links,
			.n_links = 1,
			.default_action = ACTION_REJECT },
		&b->diag));
	b->x = explain_open(b->config, b->policy, 0, SIDE_OUTSIDE, &b->diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->x);
	return b;
}

static struct bench *bench_open(const char *patterns)
{
	return bench_open_by(patterns, NULL, LINK(""));
}

static void bench_close(struct bench *b)
{
	explain_close(b->x);
	policy_set_free(b->policy);
	free(b->policy);
	free(b->config);
	diag_clear(&b->diag);
	(void)unlink(b->patterns);
	(void)unlink(b->conf);
	CU_ASSERT_EQUAL(rmdir(b->folder), 0);
	free(b);
}

static json_t *explain_text(struct bench *b, const char *text, int data_coding)
{
	struct explain_message m = {
		.text = text, .from = "BANK", .to = "+4917112345678", .data_coding = data_coding
	};
	size_t len = explain_compose(&m, &b->config->pipeline.links[0].profile, b->pdu, &b->diag);

	return len != 0 ? explain_pdu(b->x, bytes_of(b->pdu, len), ROLE_UNKNOWN, bytes_of(NULL, 0),
				  &b->diag)
	                : NULL;
}

/* at: a string by a path of names, the first of an array where one stands in the way. */
static const char *at(const json_t *j, const char *path)
{
	char copy[128];
	char *save = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	for (char *name = strtok_r(copy, ".", &save); name != NULL;
		name = strtok_r(NULL, ".", &save)) {
		j = json_object_get(j, name);
		if (json_is_array(j)) {
			j = json_array_get(j, 0);
		}
	}
	return json_is_string(j) ? json_string_value(j) : "";
}

struct compose_case {
	const char *text;
	int data_coding;
	const char *encoding; /* NULL: refused */
	long long octets;
};

static void texts_survive_the_way_into_a_pdu(void)
{
	static const struct compose_case cases[] = {
		{ "Hello", -1, "gsm7", 5 },
		{ "{\xE2\x82\xAC}", -1, "gsm7", 6 }, /* TS 23.038 6.2.1.1: an escape each */
		{ "@\xC3\xA0\xCE\xA9", -1, "gsm7", 3 },
		{ "\xD0\x9F\xD1\x80", -1, "utf16", 4 },
		{ "\xF0\x9F\x98\x80", -1, "utf16", 4 }, /* a surrogate pair */
		{ "Hello", 8, "utf16", 10 },
		{ "Hello", 1, "ascii", 5 },
		{ "h\xC3\xA9", 3, "latin1", 2 },
		{ "h\xC3\xA9", 1, NULL, 0 },
		{ "\xD0\x9F", 0, NULL, 0 },
		{ "\xD0\x9F", 3, NULL, 0 },
		{ "\xFF", -1, NULL, 0 },
	};
	struct bench *b = bench_open("1:/x/\n");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *e = explain_text(b, cases[i].text, cases[i].data_coding);

		if (cases[i].encoding == NULL) {
			CU_ASSERT_PTR_NULL(e);
			CU_ASSERT_EQUAL(b->diag.n_errors, 1);
			diag_clear(&b->diag);
			continue;
		}
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		CU_ASSERT_STRING_EQUAL(at(e, "bodies.encoding"), cases[i].encoding);
		CU_ASSERT_STRING_EQUAL(at(e, "bodies.text"), cases[i].text);
		CU_ASSERT_EQUAL(json_integer_value(json_object_get(
					json_array_get(json_object_get(e, "bodies"), 0), "octets")),
			cases[i].octets);
		CU_ASSERT_STRING_EQUAL(at(e, "source.address"), "BANK");
		CU_ASSERT_STRING_EQUAL(at(e, "destination.address"), "4917112345678");
		json_decref(e);
	}
	bench_close(b);
}

static void long_text_goes_into_message_payload(void)
{
	static char text[20001];
	struct bench *b = bench_open("1:/needle/\n");
	json_t *e;
	const json_t *bodies;

	memset(text, 'a', sizeof(text) - 1);
	memcpy(text + sizeof(text) - 7, "needle", 6);
	e = explain_text(b, text, -1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	bodies = json_object_get(e, "bodies");
	CU_ASSERT_STRING_EQUAL(at(json_array_get(bodies, json_array_size(bodies) - 1), "field"),
		"message_payload");
	CU_ASSERT_STRING_EQUAL(at(e, "verdict.action"), "reject");
	json_decref(e);
	bench_close(b);
}

static void a_hit_is_told_with_its_place(void)
{
	struct bench *b = bench_open("a:/won +a prize/i\nb:/nothing/\n");
	json_t *e = explain_text(b, "You WON   a prize today", -1);
	const json_t *rule;

	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(e, "rules")), 1);
	rule = json_array_get(json_object_get(e, "rules"), 0);
	CU_ASSERT_STRING_EQUAL(at(rule, "id"), "a");
	CU_ASSERT_STRING_EQUAL(at(rule, "match"), "WON   a prize");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(rule, "from")), 4);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(rule, "to")), 17);
	CU_ASSERT_STRING_EQUAL(at(e, "verdict.action"), "reject");
	CU_ASSERT_STRING_EQUAL(at(e, "verdict.rule"), "a");
	CU_ASSERT_STRING_EQUAL(at(e, "verdict.reason"), "rule");
	CU_ASSERT_STRING_EQUAL(at(e, "edit.style"), "self_reject");
	CU_ASSERT_EQUAL(strlen(at(e, "edit.pdu")), strlen(at(e, "pdu")));
	CU_ASSERT_PTR_NULL(strstr(at(e, "edit.pdu"), "7072697a65")); /* "prize" */
	json_decref(e);
	e = explain_text(b, "You won nothin", -1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(e, "rules")), 0);
	CU_ASSERT_STRING_EQUAL(at(e, "verdict.action"), "pass");
	CU_ASSERT_STRING_EQUAL(at(e, "edit.style"), "none");
	json_decref(e);
	bench_close(b);
}

static void joined_text_is_what_is_matched(void)
{
	struct bench *b = bench_open("1:/prize/\n");
	struct explain_message m = {
		.text = "ze for you", .from = "", .to = "", .data_coding = -1
	};
	size_t len = explain_compose(&m, &b->config->pipeline.links[0].profile, b->pdu, &b->diag);
	json_t *alone =
		explain_pdu(b->x, bytes_of(b->pdu, len), ROLE_UNKNOWN, bytes_of(NULL, 0), &b->diag);
	json_t *joined = explain_pdu(
		b->x, bytes_of(b->pdu, len), ROLE_UNKNOWN, bytes_str("A prize for you"), &b->diag);

	CU_ASSERT_STRING_EQUAL(at(alone, "verdict.action"), "pass");
	CU_ASSERT_STRING_EQUAL(at(joined, "verdict.action"), "reject");
	json_decref(alone);
	json_decref(joined);
	bench_close(b);
}

static void what_is_no_text_pdu_is_said(void)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *member; /* NULL: no PDU */
	} cases[] = {
		{ "\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\1", 16, "forwarded" }, /* enquire_link */
		{ "\0\0\0\x10\0\0\0\4\0\0\0\0\0\0\0\1", 16,
			"malformed" }, /* submit_sm without body */
		{ "\0\0\0\x10\0\0\0\4\0\0\0\0\0\0\0", 15, NULL },
		{ "\0\0\0\x0F\0\0\0\4\0\0\0\0\0\0\0\1", 16, NULL },
		{ "\0\0\0\x11\0\0\0\x15\0\0\0\0\0\0\0\1", 16, NULL },
		{ "\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\1\0", 17, NULL },
		{ "", 0, NULL },
	};
	struct bench *b = bench_open("1:/x/\n");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *e = explain_pdu(b->x, bytes_of(cases[i].octets, cases[i].len), ROLE_UNKNOWN,
			bytes_of(NULL, 0), &b->diag);

		if (cases[i].member == NULL) {
			CU_ASSERT_PTR_NULL(e);
			CU_ASSERT_EQUAL(b->diag.n_errors, 1);
			diag_clear(&b->diag);
		} else {
			CU_ASSERT_PTR_NOT_NULL(json_object_get(e, cases[i].member));
		}
		json_decref(e);
	}
	bench_close(b);
}

/* A message must not drive the operator's terminal. */
static void text_output_has_no_control_characters(void)
{
	struct bench *b = bench_open("1:/x/\n");
	json_t *e = explain_text(b,
		"a\x1B[2Jb\xC2\x9B"
		"c\nd",
		8);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	explain_print(e, f);
	(void)fclose(f);
	for (size_t i = 0; i < len; i++) {
		CU_ASSERT_TRUE(text[i] == '\n' || (unsigned char)text[i] >= 0x20);
	}
	CU_ASSERT_PTR_NULL(strstr(text, "\xC2\x9B"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "a\\x1b[2Jb\\u009bc\\nd"));
	free(text);
	json_decref(e);
	bench_close(b);
}

static size_t octets_of(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned v = 0;

		CU_ASSERT_EQUAL(sscanf(hex + 2 * i, "%2x", &v), 1);
		out[i] = (uint8_t)v;
	}
	return n;
}

/* A Begin with mo-forwardSM v3 and the text "buy it now" in an SMS-SUBMIT. */
static void a_map_message_is_explained(void)
{
	static const char begin[] =
		"625c4804010203046b1e281c060700118605010101a011600f80020780a109060704000001001503"
		"6c34a13202010502012e302a8407914477000900f08207914477000910f3041601000b9144770009"
		"10f200000ae27a1e94a683dcef3b";
	static const struct explain_map any = { .invoke_id = EXPLAIN_ANY_INVOKE };
	static const struct explain_map other = { .invoke_id = 6 };
	struct bench *b = bench_open("1:/buy it/\n");
	size_t len = octets_of(begin, b->pdu);
	struct bytes tcap = bytes_of(b->pdu, len);
	json_t *e;

	CU_ASSERT_TRUE(explain_is_tcap(tcap));
	e = explain_tcap(b->x, tcap, &any, bytes_of(NULL, 0), &b->diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_STRING_EQUAL(at(e, "command"), "mo-forwardSM");
	CU_ASSERT_STRING_EQUAL(at(e, "bodies.text"), "buy it now");
	CU_ASSERT_STRING_EQUAL(at(e, "map.tpdu"), "SMS-SUBMIT");
	CU_ASSERT_STRING_EQUAL(at(e, "verdict.action"), "reject");
	CU_ASSERT_STRING_EQUAL(at(e, "edit.style"), "map_reject");
	CU_ASSERT_STRING_EQUAL(at(e, "edit.answer_error"), "unexpectedDataValue");
	CU_ASSERT_EQUAL(strlen(at(e, "edit.pdu")), 2 * len);
	CU_ASSERT_STRING_NOT_EQUAL(at(e, "edit.pdu"), begin);
	json_decref(e);
	CU_ASSERT_PTR_NULL(explain_tcap(b->x, tcap, &other, bytes_of(NULL, 0), &b->diag));
	CU_ASSERT_EQUAL(b->diag.n_errors, 1);
	CU_ASSERT_PTR_NULL(
		explain_tcap(b->x, bytes_slice(tcap, 0, 20), &any, bytes_of(NULL, 0), &b->diag));
	CU_ASSERT_EQUAL(b->diag.n_errors, 2);
	bench_close(b);
}

/* Whose text is not to be looked at, and what is then told of it. */
struct unseen_case {
	const char *policy; /* before the categories */
	const char *config;
	const char *by;   /* NULL: it is looked at */
	const char *told; /* in the text for people */
};

static const struct unseen_case unseen_cases[] = {
	{ "", LINK(""), NULL, "  sent     \"a parrot\"\n" },
	{ "", LINK("content = false; "), "link",
		"  text     not looked at: link l has content = false in smswall.conf\n" },
	{ "content = false;\n", LINK(""), "policy",
		"not looked at: what holds everywhere: content = false;\n" },
	{ "tenants = ({ name = \"quiet\"; when = { destination = \"49*\"; }; });\n"
	  "links = ({ tenant = \"quiet\"; content = false; });\n",
		LINK(""), "policy",
		"not looked at: policy.conf line 2: tenant = \"quiet\"; content = false;\n" },
	{ "links = ({ when = { role = \"esme\"; }; content = false; });\n", LINK(""), "policy",
		"not looked at: policy.conf line 1: when = { role = \"esme\"; }; content = false;\n" },
	{ "profiles = ({ name = \"mute\"; content = false; });\n"
	  "links = ({ when = { originator = \"BANK\"; }; profile = \"mute\"; });\n",
		LINK(""), "policy", "profile = \"mute\"; content = false;\n" },
	{ "rules = ({ id = \"r\"; action = \"reject\"; when = { originator = \"BANK\"; }; });\n",
		LINK(""), "verdict", "not looked at: the verdict was known without it\n" },
};

static char *printed(const json_t *e)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	explain_print(e, f);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
	return text;
}

static void a_text_that_was_not_looked_at_is_no_empty_text(void)
{
	for (size_t i = 0; i < sizeof(unseen_cases) / sizeof(unseen_cases[0]); i++) {
		const struct unseen_case *k = &unseen_cases[i];
		char policy[512];
		struct bench *b;
		json_t *e;
		const json_t *views;
		char *text;

		(void)snprintf(policy, sizeof(policy),
			"%scategories = ({ name = \"default\"; reject = 1000; });\n", k->policy);
		b = bench_open_by("1:/parrot/\n", policy, k->config);
		e = explain_text(b, "a parrot", -1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		views = json_object_get(e, "views");
		text = printed(e);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, k->told));
		if (strstr(text, k->told) == NULL) {
			printf("  not told: %s in %s", k->told, text);
		}
		CU_ASSERT_EQUAL(strstr(text, "  sent ") != NULL, k->by == NULL);
		CU_ASSERT_EQUAL(strstr(text, "  folded ") != NULL, k->by == NULL);
		CU_ASSERT_EQUAL(json_is_null(json_object_get(views, "sent")), k->by != NULL);
		CU_ASSERT_EQUAL(json_is_object(json_object_get(views, "unseen")), k->by != NULL);
		CU_ASSERT_STRING_EQUAL(at(views, "unseen.by"), k->by != NULL ? k->by : "");
		free(text);
		json_decref(e);
		bench_close(b);
	}
}

UNIT_MAIN("control/explain",
	{ "a text that was not looked at is no empty text",
		a_text_that_was_not_looked_at_is_no_empty_text },
	{ "texts survive the way into a PDU", texts_survive_the_way_into_a_pdu },
	{ "a long text goes into message_payload", long_text_goes_into_message_payload },
	{ "a hit is told with its place", a_hit_is_told_with_its_place },
	{ "the joined text is what is matched", joined_text_is_what_is_matched },
	{ "a MAP message is explained", a_map_message_is_explained },
	{ "what is no text PDU is said", what_is_no_text_pdu_is_said },
	{ "text output has no control characters", text_output_has_no_control_characters })
