/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/summary.h"

#include <stdbool.h>

#include "dataplane/stats.h"
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
