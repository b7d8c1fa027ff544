/* SPDX-License-Identifier: BSD-3-Clause */
/* condition_subject: what tests need of a message, made when it is first asked for. Part of condition.h. */
#include "dataplane/proto/smpp.h"
#include "dataplane/verdict/condition_parts.h"

enum { DAY_S = 86400, WEEK_DAYS = 7, EPOCH_DAY = 3 /* 1970-01-01 was a Thursday */ };

static void forget_numbers(struct condition_subject *s)
{
	for (unsigned i = 0; i < CONDITION_NUMBER_COUNT; i++) {
		s->numbers[i].known = false;
	}
	for (uint32_t i = 0; i < s->n_entities; i++) {
		s->in_text[i].known = false;
	}
	if (s->sms->destinations != NULL) {
		for (unsigned i = 0; i < s->sms->n_destinations && i < LIMIT_SMPP_DESTS; i++) {
			s->others[i].known = false;
		}
	}
}

void condition_begin(
	struct condition_subject *s, const struct sms *m, uint64_t now_us, uint16_t home)
{
	s->store = NULL; /* not the whole struct: it is large, and the numbers say what they know */
	s->zone = NULL;
	s->lists = NULL;
	s->hits = NULL;
	s->acting = 0;
	s->tenant = CONDITION_NO_TENANT;
	s->all_destinations = false;
	s->acts = false;
	s->sms = m;
	s->now_us = now_us;
	s->home = home;
	s->has_text = false;
	s->has_time = false;
	s->at = 0;
	s->n_characters = UINT32_MAX;
	s->text = bytes_of(NULL, 0);
	s->entities = NULL;
	s->n_entities = 0;
	forget_numbers(s);
}

void condition_set_home(struct condition_subject *s, uint16_t home)
{
	if (home != s->home) {
		s->home = home;
		forget_numbers(s);
	}
}

void condition_set_text(struct condition_subject *s, struct bytes text,
	const struct entity *entities, uint32_t n_entities)
{
	s->has_text = true;
	s->text = text;
	s->n_characters = UINT32_MAX;
	s->entities = entities;
	s->n_entities = n_entities;
	for (uint32_t i = 0; i < n_entities; i++) {
		s->in_text[i].known = false;
	}
}

/* ---- numbers ---- */

struct bytes condition_digits_only(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] < '0' || b.data[i] > '9') {
			return bytes_of(NULL, 0);
		}
	}
	return b;
}

/* is_one_of_many: `at` is a destination of a submit_multi; one to distribution lists alone has none. */
static bool is_one_of_many(const struct condition_subject *s)
{
	return s->sms->destinations != NULL && s->at < s->sms->n_destinations &&
	       s->at < LIMIT_SMPP_DESTS;
}

struct sms_address condition_destination(const struct condition_subject *s)
{
	const struct sms *m = s->sms;

	if (is_one_of_many(s)) {
		const struct smpp_address *d = &m->destinations[s->at];

		return (struct sms_address){ d->ton, d->npi, d->digits };
	}
	return m->destination;
}

struct bytes condition_gt(const struct condition_subject *s, enum condition_number_of which)
{
	if (s->sms->carrier != SMS_MAP) {
		return bytes_of(NULL, 0);
	}
	return condition_digits_only(
		which == CONDITION_NUMBER_CALLING_GT ? s->sms->account : s->sms->called_gt);
}

/* make: the normal form of an address; what is international already has TON_INTERNATIONAL. */
static const struct condition_number *make(const struct condition_subject *s,
	struct condition_number *n, unsigned ton, struct bytes address)
{
	struct bytes digits = bytes_of(NULL, 0);

	if (n->known) {
		return n;
	}
	if (ton != TON_ALPHANUMERIC && address.len != 0) {
		digits = numbering_normal(s->home, ton, address, n->digits, NULL);
	}
	n->known = true;
	n->len = (uint8_t)(digits.len < sizeof(n->digits) ? digits.len : 0);
	if (n->len != 0 && digits.data != n->digits) {
		memmove(n->digits, digits.data, n->len);
	}
	n->found = n->len != 0 && numbering_find(bytes_of(n->digits, n->len), &n->numbering);
	return n;
}

static const struct condition_number *none(struct condition_number *n)
{
	n->known = true;
	n->found = false;
	n->len = 0;
	return n;
}

const struct condition_number *condition_number(
	struct condition_subject *s, enum condition_number_of which)
{
	const struct sms *m = s->sms;
	struct condition_number *n = &s->numbers[which];
	struct sms_address a;

	switch (which) {
	case CONDITION_NUMBER_ORIGINATOR:
		return make(s, n, m->source.ton, m->source.digits);
	case CONDITION_NUMBER_DESTINATION:
		a = condition_destination(s);
		return make(s, is_one_of_many(s) ? &s->others[s->at] : n, a.ton, a.digits);
	case CONDITION_NUMBER_MSISDN:
	case CONDITION_NUMBER_SMSC:
		if (m->carrier != SMS_MAP) {
			return none(n);
		}
		a = which == CONDITION_NUMBER_SMSC ? m->smsc : m->msisdn;
		return make(s, n, a.ton, a.digits);
	case CONDITION_NUMBER_CALLING_GT:
	case CONDITION_NUMBER_CALLED_GT:
		return make(s, n, TON_INTERNATIONAL, condition_gt(s, which));
	case CONDITION_NUMBER_COUNT:
		break;
	}
	return none(&s->numbers[CONDITION_NUMBER_ORIGINATOR]);
}

const struct condition_number *condition_text_number(struct condition_subject *s, uint32_t i)
{
	return make(s, &s->in_text[i], 0, s->entities[i].value);
}

/* ---- time ---- */

static int32_t offset_at(const struct condition_zone *z, int64_t now_us)
{
	uint32_t i = z != NULL ? z->n : 0;

	while (i > 1 && z->change[i - 1].from_us > now_us) {
		i--;
	}
	return i != 0 ? z->change[i - 1].offset_s : 0;
}

void condition_clock(struct condition_subject *s)
{
	int64_t now_us = (int64_t)s->now_us;
	int64_t local_s = now_us / 1000000 + offset_at(s->zone, now_us);
	int64_t days;

	if (local_s < 0) { /* west of Greenwich on the first day of all */
		local_s += (int64_t)WEEK_DAYS * DAY_S;
	}
	days = local_s / DAY_S;
	s->minute = (uint16_t)(local_s % DAY_S / 60);
	s->day = (uint8_t)((days + EPOCH_DAY) % WEEK_DAYS);
	s->has_time = true;
}
