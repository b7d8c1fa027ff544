/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * push_boot: what judges first: a policy named by --policy; else what the store has, the newest
 * that verifies; else policy.path. Where the store is not empty and nothing in it verifies, an empty
 * policy that lets everything pass: a restart must not stop traffic, nor let an old text judge unseen.
 *
 * Before any thread is started: it may compile, in child processes (patterns/compile.h). A replay has
 * no store and generation 1. Ownership: push_boot_free() frees all but what push_boot_make() gave.
 */
#ifndef SMSWALL_CONTROL_PUSH_BOOT_H
#define SMSWALL_CONTROL_PUSH_BOOT_H

#include "control/push_loader.h"

struct push_boot {
	struct store store;
	struct arena arena;
	struct policy_set set;
	struct push_record record;
	char name[4096]; /* what it came from, for people */
	bool has_store;
	bool fallback; /* not what was live, but an older one */
};

/*
 * push_boot_load: `policy_path`: of --policy, or NULL. False with errors in `diag`: then there is
 * nothing to start with. What is passed over, or cannot be kept, is told as warnings.
 */
bool push_boot_load(struct push_boot *b, const struct config *config, const char *policy_path,
	struct diag *diag);

/* push_boot_make: the generation. False: no memory, or it does not fit memory.generations. */
bool push_boot_make(struct push_boot *b, const struct config *config, struct push_made *made,
	struct diag *diag);

/* push_boot_free: after all that was made of it is gone. */
void push_boot_free(struct push_boot *b);

#endif
