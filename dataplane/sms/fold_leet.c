/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Leet: digits and '@', '$' for letters: "fr33 v1agra", "p@ypa1". Undone in words at least half of
 * letters that would be words then. '1' is i or l, by its neighbours: 'i' alone would hide "c1ick"
 * and "paypa1". Real texts set the exceptions: "2GB", "4pm", "gr8", "b4", "any1", "win7", "A1B2C3",
 * "norm150p", "the4th"; '!' is none, as people leave out the space behind it ("home!But").
 */
#include "dataplane/sms/fold_view.h"

#define LEET_LEN_MAX 32u /* longer are codes and links */

/* What leet stands for; 0: nothing, the word is a code or a quantity. '1': leet_one. */
static uint8_t leet_letter(uint8_t c)
{
	static const uint8_t letters[128] = {
		['0'] = 'o',
		['1'] = 'i',
		['3'] = 'e',
		['4'] = 'a',
		['5'] = 's',
		['7'] = 't',
		['8'] = 'b',
		['9'] = 'g',
		['@'] = 'a',
		['$'] = 's',
	};

	return letters[c & 127];
}

static bool leet_is_vowel(uint8_t c)
{
	uint8_t l = fold_is_letter(c) ? c : c != '1' ? leet_letter(c) : 0;

	return l == 'a' || l == 'e' || l == 'i' || l == 'o' || l == 'u';
}

/*
 * leet_one: '1' at s[i] of a word of n is i or l, by its neighbours. Between vowels, at the end and
 * before a vowel mostly l; between consonants i; beside an l only what can be spoken.
 */
static uint8_t leet_one(const uint8_t *s, size_t n, size_t i)
{
	uint8_t before = i > 0 ? s[i - 1] : 0;
	uint8_t after = i + 1 < n ? s[i + 1] : 0;

	if (before == 'i' || after == 'i' || after == '1') {
		return 'l';
	}
	if (after == 'l') {
		return leet_is_vowel(before) ? 'l' : 'i';
	}
	if (before == 'l') {
		return after == 0 || leet_is_vowel(after) ? 'l' : 'i';
	}
	if (after == 0) {
		return leet_is_vowel(before) ? 'l' : 'i';
	}
	if (before == 0 || leet_is_vowel(before)) {
		return leet_is_vowel(after) ? 'l' : 'i';
	}
	return leet_is_vowel(after) && memchr("bcfgkp", before, 6) != NULL ? 'l' : 'i';
}

/* How the letters and the rest of a word lie. */
struct leet {
	size_t lead;  /* octets before the first letter */
	size_t trail; /* after the last */
	size_t n_letters;
	size_t longest;    /* run of letters */
	size_t n_strong;   /* inner octets that are leet by themselves */
	size_t n_weak;     /* that are leet only beside a strong one: 8, 9, '@' beside a vowel */
	size_t last_inner; /* where the last inner octet is */
	bool code;         /* 2 or 6, or a number inside: "norm150p" */
};

/* leet_is_number: inner digits from s[i] on are a number: three, or two and the second is 0. */
static bool leet_is_number(const uint8_t *s, size_t i)
{
	return fold_is_digit(s[i]) && fold_is_digit(s[i + 1]) && s[i] != s[i + 1] &&
	       (s[i + 1] == '0' || fold_is_digit(s[i + 2]));
}

static bool leet_is_strong(const uint8_t *s, size_t i)
{
	if (s[i] == '@') { /* "b@nk" but not "me@mall" */
		return !leet_is_vowel(s[i - 1]) && !leet_is_vowel(s[i + 1]);
	}
	return s[i] != '8' && s[i] != '9';
}

static void leet_survey(const uint8_t *s, size_t n, struct leet *leet)
{
	size_t run = 0;

	*leet = (struct leet){ 0 };
	while (leet->lead < n && !fold_is_letter(s[leet->lead])) {
		leet->lead++;
	}
	while (leet->trail < n && !fold_is_letter(s[n - leet->trail - 1])) {
		leet->trail++;
	}
	for (size_t i = 0; i < n; i++) {
		run = fold_is_letter(s[i]) ? run + 1 : 0;
		leet->longest = run > leet->longest ? run : leet->longest;
		leet->n_letters += run != 0;
		leet->code |= run == 0 && leet_letter(s[i]) == 0;
		if (run == 0 && i >= leet->lead && i < n - leet->trail) {
			*(leet_is_strong(s, i) ? &leet->n_strong : &leet->n_weak) += 1;
			leet->last_inner = i;
			leet->code |= leet_is_number(s, i);
		}
	}
}

