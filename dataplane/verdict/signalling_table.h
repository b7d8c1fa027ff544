/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * signalling_table: the memory of the signalling checks: notes in order of time, and originators
 * with what is counted of them. signalling.c alone uses it.
 *
 * Notes are a ring: the newest overwrites the oldest, so that memory and time are constant and
 * ageing is a step of the ring's end. A hash index leads to the newest note of a bucket, each note
 * to the next older one; a chain ends where a note is no longer in the ring, so nothing has to be
 * taken out of the index when a note is overwritten.
 *
 *     first ......... due ......... next      numbers of notes, from 1, never used again
 *     | not forgotten | not looked at |
 *
 * Owning core only. Does not allocate. Time is in ticks of 2^16 us (66 ms), 32 bits, compared
 * modulo 2^32: a note that is 4 years old would be taken for a new one.
 */
#ifndef SMSWALL_VERDICT_SIGNALLING_TABLE_H
#define SMSWALL_VERDICT_SIGNALLING_TABLE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/limits.h"

static inline uint32_t signalling_ticks(uint64_t us)
{
	return (uint32_t)(us >> 16);
}

/* signalling_since: ticks from `then` to `now`; 0 where time went back. */
static inline uint32_t signalling_since(uint32_t then, uint32_t now)
{
	return (int32_t)(now - then) < 0 ? 0 : now - then;
}

enum signalling_state { NOTE_DEAD, NOTE_OPEN, NOTE_USED };

struct signalling_note {
	uint64_t hash;
	uint64_t older;  /* number of the next note of its bucket */
	uint64_t origin; /* hash of the originator */
	uint32_t tick;
	uint16_t target; /* bit of the originator's sketch */
	uint8_t kind;    /* the user's */
	uint8_t state;   /* enum signalling_state */
};
static_assert(sizeof(struct signalling_note) == 32, "two notes a cache line");

struct signalling_notes {
	struct signalling_note *notes;
	uint64_t *newest; /* by bucket: number of a note, 0: none */
	uint64_t mask;    /* of numbers and buckets: a power of two less 1 */
	uint64_t first, due, next;
	uint32_t open;      /* notes that are not dead */
	uint64_t forgotten; /* notes overwritten before their time */
	uint32_t lost_tick; /* time of the newest of them */
};

/* signalling_notes_size: of `max` notes, rounded up to a power of two. */
size_t signalling_notes_size(uint32_t max);
void signalling_notes_init(struct signalling_notes *n, void *memory, uint32_t max);

/* signalling_notes_find: the live note of this hash that is not older than `age` ticks, or NULL. */
struct signalling_note *signalling_notes_find(
	struct signalling_notes *n, uint64_t hash, uint32_t tick, uint32_t age);

/* signalling_notes_add: in place of one of the same hash; the oldest gives way. Never NULL. */
struct signalling_note *signalling_notes_add(
	struct signalling_notes *n, uint64_t hash, uint32_t tick, uint32_t age);

void signalling_notes_kill(struct signalling_notes *n, struct signalling_note *note);

/* signalling_notes_due: the next note that has become older than `after`, once each; NULL: none now. */
struct signalling_note *signalling_notes_due(
	struct signalling_notes *n, uint32_t tick, uint32_t after);

/* signalling_notes_expire: steps over at most `steps` notes that are dead or older than `age`. */
void signalling_notes_expire(
	struct signalling_notes *n, uint32_t tick, uint32_t age, unsigned steps);

enum { SIGNALLING_SKETCH_BITS = 2048 };

/* What is counted of one originator in the present window. */
struct signalling_origin {
	uint64_t hash; /* 0: free */
	uint32_t window_tick;
	uint32_t last_tick;
	uint32_t n_sri, n_mt, n_unused, n_asked, n_failed, n_ber;
	uint32_t told;                                /* checks that were told in this window */
	uint16_t n_bits;                              /* set in the sketch */
	uint16_t run[2];                              /* numbers in a row: MSISDNs, IMSIs */
	uint64_t last_number[2];                      /* of each */
	uint64_t sketch[SIGNALLING_SKETCH_BITS / 64]; /* targets that were asked in vain */
};

struct signalling_origins {
	uint64_t *hashes; /* buckets of one cache line: what is searched */
	struct signalling_origin *origins;
	uint64_t mask; /* of buckets */
	uint32_t used;
	uint64_t forgotten;
};

size_t signalling_origins_size(uint32_t max);
void signalling_origins_init(struct signalling_origins *o, void *memory, uint32_t max);

/* signalling_origins_find: NULL: it is not known. */
struct signalling_origin *signalling_origins_find(struct signalling_origins *o, uint64_t hash);

/* signalling_origins_take: it, or a new one, for which the one silent for longest may give way. */
struct signalling_origin *signalling_origins_take(
	struct signalling_origins *o, uint64_t hash, uint32_t tick);

/* signalling_origin_roll: begins a new window where the present one is over. */
void signalling_origin_roll(struct signalling_origin *o, uint32_t tick, uint32_t window);

/* signalling_origin_fail: `target` was asked in vain. */
void signalling_origin_fail(struct signalling_origin *o, unsigned target);

/*
 * signalling_sketch_estimates: distinct targets by number of bits set, SIGNALLING_SKETCH_BITS + 1 of
 * them: how many it takes on average to set so many (linear counting, Whang 1990; standard error
 * 2.6 % at 5000 targets in 2048 bits).
 */
void signalling_sketch_estimates(uint16_t *estimates);

#endif
