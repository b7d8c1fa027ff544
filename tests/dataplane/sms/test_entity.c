/* SPDX-License-Identifier: BSD-3-Clause */
/* entity: URLs and numbers by table, then what must hold for any text. */
#include "dataplane/sms/entity.h"

#include <stdio.h>
#include <stdlib.h>

#include "dataplane/sms/text.h"
#include "tests/support/unit.h"

#define VALUES_SIZE 8192u

static struct entity entities[LIMIT_ENTITIES];
static uint8_t values[VALUES_SIZE];

/* find: from a heap copy of the exact size, so that the sanitizers see a read beyond it. */
static uint32_t find(struct bytes text, size_t size)
{
	uint8_t *copy = malloc(text.len + 1);
	uint32_t n;

	if (copy == NULL) {
		abort();
	}
	memcpy(copy + 1, text.data, text.len);
	n = entity_find(bytes_of(copy + 1, text.len), NUMBERING_NONE, entities, values, size);
	free(copy);
	return n;
}

/* expect: the text has exactly these, written "span=value span=value ..." by '|'. */
struct example {
	const char *text;
	const char *found;
};

static void describe(struct bytes text, uint32_t n, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < n && used < size; i++) {
		const struct entity *e = &entities[i];

		used += (size_t)snprintf(out + used, size - used, "%s%.*s=%.*s", i > 0 ? "|" : "",
			(int)(e->to - e->from), (const char *)text.data + e->from,
			(int)e->value.len, (const char *)e->value.data);
	}
}

static void expect_all(const struct example *examples, size_t n, uint8_t kind)
{
	char found[1024];

	for (size_t i = 0; i < n; i++) {
		struct bytes text = bytes_str(examples[i].text);
		uint32_t n_found = find(text, sizeof(values));

		describe(text, n_found, found, sizeof(found));
		if (strcmp(found, examples[i].found) != 0) {
			printf("\n  \"%s\": \"%s\", not \"%s\"\n", examples[i].text, found,
				examples[i].found);
			CU_FAIL("found otherwise");
		}
		for (uint32_t k = 0; k < n_found; k++) {
			CU_ASSERT_EQUAL(entities[k].kind, kind);
		}
	}
	CU_PASS("all told");
}

#define EXPECT_URLS(examples) \
	expect_all(examples, sizeof(examples) / sizeof(examples[0]), ENTITY_URL)
#define EXPECT_NUMBERS(examples) \
	expect_all(examples, sizeof(examples) / sizeof(examples[0]), ENTITY_NUMBER)

static void test_urls_with_scheme(void)
{
	static const struct example examples[] = {
		{ "go to https://Example.COM/Path?a=b. Now",
			"https://Example.COM/Path?a=b=https://example.com/Path?a=b" },
		{ "(see http://a.example/x_(y)), ok",
			"http://a.example/x_(y)=http://a.example/x_(y)" },
		{ "http://user:pw@1.2.3.4:8080/a",
			"http://user:pw@1.2.3.4:8080/a=http://1.2.3.4:8080/a" },
		{ "http://bank.com@evil.top/", "http://bank.com@evil.top/=http://evil.top/" },
		{ "http://[2001:db8::1]/x http://3232235777/",
			"http://[2001:db8::1]/x=http://[2001:db8::1]/x|"
			"http://3232235777/=http://192.168.1.1/" },
		{ "clickhttps://x.top.Thanks", "https://x.top=https://x.top" },
		{ "see 10.2.3.4/x and 4294967306.2.3.4/x", "10.2.3.4/x=http://10.2.3.4/x" },
		{ "http:// 192.0.2.1 now", "http:// 192.0.2.1=http://192.0.2.1" },
		{ "http://", "" },
		{ "http://x.com/a,b;c!", "http://x.com/a,b;c=http://x.com/a,b;c" },
		{ "HTTP://X.COM?Q=1#F", "HTTP://X.COM?Q=1#F=http://x.com?Q=1#F" },
	};

	EXPECT_URLS(examples);
}

static void test_bare_domains(void)
{
	static const struct example examples[] = {
		{ "bit.ly/abc, t.co/x", "bit.ly/abc=http://bit.ly/abc|t.co/x=http://t.co/x" },
		{ "www.shop.rest! WWW.Evil.example", "www.shop.rest=http://www.shop.rest|"
						     "WWW.Evil.example=http://www.evil.example" },
		{ "id-check.live or billing.vip",
			"id-check.live=http://id-check.live|billing.vip=http://billing.vip" },
		{ "a.b.c.evil.top:8080/x", "a.b.c.evil.top:8080/x=http://a.b.c.evil.top:8080/x" },
		{ "shop.co.in ok.me/x", "shop.co.in=http://shop.co.in|ok.me/x=http://ok.me/x" },
		{ "example.com.Thanks", "example.com=http://example.com" },
		{ "is it example.com?", "example.com=http://example.com" },
		{ "1.2.3.4/x 1.2.3.4:80",
			"1.2.3.4/x=http://1.2.3.4/x|1.2.3.4:80=http://1.2.3.4:80" },
	};

	EXPECT_URLS(examples);
}

