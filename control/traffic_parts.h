/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic_parts: what the parts of the traffic maker share: links, events, and the maker itself.
 * Private to control/traffic*.c; see traffic.h.
 */
#ifndef SMSWALL_CONTROL_TRAFFIC_PARTS_H
#define SMSWALL_CONTROL_TRAFFIC_PARTS_H

#include "control/traffic.h"

enum {
	TRAFFIC_SIDES = 2, /* 0 the client (ESME, ASP), 1 the server (SMSC, SGP) */
	TRAFFIC_PATHS = 2,
	TRAFFIC_STREAMS_MAX = 256,
	TRAFFIC_PDU_SIZE = 8192,
	TRAFFIC_HEADERS_MAX = 14 + 40, /* Ethernet, IPv6 */
	TRAFFIC_NOTES_MAX = 64,
	TRAFFIC_PENDING_SIZE = 65536,
	TRAFFIC_PACKET_SIZE = 9216,
	TRAFFIC_SEGMENTS_MAX = TRAFFIC_PENDING_SIZE / 88 + 2,
	TRAFFIC_LATER_US = 2000, /* an answer comes this much later, or more */
};

/* A label under way: it is told when nobody waits for a frame of it any more. */
struct traffic_case {
	struct traffic_label label;
	struct traffic_case *next; /* in the list of those that are done */
	unsigned n_waiting;
};

/* What a sent message is to its label; of == NULL: nothing. */
struct traffic_note {
	struct traffic_case *of;
	uint8_t part;
	bool answer;
};

/* Octets that wait to be sent, and the notes that end in them. */
struct traffic_pending {
	uint8_t *octets; /* TRAFFIC_PENDING_SIZE */
	size_t len;
	unsigned n_chunks; /* SCTP */
	unsigned n_notes;
	struct traffic_note notes[TRAFFIC_NOTES_MAX];
	size_t note_end[TRAFFIC_NOTES_MAX];
};

/* One end of a TCP connection. */
struct traffic_tcp {
	uint32_t next;         /* sequence number */
	uint32_t acknowledged; /* of the octets of the other end, in what it sent last */
	uint64_t whole;        /* the frame by which all octets up to `next` had come */
};

/* One end of an SCTP association. */
struct traffic_sctp {
	uint32_t tag;
	uint32_t next_tsn;
	uint32_t received_tsn; /* all up to this one came from the other end */
	unsigned n_unacknowledged;
	uint16_t ssn[TRAFFIC_STREAMS_MAX];
	uint32_t mid[TRAFFIC_STREAMS_MAX];
	uint32_t unordered_mid[TRAFFIC_STREAMS_MAX];
	unsigned bundle; /* DATA chunks that the packet under way is to have */
};

enum traffic_bind { TRAFFIC_TRANSCEIVER, TRAFFIC_TRANSMITTER, TRAFFIC_RECEIVER };

/* A session or association. */
struct traffic_link {
	uint8_t index; /* among those of its carrier */
	bool sctp;
	bool ipv6;
	bool closed;
	bool flush_due[TRAFFIC_SIDES];
	uint8_t n_paths;
	uint16_t port[TRAFFIC_SIDES];
	uint16_t ip_id[TRAFFIC_SIDES];
	uint8_t address[TRAFFIC_SIDES][TRAFFIC_PATHS][16]; /* IPv4: the first 4 octets */
	struct traffic_pending pending[TRAFFIC_SIDES];
	struct traffic_tcp tcp[TRAFFIC_SIDES];
	struct traffic_sctp end[TRAFFIC_SIDES];
	/* SMPP */
	enum traffic_bind bind;
	uint32_t sequence[TRAFFIC_SIDES];
	uint32_t message_id;
	/* M3UA, SCCP, TCAP */
	uint32_t routing_context; /* 0: none */
	uint32_t point_code[TRAFFIC_SIDES];
	uint32_t local_reference; /* SCCP segmentation */
	uint32_t transaction[TRAFFIC_SIDES];
};

