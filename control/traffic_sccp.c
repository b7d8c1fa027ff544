/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/traffic_sccp.h"

enum { /* M3UA parameters: RFC 4666 3.2, 3.3 */
	TAG_ROUTING_CONTEXT = 0x0006,
	TAG_TRAFFIC_MODE = 0x000B,
	TAG_HEARTBEAT = 0x0009,
	TAG_STATUS = 0x000D,
	TAG_ASP_ID = 0x0011,
	TAG_PROTOCOL_DATA = 0x0210,
	SI_SCCP = 3,
	NI_NATIONAL = 2,
	MODE_LOADSHARE = 2,
};

enum { /* Q.713 3.4.1, 3.4.2.3, 3.17 */
	HAS_POINT_CODE = 0x01,
	HAS_SSN = 0x02,
	PLAN_E164 = 1,
	NATURE_INTERNATIONAL = 4,
	SEGMENTATION = 0x10,
	HOPS = 15,
};

/* put_title: 3.4.2.3.1 to .4: what stands before the digits. */
static void put_title(struct writer *w, const struct traffic_sccp_address *a, bool odd)
{
	uint8_t scheme = odd ? 1 : 2; /* BCD, odd or even number of digits */

	switch (a->format) {
	case 1:
		writer_u8(w, (uint8_t)((odd ? 0x80 : 0) | NATURE_INTERNATIONAL));
		break;
	case 2:
		writer_u8(w, 0); /* translation type */
		break;
	case 3:
		writer_u8(w, 0);
		writer_u8(w, (uint8_t)(PLAN_E164 << 4 | scheme));
		break;
	default:
		writer_u8(w, 0);
		writer_u8(w, (uint8_t)(PLAN_E164 << 4 | scheme));
		writer_u8(w, NATURE_INTERNATIONAL);
		break;
	}
}

static size_t make_address(const struct traffic_sccp_address *a, uint8_t *out)
{
	struct writer w = writer_of(out, TRAFFIC_SCCP_ADDRESS_SIZE);
	size_t n = strlen(a->digits);
	bool odd = n % 2 != 0;

	writer_u8(&w,
		(uint8_t)(a->format << 2 | HAS_SSN | (a->point_code != 0 ? HAS_POINT_CODE : 0)));
	if (a->point_code != 0) { /* low octet first */
		writer_u8(&w, (uint8_t)a->point_code);
		writer_u8(&w, (uint8_t)(a->point_code >> 8));
	}
	writer_u8(&w, a->ssn);
	put_title(&w, a, odd);
	for (size_t i = 0; i < n; i += 2) {
		/* format 2 cannot say "odd": the last signal is an ST (3.4.2.3.1) */
		uint8_t filler = a->format == 2 ? 0xF : 0;
		uint8_t high = i + 1 < n ? (uint8_t)(a->digits[i + 1] - '0') : filler;

		writer_u8(&w, (uint8_t)(high << 4 | (a->digits[i] - '0')));
	}
	return TRAFFIC_SCCP_ADDRESS_SIZE - writer_left(&w);
}

static void put_short(struct writer *w, struct bytes b)
{
	writer_u8(w, (uint8_t)b.len);
	writer_put(w, b);
}

static void put_u16_low(struct writer *w, size_t v)
{
	writer_u8(w, (uint8_t)v);
	writer_u8(w, (uint8_t)(v >> 8));
}

static bool is_long(const struct traffic_sccp *s)
{
	return s->type == TRAFFIC_LUDT || s->type == TRAFFIC_LUDTS;
}

/* put_pointers: from each pointer to its parameter (4.10, 4.18, 4.20). */
static void put_pointers(
	struct writer *w, const struct traffic_sccp *s, size_t called, size_t calling)
{
	size_t data = s->data.len;

	if (is_long(s)) { /* two octets, low one first, counted from the second octet */
		put_u16_low(w, 7);
		put_u16_low(w, 5 + 1 + called);
		put_u16_low(w, 3 + 1 + called + 1 + calling);
		put_u16_low(w, s->segmented ? 1 + 1 + called + 1 + calling + 2 + data : 0);
	} else if (s->type == TRAFFIC_UDT || s->type == TRAFFIC_UDTS) {
		writer_u8(w, 3);
		writer_u8(w, (uint8_t)(3 + called));
		writer_u8(w, (uint8_t)(3 + called + calling));
	} else {
		writer_u8(w, 4);
		writer_u8(w, (uint8_t)(4 + called));
		writer_u8(w, (uint8_t)(4 + called + calling));
		writer_u8(w, s->segmented ? (uint8_t)(4 + called + calling + data) : 0);
	}
}

