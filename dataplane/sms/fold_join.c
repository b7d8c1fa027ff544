/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spacing: "F R E E", "f.r.e.e", "v 1 a g r a", "加 微 信". A run is singles (one letter with no
 * word character beside it, or inside the run a digit that can stand for a letter) parted by the
 * same separator, any characters but word characters. Where only spaces part them, wider gaps part
 * words: "F R E E   N O W" is "free now". Lists ("A B C") join too: a pattern can ask for the text
 * as sent.
 *
 * Idempotent: after the pass no run of three is left. Runs are taken greedily from the left; those
 * that fail hold at most two letters and two digits, so the look ahead, and the work, are bounded.
 */
#include "dataplane/sms/fold_view.h"

#define JOIN_LETTERS_MIN 3u /* fewer are words: "I a", "p.s." */
#define JOIN_SEPARATOR   8u /* octets, runs of spaces counted as one */

struct join_run {
	size_t to; /* end of its last letter */
	size_t gap_min;
	size_t gap_max;
};

struct join_separator {
	uint8_t octets[JOIN_SEPARATOR];
	size_t len; /* 0: none */
	size_t gap; /* its spaces, if it is nothing else */
};

static bool join_is_leet_digit(uint8_t c)
{
	return c == '0' || c == '1' || c == '3' || c == '4' || c == '5' || c == '7';
}

/* join_read_separator: from `at` to the next word character; returns where that is, or 0. */
static size_t join_read_separator(const struct fold_view *v, size_t at, struct join_separator *s)
{
	*s = (struct join_separator){ .len = 0 };
	while (at < v->len) {
		uint32_t ch = fold_char_at(v, at);
		size_t n = fold_len_at(v, at);

		if (fold_in_word(ch)) {
			s->gap = s->len == 1 && s->octets[0] == ' ' ? s->gap : 0;
			return s->len != 0 ? at : 0;
		}
		if (fold_kind(ch) == KIND_SPACE) {
			s->gap++;
		}
		if (fold_kind(ch) != KIND_SPACE || v->out[at - 1] != ' ') {
			if (s->len + n > JOIN_SEPARATOR) {
				return 0;
			}
			memcpy(s->octets + s->len, v->out + at, n);
			s->len += n;
		}
		at += n;
	}
	return 0;
}

/* join_is_single: the word character *ch at `at` stands alone. Only its right is looked at. */
static bool join_is_single(const struct fold_view *v, size_t at, uint32_t *ch)
{
	size_t next = at + fold_len_at(v, at);

	*ch = fold_char_at(v, at);
	return fold_kind(*ch) != KIND_MARK && (next >= v->len || !fold_in_word_at(v, next));
}

/* join_find: the run that begins at the single letter at `from`. */
static bool join_find(const struct fold_view *v, size_t from, struct join_run *run)
{
	struct join_separator first = { .len = 0 };
	struct join_separator next;
	uint32_t ch;
	size_t at = from;
	size_t gap_min = SIZE_MAX;
	size_t gap_max = 0;
	uint32_t n_letters = 0;
	uint32_t n_digits = 0;

	while (join_is_single(v, at, &ch)) {
		size_t end = at + fold_len_at(v, at);

		if (fold_kind(ch) != KIND_DIGIT) {
			n_letters++;
			*run = (struct join_run){ end, gap_min, gap_max };
		} else if (!join_is_leet_digit(v->out[at]) || ++n_digits > n_letters) {
			break;
		}
		at = join_read_separator(v, end, &next);
		if (at == 0 || (first.len != 0 &&
				       (next.len != first.len || memcmp(next.octets, first.octets,
									 first.len) != 0))) {
			break;
		}
		first = next;
		gap_min = next.gap < gap_min ? next.gap : gap_min;
		gap_max = next.gap > gap_max ? next.gap : gap_max;
	}
	return n_letters >= JOIN_LETTERS_MIN;
}

/*
 * join_keeps_gaps: wide gaps part words only if that leaves no new run: not three groups of one in
 * a row, and no group of one at the end, where other singles may follow.
 */
static bool join_keeps_gaps(const struct fold_view *v, size_t from, const struct join_run *run)
{
	struct join_separator s;
	uint32_t n_group = 0;
	uint32_t n_alone = 0;
	size_t at = from;

	if (run->gap_min == run->gap_max || run->gap_min == 0) {
		return false;
	}
	for (;;) {
		n_group++;
		at += fold_len_at(v, at);
		if (at >= run->to) {
			return n_group > 1;
		}
		at = join_read_separator(v, at, &s);
		if (s.gap > run->gap_min) {
			n_alone = n_group == 1 ? n_alone + 1 : 0;
			n_group = 0;
			if (n_alone == 3) {
				return false;
			}
		}
	}
}

/* join_emit: writes the run without its separators; returns where it ends. */
static size_t join_emit(struct fold_view *v, size_t *w, size_t from, const struct join_run *run)
{
	bool keeps = join_keeps_gaps(v, from, run);
	struct join_separator s;
	size_t at = from;

	/* What is written lies left of what is read; a space is taken from its own gap. */
	for (;;) {
		size_t end = at + fold_len_at(v, at);

		if (end >= run->to) {
			fold_move(v, w, at, end);
			v->beyond_case = true;
			return end;
		}
		size_t next = join_read_separator(v, end, &s);

		fold_move(v, w, at, end);
		if (keeps && s.gap > run->gap_min) {
			fold_move(v, w, next - 1, next);
		}
		at = next;
	}
}

/* join_word: copies the word at `at`, or the run it begins; returns where that ends. */
static size_t join_word(struct fold_view *v, size_t *w, size_t at)
{
	uint32_t ch;
	struct join_run run;
	size_t from = at;

	if (join_is_single(v, at, &ch) && fold_kind(ch) != KIND_DIGIT && join_find(v, at, &run)) {
		return join_emit(v, w, at, &run);
	}
	do {
		at += fold_len_at(v, at);
	} while (at < v->len && fold_in_word_at(v, at));
	fold_move(v, w, from, at);
	return at;
}

/* join_skip_plain: past an ASCII word of two characters or more at `at`; `at` if it is not one. */
static size_t join_skip_plain(const struct fold_view *v, size_t at)
{
	size_t from = at;

	while (at < v->len && (fold_octets[v->out[at]] & 15) >= KIND_DIGIT && v->out[at] < 0x80) {
		at++;
	}
	return at >= from + 2 && (at == v->len || v->out[at] < 0x80) ? at : from;
}

void fold_join(struct fold_view *v)
{
	size_t at = 0;
	size_t w = 0;

	while (at < v->len) {
		size_t end = join_skip_plain(v, at);
		uint32_t ch;
		size_t n;

		if (end != at) {
			fold_move(v, &w, at, end);
			at = end;
			continue;
		}
		ch = fold_char_at(v, at);
		if (fold_in_word(ch)) {
			at = join_word(v, &w, at);
			continue;
		}
		n = fold_len_at(v, at);
		if (fold_kind(ch) != KIND_SPACE || w == 0 || v->out[w - 1] != ' ') {
			fold_move(v, &w, at, at + n);
		}
		at += n;
	}
	v->len = w;
}