enum traffic_event_kind {
	TRAFFIC_EVENT_NEXT,    /* begin the next message */
	TRAFFIC_EVENT_SEND,    /* `octets` are a PDU or user message */
	TRAFFIC_EVENT_FLUSH,   /* what waits is sent */
	TRAFFIC_EVENT_CONTROL, /* TCP: flags; SCTP: `octets` are chunks without TSN */
	TRAFFIC_EVENT_ACK,     /* acknowledge if that is still to be done */
	TRAFFIC_EVENT_FRAME,   /* `octets` are a frame */
	TRAFFIC_EVENT_TICK,    /* enquire_link, HEARTBEAT, BEAT */
	TRAFFIC_EVENT_CLOSE,
};

struct traffic_event {
	uint64_t at_us;
	uint64_t order; /* of events at the same time */
	struct traffic_link *link;
	uint8_t *octets;
	uint32_t len;
	struct traffic_note note;
	uint8_t kind;
	uint8_t side;
	uint8_t stream;
	uint8_t flags; /* TCP flags; SCTP: TRAFFIC_UNORDERED, path */
};

enum { TRAFFIC_UNORDERED = 1, TRAFFIC_WAITS = 2, TRAFFIC_ALONE = 4 }; /* flags of an EVENT_SEND */

/* What a text is at the moment; with same_texts it stays until it went over every carrier. */
struct traffic_wording {
	uint64_t id;
	const char *label;
	bool binary; /* then there are octets instead of a text */
	uint16_t n_octets;
	uint8_t octets[TRAFFIC_BINARY_LEN];
	char text[TRAFFIC_TEXT_SIZE_MAX];
	struct traffic_units units;
};

struct traffic_maker {
	struct traffic_mix mix;
	struct traffic_random random;
	struct traffic_texts texts;
	struct traffic_wording wording;
	struct traffic_link *links[2]; /* SMPP sessions, SCTP associations */
	unsigned n_links[2];
	struct traffic_event *events; /* a heap, the earliest on top */
	size_t n_events;
	size_t events_size;
	uint64_t order;
	uint64_t now_us;
	uint64_t last_us; /* of all that was planned */
	uint64_t n_begun;
	unsigned way; /* same_texts: the carrier whose turn it is */
	bool closing;
	bool failed;
	uint8_t packet[TRAFFIC_PACKET_SIZE]; /* the one being made */
	uint8_t pdu[TRAFFIC_PDU_SIZE];
	uint8_t text[TRAFFIC_UNITS_MAX * 2];     /* of a part, as octets */
	uint64_t segments[TRAFFIC_SEGMENTS_MAX]; /* numbers of the frames of a write */
	/* frames made and not taken yet */
	uint8_t *frames;
	size_t frames_len;
	size_t frames_size;
	size_t frames_at;
	uint64_t n_made;
	struct traffic_case *done_first;
	struct traffic_case *done_last;
	struct traffic_case *told;
	uint64_t n_cases; /* begun */
	struct traffic_totals totals;
};

/* ---- traffic.c ---- */

static inline uint32_t traffic_value(const struct traffic_maker *m, enum traffic_key key)
{
	return m->mix.value[key];
}

static inline bool traffic_percent(struct traffic_maker *m, enum traffic_key key)
{
	return traffic_random_chance(&m->random, m->mix.value[key], 100);
}

/* traffic_choose: one of the weights first..last, counted from 0. */
unsigned traffic_choose(struct traffic_maker *m, enum traffic_key first, enum traffic_key last);

/* traffic_plan: adds an event; its octets are copied. An event of a case makes the case wait. */
void traffic_plan(struct traffic_maker *m, const struct traffic_event *event, struct bytes octets);

/* traffic_emit: a frame leaves now; its number. */
uint64_t traffic_emit(struct traffic_maker *m, struct bytes frame);

/* traffic_emit_later: the same octets leave again `later_us` from now. */
void traffic_emit_later(
	struct traffic_maker *m, struct traffic_link *link, struct bytes frame, uint64_t later_us);

