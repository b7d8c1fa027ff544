/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp_direction.h"

#include <assert.h>

#include "dataplane/net/sctp_parts.h"

#define ACK_AHEAD ((int32_t)LIMIT_SCTP_ACK_AHEAD)

enum { WHOLE = SCTP_BEGIN | SCTP_END };

/* What every step of receiving needs. */
struct reception {
	struct sctp_direction *d;
	const struct frame *f;
	const struct tcp_config *config;
	struct sctp_journal *j;
	struct stats *stats;
};

void sctp_open(struct sctp_direction *d, struct sctp_journal *j)
{
	*d = (struct sctp_direction){ .id = ++j->last_id };
}

/* give_up: the message of this run will not be complete; `first` is the run's first entry. */
static void give_up(struct sctp_direction *d, struct sctp_entry *first, enum reason why,
	unsigned direction, struct stats *stats)
{
	for (struct sctp_entry *e = first; e != NULL; e = e->run_next) {
		stats_ledger(stats, direction, why, e->len);
		stats_waiting(stats, direction, -(int64_t)e->len);
		e->given_up = (uint8_t)why;
		sctp_entry_done(d, e);
	}
}

static struct sctp_entry *run_first(struct sctp_entry *e)
{
	while (e->run_prev != NULL) {
		e = e->run_prev;
	}
	return e;
}

/*
 * make_room: the oldest entries give way, but none that a held frame carries: it would leave with
 * octets that were changed. A message that waits for its fragments since then is given up.
 */
static bool make_room(const struct reception *r, uint32_t n_blocks)
{
	struct sctp_direction *d = r->d;

	while (d->n_blocks + n_blocks > LIMIT_SCTP_DIRECTION_BLOCKS || r->j->n_free < n_blocks) {
		struct sctp_entry *e = d->entries.oldest;

		if (r->j->n_free < n_blocks && sctp_forget_kept(d, r->j, r->stats)) {
			continue;
		}
		if (e == NULL || e->frame >= d->held.head->number || e->state == SCTP_READY) {
			return false;
		}
		if (e->state == SCTP_WAITING) {
			give_up(d, run_first(e), R_incomplete, r->f->direction, r->stats);
		}
		sctp_set_skipped(d, e->tsn);
		sctp_entry_free(d, e, r->j);
	}
	return true;
}

/* continues: `b` is the fragment that `a` wants next (RFC 9260 6.9, RFC 8260 2.1). */
static bool continues(const struct sctp_entry *a, const struct sctp_entry *b)
{
	return (a->flags & SCTP_END) == 0 && (b->flags & SCTP_BEGIN) == 0 &&
	       a->stream == b->stream && a->number == b->number &&
	       a->interleaved == b->interleaved && ((a->flags ^ b->flags) & SCTP_UNORDERED) == 0;
}

/* join: the runs that end in `a` and begin with `b` become one. */
static void join(struct sctp_entry *a, struct sctp_entry *b)
{
	struct sctp_entry *first = a->run_end;
	struct sctp_entry *last = b->run_end;

	a->run_next = b;
	b->run_prev = a;
	first->run_end = last;
	last->run_end = first;
	first->run_len += b->run_len;
	first->run_count += b->run_count;
}

static void push_ready(struct sctp_direction *d, struct sctp_entry *first)
{
	first->ready_next = NULL;
	if (d->ready == NULL) {
		d->ready = first;
	} else {
		d->ready_tail->ready_next = first;
	}
	d->ready_tail = first;
}

static struct sctp_entry *neighbour(const struct reception *r, const struct sctp_entry *e, int step)
{
	struct sctp_entry *next;

	if (e->interleaved) {
		return sctp_journal_find_fragment(
			r->j, r->d->id, e->stream, e->flags, e->number, e->fsn + (uint32_t)step);
	}
	next = sctp_journal_find(r->j, r->d->id, e->tsn + (uint32_t)step);
	return next != NULL && next->kept ? NULL : next; /* its message is over */
}

/* broken: the fragments do not fit: no receiver makes a message of this run. */
static void broken(const struct reception *r, struct sctp_entry *first)
{
	stats_reason(r->stats, R_sctp_fragment);
	give_up(r->d, first, R_incomplete, r->f->direction, r->stats);
}

/* A fragment at the border of a run that another chunk has taken the place of the next of. */
static bool is_cut_off(const struct sctp_entry *e, uint8_t mark)
{
	return e != NULL && e->state == SCTP_WAITING && !e->interleaved && (e->flags & mark) == 0;
}

