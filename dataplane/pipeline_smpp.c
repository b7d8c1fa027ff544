/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_parts.h"

_Static_assert(R_COUNT <= 64 * SMS_ANOMALY_WORDS, "a reason has a bit in sms.anomalies");

enum { STATUS_OFFSET = 8 }; /* of command_status in the header, SMPP 3.4 3.2 */

static const struct refusal_config *refusal_of(const struct half *h, enum sms_role sender)
{
	return sender == ROLE_SMSC ? &h->link->to_esme : &h->link->to_smsc;
}

/* Who sends: by the session's bind; joined late, by the command (SMPP 3.4 2.2.1-2.2.3). */
static enum sms_role role_of(const struct half *h, uint32_t command)
{
	switch (smpp_session_role(h->flow->session, h->index)) {
	case SMPP_ROLE_ESME:
		return ROLE_ESME;
	case SMPP_ROLE_SMSC:
		return ROLE_SMSC;
	case SMPP_ROLE_UNKNOWN:
		break;
	}
	return (command & ~SMPP_RESPONSE) == SMPP_DELIVER_SM ? ROLE_SMSC : ROLE_ESME;
}

static void take_answer(struct half *h, const struct smpp_header *header)
{
	struct pipeline *p = h->p;
	struct smpp_pending pending;
	enum answer_outcome outcome;
	uint8_t status[4];

	if (!smpp_pending_take(p->sessions, h->flow->session, h->index, header, &pending)) {
		stats_add(&p->stats, STAT_answers_unmatched, 1);
		return;
	}
	stats_add(&p->stats, STAT_answers_matched, 1);
	link_note_answer(h, &pending);
	outcome = answer_decide(header, &pending);
	if (outcome == ANSWER_KEEP) {
		return;
	}
	if ((outcome == ANSWER_ACCEPTED || outcome == ANSWER_FORCED) && !pending.blanked) {
		stats_add(&p->stats, STAT_answers_accepted, 1);
		stats_link(&p->stats, h->flow->link, LINK_STAT_answers_accepted, 1);
		event_anomaly_put(h, R_smsc_accepted, header->sequence, 0);
	}
	if (outcome == ANSWER_ACCEPTED || tcp_leaked(h->tcp, 0, SMPP_HEADER_LEN) != 0) {
		return;
	}
	put_be32(status, pending.status);
	tcp_edit(h->tcp, STATUS_OFFSET, bytes_of(status, sizeof(status)));
	stats_add(&p->stats, STAT_answers_rewritten, 1);
	stats_link(&p->stats, h->flow->link, LINK_STAT_answers_rewritten, 1);
}

void smpp_take_head(struct half *h, const struct smpp_header *header)
{
	bool text_answer = (header->command & SMPP_RESPONSE) != 0 &&
	                   (smpp_carries_text(header->command & ~SMPP_RESPONSE) ||
				   header->command == SMPP_GENERIC_NACK);

	if (text_answer && h->flow->session != NULL) {
		take_answer(h, header);
	}
}

static void note_anomalies(struct half *h, const struct sms *sms)
{
	for (unsigned i = 0; i < SMS_ANOMALY_WORDS; i++) {
		uint64_t bits = sms->anomalies[i];

		while (bits != 0) {
			unsigned r = i * 64 + (unsigned)__builtin_ctzll(bits);

			event_anomaly_put(h, (enum reason)r, sms->sequence, 0);
			bits &= bits - 1;
		}
	}
}

static enum edit_style refuse(
	struct half *h, struct bytes pdu, enum edit_style style, unsigned poison)
{
	struct pipeline *p = h->p;

	/* once octets have left, only the rest of the text can still be taken out */
	if (tcp_leaked(h->tcp, 0, pdu.len) > SMPP_HEADER_LEN) {
		style = EDIT_BLANK;
	}
	return edit_refuse(pdu, &p->message, style, poison, p->edited);
}

static enum edit_style redact(struct half *h, struct bytes pdu)
{
	struct pipeline *p = h->p;
	uint32_t n = judge_spans(
		&p->judge, p->turn->generation, &p->sms, &p->verdict, p->spans, LIMIT_HITS);

