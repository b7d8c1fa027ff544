/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/condition.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dataplane/proto/smpp.h"
#include "dataplane/stats.h"
#include "tests/dataplane/verdict/list_rig.h"

enum { SMPP = 1, MAP = 2, BOTH = 3, TENANT = 1, RULE = 5, ANOMALY_SEEN = R_overlap_differs };

static const char text_sent[] = "Caf\xC3\xA9: http://bad.example/x or call +44 306 999 0123";

/* One store, one message of each carrier, and the subject that is asked. */
struct rig {
	struct condition_store store;
	struct condition_subject subject;
	struct sms sms;
	struct scan_hit hit;
	struct scan_hits hits;
	struct list_set lists;
	uint8_t buffer[4096];
	struct entity entities[LIMIT_ENTITIES];
	uint32_t n_entities;
};

static struct rig *rig_open(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	r->hit.rule = RULE;
	r->hits = (struct scan_hits){ &r->hit, 1, 1, 0 };
	r->n_entities = entity_find(bytes_str(text_sent), numbering_country(bytes_str("GB")),
		r->entities, r->buffer, sizeof(r->buffer));
	CU_ASSERT_EQUAL_FATAL(r->n_entities, 2);
	return r;
}

static void put_common(struct sms *m)
{
	static const uint8_t udh[] = { 0x00, 3, 77, 3, 2, 0x05, 4, 0x0B, 0x84, 0x23, 0xF0 };

	*m = (struct sms){ .link = 2,
		.side = SIDE_OUTSIDE,
		.source = { 1, 1, bytes_str("447405654321") },
		.destination = { 2, 8, bytes_str("07400123456") },
		.n_destinations = 1,
		.esm_class = 0x43,
		.protocol_id = 0x40,
		.data_coding = 0xF0,
		.message_class = 0,
		.compressed = true,
		.message_waiting = true,
		.udh = bytes_of(udh, sizeof(udh)),
		.source_port = 9200,
		.destination_port = 2948,
		.concat = { 77, 8, 2, 3 },
		.n_bodies = 1 };
	m->body[0].text = bytes_str(text_sent);
	m->body[0].input.encoding = TEXT_UTF16BE;
	sms_note(m, ANOMALY_SEEN);
}

static void put_smpp(struct sms *m)
{
	static const uint8_t from[16] = { [10] = 0xFF, [11] = 0xFF, [12] = 10, [15] = 7 };
	static const uint8_t to[16] = { 0x20, 0x01, 0x0D, 0xB8, [15] = 1 };

	put_common(m);
	m->carrier = SMS_SMPP;
	m->command = "submit_sm";
	m->role = ROLE_ESME;
	m->account = bytes_str("acme1");
	m->from_ip = from;
	m->to_ip = to;
	/* what the last message of MAP left must not be looked at */
	m->imsi = bytes_str("234150999999999");
	m->msisdn = (struct sms_address){ 1, 1, bytes_str("447405654321") };
	m->smsc = m->msisdn;
	m->called_gt = bytes_str("447785016005");
	m->operation = 46;
	m->map_version = 3;
	m->tpdu_type = 1;
	m->to_mobile = true;
	m->more_messages = true;
}

static void put_map(struct sms *m)
{
	put_common(m);
	m->carrier = SMS_MAP;
	m->command = "submit_sm"; /* as the other's, so that one row does for both */
	m->role = ROLE_ESME;
	m->account = bytes_str("447785016001");
	m->imsi = bytes_str("234150999999999");
	m->msisdn = (struct sms_address){ 1, 1, bytes_str("447405654321") };
	m->smsc = (struct sms_address){ 1, 1, bytes_str("33609001390") };
	m->called_gt = bytes_str("4915155555555");
	m->operation = 46;
	m->map_version = 3;
	m->tpdu_type = 1;
	m->to_mobile = true;
	m->more_messages = true;
}

static void begin(struct rig *r, bool text)
{
	struct condition_subject *s = &r->subject;

	condition_begin(s, &r->sms, UINT64_C(1700000000000000), /* Tue 2023-11-14 22:13:20 */
		numbering_country(bytes_str("GB")));
	s->store = &r->store;
	s->lists = &r->lists;
	s->tenant = TENANT;
	s->hits = &r->hits;
	if (text) {
		condition_set_text(s, bytes_str(text_sent), r->entities, r->n_entities);
	}
}

/* ---- values as policy.conf writes them ---- */

