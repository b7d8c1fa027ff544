/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/bytes.h"

#include "tests/support/unit.h"

static void test_spans(void)
{
	struct bytes b = bytes_str("hello");

	CU_ASSERT_PTR_NOT_NULL(bytes_of(NULL, 0).data);
	CU_ASSERT_TRUE(bytes_equal(b, bytes_of("hello", 5)));
	CU_ASSERT_FALSE(bytes_equal(b, bytes_str("hell")));
	CU_ASSERT_FALSE(bytes_equal(b, bytes_str("hellO")));
	CU_ASSERT_TRUE(bytes_equal(bytes_of(NULL, 0), bytes_str("")));
	CU_ASSERT_TRUE(bytes_equal(bytes_slice(b, 1, 3), bytes_str("ell")));
	CU_ASSERT_TRUE(bytes_equal(bytes_slice(b, 3, 100), bytes_str("lo")));
	CU_ASSERT_EQUAL(bytes_slice(b, 6, 1).len, 0);
	CU_ASSERT_EQUAL(bytes_slice(b, 1, SIZE_MAX).len, 4);
}

static void test_big_endian(void)
{
	uint8_t b[6] = { 0 };

	put_be32(b, 0x80FF0102u);
	put_be16(b + 4, 0xFFFE);
	CU_ASSERT_EQUAL(memcmp(b, "\x80\xFF\x01\x02\xFF\xFE", 6), 0);
	CU_ASSERT_EQUAL(be32(b), 0x80FF0102u);
	CU_ASSERT_EQUAL(be16(b + 4), 0xFFFE);
}

/* Reads up to the end, and the first one past it poisons for good. */
static void test_cursor(void)
{
	struct cursor c = cursor_of(bytes_of("\x01\x02\x03\x04\x05\x06\x07rest", 11));

	CU_ASSERT_EQUAL(cursor_u8(&c), 1);
	CU_ASSERT_EQUAL(cursor_u16(&c), 0x0203);
	CU_ASSERT_EQUAL(cursor_u32(&c), 0x04050607u);
	CU_ASSERT_EQUAL(cursor_left(&c), 4);
	CU_ASSERT_TRUE(bytes_equal(cursor_take(&c, 3), bytes_str("res")));
	CU_ASSERT_EQUAL(cursor_take(&c, 0).len, 0);
	CU_ASSERT_TRUE(cursor_ok(&c));
	CU_ASSERT_EQUAL(cursor_u16(&c), 0);
	CU_ASSERT_FALSE(cursor_ok(&c));
	CU_ASSERT_EQUAL(cursor_u8(&c), 0);
	CU_ASSERT_EQUAL(cursor_left(&c), 0);
	CU_ASSERT_FALSE(cursor_ok(&c));
}

static void test_cursor_sub(void)
{
	struct cursor c = cursor_of(bytes_str("abcdef"));
	struct cursor sub = cursor_sub(&c, 4);

	CU_ASSERT_EQUAL(cursor_left(&sub), 4);
	CU_ASSERT_EQUAL(cursor_u32(&sub), 0x61626364u);
	CU_ASSERT_EQUAL(cursor_u8(&sub), 0);
	CU_ASSERT_FALSE(cursor_ok(&sub));
	CU_ASSERT_TRUE(cursor_ok(&c));
	CU_ASSERT_EQUAL(cursor_u8(&c), 'e');
	sub = cursor_sub(&c, 2);
	CU_ASSERT_FALSE(cursor_ok(&sub));
	CU_ASSERT_FALSE(cursor_ok(&c));
}

/* SMPP 3.4 3.1: a C-octet string's size counts its NUL. */
static void test_cstring(void)
{
	static const struct {
		const char *in;
		size_t len;
		size_t size;
		const char *want;
		size_t left;
	} cases[] = {
		{ "abc\0def", 8, 16, "abc", 4 },
		{ "\0x", 2, 1, "", 1 },
		{ "abc", 4, 4, "abc", 0 },
		{ "abc", 4, 3, NULL, 0 },
		{ "abc", 3, 16, NULL, 0 },
		{ "", 0, 16, NULL, 0 },
		{ "a", 2, 0, NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cursor c = cursor_of(bytes_of(cases[i].in, cases[i].len));
		struct bytes s = cursor_cstring(&c, cases[i].size);

		CU_ASSERT_EQUAL(cursor_ok(&c), cases[i].want != NULL);
		CU_ASSERT_TRUE(
			bytes_equal(s, bytes_str(cases[i].want != NULL ? cases[i].want : "")));
		CU_ASSERT_EQUAL(cursor_left(&c), cases[i].left);
	}
}

static void test_digits(void)
{
	static const struct {
		uint8_t octets[4];
		size_t n;
		size_t taken;
		const char *digits;
	} cases[] = {
		{ { 0x21, 0x43, 0x65, 0x87 }, 4, 4, "12345678" },
		{ { 0x21, 0x43, 0x65, 0x87 }, 2, 2, "1234" },
		{ { 0x90, 0x09, 0xF5, 0x21 }, 4, 2, "0990" },
		{ { 0x21, 0xA3, 0x21, 0x21 }, 4, 1, "12" },
		{ { 0x2A, 0x21, 0x21, 0x21 }, 4, 0, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[9] = "........";

		CU_ASSERT_EQUAL(bytes_digits(cases[i].octets, cases[i].n, out), cases[i].taken);
		CU_ASSERT_NSTRING_EQUAL(out, cases[i].digits, 2 * cases[i].taken);
		CU_ASSERT_EQUAL(out[2 * cases[i].taken], cases[i].taken == 4 ? '\0' : '.');
	}
}

static void test_writer(void)
{
	uint8_t out[10];
	struct writer w = writer_of(out, sizeof(out));

	writer_u8(&w, 1);
	writer_u16(&w, 0x0203);
	writer_u32(&w, 0x04050607u);
	writer_put(&w, bytes_str("ab"));
	CU_ASSERT_EQUAL(writer_left(&w), 1);
	CU_ASSERT_TRUE(writer_ok(&w));
	out[9] = 0x55;
	writer_u16(&w, 0xFFFF);
	CU_ASSERT_FALSE(writer_ok(&w));
	CU_ASSERT_EQUAL(out[9], 0x55);
	writer_fill(&w, 9, 1); /* would fit, but the writer is poisoned */
	CU_ASSERT_EQUAL(out[9], 0x55);
	CU_ASSERT_EQUAL(memcmp(out,
				"\x01\x02\x03\x04\x05\x06\x07"
				"ab",
				9),
		0);
	CU_ASSERT_EQUAL(w.at - out, 9);
}

UNIT_MAIN("base/bytes", { "spans", test_spans }, { "big endian", test_big_endian },
	{ "cursor", test_cursor }, { "sub-cursor", test_cursor_sub },
	{ "C-octet string", test_cstring }, { "digits", test_digits }, { "writer", test_writer })
