/* SPDX-License-Identifier: BSD-3-Clause */
/* judge_weigh: from rules that hit to an action. Part of judge.h. */
#include "dataplane/verdict/judge_parts.h"

/*
 * A rule with an action of its own asks for just that and adds nothing to its category; all others
 * add their weight, and the category's thresholds decide. Of several candidates the most severe
 * wins, then the highest score, then the lowest category.
 */

static bool counts(const struct judge_scale *s, const struct rule *r)
{
	return s->with_shadow || judge_acts(s->judge, r);
}

static bool adds(const struct judge_scale *s, const struct rule *r, uint16_t category)
{
	return r->action == RULE_ACTION_UNSET && r->category == category && counts(s, r);
}

/* listed_before: a rule counts once, however often it is listed. */
static bool listed_before(const struct scan_hits *hits, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++) {
		if (hits->hits[k].rule == hits->hits[i].rule) {
			return true;
		}
	}
	return false;
}

static bool category_before(const struct judge_scale *s, const struct scan_hits *hits, uint32_t i)
{
	uint16_t category = s->rules->rules[hits->hits[i].rule].category;

	for (uint32_t k = 0; k < i; k++) {
		if (adds(s, &s->rules->rules[hits->hits[k].rule], category)) {
			return true;
		}
	}
	return false;
}

static const struct policy_category *category_of(
	const struct policy_scope *scope, uint16_t category)
{
	return category < scope->n_categories ? &scope->categories[category] : NULL;
}

static struct judge_outcome weigh_category(
	const struct judge_scale *s, const struct scan_hits *hits, uint16_t category)
{
	const struct policy_category *c = category_of(s->scope, category);
	struct judge_outcome o = { .category = category, .rule = VERDICT_NO_RULE };
	int32_t heaviest = INT32_MIN;
	int64_t sum = 0;

	for (uint32_t i = 0; i < hits->n; i++) {
		uint32_t index = hits->hits[i].rule;
		const struct rule *rule = &s->rules->rules[index];

		if (!adds(s, rule, category) || listed_before(hits, i)) {
			continue;
		}
		sum += rule->weight;
		if (rule->weight > heaviest || (rule->weight == heaviest && index < o.rule)) {
			heaviest = rule->weight;
			o.rule = index;
		}
	}
	o.score = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
	if (c != NULL && o.rule != VERDICT_NO_RULE) {
		o.action = policy_action_of(c, o.score);
		o.reason = policy_action_of(c, heaviest) >= o.action ? R_rule : R_score;
	}
	return o;
}

enum rule_action judge_category_action(
	const struct judge_scale *s, const struct scan_hits *hits, uint16_t category)
{
	return weigh_category(s, hits, category).action;
}

static bool better(const struct judge_outcome *a, const struct judge_outcome *b)
{
	if (a->action != b->action) {
		return a->action > b->action;
	}
	if (a->score != b->score) {
		return a->score > b->score;
	}
	return a->category != b->category ? a->category < b->category : a->rule < b->rule;
}

static uint32_t status_of(
	const struct ruleset *r, const struct policy_scope *scope, const struct judge_outcome *o)
{
	const struct policy_category *c = category_of(scope, o->category);

	if (o->action != ACTION_REJECT) {
		return 0;
	}
	if (r->rules[o->rule].status != 0) {
		return r->rules[o->rule].status;
	}
	return c != NULL ? c->status : 0;
}

struct judge_outcome judge_weigh(const struct judge_scale *s, const struct scan_hits *hits)
{
	const struct policy_scope *scope = s->scope;
	const struct ruleset *r = s->rules;
	struct judge_outcome best = { .action = ACTION_PASS, .rule = VERDICT_NO_RULE };
	bool any = false;

	for (uint32_t i = 0; i < hits->n; i++) {
		uint32_t index = hits->hits[i].rule;
		const struct rule *rule = &r->rules[index];
		struct judge_outcome o;

		if (!counts(s, rule)) {
			continue;
		}
		if (rule->action != RULE_ACTION_UNSET) {
			o = (struct judge_outcome){ (enum rule_action)rule->action, R_rule,
				rule->category, rule->weight, index, 0 };
		} else if (!category_before(s, hits, i)) {
			o = weigh_category(s, hits, rule->category);
		} else {
			continue;
		}
		if (!any || better(&o, &best)) {
			best = o;
			any = true;
		}
	}
	if (best.action > scope->max_action) {
		best.action = (enum rule_action)scope->max_action;
	}
	if (best.action == ACTION_PASS) {
		best.reason = R_none;
		best.rule = VERDICT_NO_RULE;
	}
	best.status = status_of(r, scope, &best);
	return best;
}
