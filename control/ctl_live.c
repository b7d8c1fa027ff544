/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl status, counters, events follow, panic: what a running daemon answers. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/ctl_daemon.h"
#include "control/summary.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s != NULL ? s : "-";
}

static void print_port(const json_t *p)
{
	printf("    port %lld  %s (%s), %s, %lld Mbit/s, %lld frames in, %lld out, %lld missed, %lld "
	       "errors\n",
		summary_integer(p, "port"), text_of(p, "name"), text_of(p, "driver"),
		json_is_true(json_object_get(p, "up")) ? "up" : "DOWN",
		summary_integer(p, "speed_mbps"), summary_integer(p, "frames_in"),
		summary_integer(p, "frames_out"), summary_integer(p, "missed"),
		summary_integer(p, "errors"));
}

static void print_link_counters(const json_t *link)
{
	const json_t *c = json_object_get(link, "counters");
	const json_t *state = json_object_get(link, "link_state");
	const char *down = json_string_value(json_object_get(state, "set_down"));

	printf("    %lld refused of %lld messages, %lld frames waited (%lld us on average), %lld "
	       "releases, %lld octets leaked\n",
		summary_integer(c, "refused"), summary_integer(c, "messages"),
		summary_integer(c, "holds"),
		summary_integer(json_object_get(link, "hold"), "mean_us"),
		summary_integer(c, "releases"), summary_integer(c, "leaked"));
	if (down != NULL) {
		printf("    the %s port is SET DOWN because the other one is down\n", down);
	}
}

static void print_links(const json_t *report)
{
	const json_t *links = json_object_get(report, "links");

	puts("\nLINKS");
	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *l = json_array_get(links, i);
		const json_t *ports = json_object_get(l, "ports");

		printf("  %s  %s%s\n", text_of(l, "name"), text_of(l, "mode"),
			json_is_true(json_object_get(l, "panic")) ? ", PANIC: everything passes"
								  : "");
		for (size_t p = 0; p < json_array_size(ports); p++) {
			print_port(json_array_get(ports, p));
		}
		print_link_counters(l);
	}
}

static void print_workers(const json_t *report)
{
	const json_t *workers = json_object_get(report, "workers");

	puts("\nWORKERS");
	for (size_t i = 0; i < json_array_size(workers); i++) {
		const json_t *w = json_array_get(workers, i);

		printf("  %lld  %lld connections, %lld frames held, %lld answers awaited%s\n",
			summary_integer(w, "worker"), summary_integer(w, "flows"),
			summary_integer(w, "held_frames"), summary_integer(w, "pending_answers"),
			json_is_true(json_object_get(w, "stuck")) ? ", STANDS STILL" : "");
		if (summary_integer(w, "associations") != 0) {
			printf("     %lld associations, %lld journal blocks, %lld TCAP dialogues, "
			       "%lld SCCP segments held\n",
				summary_integer(w, "associations"),
				summary_integer(w, "sctp_blocks_used"),
				summary_integer(w, "dialogues"),
				summary_integer(w, "segments_held"));
		}
	}
}

/* The states of M3UA that associations are in, those that there are. */
static void print_associations(const json_t *s)
{
	static const char *const states[] = { "active", "inactive", "down", "unknown" };
	const json_t *m3ua = json_object_get(s, "m3ua");
	const char *separator = "; M3UA: ";

	if (summary_integer(s, "associations") == 0) {
		return;
	}
	printf("  %lld SCTP associations, of which %lld half-open and %lld joined in the middle",
		summary_integer(s, "associations"), summary_integer(s, "half_open"),
		summary_integer(s, "joined"));
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (summary_integer(m3ua, states[i]) != 0) {
			printf("%s%lld %s", separator, summary_integer(m3ua, states[i]), states[i]);
			separator = ", ";
		}
	}
	putchar('\n');
}

/* What came in before us, or while panic or bypass was on, was not judged: said before all else. */
static void print_sessions(const json_t *report)
{
	const json_t *s = json_object_get(report, "sessions");
	const json_t *ledger = json_object_get(report, "ledger");
	const json_t *in = json_array_get(ledger, 0);
	const json_t *out = json_array_get(ledger, 1);

	printf("\nSESSIONS\n  %lld, of which %lld in RESYNC (joined in the middle, not judged yet) and "
	       "%lld OPAQUE%s\n",
		summary_integer(s, "sessions"), summary_integer(s, "resync"),
		summary_integer(s, "opaque"),
		json_is_false(json_object_get(s, "complete")) ? "; a worker did not answer" : "");
	print_associations(s);
	printf("  passed unjudged since the start: %lld octets from inside, %lld from outside, of which "
	       "%lld while looking for a boundary\n",
		summary_integer(in, "unjudged"), summary_integer(out, "unjudged"),
		summary_integer(json_object_get(in, "octets"), "resync") +
			summary_integer(json_object_get(out, "octets"), "resync"));
}

