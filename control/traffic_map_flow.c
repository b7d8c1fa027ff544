/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens on SIGTRAN associations: M3UA up and down, and MAP dialogues: a short message in the
 * Begin or in a Continue, several in one dialogue, queries, reports, alerts, results, errors, returns.
 * Side 0 (the ASP) is the operator with its service centres, side 1 the network of switches.
 */
#include <stdio.h>

#include "control/traffic_cut.h"
#include "control/traffic_map.h"
#include "control/traffic_sccp.h"

enum { MO, MT, SRI, REPORT, ALERT, STATUS, COMMAND }; /* by the order of TRAFFIC_MAP_MO and so on */
enum { NODE_SWITCH, NODE_REGISTER };                  /* kinds of traffic_number_node() */
enum {
	COMPONENTS_SIZE = 512,
	TCAP_SIZE = 768,
	SEGMENT_LEN = 120, /* where segments are wanted, short messages have some too */
	SEGMENT_MAX = 200,
	CAUSE_NO_TRANSLATION = 0,       /* Q.713 3.12 */
	STATUS_AS_ACTIVE = 1 << 16 | 3, /* RFC 4666 3.8.2 */
	ERROR_UNKNOWN_SUBSCRIBER = 1,
	ERROR_ABSENT_SM = 6,
	ERROR_ABSENT = 27,
	ERROR_DELIVERY_FAILURE = 32,
	ERROR_SYSTEM_FAILURE = 34,
	ERROR_UNEXPECTED_DATA = 36,
	FAILURE_CAUSE = 0xD3, /* TS 23.040 9.2.3.22: memory capacity exceeded */
	STEP_US = 3000,
};

/* One dialogue, from the point of view of the end that began it. */
struct dialogue {
	struct traffic_maker *m;
	struct traffic_link *link;
	unsigned side;
	uint32_t otid;
	uint32_t dtid;
	uint64_t at_us; /* of the next step */
	uint8_t version;
	enum traffic_context context;
	bool indefinite;
	bool answered; /* the other end has said something: its id and the context are known */
	unsigned unit; /* the weight that was chosen: UDT, XUDT, segments, LUDT */
	uint8_t sls;
	bool unordered;
	const char *destination_imsi;
	struct traffic_sccp_address called;
	struct traffic_sccp_address calling;
	struct traffic_sccp_address answering; /* calling address of the answers */
};

enum {
	UNIT_UDT,
	UNIT_XUDT,
	UNIT_SEGMENTS,
	UNIT_LUDT
}; /* by the order of TRAFFIC_SCCP_UDT and so on */

static const struct {
	enum traffic_sccp_type type; /* where one is enough */
	enum traffic_sccp_type returned;
	const char *name;
} units[] = {
	{ TRAFFIC_UDT, TRAFFIC_UDTS, "UDT" },
	{ TRAFFIC_XUDT, TRAFFIC_XUDTS, "XUDT" },
	{ TRAFFIC_XUDT, TRAFFIC_XUDTS, "XUDT" },
	{ TRAFFIC_LUDT, TRAFFIC_LUDTS, "LUDT" },
};

/* ---- M3UA ---- */

static void plan_message(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	uint64_t at_us, uint8_t stream, uint8_t flags, struct traffic_note note,
	struct bytes message)
{
	traffic_plan(m,
		&(struct traffic_event){ .at_us = at_us,
			.link = link,
			.kind = TRAFFIC_EVENT_SEND,
			.side = (uint8_t)side,
			.stream = stream,
			.flags = flags,
			.note = note },
		message);
}

static void plan_plain(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	uint64_t at_us, enum traffic_m3ua_kind kind, uint32_t context, uint32_t status)
{
	uint8_t out[64];

	plan_message(m, link, side, at_us, 0, 0, (struct traffic_note){ NULL, 0, false },
		bytes_of(out, traffic_m3ua_plain(kind, context, status, out, sizeof(out))));
}

