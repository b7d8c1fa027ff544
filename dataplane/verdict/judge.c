/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/judge.h"

#include <assert.h>

#include "dataplane/verdict/judge_parts.h"

void judge_take_sibling(const struct generation *g, const struct policy_scope *scope,
	const struct concat_verdict *c, struct verdict *v)
{
	v->action = c->action < scope->max_action ? c->action : scope->max_action;
	v->shadow_action = v->action;
	v->reason = R_sibling;
	v->status = c->status;
	memcpy(v->sibling_rule, c->rule_id, sizeof(v->sibling_rule));
	if (c->generation == g->number) { /* of another generation these are other rules */
		v->rule = c->rule;
		v->category = c->category;
	}
}

/* name_list: what stands for a rule where a list condemned. */
static void name_list(const struct generation *g, const struct verdict *v, char id[RULE_ID_SIZE])
{
	static const char before[] = "list/";
	const struct policy_list_use *use = &g->policy->list_uses[v->list_use];

	static_assert(sizeof(before) + LIST_NAME_SIZE <= RULE_ID_SIZE, "it fits");
	memset(id, 0, RULE_ID_SIZE);
	memcpy(id, before, sizeof(before) - 1);
	memcpy(id + sizeof(before) - 1, g->policy->lists[use->list].name, LIST_NAME_SIZE);
}

static void condemn(struct judge *j, const struct generation *g, const struct sms *m,
	uint64_t now_us, const struct verdict *v)
{
	struct concat_verdict c = {
		.rule = v->rule,
		.generation = g->number,
		.action = v->action,
		.category = (uint8_t)v->category,
		.status = v->status,
	};

	static_assert(LIMIT_CATEGORIES <= UINT8_MAX, "a category fits an octet");
	static_assert(RULE_ID_SIZE == sizeof(c.rule_id), "ids are as long everywhere");
	if (v->rule != VERDICT_NO_RULE) {
		memcpy(c.rule_id, g->ruleset->rules[v->rule].id, sizeof(c.rule_id));
	} else {
		name_list(g, v, c.rule_id);
	}
	(void)concat_condemn(
		j->concat, m, &c, now_us); /* judged alone: its siblings will be, too */
}

static bool has_shadow(const struct judge *j, const struct ruleset *r, const struct scan_hits *hits)
{
	for (uint32_t i = 0; i < hits->n; i++) {
		if (!judge_acts(j, &r->rules[hits->hits[i].rule])) {
			return true;
		}
	}
	return false;
}

static void weigh(const struct judge *j, const struct generation *g,
	const struct policy_scope *scope, struct verdict *v)
{
	struct judge_scale scale = { j, g->ruleset, scope, false };
	struct judge_outcome o = judge_weigh(&scale, &v->hits);

	v->action = (uint8_t)o.action;
	v->shadow_action = (uint8_t)o.action;
	v->reason = (uint8_t)o.reason;
	v->category = o.category;
	v->score = o.score;
	v->rule = o.rule;
	v->status = o.status;
	v->shadow = has_shadow(j, g->ruleset, &v->hits);
	if (v->shadow) {
		scale.with_shadow = true;
		v->shadow_action = (uint8_t)judge_weigh(&scale, &v->hits).action;
	}
}

/* note: a pass tells what kept the message from being looked at whole; else that is counted here. */
static void note(struct verdict *v, enum reason why, struct stats *stats)
{
	if (v->reason == R_none) {
		v->reason = (uint8_t)why;
	} else {
		stats_reason(stats, why);
	}
}

/* take_list: the verdict of a list; never more than is allowed here. */
static void take_list(const struct generation *g, const struct policy_scope *scope,
	const struct judge_listed *listed, struct verdict *v)
{
	const struct policy_list_use *use = listed->use;

	v->action = use->action < scope->max_action ? use->action : scope->max_action;
	v->shadow_action = v->action > v->shadow_action ? v->action : v->shadow_action;
	v->reason = use->action == ACTION_PASS ? R_never_block : R_list;
	v->category = 0;
	v->score = 0;
	v->rule = VERDICT_NO_RULE;
	v->status = v->action == ACTION_REJECT ? use->status : 0;
	v->list_use = (uint32_t)(use - g->policy->list_uses);
	v->list_hit = listed->hit;
}

