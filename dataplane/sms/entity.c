/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk over a text: a URL or a number can begin only where a word does. What the readers in
 * entity_url.c and entity_number.c have looked at in vain is not looked at again by them, so the
 * walk is linear.
 */
#include "dataplane/sms/entity.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "dataplane/sms/entity_number.h"

/* A place in the walk. */
struct entity_walk {
	struct bytes text;
	uint16_t home; /* of numbers */
	size_t at;
	size_t url_from;    /* before it no domain begins */
	size_t number_from; /* before it no number begins */
	bool spelled;       /* numbers may be in words or have letters for digits */
};

/* char_decode: one code point; not valid UTF-8: a character of its own. */
static struct entity_char char_decode(struct bytes text, size_t at)
{
	uint8_t first = text.data[at];
	struct entity_char c = { .len = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4 };

	if (first < 0x80) {
		return (struct entity_char){ .cp = first, .len = 1 };
	}
	if (c.len > text.len - at) {
		return (struct entity_char){ .cp = 0xFFFD, .len = 1 };
	}
	c.cp = first & (0x7Fu >> c.len);
	for (uint8_t i = 1; i < c.len; i++) {
		c.cp = c.cp << 6 | (text.data[at + i] & 0x3F);
	}
	return c;
}

/* char_view: what a code point above ASCII is read as. */
static void char_view(struct entity_char *c)
{
	uint32_t entry;
	uint32_t to;

	if (c->cp >= 0xFF01 && c->cp <= 0xFF5E) { /* full width, case kept */
		c->cp -= 0xFEE0;
		return;
	}
	if (c->cp == 0x3002 ||
		c->cp == 0xFF61) { /* ideographic full stops, IDNA's dots (UTS 46 4) */
		c->cp = '.';
		return;
	}
	entry = fold_entry(c->cp);
	to = fold_entry_action(entry) == FOLD_MAP ? fold_entry_value(entry) : c->cp;
	if (to >= 0x80) {
		uint32_t plain = fold_entry(to);

		/* the letters that fold to two: sharp s, ae, oe, thorn */
		c->letter = fold_entry_class(plain) != FOLD_OTHER ||
		            (c->cp >= 0xC0 && c->cp < 0x250 &&
				    fold_entry_action(entry) == FOLD_SEQUENCE);
		c->native = fold_entry_class(plain) == FOLD_NATIVE;
	} else if (entity_is_alnum(to) && c->cp < 0x2100) {
		/* an accented letter makes another name, a digit of another script does not */
		c->letter = !entity_is_digit(to);
		c->cp = c->letter ? c->cp : to;
	} else {
		c->cp = to;
	}
}

/* char_is_invisible: joiners, soft hyphens, direction marks, variation selectors. */
static bool char_is_invisible(uint32_t c)
{
	return c == 0xAD || c == 0x34F || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
	       (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
	       (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

struct entity_char entity_char_wide(struct bytes text, size_t at)
{
	struct entity_char c = char_decode(text, at);

	if (c.cp >= 0x80) {
		char_view(&c);
	}
	for (unsigned i = 0; i < ENTITY_INVISIBLE; i++) {
		size_t next = at + c.len;
		struct entity_char behind;

		if (next >= text.len || text.data[next] < 0x80) {
			break;
		}
		behind = char_decode(text, next);
		if (!char_is_invisible(behind.cp)) {
			break;
		}
		c.len = (uint8_t)(c.len + behind.len);
	}
	return c;
}

static uint32_t entity_lower(uint32_t c)
{
	return c - 'A' < 26 ? c | 0x20 : c;
}

/* entity_lower_wide: above ASCII; the folded view's table also strips what makes another name. */
static uint32_t entity_lower_wide(uint32_t c)
{
	uint32_t entry;

	if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3AB) ||
		(c >= 0x410 && c <= 0x42F)) {
		return c + 0x20;
	}
	if (c >= 0x400 && c <= 0x40F) {
		return c + 0x50;
	}
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) ||
		(c >= 0x460 && c <= 0x4BF)) {
		return c == 0x130 ? 'i' : c | 1; /* pairs, capital first */
	}
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) {
		return c + (c & 1);
	}
	entry = fold_entry(c);
	return fold_entry_is_case(entry) ? fold_entry_value(entry) : c;
}

uint32_t entity_lower_point(uint32_t c)
{
	return c < 0x80 ? entity_lower(c) : entity_lower_wide(c);
}

size_t entity_match(struct bytes text, size_t at, const char *word)
{
	for (; *word != '\0'; word++) {
		struct entity_char c = entity_char_at(text, at);

		if (c.len == 0 || entity_lower(c.cp) != (uint8_t)*word) {
			return 0;
		}
		at += c.len;
	}
	return at;
}

