/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/sms/gsm7_table.h"
#include "dataplane/sms/text.h"
#include "tests/dataplane/sms/septets.h"
#include "tests/support/unit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DATA_MAX 512
#define TEXT_MAX TEXT_SIZE(DATA_MAX)
#define ESC      "\x1B"

/*
 * Tables as the specification's columns run, 0x00 to 0x7F; U+00B7 is a place without a character,
 * and the escape.
 */
#define MIDDLE_DOT 0xB7u
#define DIGITS     "0123456789:;<=>?"
#define CAPITALS   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SMALL      "abcdefghijklmnopqrstuvwxyz"

static const struct {
	unsigned language;
	bool single;
	const char *characters;
} golden_tables[] = {
	/* TS 23.038 6.2.1 */
	{ 0, false,
		"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ·ÆæßÉ !\"#¤%&'()*+,-./" DIGITS "¡" CAPITALS
		"ÄÖÑÜ§¿" SMALL "äöñüà" },
	/* 6.2.1.1 */
	{ 0, true,
		"··········\f·········^···················{}·····\\············[~]·"
		"|····································€··························" },
	/* A.3.1, A.2.1 Turkish */
	{ 1, false,
		"@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ·ŞşßÉ !\"#¤%&'()*+,-./" DIGITS "İ" CAPITALS
		"ÄÖÑÜ§ç" SMALL "äöñüà" },
	{ 1, true,
		"··········\f·········^···················{}·····\\············[~]·"
		"|······Ğ·İ·········Ş···············ç·€·ğ·ı·········ş············" },
	/* A.2.2 Spanish */
	{ 2, true,
		"·········ç\f·········^···················{}·····\\············[~]·"
		"|Á·······Í·····Ó·····Ú···········á···€···í·····ó·····ú··········" },
	/* A.3.3, A.2.3 Portuguese */
	{ 3, false,
		"@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|·ÂâÊÉ !\"#º%&'()*+,-./" DIGITS "Í" CAPITALS
		"ÃÕÚÜ§~" SMALL "ãõ`üà" },
	{ 3, true,
		"·····ê···ç\fÔô·Áá··ΦΓ^ΩΠΨΣΘ·····Ê········{}·····\\············[~]·"
		"|À·······Í·····Ó·····Ú·····ÃÕ····Â···€···í·····ó·····ú·····ãõ··â" },
};

static void test_golden_tables(void)
{
	for (size_t t = 0; t < COUNT(golden_tables); t++) {
		struct bytes want = bytes_str(golden_tables[t].characters);
		const uint16_t *table = golden_tables[t].single
		                                ? gsm7_single[golden_tables[t].language]
		                                : gsm7_locking[golden_tables[t].language];
		size_t at = 0;

		for (unsigned c = 0; c < 128; c++) {
			uint32_t cp;

			CU_ASSERT_FATAL(at < want.len);
			cp = text_next(want, &at);
			CU_ASSERT_EQUAL(table[c], cp == MIDDLE_DOT ? 0 : cp);
		}
		CU_ASSERT_EQUAL(at, want.len);
	}
	CU_ASSERT_PTR_EQUAL(gsm7_locking[2], gsm7_locking[0]); /* there is no A.3.2 */
}

/*
 * FNV-1a over the values as 16-bit big-endian numbers, of a transcription of V18.0.0 with the
 * misprints of gsm7_table.c put right: a changed cell is seen.
 */
static const struct {
	uint32_t locking;
	uint32_t single;
} table_hashes[GSM7_LANGUAGES] = {
	{ 0x0C89E51F, 0x721F7CED },
	{ 0x3AE2B4DF, 0x2D5E2A97 },
	{ 0x0C89E51F, 0xC3FF7B48 },
	{ 0xBBC5278D, 0x2D395652 },
	{ 0xCAB2EE4E, 0x5CA2FFCF },
	{ 0x1FF981E3, 0x632BA21B },
	{ 0x44CC1E66, 0x47B966B8 },
	{ 0x97F3626B, 0x52DE7370 },
	{ 0x8D8A9F01, 0xF42E13DB },
	{ 0x70F69C62, 0x7095554D },
	{ 0x0C626E95, 0x42141602 },
	{ 0xAEE45EDC, 0xF8889D5F },
	{ 0x863CEC14, 0xF7203FFB },
	{ 0xB755CB9A, 0xC8E67690 },
};

