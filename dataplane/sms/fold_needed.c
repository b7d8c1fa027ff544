/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cheap look at a text: 64 octets at a time as bit masks, bit i for octet i. Before the fold it
 * says whether to fold at all, after mapping which stages have work. It may say so in vain ("2GB"),
 * but is never silent where a stage changes more than case:
 *   - octets above ASCII, controls                                  -> mapping
 *   - three word beginnings in a row that are single characters     -> joining
 *   - the same letter three times                                   -> words: stretching
 *   - a digit beside a letter; a symbol behind a word character and
 *     before another one                                            -> words: leet
 */
#include "dataplane/sms/fold.h"

#include "dataplane/sms/fold_view.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct masks {
	uint64_t letters;
	uint64_t digits;
	uint64_t same;    /* as the octet before, but for case */
	uint64_t symbols; /* @ $ */
	uint64_t odd; /* not 0: there are octets above 0x7E or controls other than white space */
};

/* State between blocks. */
struct survey {
	uint64_t letters; /* last block's masks */
	uint64_t digits;
	uint64_t same;
	uint64_t triples;
	uint32_t n_singles; /* in a row, up to here */
};

/* masks_read_rare: what most blocks have none of. */
static void masks_read_rare(struct masks *m, const uint8_t *p)
{
	for (unsigned i = 0; i < 64; i++) {
		uint64_t bit = UINT64_C(1) << i;

		m->symbols |= p[i] == '@' || p[i] == '$' ? bit : 0;
		m->odd |= (p[i] >= ' ' && p[i] < 0x7F) || (p[i] >= '\t' && p[i] <= '\r') ? 0 : bit;
	}
}

#ifdef __SSE2__

static __m128i masks_range(__m128i x, char first, char count)
{
	__m128i off = _mm_sub_epi8(x, _mm_set1_epi8(first));

	return _mm_cmpeq_epi8(_mm_min_epu8(off, _mm_set1_epi8((char)(count - 1))), off);
}

static uint64_t masks_bits(__m128i x, unsigned shift)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(x) << shift;
}

static __m128i masks_load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* masks_read: of 64 octets at `p`; before the first lies `before`. */
static struct masks masks_read(const uint8_t *p, uint8_t before)
{
	const __m128i case_bit = _mm_set1_epi8(0x20);
	__m128i common = _mm_set1_epi8(-1);
	__m128i wide = _mm_setzero_si128();
	struct masks m = { 0 };

	for (unsigned i = 0; i < 64; i += 16) {
		__m128i x = masks_load(p + i);
		__m128i shifted =
			i > 0 ? masks_load(p + i - 1)
			      : _mm_or_si128(_mm_slli_si128(x, 1), _mm_cvtsi32_si128(before));
		__m128i low = _mm_or_si128(x, case_bit);
		__m128i symbol = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('$')),
			_mm_cmpeq_epi8(x, _mm_set1_epi8('@')));

		wide = _mm_or_si128(wide, x);
		m.letters |= masks_bits(masks_range(low, 'a', 26), i);
		m.digits |= masks_bits(masks_range(x, '0', 10), i);
		m.same |= masks_bits(_mm_cmpeq_epi8(low, _mm_or_si128(shifted, case_bit)), i);
		common = _mm_and_si128(common, _mm_andnot_si128(symbol, masks_range(x, ' ', 0x5F)));
	}
	if (masks_bits(wide, 0) != 0) {
		m.odd = masks_bits(wide, 0); /* somewhere in it */
	} else if (masks_bits(common, 0) != 0xFFFF) {
		masks_read_rare(&m, p);
	}
	return m;
}

#else

static struct masks masks_read(const uint8_t *p, uint8_t before)
{
	struct masks m = { 0 };

	for (unsigned i = 0; i < 64; i++) {
		uint64_t bit = UINT64_C(1) << i;
		uint8_t c = p[i];

		m.letters |= (uint8_t)((c | 0x20) - 'a') < 26 ? bit : 0;
		m.digits |= (uint8_t)(c - '0') < 10 ? bit : 0;
		m.same |= (c | 0x20) == (before | 0x20) ? bit : 0;
		before = c;
	}
	masks_read_rare(&m, p);
	return m;
}

#endif

static bool survey_is_word(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10;
}

/* survey_singles: walks word beginnings from the first single letter; are there three singles? */
static bool survey_singles(struct survey *s, uint64_t begins, uint64_t singles, uint64_t letters)
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
			s->n_singles = 0;
			return true;
		}
	}
	return false;
}

