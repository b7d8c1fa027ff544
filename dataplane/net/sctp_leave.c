/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp_direction.h"
#include "dataplane/net/sctp_parts.h"

/* next_data: the next chunk with user data that may be changed; true in `covered` behind an AUTH chunk. */
bool sctp_next_data(struct sctp_walk *w, struct sctp_data *data, bool *covered)
{
	struct sctp_chunk chunk;

	while (sctp_next_chunk(w, &chunk) == PARSE_OK) {
		if (chunk.type == SCTP_AUTH) { /* RFC 4895 6.1: it covers what follows it */
			*covered = true;
		} else if (sctp_is_data(chunk.type) && sctp_read_data(&chunk, data) &&
			   data->user.len != 0) {
			return true;
		}
	}
	return false;
}

/* may_leave: no octet of the frame still waits for a verdict. */
static bool may_leave(
	const struct sctp_direction *d, const struct frame *f, const struct sctp_journal *j)
{
	struct sctp_walk w = sctp_walk_of(f);
	struct sctp_data data;
	bool covered = false;

	if (d->n_waiting == 0 || f->reason != R_none || f->user_len == 0) {
		return true;
	}
	while (sctp_next_data(&w, &data, &covered) && !covered) {
		const struct sctp_entry *e = sctp_journal_find(j, d->id, data.tsn);

		if (e != NULL && e->state != SCTP_DONE && !e->left) {
			return false;
		}
	}
	return true;
}

/* put_changed: writes what differs; true if anything did. */
static bool put_changed(uint8_t *at, const uint8_t *octets, size_t len)
{
	if (memcmp(at, octets, len) == 0) {
		return false;
	}
	memcpy(at, octets, len);
	return true;
}

/* overlay_header: first copy wins for what says how the octets are read, too; `user` is behind it. */
static bool overlay_header(const struct sctp_entry *e, uint8_t *user)
{
	uint8_t *chunk = user - (e->interleaved ? 20 : 16);
	uint8_t head[12];
	uint8_t flags = (uint8_t)((chunk[1] & ~SCTP_MARKS) | (e->flags & SCTP_MARKS));
	size_t len = e->interleaved ? 12 : 8;
	bool changed = flags != chunk[1];

	chunk[1] = flags;
	put_be16(head, e->stream);
	if (e->interleaved) { /* RFC 8260 2.1: the reserved field is nobody's */
		memcpy(head + 2, chunk + 10, 2);
		put_be32(head + 4, e->number);
		put_be32(head + 8, (e->flags & SCTP_BEGIN) != 0 ? e->ppid : e->fsn);
	} else {
		put_be16(head + 2, (uint16_t)e->number);
		put_be32(head + 4, e->ppid);
	}
	return put_changed(chunk + 8, head, len) || changed;
}

/* overlay_chunk: `user` is the user data of a copy of `e`. */
static bool overlay_chunk(const struct sctp_entry *e, const struct sctp_data *data, uint8_t *user)
{
	bool changed = false;

	if (e->interleaved == data->interleaved) {
		changed = overlay_header(e, user);
		return sctp_entry_overlay(e, user, data->user.len) || changed;
	}
	/* another type of chunk: no receiver takes both; none of its octets was judged */
	for (size_t i = 0; i < data->user.len; i++) {
		changed |= user[i] != 0;
		user[i] = 0;
	}
	return changed;
}

/* settle: a frame leaves: its DATA becomes what the journal says, and is noted as gone. */
static void settle(struct sctp_direction *d, struct frame *f, bool enforce, struct sctp_journal *j)
{
	struct sctp_walk w = sctp_walk_of(f);
	struct sctp_data data;
	bool covered = false;
	bool changed = false;

	while (sctp_next_data(&w, &data, &covered) && !covered) {
		struct sctp_entry *e = sctp_journal_find(j, d->id, data.tsn);

		if (e == NULL) {
			continue;
		}
		if (enforce && e->overlaid) {
			changed |= overlay_chunk(e, &data, f->data + (data.user.data - f->data));
		}
		e->left |= e->state != SCTP_DONE;
	}
	if (changed) {
		f->edited = 1;
		frame_mend_checksums(f);
	}
}

static void send_on(struct sctp_direction *d, struct frame *f, uint64_t now_us, bool enforce,
	struct sctp_journal *j, struct stats *stats)
{
	if (f->user_len != 0 && f->reason == R_none &&
		(d->n_waiting != 0 || (enforce && d->n_overlaid != 0))) {
		settle(d, f, enforce, j);
	}
	if (f->edited != 0) {
		stats_add(stats, STAT_frames_edited, 1);
	}
	if (f->held != 0 && now_us > f->time_us) {
		f->time_us = now_us;
	}
}

/* mark_held: the frames that came since the last call and had to stay. */
static void mark_held(struct sctp_direction *d, struct stats *stats)
{
	for (; d->fresh != NULL; d->fresh = d->fresh->next) {
		d->fresh->held = 1;
		stats_add(stats, STAT_frames_held, 1);
	}
	d->held_since_us = 0;
	if (d->held.head != NULL) {
		/* 0 says none; a capture's clock may begin there */
		d->held_since_us = d->held.head->time_us != 0 ? d->held.head->time_us : 1;
	}
}

void sctp_leave(struct sctp_direction *d, bool all, uint64_t now_us,
	const struct tcp_config *config, struct sctp_journal *j, struct stats *stats,
	struct frame_list *out)
{
	bool every = all || !config->enforce;

	while (d->held.head != NULL && (every || may_leave(d, d->held.head, j))) {
		struct frame *f = d->held.head;

		if (f == d->fresh) {
			d->fresh = f->next;
		}
		f = frame_list_take(&d->held);
		send_on(d, f, now_us, config->enforce, j, stats);
		frame_list_add(out, f);
	}
	if (every) {
		d->again = false;
	}
	mark_held(d, stats);
	if (d->held.head == NULL) {
		sctp_free_memory(d, now_us, config, j, stats);
	}
}

bool sctp_release_due(const struct sctp_direction *d, uint64_t now_us,
	const struct tcp_config *config, enum reason *why)
{
	if (d->held.head == NULL || !config->enforce) {
		return false;
	}
	if (d->held.count >= LIMIT_HELD_FRAMES) {
		*why = R_hold_full;
	} else if (d->again) {
		*why = R_hold_retransmit;
	} else if (d->ended) {
		*why = R_hold_close;
	} else if (config->hold_us != 0 && now_us >= d->held_since_us &&
		   now_us - d->held_since_us >= config->hold_us) {
		*why = R_hold_timeout;
	} else {
		return false;
	}
	return true;
}
