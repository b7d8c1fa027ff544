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

/* How the `why` of a good generation begins whose rules live on in another one's databases. */
#define PUSH_MERGED_INTO "merged into"

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
typedef bool (*push_change)(void *arg, const struct store *store, const struct generation *live,
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
	struct store_record store; /* number 0: it is in no store */
	bool empty;                /* nothing verified at start: everything passes */
	uint32_t n_added, n_removed, n_changed, n_restated, n_shadowed; /* against the one before */
};

/* A generation with what is needed to go on from it. */
struct push_made {
	struct generation *generation;
	struct push_record record;
	char *states;   /* section "states"; NULL: none */
	size_t charged; /* to the arena, beside the databases */
};

enum push_job_kind {
	JOB_LOAD,   /* of an order: builds and stores; it is not current by that */
	JOB_RECORD, /* what is current, and states of generations */
	JOB_TAG,
	JOB_ROTATE,
	JOB_REPORT, /* writes a text to a file in reports/ */
	JOB_FREE,   /* a generation that nobody holds */
};

enum { PUSH_SENTENCE_SIZE = 512, PUSH_STATES_MAX = 2 };

/* What is to be said about a generation of the store. */
struct push_state {
	uint32_t number; /* 0: nothing */
	enum store_state state;
	char why[STORE_TEXT_SIZE]; /* "": stays */
};

struct push_job {
	struct push_job *next;
	enum push_job_kind kind;
	struct push_order order; /* JOB_LOAD, JOB_TAG, JOB_ROTATE */
	struct push_made live;   /* JOB_LOAD: what was live; freed by a later job, if at all */
	uint32_t resident; /* JOB_LOAD: a generation in memory that need not be loaded; 0: none */
	uint32_t current;  /* JOB_RECORD: what is current now; 0: what was */
	struct push_state states[PUSH_STATES_MAX];
	char *text;    /* JOB_REPORT: malloc'ed */
	char name[64]; /* JOB_REPORT: of the file */

	/* what came of it */
	struct push_made
		made; /* JOB_LOAD: made; without a generation: the resident one. JOB_FREE: freed */
	uint64_t load_us; /* how long */
	uint64_t store_us;
	int code; /* enum control_code */
	char sentence[PUSH_SENTENCE_SIZE];
	json_t *result;  /* JOB_ROTATE: of the answer */
	json_t *history; /* records of the store after it, newest first; NULL: as before */
	json_t *keys;    /* of the store after JOB_ROTATE */
};

/* What the thread works with; outlives it. */
struct push_workshop {
	const struct config *config;
	struct store *store;
	struct arena *arena;
};

/* push_loader_start: NULL with errno. */
struct push_loader *push_loader_start(const struct push_workshop *shop);

/* push_loader_shop: what it works with; of that, only the configuration and the arena may be looked at meanwhile. */
const struct push_workshop *push_loader_shop(const struct push_loader *l);

/* push_loader_give: a job; push_loader_take: one that is done, or NULL. Control only; neither waits. */
void push_loader_give(struct push_loader *l, struct push_job *job);
struct push_job *push_loader_take(struct push_loader *l);

/* push_loader_stop: does what was given, ends the thread; done jobs can be taken still. */
void push_loader_stop(struct push_loader *l);
void push_loader_free(struct push_loader *l); /* NULL is accepted */

/* push_job_run: one job, by whoever calls: boot, tests, the thread. */
void push_job_run(const struct push_workshop *shop, struct push_job *job);
/* push_made_free: the generation and what hangs at it; *made is empty then. */
void push_made_free(const struct push_workshop *shop, struct push_made *made);
void push_job_free(struct push_job *job); /* what it made must have been taken */

/* push_store_history: a record of each generation, newest first. push_key_json: a public key; `note` may be NULL. */
json_t *push_store_history(const struct store *store);
json_t *push_key_json(const struct key_public *key, const char *note);

/* push_store_keys: the store's own public key and those it trusts. */
json_t *push_store_keys(const struct store *store);

#endif
