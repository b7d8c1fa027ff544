/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = RULE_ID_SIZE + RULE_STATE_SIZE + 32, SAMPLE_MAX = 99 };

#define X(name, text) [ACTION_##name] = text,
static const char *const action_names[ACTIONS] = { RULE_ACTIONS(X) };
#undef X

static const char *const state_names[RULE_STATES] = {
	[RULE_ON] = "on",
	[RULE_SHADOW] = "shadow",
	[RULE_SAMPLE] = "sample",
};
static const char *const field_names[FIELDS + 1] = {
	[FIELD_TEXT] = "text",
	[FIELD_SENDER] = "sender",
	[FIELD_URL] = "url",
	[FIELD_NUMBER] = "number",
	[FIELD_WHEN] = "when",
};
static const char *const view_names[VIEWS] = { [VIEW_SENT] = "sent", [VIEW_FOLDED] = "folded" };

const char *rule_action_name(enum rule_action a)
{
	return action_names[a];
}

bool rule_action_parse(const char *name, enum rule_action *a)
{
	for (unsigned i = 0; i < ACTIONS; i++) {
		if (strcmp(name, action_names[i]) == 0) {
			*a = (enum rule_action)i;
			return true;
		}
	}
	return false;
}

const char *rule_state_name(enum rule_state s)
{
	return state_names[s];
}

const char *rule_field_name(enum rule_field f)
{
	return field_names[f];
}

const char *rule_view_name(enum rule_view v)
{
	return view_names[v];
}

const char *rule_state_text(const struct rule *r, char text[RULE_STATE_SIZE])
{
	const char *name = state_names[r->state];

	if (r->state == RULE_SAMPLE) {
		(void)snprintf(text, RULE_STATE_SIZE, "%s:%u%%", name, r->sample);
	} else {
		(void)snprintf(text, RULE_STATE_SIZE, "%s", name);
	}
	return text;
}

/* The share behind "sample:" or "sample=": "5%". */
static bool parse_share(const char *text, uint8_t *sample)
{
	size_t n = strspn(text, "0123456789");
	long share = 0;

	if (n == 0 || n > 2 || text[0] == '0' || strcmp(text + n, "%") != 0) {
		return false;
	}
	share = strtol(text, NULL, 10);
	if (share > SAMPLE_MAX) {
		return false;
	}
	*sample = (uint8_t)share;
	return true;
}

bool rule_state_parse(const char *text, uint8_t *state, uint8_t *sample)
{
	size_t n = strlen(state_names[RULE_SAMPLE]);

	if (strncmp(text, state_names[RULE_SAMPLE], n) == 0) {
		if ((text[n] != ':' && text[n] != '=') || !parse_share(text + n + 1, sample)) {
			return false;
		}
		*state = RULE_SAMPLE;
		return true;
	}
	for (uint8_t i = 0; i < RULE_STATES; i++) {
		if (strcmp(text, state_names[i]) == 0) {
			*state = i;
			*sample = 0;
			return true;
		}
	}
	return false;
}

/* ---- life ---- */

void ruleset_ref(struct ruleset *r)
{
	atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
}

static void free_part(struct ruleset_part *p)
{
	for (uint32_t i = 0; i < p->n_shards; i++) {
		database_unref(p->shards[i].database);
		free(p->shards[i].rules);
	}
	free(p->shards);
}

void ruleset_unref(struct ruleset *r)
{
	/* acq_rel: the last one to leave sees all that the others did with it. */
	if (r == NULL || atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) != 1) {
		return;
	}
	for (unsigned f = 0; f < FIELDS; f++) {
		for (unsigned v = 0; v < VIEWS; v++) {
			free_part(&r->parts[f][v]);
		}
	}
	for (uint32_t i = 0; i < r->n_rules; i++) {
		free(r->rules[i].expression);
		free(r->rules[i].note);
		free(r->rules[i].file);
	}
	for (uint32_t i = 0; i < r->n_categories; i++) {
		free(r->categories[i]);
	}
	free(r->rules);
	free(r->categories);
	free(r->by_id);
	free(r);
}

bool ruleset_add_shard(struct ruleset *r, struct ruleset_part *part, struct database *db,
	uint32_t *rules, uint32_t n)
{
	struct ruleset_shard *grown =
		realloc(part->shards, (part->n_shards + 1) * sizeof(part->shards[0]));
	struct ruleset_shard *shard;

	if (grown == NULL) {
		database_unref(db);
		free(rules);
		return false;
	}
	part->shards = grown;
	shard = &part->shards[part->n_shards++];
	*shard = (struct ruleset_shard){ db, rules, n, 0 };
	for (uint32_t i = 0; i < n; i++) {
		shard->n_gone += rules[i] == RULE_GONE;
	}
	r->database_len += db->len;
	return true;
}

/* ---- rules by id ---- */

static uint32_t find_among_all(const struct ruleset *r, const char *id)
{
	for (uint32_t i = 0; i < r->n_rules; i++) {
		if (strcmp(r->rules[i].id, id) == 0) {
			return i;
		}
	}
	return RULE_GONE;
}

