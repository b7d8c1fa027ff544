/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fold_view: a text on its way through the stages of the fold, and how one character of it is read.
 * Internal to fold.c, fold_join.c and fold_word.c. Owning core only: the view lies in the caller's
 * buffers. Every stage edits in place and never lets the text grow, but for fold.c's mapping,
 * which fills the view.
 */
#ifndef SMSWALL_SMS_FOLD_VIEW_H
#define SMSWALL_SMS_FOLD_VIEW_H

#include "dataplane/base/bytes.h"
#include "dataplane/sms/fold_table.h"

struct fold_view {
	uint8_t *out;     /* valid UTF-8 */
	size_t len;       /* octets */
	uint32_t *origin; /* of each octet of out, or NULL */
	bool beyond_case;
	bool has_looks; /* some letter passes for an ASCII one: words must decide */
};

enum fold_kind {
	KIND_OTHER,
	KIND_SPACE,    /* U+0020, the only space there is after mapping */
	KIND_DIGIT,    /* 0-9 */
	KIND_ASCII,    /* a-z */
	KIND_ALPHABET, /* FOLD_LETTER: another letter that might pass for one of a-z */
	KIND_NATIVE,
	KIND_MARK,
};

struct fold_char {
	uint32_t entry; /* above ASCII */
	uint8_t len;    /* octets, >= 1 */
	uint8_t kind;   /* enum fold_kind */
};

static inline bool fold_is_letter(uint8_t c)
{
	return (uint8_t)(c - 'a') < 26;
}

static inline bool fold_is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

/* fold_decode: one code point of valid UTF-8; an octet that is out of place is taken for itself. */
static inline uint32_t fold_decode(const uint8_t *p, size_t left, uint8_t *len)
{
	uint8_t n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	uint32_t cp = n == 1 ? p[0] : p[0] & (0xFFu >> (n + 1));

	if (n > left) {
		*len = 1;
		return 0xFFFD;
	}
	for (uint8_t i = 1; i < n; i++) {
		cp = cp << 6 | (p[i] & 0x3F);
	}
	*len = n;
	return cp;
}

/* fold_char_at: the character of the mapped text at `at` (< len). */
static inline struct fold_char fold_char_at(const struct fold_view *v, size_t at)
{
	static const uint8_t kinds[] = {
		[FOLD_OTHER] = KIND_OTHER,
		[FOLD_LETTER] = KIND_ALPHABET,
		[FOLD_NATIVE] = KIND_NATIVE,
		[FOLD_MARK] = KIND_MARK,
	};
	struct fold_char ch = { 0, 1, KIND_OTHER };
	uint8_t c = v->out[at];

	if (fold_is_letter(c)) {
		ch.kind = KIND_ASCII;
	} else if (c >= 0x80) {
		ch.entry = fold_entry(fold_decode(v->out + at, v->len - at, &ch.len));
		ch.kind = kinds[fold_entry_class(ch.entry)];
	} else if (fold_is_digit(c)) {
		ch.kind = KIND_DIGIT;
	} else if (c == ' ') {
		ch.kind = KIND_SPACE;
	}
	return ch;
}

static inline bool fold_in_word(struct fold_char ch)
{
	return ch.kind >= KIND_DIGIT;
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

/* fold_join: joins single letters that stand apart, and makes runs of spaces one. */
void fold_join(struct fold_view *v);

/* fold_words: undoes look-alikes, stretching and leet, word by word. */
void fold_words(struct fold_view *v);

#endif
