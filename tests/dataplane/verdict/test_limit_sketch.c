/* SPDX-License-Identifier: BSD-3-Clause */
/* Distinct and ratio limits against exact sets and counts. */
#include "tests/dataplane/verdict/limit_rig.h"

static struct limit_rule spread_of(uint32_t max, uint64_t per_us)
{
	struct limit_rule r = rig_rule("spread", LIMIT_DISTINCT);

	r.max = max;
	r.per_us = per_us;
	CU_ASSERT_PTR_NULL(limit_prepare(&r));
	return r;
}

static double root(double x)
{
	double r = x > 1 ? x : 1;

	for (unsigned i = 0; i < 40; i++) {
		r = (r + x / r) / 2;
	}
	return r;
}

/* ---- distinct ---- */

/* How many different values one key is let in with: the standard error of that, over many keys. */
static void check_error(uint32_t max, double worst_percent)
{
	const unsigned n_keys = max < 2000 ? 200 : 30;
	struct limits *l = rig_table(8, 800, 8, 1);
	struct limit_rule r = spread_of(max, RIG_DAY);
	bool known = true;
	double sum = 0;
	double squares = 0;
	double mean;
	double error;

	for (uint64_t key = 0; key < n_keys; key++) {
		uint64_t n = 0;
		double d;

		while (n < 2 * max + 100 && rig_reaches(l, &r, key, key << 32 | n, RIG_NOW + n)) {
			n++;
			/* what is known is let in again, and changes nothing, as long as there is room */
			known &= n % 64 != 0 || (max > LIMIT_DISTINCT_TOLD && n > max - max / 4) ||
			         rig_reaches(l, &r, key, key << 32 | n / 2, RIG_NOW + n);
		}
		d = ((double)n - max) / max * 100;
		sum += d;
		squares += d * d;
	}
	mean = sum / n_keys;
	error = squares / n_keys;
	printf("    max %u: off by %+.2f %% in the mean, standard error %.2f %%\n", max, mean,
		root(error));
	CU_ASSERT(root(error) <= worst_percent);
	CU_ASSERT(mean < 1.5 && mean > -1.5);
	CU_ASSERT_TRUE(known);
	free(l);
}

static void test_error(void)
{
	check_error(10, 10); /* one value: two of ten meet in one stamp of 1,024 */
	check_error(100, 3);
	check_error(500, 3);
	check_error(1000, 3.5);
	check_error(1026, 6); /* of a sample of 513 */
	check_error(5000, 6);
	check_error(20000, 6);
	check_error(33000, 6);
}

/* A key that is full stays full: of twice as many values no more than `max` are let in, sampled or not. */
static void test_holds(void)
{
	static const uint32_t maxima[] = { 15, 100, 128, 129, 1024, 1025, 5000, 100000 };

	for (unsigned i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
		struct limits *l = rig_table(8, 64, 8, 1);
		struct limit_rule r = spread_of(maxima[i], RIG_DAY);
		uint64_t max = maxima[i];
		uint64_t let_in = 0;

		for (uint64_t n = 0; n < 2 * max; n++) {
			let_in += rig_reaches(l, &r, 1, n, RIG_NOW);
		}
		printf("    max %u: %u of twice as many are let in\n", maxima[i], (unsigned)let_in);
		CU_ASSERT(let_in > max - max / 10 && let_in < max + max / 10);
		CU_ASSERT_EQUAL(rig_reaches(l, &r, 1, 0, RIG_NOW), max <= LIMIT_DISTINCT_TOLD);
		/* the window is over: there is room again */
		CU_ASSERT_TRUE(rig_reaches(l, &r, 1, 3 * max, RIG_NOW + RIG_DAY + RIG_DAY / 32));
		free(l);
	}
}

/* Few values are counted one by one. */
static void test_small(void)
{
	struct limits *l = rig_table(8, 1024, 8, 1);
	unsigned off = 0;

	for (uint32_t max = 1; max <= 4; max++) {
		struct limit_rule r = spread_of(max, RIG_DAY);

		for (uint64_t key = 0; key < 50; key++) {
			uint64_t k = 1000 * max + key;

			for (uint64_t value = 0; value < max; value++) {
				off += !rig_reaches(l, &r, k, value * 7919 + key, RIG_NOW);
			}
			off += rig_reaches(l, &r, k, 1000000 + key, RIG_NOW);
			off += !rig_reaches(l, &r, k, key, RIG_NOW); /* known */
		}
	}
	CU_ASSERT(off <= 3); /* two values of four in one stamp: 1 of 170 keys */
	free(l);
}

