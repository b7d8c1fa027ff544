/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_sigtran.h"

#define XXH_INLINE_ALL /* short keys: the call would cost as much as the hash; and nothing to link */
#include <xxhash.h>

enum { SEGMENT_REFERENCE_LEN = 3 }; /* Q.713 3.17 */

static bool prefix_holds(const struct signalling_prefix *prefix, struct bytes digits)
{
	size_t len = strlen(prefix->digits);

	return len <= digits.len && memcmp(prefix->digits, digits.data, len) == 0;
}

static bool is_inside_gt(const struct link_config *link, const struct sccp_address *a)
{
	for (unsigned i = 0; i < link->n_inside_gt; i++) {
		if (prefix_holds(&link->inside_gt[i], bytes_of(a->digits, a->n_digits))) {
			return true;
		}
	}
	return false;
}

static bool is_inside_pc(const struct link_config *link, uint32_t pc)
{
	for (unsigned i = 0; i < link->n_inside_point_codes; i++) {
		if (link->inside_point_codes[i] == pc) {
			return true;
		}
	}
	return false;
}

/* Whose message it is: by global title, by point code, else by the addresses of the association. */
static uint8_t side_of(const struct map_at *at, const struct map_work *w)
{
	bool from = is_inside_gt(at->link, &w->sccp.calling);
	bool to = is_inside_gt(at->link, &w->sccp.called);

	if (from == to) {
		from = is_inside_pc(at->link, w->m3ua.opc);
		to = is_inside_pc(at->link, w->m3ua.dpc);
	}
	if (from == to) {
		return at->direction == 0 ? SIDE_INSIDE : SIDE_OUTSIDE;
	}
	return from ? SIDE_INSIDE : SIDE_OUTSIDE;
}

/*
 * A node as dialogues know it. Behind an STP many networks share one point code, and their
 * transaction ids are not unique together: so the global title, where there is one.
 */
static uint32_t node_of(const struct sccp_address *a, uint32_t pc)
{
	return a->n_digits != 0 ? (uint32_t)XXH3_64bits(a->digits, a->n_digits) : pc;
}

static void note_sccp(const struct map_at *at, const struct sccp_message *m)
{
	for (unsigned i = 0; i < SCCP_ANOMALIES && m->anomalies != 0; i++) {
		if ((m->anomalies >> i & 1) != 0) {
			map_anomaly(at, sccp_anomaly_reason(i));
		}
	}
}

/* The whole of a message that came in segments; false: there is more to come, or it never will be whole. */
static bool join_segments(struct map_at *at, struct sccp_joined *joined)
{
	struct pipeline *p = at->p;
	struct map_work *w = &p->map;
	enum reason why = R_none;

	return sccp_segments_add(p->segments, at->link_index, w->m3ua.opc, w->m3ua.dpc, &w->sccp,
		       p->now_us, w->joined, &p->stats, joined, &why) == PARSE_OK;
}

/*
 *   user message of SCTP   |M3UA.........|SCCP....|TCAP octets of this message|
 *                                                 ^ off
 *   w->tcap, of segments   |earlier segments......|...........................|
 *                                                 ^ joined.own_off
 */
static enum reason take_tcap(struct map_at *at, const struct sigtran_message *m,
	const struct sccp_joined *joined, size_t off)
{
	struct map_work *w = &at->p->map;
	bool at_end = joined->own_off + joined->own_len == joined->octets.len;
	size_t from;
	size_t to;

	at->tcap = joined->octets;
	at->from_segments = joined->n_segments > 1;
	at->edited = false;
	at->void_segment = false;
	at->side = side_of(at, w);
	at->path = (struct tcap_path){ at->link_index, node_of(&w->sccp.calling, w->m3ua.opc),
		node_of(&w->sccp.called, w->m3ua.dpc) };
	/* a segment that came late has left its followers ahead of it: it can be voided, not edited */
	at->editable_from = at->editable_to = joined->octets.len;
	if (at_end) {
		sctp_find_here(m->sctp, off, joined->own_len, &from, &to);
		at->editable_from = joined->own_off + from;
		at->editable_to = joined->own_off + to;
	}
	at->voidable =
		w->sccp.segmentation.present &&
		sctp_leaked(m->sctp, w->m3ua.user_data_off + w->sccp.segmentation.reference_off,
			SEGMENT_REFERENCE_LEN) == 0;
	if (!map_take(at)) {
		return R_no_text;
	}
	return R_judged;
}

