/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl session list, session show, link show: what a running daemon tells of its connections. */
#include <stdlib.h>
#include <string.h>

#include "control/ctl_client.h"
#include "control/summary.h"

enum { LIST_MAX = 10000, LIST_DEFAULT = 100 };

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s != NULL ? s : "-";
}

/* partial: a worker that did not answer in time is missing from what was shown. */
static int partial(struct ctl_call *call, const json_t *result)
{
	if (json_is_false(json_object_get(result, "complete"))) {
		return ctl_error(call, CONTROL_PARTIAL,
			"a worker did not answer in time: its sessions are missing here");
	}
	return 0;
}

static bool is_sctp(const json_t *s)
{
	return strcmp(text_of(s, "transport"), "sctp") == 0;
}

/* end_of: "192.0.2.1:2905", and how many addresses it has more. */
static const char *end_of(const json_t *s, const char *side, char *out, size_t size)
{
	char name[32];
	size_t n;

	(void)snprintf(name, sizeof(name), "%s_addresses", side);
	n = json_array_size(json_object_get(s, name));
	if (n > 1) {
		(void)snprintf(out, size, "%s+%zu", text_of(s, side), n - 1);
	} else {
		(void)snprintf(out, size, "%s", text_of(s, side));
	}
	return out;
}

static void print_row(const struct ctl_call *call, const json_t *s)
{
	char outside[64];
	char inside[64];

	ctl_out(call, "%-16lld %-12s %-8s %-7s %-16s %-12s %-22s %-22s %8lld %8lld %8lld\n",
		summary_integer(s, "session"), text_of(s, "link"), text_of(s, "service"),
		text_of(s, "state"), text_of(s, "account"),
		is_sctp(s) ? text_of(json_object_get(s, "m3ua"), "state") : text_of(s, "bind"),
		end_of(s, "outside", outside, sizeof(outside)),
		end_of(s, "inside", inside, sizeof(inside)), summary_integer(s, "messages"),
		summary_integer(s, "refused"), summary_integer(s, "idle_s"));
}

static void print_list(const struct ctl_call *call, const json_t *sessions)
{
	ctl_out(call, "%-16s %-12s %-8s %-7s %-16s %-12s %-22s %-22s %8s %8s %8s\n", "SESSION",
		"LINK", "SERVICE", "STATE", "ACCOUNT", "BIND or ASP", "OUTSIDE", "INSIDE",
		"MESSAGES", "REFUSED", "IDLE s");
	for (size_t i = 0; i < json_array_size(sessions); i++) {
		print_row(call, json_array_get(sessions, i));
	}
}

int ctl_session_list(struct ctl_call *call)
{
	json_t *result = NULL;
	long limit = LIST_DEFAULT;
	int rc = ctl_number(call, "limit", 1, LIST_MAX, &limit);
	json_t *args = json_pack(
		"{s:I, s:s*}", "limit", (json_int_t)limit, "link", ctl_value(call, "link"));

	if (rc != 0 || args == NULL) {
		json_decref(args);
		return rc != 0 ? rc : ctl_error(call, CONTROL_USAGE, "a link's name is UTF-8");
	}
	rc = ctl_client_request(call, "sessions", args, &result);
	if (rc == 0) {
		print_list(call, json_object_get(result, "sessions"));
		if (json_is_true(json_object_get(result, "more"))) {
			ctl_out(call, "... and more: --limit shows up to %d\n", LIST_MAX);
		}
		rc = partial(call, result);
		(void)json_object_update(call->document, result);
	}
	json_decref(result);
	return rc;
}

static void print_way(const struct ctl_call *call, const char *name, const json_t *way)
{
	const char *why = json_string_value(json_object_get(way, "why"));

	ctl_out(call,
		"  %-14s %s%s%s, %lld frames held, %lld octets without a verdict, %lld octets of "
		"journal\n",
		name, text_of(way, "state"), why != NULL ? ": " : "", why != NULL ? why : "",
		summary_integer(way, "held_frames"), summary_integer(way, "waiting_octets"),
		summary_integer(way, "journal_octets"));
}

static void print_addresses(const struct ctl_call *call, const json_t *list, const char *where)
{
	for (size_t i = 1; i < json_array_size(list); i++) {
		ctl_out(call, "  %-14s %s also %s\n", "", where,
			json_string_value(json_array_get(list, i)));
	}
}

