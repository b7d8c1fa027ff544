/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/traffic_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/code.h"

enum { FILE_LEN_MAX = 256 << 20, ESCAPE = 0x1B };

/* TS 23.038 6.2.1: where the default alphabet differs from ASCII (the rest is below). */
static const uint16_t low[32] = { '@', 0xA3, '$', 0xA5, 0xE8, 0xE9, 0xF9, 0xEC, 0xF2, 0xC7, '\n',
	0xD8, 0xF8, '\r', 0xC5, 0xE5, 0x394, '_', 0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3,
	0x398, 0x39E, 0, 0xC6, 0xE6, 0xDF, 0xC9 };

struct place {
	uint16_t character;
	uint8_t septet;
};

static const struct place high[] = { { 0xA4, 0x24 }, { 0xA1, 0x40 }, { 0xC4, 0x5B }, { 0xD6, 0x5C },
	{ 0xD1, 0x5D }, { 0xDC, 0x5E }, { 0xA7, 0x5F }, { 0xBF, 0x60 }, { 0xE4, 0x7B },
	{ 0xF6, 0x7C }, { 0xF1, 0x7D }, { 0xFC, 0x7E }, { 0xE0, 0x7F }, { 0, 0 } };

/* TS 23.038 6.2.1.1, which the Turkish and the Spanish single shift table contain. */
static const struct place extension[] = { { '^', 0x14 }, { '{', 0x28 }, { '}', 0x29 },
	{ '\\', 0x2F }, { '[', 0x3C }, { '~', 0x3D }, { ']', 0x3E }, { '|', 0x40 },
	{ 0x20AC, 0x65 }, { 0, 0 } };

/* TS 23.038 A.2.1, A.2.2, A.2.3: what the single shift tables have beside it. */
static const struct place turkish[] = { { 0x11E, 0x47 }, { 0x130, 0x49 }, { 0x15E, 0x53 },
	{ 0xE7, 0x63 }, { 0x11F, 0x67 }, { 0x131, 0x69 }, { 0x15F, 0x73 }, { 0, 0 } };
static const struct place spanish[] = { { 0xE7, 0x09 }, { 0xC1, 0x41 }, { 0xCD, 0x49 },
	{ 0xD3, 0x4F }, { 0xDA, 0x55 }, { 0xE1, 0x61 }, { 0xED, 0x69 }, { 0xF3, 0x6F },
	{ 0xFA, 0x75 }, { 0, 0 } };
static const struct place portuguese[] = { { 0xEA, 0x05 }, { 0xE7, 0x09 }, { 0xD4, 0x0B },
	{ 0xF4, 0x0C }, { 0xC1, 0x0E }, { 0xE1, 0x0F }, { 0xCA, 0x1F }, { 0xC0, 0x41 },
	{ 0xCD, 0x49 }, { 0xD3, 0x4F }, { 0xDA, 0x55 }, { 0xC3, 0x5B }, { 0xD5, 0x5C },
	{ 0xC2, 0x61 }, { 0xED, 0x69 }, { 0xF3, 0x6F }, { 0xFA, 0x75 }, { 0xE3, 0x7B },
	{ 0xF5, 0x7C }, { 0xE2, 0x7F }, { 0, 0 } };
static const struct place *const singles[] = { NULL, turkish, spanish, portuguese };

/* TS 23.038 A.3.1: where the Turkish locking shift table differs from the default alphabet. */
static const struct place turkish_locking[] = { { 0x20AC, 0x04 }, { 0x131, 0x07 }, { 0x11E, 0x0B },
	{ 0x11F, 0x0C }, { 0x15E, 0x1C }, { 0x15F, 0x1D }, { 0x130, 0x40 }, { 0xE7, 0x60 },
	{ 0, 0 } };
static const uint8_t turkish_taken[] = { 0x04, 0x07, 0x0B, 0x0C, 0x1C, 0x1D, 0x40, 0x60 };

static int find_place(const struct place *list, uint32_t c)
{
	for (; list->character != 0; list++) {
		if (list->character == c) {
			return list->septet;
		}
	}
	return -1;
}

static int default_septet(uint32_t c)
{
	if (c >= 0x20 && c <= 0x7A && strchr("$@[\\]^_`", (int)c) == NULL) {
		return (int)c;
	}
	for (int i = 0; i < 32; i++) {
		if (i != ESCAPE && low[i] == c) {
			return i;
		}
	}
	return find_place(high, c);
}

/* septets_of: one septet, or two with an escape, or 0: the character is in none of the tables. */
static unsigned septets_of(uint32_t c, struct traffic_language language, uint16_t out[2])
{
	int s = language.locking == 1 ? find_place(turkish_locking, c) : -1;

	if (s < 0) {
		s = default_septet(c);
		if (s >= 0 && language.locking == 1 &&
			memchr(turkish_taken, s, sizeof(turkish_taken)) != NULL) {
			s = -1;
		}
	}
	if (s >= 0) {
		out[0] = (uint16_t)s;
		return 1;
	}
	s = language.single != 0 ? find_place(singles[language.single], c) : -1;
	s = s < 0 ? find_place(extension, c) : s;
	out[0] = ESCAPE;
	out[1] = (uint16_t)s;
	return s < 0 ? 0 : 2;
}

