/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_conf_parts.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A group being read, into policy->limits[n_limits]. */
struct limit_group {
	const config_setting_t *s;
	struct limit_rule *l;
	size_t errors; /* of diag, before it */
};

#define OF_RATE     (1u << LIMIT_RATE)
#define OF_DISTINCT (1u << LIMIT_DISTINCT)
#define OF_RATIO    (1u << LIMIT_RATIO)
#define OF_GREY     (1u << LIMIT_GREY)
#define OF_ALL      (OF_RATE | OF_DISTINCT | OF_RATIO | OF_GREY)

/* What may stand in a group, by kind, and what must. */
static const struct {
	const char *name;
	unsigned kinds;
	unsigned needed;
	const char *example;
} settings[] = {
	{ "name", OF_ALL, OF_ALL, "name = \"per-sender\"" },
	{ "kind", OF_ALL, OF_ALL, "kind = \"rate\"" },
	{ "key", OF_ALL, OF_ALL, "key = [ \"originator\" ]; [] counts all messages as one" },
	{ "action", OF_ALL, OF_ALL, "action = \"throttle\"" },
	{ "rate", OF_RATE, OF_RATE, "rate = \"60/min\"" },
	{ "burst", OF_RATE, 0, NULL },
	{ "count", OF_RATE, 0, NULL },
	{ "of", OF_DISTINCT, OF_DISTINCT, "of = \"destination\"" },
	{ "max", OF_DISTINCT, OF_DISTINCT, "max = 100" },
	{ "per", OF_DISTINCT | OF_RATIO, OF_DISTINCT | OF_RATIO, "per = \"day\"" },
	{ "answered", OF_RATIO, OF_RATIO, "answered = 10, in percent" },
	{ "messages", OF_RATIO, OF_RATIO, "messages = 200" },
	{ "delay", OF_GREY, OF_GREY, "delay = \"60 s\"" },
	{ "keep", OF_GREY, OF_GREY, "keep = \"1 day\"" },
	{ "when", OF_ALL, 0, NULL },
	{ "named", OF_ALL, 0, NULL },
	{ "state", OF_ALL, 0, NULL },
	{ "status", OF_ALL, 0, NULL },
	{ "note", OF_ALL, 0, NULL },
};
enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static const config_setting_t *member(const struct limit_group *g, const char *key)
{
	return config_setting_get_member(g->s, key);
}

/* kinds_text: "rate", "distinct and ratio". */
static const char *kinds_text(unsigned kinds, char *out, size_t size)
{
	out[0] = '\0';
	for (unsigned k = 0; k < LIMIT_KIND_COUNT; k++) {
		if ((kinds >> k & 1) != 0) {
			size_t len = strlen(out);

			(void)snprintf(out + len, size - len, "%s%s", len != 0 ? " and " : "",
				limit_kind_name((enum limit_kind)k));
		}
	}
	return out;
}

/* check_settings: nothing that belongs to another kind, and all that this one needs. */
static void check_settings(const struct conf_reader *r, const struct limit_group *g)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		const config_setting_t *e = member(g, settings[i].name);
		char kinds[64];

		if (e != NULL && (settings[i].kinds >> g->l->kind & 1) == 0) {
			conf_say(r, DIAG_ERROR, e,
				"%s is for limits of kind %s; \"%s\" is of kind %s",
				settings[i].name,
				kinds_text(settings[i].kinds, kinds, sizeof(kinds)), g->l->name,
				limit_kind_name((enum limit_kind)g->l->kind));
		} else if (e == NULL && (settings[i].needed >> g->l->kind & 1) != 0) {
			conf_say(r, DIAG_ERROR, g->s, "limit \"%s\": %s is missing: %s", g->l->name,
				settings[i].name, settings[i].example);
		}
	}
}

/* ---- names, kinds, keys ---- */

static bool read_name(const struct conf_reader *r, const struct limit_group *g)
{
	const char *name = conf_name(r, g->s, "limit", LIMIT_NAME_SIZE);

	if (name == NULL) {
		return false;
	}
	for (uint32_t i = 0; i < r->policy->n_limits; i++) {
		if (strcmp(r->policy->limits[i].name, name) == 0) {
			conf_say(r, DIAG_ERROR, member(g, "name"),
				"name: there is a limit \"%s\" already, on line %d", name,
				r->policy->limits[i].line);
			return false;
		}
	}
	memcpy(g->l->name, name, strlen(name) + 1);
	return true;
}

