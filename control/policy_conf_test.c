/* SPDX-License-Identifier: BSD-3-Clause */
/* FIELD = VALUE of a condition. Part of policy_conf.h. */
#include "control/policy_conf_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/proto/gsmmap.h"
#include "dataplane/proto/smpp.h"
#include "dataplane/sms/numbering.h"

enum { ENUM_NAMES_MAX = 256, IMSI_DIGITS = 15, DIGITS_MAX = 20 };

/* Which questions of lists a field stands for, so that the same kinds of lists fit both. */
static const struct {
	uint8_t field;
	uint8_t match;
} list_matches[] = {
	{ CONDITION_ORIGINATOR, LIST_MATCH_ORIGINATOR },
	{ CONDITION_DESTINATION, LIST_MATCH_DESTINATION },
	{ CONDITION_PAIR, LIST_MATCH_PAIR },
	{ CONDITION_MSISDN, LIST_MATCH_MSISDN },
	{ CONDITION_IMSI, LIST_MATCH_IMSI },
	{ CONDITION_SMSC, LIST_MATCH_SMSC },
	{ CONDITION_CALLING_GT, LIST_MATCH_CALLING_GT },
	{ CONDITION_CALLED_GT, LIST_MATCH_CALLED_GT },
	{ CONDITION_ACCOUNT, LIST_MATCH_ACCOUNT },
	{ CONDITION_FROM_IP, LIST_MATCH_FROM_IP },
	{ CONDITION_TO_IP, LIST_MATCH_TO_IP },
};

bool conf_list_fits(enum condition_field f, enum list_kind kind)
{
	if (f == CONDITION_URL || f == CONDITION_URL_HOST) {
		return kind == LIST_HOST;
	}
	if (f == CONDITION_TEXT_NUMBER) {
		return kind == LIST_NUMBER;
	}
	for (size_t i = 0; i < sizeof(list_matches) / sizeof(list_matches[0]); i++) {
		if (list_matches[i].field == f) {
			return list_kind_matches(kind, (enum list_match)list_matches[i].match);
		}
	}
	return false;
}

/* Numbers that are not of one octet. */
static const struct {
	uint8_t field;
	uint8_t min;
	uint32_t max;
} ranges[] = {
	{ CONDITION_ORIGINATOR_TON, 0, 7 }, /* TS 23.040 9.1.2.5, SMPP 3.4 5.2.5 */
	{ CONDITION_DESTINATION_TON, 0, 7 },
	{ CONDITION_ORIGINATOR_NPI, 0, 18 }, /* SMPP 3.4 5.2.6 */
	{ CONDITION_DESTINATION_NPI, 0, 18 },
	{ CONDITION_MESSAGE_CLASS, 0, 3 }, /* TS 23.038 4 */
	{ CONDITION_SOURCE_PORT, 0, 65535 },
	{ CONDITION_DESTINATION_PORT, 0, 65535 },
	{ CONDITION_REFERENCE, 0, 65535 },
	{ CONDITION_PART, 1, 255 },
	{ CONDITION_PARTS, 1, 255 },
	{ CONDITION_MAP_VERSION, 1, 3 },
	{ CONDITION_TEXT_LENGTH, 0, 100000 },
	{ CONDITION_URLS, 0, 1000 },
	{ CONDITION_NUMBERS, 0, 1000 },
};

void conf_number_range(enum condition_field f, int64_t *min, int64_t *max)
{
	*min = 0;
	*max = 255;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (ranges[i].field == f) {
			*min = ranges[i].min;
			*max = ranges[i].max;
		}
	}
}

bool conf_number_hex(enum condition_field f)
{
	return f == CONDITION_PROTOCOL_ID || f == CONDITION_DATA_CODING ||
	       f == CONDITION_ESM_CLASS || f == CONDITION_UDH_ELEMENT;
}

