/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_lists: the lists that policy.conf names, from the files of its folder or the sections of a
 * pack, and into a pack. Part of policy_file.h.
 *
 *   list.NAME         the base, as dataplane/verdict/list_build.h encodes it
 *   list.NAME.change  entries added and deleted since; missing: none
 *
 * Control only. Errors as file:line, or with the section's name.
 */
#ifndef SMSWALL_CONTROL_POLICY_LISTS_H
#define SMSWALL_CONTROL_POLICY_LISTS_H

#include "dataplane/verdict/generation.h"
#include "dataplane/verdict/list_build.h"
#include "patterns/pack.h"

enum { POLICY_LIST_SECTION_SIZE = PACK_NAME_SIZE };

/* policy_list_section: "list.NAME" or, with `change`, "list.NAME.change". Returns `out`. */
const char *policy_list_section(const char *name, bool change, char out[POLICY_LIST_SECTION_SIZE]);

/*
 * policy_lists_read: from files in `folder`; named_in[i]: the file of which list i's line is. policy_lists_take: from a pack, `file` being its name in
 * messages; what the set `live` has of the same name and contents is shared with it, and needs not be in
 * the pack. *set has one reference; NULL where the policy names no list. False with errors in `diag`.
 */
bool policy_lists_read(const struct policy *p, const char *folder, const char *const *named_in,
	struct list_set **set, struct diag *diag);
bool policy_lists_take(const struct policy *p, const struct pack *pack, const char *file,
	const struct list_set *live, struct list_set **set, struct diag *diag);

/*
 * policy_lists_add: puts the sections of `set` (NULL: none) into a pack; of those that `thin` (may be
 * NULL) has with the same contents, only the names and hashes. False when out of memory or sections.
 */
bool policy_lists_add(const struct list_set *set, const struct pack *thin, struct pack *pack);

/* policy_list_put: the sections of one list, in place of those that are there. */
bool policy_list_put(const struct list *l, struct pack *pack);

/* What a generation has in memory, so that its sections need not be read: for pack_read_new(). */
struct policy_known {
	struct pack_known rules;
	const struct list_set *lists;
};
struct pack_known policy_known(
	struct policy_known *k, const struct ruleset *rules, const struct list_set *lists);

#endif