static bool read_kind(const struct conf_reader *r, const struct limit_group *g)
{
	const char *kinds[LIMIT_KIND_COUNT];
	unsigned kind;

	for (unsigned k = 0; k < LIMIT_KIND_COUNT; k++) {
		kinds[k] = limit_kind_name((enum limit_kind)k);
	}
	if (member(g, "kind") == NULL) {
		conf_say(r, DIAG_ERROR, g->s,
			"limit \"%s\": kind is missing: rate, distinct, ratio or grey", g->l->name);
		return false;
	}
	if (!conf_choice(r, g->s, "kind", kinds, LIMIT_KIND_COUNT, &kind)) {
		return false;
	}
	g->l->kind = (uint8_t)kind;
	return true;
}

static bool parse_key(const struct conf_reader *r, const config_setting_t *e, const char *what,
	uint8_t *key, uint8_t *digits)
{
	const char *text = config_setting_get_string(e);
	const char *known[LIMIT_KEY_COUNT];
	char unknown[32];

	if (text == NULL) {
		conf_say(r, DIAG_ERROR, e, "%s: expected a text in quotes", what);
		return false;
	}
	if (limit_key_parse(text, key, digits)) {
		return true;
	}
	if (strncmp(text, "originator_prefix", 17) == 0 ||
		strncmp(text, "destination_prefix", 18) == 0) {
		conf_say(r, DIAG_ERROR, e,
			"%s: \"%s\": a prefix says how many digits, 1 to 15: "
			"\"originator_prefix:6\"",
			what, text);
		return false;
	}
	for (unsigned k = 0; k < LIMIT_KEY_COUNT; k++) {
		known[k] = limit_key_name((enum limit_key)k);
	}
	(void)snprintf(unknown, sizeof(unknown), "%s: unknown value", what);
	conf_unknown(r, e, unknown, text, known, LIMIT_KEY_COUNT);
	return false;
}

static void add_key(
	const struct conf_reader *r, const struct limit_group *g, const config_setting_t *e)
{
	struct limit_rule *l = g->l;
	uint8_t key;
	uint8_t digits;

	if (!parse_key(r, e, "key", &key, &digits)) {
		return;
	}
	for (unsigned i = 0; i < l->n_keys; i++) {
		if (l->keys[i] == key) {
			conf_say(r, DIAG_ERROR, e, "key: %s is here twice",
				limit_key_name((enum limit_key)key));
			return;
		}
	}
	if (l->n_keys == LIMIT_KEYS_MAX) {
		conf_say(r, DIAG_ERROR, e, "key: more than %d", LIMIT_KEYS_MAX);
		return;
	}
	if (key == LIMIT_KEY_TENANT && r->policy->n_tenants == 0) {
		conf_say(r, DIAG_ERROR, e, "key: there are no tenants");
		return;
	}
	l->keys[l->n_keys] = key;
	l->digits[l->n_keys++] = digits;
}

static void read_keys(const struct conf_reader *r, const struct limit_group *g)
{
	const config_setting_t *s = member(g, "key");

	if (s == NULL) {
		return;
	}
	if (!config_setting_is_array(s)) {
		add_key(r, g, s);
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		add_key(r, g, config_setting_get_elem(s, (unsigned)i));
	}
}

/* read_of: what a distinct limit counts; its own key would always be one. */
static void read_of(const struct conf_reader *r, const struct limit_group *g)
{
	const config_setting_t *e = member(g, "of");
	struct limit_rule *l = g->l;

	if (e == NULL || l->kind != LIMIT_DISTINCT ||
		!parse_key(r, e, "of", &l->of, &l->of_digits)) {
		return;
	}
	for (unsigned i = 0; i < l->n_keys; i++) {
		if (l->keys[i] == l->of) {
			conf_say(r, DIAG_ERROR, e, "of: %s is the key: each one has one of it",
				limit_key_name((enum limit_key)l->of));
		}
	}
}

/* ---- rates and times ---- */

/* read_rate: "60/min", "3/10s". */
static void read_rate(const struct conf_reader *r, const struct limit_group *g)
{
	const char *text = conf_string(r, g->s, "rate");
	struct limit_rule *l = g->l;
	unsigned long long n = 0;
	char *end = NULL;

	if (text == NULL || l->kind != LIMIT_RATE) {
		return;
	}
	errno = 0;
	if (isdigit((unsigned char)text[0])) {
		n = strtoull(text, &end, 10);
		end += strspn(end, " ");
	}
	if (end == NULL || end[0] != '/' || errno != 0 || n == 0 || n > LIMIT_RATE_MAX ||
		!conf_duration_text(end + 1 + strspn(end + 1, " "), &l->per_us)) {
		conf_say(r, DIAG_ERROR, member(g, "rate"),
			"rate: \"%s\" is none: a number from 1 to %u, /, and a time: \"60/min\", "
			"\"5/s\", \"1000/day\", \"3/10s\"",
			text, LIMIT_RATE_MAX);
		return;
	}
	l->max = (uint32_t)n;
}

