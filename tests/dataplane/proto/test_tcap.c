/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/tcap.h"

#include <stdio.h>

#include "tests/dataplane/proto/bertext.h"
#include "tests/support/unit.h"

#define INVOKE  "A1( 02(01) 02(2E) 30(0500) )"
#define OID     "06( 00118605010101 )" /* 0.0.17.773.1.1.1 dialogue-as-id */
#define CONTEXT "06( 04000001001903 )" /* 0.4.0.0.1.0.25.3 shortMsgMT-RelayContext-v3 */
#define AARQ    "6B( 28(" OID "A0( 60( 80(0780) A1(" CONTEXT ") ) ) ) )"
#define AARE(result)                                                                              \
	"6B( 28(" OID "A0( 61( 80(0780) A1(" CONTEXT ") A2( 02(" result ") ) A3( A1( 02(00) ) ) " \
	") ) ) )"

static bool is(struct bytes b, const char *hex)
{
	uint8_t out[64];

	return bytes_equal(b, bertext_write(hex, out, sizeof(out)));
}

static const struct message_case {
	const char *name;
	const char *in;
	enum parse parse;
	enum reason why;
	enum tcap_type type;
	enum tcap_dialogue dialogue;
	const char *otid;
	const char *dtid;
	const char *components;
	unsigned anomalies;
} message_cases[] = {
	{ "Begin", "62( 48(00000001)" AARQ "6C(" INVOKE ") )", PARSE_OK, R_none, TCAP_BEGIN,
		TCAP_DIALOGUE_REQUEST, "00000001", "", INVOKE, 0 },
	{ "Begin of v1: no dialogue portion", "62( 48(01) 6C(" INVOKE ") )", PARSE_OK, R_none,
		TCAP_BEGIN, TCAP_DIALOGUE_NONE, "01", "", INVOKE, 0 },
	{ "Begin without components (a long message is to come)", "62( 48(01)" AARQ ")", PARSE_OK,
		R_none, TCAP_BEGIN, TCAP_DIALOGUE_REQUEST, "01", "", "", 0 },
	{ "Continue", "65( 48(01) 49(02) 6C(" INVOKE ") )", PARSE_OK, R_none, TCAP_CONTINUE,
		TCAP_DIALOGUE_NONE, "01", "02", INVOKE, 0 },
	{ "End", "64( 49(02)" AARE("00") "6C( A2(02(01)) ) )", PARSE_OK, R_none, TCAP_END,
		TCAP_DIALOGUE_RESPONSE, "", "02", "A2(02(01))", 0 },
	{ "P-Abort", "67( 49(02) 4A(01) )", PARSE_OK, R_none, TCAP_ABORT, TCAP_DIALOGUE_NONE, "",
		"02", "", 0 },
	{ "U-Abort", "67( 49(02) 6B( 28(" OID "A0( 64( 80(00) ) ) ) ) )", PARSE_OK, R_none,
		TCAP_ABORT, TCAP_DIALOGUE_ABORT, "", "02", "", 0 },
	{ "Unidirectional", "61( 6C(" INVOKE ") )", PARSE_OK, R_none, TCAP_UNIDIRECTIONAL,
		TCAP_DIALOGUE_NONE, "", "", INVOKE, 0 },
	{ "indefinite form on all levels",
		"62[ 48(01) 6B[ 28[" OID "A0[ 60[ 80(0780) A1[" CONTEXT "] ] ] ] ] 6C[" INVOKE
		"] ]",
		PARSE_OK, R_none, TCAP_BEGIN, TCAP_DIALOGUE_REQUEST, "01", "", INVOKE, 0 },
	{ "no transaction id", "62( 6C(" INVOKE ") )", PARSE_OK, R_none, TCAP_BEGIN,
		TCAP_DIALOGUE_NONE, "", "", INVOKE, TCAP_ANOMALY_ID },
	{ "id of five octets", "62( 48(0000000001) 6C(" INVOKE ") )", PARSE_OK, R_none, TCAP_BEGIN,
		TCAP_DIALOGUE_NONE, "0000000001", "", INVOKE, TCAP_ANOMALY_ID },
	{ "an id that does not belong", "62( 48(01) 49(02) 6C(" INVOKE ") )", PARSE_OK, R_none,
		TCAP_BEGIN, TCAP_DIALOGUE_NONE, "01", "02", INVOKE, TCAP_ANOMALY_ID },
	{ "id twice", "62( 48(01) 48(02) 6C(" INVOKE ") )", PARSE_OK, R_none, TCAP_BEGIN,
		TCAP_DIALOGUE_NONE, "01", "", INVOKE, TCAP_ANOMALY_ELEMENT },
	{ "an unknown element", "62( 48(01) 5F8101(FF) 6C(" INVOKE ") )", PARSE_OK, R_none,
		TCAP_BEGIN, TCAP_DIALOGUE_NONE, "01", "", INVOKE, TCAP_ANOMALY_ELEMENT },
	{ "a broken dialogue portion", "62( 48(01) 6B( 280FFF ) 6C(" INVOKE ") )", PARSE_OK, R_none,
		TCAP_BEGIN, TCAP_DIALOGUE_UNKNOWN, "01", "", INVOKE, TCAP_ANOMALY_DIALOGUE },
	{ "octets behind it", "62( 48(01) 6C(" INVOKE ") ) 00", PARSE_OK, R_none, TCAP_BEGIN,
		TCAP_DIALOGUE_NONE, "01", "", INVOKE, TCAP_ANOMALY_TRAILING },
	{ "two component portions", "62( 48(01) 6C(" INVOKE ") 6C(" INVOKE ") )", PARSE_BAD,
		R_tcap_message, 0, 0, "", "", "", 0 },
	{ "a component portion that is too long", "62( 48(01) 6C20A1 )", PARSE_BAD, R_ber, 0, 0, "",
		"", "", 0 },
	{ "cut short", "6210 48(01)", PARSE_BAD, R_ber, 0, 0, "", "", "", 0 },
	{ "nothing", "", PARSE_BAD, R_ber, 0, 0, "", "", "", 0 },
	{ "no TCAP", "30( 48(01) )", PARSE_BAD, R_tcap_message, 0, 0, "", "", "", 0 },
	{ "ANSI query with permission", "E2( C7(00000001) )", PARSE_BAD, R_tcap_ansi, 0, 0, "", "",
		"", 0 },
	{ "ANSI abort", "F6( C7(00000001) )", PARSE_BAD, R_tcap_ansi, 0, 0, "", "", "", 0 },
	{ "private, but no ANSI package", "E7( C7(01) )", PARSE_BAD, R_tcap_message, 0, 0, "", "",
		"", 0 },
};

