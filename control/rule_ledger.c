/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/rule_ledger.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

/*
 * Entries stand in an array, found by a hash table of their indices (open addressing, at most half
 * full). Pages name entries by index, so an entry that a page has open never moves; one that no page
 * has may be forgotten, and its place is used again.
 */
enum { TABLE_MIN = 1024, NO_ENTRY = -1 };

struct entry {
	char id[RULE_ID_SIZE]; /* "": free */
	struct rule_count count;
	uint32_t pages;  /* open ones that have it */
	uint32_t closed; /* number of the closing that left it without one */
};

struct rule_page {
	struct rule_page *next;
	const struct generation *generation;
	unsigned n_workers;
	uint32_t *entries;         /* of ruleset->n_rules */
	struct rule_count *folded; /* what the ledger has of each already */
};

struct rule_ledger {
	struct entry *entries;
	uint32_t n_used; /* of the array, free ones in between included */
	uint32_t size;
	uint32_t n_ids;
	uint32_t n_closed; /* ids that no page has */
	uint32_t free_from;
	uint32_t closings;
	int64_t *table;
	uint32_t table_size; /* a power of two */
	struct rule_page *pages;
};

static uint32_t slot_of(const struct rule_ledger *l, const char *id)
{
	uint32_t at = (uint32_t)XXH3_64bits(id, strlen(id)) & (l->table_size - 1);

	while (l->table[at] != NO_ENTRY && strcmp(l->entries[l->table[at]].id, id) != 0) {
		at = (at + 1) & (l->table_size - 1);
	}
	return at;
}

/* build_table: anew, for `n` ids; false when out of memory: nothing has changed. */
static bool build_table(struct rule_ledger *l, uint32_t n)
{
	uint32_t size = TABLE_MIN;
	int64_t *table;

	while (size / 2 < n) {
		size *= 2;
	}
	table = malloc(size * sizeof(*table));
	if (table == NULL) {
		return false;
	}
	free(l->table);
	l->table = table;
	l->table_size = size;
	for (uint32_t i = 0; i < size; i++) {
		table[i] = NO_ENTRY;
	}
	for (uint32_t i = 0; i < l->n_used; i++) {
		if (l->entries[i].id[0] != '\0') {
			table[slot_of(l, l->entries[i].id)] = i;
		}
	}
	return true;
}

struct rule_ledger *rule_ledger_create(void)
{
	struct rule_ledger *l = calloc(1, sizeof(*l));

	if (l != NULL && !build_table(l, 0)) {
		free(l);
		return NULL;
	}
	return l;
}

static void page_free(struct rule_page *p)
{
	if (p != NULL) {
		free(p->entries);
		free(p->folded);
		free(p);
	}
}

void rule_ledger_free(struct rule_ledger *l)
{
	if (l == NULL) {
		return;
	}
	while (l->pages != NULL) {
		struct rule_page *p = l->pages;

		l->pages = p->next;
		page_free(p);
	}
	free(l->entries);
	free(l->table);
	free(l);
}

/* room_for: `more` ids fit in the array and in the table. */
static bool room_for(struct rule_ledger *l, uint32_t more)
{
	uint32_t n = l->n_ids + more;

	if (n > l->size) {
		uint32_t size = l->size != 0 ? l->size : TABLE_MIN;
		struct entry *grown;

		while (size < n) {
			size *= 2;
		}
		grown = realloc(l->entries, size * sizeof(*grown));
		if (grown == NULL) {
			return false;
		}
		l->entries = grown;
		l->size = size;
	}
	return n <= l->table_size / 2 || build_table(l, n);
}

static uint32_t free_place(struct rule_ledger *l)
{
	while (l->free_from < l->n_used && l->entries[l->free_from].id[0] != '\0') {
		l->free_from++;
	}
	if (l->free_from == l->n_used) {
		l->n_used++;
	}
	return l->free_from++;
}

/* enter: the entry of `id`, made where missing: there is room. */
static uint32_t enter(struct rule_ledger *l, const char *id)
{
	uint32_t slot = slot_of(l, id);
	uint32_t place;

	if (l->table[slot] != NO_ENTRY) {
		place = (uint32_t)l->table[slot];
		l->n_closed -= l->entries[place].pages == 0 ? 1 : 0;
	} else {
		place = free_place(l);
		l->entries[place] = (struct entry){ .closed = 0 };
		memcpy(l->entries[place].id, id, strnlen(id, RULE_ID_SIZE - 1));
		l->table[slot] = place;
		l->n_ids++;
	}
	l->entries[place].pages++;
	return place;
}

