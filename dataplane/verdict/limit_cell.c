/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limit_cell: slots of limits, and the cells of rate and grey limits.
 *
 * A cell changes by compare-and-swap of tat:
 *
 *   charge:  tat x, tag mine  ->  tat y           fails if anybody changed it meanwhile
 *   taking:  tat x  ->  BUSY, then tag, then tat y
 *
 * Who reads tat and then a tag that is its own, and swaps that tat, has the cell that it read: a
 * cell taken meanwhile has another tat. (A cell that was taken and has by chance the very same
 * nanosecond would be charged for another key: accepted.) New cells of a key are taken under the
 * lock of its first line, so that two cores do not give it one each.
 */
#include <assert.h>
#include <string.h>

#include "dataplane/verdict/limit_parts.h"

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

bool limit_try(_Atomic uint32_t *held, unsigned tries)
{
	for (unsigned i = 0; i < tries; i++) {
		uint32_t open = 0;

		if (atomic_load_explicit(held, memory_order_relaxed) == 0 &&
			atomic_compare_exchange_strong_explicit(
				held, &open, 1, memory_order_acquire, memory_order_relaxed)) {
			return true;
		}
		pause_briefly();
	}
	return false;
}

void limit_let(_Atomic uint32_t *held)
{
	atomic_store_explicit(held, 0, memory_order_release);
}

/* ---- slots ---- */

enum { SLOT_FREE = 0, SLOT_USED = 1 }; /* used: freed again; a search goes on behind it */

/* Acquire pairs with the release in limit_slot_take(): who sees the hash sees the name. */
static uint64_t slot_load(const struct limits *l, unsigned i)
{
	return atomic_load_explicit(&l->slot[i], memory_order_acquire);
}

unsigned limit_slot_find(const struct limits *l, uint64_t name_hash)
{
	for (unsigned n = 0; n < LIMIT_SLOTS; n++) {
		unsigned i = (unsigned)((name_hash + n) % LIMIT_SLOTS);
		uint64_t hash = slot_load(l, i);

		if (hash == name_hash) {
			return i;
		}
		if (hash == SLOT_FREE) {
			break;
		}
	}
	return LIMIT_SLOT_NONE;
}

unsigned limit_slot_take(struct limits *l, const char *name, uint64_t name_hash)
{
	unsigned slot = limit_slot_find(l, name_hash);

	if (slot != LIMIT_SLOT_NONE || !limit_try(&l->slots_held, LIMIT_TRIES)) {
		return slot;
	}
	slot = limit_slot_find(l, name_hash); /* another core may have taken it meanwhile */
	for (unsigned n = 0; n < LIMIT_SLOTS && slot == LIMIT_SLOT_NONE; n++) {
		unsigned i = (unsigned)((name_hash + n) % LIMIT_SLOTS);

		if (slot_load(l, i) <= SLOT_USED) {
			memset(l->slots[i].name, 0, LIMIT_NAME_SIZE);
			for (unsigned k = 0; k + 1 < LIMIT_NAME_SIZE && name[k] != '\0'; k++) {
				l->slots[i].name[k] = name[k];
			}
			atomic_store_explicit(&l->slot[i], name_hash, memory_order_release);
			slot = i;
		}
	}
	limit_let(&l->slots_held);
	return slot;
}

/* ---- cells ---- */

/* The two lines that a key may lie in. */
struct place {
	struct limit_line *line[2];
	_Atomic uint32_t *lock;
};

static struct place place_of(struct limits *l, uint64_t tag)
{
	uint64_t key = tag & LIMIT_TAG_KEY;
	uint64_t other =
		key * UINT64_C(0x9E3779B97F4A7C15); /* the golden ratio: bits that differ */
	uint32_t first = (uint32_t)((key >> 32) * l->n_lines >> 32);
	uint32_t second = (uint32_t)((other >> 32) * l->n_lines >> 32);

	return (struct place){ { &l->lines[first], &l->lines[second] },
		&l->locks[first % LIMIT_LOCKS].held };
}

void limit_cell_prefetch(struct limits *l, uint64_t key)
{
	struct place p = place_of(l, key);

	__builtin_prefetch(p.line[0]);
	__builtin_prefetch(p.line[1]);
}

/* A cell as it was read. */
struct seen {
	struct limit_cell *cell; /* NULL: not there */
	uint64_t tat;
};

/* Acquire: a tat that was stored comes with the tag that was stored before it (taking). */
static uint64_t tat_load(const struct limit_cell *c)
{
	return atomic_load_explicit(&c->tat, memory_order_acquire);
}

