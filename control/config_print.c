/* SPDX-License-Identifier: BSD-3-Clause */
/* config_print: the table of keys as a canonical file and as the manual's list. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "control/config_keys.h"

static uint64_t load_number(const struct config_key *k, const uint8_t *base)
{
	return config_number_load(base + k->offset, k->size);
}

static unsigned load_count(const struct config_key *k, const uint8_t *base)
{
	return base[k->count_offset];
}

/* print_string: quoted for libconfig (manual 3.7). */
static void print_string(const char *s, FILE *to)
{
	fputc('"', to);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\') {
			fputc('\\', to);
		}
		fputc(*s, to);
	}
	fputc('"', to);
}

static void print_choices(const struct config_key *k, const uint8_t *base, FILE *to)
{
	uint64_t v = load_number(k, base);
	const char *separator = "";

	if (k->type == CONFIG_FLAGS) {
		fputc('[', to);
	}
	for (const struct config_choice *c = k->choices; c->name != NULL; c++) {
		if (c->refused != NULL ||
			(k->type == CONFIG_FLAGS ? (v & c->value) == 0 : v != c->value)) {
			continue;
		}
		fprintf(to, "%s\"%s\"", separator, c->name);
		separator = ", ";
	}
	if (k->type == CONFIG_FLAGS) {
		fputc(']', to);
	}
}

/* choice_name: NULL: a number without a name. */
static const char *choice_name(const struct config_key *k, uint64_t v)
{
	for (const struct config_choice *c = k->choices; c != NULL && c->name != NULL; c++) {
		if (c->value == v && c->refused == NULL) {
			return c->name;
		}
	}
	return NULL;
}

static void print_code(const struct config_key *k, uint64_t v, FILE *to)
{
	const char *name = choice_name(k, v);

	if (name != NULL) {
		print_string(name, to);
	} else {
		fprintf(to, "%" PRIu64, v);
	}
}

/* print_numbers: as a list in parentheses where names and numbers may meet: libconfig 3.4, 3.5. */
static void print_numbers(const struct config_key *k, const uint8_t *base, unsigned n, FILE *to)
{
	const uint8_t *at = base + k->offset;
	size_t width = config_key_width(k);

	fputc(k->type == CONFIG_CODES ? '(' : '[', to);
	for (unsigned i = 0; i < n; i++) {
		fputs(i == 0 ? "" : ", ", to);
		print_code(k, config_number_load(at + i * width, width), to);
	}
	fputc(k->type == CONFIG_CODES ? ')' : ']', to);
}

static void print_digits(const struct config_key *k, const uint8_t *base, FILE *to)
{
	const struct signalling_prefix *list = (const void *)(base + k->offset);

	fputc('[', to);
	for (unsigned i = 0; i < load_count(k, base); i++) {
		fputs(i == 0 ? "" : ", ", to);
		print_string(list[i].digits, to);
	}
	fputc(']', to);
}

static void print_prefixes(const struct config_key *k, const uint8_t *base, FILE *to)
{
	static const uint8_t v4_mapped[12] = { [10] = 0xFF, [11] = 0xFF }; /* RFC 4291 2.5.5.2 */
	unsigned n = load_count(k, base);

	fputc('[', to);
	for (unsigned i = 0; i < n; i++) {
		struct prefix p;
		char text[INET6_ADDRSTRLEN];
		bool v4;

		memcpy(&p, base + k->offset + i * sizeof(p), sizeof(p));
		v4 = p.bits >= 96 && memcmp(p.address, v4_mapped, sizeof(v4_mapped)) == 0;
		inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? p.address + 12 : p.address, text,
			sizeof(text));
		fprintf(to, "%s\"%s/%u\"", i == 0 ? "" : ", ", text, v4 ? p.bits - 96u : p.bits);
	}
	fputc(']', to);
}

void config_key_print(const struct config_key *k, const struct config *c, unsigned link, FILE *to)
{
	const uint8_t *base = (const uint8_t *)c + config_key_base(k->scope, link);

	switch (k->type) {
	case CONFIG_BOOL:
		fputs(load_number(k, base) != 0 ? "true" : "false", to);
		break;
	case CONFIG_INT:
		fprintf(to, "%" PRIu64, load_number(k, base) / (k->scale != 0 ? k->scale : 1));
		break;
	case CONFIG_ENUM:
	case CONFIG_FLAGS:
		print_choices(k, base, to);
		break;
	case CONFIG_STRING:
		print_string((const char *)(base + k->offset), to);
		break;
	case CONFIG_CODE:
		print_code(k, load_number(k, base), to);
		break;
	case CONFIG_INTS:
	case CONFIG_CODES:
		print_numbers(k, base, load_count(k, base), to);
		break;
	case CONFIG_DIGITS:
		print_digits(k, base, to);
		break;
	case CONFIG_TWO_INTS:
		print_numbers(k, base, 2, to);
		break;
	case CONFIG_PREFIXES:
		print_prefixes(k, base, to);
		break;
	}
}

