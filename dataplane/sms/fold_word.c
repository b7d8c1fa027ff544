/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words: look-alikes, stretching, leet. A word is a run of letters, marks and digits of alphabets,
 * or of letters and marks of native scripts; '@' and '$' belong to it inside it.
 *
 * Look-alikes. A word is latin (has ASCII letters), native (a native script), solid (has a letter
 * that passes for none) or doubtful (foreign letters only, all of which pass for ASCII ones). Solid
 * words stay. Latin words are converted: real ones do not mix alphabets. Doubtful words ("нет",
 * "сору") are converted unless the text is in a foreign alphabet. Its solid letters tell: of real
 * Russian every third letter is one, of disguise none; eight times their number is held against
 * the characters of latin and native words. Without any, a few doubtful letters that outnumber the
 * others are words ("Нет"), many are disguise.
 * Idempotent: solid letters and native words never change; converting turns doubtful words into
 * latin ones, which can only confirm "convert"; leet replaces one character by one and stretching
 * only lessens latin words, which can only confirm "keep" where doubtful words are left.
 *
 * Leet. '1' is i or l, by its neighbours (leet_one): 'i' alone would hide "c1ick" and "paypa1".
 * Real texts set the exceptions: "2GB", "4pm", "gr8", "b4", "any1", "win7", "A1B2C3", "home!But".
 */
#include "dataplane/sms/fold_view.h"

#define WORD_SOLID_WEIGHT  8u
#define WORD_DOUBTFUL_LONG 24u /* letters: real texts that long have a solid one */
#define LEET_LEN_MAX       32u /* longer are codes and links */

struct fold_word {
	size_t from;
	size_t to;
	uint32_t n_chars;
	uint32_t n_ascii;
	uint32_t n_digits;
	uint32_t n_symbols;
	uint32_t n_looks; /* letters that pass for ASCII ones */
	uint32_t n_solid;
	bool native;
};

/* word_symbol: octets (0..2) of a symbol at `at`, after a letter, behind which the word goes on. */
static size_t word_symbol(const struct fold_view *v, size_t at)
{
	uint8_t c = v->out[at];
	size_t n = 1;
	uint32_t next;

	if (c != '@' && c != '$') {
		return 0;
	}
	if (c == '$' && at + 1 < v->len && v->out[at + 1] == '$') {
		n = 2; /* "pa$$word" */
	}
	if (at + n >= v->len) {
		return 0;
	}
	next = fold_char_at(v, at + n);
	return fold_kind(next) >= KIND_DIGIT && fold_kind(next) <= KIND_ALPHABET ? n : 0;
}

/* word_read: the word that begins at `at`, where a word character is. */
static void word_read(const struct fold_view *v, size_t at, struct fold_word *word)
{
	uint32_t kinds[8] = { 0 }; /* by enum fold_kind */
	uint32_t n_symbols = 0;
	uint32_t n_looks = 0;
	bool native = fold_kind(fold_char_at(v, at)) >= KIND_NATIVE;

	word->from = at;
	while (at < v->len) {
		uint32_t ch = fold_char_at(v, at);
		size_t n = fold_len_at(v, at);

		if (fold_in_word(ch)) {
			if (fold_kind(ch) != KIND_MARK &&
				(fold_kind(ch) == KIND_NATIVE) != native) {
				break;
			}
			kinds[fold_kind(ch)]++;
			n_looks += fold_look(ch) != 0;
		} else {
			n = native ? 0 : word_symbol(v, at);
			if (n == 0) {
				break;
			}
			n_symbols += (uint32_t)n;
		}
		at += n;
	}
	word->to = at;
	word->native = native;
	word->n_ascii = kinds[KIND_ASCII];
	word->n_digits = kinds[KIND_DIGIT];
	word->n_symbols = n_symbols;
	word->n_looks = n_looks;
	word->n_solid = kinds[KIND_ALPHABET] - n_looks + kinds[KIND_MARK];
	word->n_chars = kinds[KIND_DIGIT] + kinds[KIND_ASCII] + kinds[KIND_ALPHABET] +
	                kinds[KIND_NATIVE] + kinds[KIND_MARK] + n_symbols;
}

