/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/lists.h"

#include <arpa/inet.h>

#include "dataplane/sms/numbering.h"
#include "dataplane/sms/sms.h"
#include "dataplane/verdict/list_text.h"
#include "tests/dataplane/verdict/list_rig.h"

static struct bytes normal(const char *address, uint8_t out[LIST_DIGITS_OUT])
{
	return list_normal_number(TON_INTERNATIONAL, bytes_str(address), NUMBERING_NONE, out);
}

static void test_numbers(void)
{
	struct list *l = read_list(LIST_NUMBER, "# the board\n"
						"447700900001, chair   # until May\r\n"
						"+44 (7700) 900.002,\"a, b\"\n"
						"0044 7700 900003\n"
						"4477009*, family\n"
						"447700900500-447700900999\n"
						"  \n"
						"9");
	struct {
		const char *digits;
		const char *entry;
	} cases[] = {
		{ "447700900001", "447700900001,chair" },
		{ "447700900002", "447700900002,a, b" },
		{ "447700900003", "447700900003" },
		{ "447700900004", "4477009*,family" },
		{ "4477009", "4477009*,family" },
		{ "44770090000123", "4477009*,family" },
		{ "447700900001234567890", "4477009*,family" }, /* beyond 15 digits */
		{ "447700900500", "447700900500-447700900999" },
		{ "447700900999", "447700900500-447700900999" },
		{ "4477009005000", "4477009*,family" }, /* another length than the range's */
		{ "447700", "" },
		{ "447700800001", "" },
		{ "9", "9" },
		{ "99", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_STRING_EQUAL(found(l, cases[i].digits), cases[i].entry);
	}
	CU_ASSERT_EQUAL(list_facts(l).n_entries, 6);
	check_print(l, "9\n447700900001,chair\n447700900002,\"a, b\"\n447700900003\n"
		       "447700900500-447700900999\n4477009*,family\n");
	list_unref(l);
}

static void test_normal_numbers(void)
{
	static const struct {
		unsigned ton;
		const char *address;
		const char *country;
		const char *digits;
	} cases[] = {
		{ 1, "447700900001", "", "447700900001" },
		{ 0, "+447700900001", "49", "447700900001" },
		{ 0, "00447700900001", "49", "447700900001" },
		{ 0, "447700900001", "49", "447700900001" },
		{ 0, "07700900001", "44", "447700900001" },
		{ 0, "07700900001", "", "07700900001" },
		{ 2, "7700900001", "44", "447700900001" },
		{ 2, "07700900001", "44", "447700900001" },
		{ 2, "7700900001", "", "7700900001" },
		{ 1, "07700900001", "44", "07700900001" },
		{ 5, "447700900001", "", "" },
		{ 0, "MyBank", "", "" },
		{ 0, "4477x", "", "" },
		{ 0, "", "44", "" },
		{ 0, "+", "", "" },
		{ 2, "12345678901234567890123456789", "44", "4412345678901234567890123456789" },
		{ 2, "1234567890123456789012345678901", "44", "" }, /* no room */
		{ 0, "12345678901234567890123456789012", "", "12345678901234567890123456789012" },
		{ 0, "123456789012345678901234567890123", "", "" },
	};
	uint8_t out[LIST_DIGITS_OUT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes got = list_normal_number(cases[i].ton, bytes_str(cases[i].address),
			numbering_country(bytes_str(cases[i].country)), out);

		CU_ASSERT(bytes_equal(got, bytes_str(cases[i].digits)));
	}
}

/* ---- against a naive model ---- */

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* An entry of the model: number a; range a-b; prefix a. */
struct model_entry {
	char form; /* 'n', 'r', 'p' */
	char a[20], b[20];
};

struct model {
	struct model_entry *entries;
	size_t n, max;
	char *text;
	size_t text_len, text_size;
};

static void model_add(struct model *m, char form, unsigned len, uint64_t a, uint64_t b)
{
	struct model_entry *e;

	if (m->n == m->max) {
		m->max = 2 * m->max + 1024;
		m->entries = realloc(m->entries, m->max * sizeof(*m->entries));
		m->text_size = 48 * m->max;
		m->text = realloc(m->text, m->text_size);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m->entries);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m->text);
	}
	e = &m->entries[m->n++];
	e->form = form;
	(void)snprintf(e->a, sizeof(e->a), "%0*llu", (int)len, (unsigned long long)a);
	(void)snprintf(e->b, sizeof(e->b), "%0*llu", (int)len, (unsigned long long)b);
	m->text_len += (size_t)sprintf(m->text + m->text_len, "%s%s%s%s\n", e->a,
		form == 'r' ? "-" : "", form == 'r' ? e->b : "", form == 'p' ? "*" : "");
}

