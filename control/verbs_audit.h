/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verbs_audit: what the control socket answers to audit.show {limit} and audit.verify {head}.
 *
 * Control thread only. A verification reads in slices between other work and answers when it is
 * through: one at a time.
 */
#ifndef SMSWALL_CONTROL_VERBS_AUDIT_H
#define SMSWALL_CONTROL_VERBS_AUDIT_H

#include "control/server.h"

struct event_base;
struct verbs_audit;

/* verbs_audit_new: `folder` is control.state_dir and outlives it. NULL: out of memory. */
struct verbs_audit *verbs_audit_new(struct event_base *base, const char *folder);

/* verbs_audit_free: before the server is closed; NULL is accepted. */
void verbs_audit_free(struct verbs_audit *v);

int verbs_audit_show(struct verbs_audit *v, struct server_request *r, struct server_answer *answer);
int verbs_audit_verify(struct verbs_audit *v, struct server *s, struct server_request *r,
	struct server_answer *answer);

#endif
