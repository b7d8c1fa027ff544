/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic_map: TPDUs, MAP components and TCAP messages from fields, for the traffic maker.
 *
 * BER is written from its end to its beginning, so that each length is known when it is written. Pure
 * functions over memory of the caller; control only. Source: X.690; Q.773; 3GPP TS 29.002 17;
 * TS 23.040 9.2 (sections at each use).
 */
#ifndef SMSWALL_CONTROL_TRAFFIC_MAP_H
#define SMSWALL_CONTROL_TRAFFIC_MAP_H

#include "control/traffic.h"

enum { TRAFFIC_TPDU_SIZE = 200 }; /* TS 29.002 17.7.6 SignalInfo */

/* ---- TPDUs: TS 23.040 9.2.2 ---- */

enum traffic_tpdu_type {
	TRAFFIC_TPDU_DELIVER,
	TRAFFIC_TPDU_SUBMIT,
	TRAFFIC_TPDU_STATUS_REPORT,
	TRAFFIC_TPDU_COMMAND,
	TRAFFIC_TPDU_DELIVER_REPORT, /* of an acknowledgement */
	TRAFFIC_TPDU_SUBMIT_REPORT,
	TRAFFIC_TPDU_DELIVER_REPORT_ERROR /* of an error: it has a cause */
};

struct traffic_tpdu {
	enum traffic_tpdu_type type;
	const struct traffic_address *address; /* TP-OA, TP-DA, TP-RA */
	uint64_t time_us;                      /* TP-SCTS, TP-DT */
	uint8_t reference;                     /* TP-MR */
	uint8_t protocol_id;
	uint8_t data_coding;
	uint8_t validity; /* SUBMIT: 0 none, 2 relative, 1 enhanced, 3 absolute (9.2.3.3) */
	uint8_t cause;    /* a report of an error: TP-FCS */
	bool more;        /* more messages wait */
	bool packed;      /* `text` are septets, an octet each, to be packed */
	struct bytes udh; /* UDHL first */
	struct bytes text;
};

/* traffic_tpdu: its length. */
size_t traffic_tpdu(const struct traffic_tpdu *t, uint8_t out[TRAFFIC_TPDU_SIZE]);

/* ---- BER, from the end: X.690 8.1 ---- */

struct traffic_ber {
	uint8_t *begin;
	uint8_t *at;
	uint8_t *end;
	bool indefinite; /* constructed elements get the indefinite form (8.1.3.6) */
	bool bad;
};

struct traffic_ber traffic_ber_of(uint8_t *data, size_t size, bool indefinite);
struct bytes traffic_ber_bytes(const struct traffic_ber *b);

/* traffic_ber_put: an element with these contents. */
void traffic_ber_put(struct traffic_ber *b, uint8_t identifier, struct bytes contents);

/* A constructed element is begun at its end: mark = _end(), its contents, _begin(mark, identifier). */
size_t traffic_ber_end(struct traffic_ber *b);
void traffic_ber_begin(struct traffic_ber *b, size_t mark, uint8_t identifier);

/* ---- MAP and TCAP ---- */

enum traffic_operation { /* TS 29.002 17.5 */
	TRAFFIC_OP_MT = 44,
	TRAFFIC_OP_SRI = 45,
	TRAFFIC_OP_FORWARD = 46, /* mo-forwardSM; v1 and v2: forwardSM */
	TRAFFIC_OP_REPORT = 47,
	TRAFFIC_OP_ALERT_V1 = 49,
	TRAFFIC_OP_INFORM = 63,
	TRAFFIC_OP_ALERT = 64,
};

enum traffic_context { /* 0.4.0.0.1.0.id.version: TS 29.002 17.3.2 */
	TRAFFIC_CONTEXT_GATEWAY = 20,
	TRAFFIC_CONTEXT_MO = 21,
	TRAFFIC_CONTEXT_ALERT = 23,
	TRAFFIC_CONTEXT_MT = 25,
};

/* The parameters of an operation; what is NULL or empty is not there. */
struct traffic_map {
	enum traffic_operation operation;
	uint8_t version;
	bool to_mobile; /* a forwardSM: from a service centre */
	bool more;
	const char *imsi;
	const char *lmsi; /* 4 octets */
	const char *msisdn;
	const char *centre;
	const char *node;
	struct bytes tpdu;
	uint8_t outcome; /* reportSM-DeliveryStatus: sm-DeliveryOutcome */
	uint8_t error;   /* of a ReturnError */
};

enum traffic_component { TRAFFIC_INVOKE, TRAFFIC_RESULT, TRAFFIC_ERROR, TRAFFIC_REJECT };

/* traffic_map_component: writes it before what `b` has. */
void traffic_map_component(struct traffic_ber *b, enum traffic_component kind, uint8_t invoke_id,
	const struct traffic_map *p);

enum traffic_tcap_type { /* Q.773 4.2.1 */
	TRAFFIC_BEGIN = 0x62,
	TRAFFIC_END = 0x64,
	TRAFFIC_CONTINUE = 0x65,
};

enum traffic_dialogue {
	TRAFFIC_DIALOGUE_NONE,
	TRAFFIC_DIALOGUE_REQUEST,
	TRAFFIC_DIALOGUE_RESPONSE
};

struct traffic_tcap {
	enum traffic_tcap_type type;
	uint32_t otid; /* of the sender; not on an End */
	uint32_t dtid; /* of the receiver; not on a Begin */
	enum traffic_dialogue dialogue;
	enum traffic_context context;
	uint8_t version;
	const char
		*destination_imsi; /* MAP-Open: the subscriber where the MAP message has an LMSI */
	bool indefinite;
	struct bytes components;
};

/* traffic_tcap: its length, 0: it does not fit. Octets are at the end of `out`: *message. */
size_t traffic_tcap(const struct traffic_tcap *t, uint8_t *out, size_t size, struct bytes *message);

#endif
