/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/rule_cost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "patterns/scan.h"

enum {
	RULES_A_CHILD = 1000, /* so that the wall clock's limit fits any number of rules */
	WALL_S = 10 * RULE_COST_CPU_S,
	ROUNDS = 9,
	PASSES = 4,
	HITS_MAX = 64,
};

/* One child over the `n` rules from `first` on. Gives how many are done; 0 after an error. */
static uint32_t measure_some(const struct ruleset *r, const uint32_t *indices, uint32_t n,
	uint32_t first, const struct cost_sample *sample, const struct compile_limits *limits,
	struct child_cost *costs, struct diag *diag)
{
	const uint32_t left = n - first;
	const struct child_job job = {
		.task = CHILD_COST,
		.rules = r->rules,
		.indices = indices + first,
		.n = left < RULES_A_CHILD ? left : RULES_A_CHILD,
		.cpu_s = RULE_COST_CPU_S,
		.wall_s = WALL_S,
		.memory = limits->memory,
		.sample = sample,
		.costs = costs + first,
	};
	struct child_result result;
	uint32_t n_done;
	int error = child_run(&job, &result);

	if (error != 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "the pattern compiler cannot be started: %s",
			strerror(-error));
		return 0;
	}
	n_done = result.finished ? job.n : result.n_begun;
	if (n_done == 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "the pattern compiler cannot begin: %s",
			result.why);
	} else if (!result.finished && costs[first + n_done - 1].compile_s == 0) {
		costs[first + n_done - 1].compile_s = RULE_COST_CPU_S; /* the one it ended at */
	}
	child_result_free(&result);
	return n_done;
}

/* patterns_of: the rules that have databases, in order. */
static uint32_t patterns_of(const struct ruleset *r, uint32_t *indices)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n_rules; i++) {
		if (r->rules[i].field < FIELDS) {
			indices[n++] = i;
		}
	}
	return n;
}

/* scatter: from side by side to where each rule is; from the end on, for indices[i] >= i. */
static void scatter(const uint32_t *indices, uint32_t n, struct child_cost *costs)
{
	for (uint32_t i = n; i-- > 0;) {
		if (indices[i] != i) {
			costs[indices[i]] = costs[i];
			costs[i] = (struct child_cost){ 0 };
		}
	}
}

bool rule_cost_measure(const struct ruleset *r, const struct cost_sample *sample,
	const struct compile_limits *limits, struct child_cost *costs, struct diag *diag)
{
	uint32_t *indices = malloc(((size_t)r->n_rules + 1) * sizeof(*indices));
	uint32_t first = 0;
	uint32_t n_patterns;
	uint32_t n = 1;

	if (indices == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
		return false;
	}
	memset(costs, 0, r->n_rules * sizeof(costs[0]));
	n_patterns = patterns_of(r, indices);
	while (first < n_patterns && n != 0) {
		n = measure_some(r, indices, n_patterns, first, sample, limits, costs, diag);
		first += n;
	}
	scatter(indices, n_patterns, costs);
	free(indices);
	return n != 0;
}

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Every text once. */
static void scan_sample(
	const struct ruleset *r, struct scan_scratch *scratch, const struct cost_sample *sample)
{
	struct scan_hit hit[HITS_MAX];

	for (unsigned f = 0; f < FIELDS; f++) {
		for (unsigned v = 0; v < VIEWS; v++) {
			for (uint32_t i = 0; i < sample->n[f][v]; i++) {
				struct scan_hits hits = { hit, 0, HITS_MAX, 0 };

				(void)scan_text(r, scratch, (enum rule_field)f, (enum rule_view)v,
					0, sample->texts[f][v][i], &hits);
			}
		}
	}
}

int rule_cost_scan(
	const struct ruleset *r, const struct cost_sample *sample, double *ns, size_t *scratch_len)
{
	struct scan_scratch *scratch = NULL;
	double least = 0;

	if (scan_scratch_grow(&scratch, r) != 0) {
		return -ENOMEM;
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		double from = now_ns();
		double took;

		for (unsigned pass = 0; pass < PASSES; pass++) {
			scan_sample(r, scratch, sample);
		}
		took = now_ns() - from;
		least = round == 0 || took < least ? took : least;
	}
	*ns = least / PASSES / (sample->n_messages != 0 ? sample->n_messages : 1);
	*scratch_len = scan_scratch_size(scratch);
	scan_scratch_free(scratch);
	return 0;
}
