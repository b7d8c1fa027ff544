/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcp: from frames to octets in order, and back. A middlebox's view of one connection: it owns no
 * end, sends nothing of its own (SACK-bearing ACKs are an addition, design.md 4), and only decides
 * which octets are ready to be parsed, which frames may leave, and with which octets.
 *
 * A direction, in sequence space (low to high):
 *
 *      una        parse            next
 *       |  forwarded |  partial PDU  |  gap, then octets ahead
 *       ^ freed      ^ framed by the ^ contiguous frontier: everything below has been seen
 *         below        layer above
 *
 * In enforce mode a frame is held until `parse` or `free_to` has passed its last octet; frames of
 * one direction leave in order of arrival. In monitor and tap nothing is held and nothing edited.
 *
 * Live, frames behind a gap are set aside (`ahead`) and others overtake them: what fills one of two
 * gaps, and the acknowledgements of the other direction, must not wait for the second; bare
 * acknowledgements wait for nothing at all. When the gap is
 * filled they go before the frame that filled it, as they came. One that something newer has
 * overtaken on its way out gets the newest timestamp, or its receiver would take it for an old
 * duplicate and drop it (PAWS, RFC 7323 5); the ACKs of tcp_ack.h tell the sender that they are here.
 * Where the receiver would take octets that lie too far ahead to be stored, their frame is set
 * aside unread. In a replay (hold_us 0) nobody waits: there all keep their order.
 * Ownership: struct tcp_direction is a part of struct flow. Owning core only.
 * Source: RFC 9293, RFC 7323 (PAWS is the ends' business), RFC 7413.
 */
#ifndef SMSWALL_NET_TCP_H
#define SMSWALL_NET_TCP_H

#include <stddef.h>

#include "dataplane/net/frame.h"
#include "dataplane/net/stream.h"
#include "dataplane/net/tcp_ack.h"

enum tcp_sync {
	TCP_CLOSED, /* nothing seen yet */
	TCP_RESYNC, /* joined mid-stream: the layer above looks for a boundary from `parse` */
	TCP_SYNCED, /* `parse` is a PDU boundary */
	TCP_OPAQUE, /* not to be parsed any more (TLS, AO, no SMPP): all octets go to `opaque_reason` */
};

struct tcp_direction {
	/* the first line: what each frame touches */
	uint32_t next;      /* contiguous frontier */
	uint32_t parse;     /* start of the first PDU that is not yet done */
	uint32_t free_to;   /* frames up to here may leave although the PDU is not complete */
	uint32_t una;       /* acknowledged by the receiver; may be above `next` */
	uint32_t left;      /* the highest octet that has left, + 1 */
	uint32_t low;       /* the stream's memory begins here: octets below are not stored again */
	uint32_t high;      /* the highest octet seen, + 1 */
	uint32_t pending;   /* octets stored at or above `parse`: not in the ledger yet */
	uint32_t edit_from; /* edited octets lie in [edit_from, edit_to); equal: none */
	uint32_t edit_to;
	uint64_t ack_time_us;  /* when una or age_mark last moved */
	uint8_t sync;          /* enum tcp_sync */
	uint8_t opaque_reason; /* enum reason */
	uint8_t n_far; /* frames out of window in a row, each beginning where the last ended */
	bool syn_seen;
	bool fin_seen;
	bool una_seen;   /* an ACK of the other side has been seen */
	bool differs;    /* an overlap differed: frames are overlaid on leaving */
	bool gap_proven; /* the receiver has octets that were not seen here: tcp_skip_gap() */
	bool again;      /* octets of held frames were sent again */
	bool new_syn;    /* new_isn is set */
	bool fin_left;   /* the FIN was sent on */
	bool came_ahead; /* the frame received last was set aside: its sender is to be told */
	bool patient; /* its sender was told, or nothing unjudged may leave: `ahead` waits for the gap */
	/* the second and third: its octets, and the frames that wait */
	struct stream stream;
	struct frame_list held;     /* in order of arrival */
	struct frame *fresh;        /* the first of `held` that tcp_leave() has not looked at yet */
	const struct frame *coming; /* the frame being received: in no list yet */
	struct frame_list passing;  /* bare acknowledgements on their way */
	struct frame_list ahead;    /* behind a gap, in order of arrival */
	uint64_t
		held_since_us; /* arrival of the oldest of `held`, or since it is in order; 0: none */
	uint64_t ahead_since_us; /* arrival of the oldest of `ahead`; 0: none */
	struct tcp_end end;      /* what the sender said, as far as it was sent on */
	/* seldom */
	uint64_t settled_us; /* when frames were last in order again */
	uint64_t again_us;   /* when held octets were last sent again */
	uint32_t isn;
	uint32_t fin_seq;  /* of the FIN: one above the last octet */
	uint32_t new_isn;  /* of a SYN that the other end has not confirmed */
	uint32_t new_end;  /* behind that SYN and its octets */
	uint32_t far_next; /* behind the newest octets that were out of window */
	uint32_t age_mark; /* what is below may be forgotten when history_us have passed */
	uint32_t n_acks;   /* of our own, since ack_window_us */
	uint64_t ack_window_us;
	struct tcp_blocks blocks; /* of `ahead` */
};

_Static_assert(offsetof(struct tcp_direction, stream) == 64, "the first line is the first line");

struct tcp_config {
	uint64_t
		hold_us; /* a held frame leaves after this; 0: only by verdict, close or ceiling (replay) */
	uint64_t history_us; /* octets are kept this long where the other direction is not seen */
	bool release_on_retransmit;
	bool enforce; /* hold and overlay; false (monitor, tap): frames leave at once, as they came */
};

/* What tcp_receive() made of a frame. It is queued in any case. */
enum tcp_received {
	TCP_NOTHING, /* nothing new in order: nothing to parse */
	TCP_DATA,    /* new octets in order: parse from `parse` */
	TCP_RESET,   /* a believable RST: the connection is over once the frame is out */
};

/*
 * tcp_is_new_connection: true when `f`, of direction `d`, begins another connection on the same
 * ports. The caller then ends the old one (judges the rest, TCP_LEAVE_ALL and tcp_close() for both
 * directions) and calls tcp_receive() for `f`. A SYN alone is not believed while the old connection
 * lives: its receiver answers a forged one with a challenge ACK (RFC 5961 4.2) and goes on, and so
 * do we. It is noted, and the SYN-ACK that acknowledges it is the proof.
 */
bool tcp_is_new_connection(
	const struct tcp_direction *d, const struct tcp_direction *o, const struct frame *f);

/*
 * tcp_receive: takes `f`, a frame of direction `d` whose other direction is `o`: stores its octets
 * and appends it to d->held or d->ahead (always; tcp_leave() says which may go). Notes SYN, FIN, RST and the
 * ACK it carries for `o` (o->gap_proven may become true). A frame with a reason (bad checksum,
 * offload_partial, truncated) is queued for its place and accounted under that reason. Accounts
 * under f->direction what will not be parsed: duplicates, octets out of window, behind a gap that
 * was given up, or for which no memory is left (history_full: the direction goes to RESYNC behind
 * them). In TCP_OPAQUE nothing is stored any more and all is accounted at once.
 */
enum tcp_received tcp_receive(struct tcp_direction *d, struct tcp_direction *o, struct frame *f,
	const struct tcp_config *config, struct stream_pool *pool, struct stats *stats);

/* tcp_ended: the FIN was seen and every octet before it. */
static inline bool tcp_ended(const struct tcp_direction *d)
{
	return d->fin_seen && d->next == d->fin_seq;
}

/* tcp_ready: octets in order from d->parse on. */
size_t tcp_ready(const struct tcp_direction *d);

/* tcp_peek: `len` octets at d->parse + off, which must be ready; `scratch` as in stream_get(). */
struct bytes tcp_peek(const struct tcp_direction *d, size_t off, size_t len, uint8_t *scratch);

/* tcp_peek_span: of what is ready those octets that lie in one piece. */
struct bytes tcp_peek_span(const struct tcp_direction *d);

/*
 * tcp_edit: replaces octets at d->parse + off; what has not left yet leaves so, and so does any
 * later copy. Octets that have left are skipped: their copies leave as the first did (law 4).
 */
void tcp_edit(struct tcp_direction *d, size_t off, struct bytes data);

/* tcp_consume: the next `len` octets are done; accounted under `r` for `direction`. */
void tcp_consume(struct tcp_direction *d, size_t len, enum reason r, unsigned direction,
	struct stats *stats);

/* tcp_leaked: how many of the `len` octets from d->parse + off on had already left. */
size_t tcp_leaked(const struct tcp_direction *d, size_t off, size_t len);

enum tcp_leave {
	TCP_LEAVE_JUDGED,  /* what may: no octet of it waits for a verdict */
	TCP_LEAVE_ORDERED, /* what waits for the rest of a PDU too */
	TCP_LEAVE_ALL,     /* what waits behind a gap too */
};

/*
 * tcp_leave: appends to `out` the frames that may leave, or must, overlaid with the stream's octets.
 * Frees what is acknowledged. Call after parsing. Also counts what was held, how long, and edited.
 */
void tcp_leave(struct tcp_direction *d, enum tcp_leave which, uint64_t now_us,
	const struct tcp_config *config, struct stream_pool *pool, struct stats *stats,
	struct frame_list *out);

/* tcp_forget: frees what time and acknowledgements allow, where no frame comes to do it. */
void tcp_forget(struct tcp_direction *d, uint64_t now_us, const struct tcp_config *config,
	struct stream_pool *pool);

/* Why frames wait, and so for how long. */
enum tcp_wait {
	TCP_WAIT_NOTHING,
	TCP_WAIT_REST, /* for the rest of a PDU, or behind a gap of which nobody could be told: hold_us */
	TCP_WAIT_REST_GAP, /* for the rest of a PDU that is lost, as its sender knows: LIMIT_REST_HOLDS times that */
	TCP_WAIT_GAP, /* for a gap alone, and its sender knows: LIMIT_GAP_HOLD_US */
	TCP_WAITS,
};

/* tcp_waits_until: when time lets the frames that wait go, UINT64_MAX: never. */
enum tcp_wait tcp_waits_until(
	const struct tcp_direction *d, const struct tcp_config *config, uint64_t *due_us);

/*
 * tcp_release_due: true if frames must leave now (hold time, retransmission, ceiling, a gap that
 * nobody fills); sets `*why`, and `*which` of them.
 */
bool tcp_release_due(const struct tcp_direction *d, uint64_t now_us,
	const struct tcp_config *config, enum reason *why, enum tcp_leave *which);

/*
 * tcp_tell_sender: the sender of `d` is to know what waits here behind a gap: writes the ACK into
 * f->data (TCP_ACK_LEN_MAX octets) and has `ahead` wait for the gap. False: there is nothing to tell,
 * a condition of tcp_ack.h does not hold, or LIMIT_SACKS_A_WINDOW is reached; nothing is written.
 */
bool tcp_tell_sender(
	struct tcp_direction *d, const struct tcp_direction *o, uint64_t now_us, struct frame *f);

/*
 * tcp_skip_gap: gives the missing octets up: moves `next` and `parse` behind the first gap, or to
 * what the receiver has acknowledged, sync = RESYNC; the PDU before the gap is incomplete. False:
 * there is no gap. d->gap_proven stays true where another gap is proven; call again after parsing.
 */
bool tcp_skip_gap(struct tcp_direction *d, const struct tcp_direction *o, unsigned direction,
	const struct tcp_config *config, struct stream_pool *pool, struct stats *stats);

/* tcp_options_opaque: R_tcp_authenticated when a SYN or segment carries TCP-AO or MD5 (RFC 5925, 2385), else R_none. */
enum reason tcp_options_opaque(struct bytes options);

/* tcp_close: accounts what is unparsed as incomplete and frees the direction's memory; held frames must be out. */
void tcp_close(
	struct tcp_direction *d, unsigned direction, struct stream_pool *pool, struct stats *stats);

#endif