uint32_t ruleset_find(const struct ruleset *r, const char *id)
{
	uint32_t first = 0;
	uint32_t end = r->n_rules;

	if (r->by_id == NULL) {
		return find_among_all(r, id);
	}
	while (first < end) {
		uint32_t middle = first + (end - first) / 2;
		int order = strcmp(id, r->rules[r->by_id[middle]].id);

		if (order == 0) {
			return r->by_id[middle];
		}
		if (order < 0) {
			end = middle;
		} else {
			first = middle + 1;
		}
	}
	return RULE_GONE;
}

/* ---- states ---- */

struct override {
	uint32_t rule;
	uint8_t state;
	uint8_t sample;
};

/* One line of overrides: 1 when `o` is to be applied, 0 when there is nothing, -1 after an error. */
static int read_override(const struct ruleset *r, char *line, const char *name, int number,
	struct override *o, struct diag *diag)
{
	static const char spaces[] = " \t\r";
	char *rest = NULL;
	const char *id = strtok_r(line, spaces, &rest);
	const char *state = id != NULL ? strtok_r(NULL, spaces, &rest) : NULL;

	if (id == NULL || id[0] == '#') {
		return 0;
	}
	if (state == NULL || strtok_r(NULL, spaces, &rest) != NULL) {
		diag_add(diag, DIAG_ERROR, name, number, 0, "expected ID STATE");
		return -1;
	}
	if (!rule_state_parse(state, &o->state, &o->sample)) {
		diag_add(diag, DIAG_ERROR, name, number, 0,
			"\"%s\" is no state of a rule: on, shadow, or sample:N%% with N from 1 to %d",
			state, SAMPLE_MAX);
		return -1;
	}
	o->rule = ruleset_find(r, id);
	if (o->rule == RULE_GONE) {
		diag_add(diag, DIAG_WARNING, name, number, 0,
			"there is no rule %s any more: its state is ignored", id);
		return 0;
	}
	return 1;
}

/* All overrides, in order; *n of them. NULL when out of memory. */
static struct override *read_overrides(const struct ruleset *r, const char *text, size_t len,
	const char *name, uint32_t *n, struct diag *diag)
{
	const char *end = text + len;
	size_t n_lines = 1;
	struct override *list;
	int number = 1;

	for (const char *at = text; at < end; at++) {
		n_lines += *at == '\n';
	}
	list = calloc(n_lines, sizeof(*list));
	if (list == NULL) {
		diag_add(diag, DIAG_ERROR, name, 0, 0, "out of memory");
		return NULL;
	}
	for (const char *at = text; at < end; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line_len = (size_t)((stop != NULL ? stop : end) - at);
		char line[LINE_SIZE];

		if (line_len >= sizeof(line)) {
			diag_add(diag, DIAG_ERROR, name, number, 0, "this line is too long");
		} else {
			memcpy(line, at, line_len);
			line[line_len] = '\0';
			*n += read_override(r, line, name, number, &list[*n], diag) > 0;
		}
		at += line_len + 1;
	}
	return list;
}

bool ruleset_apply_states(
	struct ruleset *r, const char *text, size_t len, const char *name, struct diag *diag)
{
	size_t errors = diag->n_errors;
	uint32_t n = 0;
	struct override *list = read_overrides(r, text, len, name, &n, diag);

	for (uint32_t i = 0; diag->n_errors == errors && i < n; i++) {
		r->rules[list[i].rule].state = list[i].state;
		r->rules[list[i].rule].sample = list[i].sample;
	}
	free(list);
	return diag->n_errors == errors;
}

/* ---- differences ---- */

static void add_change(
	struct ruleset_diff *d, enum ruleset_change_kind kind, uint32_t old_rule, uint32_t new_rule)
{
	d->changes[d->n++] = (struct ruleset_change){ kind, old_rule, new_rule };
	d->n_of[kind]++;
}

static void compare_rule(struct ruleset_diff *d, const struct ruleset *old,
	const struct ruleset *new, uint32_t new_rule)
{
	const struct rule *b = &new->rules[new_rule];
	uint32_t old_rule = old != NULL ? ruleset_find(old, b->id) : RULE_GONE;
	const struct rule *a;

	if (old_rule == RULE_GONE) {
		add_change(d, RULE_ADDED, RULE_GONE, new_rule);
		return;
	}
	a = &old->rules[old_rule];
	if (memcmp(a->hash, b->hash, RULE_HASH_LEN) != 0) {
		add_change(d, RULE_CHANGED, old_rule, new_rule);
	} else if (a->state != b->state || a->sample != b->sample) {
		add_change(d, RULE_RESTATED, old_rule, new_rule);
	}
}

bool ruleset_diff(const struct ruleset *old, const struct ruleset *new, struct ruleset_diff *diff)
{
	uint32_t n_old = old != NULL ? old->n_rules : 0;

	*diff = (struct ruleset_diff){ 0 };
	diff->changes = calloc((size_t) new->n_rules + n_old + 1, sizeof(diff->changes[0]));
	if (diff->changes == NULL) {
		return false;
	}
	for (uint32_t i = 0; i < new->n_rules; i++) {
		compare_rule(diff, old, new, i);
	}
	for (uint32_t i = 0; i < n_old; i++) {
		if (ruleset_find(new, old->rules[i].id) == RULE_GONE) {
			add_change(diff, RULE_REMOVED, i, RULE_GONE);
		}
	}
	return true;
}

void ruleset_diff_free(struct ruleset_diff *diff)
{
	free(diff->changes);
	*diff = (struct ruleset_diff){ 0 };
}
