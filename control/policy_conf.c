/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_conf_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/sms/sms.h"

enum { THRESHOLD_MAX = 1000000 };

void conf_say(const struct conf_reader *r, enum diag_level level, const config_setting_t *s,
	const char *format, ...)
{
	struct config_origin o = config_text_origin(r->text, (int)config_setting_source_line(s));
	char *said = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&said, format, args) < 0) {
		said = NULL;
	}
	va_end(args);
	diag_add(r->diag, level, o.file, o.line, 0, "%s", said != NULL ? said : "out of memory");
	free(said);
}

void conf_known_keys(
	const struct conf_reader *r, const config_setting_t *s, const char *const *keys)
{
	char list[128] = "";

	for (size_t k = 0; keys[k] != NULL; k++) {
		strncat(list, k != 0 ? ", " : "", sizeof(list) - strlen(list) - 1);
		strncat(list, keys[k], sizeof(list) - strlen(list) - 1);
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		size_t k = 0;

		while (keys[k] != NULL && strcmp(keys[k], config_setting_name(e)) != 0) {
			k++;
		}
		if (keys[k] == NULL) {
			conf_say(r, DIAG_ERROR, e, "unknown key \"%s\"; known are %s",
				config_setting_name(e), list);
		}
	}
}

bool conf_integer(const struct conf_reader *r, const config_setting_t *s, const char *key, int min,
	int max, int *v)
{
	const config_setting_t *e = config_setting_get_member(s, key);

	if (e == NULL) {
		return false;
	}
	if (config_setting_type(e) != CONFIG_TYPE_INT) {
		conf_say(r, DIAG_ERROR, e, "%s: expected a whole number from %d to %d", key, min,
			max);
		return false;
	}
	*v = config_setting_get_int(e);
	if (*v < min || *v > max) {
		conf_say(r, DIAG_ERROR, e, "%s: %d is out of range: %d to %d", key, *v, min, max);
		return false;
	}
	return true;
}

const char *conf_string(const struct conf_reader *r, const config_setting_t *s, const char *key)
{
	const config_setting_t *e = config_setting_get_member(s, key);

	if (e == NULL) {
		return NULL;
	}
	if (config_setting_type(e) != CONFIG_TYPE_STRING) {
		conf_say(r, DIAG_ERROR, e, "%s: expected a text in quotes", key);
		return NULL;
	}
	return config_setting_get_string(e);
}

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
	static const char *const keys[] = { "name", "report", "redact", "blank", "reject", "status",
		NULL };
	int status;

	conf_known_keys(r, s, keys);
	for (unsigned a = ACTION_REPORT; a < ACTIONS; a++) {
		int v;

		if (conf_integer(r, s, rule_action_name((enum rule_action)a), -THRESHOLD_MAX,
			    THRESHOLD_MAX, &v)) {
			c->threshold[a] = v;
		}
	}
	if (conf_integer(r, s, "status", 1, CONF_STATUS_MAX, &status)) {
		c->status = (uint32_t)status;
		if (status >= CONF_STATUS_VENDOR) {
			conf_say(r, DIAG_WARNING, s,
				"status: values from 0x400 are of each vendor's own "
				"meaning; some clients refuse them");
		}
		if (c->threshold[ACTION_REJECT] == POLICY_NEVER) {
			conf_say(r, DIAG_WARNING, s, "status has no effect without reject");
		}
	}
	check_order(r, s, c);
}

