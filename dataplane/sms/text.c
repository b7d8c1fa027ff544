/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/text.h"

#include <assert.h>
#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "dataplane/sms/gsm7_table.h"
#include "dataplane/sms/text_unit.h"

#define REPLACEMENT   0xFFFDu
#define SYMBOL_NUL    0x2400u
#define SEPTET_BLOCK  256u /* septets unpacked at a time; a whole SMS is 160 */
#define OCTETS_01     UINT64_C(0x0101010101010101)
#define OCTETS_80     UINT64_C(0x8080808080808080)
#define LOCKING_ASCII 4 /* locking tables below this one agree with the default one on ASCII */

/* UTF-8 (RFC 3629) */

static inline size_t put_utf8(uint32_t cp, uint8_t *out, size_t left)
{
	if (cp < 0x80) {
		if (left < 1) {
			return 0;
		}
		out[0] = (uint8_t)cp;
		return 1;
	}
	if (cp < 0x800) {
		if (left < 2) {
			return 0;
		}
		out[0] = (uint8_t)(0xC0 | (cp >> 6));
		out[1] = (uint8_t)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp > 0x10FFFF || (cp & 0xFFFFF800u) == 0xD800) {
		cp = REPLACEMENT; /* no such scalar value: the output stays valid */
	}
	if (cp < 0x10000) {
		if (left < 3) {
			return 0;
		}
		out[0] = (uint8_t)(0xE0 | (cp >> 12));
		out[1] = (uint8_t)(0x80 | ((cp >> 6) & 0x3F));
		out[2] = (uint8_t)(0x80 | (cp & 0x3F));
		return 3;
	}
	if (left < 4) {
		return 0;
	}
	out[0] = (uint8_t)(0xF0 | (cp >> 18));
	out[1] = (uint8_t)(0x80 | ((cp >> 12) & 0x3F));
	out[2] = (uint8_t)(0x80 | ((cp >> 6) & 0x3F));
	out[3] = (uint8_t)(0x80 | (cp & 0x3F));
	return 4;
}

size_t text_put(uint32_t cp, uint8_t *out, size_t left)
{
	return put_utf8(cp, out, left);
}

uint32_t text_next(struct bytes b, size_t *at)
{
	const uint8_t *p = b.data + *at;

	assert(*at < b.len);
	if (p[0] < 0x80) {
		*at += 1;
		return p[0];
	}
	if (p[0] < 0xE0) {
		assert(b.len - *at >= 2);
		*at += 2;
		return ((uint32_t)(p[0] & 0x1F) << 6) | (p[1] & 0x3F);
	}
	if (p[0] < 0xF0) {
		assert(b.len - *at >= 3);
		*at += 3;
		return ((uint32_t)(p[0] & 0x0F) << 12) | ((uint32_t)(p[1] & 0x3F) << 6) |
		       (p[2] & 0x3F);
	}
	assert(b.len - *at >= 4);
	*at += 4;
	return ((uint32_t)(p[0] & 0x07) << 18) | ((uint32_t)(p[1] & 0x3F) << 12) |
	       ((uint32_t)(p[2] & 0x3F) << 6) | (p[3] & 0x3F);
}

/* Eight octets at a time: octet i of memory is bits 8i.. of the word, whatever the machine. */

static uint64_t word_load(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return le64toh(x);
}

static void word_store(uint8_t *p, uint64_t x)
{
	x = htole64(x);
	memcpy(p, &x, sizeof(x));
}

/* For octets below 0x80: the high bit of each that is >= n. No carry leaves an octet. */
static uint64_t word_from(uint64_t x, uint8_t n)
{
	return x + OCTETS_01 * (uint8_t)(0x80 - n);
}

/*
 * word_gsm7_special: the high bit of each octet that is not the same character in the GSM default
 * alphabet and in ASCII (TS 23.038 6.2.1): 0x00 to 0x1F, 0x24, 0x40, 0x5B to 0x60, 0x7B and up. LF
 * and CR are the same but are left to the table, which costs less than testing for them.
 */
