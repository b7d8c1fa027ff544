/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/judge.h"

#include <assert.h>

#include "dataplane/verdict/judge_parts.h"

/*
 * Buffers of one judge:
 *
 *   text      the bodies, decoded by the carrier's reader, one after the other
 *   joined    the parts of a long message, side by side; later a copy for judge_spans()
 *   folded    the folded text
 *   entities  URLs and numbers in their normal form
 *
 * All octets of a PDU may be text in the costliest coding; read as Latin-1 as well they are two more
 * octets each.
 */
enum {
	TEXT_BUFFER_SIZE = TEXT_SIZE(LIMIT_SMPP_PDU_LEN) + 2 * LIMIT_SMPP_PDU_LEN,
	JOINED_BUFFER_SIZE = TEXT_BUFFER_SIZE + LIMIT_CONCAT_TEXT_LEN,
	FOLDED_BUFFER_SIZE = FOLD_SIZE(JOINED_BUFFER_SIZE),
	ENTITY_BUFFER_SIZE = 65536,
	SENDER_BUFFER_SIZE =
		512, /* an address has at most 65 octets (SMPP 3.4 4.7.1), a character 4 */
	SENDER_FOLDED_SIZE = FOLD_SIZE(SENDER_BUFFER_SIZE),
};

static size_t padded(size_t len)
{
	return (len + LIMIT_SCAN_TAIL + 63) & ~(size_t)63;
}

enum {
	FOLD_ORIGIN_SIZE = (FOLD_SIZE(JUDGE_SPAN_TEXT_MAX) + 1) * sizeof(uint32_t),
	TEXT_ORIGIN_SIZE = (JUDGE_SPAN_TEXT_MAX + 1) * sizeof(uint32_t),
};

size_t judge_size(void)
{
	return padded(TEXT_BUFFER_SIZE) + padded(JOINED_BUFFER_SIZE) + padded(FOLDED_BUFFER_SIZE) +
	       padded(ENTITY_BUFFER_SIZE) + padded(SENDER_BUFFER_SIZE) +
	       padded(SENDER_FOLDED_SIZE) + padded(FOLD_ORIGIN_SIZE) + padded(TEXT_ORIGIN_SIZE);
}

static uint8_t *carve(uint8_t **at, size_t len)
{
	uint8_t *piece = *at;

	*at += padded(len);
	return piece;
}

void judge_init(struct judge *j, void *memory, struct concat *concat, unsigned worker)
{
	uint8_t *at = memory;

	assert(((uintptr_t)memory & 7) == 0 && worker < WORKERS_MAX);
	*j = (struct judge){ .concat = concat, .worker = worker };
	j->buffers = (struct sms_buffers){
		.text = carve(&at, TEXT_BUFFER_SIZE),
		.text_size = TEXT_BUFFER_SIZE,
		.joined = carve(&at, JOINED_BUFFER_SIZE),
		.joined_size = JOINED_BUFFER_SIZE,
		.folded = carve(&at, FOLDED_BUFFER_SIZE),
		.folded_size = FOLDED_BUFFER_SIZE,
		.entities = carve(&at, ENTITY_BUFFER_SIZE),
		.entities_size = ENTITY_BUFFER_SIZE,
	};
	j->sender = carve(&at, SENDER_BUFFER_SIZE);
	j->sender_folded = carve(&at, SENDER_FOLDED_SIZE);
	j->fold_origin = (uint32_t *)(void *)carve(&at, FOLD_ORIGIN_SIZE);
	j->text_origin = (uint32_t *)(void *)carve(&at, TEXT_ORIGIN_SIZE);
}

struct bytes judge_own_text(const struct sms *m)
{
	struct bytes own = bytes_of(NULL, 0);

	for (unsigned i = 0; i < m->n_bodies; i++) {
		struct bytes t = m->body[i].text;

		if (own.len == 0) {
			own = t;
		} else if (t.len != 0) { /* they lie side by side (sms.h), '\n' between them */
			own.len = (size_t)(t.data - own.data) + t.len;
		}
	}
	return own;
}

