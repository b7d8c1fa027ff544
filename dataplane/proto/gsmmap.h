/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gsmmap: the MAP operations of the short message service, v1 to v3: who, where, and the TPDU.
 *
 * Pure functions over one TCAP component; spans and offsets are into the TCAP message, digits are
 * copied as ASCII. Any core. Bounds: those of BER; addresses of LIMIT_MAP_DIGITS digits.
 * The three versions of an operation differ in what is optional, so one reader does for all.
 * Source: 3GPP TS 29.002 (17.2.2 contexts, 17.6.6 operations, 17.7.6 and 17.7.8 types); v1 and v2
 * as in GSM 09.02.
 */
#ifndef SMSWALL_PROTO_GSMMAP_H
#define SMSWALL_PROTO_GSMMAP_H

#include "dataplane/proto/tcap.h"

/* TS 29.002 17.5: X(NAME, local operation code, name as in events) */
#define GSMMAP_OPERATIONS(X)                                                       \
	X(MT_FORWARD_SM, 44, "mt-forwardSM")                                       \
	X(SEND_ROUTING_INFO, 45, "sendRoutingInfoForSM")                           \
	X(MO_FORWARD_SM, 46, "mo-forwardSM") /* v1 and v2: forwardSM, both ways */ \
	X(REPORT_STATUS, 47, "reportSM-DeliveryStatus")                            \
	X(ALERT_V1, 49, "alertServiceCentreWithoutResult")                         \
	X(INFORM, 63, "informServiceCentre")                                       \
	X(ALERT, 64, "alertServiceCentre")                                         \
	X(READY, 66, "readyForSM")

#define X(name, code, text) GSMMAP_##name = (code),
enum gsmmap_operation { GSMMAP_OPERATIONS(X) };
#undef X

enum { GSMMAP_ERROR_DELIVERY_FAILURE = 32 }; /* TS 29.002 17.6.6 sm-DeliveryFailure */

/* Application contexts 0.4.0.0.1.0.id.version (TS 29.002 17.3.2, 17.3.3). */
enum {
	GSMMAP_CONTEXT_GATEWAY = 20, /* shortMsgGateway: sendRoutingInfoForSM and its kin */
	GSMMAP_CONTEXT_MO = 21,      /* shortMsgMO-Relay; v1: shortMsgRelay, both ways */
	GSMMAP_CONTEXT_ALERT = 23,   /* shortMsgAlert */
	GSMMAP_CONTEXT_MT = 25,      /* shortMsgMT-Relay */
};

struct gsmmap_context {
	uint8_t id;      /* 0: not known */
	uint8_t version; /* 0: not known */
};

/*
 * gsmmap_context_of: what the message says of its dialogue. MAP v1 has no dialogue portion, so a
 * Begin with components and without one is v1; a Continue says nothing: its Begin did.
 */
struct gsmmap_context gsmmap_context_of(const struct tcap_message *m);

const char *gsmmap_operation_name(int32_t code); /* "unknown" for others */

/* gsmmap_is_sms: one of GSMMAP_OPERATIONS. gsmmap_carries_text: it can carry a short message. */
bool gsmmap_is_sms(int32_t code);
bool gsmmap_carries_text(int32_t code);

/* AddressString (TS 29.002 17.7.8): nature of address, numbering plan, TBCD digits. */
struct gsmmap_address {
	uint8_t nature; /* 0 unknown, 1 international, 2 national, ... as the type of number of TS 23.040 */
	uint8_t plan; /* 1 E.164 */
	uint8_t n_digits;
	char digits[LIMIT_MAP_DIGITS]; /* 0-9 * # a b c */
	struct bytes octets;           /* as sent; empty: there is none, or it came in pieces */
	size_t off;                    /* of octets in the message */
};

/* How SM-RP-DA and SM-RP-OA name an end (TS 29.002 17.7.6). */
enum gsmmap_party {
	GSMMAP_PARTY_NONE,    /* there is no such field here */
	GSMMAP_PARTY_IMSI,    /* DA [0] */
	GSMMAP_PARTY_LMSI,    /* DA [1] */
	GSMMAP_PARTY_MSISDN,  /* OA [2] */
	GSMMAP_PARTY_ROAMING, /* DA [3], v1 */
	GSMMAP_PARTY_CENTRE,  /* [4]: the service centre */
	GSMMAP_PARTY_NOTHING, /* [5]: noSM-RP-DA, noSM-RP-OA */
};

enum gsmmap_anomaly {
	GSMMAP_ANOMALY_DIGITS = 1u << 0,    /* R_map_digits */
	GSMMAP_ANOMALY_DIRECTION = 1u << 1, /* R_map_direction */
	GSMMAP_ANOMALY_PIECES = 1u << 2,    /* R_ber_pieces */
	GSMMAP_ANOMALY_TRAILING = 1u << 3,  /* R_tcap_component */
};
enum { GSMMAP_ANOMALIES = 4 };

/* gsmmap_anomaly_reason: the reason of bit `i` (< GSMMAP_ANOMALIES). */
enum reason gsmmap_anomaly_reason(unsigned i);

struct gsmmap_message {
	enum tcap_component_type type;
	int32_t operation; /* of an Invoke or result; TCAP_NO_CODE: not known */
	int32_t error;     /* of a ReturnError; TCAP_NO_CODE: none */
	int32_t invoke_id;
	struct gsmmap_context context;
	bool to_mobile; /* a TPDU in it goes from a service centre to a mobile */
	enum gsmmap_party da;
	enum gsmmap_party oa;
	bool more_messages;
	int16_t outcome; /* sm-DeliveryOutcome; -1: none. 0 memory, 1 absent, 2 successful */
	/* By role, whichever field they came in; n_digits 0: there is none. */
	struct gsmmap_address service_centre;
	struct gsmmap_address msisdn;  /* of the subscriber whom this is about; MO: of the sender */
	struct gsmmap_address roaming; /* v1 SM-RP-DA */
	struct gsmmap_address node;    /* SRI result: networkNode-Number, where the subscriber is */
	struct gsmmap_address imsi;    /* digits only */
	struct bytes lmsi;
	/*
	 * SM-RP-UI: the TPDU. In one piece `ui` is it and `ui_off` its place; in several pieces `ui`
	 * is empty and ber_octets(&ui_element) puts it together.
	 */
	bool has_ui;
	bool ui_in_pieces;
	struct ber_element ui_element;
	struct bytes ui;
	size_t ui_off;
	unsigned anomalies; /* enum gsmmap_anomaly */
};

/*
 * gsmmap_message_read: reads a component; `message` is what it was read from, `context` that of its
 * dialogue. What is no operation of the short message service is PARSE_OK with empty fields.
 * PARSE_BAD (*why map_parameter, ber, ber_depth) leaves *m as it was. Never PARSE_MORE.
 */
enum parse gsmmap_message_read(const struct tcap_component *c, struct gsmmap_context context,
	struct bytes message, struct gsmmap_message *m, enum reason *why);

#endif