/* next_character: of UTF-8 that traffic_texts_load() has looked at; 0 at the end. */
static uint32_t next_character(const char *text, size_t *at)
{
	const uint8_t *p = (const uint8_t *)text + *at;
	unsigned n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);

	for (unsigned i = 1; i < n; i++) {
		c = c << 6 | (p[i] & 0x3Fu);
	}
	*at += p[0] != 0 ? n : 0;
	return c;
}

static unsigned units_of(uint32_t c, const struct traffic_units *u, uint16_t out[2])
{
	switch (u->coding) {
	case TRAFFIC_GSM7:
		return septets_of(c, u->language, out);
	case TRAFFIC_UCS2:
		out[0] = (uint16_t)c;
		if (c >= 0x10000) { /* RFC 2781 2.1 */
			out[0] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
			out[1] = (uint16_t)(0xDC00 + (c & 0x3FF));
		}
		return c >= 0x10000 ? 2 : 1;
	case TRAFFIC_LATIN1:
		out[0] = (uint16_t)c;
		return c < 0x80 || (c >= 0xA0 && c <= 0xFF) ? 1 : 0;
	case TRAFFIC_BINARY:
		break;
	}
	return 0;
}

bool traffic_units_encode(struct traffic_units *u, const char *text, enum traffic_coding coding,
	struct traffic_language language)
{
	size_t at = 0;
	size_t from = 0;
	uint32_t c;

	u->coding = coding;
	u->language = language;
	u->n = 0;
	while ((c = next_character(text, &at)) != 0) {
		uint16_t units[2];
		unsigned n = units_of(c, u, units);

		if (n == 0 || u->n + n > TRAFFIC_UNITS_MAX) {
			return false;
		}
		for (unsigned i = 0; i < n; i++) {
			u->unit[u->n] = units[i];
			u->from[u->n++] = (uint16_t)from;
		}
		from = at;
	}
	u->from[u->n] = (uint16_t)at;
	return true;
}

bool traffic_units_language(
	struct traffic_units *u, const char *text, struct traffic_language *language)
{
	static const struct traffic_language candidates[] = { { 2, 0 }, { 3, 0 }, { 1, 1 },
		{ 1, 0 } };

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (traffic_units_encode(u, text, TRAFFIC_GSM7, candidates[i])) {
			*language = candidates[i];
			return true;
		}
	}
	return false;
}

unsigned traffic_units_split(const struct traffic_units *u, uint32_t whole, uint32_t part,
	struct traffic_piece pieces[TRAFFIC_PARTS_MAX])
{
	unsigned n = 0;
	uint32_t first = 0;

	if (u->n <= whole) {
		pieces[0] = (struct traffic_piece){ 0, u->n };
		return 1;
	}
	while (first < u->n && n < TRAFFIC_PARTS_MAX) {
		uint32_t len = u->n - first < part ? u->n - first : part;

		if (first + len < u->n && u->from[first + len] == u->from[first + len - 1]) {
			len--; /* both units of a character stay together */
		}
		pieces[n++] = (struct traffic_piece){ first, len };
		first += len;
	}
	return n;
}

size_t traffic_units_octets(
	const struct traffic_units *u, struct traffic_piece piece, uint8_t *out, size_t size)
{
	struct writer w = writer_of(out, size);

	for (uint32_t i = 0; i < piece.n; i++) {
		uint16_t unit = u->unit[piece.first + i];

		if (u->coding == TRAFFIC_UCS2) {
			writer_u16(&w, unit);
		} else {
			writer_u8(&w, (uint8_t)unit);
		}
	}
	return size - writer_left(&w);
}

/* ---- texts ---- */

/* utf8_length: octets of the character at `p` (RFC 3629 4), 0: it is none. */
static unsigned utf8_length(const uint8_t *p)
{
	unsigned n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	uint32_t c = n == 0 ? 0 : n == 1 ? p[0] : p[0] & (0x7Fu >> n);

	if (p[0] > 0xF4) {
		return 0;
	}
	for (unsigned i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80) {
			return 0;
		}
		c = c << 6 | (p[i] & 0x3Fu);
	}
	if ((n == 3 && (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF))) ||
		(n == 4 && (c < 0x10000 || c > 0x10FFFF))) {
		return 0;
	}
	return n;
}

/* text_fault: what is wrong with a text, or NULL. */
static const char *text_fault(const char *text)
{
	unsigned characters = 0;

	for (const uint8_t *p = (const uint8_t *)text; *p != 0; characters++) {
		unsigned n = utf8_length(p);

		if (n == 0) {
			return "the text is no UTF-8";
		}
		if (*p < 0x20 || *p == 0x7F) {
			return "the text has a control character";
		}
		p += n;
	}
	return characters == 0                       ? "there is no text behind the label"
	       : characters > TRAFFIC_CHARACTERS_MAX ? "the text has more than 1000 characters"
	                                             : NULL;
}

