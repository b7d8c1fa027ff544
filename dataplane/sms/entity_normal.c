/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The normal form of a host: lower case, labels of Punycode as Unicode (one form for both), addresses
 * as four decimal numbers or as RFC 5952 writes them. Behind a scheme an IPv4 address may be written
 * in one to four parts, decimal, octal or hexadecimal, as inet_aton(3) and browsers read it (WHATWG
 * URL 3.5).
 */
#include <arpa/inet.h>

#include "dataplane/sms/entity_view.h"
#include "dataplane/sms/punycode.h"

enum { LABEL_SIZE = 4 * PUNYCODE_MAX };

/* ---- Punycode ---- */

/* point_is_normal: a character that is read in labels, and as itself. */
static bool point_is_normal(uint32_t point, struct entity_sink *scratch)
{
	size_t from = scratch->used;
	struct entity_char c;

	if (!entity_put(scratch, point)) {
		return false;
	}
	c = entity_char_at(bytes_of(scratch->buffer, scratch->used), from);
	return c.cp == point && c.len == scratch->used - from &&
	       entity_lower_point(point) == point &&
	       (c.letter || entity_is_alnum(point) || point == '-' || point == '_');
}

/* normal_unicode: `label`, "xn--..." in lower case, as Unicode; false: it is of no name we read. */
static bool normal_unicode(struct bytes label, struct entity_sink *out)
{
	uint32_t points[PUNYCODE_MAX];
	uint8_t again[PUNYCODE_MAX];
	struct bytes code = bytes_slice(label, 4, label.len);
	size_t n = punycode_decode(code, points);
	bool ascii = true;

	for (size_t i = 0; i < n; i++) {
		ascii &= points[i] < 0x80;
		if (!point_is_normal(points[i], out)) {
			return false;
		}
	}
	/* no other writing of the same name */
	return n != 0 && !ascii &&
	       bytes_equal(bytes_of(again, punycode_encode(points, n, again)), code);
}

/* put_label: lower case; Punycode undone. */
static bool put_label(struct entity_sink *sink, struct bytes text, struct entity_label label)
{
	size_t start = sink->used;
	uint8_t memory[LABEL_SIZE];
	struct entity_sink unicode = { .buffer = memory, .size = sizeof(memory) };
	struct bytes put;

	if (!entity_put_span(sink, text, label.from, label.to, true)) {
		return false;
	}
	put = bytes_of(sink->buffer + start, sink->used - start);
	if (put.len < 5 || memcmp(put.data, "xn--", 4) != 0 || !normal_unicode(put, &unicode)) {
		return true;
	}
	if (sink->size - start < unicode.used) {
		return false;
	}
	memcpy(sink->buffer + start, memory, unicode.used);
	sink->used = start + unicode.used;
	return true;
}

/* ---- addresses ---- */

static bool put_number(struct entity_sink *sink, uint32_t value)
{
	uint32_t power = 1;
	bool fits = true;

	while (value / power > 9) {
		power *= 10;
	}
	for (; power != 0; power /= 10) {
		fits = fits && entity_put(sink, '0' + value / power % 10);
	}
	return fits;
}

static uint32_t digit_of(uint32_t c)
{
	return entity_is_digit(c)                       ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
	                                                : 16;
}

/* read_part: a number, "0x" hexadecimal, "0" octal; false: it is none, or beyond 32 bits. */
static bool read_part(struct bytes text, struct entity_label label, uint32_t *value)
{
	size_t at = label.from;
	size_t hex = entity_match(text, at, "0x");
	uint32_t base = hex != 0 ? 16 : entity_char_at(text, at).cp == '0' ? 8 : 10;
	uint64_t sum = 0;

	at = hex != 0 ? hex : at;
	if (at >= label.to) {
		return false;
	}
	while (at < label.to) {
		struct entity_char c = entity_char_at(text, at);
		uint32_t digit = digit_of(c.cp);

		sum = sum * base + digit;
		if (digit >= base || sum > UINT32_MAX) {
			return false;
		}
		at += c.len;
	}
	*value = (uint32_t)sum;
	return true;
}