/* put_line: `depth` tabs, then `len` octets of `text`, then `end`. */
static void put_line(unsigned depth, const char *text, size_t len, const char *end, FILE *to)
{
	while (depth-- > 0) {
		fputc('\t', to);
	}
	fprintf(to, "%.*s%s", (int)len, text, end);
}

/* groups_in: dots of the first `len` octets of a path. */
static unsigned groups_in(const char *path, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len && path[i] != '\0'; i++) {
		n += path[i] == '.' ? 1 : 0;
	}
	return n;
}

/* turn: closes and opens groups between key `from` and key `path` (either may be ""). */
static const char *turn(const char *from, const char *path, unsigned depth, FILE *to)
{
	size_t common = 0;
	unsigned open = groups_in(from, strlen(from));
	unsigned level;

	for (size_t i = 0; from[i] != '\0' && from[i] == path[i]; i++) {
		common = from[i] == '.' ? i + 1 : common;
	}
	for (level = groups_in(from, common); open > level; open--) {
		put_line(depth + open - 1, "};", 2, "\n", to);
	}
	path += common;
	for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		put_line(depth + level++, path, (size_t)(dot - path), " = {\n", to);
	}
	return path;
}

static void print_scope(const struct config *c, bool links, unsigned link, FILE *to)
{
	const char *last = "";
	unsigned depth = links ? 1 : 0;

	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *k = &config_keys[i];
		const char *name;

		if ((k->scope != CONFIG_TOP) != links) {
			continue;
		}
		name = turn(last, k->path, depth, to);
		put_line(
			depth + groups_in(k->path, strlen(k->path)), name, strlen(name), " = ", to);
		config_key_print(k, c, link, to);
		fputs(";\n", to);
		last = k->path;
	}
	(void)turn(last, "", depth, to);
}

void config_print(const struct config *c, FILE *to)
{
	fputs("links = (", to);
	for (unsigned i = 0; i < c->pipeline.n_links; i++) {
		fputs(i == 0 ? "{\n" : ", {\n", to);
		print_scope(c, true, i, to);
		fputc('}', to);
	}
	fputs(");\n", to);
	print_scope(c, false, 0, to);
}

static void print_type_choices(const struct config_key *k, FILE *to)
{
	bool one = k->type == CONFIG_ENUM || k->type == CONFIG_CODE;
	const char *separator = "";

	fputs(k->type == CONFIG_FLAGS ? "list of " : "", to);
	for (const struct config_choice *c = k->choices; c->name != NULL; c++) {
		if (c->refused == NULL) {
			fprintf(to, "%s\"%s\"", separator, c->name);
			separator = one ? " | " : ", ";
		}
	}
}

static void print_type(const struct config_key *k, FILE *to)
{
	switch (k->type) {
	case CONFIG_BOOL:
		fputs("true | false", to);
		break;
	case CONFIG_INT:
		fprintf(to, "whole number, %" PRId64 " to %" PRId64, k->min, k->max);
		break;
	case CONFIG_ENUM:
	case CONFIG_FLAGS:
		print_type_choices(k, to);
		break;
	case CONFIG_CODE:
		print_type_choices(k, to);
		fprintf(to, " | whole number, %" PRId64 " to %" PRId64, k->min, k->max);
		break;
	case CONFIG_CODES:
		fprintf(to, "list of at most %u of ", k->most);
		print_type_choices(k, to);
		fprintf(to, " or whole numbers, %" PRId64 " to %" PRId64, k->min, k->max);
		break;
	case CONFIG_STRING:
		fprintf(to, "text of at most %zu octets", k->size - 1);
		break;
	case CONFIG_INTS:
		fprintf(to, "list of at most %u whole numbers, %" PRId64 " to %" PRId64, k->most,
			k->min, k->max);
		break;
	case CONFIG_TWO_INTS:
		fprintf(to, "list of two whole numbers, %" PRId64 " to %" PRId64, k->min, k->max);
		break;
	case CONFIG_PREFIXES:
		fprintf(to, "list of at most %u IPv4 or IPv6 prefixes", k->most);
		break;
	case CONFIG_DIGITS:
		fprintf(to, "list of at most %u strings of leading digits", k->most);
		break;
	}
	if (k->unit != NULL) {
		fprintf(to, " (%s)", k->unit);
	}
}

static void print_keys_of(bool links, FILE *to)
{
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *k = &config_keys[i];

		if ((k->scope != CONFIG_TOP) != links) {
			continue;
		}
		fprintf(to, "*%s*\n\t", k->path);
		print_type(k, to);
		if (k->initial != NULL) {
			fprintf(to, ". Default: %s.", k->initial);
		} else {
			fputs(". Must be given.", to);
		}
		fprintf(to, "\n\t%s\n\n", k->help);
	}
}

void config_print_keys(FILE *to)
{
	fputs("## KEYS OF A LINK\n\n", to);
	print_keys_of(true, to);
	fputs("## OTHER KEYS\n\n", to);
	print_keys_of(false, to);
}
