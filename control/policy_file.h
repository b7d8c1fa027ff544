/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_file: what `--policy` names, made into a ruleset and a policy: a folder (*.pat and
 * policy.conf), one *.pat file, or a pack.
 *
 * Control only. Every error as file:line, all of them. The grammar of policy.conf is
 * smswall-policy(5). Sections of a pack that are read and written here: those of
 * patterns/pack_ruleset.h, those of policy_lists.h, policy.conf (the text, with what it includes) and
 * states (ID STATE lines, ruleset_apply_states()).
 */
#ifndef SMSWALL_CONTROL_POLICY_FILE_H
#define SMSWALL_CONTROL_POLICY_FILE_H

#include "control/policy_conf.h"
#include "dataplane/verdict/policy.h"
#include "patterns/compile.h"
#include "patterns/pack_ruleset.h"

struct policy_set {
	struct source source; /* rules have moved to `ruleset`; the examples are here */
	struct ruleset *ruleset;
	struct policy policy;
	struct policy_unseen unseen; /* names of links that no configuration knows */
	struct list_set *lists;      /* that the policy names; NULL: none */
	char *policy_text;           /* policy.conf with what it includes; NULL: there is none */
	char *states;                /* the overrides that were applied; NULL: none */
	struct compile_report report;
	bool from_pack;
};

/* Where a policy comes from, and what it is made with. What is NULL or 0 is not there. */
struct policy_load {
	const char *path; /* a folder, a *.pat file or a pack; with `pack`: its name in messages */
	const struct pack *pack;       /* one that was read by the caller, who keeps it */
	const char *const *link_names; /* what policy.conf may name */
	unsigned n_links;
	enum rule_action default_action;
	const struct ruleset *base;        /* databases are shared with it */
	const struct list_set *base_lists; /* bases of lists are shared with them */
	const struct key_ring
		*trusted;    /* whose packs are taken; NULL: anyone's, and unsigned ones */
	const char *parts;   /* folder of the sections that a thin pack leaves out */
	const char *cache;   /* folder of compiled databases */
	struct arena *arena; /* which databases are charged to */
	const char *states;  /* overrides to be applied instead of the pack's */
	bool rules_only;     /* to be compared, not to judge by: no databases, no examples run */
};

/*
 * policy_set_load: reads, compiles (or loads) and checks the rules' own examples. False with errors
 * in `diag`; *set is then empty.
 */
bool policy_set_load(struct policy_set *set, const struct policy_load *how, struct diag *diag);

/* How a pack is to be written. What is NULL is not there. */
struct policy_write {
	const struct key_secret *key; /* signs it */
	const struct ruleset *thin;   /* the databases that this one has are left out */
	const struct pack *thin_pack; /* the lists that this one has, too */
	const struct pack_meta *meta;
};

/*
 * policy_set_add: puts the set's sections into a pack. policy_set_write: as a pack of its own, a
 * file. False with an error in `diag`.
 */
bool policy_set_add(const struct policy_set *set, const struct policy_write *how, struct pack *pack,
	struct diag *diag);
bool policy_set_write(const struct policy_set *set, const char *path,
	const struct policy_write *how, struct diag *diag);

/* policy_set_names: what its words refer to, for policy_print(); the links are those it was loaded with. */
struct policy_names policy_set_names(
	const struct policy_set *set, const char *const *links, unsigned n_links);

void policy_set_free(struct policy_set *set);

#endif
