/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * judge_spans: what a redaction takes out. Part of judge.h.
 *
 * The text is copied, what matches is overwritten with spaces in the copy, and the copy is judged
 * again, until nothing that asks for a redaction matches: the matcher lists a rule once, and what is
 * left must stand the same judgement as what came. The difference between copy and text is then what
 * has to go from the PDU, by the maps back:
 *
 *     folded --fold_origin--> text --less own_from--> body's text --text_origin--> units
 *
 * Wherever a place is not known for certain, more is taken out:
 *   - a rule without start of match: all from the beginning to the end of the word it ends in
 *     (control/policy_file.c compiles rules that can redact with start of match, so this is for others)
 *   - a URL or number: the whole of it
 *   - no end in sight, no room for maps or ranges, a match in the sender: the whole text
 */
#include <assert.h>

#include "dataplane/verdict/judge_parts.h"

enum { ROUNDS_MAX = 32 }; /* of taking out and looking again */

/* A range of octets of the text. */
struct range {
	size_t from;
	size_t to;
};

struct redaction {
	struct judge *judge;
	const struct generation *generation;
	const struct policy_scope *scope;
	const struct verdict *verdict;
	uint8_t *copy; /* of views.text, in the buffer `joined` */
	size_t len;
	bool whole;
	size_t again
		[LIMIT_CONCAT_VARIANTS]; /* where this part's own text lies once more (concat.h) */
	unsigned n_again;
};

/* redacts: a hit on `rule` asks for its match to be taken out (or for more than that). */
static bool redacts(const struct redaction *d, const struct rule *rule)
{
	const struct judge_scale scale = { d->judge, d->generation->ruleset, d->scope, false };

	if (!judge_acts(d->judge, rule)) {
		return false;
	}
	if (rule->action != RULE_ACTION_UNSET) {
		return rule->action >= ACTION_REDACT;
	}
	return judge_category_action(&scale, &d->verdict->hits, rule->category) >= ACTION_REDACT;
}

/*
 * whole_by_condition: a rule with a condition matches no place in the text: the whole text is taken out
 * where it asks for that itself, or no pattern does.
 */
