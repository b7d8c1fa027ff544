/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/rule_text.h"

#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>

struct flag {
	char letter;
	unsigned value; /* 0: refused, `text` says why */
	const char *text;
};

/* The letters of hsbench and hscollider. */
static const struct flag flags_known[] = {
	{ 'i', HS_FLAG_CASELESS, NULL },
	{ 's', HS_FLAG_DOTALL, NULL },
	{ 'm', HS_FLAG_MULTILINE, NULL },
	{ 'L', HS_FLAG_SOM_LEFTMOST, NULL },
	{ 'V', HS_FLAG_ALLOWEMPTY, NULL },
	{ 'W', HS_FLAG_UCP, NULL },
	{ 'H', HS_FLAG_SINGLEMATCH, NULL },
	{ '8', HS_FLAG_UTF8, NULL },
	{ 'P', 0, "prefilter: it reports texts that the expression does not match" },
	{ 'C', 0, "logical combinations are the policy's matter: use category and weight" },
	{ 'Q', 0, "quiet rules have no use without logical combinations" },
};
enum { N_FLAGS = sizeof(flags_known) / sizeof(flags_known[0]) };

/* The column that an editor shows: characters, not octets. */
static int column_of(const struct rule_line *l, size_t at)
{
	int column = 1;

	for (size_t i = 0; i < at && i < l->len; i++) {
		column += ((unsigned char)l->text[i] & 0xC0) != 0x80;
	}
	return column;
}

static void report(const struct rule_line *l, enum diag_level level, size_t at, const char *format,
	va_list args) __attribute__((format(printf, 4, 0)));

static void report(const struct rule_line *l, enum diag_level level, size_t at, const char *format,
	va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
	}
	diag_add(l->diag, level, l->file, l->number, column_of(l, at), "%s",
		text != NULL ? text : "out of memory");
	free(text);
}

void rule_text_error(const struct rule_line *l, size_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(l, DIAG_ERROR, at, format, args);
	va_end(args);
}

void rule_text_warn(const struct rule_line *l, size_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(l, DIAG_WARNING, at, format, args);
	va_end(args);
}

/* The length of the well-formed character at `p`, or 0: the table of RFC 3629 4. */
static size_t utf8_character(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	unsigned char low = 0x80;
	unsigned char high = 0xBF;

	if (p[0] == 0 || (p[0] >= 0x80 && p[0] < 0xC2) || p[0] > 0xF4 || n > left) {
		return 0;
	}
	if (p[0] == 0xE0) {
		low = 0xA0;
	} else if (p[0] == 0xED) {
		high = 0x9F; /* surrogates are no characters */
	} else if (p[0] == 0xF0) {
		low = 0x90;
	} else if (p[0] == 0xF4) {
		high = 0x8F;
	}
	if (n > 1 && (p[1] < low || p[1] > high)) {
		return 0;
	}
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80) {
			return 0;
		}
	}
	return n;
}