static uint32_t table_hash(const uint16_t *table)
{
	uint32_t h = 0x811C9DC5;

	for (size_t i = 0; i < 128; i++) {
		h = (h ^ (table[i] >> 8)) * 0x01000193u;
		h = (h ^ (table[i] & 0xFFu)) * 0x01000193u;
	}
	return h;
}

static void test_table_hashes(void)
{
	for (size_t l = 0; l < GSM7_LANGUAGES; l++) {
		CU_ASSERT_EQUAL(table_hash(gsm7_locking[l]), table_hashes[l].locking);
		CU_ASSERT_EQUAL(table_hash(gsm7_single[l]), table_hashes[l].single);
	}
}

/* What holds for each table by its making, whoever typed it. */
static void test_table_shape(void)
{
	/* First code point of each script's block, and the septet of its digit nought (A.2.4..13). */
	static const struct {
		uint16_t block;
		uint8_t nought;
	} scripts[GSM7_LANGUAGES] = { [4] = { 0x0980, 0x19 },
		[5] = { 0x0A80, 0x1C },
		[6] = { 0x0900, 0x1C },
		[7] = { 0x0C80, 0x1C },
		[8] = { 0x0D00, 0x1C },
		[9] = { 0x0B00, 0x1C },
		[10] = { 0x0A00, 0x1C },
		[11] = { 0x0B80, 0x1C },
		[12] = { 0x0C00, 0x1C } };

	for (unsigned l = 0; l < GSM7_LANGUAGES; l++) {
		const uint16_t *t = gsm7_locking[l];
		uint16_t last = 0;
		unsigned digit = 0;

		CU_ASSERT_EQUAL(t[GSM7_SPACE], ' ');
		CU_ASSERT_EQUAL(t[0x0A], '\n');
		CU_ASSERT_EQUAL(t[0x0D], '\r');
		CU_ASSERT_EQUAL(t[GSM7_ESCAPE], 0);
		CU_ASSERT_EQUAL(gsm7_single[l][GSM7_ESCAPE], 0);
		CU_ASSERT_EQUAL(gsm7_single[l][0x0A], '\f');
		CU_ASSERT_EQUAL(gsm7_single[l][0x65], 0x20AC);
		for (unsigned c = 0; c < 26; c++) {
			CU_ASSERT_EQUAL(t['a' + c], 'a' + c);
		}
		for (unsigned c = 0; c < 10; c++) {
			CU_ASSERT_EQUAL(t['0' + c], '0' + c);
		}
		/* The letters of the scripts of India stand in the order of Unicode. */
		for (unsigned c = 0; scripts[l].block != 0 && c < 128; c++) {
			if (t[c] >= 0x80) {
				CU_ASSERT(t[c] > last);
				CU_ASSERT_EQUAL(t[c] & 0xFF80, scripts[l].block);
				last = t[c];
			}
		}
		for (unsigned c = scripts[l].nought; scripts[l].block != 0 && digit < 10; c++) {
			if (c != GSM7_ESCAPE) {
				CU_ASSERT_EQUAL(gsm7_single[l][c], scripts[l].block + 0x66 + digit);
				digit++;
			}
		}
	}
}

struct decoded {
	uint8_t text[TEXT_MAX];
	uint32_t origin[TEXT_MAX + 1];
	size_t len;
	struct text_stats stats;
};

static bool same_stats(struct text_stats a, struct text_stats b)
{
	return a.n_characters == b.n_characters && a.n_undecodable == b.n_undecodable;
}

