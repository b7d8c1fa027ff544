/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/traffic_smpp.h"

enum { HEADER_LEN = 16 };
#define RESPONSE 0x80000000u

enum tlv { /* SMPP 3.4 5.3.2 */
	RECEIPTED_MESSAGE_ID = 0x001E,
	SAR_MSG_REF_NUM = 0x020C,
	SAR_TOTAL_SEGMENTS = 0x020E,
	SAR_SEGMENT_SEQNUM = 0x020F,
	MESSAGE_PAYLOAD = 0x0424,
	MESSAGE_STATE = 0x0427,
};

enum { STATE_DELIVERED = 2, SHORT_MESSAGE_MAX = 254 };

static void put_string(struct writer *w, const char *s)
{
	writer_put(w, bytes_of(s, strlen(s) + 1));
}

static void put_header(struct writer *w, uint32_t command, uint32_t status, uint32_t sequence)
{
	writer_u32(w, 0); /* command_length: finish() */
	writer_u32(w, command);
	writer_u32(w, status);
	writer_u32(w, sequence);
}

static size_t finish(const struct writer *w, uint8_t *out, size_t size)
{
	size_t len = size - writer_left(w);

	if (!writer_ok(w)) {
		return 0;
	}
	put_be32(out, (uint32_t)len);
	return len;
}

static void put_address(struct writer *w, const struct traffic_address *a)
{
	writer_u8(w, a->ton);
	writer_u8(w, a->npi);
	put_string(w, a->text);
}

/* put_destinations: 4.5.1 number_of_dests, dest_flag 1 an SME address, 2 a list. */
static void put_destinations(struct writer *w, const struct traffic_smpp_sm *sm)
{
	writer_u8(w, (uint8_t)(sm->n_to + (sm->list != NULL ? 1 : 0)));
	for (unsigned i = 0; i < sm->n_to; i++) {
		writer_u8(w, 1);
		put_address(w, &sm->to[i]);
	}
	if (sm->list != NULL) {
		writer_u8(w, 2);
		put_string(w, sm->list);
	}
}

static void put_tlvs(struct writer *w, const struct traffic_smpp_sm *sm, bool payload)
{
	if (sm->sar_total != 0) {
		writer_u16(w, SAR_MSG_REF_NUM);
		writer_u16(w, 2);
		writer_u16(w, sm->sar_reference);
		writer_u16(w, SAR_TOTAL_SEGMENTS);
		writer_u16(w, 1);
		writer_u8(w, sm->sar_total);
		writer_u16(w, SAR_SEGMENT_SEQNUM);
		writer_u16(w, 1);
		writer_u8(w, sm->sar_number);
	}
	if (sm->receipted_id != NULL) {
		writer_u16(w, RECEIPTED_MESSAGE_ID);
		writer_u16(w, (uint16_t)(strlen(sm->receipted_id) + 1));
		put_string(w, sm->receipted_id);
		writer_u16(w, MESSAGE_STATE);
		writer_u16(w, 1);
		writer_u8(w, STATE_DELIVERED);
	}
	if (payload) {
		writer_u16(w, MESSAGE_PAYLOAD);
		writer_u16(w, (uint16_t)(sm->udh.len + sm->text.len));
		writer_put(w, sm->udh);
		writer_put(w, sm->text);
	}
}

/* 4.4.1 submit_sm, 4.6.1 deliver_sm, 4.5.1 submit_multi, 4.7.1 data_sm: the last has few fields. */
size_t traffic_smpp_sm(const struct traffic_smpp_sm *sm, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);
	bool data_sm = sm->command == TRAFFIC_DATA_SM;
	size_t len = sm->udh.len + sm->text.len;
	bool payload = data_sm || sm->payload || len > SHORT_MESSAGE_MAX;

	put_header(&w, sm->command, 0, sm->sequence);
	put_string(&w, ""); /* service_type */
	put_address(&w, sm->from);
	if (sm->command == TRAFFIC_SUBMIT_MULTI) {
		put_destinations(&w, sm);
	} else {
		put_address(&w, sm->to);
	}
	writer_u8(&w, sm->esm_class);
	if (!data_sm) {
		writer_u8(&w, sm->protocol_id);
		writer_u8(&w, 0);   /* priority_flag */
		put_string(&w, ""); /* schedule_delivery_time */
		put_string(&w, ""); /* validity_period */
	}
	writer_u8(&w, sm->registered_delivery);
	if (!data_sm) {
		writer_u8(&w, 0); /* replace_if_present_flag */
	}
	writer_u8(&w, sm->data_coding);
	if (!data_sm) {
		writer_u8(&w, 0); /* sm_default_msg_id */
		writer_u8(&w, payload ? 0 : (uint8_t)len);
		if (!payload) {
			writer_put(&w, sm->udh);
			writer_put(&w, sm->text);
		}
	}
	put_tlvs(&w, sm, payload);
	return finish(&w, out, size);
}

/* 4.1.1, 4.1.3, 4.1.5 */
size_t traffic_smpp_bind(enum traffic_smpp_command command, uint32_t sequence,
	const char *system_id, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);

	put_header(&w, command, 0, sequence);
	put_string(&w, system_id);
	put_string(&w, "lab");
	put_string(&w, ""); /* system_type */
	writer_u8(&w, 0x34);
	writer_u8(&w, 0);
	writer_u8(&w, 0);
	put_string(&w, ""); /* address_range */
	return finish(&w, out, size);
}

size_t traffic_smpp_plain(uint32_t command, uint32_t sequence, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);

	put_header(&w, command, 0, sequence);
	return finish(&w, out, size);
}

size_t traffic_smpp_answer(uint32_t command, uint32_t status, uint32_t sequence, const char *id,
	uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);

	put_header(&w, command | RESPONSE, status, sequence);
	if (id != NULL) {
		put_string(&w, id);
	}
	if (id != NULL && command == TRAFFIC_SUBMIT_MULTI) {
		writer_u8(&w, 0); /* no_unsuccess: 4.5.2 */
	}
	return finish(&w, out, size);
}
