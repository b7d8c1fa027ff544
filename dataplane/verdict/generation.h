/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * generation: everything a verdict depends on that can be pushed, as references to immutable,
 * counted parts; published by one pointer (dataplane/gate.h). One message is judged by one.
 *
 * Ownership: made, published and freed by control. Workers read the one they got from the gate.
 */
#ifndef SMSWALL_VERDICT_GENERATION_H
#define SMSWALL_VERDICT_GENERATION_H

#include "dataplane/verdict/policy.h"
#include "patterns/scan.h"

enum { WORKERS_MAX = 32 };

/* One worker's counts of one rule; written by that worker, folded by id by control. */
struct rule_count {
	uint64_t hits;    /* messages it hit in state on */
	uint64_t shadow;  /* messages it hit in state shadow */
	uint64_t decided; /* messages it decided */
	uint64_t octets;  /* of the texts that were looked at for these messages */
	uint64_t cycles;  /* that their matching took; several rules share them alike */
	uint64_t last_us; /* time of the newest hit */
};

/* What a policy asks for, found once: the data path takes short ways by it. */
struct generation_plan {
	bool conditions;   /* something may ask a condition, or for a number of the message */
	bool plain_scopes; /* all scopes go by link and side alone */
	bool entities;     /* conditions look for URLs and numbers in texts */
	uint16_t n_early;  /* indices in policy->rules, in order: those that need no text ... */
	uint16_t n_late;   /* ... and those that do, or a hit of a pattern */
	uint16_t early[POLICY_RULES_MAX];
	uint16_t late[POLICY_RULES_MAX];
};

struct generation {
	uint32_t number; /* from 1; replay: always 1 */
	struct ruleset *ruleset;
	struct policy *policy;
	struct generation_plan plan;
	struct list_set *lists; /* by index: those of policy->lists; NULL: policy has none */
	struct scan_scratch *scratch[WORKERS_MAX]; /* one per worker that judges */
	struct rule_count
		*counts[WORKERS_MAX]; /* of ruleset->n_rules; judge_count_rules() counts here */
};

/* generation_create: takes its own references and scratches for n_workers. NULL with errno. Control only. */
struct generation *generation_create(
	uint32_t number, struct ruleset *r, const struct policy *p, unsigned n_workers);
void generation_free(struct generation *g); /* NULL is accepted */

/* generation_set_lists: takes its own reference to `lists` (may be NULL), before it is published. Control only. */
void generation_set_lists(struct generation *g, struct list_set *lists);

/* generation_size: octets that it takes beside its databases: counts, scratches, policy, rules. */
size_t generation_size(const struct generation *g);

#endif