size_t rule_text_utf8(const char *text, size_t len)
{
	size_t at = 0;
	size_t n;

	while (at < len && (n = utf8_character((const unsigned char *)text + at, len - at)) != 0) {
		at += n;
	}
	return at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

size_t rule_text_skip(const struct rule_line *l, size_t at)
{
	while (at < l->len && is_blank(l->text[at])) {
		at++;
	}
	return at;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

/* Writes code point `c` as UTF-8 (RFC 3629 3); returns its length. */
static size_t put_character(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | (c >> 6));
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | (c >> 12));
		out[1] = (char)(0x80 | ((c >> 6) & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | (c >> 18));
	out[1] = (char)(0x80 | ((c >> 12) & 0x3F));
	out[2] = (char)(0x80 | ((c >> 6) & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

/* "u{HEX}" at *at, which is the u. Returns the octets written, 0 after an error. */
static size_t undo_number(const struct rule_line *l, size_t *at, char *out)
{
	size_t i = *at + 1;
	uint32_t c = 0;
	size_t n = 0;

	if (i < l->len && l->text[i] == '{') {
		for (i++; i < l->len && hex_digit(l->text[i]) >= 0 && n < 7; i++, n++) {
			c = c << 4 | (uint32_t)hex_digit(l->text[i]);
		}
	}
	if (n == 0 || n > 6 || i >= l->len || l->text[i] != '}') {
		rule_text_error(l, *at - 1,
			"a character by its number is \\u{HEX} with 1 to 6 "
			"hexadecimal digits");
		return 0;
	}
	if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
		rule_text_error(l, *at - 1,
			"\\u{%X} is no character (1 to 10FFFF without D800 to "
			"DFFF)",
			c);
		return 0;
	}
	*at = i + 1;
	return put_character(out, c);
}

/* "xHH" at *at, which is the x. */
static size_t undo_octet(const struct rule_line *l, size_t *at, char *out)
{
	int high = *at + 1 < l->len ? hex_digit(l->text[*at + 1]) : -1;
	int low = *at + 2 < l->len ? hex_digit(l->text[*at + 2]) : -1;

	if (high < 0 || low < 0) {
		rule_text_error(l, *at - 1, "an octet is \\x and two hexadecimal digits");
		return 0;
	}
	if (high == 0 && low == 0) {
		rule_text_error(l, *at - 1, "a zero octet cannot stand in a text");
		return 0;
	}
	*out = (char)(high << 4 | low);
	*at += 3;
	return 1;
}

/* The escape whose backslash is at *at. */
static size_t undo_escape(const struct rule_line *l, size_t *at, char *out)
{
	static const char from[] = "nrt\"\\";
	static const char to[] = "\n\r\t\"\\";
	const char *known;
	char c;

	*at += 1;
	c = *at < l->len ? l->text[*at] : '\0';
	if (c == 'x') {
		return undo_octet(l, at, out);
	}
	if (c == 'u') {
		return undo_number(l, at, out);
	}
	known = c != '\0' ? strchr(from, c) : NULL;
	if (known == NULL) {
		rule_text_error(l, *at - 1,
			"unknown escape; known are \\n \\r \\t \\\" \\\\ \\xHH \\u{HEX}");
		return 0;
	}
	*out = to[known - from];
	*at += 1;
	return 1;
}

bool rule_text_quoted(const struct rule_line *l, size_t *at, char *out, size_t size)
{
	size_t begin = *at;
	size_t i = begin + 1;
	size_t n = 0;
	size_t step;

	while (i < l->len && l->text[i] != '"') {
		if (n + 4 >= size) {
			rule_text_error(l, i, "this text is longer than %zu octets", size - 5);
			return false;
		}
		if (l->text[i] == '\\') {
			step = undo_escape(l, &i, out + n);
			if (step == 0) {
				return false;
			}
			n += step;
		} else {
			out[n++] = l->text[i++];
		}
	}
	if (i >= l->len) {
		rule_text_error(l, begin, "this double quote is not closed");
		return false;
	}
	out[n] = '\0';
	if (rule_text_utf8(out, n) != n) {
		rule_text_error(l, begin,
			"the \\x escapes do not make valid UTF-8; "
			"\\u{HEX} writes a character by its number");
		return false;
	}
	*at = i + 1;
	return true;
}

/* The end of a value that begins at `i`, or 0 if there is none. Judges the form only. */
static size_t value_end(const struct rule_line *l, size_t i)
{
	if (i < l->len && l->text[i] == '"') {
		for (i++; i < l->len && l->text[i] != '"'; i++) {
			i += l->text[i] == '\\';
		}
		return i < l->len ? i + 1 : 0;
	}
	while (i < l->len && !is_blank(l->text[i])) {
		if (strchr("\"\\/", l->text[i]) != NULL) {
			return 0;
		}
		i++;
	}
	return i;
}

static size_t flags_end(const struct rule_line *l, size_t i)
{
	while (i < l->len && is_alnum(l->text[i])) {
		i++;
	}
	if (i < l->len && l->text[i] == '{') {
		while (i < l->len && l->text[i] != '}' && l->text[i] != '/') {
			i++;
		}
		i += i < l->len && l->text[i] == '}';
	}
	return i;
}

/* What begins at `i` has the form `flags [key=value]...`, whatever the words mean. */
static bool is_tail(const struct rule_line *l, size_t i)
{
	i = flags_end(l, i);
	while (i < l->len) {
		if (!is_blank(l->text[i])) {
			return false;
		}
		i = rule_text_skip(l, i);
		while (i < l->len && (is_alnum(l->text[i]) || strchr("_-", l->text[i]) != NULL)) {
			i++;
		}
		if (i < l->len && l->text[i] != '=') {
			return false;
		}
		i = i < l->len ? value_end(l, i + 1) : 0;
		if (i == 0) {
			return false;
		}
	}
	return true;
}

bool rule_text_brace(const struct rule_line *l, size_t open, size_t *close)
{
	bool quoted = false;
	size_t depth = 0;

	for (size_t i = open; i < l->len; i++) {
		char c = l->text[i];

		if (quoted && c == '\\') {
			i++;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && c == '{') {
			depth++;
		} else if (!quoted && c == '}' && --depth == 0) {
			*close = i;
			return true;
		}
	}
	rule_text_error(l, l->len, "this condition has no end: a '}' is missing");
	return false;
}

bool rule_text_close(const struct rule_line *l, size_t open, size_t *close)
{
	size_t second_best = 0;
	size_t end;

	for (size_t i = l->len; i-- > open + 1;) {
		size_t escapes = 0;

		if (l->text[i] != '/') {
			continue;
		}
		while (i - escapes > open + 1 && l->text[i - escapes - 1] == '\\') {
			escapes++;
		}
		if (escapes % 2 != 0) {
			continue;
		}
		if (is_tail(l, i + 1)) {
			*close = i;
			return true;
		}
		end = flags_end(l, i + 1);
		if (second_best == 0 && (end == l->len || is_blank(l->text[end]))) {
			second_best = i;
		}
	}
	*close = second_best; /* the words behind it are wrong: their reader will say how */
	if (second_best == 0) {
		rule_text_error(l, l->len,
			"no slash ends the expression; a rule is "
			"ID:/expression/flags key=value ...");
	}
	return second_best != 0;
}

static const struct flag *flag_of(char letter)
{
	for (size_t i = 0; i < N_FLAGS; i++) {
		if (flags_known[i].letter == letter) {
			return &flags_known[i];
		}
	}
	return NULL;
}

bool rule_text_flags(const struct rule_line *l, size_t *at, unsigned *flags)
{
	size_t i = *at;
	unsigned value = 0;
	bool good = true;

	for (; i < l->len && is_alnum(l->text[i]); i++) {
		const struct flag *f = flag_of(l->text[i]);

		if (f == NULL) {
			rule_text_error(l, i,
				"unknown flag '%c' behind the last slash; "
				"known are i s m L V W H 8",
				l->text[i]);
			good = false;
		} else if (f->value == 0) {
			rule_text_error(l, i, "flag '%c' is refused: %s", f->letter, f->text);
			good = false;
		} else {
			value |= f->value;
		}
	}
	if (i < l->len && l->text[i] == '{') {
		rule_text_error(l, i,
			"extended parameters {...} are refused: they make sets slow to "
			"compile; write the bounds into the expression");
		i = flags_end(l, i);
		good = false;
	}
	if ((value & HS_FLAG_SOM_LEFTMOST) != 0 && (value & HS_FLAG_SINGLEMATCH) != 0) {
		rule_text_error(l, *at, "flags L and H exclude each other");
		good = false;
	}
	if ((value & HS_FLAG_SOM_LEFTMOST) == 0) {
		value |= HS_FLAG_SINGLEMATCH;
	}
	*flags = value | HS_FLAG_UTF8;
	*at = i;
	return good;
}

/* Characters that nobody sees in a file: they are shown by their number. */
static bool is_invisible(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{ 0x0001, 0x001F },
		{ 0x007F, 0x00A0 },
		{ 0x00AD, 0x00AD },
		{ 0x034F, 0x034F },
		{ 0x061C, 0x061C },
		{ 0x115F, 0x1160 },
		{ 0x17B4, 0x17B5 },
		{ 0x180B, 0x180F },
		{ 0x2000, 0x200F },
		{ 0x2028, 0x202F },
		{ 0x205F, 0x206F },
		{ 0x3000, 0x3000 },
		{ 0x3164, 0x3164 },
		{ 0xFE00, 0xFE0F },
		{ 0xFEFF, 0xFEFF },
		{ 0xFFA0, 0xFFA0 },
		{ 0xFFF0, 0xFFFB },
		{ 0xE0000, 0xE0FFF },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i][0] && c <= ranges[i][1]) {
			return true;
		}
	}
	return false;
}

static uint32_t get_character(const unsigned char *p, size_t n)
{
	uint32_t c = n == 1 ? p[0] : (uint32_t)(p[0] & (0x7F >> n));

	for (size_t i = 1; i < n; i++) {
		c = c << 6 | (p[i] & 0x3F);
	}
	return c;
}

void rule_text_print_quoted(FILE *to, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = strlen(text);
	size_t n;

	fputc('"', to);
	for (; left != 0 && (n = utf8_character(p, left)) != 0; p += n, left -= n) {
		uint32_t c = get_character(p, n);

		if (c == '"' || c == '\\') {
			fprintf(to, "\\%c", (int)c);
		} else if (c == '\n') {
			fputs("\\n", to);
		} else if (is_invisible(c)) {
			fprintf(to, "\\u{%X}", c);
		} else {
			fwrite(p, 1, n, to);
		}
	}
	fputc('"', to);
}

void rule_text_print_flags(FILE *to, unsigned flags)
{
	flags &= ~(unsigned)(HS_FLAG_SINGLEMATCH | HS_FLAG_UTF8);
	for (size_t i = 0; i < N_FLAGS; i++) {
		if ((flags & flags_known[i].value) != 0) {
			fputc(flags_known[i].letter, to);
		}
	}
}
