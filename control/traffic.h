/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic: makes SMPP and SIGTRAN traffic of a chosen mix, frame after frame, and says of each message
 * what it is, so that whatever reads the frames can be held to the truth.
 *
 * Behind `smswallctl traffic make`; tests, benches and fuzz seeds link it too. A simulation by events:
 *
 *   mix, texts -> scenario (traffic_smpp_flow.c, traffic_map_flow.c) -> events by time (traffic.c)
 *       -> transport (traffic_tcp.c, traffic_sctp.c) -> frames
 *
 * It shares nothing with the decoders of dataplane/ but bytes.h and crc32c.h, so that each checks the
 * other. Control only, one thread an object; it allocates. The same mix gives the same octets
 * everywhere. Bounds: what is under way at a time is kept (TRAFFIC_EVENTS_MAX events), never the
 * whole. Ownership: what a call returns is valid until the next call on the same maker.
 */
#ifndef SMSWALL_CONTROL_TRAFFIC_H
#define SMSWALL_CONTROL_TRAFFIC_H

#include "control/traffic_mix.h"
#include "control/traffic_text.h"
#include "dataplane/base/bytes.h"

enum { TRAFFIC_EVENTS_MAX = 50000, TRAFFIC_LABEL_LINE_SIZE = 65536, TRAFFIC_DIGITS_SIZE = 24 };

struct traffic_frame {
	uint64_t number;     /* from 1, as in a capture */
	uint64_t time_us;    /* never earlier than the one before */
	struct bytes octets; /* an Ethernet frame, without padding and check sequence */
};

enum traffic_kind {
	TRAFFIC_MESSAGE,   /* a short message */
	TRAFFIC_RECEIPT,   /* a report about one: delivery receipt, SMS-STATUS-REPORT */
	TRAFFIC_SIGNALLING /* a query or report without a short message */
};

struct traffic_address {
	uint8_t ton;
	uint8_t npi;
	char text[TRAFFIC_DIGITS_SIZE]; /* digits, or a name (ASCII) when ton is 5 */
};

/* One SMPP PDU, or one MAP dialogue step, that a message went in. */
struct traffic_part {
	uint64_t frame;        /* in which its last octet came; 0: it did not come */
	uint64_t frame_whole;  /* by which all octets up to its last had come */
	uint64_t answer_frame; /* of its answer; 0: none */
	uint32_t text_at;      /* its part of the text, in octets */
	uint32_t text_len;
	uint32_t sequence; /* SMPP */
	uint32_t otid;     /* MAP: of the dialogue's Begin */
	uint32_t dtid;     /* MAP: of the other end; 0: not known by then */
	uint16_t reference;
	uint8_t number; /* from 1; 0: not one of several */
	uint8_t total;
	uint8_t invoke_id;
	const char *sccp; /* "UDT", "XUDT", "XUDT-segments", "LUDT"; static */
};

/* What there is to know about a message. */
struct traffic_label {
	uint64_t number; /* from 1, in the order in which they began */
	uint64_t time_us;
	uint64_t text_id; /* of the same text over several carriers */
	enum traffic_kind kind;
	bool map; /* else SMPP */
	bool ipv6;
	bool from_client;
	bool has_text;   /* else `octets` is what was carried, or there is nothing */
	bool in_payload; /* SMPP: in message_payload, with its UDH if it has one */
	bool more_messages;
	bool empty_begin;
	uint8_t link;      /* session or association, from 0 */
	uint8_t version;   /* MAP */
	uint8_t operation; /* MAP: local operation code */
	uint8_t gt_format; /* SCCP */
	uint8_t language_single;
	uint8_t language_locking;
	uint8_t data_coding;
	uint8_t protocol_id;
	uint8_t esm_class;
	uint8_t n_parts;
	const char *command; /* "submit_sm", "mo-forwardSM", ... static */
	const char *coding;  /* "gsm7", "gsm7-packed", "ucs2", "latin1", "binary"; static */
	const char *method;  /* "udh8", "udh16", "sar", "payload", or NULL; static */
	const char *tpdu;    /* "SMS-SUBMIT", ..., or NULL; static */
	const char *outcome; /* "ok", "error", "reject", "returned"; static */
	uint32_t outcome_code;
	char label[TRAFFIC_LABEL_SIZE];
	struct traffic_address
		from;              /* as on the message: source_addr, TP-OA, or the MSISDN of MO */
	struct traffic_address to; /* destination_addr, TP-DA, or the MSISDN, where known, of MT */
	char imsi[TRAFFIC_DIGITS_SIZE];
	char msisdn[TRAFFIC_DIGITS_SIZE];
	char centre[TRAFFIC_DIGITS_SIZE];  /* the service centre's address in MAP */
	char node[TRAFFIC_DIGITS_SIZE];    /* the answer to a query: where the subscriber is */
	char calling[TRAFFIC_DIGITS_SIZE]; /* global titles */
	char called[TRAFFIC_DIGITS_SIZE];
	uint8_t calling_ssn;
	uint8_t called_ssn;
	uint16_t n_octets;
	uint8_t octets[TRAFFIC_BINARY_LEN];
	char text[TRAFFIC_TEXT_SIZE_MAX];
	struct traffic_part parts[TRAFFIC_PARTS_MAX];
};

struct traffic_totals {
	uint64_t n_frames;
	uint64_t n_octets;
	uint64_t n_messages; /* of kind message */
	uint64_t n_labels;
	uint64_t last_us;
};

struct traffic_maker;

/* traffic_maker_begin_us: the time of the first frame: 2026-01-01 00:00:00 UTC. */
uint64_t traffic_maker_begin_us(void);

/* traffic_maker_open: NULL with sentences in `diag` and a control_code in *code. */
struct traffic_maker *traffic_maker_open(
	const struct traffic_mix *mix, struct diag *diag, int *code);
void traffic_maker_close(struct traffic_maker *m);

/* traffic_maker_next: the next frame; false when all are made, or memory is out (then _failed). */
bool traffic_maker_next(struct traffic_maker *m, struct traffic_frame *frame);
bool traffic_maker_failed(const struct traffic_maker *m);

/* traffic_maker_label: the next message all of whose frames were made, or NULL. */
const struct traffic_label *traffic_maker_label(struct traffic_maker *m);

const struct traffic_totals *traffic_maker_totals(const struct traffic_maker *m);

/* traffic_label_line: the label as one JSON object with a line end; its length, 0: it does not fit. */
size_t traffic_label_line(const struct traffic_label *label, char *out, size_t size);

#endif