/* decode_both: with and without a map; both must say the same. */
static void decode_both(const struct text_input *in, struct decoded *d)
{
	static uint8_t plain[TEXT_MAX];
	struct text_stats stats;
	size_t len = text_decode(in, plain, TEXT_SIZE(in->data.len), NULL, &stats);

	d->len = text_decode(in, d->text, TEXT_SIZE(in->data.len), d->origin, &d->stats);
	CU_ASSERT_FATAL(len <= TEXT_SIZE(in->data.len));
	CU_ASSERT_EQUAL(len, d->len);
	CU_ASSERT(len != d->len || memcmp(plain, d->text, len) == 0);
	CU_ASSERT(same_stats(stats, d->stats));
}

/* The text that `in` must give, and how many U+FFFD are counted. */
static void check_text(const struct text_input *in, const char *want, unsigned n_undecodable)
{
	static struct decoded d;

	decode_both(in, &d);
	if (d.len != strlen(want) || memcmp(d.text, want, d.len) != 0) {
		fprintf(stderr, "%s: want \"%s\", got \"%.*s\"\n",
			text_encoding_name((enum text_encoding)in->encoding), want, (int)d.len,
			(const char *)d.text);
		CU_FAIL("text");
	}
	CU_ASSERT_EQUAL(d.stats.n_undecodable, n_undecodable);
	CU_ASSERT_EQUAL(d.origin[d.len], text_units(in));
}

#define CHECK(e, octets, want, n)                                                      \
	check_text(&(struct text_input){ .data = bytes_of(octets, sizeof(octets) - 1), \
			   .encoding = (e) },                                          \
		want, n)

/* The value of septet `c` by the rules of TS 23.038 6.2.1, 6.2.1.1; 0: none. */
static uint32_t reference_character(unsigned locking, unsigned single, bool escaped, unsigned c)
{
	if (escaped && c == GSM7_ESCAPE) {
		return ' ';
	}
	if (escaped && gsm7_single[single][c] != 0) {
		return gsm7_single[single][c];
	}
	return gsm7_locking[locking][c];
}

/* put_want: appends to a string whose memory is all zero. */
static void put_want(char *want, uint32_t cp, unsigned *n_undecodable)
{
	if (cp == 0) {
		*n_undecodable += 1;
		cp = 0xFFFD;
	}
	(void)text_put(cp, (uint8_t *)want + strlen(want), 4);
}

/* Every septet of a pair of tables, plain and escaped, unpacked and packed behind a header. */
static void check_every_septet(unsigned locking, unsigned single, size_t skip)
{
	static char want[TEXT_MAX];
	uint8_t septets[128 * 3];
	uint8_t packed[128 * 3];
	size_t n = 0;
	unsigned bad = 0;
	struct text_input in = { .encoding = TEXT_GSM7_UNPACKED,
		.language = { (uint8_t)locking, (uint8_t)single } };

	memset(want, 0, sizeof(want));
	for (unsigned c = 0; c < 128; c++) {
		if (c != GSM7_ESCAPE) {
			septets[n++] = (uint8_t)c;
			put_want(want, reference_character(locking, single, false, c), &bad);
		}
	}
	for (unsigned c = 0; c < 128; c++) {
		septets[n++] = GSM7_ESCAPE;
		septets[n++] = (uint8_t)c;
		put_want(want, reference_character(locking, single, true, c), &bad);
	}
	in.data = bytes_of(septets, n);
	check_text(&in, want, bad);
	memset(packed, 0xFF, sizeof(packed));
	in.data = bytes_of(packed, septets_pack(packed, skip, septets, n));
	in.encoding = TEXT_GSM7_PACKED;
	in.skip_bits = (uint16_t)skip;
	in.n_septets = (uint32_t)n;
	check_text(&in, want, bad);
}

static void test_every_septet(void)
{
	for (unsigned locking = 0; locking < GSM7_LANGUAGES; locking++) {
		for (unsigned single = 0; single < GSM7_LANGUAGES; single++) {
			check_every_septet(locking, single, (locking + single) % 21 * 7);
		}
	}
}

