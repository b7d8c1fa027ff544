/* SPDX-License-Identifier: BSD-3-Clause */
/* condition_test: one test of one field. Part of condition.h. */
#include <assert.h>

#include "dataplane/stats.h"
#include "dataplane/verdict/condition_parts.h"

/* What asks: the values of a test. */
struct asking {
	struct condition_subject *subject;
	const struct condition_store *store;
	const struct condition_node *node;
};

static const struct condition_value *value_of(const struct asking *a, unsigned i)
{
	return &a->store->values[a->node->value + i];
}

static struct bytes text_of(const struct asking *a, const struct condition_value *v)
{
	return bytes_of((const uint8_t *)a->store->text + v->text, v->len);
}

static const struct list *list_of(const struct asking *a, const struct condition_value *v)
{
	const struct list_set *set = a->subject->lists;

	return set != NULL && v->min >= 0 && v->min < set->n ? set->lists[v->min] : NULL;
}

/* ---- numbers ---- */

/* any_number: `n` lies in one of the ranges; where they may wrap, 22 to 6 is all but 7 to 21. */
static bool any_number(const struct asking *a, int64_t n, bool wraps)
{
	for (unsigned i = 0; i < a->node->n_values; i++) {
		const struct condition_value *v = value_of(a, i);
		bool above = n >= v->min;
		bool below = n <= v->max;

		if (v->kind == CONDITION_VALUE_RANGE &&
			(wraps && v->min > v->max ? above || below : above && below)) {
			return true;
		}
	}
	return false;
}

static bool any_anomaly(const struct asking *a, const struct sms *m)
{
	for (unsigned i = 0; i < a->node->n_values; i++) {
		const struct condition_value *v = value_of(a, i);

		if (v->min >= 0 && v->min < R_COUNT &&
			(m->anomalies[v->min / 64] >> (v->min % 64) & 1) != 0) {
			return true;
		}
	}
	return false;
}

/* any_element: TS 23.040 9.2.3.24: identifier, length, data, and again. */
static bool any_element(const struct asking *a, struct bytes udh)
{
	static_assert(R_COUNT <= 64 * SMS_ANOMALY_WORDS, "each reason has its bit");
	for (size_t at = 0; at + 2 <= udh.len; at += 2u + udh.data[at + 1]) {
		if (any_number(a, udh.data[at], false)) {
			return true;
		}
	}
	return false;
}

static bool any_hit(const struct asking *a)
{
	const struct condition_subject *s = a->subject;

	for (uint32_t i = 0; s->hits != NULL && i < s->hits->n; i++) {
		if ((!s->acts || (s->acting >> i & 1) != 0) &&
			any_number(a, s->hits->hits[i].rule, false)) {
			return true;
		}
	}
	return false;
}

static int64_t count_entities(const struct condition_subject *s, enum entity_kind kind)
{
	int64_t n = 0;

	for (uint32_t i = 0; i < s->n_entities; i++) {
		n += s->entities[i].kind == kind;
	}
	return n;
}

/* count_characters: RFC 3629 3: 10xxxxxx continues a character. */
static int64_t count_characters(struct condition_subject *s)
{
	if (s->n_characters == UINT32_MAX) {
		s->n_characters = 0;
		for (size_t i = 0; i < s->text.len; i++) {
			s->n_characters += (s->text.data[i] & 0xC0) != 0x80;
		}
	}
	return s->n_characters;
}

/* ---- texts ---- */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool same(const uint8_t *x, const uint8_t *y, size_t len, bool exact)
{
	if (exact) {
		return len == 0 || memcmp(x, y, len) == 0;
	}
	for (size_t i = 0; i < len; i++) {
		if (lower(x[i]) != lower(y[i])) {
			return false;
		}
	}
	return true;
}

static bool contains(struct bytes is, struct bytes part, bool exact)
{
	for (size_t at = 0; at + part.len <= is.len; at++) {
		if (same(is.data + at, part.data, part.len, exact)) {
			return true;
		}
	}
	return false;
}

/* fits: `is` is the text, begins with it, ends in it or has it in it, by the value's kind. */
static bool fits(unsigned kind, struct bytes is, struct bytes text, bool exact)
{
	if (kind == CONDITION_VALUE_PART) {
		return contains(is, text, exact);
	}
	if (text.len > is.len || (kind == CONDITION_VALUE_TEXT && text.len != is.len)) {
		return false;
	}
	return same(kind == CONDITION_VALUE_SUFFIX ? is.data + (is.len - text.len) : is.data,
		text.data, text.len, exact);
}

