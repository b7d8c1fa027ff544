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
