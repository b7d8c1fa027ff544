/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/events.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/event_sink.h"
#include "control/json_line.h"
#include "dataplane/proto/tcap.h"
#include "dataplane/proto/smpp_session.h"
#include "tests/support/unit.h"

static const uint8_t key[EVENTS_KEY_LEN] = "an example of a key, 32 octets.";

struct bench {
	struct config config;
	struct ruleset rules;
	struct rule rule[4];
	char *categories[2];
	struct events_names names;
	struct event e;
	char line[EVENTS_LINE_SIZE];
	uint8_t text[LIMIT_TEXT_LEN];
	struct diag diag;
};

static char category_default[] = "default";
static char category_prize[] = "prize";

/* bench_new: a link "lab", four rules (the last one in state shadow), numbers in clear, text on. */
static struct bench *bench_new(void)
{
	static const char *const ids[] = { "900", "1001", "prize.lottery", "try.me" };
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		abort();
	}
	b->config.pipeline.n_links = 1;
	strcpy(b->config.pipeline.links[0].name, "lab");
	b->config.pipeline.event_text = true;
	b->config.events_numbers = NUMBERS_CLEAR;
	for (unsigned i = 0; i < 4; i++) {
		strcpy(b->rule[i].id, ids[i]);
		b->rule[i].state = i == 3 ? RULE_SHADOW : RULE_ON;
	}
	b->categories[0] = category_default;
	b->categories[1] = category_prize;
	b->rules = (struct ruleset){
		.rules = b->rule, .n_rules = 4, .categories = b->categories, .n_categories = 2
	};
	b->names = (struct events_names){ &b->config, &b->rules };
	return b;
}

static struct event_address address(uint8_t ton, const char *digits)
{
	struct event_address a = { .ton = ton, .npi = 1, .len = (uint8_t)strlen(digits) };

	memcpy(a.digits, digits, a.len);
	return a;
}

static void fill_message(struct bench *b)
{
	b->e = (struct event){
		.type = EVENT_MESSAGE,
		.id = 7,
		.time_us = UINT64_C(1714566896123456), /* 2024-05-01T12:34:56.123456Z */
		.session = 3,
		.frame = 42,
		.account = "acme",
		.u.message = {
			.command = "submit_sm",
			.encoding = "gsm7",
			.sequence = 5,
			.side = SIDE_OUTSIDE,
			.role = ROLE_ESME,
			.action = ACTION_REJECT,
			.applied = EDIT_SELF_REJECT,
			.reason = R_rule,
			.n_rules = 4,
			.rules = { 2, 0, 3, 1 },
			.message_class = -1,
			.n_destinations = 1,
			.score = 100,
			.category = 1,
			.generation = 1,
			.rule = 2,
			.octets = 77,
			.source = address(1, "447700900123"),
			.destination = address(1, "447700900456"),
		},
	};
}

static const char *line_of(struct bench *b, const char *text)
{
	size_t len =
		events_format(&b->names, key, &b->e, bytes_str(text), b->line, sizeof(b->line));

	CU_ASSERT_EQUAL(len, strlen(b->line));
	return b->line;
}

/* json_of: the line read back; it must be one JSON object. */
static json_t *json_of(struct bench *b, const char *text)
{
	json_error_t error;
	json_t *j = json_loads(line_of(b, text), JSON_REJECT_DUPLICATES, &error);

	if (j == NULL) {
		fprintf(stderr, "%s\n%s\n", error.text, b->line);
		CU_FAIL_FATAL("not JSON");
	}
	return j;
}

static const char *string_of(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	return s != NULL ? s : "(none)";
}

static json_int_t number_of(const json_t *j, const char *name)
{
	CU_ASSERT_TRUE(json_is_integer(json_object_get(j, name)));
	return json_integer_value(json_object_get(j, name));
}

