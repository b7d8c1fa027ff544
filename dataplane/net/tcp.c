/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/tcp.h"

#include <assert.h>

#include "dataplane/net/tcp_parts.h"

#define BEHIND_LEN \
	((int32_t)1 << 30) /* older than this is no retransmission: RFC 7323 5 allows 2^31 */

enum { FAR_FRAMES = 3 }; /* in a row, where no ACK can tell: the stream goes on elsewhere */

/* Option kinds: RFC 9293 3.2, RFC 2385, RFC 5925. */
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MD5 = 19, OPTION_AO = 29 };

static void start(struct tcp_direction *d, uint32_t seq, enum tcp_sync sync, uint64_t now_us)
{
	d->next = d->parse = d->free_to = seq;
	d->una = d->left = d->low = d->high = d->age_mark = seq;
	d->edit_from = d->edit_to = seq;
	d->ack_time_us = now_us;
	d->sync = (uint8_t)sync;
}

/* wait_more, wait_less: octets that are stored and not in the ledger yet. */
static void wait_more(struct tcp_direction *d, unsigned direction, uint32_t n, struct stats *stats)
{
	d->pending += n;
	stats_waiting(stats, direction, n);
}

static void wait_less(struct tcp_direction *d, unsigned direction, uint32_t n, struct stats *stats)
{
	d->pending -= n;
	stats_waiting(stats, direction, -(int64_t)n);
}

/* account_unparsed: what was stored and not consumed: a PDU without its end, and octets behind a gap. */
static void account_unparsed(struct tcp_direction *d, unsigned direction, struct stats *stats)
{
	uint32_t in_order = d->next - d->parse;

	if (d->sync == TCP_OPAQUE) {
		stats_ledger(stats, direction, (enum reason)d->opaque_reason, d->pending);
	} else {
		stats_ledger(stats, direction, R_incomplete, in_order);
		stats_ledger(stats, direction, R_gap, d->pending - in_order);
	}
	wait_less(d, direction, d->pending, stats);
}

/* move_on: the stream is followed from `seq` on; all below has been accounted. */
static void move_on(struct tcp_direction *d, uint32_t seq)
{
	d->next = d->parse = d->free_to = d->high = seq;
	d->gap_proven = d->sync != TCP_OPAQUE && seq_diff(d->una, seq) > 0;
	if (d->sync == TCP_SYNCED) {
		d->sync = TCP_RESYNC;
	}
}

/* rejoin: the stream goes on far from where it was: nothing of the old is of use. */
static void rejoin(struct tcp_direction *d, uint32_t seq, unsigned direction, uint64_t now_us,
	struct stream_pool *pool, struct stats *stats)
{
	account_unparsed(d, direction, stats);
	stats_reason(stats, R_gap);
	stream_clear(&d->stream, pool);
	start(d, seq, TCP_RESYNC, now_us);
	d->n_far = 0;
	d->gap_proven = d->differs = d->fin_seen = d->again = false;
}

/* A SYN that begins `d`, comes late, comes again, or claims another connection. True: its octets belong to `d`. */
static bool syn_belongs(struct tcp_direction *d, struct tcp_direction *o, const struct frame *f,
	struct stats *stats)
{
	if (d->sync == TCP_CLOSED) {
		start(d, f->seq + 1, TCP_SYNCED, f->time_us);
		d->isn = f->seq;
		d->syn_seen = true;
		/* RFC 9293 3.5: the SYN-ACK names the other end's first octet */
		if ((f->tcp_flags & TCP_ACK) != 0 && o->sync == TCP_CLOSED) {
			start(o, f->ack, TCP_SYNCED, f->time_us);
		}
		return true;
	}
	if (d->syn_seen && f->seq == d->isn) {
		return true;
	}
	if (d->sync == TCP_OPAQUE && !d->syn_seen) {
		d->syn_seen = true;
		d->isn = f->seq;
		return true;
	}
	if (!d->syn_seen && f->seq + 1 == d->low) { /* overtaken by its first octets */
		d->syn_seen = true;
		d->isn = f->seq;
		d->sync = d->parse == d->low ? (uint8_t)TCP_SYNCED : d->sync;
		return true;
	}
	stats_reason(stats, R_tcp_new_isn);
	d->new_syn = true;
	d->new_isn = f->seq;
	d->new_end = f->seq + 1 + f->payload_len;
	return false;
}

