/* SPDX-License-Identifier: BSD-3-Clause */
/* config_value: one value of a configuration: its type, its range, its place in struct config. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/config_read.h"

const char *config_type_name(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP:
		return "a group";
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return "a list";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	default:
		return "a whole number";
	}
}

static bool wrong_type(const struct config_reader *r, const config_setting_t *s,
	const struct config_key *k, const char *wanted)
{
	config_read_error(
		r, s, true, "%s: expected %s, not %s", k->path, wanted, config_type_name(s));
	return false;
}

/* value_token: the token of a scalar's value: libconfig keeps no digits and no column. */
static const struct config_token *value_token(const config_setting_t *s)
{
	const struct config_token *t = config_setting_get_hook(s);

	return t != NULL && config_setting_name(s) != NULL ? t + 1 : t;
}

/*
 * take_number: the number as it was written, not as libconfig 1.5 stored it: 3000000000 arrives
 * there as -1294967296. What does not fit 64 bits is the nearest that does: out of any range.
 */
static bool take_number(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *s, int64_t *v)
{
	const struct config_token *t = value_token(s);
	int type = config_setting_type(s);
	char digits[64];
	size_t len;
	bool hex;

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
		return wrong_type(r, s, k, "a whole number");
	}
	if (t == NULL || r->text == NULL) {
		*v = config_setting_get_int64(s);
		return true;
	}
	len = t->len < sizeof(digits) ? t->len : sizeof(digits) - 1;
	memcpy(digits, r->text->text + t->at, len);
	digits[len] = '\0';
	hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	*v = strtoll(digits, NULL, hex ? 16 : 10);
	if (*v >= k->min && *v <= k->max && len == t->len) {
		return true;
	}
	config_read_error(r, s, true, "%s: %.*s is out of range: %" PRId64 " to %" PRId64 "%s%s",
		k->path, (int)t->len, r->text->text + t->at, k->min, k->max,
		k->unit != NULL ? " " : "", k->unit != NULL ? k->unit : "");
	return false;
}

static void store_number(const struct config_key *k, uint8_t *base, uint64_t v)
{
	config_number_store(base + k->offset, k->size, v);
}

/* allowed: "a", "b" or "c". */
static const char *allowed(const struct config_key *k, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (const struct config_choice *c = k->choices; c->name != NULL; c++) {
		bool last = true;
		int n;

		for (const struct config_choice *d = c + 1; d->name != NULL; d++) {
			last = last && d->refused != NULL;
		}
		if (c->refused != NULL || len >= size) {
			continue;
		}
		n = snprintf(text + len, size - len, "%s\"%s\"",
			len == 0 ? ""
			: last   ? " or "
				 : ", ",
			c->name);
		len += n > 0 ? (size_t)n : 0;
	}
	return text;
}

static bool take_choice(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *s, uint8_t *v)
{
	char names[256];
	const char *given;

	if (config_setting_type(s) != CONFIG_TYPE_STRING) {
		return wrong_type(r, s, k, allowed(k, names, sizeof(names)));
	}
	given = config_setting_get_string(s);
	for (const struct config_choice *c = k->choices; c->name != NULL; c++) {
		if (strcmp(c->name, given) != 0) {
			continue;
		}
		if (c->refused != NULL) {
			config_read_error(r, s, true, "%s: \"%s\" is refused: %s", k->path, given,
				c->refused);
			return false;
		}
		*v = c->value;
		return true;
	}
	config_read_error(r, s, true, "%s: \"%.64s\" is none of %s", k->path, given,
		allowed(k, names, sizeof(names)));
	return false;
}

static bool set_string(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *s, uint8_t *base)
{
	const char *given;
	size_t len;

	if (config_setting_type(s) != CONFIG_TYPE_STRING) {
		return wrong_type(r, s, k, "a string");
	}
	given = config_setting_get_string(s);
	len = strlen(given);
	if (len >= k->size) {
		config_read_error(r, s, true, "%s: %zu octets are too long: at most %zu", k->path,
			len, k->size - 1);
		return false;
	}
	for (const char *p = given; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7F) {
			config_read_error(
				r, s, true, "%s: a control character in a string", k->path);
			return false;
		}
	}
	memset(base + k->offset, 0, k->size);
	memcpy(base + k->offset, given, len);
	return true;
}

