/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline_sigtran.h"

static const struct refusal_config *refusal_of(const struct map_at *at, const struct sms *sms)
{
	return sms->to_mobile ? &at->link->mt : &at->link->mo;
}

static struct event_digits digits_of(struct bytes digits)
{
	struct event_digits d = {
		.len = (uint8_t)(digits.len < EVENT_DIGITS_SIZE ? digits.len : EVENT_DIGITS_SIZE)
	};

	if (d.len != 0) {
		memcpy(d.digits, digits.data, d.len);
	}
	return d;
}

static struct bytes title_of(const struct sccp_address *a)
{
	return bytes_of(a->digits, a->n_digits);
}

static uint8_t put_id(uint8_t to[4], struct bytes id)
{
	uint8_t len = (uint8_t)(id.len < 4 ? id.len : 4);

	if (len != 0) {
		memcpy(to, id.data, len);
	}
	return len;
}

static void describe_event(const struct map_at *at, struct event_map *e)
{
	const struct map_work *w = &at->p->map;

	*e = (struct event_map){
		.opc = w->m3ua.opc,
		.dpc = w->m3ua.dpc,
		.calling_ssn = w->sccp.calling.ssn,
		.called_ssn = w->sccp.called.ssn,
		.sccp_type = (uint8_t)w->sccp.type,
		.tcap_type = (uint8_t)w->tcap.type,
		.operation = at->p->sms.operation,
		.version = at->p->sms.map_version,
		.tpdu_type = at->p->sms.tpdu_type,
		.invoke_id = w->component.invoke_id,
		.calling = digits_of(title_of(&w->sccp.calling)),
		.called = digits_of(title_of(&w->sccp.called)),
		.smsc = digits_of(at->p->sms.smsc.digits),
		.imsi = digits_of(at->p->sms.imsi),
		.msisdn = digits_of(at->p->sms.msisdn.digits),
	};
	e->otid_len = put_id(e->otid, w->tcap.otid);
	e->dtid_len = put_id(e->dtid, w->tcap.dtid);
}

static struct event_origin origin_of(const struct map_at *at)
{
	return (struct event_origin){ .session = at->session,
		.frame = at->frame,
		.sequence = at->tsn,
		.octets = (uint32_t)at->tcap.len,
		.pdu = at->tcap,
		.link = at->link_index };
}

void map_anomaly(const struct map_at *at, enum reason why)
{
	struct event_origin o = origin_of(at);

	event_reason_put(at->p, &o, why, at->direction, at->tcap.len);
}

static void note_anomalies(const struct map_at *at, const struct sms *sms)
{
	for (unsigned i = 0; i < SMS_ANOMALY_WORDS; i++) {
		uint64_t bits = sms->anomalies[i];

		while (bits != 0) {
			map_anomaly(at, (enum reason)(i * 64 + (unsigned)__builtin_ctzll(bits)));
			bits &= bits - 1;
		}
	}
}

static struct edit_map_target target_of(const struct map_at *at, const struct tpdu *tpdu)
{
	const struct map_work *w = &at->p->map;

	return (struct edit_map_target){ &w->tcap, &w->component,
		at->unreadable ? NULL : &w->message, tpdu };
}

/* The first edit of a message copies it; several of its components may be edited. */
static void edit_begin(struct map_at *at)
{
	if (!at->edited) {
		memcpy(at->p->edited, at->tcap.data, at->tcap.len);
		at->edited = true;
	}
}

static enum edit_style redact(struct map_at *at, const struct edit_map_target *target)
{
	struct pipeline *p = at->p;
	uint32_t n = judge_spans(
		&p->judge, p->turn->generation, &p->sms, &p->verdict, p->spans, LIMIT_HITS);

	if (n == 0) {
		return EDIT_NONE;
	}
	edit_begin(at);
	for (uint32_t i = 0; i < n; i++) {
		edit_map_redact(at->tcap, target, &p->sms, p->spans[i].from, p->spans[i].to,
			at->editable_from, p->edited);
	}
	return EDIT_REDACT;
}

/*
 * Whose later octets have left before earlier ones, as fragments in another order and not held any
 * longer do: refused by its operation code where that is here, else what is here of its text is blanked.
 */
static enum edit_style style_for(
	const struct map_at *at, const struct edit_map_target *target, enum edit_style style)
{
	const struct tcap_component *c = target->component;

	if (at->editable_to == at->tcap.len || style == EDIT_BLANK) {
		return style;
	}
	return c->code_off >= at->editable_from && c->code_off + c->code_len <= at->editable_to
	               ? EDIT_MAP_REJECT
	               : EDIT_BLANK;
}

