/* SPDX-License-Identifier: BSD-3-Clause */
/* BER from its end, MAP components, TCAP messages. */
#include "control/traffic_map.h"

enum {
	CONSTRUCTED = 0x20,
	INTEGER = 0x02,
	BIT_STRING = 0x03,
	OCTET_STRING = 0x04,
	NULL_ELEMENT = 0x05,
	OBJECT = 0x06,
	ENUMERATED = 0x0A,
	EXTERNAL = 0x28,
	SEQUENCE = 0x30,
	CONTEXT = 0x80,
	ADDRESS_INTERNATIONAL = 0x91, /* TS 29.002 17.7.8 AddressString: E.164, international */
	ADDRESS_IMSI = 0x96,          /* land mobile numbering plan E.212 */
	ERROR_DELIVERY_FAILURE = 32,  /* 17.6.6 */
	ERROR_ABSENT_SM = 6,
};

struct traffic_ber traffic_ber_of(uint8_t *data, size_t size, bool indefinite)
{
	return (struct traffic_ber){ data, data + size, data + size, indefinite, false };
}

struct bytes traffic_ber_bytes(const struct traffic_ber *b)
{
	return bytes_of(b->at, b->bad ? 0 : (size_t)(b->end - b->at));
}

static void before(struct traffic_ber *b, const void *data, size_t len)
{
	if (b->bad || (size_t)(b->at - b->begin) < len) {
		b->bad = true;
		return;
	}
	b->at -= len;
	if (len != 0) {
		memcpy(b->at, data, len);
	}
}

static void before_octet(struct traffic_ber *b, uint8_t v)
{
	before(b, &v, 1);
}

/* put_length: X.690 8.1.3.4, 8.1.3.5: the shortest. */
static void put_length(struct traffic_ber *b, size_t len)
{
	if (len < 0x80) {
		before_octet(b, (uint8_t)len);
	} else if (len < 0x100) {
		before_octet(b, (uint8_t)len);
		before_octet(b, 0x81);
	} else {
		before_octet(b, (uint8_t)len);
		before_octet(b, (uint8_t)(len >> 8));
		before_octet(b, 0x82);
	}
}

void traffic_ber_put(struct traffic_ber *b, uint8_t identifier, struct bytes contents)
{
	before(b, contents.data, contents.len);
	put_length(b, contents.len);
	before_octet(b, identifier);
}

size_t traffic_ber_end(struct traffic_ber *b)
{
	if (b->indefinite) {
		before(b, "\0\0", 2);
	}
	return (size_t)(b->end - b->at);
}

void traffic_ber_begin(struct traffic_ber *b, size_t mark, uint8_t identifier)
{
	if (b->indefinite) {
		before_octet(b, 0x80);
	} else {
		put_length(b, (size_t)(b->end - b->at) - mark);
	}
	before_octet(b, identifier);
}

static void put_octet(struct traffic_ber *b, uint8_t identifier, uint8_t v)
{
	traffic_ber_put(b, identifier, bytes_of(&v, 1));
}

/* put_digits: TBCD (TS 29.002 17.7.8), behind the octet `type` of an AddressString (0: none). */
static void put_digits(struct traffic_ber *b, uint8_t identifier, uint8_t type, const char *digits)
{
	uint8_t octets[TRAFFIC_DIGITS_SIZE];
	struct writer w = writer_of(octets, sizeof(octets));

	if (digits == NULL || digits[0] == '\0') {
		return;
	}
	if (type != 0) {
		writer_u8(&w, type);
	}
	for (size_t i = 0; digits[i] != '\0'; i += 2) {
		bool odd = digits[i + 1] == '\0';

		writer_u8(
			&w, (uint8_t)((odd ? 0xF : digits[i + 1] - '0') << 4 | (digits[i] - '0')));
		if (odd) {
			break;
		}
	}
	traffic_ber_put(b, identifier, bytes_of(octets, sizeof(octets) - writer_left(&w)));
}

static void put_address(struct traffic_ber *b, uint8_t identifier, const char *digits)
{
	put_digits(b, identifier, ADDRESS_INTERNATIONAL, digits);
}