enum { WINDOW_VALUES = 3000 };

/* A window that slides: the estimate against the exact number of values in it, all the way. */
static void test_window(void)
{
	struct limits *l = rig_table(8, 64, 8, 1);
	struct limit_rule r = spread_of(1000, 6400 * RIG_SECOND);
	static uint64_t seen_us[WINDOW_VALUES];
	uint64_t seed = 4711;
	uint64_t now_us = RIG_NOW;
	double squares = 0;
	double worst = 0;
	unsigned n = 0;

	memset(seen_us, 0, sizeof(seen_us));
	r.action = ACTION_REPORT;
	for (unsigned i = 0; i < 40000; i++) {
		uint64_t value = rig_random(&seed) % 1200;
		struct limit_fill f;
		unsigned exact = 0;
		double off;

		value += i / 10000 * 600; /* others come, some stay away */
		now_us += rig_random(&seed) % (8 * RIG_SECOND);
		if (!rig_reaches(l, &r, 5, value, now_us)) {
			continue;
		}
		seen_us[value] = now_us;
		if (i % 100 != 99) {
			continue;
		}
		for (unsigned v = 0; v < WINDOW_VALUES; v++) {
			exact += seen_us[v] != 0 && now_us - seen_us[v] < r.per_us;
		}
		limits_fill(l, &r, rig_key(l, &r, 5), now_us, &f);
		off = ((double)f.used - exact) / exact * 100;
		squares += off * off;
		worst = __builtin_fabs(off) > worst ? __builtin_fabs(off) : worst;
		n++;
	}
	printf("    window: %u times, standard error %.2f %%, worst %.2f %%\n", n,
		root(squares / n), worst);
	CU_ASSERT(n > 300);
	CU_ASSERT(root(squares / n) <= 4);
	CU_ASSERT(worst <= 12);
	free(l);
}

/* After a window of silence a key is at rest; a step back of the clock forgets nothing. */
static void test_rest(void)
{
	struct limits *l = rig_table(8, 64, 8, 1);
	struct limit_rule r = spread_of(10, 64 * RIG_SECOND);
	struct limit_fill f;

	for (uint64_t v = 0; v < 10; v++) {
		(void)rig_reaches(l, &r, 1, v, RIG_NOW);
	}
	CU_ASSERT_FALSE(rig_reaches(l, &r, 1, 100, RIG_NOW + 62 * RIG_SECOND));
	CU_ASSERT_FALSE(rig_reaches(l, &r, 1, 100, RIG_NOW + 10 * RIG_SECOND));
	CU_ASSERT_TRUE(rig_reaches(l, &r, 1, 3, RIG_NOW + 62 * RIG_SECOND));
	CU_ASSERT_TRUE(rig_reaches(l, &r, 1, 100, RIG_NOW + 66 * RIG_SECOND));
	limits_fill(l, &r, rig_key(l, &r, 1), RIG_NOW + 66 * RIG_SECOND, &f);
	CU_ASSERT_EQUAL(f.used, 2); /* 3 was seen again */
	limits_fill(l, &r, rig_key(l, &r, 1), RIG_NOW + 1000 * RIG_SECOND, &f);
	CU_ASSERT(!f.known && f.used == 0);
	/* for years: no stamp looks new again */
	for (uint64_t i = 0; i < 2000; i++) {
		CU_ASSERT_TRUE(rig_reaches(l, &r, 2, i % 9, RIG_NOW + i * 63 * RIG_SECOND));
	}
	limits_fill(l, &r, rig_key(l, &r, 2), RIG_NOW + 1999 * 63 * RIG_SECOND, &f);
	CU_ASSERT(f.used <= 2);
	free(l);
}

