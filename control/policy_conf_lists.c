/* SPDX-License-Identifier: BSD-3-Clause */
/* `lists` of policy.conf. Part of policy_conf.h. */
#include "control/policy_conf_parts.h"

#include <string.h>

#include "dataplane/sms/numbering.h"

enum { MATCHES_MAX = LIST_MATCH_COUNT };

/* A group of `lists` as it is read. */
struct list_group {
	const config_setting_t *s;
	struct policy_list_use use; /* but for its match */
	const char *name;
	bool kind_known; /* so far all is right: matches can be looked at */
	enum list_kind kind;
	uint8_t matches[MATCHES_MAX];
	unsigned n_matches;
};

static bool is_name(const char *name)
{
	size_t len =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return len != 0 && name[len] == '\0' && len < LIST_NAME_SIZE;
}

/* is_inside: a file's name that does not lead out of the policy's folder. */
static bool is_inside(const char *file)
{
	return file[0] != '\0' && file[0] != '/' && strncmp(file, "../", 3) != 0 &&
	       strstr(file, "/../") == NULL && strcmp(file, "..") != 0;
}

static struct policy_list *find_list(const struct conf_reader *r, const char *name)
{
	for (uint32_t i = 0; i < r->policy->n_lists; i++) {
		if (strcmp(r->policy->lists[i].name, name) == 0) {
			return &r->policy->lists[i];
		}
	}
	return NULL;
}

static bool read_kind(const struct conf_reader *r, struct list_group *g)
{
	const char *kinds[LIST_KIND_COUNT];
	unsigned kind;

	for (unsigned k = 0; k < LIST_KIND_COUNT; k++) {
		kinds[k] = list_kind_name((enum list_kind)k);
	}
	if (config_setting_get_member(g->s, "kind") == NULL) {
		conf_say(r, DIAG_ERROR, g->s, "list \"%s\": its kind is missing", g->name);
		return false;
	}
	if (!conf_choice(r, g->s, "kind", kinds, LIST_KIND_COUNT, &kind)) {
		return false;
	}
	g->kind = (enum list_kind)kind;
	return true;
}

/* read_again: a group for a list that was named before: it says only what else it is asked for. */
static void read_again(
	const struct conf_reader *r, struct list_group *g, const struct policy_list *l)
{
	static const char *const once[] = { "kind", "file" };

	g->kind = (enum list_kind)l->kind;
	g->kind_known = true;
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		const config_setting_t *e = config_setting_get_member(g->s, once[i]);

		if (e != NULL) {
			conf_say(r, DIAG_ERROR, e,
				"%s: list \"%s\" is on line %d already; say here only what else "
				"it is asked for",
				once[i], g->name, l->line);
		}
	}
}

/* read_list: which list it is: one that was named before, or a new one. */
static void read_list(struct conf_reader *r, struct list_group *g)
{
	struct policy_list *l = find_list(r, g->name);
	const char *file = conf_string(r, g->s, "file");

	if (l != NULL) {
		read_again(r, g, l);
		g->use.list = (uint8_t)(l - r->policy->lists);
		return;
	}
	if (r->policy->n_lists == LIST_SET_MAX) {
		conf_say(r, DIAG_ERROR, g->s, "more than %d lists", LIST_SET_MAX);
		return;
	}
	if (!read_kind(r, g)) {
		return;
	}
	l = &r->policy->lists[r->policy->n_lists];
	memset(l, 0, sizeof(*l));
	if (file != NULL && (!is_inside(file) || strlen(file) >= sizeof(l->file))) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(g->s, "file"),
			"file: \"%s\" is no file of the policy's folder", file);
		return;
	}
	memcpy(l->name, g->name, strlen(g->name) + 1);
	if (file != NULL) {
		memcpy(l->file, file, strlen(file) + 1);
	} else {
		(void)snprintf(l->file, sizeof(l->file), "%s.txt", g->name);
	}
	l->kind = (uint8_t)g->kind;
	l->line = conf_line(r, g->s);
	if (r->how->list_files != NULL) {
		r->how->list_files[r->policy->n_lists] = conf_file(r, g->s);
	}
	g->use.list = (uint8_t)r->policy->n_lists++;
	g->kind_known = true;
}

