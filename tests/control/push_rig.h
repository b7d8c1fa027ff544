/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * push_rig: a daemon's pushes without a data path: a store in a folder of its own, the loader thread,
 * a gate and workers that do what the test says. The clock can be put forward.
 * Included by one file of a program: it defines what fake_pipeline.h and fake_gate.h define.
 */
#ifndef SMSWALL_TESTS_PUSH_RIG_H
#define SMSWALL_TESTS_PUSH_RIG_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/code.h"
#include "control/push.h"
#include "control/push_boot.h"
#include "dataplane/base/clock.h"
#include "tests/control/fake_pipeline.h"
#include "tests/support/unit.h"

enum { RIG_WORKERS = 2, RIG_EVENTS = 64 };

struct rig {
	char folder[32];
	struct config config;
	struct push_boot boot;
	struct push_workshop shop;
	struct push_made first;
	struct push *push;
	struct gate gate;
	struct pipeline pipeline[RIG_WORKERS];
	struct pipeline *pipelines[RIG_WORKERS];
	_Atomic uint32_t runs[RIG_WORKERS];
	struct diag diag;
	uint64_t ahead_us; /* of the clock */
	uint64_t ticket;   /* of the last order */
	unsigned n_replies;
	int code;
	json_t *result;
	char sentence[PUSH_SENTENCE_SIZE];
	struct event_policy events[RIG_EVENTS];
	unsigned n_events;
};

static inline void rig_replies(
	void *arg, uint64_t ticket, int code, json_t *result, const char *sentence)
{
	struct rig *r = arg;

	CU_ASSERT_EQUAL(ticket, r->ticket);
	json_decref(r->result);
	r->code = code;
	r->result = result;
	snprintf(r->sentence, sizeof(r->sentence), "%s", sentence);
	r->n_replies++;
}

static inline void rig_event(void *arg, struct event *e)
{
	struct rig *r = arg;

	CU_ASSERT_EQUAL(e->type, EVENT_POLICY);
	r->events[r->n_events++ % RIG_EVENTS] = e->u.policy_change;
}

static inline void rig_live(void *arg, struct generation *g, const char *hash)
{
	struct rig *r = arg;

	CU_ASSERT_EQUAL(strlen(hash), 64);
	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		atomic_store(&r->runs[i], g->number);
	}
}

/* rig_folder: with a configuration that keeps everything in it. */
static inline struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	strcpy(r->folder, "/tmp/smswall-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->folder));
	config_defaults(&r->config);
	r->config.pipeline.n_links = 1;
	strcpy(r->config.pipeline.links[0].name, "north");
	r->config.n_workers = RIG_WORKERS;
	r->config.guard.enabled = false;
	snprintf(r->config.state_dir, sizeof(r->config.state_dir), "%s/state", r->folder);
	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		r->pipeline[i].octets = calloc(1, RING_LEN);
		CU_ASSERT_PTR_NOT_NULL_FATAL(r->pipeline[i].octets);
		event_ring_init(&r->pipeline[i].ring, r->pipeline[i].octets, RING_LEN);
		r->pipelines[i] = &r->pipeline[i];
	}
	atomic_store(&r->gate.seen, UINT64_MAX);
	return r;
}

static inline const char *rig_path(const struct rig *r, const char *name)
{
	static char path[4][128];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", r->folder, name);
	return p;
}

