/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules, in their order; the reasons are measured in research/folding.md.
 *
 * 1. Every code point by table (this file). Dropped: default-ignorable ones (zero width, variation
 *    selectors, soft hyphen, bidi controls, tags), controls, ornamental combining marks (those of
 *    U+0300-036F and later blocks like it), TATWEEL, the TM sign. Marks that are letters (Thai, the
 *    Indic scripts, Arabic) stay. Mapped: compatibility forms (width, mathematical, enclosed,
 *    superscript, ligature), Latin, Greek and Cyrillic letters with diacritics to their base, Latin
 *    letters with strokes or in small capitals to a-z, digits of all scripts to 0-9, spaces to
 *    U+0020, dashes and quotation marks to ASCII; case to lower.
 *    A letter whose look-alike is not that of its plain fold (U+039D: N, U+03BD: v) waits for rule
 *    3: look-alikes come before compatibility and case.
 * 2. Spacing (fold_join.c). Three or more single letters parted by one and the same separator are
 *    joined; a run of spaces is one space.
 * 3. Words (fold_word.c). Look-alikes become ASCII where the whole word does, and the word is mixed
 *    or the text is not in their script; letters repeated more than twice are two, except in a word
 *    of one letter ("www", "xxx"); leet is undone in words that are no codes or quantities.
 *
 * Idempotent because each rule leaves nothing for itself or for an earlier one to do: rule 1 maps
 * to fixed points (the generator asserts it); rule 3 decides by counts that its own edits cannot
 * turn (see fold_word.c), undoes all leet of a word or none, and makes no single letters.
 */
#include "dataplane/sms/fold.h"

#include "dataplane/sms/fold_table.h"
#include "dataplane/sms/fold_view.h"

/* enum fold_kind in the low digit, octets in the high one; row r is octets r0..rF. */
/* clang-format off */
const uint8_t fold_octets[256] = {
	0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,
	0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,
	0x11,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,
	0x12,0x12,0x12,0x12,0x12,0x12,0x12,0x12,0x12,0x12,0x10,0x10,0x10,0x10,0x10,0x10,
	0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,
	0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,0x10,
	0x10,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,
	0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x13,0x10,0x10,0x10,0x10,0x10,
	0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,
	0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,
	0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,
	0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,0x17,
	0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,
	0x28,0x28,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,0x27,
	0x37,0x37,0x37,0x37,0x37,0x38,0x38,0x38,0x38,0x37,0x37,0x37,0x37,0x37,0x37,0x37,
	0x47,0x47,0x47,0x47,0x47,0x47,0x47,0x47,0x47,0x47,0x47,0x47,0x47,0x47,0x47,0x47,
};
/* clang-format on */

/* Where mapping is: apart from the view, so that writing octets does not have it read anew. */
struct fold_place {
	size_t from; /* in the text */
	size_t len;  /* of what is written */
};

/* fold_put: appends 1 to 31 octets that came from `at.from`; returns the length then. */
static inline size_t fold_put(
	const struct fold_view *v, struct fold_place at, const uint8_t *octets, size_t n)
{
	uint8_t *out = v->out + at.len;
	uint32_t *origin = v->origin;
	size_t i = 0;

	do {
		out[i] = octets[i];
	} while (++i < n);
	if (origin != NULL) {
		i = 0;
		do {
			origin[at.len + i] = (uint32_t)at.from;
		} while (++i < n);
	}
	return at.len + n;
}

static size_t fold_put_code_point(const struct fold_view *v, struct fold_place at, uint32_t cp)
{
	uint8_t u[4];

	if (cp < 0x80) {
		u[0] = (uint8_t)cp;
		return fold_put(v, at, u, 1);
	}
	if (cp < 0x800) {
		u[0] = (uint8_t)(0xC0 | cp >> 6);
		u[1] = (uint8_t)(0x80 | (cp & 0x3F));
		return fold_put(v, at, u, 2);
	}
	u[0] = (uint8_t)(cp < 0x10000 ? 0xE0 | cp >> 12 : 0xF0 | cp >> 18);
	u[1] = (uint8_t)(0x80 | (cp >> (cp < 0x10000 ? 6 : 12) & 0x3F));
	u[2] = (uint8_t)(0x80 | (cp >> (cp < 0x10000 ? 0 : 6) & 0x3F));
	u[3] = (uint8_t)(0x80 | (cp & 0x3F));
	return fold_put(v, at, u, cp < 0x10000 ? 3 : 4);
}

/* fold_map_ascii: lower case; controls are dropped but for white space, which is a space. */
static size_t fold_map_ascii(struct fold_view *v, struct fold_place at, uint8_t c)
{
	if ((uint8_t)(c - 'A') < 26) {
		c |= 0x20;
	} else if (c < 0x20 || c == 0x7F) {
		if (c < '\t' || c > '\r') {
			v->beyond_case = true;
			return at.len;
		}
		c = ' ';
	}
	return fold_put(v, at, &c, 1);
}

