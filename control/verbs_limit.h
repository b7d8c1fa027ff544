/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verbs_limit: the verbs limit.* of the control socket (docs/control-protocol.md): the limits of the
 * live policy with their figures, how full a key is, and keys emptied.
 *
 * Control thread only. Roles and the audit log are the caller's (control.c); but how full a key is
 * tells what a subscriber does: who may read only sees neither keys that he names nor the digits of
 * those that the policy names. Bounds: VERBS_LIMIT_KEYS_MAX keys a request.
 */
#ifndef SMSWALL_CONTROL_VERBS_LIMIT_H
#define SMSWALL_CONTROL_VERBS_LIMIT_H

#include "control/control.h"
#include "control/server.h"

enum { VERBS_LIMIT_KEYS_MAX = 100 };

struct limit_verb {
	const char *name;
	enum server_role role; /* at least */
	bool changes;          /* audited */
	int (*run)(const struct control_context *ctx, const struct server_request *r,
		struct server_answer *a);
};

extern const struct limit_verb limit_verbs[];
extern const size_t limit_verbs_count;

#endif
