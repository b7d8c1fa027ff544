/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of policy.conf, of all kinds, and what is said of wrong ones. Part of policy_conf.h. */
#include "control/policy_conf_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/sms/numbering.h"
#include "dataplane/sms/sms.h"

enum { KNOWN_SIZE = 1024 };

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

int conf_line(const struct conf_reader *r, const config_setting_t *s)
{
	return config_text_origin(r->text, (int)config_setting_source_line(s)).line;
}

const char *conf_file(const struct conf_reader *r, const config_setting_t *s)
{
	return config_text_origin(r->text, (int)config_setting_source_line(s)).file;
}

bool conf_written(const struct config_text *text, const struct config_token *t, long long *v)
{
	char digits[32] = "";
	bool hex;

	memcpy(digits, text->text + t->at, t->len < sizeof(digits) ? t->len : sizeof(digits) - 1);
	hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	errno = 0;
	*v = strtoll(digits, NULL, hex ? 16 : 10);
	return errno == 0 && t->len < sizeof(digits) && *v >= INT32_MIN && *v <= INT32_MAX;
}

/* stands_at: token i may be the value of `s`: behind its name, or, in an array, not before it. */
static bool stands_at(const struct conf_reader *r, size_t i, const config_setting_t *s)
{
	const struct config_token *t = &r->text->tokens[i];
	const struct config_token *n = i != 0 ? t - 1 : NULL;
	const char *name = config_setting_name(s);
	int line = (int)config_setting_source_line(s);

	if (name == NULL) {
		return t->line >= line && (n == NULL || n->kind != TOKEN_NAME || n->line <= line);
	}
	return n != NULL && n->kind == TOKEN_NAME && n->line == line && n->len == strlen(name) &&
	       memcmp(r->text->text + n->at, name, n->len) == 0;
}

/* wrapped: the number behind `s` that libconfig could not take, as a token's index; n_tokens: it could. */
static size_t wrapped(const struct conf_reader *r, const config_setting_t *s)
{
	bool is_long = config_setting_type(s) == CONFIG_TYPE_INT64;
	long long read = is_long ? config_setting_get_int64(s) : config_setting_get_int(s);
	size_t i;

	for (i = 0; i < r->text->n_tokens; i++) {
		const struct config_token *t = &r->text->tokens[i];
		long long v;

		if (t->kind == TOKEN_NUMBER && !r->told[i] && stands_at(r, i, s) &&
			!conf_written(r->text, t, &v) &&
			read == (is_long ? v : (int32_t)(uint32_t)v)) {
			break;
		}
	}
	return i;
}

bool conf_wrapped(const struct conf_reader *r, const config_setting_t *s, const char *key,
	int64_t min, int64_t max)
{
	int type = config_setting_type(s);
	size_t i = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64 ? wrapped(r, s)
	                                                                : r->text->n_tokens;

	if (i == r->text->n_tokens) {
		return false;
	}
	r->told[i] = true;
	conf_say(r, DIAG_ERROR, s, "%s: %.*s is out of range: %" PRId64 " to %" PRId64, key,
		(int)r->text->tokens[i].len, r->text->text + r->text->tokens[i].at, min, max);
	return true;
}

/* join: "a, b, c"; what does not fit is "...". */
static void join(const char *const *names, size_t n, char known[KNOWN_SIZE])
{
	size_t used = 0;

	known[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		if (used + len + 8 >= KNOWN_SIZE) {
			memcpy(known + used, ", ...", 6);
			return;
		}
		if (i != 0) {
			memcpy(known + used, ", ", 2);
			used += 2;
		}
		memcpy(known + used, names[i], len + 1);
		used += len;
	}
}

