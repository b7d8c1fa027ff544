/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/push_parts.h"
#include "dataplane/base/clock.h"

enum { LOOK_US = 50000 }; /* between two looks at the counters */

void push_state_set(struct push_state *s, uint32_t number, enum store_state state, const char *why)
{
	s->number = number;
	s->state = state;
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
}

static void put_event(struct push *p, const struct event_policy *what)
{
	struct event e = { .type = EVENT_POLICY, .u.policy_change = *what };

	e.u.policy_change.live = p->live->made.generation->number;
	p->doors.event(p->doors.arg, &e);
}

void push_tell(struct push *p, enum event_policy_change change, uint32_t number, uint32_t n_rules)
{
	put_event(p, &(struct event_policy){
			     .change = (uint8_t)change, .generation = number, .n_rules = n_rules });
}

void push_started(struct push *p, bool fallback)
{
	const struct generation *g = p->live->made.generation;

	if (p->live->made.record.empty) {
		push_tell(p, POLICY_EMPTY, g->number, 0);
	} else if (fallback) {
		push_tell(p, POLICY_FALLBACK, g->number, g->ruleset->n_rules);
	}
}

/* sample: the workers' counters, read while they count. */
static struct guard_sample sample(const struct push *p)
{
	struct guard_sample s = { 0 };

	for (unsigned i = 0; i < p->doors.n_workers; i++) {
		const struct stats *w = pipeline_stats(p->doors.pipelines[i]);

		s.messages += __atomic_load_n(&w->counter[STAT_messages], __ATOMIC_RELAXED);
		s.refused += __atomic_load_n(&w->counter[STAT_messages_blanked], __ATOMIC_RELAXED);
		s.refused +=
			__atomic_load_n(&w->counter[STAT_messages_throttled], __ATOMIC_RELAXED);
		s.refused += __atomic_load_n(&w->counter[STAT_messages_rejected], __ATOMIC_RELAXED);
		s.redacted +=
			__atomic_load_n(&w->counter[STAT_messages_redacted], __ATOMIC_RELAXED);
		s.reported +=
			__atomic_load_n(&w->counter[STAT_messages_reported], __ATOMIC_RELAXED);
	}
	return s;
}

void push_watch_begin(struct push *p, uint64_t now_us)
{
	struct guard_sample now = sample(p);

	if (p->doors.guard->enabled) {
		guard_pushed(&p->guard, now_us, &now);
	}
}

void push_watch_end(struct push *p, uint64_t now_us)
{
	struct guard_sample now = sample(p);

	if (p->guard.watching) {
		guard_undone(&p->guard, now_us, &now);
	}
}

static void say_why(const struct event_policy *e, char why[STORE_TEXT_SIZE])
{
	if (e->why == GUARD_NONE) {
		(void)snprintf(why, STORE_TEXT_SIZE, "not confirmed in time");
		return;
	}
	(void)snprintf(why, STORE_TEXT_SIZE,
		"guard rail: %s %u.%04u %%, before %u.%04u %%, limit %u.%u %%, %" PRIu64
		" messages",
		guard_band_name((enum guard_band)e->why), e->share_ppm / 10000,
		e->share_ppm % 10000, e->base_ppm / 10000, e->base_ppm % 10000, e->limit / 10,
		e->limit % 10, e->messages);
}

/*
 * undo: what was live before judges again. It is in memory, so that this needs no disk and no time;
 * the store is told afterwards.
 */
static void undo(struct push *p, const struct event_policy *what, uint64_t now_us)
{
	struct event_policy e = *what;
	struct push_slot *back = p->previous;
	struct push_job *job = push_job_new(p, JOB_RECORD);
	struct push_slot *bad;

	p->previous = NULL;
	p->confirm = 0;
	bad = push_publish(p, back, now_us);
	e.change = POLICY_UNDONE;
	e.generation = bad->made.generation->number;
	e.n_rules = bad->made.generation->ruleset->n_rules;
	e.after_us = now_us > bad->live_us ? now_us - bad->live_us : 0;
	if (job != NULL) {
		push_state_set(&job->states[0], e.generation, STORE_UNDONE, "");
		say_why(&e, job->states[0].why);
		if (p->merged_from != 0) {
			push_state_set(
				&job->states[1], p->merged_from, STORE_UNDONE, job->states[0].why);
		}
		job->current = p->live->made.record.store.number;
		push_give(p, job);
	}
	put_event(p, &e);
	push_retire(p, bad);
}

static void undo_by_guard(struct push *p, const struct guard_finding *f, uint64_t now_us)
{
	struct guard_sample now = sample(p);
	struct event_policy e = { .why = (uint8_t)f->band,
		.share_ppm = f->since_ppm,
		.base_ppm = f->base_ppm,
		.limit = f->limit,
		.messages = f->since.messages,
		.refused = f->since.refused };
	struct push_job *job = push_job_new(p, JOB_REPORT);

	if (job != NULL) {
		(void)snprintf(job->name, sizeof(job->name), "guard-%u.json",
			p->live->made.generation->number);
		job->text = push_guard_report(p, f, p->previous->made.generation->number, now_us);
	}
	undo(p, &e, now_us);
	guard_undone(&p->guard, now_us, &now);
	if (job != NULL && job->text != NULL) {
		push_give(p, job);
	} else {
		push_job_free(job);
	}
}

static void look_at_guard(struct push *p, uint64_t now_us)
{
	struct guard_finding f;
	struct guard_sample now;

	if (!p->doors.guard->enabled || now_us < p->next_look_us) {
		return;
	}
	p->next_look_us = now_us + LOOK_US;
	now = sample(p);
	switch (guard_see(&p->guard, now_us, &now, &f)) {
	case GUARD_IDLE:
	case GUARD_WATCHING:
		break;
	case GUARD_BREACH:
		if (p->previous != NULL) {
			undo_by_guard(p, &f, now_us);
		} else {
			guard_kept(&p->guard, now_us, &now);
		}
		break;
	case GUARD_GOOD:
	case GUARD_QUIET:
		push_tell(p, POLICY_KEPT, p->live->made.generation->number,
			p->live->made.generation->ruleset->n_rules);
		break;
	}
}

void push_watch(struct push *p, uint64_t now_us)
{
	look_at_guard(p, now_us);
	if (p->confirm != 0 && now_us >= p->confirm_until_us) {
		struct guard_sample now = sample(p);

		undo(p, &(struct event_policy){ .why = GUARD_NONE }, now_us);
		if (p->guard.watching) {
			guard_undone(&p->guard, now_us, &now);
		}
	}
	if (p->confirm == 0 && !p->guard.watching && p->task.phase != PUSH_AT_WORK) {
		push_drop_previous(p);
	}
}