static void put_back(struct map_at *at, const struct sigtran_message *m,
	const struct sccp_joined *joined, size_t off)
{
	if (at->void_segment) {
		const struct sccp_segmentation *s = &at->p->map.sccp.segmentation;
		uint8_t other[SEGMENT_REFERENCE_LEN];

		for (unsigned i = 0; i < sizeof(other); i++) {
			other[i] = (uint8_t) ~(s->reference >> (8 * i));
		}
		sctp_edit(m->from, m->sctp, at->p->map.m3ua.user_data_off + s->reference_off,
			bytes_of(other, sizeof(other)));
	}
	if (at->edited) {
		sctp_edit(m->from, m->sctp, off,
			bytes_of(at->p->edited + joined->own_off, joined->own_len));
	}
}

/*
 * Subsystems whose messages are not TCAP's (Q.713 5, 3GPP TS 23.003 8.2), for what is routed by
 * subsystem number: behind a global title the next node may choose another one.
 */
static bool is_of_tcap(const struct sccp_address *called)
{
	if (!called->present || !called->by_ssn || !called->has_ssn) {
		return true;
	}
	return called->ssn != SCCP_SSN_MANAGEMENT && called->ssn != SCCP_SSN_RANAP &&
	       called->ssn != SCCP_SSN_RNSAP && called->ssn < SCCP_SSN_PCAP;
}

static enum reason take_sccp(struct map_at *at, const struct sigtran_message *m)
{
	struct map_work *w = &at->p->map;
	struct sccp_joined joined;
	enum reason why = R_none;
	enum reason ledger;
	size_t off;

	if (sccp_message_read(w->m3ua.user_data, &w->sccp, &why) != PARSE_OK) {
		if (stats_reason_kind(why) == REASON_ANOMALY) {
			map_anomaly(at, why);
		} else {
			stats_reason(&at->p->stats, why);
		}
		return R_no_text;
	}
	note_sccp(at, &w->sccp);
	if (w->sccp.service || !is_of_tcap(&w->sccp.called)) {
		return R_no_text; /* what is undeliverable goes back to its sender */
	}
	off = w->m3ua.user_data_off + w->sccp.data_off;
	joined = (struct sccp_joined){
		.octets = w->sccp.data, .own_len = w->sccp.data.len, .n_segments = 1
	};
	if (w->sccp.segmentation.present && !join_segments(at, &joined)) {
		return R_sccp_segment;
	}
	ledger = take_tcap(at, m, &joined, off);
	put_back(at, m, &joined, off);
	return ledger;
}

/* Receivers differ in which of several protocol data they read: all are judged. */
static enum reason take_data(struct map_at *at, const struct sigtran_message *m)
{
	struct m3ua_data *data = &at->p->map.m3ua;
	enum reason ledger = R_no_text;
	unsigned n = 1;

	for (unsigned i = 0; i < n; i++) {
		enum reason why = R_none;
		enum reason part;

		if (m3ua_data_read(m->octets, i, data, &why) != PARSE_OK) {
			map_anomaly(at, why);
			break;
		}
		for (unsigned k = 0; k < M3UA_ANOMALIES && i == 0 && data->anomalies != 0; k++) {
			if ((data->anomalies >> k & 1) != 0) {
				map_anomaly(at, m3ua_anomaly_reason(k));
			}
		}
		n = data->n_protocol_data;
		if (data->si != M3UA_SI_SCCP) {
			continue;
		}
		part = take_sccp(at, m);
		ledger = part == R_judged || ledger == R_no_text ? part : ledger;
	}
	return ledger;
}

enum reason sigtran_take(struct map_at *at, const struct sigtran_message *m)
{
	enum reason why = ppid_reason(ppid_plain(m->ppid));
	struct xua_header header;

	stats_add(&at->p->stats, STAT_sctp_messages, 1);
	if (why != R_none) {
		stats_reason(&at->p->stats, why);
		return why;
	}
	at->octets = m->octets;
	at->tcap = m->octets; /* what anomalies are about, as long as there is no more */
	at->association = m->session;
	if (xua_header_read(m->octets, &header, &why) != PARSE_OK ||
		(m->session != NULL && m3ua_state_message(&m->session->m3ua, at->direction,
					       m->octets, &why) != PARSE_OK)) {
		map_anomaly(at, why);
		return R_no_text;
	}
	return xua_type(&header) == M3UA_DATA ? take_data(at, m) : R_no_text;
}
