/* SPDX-License-Identifier: BSD-3-Clause */
/* ctl_cost: `smswallctl policy check --cost`. Control only. */
#ifndef SMSWALL_CONTROL_CTL_COST_H
#define SMSWALL_CONTROL_CTL_COST_H

#include "control/ctl.h"
#include "control/policy_file.h"

/* ctl_cost_wanted: one of its options was given. */
bool ctl_cost_wanted(const struct ctl_call *call);

/* ctl_cost: measures, prints, and checks the budget. 0 or a control_code. */
int ctl_cost(struct ctl_call *call, const struct policy_set *set);

#endif
