/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SCTP (RFC 9260): user messages wait a moment for others to go with in a packet; long ones go in
 * fragments; what is received is acknowledged with the next packet or after a time. A packet's DATA can
 * come again, on the second path where there is one.
 */
#include "control/traffic_parts.h"

#include "dataplane/base/crc32c.h"

enum {
	COMMON_LEN = 12,
	CHUNK_LEN = 4,
	DATA_LEN = 16,  /* RFC 9260 3.3.1 */
	IDATA_LEN = 20, /* RFC 8260 2.1 */
	SACK_LEN = 16,
	PROTOCOL_SCTP = 132,
	PPID_M3UA = 3, /* RFC 4666 1.4.7 */
	WINDOW = 131072,
	SOON_US = 120,
	BUNDLE_US = 600,
	DELAYED_US = 20000,
	AGAIN_US = 310000,
	NONCE_LEN = 16,
};

enum chunk { /* RFC 9260 3.2, RFC 8260 2.1 */
	DATA = 0,
	INIT = 1,
	INIT_ACK = 2,
	SACK = 3,
	HEARTBEAT = 4,
	HEARTBEAT_ACK = 5,
	SHUTDOWN = 7,
	SHUTDOWN_ACK = 8,
	COOKIE_ECHO = 10,
	COOKIE_ACK = 11,
	SHUTDOWN_COMPLETE = 14,
	IDATA = 64,
};

enum flag { END = 1, BEGIN = 2, UNORDERED = 4 };

enum parameter { /* RFC 9260 3.3.2.1, RFC 5061 4.2.7, RFC 9653 4 */
	HEARTBEAT_INFO = 1,
	IPV4_ADDRESS = 5,
	IPV6_ADDRESS = 6,
	STATE_COOKIE = 7,
	ZERO_CHECKSUM = 0x8001,
	SUPPORTED_EXTENSIONS = 0x8008,
};

static bool is_idata(const struct traffic_maker *m)
{
	return traffic_value(m, TRAFFIC_SCTP_IDATA) != 0;
}

/* make_packet: into m->packet; its length. `tag` is that of the receiver. */
static size_t make_packet(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	unsigned path, uint32_t tag, bool zero, struct bytes sack, struct bytes chunks)
{
	size_t len = COMMON_LEN + sack.len + chunks.len;
	size_t at = traffic_packet_begin(link, side, path, PROTOCOL_SCTP, len, m->packet);
	uint8_t *p = m->packet + at;
	uint32_t crc;

	put_be16(p, link->port[side]);
	put_be16(p + 2, link->port[1 - side]);
	put_be32(p + 4, tag);
	put_be32(p + 8, 0);
	memcpy(p + COMMON_LEN, sack.data, sack.len);
	memcpy(p + COMMON_LEN + sack.len, chunks.data, chunks.len);
	if (!zero || traffic_value(m, TRAFFIC_SCTP_ZERO_CHECKSUM) == 0) {
		crc = crc32c_add(0, bytes_of(p, len)); /* RFC 9260 appendix A: low octet first */
		for (unsigned i = 0; i < 4; i++) {
			p[8 + i] = (uint8_t)(crc >> (8 * i));
		}
	}
	return at + len;
}

static void begin_chunk(struct writer *w, enum chunk type, unsigned flags, size_t len)
{
	writer_u8(w, (uint8_t)type);
	writer_u8(w, (uint8_t)flags);
	writer_u16(w, (uint16_t)(CHUNK_LEN + len));
}

/* make_sack: what `side` has received, if that is still to be said. */
static struct bytes make_sack(struct traffic_link *link, unsigned side, uint8_t out[SACK_LEN])
{
	struct traffic_sctp *end = &link->end[side];
	struct writer w = writer_of(out, SACK_LEN);

	if (end->n_unacknowledged == 0) {
		return bytes_of(NULL, 0);
	}
	end->n_unacknowledged = 0;
	begin_chunk(&w, SACK, 0, SACK_LEN - CHUNK_LEN);
	writer_u32(&w, end->received_tsn);
	writer_u32(&w, WINDOW);
	writer_u32(&w, 0); /* no gaps, no duplicates */
	return bytes_of(out, SACK_LEN);
}

