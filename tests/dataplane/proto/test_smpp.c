/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/smpp.h"

#include <stdlib.h>

#include "tests/support/unit.h"

enum { STRING_MAX_READ = 65 }; /* octets with NUL that are read where fewer are allowed */

/* A PDU under construction; command_length is filled in by pdu_end(). */
struct pdu {
	uint8_t octets[4096];
	struct writer w;
};

static void pdu_begin(struct pdu *p, uint32_t command)
{
	memset(p->octets, 0xEE, sizeof(p->octets));
	p->w = writer_of(p->octets, sizeof(p->octets));
	writer_u32(&p->w, 0);
	writer_u32(&p->w, command);
	writer_u32(&p->w, 0);
	writer_u32(&p->w, 7);
}

static void pdu_string(struct pdu *p, const char *s)
{
	writer_put(&p->w, bytes_of(s, strlen(s) + 1));
}

static void pdu_address(struct pdu *p, uint8_t ton, uint8_t npi, const char *digits)
{
	writer_u8(&p->w, ton);
	writer_u8(&p->w, npi);
	pdu_string(p, digits);
}

static void pdu_tlv(struct pdu *p, uint16_t tag, const void *value, size_t len)
{
	writer_u16(&p->w, tag);
	writer_u16(&p->w, (uint16_t)len);
	writer_put(&p->w, bytes_of(value, len));
}

static struct bytes pdu_end(struct pdu *p)
{
	size_t len = (size_t)(p->w.at - p->octets);

	CU_ASSERT_TRUE_FATAL(writer_ok(&p->w));
	put_be32(p->octets, (uint32_t)len);
	return bytes_of(p->octets, len);
}

/* pdu_submit: everything of submit_sm or deliver_sm up to and with the text (SMPP 3.4 4.4.1). */
static void pdu_submit(struct pdu *p, uint32_t command, uint8_t esm_class, uint8_t data_coding,
	const void *text, size_t len)
{
	pdu_begin(p, command);
	pdu_string(p, "CMT");
	pdu_address(p, 5, 0, "ACME");
	pdu_address(p, 1, 1, "4479460000");
	writer_u8(&p->w, esm_class);
	writer_u8(&p->w, 0x41);
	writer_u8(&p->w, 2);
	pdu_string(p, "");
	pdu_string(p, "000002000000000R");
	writer_u8(&p->w, 1);
	writer_u8(&p->w, 0);
	writer_u8(&p->w, data_coding);
	writer_u8(&p->w, 0);
	writer_u8(&p->w, (uint8_t)len);
	writer_put(&p->w, bytes_of(text, len));
}

static bool is(struct bytes b, const char *s)
{
	return bytes_equal(b, bytes_str(s));
}

/* read_copy: reads `b` from a heap copy of its exact size, so that ASan sees any octet too many. */
static enum parse read_copy(
	struct bytes b, bool partial, struct smpp_message *m, enum reason *why, uint8_t **copy)
{
	struct bytes c;

	*copy = malloc(b.len + (b.len == 0));
	CU_ASSERT_PTR_NOT_NULL_FATAL(*copy);
	memcpy(*copy, b.data, b.len);
	c = bytes_of(*copy, b.len);
	return partial ? smpp_message_read_partial(c, m, why) : smpp_message_read(c, m, why);
}

static void test_header(void)
{
	static const uint8_t enquire[] = { 0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 9 };
	static const struct {
		uint32_t length;
		enum parse parse;
		enum reason why;
	} cases[] = {
		{ 16, PARSE_OK, R_none },
		{ 15, PARSE_BAD, R_smpp_length },
		{ 0, PARSE_BAD, R_smpp_length },
		{ LIMIT_SMPP_PDU_LEN, PARSE_OK, R_none },
		{ LIMIT_SMPP_PDU_LEN + 1, PARSE_BAD, R_smpp_oversize },
		{ 0xFFFFFFFF, PARSE_BAD, R_smpp_oversize },
	};
	struct smpp_header h;
	enum reason why = R_none;

	for (size_t n = 0; n < 16; n++) {
		CU_ASSERT_EQUAL(smpp_header_read(bytes_of(enquire, n), &h, &why), PARSE_MORE);
		CU_ASSERT_EQUAL(h.command, n >= 8 ? 0x15 : 0);
	}
	CU_ASSERT_EQUAL(smpp_header_read(bytes_of(enquire, 16), &h, &why), PARSE_OK);
	CU_ASSERT_EQUAL(h.sequence, 9);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t b[16] = { 0 };

		why = R_none;
		put_be32(b, cases[i].length);
		CU_ASSERT_EQUAL(smpp_header_read(bytes_of(b, 16), &h, &why), cases[i].parse);
		CU_ASSERT_EQUAL(why, cases[i].why);
		if (cases[i].parse == PARSE_BAD) { /* known as soon as the length is there */
			CU_ASSERT_EQUAL(smpp_header_read(bytes_of(b, 4), &h, &why), PARSE_BAD);
		}
	}
}

