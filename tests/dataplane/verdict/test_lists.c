/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/lists.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "dataplane/sms/sms.h"
#include "dataplane/verdict/list_build.h"
#include "tests/support/unit.h"

static struct diag *diag_new(void)
{
	struct diag *d = calloc(1, sizeof(*d));

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	return d;
}

static void diag_done(struct diag *d)
{
	diag_clear(d);
	free(d);
}

static struct list *read_list(enum list_kind kind, const char *text)
{
	struct diag *diag = diag_new();
	struct list *l = list_read("test", kind, "test.txt", bytes_str(text), diag);

	if (l == NULL) {
		diag_print(diag, stdout);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	diag_done(diag);
	return l;
}

static struct bytes normal(const char *address, uint8_t out[LIST_DIGITS_OUT])
{
	return list_normal_number(TON_INTERNATIONAL, bytes_str(address), "", out);
}

/* found: what list_find_digits() says of `digits`: the entry, or "". Valid until the next call. */
static const char *found(const struct list *l, const char *digits)
{
	static char entry[LIST_TEXT_MAX + LIST_TAG_MAX + 4];
	struct list_hit hit;

	entry[0] = '\0';
	if (list_find_digits(l, bytes_str(digits), &hit)) {
		(void)snprintf(entry, sizeof(entry), "%.*s%s%.*s", (int)hit.entry.len,
			(const char *)hit.entry.data, hit.tag.len != 0 ? "," : "", (int)hit.tag.len,
			(const char *)hit.tag.data);
	}
	return entry;
}

static const char *found_url(const struct list *l, const char *url)
{
	static char entry[LIST_TEXT_MAX + 1];
	const char *host = strstr(url, "://") + 3;
	struct list_hit hit;

	entry[0] = '\0';
	if (list_find_url(l, bytes_str(url), bytes_of(host, strcspn(host, ":/?#")), &hit)) {
		(void)snprintf(entry, sizeof(entry), "%.*s", (int)hit.entry.len,
			(const char *)hit.entry.data);
	}
	return entry;
}

/* print: the canonical text; to be freed. */
static char *print(const struct list *l)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	CU_ASSERT_EQUAL(list_print(l, 0, to), 0);
	fclose(to);
	return text;
}

static void check_print(const struct list *l, const char *expected)
{
	char *text = print(l);

	CU_ASSERT_STRING_EQUAL(text, expected);
	free(text);
}

/* through_section: the same list by way of its section. */
static struct list *through_section(const struct list *l)
{
	struct diag *diag = diag_new();
	uint8_t *octets;
	size_t len;
	struct list *again;
	uint8_t a[LIST_HASH_SIZE];
	uint8_t b[LIST_HASH_SIZE];

	CU_ASSERT_FATAL(list_encode(l, &octets, &len));
	again = list_decode("test", "test.pack", bytes_of(octets, len), NULL, NULL, diag);
	if (again == NULL) {
		diag_print(diag, stdout);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	list_hash(l, a);
	list_hash(again, b);
	CU_ASSERT_EQUAL(memcmp(a, b, sizeof(a)), 0);
	free(octets);
	diag_done(diag);
	return again;
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
		struct bytes got = list_normal_number(
			cases[i].ton, bytes_str(cases[i].address), cases[i].country, out);

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

	(void)snprintf(text, sizeof(text), "%s", entry);
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
		"My\xD0\x92"
		"ank",
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
	char text[3 * 1000 + 1];

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
		{ LIST_HOST, "a.com\nx.a.com\n", 2, "\"x.a.com\" is covered by \"a.com\"" },
		{ LIST_IP, "10.0.0.0/8\n10.2.0.0/16\n", 2, "is covered by 10.0.0.0/8" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_message(
			cases[i].kind, cases[i].text, DIAG_WARNING, cases[i].line, cases[i].part);
	}
}

/* ---- changes ---- */

static struct list *change(const struct list *l, const char *text)
{
	struct diag *diag = diag_new();
	struct list *next = list_change(l, "change", bytes_str(text), diag);

