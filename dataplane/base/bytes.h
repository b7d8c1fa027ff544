/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bytes: spans, a bounded reading cursor and a bounded writer. The foot of every parser.
 *
 * Ownership: a span borrows; nothing here allocates or frees. Thread-safety: values, any core.
 * Bounds: a cursor never reads outside its span. The first read that does not fit poisons the
 * cursor: it and all later reads give zero or an empty span, and cursor_ok() is false. A parser
 * reads its fields as a list and asks cursor_ok() once. A poisoned cursor points at a sentinel
 * octet, never at NULL (arithmetic on NULL is undefined, research/code-models.md 3.1).
 */
#ifndef SMSWALL_BASE_BYTES_H
#define SMSWALL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of octets. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

/* What a parse step found: all there, more octets needed, or never valid. */
enum parse { PARSE_OK, PARSE_MORE, PARSE_BAD };

static const uint8_t bytes_sentinel[1];

static inline struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){ data != NULL ? data : bytes_sentinel, len };
}

static inline struct bytes bytes_str(const char *s)
{
	return bytes_of(s, strlen(s));
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* bytes_slice: the part of `b` from `off`, at most `len` octets, clipped to `b`. */
static inline struct bytes bytes_slice(struct bytes b, size_t off, size_t len)
{
	if (off > b.len) {
		off = b.len;
	}
	if (len > b.len - off) {
		len = b.len - off;
	}
	return bytes_of(b.data + off, len);
}

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)((p[0] << 8) | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3];
}

static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

/*
 * bytes_digits: octets of two decimal digits each, the first in the low half, as text, up to the first
 * octet that has anything else, at most `n`; returns how many octets those are. For what numbers are
 * made of nearly always; what is behind is its caller's to read digit by digit.
 */
static inline size_t bytes_digits(const uint8_t *octets, size_t n, char *out)
{
	size_t i = 0;

	for (; i < n; i++) {
		unsigned low = octets[i] & 0x0F;
		unsigned high = octets[i] >> 4;

		if (low > 9 || high > 9) {
			break;
		}
		out[2 * i] = (char)('0' + low);
		out[2 * i + 1] = (char)('0' + high);
	}
	return i;
}

static inline struct cursor cursor_of(struct bytes b)
{
	return (struct cursor){ b.data, b.data + b.len, false };
}

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->bad;
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* cursor_take: the next `n` octets, or an empty span and a poisoned cursor. */
static inline struct bytes cursor_take(struct cursor *c, size_t n)
{
	struct bytes b;

	if (n > cursor_left(c)) {
		*c = (struct cursor){ bytes_sentinel, bytes_sentinel, true };
		return bytes_of(bytes_sentinel, 0);
	}
	b = bytes_of(c->at, n);
	c->at += n;
	return b;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	struct bytes b = cursor_take(c, 1);

	return b.len != 0 ? b.data[0] : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	struct bytes b = cursor_take(c, 2);

	return b.len != 0 ? be16(b.data) : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	struct bytes b = cursor_take(c, 4);

	return b.len != 0 ? be32(b.data) : 0;
}

/* cursor_sub: a cursor over the next `n` octets, which are consumed from `c`. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
	struct cursor sub = cursor_of(cursor_take(c, n));

	sub.bad = c->bad;
	return sub;
}

/*
 * cursor_cstring: an SMPP C-octet string of at most `size` octets, NUL included (SMPP 3.4 3.1);
 * the span is without the NUL. No NUL within `size` octets poisons the cursor.
 */
static inline struct bytes cursor_cstring(struct cursor *c, size_t size)
{
	size_t left = cursor_left(c);
	size_t n = size < left ? size : left;
	const uint8_t *nul = n != 0 ? memchr(c->at, 0, n) : NULL;
	struct bytes s;

	if (nul == NULL) {
		return cursor_take(c, left + 1);
	}
	s = cursor_take(c, (size_t)(nul - c->at));
	(void)cursor_take(c, 1);
	return s;
}

/* A bounded writer over memory of the caller; writes that do not fit poison it and write nothing. */
struct writer {
	uint8_t *at;
	uint8_t *end;
	bool bad;
};

static inline struct writer writer_of(uint8_t *data, size_t size)
{
	return (struct writer){ data, data + size, false };
}

static inline bool writer_ok(const struct writer *w)
{
	return !w->bad;
}

static inline size_t writer_left(const struct writer *w)
{
	return w->bad ? 0 : (size_t)(w->end - w->at);
}

static inline void writer_put(struct writer *w, struct bytes b)
{
	if (b.len > writer_left(w)) {
		w->bad = true;
		return;
	}
	if (b.len != 0) {
		memcpy(w->at, b.data, b.len);
	}
	w->at += b.len;
}

static inline void writer_fill(struct writer *w, uint8_t value, size_t n)
{
	if (n > writer_left(w)) {
		w->bad = true;
		return;
	}
	memset(w->at, value, n);
	w->at += n;
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
	writer_fill(w, v, 1);
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t b[2];

	put_be16(b, v);
	writer_put(w, bytes_of(b, sizeof(b)));
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
	uint8_t b[4];

	put_be32(b, v);
	writer_put(w, bytes_of(b, sizeof(b)));
}

#endif