static void put_text(struct rig *r, struct condition_value *v, const void *octets, size_t len)
{
	v->text = r->store.n_text;
	v->len = (uint16_t)len;
	memcpy(r->store.text + v->text, octets, len);
	r->store.n_text += (uint32_t)len;
}

static void put_net(struct rig *r, struct condition_value *v, const char *text)
{
	uint8_t net[16] = { [10] = 0xFF, [11] = 0xFF };
	char address[64];
	bool four = strchr(text, ':') == NULL;

	(void)snprintf(address, sizeof(address), "%.*s", (int)strcspn(text, "/"), text);
	CU_ASSERT_EQUAL(inet_pton(four ? AF_INET : AF_INET6, address, four ? net + 12 : net), 1);
	v->kind = CONDITION_VALUE_NET;
	v->min = strtol(strchr(text, '/') + 1, NULL, 10) + (four ? 96 : 0);
	put_text(r, v, net, sizeof(net));
}

static void put_pattern(struct rig *r, struct condition_value *v, bool address, const char *text)
{
	size_t len = strlen(text);
	bool front = len > 1 && text[0] == '*';
	bool back = len > 1 && text[len - 1] == '*';

	v->kind = front && back ? CONDITION_VALUE_PART
	          : front       ? CONDITION_VALUE_SUFFIX
	          : back        ? CONDITION_VALUE_PREFIX
	                        : CONDITION_VALUE_TEXT;
	v->digits = address && strspn(text, "0123456789*") == len;
	put_text(r, v, text + front, len - front - back);
}

/* put_value: "5", "5-9", "text", "te*", "10.0.0.0/8", "@0" or "name" of an enum. */
static void put_value(struct rig *r, enum condition_field f, const char *text)
{
	struct condition_value *v = &r->store.values[r->store.n_values++];
	enum condition_type type = condition_field_type(f);
	char *rest = NULL;

	*v = (struct condition_value){ 0 };
	if (text[0] == '@') {
		v->kind = CONDITION_VALUE_LIST;
		v->min = text[1] - '0';
		v->max = text[2] == '~';
	} else if (type == CONDITION_TYPE_IP) {
		put_net(r, v, text);
	} else if (type == CONDITION_TYPE_TEXT || type == CONDITION_TYPE_ADDRESS) {
		put_pattern(r, v, type == CONDITION_TYPE_ADDRESS, text);
	} else if (type == CONDITION_TYPE_ENUM && condition_enum_parse(f, text, &v->min)) {
		v->max = v->min;
	} else {
		v->min = strtoll(text, &rest, 10);
		v->max = *rest == '-' ? strtoll(rest + 1, &rest, 10) : v->min;
		CU_ASSERT_STRING_EQUAL(rest, "");
	}
}

/* test_of: a condition of one test of one or two values. */
static struct condition test_of(
	struct rig *r, enum condition_field f, const char *value, const char *other)
{
	struct condition c = { .root = (uint16_t)r->store.n_nodes, .n = 1 };
	struct condition_node *node = &r->store.nodes[r->store.n_nodes++];

	*node = (struct condition_node){ .kind = CONDITION_TEST,
		.field = (uint8_t)f,
		.value = (uint16_t)r->store.n_values,
		.n_values = other != NULL ? 2 : 1 };
	put_value(r, f, value);
	if (other != NULL) {
		put_value(r, f, other);
	}
	return c;
}

static void clear(struct rig *r)
{
	r->store.n_nodes = 0;
	r->store.n_values = 0;
	r->store.n_text = 0;
}

/* ---- fields ---- */