static bool is_part(const struct sms *m)
{
	return m->concat.total > 1 && m->concat.part >= 1 && m->concat.part <= m->concat.total;
}

static void view_whole(struct judge *j, const struct sms *m)
{
	struct judge_views *w = &j->views;

	w->text = judge_own_text(m);
	w->own_from = 0;
	w->own_to = w->text.len;
}

/* view_part: the text with its neighbours; CONCAT_CONDEMNED leaves the message's verdict in *joined. */
static enum concat_found view_part(struct judge *j, const struct sms *m, uint64_t now_us,
	bool remember, struct concat_joined *joined)
{
	struct sms_buffers *b = &j->buffers;
	struct judge_views *w = &j->views;
	struct bytes own = judge_own_text(m);
	enum concat_found found;

	found = remember
	                ? concat_add(j->concat, m, own, now_us, b->joined, b->joined_size, joined)
	                : concat_look(j->concat, m, own, now_us, b->joined, b->joined_size, joined);
	switch (found) {
	case CONCAT_ALONE:
		w->concat_alone = true;
		view_whole(j, m);
		return found;
	case CONCAT_CONDEMNED:
		w->text = own;
		w->own_to = own.len;
		break;
	case CONCAT_JOINED:
		w->text = joined->text;
		w->own_from = joined->own_from;
		w->own_to = joined->own_to;
		w->joined = joined->first != joined->last;
		w->joined_first = joined->first;
		w->joined_last = joined->last;
		w->concat_alone = joined->unstored;
		break;
	}
	w->concat_conflict = joined->conflict;
	memcpy(w->passed, joined->passed, sizeof(w->passed));
	return found;
}

static bool entities_wanted(const struct ruleset *r)
{
	return scan_wanted(r, FIELD_URL, VIEW_SENT) || scan_wanted(r, FIELD_NUMBER, VIEW_SENT);
}

/*
 * fold_view: the text that folded rules look into. They are compiled without regard to case, so
 * where nothing but case would change the text itself will do.
 */
static struct bytes fold_view(struct bytes text, uint8_t *out, size_t size, uint32_t *origin)
{
	struct fold_result f;

	if (text.len == 0 || (origin == NULL && !fold_needed(text))) {
		return text;
	}
	f = fold_text(text, out, size, origin);
	return f.len != 0 ? bytes_of(out, f.len) : text;
}

void judge_view_derived(struct judge *j, const struct ruleset *r, uint32_t *origin, bool entities)
{
	struct judge_views *w = &j->views;

	w->folded = w->text;
	if (scan_wanted(r, FIELD_TEXT, VIEW_FOLDED)) {
		w->folded = fold_view(w->text, j->buffers.folded, j->buffers.folded_size, origin);
	}
	w->folded_scanned = w->folded.data != w->text.data;
	w->n_entities = 0;
	if ((entities || entities_wanted(r)) && w->text.len != 0) {
		w->n_entities = entity_find(w->text, NUMBERING_NONE, w->entities,
			j->buffers.entities, j->buffers.entities_size);
	}
}

/* copy_sender: an address is in whatever alphabet it is in; the matcher must be given UTF-8. */
static struct bytes copy_sender(struct bytes digits, uint8_t *out)
{
	size_t len = 0;

	if (digits.len == 0) {
		return bytes_of(NULL, 0);
	}
	if (text_utf8_valid(digits) && digits.len <= SENDER_BUFFER_SIZE) {
		memcpy(out, digits.data, digits.len);
		return bytes_of(out, digits.len);
	}
	for (size_t i = 0; i < digits.len; i++) {
		len += text_put(digits.data[i], out + len, SENDER_BUFFER_SIZE - len);
	}
	return bytes_of(out, len);
}

