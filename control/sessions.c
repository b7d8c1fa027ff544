/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sessions.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/events.h"
#include "control/json_line.h"
#include "dataplane/base/clock.h"
#include "dataplane/proto/smpp_session.h"

enum { POLL_US = 200 };

static const char *const syncs[] = { [TCP_CLOSED] = "SILENT",
	[TCP_RESYNC] = "RESYNC",
	[TCP_SYNCED] = "SYNCED",
	[TCP_OPAQUE] = "OPAQUE" };
static const char *const binds[] = { [SMPP_OPEN] = "open",
	[SMPP_BINDING] = "binding",
	[SMPP_BOUND_TX] = "transmitter",
	[SMPP_BOUND_RX] = "receiver",
	[SMPP_BOUND_TRX] = "transceiver",
	[SMPP_UNBOUND] = "unbound" };
static const char *const sides[] = { [SIDE_INSIDE] = "inside", [SIDE_OUTSIDE] = "outside" };

static const char *name_of(const char *const *table, size_t n, size_t i)
{
	return i < n ? table[i] : "unknown";
}
#define NAME_OF(table, i) name_of(table, sizeof(table) / sizeof((table)[0]), i)

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)(v > INT64_MAX ? (uint64_t)INT64_MAX : v));
}

int sessions_query_read(struct sessions_query *q, const struct control_context *ctx,
	const json_t *args, char *error, size_t size)
{
	const json_t *link = json_object_get(args, "link");
	const json_t *id = json_object_get(args, "id");
	const json_t *limit = json_object_get(args, "limit");
	const struct pipeline_config *p = &ctx->config->pipeline;

	*q = (struct sessions_query){ .link = PIPELINE_ANY_LINK, .limit = SESSIONS_DEFAULT };
	if ((id != NULL && json_integer_value(id) <= 0) ||
		(limit != NULL && (json_integer_value(limit) < 1 ||
					  json_integer_value(limit) > SESSIONS_MAX))) {
		snprintf(error, size, "\"id\" is a number above 0, \"limit\" one from 1 to %d",
			SESSIONS_MAX);
		return CONTROL_USAGE;
	}
	q->id = (uint64_t)json_integer_value(id);
	q->limit = limit != NULL ? (uint32_t)json_integer_value(limit) : q->limit;
	if (link == NULL) {
		return CONTROL_OK;
	}
	for (unsigned i = 0; i < p->n_links && json_is_string(link); i++) {
		if (strcmp(p->links[i].name, json_string_value(link)) == 0) {
			q->link = (uint8_t)i;
			return CONTROL_OK;
		}
	}
	snprintf(error, size, "there is no such link");
	return CONTROL_INVALID;
}

static uint64_t monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * CLOCK_US_PER_S + (uint64_t)t.tv_nsec / 1000;
}

/* ask: one worker; NULL when it has not answered in time. */
static const struct pipeline_answer *ask(struct pipeline *p, const struct pipeline_ask *question)
{
	const struct timespec pause = { 0, POLL_US * 1000 };
	uint64_t end_us = monotonic_us() + SESSIONS_WAIT_MS * 1000;
	bool asked = pipeline_sessions_ask(p, question);

	while (monotonic_us() < end_us) {
		const struct pipeline_answer *a = asked ? pipeline_sessions_answer(p) : NULL;

		if (a != NULL) {
			return a;
		}
		nanosleep(&pause, NULL);
		/* a question of before, given up by us, may have been answered by now */
		asked = asked || pipeline_sessions_ask(p, question);
	}
	return NULL;
}

static json_t *way_json(const struct pipeline_way *w)
{
	return json_pack("{s:s, s:s?, s:I, s:I, s:I}", "state", NAME_OF(syncs, w->sync), "why",
		w->sync == TCP_OPAQUE ? stats_reason_name((enum reason)w->opaque_reason) : NULL,
		"held_frames", (json_int_t)w->held_frames, "waiting_octets",
		(json_int_t)w->waiting_octets, "journal_octets", (json_int_t)w->journal_octets);
}

/* worst: RESYNC and OPAQUE are what an operator looks for; one word for both directions. */
static const char *worst(const struct pipeline_session *s)
{
	uint8_t a = s->way[0].sync;
	uint8_t b = s->way[1].sync;

	if (a == TCP_OPAQUE || b == TCP_OPAQUE) {
		return syncs[TCP_OPAQUE];
	}
	if (a == TCP_RESYNC || b == TCP_RESYNC) {
		return syncs[TCP_RESYNC];
	}
	return syncs[a == TCP_SYNCED || b == TCP_SYNCED ? TCP_SYNCED : TCP_CLOSED];
}

