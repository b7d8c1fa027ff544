/* SPDX-License-Identifier: BSD-3-Clause */
/* packet: makes the octets of test frames; its checksums are computed by another, slower way than frame.c's. */
#ifndef SMSWALL_TESTS_PACKET_H
#define SMSWALL_TESTS_PACKET_H

#include "dataplane/net/frame.h"

struct packet_spec {
	int ip;          /* 4 or 6 */
	unsigned n_tags; /* 802.1Q/ad tags, of VLAN 1, 2, ... */
	struct bytes
		ip_extra; /* IPv4 options, or IPv6 extension headers (the first octet of each is set) */
	uint8_t ip6_first; /* with extension headers: the protocol number of the first */
	uint8_t protocol;  /* 0: TCP */
	bool from_server;  /* swaps the ends */
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	uint16_t urgent;
	struct bytes tcp_options;
	struct bytes payload;
	unsigned padding; /* octets behind the packet */
};

/* packet_sum: RFC 1071 1 as written there, over 16-bit words. */
static inline uint32_t packet_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	}
	while (sum >> 16 != 0) {
		sum = (sum & 0xFFFF) + (sum >> 16);
	}
	return sum;
}

/* packet_l4_sum: the folded sum over pseudo-header and segment: 0xFFFF when the checksum is right. */
static inline uint32_t packet_l4_sum(const uint8_t *ip, const uint8_t *l4, size_t len)
{
	uint8_t tail[4] = { 0, 6, (uint8_t)(len >> 8), (uint8_t)len };
	uint32_t sum = packet_sum(0, tail, sizeof(tail));

	sum = ip[0] >> 4 == 4 ? packet_sum(sum, ip + 12, 8) : packet_sum(sum, ip + 8, 32);
	return l4 != NULL ? packet_sum(sum, l4, len) : sum;
}

static inline void packet_put_ip4(struct writer *w, const struct packet_spec *s, size_t l4_len)
{
	static const uint8_t client[4] = { 192, 0, 2, 9 };
	static const uint8_t server[4] = { 192, 0, 2, 200 };
	uint8_t *ip = w->at;
	size_t header_len = 20 + s->ip_extra.len;

	writer_u8(w, (uint8_t)(0x40 | header_len / 4));
	writer_u8(w, 0);
	writer_u16(w, (uint16_t)(header_len + l4_len));
	writer_u32(w, 0x12340000);
	writer_u8(w, 64);
	writer_u8(w, s->protocol != 0 ? s->protocol : 6);
	writer_u16(w, 0);
	writer_put(w, bytes_of(s->from_server ? server : client, 4));
	writer_put(w, bytes_of(s->from_server ? client : server, 4));
	writer_put(w, s->ip_extra);
	put_be16(ip + 10, (uint16_t)~packet_sum(0, ip, header_len));
}

static inline void packet_put_ip6(struct writer *w, const struct packet_spec *s, size_t l4_len)
{
	static const uint8_t prefix[15] = { 0x20, 0x01, 0x0D, 0xB8 };

	writer_u32(w, 0x60000000);
	writer_u16(w, (uint16_t)(s->ip_extra.len + l4_len));
	writer_u8(w, s->ip_extra.len != 0 ? s->ip6_first : s->protocol != 0 ? s->protocol : 6);
	writer_u8(w, 64);
	writer_put(w, bytes_of(prefix, 15));
	writer_u8(w, s->from_server ? 200 : 9);
	writer_put(w, bytes_of(prefix, 15));
	writer_u8(w, s->from_server ? 9 : 200);
	writer_put(w, s->ip_extra);
}

static inline void packet_put_tcp(struct writer *w, const struct packet_spec *s)
{
	size_t options_len = (s->tcp_options.len + 3) / 4 * 4;

	writer_u16(w, s->from_server ? 2775 : 40000);
	writer_u16(w, s->from_server ? 40000 : 2775);
	writer_u32(w, s->seq);
	writer_u32(w, s->ack);
	writer_u8(w, (uint8_t)((20 + options_len) / 4 << 4));
	writer_u8(w, s->flags);
	writer_u16(w, 64000);
	writer_u16(w, 0);
	writer_u16(w, s->urgent);
	writer_put(w, s->tcp_options);
	writer_fill(w, 0, options_len - s->tcp_options.len);
	writer_put(w, s->payload);
}

/* packet_make: writes the frame to `data` (of `size` octets) and sets what port.c would set in `f`. */
static inline void packet_make(
	const struct packet_spec *s, uint8_t *data, size_t size, struct frame *f)
{
	struct writer w = writer_of(data, size);
	uint8_t protocol = s->protocol != 0 ? s->protocol : 6;
	size_t tcp_len = 20 + (s->tcp_options.len + 3) / 4 * 4;
	size_t l4_len = protocol == 6 ? tcp_len + s->payload.len : s->payload.len;
	uint8_t *ip;
	uint8_t *l4;

	writer_fill(&w, 0x02, 12);
	for (unsigned i = 0; i < s->n_tags; i++) {
		writer_u16(&w, i + 1 < s->n_tags ? 0x88A8 : 0x8100);
		writer_u16(&w, (uint16_t)(i + 1));
	}
	writer_u16(&w, s->ip == 4 ? 0x0800 : 0x86DD);
	ip = w.at;
	if (s->ip == 4) {
		packet_put_ip4(&w, s, l4_len);
	} else {
		packet_put_ip6(&w, s, l4_len);
	}
	l4 = w.at;
	if (protocol == 6) {
		packet_put_tcp(&w, s);
		put_be16(l4 + 16, (uint16_t)~packet_l4_sum(ip, l4, l4_len));
	} else {
		writer_put(&w, s->payload);
	}
	writer_fill(&w, 0, s->padding);
	*f = (struct frame){ .data = data, .len = (uint32_t)(w.at - data) };
	f->wire_len = f->len;
}

#endif
