/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/signalling_table.h"

#include <assert.h>
#include <string.h>

enum { WAYS = 8 }; /* originators of a bucket: their hashes are one cache line */

static uint64_t power_of_two(uint32_t at_least)
{
	uint64_t n = 1;

	while (n < at_least) {
		n *= 2;
	}
	return n;
}

size_t signalling_notes_size(uint32_t max)
{
	return power_of_two(max) * (sizeof(struct signalling_note) + sizeof(uint64_t));
}

void signalling_notes_init(struct signalling_notes *n, void *memory, uint32_t max)
{
	uint64_t count = power_of_two(max);

	memset(memory, 0, signalling_notes_size(max));
	*n = (struct signalling_notes){
		.notes = memory,
		.newest = (void *)((uint8_t *)memory + count * sizeof(struct signalling_note)),
		.mask = count - 1,
		.first = 1,
		.due = 1,
		.next = 1,
	};
}

static struct signalling_note *note_at(const struct signalling_notes *n, uint64_t number)
{
	return &n->notes[number & n->mask];
}

/* find_link: where the number of the live note of this hash stands; NULL: there is none near. */
static uint64_t *find_link(struct signalling_notes *n, uint64_t hash)
{
	uint64_t *link = &n->newest[hash & n->mask];

	for (unsigned i = 0; i < LIMIT_SIGNALLING_CHAIN && *link >= n->first; i++) {
		struct signalling_note *note = note_at(n, *link);

		if (note->hash == hash && note->state != NOTE_DEAD) {
			return link;
		}
		link = &note->older;
	}
	return NULL;
}

struct signalling_note *signalling_notes_find(
	struct signalling_notes *n, uint64_t hash, uint32_t tick, uint32_t age)
{
	const uint64_t *link = find_link(n, hash);
	struct signalling_note *note = link != NULL ? note_at(n, *link) : NULL;

	return note != NULL && signalling_since(note->tick, tick) <= age ? note : NULL;
}

void signalling_notes_kill(struct signalling_notes *n, struct signalling_note *note)
{
	if (note->state != NOTE_DEAD) {
		note->state = NOTE_DEAD;
		n->open--;
	}
}

static void step_first(struct signalling_notes *n)
{
	signalling_notes_kill(n, note_at(n, n->first));
	n->first++;
	n->due = n->due < n->first ? n->first : n->due;
}

/* make_room: the oldest note is overwritten next; was it still good? */
static void make_room(struct signalling_notes *n, uint32_t tick, uint32_t age)
{
	const struct signalling_note *oldest = note_at(n, n->first);

	if (n->next - n->first <= n->mask) {
		return;
	}
	if (oldest->state != NOTE_DEAD && signalling_since(oldest->tick, tick) <= age) {
		n->forgotten++;
		n->lost_tick = oldest->tick;
	}
	step_first(n);
}

struct signalling_note *signalling_notes_add(
	struct signalling_notes *n, uint64_t hash, uint32_t tick, uint32_t age)
{
	uint64_t *link = find_link(n, hash);
	struct signalling_note *note;
	uint64_t *newest = &n->newest[hash & n->mask];

	/* taken out of its chain: asking the same again and again makes no chain longer */
	if (link != NULL) {
		note = note_at(n, *link);
		*link = note->older;
		signalling_notes_kill(n, note);
	}
	make_room(n, tick, age);
	note = note_at(n, n->next);
	*note = (struct signalling_note){
		.hash = hash, .older = *newest, .tick = tick, .state = NOTE_OPEN
	};
	*newest = n->next++;
	n->open++;
	return note;
}

struct signalling_note *signalling_notes_due(
	struct signalling_notes *n, uint32_t tick, uint32_t after)
{
	struct signalling_note *note = note_at(n, n->due);

	if (n->due == n->next || signalling_since(note->tick, tick) <= after) {
		return NULL;
	}
	n->due++;
	return note;
}

