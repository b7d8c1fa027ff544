/* SPDX-License-Identifier: BSD-3-Clause */
/* policy_print_limits: what a limit allows, in few words for people. Control only. */
#ifndef SMSWALL_CONTROL_POLICY_PRINT_LIMITS_H
#define SMSWALL_CONTROL_POLICY_PRINT_LIMITS_H

#include "dataplane/verdict/limit.h"

enum { POLICY_LIMIT_TEXT_SIZE = 128 };

/* policy_print_limit_text: "60/min, 10 at once". Returns `out`. */
const char *policy_print_limit_text(const struct limit_rule *l, char out[POLICY_LIMIT_TEXT_SIZE]);

#endif
