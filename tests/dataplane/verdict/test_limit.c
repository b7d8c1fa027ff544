/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/limit.h"

#include <pthread.h>

#include "tests/dataplane/verdict/limit_rig.h"

/* ---- rates ---- */

/* Another form of the algorithm (ITU-T I.371 A.2): a leaky bucket, in ns, of one key. */
struct bucket {
	uint64_t level;
	uint64_t last_ns;
};

static bool bucket_admits(struct bucket *b, const struct limit_rule *r, uint64_t now_ns)
{
	uint64_t gone = now_ns - b->last_ns;
	uint64_t level = b->level > gone ? b->level - gone : 0;

	if (level + r->interval_ns > r->interval_ns * (r->burst != 0 ? r->burst : r->max)) {
		return false;
	}
	b->level = level + r->interval_ns;
	b->last_ns = now_ns;
	return true;
}

/* Traffic of twice the rate, in clumps, over 20 times the limit's time (and a million messages). */
static void check_rate(uint32_t max, uint64_t per_us, uint32_t burst)
{
	struct limits *l = rig_table(64, 8, 8, 1);
	struct limit_rule r = rig_rate("rate", max, per_us, burst);
	uint64_t mean_us = per_us / max / 2 + 1;
	struct bucket b = { 0, RIG_NOW * 1000 };
	uint64_t now_us = RIG_NOW;
	uint64_t seed = max * 77 + per_us;
	uint64_t admitted = 0;
	uint64_t n = 0;
	bool same = true;

	while (n++ < 200000 && now_us < RIG_NOW + 20 * per_us) {
		bool ours = rig_admits(l, &r, 1, 1, now_us);

		same &= ours == bucket_admits(&b, &r, now_us * 1000);
		admitted += ours;
		now_us += rig_random(&seed) % 4 != 0 ? 0 : rig_random(&seed) % (8 * mean_us);
	}
	CU_ASSERT_TRUE(same);
	/* what may pass in that time: the burst and the rate, within 1 % */
	{
		double span = (double)(now_us - RIG_NOW) / (double)per_us;
		double most = (burst != 0 ? burst : max) + span * max;

		CU_ASSERT((double)admitted <= most + 1);
		printf("    %u in %llu us, burst %u: %llu of %llu, at most %.1f\n", max,
			(unsigned long long)per_us, burst, (unsigned long long)admitted,
			(unsigned long long)n, most);
	}
	free(l);
}

static void test_rates(void)
{
	check_rate(1, RIG_SECOND, 1);
	check_rate(60, 60 * RIG_SECOND, 60);
	check_rate(10, RIG_SECOND, 30);
	check_rate(7, 60 * RIG_SECOND, 3);
	check_rate(1000, RIG_DAY, 100);
	check_rate(1, RIG_DAY, 1);
	check_rate(1000000, RIG_SECOND, 5000);
	check_rate(3, 3600 * RIG_SECOND, 0);
}

/* A flood is cut to the rate: within 1 % of it after the burst, from 1 a day to a million a second. */
static void test_flood(void)
{
	static const struct {
		uint32_t max;
		uint64_t per_us;
		uint64_t step_us; /* of the flood */
	} cases[] = {
		{ 1000000, RIG_SECOND, 0 },
		{ 50000, RIG_SECOND, 5 },
		{ 100, RIG_SECOND, 1000 },
		{ 60, 60 * RIG_SECOND, 100000 },
		{ 1000, RIG_DAY, 10 * RIG_SECOND },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct limits *l = rig_table(64, 8, 8, 1);
		struct limit_rule r = rig_rate("flood", cases[i].max, cases[i].per_us, 2);
		uint64_t span_us = cases[i].step_us != 0 ? 20000 * cases[i].step_us : 20000;
		double expected = (double)span_us * cases[i].max / (double)cases[i].per_us;
		unsigned admitted = 0;

		for (uint64_t t = 0; t < span_us;
			t += cases[i].step_us != 0 ? cases[i].step_us : 1) {
			admitted += rig_admits(l, &r, 1, 1, RIG_NOW + t);
			admitted += cases[i].step_us == 0 && rig_admits(l, &r, 1, 1, RIG_NOW + t);
		}
		CU_ASSERT(admitted >= expected * 0.99 - 1 && admitted <= expected * 1.01 + 1);
		free(l);
	}
}

