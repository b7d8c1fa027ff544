/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_cost.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/unit.h"

static const char rules[] = "plain:/zebra/\n"
			    "link:/evil\\.example/ field=url\n"
			    "large:/alpha.{0,40}beta.{0,30}gamma/\n"
			    "sender:/^BANK/i field=sender view=folded\n";

struct bench {
	char path[64];
	struct diag diag;
	struct policy_set set;
	struct policy_cost cost;
};

static struct bench *bench_open(const char *text)
{
	struct bench *b = calloc(1, sizeof(*b));
	int fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	strcpy(b->path, "/tmp/test_policy_cost.XXXXXX");
	fd = mkstemp(b->path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	CU_ASSERT_TRUE_FATAL(policy_set_load(&b->set,
		&(struct policy_load){ .path = b->path, .default_action = ACTION_REPORT },
		&b->diag));
	CU_ASSERT_TRUE_FATAL(policy_cost_measure(&b->set, &b->cost, &b->diag));
	return b;
}

static void bench_close(struct bench *b)
{
	policy_cost_free(&b->cost);
	policy_set_free(&b->set);
	diag_clear(&b->diag);
	(void)unlink(b->path);
	free(b);
}

static void test_measure(void)
{
	struct bench *b = bench_open(rules);
	const struct policy_cost *c = &b->cost;

	CU_ASSERT_EQUAL(c->n_rules, 4);
	CU_ASSERT(c->message_ns > 0 && c->scratch_len > 0);
	CU_ASSERT(c->n_messages >= 50 && c->octets_mean > 40);
	CU_ASSERT_EQUAL(c->by_compile[0], 2);
	CU_ASSERT_EQUAL(c->by_database[0], 2);
	for (uint32_t i = 0; i + 1 < c->n_rules; i++) {
		CU_ASSERT(c->rules[c->by_message[i]].scan_ns >=
			  c->rules[c->by_message[i + 1]].scan_ns);
		CU_ASSERT(c->rules[c->by_database[i]].database_len >=
			  c->rules[c->by_database[i + 1]].database_len);
	}
	for (uint32_t i = 0; i < c->n_rules; i++) { /* there are texts for each field */
		CU_ASSERT(c->rules[i].scan_ns > 0);
	}
	/* few texts have URLs */
	CU_ASSERT(c->rules[1].scan_ns < c->rules[2].scan_ns);
	bench_close(b);
}

/* Over a budget: named at its line, once for each measure. */
static void test_budget(void)
{
	struct bench *b = bench_open(rules);
	struct policy_budget budget = policy_budget_default();
	const double large_kib = (double)b->cost.rules[2].database_len / 1024;

	for (uint32_t i = 0; i < b->cost.n_rules; i++) { /* whatever the machine is doing */
		b->cost.rules[i].scan_ns = 9999;
		b->cost.rules[i].compile_s = 2.999;
	}
	CU_ASSERT_TRUE(policy_cost_check(&b->set, &b->cost, &budget, &b->diag));
	CU_ASSERT_EQUAL(b->diag.n_errors, 0);
	budget.database_kib = large_kib - 1;
	CU_ASSERT_FALSE(policy_cost_check(&b->set, &b->cost, &budget, &b->diag));
	CU_ASSERT_EQUAL_FATAL(b->diag.n_errors, 1);
	CU_ASSERT_EQUAL(b->diag.entries[0].line, 3);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(b->diag.entries[0].text, "rule large is over its budget: its database has"));
	diag_clear(&b->diag);
	b->cost.rules[0].scan_ns = 20000;
	b->cost.rules[1].compile_s = RULE_COST_CPU_S; /* the one that a child ended at */
	budget = policy_budget_default();
	CU_ASSERT_FALSE(policy_cost_check(&b->set, &b->cost, &budget, &b->diag));
	CU_ASSERT_EQUAL_FATAL(b->diag.n_errors, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[0].text,
		"rule plain is over its budget: a message takes it 20.00 us"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[1].text,
		"rule link is over its budget: compiling it takes 10000.00 ms; 3000.00 are allowed"));
	bench_close(b);
}

static void test_nothing(void)
{
	struct bench *b = bench_open("# no rule\n");
	const struct policy_budget budget = { 0, 0, 0 };

	CU_ASSERT_EQUAL(b->cost.n_rules, 0);
	CU_ASSERT_TRUE(policy_cost_check(&b->set, &b->cost, &budget, &b->diag));
	bench_close(b);
}

UNIT_MAIN("policy_cost", { "measure", test_measure }, { "budget", test_budget },
	{ "nothing", test_nothing })