/* ---- parameters, each from its last field to its first ---- */

/* put_forward: 17.7.6 MO-ForwardSM-Arg, MT-ForwardSM-Arg, ForwardSM-Arg. */
static void put_forward(struct traffic_ber *b, const struct traffic_map *p)
{
	size_t mark = traffic_ber_end(b);

	if (p->to_mobile && p->more) {
		traffic_ber_put(b, NULL_ELEMENT, bytes_of(NULL, 0));
	}
	if (!p->to_mobile && p->version == 3) {
		put_digits(b, OCTET_STRING, 0, p->imsi);
	}
	traffic_ber_put(b, OCTET_STRING, p->tpdu);
	if (p->to_mobile) {
		put_address(b, CONTEXT | 4, p->centre);
		if (p->lmsi != NULL) {
			traffic_ber_put(b, CONTEXT | 1, bytes_of(p->lmsi, 4));
		} else {
			put_digits(b, CONTEXT | 0, 0, p->imsi);
		}
	} else {
		put_address(b, CONTEXT | 2, p->msisdn);
		put_address(b, CONTEXT | 4, p->centre);
	}
	traffic_ber_begin(b, mark, SEQUENCE);
}

/* put_query: RoutingInfoForSM-Arg. */
static void put_query(struct traffic_ber *b, const struct traffic_map *p)
{
	size_t mark = traffic_ber_end(b);

	if (p->version == 3) {
		traffic_ber_put(b, CONTEXT | 7, bytes_of(NULL, 0)); /* gprsSupportIndicator */
	}
	put_address(b, CONTEXT | 2, p->centre);
	put_octet(b, CONTEXT | 1, 0xFF); /* sm-RP-PRI */
	put_address(b, CONTEXT | 0, p->msisdn);
	traffic_ber_begin(b, mark, SEQUENCE);
}

/* put_query_result: RoutingInfoForSM-Res: IMSI, networkNode-Number (v1: msc-Number), LMSI. */
static void put_query_result(struct traffic_ber *b, const struct traffic_map *p)
{
	size_t mark = traffic_ber_end(b);
	size_t inner = traffic_ber_end(b);

	if (p->lmsi != NULL) {
		traffic_ber_put(b, OCTET_STRING, bytes_of(p->lmsi, 4));
	}
	put_address(b, CONTEXT | 1, p->node);
	traffic_ber_begin(b, inner, CONTEXT | CONSTRUCTED | 0);
	put_digits(b, OCTET_STRING, 0, p->imsi);
	traffic_ber_begin(b, mark, SEQUENCE);
}

/* put_report: ReportSM-DeliveryStatusArg; v1 has no outcome. */
static void put_report(struct traffic_ber *b, const struct traffic_map *p)
{
	size_t mark = traffic_ber_end(b);

	if (p->version > 1) {
		put_octet(b, ENUMERATED, p->outcome);
	}
	put_address(b, OCTET_STRING, p->centre);
	put_address(b, OCTET_STRING, p->msisdn);
	traffic_ber_begin(b, mark, SEQUENCE);
}

static void put_alert(struct traffic_ber *b, const struct traffic_map *p)
{
	size_t mark = traffic_ber_end(b);

	put_address(b, OCTET_STRING, p->centre);
	put_address(b, OCTET_STRING, p->msisdn);
	traffic_ber_begin(b, mark, SEQUENCE);
}

/* put_inform: InformServiceCentreArg: storedMSISDN, mw-Status (mnrf-Set). */
static void put_inform(struct traffic_ber *b, const struct traffic_map *p)
{
	size_t mark = traffic_ber_end(b);

	traffic_ber_put(b, BIT_STRING, bytes_of((const uint8_t[]){ 2, 0x10 }, 2));
	put_address(b, OCTET_STRING, p->msisdn);
	traffic_ber_begin(b, mark, SEQUENCE);
}