static bool entry_meets(const struct model_entry *e, const char *digits)
{
	size_t len = strlen(e->a);

	switch (e->form) {
	case 'n':
		return strcmp(e->a, digits) == 0;
	case 'p':
		return strncmp(e->a, digits, len) == 0;
	default:
		return strlen(digits) == len && strcmp(e->a, digits) <= 0 &&
		       strcmp(digits, e->b) <= 0;
	}
}

static bool model_has(const struct model *m, const char *digits)
{
	for (size_t i = 0; i < m->n; i++) {
		if (entry_meets(&m->entries[i], digits)) {
			return true;
		}
	}
	return false;
}

/* check_hit: the entry that a hit names is one that meets the number. */
static bool hit_is_right(const struct list *l, const char *digits)
{
	char text[64];
	struct model_entry e = { .form = 'n' };
	const char *entry = found(l, digits);
	char *dash;

	(void)snprintf(text, sizeof(text), "%.63s", entry);
	dash = strchr(text, '-');
	if (dash != NULL) {
		*dash = '\0';
		e.form = 'r';
		(void)snprintf(e.b, sizeof(e.b), "%.19s", dash + 1);
	} else if (strchr(text, '*') != NULL) {
		*strchr(text, '*') = '\0';
		e.form = 'p';
	}
	(void)snprintf(e.a, sizeof(e.a), "%.19s", text);
	return entry_meets(&e, digits);
}

/* A block of each form, the borders of blocks, and all lengths. */
static void model_fill(struct model *m)
{
	uint64_t state = 4711;
	uint64_t power = 1;

	for (uint64_t i = 0; i < 12000; i++) { /* bits */
		model_add(m, 'n', 12, 447700 * UINT64_C(65536) + i * 5, 0);
	}
	for (uint64_t i = 0; i < 2500; i++) { /* indexed */
		model_add(m, 'n', 12, 447701 * UINT64_C(65536) + 65535 - i * 13, 0);
	}
	for (uint64_t i = 0; i < 512; i++) { /* the longest array, the shortest index */
		model_add(m, 'n', 12, 447703 * UINT64_C(65536) + i * 100, 0);
		model_add(m, 'n', 12, 447704 * UINT64_C(65536) + i * 100 + 7, 0);
	}
	model_add(m, 'n', 12, 447704 * UINT64_C(65536) + 65535, 0);
	for (uint64_t i = 0; i < 65536; i += 3) { /* a block of indexed turned bits at its end */
		if (i < 3 * 7681) {
			model_add(m, 'n', 11, 90000 * UINT64_C(65536) + i, 0);
		}
	}
	for (unsigned len = 1; len <= LIST_DIGITS_MAX; len++) {
		model_add(m, 'n', len, 0, 0);
		model_add(m, 'n', len, power * 10 - 1, 0);
		model_add(m, 'n', len, random_next(&state) % (power * 10), 0);
		if (len > 1) {
			model_add(m, 'p', len, random_next(&state) % (power * 10), 0);
		}
		if (len > 5) {
			uint64_t at = 65536 * (random_next(&state) % (power / 6554));

			model_add(m, 'r', len, at + 65530, at + 65530 + 70000);
			model_add(m, 'r', len, at + 65500, at + 65531); /* they overlap */
			model_add(m, 'r', len, at + 65000, at + 300000);
		}
		power *= 10;
	}
	model_add(m, 'p', 4, 4477, 0);
	model_add(m, 'p', 6, 447712, 0);
	model_add(m, 'p', 7, 4477120, 0);
	model_add(m, 'p', 7, 4477129, 0);
	model_add(m, 'p', 15, 447712900000001, 0);
	for (unsigned i = 0; i < 400; i++) {
		unsigned len = 1 + (unsigned)(random_next(&state) % 15);
		uint64_t limit = 1;

		for (unsigned k = 0; k < len; k++) {
			limit *= 10;
		}
		model_add(m, len > 3 ? "np"[i & 1] : 'n', len, random_next(&state) % limit, 0);
	}
}

static void check_number(const struct model *m, const struct list *a, const struct list *b,
	const char *digits, unsigned *wrong)
{
	bool expected = model_has(m, digits);

	list_prefetch_digits(a, bytes_str(digits));
	if (list_find_digits(a, bytes_str(digits), NULL) != expected ||
		list_find_digits(b, bytes_str(digits), NULL) != expected ||
		(expected && !hit_is_right(a, digits))) {
		if ((*wrong)++ < 5) {
			printf("wrong about %s: expected %d\n", digits, expected);
		}
	}
}

