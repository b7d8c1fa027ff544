/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng: blocks of a capture file, written octet by octet: a section, its interfaces, packets with
 * a comment each. All numbers are little-endian, so the same packets give the same octets anywhere.
 *
 * Pure functions over the caller's memory; any thread. Bounds: a block is written whole or not at
 * all; 0 says that it does not fit. Source: draft-ietf-opsawg-pcapng (sections at each use).
 */
#ifndef SMSWALL_CONTROL_PCAPNG_H
#define SMSWALL_CONTROL_PCAPNG_H

#include "dataplane/base/bytes.h"

enum { PCAPNG_COMMENT_MAX = 1024, PCAPNG_NAME_MAX = 255 };

/*
 * LINKTYPE_WIRESHARK_UPPER_PDU (https://www.tcpdump.org/linktypes.html): tags that say which
 * dissector the octets are for, and between whom they went, then the octets.
 */
enum { PCAPNG_LINKTYPE_UPPER_PDU = 252 };

enum pcapng_direction { PCAPNG_UNKNOWN = 0, PCAPNG_INBOUND = 1, PCAPNG_OUTBOUND = 2 };

struct pcapng_packet {
	uint32_t interface; /* in the order of pcapng_put_interface() */
	uint64_t time_us;
	enum pcapng_direction direction;
	const char *comment; /* UTF-8; cut at PCAPNG_COMMENT_MAX */
	struct bytes head;   /* goes before the octets: tags */
	struct bytes octets;
	uint32_t octets_whole; /* of the octets, had all been there; at least octets.len */
};

/* pcapng_put_section: the Section Header Block that a file begins with. Its length, or 0. */
size_t pcapng_put_section(uint8_t *out, size_t size, const char *application);

/* pcapng_put_interface: an Interface Description Block; times of its packets are microseconds. Its length, or 0. */
size_t pcapng_put_interface(uint8_t *out, size_t size, uint16_t link_type, const char *name);

/* pcapng_put_packet: an Enhanced Packet Block. Its length, or 0. */
size_t pcapng_put_packet(uint8_t *out, size_t size, const struct pcapng_packet *p);

#endif
