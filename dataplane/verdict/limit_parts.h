/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limit_parts: what the files of the table of limits share; nobody else includes it.
 *
 *   limit.c         a message's limits together; fills, resets, facts
 *   limit_cell.c    slots and cells: rate and grey
 *   limit_sketch.c  distinct and ratio
 *   limit_save.c    the state as octets
 *
 * A tag is 55 bits of a key, a bit that says the cell is never given away, and its limit's slot.
 */
#ifndef SMSWALL_VERDICT_LIMIT_PARTS_H
#define SMSWALL_VERDICT_LIMIT_PARTS_H

#include <stdatomic.h>

#include "dataplane/verdict/limit.h"

enum {
	LIMIT_WAYS = 4,         /* cells of a line */
	LIMIT_SKETCH_WAYS = 8,  /* cells of a bucket */
	LIMIT_LOCKS = 1024,     /* for new cells, by the key's first line */
	LIMIT_TRIES = 64,       /* about a microsecond */
	LIMIT_RATIO_SLICES = 8, /* of per_us */
	LIMIT_WINDOW_SLICES = 64,
	LIMIT_VALUE_STAMPS =
		5, /* where known values are told: of 128, 2 % of new ones look known */
};
#define LIMIT_TAG_PINNED UINT64_C(0x100)
#define LIMIT_TAG_SLOT   UINT64_C(0xFF)
#define LIMIT_TAG_KEY    (~(LIMIT_TAG_PINNED | LIMIT_TAG_SLOT))
#define LIMIT_TAT_BUSY   UINT64_MAX /* a cell that is being taken */

/* A cell is empty when tat <= now. Grey: tat is when it is forgotten, bit 0: it was admitted. */
struct limit_cell {
	_Atomic uint64_t tag;
	_Atomic uint64_t tat; /* ns */
};
struct limit_line {
	_Alignas(64) struct limit_cell cell[LIMIT_WAYS];
};
static_assert(sizeof(struct limit_line) == 64, "one cache line");

struct limit_lock {
	_Alignas(64) _Atomic uint32_t held;
};

/* Distinct: a stamp is the slice of time a value was last seen in: its low octet; 0: never. */
struct limit_distinct {
	uint64_t slice_us; /* per_us / LIMIT_WINDOW_SLICES; with another one the cell begins anew */
	uint32_t slice;    /* of the newest stamp */
	uint8_t sample_bits; /* of the limit; likewise */
	uint8_t n_stamps;    /* likewise */
	uint8_t stamp[LIMIT_DISTINCT_STAMPS];
};
static_assert(sizeof(struct limit_distinct) == 1040, "as limit.h says");
struct limit_ratio {
	uint64_t slice_us;
	uint32_t slice;
	uint32_t sent[LIMIT_RATIO_SLICES]; /* by slice % LIMIT_RATIO_SLICES */
	uint32_t answered[LIMIT_RATIO_SLICES];
};

/* Eight cells: a cell is empty when until_us <= now. Changed under the lock only. */
struct limit_bucket {
	_Alignas(64) _Atomic uint32_t held;
	uint32_t fill[LIMIT_SKETCH_WAYS]; /* per mille of max, when it was last changed */
	uint64_t tag[LIMIT_SKETCH_WAYS];
	uint64_t until_us[LIMIT_SKETCH_WAYS];
};
struct limit_sketches {
	uint32_t n_buckets;
	size_t value_size;
	struct limit_bucket *buckets;
	uint8_t *values; /* of way w of bucket b: (b * LIMIT_SKETCH_WAYS + w) * value_size */
};

struct limit_slot {
	char name[LIMIT_NAME_SIZE];
};

struct limits {
	struct limits_config config;
	uint32_t n_lines;
	struct limit_line *lines;
	struct limit_sketches distinct;
	struct limit_sketches ratio;
	struct limit_facts *facts;                           /* [n_workers][LIMIT_SLOTS + 1] */
	uint32_t estimate[LIMIT_DISTINCT_STAMPS + 1];        /* by stamps in use */
	_Alignas(64) _Atomic uint64_t slot[LIMIT_SLOTS + 1]; /* name_hash; 0: free, 1: was used */
	struct limit_slot slots[LIMIT_SLOTS + 1];
	_Alignas(64) _Atomic uint32_t slots_held;
	_Alignas(64) struct limit_lock locks[LIMIT_LOCKS];
};

/* limit_name_hash: what the slot of a limit is found by; 0 and 1 are no names. */
uint64_t limit_name_hash(const char *name);

/* limit_fact: one writer per worker; control reads a figure that may be a moment old. */
static inline void limit_fact(uint64_t *what, uint64_t n)
{
	__atomic_store_n(what, *what + n, __ATOMIC_RELAXED);
}

