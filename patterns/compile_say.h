/* SPDX-License-Identifier: BSD-3-Clause */
/* compile_say: what Hyperscan says of a rule, for the person who wrote it. Part of compile.h. */
#ifndef SMSWALL_PATTERNS_COMPILE_SAY_H
#define SMSWALL_PATTERNS_COMPILE_SAY_H

#include "patterns/ruleset.h"

/* compile_say: adds it at the rule's line, in better words and with a column where that can be. */
void compile_say(const struct rule *r, const char *said, bool is_warning, struct diag *diag);

#endif