	if (next == NULL) {
		diag_print(diag, stdout);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(next);
	diag_done(diag);
	return next;
}

static void test_change(void)
{
	struct list *l = read_list(LIST_NUMBER, "1\n2,two\n3\n44*\n10-19\n");
	struct list *a = change(l, "+4\n-2\n# a comment\n\n-44*\n+55*, x\n");
	struct list *b = change(a, "-4\n+2,two\n+3,three\n+44*\n-10-19\n");
	struct bytes text = list_change_text(a);
	uint8_t ours[LIST_HASH_SIZE];
	uint8_t theirs[LIST_HASH_SIZE];

	CU_ASSERT(bytes_equal(text, bytes_str("-2\n+4\n-44*\n+55*,x\n")));
	CU_ASSERT_STRING_EQUAL(found(a, "2"), "");
	CU_ASSERT_STRING_EQUAL(found(a, "4"), "4");
	CU_ASSERT_STRING_EQUAL(found(a, "441"), "");
	CU_ASSERT_STRING_EQUAL(found(a, "551"), "55*,x");
	CU_ASSERT_STRING_EQUAL(found(l, "2"), "2,two"); /* the version before stays as it was */
	check_print(a, "1\n3\n4\n10-19\n55*,x\n");
	check_print(b, "1\n2,two\n3,three\n44*\n55*,x\n");
	CU_ASSERT_EQUAL(list_facts(a).n_entries, 5);
	CU_ASSERT_EQUAL(list_facts(b).n_entries, 5);
	CU_ASSERT(bytes_equal(list_change_text(b), bytes_str("-3\n+3,three\n-10-19\n+55*,x\n")));
	list_hash(l, ours);
	list_hash(b, theirs);
	CU_ASSERT_EQUAL(memcmp(ours, theirs, sizeof(ours)), 0); /* the base is the same */
	CU_ASSERT(list_has_entry(b, "+3"));
	CU_ASSERT(list_has_entry(b, "44*"));
	CU_ASSERT_FALSE(list_has_entry(b, "441"));
	CU_ASSERT_FALSE(list_has_entry(b, "4"));
	CU_ASSERT_FALSE(list_has_entry(b, "no number"));
	list_unref(l); /* versions hold what they share */
	list_unref(a);
	CU_ASSERT_STRING_EQUAL(found(b, "3"), "3,three");
	list_unref(b);
}

static void check_change_error(const struct list *l, const char *text, int line, const char *part)
{
	struct diag *diag = diag_new();

	CU_ASSERT_PTR_NULL(list_change(l, "change", bytes_str(text), diag));
	CU_ASSERT_FATAL(diag->n_entries != 0);
	CU_ASSERT_EQUAL(diag->entries[0].line, line);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag->entries[0].text, part));
	diag_done(diag);
}