static uint64_t word_gsm7_special(uint64_t word)
{
	uint64_t x = word & ~OCTETS_80;
	uint64_t upper = x & (OCTETS_01 * 0x5F); /* 0x40 to 0x7F as capitals, others below 0x20 */
	uint64_t letters = word_from(upper, 0x41) & ~word_from(upper, 0x5B);
	uint64_t others = word_from(x, 0x20) & ~word_from(x, 0x40);

	others &= word_from(x ^ (OCTETS_01 * 0x24), 1);
	return (word | ~(letters | others)) & OCTETS_80;
}

/* word_ascii_special: the high bit of each octet that is not plain ASCII: NUL, 0x80 and up. */
static uint64_t word_ascii_special(uint64_t word)
{
	return (word | ~word_from(word & ~OCTETS_80, 1)) & OCTETS_80;
}

#ifdef __SSE2__

/* block_gsm7_special: as word_gsm7_special, a bit for each of 16 octets. */
static uint32_t block_gsm7_special(__m128i x)
{
	__m128i letter = _mm_sub_epi8(_mm_or_si128(x, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
	__m128i other = _mm_sub_epi8(x, _mm_set1_epi8(0x20));
	__m128i plain =
		_mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
			_mm_cmpeq_epi8(_mm_min_epu8(other, _mm_set1_epi8(31)), other));

	plain = _mm_andnot_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(0x24)), plain);
	return (uint32_t)_mm_movemask_epi8(plain) ^ 0xFFFF;
}

/* block_ascii_special: as word_ascii_special. */
static uint32_t block_ascii_special(__m128i x)
{
	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(x, _mm_cmpeq_epi8(x, _mm_setzero_si128())));
}

#endif

/* An alphabet's characters that are not the same in ASCII, in each width that is looked at at once. */
struct special {
	uint64_t (*word)(uint64_t word);
#ifdef __SSE2__
	uint32_t (*block)(__m128i block);
#endif
};

static const struct special gsm7_special = {
	word_gsm7_special,
#ifdef __SSE2__
	block_gsm7_special,
#endif
};

static const struct special ascii_special = {
	word_ascii_special,
#ifdef __SSE2__
	block_ascii_special,
#endif
};

/* How many octets come before the first special one: 0 to 8. */
static size_t word_count(uint64_t special)
{
	return special != 0 ? (size_t)__builtin_ctzll(special) / 8 : 8;
}

/* The text being written. Full once a character did not fit: nothing after it may be written. */
struct sink {
	uint8_t *out;
	size_t len;
	size_t size;
	uint32_t *origin;
	struct text_stats stats;
};

static inline void sink_put(struct sink *s, uint32_t cp, size_t unit)
{
	size_t n = put_utf8(cp != 0 ? cp : SYMBOL_NUL, s->out + s->len, s->size - s->len);

	if (n == 0) {
		s->size = s->len;
		return;
	}
	if (s->origin != NULL) {
		for (size_t i = 0; i < n; i++) {
			s->origin[s->len + i] = (uint32_t)unit;
		}
	}
	s->len += n;
	s->stats.n_characters++;
}

static void sink_put_undecodable(struct sink *s, size_t unit)
{
	size_t before = s->len;

	sink_put(s, REPLACEMENT, unit);
	s->stats.n_undecodable += s->len != before;
}

/*
 * sink_copy: copies octets that are ASCII in both alphabets, up to the first special one; returns
 * how many; a short rest may be left. May write scratch after what it copied, within `size`. Not
 * for when an origin is asked for.
 */
static inline size_t sink_copy(
	struct sink *s, const uint8_t *p, size_t n, const struct special *special)
{
	uint8_t *out = s->out + s->len; /* the compiler must not fear that it writes into *s */
	size_t room = s->size - s->len;
	size_t done = 0;
	uint64_t stop = 0;

#ifdef __SSE2__
	while (stop == 0 && n - done >= 16 && room - done >= 16) {
		__m128i block = _mm_loadu_si128((const __m128i *)(const void *)(p + done));

		stop = special->block(block);
		_mm_storeu_si128((__m128i *)(void *)(out + done), block);
		done += stop != 0 ? (size_t)__builtin_ctzll(stop) : 16;
	}
#endif
	while (stop == 0 && n - done >= 8 && room - done >= 8) {
		uint64_t word = word_load(p + done);

		stop = special->word(word);
		word_store(out + done, word);
		done += word_count(stop);
	}
	if (stop == 0 && done != n && n >= 8 && n - done < 8 && room - done >= 8) {
		/* The rest: the last eight octets again, less those that are done. */
		unsigned shift = (unsigned)(8 - (n - done)) * 8;
		uint64_t word = word_load(p + n - 8);
		size_t k;

		stop = special->word(word) >> shift;
		k = word_count(stop);
		word_store(out + done, word >> shift);
		done = k < n - done ? done + k : n;
	}
	s->len += done;
	s->stats.n_characters += (uint32_t)done;
	return done;
}