/* All recipients of one message together: none is kept if they are too many. */
static void test_many(void)
{
	enum { MANY = 60 };
	struct limits *l = rig_table(8, 64, 8, 1);
	struct limit_rule r = spread_of(100, RIG_DAY);
	struct limit_charge c = rig_charge(l, &r, 1, MANY);
	uint64_t elements[MANY];
	struct limit_fill f;

	c.elements = elements;
	c.n_elements = MANY;
	for (uint64_t i = 0; i < MANY; i++) {
		elements[i] = limits_element(l, bytes_of(&i, sizeof(i)));
	}
	CU_ASSERT_EQUAL(limits_charge(l, 0, &c, 1, RIG_NOW), 1);
	CU_ASSERT_EQUAL(limits_charge(l, 0, &c, 1, RIG_NOW), 1); /* the same ones */
	for (uint64_t i = 0; i < MANY; i++) {
		uint64_t other = i + 1000;

		elements[i] = limits_element(l, bytes_of(&other, sizeof(other)));
	}
	CU_ASSERT_EQUAL(limits_charge(l, 0, &c, 1, RIG_NOW), 0);
	limits_fill(l, &r, rig_key(l, &r, 1), RIG_NOW, &f);
	CU_ASSERT(f.used >= 56 && f.used <= 64);
	free(l);
}

enum { TOGETHER_MAX = 300, TWICE = 10 };

/* fits: one message of `n` recipients, all new but that TWICE are the first one again, after `before` others. */
static bool fits(
	struct limits *l, const struct limit_rule *r, uint64_t key, uint32_t before, uint32_t n)
{
	struct limit_charge c = rig_charge(l, r, key, n);
	static uint64_t elements[TOGETHER_MAX];

	for (uint64_t value = 0; value < before; value++) {
		(void)rig_reaches(l, r, key, key << 32 | value, RIG_NOW);
	}
	for (uint32_t i = 0; i < n; i++) {
		uint64_t value = key << 32 | (before + (i + TWICE < n ? i : 0));

		elements[i] = limits_element(l, bytes_of(&value, sizeof(value)));
	}
	c.elements = elements;
	c.n_elements = n;
	return limits_charge(l, 0, &c, 1, RIG_NOW) == 1;
}