static void view_sender(struct judge *j, const struct ruleset *r, const struct sms *m)
{
	struct judge_views *w = &j->views;
	bool folded = scan_wanted(r, FIELD_SENDER, VIEW_FOLDED);

	w->sender = bytes_of(NULL, 0);
	if (folded || scan_wanted(r, FIELD_SENDER, VIEW_SENT)) {
		w->sender = copy_sender(m->source.digits, j->sender);
	}
	w->sender_folded = w->sender;
	if (folded) {
		w->sender_folded = fold_view(w->sender, j->sender_folded, SENDER_FOLDED_SIZE, NULL);
	}
}

/* One call of the matcher, if any rule wants it. */
struct scanning {
	const struct ruleset *rules;
	struct scan_scratch *scratch;
	struct scan_hits *hits;
	uint64_t n_scans;
	uint64_t n_octets;
	bool failed;
};

static void scan_one(struct scanning *s, enum rule_field field, enum rule_view view, uint8_t entity,
	struct bytes text)
{
	if (text.len == 0 || !scan_wanted(s->rules, field, view)) {
		return;
	}
	s->n_scans++;
	s->n_octets += text.len;
	s->failed |= !scan_text(s->rules, s->scratch, field, view, entity, text, s->hits);
}

bool judge_scan(
	struct judge *j, const struct generation *g, struct stats *stats, struct scan_hits *hits)
{
	const struct judge_views *w = &j->views;
	struct scanning s = { .rules = g->ruleset, .scratch = g->scratch[j->worker], .hits = hits };

	scan_one(&s, FIELD_TEXT, VIEW_SENT, 0, w->text);
	scan_one(&s, FIELD_TEXT, VIEW_FOLDED, 0, w->folded);
	scan_one(&s, FIELD_SENDER, VIEW_SENT, 0, w->sender);
	scan_one(&s, FIELD_SENDER, VIEW_FOLDED, 0, w->sender_folded);
	for (uint32_t i = 0; i < w->n_entities; i++) {
		enum rule_field field =
			w->entities[i].kind == ENTITY_URL ? FIELD_URL : FIELD_NUMBER;

		scan_one(&s, field, VIEW_SENT, (uint8_t)i, w->entities[i].value);
	}
	if (stats != NULL) {
		stats_add(stats, STAT_scans, s.n_scans);
		stats_add(stats, STAT_scan_octets, s.n_octets);
		stats_add(stats, STAT_hits_dropped, hits->n_dropped);
	}
	return !s.failed;
}

