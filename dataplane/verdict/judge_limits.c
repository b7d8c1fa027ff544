/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * judge_limits: what limits say of a message, and what they are charged. Part of judge.h.
 *
 * A long message is charged once, by its first part that is let in (sms/concat.h): a part is marked
 * as let in, then its limits are charged, and where one refuses the mark is taken back. Between the two
 * another core may let another part in for nothing: an error towards admitting. A message that is
 * refused for good is condemned with all its parts, unless some were let in before.
 */
#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL /* short keys, as in concat.c */
#include <xxhash.h>

#include "dataplane/proto/smpp.h"
#include "dataplane/verdict/judge_parts.h"

static_assert(
	LIMIT_RULES_MAX * LIMIT_SMPP_DESTS == JUDGE_CHARGES_MAX, "each limit, each recipient");

/* ---- values of keys ---- */

enum { VALUE_SIZE = 256 };

static unsigned n_recipients(const struct sms *m)
{
	unsigned n = m->destinations != NULL ? m->n_destinations : 1;

	n = n <= LIMIT_SMPP_DESTS ? n : LIMIT_SMPP_DESTS;
	return n != 0 ? n : 1; /* of distribution lists alone */
}

/* lower: a text without regard to case, in `out` of VALUE_SIZE. */
static struct bytes lower(struct bytes text, uint8_t *out)
{
	size_t n = text.len < VALUE_SIZE ? text.len : VALUE_SIZE;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = text.data[i];

		out[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
	}
	return bytes_of(out, n);
}

static const struct condition_number *number(
	const struct judge_limited *q, enum condition_number_of which, unsigned at)
{
	struct condition_subject *s = &q->judge->subject;
	const struct condition_number *n;

	s->at = (uint16_t)at;
	n = condition_number(s, which);
	s->at = 0;
	return n;
}

static struct bytes digits_of(const struct condition_number *n)
{
	return bytes_of(n->digits, n->len);
}

/* address: as E.164 digits, or the text that it is. */
static struct bytes address(const struct judge_limited *q, enum condition_number_of which,
	unsigned at, struct bytes sent, uint8_t *out)
{
	const struct condition_number *n = number(q, which, at);

	return n->len != 0 ? digits_of(n) : lower(sent, out);
}

static struct bytes destination_sent(const struct sms *m, unsigned at)
{
	return m->destinations != NULL && at < m->n_destinations ? m->destinations[at].digits
	                                                         : m->destination.digits;
}

/* recipient: MAP names that of a mobile terminated message by IMSI alone (TS 29.002 12.9). */
static struct bytes recipient(const struct judge_limited *q, unsigned at, uint8_t *out)
{
	struct bytes sent = destination_sent(q->sms, at);

	if (sent.len == 0) {
		return q->sms->carrier == SMS_MAP ? q->sms->imsi : sent;
	}
	return address(q, CONDITION_NUMBER_DESTINATION, at, sent, out);
}

static struct bytes prefix(const struct condition_number *n, unsigned digits)
{
	return n->len >= digits ? bytes_of(n->digits, digits) : bytes_of(NULL, 0);
}

static struct bytes country(const struct condition_number *n)
{
	return n->found ? bytes_str(numbering_country_name(n->numbering.country))
	                : bytes_of(NULL, 0);
}

static struct bytes decimal(unsigned n, uint8_t *out)
{
	size_t len = 0;

	if (n >= 10) {
		out[len++] = (uint8_t)('0' + n / 10 % 10);
	}
	out[len++] = (uint8_t)('0' + n % 10);
	return bytes_of(out, len);
}

static struct bytes tenant(const struct judge_limited *q)
{
	uint16_t i = q->judge->subject.tenant;

	return i < q->generation->policy->n_tenants
	               ? bytes_str(q->generation->policy->tenants[i].name)
	               : bytes_of(NULL, 0);
}

static const struct entity *first_entity(const struct judge_views *w, unsigned kind)
{
	for (uint32_t i = 0; i < w->n_entities; i++) {
		if (w->entities[i].kind == kind) {
			return &w->entities[i];
		}
	}
	return NULL;
}

static struct bytes first_host(const struct judge_views *w)
{
	const struct entity *e = first_entity(w, ENTITY_URL);

	return e != NULL ? e->host : bytes_of(NULL, 0);
}

static struct bytes first_number(const struct judge_views *w)
{
	const struct entity *e = first_entity(w, ENTITY_NUMBER);
	struct bytes v = e != NULL ? e->value : bytes_of(NULL, 0);

	return v.len != 0 && v.data[0] == '+' ? bytes_slice(v, 1, v.len) : v;
}