/* An account is an identifier of ours or a partner's, not of a person; it may hold any octet. */
static json_t *account_json(const struct pipeline_session *s)
{
	char line[16 + 6 * EVENT_ACCOUNT_SIZE];
	struct json_line l = { .at = line, .size = sizeof(line) };
	size_t len = strnlen(s->account, sizeof(s->account));
	json_t *pair;
	json_t *text;

	if (len == 0) {
		return json_null();
	}
	json_line_open(&l, '{');
	json_line_key(&l, "a");
	json_line_string(&l, bytes_of(s->account, len), JSON_LATIN1);
	json_line_close(&l, '}');
	pair = json_loads(line, 0, NULL);
	text = json_incref(json_object_get(pair, "a"));
	json_decref(pair);
	return text;
}

static json_t *session_json(
	const struct control_context *ctx, unsigned worker, const struct pipeline_session *s)
{
	char end[2][EVENTS_ENDPOINT_SIZE];
	json_t *row;

	for (unsigned i = 0; i < 2; i++) {
		events_endpoint(s->address[i], s->port[i], end[i]);
	}
	row = json_pack("{s:o, s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s?}", "session",
		number(events_session_id(worker, s->id)), "worker", (int)worker, "link",
		s->link < ctx->config->pipeline.n_links ? ctx->config->pipeline.links[s->link].name
							: "unknown",
		"service", "smpp", "state", worst(s), "inside", end[SIDE_INSIDE], "outside",
		end[SIDE_OUTSIDE], "account", account_json(s), "bind",
		NAME_OF(binds, s->bind_state), "esme_side",
		s->esme_side < EVENT_SIDE_UNKNOWN ? sides[s->esme_side] : NULL);
	json_object_set_new(row, "age_s", number(s->age_us / CLOCK_US_PER_S));
	json_object_set_new(row, "idle_s", number(s->idle_us / CLOCK_US_PER_S));
	json_object_set_new(row, "messages", number(s->messages));
	json_object_set_new(row, "refused", number(s->refused));
	json_object_set_new(row, "answers", number(s->answers));
	json_object_set_new(row, "pending_answers", number(s->pending_answers));
	json_object_set_new(row, "from_inside", way_json(&s->way[SIDE_INSIDE]));
	json_object_set_new(row, "from_outside", way_json(&s->way[SIDE_OUTSIDE]));
	return row;
}

/* A walk over the tables of all workers. */
struct walk {
	const struct control_context *ctx;
	const struct sessions_query *query;
	json_t *rows;
	bool complete;
	bool more;
};

static void walk_worker(struct walk *w, unsigned worker)
{
	struct pipeline_ask question = { .id = events_session_local(w->query->id),
		.link = w->query->link };
	const struct pipeline_answer *a;

	do {
		size_t room = w->query->limit - json_array_size(w->rows);

		/* with the limit reached, one more tells whether there would have been others */
		question.rows_max = room == 0                      ? 1
		                    : room < PIPELINE_SESSIONS_MAX ? (uint32_t)room
		                                                   : PIPELINE_SESSIONS_MAX;
		a = ask(w->ctx->pipelines[worker], &question);
		if (a == NULL) {
			w->complete = false;
			return;
		}
		if (room == 0) {
			w->more = w->more || a->n_rows != 0;
			return;
		}
		for (uint32_t i = 0; i < a->n_rows; i++) {
			json_array_append_new(w->rows, session_json(w->ctx, worker, &a->rows[i]));
		}
		question.position = a->position;
	} while (a->more);
}

json_t *sessions_list(const struct control_context *ctx, const struct sessions_query *q)
{
	struct walk w = { ctx, q, json_array(), true, false };

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		if (q->id == 0 || events_session_worker(q->id) == i) {
			walk_worker(&w, i);
		}
	}
	return json_pack(
		"{s:o, s:b, s:b}", "sessions", w.rows, "complete", w.complete, "more", w.more);
}

json_t *sessions_census(const struct control_context *ctx)
{
	const struct pipeline_ask question = { .link = PIPELINE_ANY_LINK };
	uint64_t sessions = 0, resync = 0, opaque = 0;
	bool complete = true;

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		const struct pipeline_answer *a = ask(ctx->pipelines[i], &question);

		complete = complete && a != NULL;
		sessions += a != NULL ? a->census.sessions : 0;
		resync += a != NULL ? a->census.resync : 0;
		opaque += a != NULL ? a->census.opaque : 0;
	}
	return json_pack("{s:o, s:o, s:o, s:b}", "sessions", number(sessions), "resync",
		number(resync), "opaque", number(opaque), "complete", complete);
}
