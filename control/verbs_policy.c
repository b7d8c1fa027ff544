/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/verbs_policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/json_value.h"
#include "control/push_states.h"

enum { STEPS_MAX = 100, ROWS_MAX = 10000 };

static int say(struct server_answer *a, int code, const char *sentence)
{
	(void)snprintf(a->error, sizeof(a->error), "%s", sentence);
	return code;
}

/* ---- arguments: absent or null leaves what is there; of the wrong kind: false with a sentence ---- */

static bool take_text(const struct server_request *r, const char *name, char *to, size_t size,
	struct server_answer *a)
{
	const json_t *v = json_object_get(r->args, name);
	const char *text = json_string_value(v);

	if (v == NULL || json_is_null(v)) {
		return true;
	}
	if (text == NULL || strlen(text) >= size || strlen(text) != json_string_length(v)) {
		(void)snprintf(a->error, sizeof(a->error), "\"%s\" is a text of at most %zu octets",
			name, size - 1);
		return false;
	}
	memcpy(to, text, strlen(text) + 1);
	return true;
}

static bool take_flag(
	const struct server_request *r, const char *name, bool *to, struct server_answer *a)
{
	const json_t *v = json_object_get(r->args, name);

	if (v == NULL || json_is_null(v)) {
		return true;
	}
	if (!json_is_boolean(v)) {
		(void)snprintf(a->error, sizeof(a->error), "\"%s\" is true or false", name);
		return false;
	}
	*to = json_is_true(v);
	return true;
}

static bool take_number(const struct server_request *r, const char *name, int64_t least,
	int64_t most, uint32_t *to, struct server_answer *a)
{
	const json_t *v = json_object_get(r->args, name);
	json_int_t n = json_integer_value(v);

	if (v == NULL || json_is_null(v)) {
		return true;
	}
	if (!json_is_integer(v) || n < least || n > most) {
		(void)snprintf(a->error, sizeof(a->error),
			"\"%s\" is a number from %" PRId64 " to %" PRId64, name, least, most);
		return false;
	}
	*to = (uint32_t)n;
	return true;
}

int verbs_policy_order(struct push_order *o, enum push_what what, const struct server_request *r,
	struct server_answer *a)
{
	memset(o, 0, sizeof(*o));
	o->what = what;
	o->ticket = r->ticket;
	if (r->peer != NULL) {
		o->uid = r->peer->uid;
		o->pid = r->peer->pid;
		(void)snprintf(o->exe, sizeof(o->exe), "%s", r->peer->exe);
	}
	return take_text(r, "note", o->note, sizeof(o->note), a) &&
	                       take_number(r, "if_generation", 1, UINT32_MAX, &o->if_generation, a)
	               ? CONTROL_OK
	               : CONTROL_USAGE;
}

int verbs_policy_start(struct push *p, struct push_order *o, struct server_answer *a)
{
	if (push_start(p, o, a->error)) {
		return SERVER_DEFERRED;
	}
	free(o->change_arg);
	return CONTROL_CONFLICT;
}

/* ---- policy.* ---- */

static int fill_push(struct push_order *o, const struct server_request *r, struct server_answer *a)
{
	int code = verbs_policy_order(o, PUSH_PACK, r, a);

	if (code != CONTROL_OK || !take_text(r, "pack", o->path, sizeof(o->path), a) ||
		!take_flag(r, "shadow", &o->shadow, a) ||
		!take_flag(r, "allow_older", &o->allow_older, a) ||
		!take_flag(r, "merge", &o->merge, a) ||
		!take_number(r, "confirm_s", 1, PUSH_CONFIRM_S_MAX, &o->confirm_s, a)) {
		return CONTROL_USAGE;
	}
	if (o->path[0] != '/') {
		return say(a, CONTROL_USAGE, "\"pack\" is the path of a pack, from / on");
	}
	if (o->merge && (o->shadow || o->confirm_s != 0)) {
		return say(a, CONTROL_USAGE,
			"\"merge\" changes no rule: it goes with neither \"shadow\" nor \"confirm_s\"");
	}
	if (o->merge && o->note[0] == '\0') {
		(void)snprintf(o->note, sizeof(o->note), "merged");
	}
	return CONTROL_OK;
}

