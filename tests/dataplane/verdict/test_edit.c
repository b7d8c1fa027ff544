/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/edit.h"

#include <stdlib.h>

#include "tests/support/unit.h"

enum { PDU_SIZE = LIMIT_SMPP_PDU_LEN + 16 };
enum { POISON_USUAL = POISON_DEST | POISON_PRIORITY };

static const uint32_t commands[] = { SMPP_SUBMIT_SM, SMPP_DELIVER_SM, SMPP_DATA_SM,
	SMPP_SUBMIT_MULTI, SMPP_REPLACE_SM, SMPP_BROADCAST_SM };
enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/*
 * What a test message is made of. All its text is of twenty letters that no recipe has, so a run of
 * four is text.
 */
enum { TEXT_FIRST = 0xC1 };

struct shape {
	uint32_t command;
	const char *source;
	const char *destination;
	uint8_t esm_class;
	uint8_t data_coding;
	const char *udh; /* hex, with UDHL; in the short message */
	size_t text_len;
	bool tlvs; /* the kept ones, and such as carry text */
	size_t payload_len;
	size_t vendor_len;
};

static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void put_letters(struct writer *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		writer_u8(w, (uint8_t)(TEXT_FIRST + random_next() % 20));
	}
}

static void put_string(struct writer *w, const char *s)
{
	writer_put(w, bytes_of(s, strlen(s) + 1));
}

static void put_hex(struct writer *w, const char *hex)
{
	for (; hex != NULL && hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
		char digits[3] = { hex[0], hex[1], '\0' };

		writer_u8(w, (uint8_t)strtoul(digits, NULL, 16));
	}
}

static void put_tlv(struct writer *w, uint16_t tag, size_t len)
{
	writer_u16(w, tag);
	writer_u16(w, (uint16_t)len);
	put_letters(w, len);
}

static void put_destination(struct writer *w, const struct shape *s)
{
	if (s->command == SMPP_REPLACE_SM || s->command == SMPP_BROADCAST_SM) {
		return;
	}
	if (s->command == SMPP_SUBMIT_MULTI) {
		put_hex(w, "030101013435360002646C6900"); /* three: an SME, a list, and: */
		writer_u8(w, 1);
	}
	put_hex(w, "0101");
	put_string(w, s->destination);
}

/* the fields of SMPP 3.4 4.4.1, 4.5.1, 4.6.1, 4.7.1, 4.10.1 and 5.0 4.4.1 in their order */
static size_t build(const struct shape *s, uint8_t *pdu)
{
	bool has_text = s->command != SMPP_DATA_SM && s->command != SMPP_BROADCAST_SM;
	struct writer w = writer_of(pdu + 16, PDU_SIZE - 16);
	size_t len;

	put_string(&w, s->command == SMPP_REPLACE_SM ? "12af" : "CMT");
	put_hex(&w, "0501");
	put_string(&w, s->source);
	put_destination(&w, s);
	switch (s->command) {
	case SMPP_DATA_SM:
		writer_u8(&w, s->esm_class);
		writer_u8(&w, 1);
		writer_u8(&w, s->data_coding);
		break;
	case SMPP_REPLACE_SM:
		put_hex(&w, "00000100");
		break;
	case SMPP_BROADCAST_SM:
		put_hex(&w, "0001000000");
		writer_u8(&w, s->data_coding);
		writer_u8(&w, 0);
		break;
	default:
		writer_u8(&w, s->esm_class);
		put_hex(&w, "000100000100");
		writer_u8(&w, s->data_coding);
		writer_u8(&w, 0);
	}
	if (has_text) {
		size_t udh_len = s->udh != NULL ? strlen(s->udh) / 2 : 0;

		writer_u8(&w, (uint8_t)(udh_len + s->text_len));
		put_hex(&w, s->udh);
		put_letters(&w, s->text_len);
	}
	if (s->tlvs) {
		put_hex(&w, "0204000200070005000103"); /* user_message_reference, subunit */
		put_tlv(&w, 0x0303, 17);               /* callback_num_atag */
		put_tlv(&w, 0x0381, 12);               /* callback_num */
		put_tlv(&w, 0x0202, 9);                /* source_subaddress */
		put_tlv(&w, 0x020C, 4);                /* sar_msg_ref_num of a wrong length */
	}
	if (s->payload_len != 0) {
		put_tlv(&w, SMPP_TAG_MESSAGE_PAYLOAD, s->payload_len);
	}
	if (s->vendor_len != 0) {
		put_tlv(&w, 0x1400, s->vendor_len);
	}
	CU_ASSERT_TRUE_FATAL(writer_ok(&w));
	len = (size_t)(w.at - pdu);
	put_be32(pdu, (uint32_t)len);
	put_be32(pdu + 4, s->command);
	put_be32(pdu + 8, 0);
	put_be32(pdu + 12, 0x01020304);
	return len;
}

