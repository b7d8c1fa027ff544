/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/rule_attribute.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 32, VALUES_MAX = 8 };

enum key { CATEGORY, WEIGHT, FIELD, VIEW, STATE, ACTION, STATUS, NOTE, KEYS };

static const char *const key_names[KEYS] = {
	[CATEGORY] = "category",
	[WEIGHT] = "weight",
	[FIELD] = "field",
	[VIEW] = "view",
	[STATE] = "state",
	[ACTION] = "action",
	[STATUS] = "status",
	[NOTE] = "note",
};

/* The value of action= that stands for RULE_ACTION_UNSET. */
static const char action_unset[] = "policy";

/* Where the value at hand was written. */
struct place {
	const struct rule_line *line;
	size_t at;
	const char *value;
};

static void join_names(const char *const *names, size_t n, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++) {
		int k = snprintf(out + used, size - used, "%s%s", i != 0 ? ", " : "", names[i]);

		used += k > 0 ? (size_t)k : 0;
	}
}

/* error_unknown: "unknown WHAT "word": did you mean X?" or what is known. */
static void error_unknown(const struct rule_line *l, size_t at, const char *what, const char *word,
	const char *const *names, size_t n)
{
	const char *meant = diag_meant(word, names, n);
	char known[256];

	if (meant != NULL) {
		rule_text_error(l, at, "unknown %s \"%s\": did you mean %s?", what, word, meant);
		return;
	}
	join_names(names, n, known, sizeof(known));
	rule_text_error(l, at, "unknown %s \"%s\"; known are %s", what, word, known);
}

static bool set_name(
	const struct place *p, const char *what, const char *const *names, size_t n, uint8_t *to)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(p->value, names[i]) == 0) {
			*to = (uint8_t)i;
			return true;
		}
	}
	error_unknown(p->line, p->at, what, p->value, names, n);
	return false;
}

static bool set_action(const struct place *p, uint8_t *to)
{
	const char *names[ACTIONS + 1];
	bool good;

	for (unsigned i = 0; i < ACTIONS; i++) {
		names[i] = rule_action_name((enum rule_action)i);
	}
	names[ACTIONS] = action_unset;
	good = set_name(p, "action", names, ACTIONS + 1, to);
	if (good && *to == ACTIONS) {
		*to = RULE_ACTION_UNSET;
	}
	return good;
}

static bool set_field(const struct place *p, uint8_t *to)
{
	const char *names[FIELDS];

	for (unsigned i = 0; i < FIELDS; i++) {
		names[i] = rule_field_name((enum rule_field)i);
	}
	return set_name(p, "field", names, FIELDS, to);
}

static bool set_view(const struct place *p, uint8_t *to)
{
	const char *const names[] = { rule_view_name(VIEW_SENT), rule_view_name(VIEW_FOLDED) };

	return set_name(p, "view", names, 2, to);
}

static bool set_state(const struct place *p, struct rule_attributes *a)
{
	const char *const names[] = { rule_state_name(RULE_ON), rule_state_name(RULE_SHADOW),
		"sample:N%" };
	const char *sample = rule_state_name(RULE_SAMPLE);

	if (rule_state_parse(p->value, &a->state, &a->sample)) {
		return true;
	}
	if (strncmp(p->value, sample, strlen(sample)) == 0) {
		rule_text_error(p->line, p->at,
			"state \"%s\" is no share of senders: sample:N%% with N from 1 to 99",
			p->value);
	} else {
		error_unknown(p->line, p->at, "state", p->value, names, 3);
	}
	return false;
}

/* A whole number, decimal or (if allowed) 0x hexadecimal, and nothing after it. */
static bool read_number(const char *text, bool hex_allowed, long min, long max, long *to)
{
	bool hex = hex_allowed && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text + (text[0] == '-' || text[0] == '+');
	size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	long value;

	if (n == 0 || digits[n] != '\0' || (!hex && n > 1 && digits[0] == '0')) {
		return false; /* 010 is eight to some and ten to others */
	}
	errno = 0;
	value = strtol(hex ? digits : text, NULL, hex ? 16 : 10);
	if (errno != 0 || value < min || value > max) {
		return false;
	}
	*to = value;
	return true;
}

