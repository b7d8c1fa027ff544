/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "control/json_value.h"
#include "control/push_parts.h"
#include "dataplane/base/clock.h"

enum { REPORT_SCHEMA = 1, REPORT_RULES_MAX = 20 };

static json_t *workers_json(const struct push *p)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < p->doors.n_workers; i++) {
		const _Atomic uint32_t *runs = p->doors.runs[i];
		/* relaxed: a figure that is told */
		uint32_t number =
			runs != NULL ? atomic_load_explicit(runs, memory_order_relaxed) : 0;

		(void)json_array_append_new(list, json_pack("{s:i, s:I}", "worker", (int)i,
							  "generation", (json_int_t)number));
	}
	return list;
}

static json_t *moved_json(const struct push *p)
{
	const struct push_task *t = &p->task;
	const struct push_record *r = &t->record;
	json_t *a = json_pack("{s:I, s:s, s:I, s:o, s:{s:o, s:o, s:o, s:o}}", "generation",
		(json_int_t)r->store.number, "hash", r->store.hash, "previous",
		(json_int_t)t->previous, "workers", workers_json(p), "took_us", "load",
		json_value_count(t->load_us), "store", json_value_count(t->store_us), "publish",
		json_value_count(t->publish_us), "seen", json_value_count(t->seen_us));
	json_t *more = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:b}", "rules",
		(json_int_t)r->store.n_rules, "added", (json_int_t)r->n_added, "removed",
		(json_int_t)r->n_removed, "changed", (json_int_t)r->n_changed, "restated",
		(json_int_t)r->n_restated, "shadowed", (json_int_t)r->n_shadowed, "confirm_until",
		json_value_time(p->confirm == r->store.number ? p->confirm_until_us : 0), "merged",
		t->order.merge);

	(void)json_object_update(a, more);
	json_decref(more);
	return a;
}

json_t *push_answer_json(const struct push *p)
{
	const struct push_task *t = &p->task;

	switch (t->order.what) {
	case PUSH_PACK:
	case PUSH_CHANGE:
	case PUSH_ROLLBACK:
		return moved_json(p);
	case PUSH_CONFIRM:
		return json_pack("{s:I, s:s}", "generation",
			(json_int_t)p->live->made.generation->number, "hash", push_hash(p));
	case PUSH_TAG:
		return json_pack("{s:I, s:s}", "generation", (json_int_t)t->order.generation, "tag",
			t->order.tag);
	case PUSH_ROTATE:
		return t->result != NULL ? json_incref(t->result) : json_object();
	}
	return NULL;
}

static json_t *guard_json(const struct push *p)
{
	return json_string(!p->doors.guard->enabled || p->loader == NULL ? "off"
			   : p->guard.watching                           ? "watching"
									 : "idle");
}

static json_t *memory_json(const struct push *p)
{
	struct arena *a = p->shop != NULL ? p->shop->arena : NULL;

	if (a == NULL) {
		return json_null();
	}
	return json_pack("{s:o, s:o, s:o}", "used", json_value_count(arena_used(a)), "peak",
		json_value_count(arena_peak(a)), "ceiling", json_value_count(a->ceiling));
}

/* hash_of: of the pack; in a replay, which has none, of the rules. */
static json_t *hash_of(const struct push *p)
{
	static const char hex[] = "0123456789abcdef";
	const struct ruleset *r = p->live->made.generation->ruleset;
	char hash[2 * sizeof(r->hash) + 1] = "";

	if (push_hash(p)[0] != '\0') {
		return json_string(push_hash(p));
	}
	for (size_t i = 0; i < sizeof(r->hash); i++) {
		hash[2 * i] = hex[r->hash[i] >> 4];
		hash[2 * i + 1] = hex[r->hash[i] & 0x0F];
	}
	return json_string(hash);
}

json_t *push_json(struct push *p, const char *policy)
{
	const struct generation *g = p->live->made.generation;
	json_t *j = json_pack("{s:I, s:o, s:o, s:I, s:o}", "number", (json_int_t)g->number,
		"policy", policy != NULL ? json_value_text(policy) : json_null(), "hash",
		hash_of(p), "rules", (json_int_t)g->ruleset->n_rules, "database_octets",
		json_value_count(g->ruleset->database_len));
	json_t *more;

	if (p->loader == NULL) {
		return j;
	}
	more = json_pack("{s:o, s:b, s:b, s:o, s:o, s:i, s:o, s:b}", "workers", workers_json(p),
		"empty", p->live->made.record.empty, "pending", p->confirm != 0, "confirm_until",
		json_value_time(p->confirm != 0 ? p->confirm_until_us : 0), "guard", guard_json(p),
		"on_their_way_out", (int)p->n_retired, "memory", memory_json(p), "loading",
		p->task.phase == PUSH_AT_WORK);
	(void)json_object_update(j, more);
	json_decref(more);
	return j;
}

