/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/sms/text.h"
#include "tests/dataplane/sms/septets.h"
#include "tests/support/unit.h"

#define DATA_MAX 64
#define TEXT_MAX TEXT_SIZE(DATA_MAX)

/* What blanking [from, to) of `octets` must leave. */
static void check_octets(
	uint8_t encoding, const char *octets, size_t n, size_t from, size_t to, const char *want)
{
	uint8_t data[DATA_MAX];
	struct text_input in = { .data = bytes_of(data, n), .encoding = encoding };

	memcpy(data, octets, n);
	text_blank(&in, data, from, to);
	CU_ASSERT_EQUAL(memcmp(data, want, n), 0);
}

#define CHECK(encoding, octets, from, to, want) \
	check_octets(encoding, octets, sizeof(octets) - 1, from, to, want)

static void test_unpacked(void)
{
	CHECK(TEXT_GSM7_UNPACKED, "abcdef", 2, 4, "ab  ef");
	CHECK(TEXT_GSM7_UNPACKED, "abcdef", 0, 6, "      ");
	CHECK(TEXT_GSM7_UNPACKED, "abcdef", 3, 3, "abcdef");
	CHECK(TEXT_GSM7_UNPACKED, "abcdef", 4, 2, "abcdef");
	CHECK(TEXT_GSM7_UNPACKED, "abcdef", 4, 99, "abcd  ");
	CHECK(TEXT_GSM7_UNPACKED, "abcdef", 6, 99, "abcdef");
	/* Half of an escape sequence takes the other half along. */
	CHECK(TEXT_GSM7_UNPACKED, "a\x1B\x65z", 2, 3, "a  z");
	CHECK(TEXT_GSM7_UNPACKED, "a\x1B\x65z", 1, 2, "a  z");
	CHECK(TEXT_GSM7_UNPACKED, "a\x1B\x65z", 3, 4, "a\x1B\x65 ");
	CHECK(TEXT_GSM7_UNPACKED, "a\x1B\x65z", 0, 1, " \x1B\x65z");
	/* Escape, escape is a pair of its own: the next one is not its second half. */
	CHECK(TEXT_GSM7_UNPACKED, "\x1B\x1B\x1B\x65z", 3, 4, "\x1B\x1B  z");
	CHECK(TEXT_GSM7_UNPACKED, "\x1B\x1B\x65z", 2, 3, "\x1B\x1B z");
	CHECK(TEXT_GSM7_UNPACKED, "\x1B\x1B\x65z", 1, 2, "  \x65z");
	CHECK(TEXT_GSM7_UNPACKED, "ab\x1B", 2, 3, "ab ");
}

static void test_utf16(void)
{
	CHECK(TEXT_UTF16BE, "\0a\0b\0c", 2, 4, "\0a\0 \0c");
	CHECK(TEXT_UTF16LE, "a\0b\0c\0", 2, 4, "a\0 \0c\0");
	CHECK(TEXT_UTF16BE, "\0a\0b\0c", 3, 4, "\0a\0 \0c");
	CHECK(TEXT_UTF16BE, "\0a\0b\0c", 2, 3, "\0a\0 \0c");
	/* U+1F381 is D83C DF81: either half takes the whole. */
	CHECK(TEXT_UTF16BE, "\0a\xD8\x3C\xDF\x81\0c", 2, 4, "\0a\0 \0 \0c");
	CHECK(TEXT_UTF16BE, "\0a\xD8\x3C\xDF\x81\0c", 4, 6, "\0a\0 \0 \0c");
	CHECK(TEXT_UTF16LE, "a\0\x3C\xD8\x81\xDFz\0", 4, 6, "a\0 \0 \0z\0");
	/* A high surrogate before a pair does not belong to it. */
	CHECK(TEXT_UTF16BE, "\xD8\x3C\xD8\x3C\xDF\x81", 0, 2, "\0 \xD8\x3C\xDF\x81");
	/* The byte order mark stays and is obeyed. */
	CHECK(TEXT_UTF16BE, "\xFE\xFF\0a\0b", 0, 6, "\xFE\xFF\0 \0 ");
	CHECK(TEXT_UTF16BE,
		"\xFF\xFE"
		"a\0b\0",
		0, 6, "\xFF\xFE \0 \0");
	CHECK(TEXT_UTF16BE, "\xFE\xFF\0a", 0, 2, "\xFE\xFF\0a");
	/* An octet left over. */
	CHECK(TEXT_UTF16BE, "\0a\xD8", 2, 3, "\0a\0");
	CHECK(TEXT_UTF16LE, "a\0\xD8", 2, 3, "a\0 ");
}

static void test_octets(void)
{
	static const uint8_t encodings[] = { TEXT_LATIN1, TEXT_ASCII, TEXT_BINARY, TEXT_CYRILLIC,
		TEXT_HEBREW, TEXT_SHIFT_JIS, TEXT_COMPRESSED };

	for (size_t e = 0; e < sizeof(encodings); e++) {
		CHECK(encodings[e], "a\xE9\x1B\x65z", 1, 3, "a  \x65z");
	}
	CHECK(TEXT_UTF8, "a\xC3\xA9z", 1, 2, "a  z");
	CHECK(TEXT_UTF8, "a\xC3\xA9z", 2, 3, "a  z");
	CHECK(TEXT_UTF8, "a\xF0\x9F\x8E\x81z", 3, 4, "a    z");
	CHECK(TEXT_UTF8, "a\xF0\x9F\x8E\x81z", 0, 2, "     z");
	CHECK(TEXT_UTF8, "a\x8E\x81z", 1, 2, "a \x81z"); /* no character: only what was asked */
}

