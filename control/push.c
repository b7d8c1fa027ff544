/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/push.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/push_parts.h"
#include "dataplane/base/clock.h"

/* ---- life ---- */

struct push *push_create(
	const struct push_doors *doors, struct push_loader *loader, const struct push_made *first)
{
	struct push *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		return NULL;
	}
	p->doors = *doors;
	p->ledger = rule_ledger_create();
	p->live = p->ledger != NULL ? push_slot_new(p, first) : NULL;
	if (p->live == NULL) {
		rule_ledger_free(p->ledger);
		free(p);
		return NULL;
	}
	guard_init(&p->guard, doors->guard);
	p->loader = loader;
	if (loader != NULL) {
		/* no job was given yet: the store is nobody's */
		p->shop = push_loader_shop(loader);
		p->history = p->shop->store != NULL ? push_store_history(p->shop->store) : NULL;
		p->keys = p->shop->store != NULL ? push_store_keys(p->shop->store) : NULL;
	}
	return p;
}

static void free_slot(struct push *p, struct push_slot *slot)
{
	if (slot != NULL) {
		rule_ledger_close(p->ledger, slot->page);
		push_made_free(p->shop, &slot->made);
		free(slot);
	}
}

static void end_loader(struct push *p)
{
	struct push_job *job;

	push_loader_stop(p->loader);
	while ((job = push_loader_take(p->loader)) != NULL) {
		push_made_free(p->shop, &job->made);
		push_job_free(job);
	}
	free_slot(p, p->live);
	free_slot(p, p->previous);
	for (unsigned i = 0; i < p->n_retired; i++) {
		free_slot(p, p->retired[i].slot);
	}
	push_loader_free(p->loader);
}

void push_destroy(struct push *p)
{
	if (p == NULL) {
		return;
	}
	while (p->waiting != NULL) {
		struct push_waiting *w = p->waiting;

		p->waiting = w->next;
		free(w->order.change_arg);
		free(w);
	}
	if (p->loader != NULL) {
		end_loader(p);
	} else {
		free(p->live);
	}
	rule_ledger_free(p->ledger);
	json_decref(p->history);
	json_decref(p->keys);
	free(p);
}

/* ---- orders ---- */

static bool refuse(char sentence[PUSH_SENTENCE_SIZE], const char *text)
{
	(void)snprintf(sentence, PUSH_SENTENCE_SIZE, "%s", text);
	return false;
}

bool push_start(struct push *p, const struct push_order *order, char sentence[PUSH_SENTENCE_SIZE])
{
	struct push_waiting **at = &p->waiting;
	struct push_waiting *w;

	if (p->loader == NULL || p->shop->store == NULL) {
		return refuse(sentence, "there is no store in control.state_dir to push to");
	}
	if (p->n_waiting >= PUSH_WAITING_MAX) {
		return refuse(sentence, "too many pushes wait already");
	}
	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		return refuse(sentence, "out of memory");
	}
	w->order = *order;
	while (*at != NULL) {
		at = &(*at)->next;
	}
	*at = w;
	p->n_waiting++;
	return true;
}

static void reply(
	struct push *p, const struct push_order *o, int code, json_t *result, const char *sentence)
{
	p->doors.reply(p->doors.arg, o->ticket, code, result, sentence);
}

/* task_end: its answer; the next one may begin. */
static void task_end(struct push *p, int code, const char *sentence)
{
	struct push_task *t = &p->task;

	reply(p, &t->order, code, code == CONTROL_OK ? push_answer_json(p) : NULL, sentence);
	json_decref(t->result);
	t->result = NULL;
	t->phase = PUSH_IDLE;
}

static bool makes_live(const struct push_order *o)
{
	return o->what == PUSH_PACK || o->what == PUSH_CHANGE || o->what == PUSH_ROLLBACK;
}

