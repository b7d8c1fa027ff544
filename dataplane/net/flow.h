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

enum flow_state { FLOW_FREE, FLOW_NEW, FLOW_OPEN, FLOW_CLOSING, FLOW_CLOSED };

struct flow {
	struct flow_key key; /* first: the lookup's prefetch brings it with the state */
	uint64_t last_us;    /* arrival of its newest frame */
	void *session;       /* struct smpp_session, or NULL */
	uint64_t id;         /* unique in this worker, from 1; in events */
	uint8_t state;       /* enum flow_state */
	uint8_t link;
	uint8_t service;     /* enum flow_service */
	uint8_t syn_from_lo; /* who opened it, if seen */
	uint8_t syn_seen;
	uint8_t lo_is_inside; /* the side of key.lo, by configuration */
	uint64_t opened_us;
	/* [0]: octets sent by key.lo; [1]: octets sent by key.hi */
	struct tcp_direction tcp[2] __attribute__((aligned(64)));
};

enum flow_service { SERVICE_NONE, SERVICE_SMPP, SERVICE_DETECT /* any port: SMPP if it begins with a bind */ };

#endif