static void put_argument(struct traffic_ber *b, const struct traffic_map *p)
{
	switch (p->operation) {
	case TRAFFIC_OP_MT:
	case TRAFFIC_OP_FORWARD:
		put_forward(b, p);
		break;
	case TRAFFIC_OP_SRI:
		put_query(b, p);
		break;
	case TRAFFIC_OP_REPORT:
		put_report(b, p);
		break;
	case TRAFFIC_OP_ALERT:
	case TRAFFIC_OP_ALERT_V1:
		put_alert(b, p);
		break;
	case TRAFFIC_OP_INFORM:
		put_inform(b, p);
		break;
	}
}

/* put_result: the parameter of a result with the operation before it, or neither (Q.773 3.2.1.1). */
static void put_result(struct traffic_ber *b, const struct traffic_map *p)
{
	size_t mark = traffic_ber_end(b);

	if (p->operation == TRAFFIC_OP_SRI) {
		put_query_result(b, p);
	} else if (p->tpdu.len != 0 && p->version == 3) { /* MO-, MT-ForwardSM-Res */
		size_t inner = traffic_ber_end(b);

		traffic_ber_put(b, OCTET_STRING, p->tpdu);
		traffic_ber_begin(b, inner, SEQUENCE);
	} else if (p->operation == TRAFFIC_OP_REPORT && p->version > 1) {
		size_t inner = traffic_ber_end(b);

		put_address(b, OCTET_STRING, p->msisdn); /* storedMSISDN */
		traffic_ber_begin(b, inner, SEQUENCE);
	} else {
		if (b->indefinite) {
			b->at += 2; /* there is no element to end */
		}
		return;
	}
	put_octet(b, INTEGER, (uint8_t)p->operation);
	traffic_ber_begin(b, mark, SEQUENCE);
}

/* put_error: 17.7.7: sm-DeliveryFailure says why; v1 with a bare ENUMERATED. */
static void put_error(struct traffic_ber *b, const struct traffic_map *p)
{
	if (p->error == ERROR_DELIVERY_FAILURE && p->version == 1) {
		put_octet(b, ENUMERATED, 0); /* memoryCapacityExceeded */
	} else if (p->error == ERROR_DELIVERY_FAILURE) {
		size_t mark = traffic_ber_end(b);

		if (p->tpdu.len != 0 && p->version == 3) {
			traffic_ber_put(b, OCTET_STRING, p->tpdu);
		}
		put_octet(b, ENUMERATED, 0);
		traffic_ber_begin(b, mark, SEQUENCE);
	} else if (p->error == ERROR_ABSENT_SM) {
		size_t mark = traffic_ber_end(b);

		put_octet(b, INTEGER, 1); /* IMSI detached: TS 23.040 3.3.2 */
		traffic_ber_begin(b, mark, SEQUENCE);
	}
	put_octet(b, INTEGER, p->error);
}

void traffic_map_component(struct traffic_ber *b, enum traffic_component kind, uint8_t invoke_id,
	const struct traffic_map *p)
{
	static const uint8_t identifiers[] = { 0xA1, 0xA2, 0xA3, 0xA4 }; /* Q.773 4.2.2 */
	size_t mark = traffic_ber_end(b);

	switch (kind) {
	case TRAFFIC_INVOKE:
		put_argument(b, p);
		put_octet(b, INTEGER, (uint8_t)p->operation);
		break;
	case TRAFFIC_RESULT:
		put_result(b, p);
		break;
	case TRAFFIC_ERROR:
		put_error(b, p);
		break;
	case TRAFFIC_REJECT:
		put_octet(b, CONTEXT | 1, 1); /* invokeProblem unrecognizedOperation */
		break;
	}
	put_octet(b, INTEGER, invoke_id);
	traffic_ber_begin(b, mark, identifiers[kind]);
}

