/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/ber.h"

enum {
	TAG_OCTETS_MAX = 4,    /* of a long tag: 28 bits of number */
	LENGTH_OCTETS_MAX = 4, /* of a long length */
	LENGTH_INDEFINITE = 0x80,
	LENGTH_RESERVED = 0xFF, /* X.690 8.1.3.5 c */
	END_OF_CONTENTS = 0x00, /* X.690 8.1.5: tag 0, length 0 */
};

/* Identifier and length octets of one element. */
struct head {
	uint32_t number;
	uint8_t identifier;
	bool indefinite;
	size_t length;
};

static enum parse poison(struct cursor *c, enum parse p)
{
	*c = (struct cursor){ bytes_sentinel, bytes_sentinel, true };
	return p;
}

/* X.690 8.1.2.4: seven bits an octet, bit 8 set on all but the last. */
static enum parse read_long_tag(struct cursor *c, struct head *h)
{
	h->number = 0;
	for (unsigned i = 0; i < TAG_OCTETS_MAX; i++) {
		uint8_t o = cursor_u8(c);

		if (!cursor_ok(c)) {
			return PARSE_MORE;
		}
		h->number = h->number << 7 | (o & 0x7Fu);
		if ((o & 0x80) != 0) {
			continue;
		}
		if (h->number < BER_LONG_TAG) { /* needs no long form; read for what it says */
			h->identifier = (uint8_t)((h->identifier & 0xE0) | h->number);
		}
		return PARSE_OK;
	}
	return PARSE_BAD;
}

/* X.690 8.1.3 */
static enum parse read_length(struct cursor *c, struct head *h)
{
	uint8_t first = cursor_u8(c);

	h->indefinite = first == LENGTH_INDEFINITE;
	h->length = first;
	if (first <= LENGTH_INDEFINITE) {
		h->length = h->indefinite ? 0 : first;
	} else if (first == LENGTH_RESERVED || (first & 0x7F) > LENGTH_OCTETS_MAX) {
		return PARSE_BAD;
	} else {
		h->length = 0;
		for (unsigned n = first & 0x7F; n != 0; n--) {
			h->length = h->length << 8 | cursor_u8(c);
		}
	}
	return cursor_ok(c) ? PARSE_OK : PARSE_MORE;
}

/* read_head: PARSE_BAD also for a primitive without a length (X.690 8.1.3.2). */
static enum parse read_head(struct cursor *c, struct head *h)
{
	enum parse p;

	h->identifier = cursor_u8(c);
	h->number = h->identifier & BER_LONG_TAG;
	if (!cursor_ok(c)) {
		return PARSE_MORE;
	}
	if (h->number == BER_LONG_TAG && (p = read_long_tag(c, h)) != PARSE_OK) {
		return p;
	}
	p = read_length(c, h);
	if (p == PARSE_OK && h->indefinite && (h->identifier & BER_CONSTRUCTED) == 0) {
		return PARSE_BAD;
	}
	return p;
}

static bool is_end_mark(const struct head *h)
{
	return h->identifier == END_OF_CONTENTS && h->length == 0;
}

/*
 * find_end: moves `c`, which is behind the head of an indefinite element, behind its end mark; *end
 * is where the mark begins. What has a length is jumped over, so depth counts only what has none.
 */
static enum parse find_end(struct cursor *c, const uint8_t **end, enum reason *why)
{
	unsigned depth = 1;

	while (depth != 0) { /* each turn takes two octets at least */
		struct head h;
		enum parse p;

		*end = c->at;
		p = read_head(c, &h);
		if (p != PARSE_OK) {
			return p;
		}
		if (is_end_mark(&h)) {
			depth--;
		} else if (h.identifier == END_OF_CONTENTS) { /* 00 01 ..: no end, no element */
			return PARSE_BAD;
		} else if (!h.indefinite) {
			(void)cursor_take(c, h.length);
		} else if (depth++ == LIMIT_BER_DEPTH) {
			*why = R_ber_depth;
			return PARSE_BAD;
		}
		if (!cursor_ok(c)) {
			return PARSE_MORE;
		}
	}
	return PARSE_OK;
}