static bool is_text(const struct condition_value *v)
{
	return v->kind >= CONDITION_VALUE_TEXT && v->kind <= CONDITION_VALUE_PART;
}

static bool in_text_list(const struct list *l, struct bytes is, bool look_alikes)
{
	uint8_t fold[LIST_FOLD_SIZE];

	if (l == NULL || (list_kind(l) != LIST_SENDER && list_kind(l) != LIST_ACCOUNT)) {
		return false;
	}
	return list_find_text(l, look_alikes ? list_fold(is, fold) : is, look_alikes, NULL);
}

/* any_text: an empty text is none. */
static bool any_text(const struct asking *a, struct bytes is, bool exact)
{
	for (unsigned i = 0; i < a->node->n_values && is.len != 0; i++) {
		const struct condition_value *v = value_of(a, i);

		if (is_text(v) ? fits(v->kind, is, text_of(a, v), exact)
			       : v->kind == CONDITION_VALUE_LIST &&
					 in_text_list(list_of(a, v), is, v->max == 1)) {
			return true;
		}
	}
	return false;
}

/* any_country: a region, or the calling code that several may share. */
static bool any_country(const struct asking *a, const struct condition_number *n)
{
	const char *region = numbering_country_name(n->numbering.country);

	for (unsigned i = 0; i < a->node->n_values && n->found; i++) {
		const struct condition_value *v = value_of(a, i);
		struct bytes code = bytes_of(n->digits, n->numbering.calling_len);

		if (is_text(v) && (fits(v->kind, bytes_str(region), text_of(a, v), false) ||
					  fits(v->kind, code, text_of(a, v), true))) {
			return true;
		}
	}
	return false;
}

static bool any_kind(const struct asking *a, const struct condition_number *n)
{
	return n->found && any_number(a, n->numbering.kind, false);
}

/* ---- addresses ---- */

/* in_list: E.164 digits; short codes, IMSIs and texts as they are. */
static bool in_list(const struct list *l, const struct condition_value *v, struct bytes plain,
	const uint8_t *digits, size_t len)
{
	if (l == NULL) {
		return false;
	}
	switch (list_kind(l)) {
	case LIST_NUMBER:
	case LIST_GT:
		return len != 0 && list_find_digits(l, bytes_of(digits, len), NULL);
	case LIST_CODE:
	case LIST_IMSI:
		plain = condition_digits_only(plain);
		return plain.len != 0 && list_find_digits(l, plain, NULL);
	case LIST_SENDER:
	case LIST_ACCOUNT:
		return in_text_list(l, plain, v->max == 1);
	case LIST_IP:
	case LIST_HOST:
	case LIST_PAIR:
	case LIST_KIND_COUNT:
		break;
	}
	return false;
}

/* any_address: as it is (`plain`) or as E.164 digits, as each value asks. */
static bool any_address(
	const struct asking *a, struct bytes plain, const uint8_t *digits, size_t len)
{
	for (unsigned i = 0; i < a->node->n_values && plain.len != 0; i++) {
		const struct condition_value *v = value_of(a, i);

		if (v->kind == CONDITION_VALUE_LIST) {
			if (in_list(list_of(a, v), v, plain, digits, len)) {
				return true;
			}
		} else if (is_text(v) && v->digits) {
			if (len != 0 && fits(v->kind, bytes_of(digits, len), text_of(a, v), true)) {
				return true;
			}
		} else if (is_text(v) && fits(v->kind, plain, text_of(a, v), false)) {
			return true;
		}
	}
	return false;
}

static bool any_number_address(
	const struct asking *a, struct bytes plain, enum condition_number_of which)
{
	const struct condition_number *n;

	if (plain.len == 0) {
		return false;
	}
	n = condition_number(a->subject, which);
	return any_address(a, plain, n->digits, n->len);
}