/* The whole line, so that the order of keys is held fast too. */
static void test_message_line(void)
{
	struct bench *b = bench_new();

	fill_message(b);
	CU_ASSERT_STRING_EQUAL(line_of(b, "You \"won\"\n"),
		"{\"schema_version\":1,\"type\":\"message\",\"id\":7,\"ts\":\"2024-05-01T12:34:56.123456Z\","
		"\"link\":\"lab\",\"session\":3,\"account\":\"acme\",\"proto\":\"smpp\",\"command\":\"submit_sm\","
		"\"sequence\":5,\"side\":\"outside\",\"role\":\"esme\",\"src\":\"447700900123\",\"src_ton\":1,"
		"\"src_npi\":1,\"dst\":\"447700900456\",\"dst_ton\":1,\"dst_npi\":1,\"encoding\":\"gsm7\","
		"\"data_coding\":0,\"esm_class\":0,\"protocol_id\":0,\"verdict\":\"reject\","
		"\"action\":\"self_reject\",\"rule\":\"prize.lottery\",\"rules\":[\"1001\",\"900\",\"prize.lottery\"],"
		"\"shadow_rules\":[\"try.me\"],\"category\":\"prize\",\"score\":100,\"reason\":\"rule\","
		"\"generation\":1,\"octets\":77,\"frame\":42,\"text\":\"You \\\"won\\\"\\n\"}");
	free(b);
}

/* Everything that the contract of issue 2 names is there, whatever the message is. */
static void test_contract(void)
{
	static const char *const always[] = { "schema_version", "type", "id", "ts", "link",
		"session", "proto", "command", "sequence", "side", "role", "src", "dst", "encoding",
		"verdict", "action", "rule", "rules", "reason", "generation", "frame", "text" };
	struct bench *b = bench_new();

	for (unsigned round = 0; round < 2; round++) {
		json_t *j;

		fill_message(b);
		if (round == 1) { /* nothing hit, no account, no text */
			b->e.u.message.rule = VERDICT_NO_RULE;
			b->e.u.message.n_rules = 0;
			b->e.u.message.action = ACTION_PASS;
			b->e.u.message.applied = EDIT_NONE;
			memset(b->e.account, 0, sizeof(b->e.account));
		}
		j = json_of(b, "");
		for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
			CU_ASSERT_PTR_NOT_NULL(json_object_get(j, always[i]));
		}
		CU_ASSERT_PTR_NULL(json_object_get(j, "input"));
		CU_ASSERT_PTR_NULL(json_object_get(j, "part"));
		if (round == 1) {
			CU_ASSERT_TRUE(json_is_null(json_object_get(j, "rule")));
			CU_ASSERT_EQUAL(json_array_size(json_object_get(j, "rules")), 0);
			CU_ASSERT_STRING_EQUAL(string_of(j, "action"), "none");
		}
		json_decref(j);
	}
	free(b);
}

/* Whose message it is, and what holds for it, only where policy.conf tells more than links and sides. */
static void test_tenant(void)
{
	struct bench *b = bench_new();
	json_t *j;

	fill_message(b);
	j = json_of(b, "");
	CU_ASSERT_PTR_NULL(json_object_get(j, "tenant"));
	CU_ASSERT_PTR_NULL(json_object_get(j, "scope"));
	json_decref(j);
	memset(b->e.u.message.tenant, 'x', sizeof(b->e.u.message.tenant)); /* without its NUL */
	b->e.u.message.scope = 2;
	j = json_of(b, "");
	CU_ASSERT_STRING_EQUAL(string_of(j, "tenant"), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	CU_ASSERT_EQUAL(number_of(j, "scope"), 2);
	json_decref(j);
	free(b);
}

static void test_parts(void)
{
	struct bench *b = bench_new();
	json_t *j;

	fill_message(b);
	b->config.n_inputs = 2;
	b->e.input = 1;
	b->e.u.message.part = 3;
	b->e.u.message.parts = 3;
	b->e.u.message.reference = 0x1234;
	b->e.u.message.passed[0] = 0x06;
	b->e.u.message.passed[31] = 0x80;
	b->e.u.message.reason = R_sibling;
	b->e.u.message.rule = VERDICT_NO_RULE;
	b->e.u.message.n_rules = 0;
	strcpy(b->e.u.message.sibling_rule, "1001");
	b->e.u.message.late = 1;
	b->e.u.message.leaked = 99;
	b->e.u.message.receipt = 1;
	b->e.u.message.message_class = 0;
	b->e.u.message.n_destinations = 4;
	j = json_of(b, "x");
	CU_ASSERT_EQUAL(number_of(j, "input"), 2);
	CU_ASSERT_EQUAL(number_of(j, "part"), 3);
	CU_ASSERT_EQUAL(number_of(j, "parts"), 3);
	CU_ASSERT_EQUAL(number_of(j, "reference"), 0x1234);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(j, "passed_parts")), 3);
	CU_ASSERT_EQUAL(
		json_integer_value(json_array_get(json_object_get(j, "passed_parts"), 2)), 255);
	CU_ASSERT_STRING_EQUAL(string_of(j, "rule"), "1001");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(j, "rules")), 1);
	CU_ASSERT_EQUAL(number_of(j, "leaked"), 99);
	CU_ASSERT_EQUAL(number_of(j, "class"), 0);
	CU_ASSERT_EQUAL(number_of(j, "destinations"), 4);
	CU_ASSERT_TRUE(json_is_true(json_object_get(j, "receipt")));
	json_decref(j);
	free(b);
}