bool entity_put(struct entity_sink *sink, uint32_t cp)
{
	uint8_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	uint8_t *to = sink->buffer + sink->used;

	if (sink->size - sink->used < n) {
		return false;
	}
	for (uint8_t i = n; i > 1; i--) {
		to[i - 1] = (uint8_t)(0x80 | (cp & 0x3F));
		cp >>= 6;
	}
	to[0] = (uint8_t)(n == 1 ? cp : (0xF00u >> n & 0xF0) | cp);
	sink->used += n;
	return true;
}

bool entity_put_text(struct entity_sink *sink, const char *s)
{
	while (*s != '\0') {
		if (!entity_put(sink, (uint8_t)*s++)) {
			return false;
		}
	}
	return true;
}

bool entity_put_span(
	struct entity_sink *sink, struct bytes text, size_t from, size_t to, bool lower)
{
	while (from < to) {
		struct entity_char c = entity_char_at(text, from);

		if (lower) {
			c.cp = entity_lower_point(c.cp);
		}
		if (!entity_put(sink, c.cp)) {
			return false;
		}
		from += c.len;
	}
	return true;
}

/* walk_skip_word: past an ASCII word, or one other character: names begin where scripts meet. */
static void walk_skip_word(struct entity_walk *w)
{
	const uint8_t *p = w->text.data;
	bool ascii = p[w->at] < 0x80;

	if (p[w->at] == '(' || p[w->at] == '+') {
		w->at++; /* a word may begin behind it */
		return;
	}
	do {
		w->at++;
	} while (w->at < w->text.len &&
		 (ascii ? entity_is_alnum(p[w->at]) : (p[w->at] & 0xC0) == 0x80));
}

/*
 * walk_may_be_url: what stands at `end`, behind a word, can go on a domain or a scheme. Most words
 * fail here; entity_read_url() reads properly.
 */
static bool walk_may_be_url(struct bytes text, size_t end)
{
	const uint8_t *p = text.data;

	if (text.len - end < 3) { /* ".me" */
		return false;
	}
	switch (p[end]) {
	case '.':
		return p[end + 1] == ' ' ? entity_is_spaced(text, end) : p[end + 1] != '.';
	case ' ':
		return p[end + 1] == '[' || p[end + 1] == '(' || p[end + 1] == '{' ||
		       p[end + 1] == '.' || p[end + 1] == ':' || (p[end + 1] | 0x20) == 'd';
	case ':':
	case '[':
	case '(':
	case '{':
	case '@':
		return true;
	default:
		return p[end] >= 0x80;
	}
}

static bool walk_find_url(struct entity_walk *w, struct entity_sink *sink, struct entity *e)
{
	const uint8_t *p = w->text.data;
	size_t end = w->at;

	if (w->at < w->url_from) {
		return false;
	}
	while (end < w->text.len && (entity_is_alnum(p[end]) || p[end] == '-' || p[end] == '_')) {
		end++;
	}
	if (!walk_may_be_url(w->text, end)) {
		w->url_from = end;
		return false;
	}
	return entity_read_url(w->text, w->at, sink, e, &w->url_from);
}

/* walk_may_be_number: a digit, or what may stand for one, is at w->at, or behind '+' or '(' there. */
static bool walk_may_be_number(const struct entity_walk *w)
{
	struct entity_char c = entity_char_at(w->text, w->at);
	size_t at = w->at;

	if (c.cp == '+' || c.cp == '(') {
		at += c.len;
		c = entity_char_at(w->text, at);
		if (c.cp == '(' || c.cp == '+' || c.cp == ' ') {
			return true;
		}
	}
	return entity_is_digit(c.cp) || (w->spelled && number_may_begin_spelled(w->text, at));
}

static bool walk_find(struct entity_walk *w, struct entity_sink *sink, struct entity *e)
{
	if (walk_find_url(w, sink, e)) {
		return true;
	}
	return w->at >= w->number_from && walk_may_be_number(w) &&
	       entity_read_number(w->text, w->at, w->home, sink, e, &w->number_from);
}

/* walk_begins: a word, a '+' or a '(' begins at w->at. */
static bool walk_begins(const struct entity_walk *w)
{
	uint8_t c = w->text.data[w->at];

	return entity_is_alnum(c) || c >= 0xC2 || c == '+' || c == '(';
}

/*
 * What tells that a text may have URLs, as pairs of octets: the bits that the first has and the
 * second too. Most texts have none of it, and fewer than seven digits.
 */
