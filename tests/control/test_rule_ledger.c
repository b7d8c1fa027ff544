/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts by id over generations: nothing is counted twice, lost, or goes back. */
#include "control/rule_ledger.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

enum { WORKERS = 2 };

struct made {
	struct generation generation;
	struct ruleset ruleset;
};

/* A generation with rules "FIRST".."FIRST+n-1". */
static struct made *make(uint32_t number, unsigned first, uint32_t n)
{
	struct made *m = calloc(1, sizeof(*m));

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	m->ruleset.rules = calloc(n + 1, sizeof(struct rule));
	m->ruleset.n_rules = n;
	m->generation.number = number;
	m->generation.ruleset = &m->ruleset;
	for (uint32_t i = 0; i < n; i++) {
		snprintf(m->ruleset.rules[i].id, RULE_ID_SIZE, "rule.%u", first + i);
	}
	for (unsigned w = 0; w < WORKERS; w++) {
		m->generation.counts[w] = calloc(n + 1, sizeof(struct rule_count));
	}
	return m;
}

static void unmake(struct made *m)
{
	for (unsigned w = 0; w < WORKERS; w++) {
		free(m->generation.counts[w]);
	}
	free(m->ruleset.rules);
	free(m);
}

static void hit(struct made *m, unsigned worker, uint32_t rule, uint64_t n, uint64_t at_us)
{
	struct rule_count *c = &m->generation.counts[worker][rule];

	c->hits += n;
	c->shadow += 2 * n;
	c->decided += 3 * n;
	c->octets += 4 * n;
	c->cycles += 5 * n;
	c->last_us = at_us;
}

static void check(const struct rule_ledger *l, const char *id, uint64_t n, uint64_t at_us)
{
	struct rule_count c = rule_ledger_read(l, id);

	CU_ASSERT_EQUAL(c.hits, n);
	CU_ASSERT_EQUAL(c.shadow, 2 * n);
	CU_ASSERT_EQUAL(c.decided, 3 * n);
	CU_ASSERT_EQUAL(c.octets, 4 * n);
	CU_ASSERT_EQUAL(c.cycles, 5 * n);
	CU_ASSERT_EQUAL(c.last_us, at_us);
}

static void test_over_generations(void)
{
	struct rule_ledger *l = rule_ledger_create();
	struct made *a = make(1, 0, 3); /* rule.0 rule.1 rule.2 */
	struct made *b = make(2, 2, 3); /* rule.2 rule.3 rule.4: at other places */
	struct rule_page *pa = rule_ledger_open(l, &a->generation, WORKERS);
	struct rule_page *pb;

	CU_ASSERT_PTR_NOT_NULL_FATAL(pa);
	hit(a, 0, 2, 10, 500);
	hit(a, 1, 2, 5, 400);
	rule_ledger_fold(l, pa);
	rule_ledger_fold(l, pa); /* as often as one likes */
	check(l, "rule.2", 15, 500);
	pb = rule_ledger_open(l, &b->generation, WORKERS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pb);
	CU_ASSERT_EQUAL(rule_ledger_rule(l, pb, 0).hits, 15);
	hit(b, 0, 0, 1, 600);
	hit(a, 0, 2, 2, 550); /* a worker that has not left it yet */
	rule_ledger_fold(l, pa);
	rule_ledger_fold(l, pb);
	check(l, "rule.2", 18, 600);
	hit(a, 1, 2, 1, 560);
	rule_ledger_close(l, pa);
	check(l, "rule.2", 19, 600);
	check(l, "rule.0", 0, 0);
	check(l, "nobody", 0, 0);
	CU_ASSERT_EQUAL(rule_ledger_ids(l), 5);
	CU_ASSERT_EQUAL(rule_count_total(&a->generation, WORKERS, 2).hits, 18);
	/* back again: what is counted goes on where it was */
	memset(a->generation.counts[0], 0, 3 * sizeof(struct rule_count));
	memset(a->generation.counts[1], 0, 3 * sizeof(struct rule_count));
	pa = rule_ledger_open(l, &a->generation, WORKERS);
	hit(a, 0, 2, 1, 700);
	rule_ledger_close(l, pa);
	check(l, "rule.2", 20, 700);
	rule_ledger_free(l); /* with a page that is open */
	unmake(a);
	unmake(b);
}

