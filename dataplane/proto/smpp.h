/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smpp: SMPP 3.4 and 5.0 PDUs: framing, validation, and where the fields of a text-carrying PDU lie.
 *
 * Pure functions over spans; nothing is copied: struct smpp_message points into the PDU.
 * Thread-safety: any core. Bounds: one PDU <= LIMIT_SMPP_PDU_LEN, TLVs <= LIMIT_SMPP_TLVS.
 * Headers and commands are in smpp.c, bodies in smpp_message.c.
 * Source: SMPP Protocol Specification v3.4 issue 1.2 and v5.0 (sections at each use).
 */
#ifndef SMSWALL_PROTO_SMPP_H
#define SMSWALL_PROTO_SMPP_H

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"
#include "dataplane/stats.h"

enum { SMPP_HEADER_LEN = 16 };
#define SMPP_RESPONSE 0x80000000u

/* SMPP 3.4 5.1.2.1 and 5.0 4.7.5: X(NAME, command_id, name as in events) */
#define SMPP_COMMANDS(X)                                   \
	X(BIND_RECEIVER, 0x001, "bind_receiver")           \
	X(BIND_TRANSMITTER, 0x002, "bind_transmitter")     \
	X(QUERY_SM, 0x003, "query_sm")                     \
	X(SUBMIT_SM, 0x004, "submit_sm")                   \
	X(DELIVER_SM, 0x005, "deliver_sm")                 \
	X(UNBIND, 0x006, "unbind")                         \
	X(REPLACE_SM, 0x007, "replace_sm")                 \
	X(CANCEL_SM, 0x008, "cancel_sm")                   \
	X(BIND_TRANSCEIVER, 0x009, "bind_transceiver")     \
	X(OUTBIND, 0x00B, "outbind")                       \
	X(ENQUIRE_LINK, 0x015, "enquire_link")             \
	X(SUBMIT_MULTI, 0x021, "submit_multi")             \
	X(ALERT_NOTIFICATION, 0x102, "alert_notification") \
	X(DATA_SM, 0x103, "data_sm")                       \
	X(BROADCAST_SM, 0x111, "broadcast_sm")             \
	X(QUERY_BROADCAST_SM, 0x112, "query_broadcast_sm") \
	X(CANCEL_BROADCAST_SM, 0x113, "cancel_broadcast_sm")

#define X(name, id, text) SMPP_##name = (id),
enum smpp_command { SMPP_COMMANDS(X) };
#undef X
#define SMPP_GENERIC_NACK 0x80000000u /* not in the enum: C17 enumerators are int */

struct smpp_header {
	uint32_t length;
	uint32_t command;
	uint32_t status;
	uint32_t sequence;
};

/*
 * smpp_header_read: reads the header at the start of `b`. PARSE_MORE below 16 octets (the fields
 * that are there are set, others 0); PARSE_BAD with *why smpp_length (below 16) or smpp_oversize.
 * An unknown command is OK here (SMPP 3.4 3.2: it is framed all the same): see smpp_known().
 */
enum parse smpp_header_read(struct bytes b, struct smpp_header *h, enum reason *why);

bool smpp_known(uint32_t command); /* request or response that the specification names */
bool smpp_carries_text(uint32_t
		command); /* submit_sm, deliver_sm, data_sm, submit_multi, replace_sm, broadcast_sm */
bool smpp_is_bind(uint32_t command);
const char *smpp_command_name(uint32_t command); /* "submit_sm_resp"; "unknown" for others */

/* smpp_plausible: a header that a live session could carry here: for RESYNC (design.md 4). */
bool smpp_plausible(const struct smpp_header *h);

struct smpp_address {
	uint8_t ton;
	uint8_t npi;
	struct bytes digits; /* as sent, without NUL */
};

struct smpp_tlv {
	uint16_t tag;
	struct bytes value;
};

enum smpp_tag { /* SMPP 3.4 5.3.2 */
	SMPP_TAG_SOURCE_PORT = 0x020A,
	SMPP_TAG_SAR_REF = 0x020C,
	SMPP_TAG_SAR_TOTAL = 0x020E,
	SMPP_TAG_SAR_SEQNUM = 0x020F,
	SMPP_TAG_RECEIPTED_MESSAGE_ID = 0x001E,
	SMPP_TAG_MESSAGE_PAYLOAD = 0x0424,
	SMPP_TAG_MESSAGE_STATE = 0x0427,
};

