/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * compile_cost: what compiling some rules into one database is stated to cost, without doing it.
 *
 * A statement, not a measurement: the same on every machine, so that the same rules give the same
 * shards. Unit: CPU milliseconds of the machine of docs/performance.md, within a factor of four.
 *
 *   cost of a rule  = a base, plus for each piece of its expression what such a piece was measured
 *                     to cost: octets, sets of characters (narrow ones, wide ones, those of all
 *                     Unicode), repeats by what they repeat (bounded ones times their bound),
 *                     branches, boundaries of words
 *   cost of a set   = the sum, times 1 + n / 4000 for the n rules that are no plain literals: their
 *                     automata are compared and merged with each other
 *
 * Pure. Any thread.
 */
#ifndef SMSWALL_PATTERNS_COMPILE_COST_H
#define SMSWALL_PATTERNS_COMPILE_COST_H

#include "patterns/ruleset.h"

/* Rules that become one database, and what that costs so far. */
struct compile_cost {
	double sum_ms;
	uint32_t n_complex; /* rules that are more than literals */
};

/* compile_cost_add: one more rule. */
void compile_cost_add(struct compile_cost *c, const struct rule *r);

/* compile_cost_ms: of all that were added. */
double compile_cost_ms(const struct compile_cost *c);

#endif