static bool refuses(const struct judge_listed *listed)
{
	return listed->use != NULL && listed->use->action >= ACTION_BLANK;
}

static bool never_blocks(const struct judge_listed *listed)
{
	return listed->use != NULL && listed->use->action == ACTION_PASS;
}

/* decide_by_text: lists that look into the text, beside what those of addresses say; true: that is all. */
static bool decide_by_text(struct judge *j, const struct generation *g,
	const struct policy_scope *scope, const struct sms *m, struct judge_listed *listed,
	struct verdict *v)
{
	struct judge_listed found = judge_list_text(j, g, m);

	if (found.use != NULL && (listed->use == NULL || never_blocks(&found) ||
					 found.use->action > listed->use->action)) {
		*listed = found;
	}
	if (never_blocks(listed) || refuses(listed)) {
		take_list(g, scope, listed, v);
		return true;
	}
	return false;
}

/* ---- the order of judgement ---- */

/* One message on its way through judge_message(). */
struct judging {
	struct judge *judge;
	const struct generation *generation;
	const struct policy_scope *scope;
	const struct sms *sms;
	struct stats *stats;
	struct verdict *verdict;
	struct judge_listed listed; /* what lists of addresses say */
	uint64_t now_us;
	bool remember;
	bool part; /* of a message of several */
	bool refused; /* without its text; only a never-block list that looks into it can change that */
};

/* weigh_hits: what the rules that hit so far lead to. */
static inline void weigh_hits(struct judging *a)
{
	if (a->verdict->hits.n != 0) {
		weigh(a->judge, a->generation, a->scope, a->verdict);
	}
}

/* find_scope: whose message it is, and what holds for it. */
static void find_scope(struct judging *a)
{
	const struct policy *p = a->generation->policy;
	struct verdict *v = a->verdict;

	if (a->generation->plan.conditions || p->n_scopes > 1) {
		uint64_t start = stats_clock(a->stats);

		v->scope = (uint16_t)judge_scope(
			a->judge, a->generation, a->sms, a->now_us, &v->tenant);
		(void)stats_stage(a->stats, STAGE_policy, start);
	}
	a->scope = &p->scopes[v->scope];
	v->uninspected = !a->scope->content || (a->judge->unseen_links >> a->sms->link & 1) != 0;
	a->judge->home = a->scope->country != 0 ? a->scope->country : p->country;
	if (a->generation->plan.conditions) {
		condition_set_home(&a->judge->subject, a->judge->home);
	}
}

static struct judge_limited limited(const struct judging *a)
{
	return (struct judge_limited){ .judge = a->judge,
		.generation = a->generation,
		.scope = a->scope,
		.sms = a->sms,
		.stats = a->stats,
		.now_us = a->now_us,
		.remember = a->remember };
}

/* over_limit: of limits that need no text; a never-block list may be in the text. */
static bool over_limit(struct judging *a)
{
	struct judge_limited q;

	if (a->generation->policy->n_limits == 0 || a->sms->refused ||
		judge_lists_want_text(a->generation, a->sms, true)) {
		return false;
	}
	q = limited(a);
	return judge_limits_look(&q, a->verdict);
}

/* charge: what is let in so far; limits may refuse it. */
static void charge(struct judging *a)
{
	const struct verdict *v = a->verdict;
	struct judge_limited q;
	uint64_t start;

	if (a->generation->policy->n_limits == 0 || v->action >= ACTION_BLANK ||
		v->reason == R_sibling || (a->sms->refused && v->reason != R_never_block)) {
		return; /* signalling gives way to never-block lists, too */
	}
	start = stats_clock(a->stats);
	q = limited(a);
	if (v->reason == R_never_block) {
		judge_limits_spare(&q);
	} else {
		judge_limits_charge(&q, a->verdict);
	}
	(void)stats_stage(a->stats, STAGE_policy, start);
}

/*
 * decide_before_text: lists of addresses, rules and limits that need no text, and whether the text is
 * to be looked at at all. True: that is all. What refuses here waits for never-block lists that look into
 * the text.
 */
