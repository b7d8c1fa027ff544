/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sctp_packet: makes SCTP frames chunk by chunk for tests and fuzzers; its CRC32c is computed bit by
 * bit, another way than base/crc32c.c.
 */
#ifndef SMSWALL_TESTS_SCTP_PACKET_H
#define SMSWALL_TESTS_SCTP_PACKET_H

#include "dataplane/net/sctp.h"
#include "tests/dataplane/net/packet.h"

struct sctp_ends {
	uint8_t from; /* last octet of the address 192.0.2.x */
	uint8_t to;
	uint16_t source;
	uint16_t target;
	uint32_t tag;
	bool no_checksum;
	bool bad_checksum;
};

/* sctp_packet_crc: RFC 9260 Appendix A, as polynomial division; the octets 8 to 11 count as 0. */
static inline uint32_t sctp_packet_crc(const uint8_t *l4, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= i >= 8 && i < 12 ? 0 : l4[i];
		for (unsigned bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
		}
	}
	return ~crc;
}

/* sctp_packet_crc_right: what the frame carries is its sum. */
static inline bool sctp_packet_crc_right(const struct frame *f)
{
	const uint8_t *l4 = f->data + f->l4_off;
	uint32_t crc = sctp_packet_crc(l4, (size_t)f->payload_len + 12);
	uint32_t field =
		(uint32_t)l4[11] << 24 | (uint32_t)l4[10] << 16 | (uint32_t)l4[9] << 8 | l4[8];

	return crc == field;
}

/* sctp_packet_make: a decoded frame with the chunks of `w`, whose memory is `chunks`. */
static inline void sctp_packet_make(const struct sctp_ends *e, const uint8_t *chunks,
	const struct writer *w, uint8_t *data, size_t size, struct frame *f)
{
	static uint8_t l4[4096];
	size_t len = (size_t)(w->at - chunks);
	struct packet_spec spec = { .ip = 4, .protocol = 132 };
	uint32_t crc;

	put_be16(l4, e->source);
	put_be16(l4 + 2, e->target);
	put_be32(l4 + 4, e->tag);
	memset(l4 + 8, 0, 4);
	memcpy(l4 + 12, chunks, len);
	crc = sctp_packet_crc(l4, len + 12) + (e->bad_checksum ? 1 : 0);
	for (unsigned i = 0; i < 4 && !e->no_checksum; i++) {
		l4[8 + i] = (uint8_t)(crc >> (8 * i));
	}
	spec.payload = bytes_of(l4, len + 12);
	packet_make(&spec, data, size, f);
	data[14 + 15] = e->from;
	data[14 + 19] = e->to;
	memset(data + 14 + 10, 0, 2);
	put_be16(data + 14 + 10, (uint16_t)~packet_sum(0, data + 14, 20));
	frame_decode(f, CHECKSUM_VERIFY, false);
}

/* put_chunk: any chunk, padded. */
static inline void put_chunk(struct writer *w, uint8_t type, uint8_t flags, struct bytes value)
{
	writer_u8(w, type);
	writer_u8(w, flags);
	writer_u16(w, (uint16_t)(value.len + 4));
	writer_put(w, value);
	writer_fill(w, 0, (4 - value.len % 4) % 4);
}

/* put_data: a DATA chunk (RFC 9260 3.3.1). */
static inline void put_data(struct writer *w, uint32_t tsn, uint16_t stream, uint16_t ssn,
	uint8_t flags, uint32_t ppid, struct bytes user)
{
	writer_u8(w, SCTP_DATA);
	writer_u8(w, flags);
	writer_u16(w, (uint16_t)(user.len + 16));
	writer_u32(w, tsn);
	writer_u16(w, stream);
	writer_u16(w, ssn);
	writer_u32(w, ppid);
	writer_put(w, user);
	writer_fill(w, 0, (4 - user.len % 4) % 4);
}

/* put_i_data: an I-DATA chunk (RFC 8260 2.1); `last` is the PPID of a first fragment, the FSN of others. */
static inline void put_i_data(struct writer *w, uint32_t tsn, uint16_t stream, uint32_t mid,
	uint8_t flags, uint32_t last, struct bytes user)
{
	writer_u8(w, SCTP_I_DATA);
	writer_u8(w, flags);
	writer_u16(w, (uint16_t)(user.len + 20));
	writer_u32(w, tsn);
	writer_u16(w, stream);
	writer_u16(w, 0);
	writer_u32(w, mid);
	writer_u32(w, last);
	writer_put(w, user);
	writer_fill(w, 0, (4 - user.len % 4) % 4);
}

/* put_init: INIT or INIT ACK (RFC 9260 3.3.2) with these parameters. */
static inline void put_init(struct writer *w, uint8_t type, uint32_t tag, uint16_t n_out,
	uint16_t n_in, uint32_t tsn, struct bytes parameters)
{
	writer_u8(w, type);
	writer_u8(w, 0);
	writer_u16(w, (uint16_t)(20 + parameters.len));
	writer_u32(w, tag);
	writer_u32(w, 65536);
	writer_u16(w, n_out);
	writer_u16(w, n_in);
	writer_u32(w, tsn);
	writer_put(w, parameters);
}

/* put_sack: a SACK without gaps (RFC 9260 3.3.4). */
static inline void put_sack(struct writer *w, uint32_t cum)
{
	uint8_t value[12] = { 0 };

	put_be32(value, cum);
	put_be32(value + 4, 65536);
	put_chunk(w, SCTP_SACK, 0, bytes_of(value, sizeof(value)));
}

#endif
