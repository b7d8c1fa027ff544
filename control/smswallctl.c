/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smswallctl: the program that a person needs besides the daemon: it checks configuration and
 * policy, explains verdicts, replays captures, asks the daemon and looks at the machine.
 * It links no DPDK. From here: ctl_grammar.c (the verbs), ctl_*.c (what they do).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "control/ctl.h"
#include "control/version.h"

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
		if (json_dumpf(call->document, stdout, JSON_INDENT(2)) != 0 ||
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

static int run(struct ctl_call *call)
{
	char name[64];

	call->document = json_pack("{s:i, s:s}", "schema_version", CTL_SCHEMA_VERSION, "command",
		ctl_verb_name(call->verb, name, sizeof(name)));
	if (call->document == NULL) {
		fputs("smswallctl: no memory\n", stderr);
		return CONTROL_FAILED;
	}
	return ctl_finish(call, call->verb->run(call));
}

static int dispatch(struct ctl_call *call)
{
	if (call->version) {
		puts("smswallctl " SMSWALL_VERSION);
		return 0;
	}
	if (call->verb == NULL) {
		ctl_help(call->help ? stdout : stderr);
		return call->help ? 0 : CONTROL_USAGE;
	}
	if (call->help) {
		ctl_help_verb(call->verb, stdout);
		return 0;
	}
	return run(call);
}

int main(int argc, char **argv)
{
	struct ctl_call *call = calloc(1, sizeof(*call));
	int rc;

	(void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write */
	if (call == NULL) {
		fputs("smswallctl: no memory\n", stderr);
		return CONTROL_FAILED;
	}
	rc = ctl_read_arguments(call, argc, argv);
	if (rc == 0) {
		rc = dispatch(call);
	}
	free(call);
	return rc;
}
