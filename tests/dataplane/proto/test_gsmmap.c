/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/gsmmap.h"

#include <stdio.h>

#include "tests/dataplane/proto/bertext.h"
#include "tests/support/unit.h"

/* Numbers of the ranges for fiction (Ofcom: +44 7700 900xxx); the IMSI of a test network (001 01). */
#define CENTRE "91447700090010"   /* 447700900001 */
#define MSISDN "91447700091011"   /* 447700900111 */
#define IMSI   "00010121436587F9" /* 001010123456789 */
#define TPDU   "0405810021F30000000000000000000130"

static const struct gsmmap_context unknown, mo3 = { 21, 3 }, mt3 = { 25, 3 }, mo2 = { 21, 2 },
					    mt2 = { 25, 2 }, v1 = { 0, 1 };

/* What was read, and the message that it points into; static, for it is large. */
static struct desk {
	struct bytes b;
	struct tcap_component c;
	struct gsmmap_message m;
	enum reason why;
} d;

static enum parse read(const char *component, struct gsmmap_context context)
{
	char s[1024];
	struct tcap_message t;
	struct cursor at;

	snprintf(s, sizeof(s), "62( 48(01) 6C( %s ) )", component);
	d.b = bertext_exact(s);
	d.why = R_none;
	CU_ASSERT_EQUAL_FATAL(tcap_message_read(d.b, &t, &d.why), PARSE_OK);
	at = cursor_of(t.components);
	CU_ASSERT_EQUAL_FATAL(tcap_component_read(&at, d.b, &d.c, &d.why), PARSE_OK);
	memset(&d.m, 0xA5, sizeof(d.m));
	return gsmmap_message_read(&d.c, context, d.b, &d.m, &d.why);
}

static void read_ok(const char *component, struct gsmmap_context context)
{
	CU_ASSERT_EQUAL_FATAL(read(component, context), PARSE_OK);
}

static bool number_is(const struct gsmmap_address *a, const char *digits)
{
	return bytes_equal(bytes_of(a->digits, a->n_digits), bytes_str(digits));
}

static bool octets_are(struct bytes b, const char *hex)
{
	uint8_t out[300];

	return bytes_equal(b, bertext_write(hex, out, sizeof(out)));
}

static void test_mt(void)
{
	read_ok("A1( 02(01) 02(2C) 30( 80(" IMSI ") 84(" CENTRE ") 04(" TPDU ") 05() ) )", mt3);

	CU_ASSERT_EQUAL(d.m.type, TCAP_INVOKE);
	CU_ASSERT_EQUAL(d.m.operation, GSMMAP_MT_FORWARD_SM);
	CU_ASSERT_EQUAL(d.m.error, TCAP_NO_CODE);
	CU_ASSERT_EQUAL(d.m.invoke_id, 1);
	CU_ASSERT_EQUAL(d.m.context.version, 3);
	CU_ASSERT_TRUE(d.m.to_mobile);
	CU_ASSERT_EQUAL(d.m.da, GSMMAP_PARTY_IMSI);
	CU_ASSERT_EQUAL(d.m.oa, GSMMAP_PARTY_CENTRE);
	CU_ASSERT_TRUE(number_is(&d.m.imsi, "001010123456789"));
	CU_ASSERT_TRUE(octets_are(d.m.imsi.octets, IMSI));
	CU_ASSERT_PTR_EQUAL(d.b.data + d.m.imsi.off, d.m.imsi.octets.data);
	CU_ASSERT_TRUE(number_is(&d.m.service_centre, "447700900001"));
	CU_ASSERT_EQUAL(d.m.service_centre.nature, 1);
	CU_ASSERT_EQUAL(d.m.service_centre.plan, 1);
	CU_ASSERT_TRUE(d.m.has_ui);
	CU_ASSERT_FALSE(d.m.ui_in_pieces);
	CU_ASSERT_TRUE(octets_are(d.m.ui, TPDU));
	CU_ASSERT_PTR_EQUAL(d.b.data + d.m.ui_off, d.m.ui.data);
	CU_ASSERT_TRUE(d.m.more_messages);
	CU_ASSERT_EQUAL(d.m.outcome, -1);
	CU_ASSERT_EQUAL(d.m.msisdn.n_digits, 0);
	CU_ASSERT_EQUAL(d.m.anomalies, 0);
	bertext_free(d.b);
}

