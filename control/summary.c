/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/summary.h"

#include <stdbool.h>
#include <string.h>

#include "dataplane/stats.h"
#include "dataplane/verdict/signalling.h"
#include "patterns/ruleset.h"

enum { DIRECTIONS = 2 };

long long summary_integer(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

void summary_messages(const json_t *report, FILE *to)
{
	const json_t *verdicts = json_object_get(report, "verdicts");
	const json_t *counters = json_object_get(report, "counters");
	static const struct {
		const char *counter;
		const char *text;
	} also[] = { { "parts", "of which parts of long messages" },
		{ "receipts", "of which delivery receipts" },
		{ "shadow_hits", "hit by a rule in state shadow" },
		{ "messages_late", "condemned after octets of them had left" } };

	fprintf(to, "%-28s %10lld\n", "MESSAGES", summary_integer(counters, "messages"));
	for (int a = 0; a < ACTIONS; a++) {
		const char *name = rule_action_name((enum rule_action)a);

		fprintf(to, "  %-26s %10lld\n", name, summary_integer(verdicts, name));
	}
	for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++) {
		long long n = summary_integer(counters, also[i].counter);

		if (n != 0) {
			fprintf(to, "  %-26s %10lld  %s\n", also[i].counter, n, also[i].text);
		}
	}
}

/* had_sctp: anything at all; else the lines of SIGTRAN would tell an operator of SMPP nothing. */
static bool had_sctp(const json_t *report)
{
	return summary_integer(json_object_get(report, "counters"), "associations_opened") != 0;
}

void summary_sigtran(const json_t *report, FILE *to)
{
	static const enum stats_counter lines[] = { STAT_associations_opened,
		STAT_associations_closed, STAT_associations_aged, STAT_sctp_messages,
		STAT_tcap_messages, STAT_components };
	const json_t *counters = json_object_get(report, "counters");

	if (!had_sctp(report)) {
		return;
	}
	fprintf(to, "\nSIGTRAN\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *name = stats_counter_name(lines[i]);
		long long n = summary_integer(counters, name);

		if (n != 0) {
			fprintf(to, "  %-26s %10lld  %s\n", name, n, stats_counter_help(lines[i]));
		}
	}
}

/* What a check cannot see, and what it lacks. */
static void check_line(const char *name, const json_t *check, FILE *to)
{
	const json_t *blind = json_object_get(check, "blind");
	const char *unset = json_string_value(json_object_get(check, "unset"));
	const char *action = json_string_value(json_object_get(check, "action"));

	fprintf(to, "    %-24s %10lld  %s", name, summary_integer(check, "found"),
		action != NULL ? action : "-");
	if (unset != NULL) {
		fprintf(to, "; finds nothing without signalling.%s", unset);
	}
	for (size_t i = 0; i < json_array_size(blind); i++) {
		fprintf(to, "%s%s", i == 0 ? "; BLIND, never seen: " : ", ",
			json_string_value(json_array_get(blind, i)));
	}
	fputc('\n', to);
}

static void link_checks(const json_t *link, FILE *to)
{
	const json_t *signalling = json_object_get(link, "signalling");
	const json_t *checks = json_object_get(signalling, "checks");
	bool blind = json_array_size(json_object_get(signalling, "seen")) == 0;

	fprintf(to, "  %s%s\n", json_string_value(json_object_get(link, "name")),
		blind ? ": no MAP was seen, every check is blind" : "");
	for (int i = 0; i < SIGNALLING_CHECK_COUNT && !blind; i++) {
		const char *name = signalling_check_name((enum signalling_check)i);
		const json_t *check = json_object_get(checks, name);
		const char *action = json_string_value(json_object_get(check, "action"));

		if (action != NULL && strcmp(action, "off") != 0) {
			check_line(name, check, to);
		}
	}
}

/* Entries that had to go before their time: the table is too small for what it has to remember. */
static void tables_line(const json_t *report, FILE *to)
{
	const json_t *workers = json_object_get(report, "workers");
	long long told = 0, forgotten = 0, senders_forgotten = 0;

	for (size_t i = 0; i < json_array_size(workers); i++) {
		const json_t *t = json_object_get(json_array_get(workers, i), "signalling");

		told += summary_integer(t, "told");
		forgotten += summary_integer(t, "forgotten");
		senders_forgotten += summary_integer(t, "senders_forgotten");
	}
	fprintf(to, "  %lld IMSIs remembered", told);
	if (forgotten != 0 || senders_forgotten != 0) {
		fprintf(to,
			"; FORGOTTEN before their time: %lld, and %lld senders "
			"(memory.signalling_entries)",
			forgotten, senders_forgotten);
	}
	fputc('\n', to);
}

void summary_signalling(const json_t *report, FILE *to)
{
	const json_t *links = json_object_get(report, "links");

	if (!had_sctp(report)) {
		return;
	}
	fprintf(to, "\nSIGNALLING CHECKS, found\n");
	for (size_t i = 0; i < json_array_size(links); i++) {
		link_checks(json_array_get(links, i), to);
	}
	tables_line(report, to);
}

