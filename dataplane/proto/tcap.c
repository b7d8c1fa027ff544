/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/tcap.h"

/* Elements of a message (Q.773 4.2.1). */
enum {
	TAG_OTID = 0x48,
	TAG_DTID = 0x49,
	TAG_P_ABORT_CAUSE = 0x4A,
	TAG_DIALOGUE = 0x6B,
	TAG_COMPONENTS = 0x6C,
};

/* Elements of the dialogue portion (Q.773 4.2.3; EXTERNAL: X.690 8.18). */
enum {
	TAG_SINGLE_ASN1_TYPE = 0xA0,
	TAG_AARQ = 0x60, /* and AUDT */
	TAG_AARE = 0x61,
	TAG_ABRT = 0x64,
	TAG_CONTEXT_NAME = 0xA1,
	TAG_RESULT = 0xA2,
};

/* Elements of a component (Q.773 4.2.2). */
enum { TAG_LINKED_ID = 0x80, TAG_PROBLEM_FIRST = 0x80, TAG_PROBLEM_LAST = 0x83 };

/*
 * ANSI T1.114.3 package types: private class, constructed, numbers 1 to 6 and 22.
 */
static bool is_ansi(const struct ber_element *e)
{
	return ber_class(e) == BER_PRIVATE && ber_is_constructed(e) &&
	       ((e->number >= 1 && e->number <= 6) || e->number == 22);
}

static bool is_type(uint8_t identifier)
{
	switch (identifier) {
#define X(name, id, text) case TCAP_##name:
		TCAP_TYPES(X)
#undef X
		return true;
	}
	return false;
}

const char *tcap_type_name(enum tcap_type type)
{
	switch (type) {
#define X(name, id, text) \
	case TCAP_##name: \
		return text;
		TCAP_TYPES(X)
#undef X
	}
	return "unknown";
}

const char *tcap_component_name(enum tcap_component_type type)
{
	switch (type) {
#define X(name, id, text) \
	case TCAP_##name: \
		return text;
		TCAP_COMPONENTS(X)
#undef X
	}
	return "unknown";
}

/* find: the first element with `identifier` in `area`; false also where it cannot be read so far. */
static bool find(struct bytes area, uint8_t identifier, struct ber_element *e)
{
	struct cursor c = cursor_of(area);
	enum reason why;

	while (cursor_left(&c) != 0) {
		if (ber_read(&c, e, &why) != PARSE_OK) {
			return false;
		}
		if (e->identifier == identifier) {
			return true;
		}
	}
	return false;
}

/* read_pdu_fields: the first name of a context and the first result; false: there is no name. */
static bool read_pdu_fields(struct bytes fields, struct tcap_message *m)
{
	struct cursor c = cursor_of(fields);
	bool result_wanted = m->dialogue == TCAP_DIALOGUE_RESPONSE;
	bool name_wanted = true;
	bool named = false;
	struct ber_element e;
	enum reason why;
	int32_t result;

	while ((name_wanted || result_wanted) && cursor_left(&c) != 0 &&
		ber_read(&c, &e, &why) == PARSE_OK) {
		if (e.identifier == TAG_CONTEXT_NAME && name_wanted) {
			name_wanted = false;
			named = find(e.value, BER_OBJECT_IDENTIFIER, &e);
			m->context = named ? e.value : m->context;
		} else if (e.identifier == TAG_RESULT && result_wanted) {
			result_wanted = false;
			if (find(e.value, BER_INTEGER, &e) && ber_integer(e.value, &result)) {
				m->result = (int16_t)(result & INT16_MAX);
			}
		}
	}
	return named;
}

/* The dialogue PDU: the application-context-name is in AARQ, AUDT and AARE, a result in AARE. */
static bool read_dialogue_pdu(const struct ber_element *pdu, struct tcap_message *m)
{
	switch (pdu->identifier) {
	case TAG_AARQ:
		m->dialogue = TCAP_DIALOGUE_REQUEST;
		break;
	case TAG_AARE:
		m->dialogue = TCAP_DIALOGUE_RESPONSE;
		break;
	case TAG_ABRT:
		m->dialogue = TCAP_DIALOGUE_ABORT;
		return true;
	default:
		return false;
	}
	return read_pdu_fields(pdu->value, m);
}