/* Of each field what holds and what does not, for the carriers that have it. */
static const struct {
	enum condition_field field;
	unsigned carriers;
	const char *holds;
	const char *holds_not;
} rows[] = {
	{ CONDITION_LINK, BOTH, "2", "1" },
	{ CONDITION_SIDE, BOTH, "outside", "inside" },
	{ CONDITION_ROLE, BOTH, "esme", "smsc" },
	{ CONDITION_CARRIER, SMPP, "smpp", "7" },
	{ CONDITION_CARRIER, MAP, "map", "7" },
	{ CONDITION_COMMAND, BOTH, "Submit_SM", "deliver_sm" },
	{ CONDITION_COMMAND, BOTH, "*_sm", "*_sm_" },
	{ CONDITION_ACCOUNT, SMPP, "acme1", "ACME1" },
	{ CONDITION_ACCOUNT, SMPP, "acme*", "acme1*x" },
	{ CONDITION_ACCOUNT, SMPP, "*1", "*cme" },
	{ CONDITION_ACCOUNT, SMPP, "*cme*", "*cne*" },
	{ CONDITION_TENANT, BOTH, "1", "0" },
	{ CONDITION_ORIGINATOR, BOTH, "447405654321", "447405654322" },
	{ CONDITION_ORIGINATOR, BOTH, "44740*", "740*" },
	{ CONDITION_ORIGINATOR, BOTH, "*321", "*322" },
	{ CONDITION_ORIGINATOR_TON, BOTH, "1", "0" },
	{ CONDITION_ORIGINATOR_NPI, BOTH, "1", "0" },
	{ CONDITION_ORIGINATOR_LENGTH, BOTH, "8-12", "1-11" },
	{ CONDITION_ORIGINATOR_ALPHANUMERIC, BOTH, "0", "1" },
	{ CONDITION_ORIGINATOR_COUNTRY, BOTH, "GB", "FR" },
	{ CONDITION_ORIGINATOR_COUNTRY, BOTH, "44", "4" },
	{ CONDITION_ORIGINATOR_KIND, BOTH, "mobile", "fixed" },
	{ CONDITION_DESTINATION, BOTH, "447400123456", "07400123456" },
	{ CONDITION_DESTINATION_TON, BOTH, "2", "1" },
	{ CONDITION_DESTINATION_NPI, BOTH, "8", "1" },
	{ CONDITION_DESTINATION_LENGTH, BOTH, "11", "12" },
	{ CONDITION_DESTINATION_COUNTRY, BOTH, "gb", "US" },
	{ CONDITION_DESTINATION_KIND, BOTH, "mobile", "premium" },
	{ CONDITION_RECIPIENTS, BOTH, "1", "2-255" },
	{ CONDITION_PAIR, BOTH, "@0", "@1" },
	{ CONDITION_MSISDN, MAP, "447405*", "447406*" },
	{ CONDITION_MSISDN_COUNTRY, MAP, "GB", "FR" },
	{ CONDITION_IMSI, MAP, "23415*", "23416*" },
	{ CONDITION_SMSC, MAP, "33609001390", "33609001391" },
	{ CONDITION_SMSC_COUNTRY, MAP, "FR", "GB" },
	{ CONDITION_CALLING_GT, MAP, "447785016001", "447785016002" },
	{ CONDITION_CALLING_GT_COUNTRY, MAP, "GB", "DE" },
	{ CONDITION_CALLED_GT, MAP, "49*", "48*" },
	{ CONDITION_CALLED_GT_COUNTRY, MAP, "DE", "GB" },
	{ CONDITION_FROM_IP, SMPP, "10.0.0.0/8", "11.0.0.0/8" },
	{ CONDITION_FROM_IP, SMPP, "10.0.0.7/32", "10.0.0.6/32" },
	{ CONDITION_FROM_IP, SMPP, "0.0.0.0/0", "2001:db8::/32" },
	{ CONDITION_TO_IP, SMPP, "2001:db8::/31", "2001:dba::/31" },
	{ CONDITION_PROTOCOL_ID, BOTH, "64", "65-127" },
	{ CONDITION_DATA_CODING, BOTH, "240", "0" },
	{ CONDITION_MESSAGE_CLASS, BOTH, "0", "1-3" },
	{ CONDITION_ESM_CLASS, SMPP, "67", "3" },
	{ CONDITION_CODING, BOTH, "utf16", "gsm7" },
	{ CONDITION_COMPRESSED, BOTH, "1", "0" },
	{ CONDITION_MESSAGE_WAITING, BOTH, "1", "0" },
	{ CONDITION_UDH_ELEMENT, BOTH, "5", "4" },
	{ CONDITION_UDH_ELEMENT, BOTH, "0", "112-127" },
	{ CONDITION_SOURCE_PORT, BOTH, "9200", "2948" },
	{ CONDITION_DESTINATION_PORT, BOTH, "2948", "9200" },
	{ CONDITION_PART, BOTH, "2", "1" },
	{ CONDITION_PARTS, BOTH, "2-255", "1" },
	{ CONDITION_REFERENCE, BOTH, "77", "0" },
	{ CONDITION_OPERATION, MAP, "46", "44" },
	{ CONDITION_MAP_VERSION, MAP, "3", "1-2" },
	{ CONDITION_TPDU_TYPE, MAP, "1", "0" },
	{ CONDITION_TO_MOBILE, MAP, "1", "0" },
	{ CONDITION_MORE_MESSAGES, MAP, "1", "0" },
	{ CONDITION_ANOMALY, BOTH, "overlap_differs", "urgent" },
	{ CONDITION_HOURS, BOTH, "1333", "1334" },
	{ CONDITION_HOURS, BOTH, "1320-359", "360-1319" },
	{ CONDITION_DAYS, BOTH, "1", "2" },
	{ CONDITION_DAYS, BOTH, "6-1", "2-0" },
	{ CONDITION_FROM, BOTH, "1700000000000000-9223372036854775807",
		"1700000000000001-9223372036854775807" },
	{ CONDITION_UNTIL, BOTH, "-9223372036854775807-1700000000000000",
		"-9223372036854775807-1699999999999999" },
	{ CONDITION_TEXT_LENGTH, BOTH, "51", "52" },
	{ CONDITION_URLS, BOTH, "1", "0" },
	{ CONDITION_NUMBERS, BOTH, "1-9", "0" },
	{ CONDITION_URL, BOTH, "http://Bad.example/*", "http://bad.example" },
	{ CONDITION_URL_HOST, BOTH, "*.Example", "example" },
	{ CONDITION_TEXT_NUMBER, BOTH, "443069990123", "3069990123" },
	{ CONDITION_TEXT_NUMBER_COUNTRY, BOTH, "GB", "JE" },
	{ CONDITION_TEXT_NUMBER_KIND, BOTH, "uan", "premium" },
	{ CONDITION_HIT, BOTH, "5", "6" },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void check_row(struct rig *r, size_t i, unsigned carrier)
{
	enum condition_field f = rows[i].field;
	bool has = (rows[i].carriers & carrier) != 0;
	struct condition yes;
	struct condition no;
	struct condition either;
	bool good;

	clear(r);
	yes = test_of(r, f, rows[i].holds, NULL);
	no = test_of(r, f, rows[i].holds_not, NULL);
	either = test_of(r, f, rows[i].holds_not, rows[i].holds);
	begin(r, true);
	good = condition_holds(&r->subject, &yes) == has && !condition_holds(&r->subject, &no) &&
	       condition_holds(&r->subject, &either) == has;
	begin(r, false); /* where the text is not looked at */
	good = good && condition_holds(&r->subject, &yes) == (has && !condition_field_content(f));
	good = good && !condition_holds(&r->subject, &no);
	if (!good) {
		printf("%s, carrier %u: %s or %s\n", condition_field_name(f), carrier,
			rows[i].holds, rows[i].holds_not);
	}
	CU_ASSERT_TRUE(good);
}

static void test_fields(void)
{
	struct rig *r = rig_open();
	bool seen[CONDITION_FIELD_COUNT] = { false };

	r->lists.n = 2;
	r->lists.lists[0] = read_list(LIST_PAIR, "447400123456 +447405654321\n");
	r->lists.lists[1] = read_list(LIST_PAIR, "447400123457 *\n");
	for (size_t i = 0; i < ROWS; i++) {
		seen[rows[i].field] = true;
		put_smpp(&r->sms);
		check_row(r, i, SMPP);
		put_map(&r->sms);
		check_row(r, i, MAP);
	}
	for (unsigned f = 0; f < CONDITION_FIELD_COUNT; f++) {
		CU_ASSERT_TRUE(seen[f]);
	}
	list_unref(r->lists.lists[0]);
	list_unref(r->lists.lists[1]);
	free(r);
}

/* What a message does not have holds neither one way nor the other. */
static void test_absent(void)
{
	static const struct {
		enum condition_field field;
		const char *any; /* all that there is */
		bool holds;
	} cases[] = {
		{ CONDITION_ORIGINATOR, "*", false },
		{ CONDITION_ORIGINATOR_TON, "0-255", false },
		{ CONDITION_ORIGINATOR_LENGTH, "0", true },
		{ CONDITION_ORIGINATOR_ALPHANUMERIC, "1", false },
		{ CONDITION_ORIGINATOR_COUNTRY, "GB", false },
		{ CONDITION_ORIGINATOR_KIND, "unknown", false },
		{ CONDITION_DESTINATION_TON, "0-255", false },
		{ CONDITION_DESTINATION_COUNTRY, "GB", false },
		{ CONDITION_ACCOUNT, "*", false },
		{ CONDITION_COMMAND, "*", false },
		{ CONDITION_TENANT, "0-65535", false },
		{ CONDITION_FROM_IP, "::/0", false },
		{ CONDITION_MESSAGE_CLASS, "-1-3", false },
		{ CONDITION_CODING, "0-255", false },
		{ CONDITION_UDH_ELEMENT, "0-255", false },
		{ CONDITION_SOURCE_PORT, "0-65535", false },
		{ CONDITION_DESTINATION_PORT, "0-65535", false },
		{ CONDITION_PART, "1", true },
		{ CONDITION_PARTS, "1", true },
		{ CONDITION_REFERENCE, "0-65535", false },
		{ CONDITION_ANOMALY, "overlap_differs", false },
		{ CONDITION_HIT, "0-65535", false },
		{ CONDITION_PAIR, "@0", false },
		{ CONDITION_RECIPIENTS, "1", true },
	};
	struct rig *r = rig_open();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct condition c;

		r->sms = (struct sms){ .message_class = -1 };
		begin(r, false);
		r->subject.tenant = CONDITION_NO_TENANT;
		r->subject.hits = NULL;
		r->subject.lists = NULL;
		c = test_of(r, cases[i].field, cases[i].any, NULL);
		if (condition_holds(&r->subject, &c) != cases[i].holds) {
			printf("%s\n", condition_field_name(cases[i].field));
			CU_FAIL("what is not there");
		}
	}
	free(r);
}