static bool message_is(const struct message_case *t, const struct tcap_message *m)
{
	return m->type == t->type && m->dialogue == t->dialogue && is(m->otid, t->otid) &&
	       is(m->dtid, t->dtid) && is(m->components, t->components) &&
	       m->anomalies == t->anomalies;
}

static void test_messages(void)
{
	for (size_t i = 0; i < sizeof(message_cases) / sizeof(message_cases[0]); i++) {
		const struct message_case *t = &message_cases[i];
		struct bytes b = bertext_exact(t->in);
		struct tcap_message m = { .p_abort_cause = 77 };
		enum reason why = R_none;
		enum parse p = tcap_message_read(b, &m, &why);

		if (p != t->parse || (p == PARSE_OK && !message_is(t, &m)) ||
			(p == PARSE_BAD && (why != t->why || m.p_abort_cause != 77))) {
			fprintf(stderr, "case '%s': %d %s type %x dialogue %d anomalies %x\n",
				t->name, p, stats_reason_name(why), m.type, m.dialogue,
				m.anomalies);
			CU_FAIL("message");
		}
		bertext_free(b);
	}
}

static struct tcap_message read(const char *s, struct bytes *b)
{
	struct tcap_message m = { 0 };
	enum reason why;

	*b = bertext_exact(s);
	CU_ASSERT_EQUAL_FATAL(tcap_message_read(*b, &m, &why), PARSE_OK);
	return m;
}