/* Law 8: what is not configured is not there, in no form. */
static void test_privacy(void)
{
	struct bench *b = bench_new();
	char first[17];
	char other[17];

	fill_message(b);
	b->config.pipeline.event_text = false;
	b->config.events_numbers = NUMBERS_PSEUDONYM;
	line_of(b, "hunter2");
	CU_ASSERT_PTR_NULL(strstr(b->line, "hunter2"));
	CU_ASSERT_PTR_NULL(strstr(b->line, "\"text"));
	CU_ASSERT_PTR_NULL(strstr(b->line, "447700"));
	events_pseudonym(key, bytes_str("447700900123"), first);
	CU_ASSERT_EQUAL(strlen(first), 16);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->line, first));

	events_pseudonym(key, bytes_str("+447700900123"), other);
	CU_ASSERT_STRING_EQUAL(first, other);
	events_pseudonym(key, bytes_str("447700900124"), other);
	CU_ASSERT_STRING_NOT_EQUAL(first, other);
	events_pseudonym((const uint8_t *)"another key, of 32 octets, truly",
		bytes_str("447700900123"), other);
	CU_ASSERT_STRING_NOT_EQUAL(first, other);

	b->config.events_numbers = NUMBERS_NONE;
	line_of(b, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(b->line, "\"src\":null"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->line, "\"dst\":null"));
	free(b);
}

/* A brand is no person; a number that calls itself alphanumeric is one. */
static void test_brands(void)
{
	static const struct {
		uint8_t ton;
		const char *sender;
		bool shown;
	} cases[] = { { 5, "MyBank", true }, { 5, "Taxi 1234", true }, { 5, "447700900123", false },
		{ 5, "x447700900123", false }, { 1, "MyBank", false }, { 5, "", true } };
	struct bench *b = bench_new();

	b->config.events_numbers = NUMBERS_PSEUDONYM;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *j;

		fill_message(b);
		b->e.u.message.source = address(cases[i].ton, cases[i].sender);
		j = json_of(b, "");
		CU_ASSERT_EQUAL(strcmp(string_of(j, "src"), cases[i].sender) == 0, cases[i].shown);
		json_decref(j);
	}
	free(b);
}

static void test_session(void)
{
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0D, 0xB8, [15] = 1 };
	struct bench *b = bench_new();

	b->e = (struct event){ .type = EVENT_SESSION,
		.worker = 2,
		.id = 1,
		.session = 9,
		.frame = 4,
		.lo_address = { [10] = 0xFF, [11] = 0xFF, 192, 0, 2, 1 },
		.lo_port = 2775,
		.hi_port = 4000,
		.u.session_change = { .change = 1,
			.bind = SMPP_BOUND_TRX,
			.esme_side = SIDE_OUTSIDE,
			.messages = 5,
			.refused = 2,
			.answers = 5 } };
	memcpy(b->e.hi_address, v6, sizeof(v6));
	CU_ASSERT_STRING_EQUAL(line_of(b, ""),
		"{\"schema_version\":1,\"type\":\"session\",\"id\":281474976710657,"
		"\"ts\":\"1970-01-01T00:00:00.000000Z\",\"link\":\"lab\",\"session\":281474976710665,"
		"\"account\":null,\"change\":\"bound\",\"transport\":\"tcp\",\"bind\":\"transceiver\","
		"\"esme_side\":\"outside\","
		"\"lo\":\"192.0.2.1:2775\",\"hi\":\"[2001:db8::1]:4000\",\"messages\":5,\"refused\":2,\"answers\":5,"
		"\"frame\":4}");
	free(b);
}

