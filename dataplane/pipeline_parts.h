/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pipeline_parts: what the pipeline's own files share; nobody else includes it.
 *
 *   pipeline.c         the story of a burst, timers, drain
 *   pipeline_flow.c    frame -> flow: which service, which side; opening, closing, ageing, holding
 *   pipeline_stream.c  a direction's octets -> PDUs: framing, RESYNC, release before the verdict
 *   pipeline_link.c    a link's peers: text let go in pieces, refusals that do harm
 *   pipeline_smpp.c    one PDU: session, message, verdict, edit, answer
 *   pipeline_event.c   records for control
 *   pipeline_keep.c    refused messages as they came, for quarantine
 *   pipeline_sigtran.h what carries MAP, in files of its own
 *   pipeline_report.c  sessions, when control asks
 */
#ifndef SMSWALL_PIPELINE_PARTS_H
#define SMSWALL_PIPELINE_PARTS_H

#include "dataplane/net/sctp_assoc.h"
#include "dataplane/pipeline.h"
#include "dataplane/proto/m3ua.h"
#include "dataplane/proto/sccp_segments.h"
#include "dataplane/proto/tcap_dialogues.h"
#include "dataplane/sms/from_map.h"
#include "dataplane/verdict/edit_map.h"
#include "dataplane/verdict/signalling.h"
#include "dataplane/proto/smpp_session.h"
#include "dataplane/verdict/answer.h"
#include "dataplane/verdict/breaker.h"

/* Directions of a link that hold frames for one reason and so for one time, in order of its end. */
struct hold_queue {
	struct flow *head[2]; /* by direction of the flow: key.lo's, key.hi's */
	struct flow *tail[2];
};

/* What a link has learnt of its peers (pipeline_link.c). */
struct link_state {
	struct breaker breaker[BREAKERS];
	uint64_t minute_us;  /* the minute in which n_exposed are counted began */
	uint64_t exposed_us; /* the newest of them */
	uint32_t n_exposed;
	bool dribbles; /* on_release = refuse, whatever is configured, until a minute was quiet */
};

/* Where control's question lies and the answer grows. */
struct pipeline_desk {
	_Alignas(64) _Atomic uint32_t
		asked; /* control writes, worker reads: number of the question */
	_Alignas(64) _Atomic uint32_t
		answered;        /* worker writes, control reads: the last one answered */
	uint32_t turn_answered;  /* worker only: the same */
	bool begun;              /* worker only */
	struct pipeline_ask ask; /* control's while both numbers are equal, else the worker's */
	struct pipeline_answer answer; /* the same */
};

/* The layer above one SCTP association. */
struct sigtran_session {
	struct sigtran_session *next; /* of the free ones */
	struct m3ua_state m3ua;
	uint64_t n_messages, n_refused, n_answers;
};

/* One user message of SIGTRAN at a time, layer by layer. */
struct map_work {
	struct m3ua_data m3ua;
	struct sccp_message sccp;
	struct tcap_message tcap;
	struct tcap_component component;
	struct gsmmap_message message;
	struct map_tpdu tpdu;
	struct event_map event;
	uint8_t *joined; /* a message that came in segments; LIMIT_SCCP_JOINED_LEN */
	uint8_t *whole;  /* a user message that came in fragments; LIMIT_SCTP_MESSAGE_LEN */
};

struct pipeline {
	/* what a frame touches first */
	const struct pipeline_config *config;
	const struct pipeline_turn *turn;
	struct flowtable *flows;
	uint64_t now_us;
	uint64_t next_tick_us;
	uint64_t n_ticks;
	struct stream_pool chunks;
	struct smpp_sessions *sessions;
	struct fragments *fragments;
	struct sctp_assocs *assocs;
	struct sctp_journal journal;
	struct sigtran_session *free_sessions;
	struct tcp_config sctp_config[LIMIT_LINKS]; /* as the link's, with SCTP's hold time */
	uint64_t sctp_due_us; /* no hold of SCTP ends before; 0: there is none */
	struct tcap_dialogues *dialogues;
	struct sccp_segments *segments;
	struct signalling *signalling;
	struct frame_list leaving; /* frames that may leave; gathered ones become fragments again */
	struct hold_queue holding[LIMIT_LINKS][TCP_WAITS]; /* by enum tcp_wait */
	struct link_state links[LIMIT_LINKS];
	uint32_t n_holding;                 /* in all of them */
	uint8_t *port_service[LIMIT_LINKS]; /* enum flow_service by TCP port */
	uint64_t next_flow_id;
	uint64_t next_event_id;
	uint32_t sweep_position;
	uint64_t n_bursts;
	uint64_t n_taken;      /* frames */
	uint64_t frame_number; /* of the frame being worked on */
	uint8_t frame_input;
	unsigned worker;

	/* one PDU at a time */
	struct smpp_message message;
	struct sms sms;
	struct verdict verdict;
	struct judge judge;
	uint8_t *pdu;    /* a PDU that lies across frames; LIMIT_SMPP_PDU_LEN */
	uint8_t *edited; /* its replacement; LIMIT_SMPP_PDU_LEN */
	struct judge_span spans[LIMIT_HITS];
	struct map_work map;

	struct event event;
	struct event_ring ring;
	struct event_ring kept; /* for quarantine */
	uint8_t *kept_octets;   /* a message without its text; LIMIT_SMPP_PDU_LEN */
	struct stats stats;
	struct pipeline_gauges gauges;
	struct pipeline_desk desk;
};