static bool receive_syn(struct tcp_direction *d, struct tcp_direction *o, const struct frame *f,
	struct stats *stats)
{
	if (!syn_belongs(d, o, f, stats)) {
		return false;
	}
	tcp_end_note_syn(&d->end, frame_tcp_options(f));
	return true;
}

bool tcp_is_new_connection(
	const struct tcp_direction *d, const struct tcp_direction *o, const struct frame *f)
{
	if ((f->tcp_flags & (TCP_SYN | TCP_RST)) != TCP_SYN || f->reason != R_none) {
		return false;
	}
	if ((f->tcp_flags & TCP_ACK) != 0) {
		return o->new_syn && (f->ack == o->new_isn + 1 || f->ack == o->new_end);
	}
	if (d->sync == TCP_CLOSED || (d->syn_seen && f->seq == d->isn) ||
		(!d->syn_seen && f->seq + 1 == d->low)) {
		return false;
	}
	/* over, or there is nobody to ask */
	return (d->fin_seen && o->fin_seen) || !d->una_seen;
}

/*
 * RFC 5961 3.2: an end believes a RST at exactly the next sequence number. A closed socket answers
 * with the number that the other side acknowledged last, RFC 9293 3.10.7.1.
 */
static enum tcp_received receive_reset(
	const struct tcp_direction *d, const struct frame *f, struct stats *stats)
{
	uint32_t next = seq_max(d->next, d->una);
	bool believed = d->sync == TCP_CLOSED || d->sync == TCP_OPAQUE || f->seq == next;

	if (!believed && !d->una_seen) {
		believed = seq_diff(f->seq, next) > 0 && seq_diff(f->seq, next) <= TCP_WINDOW_LEN;
	}
	if (!believed && d->fin_seen) {
		believed = seq_diff(f->seq, d->una) >= 0 && seq_diff(f->seq, d->fin_seq + 1) <= 0;
	}
	stats_ledger(stats, f->direction, R_out_of_window, f->payload_len);
	if (!believed) {
		stats_reason(stats, R_tcp_rst_ignored);
		return TCP_NOTHING;
	}
	return TCP_RESET;
}

/* receive_ack: what `f` acknowledges of the direction `o`. `direction` is o's. */
static void receive_ack(struct tcp_direction *o, const struct frame *f, bool believed,
	struct stream_pool *pool, struct stats *stats)
{
	uint32_t ack = f->ack;

	/* the receiver has what seemed too far away */
	if (o->n_far != 0 && ack == o->far_next && o->sync != TCP_OPAQUE) {
		rejoin(o, ack, f->direction ^ 1u, f->time_us, pool, stats);
		o->una_seen = true;
		return;
	}
	if (!believed || seq_diff(ack, o->next) > BEHIND_LEN ||
		seq_diff(ack, o->next) < -BEHIND_LEN) {
		return;
	}
	o->una_seen = true;
	if (o->fin_seen && ack == o->fin_seq + 1) {
		ack = o->fin_seq; /* the FIN takes a number and is no octet */
	}
	if (seq_diff(ack, o->una) > 0) {
		o->una = o->age_mark = ack;
		o->ack_time_us = f->time_us;
	}
	o->gap_proven = o->sync != TCP_OPAQUE && seq_diff(o->una, o->next) > 0;
}

/* One stretch of a frame's octets, and what became of it. */
struct stretch {
	uint32_t seq;
	struct bytes octets;
	uint32_t n_new;
	bool full;
};

