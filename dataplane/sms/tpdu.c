/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/tpdu.h"

#include "dataplane/sms/udh.h"

/* Bits of the first octet (TS 23.040 9.2.2). */
enum {
	MTI_MASK = 0x03, /* 9.2.3.1 */
	MTI_RESERVED = 0x03,
	NO_MORE = 0x04,       /* TP-MMS: 0 means that there are more (9.2.3.2) */
	VPF_SHIFT = 3,        /* 9.2.3.3 */
	REPORT_WANTED = 0x20, /* TP-SRI, TP-SRR */
	UDHI = 0x40,
	REPLY_PATH = 0x80,
};

/* TP-PI (9.2.3.27) */
enum { PI_PID = 0x01, PI_DCS = 0x02, PI_UDL = 0x04, PI_MORE = 0x80 };

enum {
	CAUSE_FIRST = 0x80,      /* 9.2.3.22: TP-FCS is 0x80 to 0xFF */
	TIMESTAMP_LEN = 7,       /* 9.2.3.11 */
	ADDRESS_LENGTH_MAX = 20, /* 9.1.2.5: 12 octets with length and type */
	SEPTETS_READ_MAX = 22,   /* of an alphanumeric address: twice what it may have */
	ADDRESS_DIGITS_MAX = 40, /* of another one: twice what it may have */
};

const char *tpdu_type_name(enum tpdu_type type)
{
	switch (type) {
#define X(name, text)     \
	case TPDU_##name: \
		return text;
		TPDU_TYPES(X)
#undef X
	}
	return "unknown";
}

enum reason tpdu_anomaly_reason(unsigned i)
{
	static const uint8_t reasons[TPDU_ANOMALIES] = {
		R_tpdu_type,
		R_tpdu_address,
		R_tpdu_length,
		R_udh_length,
	};

	return i < TPDU_ANOMALIES ? reasons[i] : R_none;
}

/* A TPDU being read. */
struct reader {
	struct cursor c;
	struct bytes tpdu;
	struct tpdu *t;
};

static size_t offset(const struct reader *r)
{
	return cursor_ok(&r->c) ? (size_t)(r->c.at - r->tpdu.data) : 0;
}

/*
 * Alphanumeric: Address-Length counts the useful semi-octets (9.1.2.5), so 4/7 of it is septets.
 * Encoders that count whole octets make a '@' of the seven padding bits behind 7 or 14 septets.
 */
static void put_alphanumeric(struct tpdu_address *a)
{
	uint32_t n = a->length * 4u / 7u;
	struct text_input in = { .data = a->octets, .encoding = TEXT_GSM7_PACKED };

	if (n != 0 && n % 8 == 0 && a->length % 2 == 0 &&
		(a->octets.data[a->octets.len - 1] & 0xFE) == 0) {
		n--;
	}
	in.n_septets = n < SEPTETS_READ_MAX ? n : SEPTETS_READ_MAX;
	a->n = (uint8_t)text_decode(&in, (uint8_t *)a->text, sizeof(a->text), NULL, NULL);
}

/* Semi-octets (9.1.2.3), low half first; 1111 is a filler and ends the number. */
static void put_digits(struct tpdu_address *a)
{
	static const char digits[] = "0123456789*#abc";
	unsigned n = a->length < ADDRESS_DIGITS_MAX ? a->length : ADDRESS_DIGITS_MAX;
	size_t i = 2 * bytes_digits(a->octets.data, n / 2, a->text);

	a->n = (uint8_t)i;
	for (; i < n; i++) {
		uint8_t digit = a->octets.data[i / 2] >> (i % 2 * 4) & 0x0F;

		if (digit == 0x0F) {
			return;
		}
		a->text[a->n++] = digits[digit];
	}
}

/* 9.1.2.5: length in semi-octets, type, value. A length above 20 is read all the same, and noted. */
static void read_address(struct reader *r)
{
	struct tpdu_address a = { .off = offset(r) };
	uint8_t type;

	a.length = cursor_u8(&r->c);
	type = cursor_u8(&r->c);
	a.octets = cursor_take(&r->c, (a.length + 1u) / 2);
	if (!cursor_ok(&r->c)) {
		return;
	}
	a.ton = type >> 4 & 0x07;
	a.npi = type & 0x0F;
	if (a.length > ADDRESS_LENGTH_MAX) {
		r->t->anomalies |= TPDU_ANOMALY_ADDRESS;
	}
	if (a.length != 0 && a.ton == TON_ALPHANUMERIC) {
		put_alphanumeric(&a);
	} else {
		put_digits(&a);
	}
	r->t->has_address = true;
	r->t->address = a;
}

static void read_protocol_id(struct reader *r)
{
	r->t->protocol_id_off = offset(r);
	r->t->protocol_id = cursor_u8(&r->c);
}

static void read_data_coding(struct reader *r)
{
	r->t->data_coding_off = offset(r);
	r->t->data_coding = cursor_u8(&r->c);
}

