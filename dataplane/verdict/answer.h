/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * answer: what becomes of the far end's answer to a refused message: only its command_status is
 * ever overwritten (design.md 5).
 *
 * Pure; any core. Source: SMPP 3.4 4.4.2, 4.6.2, 4.7.2, 5.1.3; research/inline-blocking.md 2.2, 2.6.
 */
#ifndef SMSWALL_VERDICT_ANSWER_H
#define SMSWALL_VERDICT_ANSWER_H

#include "dataplane/proto/smpp_session.h"

enum answer_outcome {
	ANSWER_KEEP,    /* nothing to do: the request was not refused */
	ANSWER_REWRITE, /* command_status becomes pending->status */
	ANSWER_ACCEPTED, /* the far end took the content-free message; on_accept = pass: untouched, alarm */
	ANSWER_FORCED, /* the same with on_accept = force: rewritten, alarm */
};

/*
 * answer_decide: for answer header `h` to `p`. Rewrites only where the status is already an error,
 * or the answer is 16 octets long, or `force`.
 */
enum answer_outcome answer_decide(const struct smpp_header *h, const struct smpp_pending *p);

/* SMPP 3.4 5.1.3 */
enum {
	SMPP_ESME_RSUBMITFAIL = 0x45,
	SMPP_ESME_RTHROTTLED = 0x58,
	SMPP_ESME_RX_T_APPN = 0x64,
	SMPP_ESME_RX_P_APPN = 0x65,
	SMPP_ESME_RX_R_APPN = 0x66,
};

#endif