	if (n == 0) {
		return EDIT_NONE;
	}
	memcpy(p->edited, pdu.data, pdu.len);
	for (uint32_t i = 0; i < n; i++) {
		edit_redact(bytes_of(p->edited, pdu.len), &p->sms, p->spans[i].body,
			p->spans[i].from, p->spans[i].to, p->edited);
	}
	return EDIT_REDACT;
}

/* Writes what the verdict asks for into p->edited; says what it is. */
static enum edit_style prepare(struct half *h, struct bytes pdu)
{
	const struct refusal_config *refusal = refusal_of(h, (enum sms_role)h->p->sms.role);

	if (!half_enforces(h)) {
		return EDIT_NONE;
	}
	switch ((enum rule_action)h->p->verdict.action) {
	case ACTION_PASS:
	case ACTION_REPORT:
	case ACTIONS:
		return EDIT_NONE;
	case ACTION_REDACT:
		return redact(h, pdu);
	case ACTION_BLANK:
		return refuse(h, pdu, EDIT_BLANK, 0);
	case ACTION_THROTTLE:
	case ACTION_REJECT:
		return refuse(
			h, pdu, link_style(h, (enum sms_role)h->p->sms.role), refusal->poison);
	}
	return EDIT_NONE;
}

/*
 * Tells of the message, then puts its replacement in its place: `pdu` and all that was read from it
 * may lie in the stream itself.
 */
static void tell_and_edit(struct half *h, const struct smpp_header *header, struct bytes pdu,
	enum edit_style applied, uint32_t leaked)
{
	event_message_put(h, header, pdu, applied, leaked);
	if (applied != EDIT_NONE) {
		tcp_edit(h->tcp, 0, bytes_of(h->p->edited, pdu.len));
	}
}

static uint32_t leaked_octets(const struct half *h, const struct sms *sms)
{
	size_t n = 0;

	for (unsigned i = 0; i < sms->n_bodies; i++) {
		n += tcp_leaked(h->tcp, sms->body[i].offset, sms->body[i].octets.len);
	}
	return (uint32_t)n;
}

static void count_leaked(struct half *h, uint32_t octets)
{
	if (octets != 0) {
		stats_add(&h->p->stats, STAT_messages_late, 1);
		stats_add(&h->p->stats, STAT_octets_leaked, octets);
		stats_link(&h->p->stats, h->flow->link, LINK_STAT_leaked, octets);
	}
}

static void await_answer(struct half *h, const struct smpp_header *header, enum edit_style applied)
{
	struct pipeline *p = h->p;
	const struct refusal_config *refusal = refusal_of(h, (enum sms_role)p->sms.role);
	struct smpp_pending pending = {
		.message_id = p->next_event_id,
		.sent_us = p->now_us,
		.sequence = header->sequence,
		.command = header->command,
		.direction = (uint8_t)h->index,
	};

	/* a message that policy only blanks is to be delivered: its answer is the far end's own */
	if (applied != EDIT_NONE && p->verdict.action >= ACTION_THROTTLE) {
		pending.blanked = applied != EDIT_SELF_REJECT;
		pending.status = verdict_status(&p->verdict, refusal->status);
		pending.force = refusal->on_accept == ON_ACCEPT_FORCE;
		pending.rewritten = true;
		link_note_rewritten(h);
	}
	if (h->flow->session != NULL &&
		!smpp_pending_add(p->sessions, h->flow->session, &pending)) {
		stats_add(&p->stats, STAT_pending_full, 1);
	}
}

void message_count(struct pipeline *p, unsigned link)
{
	static const enum stats_counter counter[ACTIONS] = {
		[ACTION_PASS] = STAT_messages_passed,
		[ACTION_REPORT] = STAT_messages_reported,
		[ACTION_REDACT] = STAT_messages_redacted,
		[ACTION_BLANK] = STAT_messages_blanked,
		[ACTION_THROTTLE] = STAT_messages_throttled,
		[ACTION_REJECT] = STAT_messages_rejected,
	};

	stats_add(&p->stats, STAT_messages, 1);
	stats_add(&p->stats, counter[p->verdict.action], 1);
	stats_link(&p->stats, link, LINK_STAT_messages, 1);
	stats_link(&p->stats, link, LINK_STAT_refused, p->verdict.action >= ACTION_BLANK ? 1 : 0);
	stats_reason(&p->stats, (enum reason)p->verdict.reason);
	judge_count_rules(&p->judge, p->turn->generation, &p->verdict, p->now_us);
}

