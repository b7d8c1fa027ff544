/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and keys of limits, and their state across a restart. */
#include "tests/dataplane/verdict/limit_rig.h"

/* ---- names and keys ---- */

static void test_names(void)
{
	static const struct {
		const char *text;
		uint8_t key;
		uint8_t digits;
	} good[] = {
		{ "originator", LIMIT_KEY_ORIGINATOR, 0 },
		{ "originator_prefix:6", LIMIT_KEY_ORIGINATOR_PREFIX, 6 },
		{ "destination_prefix:15", LIMIT_KEY_DESTINATION_PREFIX, 15 },
		{ "url_host", LIMIT_KEY_URL_HOST, 0 },
		{ "rule", LIMIT_KEY_RULE, 0 },
	};
	static const char *const bad[] = { "", "origin", "originator_prefix",
		"originator_prefix:", "originator_prefix:0", "originator_prefix:16",
		"originator_prefix:6x", "originator_prefix:+6", "originator:6", "originator " };
	char text[LIMIT_KEY_TEXT_SIZE];
	enum limit_kind kind;
	enum limit_count count;
	uint8_t key;
	uint8_t digits;

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_TRUE(limit_key_parse(good[i].text, &key, &digits));
		CU_ASSERT(key == good[i].key && digits == good[i].digits);
		CU_ASSERT_STRING_EQUAL(limit_key_text(key, digits, text), good[i].text);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_FALSE(limit_key_parse(bad[i], &key, &digits));
	}
	for (unsigned i = 0; i < LIMIT_KIND_COUNT; i++) {
		CU_ASSERT_TRUE(limit_kind_parse(limit_kind_name((enum limit_kind)i), &kind));
		CU_ASSERT_EQUAL((unsigned)kind, i);
	}
	for (unsigned i = 0; i < LIMIT_COUNTS; i++) {
		CU_ASSERT_TRUE(limit_count_parse(limit_count_name((enum limit_count)i), &count));
		CU_ASSERT_EQUAL((unsigned)count, i);
	}
	CU_ASSERT_FALSE(limit_kind_parse("rates", &kind));
	CU_ASSERT_FALSE(limit_count_parse("part", &count));
}

static const char *wrong(void (*change)(struct limit_rule *))
{
	struct limit_rule r = rig_rate("figures", 60, 60 * RIG_SECOND, 60);
	const char *text;

	change(&r);
	text = limit_prepare(&r);
	return text != NULL ? text : "";
}

static void no_max(struct limit_rule *r)
{
	r->max = 0;
}
static void too_fast(struct limit_rule *r)
{
	r->max = 1000001;
	r->per_us = RIG_SECOND;
}
static void long_burst(struct limit_rule *r)
{
	r->max = 1;
	r->per_us = RIG_DAY;
	r->burst = 100000;
}
static void no_time(struct limit_rule *r)
{
	r->per_us = 0;
}
static void no_name(struct limit_rule *r)
{
	memset(r->name, 0, sizeof(r->name));
}
static void redacts(struct limit_rule *r)
{
	r->action = ACTION_REDACT;
}
static void ratio_of_two(struct limit_rule *r)
{
	r->kind = LIMIT_RATIO;
	r->percent = 10;
	r->n_keys = 2;
	r->keys[1] = LIMIT_KEY_DESTINATION;
}
static void grey_for_ever(struct limit_rule *r)
{
	r->kind = LIMIT_GREY;
	r->keep_us = RIG_SECOND;
	r->delay_us = RIG_SECOND;
}
static void bare_prefix(struct limit_rule *r)
{
	r->keys[0] = LIMIT_KEY_ORIGINATOR_PREFIX;
}

