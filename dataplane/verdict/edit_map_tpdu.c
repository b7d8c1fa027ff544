/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/edit_map_tpdu.h"

#include "dataplane/sms/text.h"
#include "dataplane/verdict/edit_blank.h"

enum { DCS_RESERVED = 0x80 }; /* TS 23.038 4: coding groups 1000 to 1011 */
enum { MTI_MASK = 0x03 };     /* TS 23.040 9.2.3.1 */
enum { FILLER = 0x0F };       /* TS 29.002 17.7.8, TS 23.040 9.1.2.3 */

/*
 * The primitive pieces of a string, in order (X.690 8.7.3), as ber_octets() puts them together: `ui`
 * went through it when it was read, so here nothing is broken.
 */
struct pieces {
	struct cursor level[LIMIT_BER_DEPTH];
	unsigned n_levels;
	struct bytes single; /* a primitive string is its only piece */
	bool is_single;
};

static struct pieces pieces_of(const struct ber_element *ui)
{
	struct pieces p;

	p.is_single = !ber_is_constructed(ui);
	p.single = ui->value;
	p.n_levels = p.is_single ? 0 : 1;
	p.level[0] = cursor_of(ui->value);
	return p;
}

static bool pieces_next(struct pieces *p, struct bytes *piece)
{
	struct ber_element e;
	enum reason why;

	if (p->is_single) {
		*piece = p->single;
		p->is_single = false;
		return true;
	}
	while (p->n_levels != 0) { /* each turn takes an element or ends a level */
		struct cursor *c = &p->level[p->n_levels - 1];

		if (cursor_left(c) == 0 || ber_read(c, &e, &why) != PARSE_OK) {
			p->n_levels--;
		} else if (!ber_is_constructed(&e)) {
			*piece = e.value;
			return true;
		} else if (p->n_levels < LIMIT_BER_DEPTH) {
			p->level[p->n_levels++] = cursor_of(e.value);
		}
	}
	return false;
}

void edit_map_tpdu_get(struct bytes message, const struct ber_element *ui, const uint8_t *edited,
	struct edit_map_tpdu *t)
{
	struct pieces p = pieces_of(ui);
	struct bytes piece;

	t->len = 0;
	while (pieces_next(&p, &piece)) {
		size_t room = sizeof(t->octets) - t->len;
		size_t n = piece.len < room ? piece.len : room;

		if (n != 0) {
			memcpy(t->octets + t->len, edited + (piece.data - message.data), n);
			t->len += n;
		}
	}
}

void edit_map_tpdu_put(const struct edit_map_tpdu *t, struct bytes message,
	const struct ber_element *ui, size_t editable_from, uint8_t *edited)
{
	struct pieces p = pieces_of(ui);
	struct bytes piece;
	size_t at = 0;

	while (pieces_next(&p, &piece)) {
		size_t off = piece.len != 0 ? (size_t)(piece.data - message.data) : 0;

		for (size_t i = 0; i < piece.len; i++, at++) {
			if (off + i >= editable_from) {
				edited[off + i] = at < t->len ? t->octets[at] : 0;
			}
		}
	}
}

size_t edit_map_tpdu_off(struct bytes message, const struct ber_element *ui, size_t at)
{
	struct pieces p = pieces_of(ui);
	struct bytes piece;

	while (pieces_next(&p, &piece)) {
		if (at < piece.len) {
			return (size_t)(piece.data - message.data) + at;
		}
		at -= piece.len;
	}
	return SIZE_MAX;
}

/*
 * fill_septets: spaces from the next septet boundary behind the UDH to the end of what TP-UDL
 * counts; the fill bits before and behind them are 0 (TS 23.040 9.2.3.24, TS 23.038 6.1.2.1).
 */
static void fill_septets(uint8_t *ud, size_t header, size_t len, size_t udl)
{
	size_t there = len * 8 / 7;
	size_t skip = (header * 8 + 6) / 7;
	size_t n = udl < there ? udl : there;
	struct text_input in = { .data = bytes_of(ud, len),
		.skip_bits = (uint16_t)(skip * 7),
		.n_septets = (uint32_t)(n > skip ? n - skip : 0),
		.encoding = TEXT_GSM7_PACKED };

	memset(ud + header, 0, len - header);
	text_blank(&in, ud, 0, in.n_septets);
}

/* Without a byte order mark the spaces are read as big-endian (TS 23.038 6.2.3). */
static void fill_octets(uint8_t *at, size_t len, uint8_t encoding)
{
	for (size_t i = 0; i < len; i++) {
		at[i] = encoding == TEXT_UTF16BE && i % 2 == 0 ? 0 : ' ';
	}
}

/* blank: what was read by `read`, as user data of `encoding` and length `udl`. */
static void blank(
	const struct tpdu *read, uint8_t encoding, size_t udl, uint8_t *ud, size_t ud_and_rest)
{
	size_t len = read->ud.len;
	size_t header = 0;

	if (read->udhi && len != 0) {
		header = edit_blank_header(ud, len, len);
	}
	if (encoding == TEXT_GSM7_PACKED) {
		fill_septets(ud, header, len, udl);
	} else {
		fill_octets(ud + header, len - header, encoding);
	}
	memset(ud + len, 0, ud_and_rest - len);
}

bool edit_map_tpdu_holds(const struct edit_map_tpdu *t, const struct tpdu *read)
{
	return !read->has_ud || (read->ud_off <= t->len && read->ud.len <= t->len - read->ud_off);
}

void edit_map_tpdu_blank(const struct tpdu *read, struct edit_map_tpdu *t)
{
	if (read == NULL || !edit_map_tpdu_holds(t, read)) {
		if (t->len != 0) {
			t->octets[0] &= MTI_MASK;
			memset(t->octets + 1, 0, t->len - 1);
		}
	} else if (read->has_ud) {
		blank(read, read->coding.encoding, read->udl, t->octets + read->ud_off,
			t->len - read->ud_off);
	}
}

void edit_map_tpdu_poison_coding(const struct tpdu *read, struct edit_map_tpdu *t)
{
	size_t udl = read->udl;

	t->octets[read->data_coding_off] = DCS_RESERVED;
	if (!read->has_ud) {
		return;
	}
	if (read->coding.encoding != TEXT_GSM7_PACKED) {
		udl = read->ud.len * 8 / 7;
		udl = udl < UINT8_MAX ? udl : UINT8_MAX;
		t->octets[read->udl_off] = (uint8_t)udl;
	}
	blank(read, TEXT_GSM7_PACKED, udl, t->octets + read->ud_off, t->len - read->ud_off);
}

bool edit_map_digits_zero(uint8_t *octets, size_t len)
{
	bool found = false;

	for (size_t i = 0; i < len; i++) {
		uint8_t low = octets[i] & FILLER;
		uint8_t high = octets[i] >> 4;

		low = low != FILLER ? 0 : FILLER;
		high = high != FILLER ? 0 : FILLER;
		found |= low == 0 || high == 0;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	return found;
}
