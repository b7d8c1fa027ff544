/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * source: *.pat files: Hyperscan's own habit `ID:/regex/flags`, with attributes and examples.
 * The grammar is smswall-patterns(5) (control/man/smswall-patterns.5.scd).
 *
 * Control only. Ownership: a source owns its rules and examples; source_free() frees.
 * Errors: all of them, each with file:line:column, in a struct diag; a source with errors is not
 * to be compiled. Bounds: LIMIT_RULES and LIMIT_CATEGORIES of dataplane/limits.h, lines of 8,192
 * octets, files of 256 MiB. Examples stand in the order of their rules.
 */
#ifndef SMSWALL_PATTERNS_SOURCE_H
#define SMSWALL_PATTERNS_SOURCE_H

#include "dataplane/base/diag.h"
#include "patterns/ruleset.h"

struct example {
	char *text; /* UTF-8, escapes undone */
	uint32_t rule;
	bool must_match;
	int line;
	char *file;
};

struct source {
	struct rule *rules;
	uint32_t n_rules;
	struct example *examples;
	uint32_t n_examples;
	char **categories; /* [0] = "default" */
	uint16_t n_categories;
	/* capacities, ids seen: private to source.c */
	uint32_t rules_size;
	uint32_t examples_size;
	void *ids;
};

void source_init(struct source *s);
void source_free(struct source *s);

/* source_read_file: adds the rules of one file. False when it added errors to `diag` (the rest was still read). */
bool source_read_file(struct source *s, const char *path, struct diag *diag);

/* source_read_text: the same from memory; `name` stands for the file in messages. */
bool source_read_text(
	struct source *s, const char *name, const char *text, size_t len, struct diag *diag);

/* source_read_printed: what source_print_rules() wrote, with rules of FIELD_WHEN as ID:{WHEN}. */
bool source_read_printed(
	struct source *s, const char *name, const char *text, size_t len, struct diag *diag);

/*
 * source_add_rule: a rule that was written in no pattern file: FIELD_WHEN of policy.conf. Copied are
 * its id, expression (the canonical text of `when`, one line of balanced braces, without the outer
 * ones), weight, status, action, state and sample (as written), note, file and line; its category by
 * name, added if it is new. *index is its number in the source (may be NULL).
 */
bool source_add_rule(struct source *s, const struct rule *rule, const char *category,
	uint32_t *index, struct diag *diag);

/* source_read_path: a file, or a folder's *.pat in byte order of their names. */
bool source_read_path(struct source *s, const char *path, struct diag *diag);

/*
 * source_print_rules: the canonical text: reading it gives the same rules again. With `examples`
 * (may be NULL) also those and, as @line, where each rule and example was written. The text is
 * malloc'ed, *len without its NUL; NULL when out of memory.
 */
char *source_print_rules(const struct rule *rules, uint32_t n_rules, char *const *categories,
	const struct source *examples, size_t *len);

/*
 * source_move_rules: gives the rules and categories to `r`, which has none, with their hash and
 * their number in each part; the examples stay. False when out of memory: nothing has moved.
 */
bool source_move_rules(struct source *s, struct ruleset *r);

#endif
