/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/ber.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/unit.h"

/* read_copy: reads from a heap copy of the exact size, so that ASan sees any octet too many. */
static enum parse read_copy(struct bytes b, size_t *value_off, size_t *value_len, enum reason *why)
{
	uint8_t *copy = malloc(b.len + (b.len == 0));
	struct cursor c;
	struct ber_element e = { 0 };
	enum parse p;

	memcpy(copy, b.data, b.len);
	c = cursor_of(bytes_of(copy, b.len));
	p = ber_read(&c, &e, why);
	*value_off = p == PARSE_OK ? (size_t)(e.value.data - copy) : 0;
	*value_len = p == PARSE_OK ? e.value.len : 0;
	CU_ASSERT_EQUAL(cursor_ok(&c), p == PARSE_OK);
	if (p == PARSE_OK) {
		CU_ASSERT_PTR_EQUAL(e.whole.data, copy);
		CU_ASSERT_PTR_EQUAL(c.at, copy + e.whole.len);
	}
	free(copy);
	return p;
}

static const struct read_case {
	const char *name;
	struct {
		const char *octets;
		size_t len;
	} in;
	enum parse parse;
	enum reason why;
	size_t value_off;
	size_t value_len;
} read_cases[] = {
#define IN(s)                    \
	{                        \
		s, sizeof(s) - 1 \
	}
	{ "short length", IN("\x04\x02\xAA\xBB\xCC"), PARSE_OK, R_none, 2, 2 },
	{ "empty", IN("\x05\x00"), PARSE_OK, R_none, 2, 0 },
	{ "long length of one octet (8.1.3.5)", IN("\x04\x81\x02\xAA\xBB"), PARSE_OK, R_none, 3,
		2 },
	{ "length with leading zeros", IN("\x04\x84\x00\x00\x00\x01\xAA"), PARSE_OK, R_none, 6, 1 },
	{ "length of five octets", IN("\x04\x85\x00\x00\x00\x00\x01\xAA"), PARSE_BAD, R_ber, 0, 0 },
	{ "length 0xFF is reserved", IN("\x04\xFF\x00"), PARSE_BAD, R_ber, 0, 0 },
	{ "length of 2^32 - 1", IN("\x04\x84\xFF\xFF\xFF\xFF\xAA"), PARSE_MORE, R_none, 0, 0 },
	{ "one octet too few", IN("\x04\x03\xAA\xBB"), PARSE_MORE, R_none, 0, 0 },
	{ "nothing", IN(""), PARSE_MORE, R_none, 0, 0 },
	{ "no length", IN("\x30"), PARSE_MORE, R_none, 0, 0 },
	{ "half a length", IN("\x30\x82\x01"), PARSE_MORE, R_none, 0, 0 },
	{ "long tag (8.1.2.4)", IN("\x9F\x81\x00\x01\xAA"), PARSE_OK, R_none, 4, 1 },
	{ "half a tag", IN("\x9F\x81"), PARSE_MORE, R_none, 0, 0 },
	{ "tag of five octets", IN("\x9F\x81\x82\x83\x84\x05\x00"), PARSE_BAD, R_ber, 0, 0 },
	{ "end mark alone", IN("\x00\x00"), PARSE_BAD, R_ber, 0, 0 },
	{ "indefinite primitive (8.1.3.2)", IN("\x04\x80\xAA\x00\x00"), PARSE_BAD, R_ber, 0, 0 },
	{ "indefinite (8.1.3.6)", IN("\x30\x80\x05\x00\x00\x00\xFF"), PARSE_OK, R_none, 2, 2 },
	{ "indefinite, empty", IN("\x30\x80\x00\x00"), PARSE_OK, R_none, 2, 0 },
	{ "indefinite in indefinite", IN("\x30\x80\x30\x80\x00\x00\x00\x00"), PARSE_OK, R_none, 2,
		4 },
	{ "zeros within a length are no end", IN("\x30\x80\x04\x02\x00\x00\x00\x00"), PARSE_OK,
		R_none, 2, 4 },
	{ "indefinite without an end", IN("\x30\x80\x05\x00"), PARSE_MORE, R_none, 0, 0 },
	{ "indefinite with half an end", IN("\x30\x80\x05\x00\x00"), PARSE_MORE, R_none, 0, 0 },
	{ "end mark 00 01 (8.1.5)", IN("\x30\x80\x00\x01\x00\x00"), PARSE_BAD, R_ber, 0, 0 },
	{ "end mark 00 80", IN("\x30\x80\x00\x80\x00\x00"), PARSE_BAD, R_ber, 0, 0 },
};

