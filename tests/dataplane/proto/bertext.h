/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bertext: for tests: BER written as hex with brackets, so that nesting can be seen and lengths need
 * no counting: 30( 02(01) ) is an element with a length, 30[ 02(01) ] one of the indefinite form.
 */
#ifndef SMSWALL_TESTS_PROTO_BERTEXT_H
#define SMSWALL_TESTS_PROTO_BERTEXT_H

#include <assert.h>
#include <stdlib.h>

#include "dataplane/base/bytes.h"

enum { BERTEXT_DEPTH = 64 };

static inline int bertext_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	                              : -1;
}

/* bertext_close: puts the length of the contents from `start` to `len`; returns the new length. */
static inline size_t bertext_close(uint8_t *out, size_t start, size_t len)
{
	size_t n = len - start;
	size_t more = n < 0x80 ? 0 : n < 0x100 ? 1 : 2;

	memmove(out + start + more, out + start, n);
	out[start - 1] = (uint8_t)(more == 0 ? n : 0x80 + more);
	if (more == 1) {
		out[start] = (uint8_t)n;
	} else if (more == 2) {
		put_be16(out + start, (uint16_t)n);
	}
	return len + more;
}

/* bertext_write: the octets of `s`, at most `size` less 4. */
static inline struct bytes bertext_write(const char *s, uint8_t *out, size_t size)
{
	size_t start[BERTEXT_DEPTH];
	size_t depth = 0;
	size_t len = 0;

	for (; *s != '\0'; s++) {
		assert(len + 4 < size && depth < BERTEXT_DEPTH);
		if (*s == '(') {
			start[depth++] = ++len;
		} else if (*s == ')') {
			len = bertext_close(out, start[--depth], len);
		} else if (*s == '[') {
			out[len++] = 0x80;
		} else if (*s == ']') {
			out[len++] = 0;
			out[len++] = 0;
		} else if (bertext_digit(*s) >= 0) {
			out[len++] = (uint8_t)(bertext_digit(s[0]) << 4 | bertext_digit(s[1]));
			s++;
		}
	}
	return bytes_of(out, len);
}

/* bertext_exact: the same in a heap block of the exact size, so that ASan sees any octet too many. */
static inline struct bytes bertext_exact(const char *s)
{
	static uint8_t out[8192];
	struct bytes b = bertext_write(s, out, sizeof(out));
	uint8_t *copy = malloc(b.len + (b.len == 0));

	memcpy(copy, b.data, b.len);
	return bytes_of(copy, b.len);
}

static inline void bertext_free(struct bytes b)
{
	union {
		const uint8_t *from;
		void *to;
	} p = { .from = b.data };

	free(p.to);
}

#endif
