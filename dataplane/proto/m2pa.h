/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * m2pa: MTP2 peer-to-peer adaptation: recognised, typed and counted, not judged.
 *
 * Pure functions over one user message of SCTP (PPID 5). Any core. No loops.
 * Source: RFC 4165 2 (sections at each use).
 */
#ifndef SMSWALL_PROTO_M2PA_H
#define SMSWALL_PROTO_M2PA_H

#include "dataplane/proto/m3ua.h"

enum { M2PA_CLASS = 11, M2PA_HEADER_LEN = 16 }; /* RFC 4165 2.1.2; common and own header */

enum m2pa_type { M2PA_USER_DATA = 1, M2PA_LINK_STATUS = 2 }; /* RFC 4165 2.1.3 */

/* Link Status (RFC 4165 2.3.2): X(NAME, number, name as in status) */
#define M2PA_STATES(X)                                   \
	X(ALIGNMENT, 1, "alignment")                     \
	X(PROVING_NORMAL, 2, "proving normal")           \
	X(PROVING_EMERGENCY, 3, "proving emergency")     \
	X(READY, 4, "ready")                             \
	X(PROCESSOR_OUTAGE, 5, "processor outage")       \
	X(PROCESSOR_RECOVERED, 6, "processor recovered") \
	X(BUSY, 7, "busy")                               \
	X(BUSY_ENDED, 8, "busy ended")                   \
	X(OUT_OF_SERVICE, 9, "out of service")

#define X(NAME, number, text) M2PA_STATE_##NAME = (number),
enum m2pa_state { M2PA_STATES(X) };
#undef X

struct m2pa_message {
	enum m2pa_type type;
	uint32_t bsn; /* 24 bits */
	uint32_t fsn;
	uint32_t state; /* Link Status: enum m2pa_state, or what was sent */
	/* User Data; empty (only an acknowledgement) or at least two octets */
	bool has_data;
	uint8_t priority; /* two bits (RFC 4165 2.3.1) */
	uint8_t si;       /* of the service information octet */
	uint8_t ni;
	struct bytes sif; /* signalling information field: routing label and what it carries */
	size_t sif_off;
};

/*
 * m2pa_message_read: PARSE_BAD leaves *m as it was; *why is xua_header (no M2PA, another length)
 * or m2pa_message. Never PARSE_MORE.
 */
enum parse m2pa_message_read(struct bytes message, struct m2pa_message *m, enum reason *why);

const char *m2pa_type_name(unsigned type);   /* "user data", "link status"; "unknown" */
const char *m2pa_state_name(uint32_t state); /* "ready"; "unknown" for others */

#endif
