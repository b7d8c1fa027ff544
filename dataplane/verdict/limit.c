/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/limit.h"

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL /* short keys, as in concat.c */
#include <xxhash.h>

#include "dataplane/verdict/generation.h"
#include "dataplane/verdict/limit_parts.h"

#define NS_PER_US UINT64_C(1000)

/* ---- memory ---- */

static uint32_t pieces(uint32_t n, uint32_t each)
{
	uint32_t whole = n / each + (n % each != 0);

	return whole != 0 ? whole : 1;
}

static size_t rounded(size_t len)
{
	return (len + 63) & ~(size_t)63;
}

static size_t sketches_size(uint32_t keys, size_t value_size)
{
	size_t n = pieces(keys, LIMIT_SKETCH_WAYS);

	return n * sizeof(struct limit_bucket) + rounded(n * LIMIT_SKETCH_WAYS * value_size);
}

static size_t facts_size(const struct limits_config *config)
{
	return rounded(config->n_workers * (LIMIT_SLOTS + 1) * sizeof(struct limit_facts));
}

size_t limits_size(const struct limits_config *config)
{
	return rounded(sizeof(struct limits)) + facts_size(config) +
	       pieces(config->cells, LIMIT_WAYS) * sizeof(struct limit_line) +
	       sketches_size(config->distinct_keys, sizeof(struct limit_distinct)) +
	       sketches_size(config->ratio_keys, sizeof(struct limit_ratio));
}

static void *carve(uint8_t **at, size_t len)
{
	uint8_t *piece = *at;

	*at += rounded(len);
	return piece;
}

static void init_sketches(struct limit_sketches *s, uint8_t **at, uint32_t keys, size_t value_size)
{
	s->n_buckets = pieces(keys, LIMIT_SKETCH_WAYS);
	s->value_size = value_size;
	s->buckets = carve(at, s->n_buckets * sizeof(struct limit_bucket));
	s->values = carve(at, s->n_buckets * LIMIT_SKETCH_WAYS * value_size);
}

/* init_estimates: m * (H(m) - H(m - n)), rounded; see limit_sketch.c. */
static void init_estimates(struct limits *l)
{
	double sum = 0;

	for (unsigned n = 1; n <= LIMIT_DISTINCT_STAMPS; n++) {
		sum += (double)LIMIT_DISTINCT_STAMPS / (LIMIT_DISTINCT_STAMPS - n + 1);
		l->estimate[n] = (uint32_t)(sum + 0.5);
	}
}

struct limits *limits_init(void *memory, const struct limits_config *config)
{
	struct limits *l = memory;
	uint8_t *at = memory;

	assert(((uintptr_t)memory & 63) == 0 && config->n_workers != 0 &&
		config->n_workers <= WORKERS_MAX);
	/* zeroed: unlocked, empty */
	l->config = *config;
	at += rounded(sizeof(*l));
	l->facts = carve(&at, facts_size(config));
	l->n_lines = pieces(config->cells, LIMIT_WAYS);
	l->lines = carve(&at, l->n_lines * sizeof(struct limit_line));
	init_sketches(&l->distinct, &at, config->distinct_keys, sizeof(struct limit_distinct));
	init_sketches(&l->ratio, &at, config->ratio_keys, sizeof(struct limit_ratio));
	init_estimates(l);
	return l;
}

const struct limits_config *limits_config_of(const struct limits *l)
{
	return &l->config;
}

uint64_t limits_key(
	const struct limits *l, const struct limit_rule *r, const struct limit_key_value *k)
{
	return XXH3_64bits_withSeed(k->octets, k->len, l->config.hash_key ^ r->name_hash);
}

uint64_t limits_element(const struct limits *l, struct bytes value)
{
	return XXH3_64bits_withSeed(value.data, value.len, ~l->config.hash_key);
}

/* ---- a message ---- */

static bool is_cell(unsigned kind)
{
	return kind == LIMIT_RATE || kind == LIMIT_GREY;
}

static bool refuses(const struct limit_charge *c)
{
	return c->exceeded && c->acts && c->action > ACTION_REPORT;
}

static enum limit_outcome ask(struct limits *l, struct limit_asker a, const struct limit_charge *c,
	uint64_t now_us, bool remember)
{
	return is_cell(c->rule->kind) ? limit_cell_ask(l, a, c, now_us * NS_PER_US, remember)
	                              : limit_sketch_ask(l, a, c, now_us, remember);
}