/* check_near: the number and its neighbours, one digit more and one less. */
static void check_near(const struct model *m, const struct list *a, const struct list *b,
	const char *number, unsigned *wrong)
{
	char digits[32];
	unsigned len = (unsigned)strlen(number);
	uint64_t v = strtoull(number, NULL, 10);

	for (uint64_t d = 0; d < 3; d++) {
		if (v + d >= 1) {
			(void)snprintf(digits, sizeof(digits), "%0*llu", (int)len,
				(unsigned long long)(v + d - 1));
			check_number(m, a, b, digits, wrong);
		}
	}
	(void)snprintf(digits, sizeof(digits), "%s0", number);
	check_number(m, a, b, digits, wrong);
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)len - 1, number);
	if (len > 1) {
		check_number(m, a, b, digits, wrong);
	}
}

static void test_against_model(void)
{
	struct model m = { 0 };
	struct list *l;
	struct list *decoded;
	struct list *reread;
	char *text;
	unsigned wrong = 0;
	uint64_t state = 99;

	model_fill(&m);
	m.text[m.text_len] = '\0';
	l = read_list(LIST_IMSI, m.text);
	decoded = through_section(l);
	text = print(l);
	reread = read_list(LIST_IMSI, text);
	CU_ASSERT(list_equal_entries(l, reread));
	CU_ASSERT(list_equal_entries(l, decoded));
	for (size_t i = 0; i < m.n; i += m.n - i < 600 ? 1 : 37) {
		check_near(&m, l, decoded, m.entries[i].a, &wrong);
		if (m.entries[i].form == 'r') {
			check_near(&m, l, decoded, m.entries[i].b, &wrong);
		}
	}
	for (unsigned i = 0; i < 2000; i++) {
		char digits[32];
		uint64_t v = random_next(&state);

		(void)snprintf(digits, sizeof(digits), "%llu",
			(unsigned long long)(i & 1 ? v >> (v & 63)
						   : 447700 * UINT64_C(65536) + v % 400000));
		digits[18] = '\0';
		check_number(&m, l, decoded, digits, &wrong);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	free(text);
	list_unref(l);
	list_unref(decoded);
	list_unref(reread);
	free(m.entries);
	free(m.text);
}

/* ---- other kinds ---- */

static void test_senders(void)
{
	struct list *l =
		read_list(LIST_SENDER, "MyBank, the bank\n\"Acme, Inc\"\nPostDE\nmybank\n");
	struct list *again = through_section(l);
	uint8_t fold[LIST_FOLD_SIZE];
	struct list_hit hit;
	static const char *const alike[] = { "MyBank", "MYBANK",
		("My\xD0\x92"
		 "ank"),
		"MyB4nk", "P0stDE", "ACME, INC" };

	CU_ASSERT(list_find_text(l, bytes_str("MyBank"), false, &hit));
	CU_ASSERT(bytes_equal(hit.tag, bytes_str("the bank")));
	CU_ASSERT_FALSE(hit.number);
	CU_ASSERT_FALSE(list_find_text(l, bytes_str("MYBANK"), false, NULL));
	CU_ASSERT(list_find_text(l, bytes_str("Acme, Inc"), false, NULL));
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
		CU_ASSERT(list_find_text(l, list_fold(bytes_str(alike[i]), fold), true, &hit));
		CU_ASSERT(list_find_text(again, list_fold(bytes_str(alike[i]), fold), true, NULL));
	}
	CU_ASSERT(list_find_text(l, list_fold(bytes_str("P0STDE"), fold), true, &hit));
	CU_ASSERT(bytes_equal(hit.entry, bytes_str("PostDE")));
	CU_ASSERT_FALSE(list_find_text(l, list_fold(bytes_str("OtherBank"), fold), true, NULL));
	check_print(again, "\"Acme, Inc\"\nMyBank,the bank\nPostDE\nmybank\n");
	list_unref(l);
	list_unref(again);
}

static void test_accounts(void)
{
	struct list *l = read_list(LIST_ACCOUNT, "bulk1\nBULK2,gold\n\"#x\"\n");

	CU_ASSERT(list_find_text(l, bytes_str("bulk1"), false, NULL));
	CU_ASSERT(list_find_text(l, bytes_str("#x"), false, NULL));
	CU_ASSERT_FALSE(list_find_text(l, bytes_str("bulk2"), false, NULL));
	CU_ASSERT_FALSE(list_find_text(l, bytes_str(""), false, NULL));
	check_print(l, "\"#x\"\nBULK2,gold\nbulk1\n");
	list_unref(l);
}

