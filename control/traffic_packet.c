/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet and IP headers, and who the ends are: addresses of RFC 5737 and RFC 3849, for examples. */
#include <stdlib.h>

#include "control/traffic_parts.h"

enum {
	ETHERNET_LEN = 14,
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	M3UA_PORT = 2905, /* RFC 4666 1.4.8 */
	CLIENT_PORT = 40000,
	DONT_FRAGMENT = 0x40,
	TTL = 64,
};

static uint32_t sum_add(uint32_t sum, struct bytes b)
{
	for (size_t i = 0; i + 1 < b.len; i += 2) {
		sum += be16(b.data + i);
	}
	if (b.len % 2 != 0) {
		sum += (uint32_t)b.data[b.len - 1] << 8;
	}
	return sum;
}

static uint16_t sum_end(uint32_t sum)
{
	while (sum >> 16 != 0) {
		sum = (sum & 0xFFFF) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

static size_t address_len(const struct traffic_link *link)
{
	return link->ipv6 ? 16 : 4;
}

uint16_t traffic_packet_sum(
	const struct traffic_link *link, unsigned side, uint8_t protocol, struct bytes segment)
{
	uint32_t sum = sum_add(0, bytes_of(link->address[side][0], address_len(link)));

	sum = sum_add(sum, bytes_of(link->address[1 - side][0], address_len(link)));
	return sum_end(sum_add(sum + protocol + (uint32_t)segment.len, segment));
}

/* put_ipv4: RFC 791 3.1. */
static size_t put_ipv4(struct traffic_link *link, unsigned side, unsigned path, uint8_t protocol,
	size_t len, uint8_t *ip)
{
	memset(ip, 0, IPV4_LEN);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(IPV4_LEN + len));
	put_be16(ip + 4, link->ip_id[side]++);
	ip[6] = DONT_FRAGMENT;
	ip[8] = TTL;
	ip[9] = protocol;
	memcpy(ip + 12, link->address[side][path], 4);
	memcpy(ip + 16, link->address[1 - side][path], 4);
	put_be16(ip + 10, sum_end(sum_add(0, bytes_of(ip, IPV4_LEN))));
	return IPV4_LEN;
}

/* put_ipv6: RFC 8200 3. */
static size_t put_ipv6(const struct traffic_link *link, unsigned side, unsigned path,
	uint8_t protocol, size_t len, uint8_t *ip)
{
	memset(ip, 0, IPV6_LEN);
	ip[0] = 0x60;
	put_be16(ip + 4, (uint16_t)len);
	ip[6] = protocol;
	ip[7] = TTL;
	memcpy(ip + 8, link->address[side][path], 16);
	memcpy(ip + 24, link->address[1 - side][path], 16);
	return IPV6_LEN;
}

size_t traffic_packet_begin(struct traffic_link *link, unsigned side, unsigned path,
	uint8_t protocol, size_t len, uint8_t *out)
{
	static const uint8_t mac[TRAFFIC_SIDES][5] = { { 2, 0, 0, 0, 0 }, { 2, 0, 0, 1, 0 } };

	memcpy(out, mac[1 - side], 5);
	out[5] = (uint8_t)path;
	memcpy(out + 6, mac[side], 5);
	out[11] = (uint8_t)path;
	put_be16(out + 12, link->ipv6 ? 0x86DD : 0x0800);
	return ETHERNET_LEN +
	       (link->ipv6 ? put_ipv6(link, side, path, protocol, len, out + ETHERNET_LEN)
			   : put_ipv4(link, side, path, protocol, len, out + ETHERNET_LEN));
}

static void set_address(struct traffic_link *link, unsigned side, unsigned path)
{
	/* RFC 5737: 192.0.2.0/24, 198.51.100.0/24; RFC 3849: 2001:db8::/32 */
	static const uint8_t net4[TRAFFIC_PATHS][3] = { { 192, 0, 2 }, { 198, 51, 100 } };
	static const uint8_t net6[4] = { 0x20, 0x01, 0x0D, 0xB8 };
	uint8_t *a = link->address[side][path];
	uint8_t host = (uint8_t)(side != 0 ? (link->sctp ? 3 : 2) : 10 + link->index);

	memset(a, 0, 16);
	if (link->ipv6) {
		memcpy(a, net6, sizeof(net6));
		a[7] = (uint8_t)(path + 1);
		a[15] = host;
	} else {
		memcpy(a, net4[path], 3);
		a[3] = host;
	}
}

bool traffic_link_init(
	struct traffic_maker *m, struct traffic_link *link, unsigned index, bool sctp)
{
	*link = (struct traffic_link){ .index = (uint8_t)index, .sctp = sctp, .n_paths = 1 };
	link->ipv6 = traffic_percent(m, TRAFFIC_NET_IPV6);
	if (sctp && traffic_percent(m, TRAFFIC_SCTP_MULTIHOMED)) {
		link->n_paths = TRAFFIC_PATHS;
	}
	link->port[0] = (uint16_t)(sctp ? M3UA_PORT : CLIENT_PORT + index);
	link->port[1] = (uint16_t)(sctp ? M3UA_PORT : traffic_value(m, TRAFFIC_SMPP_PORT));
	for (unsigned side = 0; side < TRAFFIC_SIDES; side++) {
		struct traffic_sctp *end = &link->end[side];

		link->pending[side].octets = malloc(TRAFFIC_PENDING_SIZE);
		if (link->pending[side].octets == NULL) {
			return false;
		}
		for (unsigned path = 0; path < TRAFFIC_PATHS; path++) {
			set_address(link, side, path);
		}
		link->tcp[side].next = (uint32_t)traffic_random_next(&m->random);
		end->tag =
			(uint32_t)traffic_random_next(&m->random) | 1; /* not 0 (RFC 9260 3.3.2) */
		end->next_tsn = (uint32_t)traffic_random_next(&m->random);
		link->sequence[side] = 1;
		link->transaction[side] = (uint32_t)traffic_random_next(&m->random) | 0x01000000;
	}
	link->end[0].received_tsn = link->end[1].next_tsn - 1;
	link->end[1].received_tsn = link->end[0].next_tsn - 1;
	link->bind = (enum traffic_bind)traffic_choose(
		m, TRAFFIC_SMPP_TRANSCEIVER, TRAFFIC_SMPP_RECEIVER);
	link->message_id = (uint32_t)traffic_random_next(&m->random);
	link->local_reference = (uint32_t)traffic_random_next(&m->random);
	link->routing_context = traffic_percent(m, TRAFFIC_M3UA_CONTEXT) ? 100 + index : 0;
	link->point_code[0] = 1001 + index;
	link->point_code[1] = 2001 + index;
	return true;
}