/* take_sibling: the verdict of the message that this part belongs to. */
static void take_sibling(const struct generation *g, const struct policy_scope *scope,
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

static void judge_content(struct judge *j, const struct generation *g,
	const struct policy_scope *scope, const struct sms *m, struct judge_listed *listed,
	struct stats *stats, struct verdict *v)
{
	bool lists = judge_lists_want_text(g, m, false);
	uint64_t start = stats_clock(stats);
	uint64_t seen;
	uint64_t scanned;
	bool good;

	judge_view_derived(j, g->ruleset, NULL, lists);
	view_sender(j, g->ruleset, m);
	seen = stats_stage(stats, STAGE_text, start);
	if (lists && decide_by_text(j, g, scope, m, listed, v)) {
		(void)stats_stage(stats, STAGE_policy, seen);
		return;
	}
	good = judge_scan(j, g, stats, &v->hits);
	scanned = stats_stage(stats, STAGE_scan, seen);
	j->text_len = j->views.text.len;
	j->scan_cycles = (scanned - seen) * stats->timed;
	if (v->hits.n != 0) {
		weigh(j, g, scope, v);
	}
	if (listed->use != NULL && v->action < ACTION_REPORT) {
		take_list(g, scope, listed, v);
	}
	if (j->views.text.len == 0 && v->reason == R_none) {
		v->reason = m->compressed ? R_compressed : R_no_content;
	}
	if (j->views.concat_alone) {
		note(v, R_concat_full, stats);
	}
	if (!good) {
		note(v, R_scan_error, stats);
	}
	if (v->shadow) {
		stats_add(stats, STAT_shadow_hits, 1);
	}
	(void)stats_stage(stats, STAGE_policy, scanned);
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
	j->text_len = 0;
	j->scan_cycles = 0;
	*v = (struct verdict){ .action = ACTION_PASS,
		.reason = R_none,
		.rule = VERDICT_NO_RULE,
		.generation = g->number,
		.shadow_action = ACTION_PASS,
		.list_use = VERDICT_NO_LIST,
		.hits = { .hits = j->hits, .max = LIMIT_HITS } };
}

/* condemns: the parts behind it, too. What a list says of addresses it says of each part by itself. */
static bool condemns(const struct generation *g, const struct verdict *v)
{
	return v->action >= ACTION_BLANK && v->action != ACTION_THROTTLE &&
	       (v->reason != R_list || g->policy->list_uses[v->list_use].match == LIST_MATCH_TEXT);
}

/*
 * decide_by_addresses: lists that need no text, and whether the text is to be looked at at all. True:
 * that is all. A list that refuses waits for never-block lists that look into the text.
 */
static bool decide_by_addresses(struct judge *j, const struct generation *g,
	const struct policy_scope *scope, const struct sms *m, struct judge_listed *listed,
	struct stats *stats, struct verdict *v)
{
	if (g->lists != NULL && g->policy->n_list_uses != 0) {
		uint64_t start = stats_clock(stats);

		*listed = judge_list_addresses(j, g, m);
		(void)stats_stage(stats, STAGE_policy, start);
	}
	if (never_blocks(listed) || (listed->use != NULL && !scope->content) ||
		(refuses(listed) && !judge_lists_want_text(g, m, true))) {
		take_list(g, scope, listed, v);
		return true;
	}
	if (!scope->content) {
		v->reason = R_content_off;
	}
	return !scope->content;
}

void judge_message(struct judge *j, const struct generation *g, const struct sms *m,
	uint64_t now_us, bool remember, struct stats *stats, struct verdict *v)
{
	const struct policy_scope *scope = policy_scope_of(g->policy, m->link, m->side);
	struct judge_listed listed = { .use = NULL };
	bool part = is_part(m);

	begin(j, g, v);
	v->uninspected = !scope->content;
	if (m->receipt) {
		stats_add(stats, STAT_receipts, remember);
		v->reason = R_receipt;
		return;
	}
	judge_sender(j, m);
	stats_add(stats, STAT_parts, part && remember);
	if (decide_by_addresses(j, g, scope, m, &listed, stats, v)) {
		return;
	}
	if (part && j->concat != NULL) {
		uint64_t start = stats_clock(stats);
		struct concat_joined joined;
		enum concat_found found = view_part(j, m, now_us, remember, &joined);

		(void)stats_stage(stats, STAGE_text, start);
		if (found == CONCAT_CONDEMNED && refuses(&listed)) {
			take_list(g, scope, &listed, v);
			return;
		}
		if (found == CONCAT_CONDEMNED) {
			take_sibling(g, scope, &joined.verdict, v);
			return;
		}
		stats_add(stats, STAT_parts_joined, j->views.joined && remember);
	} else {
		view_whole(j, m);
	}
	judge_content(j, g, scope, m, &listed, stats, v);
	if (part && j->concat != NULL && remember && condemns(g, v)) {
		condemn(j, g, m, now_us, v);
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
	uint64_t cycles = v->hits.n != 0 ? j->scan_cycles / v->hits.n : 0;

	for (uint32_t i = 0; i < v->hits.n; i++) {
		uint32_t rule = v->hits.hits[i].rule;
		struct rule_count *c = &counts[rule];

		count(judge_acts(j, &g->ruleset->rules[rule]) ? &c->hits : &c->shadow, 1);
		count(&c->octets, j->text_len);
		if (cycles != 0) {
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