/* word_text_is_foreign: doubtful words of this text are words of their own alphabet. */
static bool word_text_is_foreign(const struct fold_view *v)
{
	struct fold_word word;
	uint64_t n_solid = 0;
	uint64_t n_doubtful = 0;
	uint64_t n_other = 0;
	size_t at = 0;

	while (at < v->len) {
		uint32_t ch = fold_char_at(v, at);

		if (!fold_in_word(ch)) {
			at += fold_len_at(v, at);
			continue;
		}
		word_read(v, at, &word);
		at = word.to;
		if (word.native || (word.n_solid == 0 && word.n_ascii != 0)) {
			n_other += word.n_chars;
		} else if (word.n_solid == 0) {
			n_doubtful += word.n_looks;
		}
		n_solid += word.native ? 0 : word.n_solid;
		if (WORD_SOLID_WEIGHT * n_solid >= n_other + v->len - at && n_solid != 0) {
			return true; /* whatever comes */
		}
	}
	if (n_solid == 0) {
		return n_doubtful < WORD_DOUBTFUL_LONG && n_other < n_doubtful;
	}
	return WORD_SOLID_WEIGHT * n_solid >= n_other;
}

static void word_put_ascii(struct fold_view *v, size_t *w, size_t from, uint8_t c)
{
	v->out[*w] = c;
	if (v->origin != NULL) {
		v->origin[*w] = v->origin[from];
	}
	(*w)++;
}

/* word_put_plain: the plain fold of a deferred letter; never longer than it (gen_fold.py). */
static void word_put_plain(struct fold_view *v, size_t *w, size_t from, uint32_t entry)
{
	uint32_t cp = fold_entry_value(entry);
	uint32_t origin = v->origin != NULL ? v->origin[from] : 0;
	uint8_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	for (uint8_t i = n; i > 0; i--) {
		v->out[*w + i - 1] =
			(uint8_t)(i > 1 ? 0x80 | (cp & 0x3F) : (0xF00u >> n & 0xF0) | cp);
		cp >>= 6;
		if (v->origin != NULL) {
			v->origin[*w + i - 1] = origin;
		}
	}
	*w += n;
	v->beyond_case |= !fold_entry_is_case(entry);
}

/* word_emit_letters: writes a word with look-alikes, as ASCII or as plain. */
static void word_emit_letters(
	struct fold_view *v, size_t *w, const struct fold_word *word, bool ascii)
{
	size_t at = word->from;
	size_t n;

	for (; at < word->to; at += n) {
		uint32_t ch = fold_char_at(v, at);
		uint32_t entry = 0;

		n = fold_len_at(v, at); /* now: writing may reach here */
		if (ascii && fold_kind(ch) == KIND_ALPHABET) {
			word_put_ascii(v, w, at, (uint8_t)('a' + fold_look(ch) - 1));
			v->beyond_case = true;
			continue;
		}
		if (fold_look(ch) != 0) {
			entry = fold_entry(fold_code_point_at(v, at));
		}
		if (fold_entry_is_deferred(entry)) {
			word_put_plain(v, w, at, entry);
		} else {
			fold_move(v, w, at, at + n);
		}
	}
}

/* word_squeeze: a letter more than twice running in [from, *to) becomes two, if not all is it. */
static void word_squeeze(struct fold_view *v, size_t from, size_t *to)
{
	const uint8_t *s = v->out;
	size_t w = from;
	size_t same = 1;

	while (from + same < *to && s[from + same] == s[from]) {
		same++;
	}
	if (from + same == *to) {
		return;
	}
	for (size_t at = from; at < *to; at++) {
		if (w >= from + 2 && fold_is_letter(s[at]) && s[w - 1] == s[at] &&
			s[w - 2] == s[at]) {
			v->beyond_case = true;
			continue;
		}
		fold_move(v, &w, at, at + 1);
	}
	*to = w;
}

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

