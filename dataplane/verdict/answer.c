/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/answer.h"

/*
 * Why not always: libsmpp34 and others reject a body behind an error status, so a status is written
 * only over an error or over a bare header, where no body can contradict it. An acceptance with a
 * message_id stays as it is unless the operator asked for `force` (research/inline-blocking.md 2.2).
 */
enum answer_outcome answer_decide(const struct smpp_header *h, const struct smpp_pending *p)
{
	if (p->status == 0) {
		return ANSWER_KEEP;
	}
	if (h->status != 0 || h->length == SMPP_HEADER_LEN) {
		return ANSWER_REWRITE;
	}
	return p->force ? ANSWER_FORCED : ANSWER_ACCEPTED;
}
