/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/limit_figures.h"

#include <stdlib.h>
#include <string.h>

#include "control/json_value.h"
#include "control/policy_print_limits.h"
#include "dataplane/base/clock.h"

static const struct policy *policy_of(const struct control_context *ctx)
{
	return ctx->generation != NULL && ctx->limits != NULL ? ctx->generation->policy : NULL;
}

/* put_walked: of the limit with this name; one that has no state has no live key. */
static void put_walked(
	struct limit_figures_row *row, const struct limits_walked *walked, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(walked[i].name, row->rule->name) == 0) {
			row->live = walked[i].live;
		}
	}
}

bool limit_figures_read(const struct control_context *ctx, bool walk, struct limit_figures *out)
{
	const struct policy *p = policy_of(ctx);
	struct limits_walked *walked = NULL;
	uint32_t n_walked = 0;

	memset(out, 0, sizeof(*out));
	if (p == NULL || p->n_limits == 0) {
		return true;
	}
	if (walk) {
		walked = calloc(LIMIT_SLOTS, sizeof(*walked));
		if (walked == NULL) {
			return false;
		}
		n_walked = limits_walk(ctx->limits, clock_realtime_us(), walked);
	}
	for (uint32_t i = 0; i < p->n_limits; i++) {
		struct limit_figures_row *row = &out->rows[out->n++];

		row->rule = &p->limits[i];
		if (!limits_facts(ctx->limits, row->rule->name, &row->facts)) {
			memset(&row->facts, 0, sizeof(row->facts));
		}
		put_walked(row, walked, n_walked);
	}
	free(walked);
	return true;
}

static json_t *keys_json(const struct limit_rule *l)
{
	json_t *keys = json_array();

	for (unsigned i = 0; i < l->n_keys; i++) {
		char text[LIMIT_KEY_TEXT_SIZE];

		json_array_append_new(
			keys, json_string(limit_key_text(l->keys[i], l->digits[i], text)));
	}
	return keys;
}

json_t *limit_figures_json(const struct limit_figures_row *row, bool walked)
{
	const struct limit_rule *l = row->rule;
	char text[POLICY_LIMIT_TEXT_SIZE];
	json_t *j = json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
		"name", l->name, "kind", limit_kind_name((enum limit_kind)l->kind), "key",
		keys_json(l), "allows", policy_print_limit_text(l, text), "action",
		rule_action_name((enum rule_action)l->action), "state",
		rule_state_name((enum rule_state)l->state), "sample",
		l->state == RULE_SAMPLE ? json_integer(l->sample) : json_null(), "admitted",
		json_value_count(row->facts.admitted), "exceeded",
		json_value_count(row->facts.exceeded), "shadow",
		json_value_count(row->facts.shadow), "forgotten",
		json_value_count(row->facts.forgotten), "contended",
		json_value_count(row->facts.contended));

	if (walked) {
		json_object_set_new(j, "live", json_value_count(row->live));
	}
	return j;
}