unsigned limits_look(struct limits *l, struct limit_charge *charges, unsigned n, uint64_t now_us)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		if (is_cell(charges[i].rule->kind)) {
			limit_cell_prefetch(l, charges[i].key);
		}
	}
	for (i = 0; i < n; i++) {
		struct limit_charge *c = &charges[i];
		struct limit_asker a = { 0, limit_slot_find(l, c->rule->name_hash) };

		/* what has no state yet is asked as well: a first message may be refused */
		c->charged = false;
		c->exceeded = ask(l, a, c, now_us, false) == LIMIT_OVER;
		if (refuses(c)) {
			break;
		}
	}
	return i;
}

/* charge: false: it is over its limit now. */
static bool charge(struct limits *l, unsigned worker, struct limit_charge *c, uint64_t now_us)
{
	struct limit_asker a = { worker, limit_slot_take(l, c->rule->name, c->rule->name_hash) };
	enum limit_outcome o = LIMIT_UNKNOWN;

	if (a.slot != LIMIT_SLOT_NONE) {
		o = ask(l, a, c, now_us, true);
	}
	c->exceeded = o == LIMIT_OVER;
	c->charged = o == LIMIT_WITHIN;
	if (o == LIMIT_UNKNOWN) {
		limit_fact(&limit_facts_at(l, worker, a.slot)->contended, 1);
	}
	return !refuses(c);
}

/* give_back: of what was charged; distinct, ratio and grey were not, yet. */
static void give_back(struct limits *l, struct limit_charge *charges, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct limit_charge *c = &charges[i];

		if (c->charged && c->rule->kind == LIMIT_RATE) {
			limit_cell_give_back(l, limit_slot_find(l, c->rule->name_hash), c);
			c->charged = false;
		}
	}
}

/* settle: facts of what is known now. */
static void settle(struct limits *l, unsigned worker, const struct limit_charge *c)
{
	struct limit_facts *f = limit_facts_at(l, worker, limit_slot_find(l, c->rule->name_hash));

	if (c->exceeded) {
		limit_fact(c->acts ? &f->exceeded : &f->shadow, 1);
	} else if (c->charged) {
		limit_fact(&f->admitted, 1);
	}
}

void limits_refused(struct limits *l, unsigned worker, struct limit_charge *charges, unsigned n,
	uint64_t now_us)
{
	for (unsigned i = 0; i < n; i++) {
		struct limit_charge *c = &charges[i];
		struct limit_asker a = { worker, 0 };

		if (!c->exceeded) {
			continue;
		}
		a.slot = limit_slot_take(l, c->rule->name, c->rule->name_hash);
		if (c->rule->kind == LIMIT_GREY && a.slot != LIMIT_SLOT_NONE) {
			limit_cell_first(l, a, c, now_us * NS_PER_US);
		}
		settle(l, worker, c);
	}
}

/* charge_kind: rates first, as only they can be given back. Returns the first that refuses, or n. */
static unsigned charge_kind(struct limits *l, unsigned worker, struct limit_charge *charges,
	unsigned n, bool rates, uint64_t now_us)
{
	for (unsigned i = 0; i < n; i++) {
		if ((charges[i].rule->kind == LIMIT_RATE) == rates &&
			!charge(l, worker, &charges[i], now_us)) {
			return i;
		}
	}
	return n;
}

unsigned limits_charge(struct limits *l, unsigned worker, struct limit_charge *charges, unsigned n,
	uint64_t now_us)
{
	unsigned refused = n > 1 ? limits_look(l, charges, n, now_us) : n;

	if (refused == n) {
		for (unsigned i = 0; i < n; i++) {
			charges[i].charged = false;
			charges[i].exceeded = false;
		}
		refused = charge_kind(l, worker, charges, n, true, now_us);
		if (refused == n) {
			refused = charge_kind(l, worker, charges, n, false, now_us);
		}
	}
	if (refused < n) {
		give_back(l, charges, n);
		limits_refused(l, worker, charges, refused + 1, now_us);
		return refused;
	}
	for (unsigned i = 0; i < n; i++) {
		if (charges[i].rule->kind == LIMIT_GREY && charges[i].exceeded) {
			limits_refused(l, worker, &charges[i], 1, now_us); /* shadow, report */
		} else {
			settle(l, worker, &charges[i]);
		}
	}
	return n;
}

