/* SPDX-License-Identifier: BSD-3-Clause */
/* All 256 values of both data coding octets against tables written from the specifications. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/sms/text.h"
#include "tests/support/unit.h"

/*
 * One word a value: alphabet, class, remark.
 * Alphabet: G default, B octets, U UCS-2, Z compressed, A IA5, L Latin-1, C Cyrillic, H Hebrew, J the
 * Japanese and Korean ones. Class: 0..3 or -. Remark: . none, w message waiting, r reserved bits,
 * x both, z compressed, y compressed and reserved bits.
 */
#define ROW_LEN (16 * 4)

/*
 * 3GPP TS 23.038 4. 00xx: bit 5 compressed, bit 4 "bits 1 to 0 have a message class meaning", bits 3
 * and 2 the alphabet, 11 reserved. 01xx, automatic deletion: "coded exactly the same as group 00xx".
 */
#define GENERAL_0 "G-. G-. G-. G-. B-. B-. B-. B-. U-. U-. U-. U-. G-r G-r G-r G-r "
#define GENERAL_1 "G0. G1. G2. G3. B0. B1. B2. B3. U0. U1. U2. U3. G0r G1r G2r G3r "
#define GENERAL_2 "Z-z Z-z Z-z Z-z Z-z Z-z Z-z Z-z Z-z Z-z Z-z Z-z Z-y Z-y Z-y Z-y "
#define GENERAL_3 "Z0z Z1z Z2z Z3z Z0z Z1z Z2z Z3z Z0z Z1z Z2z Z3z Z0y Z1y Z2y Z3y "
/* 1000..1011: "Reserved coding groups", assumed to be the GSM 7 bit default alphabet. */
#define RESERVED "G-r G-r G-r G-r G-r G-r G-r G-r G-r G-r G-r G-r G-r G-r G-r G-r "
/* 1100 discard, 1101 store: default alphabet; 1110 store: uncompressed UCS-2. Bit 2 reserved, 0. */
#define WAITING_GSM "G-w G-w G-w G-w G-x G-x G-x G-x G-w G-w G-w G-w G-x G-x G-x G-x "
#define WAITING_UCS "U-w U-w U-w U-w U-x U-x U-x U-x U-w U-w U-w U-w U-x U-x U-x U-x "
/* 1111: bit 3 reserved, 0; bit 2: 0 default alphabet, 1 8-bit data; bits 1 and 0 class. */
#define CLASS "G0. G1. G2. G3. B0. B1. B2. B3. G0r G1r G2r G3r B0r B1r B2r B3r "

static const char gsm_golden[] =
	GENERAL_0 GENERAL_1 GENERAL_2 GENERAL_3 GENERAL_0 GENERAL_1 GENERAL_2 GENERAL_3 RESERVED
		RESERVED RESERVED RESERVED WAITING_GSM WAITING_GSM WAITING_UCS CLASS;

/*
 * SMPP 3.4 5.2.19: 0 SMSC default, 1 IA5, 2 octets, 3 Latin-1, 4 octets, 5 JIS, 6 Cyrillic, 7 Hebrew,
 * 8 UCS2, 9 pictograms, A ISO-2022-JP, B and C reserved, D extended Kanji, E KS C 5601, F.. reserved,
 * C0..DF and F0..FF by GSM 03.38. What SMPP reserves reads as the TP-DCS that it is sent on as.
 */
#define SMPP_0 "G-. A-. B-. L-. B-. J-. C-. H-. U-. J-. J-. U-r G-r J-. J-. G-r "

static const char smpp_golden[] = SMPP_0 GENERAL_1 GENERAL_2 GENERAL_3 GENERAL_0 GENERAL_1 GENERAL_2
	GENERAL_3 RESERVED RESERVED RESERVED RESERVED WAITING_GSM WAITING_GSM WAITING_UCS CLASS;

static uint8_t golden_encoding(char letter, uint8_t default_alphabet)
{
	switch (letter) {
	case 'G':
		return default_alphabet;
	case 'B':
		return TEXT_BINARY;
	case 'U':
		return TEXT_UTF16BE;
	case 'Z':
		return TEXT_COMPRESSED;
	case 'A':
		return TEXT_ASCII;
	case 'L':
		return TEXT_LATIN1;
	case 'C':
		return TEXT_CYRILLIC;
	case 'H':
		return TEXT_HEBREW;
	case 'J':
		return TEXT_SHIFT_JIS;
	default:
		return TEXT_ENCODINGS;
	}
}