/* folded: the text without disguise, whether rules asked for that view or not. */
static struct bytes folded(struct judge *j)
{
	const struct judge_views *w = &j->views;
	struct fold_result f;

	if (w->folded_scanned || !fold_needed(w->text)) {
		return w->folded_scanned ? w->folded : w->text;
	}
	f = fold_text(w->text, j->buffers.folded, j->buffers.folded_size, NULL);
	return f.len != 0 ? bytes_of(j->buffers.folded, f.len) : w->text;
}

/* text: its hash, made once for all limits and recipients; empty: there is none. */
static struct bytes text(struct judge *j, bool shape)
{
	if (j->views.text.len == 0) {
		return bytes_of(NULL, 0);
	}
	if (!j->text_hashed[shape]) {
		j->text_hash[shape] = limit_text_hash(folded(j), shape);
		j->text_hashed[shape] = true;
	}
	return bytes_of(&j->text_hash[shape], sizeof(j->text_hash[shape]));
}

/* What a limit is asked of: a message, what it was judged by, and which recipient. */
struct asked {
	const struct judge_limited *q;
	const struct verdict *v;
	unsigned at;
};

static struct bytes rule_id(const struct asked *a)
{
	const struct ruleset *r = a->q->generation->ruleset;
	uint32_t rule = a->v->rule;

	if (rule == VERDICT_NO_RULE && a->v->hits.n != 0) {
		rule = a->v->hits.hits[0].rule;
	}
	return rule < r->n_rules ? bytes_str(r->rules[rule].id) : bytes_of(NULL, 0);
}

/* value_of: what is in a key; empty: the message does not have it. */
static struct bytes value_of(const struct asked *a, unsigned key, unsigned digits, uint8_t *out)
{
	const struct judge_limited *q = a->q;
	const struct sms *m = q->sms;
	const struct bytes none = bytes_of(NULL, 0);
	bool map = m->carrier == SMS_MAP;

	switch ((enum limit_key)key) {
	case LIMIT_KEY_LINK:
		return decimal(m->link, out);
	case LIMIT_KEY_SIDE:
		return bytes_str(m->side == SIDE_INSIDE ? "inside" : "outside");
	case LIMIT_KEY_ACCOUNT:
		return m->account;
	case LIMIT_KEY_TENANT:
		return tenant(q);
	case LIMIT_KEY_ORIGINATOR:
		return address(q, CONDITION_NUMBER_ORIGINATOR, 0, m->source.digits, out);
	case LIMIT_KEY_ORIGINATOR_PREFIX:
		return prefix(number(q, CONDITION_NUMBER_ORIGINATOR, 0), digits);
	case LIMIT_KEY_ORIGINATOR_COUNTRY:
		return country(number(q, CONDITION_NUMBER_ORIGINATOR, 0));
	case LIMIT_KEY_DESTINATION:
		return recipient(q, a->at, out);
	case LIMIT_KEY_DESTINATION_PREFIX:
		return prefix(number(q, CONDITION_NUMBER_DESTINATION, a->at), digits);
	case LIMIT_KEY_DESTINATION_COUNTRY:
		return country(number(q, CONDITION_NUMBER_DESTINATION, a->at));
	case LIMIT_KEY_MSISDN:
		return map ? address(q, CONDITION_NUMBER_MSISDN, 0, m->msisdn.digits, out) : none;
	case LIMIT_KEY_IMSI:
		return map ? m->imsi : none;
	case LIMIT_KEY_SMSC:
		return map ? address(q, CONDITION_NUMBER_SMSC, 0, m->smsc.digits, out) : none;
	case LIMIT_KEY_CALLING_GT:
		return map ? m->account : none;
	case LIMIT_KEY_CALLED_GT:
		return map ? m->called_gt : none;
	case LIMIT_KEY_FROM_IP:
		return m->from_ip != NULL ? bytes_of(m->from_ip, 16) : none;
	case LIMIT_KEY_URL_HOST:
		return first_host(&q->judge->views);
	case LIMIT_KEY_NUMBER:
		return first_number(&q->judge->views);
	case LIMIT_KEY_TEXT:
		return text(q->judge, false);
	case LIMIT_KEY_TEXT_SHAPE:
		return text(q->judge, true);
	case LIMIT_KEY_RULE:
		return rule_id(a);
	case LIMIT_KEY_COUNT:
		break;
	}
	return none;
}

/* key_of: false: the message has not all of it: the limit is not for it. */
static bool key_of(const struct asked *a, const struct limit_rule *r, struct limit_key_value *k)
{
	uint8_t out[VALUE_SIZE];

	limit_key_begin(k);
	for (unsigned i = 0; i < r->n_keys; i++) {
		struct bytes v = value_of(a, r->keys[i], r->digits[i], out);

		if (v.len == 0) {
			return false;
		}
		limit_key_put(k, v);
	}
	return true;
}

