/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sms: the one message type that policy sees, whatever carried it (design.md 7).
 *
 * Ownership: struct sms borrows from the PDU and from buffers of the worker (struct sms_buffers);
 * it lives for one judgement. Owning core only. Shapes: texts are UTF-8, addresses as sent.
 */
#ifndef SMSWALL_SMS_SMS_H
#define SMSWALL_SMS_SMS_H

#include "dataplane/base/bytes.h"
#include "dataplane/sms/text.h"

struct smpp_address;

enum sms_carrier { SMS_SMPP, SMS_MAP };

/* Whose side of the box the sender is on, by configuration; and what the protocol says it is. */
enum sms_side { SIDE_INSIDE, SIDE_OUTSIDE };
enum sms_role { ROLE_UNKNOWN, ROLE_ESME, ROLE_SMSC, ROLE_MSC };

struct sms_address {
	uint8_t ton; /* TS 23.040 9.1.2.5 and SMPP 3.4 5.2.5 share the values */
	uint8_t npi;
	struct bytes digits; /* digits, or the alphanumeric sender */
};

enum { TON_INTERNATIONAL = 1, TON_NATIONAL = 2, TON_NETWORK = 3, TON_ALPHANUMERIC = 5 };

/* Concatenation (TS 23.040 9.2.3.24.1 and .8; SMPP sar_*): total == 0 means a message of one part. */
struct sms_concat {
	uint16_t reference;
	uint8_t width; /* bits of the reference: 8, 16; SAR: 0 */
	uint8_t part;  /* from 1 */
	uint8_t total;
};

enum { SMS_BODIES = 3, SMS_ANOMALY_WORDS = 4 };

struct sms {
	enum sms_carrier carrier;
	const char *command; /* "submit_sm", "mt-forwardSM" */
	uint32_t sequence;   /* SMPP sequence_number */
	uint8_t link;
	uint8_t side;         /* enum sms_side of the sender */
	uint8_t role;         /* enum sms_role of the sender */
	struct bytes account; /* system_id, or empty */
	struct sms_address source;
	struct sms_address destination;
	uint16_t n_destinations;
	const struct smpp_address *destinations; /* submit_multi: all of them; else NULL */
	const uint8_t *from_ip; /* 16 octets, IPv4 as ::ffff:a.b.c.d; NULL: not known, as in MAP */
	const uint8_t *to_ip;
	uint8_t esm_class;
	uint8_t protocol_id;
	uint8_t data_coding;
	int8_t message_class; /* 0..3 or -1 */
	bool receipt;
	bool compressed;
	bool message_waiting;
	bool partial; /* judged before its end was there */
	bool refused; /* signalling refuses it, unless a never-block list lets it in: no charge */
	struct bytes udh;     /* without UDHL */
	uint16_t source_port; /* UDH 0x04/0x05, 0: none */
	uint16_t destination_port;
	struct sms_concat concat;
	uint64_t anomalies[SMS_ANOMALY_WORDS]; /* bit r of [r / 64]: enum reason r */

	/*
	 * Where the text lies in the carrier's octets: for edits. SMPP: [0] short_message (maybe
	 * empty), [1] message_payload, [2] an earlier message_payload. The decoded texts lie one
	 * after the other in sms_buffers.text, with a '\n' between two that are not empty.
	 */
	struct sms_body {
		struct bytes octets;     /* UDH included */
		size_t offset;           /* of octets in the PDU */
		struct text_input input; /* the text in it */
		struct bytes text;       /* decoded UTF-8 */
	} body[SMS_BODIES];
	uint8_t n_bodies;
	struct text_stats text_stats;

	/* MAP only; SMPP leaves them as they are: look at carrier first. n = 0 digits: not known. */
	struct sms_address smsc;   /* the service centre that MAP names */
	struct sms_address msisdn; /* SM-RP-OA: who sends a mobile originated message */
	struct bytes imsi;         /* of the receiver (MT), of the sender (MO, v3) */
	struct bytes called_gt;    /* SCCP; the calling one is the account */
	uint8_t operation;         /* local operation code */
	uint8_t map_version;       /* 1 to 3; 0: not known */
	uint8_t tpdu_type;         /* enum tpdu_type */
	bool to_mobile;
	bool more_messages; /* more for the same mobile are to follow in this dialogue */
	bool in_pieces;     /* body[0].octets is a copy: the TPDU was sent in pieces */
};

static inline void sms_note(struct sms *m, unsigned reason)
{
	m->anomalies[reason / 64] |= UINT64_C(1) << (reason % 64);
}

/*
 * Working memory for one message, one per worker. Each buffer ends in LIMIT_SCAN_TAIL readable
 * octets beyond its size.
 */
struct sms_buffers {
	uint8_t *text; /* decoded bodies, one after the other */
	size_t text_size;
	uint8_t *joined; /* long messages: parts side by side */
	size_t joined_size;
	uint8_t *folded;
	size_t folded_size;
	uint8_t *entities; /* normal forms */
	size_t entities_size;
};

#endif
