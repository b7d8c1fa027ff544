/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/traffic.h"

#include <stdio.h>
#include <stdlib.h>

#include "dataplane/proto/smpp.h"
#include "tests/bench/traffic_parts.h"

enum {
	TCP_LEN = 32, /* with RFC 7323 timestamps, as Linux sends it */
	HEADERS_LEN = ETHERNET_LEN + IP_LEN + TCP_LEN,
	PDU_SIZE = 512,
	FRAME_US = 10, /* 52,000 messages a second are a frame each 10 us */
	OPEN_FRAMES = 5,
	STATUS_REFUSED = 0x0B, /* ESME_RINVDSTADR: what the SMSC says to an empty destination */
};

static void *take_memory(size_t n, size_t size)
{
	size_t len = (n * size + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, len);

	if (memory == NULL) {
		fputs("bench: out of memory\n", stderr);
		exit(1);
	}
	memset(memory, 0, len);
	return memory;
}

struct traffic *traffic_create(const struct traffic_config *config)
{
	struct traffic *t = take_memory(1, sizeof(*t));
	unsigned messages = config->n_sessions * config->per_session;
	unsigned round = messages * 3 + TRAFFIC_ASSOCIATIONS;
	unsigned opening = config->n_sessions * OPEN_FRAMES + 4 * TRAFFIC_ASSOCIATIONS;

	t->config = *config;
	t->n_slots = round > opening ? round : opening;
	t->slots = take_memory(t->n_slots, sizeof(*t->slots));
	t->frames = take_memory(t->n_slots, sizeof(struct frame *));
	t->sent = take_memory(messages, sizeof(struct traffic_text *));
	t->asked = take_memory(messages, sizeof(*t->asked));
	t->sessions = take_memory(config->n_sessions, sizeof(*t->sessions));
	t->now_us = UINT64_C(1700000000000000);
	for (unsigned i = 0; i < config->n_sessions; i++) {
		t->sessions[i] = (struct session){ .client_next = 1000000 + i * 7919,
			.server_next = 2000000 + i * 104729,
			.sequence = 1,
			.port = (uint16_t)(20000 + i) };
	}
	traffic_map_begin(t);
	return t;
}

void traffic_destroy(struct traffic *t)
{
	if (t != NULL) {
		free(t->sessions);
		free(t->asked);
		free(t->sent);
		free(t->frames);
		free(t->slots);
		free(t);
	}
}

void traffic_put_ip(uint8_t *ip, bool from_client, uint8_t protocol, size_t payload_len)
{
	uint32_t sum = 0;

	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(IP_LEN + payload_len));
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = protocol;
	put_be32(ip + 12, from_client ? 0x0A000001 : 0x0A000002);
	put_be32(ip + 16, from_client ? 0x0A000002 : 0x0A000001);
	for (unsigned i = 0; i < IP_LEN; i += 2) {
		sum += be16(ip + i);
	}
	sum = (sum & 0xFFFF) + (sum >> 16);
	put_be16(ip + 10, (uint16_t) ~((sum & 0xFFFF) + (sum >> 16)));
}

static void put_tcp(const struct traffic *t, const struct session *s, bool from_client,
	uint8_t flags, uint8_t *tcp)
{
	memset(tcp, 0, TCP_LEN);
	put_be16(tcp, from_client ? s->port : t->config.server_port);
	put_be16(tcp + 2, from_client ? t->config.server_port : s->port);
	put_be32(tcp + 4, from_client ? s->client_next : s->server_next);
	if ((flags & TCP_ACK) != 0) {
		put_be32(tcp + 8, from_client ? s->server_next : s->client_next);
	}
	tcp[12] = (TCP_LEN / 4) << 4;
	tcp[13] = flags;
	put_be16(tcp + 14, 501);
	tcp[20] = 1; /* NOP, NOP, timestamps (RFC 7323 3.2) */
	tcp[21] = 1;
	tcp[22] = 8;
	tcp[23] = 10;
	put_be32(tcp + 24, (uint32_t)(t->now_us / 1000));
	put_be32(tcp + 28, (uint32_t)(t->now_us / 1000) - 3);
}

void traffic_say(struct traffic *t, bool from_client, size_t len)
{
	struct traffic_slot *slot = &t->slots[t->n_used];
	struct frame *f = &slot->frame;

	memset(slot->octets, from_client ? 0x02 : 0x04, 12);
	put_be16(slot->octets + 12, 0x0800);
	t->now_us += FRAME_US;
	*f = (struct frame){ .data = slot->octets,
		.len = (uint32_t)len,
		.wire_len = (uint32_t)len,
		.time_us = t->now_us,
		.number = ++t->n_frames,
		.direction = from_client ? 1 : 0,
		.from_side = from_client ? 1 : 0 };
	frame_decode(f, CHECKSUM_TRUST, false);
	frame_mend_checksums(f);
	t->frames[t->n_used++] = f;
}

/* say: the next frame, with `payload_len` octets that already lie where its payload goes. */
static void say(
	struct traffic *t, struct session *s, bool from_client, uint8_t flags, size_t payload_len)
{
	uint8_t *ip = traffic_octets(t) + ETHERNET_LEN;

	traffic_put_ip(ip, from_client, 6, TCP_LEN + payload_len);
	put_tcp(t, s, from_client, flags, ip + IP_LEN);
	traffic_say(t, from_client, HEADERS_LEN + payload_len);
	*(from_client ? &s->client_next : &s->server_next) +=
		(uint32_t)payload_len + ((flags & TCP_SYN) != 0 ? 1 : 0);
}