/* four letters in a row behind the header: text has survived */
static bool has_text_left(const uint8_t *pdu, size_t len)
{
	size_t run = 0;

	for (size_t i = 16; i < len && run < 4; i++) {
		run = pdu[i] >= TEXT_FIRST && pdu[i] < TEXT_FIRST + 20 ? run + 1 : 0;
	}
	return run >= 4;
}

static bool all_spaces(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] != ' ') {
			return false;
		}
	}
	return true;
}

static uint8_t pdu[PDU_SIZE];
static uint8_t out[PDU_SIZE];
static struct smpp_message before;
static struct smpp_message after;

/* refused: edits `pdu` and reads the result back; counts what is wrong */
static unsigned refused(size_t len, enum edit_style style, unsigned poison, enum edit_style *used)
{
	enum reason why;
	unsigned wrong = 0;

	if (smpp_message_read(bytes_of(pdu, len), &before, &why) != PARSE_OK) {
		return 1;
	}
	memset(out, 0xA5, sizeof(out));
	*used = edit_refuse(bytes_of(pdu, len), &before, style, poison, out);
	wrong += memcmp(out, pdu, 16) != 0;
	wrong += out[len] != 0xA5;
	wrong += has_text_left(out, len);
	wrong += smpp_message_read(bytes_of(out, len), &after, &why) != PARSE_OK;
	wrong += !bytes_equal(after.source.digits, before.source.digits);
	wrong += after.source.ton != before.source.ton;
	return wrong;
}

/* every length from the shortest to 700 octets, of each command */
static void test_self_reject_lengths(void)
{
	for (size_t c = 0; c < N_COMMANDS; c++) {
		unsigned wrong = 0;

		for (size_t n = 0; n < 640; n++) {
			struct shape s = { .command = commands[c], .source = "Shop" };
			bool has_text =
				commands[c] != SMPP_DATA_SM && commands[c] != SMPP_BROADCAST_SM;
			enum edit_style used;
			size_t len;

			s.destination = n < 20 ? "" : "491701234567";
			s.source = n < 10 ? "" : "Shop";
			s.text_len = has_text ? n % 255 : 0;
			s.payload_len = has_text ? (n < 255 ? 0 : n - 254) : n;
			len = build(&s, pdu);
			wrong += refused(len, EDIT_SELF_REJECT, POISON_USUAL, &used);
			wrong += used !=
			         (commands[c] == SMPP_DELIVER_SM ? EDIT_BLANK : EDIT_SELF_REJECT);
			wrong += (after.anomalies & ~before.anomalies) != 0;
			wrong += after.registered_delivery != 0 && used == EDIT_SELF_REJECT;
			wrong += !all_spaces(after.short_message) ||
			         !all_spaces(after.message_payload);
		}
		CU_ASSERT_EQUAL(wrong, 0);
	}
}