/* Ids that no generation has any more: the ones that went first are forgotten first, open ones never. */
static void test_ceiling(void)
{
	struct rule_ledger *l = rule_ledger_create();
	struct made *kept = make(1, 0, 10);
	struct rule_page *page = rule_ledger_open(l, &kept->generation, WORKERS);
	uint32_t most = 0;

	hit(kept, 0, 7, 9, 1);
	for (unsigned i = 0; i < 40; i++) {
		struct made *m = make(2 + i, 1000 + 8000 * i, 8000);
		struct rule_page *p = rule_ledger_open(l, &m->generation, WORKERS);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		hit(m, 0, 3, i + 1, 2);
		rule_ledger_close(l, p);
		unmake(m);
		most = rule_ledger_ids(l) > most ? rule_ledger_ids(l) : most;
	}
	CU_ASSERT(most <= RULE_LEDGER_CLOSED_MAX + 10);
	CU_ASSERT(most > RULE_LEDGER_CLOSED_MAX / 2);
	check(l, "rule.1003", 0, 0);    /* the first one */
	check(l, "rule.313003", 40, 2); /* the last one */
	rule_ledger_fold(l, page);
	check(l, "rule.7", 9, 1);
	rule_ledger_close(l, page);
	rule_ledger_free(l);
	unmake(kept);
}

/* One that is larger than what may be kept. */
static void test_large(void)
{
	struct rule_ledger *l = rule_ledger_create();
	uint32_t n = RULE_LEDGER_CLOSED_MAX + 5000;
	struct made *m = make(1, 0, n);
	struct rule_page *p = rule_ledger_open(l, &m->generation, WORKERS);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	hit(m, 1, n - 1, 4, 3);
	rule_ledger_fold(l, p);
	CU_ASSERT_EQUAL(rule_ledger_rule(l, p, n - 1).hits, 4);
	CU_ASSERT_EQUAL(rule_ledger_ids(l), n);
	rule_ledger_close(l, p);
	CU_ASSERT_EQUAL(rule_ledger_ids(l), 0);
	rule_ledger_free(l);
	unmake(m);
}

struct race {
	struct made *made;
	atomic_bool stop;
	uint64_t n;
};

/* As the judge counts. */
static void *count(void *arg)
{
	struct race *r = arg;
	struct rule_count *c = &r->made->generation.counts[0][1];

	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		__atomic_store_n(&c->hits, c->hits + 1, __ATOMIC_RELAXED);
		r->n++;
	}
	return NULL;
}

/* A worker counts while control folds: figures only grow, and in the end none is missing. */
static void test_race(void)
{
	struct rule_ledger *l = rule_ledger_create();
	struct race r = { .made = make(1, 0, 3) };
	struct rule_page *p = rule_ledger_open(l, &r.made->generation, WORKERS);
	uint64_t before = 0;
	pthread_t worker;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&worker, NULL, count, &r), 0);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t now;

		rule_ledger_fold(l, p);
		now = rule_ledger_read(l, "rule.1").hits;
		CU_ASSERT_FATAL(now >= before);
		before = now;
	}
	atomic_store(&r.stop, true);
	pthread_join(worker, NULL);
	rule_ledger_close(l, p);
	CU_ASSERT_EQUAL(rule_ledger_read(l, "rule.1").hits, r.n);
	rule_ledger_free(l);
	unmake(r.made);
}

UNIT_MAIN("rule_ledger", { "over generations", test_over_generations }, { "ceiling", test_ceiling },
	{ "large", test_large }, { "race", test_race })