/* Q.773 4.2.3: DialoguePortion ::= [APPLICATION 11] EXPLICIT EXTERNAL, which holds one dialogue PDU. */
static void read_dialogue(const struct ber_element *portion, struct tcap_message *m)
{
	struct ber_element e;
	struct cursor c;
	enum reason why;

	m->dialogue = TCAP_DIALOGUE_UNKNOWN;
	m->dialogue_portion = portion->whole;
	if (find(portion->value, BER_EXTERNAL, &e) && find(e.value, TAG_SINGLE_ASN1_TYPE, &e)) {
		c = cursor_of(e.value);
		if (ber_read(&c, &e, &why) == PARSE_OK && read_dialogue_pdu(&e, m)) {
			return;
		}
	}
	m->anomalies |= TCAP_ANOMALY_DIALOGUE;
}

/* put_element: one element of the message; false: a second component portion, which one is read? */
static bool put_element(const struct ber_element *e, struct tcap_message *m, unsigned *seen)
{
	unsigned bit = 1u << (e->identifier & BER_LONG_TAG);
	int32_t cause;

	if ((*seen & bit) != 0 && e->identifier != TAG_COMPONENTS) {
		m->anomalies |= TCAP_ANOMALY_ELEMENT; /* the first one counts */
		return true;
	}
	switch (e->identifier) {
	case TAG_OTID:
		m->otid = e->value;
		break;
	case TAG_DTID:
		m->dtid = e->value;
		break;
	case TAG_P_ABORT_CAUSE:
		m->p_abort_cause = ber_integer(e->value, &cause) ? (int16_t)(cause & 0xFF) : 0xFF;
		break;
	case TAG_DIALOGUE:
		read_dialogue(e, m);
		break;
	case TAG_COMPONENTS:
		if ((*seen & bit) != 0) {
			return false;
		}
		m->components = e->value;
		break;
	default:
		m->anomalies |= TCAP_ANOMALY_ELEMENT;
		return true;
	}
	*seen |= bit;
	return true;
}

static bool id_fits(struct bytes id, bool wanted)
{
	return wanted ? id.len >= 1 && id.len <= 4 : id.len == 0;
}

/* check_ids: Q.773 3.1: which ids a message has; each is 1 to 4 octets (4.2.1). */
static void check_ids(struct tcap_message *m)
{
	bool otid = m->type == TCAP_BEGIN || m->type == TCAP_CONTINUE;
	bool dtid = m->type == TCAP_CONTINUE || m->type == TCAP_END || m->type == TCAP_ABORT;

	if (!id_fits(m->otid, otid) || !id_fits(m->dtid, dtid)) {
		m->anomalies |= TCAP_ANOMALY_ID;
	}
}

enum parse tcap_message_read(struct bytes b, struct tcap_message *m, enum reason *why)
{
	const struct bytes none = bytes_of(NULL, 0);
	struct tcap_message message = { .otid = none,
		.dtid = none,
		.p_abort_cause = -1,
		.result = -1,
		.context = none,
		.dialogue_portion = none,
		.components = none };
	struct cursor c = cursor_of(b);
	struct ber_element e;
	unsigned seen = 0;
	enum parse p;

	*why = R_ber;
	if (ber_read(&c, &e, why) != PARSE_OK) {
		return PARSE_BAD;
	}
	if (!is_type(e.identifier)) {
		*why = is_ansi(&e) ? R_tcap_ansi : R_tcap_message;
		return PARSE_BAD;
	}
	message.type = (enum tcap_type)e.identifier;
	message.anomalies = cursor_left(&c) != 0 ? TCAP_ANOMALY_TRAILING : 0;
	c = cursor_of(e.value);
	while (cursor_left(&c) != 0) {
		*why = R_ber;
		p = ber_read(&c, &e, why);
		if (p != PARSE_OK) {
			return PARSE_BAD;
		}
		if (!put_element(&e, &message, &seen)) {
			*why = R_tcap_message;
			return PARSE_BAD;
		}
	}
	check_ids(&message);
	*m = message;
	return PARSE_OK;
}

/* A component under construction: its elements are read in order, `e` is the next one. */
struct reader {
	struct cursor c;
	struct bytes message;
	struct ber_element e;
	bool there; /* e is one */
	bool broken;
	enum reason why;
};

static void advance(struct reader *r)
{
	r->there = false;
	if (cursor_left(&r->c) == 0) {
		return;
	}
	r->why = R_ber;
	r->there = ber_read(&r->c, &r->e, &r->why) == PARSE_OK;
	r->broken |= !r->there;
}

static size_t offset_of(const struct reader *r, struct bytes span)
{
	return (size_t)(span.data - r->message.data);
}