static void store(struct tcp_direction *d, struct stretch *x, uint64_t now_us,
	struct stream_pool *pool, struct stats *stats)
{
	uint32_t before = d->stream.n_written;
	enum stream_put put = stream_put(&d->stream, pool, x->seq, x->octets);

	if (put == STREAM_FULL && d->stream.n_kept != 0) {
		stream_age(&d->stream, pool, UINT64_MAX);
		put = stream_put(&d->stream, pool, x->seq, x->octets);
	}
	if (put == STREAM_FULL && !d->una_seen) {
		/* no ACK will free anything soon: give what has left and is parsed */
		tcp_free_below(d, pool, seq_min(d->parse, d->left), now_us);
		put = stream_put(&d->stream, pool, x->seq, x->octets);
	}
	if (put == STREAM_DIFFERS) {
		d->differs = true;
		if (!tcp_touches_edits(d, x->seq, x->octets.len)) {
			stats_reason(stats, R_overlap_differs);
		}
	}
	x->n_new = d->stream.n_written - before;
	x->full = put == STREAM_FULL;
}

/* receive_far: octets that no window covers are not of this stream, unless it turns out to be there. */
static void receive_far(struct tcp_direction *d, const struct frame *f, uint32_t seq,
	struct stream_pool *pool, struct stats *stats)
{
	d->n_far = d->n_far != 0 && seq == d->far_next && d->n_far < UINT8_MAX
	                   ? (uint8_t)(d->n_far + 1)
	                   : 1;
	d->far_next = seq + f->payload_len;
	stats_ledger(stats, f->direction, R_out_of_window, f->payload_len);
	if (!d->una_seen && d->n_far >= FAR_FRAMES) {
		rejoin(d, d->far_next, f->direction, f->time_us, pool, stats);
	}
}

/* clip: the part of a frame's octets from `low` to `high`; what lies outside is counted in `below`, `above`. */
static struct stretch clip(
	const struct frame *f, uint32_t low, uint32_t high, uint32_t *below, uint32_t *above)
{
	uint32_t seq = data_seq(f);
	uint32_t end = seq + f->payload_len;

	*below = seq_diff(low, seq) > 0 ? seq_min(low, end) - seq : 0;
	*above = seq_diff(end, high) > 0 ? end - seq_max(high, seq) : 0;
	return (struct stretch){ .seq = seq + *below,
		.octets = bytes_slice(frame_payload(f), *below, f->payload_len - *below - *above) };
}

/* store_late: octets below `parse` that come when they have been given up. Returns those seen before. */
static uint32_t store_late(struct tcp_direction *d, struct stretch *x, const struct frame *f,
	struct stream_pool *pool, struct stats *stats)
{
	uint32_t len = (uint32_t)x->octets.len;

	if (len == 0) {
		return 0;
	}
	store(d, x, f->time_us, pool, stats);
	stats_ledger(stats, f->direction, R_gap, x->n_new);
	if (x->full) {
		stats_ledger(stats, f->direction, R_history_full, len - x->n_new);
		return 0;
	}
	return len - x->n_new;
}

/* give_up_full: no memory for `x`: it passes, with all that waits, and the stream is followed behind it. */
static void give_up_full(struct tcp_direction *d, const struct stretch *x, const struct frame *f,
	struct stats *stats)
{
	uint32_t len = (uint32_t)x->octets.len;

	stats_reason(stats, R_history_full);
	stats_ledger(stats, f->direction, R_history_full, d->pending + len - x->n_new);
	wait_less(d, f->direction, d->pending, stats);
	move_on(d, seq_max(d->high, x->seq + len));
}

/* store_ahead: octets from `parse` on. Returns those seen before. */
static uint32_t store_ahead(struct tcp_direction *d, struct stretch *x, const struct frame *f,
	struct stream_pool *pool, struct stats *stats)
{
	uint32_t len = (uint32_t)x->octets.len;

	if (len == 0) {
		return 0;
	}
	store(d, x, f->time_us, pool, stats);
	wait_more(d, f->direction, x->n_new, stats);
	if (x->full) {
		give_up_full(d, x, f, stats);
		return 0;
	}
	d->high = seq_max(d->high, x->seq + len);
	return len - x->n_new;
}

