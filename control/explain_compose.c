/* SPDX-License-Identifier: BSD-3-Clause */
/* A submit_sm from a text. Part of explain.h. */
#include <stdlib.h>
#include <string.h>

#include "control/explain.h"

enum {
	GSM_ESCAPE = 0x1B,       /* TS 23.038 6.2.1.1 */
	SHORT_MESSAGE_MAX = 254, /* SMPP 3.4 5.2.22 */
	TEXT_MAX = 65000,        /* octets in message_payload, 5.3.2.32, with room for the rest */
	ADDRESS_MAX = 20,        /* 5.2.8: 21 with its NUL */
	NPI_E164 = 1,            /* 5.2.6 */
	UCS2 = 8,                /* 5.2.19 */
};

/* The GSM default alphabet the other way round, made by the decoder itself. */
struct gsm_reverse {
	uint32_t plain[128];
	uint32_t extended[128];
};

static uint32_t decode_one(const uint8_t *octets, size_t len)
{
	struct text_input in = { .data = bytes_of(octets, len), .encoding = TEXT_GSM7_UNPACKED };
	struct text_stats stats = { 0 };
	uint8_t out[TEXT_SIZE(2)];
	size_t n = text_decode(&in, out, sizeof(out), NULL, &stats);
	size_t at = 0;
	uint32_t cp = n != 0 ? text_next(bytes_of(out, n), &at) : 0;

	return at == n && stats.n_undecodable == 0 ? cp : 0;
}

static void gsm_reverse_make(struct gsm_reverse *g)
{
	for (unsigned i = 0; i < 128; i++) {
		uint8_t pair[2] = { GSM_ESCAPE, (uint8_t)i };

		g->plain[i] = i == GSM_ESCAPE ? 0 : decode_one(pair + 1, 1);
		g->extended[i] = i == GSM_ESCAPE ? 0 : decode_one(pair, 2);
	}
}

static bool put_gsm(struct writer *w, const struct gsm_reverse *g, uint32_t cp)
{
	for (unsigned i = 0; i < 128; i++) {
		if (g->plain[i] == cp) {
			writer_u8(w, (uint8_t)i);
			return true;
		}
	}
	for (unsigned i = 0; i < 128; i++) {
		if (g->extended[i] == cp) {
			writer_u8(w, GSM_ESCAPE);
			writer_u8(w, (uint8_t)i);
			return true;
		}
	}
	return false;
}

static bool put_utf16(struct writer *w, uint32_t cp)
{
	if (cp >= 0x10000) { /* RFC 2781 2.1 */
		writer_u16(w, (uint16_t)(0xD800 + ((cp - 0x10000) >> 10)));
		cp = 0xDC00 + ((cp - 0x10000) & 0x3FF);
	}
	writer_u16(w, (uint16_t)cp);
	return true;
}

static bool put_one(
	struct writer *w, const struct gsm_reverse *g, enum text_encoding encoding, uint32_t cp)
{
	uint8_t utf8[4];

	switch (encoding) {
	case TEXT_GSM7_UNPACKED:
		return put_gsm(w, g, cp);
	case TEXT_UTF16BE:
		return put_utf16(w, cp);
	case TEXT_ASCII:
		writer_u8(w, (uint8_t)cp);
		return cp < 0x80;
	case TEXT_LATIN1:
	case TEXT_BINARY:
		writer_u8(w, (uint8_t)cp);
		return cp <= 0xFF;
	case TEXT_UTF8:
		writer_put(w, bytes_of(utf8, text_put(cp, utf8, sizeof(utf8))));
		return true;
	case TEXT_GSM7_PACKED:
	case TEXT_UTF16LE:
	case TEXT_CYRILLIC:
	case TEXT_HEBREW:
	case TEXT_SHIFT_JIS:
	case TEXT_COMPRESSED:
	case TEXT_ENCODINGS:
		break;
	}
	return false;
}

/* encode: false with the first character that the alphabet has not. */
static bool encode(struct bytes text, enum text_encoding encoding, struct writer *w, uint32_t *bad)
{
	struct gsm_reverse g;

	gsm_reverse_make(&g);
	for (size_t at = 0; at < text.len;) {
		uint32_t cp = text_next(text, &at);

		if (!put_one(w, &g, encoding, cp)) {
			*bad = cp;
			return false;
		}
	}
	return true;
}