static void test_gsm7(void)
{
	CHECK(TEXT_GSM7_UNPACKED, "", "", 0);
	CHECK(TEXT_GSM7_UNPACKED, "Hello", "Hello", 0);
	CHECK(TEXT_GSM7_UNPACKED, "\0\0", "@@", 0); /* 0x00 is the commercial at */
	CHECK(TEXT_GSM7_UNPACKED, "Hello [x]\r\nit is @\0$\x02", "Hello ÄxÑ\r\nit is ¡@¤$", 0);
	CHECK(TEXT_GSM7_UNPACKED, "1" ESC "e and " ESC "<b" ESC ">" ESC "(" ESC ")", "1€ and [b]{}",
		0);
	/* 6.2.1.1: no such extension: the character of the default table. */
	CHECK(TEXT_GSM7_UNPACKED, ESC "a" ESC " " ESC "\r", "a \r", 0);
	/* 6.2.1.1 note 1: an escape after an escape is a space; 6.2.1 note 1: so is one alone. */
	CHECK(TEXT_GSM7_UNPACKED, ESC ESC "e", " e", 0);
	CHECK(TEXT_GSM7_UNPACKED, "ab" ESC, "ab ", 0);
	CHECK(TEXT_GSM7_UNPACKED, ESC ESC ESC, "  ", 0);
	/* Not septets: Latin-1, not counted. */
	CHECK(TEXT_GSM7_UNPACKED, "caf\xE9 " ESC "\xE9 \x80", "café é \xC2\x80", 0);
	/* Across eight octets at a time. */
	CHECK(TEXT_GSM7_UNPACKED, "1234567@12345678", "1234567¡12345678", 0);
	CHECK(TEXT_GSM7_UNPACKED, "12345678@1234567", "12345678¡1234567", 0);
	CHECK(TEXT_GSM7_UNPACKED, "12345678123456_", "12345678123456§", 0);
}

/* Every octet at every place of the words that are read eight at a time. */
static void test_gsm7_places(void)
{
	for (size_t n = 1; n <= 27; n++) {
		for (size_t place = 0; place < n; place++) {
			for (unsigned c = 0; c < 256; c++) {
				uint8_t data[32];
				char want[128] = { 0 };
				unsigned bad = 0;
				struct text_input in = { .data = bytes_of(data, n),
					.encoding = TEXT_GSM7_UNPACKED };

				memset(data, 'x', sizeof(data));
				data[place] = (uint8_t)c;
				for (size_t i = 0; i < n; i++) {
					uint32_t v =
						data[i] < 0x80 ? gsm7_locking[0][data[i]] : data[i];

					if (data[i] == GSM7_ESCAPE) {
						v = i + 1 < n ? 'x' : ' ';
						i++;
					}
					put_want(want, v, &bad);
				}
				check_text(&in, want, 0);
			}
		}
	}
}

/* TS 23.038 6.1.2.1: the packing that everyone knows, and the seven bits that may be an @. */
static void test_packed(void)
{
	static const uint8_t hello[] = { 0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37 };
	static const uint8_t seven[] = { 0x31, 0xD9, 0x8C, 0x56, 0xB3, 0xDD, 0x00 };
	struct text_input in = { .data = bytes_of(hello, sizeof(hello)),
		.n_septets = 10,
		.encoding = TEXT_GSM7_PACKED };

	check_text(&in, "hellohello", 0);
	in.n_septets = 5;
	check_text(&in, "hello", 0);
	in.n_septets = 200; /* more than there are: those that are there */
	check_text(&in, "hellohello", 0);
	in.skip_bits = 35;
	check_text(&in, "hello", 0);
	in.skip_bits = 73;
	check_text(&in, "", 0);
	in.skip_bits = 6000;
	check_text(&in, "", 0);
	in = (struct text_input){
		.data = bytes_of(seven, sizeof(seven)), .n_septets = 7, .encoding = TEXT_GSM7_PACKED
	};
	check_text(&in, "1234567", 0);
	in.n_septets = 8;
	check_text(&in, "1234567@", 0);
}

