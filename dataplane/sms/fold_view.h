/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fold_view: a text on its way through the stages of the fold, and how one character of it is read.
 * Internal to fold*.c. Owning core only: the view lies in the caller's
 * buffers. Every stage edits in place and never lets the text grow, but for fold.c's mapping,
 * which fills the view.
 */
#ifndef SMSWALL_SMS_FOLD_VIEW_H
#define SMSWALL_SMS_FOLD_VIEW_H

#include "dataplane/base/bytes.h"
#include "dataplane/sms/fold_table.h"

struct fold_view {
	uint8_t *out;     /* UTF-8, every character whole */
	size_t len;       /* octets */
	uint32_t *origin; /* of each octet of out, or NULL */
	bool beyond_case;
	uint32_t seen; /* all bits of the entries of its letters: any look-alike, any deferred? */
};

enum fold_kind {
	KIND_OTHER,
	KIND_SPACE,    /* U+0020, the only space there is after mapping */
	KIND_DIGIT,    /* 0-9 */
	KIND_ASCII,    /* a-z */
	KIND_ALPHABET, /* FOLD_LETTER: another letter that might pass for one of a-z */
	KIND_NATIVE,
	KIND_MARK,
	KIND_WIDE,      /* an octet above ASCII: the table tells */
	KIND_WIDE_WORD, /* one that only word characters begin with (Cyrillic, Han) */
};

/* Of each octet that a character can begin with: kind | octets of the character << 4. */
extern const uint8_t fold_octets[256];

static inline bool fold_is_letter(uint8_t c)
{
	return (uint8_t)(c - 'a') < 26;
}

static inline bool fold_is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

/* fold_len_at: octets of the character at `at`. */
static inline size_t fold_len_at(const struct fold_view *v, size_t at)
{
	return fold_octets[v->out[at]] >> 4;
}

/* fold_code_point_at: the code point above ASCII at `at`. */
static inline uint32_t fold_code_point_at(const struct fold_view *v, size_t at)
{
	const uint8_t *p = v->out + at;

	if (p[0] < 0xE0) {
		return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
	}
	if (p[0] < 0xF0) {
		return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
	}
	return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

/*
 * fold_char_at: kind | look << 8 of the character at `at` (< len); look is 1..26 for the letter of
 * a-z that a KIND_ALPHABET passes for, or 0. Its length is asked apart: the way on in the text must
 * not wait for three loads of the table.
 */
static inline uint32_t fold_char_at(const struct fold_view *v, size_t at)
{
	uint32_t kind = fold_octets[v->out[at]] & 15;
	uint32_t letter;

	if (kind < KIND_WIDE) {
		return kind;
	}
	letter = fold_letter(fold_code_point_at(v, at));
	/* FOLD_LETTER, _NATIVE, _MARK and the kinds for them follow each other */
	kind = (letter & 3) == FOLD_OTHER ? KIND_OTHER : KIND_ALPHABET - FOLD_LETTER + (letter & 3);
	return kind | letter >> 2 << 8;
}

static inline uint32_t fold_kind(uint32_t ch)
{
	return ch & 0xFF;
}

static inline uint32_t fold_look(uint32_t ch)
{
	return ch >> 8;
}

static inline bool fold_in_word(uint32_t ch)
{
	return fold_kind(ch) >= KIND_DIGIT;
}

/* fold_in_word_at: fold_in_word(fold_char_at(v, at)), mostly without the table. */
static inline bool fold_in_word_at(const struct fold_view *v, size_t at)
{
	uint32_t kind = fold_octets[v->out[at]] & 15;

	return kind != KIND_WIDE ? kind >= KIND_DIGIT : fold_in_word(fold_char_at(v, at));
}

/* fold_move: octets [from, to) go to *to_at (<= from), which advances. */
static inline void fold_move(struct fold_view *v, size_t *to_at, size_t from, size_t to)
{
	size_t n = to - from;

	if (*to_at != from && n != 0) {
		memmove(v->out + *to_at, v->out + from, n);
		if (v->origin != NULL) {
			memmove(v->origin + *to_at, v->origin + from, n * sizeof(*v->origin));
		}
	}
	*to_at += n;
}

/* What fold_survey() finds in a text: work for the stages. */
enum {
	FOLD_HAS_GAPS = 1,  /* spaces side by side, may be */
	FOLD_HAS_RUNS = 2,  /* single characters in a row */
	FOLD_HAS_WORDS = 4, /* words in leet or stretched */
	FOLD_HAS_ODD = 8,   /* not plain ASCII: the rest is not to be believed */
};

/* fold_survey: what is in `text`, up to the first block that has any of `enough`. */
unsigned fold_survey(struct bytes text, unsigned enough);

/* fold_join: joins single letters that stand apart, and makes runs of spaces one. */
void fold_join(struct fold_view *v);

/* fold_leet: undoes leet in the ASCII word [s, s + n) if it is that; returns whether it did. */
bool fold_leet(uint8_t *s, size_t n);

/* fold_words: undoes look-alikes, stretching and leet, word by word. */
void fold_words(struct fold_view *v);

#endif
