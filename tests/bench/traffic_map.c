/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "dataplane/base/crc32c.h"
#include "tests/bench/traffic_parts.h"

enum {
	SCTP_LEN = 12,
	HEADERS_LEN = ETHERNET_LEN + IP_LEN + SCTP_LEN,
	M3UA_PORT = 2905,
	PPID_M3UA = 3,
	SCTP_PROTOCOL = 132,
	STREAMS = 16,
	MESSAGE_SIZE = 512,
	PACKETS_A_SACK = 2, /* RFC 9260 6.2: at least every second packet */
	MT_FORWARD_SM = 44,
	MO_FORWARD_SM = 46,
	CONTEXT_MO = 21, /* TS 29.002 17.3.3 */
	CONTEXT_MT = 25,
	NODES = 97,
};

/* What a message grows in. */
struct octets {
	uint8_t *at;
	size_t len;
};

static void put(struct octets *o, const void *data, size_t len)
{
	memcpy(o->at + o->len, data, len);
	o->len += len;
}

static void put_u8(struct octets *o, unsigned v)
{
	o->at[o->len++] = (uint8_t)v;
}

/* wrap: what lies behind `from` becomes the contents of an element (X.690 8.1). */
static void wrap(struct octets *o, size_t from, uint8_t tag)
{
	size_t len = o->len - from;
	size_t head = len < 128 ? 2 : len < 256 ? 3 : 4;

	memmove(o->at + from + head, o->at + from, len);
	o->at[from] = tag;
	if (head == 2) {
		o->at[from + 1] = (uint8_t)len;
	} else if (head == 3) {
		o->at[from + 1] = 0x81;
		o->at[from + 2] = (uint8_t)len;
	} else {
		o->at[from + 1] = 0x82;
		put_be16(o->at + from + 2, (uint16_t)len);
	}
	o->len += head;
}

/* put_digits: semi-octets, the first one low; an odd last one is filled (TS 29.002 17.7.8 TBCD). */
static void put_digits(struct octets *o, const char *digits, unsigned filler)
{
	for (; *digits != '\0'; digits += digits[1] != '\0' ? 2 : 1) {
		unsigned high = digits[1] != '\0' ? (unsigned)(digits[1] - '0') : filler;

		put_u8(o, high << 4 | (unsigned)(digits[0] - '0'));
	}
}

/* put_address: an AddressString: international, E.164. */
static void put_address(struct octets *o, uint8_t tag, const char *digits)
{
	size_t from = o->len;

	put_u8(o, 0x91);
	put_digits(o, digits, 15);
	wrap(o, from, tag);
}

/* Who takes part in the `number`th message: the service centre and one of many nodes and subscribers. */
static const char CENTRE[] = "442079460001";

static void node_of(uint32_t number, char digits[16])
{
	snprintf(digits, 16, "3319900%05u", number % NODES);
}

static void subscriber_of(uint32_t number, char digits[16])
{
	snprintf(digits, 16, "4477009%05u", number * 31 % 100000);
}

/* put_septets: seven bits after seven bits, the lowest first (TS 23.038 6.1.2.1). */
static void put_septets(struct octets *o, const uint8_t *septets, unsigned n)
{
	uint8_t *at = o->at + o->len;
	size_t len = (n * 7u + 7) / 8;

	memset(at, 0, len + 1);
	for (unsigned i = 0; i < n; i++) {
		unsigned value = (septets[i] & 0x7Fu) << i * 7 % 8;

		at[i * 7 / 8] |= (uint8_t)value;
		at[i * 7 / 8 + 1] |= (uint8_t)(value >> 8);
	}
	o->len += len;
}

static void put_text(struct octets *o, const struct traffic_text *text)
{
	put_u8(o, text->len);
	if (text->data_coding == 8) {
		put(o, text->octets, text->len);
	} else {
		put_septets(o, text->octets, text->len);
	}
}

/* TS 23.040 9.2.2.1 and 9.2.2.2. */
static void put_tpdu(
	struct octets *o, const struct traffic_text *text, bool to_mobile, uint32_t number)
{
	static const uint8_t sender[] = { 0x04, 0x10, 0xD0 }; /* TP-OA: a name in 16 semi-octets */
	static const uint8_t time[] = { 0x62, 0x11, 0x22, 0x01, 0x00, 0x00, 0x00 };
	char digits[16];
	size_t from = o->len;

