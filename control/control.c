/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "control/audit_call.h"
#include "control/event_sink.h"
#include "control/events.h"
#include "control/limit_state.h"
#include "control/metrics_http.h"
#include "control/push.h"
#include "control/quarantine.h"
#include "control/report.h"
#include "control/server.h"
#include "control/sessions.h"
#include "control/verbs_audit.h"
#include "control/verbs_limit.h"
#include "control/verbs_list.h"
#include "control/verbs_policy.h"
#include "control/version.h"
#include "control/watch.h"
#include "dataplane/base/clock.h"

enum {
	ROUND_MS = 10,
	SOON_MS = 1,            /* while a push is under way */
	RECORDS_A_ROUND = 4096, /* of one ring, so that the socket is served in between */
	STOP_MS = 2000,         /* workers have this long to end after a signal */
};

struct control {
	struct control_context *ctx;
	struct event_base *base; /* live */
	struct server *server;   /* live; NULL where it could not be opened */
	struct roles roles;
	struct audit *audit; /* live */
	struct verbs_audit *verbs_audit;
	struct metrics_http *metrics; /* live; NULL: none are asked for, or none could be opened */
	struct event_sink sink;
	struct limit_keeper *limit_keeper; /* NULL: counts of limits are not kept over a restart */
	struct quarantine quarantine;
	struct push *push;
	struct event *soon;   /* live: a round before its time */
	char policy_name[32]; /* of what was pushed */
	struct events_names names;
	uint8_t key[EVENTS_KEY_LEN];
	uint8_t *text;
	char *line;
	uint64_t next_event_id; /* of events that control itself makes */
	struct watch watch;
};

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* name_rules: indices of rules are those of the generation that judged. */
static void name_rules(struct control *c, const struct event *e)
{
	c->names.ruleset = e->type == EVENT_MESSAGE && c->push != NULL
	                           ? push_ruleset(c->push, e->u.message.generation)
	                           : NULL;
}

static void put_event(struct control *c, const struct event *e, struct bytes text)
{
	size_t len;

	name_rules(c, e);
	len = events_format(&c->names, c->key, e, text, c->line, EVENTS_LINE_SIZE);
	event_sink_put(&c->sink, c->line, len);
	if (c->server != NULL) {
		server_broadcast(c->server, c->line, len);
	}
}

/* put_own: an event that control itself makes. */
static void put_own(void *arg, struct event *e)
{
	struct control *c = arg;

	e->worker = WORKERS_MAX;
	e->id = ++c->next_event_id;
	e->time_us = clock_realtime_us();
	metrics_see_event(c->ctx, e);
	put_event(c, e, bytes_of(NULL, 0));
}

static void put_panic_event(struct control *c, unsigned link, bool on)
{
	struct event e = {
		.type = EVENT_LINK, .link = (uint8_t)link, .u.link_change.what = on ? 2 : 3
	};

	put_own(c, &e);
}

/* keep: what is to be kept of one worker, at most `most` messages; returns how many there were. */
static unsigned keep(struct control *c, struct pipeline *p, unsigned most, uint64_t now_ms)
{
	struct event_ring *ring = pipeline_quarantine(p);
	struct event e;
	unsigned n = 0;

	while (ring != NULL && n < most && event_ring_take(ring, &e, c->text, LIMIT_TEXT_LEN)) {
		name_rules(c, &e);
		quarantine_put(
			&c->quarantine, &c->names, &e, bytes_of(c->text, e.tail_len), now_ms);
		n++;
	}
	return n;
}

/* drain: takes at most `most` records of each ring; returns how many there were. */
static unsigned drain(struct control *c, unsigned most)
{
	unsigned total = 0;

	for (unsigned i = 0; i < c->ctx->n_pipelines; i++) {
		struct event_ring *ring = pipeline_events(c->ctx->pipelines[i]);
		struct event e;

		for (unsigned n = 0; n < most && event_ring_take(ring, &e, c->text, LIMIT_TEXT_LEN);
			n++) {
			put_event(c, &e, bytes_of(c->text, e.tail_len));
			total++;
		}
		total += keep(c, c->ctx->pipelines[i], most, monotonic_ms());
	}
	return total;
}

