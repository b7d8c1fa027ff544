/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl rule list, show, state: the rules that are live, and what they may do. */
#include <string.h>

#include "control/ctl_daemon.h"
#include "control/summary.h"
#include "patterns/ruleset.h"

static const struct ctl_column columns[] = { { "RULE", false }, { "STATE", false },
	{ "CATEGORY", false }, { "HITS", true }, { "SHADOW", true }, { "DECIDED", true },
	{ "OCTETS", true }, { "CYCLES", true }, { "LAST HIT", false } };

/* state_of: "on", "shadow", "sample=10%". */
static const char *state_of(const json_t *r, char *out, size_t size)
{
	if (strcmp(ctl_text(r, "state"), "sample") == 0) {
		(void)snprintf(out, size, "sample=%lld%%", summary_integer(r, "sample"));
	} else {
		(void)snprintf(out, size, "%s", ctl_text(r, "state"));
	}
	return out;
}

static json_t *row_of(const json_t *r)
{
	char state[CTL_GENERATION_TEXT];
	char n[5][CTL_GENERATION_TEXT];
	char last[32];
	const char *cells[] = { ctl_text(r, "id"), state_of(r, state, sizeof(state)),
		ctl_text(r, "category"), ctl_cell(r, "hits", n[0]), ctl_cell(r, "shadow", n[1]),
		ctl_cell(r, "decided", n[2]), ctl_cell(r, "octets", n[3]),
		ctl_cell(r, "cycles", n[4]),
		ctl_time(json_object_get(r, "last"), last, sizeof(last)) };

	return ctl_row(cells, sizeof(cells) / sizeof(cells[0]));
}

static void print_list(const struct ctl_call *call, const json_t *rules)
{
	ctl_table_of(call, columns, sizeof(columns) / sizeof(columns[0]), rules, row_of);
}

/* ask_page: the rules from number *next on, added to `rules`; *next is -1 behind the last. */
static int ask_page(struct ctl_call *call, json_int_t *next, json_t *rules)
{
	json_t *result = NULL;
	const json_t *more;
	int rc = ctl_daemon_ask(call, "rule.list",
		json_pack("{s:s*, s:b, s:I}", "state", ctl_value(call, "state"), "hit",
			ctl_value(call, "hit") != NULL, "from", *next),
		0, &result);

	more = json_object_get(result, "next");
	*next = json_integer_value(more) > *next ? json_integer_value(more) : -1;
	(void)json_array_extend(rules, json_object_get(result, "rules"));
	json_decref(result);
	return rc;
}

int ctl_rule_list(struct ctl_call *call)
{
	const char *state = ctl_value(call, "state");
	json_t *rules;
	json_int_t next = 0;
	int rc = 0;

	if (state != NULL && strcmp(state, "on") != 0 && strcmp(state, "shadow") != 0 &&
		strcmp(state, "sample") != 0) {
		return ctl_error(
			call, CONTROL_USAGE, "--state is on, shadow or sample, not \"%s\"", state);
	}
	rules = json_array();
	while (rc == 0 && next >= 0) {
		rc = ask_page(call, &next, rules);
	}
	if (rc == 0 && !call->json) {
		print_list(call, rules);
	}
	(void)json_object_del(call->document, "next");
	ctl_set(call, "rules", rules);
	return rc;
}

static void print_rule(const struct ctl_call *call, const json_t *r)
{
	char state[CTL_GENERATION_TEXT];
	char last[32];

	ctl_out(call, "rule %s\n", ctl_text(r, "id"));
	ctl_out(call, "  %-12s %s\n", "state", state_of(r, state, sizeof(state)));
	ctl_out(call, "  %-12s %s, weight %lld, action %s\n", "category", ctl_text(r, "category"),
		summary_integer(r, "weight"), ctl_text(r, "action"));
	ctl_out(call, "  %-12s %s:%lld\n", "written", ctl_text(r, "file"),
		summary_integer(r, "line"));
	ctl_out(call, "  %-12s %s, as %s\n", "looks into", ctl_text(r, "field"),
		ctl_text(r, "view"));
	if (json_is_string(json_object_get(r, "expression"))) {
		ctl_out(call, "  %-12s /%s/\n", "expression", ctl_text(r, "expression"));
	}
	if (json_is_string(json_object_get(r, "note"))) {
		ctl_out(call, "  %-12s %s\n", "note", ctl_text(r, "note"));
	}
	ctl_out(call, "  %-12s %lld, and %lld in state shadow; decided %lld\n", "hits",
		summary_integer(r, "hits"), summary_integer(r, "shadow"),
		summary_integer(r, "decided"));
	ctl_out(call, "  %-12s %lld octets of messages, %lld cycles\n", "",
		summary_integer(r, "octets"), summary_integer(r, "cycles"));
	ctl_out(call, "  %-12s %s\n", "last hit",
		ctl_time(json_object_get(r, "last"), last, sizeof(last)));
}

int ctl_rule_show(struct ctl_call *call)
{
	json_t *result = NULL;
	json_t *rule;
	int rc = ctl_daemon_ask(
		call, "rule.list", json_pack("{s:s}", "id", call->words[0]), 0, &result);

	rule = json_array_get(json_object_get(result, "rules"), 0);
	if (rc == 0 && rule == NULL) {
		rc = ctl_error(call, CONTROL_INVALID,
			"no rule \"%s\" is live (smswallctl rule list)", call->words[0]);
	} else if (rc == 0) {
		print_rule(call, rule);
	}
	if (call->json) {
		(void)json_object_del(call->document, "rules");
		ctl_set(call, "rule", json_incref(rule));
	}
	json_decref(result);
	return rc;
}

int ctl_rule_state(struct ctl_call *call)
{
	const char *id = call->words[0];
	const char *state = call->words[1];
	json_t *result = NULL;
	uint8_t parsed[2];
	int rc;

	if (!rule_state_parse(state, &parsed[0], &parsed[1])) {
		return ctl_error(call, CONTROL_USAGE,
			"a state is on, shadow or sample=N%% (1 to 99), not \"%s\"", state);
	}
	rc = ctl_daemon_ask(call, "rule.state",
		json_pack("{s:s, s:s, s:s*}", "id", id, "state", state, "note",
			ctl_value(call, "note")),
		CTL_PUSH_TIMEOUT_S, &result);
	if (rc == 0) {
		ctl_out(call, "rule        %s is %s\n", id, state);
		ctl_change_print(call, result);
	}
	json_decref(result);
	return rc;
}