static void test_alphanumeric(void)
{
	static const struct {
		unsigned ton;
		const char *sender;
		bool alphanumeric;
		const char *value;
		bool holds;
	} cases[] = {
		{ 5, "MyBank", true, "mybank", true },
		{ 5, "MyBank", true, "my*", true },
		{ 5, "MyBank", true, "bank", false },
		{ 0, "MyBank", true, "MYBANK", true },
		{ 5, "447405654321", true, "447405654321", false }, /* a text that looks like one */
		{ 0, "+447405654321", false, "447405654321", true },
		{ 0, "07405654321", false, "447405654321", true },
		{ 0, "00447405654321", false, "44740*", true },
		{ 1, "447405654321", false, "*0565*", true },
		{ 3, "60300", false, "60300", true },
	};
	struct rig *r = rig_open();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct condition alpha;
		struct condition c;

		clear(r);
		r->sms = (struct sms){ .source = { (uint8_t)cases[i].ton, 1,
					       bytes_str(cases[i].sender) } };
		begin(r, false);
		alpha = test_of(r, CONDITION_ORIGINATOR_ALPHANUMERIC, "1", NULL);
		c = test_of(r, CONDITION_ORIGINATOR, cases[i].value, NULL);
		CU_ASSERT_EQUAL(condition_holds(&r->subject, &alpha), cases[i].alphanumeric);
		CU_ASSERT_EQUAL(condition_holds(&r->subject, &c), cases[i].holds);
		CU_ASSERT_EQUAL(condition_holds(&r->subject, &c), cases[i].holds); /* kept */
	}
	free(r);
}