void limits_answered(struct limits *l, unsigned worker, const struct limit_rule *r, uint64_t key,
	uint64_t now_us)
{
	struct limit_asker a = { worker, limit_slot_find(l, r->name_hash) };

	if (a.slot != LIMIT_SLOT_NONE) {
		limit_sketch_answered(l, a, r, key, now_us);
	}
}

/* ---- control ---- */

static void fill_cell(struct limits *l, unsigned slot, const struct limit_rule *r, uint64_t key,
	uint64_t now_ns, struct limit_fill *f)
{
	uint64_t tat = limit_cell_tat(l, limit_tag(slot, key, false), now_ns);
	uint64_t left = tat > now_ns ? tat - now_ns : 0;

	f->known = tat != 0;
	if (r->kind == LIMIT_GREY) {
		uint64_t keep_ns = r->keep_us * NS_PER_US;
		uint64_t gone = left < keep_ns ? keep_ns - left : 0;

		f->admitted = f->known && ((tat & 1) != 0 || gone >= r->delay_us * NS_PER_US);
		f->wait_us = f->admitted ? 0 : r->delay_us - (f->known ? gone / NS_PER_US : 0);
		return;
	}
	left = left < r->full_ns ? left : r->full_ns;
	f->max = (uint32_t)(r->full_ns / r->interval_ns);
	f->used = (uint32_t)((left + r->interval_ns - 1) / r->interval_ns);
	f->per_mille = (uint32_t)(left * 1000 / r->full_ns);
	if (left > r->full_ns - r->interval_ns) {
		f->wait_us = (left - (r->full_ns - r->interval_ns) + NS_PER_US - 1) / NS_PER_US;
	}
}

void limits_fill(struct limits *l, const struct limit_rule *r, uint64_t key, uint64_t now_us,
	struct limit_fill *f)
{
	unsigned slot = limit_slot_find(l, r->name_hash);

	*f = (struct limit_fill){ .max = r->max };
	if (slot == LIMIT_SLOT_NONE) {
		f->max = r->kind == LIMIT_RATE ? (uint32_t)(r->full_ns / r->interval_ns) : r->max;
	} else if (is_cell(r->kind)) {
		fill_cell(l, slot, r, key, now_us * NS_PER_US, f);
	} else {
		limit_sketch_fill(l, slot, r, key, now_us, f);
	}
}

uint64_t limits_reset_key(
	struct limits *l, const struct limit_rule *r, uint64_t key, uint64_t now_us)
{
	unsigned slot = limit_slot_find(l, r->name_hash);
	uint64_t tag = limit_tag(slot, key, false);

	if (slot == LIMIT_SLOT_NONE) {
		return 0;
	}
	return is_cell(r->kind) ? limit_cell_clear(l, tag, now_us * NS_PER_US)
	                        : limit_sketch_clear(l, r->kind, tag, now_us);
}

/* For each live cell of the table: its tag, and whether it is to be empty from now on. */
typedef bool on_cell(void *arg, uint64_t tag);

static void each_in_lines(struct limits *l, uint64_t now_us, on_cell *on, void *arg)
{
	for (size_t i = 0; i < (size_t)l->n_lines * LIMIT_WAYS; i++) {
		struct limit_cell *c = &l->lines[i / LIMIT_WAYS].cell[i % LIMIT_WAYS];
		uint64_t tat = atomic_load_explicit(&c->tat, memory_order_acquire);

		if (tat == LIMIT_TAT_BUSY || tat <= now_us * NS_PER_US ||
			!on(arg, atomic_load_explicit(&c->tag, memory_order_relaxed))) {
			continue;
		}
		/* where it was charged meanwhile: that message came after the reset */
		(void)atomic_compare_exchange_strong_explicit(
			&c->tat, &tat, 0, memory_order_acq_rel, memory_order_relaxed);
	}
}

static void each_in_sketches(struct limit_sketches *s, uint64_t now_us, on_cell *on, void *arg)
{
	for (uint32_t i = 0; i < s->n_buckets; i++) {
		struct limit_bucket *b = &s->buckets[i];

		if (!limit_try(&b->held, 1000 * LIMIT_TRIES)) {
			continue;
		}
		for (unsigned w = 0; w < LIMIT_SKETCH_WAYS; w++) {
			if (b->until_us[w] > now_us && on(arg, b->tag[w])) {
				b->until_us[w] = 0;
			}
		}
		limit_let(&b->held);
	}
}

