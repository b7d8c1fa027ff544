/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/m3ua.h"

enum { VERSION = 1, PARAMETER_HEADER_LEN = 4, PROTOCOL_HEADER_LEN = 12 };
enum { TAG_NETWORK_APPEARANCE = 0x0200, TAG_PROTOCOL_DATA = 0x0210 }; /* RFC 4666 3.2 */

const char *m3ua_type_name(unsigned type)
{
	switch (type) {
#define X(NAME, class, number, text) \
	case M3UA_##NAME:            \
		return text;
		M3UA_MESSAGES(X)
#undef X
	}
	return "unknown";
}

bool m3ua_type_known(unsigned type)
{
	switch (type) {
#define X(NAME, class, number, text) case M3UA_##NAME:
		M3UA_MESSAGES(X)
#undef X
		return true;
	}
	return false;
}

enum parse xua_header_read(struct bytes message, struct xua_header *h, enum reason *why)
{
	const uint8_t *at = message.data;

	if (message.len < XUA_HEADER_LEN || at[0] != VERSION || be32(at + 4) < XUA_HEADER_LEN) {
		*why = R_xua_header;
		return PARSE_BAD;
	}
	/* the octet behind the version is reserved: receivers ignore it (RFC 4666 3.1.3) */
	*h = (struct xua_header){ .message_class = at[2], .type = at[3], .length = be32(at + 4) };
	return PARSE_OK;
}

struct cursor xua_parameters(struct bytes message, const struct xua_header *h)
{
	return cursor_of(bytes_slice(message, XUA_HEADER_LEN, h->length - XUA_HEADER_LEN));
}

enum parse xua_parameter_read(
	struct cursor *c, struct bytes message, struct xua_parameter *p, enum reason *why)
{
	const uint8_t *at = c->at;
	size_t left = cursor_left(c);
	size_t length = left < PARAMETER_HEADER_LEN ? 0 : be16(at + 2);
	size_t padded = (length + 3) & ~(size_t)3;

	if (length < PARAMETER_HEADER_LEN || length > left) {
		(void)cursor_take(c, left + 1); /* poisons it */
		*why = R_xua_parameter;
		return PARSE_BAD;
	}
	*p = (struct xua_parameter){ .tag = be16(at),
		.value = bytes_of(at + PARAMETER_HEADER_LEN, length - PARAMETER_HEADER_LEN),
		.value_off = (size_t)(at + PARAMETER_HEADER_LEN - message.data) };
	c->at += padded < left ? padded : left;
	return PARSE_OK;
}

enum reason m3ua_anomaly_reason(unsigned i)
{
	static const enum reason reasons[M3UA_ANOMALIES] = { R_xua_length, R_m3ua_duplicate,
		R_xua_parameter };

	return i < M3UA_ANOMALIES ? reasons[i] : R_none;
}

/* number: a parameter of one 32-bit number; of a list the first (RFC 4666 3.3.1, 3.5.1). */
static bool number(const struct xua_parameter *p, uint32_t *out)
{
	if (p->value.len < 4) {
		return false;
	}
	*out = be32(p->value.data);
	return true;
}

/* RFC 4666 3.3.1, Protocol Data. */
static bool read_protocol_data(const struct xua_parameter *p, struct m3ua_data *d)
{
	const uint8_t *at = p->value.data;

	if (p->value.len < PROTOCOL_HEADER_LEN) {
		return false;
	}
	d->opc = be32(at);
	d->dpc = be32(at + 4);
	d->si = at[8];
	d->ni = at[9];
	d->mp = at[10];
	d->sls = at[11];
	d->user_data = bytes_slice(p->value, PROTOCOL_HEADER_LEN, p->value.len);
	d->user_data_off = p->value_off + PROTOCOL_HEADER_LEN;
	return true;
}

/* read_parameter: one of a DATA message; *found when it is the `nth` protocol data. */
static void read_parameter(
	const struct xua_parameter *p, unsigned nth, struct m3ua_data *d, bool *found)
{
	switch (p->tag) {
	case TAG_NETWORK_APPEARANCE:
		d->has_appearance |= number(p, &d->network_appearance);
		break;
	case XUA_TAG_ROUTING_CONTEXT:
		d->has_context |= number(p, &d->routing_context);
		break;
	case XUA_TAG_CORRELATION_ID:
		d->has_correlation |= number(p, &d->correlation_id);
		break;
	case TAG_PROTOCOL_DATA:
		if (d->n_protocol_data++ == nth) {
			*found = read_protocol_data(p, d);
		}
		break;
	default: /* not ours; a receiver ignores what it does not know (RFC 4666 3.2) */
		break;
	}
}

/* length_agrees: the last parameter's padding may be counted or not, and sent or not (RFC 4666 3.1.4). */
static bool length_agrees(const struct xua_header *h, size_t len)
{
	return h->length <= len ? len - h->length < 4 : h->length - len < 4;
}

enum parse m3ua_data_read(struct bytes message, unsigned nth, struct m3ua_data *d, enum reason *why)
{
	struct m3ua_data out = { .user_data = bytes_of(NULL, 0) };
	enum reason broken = R_m3ua_data;
	struct xua_header header;
	bool found = false;
	struct cursor c;

	if (xua_header_read(message, &header, why) != PARSE_OK) {
		return PARSE_BAD;
	}
	c = xua_parameters(message, &header);
	for (unsigned n = 0; cursor_left(&c) != 0 && xua_type(&header) == M3UA_DATA; n++) {
		struct xua_parameter p;

		if (n == LIMIT_XUA_PARAMETERS ||
			xua_parameter_read(&c, message, &p, why) != PARSE_OK) {
			broken = R_xua_parameter;
			out.anomalies |= M3UA_ANOMALY_PARAMETER;
			break;
		}
		read_parameter(&p, nth, &out, &found);
	}
	if (!found) {
		*why = broken;
		return PARSE_BAD;
	}
	out.anomalies |= out.n_protocol_data > 1 ? M3UA_ANOMALY_DUPLICATE : 0;
	out.anomalies |= length_agrees(&header, message.len) ? 0 : M3UA_ANOMALY_LENGTH;
	*why = R_none;
	*d = out;
	return PARSE_OK;
}