void traffic_map_open(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us)
{
	uint32_t context = link->routing_context;

	traffic_sctp_open(m, link, at_us);
	at_us += 2000; /* RFC 4666 5.1.1 */
	plan_plain(m, link, 0, at_us, TRAFFIC_ASP_UP, 0, link->index + 1u);
	plan_plain(m, link, 1, at_us + 1500, TRAFFIC_ASP_UP_ACK, 0, 0);
	plan_plain(m, link, 0, at_us + 3000, TRAFFIC_ASP_ACTIVE, context, 0);
	plan_plain(m, link, 1, at_us + 4500, TRAFFIC_ASP_ACTIVE_ACK, context, 0);
	plan_plain(m, link, 1, at_us + 4600, TRAFFIC_NOTIFY, context, STATUS_AS_ACTIVE);
}

void traffic_map_close(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us)
{
	uint32_t context = link->routing_context;

	plan_plain(m, link, 0, at_us, TRAFFIC_ASP_INACTIVE, context, 0);
	plan_plain(m, link, 1, at_us + 1500, TRAFFIC_ASP_INACTIVE_ACK, context, 0);
	plan_plain(m, link, 0, at_us + 3000, TRAFFIC_ASP_DOWN, 0, 0);
	plan_plain(m, link, 1, at_us + 4500, TRAFFIC_ASP_DOWN_ACK, 0, 0);
}

void traffic_map_tick(struct traffic_maker *m, struct traffic_link *link)
{
	uint32_t nonce = (uint32_t)traffic_random_next(&m->random);

	plan_plain(m, link, 0, m->now_us, TRAFFIC_BEAT, 0, nonce);
	plan_plain(m, link, 1, m->now_us + TRAFFIC_LATER_US, TRAFFIC_BEAT_ACK, 0, nonce);
}

/* ---- SCCP ---- */

static void plan_unit(const struct dialogue *d, bool forward, struct traffic_note note,
	const struct traffic_sccp *s)
{
	struct traffic_maker *m = d->m;
	unsigned side = forward ? d->side : 1 - d->side;
	struct traffic_m3ua m3ua = { .opc = d->link->point_code[side],
		.dpc = d->link->point_code[1 - side],
		.routing_context = d->link->routing_context,
		.sls = d->sls };
	unsigned streams = traffic_value(m, TRAFFIC_SCTP_STREAMS);
	size_t len = traffic_m3ua_data(&m3ua, s, m->pdu, sizeof(m->pdu));

	/* RFC 4666 1.4.7: stream 0 is for management */
	plan_message(m, d->link, side, d->at_us, (uint8_t)(1 + d->sls % (streams - 1)),
		d->unordered && !s->segmented ? TRAFFIC_UNORDERED : 0, note, bytes_of(m->pdu, len));
}

/* plan_segments: Q.714 4.1.1.1.2: up to 16, the last one of them bears the note. */
static void plan_segments(const struct dialogue *d, bool forward, struct traffic_note note,
	struct traffic_sccp s, struct bytes data, size_t len)
{
	size_t n = (data.len + len - 1) / len;

	s.type = TRAFFIC_XUDT;
	s.segmented = true;
	s.protocol_class = 1;
	s.local_reference = d->link->local_reference++;
	for (size_t i = 0; i < n; i++) {
		s.first = i == 0;
		s.remaining = (uint8_t)(n - 1 - i);
		s.data = bytes_slice(data, i * len, len);
		plan_unit(d, forward, i == n - 1 ? note : (struct traffic_note){ NULL, 0, false },
			&s);
	}
}