bool conf_test_put(struct when *w, const config_setting_t *e, const struct condition_value *v,
	const void *text)
{
	struct condition_store *c = &w->reader->policy->conditions;

	if (c->n_values == CONDITION_VALUES_MAX || c->n_text + v->len > CONDITION_TEXT_MAX) {
		conf_say(w->reader, DIAG_ERROR, e,
			"conditions of a policy have at most %d values and %d octets of texts; put "
			"them into a list",
			CONDITION_VALUES_MAX, CONDITION_TEXT_MAX);
		return false;
	}
	c->values[c->n_values] = *v;
	c->values[c->n_values++].text = v->len != 0 ? c->n_text : 0;
	if (v->len != 0) {
		memcpy(c->text + c->n_text, text, v->len);
	}
	c->n_text += v->len;
	return true;
}

static bool put_range(struct when *w, const config_setting_t *e, int64_t min, int64_t max)
{
	const struct condition_value v = { .kind = CONDITION_VALUE_RANGE, .min = min, .max = max };

	return conf_test_put(w, e, &v, NULL);
}

static bool wrong(const struct when *w, const config_setting_t *e, const char *expected)
{
	conf_say(w->reader, DIAG_ERROR, e, "%s: expected %s", condition_field_name(w->field),
		expected);
	return false;
}

/* ---- numbers */

/* read_number: decimal or 0x hexadecimal at *at, which is moved behind it. */
static bool read_number(const char **at, int64_t *v)
{
	bool hex = (*at)[0] == '0' && ((*at)[1] == 'x' || (*at)[1] == 'X');
	const char *digits = *at + (hex ? 2 : 0);
	size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");

	if (n == 0 || n > 9) {
		return false;
	}
	*v = strtoll(digits, NULL, hex ? 16 : 10);
	*at = digits + n;
	return true;
}

/* read_range: "a", "a-b", "a-": a or more. */
static bool read_range(const char *text, int64_t most, int64_t *min, int64_t *max)
{
	if (!read_number(&text, min)) {
		return false;
	}
	*max = *min;
	if (text[0] == '-' && text[1] == '\0') {
		*max = most;
		return true;
	}
	return text[0] == '\0' ||
	       (text[0] == '-' && text++ && read_number(&text, max) && *text == '\0');
}

static bool read_numbers(struct when *w, const config_setting_t *e)
{
	const char *name = condition_field_name(w->field);
	const char *text = config_setting_get_string(e);
	int64_t least;
	int64_t most;
	int64_t min = 0;
	int64_t max = 0;

	conf_number_range(w->field, &least, &most);
	if (conf_wrapped(w->reader, e, name, least, most)) {
		return false;
	}
	if (config_setting_type(e) == CONFIG_TYPE_INT) {
		min = config_setting_get_int(e);
		max = min;
	} else if (text == NULL || !read_range(text, most, &min, &max)) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: expected a number from %" PRId64 " to %" PRId64
			", a range such as \"%" PRId64 "-%" PRId64 "\", or [ of these ]",
			name, least, most, least, most);
		return false;
	}
	if (min > max) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: the range \"%s\" ends before it begins: did you mean \"%" PRId64
			"-%" PRId64 "\"?",
			name, text, max, min);
		return false;
	}
	if (min < least || max > most) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: %" PRId64 " is out of range: %" PRId64 " to %" PRId64, name,
			min < least ? min : max, least, most);
		return false;
	}
	return put_range(w, e, min, max);
}

/* ---- names of sets */

static bool read_fixed(struct when *w, const config_setting_t *e, const char *word, int64_t *v)
{
	const char **names;
	char what[64];
	size_t n = 0;

	if (condition_enum_parse(w->field, word, v)) {
		return true;
	}
	names = calloc(ENUM_NAMES_MAX, sizeof(*names));
	for (int64_t i = 0; names != NULL && i < ENUM_NAMES_MAX; i++) {
		const char *name = condition_enum_name(w->field, i);

		if (name != NULL) {
			names[n++] = name;
		}
	}
	(void)snprintf(what, sizeof(what), "%s: unknown value", condition_field_name(w->field));
	conf_unknown(w->reader, e, what, word, names, n);
	free(names);
	return false;
}