/*
 * TS 23.040 9.2.3.24: with a header of UDHL octets the text begins at the next septet boundary.
 * Texts of all lengths, with an escape sequence at every place.
 */
static void test_fill_bits(void)
{
	for (size_t udhl = 0; udhl <= 20; udhl++) {
		size_t header = udhl == 0 ? 0 : udhl + 1;
		size_t skip = (header * 8 + 6) / 7 * 7;

		for (size_t n = 0; n <= 160; n++) {
			uint8_t septets[160];
			uint8_t data[DATA_MAX];
			char want[TEXT_SIZE(160)] = { 0 };
			unsigned bad = 0;
			struct text_input in = { .encoding = TEXT_GSM7_PACKED };

			memset(data, 0xFF, sizeof(data));
			for (size_t i = 0; i < n; i++) {
				bool escape = i % 11 == n % 11 && i + 1 < n;

				septets[i] = escape ? GSM7_ESCAPE : (uint8_t)('A' + i % 26);
				if (escape) {
					septets[++i] = 'e';
				}
				put_want(want, escape ? 0x20ACu : septets[i], &bad);
			}
			in.data = bytes_of(data, septets_pack(data, skip, septets, n));
			in.skip_bits = (uint16_t)skip;
			in.n_septets = (uint32_t)n;
			check_text(&in, want, 0);
		}
	}
}

/* An escape sequence over the seam of two blocks of septets, and a text longer than any SMS. */
static void test_long_packed(void)
{
	enum { N = 70000 };
	uint8_t *septets = malloc(N);
	uint8_t *data = malloc(N);
	uint8_t *out = malloc(TEXT_SIZE(N));
	struct text_input in = { .n_septets = N, .encoding = TEXT_GSM7_PACKED };
	struct text_stats stats;
	size_t bad = 0;
	size_t len;

	CU_ASSERT_FATAL(septets != NULL && data != NULL && out != NULL);
	memset(septets, 'a', N);
	for (size_t i = 255; i + 1 < N; i += 256) {
		septets[i] = GSM7_ESCAPE;
		septets[i + 1] = '<';
	}
	memset(data, 0, N);
	in.data = bytes_of(data, septets_pack(data, 0, septets, N));
	len = text_decode(&in, out, TEXT_SIZE(N), NULL, &stats);
	CU_ASSERT_EQUAL(len, N - (N - 1) / 256);
	for (size_t i = 0; i < len; i++) {
		/* Without its escapes the text has a bracket in each 255 characters. */
		bad += out[i] != (i % 255 == 0 && i != 0 ? '[' : 'a');
	}
	CU_ASSERT_EQUAL(bad, 0);
	free(septets);
	free(data);
	free(out);
}

