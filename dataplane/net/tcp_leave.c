/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/tcp.h"

#include "dataplane/net/tcp_parts.h"

/* since_of: 0 says none; a capture's clock may begin there. */
static uint64_t since_of(const struct frame_list *l)
{
	return l->head == NULL ? 0 : l->head->time_us != 0 ? l->head->time_us : 1;
}

void tcp_queue(struct tcp_direction *d, struct frame *f)
{
	frame_list_add(&d->held, f);
	if (d->fresh == NULL) {
		d->fresh = f;
	}
}

static void note_held(struct frame *f, uint8_t how, struct stats *stats)
{
	f->held = how;
	stats_add(stats, STAT_frames_held, 1);
	stats_link(stats, f->link, LINK_STAT_holds, 1);
}

void tcp_set_aside(struct tcp_direction *d, struct frame *f, struct stats *stats)
{
	bool unread = f->held == TCP_WAITS_UNREAD;
	uint32_t seq = data_seq(f);

	note_held(f, unread ? TCP_WAITS_UNREAD : TCP_WAITS_AHEAD, stats);
	frame_list_add(&d->ahead, f);
	d->ahead_since_us = since_of(&d->ahead);
	if (unread) {
		d->patient =
			true; /* it is read when what is between has come, and nothing else helps */
		return;
	}
	tcp_blocks_add(&d->blocks, seq, seq + f->payload_len);
	d->came_ahead = true;
}

void tcp_settle_since(struct tcp_direction *d)
{
	d->ahead_since_us = since_of(&d->ahead);
	if (d->ahead.head == NULL) {
		d->patient = false;
		d->blocks.n = 0;
	} else {
		tcp_blocks_forget(&d->blocks, d->next);
	}
}

/* below_held: `seq`, or the lowest octet of a held frame below it: what waits is still to be edited. */
static uint32_t below_held(const struct tcp_direction *d, uint32_t seq)
{
	/* the list is in order of arrival: a frame that fills a gap stands behind those it lets go */
	for (const struct frame *f = d->held.head; f != NULL; f = f->next) {
		seq = seq_min(seq, data_seq(f));
	}
	return d->coming != NULL ? seq_min(seq, data_seq(d->coming)) : seq;
}

void tcp_free_below(
	struct tcp_direction *d, struct stream_pool *pool, uint32_t seq, uint64_t now_us)
{
	if (seq_diff(seq, d->low) <= 0) {
		return;
	}
	seq = below_held(d, seq);
	if (seq_diff(seq, d->low) <= 0) {
		return;
	}
	d->low = seq;
	d->una = seq_max(d->una, seq);
	stream_forget(&d->stream, pool, seq, now_us);
	if (d->differs && seq_diff(seq, d->high) >= 0) {
		d->differs = false;
	}
}

/* forget_edits: where no edited octet is kept any more. */
static void forget_edits(struct tcp_direction *d)
{
	const struct stream_chunk *c = d->stream.kept != NULL ? d->stream.kept : d->stream.head;
	uint32_t from = c != NULL ? seq_min(c->first, d->low) : d->low;

	if (seq_diff(from, d->edit_to) >= 0) {
		d->edit_from = d->edit_to = from;
	} else {
		d->edit_from = seq_max(d->edit_from, from);
	}
}

/* What the receiver has is not sent again; where no ACK tells, age does. */
void tcp_forget(struct tcp_direction *d, uint64_t now_us, const struct tcp_config *config,
	struct stream_pool *pool)
{
	uint32_t done = seq_min(d->parse, d->left);

	if (d->sync == TCP_CLOSED) {
		return;
	}
	if (d->una_seen) {
		tcp_free_below(d, pool, seq_min(d->una, d->parse), now_us);
	}
	if (now_us >= d->ack_time_us && now_us - d->ack_time_us >= config->history_us) {
		tcp_free_below(d, pool, seq_min(done, d->age_mark), now_us);
		d->age_mark = done;
		d->ack_time_us = now_us;
	}
	if (d->edit_from != d->edit_to) {
		stream_age(&d->stream, pool, now_us);
		forget_edits(d);
	}
}

static bool may_leave(const struct tcp_direction *d, const struct frame *f)
{
	uint32_t seq = data_seq(f);

	if (f->payload_len == 0 || f->reason != R_none ||
		seq_diff(seq + f->payload_len, d->free_to) <= 0) {
		return true;
	}
	/* sent again, out of window, or without memory: nothing in it waits for a verdict */
	return stream_count_waiting(&d->stream, seq, f->payload_len) == 0;
}