static void read_effect(const struct conf_reader *r, struct list_group *g)
{
	const unsigned allowed = 1U << ACTION_PASS | 1U << ACTION_REPORT | 1U << ACTION_BLANK |
	                         1U << ACTION_THROTTLE | 1U << ACTION_REJECT;
	enum rule_action action;

	if (!conf_action(r, g->s, "effect", allowed, &action)) {
		return;
	}
	g->use.action = (uint8_t)action;
	if (conf_status(r, g->s, "status", &g->use.status) && action != ACTION_REJECT) {
		conf_say(r, DIAG_WARNING, config_setting_get_member(g->s, "status"),
			"status has no effect without effect = \"reject\"");
	}
}

/* check_no_effect: a list that only conditions ask: what says how it is asked has no place there. */
static void check_no_effect(const struct conf_reader *r, const struct list_group *g)
{
	static const char *const keys[] = { "match", "status", "link", "side", "country",
		"folded" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const config_setting_t *e = config_setting_get_member(g->s, keys[i]);

		if (e != NULL) {
			conf_say(r, DIAG_ERROR, e,
				"list \"%s\": its effect is missing; only a list that nothing but "
				"conditions ask (\"@%s\") has none, and then no %s",
				g->name, g->name, keys[i]);
			return;
		}
	}
}

static void add_match(struct conf_reader *r, struct list_group *g, const config_setting_t *e)
{
	const char *name = config_setting_get_string(e);
	enum list_match match;

	if (name == NULL) {
		conf_say(r, DIAG_ERROR, e, "match: expected a text in quotes, or [ \"...\", ... ]");
	} else if (!list_match_parse(name, &match) || !list_kind_matches(g->kind, match)) {
		conf_say(r, DIAG_ERROR, e, "match: a list of kind %s cannot be asked for \"%s\"",
			list_kind_name(g->kind), name);
	} else if (memchr(g->matches, (int)match, g->n_matches) != NULL) {
		conf_say(r, DIAG_ERROR, e, "match: \"%s\" is here twice", name);
	} else {
		g->matches[g->n_matches++] = (uint8_t)match;
	}
}

/* only_match: of a kind that can be asked for one thing only. */
static bool only_match(enum list_kind kind, uint8_t *only)
{
	unsigned n = 0;

	for (unsigned m = 0; m < LIST_MATCH_COUNT; m++) {
		if (list_kind_matches(kind, (enum list_match)m)) {
			*only = (uint8_t)m;
			n++;
		}
	}
	return n == 1;
}

static void read_matches(struct conf_reader *r, struct list_group *g)
{
	const config_setting_t *s = config_setting_get_member(g->s, "match");

	if (s == NULL) {
		if (only_match(g->kind, &g->matches[0])) {
			g->n_matches = 1;
			return;
		}
		conf_say(r, DIAG_ERROR, g->s,
			"list \"%s\": match is missing: what is looked up in a list of kind %s?",
			g->name, list_kind_name(g->kind));
		return;
	}
	if (!config_setting_is_array(s)) {
		add_match(r, g, s);
		return;
	}
	for (int i = 0; i < config_setting_length(s) && i < MATCHES_MAX; i++) {
		add_match(r, g, config_setting_get_elem(s, (unsigned)i));
	}
	if (config_setting_length(s) == 0) {
		conf_say(r, DIAG_ERROR, s, "match: nothing is looked up");
	}
}

/* read_country: whose national numbers they are: a calling code, or a region that has one. */
static void read_country(const struct conf_reader *r, struct list_group *g)
{
	uint16_t country;

	if (!conf_country(r, g->s, &country)) {
		return;
	}
	if (g->kind != LIST_NUMBER && g->kind != LIST_GT && g->kind != LIST_PAIR) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(g->s, "country"),
			"country is for lists of kind number, gt and pair");
		return;
	}
	(void)snprintf(g->use.country, sizeof(g->use.country), "%u",
		numbering_country_of(country)->calling_code % 1000U);
}

