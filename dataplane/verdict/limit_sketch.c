/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limit_sketch: distinct and ratio limits: cells of many octets, eight to a bucket, under its lock.
 *
 *   distinct  a value's hash chooses k of 1,024 stamps, which take the present slice of time. n of
 *             them in use tell of about m * (H(m) - H(m - n)) choices, m = 1,024 and H the harmonic
 *             numbers: what it takes on average to use n of m places (Whang et al., "A linear-time
 *             probabilistic counting algorithm", ACM TODS 15(2), 1990, with the sum for its logarithm).
 *             k is 5 while a value whose stamps are all in use may be taken for known (Bloom, CACM
 *             13(7), 1970: (1 - e^(-5 * 128 / 1,024))^5 = 2 % are not), else 1.
 *   ratio     counts by slices of time.
 */
#include <assert.h>
#include <string.h>

#include "dataplane/verdict/limit_parts.h"

struct limit_sketches *limit_sketches_of(struct limits *l, unsigned kind)
{
	return kind == LIMIT_DISTINCT ? &l->distinct : &l->ratio;
}

void *limit_sketch_value(const struct limit_sketches *s, const struct limit_bucket *b, unsigned way)
{
	size_t at = (size_t)(b - s->buckets) * LIMIT_SKETCH_WAYS + way;

	return s->values + at * s->value_size;
}

bool limit_sketch_open(
	struct limit_sketches *s, uint64_t tag, uint64_t now_us, struct limit_opened *o)
{
	uint32_t i = (uint32_t)(((tag & LIMIT_TAG_KEY) >> 32) * s->n_buckets >> 32);
	struct limit_bucket *b = &s->buckets[i];

	if (!limit_try(&b->held, LIMIT_TRIES)) {
		return false;
	}
	*o = (struct limit_opened){ s, b, LIMIT_SKETCH_WAYS, NULL };
	for (unsigned w = 0; w < LIMIT_SKETCH_WAYS; w++) {
		if (b->until_us[w] > now_us && limit_tag_same(b->tag[w], tag)) {
			b->tag[w] |= tag & LIMIT_TAG_PINNED; /* it was named since */
			o->way = w;
			o->value = limit_sketch_value(s, b, w);
		}
	}
	return true;
}

void limit_sketch_close(struct limit_opened *o)
{
	limit_let(&o->bucket->held);
}

/* victim: an empty cell, else the least full one that may be given away, else LIMIT_SKETCH_WAYS. */
static unsigned victim(const struct limit_bucket *b, uint64_t now_us)
{
	unsigned best = LIMIT_SKETCH_WAYS;

	for (unsigned w = 0; w < LIMIT_SKETCH_WAYS; w++) {
		if (b->until_us[w] <= now_us) {
			return w;
		}
		if ((b->tag[w] & LIMIT_TAG_PINNED) == 0 &&
			(best == LIMIT_SKETCH_WAYS || b->fill[w] < b->fill[best])) {
			best = w;
		}
	}
	return best;
}

bool limit_sketch_make(struct limit_opened *o, uint64_t tag, uint64_t now_us, unsigned *given)
{
	struct limit_bucket *b = o->bucket;
	unsigned w = victim(b, now_us);

	*given = LIMIT_SLOT_NONE;
	if (w == LIMIT_SKETCH_WAYS) {
		return false;
	}
	if (b->until_us[w] > now_us) {
		*given = (unsigned)(b->tag[w] & LIMIT_TAG_SLOT);
	}
	b->tag[w] = tag;
	b->fill[w] = 0;
	o->way = w;
	o->value = memset(limit_sketch_value(o->sketches, b, w), 0, o->sketches->value_size);
	return true;
}

/* ---- distinct ---- */

/* stamp_of: two slices of 256 share one: 0 means that there is none. */
static uint8_t stamp_of(uint32_t slice)
{
	uint8_t low = (uint8_t)slice;

	return low != 0 ? low : 1;
}

/* is_live: a stamp is of the last LIMIT_WINDOW_SLICES; `now`: the stamp of the present. */
static bool is_live(uint8_t stamp, uint8_t now)
{
	return ((stamp != 0) & ((uint8_t)(now - stamp) < LIMIT_WINDOW_SLICES)) != 0;
}

unsigned limit_stamp_age(const struct limit_distinct *d, unsigned i, uint32_t slice)
{
	uint8_t age = (uint8_t)(stamp_of(d->slice) - d->stamp[i]);
	uint32_t on = slice - d->slice;

	if (d->stamp[i] == 0 || (on >= LIMIT_WINDOW_SLICES && on <= UINT32_MAX / 2)) {
		return UINT32_MAX;
	}
	return age +
	       (on < LIMIT_WINDOW_SLICES ? on : 0); /* a clock that stepped back stands still */
}

void limit_stamp_put(struct limit_distinct *d, unsigned i, uint64_t age)
{
	if (age < LIMIT_WINDOW_SLICES) {
		d->stamp[i] = stamp_of(d->slice - (uint32_t)age);
	}
}

/* distinct_used: in columns of octets, which the compiler adds up 16 at a time. */
static unsigned distinct_used(const struct limit_distinct *d, uint8_t now)
{
	enum { COLUMNS = 16 };
	uint8_t live[COLUMNS] = { 0 };
	unsigned n = 0;

	static_assert(LIMIT_DISTINCT_STAMPS / COLUMNS <= UINT8_MAX, "a column fits an octet");
	for (unsigned i = 0; i < LIMIT_DISTINCT_STAMPS; i += COLUMNS) {
		for (unsigned k = 0; k < COLUMNS; k++) {
			uint8_t stamp = d->stamp[i + k];
			uint8_t young = (uint8_t)(now - stamp) < LIMIT_WINDOW_SLICES;

			live[k] = (uint8_t)(live[k] + (young & (stamp != 0)));
		}
	}
	for (unsigned k = 0; k < COLUMNS; k++) {
		n += live[k];
	}
	return n;
}

static void distinct_clean(struct limit_distinct *d, uint8_t now)
{
	for (unsigned i = 0; i < LIMIT_DISTINCT_STAMPS; i++) {
		d->stamp[i] = is_live(d->stamp[i], now) ? d->stamp[i] : 0;
	}
}

static uint64_t slice_us_of(uint64_t per_us, unsigned slices)
{
	return per_us / slices; /* per_us is 1 ms at least */
}

/*
 * distinct_turn: to the present. Old stamps are taken out once a window at least, so none is older
 * than 3 of 4 windows that stamps tell apart. A clock that steps back a little stands still.
 */
static uint32_t distinct_turn(struct limit_distinct *d, const struct limit_rule *r, uint64_t now_us)
{
	uint64_t slice_us = slice_us_of(r->per_us, LIMIT_WINDOW_SLICES);
	uint32_t slice = (uint32_t)(now_us / slice_us);
	uint32_t back = d->slice - slice;
	uint32_t on = slice - d->slice;

	if (d->slice_us != slice_us || d->sample_bits != r->sample_bits ||
		d->n_stamps != r->n_stamps ||
		(on >= LIMIT_WINDOW_SLICES && back >= LIMIT_WINDOW_SLICES)) {
		memset(d, 0, sizeof(*d));
		d->slice_us = slice_us;
		d->sample_bits = r->sample_bits;
		d->n_stamps = r->n_stamps;
		d->slice = slice;
	} else if (on < LIMIT_WINDOW_SLICES) {
		if (d->slice / LIMIT_WINDOW_SLICES != slice / LIMIT_WINDOW_SLICES) {
			distinct_clean(d, stamp_of(slice));
		}
		d->slice = slice;
	}
	return d->slice;
}

/* in_sample: a value is counted at all. */
static bool in_sample(const struct limit_rule *r, uint64_t element)
{
	return r->sample_bits == 0 || element >> (64 - r->sample_bits) == 0;
}

/* distinct_place: where stamp `i` of a value is: ten bits of its hash each, below those of the sample. */
static unsigned distinct_place(uint64_t element, unsigned i)
{
	static_assert(LIMIT_DISTINCT_STAMPS == 1 << 10 && 10 * LIMIT_VALUE_STAMPS <= 64 - 10,
		"bits of a hash");
	return (unsigned)(element >> 10 * i) % LIMIT_DISTINCT_STAMPS;
}

static uint32_t distinct_estimate(const struct limits *l, const struct limit_rule *r, unsigned used)
{
	unsigned n = used < LIMIT_DISTINCT_STAMPS ? used : LIMIT_DISTINCT_STAMPS;

	return (l->estimate[n] + r->n_stamps / 2u) / r->n_stamps << r->sample_bits;
}

/* is_full: there is no room for one more value, and known ones are not told from new ones. */
static bool is_full(const struct limits *l, const struct limit_rule *r, unsigned used)
{
	return r->max > LIMIT_DISTINCT_TOLD && distinct_estimate(l, r, used + 1) > r->max;
}

/* What a message would make of a key. */
struct distinct_asked {
	uint32_t estimate; /* how many with this message's values */
	bool over;
};

/* distinct_added: stamps that a message takes, each once, however many of its values choose it. */
static unsigned distinct_added(
	const struct limit_distinct *d, const struct limit_charge *c, uint8_t now)
{
	const struct limit_rule *r = c->rule;
	uint64_t taken[LIMIT_DISTINCT_STAMPS / 64] = { 0 };
	unsigned added = 0;

	for (uint32_t i = 0; i < c->n_elements; i++) {
		for (unsigned k = 0; k < r->n_stamps && in_sample(r, c->elements[i]); k++) {
			unsigned place = distinct_place(c->elements[i], k);
			uint64_t bit = UINT64_C(1) << place % 64;

			added += (taken[place / 64] & bit) == 0 &&
			         (d == NULL || !is_live(d->stamp[place], now));
			taken[place / 64] |= bit;
		}
	}
	return added;
}

/* distinct_ask: `d` NULL: its key is not there. */
static struct distinct_asked distinct_ask(const struct limits *l, struct limit_distinct *d,
	const struct limit_charge *c, uint64_t now_us)
{
	const struct limit_rule *r = c->rule;
	unsigned used = 0;
	uint8_t now = 0;
	bool full;

	if (d != NULL) {
		now = stamp_of(distinct_turn(d, r, now_us));
		used = distinct_used(d, now);
	}
	full = is_full(l, r, used);
	used += distinct_added(d, c, now);
	return (struct distinct_asked){ distinct_estimate(l, r, used),
		full || distinct_estimate(l, r, used) > r->max };
}

/* ---- ratio ---- */

/* ratio_turn: to the present: slices that were passed over are of the past. */
static void ratio_turn(struct limit_ratio *t, uint64_t per_us, uint64_t now_us)
{
	uint64_t slice_us = slice_us_of(per_us, LIMIT_RATIO_SLICES);
	uint32_t slice = (uint32_t)(now_us / slice_us);
	uint32_t on = slice - t->slice;

	if (t->slice_us != slice_us ||
		(on >= LIMIT_RATIO_SLICES && t->slice - slice >= LIMIT_RATIO_SLICES)) {
		memset(t, 0, sizeof(*t));
		t->slice_us = slice_us;
		t->slice = slice;
		return;
	}
	for (; on < LIMIT_RATIO_SLICES && on != 0; on--) {
		t->slice++;
		t->sent[t->slice % LIMIT_RATIO_SLICES] = 0;
		t->answered[t->slice % LIMIT_RATIO_SLICES] = 0;
	}
}

static uint64_t sum(const uint32_t counts[LIMIT_RATIO_SLICES])
{
	uint64_t n = 0;

	for (unsigned i = 0; i < LIMIT_RATIO_SLICES; i++) {
		n += counts[i];
	}
	return n;
}

static bool ratio_over(const struct limit_ratio *t, const struct limit_rule *r)
{
	uint64_t sent = sum(t->sent);

	return sent >= r->max && sum(t->answered) * 100 < sent * r->percent;
}

/* ---- both ---- */

static uint32_t per_mille(uint64_t n, uint32_t max)
{
	uint64_t fill = n * 1000 / max;

	return fill < UINT32_MAX ? (uint32_t)fill : UINT32_MAX;
}

/* made: the key's cell, made where there is none. */
static bool made(struct limits *l, struct limit_asker a, struct limit_opened *o, uint64_t tag,
	uint64_t now_us)
{
	unsigned given;

	if (o->value != NULL) {
		return true;
	}
	if (!limit_sketch_make(o, tag, now_us, &given)) {
		return false;
	}
	if (given != LIMIT_SLOT_NONE) {
		limit_fact(&limit_facts_at(l, a.worker, given)->forgotten, 1);
	}
	return true;
}

static void distinct_put(struct limit_distinct *d, const struct limit_charge *c, uint64_t now_us)
{
	uint8_t now = stamp_of(distinct_turn(d, c->rule, now_us));

	for (uint32_t i = 0; i < c->n_elements; i++) {
		for (unsigned k = 0; k < d->n_stamps && in_sample(c->rule, c->elements[i]); k++) {
			d->stamp[distinct_place(c->elements[i], k)] = now;
		}
	}
}

static enum limit_outcome ask_distinct(struct limits *l, struct limit_asker a,
	struct limit_opened *o, const struct limit_charge *c, uint64_t now_us, bool remember)
{
	struct distinct_asked asked = distinct_ask(l, o->value, c, now_us);

	if (asked.over) {
		return LIMIT_OVER;
	}
	if (!remember || (o->value == NULL && asked.estimate == 0)) { /* none is in the sample */
		return LIMIT_WITHIN;
	}
	if (!made(l, a, o, limit_tag(a.slot, c->key, c->exact), now_us)) {
		return LIMIT_UNKNOWN;
	}
	distinct_put(o->value, c, now_us);
	o->bucket->fill[o->way] = per_mille(asked.estimate, c->rule->max);
	o->bucket->until_us[o->way] = now_us + c->rule->per_us;
	return LIMIT_WITHIN;
}

static enum limit_outcome ask_ratio(struct limits *l, struct limit_asker a, struct limit_opened *o,
	const struct limit_charge *c, uint64_t now_us, bool remember)
{
	struct limit_ratio *t = o->value;

	if (t != NULL) {
		ratio_turn(t, c->rule->per_us, now_us);
		if (ratio_over(t, c->rule)) {
			return LIMIT_OVER;
		}
	}
	if (!remember) {
		return LIMIT_WITHIN;
	}
	if (!made(l, a, o, limit_tag(a.slot, c->key, c->exact), now_us)) {
		return LIMIT_UNKNOWN;
	}
	t = o->value;
	ratio_turn(t, c->rule->per_us, now_us);
	t->sent[t->slice % LIMIT_RATIO_SLICES] += c->units;
	o->bucket->fill[o->way] = per_mille(sum(t->sent), c->rule->max);
	o->bucket->until_us[o->way] = now_us + c->rule->per_us;
	return LIMIT_WITHIN;
}

enum limit_outcome limit_sketch_ask(struct limits *l, struct limit_asker a,
	const struct limit_charge *c, uint64_t now_us, bool remember)
{
	bool distinct = c->rule->kind == LIMIT_DISTINCT;
	struct limit_sketches *s = limit_sketches_of(l, c->rule->kind);
	enum limit_outcome outcome;
	struct limit_opened o;

	if (!limit_sketch_open(s, limit_tag(a.slot, c->key, c->exact), now_us, &o)) {
		return LIMIT_UNKNOWN;
	}
	outcome = distinct ? ask_distinct(l, a, &o, c, now_us, remember)
	                   : ask_ratio(l, a, &o, c, now_us, remember);
	limit_sketch_close(&o);
	return outcome;
}

void limit_sketch_answered(struct limits *l, struct limit_asker a, const struct limit_rule *r,
	uint64_t key, uint64_t now_us)
{
	struct limit_opened o;

	if (!limit_sketch_open(&l->ratio, limit_tag(a.slot, key, false), now_us, &o)) {
		limit_fact(&limit_facts_at(l, a.worker, a.slot)->contended, 1);
		return;
	}
	if (o.value != NULL) {
		struct limit_ratio *t = o.value;

		ratio_turn(t, r->per_us, now_us);
		t->answered[t->slice % LIMIT_RATIO_SLICES]++;
	}
	limit_sketch_close(&o);
}

void limit_sketch_fill(struct limits *l, unsigned slot, const struct limit_rule *r, uint64_t key,
	uint64_t now_us, struct limit_fill *f)
{
	struct limit_opened o;

	if (!limit_sketch_open(
		    limit_sketches_of(l, r->kind), limit_tag(slot, key, false), now_us, &o)) {
		return;
	}
	f->known = o.value != NULL;
	if (f->known && r->kind == LIMIT_DISTINCT) {
		struct limit_distinct *d = o.value;
		uint8_t now = stamp_of(distinct_turn(d, r, now_us));

		f->used = distinct_estimate(l, r, distinct_used(d, now));
	} else if (f->known) {
		struct limit_ratio *t = o.value;

		ratio_turn(t, r->per_us, now_us);
		f->used = (uint32_t)sum(t->sent);
		f->answers = (uint32_t)sum(t->answered);
	}
	limit_sketch_close(&o);
	f->per_mille = per_mille(f->used, r->max);
}

bool limit_sketch_clear(struct limits *l, unsigned kind, uint64_t tag, uint64_t now_us)
{
	struct limit_opened o;
	bool there;

	if (!limit_sketch_open(limit_sketches_of(l, kind), tag, now_us, &o)) {
		return false;
	}
	there = o.value != NULL;
	if (there) {
		o.bucket->until_us[o.way] = 0;
	}
	limit_sketch_close(&o);
	return there;
}
