/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp_parts.h"

#define ACK_BEHIND ((int32_t)1 << 30) /* an older TSN is none that was acknowledged */

bool sctp_is_acked(const struct sctp_direction *d, uint32_t tsn)
{
	int32_t behind = seq_diff(d->cum, tsn);

	return d->acked && behind >= 0 && behind < ACK_BEHIND;
}

static struct sctp_list *list_of(struct sctp_direction *d, const struct sctp_entry *e)
{
	return e->kept ? &d->kept : &d->entries;
}

void sctp_list_add(struct sctp_direction *d, struct sctp_entry *e)
{
	struct sctp_list *list = list_of(d, e);

	e->next = NULL;
	e->prev = list->newest;
	if (list->newest != NULL) {
		list->newest->next = e;
	} else {
		list->oldest = e;
	}
	list->newest = e;
}

static void list_remove(struct sctp_direction *d, struct sctp_entry *e)
{
	struct sctp_list *list = list_of(d, e);

	if (e->prev != NULL) {
		e->prev->next = e->next;
	} else {
		list->oldest = e->next;
	}
	if (e->next != NULL) {
		e->next->prev = e->prev;
	} else {
		list->newest = e->prev;
	}
}

void sctp_list_renew(struct sctp_direction *d, struct sctp_entry *e)
{
	if (e->next != NULL) {
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
	uint32_t n_blocks = sctp_journal_blocks(e->len);

	list_remove(d, e);
	if (e->kept) {
		d->n_kept -= n_blocks;
	} else {
		d->n_entries--;
		d->n_blocks -= n_blocks;
	}
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

bool sctp_forget_kept(struct sctp_direction *d, struct sctp_journal *j, struct stats *stats)
{
	struct sctp_entry *e = d->kept.oldest;

	if (e == NULL || (d->held.head != NULL && e->frame >= d->held.head->number)) {
		return false;
	}
	stats_reason(stats, R_sctp_kept_full);
	sctp_entry_free(d, e, j);
	return true;
}

/* keep: from the acknowledgement on, where there is room; no frame is held. */
static bool keep(
	struct sctp_direction *d, struct sctp_entry *e, struct sctp_journal *j, struct stats *stats)
{
	uint32_t n_blocks = sctp_journal_blocks(e->len);

	if (j->n_free <= j->n_blocks / 4 || n_blocks > LIMIT_SCTP_KEPT_BLOCKS) {
		stats_reason(stats, R_sctp_kept_full);
		return false;
	}
	while (d->n_kept + n_blocks > LIMIT_SCTP_KEPT_BLOCKS && sctp_forget_kept(d, j, stats)) {
	}
	list_remove(d, e);
	d->n_entries--;
	d->n_blocks -= n_blocks;
	sctp_journal_keep(j, e);
	sctp_list_add(d, e);
	d->n_kept += n_blocks;
	e->time_us = d->ack_time_us > e->time_us ? d->ack_time_us : e->time_us;
	return true;
}

/* let_go: the receiver has it; its sender may not know, and what was edited must not be seen as it came. */
static void let_go(
	struct sctp_direction *d, struct sctp_entry *e, struct sctp_journal *j, struct stats *stats)
{
	if (!e->overlaid || !keep(d, e, j, stats)) {
		sctp_entry_free(d, e, j);
	}
}

void sctp_age(struct sctp_direction *d, uint64_t now_us, struct sctp_journal *j)
{
	if (d->held.head != NULL) { /* it may carry a copy */
		return;
	}
	while (d->kept.oldest != NULL && now_us >= d->kept.oldest->time_us &&
		now_us - d->kept.oldest->time_us >= LIMIT_SCTP_KEPT_US) {
		sctp_entry_free(d, d->kept.oldest, j);
	}
}

/* free_by_list: looks at every entry. Returns how many lie above freed_to and are acknowledged. */
static uint32_t free_by_list(struct sctp_direction *d, struct sctp_journal *j, struct stats *stats)
{
	uint32_t n = 0;
	struct sctp_entry *next;

	for (struct sctp_entry *e = d->entries.oldest; e != NULL; e = next) {
		next = e->next;
		if (!sctp_is_acked(d, e->tsn)) {
			continue;
		}
		n += !d->freeing || seq_diff(e->tsn, d->freed_to) > 0 ? 1 : 0;
		if (e->state == SCTP_DONE) {
			let_go(d, e, j, stats);
		}
	}
	return n;
}

/* free_by_number: looks at every TSN that has been acknowledged since. Returns how many are there. */
static uint32_t free_by_number(
	struct sctp_direction *d, struct sctp_journal *j, struct stats *stats)
{
	uint32_t n = 0;

	for (uint32_t tsn = d->freed_to; tsn != d->cum;) {
		struct sctp_entry *e = sctp_journal_find(j, d->id, ++tsn);

		if (e != NULL && !e->kept) {
			n++;
			if (e->state == SCTP_DONE) {
				let_go(d, e, j, stats);
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
	n = d->freeing && n_acked <= d->n_entries ? free_by_number(d, j, stats)
	                                          : free_by_list(d, j, stats);
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
		struct sctp_entry *e = d->entries.oldest;

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
		(void)free_by_list(d, j, stats);
		d->stale = false;
	}
	sctp_age(d, now_us, j);
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
