/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/tcap_dialogues.h"

#include <assert.h>

#define XXH_INLINE_ALL /* short keys: the call would cost as much as the hash; and nothing to link */
#include <xxhash.h>

enum { ENDS = 2 };
static const uint32_t none = TCAP_DIALOGUE_NO_INDEX;

/* A transaction id and its giver. */
struct key {
	uint32_t node; /* point code */
	uint32_t id;
	uint8_t id_len; /* 1..4: 01 and 0001 are not the same; 0: no id */
	uint8_t link;
};

/* One end of a dialogue; ends are counted through: dialogue i has 2i and 2i + 1. */
struct end {
	struct key key; /* id_len 0: not known yet */
	uint32_t bucket;
	uint32_t next; /* of the bucket's chain, the newest first */
	uint32_t prev; /* none: the first one */
};

struct dialogue {
	struct end end[ENDS];
	uint64_t last_us;
	uint32_t older; /* by last message; of a free one: the next free one */
	uint32_t newer;
	struct gsmmap_context context;
	bool begin_empty;
	uint8_t n_refused;
	uint8_t refused_by[LIMIT_TCAP_REFUSED]; /* the end that sent the invoke */
	struct tcap_refused refused[LIMIT_TCAP_REFUSED];
};

struct tcap_dialogues {
	struct tcap_dialogues_config config;
	uint32_t n_buckets; /* a power of two */
	uint32_t n_used;
	uint32_t free;
	uint32_t oldest;
	uint32_t newest;
	uint32_t *bucket; /* the first end of each chain */
	struct dialogue *dialogue;
};

/* Two ends a dialogue and twice as many buckets: chains stay short. */
static uint32_t bucket_count(const struct tcap_dialogues_config *config)
{
	uint32_t n = 1;

	while (n < UINT32_MAX / 2 && n / 4 < config->dialogues_max) {
		n *= 2;
	}
	return n;
}