static struct seen find(const struct place *p, uint64_t tag)
{
	for (unsigned i = 0; i < 2 * LIMIT_WAYS; i++) {
		struct limit_cell *c = &p->line[i / LIMIT_WAYS]->cell[i % LIMIT_WAYS];
		uint64_t tat = tat_load(c);

		if (tat != LIMIT_TAT_BUSY && tat != 0 &&
			limit_tag_same(atomic_load_explicit(&c->tag, memory_order_relaxed), tag)) {
			return (struct seen){ c, tat };
		}
	}
	return (struct seen){ NULL, 0 };
}

/* swap: release, as the cell's next reader may trust the tag by it. */
static bool swap(const struct seen *s, uint64_t tat)
{
	uint64_t was = s->tat;

	return atomic_compare_exchange_strong_explicit(
		&s->cell->tat, &was, tat, memory_order_acq_rel, memory_order_relaxed);
}

/* empties: cells of a line that may be taken for nothing. */
static unsigned empties(const struct limit_line *line, uint64_t now_ns)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LIMIT_WAYS; i++) {
		n += tat_load(&line->cell[i]) <= now_ns;
	}
	return n;
}

/*
 * victim: an empty cell of the line that has more of them, else of the two lines the one that is
 * empty soonest, never a pinned one. NULL: there is none.
 */
static struct seen victim(const struct place *p, uint64_t now_ns)
{
	struct seen best = { NULL, LIMIT_TAT_BUSY };
	bool second = empties(p->line[1], now_ns) > empties(p->line[0], now_ns);

	for (unsigned i = 0; i < 2 * LIMIT_WAYS; i++) {
		struct limit_cell *c = &p->line[(i / LIMIT_WAYS) ^ second]->cell[i % LIMIT_WAYS];
		uint64_t tat = tat_load(c);

		if (tat <= now_ns) {
			return (struct seen){ c, tat };
		}
		if (tat < best.tat && (atomic_load_explicit(&c->tag, memory_order_relaxed) &
					      LIMIT_TAG_PINNED) == 0) {
			best = (struct seen){ c, tat };
		}
	}
	return best;
}

enum taken { TAKEN, FOUND, TAKEN_NOT };

/* take_one: a cell for a key that has none, under its lock. FOUND: another core was first. */
static enum taken take_one(struct limits *l, const struct place *p, unsigned worker, uint64_t tag,
	uint64_t tat, uint64_t now_ns)
{
	for (unsigned i = 0; i < LIMIT_TRIES; i++) {
		struct seen v;
		uint64_t was;

		if (find(p, tag).cell != NULL) {
			return FOUND;
		}
		v = victim(p, now_ns);
		if (v.cell == NULL) {
			return TAKEN_NOT;
		}
		was = atomic_load_explicit(&v.cell->tag, memory_order_relaxed);
		if (!swap(&v, LIMIT_TAT_BUSY)) {
			continue;
		}
		atomic_store_explicit(&v.cell->tag, tag, memory_order_relaxed);
		atomic_store_explicit(&v.cell->tat, tat, memory_order_release);
		if (v.tat > now_ns && worker < l->config.n_workers) {
			limit_fact(&limit_facts_at(l, worker, was & LIMIT_TAG_SLOT)->forgotten, 1);
		}
		return TAKEN;
	}
	return TAKEN_NOT;
}

static enum taken take(struct limits *l, const struct place *p, unsigned worker, uint64_t tag,
	uint64_t tat, uint64_t now_ns)
{
	enum taken taken;

	if (!limit_try(p->lock, LIMIT_TRIES)) {
		return TAKEN_NOT;
	}
	taken = take_one(l, p, worker, tag, tat, now_ns);
	limit_let(p->lock);
	return taken;
}

/* pin: the key was named since. Lost on a cell that is being taken: it pins another one's until that is empty. */
static void pin(const struct seen *s, uint64_t tag)
{
	if ((tag & LIMIT_TAG_PINNED) != 0 &&
		(atomic_load_explicit(&s->cell->tag, memory_order_relaxed) & LIMIT_TAG_PINNED) ==
			0) {
		atomic_fetch_or_explicit(&s->cell->tag, LIMIT_TAG_PINNED, memory_order_relaxed);
	}
}

/* ---- what a cell says ---- */

/*
 * rate_ask: ITU-T I.371 A.1, with the burst as tolerance. A tat beyond a full burst was made by a
 * clock that stepped back since, or by a larger burst before a push: it counts as full, not more.
 */
