/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/condition.h"

#include <assert.h>

#include "dataplane/proto/smpp.h"
#include "dataplane/stats.h"
#include "dataplane/verdict/condition_parts.h"

#define X(name, text, type, source) [CONDITION_##name] = text,
static const char *const field_names[CONDITION_FIELD_COUNT] = { CONDITION_FIELDS(X) };
#undef X
#define X(name, text, type, source) [CONDITION_##name] = CONDITION_TYPE_##type,
static const uint8_t field_types[CONDITION_FIELD_COUNT] = { CONDITION_FIELDS(X) };
#undef X
enum source { SOURCE_MESSAGE, SOURCE_CONTENT };
#define X(name, text, type, source) [CONDITION_##name] = SOURCE_##source,
static const uint8_t field_sources[CONDITION_FIELD_COUNT] = { CONDITION_FIELDS(X) };
#undef X

const char *condition_field_name(enum condition_field f)
{
	return field_names[f];
}

bool condition_field_parse(const char *name, enum condition_field *f)
{
	for (unsigned i = 0; i < CONDITION_FIELD_COUNT; i++) {
		if (strcmp(name, field_names[i]) == 0) {
			*f = (enum condition_field)i;
			return true;
		}
	}
	return false;
}

enum condition_type condition_field_type(enum condition_field f)
{
	return (enum condition_type)field_types[f];
}

bool condition_field_content(enum condition_field f)
{
	return field_sources[f] == SOURCE_CONTENT;
}

/* ---- names of enums ---- */

static const char *name_of(const char *const *names, int64_t n, int64_t v)
{
	return v >= 0 && v < n ? names[v] : NULL;
}

const char *condition_enum_name(enum condition_field f, int64_t v)
{
	static const char *const sides[] = { [SIDE_INSIDE] = "inside", [SIDE_OUTSIDE] = "outside" };
	static const char *const carriers[] = { [SMS_SMPP] = "smpp", [SMS_MAP] = "map" };
	static const char *const roles[] = { [ROLE_UNKNOWN] = "unknown",
		[ROLE_ESME] = "esme",
		[ROLE_SMSC] = "smsc",
		[ROLE_MSC] = "msc" };

	if (f == CONDITION_SIDE) {
		return name_of(sides, 2, v);
	}
	if (f == CONDITION_CARRIER) {
		return name_of(carriers, 2, v);
	}
	if (f == CONDITION_ROLE) {
		return name_of(roles, 4, v);
	}
	if (f == CONDITION_CODING) {
		return v >= 0 && v < TEXT_ENCODINGS ? text_encoding_name((enum text_encoding)v)
		                                    : NULL;
	}
	if (f == CONDITION_ORIGINATOR_KIND || f == CONDITION_DESTINATION_KIND ||
		f == CONDITION_TEXT_NUMBER_KIND) {
		return v >= 0 && v < NUMBERING_KIND_COUNT ? numbering_kind_name((unsigned)v) : NULL;
	}
	if (f == CONDITION_ANOMALY && v >= 0 && v < R_COUNT &&
		stats_reason_kind((enum reason)v) == REASON_ANOMALY) {
		return stats_reason_name((enum reason)v);
	}
	return NULL;
}

bool condition_enum_parse(enum condition_field f, const char *name, int64_t *v)
{
	for (int64_t i = 0; i < R_COUNT; i++) { /* the longest of these enums */
		const char *is = condition_enum_name(f, i);

		if (is != NULL && strcmp(is, name) == 0) {
			*v = i;
			return true;
		}
	}
	return false;
}

/* ---- the tree ---- */

/* A node whose children are being asked, and the node behind them. */
struct level {
	uint32_t end;
	uint8_t kind; /* enum condition_kind, but TEST */
};

/* is_decided: a child gave `v`; whether that settles its parent, whose value is then *v. */
static bool is_decided(const struct level *l, uint32_t next, bool *v)
{
	if (l->kind == CONDITION_ANY) {
		return *v || next == l->end;
	}
	if (*v && next < l->end) {
		return false;
	}
	*v = *v == (l->kind == CONDITION_ALL);
	return true;
}

static bool holds(struct condition_subject *s, const struct condition *c)
{
	struct level levels[CONDITION_DEPTH_MAX];
	uint32_t depth = 0;
	uint32_t i = c->root;

	for (uint32_t steps = 0; steps < CONDITION_NODES_MAX; steps++) {
		const struct condition_node *node = &s->store->nodes[i++];
		bool v;

		if (node->kind == CONDITION_TEST) {
			v = condition_test(s, node);
		} else {
			if (depth == CONDITION_DEPTH_MAX) {
				return false;
			}
			levels[depth++] = (struct level){ i + node->skip, node->kind };
			if (node->skip != 0) {
				continue;
			}
			v = node->kind != CONDITION_ANY; /* of no children: all of them hold */
		}
		while (depth != 0 && is_decided(&levels[depth - 1], i, &v)) {
			i = levels[--depth].end;
		}
		if (depth == 0) {
			return v;
		}
	}
	return false;
}

static bool is_of_destination(enum condition_field f)
{
	return (f >= CONDITION_DESTINATION && f <= CONDITION_DESTINATION_KIND) ||
	       f == CONDITION_PAIR;
}

static bool asks_destinations(const struct condition_store *store, const struct condition *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct condition_node *node = &store->nodes[c->root + i];

		if (node->kind == CONDITION_TEST &&
			is_of_destination((enum condition_field)node->field)) {
			return true;
		}
	}
	return false;
}

bool condition_parts_destinations(const struct condition_subject *s, const struct condition *c)
{
	return s->sms->destinations != NULL && s->sms->n_destinations >= 2 &&
	       asks_destinations(s->store, c);
}

bool condition_holds_for(struct condition_subject *s, const struct condition *c, unsigned at)
{
	bool v;

	s->at = (uint16_t)at;
	v = c->n == 0 || holds(s, c);
	s->at = 0;
	return v;
}

bool condition_holds(struct condition_subject *s, const struct condition *c)
{
	const struct sms *m = s->sms;
	bool all = s->all_destinations;
	bool v = false;

	if (c->n == 0) {
		return true;
	}
	s->at = 0;
	if (!condition_parts_destinations(s, c)) {
		return holds(s, c);
	}
	for (s->at = 0; s->at < m->n_destinations && s->at < LIMIT_SMPP_DESTS; s->at++) {
		v = holds(s, c);
		if (v != all) {
			break;
		}
	}
	s->at = 0;
	return v;
}