/* At the boundaries: burst, burst + 1, just before and at the next. */
static void test_boundaries(void)
{
	static const struct {
		uint32_t max;
		uint64_t per_us;
		uint32_t burst;
	} cases[] = { { 60, 60 * RIG_SECOND, 60 }, { 1, RIG_DAY, 1 }, { 1, RIG_DAY, 3 },
		{ 1, 1000, 1 }, { 10, RIG_SECOND, 100 }, { 1000, RIG_DAY, 50 } };

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct limits *l = rig_table(64, 8, 8, 1);
		struct limit_rule r =
			rig_rate("edge", cases[i].max, cases[i].per_us, cases[i].burst);
		uint64_t step_us = r.interval_ns / 1000;
		struct limit_fill f;

		for (unsigned k = 0; k < cases[i].burst; k++) {
			CU_ASSERT_TRUE(rig_admits(l, &r, 7, 1, RIG_NOW));
		}
		CU_ASSERT_FALSE(rig_admits(l, &r, 7, 1, RIG_NOW));
		limits_fill(l, &r, rig_key(l, &r, 7), RIG_NOW, &f);
		CU_ASSERT(f.known && f.used == cases[i].burst && f.max == cases[i].burst &&
			  f.per_mille == 1000 && f.wait_us == step_us);
		CU_ASSERT_FALSE(rig_admits(l, &r, 7, 1, RIG_NOW + step_us - 1));
		CU_ASSERT_TRUE(rig_admits(l, &r, 7, 1, RIG_NOW + step_us));
		CU_ASSERT_FALSE(rig_admits(l, &r, 7, 1, RIG_NOW + 2 * step_us - 1));
		CU_ASSERT_TRUE(rig_admits(l, &r, 8, 1, RIG_NOW)); /* another key */
		/* when it is at rest the whole burst is there again, and no more */
		for (unsigned k = 0; k <= cases[i].burst; k++) {
			uint64_t rest_us = RIG_NOW + (cases[i].burst + 1) * step_us;

			CU_ASSERT_EQUAL(rig_admits(l, &r, 7, 1, rest_us), k < cases[i].burst);
		}
		free(l);
	}
}

/* Clocks: one that begins at 0, one that steps back by a day, two that differ a little. */
static void test_clocks(void)
{
	struct limits *l = rig_table(64, 8, 8, 1);
	struct limit_rule r = rig_rate("clock", 10, RIG_SECOND, 10);

	for (unsigned k = 0; k < 10; k++) {
		CU_ASSERT_TRUE(rig_admits(l, &r, 1, 1, 0));
	}
	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 1, 0));
	CU_ASSERT_TRUE(rig_admits(l, &r, 1, 1, 100000));

	for (unsigned k = 0; k < 10; k++) {
		CU_ASSERT_TRUE(rig_admits(l, &r, 2, 1, RIG_NOW));
	}
	/* back by a day: full, but for no longer than a full burst */
	CU_ASSERT_FALSE(rig_admits(l, &r, 2, 1, RIG_NOW - RIG_DAY));
	CU_ASSERT_FALSE(rig_admits(l, &r, 2, 1, RIG_NOW - RIG_DAY + 1));
	{
		struct limit_fill f;

		limits_fill(l, &r, rig_key(l, &r, 2), RIG_NOW - RIG_DAY, &f);
		CU_ASSERT_EQUAL(f.per_mille, 1000);
	}
	CU_ASSERT_TRUE(rig_admits(l, &r, 2, 1, RIG_NOW + RIG_SECOND));
	/* another core's clock is 30 us behind: the sum is the same */
	for (unsigned k = 0; k < 9; k++) {
		CU_ASSERT_TRUE(rig_admits(l, &r, 3, 1, RIG_NOW - (k % 2) * 30));
	}
	CU_ASSERT_TRUE(rig_admits(l, &r, 3, 1, RIG_NOW));
	CU_ASSERT_FALSE(rig_admits(l, &r, 3, 1, RIG_NOW));
	free(l);
}