/* read_hit: of a pattern the text is needed; of a rule what that one needs. */
static bool read_hit(struct when *w, const config_setting_t *e, const char *id, int64_t *v)
{
	const struct policy *p = w->reader->policy;
	long rule = conf_rule_index(w->reader, e, id);

	if (rule < 0) {
		return false;
	}
	*v = rule;
	if (w->reader->names.rules[rule].field != FIELD_WHEN) {
		w->out->content = true;
		return true;
	}
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i].rule == (uint32_t)rule) {
			w->out->content = w->out->content || p->rules[i].when.content;
			return true;
		}
	}
	conf_say(w->reader, DIAG_ERROR, e,
		"hit: rule \"%s\" stands below this one, or is this one: rules are asked in their "
		"order",
		id);
	return false;
}

static bool read_enum(struct when *w, const config_setting_t *e)
{
	const char *word = config_setting_get_string(e);
	int64_t v = 0;
	bool good = true;

	if (word == NULL) {
		return wrong(w, e, "a name in quotes, or [ of these ]");
	}
	if (word[0] == '@') {
		conf_say(w->reader, DIAG_ERROR, e, "%s: lists cannot be asked for it",
			condition_field_name(w->field));
		return false;
	}
	if (w->field == CONDITION_LINK) {
		v = conf_link_index(w->reader, e, word);
		good = v >= 0;
	} else if (w->field == CONDITION_TENANT) {
		v = conf_tenant_index(w->reader, e, word);
		good = v >= 0;
	} else if (w->field == CONDITION_HIT) {
		good = read_hit(w, e, word, &v);
	} else {
		good = read_fixed(w, e, word, &v);
	}
	return good && put_range(w, e, v, v);
}

static bool read_bool(struct when *w, const config_setting_t *e)
{
	int v = config_setting_get_bool(e);

	return config_setting_type(e) == CONFIG_TYPE_BOOL ? put_range(w, e, v, v)
	                                                  : wrong(w, e, "true or false");
}

/* ---- lists */

/* read_list: "@NAME", "@NAME~": with what looks like its entries. */
static bool read_list(struct when *w, const config_setting_t *e, const char *text)
{
	char name[LIST_NAME_SIZE + 1] = "";
	size_t len = strlen(text + 1);
	bool alike = len != 0 && text[len] == '~';
	struct condition_value v = { .kind = CONDITION_VALUE_LIST, .max = alike };
	enum list_kind kind;
	int i;

	len -= alike;
	memcpy(name, text + 1, len < sizeof(name) ? len : sizeof(name) - 1);
	i = conf_list_index(w->reader, e, name);
	if (i < 0) {
		return false;
	}
	kind = (enum list_kind)w->reader->policy->lists[i].kind;
	if (!conf_list_fits(w->field, kind)) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: list \"%s\" is of kind %s, which cannot be asked for it",
			condition_field_name(w->field), name, list_kind_name(kind));
		return false;
	}
	if (alike && kind != LIST_SENDER) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: look-alikes (\"%s\") are for lists of kind sender, \"%s\" is of kind %s",
			condition_field_name(w->field), text, name, list_kind_name(kind));
		return false;
	}
	v.min = i;
	w->out->lists = true;
	return conf_test_put(w, e, &v, NULL);
}

/* ---- texts */

/* put_text: with `*` at its ends. */
static bool put_text(struct when *w, const config_setting_t *e, const char *text, bool digits)
{
	size_t len = strlen(text);
	bool before = text[0] == '*';
	bool after = len > 1 && text[len - 1] == '*';
	struct condition_value v = { .digits = digits };

	text += before;
	len -= (size_t)before + (size_t)after;
	v.kind = (uint8_t)(before && after ? CONDITION_VALUE_PART
			   : before ? (len == 0 ? CONDITION_VALUE_PREFIX : CONDITION_VALUE_SUFFIX)
			   : after  ? CONDITION_VALUE_PREFIX
				    : CONDITION_VALUE_TEXT);
	if (memchr(text, '*', len) != NULL || (before && after && len == 0)) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: \"*\" stands for anything at the beginning and the end of a text only",
			condition_field_name(w->field));
		return false;
	}
	if (len > LIST_TEXT_MAX) {
		conf_say(w->reader, DIAG_ERROR, e, "%s: a text has at most %d octets",
			condition_field_name(w->field), LIST_TEXT_MAX);
		return false;
	}
	v.len = (uint16_t)len;
	return conf_test_put(w, e, &v, text);
}

