/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * push_loader: the thread that makes generations while others work: it reads packs, verifies them,
 * builds rulesets, policies and scratches, writes the store, and frees what nobody judges by any more.
 *
 * Not a worker and not control: of lower priority than both, one job after the other, in the order
 * they were given. Control gives jobs and takes them back done; between these two a job and all
 * that hangs at it is the loader's alone. So the store, the keys and all that is counted by reference
 * are touched by one thread at a time. It starts no child process: packs come compiled.
 * Ownership: a job is its maker's; what it made is taken from it by whoever takes the job back.
 * Bounds: one job at work; memory.generations, which holds two generations, for what it builds.
 */
#ifndef SMSWALL_CONTROL_PUSH_LOADER_H
#define SMSWALL_CONTROL_PUSH_LOADER_H

#include "control/config.h"
#include "control/policy_file.h"
#include "control/store.h"
#include "dataplane/verdict/generation.h"

struct push_loader;

/* What an order asks for. Each but PUSH_PACK makes its generation out of one that is there. */
enum push_what {
	PUSH_PACK,     /* a pack in a file */
	PUSH_CHANGE,   /* the live one with other sections: states of rules, lists */
	PUSH_ROLLBACK, /* back to one before */
	PUSH_CONFIRM,
	PUSH_TAG,
	PUSH_ROTATE, /* another key pair */
};

/*
 * Changes sections of a copy of the live pack, on the loader thread. `store`: for its keys and parts.
 * False with errors in `diag`.
 */
typedef bool (*push_change)(void *arg, const struct store *store, const struct ruleset *live,
	struct pack *pack, struct diag *diag);

struct push_order {
	enum push_what what;
	uint64_t ticket; /* for the answer */
	char path[4096]; /* PUSH_PACK */
	bool shadow;     /* new and changed rules are in state shadow */
	bool allow_older;
	bool merge;             /* equal rules in other databases: nothing is watched anew */
	uint32_t confirm_s;     /* 0: it needs no confirmation */
	uint32_t if_generation; /* 0: whatever is live */
	uint32_t steps;         /* PUSH_ROLLBACK: this many good ones back; or */
	uint32_t generation;    /* PUSH_ROLLBACK, PUSH_TAG: to this one */
	char tag[STORE_TAG_SIZE];
	char note[PACK_NOTE_SIZE];
	push_change change; /* PUSH_CHANGE */
	void *change_arg;   /* freed by free() when the order is over */
	uint32_t uid;
	int32_t pid;
	char exe[STORE_TEXT_SIZE];
};

/* What is told about a generation beside its contents. */
struct push_record {
	struct store_record store;
	uint32_t n_added, n_removed, n_changed, n_restated, n_shadowed; /* against the one before */
};

/* A generation with what is needed to go on from it. */
struct push_made {
	struct generation *generation;
	struct push_record record;
	size_t charged; /* to the arena, beside the databases */
};

enum push_job_kind {
	JOB_LOAD,    /* of an order: builds and stores; it is not current by that */
	JOB_CURRENT, /* makes `number` current, says `state` of `other` */
	JOB_STATE,   /* of `number` */
	JOB_TAG,
	JOB_ROTATE,
	JOB_REPORT, /* writes a text to a file in reports/ */
	JOB_FREE,   /* a generation that nobody holds */
};

struct push_job {
	struct push_job *next;
	enum push_job_kind kind;
	struct push_order order;      /* JOB_LOAD, JOB_TAG, JOB_ROTATE */
	const struct push_made *live; /* JOB_LOAD: what is live; stays until the job is done */
	uint32_t number, other;
	enum store_state state, other_state;
	char why[STORE_TEXT_SIZE];
	char *text;            /* JOB_REPORT: malloc'ed */
	char name[64];         /* JOB_REPORT: of the file */
	struct push_made made; /* JOB_LOAD: made; JOB_FREE: to be freed */
	uint32_t rolled_from;  /* JOB_LOAD of a rollback */
	uint64_t load_us, store_us;
	int code; /* enum control_code */
	char sentence[512];
	json_t *history; /* the store's records as they are after the job; NULL: unchanged */
};

/* What the thread works with; outlives it. */
struct push_workshop {
	const struct config *config;
	struct store *store; /* NULL: there is none: JOB_FREE only */
	struct arena *arena;
	const char *link_names[LIMIT_LINKS];
};

/* push_loader_start: NULL with errno. */
struct push_loader *push_loader_start(const struct push_workshop *shop);

/* push_loader_give: a job; push_loader_take: one that is done, or NULL. Control only; neither waits. */
void push_loader_give(struct push_loader *l, struct push_job *job);
struct push_job *push_loader_take(struct push_loader *l);

/* push_loader_stop: does what was given, ends the thread; done jobs can be taken still. */
void push_loader_stop(struct push_loader *l);
void push_loader_free(struct push_loader *l); /* NULL is accepted */

/* push_job_run: one job, by whoever calls: boot, tests, the thread. */
void push_job_run(const struct push_workshop *shop, struct push_job *job);
void push_job_free(struct push_job *job);

#endif
