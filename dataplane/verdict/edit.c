/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/edit.h"

#include <assert.h>

#include "dataplane/verdict/edit_blank.h"

/*
 * Two ways to a content-free PDU of the same length:
 *
 *   rebuild  every field written anew from a recipe; only the addresses are copied: here
 *   blank    every octet stays where it was but for those that can carry text: edit_blank.c
 *
 * Both are made from the command's list of fields and know nothing of what the reader in smpp.c
 * found, because they also serve PDUs whose end is not there yet and PDUs that it refused.
 */

enum { SM_LENGTH_MAX = 254 };                          /* SMPP 3.4 5.2.21 */
enum { TLV_HEADER_LEN = 4, TLV_LEN_MAX = 65535 };      /* 3.4 3.2.4.1 */
enum { DEST_FLAG_SME = 1, DEST_FLAG_LIST = 2 };        /* 3.4 5.2.25 */
enum { ESM_RECEIPT = 0x04, ESM_RESERVED_TYPE = 0x3C }; /* 3.4 5.2.12 */
enum { ILLEGAL_FLAG = 0xFF }; /* 3.4 5.2.14 priority_flag 0..3, 5.2.18 replace 0..1 */

const char *edit_style_name(enum edit_style s)
{
	switch (s) {
#define X(name, text)     \
	case EDIT_##name: \
		return text;
		EDIT_STYLES(X)
#undef X
	case EDIT_STYLES_COUNT:
		break;
	}
	return "none";
}

enum rebuild { REBUILD_REFUSED, REBUILD_EMPTY, REBUILD_RECEIPT };

/* The fields of a rebuilt PDU but for the two addresses and the text. */
struct recipe {
	bool has_destination;   /* an address after the source */
	bool has_short_message; /* sm_length follows the fields */
	uint8_t n_list;
	uint8_t list[3]; /* submit_multi: number_of_dests and what comes before an address */
	uint8_t n_fields;
	uint8_t fields[9]; /* between the addresses and sm_length, or the TLVs */
};

/* SMPP 3.4 5.2.12, 4.4.1: what makes the far end refuse */
static uint8_t recipe_esm_class(uint32_t command, enum rebuild how, unsigned poison)
{
	switch (how) {
	case REBUILD_RECEIPT:
		return ESM_RECEIPT;
	case REBUILD_EMPTY:
		return 0;
	case REBUILD_REFUSED:
		break;
	}
	/* data_sm has no priority_flag: a reserved message type is all that is left to refuse */
	return (poison & POISON_ESM_CLASS) != 0 || command == SMPP_DATA_SM ? ESM_RESERVED_TYPE : 0;
}

/* recipe_of: false for a command that carries no text. */
static bool recipe_of(uint32_t command, enum rebuild how, unsigned poison, struct recipe *r)
{
	uint8_t esm = recipe_esm_class(command, how, poison);
	uint8_t flag = how == REBUILD_REFUSED && (poison & POISON_PRIORITY) != 0 ? ILLEGAL_FLAG : 0;

	switch (command) {
	case SMPP_SUBMIT_SM: /* 3.4 4.4.1; deliver_sm: 4.6.1 */
	case SMPP_DELIVER_SM:
	case SMPP_SUBMIT_MULTI: /* 3.4 4.5.1 */
		*r = (struct recipe){ true, true, 0, { 0 }, 9,
			{ esm, 0, flag, 0, 0, 0, flag, 0, 0 } };
		if (command == SMPP_SUBMIT_MULTI) {
			r->n_list = 2;
			r->list[0] = 1; /* number_of_dests */
			r->list[1] = DEST_FLAG_SME;
		}
		return true;
	case SMPP_DATA_SM: /* 3.4 4.7.1 */
		*r = (struct recipe){ true, false, 0, { 0 }, 3, { esm, 0, 0 } };
		return true;
	case SMPP_REPLACE_SM: /* 3.4 4.10.1: no message has an empty message_id */
		*r = (struct recipe){ false, true, 0, { 0 }, 4, { 0, 0, 0, 0 } };
		return true;
	case SMPP_BROADCAST_SM: /* 5.0 4.4.1.1: without its broadcast_area_identifier */
		*r = (struct recipe){ false, false, 0, { 0 }, 7, { 0, flag, 0, 0, flag, 0, 0 } };
		return true;
	}
	return false;
}