static inline struct limit_facts *limit_facts_at(struct limits *l, unsigned worker, unsigned slot)
{
	return &l->facts[worker * (LIMIT_SLOTS + 1u) + slot];
}

/* Who asks: whose facts count what is given away; the slot of the limit. */
struct limit_asker {
	unsigned worker;
	unsigned slot;
};

static inline uint64_t limit_tag(unsigned slot, uint64_t key, bool exact)
{
	return (key & LIMIT_TAG_KEY) | (exact ? LIMIT_TAG_PINNED : 0) | slot;
}

static inline bool limit_tag_same(uint64_t a, uint64_t b)
{
	return ((a ^ b) & ~LIMIT_TAG_PINNED) == 0;
}

/* limit_try: takes a lock in at most `tries`. Acquire pairs with limit_let(). */
bool limit_try(_Atomic uint32_t *held, unsigned tries);
/* limit_let: release pairs with the acquire in limit_try(). */
void limit_let(_Atomic uint32_t *held);

/* ---- limit_cell.c ---- */

/* limit_slot_find: LIMIT_SLOT_NONE: it has no state. */
unsigned limit_slot_find(const struct limits *l, uint64_t name_hash);
/* limit_slot_take: finds or takes one; LIMIT_SLOT_NONE: none is left, or another core is at it. */
unsigned limit_slot_take(struct limits *l, const char *name, uint64_t name_hash);

void limit_cell_prefetch(struct limits *l, uint64_t key);

enum limit_outcome {
	LIMIT_WITHIN,
	LIMIT_OVER,
	LIMIT_UNKNOWN, /* busy for too long, or no room: admitted, nothing was charged */
};
/* limit_cell_ask: what a charge would give; `remember`: and changes it. */
enum limit_outcome limit_cell_ask(struct limits *l, struct limit_asker a,
	const struct limit_charge *c, uint64_t now_ns, bool remember);
/* limit_cell_first: a grey key that was refused is remembered. */
void limit_cell_first(
	struct limits *l, struct limit_asker a, const struct limit_charge *c, uint64_t now_ns);
void limit_cell_give_back(struct limits *l, unsigned slot, const struct limit_charge *c);
/* limit_cell_tat: 0: not there, or empty. */
uint64_t limit_cell_tat(struct limits *l, uint64_t tag, uint64_t now_ns);
/* limit_cell_put: a cell of a saved state. */
void limit_cell_put(struct limits *l, uint64_t tag, uint64_t tat, uint64_t now_ns);
bool limit_cell_clear(struct limits *l, uint64_t tag, uint64_t now_ns);

/* ---- limit_sketch.c ---- */

/* A cell under its bucket's lock, to be given back with limit_sketch_close(). */
struct limit_opened {
	struct limit_sketches *sketches;
	struct limit_bucket *bucket;
	unsigned way; /* LIMIT_SKETCH_WAYS: it is not there */
	void *value;  /* NULL likewise */
};
struct limit_sketches *limit_sketches_of(struct limits *l, unsigned kind);
/* limit_sketch_open: false: busy for too long. */
bool limit_sketch_open(
	struct limit_sketches *s, uint64_t tag, uint64_t now_us, struct limit_opened *o);
/* limit_sketch_make: a zeroed cell where open found none; false: all are pinned. *given: whose it was, or LIMIT_SLOT_NONE. */
bool limit_sketch_make(struct limit_opened *o, uint64_t tag, uint64_t now_us, unsigned *given);
void limit_sketch_close(struct limit_opened *o);
/* limit_sketch_value: what lies behind a cell; under its bucket's lock. */
void *limit_sketch_value(
	const struct limit_sketches *s, const struct limit_bucket *b, unsigned way);
/* limit_stamp_age: slices since stamp i, seen from `slice`; UINT32_MAX: never. */
unsigned limit_stamp_age(const struct limit_distinct *d, unsigned i, uint32_t slice);
/* limit_stamp_put: a stamp of `age` slices before d->slice; nothing if that is out of the window. */
void limit_stamp_put(struct limit_distinct *d, unsigned i, uint64_t age);

enum limit_outcome limit_sketch_ask(struct limits *l, struct limit_asker a,
	const struct limit_charge *c, uint64_t now_us, bool remember);
void limit_sketch_answered(struct limits *l, struct limit_asker a, const struct limit_rule *r,
	uint64_t key, uint64_t now_us);
void limit_sketch_fill(struct limits *l, unsigned slot, const struct limit_rule *r, uint64_t key,
	uint64_t now_us, struct limit_fill *f);
bool limit_sketch_clear(struct limits *l, unsigned kind, uint64_t tag, uint64_t now_us);

#endif