static void test_mo(void)
{
	/* v3: the IMSI of the sender behind the TPDU (TS 29.002 17.7.6 MO-ForwardSM-Arg) */
	read_ok("A1( 02(00) 02(2E) 30( 84(" CENTRE ") 82(" MSISDN ") 04(" TPDU ") 30() 04(" IMSI
		") ) )",
		mo3);

	CU_ASSERT_FALSE(d.m.to_mobile);
	CU_ASSERT_EQUAL(d.m.da, GSMMAP_PARTY_CENTRE);
	CU_ASSERT_EQUAL(d.m.oa, GSMMAP_PARTY_MSISDN);
	CU_ASSERT_TRUE(number_is(&d.m.msisdn, "447700900111"));
	CU_ASSERT_TRUE(number_is(&d.m.service_centre, "447700900001"));
	CU_ASSERT_TRUE(number_is(&d.m.imsi, "001010123456789"));
	CU_ASSERT_FALSE(d.m.more_messages);
	CU_ASSERT_EQUAL(d.m.anomalies, 0);
	bertext_free(d.b);
	/* in MT an octet string there is smDeliveryStartTime */
	read_ok("A1( 02(00) 02(2C) 30( 81(01020304) 84(" CENTRE ") 04(" TPDU
		") 30() 02(3C) 04(01020304) ) )",
		mt3);
	CU_ASSERT_EQUAL(d.m.da, GSMMAP_PARTY_LMSI);
	CU_ASSERT_TRUE(octets_are(d.m.lmsi, "01020304"));
	CU_ASSERT_EQUAL(d.m.imsi.n_digits, 0);
	bertext_free(d.b);
}

#define DA_IMSI    "80(" IMSI ")"
#define DA_LMSI    "81(01020304)"
#define DA_ROAMING "83(" MSISDN ")"
#define DA_CENTRE  "84(" CENTRE ")"
#define DA_NOTHING "85()"
#define OA_MSISDN  "82(" MSISDN ")"
#define OA_CENTRE  "84(" CENTRE ")"
#define OA_NOTHING "85()"

/* One operation code for both ways: what tells them apart (TS 29.002 17.3.3, 17.7.6). */
static void test_direction(void)
{
	static const struct {
		const char *code;
		const char *parties;
		const struct gsmmap_context *context;
		bool to_mobile;
		unsigned anomalies;
	} cases[] = {
		{ "2E", DA_CENTRE OA_MSISDN, &unknown, false, 0 },
		{ "2E", DA_CENTRE OA_MSISDN, &v1, false, 0 },
		{ "2E", DA_IMSI OA_CENTRE, &unknown, true, 0 },
		{ "2E", DA_LMSI OA_CENTRE, &v1, true, 0 },
		{ "2E", DA_ROAMING OA_CENTRE, &v1, true, 0 },
		{ "2E", DA_IMSI OA_CENTRE, &mt2, true, 0 },
		{ "2E", DA_CENTRE OA_MSISDN, &mo2, false, 0 },
		{ "2E", DA_NOTHING OA_NOTHING, &mt2, true, 0 },
		{ "2E", DA_NOTHING OA_NOTHING, &unknown, true, 0 },
		{ "2C", DA_NOTHING OA_NOTHING, &mt3, true, 0 },
		{ "2E", DA_CENTRE OA_NOTHING, &mo3, false, 0 },
		{ "2C", DA_IMSI OA_CENTRE, &unknown, true, 0 },
		{ "2C", DA_CENTRE OA_MSISDN, &mt3, true, GSMMAP_ANOMALY_DIRECTION },
		{ "2E", DA_IMSI OA_CENTRE, &mo3, false, GSMMAP_ANOMALY_DIRECTION },
		{ "2E", DA_IMSI OA_MSISDN, &mt2, true, GSMMAP_ANOMALY_DIRECTION },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char s[512];

		snprintf(s, sizeof(s), "A1( 02(00) 02(%s) 30( %s 04(" TPDU ") ) )", cases[i].code,
			cases[i].parties);
		read_ok(s, *cases[i].context);
		if (d.m.to_mobile != cases[i].to_mobile || d.m.anomalies != cases[i].anomalies) {
			fprintf(stderr, "case %zu: %d %x\n", i, d.m.to_mobile, d.m.anomalies);
			CU_FAIL("direction");
		}
		bertext_free(d.b);
	}
}

