/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/diag.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void diag_add(struct diag *d, enum diag_level level, const char *file, int line, int column,
	const char *format, ...)
{
	struct diag_entry *e;
	va_list args;

	if (level == DIAG_ERROR) {
		d->n_errors++;
	} else {
		d->n_warnings++;
	}
	if (d->n_entries == DIAG_MAX) {
		return;
	}
	e = &d->entries[d->n_entries];
	*e = (struct diag_entry){ .level = level, .line = line, .column = column };
	va_start(args, format);
	if (vasprintf(&e->text, format, args) < 0) {
		e->text = NULL;
	}
	va_end(args);
	e->file = file != NULL ? strdup(file) : NULL;
	d->n_entries++;
}

static void print_entry(const struct diag_entry *e, FILE *to)
{
	if (e->file != NULL) {
		fprintf(to, "%s:", e->file);
		if (e->line > 0) {
			fprintf(to, "%d:", e->line);
		}
		if (e->column > 0) {
			fprintf(to, "%d:", e->column);
		}
		fputc(' ', to);
	}
	fprintf(to, "%s: %s\n", e->level == DIAG_ERROR ? "error" : "warning",
		e->text != NULL ? e->text : "(out of memory)");
}

void diag_print(const struct diag *d, FILE *to)
{
	for (size_t i = 0; i < d->n_entries; i++) {
		print_entry(&d->entries[i], to);
	}
	if (d->n_errors + d->n_warnings > d->n_entries) {
		fprintf(to, "... and %zu more\n", d->n_errors + d->n_warnings - d->n_entries);
	}
}

void diag_clear(struct diag *d)
{
	for (size_t i = 0; i < d->n_entries; i++) {
		free(d->entries[i].file);
		free(d->entries[i].text);
	}
	*d = (struct diag){ 0 };
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

size_t diag_distance(const char *a, const char *b)
{
	size_t row[DIAG_WORD_MAX];
	size_t len_a = strlen(a);
	size_t len_b = strlen(b);

	if (len_a >= DIAG_WORD_MAX || len_b >= DIAG_WORD_MAX) {
		return DIAG_WORD_MAX;
	}
	for (size_t j = 0; j <= len_b; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= len_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			size_t above = row[j];
			bool same = strncasecmp(a + i - 1, b + j - 1, 1) == 0;

			row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (same ? 0 : 1));
			diagonal = above;
		}
	}
	return row[len_b];
}

const char *diag_meant(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t len = strlen(word);
	size_t nearest = len < 4 ? 2 : len < 9 ? 3 : 4; /* as far is another word */

	for (size_t i = 0; i < n; i++) {
		size_t d = diag_distance(word, names[i]);

		if (d < nearest && d < strlen(names[i])) {
			best = names[i];
			nearest = d;
		}
	}
	return best;
}