/* any_pair: a subscriber who has the sender in a list of their own. */
static bool any_pair(const struct asking *a)
{
	const struct condition_number *to =
		condition_number(a->subject, CONDITION_NUMBER_DESTINATION);
	const struct condition_number *from =
		condition_number(a->subject, CONDITION_NUMBER_ORIGINATOR);
	struct bytes sender =
		from->len != 0 ? bytes_of(from->digits, from->len) : a->subject->sms->source.digits;

	for (unsigned i = 0; i < a->node->n_values && to->len != 0; i++) {
		const struct condition_value *v = value_of(a, i);
		const struct list *l = v->kind == CONDITION_VALUE_LIST ? list_of(a, v) : NULL;

		if (l != NULL && list_kind(l) == LIST_PAIR &&
			list_find_pair(
				l, bytes_of(to->digits, to->len), sender, from->len != 0, NULL)) {
			return true;
		}
	}
	return false;
}

/* net_has: the first `bits` of both are the same. */
static bool net_has(const uint8_t *net, const uint8_t *ip, int64_t bits)
{
	size_t octets = bits < 0 || bits > 128 ? 0 : (size_t)bits / 8;
	unsigned rest = bits < 0 || bits > 128 ? 0 : (unsigned)bits % 8;

	if (memcmp(net, ip, octets) != 0) {
		return false;
	}
	return rest == 0 || (net[octets] ^ ip[octets]) >> (8 - rest) == 0;
}

static bool any_ip(const struct asking *a, const uint8_t *ip)
{
	for (unsigned i = 0; i < a->node->n_values && ip != NULL; i++) {
		const struct condition_value *v = value_of(a, i);
		const struct list *l = v->kind == CONDITION_VALUE_LIST ? list_of(a, v) : NULL;

		if (v->kind == CONDITION_VALUE_NET && v->len == 16 &&
			net_has(text_of(a, v).data, ip, v->min)) {
			return true;
		}
		if (l != NULL && list_kind(l) == LIST_IP && list_find_ip(l, ip, NULL)) {
			return true;
		}
	}
	return false;
}

/* ---- entities of the text ---- */

static bool any_url_list(const struct asking *a, const struct entity *e)
{
	for (unsigned i = 0; i < a->node->n_values; i++) {
		const struct condition_value *v = value_of(a, i);
		const struct list *l = v->kind == CONDITION_VALUE_LIST ? list_of(a, v) : NULL;

		if (l != NULL && list_kind(l) == LIST_HOST &&
			list_find_url(l, e->value, e->host, NULL)) {
			return true;
		}
	}
	return false;
}

static bool test_entity(const struct asking *a, uint32_t i)
{
	const struct entity *e = &a->subject->entities[i];
	const struct condition_number *n;

	if (a->node->field == CONDITION_URL || a->node->field == CONDITION_URL_HOST) {
		return e->kind == ENTITY_URL &&
		       (any_text(a, a->node->field == CONDITION_URL ? e->value : e->host, false) ||
			       any_url_list(a, e));
	}
	if (e->kind != ENTITY_NUMBER) {
		return false;
	}
	n = condition_text_number(a->subject, i);
	if (a->node->field == CONDITION_TEXT_NUMBER) {
		return any_address(a, e->value, n->digits, n->len);
	}
	return a->node->field == CONDITION_TEXT_NUMBER_COUNTRY ? any_country(a, n) : any_kind(a, n);
}

static bool any_entity(const struct asking *a)
{
	for (uint32_t i = 0; i < a->subject->n_entities; i++) {
		if (test_entity(a, i)) {
			return true;
		}
	}
	return false;
}

/* ---- fields ---- */

/* is_alphanumeric: by its type, or because it is no number as it stands. */
static bool is_alphanumeric(const struct sms_address *a)
{
	size_t plus = a->digits.len != 0 && a->digits.data[0] == '+';
	struct bytes rest = bytes_slice(a->digits, plus, a->digits.len);

	return a->digits.len != 0 &&
	       (a->ton == TON_ALPHANUMERIC || condition_digits_only(rest).len == 0);
}

/* coding_of: of the first body that has text, else of the first. */
static bool coding_of(const struct sms *m, int64_t *n)
{
	unsigned body = 0;

	while (body + 1u < m->n_bodies && m->body[body].text.len == 0) {
		body++;
	}
	if (body < m->n_bodies && m->body[body].text.len == 0) {
		body = 0;
	}
	*n = m->n_bodies != 0 ? m->body[body].input.encoding : 0;
	return m->n_bodies != 0;
}