static void test_change_errors(void)
{
	struct list *l = read_list(LIST_NUMBER, "1\n10-19\n");
	struct diag *diag = diag_new();
	struct list *same;

	check_change_error(l, "+7\n-5\n", 2, "5 is no entry of the list");
	check_change_error(l, "-15\n", 1, "15 is no entry"); /* the range covers it */
	check_change_error(l, "7\n", 1, "begins with + or -");
	check_change_error(l, "+\n", 1, "an entry is missing");
	check_change_error(l, "+x\n", 1, "is no digit");
	same = list_change(l, "change", bytes_str("+1\n"), diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(same);
	CU_ASSERT_EQUAL(diag->n_warnings, 1);
	CU_ASSERT_EQUAL(list_change_text(same).len, 0);
	CU_ASSERT_EQUAL(list_facts(same).n_entries, 2);
	list_unref(same);
	list_unref(l);
	diag_done(diag);
}

/* A sender that is deleted leaves another one that looks like it. */
static void test_change_senders(void)
{
	struct list *l = read_list(LIST_SENDER, "MyBank\nMYBANK, loud\nPost\n");
	struct list *a = change(l, "-MyBank\n");
	struct list *b = change(a, "-MYBANK\n");
	uint8_t fold[LIST_FOLD_SIZE];
	struct list_hit hit;

	CU_ASSERT(list_find_text(a, list_fold(bytes_str("MyB4nk"), fold), true, &hit));
	CU_ASSERT(bytes_equal(hit.entry, bytes_str("MYBANK")));
	CU_ASSERT(bytes_equal(hit.tag, bytes_str("loud")));
	CU_ASSERT_FALSE(list_find_text(b, list_fold(bytes_str("MyB4nk"), fold), true, &hit));
	CU_ASSERT(list_find_text(b, list_fold(bytes_str("POST"), fold), true, &hit));
	check_print(a, "MYBANK,loud\nPost\n");
	check_print(b, "Post\n");
	CU_ASSERT_EQUAL(list_facts(a).n_entries, 2);
	CU_ASSERT(bytes_equal(list_change_text(b), bytes_str("-MYBANK\n-MyBank\n")));
	list_unref(l);
	list_unref(a);
	list_unref(b);
}

/* Random changes, one upon the other, beside the text that they make. */
static void test_changes_against_text(void)
{
	enum { UNIVERSE = 60, ROUNDS = 200 };
	bool has[UNIVERSE] = { false };
	struct list *l = read_list(LIST_CODE, "");
	uint64_t state = 5;

	for (unsigned round = 0; round < ROUNDS; round++) {
		char text[4096] = "";
		char whole[4096] = "";
		size_t at = 0;
		size_t end = 0;
		struct list *next;
		struct list *expected;
		struct list *merged;

		for (unsigned k = 0; k < 1 + round % 5; k++) {
			unsigned i = (unsigned)(random_next(&state) % UNIVERSE);

			text[at++] = has[i] ? '-' : '+';
			has[i] = !has[i];
			if (i % 3 == 2) {
				at += (size_t)sprintf(text + at, "1000%02u-1000%02u\n", i, i + 5);
			} else {
				at += (size_t)sprintf(
					text + at, i % 3 == 0 ? "%u\n" : "77%u*\n", i);
			}
		}
		for (unsigned i = 0; i < UNIVERSE; i++) {
			if (has[i] && i % 3 == 2) {
				end += (size_t)sprintf(
					whole + end, "1000%02u-1000%02u\n", i, i + 5);
			} else if (has[i]) {
				end += (size_t)sprintf(
					whole + end, i % 3 == 0 ? "%u\n" : "77%u*\n", i);
			}
		}
		next = change(l, text);
		expected = read_list(LIST_CODE, whole);
		merged = list_merge(next);
		CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
		CU_ASSERT(list_equal_entries(next, expected));
		CU_ASSERT(list_equal_entries(merged, expected));
		CU_ASSERT_EQUAL(list_facts(next).n_entries, list_facts(expected).n_entries);
		list_unref(l);
		list_unref(expected);
		if (round % 20 == 19) { /* go on from a base of its own */
			list_unref(next);
			l = merged;
		} else {
			list_unref(merged);
			l = next;
		}
	}
	list_unref(l);
}

static void test_overlay_grows(void)
{
	size_t n = LIMIT_LIST_OVERLAY + 1;
	char *text = malloc(16 * n);
	struct list *l = read_list(LIST_NUMBER, "1\n");
	struct list *next;
	struct list *merged;
	size_t at = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (size_t i = 0; i < n; i++) {
		at += (size_t)sprintf(text + at, "+%zu\n", 1000000 + 3 * i);
	}
	next = change(l, text);
	CU_ASSERT_FALSE(list_wants_merge(l));
	CU_ASSERT(list_wants_merge(next));
	merged = list_merge(next);
	CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
	CU_ASSERT_FALSE(list_wants_merge(merged));
	CU_ASSERT_EQUAL(list_facts(merged).n_entries, n + 1);
	CU_ASSERT_EQUAL(list_facts(merged).n_added, 0);
	CU_ASSERT_STRING_EQUAL(found(merged, "1000003"), "1000003");
	list_unref(l);
	list_unref(next);
	list_unref(merged);
	free(text);
}

/* ---- sections ---- */

static void ask_everything(const struct list *l)
{
	static const char *const digits[] = { "1", "12", "447700900001", "999999999999999", "0" };
	uint8_t ip[16] = { 0 };

	for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++) {
		(void)list_find_digits(l, bytes_str(digits[i]), NULL);
		(void)list_find_text(l, bytes_str(digits[i]), i & 1, NULL);
	}
	(void)list_find_ip(l, ip, NULL);
	(void)found_url(l, "http://a.example.com/b");
	free(print(l));
}