/* What one message adds is counted as if its values had come alone: 10 % below `max` there is room. */
static void test_together(void)
{
	static const struct {
		uint32_t max;
		uint32_t before;
		uint32_t n;
	} rows[] = { { 100, 0, 100 }, { 128, 0, 125 }, { 100, 45, 55 }, { 300, 20, 260 },
		{ 1000, 650, 260 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct limits *l = rig_table(8, 800, 8, 1);
		struct limit_rule r = spread_of(rows[i].max, RIG_DAY);
		unsigned n = 0;

		for (uint64_t key = 0; key < 100; key++) {
			n += fits(l, &r, key, rows[i].before, rows[i].n);
		}
		printf("    max %u: %u more than %u together: let in of %u of 100 keys\n",
			rows[i].max, rows[i].n - TWICE, rows[i].before, n);
		CU_ASSERT(n >= 95);
		free(l);
	}
}

/* A push: another max goes on with what is known, another window begins anew. */
static void test_pushes(void)
{
	struct limits *l = rig_table(8, 64, 8, 1);
	struct limit_rule r = spread_of(10, RIG_DAY);
	struct limit_rule wider = spread_of(20, RIG_DAY);
	struct limit_rule shorter = spread_of(10, 3600 * RIG_SECOND);
	unsigned n = 0;

	for (uint64_t v = 0; v < 10; v++) {
		(void)rig_reaches(l, &r, 1, v, RIG_NOW);
	}
	CU_ASSERT_FALSE(rig_reaches(l, &r, 1, 50, RIG_NOW));
	for (uint64_t v = 100; rig_reaches(l, &wider, 1, v, RIG_NOW); v++) {
		n++;
	}
	CU_ASSERT(n >= 9 && n <= 11);
	CU_ASSERT_TRUE(rig_reaches(l, &shorter, 1, 50, RIG_NOW));
	free(l);
}

/* More keys than there is room for: the least full one is given away; how many are lost. */
static void test_open(void)
{
	enum { KEYS = 8192 };
	static const unsigned percents[] = { 25, 50, 100, 200 };

	for (unsigned i = 0; i < 4; i++) {
		struct limits *l = rig_table(8, KEYS, 8, 1);
		struct limit_rule r = spread_of(3, RIG_DAY);
		uint64_t n = KEYS / 100 * percents[i];
		struct limit_facts f;
		uint64_t let_in = 0;

		for (uint64_t v = 0; v < 6; v++) {
			for (uint64_t k = 0; k < n; k++) {
				let_in += rig_reaches(l, &r, k, v, RIG_NOW + v);
			}
		}
		CU_ASSERT_TRUE(limits_facts(l, "spread", &f));
		printf("    %u %% of %u keys: %.2f %% more values let in than by exact sets, %llu forgotten\n",
			percents[i], (unsigned)KEYS, ((double)let_in / (double)(3 * n) - 1) * 100,
			(unsigned long long)f.forgotten);
		CU_ASSERT((double)let_in >= 0.99 * (double)(3 * n)); /* two values in one stamp */
		CU_ASSERT(percents[i] > 50 || (double)let_in <= 1.03 * (double)(3 * n));
		free(l);
	}
}

/* ---- ratio ---- */

static void test_ratio(void)
{
	struct limits *l = rig_table(8, 8, 64, 1);
	struct limit_rule r = rig_rule("ratio", LIMIT_RATIO); /* 10 % of 100 a day */
	uint64_t key = rig_key(l, &r, 1);
	struct limit_fill f;
	unsigned n = 0;

	limits_answered(l, 0, &r, key, RIG_NOW); /* to somebody who sent nothing: not kept */
	for (; n < 1000 && rig_admits(l, &r, 1, 1, RIG_NOW + n); n++) {
	}
	CU_ASSERT_EQUAL(n, 100); /* nobody answered */
	limits_fill(l, &r, key, RIG_NOW + n, &f);
	CU_ASSERT(f.known && f.used == 100 && f.answers == 0 && f.max == 100);
	for (unsigned i = 0; i < 9; i++) {
		limits_answered(l, 0, &r, key, RIG_NOW + n);
	}
	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 1, RIG_NOW + n));
	limits_answered(l, 0, &r, key, RIG_NOW + n);
	CU_ASSERT_TRUE(rig_admits(l, &r, 1, 1, RIG_NOW + n));  /* 10 of 100 */
	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 1, RIG_NOW + n)); /* 10 of 101 */
	/* one who is answered may send as much as he likes */
	for (unsigned i = 0; i < 2000; i++) {
		CU_ASSERT_TRUE(rig_admits(l, &r, 2, 1, RIG_NOW + i));
		if (i % 8 == 0) {
			limits_answered(l, 0, &r, rig_key(l, &r, 2), RIG_NOW + i);
		}
	}
	/* what was sent a day ago does not count */
	CU_ASSERT_TRUE(rig_admits(l, &r, 1, 1, RIG_NOW + RIG_DAY + RIG_SECOND));
	free(l);
}

/* The counts of a window that slides in eighths against exact ones: between 7/8 of it and the whole. */
static void test_ratio_window(void)
{
	struct limits *l = rig_table(8, 8, 64, 1);
	struct limit_rule r = rig_rule("ratio", LIMIT_RATIO);
	uint64_t step_us = RIG_DAY / 1000;
	bool within = true;

	r.max = 100000;
	CU_ASSERT_PTR_NULL(limit_prepare(&r));
	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t now_us = RIG_NOW + i * step_us;
		struct limit_fill f;

		CU_ASSERT_TRUE(rig_admits(l, &r, 1, 1, now_us));
		if (i % 5 == 0) {
			limits_answered(l, 0, &r, rig_key(l, &r, 1), now_us);
		}
		limits_fill(l, &r, rig_key(l, &r, 1), now_us, &f);
		if (i > 1000) {
			within &= f.used >= 874 && f.used <= 1001;
			within &= f.answers >= 174 && f.answers <= 201;
		}
	}
	CU_ASSERT_TRUE(within);
	free(l);
}

UNIT_MAIN("limit_sketch", { "error", test_error }, { "holds", test_holds }, { "small", test_small },
	{ "window", test_window }, { "rest", test_rest }, { "many", test_many },
	{ "together", test_together }, { "pushes", test_pushes }, { "open keys", test_open },
	{ "ratio", test_ratio }, { "ratio window", test_ratio_window })