static bool whole_by_condition(const struct redaction *d)
{
	const struct scan_hits *hits = &d->verdict->hits;
	bool pattern = false;
	bool condition = false;

	for (uint32_t i = 0; i < hits->n; i++) {
		const struct rule *rule = &d->generation->ruleset->rules[hits->hits[i].rule];

		if (!redacts(d, rule)) {
			continue;
		}
		if (rule->field != FIELD_WHEN) {
			pattern = true;
		} else if (rule->action != RULE_ACTION_UNSET) {
			return true;
		} else {
			condition = true;
		}
	}
	return condition && !pattern;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* whole_characters: widens to the borders of UTF-8 characters (RFC 3629 3: 10xxxxxx continues one). */
static struct range whole_characters(const struct redaction *d, struct range r)
{
	if (r.to > d->len) {
		r.to = d->len;
	}
	while (r.from > 0 && r.from < d->len && (d->copy[r.from] & 0xC0) == 0x80) {
		r.from--;
	}
	while (r.to < d->len && (d->copy[r.to] & 0xC0) == 0x80) {
		r.to++;
	}
	return r;
}

/* unfold: octets of the folded text as octets of the text. */
static struct range unfold(const struct redaction *d, struct range r)
{
	const struct judge_views *w = &d->judge->views;
	const uint32_t *origin = d->judge->fold_origin;
	struct range t;

	if (!w->folded_scanned || r.from >= r.to || r.to > w->folded.len) {
		return r;
	}
	t.from = origin[r.from];
	t.to = origin[r.to];
	if (t.to <=
		origin[r.to - 1]) { /* one character became several, the match ends between them */
		t.to = origin[r.to - 1] + 1u;
	}
	return t;
}

static struct range range_of_hit(const struct redaction *d, const struct scan_hit *hit)
{
	const struct judge_views *w = &d->judge->views;
	struct range r = { hit->from, hit->to };

	if (hit->field == FIELD_URL || hit->field == FIELD_NUMBER) {
		return (struct range){ w->entities[hit->entity].from, w->entities[hit->entity].to };
	}
	if (hit->from < hit->to) {
		return hit->view == VIEW_FOLDED ? unfold(d, r) : r;
	}
	if (hit->view == VIEW_FOLDED && w->folded_scanned) {
		r = unfold(d, (struct range){ 0, hit->to });
	}
	r.from = 0;
	while (r.to < d->len && !is_space(d->copy[r.to])) {
		r.to++;
	}
	return r;
}

/* find_again: a part's own text stands beside each text that one of its neighbours came with. */
static void find_again(struct redaction *d)
{
	const struct judge_views *w = &d->judge->views;
	const uint8_t *own = w->text.data + w->own_from;
	const uint8_t *end = w->text.data + w->text.len;
	size_t len = w->own_to - w->own_from;
	const uint8_t *at = own + len;

	while (len != 0 && (at = memmem(at, (size_t)(end - at), own, len)) != NULL) {
		if (d->n_again == LIMIT_CONCAT_VARIANTS) {
			d->whole = true; /* a text so short that it is anywhere */
			return;
		}
		d->again[d->n_again++] = (size_t)(at - w->text.data);
		at += len;
	}
}

static void blank_range(struct redaction *d, struct range r)
{
	const struct judge_views *w = &d->judge->views;
	size_t len = w->own_to - w->own_from;

	if (r.from >= r.to) {
		return;
	}
	memset(d->copy + r.from, ' ', r.to - r.from);
	for (unsigned i = 0; i < d->n_again; i++) {
		size_t from = r.from > d->again[i] ? r.from : d->again[i];
		size_t to = r.to < d->again[i] + len ? r.to : d->again[i] + len;

		if (from < to) {
			memset(d->copy + w->own_from + (from - d->again[i]), ' ', to - from);
		}
	}
}

/* take_out: one round; false when nothing that asks for it matches any more. */
static bool take_out(struct redaction *d)
{
	struct judge *j = d->judge;
	struct scan_hit found[LIMIT_HITS];
	struct scan_hits hits = { .hits = found, .max = LIMIT_HITS };
	bool any = false;

	judge_view_derived(j, d->generation->ruleset, j->fold_origin, false);
	if (!judge_scan(j, d->generation, NULL, &hits)) {
		d->whole = true;
	}
	for (uint32_t i = 0; i < hits.n && !d->whole; i++) {
		if (!redacts(d, &d->generation->ruleset->rules[found[i].rule])) {
			continue;
		}
		d->whole = found[i].field == FIELD_SENDER;
		blank_range(d, whole_characters(d, range_of_hit(d, &found[i])));
		any = true;
	}
	return any || hits.n_dropped != 0;
}

/* next_difference: the next run of `text` from *at that the copy does not have; false at the end. */
static bool next_difference(struct bytes text, const uint8_t *copy, size_t *at, struct range *r)
{
	size_t i = *at;

	while (i < text.len && text.data[i] == copy[i]) {
		i++;
	}
	if (i == text.len) {
		return false;
	}
	r->from = i;
	r->to = i;
	/* a space inside a run was taken out with it, or makes no difference */
	while (i < text.len && (text.data[i] != copy[i] || copy[i] == ' ')) {
		i++;
		if (text.data[i - 1] != copy[i - 1]) {
			r->to = i;
		}
	}
	*at = i;
	return true;
}

/* body_map: fills the map from body `b`'s text to its units; false where that cannot be had. */
static bool body_map(const struct redaction *d, const struct sms_body *b)
{
	struct judge *j = d->judge;
	struct text_stats ignored;

	return !d->whole && text_decode(&b->input, j->buffers.folded, JUDGE_SPAN_TEXT_MAX,
				    j->text_origin, &ignored) == b->text.len;
}

/* body_spans: adds the ranges of one body, all of it where they cannot be told or are more than `room`. */
static uint32_t body_spans(const struct redaction *d, const struct sms *m, unsigned body,
	const uint8_t *copy, struct judge_span *spans, uint32_t room)
{
	const struct sms_body *b = &m->body[body];
	const uint32_t *origin = d->judge->text_origin;
	bool mapped = body_map(d, b);
	struct range r;
	size_t at = 0;
	uint32_t n = 0;

	if (b->text.len == 0) {
		return 0;
	}
	while (mapped && next_difference(b->text, copy, &at, &r)) {
		if (n == room) {
			mapped = false;
			break;
		}
		spans[n] = (struct judge_span){ (uint8_t)body, origin[r.from], origin[r.to] };
		if (spans[n].to <= origin[r.to - 1]) {
			spans[n].to = origin[r.to - 1] + 1u;
		}
		n++;
	}
	if (mapped) {
		return n;
	}
	spans[0] = (struct judge_span){ (uint8_t)body, 0, text_units(&b->input) };
	return 1;
}

uint32_t judge_spans(struct judge *j, const struct generation *g, const struct sms *m,
	const struct verdict *v, struct judge_span *spans, uint32_t max)
{
	struct judge_views *w = &j->views;
	struct redaction d = {
		.judge = j, .generation = g, .verdict = v, .copy = j->buffers.joined
	};
	struct bytes own = judge_own_text(m);
	uint32_t n = 0;

	assert(max >= SMS_BODIES);
	d.scope = &g->policy->scopes[v->scope];
	d.len = w->text.len;
	d.whole = d.len > JUDGE_SPAN_TEXT_MAX || w->own_to - w->own_from != own.len ||
	          v->uninspected || whole_by_condition(&d);
	if (!d.whole && d.len != 0) {
		memmove(d.copy, w->text.data, d.len);
		w->text = bytes_of(d.copy, d.len);
	}
	if (!d.whole && m->concat.total > 1) {
		find_again(&d);
	}
	for (unsigned rounds = 0; !d.whole && take_out(&d); rounds++) {
		d.whole |= rounds == ROUNDS_MAX;
	}
	for (unsigned i = 0; i < m->n_bodies; i++) {
		const struct sms_body *b = &m->body[i];
		const uint8_t *copy = d.copy;

		if (b->text.len != 0) {
			copy += w->own_from + (size_t)(b->text.data - own.data);
		}
		n += body_spans(&d, m, i, copy, spans + n, max - n - (m->n_bodies - 1u - i));
	}
	return n;
}
