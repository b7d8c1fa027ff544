/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of an association, as its management messages tell it: RFC 4666 3.5 to 3.8 and 4.3. */
#include "dataplane/proto/m3ua.h"

static void count(uint32_t *n)
{
	*n += *n != UINT32_MAX;
}

/* parameter: the number in the first parameter `tag`; false: there is none. */
static bool parameter(
	struct bytes message, const struct xua_header *h, uint16_t tag, uint32_t *value)
{
	struct cursor c = xua_parameters(message, h);

	for (unsigned n = 0; cursor_left(&c) != 0 && n < LIMIT_XUA_PARAMETERS; n++) {
		struct xua_parameter p;
		enum reason why;

		if (xua_parameter_read(&c, message, &p, &why) != PARSE_OK) {
			return false;
		}
		if (p.tag == tag && p.value.len >= 4) {
			*value = be32(p.value.data);
			return true;
		}
	}
	return false;
}

/* whole: every parameter can be read. */
static enum parse whole(struct bytes message, const struct xua_header *h, enum reason *why)
{
	struct cursor c = xua_parameters(message, h);

	for (unsigned n = 0; cursor_left(&c) != 0; n++) {
		struct xua_parameter p;

		if (n == LIMIT_XUA_PARAMETERS ||
			xua_parameter_read(&c, message, &p, why) != PARSE_OK) {
			*why = R_xua_parameter;
			return PARSE_BAD;
		}
	}
	return PARSE_OK;
}

/* RFC 4666 3.7.1 and 3.7.2: the traffic mode is optional in ASPAC and its ACK. */
static void take_traffic_mode(
	struct m3ua_state *s, struct bytes message, const struct xua_header *h)
{
	uint32_t mode;

	if (parameter(message, h, XUA_TAG_TRAFFIC_MODE, &mode)) {
		s->traffic_mode = (uint8_t)(mode <= UINT8_MAX ? mode : 0);
	}
}

/*
 * Transitions of RFC 4666 4.3.1, seen from between: an ASP asks in `direction` and its peer's ACK
 * comes back, so an ACK moves the other side. What is asked to go down counts at once (3.5.3: the
 * peer sends nothing more); what is asked to come up counts when it is granted.
 */
static void take_asp(struct m3ua_state *s, unsigned direction, unsigned type)
{
	unsigned asker = 1 - direction;

	switch (type) {
	case M3UA_ASPUP: /* from an ASP that was up it is a restart (4.3.4.1) */
	case M3UA_ASPDN:
		s->asp[direction] = M3UA_ASP_DOWN;
		break;
	case M3UA_ASPIA:
		s->asp[direction] = M3UA_ASP_INACTIVE;
		break;
	case M3UA_ASPUP_ACK:
	case M3UA_ASPIA_ACK: /* also unasked: overridden by another (4.3.4.4) */
		s->asp[asker] = M3UA_ASP_INACTIVE;
		break;
	case M3UA_ASPDN_ACK: /* also unasked: the peer is to be down (4.3.4.2) */
		s->asp[asker] = M3UA_ASP_DOWN;
		break;
	case M3UA_ASPAC_ACK:
		s->asp[asker] = M3UA_ASP_ACTIVE;
		break;
	default:
		break;
	}
}

static void take_notify(struct m3ua_state *s, struct bytes message, const struct xua_header *h)
{
	uint32_t status;

	count(&s->n_notify);
	if (parameter(message, h, XUA_TAG_STATUS, &status)) { /* RFC 4666 3.8.2 */
		s->notify_type = (uint16_t)(status >> 16);
		s->notify_information = (uint16_t)status;
	}
}

static void take_error(struct m3ua_state *s, struct bytes message, const struct xua_header *h)
{
	count(&s->n_errors);
	(void)parameter(message, h, XUA_TAG_ERROR_CODE, &s->error_code);
}

