/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words: look-alikes, stretching, and leet (fold_leet.c). A word is a run of letters, marks and
 * digits of alphabets, or letters and marks of native scripts; '@' and '$' belong to it inside it.
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
 */
#include "dataplane/sms/fold_view.h"

#define WORD_SOLID_WEIGHT  8u
#define WORD_DOUBTFUL_LONG 24u /* letters: real texts that long have a solid one */

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

	if (!word_is_address(v, s, n, at) && fold_leet(s, n)) {
		v->beyond_case = true;
		word_squeeze(v, from, to);
	}
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
