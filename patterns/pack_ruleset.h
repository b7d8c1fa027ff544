/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pack_ruleset: the rules' sections of a pack.
 *
 *   rules             canonical text with examples: people can read it, and it can be compiled again
 *   platform          what the databases run on (database.h)
 *   shards            what is in which database, text, two lines each:
 *                       db.FIELD.VIEW.N CONTENT-HASH SOURCE-HASH RULES
 *                       the rule behind each id: "0-499 - 502" (numbers in the section rules; - : gone)
 *   db.FIELD.VIEW.N   the databases, serialised
 *
 * A database whose content hash a ruleset at hand has already is shared with it, and need not be in
 * the pack. Control only. Errors: all in a struct diag, by section; a pack that is taken has each
 * rule in exactly one place of a database of its field and view.
 */
#ifndef SMSWALL_PATTERNS_PACK_RULESET_H
#define SMSWALL_PATTERNS_PACK_RULESET_H

#include "patterns/pack.h"
#include "patterns/source.h"

/*
 * pack_add_ruleset: with the examples of `s`. Databases that `thin` (may be NULL) has are marked as
 * `outside`: PACK_THIN leaves them out. False when out of memory or sections.
 */
bool pack_add_ruleset(struct pack *p, const struct ruleset *r, const struct source *s,
	const struct ruleset *thin);

/*
 * pack_load_ruleset: rebuilds the ruleset, with one reference, and initialises *examples with its
 * examples. Databases are taken from `base` (may be NULL) where it has them, the others are made in
 * `arena` (may be NULL). A pack for another platform is refused by name. NULL with errors in `diag`.
 */
struct ruleset *pack_load_ruleset(const struct pack *p, const char *path,
	const struct ruleset *base, struct arena *arena, struct source *examples,
	struct diag *diag);

/* pack_ruleset_known: for pack_read_new(): what `base` has, which must outlive the reading. */
struct pack_known pack_ruleset_known(const struct ruleset *base);

#endif