/* check_borders: the chunk `e` ends what its neighbours began and that `e` does not continue. */
static void check_borders(const struct reception *r, const struct sctp_entry *e)
{
	struct sctp_entry *left = sctp_journal_find(r->j, r->d->id, e->tsn - 1);
	struct sctp_entry *right = sctp_journal_find(r->j, r->d->id, e->tsn + 1);

	if ((e->flags & SCTP_BEGIN) != 0 && is_cut_off(left, SCTP_END)) {
		broken(r, left->run_end);
	}
	if ((e->flags & SCTP_END) != 0 && is_cut_off(right, SCTP_BEGIN)) {
		broken(r, right);
	}
}

/* finish: what a run has become by a new fragment. */
static void finish(const struct reception *r, struct sctp_entry *first)
{
	struct sctp_entry *last = first->run_end;

	if (first->run_len > LIMIT_SCTP_MESSAGE_LEN) {
		stats_reason(r->stats, R_sctp_oversize);
		give_up(r->d, first, R_sctp_oversize, r->f->direction, r->stats);
		return;
	}
	if ((first->flags & SCTP_BEGIN) == 0 || (last->flags & SCTP_END) == 0) {
		return;
	}
	for (struct sctp_entry *e = first; e != NULL; e = e->run_next) {
		e->state = SCTP_READY;
		r->d->n_pieces--;
	}
	push_ready(r->d, first);
}

/* misfit: why the fragment `e` will never be part of a message beside this neighbour, or none. */
static enum reason misfit(
	const struct reception *r, const struct sctp_entry *neighbour, bool continued)
{
	if (neighbour == NULL || (continued && neighbour->state == SCTP_WAITING)) {
		return R_none;
	}
	if (continued && neighbour->given_up != R_none) {
		return (enum reason)neighbour->given_up;
	}
	stats_reason(r->stats, R_sctp_fragment);
	return R_incomplete;
}

/* place: a new fragment takes its place between its neighbours. */
static void place(const struct reception *r, struct sctp_entry *e)
{
	struct sctp_entry *left = (e->flags & SCTP_BEGIN) != 0 ? NULL : neighbour(r, e, -1);
	struct sctp_entry *right = (e->flags & SCTP_END) != 0 ? NULL : neighbour(r, e, 1);
	struct sctp_entry *first = e;
	enum reason why;

	if (e->interleaved && neighbour(r, e, 0) != e) { /* its place is taken */
		broken(r, e);
		return;
	}
	why = misfit(r, left, left != NULL && continues(left, e));
	if (why == R_none) {
		why = misfit(r, right, right != NULL && continues(e, right));
	}
	if (why == R_none && left == NULL && (e->flags & SCTP_BEGIN) == 0 && !e->interleaved &&
		sctp_is_acked(r->d, e->tsn - 1)) {
		why = R_gap; /* its receiver has what comes before, and that never came by */
	}
	if (why != R_none) {
		give_up(r->d, e, why, r->f->direction, r->stats);
		return;
	}
	if (right != NULL) {
		join(e, right);
	}
	if (left != NULL) {
		first = left->run_end;
		join(left, e);
	}
	finish(r, first);
}

/* receive_again: a copy of what is known. */
static void receive_again(
	const struct reception *r, struct sctp_entry *e, const struct sctp_data *data)
{
	struct sctp_direction *d = r->d;

	stats_ledger(r->stats, r->f->direction, R_duplicate, data->user.len);
	if (e->stream != data->stream || e->number != data->number || e->fsn != data->fsn ||
		e->ppid != data->ppid || ((e->flags ^ data->flags) & SCTP_MARKS) != 0 ||
		e->interleaved != data->interleaved || !sctp_entry_equals(e, data->user)) {
		stats_reason(r->stats, R_sctp_tsn_differs);
		sctp_set_overlaid(d, e);
	}
	/* a sender repeats what is held here: it will send nothing else before that arrives */
	if (r->config->release_on_retransmit && e->state == SCTP_WAITING && !e->left &&
		e->frame != r->f->number) {
		d->again = true;
	}
	e->time_us = r->f->time_us;
	e->frame = r->f->number;
	sctp_list_renew(d, e);
}

static void check_chunk(const struct reception *r, const struct sctp_data *data)
{
	struct sctp_direction *d = r->d;

	if (d->n_streams != 0 && data->stream >= d->n_streams) {
		stats_reason(r->stats, R_sctp_stream);
	}
	if (data->interleaved ? !d->interleaved : !d->plain) {
		d->interleaved |= data->interleaved;
		d->plain |= !data->interleaved;
		if (d->interleaved && d->plain) { /* RFC 8260 2.2.1: one or the other */
			stats_reason(r->stats, R_sctp_mixed);
		}
	}
}

