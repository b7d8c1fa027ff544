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
	{ "against a model", test_against_model }, { "networks", test_networks },
	{ "errors", test_errors }, { "many errors", test_many_errors },
	{ "warnings", test_warnings }, { "kinds", test_kinds }, { "set", test_set })
