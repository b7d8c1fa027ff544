/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * probe_client: one SMPP session of ours with an SMSC, one request at a time.
 *
 * Answers by itself what the SMSC asks meanwhile: enquire_link, unbind, and messages for us with
 * ESME_RX_T_APPN, so that it keeps them for the account's owner. Control only. Every call ends by its
 * deadline.
 */
#ifndef SMSWALL_CONTROL_PROBE_CLIENT_H
#define SMSWALL_CONTROL_PROBE_CLIENT_H

#include "control/probe.h"

struct probe_client {
	int fd; /* -1: not connected */
	uint32_t sequence;
	bool closed; /* by the SMSC */
	size_t in_len;
	uint8_t in[LIMIT_SMPP_PDU_LEN];
};

/* probe_client_connect: 0, or -errno with a sentence. */
int probe_client_connect(
	struct probe_client *c, const struct probe_target *t, char *error, size_t size);

/* probe_client_bind: sends bind_transmitter or bind_transceiver; *a as of any request. */
void probe_client_bind(
	struct probe_client *c, const struct probe_target *t, struct probe_answer *a);

/* probe_client_ask: sends `pdu`, whose sequence_number is c->sequence, and waits for its answer. */
void probe_client_ask(
	struct probe_client *c, struct bytes pdu, unsigned wait_ms, struct probe_answer *a);

/* probe_client_enquire: true when enquire_link is answered. */
bool probe_client_enquire(struct probe_client *c, unsigned wait_ms);

/* probe_client_close: with an unbind where the session still lives. */
void probe_client_close(struct probe_client *c);

int64_t probe_now_ms(void);

#endif