static void plan_acknowledgement(
	struct traffic_maker *m, struct traffic_link *link, unsigned side, uint64_t later_us)
{
	traffic_plan(m,
		&(struct traffic_event){ .at_us = m->now_us + later_us,
			.link = link,
			.kind = TRAFFIC_EVENT_ACK,
			.side = (uint8_t)side },
		bytes_of(NULL, 0));
}

void traffic_sctp_acknowledge(struct traffic_maker *m, struct traffic_link *link, unsigned side)
{
	uint8_t sack[SACK_LEN];
	struct bytes chunk = make_sack(link, side, sack);

	if (chunk.len != 0) {
		size_t len = make_packet(
			m, link, side, 0, link->end[1 - side].tag, true, bytes_of(NULL, 0), chunk);

		(void)traffic_emit(m, bytes_of(m->packet, len));
	}
}

void traffic_sctp_flush(struct traffic_maker *m, struct traffic_link *link, unsigned side)
{
	struct traffic_pending *p = &link->pending[side];
	struct traffic_sctp *peer = &link->end[1 - side];
	struct bytes chunks = bytes_of(p->octets, p->len);
	uint8_t sack[SACK_LEN];
	uint64_t frame;
	size_t len;

	link->flush_due[side] = false;
	if (p->len == 0) {
		return;
	}
	len = make_packet(m, link, side, 0, peer->tag, true, make_sack(link, side, sack), chunks);
	frame = traffic_emit(m, bytes_of(m->packet, len));
	for (unsigned i = 0; i < p->n_notes; i++) {
		traffic_noted(m, &p->notes[i], frame, frame);
	}
	if (!m->closing && traffic_random_chance(
				   &m->random, traffic_value(m, TRAFFIC_SCTP_RETRANSMIT), 1000)) {
		len = make_packet(m, link, side, link->n_paths - 1u, peer->tag, true,
			bytes_of(NULL, 0), chunks);
		traffic_emit_later(m, link, bytes_of(m->packet, len), AGAIN_US);
	}
	p->len = 0;
	p->n_notes = 0;
	p->n_chunks = 0;
	link->end[side].bundle = 0;
	peer->received_tsn = link->end[side].next_tsn - 1;
	peer->n_unacknowledged++; /* RFC 9260 6.2: at least every second packet */
	plan_acknowledgement(m, link, 1 - side, peer->n_unacknowledged > 1 ? SOON_US : DELAYED_US);
}

/* room: octets of chunks that a packet has room for, beside a SACK. */
static size_t room(const struct traffic_maker *m, const struct traffic_link *link)
{
	return (traffic_value(m, TRAFFIC_SCTP_MTU) - (link->ipv6 ? 40u : 20u) - COMMON_LEN -
		       SACK_LEN) &
	       ~(size_t)3;
}

/* put_chunk: one DATA or I-DATA chunk with the next TSN. */
static void put_chunk(struct traffic_maker *m, const struct traffic_event *e, unsigned flags,
	uint32_t fsn, struct bytes data)
{
	struct traffic_sctp *end = &e->link->end[e->side];
	struct traffic_pending *p = &e->link->pending[e->side];
	bool unordered = (e->flags & TRAFFIC_UNORDERED) != 0;
	struct writer w = writer_of(p->octets + p->len, TRAFFIC_PENDING_SIZE - p->len);
	size_t header = is_idata(m) ? IDATA_LEN : DATA_LEN;

	flags |= unordered ? UNORDERED : 0u;
	begin_chunk(&w, is_idata(m) ? IDATA : DATA, flags, header - CHUNK_LEN + data.len);
	writer_u32(&w, end->next_tsn++);
	writer_u16(&w, e->stream);
	if (is_idata(m)) {
		writer_u16(&w, 0);
		writer_u32(&w, unordered ? end->unordered_mid[e->stream] : end->mid[e->stream]);
		writer_u32(&w, (flags & BEGIN) != 0 ? PPID_M3UA : fsn);
	} else {
		writer_u16(&w, unordered ? 0 : end->ssn[e->stream]);
		writer_u32(&w, PPID_M3UA);
	}
	writer_put(&w, data);
	writer_fill(&w, 0, -data.len & 3);
	p->len = (size_t)(w.at - p->octets);
	p->n_chunks++;
}

