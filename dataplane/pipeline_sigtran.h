/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pipeline_sigtran: what the pipeline's SIGTRAN files share; nobody else includes it.
 *
 *   pipeline_sctp.c     packets -> associations -> user messages; holding, panic, ageing
 *   pipeline_sigtran.c  a user message -> M3UA -> SCCP, its segments joined -> TCAP
 *   pipeline_map.c      one TCAP message: dialogue, components, verdict, edit, answer
 *   pipeline_keep.c     what carried a refused message, for quarantine
 */
#ifndef SMSWALL_PIPELINE_SIGTRAN_H
#define SMSWALL_PIPELINE_SIGTRAN_H

#include "dataplane/pipeline_parts.h"
#include "dataplane/proto/ppid.h"

/* Where the work stands: one user message of one association. */
struct map_at {
	struct pipeline *p;
	const struct link_config *link;
	uint64_t session; /* id of the association */
	uint64_t frame;   /* that completed the message */
	uint32_t tsn;     /* of its last chunk */
	uint8_t link_index;
	uint8_t side;      /* enum sms_side of the sender */
	uint8_t direction; /* of the ledger: 0 from the inside */

	struct bytes octets; /* of the user message */
	const uint8_t *address[2];
	uint16_t port[2]; /* of the sender, of the receiver */

	/* the TCAP message in it; of one that came in segments the whole */
	struct bytes tcap;
	bool from_segments;
	struct tcap_path path;
	struct sigtran_session *association;
	struct tcap_dialogue_seen seen;
	size_t editable_from; /* in tcap: octets before it have left */
	size_t editable_to;   /* some from here on have: fragments came in another order */
	bool voidable;   /* it is the last segment, or a late one, and its reference has not left */
	bool unreadable; /* the parameter of the component at hand */
	bool void_segment; /* the last segment is not to be joined to those before it */
	bool edited;       /* p->edited holds what tcap is to become */
	bool judged;       /* a message in it got a verdict */
};

/* pipeline_sigtran.c */

/* A user message of SCTP and the way back to its octets. */
struct sigtran_message {
	struct bytes octets;
	uint32_t ppid;
	struct sigtran_session *session; /* NULL: none was left */
	const struct sctp_message *sctp;
	struct sctp_direction *from;
};

/* sigtran_take: judges what is in `m`; the reason under which its octets stand in the ledger. */
enum reason sigtran_take(struct map_at *at, const struct sigtran_message *m);

/* pipeline_map.c */

/* map_take: judges at->tcap; true if it held a short message. With at->edited the octets in p->edited are to leave. */
bool map_take(struct map_at *at);
void map_anomaly(const struct map_at *at, enum reason why);

/* pipeline_keep.c */

/* keep_map: keeps what carried the message of which event_origin_put() has just told. */
void keep_map(const struct map_at *at);

/* pipeline_sctp.c */

/* sctp_set_up: boot only; `sessions` of associations_max. */
void sctp_set_up(struct pipeline *p, struct sigtran_session *sessions);
void sctp_take(struct pipeline *p, struct frame *f);
void sctp_holds_run(struct pipeline *p);
void sctp_holds_end(struct pipeline *p, enum reason why);
void sctp_sweep(struct pipeline *p);
void sctp_drain(struct pipeline *p);

#endif