static void test_read(void)
{
	for (size_t i = 0; i < sizeof(read_cases) / sizeof(read_cases[0]); i++) {
		const struct read_case *t = &read_cases[i];
		enum reason why = R_none;
		size_t off;
		size_t len;
		enum parse p = read_copy(bytes_of(t->in.octets, t->in.len), &off, &len, &why);

		if (p != t->parse || why != t->why || off != t->value_off || len != t->value_len) {
			fprintf(stderr, "case '%s': %d %s %zu %zu\n", t->name, p,
				stats_reason_name(why), off, len);
			CU_FAIL("read");
		}
	}
}

static void test_tags(void)
{
	/* X.690 8.1.2: class, form, number; a low number in the long form means the same */
	static const struct {
		uint8_t octets[5];
		uint8_t identifier;
		uint32_t number;
		enum ber_class class;
	} cases[] = {
		{ { 0x30, 0 }, 0x30, 16, BER_UNIVERSAL },
		{ { 0x62, 0 }, 0x62, 2, BER_APPLICATION },
		{ { 0xA1, 0 }, 0xA1, 1, BER_CONTEXT },
		{ { 0xF6, 0 }, 0xF6, 22, BER_PRIVATE },
		{ { 0x1F, 0x04, 0 }, 0x04, 4, BER_UNIVERSAL },
		{ { 0xBF, 0x80, 0x80, 0x01, 0 }, 0xA1, 1, BER_CONTEXT },
		{ { 0x9F, 0x1F, 0 }, 0x9F, 31, BER_CONTEXT },
		{ { 0x9F, 0x87, 0x68, 0 }, 0x9F, 1000, BER_CONTEXT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cursor c = cursor_of(bytes_of(cases[i].octets, sizeof(cases[i].octets)));
		struct ber_element e;
		enum reason why;

		CU_ASSERT_EQUAL_FATAL(ber_read(&c, &e, &why), PARSE_OK);
		CU_ASSERT_EQUAL(e.identifier, cases[i].identifier);
		CU_ASSERT_EQUAL(e.number, cases[i].number);
		CU_ASSERT_EQUAL(ber_class(&e), cases[i].class);
		CU_ASSERT_EQUAL(ber_is_constructed(&e), (cases[i].octets[0] & 0x20) != 0);
		CU_ASSERT_EQUAL(ber_tag(&e), cases[i].identifier & 0xDF);
	}
}

/* nested: `n` indefinite SEQUENCEs around nothing; end marks if asked. */
static size_t nested(uint8_t *out, size_t n, bool ends)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = 0x30;
		out[2 * i + 1] = 0x80;
	}
	memset(out + 2 * n, 0, ends ? 2 * n : 0);
	return ends ? 4 * n : 2 * n;
}

static void test_depth(void)
{
	static uint8_t octets[20000];
	enum reason why = R_none;
	size_t off;
	size_t len;

	CU_ASSERT_EQUAL(read_copy(bytes_of(octets, nested(octets, LIMIT_BER_DEPTH, true)), &off,
				&len, &why),
		PARSE_OK);
	CU_ASSERT_EQUAL(len, 4 * LIMIT_BER_DEPTH - 4);
	CU_ASSERT_EQUAL(read_copy(bytes_of(octets, nested(octets, LIMIT_BER_DEPTH + 1, true)), &off,
				&len, &why),
		PARSE_BAD);
	CU_ASSERT_EQUAL(why, R_ber_depth);
	/* the 9.6 kB of nesting that end recursive readers (research/reliability.md 3) */
	CU_ASSERT_EQUAL(read_copy(bytes_of(octets, nested(octets, 4800, false)), &off, &len, &why),
		PARSE_BAD);
	CU_ASSERT_EQUAL(why, R_ber_depth);
}

/* A message of every form, cut at each octet: never OK, never a read too far. */
static void test_cut(void)
{
	static const uint8_t whole[] = { 0xBF, 0x81, 0x02, 0x80, 0x30, 0x81, 0x04, 0x04, 0x02, 0x00,
		0x00, 0x30, 0x80, 0x1F, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00 };

	for (size_t n = 0; n <= sizeof(whole); n++) {
		enum reason why = R_none;
		size_t off;
		size_t len;

		CU_ASSERT_EQUAL(read_copy(bytes_of(whole, n), &off, &len, &why),
			n == sizeof(whole) ? PARSE_OK : PARSE_MORE);
		CU_ASSERT_EQUAL(why, R_none);
	}
}