void conf_unknown(const struct conf_reader *r, const config_setting_t *s, const char *what,
	const char *word, const char *const *names, size_t n)
{
	const char *meant = diag_meant(word, names, n);
	char known[KNOWN_SIZE];

	if (meant != NULL) {
		conf_say(r, DIAG_ERROR, s, "%s \"%s\": did you mean \"%s\"?", what, word, meant);
	} else if (n == 0) {
		conf_say(r, DIAG_ERROR, s, "%s \"%s\": there are none", what, word);
	} else {
		join(names, n, known);
		conf_say(r, DIAG_ERROR, s, "%s \"%s\"; known are %s", what, word, known);
	}
}

void conf_known_keys(
	const struct conf_reader *r, const config_setting_t *s, const char *const *keys)
{
	size_t n = 0;

	while (keys[n] != NULL) {
		n++;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		size_t k = 0;

		while (k < n && strcmp(keys[k], config_setting_name(e)) != 0) {
			k++;
		}
		if (k == n) {
			conf_unknown(r, e, "unknown key", config_setting_name(e), keys, n);
		}
	}
}

bool conf_integer(const struct conf_reader *r, const config_setting_t *s, const char *key, int min,
	int max, int *v)
{
	const config_setting_t *e = config_setting_get_member(s, key);

	if (e == NULL || conf_wrapped(r, e, key, min, max)) {
		return false;
	}
	if (config_setting_type(e) != CONFIG_TYPE_INT) {
		conf_say(r, DIAG_ERROR, e, "%s: expected a whole number from %d to %d", key, min,
			max);
		return false;
	}
	if (config_setting_get_int(e) < min || config_setting_get_int(e) > max) {
		conf_say(r, DIAG_ERROR, e, "%s: %d is out of range: %d to %d", key,
			config_setting_get_int(e), min, max);
		return false;
	}
	*v = config_setting_get_int(e);
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

bool conf_bool(const struct conf_reader *r, const config_setting_t *s, const char *key, bool *v)
{
	const config_setting_t *e = config_setting_get_member(s, key);

	if (e == NULL) {
		return false;
	}
	if (config_setting_type(e) != CONFIG_TYPE_BOOL) {
		conf_say(r, DIAG_ERROR, e, "%s: expected true or false", key);
		return false;
	}
	*v = config_setting_get_bool(e) != 0;
	return true;
}

bool conf_choice(const struct conf_reader *r, const config_setting_t *s, const char *key,
	const char *const *names, size_t n, unsigned *index)
{
	const char *word = conf_string(r, s, key);
	char what[64];

	for (unsigned i = 0; word != NULL && i < n; i++) {
		if (strcmp(word, names[i]) == 0) {
			*index = i;
			return true;
		}
	}
	if (word != NULL) {
		(void)snprintf(what, sizeof(what), "%s: unknown value", key);
		conf_unknown(r, config_setting_get_member(s, key), what, word, names, n);
	}
	return false;
}

bool conf_action(const struct conf_reader *r, const config_setting_t *s, const char *key,
	unsigned allowed, enum rule_action *action)
{
	const char *names[ACTIONS];
	enum rule_action of[ACTIONS];
	unsigned n = 0;
	unsigned index;

	for (unsigned a = 0; a < ACTIONS; a++) {
		if ((allowed >> a & 1) != 0) {
			of[n] = (enum rule_action)a;
			names[n++] = rule_action_name((enum rule_action)a);
		}
	}
	if (!conf_choice(r, s, key, names, n, &index)) {
		return false;
	}
	*action = of[index];
	return true;
}

bool conf_state(const struct conf_reader *r, const config_setting_t *s, const char *key,
	uint8_t *state, uint8_t *sample)
{
	static const char *const names[] = { "on", "shadow", "sample=5%" };
	const char *word = conf_string(r, s, key);

	if (word == NULL || rule_state_parse(word, state, sample)) {
		return word != NULL;
	}
	if (strncmp(word, "sample", 6) == 0) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(s, key),
			"%s: \"%s\" is no share of senders: \"sample=N%%\" with N from 1 to 99",
			key, word);
	} else {
		conf_unknown(r, config_setting_get_member(s, key), "state: unknown value", word,
			names, 3);
	}
	return false;
}

