/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP (RFC 9293): what was written goes out in segments, with other PDUs that waited or alone. A PDU can
 * come rear end first, a segment can come twice; all octets have come when the next PDU is sent.
 */
#include "control/traffic_parts.h"

enum {
	TCP_LEN = 20,
	OPTIONS_LEN = 4, /* maximum segment size, in a SYN */
	FIN = 0x01,
	SYN = 0x02,
	PSH = 0x08,
	ACK = 0x10,
	WINDOW = 64240,
	PROTOCOL_TCP = 6,
	AGAIN_US = 220000, /* a first retransmission time-out (RFC 6298 2.4, as Linux rounds it) */
	CORK_US = 700,
	ACK_US = 60,
};

static uint64_t put_segment(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	uint8_t flags, uint32_t sequence, struct bytes data)
{
	uint8_t *frame = m->packet;
	size_t header = TCP_LEN + ((flags & SYN) != 0 ? OPTIONS_LEN : 0);
	size_t at = traffic_packet_begin(link, side, 0, PROTOCOL_TCP, header + data.len, frame);
	uint8_t *tcp = frame + at;
	struct bytes whole = bytes_of(frame, at + header + data.len);

	memset(tcp, 0, header);
	put_be16(tcp, link->port[side]);
	put_be16(tcp + 2, link->port[1 - side]);
	put_be32(tcp + 4, sequence);
	put_be32(tcp + 8, (flags & ACK) != 0 ? link->tcp[1 - side].next : 0);
	link->tcp[side].acknowledged = link->tcp[1 - side].next;
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = flags;
	put_be16(tcp + 14, WINDOW);
	if ((flags & SYN) != 0) { /* RFC 9293 3.2 */
		put_be16(tcp + TCP_LEN, 0x0204);
		put_be16(tcp + TCP_LEN + 2, (uint16_t)traffic_value(m, TRAFFIC_TCP_MSS));
	}
	if (data.len != 0) {
		memcpy(tcp + header, data.data, data.len);
	}
	put_be16(tcp + 16,
		traffic_packet_sum(link, side, PROTOCOL_TCP, bytes_of(tcp, header + data.len)));
	if (data.len != 0 && !m->closing &&
		traffic_random_chance(&m->random, traffic_value(m, TRAFFIC_TCP_RETRANSMIT), 1000)) {
		traffic_emit_later(m, link, whole, AGAIN_US);
	}
	return traffic_emit(m, whole);
}

void traffic_tcp_control(
	struct traffic_maker *m, struct traffic_link *link, unsigned side, uint8_t flags)
{
	struct traffic_tcp *t = &link->tcp[side];

	if (flags == ACK && t->acknowledged == link->tcp[1 - side].next) {
		return; /* data that went the other way has said it */
	}
	t->whole = put_segment(m, link, side, flags, t->next, bytes_of(NULL, 0));
	t->next += (flags & (SYN | FIN)) != 0;
}

static void acknowledge(struct traffic_maker *m, struct traffic_link *link, unsigned side)
{
	if (traffic_percent(m, TRAFFIC_TCP_ACKS)) {
		traffic_plan(m,
			&(struct traffic_event){ .at_us = m->now_us + ACK_US,
				.link = link,
				.kind = TRAFFIC_EVENT_CONTROL,
				.side = (uint8_t)(1 - side),
				.flags = ACK },
			bytes_of(NULL, 0));
	}
}

/* put_octets: one run of octets in segments of `len` at most; first and last by number of frame. */
static void put_octets(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	struct bytes data, size_t len, uint64_t *frames)
{
	uint32_t sequence = link->tcp[side].next;
	size_t n = (data.len + len - 1) / len;
	bool turned = n > 1 && traffic_random_chance(
				       &m->random, traffic_value(m, TRAFFIC_TCP_REORDER), 1000);

	link->tcp[side].next += (uint32_t)data.len;
	for (size_t i = 0; i < n; i++) {
		size_t k = turned ? n - 1 - i : i;

		frames[k] = put_segment(m, link, side, (uint8_t)(ACK | (k == n - 1 ? PSH : 0)),
			sequence + (uint32_t)(k * len), bytes_slice(data, k * len, len));
	}
	acknowledge(m, link, side);
}

void traffic_tcp_flush(struct traffic_maker *m, struct traffic_link *link, unsigned side)
{
	struct traffic_pending *p = &link->pending[side];
	struct traffic_tcp *t = &link->tcp[side];
	uint64_t *frames = m->segments;
	size_t len = traffic_value(m, TRAFFIC_TCP_MSS);
	size_t from = 0;
	size_t n;

	link->flush_due[side] = false;
	if (p->len == 0) {
		return;
	}
	if (p->len <= len && p->len > 2 &&
		traffic_random_chance(&m->random, traffic_value(m, TRAFFIC_TCP_REORDER), 1000)) {
		len = p->len / 2 + 1; /* one segment cannot change places: two can */
	}
	n = (p->len + len - 1) / len;
	put_octets(m, link, side, bytes_of(p->octets, p->len), len, frames);
	for (unsigned i = 0; i < p->n_notes; i++) {
		size_t last = (p->note_end[i] - 1) / len;

		for (; from <= last && from < n; from++) {
			t->whole = frames[from] > t->whole ? frames[from] : t->whole;
		}
		traffic_noted(m, &p->notes[i], frames[last], t->whole);
	}
	for (; from < n; from++) {
		t->whole = frames[from] > t->whole ? frames[from] : t->whole;
	}
	p->len = 0;
	p->n_notes = 0;
}

void traffic_tcp_send(struct traffic_maker *m, const struct traffic_event *e)
{
	struct traffic_link *link = e->link;
	struct traffic_pending *p = &link->pending[e->side];

	if ((e->flags & TRAFFIC_ALONE) != 0 || p->len + e->len > TRAFFIC_PENDING_SIZE ||
		p->n_notes == TRAFFIC_NOTES_MAX) {
		traffic_tcp_flush(m, link, e->side);
	}
	memcpy(p->octets + p->len, e->octets, e->len);
	p->len += e->len;
	if (e->note.of != NULL) {
		p->notes[p->n_notes] = e->note;
		p->note_end[p->n_notes++] = p->len;
	}
	if ((e->flags & TRAFFIC_WAITS) == 0 || !traffic_percent(m, TRAFFIC_TCP_CORK)) {
		traffic_tcp_flush(m, link, e->side);
	} else if (!link->flush_due[e->side]) {
		link->flush_due[e->side] = true;
		traffic_plan(m,
			&(struct traffic_event){ .at_us = m->now_us + CORK_US,
				.link = link,
				.kind = TRAFFIC_EVENT_FLUSH,
				.side = e->side },
			bytes_of(NULL, 0));
	}
}