/* put_udh: how many octets of the user data it takes, UDHL included: 0 where it does not fit. */
static size_t put_udh(struct tpdu *t)
{
	struct bytes udh;

	if (!t->udhi || t->ud.len == 0) {
		return 0;
	}
	if (t->ud.data[0] >= t->ud.len) { /* nobody can tell it from text: all is read as text */
		t->anomalies |= TPDU_ANOMALY_UDH;
		return 0;
	}
	udh = bytes_slice(t->ud, 1, t->ud.data[0]);
	if (!udh_read(udh, &t->concat, &t->input.language, &t->source_port, &t->destination_port)) {
		t->anomalies |= TPDU_ANOMALY_UDH;
	}
	t->udh = udh;
	return udh.len + 1;
}

/*
 * put_text: TP-UDL counts septets for the default alphabet, uncompressed, with the UDH and its fill
 * bits among them, and octets for all others (9.2.3.16); the text begins at the next septet
 * boundary behind the UDH (9.2.3.24).
 */
static void put_text(struct tpdu *t)
{
	size_t udh_len = put_udh(t);
	size_t skip = (udh_len * 8 + 6) / 7;
	size_t n = t->udl < t->ud.len * 8 / 7 ? t->udl : t->ud.len * 8 / 7;

	t->input.encoding = t->coding.encoding;
	if (t->coding.encoding != TEXT_GSM7_PACKED) {
		t->input.data = bytes_slice(t->ud, udh_len, t->ud.len);
		return;
	}
	t->input.data = t->ud;
	t->input.skip_bits = (uint16_t)(skip * 7);
	t->input.n_septets = (uint32_t)(n > skip ? n - skip : 0);
}

/*
 * take_ud: the `wanted` octets that TP-UDL spans, or what there is of them. One zero behind them is
 * the padding of encoders that count the fill bits twice, and is left alone.
 */
static void take_ud(struct reader *r, size_t wanted)
{
	size_t left = cursor_left(&r->c);

	r->t->has_ud = true;
	r->t->ud_off = offset(r);
	r->t->ud = cursor_take(&r->c, wanted < left ? wanted : left);
	if (left == wanted + 1 && *r->c.at == 0) {
		(void)cursor_u8(&r->c);
	} else if (left != wanted) {
		r->t->anomalies |= TPDU_ANOMALY_LENGTH;
	}
}

/* read_ud: TP-UDL and TP-UD by the data coding read before. */
static void read_ud(struct reader *r)
{
	struct tpdu *t = r->t;
	size_t wanted;

	t->coding = text_gsm_coding(t->data_coding);
	t->udl_off = offset(r);
	t->udl = cursor_u8(&r->c);
	if (!cursor_ok(&r->c)) {
		return;
	}
	wanted = t->coding.encoding == TEXT_GSM7_PACKED ? (t->udl * 7u + 7) / 8 : t->udl;
	take_ud(r, wanted);
	put_text(t);
}

/* 9.2.2.1; also a reserved TP-MTI, which a mobile takes for it (9.2.3.1). */
static void read_deliver(struct reader *r)
{
	r->t->more_messages = (r->t->first & NO_MORE) == 0;
	read_address(r);
	read_protocol_id(r);
	read_data_coding(r);
	r->t->timestamp = cursor_take(&r->c, TIMESTAMP_LEN);
	read_ud(r);
}

/* 9.2.2.2; TP-VPF 9.2.3.3, TP-VP 9.2.3.12. */
static void read_submit(struct reader *r)
{
	static const uint8_t vp_lens[4] = {
		[TPDU_VP_NONE] = 0,
		[TPDU_VP_ENHANCED] = 7,
		[TPDU_VP_RELATIVE] = 1,
		[TPDU_VP_ABSOLUTE] = 7,
	};

	r->t->reference = cursor_u8(&r->c);
	read_address(r);
	read_protocol_id(r);
	read_data_coding(r);
	r->t->vp_format = (enum tpdu_validity)(r->t->first >> VPF_SHIFT & 3);
	r->t->vp = cursor_take(&r->c, vp_lens[r->t->vp_format]);
	read_ud(r);
}

/* TP-PI and what it says is there (9.2.3.27); its extension octets have no meaning yet. */
static void read_optional(struct reader *r, uint8_t pi)
{
	if ((pi & PI_PID) != 0) {
		read_protocol_id(r);
	}
	if ((pi & PI_DCS) != 0) {
		read_data_coding(r);
	}
	if ((pi & PI_UDL) != 0) {
		read_ud(r);
	}
}

static uint8_t read_pi(struct reader *r)
{
	uint8_t pi = cursor_u8(&r->c);
	uint8_t more = pi;

	while ((more & PI_MORE) != 0) { /* ends: a poisoned cursor gives 0 */
		more = cursor_u8(&r->c);
	}
	return pi;
}

/*
 * 9.2.2.1a DELIVER-REPORT, 9.2.2.2a SUBMIT-REPORT (with TP-SCTS): for RP-ERROR they begin with
 * TP-FCS, for RP-ACK with TP-PI. In a request they have no place: a cause is known by its value.
 */