/*
 * Refuses the component. Where nothing of the operation can be undone any more, because all but text
 * was in segments that have left, the last segment is taken from the others: the receiver's SCCP
 * gives the message up (Q.714 4.1.1.2.3), research/inline-blocking.md 3.4.
 */
static enum edit_style refuse(struct map_at *at, const struct edit_map_target *target,
	enum edit_style style, unsigned poison)
{
	enum edit_style applied;

	edit_begin(at);
	applied = edit_map_refuse(at->tcap, target, style_for(at, target, style), poison,
		at->editable_from, at->p->edited);
	if (applied == EDIT_BLANK && style != EDIT_BLANK && at->editable_from != 0 &&
		at->voidable) {
		at->void_segment = true;
		return EDIT_SEGMENT_VOID;
	}
	return applied;
}

/* Does what the verdict asks for to this component in p->edited; says what it was. */
static enum edit_style apply(struct map_at *at, const struct edit_map_target *target)
{
	struct pipeline *p = at->p;
	const struct refusal_config *refusal = refusal_of(at, &p->sms);

	if (at->link->mode != LINK_ENFORCE) {
		return EDIT_NONE;
	}
	switch ((enum rule_action)p->verdict.action) {
	case ACTION_PASS:
	case ACTION_REPORT:
	case ACTIONS:
		return EDIT_NONE;
	case ACTION_REDACT:
		return redact(at, target);
	case ACTION_BLANK:
		return refuse(at, target, EDIT_BLANK, 0);
	case ACTION_THROTTLE:
	case ACTION_REJECT:
		return refuse(at, target, (enum edit_style)refusal->style, refusal->poison);
	}
	return EDIT_NONE;
}

/* Octets of the text that had left: earlier segments, or fragments that were not held any longer. */
static uint32_t leaked_octets(const struct map_at *at, const struct edit_map_target *target)
{
	size_t from;
	size_t to;
	size_t off;
	size_t len;

	if (!edit_map_text(target, &off, &len)) {
		return 0;
	}
	from = off > at->editable_from ? off : at->editable_from;
	to = off + len < at->editable_to ? off + len : at->editable_to;
	return (uint32_t)(len - (from < to ? to - from : 0));
}

static void count(const struct map_at *at, uint32_t leaked)
{
	struct pipeline *p = at->p;

	message_count(p, at->link_index);
	if (at->association != NULL) {
		at->association->n_messages++;
		at->association->n_refused += p->verdict.action >= ACTION_BLANK ? 1 : 0;
	}
	if (leaked != 0) {
		stats_add(&p->stats, STAT_messages_late, 1);
		stats_add(&p->stats, STAT_octets_leaked, leaked);
		stats_link(&p->stats, at->link_index, LINK_STAT_leaked, leaked);
	}
}

/* An operation that the far end will refuse: its answer is to say what the configuration says. */
static void await_answer(struct map_at *at, enum edit_style applied, unsigned error)
{
	struct pipeline *p = at->p;
	struct map_work *w = &p->map;
	struct tcap_refused refused = {
		.message_id = p->next_event_id,
		.sent_us = p->now_us,
		.invoke_id = w->component.invoke_id,
		.operation = w->message.operation,
		.style = (uint8_t)applied,
		.error = (uint8_t)error,
		.direction = at->direction,
		/* as configured: then its delivery is no surprise */
		.blanked = applied == EDIT_BLANK && refusal_of(at, &p->sms)->style == EDIT_BLANK,
	};

	if (w->component.type != TCAP_INVOKE || applied == EDIT_NONE ||
		applied == EDIT_TCAP_GHOST) {
		return;
	}
	if (!tcap_dialogues_refuse(
		    p->dialogues, &at->path, &w->tcap, p->now_us, &at->seen, &refused)) {
		stats_reason(&p->stats, R_tcap_dialogues_full);
	}
}

/* What the signalling checks say of this component; SIGNALLING_REFUSE where it is not to go on. */
static uint8_t check_signalling(struct map_at *at, bool readable)
{
	struct pipeline *p = at->p;
	struct map_work *w = &p->map;
	struct signalling_event e = {
		.now_us = p->now_us,
		.link = at->link_index,
		.side = at->side,
		.malformed = !readable,
		.component = (uint8_t)w->component.type,
		.operation = TCAP_NO_CODE,
		.opc = w->m3ua.opc,
		.dpc = w->m3ua.dpc,
		.otid = w->tcap.otid,
		.dtid = w->tcap.dtid,
		.calling_gt = title_of(&w->sccp.calling),
		.called_gt = title_of(&w->sccp.called),
	};
	struct signalling_finding found;

	if (readable) {
		e.invoke_id = w->component.invoke_id;
		signalling_event_map(&e, &w->message);
	}
	if (signalling_see(p->signalling, &at->link->signalling, &e, &found) == 0) {
		return SIGNALLING_OFF;
	}
	for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT; i++) {
		if ((found.fresh >> i & 1) != 0) {
			map_anomaly(at, signalling_reason((enum signalling_check)i));
		}
	}
	return found.action;
}

