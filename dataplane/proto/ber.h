/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ber: ASN.1 Basic Encoding Rules: one element at a time from a bounded cursor, without recursion.
 *
 * Pure functions over spans; nothing is copied but by ber_octets(). Any core. Every read takes an
 * octet at least or poisons its cursor, so a loop over a cursor ends. Bounds: nesting within one
 * read <= LIMIT_BER_DEPTH, tag numbers of 4 octets, lengths of 4; only the indefinite form is
 * walked to find its end, so reading all levels costs at most LIMIT_BER_DEPTH times the octets.
 * What BER leaves no doubt about is read even where X.690 wants another form (a low tag number in
 * the long form, a length with leading zeros): stacks read it too, and so can hide nothing in it.
 * Source: ITU-T X.690 (sections at each use).
 */
#ifndef SMSWALL_PROTO_BER_H
#define SMSWALL_PROTO_BER_H

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"
#include "dataplane/stats.h"

enum ber_class { BER_UNIVERSAL, BER_APPLICATION, BER_CONTEXT, BER_PRIVATE }; /* X.690 8.1.2.2 */

/* Universal tags (X.680 8.6), as identifier octets of the form they are usually in. */
enum ber_tag {
	BER_BOOLEAN = 0x01,
	BER_INTEGER = 0x02,
	BER_BIT_STRING = 0x03,
	BER_OCTET_STRING = 0x04,
	BER_NULL = 0x05,
	BER_OBJECT_IDENTIFIER = 0x06,
	BER_EXTERNAL = 0x28,
	BER_ENUMERATED = 0x0A,
	BER_SEQUENCE = 0x30,
};

enum { BER_CONSTRUCTED = 0x20, BER_LONG_TAG = 0x1F }; /* X.690 8.1.2.5, 8.1.2.4 */

struct ber_element {
	uint32_t number;    /* tag number */
	uint8_t identifier; /* class, form and number as one octet; BER_LONG_TAG: number > 30 */
	bool indefinite;    /* X.690 8.1.3.6 */
	struct bytes whole; /* from the identifier to the last octet, the end mark included */
	struct bytes value; /* the contents, the end mark not included */
};

/* ber_tag: the identifier without its form: a string may be sent primitive or constructed (8.21). */
static inline uint8_t ber_tag(const struct ber_element *e)
{
	return e->identifier & (uint8_t)~BER_CONSTRUCTED;
}

static inline bool ber_is_constructed(const struct ber_element *e)
{
	return (e->identifier & BER_CONSTRUCTED) != 0;
}

static inline enum ber_class ber_class(const struct ber_element *e)
{
	return (enum ber_class)(e->identifier >> 6);
}

/* ber_read_short: an element with a tag and a length of one octet each, as nearly all are; of ber_read(). */
static inline bool ber_read_short(struct cursor *c, struct ber_element *e)
{
	const uint8_t *at = c->at;
	size_t left = cursor_left(c);

	/* 0: an end mark; a length from 0x80 on: indefinite or long */
	if (left < 2 || at[0] == 0 || (at[0] & BER_LONG_TAG) == BER_LONG_TAG || at[1] >= 0x80 ||
		at[1] > left - 2) {
		return false;
	}
	e->number = at[0] & BER_LONG_TAG;
	e->identifier = at[0];
	e->indefinite = false;
	e->whole = (struct bytes){ at, at[1] + 2u };
	e->value = (struct bytes){ at + 2, at[1] };
	c->at = at + 2 + at[1];
	return true;
}

/* ber_read_any: every other form; of ber_read(). */
enum parse ber_read_any(struct cursor *c, struct ber_element *e, enum reason *why);

/*
 * ber_read: reads the element at the cursor and moves behind it. PARSE_MORE: the octets end before
 * the element does. PARSE_BAD with *why ber (an end mark where none belongs, the indefinite form of
 * a primitive, a tag or length that is too long) or ber_depth. Both poison the cursor.
 */
static inline enum parse ber_read(struct cursor *c, struct ber_element *e, enum reason *why)
{
	return ber_read_short(c, e) ? PARSE_OK : ber_read_any(c, e, why);
}

/* ber_integer: an INTEGER or ENUMERATED of at most 4 octets (8.3); false for others. */
bool ber_integer(struct bytes value, int32_t *out);

/*
 * ber_octets: the contents of a string. Sent primitive, or constructed of one piece, they are a
 * span of the element; of several pieces (8.7.3) they are put together in `copy`. False where the
 * pieces are broken or do not fit: `size` octets, pieces nested LIMIT_BER_DEPTH deep.
 */
bool ber_octets(const struct ber_element *e, uint8_t *copy, size_t size, struct bytes *octets);

#endif
