/* SPDX-License-Identifier: BSD-3-Clause */
/* One entry as text, in and out. Part of list_build.h. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>

#include "dataplane/sms/entity.h"
#include "dataplane/sms/text.h"
#include "dataplane/verdict/list_parts.h"

enum { ACCOUNT_MAX = 15 }; /* SMPP 3.4 5.2.1: 16 octets with its NUL */

static int __attribute__((format(printf, 2, 3)))
wrong(char why[LIST_WHY_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, LIST_WHY_SIZE, format, args);
	va_end(args);
	return -1;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static struct bytes trim(struct bytes b)
{
	while (b.len != 0 && is_blank(b.data[0])) {
		b = bytes_of(b.data + 1, b.len - 1);
	}
	while (b.len != 0 && is_blank(b.data[b.len - 1])) {
		b.len--;
	}
	return b;
}

/* ---- fields: ENTRY [, TAG] [# comment], each maybe in quotes ---- */

/* take_quoted: behind the opening quote at *at. */
static int take_quoted(
	struct bytes line, size_t *at, char *out, size_t max, size_t *len, char why[LIST_WHY_SIZE])
{
	*len = 0;
	for (size_t i = *at + 1; i < line.len; i++) {
		uint8_t c = line.data[i];

		if (c == '"') {
			*at = i + 1;
			return 1;
		}
		if (c == '\\' && i + 1 < line.len) {
			c = line.data[++i];
		}
		if (*len == max) {
			return wrong(why, "more than %zu octets", max);
		}
		out[(*len)++] = (char)c;
	}
	return wrong(why, "a quote without its end");
}

/* take_field: from *at to a comma, a comment or the end, where *at then is. */
static int take_field(struct bytes line, size_t *at, bool to_comma, char *out, size_t max,
	size_t *len, char why[LIST_WHY_SIZE])
{
	struct bytes field;
	size_t from;
	size_t i;

	while (*at < line.len && is_blank(line.data[*at])) {
		(*at)++;
	}
	if (*at < line.len && line.data[*at] == '"') {
		int good = take_quoted(line, at, out, max, len, why);

		while (*at < line.len && is_blank(line.data[*at])) {
			(*at)++;
		}
		if (good == 1 && *at < line.len && line.data[*at] != ',' && line.data[*at] != '#') {
			return wrong(why, "text behind the quote's end");
		}
		return good;
	}
	from = *at;
	for (i = from; i < line.len; i++) {
		uint8_t c = line.data[i];

		if ((c == ',' && to_comma) ||
			(c == '#' && (i == 0 || is_blank(line.data[i - 1])))) {
			break;
		}
	}
	*at = i;
	field = trim(bytes_of(line.data + from, i - from));
	if (field.len > max) {
		return wrong(why, "more than %zu octets", max);
	}
	*len = field.len;
	if (field.len != 0) {
		memcpy(out, field.data, field.len);
	}
	return 1;
}

static bool has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)text[i] < 0x20 || text[i] == 0x7F) {
			return true;
		}
	}
	return false;
}

/* ---- digits ---- */

/* What of an entry of digits stands between the signs. */
struct digit_run {
	uint8_t digits[LIST_DIGITS_MAX];
	size_t n;
};

static int too_long(char why[LIST_WHY_SIZE])
{
	return wrong(why, "more than %d digits", LIST_DIGITS_MAX);
}

/* read_run: digits with what people write between them; ends at '*', '-' or the end. */
static int read_run(enum list_kind kind, const char *text, size_t len, size_t *at,
	struct digit_run *run, char why[LIST_WHY_SIZE])
{
	bool international = kind == LIST_NUMBER || kind == LIST_GT;

	run->n = 0;
	while (*at < len && text[*at] == ' ') {
		(*at)++;
	}
	if (international && *at < len && text[*at] == '+') {
		(*at)++;
	} else if (kind == LIST_NUMBER && len - *at > 2 && memcmp(text + *at, "00", 2) == 0) {
		*at += 2;
	}
	for (; *at < len && text[*at] != '*' && text[*at] != '-'; (*at)++) {
		uint8_t c = (uint8_t)text[*at];

		if (is_digit(c)) {
			if (run->n == LIST_DIGITS_MAX) {
				return too_long(why);
			}
			run->digits[run->n++] = c;
		} else if (!international || strchr(" .()", c) == NULL) {
			return wrong(why, "\"%.*s\" is no number: '%c' is no digit",
				(int)(len < 60 ? len : 60), text, c);
		}
	}
	if (run->n == 0) {
		return wrong(why, "digits are missing");
	}
	if (kind == LIST_NUMBER && run->digits[0] == '0') {
		return wrong(
			why, "a number of E.164 does not begin with 0: write its country code");
	}
	return 1;
}

