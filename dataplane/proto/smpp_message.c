/* SPDX-License-Identifier: BSD-3-Clause */
/* smpp_message: the part of smpp.h that reads bodies: text-carrying requests and binds. */
#include "dataplane/proto/smpp.h"

#include <assert.h>

/*
 * The longest C-octet string that is still read where the specification allows fewer octets. All
 * stacks that do not refuse a long field look for its NUL (research/inline-blocking.md 1), so the
 * place of the text stays certain; 65 is the longest the specification itself has (3.4 5.2.23).
 */
enum { STRING_TOLERATED = 65 };

/* Sizes with NUL: SMPP 3.4 5.2.11, 5.2.8, 4.7.1, 5.2.23, 5.2.15, 5.2.25, 5.2.1, 5.2.2, 5.2.3 */
enum {
	SERVICE_TYPE_SIZE = 6,
	ADDRESS_SIZE = 21,
	DATA_SM_ADDRESS_SIZE = 65,
	MESSAGE_ID_SIZE = 65,
	TIME_SIZE = 17,
	DL_NAME_SIZE = 21,
	SYSTEM_ID_SIZE = 16,
	PASSWORD_SIZE = 9,
	SYSTEM_TYPE_SIZE = 13,
};

enum { SM_LENGTH_MAX = 254 };                                               /* 3.4 5.2.21 */
enum { DEST_FLAG_SME = 1, DEST_FLAG_LIST = 2 };                             /* 3.4 5.2.25 */
enum { TLV_HEADER_LEN = 4 };                                                /* 3.4 3.2.4.1 */
enum { ESM_TYPE_MASK = 0x3C, ESM_RECEIPT = 0x04, ESM_INTERMEDIATE = 0x20 }; /* 3.4 5.2.12 */

enum reason smpp_anomaly_reason(unsigned i)
{
	static const uint8_t reasons[SMPP_ANOMALIES] = {
		R_smpp_tlv,
		R_smpp_tlv_count,
		R_smpp_tlv_duplicate,
		R_smpp_trailing,
		R_smpp_both_texts,
		R_smpp_field,
	};

	static_assert(R_COUNT <= UINT8_MAX, "a reason fits an octet");
	return i < SMPP_ANOMALIES ? reasons[i] : R_none;
}

/* A cursor over the body, and what reading it has shown. */
struct reader {
	struct cursor c;
	size_t missing; /* octets of the PDU behind the cursor's end: a partial read */
	bool broken;    /* no octet that is missing could mend it */
	bool overlong;  /* SMPP_ANOMALY_FIELD */
};

/* The fields before the TLVs: kept apart so that a bad body leaves the caller's struct alone. */
struct fields {
	struct bytes service_type;
	struct smpp_address source;
	struct smpp_address destination;
	struct bytes destination_list; /* submit_multi: dest_address(es), walked already */
	struct bytes short_message;
	const uint8_t *source_at;
	const uint8_t *destination_at;
	uint16_t n_destinations;
	uint16_t n_lists;
	uint8_t esm_class;
	uint8_t protocol_id;
	uint8_t priority;
	uint8_t registered_delivery;
	uint8_t data_coding;
	bool has_data_coding;
};

/*
 * The readers below are inlined for good: a cursor whose address no call takes lives in registers,
 * which halves the cost of a submit_sm.
 */
#define INLINE static inline __attribute__((always_inline))

/* read_string: a C-octet string that ought to have at most `size` octets, NUL included (3.4 3.1). */
INLINE struct bytes read_string(struct reader *r, size_t size)
{
	size_t left = cursor_left(&r->c);
	const uint8_t *at = r->c.at;
	const uint8_t *nul = at;

	if (left == 0 || *at != 0) { /* most fields of most PDUs are empty */
		nul = memchr(at, 0, left < STRING_TOLERATED ? left : STRING_TOLERATED);
	}
	if (nul == NULL) {
		r->broken |= left >= STRING_TOLERATED;
		r->c = (struct cursor){ bytes_sentinel, bytes_sentinel, true };
		return bytes_of(bytes_sentinel, 0);
	}
	r->c.at = nul + 1;
	r->overlong |= (size_t)(nul - at) >= size;
	return bytes_of(at, (size_t)(nul - at));
}