static size_t rounded(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

size_t tcap_dialogues_size(const struct tcap_dialogues_config *config)
{
	return rounded(sizeof(struct tcap_dialogues)) +
	       rounded((size_t)bucket_count(config) * sizeof(uint32_t)) +
	       (size_t)config->dialogues_max * sizeof(struct dialogue);
}

struct tcap_dialogues *tcap_dialogues_init(void *memory, const struct tcap_dialogues_config *config)
{
	struct tcap_dialogues *t = memory;
	uint8_t *at = memory;

	assert(config->dialogues_max != 0 && config->dialogues_max < UINT32_MAX / (2 * ENDS));
	memset(memory, 0, tcap_dialogues_size(config));
	t->config = *config;
	t->n_buckets = bucket_count(config);
	at += rounded(sizeof(*t));
	t->bucket = (void *)at;
	at += rounded((size_t)t->n_buckets * sizeof(uint32_t));
	t->dialogue = (void *)at;
	memset(t->bucket, 0xFF, (size_t)t->n_buckets * sizeof(uint32_t));
	t->oldest = none;
	t->newest = none;
	for (uint32_t i = 0; i < config->dialogues_max; i++) {
		t->dialogue[i].older = i + 1 < config->dialogues_max ? i + 1 : none;
	}
	return t;
}

/* Q.773 4.2.1: an id is an octet string of 1 to 4 octets. */
static struct key key_of(uint8_t link, uint32_t node, struct bytes id)
{
	struct key k = { .link = link, .node = node };

	if (id.len < 1 || id.len > 4) {
		return k;
	}
	k.id_len = (uint8_t)id.len;
	for (size_t i = 0; i < id.len; i++) {
		k.id = k.id << 8 | id.data[i];
	}
	return k;
}

static bool key_equal(const struct key *a, const struct key *b)
{
	return a->id == b->id && a->node == b->node && a->id_len == b->id_len && a->link == b->link;
}

/* Under a secret seed: nobody can choose ids that meet. */
static uint32_t bucket_of(const struct tcap_dialogues *t, const struct key *k)
{
	uint8_t octets[10];

	put_be32(octets, k->node);
	put_be32(octets + 4, k->id);
	octets[8] = k->id_len;
	octets[9] = k->link;
	return (uint32_t)XXH3_64bits_withSeed(octets, sizeof(octets), t->config.hash_key) &
	       (t->n_buckets - 1);
}

static struct end *end_at(const struct tcap_dialogues *t, uint32_t i)
{
	return &t->dialogue[i / ENDS].end[i % ENDS];
}

/* find: the newest end with this key, or none. */
static uint32_t find(const struct tcap_dialogues *t, const struct key *k)
{
	uint32_t i = k->id_len != 0 ? t->bucket[bucket_of(t, k)] : none;

	for (unsigned n = 0; i != none && n < LIMIT_TCAP_CHAIN; n++) {
		if (key_equal(&end_at(t, i)->key, k)) {
			return i;
		}
		i = end_at(t, i)->next;
	}
	return none;
}

static void end_insert(struct tcap_dialogues *t, uint32_t i, const struct key *k)
{
	struct end *e = end_at(t, i);

	e->key = *k;
	e->bucket = bucket_of(t, k);
	e->prev = none;
	e->next = t->bucket[e->bucket];
	if (e->next != none) {
		end_at(t, e->next)->prev = i;
	}
	t->bucket[e->bucket] = i;
}

static void end_remove(struct tcap_dialogues *t, uint32_t i)
{
	struct end *e = end_at(t, i);

	if (e->key.id_len == 0) {
		return;
	}
	if (e->next != none) {
		end_at(t, e->next)->prev = e->prev;
	}
	if (e->prev != none) {
		end_at(t, e->prev)->next = e->next;
	} else {
		t->bucket[e->bucket] = e->next;
	}
	e->key.id_len = 0;
}

/* age_remove, age_append: the list of all dialogues in use by their last message. */
static void age_remove(struct tcap_dialogues *t, uint32_t i)
{
	struct dialogue *d = &t->dialogue[i];

	*(d->older != none ? &t->dialogue[d->older].newer : &t->oldest) = d->newer;
	*(d->newer != none ? &t->dialogue[d->newer].older : &t->newest) = d->older;
}

static void age_append(struct tcap_dialogues *t, uint32_t i, uint64_t now_us)
{
	struct dialogue *d = &t->dialogue[i];

	d->last_us = now_us;
	d->older = t->newest;
	d->newer = none;
	*(t->newest != none ? &t->dialogue[t->newest].newer : &t->oldest) = i;
	t->newest = i;
}

static void dialogue_free(struct tcap_dialogues *t, uint32_t i)
{
	end_remove(t, i * ENDS);
	end_remove(t, i * ENDS + 1);
	age_remove(t, i);
	t->dialogue[i].older = t->free;
	t->free = i;
	t->n_used--;
}

static bool oldest_is_past(const struct tcap_dialogues *t, uint64_t now_us)
{
	uint64_t last_us = t->oldest != none ? t->dialogue[t->oldest].last_us : now_us;

	return now_us > last_us && now_us - last_us > t->config.age_us;
}

/* dialogue_open: a fresh one, or none when all are in use and the oldest is not past its age. */
static uint32_t dialogue_open(struct tcap_dialogues *t, uint64_t now_us)
{
	uint32_t i;

	if (t->free == none && oldest_is_past(t, now_us)) {
		dialogue_free(t, t->oldest);
	}
	i = t->free;
	if (i == none) {
		return none;
	}
	t->free = t->dialogue[i].older;
	t->n_used++;
	t->dialogue[i].context = (struct gsmmap_context){ 0 };
	t->dialogue[i].begin_empty = false;
	t->dialogue[i].n_refused = 0;
	age_append(t, i, now_us);
	return i;
}

static bool is_sms_context(struct gsmmap_context context)
{
	return context.id == GSMMAP_CONTEXT_GATEWAY || context.id == GSMMAP_CONTEXT_MO ||
	       context.id == GSMMAP_CONTEXT_ALERT || context.id == GSMMAP_CONTEXT_MT;
}

/* is_sms: a Begin by its context; MAP v1 has none, and some stacks name another: by its operations. */
static bool is_sms(const struct tcap_message *m, struct bytes whole, struct gsmmap_context context)
{
	struct cursor c = cursor_of(m->components);
	struct tcap_component component;
	enum reason why;

	if (is_sms_context(context)) {
		return true;
	}
	while (cursor_left(&c) != 0) {
		if (tcap_component_read(&c, whole, &component, &why) == PARSE_OK &&
			component.type == TCAP_INVOKE && gsmmap_is_sms(component.code)) {
			return true;
		}
	}
	return false;
}

static void enter_begin(struct tcap_dialogues *t, const struct key *sender,
	const struct tcap_message *m, struct bytes whole, uint64_t now_us,
	struct tcap_dialogue_seen *seen, enum reason *why)
{
	uint32_t end = find(t, sender);

	if (end != none) { /* its giver has forgotten the dialogue that had this id */
		dialogue_free(t, end / ENDS);
	}
	if (sender->id_len == 0 || !is_sms(m, whole, seen->context)) {
		return;
	}
	seen->index = dialogue_open(t, now_us);
	if (seen->index == none) {
		*why = R_tcap_dialogues_full;
		return;
	}
	end_insert(t, seen->index * ENDS, sender);
	t->dialogue[seen->index].context = seen->context;
	t->dialogue[seen->index].begin_empty = seen->begin_empty;
}

/* enter_later: Continue, End and Abort go to who has given the DTID. */
static void enter_later(struct tcap_dialogues *t, const struct key *sender,
	const struct key *receiver, uint64_t now_us, struct tcap_dialogue_seen *seen)
{
	uint32_t end = find(t, receiver);
	struct dialogue *d;

	seen->sender = (uint8_t)(end % ENDS ^ 1);
	if (end == none) {
		end = find(t, sender);
		seen->sender = (uint8_t)(end % ENDS);
	}
	if (end == none) {
		seen->sender = 0;
		return;
	}
	seen->index = end / ENDS;
	d = &t->dialogue[seen->index];
	if (d->end[seen->sender].key.id_len == 0 && sender->id_len != 0) {
		end_insert(t, seen->index * ENDS + seen->sender, sender);
	}
	if (seen->context.id == 0) {
		seen->context = d->context;
	}
	seen->begin_empty = d->begin_empty;
	seen->n_refused = d->n_refused;
	age_remove(t, seen->index);
	age_append(t, seen->index, now_us);
}

void tcap_dialogues_enter(struct tcap_dialogues *t, const struct tcap_path *path,
	const struct tcap_message *m, struct bytes whole, uint64_t now_us,
	struct tcap_dialogue_seen *seen, enum reason *why)
{
	struct key sender = key_of(path->link, path->origin, m->otid);
	struct key receiver = key_of(path->link, path->destination, m->dtid);

	*why = R_none;
	*seen = (struct tcap_dialogue_seen){ .index = none, .context = gsmmap_context_of(m) };
	switch (m->type) {
	case TCAP_UNIDIRECTIONAL:
		return;
	case TCAP_BEGIN:
		seen->begin_empty = m->components.len == 0;
		enter_begin(t, &sender, m, whole, now_us, seen, why);
		return;
	case TCAP_CONTINUE:
		break;
	case TCAP_END:
	case TCAP_ABORT:
		seen->ended = true;
		sender.id_len = 0; /* they have no OTID (Q.773 3.1) */
		break;
	}
	enter_later(t, &sender, &receiver, now_us, seen);
}

/* open_late: for a dialogue whose Begin was not seen; who sends now is its end 0. */
static uint32_t open_late(struct tcap_dialogues *t, const struct tcap_path *path,
	const struct tcap_message *m, uint64_t now_us, const struct tcap_dialogue_seen *seen)
{
	struct key sender = key_of(path->link, path->origin, m->otid);
	struct key receiver = key_of(path->link, path->destination, m->dtid);
	uint32_t i = sender.id_len != 0 ? dialogue_open(t, now_us) : none;

	if (i == none) {
		return none;
	}
	end_insert(t, i * ENDS, &sender);
	if (receiver.id_len != 0) {
		end_insert(t, i * ENDS + 1, &receiver);
	}
	t->dialogue[i].context = seen->context;
	t->dialogue[i].begin_empty = seen->begin_empty;
	return i;
}

/* slot_of: the place of a refused invoke in `d`, or d->n_refused. */
static unsigned slot_of(const struct dialogue *d, unsigned sender, int32_t invoke_id)
{
	unsigned i = 0;

	while (i < d->n_refused &&
		(d->refused_by[i] != sender || d->refused[i].invoke_id != invoke_id)) {
		i++;
	}
	return i;
}

bool tcap_dialogues_refuse(struct tcap_dialogues *t, const struct tcap_path *path,
	const struct tcap_message *m, uint64_t now_us, struct tcap_dialogue_seen *seen,
	const struct tcap_refused *refused)
{
	struct dialogue *d;
	unsigned slot;

	if (m->type != TCAP_BEGIN && m->type != TCAP_CONTINUE) {
		return true; /* nothing can be answered */
	}
	if (seen->index == none) {
		seen->index = open_late(t, path, m, now_us, seen);
	}
	if (seen->index == none) {
		return false;
	}
	d = &t->dialogue[seen->index];
	slot = slot_of(d, seen->sender, refused->invoke_id);
	if (slot == LIMIT_TCAP_REFUSED) {
		return false;
	}
	d->refused[slot] = *refused;
	d->refused_by[slot] = seen->sender;
	if (slot == d->n_refused) {
		d->n_refused++;
	}
	seen->n_refused = d->n_refused;
	return true;
}

/* is_answer: Q.773 3.2.2.1: a Reject of a result or an error is about an invoke of its own sender. */
static bool is_answer(const struct tcap_component *c)
{
	if (c->type == TCAP_REJECT) {
		return c->problem_type != TCAP_PROBLEM_RESULT &&
		       c->problem_type != TCAP_PROBLEM_ERROR;
	}
	return c->type != TCAP_INVOKE;
}

bool tcap_dialogues_take(struct tcap_dialogues *t, struct tcap_dialogue_seen *seen,
	const struct tcap_component *c, struct tcap_refused *refused)
{
	struct dialogue *d;
	unsigned slot;

	if (seen->index == none || !is_answer(c)) {
		return false;
	}
	d = &t->dialogue[seen->index];
	slot = slot_of(d, seen->sender ^ 1u, c->invoke_id);
	if (slot == d->n_refused) {
		return false;
	}
	*refused = d->refused[slot];
	d->n_refused--;
	d->refused[slot] = d->refused[d->n_refused];
	d->refused_by[slot] = d->refused_by[d->n_refused];
	seen->n_refused = d->n_refused;
	return true;
}

void tcap_dialogues_leave(struct tcap_dialogues *t, struct tcap_dialogue_seen *seen)
{
	if (seen->ended && seen->index != none) {
		dialogue_free(t, seen->index);
	}
	seen->index = none;
}

void tcap_dialogues_expire(struct tcap_dialogues *t, uint64_t now_us, uint32_t n_max)
{
	for (uint32_t n = 0; n < n_max && oldest_is_past(t, now_us); n++) {
		dialogue_free(t, t->oldest);
	}
}

uint32_t tcap_dialogues_count(const struct tcap_dialogues *t)
{
	return t->n_used;
}