bool conf_status(
	const struct conf_reader *r, const config_setting_t *s, const char *key, uint32_t *status)
{
	int v;

	if (!conf_integer(r, s, key, 1, CONF_STATUS_MAX, &v)) {
		return false;
	}
	*status = (uint32_t)v;
	if (v >= CONF_STATUS_VENDOR) {
		conf_say(r, DIAG_WARNING, config_setting_get_member(s, key),
			"%s: values from 0x400 are of each vendor's own meaning; some clients "
			"refuse them",
			key);
	}
	return true;
}

unsigned conf_texts(const struct conf_reader *r, const config_setting_t *s, const char *key,
	const char **texts, unsigned max)
{
	const config_setting_t *e = config_setting_get_member(s, key);
	unsigned n = 0;

	if (e == NULL) {
		return 0;
	}
	if (config_setting_type(e) == CONFIG_TYPE_STRING) {
		texts[0] = config_setting_get_string(e);
		return 1;
	}
	if (!config_setting_is_array(e) && !config_setting_is_list(e)) {
		conf_say(r, DIAG_ERROR, e, "%s: expected a text in quotes, or [ \"...\", ... ]",
			key);
		return 0;
	}
	if (config_setting_length(e) == 0 || config_setting_length(e) > (int)max) {
		conf_say(r, DIAG_ERROR, e, "%s: from 1 to %u texts, not %d", key, max,
			config_setting_length(e));
		return 0;
	}
	for (; n < (unsigned)config_setting_length(e); n++) {
		texts[n] = config_setting_get_string_elem(e, (int)n);
		if (texts[n] == NULL) {
			conf_say(r, DIAG_ERROR, e, "%s: element %u is no text in quotes", key,
				n + 1);
			return 0;
		}
	}
	return n;
}

const char *conf_name(
	const struct conf_reader *r, const config_setting_t *s, const char *what, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	const char *name = conf_string(r, s, "name");
	size_t len = name != NULL ? strspn(name, letters) : 0;

	if (name == NULL) {
		if (config_setting_get_member(s, "name") == NULL) {
			conf_say(r, DIAG_ERROR, s, "a %s without a name", what);
		}
		return NULL;
	}
	if (len == 0 || name[len] != '\0' || len >= size) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(s, "name"),
			"name: \"%s\" is no name of a %s: 1 to %zu letters, digits, '-', '_' and "
			"'.'",
			name, what, size - 1);
		return NULL;
	}
	return name;
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

/* unseen_link: an index for a name that no configuration knows. */
static int unseen_link(struct conf_reader *r, const config_setting_t *s, const char *name)
{
	struct policy_unseen *u = r->how->unseen;
	unsigned i = 0;

	if (r->links_unseen == NULL) {
		r->links_unseen = s;
	}
	while (i < u->n && strcmp(u->names[i], name) != 0) {
		i++;
	}
	if (i == LIMIT_LINKS || strlen(name) >= sizeof(u->names[0])) {
		conf_say(r, DIAG_ERROR, s,
			"link \"%s\": no configuration has more than %u links "
			"or such a long name",
			name, LIMIT_LINKS);
		return -1;
	}
	if (i == u->n) {
		memcpy(u->names[u->n++], name, strlen(name) + 1);
	}
	return POLICY_LINK_UNSEEN - (int)i;
}

int conf_link_index(struct conf_reader *r, const config_setting_t *s, const char *name)
{
	if (r->names.n_links == 0) {
		return unseen_link(r, s, name);
	}
	for (unsigned i = 0; i < r->names.n_links; i++) {
		if (strcmp(r->names.links[i], name) == 0) {
			return (int)i;
		}
	}
	conf_unknown(r, s, "the configuration has no link", name, r->names.links, r->names.n_links);
	return -1;
}