/* read_octets: `n` (at most 8) fixed octets, or zeros and a poisoned cursor: one check for all. */
INLINE const uint8_t *read_octets(struct reader *r, size_t n)
{
	static const uint8_t zeros[8];
	struct bytes b = cursor_take(&r->c, n);

	return b.len != 0 ? b.data : zeros;
}

INLINE struct smpp_address read_address(struct reader *r, size_t size)
{
	const uint8_t *o = read_octets(r, 2);
	struct smpp_address a = { .ton = o[0], .npi = o[1] };

	a.digits = read_string(r, size);
	return a;
}

INLINE void read_source(struct reader *r, struct fields *f, size_t size)
{
	f->source_at = r->c.at;
	f->source = read_address(r, size);
}

/* SMPP 3.4 5.2.21, 5.2.22: a sm_length beyond the PDU leaves the text's place unknown. */
INLINE void read_short_message(struct reader *r, struct fields *f)
{
	size_t len = cursor_u8(&r->c);

	if (!cursor_ok(&r->c)) {
		return;
	}
	r->overlong |= len > SM_LENGTH_MAX;
	if (len > cursor_left(&r->c) + r->missing) {
		r->broken = true;
		return;
	}
	if (len > cursor_left(&r->c)) {
		len = cursor_left(&r->c);
	}
	f->short_message = cursor_take(&r->c, len);
}

/* SMPP 3.4 4.5.1.1, 4.5.1.2: SME addresses and distribution list names in any order. */
static void read_destinations(struct reader *r, struct fields *f)
{
	unsigned n = cursor_u8(&r->c);
	const uint8_t *from = r->c.at;

	for (unsigned i = 0; i < n && cursor_ok(&r->c); i++) {
		uint8_t flag = cursor_u8(&r->c);

		if (flag == DEST_FLAG_SME) {
			struct smpp_address a = read_address(r, ADDRESS_SIZE);

			if (f->n_destinations == 0) {
				f->destination = a;
			}
			f->n_destinations++;
		} else if (flag == DEST_FLAG_LIST) {
			(void)read_string(r, DL_NAME_SIZE);
			f->n_lists++;
		} else if (cursor_ok(&r->c)) {
			r->broken = true; /* its length is unknown */
			return;
		}
	}
	if (cursor_ok(&r->c)) {
		f->destination_list = bytes_of(from, (size_t)(r->c.at - from));
	}
}

/* SMPP 3.4 4.4.1 submit_sm, 4.6.1 deliver_sm, 4.5.1 submit_multi */
INLINE void read_submit(struct reader *r, struct fields *f, bool multi)
{
	const uint8_t *o;

	f->service_type = read_string(r, SERVICE_TYPE_SIZE);
	read_source(r, f, ADDRESS_SIZE);
	f->destination_at = r->c.at;
	if (multi) {
		read_destinations(r, f);
	} else {
		f->destination = read_address(r, ADDRESS_SIZE);
		f->n_destinations = 1;
	}
	o = read_octets(r, 3);
	f->esm_class = o[0];
	f->protocol_id = o[1];
	f->priority = o[2];
	(void)read_string(r, TIME_SIZE); /* schedule_delivery_time */
	(void)read_string(r, TIME_SIZE); /* validity_period */
	o = read_octets(r, 4);           /* ..., replace_if_present, ..., sm_default_msg_id */
	f->registered_delivery = o[0];
	f->data_coding = o[2];
	f->has_data_coding = true;
	read_short_message(r, f);
}

/* SMPP 3.4 4.7.1: no short_message; the text is in message_payload */
INLINE void read_data(struct reader *r, struct fields *f)
{
	f->service_type = read_string(r, SERVICE_TYPE_SIZE);
	read_source(r, f, DATA_SM_ADDRESS_SIZE);
	f->destination_at = r->c.at;
	f->destination = read_address(r, DATA_SM_ADDRESS_SIZE);
	f->n_destinations = 1;
	f->esm_class = cursor_u8(&r->c);
	f->registered_delivery = cursor_u8(&r->c);
	f->data_coding = cursor_u8(&r->c);
	f->has_data_coding = true;
}

