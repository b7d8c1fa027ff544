/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/policy.h"
#include "tests/support/unit.h"

static void test_default(void)
{
	char *names[] = { (char[]){ "default" }, (char[]){ "prize" } };
	struct ruleset r = { .categories = names, .n_categories = 2 };
	static struct policy p;

	for (unsigned a = ACTION_PASS; a < ACTIONS; a++) {
		const struct policy_scope *s;

		policy_default(&p, &r, (enum rule_action)a);
		s = policy_scope_of(&p, 3, 1);
		CU_ASSERT_TRUE(s->content);
		CU_ASSERT_EQUAL(s->max_action, ACTION_REJECT);
		CU_ASSERT_EQUAL(s->n_categories, 2);
		CU_ASSERT_STRING_EQUAL(s->categories[0].name, "default");
		CU_ASSERT_STRING_EQUAL(s->categories[1].name, "prize");
		for (unsigned c = 0; c < 2; c++) {
			CU_ASSERT_EQUAL(policy_action_of(&s->categories[c], 99), ACTION_PASS);
			CU_ASSERT_EQUAL(policy_action_of(&s->categories[c], 100), a);
			CU_ASSERT_EQUAL(policy_action_of(&s->categories[c], INT32_MAX), a);
		}
	}
}

static void test_thresholds(void)
{
	struct policy_category c;

	policy_category_init(&c, "a name that is much longer than thirty-one characters");
	CU_ASSERT_STRING_EQUAL(c.name, "a name that is much longer than");
	CU_ASSERT_EQUAL(policy_action_of(&c, INT32_MAX), ACTION_PASS);
	c.threshold[ACTION_REPORT] = 40;
	c.threshold[ACTION_REJECT] = 100;
	CU_ASSERT_EQUAL(policy_action_of(&c, 39), ACTION_PASS);
	CU_ASSERT_EQUAL(policy_action_of(&c, 40), ACTION_REPORT);
	CU_ASSERT_EQUAL(policy_action_of(&c, 99), ACTION_REPORT);
	CU_ASSERT_EQUAL(policy_action_of(&c, 100), ACTION_REJECT);
	/* out of order on purpose: the most severe that is reached wins */
	c.threshold[ACTION_BLANK] = 10;
	CU_ASSERT_EQUAL(policy_action_of(&c, 50), ACTION_BLANK);
	c.threshold[ACTION_REJECT] = -5;
	CU_ASSERT_EQUAL(policy_action_of(&c, -5), ACTION_REJECT);
	CU_ASSERT_EQUAL(policy_action_of(&c, -6), ACTION_PASS);
}

static void test_scopes(void)
{
	static struct policy p;
	static const struct {
		unsigned link, side, scope;
	} cases[] = { { 2, 0, 0 }, { 2, 1, 1 }, { 3, 1, 2 }, { 3, 0, 3 }, { 0, 0, 3 },
		{ 15, 1, 2 } };

	p.n_scopes = 4;
	p.scopes[0] = (struct policy_scope){ .link = 2, .side = 0 };
	p.scopes[1] = (struct policy_scope){ .link = 2, .side = POLICY_ANY };
	p.scopes[2] = (struct policy_scope){ .link = POLICY_ANY, .side = 1 };
	p.scopes[3] = (struct policy_scope){ .link = POLICY_ANY, .side = POLICY_ANY };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_PTR_EQUAL(policy_scope_of(&p, cases[i].link, cases[i].side),
			&p.scopes[cases[i].scope]);
	}
}

UNIT_MAIN("verdict/policy", { "default", test_default }, { "thresholds", test_thresholds },
	{ "scopes", test_scopes })