/* note_again: a sender repeats what is held here: it will send nothing else before that arrives. */
static void note_again(struct tcp_direction *d, const struct stretch *x, uint32_t n_seen,
	uint32_t next, uint64_t now_us)
{
	uint32_t len = (uint32_t)x->octets.len;

	/* what is repeated of octets behind a gap is no sign: they wait for the gap */
	if (seq_diff(x->seq, next) >= 0) {
		return;
	}
	if (n_seen != 0 && d->held.count != 0 &&
		stream_count_waiting(&d->stream, x->seq, len) > len - n_seen) {
		d->again = true;
		d->again_us = now_us;
	}
}

/*
 * waits_unread: octets too far ahead to be stored that the receiver would take all the same: were they
 * let go, it would have them unjudged when what is between has come. What is beyond its window it
 * drops (RFC 9293 3.10.7.4), and what is not known to be within is held to be beyond.
 */
static bool waits_unread(const struct tcp_direction *d, const struct tcp_direction *o,
	const struct frame *f, const struct tcp_config *config)
{
	uint32_t edge = d->next + (uint32_t)TCP_WINDOW_LEN;
	uint32_t end = data_seq(f) + f->payload_len;
	uint32_t first = seq_max(edge, data_seq(f));

	return tcp_sets_aside(config) && seq_diff(end, edge) > 0 && d->syn_seen && o->syn_seen &&
	       o->end.said && d->una_seen && d->sync != TCP_CLOSED &&
	       seq_diff(first, tcp_end_window(&o->end, &d->end)) < 0 &&
	       seq_diff(d->next, o->end.ack) >= 0;
}

static enum tcp_received receive_data(struct tcp_direction *d, const struct tcp_direction *o,
	struct frame *f, const struct tcp_config *config, struct stream_pool *pool,
	struct stats *stats)
{
	uint32_t seq = data_seq(f);
	uint32_t next = d->next;
	uint32_t below;
	uint32_t late;
	uint32_t above;
	uint32_t n_seen;
	struct stretch x;
	struct stretch y;

	if (seq_diff(seq + f->payload_len, next) > TCP_WINDOW_LEN &&
		waits_unread(d, o, f, config)) {
		f->held = TCP_WAITS_UNREAD;
		return TCP_NOTHING;
	}
	if (seq_diff(seq, next) > TCP_WINDOW_LEN || seq_diff(seq, next) < -BEHIND_LEN) {
		receive_far(d, f, seq, pool, stats);
		return TCP_NOTHING;
	}
	d->n_far = 0;
	if (f->payload_len == 1 && seq + 1 == next && d->una_seen && d->una == next) {
		/* RFC 9293 3.8.4: a keepalive's octet is of no stream */
		stats_ledger(stats, f->direction, R_duplicate, 1);
		return TCP_NOTHING;
	}
	if (seq == next && d->high == next) { /* nothing but new octets in order: most frames */
		x = (struct stretch){ .seq = seq, .octets = frame_payload(f) };
		(void)store_ahead(d, &x, f, pool, stats);
		if (x.full) {
			return TCP_NOTHING;
		}
		assert(x.n_new == f->payload_len);
		d->next = d->high;
		d->gap_proven = seq_diff(d->una, d->next) > 0;
		return TCP_DATA;
	}
	x = clip(f, d->low, next + (uint32_t)TCP_WINDOW_LEN, &below, &above);
	y = x;
	late = seq_diff(d->parse, x.seq) > 0 ? d->parse - x.seq : 0;
	y.octets = bytes_slice(x.octets, late, x.octets.len);
	y.seq = x.seq + (uint32_t)(x.octets.len - y.octets.len);
	x.octets = bytes_slice(x.octets, 0, late);

