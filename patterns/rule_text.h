/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rule_text: the words of one line of a pattern file: the closing slash, flags and quoted
 * texts, read and printed. Beneath rule_attribute.c (key=value) and source.c (files and rules).
 *
 * Control only. Errors: each function adds what is wrong, with its column, and returns false.
 * Bounds: what is unquoted is never longer than its line.
 */
#ifndef SMSWALL_PATTERNS_RULE_TEXT_H
#define SMSWALL_PATTERNS_RULE_TEXT_H

#include <stdio.h>

#include "dataplane/base/diag.h"
#include "patterns/ruleset.h"

enum {
	LINE_LEN_MAX = 8192,
	TEXT_LEN_MAX = LINE_LEN_MAX, /* of an expression or an example */
	WHEN_LEN_MAX = 32768,        /* of a FIELD_WHEN rule's expression */
	PRINTED_LEN_MAX = 65536, /* a line under @line: escapes make texts up to 5 times as long */
	QUOTED_SIZE = PRINTED_LEN_MAX + 8, /* room for any value of a line */
};

/* A line under the eye: valid UTF-8, no control characters but tab, no line end. */
struct rule_line {
	const char *text;
	size_t len;
	const char *file;
	int number;
	struct diag *diag;
};

void rule_text_error(const struct rule_line *l, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void rule_text_warn(const struct rule_line *l, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* rule_text_utf8: the length of the longest valid UTF-8 prefix without NUL (RFC 3629 4). */
size_t rule_text_utf8(const char *text, size_t len);

/* rule_text_skip: the first offset from `at` on that is no space or tab. */
size_t rule_text_skip(const struct rule_line *l, size_t at);

/*
 * rule_text_quoted: undoes the quoted text that begins at *at and moves *at behind it. `out` has
 * room for `size` octets with the NUL.
 */
bool rule_text_quoted(const struct rule_line *l, size_t *at, char *out, size_t size);

/* rule_text_close: the slash that ends the expression whose opening slash is at `open`. */
bool rule_text_close(const struct rule_line *l, size_t open, size_t *close);

/*
 * rule_text_brace: the brace that ends what the one at `open` begins; braces in double quotes are
 * text, a backslash there takes the next octet with it.
 */
bool rule_text_brace(const struct rule_line *l, size_t open, size_t *close);

/* rule_text_flags: reads the letters at *at; adds what is always set (UTF8, SINGLEMATCH). */
bool rule_text_flags(const struct rule_line *l, size_t *at, unsigned *flags);

/* rule_text_print_quoted: in double quotes; invisible and control characters as escapes. */
void rule_text_print_quoted(FILE *to, const char *text);

/* rule_text_print_flags: the letters, without those that are always set. */
void rule_text_print_flags(FILE *to, unsigned flags);

#endif