/* ---- which limits, which keys ---- */

/* What a message is to be charged to. */
struct bill {
	struct asked asked;
	bool parted; /* the limit at hand may be for some of the recipients only */
	struct limit_charge *charges;
	unsigned n;
	uint64_t *elements;
	unsigned n_elements;
};

static bool acts(const struct judge *j, const struct limit_rule *r)
{
	if (r->state == RULE_SAMPLE) {
		return XXH3_64bits_withSeed(r->name, strlen(r->name), j->sender_hash) % 100 <
		       r->sample;
	}
	return r->state == RULE_ON;
}

/* action_of: no more than is allowed here; a limit has no part of a text to take out. */
static uint8_t action_of(const struct limit_rule *r, const struct policy_scope *scope)
{
	uint8_t action = r->action < scope->max_action ? r->action : scope->max_action;

	return action == ACTION_REDACT ? ACTION_REPORT : action;
}

/* is_for: the limit at hand is for recipient `at`. */
static bool is_for(const struct bill *b, const struct limit_rule *r, unsigned at)
{
	return !b->parted || condition_holds_for(&b->asked.q->judge->subject, &r->when, at);
}

static unsigned n_it_is_for(const struct bill *b, const struct limit_rule *r)
{
	unsigned all = n_recipients(b->asked.q->sms);
	unsigned n = b->parted ? 0 : all;

	for (unsigned at = 0; b->parted && at < all; at++) {
		n += is_for(b, r, at);
	}
	return n;
}

/* add_elements: the values that a distinct limit counts of this message. */
static void add_elements(struct bill *b, const struct limit_rule *r, struct limit_charge *c)
{
	struct judge *j = b->asked.q->judge;
	bool each =
		limit_key_when((enum limit_key)r->of) == LIMIT_WHEN_RECIPIENT && !r->per_recipient;
	unsigned n = each ? n_recipients(b->asked.q->sms) : 1;
	struct asked a = b->asked;
	uint8_t out[VALUE_SIZE];

	c->elements = &b->elements[b->n_elements];
	for (unsigned i = 0; i < n; i++) {
		struct bytes v;

		if (each && !is_for(b, r, i)) {
			continue;
		}
		a.at = each ? i : a.at;
		v = value_of(&a, r->of, r->of_digits, out);
		if (v.len != 0) {
			b->elements[b->n_elements++] = limits_element(j->limits, v);
			c->n_elements++;
		}
	}
}

static bool is_named(
	const struct policy *p, const struct limit_rule *r, const struct limit_key_value *k)
{
	return r->n_keys == 0 || (r->n_named != 0 && limit_named_has(&p->limit_named[r->named],
							     r->n_named, limit_key_plain(k)));
}

static void add_key(struct bill *b, const struct limit_rule *r, bool act)
{
	const struct judge_limited *q = b->asked.q;
	struct limit_charge *c = &b->charges[b->n];
	struct limit_key_value k;

	if (!key_of(&b->asked, r, &k)) {
		return;
	}
	*c = (struct limit_charge){ .rule = r,
		.key = limits_key(q->judge->limits, r, &k),
		.units = r->per_recipient ? 1 : n_it_is_for(b, r),
		.action = action_of(r, q->scope),
		.exact = is_named(q->generation->policy, r, &k),
		.acts = act && q->scope->max_action != ACTION_PASS };
	if (r->kind == LIMIT_DISTINCT) {
		add_elements(b, r, c);
		if (c->n_elements == 0) {
			return;
		}
	}
	b->n++;
}

/* asks: the limit is for this message, by what is known of it. */
static bool asks(struct bill *b, const struct limit_rule *r, bool act)
{
	struct condition_subject *s = &b->asked.q->judge->subject;

	b->parted = condition_parts_destinations(s, &r->when);
	if (r->needs_text && !s->has_text) {
		return false;
	}
	s->acts = act;
	return condition_holds(s, &r->when);
}

/*
 * make_bill: `look`: only of limits that need no text and that may refuse; `further`: of a part of an
 * admitted message: only of limits that count parts.
 */