/* Where the work stands: one direction of one flow. */
struct half {
	struct pipeline *p;
	struct flow *flow;
	unsigned index; /* 0: octets of key.lo, 1: of key.hi */
	struct tcp_direction *tcp;
	struct flow_reader *reader;
	const struct link_config *link;
	uint8_t side;      /* enum sms_side of the sender */
	uint8_t direction; /* of the ledger: 0 from the inside */
};

static inline struct half half_of(struct pipeline *p, struct flow *flow, unsigned index)
{
	bool inside = (index == 0) == flow->lo_is_inside;

	return (struct half){ p, flow, index, &flow->tcp[index], &flow->reader[index],
		&p->config->links[flow->link], inside ? SIDE_INSIDE : SIDE_OUTSIDE,
		inside ? 0 : 1 };
}

static inline bool half_enforces(const struct half *h)
{
	return h->link->mode == LINK_ENFORCE;
}

/* pipeline_flow.c */
/* flow_resolve: the flow of `f`, opened if need be; NULL and why its octets pass unjudged. */
struct flow *flow_resolve(
	struct pipeline *p, struct frame *f, struct flow *found, enum reason *why);
void flow_take(struct pipeline *p, struct flow *flow, struct frame *f);
void flow_end(struct pipeline *p, struct flow *flow, unsigned change);
void flow_remove(struct pipeline *p, struct flow *flow);
void flow_hold_update(struct pipeline *p, struct flow *flow, unsigned index);
void flow_holds_run(struct pipeline *p);
void flow_holds_end(struct pipeline *p, enum reason why);
void flow_sweep(struct pipeline *p);
bool flow_is_inside(const struct link_config *link, const uint8_t address[16]);
bool flow_wanted(const struct pipeline *p, const struct frame *f);
void frame_pass(struct pipeline *p, struct frame *f, enum reason why);

/* pipeline_stream.c */
void stream_read(struct half *h);
/* stream_finish: as stream_read, knowing that no octet will follow. */
void stream_finish(struct half *h);
void stream_release(struct half *h, enum reason why, enum tcp_leave which);

/* pipeline_link.c */
/* link_refuses: a message whose begin must leave before its end came is refused. */
bool link_refuses(const struct pipeline *p, unsigned link);
/* link_note_exposed: text was, or would have been, let go before its verdict. */
void link_note_exposed(struct half *h);
/* link_style: how messages of a sender in `role` are refused. */
enum edit_style link_style(const struct half *h, enum sms_role role);
/* link_note_rewritten: a refusal leaves in this direction. */
void link_note_rewritten(struct half *h);
/* link_note_answer: `pending` was answered in direction h. */
void link_note_answer(struct half *h, const struct smpp_pending *pending);
/* link_note_close: the sender of `h` closes; `other` is what was sent to it. */
void link_note_close(struct half *h, struct half *other);
void link_tick(struct pipeline *p);

/* pipeline_smpp.c */
void smpp_take_head(struct half *h, const struct smpp_header *header);
void smpp_take_pdu(struct half *h, const struct smpp_header *header, struct bytes pdu);
/*
 * smpp_take_part: a verdict on the octets that are there of a PDU, because they must leave now. True:
 * there is text among them that leaves unjudged, or would have but for link_refuses().
 */
bool smpp_take_part(struct half *h, const struct smpp_header *header, struct bytes part);
/* smpp_take_rest: more octets of a PDU that was condemned by its first. */
void smpp_take_rest(struct half *h, const struct smpp_header *header, struct bytes part);

/* pipeline_event.c */

/* message_count: counts p->verdict, a final one. */
void message_count(struct pipeline *p, unsigned link);

/* Where a message came from, as events tell it. */
struct event_origin {
	const char *account;         /* EVENT_ACCOUNT_SIZE octets, or NULL */
	const struct event_map *map; /* carrier SMS_MAP; else NULL */
	struct bytes pdu;            /* its octets, for explanations */
	uint64_t session;
	uint64_t frame;
	uint32_t sequence;
	uint32_t octets;
	uint8_t link;
};

/* event_wanted: something is to be told of p->verdict. */
bool event_wanted(const struct pipeline *p);

/* event_origin_put: tells of p->sms and its verdict. */
void event_origin_put(
	struct pipeline *p, const struct event_origin *o, enum edit_style applied, uint32_t leaked);
/* event_reason_put: counts an anomaly and tells of it. */
void event_reason_put(struct pipeline *p, const struct event_origin *o, enum reason why,
	unsigned direction, uint64_t octets);
void event_message_put(struct half *h, const struct smpp_header *header, struct bytes pdu,
	enum edit_style applied, uint32_t leaked);
/* event_give: p->event into a ring; false: it was full (a replay waits for room). */
bool event_give(struct pipeline *p, struct event_ring *ring, struct bytes tail);
void event_association_put(struct pipeline *p, const struct sctp_assoc *a, unsigned change);
void event_session_put(struct pipeline *p, const struct flow *flow, unsigned change);
void event_anomaly_put(struct half *h, enum reason why, uint32_t sequence, uint64_t octets);

/* pipeline_keep.c */

/* keep_wanted: p->verdict is one whose messages are kept. */
static inline bool keep_wanted(const struct pipeline *p)
{
	return (p->config->quarantine_actions >> p->verdict.action & 1) != 0;
}

/* keep_smpp: keeps `pdu`, of which event_message_put() has just told; before it is edited. */
void keep_smpp(struct half *h, const struct smpp_header *header, struct bytes pdu);

enum {
	SESSION_OPENED,
	SESSION_BOUND,
	SESSION_BIND_REFUSED,
	SESSION_UNBOUND,
	SESSION_CLOSED,
	SESSION_AGED,
	SESSION_RESYNC
};

#endif