static void test_commands(void)
{
	static const struct {
		uint32_t command;
		const char *name;
		bool text;
	} cases[] = {
		{ 0x00000004, "submit_sm", true },
		{ 0x80000004, "submit_sm_resp", false },
		{ 0x00000005, "deliver_sm", true },
		{ 0x00000103, "data_sm", true },
		{ 0x00000021, "submit_multi", true },
		{ 0x00000007, "replace_sm", true },
		{ 0x00000111, "broadcast_sm", true },
		{ 0x80000111, "broadcast_sm_resp", false },
		{ 0x80000000, "generic_nack", false },
		{ 0x0000000B, "outbind", false },
		{ 0x00000009, "bind_transceiver", false },
	};
	static const uint32_t unknown[] = { 0, 0x10, 0x8000000B, 0x80000102, 0x0A, 0x114,
		0x40000004 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_TRUE(smpp_known(cases[i].command));
		CU_ASSERT_STRING_EQUAL(smpp_command_name(cases[i].command), cases[i].name);
		CU_ASSERT_EQUAL(smpp_carries_text(cases[i].command), cases[i].text);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		CU_ASSERT_FALSE(smpp_known(unknown[i]));
		CU_ASSERT_STRING_EQUAL(smpp_command_name(unknown[i]), "unknown");
	}
	CU_ASSERT_TRUE(smpp_is_bind(SMPP_BIND_RECEIVER));
	CU_ASSERT_FALSE(smpp_is_bind(SMPP_OUTBIND));
	CU_ASSERT_FALSE(smpp_is_bind(SMPP_BIND_RECEIVER | SMPP_RESPONSE));
}