/* leet_one: '1' at s[i] of a word of n: l beside i or l, between vowels, and so on; else i. */
static uint8_t leet_one(const uint8_t *s, size_t n, size_t i)
{
	uint8_t before = i > 0 ? s[i - 1] : 0;
	uint8_t after = i + 1 < n ? s[i + 1] : 0;

	if (before == 'l' || before == 'i' || after == 'l' || after == 'i' || after == '1') {
		return 'l';
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
	bool code;         /* 2 or 6 */
};

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

/* word_is_address: "ann@b" in "ann@b.com"; `at` is where the word ends in what is read. */
static bool word_is_address(const struct fold_view *v, const uint8_t *s, size_t n, size_t at)
{
	return memchr(s, '@', n) != NULL && at + 1 < v->len && v->out[at] == '.' &&
	       v->out[at + 1] != ' ';
}

/* word_undo_leet: the whole word or nothing of it, so that what is left is not judged anew. */
static void word_undo_leet(struct fold_view *v, size_t from, size_t *to, size_t at)
{
	uint8_t *s = v->out + from;
	size_t n = *to - from;

	if (!leet_applies(s, n) || word_is_address(v, s, n, at)) {
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!fold_is_letter(s[i])) {
			s[i] = s[i] == '1' ? leet_one(s, n, i) : leet_letter(s[i]);
		}
	}
	v->beyond_case = true;
	word_squeeze(v, from, to);
}

static void word_emit(struct fold_view *v, size_t *w, const struct fold_word *word, bool foreign)
{
	bool ascii = word->n_looks != 0 && word->n_solid == 0 && (word->n_ascii != 0 || !foreign);
	size_t from = *w;

	if (ascii || (word->n_looks != 0 && fold_entry_is_deferred(v->seen))) {
		word_emit_letters(v, w, word, ascii);
	} else {
		fold_move(v, w, word->from, word->to);
	}
	if (word->native || word->n_solid != 0 || (word->n_looks != 0 && !ascii)) {
		return;
	}
	word_squeeze(v, from, w);
	if (word->n_digits + word->n_symbols != 0 && word->n_ascii + word->n_looks != 0) {
		word_undo_leet(v, from, w, word->to);
	}
}

/* word_ends: no character that a word goes on with is at `at`. */
static bool word_ends(const struct fold_view *v, size_t at)
{
	return at >= v->len || ((fold_octets[v->out[at]] & 15) < KIND_DIGIT && v->out[at] != '@' &&
				       v->out[at] != '$');
}

/*
 * word_skip_plain: past a word at `at` that no rule touches, if a glance tells: ASCII letters, none
 * of them thrice; letters of one foreign alphabet or script that stay. Otherwise `at`.
 */
static size_t word_skip_plain(const struct fold_view *v, size_t at, bool foreign)
{
	const uint8_t *s = v->out;
	size_t from = at;
	bool thrice = false;

	while (at < v->len && (fold_octets[s[at]] & 15) == KIND_ASCII) {
		thrice |= at >= from + 2 && s[at] == s[at - 1] && s[at] == s[at - 2];
		at++;
	}
	if (at == from && (foreign || s[at] >= 0xE0) && !fold_entry_is_deferred(v->seen)) {
		while (at < v->len && (fold_octets[s[at]] & 15) == KIND_WIDE_WORD &&
			(s[at] >= 0xE0) == (s[from] >= 0xE0)) {
			at += fold_octets[s[at]] >> 4;
		}
	}
	return thrice || !word_ends(v, at) ? from : at;
}

void fold_words(struct fold_view *v)
{
	bool foreign = fold_entry_look(v->seen) != 0 && word_text_is_foreign(v);
	struct fold_word word;
	size_t at = 0;
	size_t w = 0;

	while (at < v->len) {
		size_t end = word_skip_plain(v, at, foreign);

		if (end == at) {
			uint32_t ch = fold_char_at(v, at);

			if (fold_in_word(ch)) {
				word_read(v, at, &word);
				word_emit(v, &w, &word, foreign);
				at = word.to;
				continue;
			}
			end = at + fold_len_at(v, at);
		}
		fold_move(v, &w, at, end);
		at = end;
	}
	v->len = w;
}