static size_t recipe_len(const struct recipe *r)
{
	return SMPP_HEADER_LEN + 1u + 3u + r->n_list + (r->has_destination ? 3u : 0u) +
	       r->n_fields + (r->has_short_message ? 1u : 0u);
}

/*
 * recipe_fits: below 35 octets there is no room for an SME address in a submit_multi: an empty list
 * name (33), or no destination at all (31), is what the PDU had then.
 */
static bool recipe_fits(struct recipe *r, size_t len)
{
	if (r->n_list != 0 && recipe_len(r) > len) {
		r->has_destination = false;
		r->n_list = 3;
		r->list[1] = DEST_FLAG_LIST;
		r->list[2] = 0; /* dl_name */
		if (recipe_len(r) > len) {
			r->n_list = 1;
			r->list[0] = 0;
		}
	}
	return recipe_len(r) <= len;
}

/* SMPP 3.4 appendix B, of a message that nobody has sent: "id:0" */
static const char *const receipt_texts[] = {
	"id:0 sub:000 dlvrd:000 submit date:0000000000 done date:0000000000 stat:UNDELIV err:000 text:",
	"id:0 stat:UNDELIV err:000 text:",
	"id:0 stat:UNDELIV",
	"id:0",
	"",
};

static void put_text(struct writer *w, enum rebuild how, size_t len)
{
	size_t i = 0;

	if (how != REBUILD_RECEIPT) {
		writer_fill(w, ' ', len);
		return;
	}
	while (strlen(receipt_texts[i]) > len) {
		i++;
	}
	writer_put(w, bytes_str(receipt_texts[i]));
	writer_fill(w, ' ', len - strlen(receipt_texts[i]));
}

/*
 * put_payload: `len` octets (0, or 4 and more) of message_payload TLVs. One holds 65,535 octets
 * (3.4 5.3.2.32); a longer PDU gets a second, and that is never less than its own header.
 */
static void put_payload(struct writer *w, enum rebuild how, size_t len)
{
	while (len != 0) {
		size_t n = len - TLV_HEADER_LEN;

		if (n > TLV_LEN_MAX) {
			n = n - TLV_LEN_MAX < TLV_HEADER_LEN ? TLV_LEN_MAX - TLV_HEADER_LEN
			                                     : TLV_LEN_MAX;
		}
		writer_u16(w, SMPP_TAG_MESSAGE_PAYLOAD);
		writer_u16(w, (uint16_t)n);
		put_text(w, how, n);
		len -= TLV_HEADER_LEN + n;
	}
}

/* recipe_put_address: `a`, or an empty one when it does not fit into the `*spare` octets of the PDU. */
static void recipe_put_address(struct writer *w, const struct smpp_address *a, size_t *spare)
{
	if (a == NULL || a->digits.len > *spare) {
		writer_fill(w, 0, 3);
		return;
	}
	*spare -= a->digits.len;
	writer_u8(w, a->ton);
	writer_u8(w, a->npi);
	writer_put(w, a->digits);
	writer_u8(w, 0);
}