static bool decide_before_text(struct judging *a)
{
	struct judge *j = a->judge;
	const struct generation *g = a->generation;
	struct verdict *v = a->verdict;
	uint64_t start = stats_clock(a->stats);

	if (g->lists != NULL && g->policy->n_list_uses != 0) {
		a->listed = judge_list_addresses(j, g, a->sms);
	}
	if (never_blocks(&a->listed)) {
		take_list(g, a->scope, &a->listed, v);
		return true;
	}
	a->refused = refuses(&a->listed);
	if (!a->refused && g->plan.n_early != 0) {
		judge_rules(j, g, g->plan.early, g->plan.n_early, &v->hits);
		weigh_hits(a);
		a->refused = v->action >= ACTION_BLANK;
	}
	if (!a->refused && over_limit(a)) {
		(void)stats_stage(a->stats, STAGE_policy, start);
		return true;
	}
	(void)stats_stage(a->stats, STAGE_policy, start);
	if (a->refused && !v->uninspected && judge_lists_want_text(g, a->sms, true)) {
		return false;
	}
	if (a->listed.use != NULL &&
		(refuses(&a->listed) || (v->uninspected && v->action < ACTION_REPORT))) {
		take_list(g, a->scope, &a->listed, v);
	}
	return a->refused || v->uninspected;
}

/* see_text: the text, with that of the parts next to it. True: the message was condemned before. */
static bool see_text(struct judging *a)
{
	struct judge *j = a->judge;
	uint64_t start = stats_clock(a->stats);
	struct concat_joined joined;
	enum concat_found found;

	if (!a->part || j->concat == NULL) {
		judge_view_whole(j, a->sms);
		return false;
	}
	found = judge_view_part(j, a->sms, a->now_us, a->remember, &joined);
	(void)stats_stage(a->stats, STAGE_text, start);
	if (found != CONCAT_CONDEMNED) {
		stats_add(a->stats, STAT_parts_joined, j->views.joined && a->remember);
		return false;
	}
	if (refuses(&a->listed)) {
		take_list(a->generation, a->scope, &a->listed, a->verdict);
	} else if (!a->refused) {
		judge_take_sibling(a->generation, a->scope, &joined.verdict, a->verdict);
	}
	return true;
}

/* say_pass: what kept a message that passes from being looked at whole. */
static void say_pass(struct judging *a, bool scanned)
{
	const struct judge_views *w = &a->judge->views;

	if (w->text.len == 0 && a->verdict->reason == R_none) {
		a->verdict->reason = a->sms->compressed ? R_compressed : R_no_content;
	}
	if (w->concat_alone) {
		note(a->verdict, R_concat_full, a->stats);
	}
	if (!scanned) {
		note(a->verdict, R_scan_error, a->stats);
	}
}

static void decide_by_content(struct judging *a)
{
	struct judge *j = a->judge;
	const struct generation *g = a->generation;
	struct verdict *v = a->verdict;
	bool lists = judge_lists_want_text(g, a->sms, a->refused);
	uint64_t start = stats_clock(a->stats);
	uint64_t seen;
	uint64_t scanned;
	bool good;

	stats_add(a->stats, STAT_texts_inspected, 1);
	judge_view_derived(j, g->ruleset, NULL, lists || g->plan.entities);
	judge_view_sender(j, g->ruleset, a->sms);
	seen = stats_stage(a->stats, STAGE_text, start);
	if ((lists && decide_by_text(j, g, a->scope, a->sms, &a->listed, v)) || a->refused) {
		(void)stats_stage(a->stats, STAGE_policy, seen);
		return;
	}
	good = judge_scan(j, g, a->stats, &v->hits);
	scanned = stats_stage(a->stats, STAGE_scan, seen);
	j->text_len = j->views.text.len;
	j->scan_cycles = (scanned - seen) * a->stats->timed;
	if (g->plan.conditions) {
		condition_set_text(
			&j->subject, j->views.text, j->views.entities, j->views.n_entities);
	}
	if (g->plan.n_late != 0) {
		judge_rules(j, g, g->plan.late, g->plan.n_late, &v->hits);
	}
	weigh_hits(a);
	if (a->listed.use != NULL && v->action < ACTION_REPORT) {
		take_list(g, a->scope, &a->listed, v);
	}
	say_pass(a, good);
	(void)stats_stage(a->stats, STAGE_policy, scanned);
}