static void test_figures(void)
{
	struct limit_rule r = rig_rate("edge", 1000000, RIG_SECOND, 0);

	CU_ASSERT_EQUAL(r.interval_ns, 1000);
	r = rig_rate("edge", 1, LIMIT_PER_MAX_US, 1);
	CU_ASSERT_EQUAL(r.full_ns, LIMIT_PER_MAX_US * 1000);
	CU_ASSERT_STRING_EQUAL(wrong(no_max), "rate: at least 1, at most 1000000 a second");
	CU_ASSERT_STRING_EQUAL(wrong(too_fast), "rate: at least 1, at most 1000000 a second");
	CU_ASSERT_STRING_EQUAL(
		wrong(long_burst), "burst: it would take more than 31 years to be there again");
	CU_ASSERT_STRING_EQUAL(wrong(no_time), "per: 1 ms to 366 days");
	CU_ASSERT_STRING_EQUAL(wrong(no_name), "name: 1 to 19 characters");
	CU_ASSERT_STRING_EQUAL(wrong(redacts), "action: report, throttle, blank or reject");
	CU_ASSERT_STRING_EQUAL(wrong(ratio_of_two), "key: a ratio is one of [ \"originator\" ]");
	CU_ASSERT_STRING_EQUAL(wrong(grey_for_ever), "delay: less than keep");
	CU_ASSERT_STRING_EQUAL(wrong(bare_prefix), "key: no such field");
}

/* reads: the plain hash of a key of two fields as it is written. */
static uint64_t reads(uint8_t first, uint8_t second, const char *text)
{
	struct limit_rule r = { .n_keys = second != LIMIT_KEY_COUNT ? 2 : 1,
		.keys = { first, second },
		.digits = { first == LIMIT_KEY_ORIGINATOR_PREFIX ? 5 : 0 } };
	struct limit_key_value k;

	return limit_key_read(&r, text, &k) ? limit_key_plain(&k) : 0;
}

static void test_keys(void)
{
	static const uint8_t none = LIMIT_KEY_COUNT;
	struct limit_rule open = { .n_keys = 0 };
	struct limit_key_value k;
	char text[200];

	CU_ASSERT_TRUE(limit_key_read(&open, "", &k));
	CU_ASSERT_FALSE(limit_key_read(&open, "x", &k));
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_ORIGINATOR, none, "+447700900001"),
		reads(LIMIT_KEY_ORIGINATOR, none, "447700900001"));
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_ORIGINATOR, none, "BANK"),
		reads(LIMIT_KEY_ORIGINATOR, none, "Bank"));
	CU_ASSERT_NOT_EQUAL(
		reads(LIMIT_KEY_ORIGINATOR, none, "Bank, Ltd"), 0); /* one key: no cut */
	CU_ASSERT_NOT_EQUAL(reads(LIMIT_KEY_ORIGINATOR, LIMIT_KEY_ACCOUNT, "1,2"),
		reads(LIMIT_KEY_ORIGINATOR, LIMIT_KEY_ACCOUNT, "2,1"));
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_ORIGINATOR, LIMIT_KEY_ACCOUNT, "1"), 0);
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_ORIGINATOR, none, ""), 0);
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_ORIGINATOR_PREFIX, none, "447700900001"),
		reads(LIMIT_KEY_ORIGINATOR_PREFIX, none, "44770"));
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_ORIGINATOR_PREFIX, none, "4477"), 0);
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_IMSI, none, "abc"), 0);
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_FROM_IP, none, "::ffff:192.0.2.1"),
		reads(LIMIT_KEY_FROM_IP, none, "192.0.2.1"));
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_FROM_IP, none, "192.0.2.256"), 0);
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_SIDE, none, "left"), 0);
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_ORIGINATOR_COUNTRY, none, "gb"),
		reads(LIMIT_KEY_ORIGINATOR_COUNTRY, none, "GB"));
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_URL_HOST, none, "Shop.Example"),
		reads(LIMIT_KEY_URL_HOST, none, "shop.example"));
	CU_ASSERT_NOT_EQUAL(reads(LIMIT_KEY_ACCOUNT, none, "Shop"),
		reads(LIMIT_KEY_ACCOUNT, none, "shop")); /* as SMPP compares it */
	CU_ASSERT_EQUAL(reads(LIMIT_KEY_TEXT_SHAPE, none, "Your code is 123456"),
		reads(LIMIT_KEY_TEXT_SHAPE, none, "your code is 98"));
	CU_ASSERT_NOT_EQUAL(reads(LIMIT_KEY_TEXT, none, "your code is 123456"),
		reads(LIMIT_KEY_TEXT, none, "your code is 98"));
	/* long values differ in their last octet, and from what they are cut to */
	memset(text, 'a', sizeof(text));
	text[199] = '\0';
	{
		uint64_t one = reads(LIMIT_KEY_ACCOUNT, none, text);

		text[198] = 'b';
		CU_ASSERT_NOT_EQUAL(reads(LIMIT_KEY_ACCOUNT, none, text), one);
	}
}

