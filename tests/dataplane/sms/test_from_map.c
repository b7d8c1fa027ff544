/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/from_map.h"

#include <stdio.h>

#include "dataplane/sms/from_smpp.h"
#include "tests/dataplane/proto/bertext.h"
#include "tests/support/unit.h"

enum { TEXT_SIZE_MAX = 2048 };

#define CENTRE "91447700090010"   /* 447700900001 */
#define MSISDN "91447700091011"   /* 447700900111 */
#define IMSI   "00010121436587F9" /* 001010123456789 */
#define SCTS   "62112250012000"
#define HELLO  "E8329BFD4697D9EC37" /* "hellohello": TS 23.038 6.1.2.1 */
#define DELIVER          \
	"040C9144770009" \
	"1022"           \
	"0000" SCTS "0A" HELLO /* from 447700900122 */
#define SUBMIT                 \
	"11070C91447700091022" \
	"41F1"                 \
	"A7"                   \
	"0A" HELLO

/* Everything one case needs; static, for it is large. */
static struct {
	struct bytes b;
	struct gsmmap_message m;
	struct map_tpdu t;
	struct sms sms;
	uint8_t text[TEXT_SIZE_MAX + LIMIT_SCAN_TAIL];
	enum reason why;
} d;

/* from: the first component of a message, as a struct sms. */
static enum parse from(const char *message)
{
	struct sms_buffers buffers = { .text = d.text, .text_size = TEXT_SIZE_MAX };
	struct tcap_component c;
	struct tcap_message t;
	struct cursor at;

	if (d.b.len != 0) {
		bertext_free(d.b);
	}
	d.b = bertext_exact(message);
	d.why = R_none;
	CU_ASSERT_EQUAL_FATAL(tcap_message_read(d.b, &t, &d.why), PARSE_OK);
	at = cursor_of(t.components);
	CU_ASSERT_EQUAL_FATAL(tcap_component_read(&at, d.b, &c, &d.why), PARSE_OK);
	CU_ASSERT_EQUAL_FATAL(
		gsmmap_message_read(&c, gsmmap_context_of(&t), d.b, &d.m, &d.why), PARSE_OK);
	CU_ASSERT_TRUE_FATAL(d.m.has_ui);
	memset(&d.sms, 0xA5, sizeof(d.sms));
	return sms_from_map(&d.m, &d.t, &buffers, &d.sms, &d.why);
}

static const struct sms *convert(const char *message)
{
	CU_ASSERT_EQUAL_FATAL(from(message), PARSE_OK);
	return &d.sms;
}

static bool is(struct bytes b, const char *s)
{
	return bytes_equal(b, bytes_str(s));
}

static bool noted(const struct sms *sms, enum reason r)
{
	return (sms->anomalies[r / 64] >> (r % 64) & 1) != 0;
}

static unsigned n_noted(const struct sms *sms)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SMS_ANOMALY_WORDS; i++) {
		n += (unsigned)__builtin_popcountll(sms->anomalies[i]);
	}
	return n;
}

#define MT(tpdu)                                                                           \
	"65( 48(01) 49(02) 6C( A1( 02(05) 02(2C) 30( 80(" IMSI ") 84(" CENTRE ") 04(" tpdu \
	") 05() ) ) ) )"
#define MO(tpdu) \
	"62( 48(01) 6C( A1( 02(05) 02(2E) 30( 84(" CENTRE ") 82(" MSISDN ") 04(" tpdu ") ) ) ) )"

static void test_mt(void)
{
	const struct sms *s = convert(MT(DELIVER));

	CU_ASSERT_EQUAL(s->carrier, SMS_MAP);
	CU_ASSERT_STRING_EQUAL(s->command, "mt-forwardSM");
	CU_ASSERT_EQUAL(s->sequence, 5);
	CU_ASSERT_TRUE(is(s->source.digits, "447700900122"));
	CU_ASSERT_EQUAL(s->source.ton, TON_INTERNATIONAL);
	CU_ASSERT_EQUAL(s->source.npi, 1);
	CU_ASSERT_EQUAL(s->destination.digits.len, 0); /* an IMSI is no number */
	CU_ASSERT_TRUE(is(s->imsi, "001010123456789"));
	CU_ASSERT_TRUE(is(s->smsc.digits, "447700900001"));
	CU_ASSERT_EQUAL(s->smsc.ton, 1);
	CU_ASSERT_EQUAL(s->msisdn.digits.len, 0);
	CU_ASSERT_EQUAL(s->n_destinations, 1);
	CU_ASSERT_EQUAL(s->operation, 44);
	CU_ASSERT_EQUAL(s->map_version, 0); /* a Continue does not say */
	CU_ASSERT_EQUAL(s->tpdu_type, TPDU_DELIVER);
	CU_ASSERT_TRUE(s->to_mobile);
	CU_ASSERT_TRUE(s->more_messages);
	CU_ASSERT_FALSE(s->in_pieces);
	CU_ASSERT_FALSE(s->receipt);
	CU_ASSERT_FALSE(s->partial);
	CU_ASSERT_FALSE(s->compressed);
	CU_ASSERT_FALSE(s->message_waiting);
	CU_ASSERT_EQUAL(s->esm_class, 0);
	CU_ASSERT_EQUAL(s->message_class, -1);
	CU_ASSERT_EQUAL(s->udh.len, 0);
	CU_ASSERT_EQUAL(s->concat.total, 0);
	CU_ASSERT_EQUAL(s->n_bodies, 1);
	CU_ASSERT_TRUE(is(s->body[0].text, "hellohello"));
	CU_ASSERT_EQUAL(s->body[0].octets.len, 9);
	CU_ASSERT_PTR_EQUAL(d.b.data + s->body[0].offset, s->body[0].octets.data);
	CU_ASSERT_EQUAL(s->text_stats.n_characters, 10);
	CU_ASSERT_EQUAL(n_noted(s), 0);
}