/* Lists of every kind, by the field that they are asked for. */
static void test_lists(void)
{
	static const struct {
		enum list_kind kind;
		const char *entries;
		enum condition_field field;
		const char *value; /* @0, or @0~ with look-alikes */
		bool holds;
	} cases[] = {
		{ LIST_NUMBER, "447405654321\n", CONDITION_ORIGINATOR, "@0", true },
		{ LIST_NUMBER, "447400*\n", CONDITION_DESTINATION, "@0", true },
		{ LIST_NUMBER, "447401*\n", CONDITION_DESTINATION, "@0", false },
		{ LIST_NUMBER, "447405*\n", CONDITION_MSISDN, "@0", true },
		{ LIST_NUMBER, "44306*\n", CONDITION_TEXT_NUMBER, "@0", true },
		{ LIST_IMSI, "23415*\n", CONDITION_IMSI, "@0", true },
		{ LIST_IMSI, "23416*\n", CONDITION_IMSI, "@0", false },
		{ LIST_GT, "44778501*\n", CONDITION_CALLING_GT, "@0", true },
		{ LIST_GT, "4915155555555\n", CONDITION_CALLED_GT, "@0", true },
		{ LIST_CODE, "60300\n", CONDITION_ORIGINATOR, "@0", false },
		{ LIST_SENDER, "MyBank\n", CONDITION_ORIGINATOR, "@0", false },
		{ LIST_HOST, "bad.example\n", CONDITION_URL, "@0", true },
		{ LIST_HOST, "bad.example\n", CONDITION_URL_HOST, "@0", true },
		{ LIST_HOST, "ad.example\n", CONDITION_URL_HOST, "@0", false },
		{ LIST_HOST, "bad.example\n", CONDITION_ORIGINATOR, "@0", false },
		{ LIST_NUMBER, "447405654321\n", CONDITION_ORIGINATOR, "@1", false },
	};
	struct rig *r = rig_open();

	r->lists.n = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct condition c;

		clear(r);
		put_map(&r->sms);
		r->lists.lists[0] = read_list(cases[i].kind, cases[i].entries);
		c = test_of(r, cases[i].field, cases[i].value, NULL);
		begin(r, true);
		CU_ASSERT_EQUAL(condition_holds(&r->subject, &c), cases[i].holds);
		list_unref(r->lists.lists[0]);
	}
	free(r);
}

