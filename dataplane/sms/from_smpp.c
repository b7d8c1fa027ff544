/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/from_smpp.h"

#include "dataplane/sms/udh.h"

enum { ESM_UDHI = 0x40 }; /* SMPP 3.4 5.2.12 */

/*
 * The septets of a packed body start at the next septet boundary behind the UDH (TS 23.040
 * 9.2.3.24). The number of septets is not told in SMPP: where seven bits are left over at the end
 * and all are 0, they are padding, not an '@'.
 */
static void packed_input(struct bytes octets, size_t udh_octets, struct text_input *in)
{
	size_t bits = octets.len * 8;
	size_t skip = (udh_octets * 8 + 6) / 7 * 7;
	size_t n = skip < bits ? (bits - skip) / 7 : 0;

	if (n != 0 && (bits - skip) % 7 == 0 && (octets.data[octets.len - 1] & 0xFE) == 0) {
		n--;
	}
	in->data = octets;
	in->skip_bits = (uint16_t)skip;
	in->n_septets = (uint32_t)n;
}

/*
 * body_udh: reads the UDH of a body; returns how many octets it takes, UDHL included. Where it would
 * be longer than the body no receiver can tell UDH from text, and all of it is read as text.
 */
static size_t body_udh(struct bytes octets, struct text_language *language, struct sms *sms)
{
	struct sms_concat concat;
	uint16_t source_port;
	uint16_t destination_port;
	struct bytes udh;

	if (octets.len == 0) {
		return 0;
	}
	if (octets.data[0] >= octets.len) {
		if (sms->partial) {
			return octets.len; /* its rest is to come */
		}
		sms_note(sms, R_udh_length);
		return 0;
	}
	udh = bytes_slice(octets, 1, octets.data[0]);
	if (!udh_read(udh, &concat, language, &source_port, &destination_port)) {
		sms_note(sms, R_udh_length);
	}
	if (sms->udh.len == 0) { /* the message's UDH is that of the first body that has one */
		sms->udh = udh;
		sms->concat = concat;
		sms->source_port = source_port;
		sms->destination_port = destination_port;
	}
	return udh.len + 1;
}

/* put_body: the next body of `sms`, decoded to `out`. */
static void put_body(struct bytes octets, struct bytes pdu, uint8_t encoding, struct writer *out,
	struct sms *sms)
{
	struct sms_body *b = &sms->body[sms->n_bodies++];
	struct text_stats stats = { 0 };
	size_t udh_len = 0;

	b->octets = octets;
	b->offset = octets.len != 0 ? (size_t)(octets.data - pdu.data) : 0;
	b->input = (struct text_input){ .encoding = encoding };
	if ((sms->esm_class & ESM_UDHI) != 0) {
		udh_len = body_udh(octets, &b->input.language, sms);
	}
	if (encoding == TEXT_GSM7_PACKED) {
		packed_input(octets, udh_len, &b->input);
	} else {
		b->input.data = bytes_slice(octets, udh_len, octets.len);
	}
	b->text = bytes_of(out->at, 0);
	if (octets.len == udh_len) {
		return;
	}
	if (sms->text_stats.n_characters != 0 && writer_left(out) != 0) {
		writer_u8(out, '\n');
		b->text.data = out->at;
	}
	b->text.len = text_decode(&b->input, out->at, writer_left(out), NULL, &stats);
	out->at += b->text.len;
	sms->text_stats.n_characters += stats.n_characters;
	sms->text_stats.n_undecodable += stats.n_undecodable;
}

/* put_concat: which part of a long message this is, by its UDH or by SAR (SMPP 3.4 5.3.2.22-24). */
static void put_concat(const struct smpp_message *m, struct sms *sms)
{
	const struct sms_concat sar = { m->sar_ref, 0, m->sar_seqnum, m->sar_total };
	bool by_udh = udh_concat_valid(&sms->concat);
	bool by_sar = udh_concat_valid(&sar);

	if ((sms->concat.width != 0 && !by_udh) || (sar.total != 0 && !by_sar)) {
		sms_note(sms, R_concat_invalid);
	}
	if (by_udh && by_sar && (sms->concat.part != sar.part || sms->concat.total != sar.total)) {
		sms_note(sms, R_concat_both);
	}
	if (!by_udh) { /* the UDH wins: it is what the handset sees */
		sms->concat = by_sar ? sar : (struct sms_concat){ 0 };
	}
}

/* put_header: what is not text, but for what the caller knows (link, side, role, account). */
static void put_header(
	const struct smpp_message *m, struct bytes pdu, struct text_coding coding, struct sms *sms)
{
	sms->carrier = SMS_SMPP;
	sms->command = smpp_command_name(m->header.command);
	sms->sequence = m->header.sequence;
	sms->source = (struct sms_address){ m->source.ton, m->source.npi, m->source.digits };
	sms->destination = (struct sms_address){ m->destination.ton, m->destination.npi,
		m->destination.digits };
	sms->n_destinations = m->n_destinations;
	sms->destinations = m->n_destinations > 1 ? m->destinations : NULL;
	sms->from_ip = NULL;
	sms->to_ip = NULL;
	sms->esm_class = m->esm_class;
	sms->protocol_id = m->protocol_id;
	sms->data_coding = m->data_coding;
	sms->message_class = coding.message_class;
	sms->receipt = smpp_is_receipt(m);
	sms->compressed = coding.compressed;
	sms->message_waiting = coding.message_waiting;
	sms->partial = pdu.len < m->header.length;
	sms->refused = false;
	sms->udh = bytes_of(NULL, 0);
	sms->source_port = 0;
	sms->destination_port = 0;
	sms->concat = (struct sms_concat){ 0 };
	memset(sms->anomalies, 0, sizeof(sms->anomalies));
	sms->n_bodies = 0;
	sms->text_stats = (struct text_stats){ 0 };
	for (unsigned i = 0; i < SMPP_ANOMALIES && m->anomalies != 0; i++) {
		if ((m->anomalies >> i & 1) != 0) {
			sms_note(sms, smpp_anomaly_reason(i));
		}
	}
}

void sms_from_smpp(const struct smpp_message *m, struct bytes pdu,
	const struct smpp_profile *profile, struct sms_buffers *buffers, struct sms *sms)
{
	/* replace_sm has no data_coding: SMSCs read its text as data_coding 0 (3.4 4.10.1) */
	struct text_coding coding = text_smpp_coding(m->has_data_coding ? m->data_coding : 0,
		(enum text_default)profile->default_coding);
	struct writer out = writer_of(buffers->text, buffers->text_size);

	put_header(m, pdu, coding, sms);
	put_body(m->short_message, pdu, coding.encoding, &out, sms);
	if (m->has_payload) {
		put_body(m->message_payload, pdu, coding.encoding, &out, sms);
	}
	if (m->earlier_payload.len != 0) {
		put_body(m->earlier_payload, pdu, coding.encoding, &out, sms);
	}
	put_concat(m, sms);
}