static bool set_weight(const struct place *p, int32_t *to)
{
	long value;

	if (!read_number(p->value, false, -WEIGHT_MAX, WEIGHT_MAX, &value)) {
		rule_text_error(p->line, p->at, "weight \"%s\" is no whole number from %d to %d",
			p->value, -WEIGHT_MAX, WEIGHT_MAX);
		return false;
	}
	*to = (int32_t)value;
	return true;
}

static bool set_status(const struct place *p, uint32_t *to)
{
	long value;

	if (!read_number(p->value, true, 1, STATUS_MAX, &value)) {
		rule_text_error(p->line, p->at,
			"status \"%s\" is no command_status from 1 to 0x%X (SMPP 3.4 5.1.3), "
			"such as 0x45",
			p->value, (unsigned)STATUS_MAX);
		return false;
	}
	if (value >= STATUS_VENDOR) {
		rule_text_warn(p->line, p->at,
			"status 0x%lX is a vendor's own (SMPP 3.4 5.1.3); some clients refuse it",
			(unsigned long)value);
	}
	*to = (uint32_t)value;
	return true;
}

static bool set_category(const struct place *p, char *to)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-";
	size_t len = strspn(p->value, others);

	if (len == 0 || len >= CATEGORY_NAME_SIZE || p->value[len] != '\0' ||
		strchr(letters, p->value[0]) == NULL) {
		rule_text_error(p->line, p->at,
			"category \"%s\" is no name: a letter, then letters, "
			"digits, '_' and '-', at most %d",
			p->value, CATEGORY_NAME_SIZE - 1);
		return false;
	}
	memcpy(to, p->value, len + 1);
	return true;
}

static bool set_note(const struct place *p, char *to)
{
	size_t len = strlen(p->value);

	if (len >= NOTE_SIZE) {
		rule_text_error(p->line, p->at, "a note has at most %d octets", NOTE_SIZE - 1);
		return false;
	}
	memcpy(to, p->value, len + 1);
	return true;
}

static bool set_key(const struct place *p, enum key key, struct rule_attributes *a)
{
	switch (key) {
	case CATEGORY:
		return set_category(p, a->category);
	case WEIGHT:
		return set_weight(p, &a->weight);
	case FIELD:
		return set_field(p, &a->field);
	case VIEW:
		return set_view(p, &a->view);
	case STATE:
		return set_state(p, a);
	case ACTION:
		return set_action(p, &a->action);
	case STATUS:
		return set_status(p, &a->status);
	case NOTE:
		return set_note(p, a->note);
	case KEYS:
		break;
	}
	return false;
}

static bool set_attribute(const struct rule_line *l, size_t key_at, const char *key,
	size_t value_at, const char *value, struct rule_attributes *a)
{
	const struct place p = { l, value_at, value };
	uint8_t index = KEYS;

	for (uint8_t i = 0; i < KEYS; i++) {
		if (strcmp(key, key_names[i]) == 0) {
			index = i;
		}
	}
	if (index == KEYS) {
		error_unknown(l, key_at, "attribute", key, key_names, KEYS);
		return false;
	}
	if ((a->written & (1u << index)) != 0) {
		rule_text_error(l, key_at, "%s is given twice", key);
		return false;
	}
	a->written |= 1u << index;
	if (value[0] == '\0' && index != NOTE) {
		rule_text_error(l, value_at, "%s= has no value", key);
		return false;
	}
	return set_key(&p, (enum key)index, a);
}

