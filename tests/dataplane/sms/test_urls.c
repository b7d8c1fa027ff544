/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entity: links against the labelled set urls.labelled: precision (of what is found, how much is
 * right) and recall (of what is there, how much is found), by normal form, in order. Run from the
 * project's root.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/sms/entity.h"
#include "tests/support/unit.h"

enum { LINE_SIZE = 2048, VALUES_SIZE = 8192, MESSAGES_MIN = 600 };

struct score {
	unsigned n_messages;
	unsigned n_expected;
	unsigned n_found;
	unsigned n_right;
};

struct work {
	struct entity entities[LIMIT_ENTITIES];
	uint8_t values[VALUES_SIZE];
	char line[LINE_SIZE];
	char text[LINE_SIZE];
};

static size_t put_utf8(char *to, unsigned cp)
{
	if (cp < 0x80) {
		to[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		to[0] = (char)(0xC0 | cp >> 6);
		to[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	to[0] = (char)(0xE0 | cp >> 12);
	to[1] = (char)(0x80 | (cp >> 6 & 0x3F));
	to[2] = (char)(0x80 | (cp & 0x3F));
	return 3;
}

/* unescape: \uXXXX and \\ of a line's text. */
static struct bytes unescape(const char *from, size_t len, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (from[i] == '\\' && from[i + 1] == 'u') {
			char digits[5] = { 0 };

			memcpy(digits, from + i + 2, 4);
			n += put_utf8(to + n, (unsigned)strtoul(digits, NULL, 16));
			i += 5;
			continue;
		}
		i += from[i] == '\\';
		to[n++] = from[i];
	}
	return bytes_of(to, n);
}

/* judge: one line, its expectation behind the tab. */
static void judge(struct work *w, char *expected, struct bytes text, struct score *s)
{
	unsigned wrong = 0;
	uint32_t n = entity_find(text, NUMBERING_NONE, w->entities, w->values, sizeof(w->values));
	uint32_t at = 0;

	s->n_messages++;
	for (char *save, *e = strtok_r(expected, " \n", &save); e != NULL;
		e = strtok_r(NULL, " \n", &save)) {
		bool met = false;

		if (strcmp(e, "-") == 0) {
			continue;
		}
		s->n_expected++;
		for (uint32_t k = at; k < n && !met; k++) {
			const struct entity *u = &w->entities[k];

			if (u->kind == ENTITY_URL && bytes_equal(u->value, bytes_str(e))) {
				met = true;
				at = k + 1;
			}
		}
		s->n_right += met;
		if (!met) {
			printf("  missed %s: %.*s\n", e, (int)text.len, (const char *)text.data);
			wrong++;
		}
	}
	for (uint32_t k = 0; k < n; k++) {
		s->n_found += w->entities[k].kind == ENTITY_URL;
	}
	for (uint32_t k = 0; k < n && (wrong != 0 || s->n_found > s->n_expected); k++) {
		const struct entity *u = &w->entities[k];

		if (u->kind == ENTITY_URL) {
			printf("    found %.*s: %.*s\n", (int)u->value.len,
				(const char *)u->value.data, (int)text.len,
				(const char *)text.data);
		}
	}
}

static void test_labelled(void)
{
	struct work *w = calloc(1, sizeof(*w));
	FILE *in = fopen("tests/dataplane/sms/urls.labelled", "r");
	struct score s = { 0 };
	double precision;
	double recall;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	while (fgets(w->line, sizeof(w->line), in) != NULL) {
		char *tab = strchr(w->line, '\t');
		struct score one = { 0 };

		if (w->line[0] == '#' || w->line[0] == '\n') {
			continue;
		}
		CU_ASSERT_PTR_NOT_NULL_FATAL(tab);
		judge(w, tab + 1, unescape(w->line, (size_t)(tab - w->line), w->text), &one);
		s.n_messages++;
		s.n_expected += one.n_expected;
		s.n_found += one.n_found;
		s.n_right += one.n_right;
	}
	(void)fclose(in);
	free(w);
	precision = (double)s.n_right / (double)s.n_found;
	recall = (double)s.n_right / (double)s.n_expected;
	printf("\n  %u messages, %u links, %u found, %u right: precision %.4f, recall %.4f\n",
		s.n_messages, s.n_expected, s.n_found, s.n_right, precision, recall);
	CU_ASSERT(s.n_messages >= MESSAGES_MIN);
	CU_ASSERT(precision >= 0.99);
	CU_ASSERT(recall >= 0.99);
}

UNIT_MAIN("sms/urls", { "labelled links", test_labelled })
