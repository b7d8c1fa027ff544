/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * judge_parts: what the judge's own files share; nobody else includes it.
 *
 *   judge.c        views, scans, the order of judgement
 *   judge_weigh.c  hits -> action
 *   judge_spans.c  what a redaction takes out
 */
#ifndef SMSWALL_VERDICT_JUDGE_PARTS_H
#define SMSWALL_VERDICT_JUDGE_PARTS_H

#include "dataplane/verdict/judge.h"

/* Texts up to this length are redacted in part, longer ones as a whole: it sizes the maps back. */
enum { JUDGE_SPAN_TEXT_MAX = LIMIT_CONCAT_TEXT_LEN };

struct judge_outcome {
	enum rule_action action;
	enum reason reason; /* R_rule, R_score, or R_none for a pass */
	uint16_t category;
	int32_t score;
	uint32_t rule; /* or VERDICT_NO_RULE */
	uint32_t status;
};

/* judge_weigh: what `hits` lead to in `scope`; rules in state shadow count only `with_shadow`. */
struct judge_outcome judge_weigh(const struct ruleset *r, const struct policy_scope *scope,
	const struct scan_hits *hits, bool with_shadow);

/* judge_category_action: what category `category` alone leads to, before any ceiling. */
enum rule_action judge_category_action(const struct ruleset *r, const struct policy_scope *scope,
	const struct scan_hits *hits, uint16_t category);

/* judge_own_text: the texts of this PDU's bodies as one. */
struct bytes judge_own_text(const struct sms *m);

/* judge_view_derived: the views that come from j->views.text; `origin` as in fold_text(), or NULL. */
void judge_view_derived(struct judge *j, const struct ruleset *r, uint32_t *origin);

/* judge_scan: all views; false when the matcher refused one. `stats` may be NULL. */
bool judge_scan(
	struct judge *j, const struct generation *g, struct stats *stats, struct scan_hits *hits);

#endif
