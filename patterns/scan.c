/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/scan.h"

#include <errno.h>

#include <hs/hs.h>

/* The opaque struct of scan.h is Hyperscan's own: nothing is wrapped around it. */
static hs_scratch_t *scratch_of(struct scan_scratch *s)
{
	return (hs_scratch_t *)(void *)s;
}

/* One call of scan_text(): where its hits go, and what they have in common. */
struct call {
	const struct ruleset *ruleset;
	const struct ruleset_shard *shard; /* at hand */
	struct scan_hits *hits;
	uint32_t first; /* of this call in hits */
	uint8_t field;
	uint8_t view;
	uint8_t entity;
};

static int grow_for_part(hs_scratch_t **scratch, const struct ruleset_part *part)
{
	for (uint32_t i = 0; i < part->n_shards; i++) {
		if (hs_alloc_scratch(part->shards[i].database->hs, scratch) != HS_SUCCESS) {
			return -ENOMEM;
		}
	}
	return 0;
}

int scan_scratch_grow(struct scan_scratch **s, const struct ruleset *r)
{
	hs_scratch_t *scratch = scratch_of(*s);
	int error = 0;

	for (unsigned f = 0; error == 0 && f < FIELDS; f++) {
		for (unsigned v = 0; error == 0 && v < VIEWS; v++) {
			error = grow_for_part(&scratch, &r->parts[f][v]);
		}
	}
	*s = (struct scan_scratch *)(void *)scratch;
	return error;
}

void scan_scratch_free(struct scan_scratch *s)
{
	(void)hs_free_scratch(scratch_of(s));
}

size_t scan_scratch_size(const struct scan_scratch *s)
{
	size_t size = 0;

	if (s == NULL ||
		hs_scratch_size((const hs_scratch_t *)(const void *)s, &size) != HS_SUCCESS) {
		return 0;
	}
	return size;
}

/* Where `rule` stands in the hits, or NULL. A rule looks into one field and view only. */
static struct scan_hit *find_hit(struct scan_hits *hits, uint32_t rule, uint32_t *index)
{
	for (uint32_t i = hits->n; i-- > 0;) { /* the last one found is the likeliest */
		if (hits->hits[i].rule == rule) {
			*index = i;
			return &hits->hits[i];
		}
	}
	return NULL;
}

/*
 * Called by Hyperscan for each match. Rules that keep no start of match come once (SINGLEMATCH);
 * those that do come for each end, and their first match is kept as long as it gets.
 */
static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct call *c = context;
	struct scan_hits *hits = c->hits;
	struct scan_hit *hit;
	uint32_t index = 0;
	uint32_t rule;

	(void)flags;
	if (id >= c->shard->n) {
		return 0; /* a database that was not made from these rules */
	}
	rule = c->shard->rules[id];
	if (rule == RULE_GONE) {
		return 0; /* the database is older than the ruleset */
	}
	hit = find_hit(hits, rule, &index);
	if (hit != NULL) {
		if (index >= c->first && hit->from == from && hit->to < to &&
			(c->ruleset->rules[rule].flags & HS_FLAG_SOM_LEFTMOST) != 0) {
			hit->to = (uint32_t)to;
		}
		return 0;
	}
	if (hits->n == hits->max) {
		hits->n_dropped++;
		return 0;
	}
	hit = &hits->hits[hits->n++];
	hit->rule = rule;
	hit->from = (uint32_t)from;
	hit->to = (uint32_t)to;
	hit->field = c->field;
	hit->view = c->view;
	hit->entity = c->entity;
	if ((c->ruleset->rules[rule].flags & HS_FLAG_SOM_LEFTMOST) == 0) {
		hit->from = hit->to;
	}
	return 0;
}

bool scan_text(const struct ruleset *r, struct scan_scratch *s, enum rule_field field,
	enum rule_view view, uint8_t entity, struct bytes text, struct scan_hits *hits)
{
	const struct ruleset_part *part = &r->parts[field][view];
	struct call c = { r, part->shards, hits, hits->n, (uint8_t)field, (uint8_t)view, entity };

	if (text.len == 0) {
		return true;
	}
	for (uint32_t i = 0; i < part->n_shards; i++, c.shard++) {
		if (hs_scan(c.shard->database->hs, (const char *)text.data, (unsigned)text.len, 0,
			    scratch_of(s), on_match, &c) != HS_SUCCESS) {
			return false;
		}
	}
	return true;
}
