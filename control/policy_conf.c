/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_conf_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/zone.h"
#include "dataplane/verdict/condition.h"

enum { THRESHOLD_MAX = 1000000 };

/* A milder threshold that a more severe one leaves no room for is a mistake in one of them. */
static void check_order(
	const struct conf_reader *r, const config_setting_t *s, const struct policy_category *c)
{
	for (unsigned mild = ACTION_REPORT; mild < ACTIONS; mild++) {
		for (unsigned severe = mild + 1; severe < ACTIONS; severe++) {
			if (c->threshold[mild] != POLICY_NEVER &&
				c->threshold[severe] <= c->threshold[mild]) {
				conf_say(r, DIAG_WARNING, s,
					"%s = %" PRId32 " has no effect: %s = %" PRId32
					" is reached first",
					rule_action_name((enum rule_action)mild),
					c->threshold[mild],
					rule_action_name((enum rule_action)severe),
					c->threshold[severe]);
			}
		}
	}
}

static void read_category(
	const struct conf_reader *r, const config_setting_t *s, struct policy_category *c)
{
	const char *keys[ACTIONS + 2] = { "name", "status" }; /* and the actions but pass */

	for (unsigned a = ACTION_REPORT; a < ACTIONS; a++) {
		keys[a + 1] = rule_action_name((enum rule_action)a);
	}
	conf_known_keys(r, s, keys);
	for (unsigned a = ACTION_REPORT; a < ACTIONS; a++) {
		int v;

		if (conf_integer(r, s, rule_action_name((enum rule_action)a), -THRESHOLD_MAX,
			    THRESHOLD_MAX, &v)) {
			c->threshold[a] = v;
		}
	}
	if (conf_status(r, s, "status", &c->status) &&
		c->threshold[ACTION_REJECT] == POLICY_NEVER) {
		conf_say(r, DIAG_WARNING, s, "status has no effect without reject");
	}
	check_order(r, s, c);
}

static int category_index(const struct conf_reader *r, const config_setting_t *s, const char *name)
{
	for (unsigned i = 0; i < r->names.n_categories; i++) {
		if (strcmp(r->names.categories[i], name) == 0) {
			return (int)i;
		}
	}
	conf_unknown(r, s, "no rule is in category", name, (const char *const *)r->names.categories,
		r->names.n_categories);
	return -1;
}

/* read_categories: a category that is named has just the thresholds that it is given. */
static void read_categories(
	const struct conf_reader *r, const config_setting_t *group, struct policy_scope *scope)
{
	const config_setting_t *s = config_setting_get_member(group, "categories");
	bool seen[LIMIT_CATEGORIES] = { false };

	if (s == NULL || !conf_groups(r, s)) {
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		const char *name = conf_string(r, e, "name");
		int index = name != NULL ? category_index(r, e, name) : -1;
		struct policy_category c;

		policy_category_init(&c, name != NULL ? name : "");
		read_category(r, e, &c);
		if (name == NULL && config_setting_get_member(e, "name") == NULL) {
			conf_say(r, DIAG_ERROR, e, "a category without a name");
		} else if (index >= 0 && seen[index]) {
			conf_say(r, DIAG_ERROR, e, "category \"%s\" is here twice", name);
		} else if (index >= 0) {
			seen[index] = true;
			scope->categories[index] = c;
		}
	}
}

/* read_settings: what a scope or a profile says; also allowed at the top, for everywhere. */
static void read_settings(
	const struct conf_reader *r, const config_setting_t *s, struct policy_scope *scope)
{
	enum rule_action action;

	if (conf_action(r, s, "max_action", ~0U, &action)) {
		scope->max_action = (uint8_t)action;
	}
	(void)conf_bool(r, s, "content", &scope->content);
	(void)conf_country(r, s, &scope->country);
	read_categories(r, s, scope);
}

/* ---- tenants */