static void put_sccp(struct writer *w, const struct traffic_sccp *s)
{
	uint8_t called[TRAFFIC_SCCP_ADDRESS_SIZE];
	uint8_t calling[TRAFFIC_SCCP_ADDRESS_SIZE];
	size_t called_len = make_address(&s->called, called);
	size_t calling_len = make_address(&s->calling, calling);

	writer_u8(w, (uint8_t)s->type);
	writer_u8(w, s->protocol_class);
	if (s->type != TRAFFIC_UDT && s->type != TRAFFIC_UDTS) {
		writer_u8(w, HOPS);
	}
	put_pointers(w, s, called_len, calling_len);
	put_short(w, bytes_of(called, called_len));
	put_short(w, bytes_of(calling, calling_len));
	if (is_long(s)) {
		put_u16_low(w, s->data.len);
		writer_put(w, s->data);
	} else {
		put_short(w, s->data);
	}
	if (s->segmented) { /* 3.17 */
		writer_u8(w, SEGMENTATION);
		writer_u8(w, 4);
		writer_u8(w, (uint8_t)((s->first ? 0x80 : 0) | (s->protocol_class & 1) << 6 |
				       s->remaining));
		writer_u8(w, (uint8_t)s->local_reference);
		writer_u8(w, (uint8_t)(s->local_reference >> 8));
		writer_u8(w, (uint8_t)(s->local_reference >> 16));
		writer_u8(w, 0); /* end of optional parameters */
	}
}

static void begin(struct writer *w, unsigned kind)
{
	writer_u8(w, 1); /* version */
	writer_u8(w, 0);
	writer_u16(w, (uint16_t)kind);
	writer_u32(w, 0); /* length: finish() */
}

static size_t finish(const struct writer *w, uint8_t *out, size_t size)
{
	size_t len = size - writer_left(w);

	if (!writer_ok(w)) {
		return 0;
	}
	put_be32(out + 4, (uint32_t)len);
	return len;
}

static void put_parameter(struct writer *w, uint16_t tag, uint32_t value)
{
	writer_u16(w, tag);
	writer_u16(w, 8);
	writer_u32(w, value);
}

size_t traffic_m3ua_data(
	const struct traffic_m3ua *m, const struct traffic_sccp *s, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);
	uint8_t *parameter;
	size_t len;

	begin(&w, 0x101); /* transfer messages, payload data */
	if (m->routing_context != 0) {
		put_parameter(&w, TAG_ROUTING_CONTEXT, m->routing_context);
	}
	parameter = w.at;
	writer_u16(&w, TAG_PROTOCOL_DATA);
	writer_u16(&w, 0);
	writer_u32(&w, m->opc);
	writer_u32(&w, m->dpc);
	writer_u8(&w, SI_SCCP);
	writer_u8(&w, NI_NATIONAL);
	writer_u8(&w, 0); /* priority */
	writer_u8(&w, m->sls);
	put_sccp(&w, s);
	if (!writer_ok(&w)) {
		return 0;
	}
	len = (size_t)(w.at - parameter);
	put_be16(parameter + 2, (uint16_t)len);
	writer_fill(&w, 0, -len & 3); /* 3.2: padded, the message's length counts it */
	return finish(&w, out, size);
}

size_t traffic_m3ua_plain(enum traffic_m3ua_kind kind, uint32_t routing_context, uint32_t status,
	uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);

	begin(&w, kind);
	if (kind == TRAFFIC_BEAT || kind == TRAFFIC_BEAT_ACK) {
		put_parameter(&w, TAG_HEARTBEAT, status);
	}
	if (kind == TRAFFIC_ASP_UP) {
		put_parameter(&w, TAG_ASP_ID, status);
	}
	if (kind == TRAFFIC_ASP_ACTIVE || kind == TRAFFIC_ASP_ACTIVE_ACK) {
		put_parameter(&w, TAG_TRAFFIC_MODE, MODE_LOADSHARE);
	}
	if (kind == TRAFFIC_NOTIFY) {
		put_parameter(&w, TAG_STATUS, status);
	}
	if (routing_context != 0) {
		put_parameter(&w, TAG_ROUTING_CONTEXT, routing_context);
	}
	return finish(&w, out, size);
}
