/* SPDX-License-Identifier: BSD-3-Clause */
/* judge_lists: what lists say of a message, and which senders are sampled. Part of judge.h. */
#define XXH_INLINE_ALL /* short keys, as in concat.c */
#include <xxhash.h>

#include "dataplane/proto/smpp.h"
#include "dataplane/sms/numbering.h"
#include "dataplane/verdict/judge_parts.h"

void judge_sender(struct judge *j, const struct sms *m)
{
	struct bytes sender = m->source.digits;

	if (sender.len != 0 && sender.data[0] == '+') { /* one number, however it is written */
		sender = bytes_slice(sender, 1, sender.len);
	}
	j->sender_hash = XXH3_64bits_withSeed(sender.data, sender.len, j->sample_key);
}

bool judge_acts(const struct judge *j, const struct rule *r)
{
	if (r->state == RULE_SAMPLE) {
		return XXH3_64bits_withSeed(r->id, strlen(r->id), j->sender_hash) % 100 < r->sample;
	}
	return r->state == RULE_ON;
}

/* ---- which uses there are for a message ---- */

static bool applies(const struct policy_list_use *u, const struct sms *m)
{
	return (u->link == POLICY_ANY || u->link == m->link) &&
	       (u->side == POLICY_ANY || u->side == m->side);
}

bool judge_lists_want_text(const struct generation *g, const struct sms *m, bool pass)
{
	const struct policy *p = g->policy;

	for (uint32_t i = 0; g->lists != NULL && i < p->n_list_uses; i++) {
		const struct policy_list_use *u = &p->list_uses[i];

		if (u->match == LIST_MATCH_TEXT && applies(u, m) &&
			(!pass || u->action == ACTION_PASS)) {
			return true;
		}
	}
	return false;
}

/* goes_before: `u` was met; it says more than what was met before. */
static bool goes_before(const struct policy_list_use *u, const struct judge_listed *best)
{
	return best->use == NULL || u->action == ACTION_PASS || u->action > best->use->action;
}

/* is_final: nothing can go before it any more. */
static bool is_final(const struct judge_listed *best)
{
	return best->use != NULL && best->use->action == ACTION_PASS;
}

/* ---- addresses ---- */

/* What a use looks up: digits, or a text, or neither. */
struct lookup {
	const struct policy_list_use *use;
	const struct list *list;
	uint16_t home; /* whose national numbers are looked up */
	struct bytes key;
	struct bytes sender; /* LIST_MATCH_PAIR: the originator; `key` is the destination */
	bool sender_number;
	uint8_t digits[LIST_DIGITS_OUT];
	uint8_t sender_digits[LIST_DIGITS_OUT];
};

static bool asks_digits(const struct list *l)
{
	return list_kind(l) <= LIST_CODE;
}

/* home_of: the country that the use names, else the one of the message's scope. */
static uint16_t home_of(const struct judge *j, const struct policy_list_use *u)
{
	return u->country[0] != '\0' ? numbering_country(bytes_str(u->country)) : j->home;
}

static const struct sms_address *address_of(const struct sms *m, enum list_match match)
{
	bool map = m->carrier == SMS_MAP;

	switch (match) {
	case LIST_MATCH_ORIGINATOR:
		return &m->source;
	case LIST_MATCH_DESTINATION:
		return &m->destination;
	case LIST_MATCH_MSISDN:
		return map ? &m->msisdn : NULL;
	case LIST_MATCH_SMSC:
		return map ? &m->smsc : NULL;
	case LIST_MATCH_IMSI:
	case LIST_MATCH_CALLING_GT:
	case LIST_MATCH_CALLED_GT:
	case LIST_MATCH_ACCOUNT:
	case LIST_MATCH_FROM_IP:
	case LIST_MATCH_TO_IP:
	case LIST_MATCH_TEXT:
	case LIST_MATCH_PAIR:
	case LIST_MATCH_COUNT:
		break;
	}
	return NULL;
}

