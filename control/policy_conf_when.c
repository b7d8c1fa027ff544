/* SPDX-License-Identifier: BSD-3-Clause */
/* Conditions: groups of tests, any, all and not. Part of policy_conf.h. */
#include "control/policy_conf_test.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = CONDITION_FIELD_COUNT + 3 };

static bool read_group(struct when *w, const config_setting_t *s, unsigned depth);

/* put_node: its index, or -1: there is no room. */
static int put_node(struct when *w, const config_setting_t *s, enum condition_kind kind)
{
	struct condition_store *c = &w->reader->policy->conditions;

	if (c->n_nodes == CONDITION_NODES_MAX) {
		conf_say(w->reader, DIAG_ERROR, s,
			"too many conditions: a policy has at most %d tests and groups",
			CONDITION_NODES_MAX);
		return -1;
	}
	c->nodes[c->n_nodes] = (struct condition_node){ .kind = (uint8_t)kind };
	return (int)c->n_nodes++;
}

static void close_node(struct when *w, int node)
{
	struct condition_store *c = &w->reader->policy->conditions;

	c->nodes[node].skip = (uint16_t)(c->n_nodes - (uint32_t)node - 1);
}

/* read_groups: any = ( { ... }, { ... } ), all = ( ... ). */
static bool read_groups(
	struct when *w, const config_setting_t *s, enum condition_kind kind, unsigned depth)
{
	const char *name = config_setting_name(s);
	bool good = true;
	int node;

	if (!config_setting_is_list(s) || config_setting_length(s) == 0) {
		conf_say(w->reader, DIAG_ERROR, s,
			"%s: expected a list of groups of tests: %s = ( { ... }, { ... } )", name,
			name);
		return false;
	}
	node = put_node(w, s, kind);
	for (int i = 0; node >= 0 && i < config_setting_length(s); i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);

		if (!config_setting_is_group(e)) {
			conf_say(w->reader, DIAG_ERROR, s, "%s: element %d is no group { ... }",
				name, i + 1);
			good = false;
		} else {
			good = read_group(w, e, depth + 1) && good;
		}
	}
	if (node >= 0) {
		close_node(w, node);
	}
	return good && node >= 0;
}

static bool read_not(struct when *w, const config_setting_t *s, unsigned depth)
{
	bool good;
	int node;

	if (!config_setting_is_group(s)) {
		conf_say(w->reader, DIAG_ERROR, s,
			"not: expected a group of tests: not = { ... }; for none of several: not = "
			"{ any = ( { ... }, { ... } ); }");
		return false;
	}
	node = put_node(w, s, CONDITION_NOT);
	if (node < 0) {
		return false;
	}
	good = read_group(w, s, depth + 1);
	close_node(w, node);
	return good;
}

/* unknown_field: with what may be meant, of the fields and any, all and not. */
static void unknown_field(const struct when *w, const config_setting_t *s, const char *name)
{
	const char *names[WORDS] = { "any", "all", "not" };
	const char *meant;

	for (unsigned f = 0; f < CONDITION_FIELD_COUNT; f++) {
		names[f + 3] = condition_field_name((enum condition_field)f);
	}
	meant = diag_meant(name, names, WORDS);
	if (meant != NULL) {
		conf_say(w->reader, DIAG_ERROR, s, "unknown field \"%s\": did you mean \"%s\"?",
			name, meant);
	} else {
		conf_say(w->reader, DIAG_ERROR, s,
			"unknown field \"%s\"; smswall-policy(5) has the table of fields", name);
	}
}

/* check_allowed: a tenant and a scope are found before the text is looked at and rules are asked. */
static bool check_allowed(const struct when *w, const config_setting_t *s, enum condition_field f)
{
	const char *what = w->allowed == CONF_WHEN_TENANT ? "tenants" : "entries of links";
	const char *name = condition_field_name(f);

	if (w->allowed == CONF_WHEN_ALL) {
		return true;
	}
	if (condition_field_content(f)) {
		conf_say(w->reader, DIAG_ERROR, s,
			"%s: %s are told apart before the text is looked at; ask for it in a rule",
			name, what);
		return false;
	}
	if (f == CONDITION_HIT) {
		conf_say(w->reader, DIAG_ERROR, s,
			"hit: %s are told apart before rules are asked; ask for it in a rule",
			what);
		return false;
	}
	if (f == CONDITION_TENANT && w->allowed == CONF_WHEN_TENANT) {
		conf_say(w->reader, DIAG_ERROR, s,
			"tenant: a message has none yet; of several tenants the first that fits is "
			"taken");
		return false;
	}
	return true;
}

static bool read_test(struct when *w, const config_setting_t *s)
{
	struct condition_store *c = &w->reader->policy->conditions;
	const char *name = config_setting_name(s);
	uint32_t first = c->n_values;
	bool good = true;
	int node;

	if (!condition_field_parse(name, &w->field)) {
		unknown_field(w, s, name);
		return false;
	}
	if (!check_allowed(w, s, w->field)) {
		return false;
	}
	node = put_node(w, s, CONDITION_TEST);
	if (config_setting_is_array(s) || config_setting_is_list(s)) {
		for (int i = 0; i < config_setting_length(s); i++) {
			good = conf_test_value(w, config_setting_get_elem(s, (unsigned)i)) && good;
		}
		if (config_setting_length(s) == 0) {
			conf_say(w->reader, DIAG_ERROR, s, "%s: one of none never holds", name);
			good = false;
		}
	} else {
		good = conf_test_value(w, s);
	}
	if (node < 0) {
		return false;
	}
	c->nodes[node].field = (uint8_t)w->field;
	c->nodes[node].value = (uint16_t)first;
	c->nodes[node].n_values = (uint16_t)(c->n_values - first);
	w->out->content = w->out->content || condition_field_content(w->field);
	return good;
}

