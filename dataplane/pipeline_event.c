/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_parts.h"

#include <assert.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void relax(void)
{
#if defined(__x86_64__)
	_mm_pause();
#endif
}

bool event_give(struct pipeline *p, struct event_ring *ring, struct bytes tail)
{
	while (!event_ring_put(ring, &p->event, tail)) {
		if (!p->config->replay) {
			return false;
		}
		relax(); /* replay only: nothing live waits for this core */
	}
	return true;
}

static void put(struct pipeline *p, struct bytes text)
{
	struct event *e = &p->event;

	e->id = p->next_event_id++;
	e->time_us = p->now_us;
	e->worker = (uint8_t)p->worker;
	e->input = p->frame_input;
	stats_add(&p->stats, event_give(p, &p->ring, text) ? STAT_events : STAT_events_lost, 1);
}

static void put_account(struct event *e, const char *account)
{
	memset(e->account, 0, sizeof(e->account));
	if (account != NULL) {
		memcpy(e->account, account, sizeof(e->account));
	}
}

static void begin(struct pipeline *p, enum event_type type, const struct event_origin *o)
{
	struct event *e = &p->event;

	e->type = (uint8_t)type;
	e->link = o->link;
	e->session = o->session;
	e->frame = o->frame;
	put_account(e, o->account);
}

static struct event_origin origin_of(const struct pipeline *p, const struct flow *flow)
{
	const struct smpp_session *s = flow->session;

	return (struct event_origin){ .account = s != NULL ? s->system_id : NULL,
		.session = flow->id,
		.frame = p->frame_number,
		.link = flow->link };
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

static void put_rules(struct event_message *m, const struct verdict *v, const struct judge *judge,
	const struct ruleset *rules)
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
		if (!judge_acts(judge, &rules->rules[rule])) {
			m->rule_shadow |= (uint16_t)(1u << k);
		}
		m->rules[m->n_rules++] = rule;
	}
}

/* put_list: which list decided, and its entry. */
static void put_list(struct event_message *m, const struct verdict *v, const struct policy *policy)
{
	const struct policy_list *list;
	size_t len;

	if (v->reason != R_list && v->reason != R_never_block) {
		return;
	}
	static_assert((int)EVENT_LIST_SIZE == (int)LIST_NAME_SIZE, "names are as long everywhere");
	list = &policy->lists[policy->list_uses[v->list_use].list];
	len = v->list_hit.entry.len;
	memcpy(m->list, list->name, sizeof(m->list));
	m->entry_len = (uint8_t)(len < EVENT_ENTRY_SIZE ? len : EVENT_ENTRY_SIZE);
	m->entry_number = v->list_hit.number;
	memcpy(m->entry, v->list_hit.entry.data, m->entry_len);
}

/* put_tenant: whose message it is, and which scope holds for it. */
static void put_tenant(struct event_message *m, const struct verdict *v, const struct generation *g)
{
	static_assert((int)EVENT_TENANT_SIZE == (int)POLICY_NAME_SIZE, "names are as long");
	if (v->tenant != 0 && v->tenant <= g->policy->n_tenants) {
		memcpy(m->tenant, g->policy->tenants[v->tenant - 1].name, sizeof(m->tenant));
	}
	m->scope = g->plan.plain_scopes ? 0 : (uint16_t)(v->scope + 1);
}

