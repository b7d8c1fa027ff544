/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smpp_session: what one SMPP session has told about itself: who is the ESME, under which
 * system_id it is bound, and which requests still wait for their answer.
 *
 * Role comes from the protocol, never from who sent SYN: the sender of bind_* is the ESME, of
 * outbind the SMSC; joined late, the direction of submit_sm, deliver_sm and others tells
 * (SMPP 3.4 2.2, 2.3). Direction 0 and 1 are those of struct flow.
 * Ownership: sessions and pending answers come from pools of one worker. Owning core only.
 * Bounds: `sessions_max`, `pending_max`; a full table means unmatched answers, counted. Each call
 * does a bounded amount of work: what a closed session leaves behind is swept by later calls.
 */
#ifndef SMSWALL_PROTO_SMPP_SESSION_H
#define SMSWALL_PROTO_SMPP_SESSION_H

#include "dataplane/proto/smpp.h"

enum smpp_bind_state {
	SMPP_OPEN,
	SMPP_BINDING,
	SMPP_BOUND_TX,
	SMPP_BOUND_RX,
	SMPP_BOUND_TRX,
	SMPP_UNBOUND
};

enum { SMPP_SYSTEM_ID_LEN = 16 }; /* 3.4 5.2.1: 15 characters; 5.0: 15; kept with NUL */

struct smpp_session {
	struct smpp_session *next_free;
	char system_id[SMPP_SYSTEM_ID_LEN];
	uint8_t state;     /* enum smpp_bind_state */
	uint8_t bind_kind; /* the bound state asked for */
	int8_t esme;       /* direction the ESME sends in: 0, 1, or -1 unknown */
	bool reported;     /* a session event has told its bind */
	bool late;     /* set by the opener: joined mid-stream, so a missing bind is no anomaly */
	bool doubtful; /* two binds of different names wait for an answer */
	int8_t unbinding; /* direction of an unbind without answer, or -1 */
	uint32_t bind_sequence;
	uint32_t serial;        /* of this opening; 0: closed */
	uint32_t pending_first; /* its pending answers: indices in the pool */
	uint32_t pending_last;
	uint32_t n_pending;
	uint64_t bound_us;
	uint64_t n_messages; /* text-carrying requests seen */
	uint64_t n_refused;  /* counted by the caller */
	uint64_t n_answers;  /* that met their request */
	/* the opener's: */
	void *owner;
	uint64_t answered_us;      /* the newest answer */
	uint64_t answered_sent_us; /* the youngest request that was answered */
	bool mute;                 /* it has been noticed that nothing is answered */
};

struct smpp_sessions; /* the pools of one worker */

/* `memory` is aligned to 64. At least one session and one pending answer. */
size_t smpp_sessions_size(uint32_t sessions_max, uint32_t pending_max);
struct smpp_sessions *smpp_sessions_init(void *memory, uint32_t sessions_max, uint32_t pending_max);

/* smpp_session_open: a fresh session, or NULL when the pool is empty. */
struct smpp_session *smpp_session_open(struct smpp_sessions *pool);

/* smpp_session_close: forgets its pending answers and returns it; NULL is accepted. */
void smpp_session_close(struct smpp_sessions *pool, struct smpp_session *s);

/* What the pipeline has to know of a PDU's effect on the session. */
enum smpp_change { SMPP_NO_CHANGE, SMPP_BOUND, SMPP_BIND_REFUSED, SMPP_ENDED };

/*
 * smpp_session_see: takes every PDU of the session in order (`pdu` whole, or at least its header
 * for commands but bind_*): follows bind state and role. Sets anomalies in *why (smpp_unbound,
 * smpp_role) or R_none.
 */
enum smpp_change smpp_session_see(struct smpp_session *s, unsigned direction,
	const struct smpp_header *h, struct bytes pdu, uint64_t now_us, enum reason *why);

enum smpp_role { SMPP_ROLE_UNKNOWN, SMPP_ROLE_ESME, SMPP_ROLE_SMSC };
/* smpp_session_role: who sends in this direction. */
enum smpp_role smpp_session_role(const struct smpp_session *s, unsigned direction);

/* A request whose answer is awaited. */
struct smpp_pending {
	uint64_t message_id; /* of its event */
	uint64_t sent_us;
	uint32_t sequence;
	uint32_t command;
	uint32_t status;   /* what the answer's command_status is to become; 0: leave it */
	uint8_t direction; /* the request's */
	bool blanked;      /* its text was blanked: that the far end takes it is no alarm */
	bool force;        /* also where the SMSC accepted it (on_accept = force) */
	bool rewritten;    /* what left was a refusal */
};

/*
 * smpp_pending_add: remembers a text-carrying request (refused or not). Real ESMEs reuse a
 * sequence number for different commands: entries match by sequence and command, oldest first.
 * p->sent_us is the present: entries older than LIMIT_PENDING_AGE_US are dropped on the way. False
 * when the table is full.
 */
bool smpp_pending_add(
	struct smpp_sessions *pool, struct smpp_session *s, const struct smpp_pending *p);

/* smpp_pending_take: finds and removes the request that answer `h` of `direction` belongs to; generic_nack matches any. */
bool smpp_pending_take(struct smpp_sessions *pool, struct smpp_session *s, unsigned direction,
	const struct smpp_header *h, struct smpp_pending *p);

/*
 * smpp_pending_overdue: the oldest request not yet told of that has waited for `age_us`, with its
 * session; it goes on waiting. False: there is none.
 */
bool smpp_pending_overdue(struct smpp_sessions *pool, uint64_t now_us, uint64_t age_us,
	struct smpp_pending *p, struct smpp_session **s);

uint32_t smpp_pending_count(const struct smpp_sessions *pool);

#endif