/* plan_sccp: the TCAP message goes as the dialogue's weight says, where it fits. */
static void plan_sccp(
	const struct dialogue *d, bool forward, struct traffic_note note, struct bytes data)
{
	struct traffic_sccp s = { .type = TRAFFIC_UDT,
		.called = forward ? d->called : d->calling,
		.calling = forward ? d->calling : d->answering,
		.protocol_class = d->unordered ? 0 : 1,
		.data = data };
	bool segments = d->unit == UNIT_SEGMENTS;
	bool split = d->unit != UNIT_LUDT &&
	             data.len > (segments ? (size_t)SEGMENT_LEN : TRAFFIC_UNITDATA_MAX);

	s.called.point_code = 0;
	if (split) {
		plan_segments(d, forward, note, s, data, segments ? SEGMENT_LEN : SEGMENT_MAX);
	} else {
		s.type = units[d->unit].type;
		plan_unit(d, forward, note, &s);
	}
	if (note.of != NULL && !note.answer) {
		note.of->label.parts[note.part].sccp =
			split ? "XUDT-segments" : units[d->unit].name;
	}
}

/* plan_return: the network could not deliver it (Q.714 4.2): the unit comes back as a service message. */
static void plan_return(const struct dialogue *d, struct traffic_note note, struct bytes data)
{
	struct traffic_sccp s = { .type = data.len > TRAFFIC_UNITDATA_MAX ? TRAFFIC_LUDTS
		                                                          : units[d->unit].returned,
		.called = d->calling,
		.calling = d->called,
		.protocol_class = CAUSE_NO_TRANSLATION,
		.data = data };

	plan_unit(d, false, note, &s);
}

/* ---- TCAP ---- */

/* plan_tcap: one message of the dialogue with one component or none, and a step of time. */
static void plan_tcap(struct dialogue *d, bool forward, enum traffic_tcap_type type,
	struct traffic_note note, struct bytes components, bool returned)
{
	uint8_t out[TCAP_SIZE];
	struct bytes message;
	struct traffic_tcap t = { .type = type,
		.otid = forward ? d->otid : d->dtid,
		.dtid = forward ? d->dtid : d->otid,
		.context = d->context,
		.version = d->version,
		.destination_imsi = d->destination_imsi,
		.indefinite = d->indefinite,
		.components = components };

	if (d->version > 1 && type == TRAFFIC_BEGIN) {
		t.dialogue = TRAFFIC_DIALOGUE_REQUEST;
	} else if (d->version > 1 && !forward && !d->answered) {
		t.dialogue = TRAFFIC_DIALOGUE_RESPONSE;
		d->answered = true;
	}
	if (traffic_tcap(&t, out, sizeof(out), &message) == 0) {
		d->m->failed = true;
		return;
	}
	plan_sccp(d, forward, note, message);
	d->at_us += STEP_US + traffic_random_below(&d->m->random, 9000);
	if (returned) {
		note.answer = true;
		plan_return(d, note, message);
	}
}

static struct bytes make_component(const struct dialogue *d, uint8_t *out,
	enum traffic_component kind, uint8_t invoke_id, const struct traffic_map *p)
{
	struct traffic_ber b = traffic_ber_of(out, COMPONENTS_SIZE, d->indefinite);

	traffic_map_component(&b, kind, invoke_id, p);
	return traffic_ber_bytes(&b);
}

static void dialogue_init(struct dialogue *d, struct traffic_maker *m, struct traffic_link *link,
	unsigned side, enum traffic_context context, unsigned version)
{
	unsigned format = 1 + traffic_choose(m, TRAFFIC_SCCP_GT1, TRAFFIC_SCCP_GT4);

	*d = (struct dialogue){ .m = m,
		.link = link,
		.side = side,
		.otid = link->transaction[side]++,
		.dtid = link->transaction[1 - side]++,
		.at_us = m->now_us,
		.version = (uint8_t)version,
		.context = context,
		.indefinite = traffic_percent(m, TRAFFIC_MAP_INDEFINITE),
		.unit = traffic_choose(m, TRAFFIC_SCCP_UDT, TRAFFIC_SCCP_LUDT),
		.sls = (uint8_t)traffic_random_below(&m->random, 16),
		.unordered = traffic_percent(m, TRAFFIC_SCTP_UNORDERED) };
	d->called.format = d->calling.format = d->answering.format = (uint8_t)format;
	d->called.ssn = d->calling.ssn = d->answering.ssn = TRAFFIC_SSN_MSC;
	if (traffic_random_below(&m->random, 4) == 0) {
		d->calling.point_code = link->point_code[side];
	}
}