/* read_longer: a length that takes one octet more, as elements of 128 to 255 octets have. */
static bool read_longer(struct cursor *c, struct ber_element *e)
{
	const uint8_t *at = c->at;
	size_t left = cursor_left(c);

	if (left < 3 || at[0] == END_OF_CONTENTS || (at[0] & BER_LONG_TAG) == BER_LONG_TAG ||
		at[1] != (LENGTH_INDEFINITE | 1) || at[2] > left - 3) {
		return false;
	}
	*e = (struct ber_element){ .number = at[0] & BER_LONG_TAG,
		.identifier = at[0],
		.whole = { at, at[2] + 3u },
		.value = { at + 3, at[2] } };
	c->at = at + 3 + at[2];
	return true;
}

enum parse ber_read_any(struct cursor *c, struct ber_element *e, enum reason *why)
{
	const uint8_t *from = c->at;
	const uint8_t *contents;
	const uint8_t *end;
	enum reason reason = R_ber;
	struct head h;
	enum parse p;

	if (read_longer(c, e)) {
		return PARSE_OK;
	}
	p = read_head(c, &h);
	if (p == PARSE_OK && h.identifier == END_OF_CONTENTS) {
		p = PARSE_BAD;
	}
	contents = c->at;
	if (p == PARSE_OK && h.indefinite) {
		p = find_end(c, &end, &reason);
	} else if (p == PARSE_OK) {
		(void)cursor_take(c, h.length);
		end = c->at;
		p = cursor_ok(c) ? PARSE_OK : PARSE_MORE;
	}
	if (p != PARSE_OK) {
		*why = p == PARSE_BAD ? reason : *why;
		return poison(c, p);
	}
	*e = (struct ber_element){
		.number = h.number,
		.identifier = h.identifier,
		.indefinite = h.indefinite,
		.whole = bytes_of(from, (size_t)(c->at - from)),
		.value = bytes_of(contents, (size_t)(end - contents)),
	};
	return PARSE_OK;
}

/* X.690 8.3: two's complement; nine leading equal bits, which 8.3.2 forbids, do no harm. */
bool ber_integer(struct bytes value, int32_t *out)
{
	uint32_t v;

	if (value.len == 0 || value.len > 4) {
		return false;
	}
	v = (value.data[0] & 0x80) != 0 ? UINT32_MAX : 0;
	for (size_t i = 0; i < value.len; i++) {
		v = v << 8 | value.data[i];
	}
	memcpy(out, &v, sizeof(v)); /* the same bits, signed */
	return true;
}

/* Where the pieces of a constructed string go. */
struct pieces {
	uint8_t *copy;
	size_t size;
	size_t len;
	unsigned n;
	struct bytes first;
};

static bool put_piece(struct pieces *p, struct bytes piece)
{
	if (piece.len > p->size - p->len) {
		return false;
	}
	if (piece.len != 0) {
		memcpy(p->copy + p->len, piece.data, piece.len);
		p->len += piece.len;
	}
	if (p->n++ == 0) {
		p->first = piece;
	}
	return true;
}

/*
 * X.690 8.7.3: the pieces are OCTET STRINGs, each primitive or constructed again. One cursor a
 * level; a level's end is the end of its cursor, for ber_read() takes the end marks away.
 */
static bool gather(const struct ber_element *e, struct pieces *p)
{
	struct cursor level[LIMIT_BER_DEPTH];
	unsigned depth = 0;
	enum reason why;

	level[0] = cursor_of(e->value);
	for (;;) { /* each turn takes an element, or ends a level that took one */
		struct ber_element piece;

		if (cursor_left(&level[depth]) == 0) {
			if (depth-- == 0) {
				return true;
			}
			continue;
		}
		if (ber_read(&level[depth], &piece, &why) != PARSE_OK ||
			ber_tag(&piece) != BER_OCTET_STRING) {
			return false;
		}
		if (!ber_is_constructed(&piece)) {
			if (!put_piece(p, piece.value)) {
				return false;
			}
		} else if (++depth == LIMIT_BER_DEPTH) {
			return false;
		} else {
			level[depth] = cursor_of(piece.value);
		}
	}
}

bool ber_octets(const struct ber_element *e, uint8_t *copy, size_t size, struct bytes *octets)
{
	struct pieces p = { .copy = copy, .size = size, .first = bytes_of(NULL, 0) };

	if (!ber_is_constructed(e)) {
		*octets = e->value;
		return true;
	}
	if (!gather(e, &p)) {
		return false;
	}
	*octets = p.n > 1 ? bytes_of(copy, p.len) : p.first;
	return true;
}
