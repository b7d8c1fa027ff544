/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl_daemon: what the verbs about the live policy share: a question to the daemon, its answer as a
 * table, names of generations, and what every change answers.
 *
 * Control only. Ownership: results are new references. Texts of an answer come from many hands (notes,
 * list entries, messages): for people their control characters are replaced first, so that none
 * drives the terminal; --json gives them as they are.
 */
#ifndef SMSWALL_CONTROL_CTL_DAEMON_H
#define SMSWALL_CONTROL_CTL_DAEMON_H

#include "control/ctl_client.h"

enum { CTL_COLUMNS_MAX = 16, CTL_PUSH_TIMEOUT_S = 300, CTL_GENERATION_TEXT = 24 };

/*
 * ctl_daemon_ask: `verb` with `args`, whose reference it takes; NULL is what json_pack() gives where a word
 * is no UTF-8. Waits --timeout, or `timeout_s` (0: CTL_TIMEOUT_S). 0, or a control_code after a sentence.
 * On 0 the result is put into the document, too.
 */
int ctl_daemon_ask(
	struct ctl_call *call, const char *verb, json_t *args, unsigned timeout_s, json_t **result);

/* ctl_text: a text member, "-" where there is none. ctl_hash: the begin of a hash, as people compare it. */
const char *ctl_text(const json_t *object, const char *name);
const char *ctl_hash(const json_t *object, char out[16]);

/* ctl_time: a time (microseconds since 1970, or text) as "2026-05-01 12:34:56" (UTC), "-" where there is none. */
const char *ctl_time(const json_t *time, char *out, size_t size);

/* ctl_clean: replaces control characters in every string of `value`. */
void ctl_clean(json_t *value);

/* ctl_read_generation: "12" or "@12"; "live" is 0. 0, or CONTROL_USAGE after a sentence. */
int ctl_read_generation(struct ctl_call *call, const char *text, long long *number);

/* A column of ctl_table_print(). */
struct ctl_column {
	const char *head;
	bool right; /* numbers */
};

/*
 * ctl_table_print: `rows`, an array of arrays of strings, under the heads of `columns` (n_columns, at most
 * CTL_COLUMNS_MAX), each column as wide as it must be. Nothing with --json.
 */
void ctl_table_print(const struct ctl_call *call, const struct ctl_column *columns,
	unsigned n_columns, const json_t *rows);

/* ctl_table_of: the same of an array of objects, `row_of` each, as ctl_row() makes it. */
void ctl_table_of(const struct ctl_call *call, const struct ctl_column *columns, unsigned n_columns,
	const json_t *objects, json_t *(*row_of)(const json_t *object));

/* ctl_row: a row of `n` texts; ctl_cell: a number as text. `out` of 24 octets. */
json_t *ctl_row(const char *const *cells, unsigned n);
const char *ctl_cell(const json_t *object, const char *name, char out[CTL_GENERATION_TEXT]);

/*
 * ctl_change_print: what policy.push, confirm, rollback, rule.state and the lists answer: what is live
 * on which worker, what changed, how long it took, until when it is to be confirmed.
 */
void ctl_change_print(const struct ctl_call *call, const json_t *result);

/* ctl_pending_print: until when what is live is to be confirmed ("confirm_until"); nothing if it is not. */
void ctl_pending_print(const struct ctl_call *call, const json_t *object);

#endif