static void test_routing_info(void)
{
	read_ok("A1( 02(01) 02(2D) 30( 80(" MSISDN ") 81(FF) 82(" CENTRE ") 87() ) )", unknown);

	CU_ASSERT_EQUAL(d.m.operation, GSMMAP_SEND_ROUTING_INFO);
	CU_ASSERT_TRUE(number_is(&d.m.msisdn, "447700900111"));
	CU_ASSERT_TRUE(number_is(&d.m.service_centre, "447700900001"));
	CU_ASSERT_FALSE(d.m.has_ui);
	bertext_free(d.b);
	read_ok("A2( 02(01) 30( 02(2D) 30( 04(" IMSI ") A0( 81(" CENTRE
		") 04(01020304) 85() A6( 81(" MSISDN ") ) ) ) ) )",
		unknown);
	CU_ASSERT_EQUAL(d.m.type, TCAP_RESULT_LAST);
	CU_ASSERT_TRUE(number_is(&d.m.imsi, "001010123456789"));
	CU_ASSERT_TRUE(number_is(&d.m.node, "447700900001"));
	CU_ASSERT_TRUE(octets_are(d.m.lmsi, "01020304"));
	CU_ASSERT_EQUAL(d.m.msisdn.n_digits, 0);
	bertext_free(d.b);
}

static void test_others(void)
{
	read_ok("A1( 02(01) 02(2F) 30( 04(" MSISDN ") 04(" CENTRE ") 0A(01) 80(02) ) )", unknown);

	CU_ASSERT_EQUAL(d.m.operation, GSMMAP_REPORT_STATUS);
	CU_ASSERT_TRUE(number_is(&d.m.msisdn, "447700900111"));
	CU_ASSERT_TRUE(number_is(&d.m.service_centre, "447700900001"));
	CU_ASSERT_EQUAL(d.m.outcome, 1);
	bertext_free(d.b);
	read_ok("A1( 02(01) 02(40) 30( 04(" MSISDN ") 04(" CENTRE ") ) )", unknown);
	CU_ASSERT_EQUAL(d.m.operation, GSMMAP_ALERT);
	CU_ASSERT_TRUE(number_is(&d.m.service_centre, "447700900001"));
	CU_ASSERT_EQUAL(d.m.outcome, -1);
	bertext_free(d.b);
	read_ok("A1( 02(01) 02(31) 30( 04(" MSISDN ") 04(" CENTRE ") ) )", v1);
	CU_ASSERT_EQUAL(d.m.operation, GSMMAP_ALERT_V1);
	CU_ASSERT_TRUE(number_is(&d.m.msisdn, "447700900111"));
	bertext_free(d.b);
	read_ok("A1( 02(01) 02(3F) 30( 04(" MSISDN ") 03(0240) 02(05) ) )", unknown);
	CU_ASSERT_EQUAL(d.m.operation, GSMMAP_INFORM);
	CU_ASSERT_TRUE(number_is(&d.m.msisdn, "447700900111"));
	CU_ASSERT_EQUAL(d.m.service_centre.n_digits, 0);
	bertext_free(d.b);
	read_ok("A1( 02(01) 02(42) 30( 80(" IMSI ") 0A(00) ) )", unknown);
	CU_ASSERT_TRUE(number_is(&d.m.imsi, "001010123456789"));
	bertext_free(d.b);
	/* updateLocation: not ours, whatever its parameter is */
	read_ok("A1( 02(01) 02(02) 30( 047F ) )", unknown);
	CU_ASSERT_EQUAL(d.m.operation, 2);
	CU_ASSERT_FALSE(d.m.has_ui);
	bertext_free(d.b);
}

static void test_reports(void)
{
	read_ok("A2( 02(01) 30( 02(2E) 30( 04(010062112250012000) ) ) )", mo3);

	CU_ASSERT_TRUE(d.m.to_mobile); /* a SUBMIT-REPORT */
	CU_ASSERT_TRUE(octets_are(d.m.ui, "010062112250012000"));
	CU_ASSERT_PTR_EQUAL(d.b.data + d.m.ui_off, d.m.ui.data);
	bertext_free(d.b);
	read_ok("A2( 02(01) 30( 02(2C) 30( 04(0000) ) ) )", mt3);
	CU_ASSERT_FALSE(d.m.to_mobile); /* a DELIVER-REPORT */
	CU_ASSERT_TRUE(octets_are(d.m.ui, "0000"));
	bertext_free(d.b);
	read_ok("A3( 02(01) 02(20) 30( 0A(04) 04(00C100) ) )", mo3);
	CU_ASSERT_EQUAL(d.m.error, GSMMAP_ERROR_DELIVERY_FAILURE);
	CU_ASSERT_EQUAL(d.m.operation, TCAP_NO_CODE);
	CU_ASSERT_TRUE(octets_are(d.m.ui, "00C100"));
	bertext_free(d.b);
	read_ok("A3( 02(01) 02(20) 0A(04) )", v1); /* v1: the cause alone */
	CU_ASSERT_FALSE(d.m.has_ui);
	bertext_free(d.b);
	read_ok("A2( 02(01) )", mt3);
	CU_ASSERT_FALSE(d.m.has_ui);
	CU_ASSERT_EQUAL(d.m.operation, TCAP_NO_CODE);
	bertext_free(d.b);
	read_ok("A4( 02(01) 81(01) )", mt3);
	CU_ASSERT_EQUAL(d.m.type, TCAP_REJECT);
	CU_ASSERT_EQUAL(d.m.operation, TCAP_NO_CODE);
	CU_ASSERT_EQUAL(d.m.error, TCAP_NO_CODE);
	bertext_free(d.b);
}

