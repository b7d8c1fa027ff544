/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/gsmmap.h"

/* Octets of an address that are looked at: TS 29.002 17.7.8 has at most 20. */
enum { ADDRESS_OCTETS_MAX = 64 };

/* SM-RP-DA and SM-RP-OA (TS 29.002 17.7.6), identifiers without the form. */
enum {
	TAG_PARTY_IMSI = 0x80,
	TAG_PARTY_LMSI = 0x81,
	TAG_PARTY_MSISDN = 0x82,
	TAG_PARTY_ROAMING = 0x83,
	TAG_PARTY_CENTRE = 0x84,
	TAG_PARTY_NOTHING = 0x85,
};

enum reason gsmmap_anomaly_reason(unsigned i)
{
	static const uint8_t reasons[GSMMAP_ANOMALIES] = {
		R_map_digits,
		R_map_direction,
		R_ber_pieces,
		R_tcap_component,
	};

	return i < GSMMAP_ANOMALIES ? reasons[i] : R_none;
}

const char *gsmmap_operation_name(int32_t code)
{
	switch (code) {
#define X(name, id, text)   \
	case GSMMAP_##name: \
		return text;
		GSMMAP_OPERATIONS(X)
#undef X
	}
	return "unknown";
}

bool gsmmap_is_sms(int32_t code)
{
	switch (code) {
#define X(name, id, text) case GSMMAP_##name:
		GSMMAP_OPERATIONS(X)
#undef X
		return true;
	}
	return false;
}

bool gsmmap_carries_text(int32_t code)
{
	return code == GSMMAP_MT_FORWARD_SM || code == GSMMAP_MO_FORWARD_SM;
}

/*
 * TS 29.002 17.3.3: map-ac is {itu-t(0) identified-organization(4) etsi(0) mobileDomain(0)
 * gsm-Network(1) ac-Id(0) id version}; the first two arcs are one octet (X.690 8.19.4).
 */
struct gsmmap_context gsmmap_context_of(const struct tcap_message *m)
{
	static const uint8_t map_ac[5] = { 0x04, 0x00, 0x00, 0x01, 0x00 };
	struct gsmmap_context context = { 0 };

	if (m->context.len == sizeof(map_ac) + 2 &&
		memcmp(m->context.data, map_ac, sizeof(map_ac)) == 0) {
		context.id = m->context.data[sizeof(map_ac)];
		context.version = m->context.data[sizeof(map_ac) + 1];
	} else if (m->type == TCAP_BEGIN && m->dialogue == TCAP_DIALOGUE_NONE &&
		   m->components.len != 0) {
		context.version = 1;
	}
	return context;
}

/* What reads one parameter: the message it belongs to and what was found so far. */
struct reader {
	struct bytes message;
	struct gsmmap_message m;
	enum reason why;
};

/*
 * TBCD-STRING (TS 29.002 17.7.8): low half first; 1111 fills up the last octet. Digits behind a
 * filler are digits to some and not to others: they are left out and noted.
 */
static void put_digits(struct reader *r, struct bytes tbcd, struct gsmmap_address *a)
{
	static const char digits[] = "0123456789*#abc";
	size_t most = tbcd.len < LIMIT_MAP_DIGITS / 2 ? tbcd.len : LIMIT_MAP_DIGITS / 2;
	size_t i = 2 * bytes_digits(tbcd.data, most, a->digits);
	bool filled = false;

	a->n_digits = (uint8_t)i;
	for (; i < tbcd.len * 2; i++) {
		uint8_t digit = tbcd.data[i / 2] >> (i % 2 * 4) & 0x0F;

		if (digit == 0x0F) {
			filled = true;
		} else if (filled || a->n_digits == LIMIT_MAP_DIGITS) {
			r->m.anomalies |= GSMMAP_ANOMALY_DIGITS;
			return;
		} else {
			a->digits[a->n_digits++] = digits[digit];
		}
	}
}

/* string_octets: the contents of a short string and, when they are in one piece, their place. */
static bool string_octets(struct reader *r, const struct ber_element *e, uint8_t *copy,
	struct gsmmap_address *a, struct bytes *octets)
{
	if (!ber_octets(e, copy, ADDRESS_OCTETS_MAX, octets)) {
		return false;
	}
	if (octets->data == copy) {
		r->m.anomalies |= GSMMAP_ANOMALY_PIECES;
	} else if (octets->len != 0) {
		a->octets = *octets;
		a->off = (size_t)(octets->data - r->message.data);
	}
	return true;
}