/* object: why the order cannot be carried out as things are; CONTROL_OK: it can. */
static int object(
	const struct push *p, const struct push_order *o, char sentence[PUSH_SENTENCE_SIZE])
{
	uint32_t live = p->live->made.generation->number;

	if (o->if_generation != 0 && o->if_generation != live) {
		(void)snprintf(sentence, PUSH_SENTENCE_SIZE, "generation %u is live, not %u", live,
			o->if_generation);
		return CONTROL_CONFLICT;
	}
	if (p->confirm != 0 && (o->what == PUSH_PACK || o->what == PUSH_CHANGE)) {
		(void)snprintf(sentence, PUSH_SENTENCE_SIZE,
			"generation %u waits for its confirmation: policy confirm, or policy rollback",
			p->confirm);
		return CONTROL_CONFLICT;
	}
	if (o->what == PUSH_CONFIRM && p->confirm == 0) {
		(void)snprintf(sentence, PUSH_SENTENCE_SIZE, "nothing waits for a confirmation");
		return CONTROL_FAILED;
	}
	/* what this order and an undoing of it may add */
	if (makes_live(o) && p->n_retired + 2 > PUSH_RETIRED_MAX) {
		(void)snprintf(sentence, PUSH_SENTENCE_SIZE,
			"%u generations are on their way out still: a worker has not left them, or events are not read",
			p->n_retired);
		return CONTROL_CONFLICT;
	}
	return CONTROL_OK;
}

static enum push_job_kind job_of(const struct push_order *o)
{
	switch (o->what) {
	case PUSH_PACK:
	case PUSH_CHANGE:
	case PUSH_ROLLBACK:
		return JOB_LOAD;
	case PUSH_CONFIRM:
		break;
	case PUSH_TAG:
		return JOB_TAG;
	case PUSH_ROTATE:
		return JOB_ROTATE;
	}
	return JOB_RECORD;
}

static void task_begin(struct push *p, const struct push_order *o)
{
	struct push_task *t = &p->task;
	struct push_job *job;
	char sentence[PUSH_SENTENCE_SIZE];
	int code = object(p, o, sentence);

	if (code != CONTROL_OK) {
		reply(p, o, code, NULL, sentence);
		free(o->change_arg);
		return;
	}
	job = push_job_new(p, job_of(o));
	if (job == NULL) {
		reply(p, o, CONTROL_FAILED, NULL, "out of memory");
		free(o->change_arg);
		return;
	}
	memset(t, 0, sizeof(*t));
	t->phase = PUSH_AT_WORK;
	t->order = *o;
	t->order.change_arg = NULL; /* the job's */
	t->live = p->live->made.generation->number;
	job->order = *o;
	job->live = p->live->made; /* the slot may go meanwhile, by the guard rail */
	job->resident = p->previous != NULL ? p->previous->made.generation->number : 0;
	if (o->what == PUSH_CONFIRM) {
		job->current = p->confirm;
		push_state_set(&job->states[0], p->confirm, STORE_GOOD, "");
	}
	push_give(p, job);
}

static void begin_next(struct push *p)
{
	while (p->task.phase == PUSH_IDLE && p->waiting != NULL) {
		struct push_waiting *w = p->waiting;

		p->waiting = w->next;
		p->n_waiting--;
		task_begin(p, &w->order);
		free(w);
	}
}

/* ---- from the loader to the workers ---- */

/* record: the store is told what is current; a push that waits for its confirmation is not. */
static void record(struct push *p, uint32_t before)
{
	struct push_task *t = &p->task;
	uint32_t number = t->record.store.number;
	struct push_job *job;

	if (t->order.confirm_s != 0) {
		t->recorded = true;
		return;
	}
	job = push_job_new(p, JOB_RECORD);
	if (job == NULL) {
		t->recorded = true;
		t->code = CONTROL_PARTIAL;
		(void)snprintf(t->sentence, sizeof(t->sentence), "out of memory to tell the store");
		return;
	}
	job->order.ticket = t->order.ticket;
	job->current = number;
	push_state_set(&job->states[0], number, STORE_GOOD,
		t->order.what == PUSH_ROLLBACK ? "gone back to" : "");
	if (t->order.what == PUSH_ROLLBACK && before > number) {
		char why[64];

		(void)snprintf(why, sizeof(why), "rolled back to %u", number);
		push_state_set(&job->states[1], before, STORE_UNDONE, why);
	} else if (t->order.merge) {
		char why[64];

		/* the same policy: an undo goes back beyond it, and events still name it */
		(void)snprintf(why, sizeof(why), PUSH_MERGED_INTO " %u", number);
		push_state_set(&job->states[1], before, STORE_GOOD, why);
	}
	push_give(p, job);
}

