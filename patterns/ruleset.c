/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>

#define X(name, text) [ACTION_##name] = text,
static const char *const action_names[ACTIONS] = { RULE_ACTIONS(X) };
#undef X

static const char *const state_names[] = { [RULE_ON] = "on", [RULE_SHADOW] = "shadow" };
static const char *const field_names[FIELDS] = {
	[FIELD_TEXT] = "text",
	[FIELD_SENDER] = "sender",
	[FIELD_URL] = "url",
	[FIELD_NUMBER] = "number",
};
static const char *const view_names[VIEWS] = { [VIEW_SENT] = "sent", [VIEW_FOLDED] = "folded" };

const char *rule_action_name(enum rule_action a)
{
	return action_names[a];
}

bool rule_action_parse(const char *name, enum rule_action *a)
{
	for (unsigned i = 0; i < ACTIONS; i++) {
		if (strcmp(name, action_names[i]) == 0) {
			*a = (enum rule_action)i;
			return true;
		}
	}
	return false;
}

const char *rule_state_name(enum rule_state s)
{
	return state_names[s];
}

const char *rule_field_name(enum rule_field f)
{
	return field_names[f];
}

const char *rule_view_name(enum rule_view v)
{
	return view_names[v];
}

void ruleset_ref(struct ruleset *r)
{
	r->references++;
}

static void free_part(struct ruleset_part *p)
{
	for (uint32_t i = 0; i < p->n_shards; i++) {
		(void)hs_free_database(p->shards[i]);
	}
	free(p->shards);
}

void ruleset_unref(struct ruleset *r)
{
	if (r == NULL || --r->references > 0) {
		return;
	}
	for (unsigned f = 0; f < FIELDS; f++) {
		for (unsigned v = 0; v < VIEWS; v++) {
			free_part(&r->parts[f][v]);
		}
	}
	for (uint32_t i = 0; i < r->n_rules; i++) {
		free(r->rules[i].expression);
		free(r->rules[i].note);
		free(r->rules[i].file);
	}
	for (uint32_t i = 0; i < r->n_categories; i++) {
		free(r->categories[i]);
	}
	free(r->rules);
	free(r->categories);
	free(r);
}