/* Several at once: all or none; more than the burst never. */
static void test_units(void)
{
	struct limits *l = rig_table(64, 8, 8, 1);
	struct limit_rule r = rig_rate("units", 60, 60 * RIG_SECOND, 60);

	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 61, RIG_NOW));
	CU_ASSERT_TRUE(rig_admits(l, &r, 1, 55, RIG_NOW));
	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 6, RIG_NOW));
	CU_ASSERT_TRUE(rig_admits(l, &r, 1, 5, RIG_NOW));
	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 1, RIG_NOW));
	CU_ASSERT_TRUE(rig_admits(l, &r, 1, 6, RIG_NOW + 6 * RIG_SECOND));
	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 255, RIG_NOW + RIG_DAY));
	free(l);
}

/* A push changes the rate: the same cell goes on. */
static void test_pushes(void)
{
	struct limits *l = rig_table(64, 8, 8, 1);
	struct limit_rule slow = rig_rate("pushed", 60, 60 * RIG_SECOND, 60);
	struct limit_rule fast = rig_rate("pushed", 600, 60 * RIG_SECOND, 600);
	struct limit_rule small = rig_rate("pushed", 60, 60 * RIG_SECOND, 5);
	struct limit_rule other = rig_rate("another", 60, 60 * RIG_SECOND, 60);
	unsigned n = 0;

	CU_ASSERT_EQUAL(rig_key(l, &slow, 1), rig_key(l, &fast, 1));
	CU_ASSERT_NOT_EQUAL(rig_key(l, &slow, 1), rig_key(l, &other, 1));
	for (unsigned i = 0; i < 30; i++) {
		CU_ASSERT_TRUE(rig_admits(l, &slow, 1, 1, RIG_NOW));
	}
	/* 30 s of a slow second's worth are 300 of 600 fast ones */
	while (rig_admits(l, &fast, 1, 1, RIG_NOW)) {
		n++;
	}
	CU_ASSERT_EQUAL(n, 300);
	/* full: of the small burst no more than a full one is left */
	CU_ASSERT_FALSE(rig_admits(l, &small, 1, 1, RIG_NOW));
	CU_ASSERT_FALSE(rig_admits(l, &small, 1, 1, RIG_NOW + 56 * RIG_SECOND - 1));
	CU_ASSERT_TRUE(rig_admits(l, &small, 1, 1, RIG_NOW + 56 * RIG_SECOND));
	CU_ASSERT_TRUE(rig_admits(l, &other, 1, 1, RIG_NOW));
	free(l);
}

/* A refusal gives back what was charged before it; what only reports or is in shadow does not refuse. */
static void test_together(void)
{
	struct limits *l = rig_table(1024, 8, 8, 1);
	struct limit_rule wide = rig_rate("wide", 100, 60 * RIG_SECOND, 100);
	struct limit_rule narrow = rig_rate("narrow", 10, 60 * RIG_SECOND, 10);
	struct limit_rule told = rig_rate("told", 5, 60 * RIG_SECOND, 5);
	struct limit_rule shadow = rig_rate("shadow", 3, 60 * RIG_SECOND, 3);
	struct limit_rule spread = rig_rule("spread", LIMIT_DISTINCT);
	struct limit_facts f;
	struct limit_fill fill;
	unsigned admitted = 0;

	told.action = ACTION_REPORT;
	for (unsigned i = 0; i < 20; i++) {
		uint64_t element = limits_element(l, bytes_of(&i, sizeof(i)));
		struct limit_charge c[] = { rig_charge(l, &wide, 1, 1), rig_charge(l, &told, 1, 1),
			rig_charge(l, &shadow, 1, 1), rig_charge(l, &spread, 1, 1),
			rig_charge(l, &narrow, 1, 1) };
		unsigned n = sizeof(c) / sizeof(c[0]);
		unsigned who;

		c[2].acts = false;
		c[3].elements = &element;
		c[3].n_elements = 1;
		who = limits_charge(l, 0, c, n, RIG_NOW);
		CU_ASSERT_EQUAL(who, i < 10 ? n : 4);
		admitted += who == n;
		CU_ASSERT_EQUAL(c[1].exceeded, i >= 5);
		CU_ASSERT_EQUAL(c[2].exceeded, i >= 3);
	}
	CU_ASSERT_EQUAL(admitted, 10);
	limits_fill(l, &wide, rig_key(l, &wide, 1), RIG_NOW, &fill);
	CU_ASSERT_EQUAL(fill.used, 10);
	limits_fill(l, &spread, rig_key(l, &spread, 1), RIG_NOW, &fill);
	CU_ASSERT_EQUAL(fill.used, 10);
	CU_ASSERT_TRUE(limits_facts(l, "narrow", &f));
	CU_ASSERT(f.admitted == 10 && f.exceeded == 10 && f.shadow == 0);
	CU_ASSERT_TRUE(limits_facts(l, "wide", &f));
	CU_ASSERT(f.admitted == 10 && f.exceeded == 0);
	CU_ASSERT_TRUE(limits_facts(l, "told", &f));
	CU_ASSERT(f.admitted == 5 && f.exceeded == 15);
	CU_ASSERT_TRUE(limits_facts(l, "shadow", &f));
	CU_ASSERT(f.admitted == 3 && f.shadow == 17 && f.exceeded == 0);
	CU_ASSERT_FALSE(limits_facts(l, "nobody", &f));
	free(l);
}

