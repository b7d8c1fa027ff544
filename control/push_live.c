/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "control/push_parts.h"

struct push_job *push_job_new(struct push *p, enum push_job_kind kind)
{
	struct push_job *job = p->loader != NULL ? calloc(1, sizeof(*job)) : NULL;

	if (job != NULL) {
		job->kind = kind;
	}
	return job;
}

void push_give(struct push *p, struct push_job *job)
{
	p->n_jobs++;
	push_loader_give(p->loader, job);
}

void push_free(struct push *p, struct push_made *made)
{
	struct push_job *job = push_job_new(p, JOB_FREE);

	if (job != NULL) {
		job->made = *made;
		push_give(p, job);
	}
	/* without memory for the job it stays where it is: nobody judges by it */
	memset(made, 0, sizeof(*made));
}

struct push_slot *push_slot_new(struct push *p, const struct push_made *made)
{
	struct push_slot *slot = calloc(1, sizeof(*slot));

	if (slot == NULL) {
		return NULL;
	}
	slot->page = rule_ledger_open(p->ledger, made->generation, p->doors.n_workers);
	if (slot->page == NULL) {
		free(slot);
		return NULL;
	}
	slot->made = *made;
	return slot;
}

struct push_slot *push_publish(struct push *p, struct push_slot *next, uint64_t now_us)
{
	struct push_slot *before = p->live;

	next->live_us = now_us;
	(void)gate_publish(p->doors.gate, next->made.generation, &before->token);
	/* what came until now is in the ledger before anybody asks for the new one's figures */
	rule_ledger_fold(p->ledger, before->page);
	p->live = next;
	p->doors.live(p->doors.arg, next->made.generation, next->made.record.store.hash);
	return before;
}

void push_retire(struct push *p, struct push_slot *slot)
{
	/* push_start() looks for room before; one too many stays for good rather than go too early */
	if (slot != NULL && p->n_retired < PUSH_RETIRED_MAX) {
		p->retired[p->n_retired++] = (struct push_retired){ .slot = slot };
	}
}

void push_keep(struct push *p, struct push_slot *slot)
{
	push_drop_previous(p);
	p->previous = slot;
}

void push_drop_previous(struct push *p)
{
	push_retire(p, p->previous);
	p->previous = NULL;
}

static uint64_t written(const struct push *p, unsigned worker)
{
	/* acquire: pairs with the release in event_ring_put() */
	return atomic_load_explicit(
		&pipeline_events(p->doors.pipelines[worker])->written, memory_order_acquire);
}

static uint64_t drained(const struct push *p, unsigned worker)
{
	/* relaxed: this thread writes it */
	return atomic_load_explicit(
		&pipeline_events(p->doors.pipelines[worker])->read, memory_order_relaxed);
}

/* may_go: every worker has left it, and what they had to tell until then was read. */
static bool may_go(struct push *p, struct push_retired *r)
{
	if (!r->left) {
		r->left = gate_seen(p->doors.gate, r->slot->token);
		for (unsigned i = 0; r->left && i < p->doors.n_workers; i++) {
			r->drained[i] = written(p, i);
		}
	}
	for (unsigned i = 0; r->left && i < p->doors.n_workers; i++) {
		if (drained(p, i) < r->drained[i]) {
			return false;
		}
	}
	return r->left;
}

void push_sweep(struct push *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_retired; i++) {
		struct push_retired *r = &p->retired[i];

		if (may_go(p, r)) {
			rule_ledger_close(p->ledger, r->slot->page);
			push_free(p, &r->slot->made);
			free(r->slot);
		} else {
			if (n != i) {
				p->retired[n] = *r;
			}
			n++;
		}
	}
	p->n_retired = n;
}

static const struct ruleset *ruleset_if(const struct push_slot *s, uint32_t number)
{
	return s != NULL && s->made.generation->number == number ? s->made.generation->ruleset
	                                                         : NULL;
}

const struct ruleset *push_ruleset(const struct push *p, uint32_t number)
{
	const struct ruleset *r = ruleset_if(p->live, number);

	r = r != NULL ? r : ruleset_if(p->previous, number);
	for (unsigned i = 0; r == NULL && i < p->n_retired; i++) {
		r = ruleset_if(p->retired[i].slot, number);
	}
	return r;
}

const struct generation *push_live(const struct push *p)
{
	return p->live->made.generation;
}

const char *push_hash(const struct push *p)
{
	return p->live->made.record.store.hash;
}

struct rule_count push_count(struct push *p, uint32_t i)
{
	return rule_ledger_rule(p->ledger, p->live->page, i);
}

void push_fold(struct push *p)
{
	rule_ledger_fold(p->ledger, p->live->page);
	if (p->previous != NULL) {
		rule_ledger_fold(p->ledger, p->previous->page);
	}
	for (unsigned i = 0; i < p->n_retired; i++) {
		rule_ledger_fold(p->ledger, p->retired[i].slot->page);
	}
}
