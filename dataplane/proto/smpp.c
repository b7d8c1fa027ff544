/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/smpp.h"

/* SMPP 3.4 3.2: command_length counts itself; commands are framed whether known or not. */
enum parse smpp_header_read(struct bytes b, struct smpp_header *h, enum reason *why)
{
	if (b.len >= SMPP_HEADER_LEN) {
		*h = (struct smpp_header){ be32(b.data), be32(b.data + 4), be32(b.data + 8),
			be32(b.data + 12) };
		if (h->length >= SMPP_HEADER_LEN && h->length <= LIMIT_SMPP_PDU_LEN) {
			return PARSE_OK;
		}
	}
	*h = (struct smpp_header){
		.length = b.len >= 4 ? be32(b.data) : 0,
		.command = b.len >= 8 ? be32(b.data + 4) : 0,
		.status = b.len >= 12 ? be32(b.data + 8) : 0,
		.sequence = b.len >= 16 ? be32(b.data + 12) : 0,
	};
	if (b.len >= 4 && h->length < SMPP_HEADER_LEN) {
		*why = R_smpp_length;
		return PARSE_BAD;
	}
	if (h->length > LIMIT_SMPP_PDU_LEN) {
		*why = R_smpp_oversize;
		return PARSE_BAD;
	}
	return b.len >= SMPP_HEADER_LEN ? PARSE_OK : PARSE_MORE;
}

/* SMPP 3.4 5.1.2.1: outbind and alert_notification have no answer. */
static bool has_response(uint32_t request)
{
	return request != SMPP_OUTBIND && request != SMPP_ALERT_NOTIFICATION;
}

bool smpp_known(uint32_t command)
{
	uint32_t request = command & ~SMPP_RESPONSE;

	if (command == SMPP_GENERIC_NACK) {
		return true;
	}
	switch (request) {
#define X(name, id, text) case SMPP_##name:
		SMPP_COMMANDS(X)
#undef X
		return command == request || has_response(request);
	}
	return false;
}

bool smpp_carries_text(uint32_t command)
{
	switch (command) {
	case SMPP_SUBMIT_SM:
	case SMPP_DELIVER_SM:
	case SMPP_DATA_SM:
	case SMPP_SUBMIT_MULTI:
	case SMPP_REPLACE_SM:
	case SMPP_BROADCAST_SM:
		return true;
	}
	return false;
}

bool smpp_is_bind(uint32_t command)
{
	return command == SMPP_BIND_RECEIVER || command == SMPP_BIND_TRANSMITTER ||
	       command == SMPP_BIND_TRANSCEIVER;
}

const char *smpp_command_name(uint32_t command)
{
	if (!smpp_known(command)) {
		return "unknown";
	}
	switch (command) {
#define X(name, id, text)                 \
	case SMPP_##name:                 \
		return text;              \
	case SMPP_##name | SMPP_RESPONSE: \
		return text "_resp";
		SMPP_COMMANDS(X)
#undef X
	}
	return "generic_nack";
}

/*
 * Least and greatest lengths of a request and of its answer. The least follow from the field lists
 * (an answer with an error may be its header alone: 3.4 4.1.2), the greatest from the field sizes
 * with room for a few TLVs; header-only PDUs may carry a TLV or a stray octet in real life.
 */
struct length_range {
	uint32_t command;
	uint32_t request_min;
	uint32_t request_max;
	uint32_t response_max; /* response_min is the header */
};

static const struct length_range length_ranges[] = {
	{ SMPP_BIND_RECEIVER, 23, 512, 512 },
	{ SMPP_BIND_TRANSMITTER, 23, 512, 512 },
	{ SMPP_QUERY_SM, 20, 256, 256 },
	{ SMPP_SUBMIT_SM, 33, LIMIT_SMPP_PDU_LEN, 1024 },
	{ SMPP_DELIVER_SM, 33, LIMIT_SMPP_PDU_LEN, 1024 },
	{ SMPP_UNBIND, 16, 64, 64 },
	{ SMPP_REPLACE_SM, 25, LIMIT_SMPP_PDU_LEN, 64 },
	{ SMPP_CANCEL_SM, 24, 256, 64 },
	{ SMPP_BIND_TRANSCEIVER, 23, 512, 512 },
	{ SMPP_OUTBIND, 18, 256, 0 },
	{ SMPP_ENQUIRE_LINK, 16, 64, 64 },
	{ SMPP_SUBMIT_MULTI, 31, LIMIT_SMPP_PDU_LEN, 8192 },
	{ SMPP_ALERT_NOTIFICATION, 22, 256, 0 },
	{ SMPP_DATA_SM, 26, LIMIT_SMPP_PDU_LEN, 1024 },
	{ SMPP_BROADCAST_SM, 27, LIMIT_SMPP_PDU_LEN, 4096 },
	{ SMPP_QUERY_BROADCAST_SM, 20, 512, 4096 },
	{ SMPP_CANCEL_BROADCAST_SM, 21, 512, 64 },
};

/*
 * Sequence numbers run from 1 to 0x7FFFFFFF (3.4 5.1.4), but real SMSCs number with the high bit
 * set (0xA2859F22, 0x806A179B in published captures), and a session of theirs must be found again
 * too; the command, the status and the length are what tells a header from text. Only
 * generic_nack has a sequence_number of 0 by right (4.3).
 */
bool smpp_plausible(const struct smpp_header *h)
{
	uint32_t request = h->command & ~SMPP_RESPONSE;

	if (!smpp_known(h->command) || h->length < SMPP_HEADER_LEN) {
		return false;
	}
	if (h->command == SMPP_GENERIC_NACK) {
		return h->length <= 64 && h->status <= UINT16_MAX;
	}
	if (h->sequence == 0 || h->sequence == UINT32_MAX) {
		return false;
	}
	for (size_t i = 0; i < sizeof(length_ranges) / sizeof(length_ranges[0]); i++) {
		const struct length_range *r = &length_ranges[i];

		if (r->command != request) {
			continue;
		}
		if (h->command == request) {
			return h->status == 0 && h->length >= r->request_min &&
			       h->length <= r->request_max;
		}
		return h->status <= UINT16_MAX && h->length <= r->response_max;
	}
	return false;
}
