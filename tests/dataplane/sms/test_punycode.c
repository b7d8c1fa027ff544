/* SPDX-License-Identifier: BSD-3-Clause */
/* punycode: the sample strings of RFC 3492 7.1, what is none, and random labels there and back. */
#include "dataplane/sms/punycode.h"

#include "tests/support/unit.h"

struct sample {
	const char *name;
	const char *ascii;
	uint32_t points[PUNYCODE_MAX];
	size_t n;
};

/* clang-format off */
static const struct sample samples[] = {
	{ "(A) Arabic (Egyptian)", "egbpdaj6bu4bxfgehfvwxn",
		{ 0x0644, 0x064A, 0x0647, 0x0645, 0x0627, 0x0628, 0x062A, 0x0643, 0x0644, 0x0645,
		  0x0648, 0x0634, 0x0639, 0x0631, 0x0628, 0x064A, 0x061F }, 17 },
	{ "(B) Chinese (simplified)", "ihqwcrb4cv8a8dqg056pqjye",
		{ 0x4ED6, 0x4EEC, 0x4E3A, 0x4EC0, 0x4E48, 0x4E0D, 0x8BF4, 0x4E2D, 0x6587 }, 9 },
	{ "(C) Chinese (traditional)", "ihqwctvzc91f659drss3x8bo0yb",
		{ 0x4ED6, 0x5011, 0x7232, 0x4EC0, 0x9EBD, 0x4E0D, 0x8AAA, 0x4E2D, 0x6587 }, 9 },
	{ "(D) Czech", "Proprostnemluvesky-uyb24dma41a",
		{ 0x50, 0x72, 0x6F, 0x010D, 0x70, 0x72, 0x6F, 0x73, 0x74, 0x011B, 0x6E, 0x65, 0x6D,
		  0x6C, 0x75, 0x76, 0xED, 0x010D, 0x65, 0x73, 0x6B, 0x79 }, 22 },
	{ "(E) Hebrew", "4dbcagdahymbxekheh6e0a7fei0b",
		{ 0x05DC, 0x05DE, 0x05D4, 0x05D4, 0x05DD, 0x05E4, 0x05E9, 0x05D5, 0x05D8, 0x05DC,
		  0x05D0, 0x05DE, 0x05D3, 0x05D1, 0x05E8, 0x05D9, 0x05DD, 0x05E2, 0x05D1, 0x05E8,
		  0x05D9, 0x05EA }, 22 },
	{ "(G) Japanese (kanji and hiragana)", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa",
		{ 0x306A, 0x305C, 0x307F, 0x3093, 0x306A, 0x65E5, 0x672C, 0x8A9E, 0x3092, 0x8A71,
		  0x3057, 0x3066, 0x304F, 0x308C, 0x306A, 0x3044, 0x306E, 0x304B }, 18 },
	{ "(I) Russian (Cyrillic)", "b1abfaaepdrnnbgefbadotcwatmq2g4l",
		{ 0x043F, 0x043E, 0x0447, 0x0435, 0x043C, 0x0443, 0x0436, 0x0435, 0x043E, 0x043D,
		  0x0438, 0x043D, 0x0435, 0x0433, 0x043E, 0x0432, 0x043E, 0x0440, 0x044F, 0x0442,
		  0x043F, 0x043E, 0x0440, 0x0443, 0x0441, 0x0441, 0x043A, 0x0438 }, 28 },
	{ "(J) Spanish", "PorqunopuedensimplementehablarenEspaol-fmd56a",
		{ 0x50, 0x6F, 0x72, 0x71, 0x75, 0xE9, 0x6E, 0x6F, 0x70, 0x75, 0x65, 0x64, 0x65, 0x6E,
		  0x73, 0x69, 0x6D, 0x70, 0x6C, 0x65, 0x6D, 0x65, 0x6E, 0x74, 0x65, 0x68, 0x61, 0x62,
		  0x6C, 0x61, 0x72, 0x65, 0x6E, 0x45, 0x73, 0x70, 0x61, 0xF1, 0x6F, 0x6C }, 40 },
	{ "(K) Vietnamese", "TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g",
		{ 0x54, 0x1EA1, 0x69, 0x73, 0x61, 0x6F, 0x68, 0x1ECD, 0x6B, 0x68, 0xF4, 0x6E, 0x67,
		  0x74, 0x68, 0x1EC3, 0x63, 0x68, 0x1EC9, 0x6E, 0xF3, 0x69, 0x74, 0x69, 0x1EBF, 0x6E,
		  0x67, 0x56, 0x69, 0x1EC7, 0x74 }, 31 },
	{ "(L)", "3B-ww4c5e180e575a65lsy2b",
		{ 0x33, 0x5E74, 0x42, 0x7D44, 0x91D1, 0x516B, 0x5148, 0x751F }, 8 },
	{ "(M)", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n",
		{ 0x5B89, 0x5BA4, 0x5948, 0x7F8E, 0x6075, 0x2D, 0x77, 0x69, 0x74, 0x68, 0x2D, 0x53,
		  0x55, 0x50, 0x45, 0x52, 0x2D, 0x4D, 0x4F, 0x4E, 0x4B, 0x45, 0x59, 0x53 }, 24 },
	{ "(N)", "Hello-Another-Way--fc4qua05auwb3674vfr0b",
		{ 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x2D, 0x41, 0x6E, 0x6F, 0x74, 0x68, 0x65, 0x72, 0x2D,
		  0x57, 0x61, 0x79, 0x2D, 0x305D, 0x308C, 0x305E, 0x308C, 0x306E, 0x5834, 0x6240 }, 25 },
	{ "(O)", "2-u9tlzr9756bt3uc0v",
		{ 0x3072, 0x3068, 0x3064, 0x5C4B, 0x6839, 0x306E, 0x4E0B, 0x32 }, 8 },
	{ "(P)", "MajiKoi5-783gue6qz075azm5e",
		{ 0x4D, 0x61, 0x6A, 0x69, 0x3067, 0x4B, 0x6F, 0x69, 0x3059, 0x308B, 0x35, 0x79D2, 0x524D }, 13 },
	{ "(Q)", "de-jg4avhby1noc0d",
		{ 0x30D1, 0x30D5, 0x30A3, 0x30FC, 0x64, 0x65, 0x30EB, 0x30F3, 0x30D0 }, 9 },
	{ "(R)", "d9juau41awczczp",
		{ 0x305D, 0x306E, 0x30B9, 0x30D4, 0x30FC, 0x30C9, 0x3067 }, 7 },
	{ "(S)", "-> $1.00 <--",
		{ 0x2D, 0x3E, 0x20, 0x24, 0x31, 0x2E, 0x30, 0x30, 0x20, 0x3C, 0x2D }, 11 },
};
/* clang-format on */