static void test_poisoned(void)
{
	struct cursor c = cursor_of(bytes_of("\x04\x09\xAA", 3));
	struct ber_element e = { .number = 77 };
	enum reason why = R_none;

	CU_ASSERT_EQUAL(ber_read(&c, &e, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(e.number, 77);
	CU_ASSERT_EQUAL(cursor_left(&c), 0);
	CU_ASSERT_EQUAL(ber_read(&c, &e, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(why, R_none);
}

static void test_integer(void)
{
	static const struct {
		const char *octets;
		size_t len;
		bool fits;
		int32_t value;
	} cases[] = {
		{ "\x2E", 1, true, 46 },
		{ "\xFF", 1, true, -1 },
		{ "\x80", 1, true, -128 },
		{ "\x00\x2E", 2, true, 46 }, /* against 8.3.2; there is no doubt about it */
		{ "\x7F\xFF\xFF\xFF", 4, true, INT32_MAX },
		{ "\x80\x00\x00\x00", 4, true, INT32_MIN },
		{ "\x00\x00\x00\x00\x2E", 5, false, 0 },
		{ "", 0, false, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int32_t v = 0;

		CU_ASSERT_EQUAL(
			ber_integer(bytes_of(cases[i].octets, cases[i].len), &v), cases[i].fits);
		CU_ASSERT_EQUAL(v, cases[i].value);
	}
}

/* octets: reads one element of `s` and puts its string together in 8 octets. */
static bool octets(const char *s, size_t len, struct bytes *out, bool *copied)
{
	static uint8_t copy[8];
	struct cursor c = cursor_of(bytes_of(s, len));
	struct ber_element e;
	enum reason why;
	bool fits;

	CU_ASSERT_EQUAL_FATAL(ber_read(&c, &e, &why), PARSE_OK);
	fits = ber_octets(&e, copy, sizeof(copy), out);
	*copied = fits && out->data == copy;
	return fits;
}

static void test_octets(void)
{
	static const struct {
		const char *octets;
		size_t len;
		bool fits;
		bool copied;
		const char *value;
	} cases[] = {
		{ "\x04\x03"
		  "abc",
			5, true, false, "abc" },
		{ "\x24\x05\x04\x03"
		  "abc",
			7, true, false, "abc" },
		{ "\x24\x07\x04\x02"
		  "ab\x04\x01"
		  "c",
			9, true, true, "abc" },
		/* 8.7.3.2: pieces within pieces, of both forms of length */
		{ "\x24\x80\x24\x80\x04\x01"
		  "a\x04\x01"
		  "b\x00\x00\x24\x03\x04\x01"
		  "c\x00\x00",
			19, true, true, "abc" },
		{ "\x24\x00", 2, true, false, "" },
		{ "\x24\x03\x05\x01"
		  "a",
			5, false, false, "" }, /* a piece that is no OCTET STRING */
		{ "\x24\x03\x04\x02"
		  "a",
			5, false, false, "" }, /* a piece longer than the string */
		{ "\x24\x0D\x04\x09"
		  "abcdefghi\x04\x00",
			15, false, false, "" }, /* more than 8 octets */
		{ "\xA4\x05\x04\x03"
		  "abc",
			7, true, false, "abc" }, /* [4] IMPLICIT OCTET STRING */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes value = bytes_of(NULL, 0);
		bool copied;

		CU_ASSERT_EQUAL(
			octets(cases[i].octets, cases[i].len, &value, &copied), cases[i].fits);
		CU_ASSERT_EQUAL(copied, cases[i].copied);
		CU_ASSERT_TRUE(bytes_equal(value, bytes_str(cases[i].value)));
	}
}

static void test_octets_depth(void)
{
	for (unsigned depth = 1; depth < 40; depth++) {
		uint8_t in[100];
		struct bytes value;
		bool copied;

		for (unsigned i = 0; i < depth; i++) {
			in[2 * i] = 0x24;
			in[2 * i + 1] = (uint8_t)(2 * (depth - i) + 1);
		}
		memcpy(in + 2 * depth, "\x04\x01z", 3);
		CU_ASSERT_EQUAL(octets((const char *)in, 2 * depth + 3, &value, &copied),
			depth <= LIMIT_BER_DEPTH);
	}
}

UNIT_MAIN("proto/ber", { "elements of every form", test_read }, { "tags", test_tags },
	{ "nesting has an end", test_depth }, { "cut at every octet", test_cut },
	{ "a broken element poisons the cursor", test_poisoned }, { "integers", test_integer },
	{ "strings in pieces", test_octets },
	{ "pieces nest so deep and no deeper", test_octets_depth })