	/* joined mid-stream, what is below was perhaps never seen */
	stats_ledger(stats, f->direction, d->sync == TCP_RESYNC ? R_resync : R_duplicate, below);
	stats_ledger(stats, f->direction, R_out_of_window, above);
	n_seen = store_late(d, &x, f, pool, stats);
	if (n_seen != 0 && config->release_on_retransmit) {
		note_again(d, &x, n_seen, next, f->time_us);
	}
	stats_ledger(stats, f->direction, R_duplicate, n_seen);
	n_seen = store_ahead(d, &y, f, pool, stats);
	if (n_seen != 0 && config->release_on_retransmit) {
		note_again(d, &y, n_seen, next, f->time_us);
	}
	stats_ledger(stats, f->direction, R_duplicate, n_seen);
	if (y.n_new != 0 && !y.full && seq_diff(y.seq, next) <= 0) {
		d->next += (uint32_t)stream_run(&d->stream, next, d->high - next);
		d->gap_proven = seq_diff(d->una, d->next) > 0;
	}
	return d->next != next && !y.full ? TCP_DATA : TCP_NOTHING;
}

/* receive_cut: the octets that a capture cut off will never come: the stream is followed behind them. */
static void receive_cut(struct tcp_direction *d, const struct frame *f, struct stats *stats)
{
	uint32_t seq = data_seq(f);
	uint32_t end = seq + f->payload_len + f->cut_len;

	if (seq_diff(seq, d->next) > TCP_WINDOW_LEN || seq_diff(end, d->next) <= 0) {
		return;
	}
	account_unparsed(d, f->direction, stats);
	move_on(d, seq_max(d->high, end));
}

/* receive_broken: a frame that is not to be used keeps its place and nothing else. */
static void receive_broken(struct tcp_direction *d, struct tcp_direction *o, const struct frame *f,
	struct stream_pool *pool, struct stats *stats)
{
	stats_ledger(stats, f->direction, (enum reason)f->reason, f->payload_len);
	if (f->reason != R_truncated || d->sync == TCP_CLOSED || d->sync == TCP_OPAQUE) {
		return;
	}
	if ((f->tcp_flags & TCP_ACK) != 0 && o->sync != TCP_CLOSED) {
		receive_ack(o, f, true, pool, stats);
	}
	receive_cut(d, f, stats);
}

static void receive_opaque(struct tcp_direction *d, const struct frame *f, struct stats *stats)
{
	stats_ledger(
		stats, f->direction, (enum reason)d->opaque_reason, d->pending + f->payload_len);
	wait_less(d, f->direction, d->pending, stats);
	move_on(d, d->high);
	if ((f->tcp_flags & TCP_FIN) != 0) { /* where it stands is not followed any more */
		d->fin_seen = true;
		d->fin_seq = d->next;
	}
}

/* is_near: the frame's own number is believable, so its ACK and FIN are (RFC 9293 3.10.7.4, first check). */
static bool is_near(const struct tcp_direction *d, const struct frame *f)
{
	int32_t ahead = seq_diff(f->seq, d->next);

	return d->sync == TCP_CLOSED || d->sync == TCP_OPAQUE ||
	       (ahead <= TCP_WINDOW_LEN && ahead >= -BEHIND_LEN);
}