static void wait_for_more(struct traffic_maker *m, const struct traffic_event *e)
{
	struct traffic_link *link = e->link;
	struct traffic_sctp *end = &link->end[e->side];

	if (end->bundle == 0) {
		end->bundle =
			1 + traffic_random_below(&m->random, traffic_value(m, TRAFFIC_SCTP_BUNDLE));
	}
	if (link->pending[e->side].n_chunks >= end->bundle) {
		traffic_sctp_flush(m, link, e->side);
	} else if (!link->flush_due[e->side]) {
		link->flush_due[e->side] = true;
		traffic_plan(m,
			&(struct traffic_event){ .at_us = m->now_us + BUNDLE_US,
				.link = link,
				.kind = TRAFFIC_EVENT_FLUSH,
				.side = e->side },
			bytes_of(NULL, 0));
	}
}

void traffic_sctp_send(struct traffic_maker *m, const struct traffic_event *e)
{
	struct traffic_sctp *end = &e->link->end[e->side];
	struct traffic_pending *p = &e->link->pending[e->side];
	size_t fits = room(m, e->link) - IDATA_LEN;
	size_t size = traffic_value(m, TRAFFIC_SCTP_FRAGMENT);
	struct bytes left = bytes_of(e->octets, e->len);
	uint32_t fsn = 0;

	size = size == 0 || size > fits ? fits : size;
	for (bool first = true; first || left.len != 0; first = false, fsn++) {
		struct bytes data = bytes_slice(left, 0, size);

		left = bytes_slice(left, size, left.len);
		if (p->len + ((IDATA_LEN + data.len + 3) & ~(size_t)3) > room(m, e->link)) {
			traffic_sctp_flush(m, e->link, e->side);
		}
		put_chunk(m, e, (first ? BEGIN : 0u) | (left.len == 0 ? END : 0u), fsn, data);
		if (left.len != 0) {
			continue;
		}
		if (e->note.of != NULL) {
			p->notes[p->n_notes++] = e->note;
		}
	}
	if ((e->flags & TRAFFIC_UNORDERED) != 0) {
		end->unordered_mid[e->stream]++;
	} else {
		end->ssn[e->stream]++;
		end->mid[e->stream]++;
	}
	wait_for_more(m, e);
}

void traffic_sctp_control(struct traffic_maker *m, const struct traffic_event *e)
{
	bool first = e->octets[0] == INIT;
	size_t len = make_packet(m, e->link, e->side, e->flags,
		first ? 0 : e->link->end[1 - e->side].tag,
		e->octets[0] != INIT && e->octets[0] != INIT_ACK && e->octets[0] != COOKIE_ECHO,
		bytes_of(NULL, 0), bytes_of(e->octets, e->len));

	(void)traffic_emit(m, bytes_of(m->packet, len));
}

/* ---- chunks without a TSN ---- */

static void plan_chunk(struct traffic_maker *m, struct traffic_link *link, unsigned side,
	unsigned path, uint64_t at_us, struct bytes chunk)
{
	traffic_plan(m,
		&(struct traffic_event){ .at_us = at_us,
			.link = link,
			.kind = TRAFFIC_EVENT_CONTROL,
			.side = (uint8_t)side,
			.flags = (uint8_t)path },
		chunk);
}

static void put_address(struct writer *w, const struct traffic_link *link, const uint8_t *address)
{
	size_t len = link->ipv6 ? 16 : 4;

	writer_u16(w, link->ipv6 ? IPV6_ADDRESS : IPV4_ADDRESS);
	writer_u16(w, (uint16_t)(4 + len));
	writer_put(w, bytes_of(address, len));
}

/* put_init: RFC 9260 3.3.2 and 3.3.3, where the cookie is what we need to come again. */
static size_t put_init(struct traffic_maker *m, const struct traffic_link *link, unsigned side,
	struct bytes cookie, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);
	size_t len;

	begin_chunk(&w, side == 0 ? INIT : INIT_ACK, 0, 0);
	writer_u32(&w, link->end[side].tag);
	writer_u32(&w, WINDOW);
	writer_u16(&w, (uint16_t)traffic_value(m, TRAFFIC_SCTP_STREAMS));
	writer_u16(&w, (uint16_t)traffic_value(m, TRAFFIC_SCTP_STREAMS));
	writer_u32(&w, link->end[side].next_tsn);
	for (unsigned path = 0; link->n_paths > 1 && path < link->n_paths; path++) {
		put_address(&w, link, link->address[side][path]);
	}
	if (cookie.len != 0) {
		writer_u16(&w, STATE_COOKIE);
		writer_u16(&w, (uint16_t)(4 + cookie.len));
		writer_put(&w, cookie);
	}
	if (traffic_value(m, TRAFFIC_SCTP_ZERO_CHECKSUM) != 0) {
		writer_u16(&w, ZERO_CHECKSUM);
		writer_u16(&w, 8);
		writer_u32(&w, 1);
	}
	if (is_idata(m)) {
		writer_u16(&w, SUPPORTED_EXTENSIONS);
		writer_u16(&w, 5);
		writer_u8(&w, IDATA);
	}
	len = size - writer_left(&w);
	put_be16(out + 2,
		(uint16_t)len); /* padding behind the last parameter is not counted (3.2) */
	writer_fill(&w, 0, -len & 3);
	return size - writer_left(&w);
}

