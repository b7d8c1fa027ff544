/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * judge_parts: what the judge's own files share; nobody else includes it.
 *
 *   judge.c        the order of judgement
 *   judge_views.c  views of a message, and scans
 *   judge_rules.c  whose message it is, and rules with conditions
 *   judge_weigh.c  hits -> action
 *   judge_spans.c  what a redaction takes out
 *   judge_lists.c  what lists say, and which senders are sampled
 *   judge_limits.c what limits say, and what they are charged
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

/* What hits are weighed by. */
struct judge_scale {
	const struct judge *judge; /* whose message it is: some rules act on a sample of senders */
	const struct ruleset *rules;
	const struct policy_scope *scope;
	bool with_shadow; /* rules that do not act count, too */
};

/* judge_weigh: what `hits` lead to. */
struct judge_outcome judge_weigh(const struct judge_scale *s, const struct scan_hits *hits);

/* judge_category_action: what category `category` alone leads to, before any ceiling. */
enum rule_action judge_category_action(
	const struct judge_scale *s, const struct scan_hits *hits, uint16_t category);

/* judge_sender: sets j->sender_hash. */
void judge_sender(struct judge *j, const struct sms *m);

/*
 * What lists say: nothing, or the use that decides. A never-block list goes before all others, then
 * the most severe action, then the order of policy.conf.
 */
struct judge_listed {
	const struct policy_list_use *use; /* NULL: no list has it */
	struct list_hit hit;
};

/* judge_list_addresses: lists of addresses and accounts: all but LIST_MATCH_TEXT. */
struct judge_listed judge_list_addresses(
	struct judge *j, const struct generation *g, const struct sms *m);

/* judge_list_text: those that look for j->views.entities. */
struct judge_listed judge_list_text(
	struct judge *j, const struct generation *g, const struct sms *m);

/* judge_lists_want_text: a list looks into the text of such a message; `pass`: a never-block list does. */
bool judge_lists_want_text(const struct generation *g, const struct sms *m, bool pass);

/* A message as its limits are asked about it: judge->subject is begun, with what is known by now. */
struct judge_limited {
	struct judge *judge;
	const struct generation *generation;
	const struct policy_scope *scope;
	const struct sms *sms;
	struct stats *stats;
	uint64_t now_us;
	bool remember;
};

/*
 * judge_limits_look: before the text is looked at, after rules that need none: what limits that need
 * none would say. True: it is refused, *v says by what; that is counted. Always false where the scope
 * has content off: nothing comes between this and judge_limits_charge().
 */
bool judge_limits_look(const struct judge_limited *q, struct verdict *v);

/*
 * judge_limits_charge: after the verdict, where that lets the message pass (below ACTION_BLANK, no
 * receipt, no never-block, not refused by signalling): charges all limits; *v changes where one is
 * exceeded. Where content is off also: a part of a message that a limit refused for good stays refused.
 * Without `remember` *v is what it would be.
 */
void judge_limits_charge(const struct judge_limited *q, struct verdict *v);

/* judge_limits_spare: of what a never-block list lets in: nothing is charged, but it may be an answer. */
void judge_limits_spare(const struct judge_limited *q);

/* judge_take_sibling: the verdict of the message that a part belongs to. */
void judge_take_sibling(const struct generation *g, const struct policy_scope *scope,
	const struct concat_verdict *c, struct verdict *v);

/*
 * judge_scope: begins j->subject, where conditions may be asked of it, and finds the tenant (index
 * + 1; 0: none) and the scope that holds for `m`: its index.
 */
uint32_t judge_scope(struct judge *j, const struct generation *g, const struct sms *m,
	uint64_t now_us, uint16_t *tenant);

/* judge_rules: asks the conditions of rules `which` of policy->rules, and adds to `hits` those that hold. */
void judge_rules(struct judge *j, const struct generation *g, const uint16_t *which, uint32_t n,
	struct scan_hits *hits);

/* judge_is_part: of a message of several. */
bool judge_is_part(const struct sms *m);

/* judge_view_whole: the text of this PDU alone. */
void judge_view_whole(struct judge *j, const struct sms *m);

/* judge_view_part: the text with its neighbours; CONCAT_CONDEMNED leaves the message's verdict in *joined. */
enum concat_found judge_view_part(struct judge *j, const struct sms *m, uint64_t now_us,
	bool remember, struct concat_joined *joined);

void judge_view_sender(struct judge *j, const struct ruleset *r, const struct sms *m);

/* judge_own_text: the texts of this PDU's bodies as one. */
struct bytes judge_own_text(const struct sms *m);

/*
 * judge_view_derived: the views that come from j->views.text; `origin` as in fold_text(), or NULL;
 * entities also where rules do not ask for them, if `entities`.
 */
void judge_view_derived(struct judge *j, const struct ruleset *r, uint32_t *origin, bool entities);

/* judge_scan: all views; false when the matcher refused one. `stats` may be NULL. */
bool judge_scan(
	struct judge *j, const struct generation *g, struct stats *stats, struct scan_hits *hits);

#endif