static void test_mo(void)
{
	const struct sms *s = convert(MO(SUBMIT));

	CU_ASSERT_STRING_EQUAL(s->command, "mo-forwardSM");
	CU_ASSERT_TRUE(is(s->source.digits, "447700900111"));
	CU_ASSERT_EQUAL(s->source.ton, 1);
	CU_ASSERT_TRUE(is(s->destination.digits, "447700900122"));
	CU_ASSERT_TRUE(is(s->msisdn.digits, "447700900111"));
	CU_ASSERT_TRUE(is(s->smsc.digits, "447700900001"));
	CU_ASSERT_EQUAL(s->imsi.len, 0);
	CU_ASSERT_FALSE(s->to_mobile);
	CU_ASSERT_FALSE(s->more_messages);
	CU_ASSERT_EQUAL(s->map_version, 1); /* a Begin without a dialogue portion */
	CU_ASSERT_EQUAL(s->operation, 46);
	CU_ASSERT_EQUAL(s->tpdu_type, TPDU_SUBMIT);
	CU_ASSERT_EQUAL(s->protocol_id, 0x41);
	CU_ASSERT_EQUAL(s->data_coding, 0xF1);
	CU_ASSERT_EQUAL(s->message_class, 1);
	CU_ASSERT_TRUE(is(s->body[0].text, "hellohello"));
	CU_ASSERT_EQUAL(n_noted(s), 0);
}

/* The name that rules ask for, whatever the version calls it. */
static void test_v2(void)
{
	const struct sms *s = convert("65( 48(01) 49(02) 6C( A1( 02(05) 02(2E) 30( 81(01020304) "
				      "84(" CENTRE ") 04(" DELIVER ") ) ) ) )");

	CU_ASSERT_STRING_EQUAL(s->command, "mt-forwardSM");
	CU_ASSERT_EQUAL(s->operation, 46);
	CU_ASSERT_EQUAL(s->imsi.len, 0);
	CU_ASSERT_TRUE(is(s->body[0].text, "hellohello"));
}

/* The same text by SMPP and by MAP: policy sees the same. */
static void test_same_as_smpp(void)
{
	static const uint8_t pdu[] = { 0, 0, 0, 53, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1,
		'1', 0, 1, 1, '2', 0, 0x40, 0, 0, 0, 0, 0, 0, 8, 0, 18, 0x05, 0x00, 0x03, 0xAB, 2,
		1, 0, 'W', 0, 'i', 0, 'n', 0x20, 0xAC, 0xD8, 0x3D, 0xDE, 0x00 };
	const struct smpp_profile profile = { .default_coding = TEXT_DEFAULT_GSM7 };
	static uint8_t text[TEXT_SIZE_MAX + LIMIT_SCAN_TAIL];
	struct sms_buffers buffers = { .text = text, .text_size = TEXT_SIZE_MAX };
	static struct smpp_message m;
	static struct sms by_smpp;
	const struct bytes octets = bytes_of(pdu, sizeof(pdu));
	enum reason why;
	const struct sms *s = convert(MO("51070C91447700091022"
					 "0008"
					 "A7"
					 "12"
					 "050003AB0201"
					 "00570069006E20ACD83DDE00"));

	CU_ASSERT_EQUAL_FATAL(smpp_message_read(octets, &m, &why), PARSE_OK);
	by_smpp.refused = true; /* of the message before it */
	sms_from_smpp(&m, octets, &profile, &buffers, &by_smpp);
	CU_ASSERT(!by_smpp.refused && !s->refused);
	CU_ASSERT_TRUE(is(s->body[0].text, "Win\xE2\x82\xAC\xF0\x9F\x98\x80"));
	CU_ASSERT_TRUE(bytes_equal(s->body[0].text, by_smpp.body[0].text));
	CU_ASSERT_TRUE(bytes_equal(s->body[0].octets, by_smpp.body[0].octets));
	CU_ASSERT_TRUE(bytes_equal(s->udh, by_smpp.udh));
	CU_ASSERT_EQUAL(s->concat.reference, by_smpp.concat.reference);
	CU_ASSERT_EQUAL(s->concat.width, by_smpp.concat.width);
	CU_ASSERT_EQUAL(s->concat.part, by_smpp.concat.part);
	CU_ASSERT_EQUAL(s->concat.total, by_smpp.concat.total);
	CU_ASSERT_EQUAL(s->esm_class, by_smpp.esm_class);
	CU_ASSERT_EQUAL(s->data_coding, by_smpp.data_coding);
	CU_ASSERT_EQUAL(s->message_class, by_smpp.message_class);
	CU_ASSERT_EQUAL(s->body[0].input.encoding, by_smpp.body[0].input.encoding);
	CU_ASSERT_EQUAL(s->text_stats.n_characters, by_smpp.text_stats.n_characters);
}