static struct bytes run_bytes(const struct digit_run *r)
{
	return bytes_of(r->digits, r->n);
}

static void set_text(struct list_entry *e, const char *text)
{
	e->len = (uint8_t)strlen(text);
	memcpy(e->text, text, (size_t)e->len + 1);
}

static int set_range(struct list_entry *e, const struct digit_run *from, const struct digit_run *to,
	char why[LIST_WHY_SIZE])
{
	char text[LIST_TEXT_MAX + 1];

	if (from->n != to->n) {
		return wrong(why, "a range whose ends have %zu and %zu digits", from->n, to->n);
	}
	if (memcmp(from->digits, to->digits, from->n) > 0) {
		return wrong(why, "a range that ends before it begins");
	}
	if (memcmp(from->digits, to->digits, from->n) == 0) {
		e->class = LIST_EXACT_NUMBER;
		e->key = list_number_key(run_bytes(from));
		return 1;
	}
	e->class = LIST_SPAN;
	e->span = list_span_range(run_bytes(from), run_bytes(to));
	(void)snprintf(text, sizeof(text), "%.*s-%.*s", (int)from->n, (const char *)from->digits,
		(int)to->n, (const char *)to->digits);
	set_text(e, text);
	return 1;
}

static int read_digits(enum list_kind kind, const char *text, size_t len, struct list_entry *e,
	char why[LIST_WHY_SIZE])
{
	struct digit_run from;
	struct digit_run to;
	size_t at = 0;
	char shown[LIST_DIGITS_MAX + 2];

	if (read_run(kind, text, len, &at, &from, why) < 0) {
		return -1;
	}
	if (at == len) {
		e->class = LIST_EXACT_NUMBER;
		e->key = list_number_key(run_bytes(&from));
		return 1;
	}
	if (text[at] == '*') {
		if (at + 1 != len) {
			return wrong(why, "'*' stands at the end only: 4477009*");
		}
		e->class = LIST_SPAN;
		e->span = list_span_prefix(run_bytes(&from));
		(void)snprintf(
			shown, sizeof(shown), "%.*s*", (int)from.n, (const char *)from.digits);
		set_text(e, shown);
		return 1;
	}
	at++;
	if (read_run(kind, text, len, &at, &to, why) < 0) {
		return -1;
	}
	if (at != len) {
		return wrong(why, "a range has two ends: 447700900000-447700900999");
	}
	return set_range(e, &from, &to, why);
}

int list_entry_number(const char *text, size_t len, char out[LIST_DIGITS_MAX + 1], size_t *n,
	char why[LIST_WHY_SIZE])
{
	struct digit_run run;
	size_t at = 0;

	if (read_run(LIST_NUMBER, text, len, &at, &run, why) < 0) {
		return -1;
	}
	if (at != len) {
		return wrong(why, "\"%.*s\" is no whole number", (int)(len < 60 ? len : 60), text);
	}
	memcpy(out, run.digits, run.n);
	out[run.n] = '\0';
	*n = run.n;
	return 1;
}

/* ---- addresses ---- */

static int read_ip(const char *text, struct list_entry *e, char why[LIST_WHY_SIZE])
{
	char address[INET6_ADDRSTRLEN];
	char shown[INET6_ADDRSTRLEN + 8];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	uint8_t ip[16] = { [10] = 0xFF, [11] = 0xFF };
	struct list_span whole;
	unsigned bits = 0;
	unsigned max = 32;

	if (len >= sizeof(address)) {
		return wrong(why, "no IP address");
	}
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, ip + 12) != 1) {
		max = 128;
		if (inet_pton(AF_INET6, address, ip) != 1) {
			return wrong(why, "\"%s\" is no IP address", address);
		}
	}
	for (const char *p = slash; slash != NULL && *++p != '\0';) {
		if (!is_digit((uint8_t)*p) || bits > max) {
			bits = max + 1;
			break;
		}
		bits = 10 * bits + (unsigned)(*p - '0');
	}
	if (slash == NULL) {
		bits = max;
	} else if (slash[1] == '\0' || bits > max) {
		return wrong(why, "behind '/' stand the bits of the prefix, 0 to %u", max);
	}
	bits += max == 32 ? 96 : 0;
	e->span = list_span_network(ip, bits);
	whole = list_span_network(ip, 128);
	if (list_key_order(e->span.from, whole.from) != 0) {
		return wrong(why, "the address has bits behind its prefix");
	}
	e->class = LIST_SPAN;
	(void)inet_ntop(
		max == 32 ? AF_INET : AF_INET6, max == 32 ? ip + 12 : ip, address, sizeof(address));
	bits -= max == 32 ? 96 : 0;
	if (bits == max) {
		set_text(e, address);
		return 1;
	}
	(void)snprintf(shown, sizeof(shown), "%s/%u", address, bits);
	set_text(e, shown);
	return 1;
}