static void count_verdict(struct half *h)
{
	struct smpp_session *session = h->flow->session;

	message_count(h->p, h->flow->link);
	if (session != NULL && h->p->verdict.action >= ACTION_BLANK) {
		session->n_refused++;
	}
}

static void describe(struct half *h, struct bytes pdu)
{
	struct pipeline *p = h->p;
	struct smpp_session *session = h->flow->session;
	uint64_t start = stats_clock(&p->stats);

	sms_from_smpp(&p->message, pdu, &h->link->profile, &p->judge.buffers, &p->sms);
	p->sms.link = h->flow->link;
	p->sms.side = h->side;
	p->sms.role = (uint8_t)role_of(h, p->message.header.command);
	/* only the SMSC's word makes a receipt: an ESME could hide a text behind it */
	p->sms.receipt = p->sms.receipt && p->sms.role == ROLE_SMSC;
	p->sms.account = session != NULL ? bytes_str(session->system_id) : bytes_of(NULL, 0);
	p->sms.from_ip = h->index == 0 ? h->flow->key.lo.address : h->flow->key.hi.address;
	p->sms.to_ip = h->index == 0 ? h->flow->key.hi.address : h->flow->key.lo.address;
	(void)stats_stage(&p->stats, STAGE_text, start);
}

/* A text PDU whose body cannot be read: told, and passed or refused as configured. */
static void take_malformed(
	struct half *h, const struct smpp_header *header, struct bytes pdu, enum reason why)
{
	struct pipeline *p = h->p;
	enum edit_style applied = EDIT_NONE;
	bool refused = h->link->malformed == MALFORMED_REFUSE;

	event_anomaly_put(h, why, header->sequence, pdu.len);
	p->sms = (struct sms){ .command = smpp_command_name(header->command),
		.sequence = header->sequence,
		.message_class = -1 };
	p->sms.side = h->side;
	p->sms.role = (uint8_t)role_of(h, header->command);
	p->verdict = (struct verdict){ .action = refused ? ACTION_REJECT : ACTION_PASS,
		.reason = R_malformed,
		.rule = VERDICT_NO_RULE,
		.generation = p->turn->generation->number };
	if (refused && half_enforces(h)) {
		const struct refusal_config *refusal = refusal_of(h, (enum sms_role)p->sms.role);

		applied = edit_refuse(pdu, NULL, link_style(h, (enum sms_role)p->sms.role),
			refusal->poison, p->edited);
	}
	count_verdict(h);
	await_answer(h, header, applied);
	tell_and_edit(h, header, pdu, applied, 0);
	tcp_consume(h->tcp, pdu.len, R_smpp_malformed, h->direction, &p->stats);
}

static void take_message(struct half *h, const struct smpp_header *header, struct bytes pdu)
{
	struct pipeline *p = h->p;
	uint64_t start;
	enum edit_style applied;
	enum reason why;
	uint32_t leaked;

	if (smpp_message_read(pdu, &p->message, &why) != PARSE_OK) {
		take_malformed(h, header, pdu, why);
		return;
	}
	describe(h, pdu);
	note_anomalies(h, &p->sms);
	judge_message(
		&p->judge, p->turn->generation, &p->sms, p->now_us, true, &p->stats, &p->verdict);
	if (p->judge.views.concat_conflict) {
		event_anomaly_put(h, R_concat_conflict, header->sequence, 0);
	}
	start = stats_clock(&p->stats);
	leaked = half_enforces(h) && p->verdict.action >= ACTION_REDACT ? leaked_octets(h, &p->sms)
	                                                                : 0;
	count_leaked(h, leaked);
	applied = prepare(h, pdu);
	count_verdict(h);
	await_answer(h, header, applied);
	tell_and_edit(h, header, pdu, applied, leaked);
	(void)stats_stage(&p->stats, STAGE_edit, start);
	tcp_consume(h->tcp, pdu.len, R_judged, h->direction, &p->stats);
}

