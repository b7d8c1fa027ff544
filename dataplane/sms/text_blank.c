/* SPDX-License-Identifier: BSD-3-Clause */
/* text_blank: spaces over a part of a text, in place and in its own alphabet. Part of text.h. */
#include "dataplane/sms/text.h"

#include "dataplane/sms/gsm7_table.h"
#include "dataplane/sms/text_unit.h"

static uint8_t septet_get(const struct text_input *in, const uint8_t *data, size_t unit)
{
	return in->encoding == TEXT_GSM7_PACKED ? text_packed_get(data, in->skip_bits + unit * 7)
	                                        : data[unit];
}

/*
 * septet_escaped: whether the septet at `unit` belongs to the escape before it. In a run of escapes
 * every second one does, and a run starts with one that does not.
 */
static bool septet_escaped(const struct text_input *in, const uint8_t *data, size_t unit)
{
	bool escaped = false;

	while (unit > 0 && septet_get(in, data, unit - 1) == GSM7_ESCAPE) {
		escaped = !escaped;
		unit--;
	}
	return escaped;
}

static void blank_septets(const struct text_input *in, uint8_t *data, size_t from, size_t to)
{
	size_t units = text_units(in);

	if (septet_escaped(in, data, from)) {
		from--;
	}
	if (to < units && septet_escaped(in, data, to)) {
		to++;
	}
	for (size_t i = from; i < to; i++) {
		if (in->encoding == TEXT_GSM7_PACKED) {
			text_packed_set(data, in->skip_bits + i * 7, GSM7_SPACE);
		} else {
			data[i] = GSM7_SPACE;
		}
	}
}

/* A byte order mark stays: without it the spaces would be read in the other order. */
static void blank_utf16(const struct text_input *in, uint8_t *data, size_t from, size_t to)
{
	struct bytes b = bytes_of(data, in->data.len);
	struct text_utf16 order = text_utf16_order(in);

	from &= ~(size_t)1;
	to += to % 2;
	if (from < order.skip) {
		from = order.skip;
	}
	if (from >= order.skip + 2u && text_utf16_pair_at(b, from - 2, order.little)) {
		from -= 2;
	}
	if (to >= order.skip + 2u && text_utf16_pair_at(b, to - 2, order.little)) {
		to += 2;
	}
	/* An octet left over at the end gets the first half of a space. */
	for (size_t i = from; i < to && i < b.len; i++) {
		data[i] = (i % 2 != 0) == order.little ? 0 : ' ';
	}
}

/* utf8_start: where the character that octet `at` belongs to begins. */
static size_t utf8_start(struct bytes b, size_t at)
{
	for (size_t back = 1; back <= 3 && back <= at; back++) {
		struct text_sequence q = text_sequence_at(b.data + at - back, b.len - (at - back));

		if (q.whole && q.len > back) {
			return at - back;
		}
	}
	return at;
}

static void blank_utf8(const struct text_input *in, uint8_t *data, size_t from, size_t to)
{
	struct bytes b = bytes_of(data, in->data.len);

	from = utf8_start(b, from);
	if (to < b.len && utf8_start(b, to) != to) {
		size_t start = utf8_start(b, to);

		to = start + text_sequence_at(b.data + start, b.len - start).len;
	}
	memset(data + from, ' ', to - from);
}

void text_blank(const struct text_input *in, uint8_t *data, size_t from, size_t to)
{
	size_t units = text_units(in);

	if (to > units) {
		to = units;
	}
	if (from >= to) {
		return;
	}
	switch ((enum text_encoding)in->encoding) {
	case TEXT_GSM7_UNPACKED:
	case TEXT_GSM7_PACKED:
		blank_septets(in, data, from, to);
		break;
	case TEXT_UTF16BE:
	case TEXT_UTF16LE:
		blank_utf16(in, data, from, to);
		break;
	case TEXT_UTF8:
		blank_utf8(in, data, from, to);
		break;
	case TEXT_LATIN1:
	case TEXT_ASCII:
	case TEXT_BINARY:
	case TEXT_CYRILLIC:
	case TEXT_HEBREW:
	case TEXT_SHIFT_JIS:
	case TEXT_COMPRESSED:
	case TEXT_ENCODINGS:
		memset(data + from, ' ', to - from);
		break;
	}
}
