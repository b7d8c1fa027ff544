/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sua: SCCP user adaptation: recognised, typed and counted, not judged.
 *
 * Pure functions over one user message of SCTP (PPID 4); header and parameters are those of m3ua.h.
 * Any core. Bounds: LIMIT_XUA_PARAMETERS. Source: RFC 3868 (sections at each use).
 */
#ifndef SMSWALL_PROTO_SUA_H
#define SMSWALL_PROTO_SUA_H

#include "dataplane/proto/m3ua.h"

/* RFC 3868 3.1.3; what is not here is as in M3UA_MESSAGES: X(NAME, class, type, name as in status) */
#define SUA_MESSAGES(X)          \
	X(CLDT, 7, 1, "CLDT")    \
	X(CLDR, 7, 2, "CLDR")    \
	X(CORE, 8, 1, "CORE")    \
	X(COAK, 8, 2, "COAK")    \
	X(COREF, 8, 3, "COREF")  \
	X(RELRE, 8, 4, "RELRE")  \
	X(RELCO, 8, 5, "RELCO")  \
	X(RESCO, 8, 6, "RESCO")  \
	X(RESRE, 8, 7, "RESRE")  \
	X(CODT, 8, 8, "CODT")    \
	X(CODA, 8, 9, "CODA")    \
	X(COERR, 8, 10, "COERR") \
	X(COIT, 8, 11, "COIT")

#define X(NAME, class, type, text) SUA_##NAME = (class) << 8 | (type),
enum sua_type { SUA_MESSAGES(X) };
#undef X

struct sua_message {
	unsigned type; /* xua_type(): an enum sua_type, or an enum m3ua_type but DATA */
	bool known;
	struct bytes data; /* the user's octets (RFC 3868 3.10.11); empty: none */
	size_t data_off;
};

/*
 * sua_message_read: PARSE_BAD leaves *m as it was; *why is xua_header or xua_parameter. Never
 * PARSE_MORE.
 */
enum parse sua_message_read(struct bytes message, struct sua_message *m, enum reason *why);

const char *sua_type_name(unsigned type); /* "CLDT"; "unknown" for others */

#endif
