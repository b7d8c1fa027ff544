/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * push: which generation is live, how the next one comes, and how it goes again.
 *
 *      order -> loader thread: read, verify, build, store -> control: publish, poll, answer
 *
 * One order at a time, others wait (PUSH_WAITING_MAX). Nothing here waits: push_round() looks at
 * what has come meanwhile. The generation before stays in memory while its return is cheap to have
 * (the guard rail watches, a confirmation is due), and goes when every worker has left it and the
 * rings were drained past that moment, so that an event's rules are found as they were.
 * A generation that is gone back to keeps its number: an order may ask for the number it saw.
 *
 * Control thread only; the loader (push_loader.h) makes and frees generations and alone touches the
 * store. Ownership: push owns all generations but the first one until push_create() took that, too.
 * Bounds: live, previous, one being loaded, PUSH_RETIRED_MAX on their way out; memory.generations.
 */
#ifndef SMSWALL_CONTROL_PUSH_H
#define SMSWALL_CONTROL_PUSH_H

#include <jansson.h>

#include "control/guard.h"
#include "control/push_loader.h"
#include "control/rule_ledger.h"
#include "dataplane/event.h"
#include "dataplane/pipeline.h"

struct gate;
struct push;

enum {
	PUSH_WAITING_MAX = 32,
	PUSH_RETIRED_MAX = 4,
	PUSH_SEEN_MS = 5000, /* a worker that has not taken it by then is told */
	PUSH_CONFIRM_S_MAX = 86400,
};

/* What push needs of the rest; all of it outlives it. */
struct push_doors {
	struct gate *gate;
	struct pipeline **pipelines;
	unsigned n_workers;
	const _Atomic uint32_t *runs[WORKERS_MAX]; /* what each worker judges by */
	const struct guard_config *guard;
	/* the answer to an order: `result` (a reference given away) or a sentence */
	void (*reply)(void *arg, uint64_t ticket, int code, json_t *result, const char *sentence);
	void (*event)(void *arg, struct event *e);
	void (*live)(void *arg, struct generation *g, const char *hash);
	void *arg;
};

/*
 * push_create: `first` is live already; with a loader all that is in it is taken over. `loader` NULL: no
 * order can be taken (replay) and `first` stays the caller's. NULL: out of memory.
 */
struct push *push_create(
	const struct push_doors *doors, struct push_loader *loader, const struct push_made *first);

/* push_started: tells what is special about what was started with; `fallback`: not what was live. */
void push_started(struct push *p, bool fallback);

/* push_destroy: after the workers have ended; ends the loader, frees every generation. NULL is accepted. */
void push_destroy(struct push *p);

/*
 * push_start: takes an order; its answer comes by reply() from a push_round(). False: not
 * taken, with a sentence: too many wait, or there is no store.
 */
bool push_start(struct push *p, const struct push_order *order, char sentence[PUSH_SENTENCE_SIZE]);

/* push_round: every few milliseconds. True: something is under way: come back in one. */
bool push_round(struct push *p, uint64_t now_us);

/* push_ruleset: of the generation `number`, live or on its way out; NULL: it is not known any more. */
const struct ruleset *push_ruleset(const struct push *p, uint32_t number);

const struct generation *push_live(const struct push *p);
const char *push_hash(const struct push *p); /* of the live one, 64 hex digits */

/* push_count: what was ever counted at rule `i` of the live generation, by its id. */
struct rule_count push_count(struct push *p, uint32_t i);

/* push_fold: brings all figures of push_count() up to date. */
void push_fold(struct push *p);

/* push_json: member "generation" of the report; `policy` is its name, or NULL. A new reference. */
json_t *push_json(struct push *p, const char *policy);

/* Figures for metrics. */
struct push_gauges {
	bool empty;           /* nothing could be verified at start */
	bool confirm_pending; /* undone unless confirmed */
	bool guard_watching;
	uint32_t n_waiting; /* orders */
	uint32_t n_retired; /* generations on their way out */
	uint64_t memory_used, memory_peak, memory_ceiling;
};
struct push_gauges push_gauges(const struct push *p);

/* push_history: result of policy.history. push_record: of one generation, NULL: there is none. push_keys: of key.show. */
json_t *push_history(const struct push *p);
json_t *push_record(const struct push *p, uint32_t number);
json_t *push_keys(const struct push *p);

/* push_store: its folders; the rest of it is the loader thread's. */
const struct store *push_store(const struct push *p);

#endif
