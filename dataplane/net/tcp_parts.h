/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcp_parts: what the two files of a direction share; nobody else includes it.
 *
 *   tcp.c        octets in: what a frame brings, gaps, resets, new connections
 *   tcp_leave.c  frames out: what may leave, with which octets; releases; telling the sender
 */
#ifndef SMSWALL_NET_TCP_PARTS_H
#define SMSWALL_NET_TCP_PARTS_H

#include "dataplane/limits.h"
#include "dataplane/net/tcp.h"

#define TCP_WINDOW_LEN ((int32_t)(LIMIT_STREAM_CHUNKS * LIMIT_CHUNK_LEN))

/* frame.held */
enum {
	TCP_PASSES,
	TCP_WAITS_TURN,   /* for the rest of a PDU, or its turn */
	TCP_WAITS_AHEAD,  /* behind a gap */
	TCP_WAITS_UNREAD, /* so far ahead that it is not stored yet */
};

static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) >= 0 ? a : b;
}

static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) <= 0 ? a : b;
}

/* data_seq: the sequence number of a frame's first octet; the SYN takes one (RFC 9293 3.4). */
static inline uint32_t data_seq(const struct frame *f)
{
	return f->seq + ((f->tcp_flags & TCP_SYN) != 0 ? 1 : 0);
}

/* tcp_sets_aside: live, in enforce: frames behind a gap wait apart. */
static inline bool tcp_sets_aside(const struct tcp_config *config)
{
	return config->enforce && config->hold_us != 0;
}

/*
 * tcp_touches_edits: an honest copy of an edited octet differs from the store, which has the edit.
 * Where a frame touches edited octets a difference is therefore no sign of evasion; it leaves as the
 * first copy did all the same.
 */
static inline bool tcp_touches_edits(const struct tcp_direction *d, uint32_t seq, size_t len)
{
	return d->edit_from != d->edit_to && seq_diff(seq, d->edit_to) < 0 &&
	       seq_diff(seq + (uint32_t)len, d->edit_from) > 0;
}

/* tcp_free_below: memory below `seq` is given back, as far as no held frame needs it. */
void tcp_free_below(
	struct tcp_direction *d, struct stream_pool *pool, uint32_t seq, uint64_t now_us);

/* tcp_queue: `f` waits for its turn, with those that are in order. */
void tcp_queue(struct tcp_direction *d, struct frame *f);

/* tcp_set_aside: `f` waits behind a gap. */
void tcp_set_aside(struct tcp_direction *d, struct frame *f, struct stats *stats);

/* tcp_settle_since: after frames were taken from d->ahead. */
void tcp_settle_since(struct tcp_direction *d);

#endif
