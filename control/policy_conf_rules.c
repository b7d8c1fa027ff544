/* SPDX-License-Identifier: BSD-3-Clause */
/* `rules` of policy.conf: rules that have a condition instead of an expression. Part of policy_conf.h. */
#include "control/policy_conf_parts.h"

#include <stdlib.h>
#include <string.h>

#include "control/policy_print.h"
#include "dataplane/verdict/condition.h"
#include "patterns/rule_attribute.h"
#include "patterns/rule_text.h"

/* A group as it is read. */
struct rule_group {
	const config_setting_t *s;
	struct rule rule; /* its texts belong to libconfig, but for the expression */
	const char *category;
	struct condition when;
};

static bool is_category(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";
	size_t len = strlen(name);

	return len != 0 && len < POLICY_NAME_SIZE && strspn(name, letters) == len &&
	       strspn(name, letters + 52) == 0;
}

static bool read_id(const struct conf_reader *r, struct rule_group *g)
{
	const char *id = conf_string(r, g->s, "id");
	size_t len = id != NULL ? strlen(id) : 0;

	if (id == NULL) {
		if (config_setting_get_member(g->s, "id") == NULL) {
			conf_say(r, DIAG_ERROR, g->s, "a rule without an id");
		}
		return false;
	}
	if (len == 0 || len >= RULE_ID_SIZE ||
		strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") !=
			len) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(g->s, "id"),
			"id: \"%s\" is none: 1 to %d letters, digits, '_', '.' and '-'", id,
			RULE_ID_SIZE - 1);
		return false;
	}
	memcpy(g->rule.id, id, len + 1);
	return true;
}

/* read_action: a condition has no match that could be taken out of a text. */
static void read_action(const struct conf_reader *r, struct rule_group *g)
{
	const char *word = conf_string(r, g->s, "action");
	enum rule_action action;

	g->rule.action = RULE_ACTION_UNSET;
	if (word != NULL && strcmp(word, rule_action_name(ACTION_REDACT)) == 0) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(g->s, "action"),
			"action: \"redact\": a condition has no match that could be taken out of the "
			"text; \"blank\" empties it");
	} else if (word != NULL && conf_action(r, g->s, "action", ~0U, &action)) {
		g->rule.action = (uint8_t)action;
	}
	(void)conf_status(r, g->s, "status", &g->rule.status);
}

static void read_attributes(const struct conf_reader *r, struct rule_group *g)
{
	int weight = RULE_WEIGHT_DEFAULT;

	(void)conf_integer(r, g->s, "weight", -WEIGHT_MAX, WEIGHT_MAX, &weight);
	g->rule.weight = weight;
	read_action(r, g);
	(void)conf_state(r, g->s, "state", &g->rule.state, &g->rule.sample);
	g->rule.note = (char *)(uintptr_t)conf_string(r, g->s, "note"); /* only read */
	if (g->rule.note != NULL && strlen(g->rule.note) >= NOTE_SIZE) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(g->s, "note"),
			"note: more than %d octets", NOTE_SIZE - 1);
	}
	g->category = conf_string(r, g->s, "category");
	if (g->category != NULL && !is_category(g->category)) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(g->s, "category"),
			"category: \"%s\" is no name: a letter, then letters, digits, '_' and '-', "
			"at most %d",
			g->category, POLICY_NAME_SIZE - 1);
	}
	if (g->category == NULL) {
		g->category = "default";
	}
}

/* expression_of: the condition's line without its outer braces, malloc()ed; NULL: no memory. */
static char *expression_of(const struct conf_reader *r, const struct condition *when)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL) {
		return NULL;
	}
	policy_print_when(r->policy, &r->names, when, f);
	if (fclose(f) != 0 || len < 4) {
		free(text);
		return NULL;
	}
	text[len - 2] = '\0'; /* "{ side = "outside"; }" */
	memmove(text, text + 2, len - 3);
	return text;
}

/* add_rule: to the source: its number there, or -1. */
static long add_rule(struct conf_reader *r, struct rule_group *g)
{
	uint32_t index = 0;
	bool good;

	g->rule.field = FIELD_WHEN;
	g->rule.file = (char *)(uintptr_t)conf_file(r, g->s); /* only read */
	g->rule.line = conf_line(r, g->s);
	g->rule.expression = expression_of(r, &g->when);
	if (g->rule.expression == NULL) {
		conf_say(r, DIAG_ERROR, g->s, "out of memory");
		return -1;
	}
	if (strlen(g->rule.expression) > WHEN_LEN_MAX - 2) {
		conf_say(r, DIAG_ERROR, g->s,
			"rule \"%s\": its condition is longer than %d octets; put values into a list",
			g->rule.id, WHEN_LEN_MAX);
		free(g->rule.expression);
		return -1;
	}
	good = source_add_rule(r->how->source, &g->rule, g->category, &index, r->diag);
	free(g->rule.expression);
	conf_rules_changed(r);
	return good ? (long)index : -1;
}

/* find_rule: in the ruleset, where a pack has put it. */
static long find_rule(const struct conf_reader *r, const struct rule_group *g)
{
	uint32_t i = ruleset_find(r->how->ruleset, g->rule.id);

	if (i == RULE_GONE || r->how->ruleset->rules[i].field != FIELD_WHEN) {
		conf_say(r, DIAG_ERROR, g->s,
			"rule \"%s\" is not among the pack's rules: it was made of another policy.conf",
			g->rule.id);
		return -1;
	}
	return (long)i;
}

static void read_rule(struct conf_reader *r, const config_setting_t *s)
{
	static const char *const keys[] = { "id", "category", "weight", "action", "status", "state",
		"note", "when", NULL };
	struct rule_group g = { .s = s };
	size_t errors = r->diag->n_errors;
	long index;

	conf_known_keys(r, s, keys);
	(void)read_id(r, &g);
	read_attributes(r, &g);
	if (config_setting_get_member(s, "when") == NULL) {
		conf_say(r, DIAG_ERROR, s,
			"rule \"%s\" without `when`: it would hit every message: when = { FIELD = "
			"VALUE; ... }",
			g.rule.id);
	}
	(void)conf_when(r, s, CONF_WHEN_ALL, &g.when);
	if (r->diag->n_errors != errors) {
		return;
	}
	index = r->how->source != NULL ? add_rule(r, &g) : find_rule(r, &g);
	if (index >= 0) {
		r->policy->rules[r->policy->n_rules++] =
			(struct policy_rule){ .rule = (uint32_t)index, .when = g.when };
	}
}

void policy_conf_rules(struct conf_reader *r, const config_setting_t *root)
{
	const config_setting_t *s = config_setting_get_member(root, "rules");

	if (s == NULL || !conf_groups(r, s)) {
		return;
	}
	if (config_setting_length(s) > POLICY_RULES_MAX) {
		conf_say(r, DIAG_ERROR, s, "rules: more than %d", POLICY_RULES_MAX);
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		read_rule(r, config_setting_get_elem(s, (unsigned)i));
	}
}