/* Numbers as people write them are the digits that messages have; names stay names. */
static void test_numbers(void)
{
	static const struct {
		uint8_t key;
		const char *text;
		const char *value; /* NULL: it is refused */
	} rows[] = {
		{ LIMIT_KEY_ORIGINATOR, "4477 0090 0001", "447700900001" },
		{ LIMIT_KEY_ORIGINATOR, "+44 (7700) 900-001", "447700900001" },
		{ LIMIT_KEY_DESTINATION, "0044.7700.900001", "447700900001" },
		{ LIMIT_KEY_MSISDN, "+44 020 7946 0001", "442079460001" },
		{ LIMIT_KEY_SMSC, "+1 2", "12" },
		{ LIMIT_KEY_ORIGINATOR, "80080", "80080" },
		{ LIMIT_KEY_ORIGINATOR, "24 7", "24 7" },
		{ LIMIT_KEY_ORIGINATOR, "Bank 24-7", "bank 24-7" },
		{ LIMIT_KEY_ORIGINATOR, "+", "+" },
		{ LIMIT_KEY_ORIGINATOR, "44+7700900001", "44+7700900001" },
		{ LIMIT_KEY_ORIGINATOR, "12345678901234567890123456789012",
			"12345678901234567890123456789012" },
		{ LIMIT_KEY_NUMBER, "0044 7700 900001", "447700900001" },
		{ LIMIT_KEY_NUMBER, "0800 1234", "08001234" },
		{ LIMIT_KEY_NUMBER, "call", NULL },
		{ LIMIT_KEY_NUMBER, "-", NULL },
		{ LIMIT_KEY_IMSI, "001010123456789", "001010123456789" },
		{ LIMIT_KEY_IMSI, "00101 0123456789", NULL },
		{ LIMIT_KEY_ORIGINATOR_PREFIX, "+44 770", "44770" },
		{ LIMIT_KEY_ORIGINATOR_PREFIX, "+44 77", NULL },
		{ LIMIT_KEY_ORIGINATOR_PREFIX, "bank", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t key = reads(rows[i].key, LIMIT_KEY_COUNT, rows[i].text);
		struct limit_key_value k;

		limit_key_begin(&k);
		if (rows[i].value != NULL) {
			limit_key_put(&k, bytes_str(rows[i].value));
		}
		CU_ASSERT_EQUAL(key, rows[i].value != NULL ? limit_key_plain(&k) : 0);
		if (key != (rows[i].value != NULL ? limit_key_plain(&k) : 0)) {
			printf("    \"%s\" is another key\n", rows[i].text);
		}
	}
}

static void test_named(void)
{
	static struct limit_named named[100];

	for (unsigned i = 0; i < 100; i++) {
		named[i] = (struct limit_named){ .key = i * UINT64_C(0x9E3779B97F4A7C15) };
	}
	limit_named_sort(named, 100);
	for (unsigned i = 0; i < 100; i++) {
		CU_ASSERT_TRUE(limit_named_has(named, 100, i * UINT64_C(0x9E3779B97F4A7C15)));
		CU_ASSERT_FALSE(limit_named_has(named, 100, 1 + i * UINT64_C(0x9E3779B97F4A7C15)));
	}
	CU_ASSERT_FALSE(limit_named_has(named, 0, 0));
}

/* ---- the state ---- */

struct state {
	struct limits *l;
	struct limit_rule rate;
	struct limit_rule grey;
	struct limit_rule spread;
	struct limit_rule ratio;
	uint8_t *octets;
	size_t len;
};

enum { KEYS = 50 };

static void fill_state(struct state *s)
{
	s->l = rig_table(4096, 256, 256, 1);
	s->rate = rig_rate("rate", 60, 3600 * RIG_SECOND, 60);
	s->grey = rig_rule("grey", LIMIT_GREY);
	s->spread = rig_rule("spread", LIMIT_DISTINCT);
	s->ratio = rig_rule("ratio", LIMIT_RATIO);
	for (uint64_t key = 0; key < KEYS; key++) {
		CU_ASSERT_TRUE(rig_admits(s->l, &s->rate, key, 1 + (uint32_t)key, RIG_NOW));
		CU_ASSERT_FALSE(rig_admits(s->l, &s->grey, key, 1, RIG_NOW));
		for (uint64_t v = 0; v < key; v++) {
			CU_ASSERT_TRUE(rig_reaches(s->l, &s->spread, key, v, RIG_NOW));
			CU_ASSERT_TRUE(rig_admits(s->l, &s->ratio, key, 1, RIG_NOW));
			limits_answered(s->l, 0, &s->ratio, rig_key(s->l, &s->ratio, key), RIG_NOW);
		}
		if (key % 2 == 0) {
			CU_ASSERT_TRUE(
				rig_admits(s->l, &s->grey, key, 1, RIG_NOW + 60 * RIG_SECOND));
		}
	}
	s->len = limits_save(s->l, RIG_NOW + 100 * RIG_SECOND, NULL, 0);
	s->octets = malloc(s->len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->octets);
	CU_ASSERT_EQUAL(limits_save(s->l, RIG_NOW + 100 * RIG_SECOND, s->octets, s->len), s->len);
}

static void free_state(struct state *s)
{
	free(s->octets);
	free(s->l);
}

static bool same_fill(struct limits *a, struct limits *b, const struct limit_rule *r, uint64_t key,
	uint64_t now_us)
{
	struct limit_fill x;
	struct limit_fill y;

	limits_fill(a, r, rig_key(a, r, key), now_us, &x);
	limits_fill(b, r, rig_key(b, r, key), now_us, &y);
	return x.known == y.known && x.used == y.used && x.max == y.max && x.answers == y.answers &&
	       x.admitted == y.admitted && x.wait_us == y.wait_us;
}

/* Into a table of another size, ten minutes later: each key is as full as it would have been. */
static void test_restart(void)
{
	struct state s;
	struct limits *l = rig_table(1000, 300, 300, 2);
	uint64_t now_us = RIG_NOW + 600 * RIG_SECOND;
	uint64_t key = 0;

	fill_state(&s);
	CU_ASSERT_TRUE(limits_saved_key(bytes_of(s.octets, s.len), &key));
	CU_ASSERT_EQUAL(key, 0x5eed);
	CU_ASSERT_TRUE(limits_load(l, bytes_of(s.octets, s.len), now_us));
	for (uint64_t k = 0; k < KEYS + 5; k++) {
		CU_ASSERT_TRUE(same_fill(s.l, l, &s.rate, k, now_us));
		CU_ASSERT_TRUE(same_fill(s.l, l, &s.grey, k, now_us));
		CU_ASSERT_TRUE(same_fill(s.l, l, &s.spread, k, now_us));
		CU_ASSERT_TRUE(same_fill(s.l, l, &s.ratio, k, now_us));
	}
	for (uint64_t k = 20; k < 30; k++) { /* and goes on alike */
		while (rig_admits(s.l, &s.rate, k, 1, now_us)) {
			CU_ASSERT_TRUE(rig_admits(l, &s.rate, k, 1, now_us));
		}
		CU_ASSERT_FALSE(rig_admits(l, &s.rate, k, 1, now_us));
		CU_ASSERT_TRUE(rig_reaches(l, &s.spread, k, 3, now_us));
	}
	free(l);
	free_state(&s);
}

/* Half a day later some have run out; the window goes on where it was. */
static void test_late(void)
{
	struct state s;
	struct limits *l = rig_table(4096, 256, 256, 1);
	static struct limits_walked walked[LIMIT_SLOTS];
	uint64_t now_us = RIG_NOW + RIG_DAY / 2;

	fill_state(&s);
	CU_ASSERT_TRUE(limits_load(l, bytes_of(s.octets, s.len), now_us));
	for (uint64_t k = 0; k < KEYS; k++) {
		CU_ASSERT_TRUE(same_fill(s.l, l, &s.rate, k, now_us));
		CU_ASSERT_TRUE(same_fill(s.l, l, &s.grey, k, now_us));
		CU_ASSERT_TRUE(same_fill(s.l, l, &s.spread, k, now_us));
		CU_ASSERT_TRUE(same_fill(s.l, l, &s.ratio, k, now_us));
	}
	free(l);
	l = rig_table(4096, 256, 256, 1);
	CU_ASSERT_TRUE(limits_load(l, bytes_of(s.octets, s.len), RIG_NOW + 3 * RIG_DAY));
	CU_ASSERT_EQUAL(limits_walk(l, RIG_NOW + 3 * RIG_DAY, walked), 4);
	CU_ASSERT(walked[0].live + walked[1].live + walked[2].live + walked[3].live == 0);
	free(l);
	/* a clock that is behind the one it was saved by */
	l = rig_table(4096, 256, 256, 1);
	CU_ASSERT_TRUE(limits_load(l, bytes_of(s.octets, s.len), RIG_NOW - RIG_DAY));
	CU_ASSERT_FALSE(rig_admits(l, &s.rate, 49, 60, RIG_NOW - RIG_DAY));
	free(l);
	free_state(&s);
}

/* Damage: nothing is taken over, whatever is changed or cut. */
static void test_damage(void)
{
	struct state s;
	struct limits *l = rig_table(4096, 256, 256, 1);
	const struct limits_config other = { 64, 8, 8, 0xbad, 1 };
	struct limits *stranger = aligned_alloc(64, limits_size(&other));
	static struct limits_walked walked[LIMIT_SLOTS];
	uint64_t key;

	CU_ASSERT_PTR_NOT_NULL_FATAL(stranger);
	memset(stranger, 0, limits_size(&other));
	fill_state(&s);
	for (size_t at = 0; at < s.len; at += at < 64 || at + 64 > s.len ? 1 : 61) {
		s.octets[at] ^= 0x10;
		CU_ASSERT_FALSE(limits_load(l, bytes_of(s.octets, s.len), RIG_NOW));
		s.octets[at] ^= 0x10;
		CU_ASSERT_FALSE(limits_load(l, bytes_of(s.octets, at), RIG_NOW));
		CU_ASSERT_FALSE(limits_saved_key(bytes_of(s.octets, at), &key));
	}
	CU_ASSERT_EQUAL(limits_walk(l, RIG_NOW, walked), 0);
	CU_ASSERT_FALSE(
		limits_load(limits_init(stranger, &other), bytes_of(s.octets, s.len), RIG_NOW));
	free(stranger);
	free(l);
	free_state(&s);
}

UNIT_MAIN("limit_state", { "names", test_names }, { "figures", test_figures },
	{ "keys", test_keys }, { "numbers", test_numbers }, { "named", test_named },
	{ "restart", test_restart }, { "late", test_late }, { "damage", test_damage })
