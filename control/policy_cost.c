/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_cost.h"

#include <stdlib.h>
#include <string.h>

#include "control/traffic_text.h"
#include "dataplane/limits.h"
#include "dataplane/sms/entity.h"
#include "dataplane/sms/fold.h"
#include "patterns/scan.h"

enum { TEXTS_MAX = 4096, NUMBERS = 4 };

static const double kib = 1024.0;

/* Senders of the sample, taken in turn. */
static const char *const senders[] = { "Northbank", "ALDER", "447700900123", "Dr Moss", "80123",
	"Ellwater", "491700000042", "INFO" };
enum { N_SENDERS = sizeof(senders) / sizeof(senders[0]) };

/* The sample while it is made; each text is a copy with SCAN_TAIL octets behind it. */
struct making {
	struct cost_sample sample;
	struct bytes *texts[FIELDS][VIEWS];
	bool failed;
};

struct policy_budget policy_budget_default(void)
{
	return (struct policy_budget){ 3000, 4096, 10 };
}

static void add_text(struct making *m, enum rule_field f, enum rule_view v, struct bytes text)
{
	uint32_t *n = &m->sample.n[f][v];
	uint8_t *copy = *n < TEXTS_MAX ? calloc(1, text.len + SCAN_TAIL) : NULL;

	if (copy == NULL) {
		m->failed = true;
		return;
	}
	memcpy(copy, text.data, text.len);
	m->texts[f][v][(*n)++] = bytes_of(copy, text.len);
}

/* The folded view, where the judge would look into it. */
static void add_folded(struct making *m, enum rule_field f, struct bytes text)
{
	size_t size = FOLD_SIZE(text.len);
	uint8_t *out = malloc(size);

	if (out == NULL) {
		m->failed = true;
		return;
	}
	add_text(m, f, VIEW_FOLDED, bytes_of(out, fold_text(text, out, size, NULL).len));
	free(out);
}

static void add_entities(struct making *m, struct bytes text)
{
	struct entity entities[LIMIT_ENTITIES];
	size_t size = NUMBERS * text.len + 256;
	uint8_t *buffer = malloc(size);
	uint32_t n = buffer != NULL ? entity_find(text, NUMBERING_NONE, entities, buffer, size) : 0;

	m->failed = m->failed || buffer == NULL;
	for (uint32_t i = 0; i < n; i++) {
		add_text(m, entities[i].kind == ENTITY_URL ? FIELD_URL : FIELD_NUMBER, VIEW_SENT,
			entities[i].value);
	}
	free(buffer);
}

static void free_sample(struct making *m)
{
	for (unsigned i = 0; i < FIELDS * VIEWS; i++) {
		struct bytes *texts = m->texts[i / VIEWS][i % VIEWS];

		for (uint32_t k = 0; k < m->sample.n[i / VIEWS][i % VIEWS]; k++) {
			union {
				const uint8_t *in;
				void *out;
			} copy = { .in = texts[k].data };

			free(copy.out);
		}
		free(texts);
	}
	free(m);
}

/* All views of all texts; NULL when out of memory. */
static struct making *make_sample(double *octets_mean)
{
	struct making *m = calloc(1, sizeof(*m));
	size_t octets = 0;

	if (m == NULL) {
		return NULL;
	}
	for (unsigned i = 0; i < FIELDS * VIEWS; i++) {
		m->texts[i / VIEWS][i % VIEWS] = calloc(TEXTS_MAX, sizeof(struct bytes));
		m->sample.texts[i / VIEWS][i % VIEWS] = m->texts[i / VIEWS][i % VIEWS];
		m->failed = m->failed || m->texts[i / VIEWS][i % VIEWS] == NULL;
	}
	for (size_t i = 0; !m->failed && i < traffic_n_samples; i++) {
		struct bytes text = bytes_str(traffic_samples[i].text);
		struct bytes sender = bytes_str(senders[i % N_SENDERS]);

		add_text(m, FIELD_TEXT, VIEW_SENT, text);
		add_folded(m, FIELD_TEXT, text);
		add_text(m, FIELD_SENDER, VIEW_SENT, sender);
		add_folded(m, FIELD_SENDER, sender);
		add_entities(m, text);
		m->sample.n_messages++;
		octets += text.len;
	}
	if (m->failed) {
		free_sample(m);
		return NULL;
	}
	*octets_mean = (double)octets / (double)traffic_n_samples;
	return m;
}

