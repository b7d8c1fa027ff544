/* SPDX-License-Identifier: BSD-3-Clause */
/* traffic_parts: what traffic.c and traffic_map.c share; nobody else includes it. */
#ifndef SMSWALL_TESTS_BENCH_TRAFFIC_PARTS_H
#define SMSWALL_TESTS_BENCH_TRAFFIC_PARTS_H

#include "tests/bench/traffic.h"

enum { ETHERNET_LEN = 14, IP_LEN = 20, TRAFFIC_ASSOCIATIONS = 4 };

/* One end of an association, by what it has sent. */
struct traffic_end {
	uint32_t next_tsn;
	uint16_t ssn;
};

struct association {
	struct traffic_end client, server;
	uint32_t client_tag, server_tag;
	uint16_t port;
	unsigned n_answers; /* packets that the client has not acknowledged */
};

struct session {
	uint32_t client_next;
	uint32_t server_next;
	uint32_t sequence;
	uint16_t port;
	bool refused; /* its message of the burst at hand */
};

/* A message of SIGTRAN whose answer is still to come. */
struct asked {
	uint32_t number;
	bool to_mobile;
	bool refused;
};

struct traffic {
	struct traffic_config config;
	struct session *sessions;
	struct association associations[TRAFFIC_ASSOCIATIONS];
	struct asked *asked;
	struct traffic_slot *slots;
	struct frame **frames;
	const struct traffic_text **sent; /* by message of the round */
	unsigned n_slots;
	unsigned n_used;
	unsigned n_sent;
	uint64_t n_messages;
	uint64_t n_frames;
	uint64_t now_us;
};

/* traffic_next_text: of the next message; it is noted as sent. */
const struct traffic_text *traffic_next_text(struct traffic *t);

/* traffic_put_ip: a header of IPv4 between the two ends. */
void traffic_put_ip(uint8_t *ip, bool from_client, uint8_t protocol, size_t payload_len);

/* traffic_say: the next slot's octets are a frame of `len` octets whose checksums are to be made. */
void traffic_say(struct traffic *t, bool from_client, size_t len);

/* traffic_octets: where the next frame goes. */
static inline uint8_t *traffic_octets(struct traffic *t)
{
	return t->slots[t->n_used].octets;
}

void traffic_map_begin(struct traffic *t);
void traffic_map_open(struct traffic *t);
void traffic_map_round(struct traffic *t);

#endif