void traffic_sctp_open(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us)
{
	uint8_t chunk[256];
	uint8_t cookie[NONCE_LEN];
	struct writer w = writer_of(chunk, sizeof(chunk));
	struct bytes cookie_span = bytes_of(cookie, sizeof(cookie));

	put_be32(cookie, (uint32_t)traffic_random_next(&m->random));
	memset(cookie + 4, (int)link->index, sizeof(cookie) - 4);
	plan_chunk(m, link, 0, 0, at_us,
		bytes_of(chunk, put_init(m, link, 0, bytes_of(NULL, 0), chunk, sizeof(chunk))));
	plan_chunk(m, link, 1, 0, at_us + 200,
		bytes_of(chunk, put_init(m, link, 1, cookie_span, chunk, sizeof(chunk))));
	begin_chunk(&w, COOKIE_ECHO, 0, sizeof(cookie));
	writer_put(&w, cookie_span);
	plan_chunk(m, link, 0, 0, at_us + 400, bytes_of(chunk, CHUNK_LEN + sizeof(cookie)));
	w = writer_of(chunk, sizeof(chunk));
	begin_chunk(&w, COOKIE_ACK, 0, 0);
	plan_chunk(m, link, 1, 0, at_us + 600, bytes_of(chunk, CHUNK_LEN));
}

void traffic_sctp_heartbeat(struct traffic_maker *m, struct traffic_link *link)
{
	uint8_t chunk[CHUNK_LEN + 4 + NONCE_LEN];

	for (unsigned i = 0; i < TRAFFIC_SIDES * link->n_paths; i++) {
		unsigned side = i % TRAFFIC_SIDES;
		unsigned path = i / TRAFFIC_SIDES;
		struct writer w = writer_of(chunk, sizeof(chunk));

		begin_chunk(&w, HEARTBEAT, 0, 4 + NONCE_LEN);
		writer_u16(&w, HEARTBEAT_INFO); /* RFC 9260 3.3.5 */
		writer_u16(&w, 4 + NONCE_LEN);
		writer_u32(&w, (uint32_t)(m->now_us / 1000));
		writer_u32(&w, path);
		writer_u32(&w, (uint32_t)traffic_random_next(&m->random));
		writer_u32(&w, 0);
		plan_chunk(m, link, side, path, m->now_us + i * 50, bytes_of(chunk, sizeof(chunk)));
		chunk[0] = HEARTBEAT_ACK;
		plan_chunk(m, link, 1 - side, path, m->now_us + i * 50 + 300,
			bytes_of(chunk, sizeof(chunk)));
	}
}

void traffic_sctp_close(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us)
{
	uint8_t chunk[CHUNK_LEN + 4];
	struct writer w = writer_of(chunk, sizeof(chunk));

	begin_chunk(&w, SHUTDOWN, 0, 4); /* RFC 9260 3.3.8 */
	writer_u32(&w, link->end[0].received_tsn);
	plan_chunk(m, link, 0, 0, at_us, bytes_of(chunk, sizeof(chunk)));
	w = writer_of(chunk, sizeof(chunk));
	begin_chunk(&w, SHUTDOWN_ACK, 0, 0);
	plan_chunk(m, link, 1, 0, at_us + 200, bytes_of(chunk, CHUNK_LEN));
	w = writer_of(chunk, sizeof(chunk));
	begin_chunk(&w, SHUTDOWN_COMPLETE, 0, 0);
	plan_chunk(m, link, 0, 0, at_us + 400, bytes_of(chunk, CHUNK_LEN));
}
