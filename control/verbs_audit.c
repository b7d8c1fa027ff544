/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/verbs_audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "control/audit.h"
#include "control/code.h"

enum { SHOW_DEFAULT = 20, SHOW_MAX = 10000, SLICE = 1 << 20, PAUSE_US = 2000 };

struct verbs_audit {
	const char *folder;
	struct event *timer;
	struct audit_walk *walk; /* NULL: no verification is under way */
	struct audit_report report;
	struct server *server;
	uint64_t ticket;
};

static int say(struct server_answer *a, int code, const char *sentence)
{
	snprintf(a->error, sizeof(a->error), "%s", sentence);
	return code;
}

static json_t *report_json(const struct audit_report *r)
{
	char place[sizeof(r->file) + 24];
	const char *none = NULL;

	snprintf(place, sizeof(place), "%s:%" PRIu64, r->file, r->line);
	return json_pack("{s:b, s:I, s:I, s:I, s:s, s:o, s:s?, s:s?, s:I, s:s?}", "ok", r->ok,
		"records", (json_int_t)r->n_records, "first", (json_int_t)r->first, "last",
		(json_int_t)r->last, "head", r->head, "wanted_record",
		r->wanted_record != 0 ? json_integer((json_int_t)r->wanted_record) : json_null(),
		"broken_at", r->ok ? none : place, "file", r->ok ? none : r->file, "line",
		(json_int_t)r->line, "why", r->ok ? none : r->why);
}

static void on_slice(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval pause = { 0, PAUSE_US };
	struct verbs_audit *v = arg;
	struct server_answer a = { .result = NULL };

	(void)fd;
	(void)what;
	if (audit_walk_step(v->walk, SLICE)) {
		event_add(v->timer, &pause);
		return;
	}
	audit_walk_close(v->walk);
	v->walk = NULL;
	a.result = report_json(&v->report);
	server_reply(v->server, v->ticket, CONTROL_OK, &a);
}

struct verbs_audit *verbs_audit_new(struct event_base *base, const char *folder)
{
	struct verbs_audit *v = calloc(1, sizeof(*v));

	if (v == NULL) {
		return NULL;
	}
	v->folder = folder;
	v->timer = event_new(base, -1, 0, on_slice, v);
	if (v->timer == NULL) {
		free(v);
		return NULL;
	}
	return v;
}

void verbs_audit_free(struct verbs_audit *v)
{
	if (v == NULL) {
		return;
	}
	event_free(v->timer);
	audit_walk_close(v->walk);
	free(v);
}

int verbs_audit_show(struct verbs_audit *v, struct server_request *r, struct server_answer *answer)
{
	const json_t *limit = json_object_get(r->args, "limit");
	json_int_t n = limit != NULL ? json_integer_value(limit) : SHOW_DEFAULT;

	if (n < 1 || n > SHOW_MAX) {
		return say(answer, CONTROL_USAGE, "\"limit\" is a number, 1 to 10000");
	}
	answer->result = json_pack("{s:o}", "records", audit_tail(v->folder, (unsigned)n));
	return answer->result != NULL ? CONTROL_OK : say(answer, CONTROL_FAILED, "out of memory");
}

int verbs_audit_verify(struct verbs_audit *v, struct server *s, struct server_request *r,
	struct server_answer *answer)
{
	const json_t *head = json_object_get(r->args, "head");
	const char *wanted = json_string_value(head);
	const struct timeval now = { 0, 0 };

	if (head != NULL && !json_is_null(head) &&
		(wanted == NULL || strlen(wanted) != AUDIT_HASH_SIZE - 1)) {
		return say(answer, CONTROL_USAGE, "\"head\" is a record's hash, 64 hex digits");
	}
	if (v->walk != NULL) {
		return say(answer, CONTROL_CONFLICT, "a verification is under way");
	}
	v->walk = audit_walk_open(v->folder, wanted, &v->report);
	if (v->walk == NULL) {
		return say(answer, CONTROL_FAILED, v->report.why);
	}
	v->server = s;
	v->ticket = r->ticket;
	event_add(v->timer, &now);
	return SERVER_DEFERRED;
}