/* SMPP 3.4 4.10.1: no destination, no esm_class, no data_coding */
INLINE void read_replace(struct reader *r, struct fields *f)
{
	(void)read_string(r, MESSAGE_ID_SIZE);
	read_source(r, f, ADDRESS_SIZE);
	(void)read_string(r, TIME_SIZE); /* schedule_delivery_time */
	(void)read_string(r, TIME_SIZE); /* validity_period */
	f->registered_delivery = cursor_u8(&r->c);
	(void)cursor_u8(&r->c); /* sm_default_msg_id */
	read_short_message(r, f);
}

/* SMPP 5.0 4.4.1.1: areas and text are TLVs */
INLINE void read_broadcast(struct reader *r, struct fields *f)
{
	f->service_type = read_string(r, SERVICE_TYPE_SIZE);
	read_source(r, f, ADDRESS_SIZE);
	(void)read_string(r, MESSAGE_ID_SIZE);
	f->priority = cursor_u8(&r->c);
	(void)read_string(r, TIME_SIZE); /* schedule_delivery_time */
	(void)read_string(r, TIME_SIZE); /* validity_period */
	(void)cursor_u8(&r->c);          /* replace_if_present_flag */
	f->data_coding = cursor_u8(&r->c);
	f->has_data_coding = true;
	(void)cursor_u8(&r->c); /* sm_default_msg_id */
}

INLINE void read_fields(struct reader *r, uint32_t command, struct fields *f)
{
	switch (command) {
	case SMPP_SUBMIT_SM:
	case SMPP_DELIVER_SM:
		read_submit(r, f, false);
		return;
	case SMPP_SUBMIT_MULTI:
		read_submit(r, f, true);
		return;
	case SMPP_DATA_SM:
		read_data(r, f);
		return;
	case SMPP_REPLACE_SM:
		read_replace(r, f);
		return;
	case SMPP_BROADCAST_SM:
		read_broadcast(r, f);
		return;
	}
	r->broken = true; /* carries no text */
}

/* put_destinations: the SME addresses of a list that read_destinations() has walked. */
static void put_destinations(struct bytes list, unsigned n, struct smpp_message *m)
{
	struct reader r = { .c = cursor_of(list) };
	unsigned sme = 0;

	for (unsigned i = 0; i < n; i++) {
		if (cursor_u8(&r.c) == DEST_FLAG_LIST) {
			(void)read_string(&r, DL_NAME_SIZE);
		} else {
			m->destinations[sme++] = read_address(&r, ADDRESS_SIZE);
		}
	}
}

static void put_fields(struct bytes pdu, const struct fields *f, struct smpp_message *m)
{
	m->service_type = f->service_type;
	m->source = f->source;
	m->destination = f->destination;
	m->n_destinations = f->n_destinations;
	m->n_lists = f->n_lists;
	m->esm_class = f->esm_class;
	m->protocol_id = f->protocol_id;
	m->priority = f->priority;
	m->registered_delivery = f->registered_delivery;
	m->data_coding = f->data_coding;
	m->has_data_coding = f->has_data_coding;
	m->short_message = f->short_message;
	m->source_off = (size_t)(f->source_at - pdu.data);
	m->destination_off = f->destination_at != NULL ? (size_t)(f->destination_at - pdu.data) : 0;
	if (f->destination_list.len != 0) {
		put_destinations(
			f->destination_list, (unsigned)(f->n_destinations + f->n_lists), m);
	}
	m->message_payload = bytes_of(NULL, 0);
	m->earlier_payload = bytes_of(NULL, 0);
	m->has_payload = false;
	m->sar_ref = 0;
	m->sar_total = 0;
	m->sar_seqnum = 0;
	m->n_tlvs = 0;
	m->anomalies = 0;
}

/* tlvs_fit: the TLVs of `area` end exactly where it ends. */
static bool tlvs_fit(struct bytes area)
{
	struct cursor c = cursor_of(area);

	while (cursor_left(&c) >= TLV_HEADER_LEN) {
		(void)cursor_u16(&c);
		(void)cursor_take(&c, cursor_u16(&c));
	}
	return cursor_ok(&c) && cursor_left(&c) == 0;
}

