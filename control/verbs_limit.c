/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/verbs_limit.h"

#include <stdlib.h>
#include <string.h>

#include "control/json_value.h"
#include "control/limit_figures.h"
#include "dataplane/base/clock.h"

enum { CLEAR_DIGITS = 4, LONG_DIGITS = 5 };

static int say(struct server_answer *a, int code, const char *sentence)
{
	(void)snprintf(a->error, sizeof(a->error), "%s", sentence);
	return code;
}

static json_t *generation_json(const struct control_context *ctx)
{
	return json_integer(ctx->generation != NULL ? (json_int_t)ctx->generation->number : 0);
}

static int limit_list(
	const struct control_context *ctx, const struct server_request *r, struct server_answer *a)
{
	struct limit_figures *f = calloc(1, sizeof(*f));
	json_t *limits = json_array();

	(void)r;
	if (f == NULL || !limit_figures_read(ctx, true, f)) {
		free(f);
		json_decref(limits);
		return say(a, CONTROL_FAILED, "out of memory");
	}
	for (uint32_t i = 0; i < f->n; i++) {
		json_array_append_new(limits, limit_figures_json(&f->rows[i], true));
	}
	free(f);
	a->result = json_pack("{s:o, s:o}", "generation", generation_json(ctx), "limits", limits);
	return a->result != NULL ? CONTROL_OK : say(a, CONTROL_FAILED, "out of memory");
}

/* ---- one limit ---- */

/* The limit and the keys that a request names. */
struct query {
	const struct policy *policy;
	const struct limit_rule *limit;
	const json_t *keys; /* of texts; NULL: none */
};

static bool find_limit(const struct control_context *ctx, const struct server_request *r,
	struct query *q, struct server_answer *a)
{
	const char *name = json_string_value(json_object_get(r->args, "name"));

	q->policy = ctx->generation != NULL && ctx->limits != NULL ? ctx->generation->policy : NULL;
	for (uint32_t i = 0; name != NULL && q->policy != NULL && i < q->policy->n_limits; i++) {
		if (strcmp(q->policy->limits[i].name, name) == 0) {
			q->limit = &q->policy->limits[i];
			return true;
		}
	}
	(void)snprintf(a->error, sizeof(a->error), "there is no limit %.64s",
		name != NULL ? name : "(\"name\" is missing)");
	return false;
}

/* asked_key: the i-th key; NULL where it is no text. */
static const char *asked_key(const struct query *q, size_t i)
{
	const json_t *v = json_array_get(q->keys, i);
	const char *text = json_string_value(v);

	return text != NULL && strlen(text) == json_string_length(v) ? text : NULL;
}

/* check_keys: each is a value of this limit's keys. */
static int check_keys(const struct query *q, struct server_answer *a)
{
	struct limit_key_value value;

	if (!json_is_array(q->keys) || json_array_size(q->keys) > VERBS_LIMIT_KEYS_MAX) {
		(void)snprintf(a->error, sizeof(a->error),
			"\"keys\" is an array of at most %d texts", VERBS_LIMIT_KEYS_MAX);
		return CONTROL_USAGE;
	}
	for (size_t i = 0; i < json_array_size(q->keys); i++) {
		const char *text = asked_key(q, i);

		if (text == NULL || q->limit->n_keys == 0 ||
			!limit_key_read(q->limit, text, &value)) {
			(void)snprintf(a->error, sizeof(a->error),
				"key %zu is none of limit %s, whose keys have %u value%s", i + 1,
				q->limit->name, q->limit->n_keys,
				q->limit->n_keys == 1 ? "" : "s, with commas between");
			return CONTROL_INVALID;
		}
	}
	return CONTROL_OK;
}

static int read_query(const struct control_context *ctx, const struct server_request *r,
	struct query *q, struct server_answer *a)
{
	const json_t *keys = json_object_get(r->args, "keys");

	memset(q, 0, sizeof(*q));
	if (!find_limit(ctx, r, q, a)) {
		return CONTROL_INVALID;
	}
	q->keys = json_is_null(keys) ? NULL : keys;
	return q->keys != NULL ? check_keys(q, a) : CONTROL_OK;
}

static bool has_address(const struct limit_rule *l)
{
	bool has = false;

	for (unsigned i = 0; i < l->n_keys; i++) {
		has |= l->keys[i] == LIMIT_KEY_FROM_IP;
	}
	return has;
}

/* mask: of each number the first digits only, however it is written; dots may be of an IP address. */
static void mask(const struct limit_rule *l, char *text)
{
	const char *within = has_address(l) ? "0123456789 ()-" : "0123456789 ()-.";

	for (char *at = text; *at != '\0';) {
		size_t len = strspn(at, within);
		size_t n = 0;
		size_t seen = 0;

		for (size_t i = 0; i < len; i++) {
			n += at[i] >= '0' && at[i] <= '9';
		}
		for (size_t i = 0; i < len && n >= LONG_DIGITS; i++) {
			if (at[i] >= '0' && at[i] <= '9' && ++seen > CLEAR_DIGITS) {
				at[i] = '*';
			}
		}
		at += len != 0 ? len : 1;
	}
}