/* start: orders are large; push_start() copies them. */
static int start(struct push *p, struct server_request *r, struct server_answer *a,
	int (*fill)(struct push_order *o, const struct server_request *r, struct server_answer *a))
{
	struct push_order *o = calloc(1, sizeof(*o));
	int code = o != NULL ? fill(o, r, a) : say(a, CONTROL_FAILED, "out of memory");

	if (code == CONTROL_OK) {
		code = verbs_policy_start(p, o, a);
	}
	free(o);
	return code;
}

static int policy_push(struct push *p, struct server_request *r, struct server_answer *a)
{
	return start(p, r, a, fill_push);
}

static int fill_confirm(
	struct push_order *o, const struct server_request *r, struct server_answer *a)
{
	return verbs_policy_order(o, PUSH_CONFIRM, r, a);
}

static int policy_confirm(struct push *p, struct server_request *r, struct server_answer *a)
{
	return start(p, r, a, fill_confirm);
}

static int fill_rollback(
	struct push_order *o, const struct server_request *r, struct server_answer *a)
{
	int code = verbs_policy_order(o, PUSH_ROLLBACK, r, a);

	if (code != CONTROL_OK || !take_number(r, "steps", 1, STEPS_MAX, &o->steps, a) ||
		!take_number(r, "generation", 1, UINT32_MAX, &o->generation, a)) {
		return CONTROL_USAGE;
	}
	return o->steps != 0 && o->generation != 0
	               ? say(a, CONTROL_USAGE, "\"steps\" or \"generation\", not both")
	               : CONTROL_OK;
}

static int policy_rollback(struct push *p, struct server_request *r, struct server_answer *a)
{
	return start(p, r, a, fill_rollback);
}

static int fill_tag(struct push_order *o, const struct server_request *r, struct server_answer *a)
{
	int code = verbs_policy_order(o, PUSH_TAG, r, a);

	if (code != CONTROL_OK || !take_text(r, "tag", o->tag, sizeof(o->tag), a) ||
		!take_number(r, "generation", 1, UINT32_MAX, &o->generation, a)) {
		return CONTROL_USAGE;
	}
	return o->generation == 0 || !json_is_string(json_object_get(r->args, "tag"))
	               ? say(a, CONTROL_USAGE, "policy.tag wants \"generation\" and \"tag\"")
	               : CONTROL_OK;
}

static int policy_tag(struct push *p, struct server_request *r, struct server_answer *a)
{
	return start(p, r, a, fill_tag);
}

static int policy_history(struct push *p, struct server_request *r, struct server_answer *a)
{
	(void)r;
	a->result = push_history(p);
	return CONTROL_OK;
}

static int policy_show(struct push *p, struct server_request *r, struct server_answer *a)
{
	uint32_t number = push_live(p)->number;
	const struct store *store = push_store(p);
	char manifest[STORE_FILE_SIZE];
	char parts[STORE_FILE_SIZE];
	json_t *record;

	if (!take_number(r, "generation", 1, UINT32_MAX, &number, a)) {
		return CONTROL_USAGE;
	}
	record = store != NULL ? push_record(p, number) : NULL;
	if (record == NULL) {
		(void)snprintf(a->error, sizeof(a->error),
			"there is no generation %" PRIu32 " in the store", number);
		return CONTROL_INVALID;
	}
	store_path_manifest(store, number, manifest);
	store_path_parts(store, parts);
	a->result =
		json_pack("{s:o, s:s, s:s}", "record", record, "path", manifest, "parts", parts);
	return CONTROL_OK;
}

