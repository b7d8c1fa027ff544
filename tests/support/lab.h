/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lab: one pipeline in plain memory, with a TCP connection to send octets over. For tests, fuzzers
 * and benchmarks; no DPDK. Times are the lab's own.
 */
#ifndef SMSWALL_TESTS_LAB_H
#define SMSWALL_TESTS_LAB_H

#include "dataplane/pipeline.h"

enum { LAB_FRAMES = 4096, LAB_EVENTS = 4096, LAB_FRAME_SIZE = 2048, LAB_SPARE = 64 };

/* A frame that left: a copy, and what it carries. */
struct lab_out {
	uint8_t *octets;
	uint32_t len;
	uint64_t number;
	uint64_t time_us;
	bool from_client;
	uint32_t seq;
	struct bytes payload;
	bool checksum_right;
	bool ours; /* an acknowledgement that nobody sent */
};

struct lab_event {
	struct event event;
	char *text;
};

struct lab {
	struct pipeline_config config;
	struct pipeline *pipeline;
	struct flowtable *flows;
	struct concat *concat;
	struct limits *limits;
	struct generation *generation;
	bool borrowed; /* the generation is not ours */
	struct pipeline_turn turn;
	void *memory;
	void *concat_memory;
	void *limits_memory;
	uint64_t now_us;
	uint64_t n_sent;
	uint16_t client_port;
	uint32_t client_next, server_next; /* sequence numbers for lab_say() */
	struct lab_out out[LAB_FRAMES];
	unsigned n_out;
	unsigned n_ours; /* of them */
	bool ended;
	struct lab_event events[LAB_EVENTS];
	unsigned n_events;
	struct frame frames[LAB_FRAMES]; /* in flight: held by the pipeline or not */
	uint8_t *octets[LAB_FRAMES];
	bool options; /* SYNs offer SACK, timestamps and a window scale of 4, frames carry timestamps */
	uint32_t ts_value[2]; /* the newest of each side: [1] the client's */
	struct frame_list spare;
	struct frame spare_frames[LAB_SPARE];
	uint8_t spare_octets[LAB_SPARE][TCP_ACK_LEN_MAX];
};

/* lab_create: a link in `mode` with rules `patterns` (*.pat text); every bare rule rejects. */
struct lab *lab_create(const char *patterns, enum link_mode mode);
void lab_destroy(struct lab *lab);

/* lab_rules: compiled once for several labs; lab_create_on() borrows them. */
struct generation *lab_rules(const char *patterns);
struct lab *lab_create_on(struct generation *rules, enum link_mode mode);

/* lab_live: options as above, and frames for acknowledgements of our own. Before lab_connect(). */
void lab_live(struct lab *lab);

/* lab_connect: a new connection: SYN, SYN-ACK, ACK; sequence numbers begin at `client_isn`, `server_isn`. */
void lab_connect(struct lab *lab, uint32_t client_isn, uint32_t server_isn);

/* lab_segment: one TCP frame with any sequence number and flags; ACK is what lab_say() has sent of the other side. */
void lab_segment(
	struct lab *lab, bool from_client, uint32_t seq, uint8_t flags, struct bytes payload);

/* lab_send: the same with any acknowledgement and window. */
void lab_send(struct lab *lab, bool from_client, uint32_t seq, uint32_t ack, uint8_t flags,
	uint16_t window, struct bytes payload);

/* lab_frame: any frame, as it is on the wire; a client is outside. */
void lab_frame(struct lab *lab, bool from_client, struct bytes octets);

/* lab_ack: a pure ACK with this acknowledgement number. */
void lab_ack(struct lab *lab, bool from_client, uint32_t ack);

/* lab_say: the next octets in order in one frame. */
void lab_say(struct lab *lab, bool from_client, struct bytes payload);

/* lab_bind: bind_transceiver and its answer as `system_id`. */
void lab_bind(struct lab *lab, const char *system_id);

/* lab_wait: time passes. */
void lab_wait(struct lab *lab, uint64_t us);

/* lab_clear: forgets what has left and was told, where all frames have left: for long runs. */
void lab_clear(struct lab *lab);

/* lab_end: drains the pipeline. */
void lab_end(struct lab *lab);

/* lab_received: all octets of one direction by sequence number as the far end would read them, first copy first; caller frees. */
struct bytes lab_received(const struct lab *lab, bool from_client, uint32_t from, size_t len);

/* lab_messages: message events; [i] of them, or NULL. */
unsigned lab_messages(const struct lab *lab);
const struct lab_event *lab_message(const struct lab *lab, unsigned i);

/* lab_anomalies: anomaly events with this reason. */
unsigned lab_anomalies(const struct lab *lab, enum reason why);

/*
 * lab_ledger_adds_up: per direction, the octets of all reasons and those that wait are the octets forwarded;
 * after lab_end() nothing waits. Not to be asked while frames are held.
 */
bool lab_ledger_adds_up(const struct lab *lab);

/* lab_submit: a submit_sm in `out` (of `size`); GSM text in short_message; returns its length. */
size_t lab_submit(uint8_t *out, size_t size, uint32_t sequence, const char *text);

/* lab_pdu: a PDU of a header and a body. */
size_t lab_pdu(uint8_t *out, size_t size, uint32_t command, uint32_t status, uint32_t sequence,
	struct bytes body);

#endif