static void read_number(const struct conf_reader *r, const struct limit_group *g, const char *key,
	int min, int max, uint32_t *out)
{
	int v;

	if (conf_integer(r, g->s, key, min, max, &v)) {
		*out = (uint32_t)v;
	}
}

/* What each kind asks for; where a setting is of another kind check_settings() has said so. */
static void read_figures(const struct conf_reader *r, const struct limit_group *g)
{
	struct limit_rule *l = g->l;

	switch ((enum limit_kind)l->kind) {
	case LIMIT_RATE:
		read_rate(r, g);
		l->burst = l->max;
		read_number(r, g, "burst", 1, LIMIT_BURST_MAX, &l->burst);
		break;
	case LIMIT_DISTINCT:
		read_of(r, g);
		read_number(r, g, "max", 1, LIMIT_DISTINCT_MAX, &l->max);
		(void)conf_duration(r, g->s, "per", LIMIT_PER_MIN_US, LIMIT_PER_MAX_US, &l->per_us);
		break;
	case LIMIT_RATIO:
		read_number(r, g, "answered", 1, 100, &l->percent);
		read_number(r, g, "messages", 1, LIMIT_DISTINCT_MAX, &l->max);
		(void)conf_duration(r, g->s, "per", LIMIT_PER_MIN_US, LIMIT_PER_MAX_US, &l->per_us);
		break;
	case LIMIT_GREY:
		(void)conf_duration(
			r, g->s, "delay", LIMIT_PER_MIN_US, LIMIT_PER_MAX_US, &l->delay_us);
		(void)conf_duration(
			r, g->s, "keep", LIMIT_PER_MIN_US, LIMIT_PER_MAX_US, &l->keep_us);
		break;
	case LIMIT_KIND_COUNT:
		break;
	}
}

/* ---- what follows ---- */

static void read_action(const struct conf_reader *r, const struct limit_group *g)
{
	const unsigned allowed = 1u << ACTION_REPORT | 1u << ACTION_THROTTLE | 1u << ACTION_BLANK |
	                         1u << ACTION_REJECT;
	enum rule_action action;

	if (!conf_action(r, g->s, "action", allowed, &action)) {
		return;
	}
	g->l->action = (uint8_t)action;
	if (conf_status(r, g->s, "status", &g->l->status) && action != ACTION_REJECT) {
		conf_say(r, DIAG_WARNING, member(g, "status"),
			"status has no effect without action = \"reject\"%s",
			action == ACTION_THROTTLE ? ": throttled is ESME_RTHROTTLED, 0x58, always"
						  : "");
	}
}

static void read_state(const struct conf_reader *r, const struct limit_group *g)
{
	const char *counts[LIMIT_COUNTS];
	unsigned count = LIMIT_COUNT_MESSAGES;

	for (unsigned c = 0; c < LIMIT_COUNTS; c++) {
		counts[c] = limit_count_name((enum limit_count)c);
	}
	(void)conf_state(r, g->s, "state", &g->l->state, &g->l->sample);
	(void)conf_choice(r, g->s, "count", counts, LIMIT_COUNTS, &count);
	g->l->count = (uint8_t)count;
}

static void read_note(const struct conf_reader *r, const struct limit_group *g)
{
	const char *note = conf_string(r, g->s, "note");

	if (note == NULL) {
		return;
	}
	if (strlen(note) >= sizeof(g->l->note)) {
		conf_say(r, DIAG_ERROR, member(g, "note"), "note: more than %zu octets",
			sizeof(g->l->note) - 1);
		return;
	}
	memcpy(g->l->note, note, strlen(note) + 1);
}

/* ---- keys with a name ---- */

/* keys_text: "originator, destination". */
static const char *keys_text(const struct limit_rule *l, char *out, size_t size)
{
	out[0] = '\0';
	for (unsigned i = 0; i < l->n_keys; i++) {
		size_t len = strlen(out);
		char key[LIMIT_KEY_TEXT_SIZE];

		(void)snprintf(out + len, size - len, "%s%s", len != 0 ? "," : "",
			limit_key_text(l->keys[i], l->digits[i], key));
	}
	return out;
}

