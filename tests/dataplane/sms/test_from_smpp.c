/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/from_smpp.h"

#include "tests/support/unit.h"

enum { TEXT_SIZE_MAX = 4096 };

/* Everything one case needs; static, for it is large. */
struct desk {
	uint8_t pdu[2048];
	struct writer w;
	uint8_t text[TEXT_SIZE_MAX + LIMIT_SCAN_TAIL];
	struct smpp_message m;
	struct sms sms;
};
static struct desk desk;

struct tlv {
	uint16_t tag;
	const char *value;
	uint16_t len;
};

/* What goes into a submit_sm or deliver_sm. */
struct draft {
	uint32_t command;
	uint8_t esm_class;
	uint8_t data_coding;
	const char *text;
	uint8_t text_len;
	struct tlv tlvs[5];
};

static struct bytes write_pdu(const struct draft *d)
{
	struct writer *w = &desk.w;

	*w = writer_of(desk.pdu, sizeof(desk.pdu));
	writer_u32(w, 0);
	writer_u32(w, d->command != 0 ? d->command : SMPP_SUBMIT_SM);
	writer_u32(w, 0);
	writer_u32(w, 42);
	writer_put(w, bytes_of("\0\5\0ACME\0\1\1\x34\x37\x31\x31\0", 15));
	writer_u8(w, d->esm_class);
	writer_put(w, bytes_of("\x41\0\0\0\0\0", 6));
	writer_u8(w, d->data_coding);
	writer_u8(w, 0);
	writer_u8(w, d->text_len);
	writer_put(w, bytes_of(d->text, d->text_len));
	for (size_t i = 0; i < 5 && d->tlvs[i].tag != 0; i++) {
		writer_u16(w, d->tlvs[i].tag);
		writer_u16(w, d->tlvs[i].len);
		writer_put(w, bytes_of(d->tlvs[i].value, d->tlvs[i].len));
	}
	CU_ASSERT_TRUE_FATAL(writer_ok(w));
	put_be32(desk.pdu, (uint32_t)(w->at - desk.pdu));
	return bytes_of(desk.pdu, (size_t)(w->at - desk.pdu));
}

static const struct sms *from(struct bytes pdu, enum text_default coding)
{
	const struct smpp_profile profile = { .default_coding = (uint8_t)coding };
	struct sms_buffers buffers = { .text = desk.text, .text_size = TEXT_SIZE_MAX };
	enum reason why = R_none;

	CU_ASSERT_EQUAL_FATAL(smpp_message_read(pdu, &desk.m, &why), PARSE_OK);
	memset(&desk.sms, 0xA5, sizeof(desk.sms));
	sms_from_smpp(&desk.m, pdu, &profile, &buffers, &desk.sms);
	return &desk.sms;
}