static void make_bill(struct bill *b, const struct judge_limited *q, const struct verdict *v,
	bool look, bool further)
{
	const struct policy *p = q->generation->policy;

	*b = (struct bill){ .asked = { q, v, 0 },
		.charges = q->judge->limit_charges,
		.elements = q->judge->limit_elements };
	for (uint32_t i = 0; i < p->n_limits; i++) {
		const struct limit_rule *r = &p->limits[i];
		bool act = acts(q->judge, r);
		unsigned n = r->per_recipient ? n_recipients(q->sms) : 1;

		if ((further && r->count != LIMIT_COUNT_PARTS) ||
			(look && (r->late || !act || action_of(r, q->scope) < ACTION_BLANK)) ||
			!asks(b, r, act)) {
			continue;
		}
		for (b->asked.at = 0; b->asked.at < n; b->asked.at++) {
			if (!r->per_recipient || is_for(b, r, b->asked.at)) {
				add_key(b, r, act);
			}
		}
		b->asked.at = 0;
	}
}

/* ---- what follows ---- */

static void take_limit(
	const struct judge_limited *q, const struct limit_charge *c, struct verdict *v)
{
	struct limit_fill fill;

	limits_fill(q->judge->limits, c->rule, c->key, q->now_us, &fill);
	v->action = c->action;
	v->shadow_action = c->action > v->shadow_action ? c->action : v->shadow_action;
	v->reason = R_limit;
	v->category = 0;
	v->score = 0;
	v->rule = VERDICT_NO_RULE;
	v->list_use = VERDICT_NO_LIST;
	v->status = c->action == ACTION_REJECT ? c->rule->status : 0;
	v->limit = (uint32_t)(c->rule - q->generation->policy->limits);
	v->limit_fill = fill.per_mille;
}

/* condemn: what is refused for good is refused with all its parts; what is throttled may come again. */
static void condemn(const struct judge_limited *q, const struct verdict *v)
{
	static const char before[] = "limit/";
	struct concat_verdict c = { .rule = VERDICT_NO_RULE,
		.generation = q->generation->number,
		.action = v->action,
		.status = v->status };

	static_assert(sizeof(before) + LIMIT_NAME_SIZE <= sizeof(c.rule_id), "it fits");
	if (v->action == ACTION_THROTTLE) {
		return;
	}
	memcpy(c.rule_id, before, sizeof(before) - 1);
	memcpy(c.rule_id + sizeof(before) - 1, q->generation->policy->limits[v->limit].name,
		LIMIT_NAME_SIZE);
	(void)concat_refuse(q->judge->concat, q->sms, &c, q->now_us);
}

/* has_begun: other parts were let in: they stay so, and a part that comes again is refused alone. */
static bool has_begun(const struct concat_admission *a)
{
	uint8_t any = 0;

	for (unsigned i = 0; i < sizeof(a->before); i++) {
		any |= a->before[i];
	}
	return any != 0;
}

static void refuse(const struct judge_limited *q, const struct limit_charge *c,
	const struct concat_admission *a, struct verdict *v)
{
	take_limit(q, c, v);
	if (q->remember && q->judge->concat != NULL && judge_is_part(q->sms) && !has_begun(a)) {
		condemn(q, v);
	}
}

/* tell: what limits that do not refuse have to say. */
static void tell(const struct judge_limited *q, const struct bill *b, struct verdict *v)
{
	for (unsigned i = 0; i < b->n; i++) {
		const struct limit_charge *c = &b->charges[i];

		if (!c->exceeded) {
			continue;
		}
		if (!c->acts) {
			v->shadow = true;
			v->shadow_action =
				c->action > v->shadow_action ? c->action : v->shadow_action;
		} else if (v->action == ACTION_PASS) {
			take_limit(q, c, v);
		}
	}
}

/* answer: a message that was let in is an answer to its recipients. */
static void answer(const struct judge_limited *q)
{
	const struct policy *p = q->generation->policy;
	struct limits *l = q->judge->limits;

	for (uint32_t i = 0; i < p->n_limits; i++) {
		const struct limit_rule *r = &p->limits[i];

		for (unsigned at = 0; r->kind == LIMIT_RATIO && at < n_recipients(q->sms); at++) {
			uint8_t out[VALUE_SIZE];
			struct bytes to = recipient(q, at, out);
			struct limit_key_value k;

			limit_key_begin(&k);
			limit_key_put(&k, to);
			if (to.len != 0) {
				limits_answered(
					l, q->judge->worker, r, limits_key(l, r, &k), q->now_us);
			}
		}
	}
}

/* know_hits: for conditions that ask for hits: which of them act. */
static void know_hits(const struct judge_limited *q, const struct verdict *v)
{
	struct condition_subject *s = &q->judge->subject;

	s->hits = &v->hits;
	s->acting = 0;
	for (uint32_t i = 0; i < v->hits.n; i++) {
		bool act =
			judge_acts(q->judge, &q->generation->ruleset->rules[v->hits.hits[i].rule]);

		s->acting |= (uint64_t)act << i;
	}
}