static inline void rig_write(const struct rig *r, const char *name, const char *text)
{
	FILE *f = fopen(rig_path(r, name), "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

/* rig_pack: rules compiled into a pack, signed by `key` (NULL: not at all), made `at_us`. */
static inline void rig_pack(struct rig *r, const char *name, const char *rules,
	const struct key_secret *key, uint64_t at_us)
{
	static const char *const links[] = { "north" };
	struct pack_meta meta = {
		.schema = PACK_SCHEMA, .created_us = at_us, .author = "anna", .note = "of a test"
	};
	struct policy_write how = { .key = key, .meta = &meta };
	struct policy_load load = {
		.link_names = links, .n_links = 1, .default_action = ACTION_REJECT
	};
	struct policy_set *set = calloc(1, sizeof(*set));

	rig_write(r, "rules.pat", rules);
	load.path = rig_path(r, "rules.pat");
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_TRUE_FATAL(policy_set_load(set, &load, &r->diag));
	CU_ASSERT_TRUE_FATAL(policy_set_write(set, rig_path(r, name), &how, &r->diag));
	policy_set_free(set);
	free(set);
}

/* rig_boot: `rules` NULL: from the store. */
static inline bool rig_boot(struct rig *r, const char *rules)
{
	if (rules != NULL) {
		rig_write(r, "first.pat", rules);
	}
	return push_boot_load(&r->boot, &r->config, rules != NULL ? rig_path(r, "first.pat") : NULL,
		       &r->diag) &&
	       push_boot_make(&r->boot, &r->config, &r->first, &r->diag);
}

static inline void rig_start(struct rig *r)
{
	struct push_doors doors = { .gate = &r->gate,
		.pipelines = r->pipelines,
		.n_workers = RIG_WORKERS,
		.runs = { &r->runs[0], &r->runs[1] },
		.guard = &r->config.guard,
		.reply = rig_replies,
		.event = rig_event,
		.live = rig_live,
		.arg = r };
	struct push_loader *loader;

	r->shop = (struct push_workshop){ &r->config, r->boot.has_store ? &r->boot.store : NULL,
		&r->boot.arena };
	loader = push_loader_start(&r->shop);
	CU_ASSERT_PTR_NOT_NULL_FATAL(loader);
	r->gate.live = r->first.generation;
	r->push = push_create(&doors, loader, &r->first);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->push);
	push_started(r->push, r->boot.fallback);
}

static inline uint64_t rig_now(const struct rig *r)
{
	return clock_realtime_us() + r->ahead_us;
}

/* rig_turn: rounds for as long as something is under way, 20 s at most, and some more. */
static inline void rig_turn(struct rig *r)
{
	const struct timespec pause = { 0, 200000 };
	unsigned quiet = 0;

	for (unsigned i = 0; i < 100000 && quiet < 20; i++) {
		quiet = push_round(r->push, rig_now(r)) ? 0 : quiet + 1;
		nanosleep(&pause, NULL);
	}
}

/* rig_order: as far as it gets; its code. */
static inline int rig_order(struct rig *r, struct push_order *o)
{
	unsigned before = r->n_replies;

	o->ticket = ++r->ticket;
	r->code = -1;
	if (!push_start(r->push, o, r->sentence)) {
		return CONTROL_CONFLICT;
	}
	rig_turn(r);
	CU_ASSERT_EQUAL(r->n_replies, before + 1);
	return r->code;
}

/* rig_push: the pack of this name. */
static inline int rig_push(struct rig *r, const char *name)
{
	struct push_order *o = calloc(1, sizeof(*o));
	int code;

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	o->what = PUSH_PACK;
	snprintf(o->path, sizeof(o->path), "%s", rig_path(r, name));
	code = rig_order(r, o);
	free(o);
	return code;
}

static inline json_int_t rig_number(const struct rig *r, const char *name)
{
	return json_integer_value(json_object_get(r->result, name));
}

/* rig_state: of a generation in the history. */
static inline const char *rig_state(const struct rig *r, uint32_t number)
{
	static char state[16];
	json_t *record = push_record(r->push, number);
	const char *text = json_string_value(json_object_get(record, "state"));

	snprintf(state, sizeof(state), "%s", text != NULL ? text : "none");
	json_decref(record);
	return state;
}

/* rig_stop: what was made is gone, the folder stays. */
static inline void rig_stop(struct rig *r)
{
	push_destroy(r->push);
	r->push = NULL;
	push_boot_free(&r->boot);
	CU_ASSERT_EQUAL(arena_used(&r->boot.arena), 0);
	memset(&r->first, 0, sizeof(r->first));
	diag_clear(&r->diag);
}

static inline void rig_free(struct rig *r)
{
	char command[64];

	if (r->push != NULL) {
		rig_stop(r);
	}
	snprintf(command, sizeof(command), "rm -rf %s", r->folder);
	CU_ASSERT_EQUAL(system(command), 0);
	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		free(r->pipeline[i].octets);
	}
	json_decref(r->result);
	free(r);
}

#endif
