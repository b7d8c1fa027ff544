/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpdu: the transfer protocol data units of SMS: all six kinds, their addresses, and the text in them.
 *
 * Pure functions; spans and offsets are into the TPDU, address digits are copied. Any core. One
 * reader for whatever carries TPDUs (MAP; later Diameter SGd and others). Bounds: the octets given.
 * A TPDU that ends early inside its user data is read as far as it goes: handsets do, too.
 * Source: 3GPP TS 23.040 9.1, 9.2 (sections at each use); TS 23.038 4 and 6.1.2 for the text.
 */
#ifndef SMSWALL_SMS_TPDU_H
#define SMSWALL_SMS_TPDU_H

#include "dataplane/limits.h"
#include "dataplane/sms/sms.h"
#include "dataplane/stats.h"

/* TS 23.040 9.2.2: X(NAME, name as in events) */
#define TPDU_TYPES(X)                           \
	X(DELIVER, "SMS-DELIVER")               \
	X(DELIVER_REPORT, "SMS-DELIVER-REPORT") \
	X(SUBMIT, "SMS-SUBMIT")                 \
	X(SUBMIT_REPORT, "SMS-SUBMIT-REPORT")   \
	X(STATUS_REPORT, "SMS-STATUS-REPORT")   \
	X(COMMAND, "SMS-COMMAND")

#define X(name, text) TPDU_##name,
enum tpdu_type { TPDU_TYPES(X) };
#undef X

const char *tpdu_type_name(enum tpdu_type type);

/* What the TPDU came in: TP-MTI means something else either way (9.2.3.1), reports differ (9.2.2). */
enum tpdu_way { TPDU_TO_CENTRE, TPDU_TO_MOBILE };
enum tpdu_kind {
	TPDU_REQUEST, /* RP-DATA: a ForwardSM invoked */
	TPDU_ACK,     /* RP-ACK: its result */
	TPDU_ERROR,   /* RP-ERROR: its error */
};

enum { TPDU_ADDRESS_SIZE = 72 }; /* octets of an address as UTF-8: 22 septets of 3 octets */

/* TP-OA, TP-DA, TP-RA (9.1.2.5). */
struct tpdu_address {
	uint8_t ton;
	uint8_t npi;
	uint8_t length;               /* Address-Length as sent: semi-octets */
	uint8_t n;                    /* of text */
	char text[TPDU_ADDRESS_SIZE]; /* digits 0-9 * # a b c; TON alphanumeric: UTF-8 */
	struct bytes octets;          /* Address-Value as sent */
	size_t off;                   /* of Address-Length; Address-Value is at off + 2 */
};

enum tpdu_anomaly {
	TPDU_ANOMALY_TYPE = 1u << 0,    /* R_tpdu_type */
	TPDU_ANOMALY_ADDRESS = 1u << 1, /* R_tpdu_address */
	TPDU_ANOMALY_LENGTH = 1u << 2,  /* R_tpdu_length */
	TPDU_ANOMALY_UDH = 1u << 3,     /* R_udh_length */
};
enum { TPDU_ANOMALIES = 4 };

/* tpdu_anomaly_reason: the reason of bit `i` (< TPDU_ANOMALIES). */
enum reason tpdu_anomaly_reason(unsigned i);

enum tpdu_validity {
	TPDU_VP_NONE,
	TPDU_VP_ENHANCED,
	TPDU_VP_RELATIVE,
	TPDU_VP_ABSOLUTE
}; /* 9.2.3.3 */

struct tpdu {
	enum tpdu_type type;
	uint8_t first;          /* the first octet */
	bool udhi;              /* 9.2.3.23 */
	bool more_messages;     /* 9.2.3.2: TP-MMS says so */
	bool reply_path;        /* 9.2.3.17 */
	bool report_wanted;     /* TP-SRR, TP-SRI: 9.2.3.5, 9.2.3.4 */
	uint8_t reference;      /* TP-MR: 9.2.3.6 */
	uint8_t protocol_id;    /* TP-PID: 9.2.3.9; COMMAND: too */
	uint8_t data_coding;    /* TP-DCS: 9.2.3.10 */
	uint8_t status;         /* STATUS-REPORT TP-ST: 9.2.3.15 */
	uint8_t cause;          /* reports of errors TP-FCS: 9.2.3.22; 0: none */
	uint8_t command;        /* COMMAND TP-CT: 9.2.3.19 */
	uint8_t message_number; /* COMMAND TP-MN: 9.2.3.18 */
	enum tpdu_validity vp_format;
	struct bytes vp;        /* TP-VP: 0, 1 or 7 octets */
	struct bytes timestamp; /* TP-SCTS: 9.2.3.11 */
	struct bytes discharge; /* STATUS-REPORT TP-DT: 9.2.3.13 */
	bool has_address;
	struct tpdu_address address; /* TP-OA, TP-DA or TP-RA */
	size_t protocol_id_off;      /* 0: there is none */
	size_t data_coding_off;      /* 0: there is none */
	/* User data (9.2.3.24); of a COMMAND its command data, which is no text. */
	bool has_ud;
	uint8_t udl; /* TP-UDL as sent: septets, or octets (9.2.3.16) */
	size_t udl_off;
	size_t ud_off;
	struct bytes ud;          /* what TP-UDL spans of what is there, UDH included */
	struct bytes udh;         /* without UDHL */
	struct sms_concat concat; /* not checked: see udh_concat_valid() */
	uint16_t source_port;
	uint16_t destination_port;
	struct text_coding coding;
	struct text_input input; /* for text_decode(); nothing to decode: input.data is empty */
	unsigned anomalies;      /* enum tpdu_anomaly */
};

/*
 * tpdu_read: PARSE_OK fills *t; PARSE_BAD (*why tpdu_body) leaves it as it was: the fields before
 * the user data do not fit. Never PARSE_MORE.
 */
enum parse tpdu_read(
	struct bytes b, enum tpdu_way way, enum tpdu_kind kind, struct tpdu *t, enum reason *why);

#endif