static uint8_t *payload_at(struct traffic *t)
{
	return traffic_octets(t) + HEADERS_LEN;
}

static size_t put_pdu(
	uint8_t *out, uint32_t command, uint32_t status, uint32_t sequence, struct bytes body)
{
	struct writer w = writer_of(out, PDU_SIZE);

	writer_u32(&w, (uint32_t)(SMPP_HEADER_LEN + body.len));
	writer_u32(&w, command);
	writer_u32(&w, status);
	writer_u32(&w, sequence);
	writer_put(&w, body);
	return SMPP_HEADER_LEN + body.len;
}

size_t traffic_pdu(const struct traffic_text *text, uint32_t sequence, unsigned session,
	uint8_t *out, size_t size)
{
	uint8_t body[PDU_SIZE];
	char number[16];
	struct writer w = writer_of(body, sizeof(body));

	(void)size;
	snprintf(number, sizeof(number), "4477009%05u", (session * 31u + sequence) % 100000u);
	writer_u8(&w, 0);                              /* service_type (SMPP 3.4 4.4.1) */
	writer_put(&w, bytes_of("\5\0Northbank", 12)); /* source: alphanumeric */
	writer_put(&w, bytes_of("\1\1", 2));           /* destination: international, E.164 */
	writer_put(&w, bytes_of(number, strlen(number) + 1));
	writer_put(&w, bytes_of("\0\0\0\0\0\1\0", 7)); /* esm_class .. replace_if_present */
	writer_u8(&w, text->data_coding);
	writer_u8(&w, 0);
	writer_u8(&w, text->len);
	writer_put(&w, bytes_of(text->octets, text->len));
	return put_pdu(
		out, SMPP_SUBMIT_SM, 0, sequence, bytes_of(body, sizeof(body) - writer_left(&w)));
}

static void begin(struct traffic *t)
{
	t->n_used = 0;
	t->n_sent = 0;
}

static void open_sessions(struct traffic *t)
{
	/* system_id "northbank", password "", system_type "", 3.4, TON, NPI, range "" (SMPP 3.4 4.1.5) */
	static const uint8_t bind[] = "northbank\0\0\0\x34\0\0";

	for (unsigned i = 0; i < t->config.n_sessions; i++) {
		struct session *s = &t->sessions[i];

		say(t, s, true, TCP_SYN, 0);
		say(t, s, false, TCP_SYN | TCP_ACK, 0);
		say(t, s, true, TCP_ACK, 0);
		say(t, s, true, TCP_ACK | TCP_PSH,
			put_pdu(payload_at(t), SMPP_BIND_TRANSCEIVER, 0, s->sequence,
				bytes_of(bind, sizeof(bind))));
		say(t, s, false, TCP_ACK | TCP_PSH,
			put_pdu(payload_at(t), SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE, 0,
				s->sequence, bytes_of("smsc", 5)));
	}
}

struct frame **traffic_open(struct traffic *t, unsigned *n_frames)
{
	begin(t);
	if (t->config.per_packet != 0) {
		traffic_map_open(t);
	} else {
		open_sessions(t);
	}
	*n_frames = t->n_used;
	return t->frames;
}

const struct traffic_text *traffic_next_text(struct traffic *t)
{
	const struct traffic_config *c = &t->config;
	bool lure = c->lure_every != 0 && t->n_messages % c->lure_every == 0;
	const struct traffic_text *text = (lure ? c->lures : c->texts) + t->n_messages % c->n_texts;

	t->n_messages++;
	t->sent[t->n_sent++] = text;
	return text;
}

static void send_request(struct traffic *t, unsigned session)
{
	struct session *s = &t->sessions[session];
	const struct traffic_text *text = traffic_next_text(t);

	s->sequence++;
	s->refused = text->lure && t->config.refusing;
	say(t, s, true, TCP_ACK | TCP_PSH,
		traffic_pdu(text, s->sequence, session, payload_at(t), PDU_SIZE));
}

static void send_answer(struct traffic *t, struct session *s)
{
	struct bytes id = bytes_of("8f3a61c07d", s->refused ? 0 : 11);

	say(t, s, false, TCP_ACK | TCP_PSH,
		put_pdu(payload_at(t), SMPP_SUBMIT_SM | SMPP_RESPONSE,
			s->refused ? STATUS_REFUSED : 0, s->sequence, id));
}

static void smpp_round(struct traffic *t)
{
	for (unsigned k = 0; k < t->config.per_session; k++) {
		for (unsigned i = 0; i < t->config.n_sessions; i++) {
			send_request(t, i);
		}
		for (unsigned i = 0; i < t->config.n_sessions; i++) {
			send_answer(t, &t->sessions[i]);
		}
		for (unsigned i = 0; t->config.pure_acks && i < t->config.n_sessions; i++) {
			say(t, &t->sessions[i], true, TCP_ACK, 0);
		}
	}
}

struct frame **traffic_round(struct traffic *t, unsigned *n_frames)
{
	begin(t);
	if (t->config.per_packet != 0) {
		traffic_map_round(t);
	} else {
		smpp_round(t);
	}
	*n_frames = t->n_used;
	return t->frames;
}

unsigned traffic_messages(const struct traffic *t)
{
	return t->n_sent;
}

const struct traffic_text *traffic_text_of(const struct traffic *t, unsigned i)
{
	return t->sent[i];
}