static int say(struct server_answer *a, int code, const char *sentence)
{
	snprintf(a->error, sizeof(a->error), "%s", sentence);
	return code;
}

static int verb_ping(struct control *c, struct server_request *r, struct server_answer *a)
{
	(void)c;
	(void)r;
	a->result = json_pack("{s:s, s:s}", "pong", "smswalld", "version", SMSWALL_VERSION);
	return CONTROL_OK;
}

static int verb_version(struct control *c, struct server_request *r, struct server_answer *a)
{
	(void)c;
	(void)r;
	a->result = json_pack("{s:s, s:i, s:i, s:i}", "version", SMSWALL_VERSION, "protocol",
		SERVER_PROTOCOL_VERSION, "events_schema_version", EVENTS_SCHEMA_VERSION,
		"report_schema_version", REPORT_SCHEMA_VERSION);
	return CONTROL_OK;
}

/* verb_status: the report, and how many sessions there are in which state. */
static int verb_status(struct control *c, struct server_request *r, struct server_answer *a)
{
	a->result = report_make(c->ctx, json_is_true(json_object_get(r->args, "all_rules")));
	if (a->result == NULL) {
		return say(a, CONTROL_FAILED, "out of memory");
	}
	json_object_set_new(a->result, "sessions", sessions_census(c->ctx));
	return CONTROL_OK;
}

static int verb_sessions(struct control *c, struct server_request *r, struct server_answer *a)
{
	struct sessions_query query;
	int code = sessions_query_read(&query, c->ctx, r->args, a->error, sizeof(a->error));

	if (code == CONTROL_OK) {
		a->result = sessions_list(c->ctx, &query);
	}
	return code;
}

static int verb_report(struct control *c, struct server_request *r, struct server_answer *a)
{
	a->result = report_make(c->ctx, json_is_true(json_object_get(r->args, "all_rules")));
	return a->result != NULL ? CONTROL_OK : say(a, CONTROL_FAILED, "out of memory");
}

static int verb_follow(struct control *c, struct server_request *r, struct server_answer *a)
{
	/* what the lines say may be more than the socket's group is meant to know (design.md law 8) */
	if (r->role != SERVER_ADMIN && (c->ctx->config->pipeline.event_text ||
					       c->ctx->config->events_numbers == NUMBERS_CLEAR)) {
		return say(a, CONTROL_NOT_PERMITTED,
			"events carry texts or numbers: only root and the daemon's user may follow them");
	}
	r->follow = true;
	a->result = json_pack("{s:b}", "following", true);
	return CONTROL_OK;
}

static json_t *panic_json(const struct config *config, uint64_t links)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < config->pipeline.n_links; i++) {
		if ((links & (UINT64_C(1) << i)) != 0) {
			json_array_append_new(names, json_string(config->pipeline.links[i].name));
		}
	}
	return json_pack("{s:o}", "panic", names);
}

static int set_panic(struct control *c, uint64_t which, bool on, struct server_answer *a)
{
	const struct config *config = c->ctx->config;
	/* relaxed: only this thread writes it; workers need no more than to see it soon */
	uint64_t before = atomic_load_explicit(c->ctx->panic_links, memory_order_relaxed);
	uint64_t after = on ? before | which : before & ~which;
	int rc;

	atomic_store_explicit(c->ctx->panic_links, after, memory_order_relaxed);
	for (unsigned i = 0; i < config->pipeline.n_links; i++) {
		if (((before ^ after) & (UINT64_C(1) << i)) != 0) {
			put_panic_event(c, i, on);
		}
	}
	rc = control_panic_save(config, after);
	if (rc != 0) {
		snprintf(a->error, sizeof(a->error),
			"panic is %s now, but a restart will not know it: %.200s: %s",
			on ? "on" : "off", config->state_dir, strerror(-rc));
		return CONTROL_PARTIAL;
	}
	a->result = panic_json(config, after);
	return CONTROL_OK;
}

