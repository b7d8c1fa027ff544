/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl: the parts of smswallctl: one table of verbs (ctl_grammar.c) from which arguments are
 * read, help is printed and the command tree is given as JSON, and one function per verb.
 *
 * Every verb prints either text or, with --json, one document on standard output; errors are
 * sentences on standard error, in both cases. Exit codes: control/code.h.
 */
#ifndef SMSWALL_CONTROL_CTL_H
#define SMSWALL_CONTROL_CTL_H

#include <jansson.h>

#include "control/code.h"
#include "dataplane/base/diag.h"

enum { CTL_SCHEMA_VERSION = 1, CTL_WORDS_MAX = 68, CTL_OPTIONS_MAX = 15, CTL_VALUES_MAX = 24 };

struct ctl_option {
	const char *name;     /* without the dashes */
	const char *argument; /* what its value stands for; NULL: it has none */
	const char *help;
};

struct ctl_call;

struct ctl_verb {
	const char *object;    /* "config", or "" for verbs of one word */
	const char *name;      /* "check" */
	const char *arguments; /* as in help: "FILE" */
	unsigned arguments_min;
	unsigned arguments_max;
	const char *summary; /* one line */
	const char *text;    /* what a person needs to know; ends in a newline */
	const char *example; /* lines, each ending in a newline */
	int (*run)(struct ctl_call *call);
	struct ctl_option options[CTL_OPTIONS_MAX]; /* ends at name == NULL */
	bool hidden;                                /* of programs only: in no help, no manual */
};

/* What the verbs of one object are about: a line of `smswallctl --help`. */
struct ctl_object {
	const char *name;
	const char *summary;
};

struct ctl_value {
	const struct ctl_option *option;
	const char *value; /* "" for an option without one */
};

/* One call: what was typed, and what is to be answered. */
struct ctl_call {
	const struct ctl_verb *verb;
	const char *words[CTL_WORDS_MAX]; /* arguments behind the verb */
	unsigned n_words;
	struct ctl_value values[CTL_VALUES_MAX];
	unsigned n_values;
	bool json;
	bool help;
	bool version;
	bool lines;         /* --json: each document on one line (--watch) */
	const char *socket; /* NULL: the default */
	unsigned timeout_s; /* 0: the verb's own */
	struct diag diag;   /* printed by ctl_finish() */
	json_t *document;   /* for --json; never NULL while a verb runs */
};

extern const struct ctl_verb ctl_verbs[];
extern const size_t ctl_n_verbs;
extern const struct ctl_object ctl_objects[]; /* of more than one verb; ends at name == NULL */
extern const struct ctl_option ctl_global_options[]; /* ends at name == NULL */

/* ctl_read_arguments: 0, or CONTROL_USAGE after a sentence on standard error. */
int ctl_read_arguments(struct ctl_call *call, int argc, char **argv);

/* ctl_value: the (last) value of an option, or NULL. ctl_number: as a number in [min, max]. */
const char *ctl_value(const struct ctl_call *call, const char *name);
int ctl_number(const struct ctl_call *call, const char *name, long min, long max, long *value);

/* ctl_verb_name: "config check". */
const char *ctl_verb_name(const struct ctl_verb *verb, char *out, size_t size);

void ctl_help(FILE *to);
void ctl_help_verb(const struct ctl_verb *verb, FILE *to);

/* ctl_error: adds one sentence; returns `code`. */
int ctl_error(struct ctl_call *call, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ctl_set: puts `value` (whose reference it takes) into the document. */
void ctl_set(struct ctl_call *call, const char *key, json_t *value);

/* ctl_json_string: for texts that may not be UTF-8: then their octets beyond ASCII become '?'. */
json_t *ctl_json_string(const char *s);

/* ctl_out: a part of the text answer; nothing with --json. */
void ctl_out(const struct ctl_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ctl_finish: prints the diagnostics and the document, releases both; returns `code`. */
int ctl_finish(struct ctl_call *call, int code);

/* The verbs */
int ctl_config_check(struct ctl_call *call);
int ctl_config_print(struct ctl_call *call);
int ctl_config_keys(struct ctl_call *call);
int ctl_policy_check(struct ctl_call *call);
int ctl_policy_compile(struct ctl_call *call);
int ctl_policy_diff(struct ctl_call *call);
int ctl_policy_print(struct ctl_call *call);
int ctl_explain(struct ctl_call *call);
int ctl_replay(struct ctl_call *call);
int ctl_traffic_make(struct ctl_call *call);
int ctl_traffic_keys(struct ctl_call *call);
int ctl_status(struct ctl_call *call);
int ctl_counters(struct ctl_call *call);
int ctl_events_follow(struct ctl_call *call);
int ctl_panic(struct ctl_call *call);
int ctl_session_list(struct ctl_call *call);
int ctl_session_show(struct ctl_call *call);
int ctl_link_show(struct ctl_call *call);
int ctl_probe_smsc(struct ctl_call *call);
int ctl_doctor(struct ctl_call *call);
int ctl_support(struct ctl_call *call);
int ctl_policy_push(struct ctl_call *call);
int ctl_policy_confirm(struct ctl_call *call);
int ctl_policy_rollback(struct ctl_call *call);
int ctl_policy_history(struct ctl_call *call);
int ctl_policy_show(struct ctl_call *call);
int ctl_policy_tag(struct ctl_call *call);
int ctl_rule_list(struct ctl_call *call);
int ctl_rule_show(struct ctl_call *call);
int ctl_rule_state(struct ctl_call *call);
int ctl_list_list(struct ctl_call *call);
int ctl_list_show(struct ctl_call *call);
int ctl_list_add(struct ctl_call *call);
int ctl_list_del(struct ctl_call *call);
int ctl_list_replace(struct ctl_call *call);
int ctl_limit_list(struct ctl_call *call);
int ctl_limit_show(struct ctl_call *call);
int ctl_limit_reset(struct ctl_call *call);
int ctl_key_show(struct ctl_call *call);
int ctl_key_make(struct ctl_call *call);
int ctl_key_rotate(struct ctl_call *call);
int ctl_audit_show(struct ctl_call *call);
int ctl_audit_verify(struct ctl_call *call);
int ctl_why(struct ctl_call *call);
int ctl_complete(struct ctl_call *call);
int ctl_completion(struct ctl_call *call);
int ctl_help_tree(struct ctl_call *call);
int ctl_version(struct ctl_call *call);

#endif