/* ---- cases ---- */

/* tell_dialogue: what the label says of the dialogue; addresses of SCCP are set by then. */
static void tell_dialogue(const struct dialogue *d, struct traffic_label *l, uint8_t operation)
{
	l->map = true;
	l->link = d->link->index;
	l->ipv6 = d->link->ipv6;
	l->from_client = d->side == 0;
	l->version = d->version;
	l->operation = operation;
	l->gt_format = d->called.format;
	l->calling_ssn = d->calling.ssn;
	l->called_ssn = d->called.ssn;
	(void)snprintf(l->calling, sizeof(l->calling), "%s", d->calling.digits);
	(void)snprintf(l->called, sizeof(l->called), "%s", d->called.digits);
}

static const char *operation_name(uint8_t operation, bool to_mobile, uint8_t version)
{
	switch ((enum traffic_operation)operation) {
	case TRAFFIC_OP_MT:
		return "mt-forwardSM";
	case TRAFFIC_OP_FORWARD:
		return version == 3 ? "mo-forwardSM" : to_mobile ? "mt-forwardSM" : "mo-forwardSM";
	case TRAFFIC_OP_SRI:
		return "sendRoutingInfoForSM";
	case TRAFFIC_OP_REPORT:
		return "reportSM-DeliveryStatus";
	case TRAFFIC_OP_ALERT:
		return "alertServiceCentre";
	case TRAFFIC_OP_ALERT_V1:
		return "alertServiceCentreWithoutResult";
	case TRAFFIC_OP_INFORM:
		return "informServiceCentre";
	}
	return "";
}

/* plan_signalling: a dialogue of one invocation without a short message; an error of 0: a result. */
static uint64_t plan_signalling(struct dialogue *d, struct traffic_map *p, uint8_t error)
{
	struct traffic_case *c = traffic_case_new(d->m, TRAFFIC_SIGNALLING, false);
	uint8_t out[COMPONENTS_SIZE];
	struct traffic_label *l;

	if (c == NULL) {
		return d->at_us;
	}
	l = &c->label;
	l->time_us = d->at_us;
	l->command = operation_name((uint8_t)p->operation, false, d->version);
	l->n_parts = 1;
	l->parts[0].otid = d->otid;
	l->parts[0].invoke_id = 1;
	tell_dialogue(d, l, (uint8_t)p->operation);
	(void)snprintf(l->msisdn, sizeof(l->msisdn), "%s", p->msisdn);
	(void)snprintf(l->centre, sizeof(l->centre), "%s", p->centre);
	if (p->operation == TRAFFIC_OP_SRI && error == 0) {
		(void)snprintf(l->imsi, sizeof(l->imsi), "%s", p->imsi);
		(void)snprintf(l->node, sizeof(l->node), "%s", p->node);
	}
	plan_tcap(d, true, TRAFFIC_BEGIN, (struct traffic_note){ c, 0, false },
		make_component(d, out, TRAFFIC_INVOKE, 1, p), false);
	p->error = error;
	if (error != 0) {
		l->outcome = "error";
		l->outcome_code = error;
	}
	if (p->operation != TRAFFIC_OP_ALERT_V1) { /* which has no answer: GSM 09.02 */
		plan_tcap(d, false, TRAFFIC_END, (struct traffic_note){ c, 0, true },
			make_component(d, out, error != 0 ? TRAFFIC_ERROR : TRAFFIC_RESULT, 1, p),
			false);
	}
	traffic_case_let_go(d->m, c);
	return d->at_us;
}