static void test_samples(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];
		uint32_t points[PUNYCODE_MAX];
		uint8_t octets[PUNYCODE_MAX];
		size_t n = punycode_decode(bytes_str(s->ascii), points);
		size_t len = punycode_encode(s->points, s->n, octets);
		bool decoded = n == s->n && memcmp(points, s->points, n * sizeof(*points)) == 0;
		bool encoded = bytes_equal(bytes_of(octets, len), bytes_str(s->ascii));

		if (!decoded || !encoded) {
			printf("\n  %s: %.*s\n", s->name, (int)len, (const char *)octets);
		}
		CU_ASSERT(decoded);
		CU_ASSERT(encoded);
	}
}

/* Digits are read in either case (RFC 3492 5), and written in lower case. */
static void test_case(void)
{
	uint32_t lower[PUNYCODE_MAX];
	uint32_t upper[PUNYCODE_MAX];

	CU_ASSERT_EQUAL(punycode_decode(bytes_str("mnchen-3ya"), lower), 7);
	CU_ASSERT_EQUAL(punycode_decode(bytes_str("mnchen-3YA"), upper), 7);
	CU_ASSERT_EQUAL(memcmp(lower, upper, 7 * sizeof(*lower)), 0);
	CU_ASSERT_EQUAL(lower[1], 0xFC);
}

static void test_none(void)
{
	static const char *const none[] = { "", "!", "a-!", "mnchen-3y", "99999999", "-",
		"\xC3\xBC-a", "a-\xC3\xBC",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 64 */ };
	uint32_t points[PUNYCODE_MAX];
	uint8_t octets[PUNYCODE_MAX];

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		size_t n = punycode_decode(bytes_str(none[i]), points);

		if (n != 0) {
			printf("\n  \"%s\": %zu\n", none[i], n);
		}
		CU_ASSERT_EQUAL(n, 0);
	}
	for (size_t i = 0; i < PUNYCODE_MAX; i++) {
		points[i] = 0x10FFFF - (uint32_t)(i * 7919 % 60000);
	}
	CU_ASSERT_EQUAL(punycode_encode(points, PUNYCODE_MAX, octets), 0);     /* too long */
	CU_ASSERT_EQUAL(punycode_encode(points, PUNYCODE_MAX + 1, octets), 0); /* not read at all */
	points[0] = 0x110000;
	CU_ASSERT_EQUAL(punycode_encode(points, 1, octets), 0);
}

static uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

static void test_there_and_back(void)
{
	static const uint32_t ranges[] = { 0x80, 0x180, 0x3000, 0xD800, 0x20000 };
	uint64_t state = 0x9E3779B97F4A7C15u;
	unsigned n_fitted = 0;

	for (unsigned i = 0; i < 50000; i++) {
		uint32_t in[PUNYCODE_MAX];
		uint32_t out[PUNYCODE_MAX];
		uint8_t octets[PUNYCODE_MAX];
		size_t n = 1 + random_next(&state) % 20;
		uint32_t range = ranges[random_next(&state) % 5];
		size_t len;

		for (size_t k = 0; k < n; k++) {
			in[k] = random_next(&state) % range;
			in[k] -= in[k] >= 0xD800 && in[k] < 0xE000 ? 0x800 : 0; /* no surrogates */
		}
		in[0] = 0xE0 + random_next(&state) % 32; /* of ASCII alone nothing is decoded */
		len = punycode_encode(in, n, octets);
		if (len != 0) {
			n_fitted++;
			CU_ASSERT_EQUAL_FATAL(punycode_decode(bytes_of(octets, len), out), n);
			CU_ASSERT_EQUAL_FATAL(memcmp(in, out, n * sizeof(*in)), 0);
		}
	}
	CU_ASSERT(n_fitted > 30000);
}

UNIT_MAIN("sms/punycode", { "samples of RFC 3492 7.1", test_samples }, { "case", test_case },
	{ "none", test_none }, { "there and back", test_there_and_back })
