/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl config ... and policy ...: what needs no daemon. */
#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "control/config_keys.h"
#include "control/ctl_cost.h"
#include "control/ctl_policy.h"

static json_t *setting_json(const config_setting_t *s);

static json_t *members_json(const config_setting_t *s)
{
	bool group = config_setting_type(s) == CONFIG_TYPE_GROUP;
	json_t *j = group ? json_object() : json_array();
	int n = config_setting_length(s);

	for (int i = 0; i < n; i++) {
		config_setting_t *member = config_setting_get_elem(s, (unsigned)i);

		if (group) {
			json_object_set_new(j, config_setting_name(member), setting_json(member));
		} else {
			json_array_append_new(j, setting_json(member));
		}
	}
	return j;
}

/* setting_json: bounded by the canonical form's own depth of three. */
static json_t *setting_json(const config_setting_t *s) /* NOLINT(misc-no-recursion) */
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return json_integer(config_setting_get_int64(s));
	case CONFIG_TYPE_BOOL:
		return json_boolean(config_setting_get_bool(s));
	case CONFIG_TYPE_STRING:
		return ctl_json_string(config_setting_get_string(s));
	default:
		return members_json(s);
	}
}

/* config_json: the canonical form as JSON, through libconfig, so that it cannot differ from it. */
static json_t *config_json(const struct config *c)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	json_t *j = NULL;
	config_t parsed;

	if (f == NULL) {
		return NULL;
	}
	config_print(c, f);
	config_init(&parsed);
	if (fclose(f) == 0 && config_read_string(&parsed, text) == CONFIG_TRUE) {
		j = setting_json(config_root_setting(&parsed));
	}
	config_destroy(&parsed);
	free(text);
	return j;
}

static int load_first(struct ctl_call *call, struct config **c)
{
	*c = calloc(1, sizeof(**c));
	if (*c == NULL) {
		return ctl_error(call, CONTROL_FAILED, "no memory");
	}
	return config_load(*c, call->words[0], &call->diag) ? 0 : CONTROL_INVALID;
}

int ctl_config_check(struct ctl_call *call)
{
	struct config *c;
	int rc = load_first(call, &c);

	ctl_set(call, "file", ctl_json_string(call->words[0]));
	free(c);
	return rc;
}

int ctl_config_print(struct ctl_call *call)
{
	struct config *c;
	int rc = load_first(call, &c);

	if (rc == 0 && call->json) {
		ctl_set(call, "config", config_json(c));
	} else if (rc == 0) {
		config_print(c, stdout);
	}
	free(c);
	return rc;
}

static json_t *choices_json(const struct config_choice *c)
{
	json_t *list = json_array();

	for (; c != NULL && c->name != NULL; c++) {
		if (c->refused == NULL) {
			json_array_append_new(list, json_string(c->name));
		}
	}
	return list;
}

static json_t *key_json(const struct config_key *k)
{
	static const char *const scopes[] = { "top", "link", "link" };
	static const char *const types[] = { "boolean", "integer", "choice", "choices", "string",
		"integers", "prefixes", "two integers" };
	json_t *j = json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s}", "name", k->path, "scope",
		scopes[k->scope], "type", types[k->type], "unit", k->unit, "default", k->initial,
		"help", k->help);

	if (k->type == CONFIG_INT || k->type == CONFIG_INTS || k->type == CONFIG_TWO_INTS) {
		json_object_set_new(j, "min", json_integer(k->min));
		json_object_set_new(j, "max", json_integer(k->max));
	}
	if (k->choices != NULL) {
		json_object_set_new(j, "choices", choices_json(k->choices));
	}
	return j;
}

int ctl_config_keys(struct ctl_call *call)
{
	json_t *list;

	if (!call->json) {
		config_print_keys(stdout);
		return 0;
	}
	list = json_array();
	for (size_t i = 0; i < config_keys_count; i++) {
		json_array_append_new(list, key_json(&config_keys[i]));
	}
	ctl_set(call, "keys", list);
	return 0;
}

