/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_examples: the texts that a rule must and must not match, run through the judge itself.
 * Part of policy_file.h. Control only.
 */
#ifndef SMSWALL_CONTROL_POLICY_EXAMPLES_H
#define SMSWALL_CONTROL_POLICY_EXAMPLES_H

#include "patterns/source.h"

/* policy_examples_check: false when `diag` got an error: one for each example that is wrong. */
bool policy_examples_check(const struct source *source, struct ruleset *ruleset, struct diag *diag);

#endif