/* research/inline-blocking.md 2.2, octet by octet */
static void test_self_reject_recipe(void)
{
	struct shape s = {
		.command = SMPP_SUBMIT_SM, .source = "Shop", .destination = "4917", .text_len = 5
	};
	static const uint8_t submit[] = { 0, 0, 0, 49, 0, 0, 0, 4, 0, 0, 0, 0, 1, 2, 3, 4, 0, 5, 1,
		'S', 'h', 'o', 'p', 0, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0, 0xFF, 0, 0, 12, ' ', ' ', ' ',
		' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ' };
	static const uint8_t data[] = { 0, 0, 0, 45, 0, 0, 1, 3, 0, 0, 0, 0, 1, 2, 3, 4, 0, 5, 1,
		'S', 'h', 'o', 'p', 0, 0, 0, 0, 0x3C, 0, 0, 0x04, 0x24, 0, 11, ' ', ' ', ' ', ' ',
		' ', ' ', ' ', ' ', ' ', ' ', ' ' };
	enum edit_style used;
	size_t len = build(&s, pdu);

	CU_ASSERT_EQUAL_FATAL(len, sizeof(submit));
	CU_ASSERT_EQUAL(refused(len, EDIT_SELF_REJECT, POISON_USUAL, &used), 0);
	CU_ASSERT_EQUAL(memcmp(out, submit, sizeof(submit)), 0);
	s = (struct shape){
		.command = SMPP_DATA_SM, .source = "Shop", .destination = "4917", .payload_len = 4
	};
	len = build(&s, pdu);
	CU_ASSERT_EQUAL_FATAL(len, sizeof(data));
	CU_ASSERT_EQUAL(refused(len, EDIT_SELF_REJECT, POISON_USUAL, &used), 0);
	CU_ASSERT_EQUAL(memcmp(out, data, sizeof(data)), 0);
	/* 3.4 4.5.1: one SME address, and that is empty */
	s = (struct shape){
		.command = SMPP_SUBMIT_MULTI, .source = "Shop", .destination = "4917", .text_len = 5
	};
	len = build(&s, pdu);
	CU_ASSERT_EQUAL(refused(len, EDIT_SELF_REJECT, POISON_USUAL, &used), 0);
	CU_ASSERT_EQUAL(memcmp(out + 24, "\1\1\0\0\0\0\0\xFF", 8), 0);
	CU_ASSERT_EQUAL(after.n_destinations, 1);
	CU_ASSERT_EQUAL(after.destination.digits.len, 0);
}

static void test_poison(void)
{
	struct shape s = {
		.command = SMPP_SUBMIT_SM, .source = "Shop", .destination = "4917", .text_len = 50
	};
	size_t len = build(&s, pdu);

	for (unsigned poison = 0; poison < 8; poison++) {
		enum edit_style used;

		CU_ASSERT_EQUAL(refused(len, EDIT_SELF_REJECT, poison, &used), 0);
		CU_ASSERT_EQUAL(used, EDIT_SELF_REJECT);
		CU_ASSERT_EQUAL(after.destination.digits.len, (poison & POISON_DEST) != 0 ? 0 : 4);
		CU_ASSERT_EQUAL(after.priority, (poison & POISON_PRIORITY) != 0 ? 0xFF : 0);
		CU_ASSERT_EQUAL(after.esm_class, (poison & POISON_ESM_CLASS) != 0 ? 0x3C : 0);
	}
	/* nothing but its message_id tells what a replace_sm is about */
	s = (struct shape){ .command = SMPP_REPLACE_SM, .source = "Shop", .text_len = 20 };
	len = build(&s, pdu);
	for (unsigned poison = 0; poison < 2; poison++) {
		enum edit_style used;

		CU_ASSERT_EQUAL(refused(len, EDIT_SELF_REJECT, poison, &used), 0);
		CU_ASSERT_EQUAL(used, poison != 0 ? EDIT_SELF_REJECT : EDIT_BLANK);
		CU_ASSERT_EQUAL(out[16], poison != 0 ? 0 : '1');
	}
}