/* Who takes part in a message. */
struct people {
	char imsi[TRAFFIC_DIGITS_SIZE];
	char msisdn[TRAFFIC_DIGITS_SIZE];
	char centre[TRAFFIC_DIGITS_SIZE];
	char node[TRAFFIC_DIGITS_SIZE];
	char home[TRAFFIC_DIGITS_SIZE]; /* the subscriber's register */
};

static void choose_people(struct traffic_maker *m, struct people *who)
{
	traffic_number_imsi(m, who->imsi);
	traffic_number_subscriber(m, who->msisdn);
	traffic_number_centre(m, who->centre);
	traffic_number_node(m, NODE_SWITCH, who->node);
	traffic_number_node(m, NODE_REGISTER, who->home);
}

/* plan_to_register: sendRoutingInfoForSM or reportSM-DeliveryStatus; the time of its end. */
static uint64_t plan_to_register(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	uint64_t at_us, unsigned version, const struct people *who,
	enum traffic_operation operation)
{
	struct traffic_map p = { .operation = operation,
		.version = (uint8_t)version,
		.imsi = who->imsi,
		.msisdn = who->msisdn,
		.centre = who->centre,
		.node = who->node,
		.outcome = 1 }; /* absentSubscriber */
	struct dialogue d;
	uint8_t error = 0;

	dialogue_init(&d, m, link, side, TRAFFIC_CONTEXT_GATEWAY, version);
	d.at_us = at_us;
	d.called.ssn = d.answering.ssn = TRAFFIC_SSN_HLR;
	d.called.digits = who->msisdn;
	d.calling.digits = who->centre;
	d.answering.digits = who->home;
	if (traffic_percent(m, TRAFFIC_MAP_ERROR)) {
		error = ERROR_UNKNOWN_SUBSCRIBER;
	}
	return plan_signalling(&d, &p, error);
}

static void plan_alert(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	uint64_t at_us, unsigned version, const struct people *who)
{
	struct traffic_map p = { .operation = version == 1 ? TRAFFIC_OP_ALERT_V1 : TRAFFIC_OP_ALERT,
		.msisdn = who->msisdn,
		.centre = who->centre };
	struct dialogue d;

	version = version == 3 ? 2 : version; /* TS 29.002 17.3.3: shortMsgAlert has no version 3 */
	p.version = (uint8_t)version;
	dialogue_init(&d, m, link, side, TRAFFIC_CONTEXT_ALERT, version);
	d.at_us = at_us;
	d.calling.ssn = TRAFFIC_SSN_HLR;
	d.calling.digits = who->home;
	d.called.digits = d.answering.digits = who->centre;
	(void)plan_signalling(&d, &p, 0);
}

/* One short message, or several in one dialogue. */
struct forward {
	struct dialogue d;
	struct traffic_case *c;
	struct traffic_map map;
	struct traffic_tpdu tpdu;
	struct traffic_cut cut;
	bool to_mobile;
};

/* make_invoke: part `i` as a component. */
static struct bytes make_invoke(struct forward *f, unsigned i, bool more, uint8_t *out)
{
	struct traffic_maker *m = f->d.m;
	uint8_t tpdu[TRAFFIC_TPDU_SIZE];
	uint8_t udh[TRAFFIC_UDH_SIZE];
	struct traffic_part *part = &f->c->label.parts[i];

	if (f->tpdu.type == TRAFFIC_TPDU_DELIVER || f->tpdu.type == TRAFFIC_TPDU_SUBMIT) {
		f->tpdu.udh = bytes_of(udh, traffic_cut_udh(m, &f->cut, i, udh));
		f->tpdu.text = bytes_of(
			m->text, traffic_cut_octets(m, &f->cut, i, m->text, sizeof(m->text)));
		f->tpdu.packed = f->cut.coding == TRAFFIC_GSM7;
	}
	f->tpdu.more = more;
	f->tpdu.time_us = f->d.at_us;
	f->map.more = more;
	f->map.tpdu = bytes_of(tpdu, traffic_tpdu(&f->tpdu, tpdu));
	f->tpdu.reference++;
	part->otid = f->d.otid;
	part->dtid = f->d.answered ? f->d.dtid : 0;
	part->invoke_id = (uint8_t)(i + 1);
	return make_component(&f->d, out, TRAFFIC_INVOKE, part->invoke_id, &f->map);
}