static void test_text_lists(void)
{
	static const struct {
		enum list_kind kind;
		const char *entries;
		enum condition_field field;
		const char *sender;
		const char *value;
		bool holds;
	} cases[] = {
		{ LIST_SENDER, "MyBank\n", CONDITION_ORIGINATOR, "MyBank", "@0", true },
		{ LIST_SENDER, "MyBank\n", CONDITION_ORIGINATOR, "MyB\xD0\xB0nk", "@0", false },
		{ LIST_SENDER, "MyBank\n", CONDITION_ORIGINATOR, "MyB\xD0\xB0nk", "@0~", true },
		{ LIST_CODE, "60300\n", CONDITION_ORIGINATOR, "60300", "@0", true },
		{ LIST_ACCOUNT, "acme1\n", CONDITION_ACCOUNT, "x", "@0", true },
		{ LIST_ACCOUNT, "acme2\n", CONDITION_ACCOUNT, "x", "@0", false },
		{ LIST_IP, "10.0.0.0/24\n", CONDITION_FROM_IP, "x", "@0", true },
		{ LIST_IP, "10.0.1.0/24\n", CONDITION_FROM_IP, "x", "@0", false },
		{ LIST_PAIR, "447400123456 MyBank\n", CONDITION_PAIR, "MyBank", "@0", true },
		{ LIST_PAIR, "447400123456 MyBank\n", CONDITION_PAIR, "OurBank", "@0", false },
	};
	struct rig *r = rig_open();

	r->lists.n = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct condition c;

		clear(r);
		put_smpp(&r->sms);
		r->sms.source = (struct sms_address){ cases[i].sender[0] == '6' ? 3 : 5, 0,
			bytes_str(cases[i].sender) };
		r->lists.lists[0] = read_list(cases[i].kind, cases[i].entries);
		c = test_of(r, cases[i].field, cases[i].value, NULL);
		begin(r, false);
		CU_ASSERT_EQUAL(condition_holds(&r->subject, &c), cases[i].holds);
		list_unref(r->lists.lists[0]);
	}
	free(r);
}

/* Hits of rules in shadow count for those who are in shadow themselves. */
static void test_hits(void)
{
	struct rig *r = rig_open();
	struct condition c;

	put_smpp(&r->sms);
	begin(r, false);
	c = test_of(r, CONDITION_HIT, "5", NULL);
	CU_ASSERT_TRUE(condition_holds(&r->subject, &c));
	r->subject.acts = true;
	CU_ASSERT_FALSE(condition_holds(&r->subject, &c));
	r->subject.acting = 1;
	CU_ASSERT_TRUE(condition_holds(&r->subject, &c));
	free(r);
}

/* Each destination by itself: one is enough, or all have to fit. */
static void test_destinations(void)
{
	static const struct {
		const char *to[3];
		bool any;
		bool all;
	} cases[] = {
		{ { "447400123456", "447400123457", "447400123458" }, true, true },
		{ { "447400123456", "33612345678", "447400123458" }, true, false },
		{ { "33612345678", "33612345678", "447400123458" }, true, false },
		{ { "33612345678", "33612345679", "33612345670" }, false, false },
	};
	struct rig *r = rig_open();
	struct condition c = { .root = 0, .n = 3 };

	/* not French, but a mobile: both of one and the same destination */
	r->store.nodes[0] = (struct condition_node){ .kind = CONDITION_ALL, .skip = 3 };
	r->store.nodes[1] = (struct condition_node){ .kind = CONDITION_NOT, .skip = 1 };
	r->store.n_nodes = 2;
	(void)test_of(r, CONDITION_DESTINATION_COUNTRY, "FR", NULL);
	(void)test_of(r, CONDITION_DESTINATION_KIND, "mobile", NULL);
	c.n = 4;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smpp_address to[3];

		put_smpp(&r->sms);
		for (unsigned k = 0; k < 3; k++) {
			to[k] = (struct smpp_address){ .ton = 1,
				.digits = bytes_str(cases[i].to[k]) };
		}
		r->sms.destinations = to;
		r->sms.n_destinations = 3;
		begin(r, false);
		CU_ASSERT_EQUAL(condition_holds(&r->subject, &c), cases[i].any);
		r->subject.all_destinations = true;
		CU_ASSERT_EQUAL(condition_holds(&r->subject, &c), cases[i].all);
		CU_ASSERT_EQUAL(r->subject.at, 0);
	}
	free(r);
}

