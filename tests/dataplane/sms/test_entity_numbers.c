/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entity_number, entity_spell: twenty spellings of the numbers of fifty countries, each to the same
 * normal form by its home country; what must not become a number; what is no number of home's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/sms/entity.h"
#include "tests/support/unit.h"

struct example_number {
	const char *national;
	const char *trunk;  /* before it, as it is dialled at home */
	const char *region; /* of those with its calling code */
	uint8_t kind;
};

enum { MOBILE, FIXED, PREMIUM, NUMBERS };

struct example_country {
	const char *region;
	const char *code;
	const char *abroad; /* "": more than one way */
	struct example_number numbers[NUMBERS];
};

#include "number_examples.gen.h"

#define COUNTRIES (sizeof(countries) / sizeof(countries[0]))

/* A spelling in the making. */
struct spelling {
	char text[512];
	size_t len;
};

static void put(struct spelling *s, const char *text)
{
	size_t n = strlen(text);

	memcpy(s->text + s->len, text, n + 1);
	s->len += n;
}

/* put_groups: groups of three digits, three to five at last. */
static void put_groups(struct spelling *s, const char *digits, const char *separator)
{
	size_t left = strlen(digits);

	while (left > 5) {
		char group[4] = { digits[0], digits[1], digits[2], '\0' };

		put(s, group);
		put(s, separator);
		digits += 3;
		left -= 3;
	}
	put(s, digits);
}

/* put_each: one text per digit, with a separator between them. */
static void put_each(
	struct spelling *s, const char *digits, const char *const said[10], const char *separator)
{
	for (; *digits != '\0'; digits++) {
		put(s, said[*digits - '0']);
		put(s, digits[1] != '\0' ? separator : "");
	}
}

static const char *const words[10] = { "zero", "one", "two", "three", "four", "five", "six",
	"seven", "eight", "nine" };
static const char *const german[10] = { "null", "eins", "zwei", "drei", "vier", "fünf", "sechs",
	"sieben", "acht", "neun" };
static const char *const wide[10] = { "０", "１", "２", "３", "４", "５", "６", "７", "８", "９" };
static const char *const arabic[10] = { "٠", "١", "٢", "٣", "٤", "٥", "٦", "٧", "٨", "٩" };
static const char *const looks[10] = { "O", "l", "2", "3", "4", "5", "6", "7", "8", "9" };

/* home_form: as it is dialled at home. */
static void home_form(const struct example_number *n, char out[32])
{
	(void)snprintf(out, 32, "%s%s", n->trunk, n->national);
}

enum { SPELLINGS = 20 };

/* international: the spellings that say the calling code. */
static void international(struct spelling *s, unsigned which, const struct example_country *c,
	const struct example_number *n)
{
	put(s, which == 1    ? (c->abroad[0] != '\0' ? c->abroad : "00")
		: which == 2 ? "00"
		: which == 3 ? "tel:+"
		: which == 4 ? "(+"
		: which == 5 ? "plus "
		: which == 6 ? "+ "
			     : "+");
	if (which == 5) {
		put_each(s, c->code, words, " ");
		put(s, " ");
		put_each(s, n->national, words, " ");
		return;
	}
	put(s, c->code);
	put(s, which == 3    ? "-"
		: which == 4 ? ") "
		: which == 7 ? "."
		: which == 8 ? (strcmp(n->trunk, "0") == 0 ? " (0) " : " (")
			     : " ");
	if (which == 8 && strcmp(n->trunk, "0") != 0) {
		char area[3] = { n->national[0], n->national[1], '\0' };

		put(s, area);
		put(s, ") ");
		put(s, n->national + 2);
		return;
	}
	if (which == 9) {
		put_each(s, n->national, looks, "");
		return;
	}
	put_groups(s, n->national, which == 3 ? "-" : which == 7 ? "." : which == 6 ? "–" : " ");
	put(s, which == 3 ? ";ext=12" : which == 4 ? " ext. 12" : "");
}

/* at_home: those that do not. */
static void at_home(struct spelling *s, unsigned which, const struct example_number *n)
{
	static const char *const separators[] = { "", " ", "-", ".", "\xE2\x80\x91", "·", "_",
		"\xE2\x80\x8B" };
	char dialled[32];

	home_form(n, dialled);
	if (which < 8) {
		put_groups(s, dialled, separators[which]);
	} else if (which == 8) {
		put_each(s, dialled, wide, "");
	} else if (which == 9) {
		put_each(s, dialled, arabic, "");
	} else if (which == 10) {
		put_each(s, dialled, words, ", ");
	} else {
		put_each(s, dialled, german, "-");
	}
}