/* policy_load: PATH with the configuration of --config, where it is given. */
static int policy_load(struct ctl_call *call, struct policy_set *set)
{
	struct config *c = NULL;
	int rc = ctl_config_load(call, &c);

	if (rc == 0) {
		rc = ctl_policy_load(call, call->words[0], c, set);
	}
	free(c);
	return rc;
}

static void policy_describe(struct ctl_call *call, const struct policy_set *set)
{
	const struct ruleset *r = set->ruleset;
	unsigned n_in[RULE_STATES] = { 0 };
	unsigned n_shards = 0;
	char hash[65];

	for (uint32_t i = 0; i < r->n_rules; i++) {
		n_in[r->rules[i].state]++;
	}
	for (unsigned i = 0; i < FIELDS * VIEWS; i++) {
		n_shards += r->parts[i / VIEWS][i % VIEWS].n_shards;
	}
	for (unsigned i = 0; i < 32; i++) {
		(void)snprintf(hash + 2 * (size_t)i, 3, "%02x", r->hash[i]);
	}
	ctl_out(call, "rules       %u, of which %u in state shadow, %u in state sample\n",
		r->n_rules, n_in[RULE_SHADOW], n_in[RULE_SAMPLE]);
	ctl_out(call, "categories  %u\n", r->n_categories);
	ctl_out(call, "examples    %u, all as they should be\n", set->source.n_examples);
	ctl_out(call, "databases   %zu octets in %u shards%s\n", r->database_len, n_shards,
		set->from_pack ? ", from the pack" : "");
	ctl_out(call, "hash        %s\n", hash);
	ctl_set(call, "rules", json_integer(r->n_rules));
	ctl_set(call, "rules_shadow", json_integer(n_in[RULE_SHADOW]));
	ctl_set(call, "rules_sample", json_integer(n_in[RULE_SAMPLE]));
	ctl_set(call, "categories", json_integer(r->n_categories));
	ctl_set(call, "examples", json_integer(set->source.n_examples));
	ctl_set(call, "database_octets", json_integer((json_int_t)r->database_len));
	ctl_set(call, "shards", json_integer(n_shards));
	ctl_set(call, "compile_seconds", json_real(set->report.seconds));
	ctl_set(call, "from_pack", json_boolean(set->from_pack));
	ctl_set(call, "hash", json_string(hash));
}

int ctl_policy_check(struct ctl_call *call)
{
	struct policy_set *set = calloc(1, sizeof(*set));
	int rc =
		set != NULL ? policy_load(call, set) : ctl_error(call, CONTROL_FAILED, "no memory");

	ctl_set(call, "path", ctl_json_string(call->words[0]));
	if (rc == 0) {
		policy_describe(call, set);
		rc = ctl_cost_wanted(call) ? ctl_cost(call, set) : 0;
		policy_set_free(set);
	}
	free(set);
	return rc;
}

int ctl_policy_compile(struct ctl_call *call)
{
	const char *out = ctl_value(call, "out");
	const char *key_path = ctl_value(call, "key");
	struct pack_meta meta;
	struct key_secret key;
	const struct policy_write how = { .key = key_path != NULL ? &key : NULL, .meta = &meta };
	struct policy_set *set;
	int rc;

	if (out == NULL) {
		return ctl_error(call, CONTROL_USAGE, "policy compile needs --out PACK");
	}
	if (key_path != NULL && !key_secret_load(&key, key_path, &call->diag)) {
		return CONTROL_INVALID;
	}
	ctl_policy_meta(ctl_value(call, "note"), &meta);
	set = calloc(1, sizeof(*set));
	rc = set != NULL ? policy_load(call, set) : ctl_error(call, CONTROL_FAILED, "no memory");
	if (rc == 0) {
		rc = policy_set_write(set, out, &how, &call->diag) ? 0 : CONTROL_FAILED;
		if (rc == 0) {
			policy_describe(call, set);
			ctl_out(call, "pack        %s\n", out);
			ctl_set(call, "pack", ctl_json_string(out));
		}
		policy_set_free(set);
	}
	if (key_path != NULL) {
		key_secret_wipe(&key);
	}
	free(set);
	return rc;
}
