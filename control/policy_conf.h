/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_conf: policy.conf: thresholds per category, and where which of them hold. The grammar is
 * smswall-policy(5). Part of policy_file.h.
 *
 * Control only. Every error is reported, as file:line. Bounds: LIMIT_CATEGORIES, POLICY_SCOPES_MAX.
 */
#ifndef SMSWALL_CONTROL_POLICY_CONF_H
#define SMSWALL_CONTROL_POLICY_CONF_H

#include "control/config_text.h"
#include "dataplane/verdict/policy.h"

/* What the words of policy.conf refer to. */
struct policy_names {
	char *const *categories; /* of the rules */
	uint16_t n_categories;
	const char *const *links; /* of the configuration; none: names are taken unseen */
	unsigned n_links;
};

/*
 * policy_conf_read: fills *p from `text`. Categories that it does not name have `default_action` at
 * weight 100. False when `diag` got an error; *p is then not to be used.
 */
bool policy_conf_read(struct policy *p, const struct config_text *text,
	const struct policy_names *names, enum rule_action default_action, struct diag *diag);

#endif
