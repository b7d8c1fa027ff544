/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/traffic_cut.h"

enum { IE_CONCAT8 = 0x00, IE_CONCAT16 = 0x08, IE_SINGLE = 0x24, IE_LOCKING = 0x25 };

static const struct traffic_language none = { 0, 0 };

/* choose_coding: encodes m->wording in it, too. */
static enum traffic_coding choose_coding(struct traffic_maker *m, bool map)
{
	struct traffic_wording *w = &m->wording;
	struct traffic_language language;

	if (!map && traffic_percent(m, TRAFFIC_TEXT_LATIN1) &&
		traffic_units_encode(&w->units, w->text, TRAFFIC_LATIN1, none)) {
		return TRAFFIC_LATIN1;
	}
	if (!traffic_percent(m, TRAFFIC_TEXT_UCS2)) {
		if (traffic_units_encode(&w->units, w->text, TRAFFIC_GSM7, none)) {
			return TRAFFIC_GSM7;
		}
		if (traffic_percent(m, TRAFFIC_TEXT_SHIFT) &&
			traffic_units_language(&w->units, w->text, &language)) {
			return TRAFFIC_GSM7;
		}
	}
	(void)traffic_units_encode(&w->units, w->text, TRAFFIC_UCS2, none);
	return TRAFFIC_UCS2;
}

static size_t udh_len(enum traffic_method method, struct traffic_language language)
{
	size_t len = method == TRAFFIC_METHOD_UDH8 ? 5 : method == TRAFFIC_METHOD_UDH16 ? 6 : 0;

	len += language.single != 0 ? 3 : 0;
	len += language.locking != 0 ? 3 : 0;
	return len != 0 ? len + 1 : 0;
}

/* capacity: units of text in a user data field with such a header. */
static uint32_t capacity(
	enum traffic_coding coding, enum traffic_method method, struct traffic_language language)
{
	uint32_t octets = TRAFFIC_UD_LEN - (uint32_t)udh_len(method, language);

	switch (coding) {
	case TRAFFIC_GSM7:
		return octets * 8 / 7;
	case TRAFFIC_UCS2:
		return octets / 2;
	case TRAFFIC_LATIN1:
	case TRAFFIC_BINARY:
		break;
	}
	return octets;
}

void traffic_cut_text(struct traffic_maker *m, bool map, struct traffic_cut *cut)
{
	struct traffic_wording *w = &m->wording;
	struct traffic_language language;

	if (w->binary) {
		*cut = (struct traffic_cut){
			.coding = TRAFFIC_BINARY, .method = TRAFFIC_METHOD_NONE, .n = 1
		};
		w->units.coding = TRAFFIC_BINARY;
		w->units.language = none;
		return;
	}
	*cut = (struct traffic_cut){ .coding = choose_coding(m, map) };
	language = w->units.language;
	cut->method = (enum traffic_method)traffic_choose(
		m, TRAFFIC_PARTS_UDH8, map ? TRAFFIC_PARTS_UDH16 : TRAFFIC_PARTS_PAYLOAD);
	cut->reference = (uint16_t)traffic_random_next(&m->random);
	if (cut->method == TRAFFIC_METHOD_UDH8) {
		cut->reference &= 0xFF;
	}
	cut->n = traffic_units_split(&w->units,
		cut->method == TRAFFIC_METHOD_PAYLOAD
			? TRAFFIC_UNITS_MAX
			: capacity(cut->coding, TRAFFIC_METHOD_NONE, language),
		capacity(cut->coding, cut->method, language), cut->pieces);
	if (cut->n == 1 && cut->method != TRAFFIC_METHOD_PAYLOAD) {
		cut->method = TRAFFIC_METHOD_NONE;
	}
	if (cut->method == TRAFFIC_METHOD_PAYLOAD &&
		w->units.n <= capacity(cut->coding, TRAFFIC_METHOD_NONE, language)) {
		cut->method = TRAFFIC_METHOD_NONE;
	}
}

size_t traffic_cut_udh(const struct traffic_maker *m, const struct traffic_cut *cut, unsigned i,
	uint8_t out[TRAFFIC_UDH_SIZE])
{
	struct traffic_language language = m->wording.units.language;
	size_t len = udh_len(cut->method, language);
	struct writer w = writer_of(out, TRAFFIC_UDH_SIZE);

	if (len == 0) {
		return 0;
	}
	writer_u8(&w, (uint8_t)(len - 1));
	if (cut->method == TRAFFIC_METHOD_UDH8 || cut->method == TRAFFIC_METHOD_UDH16) {
		bool wide = cut->method == TRAFFIC_METHOD_UDH16;

		writer_u8(&w, wide ? IE_CONCAT16 : IE_CONCAT8);
		writer_u8(&w, wide ? 4 : 3);
		if (wide) {
			writer_u8(&w, (uint8_t)(cut->reference >> 8));
		}
		writer_u8(&w, (uint8_t)cut->reference);
		writer_u8(&w, (uint8_t)cut->n);
		writer_u8(&w, (uint8_t)(i + 1));
	}
	if (language.single != 0) {
		writer_put(&w, bytes_of((const uint8_t[]){ IE_SINGLE, 1, language.single }, 3));
	}
	if (language.locking != 0) {
		writer_put(&w, bytes_of((const uint8_t[]){ IE_LOCKING, 1, language.locking }, 3));
	}
	return len;
}

size_t traffic_cut_octets(const struct traffic_maker *m, const struct traffic_cut *cut, unsigned i,
	uint8_t *out, size_t size)
{
	if (cut->coding == TRAFFIC_BINARY) {
		memcpy(out, m->wording.octets, m->wording.n_octets);
		return m->wording.n_octets;
	}
	return traffic_units_octets(&m->wording.units, cut->pieces[i], out, size);
}

void traffic_cut_tell(const struct traffic_maker *m, const struct traffic_cut *cut, bool map,
	struct traffic_label *label)
{
	static const char *const codings[] = { "gsm7", "ucs2", "latin1", "binary" };
	static const char *const methods[] = { "udh8", "udh16", "sar", "payload", NULL };
	static const uint8_t smpp_codings[] = { 0, 8, 3, 4 }; /* SMPP 3.4 5.2.19 */
	static const uint8_t gsm_codings[] = { 0, 8, 0, 4 };  /* TS 23.038 4 */
	const struct traffic_units *u = &m->wording.units;

	label->coding = map && cut->coding == TRAFFIC_GSM7 ? "gsm7-packed" : codings[cut->coding];
	label->method = methods[cut->method];
	label->data_coding = (map ? gsm_codings : smpp_codings)[cut->coding];
	label->language_single = u->language.single;
	label->language_locking = u->language.locking;
	label->n_parts = (uint8_t)cut->n;
	if (cut->coding == TRAFFIC_BINARY) {
		label->n_octets = m->wording.n_octets;
		memcpy(label->octets, m->wording.octets, label->n_octets);
		return;
	}
	for (unsigned i = 0; i < cut->n; i++) {
		struct traffic_part *part = &label->parts[i];
		const struct traffic_piece *piece = &cut->pieces[i];

		part->text_at = u->from[piece->first];
		part->text_len = (uint32_t)(u->from[piece->first + piece->n] - part->text_at);
		if (cut->n > 1) {
			part->reference = cut->reference;
			part->number = (uint8_t)(i + 1);
			part->total = (uint8_t)cut->n;
		}
	}
}