static bool read_member(struct when *w, const config_setting_t *s, unsigned depth)
{
	const char *name = config_setting_name(s);

	if (strcmp(name, "any") == 0) {
		return read_groups(w, s, CONDITION_ANY, depth + 1);
	}
	if (strcmp(name, "all") == 0) {
		return read_groups(w, s, CONDITION_ALL, depth + 1);
	}
	return strcmp(name, "not") == 0 ? read_not(w, s, depth + 1) : read_test(w, s);
}

/* bound: of the tests of `f` right in the group at `node`: the smallest min or the largest max. */
static bool bound(
	const struct condition_store *c, uint32_t node, enum condition_field f, int64_t *v)
{
	uint32_t end = node + c->nodes[node].skip;
	bool found = false;

	for (uint32_t i = node + 1; i <= end; i += 1U + c->nodes[i].skip) {
		const struct condition_node *n = &c->nodes[i];

		for (unsigned k = 0; n->kind == CONDITION_TEST && n->field == f && k < n->n_values;
			k++) {
			const struct condition_value *value = &c->values[n->value + k];
			int64_t each = f == CONDITION_FROM ? value->min : value->max;

			if (!found || (f == CONDITION_FROM ? each < *v : each > *v)) {
				*v = each;
			}
			found = true;
		}
	}
	return found;
}

/* check_dates: a time that ends before it begins. */
static bool check_dates(const struct when *w, const config_setting_t *s, uint32_t node)
{
	const struct condition_store *c = &w->reader->policy->conditions;
	int64_t from = 0;
	int64_t until = 0;

	if (!bound(c, node, CONDITION_FROM, &from) || !bound(c, node, CONDITION_UNTIL, &until) ||
		from <= until) {
		return true;
	}
	conf_say(w->reader, DIAG_ERROR, config_setting_get_member(s, "until"),
		"until: this is before `from`, so it never holds");
	return false;
}

/* read_group: { ... }: all of its members hold. Bounded by CONDITION_DEPTH_MAX. */
static bool read_group(/* NOLINT(misc-no-recursion) */
	struct when *w, const config_setting_t *s, unsigned depth)
{
	bool good = true;
	int node;

	if (depth > CONDITION_DEPTH_MAX) {
		conf_say(w->reader, DIAG_ERROR, s,
			"conditions in conditions: deeper than %d levels; make one of them a rule "
			"in state \"shadow\" and ask for its hit",
			CONDITION_DEPTH_MAX);
		return false;
	}
	if (config_setting_length(s) == 0) {
		conf_say(w->reader, DIAG_ERROR, s,
			"a condition that asks nothing holds for every message: name a field");
		return false;
	}
	node = put_node(w, s, CONDITION_ALL);
	if (node < 0) {
		return false;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		good = read_member(w, config_setting_get_elem(s, (unsigned)i), depth) && good;
	}
	close_node(w, node);
	return good && check_dates(w, s, (uint32_t)node);
}

bool conf_when(struct conf_reader *r, const config_setting_t *s, enum conf_when allowed,
	struct condition *when)
{
	const config_setting_t *e = config_setting_get_member(s, "when");
	struct condition_store *c = &r->policy->conditions;
	struct condition out = { .root = (uint16_t)c->n_nodes };
	struct when w = { .reader = r, .allowed = allowed, .out = &out };

	if (e == NULL) {
		return true;
	}
	if (!config_setting_is_group(e)) {
		conf_say(r, DIAG_ERROR, e,
			"when: expected a group of tests: when = { side = \"outside\"; ... }");
		return false;
	}
	if (!read_group(&w, e, 1)) {
		return false;
	}
	out.n = (uint16_t)(c->n_nodes - out.root);
	*when = out;
	return true;
}

static bool same_value(const struct condition_store *c, const struct condition_value *a,
	const struct condition_value *b)
{
	return a->kind == b->kind && a->digits == b->digits && a->len == b->len &&
	       a->min == b->min && a->max == b->max &&
	       memcmp(c->text + a->text, c->text + b->text, a->len) == 0;
}

bool conf_same_when(
	const struct conf_reader *r, const struct condition *a, const struct condition *b)
{
	const struct condition_store *c = &r->policy->conditions;

	if (a->n != b->n) {
		return false;
	}
	for (unsigned i = 0; i < a->n; i++) {
		const struct condition_node *x = &c->nodes[a->root + i];
		const struct condition_node *y = &c->nodes[b->root + i];

		if (x->kind != y->kind || x->field != y->field || x->skip != y->skip ||
			x->n_values != y->n_values) {
			return false;
		}
		for (unsigned k = 0; k < x->n_values; k++) {
			if (!same_value(c, &c->values[x->value + k], &c->values[y->value + k])) {
				return false;
			}
		}
	}
	return true;
}
