/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conditions: the input is a tree of tests and a message. Whatever they are, asking does not crash and
 * gives the same answer twice, `not` gives the other one, and of several destinations: it holds for
 * all where its contrary holds for none, and for one where it holds for any of them by itself.
 */
#include <stdlib.h>

#include "dataplane/proto/smpp.h"
#include "dataplane/verdict/condition.h"

enum { DEPTH = 5, DESTINATIONS = 4 };

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* One input, as it is used up; beyond its end it is zeros. */
struct input {
	struct bytes octets;
	size_t at;
};

static uint8_t octet(struct input *in)
{
	return in->at < in->octets.len ? in->octets.data[in->at++] : 0;
}

static struct bytes span(struct input *in)
{
	size_t len = octet(in) % 80u;
	struct bytes b = bytes_slice(in->octets, in->at, len);

	in->at += b.len;
	return b;
}

static int64_t number(struct input *in)
{
	unsigned kind = octet(in) % 4;

	return kind == 0   ? octet(in)
	       : kind == 1 ? INT64_MIN + octet(in)
	       : kind == 2 ? INT64_MAX - octet(in)
	                   : (int64_t)octet(in) << octet(in) % 48;
}

static void put_value(struct condition_store *c, struct input *in)
{
	struct condition_value *v = &c->values[c->n_values++];
	struct bytes text = span(in);

	*v = (struct condition_value){ .kind = octet(in) % (CONDITION_VALUE_LIST + 1),
		.digits = (octet(in) & 1) != 0,
		.len = (uint16_t)text.len,
		.text = c->n_text,
		.min = number(in),
		.max = number(in) };
	if (text.len != 0) {
		memcpy(c->text + c->n_text, text.data, text.len);
	}
	c->n_text += (uint32_t)text.len;
	if (v->kind == CONDITION_VALUE_NET) {
		v->text = 0; /* 16 octets lie there */
		v->len = 16;
	}
}

static void grow(struct condition_store *c, struct input *in, unsigned depth)
{
	uint32_t at = c->n_nodes++;
	unsigned what = octet(in);

	c->nodes[at] = (struct condition_node){ .kind = CONDITION_TEST,
		.field = (uint8_t)(what / 2 % CONDITION_FIELD_COUNT),
		.value = (uint16_t)c->n_values };
	if (depth == 0 || (what & 1) != 0) {
		c->nodes[at].n_values = 1 + octet(in) % 3;
		for (unsigned i = 0; i < c->nodes[at].n_values; i++) {
			put_value(c, in);
		}
		return;
	}
	c->nodes[at].kind = (uint8_t)(what / 2 % CONDITION_TEST);
	for (unsigned n = octet(in) % 4; n != 0; n--) {
		grow(c, in, depth - 1);
	}
	c->nodes[at].skip = (uint16_t)(c->n_nodes - at - 1);
}

static struct sms_address address(struct input *in)
{
	uint8_t ton = octet(in) % 8;

	return (struct sms_address){ ton, octet(in), span(in) };
}

static void read_message(struct input *in, struct sms *m, struct smpp_address *to)
{
	static const uint8_t ip[16] = { 1 };

	*m = (struct sms){ .carrier = octet(in) & 1 ? SMS_MAP : SMS_SMPP,
		.command = "submit_sm",
		.link = octet(in),
		.side = octet(in) & 1,
		.role = octet(in) % 4,
		.account = span(in),
		.source = address(in),
		.destination = address(in),
		.from_ip = octet(in) & 1 ? ip : NULL,
		.esm_class = octet(in),
		.protocol_id = octet(in),
		.udh = span(in),
		.n_bodies = octet(in) % (SMS_BODIES + 1),
		.anomalies = { octet(in), octet(in) },
		.smsc = address(in),
		.msisdn = address(in),
		.imsi = span(in),
		.called_gt = span(in) };
	m->concat = (struct sms_concat){ octet(in), 8, octet(in), octet(in) };
	if ((octet(in) & 1) != 0) {
		m->destinations = to;
		m->n_destinations = octet(in) % (DESTINATIONS + 1);
		for (unsigned i = 0; i < m->n_destinations; i++) {
			struct sms_address a = i == 0 ? m->destination : address(in);

			to[i] = (struct smpp_address){ a.ton, a.npi, a.digits };
		}
	}
}

static bool ask(struct condition_subject *s, const struct condition *c, bool all)
{
	bool v;

	s->all_destinations = all;
	v = condition_holds(s, c);
	require(condition_holds(s, c) == v && s->at == 0);
	return v;
}

/* check_each: destinations one by one, against the answers for one of them and for all. */
static void check_each(struct condition_subject *s, const struct condition *c)
{
	unsigned n = 0;

	if (!condition_parts_destinations(s, c)) {
		require(condition_holds_for(s, c, 0) == ask(s, c, false));
		return;
	}
	for (unsigned i = 0; i < s->sms->n_destinations; i++) {
		n += condition_holds_for(s, c, i);
	}
	require(ask(s, c, false) == (n != 0) && ask(s, c, true) == (n == s->sms->n_destinations));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct condition_store store;
	static struct condition_subject s;
	static uint8_t buffer[65536];
	static struct entity entities[LIMIT_ENTITIES];
	struct input in = { bytes_of(data, size), 0 };
	struct smpp_address to[DESTINATIONS];
	struct condition not = { .root = 0 };
	struct condition c = { .root = 1 };
	struct sms m;

	store.n_nodes = 1;
	store.n_values = 0;
	store.n_text = 16;
	grow(&store, &in, DEPTH);
	store.nodes[0] = (struct condition_node){ .kind = CONDITION_NOT,
		.skip = (uint16_t)(store.n_nodes - 1) };
	c.n = (uint16_t)(store.n_nodes - 1);
	not .n = (uint16_t)store.n_nodes;
	read_message(&in, &m, to);
	condition_begin(&s, &m, (uint64_t)number(&in), octet(&in) % (numbering_countries() + 1u));
	s.store = &store;
	for (unsigned round = 0; round < 2; round++) {
		require(ask(&s, &c, false) != ask(&s, &not, true));
		require(ask(&s, &c, true) != ask(&s, &not, false));
		check_each(&s, &c);
		if (round == 0) {
			struct bytes text = bytes_slice(in.octets, in.at, 2000);

			text.len = text_utf8_valid(text) ? text.len : 0;
			condition_set_text(&s, text, entities,
				entity_find(text, s.home, entities, buffer, sizeof(buffer)));
		}
	}
	return 0;
}