/* TBCD (TS 29.002 17.7.8): all digits, fillers, and what stands behind them. */
static void test_digits(void)
{
	static const struct {
		const char *octets;
		const char *digits;
		unsigned anomalies;
	} cases[] = {
		{ "", "", 0 },
		{ "91", "", 0 },
		{ "9121F3", "123", 0 },
		{ "912143", "1234", 0 },
		{ "91BADCFE", "*#abc", 0 },
		{ "91214365FF", "123456", 0 },
		{ "91F143", "1", GSMMAP_ANOMALY_DIGITS },
		{ "912F43", "", GSMMAP_ANOMALY_DIGITS },
		{ "910000000000000000000000000000000000000000",
			"0000000000000000000000000000000000000000", GSMMAP_ANOMALY_DIGITS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char s[512];
		struct bytes digits = bytes_str(cases[i].digits);

		snprintf(s, sizeof(s),
			"A1( 02(00) 02(2E) 30( 84(%s) 82(" MSISDN ") 04(" TPDU ") ) )",
			cases[i].octets);
		read_ok(s, mo3);
		digits.len = digits.len < LIMIT_MAP_DIGITS ? digits.len : LIMIT_MAP_DIGITS;
		CU_ASSERT_TRUE(bytes_equal(
			bytes_of(d.m.service_centre.digits, d.m.service_centre.n_digits), digits));
		CU_ASSERT_EQUAL(d.m.anomalies, cases[i].anomalies);
		bertext_free(d.b);
	}
}

/* X.690 8.21: any string may come in pieces; numbers are read, the TPDU is left to be joined. */
static void test_pieces(void)
{
	read_ok("A1( 02(00) 02(2E) 30( A4( 04(9144) 04(77) 04(00090010) ) 82(" MSISDN
		") 24[ 04(0405) 04(8100) ] ) )",
		mo3);
	uint8_t copy[LIMIT_TPDU_LEN];
	struct bytes ui;

	CU_ASSERT_TRUE(number_is(&d.m.service_centre, "447700900001"));
	CU_ASSERT_EQUAL(d.m.service_centre.octets.len, 0);
	CU_ASSERT_TRUE(d.m.has_ui);
	CU_ASSERT_TRUE(d.m.ui_in_pieces);
	CU_ASSERT_EQUAL(d.m.ui.len, 0);
	CU_ASSERT_TRUE(ber_octets(&d.m.ui_element, copy, sizeof(copy), &ui));
	CU_ASSERT_TRUE(octets_are(ui, "04058100"));
	CU_ASSERT_EQUAL(d.m.anomalies, GSMMAP_ANOMALY_PIECES);
	bertext_free(d.b);
	/* one piece is a piece of the message like any other */
	read_ok("A1( 02(00) 02(2E) 30( 84(" CENTRE ") 82(" MSISDN ") 24( 04(" TPDU ") ) ) )", mo3);
	CU_ASSERT_FALSE(d.m.ui_in_pieces);
	CU_ASSERT_TRUE(octets_are(d.m.ui, TPDU));
	CU_ASSERT_PTR_EQUAL(d.b.data + d.m.ui_off, d.m.ui.data);
	CU_ASSERT_EQUAL(d.m.anomalies, 0);
	bertext_free(d.b);
}

static void test_broken(void)
{
	static const struct {
		const char *component;
		enum reason why;
	} cases[] = {
		{ "A1( 02(00) 02(2E) )", R_map_parameter },
		{ "A1( 02(00) 02(2E) 04(00) )", R_map_parameter },
		{ "A1( 02(00) 02(2E) 30() )", R_map_parameter },
		{ "A1( 02(00) 02(2E) 30( 84(" CENTRE ") ) )", R_map_parameter },
		{ "A1( 02(00) 02(2E) 30( 84(" CENTRE ") 82(" MSISDN ") ) )", R_map_parameter },
		{ "A1( 02(00) 02(2E) 30( 84(" CENTRE ") 82(" MSISDN ") 05() ) )", R_map_parameter },
		{ "A1( 02(00) 02(2E) 30( 86(" CENTRE ") 82(" MSISDN ") 04(00) ) )",
			R_map_parameter },
		{ "A1( 02(00) 02(2E) 30( 84(" CENTRE ") 80(" IMSI ") 04(00) ) )", R_map_parameter },
		{ "A1( 02(00) 02(2E) 30( 84(" CENTRE ") 82(" MSISDN ") 047F ) )", R_ber },
		{ "A1( 02(00) 02(2E) 30( 84(" CENTRE ") 82(" MSISDN ") 24( 05() ) ) )",
			R_map_parameter },
		{ "A1( 02(00) 02(2D) 30( 80(" MSISDN ") 82FF ) )", R_ber },
		{ "A2( 02(00) 30( 02(2D) 04(00) ) )", R_map_parameter },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gsmmap_message untouched;

		CU_ASSERT_EQUAL(read(cases[i].component, mo3), PARSE_BAD);
		CU_ASSERT_EQUAL(d.why, cases[i].why);
		memset(&untouched, 0xA5, sizeof(untouched));
		CU_ASSERT_EQUAL(memcmp(&d.m, &untouched, sizeof(untouched)), 0);
		bertext_free(d.b);
	}
}

/* What is behind the TPDU cannot hide it. */
static void test_trailing(void)
{
	read_ok("A1( 02(00) 02(2E) 30( 84(" CENTRE ") 82(" MSISDN ") 04(" TPDU ") 057F ) )", mo3);

	CU_ASSERT_TRUE(octets_are(d.m.ui, TPDU));
	CU_ASSERT_EQUAL(d.m.anomalies, GSMMAP_ANOMALY_TRAILING);
	bertext_free(d.b);
	read_ok("A1( 02(00) 02(2E) 30( 84(" CENTRE ") 82(" MSISDN ") 04(" TPDU ") ) 04(00) )", mo3);
	CU_ASSERT_EQUAL(d.m.anomalies, GSMMAP_ANOMALY_TRAILING);
	bertext_free(d.b);
}

static void test_context(void)
{
	static const struct {
		const char *message;
		uint8_t id;
		uint8_t version;
	} cases[] = {
		{ "62( 48(01) 6B( 28( A0( 60( A1( 06(04000001001903) ) ) ) ) ) )", 25, 3 },
		{ "64( 49(01) 6B( 28( A0( 61( A1( 06(04000001001402) ) ) ) ) ) )", 20, 2 },
		{ "62( 48(01) 6B( 28( A0( 60( A1( 06(04000001011903) ) ) ) ) ) )", 0,
			0 }, /* no MAP */
		{ "62( 48(01) 6C( A1(02(00)02(2D)) ) )", 0, 1 },
		{ "62( 48(01) )", 0, 0 },
		{ "65( 48(01) 49(02) 6C( A1(02(00)02(2D)) ) )", 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = bertext_exact(cases[i].message);
		struct gsmmap_context context;
		struct tcap_message m;
		enum reason why;

		CU_ASSERT_EQUAL_FATAL(tcap_message_read(b, &m, &why), PARSE_OK);
		context = gsmmap_context_of(&m);
		CU_ASSERT_EQUAL(context.id, cases[i].id);
		CU_ASSERT_EQUAL(context.version, cases[i].version);
		bertext_free(b);
	}
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(gsmmap_operation_name(44), "mt-forwardSM");
	CU_ASSERT_STRING_EQUAL(gsmmap_operation_name(45), "sendRoutingInfoForSM");
	CU_ASSERT_STRING_EQUAL(gsmmap_operation_name(TCAP_NO_CODE), "unknown");
	CU_ASSERT_TRUE(gsmmap_is_sms(66));
	CU_ASSERT_FALSE(gsmmap_is_sms(2));
	CU_ASSERT_TRUE(gsmmap_carries_text(46));
	CU_ASSERT_FALSE(gsmmap_carries_text(45));
	CU_ASSERT_EQUAL(gsmmap_anomaly_reason(0), R_map_digits);
	CU_ASSERT_EQUAL(gsmmap_anomaly_reason(GSMMAP_ANOMALIES), R_none);
}

UNIT_MAIN("proto/gsmmap", { "mt-forwardSM", test_mt }, { "mo-forwardSM", test_mo },
	{ "which way a forwardSM goes", test_direction },
	{ "sendRoutingInfoForSM and its result", test_routing_info },
	{ "the other operations", test_others }, { "reports in results and errors", test_reports },
	{ "digits", test_digits }, { "strings in pieces", test_pieces },
	{ "broken parameters", test_broken }, { "octets behind the message", test_trailing },
	{ "application contexts", test_context }, { "names", test_names })