static void test_plausible(void)
{
	static const struct {
		struct smpp_header h;
		bool plausible;
	} cases[] = {
		{ { 16, 0x15, 0, 1 }, true },
		{ { 16, 0x15, 0, 0x7FFFFFFF }, true },
		{ { 16, 0x15, 0, 0 }, false },
		{ { 16, 0x15, 1, 1 }, false }, /* a request with a status */
		{ { 64, 0x15, 0, 1 }, true },
		{ { 65, 0x15, 0, 1 }, false }, /* a header-only command */
		{ { 15, 0x15, 0, 1 }, false },
		{ { 33, 4, 0, 1 }, true }, /* the shortest submit_sm */
		{ { 32, 4, 0, 1 }, false },
		{ { LIMIT_SMPP_PDU_LEN, 4, 0, 1 }, true },
		{ { LIMIT_SMPP_PDU_LEN + 1, 4, 0, 1 }, false },
		{ { 16, 0x80000004, 0x45, 1 }, true }, /* an error without a body */
		{ { 16, 0x80000004, 0x10000, 1 }, false },
		{ { 1025, 0x80000004, 0, 1 }, false },
		{ { 16, 0x80000000, 3, 0 }, true }, /* generic_nack: 3.4 4.3 */
		{ { 16, 0x8000000B, 0, 1 }, false },
		{ { 16, 0x99, 0, 1 }, false },
		{ { 64, 5, 0, 0xA2859F22 }, true }, /* seen in real captures */
		{ { 0x20202020, 0x20202020, 0x20202020, 0x20202020 }, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(smpp_plausible(&cases[i].h), cases[i].plausible);
	}
}

static void test_submit(void)
{
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;
	struct bytes b;

	pdu_submit(&p, SMPP_SUBMIT_SM, 0x40, 8, "hello", 5);
	pdu_tlv(&p, 0x020A, "\x12\x34", 2);
	pdu_tlv(&p, 0x1401, "vendor", 6);
	b = pdu_end(&p);
	CU_ASSERT_EQUAL_FATAL(smpp_message_read(b, &m, &why), PARSE_OK);
	CU_ASSERT_EQUAL(m.header.sequence, 7);
	CU_ASSERT_TRUE(is(m.service_type, "CMT"));
	CU_ASSERT_TRUE(is(m.source.digits, "ACME"));
	CU_ASSERT_EQUAL(m.source.ton, 5);
	CU_ASSERT_TRUE(is(m.destination.digits, "4479460000"));
	CU_ASSERT_EQUAL(m.destination.npi, 1);
	CU_ASSERT_EQUAL(m.n_destinations, 1);
	CU_ASSERT_EQUAL(m.esm_class, 0x40);
	CU_ASSERT_EQUAL(m.protocol_id, 0x41);
	CU_ASSERT_EQUAL(m.priority, 2);
	CU_ASSERT_EQUAL(m.registered_delivery, 1);
	CU_ASSERT_TRUE(m.has_data_coding);
	CU_ASSERT_EQUAL(m.data_coding, 8);
	CU_ASSERT_TRUE(is(m.short_message, "hello"));
	CU_ASSERT_FALSE(m.has_payload);
	CU_ASSERT_EQUAL(m.source_off, 20);
	CU_ASSERT_EQUAL(m.destination_off, 27);
	CU_ASSERT_EQUAL(m.body_end, b.len - 16);
	CU_ASSERT_EQUAL(m.n_tlvs, 2);
	CU_ASSERT_EQUAL(m.tlvs[1].tag, 0x1401);
	CU_ASSERT_TRUE(is(m.tlvs[1].value, "vendor"));
	CU_ASSERT_EQUAL(m.anomalies, 0);
}

/* SMPP 3.4 4.5.1: SME addresses and distribution lists mixed. */
static void test_submit_multi(void)
{
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;
	struct bytes b;
	size_t flag_at;

	pdu_begin(&p, SMPP_SUBMIT_MULTI);
	pdu_string(&p, "");
	pdu_address(&p, 1, 1, "100");
	writer_u8(&p.w, 4);
	writer_u8(&p.w, 2);
	pdu_string(&p, "friends");
	writer_u8(&p.w, 1);
	pdu_address(&p, 1, 1, "201");
	flag_at = (size_t)(p.w.at - p.octets);
	writer_u8(&p.w, 2);
	pdu_string(&p, "");
	writer_u8(&p.w, 1);
	pdu_address(&p, 2, 1, "202");
	writer_fill(&p.w, 0, 9);
	writer_u8(&p.w, 3);
	writer_put(&p.w, bytes_str("abc"));
	b = pdu_end(&p);
	CU_ASSERT_EQUAL_FATAL(smpp_message_read(b, &m, &why), PARSE_OK);
	CU_ASSERT_EQUAL(m.n_destinations, 2);
	CU_ASSERT_EQUAL(m.n_lists, 2);
	CU_ASSERT_TRUE(is(m.destination.digits, "201"));
	CU_ASSERT_TRUE(is(m.destinations[0].digits, "201"));
	CU_ASSERT_TRUE(is(m.destinations[1].digits, "202"));
	CU_ASSERT_EQUAL(m.destinations[1].ton, 2);
	CU_ASSERT_TRUE(is(m.short_message, "abc"));
	CU_ASSERT_EQUAL(b.data[m.destination_off], 4);

	p.octets[flag_at] = 3; /* a kind of destination whose length nobody knows */
	CU_ASSERT_EQUAL(smpp_message_read(b, &m, &why), PARSE_BAD);
	CU_ASSERT_EQUAL(why, R_smpp_body);
}

static void test_submit_multi_full(void)
{
	struct smpp_message *m = malloc(sizeof(*m));
	enum reason why = R_none;
	static struct pdu p;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pdu_begin(&p, SMPP_SUBMIT_MULTI);
	pdu_string(&p, "");
	pdu_address(&p, 1, 1, "100");
	writer_u8(&p.w, 255);
	for (unsigned i = 0; i < 255; i++) {
		writer_u8(&p.w, 1);
		pdu_address(&p, 1, (uint8_t)i, "12345");
	}
	writer_fill(&p.w, 0, 10);
	CU_ASSERT_EQUAL(smpp_message_read(pdu_end(&p), m, &why), PARSE_OK);
	CU_ASSERT_EQUAL(m->n_destinations, 255);
	CU_ASSERT_EQUAL(m->destinations[254].npi, 254);
	free(m);
}

/* SMPP 3.4 4.10.1: no service_type, esm_class or data_coding. */
static void test_replace(void)
{
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;

	pdu_begin(&p, SMPP_REPLACE_SM);
	pdu_string(&p, "id-0123456789abcdef");
	pdu_address(&p, 1, 1, "5552");
	pdu_string(&p, "150203040506708+");
	pdu_string(&p, "");
	writer_u8(&p.w, 1);
	writer_u8(&p.w, 0);
	writer_u8(&p.w, 4);
	writer_put(&p.w, bytes_str("text"));
	CU_ASSERT_EQUAL_FATAL(smpp_message_read(pdu_end(&p), &m, &why), PARSE_OK);
	CU_ASSERT_TRUE(is(m.short_message, "text"));
	CU_ASSERT_TRUE(is(m.source.digits, "5552"));
	CU_ASSERT_EQUAL(m.registered_delivery, 1);
	CU_ASSERT_FALSE(m.has_data_coding);
	CU_ASSERT_EQUAL(m.data_coding, 0);
	CU_ASSERT_EQUAL(m.esm_class, 0);
	CU_ASSERT_EQUAL(m.destination_off, 0);
	CU_ASSERT_EQUAL(m.n_destinations, 0);
	CU_ASSERT_EQUAL(m.destination.digits.len, 0);
}

/* SMPP 3.4 4.7.1: addresses up to 65, text in message_payload. */
static void test_data_sm(void)
{
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;
	char digits[65];

	memset(digits, '5', 64);
	digits[64] = 0;
	pdu_begin(&p, SMPP_DATA_SM);
	pdu_string(&p, "");
	pdu_address(&p, 1, 1, digits);
	pdu_address(&p, 1, 1, "9695");
	writer_u8(&p.w, 0x40);
	writer_u8(&p.w, 1);
	writer_u8(&p.w, 4);
	pdu_tlv(&p, 0x0424, "Test", 4);
	CU_ASSERT_EQUAL_FATAL(smpp_message_read(pdu_end(&p), &m, &why), PARSE_OK);
	CU_ASSERT_TRUE(m.has_payload);
	CU_ASSERT_TRUE(is(m.message_payload, "Test"));
	CU_ASSERT_EQUAL(m.source.digits.len, 64);
	CU_ASSERT_EQUAL(m.esm_class, 0x40);
	CU_ASSERT_EQUAL(m.registered_delivery, 1);
	CU_ASSERT_EQUAL(m.data_coding, 4);
	CU_ASSERT_EQUAL(m.short_message.len, 0);
	CU_ASSERT_EQUAL(m.anomalies, 0);
}

/* SMPP 5.0 4.4.1.1 */
static void test_broadcast(void)
{
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;

	pdu_begin(&p, SMPP_BROADCAST_SM);
	pdu_string(&p, "CBS");
	pdu_address(&p, 1, 1, "4700");
	pdu_string(&p, "message-id");
	writer_u8(&p.w, 3);
	pdu_string(&p, "");
	pdu_string(&p, "");
	writer_u8(&p.w, 0);
	writer_u8(&p.w, 8);
	writer_u8(&p.w, 0);
	pdu_tlv(&p, 0x0606, "\0area", 5);
	pdu_tlv(&p, 0x0424, "\0W\0o", 4);
	CU_ASSERT_EQUAL_FATAL(smpp_message_read(pdu_end(&p), &m, &why), PARSE_OK);
	CU_ASSERT_EQUAL(m.priority, 3);
	CU_ASSERT_EQUAL(m.data_coding, 8);
	CU_ASSERT_EQUAL(m.message_payload.len, 4);
	CU_ASSERT_EQUAL(m.n_tlvs, 2);
	CU_ASSERT_EQUAL(m.destination_off, 0);
}

/* What lies behind a good body is odd, and the text is read all the same. */
static void test_tails(void)
{
	static const struct {
		const char *tail;
		size_t len;
		uint64_t anomalies;
		uint16_t n_tlvs;
		const char *payload;
	} cases[] = {
		{ "", 0, 0, 0, "" },
		{ "\0", 1, SMPP_ANOMALY_TRAILING, 0, "" },
		{ "\1\2\3", 3, SMPP_ANOMALY_TRAILING, 0, "" },
		{ "\0\0\0\0\0\0\0", 7, SMPP_ANOMALY_TRAILING, 0, "" },
		/* a stray NUL after short_message, then TLVs */
		{ "\0\x02\x04\0\2\0\1", 7, SMPP_ANOMALY_TRAILING, 1, "" },
		{ "\0\x04\x24\0\2ok", 7, SMPP_ANOMALY_TRAILING | SMPP_ANOMALY_BOTH_TEXTS, 1, "ok" },
		{ "\x02\x04\0\2\0\1\0\0\0\0\0", 11, SMPP_ANOMALY_TRAILING, 1, "" },
		{ "\x04\x24\0\2ok", 6, SMPP_ANOMALY_BOTH_TEXTS, 1, "ok" },
		{ "\x04\x24\0\0", 4, 0, 1, "" },
		/* a TLV that runs past the end */
		{ "\x02\x04\0\3\0\1", 6, SMPP_ANOMALY_TLV, 0, "" },
		{ "\x02\x04\xFF\xFF", 4, SMPP_ANOMALY_TLV, 0, "" },
		{ "\x04\x24\0\x09ok", 6, SMPP_ANOMALY_TLV | SMPP_ANOMALY_BOTH_TEXTS, 1, "ok" },
		/* SAR with a field of the wrong size is no SAR */
		{ "\x02\x0C\0\1\7\x02\x0E\0\1\2\x02\x0F\0\1\1", 15, SMPP_ANOMALY_TLV, 3, "" },
	};
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *copy;

		pdu_submit(&p, SMPP_SUBMIT_SM, 0, 0, "body", 4);
		writer_put(&p.w, bytes_of(cases[i].tail, cases[i].len));
		CU_ASSERT_EQUAL(read_copy(pdu_end(&p), false, &m, &why, &copy), PARSE_OK);
		CU_ASSERT_TRUE(is(m.short_message, "body"));
		CU_ASSERT_EQUAL(m.anomalies, cases[i].anomalies);
		CU_ASSERT_EQUAL(m.n_tlvs, cases[i].n_tlvs);
		CU_ASSERT_TRUE(is(m.message_payload, cases[i].payload));
		CU_ASSERT_EQUAL(m.sar_total, 0);
		free(copy);
	}
}