static int category_index(const struct conf_reader *r, const char *name)
{
	for (unsigned i = 0; i < r->names->n_categories; i++) {
		if (strcmp(r->names->categories[i], name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

bool conf_groups(const struct conf_reader *r, const config_setting_t *s)
{
	const char *name = config_setting_name(s);

	if (!config_setting_is_list(s)) {
		conf_say(r, DIAG_ERROR, s, "%s: expected a list: %s = ( { ... }, { ... } )", name,
			name);
		return false;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		if (!config_setting_is_group(config_setting_get_elem(s, (unsigned)i))) {
			conf_say(r, DIAG_ERROR, s, "%s: element %d is no group { ... }", name,
				i + 1);
			return false;
		}
	}
	return true;
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
		int index = name != NULL ? category_index(r, name) : -1;
		struct policy_category c;

		policy_category_init(&c, name != NULL ? name : "");
		read_category(r, e, &c);
		if (name == NULL) {
			if (config_setting_get_member(e, "name") == NULL) {
				conf_say(r, DIAG_ERROR, e, "a category without a name");
			}
		} else if (index < 0) {
			conf_say(r, DIAG_ERROR, e, "no rule is in category \"%s\"", name);
		} else if (seen[index]) {
			conf_say(r, DIAG_ERROR, e, "category \"%s\" is here twice", name);
		} else {
			seen[index] = true;
			scope->categories[index] = c;
		}
	}
}

/* read_where: what a scope says beside its categories; also allowed at the top, for everywhere. */
static void read_where(
	const struct conf_reader *r, const config_setting_t *s, struct policy_scope *scope)
{
	const char *name = conf_string(r, s, "max_action");
	const config_setting_t *content = config_setting_get_member(s, "content");
	enum rule_action action;

	if (name != NULL && rule_action_parse(name, &action)) {
		scope->max_action = (uint8_t)action;
	} else if (name != NULL) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(s, "max_action"),
			"max_action: \"%s\" is no action: pass, report, redact, blank or reject",
			name);
	}
	if (content != NULL && config_setting_type(content) == CONFIG_TYPE_BOOL) {
		scope->content = config_setting_get_bool(content) != 0;
	} else if (content != NULL) {
		conf_say(r, DIAG_ERROR, content, "content: expected true or false");
	}
	read_categories(r, s, scope);
}

void conf_link(struct conf_reader *r, const config_setting_t *s, uint8_t *link)
{
	const char *name = conf_string(r, s, "link");
	unsigned i = 0;

	if (name == NULL) {
		return;
	}
	while (i < r->names->n_links && strcmp(r->names->links[i], name) != 0) {
		i++;
	}
	if (i < r->names->n_links) {
		*link = (uint8_t)i;
		return;
	}
	*link = CONF_LINK_UNSEEN;
	if (r->names->n_links == 0) {
		r->links_unseen = s;
	} else {
		conf_say(r, DIAG_ERROR, config_setting_get_member(s, "link"),
			"the configuration has no link \"%s\"", name);
	}
}

void conf_side(const struct conf_reader *r, const config_setting_t *s, uint8_t *side)
{
	const char *name = conf_string(r, s, "side");

	if (name == NULL) {
		return;
	}
	if (strcmp(name, "inside") == 0) {
		*side = SIDE_INSIDE;
	} else if (strcmp(name, "outside") == 0) {
		*side = SIDE_OUTSIDE;
	} else {
		conf_say(r, DIAG_ERROR, config_setting_get_member(s, "side"),
			"side: \"%s\" is neither \"inside\" nor \"outside\"", name);
	}
}

/* check_reached: the first scope that fits is taken, so an earlier one must leave something. */
static void check_reached(
	const struct conf_reader *r, const config_setting_t *s, const struct policy_scope *scope)
{
	if (scope->link == CONF_LINK_UNSEEN) {
		return;
	}
	for (uint32_t i = 0; i < r->policy->n_scopes; i++) {
		const struct policy_scope *before = &r->policy->scopes[i];

		if ((before->link == POLICY_ANY || before->link == scope->link) &&
			(before->side == POLICY_ANY || before->side == scope->side)) {
			conf_say(r, DIAG_ERROR, s,
				"never reached: the entry of line %d comes first",
				config_text_origin(
					r->text, (int)config_setting_source_line(r->scopes[i]))
					.line);
			return;
		}
	}
}

static void read_scope(
	struct conf_reader *r, const config_setting_t *s, const struct policy_scope *everywhere)
{
	static const char *const keys[] = { "link", "side", "max_action", "content", "categories",
		NULL };
	struct policy_scope *scope = &r->policy->scopes[r->policy->n_scopes];

	*scope = *everywhere;
	conf_known_keys(r, s, keys);
	if (config_setting_get_member(s, "link") == NULL &&
		config_setting_get_member(s, "side") == NULL) {
		conf_say(r, DIAG_ERROR, s,
			"an entry of links names a link, a side or both; what holds "
			"everywhere stands outside of links");
		return;
	}
	conf_link(r, s, &scope->link);
	conf_side(r, s, &scope->side);
	read_where(r, s, scope);
	check_reached(r, s, scope);
	r->scopes[r->policy->n_scopes++] = s;
}

static void read_policy(struct conf_reader *r, const config_setting_t *root)
{
	static const char *const keys[] = { "max_action", "content", "categories", "links", "lists",
		NULL };
	const config_setting_t *links = config_setting_get_member(root, "links");
	int n_links = 0;
	/* what holds everywhere comes last; until it is known where that is, in the last place */
	struct policy_scope *everywhere = &r->policy->scopes[POLICY_SCOPES_MAX - 1];

	*everywhere = r->policy->scopes[0];
	conf_known_keys(r, root, keys);
	read_where(r, root, everywhere);
	r->policy->n_scopes = 0;
	if (links != NULL && conf_groups(r, links)) {
		n_links = config_setting_length(links);
	}
	for (int i = 0; i < n_links; i++) {
		if (r->policy->n_scopes == POLICY_SCOPES_MAX - 1) {
			conf_say(r, DIAG_ERROR, links, "links: more than %d entries",
				POLICY_SCOPES_MAX - 1);
			break;
		}
		read_scope(r, config_setting_get_elem(links, (unsigned)i), everywhere);
	}
	policy_conf_lists(r, root);
	if (r->links_unseen != NULL) {
		conf_say(r, DIAG_WARNING, r->links_unseen,
			"names of links were not checked: no configuration was given");
	}
	if (r->policy->n_scopes != POLICY_SCOPES_MAX - 1) {
		r->policy->scopes[r->policy->n_scopes] = *everywhere;
	}
	r->policy->n_scopes++;
}

/*
 * check_numbers: libconfig 1.5 reads 3000000000 as -1294967296 without a word (ecosystem.md 3), so
 * each number is looked at as it was written.
 */
static void check_numbers(const struct config_text *text, struct diag *diag)
{
	for (size_t i = 0; i < text->n_tokens; i++) {
		const struct config_token *t = &text->tokens[i];
		struct config_origin o = config_text_origin(text, t->line);
		char digits[32] = "";
		bool hex;
		long long v;

		if (t->kind != TOKEN_NUMBER) {
			continue;
		}
		memcpy(digits, text->text + t->at,
			t->len < sizeof(digits) ? t->len : sizeof(digits) - 1);
		hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
		errno = 0;
		v = strtoll(digits, NULL, hex ? 16 : 10);
		if (errno != 0 || t->len >= sizeof(digits) || v < INT32_MIN || v > INT32_MAX) {
			diag_add(diag, DIAG_ERROR, o.file, o.line, t->column,
				"%.*s is out of range", (int)t->len, text->text + t->at);
		}
	}
}

bool policy_conf_read(struct policy *p, const struct config_text *text,
	const struct policy_names *names, enum rule_action default_action, struct diag *diag)
{
	struct conf_reader r = { .text = text, .names = names, .policy = p, .diag = diag };
	struct ruleset rules = { .n_categories = names->n_categories };
	size_t errors = diag->n_errors;
	config_t parsed;

	/* only read: struct ruleset has no const names because it owns them elsewhere */
	memcpy(&rules.categories, &names->categories, sizeof(rules.categories));
	policy_default(p, &rules, default_action);
	check_numbers(text, diag);
	config_init(&parsed);
	if (config_read_string(&parsed, text->text) != CONFIG_TRUE) {
		struct config_origin o = config_text_origin(text, config_error_line(&parsed));

		diag_add(diag, DIAG_ERROR, o.file, o.line, 0, "%s", config_error_text(&parsed));
	} else {
		read_policy(&r, config_root_setting(&parsed));
	}
	config_destroy(&parsed);
	return diag->n_errors == errors;
}