static const struct sms *convert(const struct draft *d)
{
	return from(write_pdu(d), TEXT_DEFAULT_GSM7);
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

static void test_plain(void)
{
	const struct draft d = { .text = "Hi @ home", .text_len = 9, .data_coding = 0xF1 };
	const struct sms *s = convert(&d);

	CU_ASSERT_EQUAL(s->carrier, SMS_SMPP);
	CU_ASSERT_STRING_EQUAL(s->command, "submit_sm");
	CU_ASSERT_EQUAL(s->sequence, 42);
	CU_ASSERT_TRUE(is(s->source.digits, "ACME"));
	CU_ASSERT_EQUAL(s->source.ton, TON_ALPHANUMERIC);
	CU_ASSERT_TRUE(is(s->destination.digits, "4711"));
	CU_ASSERT_EQUAL(s->n_destinations, 1);
	CU_ASSERT_EQUAL(s->protocol_id, 0x41);
	CU_ASSERT_EQUAL(s->data_coding, 0xF1);
	CU_ASSERT_EQUAL(s->message_class, 1);
	CU_ASSERT_FALSE(s->receipt);
	CU_ASSERT_FALSE(s->compressed);
	CU_ASSERT_FALSE(s->message_waiting);
	CU_ASSERT_FALSE(s->partial);
	CU_ASSERT_EQUAL(s->udh.len, 0);
	CU_ASSERT_EQUAL(s->concat.total, 0);
	CU_ASSERT_EQUAL(s->n_bodies, 1);
	CU_ASSERT_EQUAL(n_noted(s), 0);
	CU_ASSERT_EQUAL(s->body[0].octets.len, 9);
	CU_ASSERT_PTR_EQUAL(desk.pdu + s->body[0].offset, s->body[0].octets.data);
	CU_ASSERT_EQUAL(s->body[0].input.encoding, TEXT_GSM7_UNPACKED);
	CU_ASSERT_TRUE(is(s->body[0].text, "Hi \xC2\xA1 home")); /* 0x40 in TS 23.038 6.2.1 */
	CU_ASSERT_EQUAL(s->text_stats.n_characters, 9);
	/* what the caller knows stays his */
	CU_ASSERT_EQUAL(s->link, 0xA5);
	CU_ASSERT_EQUAL(s->role, 0xA5);
	CU_ASSERT_EQUAL(s->side, 0xA5);
}

/* data_coding 0 is what the link says it is; a value with a meaning of its own is not touched. */
static void test_profiles(void)
{
	static const struct {
		uint8_t data_coding;
		enum text_default profile;
		const char *octets;
		const char *text;
	} cases[] = {
		{ 0, TEXT_DEFAULT_GSM7, "\x11\x7B", "_\xC3\xA4" },
		{ 0, TEXT_DEFAULT_LATIN1, "\xE4z", "\xC3\xA4z" },
		{ 0, TEXT_DEFAULT_ASCII, "_{", "_{" },
		{ 0, TEXT_DEFAULT_UTF8, "\xC3\xA4", "\xC3\xA4" },
		{ 3, TEXT_DEFAULT_GSM7, "\xE4z", "\xC3\xA4z" },
		{ 8, TEXT_DEFAULT_GSM7, "\x20\xAC", "\xE2\x82\xAC" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct draft d = {
			.text = cases[i].octets, .text_len = 2, .data_coding = cases[i].data_coding
		};

		CU_ASSERT_TRUE(
			is(from(write_pdu(&d), cases[i].profile)->body[0].text, cases[i].text));
	}
}

/* TS 23.038 6.1.2.1: "hellohello" packs to E8 32 9B FD 46 97 D9 EC 37 */
static void test_packed(void)
{
	static const struct {
		const char *octets;
		uint8_t len;
		uint8_t esm_class;
		uint16_t skip_bits;
		uint16_t n_septets;
		const char *text;
	} cases[] = {
		{ "\xE8\x32\x9B\xFD\x46\x97\xD9\xEC\x37", 9, 0, 0, 10, "hellohello" },
		/* 7 septets leave seven zero bits: no eighth one */
		{ "\xE8\x32\x9B\xFD\x46\x97\x01", 7, 0, 0, 7, "hellohe" },
		/* 8 septets in 7 octets */
		{ "\xE8\x32\x9B\xFD\x46\x97\xD9", 7, 0, 0, 8, "hellohel" },
		/* a UDH of 6 octets: 48 bits, one bit of fill */
		{ "\x05\x00\x03\x07\x02\x01\xD0\x65\x36\xFB\x0D", 11, 0x40, 49, 5, "hello" },
		{ "\x05\x00\x03\x07\x02\x01", 6, 0x40, 49, 0, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct draft d = { .text = cases[i].octets,
			.text_len = cases[i].len,
			.esm_class = cases[i].esm_class };
		const struct sms *s = from(write_pdu(&d), TEXT_DEFAULT_GSM7_PACKED);

		CU_ASSERT_EQUAL(s->body[0].input.encoding, TEXT_GSM7_PACKED);
		CU_ASSERT_EQUAL(s->body[0].input.skip_bits, cases[i].skip_bits);
		CU_ASSERT_EQUAL(s->body[0].input.n_septets, cases[i].n_septets);
		CU_ASSERT_EQUAL(s->body[0].input.data.len, cases[i].len);
		CU_ASSERT_TRUE(is(s->body[0].text, cases[i].text));
	}
}

static void test_bodies(void)
{
	const struct draft both = {
		.text = "one", .text_len = 3, .data_coding = 1, .tlvs = { { 0x0424, "two", 3 } }
	};
	const struct draft payload = { .data_coding = 1, .tlvs = { { 0x0424, "two", 3 } } };
	const struct draft three = { .text = "one",
		.text_len = 3,
		.data_coding = 1,
		.tlvs = { { 0x0424, "first", 5 }, { 0x0424, "last", 4 } } };
	const struct draft empty = { .data_coding = 1 };
	const struct sms *s = convert(&both);

	CU_ASSERT_EQUAL(s->n_bodies, 2);
	CU_ASSERT_TRUE(noted(s, R_smpp_both_texts));
	CU_ASSERT_EQUAL(n_noted(s), 1);
	CU_ASSERT_TRUE(is(s->body[0].text, "one"));
	CU_ASSERT_TRUE(is(s->body[1].text, "two"));
	CU_ASSERT_EQUAL(memcmp(desk.text, "one\ntwo", 7), 0);
	CU_ASSERT_PTR_EQUAL(desk.pdu + s->body[1].offset, s->body[1].octets.data);

	s = convert(&payload);
	CU_ASSERT_EQUAL(s->n_bodies, 2);
	CU_ASSERT_EQUAL(s->body[0].text.len, 0);
	CU_ASSERT_PTR_EQUAL(s->body[0].text.data, desk.text);
	CU_ASSERT_PTR_EQUAL(s->body[1].text.data, desk.text);
	CU_ASSERT_TRUE(is(s->body[1].text, "two"));
	CU_ASSERT_EQUAL(n_noted(s), 0);

	s = convert(&three);
	CU_ASSERT_EQUAL(s->n_bodies, 3);
	CU_ASSERT_TRUE(noted(s, R_smpp_tlv_duplicate));
	CU_ASSERT_TRUE(is(s->body[1].text, "last"));
	CU_ASSERT_TRUE(is(s->body[2].text, "first"));
	CU_ASSERT_EQUAL(memcmp(desk.text, "one\nlast\nfirst", 14), 0);

	s = convert(&empty);
	CU_ASSERT_EQUAL(s->n_bodies, 1);
	CU_ASSERT_EQUAL(s->body[0].text.len, 0);
	CU_ASSERT_EQUAL(s->body[0].offset, 0);
}

/* A UDH in short_message, in message_payload, too long, broken off. */
static void test_udh(void)
{
	static const char payload[] = "\x05\x00\x03\x09\x03\x02rest";
	const struct draft in_payload = {
		.esm_class = 0x40, .data_coding = 1, .tlvs = { { 0x0424, payload, 10 } }
	};
	const struct draft not_told = { .data_coding = 1, .tlvs = { { 0x0424, payload, 10 } } };
	const struct draft too_long = { .esm_class = 0x40,
		.data_coding = 1,
		.text = "\x04"
			"abc",
		.text_len = 4 };
	const struct draft fills = {
		.esm_class = 0x40, .data_coding = 1, .text = "\x03\x70\x01z", .text_len = 4
	};
	const struct draft broken = { .esm_class = 0x40,
		.data_coding = 1,
		.text = "\x07\x00\x03\x09\x03\x02\x70\x05text",
		.text_len = 12 };
	const struct draft ports = { .esm_class = 0x40,
		.data_coding = 4,
		.text = "\x06\x05\x04\x0B\x84\x23\xF0wap",
		.text_len = 10 };
	const struct sms *s = convert(&in_payload);

	CU_ASSERT_TRUE(is(s->body[1].text, "rest"));
	CU_ASSERT_EQUAL(s->udh.len, 5);
	CU_ASSERT_EQUAL(s->body[1].octets.len, 10);
	CU_ASSERT_EQUAL(s->concat.reference, 9);
	CU_ASSERT_EQUAL(s->concat.part, 2);
	CU_ASSERT_EQUAL(s->concat.total, 3);
	CU_ASSERT_EQUAL(s->concat.width, 8);

	s = convert(&not_told);
	CU_ASSERT_EQUAL(s->concat.total, 0);
	CU_ASSERT_EQUAL(s->udh.len, 0);

	s = convert(&too_long);
	CU_ASSERT_TRUE(noted(s, R_udh_length));
	CU_ASSERT_EQUAL(s->body[0].input.data.len, 4); /* all of it is read as text */

	s = convert(&fills);
	CU_ASSERT_EQUAL(s->body[0].text.len, 0);
	CU_ASSERT_EQUAL(s->udh.len, 3);

	s = convert(&broken);
	CU_ASSERT_TRUE(noted(s, R_udh_length));
	CU_ASSERT_EQUAL(s->concat.part, 2);
	CU_ASSERT_TRUE(is(s->body[0].text, "text"));

	s = convert(&ports);
	CU_ASSERT_EQUAL(s->destination_port, 2948);
	CU_ASSERT_EQUAL(s->source_port, 9200);
	CU_ASSERT_TRUE(is(s->body[0].text, "wap"));
}

/* TS 23.040 9.2.3.24.15: the Turkish single shift table, ESC 0x63 is c with cedilla. */
static void test_language(void)
{
	const struct draft d = { .esm_class = 0x40,
		.text = "\x03\x24\x01\x01"
			"a\x1B\x63",
		.text_len = 7 };
	const struct sms *s = convert(&d);

	CU_ASSERT_EQUAL(s->body[0].input.language.single, 1);
	CU_ASSERT_TRUE(is(s->body[0].text, "a\xC3\xA7"));
}

static void test_concat(void)
{
	static const struct {
		const char *udh; /* 5 octets of IE, or NULL */
		uint8_t sar[3];  /* reference's low octet, total, seqnum; total 0: none */
		struct sms_concat concat;
		int noted; /* R_none: nothing */
	} cases[] = {
		{ "\x00\x03\x07\x03\x02", { 0 }, { 7, 8, 2, 3 }, R_none },
		{ NULL, { 9, 4, 1 }, { 0x0109, 0, 1, 4 }, R_none },
		{ "\x00\x03\x07\x03\x02", { 9, 3, 2 }, { 7, 8, 2, 3 }, R_none },
		{ "\x00\x03\x07\x03\x02", { 9, 3, 1 }, { 7, 8, 2, 3 }, R_concat_both },
		{ "\x00\x03\x07\x03\x00", { 0 }, { 0 }, R_concat_invalid },
		{ "\x00\x03\x07\x03\x04", { 0 }, { 0 }, R_concat_invalid },
		{ "\x00\x03\x07\x00\x00", { 0 }, { 0 }, R_concat_invalid },
		{ NULL, { 9, 4, 0 }, { 0 }, R_concat_invalid },
		{ NULL, { 9, 4, 5 }, { 0 }, R_concat_invalid },
		{ "\x00\x03\x07\x03\x04", { 9, 4, 1 }, { 0x0109, 0, 1, 4 }, R_concat_invalid },
		{ "\x00\x03\x07\x01\x01", { 0 }, { 7, 8, 1, 1 }, R_none },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *sar = cases[i].sar;
		bool udh = cases[i].udh != NULL;
		char text[10] = { 5 };
		const char ref[2] = { 1, (char)sar[0] };
		struct draft d = { .data_coding = 1, .text = "text", .text_len = 4 };
		const struct sms *s;

		if (udh) {
			memcpy(text + 1, cases[i].udh, 5);
			memcpy(text + 6, "text", 4);
			d.text = text;
			d.text_len = 10;
			d.esm_class = 0x40;
		}
		if (sar[1] != 0) {
			d.tlvs[0] = (struct tlv){ 0x020C, ref, 2 };
			d.tlvs[1] = (struct tlv){ 0x020E, (const char *)&sar[1], 1 };
			d.tlvs[2] = (struct tlv){ 0x020F, (const char *)&sar[2], 1 };
		}
		s = convert(&d);
		CU_ASSERT_EQUAL(s->concat.reference, cases[i].concat.reference);
		CU_ASSERT_EQUAL(s->concat.width, cases[i].concat.width);
		CU_ASSERT_EQUAL(s->concat.part, cases[i].concat.part);
		CU_ASSERT_EQUAL(s->concat.total, cases[i].concat.total);
		CU_ASSERT_EQUAL(n_noted(s), cases[i].noted != R_none);
		CU_ASSERT_TRUE(cases[i].noted == R_none || noted(s, (enum reason)cases[i].noted));
		CU_ASSERT_TRUE(is(s->body[0].text, "text"));
	}
}

static void test_receipt(void)
{
	const struct draft d = { .command = SMPP_DELIVER_SM,
		.esm_class = 4,
		.data_coding = 1,
		.text = "id:1 stat:DELIVRD",
		.text_len = 17 };

	CU_ASSERT_TRUE(convert(&d)->receipt);
	CU_ASSERT_STRING_EQUAL(desk.sms.command, "deliver_sm");
}

/* SMPP 3.4 4.10.1: the text of replace_sm is in data_coding 0. */
static void test_replace(void)
{
	static const uint8_t pdu[] = { 0, 0, 0, 29, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, '1', 0, 1,
		1, '7', 0, 0, 0, 0, 0, 2, 0xE4, 'z' };
	const struct sms *s = from(bytes_of(pdu, sizeof(pdu)), TEXT_DEFAULT_LATIN1);

	CU_ASSERT_TRUE(is(s->body[0].text, "\xC3\xA4z"));
	CU_ASSERT_EQUAL(s->n_destinations, 0);
	CU_ASSERT_EQUAL(s->body[0].offset, 27);
}

static void test_partial(void)
{
	const struct draft d = { .esm_class = 0x40,
		.data_coding = 1,
		.text = "\x05\x00\x03\x07\x03\x02hello",
		.text_len = 11 };
	const struct smpp_profile profile = { 0 };
	struct sms_buffers buffers = { .text = desk.text, .text_size = TEXT_SIZE_MAX };
	struct bytes pdu = write_pdu(&d);
	enum reason why = R_none;

	for (size_t n = 1; n <= 11; n++) {
		struct bytes part = bytes_slice(pdu, 0, pdu.len - 11 + n);

		CU_ASSERT_EQUAL_FATAL(smpp_message_read_partial(part, &desk.m, &why), PARSE_OK);
		sms_from_smpp(&desk.m, part, &profile, &buffers, &desk.sms);
		CU_ASSERT_EQUAL(desk.sms.partial, n < 11);
		CU_ASSERT_EQUAL(desk.sms.body[0].text.len, n <= 6 ? 0 : n - 6);
		CU_ASSERT_EQUAL(desk.sms.concat.part, n < 6 ? 0 : 2);
		CU_ASSERT_EQUAL(n_noted(&desk.sms), 0);
	}
}

/* A buffer that is too small cuts the text, at a whole character, and nothing lies behind it. */
static void test_small_buffer(void)
{
	const struct draft d = { .data_coding = 8,
		.text = "\x20\xAC\x20\xAC\x20\xAC",
		.text_len = 6,
		.tlvs = { { 0x0424, "\0A", 2 } } };
	const struct smpp_profile profile = { 0 };
	struct bytes pdu = write_pdu(&d);
	enum reason why = R_none;

	CU_ASSERT_EQUAL_FATAL(smpp_message_read(pdu, &desk.m, &why), PARSE_OK);
	for (size_t size = 0; size <= 12; size++) {
		struct sms_buffers buffers = { .text = desk.text, .text_size = size };

		memset(desk.text, 0xEE, sizeof(desk.text));
		sms_from_smpp(&desk.m, pdu, &profile, &buffers, &desk.sms);
		CU_ASSERT_EQUAL(desk.sms.body[0].text.len, (size < 9 ? size : 9) / 3 * 3);
		CU_ASSERT_EQUAL(desk.text[size], 0xEE);
		CU_ASSERT_TRUE(text_utf8_valid(desk.sms.body[0].text));
		CU_ASSERT_TRUE(text_utf8_valid(desk.sms.body[1].text));
	}
	CU_ASSERT_TRUE(is(desk.sms.body[1].text, "A"));
}

UNIT_MAIN("sms/from_smpp", { "plain", test_plain }, { "profiles", test_profiles },
	{ "packed", test_packed }, { "bodies", test_bodies }, { "udh", test_udh },
	{ "language", test_language }, { "concat", test_concat }, { "receipt", test_receipt },
	{ "replace_sm", test_replace }, { "partial", test_partial },
	{ "small_buffer", test_small_buffer })
