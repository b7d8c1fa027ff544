/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * capture_link: link types of captures that can be read as Ethernet, and the synthetic header for
 * those that are not. Pure; control only.
 *
 * The synthetic header: destination 02:00:00:00:00:02 and source 02:00:00:00:00:01 (locally
 * administered, IEEE 802 8.4), turned round for what the capturing host itself had sent where the
 * capture tells (SLL, SLL2); the ethertype by the payload. What is no IP, VLAN or other ethertype
 * gets 0x88B5 (IEEE 802 local experimental 1), so that its octets are carried and stay foreign.
 * Source: tcpdump.org LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_NULL, LINKTYPE_RAW.
 */
#ifndef SMSWALL_CONTROL_CAPTURE_LINK_H
#define SMSWALL_CONTROL_CAPTURE_LINK_H

#include "dataplane/base/bytes.h"

enum capture_link {
	CAPTURE_ETHERNET,
	CAPTURE_SLL,
	CAPTURE_SLL2,
	CAPTURE_NULL,
	CAPTURE_LOOP,
	CAPTURE_RAW,
};

enum { CAPTURE_LINK_LEN = 14 };

struct capture_link_kind {
	int link_type; /* LINKTYPE_*, as files have it */
	enum capture_link link;
	const char *name;
};

/* capture_link_of: NULL for a link type that is not read. */
const struct capture_link_kind *capture_link_of(int link_type);

/* capture_link_of_dlt: libpcap's DLT_* of this platform as LINKTYPE_*. */
int capture_link_of_dlt(int dlt);

/* A frame as it is to be written: header_len octets of header, then `rest` of the original. */
struct capture_rewrite {
	size_t header_len; /* 0 or CAPTURE_LINK_LEN */
	struct bytes rest;
	uint32_t wire_len;
};

/* capture_link_rewrite: `header` gets CAPTURE_LINK_LEN octets unless the frame is Ethernet already. */
struct capture_rewrite capture_link_rewrite(
	enum capture_link link, struct bytes frame, uint32_t wire_len, uint8_t *header);

#endif