/* URLs and numbers are not folded. */
static bool view_exists(unsigned field, unsigned view)
{
	return view == VIEW_SENT || field == FIELD_TEXT || field == FIELD_SENDER;
}

/* Reads one key=value at *at. */
static bool read_word(const struct rule_line *l, size_t *at, struct rule_attributes *a, char *value)
{
	static const char end_of_key[] = "= \t\"/\\";
	size_t key_at = *at;
	size_t value_at;
	size_t i = key_at;
	char key[KEY_SIZE] = { 0 };

	while (i < l->len && strchr(end_of_key, l->text[i]) == NULL) {
		i++;
	}
	if (i == key_at || i >= l->len || l->text[i] != '=') {
		rule_text_error(l, key_at,
			l->text[key_at] == '#' ? "a comment needs a line of its own"
					       : "expected an attribute, key=value");
		*at = l->len;
		return false;
	}
	memcpy(key, l->text + key_at, i - key_at < KEY_SIZE - 1 ? i - key_at : KEY_SIZE - 1);
	value_at = i + 1;
	*at = value_at;
	if (value_at < l->len && l->text[value_at] == '"') {
		if (!rule_text_quoted(l, at, value, QUOTED_SIZE)) {
			*at = l->len;
			return false;
		}
	} else {
		while (*at < l->len && strchr(" \t\"/\\", l->text[*at]) == NULL) {
			++*at;
		}
		memcpy(value, l->text + value_at, *at - value_at);
		value[*at - value_at] = '\0';
	}
	if (*at < l->len && strchr(" \t", l->text[*at]) == NULL) {
		rule_text_error(l, *at,
			"expected a space; values with '\"', '/' or '\\' stand in "
			"double quotes");
		*at = l->len;
		return false;
	}
	return set_attribute(l, key_at, key, value_at, value, a);
}

void rule_attribute_set_builtin(struct rule_attributes *a)
{
	*a = (struct rule_attributes){
		.category = "default",
		.weight = RULE_WEIGHT_DEFAULT,
		.action = RULE_ACTION_UNSET,
	};
}

bool rule_attribute_read(
	const struct rule_line *l, size_t at, char *scratch, struct rule_attributes *a)
{
	bool good = true;

	a->written = 0;
	for (at = rule_text_skip(l, at); at < l->len; at = rule_text_skip(l, at)) {
		good = read_word(l, &at, a, scratch) && good;
	}
	if (good && !view_exists(a->field, a->view)) {
		if ((a->written & (1u << VIEW)) != 0) {
			rule_text_error(l, 0, "field=%s has no view=folded",
				rule_field_name((enum rule_field)a->field));
			return false;
		}
		a->view = VIEW_SENT; /* a default counts for the fields that have it */
	}
	return good;
}

void rule_attribute_print(FILE *to, const struct rule *r, const char *category)
{
	const struct rule written = { .state = r->written_state, .sample = r->written_sample };
	char state[RULE_STATE_SIZE];

	if (strcmp(category, "default") != 0) {
		fprintf(to, " category=%s", category);
	}
	if (r->weight != RULE_WEIGHT_DEFAULT) {
		fprintf(to, " weight=%d", r->weight);
	}
	if (r->field != FIELD_TEXT && r->field != FIELD_WHEN) {
		fprintf(to, " field=%s", rule_field_name((enum rule_field)r->field));
	}
	if (r->view != VIEW_SENT) {
		fprintf(to, " view=%s", rule_view_name((enum rule_view)r->view));
	}
	if (written.state != RULE_ON) {
		fprintf(to, " state=%s", rule_state_text(&written, state));
	}
	if (r->action != RULE_ACTION_UNSET) {
		fprintf(to, " action=%s", rule_action_name((enum rule_action)r->action));
	}
	if (r->status != 0) {
		fprintf(to, " status=0x%X", r->status);
	}
	if (r->note != NULL) {
		fputs(" note=", to);
		rule_text_print_quoted(to, r->note);
	}
}
