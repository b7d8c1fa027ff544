/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/policy.h"
#include "dataplane/proto/smpp.h"
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

static struct policy_scope *put_scope(struct policy *p, unsigned i, uint8_t link, uint8_t side)
{
	p->scopes[i] = (struct policy_scope){ .link = link,
		.side = side,
		.tenant = POLICY_NONE,
		.profile = POLICY_NONE,
		.content = true };
	return &p->scopes[i];
}

static void test_scopes(void)
{
	static struct policy p;
	static const struct {
		unsigned link, side, scope;
	} cases[] = { { 2, 0, 0 }, { 2, 1, 1 }, { 3, 1, 2 }, { 3, 0, 3 }, { 0, 0, 3 },
		{ 15, 1, 2 } };

	p.n_scopes = 4;
	put_scope(&p, 0, 2, 0);
	put_scope(&p, 1, 2, POLICY_ANY);
	put_scope(&p, 2, POLICY_ANY, 1);
	put_scope(&p, 3, POLICY_ANY, POLICY_ANY);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_PTR_EQUAL(policy_scope_of(&p, cases[i].link, cases[i].side),
			&p.scopes[cases[i].scope]);
	}
}

/* Scopes by tenant and destination: of several destinations all must fit where texts are inspected. */
static void test_scopes_with_conditions(void)
{
	static struct policy p;
	static struct condition_subject s;
	static const struct {
		uint16_t tenant;
		const char *to[2];
		uint32_t inspected; /* the scope, where the second one has content = true */
		uint32_t off;       /* ... = false */
	} cases[] = {
		{ 3, { "1", NULL }, 0, 0 },
		{ CONDITION_NO_TENANT, { "44", NULL }, 1, 1 },
		{ CONDITION_NO_TENANT, { "1", NULL }, 2, 2 },
		{ 2, { "44", "44" }, 1, 1 },
		{ 2, { "44", "1" }, 2, 1 },
		{ 2, { "1", "44" }, 2, 1 },
		{ 2, { "1", "1" }, 2, 2 },
		{ 3, { "44", "1" }, 0, 0 },
	};

	p.n_scopes = 3;
	put_scope(&p, 0, POLICY_ANY, POLICY_ANY)->tenant = 3;
	put_scope(&p, 1, 2, POLICY_ANY)->when = (struct condition){ .root = 0, .n = 1 };
	put_scope(&p, 2, POLICY_ANY, POLICY_ANY);
	p.conditions.nodes[0] = (struct condition_node){
		.kind = CONDITION_TEST, .field = CONDITION_DESTINATION, .n_values = 1
	};
	p.conditions.values[0] = (struct condition_value){
		.kind = CONDITION_VALUE_PREFIX, .digits = true, .len = 2
	};
	memcpy(p.conditions.text, "44", 2);
	CU_ASSERT_PTR_EQUAL(policy_scope_of(&p, 2, 0), &p.scopes[2]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smpp_address to[2] = { { .ton = 1, .digits = bytes_str(cases[i].to[0]) } };
		struct sms m = {
			.link = 2, .destination.digits = to[0].digits, .n_destinations = 1
		};

		m.destination.ton = 1;
		if (cases[i].to[1] != NULL) {
			to[1] = (struct smpp_address){ .ton = 1,
				.digits = bytes_str(cases[i].to[1]) };
			m.destinations = to;
			m.n_destinations = 2;
		}
		for (unsigned off = 0; off < 2; off++) {
			p.scopes[1].content = off == 0;
			condition_begin(&s, &m, 1, NUMBERING_NONE);
			s.store = &p.conditions;
			s.tenant = cases[i].tenant;
			CU_ASSERT_EQUAL(policy_scope_find(&p, &s),
				off != 0 ? cases[i].off : cases[i].inspected);
			m.link = 1; /* of another link the second one is not */
			CU_ASSERT_EQUAL(policy_scope_find(&p, &s), cases[i].tenant == 3 ? 0 : 2);
			m.link = 2;
		}
	}
}

UNIT_MAIN("verdict/policy", { "default", test_default }, { "thresholds", test_thresholds },
	{ "scopes", test_scopes }, { "scopes_with_conditions", test_scopes_with_conditions })