static json_t *counts_json(const struct rule_count *n)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "hits", json_value_count(n->hits),
		"shadow", json_value_count(n->shadow), "decided", json_value_count(n->decided),
		"octets", json_value_count(n->octets), "cycles", json_value_count(n->cycles),
		"last", json_value_time(n->last_us));
}

static json_t *rule_json(const struct ruleset *r, const struct rule *rule, bool whole)
{
	bool sampled = rule->state == RULE_SAMPLE;
	json_t *j = json_pack("{s:o, s:o, s:s, s:o, s:s?, s:I, s:s, s:s, s:o, s:i, s:o}", "id",
		json_value_text(rule->id), "category",
		rule->category < r->n_categories ? json_value_text(r->categories[rule->category])
						 : json_null(),
		"state", rule_state_name((enum rule_state)rule->state), "sample",
		sampled ? json_integer(rule->sample) : json_null(), "action",
		rule->action < ACTIONS ? rule_action_name((enum rule_action)rule->action) : NULL,
		"weight", (json_int_t)rule->weight, "field",
		rule_field_name((enum rule_field)rule->field), "view",
		rule_view_name((enum rule_view)rule->view), "file", json_value_text(rule->file),
		"line", rule->line, "note", json_value_text(rule->note));

	if (whole) {
		(void)json_object_set_new(j, "expression", json_value_text(rule->expression));
		(void)json_object_set_new(j, "flags", json_integer(rule->flags));
	}
	return j;
}

/* What of the rules is asked for. */
struct rule_query {
	char id[RULE_ID_SIZE];
	char state[RULE_STATE_SIZE];
	bool hit;
	uint32_t from;
	uint32_t limit;
};

static bool fits(const struct rule_query *q, const struct rule *rule, const struct rule_count *n)
{
	return (q->state[0] == '\0' ||
		       strcmp(q->state, rule_state_name((enum rule_state)rule->state)) == 0) &&
	       (!q->hit || n->hits != 0 || n->shadow != 0);
}

static void list_rules(struct push *p, const struct rule_query *q, struct server_answer *a)
{
	const struct ruleset *r = push_live(p)->ruleset;
	json_t *rows = json_array();
	uint32_t i = q->id[0] != '\0' ? ruleset_find(r, q->id) : q->from;
	uint32_t end = q->id[0] != '\0' ? i + 1 : r->n_rules;

	push_fold(p);
	for (; i < end && json_array_size(rows) < q->limit; i++) {
		struct rule_count n = push_count(p, i);

		if (fits(q, &r->rules[i], &n)) {
			json_t *row = rule_json(r, &r->rules[i], q->id[0] != '\0');
			json_t *counts = counts_json(&n);

			(void)json_object_update(row, counts);
			json_decref(counts);
			(void)json_array_append_new(rows, row);
		}
	}
	a->result = json_pack("{s:I, s:o, s:o}", "generation", (json_int_t)push_live(p)->number,
		"rules", rows, "next", i < end ? json_integer((json_int_t)i) : json_null());
}

static int rule_list(struct push *p, struct server_request *r, struct server_answer *a)
{
	struct rule_query q = { .limit = ROWS_MAX };

	if (!take_text(r, "id", q.id, sizeof(q.id), a) ||
		!take_text(r, "state", q.state, sizeof(q.state), a) ||
		!take_flag(r, "hit", &q.hit, a) ||
		!take_number(r, "from", 0, UINT32_MAX, &q.from, a) ||
		!take_number(r, "limit", 1, ROWS_MAX, &q.limit, a)) {
		return CONTROL_USAGE;
	}
	if (q.id[0] != '\0' && ruleset_find(push_live(p)->ruleset, q.id) == RULE_GONE) {
		(void)snprintf(a->error, sizeof(a->error), "there is no rule %s", q.id);
		return CONTROL_INVALID;
	}
	list_rules(p, &q, a);
	return CONTROL_OK;
}

/* What rule.state changes: the loader's once it was ordered. */
struct new_state {
	char id[RULE_ID_SIZE];
	char state[RULE_STATE_SIZE];
};