/* settle: what becomes of the one before, and whether the new one is watched. */
static void settle(struct push *p, struct push_slot *before, uint64_t now_us)
{
	const struct push_order *o = &p->task.order;
	bool watched = p->doors.guard->enabled || o->confirm_s != 0;

	if (o->what == PUSH_ROLLBACK) {
		push_watch_end(p, now_us);
		p->confirm = 0;
		push_retire(p, before);
	} else if (o->merge) {
		/* equal rules: what is watched goes on, and what may come back stays */
		p->merged_from = p->guard.watching ? before->made.generation->number : 0;
		push_retire(p, before);
	} else if (watched) {
		p->merged_from = 0;
		push_keep(p, before);
		push_watch_begin(p, now_us);
		if (o->confirm_s != 0) {
			p->confirm = p->live->made.generation->number;
			p->confirm_until_us = now_us + o->confirm_s * CLOCK_US_PER_S;
		}
	} else {
		push_retire(p, before);
	}
}

static void publish(struct push *p, struct push_slot *next, uint64_t now_us)
{
	struct push_task *t = &p->task;
	struct push_slot *before;
	uint32_t number = next->made.generation->number;
	uint64_t begin_us = clock_realtime_us();

	t->record = next->made.record;
	t->previous = p->live->made.generation->number;
	before = push_publish(p, next, now_us);
	t->token = before->token;
	settle(p, before, now_us);
	t->phase = PUSH_PUBLISHED;
	t->published_us = now_us;
	t->begin_us = begin_us;
	t->publish_us = clock_realtime_us() - begin_us;
	record(p, t->previous);
	push_tell(p, t->order.what == PUSH_ROLLBACK ? POLICY_ROLLED_BACK : POLICY_LIVE, number,
		t->record.store.n_rules);
}

/* give_up: a generation that was made does not become live. */
static void give_up(struct push *p, struct push_job *job, const char *why)
{
	struct push_job *r = push_job_new(p, JOB_RECORD);

	if (job->order.what != PUSH_ROLLBACK && r != NULL) {
		push_state_set(&r->states[0], job->made.record.store.number, STORE_UNDONE, why);
		push_give(p, r);
	} else {
		push_job_free(r);
	}
	push_free(p, &job->made);
}

static void take_load(struct push *p, struct push_job *job, uint64_t now_us)
{
	struct push_task *t = &p->task;
	bool resident = job->made.generation == NULL;
	struct push_slot *next;

	t->load_us = job->load_us;
	t->store_us = job->store_us;
	if (job->code != CONTROL_OK) {
		task_end(p, job->code, job->sentence);
		return;
	}
	if (p->live->made.generation->number != t->live) {
		give_up(p, job, "the live one was undone meanwhile");
		task_end(p, CONTROL_CONFLICT,
			"what was live was undone meanwhile: look at it, and push again");
		return;
	}
	next = resident ? p->previous : push_slot_new(p, &job->made);
	if (next == NULL) {
		give_up(p, job, "out of memory");
		task_end(p, CONTROL_FAILED, "out of memory for its counters");
		return;
	}
	if (resident) {
		p->previous = NULL;
	}
	publish(p, next, now_us);
}

