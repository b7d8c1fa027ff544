/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/policy.h"

#include <assert.h>
#include <string.h>

void policy_category_init(struct policy_category *c, const char *name)
{
	size_t len = strlen(name);

	*c = (struct policy_category){ 0 };
	memcpy(c->name, name, len < sizeof(c->name) ? len : sizeof(c->name) - 1);
	for (unsigned a = 0; a < ACTIONS; a++) {
		c->threshold[a] = POLICY_NEVER;
	}
}

enum rule_action policy_action_of(const struct policy_category *c, int32_t score)
{
	for (unsigned a = ACTIONS - 1; a > ACTION_PASS; a--) {
		if (c->threshold[a] != POLICY_NEVER && score >= c->threshold[a]) {
			return (enum rule_action)a;
		}
	}
	return ACTION_PASS;
}

void policy_default(struct policy *p, const struct ruleset *r, enum rule_action action)
{
	struct policy_scope *s = &p->scopes[0];
	unsigned n = r->n_categories < LIMIT_CATEGORIES ? r->n_categories : LIMIT_CATEGORIES;

	memset(p, 0, sizeof(*p));
	p->n_scopes = 1;
	s->link = POLICY_ANY;
	s->side = POLICY_ANY;
	s->tenant = POLICY_NONE;
	s->profile = POLICY_NONE;
	s->max_action = ACTION_REJECT;
	s->content = true;
	s->n_categories = (uint8_t)n;
	for (unsigned i = 0; i < n; i++) {
		policy_category_init(&s->categories[i], r->categories[i]);
		if (action != ACTION_PASS) {
			s->categories[i].threshold[action] = RULE_WEIGHT_DEFAULT;
		}
	}
}

static bool fits(const struct policy_scope *s, unsigned link, unsigned side)
{
	return (s->link == POLICY_ANY || s->link == link) &&
	       (s->side == POLICY_ANY || s->side == side);
}

uint32_t policy_scope_find(const struct policy *p, struct condition_subject *s)
{
	uint32_t i;

	assert(p->n_scopes != 0 && p->n_scopes <= POLICY_SCOPES_MAX);
	for (i = 0; i + 1 < p->n_scopes; i++) {
		const struct policy_scope *scope = &p->scopes[i];

		if (!fits(scope, s->sms->link, s->sms->side) ||
			(scope->tenant != POLICY_NONE && scope->tenant != s->tenant)) {
			continue;
		}
		s->all_destinations = scope->content;
		if (condition_holds(s, &scope->when)) {
			break;
		}
	}
	s->all_destinations = false;
	return i;
}

const struct policy_scope *policy_scope_of(const struct policy *p, unsigned link, unsigned side)
{
	assert(p->n_scopes != 0 && p->n_scopes <= POLICY_SCOPES_MAX);
	for (uint32_t i = 0; i + 1 < p->n_scopes; i++) {
		const struct policy_scope *s = &p->scopes[i];

		if (fits(s, link, side) && s->tenant == POLICY_NONE && s->when.n == 0) {
			return s;
		}
	}
	return &p->scopes[p->n_scopes - 1];
}