/* print_generation: what does not stand at peace: not everywhere yet, not confirmed, nothing there. */
static void print_generation(const json_t *g)
{
	const json_t *workers = json_object_get(g, "workers");
	const json_t *until = json_object_get(g, "confirm_until");
	char time[32];

	for (size_t i = 0; i < json_array_size(workers); i++) {
		const json_t *w = json_array_get(workers, i);

		if (summary_integer(w, "generation") != summary_integer(g, "number")) {
			printf("  worker %lld STILL JUDGES by generation %lld\n",
				summary_integer(w, "worker"), summary_integer(w, "generation"));
		}
	}
	if (json_is_true(json_object_get(g, "empty"))) {
		puts("  NOTHING IS JUDGED: no generation of the store verifies (smswallctl policy "
		     "push)");
	}
	if (json_is_true(json_object_get(g, "pending"))) {
		printf("  PENDING: undone at %s UTC unless confirmed (smswallctl policy confirm)\n",
			ctl_time(until, time, sizeof(time)));
	}
}

static void print_status(const json_t *report)
{
	const json_t *g = json_object_get(report, "generation");

	printf("smswalld %s, up %lld s, generation %lld of %s: %lld rules\n",
		text_of(report, "version"), summary_integer(report, "uptime_s"),
		summary_integer(g, "number"), text_of(g, "policy"), summary_integer(g, "rules"));
	print_generation(g);
	print_links(report);
	print_workers(report);
	print_sessions(report);
	summary_signalling(report, stdout);
	putchar('\n');
	summary_messages(report, stdout);
	summary_sigtran(report, stdout);
	summary_rules(report, stdout);
	summary_limits(report, stdout);
	summary_ledger(report, stdout);
}

int ctl_status(struct ctl_call *call)
{
	json_t *report;
	int rc = ctl_client_request(call, "status", NULL, &report);

	if (rc == 0 && call->json) {
		(void)json_object_update_missing(call->document, report);
	} else if (rc == 0) {
		print_status(report);
	}
	json_decref(report);
	return rc;
}

int ctl_counters(struct ctl_call *call)
{
	json_t *report;
	int rc = ctl_client_request(call, "counters", NULL, &report);

	if (rc == 0 && call->json) {
		ctl_set(call, "counters", json_incref(json_object_get(report, "counters")));
		ctl_set(call, "reasons", json_incref(json_object_get(report, "reasons")));
		ctl_set(call, "ledger", json_incref(json_object_get(report, "ledger")));
	} else if (rc == 0) {
		summary_counters(report, stdout);
	}
	json_decref(report);
	return rc;
}

int ctl_events_follow(struct ctl_call *call)
{
	struct ctl_client client;
	struct timespec now;
	const char *line = NULL;
	json_t *result;
	int rc = ctl_client_ask(call, &client, "events.follow", NULL, &result);

	json_decref(result);
	if (rc == 0) {
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		client.deadline_ms = call->timeout_s == 0
		                             ? 0
		                             : (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 +
		                                       1000 * (int64_t)call->timeout_s;
		client.quiet_end = call->timeout_s != 0;
		while (rc == 0 && (line = ctl_client_line(call, &client, &rc)) != NULL) {
			if (puts(line) == EOF || fflush(stdout) != 0) {
				break; /* our reader has gone: nothing is wrong with that */
			}
		}
		if (rc == 0 && line == NULL && !client.ended_quietly) {
			rc = ctl_error(call, CONTROL_NO_DAEMON, "the daemon hung up");
		}
	}
	ctl_client_close(&client);
	call->json = false; /* the lines are the answer */
	return rc;
}

static int panic_status(struct ctl_call *call, const char *link)
{
	json_t *report;
	json_t *links;
	json_t *on = json_array();
	bool found = link == NULL;
	int rc = ctl_client_request(call, "status", NULL, &report);

	links = json_object_get(report, "links");
	for (size_t i = 0; rc == 0 && i < json_array_size(links); i++) {
		const json_t *l = json_array_get(links, i);
		bool panic = json_is_true(json_object_get(l, "panic"));

		if (link != NULL && strcmp(link, text_of(l, "name")) != 0) {
			continue;
		}
		found = true;
		ctl_out(call, "%s: panic %s\n", text_of(l, "name"), panic ? "on" : "off");
		if (panic) {
			json_array_append(on, json_object_get(l, "name"));
		}
	}
	json_decref(report);
	ctl_set(call, "panic", on);
	return rc != 0 || found ? rc
	                        : ctl_error(call, CONTROL_FAILED, "there is no link \"%s\"", link);
}

int ctl_panic(struct ctl_call *call)
{
	const char *state = call->words[0];
	const char *link = call->n_words > 1 ? call->words[1] : NULL;
	json_t *args;
	json_t *result;
	int rc;

	if (strcmp(state, "status") == 0) {
		return panic_status(call, link);
	}
	if (strcmp(state, "on") != 0 && strcmp(state, "off") != 0) {
		return ctl_error(
			call, CONTROL_USAGE, "panic is on, off or status, not \"%s\"", state);
	}
	args = json_pack("{s:s, s:s*}", "state", state, "link", link);
	rc = args != NULL ? ctl_client_request(call, "panic", args, &result)
	                  : ctl_error(call, CONTROL_USAGE, "a link's name is UTF-8");
	if (rc == 0) {
		const json_t *on = json_object_get(result, "panic");

		ctl_out(call, "%s",
			json_array_size(on) == 0 ? "panic is off on every link\n"
						 : "everything passes on:");
		for (size_t i = 0; i < json_array_size(on); i++) {
			const char *name = json_string_value(json_array_get(on, i));

			ctl_out(call, " %s%s", name != NULL ? name : "-",
				i + 1 == json_array_size(on) ? "\n" : "");
		}
		(void)json_object_update(call->document, result);
		json_decref(result);
	}
	return rc;
}