/* the three lengths at which a submit_multi has no room for an address, and what is shorter still */
static void test_shortest(void)
{
	static const struct {
		const char *body; /* hex */
		uint32_t command;
		enum edit_style used;
	} cases[] = {
		{ "000000000000000000000000000000", SMPP_SUBMIT_MULTI, EDIT_SELF_REJECT },
		{ "0000000001020000000000000000000000", SMPP_SUBMIT_MULTI, EDIT_SELF_REJECT },
		{ "000000000102000000000000000000000141", SMPP_SUBMIT_MULTI, EDIT_SELF_REJECT },
		{ "00000000010100000000000000000000000000", SMPP_SUBMIT_MULTI, EDIT_SELF_REJECT },
		{ "0000000000000000000000000000000000", SMPP_SUBMIT_SM, EDIT_SELF_REJECT },
		{ "00000000000000000000", SMPP_DATA_SM, EDIT_SELF_REJECT },
		{ "000000000000000000", SMPP_REPLACE_SM, EDIT_SELF_REJECT },
		{ "0000000000000000000000", SMPP_BROADCAST_SM, EDIT_SELF_REJECT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct writer w = writer_of(pdu + 16, PDU_SIZE - 16);
		enum edit_style used;
		size_t len;

		put_hex(&w, cases[i].body);
		len = (size_t)(w.at - pdu);
		put_be32(pdu, (uint32_t)len);
		put_be32(pdu + 4, cases[i].command);
		put_be32(pdu + 12, 1);
		CU_ASSERT_EQUAL(refused(len, EDIT_SELF_REJECT, POISON_USUAL, &used), 0);
		CU_ASSERT_EQUAL(used, cases[i].used);
		CU_ASSERT_EQUAL(after.anomalies, 0);
	}
}

/* 3.4 3.2.4.1: a TLV has 65,535 octets at most; a PDU may be longer than one of them */
static void test_longest(void)
{
	for (size_t vendor = 1; vendor < 40; vendor++) {
		struct shape s = { .command = SMPP_SUBMIT_SM,
			.source = "",
			.destination = "1",
			.payload_len = 65535 - 20,
			.vendor_len = vendor };
		enum edit_style used;
		size_t len = build(&s, pdu);

		CU_ASSERT_EQUAL(refused(len, EDIT_SELF_REJECT, POISON_USUAL, &used), 0);
		CU_ASSERT_EQUAL(used, EDIT_SELF_REJECT);
		CU_ASSERT_EQUAL(after.anomalies & ~(uint64_t)SMPP_ANOMALY_TLV_DUPLICATE, 0);
		CU_ASSERT_EQUAL(refused(len, EDIT_BLANK, 0, &used), 0);
		CU_ASSERT_EQUAL(after.anomalies, before.anomalies);
	}
}

static void test_blank_keeps(void)
{
	/* concatenation 2 of 3, ports, and an object of 6 octets (TS 23.040 9.2.3.24.1, .4, .10.1) */
	struct shape s = { .command = SMPP_DELIVER_SM,
		.source = "Shop",
		.destination = "4917",
		.esm_class = 0x40,
		.udh = "130003AA030205040B8423F00A06C1C2C3C4C5C6",
		.text_len = 60,
		.tlvs = true,
		.payload_len = 40,
		.vendor_len = 33 };
	static const uint8_t udh[] = { 0x13, 0, 3, 0xAA, 3, 2, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 0x0A,
		6, 0, 0, 0, 0, 0, 0 };
	enum edit_style used;
	size_t len = build(&s, pdu);

	/* esm_class says that the payload has a UDH too: what it has there is none, so it is cut */
	CU_ASSERT_EQUAL(refused(len, EDIT_BLANK, 0, &used), 0);
	CU_ASSERT_EQUAL(used, EDIT_BLANK);
	CU_ASSERT_EQUAL(after.body_end, before.body_end);
	CU_ASSERT_EQUAL(after.n_tlvs, before.n_tlvs);
	CU_ASSERT_EQUAL(after.esm_class, 0x40);
	CU_ASSERT_EQUAL(after.short_message.len, sizeof(udh) + 60);
	CU_ASSERT_EQUAL(memcmp(after.short_message.data, udh, sizeof(udh)), 0);
	CU_ASSERT_TRUE(all_spaces(bytes_slice(after.short_message, sizeof(udh), 60)));
	CU_ASSERT_EQUAL(after.message_payload.data[0], 0);
	CU_ASSERT_TRUE(all_spaces(bytes_slice(after.message_payload, 1, 39)));
	for (unsigned i = 0; i < after.n_tlvs; i++) {
		CU_ASSERT_EQUAL(after.tlvs[i].tag, before.tlvs[i].tag);
		CU_ASSERT_EQUAL(after.tlvs[i].value.len, before.tlvs[i].value.len);
	}
	CU_ASSERT_EQUAL(memcmp(after.tlvs[0].value.data, "\0\7", 2), 0);
	CU_ASSERT_EQUAL(after.tlvs[1].value.data[0], 3);
	for (unsigned i = 2; i < after.n_tlvs; i++) {
		for (size_t k = 0; k < after.tlvs[i].value.len; k++) {
			CU_ASSERT_TRUE(after.tlvs[i].tag == SMPP_TAG_MESSAGE_PAYLOAD ||
				       after.tlvs[i].value.data[k] == 0);
		}
	}
}

/* 3.4 5.2.19: UCS-2 spaces are two octets each */
static void test_blank_ucs2(void)
{
	struct shape s = { .command = SMPP_DELIVER_SM,
		.source = "Shop",
		.destination = "4917",
		.data_coding = 8,
		.text_len = 7 };
	enum edit_style used;
	size_t len = build(&s, pdu);

	CU_ASSERT_EQUAL(refused(len, EDIT_BLANK, 0, &used), 0);
	CU_ASSERT_EQUAL(after.short_message.len, 7);
	CU_ASSERT_EQUAL(memcmp(after.short_message.data, "\0 \0 \0 \0", 7), 0);
}

/* stray octets and a TLV that runs past the end become zeros */
static void test_blank_broken_tail(void)
{
	for (size_t cut = 1; cut < 36; cut++) {
		struct shape s = { .command = SMPP_DELIVER_SM,
			.source = "Shop",
			.destination = "4917",
			.text_len = 7,
			.vendor_len = 32 };
		enum edit_style used;
		size_t len = build(&s, pdu) - cut;

		put_be32(pdu, (uint32_t)len);
		CU_ASSERT_EQUAL(refused(len, EDIT_BLANK, 0, &used), 0);
		for (size_t i = before.body_end; i < len; i++) {
			CU_ASSERT_EQUAL(out[i], 0);
		}
	}
}

static void test_ghost(void)
{
	static const char full[] = "id:0 sub:000 dlvrd:000 submit date:0000000000 "
				   "done date:0000000000 stat:UNDELIV err:000 text:";

	for (size_t n = 0; n < 400; n++) {
		struct shape s = { .command = SMPP_DELIVER_SM,
			.source = "Shop",
			.destination = "4917",
			.text_len = n % 255,
			.payload_len = n < 255 ? 0 : n - 254 };
		enum edit_style used;
		size_t len = build(&s, pdu);
		struct bytes text;

		CU_ASSERT_EQUAL(refused(len, EDIT_GHOST_DLR, 0, &used), 0);
		CU_ASSERT_EQUAL(used, EDIT_GHOST_DLR);
		CU_ASSERT_EQUAL(after.esm_class, 4);
		CU_ASSERT_TRUE(smpp_is_receipt(&after));
		CU_ASSERT_EQUAL(after.registered_delivery, 0);
		CU_ASSERT_TRUE(bytes_equal(after.destination.digits, before.destination.digits));
		text = after.has_payload ? after.message_payload : after.short_message;
		if (text.len >= sizeof(full) - 1) {
			CU_ASSERT_EQUAL(memcmp(text.data, full, sizeof(full) - 1), 0);
			text = bytes_slice(text, sizeof(full) - 1, text.len);
			CU_ASSERT_TRUE(all_spaces(text));
		} else if (text.len >= 4) {
			CU_ASSERT_EQUAL(memcmp(text.data, "id:0", 4), 0);
		}
	}
	for (size_t c = 0; c < N_COMMANDS; c++) {
		struct shape s = { .command = commands[c],
			.source = "Shop",
			.destination = "4917",
			.payload_len = 120 };
		bool can = commands[c] == SMPP_DELIVER_SM || commands[c] == SMPP_DATA_SM;
		enum edit_style used;

		CU_ASSERT_EQUAL(refused(build(&s, pdu), EDIT_GHOST_DLR, 0, &used), 0);
		CU_ASSERT_EQUAL(used, can ? EDIT_GHOST_DLR : EDIT_BLANK);
	}
}

/* a body that the reader refused: nothing is kept */
static void test_malformed(void)
{
	for (size_t c = 0; c < N_COMMANDS; c++) {
		for (size_t len = 16; len < 300; len++) {
			struct writer w = writer_of(pdu + 16, len - 16);
			static const enum edit_style styles[] = { EDIT_SELF_REJECT, EDIT_BLANK,
				EDIT_GHOST_DLR };
			enum reason why;

			put_be32(pdu, (uint32_t)len);
			put_be32(pdu + 4, commands[c]);
			put_letters(&w, len - 16);
			for (size_t i = 0; i < 3; i++) {
				memset(out, 0xA5, sizeof(out));
				(void)edit_refuse(
					bytes_of(pdu, len), NULL, styles[i], POISON_USUAL, out);
				CU_ASSERT_FALSE(has_text_left(out, len));
				CU_ASSERT_EQUAL(out[len], 0xA5);
				if (len >= 35) {
					CU_ASSERT_EQUAL(
						smpp_message_read(bytes_of(out, len), &after, &why),
						PARSE_OK);
					CU_ASSERT_EQUAL(after.anomalies, 0);
				}
			}
		}
	}
}

/*
 * partial: `known` octets are there; the whole replacement reads back, alone and behind what has
 * left, and what left of it is what it still is when more is known.
 */
static unsigned partial(size_t len, size_t known, enum edit_style style, const uint8_t *original)
{
	static uint8_t earlier[PDU_SIZE];
	enum reason why;
	const struct smpp_message *m = NULL;
	enum edit_style used;
	unsigned wrong = 0;
	uint64_t anomalies;

	wrong += smpp_message_read(bytes_of(original, len), &after, &why) != PARSE_OK;
	anomalies = after.anomalies;
	if (smpp_message_read_partial(bytes_of(original, known), &before, &why) == PARSE_OK) {
		m = &before;
	}
	memset(out, 0xA5, sizeof(out));
	used = edit_refuse_partial(bytes_of(original, known), m, style, POISON_USUAL, out);
	wrong += memcmp(out, original, 16) != 0 || out[len] != 0xA5 || has_text_left(out, len);
	wrong += smpp_message_read(bytes_of(out, len), &after, &why) != PARSE_OK;
	if (used == EDIT_BLANK) {
		wrong += known > 16 && memcmp(earlier, out, known - 1) != 0;
		memcpy(earlier, out, len);
		memcpy(out, original, known);
		wrong += smpp_message_read(bytes_of(out, len), &after, &why) != PARSE_OK;
		wrong += (after.anomalies & ~anomalies &
				 (SMPP_ANOMALY_TLV | SMPP_ANOMALY_TRAILING)) != 0;
		wrong += has_text_left(out + known, len > known + 16 ? len - known : 0);
	}
	return wrong;
}

static void test_partial(void)
{
	static uint8_t original[PDU_SIZE];
	static const enum edit_style styles[] = { EDIT_SELF_REJECT, EDIT_BLANK, EDIT_GHOST_DLR };

	for (size_t c = 0; c < N_COMMANDS; c++) {
		bool has_text = commands[c] != SMPP_DATA_SM && commands[c] != SMPP_BROADCAST_SM;
		struct shape shapes[] = {
			{ .command = commands[c],
				.source = "Shop",
				.destination = "4917",
				.esm_class = 0x40,
				.udh = "130003AA030205040B8423F00A06C1C2C3C4C5C6",
				.text_len = 90,
				.payload_len = has_text ? 0 : 60,
				.tlvs = true },
			{ .command = commands[c],
				.source = "Shop",
				.destination = "4917",
				.payload_len = 700 },
		};

		for (size_t i = 0; i < 2; i++) {
			size_t len = build(&shapes[i], original);
			unsigned wrong = 0;

			for (size_t k = 0; k < 3; k++) {
				for (size_t known = 16; known <= len; known++) {
					wrong += partial(len, known, styles[k], original);
				}
			}
			CU_ASSERT_EQUAL(wrong, 0);
		}
	}
}

static void test_redact(void)
{
	struct shape s = {
		.command = SMPP_SUBMIT_SM, .source = "Shop", .destination = "4917", .text_len = 20
	};
	size_t len = build(&s, pdu);
	enum reason why;
	struct sms sms = { .n_bodies = 1 };

	CU_ASSERT_EQUAL_FATAL(smpp_message_read(bytes_of(pdu, len), &before, &why), PARSE_OK);
	sms.body[0] = (struct sms_body){ .octets = before.short_message,
		.offset = (size_t)(before.short_message.data - pdu),
		.input = { .data = bytes_slice(before.short_message, 3, 17),
			.encoding = TEXT_LATIN1 } };
	edit_redact(bytes_of(pdu, len), &sms, 0, 2, 5, out);
	edit_redact(bytes_of(out, len), &sms, 0, 15, 17, out);
	for (size_t i = 0; i < len; i++) {
		size_t at = i - sms.body[0].offset - 3;
		bool blanked = i >= sms.body[0].offset + 3 &&
		               ((at >= 2 && at < 5) || (at >= 15 && at < 17));

		CU_ASSERT_EQUAL(out[i], blanked ? ' ' : pdu[i]);
	}
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(edit_style_name(EDIT_NONE), "none");
	CU_ASSERT_STRING_EQUAL(edit_style_name(EDIT_SELF_REJECT), "self_reject");
	CU_ASSERT_STRING_EQUAL(edit_style_name(EDIT_REDACT), "redact");
}

UNIT_MAIN("verdict/edit", { "self_reject: every length", test_self_reject_lengths },
	{ "self_reject: the recipe", test_self_reject_recipe }, { "poison", test_poison },
	{ "shortest", test_shortest }, { "longest", test_longest },
	{ "blank: what is kept", test_blank_keeps }, { "blank: UCS-2", test_blank_ucs2 },
	{ "blank: broken tail", test_blank_broken_tail }, { "ghost_dlr", test_ghost },
	{ "malformed", test_malformed }, { "partial", test_partial }, { "redact", test_redact },
	{ "names", test_names })
