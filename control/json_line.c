/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/json_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "dataplane/base/clock.h"

static void put(struct json_line *l, const char *s, size_t len)
{
	/* one octet stays for the NUL that ends the line */
	if (l->full || len >= l->size - l->len) {
		l->full = true;
		return;
	}
	memcpy(l->at + l->len, s, len);
	l->len += len;
	l->at[l->len] = '\0';
}

static void put_text(struct json_line *l, const char *s)
{
	put(l, s, strlen(s));
}

static void separate(struct json_line *l)
{
	if (l->comma) {
		put(l, ",", 1);
	}
	l->comma = true;
}

void json_line_open(struct json_line *l, char bracket)
{
	separate(l);
	put(l, &bracket, 1);
	l->comma = false;
}

void json_line_close(struct json_line *l, char bracket)
{
	put(l, &bracket, 1);
	l->comma = true;
}

void json_line_key(struct json_line *l, const char *name)
{
	separate(l);
	put(l, "\"", 1);
	put_text(l, name);
	put(l, "\":", 2);
	l->comma = false;
}

/* utf8_len: octets of the well-formed sequence at `p` (RFC 3629 4), 0: none. */
static size_t utf8_len(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80;
	uint8_t high = 0xBF;
	size_t n;

	if (p[0] < 0x80) {
		return 1;
	}
	if (p[0] < 0xC2 || p[0] > 0xF4) {
		return 0;
	}
	n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	if (left < n) {
		return 0;
	}
	low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : low; /* no overlong forms */
	high = p[0] == 0xED   ? 0x9F
	       : p[0] == 0xF4 ? 0x8F
	                      : high; /* no surrogates, nothing above U+10FFFF */
	if (p[1] < low || p[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80) {
			return 0;
		}
	}
	return n;
}

static bool is_utf8(struct bytes s)
{
	size_t n;

	for (size_t i = 0; i < s.len; i += n) {
		n = utf8_len(s.data + i, s.len - i);
		if (n == 0) {
			return false;
		}
	}
	return true;
}

/* put_escaped: a character that RFC 8259 7 does not let stand as it is. */
static void put_escaped(struct json_line *l, uint8_t c)
{
	static const char letters[] = "btn\0fr"; /* 0x08.. */
	char escape[8];

	if (c == 0) {
		put(l, "\xE2\x90\x80", 3); /* U+2400, as in texts: many readers refuse \u0000 */
	} else if (c == '"' || c == '\\') {
		escape[0] = '\\';
		escape[1] = (char)c;
		put(l, escape, 2);
	} else if (c >= 0x08 && c <= 0x0D && letters[c - 0x08] != '\0') {
		escape[0] = '\\';
		escape[1] = letters[c - 0x08];
		put(l, escape, 2);
	} else {
		snprintf(escape, sizeof(escape), "\\u%04x", c);
		put(l, escape, 6);
	}
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
}

/* put_foreign: an octet that is no UTF-8. */
static void put_foreign(struct json_line *l, uint8_t c, enum json_octets octets)
{
	char latin1[2] = { (char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F)) };

	if (octets == JSON_LATIN1) {
		put(l, latin1, 2);
	} else {
		put(l, "\xEF\xBF\xBD", 3);
	}
}

void json_line_string(struct json_line *l, struct bytes s, enum json_octets octets)
{
	bool latin1 = octets == JSON_LATIN1 && !is_utf8(s);
	size_t n;

	separate(l);
	put(l, "\"", 1);
	for (size_t i = 0; i < s.len && !l->full; i += n) {
		size_t plain = 0;

		while (i + plain < s.len && s.data[i + plain] < 0x80 &&
			is_plain(s.data[i + plain])) {
			plain++;
		}
		if (plain != 0) {
			put(l, (const char *)s.data + i, plain);
			n = plain;
			continue;
		}
		n = latin1 && s.data[i] >= 0x80 ? 0 : utf8_len(s.data + i, s.len - i);
		if (n == 0) {
			put_foreign(l, s.data[i], octets);
			n = 1;
		} else if (n == 1) {
			put_escaped(l, s.data[i]);
		} else {
			put(l, (const char *)s.data + i, n);
		}
	}
	put(l, "\"", 1);
}

void json_line_hex(struct json_line *l, struct bytes octets)
{
	static const char digits[] = "0123456789abcdef";

	separate(l);
	put(l, "\"", 1);
	for (size_t i = 0; i < octets.len && !l->full; i++) {
		char pair[2] = { digits[octets.data[i] >> 4], digits[octets.data[i] & 0x0F] };

		put(l, pair, 2);
	}
	put(l, "\"", 1);
}

void json_line_unsigned(struct json_line *l, uint64_t v)
{
	char digits[24];

	/* readers keep integers in 64 bits with a sign */
	snprintf(digits, sizeof(digits), "%" PRIu64, v > INT64_MAX ? (uint64_t)INT64_MAX : v);
	separate(l);
	put_text(l, digits);
}

void json_line_signed(struct json_line *l, int64_t v)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, v);
	separate(l);
	put_text(l, digits);
}

void json_line_bool(struct json_line *l, bool v)
{
	separate(l);
	put_text(l, v ? "true" : "false");
}

void json_line_null(struct json_line *l)
{
	separate(l);
	put_text(l, "null");
}

void json_line_put_string(struct json_line *l, const char *name, const char *s)
{
	json_line_key(l, name);
	if (s == NULL) {
		json_line_null(l);
	} else {
		json_line_string(l, bytes_str(s), JSON_REPLACE);
	}
}

void json_line_put_unsigned(struct json_line *l, const char *name, uint64_t v)
{
	json_line_key(l, name);
	json_line_unsigned(l, v);
}

void json_line_time(uint64_t time_us, char text[JSON_LINE_TIME_SIZE])
{
	static const uint64_t last_s =
		UINT64_C(253402300799); /* 9999-12-31T23:59:59Z: four digits */
	uint64_t s = time_us / CLOCK_US_PER_S;
	time_t t = (time_t)(s < last_s ? s : last_s);
	struct tm tm;
	char date[32];

	gmtime_r(&t, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, JSON_LINE_TIME_SIZE, "%s.%06uZ", date, (unsigned)(time_us % CLOCK_US_PER_S));
}

void json_line_put_time(struct json_line *l, const char *name, uint64_t time_us)
{
	char text[JSON_LINE_TIME_SIZE];

	json_line_time(time_us, text);
	json_line_put_string(l, name, text);
}
