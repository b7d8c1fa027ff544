/* SPDX-License-Identifier: BSD-3-Clause */
/* numbering: look-ups, countries and dialling by table, then what must hold for any digits. */
#include "dataplane/sms/numbering.h"

#include <stdio.h>

#include "dataplane/sms/numbering_table.h"
#include "dataplane/sms/sms.h"
#include "tests/support/unit.h"

static void test_find(void)
{
	static const struct {
		const char *digits;
		const char *country;
		uint16_t calling_code;
		uint8_t kind;
		bool valid;
	} cases[] = {
		{ "447400123456", "GB", 44, NUMBERING_MOBILE, true },
		{ "449098790123", "GB", 44, NUMBERING_PREMIUM, true },
		{ "448001234567", "GB", 44, NUMBERING_TOLL_FREE, true },
		{ "442079460958", "GB", 44, NUMBERING_FIXED, true },
		{ "447781123456", "GG", 44, NUMBERING_MOBILE, true },
		{ "12125551234", "US", 1, NUMBERING_FIXED_OR_MOBILE, true },
		{ "14165551234", "CA", 1, NUMBERING_FIXED_OR_MOBILE, true },
		{ "18765551234", "JM", 1, NUMBERING_MOBILE, true },
		{ "19002345678", "US", 1, NUMBERING_PREMIUM, true },
		{ "79123456789", "RU", 7, NUMBERING_MOBILE, true },
		{ "77710009998", "KZ", 7, NUMBERING_MOBILE, true },
		{ "3906698123456", "VA", 39, NUMBERING_FIXED, true },
		{ "393123456789", "IT", 39, NUMBERING_MOBILE, true },
		{ "870301234567", "870", 870, NUMBERING_MOBILE, true },
		{ "97912345", "979", 979, NUMBERING_PREMIUM, false },
		/* by the leading digits where the length does not fit */
		{ "4490987901", "GB", 44, NUMBERING_PREMIUM, false },
		{ "12421", "BS", 1, NUMBERING_UNKNOWN, false },
		{ "44", "GB", 44, NUMBERING_UNKNOWN, false },
		/* no calling code */
		{ "", "", 0, NUMBERING_UNKNOWN, false },
		{ "0441234567", "", 0, NUMBERING_UNKNOWN, false },
		{ "2101234567", "", 0, NUMBERING_UNKNOWN, false },
		{ "44x400123456", "", 0, NUMBERING_UNKNOWN, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct numbering n;
		bool found = numbering_find(bytes_str(cases[i].digits), &n);

		if (strcmp(numbering_country_name(n.country), cases[i].country) != 0 ||
			n.calling_code != cases[i].calling_code || n.kind != cases[i].kind ||
			n.valid != cases[i].valid || found != (cases[i].calling_code != 0)) {
			printf("\n  %s: %s %s %d\n", cases[i].digits,
				numbering_country_name(n.country), numbering_kind_name(n.kind),
				n.valid);
			CU_FAIL("found otherwise");
		}
	}
	CU_PASS("all told");
}

static void test_countries(void)
{
	static const struct {
		const char *name;
		const char *country;
		const char *trunk;
		const char *idd;
	} cases[] = {
		{ "GB", "GB", "0", "00" },
		{ "gb", "GB", "0", "00" },
		{ "44", "GB", "0", "00" },
		{ "+44", "GB", "0", "00" },
		{ "1", "US", "1", "011" },
		{ "CA", "CA", "1", "011" },
		{ "RU", "RU", "8", "810" },
		{ "HU", "HU", "06", "00" },
		{ "IT", "IT", "", "00" },
		{ "AU", "AU", "0", "0011" },
		{ "852", "HK", "", "00" },
		{ "870", "870", "", "" },
		{ "XX", "", "", "" },
		{ "ZZZ", "", "", "" },
		{ "4", "", "", "" },
		{ "", "", "", "" },
		{ "+", "", "", "" },
		{ "210", "", "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t country = numbering_country(bytes_str(cases[i].name));
		const struct numbering_country *c = numbering_country_of(country);

		CU_ASSERT_STRING_EQUAL(numbering_country_name(country), cases[i].country);
		CU_ASSERT_STRING_EQUAL(c->trunk, cases[i].trunk);
		CU_ASSERT_STRING_EQUAL(c->idd, cases[i].idd);
	}
	CU_ASSERT_EQUAL(numbering_country_of(0xFFFF), numbering_country_of(NUMBERING_NONE));
	CU_ASSERT(numbering_countries() > 240);
	CU_ASSERT_EQUAL(numbering_country_of(numbering_country(bytes_str("DK")))->lengths, 1u << 8);
}

static void test_names(void)
{
	enum numbering_kind kind = NUMBERING_UNKNOWN;

	for (unsigned k = 0; k < NUMBERING_KIND_COUNT; k++) {
		CU_ASSERT(numbering_kind_parse(numbering_kind_name(k), &kind));
		CU_ASSERT_EQUAL(kind, k);
	}
	CU_ASSERT(!numbering_kind_parse("dear", &kind));
	CU_ASSERT_STRING_EQUAL(numbering_kind_name(99), "unknown");
	for (uint16_t i = 1; i <= numbering_countries(); i++) {
		CU_ASSERT_EQUAL(numbering_country(bytes_str(numbering_country_name(i))), i);
	}
}

static void test_normal(void)
{
	static const struct {
		const char *home;
		uint8_t ton;
		const char *digits;
		const char *normal;
		bool known;
	} cases[] = {
		{ "", 1, "447400123456", "447400123456", true },
		{ "", 0, "+447400123456", "447400123456", true },
		{ "", 0, "00447400123456", "447400123456", true },
		{ "", 1, "00447400123456", "447400123456", true },
		{ "", 0, "07400123456", "07400123456", false },
		{ "", 0, "4470", "4470", false },
		{ "GB", 0, "07400123456", "447400123456", true },
		{ "GB", 0, "7400123456", "447400123456", true },
		{ "GB", 0, "447400123456", "447400123456", true },
		{ "GB", 0, "2348021234567", "2348021234567", true },
		{ "GB", 2, "7400123456", "447400123456", true },
		{ "GB", 2, "07400123456", "447400123456", true },
		{ "GB", 0, "+4407400123456", "447400123456", true }, /* "+44 (0) 7400 ..." */
		{ "GB", 0, "07999", "447999", false },
		{ "GB", 0, "62626", "62626", false },
		{ "GB", 1, "62626", "62626", true },
		{ "US", 0, "011447400123456", "447400123456", true },
		{ "US", 0, "2125551234", "12125551234", true },
		{ "US", 0, "12125551234", "12125551234", true },
		{ "AG", 0, "4641234", "12684641234", true },
		{ "RU", 0, "89123456789", "79123456789", true },
		{ "RU", 0, "810447400123456", "447400123456", true },
		{ "HU", 0, "06201234567", "36201234567", true },
		{ "IT", 0, "0612345678", "390612345678", true },
		{ "IT", 0, "3123456789", "393123456789", true },
		{ "ES", 0, "612345678", "34612345678", true },
		{ "MX", 0, "0445512345678", "525512345678", true },
		{ "AR", 0, "0111523456789", "5491123456789", true },
		{ "BR", 0, "0121123456789", "551123456789", true }, /* by carrier 12 */
		{ "BR", 0, "005511961234567", "5511961234567", true },
		{ "SG", 0, "006581234567", "6581234567", true },
		{ "SG", 0, "027716898", "027716898", false }, /* 02x is a way abroad */
		{ "US", 0, "01124082270032341", "01124082270032341", false },
		{ "DE", 0, "15112345678", "4915112345678", true },
		{ "CN", 0, "13802345678", "8613802345678", true }, /* +1 380 234 5678 is valid */
		{ "GB", 0, "12x", "", false },
		{ "GB", 0, "", "", false },
		{ "GB", 0, "+", "", false },
		{ "GB", 0, "123456789012345678901234567890123", "", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t out[NUMBERING_OUT];
		bool known = !cases[i].known;
		struct bytes n = numbering_normal(numbering_country(bytes_str(cases[i].home)),
			cases[i].ton, bytes_str(cases[i].digits), out, &known);

		if (!bytes_equal(n, bytes_str(cases[i].normal)) || known != cases[i].known) {
			printf("\n  %s %u %s: %.*s %d\n", cases[i].home, cases[i].ton,
				cases[i].digits, (int)n.len, (const char *)n.data, known);
			CU_FAIL("normal otherwise");
		}
	}
	CU_PASS("all told");
}

static uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

/* What is valid has a country of its calling code; a normal form of a normal form is itself. */
static void test_promises(void)
{
	uint64_t state = 0x9E3779B97F4A7C15u;
	unsigned n_valid = 0;
	unsigned failed = 0;

	for (unsigned i = 0; i < 300000; i++) {
		uint8_t digits[24];
		uint8_t out[NUMBERING_OUT];
		uint8_t again[NUMBERING_OUT];
		size_t len = random_next(&state) % sizeof(digits);
		uint16_t home = (uint16_t)(random_next(&state) % (numbering_countries() + 1u));
		struct numbering n;
		struct bytes normal;
		bool known;

		for (size_t k = 0; k < len; k++) {
			digits[k] = (uint8_t)('0' + random_next(&state) % 10);
		}
		(void)numbering_find(bytes_of(digits, len), &n);
		n_valid += n.valid;
		failed += n.calling_code != numbering_country_of(n.country)->calling_code;
		failed += n.valid && (n.country == 0 || n.kind == NUMBERING_UNKNOWN);
		normal = numbering_normal(home, 0, bytes_of(digits, len), out, &known);
		failed += normal.len > NUMBERING_OUT || (known && normal.len == 0);
		if (known && numbering_find(normal, &n) && n.valid) {
			struct bytes twice =
				numbering_normal(home, TON_INTERNATIONAL, normal, again, &known);

			failed += !known || !bytes_equal(normal, twice);
		}
	}
	CU_ASSERT_EQUAL(failed, 0);
	CU_ASSERT(n_valid > 1000);
}

/* Every reference of the tables stays in them. */
static void test_tables(void)
{
	const struct numbering_graph *graphs[] = { &numbering_kinds, &numbering_places };
	unsigned failed = 0;

	for (size_t i = 0; i < 2; i++) {
		const struct numbering_graph *g = graphs[i];

		for (uint32_t r = 0; r < g->n_rows; r++) {
			for (unsigned d = 0; d < 10; d++) {
				failed += g->rows[r][d] >= g->n_rows + g->n_tails;
			}
		}
		for (uint32_t t = 0; t < g->n_tails; t++) {
			for (unsigned k = 0; k < NUMBERING_TAIL; k++) {
				failed += i == 0 && g->tails[t][k] >= NUMBERING_KIND_COUNT;
			}
		}
	}
	CU_ASSERT_EQUAL(failed, 0);
	CU_ASSERT(strncmp(numbering_source, "phonenumbers ", 13) == 0);
	printf(" [%s: %u + %u rows, %u + %u tails]", numbering_source, numbering_kinds.n_rows,
		numbering_places.n_rows, numbering_kinds.n_tails, numbering_places.n_tails);
}

UNIT_MAIN("sms/numbering", { "find", test_find }, { "countries", test_countries },
	{ "names", test_names }, { "normal", test_normal }, { "promises", test_promises },
	{ "tables", test_tables })