static bool only_kept(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "kept") == 0;
}

static void test_control(void)
{
	struct limits *l = rig_table(4096, 64, 64, 1);
	struct limit_rule kept = rig_rate("kept", 10, 60 * RIG_SECOND, 10);
	struct limit_rule gone = rig_rule("gone", LIMIT_DISTINCT);
	struct limit_rule grey = rig_rule("grey", LIMIT_GREY);
	static struct limits_walked walked[LIMIT_SLOTS];
	struct limit_facts f;

	for (uint64_t i = 0; i < 20; i++) {
		CU_ASSERT_TRUE(rig_admits(l, &kept, i, 10, RIG_NOW));
		CU_ASSERT_TRUE(rig_reaches(l, &gone, i, i, RIG_NOW));
		CU_ASSERT_FALSE(rig_admits(l, &grey, i, 1, RIG_NOW));
	}
	CU_ASSERT_EQUAL(limits_walk(l, RIG_NOW, walked), 3);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(walked[i].live, 20);
	}
	CU_ASSERT_FALSE(rig_admits(l, &kept, 3, 1, RIG_NOW));
	CU_ASSERT_EQUAL(limits_reset_key(l, &kept, rig_key(l, &kept, 3), RIG_NOW), 1);
	CU_ASSERT_EQUAL(limits_reset_key(l, &kept, rig_key(l, &kept, 3), RIG_NOW), 0);
	CU_ASSERT_TRUE(rig_admits(l, &kept, 3, 10, RIG_NOW));
	CU_ASSERT_FALSE(rig_admits(l, &kept, 4, 1, RIG_NOW));
	CU_ASSERT_EQUAL(limits_reset(l, "kept", RIG_NOW), 20);
	CU_ASSERT_TRUE(rig_admits(l, &kept, 4, 1, RIG_NOW));
	CU_ASSERT_EQUAL(limits_reset_key(l, &gone, rig_key(l, &gone, 3), RIG_NOW), 1);
	CU_ASSERT_EQUAL(limits_reset(l, "gone", RIG_NOW), 19);
	CU_ASSERT_EQUAL(limits_reset(l, "nobody", RIG_NOW), 0);
	CU_ASSERT_EQUAL(limits_retire(l, only_kept, NULL, RIG_NOW), 2);
	CU_ASSERT_EQUAL(limits_walk(l, RIG_NOW, walked), 1);
	CU_ASSERT_STRING_EQUAL(walked[0].name, "kept");
	CU_ASSERT_FALSE(limits_facts(l, "gone", &f));
	/* a cell that has run out is none */
	CU_ASSERT_EQUAL(limits_walk(l, RIG_NOW + RIG_DAY, walked), 1);
	CU_ASSERT_EQUAL(walked[0].live, 0);
	free(l);
}