/* rebuild: fills out[0..len) behind the header; false when `len` is below the command's minimum. */
static bool rebuild(uint32_t command, const struct smpp_message *m, enum rebuild how,
	unsigned poison, uint8_t *out, size_t len)
{
	bool keep_destination = how != REBUILD_REFUSED || (poison & POISON_DEST) == 0;
	struct writer w = writer_of(out + SMPP_HEADER_LEN, len - SMPP_HEADER_LEN);
	struct recipe r;
	struct writer head;
	size_t spare;

	if (!recipe_of(command, how, poison, &r) || !recipe_fits(&r, len)) {
		return false;
	}
	spare = len - recipe_len(&r);
	head = w;
	writer_u8(&w, 0); /* service_type, or replace_sm's message_id */
	recipe_put_address(&w, m != NULL ? &m->source : NULL, &spare);
	writer_put(&w, bytes_of(r.list, r.n_list));
	if (r.has_destination) {
		recipe_put_address(
			&w, m != NULL && keep_destination ? &m->destination : NULL, &spare);
	}
	writer_put(&w, bytes_of(r.fields, r.n_fields));
	if (r.has_short_message) {
		writer_u8(&w, (uint8_t)(spare <= SM_LENGTH_MAX ? spare : 0));
	}
	if (r.has_short_message && spare <= SM_LENGTH_MAX) {
		put_text(&w, how, spare);
	} else if (spare >= TLV_HEADER_LEN) {
		put_payload(&w, how, spare);
	} else if (spare != 0) { /* too little for a TLV: a service_type of 1 to 3 characters */
		memmove(head.at + spare, head.at, (size_t)(w.at - head.at));
		memset(head.at, '0', spare);
		w.at += spare;
	}
	assert(writer_ok(&w) && w.at == w.end);
	return true;
}

static bool make_style(uint32_t command, const struct smpp_message *m, enum edit_style style,
	unsigned poison, uint8_t *out, size_t len)
{
	bool addressed = command == SMPP_REPLACE_SM || command == SMPP_BROADCAST_SM;

	switch (style) {
	case EDIT_SELF_REJECT:
		/* these two have no other poison than to take away what they are about */
		if (command == SMPP_DELIVER_SM || (addressed && (poison & POISON_DEST) == 0)) {
			return false;
		}
		return rebuild(command, m, REBUILD_REFUSED, poison, out, len);
	case EDIT_GHOST_DLR:
		return (command == SMPP_DELIVER_SM || command == SMPP_DATA_SM) &&
		       rebuild(command, m, REBUILD_RECEIPT, 0, out, len);
	case EDIT_NONE:
	case EDIT_BLANK:
	case EDIT_REDACT:
	case EDIT_MAP_REJECT:
	case EDIT_TPDU_REFUSE:
	case EDIT_IMSI_UNKNOWN:
	case EDIT_TCAP_GHOST:
	case EDIT_SEGMENT_VOID:
	case EDIT_STYLES_COUNT:
		break;
	}
	return false;
}

static enum edit_style refuse(struct bytes pdu, const struct smpp_message *m, enum edit_style style,
	unsigned poison, uint8_t *out, size_t len)
{
	size_t known = pdu.len < len ? pdu.len : len;
	uint32_t command = be32(pdu.data + 4);

	memcpy(out, pdu.data, SMPP_HEADER_LEN);
	if (make_style(command, m, style, poison, out, len)) {
		return style;
	}
	memcpy(out, pdu.data, known);
	if ((m != NULL || known < len) && edit_blank(command, out, len, known)) {
		return EDIT_BLANK;
	}
	if (!rebuild(command, m, REBUILD_EMPTY, 0, out, len)) {
		memset(out + SMPP_HEADER_LEN, 0, len - SMPP_HEADER_LEN);
	}
	return EDIT_BLANK;
}

enum edit_style edit_refuse(struct bytes pdu, const struct smpp_message *m, enum edit_style style,
	unsigned poison, uint8_t *out)
{
	assert(pdu.len >= SMPP_HEADER_LEN);
	return refuse(pdu, m, style, poison, out, pdu.len);
}

enum edit_style edit_refuse_partial(struct bytes pdu, const struct smpp_message *m,
	enum edit_style style, unsigned poison, uint8_t *out)
{
	assert(pdu.len >= SMPP_HEADER_LEN && be32(pdu.data) >= SMPP_HEADER_LEN);
	return refuse(pdu, m, style, poison, out, be32(pdu.data));
}

void edit_redact(struct bytes pdu, const struct sms *sms, unsigned body, size_t from, size_t to,
	uint8_t *out)
{
	const struct sms_body *b = &sms->body[body];

	assert(body < sms->n_bodies);
	if (pdu.data != out) {
		memcpy(out, pdu.data, pdu.len);
	}
	text_blank(&b->input, out + b->offset + (b->input.data.data - b->octets.data), from, to);
}
