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

/* fold_put: appends `n` octets that came from offset `from`. */
static void fold_put(struct fold_view *v, const uint8_t *octets, size_t n, size_t from)
{
	for (size_t i = 0; i < n; i++) {
		v->out[v->len + i] = octets[i];
	}
	if (v->origin != NULL) {
		for (size_t i = 0; i < n; i++) {
			v->origin[v->len + i] = (uint32_t)from;
		}
	}
	v->len += n;
}

static void fold_put_code_point(struct fold_view *v, uint32_t cp, size_t from)
{
	uint8_t u[4];
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	for (size_t i = n; i > 1; i--) {
		u[i - 1] = (uint8_t)(0x80 | (cp & 0x3F));
		cp >>= 6;
	}
	u[0] = (uint8_t)(n == 1 ? cp : (0xF00u >> n & 0xF0) | cp);
	fold_put(v, u, n, from);
}

/* fold_map_ascii: lower case; controls are dropped but for white space, which is a space. */
static void fold_map_ascii(struct fold_view *v, uint8_t c, size_t from)
{
	if ((uint8_t)(c - 'A') < 26) {
		c |= 0x20;
	} else if (c < 0x20 || c == 0x7F) {
		if (c < '\t' || c > '\r') {
			v->beyond_case = true;
			return;
		}
		c = ' ';
	}
	v->out[v->len] = c;
	if (v->origin != NULL) {
		v->origin[v->len] = (uint32_t)from;
	}
	v->len++;
}

static void fold_map_entry(struct fold_view *v, uint32_t entry, struct bytes ch, size_t from)
{
	uint32_t value = fold_entry_value(entry);

	switch (fold_entry_action(entry)) {
	case FOLD_KEEP:
		v->has_looks |= fold_entry_look(entry) != 0;
		fold_put(v, ch.data, ch.len, from);
		return;
	case FOLD_MAP:
		fold_put_code_point(v, value, from);
		v->has_looks |= value >= 0x80 && fold_entry_look(fold_entry(value)) != 0;
		v->beyond_case |= !fold_entry_is_case(entry);
		return;
	case FOLD_SEQUENCE:
		fold_put(v, fold_table_sequences + (value >> 5), value & 31, from);
		v->has_looks = true;
		break;
	case FOLD_DROP:
		break;
	}
	v->beyond_case = true;
}

static void fold_map(struct fold_view *v, struct bytes text)
{
	size_t at = 0;

	while (at < text.len) {
		uint8_t n;
		uint32_t cp;

		if (text.data[at] < 0x80) {
			fold_map_ascii(v, text.data[at], at);
			at++;
			continue;
		}
		cp = fold_decode(text.data + at, text.len - at, &n);
		fold_map_entry(v, fold_entry(cp), bytes_of(text.data + at, n), at);
		at += n;
	}
}

struct fold_result fold_text(struct bytes text, uint8_t *out, size_t size, uint32_t *origin)
{
	struct fold_view v = { .out = out, .origin = origin };

	if (size < FOLD_SIZE(text.len)) {
		text.len = size < 4 ? 0
		                    : (size - 4) / 3; /* a caller's mistake must not write beyond */
	}
	if (origin == NULL && !fold_needed(text)) {
		return (struct fold_result){ 0, false };
	}
	fold_map(&v, text);
	fold_join(&v);
	fold_words(&v);
	if (origin != NULL) {
		origin[v.len] = (uint32_t)text.len;
	}
	return (struct fold_result){ v.len, v.beyond_case };
}
