/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * store: the generations that were pushed, on disk, so that a start finds the last one that verifies, and
 * an undo the ones before. In control.state_dir:
 *
 *   keys/sign.key, keys/trusted       the pair that manifests are signed with; whose packs are taken
 *   generations/0000000012.pack       the manifest: a signed pack whose sections are all in parts/
 *   generations/0000000012.json       its record (struct store_record)
 *   generations/current               "12": what is live, or was last
 *   parts/HASH                        the sections, each once, by content
 *
 * A generation exists when its manifest does. Each write is whole or not at all (durable.h), and in an order
 * that leaves a store that loads wherever it is cut off: parts, record, manifest, current. A rotation that was cut off
 * is ended by the next store_open().
 *
 * Control only, one writer: the daemon; not thread-safe. Bounds: STORE_GENERATIONS_MAX are listed;
 * store_collect() keeps what is needed. Errors: false with errors in `diag`, or 0 and -errno.
 */
#ifndef SMSWALL_CONTROL_STORE_H
#define SMSWALL_CONTROL_STORE_H

#include <jansson.h>

#include "patterns/pack.h"

enum {
	STORE_PATH_SIZE = 512,
	STORE_TEXT_SIZE = 256,
	STORE_TAG_SIZE = 64,
	STORE_BEFORE_MAX = 10, /* good generations that are kept beside the live one */
	STORE_GENERATIONS_MAX = 4096,
};

enum store_state {
	STORE_PENDING, /* stored, or live and not confirmed yet */
	STORE_GOOD,    /* was live and confirmed: an undo may go back to it */
	STORE_UNDONE,  /* was undone: `why`; a start does not take it */
	STORE_STATES
};

/* What is known about a generation beside its contents. Texts are cut to their room, never refused. */
struct store_record {
	uint32_t number;
	uint32_t base;       /* from the pack's meta */
	uint64_t created_us; /* from the pack's meta */
	uint64_t pushed_us;  /* the caller's */
	uint64_t live_us;    /* last made current; 0: never. By store_set_current() */
	uint32_t uid;        /* who pushed */
	int32_t pid;
	uint32_t n_rules;
	uint64_t n_octets; /* of all its sections; by store_add() */
	enum store_state state;
	bool live;                      /* it is `current`; not stored */
	char hash[PACK_HASH_TEXT_SIZE]; /* pack_hash(); by store_add() */
	char signer[KEY_ID_SIZE]; /* who had signed what was pushed; "": nobody. By store_add() */
	char author[PACK_AUTHOR_SIZE]; /* from the pack's meta */
	char note[PACK_NOTE_SIZE];     /* from the pack's meta, if the caller left it empty */
	char exe[STORE_TEXT_SIZE];
	char tag[STORE_TAG_SIZE];
	char why[STORE_TEXT_SIZE]; /* of its state */
};

struct store {
	char folder[STORE_PATH_SIZE]; /* state_dir */
	bool can_write;
	struct key_secret key; /* if can_write */
	struct key_ring trusted;
};

/*
 * store_open: for the daemon: makes folders (0750) and the key pair at first start, ends a rotation
 * that was cut off, sweeps up. Where the key is of no use (damaged, others may read it) it is true with errors in
 * `diag` all the same, and without can_write: generations load, nothing is stored.
 * store_open_read: for smswallctl: makes and changes nothing; keys/trusted must be there.
 */
bool store_open(struct store *s, const char *state_dir, struct diag *diag);
bool store_open_read(struct store *s, const char *state_dir, struct diag *diag);
void store_close(struct store *s); /* wipes the key */

/* store_is_empty: there is no generation and never was one: the first start. */
bool store_is_empty(const struct store *s);

/* store_current: the number in `current`; 0: none. */
uint32_t store_current(const struct store *s);

/* store_next: the number that store_add() would give now: newest + 1, never one that was given before. */
uint32_t store_next(const struct store *s);

/*
 * store_add: keeps `p` (read with its signature checked by the caller, or built in memory) as a new generation;
 * sections that are not present must be in the parts already. In: the caller's fields of *r; out: all of them.
 * It is not current by that. False with errors in `diag`;
 * nothing is then kept, and *r is of no use.
 */
bool store_add(struct store *s, const struct pack *p, struct store_record *r, struct diag *diag);

/* store_set_current: 0 or -errno; -ENOENT: there is no such generation. */
int store_set_current(struct store *s, uint32_t number, uint64_t now_us);

/* store_set_state, store_set_tag: in its record. `why` NULL: stays; `tag` "": none. */
int store_set_state(struct store *s, uint32_t number, enum store_state state, const char *why);
int store_set_tag(struct store *s, uint32_t number, const char *tag);

/*
 * store_load: generation `number`; or, with 0, the newest that verifies: `current`, then good older ones, then
 * other ones that were not undone; what had to be passed over is told as warnings. `known` as in pack_read_new(),
 * may be NULL. False with errors in `diag`.
 */
bool store_load(const struct store *s, uint32_t number, const struct pack_known *known,
	struct pack *p, struct store_record *r, struct diag *diag);

/* store_record_read: false: no such generation. A record that is lost or damaged is filled with what is known. */
bool store_record_read(const struct store *s, uint32_t number, struct store_record *r);

/* store_records: of all generations, newest first, malloc'ed; *n of them. NULL: none, or -errno in *error. */
struct store_record *store_records(const struct store *s, size_t *n, int *error);

/* store_record_json: a new reference; docs/control-protocol.md, "Generations". */
json_t *store_record_json(const struct store_record *r);
const char *store_state_name(enum store_state state); /* "pending", "good", "undone" */

/*
 * store_collect: keeps the live one, the ten good ones that were live last, tagged ones, the newest, and
 * what is pending after the live one; removes other generations and parts that belong to none. Returns how many
 * generations were removed, or -errno.
 */
int store_collect(struct store *s);

/*
 * store_rotate_key: a new pair; every generation that is kept is signed anew; the old key is trusted no more,
 * other keys of the ring still are. At each instant what is on disk verifies. A generation that did not verify
 * before stays as it is.
 */
bool store_rotate_key(struct store *s, struct diag *diag);

/* store_trust: takes packs signed by `k` from now on. store_distrust: no more; never the store's own (-EPERM). */
int store_trust(struct store *s, const struct key_public *k, const char *note);
int store_distrust(struct store *s, const struct key_public *k);

/* Paths, in room of STORE_PATH_SIZE + 64. */
enum { STORE_FILE_SIZE = STORE_PATH_SIZE + 64 };
void store_path_manifest(const struct store *s, uint32_t number, char path[STORE_FILE_SIZE]);
void store_path_parts(const struct store *s, char path[STORE_FILE_SIZE]);
void store_path_key(const struct store *s, char path[STORE_FILE_SIZE]); /* keys/sign.key */

#endif