/* ---- texts ---- */

static int read_account(struct list_entry *e, char why[LIST_WHY_SIZE])
{
	if (e->len > ACCOUNT_MAX) {
		return wrong(why, "a system_id has at most %d characters", ACCOUNT_MAX);
	}
	return 1;
}

/* is_label: a domain of one label: "tk". */
static bool is_label(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i] | 0x20;

		if (!is_digit((uint8_t)text[i]) && (c < 'a' || c > 'z') && text[i] != '-') {
			return false;
		}
	}
	return len != 0;
}

static void lower(struct list_entry *e)
{
	for (unsigned i = 0; i < e->len; i++) {
		uint8_t c = (uint8_t)e->text[i];

		e->text[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
}

/* has_scheme: "http://", "hxxps[:]//" and what else is read as one. */
static bool has_scheme(const char *text)
{
	return (strstr(text, "//") != NULL || strstr(text, ":\\\\") != NULL) &&
	       (strncasecmp(text, "http", 4) == 0 || strncasecmp(text, "hxxp", 4) == 0);
}

/* is_tld: a single label that needs no reading: digits may be an address, "xn--" is Unicode. */
static bool is_tld(const struct list_entry *e)
{
	return is_label(e->text, e->len) && !is_digit((uint8_t)e->text[0]) &&
	       strncasecmp(e->text, "xn--", 4) != 0;
}

#define HOST_SCHEME "http://"
enum { SCHEME_LEN = sizeof(HOST_SCHEME) - 1, URL_MAX = SCHEME_LEN + LIST_TEXT_MAX };

struct host_work {
	char text[URL_MAX];
	uint8_t buffer[4 * URL_MAX];
	struct entity found[LIMIT_ENTITIES];
};

/* take_host: from the URL that was found, which has to be all of `len` octets. */
static int take_host(
	const struct host_work *w, size_t len, struct list_entry *e, char why[LIST_WHY_SIZE])
{
	const struct entity *url = &w->found[0];
	struct bytes rest;

	if (url->kind != ENTITY_URL || url->from != 0 || url->to != len) {
		return wrong(why, "\"%s\" cannot be read as a domain or URL", e->text);
	}
	rest.data = url->host.data + url->host.len;
	rest.len = (size_t)(url->value.data + url->value.len - rest.data);
	if (rest.len != 0 && rest.data[0] == ':') {
		return wrong(why, "ports are not looked at: leave it out");
	}
	while (rest.len != 0 && rest.data[rest.len - 1] == '/') {
		rest.len--;
	}
	if (url->host.len + rest.len > LIST_TEXT_MAX) {
		return wrong(why, "more than %d octets", LIST_TEXT_MAX);
	}
	e->len = (uint8_t)(url->host.len + rest.len);
	memcpy(e->text, url->host.data, e->len);
	e->text[e->len] = '\0';
	return 1;
}

/* read_host: in the normal form in which URLs are found in texts, as it is them that it has to meet. */
static int read_host(struct list_entry *e, char why[LIST_WHY_SIZE])
{
	size_t scheme = has_scheme(e->text) ? 0 : SCHEME_LEN;
	size_t len = scheme + e->len;
	struct host_work *w;
	int got;

	if (is_tld(e)) {
		lower(e);
		return 1;
	}
	len -= len > 1 && e->text[e->len - 1] == '.' ? 1 : 0; /* the root's dot */
	if (strncmp(e->text, "*.", 2) == 0) {
		return wrong(why, "leave \"*.\" out: a domain stands for all below it");
	}
	w = malloc(sizeof(*w));
	if (w == NULL) {
		return wrong(why, "out of memory");
	}
	memcpy(w->text, HOST_SCHEME, scheme);
	memcpy(w->text + scheme, e->text, len - scheme);
	if (memchr(w->text, '@', len) != NULL ||
		entity_find(bytes_of(w->text, len), NUMBERING_NONE, w->found, w->buffer,
			sizeof(w->buffer)) == 0) {
		got = wrong(why, "\"%s\" cannot be read as a domain or URL", e->text);
	} else {
		got = take_host(w, len, e, why);
	}
	free(w);
	return got;
}

static int read_text(enum list_kind kind, struct list_entry *e, char why[LIST_WHY_SIZE])
{
	e->class = LIST_EXACT_TEXT;
	if (!text_utf8_valid(bytes_of(e->text, e->len))) {
		return wrong(why, "not UTF-8");
	}
	if (has_control(e->text, e->len)) {
		return wrong(why, "control characters");
	}
	return kind == LIST_HOST      ? read_host(e, why)
	       : kind == LIST_ACCOUNT ? read_account(e, why)
	       : kind == LIST_PAIR    ? list_pair_read(e, why)
	                              : 1;
}

int list_entry_read(
	enum list_kind kind, struct bytes line, struct list_entry *e, char why[LIST_WHY_SIZE])
{
	size_t at = 0;
	size_t len = 0;
	size_t tag_len = 0;

	memset(e, 0, offsetof(struct list_entry, text));
	if (take_field(line, &at, true, e->text, LIST_TEXT_MAX, &len, why) < 0) {
		return -1;
	}
	e->text[len] = '\0';
	e->len = (uint8_t)len;
	if (at < line.len && line.data[at] == ',') {
		at++;
		if (take_field(line, &at, false, e->tag, LIST_TAG_MAX, &tag_len, why) < 0) {
			return -1;
		}
		if (at < line.len && line.data[at] == ',') {
			return wrong(why, "two tags");
		}
		if (has_control(e->tag, tag_len) || !text_utf8_valid(bytes_of(e->tag, tag_len))) {
			return wrong(why, "a tag is printable UTF-8");
		}
		if (len == 0) {
			return wrong(why, "a tag without an entry");
		}
	}
	e->tag[tag_len] = '\0';
	e->tag_len = (uint8_t)tag_len;
	if (len == 0) {
		return 0;
	}
	if (memchr(e->text, '\0', len) != NULL) {
		return wrong(why, "control characters");
	}
	switch (kind) {
	case LIST_NUMBER:
	case LIST_IMSI:
	case LIST_GT:
	case LIST_CODE: {
		char digits[LIST_TEXT_MAX + 1];

		memcpy(digits, e->text, len + 1);
		return read_digits(kind, digits, len, e, why);
	}
	case LIST_IP: {
		char address[LIST_TEXT_MAX + 1];

		memcpy(address, e->text, len + 1);
		return read_ip(address, e, why);
	}
	case LIST_SENDER:
	case LIST_ACCOUNT:
	case LIST_HOST:
	case LIST_PAIR:
	case LIST_KIND_COUNT:
		break;
	}
	return read_text(kind, e, why);
}

/* ---- printing ---- */

struct bytes list_number_text(uint64_t key, char out[LIST_DIGITS_MAX + 1])
{
	uint64_t value;
	unsigned len = list_number_split(key, &value);

	for (unsigned i = len; i > 0; i--) {
		out[i - 1] = (char)('0' + value % 10);
		value /= 10;
	}
	out[len] = '\0';
	return bytes_of(out, len);
}

static bool needs_quotes(const char *text, size_t len)
{
	if (len == 0) {
		return false;
	}
	if (is_blank((uint8_t)text[0]) || is_blank((uint8_t)text[len - 1]) || text[0] == '#') {
		return true;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] == ',' || text[i] == '"' || text[i] == '\\' || text[i] == '#') {
			return true;
		}
	}
	return false;
}