/* message_number: fields of all carriers that have one number; false: the message has none there. */
static bool message_number(const struct condition_subject *s, enum condition_field f, int64_t *n)
{
	const struct sms *m = s->sms;
	bool smpp = m->carrier == SMS_SMPP;
	bool multi = m->concat.total > 1;

	switch ((unsigned)f) {
	case CONDITION_LINK:
		*n = m->link;
		return true;
	case CONDITION_SIDE:
		*n = m->side;
		return true;
	case CONDITION_ROLE:
		*n = m->role;
		return true;
	case CONDITION_CARRIER:
		*n = m->carrier;
		return true;
	case CONDITION_TENANT:
		*n = s->tenant;
		return s->tenant != CONDITION_NO_TENANT;
	case CONDITION_ORIGINATOR_TON:
		*n = m->source.ton;
		return m->source.digits.len != 0;
	case CONDITION_ORIGINATOR_NPI:
		*n = m->source.npi;
		return m->source.digits.len != 0;
	case CONDITION_ORIGINATOR_LENGTH:
		*n = (int64_t)m->source.digits.len;
		return true;
	case CONDITION_ORIGINATOR_ALPHANUMERIC:
		*n = is_alphanumeric(&m->source);
		return true;
	case CONDITION_RECIPIENTS:
		*n = m->n_destinations > 1 ? m->n_destinations : 1;
		return true;
	case CONDITION_PROTOCOL_ID:
		*n = m->protocol_id;
		return true;
	case CONDITION_DATA_CODING:
		*n = m->data_coding;
		return true;
	case CONDITION_MESSAGE_CLASS:
		*n = m->message_class;
		return m->message_class >= 0;
	case CONDITION_ESM_CLASS:
		*n = m->esm_class;
		return smpp;
	case CONDITION_CODING:
		return coding_of(m, n);
	case CONDITION_COMPRESSED:
		*n = m->compressed;
		return true;
	case CONDITION_MESSAGE_WAITING:
		*n = m->message_waiting;
		return true;
	case CONDITION_SOURCE_PORT:
		*n = m->source_port;
		return m->source_port != 0;
	case CONDITION_DESTINATION_PORT:
		*n = m->destination_port;
		return m->destination_port != 0;
	case CONDITION_PART:
		*n = multi ? m->concat.part : 1;
		return true;
	case CONDITION_PARTS:
		*n = multi ? m->concat.total : 1;
		return true;
	case CONDITION_REFERENCE:
		*n = m->concat.reference;
		return multi;
	case CONDITION_OPERATION:
		*n = m->operation;
		return !smpp;
	case CONDITION_MAP_VERSION:
		*n = m->map_version;
		return !smpp && m->map_version != 0;
	case CONDITION_TPDU_TYPE:
		*n = m->tpdu_type;
		return !smpp;
	case CONDITION_TO_MOBILE:
		*n = m->to_mobile;
		return !smpp;
	case CONDITION_MORE_MESSAGES:
		*n = m->more_messages;
		return !smpp;
	default: /* not one number: the callers know which fields they ask for */
		return false;
	}
}

static bool test_time(const struct asking *a)
{
	struct condition_subject *s = a->subject;

	if (a->node->field == CONDITION_FROM || a->node->field == CONDITION_UNTIL) {
		return any_number(a, (int64_t)s->now_us, false);
	}
	if (!s->has_time) {
		condition_clock(s);
	}
	return any_number(a, a->node->field == CONDITION_HOURS ? s->minute : s->day, true);
}

static bool test_content(const struct asking *a)
{
	struct condition_subject *s = a->subject;

	if (!s->has_text) {
		return false;
	}
	switch ((unsigned)a->node->field) {
	case CONDITION_TEXT_LENGTH:
		return any_number(a, count_characters(s), false);
	case CONDITION_URLS:
		return any_number(a, count_entities(s, ENTITY_URL), false);
	case CONDITION_NUMBERS:
		return any_number(a, count_entities(s, ENTITY_NUMBER), false);
	default:
		return any_entity(a);
	}
}