static void test_dialogue(void)
{
	struct bytes b;
	struct tcap_message m = read("62( 48(01)" AARQ ")", &b);

	CU_ASSERT_TRUE(is(m.context, "04000001001903"));
	CU_ASSERT_TRUE(is(m.dialogue_portion, AARQ));
	CU_ASSERT_EQUAL(m.result, -1);
	CU_ASSERT_EQUAL(m.p_abort_cause, -1);
	bertext_free(b);
	m = read("64( 49(01)" AARE("01") ")", &b); /* reject-permanent */
	CU_ASSERT_EQUAL(m.result, 1);
	CU_ASSERT_TRUE(is(m.context, "04000001001903"));
	bertext_free(b);
	m = read("67( 49(01) 4A(04) )", &b); /* resourceLimitation */
	CU_ASSERT_EQUAL(m.p_abort_cause, 4);
	bertext_free(b);
	/* AUDT in a Unidirectional (Q.773 4.2.3) */
	m = read("61( 6B( 28( 06(00118605010201) A0( 60( 80(0780) A1(" CONTEXT
		 ") ) ) ) ) 6C(" INVOKE ") )",
		&b);
	CU_ASSERT_EQUAL(m.dialogue, TCAP_DIALOGUE_REQUEST);
	CU_ASSERT_TRUE(is(m.context, "04000001001903"));
	bertext_free(b);
	m = read("62( 48(01) 6B( 28(" OID "A0( 60( 80(0780) ) ) ) ) )", &b); /* no context name */
	CU_ASSERT_EQUAL(m.context.len, 0);
	CU_ASSERT_EQUAL(m.anomalies, TCAP_ANOMALY_DIALOGUE);
	bertext_free(b);
}