/* make_answer: of part `i`, with a report TPDU at times. */
static struct bytes make_answer(struct forward *f, unsigned i, uint8_t *out)
{
	const struct traffic_label *l = &f->c->label;
	struct traffic_map p = { .operation = f->map.operation, .version = f->d.version };
	enum traffic_component kind = strcmp(l->outcome, "error") == 0    ? TRAFFIC_ERROR
	                              : strcmp(l->outcome, "reject") == 0 ? TRAFFIC_REJECT
	                                                                  : TRAFFIC_RESULT;
	struct traffic_tpdu t = { .type = f->to_mobile ? TRAFFIC_TPDU_DELIVER_REPORT
		                                       : TRAFFIC_TPDU_SUBMIT_REPORT,
		.time_us = f->d.at_us };
	uint8_t tpdu[TRAFFIC_TPDU_SIZE];

	if (kind == TRAFFIC_ERROR) {
		t.type = TRAFFIC_TPDU_DELIVER_REPORT_ERROR;
		t.cause = FAILURE_CAUSE;
		p.error = (uint8_t)l->outcome_code;
	}
	if ((kind == TRAFFIC_ERROR && f->to_mobile) ||
		(kind == TRAFFIC_RESULT && traffic_random_below(&f->d.m->random, 3) == 0)) {
		p.tpdu = bytes_of(tpdu, traffic_tpdu(&t, tpdu));
	}
	return make_component(&f->d, out, kind, (uint8_t)(i + 1), &p);
}

/* plan_parts: parts [first, last] in one dialogue. */
static void plan_parts(struct forward *f, unsigned first, unsigned last)
{
	uint8_t out[COMPONENTS_SIZE];
	bool returned = strcmp(f->c->label.outcome, "returned") == 0;
	const struct traffic_note none = { NULL, 0, false };
	bool begun = f->c->label.empty_begin;

	if (begun) {
		plan_tcap(&f->d, true, TRAFFIC_BEGIN, none, bytes_of(NULL, 0), false);
		plan_tcap(&f->d, false, TRAFFIC_CONTINUE, none, bytes_of(NULL, 0), false);
	}
	for (unsigned i = first; i <= last; i++) {
		struct traffic_note note = { f->c, (uint8_t)i, false };
		struct bytes component = make_invoke(f, i, i < last, out);

		plan_tcap(&f->d, true, begun ? TRAFFIC_CONTINUE : TRAFFIC_BEGIN, note, component,
			returned);
		begun = true;
		if (returned) {
			return;
		}
		note.answer = true;
		component = make_answer(f, i, out);
		plan_tcap(&f->d, false, i < last ? TRAFFIC_CONTINUE : TRAFFIC_END, note, component,
			false);
		f->d.answered = true;
	}
}

static void choose_outcome(struct forward *f, bool may_return)
{
	static const uint8_t errors[] = { ERROR_DELIVERY_FAILURE, ERROR_ABSENT_SM,
		ERROR_SYSTEM_FAILURE, ERROR_UNEXPECTED_DATA };
	struct traffic_maker *m = f->d.m;
	struct traffic_label *l = &f->c->label;

	if (may_return && f->d.unit != UNIT_SEGMENTS &&
		traffic_random_chance(&m->random, traffic_value(m, TRAFFIC_SCCP_RETURNED), 1000)) {
		l->outcome = "returned";
		l->outcome_code = CAUSE_NO_TRANSLATION;
	} else if (traffic_percent(m, TRAFFIC_MAP_ERROR)) {
		l->outcome = "error";
		l->outcome_code = errors[traffic_random_below(&m->random, sizeof(errors))];
		if (l->outcome_code == ERROR_ABSENT_SM && (f->d.version != 3 || !f->to_mobile)) {
			l->outcome_code = f->to_mobile ? ERROR_ABSENT : ERROR_SYSTEM_FAILURE;
		}
	} else if (traffic_percent(m, TRAFFIC_MAP_REJECT)) {
		l->outcome = "reject";
		l->outcome_code = 1; /* unrecognizedOperation */
	}
}