static void test_anomaly_and_link(void)
{
	struct bench *b = bench_new();

	b->e = (struct event){ .type = EVENT_ANOMALY,
		.id = 1,
		.session = 9,
		.frame = 4,
		.u.anomaly = { .reason = R_overlap_differs,
			.direction = 1,
			.sequence = 8,
			.octets = 100 } };
	CU_ASSERT_STRING_EQUAL(line_of(b, ""),
		"{\"schema_version\":1,\"type\":\"anomaly\",\"id\":1,\"ts\":\"1970-01-01T00:00:00.000000Z\","
		"\"link\":\"lab\",\"session\":9,\"account\":null,\"reason\":\"overlap_differs\",\"from\":\"outside\","
		"\"sequence\":8,\"octets\":100,\"frame\":4}");
	b->e = (struct event){ .type = EVENT_LINK, .id = 2, .u.link_change.what = 2 };
	CU_ASSERT_STRING_EQUAL(line_of(b, ""),
		"{\"schema_version\":1,\"type\":\"link\",\"id\":2,\"ts\":\"1970-01-01T00:00:00.000000Z\","
		"\"link\":\"lab\",\"change\":\"panic_on\"}");
	b->e = (struct event){ .type = EVENT_PDU, .id = 3, .frame = 4 };
	line_of(b, "\x01\xFF");
	CU_ASSERT_PTR_NOT_NULL(strstr(b->line, "\"type\":\"pdu\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->line, "\"pdu\":\"01ff\""));
	free(b);
}

static void test_utf8(void)
{
	/* RFC 3629 3 and the tables of Unicode 15 3.9: what is well formed stays, the rest is U+FFFD */
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {
		{ "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80",
			"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80" },
		{ "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD" },                 /* overlong */
		{ "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" }, /* a surrogate */
		{ "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD" }, /* cut off */
		{ "\x80", "\xEF\xBF\xBD" }, { "a\x01\x1F\x7F\\/\t", "a\x01\x1F\x7F\\/\t" },
		{ "\xE2\x80\xA8", "\xE2\x80\xA8" }, /* U+2028 may stand in JSON */
	};
	struct bench *b = bench_new();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *j;

		fill_message(b);
		j = json_of(b, cases[i].in);
		CU_ASSERT_STRING_EQUAL(string_of(j, "text"), cases[i].out);
		json_decref(j);
	}
	fill_message(b);
	b->e.u.message.source = address(5, "caf\xE9"); /* an address of octets is read as Latin-1 */
	json_t *j = json_of(b, "");

	CU_ASSERT_STRING_EQUAL(string_of(j, "src"), "caf\xC3\xA9");
	json_decref(j);
	free(b);
}

/* The longest texts fit; in a small buffer a text is left out and the line says so. */
static void test_bounds(void)
{
	struct bench *b = bench_new();
	json_t *j;

	fill_message(b);
	memset(b->text, 0x01, sizeof(b->text));
	CU_ASSERT(events_format(&b->names, key, &b->e, bytes_of(b->text, sizeof(b->text)), b->line,
			  sizeof(b->line)) > 6 * sizeof(b->text));
	j = json_loads(b->line, 0, NULL);
	CU_ASSERT_EQUAL(json_string_length(json_object_get(j, "text")), sizeof(b->text));
	json_decref(j);

	CU_ASSERT(events_format(&b->names, key, &b->e, bytes_of(b->text, 60000), b->line,
			  EVENTS_LINE_BASE) != 0);
	j = json_loads(b->line, 0, NULL);
	CU_ASSERT_TRUE(json_is_true(json_object_get(j, "text_omitted")));
	CU_ASSERT_PTR_NULL(json_object_get(j, "text"));
	json_decref(j);

	for (size_t size = 0; size < 900; size++) {
		size_t len = events_format(&b->names, key, &b->e, bytes_str("x"), b->line, size);

		CU_ASSERT(len == 0 || len < size);
		if (len != 0) {
			j = json_loads(b->line, 0, NULL);
			CU_ASSERT_PTR_NOT_NULL(j);
			json_decref(j);
		}
	}
	free(b);
}

/* in_root: a file of the project, wherever the test was started. */
static const char *in_root(const char *name, char *path, size_t size)
{
	static const char self[] = "tests/control/test_events.c";

	snprintf(path, size, "%.*s%s",
		access(self, R_OK) == 0 ? 0 : (int)(strlen(__FILE__) - strlen(self)), __FILE__,
		name);
	return path;
}

