/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * m3ua: MTP3 user adaptation: the header and parameters that all of SIGTRAN shares, the DATA message,
 * and what the management messages of an association say of its state.
 *
 * First reader behind SCTP: one user message (PPID 3) in, the user data of MTP3 out. Pure functions
 * over spans; nothing is copied, offsets are into the message. Any core; a struct m3ua_state is its
 * owner's, one per association. Bounds: LIMIT_XUA_PARAMETERS parameters a message.
 * Source: RFC 4666 (sections at each use).
 */
#ifndef SMSWALL_PROTO_M3UA_H
#define SMSWALL_PROTO_M3UA_H

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"
#include "dataplane/stats.h"

enum { XUA_HEADER_LEN = 8 };

/* Common message header (RFC 4666 3.1; the same in RFC 3868 3.1 and 4165 2.1). */
struct xua_header {
	uint8_t message_class;
	uint8_t type;
	uint32_t length; /* as sent, header included */
};

/* A parameter (RFC 4666 3.2, RFC 3868 3.1.5). */
struct xua_parameter {
	uint16_t tag;
	struct bytes value;
	size_t value_off; /* in the message */
};

/* Parameters common to the adaptation layers (RFC 4666 3.2) that are looked at. */
enum {
	XUA_TAG_INFO = 0x0004,
	XUA_TAG_ROUTING_CONTEXT = 0x0006,
	XUA_TAG_TRAFFIC_MODE = 0x000B,
	XUA_TAG_ERROR_CODE = 0x000C,
	XUA_TAG_STATUS = 0x000D,
	XUA_TAG_ASP_IDENTIFIER = 0x0011,
	XUA_TAG_CORRELATION_ID = 0x0013,
};

/*
 * xua_header_read: PARSE_BAD with *why xua_header: fewer than 8 octets, another version, or a
 * length below 8. A length that is not that of the octets is OK here: see M3UA_ANOMALY_LENGTH.
 */
enum parse xua_header_read(struct bytes message, struct xua_header *h, enum reason *why);

/*
 * xua_parameters: a cursor over the parameters: from behind the header to the end of the octets or
 * what the header's length says, whichever comes first.
 */
struct cursor xua_parameters(struct bytes message, const struct xua_header *h);

/*
 * xua_parameter_read: the next parameter at `c`, padding skipped (the last one's may be missing).
 * PARSE_BAD with *why xua_parameter poisons `c`. To be called while cursor_left() is not 0.
 */
enum parse xua_parameter_read(
	struct cursor *c, struct bytes message, struct xua_parameter *p, enum reason *why);

/* RFC 4666 3.1.2: X(NAME, class, type, name as in status) */
#define M3UA_MESSAGES(X)                \
	X(ERR, 0, 0, "ERR")             \
	X(NTFY, 0, 1, "NTFY")           \
	X(DATA, 1, 1, "DATA")           \
	X(DUNA, 2, 1, "DUNA")           \
	X(DAVA, 2, 2, "DAVA")           \
	X(DAUD, 2, 3, "DAUD")           \
	X(SCON, 2, 4, "SCON")           \
	X(DUPU, 2, 5, "DUPU")           \
	X(DRST, 2, 6, "DRST")           \
	X(ASPUP, 3, 1, "ASPUP")         \
	X(ASPDN, 3, 2, "ASPDN")         \
	X(BEAT, 3, 3, "BEAT")           \
	X(ASPUP_ACK, 3, 4, "ASPUP ACK") \
	X(ASPDN_ACK, 3, 5, "ASPDN ACK") \
	X(BEAT_ACK, 3, 6, "BEAT ACK")   \
	X(ASPAC, 4, 1, "ASPAC")         \
	X(ASPIA, 4, 2, "ASPIA")         \
	X(ASPAC_ACK, 4, 3, "ASPAC ACK") \
	X(ASPIA_ACK, 4, 4, "ASPIA ACK") \
	X(REG_REQ, 9, 1, "REG REQ")     \
	X(REG_RSP, 9, 2, "REG RSP")     \
	X(DEREG_REQ, 9, 3, "DEREG REQ") \
	X(DEREG_RSP, 9, 4, "DEREG RSP")

#define X(NAME, class, type, text) M3UA_##NAME = (class) << 8 | (type),
enum m3ua_type { M3UA_MESSAGES(X) };
#undef X

/* xua_type: class and type in one number, to be compared with an enum m3ua_type or sua_type. */
static inline unsigned xua_type(const struct xua_header *h)
{
	return (unsigned)h->message_class << 8 | h->type;
}

const char *m3ua_type_name(unsigned type); /* "DATA"; "unknown" for others */
bool m3ua_type_known(unsigned type);

enum { M3UA_SI_SCCP = 3 }; /* service indicator (Q.704 14.2.1) */