/* GSM 7-bit */

struct shift {
	const uint16_t *locking;
	const uint16_t *single;
	bool plain; /* ASCII may be copied */
};

static struct shift shift_of(const struct text_input *in, const struct sink *s)
{
	/* A reserved identifier: the default tables (TS 23.038 6.2.1.2.4). */
	unsigned locking = in->language.locking < GSM7_LANGUAGES ? in->language.locking : 0;
	unsigned single = in->language.single < GSM7_LANGUAGES ? in->language.single : 0;

	return (struct shift){ gsm7_locking[locking], gsm7_single[single],
		locking < LOCKING_ASCII && s->origin == NULL };
}

/* ESMEs send Latin-1 under data_coding 0; an octet that is no septet is read as that. */
static uint32_t gsm7_character(const uint16_t *table, uint8_t c)
{
	return c < 0x80 ? table[c] : c;
}

static void gsm7_put(struct sink *s, uint32_t cp, size_t unit)
{
	if (cp != 0) {
		sink_put(s, cp, unit);
	} else {
		sink_put_undecodable(s, unit);
	}
}

/*
 * gsm7_put_escaped: the septet after an escape. Escape twice is a space (TS 23.038 6.2.1.1 note
 * 1); a septet without a character in the extension table is the locking table's (6.2.1.1).
 */
static void gsm7_put_escaped(struct sink *s, const struct shift *shift, uint8_t c, size_t unit)
{
	uint32_t cp = c == GSM7_ESCAPE ? ' ' : gsm7_character(shift->single, c);

	gsm7_put(s, cp != 0 ? cp : gsm7_character(shift->locking, c), unit);
}

/*
 * gsm7_run: decodes septets, one an octet; `unit` is the number of the first. Returns how many were
 * used: all, but for an escape at the end when `last` is not set, whose septet is still to come.
 */
static size_t gsm7_run(
	struct sink *s, const struct shift *shift, struct bytes septets, size_t unit, bool last)
{
	size_t i = 0;

	while (i < septets.len) {
		uint8_t c;

		if (shift->plain) {
			i += sink_copy(s, septets.data + i, septets.len - i, &gsm7_special);
			if (i == septets.len) {
				break;
			}
		}
		c = septets.data[i];
		if (c != GSM7_ESCAPE) {
			gsm7_put(s, gsm7_character(shift->locking, c), unit + i);
			i += 1;
		} else if (i + 1 < septets.len) {
			gsm7_put_escaped(s, shift, septets.data[i + 1], unit + i);
			i += 2;
		} else if (last) {
			sink_put(s, ' ', unit + i); /* TS 23.038 6.2.1 note 1 */
			i += 1;
		} else {
			break;
		}
	}
	return i;
}

/* Spreads the low 56 bits to eight septets, one an octet: halves, quarters, eighths. */
static uint64_t packed_spread(uint64_t x)
{
	x = (x & UINT64_C(0x0FFFFFFF)) | ((x & UINT64_C(0xFFFFFFF0000000)) << 4);
	x = (x & UINT64_C(0x00003FFF00003FFF)) | ((x & UINT64_C(0x0FFFC0000FFFC000)) << 2);
	return (x & UINT64_C(0x007F007F007F007F)) | ((x & UINT64_C(0x3F803F803F803F80)) << 1);
}

