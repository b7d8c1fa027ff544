/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property: an M3UA message and the SCCP message in it: spans lie in the message where their offsets
 * say; what is read of the SCCP message does not change with octets that no part of it holds; digits
 * are digits. Segments: a model without a table, without ages and ceilings, agrees about each whole.
 */
#include <stdlib.h>

#include "dataplane/proto/m2pa.h"
#include "dataplane/proto/sccp_segments.h"
#include "dataplane/proto/sua.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REFERENCES = 4, SEGMENT_MAX = 40, TABLE = 8 };

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void check_span(struct bytes message, struct bytes span, size_t off)
{
	check(span.len <= message.len);
	if (span.len != 0) {
		check(span.data == message.data + off && off + span.len <= message.len);
	}
}

static void check_address(struct bytes message, const struct sccp_address *a)
{
	check_span(message, a->octets, a->off);
	check(a->n_digits <= LIMIT_SCCP_DIGITS && a->gti <= 15 && a->pc < 1 << 14);
	for (unsigned i = 0; i < a->n_digits; i++) {
		check((a->digits[i] >= '0' && a->digits[i] <= '9') ||
			(a->digits[i] >= 'a' && a->digits[i] <= 'e'));
	}
}

/* check_blind: behind all parts octets may be what they want. */
static void check_blind(struct bytes message, const struct sccp_message *m)
{
	uint8_t *longer = malloc(message.len + 1);
	struct sccp_message again;
	enum reason why;

	memcpy(longer, message.data, message.len);
	longer[message.len] = 0xA5;
	check(sccp_message_read(bytes_of(longer, message.len + 1), &again, &why) == PARSE_OK);
	check(bytes_equal(again.data, m->data) && again.data_off == m->data_off);
	if ((m->anomalies & SCCP_ANOMALY_POINTER) == 0) {
		check(bytes_equal(again.called.octets, m->called.octets));
		check(bytes_equal(again.calling.octets, m->calling.octets));
	}
	free(longer);
}

static void check_sccp(struct bytes message)
{
	struct sccp_message m;
	enum reason why = R_none;

	if (sccp_message_read(message, &m, &why) != PARSE_OK) {
		check(why == R_sccp_pointer || why == R_sccp_type || why == R_sccp_connection);
		return;
	}
	check(why == R_none);
	check_span(message, m.data, m.data_off);
	check_address(message, &m.called);
	check_address(message, &m.calling);
	check(m.segmentation.remaining < LIMIT_SCCP_SEGMENTS && m.segmentation.reference < 1 << 24);
	check(m.anomalies < 1u << SCCP_ANOMALIES);
	check_blind(message, &m);
}

static void check_m3ua(struct bytes message)
{
	struct m3ua_state s = { 0 };
	unsigned n = 1;
	enum reason why = R_none;

	for (unsigned i = 0; i < n; i++) {
		struct m3ua_data d;

		if (m3ua_data_read(message, i, &d, &why) != PARSE_OK) {
			check(why != R_none);
			break;
		}
		check(d.n_protocol_data > i && d.n_protocol_data <= LIMIT_XUA_PARAMETERS);
		check_span(message, d.user_data, d.user_data_off);
		n = d.n_protocol_data;
		check_sccp(d.user_data);
	}
	(void)m3ua_state_message(&s, 1, message, &why);
	check(m3ua_state_of(&s) <= M3UA_ASP_ACTIVE);
}

static void check_others(struct bytes message)
{
	struct sua_message sua;
	struct m2pa_message m2pa;
	enum reason why;

	if (sua_message_read(message, &sua, &why) == PARSE_OK) {
		check_span(message, sua.data, sua.data_off);
	}
	if (m2pa_message_read(message, &m2pa, &why) == PARSE_OK) {
		check_span(message, m2pa.sif, m2pa.sif_off);
	}
}

/* What the model knows of one reference: the newest copy of each segment. */
struct model {
	int n_total; /* 0: no first one yet */
	bool whole;
	struct bytes segment[LIMIT_SCCP_SEGMENTS];
	bool have[LIMIT_SCCP_SEGMENTS];
};

