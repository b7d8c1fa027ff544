/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sctp_parts: what the files of sctp_direction share: sctp_direction.c receives and gives messages,
 * sctp_leave.c lets frames go, sctp_keep.c keeps and forgets entries. Owning core only.
 */
#ifndef SMSWALL_NET_SCTP_PARTS_H
#define SMSWALL_NET_SCTP_PARTS_H

#include "dataplane/net/sctp_direction.h"

/* Flags of DATA that a copy must have in common; the I bit may differ, RFC 9260 3.3.1. */
enum { SCTP_MARKS = SCTP_BEGIN | SCTP_END | SCTP_UNORDERED };

/* sctp_next_data: the next chunk with user data; `covered` becomes true behind an AUTH chunk (RFC 4895 6.1). */
bool sctp_next_data(struct sctp_walk *w, struct sctp_data *data, bool *covered);

/* sctp_is_acked: the receiver has it. */
bool sctp_is_acked(const struct sctp_direction *d, uint32_t tsn);

/* sctp_set_skipped: this TSN was seen, or will not be sent, and is not in the journal. */
void sctp_set_skipped(struct sctp_direction *d, uint32_t tsn);

/* sctp_set_overlaid: frames with a copy of `e` are made equal to it. */
void sctp_set_overlaid(struct sctp_direction *d, struct sctp_entry *e);

/* The lists of entries, by their newest copy. */
void sctp_list_add(struct sctp_direction *d, struct sctp_entry *e);
void sctp_list_renew(struct sctp_direction *d, struct sctp_entry *e);

/* sctp_forget_kept: frees the oldest kept entry for its room; false: there is none that no held frame carries. */
bool sctp_forget_kept(struct sctp_direction *d, struct sctp_journal *j, struct stats *stats);

/* sctp_entry_done: a verdict, or none will come. */
void sctp_entry_done(struct sctp_direction *d, struct sctp_entry *e);

void sctp_entry_free(struct sctp_direction *d, struct sctp_entry *e, struct sctp_journal *j);

/*
 * sctp_free_acked: what the receiver has is not sent again. No frame may be held: what is held is
 * still to be made equal to the journal. DATA that the receiver has and that is not here came round us.
 */
void sctp_free_acked(struct sctp_direction *d, struct sctp_journal *j, struct stats *stats);

/* sctp_free_memory: all that can be freed or kept; no frame is held. */
void sctp_free_memory(struct sctp_direction *d, uint64_t now_us, const struct tcp_config *config,
	struct sctp_journal *j, struct stats *stats);

#endif
