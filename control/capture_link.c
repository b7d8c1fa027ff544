/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/capture_link.h"

#include <pcap/dlt.h>

enum {
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_IP6 = 0x86DD,
	ETHERTYPE_LOCAL = 0x88B5,
	ETHERTYPE_MIN = 0x0600, /* IEEE 802.3 3.2.6: below it is a length */
	SLL_LEN = 16,
	SLL2_LEN = 20,
	SLL_OUTGOING = 4,    /* LINUX_SLL packet type: sent by the capturing host */
	LLC_NOVELL = 0x0001, /* LINUX_SLL protocol type: Novell 802.3 without an 802.2 header */
	LLC_802_2 = 0x0004,  /* 802.2 LLC follows */
};

static const struct capture_link_kind kinds[] = {
	{ 1, CAPTURE_ETHERNET, "Ethernet" }, { 113, CAPTURE_SLL, "Linux cooked (SLL)" },
	{ 276, CAPTURE_SLL2, "Linux cooked (SLL2)" }, { 0, CAPTURE_NULL, "NULL (BSD loopback)" },
	{ 108, CAPTURE_LOOP, "LOOP (OpenBSD loopback)" }, { 101, CAPTURE_RAW, "raw IP" },
	{ 228, CAPTURE_RAW, "raw IPv4" }, { 229, CAPTURE_RAW, "raw IPv6" },
	{ 12, CAPTURE_RAW, "raw IP" }, /* DLT_RAW of most systems, written as it was by old tools */
	{ 14, CAPTURE_RAW, "raw IP" }, /* DLT_RAW of OpenBSD, likewise */
};

const struct capture_link_kind *capture_link_of(int link_type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].link_type == link_type) {
			return &kinds[i];
		}
	}
	return NULL;
}

int capture_link_of_dlt(int dlt)
{
	/* DLT and LINKTYPE differ for raw IP only, of the types that are read here. */
	return dlt == DLT_RAW ? 101 : dlt;
}

static uint16_t ethertype_of_ip(struct bytes packet)
{
	if (packet.len == 0) {
		return ETHERTYPE_LOCAL;
	}
	switch (packet.data[0] >> 4) {
	case 4:
		return ETHERTYPE_IP4;
	case 6:
		return ETHERTYPE_IP6;
	default:
		return ETHERTYPE_LOCAL;
	}
}

/* AF_INET is 2 everywhere; AF_INET6 is 10, 24, 28 or 30 (tcpdump.org LINKTYPE_NULL). */
static uint16_t ethertype_of_family(uint32_t family)
{
	switch (family) {
	case 2:
		return ETHERTYPE_IP4;
	case 10:
	case 24:
	case 28:
	case 30:
		return ETHERTYPE_IP6;
	default:
		return ETHERTYPE_LOCAL;
	}
}

/* In NULL the family is in the order of the capturing machine: whichever order gives a small number. */
static uint32_t null_family(const uint8_t *p)
{
	uint32_t v = be32(p);

	return v > 0xFFFF ? __builtin_bswap32(v) : v;
}

static uint16_t ethertype_of_sll(uint16_t protocol, size_t rest_len)
{
	if (protocol >= ETHERTYPE_MIN) {
		return protocol;
	}
	if ((protocol == LLC_802_2 || protocol == LLC_NOVELL) && rest_len < ETHERTYPE_MIN) {
		return (uint16_t)rest_len; /* an 802.3 length field */
	}
	return ETHERTYPE_LOCAL;
}

static size_t link_len(enum capture_link link)
{
	switch (link) {
	case CAPTURE_SLL:
		return SLL_LEN;
	case CAPTURE_SLL2:
		return SLL2_LEN;
	case CAPTURE_NULL:
	case CAPTURE_LOOP:
		return 4;
	case CAPTURE_ETHERNET:
	case CAPTURE_RAW:
		break;
	}
	return 0;
}

/* ethertype_of: `frame` has at least link_len() octets. */
static uint16_t ethertype_of(
	enum capture_link link, struct bytes frame, size_t wire_rest, bool *outgoing)
{
	switch (link) {
	case CAPTURE_SLL: /* packet type, ARPHRD, address length, address[8], protocol */
		*outgoing = be16(frame.data) == SLL_OUTGOING;
		return ethertype_of_sll(be16(frame.data + 14), wire_rest);
	case CAPTURE_SLL2: /* protocol, reserved, interface, ARPHRD, packet type u8, length u8, address[8] */
		*outgoing = frame.data[10] == SLL_OUTGOING;
		return ethertype_of_sll(be16(frame.data), wire_rest);
	case CAPTURE_NULL:
		return ethertype_of_family(null_family(frame.data));
	case CAPTURE_LOOP:
		return ethertype_of_family(be32(frame.data));
	case CAPTURE_ETHERNET:
	case CAPTURE_RAW:
		break;
	}
	return ethertype_of_ip(frame);
}

struct capture_rewrite capture_link_rewrite(
	enum capture_link link, struct bytes frame, uint32_t wire_len, uint8_t *header)
{
	size_t skip = link_len(link);
	uint16_t type =
		ETHERTYPE_LOCAL; /* a frame cut inside its link header: nothing is known of it */
	bool outgoing = false;
	uint32_t wire_rest = wire_len > skip ? (uint32_t)(wire_len - skip) : 0;

	if (link == CAPTURE_ETHERNET) {
		return (struct capture_rewrite){ 0, frame, wire_len };
	}
	if (frame.len >= skip) {
		type = ethertype_of(link, frame, wire_rest, &outgoing);
	}
	memset(header, 0, CAPTURE_LINK_LEN);
	header[0] = 2;
	header[5] = outgoing ? 1 : 2;
	header[6] = 2;
	header[11] = outgoing ? 2 : 1;
	put_be16(header + 12, type);
	return (struct capture_rewrite){ CAPTURE_LINK_LEN, bytes_slice(frame, skip, frame.len),
		wire_rest + CAPTURE_LINK_LEN };
}