static size_t put_field(char *out, const char *text, size_t len)
{
	size_t n = 0;

	if (!needs_quotes(text, len)) {
		memcpy(out, text, len);
		return len;
	}
	out[n++] = '"';
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\') {
			out[n++] = '\\';
		}
		out[n++] = text[i];
	}
	out[n++] = '"';
	return n;
}

size_t list_entry_print(const struct list_entry *e, char out[LIST_PRINT_SIZE])
{
	char digits[LIST_DIGITS_MAX + 1];
	size_t n;

	if (e->class == LIST_EXACT_NUMBER) {
		struct bytes d = list_number_text(e->key, digits);

		n = put_field(out, (const char *)d.data, d.len);
	} else {
		n = put_field(out, e->text, e->len);
	}
	if (e->tag_len != 0) {
		out[n++] = ',';
		n += put_field(out + n, e->tag, e->tag_len);
	}
	out[n] = '\0';
	return n;
}

int list_entry_order(const struct list_entry *a, const struct list_entry *b)
{
	static const uint8_t rank[] = {
		[LIST_EXACT_NUMBER] = 0, [LIST_SPAN] = 1, [LIST_EXACT_TEXT] = 2
	};

	if (a->class != b->class) {
		return rank[a->class] < rank[b->class] ? -1 : 1;
	}
	switch (a->class) {
	case LIST_EXACT_NUMBER:
		return a->key == b->key ? 0 : a->key < b->key ? -1 : 1;
	case LIST_SPAN:
		return list_span_order(&a->span, &b->span);
	case LIST_EXACT_TEXT:
		break;
	}
	return list_text_order(bytes_of(a->text, a->len), bytes_of(b->text, b->len));
}
