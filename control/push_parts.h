/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * push_parts: what the files of push.h share; nobody else includes it.
 *
 *   push.c         orders: from the first one that waits to its answer
 *   push_live.c    what is live, what was before and may come back, what is on its way out
 *   push_watch.c   what is undone without an order: the guard rail, the time to confirm
 *   push_json.c    what is told of it
 */
#ifndef SMSWALL_CONTROL_PUSH_PARTS_H
#define SMSWALL_CONTROL_PUSH_PARTS_H

#include "control/code.h"
#include "control/push.h"
#include "dataplane/gate.h"

/* A generation in memory. */
struct push_slot {
	struct push_made made;
	struct rule_page *page; /* its place in the ledger */
	uint64_t live_us;       /* it judged from then on */
	uint64_t token;         /* of the gate, when another one took its place */
};

/* One that makes way: until every worker has left it, and then until its events were read. */
struct push_retired {
	struct push_slot *slot;
	bool left;
	uint64_t drained
		[WORKERS_MAX]; /* of each ring: where it stood when the last worker had left */
};

struct push_waiting {
	struct push_waiting *next;
	struct push_order order;
};

enum push_phase {
	PUSH_IDLE,
	PUSH_AT_WORK,   /* the loader has its job */
	PUSH_PUBLISHED, /* workers take it, the store writes it down */
};

/* The order that is being carried out. */
struct push_task {
	enum push_phase phase;
	struct push_order order;
	uint32_t live; /* number of what was live when it began */
	struct push_record record;
	uint64_t token;
	uint64_t published_us;
	uint64_t begin_us; /* the same by the clock, for figures */
	uint64_t load_us, store_us, publish_us, seen_us;
	uint32_t previous; /* number */
	bool seen, recorded;
	json_t *result; /* of JOB_ROTATE */
	int code;       /* of what went wrong after it was live */
	char sentence[PUSH_SENTENCE_SIZE];
};

struct push {
	struct push_doors doors;
	struct push_loader *loader;       /* NULL: replay */
	const struct push_workshop *shop; /* NULL: replay */
	struct rule_ledger *ledger;
	struct guard guard;
	uint64_t next_look_us;
	struct push_slot *live;
	struct push_slot *previous; /* may come back by itself; NULL: none */
	struct push_retired retired[PUSH_RETIRED_MAX];
	unsigned n_retired;
	uint32_t
		merged_from; /* a generation with the live one's rules, watched as it is; 0: none */
	uint32_t confirm;    /* number of what waits for a confirmation; 0: nothing */
	uint64_t confirm_until_us;
	struct push_waiting *waiting;
	unsigned n_waiting;
	unsigned n_jobs; /* that the loader has */
	struct push_task task;
	json_t *history;
	json_t *keys;
};

/* ---- push_live.c ---- */

/* push_slot_new: takes what is in *made. NULL when out of memory: then it does not. */
struct push_slot *push_slot_new(struct push *p, const struct push_made *made);

/* push_publish: `next` judges from now on; returns what did before, to be kept or retired. */
struct push_slot *push_publish(struct push *p, struct push_slot *next, uint64_t now_us);
void push_retire(struct push *p, struct push_slot *slot); /* NULL is accepted */
void push_keep(
	struct push *p, struct push_slot *slot); /* as the previous one; that of before retires */
void push_drop_previous(struct push *p);
/* push_free: by the loader. Takes what is in *made. */
void push_free(struct push *p, struct push_made *made);
void push_sweep(struct push *p);                                        /* what can go goes */
struct push_job *push_job_new(struct push *p, enum push_job_kind kind); /* NULL: out of memory */
void push_give(struct push *p, struct push_job *job);

/* ---- push_watch.c ---- */

void push_tell(struct push *p, enum event_policy_change change, uint32_t number, uint32_t n_rules);
void push_watch_begin(struct push *p, uint64_t now_us); /* after a push */
void push_watch_end(struct push *p, uint64_t now_us);   /* an operator went back */
void push_watch(struct push *p, uint64_t now_us);
void push_state_set(struct push_state *s, uint32_t number, enum store_state state, const char *why);

/* ---- push_json.c ---- */

json_t *push_answer_json(const struct push *p);
char *push_guard_report(struct push *p, const struct guard_finding *f, uint32_t undone_to,
	uint64_t now_us); /* malloc'ed; NULL: out of memory */

#endif