static bool is_list(const config_setting_t *s)
{
	return config_setting_is_list(s) || config_setting_is_array(s);
}

static const char *wanted_list(const struct config_key *k)
{
	switch (k->type) {
	case CONFIG_FLAGS:
	case CONFIG_PREFIXES:
	case CONFIG_DIGITS:
		return "a list of strings";
	case CONFIG_CODES:
		return "a list of names and whole numbers";
	default:
		return "a list of whole numbers";
	}
}

const char *config_prefix_parse(const char *text, struct prefix *out)
{
	struct prefix p = { .address = { [10] = 0xFF, [11] = 0xFF } }; /* RFC 4291 2.5.5.2 */
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchrnul(text, '/');
	size_t len = (size_t)(slash - text);
	unsigned width = 128;
	unsigned bits;

	if (len >= sizeof(address)) {
		return "not an address";
	}
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, p.address + 12) == 1) {
		width = 32;
	} else if (inet_pton(AF_INET6, address, p.address) != 1) {
		return "not an IPv4 or IPv6 address";
	}
	bits = width;
	if (*slash == '/') {
		size_t n = strspn(slash + 1, "0123456789");

		if (n == 0 || n > 3 || slash[1 + n] != '\0' ||
			strtoul(slash + 1, NULL, 10) > width) {
			return width == 32 ? "the prefix length is a number from 0 to 32"
			                   : "the prefix length is a number from 0 to 128";
		}
		bits = (unsigned)strtoul(slash + 1, NULL, 10);
	}
	bits += 128 - width;
	for (unsigned i = bits; i < 128; i++) {
		if ((p.address[i / 8] & (0x80u >> (i % 8))) != 0) {
			return "the address has bits behind its prefix";
		}
	}
	p.bits = (uint8_t)bits;
	*out = p;
	return NULL;
}

/* take_code: a name, or a number that is none of the refused ones. */
static bool take_code(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *s, int64_t *v)
{
	uint8_t choice;

	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		if (!take_choice(r, k, s, &choice)) {
			return false;
		}
		*v = choice;
		return true;
	}
	if (!take_number(r, k, s, v)) {
		return false;
	}
	for (const struct config_choice *c = k->choices; c->name != NULL; c++) {
		if (c->value == *v && c->refused != NULL) {
			config_read_error(r, s, true, "%s: %" PRId64 " (%s) is refused: %s",
				k->path, *v, c->name, c->refused);
			return false;
		}
	}
	return true;
}

static bool set_flag(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *e, uint8_t *flags)
{
	uint8_t flag;

	if (!take_choice(r, k, e, &flag)) {
		return false;
	}
	*flags |= flag;
	return true;
}

static bool set_prefix(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *e, struct prefix *at)
{
	struct prefix prefix;
	const char *wrong;

	if (config_setting_type(e) != CONFIG_TYPE_STRING) {
		return wrong_type(r, e, k, "a string with a prefix");
	}
	wrong = config_prefix_parse(config_setting_get_string(e), &prefix);
	if (wrong != NULL) {
		config_read_error(r, e, true, "%s: \"%.64s\": %s", k->path,
			config_setting_get_string(e), wrong);
		return false;
	}
	memcpy(at, &prefix, sizeof(prefix));
	return true;
}

static bool listed_twice(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *e, const char *what)
{
	config_read_error(r, e, true, "%s: %s is listed twice", k->path, what);
	return false;
}

/* set_digits: leading digits of numbers: international ones, so without '+'. */
static bool set_digits(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *e, unsigned i, struct signalling_prefix *list)
{
	const char *given;
	size_t len;

	if (config_setting_type(e) != CONFIG_TYPE_STRING) {
		return wrong_type(r, e, k, "a string of digits");
	}
	given = config_setting_get_string(e);
	len = strlen(given);
	if (len == 0 || len >= sizeof(list->digits) || strspn(given, "0123456789") != len) {
		config_read_error(r, e, true,
			"%s: \"%.64s\": expected 1 to %zu digits, without a plus sign", k->path,
			given, sizeof(list->digits) - 1);
		return false;
	}
	for (unsigned j = 0; j < i; j++) {
		if (strcmp(list[j].digits, given) == 0) {
			return listed_twice(r, k, e, given);
		}
	}
	memset(&list[i], 0, sizeof(list[i]));
	memcpy(list[i].digits, given, len);
	return true;
}