/*
 * read_folded: whether look-alikes of a sender or host meet its entry. Those of a sender do where the
 * list refuses; what a list lets pass is what stands in it and nothing that looks like it. Those of
 * a host do where it is asked for: names of the network are many, and alike.
 */
static void read_folded(const struct conf_reader *r, struct list_group *g)
{
	const config_setting_t *e = config_setting_get_member(g->s, "folded");
	bool folded;

	g->use.folded = g->kind == LIST_SENDER && g->use.action != ACTION_PASS;
	if (!conf_bool(r, g->s, "folded", &folded)) {
		return;
	}
	if (g->kind != LIST_SENDER && g->kind != LIST_HOST) {
		conf_say(r, DIAG_ERROR, e, "folded is for lists of kind sender and host");
		return;
	}
	g->use.folded = folded;
	if (folded && g->use.action == ACTION_PASS) {
		conf_say(r, DIAG_WARNING, e,
			"folded: whatever looks like an entry is never blocked");
	}
}

static void add_uses(struct conf_reader *r, struct list_group *g)
{
	for (unsigned i = 0; i < g->n_matches; i++) {
		if (r->policy->n_list_uses == POLICY_LIST_USES_MAX) {
			conf_say(r, DIAG_ERROR, g->s, "lists are asked for more than %d things",
				POLICY_LIST_USES_MAX);
			return;
		}
		g->use.match = g->matches[i];
		r->policy->list_uses[r->policy->n_list_uses++] = g->use;
	}
}

static void read_group(struct conf_reader *r, const config_setting_t *s)
{
	static const char *const keys[] = { "name", "kind", "file", "match", "effect", "status",
		"link", "side", "country", "folded", NULL };
	struct list_group g = { .s = s, .use = { .link = POLICY_ANY, .side = POLICY_ANY } };

	conf_known_keys(r, s, keys);
	g.name = conf_string(r, s, "name");
	if (g.name == NULL) {
		if (config_setting_get_member(s, "name") == NULL) {
			conf_say(r, DIAG_ERROR, s, "a list without a name");
		}
		return;
	}
	if (!is_name(g.name)) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(s, "name"),
			"name: \"%s\": 1 to %d letters, digits, - and _", g.name,
			LIST_NAME_SIZE - 1);
		return;
	}
	read_list(r, &g);
	if (config_setting_get_member(s, "effect") == NULL) {
		check_no_effect(r, &g);
		return;
	}
	read_effect(r, &g);
	conf_link(r, s, &g.use.link);
	conf_side(r, s, &g.use.side);
	if (g.kind_known) {
		read_matches(r, &g);
		read_country(r, &g);
		read_folded(r, &g);
		add_uses(r, &g);
	}
}

void policy_conf_lists(struct conf_reader *r, const config_setting_t *root)
{
	const config_setting_t *s = config_setting_get_member(root, "lists");

	if (s == NULL || !conf_groups(r, s)) {
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		read_group(r, config_setting_get_elem(s, (unsigned)i));
	}
}

/* is_used: it is asked by itself. */
static bool is_used(const struct policy *p, uint32_t list)
{
	for (uint32_t i = 0; i < p->n_list_uses; i++) {
		if (p->list_uses[i].list == list) {
			return true;
		}
	}
	return false;
}

/* group_of: where the list is named first. */
static const config_setting_t *group_of(const config_setting_t *root, const char *list)
{
	const config_setting_t *s = config_setting_get_member(root, "lists");

	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		const char *name = NULL;

		if (config_setting_lookup_string(e, "name", &name) == CONFIG_TRUE &&
			strcmp(name, list) == 0) {
			return e;
		}
	}
	return s;
}

void policy_conf_lists_used(const struct conf_reader *r, const config_setting_t *root)
{
	for (uint32_t i = 0; i < r->policy->n_lists; i++) {
		const char *name = r->policy->lists[i].name;

		if (!r->list_named[i] && !is_used(r->policy, i)) {
			conf_say(r, DIAG_WARNING, group_of(root, name),
				"list \"%s\" is not used: it has no effect, and no condition asks "
				"\"@%s\"",
				name, name);
		}
	}
}