/* A submit_multi to distribution lists alone has no destination, and none of the message before it. */
static void test_no_destinations(void)
{
	static const struct smpp_address to[2] = {
		{ .ton = 1, .digits = { (const uint8_t *)"447400123456", 12 } },
		{ .ton = 1, .digits = { (const uint8_t *)"447400123457", 12 } }
	};
	struct rig *r = rig_open();
	struct condition c;

	c = test_of(r, CONDITION_DESTINATION_COUNTRY, "GB", NULL);
	put_smpp(&r->sms);
	r->sms.destinations = to;
	r->sms.n_destinations = 2;
	begin(r, false);
	CU_ASSERT_TRUE(condition_holds(&r->subject, &c));
	r->sms.n_destinations = 0;
	r->sms.destination = (struct sms_address){ 0 };
	begin(r, false);
	CU_ASSERT_FALSE(condition_holds(&r->subject, &c));
	free(r);
}

/* Local time, over its changes. */
static void test_zone(void)
{
	static const struct condition_zone zone = { .name = "Europe/Berlin",
		.n = 3,
		.change = { { 0, 3600 }, { INT64_C(1711846800000000), 7200 },
			{ INT64_C(1729990800000000), 3600 } } };
	static const struct {
		int64_t at_s;
		const char *minute;
		const char *day;
	} cases[] = {
		{ 0, "60", "3" },            /* Thu 1970-01-01 01:00 */
		{ 1711846799, "119", "6" },  /* Sun 2024-03-31 01:59:59 */
		{ 1711846800, "180", "6" },  /* 03:00 */
		{ 1729990799, "179", "6" },  /* Sun 2024-10-27 02:59:59, summer */
		{ 1729990800, "120", "6" },  /* 02:00, winter */
		{ 1729983599, "59", "6" },   /* 00:59:59 */
		{ 1729979999, "1439", "5" }, /* Sat 23:59:59 */
	};
	static const struct condition_zone west = { .n = 1, .change = { { 0, -3600 } } };
	struct rig *r = rig_open();

	put_smpp(&r->sms);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct condition hours;
		struct condition days;

		clear(r);
		hours = test_of(r, CONDITION_HOURS, cases[i].minute, NULL);
		days = test_of(r, CONDITION_DAYS, cases[i].day, NULL);
		condition_begin(&r->subject, &r->sms, (uint64_t)cases[i].at_s * 1000000u, 0);
		r->subject.store = &r->store;
		r->subject.zone = &zone;
		CU_ASSERT_TRUE(condition_holds(&r->subject, &hours));
		CU_ASSERT_TRUE(condition_holds(&r->subject, &days));
	}
	clear(r);
	condition_begin(&r->subject, &r->sms, 0, 0);
	r->subject.store = &r->store;
	r->subject.zone = &west;
	{
		struct condition c = test_of(r, CONDITION_HOURS, "1380", NULL);
		struct condition d = test_of(r, CONDITION_DAYS, "2", NULL);

		CU_ASSERT_TRUE(condition_holds(&r->subject, &c)); /* Wed 1969-12-31 23:00 */
		CU_ASSERT_TRUE(condition_holds(&r->subject, &d));
	}
	free(r);
}

/* Another home country makes numbers anew. */
static void test_home(void)
{
	struct rig *r = rig_open();
	struct condition c;

	put_smpp(&r->sms);
	begin(r, false);
	c = test_of(r, CONDITION_DESTINATION_COUNTRY, "DE", NULL);
	CU_ASSERT_FALSE(condition_holds(&r->subject, &c));
	condition_set_home(&r->subject, numbering_country(bytes_str("DE")));
	CU_ASSERT_TRUE(condition_holds(&r->subject, &c));
	free(r);
}