/* ---- order ---- */

static int compare_figures(double a, double b)
{
	return (a < b) - (a > b);
}

static int compare_compile(const void *a, const void *b, void *context)
{
	const struct child_cost *costs = context;
	const uint32_t *x = a;
	const uint32_t *y = b;

	return compare_figures(costs[*x].compile_s, costs[*y].compile_s);
}

static int compare_database(const void *a, const void *b, void *context)
{
	const struct child_cost *costs = context;
	const uint32_t *x = a;
	const uint32_t *y = b;

	return compare_figures((double)costs[*x].database_len, (double)costs[*y].database_len);
}

static int compare_message(const void *a, const void *b, void *context)
{
	const struct child_cost *costs = context;
	const uint32_t *x = a;
	const uint32_t *y = b;

	return compare_figures(costs[*x].scan_ns, costs[*y].scan_ns);
}

static uint32_t *sorted(
	struct policy_cost *cost, int (*compare)(const void *, const void *, void *))
{
	uint32_t *list = calloc((size_t)cost->n_rules + 1, sizeof(*list));

	for (uint32_t i = 0; list != NULL && i < cost->n_rules; i++) {
		list[i] = i;
	}
	if (list != NULL) {
		qsort_r(list, cost->n_rules, sizeof(*list), compare, cost->rules);
	}
	return list;
}

static bool sort_all(struct policy_cost *cost)
{
	cost->by_compile = sorted(cost, compare_compile);
	cost->by_database = sorted(cost, compare_database);
	cost->by_message = sorted(cost, compare_message);
	return cost->by_compile != NULL && cost->by_database != NULL && cost->by_message != NULL;
}

bool policy_cost_measure(const struct policy_set *set, struct policy_cost *cost, struct diag *diag)
{
	const struct compile_limits limits = compile_default_limits();
	struct making *m;
	bool good;

	*cost = (struct policy_cost){ .n_rules = set->ruleset->n_rules };
	m = make_sample(&cost->octets_mean);
	cost->rules = calloc((size_t)cost->n_rules + 1, sizeof(cost->rules[0]));
	if (m == NULL || cost->rules == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
		good = false;
	} else {
		cost->n_messages = m->sample.n_messages;
		good = rule_cost_measure(set->ruleset, &m->sample, &limits, cost->rules, diag);
	}
	if (good && (!sort_all(cost) || rule_cost_scan(set->ruleset, &m->sample, &cost->message_ns,
						&cost->scratch_len) != 0)) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
		good = false;
	}
	if (m != NULL) {
		free_sample(m);
	}
	if (!good) {
		policy_cost_free(cost);
	}
	return good;
}

void policy_cost_free(struct policy_cost *cost)
{
	free(cost->rules);
	free(cost->by_compile);
	free(cost->by_database);
	free(cost->by_message);
	*cost = (struct policy_cost){ 0 };
}

/* ---- budget ---- */

static void refuse(const struct rule *r, struct diag *diag, const char *what, double is,
	double allowed, const char *unit)
{
	diag_add(diag, DIAG_ERROR, r->file, r->line, 0,
		"rule %s is over its budget: %s %.2f %s; %.2f are allowed", r->id, what, is, unit,
		allowed);
}

static void check_rule(const struct rule *r, const struct child_cost *c,
	const struct policy_budget *budget, struct diag *diag)
{
	if (c->compile_s * 1e3 > budget->compile_ms) {
		refuse(r, diag, "compiling it takes", c->compile_s * 1e3, budget->compile_ms, "ms");
	}
	if ((double)c->database_len / kib > budget->database_kib) {
		refuse(r, diag, "its database has", (double)c->database_len / kib,
			budget->database_kib, "KiB");
	}
	if (c->scan_ns / 1e3 > budget->message_us) {
		refuse(r, diag, "a message takes it", c->scan_ns / 1e3, budget->message_us, "us");
	}
}

bool policy_cost_check(const struct policy_set *set, const struct policy_cost *cost,
	const struct policy_budget *budget, struct diag *diag)
{
	size_t errors = diag->n_errors;

	for (uint32_t i = 0; i < cost->n_rules; i++) {
		check_rule(&set->ruleset->rules[i], &cost->rules[i], budget, diag);
	}
	return diag->n_errors == errors;
}