/* Its ends say what they are to each other, and what they were told of the network behind. */
static void print_m3ua(const struct ctl_call *call, const json_t *m)
{
	json_t *counts = json_object_get(m, "counts");
	const char *separator = "  counts         ";
	const char *name;
	json_t *n;

	if (!json_is_object(m)) {
		ctl_out(call, "  %-14s not followed: there was no room\n", "M3UA");
		return;
	}
	ctl_out(call, "  %-14s %s; ASP inside %s, outside %s; traffic mode %s\n", "M3UA",
		text_of(m, "state"), text_of(m, "asp_inside"), text_of(m, "asp_outside"),
		text_of(m, "traffic_mode"));
	ctl_out(call, "  %-14s last NTFY %s, last error %s\n", "", text_of(m, "notify"),
		text_of(m, "error"));
	json_object_foreach(counts, name, n)
	{
		if (json_integer_value(n) != 0) {
			ctl_out(call, "%s%s %lld", separator, name, json_integer_value(n));
			separator = ", ";
		}
	}
	ctl_out(call, "%s", separator[0] == ',' ? "\n" : "");
}

static void print_sigtran(const struct ctl_call *call, const json_t *s)
{
	ctl_out(call, "  %-14s %s, %lld paths%s\n", "association", text_of(s, "state"),
		summary_integer(s, "paths"),
		json_is_true(json_object_get(s, "joined")) ? ", joined in the middle" : "");
	print_addresses(call, json_object_get(s, "outside_addresses"), "outside");
	print_addresses(call, json_object_get(s, "inside_addresses"), "inside");
	print_m3ua(call, json_object_get(s, "m3ua"));
}

static void print_smpp(const struct ctl_call *call, const json_t *s)
{
	ctl_out(call, "  %-14s %s, %s, the ESME is %s\n", "account", text_of(s, "account"),
		text_of(s, "bind"), text_of(s, "esme_side"));
}

static void print_session(const struct ctl_call *call, const json_t *s)
{
	ctl_out(call, "session %lld\n", summary_integer(s, "session"));
	ctl_out(call, "  %-14s %s, worker %lld, %s\n", "link", text_of(s, "link"),
		summary_integer(s, "worker"), text_of(s, "service"));
	ctl_out(call, "  %-14s %s\n  %-14s %s\n", "outside", text_of(s, "outside"), "inside",
		text_of(s, "inside"));
	if (is_sctp(s)) {
		print_sigtran(call, s);
	} else {
		print_smpp(call, s);
	}
	ctl_out(call, "  %-14s since %lld s, silent for %lld s\n", "age",
		summary_integer(s, "age_s"), summary_integer(s, "idle_s"));
	ctl_out(call, "  %-14s %lld, of which %lld refused; %lld answers", "messages",
		summary_integer(s, "messages"), summary_integer(s, "refused"),
		summary_integer(s, "answers"));
	if (!is_sctp(s)) {
		ctl_out(call, ", %lld awaited", summary_integer(s, "pending_answers"));
	}
	ctl_out(call, "\n");
	print_way(call, "from outside", json_object_get(s, "from_outside"));
	print_way(call, "from inside", json_object_get(s, "from_inside"));
}

int ctl_session_show(struct ctl_call *call)
{
	json_t *result = NULL;
	json_t *session;
	char *end;
	long long id = strtoll(call->words[0], &end, 10);
	int rc;

	if (*end != '\0' || id <= 0) {
		return ctl_error(call, CONTROL_USAGE,
			"a session is named by its number, as in session list and in events, not \"%s\"",
			call->words[0]);
	}
	rc = ctl_client_request(
		call, "sessions", json_pack("{s:I}", "id", (json_int_t)id), &result);
	session = json_array_get(json_object_get(result, "sessions"), 0);
	if (rc == 0) {
		rc = partial(call, result);
	}
	if (rc == 0 && session == NULL) {
		rc = ctl_error(call, CONTROL_INVALID, "there is no session %lld (any more)", id);
	} else if (rc == 0) {
		print_session(call, session);
		ctl_set(call, "session", json_incref(session));
	}
	json_decref(result);
	return rc;
}

/* ---- link show */

