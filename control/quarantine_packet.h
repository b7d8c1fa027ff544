/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quarantine_packet: a message that was kept, as a packet of a capture file that Wireshark dissects:
 * tags of an exported PDU, the carrier's octets, and a comment that says why it was refused.
 *
 * Pure; any thread. Bounds: QUARANTINE_PACKET_SIZE. Source of the tags: LINKTYPE_WIRESHARK_UPPER_PDU
 * (https://www.tcpdump.org/linktypes/LINKTYPE_WIRESHARK_UPPER_PDU.html).
 */
#ifndef SMSWALL_CONTROL_QUARANTINE_PACKET_H
#define SMSWALL_CONTROL_QUARANTINE_PACKET_H

#include "control/events.h"
#include "control/pcapng.h"

/* What is kept with its tags, comment and block: the longest. */
enum { QUARANTINE_PACKET_SIZE = LIMIT_SMPP_PDU_LEN + 2 * PCAPNG_COMMENT_MAX };

/*
 * quarantine_packet_comment: "verdict=reject reason=rule rule=1001 category=fraud score=100
 * generation=3 event=17 link=core". No number, no text of the message.
 */
void quarantine_packet_comment(
	const struct events_names *names, const struct event *e, char *out, size_t size);

/* quarantine_packet_put: the block; its length, or 0 where `size` does not do. Interfaces are links. */
size_t quarantine_packet_put(const struct events_names *names, const struct event *e,
	struct bytes octets, uint8_t *out, size_t size);

#endif