static int verb_panic(struct control *c, struct server_request *r, struct server_answer *a)
{
	const char *state = json_string_value(json_object_get(r->args, "state"));
	const json_t *link = json_object_get(r->args, "link");
	uint64_t which = control_panic_all(c->ctx->config);

	if (state == NULL || (strcmp(state, "on") != 0 && strcmp(state, "off") != 0)) {
		return say(a, CONTROL_USAGE,
			"panic wants \"state\":\"on\" or \"off\", and may name a \"link\"");
	}
	if (link != NULL && !json_is_null(link)) {
		const char *name = json_string_value(link);

		which = name != NULL ? control_panic_link(c->ctx->config, name) : 0;
	}
	if (which == 0) {
		return say(a, CONTROL_INVALID, "there is no such link");
	}
	return set_panic(c, which, strcmp(state, "on") == 0, a);
}

static int verb_audit_show(struct control *c, struct server_request *r, struct server_answer *a)
{
	return verbs_audit_show(c->verbs_audit, r, a);
}

static int verb_audit_verify(struct control *c, struct server_request *r, struct server_answer *a)
{
	return verbs_audit_verify(c->verbs_audit, c->server, r, a);
}

static const struct verb {
	const char *name;
	enum server_role role; /* at least */
	bool changes;          /* audited, also where it is refused */
	int (*run)(struct control *c, struct server_request *r, struct server_answer *a);
} verbs[] = {
	{ "ping", SERVER_VIEWER, false, verb_ping },
	{ "version", SERVER_VIEWER, false, verb_version },
	{ "status", SERVER_VIEWER, false, verb_status },
	{ "sessions", SERVER_VIEWER, false, verb_sessions },
	{ "counters", SERVER_VIEWER, false, verb_report },
	{ "events.follow", SERVER_VIEWER, false, verb_follow },
	{ "panic", SERVER_OPERATOR, true, verb_panic },
	{ "audit.show", SERVER_ADMIN, false, verb_audit_show },
	{ "audit.verify", SERVER_ADMIN, false, verb_audit_verify },
};

/* live: what the audit log says is live. */
static struct audit_generation live(const struct control *c)
{
	struct audit_generation g = { .number = 0 };

	if (c->push != NULL && push_hash(c->push)[0] != '\0') {
		g.number = c->ctx->generation->number;
		snprintf(g.hash, sizeof(g.hash), "%s", push_hash(c->push));
	} else if (c->ctx->generation != NULL) {
		g.number = c->ctx->generation->number;
		sodium_bin2hex(g.hash, sizeof(g.hash), c->ctx->generation->ruleset->hash,
			sizeof(c->ctx->generation->ruleset->hash));
	}
	return g;
}

static int not_permitted(
	const struct verb *v, const struct server_request *r, struct server_answer *a)
{
	snprintf(a->error, sizeof(a->error),
		"%s is for role %s and above; yours is %s (control.%ss of smswall.conf)", v->name,
		roles_name(v->role), roles_name(r->role), roles_name(v->role));
	return CONTROL_NOT_PERMITTED;
}

/* permit: CONTROL_OK: the verb may run. */
static int permit(
	struct control *c, const struct verb *v, struct server_request *r, struct server_answer *a)
{
	const struct audit_generation now = live(c);

	if (v->changes && !audit_call_begin(r, &now)) {
		return say(a, CONTROL_FAILED, "out of memory");
	}
	if (r->role < v->role) {
		return not_permitted(v, r, a);
	}
	/* what nobody could be held to is not done; but panic is there for when all else fails */
	if (v->changes && v->run != verb_panic) {
		int rc = c->audit != NULL ? audit_ready(c->audit) : -ENOMEM;

		if (rc != 0) {
			snprintf(a->error, sizeof(a->error), "the audit log cannot be written: %s",
				strerror(-rc));
			return CONTROL_FAILED;
		}
	}
	return CONTROL_OK;
}