static void describe(struct map_at *at)
{
	struct pipeline *p = at->p;

	p->sms.link = at->link_index;
	p->sms.side = at->side;
	p->sms.role = (uint8_t)(p->sms.to_mobile ? ROLE_SMSC : ROLE_MSC);
	p->sms.account = title_of(&p->map.sccp.calling);
	p->sms.called_gt = title_of(&p->map.sccp.called);
	p->sms.partial = at->editable_from != 0 || at->editable_to != at->tcap.len;
}

static void tell(struct map_at *at, enum edit_style applied, uint32_t leaked)
{
	struct pipeline *p = at->p;
	struct event_origin o;

	if (!event_wanted(p)) {
		return;
	}
	o = origin_of(at);
	describe_event(at, &p->map.event);
	o.map = &p->map.event;
	event_origin_put(p, &o, applied, leaked);
	if (keep_wanted(p)) {
		keep_map(at);
	}
}

/* A component with a TPDU: judged as any short message is. */
static void take_message(struct map_at *at, bool refuse)
{
	struct pipeline *p = at->p;
	const struct edit_map_target target = target_of(at, &p->map.tpdu.tpdu);
	enum edit_style applied;
	uint32_t leaked;
	uint64_t start;

	describe(at);
	note_anomalies(at, &p->sms);
	p->sms.refused = refuse;
	judge_message(
		&p->judge, p->turn->generation, &p->sms, p->now_us, true, &p->stats, &p->verdict);
	if (p->judge.views.concat_conflict) {
		map_anomaly(at, R_concat_conflict);
	}
	if (refuse && p->verdict.action < ACTION_REJECT && p->verdict.reason != R_never_block) {
		p->verdict.action = ACTION_REJECT;
		p->verdict.reason = R_signalling;
	}
	start = stats_clock(&p->stats);
	applied = apply(at, &target);
	leaked = applied >= EDIT_BLANK || applied == EDIT_REDACT ? leaked_octets(at, &target) : 0;
	count(at, leaked);
	if (p->verdict.action >= ACTION_THROTTLE) {
		await_answer(at, applied,
			p->verdict.action == ACTION_THROTTLE ? (unsigned)MAP_ERROR_SYSTEM_FAILURE
							     : refusal_of(at, &p->sms)->status);
	}
	tell(at, applied, leaked);
	(void)stats_stage(&p->stats, STAGE_edit, start);
	at->judged = true;
}

/* A component whose TPDU cannot be read: told, and passed or refused as configured. */
static void take_malformed(struct map_at *at, enum reason why)
{
	struct pipeline *p = at->p;
	const struct edit_map_target target = target_of(at, NULL);
	bool refused = at->link->malformed == MALFORMED_REFUSE;
	enum edit_style applied;

	map_anomaly(at, why);
	p->sms = (struct sms){ .carrier = SMS_MAP,
		.command = gsmmap_operation_name(p->map.message.operation),
		.to_mobile = p->map.message.to_mobile,
		.operation = (uint8_t)(p->map.message.operation & 0xFF),
		.message_class = -1 };
	describe(at);
	p->verdict = (struct verdict){ .action = refused ? ACTION_REJECT : ACTION_PASS,
		.reason = R_malformed,
		.rule = VERDICT_NO_RULE,
		.generation = p->turn->generation->number };
	applied = apply(at, &target);
	count(at, 0);
	if (refused) {
		await_answer(at, applied, refusal_of(at, &p->sms)->status);
	}
	tell(at, applied, 0);
	at->judged = true;
}

/* An operation without a text that the signalling checks refuse: the far end says no to it. */
static void refuse_operation(struct map_at *at)
{
	struct pipeline *p = at->p;
	const struct edit_map_target target = target_of(at, NULL);
	enum edit_style applied;

	if (at->link->mode != LINK_ENFORCE || p->map.component.type != TCAP_INVOKE) {
		return;
	}
	applied = refuse(at, &target, EDIT_MAP_REJECT, 0);
	await_answer(at, applied, at->link->mt.status);
	stats_reason(&p->stats, R_signalling);
}

