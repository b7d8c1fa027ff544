/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl policy check --cost: what the rules cost, and which are over their budget. */
#include "control/ctl_cost.h"

#include <stdio.h>

#include "control/policy_cost.h"

enum { COSTLIEST = 5, MICROSECONDS_MAX = 1000000, MILLISECONDS_MAX = 3600000, KIB_MAX = 4 << 20 };

bool ctl_cost_wanted(const struct ctl_call *call)
{
	return ctl_value(call, "cost") != NULL || ctl_value(call, "budget-us") != NULL ||
	       ctl_value(call, "budget-ms") != NULL || ctl_value(call, "budget-kib") != NULL;
}

static int read_budget(const struct ctl_call *call, struct policy_budget *budget)
{
	long us = (long)budget->message_us;
	long ms = (long)budget->compile_ms;
	long kib = (long)budget->database_kib;
	int rc = ctl_number(call, "budget-us", 0, MICROSECONDS_MAX, &us);

	rc = rc == 0 ? ctl_number(call, "budget-ms", 0, MILLISECONDS_MAX, &ms) : rc;
	rc = rc == 0 ? ctl_number(call, "budget-kib", 0, KIB_MAX, &kib) : rc;
	*budget = (struct policy_budget){ (double)ms, (double)kib, (double)us };
	return rc;
}

static json_t *rule_json(const struct rule *r, const struct child_cost *c)
{
	json_t *j = json_pack("{s:i, s:f, s:I, s:I, s:f}", "line", r->line, "compile_ms",
		c->compile_s * 1e3, "database_octets", (json_int_t)c->database_len,
		"scratch_octets", (json_int_t)c->scratch_len, "message_ns", c->scan_ns);

	json_object_set_new(j, "id", ctl_json_string(r->id));
	json_object_set_new(j, "file", ctl_json_string(r->file));
	return j;
}

static void print_rule(
	const struct ctl_call *call, const struct rule *r, const struct child_cost *c)
{
	ctl_out(call, "  %10.1f %10.1f %10.1f %10.0f  %s %s:%d\n", c->compile_s * 1e3,
		(double)c->database_len / 1024, (double)c->scratch_len / 1024, c->scan_ns, r->id,
		r->file, r->line);
}

/* The costliest rules by one measure: as text, and for --json. */
static void put_costliest(struct ctl_call *call, json_t *to, const char *key, const char *title,
	const struct policy_set *set, const struct policy_cost *cost, const uint32_t *order)
{
	json_t *list = json_array();

	if (cost->n_rules != 0) {
		ctl_out(call, "%s\n", title);
	}
	for (uint32_t i = 0; i < cost->n_rules && i < COSTLIEST; i++) {
		const struct rule *r = &set->ruleset->rules[order[i]];

		print_rule(call, r, &cost->rules[order[i]]);
		json_array_append_new(list, rule_json(r, &cost->rules[order[i]]));
	}
	json_object_set_new(to, key, list);
}

static void describe(
	struct ctl_call *call, const struct policy_set *set, const struct policy_cost *cost)
{
	const double compile_s = set->report.seconds;
	json_t *j = json_pack("{s:f, s:I, s:I, s:f, s:i, s:f}", "compile_seconds", compile_s,
		"database_octets", (json_int_t)set->ruleset->database_len, "scratch_octets",
		(json_int_t)cost->scratch_len, "message_ns", cost->message_ns, "sample_messages",
		(int)cost->n_messages, "sample_octets_mean", cost->octets_mean);

	ctl_out(call, "cost        %.0f ns a message (%u texts of %.0f octets), ", cost->message_ns,
		cost->n_messages, cost->octets_mean);
	ctl_out(call, "%zu octets of scratch a worker\n", cost->scratch_len);
	ctl_out(call, "            %.2f s of CPU to compile%s\n", compile_s,
		set->from_pack ? " (done when the pack was made)" : "");
	ctl_out(call, "\nRules by themselves, the costliest:\n");
	ctl_out(call, "  %10s %10s %10s %10s  %s\n", "compile ms", "KiB", "scratch KiB",
		"ns/message", "rule");
	put_costliest(call, j, "by_message", "by time with a message", set, cost, cost->by_message);
	put_costliest(call, j, "by_compile", "by time to compile", set, cost, cost->by_compile);
	put_costliest(call, j, "by_database", "by size", set, cost, cost->by_database);
	ctl_set(call, "cost", j);
}

int ctl_cost(struct ctl_call *call, const struct policy_set *set)
{
	struct policy_budget budget = policy_budget_default();
	struct policy_cost cost;
	int rc = read_budget(call, &budget);

	if (rc != 0) {
		return rc;
	}
	if (!policy_cost_measure(set, &cost, &call->diag)) {
		return CONTROL_FAILED;
	}
	describe(call, set, &cost);
	ctl_set(call, "budget",
		json_pack("{s:f, s:f, s:f}", "compile_ms", budget.compile_ms, "database_kib",
			budget.database_kib, "message_us", budget.message_us));
	if (!policy_cost_check(set, &cost, &budget, &call->diag)) {
		rc = CONTROL_INVALID;
	}
	policy_cost_free(&cost);
	return rc;
}
