/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verbs_policy: the verbs policy.*, rule.* and key.* of the control socket (docs/control-protocol.md):
 * arguments in, orders to push.h out; what is read only is answered at once.
 *
 * Control thread only. Roles and the audit log are the caller's (control.c): the table says what is
 * asked for. Codes: CONTROL_USAGE for arguments of the wrong kind, SERVER_DEFERRED for orders.
 */
#ifndef SMSWALL_CONTROL_VERBS_POLICY_H
#define SMSWALL_CONTROL_VERBS_POLICY_H

#include "control/control.h"
#include "control/push.h"
#include "control/server.h"

struct policy_verb {
	const char *name;
	enum server_role role; /* at least */
	bool changes;          /* audited */
	int (*run)(struct push *p, struct server_request *r, struct server_answer *a);
};

extern const struct policy_verb policy_verbs[];
extern const size_t policy_verbs_count;

/*
 * verbs_policy_order: who asks, and the arguments that every order takes (note, if_generation).
 * CONTROL_OK, or CONTROL_USAGE with a sentence.
 */
int verbs_policy_order(struct push_order *o, enum push_what what, const struct server_request *r,
	struct server_answer *a);

/* verbs_policy_start: SERVER_DEFERRED, or a code with a sentence; then `change_arg` was freed. */
int verbs_policy_start(struct push *p, struct push_order *o, struct server_answer *a);

#endif