/* put_open: MAP-OpenInfo with a destinationReference (TS 29.002 17.4). */
static void put_open(struct traffic_ber *b, const char *imsi)
{
	static const uint8_t dialogue_as[] = { 4, 0, 0, 1, 1, 1, 1 }; /* 0.4.0.0.1.1.1.1 */
	size_t user = traffic_ber_end(b);
	size_t external = traffic_ber_end(b);
	size_t single = traffic_ber_end(b);
	size_t open = traffic_ber_end(b);

	put_digits(b, CONTEXT | 0, ADDRESS_IMSI, imsi);
	traffic_ber_begin(b, open, CONTEXT | CONSTRUCTED | 0);
	traffic_ber_begin(b, single, CONTEXT | CONSTRUCTED | 0);
	traffic_ber_put(b, OBJECT, bytes_of(dialogue_as, sizeof(dialogue_as)));
	traffic_ber_begin(b, external, EXTERNAL);
	traffic_ber_begin(b, user, CONTEXT | CONSTRUCTED | 30);
}

static void put_result_accepted(struct traffic_ber *b)
{
	size_t mark = traffic_ber_end(b);
	size_t inner = traffic_ber_end(b);

	put_octet(b, INTEGER, 0); /* dialogue-service-user null */
	traffic_ber_begin(b, inner, CONTEXT | CONSTRUCTED | 1);
	traffic_ber_begin(b, mark, CONTEXT | CONSTRUCTED | 3);
	mark = traffic_ber_end(b);
	put_octet(b, INTEGER, 0); /* accepted */
	traffic_ber_begin(b, mark, CONTEXT | CONSTRUCTED | 2);
}

/* put_dialogue: Q.773 4.2.3: AARQ or AARE. */
static void put_dialogue(struct traffic_ber *b, const struct traffic_tcap *t)
{
	static const uint8_t dialogue_as_id[] = { 0, 0x11, 0x86, 5, 1, 1,
		1 }; /* 0.0.17.773.1.1.1 */
	const uint8_t context[] = { 4, 0, 0, 1, 0, (uint8_t)t->context, t->version };
	size_t portion = traffic_ber_end(b);
	size_t external = traffic_ber_end(b);
	size_t single = traffic_ber_end(b);
	size_t apdu = traffic_ber_end(b);
	bool request = t->dialogue == TRAFFIC_DIALOGUE_REQUEST;
	size_t name;

	if (request && t->destination_imsi != NULL) {
		put_open(b, t->destination_imsi);
	}
	if (!request) {
		put_result_accepted(b);
	}
	name = traffic_ber_end(b);
	traffic_ber_put(b, OBJECT, bytes_of(context, sizeof(context)));
	traffic_ber_begin(b, name, CONTEXT | CONSTRUCTED | 1);
	traffic_ber_put(b, CONTEXT | 0, bytes_of((const uint8_t[]){ 7, 0x80 }, 2)); /* version1 */
	traffic_ber_begin(b, apdu, request ? 0x60 : 0x61);
	traffic_ber_begin(b, single, CONTEXT | CONSTRUCTED | 0);
	traffic_ber_put(b, OBJECT, bytes_of(dialogue_as_id, sizeof(dialogue_as_id)));
	traffic_ber_begin(b, external, EXTERNAL);
	traffic_ber_begin(b, portion, 0x6B);
}

static void put_id(struct traffic_ber *b, uint8_t identifier, uint32_t id)
{
	uint8_t octets[4];

	put_be32(octets, id);
	traffic_ber_put(b, identifier, bytes_of(octets, sizeof(octets)));
}

size_t traffic_tcap(const struct traffic_tcap *t, uint8_t *out, size_t size, struct bytes *message)
{
	struct traffic_ber b = traffic_ber_of(out, size, t->indefinite);
	size_t mark = traffic_ber_end(&b);

	if (t->components.len != 0) {
		size_t portion = traffic_ber_end(&b);

		before(&b, t->components.data, t->components.len);
		traffic_ber_begin(&b, portion, 0x6C); /* Q.773 4.2.1 component portion */
	}
	if (t->dialogue != TRAFFIC_DIALOGUE_NONE) {
		put_dialogue(&b, t);
	}
	if (t->type != TRAFFIC_BEGIN) {
		put_id(&b, 0x49, t->dtid);
	}
	if (t->type != TRAFFIC_END) {
		put_id(&b, 0x48, t->otid);
	}
	traffic_ber_begin(&b, mark, (uint8_t)t->type);
	*message = traffic_ber_bytes(&b);
	return message->len;
}
