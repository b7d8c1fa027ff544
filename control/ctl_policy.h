/* SPDX-License-Identifier: BSD-3-Clause */
/* ctl_policy: configuration and policy as several verbs of smswallctl need them. Control only. */
#ifndef SMSWALL_CONTROL_CTL_POLICY_H
#define SMSWALL_CONTROL_CTL_POLICY_H

#include "control/config.h"
#include "control/ctl.h"
#include "control/policy_file.h"

/*
 * ctl_config_load: the configuration of --config, or defaults where it is not given. *c is to be
 * freed by free(). 0, CONTROL_INVALID or CONTROL_FAILED.
 */
int ctl_config_load(struct ctl_call *call, struct config **c);

/* ctl_policy_load: `path`, or the configuration's where it is NULL. *set is to be freed. */
int ctl_policy_load(
	struct ctl_call *call, const char *path, const struct config *c, struct policy_set *set);

/* ctl_policy_meta: who makes a pack, and when; `note` may be NULL. */
void ctl_policy_meta(const char *note, struct pack_meta *meta);

#endif
