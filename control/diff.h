/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * diff: what two policies do otherwise: rules by id, thresholds by link and side, lists, tenants,
 * profiles and limits by name. As
 * one JSON document (`smswallctl policy diff --json`) and as text for people.
 *
 *      policy_set (old), policy_set (new) -> [diff: rules, thresholds, ...]  -> document -> text
 *                 a capture through both  -> [diff_capture: verdicts]         -> document -> text
 *
 * Where a rule stands in its file, its note and its examples are no difference. Control only.
 * Ownership: documents are new references. Bounds: those of the policies; DIFF_SAMPLES_MAX samples a
 * group.
 */
#ifndef SMSWALL_CONTROL_DIFF_H
#define SMSWALL_CONTROL_DIFF_H

#include <jansson.h>

#include "control/policy_file.h"

enum { DIFF_SAMPLES_MAX = 1000 };

/* One of the two. */
struct diff_side {
	const char *name; /* as the operator wrote it */
	const struct policy_set *set;
	const char *const *links; /* names, for scopes */
	unsigned n_links;
};

/*
 * diff_policies: {"old", "new", "rules": {"added", "removed", "changed", "same"}, "thresholds",
 * "lists", "named", "differences"}, as docs/policy.md has it. NULL when out of memory.
 */
json_t *diff_policies(const struct diff_side *old, const struct diff_side *new);

/* diff_rules, diff_thresholds, diff_lists, diff_named: its parts, each with how many differences it has. */
json_t *diff_rules(const struct ruleset *old, const struct ruleset *new, size_t *n);
json_t *diff_thresholds(const struct diff_side *old, const struct diff_side *new, size_t *n);
json_t *diff_lists(const struct diff_side *old, const struct diff_side *new, size_t *n);
json_t *diff_named(const struct diff_side *old, const struct diff_side *new, size_t *n);

/* diff_print: what diff_policies() gave, for people. */
void diff_print(const json_t *document, FILE *to);

#endif