/* traffic_noted: the message of `note` has come by these frames. */
void traffic_noted(
	struct traffic_maker *m, const struct traffic_note *note, uint64_t frame, uint64_t whole);

/* traffic_case_new: a case that waits for its caller, who lets it go; NULL: no memory (m->failed). */
struct traffic_case *traffic_case_new(
	struct traffic_maker *m, enum traffic_kind kind, bool with_text);
void traffic_case_let_go(struct traffic_maker *m, struct traffic_case *c);

/* ---- traffic_packet.c ---- */

/* traffic_packet_begin: Ethernet and IP headers of a packet with `len` octets behind them; their length. */
size_t traffic_packet_begin(struct traffic_link *link, unsigned side, unsigned path,
	uint8_t protocol, size_t len, uint8_t *out);

/* traffic_packet_sum: the checksum of TCP `segment` with its pseudo header (RFC 9293 3.1). */
uint16_t traffic_packet_sum(
	const struct traffic_link *link, unsigned side, uint8_t protocol, struct bytes segment);

/* traffic_link_init: addresses, ports and first numbers of link `index`. False: no memory. */
bool traffic_link_init(
	struct traffic_maker *m, struct traffic_link *link, unsigned index, bool sctp);

/* ---- traffic_tcp.c, traffic_sctp.c: what the events of a link do ---- */

void traffic_tcp_control(
	struct traffic_maker *m, struct traffic_link *link, unsigned side, uint8_t flags);
void traffic_tcp_send(struct traffic_maker *m, const struct traffic_event *e);
void traffic_tcp_flush(struct traffic_maker *m, struct traffic_link *link, unsigned side);

void traffic_sctp_open(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us);
void traffic_sctp_close(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us);
void traffic_sctp_heartbeat(struct traffic_maker *m, struct traffic_link *link);
void traffic_sctp_control(struct traffic_maker *m, const struct traffic_event *e);
void traffic_sctp_send(struct traffic_maker *m, const struct traffic_event *e);
void traffic_sctp_flush(struct traffic_maker *m, struct traffic_link *link, unsigned side);
void traffic_sctp_acknowledge(struct traffic_maker *m, struct traffic_link *link, unsigned side);

/* ---- scenarios ---- */

void traffic_smpp_open(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us);
void traffic_smpp_close(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us);
void traffic_smpp_tick(struct traffic_maker *m, struct traffic_link *link);

/* traffic_smpp_message: `command` counts TRAFFIC_SMPP_SUBMIT_SM and so on from 0. */
void traffic_smpp_message(struct traffic_maker *m, unsigned command);

void traffic_map_open(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us);
void traffic_map_close(struct traffic_maker *m, struct traffic_link *link, uint64_t at_us);
void traffic_map_tick(struct traffic_maker *m, struct traffic_link *link);

/* traffic_map_message: `what` counts TRAFFIC_MAP_MO and so on from 0; version 1..3. */
void traffic_map_message(struct traffic_maker *m, unsigned what, unsigned version);

/* ---- numbers from ranges for fiction and examples ---- */

/* Subscribers: +44 7700 900xxx (Ofcom), +33 6 39 98 xx xx (Arcep); IMSIs of the test network 001 01. */
void traffic_number_subscriber(struct traffic_maker *m, char out[TRAFFIC_DIGITS_SIZE]);
void traffic_number_imsi(struct traffic_maker *m, char out[TRAFFIC_DIGITS_SIZE]);

/* Nodes: +44 20 7946 0xxx (Ofcom) service centres, +33 1 99 00 xx xx (Arcep) switches, registers. */
void traffic_number_centre(struct traffic_maker *m, char out[TRAFFIC_DIGITS_SIZE]);
void traffic_number_node(struct traffic_maker *m, unsigned kind, char out[TRAFFIC_DIGITS_SIZE]);
void traffic_name(struct traffic_maker *m, struct traffic_address *out);

#endif
