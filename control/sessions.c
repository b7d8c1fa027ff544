/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sessions.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/events.h"
#include "control/session_json.h"
#include "dataplane/base/clock.h"

enum { POLL_US = 200 };

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
			json_array_append_new(
				w->rows, session_json(w->ctx->config, worker, &a->rows[i]));
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

/* add: the figures of one worker. */
static void add(struct pipeline_census *sum, const struct pipeline_census *c)
{
	sum->sessions += c->sessions;
	sum->resync += c->resync;
	sum->opaque += c->opaque;
	sum->associations += c->associations;
	sum->half += c->half;
	sum->joined += c->joined;
	for (unsigned i = 0; i < PIPELINE_ASP_STATES; i++) {
		sum->m3ua[i] += c->m3ua[i];
	}
}

json_t *sessions_census(const struct control_context *ctx)
{
	const struct pipeline_ask question = { .link = PIPELINE_ANY_LINK };
	struct pipeline_census sum = { 0 };
	bool complete = true;

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		const struct pipeline_answer *a = ask(ctx->pipelines[i], &question);

		complete = complete && a != NULL;
		if (a != NULL) {
			add(&sum, &a->census);
		}
	}
	return session_census_json(&sum, complete);
}
