/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp_parts.h"

#define ACK_BEHIND ((int32_t)1 << 30) /* an older TSN is none that was acknowledged */

bool sctp_is_acked(const struct sctp_direction *d, uint32_t tsn)
{
	int32_t behind = seq_diff(d->cum, tsn);

	return d->acked && behind >= 0 && behind < ACK_BEHIND;
}

void sctp_list_add(struct sctp_direction *d, struct sctp_entry *e)
{
	e->next = NULL;
	e->prev = d->newest;
	if (d->newest != NULL) {
		d->newest->next = e;
	} else {
		d->oldest = e;
	}
	d->newest = e;
}

static void list_remove(struct sctp_direction *d, struct sctp_entry *e)
{
	if (e->prev != NULL) {
		e->prev->next = e->next;
	} else {
		d->oldest = e->next;
	}
	if (e->next != NULL) {
		e->next->prev = e->prev;
	} else {
		d->newest = e->prev;
	}
}

void sctp_list_renew(struct sctp_direction *d, struct sctp_entry *e)
{
	if (d->newest != e) {
		list_remove(d, e);
		sctp_list_add(d, e);
	}
}

void sctp_set_overlaid(struct sctp_direction *d, struct sctp_entry *e)
{
	if (!e->overlaid) {
		e->overlaid = true;
		d->n_overlaid++;
	}
}

void sctp_entry_free(struct sctp_direction *d, struct sctp_entry *e, struct sctp_journal *j)
{
	list_remove(d, e);
	d->n_entries--;
	d->n_blocks -= sctp_journal_blocks(e->len);
	d->n_overlaid -= e->overlaid ? 1 : 0;
	sctp_journal_free(j, e);
}

/* entry_done: a verdict, or none will come. */
void sctp_entry_done(struct sctp_direction *d, struct sctp_entry *e)
{
	d->n_waiting--;
	d->n_pieces -= e->state == SCTP_WAITING ? 1 : 0;
	d->pending -= e->len;
	e->state = SCTP_DONE;
	if (d->freeing && seq_diff(e->tsn, d->freed_to) <= 0) {
		d->stale = true;
	}
}

/* free_by_list: looks at every entry. Returns how many lie above freed_to and are acknowledged. */
static uint32_t free_by_list(struct sctp_direction *d, struct sctp_journal *j)
{
	uint32_t n = 0;
	struct sctp_entry *next;

	for (struct sctp_entry *e = d->oldest; e != NULL; e = next) {
		next = e->next;
		if (!sctp_is_acked(d, e->tsn)) {
			continue;
		}
		n += !d->freeing || seq_diff(e->tsn, d->freed_to) > 0 ? 1 : 0;
		if (e->state == SCTP_DONE) {
			sctp_entry_free(d, e, j);
		}
	}
	return n;
}

/* free_by_number: looks at every TSN that has been acknowledged since. Returns how many are there. */
static uint32_t free_by_number(struct sctp_direction *d, struct sctp_journal *j)
{
	uint32_t n = 0;

	for (uint32_t tsn = d->freed_to; tsn != d->cum;) {
		struct sctp_entry *e = sctp_journal_find(j, d->id, ++tsn);

		if (e != NULL) {
			n++;
			if (e->state == SCTP_DONE) {
				sctp_entry_free(d, e, j);
			}
		}
	}
	return n;
}

void sctp_free_acked(struct sctp_direction *d, struct sctp_journal *j, struct stats *stats)
{
	uint32_t n_acked = d->cum - d->freed_to;
	uint32_t n;

	if (!d->acked || (d->freeing && n_acked == 0)) {
		return;
	}
	n = d->freeing && n_acked <= d->n_entries ? free_by_number(d, j) : free_by_list(d, j);
	if (d->freeing && d->seen && n < n_acked &&
		(!d->skipped || seq_diff(d->freed_to, d->skipped_to) >= 0)) {
		stats_reason(stats, R_sctp_path_unseen);
	}
	d->freed_to = d->cum;
	d->freeing = true;
}

/* free_old: where no acknowledgement tells. */
static void free_old(
	struct sctp_direction *d, uint64_t now_us, uint64_t history_us, struct sctp_journal *j)
{
	for (uint32_t n = d->n_entries; n != 0; n--) {
		struct sctp_entry *e = d->oldest;

		if (now_us < e->time_us || now_us - e->time_us < history_us) {
			return;
		}
		if (e->state == SCTP_DONE) {
			sctp_entry_free(d, e, j);
		} else { /* its message may still become whole */
			e->time_us = now_us;
			sctp_list_renew(d, e);
		}
	}
}

void sctp_free_memory(struct sctp_direction *d, uint64_t now_us, const struct tcp_config *config,
	struct sctp_journal *j, struct stats *stats)
{
	sctp_free_acked(d, j, stats);
	if (d->stale) {
		(void)free_by_list(d, j);
		d->stale = false;
	}
	if (!d->acked) {
		free_old(d, now_us, config->history_us, j);
	}
}

void sctp_set_skipped(struct sctp_direction *d, uint32_t tsn)
{
	if (!d->skipped || seq_diff(tsn, d->skipped_to) > 0) {
		d->skipped_to = tsn;
		d->skipped = true;
	}
}
