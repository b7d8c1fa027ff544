/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * audit_call: a call on the control socket and its record in the audit log: handle() begins it,
 * the server's done() ends it, so that a deferred answer is audited like any other, also where the
 * client has gone.
 *
 *   handle: audit_call_begin(request, live generation)      refused calls too
 *   done:   code = audit_call_end(audit, request, code, answer, live generation)
 *
 * Control thread only. Ownership: what begins hangs at request->context and is freed at the end.
 */
#ifndef SMSWALL_CONTROL_AUDIT_CALL_H
#define SMSWALL_CONTROL_AUDIT_CALL_H

#include "control/audit.h"
#include "control/server.h"

/* audit_call_begin: false: out of memory; the call must not go on. */
bool audit_call_begin(struct server_request *r, const struct audit_generation *live);

/*
 * audit_call_end: writes the record of a call that was begun (others: nothing) and puts "audit":
 * {"record", "head"} into a result. Returns `code`, or CONTROL_PARTIAL with a sentence where the
 * thing was done and could not be audited.
 */
int audit_call_end(struct audit *a, struct server_request *r, int code,
	struct server_answer *answer, const struct audit_generation *live);

#endif
