/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl list list, show, add, del, replace: the lists that are live. */
#include <string.h>

#include "control/ctl_daemon.h"
#include "control/ctl_spool.h"
#include "control/summary.h"

enum { SHOW_DEFAULT = 1000, SHOW_MAX = 10000 };

static const struct ctl_column columns[] = { { "LIST", false }, { "KIND", false },
	{ "MATCH", false }, { "EFFECT", false }, { "ENTRIES", true }, { "ADDED", true },
	{ "DELETED", true }, { "HITS", true } };

static json_t *row_of(const json_t *l)
{
	char n[4][CTL_GENERATION_TEXT];
	const char *cells[] = { ctl_text(l, "name"), ctl_text(l, "kind"), ctl_text(l, "match"),
		ctl_text(l, "effect"), ctl_cell(l, "entries", n[0]), ctl_cell(l, "added", n[1]),
		ctl_cell(l, "deleted", n[2]), ctl_cell(l, "hits", n[3]) };

	return ctl_row(cells, sizeof(cells) / sizeof(cells[0]));
}

int ctl_list_list(struct ctl_call *call)
{
	json_t *result = NULL;
	int rc = ctl_daemon_ask(call, "list.list", json_object(), 0, &result);

	if (rc == 0) {
		ctl_table_of(call, columns, sizeof(columns) / sizeof(columns[0]),
			json_object_get(result, "lists"), row_of);
	}
	json_decref(result);
	return rc;
}

int ctl_list_show(struct ctl_call *call)
{
	json_t *result = NULL;
	const json_t *entries;
	long limit = SHOW_DEFAULT;
	int rc = ctl_number(call, "limit", 1, SHOW_MAX, &limit);

	if (rc == 0) {
		rc = ctl_daemon_ask(call, "list.show",
			json_pack("{s:s, s:I}", "name", call->words[0], "limit", (json_int_t)limit),
			CTL_PUSH_TIMEOUT_S, &result);
	}
	entries = json_object_get(result, "entries");
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const char *s = json_string_value(json_array_get(entries, i));

		ctl_out(call, "%s\n", s != NULL ? s : "-");
	}
	if (rc == 0 && summary_integer(result, "left_out") != 0) {
		(void)fflush(stdout);
		fprintf(stderr, "smswallctl: and %lld more (--limit)\n",
			summary_integer(result, "left_out"));
	}
	json_decref(result);
	return rc;
}

/* change: a verb whose answer is what is live then. */
static int change(struct ctl_call *call, const char *verb, json_t *args)
{
	json_t *result = NULL;
	int rc = ctl_daemon_ask(call, verb, args, CTL_PUSH_TIMEOUT_S, &result);

	if (rc == 0) {
		ctl_change_print(call, result);
	}
	json_decref(result);
	return rc;
}

static int change_entries(struct ctl_call *call, const char *verb)
{
	json_t *entries = json_array();

	for (unsigned i = 1; i < call->n_words; i++) {
		json_array_append_new(entries, json_string(call->words[i]));
	}
	if (json_array_size(entries) != call->n_words - 1) {
		json_decref(entries);
		return ctl_error(call, CONTROL_USAGE, "an entry is UTF-8");
	}
	return change(call, verb,
		json_pack("{s:s, s:o, s:s*}", "name", call->words[0], "entries", entries, "note",
			ctl_value(call, "note")));
}

int ctl_list_add(struct ctl_call *call)
{
	return change_entries(call, "list.add");
}

int ctl_list_del(struct ctl_call *call)
{
	return change_entries(call, "list.del");
}

int ctl_list_replace(struct ctl_call *call)
{
	const char *name = call->words[1];
	char path[CTL_SPOOL_SIZE];
	int rc = ctl_spool_open(call, path);
	int error = rc == 0 ? ctl_spool_copy(name, path) : 0;

	if (error != 0) {
		rc = ctl_error(call, CONTROL_INVALID, "%s: %s", name, strerror(-error));
	}
	rc = rc == 0 ? ctl_spool_give(call, path) : rc;
	if (rc == 0) {
		rc = change(call, "list.replace",
			json_pack("{s:s, s:s, s:s, s:s*}", "name", call->words[0], "path", path,
				"file", strcmp(name, "-") == 0 ? "standard input" : name, "note",
				ctl_value(call, "note")));
	}
	ctl_spool_remove();
	return rc;
}
