/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * diag: the list of what is wrong with an operator's input: every error, as file:line:column.
 *
 * Control time only (allocates). Ownership: the list owns its texts; diag_clear() frees them.
 * Thread-safety: one thread. Bounds: DIAG_MAX entries are kept, all are counted.
 */
#ifndef SMSWALL_BASE_DIAG_H
#define SMSWALL_BASE_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { DIAG_MAX = 200 };
enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag_entry {
	enum diag_level level;
	char *file; /* NULL: not tied to a file */
	int line;   /* from 1; 0: the whole file */
	int column; /* from 1; 0: the whole line */
	char *text; /* what is wrong and what to do */
};

struct diag {
	struct diag_entry entries[DIAG_MAX];
	size_t n_entries;
	size_t n_errors; /* also those beyond DIAG_MAX */
	size_t n_warnings;
};

/* diag_add: appends "file:line:column: error: text"; file may be NULL, line and column 0. */
void diag_add(struct diag *d, enum diag_level level, const char *file, int line, int column,
	const char *format, ...) __attribute__((format(printf, 6, 7)));

/* diag_print: all entries, a line each, in order of addition. */
void diag_print(const struct diag *d, FILE *to);

void diag_clear(struct diag *d);

/*
 * diag_distance: how far a word is from another, without regard to case (Levenshtein 1965): letters
 * changed, left out and put in. Words of DIAG_WORD_MAX octets and more are DIAG_WORD_MAX away.
 */
enum { DIAG_WORD_MAX = 64 };
size_t diag_distance(const char *a, const char *b);

/* diag_meant: which of `names` the writer of an unknown `word` may have meant; NULL: none is near. */
const char *diag_meant(const char *word, const char *const *names, size_t n);

#endif