static void test_payloads(void)
{
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;

	pdu_submit(&p, SMPP_SUBMIT_SM, 0, 0, "", 0);
	pdu_tlv(&p, 0x0424, "first", 5);
	pdu_tlv(&p, 0x0424, "middle", 6);
	pdu_tlv(&p, 0x0424, "last", 4);
	CU_ASSERT_EQUAL(smpp_message_read(pdu_end(&p), &m, &why), PARSE_OK);
	CU_ASSERT_TRUE(is(m.earlier_payload, "first"));
	CU_ASSERT_TRUE(is(m.message_payload, "last"));
	CU_ASSERT_EQUAL(m.anomalies, SMPP_ANOMALY_TLV_DUPLICATE);

	/* more TLVs than are kept do not hide the text behind them */
	pdu_submit(&p, SMPP_SUBMIT_SM, 0, 0, "", 0);
	for (unsigned i = 0; i < LIMIT_SMPP_TLVS; i++) {
		pdu_tlv(&p, 0x1400, "x", 1);
	}
	pdu_tlv(&p, 0x0424, "text", 4);
	CU_ASSERT_EQUAL(smpp_message_read(pdu_end(&p), &m, &why), PARSE_OK);
	CU_ASSERT_TRUE(is(m.message_payload, "text"));
	CU_ASSERT_EQUAL(m.n_tlvs, LIMIT_SMPP_TLVS + 1);
	CU_ASSERT_EQUAL(m.anomalies, SMPP_ANOMALY_TLV_COUNT);
}