/* model_add: true when `out` has the whole anew. */
static bool model_add(
	struct model *m, bool first, unsigned r, struct bytes data, uint8_t *out, size_t *len)
{
	if (first && m->n_total != 0 && m->whole &&
		(m->n_total != (int)r + 1 || !bytes_equal(m->segment[r], data))) {
		*m = (struct model){ 0 };
	}
	if (!first && m->n_total != 0 && (int)r + 1 >= m->n_total) {
		return false;
	}
	if (first && m->n_total != (int)r + 1) {
		m->n_total = (int)r + 1;
		for (unsigned i = r; i < LIMIT_SCCP_SEGMENTS; i++) {
			m->have[i] = false;
		}
	}
	/* a copy of what is not whole yet tells nothing; of what was whole, it is the whole again */
	if (m->have[r] && bytes_equal(m->segment[r], data) && !m->whole) {
		return false;
	}
	m->have[r] = true;
	m->segment[r] = data;
	*len = 0;
	for (int i = m->n_total - 1; i >= 0; i--) {
		if (!m->have[i]) {
			return false;
		}
		if (m->segment[i].len != 0) {
			memcpy(out + *len, m->segment[i].data, m->segment[i].len);
		}
		*len += m->segment[i].len;
	}
	m->whole |= m->n_total != 0;
	return m->n_total != 0;
}

/* Octets of the input: reference and first, remaining, length, the segment. */
static void check_segments(struct bytes script)
{
	const struct sccp_segments_config config = { TABLE, 15000000 };
	size_t memory_size = sccp_segments_size(&config);
	void *memory = aligned_alloc(64, memory_size);
	struct sccp_segments *t;
	struct model models[REFERENCES] = { 0 };
	struct cursor c = cursor_of(script);
	static uint8_t scratch[LIMIT_SCCP_JOINED_LEN];
	static uint8_t expected[LIMIT_SCCP_SEGMENTS * SEGMENT_MAX];
	static struct stats stats;

	memset(memory, 0, memory_size);
	t = sccp_segments_init(memory, &config);
	while (cursor_left(&c) >= 3) {
		uint8_t head = cursor_u8(&c);
		unsigned remaining = cursor_u8(&c) % LIMIT_SCCP_SEGMENTS;
		size_t len = cursor_u8(&c) % SEGMENT_MAX;
		struct bytes data = cursor_take(&c, len < cursor_left(&c) ? len : cursor_left(&c));
		struct sccp_message m = { .calling.octets = bytes_of("\x42\x08", 2),
			.segmentation = { .present = true,
				.first = (head & 0x80) != 0,
				.remaining = (uint8_t)remaining,
				.reference = head % REFERENCES },
			.data = data };
		struct sccp_joined joined;
		enum reason why;
		size_t expected_len = 0;
		bool single = m.segmentation.first && remaining == 0;
		bool whole = single || model_add(&models[head % REFERENCES], m.segmentation.first,
					       remaining, data, expected, &expected_len);
		enum parse p = sccp_segments_add(t, 0, 1, 2, &m, 0, scratch, &stats, &joined, &why);

		check((p == PARSE_OK) == whole);
		if (whole) {
			check(single ||
				bytes_equal(joined.octets, bytes_of(expected, expected_len)));
			check(joined.own_off + joined.own_len <= joined.octets.len);
			check(bytes_equal(
				bytes_slice(joined.octets, joined.own_off, joined.own_len), data));
		}
		check(p != PARSE_BAD || why == R_sccp_segment_count);
		check(sccp_segments_held(t) <= REFERENCES);
	}
	sccp_segments_expire(t, UINT64_MAX, &stats);
	check(sccp_segments_held(t) == 0);
	free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size + (size == 0));
	struct bytes message = bytes_of(exact, size);

	if (size != 0) {
		memcpy(exact, data, size);
	}
	check_m3ua(message);
	check_sccp(message);
	check_others(message);
	check_segments(message);
	free(exact);
	return 0;
}