	if (to_mobile) {
		put(o, sender, sizeof(sender));
		put_septets(o, (const uint8_t *)"Northbank", 9);
	} else {
		subscriber_of(number + 7, digits);
		put_u8(o, 0x01);
		put_u8(o, number & 0xFF);
		put_u8(o, (unsigned)strlen(digits));
		put_u8(o, 0x91);
		put_digits(o, digits, 15);
	}
	put_u8(o, 0);
	put_u8(o, text->data_coding);
	if (to_mobile) {
		put(o, time, sizeof(time));
	}
	put_text(o, text);
	wrap(o, from, 0x04);
}

/* put_dialogue: AARQ or an AARE that accepts (Q.773 4.2.3), application context version 3. */
static void put_dialogue(struct octets *o, bool to_mobile, bool response)
{
	const uint8_t context[] = { 0xA1, 0x09, 0x06, 0x07, 0x04, 0x00, 0x00, 0x01, 0x00,
		to_mobile ? CONTEXT_MT : CONTEXT_MO, 3 };
	static const uint8_t version[] = { 0x80, 0x02, 0x07, 0x80 };
	static const uint8_t accepted[] = { 0xA2, 0x03, 0x02, 0x01, 0x00, 0xA3, 0x05, 0xA1, 0x03,
		0x02, 0x01, 0x00 };
	static const uint8_t as_id[] = { 0x06, 0x07, 0x00, 0x11, 0x86, 0x05, 0x01, 0x01, 0x01 };
	size_t from = o->len;
	size_t pdu;

	put(o, as_id, sizeof(as_id));
	pdu = o->len;
	put(o, version, sizeof(version));
	put(o, context, sizeof(context));
	if (response) {
		put(o, accepted, sizeof(accepted));
	}
	wrap(o, pdu, response ? 0x61 : 0x60);
	wrap(o, pdu, 0xA0);
	wrap(o, from, 0x28);
	wrap(o, from, 0x6B);
}

static void put_transaction(struct octets *o, uint8_t tag, uint32_t id)
{
	put_u8(o, tag);
	put_u8(o, 4);
	put_be32(o->at + o->len, id);
	o->len += 4;
}

size_t traffic_tcap(const struct traffic_text *text, bool to_mobile, uint32_t number, uint8_t *out)
{
	const uint8_t head[] = { 0x02, 0x01, 0x01, 0x02, 0x01,
		to_mobile ? MT_FORWARD_SM : MO_FORWARD_SM };
	struct octets o = { out, 0 };
	char digits[16];
	size_t components;
	size_t parameter;
	size_t from;

	put_transaction(&o, 0x48, number);
	put_dialogue(&o, to_mobile, false);
	components = o.len;
	put(&o, head, sizeof(head));
	parameter = o.len;
	if (to_mobile) {
		from = o.len;
		snprintf(digits, sizeof(digits), "0010100%08u", number * 7919 % 100000000);
		put_digits(&o, digits, 15);
		wrap(&o, from, 0x80);
		put_address(&o, 0x84, CENTRE);
	} else {
		put_address(&o, 0x84, CENTRE);
		subscriber_of(number, digits);
		put_address(&o, 0x82, digits);
	}
	put_tpdu(&o, text, to_mobile, number);
	wrap(&o, parameter, 0x30);
	wrap(&o, components, 0xA1);
	wrap(&o, components, 0x6C);
	wrap(&o, 0, 0x62);
	return o.len;
}

/* The End to `asked`: a result, or the Reject of what the poison made of it. */
static size_t put_answer(const struct asked *asked, uint8_t *out)
{
	static const uint8_t result[] = { 0xA2, 0x03, 0x02, 0x01, 0x01 };
	static const uint8_t reject[] = { 0xA4, 0x06, 0x02, 0x01, 0x01, 0x81, 0x01, 0x02 };
	struct octets o = { out, 0 };
	size_t components;

	put_transaction(&o, 0x49, asked->number);
	put_dialogue(&o, asked->to_mobile, true);
	components = o.len;
	if (asked->refused) {
		put(&o, reject, sizeof(reject));
	} else {
		put(&o, result, sizeof(result));
	}
	wrap(&o, components, 0x6C);
	wrap(&o, 0, 0x64);
	return o.len;
}

