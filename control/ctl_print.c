/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl policy print: policy.conf in its canonical form. Nothing is compiled. */
#include <stdlib.h>

#include "control/ctl_policy.h"
#include "control/policy_print.h"

/* load: `links`: of the configuration, where there is one; else policy.conf's own names are taken. */
static int load(struct ctl_call *call, struct policy_set *set, struct config **c,
	const char *links[LIMIT_LINKS])
{
	struct policy_load how = { .path = call->words[0], .rules_only = true };
	int rc = ctl_config_load(call, c);

	if (rc != 0) {
		return rc;
	}
	for (unsigned i = 0; i < (*c)->pipeline.n_links; i++) {
		links[i] = (*c)->pipeline.links[i].name;
	}
	how.link_names = links;
	how.n_links = (*c)->pipeline.n_links;
	how.default_action = (enum rule_action)(*c)->default_action;
	return policy_set_load(set, &how, &call->diag) ? 0 : CONTROL_INVALID;
}

static int print(struct ctl_call *call, const struct policy_set *set, const struct config *c,
	const char *const *links)
{
	const struct policy_names names = policy_set_names(set, links, c->pipeline.n_links);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL) {
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	policy_print(&set->policy, &names, f);
	if (fclose(f) != 0) {
		free(text);
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	ctl_out(call, "%s", text);
	ctl_set(call, "text", ctl_json_string(text));
	free(text);
	return 0;
}

int ctl_policy_print(struct ctl_call *call)
{
	const char *links[LIMIT_LINKS];
	struct policy_set *set = calloc(1, sizeof(*set));
	struct config *c = NULL;
	int rc = set != NULL ? load(call, set, &c, links)
	                     : ctl_error(call, CONTROL_FAILED, "no memory");

	ctl_set(call, "path", ctl_json_string(call->words[0]));
	if (rc == 0) {
		rc = print(call, set, c, links);
		policy_set_free(set);
	}
	free(c);
	free(set);
	return rc;
}
