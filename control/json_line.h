/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * json_line: appends one JSON object to a buffer of the caller, key by key, without allocating.
 *
 * What comes out is valid JSON (RFC 8259) and valid UTF-8 whatever goes in: octets that are no
 * UTF-8 become U+FFFD (or are read as Latin-1), NUL becomes U+2400, numbers are clipped to what every reader takes. A
 * piece that does not fit sets `full`, and nothing more is written.
 * Control only.
 */
#ifndef SMSWALL_CONTROL_JSON_LINE_H
#define SMSWALL_CONTROL_JSON_LINE_H

#include "dataplane/base/bytes.h"

struct json_line {
	char *at;
	size_t len;
	size_t size;
	bool full;
	bool comma; /* an element stands before the next one */
};

/* How octets that are not UTF-8 are read. */
enum json_octets { JSON_REPLACE, JSON_LATIN1 };

void json_line_open(struct json_line *l, char bracket);    /* '{' or '[' */
void json_line_close(struct json_line *l, char bracket);   /* '}' or ']' */
void json_line_key(struct json_line *l, const char *name); /* an ASCII name of ours */
void json_line_string(struct json_line *l, struct bytes s, enum json_octets octets);
void json_line_hex(struct json_line *l, struct bytes octets); /* as a string */
void json_line_unsigned(struct json_line *l, uint64_t v);
void json_line_signed(struct json_line *l, int64_t v);
void json_line_bool(struct json_line *l, bool v);
void json_line_null(struct json_line *l);

/* The same with a key before. `s` may be NULL: null. */
void json_line_put_string(struct json_line *l, const char *name, const char *s);
void json_line_put_unsigned(struct json_line *l, const char *name, uint64_t v);

/* json_line_time: "2024-05-01T12:34:56.123456Z" (RFC 3339, ISO 8601; UTC). */
enum { JSON_LINE_TIME_SIZE = 48 };
void json_line_time(uint64_t time_us, char text[JSON_LINE_TIME_SIZE]);
void json_line_put_time(struct json_line *l, const char *name, uint64_t time_us);

#endif