static void test_sar(void)
{
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;

	pdu_submit(&p, SMPP_SUBMIT_SM, 0, 0, "part", 4);
	pdu_tlv(&p, 0x020C, "\x12\x34", 2);
	pdu_tlv(&p, 0x020E, "\x03", 1);
	pdu_tlv(&p, 0x020F, "\x02", 1);
	CU_ASSERT_EQUAL(smpp_message_read(pdu_end(&p), &m, &why), PARSE_OK);
	CU_ASSERT_EQUAL(m.sar_ref, 0x1234);
	CU_ASSERT_EQUAL(m.sar_total, 3);
	CU_ASSERT_EQUAL(m.sar_seqnum, 2);

	pdu_submit(&p, SMPP_SUBMIT_SM, 0, 0, "part", 4);
	pdu_tlv(&p, 0x020E, "\x03", 1); /* 5.3.2.22: alone it means nothing */
	CU_ASSERT_EQUAL(smpp_message_read(pdu_end(&p), &m, &why), PARSE_OK);
	CU_ASSERT_EQUAL(m.sar_total, 0);
}

static void test_fields(void)
{
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;
	char digits[70];
	uint8_t text[255] = { 0 };

	for (size_t n = 20; n <= 66; n++) { /* 20 digits are right, up to 64 are read */
		memset(digits, '4', n);
		digits[n] = 0;
		pdu_begin(&p, SMPP_DELIVER_SM);
		pdu_string(&p, "");
		pdu_address(&p, 1, 1, digits);
		pdu_address(&p, 1, 1, "1");
		writer_fill(&p.w, 0, 9);
		writer_u8(&p.w, 1);
		writer_u8(&p.w, 'x');
		CU_ASSERT_EQUAL(smpp_message_read(pdu_end(&p), &m, &why),
			n < STRING_MAX_READ ? PARSE_OK : PARSE_BAD);
		if (n < STRING_MAX_READ) {
			CU_ASSERT_EQUAL(m.anomalies, n > 20 ? SMPP_ANOMALY_FIELD : 0);
			CU_ASSERT_TRUE(is(m.short_message, "x"));
		}
	}
	pdu_submit(&p, SMPP_SUBMIT_SM, 0, 4, text, 255); /* 5.2.21: 254 are allowed */
	CU_ASSERT_EQUAL(smpp_message_read(pdu_end(&p), &m, &why), PARSE_OK);
	CU_ASSERT_EQUAL(m.short_message.len, 255);
	CU_ASSERT_EQUAL(m.anomalies, SMPP_ANOMALY_FIELD);
}