static const struct component_case {
	const char *name;
	const char *in;
	enum parse parse;
	enum reason why;
	enum tcap_component_type type;
	int32_t invoke_id;
	int32_t linked_id;
	int32_t code;
	const char *code_octets; /* at code_off */
	const char *parameter;   /* NULL: none */
	bool global;
	bool trailing;
} component_cases[] = {
	{ "invoke", "A1( 02(05) 02(2C) 30(0500) )", PARSE_OK, R_none, TCAP_INVOKE, 5, TCAP_NO_ID,
		44, "2C", "30(0500)", false, false },
	{ "invoke without a parameter", "A1( 02(80) 02(2C) )", PARSE_OK, R_none, TCAP_INVOKE, -128,
		TCAP_NO_ID, 44, "2C", NULL, false, false },
	{ "linked invoke", "A1( 02(05) 80(04) 02(2C) 30() )", PARSE_OK, R_none, TCAP_INVOKE, 5, 4,
		44, "2C", "30()", false, false },
	{ "global code", "A1( 02(05) 06(2A0304) 30() )", PARSE_OK, R_none, TCAP_INVOKE, 5,
		TCAP_NO_ID, TCAP_NO_CODE, "2A0304", "30()", true, false },
	{ "code of two octets", "A1( 02(05) 02(002E) 30() )", PARSE_OK, R_none, TCAP_INVOKE, 5,
		TCAP_NO_ID, 46, "002E", "30()", false, false },
	{ "indefinite", "A1[ 02(05) 02(2C) 30[ 0500 ] ]", PARSE_OK, R_none, TCAP_INVOKE, 5,
		TCAP_NO_ID, 44, "2C", "30[0500]", false, false },
	{ "more behind the parameter", "A1( 02(05) 02(2C) 30() FFFFFF )", PARSE_OK, R_none,
		TCAP_INVOKE, 5, TCAP_NO_ID, 44, "2C", "30()", false, true },
	{ "result without anything", "A2( 02(05) )", PARSE_OK, R_none, TCAP_RESULT_LAST, 5,
		TCAP_NO_ID, TCAP_NO_CODE, "", NULL, false, false },
	{ "result", "A2( 02(05) 30( 02(2D) 30(0400) ) )", PARSE_OK, R_none, TCAP_RESULT_LAST, 5,
		TCAP_NO_ID, 45, "2D", "30(0400)", false, false },
	{ "result, not last", "A7( 02(05) 30( 02(2D) 30(0400) ) )", PARSE_OK, R_none,
		TCAP_RESULT_NOT_LAST, 5, TCAP_NO_ID, 45, "2D", "30(0400)", false, false },
	{ "error", "A3( 02(05) 02(06) 30() )", PARSE_OK, R_none, TCAP_ERROR, 5, TCAP_NO_ID, 6, "06",
		"30()", false, false },
	{ "reject", "A4( 02(05) 81(01) )", PARSE_OK, R_none, TCAP_REJECT, 5, TCAP_NO_ID, 1, "01",
		NULL, false, false },
	{ "reject of what could not be read", "A4( 05() 80(02) )", PARSE_OK, R_none, TCAP_REJECT,
		TCAP_NO_ID, TCAP_NO_ID, 2, "02", NULL, false, false },
	{ "reject with a problem of no known type", "A4( 02(05) 84(01) )", PARSE_BAD,
		R_tcap_component, 0, 0, 0, 0, "", NULL, false, false },
	{ "no invoke id", "A1( 02(2C) )", PARSE_BAD, R_tcap_component, 0, 0, 0, 0, "", NULL, false,
		false },
	{ "invoke id NULL", "A1( 05() 02(2C) )", PARSE_BAD, R_tcap_component, 0, 0, 0, 0, "", NULL,
		false, false },
	{ "empty", "A1()", PARSE_BAD, R_tcap_component, 0, 0, 0, 0, "", NULL, false, false },
	{ "an unknown component", "A5( 02(05) 02(2C) )", PARSE_BAD, R_tcap_component, 0, 0, 0, 0,
		"", NULL, false, false },
	{ "result without its sequence", "A2( 02(05) 02(2D) )", PARSE_BAD, R_tcap_component, 0, 0,
		0, 0, "", NULL, false, false },
	{ "parameter too long", "A1( 02(05) 02(2C) 307F )", PARSE_BAD, R_ber, 0, 0, 0, 0, "", NULL,
		false, false },
};

static bool component_is(
	const struct component_case *t, struct bytes message, const struct tcap_component *c)
{
	struct bytes code = bytes_slice(message, c->code_off, c->code_len);
	bool parameter = t->parameter == NULL
	                         ? !c->has_parameter
	                         : c->has_parameter && is(c->parameter.whole, t->parameter);

	return c->type == t->type && c->invoke_id == t->invoke_id && c->linked_id == t->linked_id &&
	       c->code == t->code && is(code, t->code_octets) && parameter &&
	       c->global == t->global && c->trailing == t->trailing && is(c->whole, t->in) &&
	       message.data + c->off == c->whole.data;
}

static void test_components(void)
{
	for (size_t i = 0; i < sizeof(component_cases) / sizeof(component_cases[0]); i++) {
		const struct component_case *t = &component_cases[i];
		struct tcap_component c = { .invoke_id = 77 };
		char s[256];
		struct bytes b;
		struct tcap_message m;
		struct cursor at;
		enum reason why = R_none;
		enum parse p;

		snprintf(s, sizeof(s), "62( 48(01) 6C( %s %s ) )", t->in, INVOKE);
		m = read(s, &b);
		at = cursor_of(m.components);
		p = tcap_component_read(&at, b, &c, &why);
		if (p != t->parse || (p == PARSE_OK && !component_is(t, b, &c)) ||
			(p == PARSE_BAD && (why != t->why || c.invoke_id != 77))) {
			fprintf(stderr, "case '%s': %d %s\n", t->name, p, stats_reason_name(why));
			CU_FAIL("component");
		}
		/* whatever was inside it, the next one is read */
		CU_ASSERT_EQUAL(tcap_component_read(&at, b, &c, &why), PARSE_OK);
		CU_ASSERT_EQUAL(c.code, 46);
		CU_ASSERT_EQUAL(cursor_left(&at), 0);
		bertext_free(b);
	}
}

