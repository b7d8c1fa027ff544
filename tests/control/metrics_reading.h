/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * metrics_reading: reads a page by the grammar of OpenMetrics 1.0, apart from what writes it: each breach is told and
 * counted. Included by one file of a program.
 */
#ifndef SMSWALL_TESTS_METRICS_READING_H
#define SMSWALL_TESTS_METRICS_READING_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

enum { SAMPLES_MAX = 4096, NAME_SIZE = 96 };

struct sample {
	char name[NAME_SIZE];
	const char *labels; /* with braces; as long as labels_len */
	size_t labels_len;
	double value;
	bool counter;
};

struct reading {
	char family[NAME_SIZE], type[16], unit[32];
	bool has_type, has_unit, has_help, has_sample;
	char seen[SAMPLES_MAX / 4][NAME_SIZE]; /* families */
	unsigned n_seen;
	struct sample samples[SAMPLES_MAX];
	unsigned n_samples;
	unsigned n_bad;
	bool ended;
};

static void bad(struct reading *r, const char *why, const char *line)
{
	r->n_bad++;
	fprintf(stderr, "%s: %.*s\n", why, (int)strcspn(line, "\n"), line);
}

static size_t name_len(const char *p)
{
	size_t n = 0;

	if (isalpha((unsigned char)*p) || *p == '_' || *p == ':') {
		while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == ':') {
			n++;
		}
	}
	return n;
}

static void begin_family(struct reading *r, const char *name, const char *line)
{
	if (strcmp(r->family, name) == 0) {
		return;
	}
	for (unsigned i = 0; i < r->n_seen; i++) {
		if (strcmp(r->seen[i], name) == 0) {
			bad(r, "a family twice", line);
		}
	}
	if (r->n_seen < SAMPLES_MAX / 4) {
		memcpy(r->seen[r->n_seen++], name, NAME_SIZE);
	}
	memcpy(r->family, name, NAME_SIZE);
	r->type[0] = r->unit[0] = '\0';
	r->has_type = r->has_unit = r->has_help = r->has_sample = false;
}

/* help_ok: only the escapes \n, \\ and \". */
static bool help_ok(const char *p)
{
	for (; *p != '\n'; p++) {
		if (*p == '"' || (*p == '\\' && strchr("n\\\"", *++p) == NULL)) {
			return false;
		}
	}
	return true;
}

static void read_metadata(struct reading *r, const char *line)
{
	char what[8];
	char name[NAME_SIZE] = "";
	int at = 0;

	if (sscanf(line, "# %7s %95s %n", what, name, &at) != 2 || line[at - 1] != ' ') {
		bad(r, "no metadata", line);
		return;
	}
	begin_family(r, name, line);
	if (r->has_sample) {
		bad(r, "metadata behind samples", line);
	}
	if (strcmp(what, "TYPE") == 0 && !r->has_type) {
		r->has_type = sscanf(line + at, "%15s", r->type) == 1 &&
		              (strcmp(r->type, "counter") == 0 || strcmp(r->type, "gauge") == 0 ||
				      strcmp(r->type, "info") == 0);
	} else if (strcmp(what, "UNIT") == 0 && !r->has_unit) {
		size_t len;

		r->has_unit = sscanf(line + at, "%31s", r->unit) == 1;
		len = strlen(r->unit);
		if (strlen(name) <= len + 1 || strcmp(name + strlen(name) - len, r->unit) != 0 ||
			name[strlen(name) - len - 1] != '_') {
			bad(r, "the name does not end with the unit", line);
		}
	} else if (strcmp(what, "HELP") == 0 && !r->has_help) {
		r->has_help = help_ok(line + at);
	} else {
		bad(r, "metadata twice or unknown", line);
	}
}

/* labels_end: behind '}', or NULL. */
static const char *labels_end(const char *p)
{
	do {
		size_t n = name_len(++p);

		if (n == 0 || p[n] != '=' || p[n + 1] != '"') {
			return NULL;
		}
		for (p += n + 2; *p != '"'; p++) {
			if (*p == '\n' || (*p == '\\' && strchr("n\\\"", *++p) == NULL)) {
				return NULL;
			}
		}
		p++;
	} while (*p == ',');
	return *p == '}' ? p + 1 : NULL;
}

static void read_sample(struct reading *r, const char *line)
{
	static const struct {
		const char *type, *suffix;
	} suffixes[] = { { "counter", "_total" }, { "gauge", "" }, { "info", "_info" } };
	struct sample *s = &r->samples[r->n_samples];
	size_t n = name_len(line);
	const char *p = line[n] == '{' ? labels_end(line + n) : line + n;
	char wanted[NAME_SIZE + 8] = "";
	char *end;

	if (n == 0 || n >= NAME_SIZE || p == NULL || *p != ' ' || r->n_samples == SAMPLES_MAX) {
		bad(r, "no sample", line);
		return;
	}
	memcpy(s->name, line, n);
	s->labels = line + n;
	s->labels_len = (size_t)(p - s->labels);
	s->value = strtod(p + 1, &end);
	s->counter = strcmp(r->type, "counter") == 0;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (strcmp(r->type, suffixes[i].type) == 0) {
			snprintf(wanted, sizeof(wanted), "%s%s", r->family, suffixes[i].suffix);
		}
	}
	if (strcmp(s->name, wanted) != 0) {
		bad(r, "not of the family before it", line);
	}
	if (end == p + 1 || *end != '\n' || s->value < 0 ||
		(strcmp(r->type, "info") == 0 && s->value != 1)) {
		bad(r, "no value", line);
	}
	for (unsigned i = 0; i < r->n_samples; i++) {
		if (strcmp(r->samples[i].name, s->name) == 0 &&
			r->samples[i].labels_len == s->labels_len &&
			memcmp(r->samples[i].labels, s->labels, s->labels_len) == 0) {
			bad(r, "a series twice", line);
		}
	}
	r->has_sample = true;
	r->n_samples++;
}

/* read_page: NULL-free reading of a page in OpenMetrics 1.0. Free with free(). */
static struct reading *read_page(const char *page)
{
	struct reading *r = calloc(1, sizeof(*r));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (const char *line = page; *line != '\0'; line = strchr(line, '\n') + 1) {
		if (strchr(line, '\n') == NULL || r->ended) {
			bad(r, "behind the end", line);
			break;
		}
		if (strncmp(line, "# EOF\n", 6) == 0) {
			r->ended = true;
		} else if (line[0] == '#') {
			read_metadata(r, line);
		} else {
			if (!r->has_type || !r->has_help) {
				bad(r, "a sample without TYPE and HELP", line);
			}
			read_sample(r, line);
		}
	}
	return r;
}

static const struct sample *find(const struct reading *r, const char *name, const char *labels)
{
	for (unsigned i = 0; i < r->n_samples; i++) {
		const struct sample *s = &r->samples[i];

		if (strcmp(s->name, name) == 0 && strlen(labels) == s->labels_len &&
			memcmp(s->labels, labels, s->labels_len) == 0) {
			return s;
		}
	}
	return NULL;
}

static double value(const struct reading *r, const char *name, const char *labels)
{
	const struct sample *s = find(r, name, labels);

	if (s == NULL) {
		fprintf(stderr, "no %s%s\n", name, labels);
		CU_FAIL("a series is missing");
	}
	return s != NULL ? s->value : -1;
}

#endif