static void overlay(const struct tcp_direction *d, struct frame *f)
{
	uint32_t seq = data_seq(f);
	bool edited = tcp_touches_edits(d, seq, f->payload_len);

	if ((edited || d->differs) &&
		stream_overlay(&d->stream, seq, f->data + f->payload_off, f->payload_len)) {
		f->edited = 1;
		frame_mend_checksums(f);
	}
}

/*
 * raise_timestamp: octets that were in order have overtaken `f`, and their TSval is what its receiver
 * compares with: an older one is an old duplicate to it (PAWS, RFC 7323 5.3 R1).
 */
static void raise_timestamp(const struct tcp_direction *d, struct frame *f, struct stats *stats)
{
	size_t at = d->end.timestamps && d->end.ts_ordered_set ? tcp_timestamp(f) : 0;

	if (at == 0 || seq_diff(be32(f->data + at), d->end.ts_ordered) >= 0) {
		return;
	}
	put_be32(f->data + at, d->end.ts_ordered);
	f->edited = 1;
	frame_mend_checksums(f);
	stats_add(stats, STAT_timestamps_raised, 1);
}

static void note_left(struct tcp_direction *d, const struct frame *f)
{
	uint32_t seq = data_seq(f);

	if (f->payload_len != 0) {
		stream_mark_left(&d->stream, seq, f->payload_len);
		if (seq_diff(seq, d->high) < 0) {
			d->left = seq_max(d->left, seq_min(seq + f->payload_len, d->high));
		}
	}
	if ((f->tcp_flags & TCP_FIN) != 0 && d->fin_seen && seq + f->payload_len == d->fin_seq) {
		d->fin_left = true;
	}
	if (d->syn_seen && d->sync != TCP_OPAQUE) {
		tcp_end_note(&d->end, f, seq_diff(seq, d->next) <= 0);
	}
}

static void send_on(struct tcp_direction *d, struct frame *f, uint64_t now_us, bool enforce,
	struct stats *stats)
{
	if (f->held == TCP_WAITS_UNREAD) { /* let go before it was read */
		stats_ledger(stats, f->direction, R_out_of_window, f->payload_len);
	}
	if (enforce && f->reason == R_none) {
		if (f->held >= TCP_WAITS_AHEAD) {
			raise_timestamp(d, f, stats);
		}
		if (f->payload_len != 0) {
			overlay(d, f);
		}
	}
	if (f->reason == R_none) {
		note_left(d, f);
	}
	if (f->edited != 0) {
		stats_add(stats, STAT_frames_edited, 1);
	}
	if (f->held != TCP_PASSES && now_us > f->time_us) {
		stats_waited(stats, f->link, now_us - f->time_us);
		f->time_us = now_us;
	}
}

/* mark_held: the frames that came since the last call and had to stay. */
static void mark_held(struct tcp_direction *d, struct stats *stats)
{
	for (; d->fresh != NULL; d->fresh = d->fresh->next) {
		if (d->fresh->held == TCP_PASSES) {
			note_held(d->fresh, TCP_WAITS_TURN, stats);
		}
	}
	d->held_since_us = since_of(&d->held);
	if (d->held_since_us != 0 && d->held_since_us < d->settled_us) {
		d->held_since_us = d->settled_us; /* until then it waited for a gap */
	}
	d->ahead_since_us = since_of(&d->ahead);
}

static struct frame *take_held(struct tcp_direction *d)
{
	if (d->held.head == d->fresh) {
		d->fresh = d->held.head->next;
	}
	return frame_list_take(&d->held);
}

/* take_oldest: of all that wait, in order of arrival; NULL: none. */
static struct frame *take_oldest(struct tcp_direction *d)
{
	const struct frame *a = d->ahead.head;
	const struct frame *h = d->held.head;

	if (a != NULL && (h == NULL || a->time_us < h->time_us ||
				 (a->time_us == h->time_us && a->number < h->number))) {
		return frame_list_take(&d->ahead);
	}
	return h != NULL ? take_held(d) : NULL;
}

void tcp_leave(struct tcp_direction *d, enum tcp_leave which, uint64_t now_us,
	const struct tcp_config *config, struct stream_pool *pool, struct stats *stats,
	struct frame_list *out)
{
	struct frame *f;