enum m3ua_anomaly {
	M3UA_ANOMALY_LENGTH = 1u << 0,    /* R_xua_length: header and octets differ in length */
	M3UA_ANOMALY_DUPLICATE = 1u << 1, /* R_m3ua_duplicate: protocol data more than once */
	M3UA_ANOMALY_PARAMETER = 1u << 2, /* R_xua_parameter: one behind protocol data is broken */
};
enum { M3UA_ANOMALIES = 3 };

/* m3ua_anomaly_reason: the reason of bit `i` (< M3UA_ANOMALIES). */
enum reason m3ua_anomaly_reason(unsigned i);

/* A DATA message (RFC 4666 3.3.1). */
struct m3ua_data {
	bool has_appearance;
	bool has_context;
	bool has_correlation;
	uint32_t network_appearance;
	uint32_t routing_context;
	uint32_t correlation_id;
	/* Protocol data */
	uint32_t opc;
	uint32_t dpc;
	uint8_t si; /* service indicator: M3UA_SI_SCCP */
	uint8_t ni; /* network indicator: 0, 1 international, 2, 3 national */
	uint8_t mp; /* message priority */
	uint8_t sls;
	struct bytes user_data; /* SI 3: a message of SCCP */
	size_t user_data_off;   /* in the M3UA message */
	unsigned
		n_protocol_data; /* 1; more is M3UA_ANOMALY_DUPLICATE: receivers differ in which they read */
	unsigned anomalies; /* enum m3ua_anomaly */
};

/*
 * m3ua_data_read: reads a DATA message with the `nth` (0 is the first) protocol data in it; to be
 * called for each below n_protocol_data, so that a second one hides nothing. PARSE_BAD leaves *d as
 * it was; *why is xua_header, xua_parameter or m3ua_data (no DATA, no such protocol data, or one
 * that is too short). Never PARSE_MORE.
 */
enum parse m3ua_data_read(
	struct bytes message, unsigned nth, struct m3ua_data *d, enum reason *why);

/* State of an ASP as its peer sees it (RFC 4666 4.3.1); UNKNOWN: joined when it was up already. */
#define M3UA_ASP_STATES(X)      \
	X(UNKNOWN, "unknown")   \
	X(DOWN, "down")         \
	X(INACTIVE, "inactive") \
	X(ACTIVE, "active")

#define X(NAME, text) M3UA_ASP_##NAME,
enum m3ua_asp_state { M3UA_ASP_STATES(X) };
#undef X

/* What the management messages of one association said; zeroed: nothing yet. For `status`. */
struct m3ua_state {
	uint8_t asp[STATS_DIRECTIONS];     /* enum m3ua_asp_state of the side whose ASPUP went so */
	uint8_t traffic_mode;              /* 1 override, 2 loadshare, 3 broadcast; 0: not said */
	uint16_t notify_type;              /* the last NTFY: 1 AS state, 2 other; 0: none */
	uint16_t notify_information;       /* of type 1: 2 inactive, 3 active, 4 pending */
	uint32_t error_code;               /* of the last ERR */
	uint32_t n_data[STATS_DIRECTIONS]; /* counts stop at their ceiling */
	uint32_t n_errors;
	uint32_t n_notify;
	uint32_t n_unavailable; /* DUNA */
	uint32_t n_available;   /* DAVA */
	uint32_t n_congested;   /* SCON */
	uint32_t n_audit;       /* DAUD */
	uint32_t n_user_part;   /* DUPU */
	uint32_t n_restricted;  /* DRST */
	uint32_t n_beats;       /* BEAT */
	uint32_t n_beat_acks;
	uint32_t n_registration; /* REG and DEREG, requests and responses */
	uint32_t n_unknown;      /* of a class or type that RFC 4666 does not know */
};

/*
 * m3ua_state_message: any message of the association, DATA too, that went in `direction`. Believes
 * what it sees; what cannot be read changes nothing but is PARSE_BAD with *why xua_header or
 * xua_parameter.
 */
enum parse m3ua_state_message(
	struct m3ua_state *s, unsigned direction, struct bytes message, enum reason *why);

/*
 * m3ua_state_of: the association's state: that of the ASP which is furthest; DATA proves an
 * association active whose ASPs are unknown.
 */
enum m3ua_asp_state m3ua_state_of(const struct m3ua_state *s);

const char *m3ua_asp_state_name(enum m3ua_asp_state state); /* "active" */

/* m3ua_notify_name: the last NTFY (RFC 4666 3.8.2): "AS-ACTIVE"; "none", "unknown". */
const char *m3ua_notify_name(const struct m3ua_state *s);

/* m3ua_error_name: an error code (RFC 4666 3.8.1): "invalid version"; "unknown" for others. */
const char *m3ua_error_name(uint32_t code);

#endif