/* read_address: one to four numbers; the last one fills the octets that are left. */
static bool read_address(
	struct bytes text, const struct entity_host *host, uint32_t n, uint32_t *address)
{
	uint32_t sum = 0;
	uint32_t part = 0;

	if (n > 4) {
		return false;
	}
	for (uint32_t k = 0; k < n; k++) {
		if (!read_part(text, host->labels[k], &part) || (k + 1 < n && part > 255)) {
			return false;
		}
		sum |= k + 1 < n ? part << (24 - 8 * k) : 0;
	}
	if (n > 1 && part >> (8 * (5 - n)) != 0) {
		return false;
	}
	if (n == 1 && part < 1u << 24) {
		return false; /* "http://5" is a name in a hurry */
	}
	*address = sum | part;
	return true;
}

static bool put_address(struct entity_sink *sink, uint32_t address)
{
	bool fits = true;

	for (int shift = 24; shift >= 0; shift -= 8) {
		fits = fits && put_number(sink, address >> shift & 255) &&
		       (shift == 0 || entity_put(sink, '.'));
	}
	return fits;
}

/* longest_zeros: of eight groups, the first longest run of two or more; 8: none. */
static unsigned longest_zeros(const uint16_t groups[8], unsigned *n)
{
	unsigned best = 8;

	*n = 1;
	for (unsigned i = 0; i < 8; i++) {
		unsigned k = i;

		while (k < 8 && groups[k] == 0) {
			k++;
		}
		if (k - i > *n) {
			best = i;
			*n = k - i;
		}
	}
	return best;
}

static bool put_hex(struct entity_sink *sink, uint32_t value)
{
	bool fits = true;

	for (int shift = value > 0xFFF  ? 12
	                 : value > 0xFF ? 8
	                 : value > 0xF  ? 4
	                                : 0;
		shift >= 0; shift -= 4) {
		fits = fits && entity_put(sink, (uint8_t) "0123456789abcdef"[value >> shift & 15]);
	}
	return fits;
}

/* put_literal: "[...]" as RFC 5952 4 writes it; what is no IPv6 address as it is. */
static bool put_literal(struct entity_sink *sink, struct bytes text, struct entity_label label)
{
	char in[INET6_ADDRSTRLEN];
	size_t len = label.to - label.from - 2;
	uint8_t ip[16];
	uint16_t groups[8];
	unsigned n_zeros;
	unsigned zeros;
	bool fits;

	if (len < sizeof(in)) {
		memcpy(in, text.data + label.from + 1, len);
		in[len] = '\0';
	}
	if (len >= sizeof(in) || inet_pton(AF_INET6, in, ip) != 1) {
		return entity_put_span(sink, text, label.from, label.to, true);
	}
	for (unsigned i = 0; i < 8; i++) {
		groups[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
	}
	zeros = longest_zeros(groups, &n_zeros);
	fits = entity_put(sink, '[');
	for (unsigned i = 0; i < 8 && fits; i++) {
		if (i == zeros) {
			fits = entity_put_text(sink, "::");
			i += n_zeros - 1;
			continue;
		}
		fits = (i == 0 || i == zeros + n_zeros || entity_put(sink, ':')) &&
		       put_hex(sink, groups[i]);
	}
	return fits && entity_put(sink, ']');
}

bool entity_put_host(struct entity_sink *sink, struct bytes text, const struct entity_host *host,
	uint32_t n, bool full)
{
	uint32_t address;
	bool fits = true;

	if (text.data[host->labels[0].from] == '[') {
		return put_literal(sink, text, host->labels[0]);
	}
	if (full && read_address(text, host, n, &address)) {
		return put_address(sink, address);
	}
	for (uint32_t k = 0; k < n && fits; k++) {
		fits = (k == 0 || entity_put(sink, '.')) && put_label(sink, text, host->labels[k]);
	}
	return fits;
}