void summary_rules(const json_t *report, FILE *to)
{
	const json_t *rules = json_object_get(report, "rules");

	if (json_array_size(rules) == 0) {
		return;
	}
	fprintf(to, "\n%-28s %10s %10s %10s\n", "RULES", "hits", "decided", "shadow");
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *r = json_array_get(rules, i);

		if (summary_integer(r, "hits") == 0 && summary_integer(r, "shadow") == 0) {
			continue;
		}
		fprintf(to, "  %-26s %10lld %10lld %10lld\n",
			json_string_value(json_object_get(r, "id")), summary_integer(r, "hits"),
			summary_integer(r, "decided"), summary_integer(r, "shadow"));
	}
}

void summary_limits(const json_t *report, FILE *to)
{
	const json_t *limits = json_object_get(report, "limits");

	if (json_array_size(limits) == 0) {
		return;
	}
	fprintf(to, "\n%-28s %10s %10s %10s\n", "LIMITS", "admitted", "exceeded", "shadow");
	for (size_t i = 0; i < json_array_size(limits); i++) {
		const json_t *l = json_array_get(limits, i);
		long long forgotten = summary_integer(l, "forgotten");

		fprintf(to, "  %-26s %10lld %10lld %10lld  %s of %s%s\n",
			json_string_value(json_object_get(l, "name")),
			summary_integer(l, "admitted"), summary_integer(l, "exceeded"),
			summary_integer(l, "shadow"),
			json_string_value(json_object_get(l, "action")),
			json_string_value(json_object_get(l, "allows")),
			forgotten != 0 ? "; KEYS FORGOTTEN: limits.keys is too small" : "");
	}
}

static void reasons_of(const json_t *report, enum reason_kind kind, const char *title, FILE *to)
{
	const json_t *reasons = json_object_get(report, "reasons");
	bool any = false;

	for (int i = 0; i < R_COUNT; i++) {
		long long n = summary_integer(reasons, stats_reason_name((enum reason)i));

		if (stats_reason_kind((enum reason)i) != kind || n == 0) {
			continue;
		}
		if (!any) {
			fprintf(to, "\n%s\n", title);
			any = true;
		}
		fprintf(to, "  %-26s %10lld  %s\n", stats_reason_name((enum reason)i), n,
			stats_reason_help((enum reason)i));
	}
}

void summary_reasons(const json_t *report, FILE *to)
{
	reasons_of(report, REASON_MESSAGE, "REASONS OF VERDICTS", to);
	reasons_of(report, REASON_ANOMALY, "ANOMALIES", to);
	reasons_of(report, REASON_FRAME, "FRAMES NOT LOOKED INTO, OR REPAIRED", to);
}

static void ledger_line(
	const json_t *const sides[DIRECTIONS], const char *name, const char *help, FILE *to)
{
	fprintf(to, "  %-26s %10lld %10lld  %s\n", name, summary_integer(sides[0], name),
		summary_integer(sides[1], name), help);
}

void summary_ledger(const json_t *report, FILE *to)
{
	const json_t *ledger = json_object_get(report, "ledger");
	const json_t *entry[DIRECTIONS] = { json_array_get(ledger, 0), json_array_get(ledger, 1) };
	const json_t *octets[DIRECTIONS] = { json_object_get(entry[0], "octets"),
		json_object_get(entry[1], "octets") };
	bool balanced = json_is_true(json_object_get(entry[0], "balanced")) &&
	                json_is_true(json_object_get(entry[1], "balanced"));

	fprintf(to, "\n%-28s %10s %10s\n", "BLIND SPOTS (octets from)",
		json_string_value(json_object_get(entry[0], "from")),
		json_string_value(json_object_get(entry[1], "from")));
	for (int i = 0; i < R_COUNT; i++) {
		const char *name = stats_reason_name((enum reason)i);

		if (summary_integer(octets[0], name) != 0 ||
			summary_integer(octets[1], name) != 0) {
			ledger_line(octets, name, stats_reason_help((enum reason)i), to);
		}
	}
	ledger_line(entry, "accounted", "the sum of the lines above", to);
	if (summary_integer(entry[0], "waiting") != 0 ||
		summary_integer(entry[1], "waiting") != 0) {
		ledger_line(entry, "waiting",
			"of open connections: a PDU whose end has not come, octets behind a gap",
			to);
	}
	ledger_line(entry, "forwarded",
		balanced ? "octets of payload that left: all accounted for"
			 : "octets of payload that left: THE LEDGER DOES NOT ADD UP",
		to);
}

void summary_counters(const json_t *report, FILE *to)
{
	const json_t *counters = json_object_get(report, "counters");
	const json_t *reasons = json_object_get(report, "reasons");

	for (int i = 0; i < STAT_COUNT; i++) {
		const char *name = stats_counter_name((enum stats_counter)i);

		if (summary_integer(counters, name) != 0) {
			fprintf(to, "%-28s %14lld  %s\n", name, summary_integer(counters, name),
				stats_counter_help((enum stats_counter)i));
		}
	}
	for (int i = 0; i < R_COUNT; i++) {
		const char *name = stats_reason_name((enum reason)i);

		if (summary_integer(reasons, name) != 0) {
			fprintf(to, "reason.%-21s %14lld  %s\n", name,
				summary_integer(reasons, name), stats_reason_help((enum reason)i));
		}
	}
}