static json_t *key_json(
	const struct control_context *ctx, const struct query *q, const char *text, bool clear)
{
	char shown[2 * LIMIT_KEY_SIZE];
	struct limit_fill f = { .known = false };
	struct limit_key_value value;
	json_t *j;

	if (limit_key_read(q->limit, text, &value)) {
		limits_fill(ctx->limits, q->limit, limits_key(ctx->limits, q->limit, &value),
			clock_realtime_us(), &f);
	}
	(void)snprintf(shown, sizeof(shown), "%s", text);
	if (!clear) {
		mask(q->limit, shown);
	}
	j = json_pack("{s:o, s:b, s:o, s:o, s:o, s:o}", "key", json_value_text(shown), "known",
		f.known, "used", json_value_count(f.used), "max", json_value_count(f.max),
		"per_mille", json_value_count(f.per_mille), "wait_us", json_value_count(f.wait_us));
	if (q->limit->kind == LIMIT_RATIO) {
		json_object_set_new(j, "answers", json_value_count(f.answers));
	}
	if (q->limit->kind == LIMIT_GREY) {
		json_object_set_new(j, "admitted", json_boolean(f.admitted));
	}
	return j;
}

/* asked_json: the keys that were asked for; of a limit without keys, its only cell. */
static json_t *asked_json(const struct control_context *ctx, const struct query *q)
{
	json_t *keys = json_array();

	if (q->limit->n_keys == 0) {
		json_array_append_new(keys, key_json(ctx, q, "", true));
	}
	for (size_t i = 0; i < json_array_size(q->keys); i++) {
		json_array_append_new(keys, key_json(ctx, q, asked_key(q, i), true));
	}
	return keys;
}

static json_t *named_json(const struct control_context *ctx, const struct query *q, bool clear)
{
	json_t *named = json_array();

	for (unsigned i = 0; i < q->limit->n_named; i++) {
		json_array_append_new(named,
			key_json(ctx, q, q->policy->limit_named[q->limit->named + i].text, clear));
	}
	return named;
}

/* limit_json: its row, and what rows leave out. */
static json_t *limit_json(const struct limit_figures *f, const struct query *q)
{
	const struct limit_rule *l = q->limit;
	json_t *j = limit_figures_json(&f->rows[l - q->policy->limits], true);

	json_object_set_new(j, "count", json_string(limit_count_name((enum limit_count)l->count)));
	json_object_set_new(j, "status", l->status != 0 ? json_integer(l->status) : json_null());
	json_object_set_new(j, "line", json_integer(l->line));
	json_object_set_new(j, "note", l->note[0] != '\0' ? json_value_text(l->note) : json_null());
	return j;
}

static int limit_show(
	const struct control_context *ctx, const struct server_request *r, struct server_answer *a)
{
	struct limit_figures *f;
	bool clear = r->role >= SERVER_OPERATOR;
	struct query q;
	int code = read_query(ctx, r, &q, a);

	if (code != CONTROL_OK) {
		return code;
	}
	if (!clear && json_array_size(q.keys) != 0) {
		return say(a, CONTROL_NOT_PERMITTED,
			"how full a key is tells what a subscriber does: that is for operators "
			"(control.operators)");
	}
	f = calloc(1, sizeof(*f));
	if (f == NULL || !limit_figures_read(ctx, true, f)) {
		free(f);
		return say(a, CONTROL_FAILED, "out of memory");
	}
	a->result = json_pack("{s:o, s:o, s:o, s:o}", "generation", generation_json(ctx), "limit",
		limit_json(f, &q), "keys", asked_json(ctx, &q), "named",
		named_json(ctx, &q, clear));
	free(f);
	return a->result != NULL ? CONTROL_OK : say(a, CONTROL_FAILED, "out of memory");
}

static int limit_reset(
	const struct control_context *ctx, const struct server_request *r, struct server_answer *a)
{
	uint64_t now_us = clock_realtime_us();
	struct query q;
	int code = read_query(ctx, r, &q, a);
	uint64_t n = 0;

	if (code != CONTROL_OK) {
		return code;
	}
	for (size_t i = 0; i < json_array_size(q.keys); i++) {
		struct limit_key_value value;

		if (limit_key_read(q.limit, asked_key(&q, i), &value)) {
			n += limits_reset_key(ctx->limits, q.limit,
				limits_key(ctx->limits, q.limit, &value), now_us);
		}
	}
	if (q.keys == NULL) {
		n = limits_reset(ctx->limits, q.limit->name, now_us);
	}
	a->result = json_pack("{s:s, s:o}", "name", q.limit->name, "reset", json_value_count(n));
	return a->result != NULL ? CONTROL_OK : say(a, CONTROL_FAILED, "out of memory");
}

const struct limit_verb limit_verbs[] = {
	{ "limit.list", SERVER_VIEWER, false, limit_list },
	{ "limit.show", SERVER_VIEWER, false, limit_show },
	{ "limit.reset", SERVER_OPERATOR, true, limit_reset },
};
const size_t limit_verbs_count = sizeof(limit_verbs) / sizeof(limit_verbs[0]);