/* ---- trees ---- */

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* grow: a random tree behind the nodes so far; gives what it is worth. */
static bool grow(struct rig *r, uint32_t *seed, unsigned depth) /* NOLINT(misc-no-recursion) */
{
	uint32_t at = r->store.n_nodes++;
	unsigned kind = depth == 0 ? CONDITION_TEST : next(seed) % 4;
	unsigned n = next(seed) % 4;
	unsigned n_true = 0;

	r->store.nodes[at] = (struct condition_node){ .kind = (uint8_t)kind };
	if (kind == CONDITION_TEST) {
		bool v = next(seed) % 2 != 0;

		r->store.nodes[at].field = CONDITION_LINK;
		r->store.nodes[at].value = v ? 0 : 1;
		r->store.nodes[at].n_values = 1;
		return v;
	}
	for (unsigned i = 0; i < n; i++) {
		n_true += grow(r, seed, depth - 1);
	}
	r->store.nodes[at].skip = (uint16_t)(r->store.n_nodes - at - 1);
	return kind == CONDITION_ANY ? n_true != 0 : (n_true == n) == (kind == CONDITION_ALL);
}

static void test_trees(void)
{
	struct rig *r = rig_open();
	uint32_t seed = 6;
	unsigned n_true = 0;

	put_smpp(&r->sms);
	put_value(r, CONDITION_LINK, "2");
	put_value(r, CONDITION_LINK, "3");
	for (unsigned i = 0; i < 20000; i++) {
		struct condition c = { .root = (uint16_t)(i % 5) };
		bool worth;

		r->store.n_nodes = c.root;
		worth = grow(r, &seed, i % 6);
		c.n = (uint16_t)(r->store.n_nodes - c.root);
		begin(r, false);
		CU_ASSERT_EQUAL(condition_holds(&r->subject, &c), worth);
		n_true += worth;
	}
	CU_ASSERT(n_true > 5000 && n_true < 15000);
	free(r);
}

/* As deep as allowed, one deeper, and none at all. */
static void test_depth(void)
{
	struct rig *r = rig_open();
	struct condition c = { .n = CONDITION_DEPTH_MAX + 1 };

	put_smpp(&r->sms);
	put_value(r, CONDITION_LINK, "2");
	for (unsigned i = 0; i <= CONDITION_DEPTH_MAX + 1; i++) {
		r->store.nodes[i] = (struct condition_node){ .kind = CONDITION_ALL,
			.skip = (uint16_t)(CONDITION_DEPTH_MAX - i) };
	}
	r->store.nodes[CONDITION_DEPTH_MAX] =
		(struct condition_node){ .kind = CONDITION_TEST, .n_values = 1 };
	begin(r, false);
	CU_ASSERT_TRUE(condition_holds(&r->subject, &c));
	r->store.nodes[CONDITION_DEPTH_MAX + 1] = r->store.nodes[CONDITION_DEPTH_MAX];
	r->store.nodes[CONDITION_DEPTH_MAX] =
		(struct condition_node){ .kind = CONDITION_ALL, .skip = 1 };
	CU_ASSERT_FALSE(condition_holds(&r->subject, &c));
	c.n = 0;
	CU_ASSERT_TRUE(condition_holds(&r->subject, &c));
	free(r);
}

/* Names are read as they are written. */
static void test_names(void)
{
	for (unsigned f = 0; f < CONDITION_FIELD_COUNT; f++) {
		enum condition_field again = CONDITION_FIELD_COUNT;
		unsigned n = 0;

		CU_ASSERT_TRUE(condition_field_parse(
			condition_field_name((enum condition_field)f), &again));
		CU_ASSERT_EQUAL(again, f);
		for (int64_t v = -1; v <= R_COUNT; v++) {
			const char *name = condition_enum_name((enum condition_field)f, v);
			int64_t back = -1;

			if (name != NULL) {
				CU_ASSERT_TRUE(
					condition_enum_parse((enum condition_field)f, name, &back));
				CU_ASSERT_EQUAL(back, v);
				n++;
			}
		}
		CU_ASSERT_EQUAL(n != 0,
			condition_field_type((enum condition_field)f) == CONDITION_TYPE_ENUM &&
				f != CONDITION_LINK && f != CONDITION_TENANT && f != CONDITION_HIT);
	}
	{
		enum condition_field f;
		int64_t v;

		CU_ASSERT_FALSE(condition_field_parse("nothing", &f));
		CU_ASSERT_FALSE(condition_enum_parse(CONDITION_SIDE, "outsides", &v));
	}
}

UNIT_MAIN("verdict/condition", { "fields", test_fields }, { "absent", test_absent },
	{ "alphanumeric", test_alphanumeric }, { "lists", test_lists },
	{ "text_lists", test_text_lists }, { "hits", test_hits },
	{ "destinations", test_destinations }, { "no_destinations", test_no_destinations },
	{ "zone", test_zone }, { "home", test_home }, { "trees", test_trees },
	{ "depth", test_depth }, { "names", test_names })
