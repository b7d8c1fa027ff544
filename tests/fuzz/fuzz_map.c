/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property: a reader written by recursion, level by level, agrees about every element; levels beyond
 * LIMIT_BER_DEPTH are refused; spans lie in the message; each component takes octets, so that there
 * are no more of them than octets; a short message makes valid UTF-8 within its bound.
 */
#include <stdlib.h>

#include "dataplane/sms/from_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_SIZE_MAX = 1024 };

static void check_span(struct bytes message, struct bytes span)
{
	if (span.len != 0 &&
		(span.data < message.data || span.data + span.len > message.data + message.len)) {
		abort();
	}
}

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* What the model found: the end of an element, or why there is none. */
enum model { MODEL_OK, MODEL_MORE, MODEL_BAD };

/* model_head: identifier and length (X.690 8.1.2, 8.1.3) at b[*at]; *at moves behind them. */
static enum model model_head(
	struct bytes b, size_t *at, bool *constructed, bool *end_mark_tag, long long *length)
{
	uint8_t first;
	uint64_t number;

	if (*at == b.len) {
		return MODEL_MORE;
	}
	first = b.data[(*at)++];
	*constructed = (first & 0x20) != 0;
	number = first & 0x1F;
	if (number == 0x1F) {
		number = 0;
		for (unsigned i = 0;; i++) {
			if (i == 4) {
				return MODEL_BAD;
			}
			if (*at == b.len) {
				return MODEL_MORE;
			}
			number = number << 7 | (b.data[*at] & 0x7F);
			if ((b.data[(*at)++] & 0x80) == 0) {
				break;
			}
		}
	}
	*end_mark_tag = (first & 0xE0) == 0 && number == 0;
	if (*at == b.len) {
		return MODEL_MORE;
	}
	first = b.data[(*at)++];
	*length = first == 0x80 ? -1 : first;
	if (first > 0x80) {
		if (first > 0x84) {
			return MODEL_BAD;
		}
		*length = 0;
		for (unsigned n = first & 0x7F; n != 0; n--) {
			if (*at == b.len) {
				return MODEL_MORE;
			}
			*length = *length << 8 | b.data[(*at)++];
		}
	}
	return *length < 0 && !*constructed ? MODEL_BAD : MODEL_OK;
}

/* model_read: one element; `inner` in one of the indefinite form, where *end says an end mark came. */
static enum model model_read(struct bytes b, size_t *at, unsigned depth, bool inner, bool *end)
{
	bool constructed;
	bool end_mark_tag;
	long long length;
	enum model m = model_head(b, at, &constructed, &end_mark_tag, &length);

	*end = false;
	if (m != MODEL_OK) {
		return m;
	}
	if (end_mark_tag) {
		*end = inner && length == 0;
		return *end ? MODEL_OK : MODEL_BAD;
	}
	if (length >= 0) {
		if ((uint64_t)length > b.len - *at) {
			return MODEL_MORE;
		}
		*at += (size_t)length;
		return MODEL_OK;
	}
	if (depth == LIMIT_BER_DEPTH) {
		return MODEL_BAD;
	}
	for (;;) {
		bool inner_end;

		m = model_read(b, at, depth + 1, true, &inner_end);
		if (m != MODEL_OK || inner_end) {
			return m;
		}
	}
}

/* All elements side by side, from the first octet on: both readers agree. */
static void check_elements(struct bytes b)
{
	struct cursor c = cursor_of(b);
	size_t at = 0;

	while (cursor_left(&c) != 0) {
		struct ber_element e;
		enum reason why = R_none;
		bool end;
		enum model m = model_read(b, &at, 0, false, &end);
		enum parse p = ber_read(&c, &e, &why);
		uint8_t copy[64];
		struct bytes octets;

		check((p == PARSE_OK) == (m == MODEL_OK));
		check((p == PARSE_MORE) == (m == MODEL_MORE));
		check((p == PARSE_BAD) == (why != R_none));
		if (p != PARSE_OK) {
			return;
		}
		check(c.at == b.data + at);
		check_span(b, e.whole);
		check_span(e.whole, e.value);
		check(e.whole.len >= e.value.len + 2);
		if (ber_octets(&e, copy, sizeof(copy), &octets) && octets.data != copy) {
			check_span(e.whole, octets);
		}
	}
}

static void check_address(struct bytes message, const struct gsmmap_address *a)
{
	check_span(message, a->octets);
	check(a->n_digits <= LIMIT_MAP_DIGITS);
	check(a->octets.len == 0 || message.data + a->off == a->octets.data);
}

static void check_sms(struct bytes message, const struct gsmmap_message *m)
{
	static uint8_t text[TEXT_SIZE_MAX + LIMIT_SCAN_TAIL];
	static struct map_tpdu t;
	static struct sms sms;
	struct sms_buffers buffers = { .text = text, .text_size = TEXT_SIZE_MAX };
	enum reason why = R_none;

	if (sms_from_map(m, &t, &buffers, &sms, &why) != PARSE_OK) {
		check(why == R_tpdu_body || why == R_ber);
		return;
	}
	check(text_utf8_valid(sms.source.digits) && text_utf8_valid(sms.destination.digits));
	if (sms.n_bodies != 0) {
		check(text_utf8_valid(sms.body[0].text));
		check(sms.body[0].text.len <= TEXT_SIZE(sms.body[0].octets.len));
		if (!sms.in_pieces) {
			check_span(message, sms.body[0].octets);
			check(sms.body[0].octets.len == 0 ||
				message.data + sms.body[0].offset == sms.body[0].octets.data);
		}
	}
}

static void check_component(struct bytes message, const struct tcap_component *c)
{
	static struct gsmmap_message m;
	const struct gsmmap_context context = { 0, 0 };
	enum reason why = R_none;

	check_span(message, c->whole);
	check(message.data + c->off == c->whole.data);
	check(c->code_off + c->code_len <= message.len);
	if (c->has_parameter) {
		check_span(c->whole, c->parameter.whole);
	}
	if (gsmmap_message_read(c, context, message, &m, &why) != PARSE_OK) {
		check(why != R_none);
		return;
	}
	check_address(message, &m.service_centre);
	check_address(message, &m.msisdn);
	check_address(message, &m.node);
	check_address(message, &m.roaming);
	check_address(message, &m.imsi);
	check_span(message, m.lmsi);
	if (m.has_ui) {
		check_span(c->whole, m.ui);
		check(m.ui.len == 0 || message.data + m.ui_off == m.ui.data);
		check_sms(message, &m);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcap_message t;
	uint8_t *exact = malloc(size + (size == 0));
	struct bytes message = bytes_of(exact, size);
	enum reason why = R_none;

	if (size != 0) {
		memcpy(exact, data, size);
	}
	check_elements(message);
	if (tcap_message_read(message, &t, &why) == PARSE_OK) {
		struct cursor c = cursor_of(t.components);
		size_t n = 0;

		check_span(message, t.otid);
		check_span(message, t.dtid);
		check_span(message, t.context);
		check_span(message, t.dialogue_portion);
		check_span(message, t.components);
		for (; cursor_left(&c) != 0; n++) {
			struct tcap_component component;
			size_t left = cursor_left(&c);

			if (tcap_component_read(&c, message, &component, &why) == PARSE_OK) {
				check_component(message, &component);
			}
			check(cursor_left(&c) < left);
		}
		check(n <= size);
	} else {
		check(why != R_none);
	}
	free(exact);
	return 0;
}