/* fill_forward: the parameters of MAP and TPDU, and what the label says of them. */
static void fill_forward(struct forward *f, const struct people *who, const char *lmsi)
{
	struct traffic_label *l = &f->c->label;
	struct traffic_maker *m = f->d.m;
	bool to_mobile = f->to_mobile;

	f->map = (struct traffic_map){
		.operation = to_mobile && f->d.version == 3 ? TRAFFIC_OP_MT : TRAFFIC_OP_FORWARD,
		.version = f->d.version,
		.to_mobile = to_mobile,
		.imsi = who->imsi,
		.lmsi = to_mobile ? lmsi : NULL,
		.msisdn = who->msisdn,
		.centre = who->centre
	};
	f->d.called.digits = f->d.answering.digits = to_mobile ? who->node : who->centre;
	f->d.calling.digits = to_mobile ? who->centre : who->node;
	if (f->map.lmsi != NULL) {
		f->d.destination_imsi = who->imsi;
	}
	tell_dialogue(&f->d, l, (uint8_t)f->map.operation);
	l->command = operation_name((uint8_t)f->map.operation, to_mobile, f->d.version);
	(void)snprintf(l->centre, sizeof(l->centre), "%s", who->centre);
	if ((to_mobile && f->map.lmsi == NULL) || (!to_mobile && f->d.version == 3)) {
		(void)snprintf(l->imsi, sizeof(l->imsi), "%s", who->imsi);
	}
	l->from = (struct traffic_address){ .ton = 1, .npi = 1 };
	l->to = l->from;
	(void)snprintf(
		(to_mobile ? &l->to : &l->from)->text, TRAFFIC_DIGITS_SIZE, "%s", who->msisdn);
	traffic_number_subscriber(m, (to_mobile ? &l->from : &l->to)->text);
	if (to_mobile && f->tpdu.type == TRAFFIC_TPDU_DELIVER &&
		traffic_percent(m, TRAFFIC_ADDRESS_ALPHANUMERIC)) {
		traffic_name(m, &l->from);
	}
	if (!to_mobile) {
		(void)snprintf(l->msisdn, sizeof(l->msisdn), "%s", who->msisdn);
	}
	f->tpdu.address = to_mobile ? &l->from : &l->to;
	f->tpdu.data_coding = l->data_coding;
	f->tpdu.reference = (uint8_t)traffic_random_next(&m->random);
}

/* plan_forward: the parts, in one dialogue or in one each; the time of the end. */
static void plan_forward(struct forward *f)
{
	struct traffic_maker *m = f->d.m;
	struct traffic_label *l = &f->c->label;
	bool together = f->cut.n > 1 && f->to_mobile && f->d.version > 1 &&
	                traffic_percent(m, TRAFFIC_MAP_MORE);

	l->empty_begin = f->d.version > 1 && traffic_percent(m, TRAFFIC_MAP_EMPTY_BEGIN);
	l->more_messages = together;
	if (!together) {
		choose_outcome(f, f->cut.n == 1 && !l->empty_begin);
	}
	if (together) {
		plan_parts(f, 0, f->cut.n - 1);
		return;
	}
	for (unsigned i = 0; i < f->cut.n; i++) {
		if (i != 0) {
			f->d.otid = f->d.link->transaction[f->d.side]++;
			f->d.dtid = f->d.link->transaction[1 - f->d.side]++;
			f->d.answered = false;
		}
		plan_parts(f, i, i);
	}
}

