/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/generation.h"

#include <errno.h>
#include <stdlib.h>

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
	ruleset_unref(g->ruleset);
	free(g);
}
