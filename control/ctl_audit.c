/* SPDX-License-Identifier: BSD-3-Clause */
/* smswallctl audit show, verify: who asked the daemon for what; is the log as it was written? */
#include <stdlib.h>

#include "control/audit.h"
#include "control/ctl_daemon.h"
#include "control/summary.h"

enum { SHOW_DEFAULT = 50, SHOW_MAX = 10000 };

static const struct ctl_column columns[] = { { "RECORD", true }, { "TIME (UTC)", false },
	{ "UID", true }, { "ROLE", false }, { "VERB", false }, { "CODE", true },
	{ "GENERATION", false }, { "ARGUMENTS", false } };

/* generation_of: "12", or "12 > 13" where the call changed it. */
static const char *generation_of(const json_t *r, char *out, size_t size)
{
	long long before = summary_integer(json_object_get(r, "before"), "generation");
	long long after = summary_integer(json_object_get(r, "after"), "generation");

	if (before == after) {
		(void)snprintf(out, size, "%lld", after);
	} else {
		(void)snprintf(out, size, "%lld > %lld", before, after);
	}
	return out;
}

static json_t *row_of(const json_t *r)
{
	char n[3][CTL_GENERATION_TEXT];
	char time[32];
	char generation[64];
	char *args = json_dumps(json_object_get(r, "args"), JSON_COMPACT | JSON_ENCODE_ANY);
	const char *cells[] = { ctl_cell(r, "record", n[0]),
		ctl_time(json_object_get(r, "time"), time, sizeof(time)), ctl_cell(r, "uid", n[1]),
		ctl_text(r, "role"), ctl_text(r, "verb"), ctl_cell(r, "code", n[2]),
		generation_of(r, generation, sizeof(generation)), args != NULL ? args : "-" };
	json_t *row = ctl_row(cells, sizeof(cells) / sizeof(cells[0]));

	free(args);
	return row;
}

int ctl_audit_show(struct ctl_call *call)
{
	json_t *result = NULL;
	long limit = SHOW_DEFAULT;
	int rc = ctl_number(call, "limit", 1, SHOW_MAX, &limit);

	if (rc == 0) {
		rc = ctl_daemon_ask(call, "audit.show",
			json_pack("{s:I}", "limit", (json_int_t)limit), 0, &result);
	}
	if (rc == 0) {
		ctl_table_of(call, columns, sizeof(columns) / sizeof(columns[0]),
			json_object_get(result, "records"), row_of);
	}
	json_decref(result);
	return rc;
}

/* verify_file: offline. */
static int verify_file(struct ctl_call *call, const char *path, const char *wanted)
{
	struct audit_report r = { .ok = false };
	bool ok = audit_verify(path, wanted, &r);

	ctl_set(call, "ok", json_boolean(ok));
	ctl_set(call, "records", json_integer((json_int_t)r.n_records));
	ctl_set(call, "first", json_integer((json_int_t)r.first));
	ctl_set(call, "last", json_integer((json_int_t)r.last));
	ctl_set(call, "head", json_string(r.head));
	if (!ok) {
		diag_add(&call->diag, DIAG_ERROR, r.file[0] != '\0' ? r.file : path, (int)r.line, 0,
			"%s", r.why);
		return CONTROL_FAILED;
	}
	ctl_out(call, "%llu records, %llu to %llu, as they were written\nhead %s\n",
		(unsigned long long)r.n_records, (unsigned long long)r.first,
		(unsigned long long)r.last, r.head);
	return 0;
}

static int verify_live(struct ctl_call *call, const char *wanted)
{
	json_t *result = NULL;
	int rc = ctl_daemon_ask(call, "audit.verify", json_pack("{s:s*}", "head", wanted),
		CTL_PUSH_TIMEOUT_S, &result);

	if (rc == 0 && !json_is_true(json_object_get(result, "ok"))) {
		rc = ctl_error(call, CONTROL_FAILED, "%s:%lld: %s", ctl_text(result, "file"),
			summary_integer(result, "line"), ctl_text(result, "why"));
	} else if (rc == 0) {
		ctl_out(call, "%lld records as they were written\nhead %s\n",
			summary_integer(result, "records"), ctl_text(result, "head"));
	}
	json_decref(result);
	return rc;
}

int ctl_audit_verify(struct ctl_call *call)
{
	const char *wanted = ctl_value(call, "head");

	return call->n_words != 0 ? verify_file(call, call->words[0], wanted)
	                          : verify_live(call, wanted);
}