/* Q.773 4.2.2: A4 06 02 01 id 81 01 p: what turns it into a ReturnError of equal length. */
static void test_reject_offsets(void)
{
	struct bytes b;
	struct tcap_message m = read("64( 49(01) 6C( A4( 02(05) 81(01) ) ) )", &b);
	struct cursor at = cursor_of(m.components);
	struct tcap_component c;
	enum reason why;

	CU_ASSERT_EQUAL_FATAL(tcap_component_read(&at, b, &c, &why), PARSE_OK);
	CU_ASSERT_EQUAL(c.problem_type, 0x81);
	CU_ASSERT_EQUAL(b.data[c.off], 0xA4);
	CU_ASSERT_EQUAL(b.data[c.code_tag_off], 0x81);
	CU_ASSERT_EQUAL(b.data[c.code_off], 0x01);
	CU_ASSERT_EQUAL(c.code_off, c.code_tag_off + 2);
	CU_ASSERT_EQUAL(c.code_len, 1);
	bertext_free(b);
}

static void test_broken_component_ends_the_loop(void)
{
	struct bytes b;
	struct tcap_message m = read("62( 48(01) 6C( " INVOKE " A1 7F 02 ) )", &b);
	struct cursor at = cursor_of(m.components);
	struct tcap_component c;
	enum reason why = R_none;
	unsigned n = 0;

	for (; cursor_left(&at) != 0; n++) {
		CU_ASSERT_EQUAL(
			tcap_component_read(&at, b, &c, &why), n == 0 ? PARSE_OK : PARSE_BAD);
	}
	CU_ASSERT_EQUAL(n, 2);
	CU_ASSERT_EQUAL(why, R_ber);
	bertext_free(b);
}

/* Cut at every octet it is BAD with a reason, or what is left is whole: never a read too far. */
static void test_cut(void)
{
	static const char *const messages[] = {
		"62( 48(00000001)" AARQ "6C( " INVOKE INVOKE " ) )",
		"62[ 48(01) 6B[ 28[" OID "A0[ 60[ 80(0780) A1[" CONTEXT "] ] ] ] ] 6C[" INVOKE
		"] ]",
	};

	for (size_t i = 0; i < 2; i++) {
		struct bytes b = bertext_exact(messages[i]);

		for (size_t n = 0; n < b.len; n++) {
			uint8_t *copy = malloc(n + (n == 0));
			struct tcap_message m;
			enum reason why = R_none;

			memcpy(copy, b.data, n);
			CU_ASSERT_EQUAL(tcap_message_read(bytes_of(copy, n), &m, &why), PARSE_BAD);
			CU_ASSERT_EQUAL(why, R_ber);
			free(copy);
		}
		bertext_free(b);
	}
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(tcap_type_name(TCAP_CONTINUE), "continue");
	CU_ASSERT_STRING_EQUAL(tcap_type_name((enum tcap_type)0x63), "unknown");
	CU_ASSERT_STRING_EQUAL(tcap_component_name(TCAP_RESULT_NOT_LAST), "returnResultNotLast");
	CU_ASSERT_STRING_EQUAL(tcap_component_name((enum tcap_component_type)0xA5), "unknown");
}

UNIT_MAIN("proto/tcap", { "messages", test_messages }, { "dialogue portions", test_dialogue },
	{ "components", test_components }, { "where a Reject is rewritten", test_reject_offsets },
	{ "a component without an end", test_broken_component_ends_the_loop },
	{ "cut at every octet", test_cut }, { "names", test_names })
