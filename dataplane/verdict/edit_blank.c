/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/edit_blank.h"

#include "dataplane/proto/smpp.h"
#include "dataplane/sms/text.h"

enum { SM_LENGTH_MAX = 254 };                     /* SMPP 3.4 5.2.21 */
enum { TLV_HEADER_LEN = 4, TLV_LEN_MAX = 65535 }; /* 3.4 3.2.4.1 */
enum { DEST_FLAG_SME = 1, DEST_FLAG_LIST = 2 };   /* 3.4 5.2.25 */
enum { ESM_UDHI = 0x40 };                         /* 3.4 5.2.12 */

/*
 * The fields of each command in order: s C-octet string, o octet, e esm_class, c data_coding,
 * d submit_multi's destinations, t sm_length and short_message.
 */
static const char *layout_of(uint32_t command)
{
	switch (command) {
	case SMPP_SUBMIT_SM: /* SMPP 3.4 4.4.1, 4.6.1 */
	case SMPP_DELIVER_SM:
		return "soosooseoossoocot";
	case SMPP_SUBMIT_MULTI: /* 4.5.1 */
		return "soosdeoossoocot";
	case SMPP_DATA_SM: /* 4.7.1 */
		return "soosooseoc";
	case SMPP_REPLACE_SM: /* 4.10.1 */
		return "soosssoot";
	case SMPP_BROADCAST_SM: /* 5.0 4.4.1.1 */
		return "soossossoco";
	}
	return NULL;
}

/* A walk over a PDU of `len` octets in `out`, of which the first `known` are the message's own. */
struct walk {
	uint8_t *out;
	size_t len;
	size_t known;
	size_t at;
	uint8_t esm_class;
	uint8_t data_coding;
};

/* walk_octet: the next octet as it is, or 0 where it is not known; false at the end of the PDU. */
static bool walk_octet(struct walk *w, uint8_t *value)
{
	if (w->at >= w->len) {
		return false;
	}
	if (w->at >= w->known) {
		w->out[w->at] = 0;
	}
	*value = w->out[w->at++];
	return true;
}

static bool walk_string(struct walk *w)
{
	uint8_t octet;

	do {
		if (!walk_octet(w, &octet)) {
			return false;
		}
	} while (octet != 0);
	return true;
}

/* walk_destinations: an unknown entry becomes an empty list name, the shortest there is. */
static bool walk_destinations(struct walk *w)
{
	uint8_t n;
	uint8_t flag;
	uint8_t skipped;

	if (!walk_octet(w, &n)) {
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!walk_octet(w, &flag)) {
			return false;
		}
		if (w->at > w->known) {
			flag = DEST_FLAG_LIST;
			w->out[w->at - 1] = flag;
		}
		if (flag != DEST_FLAG_SME && flag != DEST_FLAG_LIST) {
			return false;
		}
		if (flag == DEST_FLAG_SME &&
			(!walk_octet(w, &skipped) || !walk_octet(w, &skipped))) {
			return false;
		}
		if (!walk_string(w)) {
			return false;
		}
	}
	return true;
}

/* Spaces in the message's own alphabet: UCS-2 needs two octets for one (SMPP 3.4 5.2.19). */
static void fill_spaces(uint8_t *at, size_t len, uint8_t data_coding)
{
	enum text_encoding e =
		(enum text_encoding)text_smpp_coding(data_coding, TEXT_DEFAULT_GSM7).encoding;

	for (size_t i = 0; i < len; i++) {
		at[i] = e == TEXT_UTF16BE && i % 2 == 0 ? 0 : ' ';
	}
}

/*
 * Information elements that shape a message and whose octets are no text: concatenation, ports,
 * national language tables (TS 23.040 9.2.3.24.1, .3, .4, .8, .15, .16), of their own length only.
 */
static bool element_is_kept(uint8_t identifier, uint8_t len)
{
	switch (identifier) {
	case 0x00:
		return len == 3;
	case 0x04:
		return len == 2;
	case 0x05:
	case 0x08:
		return len == 4;
	case 0x24:
	case 0x25:
		return len == 1;
	}
	return false;
}

size_t edit_blank_header(uint8_t *ud, size_t len, size_t known)
{
	size_t end = known != 0 ? 1u + ud[0] : 1;
	size_t at = 1;

	if (end > len) {
		end = 1;
	}
	while (at < end) {
		size_t data = at + 2;

		if (data > known && end > known) { /* an element that is yet to come */
			memset(ud + known, 0, end - known);
			return end;
		}
		if (data > end || data + ud[at + 1] > end) {
			break;
		}
		at = data + ud[at + 1];
		if (element_is_kept(ud[data - 2], ud[data - 1])) {
			data = known < data ? data : known;
		}
		if (at > data) {
			memset(ud + data, 0, at - data);
		}
	}
	ud[0] = (uint8_t)(at - 1);
	return at;
}

/* blank_user_data: short_message or message_payload at `at`. */
static void blank_user_data(struct walk *w, size_t at, size_t len)
{
	size_t known = w->known > at ? w->known - at : 0;
	size_t header = 0;

	if ((w->esm_class & ESM_UDHI) != 0 && len != 0) {
		header = edit_blank_header(w->out + at, len, known);
	}
	fill_spaces(w->out + at + header, len - header, w->data_coding);
}