struct push_gauges push_gauges(const struct push *p)
{
	struct arena *a = p->shop != NULL ? p->shop->arena : NULL;

	return (struct push_gauges){
		.empty = p->live->made.record.empty,
		.confirm_pending = p->confirm != 0,
		.guard_watching = p->loader != NULL && p->guard.watching,
		.n_waiting = p->n_waiting,
		.n_retired = p->n_retired,
		.memory_used = a != NULL ? arena_used(a) : 0,
		.memory_peak = a != NULL ? arena_peak(a) : 0,
		.memory_ceiling = a != NULL ? a->ceiling : 0,
	};
}

json_t *push_history(const struct push *p)
{
	return json_pack("{s:I, s:o, s:o, s:o}", "live",
		(json_int_t)p->live->made.generation->number, "pending",
		p->confirm != 0 ? json_integer((json_int_t)p->confirm) : json_null(),
		"confirm_until", json_value_time(p->confirm != 0 ? p->confirm_until_us : 0),
		"generations", p->history != NULL ? json_incref(p->history) : json_array());
}

json_t *push_record(const struct push *p, uint32_t number)
{
	json_t *r;
	size_t i;

	json_array_foreach(p->history, i, r)
	{
		if (json_integer_value(json_object_get(r, "generation")) == (json_int_t)number) {
			return json_incref(r);
		}
	}
	return NULL;
}

json_t *push_keys(const struct push *p)
{
	return p->keys != NULL ? json_incref(p->keys) : NULL;
}

const struct store *push_store(const struct push *p)
{
	return p->shop != NULL ? p->shop->store : NULL;
}

/* ---- the guard rail's report ---- */

/* decided_most: rules that decided most in the generation that was undone. */
static json_t *decided_most(const struct push *p)
{
	const struct generation *g = p->live->made.generation;
	uint64_t most[REPORT_RULES_MAX] = { 0 };
	uint32_t rules[REPORT_RULES_MAX];
	unsigned n = 0;
	json_t *list = json_array();

	for (uint32_t i = 0; i < g->ruleset->n_rules; i++) {
		uint64_t decided = rule_count_total(g, p->doors.n_workers, i).decided;
		unsigned at = n;

		if (decided == 0 || (n == REPORT_RULES_MAX && decided <= most[n - 1])) {
			continue;
		}
		n += n < REPORT_RULES_MAX ? 1 : 0;
		at = at < REPORT_RULES_MAX ? at : REPORT_RULES_MAX - 1;
		for (; at > 0 && most[at - 1] < decided; at--) {
			most[at] = most[at - 1];
			rules[at] = rules[at - 1];
		}
		most[at] = decided;
		rules[at] = i;
	}
	for (unsigned i = 0; i < n; i++) {
		(void)json_array_append_new(
			list, json_pack("{s:o, s:o}", "id",
				      json_value_text(g->ruleset->rules[rules[i]].id), "decided",
				      json_value_count(most[i])));
	}
	return list;
}

char *push_guard_report(
	struct push *p, const struct guard_finding *f, uint32_t undone_to, uint64_t now_us)
{
	const struct store_record *r = &p->live->made.record.store;
	json_t *j = json_pack("{s:i, s:s, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o}",
		"schema_version", REPORT_SCHEMA, "type", "guard", "generation",
		(json_int_t)r->number, "live", (json_int_t)undone_to, "hash", r->hash, "author",
		json_value_text(r->author), "note", json_value_text(r->note), "pushed",
		json_value_time(p->live->live_us), "undone", json_value_time(now_us), "after_ms",
		json_value_count(f->after_us / CLOCK_US_PER_MS));
	json_t *more = json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "band",
		guard_band_name(f->band), "limit", (json_int_t)f->limit, "share",
		(json_int_t)f->since_ppm, "base", (json_int_t)f->base_ppm, "messages",
		json_value_count(f->since.messages), "refused", json_value_count(f->since.refused),
		"redacted", json_value_count(f->since.redacted), "reported",
		json_value_count(f->since.reported), "base_messages",
		json_value_count(f->base.messages), "rules", decided_most(p));
	char *out;

	(void)json_object_update(j, more);
	json_decref(more);
	out = json_dumps(j, JSON_INDENT(2));
	json_decref(j);
	return out;
}