/* Bodies that break off anywhere, and a sm_length that lies: BAD, nothing written, nothing overread. */
static void test_broken(void)
{
	static struct smpp_message m;
	static struct smpp_message before;
	enum reason why;
	static struct pdu p;
	struct bytes whole;
	uint8_t *copy;

	pdu_submit(&p, SMPP_SUBMIT_SM, 0, 0, "hello", 5);
	whole = pdu_end(&p);
	memset(&before, 0xA5, sizeof(before));
	for (size_t n = 16; n < whole.len; n++) {
		memcpy(&m, &before, sizeof(m));
		put_be32(p.octets, (uint32_t)n);
		why = R_none;
		CU_ASSERT_EQUAL(
			read_copy(bytes_of(p.octets, n), false, &m, &why, &copy), PARSE_BAD);
		CU_ASSERT_EQUAL(why, R_smpp_body);
		CU_ASSERT_EQUAL(memcmp(&m, &before, sizeof(m)), 0);
		free(copy);
	}
	/* cut off: not whole, although its length is right */
	put_be32(p.octets, (uint32_t)whole.len);
	CU_ASSERT_EQUAL(smpp_message_read(bytes_of(p.octets, whole.len - 1), &m, &why), PARSE_BAD);
	CU_ASSERT_EQUAL(smpp_message_read(bytes_of(p.octets, 3), &m, &why), PARSE_BAD);
	put_be32(p.octets + 4, SMPP_ENQUIRE_LINK);
	CU_ASSERT_EQUAL(smpp_message_read(whole, &m, &why), PARSE_BAD);
}

static void test_partial(void)
{
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;
	struct bytes whole;
	size_t text_at;
	uint8_t *copy;

	pdu_submit(&p, SMPP_SUBMIT_SM, 0, 0, "hello", 5);
	text_at = (size_t)(p.w.at - p.octets) - 5;
	pdu_tlv(&p, 0x0424, "payload", 7);
	whole = pdu_end(&p);
	for (size_t n = 0; n <= whole.len; n++) {
		enum parse r = read_copy(bytes_slice(whole, 0, n), true, &m, &why, &copy);
		size_t have = n <= text_at ? 0 : n - text_at;

		CU_ASSERT_EQUAL(r, have == 0 ? PARSE_MORE : PARSE_OK);
		if (r == PARSE_OK) {
			CU_ASSERT_EQUAL(m.short_message.len, have < 5 ? have : 5);
			CU_ASSERT_EQUAL(m.message_payload.len, have <= 9 ? 0 : have - 9);
			CU_ASSERT_TRUE(is(m.destination.digits, "4479460000"));
			CU_ASSERT_EQUAL(m.anomalies & SMPP_ANOMALY_TLV, 0);
			CU_ASSERT_EQUAL(m.anomalies & SMPP_ANOMALY_TRAILING, 0);
		}
		free(copy);
	}
	/* a sm_length beyond what is still to come is bad already now */
	p.octets[text_at - 1] = 17;
	CU_ASSERT_EQUAL(
		smpp_message_read_partial(bytes_slice(whole, 0, text_at + 1), &m, &why), PARSE_BAD);
	p.octets[text_at - 1] = 16;
	CU_ASSERT_EQUAL(
		smpp_message_read_partial(bytes_slice(whole, 0, text_at + 1), &m, &why), PARSE_OK);
}

