/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rule_cost: what rules cost: to compile, to keep, and a worker's time with each message.
 *
 * Rules are measured one by one, in child processes under the limits of compile.h, so what they
 * share with others in one database is in each of them: the sum is more than the whole, which
 * rule_cost_scan() measures. A time is the least of several rounds: noise only adds.
 * Control only; forks, so to be called where no other thread of ours runs. Errors: in `diag`.
 */
#ifndef SMSWALL_PATTERNS_RULE_COST_H
#define SMSWALL_PATTERNS_RULE_COST_H

#include "patterns/compile.h"
#include "patterns/compile_child.h"

/*
 * rule_cost_measure: costs[i] of rule i of `r`. A rule that took more than its time has
 * costs[i].compile_s = RULE_COST_CPU_S and nothing else. False with an error in `diag`.
 */
enum { RULE_COST_CPU_S = 10 };
bool rule_cost_measure(const struct ruleset *r, const struct cost_sample *sample,
	const struct compile_limits *limits, struct child_cost *costs, struct diag *diag);

/* rule_cost_scan: of all rules together. *ns: a message of the sample. 0 or -ENOMEM. */
int rule_cost_scan(
	const struct ruleset *r, const struct cost_sample *sample, double *ns, size_t *scratch_len);

#endif
