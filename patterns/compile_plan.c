/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile_plan.h"

#include <stdlib.h>
#include <string.h>

#include "patterns/compile_cost.h"

/* One id of one database of the base, while it is not taken. */
struct slot {
	uint64_t key;
	uint32_t shard;
	uint32_t id;
	uint32_t rule; /* of the base; RULE_GONE: free, or taken */
	bool used;     /* the table's: something is or was here */
};

struct table {
	struct slot *slots;
	size_t size; /* a power of two, at least twice the slots */
};

static uint64_t key_of(const struct rule *r)
{
	uint64_t h = 14695981039346656037u ^ r->flags; /* FNV-1a */

	for (const char *c = r->expression; *c != '\0'; c++) {
		h = (h ^ (unsigned char)*c) * 1099511628211u;
	}
	return h;
}

static void put_slot(struct table *t, const struct slot *s)
{
	size_t i = s->key & (t->size - 1);

	while (t->slots[i].used) {
		i = (i + 1) & (t->size - 1);
	}
	t->slots[i] = *s;
}

static bool make_table(struct table *t, const struct ruleset *base, const struct ruleset_part *part)
{
	size_t n = 0;

	for (uint32_t k = 0; k < part->n_shards; k++) {
		n += part->shards[k].n;
	}
	t->size = 16;
	while (t->size < 2 * n) {
		t->size *= 2;
	}
	t->slots = calloc(t->size, sizeof(t->slots[0]));
	if (t->slots == NULL) {
		return false;
	}
	for (uint32_t k = 0; k < part->n_shards; k++) {
		for (uint32_t id = 0; id < part->shards[k].n; id++) {
			uint32_t rule = part->shards[k].rules[id];

			if (rule != RULE_GONE) {
				put_slot(t, &(struct slot){ key_of(&base->rules[rule]), k, id, rule,
						    true });
			}
		}
	}
	return true;
}

/* An id that stands for this expression and is not taken; NULL: there is none. */
static struct slot *find_slot(struct table *t, const struct ruleset *base, const struct rule *r)
{
	uint64_t key = key_of(r);

	for (size_t i = key & (t->size - 1); t->slots[i].used; i = (i + 1) & (t->size - 1)) {
		struct slot *s = &t->slots[i];

		if (s->rule != RULE_GONE && s->key == key &&
			base->rules[s->rule].flags == r->flags &&
			strcmp(base->rules[s->rule].expression, r->expression) == 0) {
			return s;
		}
	}
	return NULL;
}

/* Gives each rule the id that some database has for it. */
static bool map_rules(struct compile_plan *p, const struct rule *rules, const uint32_t *indices,
	uint32_t n, const struct ruleset *base, const struct ruleset_part *part)
{
	struct table t = { NULL, 0 };
	struct slot *s;

	if (!make_table(&t, base, part)) {
		return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		s = find_slot(&t, base, &rules[indices[i]]);
		if (s != NULL) {
			p->maps[s->shard][s->id] = indices[i];
			s->rule = RULE_GONE;
		} else {
			p->fresh[p->n_fresh++] = indices[i];
		}
	}
	free(t.slots);
	return true;
}

static bool is_half_gone(const uint32_t *map, uint32_t n)
{
	uint32_t n_gone = 0;

	for (uint32_t i = 0; i < n; i++) {
		n_gone += map[i] == RULE_GONE;
	}
	return n_gone > n / 2 || n_gone == n;
}

static bool is_small(const struct rule *rules, const uint32_t *map, uint32_t n, unsigned small_ms)
{
	struct compile_cost cost = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		if (map[i] != RULE_GONE) {
			compile_cost_add(&cost, &rules[map[i]]);
		}
	}
	return compile_cost_ms(&cost) < small_ms;
}

static void leave_shard(struct compile_plan *p, uint32_t shard, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (p->maps[shard][i] != RULE_GONE) {
			p->fresh[p->n_fresh++] = p->maps[shard][i];
		}
	}
	free(p->maps[shard]);
	p->maps[shard] = NULL;
}

