/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_policy.h"

#include <stdlib.h>

int ctl_config_load(struct ctl_call *call, struct config **c)
{
	const char *path = ctl_value(call, "config");

	*c = calloc(1, sizeof(**c));
	if (*c == NULL) {
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	config_defaults(*c);
	if (path == NULL || config_load(*c, path, &call->diag)) {
		return 0;
	}
	free(*c);
	*c = NULL;
	return CONTROL_INVALID;
}

int ctl_policy_load(
	struct ctl_call *call, const char *path, const struct config *c, struct policy_set *set)
{
	const char *links[LIMIT_LINKS];
	struct policy_load how;

	if (path == NULL && c->policy_path[0] == '\0') {
		return ctl_error(call, CONTROL_USAGE,
			"no policy: name one with --policy PATH, or policy.path in the configuration");
	}
	for (unsigned i = 0; i < c->pipeline.n_links; i++) {
		links[i] = c->pipeline.links[i].name;
	}
	how = (struct policy_load){
		.path = path != NULL ? path : c->policy_path,
		.link_names = links,
		.n_links = c->pipeline.n_links,
		.default_action = (enum rule_action)c->default_action,
	};
	return policy_set_load(set, &how, &call->diag) ? 0 : CONTROL_INVALID;
}