/* packed_unpack: septets [from, from + n) of `in`, n <= SEPTET_BLOCK, to one an octet. */
static void packed_unpack(const struct text_input *in, size_t from, size_t n, uint8_t *out)
{
	size_t bit = in->skip_bits + from * 7;
	size_t i = 0;

	/* Eight septets lie in eight octets whatever the bit they start at: 7 + 56 < 64. */
	while (n - i >= 8 && bit / 8 + 8 <= in->data.len) {
		word_store(out + i, packed_spread(word_load(in->data.data + bit / 8) >> bit % 8));
		bit += 56;
		i += 8;
	}
	for (; i < n; i++, bit += 7) {
		out[i] = text_packed_get(in->data.data, bit);
	}
}

static void decode_gsm7_packed(struct sink *s, const struct text_input *in)
{
	struct shift shift = shift_of(in, s);
	size_t units = text_packed_units(in);
	uint8_t block[SEPTET_BLOCK];
	size_t done = 0;

	while (done < units) {
		size_t n = units - done < SEPTET_BLOCK ? units - done : SEPTET_BLOCK;

		packed_unpack(in, done, n, block);
		/* A block of more than one septet always advances; the last one takes all. */
		done += gsm7_run(s, &shift, bytes_of(block, n), done, done + n == units);
	}
}

static void decode_gsm7_unpacked(struct sink *s, const struct text_input *in)
{
	struct shift shift = shift_of(in, s);

	(void)gsm7_run(s, &shift, in->data, 0, true);
}

/*
 * utf16_copy: four units that are plain ASCII, at `p`, at once; false, and nothing done, when one
 * is not. Not for when an origin is asked for.
 */
static inline bool utf16_copy(struct sink *s, const uint8_t *p, bool little)
{
	uint64_t word = word_load(p);
	uint64_t high = little ? UINT64_C(0xFF00FF00FF00FF00) : UINT64_C(0x00FF00FF00FF00FF);
	uint64_t x = little ? word : word >> 8;
	uint8_t *out = s->out + s->len;

	/* High octets 0; low ones 0x01 to 0x7F: below 0x80, and so are they less one. */
	if ((word & high) != 0 || s->size - s->len < 4 ||
		((x | (x - UINT64_C(0x0001000100010001))) & UINT64_C(0x8080808080808080)) != 0) {
		return false;
	}
	x = (x | x >> 8) & UINT64_C(0x0000FFFF0000FFFF);
	x |= x >> 16;
	for (unsigned i = 0; i < 4; i++) {
		out[i] = (uint8_t)(x >> (8 * i));
	}
	s->len += 4;
	s->stats.n_characters += 4;
	return true;
}

static void decode_utf16(struct sink *s, const struct text_input *in)
{
	struct text_utf16 order = text_utf16_order(in);
	size_t i = order.skip;

	while (i + 2 <= in->data.len) {
		uint32_t unit;

		if (s->origin == NULL && i + 8 <= in->data.len &&
			utf16_copy(s, in->data.data + i, order.little)) {
			i += 8;
			continue;
		}
		unit = text_utf16_get(in->data.data + i, order.little);

		if (!text_utf16_high(unit) && !text_utf16_low(unit)) {
			sink_put(s, unit, i);
			i += 2;
		} else if (text_utf16_pair_at(in->data, i, order.little)) {
			uint32_t low = text_utf16_get(in->data.data + i + 2, order.little);

			sink_put(s, 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF), i);
			i += 4;
		} else {
			sink_put_undecodable(s, i);
			i += 2;
		}
	}
	if (i < in->data.len) {
		sink_put_undecodable(s, i);
	}
}

/* Alphabets of one octet a character, ASCII below 0x80; what is no character gives 0. */

static uint32_t octet_latin1(uint8_t c)
{
	return c;
}

static uint32_t octet_ascii(uint8_t c)
{
	(void)c;
	return 0;
}

static uint32_t octet_cyrillic(uint8_t c)
{
	/* ISO/IEC 8859-5: U+0401.. in order, but for four. */
	if (c <= 0xA0 || c == 0xAD) {
		return c;
	}
	if (c == 0xF0) {
		return 0x2116; /* numero sign */
	}
	return c == 0xFD ? 0xA7 : 0x0401u + (c - 0xA1u);
}

