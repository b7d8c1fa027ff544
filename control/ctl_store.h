/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl_store: a generation of the daemon's store, for verbs that look into it: the daemon says where its
 * manifest and parts are, smswallctl reads the files itself (read-only), which root and the daemon's
 * user may.
 *
 * Control only. Ownership: ctl_store_close() frees all.
 */
#ifndef SMSWALL_CONTROL_CTL_STORE_H
#define SMSWALL_CONTROL_CTL_STORE_H

#include "control/ctl_policy.h"

enum { CTL_PATH_SIZE = 640 };

struct ctl_store {
	long long number; /* of the generation */
	json_t *record;   /* what the daemon says of it */
	char manifest[CTL_PATH_SIZE];
	char parts[CTL_PATH_SIZE];
	struct pack *pack; /* by ctl_store_table(), ctl_store_read() */
};

/* ctl_store_find: generation `number` (0: the live one), by the daemon. 0, or a control_code. */
int ctl_store_find(struct ctl_call *call, long long number, struct ctl_store *s);

/*
 * ctl_store_table: its names and hashes, and with `whole` the sections' octets too. Where the files are not
 * ours to read: CONTROL_NOT_PERMITTED with `whole`, else 0 and no pack.
 */
int ctl_store_table(struct ctl_call *call, struct ctl_store *s, bool whole);

/* ctl_store_state_folder: of the daemon, from where the manifest lies. */
void ctl_store_state_folder(const struct ctl_store *s, char *out, size_t size);

/*
 * ctl_store_policy: loads it as a policy, by the links of `c`. *set is to be freed. 0, or a
 * control_code after sentences.
 */
int ctl_store_policy(
	struct ctl_call *call, struct ctl_store *s, const struct config *c, struct policy_set *set);

/* ctl_store_ruleset: its rules and databases alone, with one reference; NULL: *why says it, `size` octets. */
struct ruleset *ctl_store_ruleset(struct ctl_store *s, char *why, size_t size);

void ctl_store_close(struct ctl_store *s);

/*
 * ctl_config_live: the configuration of --config, else the one that the daemon runs by, which `status` (its
 * answer) names. *c is to be freed by free().
 */
int ctl_config_live(struct ctl_call *call, const json_t *status, struct config **c);

#endif