	while ((f = frame_list_take(&d->passing)) != NULL) {
		send_on(d, f, now_us, config->enforce, stats);
		frame_list_add(out, f);
	}
	if (!config->enforce || d->sync == TCP_OPAQUE) {
		which = TCP_LEAVE_ALL;
	}
	if (which == TCP_LEAVE_ALL) {
		while ((f = take_oldest(d)) != NULL) {
			send_on(d, f, now_us, config->enforce, stats);
			frame_list_add(out, f);
		}
		tcp_settle_since(d);
	}
	while (d->held.head != NULL && (which != TCP_LEAVE_JUDGED || may_leave(d, d->held.head))) {
		f = take_held(d);
		send_on(d, f, now_us, config->enforce, stats);
		frame_list_add(out, f);
	}
	if (which != TCP_LEAVE_JUDGED || d->held.head == NULL) {
		d->again = false;
	}
	mark_held(d, stats);
	tcp_forget(d, now_us, config, pool);
}

static uint64_t later(uint64_t since_us, uint64_t us)
{
	return us != 0 ? since_us + us : UINT64_MAX;
}

/* gap_is_known: frames wait behind a gap, and their sender is on its way to fill it. */
static bool gap_is_known(const struct tcp_direction *d)
{
	return d->ahead.head != NULL && d->patient;
}

enum tcp_wait tcp_waits_until(
	const struct tcp_direction *d, const struct tcp_config *config, uint64_t *due_us)
{
	uint64_t since = d->held_since_us;

	if (d->held.head == NULL && d->ahead.head == NULL) {
		return TCP_WAIT_NOTHING;
	}
	if (!gap_is_known(d)) {
		if (since == 0 || (d->ahead_since_us != 0 && d->ahead_since_us < since)) {
			since = d->ahead_since_us;
		}
		*due_us = later(since, config->hold_us);
		return TCP_WAIT_REST;
	}
	if (d->held.head == NULL) {
		*due_us = later(d->ahead_since_us, LIMIT_GAP_HOLD_US);
		return TCP_WAIT_GAP;
	}
	/* its sender repeats the begin too, and then perhaps the rest at once: both are to come */
	if (d->again) {
		*due_us = later(d->again_us, config->hold_us);
		return TCP_WAIT_REST;
	}
	*due_us = later(since, LIMIT_REST_HOLDS * config->hold_us);
	return TCP_WAIT_REST_GAP;
}

bool tcp_release_due(const struct tcp_direction *d, uint64_t now_us,
	const struct tcp_config *config, enum reason *why, enum tcp_leave *which)
{
	uint64_t due = UINT64_MAX;
	enum tcp_wait wait = tcp_waits_until(d, config, &due);
	bool ahead_due;

	if (wait == TCP_WAIT_NOTHING || !config->enforce) {
		return false;
	}
	ahead_due = now_us >= due && d->ahead.head != NULL &&
	            (wait == TCP_WAIT_GAP ||
			    (!d->patient && now_us >= later(d->ahead_since_us, config->hold_us)));
	*which = TCP_LEAVE_ORDERED;
	if (d->held.count + d->ahead.count >= LIMIT_HELD_FRAMES) {
		*why = R_hold_full;
		*which = TCP_LEAVE_ALL;
	} else if (ahead_due) {
		*why = R_hold_gap;
		*which = TCP_LEAVE_ALL;
	} else if (d->again && (!gap_is_known(d) || now_us >= due)) {
		*why = R_hold_retransmit;
	} else if (tcp_ended(d) && d->held.head != NULL) {
		*why = R_hold_close;
	} else if (now_us >= due) {
		*why = R_hold_timeout;
	} else {
		return false;
	}
	return true;
}

bool tcp_tell_sender(
	struct tcp_direction *d, const struct tcp_direction *o, uint64_t now_us, struct frame *f)
{
	if (!d->came_ahead || !d->syn_seen || !o->syn_seen || seq_diff(d->next, o->end.ack) < 0) {
		return false;
	}
	if (now_us - d->ack_window_us >= LIMIT_SACK_WINDOW_US) {
		d->ack_window_us = now_us;
		d->n_acks = 0;
	}
	if (d->n_acks >= LIMIT_SACKS_A_WINDOW ||
		!tcp_ack_make(&o->end, &d->end, o->left + (o->fin_left ? 1 : 0), &d->blocks, f)) {
		return false;
	}
	d->n_acks++;
	d->patient = true;
	return true;
}
