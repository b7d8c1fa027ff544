/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/udh.h"

#include "tests/support/unit.h"

/* TS 23.040 9.2.3.24: elements one by one. */
static void test_elements(void)
{
	static const struct {
		const char *udh;
		size_t len;
		bool whole;
		struct sms_concat concat;
		struct text_language language;
		uint16_t source;
		uint16_t destination;
	} cases[] = {
		{ "", 0, true, { 0 }, { 0 }, 0, 0 },
		{ "\x00\x03\xAB\x04\x02", 5, true, { 0xAB, 8, 2, 4 }, { 0 }, 0, 0 },
		{ "\x08\x04\xAB\xCD\x04\x02", 6, true, { 0xABCD, 16, 2, 4 }, { 0 }, 0, 0 },
		/* both: the last one counts */
		{ "\x00\x03\xAB\x04\x02\x08\x04\x12\x34\x03\x01", 11, true, { 0x1234, 16, 1, 3 },
			{ 0 }, 0, 0 },
		{ "\x00\x02\xAB\x04", 4, true, { 0 }, { 0 }, 0, 0 }, /* a wrong length */
		{ "\x04\x02\x10\x20", 4, true, { 0 }, { 0 }, 0x20, 0x10 },
		{ "\x05\x04\x0B\x84\x23\xF0", 6, true, { 0 }, { 0 }, 9200, 2948 },
		{ "\x24\x01\x01\x25\x01\x03", 6, true, { 0 }, { 3, 1 }, 0, 0 },
		{ "\x70\x00\x24\x01\x02", 5, true, { 0 }, { 0, 2 }, 0, 0 },
		{ "\x24", 1, false, { 0 }, { 0 }, 0, 0 },
		{ "\x24\x02\x01", 3, false, { 0 }, { 0 }, 0, 0 },
		{ "\x00\x03\x01\x02\x01\x24\xFF\x01", 8, false, { 1, 8, 1, 2 }, { 0 }, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sms_concat concat = { 9, 9, 9, 9 };
		struct text_language language = { 9, 9 };
		uint16_t source = 9;
		uint16_t destination = 9;

		CU_ASSERT_EQUAL(udh_read(bytes_of(cases[i].udh, cases[i].len), &concat, &language,
					&source, &destination),
			cases[i].whole);
		CU_ASSERT_EQUAL(concat.reference, cases[i].concat.reference);
		CU_ASSERT_EQUAL(concat.width, cases[i].concat.width);
		CU_ASSERT_EQUAL(concat.part, cases[i].concat.part);
		CU_ASSERT_EQUAL(concat.total, cases[i].concat.total);
		CU_ASSERT_EQUAL(language.locking, cases[i].language.locking);
		CU_ASSERT_EQUAL(language.single, cases[i].language.single);
		CU_ASSERT_EQUAL(source, cases[i].source);
		CU_ASSERT_EQUAL(destination, cases[i].destination);
	}
}

/* TS 23.040 9.2.3.24.1: a part number of 0 or above the total makes the element void. */
static void test_concat_valid(void)
{
	static const struct {
		uint8_t part;
		uint8_t total;
		bool valid;
	} cases[] = { { 0, 0, false }, { 0, 2, false }, { 1, 0, false }, { 1, 1, true },
		{ 2, 2, true }, { 3, 2, false }, { 255, 255, true }, { 255, 254, false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sms_concat concat = {
			.reference = 1, .width = 8, .part = cases[i].part, .total = cases[i].total
		};

		CU_ASSERT_EQUAL(udh_concat_valid(&concat), cases[i].valid);
	}
}

UNIT_MAIN("sms/udh", { "elements", test_elements }, { "concat_valid", test_concat_valid })
