/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists whose entries are texts: senders, accounts, hosts, pairs. */
#include "dataplane/verdict/lists.h"

#include "dataplane/sms/sms.h"
#include "dataplane/verdict/list_text.h"
#include "tests/dataplane/verdict/list_rig.h"

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

UNIT_MAIN("list texts", { "senders", test_senders }, { "accounts", test_accounts },
	{ "hosts", test_hosts }, { "forms of hosts", test_host_forms },
	{ "look-alikes of hosts", test_look_alike_hosts }, { "shorteners", test_shorteners },
	{ "pairs", test_pairs }, { "many texts", test_many_texts })
