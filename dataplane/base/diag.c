/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/diag.h"

#include <stdlib.h>
#include <string.h>

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