/* put_party: a party address of SCCP: SSN and a global title of format 4 (Q.713 3.4). */
static void put_party(struct octets *o, uint8_t ssn, const char *digits)
{
	size_t at = o->len++;

	put_u8(o, 0x12);
	put_u8(o, ssn);
	put_u8(o, 0);
	put_u8(o, strlen(digits) % 2 != 0 ? 0x11 : 0x12);
	put_u8(o, 4);
	put_digits(o, digits, 0);
	o->at[at] = (uint8_t)(o->len - at - 1);
}

/* put_message: M3UA DATA (RFC 4666 3.3.1) with a UDT (Q.713 4.10) around `tcap`; its length. */
static size_t put_message(const struct asked *asked, bool answer, struct bytes tcap, uint8_t *out)
{
	enum { SCCP_OFF = 32, SSN_CENTRE = 8, SSN_MSC = 8 };
	struct octets s = { out + SCCP_OFF, 5 };
	bool to_centre = asked->to_mobile == answer;
	char node[16];
	size_t value_len;
	size_t padded;

	node_of(asked->number, node);
	s.at[0] = 9;
	s.at[1] = 0;
	s.at[2] = 3;
	put_party(&s, SSN_CENTRE, to_centre ? CENTRE : node);
	s.at[3] = (uint8_t)(s.len - 3);
	put_party(&s, SSN_MSC, to_centre ? node : CENTRE);
	s.at[4] = (uint8_t)(s.len - 4);
	put_u8(&s, (unsigned)tcap.len);
	put(&s, tcap.data, tcap.len);
	value_len = 12 + s.len;
	padded = (4 + value_len + 3) & ~(size_t)3;
	memcpy(out, "\1\0\1\1", 4);
	put_be32(out + 4, (uint32_t)(16 + padded));
	memcpy(out + 8, "\0\6\0\10\0\0\0\1", 8); /* routing context 1 */
	put_be16(out + 16, 0x0210);
	put_be16(out + 18, (uint16_t)(4 + value_len));
	put_be32(out + 20, to_centre ? 202 : 101);
	put_be32(out + 24, to_centre ? 101 : 202);
	memcpy(out + 28, "\3\2\0", 3);
	out[31] = (uint8_t)(asked->number & 15);
	memset(out + SCCP_OFF + s.len, 0, padded - 4 - value_len);
	return 16 + padded;
}

static uint8_t *chunks_of(struct traffic *t)
{
	return traffic_octets(t) + HEADERS_LEN;
}

/* say: the chunks that lie where they go become a packet. */
static void say(
	struct traffic *t, const struct association *a, bool from_client, uint32_t tag, size_t len)
{
	uint8_t *ip = traffic_octets(t) + ETHERNET_LEN;
	uint8_t *sctp = ip + IP_LEN;

	traffic_put_ip(ip, from_client, SCTP_PROTOCOL, SCTP_LEN + len);
	put_be16(sctp, from_client ? a->port : M3UA_PORT);
	put_be16(sctp + 2, from_client ? M3UA_PORT : a->port);
	put_be32(sctp + 4, tag);
	traffic_say(t, from_client, HEADERS_LEN + len);
}

static size_t put_sack(uint8_t *chunk, uint32_t cum_tsn)
{
	memcpy(chunk, "\3\0\0\20", 4);
	put_be32(chunk + 4, cum_tsn);
	put_be32(chunk + 8, 106496);
	put_be32(chunk + 12, 0);
	return 16;
}

static size_t put_data(uint8_t *chunk, struct traffic_end *end, size_t len)
{
	chunk[0] = 0;
	chunk[1] = 3;
	put_be16(chunk + 2, (uint16_t)(16 + len));
	put_be32(chunk + 4, end->next_tsn);
	put_be16(chunk + 8, 1);
	put_be16(chunk + 10, end->ssn++);
	put_be32(chunk + 12, PPID_M3UA);
	end->next_tsn++;
	return 16 + len; /* M3UA pads its messages */
}

