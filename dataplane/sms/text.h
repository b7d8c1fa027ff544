/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text: from user data to UTF-8, by data coding, and back from UTF-8 to the units it came from.
 *
 * Output is always valid UTF-8; what cannot be decoded becomes U+FFFD and is counted. NUL becomes
 * U+2400 (so that a text has no octet 0). Pure functions over memory of the caller; any core.
 * The map back (origin) is made only on request: redaction and explanations ask, the hot path not.
 * Bounds: a text never grows beyond TEXT_SIZE(source octets).
 * Source: 3GPP TS 23.038 4, 5, 6.2.1 and annex A (national tables); SMPP 3.4 5.2.19.
 */
#ifndef SMSWALL_SMS_TEXT_H
#define SMSWALL_SMS_TEXT_H

#include "dataplane/base/bytes.h"

enum text_encoding {
	TEXT_GSM7_UNPACKED, /* one septet per octet: SMPP */
	TEXT_GSM7_PACKED,   /* TS 23.038 6.1.2.1 */
	TEXT_UTF16BE,       /* UCS-2 read as UTF-16; a BOM is obeyed and dropped */
	TEXT_UTF16LE,
	TEXT_LATIN1,
	TEXT_ASCII,
	TEXT_BINARY,   /* 8-bit data: shown as Latin-1 so that patterns still see it */
	TEXT_CYRILLIC, /* ISO-8859-5, data_coding 6 */
	TEXT_HEBREW,   /* ISO-8859-8, data_coding 7 */
	TEXT_SHIFT_JIS, /* data_coding 5, 9, 0x0A, 0x0D, 0x0E: recognised; shown as Latin-1, counted */
	TEXT_UTF8,
	TEXT_COMPRESSED, /* TS 23.042: not read; no text */
	TEXT_ENCODINGS
};

/* Name as in events: "gsm7", "gsm7-packed", "utf16", "utf16le", "latin1", ... Never NULL. */
const char *text_encoding_name(enum text_encoding e);

/* What one of the 256 data coding values means. */
struct text_coding {
	uint8_t encoding; /* enum text_encoding; the default alphabet of TP-DCS is GSM7_PACKED */
	int8_t message_class; /* 0..3, or -1 */
	bool compressed;
	bool message_waiting; /* an indication group */
	bool reserved;        /* has reserved bits or is reserved: read as TS 23.038 4 says */
};

/* What the default alphabet is on this link or account, for data_coding 0 and all read like it. */
enum text_default {
	TEXT_DEFAULT_GSM7,
	TEXT_DEFAULT_GSM7_PACKED,
	TEXT_DEFAULT_LATIN1,
	TEXT_DEFAULT_ASCII,
	TEXT_DEFAULT_UTF8
};

/* text_smpp_coding: SMPP's data_coding (3.4 5.2.19); the rest follows TS 23.038. All 256. */
struct text_coding text_smpp_coding(uint8_t data_coding, enum text_default profile);

/* text_gsm_coding: TP-DCS (TS 23.038 4). All 256. */
struct text_coding text_gsm_coding(uint8_t dcs);

/* National language identifiers of the UDH (TS 23.040 9.2.3.24.15/16, TS 23.038 6.2.1.2.4). */
struct text_language {
	uint8_t locking; /* 0: default */
	uint8_t single;
};

struct text_input {
	struct bytes data;  /* user data without UDH. GSM7 packed: the whole TP-UD with its UDH */
	uint16_t skip_bits; /* GSM7 packed: bits before the first septet (UDH and fill bits) */
	uint32_t n_septets; /* GSM7 packed: septets of text after skip_bits */
	uint8_t encoding;   /* enum text_encoding */
	struct text_language language;
};

#define TEXT_SIZE(octets) (3u * ((octets)*8u / 7u + 1u))

struct text_stats {
	uint32_t n_undecodable; /* U+FFFD written */
	uint32_t n_characters;
};

/*
 * text_decode: decodes into `out` (capacity `size`), returns octets written; within `size` the
 * memory after them may be scratch. When `origin` is not NULL (capacity size + 1), origin[i] is the
 * unit of the source that output octet i came from: an octet offset in data, or for GSM7 (packed or
 * not) a septet number, of a pair or an escape sequence the first; origin[length] is the number of
 * units. `stats` may be NULL.
 */
size_t text_decode(const struct text_input *in, uint8_t *out, size_t size, uint32_t *origin,
	struct text_stats *stats);

/* text_units: how many units (octets or septets) `in` has. */
size_t text_units(const struct text_input *in);

/*
 * text_blank: overwrites units [from, to) of `data` (the octets of in->data, writable) with spaces
 * in the message's own alphabet; a whole surrogate pair, escape sequence or UTF-8 character is
 * taken when touched. A byte order mark stays, or the spaces would be read in the other order.
 */
void text_blank(const struct text_input *in, uint8_t *data, size_t from, size_t to);

/* text_utf8_valid: strict UTF-8 (RFC 3629). */
bool text_utf8_valid(struct bytes b);

/* text_put: writes code point `cp` as UTF-8; returns octets (1..4), or 0 if fewer are left. */
size_t text_put(uint32_t cp, uint8_t *out, size_t left);

/* text_next: decodes one code point of valid UTF-8 at *at (< b.len) and advances it. */
uint32_t text_next(struct bytes b, size_t *at);

#endif