/* fold_map_wide: a code point above ASCII, of `n` octets at `p`. */
static size_t fold_map_wide(
	struct fold_view *v, struct fold_place at, uint32_t cp, const uint8_t *p, uint8_t n)
{
	uint32_t entry = fold_entry(cp);
	uint32_t value = fold_entry_value(entry);

	switch (fold_entry_action(entry)) {
	case FOLD_KEEP:
		v->seen |= entry;
		return n > 1 ? fold_put(v, at, p, n) : fold_put_code_point(v, at, cp);
	case FOLD_MAP:
		v->seen |= value >= 0x80 ? fold_letter(value) << 23 : 0;
		v->beyond_case |= !fold_entry_is_case(entry);
		return fold_put_code_point(v, at, value);
	case FOLD_SEQUENCE:
		v->seen |= UINT32_C(1) << 25; /* a look-alike, may be */
		v->beyond_case = true;
		return fold_put(v, at, fold_table_sequences + (value >> 5), value & 31);
	case FOLD_DROP:
		break;
	}
	v->beyond_case = true;
	return at.len;
}

/*
 * fold_map_eight: eight octets at once if all are printable ASCII, in lower case: one bit per octet
 * says "A to Z" (octets below 0x80 carry nothing into the next). Returns if they are.
 */
static bool fold_map_eight(const struct fold_view *v, struct fold_place at, const uint8_t *p)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint32_t *origin = v->origin;
	uint64_t x;
	uint64_t upper;

	memcpy(&x, p, sizeof(x));
	/* above 0x7E, or below 0x20 */
	if (((x | (x + each) | ~(x + 0x60 * each)) & 0x80 * each) != 0) {
		return false;
	}
	upper = (x + (0x80 - 'A') * each) & ~(x + (0x7F - 'Z') * each) & 0x80 * each;
	x |= upper >> 2;
	memcpy(v->out + at.len, &x, sizeof(x));
	for (uint32_t i = 0; i < 8 && origin != NULL; i++) {
		origin[at.len + i] = (uint32_t)at.from + i;
	}
	return true;
}

static bool fold_is_tail(uint8_t c)
{
	return (c & 0xC0) == 0x80;
}

/*
 * fold_decode: one code point above ASCII of `left` octets at `p`; *n is how many it takes. What is
 * broken is U+FFFD octet by octet: the stages after this one step by first octets alone.
 */
static uint32_t fold_decode(const uint8_t *p, size_t left, uint8_t *n)
{
	*n = fold_octets[p[0]] >> 4;
	if (*n == 2 && left >= 2 && fold_is_tail(p[1])) {
		return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
	}
	if (*n == 3 && left >= 3 && fold_is_tail(p[1]) && fold_is_tail(p[2])) {
		return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
	}
	if (*n == 4 && left >= 4 && fold_is_tail(p[1]) && fold_is_tail(p[2]) &&
		fold_is_tail(p[3])) {
		return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 |
		       (p[3] & 0x3Fu);
	}
	*n = 1;
	return 0xFFFD;
}

static void fold_map(struct fold_view *v, struct bytes text)
{
	struct fold_place at = { 0, 0 };

	while (at.from < text.len) {
		const uint8_t *p = text.data + at.from;
		uint8_t n = 1;

		if (p[0] >= 0x80) {
			uint32_t cp = fold_decode(p, text.len - at.from, &n);

			at.len = fold_map_wide(v, at, cp, p, n);
		} else if (text.len - at.from >= 8 && fold_map_eight(v, at, p)) {
			at.len += 8;
			n = 8;
		} else {
			at.len = fold_map_ascii(v, at, p[0]);
		}
		at.from += n;
	}
	v->len = at.len;
}

struct fold_result fold_text(struct bytes text, uint8_t *out, size_t size, uint32_t *origin)
{
	const unsigned all = FOLD_HAS_GAPS | FOLD_HAS_RUNS | FOLD_HAS_WORDS;
	struct fold_view v = { .out = out, .origin = origin };
	unsigned work;

	if (size < FOLD_SIZE(text.len)) {
		text.len = size < 4 ? 0
		                    : (size - 4) / 3; /* a caller's mistake must not write beyond */
	}
	if (origin == NULL && !fold_needed(text)) {
		return (struct fold_result){ 0, false };
	}
	fold_map(&v, text);
	work = fold_survey(bytes_of(v.out, v.len), FOLD_HAS_ODD);
	if ((work & FOLD_HAS_ODD) != 0) { /* letters above ASCII are left: the survey cannot tell */
		work = all;
	}
	if ((work & (FOLD_HAS_GAPS | FOLD_HAS_RUNS)) != 0) {
		fold_join(&v);
	}
	if ((work & (FOLD_HAS_WORDS | FOLD_HAS_RUNS)) != 0) { /* what is joined may be leet */
		fold_words(&v);
	}
	if (origin != NULL) {
		origin[v.len] = (uint32_t)text.len;
	}
	return (struct fold_result){ v.len, v.beyond_case };
}
