/* SPDX-License-Identifier: BSD-3-Clause */
/* text_coding: what each of the 256 data coding values means. Part of text.h. */
#include "dataplane/sms/text.h"

const char *text_encoding_name(enum text_encoding e)
{
	static const char *const names[TEXT_ENCODINGS] = {
		[TEXT_GSM7_UNPACKED] = "gsm7",
		[TEXT_GSM7_PACKED] = "gsm7-packed",
		[TEXT_UTF16BE] = "utf16",
		[TEXT_UTF16LE] = "utf16le",
		[TEXT_LATIN1] = "latin1",
		[TEXT_ASCII] = "ascii",
		[TEXT_BINARY] = "binary",
		[TEXT_CYRILLIC] = "cyrillic",
		[TEXT_HEBREW] = "hebrew",
		[TEXT_SHIFT_JIS] = "shift-jis",
		[TEXT_UTF8] = "utf8",
		[TEXT_COMPRESSED] = "compressed",
	};

	return (unsigned)e < TEXT_ENCODINGS ? names[e] : "unknown";
}

/* The alphabet of TS 23.038 4's bits 3 and 2 of the general and the automatic deletion group. */
static uint8_t general_encoding(uint8_t dcs)
{
	switch ((dcs >> 2) & 3) {
	case 1:
		return TEXT_BINARY;
	case 2:
		return TEXT_UTF16BE;
	default: /* 0; 3 is reserved and read as the default alphabet */
		return TEXT_GSM7_PACKED;
	}
}

/* Coding groups 00xx, general, and 01xx, marked for automatic deletion: coded alike. */
static struct text_coding general_coding(uint8_t dcs)
{
	struct text_coding c = { .encoding = general_encoding(dcs), .message_class = -1 };

	c.reserved = (dcs & 0x0C) == 0x0C;
	if ((dcs & 0x10) != 0) {
		c.message_class = (int8_t)(dcs & 3);
	}
	if ((dcs & 0x20) != 0) {
		c.compressed = true;
		c.encoding = TEXT_COMPRESSED;
	}
	return c;
}

/* Coding groups 1100, 1101 (default alphabet) and 1110 (UCS-2). Bit 2 is reserved, sent as 0. */
static struct text_coding waiting_coding(uint8_t dcs)
{
	return (struct text_coding){
		.encoding = (dcs & 0xF0) == 0xE0 ? TEXT_UTF16BE : TEXT_GSM7_PACKED,
		.message_class = -1,
		.message_waiting = true,
		.reserved = (dcs & 0x04) != 0,
	};
}

/* Coding group 1111: alphabet and class. Bit 3 is reserved, sent as 0; receivers disregard it. */
static struct text_coding class_coding(uint8_t dcs)
{
	return (struct text_coding){
		.encoding = (dcs & 0x04) != 0 ? TEXT_BINARY : TEXT_GSM7_PACKED,
		.message_class = (int8_t)(dcs & 3),
		.reserved = (dcs & 0x08) != 0,
	};
}

struct text_coding text_gsm_coding(uint8_t dcs)
{
	if (dcs < 0x80) {
		return general_coding(dcs);
	}
	if (dcs < 0xC0) {
		/* Groups 1000 to 1011: reserved, assumed to be the default alphabet. */
		return (struct text_coding){
			.encoding = TEXT_GSM7_PACKED, .message_class = -1, .reserved = true
		};
	}
	return dcs < 0xF0 ? waiting_coding(dcs) : class_coding(dcs);
}

static uint8_t profile_encoding(enum text_default profile)
{
	switch (profile) {
	case TEXT_DEFAULT_GSM7:
		return TEXT_GSM7_UNPACKED;
	case TEXT_DEFAULT_GSM7_PACKED:
		return TEXT_GSM7_PACKED;
	case TEXT_DEFAULT_LATIN1:
		return TEXT_LATIN1;
	case TEXT_DEFAULT_ASCII:
		return TEXT_ASCII;
	case TEXT_DEFAULT_UTF8:
		return TEXT_UTF8;
	}
	return TEXT_GSM7_UNPACKED;
}

/*
 * SMPP 3.4 5.2.19 defines 0x00..0x0E but for 0x0B and 0x0C, and leaves 0xC0..0xDF and 0xF0..0xFF
 * to GSM. What it reserves many SMSCs hand through as the TP-DCS, so TS 23.038 4 says how the
 * receiver will read it: 0x0B as UCS-2, 0x10..0x7F as general and automatic deletion groups,
 * 0xE0..0xEF as UCS-2. Masking with 0x0F would read 0x18, 0xE0 or 0xF4 wrongly.
 */
struct text_coding text_smpp_coding(uint8_t data_coding, enum text_default profile)
{
	static const uint8_t encodings[15] = {
		[0x00] = TEXT_GSM7_PACKED, /* SMSC default alphabet: by profile, below */
		[0x01] = TEXT_ASCII,       /* IA5 (CCITT T.50) */
		[0x02] = TEXT_BINARY,      /* octet unspecified */
		[0x03] = TEXT_LATIN1,      /* ISO-8859-1 */
		[0x04] = TEXT_BINARY,      /* octet unspecified */
		[0x05] = TEXT_SHIFT_JIS,   /* JIS (X 0208-1990) */
		[0x06] = TEXT_CYRILLIC,    /* ISO-8859-5 */
		[0x07] = TEXT_HEBREW,      /* ISO-8859-8 */
		[0x08] = TEXT_UTF16BE,     /* UCS2 (ISO/IEC 10646) */
		[0x09] = TEXT_SHIFT_JIS,   /* pictogram encoding */
		[0x0A] = TEXT_SHIFT_JIS,   /* ISO-2022-JP (music codes) */
		[0x0B] = TEXT_UTF16BE,     /* reserved */
		[0x0C] = TEXT_GSM7_PACKED, /* reserved */
		[0x0D] = TEXT_SHIFT_JIS,   /* extended Kanji JIS (X 0212-1990) */
		[0x0E] = TEXT_SHIFT_JIS,   /* KS C 5601 */
	};
	struct text_coding c;

	if (data_coding < sizeof(encodings)) {
		c = (struct text_coding){ .encoding = encodings[data_coding],
			.message_class = -1,
			.reserved = data_coding == 0x0B || data_coding == 0x0C };
	} else {
		c = text_gsm_coding(data_coding);
	}
	if (c.encoding == TEXT_GSM7_PACKED) {
		/* The default alphabet, in the form and by the profile of the link. */
		c.encoding = profile_encoding(profile);
	}
	return c;
}