/* AddressString (TS 29.002 17.7.8): an octet of extension, nature and plan, then TBCD digits. */
static bool put_address(struct reader *r, const struct ber_element *e, struct gsmmap_address *out)
{
	uint8_t copy[ADDRESS_OCTETS_MAX];
	struct gsmmap_address a = { .octets = bytes_of(NULL, 0) };
	struct bytes octets;

	if (!string_octets(r, e, copy, &a, &octets)) {
		return false;
	}
	if (octets.len != 0) {
		a.nature = octets.data[0] >> 4 & 0x07;
		a.plan = octets.data[0] & 0x0F;
		put_digits(r, bytes_slice(octets, 1, octets.len), &a);
	}
	*out = a;
	return true;
}

/* IMSI (TS 29.002 17.7.8): a TBCD string of 3 to 8 octets. */
static bool put_imsi(struct reader *r, const struct ber_element *e)
{
	uint8_t copy[ADDRESS_OCTETS_MAX];
	struct gsmmap_address a = { .octets = bytes_of(NULL, 0) };
	struct bytes octets;

	if (!string_octets(r, e, copy, &a, &octets)) {
		return false;
	}
	put_digits(r, octets, &a);
	r->m.imsi = a;
	return true;
}

static bool put_ui(struct reader *r, const struct ber_element *e)
{
	uint8_t copy[LIMIT_TPDU_LEN];
	struct bytes octets;

	if (!ber_octets(e, copy, sizeof(copy), &octets)) {
		return false;
	}
	r->m.has_ui = true;
	r->m.ui_element = *e;
	r->m.ui_in_pieces = octets.data == copy;
	if (r->m.ui_in_pieces) {
		r->m.anomalies |= GSMMAP_ANOMALY_PIECES;
		octets = bytes_of(NULL, 0);
	}
	r->m.ui = octets;
	r->m.ui_off =
		(size_t)((r->m.ui_in_pieces || octets.len == 0 ? e->value.data : octets.data) -
			 r->message.data);
	return true;
}

/* SM-RP-DA: imsi, lmsi, roamingNumber (v1), serviceCentreAddressDA or noSM-RP-DA. */
static bool put_da(struct reader *r, const struct ber_element *e)
{
	switch (ber_tag(e)) {
	case TAG_PARTY_IMSI:
		r->m.da = GSMMAP_PARTY_IMSI;
		return put_imsi(r, e);
	case TAG_PARTY_LMSI:
		r->m.da = GSMMAP_PARTY_LMSI;
		r->m.lmsi = e->value;
		return true;
	case TAG_PARTY_ROAMING:
		r->m.da = GSMMAP_PARTY_ROAMING;
		return put_address(r, e, &r->m.roaming);
	case TAG_PARTY_CENTRE:
		r->m.da = GSMMAP_PARTY_CENTRE;
		return put_address(r, e, &r->m.service_centre);
	case TAG_PARTY_NOTHING:
		r->m.da = GSMMAP_PARTY_NOTHING;
		return true;
	}
	return false;
}

/* SM-RP-OA: msisdn, serviceCentreAddressOA or noSM-RP-OA. */
static bool put_oa(struct reader *r, const struct ber_element *e)
{
	switch (ber_tag(e)) {
	case TAG_PARTY_MSISDN:
		r->m.oa = GSMMAP_PARTY_MSISDN;
		return put_address(r, e, &r->m.msisdn);
	case TAG_PARTY_CENTRE:
		r->m.oa = GSMMAP_PARTY_CENTRE;
		return put_address(r, e, &r->m.service_centre);
	case TAG_PARTY_NOTHING:
		r->m.oa = GSMMAP_PARTY_NOTHING;
		return true;
	}
	return false;
}

/*
 * put_direction: whose TPDU this is. Code 44 is mobile terminated. 46 was ForwardSM for both ways
 * up to v2: then the context tells (TS 29.002 17.3.3), else the addresses do; without any it is the
 * next message of a mobile terminated dialogue (23.3.2).
 */
static void put_direction(struct reader *r)
{
	struct gsmmap_message *m = &r->m;
	bool from_mobile = m->oa == GSMMAP_PARTY_MSISDN || m->da == GSMMAP_PARTY_CENTRE;
	bool to_mobile = m->da == GSMMAP_PARTY_IMSI || m->da == GSMMAP_PARTY_LMSI ||
	                 m->da == GSMMAP_PARTY_ROAMING || m->oa == GSMMAP_PARTY_CENTRE;

	if (m->operation == GSMMAP_MT_FORWARD_SM || m->context.id == GSMMAP_CONTEXT_MT) {
		m->to_mobile = true;
	} else if (m->context.id == GSMMAP_CONTEXT_MO && m->context.version >= 2) {
		m->to_mobile = false;
	} else {
		m->to_mobile = !from_mobile;
	}
	if (m->to_mobile ? from_mobile : to_mobile) {
		m->anomalies |= GSMMAP_ANOMALY_DIRECTION;
	}
}