static void read_tenant(struct conf_reader *r, const config_setting_t *s)
{
	static const char *const keys[] = { "name", "when", NULL };
	struct policy_tenant *t = &r->policy->tenants[r->policy->n_tenants];
	const char *name = conf_name(r, s, "tenant", sizeof(t->name));

	*t = (struct policy_tenant){ .line = conf_line(r, s) };
	conf_known_keys(r, s, keys);
	if (config_setting_get_member(s, "when") == NULL) {
		conf_say(r, DIAG_ERROR, s,
			"a tenant without `when`: say whose messages are its own: when = { account "
			"= \"...\"; }");
		return;
	}
	if (!conf_when(r, s, CONF_WHEN_TENANT, &t->when) || name == NULL) {
		return;
	}
	memcpy(t->name, name, strlen(name) + 1);
	for (uint32_t i = 0; i < r->policy->n_tenants; i++) {
		const struct policy_tenant *before = &r->policy->tenants[i];

		if (strcmp(before->name, name) == 0) {
			conf_say(r, DIAG_ERROR, s, "tenant \"%s\" is on line %d already", name,
				before->line);
			return;
		}
		if (conf_same_when(r, &before->when, &t->when)) {
			conf_say(r, DIAG_ERROR, s,
				"never reached: tenant \"%s\" of line %d asks the same and comes "
				"first",
				before->name, before->line);
		}
	}
	r->policy->n_tenants++;
}

static void read_tenants(struct conf_reader *r, const config_setting_t *root)
{
	const config_setting_t *s = config_setting_get_member(root, "tenants");

	if (s == NULL || !conf_groups(r, s)) {
		return;
	}
	if (config_setting_length(s) > POLICY_TENANTS_MAX) {
		conf_say(r, DIAG_ERROR, s, "tenants: more than %d", POLICY_TENANTS_MAX);
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		read_tenant(r, config_setting_get_elem(s, (unsigned)i));
	}
}

/* ---- profiles */

static struct policy_profile *find_profile(
	const struct conf_reader *r, const char *name, uint16_t *index)
{
	for (uint32_t i = 0; i < r->policy->n_profiles; i++) {
		if (strcmp(r->policy->profiles[i].name, name) == 0) {
			*index = (uint16_t)i;
			return &r->policy->profiles[i];
		}
	}
	return NULL;
}

static void read_profile(
	struct conf_reader *r, const config_setting_t *s, const struct policy_scope *everywhere)
{
	static const char *const keys[] = { "name", "content", "max_action", "country",
		"categories", NULL };
	struct policy_profile *p = &r->policy->profiles[r->policy->n_profiles];
	const char *name = conf_name(r, s, "profile", sizeof(p->name));
	const struct policy_profile *before;
	uint16_t index;

	memset(p, 0, sizeof(*p));
	p->settings = *everywhere;
	p->settings.line = conf_line(r, s);
	conf_known_keys(r, s, keys);
	read_settings(r, s, &p->settings);
	if (name == NULL) {
		return;
	}
	before = find_profile(r, name, &index);
	if (before != NULL) {
		conf_say(r, DIAG_ERROR, s, "profile \"%s\" is on line %d already", name,
			before->settings.line);
		return;
	}
	memcpy(p->name, name, strlen(name) + 1);
	r->policy->n_profiles++;
}

static void read_profiles(
	struct conf_reader *r, const config_setting_t *root, const struct policy_scope *everywhere)
{
	const config_setting_t *s = config_setting_get_member(root, "profiles");

	if (s == NULL || !conf_groups(r, s)) {
		return;
	}
	if (config_setting_length(s) > POLICY_PROFILES_MAX) {
		conf_say(r, DIAG_ERROR, s, "profiles: more than %d", POLICY_PROFILES_MAX);
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		read_profile(r, config_setting_get_elem(s, (unsigned)i), everywhere);
	}
}

/* take_profile: the settings that an entry of `links` begins with: those of everywhere, or a profile's. */
static void take_profile(
	const struct conf_reader *r, const config_setting_t *s, struct policy_scope *scope)
{
	const char *name = conf_string(r, s, "profile");
	const struct policy_profile *p = NULL;
	const char *names[POLICY_PROFILES_MAX];
	uint16_t index = POLICY_NONE;

	if (name == NULL) {
		return;
	}
	p = find_profile(r, name, &index);
	if (p != NULL) {
		*scope = p->settings;
		scope->profile = index;
		return;
	}
	for (uint32_t i = 0; i < r->policy->n_profiles; i++) {
		names[i] = r->policy->profiles[i].name;
	}
	conf_unknown(r, config_setting_get_member(s, "profile"), "unknown profile", name, names,
		r->policy->n_profiles);
}