/* put_limit: which limit decided. */
static void put_limit(struct event_message *m, const struct verdict *v, const struct policy *policy)
{
	static_assert((int)EVENT_LIST_SIZE == (int)LIMIT_NAME_SIZE, "names are as long everywhere");
	if (v->reason == R_limit && v->limit < policy->n_limits) {
		memcpy(m->limit, policy->limits[v->limit].name, sizeof(m->limit));
		m->limit_fill = v->limit_fill;
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

/*
 * text_of: where texts are told, and of whom they are inspected at all (consent, docs/privacy.md). The
 * bodies lie one after the other (sms.h): where several have text, all are told.
 */
static struct bytes text_of(const struct pipeline *p)
{
	const struct sms *sms = &p->sms;
	struct bytes first = sms->body[0].text;
	struct bytes last;

	if (!p->config->event_text || p->verdict.uninspected || sms->n_bodies == 0) {
		return bytes_of(NULL, 0);
	}
	last = sms->body[sms->n_bodies - 1].text;
	return bytes_of(first.data, (size_t)(last.data - first.data) + last.len);
}

static void put_pdu(struct pipeline *p, const struct event_origin *o)
{
	begin(p, EVENT_PDU, o);
	if (p->event.frame == p->config->explain_frame) {
		put(p, o->pdu);
	}
}

static const char *encoding_of(const struct sms *sms)
{
	enum text_encoding encoding = TEXT_BINARY;

	if (sms->n_bodies != 0) {
		encoding = (enum text_encoding)sms->body[sms->n_bodies - 1].input.encoding;
	}
	return text_encoding_name(encoding);
}

bool event_wanted(const struct pipeline *p)
{
	const struct verdict *v = &p->verdict;

	return p->config->event_select != EVENTS_NON_PASS || v->action != ACTION_PASS ||
	       v->shadow || p->config->explain_frame != 0;
}

void event_origin_put(
	struct pipeline *p, const struct event_origin *o, enum edit_style applied, uint32_t leaked)
{
	const struct verdict *v = &p->verdict;
	struct event_message *m = &p->event.u.message;

	if (p->config->explain_frame != 0) {
		put_pdu(p, o);
	}
	if (p->config->event_select == EVENTS_NON_PASS && v->action == ACTION_PASS && !v->shadow) {
		return;
	}
	begin(p, EVENT_MESSAGE, o);
	*m = (struct event_message){
		.command = p->sms.command,
		.encoding = encoding_of(&p->sms),
		.sequence = o->sequence,
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
		.octets = o->octets,
	};
	put_concat(m, p);
	put_rules(m, v, &p->judge, p->turn->generation->ruleset);
	put_list(m, v, p->turn->generation->policy);
	put_limit(m, v, p->turn->generation->policy);
	put_tenant(m, v, p->turn->generation);
	memcpy(m->sibling_rule, v->sibling_rule, sizeof(m->sibling_rule));
	m->source = address_of(&p->sms.source);
	m->destination = address_of(&p->sms.destination);
	if (o->map != NULL) {
		m->map = *o->map;
	}
	put(p, text_of(p));
}

void event_message_put(struct half *h, const struct smpp_header *header, struct bytes pdu,
	enum edit_style applied, uint32_t leaked)
{
	struct event_origin o = origin_of(h->p, h->flow);

	o.frame = frame_of_end(h, h->tcp->parse + (uint32_t)pdu.len);
	o.sequence = header->sequence;
	o.octets = header->length;
	o.pdu = pdu;
	event_origin_put(h->p, &o, applied, leaked);
	if (keep_wanted(h->p)) {
		keep_smpp(h, header, pdu);
	}
}

static uint8_t esme_side(const struct smpp_session *s, const struct flow *flow)
{
	if (s->esme < 0) {
		return EVENT_SIDE_UNKNOWN;
	}
	return (s->esme == 0) == flow->lo_is_inside ? SIDE_INSIDE : SIDE_OUTSIDE;
}

static void put_endpoints(struct pipeline *p, const struct flow_key *key)
{
	memcpy(p->event.lo_address, key->lo.address, sizeof(p->event.lo_address));
	memcpy(p->event.hi_address, key->hi.address, sizeof(p->event.hi_address));
	p->event.lo_port = key->lo.port;
	p->event.hi_port = key->hi.port;
}

void event_session_put(struct pipeline *p, const struct flow *flow, unsigned change)
{
	const struct smpp_session *s = flow->session;
	struct event_session *out = &p->event.u.session_change;
	struct event_origin o = origin_of(p, flow);

	begin(p, EVENT_SESSION, &o);
	*out = (struct event_session){ .change = (uint8_t)change, .protocol = flow->key.protocol };
	if (s != NULL) {
		out->bind = s->bind_kind;
		out->esme_side = esme_side(s, flow);
		out->messages = s->n_messages;
		out->refused = s->n_refused;
		out->answers = s->n_answers;
	}
	put_endpoints(p, &flow->key);
	put(p, bytes_of(NULL, 0));
}

void event_association_put(struct pipeline *p, const struct sctp_assoc *a, unsigned change)
{
	const struct sigtran_session *s = a->session;
	struct event_session *out = &p->event.u.session_change;
	struct event_origin o = { .session = a->id, .frame = p->frame_number, .link = a->link };

	begin(p, EVENT_SESSION, &o);
	*out = (struct event_session){ .change = (uint8_t)change,
		.esme_side = EVENT_SIDE_UNKNOWN,
		.protocol = a->key.protocol };
	if (s != NULL) {
		out->messages = s->n_messages;
		out->refused = s->n_refused;
		out->answers = s->n_answers;
	}
	put_endpoints(p, &a->key);
	put(p, bytes_of(NULL, 0));
}

void event_reason_put(struct pipeline *p, const struct event_origin *o, enum reason why,
	unsigned direction, uint64_t octets)
{
	stats_reason(&p->stats, why);
	begin(p, EVENT_ANOMALY, o);
	p->event.u.anomaly = (struct event_anomaly){ .reason = (uint8_t)why,
		.direction = (uint8_t)direction,
		.sequence = o->sequence,
		.octets = octets };
	put(p, bytes_of(NULL, 0));
}

void event_anomaly_put(struct half *h, enum reason why, uint32_t sequence, uint64_t octets)
{
	struct event_origin o = origin_of(h->p, h->flow);

	o.sequence = sequence;
	event_reason_put(h->p, &o, why, h->direction, octets);
}
