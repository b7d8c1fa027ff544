/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/tpdu.h"

#include <stdio.h>

#include "tests/dataplane/proto/bertext.h"
#include "tests/dataplane/sms/septets.h"
#include "tests/support/unit.h"

#define OA    "0C91447700091011"   /* 447700900111 */
#define SCTS  "62112250012000"     /* 2026-11-22 05:10:02 */
#define HELLO "E8329BFD4697D9EC37" /* "hellohello" packed: TS 23.038 6.1.2.1 */

static struct {
	struct bytes b;
	struct tpdu t;
	enum reason why;
	char text[1024];
} d;

static enum parse read(const char *hex, enum tpdu_way way, enum tpdu_kind kind)
{
	if (d.b.len != 0) {
		bertext_free(d.b);
	}
	d.b = bertext_exact(hex);
	d.why = R_none;
	memset(&d.t, 0xA5, sizeof(d.t));
	return tpdu_read(d.b, way, kind, &d.t, &d.why);
}

static bool read_ok(const char *hex, enum tpdu_way way, enum tpdu_kind kind)
{
	size_t n;

	if (read(hex, way, kind) != PARSE_OK) {
		CU_FAIL("not OK");
		return false;
	}
	n = text_decode(&d.t.input, (uint8_t *)d.text, sizeof(d.text) - 1, NULL, NULL);
	d.text[n] = '\0';
	return true;
}

static bool octets_are(struct bytes b, const char *hex)
{
	uint8_t out[300];

	return bytes_equal(b, bertext_write(hex, out, sizeof(out)));
}

static bool address_is(const char *text)
{
	return bytes_equal(bytes_of(d.t.address.text, d.t.address.n), bytes_str(text));
}

/* TS 23.040 9.2.2.1 */
static void test_deliver(void)
{
	if (!read_ok("24" OA "4102" SCTS "0A" HELLO, TPDU_TO_MOBILE, TPDU_REQUEST)) {
		return;
	}
	CU_ASSERT_EQUAL(d.t.type, TPDU_DELIVER);
	CU_ASSERT_EQUAL(d.t.first, 0x24);
	CU_ASSERT_FALSE(d.t.udhi);
	CU_ASSERT_FALSE(d.t.more_messages);
	CU_ASSERT_TRUE(d.t.report_wanted);
	CU_ASSERT_FALSE(d.t.reply_path);
	CU_ASSERT_TRUE(d.t.has_address);
	CU_ASSERT_TRUE(address_is("447700900111"));
	CU_ASSERT_EQUAL(d.t.address.ton, 1);
	CU_ASSERT_EQUAL(d.t.address.npi, 1);
	CU_ASSERT_EQUAL(d.t.address.length, 12);
	CU_ASSERT_EQUAL(d.t.address.off, 1);
	CU_ASSERT_TRUE(octets_are(d.t.address.octets, "447700091011"));
	CU_ASSERT_EQUAL(d.t.protocol_id, 0x41);
	CU_ASSERT_EQUAL(d.t.protocol_id_off, 9);
	CU_ASSERT_EQUAL(d.t.data_coding, 0x02);
	CU_ASSERT_EQUAL(d.t.data_coding_off, 10);
	CU_ASSERT_TRUE(octets_are(d.t.timestamp, SCTS));
	CU_ASSERT_EQUAL(d.t.udl, 10);
	CU_ASSERT_EQUAL(d.t.udl_off, 18);
	CU_ASSERT_EQUAL(d.t.ud_off, 19);
	CU_ASSERT_TRUE(octets_are(d.t.ud, HELLO));
	CU_ASSERT_EQUAL(d.t.coding.encoding, TEXT_GSM7_PACKED);
	CU_ASSERT_STRING_EQUAL(d.text, "hellohello");
	CU_ASSERT_EQUAL(d.t.anomalies, 0);
	/* TP-MMS 0: more to come; TP-RP */
	CU_ASSERT_TRUE(read_ok("80" OA "0000" SCTS "00", TPDU_TO_MOBILE, TPDU_REQUEST));
	CU_ASSERT_TRUE(d.t.more_messages);
	CU_ASSERT_TRUE(d.t.reply_path);
	CU_ASSERT_TRUE(d.t.has_ud);
	CU_ASSERT_STRING_EQUAL(d.text, "");
}