enum {
	PAIR_DOT = 1,     /* '.' and no space */
	PAIR_SCHEME = 2,  /* ':' and what "://", ":\\", "[:]//" go on with */
	PAIR_BRACKET = 4, /* "[." "(d" and so on */
	PAIR_D = 8,       /* " d", "do", "ot": " dot " */
	PAIR_O = 16,
	PAIR_T = 32,
	PAIR_WIDE = 64,   /* perhaps U+3002, U+FF0E, U+FF1A, U+FF61 */
	PAIR_DIGIT = 128, /* a digit, or the first octet of one (of the scripts that have them) */
};

/* clang-format off */
static const uint8_t pair_first[256] = {
	['.'] = PAIR_DOT, [':'] = PAIR_SCHEME,
	['['] = PAIR_BRACKET, ['('] = PAIR_BRACKET, ['{'] = PAIR_BRACKET,
	[' '] = PAIR_D, ['d'] = PAIR_O, ['D'] = PAIR_O, ['o'] = PAIR_T, ['O'] = PAIR_T,
	['0'] = PAIR_DIGIT, ['1'] = PAIR_DIGIT, ['2'] = PAIR_DIGIT, ['3'] = PAIR_DIGIT,
	['4'] = PAIR_DIGIT, ['5'] = PAIR_DIGIT, ['6'] = PAIR_DIGIT, ['7'] = PAIR_DIGIT,
	['8'] = PAIR_DIGIT, ['9'] = PAIR_DIGIT,
	[0xD9] = PAIR_DIGIT, [0xDB] = PAIR_DIGIT, [0xDF] = PAIR_DIGIT, [0xE0] = PAIR_DIGIT,
	[0xE1] = PAIR_DIGIT, [0xE2] = PAIR_DIGIT, [0xE3] = PAIR_WIDE, [0xEA] = PAIR_DIGIT,
	[0xEF] = PAIR_WIDE | PAIR_DIGIT, [0xF0] = PAIR_DIGIT,
};

static const uint8_t pair_second[256] = {
	['/'] = PAIR_SCHEME, [']'] = PAIR_SCHEME, ['\\'] = PAIR_SCHEME, ['.'] = PAIR_BRACKET, [':'] = PAIR_BRACKET,
	['d'] = PAIR_BRACKET | PAIR_D, ['D'] = PAIR_BRACKET | PAIR_D,
	['o'] = PAIR_O, ['O'] = PAIR_O, ['t'] = PAIR_T, ['T'] = PAIR_T,
	[0x80] = PAIR_WIDE, [0xBC] = PAIR_WIDE, [0xBD] = PAIR_WIDE,
	[0xEF] = PAIR_SCHEME | PAIR_BRACKET,
};
/* clang-format on */

/* survey_has_wide_dot: a wide full stop or colon, and ASCII or another wide character beside it. */
static bool survey_has_wide_dot(struct bytes text)
{
	for (size_t at = 0; at + 2 < text.len; at++) {
		const uint8_t *p = text.data + at;
		bool stop = p[0] == 0xE3 && p[1] == 0x80 && p[2] == 0x82;
		bool half = p[0] == 0xEF && p[1] == 0xBD && p[2] == 0xA1;
		bool full = p[0] == 0xEF && p[1] == 0xBC && (p[2] == 0x8E || p[2] == 0x9A);

		if (full ||
			((stop || half) && ((at > 0 && entity_is_alnum(p[-1])) ||
						   (at + 3 < text.len && entity_is_alnum(p[3]))))) {
			return true;
		}
	}
	return false;
}

/* survey_has_spelled_dot: " dot ". */
static bool survey_has_spelled_dot(struct bytes text)
{
	for (size_t at = 0; at + 5 <= text.len; at++) {
		const uint8_t *p = text.data + at;

		if ((p[1] | 0x20) == 'd' && (p[2] | 0x20) == 'o' && (p[3] | 0x20) == 't' &&
			p[0] == ' ' && p[4] == ' ') {
			return true;
		}
	}
	return false;
}

/* survey_has_spaced_dot: "example . com", "www. example". */
static bool survey_has_spaced_dot(struct bytes text)
{
	const uint8_t *dot = text.len != 0 ? memchr(text.data, '.', text.len) : NULL;

	while (dot != NULL) {
		size_t at = (size_t)(dot - text.data);

		if (at + 1 < text.len && dot[1] == ' ' && entity_is_spaced(text, at)) {
			return true;
		}
		dot = memchr(dot + 1, '.', text.len - at - 1);
	}
	return false;
}

/* What the survey has seen so far. */
struct survey {
	unsigned seen; /* PAIR_... */
	size_t n_digits;
};