/* A text-carrying request. Spans and offsets are into the PDU; an absent field is empty or 0. */
struct smpp_message {
	struct smpp_header header;
	struct bytes service_type;
	struct smpp_address source;
	struct smpp_address destination; /* submit_multi: the first SME address */
	struct smpp_address destinations[LIMIT_SMPP_DESTS]; /* submit_multi only */
	uint16_t n_destinations; /* 1, or submit_multi's number_of_dests without lists */
	uint16_t n_lists;        /* submit_multi: distribution list names */
	uint8_t esm_class;
	uint8_t protocol_id;
	uint8_t priority;
	uint8_t registered_delivery;
	uint8_t data_coding;
	bool has_data_coding;         /* replace_sm has none */
	struct bytes short_message;   /* UDH included */
	struct bytes message_payload; /* the last one, UDH included */
	struct bytes earlier_payload; /* the first of several: SMSCs differ in which they read */
	bool has_payload;
	size_t body_end;        /* offset behind short_message: where the TLVs begin */
	size_t destination_off; /* offset of dest_addr_ton (submit_multi: of number_of_dests); 0: none */
	size_t source_off;      /* offset of source_addr_ton */
	uint16_t sar_ref;
	uint8_t sar_total; /* 0: no SAR */
	uint8_t sar_seqnum;
	uint16_t n_tlvs; /* of which at most LIMIT_SMPP_TLVS are kept */
	struct smpp_tlv tlvs[LIMIT_SMPP_TLVS];
	uint64_t anomalies; /* enum smpp_anomaly */
};

enum smpp_anomaly {
	SMPP_ANOMALY_TLV = 1u << 0,           /* R_smpp_tlv */
	SMPP_ANOMALY_TLV_COUNT = 1u << 1,     /* R_smpp_tlv_count */
	SMPP_ANOMALY_TLV_DUPLICATE = 1u << 2, /* R_smpp_tlv_duplicate */
	SMPP_ANOMALY_TRAILING = 1u << 3,      /* R_smpp_trailing: 1..3 stray octets, or zeros */
	SMPP_ANOMALY_BOTH_TEXTS = 1u << 4,    /* R_smpp_both_texts */
	SMPP_ANOMALY_FIELD = 1u << 5, /* R_smpp_field: longer than allowed, its end certain */
};
enum { SMPP_ANOMALIES = 6 };

/* smpp_anomaly_reason: the reason of bit `i` (< SMPP_ANOMALIES). */
enum reason smpp_anomaly_reason(unsigned i);

/*
 * smpp_message_read: reads a whole text-carrying PDU. PARSE_OK fills *m (anomalies included: stray
 * octets and broken TLVs behind a good body do not hide its text); PARSE_BAD leaves *m as it was
 * and sets *why (smpp_body). Never PARSE_MORE.
 */
enum parse smpp_message_read(struct bytes pdu, struct smpp_message *m, enum reason *why);

/*
 * smpp_message_read_partial: as above for the first `pdu.len` octets of a PDU whose end is not
 * there yet: fields that are not there are empty, short_message and message_payload are cut.
 * PARSE_MORE when not even the text has begun. For verdicts on what is there (on_release = early).
 */
enum parse smpp_message_read_partial(struct bytes pdu, struct smpp_message *m, enum reason *why);

/*
 * smpp_is_receipt: a report made by an SMSC: deliver_sm or data_sm whose esm_class bits 5..2 say
 * delivery receipt or intermediate notification (SMPP 3.4 5.2.12), or that carries both
 * receipted_message_id and message_state. What a person wrote in an SME acknowledgement is content.
 * It is the sender's claim: worth something only where the sender is the SMSC.
 */
bool smpp_is_receipt(const struct smpp_message *m);

/* A bind_* request (SMPP 3.4 4.1). */
struct smpp_bind {
	struct bytes system_id;
	struct bytes system_type;
	uint8_t interface_version;
};
enum parse smpp_bind_read(struct bytes pdu, struct smpp_bind *b, enum reason *why);

#endif