/* ---- a message ---- */

static bool has_limits(const struct judge_limited *q)
{
	return q->judge->limits != NULL && q->generation->policy->n_limits != 0;
}

static bool in_parts(const struct judge_limited *q)
{
	return q->judge->concat != NULL && judge_is_part(q->sms);
}

/* is_free: no part of an admitted message is refused; without a table only the first is asked. */
static bool is_free(const struct judge_limited *q, enum concat_standing s)
{
	return s == CONCAT_FURTHER || (s == CONCAT_UNKNOWN && q->sms->concat.part != 1);
}

bool judge_limits_look(const struct judge_limited *q, struct verdict *v)
{
	struct concat_admission a = { .before = { 0 } };
	enum concat_standing s = CONCAT_FIRST;
	struct bill b;
	unsigned i;

	if (!has_limits(q) || v->uninspected) {
		return false;
	}
	if (in_parts(q)) {
		s = concat_standing(q->judge->concat, q->sms, q->now_us, &a);
		if (s == CONCAT_REFUSED) {
			return false; /* it is found where its parts are joined */
		}
	}
	know_hits(q, v);
	make_bill(&b, q, v, true, in_parts(q) && is_free(q, s));
	i = limits_look(q->judge->limits, b.charges, b.n, q->now_us);
	if (i == b.n) {
		return false;
	}
	refuse(q, &b.charges[i], &a, v);
	if (q->remember) {
		limits_refused(q->judge->limits, q->judge->worker, b.charges, i + 1, q->now_us);
	}
	return true;
}

/* charge: true: it is let in; `a`: what else of its message was. */
static bool charge(const struct judge_limited *q, bool further, const struct concat_admission *a,
	struct verdict *v)
{
	struct judge *j = q->judge;
	struct bill b;
	unsigned i;

	know_hits(q, v);
	make_bill(&b, q, v, false, further);
	i = q->remember ? limits_charge(j->limits, j->worker, b.charges, b.n, q->now_us)
	                : limits_look(j->limits, b.charges, b.n, q->now_us);
	if (i < b.n) {
		refuse(q, &b.charges[i], a, v);
		return false;
	}
	tell(q, &b, v);
	if (q->remember && !further) {
		answer(q);
	}
	return true;
}

static void charge_part(const struct judge_limited *q, struct verdict *v)
{
	struct concat *c = q->judge->concat;
	struct concat_admission a = { .before = { 0 } };
	enum concat_standing s = q->remember ? concat_admit(c, q->sms, q->now_us, &a)
	                                     : concat_standing(c, q->sms, q->now_us, &a);
	bool further = is_free(q, s);

	if (s == CONCAT_REFUSED) {
		judge_take_sibling(q->generation, q->scope, &a.verdict, v);
		return;
	}
	if (s == CONCAT_UNKNOWN && further) {
		stats_add(q->stats, STAT_limit_parts_alone, q->remember);
	}
	if (!charge(q, further, &a, v) && q->remember && s != CONCAT_UNKNOWN) {
		concat_withdraw(c, q->sms, &a);
	}
}

void judge_limits_spare(const struct judge_limited *q)
{
	/* whether a part is the first of its message is not known here: the one that says so counts */
	if (has_limits(q) && q->remember && (!judge_is_part(q->sms) || q->sms->concat.part == 1)) {
		answer(q);
	}
}

void judge_limits_charge(const struct judge_limited *q, struct verdict *v)
{
	if (!has_limits(q)) {
		return;
	}
	if (in_parts(q)) {
		charge_part(q, v);
	} else {
		(void)charge(q, false, NULL, v);
	}
}

void judge_limits_each(struct judge *j, const struct generation *g, const struct sms *m,
	const struct verdict *v, judge_limits_seen seen, void *arg)
{
	const struct judge_limited q = {
		.judge = j, .generation = g, .scope = &g->policy->scopes[v->scope], .sms = m
	};
	struct bill b = { .asked = { &q, v, 0 } };

	know_hits(&q, v);
	for (uint32_t i = 0; i < g->policy->n_limits; i++) {
		const struct limit_rule *r = &g->policy->limits[i];
		unsigned n = r->per_recipient ? n_recipients(m) : 1;

		for (b.asked.at = 0; asks(&b, r, acts(j, r)) && b.asked.at < n; b.asked.at++) {
			struct limit_key_value k;

			if ((!r->per_recipient || is_for(&b, r, b.asked.at)) &&
				key_of(&b.asked, r, &k)) {
				seen(arg, r, &k);
			}
		}
		b.asked.at = 0;
	}
}
