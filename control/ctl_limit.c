/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl limit list, show, reset: the limits that are live, and how full their keys are. */
#include <string.h>

#include "control/ctl_daemon.h"
#include "control/summary.h"

static const struct ctl_column columns[] = { { "LIMIT", false }, { "KIND", false },
	{ "KEY", false }, { "ALLOWS", false }, { "ACTION", false }, { "STATE", false },
	{ "ADMITTED", true }, { "EXCEEDED", true }, { "SHADOW", true }, { "LIVE", true },
	{ "FORGOTTEN", true } };

static const struct ctl_column key_columns[] = { { "KEY", false }, { "USED", true }, { "OF", true },
	{ "FILL", true }, { "FREE", false } };

/* keys_text: "originator, destination"; "-": it has none. */
static const char *keys_text(const json_t *limit, char *out, size_t size)
{
	const json_t *keys = json_object_get(limit, "key");

	(void)snprintf(out, size, "%s", json_array_size(keys) == 0 ? "-" : "");
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const char *key = json_string_value(json_array_get(keys, i));
		size_t len = strlen(out);

		(void)snprintf(
			out + len, size - len, "%s%s", i != 0 ? ", " : "", key != NULL ? key : "?");
	}
	return out;
}

static const char *state_text(const json_t *limit, char *out, size_t size)
{
	if (json_is_integer(json_object_get(limit, "sample"))) {
		(void)snprintf(out, size, "sample=%lld%%", summary_integer(limit, "sample"));
		return out;
	}
	return ctl_text(limit, "state");
}

static json_t *row_of(const json_t *l)
{
	char keys[160];
	char state[CTL_GENERATION_TEXT];
	char n[5][CTL_GENERATION_TEXT];
	const char *cells[] = { ctl_text(l, "name"), ctl_text(l, "kind"),
		keys_text(l, keys, sizeof(keys)), ctl_text(l, "allows"), ctl_text(l, "action"),
		state_text(l, state, sizeof(state)), ctl_cell(l, "admitted", n[0]),
		ctl_cell(l, "exceeded", n[1]), ctl_cell(l, "shadow", n[2]),
		ctl_cell(l, "live", n[3]), ctl_cell(l, "forgotten", n[4]) };

	return ctl_row(cells, sizeof(cells) / sizeof(cells[0]));
}

int ctl_limit_list(struct ctl_call *call)
{
	json_t *result = NULL;
	int rc = ctl_daemon_ask(call, "limit.list", json_object(), 0, &result);

	if (rc == 0) {
		ctl_table_of(call, columns, sizeof(columns) / sizeof(columns[0]),
			json_object_get(result, "limits"), row_of);
	}
	json_decref(result);
	return rc;
}

/* keys_of: the words behind the name; NULL: one is no UTF-8. */
static json_t *keys_of(const struct ctl_call *call)
{
	json_t *keys = json_array();

	for (unsigned i = 1; i < call->n_words; i++) {
		json_array_append_new(keys, json_string(call->words[i]));
	}
	if (json_array_size(keys) != call->n_words - 1) {
		json_decref(keys);
		return NULL;
	}
	return keys;
}

/* free_text: when a next message is admitted. */
static const char *free_text(const json_t *k, char *out, size_t size)
{
	long long us = summary_integer(k, "wait_us");

	if (us == 0) {
		return json_is_false(json_object_get(k, "admitted")) &&
		                       json_is_false(json_object_get(k, "known"))
		               ? "not seen yet"
		               : "now";
	}
	(void)snprintf(out, size, "in %lld.%03lld s", us / 1000000, us / 1000 % 1000);
	return out;
}

static json_t *key_row(const json_t *k)
{
	char n[2][CTL_GENERATION_TEXT];
	char fill[48];
	char when[64];
	const char *cells[] = { ctl_text(k, "key"), ctl_cell(k, "used", n[0]),
		ctl_cell(k, "max", n[1]), fill, free_text(k, when, sizeof(when)) };
	long long per_mille = summary_integer(k, "per_mille");

	(void)snprintf(fill, sizeof(fill), "%lld.%lld %%", per_mille / 10, per_mille % 10);
	return ctl_row(cells, sizeof(cells) / sizeof(cells[0]));
}

static void print_keys(const struct ctl_call *call, const char *title, const json_t *keys)
{
	if (json_array_size(keys) != 0) {
		ctl_out(call, "%s", title);
		ctl_table_of(call, key_columns, sizeof(key_columns) / sizeof(key_columns[0]), keys,
			key_row);
	}
}

static void print_limit(const struct ctl_call *call, const json_t *l)
{
	char keys[160];
	char state[CTL_GENERATION_TEXT];

	ctl_out(call, "limit %s\n", ctl_text(l, "name"));
	ctl_out(call, "  %-12s %s, of each %s\n", "kind", ctl_text(l, "kind"),
		keys_text(l, keys, sizeof(keys)));
	ctl_out(call, "  %-12s %s, counted in %s\n", "allows", ctl_text(l, "allows"),
		ctl_text(l, "count"));
	ctl_out(call, "  %-12s %s\n", "above it", ctl_text(l, "action"));
	ctl_out(call, "  %-12s %s\n", "state", state_text(l, state, sizeof(state)));
	ctl_out(call, "  %-12s policy.conf:%lld\n", "written", summary_integer(l, "line"));
	if (json_is_string(json_object_get(l, "note"))) {
		ctl_out(call, "  %-12s %s\n", "note", ctl_text(l, "note"));
	}
	ctl_out(call, "  %-12s %lld admitted, %lld above it, %lld would have been\n", "messages",
		summary_integer(l, "admitted"), summary_integer(l, "exceeded"),
		summary_integer(l, "shadow"));
	ctl_out(call, "  %-12s %lld live, %lld forgotten for want of room\n", "keys",
		summary_integer(l, "live"), summary_integer(l, "forgotten"));
}

int ctl_limit_show(struct ctl_call *call)
{
	json_t *keys = keys_of(call);
	json_t *result = NULL;
	int rc = keys != NULL ? 0 : ctl_error(call, CONTROL_USAGE, "a key is UTF-8");

	if (rc == 0) {
		rc = ctl_daemon_ask(call, "limit.show",
			json_pack("{s:s, s:o}", "name", call->words[0], "keys", keys), 0, &result);
	}
	if (rc == 0) {
		print_limit(call, json_object_get(result, "limit"));
		print_keys(call, "\n", json_object_get(result, "keys"));
		print_keys(call, "\nKEYS WITH A NAME\n", json_object_get(result, "named"));
	}
	json_decref(result);
	return rc;
}

int ctl_limit_reset(struct ctl_call *call)
{
	json_t *keys = keys_of(call);
	json_t *result = NULL;
	int rc = keys != NULL ? 0 : ctl_error(call, CONTROL_USAGE, "a key is UTF-8");

	if (rc == 0 && json_array_size(keys) == 0) {
		json_decref(keys);
		keys = json_null();
	}
	if (rc == 0) {
		rc = ctl_daemon_ask(call, "limit.reset",
			json_pack("{s:s, s:o}", "name", call->words[0], "keys", keys), 0, &result);
	}
	if (rc == 0) {
		ctl_out(call, "limit %s: %lld live keys are empty now\n", ctl_text(result, "name"),
			summary_integer(result, "reset"));
	}
	json_decref(result);
	return rc;
}
