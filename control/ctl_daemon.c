/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_daemon.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/summary.h"

enum { CLEAN_DEPTH = 16 };

const char *ctl_text(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s != NULL && s[0] != '\0' ? s : "-";
}

const char *ctl_hash(const json_t *object, char out[16])
{
	(void)snprintf(out, 16, "%.12s", ctl_text(object, "hash"));
	return out;
}

const char *ctl_time(const json_t *time, char *out, size_t size)
{
	const char *text = json_string_value(time);
	time_t seconds = (time_t)(json_integer_value(time) / 1000000);
	struct tm utc;

	if (text != NULL && strlen(text) >= 19 && text[10] == 'T') {
		(void)snprintf(out, size, "%.10s %.8s", text, text + 11);
	} else if (text != NULL) {
		(void)snprintf(out, size, "%s", text);
	} else if (seconds <= 0 || gmtime_r(&seconds, &utc) == NULL ||
		   strftime(out, size, "%Y-%m-%d %H:%M:%S", &utc) == 0) {
		(void)snprintf(out, size, "-");
	}
	return out;
}

/* clean_text: '?' for control characters: ASCII's, and those of ISO 8859 as UTF-8 (C2 80 to C2 9F). */
static bool clean_text(char *s)
{
	bool changed = false;

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7F) {
			*s = '?';
			changed = true;
		} else if (c == 0xC2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xA0) {
			s[0] = '?';
			s[1] = '?';
			changed = true;
		}
	}
	return changed;
}

static void clean_string(json_t *value)
{
	char *copy = strdup(json_string_value(value));

	if (copy != NULL && clean_text(copy)) {
		(void)json_string_set(value, copy);
	}
	free(copy);
}

static void clean(json_t *value, unsigned depth) /* NOLINT(misc-no-recursion): CLEAN_DEPTH */
{
	json_t *member;
	const char *key;
	size_t i;

	if (depth == CLEAN_DEPTH) {
		return;
	}
	if (json_is_string(value)) {
		clean_string(value);
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member)
		{
			clean(member, depth + 1);
		}
	} else if (json_is_object(value)) {
		json_object_foreach(value, key, member)
		{
			clean(member, depth + 1);
		}
	}
}

void ctl_clean(json_t *value)
{
	clean(value, 0);
}

int ctl_daemon_ask(
	struct ctl_call *call, const char *verb, json_t *args, unsigned timeout_s, json_t **result)
{
	unsigned typed = call->timeout_s;
	int rc;

	*result = NULL;
	if (args == NULL) {
		return ctl_error(call, CONTROL_USAGE, "what was typed is no UTF-8");
	}
	call->timeout_s = typed != 0 ? typed : timeout_s;
	rc = ctl_client_request(call, verb, args, result);
	call->timeout_s = typed;
	if (rc == 0 && call->json) {
		(void)json_object_update(call->document, *result);
	} else if (rc == 0) {
		ctl_clean(*result);
	}
	return rc;
}

int ctl_read_generation(struct ctl_call *call, const char *text, long long *number)
{
	const char *digits = text[0] == '@' ? text + 1 : text;
	char *end;

	*number = strtoll(digits, &end, 10);
	if (strcmp(digits, "live") == 0) {
		*number = 0;
		return 0;
	}
	if (digits[0] < '0' || digits[0] > '9' || *end != '\0' || *number <= 0 ||
		*number > UINT32_MAX) {
		return ctl_error(call, CONTROL_USAGE,
			"a generation is named by its number, as in policy history (@12), not \"%s\"",
			text);
	}
	return 0;
}

/* ---- tables */

/* columns_of: characters of UTF-8. */
static unsigned columns_of(const char *s)
{
	unsigned n = 0;

	for (; *s != '\0'; s++) {
		n += ((unsigned char)*s & 0xC0) != 0x80;
	}
	return n;
}

static const char *cell_at(const json_t *row, unsigned i)
{
	const char *s = json_string_value(json_array_get(row, i));

	return s != NULL ? s : "-";
}

static void print_cell(const struct ctl_call *call, const char *s, unsigned width, bool right)
{
	int pad = (int)(width - columns_of(s));

	if (right) {
		ctl_out(call, "%*s%s", pad, "", s);
	} else {
		ctl_out(call, "%s%*s", s, pad, "");
	}
}

