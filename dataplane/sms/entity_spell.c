/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers that are spelled so that people read them and filters do not: digits as words ("double
 * seven"), as letters that look like them ("O8OO"), as Chinese numerals, groups parted by commas,
 * underscores, middle dots, tildes, brackets or words ("then", "dash"). What is found here is but a
 * candidate: entity_number.c asks for more proof than of digits.
 */
#include "dataplane/sms/entity_number.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#define WORD_MAX      9u      /* letters: "sembilan" and one more to see that it ends */
#define SEPARATOR_MAX 5u      /* characters and words between two groups */
#define RUN_MAX       64u     /* digits in a row that are looked at */
#define KEYCAP        0x20E3u /* makes a digit an emoji */
#define SURVEY_STEP   12u     /* octets; seven digits in words are 27 or more */

/* A word, and what it says. */
struct said {
	char word[WORD_MAX]; /* filled up with NULs */
	char says;
};

/*
 * Words by their first letter; what they say: the digit, 'x' double, 'y' triple, 'h' two zeros, '+',
 * '-' a word between groups, '&' one between numbers, too. English, German, French, Spanish, Portuguese, Italian, Dutch,
 * Indonesian; accents are left out. No word means two things.
 */
/* clang-format off */
#define WORDS(...) (const struct said[]){ __VA_ARGS__, { "", 0 } }
static const struct said *const words[26] = {
	['a' - 'a'] = WORDS({ "acht", '8' }, { "and", '&' }),
	['c' - 'a'] = WORDS({ "cero", '0' }, { "cinq", '5' }, { "cinco", '5' }, { "cinque", '5' },
		{ "cuatro", '4' }),
	['d' - 'a'] = WORDS({ "double", 'x' }, { "dos", '2' }, { "deux", '2' }, { "dois", '2' },
		{ "due", '2' }, { "dua", '2' }, { "drei", '3' }, { "drie", '3' },
		{ "delapan", '8' }, { "dash", '-' }, { "dot", '-' }, { "dann", '-' }),
	['e' - 'a'] = WORDS({ "eight", '8' }, { "eins", '1' }, { "een", '1' }, { "empat", '4' },
		{ "enam", '6' }),
	['f' - 'a'] = WORDS({ "four", '4' }, { "five", '5' }, { "funf", '5' }, { "fuenf", '5' }),
	['g' - 'a'] = WORDS({ "guion", '-' }),
	['h' - 'a'] = WORDS({ "huit", '8' }, { "hundred", 'h' }, { "hyphen", '-' }),
	['l' - 'a'] = WORDS({ "lima", '5' }, { "luego", '-' }),
	['m' - 'a'] = WORDS({ "minus", '-' }),
	['n' - 'a'] = WORDS({ "nine", '9' }, { "neun", '9' }, { "neuf", '9' }, { "nueve", '9' },
		{ "nove", '9' }, { "negen", '9' }, { "null", '0' }, { "nul", '0' },
		{ "nol", '0' }, { "nil", '0' }, { "nought", '0' }, { "naught", '0' }),
	['o' - 'a'] = WORDS({ "oh", '0' }, { "o", '0' }, { "one", '1' }, { "ocho", '8' },
		{ "oito", '8' }, { "otto", '8' }),
	['p' - 'a'] = WORDS({ "plus", '+' }, { "puis", '-' }, { "poi", '-' }, { "punto", '-' },
		{ "point", '-' }),
	['q' - 'a'] = WORDS({ "quatre", '4' }, { "quatro", '4' }, { "quattro", '4' }),
	['s' - 'a'] = WORDS({ "six", '6' }, { "seven", '7' }, { "sechs", '6' }, { "sieben", '7' },
		{ "sept", '7' }, { "seis", '6' }, { "siete", '7' }, { "sete", '7' },
		{ "sei", '6' }, { "sette", '7' }, { "satu", '1' }, { "sembilan", '9' },
		{ "space", '-' }),
	['t' - 'a'] = WORDS({ "two", '2' }, { "three", '3' }, { "trois", '3' }, { "tres", '3' },
		{ "tre", '3' }, { "twee", '2' }, { "tiga", '3' }, { "tujuh", '7' },
		{ "triple", 'y' }, { "treble", 'y' }, { "then", '-' }, { "tiret", '-' }),
	['u' - 'a'] = WORDS({ "un", '1' }, { "uno", '1' }, { "um", '1' }, { "una", '1' },
		{ "uma", '1' }),
	['v' - 'a'] = WORDS({ "vier", '4' }, { "vijf", '5' }),
	['z' - 'a'] = WORDS({ "zero", '0' }, { "zwei", '2' }, { "zwo", '2' }, { "zes", '6' },
		{ "zeven", '7' }),
};
/* clang-format on */

/* letter_of: a letter without its accents, lower case; 0: none. */
static uint8_t letter_of(struct entity_char c)
{
	uint32_t entry;

	if (c.cp >= 0x80 && c.letter && c.cp < 0x250) {
		entry = fold_entry(c.cp);
		c.cp = fold_entry_action(entry) == FOLD_MAP ? fold_entry_value(entry) : c.cp;
	}
	return (c.cp | 0x20) - 'a' < 26 ? (uint8_t)(c.cp | 0x20) : 0;
}

/* word_says: what a word says that is not empty; 0: nothing. */
static uint8_t word_says(const char word[WORD_MAX])
{
	const struct said *w = words[word[0] - 'a'];

	for (; w != NULL && w->says != 0; w++) {
		if (memcmp(w->word, word, WORD_MAX) == 0) {
			return (uint8_t)w->says;
		}
	}
	return 0;
}

/* word_at: what the word that begins at `at` says; *end: where it ends. 0: nothing. */
static uint8_t word_at(struct bytes text, size_t at, size_t *end)
{
	char word[WORD_MAX] = { 0 };
	struct entity_char c = entity_char_at(text, at);
	uint8_t letter = letter_of(c);
	size_t n = 0;

	if (letter == 0 || words[letter - 'a'] == NULL) {
		return 0;
	}
	for (; n < WORD_MAX && letter != 0; letter = letter_of(c)) {
		word[n++] = (char)letter;
		at += c.len;
		c = entity_char_at(text, at);
	}
	*end = at;
	if (letter != 0 || entity_is_alnum(c.cp) || c.letter) {
		return 0;
	}
	return word_says(word);
}

/* numeral_of: the digit that a Chinese numeral says, or 0. */
static uint8_t numeral_of(uint32_t cp)
{
	static const struct {
		uint16_t cp;
		uint8_t digit;
	} numerals[] = { { 0x3007, '0' }, { 0x96F6, '0' }, { 0x4E00, '1' }, { 0x5E7A, '1' },
		{ 0x4E8C, '2' }, { 0x4E24, '2' }, { 0x4E09, '3' }, { 0x56DB, '4' }, { 0x4E94, '5' },
		{ 0x516D, '6' }, { 0x4E03, '7' }, { 0x516B, '8' }, { 0x4E5D, '9' } };

	for (size_t i = 0; cp >= 0x3007 && i < sizeof(numerals) / sizeof(numerals[0]); i++) {
		if (numerals[i].cp == cp) {
			return numerals[i].digit;
		}
	}
	return 0;
}

/* look_of: the digit that a letter looks like, or 0. */
static uint8_t look_of(uint32_t cp)
{
	if (cp == 'O' || cp == 'o' || cp == 0x41E || cp == 0x43E || cp == 0x39F || cp == 0x3BF) {
		return '0';
	}
	return cp == 'l' || cp == 'I' ? '1' : 0;
}

static void number_push(struct number *m, uint8_t digit)
{
	if (m->n_digits == sizeof(m->digits)) {
		m->overlong = true;
		return;
	}
	m->digits[m->n_digits++] = digit;
	m->groups[m->n - 1].n_digits++;
}

/* group_begin: digits of words that follow each other are one group. */
static void group_begin(struct number *m, uint8_t separator, bool word)
{
	if (m->n != 0 && ((word && m->groups[m->n - 1].word) || m->n == NUMBER_GROUPS)) {
		m->overlong |= m->n == NUMBER_GROUPS;
		return;
	}
	m->groups[m->n++] = (struct number_group){ 0, (uint8_t)m->n_digits, separator, word };
}

/*
 * run_read: digits and letters that look like them, with at least one digit, or zeros only; the end,
 * 0: none. A letter at it makes it something else ("12ab", "lol").
 */
static size_t run_read(struct bytes text, size_t at, struct number *m, uint8_t separator)
{
	struct entity_char c = entity_char_at(text, at);
	uint32_t n_digits = 0;
	uint32_t n_letters = 0;
	bool zeros = true;
	size_t end = at;

	while (n_digits + n_letters < RUN_MAX) {
		if (entity_is_digit(c.cp)) {
			n_digits++;
		} else if (look_of(c.cp) != 0) {
			n_letters++;
			zeros &= look_of(c.cp) == '0';
		} else if (c.cp != KEYCAP || end == at) {
			break;
		}
		end += c.len;
		c = entity_char_at(text, end);
	}
	if (n_digits + n_letters == 0 || (n_digits == 0 && (!zeros || n_letters < 2))) {
		return 0;
	}
	if (n_letters != 0 && (entity_is_alnum(c.cp) || c.letter)) {
		m->bad = n_digits != 0;
		return 0;
	}
	group_begin(m, separator, false);
	while (at < end) {
		c = entity_char_at(text, at);
		if (c.cp == KEYCAP) {
			m->odd = true;
		} else {
			number_push(m, entity_is_digit(c.cp) ? (uint8_t)c.cp : look_of(c.cp));
		}
		at += c.len;
	}
	m->n_letters += n_letters;
	m->odd |= n_letters != 0;
	return end;
}

static void say(struct number *m, uint8_t digit, uint32_t times, uint8_t separator)
{
	group_begin(m, separator, true);
	for (uint32_t i = 0; i < times; i++) {
		number_push(m, digit);
	}
	m->n_words++;
	m->odd = true;
}

/* words_read: one word for a digit, "double" and what is doubled, or a numeral; the end, 0: none. */
static size_t words_read(struct bytes text, size_t at, struct number *m, uint8_t separator)
{
	struct entity_char c = entity_char_at(text, at);
	uint8_t digit = numeral_of(c.cp);
	uint32_t times = 1;
	size_t end = at + c.len;
	uint8_t said;

	if (digit != 0) {
		say(m, digit, 1, separator);
		return end;
	}
	said = word_at(text, at, &end);
	if (said == 'x' || said == 'y') {
		times = said == 'x' ? 2 : 3;
		c = entity_char_at(text, end);
		at = end + (c.cp == ' ' || c.cp == '-' ? c.len : 0);
		c = entity_char_at(text, at);
		if (entity_is_digit(c.cp) &&
			!entity_is_alnum(entity_char_at(text, at + c.len).cp)) {
			said = (uint8_t)c.cp;
			end = at + c.len;
		} else {
			said = word_at(text, at, &end);
		}
	}
	if (said == 'h' && m->n != 0 && m->groups[m->n - 1].word) {
		said = '0';
		times = 2;
	}
	if (!entity_is_digit(said)) {
		return 0;
	}
	say(m, said, times, separator);
	return end;
}

/* odd_separator: one that parts groups only of what is plainly a number; what it counts as, or 0. */
static uint8_t odd_separator(uint32_t c)
{
	switch (c) {
	case ',':
	case 0x3001: /* ideographic comma */
		return '.';
	case '_':
	case '~':
	case '|':
	case 0xB7: /* middle dot and its relatives */
	case 0x2022:
	case 0x2027:
	case 0x2219:
	case 0x22C5:
	case 0x30FB:
	case 0x30FC: /* a long vowel mark, in place of a hyphen */
	case 0x301C:
		return '-';
	case '[':
	case '{':
		return '(';
	case ']':
	case '}':
	case '\t':
	case '\r':
	case '\n':
		return ' ';
	default:
		return 0;
	}
}

static uint8_t usual_separator(uint32_t c)
{
	return c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')' ? (uint8_t)c
	                                                                            : 0;
}

/* Between two groups. */
struct gap {
	uint8_t separator;
	uint32_t n;
	bool odd;
	bool ended;     /* '.' or ',': behind it a space ends a sentence */
	bool space;     /* behind that */
	bool connected; /* by a word */
	bool weak;      /* that also stands between numbers */
};

/* gap_read: separators and connecting words from `at`; where something else begins. */
static size_t gap_read(struct bytes text, size_t at, struct gap *g)
{
	for (; g->n < SEPARATOR_MAX; g->n++) {
		struct entity_char c = entity_char_at(text, at);
		uint8_t odd = odd_separator(c.cp);
		uint8_t usual = usual_separator(c.cp);
		uint8_t now = odd != 0 ? odd : usual;
		size_t end;

		if (now == 0) {
			uint8_t said = g->n != 0 ? word_at(text, at, &end) : 0;

			if (said != '-' && said != '&') {
				break;
			}
			g->connected = true;
			g->weak |= said == '&';
			at = end;
			continue;
		}
		g->space |= g->ended && now == ' ';
		g->ended |= now == '.';
		g->odd |= odd != 0;
		g->separator = g->separator == 0 || now == '(' ? now
		               : g->separator == '('           ? (uint8_t)'('
		                                               : (uint8_t)' ';
		at += c.len;
	}
	g->odd |= g->connected;
	return at;
}

/* item_read: one run or word behind a gap; where it ends, 0: the number ends before the gap. */
static size_t item_read(struct bytes text, size_t at, struct number *m, const struct gap *g)
{
	const struct number_group *last = &m->groups[m->n - 1];
	bool word = last->word;
	uint32_t n_before = last->n_digits;
	uint32_t n = m->n;
	size_t end = 0;

	if (g->weak && !m->plus && m->digits[0] != '0') {
		return 0; /* "88800 and 89034" */
	}
	/* "0800 490880, um", "0812345678 one more": where digits are a number, words are none of it */
	if (word || (!g->space && m->n_digits < NUMBER_DIGITS_MIN)) {
		end = words_read(text, at, m, g->separator);
	}
	if (end != 0) {
		m->odd |= g->odd;
		return end;
	}
	/* a whole number by itself is no group of this one, and ". " ends a sentence */
	if (g->space || (!word && n_before >= NUMBER_DIGITS_MIN)) {
		return 0;
	}
	end = run_read(text, at, m, g->separator);
	if (end != 0 && m->n > n && m->groups[n].n_digits >= NUMBER_DIGITS_MIN &&
		m->n_digits - m->groups[n].n_digits >= NUMBER_DIGITS_MIN) {
		m->bad = true;
	}
	/* "10 98765432": may be one number, and may be none of it */
	m->odd |= end != 0 && m->n > n && !m->plus && m->groups[n].n_digits >= NUMBER_DIGITS_MIN;
	m->odd |= end != 0 && g->odd;
	return end;
}

/* begin_read: '+', "plus", brackets; where digits begin, and *from: what of it is the number's. */
static size_t begin_read(struct bytes text, size_t at, struct number *m)
{
	struct entity_char c = entity_char_at(text, at);
	size_t end;

	for (uint32_t i = 0; i < 4; i++) {
		if (c.cp == '+') {
			m->plus = true;
		} else if (c.cp != '(' && c.cp != '[' && (c.cp != ' ' || !m->plus)) {
			break;
		}
		m->odd |= c.cp == ' ' || c.cp == '[';
		at += c.len;
		c = entity_char_at(text, at);
	}
	if (word_at(text, at, &end) == '+') {
		m->plus = true;
		m->odd = true;
		c = entity_char_at(text, end);
		at = end + (usual_separator(c.cp) != 0 ? c.len : 0u);
	}
	return at;
}

/* lone_o: the first word is "o" or "oh", and what follows is none: an article, a cry. */
static bool lone_o(const struct number *m)
{
	return m->groups[0].word && m->groups[0].n_digits == 1 && m->digits[0] == '0' && m->n > 1 &&
	       m->n_words == 1;
}

size_t number_read_spelled(struct bytes text, size_t at, struct number *m)
{
	struct gap none = { 0 };
	size_t end;

	m->from = at;
	m->n = 0; /* groups and digits are written before they are read */
	m->n_digits = 0;
	m->n_words = 0;
	m->n_letters = 0;
	m->plus = false;
	m->overlong = false;
	m->odd = false;
	m->bad = false;
	at = begin_read(text, at, m);
	end = words_read(text, at, m, none.separator);
	if (end == 0) {
		end = run_read(text, at, m, none.separator);
	}
	/* a number too long is read to its end only where that is all words: *tried then skips it */
	while (end != 0 && (!m->overlong || m->n_words > NUMBER_DIGITS_MAX)) {
		struct gap g = { 0 };
		size_t next = gap_read(text, end, &g);

		if (g.n == 0 && numeral_of(entity_char_at(text, next).cp) == 0) {
			break;
		}
		next = item_read(text, next, m, &g);
		if (next == 0) {
			break;
		}
		end = next;
	}
	m->bad |= end != 0 && lone_o(m);
	return end;
}

bool number_may_begin_spelled(struct bytes text, size_t at)
{
	struct entity_char c = entity_char_at(text, at);
	size_t end;

	if (c.cp >= 0x80) {
		return numeral_of(c.cp) != 0 || look_of(c.cp) != 0;
	}
	if (look_of(c.cp) != 0) {
		c = entity_char_at(text, at + c.len);
		if (entity_is_digit(c.cp) || look_of(c.cp) != 0) {
			return true;
		}
	}
	return strchr("-&", word_at(text, at, &end)) == NULL;
}

static bool is_letter(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

/* probe_word: a word of ASCII letters around `at` says a digit; *end: where it ends. */
static bool probe_word(struct bytes text, size_t at, size_t *end)
{
	const uint8_t *p = text.data;
	char word[WORD_MAX] = { 0 };
	size_t from = at;
	size_t n = 0;
	uint8_t said;

	while (from > 0 && at - from < WORD_MAX && is_letter(p[from - 1])) {
		from--;
	}
	if (words[(p[from] | 0x20) - 'a'] == NULL) {
		return false;
	}
	for (; n < WORD_MAX && from + n < text.len && is_letter(p[from + n]); n++) {
		word[n] = (char)(p[from + n] | 0x20);
	}
	*end = from + n;
	if (*end < text.len && (p[*end] >= 0x80 || entity_is_alnum(p[*end]))) {
		said = word_at(text, from, end); /* perhaps with an accent */
	} else {
		said = word_says(word);
	}
	return said != 0 && said != '-' && said != '&';
}

/* probe: a word or numeral for a digit stands at or around `at`; *end: where it ends. */
static bool probe(struct bytes text, size_t at, size_t *end)
{
	size_t from = at;

	if (is_letter(text.data[at])) {
		return probe_word(text, at, end);
	}
	while (from > 0 && at - from < 3 && (text.data[from] & 0xC0) == 0x80) {
		from--;
	}
	*end = from + entity_char_at(text, from).len;
	return numeral_of(entity_char_at(text, from).cp) != 0;
}

bool number_survey_words(struct bytes text)
{
	for (size_t at = 0; at < text.len; at += SURVEY_STEP) {
		size_t word = at;
		struct gap g = { 0 };
		size_t end;

		while (word < text.len && word - at < 2 && text.data[word] < 0x80 &&
			!is_letter(text.data[word])) {
			word++; /* between words: the next one */
		}
		if (word == text.len || !probe(text, word, &end)) {
			continue;
		}
		word = gap_read(text, end, &g);
		if (word < text.len && (g.n != 0 || text.data[word] >= 0x80) &&
			(entity_is_digit(text.data[word]) || probe(text, word, &end))) {
			return true;
		}
	}
	return false;
}

/* pairs_of: a digit and a letter that looks like one, side by side, from `at` to the end. */
static bool pairs_of(struct bytes text, size_t at)
{
	for (; at + 1 < text.len; at++) {
		uint8_t a = text.data[at];
		uint8_t b = text.data[at + 1];

		if ((entity_is_digit(a) && look_of(b) != 0) ||
			(entity_is_digit(b) && look_of(a) != 0)) {
			return true;
		}
	}
	return false;
}

#if defined(__x86_64__)
static unsigned equals(__m128i block, char c)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(c)));
}