static void test_utf16(void)
{
	CHECK(TEXT_UTF16BE, "\0H\0i\x20\xAC\0!", "Hi€!", 0);
	CHECK(TEXT_UTF16LE, "H\0i\0\xAC\x20!\0", "Hi€!", 0);
	CHECK(TEXT_UTF16BE, "\0a\0b\0c\0d\0e\0f\0g\0h\0i", "abcdefghi", 0);
	CHECK(TEXT_UTF16LE, "a\0b\0c\0d\0e\0f\0g\0h\0i\0", "abcdefghi", 0);
	CHECK(TEXT_UTF16BE, "\0a\0b\0c\0\x80\0e\0f\0g\0\0\x04\x1F",
		"abc\xC2\x80"
		"efg\xE2\x90\x80П",
		0);
	CHECK(TEXT_UTF16BE, "\xD8\x3C\xDF\x81", "\xF0\x9F\x8E\x81", 0); /* U+1F381 */
	CHECK(TEXT_UTF16LE, "\x3C\xD8\x81\xDF", "\xF0\x9F\x8E\x81", 0);
	CHECK(TEXT_UTF16BE, "\xDB\xFF\xDF\xFF", "\xF4\x8F\xBF\xBF", 0); /* U+10FFFF */
	/* Unpaired: high at the end, high before another, low alone. */
	CHECK(TEXT_UTF16BE, "\0a\xD8\x3C", "a\xEF\xBF\xBD", 1);
	CHECK(TEXT_UTF16BE, "\xD8\x3C\0a",
		"\xEF\xBF\xBD"
		"a",
		1);
	CHECK(TEXT_UTF16BE, "\xD8\x3C\xD8\x3C\xDF\x81", "\xEF\xBF\xBD\xF0\x9F\x8E\x81", 1);
	CHECK(TEXT_UTF16BE, "\xDF\x81\xD8\x3C", "\xEF\xBF\xBD\xEF\xBF\xBD", 2);
	CHECK(TEXT_UTF16BE, "\0a\0", "a\xEF\xBF\xBD", 1);
	CHECK(TEXT_UTF16BE, "\xFE", "\xEF\xBF\xBD", 1);
	CHECK(TEXT_UTF16BE, "\0\0", "\xE2\x90\x80", 0);
	/* A byte order mark at the start is obeyed and dropped, elsewhere it is a character. */
	CHECK(TEXT_UTF16BE, "\xFE\xFF\0a", "a", 0);
	CHECK(TEXT_UTF16BE,
		"\xFF\xFE"
		"a\0",
		"a", 0);
	CHECK(TEXT_UTF16LE, "\xFE\xFF\0a", "a", 0);
	CHECK(TEXT_UTF16BE, "\0a\xFE\xFF", "a\xEF\xBB\xBF", 0);
}