/* check_schema: the line has what its type requires and nothing that the schema does not know. */
static void check_schema(const json_t *schema, const char *manual, json_t *line)
{
	const json_t *type =
		json_object_get(json_object_get(schema, "$defs"), string_of(line, "type"));
	const json_t *properties = json_object_get(type, "properties");
	const json_t *required = json_object_get(type, "required");
	const char *name;
	json_t *value;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(properties);
	json_object_foreach(line, name, value)
	{
		char quoted[64];
		const json_t *choices = json_object_get(json_object_get(properties, name), "enum");
		bool known = !json_is_array(choices);

		CU_ASSERT_PTR_NOT_NULL(json_object_get(properties, name));
		for (i = 0; i < json_array_size(choices); i++) {
			known = known || json_equal(json_array_get(choices, i), value);
		}
		CU_ASSERT_TRUE(known);
		snprintf(quoted, sizeof(quoted), "`%s`", name);
		CU_ASSERT_PTR_NOT_NULL(strstr(manual, quoted));
	}
	for (i = 0; i < json_array_size(required); i++) {
		CU_ASSERT_PTR_NOT_NULL(
			json_object_get(line, json_string_value(json_array_get(required, i))));
	}
	json_decref(line);
}

static void fill_map(struct bench *b)
{
	struct event_message *m = &b->e.u.message;

	m->carrier = SMS_MAP;
	m->map = (struct event_map){ .opc = 1,
		.dpc = 2,
		.otid = { 1, 2, 3, 4 },
		.dtid = { 5, 6 },
		.otid_len = 4,
		.dtid_len = 2,
		.calling_ssn = 8,
		.called_ssn = 6,
		.tcap_type = TCAP_BEGIN,
		.operation = 44,
		.version = 3,
		.invoke_id = -1,
		.calling = { 3, "447" },
		.smsc = { 4, "4477" },
		.imsi = { 6, "001010" },
		.msisdn = { 5, "12345" } };
}

/* A MAP message: nodes stand as they are, subscribers as the rule for numbers says. */
static void test_map(void)
{
	struct bench *b = bench_new();
	json_t *j;

	fill_message(b);
	fill_map(b);
	b->config.events_numbers = NUMBERS_CLEAR;
	j = json_of(b, "text");
	CU_ASSERT_STRING_EQUAL(string_of(j, "proto"), "map");
	CU_ASSERT_STRING_EQUAL(string_of(j, "tcap"), "begin");
	CU_ASSERT_STRING_EQUAL(string_of(j, "otid"), "01020304");
	CU_ASSERT_STRING_EQUAL(string_of(j, "dtid"), "0506");
	CU_ASSERT_STRING_EQUAL(string_of(j, "calling_gt"), "447");
	CU_ASSERT(json_is_null(json_object_get(j, "called_gt")));
	CU_ASSERT_STRING_EQUAL(string_of(j, "imsi"), "001010");
	json_decref(j);
	b->config.events_numbers = NUMBERS_PSEUDONYM;
	j = json_of(b, "text");
	CU_ASSERT_STRING_EQUAL(string_of(j, "smsc"), "4477");
	CU_ASSERT_EQUAL(strlen(string_of(j, "imsi")), 16);
	CU_ASSERT_EQUAL(strlen(string_of(j, "msisdn")), 16);
	json_decref(j);
	free(b);
}

/* fill_decided: each verdict, by a list and a limit, of a tenant's message. */
static void fill_decided(struct bench *b, uint8_t action)
{
	struct event_message *m = &b->e.u.message;

	m->action = action;
	m->shadow = 1;
	m->shadow_action = (uint8_t)(ACTIONS - 1 - action);
	strcpy(m->tenant, "acme");
	m->scope = 2;
	strcpy(m->limit, "minute");
	m->limit_fill = 1000;
	strcpy(m->list, "vip");
	m->entry_len = 3;
	memcpy(m->entry, "abc", 3);
}

