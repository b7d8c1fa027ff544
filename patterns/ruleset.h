/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ruleset: compiled rules: what to look for, in which field and view, and what a hit asks for.
 *
 * Immutable once made: any core may read. Ownership: reference counted by the control side;
 * ruleset_unref() frees. Shape: rules are sorted by (file order); a rule's index is its number in
 * this ruleset, its id is its name for ever.
 */
#ifndef SMSWALL_PATTERNS_RULESET_H
#define SMSWALL_PATTERNS_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hs_database;

/* In rising severity: the most severe of several wins. X(NAME, text) */
#define RULE_ACTIONS(X) \
	X(PASS, "pass") \
	X(REPORT, "report") X(REDACT, "redact") X(BLANK, "blank") X(REJECT, "reject")
#define X(name, text) ACTION_##name,
enum rule_action { RULE_ACTIONS(X) ACTIONS };
#undef X

enum rule_state { RULE_ON, RULE_SHADOW };
enum rule_field { FIELD_TEXT, FIELD_SENDER, FIELD_URL, FIELD_NUMBER, FIELDS };
enum rule_view {
	VIEW_SENT,
	VIEW_FOLDED,
	VIEWS
}; /* sender, url and number have VIEW_SENT; sender also VIEW_FOLDED */

enum { RULE_ID_SIZE = 64, RULE_WEIGHT_DEFAULT = 100, RULE_ACTION_UNSET = 0xFF };

struct rule {
	char id[RULE_ID_SIZE]; /* as written: "1001" or "prize.lottery" */
	char *expression;      /* the regular expression, without slashes */
	unsigned flags;        /* HS_FLAG_* as compiled */
	uint16_t category;     /* index in ruleset.categories; 0 is "default" */
	int32_t weight;        /* added to its category's score */
	uint32_t status;       /* command_status of a reject; 0: the link's */
	uint8_t action; /* enum rule_action, or RULE_ACTION_UNSET: the category's thresholds say */
	uint8_t state;  /* enum rule_state */
	uint8_t field;  /* enum rule_field */
	uint8_t view;   /* enum rule_view */
	char *note;     /* for people; may be NULL */
	char *file;     /* where it was written */
	int line;
};

/* The databases of one field and view: shards are scanned one after the other. */
struct ruleset_part {
	struct hs_database **shards;
	uint32_t n_shards;
	uint32_t n_rules;
};

struct ruleset {
	struct rule *rules;
	uint32_t n_rules;
	char **categories; /* names; [0] = "default" */
	uint16_t n_categories;
	struct ruleset_part parts[FIELDS][VIEWS];
	size_t database_len; /* octets of all databases */
	uint8_t hash[32];    /* BLAKE2b of the rules' canonical text */
	int references;
};

const char *rule_action_name(enum rule_action a);
/* rule_action_parse: false if `name` is none. */
bool rule_action_parse(const char *name, enum rule_action *a);
const char *rule_state_name(enum rule_state s);
const char *rule_field_name(enum rule_field f);
const char *rule_view_name(enum rule_view v);

/* Control only. */
void ruleset_ref(struct ruleset *r);
void ruleset_unref(struct ruleset *r); /* NULL is accepted */

#endif
