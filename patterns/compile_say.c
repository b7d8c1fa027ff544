/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile_say.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMN_OF_EXPRESSION = 3 }; /* "ID:/" less the ID, and columns begin at 1 */

/* Hyperscan's words that an operator can use better in others. */
static const char *explain(const char *said)
{
	static const struct {
		const char *said;
		const char *means;
	} known[] = {
		{ "matches empty buffer", "the expression matches the empty text, and so every "
					  "message (flag V allows it)" },
		{ "Pattern is too large",
			"the expression is too large once its repeats are "
			"written out: make bounded repeats such as {10,1000} smaller" },
		{ "\\b unsupported in UCP", "\\b cannot be used with flag W" },
		{ "Embedded start anchors",
			"^ is supported at the beginning of an expression only" },
		{ "Embedded end anchors", "$ is supported at the end of an expression only" },
		{ "Unable to allocate memory", "it takes more memory to compile than is allowed" },
		{ "Zero-width assertions are not supported",
			"look-ahead and look-behind, (?=...) (?!...) (?<=...) (?<!...), are not supported" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strstr(said, known[i].said) != NULL) {
			return known[i].means;
		}
	}
	return NULL;
}

/* The column in the rule's line of what Hyperscan calls "at index N"; 0 when it names none. */
static int column_of(const struct rule *r, const char *said)
{
	static const char index_word[] = "at index ";
	const char *at = strstr(said, index_word);
	long index = at != NULL ? strtol(at + sizeof(index_word) - 1, NULL, 10) : -1;
	int column = (int)strlen(r->id) + COLUMN_OF_EXPRESSION;

	if (index < 0 || (size_t)index > strlen(r->expression)) {
		return 0;
	}
	for (long i = 0; i < index; i++) {
		column += ((unsigned char)r->expression[i] & 0xC0) != 0x80;
	}
	return column;
}

void compile_say(const struct rule *r, const char *said, bool is_warning, struct diag *diag)
{
	const char *means = explain(said);

	if (is_warning) {
		diag_add(diag, DIAG_WARNING, r->file, r->line, 0, "rule %s %s", r->id, said);
	} else if (means != NULL) {
		diag_add(diag, DIAG_ERROR, r->file, r->line, column_of(r, said), "rule %s: %s",
			r->id, means);
	} else {
		diag_add(diag, DIAG_ERROR, r->file, r->line, column_of(r, said),
			"rule %s: Hyperscan says: %s", r->id, said);
	}
}