/* zeros_from: where the zeros at the end of `area` begin; its end if there are none. */
static const uint8_t *zeros_from(struct bytes area)
{
	const uint8_t *at = area.data + area.len;

	while (at != area.data && at[-1] == 0) {
		at--;
	}
	return at;
}

/* SMSCs differ in whether the first or the last of several counts; both are kept to be judged. */
static void put_payload(struct bytes value, struct smpp_message *m)
{
	if (m->has_payload) {
		m->anomalies |= SMPP_ANOMALY_TLV_DUPLICATE;
		if (m->earlier_payload.len == 0) {
			m->earlier_payload = m->message_payload;
		}
	}
	m->message_payload = value;
	m->has_payload = true;
}

/* put_number: an integer of exactly `size` octets (SMPP 3.4 5.3.2.22-24), or an anomaly. */
static bool put_number(struct bytes value, size_t size, uint16_t *number, struct smpp_message *m)
{
	if (value.len != size) {
		m->anomalies |= SMPP_ANOMALY_TLV;
		return false;
	}
	*number = size == 2 ? be16(value.data) : value.data[0];
	return true;
}

enum { SAW_REF = 1, SAW_TOTAL = 2, SAW_SEQNUM = 4, SAW_SAR = 7 };

/* put_tlv: one whole TLV; returns the SAR fields seen so far. */
static unsigned put_tlv(struct smpp_tlv t, unsigned saw, struct smpp_message *m)
{
	uint16_t number = 0;

	if (m->n_tlvs < LIMIT_SMPP_TLVS) {
		m->tlvs[m->n_tlvs] = t;
	} else {
		m->anomalies |= SMPP_ANOMALY_TLV_COUNT;
	}
	m->n_tlvs++; /* a PDU has room for fewer than 2^16 */
	switch (t.tag) {
	case SMPP_TAG_MESSAGE_PAYLOAD:
		put_payload(t.value, m);
		break;
	case SMPP_TAG_SAR_REF:
		saw |= put_number(t.value, 2, &m->sar_ref, m) ? SAW_REF : 0;
		break;
	case SMPP_TAG_SAR_TOTAL:
		saw |= put_number(t.value, 1, &number, m) ? SAW_TOTAL : 0;
		m->sar_total = (uint8_t)number;
		break;
	case SMPP_TAG_SAR_SEQNUM:
		saw |= put_number(t.value, 1, &number, m) ? SAW_SEQNUM : 0;
		m->sar_seqnum = (uint8_t)number;
		break;
	}
	return saw;
}

/*
 * put_tlvs: the octets behind the body (SMPP 3.4 3.2.4), of which the last `missing` are not there
 * yet. Real peers leave a stray NUL behind short_message (mission-anchors 3.3): where the TLVs do
 * not fit but do so one octet on, that is how they are read.
 */
static void put_tlvs(struct bytes area, size_t missing, struct smpp_message *m)
{
	struct cursor c = cursor_of(area);
	const uint8_t *padding = zeros_from(area);
	unsigned saw = 0;

	if (missing == 0 && area.data[0] == 0 && !tlvs_fit(area) &&
		tlvs_fit(bytes_slice(area, 1, area.len))) {
		m->anomalies |= SMPP_ANOMALY_TRAILING;
		(void)cursor_u8(&c);
	}
	while (cursor_left(&c) >= TLV_HEADER_LEN) {
		struct smpp_tlv t;
		size_t len;

		if (c.at >= padding) {
			break;
		}
		t.tag = cursor_u16(&c);
		len = cursor_u16(&c);
		if (len > cursor_left(&c) + missing) {
			m->anomalies |= SMPP_ANOMALY_TLV;
		}
		if (len <= cursor_left(&c)) {
			t.value = cursor_take(&c, len);
			saw = put_tlv(t, saw, m);
			continue;
		}
		t.value = cursor_take(&c, cursor_left(&c));
		if (t.tag == SMPP_TAG_MESSAGE_PAYLOAD) { /* what there is of the text is judged */
			(void)put_tlv(t, saw, m);
		}
	}
	if (missing == 0 && cursor_left(&c) != 0) {
		m->anomalies |= SMPP_ANOMALY_TRAILING;
	}
	if (saw != SAW_SAR) { /* 5.3.2.22: the three belong together */
		m->sar_total = 0;
	}
}