/* check_command: a name that no command has would never hold. */
static bool check_command(const struct when *w, const config_setting_t *e, const char *text)
{
	static const char *const names[] = {
#define X(name, id, text) text,
		SMPP_COMMANDS(X)
#undef X
#define X(name, code, text) text,
			GSMMAP_OPERATIONS(X)
#undef X
	};

	if (strchr(text, '*') != NULL) {
		return true;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(names[i], text) == 0) {
			return true;
		}
	}
	conf_unknown(w->reader, e, "command: unknown value", text, names,
		sizeof(names) / sizeof(names[0]));
	return false;
}

static bool is_country(enum condition_field f)
{
	return f == CONDITION_ORIGINATOR_COUNTRY || f == CONDITION_DESTINATION_COUNTRY ||
	       f == CONDITION_MSISDN_COUNTRY || f == CONDITION_SMSC_COUNTRY ||
	       f == CONDITION_CALLING_GT_COUNTRY || f == CONDITION_CALLED_GT_COUNTRY ||
	       f == CONDITION_TEXT_NUMBER_COUNTRY;
}

/* read_country: a region as numbering.h writes it, or a calling code: all its regions. */
static bool read_country(struct when *w, const config_setting_t *e, const char *text)
{
	size_t digits = strspn(text, "0123456789");
	uint16_t handle = numbering_country(bytes_str(text));

	if (handle == NUMBERING_NONE) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: \"%s\" is none: a region of ISO 3166 such as \"GB\", or a calling "
			"code such as \"44\"",
			condition_field_name(w->field), text);
		return false;
	}
	if (text[0] == '+') {
		text++;
	} else if (digits == 0) {
		text = numbering_country_name(handle);
	}
	return put_text(w, e, text, false);
}

static bool read_text(struct when *w, const config_setting_t *e, const char *text)
{
	if (w->field == CONDITION_PAIR) {
		return wrong(w, e, "a list of kind pair: pair = \"@NAME\"");
	}
	if (is_country(w->field)) {
		return read_country(w, e, text);
	}
	if (w->field == CONDITION_COMMAND && !check_command(w, e, text)) {
		return false;
	}
	return put_text(w, e, text, false);
}

/* ---- addresses */

/* plain_digits: without what people put between them; false: there is something else. */
static bool plain_digits(const char *text, size_t len, char out[DIGITS_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			if (n == DIGITS_MAX) {
				return false;
			}
			out[n++] = text[i];
		} else if (strchr(" -.()/", text[i]) == NULL && !(text[i] == '+' && i == 0)) {
			return false;
		}
	}
	out[n] = '\0';
	return n != 0;
}

/* check_digits: in international form, of a length that numbers have. */
static bool check_digits(
	const struct when *w, const config_setting_t *e, const char *digits, bool national)
{
	const char *name = condition_field_name(w->field);

	if (strlen(digits) > IMSI_DIGITS) {
		conf_say(w->reader, DIAG_ERROR, e, "%s: a number has at most %d digits (%s)", name,
			IMSI_DIGITS, w->field == CONDITION_IMSI ? "E.212" : "E.164 6");
		return false;
	}
	if (national) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: numbers stand here with their country code and without a leading 0, "
			"such as \"447700900001\"",
			name);
		return false;
	}
	return true;
}

/* is_span: "447700900000-447700900999": ranges of numbers are for lists. */
static bool is_span(const char *text)
{
	size_t n = strspn(text, "+0123456789");
	size_t m = text[n] == '-' ? strspn(text + n + 1, "+0123456789") : 0;

	return n >= 7 && m == n && text[n + 1 + m] == '\0';
}