/* survey_pairs: the pairs that begin in [from, to). */
static void survey_pairs(struct survey *s, const uint8_t *p, size_t from, size_t to)
{
	for (size_t at = from; at < to; at++) {
		uint8_t first = pair_first[p[at]];
		uint8_t second = pair_second[p[at + 1]] | (p[at + 1] > ' ' ? PAIR_DOT : 0);

		s->seen |= first & second;
		s->n_digits += first >> 7;
	}
}

#if defined(__x86_64__)
enum { BLOCK = 16, BLOCK_READS = BLOCK + 2 };

static __m128i equals(__m128i block, char c)
{
	return _mm_cmpeq_epi8(block, _mm_set1_epi8(c));
}

/*
 * survey_block: the pairs that begin in a block, octet by octet only where it has brackets, ':', '.'
 * before a character, or what is not ASCII. What " do" begins may end in the next one.
 */
static void survey_block(struct survey *s, const uint8_t *p)
{
	const __m128i small = _mm_set1_epi8(0x20);
	__m128i at = _mm_loadu_si128((const void *)p);
	__m128i next = _mm_loadu_si128((const void *)(p + 1));
	__m128i third = _mm_loadu_si128((const void *)(p + 2));
	__m128i gap = _mm_cmpeq_epi8(_mm_max_epu8(next, small), small); /* space or control */
	__m128i marks = _mm_or_si128(_mm_or_si128(equals(at, '['), equals(at, '{')),
		_mm_or_si128(equals(at, '('), equals(at, ':')));
	__m128i dots = _mm_andnot_si128(gap, equals(at, '.'));
	__m128i spelled =
		_mm_and_si128(equals(at, ' '), _mm_and_si128(equals(_mm_or_si128(next, small), 'd'),
						       equals(_mm_or_si128(third, small), 'o')));
	__m128i digits = _mm_and_si128(_mm_cmpgt_epi8(at, _mm_set1_epi8('0' - 1)),
		_mm_cmplt_epi8(at, _mm_set1_epi8('9' + 1)));

	if (_mm_movemask_epi8(spelled) != 0) {
		s->seen |= PAIR_D | PAIR_O | PAIR_T;
	}
	/* of `at` itself the sign: above ASCII */
	if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(marks, dots), at)) != 0) {
		survey_pairs(s, p, 0, BLOCK);
	} else {
		s->n_digits += (unsigned)__builtin_popcount((unsigned)_mm_movemask_epi8(digits));
	}
}
#endif

/* survey_blocks: the pairs from the begin on, as far as there are whole blocks; how far. */
static size_t survey_blocks(struct survey *s, struct bytes text)
{
	size_t at = 0;

#if defined(__x86_64__)
	for (; text.len - at >= BLOCK_READS; at += BLOCK) {
		survey_block(s, text.data + at);
	}
#else
	(void)s;
	(void)text;
#endif
	return at;
}

/* walk_survey: skips what the text cannot have; false if that is all. */
static bool walk_survey(struct entity_walk *w)
{
	const unsigned spelled = PAIR_D | PAIR_O | PAIR_T;
	const uint8_t *p = w->text.data;
	struct survey s = { 0 };
	unsigned seen;
	size_t n_digits;
	bool urls;

	if (w->text.len != 0) {
		survey_pairs(&s, p, survey_blocks(&s, w->text), w->text.len - 1);
		s.n_digits += pair_first[p[w->text.len - 1]] == PAIR_DIGIT;
	}
	seen = s.seen;
	n_digits = s.n_digits;
	urls = (seen & (PAIR_DOT | PAIR_SCHEME | PAIR_BRACKET)) != 0 ||
	       ((seen & spelled) == spelled && survey_has_spelled_dot(w->text)) ||
	       ((seen & PAIR_WIDE) != 0 && survey_has_wide_dot(w->text)) ||
	       survey_has_spaced_dot(w->text);
	w->url_from = urls ? 0 : SIZE_MAX;
	w->spelled = number_survey_words(w->text) ||
	             (n_digits >= NUMBER_REAL_DIGITS_MIN && number_survey_letters(w->text));
	w->number_from = w->spelled || n_digits >= NUMBER_DIGITS_MIN ? 0 : SIZE_MAX;
	return urls || w->number_from == 0;
}

uint32_t entity_find(
	struct bytes text, uint16_t home, struct entity *entities, uint8_t *buffer, size_t size)
{
	struct entity_walk w = { .text = text, .home = home };
	struct entity_sink sink = { buffer, size, 0 };
	uint32_t n = 0;

	if (!walk_survey(&w)) {
		return 0;
	}
	while (w.at < text.len && n < LIMIT_ENTITIES) {
		if (!walk_begins(&w)) {
			w.at++;
		} else if (walk_find(&w, &sink, &entities[n])) {
			w.at = entities[n].to;
			n++;
		} else {
			walk_skip_word(&w);
		}
	}
	return n;
}