/* Q.773 4.2.2: the invoke ID is an INTEGER; in a Reject it may be NULL. */
static bool take_invoke_id(struct reader *r, struct tcap_component *out)
{
	if (!r->there) {
		return false;
	}
	if (r->e.identifier == BER_NULL && out->type == TCAP_REJECT) {
		advance(r);
		return true;
	}
	if (r->e.identifier != BER_INTEGER || !ber_integer(r->e.value, &out->invoke_id)) {
		return false;
	}
	advance(r);
	return true;
}

static void put_code(struct reader *r, struct tcap_component *out)
{
	out->code_tag_off = offset_of(r, r->e.whole);
	out->code_off = offset_of(r, r->e.value);
	out->code_len = (uint8_t)(r->e.value.len < UINT8_MAX ? r->e.value.len : UINT8_MAX);
}

/* Q.773 4.2.2: local INTEGER or global OBJECT IDENTIFIER. */
static bool take_code(struct reader *r, struct tcap_component *out)
{
	if (!r->there) {
		return false;
	}
	out->global = r->e.identifier == BER_OBJECT_IDENTIFIER;
	if (!out->global &&
		(r->e.identifier != BER_INTEGER || !ber_integer(r->e.value, &out->code))) {
		return false;
	}
	put_code(r, out);
	advance(r);
	return true;
}

/* The last element: what is behind it may be anything and cannot hide it. */
static void take_parameter(struct reader *r, struct tcap_component *out)
{
	if (r->there) {
		out->has_parameter = true;
		out->parameter = r->e;
	}
}

/* Q.773 4.2.2: Invoke */
static bool take_invoke(struct reader *r, struct tcap_component *out)
{
	if (!take_invoke_id(r, out)) {
		return false;
	}
	if (r->there && r->e.identifier == TAG_LINKED_ID) {
		if (!ber_integer(r->e.value, &out->linked_id)) {
			return false;
		}
		advance(r);
	}
	if (!take_code(r, out)) {
		return false;
	}
	take_parameter(r, out);
	return true;
}

/* Q.773 4.2.2: code and parameter stand in a SEQUENCE, and both or none is there. */
static bool take_result(struct reader *r, struct tcap_component *out)
{
	if (!take_invoke_id(r, out)) {
		return false;
	}
	if (!r->there) {
		return true;
	}
	if (r->e.identifier != BER_SEQUENCE) {
		return false;
	}
	out->trailing = cursor_left(&r->c) != 0;
	r->c = cursor_of(r->e.value);
	advance(r);
	if (!take_code(r, out)) {
		return false;
	}
	take_parameter(r, out);
	return true;
}

static bool take_error(struct reader *r, struct tcap_component *out)
{
	if (!take_invoke_id(r, out) || !take_code(r, out)) {
		return false;
	}
	take_parameter(r, out);
	return true;
}

/* Q.773 4.2.2: the tag of the problem code tells its type. */
static bool take_reject(struct reader *r, struct tcap_component *out)
{
	if (!take_invoke_id(r, out) || !r->there || r->e.identifier < TAG_PROBLEM_FIRST ||
		r->e.identifier > TAG_PROBLEM_LAST || !ber_integer(r->e.value, &out->code)) {
		return false;
	}
	out->problem_type = r->e.identifier;
	put_code(r, out);
	return true;
}

static bool take_body(struct reader *r, uint8_t identifier, struct tcap_component *out)
{
	switch (identifier) {
	case TCAP_INVOKE:
		return take_invoke(r, out);
	case TCAP_RESULT_LAST:
	case TCAP_RESULT_NOT_LAST:
		return take_result(r, out);
	case TCAP_ERROR:
		return take_error(r, out);
	case TCAP_REJECT:
		return take_reject(r, out);
	}
	return false;
}

enum parse tcap_component_read(
	struct cursor *c, struct bytes message, struct tcap_component *out, enum reason *why)
{
	struct tcap_component component = {
		.invoke_id = TCAP_NO_ID, .linked_id = TCAP_NO_ID, .code = TCAP_NO_CODE
	};
	struct reader r = { .message = message, .why = R_ber };
	struct ber_element whole;

	*why = R_ber;
	if (ber_read(c, &whole, why) != PARSE_OK) {
		return PARSE_BAD;
	}
	component.type = (enum tcap_component_type)whole.identifier;
	component.whole = whole.whole;
	component.off = offset_of(&r, whole.whole);
	r.c = cursor_of(whole.value);
	advance(&r);
	if (!take_body(&r, whole.identifier, &component) || r.broken) {
		*why = r.broken ? r.why : R_tcap_component;
		return PARSE_BAD;
	}
	component.trailing |= cursor_left(&r.c) != 0;
	*out = component;
	return PARSE_OK;
}