/* walk_text: sm_length is cut where it runs beyond the PDU; what is not known becomes text if it can. */
static bool walk_text(struct walk *w)
{
	size_t room;
	uint8_t n;

	if (!walk_octet(w, &n)) {
		return false;
	}
	room = w->len - w->at;
	if (w->at > w->known) {
		n = room <= SM_LENGTH_MAX ? (uint8_t)room : 0;
	} else if (n > room) {
		n = (uint8_t)room;
	}
	w->out[w->at - 1] = n;
	blank_user_data(w, w->at, n);
	w->at += n;
	return true;
}

static bool walk_field(struct walk *w, char field)
{
	uint8_t octet;

	switch (field) {
	case 's':
		return walk_string(w);
	case 'd':
		return walk_destinations(w);
	case 't':
		return walk_text(w);
	case 'e':
		return walk_octet(w, &w->esm_class);
	case 'c':
		return walk_octet(w, &w->data_coding);
	}
	return walk_octet(w, &octet);
}

/*
 * tlv_len_of: the length of those optional parameters whose value is a number or a flag
 * (SMPP 3.4 5.3.2, 5.0 4.8.4); 0 for all others, which can carry text: callback numbers and
 * their names, subaddresses, reply paths, everything unknown.
 */
static size_t tlv_len_of(uint16_t tag)
{
	switch (tag) {
	case 0x0005: /* dest_addr_subunit, network, bearer */
	case 0x0006:
	case 0x0007:
	case 0x000D: /* the same of the source */
	case 0x000E:
	case 0x000F:
	case 0x0019: /* payload_type */
	case 0x0030: /* ms_msg_wait_facilities */
	case 0x0201: /* privacy_indicator */
	case 0x0205: /* user_response_code */
	case 0x020D: /* language_indicator */
	case SMPP_TAG_SAR_TOTAL:
	case SMPP_TAG_SAR_SEQNUM:
	case 0x0302: /* callback_num_pres_ind */
	case 0x0304: /* number_of_messages */
	case 0x0420: /* dpf_result */
	case 0x0421: /* set_dpf */
	case 0x0422: /* ms_availability_status */
	case 0x0425: /* delivery_failure_reason */
	case 0x0426: /* more_messages_to_send */
	case SMPP_TAG_MESSAGE_STATE:
	case 0x0501: /* ussd_service_op */
	case 0x1201: /* display_time */
	case 0x1204: /* ms_validity */
		return 1;
	case 0x0008: /* dest_telematics_id */
	case 0x0010: /* source_telematics_id */
	case 0x0204: /* user_message_reference */
	case SMPP_TAG_SOURCE_PORT:
	case 0x020B: /* destination_port */
	case SMPP_TAG_SAR_REF:
	case 0x1203: /* sms_signal */
	case 0x1383: /* its_session_info */
		return 2;
	case 0x0423: /* network_error_code */
		return 3;
	case 0x0017: /* qos_time_to_live */
		return 4;
	}
	return 0;
}

static void blank_tlv(struct walk *w, uint16_t tag, size_t len)
{
	if (tag == SMPP_TAG_MESSAGE_PAYLOAD) {
		blank_user_data(w, w->at, len);
	} else if (len != tlv_len_of(tag) || w->at + len > w->known) {
		memset(w->out + w->at, 0, len);
	}
	w->at += len;
}

/*
 * complete_tlv: a header of which `known` (0 to 3) octets are there; they stay. The TLV becomes one
 * that takes all the room, message_payload if it is not known which it is.
 */
static void complete_tlv(uint8_t *tlv, size_t known, size_t room)
{
	size_t len = room < TLV_LEN_MAX ? room : TLV_LEN_MAX;
	uint8_t header[TLV_HEADER_LEN];

	put_be16(header, SMPP_TAG_MESSAGE_PAYLOAD);
	put_be16(header + 2, (uint16_t)len);
	memcpy(header, tlv, known);
	if (be16(header + 2) > len) {
		header[3] = 0;
	}
	memcpy(tlv, header, sizeof(header));
}

/*
 * blank_tlvs: from here to the end of the PDU. A TLV that is not known yet becomes one
 * message_payload over all the rest; what breaks off becomes zeros.
 */
static void blank_tlvs(struct walk *w)
{
	while (w->len - w->at >= TLV_HEADER_LEN) {
		size_t room = w->len - w->at - TLV_HEADER_LEN;
		uint8_t *tlv = w->out + w->at;

		if (w->at + TLV_HEADER_LEN > w->known) {
			complete_tlv(tlv, w->known > w->at ? w->known - w->at : 0, room);
		}
		if (be16(tlv + 2) > room) {
			break;
		}
		w->at += TLV_HEADER_LEN;
		blank_tlv(w, be16(tlv), be16(tlv + 2));
	}
	memset(w->out + w->at, 0, w->len - w->at);
}

bool edit_blank(uint32_t command, uint8_t *pdu, size_t len, size_t known)
{
	struct walk w = { pdu, len, known, SMPP_HEADER_LEN, 0, 0 };
	const char *layout = layout_of(command);

	if (layout == NULL) {
		return false;
	}
	for (; *layout != '\0'; layout++) {
		if (!walk_field(&w, *layout)) {
			return false;
		}
	}
	blank_tlvs(&w);
	return true;
}
