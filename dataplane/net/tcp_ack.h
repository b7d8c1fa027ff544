/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcp_ack: the one frame of our own: a pure ACK with SACK blocks, towards a sender whose frames wait
 * here behind a gap (design.md 4). Without it the sender does not learn that the rest arrived, and
 * waits for its retransmission timer at each loss.
 *
 * It repeats what the receiver said last, as far as that was forwarded, and adds the blocks; SACK is
 * advisory (RFC 2018 8), so the sender keeps the octets and nothing is lost when we are. Nothing is
 * said where the receiver has not yet said anything, or one end does not do SACK.
 * Ownership: struct tcp_end and struct tcp_blocks are parts of struct tcp_direction; the frame is the
 * caller's. Owning core only. Bounds: LIMIT_SACK_BLOCKS.
 * Source: RFC 2018, RFC 7323, RFC 9293 3.1.
 */
#ifndef SMSWALL_NET_TCP_ACK_H
#define SMSWALL_NET_TCP_ACK_H

#include "dataplane/limits.h"
#include "dataplane/net/frame.h"

enum {
	TCP_END_LINK_LEN = 22,   /* Ethernet and two tags */
	TCP_END_HEADER_LEN = 62, /* that, and the first 40 octets of IP */
	/* link, IPv6, TCP, timestamps, and the SACK option between two NOPs */
	TCP_ACK_LEN_MAX = TCP_END_LINK_LEN + 40 + 20 + 12 + 4 + 8 * LIMIT_SACK_BLOCKS,
};

/* What an end has said last, in frames that were forwarded: the ends of a direction's frames. */
struct tcp_end {
	uint32_t ack;
	uint32_t ts_value;    /* the newest TSval */
	uint32_t ts_ordered;  /* the newest TSval that its receiver took up: of octets in order */
	uint32_t ts_echo;     /* TSecr beside the newest ACK */
	uint16_t window;      /* as on the wire */
	uint8_t window_scale; /* of its SYN, RFC 7323 2.2 */
	uint8_t ip_version;   /* 0: nothing forwarded yet */
	uint8_t l3_off;
	bool sack_permitted; /* its SYN said so */
	bool scaled;         /* its SYN had a window scale */
	bool timestamps;     /* its SYN had timestamps */
	bool said;           /* ack and window are set */
	bool ts_set;         /* ts_value is set */
	bool ts_ordered_set;
	uint8_t ports[4]; /* its own, the other's */
	uint8_t header[TCP_END_HEADER_LEN];
};

/* Octets that wait behind a gap: sequence numbers [from, to), the newest first (RFC 2018 4). */
struct tcp_blocks {
	struct tcp_block {
		uint32_t from, to;
	} at[LIMIT_SACK_BLOCKS];
	uint32_t n;
};

/* tcp_end_note_syn: what the options of the end's SYN offer. */
void tcp_end_note_syn(struct tcp_end *e, struct bytes options);

/* tcp_end_note: `f` of this end is forwarded; `in_order`: nothing before its octets is missing. */
void tcp_end_note(struct tcp_end *e, const struct frame *f, bool in_order);

/* tcp_end_window: the first sequence number that this end, as a receiver, does not take. */
uint32_t tcp_end_window(const struct tcp_end *e, const struct tcp_end *other);

/* tcp_timestamp: where the TSval of a frame's timestamps option lies from f->data on; 0: it has none. */
size_t tcp_timestamp(const struct frame *f);

/* tcp_blocks_add: [from, to) arrived; joined with what touches it. */
void tcp_blocks_add(struct tcp_blocks *b, uint32_t from, uint32_t to);

/* tcp_blocks_forget: what is below `seq` waits no longer. */
void tcp_blocks_forget(struct tcp_blocks *b, uint32_t seq);

/*
 * tcp_ack_make: writes into f->data (TCP_ACK_LEN_MAX octets of room) the ACK that `receiver` would send
 * to `sender` from `seq` on, with those blocks that lie above its last ACK. False, with nothing
 * written: a condition above does not hold, or no block is left to tell. The caller sets what port.c
 * would have set.
 */
bool tcp_ack_make(const struct tcp_end *receiver, const struct tcp_end *sender, uint32_t seq,
	const struct tcp_blocks *blocks, struct frame *f);

#endif
