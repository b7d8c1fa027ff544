/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_parts.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void relax(void)
{
#if defined(__x86_64__)
	_mm_pause();
#endif
}

static void put(struct pipeline *p, struct bytes text)
{
	struct event *e = &p->event;

	e->id = p->next_event_id++;
	e->time_us = p->now_us;
	e->worker = (uint8_t)p->worker;
	e->input = p->frame_input;
	while (!event_ring_put(&p->ring, e, text)) {
		if (!p->config->replay) {
			stats_add(&p->stats, STAT_events_lost, 1);
			return;
		}
		relax(); /* replay only: nothing live waits for this core */
	}
	stats_add(&p->stats, STAT_events, 1);
}

static void put_account(struct event *e, const struct flow *flow)
{
	const struct smpp_session *s = flow->session;

	memset(e->account, 0, sizeof(e->account));
	if (s != NULL) {
		memcpy(e->account, s->system_id, sizeof(e->account));
	}
}

static void begin(struct pipeline *p, enum event_type type, const struct flow *flow)
{
	struct event *e = &p->event;

	e->type = (uint8_t)type;
	e->link = flow->link;
	e->session = flow->id;
	e->frame = p->frame_number;
	put_account(e, flow);
}

static struct event_address address_of(const struct sms_address *a)
{
	struct event_address out = { .ton = a->ton, .npi = a->npi };

	out.len =
		(uint8_t)(a->digits.len < EVENT_ADDRESS_SIZE ? a->digits.len : EVENT_ADDRESS_SIZE);
	if (out.len != 0) {
		memcpy(out.digits, a->digits.data, out.len);
	}
	return out;
}

/* The frame in which the octet before `end` came, if it ran ahead of a gap; else the one at hand. */
static uint64_t frame_of_end(const struct half *h, uint32_t end)
{
	const struct flow_reader *r = h->reader;

	for (unsigned i = 0; i < r->n_ahead; i++) {
		if (seq_diff(end, r->ahead[i].from) > 0 && seq_diff(end, r->ahead[i].to) <= 0) {
			return r->ahead[i].frame;
		}
	}
	return h->p->frame_number;
}

static void put_rules(struct event_message *m, const struct verdict *v, const struct ruleset *rules)
{
	m->n_rules = 0;
	m->rule_shadow = 0;
	for (uint32_t i = 0; i < v->hits.n && m->n_rules < EVENT_RULES_MAX; i++) {
		uint32_t rule = v->hits.hits[i].rule;
		unsigned k = 0;

		while (k < m->n_rules && m->rules[k] != rule) {
			k++;
		}
		if (k < m->n_rules) {
			continue;
		}
		if (rules->rules[rule].state == RULE_SHADOW && k < 8) {
			m->rule_shadow |= (uint8_t)(1u << k);
		}
		m->rules[m->n_rules++] = rule;
	}
}

static void put_concat(struct event_message *m, const struct pipeline *p)
{
	const struct sms *s = &p->sms;

	m->part = s->concat.total != 0 ? s->concat.part : 0;
	m->parts = s->concat.total;
	m->reference = s->concat.reference;
	memset(m->passed, 0, sizeof(m->passed));
	if (s->concat.total != 0 && p->verdict.action >= ACTION_BLANK) {
		memcpy(m->passed, p->judge.views.passed, sizeof(m->passed));
	}
}

/* The bodies lie one after the other (sms.h): where several have text, all are told. */
static struct bytes text_of(const struct half *h)
{
	const struct sms *sms = &h->p->sms;
	struct bytes first = sms->body[0].text;
	struct bytes last;

	if (!h->p->config->event_text || sms->n_bodies == 0) {
		return bytes_of(NULL, 0);
	}
	last = sms->body[sms->n_bodies - 1].text;
	return bytes_of(first.data, (size_t)(last.data - first.data) + last.len);
}