/* message_read: both readers; `missing` octets of the PDU lie behind `pdu`. */
static enum parse message_read(const struct smpp_header *h, struct bytes pdu, size_t missing,
	struct smpp_message *m, enum reason *why)
{
	struct bytes body = bytes_slice(pdu, SMPP_HEADER_LEN, pdu.len);
	struct reader r = { .c = cursor_of(body), .missing = missing };
	struct fields f = { .short_message = bytes_of(NULL, 0) };

	f.destination.digits = f.service_type = f.destination_list = f.short_message;
	read_fields(&r, h->command, &f);
	if (r.broken || (!cursor_ok(&r.c) && missing == 0)) {
		*why = R_smpp_body;
		return PARSE_BAD;
	}
	if (!cursor_ok(&r.c)) {
		return PARSE_MORE;
	}
	m->header = *h;
	put_fields(pdu, &f, m);
	m->body_end = (size_t)(r.c.at - pdu.data);
	if (r.overlong) {
		m->anomalies |= SMPP_ANOMALY_FIELD;
	}
	if (cursor_left(&r.c) != 0) {
		put_tlvs(bytes_of(r.c.at, cursor_left(&r.c)), missing, m);
	}
	if (m->has_payload && m->message_payload.len != 0 && m->short_message.len != 0) {
		m->anomalies |= SMPP_ANOMALY_BOTH_TEXTS;
	}
	if (missing != 0 && m->short_message.len == 0 && m->message_payload.len == 0) {
		return PARSE_MORE;
	}
	return PARSE_OK;
}

enum parse smpp_message_read(struct bytes pdu, struct smpp_message *m, enum reason *why)
{
	struct smpp_header h;

	if (smpp_header_read(pdu, &h, why) == PARSE_BAD) {
		return PARSE_BAD;
	}
	if (pdu.len < SMPP_HEADER_LEN || pdu.len < h.length) {
		*why = R_smpp_body;
		return PARSE_BAD;
	}
	return message_read(&h, bytes_slice(pdu, 0, h.length), 0, m, why);
}

enum parse smpp_message_read_partial(struct bytes pdu, struct smpp_message *m, enum reason *why)
{
	struct smpp_header h;
	enum parse p = smpp_header_read(pdu, &h, why);

	if (p != PARSE_OK) {
		return p;
	}
	if (pdu.len >= h.length) {
		return message_read(&h, bytes_slice(pdu, 0, h.length), 0, m, why);
	}
	return message_read(&h, pdu, h.length - pdu.len, m, why);
}

bool smpp_is_receipt(const struct smpp_message *m)
{
	unsigned type = m->esm_class & ESM_TYPE_MASK;
	unsigned n = m->n_tlvs < LIMIT_SMPP_TLVS ? m->n_tlvs : LIMIT_SMPP_TLVS;
	bool id = false;
	bool state = false;

	if (m->header.command != SMPP_DELIVER_SM && m->header.command != SMPP_DATA_SM) {
		return false;
	}
	if (type == ESM_RECEIPT || type == ESM_INTERMEDIATE) {
		return true;
	}
	for (unsigned i = 0; i < n; i++) {
		id |= m->tlvs[i].tag == SMPP_TAG_RECEIPTED_MESSAGE_ID;
		state |= m->tlvs[i].tag == SMPP_TAG_MESSAGE_STATE;
	}
	return id && state;
}

/* SMPP 3.4 4.1.1, 4.1.3, 4.1.5: what lies behind interface_version says nothing needed here. */
enum parse smpp_bind_read(struct bytes pdu, struct smpp_bind *b, enum reason *why)
{
	struct reader r = { .c = cursor_of(bytes_slice(pdu, SMPP_HEADER_LEN, pdu.len)) };
	struct smpp_bind bind;

	bind.system_id = read_string(&r, SYSTEM_ID_SIZE);
	(void)read_string(&r, PASSWORD_SIZE);
	bind.system_type = read_string(&r, SYSTEM_TYPE_SIZE);
	bind.interface_version = cursor_u8(&r.c);
	if (!cursor_ok(&r.c)) {
		*why = R_smpp_body;
		return PARSE_BAD;
	}
	*b = bind;
	return PARSE_OK;
}