void signalling_notes_expire(
	struct signalling_notes *n, uint32_t tick, uint32_t age, unsigned steps)
{
	for (unsigned i = 0; i < steps && n->first < n->next; i++) {
		const struct signalling_note *oldest = note_at(n, n->first);

		if (oldest->state != NOTE_DEAD && signalling_since(oldest->tick, tick) <= age) {
			break;
		}
		step_first(n);
	}
}

static uint64_t bucket_count(uint32_t max)
{
	return power_of_two((max + WAYS - 1) / WAYS);
}

size_t signalling_origins_size(uint32_t max)
{
	return bucket_count(max) * WAYS * (sizeof(uint64_t) + sizeof(struct signalling_origin));
}

void signalling_origins_init(struct signalling_origins *o, void *memory, uint32_t max)
{
	uint64_t n_buckets = bucket_count(max);

	memset(memory, 0, signalling_origins_size(max));
	*o = (struct signalling_origins){
		.hashes = memory,
		.origins = (void *)((uint8_t *)memory + n_buckets * WAYS * sizeof(uint64_t)),
		.mask = n_buckets - 1,
	};
}

struct signalling_origin *signalling_origins_find(struct signalling_origins *o, uint64_t hash)
{
	size_t at = (hash & o->mask) * WAYS;

	for (size_t w = at; w < at + WAYS; w++) {
		if (o->hashes[w] == hash) {
			return &o->origins[w];
		}
	}
	return NULL;
}

/* give_way: a free place of the bucket, or that of the one silent for longest. */
static size_t give_way(struct signalling_origins *o, uint64_t hash, uint32_t tick)
{
	size_t at = (hash & o->mask) * WAYS;
	size_t best = at;
	uint32_t longest = 0;

	for (size_t w = at; w < at + WAYS; w++) {
		uint32_t silent = signalling_since(o->origins[w].last_tick, tick);

		if (o->hashes[w] == 0) {
			o->used++;
			return w;
		}
		if (silent > longest) {
			longest = silent;
			best = w;
		}
	}
	o->forgotten++;
	return best;
}

struct signalling_origin *signalling_origins_take(
	struct signalling_origins *o, uint64_t hash, uint32_t tick)
{
	struct signalling_origin *origin = signalling_origins_find(o, hash);
	size_t w;

	if (origin == NULL) {
		w = give_way(o, hash, tick);
		o->hashes[w] = hash;
		origin = &o->origins[w];
		memset(origin, 0, sizeof(*origin));
		origin->hash = hash;
		origin->window_tick = tick;
	}
	origin->last_tick = tick;
	return origin;
}

void signalling_origin_roll(struct signalling_origin *o, uint32_t tick, uint32_t window)
{
	struct signalling_origin fresh = { .hash = o->hash,
		.window_tick = tick,
		.last_tick = o->last_tick,
		.run = { o->run[0], o->run[1] },
		.last_number = { o->last_number[0], o->last_number[1] } };

	if (signalling_since(o->window_tick, tick) >= window) {
		*o = fresh;
	}
}

void signalling_origin_fail(struct signalling_origin *o, unsigned target)
{
	uint64_t bit = UINT64_C(1) << (target % 64);
	uint64_t *word = &o->sketch[target / 64 % (SIGNALLING_SKETCH_BITS / 64)];

	o->n_failed++;
	o->n_bits = (uint16_t)(o->n_bits + ((*word & bit) == 0));
	*word |= bit;
}

void signalling_sketch_estimates(uint16_t *estimates)
{
	/* with i bits set the next new one takes m / (m - i) targets on average; in 1/65536 */
	const uint64_t one = 65536;
	uint64_t sum = 0;

	for (unsigned i = 0; i < SIGNALLING_SKETCH_BITS; i++) {
		estimates[i] = (uint16_t)((sum + one / 2) / one);
		sum += one * SIGNALLING_SKETCH_BITS / (SIGNALLING_SKETCH_BITS - i);
	}
	estimates[SIGNALLING_SKETCH_BITS] = (uint16_t)(sum / one);
}