void conf_link(struct conf_reader *r, const config_setting_t *s, uint8_t *link)
{
	const char *name = conf_string(r, s, "link");
	int i = name != NULL ? conf_link_index(r, config_setting_get_member(s, "link"), name) : -1;

	if (i >= 0) {
		*link = (uint8_t)i;
	}
}

void conf_side(const struct conf_reader *r, const config_setting_t *s, uint8_t *side)
{
	static const char *const names[] = { [SIDE_INSIDE] = "inside", [SIDE_OUTSIDE] = "outside" };
	unsigned i;

	if (conf_choice(r, s, "side", names, 2, &i)) {
		*side = (uint8_t)i;
	}
}

int conf_tenant_index(const struct conf_reader *r, const config_setting_t *s, const char *name)
{
	const char **names = calloc(POLICY_TENANTS_MAX, sizeof(*names));
	uint32_t n = r->policy->n_tenants;
	int found = -1;

	for (uint32_t i = 0; names != NULL && i < n; i++) {
		names[i] = r->policy->tenants[i].name;
		if (strcmp(names[i], name) == 0) {
			found = (int)i;
		}
	}
	if (found < 0) {
		conf_unknown(r, s, "unknown tenant", name, names, names != NULL ? n : 0);
	}
	free(names);
	return found;
}

int conf_list_index(struct conf_reader *r, const config_setting_t *s, const char *name)
{
	const char *names[LIST_SET_MAX];

	for (uint32_t i = 0; i < r->policy->n_lists; i++) {
		names[i] = r->policy->lists[i].name;
		if (strcmp(names[i], name) == 0) {
			r->list_named[i] = true;
			return (int)i;
		}
	}
	conf_unknown(r, s, "unknown list", name, names, r->policy->n_lists);
	return -1;
}

/* find_rule: in the source's order, or by the ruleset's index. */
static long find_rule(const struct conf_reader *r, const char *id)
{
	if (r->how->ruleset != NULL) {
		uint32_t i = ruleset_find(r->how->ruleset, id);

		return i != RULE_GONE ? (long)i : -1;
	}
	for (uint32_t i = 0; i < r->names.n_rules; i++) {
		if (strcmp(r->names.rules[i].id, id) == 0) {
			return (long)i;
		}
	}
	return -1;
}

/* rule_meant: the nearest of all ids; there may be very many. */
static const char *rule_meant(const struct conf_reader *r, const char *id)
{
	const char **names = calloc((size_t)r->names.n_rules + 1, sizeof(*names));
	const char *meant = NULL;

	if (names != NULL) {
		for (uint32_t i = 0; i < r->names.n_rules; i++) {
			names[i] = r->names.rules[i].id;
		}
		meant = diag_meant(id, names, r->names.n_rules);
		free(names);
	}
	return meant;
}

long conf_rule_index(const struct conf_reader *r, const config_setting_t *s, const char *id)
{
	long index = find_rule(r, id);
	const char *meant;

	if (index >= 0) {
		return index;
	}
	meant = rule_meant(r, id);
	conf_say(r, DIAG_ERROR, s,
		"unknown rule \"%s\"%s%s%s: a hit is of a pattern, or of a rule of policy.conf "
		"above this one",
		id, meant != NULL ? ", did you mean \"" : "", meant != NULL ? meant : "",
		meant != NULL ? "\"?" : "");
	return -1;
}

bool conf_country(const struct conf_reader *r, const config_setting_t *s, uint16_t *country)
{
	const char *name = conf_string(r, s, "country");
	uint16_t handle = name != NULL ? numbering_country(bytes_str(name)) : NUMBERING_NONE;

	if (name != NULL && handle == NUMBERING_NONE) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(s, "country"),
			"country: \"%s\" is none: a region of ISO 3166 such as \"GB\", or a calling "
			"code such as \"44\"",
			name);
	}
	if (handle != NUMBERING_NONE) {
		*country = handle;
	}
	return handle != NUMBERING_NONE;
}