static int handle_policy(struct control *c, const struct policy_verb *p, struct server_request *r,
	struct server_answer *a)
{
	const struct verb v = { p->name, p->role, p->changes, NULL };
	int code = permit(c, &v, r, a);

	if (code == CONTROL_OK) {
		code = p->run(c->push, r, a);
	}
	if (code == SERVER_DEFERRED) {
		/* not in ten milliseconds: now */
		event_active(c->soon, EV_TIMEOUT, 0);
	}
	return code;
}

static int handle(void *arg, struct server_request *r, struct server_answer *a)
{
	struct control *c = arg;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, r->verb) == 0) {
			int code = permit(c, &verbs[i], r, a);

			return code == CONTROL_OK ? verbs[i].run(c, r, a) : code;
		}
	}
	for (size_t i = 0; c->push != NULL && i < policy_verbs_count; i++) {
		if (strcmp(policy_verbs[i].name, r->verb) == 0) {
			return handle_policy(c, &policy_verbs[i], r, a);
		}
	}
	for (size_t i = 0; c->push != NULL && i < list_verbs_count; i++) {
		if (strcmp(list_verbs[i].name, r->verb) == 0) {
			return handle_policy(c, &list_verbs[i], r, a);
		}
	}
	for (size_t i = 0; i < limit_verbs_count; i++) {
		const struct limit_verb *l = &limit_verbs[i];
		const struct verb v = { l->name, l->role, l->changes, NULL };

		if (strcmp(l->name, r->verb) == 0) {
			int code = permit(c, &v, r, a);

			return code == CONTROL_OK ? l->run(c->ctx, r, a) : code;
		}
	}
	snprintf(a->error, sizeof(a->error), "no verb %.64s", r->verb);
	return CONTROL_USAGE;
}

/* on_done: an answer is about to leave: the audit log first. */
static int on_done(void *arg, struct server_request *r, int code, struct server_answer *a)
{
	struct control *c = arg;
	const struct audit_generation now = live(c);

	return audit_call_end(c->audit, r, code, a, &now);
}

/* go_on: what pushes have under way: looked at again in a millisecond where it waits for something. */
static void go_on(struct control *c)
{
	const struct timeval soon = { 0, SOON_MS * 1000 };

	if (c->push != NULL && push_round(c->push, clock_realtime_us())) {
		event_add(c->soon, &soon);
	}
}

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	(void)drain(c, RECORDS_A_ROUND);
	go_on(c);
}

static void push_replies(void *arg, uint64_t ticket, int code, json_t *result, const char *sentence)
{
	struct control *c = arg;
	struct server_answer a = { .result = result };

	snprintf(a.error, sizeof(a.error), "%s", sentence);
	if (c->server == NULL || !server_reply(c->server, ticket, code, &a)) {
		json_decref(result);
	}
}

static void push_goes_live(void *arg, struct generation *g, const char *hash)
{
	struct control *c = arg;

	(void)hash;
	limit_state_pushed(c->ctx->limits, c->ctx->generation, g);
	c->ctx->generation = g;
	c->ctx->judges_since_us = clock_realtime_us();
	snprintf(c->policy_name, sizeof(c->policy_name), "generation %u", g->number);
	c->ctx->policy_name = c->policy_name;
}