static void check_coding(
	const char *golden, unsigned value, struct text_coding got, uint8_t default_alphabet)
{
	const char *word = golden + 4 * value;
	bool waiting = word[2] == 'w' || word[2] == 'x';
	bool compressed = word[2] == 'z' || word[2] == 'y';
	bool reserved = word[2] == 'r' || word[2] == 'x' || word[2] == 'y';
	int class = word[1] == '-' ? -1 : word[1] - '0';

	if (got.encoding != golden_encoding(word[0], default_alphabet) ||
		got.message_class != class || got.message_waiting != waiting ||
		got.compressed != compressed || got.reserved != reserved) {
		fprintf(stderr,
			"value 0x%02X: want %.3s, got %s class %d waiting %d compressed %d "
			"reserved %d\n",
			value, word, text_encoding_name(got.encoding), got.message_class,
			got.message_waiting, got.compressed, got.reserved);
		CU_FAIL("data coding");
	} else {
		CU_PASS("data coding");
	}
}

static void test_gsm(void)
{
	CU_ASSERT_EQUAL_FATAL(sizeof(gsm_golden), 16 * ROW_LEN + 1);
	for (unsigned v = 0; v < 256; v++) {
		check_coding(gsm_golden, v, text_gsm_coding((uint8_t)v), TEXT_GSM7_PACKED);
	}
}

static void test_smpp(void)
{
	static const struct {
		enum text_default profile;
		uint8_t encoding;
	} profiles[] = {
		{ TEXT_DEFAULT_GSM7, TEXT_GSM7_UNPACKED },
		{ TEXT_DEFAULT_GSM7_PACKED, TEXT_GSM7_PACKED },
		{ TEXT_DEFAULT_LATIN1, TEXT_LATIN1 },
		{ TEXT_DEFAULT_ASCII, TEXT_ASCII },
		{ TEXT_DEFAULT_UTF8, TEXT_UTF8 },
	};

	CU_ASSERT_EQUAL_FATAL(sizeof(smpp_golden), 16 * ROW_LEN + 1);
	for (size_t p = 0; p < sizeof(profiles) / sizeof(profiles[0]); p++) {
		for (unsigned v = 0; v < 256; v++) {
			check_coding(smpp_golden, v,
				text_smpp_coding((uint8_t)v, profiles[p].profile),
				profiles[p].encoding);
		}
	}
}

/* Values seen in the field whose low four bits alone say something else. */
static void test_not_masked(void)
{
	CU_ASSERT_EQUAL(text_smpp_coding(0x18, TEXT_DEFAULT_GSM7).encoding, TEXT_UTF16BE);
	CU_ASSERT_EQUAL(text_smpp_coding(0x18, TEXT_DEFAULT_GSM7).message_class, 0);
	CU_ASSERT_EQUAL(text_smpp_coding(0xE0, TEXT_DEFAULT_GSM7).encoding, TEXT_UTF16BE);
	CU_ASSERT_EQUAL(text_smpp_coding(0xF1, TEXT_DEFAULT_GSM7).encoding, TEXT_GSM7_UNPACKED);
	CU_ASSERT_EQUAL(text_smpp_coding(0xF5, TEXT_DEFAULT_GSM7).encoding, TEXT_BINARY);
	CU_ASSERT_EQUAL(text_smpp_coding(0xC8, TEXT_DEFAULT_GSM7).encoding, TEXT_GSM7_UNPACKED);
}

static void test_names(void)
{
	for (unsigned e = 0; e < TEXT_ENCODINGS; e++) {
		const char *name = text_encoding_name((enum text_encoding)e);

		CU_ASSERT_PTR_NOT_NULL_FATAL(name);
		for (unsigned other = 0; other < e; other++) {
			CU_ASSERT_STRING_NOT_EQUAL(
				name, text_encoding_name((enum text_encoding)other));
		}
	}
	CU_ASSERT_STRING_EQUAL(text_encoding_name(TEXT_GSM7_UNPACKED), "gsm7");
	CU_ASSERT_STRING_EQUAL(text_encoding_name(TEXT_GSM7_PACKED), "gsm7-packed");
	CU_ASSERT_STRING_EQUAL(text_encoding_name(TEXT_UTF16BE), "utf16");
	CU_ASSERT_STRING_EQUAL(text_encoding_name(TEXT_ENCODINGS), "unknown");
}

UNIT_MAIN("sms/text_coding", { "TP-DCS, all 256", test_gsm }, { "data_coding, all 256", test_smpp },
	{ "not masked", test_not_masked }, { "names", test_names })