static void test_no_domains(void)
{
	static const struct example examples[] = {
		{ "ok.thanks e.g. 3.50 i.e. U.S.A", "" },
		{ "home.See you.so haha.lol later.now ok.my", "" },
		{ "pic.jpg a.doc setup.exe v1.2.3 10.30", "" },
		{ "jon.doe@mail.com x@y.co.uk/abc @live.com", "" },
		{ "Login.Com is fine, login.Now is not, wait...com", "Login.Com=http://login.com" },
		{ "J.Co donuts 1.2.3.4 St.Mary", "" },
		{ "好的.再见 ok", "" },
		{ "a. com b .com", "" },
	};

	EXPECT_URLS(examples);
}

static void test_defanged(void)
{
	static const struct example examples[] = {
		{ "evil[.]com hxxps://evil(.)com/x", "evil[.]com=http://evil.com|"
						     "hxxps://evil(.)com/x=https://evil.com/x" },
		{ "evil (dot) com, evil[dot]so",
			"evil (dot) com=http://evil.com|evil[dot]so=http://evil.so" },
		{ "hXXp[:]//x[.]top/a", "hXXp[:]//x[.]top/a=http://x.top/a" },
		{ "evil dot com, the dot on it", "evil dot com=http://evil.com" },
	};

	EXPECT_URLS(examples);
}

static void test_international_names(void)
{
	static const struct example examples[] = {
		{ "请访问example.com查看", "example.com=http://example.com" },
		{ "ｅｘａｍｐｌｅ．ｃｏｍ／Ａ", "ｅｘａｍｐｌｅ．ｃｏｍ／Ａ=http://example.com/A" },
		{ "example。com", "example。com=http://example.com" },
		{ "САЙТ.РФ и münchen.de", "САЙТ.РФ=http://сайт.рф|münchen.de=http://münchen.de" },
		{ "аpple.com", "аpple.com=http://аpple.com" }, /* Cyrillic а: another name */
		{ "xn--80ak6aa92e.com", "xn--80ak6aa92e.com=http://аррӏе.com" }, /* one form */
		{ "http://例え.テスト/道", "http://例え.テスト/=http://例え.テスト/" },
		{ "เว็บb76kk.comฟรี", "b76kk.com=http://b76kk.com" },
	};

	EXPECT_URLS(examples);
}

static void test_host_is_part_of_value(void)
{
	CU_ASSERT_EQUAL_FATAL(find(bytes_str("http://a@Ex.com:1/p"), sizeof(values)), 1);
	CU_ASSERT(bytes_equal(entities[0].host, bytes_str("ex.com")));
	CU_ASSERT(entities[0].host.data == entities[0].value.data + 7);
}

static void test_numbers(void)
{
	static const struct example examples[] = {
		{ "call 0812-345-678.", "0812-345-678=0812345678" },
		{ "+44 (0)20 7946 0958, (02) 123 4567",
			"+44 (0)20 7946 0958=+442079460958|(02) 123 4567=021234567" },
		{ "(0812 345678)", "0812 345678=0812345678" },
		{ "0044 20 7946 0958", "0044 20 7946 0958=+442079460958" },
		{ "1-800-555-0199 or 800.555.0199",
			"1-800-555-0199=18005550199|800.555.0199=8005550199" },
		{ "٠١٢٣٤٥٦٧٨٩ ０８１２３４５６７",
			"٠١٢٣٤٥٦٧٨٩=0123456789|０８１２３４５６７=081234567" },
		{ "06 12 24 56 78", "06 12 24 56 78=0612245678" },
		{ "at 10 98765432", "98765432=98765432" },
		{ "08123456789/08987654321", "08123456789=08123456789|08987654321=08987654321" },
		{ "+1 555 0100. 2 days", "+1 555 0100=+15550100" },
		{ "โทร0812345678นะ", "0812345678=0812345678" },
		{ "Tel:0812345678,now", "0812345678=0812345678" },
	};

	EXPECT_NUMBERS(examples);
}

static void test_no_numbers(void)
{
	static const struct example examples[] = {
		{ "12.05.2023 2023-05-12 01/02/24 13/01/2566 1400.06.20", "" },
		{ "20231205 202312051230 2010-2015 at 10:30", "" },
		{ "1.000.000 Rp5000000 Rs. 1234567 $1234567 £12345678 €1234567 12345678€", "" },
		{ "1,000,000 1234567.50 12.345678", "" },
		{ "123456 code, card 4111 1111 1111 1111 1, 12345678901234567890", "" },
		{ "ABC1234567 1234567ABC id_1234567 #1234567 *1234567#", "" },
		{ "10.30-12.30 1 2 3 4 5 6 7 192.168.100.200", "" },
	};

	EXPECT_NUMBERS(examples);
}

static void test_numbers_in_urls_are_not_numbers(void)
{
	static const struct example examples[] = {
		{ "http://x.com/0812345678?c=08123456",
			"http://x.com/0812345678?c=08123456=http://x.com/0812345678?c=08123456" },
		{ "wa.me/628123456789", "wa.me/628123456789=http://wa.me/628123456789" },
	};

	EXPECT_URLS(examples);
}