/* counter_of: where messages of a type are counted that change nothing else; NULL: nowhere. */
static uint32_t *counter_of(struct m3ua_state *s, unsigned direction, unsigned type)
{
	switch (type) {
	case M3UA_DATA:
		return &s->n_data[direction];
	case M3UA_DUNA:
		return &s->n_unavailable;
	case M3UA_DAVA:
		return &s->n_available;
	case M3UA_DAUD:
		return &s->n_audit;
	case M3UA_SCON:
		return &s->n_congested;
	case M3UA_DUPU:
		return &s->n_user_part;
	case M3UA_DRST:
		return &s->n_restricted;
	case M3UA_BEAT:
		return &s->n_beats;
	case M3UA_BEAT_ACK:
		return &s->n_beat_acks;
	case M3UA_REG_REQ:
	case M3UA_REG_RSP:
	case M3UA_DEREG_REQ:
	case M3UA_DEREG_RSP:
		return &s->n_registration;
	default:
		return m3ua_type_known(type) ? NULL : &s->n_unknown;
	}
}

enum parse m3ua_state_message(
	struct m3ua_state *s, unsigned direction, struct bytes message, enum reason *why)
{
	struct xua_header header;
	uint32_t *counter;
	unsigned type;

	if (xua_header_read(message, &header, why) != PARSE_OK) {
		return PARSE_BAD;
	}
	type = xua_type(&header);
	if (type != M3UA_DATA && whole(message, &header, why) != PARSE_OK) {
		return PARSE_BAD;
	}
	counter = counter_of(s, direction, type);
	if (counter != NULL) {
		count(counter);
	}
	take_asp(s, direction, type);
	if (type == M3UA_ASPAC || type == M3UA_ASPAC_ACK) {
		take_traffic_mode(s, message, &header);
	} else if (type == M3UA_NTFY) {
		take_notify(s, message, &header);
	} else if (type == M3UA_ERR) {
		take_error(s, message, &header);
	}
	return PARSE_OK;
}

enum m3ua_asp_state m3ua_state_of(const struct m3ua_state *s)
{
	uint8_t best = s->asp[0] > s->asp[1] ? s->asp[0] : s->asp[1];

	if (best == M3UA_ASP_UNKNOWN && (s->n_data[0] != 0 || s->n_data[1] != 0)) {
		return M3UA_ASP_ACTIVE;
	}
	return (enum m3ua_asp_state)best;
}

const char *m3ua_asp_state_name(enum m3ua_asp_state state)
{
	switch (state) {
#define X(NAME, text)         \
	case M3UA_ASP_##NAME: \
		return text;
		M3UA_ASP_STATES(X)
#undef X
	}
	return "unknown";
}

const char *m3ua_notify_name(const struct m3ua_state *s)
{
	static const char *const as_states[] = { "AS-INACTIVE", "AS-ACTIVE", "AS-PENDING" };
	static const char *const others[] = { "insufficient ASP resources", "alternate ASP active",
		"ASP failure" };
	uint16_t i = s->notify_information;

	if (s->notify_type == 0) {
		return "none";
	}
	if (s->notify_type == 1 && i >= 2 && i <= 4) {
		return as_states[i - 2];
	}
	return s->notify_type == 2 && i >= 1 && i <= 3 ? others[i - 1] : "unknown";
}

const char *m3ua_error_name(uint32_t code)
{
	static const char *const names[] = {
		/* RFC 4666 3.8.1; those that are NULL it does not use */
		[0x01] = "invalid version",
		[0x03] = "unsupported message class",
		[0x04] = "unsupported message type",
		[0x05] = "unsupported traffic mode type",
		[0x06] = "unexpected message",
		[0x07] = "protocol error",
		[0x09] = "invalid stream identifier",
		[0x0D] = "refused - management blocking",
		[0x0E] = "ASP identifier required",
		[0x0F] = "invalid ASP identifier",
		[0x11] = "invalid parameter value",
		[0x12] = "parameter field error",
		[0x13] = "unexpected parameter",
		[0x14] = "destination status unknown",
		[0x15] = "invalid network appearance",
		[0x16] = "missing parameter",
		[0x19] = "invalid routing context",
		[0x1A] = "no configured AS for ASP"
	};

	return code < sizeof(names) / sizeof(names[0]) && names[code] != NULL ? names[code]
	                                                                      : "unknown";
}
