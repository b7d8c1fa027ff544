/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic: what a busy SMSC's link looks like, a round of it at a time, in memory that is laid out as a
 * packet pool is: many sessions, each with one submit_sm a frame, its answer a frame of its own some
 * milliseconds later, ACKs riding on them, TCP timestamps, right checksums.
 *
 *   round:  [ request of session 0, 1, .. n-1 ] [ answer of session 0, 1, .. n-1 ]   `per_session` times
 *
 * or, with per_packet, a SIGTRAN link: some associations, so many DATA chunks a packet, each a MAP
 * Begin with a short message in M3UA and SCCP; End after End comes back some milliseconds later, with
 * SACKs as ends that answer at once send them. Its texts are mobile originated and terminated in turn.
 */
#ifndef SMSWALL_TESTS_BENCH_TRAFFIC_H
#define SMSWALL_TESTS_BENCH_TRAFFIC_H

#include "dataplane/net/frame.h"

enum { TRAFFIC_TEXT_SIZE = 160, TRAFFIC_SLOT_SIZE = 2048 };

/* A text as it lies in short_message. */
struct traffic_text {
	uint8_t octets[TRAFFIC_TEXT_SIZE];
	uint8_t len;
	uint8_t data_coding;
	bool lure; /* a rule refuses it */
};

/* A frame and its octets, as in an mbuf: nothing of two frames shares a cache line. */
struct traffic_slot {
	struct frame frame __attribute__((aligned(64)));
	uint8_t octets[TRAFFIC_SLOT_SIZE] __attribute__((aligned(64)));
};

struct traffic_config {
	const struct traffic_text *texts;
	const struct traffic_text *lures;
	unsigned n_texts;    /* of each */
	unsigned lure_every; /* every n-th message is a lure; 0: none */
	unsigned n_sessions;
	unsigned per_session; /* messages of a session in a round */
	uint16_t server_port;
	bool refusing;       /* lures are answered with an error, as what is refused is */
	bool pure_acks;      /* each answer is acknowledged by a frame of its own */
	unsigned per_packet; /* SIGTRAN: DATA chunks a packet; 0: SMPP */
};

struct traffic;

/* traffic_create: ends the program when out of memory. */
struct traffic *traffic_create(const struct traffic_config *config);
void traffic_destroy(struct traffic *t);

/* traffic_open: the frames that open and bind all sessions; once, before the first round. */
struct frame **traffic_open(struct traffic *t, unsigned *n_frames);

/* traffic_round: the frames of the next round. */
struct frame **traffic_round(struct traffic *t, unsigned *n_frames);

/* traffic_messages: how many messages the round has. */
unsigned traffic_messages(const struct traffic *t);

/* traffic_text_of: the text of message `i` of the round. */
const struct traffic_text *traffic_text_of(const struct traffic *t, unsigned i);

/* traffic_pdu: a submit_sm with this text, as traffic_round() sends it; its length. */
size_t traffic_pdu(const struct traffic_text *text, uint32_t sequence, unsigned session,
	uint8_t *out, size_t size);

/* traffic_tcap: a TCAP Begin with this text, as a round of SIGTRAN sends the `number`th; its length. */
size_t traffic_tcap(const struct traffic_text *text, bool to_mobile, uint32_t number, uint8_t *out);

/* traffic_to_mobile: the message with text `i` is mobile terminated. */
static inline bool traffic_to_mobile(unsigned i)
{
	return i % 2 != 0;
}

#endif
