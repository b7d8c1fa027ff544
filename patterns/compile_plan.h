/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * compile_plan: which rules of one field and view a base ruleset's databases have already, and
 * which are to be compiled. Part of compile.h, on its own for its tests.
 *
 * What makes a rule the same here is its expression and its flags: id, state, category, weight and
 * action are no part of a database.
 * Control only. Ownership: the plan owns its lists until they are taken out; compile_plan_free().
 */
#ifndef SMSWALL_PATTERNS_COMPILE_PLAN_H
#define SMSWALL_PATTERNS_COMPILE_PLAN_H

#include "patterns/ruleset.h"

struct compile_plan {
	uint32_t **maps; /* per shard of the base: as ruleset_shard.rules; NULL: it is not taken */
	uint32_t n_shards;
	uint32_t *fresh; /* the rules to be compiled, in order */
	uint32_t n_fresh;
};

/*
 * compile_plan_make: for the `n` of `rules` in `indices`, which are of one field and view. `base` and
 * `part` (of base) may be NULL: all are fresh. Where some are fresh, shards of a stated cost below
 * `small_ms` are not taken. False when out of memory.
 */
bool compile_plan_make(struct compile_plan *p, const struct rule *rules, const uint32_t *indices,
	uint32_t n, const struct ruleset *base, const struct ruleset_part *part, unsigned small_ms);

/*
 * compile_plan_count: how many databases of at most `shard_ms` of stated cost the fresh rules are
 * worth, and what the rules of one then cost. compile_plan_cut: where the one that begins at fresh[first]
 * ends: about that much after it; the last one takes all that is left.
 */
uint32_t compile_plan_count(
	const struct compile_plan *p, const struct rule *rules, unsigned shard_ms, double *sum_ms);
uint32_t compile_plan_cut(const struct compile_plan *p, const struct rule *rules, uint32_t first,
	double sum_ms, bool is_last);

void compile_plan_free(struct compile_plan *p);

#endif