static void test_octets(void)
{
	CHECK(TEXT_LATIN1, "na\xEFve \xA3\x31 and some more", "naïve £1 and some more", 0);
	CHECK(TEXT_LATIN1, "\xFF\x80\0z", "ÿ\xC2\x80\xE2\x90\x80z", 0);
	CHECK(TEXT_BINARY, "\x01\x02 http://a.example\0\xFF",
		"\x01\x02 http://a.example\xE2\x90\x80ÿ", 0);
	CHECK(TEXT_ASCII, "plain \xE9", "plain \xEF\xBF\xBD", 1);
	CHECK(TEXT_SHIFT_JIS, "abc \x82\xA0", "abc \xC2\x82\xC2\xA0", 2);
	CHECK(TEXT_COMPRESSED, "\x01\x02\x03", "", 0);
	/* ISO/IEC 8859-5: Ё, numero sign, section sign, Привет */
	CHECK(TEXT_CYRILLIC, "\xBF\xE0\xD8\xD2\xD5\xE2 \xA1\xF0\xFD\xAD\xFF\xA0",
		"Привет Ё№§\xC2\xADџ\xC2\xA0", 0);
	/* ISO/IEC 8859-8: Shalom, multiplication, division, double low line, marks; holes */
	CHECK(TEXT_HEBREW, "\xF9\xEC\xE5\xED \xAA\xBA\xDF\xFD\xFE\xA2\xBE",
		"שלום ×÷‗\xE2\x80\x8E\xE2\x80\x8F¢¾", 0);
	CHECK(TEXT_HEBREW, "\xA1\xBF\xDE\xFB\xFC\xFF",
		"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 6);
}

static void test_utf8(void)
{
	CHECK(TEXT_UTF8, "Grüße, 世界 \xF0\x9F\x8E\x81", "Grüße, 世界 \xF0\x9F\x8E\x81", 0);
	CHECK(TEXT_UTF8, "a\0b",
		"a\xE2\x90\x80"
		"b",
		0);
	/* Unicode 3.9 table 3-8: U+FFFD for maximal subparts. */
	CHECK(TEXT_UTF8, "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41",
		"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\x41", 4);
	/* Table 3-7: overlong, surrogate, above U+10FFFF. */
	CHECK(TEXT_UTF8, "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD", 2);
	CHECK(TEXT_UTF8, "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3);
	CHECK(TEXT_UTF8, "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4);
}

/* All scalar values there and back; what is none becomes U+FFFD. */
static void test_code_points(void)
{
	size_t bad = 0;

	for (uint32_t cp = 0; cp <= 0x110000; cp++) {
		uint8_t b[8];
		size_t n = text_put(cp, b, sizeof(b));
		bool scalar = cp <= 0x10FFFF && (cp < 0xD800 || cp > 0xDFFF);
		size_t at = 0;

		bad += n == 0 || n > 4 || !text_utf8_valid(bytes_of(b, n));
		bad += text_next(bytes_of(b, n), &at) != (scalar ? cp : 0xFFFD) || at != n;
		bad += text_put(cp, b, n - 1) != 0;
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static void test_valid(void)
{
	static const struct {
		const char *octets;
		bool valid;
	} cases[] = {
		{ "", true },
		{ "plain text of more than eight", true },
		{ "Grüße aus Köln", true },
		{ "\x80", false },
		{ "\xC1\x81", false },
		{ "\xE0\x9F\xBF", false },
		{ "\xE0\xA0\x80", true },
		{ "\xED\x9F\xBF", true },
		{ "\xED\xA0\x80", false },
		{ "\xF0\x8F\xBF\xBF", false },
		{ "\xF0\x90\x80\x80", true },
		{ "\xF4\x8F\xBF\xBF", true },
		{ "\xF4\x90\x80\x80", false },
		{ "\xF5\x80\x80\x80", false },
		{ "12345678\xC3", false },
		{ "1234567\xC3\xA9", true },
		{ "\xE2\x82", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		CU_ASSERT_EQUAL(text_utf8_valid(bytes_str(cases[i].octets)), cases[i].valid);
	}
}

/* Each octet of the text to its unit, a pair or an escape sequence to its first. */
static void check_origin(const struct text_input *in, const uint32_t *want, size_t n)
{
	static struct decoded d;

	decode_both(in, &d);
	CU_ASSERT_EQUAL_FATAL(d.len + 1, n);
	CU_ASSERT_EQUAL(memcmp(d.origin, want, n * sizeof(*want)), 0);
}

static void test_origin(void)
{
	static const uint8_t gsm[] = { 'a', 0x1B, 0x65, 'z', 0x00, 0x05 };
	static const uint32_t gsm_want[] = { 0, 1, 1, 1, 3, 4, 5, 5, 6 };
	static const uint8_t utf16[] = { 0xFE, 0xFF, 0, 'a', 0xD8, 0x3C, 0xDF, 0x81, 0, 'b', 0 };
	static const uint32_t utf16_want[] = { 2, 4, 4, 4, 4, 8, 10, 10, 10, 11 };
	uint8_t packed[16] = { 0 };
	struct text_input in = { .data = bytes_of(gsm, sizeof(gsm)),
		.encoding = TEXT_GSM7_UNPACKED };

	check_origin(&in, gsm_want, COUNT(gsm_want));
	in.data = bytes_of(packed, septets_pack(packed, 21, gsm, sizeof(gsm)));
	in.encoding = TEXT_GSM7_PACKED;
	in.skip_bits = 21;
	in.n_septets = sizeof(gsm);
	check_origin(&in, gsm_want, COUNT(gsm_want)); /* septet numbers: the same */
	in = (struct text_input){ .data = bytes_of(utf16, sizeof(utf16)),
		.encoding = TEXT_UTF16BE };
	check_origin(&in, utf16_want, COUNT(utf16_want));
}

/* Identifiers above 13 are reserved: the default tables. */
static void test_reserved_language(void)
{
	for (unsigned l = GSM7_LANGUAGES; l < 256; l++) {
		struct text_input in = { .data = bytes_of("\x04$" ESC "e" ESC "S", 6),
			.encoding = TEXT_GSM7_UNPACKED,
			.language = { (uint8_t)l, (uint8_t)l } };

		check_text(&in, "è¤€S", 0);
	}
}

/* Too little room: as many whole characters as fit, none after. Memory of the exact size. */
static void check_truncated(const struct text_input *in, const struct decoded *d, size_t size)
{
	uint8_t *out = malloc(size != 0 ? size : 1);
	uint32_t *origin = malloc((size + 1) * sizeof(*origin));
	struct text_stats stats;
	size_t len;

	CU_ASSERT_FATAL(out != NULL && origin != NULL);
	len = text_decode(in, out, size, NULL, &stats);
	CU_ASSERT_FATAL(len <= size && len <= d->len);
	CU_ASSERT(memcmp(out, d->text, len) == 0);
	CU_ASSERT(text_utf8_valid(bytes_of(out, len)));
	CU_ASSERT(len == d->len || len + 4 > size);
	CU_ASSERT_EQUAL(text_decode(in, out, size, origin, NULL), len);
	CU_ASSERT(memcmp(out, d->text, len) == 0);
	free(out);
	free(origin);
}

static void check_random(const struct text_input *in, uint64_t *seed)
{
	static struct decoded d;
	size_t units = text_units(in);
	bool monotone = true;

	decode_both(in, &d);
	CU_ASSERT(text_utf8_valid(bytes_of(d.text, d.len)));
	CU_ASSERT(d.len == 0 || memchr(d.text, 0, d.len) == NULL);
	CU_ASSERT(d.len <= 3 * units + 3);
	CU_ASSERT_EQUAL(d.origin[d.len], units);
	for (size_t i = 0; i < d.len; i++) {
		/* A character's octets share a unit; the next one's is a later one. */
		bool inside = i + 1 < d.len && (d.text[i + 1] & 0xC0) == 0x80;

		monotone = monotone && (inside ? d.origin[i] == d.origin[i + 1]
					       : d.origin[i] < d.origin[i + 1]);
	}
	CU_ASSERT(monotone);
	check_truncated(in, &d, septets_random(seed) % (d.len + 4));
}

static void test_random(void)
{
	uint64_t seed = 0xC0FFEE;

	for (unsigned round = 0; round < 60000; round++) {
		size_t n = septets_random(&seed) % (round % 8 == 0 ? DATA_MAX : 40);
		uint8_t *data = malloc(n != 0 ? n : 1);
		struct text_input in = {
			.encoding = (uint8_t)(septets_random(&seed) % TEXT_ENCODINGS),
			.skip_bits = (uint16_t)(septets_random(&seed) % 160),
			.n_septets = septets_random(&seed) % 400,
			.language = { (uint8_t)(septets_random(&seed) % 16),
				(uint8_t)(septets_random(&seed) % 16) },
		};

		CU_ASSERT_PTR_NOT_NULL_FATAL(data);
		for (size_t i = 0; i < n; i++) {
			uint32_t r = septets_random(&seed);

			/* Plain text, text with escapes, surrogates, or anything. */
			data[i] = (uint8_t)(round % 4 == 0       ? r
					    : round % 4 == 1     ? 'a' + r % 26
					    : round % 4 == 2     ? (r % 9 == 0 ? 0x1B : r % 128)
					    : (i + (r & 64)) % 2 ? r % 256
								 : 0xD8 + r % 8);
		}
		in.data = bytes_of(data, n);
		check_random(&in, &seed);
		free(data);
	}
}

UNIT_MAIN("sms/text", { "tables as printed", test_golden_tables },
	{ "tables by hash", test_table_hashes }, { "tables by shape", test_table_shape },
	{ "every septet of every table", test_every_septet }, { "GSM 7-bit", test_gsm7 },
	{ "every octet at every place", test_gsm7_places }, { "packed", test_packed },
	{ "fill bits", test_fill_bits }, { "long packed", test_long_packed },
	{ "UTF-16", test_utf16 }, { "octets", test_octets }, { "UTF-8", test_utf8 },
	{ "code points", test_code_points }, { "valid UTF-8", test_valid },
	{ "origin", test_origin }, { "reserved languages", test_reserved_language },
	{ "random", test_random })