/* plain_digits: GTs and IMSIs come as digits; of what is none they are empty. */
static struct bytes plain_digits(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] < '0' || b.data[i] > '9') {
			return bytes_of(NULL, 0);
		}
	}
	return b;
}

static struct bytes digits_of(struct lookup *k, const struct sms_address *a)
{
	if (list_kind(k->list) ==
		LIST_CODE) { /* as it stands: short codes are no numbers of E.164 */
		return a->ton != TON_ALPHANUMERIC ? plain_digits(a->digits) : bytes_of(NULL, 0);
	}
	return list_normal_number(a->ton, a->digits, k->home, k->digits);
}

/* pair_of: a submit_multi's other destinations have the same originator. */
static struct bytes pair_of(struct lookup *k, const struct sms *m)
{
	k->sender = list_normal_number(m->source.ton, m->source.digits, k->home, k->sender_digits);
	k->sender_number = k->sender.len != 0;
	if (!k->sender_number) {
		k->sender = m->source.digits;
	}
	return digits_of(k, &m->destination);
}

/* key_of: what of the message is looked up; empty: nothing. */
static struct bytes key_of(struct lookup *k, const struct sms *m)
{
	const struct bytes none = bytes_of(NULL, 0);
	enum list_match match = (enum list_match)k->use->match;
	bool map = m->carrier == SMS_MAP;
	const struct sms_address *a = address_of(m, match);

	if (a != NULL) {
		return asks_digits(k->list) ? digits_of(k, a) : a->digits;
	}
	switch (match) {
	case LIST_MATCH_IMSI:
		return map ? plain_digits(m->imsi) : none;
	case LIST_MATCH_CALLING_GT:
		return map ? plain_digits(m->account) : none;
	case LIST_MATCH_CALLED_GT:
		return map ? plain_digits(m->called_gt) : none;
	case LIST_MATCH_ACCOUNT:
		return map ? none : m->account;
	case LIST_MATCH_FROM_IP:
		return m->from_ip != NULL ? bytes_of(m->from_ip, 16) : none;
	case LIST_MATCH_TO_IP:
		return m->to_ip != NULL ? bytes_of(m->to_ip, 16) : none;
	case LIST_MATCH_PAIR:
		return pair_of(k, m);
	case LIST_MATCH_ORIGINATOR:
	case LIST_MATCH_DESTINATION:
	case LIST_MATCH_MSISDN:
	case LIST_MATCH_SMSC:
	case LIST_MATCH_TEXT:
	case LIST_MATCH_COUNT:
		break;
	}
	return none;
}

static bool find(const struct lookup *k, struct list_hit *hit)
{
	uint8_t fold[LIST_FOLD_SIZE];
	struct bytes key = k->key;

	if (key.len == 0) {
		return false;
	}
	if (asks_digits(k->list)) {
		return list_find_digits(k->list, key, hit);
	}
	if (list_kind(k->list) == LIST_IP) {
		return list_find_ip(k->list, key.data, hit);
	}
	if (list_kind(k->list) == LIST_PAIR) {
		return list_find_pair(k->list, key, k->sender, k->sender_number, hit);
	}
	if (k->use->folded) {
		key = list_fold(key, fold);
	}
	return list_find_text(k->list, key, k->use->folded, hit);
}

/*
 * find_others: a submit_multi goes to many: a list that refuses needs one of them, a never-block list
 * all, for the first alone could be there to let the others in. `found`: of the first one.
 */
static bool find_others(struct lookup *k, const struct sms *m, bool found, struct list_hit *hit)
{
	bool all = k->use->action == ACTION_PASS;

	if ((k->use->match != LIST_MATCH_DESTINATION && k->use->match != LIST_MATCH_PAIR) ||
		m->destinations == NULL) {
		return found;
	}
	for (unsigned i = 1; i < m->n_destinations && i < LIMIT_SMPP_DESTS && found == all; i++) {
		const struct smpp_address *d = &m->destinations[i];
		const struct sms_address a = { d->ton, d->npi, d->digits };

		k->key = digits_of(k, &a);
		found = find(k, hit);
	}
	return found;
}