void ctl_table_print(const struct ctl_call *call, const struct ctl_column *columns,
	unsigned n_columns, const json_t *rows)
{
	unsigned width[CTL_COLUMNS_MAX];

	for (unsigned c = 0; c < n_columns; c++) {
		width[c] = columns_of(columns[c].head);
		for (size_t r = 0; r < json_array_size(rows); r++) {
			unsigned n = columns_of(cell_at(json_array_get(rows, r), c));

			width[c] = n > width[c] ? n : width[c];
		}
	}
	for (size_t r = 0; r <= json_array_size(rows); r++) {
		for (unsigned c = 0; c < n_columns; c++) {
			const char *s =
				r == 0 ? columns[c].head : cell_at(json_array_get(rows, r - 1), c);
			bool last = c + 1 == n_columns;

			print_cell(call, s, last && !columns[c].right ? columns_of(s) : width[c],
				columns[c].right);
			ctl_out(call, "%s", last ? "\n" : "  ");
		}
	}
}

void ctl_table_of(const struct ctl_call *call, const struct ctl_column *columns, unsigned n_columns,
	const json_t *objects, json_t *(*row_of)(const json_t *object))
{
	json_t *rows = json_array();

	for (size_t i = 0; i < json_array_size(objects); i++) {
		json_array_append_new(rows, row_of(json_array_get(objects, i)));
	}
	ctl_table_print(call, columns, n_columns, rows);
	json_decref(rows);
}

json_t *ctl_row(const char *const *cells, unsigned n)
{
	json_t *row = json_array();

	for (unsigned i = 0; i < n; i++) {
		json_array_append_new(row, ctl_json_string(cells[i]));
	}
	return row;
}

const char *ctl_cell(const json_t *object, const char *name, char out[CTL_GENERATION_TEXT])
{
	const json_t *value = json_object_get(object, name);

	if (json_is_integer(value)) {
		(void)snprintf(out, CTL_GENERATION_TEXT, "%lld", json_integer_value(value));
	} else {
		(void)snprintf(out, CTL_GENERATION_TEXT, "-");
	}
	return out;
}

/* ---- changes */

static void print_workers(const struct ctl_call *call, const json_t *result)
{
	const json_t *workers = json_object_get(result, "workers");
	long long live = summary_integer(result, "generation");
	size_t n = 0;

	if (!json_is_array(workers)) {
		ctl_out(call, "generation  %lld is live\n", live);
		return;
	}
	for (size_t i = 0; i < json_array_size(workers); i++) {
		n += summary_integer(json_array_get(workers, i), "generation") == live;
	}
	ctl_out(call, "generation  %lld, live on %zu of %zu workers\n", live, n,
		json_array_size(workers));
	for (size_t i = 0; i < json_array_size(workers); i++) {
		const json_t *w = json_array_get(workers, i);

		if (summary_integer(w, "generation") != live) {
			ctl_out(call, "            worker %lld still judges by generation %lld\n",
				summary_integer(w, "worker"), summary_integer(w, "generation"));
		}
	}
}

static void print_rules(const struct ctl_call *call, const json_t *result)
{
	static const char *const what[] = { "added", "removed", "changed", "restated", "shadowed" };
	const char *separator = ": ";

	if (json_object_get(result, "rules") == NULL) {
		return;
	}
	ctl_out(call, "rules       %lld", summary_integer(result, "rules"));
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		if (summary_integer(result, what[i]) != 0) {
			ctl_out(call, "%s%lld %s", separator, summary_integer(result, what[i]),
				what[i]);
			separator = ", ";
		}
	}
	ctl_out(call, "\n");
}

/* The daemon's part of the time, in the order in which it passes. */
static void print_times(const struct ctl_call *call, const json_t *took)
{
	static const char *const stages[] = { "load", "store", "publish", "seen" };
	const char *separator = "";

	if (!json_is_object(took)) {
		return;
	}
	ctl_out(call, "took        ");
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		ctl_out(call, "%s%s %.1f ms", separator, stages[i],
			(double)summary_integer(took, stages[i]) / 1000);
		separator = ", ";
	}
	ctl_out(call, "\n");
}

void ctl_pending_print(const struct ctl_call *call, const json_t *object)
{
	const json_t *confirm = json_object_get(object, "confirm_until");
	char until[32];

	if (json_is_integer(confirm) || json_is_string(confirm)) {
		ctl_out(call,
			"PENDING     undone at %s UTC unless confirmed: smswallctl policy "
			"confirm\n",
			ctl_time(confirm, until, sizeof(until)));
	}
}

void ctl_change_print(const struct ctl_call *call, const json_t *result)
{
	char hash[16];

	print_workers(call, result);
	ctl_out(call, "hash        %s\n", ctl_hash(result, hash));
	print_rules(call, result);
	print_times(call, json_object_get(result, "took_us"));
	ctl_pending_print(call, result);
}