static void test_concat(void)
{
	const struct sms *s = convert(MT("440C91447700091022"
					 "0004" SCTS "08"
					 "0608040102"
					 "0301"
					 "68"));

	CU_ASSERT_EQUAL(s->concat.reference, 0x0102);
	CU_ASSERT_EQUAL(s->concat.width, 16);
	CU_ASSERT_EQUAL(s->concat.total, 3);
	CU_ASSERT_EQUAL(s->concat.part, 1);
	CU_ASSERT_EQUAL(s->esm_class, 0x40);
	CU_ASSERT_EQUAL(n_noted(s), 0);
	/* part 0, and part 4 of 3 (TS 23.040 9.2.3.24.1): no part at all */
	s = convert(MT("440C91447700091022"
		       "0004" SCTS "07"
		       "050003020300"
		       "68"));
	CU_ASSERT_EQUAL(s->concat.total, 0);
	CU_ASSERT_EQUAL(s->concat.width, 0);
	CU_ASSERT_TRUE(noted(s, R_concat_invalid));
	s = convert(MT("440C91447700091022"
		       "0004" SCTS "07"
		       "050003020304"
		       "68"));
	CU_ASSERT_TRUE(noted(s, R_concat_invalid));
	CU_ASSERT_TRUE(is(s->body[0].text, "h"));
}

static void test_senders(void)
{
	const struct sms *s = convert(MT("0410D0C2B07BDD4ABACD6F"
					 "0000" SCTS "0A" HELLO));

	CU_ASSERT_EQUAL(s->source.ton, TON_ALPHANUMERIC);
	CU_ASSERT_TRUE(is(s->source.digits, "Bank-Info"));
}

/* What is only a receipt, and what is a receipt with words in it. */
static void test_reports(void)
{
	const struct sms *s = convert(MT("0607"
					 "0C91447700091022" SCTS SCTS "00"));

	CU_ASSERT_EQUAL(s->tpdu_type, TPDU_STATUS_REPORT);
	CU_ASSERT_STRING_EQUAL(s->command, "mt-forwardSM");
	CU_ASSERT_TRUE(s->receipt);
	CU_ASSERT_EQUAL(s->n_bodies, 0);
	s = convert(MT("0607"
		       "0C91447700091022" SCTS SCTS "00"
		       "04"
		       "0A" HELLO));
	CU_ASSERT_FALSE(s->receipt);
	CU_ASSERT_TRUE(is(s->body[0].text, "hellohello"));
	/* an error: its report tells which way it goes (TS 23.040 9.2.3.1) */
	s = convert("64( 49(01) 6C( A3( 02(05) 02(20) 30( 0A(04) 04(00C1040A" HELLO ") ) ) ) )");
	CU_ASSERT_EQUAL(s->tpdu_type, TPDU_DELIVER_REPORT);
	CU_ASSERT_STRING_EQUAL(s->command, "mt-forwardSM");
	CU_ASSERT_FALSE(s->to_mobile);
	CU_ASSERT_TRUE(is(s->body[0].text, "hellohello"));
	s = convert("64( 49(01) 6C( A3( 02(05) 02(20) 30( 0A(04) 04(01C100" SCTS ") ) ) ) )");
	CU_ASSERT_EQUAL(s->tpdu_type, TPDU_SUBMIT_REPORT);
	CU_ASSERT_STRING_EQUAL(s->command, "mo-forwardSM");
	CU_ASSERT_TRUE(s->to_mobile);
	CU_ASSERT_TRUE(s->receipt);
	/* results (TS 29.002 17.7.6) */
	s = convert("64( 49(01) 6C( A2( 02(05) 30( 02(2E) 30( 04(0100" SCTS ") ) ) ) ) )");
	CU_ASSERT_EQUAL(s->tpdu_type, TPDU_SUBMIT_REPORT);
	CU_ASSERT_EQUAL(n_noted(s), 0);
	s = convert("64( 49(01) 6C( A2( 02(05) 30( 02(2C) 30( 04(0000) ) ) ) ) )");
	CU_ASSERT_EQUAL(s->tpdu_type, TPDU_DELIVER_REPORT);
	CU_ASSERT_EQUAL(n_noted(s), 0);
	/* SMS-COMMAND: asks for something, says nothing */
	s = convert(MO("0207000109"
		       "0C91447700091022"
		       "00"));
	CU_ASSERT_EQUAL(s->tpdu_type, TPDU_COMMAND);
	CU_ASSERT_EQUAL(s->body[0].text.len, 0);
	CU_ASSERT_FALSE(s->receipt);
}