/* ---- links */

/* covers: whatever fits `b` fits `a`, as far as it can be told. */
static bool covers(
	const struct conf_reader *r, const struct policy_scope *a, const struct policy_scope *b)
{
	return (a->link == POLICY_ANY || a->link == b->link) &&
	       (a->side == POLICY_ANY || a->side == b->side) &&
	       (a->tenant == POLICY_NONE || a->tenant == b->tenant) &&
	       (a->when.n == 0 || conf_same_when(r, &a->when, &b->when));
}

/* check_reached: the first scope that fits is taken, so an earlier one must leave something. */
static void check_reached(
	const struct conf_reader *r, const config_setting_t *s, const struct policy_scope *scope)
{
	for (uint32_t i = 0; i < r->policy->n_scopes; i++) {
		const struct policy_scope *before = &r->policy->scopes[i];

		if (covers(r, before, scope)) {
			conf_say(r, DIAG_ERROR, s,
				"never reached: the entry of line %d comes first", before->line);
			return;
		}
	}
}

static void read_tenant_of(
	const struct conf_reader *r, const config_setting_t *s, struct policy_scope *scope)
{
	const char *name = conf_string(r, s, "tenant");
	int i = name != NULL ? conf_tenant_index(r, config_setting_get_member(s, "tenant"), name)
	                     : -1;

	if (i >= 0) {
		scope->tenant = (uint16_t)i;
	}
}

static void read_scope(
	struct conf_reader *r, const config_setting_t *s, const struct policy_scope *everywhere)
{
	static const char *const keys[] = { "link", "side", "tenant", "when", "profile",
		"max_action", "content", "country", "categories", NULL };
	struct policy_scope *scope = &r->policy->scopes[r->policy->n_scopes];
	size_t errors = r->diag->n_errors;
	bool says_where = false;

	for (size_t i = 0; i < 4; i++) {
		says_where = says_where || config_setting_get_member(s, keys[i]) != NULL;
	}
	*scope = *everywhere;
	conf_known_keys(r, s, keys);
	if (!says_where) {
		conf_say(r, DIAG_ERROR, s,
			"an entry of links names a link, a side, a tenant or a condition (when); "
			"what holds everywhere stands outside of links");
		return;
	}
	take_profile(r, s, scope);
	conf_link(r, s, &scope->link);
	conf_side(r, s, &scope->side);
	read_tenant_of(r, s, scope);
	(void)conf_when(r, s, CONF_WHEN_SCOPE, &scope->when);
	read_settings(r, s, scope);
	scope->line = conf_line(r, s);
	if (r->diag->n_errors == errors) {
		check_reached(r, s, scope);
	}
	r->policy->n_scopes++;
}

static void read_links(
	struct conf_reader *r, const config_setting_t *root, const struct policy_scope *everywhere)
{
	const config_setting_t *s = config_setting_get_member(root, "links");

	if (s == NULL || !conf_groups(r, s)) {
		return;
	}
	if (config_setting_length(s) > POLICY_SCOPES_MAX - 1) {
		conf_say(r, DIAG_ERROR, s, "links: more than %d entries", POLICY_SCOPES_MAX - 1);
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		read_scope(r, config_setting_get_elem(s, (unsigned)i), everywhere);
	}
}

/* ---- all of it */

static void read_zone(const struct conf_reader *r, const config_setting_t *root)
{
	const char *name = conf_string(r, root, "timezone");
	char why[ZONE_WHY_SIZE];

	if (!zone_load(name != NULL ? name : "UTC", NULL, &r->policy->zone, why)) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(root, "timezone"), "timezone: %s",
			why);
	}
}

/* take_names: those of the source may have moved and grown. */
static void take_names(struct conf_reader *r)
{
	const struct source *s = r->how->source;
	const struct ruleset *set = r->how->ruleset;

	r->names.categories = s != NULL ? s->categories : set->categories;
	r->names.n_categories = s != NULL ? s->n_categories : set->n_categories;
	r->names.rules = s != NULL ? s->rules : set->rules;
	r->names.n_rules = s != NULL ? s->n_rules : set->n_rules;
}