static struct sctp_entry *store(const struct reception *r, const struct sctp_data *data)
{
	struct sctp_direction *d = r->d;
	uint32_t n_blocks = sctp_journal_blocks(data->user.len);
	struct sctp_entry *e;

	if (!make_room(r, n_blocks)) {
		stats_reason(r->stats, R_history_full);
		stats_ledger(r->stats, r->f->direction, R_history_full, data->user.len);
		sctp_set_skipped(d, data->tsn);
		return NULL;
	}
	e = sctp_journal_add(r->j, d->id, data);
	assert(e != NULL);
	e->time_us = r->f->time_us;
	e->frame = r->f->number;
	sctp_list_add(d, e);
	d->n_entries++;
	d->n_blocks += n_blocks;
	d->n_waiting++;
	d->pending += e->len;
	stats_waiting(r->stats, r->f->direction, e->len);
	if (!d->seen && !d->isn_known) { /* joined: what came before is under way */
		sctp_set_skipped(d, e->tsn);
	}
	if (!d->seen || seq_diff(e->tsn, d->high) > 0) {
		d->high = e->tsn;
		d->seen = true;
	}
	return e;
}

/* was_delivered: the receiver has it, and it has been forgotten here. */
static bool was_delivered(const struct reception *r, uint32_t tsn)
{
	/* TSNs wrap in days: an old acknowledgement says nothing of new DATA */
	return sctp_is_acked(r->d, tsn) &&
	       (r->f->time_us < r->d->ack_time_us ||
		       r->f->time_us - r->d->ack_time_us < LIMIT_SCTP_ACK_AGE_US);
}

static void receive_chunk(const struct reception *r, const struct sctp_data *data)
{
	struct sctp_direction *d = r->d;
	struct sctp_entry *e = sctp_journal_find(r->j, d->id, data->tsn);

	if (e != NULL) {
		receive_again(r, e, data);
		return;
	}
	if (was_delivered(r, data->tsn)) {
		stats_ledger(r->stats, r->f->direction, R_duplicate, data->user.len);
		return;
	}
	check_chunk(r, data);
	e = store(r, data);
	if (e == NULL) {
		return;
	}
	if (d->n_pieces != 0 && !e->interleaved) {
		check_borders(r, e);
	}
	if ((e->flags & WHOLE) == WHOLE) {
		e->state = SCTP_READY;
		push_ready(d, e);
		return;
	}
	d->n_pieces++;
	place(r, e);
}

static void receive_data(const struct reception *r)
{
	struct sctp_walk w = sctp_walk_of(r->f);
	struct sctp_data data;
	bool covered = false;

	while (sctp_next_data(&w, &data, &covered)) {
		if (!covered) {
			receive_chunk(r, &data);
			continue;
		}
		stats_reason(r->stats, R_sctp_authenticated);
		stats_ledger(r->stats, r->f->direction, R_sctp_authenticated, data.user.len);
		sctp_set_skipped(r->d, data.tsn);
	}
}

/* receive_ack: what the other direction's packet acknowledges of `o`. */
static void receive_ack(struct sctp_direction *o, uint32_t cum, uint64_t now_us,
	struct sctp_journal *j, struct stats *stats)
{
	bool near = !o->acked && !o->seen && !o->isn_known;

	near |= o->acked && seq_diff(cum, o->cum) <= ACK_AHEAD;
	near |= o->seen && seq_diff(cum, o->high) <= ACK_AHEAD;
	near |= o->isn_known && !o->acked && seq_diff(cum, o->isn - 1) <= ACK_AHEAD;
	if (!near) {
		stats_reason(stats, R_sctp_ack);
		return;
	}
	if (!o->acked || seq_diff(cum, o->cum) > 0) {
		o->cum = cum;
		o->acked = true;
	}
	o->ack_time_us = now_us;
	if (o->held.head == NULL) {
		sctp_free_acked(o, j, stats);
		sctp_age(o, now_us, j);
	}
}

static void queue(struct sctp_direction *d, struct frame *f)
{
	frame_list_add(&d->held, f);
	if (d->fresh == NULL) {
		d->fresh = f;
	}
	if (d->held.count == 1) {
		d->held_since_us = f->time_us;
	}
}

bool sctp_receive(struct sctp_direction *d, struct sctp_direction *o, struct frame *f,
	const struct sctp_packet *p, const struct tcp_config *config, struct sctp_journal *j,
	struct stats *stats)
{
	struct reception r = { d, f, config, j, stats };