/* counts: "one two three ..." in words is taken for counting where no trunk prefix is before it. */
static bool counts(const struct example_number *n)
{
	return n->trunk[0] == '\0' && strcmp(n->national, "123456789") == 0;
}

/* spell: spelling 0 to SPELLINGS - 1 of a number. */
static void spell(struct spelling *s, unsigned which, const struct example_country *c,
	const struct example_number *n)
{
	s->len = 0;
	put(s, "Ring ");
	if (which < 9) {
		international(s, which + 1, c, n);
	} else {
		at_home(s, which < 18 ? which - 9 : which - 8, n);
	}
	put(s, " today");
}

static struct entity entities[LIMIT_ENTITIES];
static uint8_t values[4096];

static uint32_t find(const char *text, uint16_t home)
{
	return entity_find(bytes_str(text), home, entities, values, sizeof(values));
}

/* is_number: the text has this number and nothing else. */
static bool is_number(const char *text, uint16_t home, const struct example_country *c,
	const struct example_number *n)
{
	char wanted[64];
	uint32_t found = find(text, home);

	(void)snprintf(wanted, sizeof(wanted), "+%s%s", c->code, n->national);
	if (found == 1 && bytes_equal(entities[0].value, bytes_str(wanted)) &&
		entities[0].number.kind == n->kind && entities[0].number.valid &&
		strcmp(numbering_country_name(entities[0].number.country), n->region) == 0) {
		return true;
	}
	printf("\n  %s \"%s\": %u, \"%.*s\" %s %s, not \"%s\"\n", c->region, text, found,
		found != 0 ? (int)entities[0].value.len : 0, (const char *)values,
		found != 0 ? numbering_country_name(entities[0].number.country) : "",
		found != 0 ? numbering_kind_name(entities[0].number.kind) : "", wanted);
	return false;
}

static unsigned spelled_wrong(unsigned number, unsigned *n_cases)
{
	static struct spelling s;
	unsigned wrong = 0;

	for (size_t i = 0; i < COUNTRIES; i++) {
		const struct example_country *c = &countries[i];
		const struct example_number *n = &c->numbers[number];
		uint16_t home = numbering_country(bytes_str(c->region));

		for (unsigned k = 0; k < SPELLINGS && n->national[0] != '\0'; k++) {
			spell(&s, k, c, n);
			wrong += !(k >= 18 && counts(n)) && !is_number(s.text, home, c, n);
			(*n_cases)++;
		}
	}
	return wrong;
}

static void test_mobile_numbers(void)
{
	unsigned n = 0;

	CU_ASSERT_EQUAL(spelled_wrong(MOBILE, &n), 0);
	CU_ASSERT_EQUAL(n, 50 * SPELLINGS);
}

static void test_fixed_numbers(void)
{
	unsigned n = 0;

	CU_ASSERT_EQUAL(spelled_wrong(FIXED, &n), 0);
	CU_ASSERT_EQUAL(n, 50 * SPELLINGS);
}

static void test_premium_numbers(void)
{
	unsigned n = 0;

	CU_ASSERT_EQUAL(spelled_wrong(PREMIUM, &n), 0);
	CU_ASSERT(n >= 40 * SPELLINGS);
}

struct case_text {
	const char *home;
	const char *text;
	const char *found; /* values, by '|' */
};

static void expect_all(const struct case_text *cases, size_t n_cases)
{
	for (size_t i = 0; i < n_cases; i++) {
		uint16_t home = numbering_country(bytes_str(cases[i].home));
		uint32_t n = find(cases[i].text, home);
		char found[512] = "";
		size_t used = 0;

		for (uint32_t k = 0; k < n; k++) {
			used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%.*s",
				k != 0 ? "|" : "", (int)entities[k].value.len,
				(const char *)entities[k].value.data);
		}
		if (strcmp(found, cases[i].found) != 0) {
			printf("\n  %s \"%s\": \"%s\", not \"%s\"\n", cases[i].home, cases[i].text,
				found, cases[i].found);
			CU_FAIL("found otherwise");
		}
	}
	CU_PASS("all told");
}

#define EXPECT(cases) expect_all(cases, sizeof(cases) / sizeof(cases[0]))

