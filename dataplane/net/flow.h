/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flow: one TCP connection as the pipeline keeps it between frames.
 *
 * Ownership: flows live in the flow table's array (dataplane/flowtable.h), never move, and belong
 * to one worker. `session` belongs to the layer above and is freed by it before the flow is.
 * Hot: the first line is what a lookup touches; each direction's state starts a line of its own.
 */
#ifndef SMSWALL_NET_FLOW_H
#define SMSWALL_NET_FLOW_H

#include "dataplane/net/tcp.h"

enum flow_state {
	FLOW_FREE,
	FLOW_OPEN,
	FLOW_CLOSED, /* both FINs or a RST were seen; kept a while so that late copies leave as the first did */
};
enum flow_service {
	SERVICE_NONE,
	SERVICE_SMPP,
	SERVICE_DETECT, /* SMPP if it begins with a bind */
};

enum { FLOW_AHEAD_MAX = 16 };

/* How far the layer above is with the PDU at tcp_direction.parse, and which frames ran ahead of a gap. */
struct flow_reader {
	bool head_done; /* the header was acted upon: an answer's status, a non-text PDU's passage */
	bool condemned; /* refused by what was there of it: its rest is overwritten as it comes */
	bool begun;     /* a PDU of this direction has been framed: the stream is SMPP */
	uint8_t style;  /* condemned: enum edit_style */
	uint8_t n_ahead;
	uint64_t rewritten_us; /* when a refusal last left; 0: none did */
	/* Frames whose octets arrived behind a gap: which frame a PDU ends in is told from here. */
	struct flow_ahead {
		uint32_t from, to; /* sequence numbers */
		uint64_t frame;
	} ahead[FLOW_AHEAD_MAX];
};

/* A place in one of the queues of directions that hold frames, oldest first. */
struct flow_hold {
	struct flow *next;
	struct flow *prev;
	uint64_t due_us;
	uint8_t wait; /* enum tcp_wait: which queue; TCP_WAIT_NOTHING: none */
};

struct flow {
	struct flow_key key; /* first: the lookup's prefetch brings it with the state */
	uint64_t last_us;    /* arrival of its newest frame */
	void *session;       /* struct smpp_session, or NULL */
	uint64_t id;         /* unique in this worker, from 1; in events */
	uint8_t state;       /* enum flow_state */
	uint8_t service;     /* enum flow_service */
	uint8_t link;
	bool lo_is_inside; /* the side of key.lo, by configuration */
	bool panicked;     /* frames passed during panic: its directions start anew */
	bool reported;     /* a session event has told of it */
	uint64_t opened_us;
	struct flow_hold hold[2];
	struct flow_reader reader[2];
	/* [0]: octets sent by key.lo; [1]: octets sent by key.hi */
	struct tcp_direction tcp[2] __attribute__((aligned(64)));
};

#endif
