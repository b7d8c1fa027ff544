/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_sigtran.h"

/* has_silent_scope: somewhere in this policy texts are not inspected. */
static bool has_silent_scope(const struct policy *policy)
{
	for (uint32_t i = 0; i < policy->n_scopes; i++) {
		if (!policy->scopes[i].content) {
			return true;
		}
	}
	return false;
}

/*
 * text_may_stay: the configuration wants texts, and this sender's and receiver's are inspected at all
 * (consent). Whose a message is that could not be read is not known: then only where nobody objects.
 */
static bool text_may_stay(const struct pipeline *p, const struct link_config *link)
{
	return p->config->quarantine_text && link->content && !p->verdict.uninspected &&
	       (p->verdict.reason != R_malformed || !has_silent_scope(p->turn->generation->policy));
}

/* put: the record of the message is in p->event still. */
static void put(struct pipeline *p, struct bytes octets, const struct event_kept *kept)
{
	p->event.u.message.kept = *kept;
	stats_add(&p->stats,
		event_give(p, &p->kept, octets) ? STAT_quarantine_kept : STAT_quarantine_lost, 1);
}

static void put_ends(struct event *e, const uint8_t *from, uint16_t from_port, const uint8_t *to,
	uint16_t to_port)
{
	memcpy(e->lo_address, from, sizeof(e->lo_address));
	memcpy(e->hi_address, to, sizeof(e->hi_address));
	e->lo_port = from_port;
	e->hi_port = to_port;
}

void keep_smpp(struct half *h, const struct smpp_header *header, struct bytes pdu)
{
	struct pipeline *p = h->p;
	const struct flow_key *key = &h->flow->key;
	const struct endpoint *from = h->index == 0 ? &key->lo : &key->hi;
	const struct endpoint *to = h->index == 0 ? &key->hi : &key->lo;
	struct event_kept kept = {
		.form = KEPT_SMPP, .blanked = !text_may_stay(p, h->link), .octets = header->length
	};

	put_ends(&p->event, from->address, from->port, to->address, to->port);
	if (kept.blanked) {
		bool read = p->verdict.reason != R_malformed;

		(void)edit_refuse_partial(
			pdu, read ? &p->message : NULL, EDIT_BLANK, 0, p->kept_octets);
		pdu = bytes_of(p->kept_octets, pdu.len);
	}
	put(p, pdu, &kept);
}

/* blank_component: `own`: it is the one of which the event tells, and its TPDU was read. */
static void blank_component(
	const struct map_at *at, const struct tcap_component *c, bool own, uint8_t *edited)
{
	const struct map_work *w = &at->p->map;
	struct edit_map_target target = { .tcap = &w->tcap, .component = c };
	struct gsmmap_message message;
	enum reason why;

	if (gsmmap_message_read(c, at->seen.context, at->tcap, &message, &why) == PARSE_OK) {
		target.map = &message;
		target.tpdu = own && at->p->verdict.reason != R_malformed ? &w->tpdu.tpdu : NULL;
	}
	(void)edit_map_refuse(at->tcap, &target, EDIT_BLANK, 0, 0, edited);
}

/* blank_texts: of all components, in `edited`, a copy of at->tcap; what cannot be read becomes zeros. */
static void blank_texts(const struct map_at *at, uint8_t *edited)
{
	const struct map_work *w = &at->p->map;
	struct cursor cursor = cursor_of(w->tcap.components);
	struct tcap_component c;
	enum reason why;

	while (cursor_left(&cursor) != 0) {
		if (tcap_component_read(&cursor, at->tcap, &c, &why) != PARSE_OK) {
			memset(edited + (w->tcap.components.data - at->tcap.data), 0,
				w->tcap.components.len);
			return;
		}
		blank_component(at, &c, c.off == w->component.off, edited);
	}
}

void keep_map(const struct map_at *at)
{
	struct pipeline *p = at->p;
	const struct m3ua_data *m3ua = &p->map.m3ua;
	struct bytes octets = at->octets;
	struct event_kept kept = { .form = KEPT_M3UA, .blanked = !text_may_stay(p, at->link) };

	if (at->from_segments) {
		kept.form = KEPT_TCAP;
		octets = at->tcap;
	} else if (m3ua->n_protocol_data != 1) {
		kept.form = KEPT_SCCP;
		octets = m3ua->user_data;
	}
	kept.octets = (uint32_t)octets.len;
	put_ends(&p->event, at->address[0], at->port[0], at->address[1], at->port[1]);
	if (kept.blanked) {
		memcpy(p->kept_octets, octets.data, octets.len);
		blank_texts(at, p->kept_octets + (at->tcap.data - octets.data));
		octets = bytes_of(p->kept_octets, octets.len);
	}
	put(p, octets, &kept);
}