/* SMPP 3.4 5.2.12 */
static void test_receipts(void)
{
	static const struct {
		uint32_t command;
		uint8_t esm_class;
		bool tlvs;
		bool receipt;
	} cases[] = {
		{ SMPP_DELIVER_SM, 0x00, false, false }, { SMPP_DELIVER_SM, 0x04, false, true },
		{ SMPP_DELIVER_SM, 0x20, false, true }, { SMPP_DELIVER_SM, 0x44, false, true },
		{ SMPP_DELIVER_SM, 0x08, false, false }, /* a person's words */
		{ SMPP_DELIVER_SM, 0x10, false, false }, { SMPP_DELIVER_SM, 0x00, true, true },
		{ SMPP_SUBMIT_SM, 0x04, true, false }, /* an ESME has no receipts to send */
	};
	static struct smpp_message m;
	enum reason why = R_none;
	static struct pdu p;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pdu_submit(&p, cases[i].command, cases[i].esm_class, 0, "id:1", 4);
		if (cases[i].tlvs) {
			pdu_tlv(&p, 0x0427, "\x02", 1);
			pdu_tlv(&p, 0x001E, "1", 2);
		}
		CU_ASSERT_EQUAL(smpp_message_read(pdu_end(&p), &m, &why), PARSE_OK);
		CU_ASSERT_EQUAL(smpp_is_receipt(&m), cases[i].receipt);
	}
}

static void test_bind(void)
{
	struct smpp_bind b;
	enum reason why = R_none;
	static struct pdu p;
	struct bytes whole;

	pdu_begin(&p, SMPP_BIND_TRANSCEIVER);
	pdu_string(&p, "acme");
	pdu_string(&p, "secret");
	pdu_string(&p, "VMA");
	writer_u8(&p.w, 0x34);
	writer_u8(&p.w, 0);
	writer_u8(&p.w, 0);
	pdu_string(&p, "");
	whole = pdu_end(&p);
	CU_ASSERT_EQUAL(smpp_bind_read(whole, &b, &why), PARSE_OK);
	CU_ASSERT_TRUE(is(b.system_id, "acme"));
	CU_ASSERT_TRUE(is(b.system_type, "VMA"));
	CU_ASSERT_EQUAL(b.interface_version, 0x34);
	CU_ASSERT_EQUAL(smpp_bind_read(bytes_slice(whole, 0, 30), &b, &why), PARSE_BAD);
	CU_ASSERT_EQUAL(why, R_smpp_body);
	CU_ASSERT_TRUE(is(b.system_id, "acme"));
}

static void test_anomaly_reasons(void)
{
	CU_ASSERT_EQUAL(smpp_anomaly_reason(0), R_smpp_tlv);
	CU_ASSERT_EQUAL(smpp_anomaly_reason(4), R_smpp_both_texts);
	CU_ASSERT_EQUAL(1u << (SMPP_ANOMALIES - 1), SMPP_ANOMALY_FIELD);
	CU_ASSERT_EQUAL(smpp_anomaly_reason(SMPP_ANOMALIES), R_none);
}

UNIT_MAIN("proto/smpp", { "header", test_header }, { "commands", test_commands },
	{ "plausible", test_plausible }, { "submit_sm", test_submit },
	{ "submit_multi", test_submit_multi }, { "submit_multi_full", test_submit_multi_full },
	{ "replace_sm", test_replace }, { "data_sm", test_data_sm },
	{ "broadcast_sm", test_broadcast }, { "tails", test_tails }, { "payloads", test_payloads },
	{ "sar", test_sar }, { "fields", test_fields }, { "broken", test_broken },
	{ "partial", test_partial }, { "receipts", test_receipts }, { "bind", test_bind },
	{ "anomaly_reasons", test_anomaly_reasons })