static void put_address(struct writer *w, const char *address)
{
	size_t len = strlen(address);
	bool plus = address[0] == '+';
	bool digits = len != 0 && strspn(address + plus, "0123456789") == len - plus;

	if (len == 0) {
		writer_fill(w, 0, 3);
		return;
	}
	writer_u8(w, digits ? (plus ? TON_INTERNATIONAL : 0) : TON_ALPHANUMERIC);
	writer_u8(w, digits ? NPI_E164 : 0);
	writer_put(w, digits ? bytes_of(address + plus, len - plus) : bytes_of(address, len));
	writer_u8(w, 0);
}

static bool check(const struct explain_message *m, struct diag *diag)
{
	if (!text_utf8_valid(bytes_str(m->text)) || strlen(m->text) > TEXT_MAX / 2) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"--text: not UTF-8, or longer than %d octets", TEXT_MAX / 2);
		return false;
	}
	if (strlen(m->from) > ADDRESS_MAX || strlen(m->to) > ADDRESS_MAX) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"an address has at most %d characters (SMPP 3.4 5.2.8)", ADDRESS_MAX);
		return false;
	}
	return true;
}

/* write_pdu: submit_sm, SMPP 3.4 4.4.1, or deliver_sm, 4.6.1; a long text goes into message_payload. */
static size_t write_pdu(
	const struct explain_message *m, uint8_t data_coding, struct bytes octets, uint8_t *out)
{
	struct writer w = writer_of(out, EXPLAIN_PDU_SIZE);
	bool payload = octets.len > SHORT_MESSAGE_MAX;
	size_t len;

	writer_u32(&w, 0); /* command_length: below */
	writer_u32(&w, m->deliver ? SMPP_DELIVER_SM : SMPP_SUBMIT_SM);
	writer_u32(&w, 0);
	writer_u32(&w, 1);
	writer_u8(&w, 0); /* service_type */
	put_address(&w, m->from);
	put_address(&w, m->to);
	writer_u8(&w, m->esm_class);
	writer_u8(&w, m->protocol_id);
	writer_u8(&w, 0);      /* priority_flag */
	writer_fill(&w, 0, 2); /* schedule_delivery_time, validity_period */
	writer_fill(&w, 0, 2); /* registered_delivery, replace_if_present_flag */
	writer_u8(&w, data_coding);
	writer_u8(&w, 0); /* sm_default_msg_id */
	writer_u8(&w, payload ? 0 : (uint8_t)octets.len);
	if (payload) {
		writer_u16(&w, SMPP_TAG_MESSAGE_PAYLOAD);
		writer_u16(&w, (uint16_t)octets.len);
	}
	writer_put(&w, octets);
	len = writer_ok(&w) ? (size_t)(w.at - out) : 0;
	put_be32(out, (uint32_t)len);
	return len;
}

/* encode_text: by the data coding asked for, or the one that fits; false with a sentence. */
static bool encode_text(const struct explain_message *m, enum text_default meaning,
	uint8_t *data_coding, struct writer *w, struct diag *diag)
{
	struct writer begin = *w;
	struct text_coding coding = text_smpp_coding(*data_coding, meaning);
	uint32_t bad = 0;
	bool good = encode(bytes_str(m->text), (enum text_encoding)coding.encoding, w, &bad);

	if (!good && m->data_coding < 0) {
		*data_coding = UCS2;
		*w = begin;
		good = encode(bytes_str(m->text), TEXT_UTF16BE, w, &bad);
	}
	if (!good || !writer_ok(w)) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"data_coding %u (%s) cannot carry this text (U+%04X): leave --dcs away, or give "
			"the PDU itself (--pdu)",
			*data_coding, text_encoding_name((enum text_encoding)coding.encoding), bad);
		return false;
	}
	return true;
}

size_t explain_compose(const struct explain_message *m, const struct smpp_profile *profile,
	uint8_t *out, struct diag *diag)
{
	uint8_t data_coding = m->data_coding < 0 ? 0 : (uint8_t)m->data_coding;
	uint8_t *octets = malloc(TEXT_MAX);
	struct writer w;
	size_t len = 0;

	if (octets == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no memory");
		return 0;
	}
	w = writer_of(octets, TEXT_MAX);
	if (check(m, diag) && encode_text(m, (enum text_default)profile->default_coding,
				      &data_coding, &w, diag)) {
		len = write_pdu(m, data_coding, bytes_of(octets, (size_t)(w.at - octets)), out);
	}
	free(octets);
	return len;
}
