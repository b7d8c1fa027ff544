/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/from_map.h"

#include "dataplane/sms/udh.h"

enum { ESM_UDHI = 0x40 }; /* SMPP 3.4 5.2.12: policy asks for it by this name */
enum { MTI_MASK = 0x03, MTI_SUBMIT_REPORT = 0x01 }; /* TS 23.040 9.2.3.1, to a mobile */

static enum tpdu_kind kind_of(const struct gsmmap_message *m)
{
	switch (m->type) {
	case TCAP_RESULT_LAST:
	case TCAP_RESULT_NOT_LAST:
		return TPDU_ACK;
	case TCAP_ERROR:
		return TPDU_ERROR;
	case TCAP_INVOKE:
	case TCAP_REJECT:
		return TPDU_REQUEST;
	}
	return TPDU_REQUEST;
}

/*
 * way_of: an error does not tell its operation, but its report does: TP-MTI 1 is SUBMIT-REPORT, to
 * the mobile, and 0 is DELIVER-REPORT, from it (TS 23.040 9.2.3.1).
 */
static enum tpdu_way way_of(const struct gsmmap_message *m, struct bytes tpdu)
{
	bool to_mobile = m->to_mobile;

	if (m->type == TCAP_ERROR) {
		to_mobile = tpdu.len != 0 && (tpdu.data[0] & MTI_MASK) == MTI_SUBMIT_REPORT;
	}
	return to_mobile ? TPDU_TO_MOBILE : TPDU_TO_CENTRE;
}

static struct sms_address map_address(const struct gsmmap_address *a)
{
	return (struct sms_address){ a->nature, a->plan, bytes_of(a->digits, a->n_digits) };
}

static struct sms_address tp_address(const struct tpdu_address *a)
{
	return (struct sms_address){ a->ton, a->npi, bytes_of(a->text, a->n) };
}

/*
 * put_parties: a mobile names itself by SM-RP-OA and its receiver in TP-DA (TS 29.002 12.2); a
 * service centre names the sender in TP-OA and its receiver by IMSI (12.9), whose number is not
 * told here. A COMMAND's TP-DA and a STATUS-REPORT's TP-RA name the receiver of the message that
 * they are about.
 */
static void put_parties(const struct gsmmap_message *m, const struct tpdu *t, struct sms *sms)
{
	sms->source = (struct sms_address){ .digits = bytes_of(NULL, 0) };
	sms->destination = sms->source;
	if (sms->to_mobile) {
		sms->source = tp_address(&t->address);
	} else {
		sms->source = map_address(&m->msisdn);
		sms->destination = tp_address(&t->address);
	}
	sms->n_destinations = 1;
	sms->smsc = map_address(&m->service_centre);
	sms->msisdn = map_address(&m->msisdn);
	sms->imsi = bytes_of(m->imsi.digits, m->imsi.n_digits);
}

static void put_anomalies(const struct gsmmap_message *m, const struct tpdu *t, struct sms *sms)
{
	memset(sms->anomalies, 0, sizeof(sms->anomalies));
	for (unsigned i = 0; i < GSMMAP_ANOMALIES && m->anomalies != 0; i++) {
		if ((m->anomalies >> i & 1) != 0) {
			sms_note(sms, gsmmap_anomaly_reason(i));
		}
	}
	for (unsigned i = 0; i < TPDU_ANOMALIES && t->anomalies != 0; i++) {
		if ((t->anomalies >> i & 1) != 0) {
			sms_note(sms, tpdu_anomaly_reason(i));
		}
	}
}

/*
 * put_concat: TS 23.040 9.2.3.24.1: a part number of 0 or above the total makes the element one that
 * is ignored.
 */
static void put_concat(const struct tpdu *t, struct sms *sms)
{
	sms->concat = t->concat;
	if (!udh_concat_valid(&t->concat)) {
		if (t->concat.width != 0) {
			sms_note(sms, R_concat_invalid);
		}
		sms->concat = (struct sms_concat){ 0 };
	}
}

/*
 * command_of: v1 and v2 have one name for both ways, but rules ask for the way. A report answers the
 * other way's message.
 */
static const char *command_of(enum tpdu_type type)
{
	bool mt = type == TPDU_DELIVER || type == TPDU_STATUS_REPORT || type == TPDU_DELIVER_REPORT;

	return gsmmap_operation_name(mt ? GSMMAP_MT_FORWARD_SM : GSMMAP_MO_FORWARD_SM);
}

static void put_header(const struct gsmmap_message *m, const struct tpdu *t, struct sms *sms)
{
	sms->carrier = SMS_MAP;
	sms->to_mobile = t->type == TPDU_DELIVER || t->type == TPDU_STATUS_REPORT ||
	                 t->type == TPDU_SUBMIT_REPORT;
	sms->command = command_of(t->type);
	sms->sequence = (uint32_t)m->invoke_id;
	sms->destinations = NULL;
	sms->from_ip = NULL;
	sms->to_ip = NULL;
	sms->called_gt = bytes_of(NULL, 0); /* the caller knows */
	sms->esm_class = t->udhi ? ESM_UDHI : 0;
	sms->protocol_id = t->protocol_id;
	sms->data_coding = t->data_coding;
	sms->message_class = t->coding.message_class;
	/* what a report says in words is content: only without any it is but a receipt */
	sms->receipt = t->type != TPDU_DELIVER && t->type != TPDU_SUBMIT &&
	               t->type != TPDU_COMMAND && t->ud.len == 0;
	sms->compressed = t->coding.compressed;
	sms->message_waiting = t->coding.message_waiting;
	sms->partial = false;
	sms->refused = false;
	sms->udh = t->udh;
	sms->source_port = t->source_port;
	sms->destination_port = t->destination_port;
	sms->operation = m->operation >= 0 ? (uint8_t)(m->operation & 0xFF) : 0;
	sms->map_version = m->context.version;
	sms->tpdu_type = (uint8_t)t->type;
	sms->more_messages = m->more_messages;
	sms->in_pieces = m->ui_in_pieces;
}

/* put_body: the user data and its text. `off` is where the TPDU begins in the TCAP message. */
static void put_body(const struct tpdu *t, size_t off, struct sms_buffers *buffers, struct sms *sms)
{
	struct sms_body *b = &sms->body[0];

	sms->n_bodies = t->has_ud ? 1 : 0;
	sms->text_stats = (struct text_stats){ 0 };
	b->octets = t->ud;
	b->offset = off + (sms->in_pieces ? 0 : t->ud_off);
	b->input = t->input;
	b->text = bytes_of(buffers->text, 0);
	if (t->has_ud && t->input.data.len != 0) {
		b->text.len = text_decode(
			&t->input, buffers->text, buffers->text_size, NULL, &sms->text_stats);
	}
}

enum parse sms_from_map(const struct gsmmap_message *m, struct map_tpdu *t,
	struct sms_buffers *buffers, struct sms *sms, enum reason *why)
{
	struct bytes tpdu = m->ui;

	if (m->ui_in_pieces && !ber_octets(&m->ui_element, t->joined, sizeof(t->joined), &tpdu)) {
		*why = R_ber;
		return PARSE_BAD;
	}
	if (tpdu_read(tpdu, way_of(m, tpdu), kind_of(m), &t->tpdu, why) != PARSE_OK) {
		return PARSE_BAD;
	}
	put_header(m, &t->tpdu, sms);
	put_parties(m, &t->tpdu, sms);
	put_anomalies(m, &t->tpdu, sms);
	put_concat(&t->tpdu, sms);
	put_body(&t->tpdu, m->ui_off, buffers, sms);
	return PARSE_OK;
}
