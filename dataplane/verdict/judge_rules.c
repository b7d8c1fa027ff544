/* SPDX-License-Identifier: BSD-3-Clause */
/* judge_rules: whose message it is, what holds for it, and rules with conditions. Part of judge.h. */
#include <assert.h>

#include "dataplane/verdict/judge_parts.h"

static_assert((int)POLICY_NONE == (int)CONDITION_NO_TENANT, "both mean that there is none");
static_assert(LIMIT_HITS <= 64, "condition_subject.acting has a bit for each");

/* find_tenant: the first that fits. */
static uint16_t find_tenant(const struct policy *p, struct condition_subject *s)
{
	for (uint32_t i = 0; i < p->n_tenants; i++) {
		if (condition_holds(s, &p->tenants[i].when)) {
			return (uint16_t)i;
		}
	}
	return POLICY_NONE;
}

uint32_t judge_scope(struct judge *j, const struct generation *g, const struct sms *m,
	uint64_t now_us, uint16_t *tenant)
{
	const struct policy *p = g->policy;
	struct condition_subject *s = &j->subject;

	if (!g->plan.conditions) {
		return (uint32_t)(policy_scope_of(p, m->link, m->side) - p->scopes);
	}
	condition_begin(s, m, now_us, p->country);
	s->store = &p->conditions;
	s->zone = &p->zone;
	s->lists = g->lists;
	s->tenant = find_tenant(p, s);
	*tenant = s->tenant != POLICY_NONE ? (uint16_t)(s->tenant + 1) : 0;
	if (g->plan.plain_scopes) {
		return (uint32_t)(policy_scope_of(p, m->link, m->side) - p->scopes);
	}
	return policy_scope_find(p, s);
}

/* know_hits: which of those that are new act. */
static void know_hits(struct judge *j, const struct ruleset *r, uint32_t from)
{
	struct condition_subject *s = &j->subject;

	for (uint32_t i = from; i < s->hits->n; i++) {
		if (judge_acts(j, &r->rules[s->hits->hits[i].rule])) {
			s->acting |= UINT64_C(1) << i;
		}
	}
}

static bool hit_before(const struct scan_hits *hits, uint32_t rule)
{
	for (uint32_t i = 0; i < hits->n; i++) {
		if (hits->hits[i].rule == rule) {
			return true;
		}
	}
	return false;
}

void judge_rules(struct judge *j, const struct generation *g, const uint16_t *which, uint32_t n,
	struct scan_hits *hits)
{
	struct condition_subject *s = &j->subject;

	s->hits = hits;
	s->acting = 0;
	know_hits(j, g->ruleset, 0);
	for (uint32_t i = 0; i < n; i++) {
		const struct policy_rule *r = &g->policy->rules[which[i]];

		if (r->rule >= g->ruleset->n_rules) {
			continue;
		}
		s->acts = judge_acts(j, &g->ruleset->rules[r->rule]);
		if (!condition_holds(s, &r->when) || hit_before(hits, r->rule)) {
			continue;
		}
		if (hits->n == hits->max) {
			hits->n_dropped++;
			continue;
		}
		s->acting |= (uint64_t)s->acts << hits->n;
		hits->hits[hits->n++] = (struct scan_hit){ .rule = r->rule, .field = FIELD_WHEN };
	}
}