static void print_link_state(const struct ctl_call *call, const json_t *state)
{
	const char *down = json_string_value(json_object_get(state, "set_down"));
	const char *error = json_string_value(json_object_get(state, "error"));

	if (!json_is_object(state)) {
		return;
	}
	ctl_out(call, "  %-14s %s, %lld times down, %lld times passed on to the other port\n",
		"link state", text_of(state, "policy"), summary_integer(state, "downs"),
		summary_integer(state, "propagated"));
	if (down != NULL) {
		ctl_out(call, "  %-14s the %s port is SET DOWN because the other one is down\n", "",
			down);
	}
	if (error != NULL) {
		ctl_out(call, "  %-14s cannot be passed on: %s\n", "", error);
	}
}

/* A breaker that has moved is an alarm: the configured style did harm. */
static void print_breaker(const struct ctl_call *call, const json_t *l)
{
	const json_t *breaker = json_object_get(l, "breaker");

	for (size_t i = 0; i < json_array_size(breaker); i++) {
		const json_t *b = json_array_get(breaker, i);
		long long breaks = summary_integer(b, "breaks");

		ctl_out(call, "  %-14s towards the %s: %s", i == 0 ? "refusal" : "",
			text_of(b, "towards"), text_of(b, "style"));
		if (breaks != 0) {
			ctl_out(call, ", MOVED by the breaker from %s (%lld times)",
				text_of(b, "configured"), breaks);
		}
		ctl_out(call, "; %lld closed, %lld mute after a refusal\n",
			summary_integer(b, "closes"), summary_integer(b, "mutes"));
	}
	if (json_is_true(json_object_get(l, "dribbling"))) {
		ctl_out(call, "  %-14s DRIBBLE: messages that come in pieces are refused for now\n",
			"");
	}
}

static void print_link(const struct ctl_call *call, const json_t *l)
{
	const json_t *c = json_object_get(l, "counters");
	const json_t *hold = json_object_get(l, "hold");
	const json_t *ports = json_object_get(l, "ports");

	ctl_out(call, "link %s: %s%s\n", text_of(l, "name"), text_of(l, "mode"),
		json_is_true(json_object_get(l, "panic")) ? ", PANIC: everything passes" : "");
	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *p = json_array_get(ports, i);

		ctl_out(call, "  %-14s port %lld, %s (%s), %s, %lld Mbit/s\n",
			i == 0 ? "inside" : "outside", summary_integer(p, "port"),
			text_of(p, "name"), text_of(p, "driver"),
			json_is_true(json_object_get(p, "up")) ? "up" : "DOWN",
			summary_integer(p, "speed_mbps"));
	}
	print_link_state(call, json_object_get(l, "link_state"));
	ctl_out(call, "  %-14s %lld, of which %lld refused\n", "messages",
		summary_integer(c, "messages"), summary_integer(c, "refused"));
	ctl_out(call, "  %-14s %lld rewritten, %lld accepted what was refused\n", "answers",
		summary_integer(c, "answers_rewritten"), summary_integer(c, "answers_accepted"));
	ctl_out(call, "  %-14s %lld frames, %lld us on average, %lld us the longest\n", "holds",
		summary_integer(c, "holds"), summary_integer(hold, "mean_us"),
		summary_integer(hold, "max_us"));
	ctl_out(call, "  %-14s %lld before the verdict; %lld octets of condemned messages leaked\n",
		"releases", summary_integer(c, "releases"), summary_integer(c, "leaked"));
	ctl_out(call,
		"  %-14s %lld acknowledgements with SACK sent; %lld times dribble; %lld times "
		"another style\n",
		"", summary_integer(c, "sacks"), summary_integer(c, "dribbles"),
		summary_integer(c, "breaks"));
	print_breaker(call, l);
}

int ctl_link_show(struct ctl_call *call)
{
	const char *wanted = call->n_words != 0 ? call->words[0] : NULL;
	json_t *found = json_array();
	json_t *report = NULL;
	json_t *links;
	int rc = ctl_client_request(call, "counters", NULL, &report);

	links = json_object_get(report, "links");
	for (size_t i = 0; rc == 0 && i < json_array_size(links); i++) {
		json_t *l = json_array_get(links, i);

		if (wanted == NULL || strcmp(wanted, text_of(l, "name")) == 0) {
			print_link(call, l);
			json_array_append(found, l);
		}
	}
	if (rc == 0 && json_array_size(found) == 0) {
		rc = ctl_error(call, CONTROL_INVALID, "there is no link \"%s\"",
			wanted != NULL ? wanted : "");
	}
	ctl_set(call, "links", found);
	json_decref(report);
	return rc;
}