static bool set_listed_number(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *e, unsigned i, uint8_t *list)
{
	size_t width = config_key_width(k);
	char text[32];
	int64_t v = 0;

	if (!(k->type == CONFIG_CODES ? take_code(r, k, e, &v) : take_number(r, k, e, &v))) {
		return false;
	}
	for (unsigned j = 0; j < i; j++) {
		if (config_number_load(list + j * width, width) == (uint64_t)v) {
			snprintf(text, sizeof(text), "%" PRId64, v);
			return listed_twice(r, k, e, text);
		}
	}
	config_number_store(list + i * width, width, (uint64_t)v);
	return true;
}

/* set_element: element i of a list; `flags` collects those of CONFIG_FLAGS. */
static bool set_element(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *e, unsigned i, uint8_t *base, uint8_t *flags)
{
	uint8_t *at = base + k->offset;

	switch (k->type) {
	case CONFIG_FLAGS:
		return set_flag(r, k, e, flags);
	case CONFIG_PREFIXES:
		return set_prefix(r, k, e, (struct prefix *)at + i);
	case CONFIG_DIGITS:
		return set_digits(r, k, e, i, (struct signalling_prefix *)at);
	default:
		return set_listed_number(r, k, e, i, at);
	}
}

static bool set_list(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *s, uint8_t *base)
{
	unsigned n = 0;
	uint8_t flags = 0;

	if (!is_list(s)) {
		return wrong_type(r, s, k, wanted_list(k));
	}
	if (k->type == CONFIG_TWO_INTS && config_setting_length(s) != 2) {
		config_read_error(r, s, false, "%s: expected two elements, not %d", k->path,
			config_setting_length(s));
		return false;
	}
	if (config_setting_length(s) > (int)k->most) {
		config_read_error(r, s, false, "%s: %d elements are too many: at most %u", k->path,
			config_setting_length(s), k->most);
		return false;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		/* a wrong element leaves no hole: the next is still compared with those before */
		if (set_element(r, k, config_setting_get_elem(s, (unsigned)i), n, base, &flags)) {
			n++;
		}
	}
	if (k->type == CONFIG_FLAGS) {
		base[k->offset] = flags;
	} else if (k->type != CONFIG_TWO_INTS) {
		base[k->count_offset] = (uint8_t)n;
	}
	return n == (unsigned)config_setting_length(s);
}

bool config_value_set(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *s, uint8_t *base)
{
	int64_t number = 0;
	uint8_t choice = 0;
	bool ok = false;

	switch (k->type) {
	case CONFIG_BOOL:
		ok = config_setting_type(s) == CONFIG_TYPE_BOOL ||
		     wrong_type(r, s, k, "true or false");
		if (ok) {
			store_number(k, base, config_setting_get_bool(s) != 0);
		}
		break;
	case CONFIG_INT:
		ok = take_number(r, k, s, &number);
		if (ok) {
			store_number(k, base, (uint64_t)number * (k->scale != 0 ? k->scale : 1));
		}
		break;
	case CONFIG_ENUM:
		ok = take_choice(r, k, s, &choice);
		if (ok) {
			store_number(k, base, choice);
		}
		break;
	case CONFIG_CODE:
		ok = take_code(r, k, s, &number);
		if (ok) {
			store_number(k, base, (uint64_t)number);
		}
		break;
	case CONFIG_STRING:
		ok = set_string(r, k, s, base);
		break;
	case CONFIG_FLAGS:
	case CONFIG_INTS:
	case CONFIG_CODES:
	case CONFIG_DIGITS:
	case CONFIG_TWO_INTS:
	case CONFIG_PREFIXES:
		ok = set_list(r, k, s, base);
		break;
	}
	return ok;
}