static enum tcp_received receive(struct tcp_direction *d, struct tcp_direction *o, struct frame *f,
	const struct tcp_config *config, struct stream_pool *pool, struct stats *stats)
{
	bool near;

	if (f->reason != R_none) {
		receive_broken(d, o, f, pool, stats);
		return TCP_NOTHING;
	}
	if ((f->tcp_flags & TCP_RST) != 0) {
		return receive_reset(d, f, stats);
	}
	if ((f->tcp_flags & TCP_SYN) != 0 && !receive_syn(d, o, f, stats)) {
		stats_ledger(stats, f->direction, R_out_of_window, f->payload_len);
		return TCP_NOTHING;
	}
	near = is_near(d, f);
	if ((f->tcp_flags & TCP_ACK) != 0 && o->sync != TCP_CLOSED) {
		receive_ack(o, f, near, pool, stats);
		tcp_forget(o, f->time_us, config, pool);
	}
	if (d->sync == TCP_OPAQUE) {
		receive_opaque(d, f, stats);
		return TCP_NOTHING;
	}
	if ((f->tcp_flags & TCP_URG) != 0) {
		/* RFC 6093 3: ends disagree on which octet is urgent and whether it is in the stream */
		stats_reason(stats, R_urgent);
		if (config->enforce) {
			frame_clear_urgent(f);
		}
	}
	if (d->sync == TCP_CLOSED && f->payload_len != 0) {
		start(d, f->seq, TCP_RESYNC, f->time_us);
	}
	if ((f->tcp_flags & TCP_FIN) != 0 && near && d->sync != TCP_CLOSED) {
		d->fin_seen = true;
		d->fin_seq = data_seq(f) + f->payload_len;
	}
	return f->payload_len != 0 ? receive_data(d, o, f, config, pool, stats) : TCP_NOTHING;
}

/* settle_once: what was set aside and is in order now is queued, before the frame that filled the gap. */
static void settle_once(struct tcp_direction *d, const struct tcp_direction *o, uint64_t now_us,
	const struct tcp_config *config, struct stream_pool *pool, struct stats *stats)
{
	struct frame_list waiting = d->ahead;
	struct frame *f;

	d->ahead = (struct frame_list){ 0 };
	while ((f = frame_list_take(&waiting)) != NULL) {
		if (f->held == TCP_WAITS_UNREAD && !waits_unread(d, o, f, config)) {
			f->held = TCP_WAITS_AHEAD;
			d->coming = f;
			(void)receive_data(d, o, f, config, pool, stats);
			d->coming = NULL;
		}
		if (f->held == TCP_WAITS_AHEAD && seq_diff(data_seq(f), d->next) <= 0) {
			d->settled_us = now_us;
			tcp_queue(d, f);
		} else {
			frame_list_add(&d->ahead, f);
		}
	}
}

/* settle: `next` has moved from `before`. Bounded: each round but the last takes a frame out of `ahead`. */
static void settle(struct tcp_direction *d, const struct tcp_direction *o, uint64_t now_us,
	const struct tcp_config *config, struct stream_pool *pool, struct stats *stats)
{
	uint32_t next;

	do {
		next = d->next;
		settle_once(d, o, now_us, config, pool, stats);
	} while (d->next != next && d->ahead.head != NULL);
	tcp_settle_since(d);
}

/* is_behind_gap: it brought octets, and some before them are missing. */
static bool is_behind_gap(
	const struct tcp_direction *d, const struct frame *f, const struct tcp_config *config)
{
	uint32_t seq = data_seq(f);

	if (f->held == TCP_WAITS_UNREAD) {
		return true;
	}
	return f->payload_len != 0 && f->reason == R_none && seq_diff(seq, d->next) > 0 &&
	       tcp_sets_aside(config) && d->sync != TCP_OPAQUE &&
	       stream_count_waiting(&d->stream, seq, f->payload_len) != 0;
}