	queue(d, f);
	if (f->reason != R_none) {
		stats_ledger(stats, f->direction, (enum reason)f->reason, p->user_len);
		return d->ready != NULL;
	}
	if ((p->has & SCTP_HAS_ACK) != 0) {
		receive_ack(o, p->cum_tsn, f->time_us, j, stats);
	}
	if ((p->has & SCTP_HAS_FORWARD) != 0 && d->seen) { /* RFC 3758: some will never be sent */
		sctp_set_skipped(d, d->high + LIMIT_SCTP_ACK_AHEAD);
	}
	if (p->n_data != 0) {
		receive_data(&r);
	}
	return d->ready != NULL;
}

bool sctp_next_message(const struct sctp_direction *d, struct sctp_message *m, uint8_t *scratch)
{
	const struct sctp_entry *first = d->ready;
	const struct sctp_entry *last;
	size_t done = 0;

	if (first == NULL) {
		return false;
	}
	last = first->run_end;
	*m = (struct sctp_message){ .octets = sctp_entry_first(first),
		.time_us = first->time_us,
		.frame = first->frame,
		.first_tsn = first->tsn,
		.last_tsn = last->tsn,
		.number = first->number,
		.ppid = first->ppid,
		.stream = first->stream,
		.n_fragments = first->run_count,
		.unordered = (first->flags & SCTP_UNORDERED) != 0,
		.interleaved = first->interleaved,
		.first = d->ready };
	if (m->octets.len == first->run_len) {
		return true;
	}
	for (const struct sctp_entry *e = first; e != NULL; e = e->run_next) {
		sctp_entry_copy(e, scratch + done);
		done += e->len;
		if (e->frame > m->frame) {
			m->frame = e->frame;
			m->time_us = e->time_us;
		}
	}
	m->octets = bytes_of(scratch, done);
	return true;
}

void sctp_edit(
	struct sctp_direction *d, const struct sctp_message *m, size_t off, struct bytes data)
{
	assert(off + data.len <= m->first->run_len);
	for (struct sctp_entry *e = m->first; e != NULL && data.len != 0; e = e->run_next) {
		size_t n;

		if (off >= e->len) {
			off -= e->len;
			continue;
		}
		n = e->len - off < data.len ? e->len - off : data.len;
		if (!e->left) {
			sctp_entry_write(e, off, bytes_slice(data, 0, n));
			sctp_set_overlaid(d, e);
		}
		data = bytes_slice(data, n, data.len);
		off = 0;
	}
}

size_t sctp_leaked(const struct sctp_message *m, size_t off, size_t len)
{
	size_t leaked = 0;
	size_t at = 0;

	for (const struct sctp_entry *e = m->first; e != NULL; e = e->run_next) {
		size_t from = off > at ? off : at;
		size_t to = off + len < at + e->len ? off + len : at + e->len;

		leaked += e->left && to > from ? to - from : 0;
		at += e->len;
	}
	return leaked;
}

void sctp_find_here(const struct sctp_message *m, size_t off, size_t len, size_t *from, size_t *to)
{
	size_t at = 0;

	*from = *to = len;
	for (const struct sctp_entry *e = m->first; e != NULL; e = e->run_next) {
		size_t begin = at > off ? at - off : 0;

		at += e->len;
		if (at <= off || begin >= len) {
			continue;
		}
		if (!e->left && *from == len) {
			*from = begin;
		} else if (e->left && *from != len) {
			*to = begin;
			return;
		}
	}
}

void sctp_consume(struct sctp_direction *d, const struct sctp_message *m, enum reason r,
	unsigned direction, struct stats *stats)
{
	struct sctp_entry *first = m->first;

	assert(first == d->ready);
	d->ready = first->ready_next;
	stats_ledger(stats, direction, r, first->run_len);
	stats_waiting(stats, direction, -(int64_t)first->run_len);
	for (struct sctp_entry *e = first; e != NULL; e = e->run_next) {
		sctp_entry_done(d, e);
	}
}

void sctp_close(
	struct sctp_direction *d, unsigned direction, struct sctp_journal *j, struct stats *stats)
{
	assert(d->held.head == NULL);
	stats_ledger(stats, direction, R_incomplete, d->pending);
	stats_waiting(stats, direction, -(int64_t)d->pending);
	while (d->entries.oldest != NULL) {
		sctp_entry_free(d, d->entries.oldest, j);
	}
	while (d->kept.oldest != NULL) {
		sctp_entry_free(d, d->kept.oldest, j);
	}
	*d = (struct sctp_direction){ .id = 0 };
}