static void begin(struct judge *j, const struct generation *g, struct verdict *v)
{
	struct judge_views *w = &j->views;

	/* not the whole struct: its entities are 2 KB and n_entities says how many there are */
	w->text = bytes_of(NULL, 0);
	w->folded = w->text;
	w->sender = w->text;
	w->sender_folded = w->text;
	w->own_from = 0;
	w->own_to = 0;
	w->n_entities = 0;
	w->joined = false;
	w->joined_first = 0;
	w->joined_last = 0;
	w->concat_alone = false;
	w->concat_conflict = false;
	w->folded_scanned = false;
	memset(w->passed, 0, sizeof(w->passed));
	j->text_hashed[0] = false;
	j->text_hashed[1] = false;
	j->text_len = 0;
	j->scan_cycles = 0;
	*v = (struct verdict){ .action = ACTION_PASS,
		.reason = R_none,
		.rule = VERDICT_NO_RULE,
		.generation = g->number,
		.shadow_action = ACTION_PASS,
		.list_use = VERDICT_NO_LIST,
		.limit = VERDICT_NO_LIMIT,
		.hits = { .hits = j->hits, .max = LIMIT_HITS } };
}

/*
 * condemns: the parts behind it, too. What a list says of addresses it says of each part by itself;
 * what is throttled may come again.
 */
static bool condemns(const struct generation *g, const struct verdict *v)
{
	if (v->action < ACTION_BLANK || v->action == ACTION_THROTTLE) {
		return false;
	}
	if (v->reason == R_list) {
		return g->policy->list_uses[v->list_use].match == LIST_MATCH_TEXT;
	}
	return v->reason == R_rule || v->reason == R_score;
}

/* decide: the final verdict of a message that is content. */
static void decide(struct judging *a)
{
	if (decide_before_text(a) || see_text(a)) {
		return;
	}
	decide_by_content(a);
}

void judge_message(struct judge *j, const struct generation *g, const struct sms *m,
	uint64_t now_us, bool remember, struct stats *stats, struct verdict *v)
{
	struct judging a = { .judge = j,
		.generation = g,
		.sms = m,
		.stats = stats,
		.verdict = v,
		.now_us = now_us,
		.remember = remember,
		.part = judge_is_part(m) };

	begin(j, g, v);
	find_scope(&a);
	if (m->receipt) {
		stats_add(stats, STAT_receipts, remember);
		v->reason = R_receipt;
		return;
	}
	judge_sender(j, m);
	stats_add(stats, STAT_parts, a.part && remember);
	decide(&a);
	charge(&a);
	if (v->uninspected) {
		note(v, R_content_off, stats);
	} else if (a.part && j->concat != NULL && remember && condemns(g, v)) {
		condemn(j, g, m, now_us, v);
	}
	if (v->hits.n_dropped != 0) {
		stats_add(stats, STAT_hits_dropped, v->hits.n_dropped);
	}
	if (v->shadow) {
		stats_add(stats, STAT_shadow_hits, 1);
	}
}

/* count: relaxed: one writer; control reads a figure that may be a moment old. */
static void count(uint64_t *what, uint64_t n)
{
	__atomic_store_n(what, *what + n, __ATOMIC_RELAXED);
}

void judge_count_rules(
	const struct judge *j, const struct generation *g, const struct verdict *v, uint64_t now_us)
{
	struct rule_count *counts = g->counts[j->worker];
	uint32_t n_patterns = 0;
	uint64_t cycles;

	for (uint32_t i = 0; i < v->hits.n; i++) {
		n_patterns += v->hits.hits[i].field != FIELD_WHEN;
	}
	cycles = n_patterns != 0 ? j->scan_cycles / n_patterns : 0;
	for (uint32_t i = 0; i < v->hits.n; i++) {
		uint32_t rule = v->hits.hits[i].rule;
		struct rule_count *c = &counts[rule];

		count(judge_acts(j, &g->ruleset->rules[rule]) ? &c->hits : &c->shadow, 1);
		count(&c->octets, j->text_len);
		if (cycles != 0 && v->hits.hits[i].field != FIELD_WHEN) {
			count(&c->cycles, cycles);
		}
		__atomic_store_n(&c->last_us, now_us, __ATOMIC_RELAXED);
	}
	if (v->rule != VERDICT_NO_RULE && v->action > ACTION_PASS) {
		count(&counts[v->rule].decided, 1);
	}
	if (v->reason == R_list || v->reason == R_never_block) {
		list_tally(
			g->lists->lists[g->policy->list_uses[v->list_use].list], j->worker, now_us);
	}
}
