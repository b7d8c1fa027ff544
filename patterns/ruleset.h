/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ruleset: compiled rules: what to look for, in which field and view, and what a hit asks for.
 *
 * Immutable once made (ruleset_apply_states() belongs to the making): any core may read. Ownership:
 * reference counted by the control side, from any of its threads; ruleset_unref() frees. Shape:
 * rules are in file order; a rule's index is its number in this ruleset, its id is its name for
 * ever. The databases are counted on their own (database.h): rulesets that differ in a few rules
 * share them, so what a database calls a rule is mapped by each ruleset for itself.
 */
#ifndef SMSWALL_PATTERNS_RULESET_H
#define SMSWALL_PATTERNS_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/base/diag.h"
#include "patterns/database.h"

/*
 * In rising severity: the most severe of several wins. throttle: refused for now, the sender is to
 * try again; reject: for good. X(NAME, text)
 */
#define RULE_ACTIONS(X)     \
	X(PASS, "pass")     \
	X(REPORT, "report") \
	X(REDACT, "redact") X(BLANK, "blank") X(THROTTLE, "throttle") X(REJECT, "reject")
#define X(name, text) ACTION_##name,
enum rule_action { RULE_ACTIONS(X) ACTIONS };
#undef X

/*
 * on: acts. shadow: counts and reports, does not act. sample: on for `sample` percent of the
 * senders, always the same ones, shadow for the others.
 */
enum rule_state { RULE_ON, RULE_SHADOW, RULE_SAMPLE, RULE_STATES };
/*
 * Where a pattern looks: FIELDS of them, each with databases of its own. FIELD_WHEN: a rule of
 * policy.conf that asks a condition (dataplane/verdict/condition.h) and has no database.
 */
enum rule_field { FIELD_TEXT, FIELD_SENDER, FIELD_URL, FIELD_NUMBER, FIELDS, FIELD_WHEN = FIELDS };
enum rule_view {
	VIEW_SENT,
	VIEW_FOLDED,
	VIEWS
}; /* sender, url and number have VIEW_SENT; sender also VIEW_FOLDED */

enum {
	RULE_ID_SIZE = 64,
	RULE_WEIGHT_DEFAULT = 100,
	RULE_ACTION_UNSET = 0xFF,
	RULE_HASH_LEN = 16,
	RULE_STATE_SIZE = 16, /* "sample:99%" and its NUL, with room */
};

/* No rule: not found, and what a database still finds though it was removed: the hit is ignored. */
#define RULE_GONE UINT32_MAX

struct rule {
	char id[RULE_ID_SIZE]; /* as written: "1001" or "prize.lottery" */
	char *expression;      /* the regular expression, without slashes; FIELD_WHEN: its `when` */
	unsigned flags;        /* HS_FLAG_* as compiled */
	uint16_t category;     /* index in ruleset.categories; 0 is "default" */
	int32_t weight;        /* added to its category's score */
	uint32_t status;       /* command_status of a reject; 0: the link's */
	uint8_t action; /* enum rule_action, or RULE_ACTION_UNSET: the category's thresholds say */
	uint8_t state;  /* enum rule_state */
	uint8_t sample; /* RULE_SAMPLE: percent, 1 to 99; otherwise 0 */
	uint8_t written_state; /* as the rule was written; ruleset_apply_states() changes the others */
	uint8_t written_sample;
	uint8_t field;               /* enum rule_field */
	uint8_t view;                /* enum rule_view */
	uint8_t hash[RULE_HASH_LEN]; /* of all that it does but its state; see ruleset_diff() */
	char *note;                  /* for people; may be NULL */
	char *file;                  /* where it was written */
	int line;
};

/* One database and what its ids mean here. */
struct ruleset_shard {
	struct database *database; /* one reference */
	uint32_t *rules;           /* of n: the index of the rule behind an id, or RULE_GONE */
	uint32_t n;
	uint32_t n_gone;
};

/* The databases of one field and view: shards are scanned one after the other. */
struct ruleset_part {
	struct ruleset_shard *shards;
	uint32_t n_shards;
	uint32_t n_rules;
};

struct ruleset {
	struct rule *rules;
	uint32_t n_rules;
	char **categories; /* names; [0] = "default" */
	uint16_t n_categories;
	struct ruleset_part parts[FIELDS][VIEWS];
	size_t database_len; /* octets of all databases, shared ones too */
	uint8_t hash[32]; /* BLAKE2b of the rules' canonical text, with the states written there */
	uint32_t *by_id;  /* indices in the order of ids; NULL: ruleset_find() looks at each */
	_Atomic int references;
};

const char *rule_action_name(enum rule_action a);
/* rule_action_parse: false if `name` is none. */
bool rule_action_parse(const char *name, enum rule_action *a);
const char *rule_state_name(enum rule_state s);
const char *rule_field_name(enum rule_field f);
const char *rule_view_name(enum rule_view v);

/* rule_state_text: "on", "shadow" or "sample:5%". Returns `text`. */
const char *rule_state_text(const struct rule *r, char text[RULE_STATE_SIZE]);

/* rule_state_parse: reads what rule_state_text() writes, and "sample=5%". False if it is none. */
bool rule_state_parse(const char *text, uint8_t *state, uint8_t *sample);

/* ---- control only ---- */

void ruleset_ref(struct ruleset *r);
void ruleset_unref(struct ruleset *r); /* NULL is accepted */

/* ruleset_find: the index of the rule of this id, or RULE_GONE. */
uint32_t ruleset_find(const struct ruleset *r, const char *id);

/*
 * ruleset_apply_states: overrides, "ID STATE" a line, "#" begins a comment; only before the ruleset
 * is published. A rule that is not there is a warning, anything else wrong an error: false, and
 * nothing was changed. `name` stands for the text in messages. The ruleset's hash stays.
 */
bool ruleset_apply_states(
	struct ruleset *r, const char *text, size_t len, const char *name, struct diag *diag);

enum ruleset_change_kind {
	RULE_ADDED,   /* only the new one has this id */
	RULE_REMOVED, /* only the old one has */
	RULE_CHANGED, /* does something else: expression, flags, field, view, category, weight ... */
	RULE_RESTATED /* does the same in another state (or share of senders) */
};

struct ruleset_change {
	enum ruleset_change_kind kind;
	uint32_t old_rule; /* index, or RULE_GONE */
	uint32_t new_rule;
};

/* By id; where a rule stands, its note, file and line do not matter. New rules in order, then removed ones. */
struct ruleset_diff {
	struct ruleset_change *changes;
	uint32_t n;
	uint32_t n_of[RULE_RESTATED + 1];
};

/* ruleset_diff: false when out of memory. `old` may be NULL: all rules are added. */
bool ruleset_diff(const struct ruleset *old, const struct ruleset *new, struct ruleset_diff *diff);
void ruleset_diff_free(struct ruleset_diff *diff);

/*
 * ruleset_add_shard: appends a shard to a part; takes over the reference to `db` and `rules`
 * (malloc'ed, of n) also when it fails, for want of memory.
 */
bool ruleset_add_shard(struct ruleset *r, struct ruleset_part *part, struct database *db,
	uint32_t *rules, uint32_t n);

#endif