/* survey_triple: the letter at `at` is the third like it; false in words of one letter ("www"). */
static bool survey_triple(struct bytes text, size_t at)
{
	size_t from = at;
	size_t to = at;

	while (from > 0 && (text.data[from - 1] | 0x20) == (text.data[at] | 0x20)) {
		from--;
	}
	while (to < text.len && (text.data[to] | 0x20) == (text.data[at] | 0x20)) {
		to++;
	}
	return (from > 0 && survey_is_word(text.data[from - 1])) ||
	       (to < text.len && survey_is_word(text.data[to]));
}

/* survey_block: what `m`, the masks of the text from `at` on, show. */
static unsigned survey_block(struct survey *s, const struct masks *m, struct bytes text, size_t at)
{
	uint64_t words = m->letters | m->digits;
	uint64_t after = at + 64 < text.len && survey_is_word(text.data[at + 64]) ? 1 : 0;
	uint64_t next = words >> 1 | after << 63;
	uint64_t letters_before = m->letters << 1 | s->letters >> 63;
	uint64_t digits_before = m->digits << 1 | s->digits >> 63;
	uint64_t before = letters_before | digits_before;
	uint64_t triples = m->same & (m->same << 1 | s->same >> 63) & m->letters;
	/* behind "$" a word may go on after one more */
	uint64_t twice = m->same >> 1 | UINT64_C(1) << 63;
	uint64_t leet = (letters_before & m->digits) | (digits_before & m->letters) |
	                (m->symbols & before & (next | twice));
	unsigned found = m->odd != 0 ? FOLD_HAS_ODD : 0;

	found |= leet != 0 ? FOLD_HAS_WORDS : 0;
	found |= (m->same & ~words) != 0 ? FOLD_HAS_GAPS : 0; /* or "..." */
	/* The first triple of a stretch speaks for all of it: a stretch is walked once. */
	for (uint64_t t = triples & ~(triples << 1 | s->triples); t != 0; t &= t - 1) {
		if (survey_triple(text, at + (size_t)__builtin_ctzll(t))) {
			found |= FOLD_HAS_WORDS;
			break;
		}
	}
	if (survey_singles(s, words & ~before, words & ~before & ~next, m->letters)) {
		found |= FOLD_HAS_RUNS;
	}
	s->letters = m->letters;
	s->digits = m->digits;
	s->same = m->same;
	s->triples = triples >> 63;
	return found;
}

unsigned fold_survey(struct bytes text, unsigned enough)
{
	struct survey state = { 0 };
	unsigned found = 0;

	for (size_t at = 0; at < text.len; at += 64) {
		const uint8_t *p = text.data + at;
		uint8_t block[64];
		struct masks m;

		if (text.len - at < sizeof(block)) {
			memset(block, ' ', sizeof(block));
			memcpy(block, p, text.len - at);
			p = block;
		}
		m = masks_read(p, at > 0 ? text.data[at - 1] : 0);
		found |= survey_block(&state, &m, text, at);
		if ((found & enough) != 0) {
			break;
		}
	}
	return found;
}

/* has_spacing: line ends, tabs, or spaces side by side, which the fold makes one space each. */
static bool has_spacing(struct bytes text)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	size_t at = 0;

	/* eight octets each seven: a pair that lies across two steps is seen by one of them */
	for (; at + 8 <= text.len; at += 7) {
		uint64_t x;
		uint64_t no_space;
		uint64_t spaces;

		memcpy(&x, text.data + at, sizeof(x));
		no_space = x ^ 0x20 * each;
		/* octets that are 0 get their high bit; those above 0x7F are odd and were seen before */
		spaces = ~((no_space & 0x7F * each) + 0x7F * each) & ~no_space & 0x80 * each;
		if ((spaces & spaces << 8) != 0 || (~(x + 0x60 * each) & ~x & 0x80 * each) != 0) {
			return true;
		}
	}
	for (; at < text.len; at++) {
		if (text.data[at] < 0x20 ||
			(text.data[at] == ' ' && at > 0 && text.data[at - 1] == ' ')) {
			return true;
		}
	}
	return false;
}

bool fold_needed(struct bytes text)
{
	const unsigned beyond = FOLD_HAS_ODD | FOLD_HAS_RUNS | FOLD_HAS_WORDS;

	return (fold_survey(text, beyond) & beyond) != 0 || has_spacing(text);
}
