/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_conf: policy.conf as a struct policy: thresholds, tenants, profiles and what holds where,
 * lists, rules with conditions, limits. The grammar is smswall-policy(5). Part of policy_file.h.
 *
 * Control only. Every error is reported, as file:line. Bounds: LIMIT_CATEGORIES, POLICY_*_MAX,
 * CONDITION_*_MAX.
 */
#ifndef SMSWALL_CONTROL_POLICY_CONF_H
#define SMSWALL_CONTROL_POLICY_CONF_H

#include "control/config_text.h"
#include "dataplane/pipeline.h"
#include "dataplane/verdict/policy.h"
#include "patterns/source.h"

/*
 * Names of links where there is no configuration to say which there are: the i-th that policy.conf
 * names has index POLICY_LINK_UNSEEN - i, which no link has.
 */
enum { POLICY_LINK_UNSEEN = 0xFE };
struct policy_unseen {
	char names[LIMIT_LINKS][LINK_NAME_SIZE];
	unsigned n;
};

/* What the words of policy.conf refer to. */
struct policy_names {
	char *const *categories; /* of the rules */
	uint16_t n_categories;
	const struct rule *rules;
	uint32_t n_rules;
	const char *const *links; /* of the configuration; none: names are taken unseen */
	unsigned n_links;
	const struct policy_unseen *unseen; /* those; or NULL */
};

/* What it is read with: rules are added to a source that was read, or are found in a ruleset. */
struct policy_conf {
	struct source *source;         /* of *.pat files; NULL: `rules` are in the ruleset */
	const struct ruleset *ruleset; /* of a pack; not with `source` */
	const char *const *links;
	unsigned n_links;
	enum rule_action default_action; /* of categories that it does not name, at weight 100 */
	struct policy_unseen *unseen;    /* written */
	const char **list_files; /* written, LIST_SET_MAX: the file that names each list, as long as
	                            the text; or NULL */
};

/* policy_conf_read: fills *p from `text`. False when `diag` got an error; *p is then not to be used. */
bool policy_conf_read(struct policy *p, const struct config_text *text,
	const struct policy_conf *how, struct diag *diag);

#endif