/* TS 23.040 9.2.2.2, TP-VPF 9.2.3.3 */
static void test_submit(void)
{
	static const struct {
		const char *hex;
		enum tpdu_validity format;
		const char *vp;
	} cases[] = {
		{ "0107" OA "00000A" HELLO, TPDU_VP_NONE, "" },
		{ "1107" OA "0000A70A" HELLO, TPDU_VP_RELATIVE, "A7" },
		{ "0907" OA "0000010203040506070A" HELLO, TPDU_VP_ENHANCED, "01020304050607" },
		{ "1907" OA "0000" SCTS "0A" HELLO, TPDU_VP_ABSOLUTE, SCTS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_TRUE(read_ok(cases[i].hex, TPDU_TO_CENTRE, TPDU_REQUEST));
		CU_ASSERT_EQUAL(d.t.type, TPDU_SUBMIT);
		CU_ASSERT_EQUAL(d.t.reference, 7);
		CU_ASSERT_EQUAL(d.t.vp_format, cases[i].format);
		CU_ASSERT_TRUE(octets_are(d.t.vp, cases[i].vp));
		CU_ASSERT_TRUE(address_is("447700900111"));
		CU_ASSERT_EQUAL(d.t.address.off, 2);
		CU_ASSERT_STRING_EQUAL(d.text, "hellohello");
		CU_ASSERT_EQUAL(d.t.anomalies, 0);
	}
}

/* TS 23.040 9.2.3.1: what the type means either way. */
static void test_types(void)
{
	static const struct {
		const char *hex;
		enum tpdu_way way;
		enum tpdu_kind kind;
		enum tpdu_type type;
		unsigned anomalies;
	} cases[] = {
		{ "00" OA "0000" SCTS "00", TPDU_TO_MOBILE, TPDU_REQUEST, TPDU_DELIVER, 0 },
		{ "03" OA "0000" SCTS "00", TPDU_TO_MOBILE, TPDU_REQUEST, TPDU_DELIVER,
			TPDU_ANOMALY_TYPE },
		{ "0107" OA "000000", TPDU_TO_CENTRE, TPDU_REQUEST, TPDU_SUBMIT, 0 },
		{ "0307" OA "000000", TPDU_TO_CENTRE, TPDU_REQUEST, TPDU_SUBMIT,
			TPDU_ANOMALY_TYPE },
		{ "0207" OA SCTS SCTS "00", TPDU_TO_MOBILE, TPDU_REQUEST, TPDU_STATUS_REPORT, 0 },
		{ "0207000109" OA "00", TPDU_TO_CENTRE, TPDU_REQUEST, TPDU_COMMAND, 0 },
		{ "0000", TPDU_TO_CENTRE, TPDU_ACK, TPDU_DELIVER_REPORT, 0 },
		{ "00C100", TPDU_TO_CENTRE, TPDU_ERROR, TPDU_DELIVER_REPORT, 0 },
		{ "00C100", TPDU_TO_CENTRE, TPDU_REQUEST, TPDU_DELIVER_REPORT, TPDU_ANOMALY_TYPE },
		{ "0100" SCTS, TPDU_TO_MOBILE, TPDU_ACK, TPDU_SUBMIT_REPORT, 0 },
		{ "01C100" SCTS, TPDU_TO_MOBILE, TPDU_ERROR, TPDU_SUBMIT_REPORT, 0 },
		{ "01C100" SCTS, TPDU_TO_MOBILE, TPDU_REQUEST, TPDU_SUBMIT_REPORT,
			TPDU_ANOMALY_TYPE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_TRUE(read_ok(cases[i].hex, cases[i].way, cases[i].kind));
		if (d.t.type != cases[i].type || d.t.anomalies != cases[i].anomalies) {
			fprintf(stderr, "case %zu: %s %x\n", i, tpdu_type_name(d.t.type),
				d.t.anomalies);
			CU_FAIL("type");
		}
	}
}

/* TS 23.040 9.2.2.1a, 9.2.2.2a, 9.2.3.27 */
static void test_reports(void)
{
	CU_ASSERT_TRUE(read_ok("00C107"
			       "7F"
			       "00"
			       "0A" HELLO,
		TPDU_TO_CENTRE, TPDU_ERROR));
	CU_ASSERT_EQUAL(d.t.cause, 0xC1);
	CU_ASSERT_EQUAL(d.t.protocol_id, 0x7F);
	CU_ASSERT_EQUAL(d.t.protocol_id_off, 3);
	CU_ASSERT_EQUAL(d.t.data_coding_off, 4);
	CU_ASSERT_STRING_EQUAL(d.text, "hellohello");
	/* without TP-DCS it is 0 */
	CU_ASSERT_TRUE(read_ok("0104" SCTS "0A" HELLO, TPDU_TO_MOBILE, TPDU_ACK));
	CU_ASSERT_EQUAL(d.t.cause, 0);
	CU_ASSERT_EQUAL(d.t.data_coding_off, 0);
	CU_ASSERT_TRUE(octets_are(d.t.timestamp, SCTS));
	CU_ASSERT_STRING_EQUAL(d.text, "hellohello");
	/* TP-PI with extensions: the rest follows the last one */
	CU_ASSERT_TRUE(read_ok("0081"
			       "80"
			       "00"
			       "41",
		TPDU_TO_CENTRE, TPDU_ACK));
	CU_ASSERT_EQUAL(d.t.protocol_id, 0x41);
	CU_ASSERT_FALSE(d.t.has_ud);
	CU_ASSERT_EQUAL(read("00818080", TPDU_TO_CENTRE, TPDU_ACK), PARSE_BAD);
}

/* TS 23.040 9.2.2.3, 9.2.2.4 */
static void test_status_report_and_command(void)
{
	CU_ASSERT_TRUE(read_ok("0607" OA SCTS SCTS "30", TPDU_TO_MOBILE, TPDU_REQUEST));
	CU_ASSERT_EQUAL(d.t.reference, 7);
	CU_ASSERT_TRUE(address_is("447700900111"));
	CU_ASSERT_TRUE(octets_are(d.t.discharge, SCTS));
	CU_ASSERT_EQUAL(d.t.status, 0x30);
	CU_ASSERT_FALSE(d.t.has_ud);
	CU_ASSERT_TRUE(read_ok("0607" OA SCTS SCTS "00"
			       "06"
			       "00"
			       "0A" HELLO,
		TPDU_TO_MOBILE, TPDU_REQUEST));
	CU_ASSERT_STRING_EQUAL(d.text, "hellohello");
	CU_ASSERT_TRUE(read_ok("0207410209" OA "03AABBCC", TPDU_TO_CENTRE, TPDU_REQUEST));
	CU_ASSERT_EQUAL(d.t.protocol_id, 0x41);
	CU_ASSERT_EQUAL(d.t.command, 2);
	CU_ASSERT_EQUAL(d.t.message_number, 9);
	CU_ASSERT_TRUE(octets_are(d.t.ud, "AABBCC"));
	CU_ASSERT_STRING_EQUAL(d.text, ""); /* command data is no text */
	CU_ASSERT_EQUAL(d.t.anomalies, 0);
}

/* TS 23.040 9.1.2.5, 9.1.2.3 */
static void test_addresses(void)
{
	static const struct {
		const char *hex;
		const char *text;
		unsigned anomalies;
	} cases[] = {
		{ "0081", "", 0 },
		{ "058121F3F5", "123", 0 }, /* a filler ends it */
		{ "05812143F5", "12345", 0 },
		{ "0681BADCFE", "*#abc", 0 },
		{ "0BD0"
		  "C87408348A01",
			"Hi! #1", 0 }, /* six septets: 10.5 semi-octets */
		{ "00D0", "", 0 },
		{ "1581"
		  "2143658709214365870921",
			"123456789012345678901", TPDU_ANOMALY_ADDRESS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char s[256];

		snprintf(s, sizeof(s), "04%s0000" SCTS "0A" HELLO, cases[i].hex);
		CU_ASSERT_TRUE(read_ok(s, TPDU_TO_MOBILE, TPDU_REQUEST));
		if (!address_is(cases[i].text) || d.t.anomalies != cases[i].anomalies) {
			fprintf(stderr, "case %zu: '%.*s' %x\n", i, (int)d.t.address.n,
				d.t.address.text, d.t.anomalies);
			CU_FAIL("address");
		}
		CU_ASSERT_STRING_EQUAL(d.text, "hellohello");
	}
}

/* An alphanumeric sender of every length, encoded bit by bit, with either way of counting. */
static void test_alphanumeric(void)
{
	static const char name[] = "ABCDEFGHIJK";

	for (size_t n = 1; n <= 11; n++) {
		for (unsigned whole_octets = 0; whole_octets < 2; whole_octets++) {
			uint8_t tpdu[64] = { 0x04 };
			size_t len = septets_pack(tpdu + 3, 0, (const uint8_t *)name, n);
			size_t semi = whole_octets != 0 ? len * 2 : (n * 7 + 3) / 4;
			struct tpdu t;
			enum reason why;

			tpdu[1] = (uint8_t)semi;
			tpdu[2] = 0xD0;
			CU_ASSERT_EQUAL_FATAL(tpdu_read(bytes_of(tpdu, 3 + len + 10),
						      TPDU_TO_MOBILE, TPDU_REQUEST, &t, &why),
				PARSE_OK);
			CU_ASSERT_TRUE(bytes_equal(
				bytes_of(t.address.text, t.address.n), bytes_of(name, n)));
			CU_ASSERT_EQUAL(t.anomalies, 0);
		}
	}
}

/* The longest address there can be: 0xFF semi-octets, which overran others (TS 23.040 9.1.2.5: 20). */
static void test_long_address(void)
{
	static const uint8_t types[] = { 0x91, 0xD0 };

	for (size_t i = 0; i < 2; i++) {
		uint8_t tpdu[3 + 128 + 10] = { 0x04, 0xFF, types[i] };
		struct tpdu t;
		enum reason why = R_none;

		memset(tpdu + 3, 0x1B, 128); /* also the escape septet, which makes text grow */
		memset(tpdu + 131, 0, 10);
		CU_ASSERT_EQUAL(tpdu_read(bytes_of(tpdu, sizeof(tpdu)), TPDU_TO_MOBILE,
					TPDU_REQUEST, &t, &why),
			PARSE_OK);
		CU_ASSERT_EQUAL(t.anomalies, TPDU_ANOMALY_ADDRESS);
		CU_ASSERT_TRUE(t.address.n <= TPDU_ADDRESS_SIZE);
		CU_ASSERT_EQUAL(
			tpdu_read(bytes_of(tpdu, 21), TPDU_TO_MOBILE, TPDU_REQUEST, &t, &why),
			PARSE_BAD);
		CU_ASSERT_EQUAL(why, R_tpdu_body);
	}
}

/*
 * Septets behind a UDH of every length (TS 23.040 9.2.3.24): TP-UDL counts the septets that the UDH
 * and its fill bits take; the text begins at the next septet boundary.
 */
static void test_udh_septets(void)
{
	for (size_t udhl = 2; udhl <= 20; udhl++) {
		uint8_t tpdu[256] = { 0x44, 0x00, 0x81, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0 };
		size_t skip = ((udhl + 1) * 8 + 6) / 7;
		uint8_t *ud = tpdu + 13;
		size_t len;
		char text[64];
		struct tpdu t;
		enum reason why;

		len = septets_pack(ud, skip * 7, (const uint8_t *)"Come at once", 12);
		ud[0] = (uint8_t)udhl;
		ud[1] = 0x70; /* one element that says nothing here */
		ud[2] = (uint8_t)(udhl - 2);
		memset(ud + 3, 0xFF, udhl - 2);
		tpdu[12] = (uint8_t)(skip + 12);
		CU_ASSERT_EQUAL_FATAL(
			tpdu_read(bytes_of(tpdu, 13 + len), TPDU_TO_MOBILE, TPDU_REQUEST, &t, &why),
			PARSE_OK);
		text[text_decode(&t.input, (uint8_t *)text, sizeof(text) - 1, NULL, NULL)] = '\0';
		CU_ASSERT_STRING_EQUAL(text, "Come at once");
		CU_ASSERT_EQUAL(t.udh.len, udhl);
		CU_ASSERT_EQUAL(t.anomalies, 0);
	}
}

#define DELIVER_UDHI(dcs) "44" OA "00" dcs SCTS

static void test_udh(void)
{
	/* 16-bit concatenation, ports, UCS-2 */
	CU_ASSERT_TRUE(read_ok(DELIVER_UDHI("08") "11"
						  "0C"
						  "0804ABCD0302"
						  "05040B8423F0"
						  "00480069",
		TPDU_TO_MOBILE, TPDU_REQUEST));
	CU_ASSERT_TRUE(d.t.udhi);
	CU_ASSERT_TRUE(octets_are(d.t.udh, "0804ABCD030205040B8423F0"));
	CU_ASSERT_EQUAL(d.t.concat.reference, 0xABCD);
	CU_ASSERT_EQUAL(d.t.concat.width, 16);
	CU_ASSERT_EQUAL(d.t.concat.total, 3);
	CU_ASSERT_EQUAL(d.t.concat.part, 2);
	CU_ASSERT_EQUAL(d.t.destination_port, 2948);
	CU_ASSERT_EQUAL(d.t.source_port, 9200);
	CU_ASSERT_STRING_EQUAL(d.text, "Hi");
	CU_ASSERT_EQUAL(d.t.anomalies, 0);
	/* national tables: single shift of Turkish (9.2.3.24.15) */
	CU_ASSERT_TRUE(read_ok(DELIVER_UDHI("00") "05"
						  "03"
						  "240101"
						  "00",
		TPDU_TO_MOBILE, TPDU_REQUEST));
	CU_ASSERT_EQUAL(d.t.input.language.single, 1);
	CU_ASSERT_EQUAL(d.t.input.language.locking, 0);
	/* UDHL beyond the user data: nobody can tell, all of it is text */
	CU_ASSERT_TRUE(read_ok(DELIVER_UDHI("04") "03"
						  "036869",
		TPDU_TO_MOBILE, TPDU_REQUEST));
	CU_ASSERT_EQUAL(d.t.anomalies, TPDU_ANOMALY_UDH);
	CU_ASSERT_STRING_EQUAL(d.text, "\x03hi");
	CU_ASSERT_EQUAL(d.t.udh.len, 0);
	/* an element that breaks off: what came before it counts */
	CU_ASSERT_TRUE(read_ok(DELIVER_UDHI("04") "0A"
						  "07"
						  "0003110201"
						  "0509"
						  "6869",
		TPDU_TO_MOBILE, TPDU_REQUEST));
	CU_ASSERT_EQUAL(d.t.anomalies, TPDU_ANOMALY_UDH);
	CU_ASSERT_EQUAL(d.t.concat.total, 2);
	CU_ASSERT_STRING_EQUAL(d.text, "hi");
	/* UDHI without user data */
	CU_ASSERT_TRUE(read_ok(DELIVER_UDHI("00") "00", TPDU_TO_MOBILE, TPDU_REQUEST));
	CU_ASSERT_EQUAL(d.t.anomalies, 0);
	CU_ASSERT_STRING_EQUAL(d.text, "");
}

#define DELIVER(dcs) "04" OA "00" dcs SCTS

/* TP-UDL (9.2.3.16): septets or octets; what is not there cannot be read, what is more is noted. */
static void test_lengths(void)
{
	static const struct {
		const char *hex;
		const char *text;
		unsigned anomalies;
	} cases[] = {
		{ DELIVER("00") "0A" HELLO, "hellohello", 0 },
		{ DELIVER("00") "0A" HELLO "00", "hellohello",
			0 }, /* a zero that some encoders add */
		{ DELIVER("00") "0A" HELLO "01", "hellohello", TPDU_ANOMALY_LENGTH },
		{ DELIVER("00") "0A" HELLO "0000", "hellohello", TPDU_ANOMALY_LENGTH },
		{ DELIVER("00") "05" HELLO, "hello", TPDU_ANOMALY_LENGTH },
		{ DELIVER("00") "A0" HELLO, "hellohello", TPDU_ANOMALY_LENGTH },
		{ DELIVER("00") "FF"
				"E8329B",
			"hel", TPDU_ANOMALY_LENGTH },
		{ DELIVER("04") "02"
				"6869",
			"hi", 0 },
		{ DELIVER("04") "FF"
				"6869",
			"hi", TPDU_ANOMALY_LENGTH },
		{ DELIVER("04") "01"
				"6869",
			"h", TPDU_ANOMALY_LENGTH },
		{ DELIVER("08") "04"
				"00680069",
			"hi", 0 },
		{ DELIVER("F5") "02"
				"6869",
			"hi", 0 },
		{ DELIVER("20") "03"
				"AABBCC",
			"", 0 }, /* compressed: octets, and no text */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_TRUE(read_ok(cases[i].hex, TPDU_TO_MOBILE, TPDU_REQUEST));
		if (strcmp(d.text, cases[i].text) != 0 || d.t.anomalies != cases[i].anomalies) {
			fprintf(stderr, "case %zu: '%s' %x\n", i, d.text, d.t.anomalies);
			CU_FAIL("length");
		}
	}
}

/* Cut at every octet: BAD before the user data, as far as it goes within it; never read too far. */
static void test_cut(void)
{
	static const struct {
		const char *hex;
		enum tpdu_way way;
		enum tpdu_kind kind;
		size_t good; /* the first length that is OK */
	} cases[] = {
		{ "44" OA "0000" SCTS "1106050003AB0201" HELLO, TPDU_TO_MOBILE, TPDU_REQUEST, 19 },
		{ "1107" OA "0000A70A" HELLO, TPDU_TO_CENTRE, TPDU_REQUEST, 14 },
		{ "00C10741000A" HELLO, TPDU_TO_CENTRE, TPDU_ERROR, 6 },
		{ "0207410209" OA "03AABBCC", TPDU_TO_CENTRE, TPDU_REQUEST, 14 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = bertext_exact(cases[i].hex);

		for (size_t n = 0; n <= b.len; n++) {
			uint8_t *copy = malloc(n + (n == 0));
			enum reason why = R_none;
			struct tpdu t;

			memcpy(copy, b.data, n);
			CU_ASSERT_EQUAL(
				tpdu_read(bytes_of(copy, n), cases[i].way, cases[i].kind, &t, &why),
				n < cases[i].good ? PARSE_BAD : PARSE_OK);
			CU_ASSERT_EQUAL(why, n < cases[i].good ? R_tpdu_body : R_none);
			free(copy);
		}
		bertext_free(b);
	}
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(tpdu_type_name(TPDU_DELIVER_REPORT), "SMS-DELIVER-REPORT");
	CU_ASSERT_STRING_EQUAL(tpdu_type_name((enum tpdu_type)77), "unknown");
	CU_ASSERT_EQUAL(tpdu_anomaly_reason(0), R_tpdu_type);
	CU_ASSERT_EQUAL(tpdu_anomaly_reason(3), R_udh_length);
	CU_ASSERT_EQUAL(tpdu_anomaly_reason(TPDU_ANOMALIES), R_none);
	bertext_free(d.b);
	d.b = bytes_of(NULL, 0);
}

UNIT_MAIN("sms/tpdu", { "SMS-DELIVER", test_deliver }, { "SMS-SUBMIT", test_submit },
	{ "types either way", test_types }, { "reports", test_reports },
	{ "SMS-STATUS-REPORT and SMS-COMMAND", test_status_report_and_command },
	{ "addresses", test_addresses }, { "alphanumeric addresses", test_alphanumeric },
	{ "the longest address", test_long_address },
	{ "septets behind a UDH of every length", test_udh_septets }, { "UDH", test_udh },
	{ "lengths", test_lengths }, { "cut at every octet", test_cut }, { "names", test_names })
