/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/push_states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text that grows; NULL once memory has run out. */
struct text {
	FILE *to;
	char *at;
	size_t len;
};

static bool open_text(struct text *t)
{
	t->at = NULL;
	t->to = open_memstream(&t->at, &t->len);
	return t->to != NULL;
}

static char *close_text(struct text *t)
{
	bool good = ferror(t->to) == 0;

	if (fclose(t->to) != 0 || !good) {
		free(t->at);
		return NULL;
	}
	return t->at;
}

/* copy_lines: those of rules that `r` has, but for `replaced`: true there leaves a line out. */
static void copy_lines(
	struct text *t, const struct ruleset *r, const char *text, const bool *replaced)
{
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, "\n");
		size_t id_len = strcspn(text, " \t\n");
		char id[RULE_ID_SIZE];
		uint32_t rule;

		if (id_len != 0 && id_len < sizeof(id) && text[0] != '#') {
			memcpy(id, text, id_len);
			id[id_len] = '\0';
			rule = ruleset_find(r, id);
			if (rule != RULE_GONE && !replaced[rule]) {
				fprintf(t->to, "%.*s\n", (int)len, text);
			}
		}
		text += len;
		text += *text == '\n' ? 1 : 0;
	}
}

char *push_states_set(const struct ruleset *r, const char *text, const char *id, const char *state)
{
	bool *replaced = calloc((size_t)r->n_rules + 1, sizeof(*replaced));
	uint32_t rule = ruleset_find(r, id);
	struct text t;

	if (replaced == NULL || !open_text(&t)) {
		free(replaced);
		return NULL;
	}
	if (rule != RULE_GONE) {
		replaced[rule] = true;
	}
	copy_lines(&t, r, text, replaced);
	if (rule != RULE_GONE) {
		fprintf(t.to, "%s %s\n", id, state);
	}
	free(replaced);
	return close_text(&t);
}

/* put_change: the line that keeps this rule from doing more than before. */
static bool put_change(struct text *t, const struct ruleset *live, const struct ruleset *next,
	const struct ruleset_change *c)
{
	const struct rule *rule = &next->rules[c->new_rule];
	char state[RULE_STATE_SIZE];

	if (c->kind == RULE_RESTATED) {
		fprintf(t->to, "%s %s\n", rule->id,
			rule_state_text(&live->rules[c->old_rule], state));
		return false;
	}
	fprintf(t->to, "%s %s\n", rule->id, rule_state_name(RULE_SHADOW));
	return rule->state != RULE_SHADOW;
}

char *push_states_shadow(const struct ruleset *live, const struct ruleset *next, const char *text,
	uint32_t *n_shadowed)
{
	bool *replaced = calloc((size_t)next->n_rules + 1, sizeof(*replaced));
	struct ruleset_diff diff = { .n = 0 };
	struct text t;

	*n_shadowed = 0;
	if (replaced == NULL || !ruleset_diff(live, next, &diff) || !open_text(&t)) {
		ruleset_diff_free(&diff);
		free(replaced);
		return NULL;
	}
	for (uint32_t i = 0; i < diff.n; i++) {
		if (diff.changes[i].kind != RULE_REMOVED) {
			replaced[diff.changes[i].new_rule] = true;
		}
	}
	copy_lines(&t, next, text, replaced);
	for (uint32_t i = 0; i < diff.n; i++) {
		if (diff.changes[i].kind != RULE_REMOVED) {
			*n_shadowed += put_change(&t, live, next, &diff.changes[i]) ? 1 : 0;
		}
	}
	ruleset_diff_free(&diff);
	free(replaced);
	return close_text(&t);
}
