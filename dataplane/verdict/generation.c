/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/generation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int copy_policy(struct generation *g, const struct policy *p)
{
	g->policy = malloc(sizeof(*g->policy));
	if (g->policy == NULL) {
		return -ENOMEM;
	}
	*g->policy = *p;
	return 0;
}

static int make_counts(struct generation *g, unsigned worker)
{
	/* one more: a ruleset without rules gets memory too */
	g->counts[worker] = calloc((size_t)g->ruleset->n_rules + 1, sizeof(struct rule_count));
	return g->counts[worker] != NULL ? 0 : -ENOMEM;
}

/* asks_for_hit: a test of `when` names a hit of `rule`. */
static bool asks_for_hit(const struct policy *p, const struct condition *when, uint32_t rule)
{
	for (uint32_t i = 0; i < when->n; i++) {
		const struct condition_node *node = &p->conditions.nodes[when->root + i];

		for (unsigned k = 0; node->kind == CONDITION_TEST && node->field == CONDITION_HIT &&
				     k < node->n_values;
			k++) {
			const struct condition_value *v = &p->conditions.values[node->value + k];

			if (rule >= v->min && rule <= v->max) {
				return true;
			}
		}
	}
	return false;
}

/* asks_for_pattern: it names a hit of a pattern. */
static bool asks_for_pattern(const struct generation *g, const struct condition *when)
{
	const struct condition_store *c = &g->policy->conditions;

	for (uint32_t i = 0; i < when->n; i++) {
		const struct condition_node *node = &c->nodes[when->root + i];

		if (node->kind != CONDITION_TEST || node->field != CONDITION_HIT) {
			continue;
		}
		for (unsigned k = 0; k < node->n_values; k++) {
			int64_t rule = c->values[node->value + k].min;

			if (rule < 0 || rule >= g->ruleset->n_rules ||
				g->ruleset->rules[rule].field != FIELD_WHEN) {
				return true;
			}
		}
	}
	return false;
}

/* is_late: it needs the text, or a hit of a rule that does. */
static bool is_late(const struct generation *g, uint32_t i)
{
	const struct policy *p = g->policy;
	const struct condition *when = &p->rules[i].when;

	if (when->content || asks_for_pattern(g, when)) {
		return true;
	}
	for (uint32_t k = 0; k < g->plan.n_late; k++) {
		if (asks_for_hit(p, when, p->rules[g->plan.late[k]].rule)) {
			return true;
		}
	}
	return false;
}

static void make_plan(struct generation *g)
{
	const struct policy *p = g->policy;
	struct generation_plan *plan = &g->plan;

	plan->plain_scopes = true;
	for (uint32_t i = 0; i < p->n_scopes; i++) {
		const struct policy_scope *s = &p->scopes[i];

		plan->plain_scopes &= s->tenant == POLICY_NONE && s->when.n == 0;
	}
	for (uint32_t i = 0; i < p->n_rules && i < POLICY_RULES_MAX; i++) {
		if (is_late(g, i)) {
			plan->late[plan->n_late++] = (uint16_t)i;
			plan->entities |= p->rules[i].when.content;
		} else {
			plan->early[plan->n_early++] = (uint16_t)i;
		}
	}
	for (uint32_t i = 0; i < p->n_limits; i++) {
		plan->entities |= p->limits[i].needs_entities || p->limits[i].when.content;
	}
	plan->conditions =
		!plan->plain_scopes || p->n_tenants != 0 || p->n_rules != 0 || p->n_limits != 0;
}

struct generation *generation_create(
	uint32_t number, struct ruleset *r, const struct policy *p, unsigned n_workers)
{
	struct generation *g;
	int error = 0;

	if (n_workers > WORKERS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	g = calloc(1, sizeof(*g));
	if (g == NULL) {
		return NULL;
	}
	g->number = number;
	g->ruleset = r;
	ruleset_ref(r);
	error = copy_policy(g, p);
	if (error == 0) {
		make_plan(g);
	}
	for (unsigned i = 0; i < n_workers && error == 0; i++) {
		error = scan_scratch_grow(&g->scratch[i], r);
		if (error == 0) {
			error = make_counts(g, i);
		}
	}
	if (error != 0) {
		generation_free(g);
		errno = -error;
		return NULL;
	}
	return g;
}

void generation_free(struct generation *g)
{
	if (g == NULL) {
		return;
	}
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		scan_scratch_free(g->scratch[i]);
		free(g->counts[i]);
	}
	free(g->policy);
	list_set_unref(g->lists);
	ruleset_unref(g->ruleset);
	free(g);
}

void generation_set_lists(struct generation *g, struct list_set *lists)
{
	struct list_set *before = g->lists;

	g->lists = lists != NULL ? list_set_ref(lists) : NULL;
	list_set_unref(before);
}

size_t generation_size(const struct generation *g)
{
	const struct ruleset *r = g->ruleset;
	size_t size = sizeof(*g) + sizeof(*g->policy) + r->n_rules * sizeof(r->rules[0]);

	for (uint32_t i = 0; i < r->n_rules; i++) {
		size += strlen(r->rules[i].expression) + 1;
	}
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		size += g->scratch[i] != NULL ? scan_scratch_size(g->scratch[i]) : 0;
		size += g->counts[i] != NULL ? r->n_rules * sizeof(g->counts[i][0]) : 0;
	}
	return size;
}