static bool next(struct reader *r, struct cursor *c, struct ber_element *e)
{
	if (cursor_left(c) == 0) {
		r->why = R_map_parameter;
		return false;
	}
	r->why = R_ber;
	if (ber_read(c, e, &r->why) != PARSE_OK) {
		return false;
	}
	r->why = R_map_parameter;
	return true;
}

/*
 * ForwardSM-Arg, MO- and MT-ForwardSM-Arg (TS 29.002 17.7.6): DA, OA, UI; then NULL is
 * moreMessagesToSend, and an octet string the IMSI of the sender in MO (in MT a time). What is
 * behind the UI cannot hide it.
 */
static bool read_forward(struct reader *r, struct bytes parameter)
{
	struct cursor c = cursor_of(parameter);
	struct ber_element e;

	if (!next(r, &c, &e) || !put_da(r, &e) || !next(r, &c, &e) || !put_oa(r, &e) ||
		!next(r, &c, &e) || ber_tag(&e) != BER_OCTET_STRING || !put_ui(r, &e)) {
		return false;
	}
	put_direction(r);
	while (cursor_left(&c) != 0) {
		if (!next(r, &c, &e)) {
			r->m.anomalies |= GSMMAP_ANOMALY_TRAILING;
			return true;
		}
		if (e.identifier == BER_NULL) {
			r->m.more_messages = true;
		} else if (ber_tag(&e) == BER_OCTET_STRING && !r->m.to_mobile &&
			   r->m.imsi.n_digits == 0) {
			(void)put_imsi(r, &e);
		}
	}
	return true;
}

enum field_kind {
	FIELD_MSISDN,
	FIELD_CENTRE,
	FIELD_IMSI,
	FIELD_LMSI,
	FIELD_NODE,
	FIELD_LOCATION, /* a SEQUENCE with fields of its own */
	FIELD_OUTCOME,
	FIELD_UI,
};

/* The fields of the other parameters (TS 29.002 17.7.6); of equal tags the nth one is meant. */
struct field {
	uint8_t operation;
	bool result;
	uint8_t tag; /* without the form */
	uint8_t nth; /* from 1 */
	enum field_kind kind;
};

enum { WITHIN_LOCATION = 0, WITHIN_FAILURE = 1 }; /* no operations: parts of their parameters */