static bool change_state(void *arg, const struct store *store, const struct generation *now,
	struct pack *pack, struct diag *diag)
{
	const struct ruleset *live = now->ruleset;
	const struct new_state *s = arg;
	struct bytes section = bytes_of(NULL, 0);
	char *before = NULL;
	char *after;
	bool good;

	(void)store;
	if (ruleset_find(live, s->id) == RULE_GONE) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "there is no rule %s any more", s->id);
		return false;
	}
	if (pack_find(pack, "states", &section)) {
		before = strndup((const char *)section.data, section.len);
	}
	after = push_states_set(live, before, s->id, s->state);
	good = after != NULL && (section.len == 0 || before != NULL) &&
	       pack_replace(pack, "states", bytes_str(after));
	if (!good) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
	}
	free(before);
	free(after);
	return good;
}

static int fill_state(struct push_order *o, const struct server_request *r, struct server_answer *a)
{
	struct new_state *s = calloc(1, sizeof(*s));
	struct rule rule = { .state = 0 };
	int code = verbs_policy_order(o, PUSH_CHANGE, r, a);

	o->change = change_state;
	o->change_arg = s;
	if (s == NULL || code != CONTROL_OK || !take_text(r, "id", s->id, sizeof(s->id), a) ||
		!take_text(r, "state", s->state, sizeof(s->state), a)) {
		free(s);
		return s == NULL ? say(a, CONTROL_FAILED, "out of memory") : CONTROL_USAGE;
	}
	if (s->id[0] == '\0' || !rule_state_parse(s->state, &rule.state, &rule.sample)) {
		free(s);
		return say(a, CONTROL_USAGE,
			"rule.state wants \"id\", and \"state\": on, shadow or sample=N% with N from 1 to 99");
	}
	(void)rule_state_text(&rule, s->state);
	if (o->note[0] == '\0') {
		(void)snprintf(o->note, sizeof(o->note), "rule %s %s", s->id, s->state);
	}
	return CONTROL_OK;
}

static int rule_state(struct push *p, struct server_request *r, struct server_answer *a)
{
	const char *id = json_string_value(json_object_get(r->args, "id"));

	if (id != NULL && ruleset_find(push_live(p)->ruleset, id) == RULE_GONE) {
		(void)snprintf(a->error, sizeof(a->error), "there is no rule %.64s", id);
		return CONTROL_INVALID;
	}
	return start(p, r, a, fill_state);
}

/* ---- key.* ---- */

static int key_show(struct push *p, struct server_request *r, struct server_answer *a)
{
	(void)r;
	a->result = push_keys(p);
	return a->result != NULL ? CONTROL_OK : say(a, CONTROL_INVALID, "there is no store");
}

static int fill_rotate(
	struct push_order *o, const struct server_request *r, struct server_answer *a)
{
	return verbs_policy_order(o, PUSH_ROTATE, r, a);
}

static int key_rotate(struct push *p, struct server_request *r, struct server_answer *a)
{
	return start(p, r, a, fill_rotate);
}

const struct policy_verb policy_verbs[] = {
	{ "policy.push", SERVER_AUTHOR, true, policy_push },
	{ "policy.confirm", SERVER_OPERATOR, true, policy_confirm },
	{ "policy.rollback", SERVER_OPERATOR, true, policy_rollback },
	{ "policy.tag", SERVER_AUTHOR, true, policy_tag },
	{ "policy.history", SERVER_VIEWER, false, policy_history },
	{ "policy.show", SERVER_VIEWER, false, policy_show },
	{ "rule.list", SERVER_VIEWER, false, rule_list },
	{ "rule.state", SERVER_OPERATOR, true, rule_state },
	{ "key.show", SERVER_VIEWER, false, key_show },
	{ "key.rotate", SERVER_ADMIN, true, key_rotate },
};
const size_t policy_verbs_count = sizeof(policy_verbs) / sizeof(policy_verbs[0]);
