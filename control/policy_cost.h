/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_cost: what a policy costs, rule by rule, on a shipped sample of texts (traffic_sample.c),
 * and which rules are over a budget.
 *
 * Control only; forks. Ownership: policy_cost_free(). Errors: in a diag; rules over their budget as
 * file:line.
 */
#ifndef SMSWALL_CONTROL_POLICY_COST_H
#define SMSWALL_CONTROL_POLICY_COST_H

#include "control/policy_file.h"
#include "patterns/rule_cost.h"

/* What one rule may cost by itself. */
struct policy_budget {
	double compile_ms;   /* CPU */
	double database_kib; /* octets / 1024 */
	double message_us;   /* of a worker's time with a message of the sample */
};

/* Generous: what such a rule costs is felt. 3,000 ms, 4,096 KiB, 10 us. */
struct policy_budget policy_budget_default(void);

struct policy_cost {
	struct child_cost *rules; /* of each rule by itself */
	uint32_t *by_compile;     /* indices of rules, the costliest first */
	uint32_t *by_database;
	uint32_t *by_message;
	uint32_t n_rules;
	double message_ns;   /* of all rules together, a message */
	size_t scratch_len;  /* of a worker */
	uint32_t n_messages; /* of the sample */
	double octets_mean;
};

/* policy_cost_measure: false with an error in `diag`; *cost is then empty. */
bool policy_cost_measure(const struct policy_set *set, struct policy_cost *cost, struct diag *diag);
void policy_cost_free(struct policy_cost *cost);

/* policy_cost_check: an error for each measure in which a rule is over its budget. False: there were some. */
bool policy_cost_check(const struct policy_set *set, const struct policy_cost *cost,
	const struct policy_budget *budget, struct diag *diag);

#endif