static bool is_ham(const struct traffic_sample *s)
{
	return strcmp(s->label, "ham") == 0;
}

static void texts_add(struct traffic_texts *t, const struct traffic_sample *s)
{
	if (is_ham(s)) {
		t->ham[t->n_ham++] = *s;
	} else {
		t->other[t->n_other++] = *s;
	}
}

static bool texts_reserve(struct traffic_texts *t, size_t n)
{
	t->ham = calloc(n + 1, sizeof(*t->ham));
	t->other = calloc(n + 1, sizeof(*t->other));
	return t->ham != NULL && t->other != NULL;
}

/* read_line: adds the text of one line; false when `diag` got an error. */
static bool read_line(
	struct traffic_texts *t, char *line, const char *path, int number, struct diag *diag)
{
	char *tab = strchr(line, '\t');
	const char *fault = NULL;

	if (line[0] == '\0' || line[0] == '#') {
		return true;
	}
	if (tab == NULL || tab == line || tab - line >= TRAFFIC_LABEL_SIZE) {
		fault = "expected \"label<TAB>text\" with a label of 1 to 31 characters";
	} else {
		*tab = '\0';
		fault = text_fault(line) != NULL ? "the label is no UTF-8" : text_fault(tab + 1);
	}
	if (fault == NULL && t->n_ham + t->n_other == TRAFFIC_TEXTS_MAX) {
		fault = "there are more than 1000000 texts";
	}
	if (fault != NULL) {
		diag_add(diag, DIAG_ERROR, path, number, 0, "%s", fault);
		return false;
	}
	texts_add(t, &(struct traffic_sample){ line, tab + 1 });
	return true;
}

static int read_file(struct traffic_texts *t, const char *path, struct diag *diag)
{
	FILE *f = fopen(path, "rb");
	size_t size = 1 << 16;
	size_t len = 0;
	size_t n = 0;

	t->octets = malloc(size + 1);
	while (f != NULL && t->octets != NULL && len < FILE_LEN_MAX) {
		n = fread(t->octets + len, 1, size - len, f);
		len += n;
		if (n == 0) {
			break;
		}
		if (len == size) {
			char *more = realloc(t->octets, size * 2 + 1);

			free(more == NULL ? t->octets : NULL);
			t->octets = more;
			size *= 2;
		}
	}
	if (f == NULL || ferror(f) != 0 || t->octets == NULL || len >= FILE_LEN_MAX) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "%s",
			f != NULL && t->octets == NULL ? "no memory"
			: len >= FILE_LEN_MAX          ? "larger than 256 MB"
						       : strerror(errno));
		if (f != NULL) {
			(void)fclose(f);
		}
		return CONTROL_INVALID;
	}
	(void)fclose(f);
	t->octets[len] = '\0';
	if (memchr(t->octets, 0, len) != NULL) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "is no text file: it has an octet 0");
		return CONTROL_INVALID;
	}
	return 0;
}

static int read_lines(struct traffic_texts *t, const char *path, struct diag *diag)
{
	size_t errors = diag->n_errors;
	size_t n_lines = 1;
	int number = 1;

	for (const char *p = t->octets; *p != '\0'; p++) {
		n_lines += *p == '\n';
	}
	if (!texts_reserve(t, n_lines)) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "no memory");
		return CONTROL_FAILED;
	}
	for (char *line = t->octets; line != NULL; number++) {
		char *end = strchr(line, '\n');
		char *next = end != NULL ? end + 1 : NULL;

		if (end != NULL) {
			*end = '\0';
			if (end != line && end[-1] == '\r') {
				end[-1] = '\0';
			}
		}
		(void)read_line(t, line, path, number, diag);
		line = next;
	}
	if (diag->n_errors == errors && t->n_ham + t->n_other == 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "has no text");
	}
	return diag->n_errors == errors ? 0 : CONTROL_INVALID;
}

int traffic_texts_load(struct traffic_texts *t, const char *path, struct diag *diag)
{
	int rc;

	*t = (struct traffic_texts){ .octets = NULL };
	if (path != NULL) {
		rc = read_file(t, path, diag);
		return rc == 0 ? read_lines(t, path, diag) : rc;
	}
	if (!texts_reserve(t, traffic_n_samples)) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no memory");
		return CONTROL_FAILED;
	}
	for (size_t i = 0; i < traffic_n_samples; i++) {
		texts_add(t, &traffic_samples[i]);
	}
	return 0;
}

void traffic_texts_free(struct traffic_texts *t)
{
	free(t->ham);
	free(t->other);
	free(t->octets);
	*t = (struct traffic_texts){ .octets = NULL };
}