/* is_bare_ack: an acknowledgement, and no probe: those stand below what was sent. */
static bool is_bare_ack(const struct tcp_direction *d, const struct frame *f)
{
	return f->payload_len == 0 && f->reason == R_none &&
	       (f->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK &&
	       seq_diff(f->seq, d->next) >= 0;
}

enum tcp_received tcp_receive(struct tcp_direction *d, struct tcp_direction *o, struct frame *f,
	const struct tcp_config *config, struct stream_pool *pool, struct stats *stats)
{
	uint32_t next = d->next;
	enum tcp_received received;

	d->came_ahead = false;
	d->coming = f;
	received = receive(d, o, f, config, pool, stats);
	d->coming = NULL;
	if (d->ahead.head != NULL && d->next != next) {
		settle(d, o, f->time_us, config, pool, stats);
		if (received == TCP_NOTHING && tcp_ready(d) != 0) {
			received = TCP_DATA;
		}
	}
	if (is_behind_gap(d, f, config)) {
		tcp_set_aside(d, f, stats);
	} else if (is_bare_ack(d, f) && tcp_sets_aside(config)) {
		frame_list_add(&d->passing, f);
	} else {
		tcp_queue(d, f);
	}
	return received;
}

size_t tcp_ready(const struct tcp_direction *d)
{
	return d->next - d->parse;
}

struct bytes tcp_peek(const struct tcp_direction *d, size_t off, size_t len, uint8_t *scratch)
{
	assert(off + len <= tcp_ready(d));
	return stream_get(&d->stream, d->parse + (uint32_t)off, len, scratch);
}

struct bytes tcp_peek_span(const struct tcp_direction *d)
{
	return stream_span(&d->stream, d->parse, tcp_ready(d));
}

void tcp_edit(struct tcp_direction *d, size_t off, struct bytes data)
{
	uint32_t from = d->parse + (uint32_t)off;
	uint32_t to = from + (uint32_t)data.len;

	stream_edit(&d->stream, from, data);
	if (d->edit_from == d->edit_to) {
		d->edit_from = from;
		d->edit_to = to;
		return;
	}
	d->edit_from = seq_min(d->edit_from, from);
	d->edit_to = seq_max(d->edit_to, to);
}

void tcp_consume(
	struct tcp_direction *d, size_t len, enum reason r, unsigned direction, struct stats *stats)
{
	assert(len <= tcp_ready(d));
	stats_ledger(stats, direction, r, len);
	d->parse += (uint32_t)len;
	wait_less(d, direction, (uint32_t)len, stats);
	d->free_to = seq_max(d->free_to, d->parse);
}

size_t tcp_leaked(const struct tcp_direction *d, size_t off, size_t len)
{
	return stream_count_left(&d->stream, d->parse + (uint32_t)off, len);
}

bool tcp_skip_gap(struct tcp_direction *d, const struct tcp_direction *o, unsigned direction,
	const struct tcp_config *config, struct stream_pool *pool, struct stats *stats)
{
	bool proven = seq_diff(d->una, d->next) > 0;
	uint32_t high = d->high;
	uint32_t in_order = d->next - d->parse;
	uint32_t to;

	if (d->sync == TCP_CLOSED || d->sync == TCP_OPAQUE) {
		return false;
	}
	if (!stream_seek(&d->stream, d->next, &to)) {
		to = d->una;
		if (!proven) {
			return false;
		}
	} else if (proven) {
		to = seq_min(to, d->una);
	}
	stats_reason(stats, R_gap);
	stats_ledger(stats, direction, R_incomplete, in_order);
	wait_less(d, direction, in_order, stats);
	move_on(d, to);
	d->high = seq_max(high, to);
	d->next += (uint32_t)stream_run(&d->stream, to, d->high - to);
	if (d->ahead.head != NULL) {
		settle(d, o, d->settled_us, config, pool, stats);
	}
	d->gap_proven = seq_diff(d->una, d->next) > 0;
	return true;
}

enum reason tcp_options_opaque(struct bytes options)
{
	struct cursor c = cursor_of(options);

	while (cursor_left(&c) != 0) {
		uint8_t kind = cursor_u8(&c);
		uint8_t len;

		if (kind == OPTION_END) {
			break;
		}
		if (kind == OPTION_NOP) {
			continue;
		}
		len = cursor_u8(&c);
		if (len < 2 || cursor_left(&c) < len - 2u) {
			break;
		}
		if (kind == OPTION_MD5 || kind == OPTION_AO) {
			return R_tcp_authenticated;
		}
		(void)cursor_take(&c, len - 2u);
	}
	return R_none;
}

void tcp_close(
	struct tcp_direction *d, unsigned direction, struct stream_pool *pool, struct stats *stats)
{
	assert(d->held.head == NULL && d->ahead.head == NULL);
	account_unparsed(d, direction, stats);
	stream_clear(&d->stream, pool);
	*d = (struct tcp_direction){ .sync = TCP_CLOSED };
}
