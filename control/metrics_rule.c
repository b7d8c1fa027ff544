/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules that hit most, for metrics.c. */
#include "control/metrics_parts.h"

#include <stdlib.h>
#include <string.h>

#include "control/push.h"
#include "control/report.h"

struct top {
	uint32_t rule;
	struct rule_count n;
};

static uint64_t weight(const struct top *t)
{
	return t->n.hits + t->n.shadow;
}

/* sift: heap[at] goes down to its place; the lightest is at the top. */
static void sift(struct top *heap, uint32_t n, uint32_t at)
{
	for (uint32_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
		struct top moved = heap[at];

		if (child + 1 < n && weight(&heap[child + 1]) < weight(&heap[child])) {
			child++;
		}
		if (weight(&heap[at]) <= weight(&heap[child])) {
			return;
		}
		heap[at] = heap[child];
		heap[child] = moved;
		at = child;
	}
}

static int by_rule(const void *a, const void *b)
{
	const struct top *x = a;
	const struct top *y = b;

	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* choose: the `most` rules that hit most, in their order; how many there are. */
static uint32_t choose(
	const struct control_context *ctx, const struct ruleset *r, struct top *heap, uint32_t most)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n_rules; i++) {
		struct top t = { i, report_rule_count(ctx, i) };

		if (weight(&t) == 0) {
			continue;
		}
		if (n < most) {
			heap[n++] = t;
			for (uint32_t at = n / 2; n == most && at-- > 0;) {
				sift(heap, n, at);
			}
		} else if (weight(&t) > weight(&heap[0])) {
			heap[0] = t;
			sift(heap, n, 0);
		}
	}
	qsort(heap, n, sizeof(heap[0]), by_rule);
	return n;
}

void metrics_write_rules(struct openmetrics *m, const struct control_context *ctx)
{
	static const enum metric ids[METRICS_OF_RULE] = { METRIC_RULE_HITS, METRIC_RULE_SHADOW_HITS,
		METRIC_RULE_DECIDED };
	const struct ruleset *r = ctx->generation != NULL ? ctx->generation->ruleset : NULL;
	uint32_t most = ctx->config->metrics_rules;
	struct top *heap;
	uint32_t n;

	if (r == NULL || r->n_rules == 0 || most == 0) {
		return;
	}
	if (ctx->push != NULL) {
		push_fold(ctx->push);
	}
	most = most < r->n_rules ? most : r->n_rules;
	heap = calloc(most, sizeof(heap[0]));
	if (heap == NULL) {
		m->failed = true;
		return;
	}
	n = choose(ctx, r, heap, most);
	for (size_t i = 0; i < METRICS_OF_RULE; i++) {
		metrics_open(m, ids[i]);
		for (uint32_t j = 0; j < n; j++) {
			const struct rule_count *c = &heap[j].n;

			metrics_put(m, "rule", r->rules[heap[j].rule].id,
				i == 0   ? c->hits
				: i == 1 ? c->shadow
					 : c->decided);
		}
	}
	free(heap);
}

void metrics_tell_rules(void *arg, uint32_t offset, struct telemetry_rules *out)
{
	const struct control_context *ctx = arg;
	const struct ruleset *r = ctx->generation != NULL ? ctx->generation->ruleset : NULL;

	if (r == NULL) {
		return;
	}
	if (ctx->push != NULL) {
		push_fold(ctx->push);
	}
	out->generation = ctx->generation->number;
	out->n_total = r->n_rules;
	for (uint32_t i = offset; i < r->n_rules && out->n < TELEMETRY_RULES_PAGE; i++) {
		struct rule_count n = report_rule_count(ctx, i);
		struct telemetry_rule *rule = &out->rules[out->n++];

		*rule = (struct telemetry_rule){
			.state = r->rules[i].state,
			.hits = n.hits,
			.shadow = n.shadow,
			.decided = n.decided,
		};
		memcpy(rule->id, r->rules[i].id, sizeof(rule->id));
	}
}