static void take_operation(struct map_at *at)
{
	struct pipeline *p = at->p;
	struct map_work *w = &p->map;
	bool refuse = check_signalling(at, true) == SIGNALLING_REFUSE;
	enum reason why = R_none;
	uint64_t start;

	if (!w->message.has_ui) {
		if (refuse) {
			refuse_operation(at);
		}
		return;
	}
	start = stats_clock(&p->stats);
	if (sms_from_map(&w->message, &w->tpdu, &p->judge.buffers, &p->sms, &why) != PARSE_OK) {
		take_malformed(at, why);
		return;
	}
	(void)stats_stage(&p->stats, STAGE_text, start);
	if (w->component.type != TCAP_INVOKE && p->sms.receipt) {
		return; /* a report without words is an answer, no message (TS 23.040 9.2.2.1a, 9.2.2.2a) */
	}
	take_message(at, refuse);
}

/* The far end's word on an operation that was refused here. */
static void take_answer(struct map_at *at)
{
	struct pipeline *p = at->p;
	struct tcap_component *c = &p->map.component;
	struct tcap_refused refused;
	enum reason why = R_none;
	size_t from;

	if (at->seen.n_refused == 0 || !tcap_dialogues_take(p->dialogues, &at->seen, c, &refused)) {
		return;
	}
	stats_add(&p->stats, STAT_answers_matched, 1);
	if (at->association != NULL) {
		at->association->n_answers++;
	}
	edit_begin(at);
	/* an answer whose end has left stays as it is: half of another one would be none */
	from = at->editable_to == at->tcap.len ? at->editable_from : at->tcap.len;
	switch (edit_map_answer(at->tcap, c, refused.error, from, p->edited, &why)) {
	case MAP_ANSWER_REWRITTEN:
		stats_add(&p->stats, STAT_answers_rewritten, 1);
		stats_link(&p->stats, at->link_index, LINK_STAT_answers_rewritten, 1);
		break;
	case MAP_ANSWER_ACCEPTED:
		if (!refused.blanked) {
			stats_add(&p->stats, STAT_answers_accepted, 1);
			stats_link(&p->stats, at->link_index, LINK_STAT_answers_accepted, 1);
		} else {
			why = R_none;
		}
		break;
	case MAP_ANSWER_KEPT:
	case MAP_ANSWER_NONE:
		break;
	}
	if (why != R_none) {
		map_anomaly(at, why);
	}
}

static void take_component(struct map_at *at)
{
	struct map_work *w = &at->p->map;
	enum reason why = R_none;

	stats_add(&at->p->stats, STAT_components, 1);
	if (w->component.type != TCAP_INVOKE) {
		take_answer(at);
	}
	if (gsmmap_message_read(&w->component, at->seen.context, at->tcap, &w->message, &why) !=
		PARSE_OK) {
		if (!gsmmap_carries_text(w->component.code)) {
			map_anomaly(at, why);
		} else {
			/* its text cannot be found: what is not understood passes (design.md law 3) */
			w->message = (struct gsmmap_message){ .operation = w->component.code,
				.to_mobile = w->component.code == GSMMAP_MT_FORWARD_SM };
			at->unreadable = true;
			take_malformed(at, why);
			at->unreadable = false;
		}
		(void)check_signalling(at, false);
		return;
	}
	take_operation(at);
}

static void take_components(struct map_at *at)
{
	struct map_work *w = &at->p->map;
	struct cursor c = cursor_of(w->tcap.components);
	enum reason why = R_none;

	while (cursor_left(&c) != 0) {
		if (tcap_component_read(&c, at->tcap, &w->component, &why) != PARSE_OK) {
			map_anomaly(at, why);
			(void)check_signalling(at, false);
			continue;
		}
		take_component(at);
	}
}

bool map_take(struct map_at *at)
{
	struct pipeline *p = at->p;
	struct map_work *w = &p->map;
	enum reason why = R_none;

	if (tcap_message_read(at->tcap, &w->tcap, &why) != PARSE_OK) {
		if (stats_reason_kind(why) == REASON_ANOMALY) {
			w->tcap = (struct tcap_message){ .otid = bytes_of(NULL, 0) };
			map_anomaly(at, why);
			(void)check_signalling(at, false);
		} else {
			stats_reason(&p->stats, why);
		}
		return false;
	}
	stats_add(&p->stats, STAT_tcap_messages, 1);
	if (w->tcap.anomalies != 0) {
		map_anomaly(at, R_tcap_message);
	}
	tcap_dialogues_enter(
		p->dialogues, &at->path, &w->tcap, at->tcap, p->now_us, &at->seen, &why);
	if (why != R_none) {
		stats_reason(&p->stats, why);
	}
	take_components(at);
	tcap_dialogues_leave(p->dialogues, &at->seen);
	return at->judged;
}