/* docs/events.schema.json and docs/events.md know every member that is written, and each value of those with few. */
static void test_schema(void)
{
	struct bench *b = bench_new();
	char *manual = calloc(1, 1 << 16);
	char path[1024];
	json_t *schema =
		json_load_file(in_root("docs/events.schema.json", path, sizeof(path)), 0, NULL);
	FILE *f = fopen(in_root("docs/events.md", path, sizeof(path)), "re");

	CU_ASSERT_FATAL(schema != NULL && f != NULL && manual != NULL);
	CU_ASSERT(fread(manual, 1, (1 << 16) - 1, f) > 1000);
	fclose(f);
	for (unsigned round = 0; round <= EVENT_PDU + 1; round++) {
		unsigned type = round > EVENT_PDU ? (unsigned)EVENT_MESSAGE : round;

		fill_message(b);
		b->e.u.message.message_class = 1;
		b->e.u.message.receipt = 1;
		b->e.u.message.part = 1;
		b->e.u.message.parts = 2;
		b->e.u.message.passed[0] = 4;
		b->e.u.message.shadow = 1;
		b->e.u.message.late = 1;
		b->e.u.message.n_destinations = 2;
		b->config.n_inputs = type % 2 + 1;
		if (round > EVENT_PDU) {
			fill_map(b);
		}
		if (type != EVENT_MESSAGE) {
			memset(&b->e.u, 0, sizeof(b->e.u));
			b->e.type = (uint8_t)type;
			b->e.u.anomaly.sequence = 1;
		}
		check_schema(schema, manual, json_of(b, "text"));
	}
	b->e.type = EVENT_MESSAGE;
	for (uint8_t action = 0; action < ACTIONS; action++) {
		fill_message(b);
		fill_decided(b, action);
		check_schema(schema, manual, json_of(b, "text"));
	}
	json_decref(schema);
	free(manual);
	free(b);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Whatever stands in a record and on the wire, the line is one JSON object without a line end in it. */
static void test_any_record(void)
{
	struct bench *b = bench_new();
	uint64_t seed = 88172645463325252u;

	for (unsigned round = 0; round < 20000; round++) {
		uint8_t *octets = (uint8_t *)&b->e;
		size_t len = next_random(&seed) % 300;
		json_t *j;

		for (size_t i = 0; i < sizeof(b->e); i++) {
			octets[i] = (uint8_t)next_random(&seed);
		}
		for (size_t i = 0; i < len; i++) {
			b->text[i] = (uint8_t)next_random(&seed);
		}
		b->e.type = (uint8_t)(round % 6);
		if (b->e.type == EVENT_MESSAGE) { /* pointers are the pipeline's own and good */
			b->e.u.message.command = round % 5 == 0 ? NULL : "submit_sm";
			b->e.u.message.encoding = round % 7 == 0 ? NULL : "utf16";
			b->e.u.message.entry_number = round % 2 != 0; /* a bool is one */
			b->e.u.message.kept.blanked = round % 3 != 0;
		}
		b->names.ruleset = round % 3 == 0 ? NULL : &b->rules;
		b->config.events_numbers = (uint8_t)(round % 3);
		CU_ASSERT(events_format(&b->names, key, &b->e, bytes_of(b->text, len), b->line,
				  sizeof(b->line)) != 0);
		CU_ASSERT_PTR_NULL(strchr(b->line, '\n'));
		j = json_loads(b->line, JSON_REJECT_DUPLICATES, NULL);
		if (j == NULL) {
			fprintf(stderr, "%s\n", b->line);
			CU_FAIL_FATAL("not JSON");
		}
		json_decref(j);
	}
	free(b);
}

static void test_key(void)
{
	char folder[] = "/tmp/smswall-test-XXXXXX";
	char path[64];
	uint8_t first[EVENTS_KEY_LEN];
	uint8_t again[EVENTS_KEY_LEN];
	struct stat st;
	struct bench *b = bench_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pseudonym.key", folder);
	CU_ASSERT_EQUAL(events_key_load(path, false, first, &b->diag), 0);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	CU_ASSERT_EQUAL(st.st_size, EVENTS_KEY_LEN);
	CU_ASSERT_EQUAL(events_key_load(path, false, again, &b->diag), 0);
	CU_ASSERT_EQUAL(memcmp(first, again, sizeof(first)), 0);
	CU_ASSERT_EQUAL(events_key_load(path, true, again, &b->diag), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(first, again, sizeof(first)), 0);
	CU_ASSERT_EQUAL(b->diag.n_errors, 0);

	CU_ASSERT_EQUAL(chmod(path, 0640), 0);
	CU_ASSERT(events_key_load(path, false, again, &b->diag) < 0);
	CU_ASSERT_EQUAL(chmod(path, 0600), 0);
	CU_ASSERT_EQUAL(truncate(path, 31), 0);
	CU_ASSERT(events_key_load(path, false, again, &b->diag) < 0);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(symlink("/etc/hostname", path), 0);
	CU_ASSERT(events_key_load(path, false, again, &b->diag) < 0);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	CU_ASSERT_EQUAL(events_key_load(path, false, again, &b->diag), -ENOENT);
	CU_ASSERT_EQUAL(b->diag.n_errors, 4);

	snprintf(b->config.state_dir, sizeof(b->config.state_dir), "/var/lib/smswall");
	events_key_path(&b->config, path, sizeof(path));
	CU_ASSERT_STRING_EQUAL(path, "/var/lib/smswall/pseudonym.key");
	diag_clear(&b->diag);
	free(b);
}

static size_t file_len(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

/* The file may be missing, moved and full: forwarding goes on, lines are counted, and it comes back. */
static void test_sink(void)
{
	char folder[] = "/tmp/smswall-test-XXXXXX";
	char path[64];
	char moved[64];
	struct event_sink s;
	uint64_t now_ms = 1000;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/late/events.jsonl", folder);
	snprintf(moved, sizeof(moved), "%s/events.1", folder);
	CU_ASSERT_TRUE_FATAL(event_sink_open(&s, path));
	CU_ASSERT_EQUAL(s.state, SINK_CANNOT_OPEN);
	event_sink_put(&s, "one", 3);
	event_sink_flush(&s, now_ms);
	CU_ASSERT_EQUAL(s.n_lost, 1);

	snprintf(moved, sizeof(moved), "%s/late", folder);
	CU_ASSERT_EQUAL(mkdir(moved, 0700), 0);
	event_sink_put(&s, "two", 3);
	event_sink_flush(&s, now_ms += EVENT_SINK_RETRY_MS);
	CU_ASSERT_EQUAL(s.state, SINK_OK);
	CU_ASSERT_EQUAL(s.n_written, 1);
	CU_ASSERT_EQUAL(file_len(path), 4);

	snprintf(moved, sizeof(moved), "%s/late/events.1", folder);
	CU_ASSERT_EQUAL(rename(path, moved), 0);
	event_sink_put(&s, "three", 5);
	event_sink_flush(&s, now_ms += EVENT_SINK_RETRY_MS);
	CU_ASSERT_EQUAL(file_len(path), 6);
	CU_ASSERT_EQUAL(file_len(moved), 4);
	CU_ASSERT_FALSE(event_sink_close(&s)); /* one line was lost */
	CU_ASSERT_EQUAL(s.n_written, 2);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(unlink(moved), 0);
	snprintf(moved, sizeof(moved), "%s/late", folder);
	CU_ASSERT_EQUAL(rmdir(moved), 0);
	CU_ASSERT_EQUAL(rmdir(folder), 0);

	CU_ASSERT_TRUE_FATAL(event_sink_open(&s, "/dev/full"));
	event_sink_put(&s, "four", 4);
	event_sink_flush(&s, now_ms);
	CU_ASSERT_EQUAL(s.state, SINK_WRITE_ERROR);
	CU_ASSERT_EQUAL(s.error, ENOSPC);
	CU_ASSERT_EQUAL(s.n_lost, 1);
	CU_ASSERT_FALSE(event_sink_close(&s));

	CU_ASSERT_TRUE_FATAL(event_sink_open(&s, ""));
	event_sink_put(&s, "five", 4);
	event_sink_flush(&s, now_ms);
	CU_ASSERT_TRUE(event_sink_close(&s));
	CU_ASSERT_EQUAL(s.n_lost, 0);
}

UNIT_MAIN("control/events", { "a message, word for word", test_message_line },
	{ "the contract", test_contract }, { "tenant", test_tenant },
	{ "parts and rarer members", test_parts }, { "privacy", test_privacy },
	{ "brands", test_brands }, { "session", test_session },
	{ "anomaly, link, pdu", test_anomaly_and_link }, { "UTF-8", test_utf8 },
	{ "bounds", test_bounds }, { "schema", test_schema }, { "map", test_map },
	{ "any record", test_any_record }, { "key", test_key }, { "file", test_sink })