static void read_report(struct reader *r, enum tpdu_kind kind)
{
	bool error = kind == TPDU_ERROR ||
	             (kind == TPDU_REQUEST && cursor_left(&r->c) != 0 && *r->c.at >= CAUSE_FIRST);
	uint8_t pi;

	if (error) {
		r->t->cause = cursor_u8(&r->c);
	}
	pi = read_pi(r);
	if (r->t->type == TPDU_SUBMIT_REPORT) {
		r->t->timestamp = cursor_take(&r->c, TIMESTAMP_LEN);
	}
	read_optional(r, pi);
}

/* 9.2.2.3; all behind TP-ST may be missing. */
static void read_status_report(struct reader *r)
{
	r->t->more_messages = (r->t->first & NO_MORE) == 0;
	r->t->reference = cursor_u8(&r->c);
	read_address(r);
	r->t->timestamp = cursor_take(&r->c, TIMESTAMP_LEN);
	r->t->discharge = cursor_take(&r->c, TIMESTAMP_LEN);
	r->t->status = cursor_u8(&r->c);
	if (cursor_ok(&r->c) && cursor_left(&r->c) != 0) {
		read_optional(r, read_pi(r));
	}
}

/* 9.2.2.4 */
static void read_command(struct reader *r)
{
	struct tpdu *t = r->t;

	t->reference = cursor_u8(&r->c);
	read_protocol_id(r);
	t->command = cursor_u8(&r->c);
	t->message_number = cursor_u8(&r->c);
	read_address(r);
	t->udl_off = offset(r);
	t->udl = cursor_u8(&r->c);
	if (!cursor_ok(&r->c)) {
		return;
	}
	take_ud(r, t->udl);
	t->coding = (struct text_coding){ .encoding = TEXT_BINARY, .message_class = -1 };
}

/*
 * type_of: TS 23.040 9.2.3.1. A mobile takes the reserved value for DELIVER; what a centre does
 * with it is not said, so it is read as what would carry text. A report in a request is read but
 * noted.
 */
static enum tpdu_type type_of(
	uint8_t first, enum tpdu_way way, enum tpdu_kind kind, unsigned *noted)
{
	static const uint8_t types[2][4] = {
		[TPDU_TO_CENTRE] = { TPDU_DELIVER_REPORT, TPDU_SUBMIT, TPDU_COMMAND, TPDU_SUBMIT },
		[TPDU_TO_MOBILE] = { TPDU_DELIVER, TPDU_SUBMIT_REPORT, TPDU_STATUS_REPORT,
			TPDU_DELIVER },
	};
	enum tpdu_type type = (enum tpdu_type)types[way][first & MTI_MASK];
	bool report = type == TPDU_DELIVER_REPORT || type == TPDU_SUBMIT_REPORT;

	if ((first & MTI_MASK) == MTI_RESERVED || report != (kind != TPDU_REQUEST)) {
		*noted |= TPDU_ANOMALY_TYPE;
	}
	return type;
}

static void read_body(struct reader *r, enum tpdu_kind kind)
{
	switch (r->t->type) {
	case TPDU_DELIVER:
		read_deliver(r);
		return;
	case TPDU_SUBMIT:
		read_submit(r);
		return;
	case TPDU_DELIVER_REPORT:
	case TPDU_SUBMIT_REPORT:
		read_report(r, kind);
		return;
	case TPDU_STATUS_REPORT:
		read_status_report(r);
		return;
	case TPDU_COMMAND:
		read_command(r);
		return;
	}
}

enum parse tpdu_read(
	struct bytes b, enum tpdu_way way, enum tpdu_kind kind, struct tpdu *t, enum reason *why)
{
	const struct bytes none = bytes_of(NULL, 0);
	struct tpdu tpdu = { .vp = none,
		.timestamp = none,
		.discharge = none,
		.ud = none,
		.udh = none,
		.address = { .octets = none },
		.input = { .data = none } };
	struct reader r = { .c = cursor_of(b), .tpdu = b, .t = &tpdu };

	tpdu.first = cursor_u8(&r.c);
	tpdu.type = type_of(tpdu.first, way, kind, &tpdu.anomalies);
	tpdu.udhi = (tpdu.first & UDHI) != 0;
	tpdu.report_wanted = (tpdu.first & REPORT_WANTED) != 0;
	tpdu.reply_path = (tpdu.first & REPLY_PATH) != 0 &&
	                  (tpdu.type == TPDU_DELIVER || tpdu.type == TPDU_SUBMIT);
	tpdu.coding = text_gsm_coding(0);
	read_body(&r, kind);
	if (!cursor_ok(&r.c)) {
		*why = R_tpdu_body;
		return PARSE_BAD;
	}
	if (cursor_left(&r.c) != 0) {
		tpdu.anomalies |= TPDU_ANOMALY_LENGTH;
	}
	*t = tpdu;
	return PARSE_OK;
}
