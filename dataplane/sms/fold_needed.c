/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cheap check before the fold: 64 octets at a time as bit masks, bit i for octet i. It may say
 * true in vain ("2GB"), but never false where fold_text changes more than case and spaces:
 *   - octets above ASCII, controls                                  -> rule 1 of fold.c
 *   - three word beginnings in a row that are single characters     -> joining
 *   - the same letter three times                                   -> stretching
 *   - a digit beside a letter, a symbol behind a word character and
 *     before another one                                            -> leet
 */
#include "dataplane/sms/fold.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct masks {
	uint64_t letters;
	uint64_t digits;
	uint64_t symbols; /* @ $ ! */
	uint64_t dollars;
	uint64_t same; /* as the octet before, but for case */
	uint64_t odd;  /* never plain: above 0x7E, controls that are no white space */
};

/* State between blocks. */
struct needed {
	uint64_t letters; /* last block's masks */
	uint64_t digits;
	uint64_t same;
	uint64_t words;
	uint64_t triples;
	uint32_t n_singles; /* in a row, up to here */
};

#ifdef __SSE2__

static __m128i masks_range(__m128i x, char first, char count)
{
	__m128i off = _mm_sub_epi8(x, _mm_set1_epi8(first));

	return _mm_cmpeq_epi8(_mm_min_epu8(off, _mm_set1_epi8((char)(count - 1))), off);
}

static uint64_t masks_bits(__m128i x)
{
	return (uint32_t)_mm_movemask_epi8(x);
}

/* masks_add: 16 octets at `p`, their bits from `shift` on; `before` is the octet before, lower case. */
static void masks_add(struct masks *m, const uint8_t *p, unsigned shift, uint8_t *before)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i low = _mm_or_si128(x, _mm_set1_epi8(0x20));
	__m128i shifted = _mm_or_si128(_mm_slli_si128(low, 1), _mm_cvtsi32_si128(*before));
	__m128i dollars = _mm_cmpeq_epi8(x, _mm_set1_epi8('$'));
	__m128i symbols = _mm_or_si128(dollars, _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('@')),
							_mm_cmpeq_epi8(x, _mm_set1_epi8('!'))));
	__m128i plain = _mm_or_si128(masks_range(x, ' ', 0x5F), masks_range(x, '\t', 5));

	m->letters |= masks_bits(masks_range(low, 'a', 26)) << shift;
	m->digits |= masks_bits(masks_range(x, '0', 10)) << shift;
	m->dollars |= masks_bits(dollars) << shift;
	m->symbols |= masks_bits(symbols) << shift;
	m->same |= masks_bits(_mm_cmpeq_epi8(low, shifted)) << shift;
	m->odd |= (masks_bits(plain) ^ 0xFFFF) << shift;
	*before = p[15] | 0x20;
}

#else

static void masks_add(struct masks *m, const uint8_t *p, unsigned shift, uint8_t *before)
{
	for (unsigned i = 0; i < 16; i++) {
		uint64_t bit = UINT64_C(1) << (shift + i);
		uint8_t c = p[i];
		uint8_t low = c | 0x20;

		m->letters |= (uint8_t)(low - 'a') < 26 ? bit : 0;
		m->digits |= (uint8_t)(c - '0') < 10 ? bit : 0;
		m->dollars |= c == '$' ? bit : 0;
		m->symbols |= c == '@' || c == '$' || c == '!' ? bit : 0;
		m->same |= low == *before ? bit : 0;
		m->odd |= (c >= ' ' && c < 0x7F) || (c >= '\t' && c <= '\r') ? 0 : bit;
		*before = low;
	}
}

#endif

/* masks_read: the masks of up to 64 octets; what lies beyond the text counts as spaces. */
static struct masks masks_read(struct bytes text, uint8_t *before)
{
	struct masks m = { 0 };
	size_t n = text.len < 64 ? text.len : 64;
	size_t at = 0;

	for (; at + 16 <= n; at += 16) {
		masks_add(&m, text.data + at, (unsigned)at, before);
	}
	if (at < n) {
		uint8_t tail[16];

		memset(tail, ' ', sizeof(tail));
		memcpy(tail, text.data + at, n - at);
		masks_add(&m, tail, (unsigned)at, before);
	}
	return m;
}

static bool needed_is_word(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10;
}

/* needed_singles: walks word beginnings from the first single letter; true at three singles running. */
static bool needed_singles(struct needed *s, uint64_t begins, uint64_t singles, uint64_t letters)
{
	while (begins != 0) {
		uint64_t bit;

		if (s->n_singles == 0) {
			uint64_t first = singles & letters & begins;

			if (first == 0) {
				return false;
			}
			begins &= ~((first & -first) - 1);
		}
		bit = begins & -begins;
		begins ^= bit;
		s->n_singles = (singles & bit) != 0 ? s->n_singles + 1 : 0;
		if (s->n_singles == 3) {
			return true;
		}
	}
	return false;
}

/* needed_triple: the letter at `at` is the third like it; false in words of one letter ("www"). */
static bool needed_triple(struct bytes text, size_t at)
{
	size_t from = at;
	size_t to = at;

	while (from > 0 && (text.data[from - 1] | 0x20) == (text.data[at] | 0x20)) {
		from--;
	}
	while (to < text.len && (text.data[to] | 0x20) == (text.data[at] | 0x20)) {
		to++;
	}
	return (from > 0 && needed_is_word(text.data[from - 1])) ||
	       (to < text.len && needed_is_word(text.data[to]));
}

static bool needed_block(struct needed *s, const struct masks *m, struct bytes text, size_t at)
{
	uint64_t words = m->letters | m->digits;
	bool after = at + 64 < text.len && needed_is_word(text.data[at + 64]);
	uint64_t next = words >> 1 | (uint64_t)after << 63;
	uint64_t begins = words & ~(words << 1 | s->words >> 63);
	uint64_t letters_before = m->letters << 1 | s->letters >> 63;
	uint64_t digits_before = m->digits << 1 | s->digits >> 63;
	uint64_t same_before = m->same << 1 | s->same >> 63;
	uint64_t symbols = m->symbols & (words << 1 | s->words >> 63);
	uint64_t triples = m->same & same_before & m->letters;

	if (m->odd != 0 || (letters_before & m->digits) != 0 || (digits_before & m->letters) != 0 ||
		(symbols & next) != 0 ||
		(symbols & m->dollars & (m->dollars >> 1 | UINT64_C(1) << 63)) != 0) {
		return true;
	}
	/* The first triple of a stretch speaks for all of it: a stretch is walked once. */
	for (uint64_t t = triples & ~(triples << 1 | s->triples >> 63); t != 0; t &= t - 1) {
		if (needed_triple(text, at + (size_t)__builtin_ctzll(t))) {
			return true;
		}
	}
	s->letters = m->letters;
	s->digits = m->digits;
	s->same = m->same;
	s->words = words;
	s->triples = triples;
	return needed_singles(s, begins, begins & ~next, m->letters);
}

bool fold_needed(struct bytes text)
{
	struct needed state = { 0 };
	uint8_t before = 0;

	for (size_t at = 0; at < text.len; at += 64) {
		struct masks m = masks_read(bytes_of(text.data + at, text.len - at), &before);

		if (needed_block(&state, &m, text, at)) {
			return true;
		}
	}
	return false;
}
