/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * openmetrics: writes metrics as text: OpenMetrics 1.0, or Prometheus' text format 0.0.4 for readers
 * that know no other. It knows lines, types, units and escapes; what is told is metrics.c's.
 *
 * Ownership: the caller's struct; its text grows as needed and is kept from one page to the next.
 * Control only. Bounds: `series_max` series, what is above is counted in `n_left_out` and not written.
 * Errors: without memory the page fails as a whole, told by openmetrics_end().
 * Source: OpenMetrics 1.0.0, "Text format" (ABNF, escaping, MetricFamily metadata, # EOF).
 */
#ifndef SMSWALL_CONTROL_OPENMETRICS_H
#define SMSWALL_CONTROL_OPENMETRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum openmetrics_format { OPENMETRICS_1_0, OPENMETRICS_CLASSIC, OPENMETRICS_FORMATS };
enum openmetrics_type { OPENMETRICS_COUNTER, OPENMETRICS_GAUGE, OPENMETRICS_INFO };

enum { OPENMETRICS_LABELS_MAX = 6 };

/* Metrics of one name, but for their labels. */
struct openmetrics_family {
	const char *name;   /* without _total or _info; ends with the unit, where there is one */
	const char *unit;   /* "": none */
	const char *labels; /* names, for the manual: "link, check"; "": none */
	const char *help;
	enum openmetrics_type type;
};

struct openmetrics_label {
	const char *name;
	const char *value; /* UTF-8; other octets are written as U+FFFD */
};

struct openmetrics {
	char *text; /* len octets, not ended by 0 */
	size_t len, size;
	enum openmetrics_format format;
	uint32_t series_max;
	uint32_t n_series, n_left_out;
	const struct openmetrics_family *family; /* whose samples are being written */
	bool failed;                             /* out of memory */
};

/* openmetrics_begin: an empty page; a zeroed struct, or one of before whose memory is used again. */
void openmetrics_begin(struct openmetrics *m, enum openmetrics_format format, uint32_t series_max);
void openmetrics_free(struct openmetrics *m);

/* openmetrics_family: what follows is of `f`, which outlives the page. Each family once. */
void openmetrics_family(struct openmetrics *m, const struct openmetrics_family *f);

/* A sample of the family; the labels' names are valid and differ. */
void openmetrics_put(struct openmetrics *m, uint64_t value, const struct openmetrics_label *labels,
	unsigned n_labels);
/* openmetrics_put_us: microseconds, written as seconds. */
void openmetrics_put_us(struct openmetrics *m, uint64_t us, const struct openmetrics_label *labels,
	unsigned n_labels);

/* openmetrics_end: the last line; false when it failed: there is no page then. */
bool openmetrics_end(struct openmetrics *m);

const char *openmetrics_content_type(enum openmetrics_format format);
const char *openmetrics_type_name(enum openmetrics_type type);

/* openmetrics_sample_name: "name_total" of a counter, "name_info" of an info, else the name. */
void openmetrics_sample_name(const struct openmetrics_family *f, char *out, size_t size);

#endif