/* open_push: what is live is push's from here on. False: no memory. */
static bool open_push(struct control *c)
{
	struct push_doors doors = { .gate = c->ctx->gate,
		.pipelines = c->ctx->pipelines,
		.n_workers = c->ctx->n_pipelines,
		.guard = &c->ctx->config->guard,
		.reply = push_replies,
		.event = put_own,
		.live = push_goes_live,
		.arg = c };
	struct push_made made = { .generation = c->ctx->generation };
	struct push_loader *loader;

	if (c->ctx->generation == NULL) {
		return true;
	}
	loader = c->ctx->shop != NULL ? push_loader_start(c->ctx->shop) : NULL;

	memcpy(doors.runs, c->ctx->runs, sizeof(doors.runs));
	if (c->ctx->shop != NULL && loader == NULL) {
		return false;
	}
	c->push = push_create(&doors, loader, c->ctx->first != NULL ? c->ctx->first : &made);
	if (c->push == NULL && loader != NULL) {
		push_loader_stop(loader);
		push_loader_free(loader);
	}
	c->ctx->push = c->push;
	return c->push != NULL;
}

void control_close(struct control_context *ctx)
{
	push_destroy(ctx->push);
	ctx->push = NULL;
}

static void on_round(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	uint64_t now_ms = monotonic_ms();

	(void)fd;
	(void)what;
	(void)drain(c, RECORDS_A_ROUND);
	go_on(c);
	if (watch_round(&c->watch, now_ms)) {
		event_sink_flush(&c->sink, now_ms);
		watch_abort(&c->watch);
	}
	event_sink_flush(&c->sink, now_ms);
	quarantine_flush(&c->quarantine, clock_realtime_us(), now_ms);
	if (c->ctx->telemetry != NULL) {
		c->ctx->telemetry(metrics_tell_rules, c->ctx);
	}
	if (*c->ctx->stop) {
		event_base_loopbreak(c->base);
	}
}

static void warn(struct diag *diag, const char *consequence)
{
	diag_print(diag, stderr);
	fprintf(stderr, "smswalld: %s\n", consequence);
	diag_clear(diag);
}

/* open_key: pseudonyms need one; without it, one of this run alone. */
static int open_key(struct control *c, struct diag *diag)
{
	const struct config *config = c->ctx->config;
	char path[512];

	if (config->events_numbers != NUMBERS_PSEUDONYM) {
		return 0;
	}
	events_key_path(config, path, sizeof(path));
	if (!config->pipeline.replay && mkdir(config->state_dir, 0750) != 0 && errno != EEXIST) {
		diag_add(diag, DIAG_WARNING, config->state_dir, 0, 0, "%s", strerror(errno));
	}
	if (events_key_load(path, config->pipeline.replay, c->key, diag) == 0) {
		return 0;
	}
	warn(diag, "pseudonyms of this run are made with a key that is not kept");
	return events_key_random(c->key);
}

/* warn_sink: at start, while somebody still looks. */
static void warn_sink(const struct control *c)
{
	if (c->sink.state == SINK_CANNOT_OPEN) {
		fprintf(stderr,
			"smswalld: %s: events cannot be written: %s; trying again every %d s\n",
			c->sink.path, strerror(c->sink.error), EVENT_SINK_RETRY_MS / 1000);
	}
}

/* open_audit: the log, and as its first record of this run, what is live. */
static void open_audit(struct control *c, struct diag *diag)
{
	struct audit_record start = { .verb = "daemon.start", .role = SERVER_ADMIN };
	int rc;

	c->audit = audit_open(c->ctx->config->state_dir, diag);
	start.before = start.after = live(c);
	start.args = json_pack("{s:s}", "version", SMSWALL_VERSION);
	rc = c->audit != NULL ? audit_put(c->audit, &start) : -ENOMEM;
	json_decref((json_t *)(uintptr_t)start.args);
	if (rc != 0) {
		warn(diag, "without an audit log nothing but panic can be changed");
	} else if (diag->n_warnings != 0) {
		diag_print(diag, stderr);
		diag_clear(diag);
	}
}

/*
 * open_server: forwarding does not depend on being spoken to: without a socket the filter runs all
 * the same. But where another daemon is spoken to, this one was started by mistake: false.
 */
