/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/openmetrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 << 10, NUMBER_SIZE = 32 };

static bool reserve(struct openmetrics *m, size_t more)
{
	size_t size = m->size != 0 ? m->size : FIRST_SIZE;
	char *text;

	if (m->failed || m->size - m->len >= more) {
		return !m->failed;
	}
	while (size - m->len < more) {
		size *= 2;
	}
	text = realloc(m->text, size);
	m->failed = text == NULL;
	if (text != NULL) {
		m->text = text;
		m->size = size;
	}
	return !m->failed;
}

static void put_octets(struct openmetrics *m, const char *s, size_t len)
{
	if (reserve(m, len)) {
		memcpy(m->text + m->len, s, len);
		m->len += len;
	}
}

static void put_text(struct openmetrics *m, const char *s)
{
	put_octets(m, s, strlen(s));
}

/* utf8_len: octets of the character at `s`, 0 where there is none that RFC 3629 allows. */
static size_t utf8_len(const unsigned char *s)
{
	static const struct {
		unsigned char first, last; /* of the first octet */
		unsigned char low, high;   /* of the second */
		unsigned char len;
	} forms[] = { { 0x01, 0x7F, 0, 0, 1 }, { 0xC2, 0xDF, 0x80, 0xBF, 2 },
		{ 0xE0, 0xE0, 0xA0, 0xBF, 3 }, { 0xE1, 0xEC, 0x80, 0xBF, 3 },
		{ 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 },
		{ 0xF0, 0xF0, 0x90, 0xBF, 4 }, { 0xF1, 0xF3, 0x80, 0xBF, 4 },
		{ 0xF4, 0xF4, 0x80, 0x8F, 4 } };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last) {
			continue;
		}
		for (size_t j = 1; j < forms[i].len; j++) {
			unsigned char low = j == 1 ? forms[i].low : 0x80;
			unsigned char high = j == 1 ? forms[i].high : 0xBF;

			if (s[j] < low || s[j] > high) { /* the end is 0: below `low` */
				return 0;
			}
		}
		return forms[i].len;
	}
	return 0;
}

/* put_escaped: OpenMetrics 1.0 "Text format": \n, \\ and \" (in help of the classic format, the first two). */
static void put_escaped(struct openmetrics *m, const char *s, bool quotes)
{
	while (*s != '\0') {
		size_t len = utf8_len((const unsigned char *)s);

		if (len == 0) {
			put_text(m, "\xEF\xBF\xBD");
			s++;
			continue;
		}
		if (*s == '\n') {
			put_text(m, "\\n");
		} else if (*s == '\\') {
			put_text(m, "\\\\");
		} else if (*s == '"' && quotes) {
			put_text(m, "\\\"");
		} else {
			put_octets(m, s, len);
		}
		s += len;
	}
}

void openmetrics_begin(struct openmetrics *m, enum openmetrics_format format, uint32_t series_max)
{
	*m = (struct openmetrics){
		.text = m->text, .size = m->size, .format = format, .series_max = series_max
	};
}

void openmetrics_free(struct openmetrics *m)
{
	free(m->text);
	*m = (struct openmetrics){ 0 };
}

static const char *suffix(enum openmetrics_type type)
{
	static const char *const suffixes[] = { [OPENMETRICS_COUNTER] = "_total",
		[OPENMETRICS_GAUGE] = "",
		[OPENMETRICS_INFO] = "_info" };

	return suffixes[type];
}

const char *openmetrics_type_name(enum openmetrics_type type)
{
	static const char *const names[] = { [OPENMETRICS_COUNTER] = "counter",
		[OPENMETRICS_GAUGE] = "gauge",
		[OPENMETRICS_INFO] = "info" };

	return names[type];
}

void openmetrics_sample_name(const struct openmetrics_family *f, char *out, size_t size)
{
	snprintf(out, size, "%s%s", f->name, suffix(f->type));
}

static void put_line(struct openmetrics *m, const char *what, const char *text)
{
	put_text(m, "# ");
	put_text(m, what);
	put_text(m, " ");
	put_text(m, m->family->name);
	/* the classic format calls a family what its samples are called */
	put_text(m, m->format == OPENMETRICS_CLASSIC ? suffix(m->family->type) : "");
	put_text(m, " ");
	put_escaped(m, text, m->format == OPENMETRICS_1_0);
	put_text(m, "\n");
}

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s);
	size_t n = strlen(end);

	return len > n && memcmp(s + len - n, end, n) == 0;
}

void openmetrics_family(struct openmetrics *m, const struct openmetrics_family *f)
{
	bool classic = m->format == OPENMETRICS_CLASSIC;

	/* "If a unit is specified it MUST be provided in a unit suffix"; an info has none */
	assert(f->unit[0] == '\0' || (f->type != OPENMETRICS_INFO && ends_with(f->name, f->unit)));
	m->family = f;
	put_line(m, "TYPE",
		classic && f->type == OPENMETRICS_INFO ? "gauge" : openmetrics_type_name(f->type));
	if (f->unit[0] != '\0' && !classic) {
		put_line(m, "UNIT", f->unit);
	}
	put_line(m, "HELP", f->help);
}

static void put_sample(struct openmetrics *m, const char *value,
	const struct openmetrics_label *labels, unsigned n_labels)
{
	assert(n_labels <= OPENMETRICS_LABELS_MAX);
	if (m->n_series >= m->series_max) {
		m->n_left_out++;
		return;
	}
	m->n_series++;
	put_text(m, m->family->name);
	put_text(m, suffix(m->family->type));
	for (unsigned i = 0; i < n_labels; i++) {
		put_text(m, i == 0 ? "{" : ",");
		put_text(m, labels[i].name);
		put_text(m, "=\"");
		put_escaped(m, labels[i].value, true);
		put_text(m, "\"");
	}
	put_text(m, n_labels != 0 ? "} " : " ");
	put_text(m, value);
	put_text(m, "\n");
}

void openmetrics_put(struct openmetrics *m, uint64_t value, const struct openmetrics_label *labels,
	unsigned n_labels)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_sample(m, text, labels, n_labels);
}

void openmetrics_put_us(struct openmetrics *m, uint64_t us, const struct openmetrics_label *labels,
	unsigned n_labels)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
	put_sample(m, text, labels, n_labels);
}

bool openmetrics_end(struct openmetrics *m)
{
	if (m->format == OPENMETRICS_1_0) {
		put_text(m, "# EOF\n");
	}
	return !m->failed;
}

const char *openmetrics_content_type(enum openmetrics_format format)
{
	static const char *const types[OPENMETRICS_FORMATS] = {
		[OPENMETRICS_1_0] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
		[OPENMETRICS_CLASSIC] = "text/plain; version=0.0.4; charset=utf-8",
	};

	return types[format];
}