static void test_hosts(void)
{
	struct list *l = read_list(LIST_HOST,
		"example.com\nHTTPS://Bit.ly/abc\nshop.test.org/a/b?x=1\ntk\nexample.net/Path/\n"
		"b\xC3\xBC"
		"cher.example\n");
	static const struct {
		const char *url;
		const char *entry;
	} cases[] = {
		{ "http://example.com", "example.com" },
		{ "http://a.b.example.com:8080/x", "example.com" },
		{ "http://example.com.", "example.com" },
		{ "http://notexample.com", "" },
		{ "http://example.com.evil.org/", "" },
		{ "https://bit.ly/abc", "bit.ly/abc" },
		{ "https://bit.ly/abc/def", "bit.ly/abc" },
		{ "https://bit.ly/abc?x", "bit.ly/abc" },
		{ "https://www.bit.ly:443/abc#x", "bit.ly/abc" },
		{ "https://bit.ly/abcd", "" },
		{ "https://bit.ly/ABC", "" },
		{ "https://bit.ly", "" },
		{ "http://shop.test.org/a/b?x=1", "shop.test.org/a/b?x=1" },
		{ "http://shop.test.org/a/b?x=1&y", "shop.test.org/a/b?x=1" },
		{ "http://shop.test.org/a/b?x=2", "" },
		{ "http://free.tk/", "tk" },
		{ "http://example.net/Path", "example.net/Path" },
		{ "http://example.net/Path/x", "example.net/Path" },
		{ "http://b\xC3\xBC"
		  "cher.example/",
			"b\xC3\xBC"
			"cher.example" },
		{ "http://1.2.3.4.5.6.7.8.9.10.11.12.example.com/", "example.com" },
		{ "http://bit.ly/1/2/3/4/5/6/7/8/9/10/11/12/13", "" },
	};
	struct list *again = through_section(l);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_STRING_EQUAL(found_url(l, cases[i].url), cases[i].entry);
		CU_ASSERT_STRING_EQUAL(found_url(again, cases[i].url), cases[i].entry);
	}
	list_unref(l);
	list_unref(again);
}

/* One entry, however a host is written: Unicode, Punycode, defanged, an address in hexadecimal. */
static void test_host_forms(void)
{
	static const struct {
		const char *entry;
		const char *url; /* in the normal form */
		const char *host;
	} cases[] = {
		{ "b\xC3\xBC"
		  "cher-demo.de",
			"http://b\xC3\xBC"
			"cher-demo.de/x",
			"b\xC3\xBC"
			"cher-demo.de" },
		{ "xn--bcher-demo-9db.de",
			"http://b\xC3\xBC"
			"cher-demo.de/x",
			"b\xC3\xBC"
			"cher-demo.de" },
		{ "XN--P1AI", "http://\xD1\x8F.\xD1\x80\xD1\x84", "\xD1\x80\xD1\x84" },
		{ "evil-demo[.]com", "http://www.evil-demo.com", "evil-demo.com" },
		{ "hxxp://evil-demo[.]com/a/", "http://evil-demo.com/a/b", "evil-demo.com/a" },
		{ "hxxps[:]//evil-demo(.)com", "http://evil-demo.com/a/b", "evil-demo.com" },
		{ "https:\\\\evil-demo.com\\a", "http://evil-demo.com/a", "evil-demo.com/a" },
		{ "Example.COM.", "http://example.com", "example.com" },
		{ "0xC0000201", "http://192.0.2.1/x", "192.0.2.1" },
		{ "192.0.2.1/x", "http://192.0.2.1/x", "192.0.2.1/x" },
	};

	struct list *ipv6 = read_list(LIST_HOST, "http://[2001:DB8:0::1]");

	check_print(ipv6, "[2001:db8::1]\n");
	list_unref(ipv6);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct list *l = read_list(LIST_HOST, cases[i].entry);

		CU_ASSERT_STRING_EQUAL(found_url(l, cases[i].url), cases[i].host);
		list_unref(l);
	}
}

static const char *look_alike(const struct list *l, const char *host)
{
	static char entry[LIST_TEXT_MAX + 1];
	struct list_hit hit;

	entry[0] = '\0';
	if (list_find_look_alike(l, bytes_str(host), &hit)) {
		(void)snprintf(entry, sizeof(entry), "%.*s", (int)hit.entry.len,
			(const char *)hit.entry.data);
	}
	return entry;
}