static void take_record(struct push *p, const struct push_job *job)
{
	struct push_task *t = &p->task;

	if (t->phase == PUSH_PUBLISHED && job->order.ticket == t->order.ticket &&
		job->current == t->record.store.number) {
		t->recorded = true;
		t->store_us += job->store_us;
		t->code = job->code;
		memcpy(t->sentence, job->sentence, sizeof(t->sentence));
	}
	if (t->phase == PUSH_AT_WORK && job->order.what == PUSH_CONFIRM &&
		job->order.ticket == t->order.ticket) {
		if (job->code == CONTROL_OK && p->confirm == job->current) {
			p->confirm = 0;
			push_tell(p, POLICY_CONFIRMED, job->current,
				p->live->made.generation->ruleset->n_rules);
			task_end(p, CONTROL_OK, "");
		} else if (job->code == CONTROL_OK) {
			task_end(p, CONTROL_CONFLICT, "it was undone meanwhile");
		} else {
			task_end(p, job->code, job->sentence);
		}
	}
}

static void take_done(struct push *p, uint64_t now_us)
{
	struct push_job *job;

	while ((job = push_loader_take(p->loader)) != NULL) {
		p->n_jobs--;
		if (job->history != NULL) {
			json_decref(p->history);
			p->history = json_incref(job->history);
		}
		if (job->keys != NULL) {
			json_decref(p->keys);
			p->keys = json_incref(job->keys);
		}
		switch (job->kind) {
		case JOB_LOAD:
			take_load(p, job, now_us);
			break;
		case JOB_RECORD:
			take_record(p, job);
			break;
		case JOB_TAG:
		case JOB_ROTATE:
			p->task.result = json_incref(job->result);
			task_end(p, job->code, job->sentence);
			break;
		case JOB_REPORT:
		case JOB_FREE:
			break;
		}
		push_job_free(job);
	}
}

/* name_late: "worker 1, worker 3" have not taken it; returns the first. */
static uint32_t name_late(const struct push *p, char *text, size_t size)
{
	uint32_t number = p->task.record.store.number;
	uint32_t first = WORKERS_MAX;
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < p->doors.n_workers && len + 16 < size; i++) {
		/* relaxed: a figure that is told */
		if (p->doors.runs[i] != NULL &&
			atomic_load_explicit(p->doors.runs[i], memory_order_relaxed) != number) {
			len += (size_t)snprintf(
				text + len, size - len, "%sworker %u", len != 0 ? ", " : "", i);
			first = first == WORKERS_MAX ? i : first;
		}
	}
	return first;
}

static void not_taken(struct push *p)
{
	struct push_task *t = &p->task;
	char names[256];
	struct event e = { .type = EVENT_POLICY };

	e.u.policy_change = (struct event_policy){ .change = POLICY_NOT_TAKEN,
		.generation = t->record.store.number,
		.live = p->live->made.generation->number,
		.n_rules = t->record.store.n_rules,
		.worker = name_late(p, names, sizeof(names)) };
	p->doors.event(p->doors.arg, &e);
	(void)snprintf(t->sentence, sizeof(t->sentence),
		"generation %u is live, but not taken in %u s by: %s", t->record.store.number,
		PUSH_SEEN_MS / 1000, names[0] != '\0' ? names : "a worker");
	task_end(p, CONTROL_PARTIAL, t->sentence);
}

static void poll_task(struct push *p, uint64_t now_us)
{
	struct push_task *t = &p->task;

	if (t->phase != PUSH_PUBLISHED) {
		return;
	}
	if (!t->seen && gate_seen(p->doors.gate, t->token)) {
		t->seen = true;
		t->seen_us = clock_realtime_us() - t->begin_us;
	}
	if (t->seen && t->recorded) {
		task_end(p, t->code, t->sentence);
	} else if (!t->seen && now_us > t->published_us + PUSH_SEEN_MS * CLOCK_US_PER_MS) {
		not_taken(p);
	}
}

bool push_round(struct push *p, uint64_t now_us)
{
	if (p->loader == NULL) {
		return false;
	}
	take_done(p, now_us);
	push_watch(p, now_us);
	poll_task(p, now_us);
	push_sweep(p);
	begin_next(p);
	return p->task.phase != PUSH_IDLE || p->waiting != NULL || p->n_jobs != 0;
}