static void put_pdu(struct half *h, struct bytes pdu)
{
	struct pipeline *p = h->p;

	begin(p, EVENT_PDU, h->flow);
	p->event.frame = frame_of_end(h, h->tcp->parse + (uint32_t)pdu.len);
	if (p->event.frame == p->config->explain_frame) {
		put(p, pdu);
	}
}

void event_message_put(struct half *h, const struct smpp_header *header, struct bytes pdu,
	enum edit_style applied, uint32_t leaked)
{
	struct pipeline *p = h->p;
	const struct verdict *v = &p->verdict;
	struct event_message *m = &p->event.u.message;

	if (p->config->explain_frame != 0) {
		put_pdu(h, pdu);
	}
	if (p->config->event_select == EVENTS_NON_PASS && v->action == ACTION_PASS && !v->shadow) {
		return;
	}
	begin(p, EVENT_MESSAGE, h->flow);
	p->event.frame = frame_of_end(h, h->tcp->parse + (uint32_t)pdu.len);
	*m = (struct event_message){
		.command = p->sms.command,
		.encoding = text_encoding_name(
			p->sms.n_bodies != 0 ? (enum text_encoding)p->sms.body[p->sms.n_bodies - 1]
						       .input.encoding
					     : TEXT_BINARY),
		.sequence = header->sequence,
		.side = p->sms.side,
		.role = p->sms.role,
		.carrier = (uint8_t)p->sms.carrier,
		.action = v->action,
		.applied = (uint8_t)applied,
		.reason = v->reason,
		.data_coding = p->sms.data_coding,
		.protocol_id = p->sms.protocol_id,
		.esm_class = p->sms.esm_class,
		.message_class = p->sms.message_class,
		.receipt = p->sms.receipt,
		.n_destinations = p->sms.n_destinations,
		.shadow = v->shadow,
		.shadow_action = v->shadow_action,
		.late = leaked != 0,
		.leaked = leaked,
		.score = v->score,
		.category = v->category,
		.generation = v->generation,
		.rule = v->rule,
		.octets = header->length,
	};
	put_concat(m, p);
	put_rules(m, v, p->turn->generation->ruleset);
	memcpy(m->sibling_rule, v->sibling_rule, sizeof(m->sibling_rule));
	m->source = address_of(&p->sms.source);
	m->destination = address_of(&p->sms.destination);
	put(p, text_of(h));
}

static uint8_t esme_side(const struct smpp_session *s, const struct flow *flow)
{
	if (s->esme < 0) {
		return EVENT_SIDE_UNKNOWN;
	}
	return (s->esme == 0) == flow->lo_is_inside ? SIDE_INSIDE : SIDE_OUTSIDE;
}

void event_session_put(struct pipeline *p, const struct flow *flow, unsigned change)
{
	const struct smpp_session *s = flow->session;
	struct event_session *out = &p->event.u.session_change;

	begin(p, EVENT_SESSION, flow);
	*out = (struct event_session){ .change = (uint8_t)change };
	if (s != NULL) {
		out->bind = s->bind_kind;
		out->esme_side = esme_side(s, flow);
		out->messages = s->n_messages;
		out->refused = s->n_refused;
		out->answers = s->n_answers;
	}
	memcpy(p->event.lo_address, flow->key.lo.address, sizeof(p->event.lo_address));
	memcpy(p->event.hi_address, flow->key.hi.address, sizeof(p->event.hi_address));
	p->event.lo_port = flow->key.lo.port;
	p->event.hi_port = flow->key.hi.port;
	put(p, bytes_of(NULL, 0));
}

void event_anomaly_put(struct half *h, enum reason why, uint32_t sequence, uint64_t octets)
{
	struct pipeline *p = h->p;

	stats_reason(&p->stats, why);
	begin(p, EVENT_ANOMALY, h->flow);
	p->event.u.anomaly = (struct event_anomaly){ .reason = (uint8_t)why,
		.direction = h->direction,
		.sequence = sequence,
		.octets = octets };
	put(p, bytes_of(NULL, 0));
}