/* Every range of a packed text behind every header length: the neighbours' bits stay. */
static void test_packed(void)
{
	static const char text[] = "Your parcel waits";
	const size_t n = sizeof(text) - 1;

	for (size_t udhl = 0; udhl <= 20; udhl++) {
		size_t skip = udhl == 0 ? 0 : ((udhl + 1) * 8 + 6) / 7 * 7;

		for (size_t from = 0; from < n; from++) {
			uint8_t data[DATA_MAX];
			uint8_t want[DATA_MAX];
			char blanked[sizeof(text)];
			size_t to = from + 1 + from % 5;
			struct text_input in = { .encoding = TEXT_GSM7_PACKED };

			memset(data, 0xA5, sizeof(data));
			memset(want, 0xA5, sizeof(want));
			memcpy(blanked, text, sizeof(text));
			for (size_t i = from; i < to && i < n; i++) {
				blanked[i] = ' ';
			}
			in.data =
				bytes_of(data, septets_pack(data, skip, (const uint8_t *)text, n));
			(void)septets_pack(want, skip, (const uint8_t *)blanked, n);
			in.skip_bits = (uint16_t)skip;
			in.n_septets = (uint32_t)n;
			text_blank(&in, data, from, to);
			CU_ASSERT_EQUAL(memcmp(data, want, sizeof(data)), 0);
		}
	}
}

/* The escape sequence whose halves lie in two octets. */
static void test_packed_escape(void)
{
	static const uint8_t septets[] = { 'a', 0x1B, 0x65, 'z' };
	static const uint8_t blanked[] = { 'a', ' ', ' ', 'z' };

	for (size_t unit = 1; unit <= 2; unit++) {
		uint8_t data[8] = { 0 };
		uint8_t want[8] = { 0 };
		size_t len = septets_pack(data, 0, septets, 4);
		struct text_input in = {
			.data = bytes_of(data, len), .n_septets = 4, .encoding = TEXT_GSM7_PACKED
		};

		(void)septets_pack(want, 0, blanked, 4);
		text_blank(&in, data, unit, unit + 1);
		CU_ASSERT_EQUAL(memcmp(data, want, sizeof(data)), 0);
	}
}

static unsigned unit_value(const struct text_input *in, const uint8_t *data, size_t unit)
{
	unsigned v = 0;

	if (in->encoding != TEXT_GSM7_PACKED) {
		return data[unit];
	}
	for (size_t i = 0; i < 7; i++) {
		v |= septets_get_bit(data, in->skip_bits + 7 * unit + i) << i;
	}
	return v;
}

/*
 * check_units: each character of the text before, a run of units with one origin, is either touched,
 * and then all its units are blank (of ill-formed UTF-8: those in range), or not, and then none has
 * changed.
 */
static void check_units(const struct text_input *in, const uint8_t *before, const uint8_t *after,
	size_t from, size_t to)
{
	uint8_t text[TEXT_MAX];
	uint32_t origin[TEXT_MAX + 1];
	size_t units = text_units(in);
	size_t len = text_decode(in, text, sizeof(text), origin, NULL);
	size_t bad = 0;

	for (size_t i = 0; i < len;) {
		size_t first = origin[i];
		bool ill = memcmp(text + i, "\xEF\xBF\xBD", 3) == 0 && in->encoding == TEXT_UTF8;
		size_t end;
		bool touched;

		while (i < len && origin[i] == first) {
			i++;
		}
		end = origin[i];
		touched = from < to && first < to && end > from;
		for (size_t u = first; u < end; u++) {
			bool blank = touched && (!ill || (u >= from && u < to));
			bool utf16 = in->encoding == TEXT_UTF16BE || in->encoding == TEXT_UTF16LE;

			if (!blank) {
				bad += unit_value(in, after, u) != unit_value(in, before, u);
			} else if (utf16) {
				bad += after[u] != 0 && after[u] != ' ';
			} else {
				bad += unit_value(in, after, u) != ' ';
			}
		}
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT(from >= units || to <= from || origin[len] == units);
}

static void test_random(void)
{
	uint64_t seed = 0x5EED;

	for (unsigned round = 0; round < 40000; round++) {
		uint8_t *before = NULL;
		uint8_t *after = NULL;
		size_t n = septets_random(&seed) % DATA_MAX;
		struct text_input in = { .encoding = (uint8_t)(septets_random(&seed) %
							       TEXT_COMPRESSED) };
		struct text_input then;
		size_t from = septets_random(&seed) % (DATA_MAX + 8);
		size_t to = septets_random(&seed) % (DATA_MAX + 8);
		uint32_t mask = septets_random(&seed) % 3;

		before = malloc(n != 0 ? n : 1); /* of the exact size, for the address sanitizer */
		after = malloc(n != 0 ? n : 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(before);
		CU_ASSERT_PTR_NOT_NULL_FATAL(after);
		for (size_t i = 0; i < n; i++) {
			uint32_t r = septets_random(&seed);

			before[i] = (uint8_t)(mask == 0    ? r
					      : mask == 1  ? 0xD8 + r % 8
					      : r % 3 == 0 ? 0x1B
							   : r % 128);
		}
		memcpy(after, before, n);
		in.data = bytes_of(before, n);
		in.skip_bits = (uint16_t)(septets_random(&seed) % 30);
		in.n_septets = septets_random(&seed) % 80;
		then = in;
		then.data = bytes_of(after, n);
		text_blank(&then, after, from, to);
		check_units(&in, before, after, from, to);
		free(before);
		free(after);
	}
}

UNIT_MAIN("sms/text_blank", { "GSM 7-bit, unpacked", test_unpacked }, { "UTF-16", test_utf16 },
	{ "octets", test_octets }, { "packed, every header length", test_packed },
	{ "packed escape", test_packed_escape }, { "random", test_random })