static void test_spelled(void)
{
	static const struct case_text cases[] = {
		{ "GB", "call oh nine oh nine double eight seven triple one two now",
			"+449098871112" },
		{ "GB", "ring 0909 then 879 then 0123", "+449098790123" },
		{ "GB", "O8OO l23 4567 now", "+448001234567" },
		{ "GB", "0909 (dash) 879 (dash) 0123", "+449098790123" },
		{ "GB", "07400 123456x12, 07400 123457 ext 3", "+447400123456|+447400123457" },
		{ "GB", "44 7400 123456", "+447400123456" },
		{ "RU", "8~10 44 7400 123456", "+447400123456" },
		{ "CN", "一三八零零一三八零零零", "+8613800138000" },
		{ "CN", "加一三八零零一三八零零零谢谢", "+8613800138000" },
		{ "US", "212 5551234", "+12125551234" },
		{ "US", "eight hundred two two two 3456", "+18002223456" },
		{ "", "zero nine zero nine eight seven nine oh one two three", "09098790123" },
		{ "", "O8OO l23 4567", "08001234567" },
		{ "", "0909–879–0123 or 0909_879_0123", "09098790123|09098790123" },
		{ "GB",
			"0\xEF\xB8\x8F\xE2\x83\xA3"
			"7\xEF\xB8\x8F\xE2\x83\xA3"
			"400123456",
			"+447400123456" },
		{ "GB", "07400 123 456 / 07400 123 457", "+447400123456|+447400123457" },
		{ "GB", "020 7946 0018/19, (07400)123456/7", "+442079460018|+447400123456" },
		{ "GB", "call\n07400\n123456, 020\t7946 0018", "+447400123456|+442079460018" },
		{ "DK", "ring 20 12 34 56 nu", "+4520123456" },
		{ "ES", "llame al 912.345.678", "+34912345678" },
		{ "MX", "marca 044 55 1234 5678", "+525512345678" },
		{ "AR", "011 15 2345 6789", "+5491123456789" },
	};

	EXPECT(cases);
}

static void test_no_numbers_of_home(void)
{
	static const struct case_text cases[] = {
		{ "DK", "kode 123456, ref 20231205, 12.05.2023", "" },
		{ "ES", "total 1.000.000 EUR, 912.345 y 12345678,50", "" },
		{ "GB", "one two three four five six seven eight nine ten", "" },
		{ "GB", "1,234,567,890 and 05,12,23,34,41,02", "" },
		{ "US", "2024_01_15_12 192.168.100.200", "" },
		{ "GB", "I 0l seen lOl at 10 to 1 or 2, one of 7 for 8", "" },
		{ "IN", "88800 and 89034 are premium", "" },
		{ "US", "card 585983*8791", "" },
		{ "SG", "call 02-7716898", "027716898" },
		{ "PT", "ligue para o 912345678", "+351912345678" },
		{ "GB", "0800 490880, um 10", "+44800490880" },
		{ "GB", "08004568819 (28+) 0871233999 (10p/min)", "+448004568819|0871233999" },
		{ "", "0812345678 one more", "0812345678" },
		{ "GB", "zero one zero one zero one zero one zero one zero one zero one zero one",
			"" },
		/* no number of home's: as it is */
		{ "GB", "06123456789, 7400123456789", "06123456789|7400123456789" },
		/* a fixed number without the trunk prefix is as likely a reference */
		{ "DE", "Nr 3012345678", "3012345678" },
	};

	EXPECT(cases);
}

/* A hostile text of the largest size must take linear time: else these are minutes. */
static void test_hostile_texts_are_linear(void)
{
	static const char *const seeds[] = { "zero ", "double ", "plus ", "then ", "0 then ", "О",
		"一", "Ol", "lO ", "0,", "0_", "O8 ", "0\xE2\x83\xA3", "+ ", "[(", "9876543 ",
		"123456789012345 " };
	size_t size = 196605;
	uint8_t *text = malloc(size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		struct bytes seed = bytes_str(seeds[i]);
		size_t len = size - size % seed.len;

		for (size_t at = 0; at < len; at++) {
			text[at] = seed.data[at % seed.len];
		}
		CU_ASSERT(entity_find(bytes_of(text, len), numbering_country(bytes_str("GB")),
				  entities, values, sizeof(values)) <= LIMIT_ENTITIES);
	}
	free(text);
}

UNIT_MAIN("sms/entity_numbers", { "mobile numbers", test_mobile_numbers },
	{ "fixed numbers", test_fixed_numbers }, { "premium numbers", test_premium_numbers },
	{ "spelled", test_spelled }, { "no numbers of home's", test_no_numbers_of_home },
	{ "hostile texts are linear", test_hostile_texts_are_linear })