static enum limit_outcome rate_ask(
	const struct limit_charge *c, uint64_t tat, uint64_t now_ns, uint64_t *next)
{
	const struct limit_rule *r = c->rule;
	uint64_t used = tat > now_ns ? tat - now_ns : 0;
	uint64_t cost = r->interval_ns * c->units;

	used = used < r->full_ns ? used : r->full_ns;
	*next = now_ns + used + cost;
	return cost > r->full_ns - used ? LIMIT_OVER : LIMIT_WITHIN;
}

/* grey_ask: `tat` 0: never seen, or forgotten. */
static enum limit_outcome grey_ask(
	const struct limit_charge *c, uint64_t tat, uint64_t now_ns, uint64_t *next)
{
	uint64_t keep_ns = c->rule->keep_us * 1000;
	uint64_t left = tat > now_ns ? tat - now_ns : 0;
	bool admitted = (tat & 1) != 0;

	*next = (now_ns + keep_ns - 1) | 1;
	if (left == 0) {
		return LIMIT_OVER;
	}
	left = left < keep_ns ? left : keep_ns; /* a clock that stepped back, another `keep` */
	return admitted || keep_ns - left >= c->rule->delay_us * 1000 ? LIMIT_WITHIN : LIMIT_OVER;
}

static enum limit_outcome ask(
	const struct limit_charge *c, uint64_t tat, uint64_t now_ns, uint64_t *next)
{
	return c->rule->kind == LIMIT_GREY ? grey_ask(c, tat, now_ns, next)
	                                   : rate_ask(c, tat, now_ns, next);
}

enum limit_outcome limit_cell_ask(struct limits *l, struct limit_asker a,
	const struct limit_charge *c, uint64_t now_ns, bool remember)
{
	uint64_t tag = limit_tag(a.slot, c->key, c->exact);
	struct place p = place_of(l, tag);

	for (unsigned i = 0; i < LIMIT_TRIES; i++) {
		struct seen s = find(&p, tag);
		uint64_t next;
		enum limit_outcome o = ask(c, s.tat, now_ns, &next);
		enum taken taken = FOUND;

		if (o != LIMIT_WITHIN || !remember) {
			return o;
		}
		if (s.cell == NULL) {
			taken = take(l, &p, a.worker, tag, next, now_ns);
		} else {
			pin(&s, tag);
			taken = swap(&s, next) ? TAKEN : FOUND;
		}
		if (taken != FOUND) {
			return taken == TAKEN ? LIMIT_WITHIN : LIMIT_UNKNOWN;
		}
	}
	return LIMIT_UNKNOWN;
}

void limit_cell_first(
	struct limits *l, struct limit_asker a, const struct limit_charge *c, uint64_t now_ns)
{
	uint64_t tag = limit_tag(a.slot, c->key, c->exact);
	uint64_t keep_ns = c->rule->keep_us * 1000;
	uint64_t tat = (now_ns + keep_ns) & ~UINT64_C(1);
	struct place p = place_of(l, tag);
	struct seen s = find(&p, tag);

	if (s.cell == NULL) {
		(void)take(l, &p, a.worker, tag, tat, now_ns);
	} else if (s.tat <= now_ns || s.tat - now_ns > keep_ns) {
		(void)swap(&s, tat); /* another core's first sight is as good */
	}
}

void limit_cell_give_back(struct limits *l, unsigned slot, const struct limit_charge *c)
{
	uint64_t tag = limit_tag(slot, c->key, c->exact);
	uint64_t cost = c->rule->interval_ns * c->units;
	struct place p = place_of(l, tag);

	for (unsigned i = 0; i < LIMIT_TRIES; i++) {
		struct seen s = find(&p, tag);

		if (s.cell == NULL || swap(&s, s.tat > cost ? s.tat - cost : 0)) {
			return;
		}
	}
}

uint64_t limit_cell_tat(struct limits *l, uint64_t tag, uint64_t now_ns)
{
	struct place p = place_of(l, tag);
	struct seen s = find(&p, tag);

	return s.tat > now_ns ? s.tat : 0;
}

void limit_cell_put(struct limits *l, uint64_t tag, uint64_t tat, uint64_t now_ns)
{
	struct place p = place_of(l, tag);

	(void)take(l, &p, UINT32_MAX, tag, tat, now_ns);
}

bool limit_cell_clear(struct limits *l, uint64_t tag, uint64_t now_ns)
{
	struct place p = place_of(l, tag);

	for (unsigned i = 0; i < LIMIT_TRIES; i++) {
		struct seen s = find(&p, tag);

		if (s.cell == NULL) {
			return false;
		}
		if (swap(&s, 0)) {
			return s.tat > now_ns;
		}
	}
	return false;
}