static const struct field fields[] = {
	{ GSMMAP_SEND_ROUTING_INFO, false, 0x80, 1, FIELD_MSISDN },
	{ GSMMAP_SEND_ROUTING_INFO, false, 0x82, 1, FIELD_CENTRE },
	{ GSMMAP_SEND_ROUTING_INFO, false, 0x8C, 1, FIELD_IMSI },
	{ GSMMAP_SEND_ROUTING_INFO, true, BER_OCTET_STRING, 1, FIELD_IMSI },
	{ GSMMAP_SEND_ROUTING_INFO, true, 0x80, 1, FIELD_LOCATION },
	{ WITHIN_LOCATION, true, 0x80, 1, FIELD_NODE }, /* v1: roamingNumber */
	{ WITHIN_LOCATION, true, 0x81, 1, FIELD_NODE },
	{ WITHIN_LOCATION, true, BER_OCTET_STRING, 1, FIELD_LMSI },
	{ GSMMAP_REPORT_STATUS, false, BER_OCTET_STRING, 1, FIELD_MSISDN },
	{ GSMMAP_REPORT_STATUS, false, BER_OCTET_STRING, 2, FIELD_CENTRE },
	{ GSMMAP_REPORT_STATUS, false, BER_ENUMERATED, 1, FIELD_OUTCOME },
	{ GSMMAP_ALERT, false, BER_OCTET_STRING, 1, FIELD_MSISDN },
	{ GSMMAP_ALERT, false, BER_OCTET_STRING, 2, FIELD_CENTRE },
	{ GSMMAP_ALERT, false, 0x80, 1, FIELD_IMSI },
	{ GSMMAP_ALERT_V1, false, BER_OCTET_STRING, 1, FIELD_MSISDN },
	{ GSMMAP_ALERT_V1, false, BER_OCTET_STRING, 2, FIELD_CENTRE },
	{ GSMMAP_INFORM, false, BER_OCTET_STRING, 1, FIELD_MSISDN },
	{ GSMMAP_READY, false, 0x80, 1, FIELD_IMSI },
	{ GSMMAP_MO_FORWARD_SM, true, BER_OCTET_STRING, 1, FIELD_UI },
	{ GSMMAP_MT_FORWARD_SM, true, BER_OCTET_STRING, 1, FIELD_UI },
	{ WITHIN_FAILURE, true, BER_OCTET_STRING, 1, FIELD_UI }, /* diagnosticInfo */
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static const struct field *find_field(int32_t operation, bool result, uint8_t tag, unsigned nth)
{
	for (unsigned i = 0; i < N_FIELDS; i++) {
		const struct field *f = &fields[i];

		if (f->operation == operation && f->result == result && f->tag == tag &&
			f->nth == nth) {
			return f;
		}
	}
	return NULL;
}

/* put_field: all but FIELD_LOCATION. */
static bool put_field(struct reader *r, enum field_kind kind, const struct ber_element *e)
{
	int32_t outcome;

	switch (kind) {
	case FIELD_MSISDN:
		return put_address(r, e, &r->m.msisdn);
	case FIELD_CENTRE:
		return put_address(r, e, &r->m.service_centre);
	case FIELD_NODE:
		return put_address(r, e, &r->m.node);
	case FIELD_IMSI:
		return put_imsi(r, e);
	case FIELD_UI:
		return put_ui(r, e);
	case FIELD_LMSI:
		r->m.lmsi = e->value;
		return true;
	case FIELD_OUTCOME:
		if (!ber_integer(e->value, &outcome)) {
			return false;
		}
		r->m.outcome = (int16_t)(outcome & INT16_MAX);
		return true;
	case FIELD_LOCATION:
		return false;
	}
	return false;
}

/* read_fields: the elements of `area` that have a meaning here; *inner is that of FIELD_LOCATION. */
static bool read_fields(
	struct reader *r, int32_t operation, bool result, struct bytes area, struct bytes *inner)
{
	struct cursor c = cursor_of(area);
	uint8_t n_seen[256] = { 0 };

	while (cursor_left(&c) != 0) {
		const struct field *f;
		struct ber_element e;
		uint8_t tag;

		if (!next(r, &c, &e)) {
			return false;
		}
		tag = ber_tag(&e);
		n_seen[tag] = (uint8_t)(n_seen[tag] + (n_seen[tag] != UINT8_MAX));
		f = find_field(operation, result, tag, n_seen[tag]);
		if (f == NULL) {
			continue;
		}
		if (f->kind == FIELD_LOCATION) {
			*inner = e.value;
		} else if (!put_field(r, f->kind, &e)) {
			return false;
		}
	}
	return true;
}

static bool read_other(struct reader *r, int32_t operation, bool result, struct bytes parameter)
{
	struct bytes location = bytes_of(NULL, 0);

	return read_fields(r, operation, result, parameter, &location) &&
	       read_fields(r, WITHIN_LOCATION, true, location, &location);
}

/* read_parameter: by what kind of component it belongs to. */
static bool read_parameter(struct reader *r, const struct tcap_component *c)
{
	struct bytes value = c->parameter.value;
	bool in_sequence = c->parameter.identifier == BER_SEQUENCE;

	switch (c->type) {
	case TCAP_INVOKE:
		if (!gsmmap_is_sms(c->code)) {
			return true;
		}
		if (!c->has_parameter || !in_sequence) {
			return false;
		}
		return gsmmap_carries_text(c->code) ? read_forward(r, value)
		                                    : read_other(r, c->code, false, value);
	case TCAP_RESULT_LAST:
	case TCAP_RESULT_NOT_LAST:
		r->m.to_mobile = c->code == GSMMAP_MO_FORWARD_SM; /* its report goes back */
		if (!gsmmap_is_sms(c->code) || !c->has_parameter) {
			return true;
		}
		return in_sequence && read_other(r, c->code, true, value);
	case TCAP_ERROR:
		if (c->code != GSMMAP_ERROR_DELIVERY_FAILURE || !c->has_parameter || !in_sequence) {
			return true; /* v1: the cause alone */
		}
		return read_other(r, WITHIN_FAILURE, true, value);
	case TCAP_REJECT:
		return true;
	}
	return true;
}

enum parse gsmmap_message_read(const struct tcap_component *c, struct gsmmap_context context,
	struct bytes message, struct gsmmap_message *m, enum reason *why)
{
	const struct gsmmap_address no_address = { .octets = bytes_of(NULL, 0) };
	struct reader r = { .message = message, .why = R_map_parameter };

	r.m = (struct gsmmap_message){
		.type = c->type,
		.operation = TCAP_NO_CODE,
		.error = TCAP_NO_CODE,
		.invoke_id = c->invoke_id,
		.context = context,
		.outcome = -1,
		.service_centre = no_address,
		.msisdn = no_address,
		.roaming = no_address,
		.node = no_address,
		.imsi = no_address,
		.lmsi = bytes_of(NULL, 0),
		.ui = bytes_of(NULL, 0),
	};
	if (c->type == TCAP_ERROR) {
		r.m.error = c->code;
	} else if (c->type != TCAP_REJECT) {
		r.m.operation = c->code;
	}
	if (!read_parameter(&r, c)) {
		*why = r.why;
		return PARSE_BAD;
	}
	if (c->trailing) {
		r.m.anomalies |= GSMMAP_ANOMALY_TRAILING;
	}
	*m = r.m;
	return PARSE_OK;
}
