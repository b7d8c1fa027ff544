/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text_unit: the units of a text (septets in octets, UTF-16 units, UTF-8 sequences) as text.c reads
 * and text_blank.c overwrites them. Internal to these two. Pure functions, any core; the caller
 * keeps septets within text_packed_units() and offsets within the data.
 */
#ifndef SMSWALL_SMS_TEXT_UNIT_H
#define SMSWALL_SMS_TEXT_UNIT_H

#include "dataplane/sms/text.h"

/*
 * The sequence at `p`: how many octets of it are well-formed (RFC 3629 4), and whether it is whole.
 * An ill-formed one is replaced as a whole up to where it breaks (Unicode 3.9, U+FFFD substitution
 * of maximal subparts).
 */
struct text_sequence {
	uint8_t len; /* >= 1 */
	bool whole;
};

static inline struct text_sequence text_sequence_at(const uint8_t *p, size_t left)
{
	uint8_t lo = 0x80;
	uint8_t hi = 0xBF;
	uint8_t need;
	uint8_t n = 1;

	if (p[0] < 0x80) {
		return (struct text_sequence){ 1, true };
	}
	if (p[0] < 0xC2 || p[0] > 0xF4) {
		return (struct text_sequence){ 1, false };
	}
	need = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	/* The second octet's range is narrower after four leads: no overlong, surrogate, > U+10FFFF. */
	if (p[0] == 0xE0) {
		lo = 0xA0;
	} else if (p[0] == 0xED) {
		hi = 0x9F;
	} else if (p[0] == 0xF0) {
		lo = 0x90;
	} else if (p[0] == 0xF4) {
		hi = 0x8F;
	}
	while (n < need && n < left && p[n] >= lo && p[n] <= hi) {
		lo = 0x80;
		hi = 0xBF;
		n++;
	}
	return (struct text_sequence){ n, n == need };
}

/* Packed septets (3GPP TS 23.038 6.1.2.1) */

/* How many septets of text the packed octets really hold. */
static inline size_t text_packed_units(const struct text_input *in)
{
	size_t bits = in->data.len * 8;
	size_t room = bits > in->skip_bits ? (bits - in->skip_bits) / 7 : 0;

	return in->n_septets < room ? in->n_septets : room;
}

static inline uint8_t text_packed_get(const uint8_t *data, size_t bit)
{
	const uint8_t *p = data + bit / 8;
	unsigned shift = bit % 8;
	unsigned v = p[0];

	if (shift > 1) {
		v |= (unsigned)p[1] << 8; /* else the septet ends in this octet */
	}
	return (v >> shift) & 0x7F;
}

static inline void text_packed_set(uint8_t *data, size_t bit, uint8_t septet)
{
	uint8_t *p = data + bit / 8;
	unsigned shift = bit % 8;
	unsigned mask = 0x7Fu << shift;
	unsigned v = (unsigned)septet << shift;

	p[0] = (uint8_t)((p[0] & ~mask) | v);
	if (shift > 1) {
		p[1] = (uint8_t)((p[1] & ~(mask >> 8)) | (v >> 8));
	}
}

/* UTF-16 (RFC 2781) */

struct text_utf16 {
	bool little;
	uint8_t skip; /* octets of a byte order mark */
};

static inline struct text_utf16 text_utf16_order(const struct text_input *in)
{
	bool little = in->encoding == TEXT_UTF16LE;

	if (in->data.len >= 2) {
		if (be16(in->data.data) == 0xFEFF) {
			return (struct text_utf16){ false, 2 };
		}
		if (be16(in->data.data) == 0xFFFE) {
			return (struct text_utf16){ true, 2 };
		}
	}
	return (struct text_utf16){ little, 0 };
}

static inline uint32_t text_utf16_get(const uint8_t *p, bool little)
{
	return little ? (uint32_t)(p[0] | (p[1] << 8)) : be16(p);
}

static inline bool text_utf16_high(uint32_t unit)
{
	return (unit & 0xFC00) == 0xD800;
}

static inline bool text_utf16_low(uint32_t unit)
{
	return (unit & 0xFC00) == 0xDC00;
}

/* utf16_pair_at: a high surrogate at `at` and its low one after it. */
static inline bool text_utf16_pair_at(struct bytes b, size_t at, bool little)
{
	return at + 4 <= b.len && text_utf16_high(text_utf16_get(b.data + at, little)) &&
	       text_utf16_low(text_utf16_get(b.data + at + 2, little));
}

#endif