static bool read_address(struct when *w, const config_setting_t *e, const char *text)
{
	const char *name = condition_field_name(w->field);
	bool any_end = text[0] != '\0' && text[strlen(text) - 1] == '*';
	bool any_begin = text[0] == '*';
	size_t len = strlen(text) - any_end - (any_begin && text[1] != '\0');
	char digits[DIGITS_MAX + 1];
	char plain[DIGITS_MAX + 3];
	const char *significant = digits;

	if (is_span(text)) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: \"%s\": a range of numbers belongs into a list: \"@NAME\"", name,
			text);
		return false;
	}
	if (strcmp(text, "*") == 0 || !plain_digits(text + any_begin, len, digits)) {
		if (w->field == CONDITION_IMSI && strcmp(text, "*") != 0) {
			return wrong(w, e, "digits, such as \"23415*\"");
		}
		return put_text(w, e, text, false);
	}
	if (!any_begin && w->field != CONDITION_IMSI && strncmp(digits, "00", 2) == 0) {
		significant += 2;
	}
	if (!check_digits(w, e, significant,
		    !any_begin && w->field != CONDITION_IMSI && significant[0] == '0')) {
		return false;
	}
	(void)snprintf(plain, sizeof(plain), "%s%s%s", any_begin ? "*" : "", significant,
		any_end ? "*" : "");
	return put_text(w, e, plain, true);
}

/* ---- IP */

static bool read_ip(struct when *w, const config_setting_t *e, const char *text)
{
	struct condition_value v = { .kind = CONDITION_VALUE_NET, .len = 16, .min = 128 };
	uint8_t ip[16] = { [10] = 0xFF, [11] = 0xFF }; /* IPv4 as ::ffff:a.b.c.d */
	char address[INET6_ADDRSTRLEN] = "";
	size_t len = strcspn(text, "/");
	unsigned most;
	int64_t bits;
	const char *behind = text + len + 1;

	if (len < sizeof(address)) {
		memcpy(address, text, len);
	}
	most = inet_pton(AF_INET, address, ip + 12) == 1 ? 32
	       : inet_pton(AF_INET6, address, ip) == 1   ? 128
	                                                 : 0;
	bits = most;
	if (most == 0 || (text[len] == '/' && (!read_number(&behind, &bits) || behind[0] != '\0' ||
						      bits > most))) {
		return wrong(w, e,
			"an IP address or a prefix: \"192.0.2.1\", \"10.0.0.0/8\", "
			"\"2001:db8::/32\"");
	}
	v.min = most == 32 ? bits + 96 : bits;
	for (unsigned i = 0; i < 128; i++) {
		if ((int64_t)i >= v.min && (ip[i / 8] >> (7 - i % 8) & 1) != 0) {
			conf_say(w->reader, DIAG_ERROR, e,
				"%s: \"%s\" has bits set behind its first %" PRId64,
				condition_field_name(w->field), text, bits);
			return false;
		}
	}
	return conf_test_put(w, e, &v, ip);
}

bool conf_test_value(struct when *w, const config_setting_t *e)
{
	const char *text = config_setting_get_string(e);
	enum condition_type type = condition_field_type(w->field);

	switch (type) {
	case CONDITION_TYPE_NUMBER:
		return read_numbers(w, e);
	case CONDITION_TYPE_ENUM:
		return read_enum(w, e);
	case CONDITION_TYPE_BOOL:
		return read_bool(w, e);
	case CONDITION_TYPE_TEXT:
	case CONDITION_TYPE_ADDRESS:
	case CONDITION_TYPE_IP:
	case CONDITION_TYPE_TIME:
		break;
	}
	if (text == NULL) {
		return wrong(w, e,
			type == CONDITION_TYPE_ADDRESS
				? "a text in quotes, numbers too (\"447700900001\"), or [ of these ]"
				: "a text in quotes, or [ of these ]");
	}
	if (text[0] == '\0') {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: nothing fits an empty text; for messages without one: not = { %s = "
			"\"*\"; }",
			condition_field_name(w->field), condition_field_name(w->field));
		return false;
	}
	if (type == CONDITION_TYPE_TIME) {
		return conf_test_time(w, e, text);
	}
	if (text[0] == '@') {
		return read_list(w, e, text);
	}
	return type == CONDITION_TYPE_TEXT      ? read_text(w, e, text)
	       : type == CONDITION_TYPE_ADDRESS ? read_address(w, e, text)
	                                        : read_ip(w, e, text);
}