struct rule_page *rule_ledger_open(
	struct rule_ledger *l, const struct generation *g, unsigned n_workers)
{
	uint32_t n = g->ruleset->n_rules;
	struct rule_page *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		return NULL;
	}
	p->generation = g;
	p->n_workers = n_workers < WORKERS_MAX ? n_workers : WORKERS_MAX;
	p->entries = calloc((size_t)n + 1, sizeof(*p->entries));
	p->folded = calloc((size_t)n + 1, sizeof(*p->folded));
	if (p->entries == NULL || p->folded == NULL || !room_for(l, n)) {
		page_free(p);
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++) {
		p->entries[i] = enter(l, g->ruleset->rules[i].id);
	}
	p->next = l->pages;
	l->pages = p;
	return p;
}

static uint64_t load(const uint64_t *v)
{
	/* relaxed: one writer each; a figure may be a moment old */
	return __atomic_load_n(v, __ATOMIC_RELAXED);
}

struct rule_count rule_count_total(const struct generation *g, unsigned n_workers, uint32_t i)
{
	struct rule_count sum = { 0 };

	for (unsigned w = 0; w < n_workers && w < WORKERS_MAX; w++) {
		const struct rule_count *c = g->counts[w] != NULL ? &g->counts[w][i] : NULL;
		uint64_t last_us = c != NULL ? load(&c->last_us) : 0;

		if (c == NULL) {
			continue;
		}
		sum.hits += load(&c->hits);
		sum.shadow += load(&c->shadow);
		sum.decided += load(&c->decided);
		sum.octets += load(&c->octets);
		sum.cycles += load(&c->cycles);
		sum.last_us = last_us > sum.last_us ? last_us : sum.last_us;
	}
	return sum;
}

void rule_ledger_fold(struct rule_ledger *l, struct rule_page *p)
{
	for (uint32_t i = 0; i < p->generation->ruleset->n_rules; i++) {
		struct rule_count now = rule_count_total(p->generation, p->n_workers, i);
		struct rule_count *sum = &l->entries[p->entries[i]].count;
		const struct rule_count *before = &p->folded[i];

		sum->hits += now.hits - before->hits;
		sum->shadow += now.shadow - before->shadow;
		sum->decided += now.decided - before->decided;
		sum->octets += now.octets - before->octets;
		sum->cycles += now.cycles - before->cycles;
		sum->last_us = now.last_us > sum->last_us ? now.last_us : sum->last_us;
		p->folded[i] = now;
	}
}

/* forget: the ids that were left longest ago, until half of what may stay is left. */
static void forget(struct rule_ledger *l)
{
	uint32_t oldest = l->closings;
	uint32_t place;

	while (l->n_closed > RULE_LEDGER_CLOSED_MAX / 2 && oldest != 0) {
		oldest = l->closings;
		for (place = 0; place < l->n_used; place++) {
			const struct entry *e = &l->entries[place];

			if (e->id[0] != '\0' && e->pages == 0 && e->closed < oldest) {
				oldest = e->closed;
			}
		}
		for (place = 0; place < l->n_used; place++) {
			struct entry *e = &l->entries[place];

			if (e->id[0] != '\0' && e->pages == 0 && e->closed == oldest) {
				*e = (struct entry){ .closed = 0 };
				l->n_ids--;
				l->n_closed--;
			}
		}
	}
	l->free_from = 0;
	/* out of memory: the table of before would name what is free now */
	if (!build_table(l, l->n_ids)) {
		for (uint32_t i = 0; i < l->table_size; i++) {
			l->table[i] = NO_ENTRY;
		}
		for (place = 0; place < l->n_used; place++) {
			if (l->entries[place].id[0] != '\0') {
				l->table[slot_of(l, l->entries[place].id)] = place;
			}
		}
	}
}

void rule_ledger_close(struct rule_ledger *l, struct rule_page *p)
{
	struct rule_page **at = &l->pages;

	if (p == NULL) {
		return;
	}
	rule_ledger_fold(l, p);
	l->closings++;
	for (uint32_t i = 0; i < p->generation->ruleset->n_rules; i++) {
		struct entry *e = &l->entries[p->entries[i]];

		if (--e->pages == 0) {
			e->closed = l->closings;
			l->n_closed++;
		}
	}
	while (*at != p) {
		at = &(*at)->next;
	}
	*at = p->next;
	page_free(p);
	if (l->n_closed > RULE_LEDGER_CLOSED_MAX) {
		forget(l);
	}
}

struct rule_count rule_ledger_read(const struct rule_ledger *l, const char *id)
{
	int64_t place = l->table[slot_of(l, id)];

	return place != NO_ENTRY ? l->entries[place].count : (struct rule_count){ 0 };
}

struct rule_count rule_ledger_rule(
	const struct rule_ledger *l, const struct rule_page *p, uint32_t i)
{
	return l->entries[p->entries[i]].count;
}

uint32_t rule_ledger_ids(const struct rule_ledger *l)
{
	return l->n_ids;
}