/* leet_lead_is_plain: a first digit that is leet without other evidence: "0ffer", "1oan". */
static bool leet_lead_is_plain(const uint8_t *s, size_t n)
{
	return n >= 4 && (s[0] == '0' || (s[0] == '1' && leet_is_vowel(s[1])));
}

/* leet_trail_is_plain: last digits that are: "casin0", "paypa1", "bil1", "ca11", "fr33". */
static bool leet_trail_is_plain(const uint8_t *s, size_t n, size_t trail)
{
	uint8_t last = s[n - 1];
	uint8_t before = s[n - trail - 1];

	if (trail == 1) {
		return last == '0' || (last == '1' && n >= 4 && memchr("ail", before, 3) != NULL);
	}
	if (trail != 2 || n < 4 || s[n - 2] != last) {
		return false;
	}
	return last == '1' ? leet_is_vowel(before) && n <= 5 : last == '3' && before == 'r';
}

/* leet_is_plain_word: digits of plain words: "after7pm", "the4th", "hair4men", "iphone5s". */
static bool leet_is_plain_word(const uint8_t *s, size_t n, const struct leet *leet)
{
	static const char *const units[] = { "am", "pm", "st", "nd", "rd", "th" };
	size_t i = leet->last_inner;

	if (leet->n_strong + leet->n_weak == 0) {
		return false;
	}
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]) && i + 3 == n; u++) {
		if (memcmp(s + n - 2, units[u], 2) == 0) {
			return true;
		}
	}
	if (leet->n_strong + leet->n_weak > 1) {
		return false;
	}
	return ((s[i] == '4' || s[i] == '1') && i >= 4 && n - i > 4) ||
	       (i + 2 == n && s[n - 1] == 's' && n >= 6 && s[i] >= '3' && s[i] <= '7');
}

/* leet_applies: [s, s + n) is a word in leet and no code, quantity, name or shorthand. */
static bool leet_applies(const uint8_t *s, size_t n)
{
	struct leet leet;
	size_t evidence;

	if (n < 3 || n > LEET_LEN_MAX) {
		return false;
	}
	leet_survey(s, n, &leet);
	if (leet.code || 2 * leet.n_letters < n || leet.lead > 1 || leet.trail > 2 ||
		leet_is_plain_word(s, n, &leet)) {
		return false;
	}
	if (leet.longest < 2) { /* "w1n", "h0t", but "A1B3C4" */
		return n == 3 && leet.n_strong == 1 && leet_is_vowel(leet_letter(s[1])) &&
		       !leet_is_vowel(s[0]) && !leet_is_vowel(s[2]);
	}
	evidence = leet.n_strong;
	if (leet.lead != 0 && leet_lead_is_plain(s, n)) {
		evidence++;
	}
	if (leet.trail != 0 && leet_trail_is_plain(s, n, leet.trail)) {
		evidence++;
	} else if (leet.trail == 2) {
		return false; /* "v1agra24" would lose its number */
	}
	return evidence > 0;
}

/*
 * leet_is_spoken: [s, s + n) could be a word in some language: what random codes seldom are. Where
 * consonants meet, few pairs are let pass, and four in a row ("subscribe").
 */
static bool leet_is_spoken(const uint8_t *s, size_t n)
{
	size_t run = 0;
	size_t n_vowels = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t next = i + 1 < n ? s[i + 1] : 0;

		if (leet_is_vowel(s[i]) || s[i] == 'y') {
			n_vowels++;
			run = 0;
			continue;
		}
		if (++run == 5 || (next == 0 && memchr("jqv", s[i], 3) != NULL) ||
			(s[i] == 'q' && next != 'u')) {
			return false;
		}
		if (next == 0 || leet_is_vowel(next) || next == 'y' || next == s[i]) {
			continue;
		}
		if (memchr("jqvx", s[i], 4) != NULL || memchr("jqx", next, 3) != NULL ||
			(memchr("fz", s[i], 2) != NULL && memchr("bdfgkmpvz", next, 9) != NULL) ||
			(i == 0 && s[0] != 's' && memchr("lrhwns", next, 6) == NULL)) {
			return false;
		}
	}
	return n_vowels != 0;
}

bool fold_leet(uint8_t *s, size_t n)
{
	uint8_t word[LEET_LEN_MAX];

	if (!leet_applies(s, n)) {
		return false;
	}
	memcpy(word, s, n);
	for (size_t i = 0; i < n; i++) {
		if (!fold_is_letter(word[i])) {
			word[i] = word[i] == '1' ? leet_one(word, n, i) : leet_letter(word[i]);
		}
	}
	if (!leet_is_spoken(word, n)) {
		return false;
	}
	memcpy(s, word, n);
	return true;
}