static bool open_server(struct control *c, struct diag *diag)
{
	const struct server_options options = {
		.path = c->ctx->config->socket_path,
		.handler = handle,
		.done = on_done,
		.arg = c,
		.roles = &c->roles,
	};

	roles_from_config(&c->roles, c->ctx->config);
	c->verbs_audit = verbs_audit_new(c->base, c->ctx->config->state_dir);
	c->server = c->verbs_audit != NULL ? server_open(c->base, &options, diag) : NULL;
	if (c->server == NULL && server_is_served(options.path)) {
		warn(diag, "that daemon goes on, this one ends");
		return false;
	}
	if (c->server == NULL) {
		warn(diag, "going on without a control socket");
	}
	open_audit(c, diag);
	return true;
}

/* start_limits: from now on their counts are kept; that those of before are lost is told. */
static void start_limits(struct control *c, struct diag *diag)
{
	struct event e = { .type = EVENT_POLICY };
	const struct generation *g = c->ctx->generation;

	c->limit_keeper = limit_keeper_start(c->ctx->config, c->ctx->limits, diag);
	c->ctx->limit_keeper = c->limit_keeper;
	if (diag->n_warnings != 0) {
		warn(diag, "a restart will count from nothing");
	}
	if (c->ctx->limits_lost && g != NULL) {
		e.u.policy_change = (struct event_policy){ .change = POLICY_LIMITS_LOST,
			.generation = g->number,
			.live = g->number,
			.n_rules = g->ruleset->n_rules };
		put_own(c, &e);
	}
}

static int run_live(struct control *c, struct diag *diag)
{
	const struct timeval round = { 0, ROUND_MS * 1000 };
	struct event *timer;

	c->base = event_base_new();
	timer = c->base != NULL ? event_new(c->base, -1, EV_PERSIST, on_round, c) : NULL;
	c->soon = c->base != NULL ? event_new(c->base, -1, 0, on_soon, c) : NULL;
	if (timer == NULL || c->soon == NULL || event_add(timer, &round) != 0) {
		fprintf(stderr, "smswalld: libevent cannot start\n");
		return CONTROL_FAILED;
	}
	if (!open_server(c, diag)) {
		event_free(timer);
		return CONTROL_FAILED;
	}
	warn_sink(c);
	watch_init(&c->watch, c->ctx, put_own, c, monotonic_ms());
	c->ctx->watch = &c->watch;
	c->metrics = metrics_http_open(c->base, c->ctx, diag);
	if (diag->n_errors != 0) {
		warn(diag, "going on without all metrics");
	}
	if (c->push != NULL) {
		push_started(c->push, c->ctx->fallback);
	}
	start_limits(c, diag);
	event_base_dispatch(c->base);
	metrics_http_close(c->metrics);
	watch_end(&c->watch);
	event_free(timer);
	return CONTROL_OK;
}

/* run_replay: workers wait for room in their rings, so nothing is lost, whatever the disk does. */
static int run_replay(struct control *c)
{
	const struct timespec pause = { 0, 1000000 };
	bool done = false;

	while (!done) {
		/* acquire: pairs with the worker's last decrement: its records are in the ring by then */
		done = atomic_load_explicit(c->ctx->workers_running, memory_order_acquire) == 0;
		if (drain(c, RECORDS_A_ROUND) != 0) {
			done = false;
		} else if (!done) {
			nanosleep(&pause, NULL);
		}
		event_sink_flush(&c->sink, monotonic_ms());
		quarantine_flush(&c->quarantine, 0, monotonic_ms());
	}
	return CONTROL_OK;
}

static int write_report(const struct control_context *ctx)
{
	json_t *report = control_report(ctx);
	int rc = report != NULL ? json_dump_file(report, ctx->report_path, JSON_INDENT(2)) : -1;

	json_decref(report);
	if (rc != 0) {
		fprintf(stderr, "smswalld: %s: the report cannot be written\n", ctx->report_path);
		return CONTROL_FAILED;
	}
	return CONTROL_OK;
}