static void test_look_alike_hosts(void)
{
	struct list *l = read_list(LIST_HOST, "mybank.example\nmail.example/login\n");
	struct list *again = through_section(l);

	for (int i = 0; i < 2; i++) {
		const struct list *of = i == 0 ? l : again;

		CU_ASSERT_STRING_EQUAL(look_alike(of, "mybank.example"), "mybank.example");
		CU_ASSERT_STRING_EQUAL(look_alike(of, "myb4nk.example"), "mybank.example");
		CU_ASSERT_STRING_EQUAL(
			look_alike(of, "www.MYB\xC3\x81NK.example"), "mybank.example");
		CU_ASSERT_STRING_EQUAL(look_alike(of, "a.m\xD1\x83"
						      "b\xD0\xB0nk.example"), /* Cyrillic у, а */
			"mybank.example");
		CU_ASSERT_STRING_EQUAL(look_alike(of, "notmybank.example"), "");
		CU_ASSERT_STRING_EQUAL(look_alike(of, "mybank.example.evil.test"), "");
		CU_ASSERT_STRING_EQUAL(look_alike(of, "mail.example"), ""); /* only below a path */
		CU_ASSERT_STRING_EQUAL(look_alike(of, ""), "");
	}
	list_unref(l);
	list_unref(again);
}

/* The list that is shipped reads without a warning. */
static void test_shorteners(void)
{
	struct diag *diag = diag_new();
	struct list *l = list_load(
		"shorteners", LIST_HOST, "patterns/sets/shorteners.txt", "shorteners.txt", diag);

	diag_print(diag, stdout);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	CU_ASSERT_EQUAL(diag->n_errors, 0);
	CU_ASSERT_EQUAL(diag->n_warnings, 0);
	CU_ASSERT(list_facts(l).n_entries >= 200);
	CU_ASSERT_STRING_EQUAL(found_url(l, "https://bit.ly/3xYz"), "bit.ly");
	CU_ASSERT_STRING_EQUAL(found_url(l, "https://www.tinyurl.com/abc"), "tinyurl.com");
	CU_ASSERT_STRING_EQUAL(found_url(l, "https://example.com/bit.ly"), "");
	list_unref(l);
	diag_done(diag);
}

/* pair_entry: what list_find_pair() meets; a sender with '+' before it is a number. */
static const char *pair_entry(const struct list *l, const char *subscriber, const char *sender)
{
	static char entry[LIST_TEXT_MAX + 1];
	bool number = sender[0] == '+';
	struct list_hit hit;

	entry[0] = '\0';
	if (list_find_pair(l, bytes_str(subscriber), bytes_str(sender + number), number, &hit)) {
		CU_ASSERT(hit.number); /* personal, whatever the sender is */
		(void)snprintf(entry, sizeof(entry), "%.*s%s%.*s", (int)hit.entry.len,
			(const char *)hit.entry.data, hit.tag.len != 0 ? "," : "", (int)hit.tag.len,
			(const char *)hit.tag.data);
	}
	return entry;
}

static void test_pairs(void)
{
	struct list *l = read_list(LIST_PAIR,
		"447700900001 447700900009\n+447700900001  MyBank , noisy\n"
		"00447700900002 *\n447700900002 VIP\n447700900003 4477*\n"
		"447700900003 447700900*, mobile\n447700900003 +33*\n"
		"\"447700900004 Acme, Inc\"\n447700900004 My Bank\n447700900005 80808\n");
	static const struct {
		const char *subscriber;
		const char *sender;
		const char *entry;
	} cases[] = {
		{ "447700900001", "+447700900009", "447700900001 447700900009" },
		{ "447700900001", "+447700900008", "" },
		{ "447700900001", "MyBank", "447700900001 MyBank,noisy" },
		{ "447700900001", "mybank", "" },
		{ "447700900009", "+447700900001", "" }, /* the other way round is another pair */
		{ "447700900002", "+15550100", "447700900002 *" },
		{ "447700900002", "anyone", "447700900002 *" },
		{ "447700900002", "VIP", "447700900002 VIP" },
		{ "447700900002", "", "447700900002 *" },
		{ "447700900003", "+447700900123", "447700900003 447700900*,mobile" },
		{ "447700900003", "+4477", "447700900003 4477*" },
		{ "447700900003", "+447712345", "447700900003 4477*" },
		{ "447700900003", "+447", "" },
		{ "447700900003", "+33123456789", "447700900003 33*" },
		{ "447700900003", "+1234567890123456789", "" },
		{ "447700900003", "+4477001234567890123456789", "447700900003 4477*" },
		/* texts that read as a number, as a prefix or as everyone are none of these */
		{ "447700900001", "447700900009", "" },
		{ "447700900003", "4477*", "" },
		{ "447700900001", "*", "" },
		{ "447700900004", "Acme, Inc", "447700900004 Acme, Inc" },
		{ "447700900004", "My Bank", "447700900004 My Bank" },
		{ "447700900005", "+80808", "447700900005 80808" },
		{ "", "+80808", "" },
		{ "1234567890123456", "+80808", "" },
	};
	struct list *again = through_section(l);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_STRING_EQUAL(
			pair_entry(l, cases[i].subscriber, cases[i].sender), cases[i].entry);
		CU_ASSERT_STRING_EQUAL(
			pair_entry(again, cases[i].subscriber, cases[i].sender), cases[i].entry);
	}
	check_print(again, "447700900001 447700900009\n447700900001 MyBank,noisy\n"
			   "447700900002 *\n447700900002 VIP\n447700900003 33*\n"
			   "447700900003 4477*\n447700900003 447700900*,mobile\n"
			   "\"447700900004 Acme, Inc\"\n447700900004 My Bank\n"
			   "447700900005 80808\n");
	list_unref(l);
	list_unref(again);
}