static void each_cell(struct limits *l, uint64_t now_us, on_cell *on, void *arg)
{
	each_in_lines(l, now_us, on, arg);
	each_in_sketches(&l->distinct, now_us, on, arg);
	each_in_sketches(&l->ratio, now_us, on, arg);
}

static unsigned slot_by_name(const struct limits *l, const char *name)
{
	for (unsigned i = 0; i < LIMIT_SLOTS; i++) {
		if (atomic_load_explicit(&l->slot[i], memory_order_acquire) > 1 &&
			strncmp(l->slots[i].name, name, LIMIT_NAME_SIZE) == 0) {
			return i;
		}
	}
	return LIMIT_SLOT_NONE;
}

struct clearing {
	unsigned slot;
	uint64_t n;
};

static bool clear_slot(void *arg, uint64_t tag)
{
	struct clearing *c = arg;
	bool its = (tag & LIMIT_TAG_SLOT) == c->slot;

	c->n += its;
	return its;
}

uint64_t limits_reset(struct limits *l, const char *name, uint64_t now_us)
{
	struct clearing c = { slot_by_name(l, name), 0 };

	if (c.slot != LIMIT_SLOT_NONE) {
		each_cell(l, now_us, clear_slot, &c);
	}
	return c.n;
}

static void clear_facts(struct limit_facts *f)
{
	uint64_t *const all[] = { &f->admitted, &f->exceeded, &f->shadow, &f->forgotten,
		&f->contended };

	static_assert(sizeof(*f) == sizeof(all) / sizeof(all[0]) * sizeof(uint64_t), "all of them");
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		__atomic_store_n(all[i], 0, __ATOMIC_RELAXED);
	}
}

uint32_t limits_retire(
	struct limits *l, bool (*listed)(void *arg, const char *name), void *arg, uint64_t now_us)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < LIMIT_SLOTS; i++) {
		struct clearing c = { i, 0 };

		if (atomic_load_explicit(&l->slot[i], memory_order_acquire) <= 1 ||
			listed(arg, l->slots[i].name)) {
			continue;
		}
		each_cell(l, now_us, clear_slot, &c);
		for (unsigned w = 0; w < l->config.n_workers; w++) {
			clear_facts(limit_facts_at(l, w, i));
		}
		atomic_store_explicit(&l->slot[i], 1, memory_order_release);
		n++;
	}
	return n;
}

static uint64_t fact_read(const uint64_t *what)
{
	return __atomic_load_n(what, __ATOMIC_RELAXED);
}

bool limits_facts(const struct limits *l, const char *name, struct limit_facts *f)
{
	unsigned slot = slot_by_name(l, name);

	*f = (struct limit_facts){ 0 };
	for (unsigned w = 0; w < l->config.n_workers && slot != LIMIT_SLOT_NONE; w++) {
		const struct limit_facts *one = &l->facts[w * (LIMIT_SLOTS + 1u) + slot];

		f->admitted += fact_read(&one->admitted);
		f->exceeded += fact_read(&one->exceeded);
		f->shadow += fact_read(&one->shadow);
		f->forgotten += fact_read(&one->forgotten);
		f->contended += fact_read(&one->contended);
	}
	return slot != LIMIT_SLOT_NONE;
}

static bool count_slot(void *arg, uint64_t tag)
{
	struct limits_walked *out = arg;

	if ((tag & LIMIT_TAG_SLOT) < LIMIT_SLOTS) {
		out[tag & LIMIT_TAG_SLOT].live++;
	}
	return false;
}

uint32_t limits_walk(struct limits *l, uint64_t now_us, struct limits_walked out[LIMIT_SLOTS])
{
	uint32_t n = 0;

	static_assert(LIMIT_TAG_SLOT == LIMIT_SLOTS, "a slot is eight bits of a tag");
	memset(out, 0, LIMIT_SLOTS * sizeof(*out)); /* by slot first */
	each_cell(l, now_us, count_slot, out);
	for (unsigned i = 0; i < LIMIT_SLOTS; i++) {
		if (atomic_load_explicit(&l->slot[i], memory_order_acquire) > 1) {
			out[n].live = out[i].live;
			memcpy(out[n++].name, l->slots[i].name, LIMIT_NAME_SIZE);
		}
	}
	return n;
}