/* drain_last: the workers have stopped or are about to: what they still have to tell. */
static void drain_last(struct control *c)
{
	const struct timespec pause = { 0, 1000000 };
	uint64_t give_up_ms = monotonic_ms() + STOP_MS;
	bool done = false;

	while (!done && monotonic_ms() < give_up_ms) {
		/* acquire: pairs with the worker's last decrement: its records are in the ring by then */
		done = c->ctx->workers_running == NULL ||
		       atomic_load_explicit(c->ctx->workers_running, memory_order_acquire) == 0;
		if (drain(c, RECORDS_A_ROUND) != 0) {
			done = false;
		} else if (!done) {
			nanosleep(&pause, NULL);
		}
	}
}

/* finish: the last events, the file, the report. */
static int finish(struct control *c, int code)
{
	if (code == CONTROL_OK) {
		drain_last(c);
	}
	c->ctx->limit_keeper = NULL;
	(void)limit_keeper_stop(c->limit_keeper); /* it says itself what it could not write */
	if (!event_sink_close(&c->sink)) {
		fprintf(stderr, "smswalld: %s: %llu event lines lost: %s%s%s\n", c->sink.path,
			(unsigned long long)c->sink.n_lost, event_sink_state_name(c->sink.state),
			c->sink.error != 0 ? ": " : "",
			c->sink.error != 0 ? strerror(c->sink.error) : "");
		/* a replay without its events is no replay */
		code = c->ctx->config->pipeline.replay ? CONTROL_FAILED : code;
	}
	if (!quarantine_close(&c->quarantine)) {
		fprintf(stderr, "smswalld: %s: quarantine: %llu messages were not kept\n",
			c->ctx->config->quarantine_path, (unsigned long long)c->quarantine.n_lost);
		code = c->ctx->config->pipeline.replay ? CONTROL_FAILED : code;
	}
	if (code == CONTROL_OK && c->ctx->report_path != NULL) {
		code = write_report(c->ctx);
	}
	if (!c->ctx->config->pipeline.replay) {
		report_print_summary(c->ctx, stderr);
	}
	return code;
}

int control_run(struct control_context *ctx)
{
	struct control *c = calloc(1, sizeof(*c));
	struct diag *diag = calloc(1, sizeof(*diag));
	int code = CONTROL_FAILED;

	if (c != NULL && diag != NULL) {
		*c = (struct control){ .ctx = ctx };
		c->names = (struct events_names){ ctx->config, NULL };
		c->text = malloc(LIMIT_TEXT_LEN);
		c->line = malloc(EVENTS_LINE_SIZE);
		if (c->text != NULL && c->line != NULL && open_push(c) &&
			event_sink_open(&c->sink, ctx->config->events_file) &&
			quarantine_open(&c->quarantine, ctx->config, monotonic_ms())) {
			ctx->event_sink = &c->sink;
			ctx->quarantine = &c->quarantine;
			code = open_key(c, diag);
			if (code == CONTROL_OK) {
				code = ctx->config->pipeline.replay ? run_replay(c)
				                                    : run_live(c, diag);
			}
			code = finish(c, code);
			ctx->event_sink = NULL;
			ctx->quarantine = NULL;
			ctx->watch = NULL;
		}
		verbs_audit_free(c->verbs_audit);
		server_close(c->server); /* calls on_done() */
		audit_close(c->audit);
		if (c->soon != NULL) {
			event_free(c->soon);
		}
		if (c->base != NULL) {
			event_base_free(c->base);
		}
		if (ctx->shop == NULL) {
			control_close(ctx); /* what was live is the caller's */
		}
		ctx->policy_name = NULL;
		free(c->text);
		free(c->line);
		diag_clear(diag);
	} else {
		fprintf(stderr, "smswalld: no memory for the control thread\n");
	}
	free(c);
	free(diag);
	return code;
}