static uint32_t octet_hebrew(uint8_t c)
{
	/* ISO/IEC 8859-8 */
	if (c == 0xAA) {
		return 0xD7; /* multiplication sign */
	}
	if (c == 0xBA) {
		return 0xF7; /* division sign */
	}
	if (c <= 0xA0 || (c >= 0xA2 && c <= 0xBE)) {
		return c;
	}
	if (c >= 0xE0 && c <= 0xFA) {
		return 0x05D0u + (c - 0xE0u);
	}
	if (c == 0xFD || c == 0xFE) {
		return c == 0xFD ? 0x200E : 0x200F; /* left-to-right, right-to-left mark */
	}
	return c == 0xDF ? 0x2017 : 0; /* double low line */
}

static void decode_octets(struct sink *s, const struct text_input *in, uint32_t (*high)(uint8_t c))
{
	size_t i = 0;

	while (i < in->data.len) {
		uint8_t c;
		uint32_t cp;

		if (s->origin == NULL) {
			i += sink_copy(s, in->data.data + i, in->data.len - i, &ascii_special);
			if (i == in->data.len) {
				break;
			}
		}
		c = in->data.data[i];
		cp = c < 0x80 ? c : high(c);
		if (c < 0x80 || cp != 0) {
			sink_put(s, cp, i);
		} else {
			sink_put_undecodable(s, i);
		}
		i++;
	}
}

/* Shown as Latin-1 so that its ASCII is seen; each octet that was not ASCII is counted. */
static void decode_shift_jis(struct sink *s, const struct text_input *in)
{
	decode_octets(s, in, octet_latin1);
	for (size_t i = 0; i < in->data.len; i++) {
		s->stats.n_undecodable += in->data.data[i] >= 0x80;
	}
}

static void decode_utf8(struct sink *s, const struct text_input *in)
{
	size_t i = 0;

	while (i < in->data.len) {
		struct text_sequence q;

		if (s->origin == NULL) {
			i += sink_copy(s, in->data.data + i, in->data.len - i, &ascii_special);
			if (i == in->data.len) {
				break;
			}
		}
		q = text_sequence_at(in->data.data + i, in->data.len - i);
		if (q.whole) {
			size_t at = i;

			sink_put(s, text_next(in->data, &at), i);
		} else {
			sink_put_undecodable(s, i);
		}
		i += q.len;
	}
}

static void decode(struct sink *s, const struct text_input *in)
{
	switch ((enum text_encoding)in->encoding) {
	case TEXT_GSM7_UNPACKED:
		decode_gsm7_unpacked(s, in);
		break;
	case TEXT_GSM7_PACKED:
		decode_gsm7_packed(s, in);
		break;
	case TEXT_UTF16BE:
	case TEXT_UTF16LE:
		decode_utf16(s, in);
		break;
	case TEXT_LATIN1:
	case TEXT_BINARY:
		decode_octets(s, in, octet_latin1);
		break;
	case TEXT_ASCII:
		decode_octets(s, in, octet_ascii);
		break;
	case TEXT_CYRILLIC:
		decode_octets(s, in, octet_cyrillic);
		break;
	case TEXT_HEBREW:
		decode_octets(s, in, octet_hebrew);
		break;
	case TEXT_SHIFT_JIS:
		decode_shift_jis(s, in);
		break;
	case TEXT_UTF8:
		decode_utf8(s, in);
		break;
	case TEXT_COMPRESSED:
	case TEXT_ENCODINGS:
		break;
	}
}

size_t text_decode(const struct text_input *in, uint8_t *out, size_t size, uint32_t *origin,
	struct text_stats *stats)
{
	struct sink s = { .out = out, .size = size, .origin = origin };

	decode(&s, in);
	if (origin != NULL) {
		origin[s.len] = (uint32_t)text_units(in);
	}
	if (stats != NULL) {
		*stats = s.stats;
	}
	return s.len;
}

size_t text_units(const struct text_input *in)
{
	return in->encoding == TEXT_GSM7_PACKED ? text_packed_units(in) : in->data.len;
}

bool text_utf8_valid(struct bytes b)
{
	size_t i = 0;

	while (i < b.len) {
		struct text_sequence q;

		if (b.len - i >= 8 && (word_load(b.data + i) & OCTETS_80) == 0) {
			i += 8;
			continue;
		}
		q = text_sequence_at(b.data + i, b.len - i);
		if (!q.whole) {
			return false;
		}
		i += q.len;
	}
	return true;
}
