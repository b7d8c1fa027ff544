/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/sua.h"

enum { TAG_DATA = 0x010B }; /* RFC 3868 3.10 */

/* name_of: NULL for what neither RFC 3868 nor, for management, RFC 4666 knows. */
static const char *name_of(unsigned type)
{
	switch (type) {
#define X(NAME, class, number, text) \
	case SUA_##NAME:             \
		return text;
		SUA_MESSAGES(X)
#undef X
	case M3UA_DATA: /* RFC 3868 3.1.2: class 1 is not used */
		return NULL;
	default: /* the numbers are octets of the message */
		return m3ua_type_known(type) ? m3ua_type_name(type) : NULL;
	}
}

const char *sua_type_name(unsigned type)
{
	const char *name = name_of(type);

	return name != NULL ? name : "unknown";
}

enum parse sua_message_read(struct bytes message, struct sua_message *m, enum reason *why)
{
	struct sua_message out = { .data = bytes_of(NULL, 0) };
	struct xua_header header;
	struct cursor c;

	if (xua_header_read(message, &header, why) != PARSE_OK) {
		return PARSE_BAD;
	}
	out.type = xua_type(&header);
	out.known = name_of(out.type) != NULL;
	c = xua_parameters(message, &header);
	for (unsigned n = 0; cursor_left(&c) != 0; n++) {
		struct xua_parameter p;

		if (n == LIMIT_XUA_PARAMETERS) {
			*why = R_xua_parameter;
			return PARSE_BAD;
		}
		if (xua_parameter_read(&c, message, &p, why) != PARSE_OK) {
			return PARSE_BAD;
		}
		if (p.tag == TAG_DATA && out.data.len == 0) {
			out.data = p.value;
			out.data_off = p.value_off;
		}
	}
	*m = out;
	return PARSE_OK;
}