static bool test_destination(const struct asking *a)
{
	struct sms_address to = condition_destination(a->subject);

	switch ((unsigned)a->node->field) {
	case CONDITION_DESTINATION:
		return any_number_address(a, to.digits, CONDITION_NUMBER_DESTINATION);
	case CONDITION_DESTINATION_TON:
		return to.digits.len != 0 && any_number(a, to.ton, false);
	case CONDITION_DESTINATION_NPI:
		return to.digits.len != 0 && any_number(a, to.npi, false);
	case CONDITION_DESTINATION_LENGTH:
		return any_number(a, (int64_t)to.digits.len, false);
	case CONDITION_DESTINATION_COUNTRY:
		return any_country(a, condition_number(a->subject, CONDITION_NUMBER_DESTINATION));
	default:
		return any_kind(a, condition_number(a->subject, CONDITION_NUMBER_DESTINATION));
	}
}

/* test_address: the other ends of a message; MAP's are empty elsewhere. */
static bool test_address(const struct asking *a)
{
	struct condition_subject *s = a->subject;
	const struct sms *m = s->sms;
	const struct bytes none = bytes_of(NULL, 0);
	bool map = m->carrier == SMS_MAP;

	switch ((unsigned)a->node->field) {
	case CONDITION_ORIGINATOR:
		return any_number_address(a, m->source.digits, CONDITION_NUMBER_ORIGINATOR);
	case CONDITION_ORIGINATOR_COUNTRY:
		return any_country(a, condition_number(s, CONDITION_NUMBER_ORIGINATOR));
	case CONDITION_ORIGINATOR_KIND:
		return any_kind(a, condition_number(s, CONDITION_NUMBER_ORIGINATOR));
	case CONDITION_MSISDN:
		return any_number_address(
			a, map ? m->msisdn.digits : none, CONDITION_NUMBER_MSISDN);
	case CONDITION_MSISDN_COUNTRY:
		return any_country(a, condition_number(s, CONDITION_NUMBER_MSISDN));
	case CONDITION_IMSI:
		return any_address(a, map ? m->imsi : none, m->imsi.data, m->imsi.len);
	case CONDITION_SMSC:
		return any_number_address(a, map ? m->smsc.digits : none, CONDITION_NUMBER_SMSC);
	case CONDITION_SMSC_COUNTRY:
		return any_country(a, condition_number(s, CONDITION_NUMBER_SMSC));
	case CONDITION_CALLING_GT:
		return any_number_address(a, condition_gt(s, CONDITION_NUMBER_CALLING_GT),
			CONDITION_NUMBER_CALLING_GT);
	case CONDITION_CALLING_GT_COUNTRY:
		return any_country(a, condition_number(s, CONDITION_NUMBER_CALLING_GT));
	case CONDITION_CALLED_GT:
		return any_number_address(
			a, condition_gt(s, CONDITION_NUMBER_CALLED_GT), CONDITION_NUMBER_CALLED_GT);
	case CONDITION_CALLED_GT_COUNTRY:
		return any_country(a, condition_number(s, CONDITION_NUMBER_CALLED_GT));
	default:
		return false;
	}
}

bool condition_test(struct condition_subject *s, const struct condition_node *node)
{
	const struct asking a = { s, s->store, node };
	enum condition_field f = (enum condition_field)node->field;
	const struct sms *m = s->sms;
	int64_t n = 0;

	if (message_number(s, f, &n)) {
		return any_number(&a, n, false);
	}
	if (f >= CONDITION_HOURS && f <= CONDITION_UNTIL) {
		return test_time(&a);
	}
	if (condition_field_content(f)) {
		return test_content(&a);
	}
	switch ((unsigned)f) {
	case CONDITION_COMMAND:
		return m->command != NULL && any_text(&a, bytes_str(m->command), false);
	case CONDITION_ACCOUNT:
		return m->carrier == SMS_SMPP && any_text(&a, m->account, true);
	case CONDITION_DESTINATION:
	case CONDITION_DESTINATION_TON:
	case CONDITION_DESTINATION_NPI:
	case CONDITION_DESTINATION_LENGTH:
	case CONDITION_DESTINATION_COUNTRY:
	case CONDITION_DESTINATION_KIND:
		return test_destination(&a);
	case CONDITION_PAIR:
		return any_pair(&a);
	case CONDITION_FROM_IP:
		return any_ip(&a, m->from_ip);
	case CONDITION_TO_IP:
		return any_ip(&a, m->to_ip);
	case CONDITION_UDH_ELEMENT:
		return any_element(&a, m->udh);
	case CONDITION_ANOMALY:
		return any_anomaly(&a, m);
	case CONDITION_HIT:
		return any_hit(&a);
	default:
		return test_address(&a);
	}
}