static void follow_session(struct half *h, const struct smpp_header *header, struct bytes pdu)
{
	struct pipeline *p = h->p;
	enum reason why = R_none;

	switch (smpp_session_see(h->flow->session, h->index, header, pdu, p->now_us, &why)) {
	case SMPP_NO_CHANGE:
		break;
	case SMPP_BOUND:
		stats_add(&p->stats, STAT_sessions_bound, 1);
		event_session_put(p, h->flow, SESSION_BOUND);
		break;
	case SMPP_BIND_REFUSED:
		event_session_put(p, h->flow, SESSION_BIND_REFUSED);
		break;
	case SMPP_ENDED:
		event_session_put(p, h->flow, SESSION_UNBOUND);
		break;
	}
	if (why != R_none) {
		event_anomaly_put(h, why, header->sequence, 0);
	}
}

void smpp_take_pdu(struct half *h, const struct smpp_header *header, struct bytes pdu)
{
	struct pipeline *p = h->p;

	stats_add(&p->stats, STAT_pdus, 1);
	if (h->flow->session != NULL) {
		follow_session(h, header, pdu);
	}
	if (!smpp_known(header->command)) {
		event_anomaly_put(h, R_smpp_command, header->sequence, header->length);
	}
	if (!smpp_carries_text(header->command)) {
		tcp_consume(h->tcp, pdu.len, R_no_text, h->direction, &p->stats);
		return;
	}
	if (h->reader->condemned) {
		smpp_take_rest(h, header, pdu);
		tcp_consume(h->tcp, pdu.len, R_judged, h->direction, &p->stats);
		return;
	}
	take_message(h, header, pdu);
}

static bool has_text(const struct sms *sms)
{
	size_t n = 0;

	for (unsigned i = 0; i < sms->n_bodies; i++) {
		n += sms->body[i].octets.len;
	}
	return n != 0;
}

/* The rest of a condemned PDU is overwritten as it comes. */
static void condemn(struct half *h, const struct smpp_header *header, struct bytes part)
{
	struct pipeline *p = h->p;
	uint32_t leaked = leaked_octets(h, &p->sms);

	h->reader->condemned = true;
	h->reader->style = (uint8_t)link_style(h, (enum sms_role)p->sms.role);
	if (p->verdict.action == ACTION_BLANK ||
		tcp_leaked(h->tcp, 0, part.len) > SMPP_HEADER_LEN) {
		/* it keeps every octet outside the text where it was */
		h->reader->style = EDIT_BLANK;
	}
	count_leaked(h, leaked);
	count_verdict(h);
	await_answer(h, header, (enum edit_style)h->reader->style);
	event_message_put(h, header, part, (enum edit_style)h->reader->style, leaked);
	smpp_take_rest(h, header, part);
}

bool smpp_take_part(struct half *h, const struct smpp_header *header, struct bytes part)
{
	struct pipeline *p = h->p;
	enum reason why;
	bool exposed;

	if (smpp_message_read_partial(part, &p->message, &why) != PARSE_OK) {
		return false; /* what is made of a malformed one is configured, and needs its end */
	}
	describe(h, part);
	p->sms.partial = true;
	judge_message(
		&p->judge, p->turn->generation, &p->sms, p->now_us, false, &p->stats, &p->verdict);
	if (p->verdict.reason == R_never_block) {
		return false; /* it may leave as it is, in pieces too */
	}
	exposed = p->verdict.action < ACTION_BLANK && has_text(&p->sms);
	if (p->verdict.action < ACTION_BLANK && link_refuses(p, h->flow->link)) {
		/* an honest sender resends; nothing unjudged leaves (design.md 4) */
		p->verdict.action = ACTION_REJECT;
		p->verdict.reason = R_hold_timeout;
		p->verdict.status = SMPP_ESME_RX_T_APPN;
	}
	if (p->verdict.action >= ACTION_BLANK) {
		condemn(h, header, part);
	}
	return exposed;
}

void smpp_take_rest(struct half *h, const struct smpp_header *header, struct bytes part)
{
	struct pipeline *p = h->p;
	enum edit_style style = (enum edit_style)h->reader->style;
	const struct refusal_config *refusal = refusal_of(h, role_of(h, header->command));
	enum reason why;
	bool read = smpp_message_read_partial(part, &p->message, &why) == PARSE_OK;

	/* the recipe needs the header and the addresses only, and gives the same octets each time */
	edit_refuse_partial(part, read ? &p->message : NULL, style, refusal->poison, p->edited);
	tcp_edit(h->tcp, 0, bytes_of(p->edited, part.len));
}