static void add_named(struct conf_reader *r, const struct limit_group *g, const config_setting_t *e)
{
	const char *text = config_setting_get_string(e);
	struct limit_named *named = &r->policy->limit_named[r->policy->n_limit_named];
	struct limit_key_value value;
	char keys[LIMIT_KEYS_MAX * LIMIT_KEY_TEXT_SIZE];

	if (text == NULL) {
		conf_say(r, DIAG_ERROR, e, "named: expected texts in quotes");
		return;
	}
	if (strlen(text) >= LIMIT_NAMED_SIZE || !limit_key_read(g->l, text, &value)) {
		conf_say(r, DIAG_ERROR, e, "named: \"%s\" is no value of %s", text,
			keys_text(g->l, keys, sizeof(keys)));
		return;
	}
	if (r->policy->n_limit_named == LIMIT_NAMED_MAX) {
		conf_say(r, DIAG_ERROR, e, "named: more than %d of all limits", LIMIT_NAMED_MAX);
		return;
	}
	memset(named, 0, sizeof(*named));
	named->key = limit_key_plain(&value);
	memcpy(named->text, text, strlen(text) + 1);
	for (unsigned i = 0; i < g->l->n_named; i++) {
		if (r->policy->limit_named[g->l->named + i].key == named->key) {
			conf_say(r, DIAG_ERROR, e, "named: \"%s\" is here twice", text);
			return;
		}
	}
	g->l->n_named++;
	r->policy->n_limit_named++;
}

static void read_named(struct conf_reader *r, const struct limit_group *g)
{
	const config_setting_t *s = member(g, "named");
	struct limit_rule *l = g->l;

	l->named = (uint16_t)r->policy->n_limit_named;
	if (s == NULL) {
		return;
	}
	if (!config_setting_is_array(s)) {
		conf_say(r, DIAG_ERROR, s, "named: expected an array: [ \"447700900001\", ... ]");
		return;
	}
	if (l->n_keys == 0) {
		conf_say(r, DIAG_ERROR, s, "named: limit \"%s\" has no key that could have names",
			l->name);
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		add_named(r, g, config_setting_get_elem(s, (unsigned)i));
	}
	limit_named_sort(r->policy->limit_named + l->named, l->n_named);
}

/* ---- a whole one ---- */

/* content_anywhere: texts are inspected at least somewhere. */
static bool content_anywhere(const struct policy *p)
{
	for (uint32_t i = 0; i < p->n_scopes; i++) {
		if (p->scopes[i].content) {
			return true;
		}
	}
	return false;
}

/* prepare: what only the whole can be judged by. */
static void prepare(const struct conf_reader *r, const struct limit_group *g)
{
	const char *wrong = r->diag->n_errors == g->errors ? limit_prepare(g->l) : NULL;

	if (wrong != NULL) {
		conf_say(r, DIAG_ERROR, g->s, "limit \"%s\": %s", g->l->name, wrong);
	} else if (g->l->needs_text && !content_anywhere(r->policy)) {
		conf_say(r, DIAG_WARNING, g->s,
			"limit \"%s\" asks for the text, which is inspected nowhere (content)",
			g->l->name);
	}
}

static void read_group(struct conf_reader *r, const config_setting_t *s)
{
	const char *keys[SETTINGS + 1] = { NULL };
	struct limit_group g = { s, &r->policy->limits[r->policy->n_limits], r->diag->n_errors };

	for (size_t i = 0; i < SETTINGS; i++) {
		keys[i] = settings[i].name;
	}
	memset(g.l, 0, sizeof(*g.l));
	g.l->line = conf_line(r, s);
	conf_known_keys(r, s, keys);
	if (!read_name(r, &g) || !read_kind(r, &g)) {
		return;
	}
	check_settings(r, &g);
	read_keys(r, &g);
	read_figures(r, &g);
	read_action(r, &g);
	read_state(r, &g);
	read_note(r, &g);
	read_named(r, &g);
	(void)conf_when(r, s, CONF_WHEN_ALL, &g.l->when);
	prepare(r, &g);
	r->policy->n_limits++;
}

void policy_conf_limits(struct conf_reader *r, const config_setting_t *root)
{
	const config_setting_t *s = config_setting_get_member(root, "limits");

	r->policy->n_limits = 0;
	r->policy->n_limit_named = 0;
	if (s == NULL || !conf_groups(r, s)) {
		return;
	}
	if (config_setting_length(s) > LIMIT_RULES_MAX) {
		conf_say(r, DIAG_ERROR, s, "limits: more than %d", LIMIT_RULES_MAX);
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		read_group(r, config_setting_get_elem(s, (unsigned)i));
	}
}