static void choose_tpdu(struct forward *f, unsigned what)
{
	static const char *const names[] = { "SMS-DELIVER", "SMS-SUBMIT", "SMS-STATUS-REPORT",
		"SMS-COMMAND" };
	static const uint8_t validities[] = { 0, 2, 2, 3 };
	struct traffic_maker *m = f->d.m;

	f->tpdu.type = what == STATUS    ? TRAFFIC_TPDU_STATUS_REPORT
	               : what == COMMAND ? TRAFFIC_TPDU_COMMAND
	               : f->to_mobile    ? TRAFFIC_TPDU_DELIVER
	                                 : TRAFFIC_TPDU_SUBMIT;
	f->tpdu.validity = validities[traffic_random_below(&m->random, sizeof(validities))];
	if (traffic_percent(m, TRAFFIC_MAP_ENHANCED)) {
		f->tpdu.validity = 1;
	}
	f->c->label.tpdu = names[f->tpdu.type];
}

/* plan_message_case: MO, MT, STATUS, COMMAND. */
static void plan_message_case(struct traffic_maker *m, struct traffic_link *link, unsigned what,
	unsigned version, const struct people *who)
{
	bool text = what == MO || what == MT;
	bool to_mobile = what == MT || what == STATUS;
	unsigned side = to_mobile ? traffic_random_below(&m->random, 2) : 1;
	uint64_t at_us = m->now_us;
	char lmsi[5] = "LAB1";
	struct forward f = { .to_mobile = to_mobile };

	if (what == MT && traffic_percent(m, TRAFFIC_MAP_SRI_FIRST)) {
		at_us = plan_to_register(m, link, side, at_us, version, who, TRAFFIC_OP_SRI);
	}
	f.c = traffic_case_new(m, text ? TRAFFIC_MESSAGE : TRAFFIC_RECEIPT, text);
	if (f.c == NULL) {
		return;
	}
	f.c->label.time_us = at_us;
	dialogue_init(
		&f.d, m, link, side, to_mobile ? TRAFFIC_CONTEXT_MT : TRAFFIC_CONTEXT_MO, version);
	f.d.at_us = at_us;
	choose_tpdu(&f, what);
	f.cut.n = 1;
	f.c->label.n_parts = 1;
	if (text) {
		traffic_cut_text(m, true, &f.cut);
		traffic_cut_tell(m, &f.cut, true, &f.c->label);
	}
	fill_forward(&f, who, traffic_percent(m, TRAFFIC_MAP_LMSI) ? lmsi : NULL);
	plan_forward(&f);
	if (to_mobile && (f.c->label.outcome_code == ERROR_ABSENT_SM ||
				 f.c->label.outcome_code == ERROR_ABSENT)) {
		at_us = plan_to_register(m, link, side, f.d.at_us, version, who, TRAFFIC_OP_REPORT);
		plan_alert(m, link, 1 - side, at_us + 200000, version, who);
	}
	traffic_case_let_go(m, f.c);
}

void traffic_map_message(struct traffic_maker *m, unsigned what, unsigned version)
{
	struct traffic_link *link = &m->links[1][traffic_random_below(&m->random, m->n_links[1])];
	unsigned side = traffic_random_below(&m->random, 2);
	struct people who;

	choose_people(m, &who);
	switch (what) {
	case SRI:
		(void)plan_to_register(m, link, side, m->now_us, version, &who, TRAFFIC_OP_SRI);
		break;
	case REPORT:
		(void)plan_to_register(m, link, side, m->now_us, version, &who, TRAFFIC_OP_REPORT);
		break;
	case ALERT:
		plan_alert(m, link, side, m->now_us, version, &who);
		break;
	default:
		plan_message_case(m, link, what, version, &who);
		break;
	}
}
