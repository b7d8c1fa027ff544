/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rule_ledger: what was counted at rules, by their ids, over all generations of this run.
 *
 * Workers count at their generation's own arrays (dataplane/verdict/generation.h). A page joins
 * such arrays to the ledger: folding it adds what came since the last time, as often as one likes,
 * so that figures never go back while a generation makes way for the next.
 * Control thread only. Ownership: the ledger owns its pages; a page's generation outlives it.
 * Bounds: the rules of all open pages, and RULE_LEDGER_CLOSED_MAX ids that no open page has; of
 * those the ones that were live longest ago are forgotten first.
 */
#ifndef SMSWALL_CONTROL_RULE_LEDGER_H
#define SMSWALL_CONTROL_RULE_LEDGER_H

#include "dataplane/verdict/generation.h"

enum { RULE_LEDGER_CLOSED_MAX = 65536 };

struct rule_ledger;
struct rule_page;

struct rule_ledger *rule_ledger_create(void); /* NULL when out of memory */
void rule_ledger_free(struct rule_ledger *l); /* with its pages; NULL is accepted */

/* rule_ledger_open: NULL when out of memory. */
struct rule_page *rule_ledger_open(
	struct rule_ledger *l, const struct generation *g, unsigned n_workers);

/* rule_ledger_fold: takes over what was counted since. */
void rule_ledger_fold(struct rule_ledger *l, struct rule_page *p);

/* rule_ledger_close: folds for the last time; the generation may go. NULL is accepted. */
void rule_ledger_close(struct rule_ledger *l, struct rule_page *p);

/* rule_ledger_read: zeros for an id that was never seen. */
struct rule_count rule_ledger_read(const struct rule_ledger *l, const char *id);

/* rule_ledger_rule: rule `i` of an open page: the sum over all generations that had its id. */
struct rule_count rule_ledger_rule(
	const struct rule_ledger *l, const struct rule_page *p, uint32_t i);

/* rule_count_total: what the workers have counted at rule `i` of this generation alone. */
struct rule_count rule_count_total(const struct generation *g, unsigned n_workers, uint32_t i);

/* rule_ledger_ids: how many ids are known. */
uint32_t rule_ledger_ids(const struct rule_ledger *l);

#endif