/* The TPDU in pieces: read, but its octets are no run of the message. */
static void test_pieces(void)
{
	const struct sms *s = convert("65( 48(01) 49(02) 6C( A1( 02(05) 02(2C) 30( 80(" IMSI
				      ") 84(" CENTRE ") 24( 04(040C9144) 24( 04(770009"
				      "1022"
				      "0000) 04(" SCTS "0A" HELLO ") ) ) ) ) ) )");

	CU_ASSERT_TRUE(s->in_pieces);
	CU_ASSERT_TRUE(noted(s, R_ber_pieces));
	CU_ASSERT_TRUE(is(s->body[0].text, "hellohello"));
	CU_ASSERT_EQUAL(s->body[0].offset, d.m.ui_off);
	CU_ASSERT_TRUE(s->body[0].octets.data >= d.t.joined &&
		       s->body[0].octets.data < d.t.joined + sizeof(d.t.joined));
	CU_ASSERT_TRUE(is(s->source.digits, "447700900122"));
}

static void test_anomalies(void)
{
	static const struct {
		const char *message;
		enum reason reason;
	} cases[] = {
		{ MT("07"
		     "0C91447700091022"
		     "0000" SCTS "00"),
			R_tpdu_type },
		{ MT("040C91447700091022"
		     "0000" SCTS "0A" HELLO "FF"),
			R_tpdu_length },
		{ MT("041691447700091022334455667788"
		     "0000" SCTS "00"),
			R_tpdu_address },
		{ MT("440C91447700091022"
		     "0004" SCTS "02"
		     "0968"),
			R_udh_length },
		{ "62( 48(01) 6C( A1( 02(05) 02(2C) 30( 80(" IMSI ") 82(" MSISDN ") 04(" DELIVER
		  ") ) ) ) )",
			R_map_direction },
		{ "62( 48(01) 6C( A1( 02(05) 02(2C) 30( 80(001F) 84(" CENTRE ") 04(" DELIVER
		  ") ) ) ) )",
			R_map_digits },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct sms *s = convert(cases[i].message);

		if (!noted(s, cases[i].reason) || n_noted(s) != 1) {
			fprintf(stderr, "case %zu: %llx %llx\n", i,
				(unsigned long long)s->anomalies[0],
				(unsigned long long)s->anomalies[1]);
			CU_FAIL("anomaly");
		}
	}
}

static void test_broken(void)
{
	struct sms untouched;

	memset(&untouched, 0xA5, sizeof(untouched));
	CU_ASSERT_EQUAL(from(MT("040C9144")), PARSE_BAD);
	CU_ASSERT_EQUAL(d.why, R_tpdu_body);
	CU_ASSERT_EQUAL(memcmp(&d.sms, &untouched, sizeof(untouched)), 0);
	CU_ASSERT_EQUAL(from("62( 48(01) 6C( A1( 02(05) 02(2C) 30( 80(" IMSI ") 84(" CENTRE
			     ") 04() ) ) ) )"),
		PARSE_BAD);
	CU_ASSERT_EQUAL(d.why, R_tpdu_body);
	bertext_free(d.b);
	d.b.len = 0;
}

UNIT_MAIN("sms/from_map", { "a message to a mobile", test_mt },
	{ "a message from a mobile", test_mo }, { "forwardSM of v2", test_v2 },
	{ "the same as by SMPP", test_same_as_smpp }, { "parts of long messages", test_concat },
	{ "senders", test_senders }, { "reports and commands", test_reports },
	{ "a TPDU in pieces", test_pieces }, { "anomalies", test_anomalies },
	{ "broken TPDUs", test_broken })
