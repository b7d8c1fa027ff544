/* SPDX-License-Identifier: BSD-3-Clause */
/* What a verb answers: sentences, text, and the document of --json. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ctl.h"

int ctl_error(struct ctl_call *call, int code, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_add(&call->diag, DIAG_ERROR, NULL, 0, 0, "%s", text);
	return code;
}

void ctl_set(struct ctl_call *call, const char *key, json_t *value)
{
	(void)json_object_set_new(call->document, key, value != NULL ? value : json_null());
}

json_t *ctl_json_string(const char *s)
{
	json_t *j = json_string(s != NULL ? s : "");
	char *copy;

	if (j != NULL) {
		return j;
	}
	copy = strdup(s);
	for (size_t i = 0; copy != NULL && copy[i] != '\0'; i++) {
		copy[i] = (copy[i] & 0x80) != 0 ? '?' : copy[i];
	}
	j = json_string(copy);
	free(copy);
	return j;
}

void ctl_out(const struct ctl_call *call, const char *format, ...)
{
	va_list args;

	if (call->json) {
		return;
	}
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
}

static json_t *diagnostics(const struct diag *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n_entries; i++) {
		const struct diag_entry *e = &d->entries[i];

		json_array_append_new(list,
			json_pack("{s:s, s:o, s:i, s:i, s:o}", "level",
				e->level == DIAG_ERROR ? "error" : "warning", "file",
				e->file != NULL ? ctl_json_string(e->file) : json_null(), "line",
				e->line, "column", e->column, "text", ctl_json_string(e->text)));
	}
	return list;
}

int ctl_finish(struct ctl_call *call, int code)
{
	if (call->json) {
		ctl_set(call, "code", json_integer(code));
		ctl_set(call, "diagnostics", diagnostics(&call->diag));
		if (json_dumpf(call->document, stdout,
			    call->lines ? JSON_COMPACT : JSON_INDENT(2)) != 0 ||
			putchar('\n') == EOF) {
			code = code != 0 ? code : CONTROL_FAILED;
		}
	}
	if (fflush(stdout) != 0) {
		(void)ctl_error(call, 0, "standard output cannot be written: %s", strerror(errno));
		code = code != 0 ? code : CONTROL_FAILED;
	}
	diag_print(&call->diag, stderr);
	diag_clear(&call->diag);
	json_decref(call->document);
	call->document = NULL;
	return code;
}