/* Every bit of a section: refused, or a list like any other. */
static void check_damage(enum list_kind kind, const char *text)
{
	struct list *l = read_list(kind, text);
	struct diag *diag = diag_new();
	uint8_t *octets;
	size_t len;
	unsigned refused = 0;

	CU_ASSERT_FATAL(list_encode(l, &octets, &len));
	for (size_t i = 0; i < 8 * len; i++) {
		struct list *damaged;

		octets[i / 8] ^= (uint8_t)(1u << (i % 8));
		damaged = list_decode("test", "test.pack", bytes_of(octets, len), NULL, NULL, diag);
		octets[i / 8] ^= (uint8_t)(1u << (i % 8));
		if (damaged != NULL) {
			ask_everything(damaged);
			list_unref(damaged);
		} else {
			refused++;
		}
		diag_clear(diag);
		memset(diag, 0, sizeof(*diag));
	}
	for (size_t cut = 0; cut < len; cut++) { /* no part of it is a section */
		CU_ASSERT_PTR_NULL(
			list_decode("test", "test.pack", bytes_of(octets, cut), NULL, NULL, diag));
		diag_clear(diag);
		memset(diag, 0, sizeof(*diag));
	}
	CU_ASSERT(refused > 4 * len);
	free(octets);
	list_unref(l);
	diag_done(diag);
}

static void test_damaged_sections(void)
{
	check_damage(LIST_NUMBER, "1,one\n12\n447700900001,x\n447700900002\n44*\n100-200,r\n");
	check_damage(LIST_SENDER, "MyBank,b\nPost\n");
	check_damage(LIST_HOST, "example.com\na.b/c\n");
	check_damage(LIST_IP, "10.0.0.0/8,ten\n::1\n");
}

static void test_live_base(void)
{
	struct list *live = read_list(LIST_NUMBER, "1\n2\n3*\n");
	struct list *version = change(live, "+9\n");
	struct diag *diag = diag_new();
	uint8_t hash[LIST_HASH_SIZE];
	struct list *l;

	list_hash(live, hash);
	/* no octets are needed: it is the base of one that lives */
	l = list_decode("test", "test.pack", bytes_of(NULL, 0), hash, version, diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	check_print(l, "1\n2\n3*\n"); /* its base, not its changes */
	list_unref(l);
	hash[0] ^= 1;
	CU_ASSERT_PTR_NULL(
		list_decode("test", "test.pack", bytes_of(NULL, 0), hash, version, diag));
	CU_ASSERT_EQUAL(diag->n_errors, 1);
	list_unref(live);
	list_unref(version);
	diag_done(diag);
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
		[LIST_HOST] = 1 };
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
	{ "accounts", test_accounts }, { "hosts", test_hosts }, { "networks", test_networks },
	{ "errors", test_errors }, { "many errors", test_many_errors },
	{ "warnings", test_warnings }, { "change", test_change },
	{ "change errors", test_change_errors }, { "change senders", test_change_senders },
	{ "changes against text", test_changes_against_text },
	{ "overlay grows", test_overlay_grows }, { "damaged sections", test_damaged_sections },
	{ "live base", test_live_base }, { "kinds", test_kinds }, { "set", test_set })
