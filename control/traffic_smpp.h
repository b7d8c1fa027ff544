/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic_smpp: SMPP 3.4 PDUs from fields, for the traffic maker. Pure functions over memory of the
 * caller; control only. Source: SMPP Protocol Specification v3.4 issue 1.2 (sections at each use).
 */
#ifndef SMSWALL_CONTROL_TRAFFIC_SMPP_H
#define SMSWALL_CONTROL_TRAFFIC_SMPP_H

#include "control/traffic.h"

enum { TRAFFIC_DESTINATIONS_MAX = 5, TRAFFIC_MESSAGE_ID_LEN = 8 };

enum traffic_smpp_command { /* SMPP 3.4 5.1.2.1 */
	TRAFFIC_BIND_RECEIVER = 0x001,
	TRAFFIC_BIND_TRANSMITTER = 0x002,
	TRAFFIC_SUBMIT_SM = 0x004,
	TRAFFIC_DELIVER_SM = 0x005,
	TRAFFIC_UNBIND = 0x006,
	TRAFFIC_BIND_TRANSCEIVER = 0x009,
	TRAFFIC_ENQUIRE_LINK = 0x015,
	TRAFFIC_SUBMIT_MULTI = 0x021,
	TRAFFIC_DATA_SM = 0x103,
};

struct traffic_smpp_sm {
	enum traffic_smpp_command command;
	uint32_t sequence;
	const struct traffic_address *from;
	const struct traffic_address *to; /* submit_multi: n_to of them */
	unsigned n_to;
	const char *list; /* submit_multi: a distribution list, or NULL */
	uint8_t esm_class;
	uint8_t protocol_id;
	uint8_t registered_delivery;
	uint8_t data_coding;
	struct bytes udh; /* UDHL first */
	struct bytes text;
	bool payload; /* in message_payload; data_sm always */
	uint16_t sar_reference;
	uint8_t sar_total; /* 0: no SAR */
	uint8_t sar_number;
	const char *receipted_id; /* a receipt of this message, or NULL */
};

/* Each writes a whole PDU and returns its length, 0: it does not fit. */
size_t traffic_smpp_sm(const struct traffic_smpp_sm *sm, uint8_t *out, size_t size);
size_t traffic_smpp_bind(enum traffic_smpp_command command, uint32_t sequence,
	const char *system_id, uint8_t *out, size_t size);
size_t traffic_smpp_plain(uint32_t command, uint32_t sequence, uint8_t *out, size_t size);

/* traffic_smpp_answer: `id` is the message_id or system_id, NULL: the body is empty. */
size_t traffic_smpp_answer(uint32_t command, uint32_t status, uint32_t sequence, const char *id,
	uint8_t *out, size_t size);

#endif
