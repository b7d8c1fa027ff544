/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Property: spans and offsets lie in the TPDU; no octet behind the user data changes what is read;
 * texts and addresses are valid UTF-8 within their bounds; blanking all of a text leaves every octet
 * outside its septets alone and spaces in it. The first octet of the input is the way and the kind.
 */
#include <stdlib.h>

#include "dataplane/sms/tpdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void check_span(struct bytes whole, struct bytes span)
{
	check(span.len == 0 ||
		(span.data >= whole.data && span.data + span.len <= whole.data + whole.len));
}

static size_t decode(const struct tpdu *t, uint8_t *text, size_t size)
{
	size_t n = text_decode(&t->input, text, size, NULL, NULL);

	check(text_utf8_valid(bytes_of(text, n)));
	return n;
}

static void check_tpdu(struct bytes b, const struct tpdu *t)
{
	check_span(b, t->ud);
	check_span(t->ud, t->udh);
	check_span(t->ud, t->input.data);
	check_span(b, t->vp);
	check_span(b, t->timestamp);
	check_span(b, t->discharge);
	check_span(b, t->address.octets);
	check(t->address.n <= TPDU_ADDRESS_SIZE);
	check(text_utf8_valid(bytes_of(t->address.text, t->address.n)));
	check(!t->has_address || b.data[t->address.off] == t->address.length);
	check(t->data_coding_off == 0 || b.data[t->data_coding_off] == t->data_coding);
	check(t->protocol_id_off == 0 || b.data[t->protocol_id_off] == t->protocol_id);
	check(!t->has_ud || b.data[t->udl_off] == t->udl);
	check(!t->has_ud || t->ud.len == 0 || b.data + t->ud_off == t->ud.data);
	if (t->input.encoding == TEXT_GSM7_PACKED) {
		check(t->input.n_septets == 0 ||
			t->input.skip_bits + t->input.n_septets * 7 <= t->ud.len * 8);
		check(t->input.n_septets <= t->udl);
	}
}

/* The same octets with others behind them: the same text, and the surplus is noted. */
static void check_longer(const uint8_t *data, size_t size, enum tpdu_way way, enum tpdu_kind kind,
	const struct tpdu *t, struct bytes text)
{
	static uint8_t longer_text[2048];
	static struct tpdu longer;
	uint8_t *octets = malloc(size + 2);
	enum reason why;

	memcpy(octets, data, size);
	memset(octets + size, 0x55, 2);
	check(tpdu_read(bytes_of(octets, size + 2), way, kind, &longer, &why) == PARSE_OK);
	check(longer.type == t->type && longer.udl == t->udl);
	if ((t->anomalies & TPDU_ANOMALY_LENGTH) == 0) {
		check((longer.anomalies & TPDU_ANOMALY_LENGTH) != 0);
		check(bytes_equal(text,
			bytes_of(longer_text, decode(&longer, longer_text, sizeof(longer_text)))));
	}
	free(octets);
}

/* Only the septets or octets of the text change, and only spaces are read then. */
static void check_blank(uint8_t *octets, struct bytes b, const struct tpdu *t)
{
	static uint8_t text[2048];
	uint8_t *before = malloc(b.len);
	uint8_t *from = octets + (t->input.data.data - b.data);
	size_t n;

	memcpy(before, octets, b.len);
	text_blank(&t->input, from, 0, text_units(&t->input));
	check(memcmp(before, octets, (size_t)(from - octets) + t->input.skip_bits / 8) == 0);
	check(memcmp(before + (from - octets) + t->input.data.len, from + t->input.data.len,
		      b.len - (size_t)(from - octets) - t->input.data.len) == 0);
	n = decode(t, text, sizeof(text));
	if (t->input.encoding == TEXT_GSM7_PACKED && t->input.language.locking == 0) {
		check(n == t->input.n_septets);
		for (size_t i = 0; i < n; i++) {
			check(text[i] == ' ');
		}
	}
	free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t text[2048];
	static struct tpdu t;
	enum reason why = R_none;
	enum tpdu_kind kind;
	enum tpdu_way way;
	uint8_t *exact;
	struct bytes b;

	if (size == 0) {
		return 0;
	}
	way = (data[0] & 1) != 0 ? TPDU_TO_MOBILE : TPDU_TO_CENTRE;
	kind = (enum tpdu_kind)((data[0] >> 1) % 3);
	data++;
	size--;
	exact = malloc(size + (size == 0));
	memcpy(exact, data, size);
	b = bytes_of(exact, size);
	if (tpdu_read(b, way, kind, &t, &why) == PARSE_OK) {
		size_t n = decode(&t, text, sizeof(text));

		check_tpdu(b, &t);
		check(n <= TEXT_SIZE(t.ud.len));
		if (t.has_ud) { /* else what follows may be fields that were missing */
			check_longer(data, size, way, kind, &t, bytes_of(text, n));
		}
		if (t.input.data.len != 0) {
			check_blank(exact, b, &t);
		}
	} else {
		check(why == R_tpdu_body);
	}
	free(exact);
	return 0;
}