static void test_bounds(void)
{
	static char text[64 * 40];
	size_t used = 0;

	for (unsigned i = 0; i < 40; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "x%u.com ", i);
	}
	CU_ASSERT_EQUAL(find(bytes_of(text, used), sizeof(values)), LIMIT_ENTITIES);
	CU_ASSERT_EQUAL(find(bytes_str("example.com 08123456789"), 0), 0);
	/* what does not fit is left out, what comes behind it may fit */
	CU_ASSERT_EQUAL(find(bytes_str("example.com 08123456789"), 12), 1);
	CU_ASSERT_EQUAL(entities[0].kind, ENTITY_NUMBER);
	CU_ASSERT_EQUAL(find(bytes_str(""), sizeof(values)), 0);
}

static uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

/* Spans are in order, apart and on characters; values are in the buffer and UTF-8. */
static bool promises_hold(struct bytes text)
{
	uint32_t n = find(text, sizeof(values));
	uint32_t last = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct entity *e = &entities[i];

		if (e->from < last || e->to <= e->from || e->to > text.len ||
			(text.data[e->from] & 0xC0) == 0x80 ||
			(e->to < text.len && (text.data[e->to] & 0xC0) == 0x80) ||
			e->value.len == 0 || !text_utf8_valid(e->value) || e->value.data < values ||
			e->value.data + e->value.len > values + sizeof(values)) {
			printf("\n  \"%.*s\"\n", (int)text.len, (const char *)text.data);
			return false;
		}
		last = e->to;
	}
	return true;
}

static void test_promises_on_random_texts(void)
{
	static const char *const parts[] = { "a", "b1", ".", ".", "com", "co", "me", "www", "http",
		"hxxps", ":", "//", "/", "@", "[.]", " dot ", "(dot)", " ", "-", "+", "(", ")", "0",
		"44", "812", "3456", "2024", "?", ",", "好", "网", "é", "ｃ", "．", "。", "٣",
		"٤٥٦", "\xCC\x81", "รี", "€", "$", "[", "]", "{", "\xF0\x9D\x9F\x98" };
	uint64_t state = 0x9E3779B97F4A7C15u;
	unsigned failed = 0;

	for (unsigned i = 0; i < 200000 && failed < 5; i++) {
		char text[256];
		size_t used = 0;
		uint32_t n = 1 + random_next(&state) % 20;

		while (n-- > 0) {
			const char *p =
				parts[random_next(&state) % (sizeof(parts) / sizeof(parts[0]))];

			memcpy(text + used, p, strlen(p));
			used += strlen(p);
		}
		failed += !promises_hold(bytes_of(text, used));
	}
	CU_ASSERT_EQUAL(failed, 0);
}

/* Octets that are no UTF-8 come out somehow, within the bounds (the sanitizers watch). */
static void test_broken_texts_do_no_harm(void)
{
	uint64_t state = 0x2545F4914F6CDD1Du;

	for (unsigned i = 0; i < 100000; i++) {
		uint8_t text[32];
		size_t len = random_next(&state) % sizeof(text);

		for (size_t at = 0; at < len; at++) {
			uint32_t r = random_next(&state);

			text[at] = (uint8_t)(r >> 8);
			if ((r & 3) != 0) {
				text[at] = (uint8_t) "a1.:/com+0123"[(r >> 8) % 13];
			}
		}
		CU_ASSERT_FATAL(find(bytes_of(text, len), sizeof(values)) <= LIMIT_ENTITIES);
	}
}

/* A hostile text of the largest size must take linear time: else these are minutes. */
static void test_hostile_texts_are_linear(void)
{
	static const char *const seeds[] = { "a", "a.", "a-", "1", "1 ", "1-", "1.", "a@", "@",
		"http://", "http:", "://", "(", "+", "好", "好.", "é.", "[.]", "a[.]", "a dot ",
		"x:/", "http://a@", "0812 ", " dot ", "www." };
	size_t size = 196605;
	uint8_t *text = malloc(size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		struct bytes seed = bytes_str(seeds[i]);
		size_t len = size - size % seed.len;

		for (size_t at = 0; at < len; at++) {
			text[at] = seed.data[at % seed.len];
		}
		CU_ASSERT(entity_find(bytes_of(text, len), NUMBERING_NONE, entities, values,
				  sizeof(values)) <= LIMIT_ENTITIES);
	}
	free(text);
}

UNIT_MAIN("sms/entity", { "URLs with a scheme", test_urls_with_scheme },
	{ "bare domains", test_bare_domains }, { "no domains", test_no_domains },
	{ "defanged", test_defanged }, { "international names", test_international_names },
	{ "host is part of value", test_host_is_part_of_value }, { "numbers", test_numbers },
	{ "no numbers", test_no_numbers },
	{ "numbers in URLs are not numbers", test_numbers_in_urls_are_not_numbers },
	{ "bounds", test_bounds }, { "promises on random texts", test_promises_on_random_texts },
	{ "broken texts do no harm", test_broken_texts_do_no_harm },
	{ "hostile texts are linear", test_hostile_texts_are_linear })