void conf_rules_changed(struct conf_reader *r)
{
	take_names(r);
}

/* set_everywhere: what holds where the file says nothing; its rules are known by now. */
static void set_everywhere(const struct conf_reader *r, struct policy_scope *everywhere)
{
	unsigned n =
		r->names.n_categories < LIMIT_CATEGORIES ? r->names.n_categories : LIMIT_CATEGORIES;

	*everywhere = (struct policy_scope){ .link = POLICY_ANY,
		.side = POLICY_ANY,
		.tenant = POLICY_NONE,
		.profile = POLICY_NONE,
		.n_categories = (uint8_t)n,
		.max_action = ACTION_REJECT,
		.content = true };
	for (unsigned i = 0; i < n; i++) {
		policy_category_init(&everywhere->categories[i], r->names.categories[i]);
		if (r->how->default_action != ACTION_PASS) {
			everywhere->categories[i].threshold[r->how->default_action] =
				RULE_WEIGHT_DEFAULT;
		}
	}
}

/* read_policy: in an order in which each part finds the names that it needs. */
static void read_policy(
	struct conf_reader *r, const config_setting_t *root, struct policy_scope *everywhere)
{
	static const char *const keys[] = { "country", "timezone", "max_action", "content",
		"categories", "tenants", "profiles", "links", "lists", "rules", "limits", NULL };

	conf_known_keys(r, root, keys);
	read_zone(r, root);
	policy_conf_lists(r, root);
	read_tenants(r, root);
	policy_conf_rules(r, root);
	set_everywhere(r, everywhere);
	read_settings(r, root, everywhere);
	r->policy->country = everywhere->country;
	read_profiles(r, root, everywhere);
	read_links(r, root, everywhere);
	r->policy->scopes[r->policy->n_scopes++] = *everywhere;
	policy_conf_limits(r, root);
	policy_conf_lists_used(r, root);
	if (r->links_unseen != NULL) {
		conf_say(r, DIAG_WARNING, r->links_unseen,
			"names of links were not checked: no configuration was given");
	}
}

/*
 * check_numbers: libconfig 1.5 reads 3000000000 as -1294967296 without a word (ecosystem.md 3), so
 * each number is looked at as it was written. Those that a setting took were told with its range.
 */
static void check_numbers(const struct conf_reader *r)
{
	const struct config_text *text = r->text;

	for (size_t i = 0; i < text->n_tokens; i++) {
		const struct config_token *t = &text->tokens[i];
		struct config_origin o = config_text_origin(text, t->line);
		long long v;

		if (t->kind == TOKEN_NUMBER && !r->told[i] && !conf_written(text, t, &v)) {
			diag_add(r->diag, DIAG_ERROR, o.file, o.line, t->column,
				"%.*s is out of range", (int)t->len, text->text + t->at);
		}
	}
}

bool policy_conf_read(struct policy *p, const struct config_text *text,
	const struct policy_conf *how, struct diag *diag)
{
	struct conf_reader r = { .text = text, .how = how, .policy = p, .diag = diag };
	struct policy_scope *everywhere = calloc(1, sizeof(*everywhere));
	size_t errors = diag->n_errors;
	config_t parsed;

	r.told = calloc(text->n_tokens + 1, sizeof(*r.told));
	if (everywhere == NULL || r.told == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
		free(everywhere);
		free(r.told);
		return false;
	}
	memset(p, 0, sizeof(*p));
	memset(how->unseen, 0, sizeof(*how->unseen));
	r.names = (struct policy_names){
		.links = how->links, .n_links = how->n_links, .unseen = how->unseen
	};
	take_names(&r);
	config_init(&parsed);
	if (config_read_string(&parsed, text->text) != CONFIG_TRUE) {
		struct config_origin o = config_text_origin(text, config_error_line(&parsed));

		diag_add(diag, DIAG_ERROR, o.file, o.line, 0, "%s", config_error_text(&parsed));
	} else {
		read_policy(&r, config_root_setting(&parsed), everywhere);
	}
	check_numbers(&r);
	config_destroy(&parsed);
	free(r.told);
	free(everywhere);
	return diag->n_errors == errors;
}