/* keep_number: the number that was met may lie in memory of the call. */
static void keep_number(struct judge *j, struct list_hit *hit)
{
	if (hit->number &&
		hit->entry.len <= sizeof(j->list_digits)) { /* a pair's lies in its list */
		memcpy(j->list_digits, hit->entry.data, hit->entry.len);
		hit->entry.data = j->list_digits;
	}
}

enum { AT_ONCE = 8 }; /* look-ups whose memory is asked for together */

static void look_up(struct judge *j, struct lookup *lookups, unsigned n, const struct sms *m,
	struct judge_listed *best)
{
	for (unsigned i = 0; i < n; i++) {
		struct lookup *k = &lookups[i];

		k->key = key_of(k, m);
		if (asks_digits(k->list)) {
			list_prefetch_digits(k->list, k->key);
		}
	}
	for (unsigned i = 0; i < n && !is_final(best); i++) {
		struct lookup *k = &lookups[i];
		struct list_hit hit = { .number = false };

		if (goes_before(k->use, best) && find_others(k, m, find(k, &hit), &hit)) {
			keep_number(j, &hit);
			*best = (struct judge_listed){ k->use, hit };
		}
	}
}

struct judge_listed judge_list_addresses(
	struct judge *j, const struct generation *g, const struct sms *m)
{
	struct judge_listed best = { .use = NULL };
	struct lookup lookups[AT_ONCE];
	const struct policy *p = g->policy;
	unsigned n = 0;

	for (uint32_t i = 0; g->lists != NULL && i < p->n_list_uses && !is_final(&best); i++) {
		const struct policy_list_use *u = &p->list_uses[i];

		if (u->match == LIST_MATCH_TEXT || !applies(u, m)) {
			continue;
		}
		lookups[n].use = u;
		lookups[n].home = home_of(j, u);
		lookups[n++].list = g->lists->lists[u->list];
		if (n == AT_ONCE) {
			look_up(j, lookups, n, m, &best);
			n = 0;
		}
	}
	look_up(j, lookups, n, m, &best);
	return best;
}

/* ---- what is found in the text ---- */

static bool find_entity(struct judge *j, const struct policy_list_use *u, const struct list *l,
	const struct entity *e, struct list_hit *hit)
{
	uint8_t digits[LIST_DIGITS_OUT];
	struct bytes key;

	if (e->kind == ENTITY_URL) {
		return list_kind(l) == LIST_HOST &&
		       (list_find_url(l, e->value, e->host, hit) ||
			       (u->folded && list_find_look_alike(l, e->host, hit)));
	}
	if (list_kind(l) == LIST_HOST) {
		return false;
	}
	key = list_normal_number(0, e->value, home_of(j, u), digits);
	if (!list_find_digits(l, key, hit)) {
		return false;
	}
	keep_number(j, hit);
	return true;
}

struct judge_listed judge_list_text(
	struct judge *j, const struct generation *g, const struct sms *m)
{
	const struct judge_views *w = &j->views;
	struct judge_listed best = { .use = NULL };
	const struct policy *p = g->policy;

	for (uint32_t i = 0; g->lists != NULL && i < p->n_list_uses && !is_final(&best); i++) {
		const struct policy_list_use *u = &p->list_uses[i];
		struct list_hit hit;

		if (u->match != LIST_MATCH_TEXT || !applies(u, m) || !goes_before(u, &best)) {
			continue;
		}
		for (uint32_t k = 0; k < w->n_entities; k++) {
			if (find_entity(j, u, g->lists->lists[u->list], &w->entities[k], &hit)) {
				best = (struct judge_listed){ u, hit };
				break;
			}
		}
	}
	return best;
}