void traffic_map_begin(struct traffic *t)
{
	for (unsigned i = 0; i < TRAFFIC_ASSOCIATIONS; i++) {
		t->associations[i] = (struct association){ .client = { 1000000 + i * 7919, 0 },
			.server = { 2000000 + i * 104729, 0 },
			.client_tag = 0x11110000 + i,
			.server_tag = 0x22220000 + i,
			.port = (uint16_t)(M3UA_PORT + 1 + i) };
	}
}

/* INIT or INIT ACK with a state cookie (RFC 9260 3.3.2, 3.3.3). */
static size_t put_init(uint8_t *chunk, uint8_t type, uint32_t tag, uint32_t tsn)
{
	size_t len = type == 2 ? 28 : 20;

	memset(chunk, 0, len);
	chunk[0] = type;
	chunk[3] = (uint8_t)len;
	put_be32(chunk + 4, tag);
	put_be32(chunk + 8, 106496);
	put_be16(chunk + 12, STREAMS);
	put_be16(chunk + 14, STREAMS);
	put_be32(chunk + 16, tsn);
	if (type == 2) {
		put_be16(chunk + 20, 7);
		put_be16(chunk + 22, 8);
	}
	return len;
}

void traffic_map_open(struct traffic *t)
{
	for (unsigned i = 0; i < TRAFFIC_ASSOCIATIONS; i++) {
		const struct association *a = &t->associations[i];
		size_t len = put_init(chunks_of(t), 1, a->client_tag, a->client.next_tsn);

		say(t, a, true, 0, len);
		len = put_init(chunks_of(t), 2, a->server_tag, a->server.next_tsn);
		say(t, a, false, a->client_tag, len);
		memcpy(chunks_of(t), "\12\0\0\10\0\0\0\0", 8); /* COOKIE ECHO */
		say(t, a, true, a->server_tag, 8);
		memcpy(chunks_of(t), "\13\0\0\4", 4); /* COOKIE ACK */
		say(t, a, false, a->client_tag, 4);
	}
}

static void send_requests(struct traffic *t, struct association *a, unsigned first, unsigned n)
{
	uint8_t *chunk = chunks_of(t);
	uint8_t tcap[MESSAGE_SIZE];

	for (unsigned i = first; i < first + n; i++) {
		unsigned index = (unsigned)(t->n_messages % t->config.n_texts);
		struct asked *asked = &t->asked[i];
		const struct traffic_text *text = traffic_next_text(t);
		size_t len;

		*asked = (struct asked){ (uint32_t)t->n_messages, traffic_to_mobile(index),
			text->lure && t->config.refusing };
		len = traffic_tcap(text, asked->to_mobile, asked->number, tcap);
		len = put_message(asked, false, bytes_of(tcap, len), chunk + 16);
		chunk += put_data(chunk, &a->client, len);
	}
	say(t, a, true, a->server_tag, (size_t)(chunk - chunks_of(t)));
}

static void send_answers(struct traffic *t, struct association *a, unsigned first, unsigned n)
{
	uint8_t *chunk = chunks_of(t);
	uint8_t tcap[MESSAGE_SIZE];

	chunk += put_sack(chunk, a->client.next_tsn - 1);
	for (unsigned i = first; i < first + n; i++) {
		size_t len = put_answer(&t->asked[i], tcap);

		len = put_message(&t->asked[i], true, bytes_of(tcap, len), chunk + 16);
		chunk += put_data(chunk, &a->server, len);
	}
	say(t, a, false, a->client_tag, (size_t)(chunk - chunks_of(t)));
	if (++a->n_answers == PACKETS_A_SACK) {
		a->n_answers = 0;
		say(t, a, true, a->server_tag, put_sack(chunks_of(t), a->server.next_tsn - 1));
	}
}

void traffic_map_round(struct traffic *t)
{
	unsigned n = t->config.n_sessions * t->config.per_session;
	unsigned per = t->config.per_packet;

	for (unsigned i = 0; i < n; i += per) {
		send_requests(t, &t->associations[i / per % TRAFFIC_ASSOCIATIONS], i,
			n - i < per ? n - i : per);
	}
	for (unsigned i = 0; i < n; i += per) {
		send_answers(t, &t->associations[i / per % TRAFFIC_ASSOCIATIONS], i,
			n - i < per ? n - i : per);
	}
}
