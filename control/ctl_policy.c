/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_policy.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "dataplane/base/clock.h"

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

static const char *author(void)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *user = getpwuid(getuid());

	return sudo != NULL && sudo[0] != '\0' ? sudo : user != NULL ? user->pw_name : "";
}

void ctl_policy_meta(const char *note, struct pack_meta *meta)
{
	*meta = (struct pack_meta){ .schema = PACK_SCHEMA, .created_us = clock_realtime_us() };
	(void)snprintf(meta->author, sizeof(meta->author), "%s", author());
	(void)snprintf(meta->note, sizeof(meta->note), "%s", note != NULL ? note : "");
}