/* A million texts keep to LIMIT_LIST_PROBES, which a table that is three quarters full does not. */
static void test_many_texts(void)
{
	enum { N = 1000000, SIZE = 20 };
	uint8_t *blob = malloc((size_t)N * SIZE);
	struct list_texts texts;
	unsigned n_found = 0;
	char text[SIZE];
	const char *why = "";
	size_t len = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(blob);
	for (unsigned i = 0; i < N; i++) {
		int n = snprintf(text, sizeof(text), "host-%u", i);

		blob[len++] = (uint8_t)n;
		blob[len++] = 0;
		memcpy(blob + len, text, (size_t)n);
		len += (size_t)n;
	}
	CU_ASSERT_FATAL(list_text_make(&texts, blob, len, false, &why));
	CU_ASSERT_EQUAL(texts.n, N);
	for (unsigned i = 0; i < N; i += 7) {
		(void)snprintf(text, sizeof(text), "host-%u", i);
		n_found += list_text_find(&texts, bytes_str(text)) >= 0;
		(void)snprintf(text, sizeof(text), "host-%u", N + i);
		n_found += list_text_find(&texts, bytes_str(text)) >= 0;
	}
	CU_ASSERT_EQUAL(n_found, (N + 6) / 7);
	list_text_free(&texts);
}

/* ip_has: of the model: one network, bit by bit. */
static bool ip_has(const uint8_t *network, unsigned bits, const uint8_t *ip)
{
	for (unsigned i = 0; i < bits; i++) {
		if (((network[i / 8] ^ ip[i / 8]) >> (7 - i % 8) & 1) != 0) {
			return false;
		}
	}
	return true;
}

static void to_ip(const char *text, uint8_t ip[16])
{
	memset(ip, 0, 16);
	ip[10] = 0xFF;
	ip[11] = 0xFF;
	if (inet_pton(AF_INET, text, ip + 12) != 1) {
		CU_ASSERT_EQUAL(inet_pton(AF_INET6, text, ip), 1);
	}
}