/* More limits than there are slots: those beyond admit, and are counted; retiring makes room. */
static void test_slots(void)
{
	struct limits *l = rig_table(4096, 8, 8, 1);
	static struct limits_walked walked[LIMIT_SLOTS];
	unsigned refused = 0;

	for (unsigned i = 0; i < LIMIT_SLOTS + 10; i++) {
		struct limit_rule r;
		char name[LIMIT_NAME_SIZE];

		(void)snprintf(name, sizeof(name), "limit-%u", i);
		r = rig_rate(name, 1, RIG_DAY, 1);
		CU_ASSERT_TRUE(rig_admits(l, &r, i, 1, RIG_NOW));
		refused += !rig_admits(l, &r, i, 1, RIG_NOW);
	}
	CU_ASSERT_EQUAL(refused, LIMIT_SLOTS);
	CU_ASSERT_EQUAL(limits_walk(l, RIG_NOW, walked), LIMIT_SLOTS);
	CU_ASSERT_EQUAL(limits_retire(l, only_kept, NULL, RIG_NOW), LIMIT_SLOTS);
	{
		struct limit_rule r = rig_rate("kept", 1, RIG_DAY, 1);

		CU_ASSERT_TRUE(rig_admits(l, &r, 1, 1, RIG_NOW));
		CU_ASSERT_FALSE(rig_admits(l, &r, 1, 1, RIG_NOW));
	}
	free(l);
}

/* ---- grey ---- */

static void test_grey(void)
{
	struct limits *l = rig_table(64, 8, 8, 1);
	struct limit_rule r = rig_rule("grey", LIMIT_GREY);
	uint64_t at = RIG_NOW;
	struct limit_fill f;

	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 1, at));
	limits_fill(l, &r, rig_key(l, &r, 1), at, &f); /* in the same moment */
	CU_ASSERT(f.known && !f.admitted && f.wait_us == 60 * RIG_SECOND);
	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 1, at + 60 * RIG_SECOND - 1));
	limits_fill(l, &r, rig_key(l, &r, 1), at + 20 * RIG_SECOND, &f);
	CU_ASSERT(f.known && !f.admitted && f.wait_us == 40 * RIG_SECOND);
	CU_ASSERT_TRUE(rig_admits(l, &r, 1, 1, at + 60 * RIG_SECOND));
	CU_ASSERT_TRUE(rig_admits(l, &r, 1, 1, at + 61 * RIG_SECOND));
	limits_fill(l, &r, rig_key(l, &r, 1), at + 61 * RIG_SECOND, &f);
	CU_ASSERT(f.known && f.admitted && f.wait_us == 0);
	/* kept as long as it is seen */
	at += 61 * RIG_SECOND + RIG_DAY - 1;
	CU_ASSERT_TRUE(rig_admits(l, &r, 1, 1, at));
	CU_ASSERT_FALSE(rig_admits(l, &r, 1, 1, at + RIG_DAY)); /* then forgotten */
	/* a first sight that nobody came back to is forgotten, too */
	CU_ASSERT_FALSE(rig_admits(l, &r, 2, 1, RIG_NOW));
	CU_ASSERT_FALSE(rig_admits(l, &r, 2, 1, RIG_NOW + RIG_DAY));
	CU_ASSERT_TRUE(rig_admits(l, &r, 2, 1, RIG_NOW + RIG_DAY + 60 * RIG_SECOND));
	/* the clock steps back behind the first sight */
	CU_ASSERT_FALSE(rig_admits(l, &r, 3, 1, RIG_NOW));
	limits_fill(l, &r, rig_key(l, &r, 3), RIG_NOW - 1000 * RIG_SECOND, &f);
	CU_ASSERT(f.known && !f.admitted && f.wait_us == 60 * RIG_SECOND);
	CU_ASSERT_FALSE(rig_admits(l, &r, 3, 1, RIG_NOW - 1000 * RIG_SECOND));
	CU_ASSERT_TRUE(rig_admits(l, &r, 3, 1, RIG_NOW - 940 * RIG_SECOND));
	free(l);
}

/* ---- named keys ---- */