bool number_survey_letters(struct bytes text)
{
	size_t at = 0;

	for (; text.len - at >= 16; at += 15) { /* the last one of a block begins the next */
		__m128i block = _mm_loadu_si128((const void *)(text.data + at));
		unsigned digits = (unsigned)_mm_movemask_epi8(
			_mm_and_si128(_mm_cmpgt_epi8(block, _mm_set1_epi8('0' - 1)),
				_mm_cmplt_epi8(block, _mm_set1_epi8('9' + 1))));
		unsigned looks = 0;

		if (digits != 0) {
			looks = equals(block, 'O') | equals(block, 'o') | equals(block, 'l') |
			        equals(block, 'I');
		}
		if ((digits & (looks << 1)) != 0 || (looks & (digits << 1)) != 0) {
			return true;
		}
	}
	return pairs_of(text, at);
}
#else
bool number_survey_letters(struct bytes text)
{
	return pairs_of(text, 0);
}
#endif

bool number_goes_on(struct bytes text, size_t end)
{
	struct gap g = { 0 };
	struct entity_char c;
	size_t word;

	end = gap_read(text, end, &g);
	c = entity_char_at(text, end);
	if (look_of(c.cp) != 0 || numeral_of(c.cp) != 0 || c.cp == KEYCAP) {
		return true;
	}
	return g.n != 0 && (entity_is_digit(c.cp) || word_at(text, end, &word) != 0);
}
