/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_file: what `--policy` names, made into a ruleset and a policy: a folder (*.pat and
 * policy.conf), one *.pat file, or a pack.
 *
 * Control only. Every error as file:line, all of them. The grammar of policy.conf is
 * smswall-policy(5).
 */
#ifndef SMSWALL_CONTROL_POLICY_FILE_H
#define SMSWALL_CONTROL_POLICY_FILE_H

#include "dataplane/verdict/policy.h"
#include "patterns/compile.h"

struct policy_set {
	struct source source; /* rules have moved to `ruleset`; the examples are here */
	struct ruleset *ruleset;
	struct policy policy;
	char *policy_text; /* policy.conf with what it includes; NULL: there is none */
	struct compile_report report;
	bool from_pack;
};

/*
 * policy_set_load: reads, compiles and checks the rules' own examples. `link_names` (n_links) is
 * what policy.conf may name. False with errors in `diag`; *set is then empty.
 */
bool policy_set_load(struct policy_set *set, const char *path, const char *const *link_names,
	unsigned n_links, enum rule_action default_action, struct diag *diag);

/* policy_set_write: as a pack. */
bool policy_set_write(const struct policy_set *set, const char *path, struct diag *diag);

void policy_set_free(struct policy_set *set);

#endif