/* A table as full as can be: what is named keeps its cell, and so does a limit without keys. */
static void test_named(void)
{
	struct limits *l = rig_table(256, 16, 8, 1);
	struct limit_rule r = rig_rate("named", 5, RIG_DAY, 5);
	struct limit_rule spread = rig_rule("spread", LIMIT_DISTINCT);
	unsigned wrong = 0;

	for (unsigned i = 0; i < 5; i++) {
		struct limit_charge c = rig_charge(l, &r, 1, 1);
		struct limit_charge d = rig_charge(l, &spread, 1, 1);
		uint64_t element = limits_element(l, bytes_of(&i, sizeof(i)));

		c.exact = true;
		d.exact = true;
		d.elements = &element;
		d.n_elements = 1;
		CU_ASSERT_EQUAL(limits_charge(l, 0, &c, 1, RIG_NOW), 1);
		CU_ASSERT_EQUAL(limits_charge(l, 0, &d, 1, RIG_NOW), 1);
	}
	for (uint64_t i = 2; i < 10000; i++) {
		(void)rig_admits(l, &r, i, 1, RIG_NOW + i);
		(void)rig_reaches(l, &spread, i, i, RIG_NOW + i);
	}
	for (unsigned i = 0; i < 10; i++) {
		struct limit_charge c = rig_charge(l, &r, 1, 1);

		c.exact = true;
		wrong += limits_charge(l, 0, &c, 1, RIG_NOW + 10000) == 1;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	{
		struct limit_fill f;

		limits_fill(l, &spread, rig_key(l, &spread, 1), RIG_NOW + 10000, &f);
		CU_ASSERT_TRUE(f.known);
		CU_ASSERT_EQUAL(f.used, 5);
	}
	free(l);
}

/* Open keys beyond what the table has room for: errors are towards admitting; how many, measured. */
static void check_open(unsigned percent, double worst)
{
	enum { CELLS = 65536, ALLOWED = 4, SENT = 8 };
	struct limits *l = rig_table(CELLS, 8, 8, 1);
	struct limit_rule r = rig_rate("open", ALLOWED, RIG_DAY, ALLOWED);
	uint32_t n_keys = CELLS / 100 * percent;
	uint64_t admitted = 0;
	struct limit_facts f;
	double exact = (double)n_keys * ALLOWED;
	double error;

	for (unsigned round = 0; round < SENT; round++) {
		for (uint32_t k = 0; k < n_keys; k++) {
			admitted += rig_admits(l, &r, k, 1, RIG_NOW + round);
		}
	}
	CU_ASSERT_TRUE(limits_facts(l, "open", &f));
	error = ((double)admitted - exact) / exact * 100;
	printf("    %u %% of %u cells: %.3f %% more admitted than by exact counts, %llu forgotten\n",
		percent, (unsigned)CELLS, error, (unsigned long long)f.forgotten);
	CU_ASSERT((double)admitted >= exact);
	CU_ASSERT(error <= worst);
	CU_ASSERT_EQUAL(f.contended, 0);
	free(l);
}

static void test_open_keys(void)
{
	check_open(25, 0);
	check_open(50, 0.1);
	check_open(75, 2);
	check_open(100, 20);
	check_open(
		200, 100); /* each key is sent SENT times, twice what is allowed: all is admitted */
}

/* ---- threads ---- */

enum { THREADS = 4, ASKS = 100000, HOT_KEYS = 8 };

struct crowd {
	struct limits *l;
	const struct limit_rule *rate;
	const struct limit_rule *wide; /* refuses never; given back whenever `rate` refuses */
	unsigned worker;
	uint64_t admitted[HOT_KEYS];
};

static void *crowd_run(void *arg)
{
	struct crowd *c = arg;
	uint64_t seed = 0x1234567 + c->worker;

	for (unsigned i = 0; i < ASKS; i++) {
		uint64_t key = rig_random(&seed) % HOT_KEYS;
		struct limit_charge two[] = { rig_charge(c->l, c->wide, key, 1),
			rig_charge(c->l, c->rate, key, 1) };

		c->admitted[key] += limits_charge(c->l, c->worker, two, 2, RIG_NOW) == 2;
	}
	return NULL;
}

/* Four cores on the same eight keys: what is admitted is the limit, to the message. */
static void test_threads(void)
{
	enum { ALLOWED = 9000 };
	struct crowd crowd[THREADS];
	pthread_t thread[THREADS];
	struct limits *l = rig_table(4096, 8, 8, THREADS);
	struct limit_rule rate = rig_rate("threads", ALLOWED, RIG_DAY, ALLOWED);
	struct limit_rule wide = rig_rate("given-back", 1000000, RIG_DAY, 1000000);
	struct limit_facts f;
	uint64_t sum = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		crowd[i] = (struct crowd){ .l = l, .rate = &rate, .wide = &wide, .worker = i };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, crowd_run, &crowd[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		(void)pthread_join(thread[i], NULL);
	}
	for (unsigned k = 0; k < HOT_KEYS; k++) {
		uint64_t admitted = 0;
		struct limit_fill fill;

		for (unsigned i = 0; i < THREADS; i++) {
			admitted += crowd[i].admitted[k];
		}
		sum += admitted;
		limits_fill(l, &rate, rig_key(l, &rate, k), RIG_NOW, &fill);
		CU_ASSERT_EQUAL(fill.used, ALLOWED);
		limits_fill(l, &wide, rig_key(l, &wide, k), RIG_NOW, &fill);
		CU_ASSERT(fill.used <= admitted);
	}
	CU_ASSERT_TRUE(limits_facts(l, "threads", &f));
	/* a core that was stopped while it took a new cell may have kept others waiting: counted */
	CU_ASSERT(sum >= HOT_KEYS * ALLOWED && sum <= HOT_KEYS * ALLOWED + f.contended);
	CU_ASSERT_EQUAL(f.admitted, HOT_KEYS * ALLOWED);
	printf("    %llu admitted by 4 threads, %u allowed, %llu contended\n",
		(unsigned long long)sum, HOT_KEYS * ALLOWED, (unsigned long long)f.contended);
	free(l);
}

struct churn {
	struct limits *l;
	const struct limit_rule *rate;
	const struct limit_rule *spread;
	unsigned worker;
};

static void *churn_run(void *arg)
{
	struct churn *c = arg;
	uint64_t seed = 0x765432 + c->worker;

	for (unsigned i = 0; i < ASKS / 4; i++) {
		uint64_t key = rig_random(&seed) % 2000;

		struct limit_charge both[] = { rig_charge(c->l, c->rate, key, 1 + i % 3),
			rig_charge(c->l, c->spread, key % 100, 1) };
		uint64_t element = limits_element(c->l, bytes_of(&i, sizeof(i)));

		both[1].elements = &element;
		both[1].n_elements = 1;
		(void)limits_charge(c->l, c->worker, both, 2, RIG_NOW + i * 50);
		if (i % 1000 == 0) {
			(void)limits_reset(c->l, "churn", RIG_NOW + i * 50);
		}
	}
	return NULL;
}

/* A table much too small, resets and a save meanwhile: nothing breaks (for TSan, and counts that hold). */
static void test_churn(void)
{
	struct churn churn[THREADS];
	pthread_t thread[THREADS];
	struct limits *l = rig_table(256, 32, 8, THREADS);
	struct limit_rule rate = rig_rate("churn", 10, RIG_SECOND, 10);
	struct limit_rule spread = rig_rule("churn-spread", LIMIT_DISTINCT);
	uint8_t *out = malloc(1 << 20);
	static struct limits_walked walked[LIMIT_SLOTS];

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (unsigned i = 0; i < THREADS; i++) {
		churn[i] = (struct churn){ l, &rate, &spread, i };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, churn_run, &churn[i]), 0);
	}
	for (unsigned i = 0; i < 20; i++) {
		CU_ASSERT(limits_save(l, RIG_NOW, out, 1 << 20) <= 1 << 20);
		(void)limits_walk(l, RIG_NOW, walked);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		(void)pthread_join(thread[i], NULL);
	}
	CU_ASSERT_EQUAL(limits_walk(l, RIG_NOW, walked), 2);
	CU_ASSERT(walked[0].live <= 256 && walked[1].live <= 256);
	free(out);
	free(l);
}

UNIT_MAIN("limit", { "rates", test_rates }, { "flood", test_flood },
	{ "boundaries", test_boundaries }, { "clocks", test_clocks }, { "units", test_units },
	{ "pushes", test_pushes }, { "together", test_together }, { "control", test_control },
	{ "slots", test_slots }, { "grey", test_grey }, { "named", test_named },
	{ "open keys", test_open_keys }, { "threads", test_threads }, { "churn", test_churn })