static void test_networks(void)
{
	static const struct {
		const char *address;
		unsigned bits; /* of 128 */
	} networks[] = { { "10.0.0.0", 96 + 8 }, { "10.1.0.0", 96 + 16 }, { "10.1.2.3", 128 },
		{ "2001:db8::", 32 }, { "2001:db8::1", 128 }, { "2001:db8:0:1::", 64 },
		{ "192.168.0.0", 96 + 23 }, { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0", 124 } };
	static const char *const asked[] = { "9.255.255.255", "10.0.0.0", "10.1.2.2", "10.1.2.3",
		"10.1.2.4", "10.1.255.255", "10.2.0.0", "10.255.255.255", "11.0.0.0",
		"192.168.1.255", "192.168.2.0", "2001:db8::", "2001:db8::1", "2001:db8::2",
		"2001:db8:0:1:ffff::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:db9::", "2001:db7:ffff::", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffef", "::ffff:10.1.2.3" };
	struct list *l = read_list(LIST_IP,
		"10.0.0.0/8\n10.1.0.0/16, branch\n10.1.2.3\n2001:db8::/32\n2001:db8::1\n"
		"2001:db8:0:1::/64\n192.168.0.0/23\nffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124\n");
	struct list *again = through_section(l);

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		size_t best = SIZE_MAX;
		uint8_t ip[16];
		uint8_t network[16];
		struct list_hit hit;

		to_ip(asked[i], ip);
		for (size_t k = 0; k < sizeof(networks) / sizeof(networks[0]); k++) {
			to_ip(networks[k].address, network);
			if (ip_has(network, networks[k].bits, ip) &&
				(best == SIZE_MAX || networks[k].bits > networks[best].bits)) {
				best = k;
			}
		}
		CU_ASSERT_EQUAL(list_find_ip(l, ip, &hit), best != SIZE_MAX);
		CU_ASSERT_EQUAL(list_find_ip(again, ip, NULL), best != SIZE_MAX);
		if (best != SIZE_MAX) { /* the longest prefix is named */
			size_t len = strlen(networks[best].address);

			CU_ASSERT(hit.entry.len >= len &&
				  memcmp(hit.entry.data, networks[best].address, len) == 0);
		}
	}
	list_unref(l);
	list_unref(again);
}

/* ---- errors and warnings ---- */

static void check_message(
	enum list_kind kind, const char *text, enum diag_level level, int line, const char *part)
{
	struct diag *diag = diag_new();
	struct list *l = list_read("test", kind, "test.txt", bytes_str(text), diag);
	bool met = false;

	CU_ASSERT_EQUAL(l == NULL, level == DIAG_ERROR);
	for (size_t i = 0; i < diag->n_entries; i++) {
		const struct diag_entry *e = &diag->entries[i];

		met = met ||
		      (e->level == level && e->line == line && e->file != NULL &&
			      strcmp(e->file, "test.txt") == 0 && strstr(e->text, part) != NULL);
	}
	if (!met) {
		printf("expected line %d: %s, got:\n", line, part);
		diag_print(diag, stdout);
	}
	CU_ASSERT(met);
	list_unref(l);
	diag_done(diag);
}

static void test_errors(void)
{
	static const struct {
		enum list_kind kind;
		const char *text;
		int line;
		const char *part;
	} cases[] = {
		{ LIST_NUMBER, "1\n4477x\n", 2, "'x' is no digit" },
		{ LIST_NUMBER, "07700900001\n", 1, "country code" },
		{ LIST_NUMBER, "1234567890123456\n", 1, "more than 15 digits" },
		{ LIST_NUMBER, "44*7\n", 1, "'*' stands at the end only" },
		{ LIST_NUMBER, "*\n", 1, "digits are missing" },
		{ LIST_NUMBER, "100-99\n", 1, "ends have 3 and 2 digits" },
		{ LIST_NUMBER, "100-099\n", 1, "country code" },
		{ LIST_NUMBER, "200-100\n", 1, "ends before it begins" },
		{ LIST_NUMBER, "1-2-3\n", 1, "two ends" },
		{ LIST_NUMBER, "1-\n", 1, "digits are missing" },
		{ LIST_NUMBER, "1,a,b\n", 1, "" }, /* a tag may have a comma: see below */
		{ LIST_NUMBER, "1,\"a\",b\n", 1, "two tags" },
		{ LIST_NUMBER, ",a\n", 1, "a tag without an entry" },
		{ LIST_NUMBER, "\"1\n", 1, "a quote without its end" },
		{ LIST_NUMBER, "\"1\" 2\n", 1, "text behind the quote" },
		{ LIST_CODE, "+4711\n", 1, "'+' is no digit" },
		{ LIST_IMSI, "262 01\n", 1, "' ' is no digit" },
		{ LIST_ACCOUNT, "sixteen_letters_\n", 1, "at most 15" },
		{ LIST_SENDER, "a\xFF\n", 1, "not UTF-8" },
		{ LIST_SENDER, "a\x01\n", 1, "control" },
		{ LIST_IP, "10.0.0.256\n", 1, "is no IP address" },
		{ LIST_IP, "10.0.0.1/8\n", 1, "bits behind its prefix" },
		{ LIST_IP, "10.0.0.0/33\n", 1, "0 to 32" },
		{ LIST_IP, "2001:db8::/129\n", 1, "0 to 128" },
		{ LIST_IP, "10.0.0.0/\n", 1, "0 to 32" },
		{ LIST_HOST, "*.example.com\n", 1, "leave \"*.\" out" },
		{ LIST_HOST, "example.com:80\n", 1, "ports" },
		{ LIST_HOST, "me@example.com\n", 1, "cannot be read" },
		{ LIST_HOST, "two words.com\n", 1, "cannot be read" },
		{ LIST_PAIR, "1 *\n447700900001\n", 2,
			"a subscriber's number, a blank and a sender" },
		{ LIST_PAIR, "MyBank 447700900001\n", 1, "'M' is no digit" },
		{ LIST_PAIR, "07700900001 *\n", 1, "country code" },
		{ LIST_PAIR, "4477* *\n", 1, "no whole number" },
		{ LIST_PAIR, "447700900001 +44x\n", 1, "digits only" },
		{ LIST_PAIR, "447700900001 Bank*\n", 1, "'*' stands" },
		{ LIST_PAIR, "447700900001 1234567890123456\n", 1, "more than 15" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].part[0] != '\0') {
			check_message(cases[i].kind, cases[i].text, DIAG_ERROR, cases[i].line,
				cases[i].part);
		}
	}
}

static void test_many_errors(void)
{
	struct diag *diag = diag_new();
	static char text[3 * 1000 + 1];

	for (size_t i = 0; i < 1000; i++) {
		memcpy(text + 3 * i, "ab\n", 3);
	}
	CU_ASSERT_PTR_NULL(
		list_read("test", LIST_NUMBER, "test.txt", bytes_of(text, sizeof(text) - 1), diag));
	CU_ASSERT_EQUAL(diag->n_errors, 101);
	diag_done(diag);
}

static void test_warnings(void)
{
	static const struct {
		enum list_kind kind;
		const char *text;
		int line;
		const char *part;
	} cases[] = {
		{ LIST_NUMBER, "12\n3\n+12, x\n", 3, "12 is there already, on line 1" },
		{ LIST_NUMBER, "4477*\n5\n4477*\n", 3, "is there already: 4477*, line 1" },
		{ LIST_NUMBER, "4477*\n5\n44770*\n", 3, "44770* is covered by 4477*, line 1" },
		{ LIST_NUMBER, "100-200\n150-300\n", 2, "150-300 overlaps 100-200, line 1" },
		{ LIST_NUMBER, "100-200\n150-160\n", 2, "150-160 is covered by 100-200" },
		{ LIST_NUMBER, "1234\n123\n12*\n12345\n", 3, "12* covers 3 numbers" },
		{ LIST_NUMBER, "150\n100-200\n99\n", 2, "100-200 covers 1 numbers" },
		{ LIST_SENDER, "a\nb\na\n", 3, "\"a\" is there already" },
		{ LIST_PAIR, "1 a\n2 a\n+1  a\n", 3, "\"1 a\" is there already" },
		{ LIST_HOST, "a.com\nx.a.com\n", 2, "\"x.a.com\" is covered by \"a.com\"" },
		{ LIST_IP, "10.0.0.0/8\n10.2.0.0/16\n", 2, "is covered by 10.0.0.0/8" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_message(
			cases[i].kind, cases[i].text, DIAG_WARNING, cases[i].line, cases[i].part);
	}
}

static void test_kinds(void)
{
	static const unsigned n_matches[LIST_KIND_COUNT] = { [LIST_NUMBER] = 5,
		[LIST_IMSI] = 1,
		[LIST_GT] = 3,
		[LIST_CODE] = 2,
		[LIST_SENDER] = 1,
		[LIST_ACCOUNT] = 1,
		[LIST_IP] = 2,
		[LIST_HOST] = 1,
		[LIST_PAIR] = 1 };
	enum list_kind kind;
	enum list_match match;

	for (unsigned k = 0; k < LIST_KIND_COUNT; k++) {
		unsigned n = 0;

		CU_ASSERT(list_kind_parse(list_kind_name((enum list_kind)k), &kind));
		CU_ASSERT_EQUAL(kind, k);
		for (unsigned m = 0; m < LIST_MATCH_COUNT; m++) {
			CU_ASSERT(list_match_parse(list_match_name((enum list_match)m), &match));
			CU_ASSERT_EQUAL(match, m);
			n += list_kind_matches((enum list_kind)k, (enum list_match)m);
		}
		CU_ASSERT_EQUAL(n, n_matches[k]);
	}
	CU_ASSERT_FALSE(list_kind_parse("numbers", &kind));
	CU_ASSERT_FALSE(list_match_parse("", &match));
}

static void test_set(void)
{
	struct list_set *s = list_set_create();
	struct list *l = read_list(LIST_NUMBER, "1\n");
	uint8_t out[LIST_DIGITS_OUT];

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (int i = 0; i < LIST_SET_MAX; i++) {
		CU_ASSERT_EQUAL(list_set_add(s, list_ref(l)), i);
	}
	CU_ASSERT_EQUAL(list_set_add(s, list_ref(l)), -1);
	list_unref(l);
	CU_ASSERT_PTR_EQUAL(list_set_find(s, "test"), s->lists[0]);
	CU_ASSERT_PTR_NULL(list_set_find(s, "other"));
	CU_ASSERT_PTR_NULL(list_set_find(NULL, "test"));
	CU_ASSERT(list_find_digits(s->lists[5], normal("+1", out), NULL));
	list_set_unref(list_set_ref(s));
	list_set_unref(s);
	list_set_unref(NULL);
}

UNIT_MAIN("lists", { "numbers", test_numbers }, { "normal numbers", test_normal_numbers },
	{ "against a model", test_against_model }, { "senders", test_senders },
	{ "accounts", test_accounts }, { "hosts", test_hosts },
	{ "forms of hosts", test_host_forms }, { "look-alikes of hosts", test_look_alike_hosts },
	{ "shorteners", test_shorteners }, { "pairs", test_pairs },
	{ "many texts", test_many_texts }, { "networks", test_networks }, { "errors", test_errors },
	{ "many errors", test_many_errors }, { "warnings", test_warnings }, { "kinds", test_kinds },
	{ "set", test_set })
