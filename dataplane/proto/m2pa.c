/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/m2pa.h"

const char *m2pa_type_name(unsigned type)
{
	return type == M2PA_USER_DATA     ? "user data"
	       : type == M2PA_LINK_STATUS ? "link status"
	                                  : "unknown";
}

const char *m2pa_state_name(uint32_t state)
{
	switch (state) {
#define X(NAME, number, text)   \
	case M2PA_STATE_##NAME: \
		return text;
		M2PA_STATES(X)
#undef X
	}
	return "unknown";
}

/* RFC 4165 2.3.1: priority, service information octet (Q.704 14.2), SIF; all absent in an acknowledgement. */
static bool read_user_data(struct cursor *c, struct bytes message, struct m2pa_message *m)
{
	uint8_t sio;

	if (cursor_left(c) == 0) {
		return true;
	}
	m->has_data = true;
	m->priority = cursor_u8(c) >> 6;
	sio = cursor_u8(c);
	m->si = sio & 0x0F;
	m->ni = sio >> 6;
	m->sif = cursor_take(c, cursor_left(c));
	m->sif_off = message.len - m->sif.len;
	return cursor_ok(c);
}

enum parse m2pa_message_read(struct bytes message, struct m2pa_message *m, enum reason *why)
{
	struct m2pa_message out = { .sif = bytes_of(NULL, 0) };
	struct xua_header header;
	struct cursor c;
	bool holds = false;

	if (xua_header_read(message, &header, why) != PARSE_OK) {
		return PARSE_BAD;
	}
	*why = R_xua_header;
	if (header.message_class != M2PA_CLASS || header.length != message.len) {
		return PARSE_BAD;
	}
	c = cursor_of(bytes_slice(message, XUA_HEADER_LEN, message.len));
	out.bsn = cursor_u32(&c) & 0xFFFFFF; /* RFC 4165 2.2: an unused octet, 24 bits */
	out.fsn = cursor_u32(&c) & 0xFFFFFF;
	out.type = header.type == M2PA_USER_DATA ? M2PA_USER_DATA : M2PA_LINK_STATUS;
	if (header.type == M2PA_USER_DATA) {
		holds = cursor_ok(&c) && read_user_data(&c, message, &out);
	} else if (header.type == M2PA_LINK_STATUS) {
		out.state = cursor_u32(&c); /* behind it: filler of the proving (2.3.2) */
		holds = cursor_ok(&c);
	}
	if (!holds) {
		*why = R_m2pa_message;
		return PARSE_BAD;
	}
	*why = R_none;
	*m = out;
	return PARSE_OK;
}