static int compare_indices(const void *a, const void *b)
{
	const uint32_t *x = a;
	const uint32_t *y = b;

	return (*x > *y) - (*x < *y);
}

/* Leaves the shards that are not worth to be kept; small ones only when something is compiled anyway. */
static void choose_shards(struct compile_plan *p, const struct rule *rules,
	const struct ruleset_part *part, unsigned small_ms)
{
	for (uint32_t k = 0; k < p->n_shards; k++) {
		if (is_half_gone(p->maps[k], part->shards[k].n)) {
			leave_shard(p, k, part->shards[k].n);
		}
	}
	for (uint32_t k = 0; p->n_fresh != 0 && k < p->n_shards; k++) {
		if (p->maps[k] != NULL &&
			is_small(rules, p->maps[k], part->shards[k].n, small_ms)) {
			leave_shard(p, k, part->shards[k].n);
		}
	}
	/* In file order, whichever way they came: equal rules make equal databases. */
	if (p->n_fresh != 0) {
		qsort(p->fresh, p->n_fresh, sizeof(p->fresh[0]), compare_indices);
	}
}

static bool make_maps(struct compile_plan *p, const struct ruleset_part *part)
{
	p->maps = calloc(part->n_shards, sizeof(p->maps[0]));
	if (p->maps == NULL) {
		return false;
	}
	p->n_shards = part->n_shards;
	for (uint32_t k = 0; k < part->n_shards; k++) {
		p->maps[k] = calloc(part->shards[k].n + 1, sizeof(p->maps[k][0]));
		if (p->maps[k] == NULL) {
			return false;
		}
		for (uint32_t i = 0; i < part->shards[k].n; i++) {
			p->maps[k][i] = RULE_GONE;
		}
	}
	return true;
}

bool compile_plan_make(struct compile_plan *p, const struct rule *rules, const uint32_t *indices,
	uint32_t n, const struct ruleset *base, const struct ruleset_part *part, unsigned small_ms)
{
	*p = (struct compile_plan){ .fresh = calloc((size_t)n + 1, sizeof(*p->fresh)) };
	if (p->fresh == NULL) {
		return false;
	}
	if (base == NULL || part == NULL || part->n_shards == 0) {
		memcpy(p->fresh, indices, n * sizeof(*indices));
		p->n_fresh = n;
		return true;
	}
	if (!make_maps(p, part) || !map_rules(p, rules, indices, n, base, part)) {
		compile_plan_free(p);
		return false;
	}
	choose_shards(p, rules, part, small_ms);
	return true;
}

uint32_t compile_plan_count(
	const struct compile_plan *p, const struct rule *rules, unsigned shard_ms, double *sum_ms)
{
	struct compile_cost all = { 0 };
	struct compile_cost shard = { 0 };
	uint32_t n = 1;

	for (uint32_t i = 0; i < p->n_fresh; i++) {
		compile_cost_add(&all, &rules[p->fresh[i]]);
		compile_cost_add(&shard, &rules[p->fresh[i]]);
		if (compile_cost_ms(&shard) > shard_ms && i + 1 < p->n_fresh) {
			shard = (struct compile_cost){ 0 };
			n++;
		}
	}
	*sum_ms = all.sum_ms / n;
	return n;
}

uint32_t compile_plan_cut(const struct compile_plan *p, const struct rule *rules, uint32_t first,
	double sum_ms, bool is_last)
{
	struct compile_cost cost = { 0 };
	uint32_t end = is_last ? p->n_fresh : first;

	while (end < p->n_fresh && (end == first || cost.sum_ms < sum_ms)) {
		compile_cost_add(&cost, &rules[p->fresh[end++]]);
	}
	return end;
}

void compile_plan_free(struct compile_plan *p)
{
	for (uint32_t k = 0; k < p->n_shards; k++) {
		free(p->maps[k]);
	}
	free(p->maps);
	free(p->fresh);
	*p = (struct compile_plan){ 0 };
}
