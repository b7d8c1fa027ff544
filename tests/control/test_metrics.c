/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page of metrics over doubles of the pipelines: each of its lines by the grammar of OpenMetrics 1.0,
 * its bound, its figures; and that docs/metrics.md has what the daemon tells.
 */
#include "control/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/event_sink.h"
#include "control/metrics_parts.h"
#include "control/limit_state.h"
#include "control/quarantine.h"
#include "dataplane/base/clock.h"
#include "tests/control/fake_pipeline.h"
#include "tests/control/metrics_reading.h"
#include "tests/support/unit.h"

enum { N_WORKERS = 2, N_RULES = 5 };

struct bench {
	struct config config;
	struct pipeline pipeline[N_WORKERS];
	struct pipeline *pipelines[N_WORKERS];
	struct rule rule[N_RULES];
	struct ruleset rules;
	struct generation generation;
	struct rule_count counts[N_WORKERS][N_RULES];
	_Atomic uint64_t panic_links;
	_Atomic uint64_t turns;
	_Atomic uint32_t runs;
	struct control_context ctx;
	struct openmetrics page;
};

static bool read_port(unsigned port, struct control_port *out)
{
	*out = (struct control_port){ .name = "net_\"test\\",
		.up = port != 3,
		.speed_mbps = 10000,
		.frames_in = 100 + port };
	return port != 2; /* which cannot be read */
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		abort();
	}
	config_defaults(&b->config);
	b->config.pipeline.n_links = 2;
	strcpy(b->config.pipeline.links[0].name, "north");
	strcpy(b->config.pipeline.links[1].name, "south");
	for (uint16_t i = 0; i < 2; i++) {
		b->config.pairs[i] =
			(struct config_port_pair){ (uint16_t)(2 * i), (uint16_t)(2 * i + 1), true };
	}
	for (unsigned i = 0; i < N_WORKERS; i++) {
		b->pipelines[i] = &b->pipeline[i];
		b->generation.counts[i] = b->counts[i];
	}
	b->pipeline[1].second = true;
	for (int i = 0; i < N_RULES; i++) {
		snprintf(b->rule[i].id, sizeof(b->rule[i].id), "rule.%d", i);
	}
	b->rules = (struct ruleset){
		.rules = b->rule, .n_rules = N_RULES, .hash = { 0xAB, 0x01 }, .database_len = 777
	};
	b->generation.number = 12;
	b->generation.ruleset = &b->rules;
	b->ctx = (struct control_context){ .config = &b->config,
		.generation = &b->generation,
		.pipelines = b->pipelines,
		.n_pipelines = N_WORKERS,
		.panic_links = &b->panic_links,
		.n_ports = 4,
		.port_read = read_port,
		.turns = { &b->turns },
		.runs = { &b->runs },
		.started_us = UINT64_C(1700000000123456),
		.budget_total = 12345 };
	return b;
}

static void bench_free(struct bench *b)
{
	openmetrics_free(&b->page);
	free(b);
}

/* give_limits: a policy with one limit, and its table; taken back by take_limits(). */
static void give_limits(struct bench *b)
{
	const struct limits_config size = {
		.cells = 64, .distinct_keys = 8, .ratio_keys = 8, .n_workers = N_WORKERS
	};
	size_t len = (limits_size(&size) + 63) / 64 * 64;
	void *memory = aligned_alloc(64, len);
	struct policy *policy = calloc(1, sizeof(*policy));
	struct limit_rule *l;

	CU_ASSERT_FATAL(memory != NULL && policy != NULL);
	l = &policy->limits[policy->n_limits++];
	strcpy(l->name, "minute");
	l->kind = LIMIT_RATE;
	l->action = ACTION_THROTTLE;
	l->max = 60;
	l->burst = 2;
	l->per_us = 60000000;
	CU_ASSERT_PTR_NULL_FATAL(limit_prepare(l));
	memset(memory, 0, len);
	b->generation.policy = policy;
	b->ctx.limits = limits_init(memory, &size);
	for (unsigned i = 0; i < 5; i++) {
		struct limit_charge c = { .rule = l,
			.key = 7,
			.units = 1,
			.action = l->action,
			.exact = true,
			.acts = true };

		(void)limits_charge(b->ctx.limits, i % N_WORKERS, &c, 1, clock_realtime_us());
	}
}

static void take_limits(struct bench *b)
{
	free(b->generation.policy);
	free(b->ctx.limits);
	b->generation.policy = NULL;
	b->ctx.limits = NULL;
}

/* write_page: the text, ended by 0, valid until the next one. */
static const char *write_page(struct bench *b, enum openmetrics_format format)
{
	static const struct metrics_server server = { 1, 2, 3, 4500, 5 };

	openmetrics_begin(&b->page, format, b->config.metrics_series);
	CU_ASSERT_TRUE_FATAL(metrics_write(&b->page, &b->ctx, &server));
	CU_ASSERT_FATAL(b->page.len < b->page.size);
	b->page.text[b->page.len] = '\0';
	return b->page.text;
}

/* has: `line` stands in the page, as a whole line. */
static bool has(const char *page, const char *line)
{
	size_t len = strlen(line);

	for (const char *p = page; (p = strstr(p, line)) != NULL; p++) {
		if ((p == page || p[-1] == '\n') && p[len] == '\n') {
			return true;
		}
	}
	return false;
}

/* ---- tests ---- */

static void test_grammar(void)
{
	struct bench *b = bench_new();
	struct reading *r;

	b->config.metrics_rules = N_RULES;
	b->counts[0][2].hits = 4;
	r = read_page(write_page(b, OPENMETRICS_1_0));
	CU_ASSERT_EQUAL(r->n_bad, 0);
	CU_ASSERT_TRUE(r->ended);
	CU_ASSERT_EQUAL(r->n_samples, b->page.n_series);
	CU_ASSERT(r->n_seen > 100);
	for (unsigned i = 0; i < r->n_seen; i++) {
		CU_ASSERT_EQUAL(strncmp(r->seen[i], "smswall_", 8), 0);
	}
	free(r);
	bench_free(b);
}

/* The reader above refuses what is wrong: without that the test before could not fail. */
static void test_reader(void)
{
	static const char *const pages[] = {
		"# TYPE a counter\n# HELP a x\na 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a x\na 1\na 2\n# EOF\n",
		"# TYPE a gauge\na 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a x\n# TYPE b gauge\n# HELP b x\n# TYPE a gauge\n# EOF\n",
		"# TYPE a_bytes gauge\n# UNIT a_bytes seconds\n# HELP a_bytes x\na_bytes 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a x\na{b=\"c\\d\"} 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a x\na{b=\"c} 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a \"x\"\na 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a x\na one\n# EOF\n",
		"# TYPE a gauge\n# HELP a x\na 1\n# EOF\na 2\n",
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct reading *r = read_page(pages[i]);

		CU_ASSERT_NOT_EQUAL(r->n_bad, 0);
		free(r);
	}
}

static void test_figures(void)
{
	struct bench *b = bench_new();
	struct stats *s = &b->pipeline[0].stats;
	const char *page;
	struct reading *r;

	s->counter[STAT_messages] = 9;
	s->counter[STAT_octets_leaked] = 33;
	s->counter[STAT_scan_octets] = 44;
	s->counter[STAT_messages_rejected] = 3;
	b->pipeline[1].stats.counter[STAT_messages] = UINT64_C(18446744073709551600);
	s->link[1][LINK_STAT_hold_us] = 1500002;
	s->link[1][LINK_STAT_leaked] = 33;
	s->hold_max_us[0] = 20001;
	s->ledger.forwarded[0] = 70;
	s->ledger.octets[0][R_judged] = 40;
	s->ledger.octets[0][R_tls] = 30;
	s->ledger.waiting[1] = 36;
	s->reason[R_rule] = 5;
	s->cycles[STAGE_scan] = 123456;
	b->turns = 77;
	b->runs = 11;
	b->panic_links = 2;
	page = write_page(b, OPENMETRICS_1_0);
	r = read_page(page);
	CU_ASSERT_TRUE(has(page, "smswall_messages_total 18446744073709551609")); /* not rounded */
	CU_ASSERT_TRUE(has(page, "smswall_start_time_seconds 1700000000.123456"));
	CU_ASSERT_TRUE(has(page, "smswall_link_hold_seconds_total{link=\"south\"} 1.500002"));
	CU_ASSERT_TRUE(has(page, "# TYPE smswall_link_hold_seconds counter"));
	CU_ASSERT_TRUE(has(page, "# UNIT smswall_link_hold_seconds seconds"));
	CU_ASSERT_TRUE(has(page,
		"smswall_port_up{link=\"north\",side=\"inside\",port=\"net_\\\"test\\\\\"} 1"));
	CU_ASSERT_EQUAL(value(r, "smswall_leaked_bytes_total", ""), 33);
	CU_ASSERT_EQUAL(value(r, "smswall_scan_bytes_total", ""), 44);
	CU_ASSERT_EQUAL(value(r, "smswall_verdicts_total", "{verdict=\"reject\"}"), 3);
	CU_ASSERT_PTR_NULL(find(r, "smswall_messages_rejected_total", ""));
	CU_ASSERT_EQUAL(value(r, "smswall_link_leaked_bytes_total", "{link=\"south\"}"), 33);
	CU_ASSERT_EQUAL(value(r, "smswall_link_panic", "{link=\"north\"}"), 0);
	CU_ASSERT_EQUAL(value(r, "smswall_link_panic", "{link=\"south\"}"), 1);
	CU_ASSERT_EQUAL(value(r, "smswall_link_dribbling", "{link=\"south\"}"), 1);
	CU_ASSERT_EQUAL(value(r, "smswall_breaker_moved", "{link=\"north\",towards=\"smsc\"}"), 1);
	CU_ASSERT_EQUAL(value(r, "smswall_breaker_moved", "{link=\"north\",towards=\"esme\"}"), 0);
	CU_ASSERT_EQUAL(value(r, "smswall_unjudged_bytes_total", "{from=\"inside\"}"), 30);
	CU_ASSERT_EQUAL(
		value(r, "smswall_ledger_bytes_total", "{from=\"inside\",reason=\"judged\"}"), 40);
	CU_ASSERT_EQUAL(value(r, "smswall_waiting_bytes", "{from=\"inside\"}"), 0);
	CU_ASSERT_EQUAL(value(r, "smswall_waiting_bytes", "{from=\"outside\"}"), 36);
	CU_ASSERT_EQUAL(value(r, "smswall_reasons_total", "{kind=\"message\",reason=\"rule\"}"), 5);
	CU_ASSERT_EQUAL(value(r, "smswall_stage_cycles_total", "{stage=\"scan\"}"), 123456);
	CU_ASSERT_EQUAL(value(r, "smswall_worker_turns_total", "{worker=\"0\"}"), 77);
	CU_ASSERT_PTR_NULL(find(r, "smswall_worker_turns_total", "{worker=\"1\"}")); /* not known */
	CU_ASSERT_EQUAL(value(r, "smswall_worker_generation", "{worker=\"0\"}"), 11);
	CU_ASSERT_EQUAL(value(r, "smswall_worker_flows", "{worker=\"1\"}"), 3);
	CU_ASSERT_EQUAL(value(r, "smswall_generation_number", ""), 12);
	CU_ASSERT_EQUAL(value(r, "smswall_generation_database_bytes", ""), 777);
	CU_ASSERT_EQUAL(value(r, "smswall_generation_live_time_seconds", ""), 1700000000.123456);
	CU_ASSERT_EQUAL(
		value(r, "smswall_signalling_found_total", "{link=\"north\",check=\"smsc_gt\"}"),
		6);
	CU_ASSERT_EQUAL(value(r, "smswall_metrics_page_seconds", ""), 0.0045);
	CU_ASSERT_EQUAL(value(r, "smswall_port_speed_bytes_per_second",
				"{link=\"north\",side=\"outside\",port=\"net_\\\"test\\\\\"}"),
		1250000000);
	/* what is personal is not there */
	CU_ASSERT_PTR_NULL(strstr(page, "acme"));
	CU_ASSERT_PTR_NULL(strstr(page, "rule.0"));
	free(r);
	bench_free(b);
}

static void test_monotone(void)
{
	struct bench *b = bench_new();
	struct reading *before;
	struct reading *after;
	char *page;
	unsigned n_counters = 0;

	page = strdup(write_page(b, OPENMETRICS_1_0));
	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	before = read_page(page);
	for (unsigned i = 0; i < STAT_COUNT; i++) {
		b->pipeline[i % 2].stats.counter[i] += i;
	}
	for (unsigned i = 0; i < R_COUNT; i++) {
		b->pipeline[i % 2].stats.reason[i] += i;
		b->pipeline[i % 2].stats.ledger.octets[i % 2][i] += i;
	}
	after = read_page(write_page(b, OPENMETRICS_1_0));
	for (unsigned i = 0; i < before->n_samples; i++) {
		const struct sample *s = &before->samples[i];
		char labels[256];
		const struct sample *t;

		snprintf(labels, sizeof(labels), "%.*s", (int)s->labels_len, s->labels);
		t = find(after, s->name, labels);
		CU_ASSERT_PTR_NOT_NULL_FATAL(t); /* no series goes away */
		n_counters += s->counter ? 1 : 0;
		CU_ASSERT_TRUE(!s->counter || t->value >= s->value);
	}
	CU_ASSERT(n_counters > 300);
	free(before);
	free(after);
	free(page);
	bench_free(b);
}

/* At most metrics.series; what is left out is counted, and the count is always there. */
static void test_bound(void)
{
	struct bench *b = bench_new();
	struct reading *r;
	uint32_t all;

	(void)write_page(b, OPENMETRICS_1_0);
	all = b->page.n_series - 2;
	for (uint32_t most = 100; most <= all + 1; most += (all - 100) / 3) {
		uint32_t told = most < all ? most : all;

		b->config.metrics_series = most;
		r = read_page(write_page(b, OPENMETRICS_1_0));
		CU_ASSERT_EQUAL(r->n_bad, 0);
		CU_ASSERT_EQUAL(r->n_samples, told + 2);
		CU_ASSERT_EQUAL(value(r, "smswall_metrics_series", "{what=\"told\"}"), told);
		CU_ASSERT_EQUAL(
			value(r, "smswall_metrics_series", "{what=\"left_out\"}"), all - told);
		/* what alarms need comes first */
		CU_ASSERT_PTR_NOT_NULL(find(r, "smswall_worker_stuck", "{worker=\"1\"}"));
		CU_ASSERT_PTR_NOT_NULL(find(r, "smswall_generation_rules", ""));
		free(r);
	}
	bench_free(b);
}

/* A daemon of eight links stays below the default. */
static void test_largest(void)
{
	struct bench *b = bench_new();

	b->config.pipeline.n_links = 8;
	for (unsigned i = 0; i < 8; i++) {
		snprintf(b->config.pipeline.links[i].name, LINK_NAME_SIZE, "link%u", i);
	}
	(void)write_page(b, OPENMETRICS_1_0);
	CU_ASSERT_EQUAL(b->page.n_left_out, 0);
	CU_ASSERT(b->page.n_series <= b->config.metrics_series);
	bench_free(b);
}

static void test_classic(void)
{
	struct bench *b = bench_new();
	const char *page = write_page(b, OPENMETRICS_CLASSIC);

	CU_ASSERT_TRUE(has(page, "# TYPE smswall_messages_total counter"));
	CU_ASSERT_TRUE(has(page, "# HELP smswall_messages_total text-carrying PDUs judged"));
	CU_ASSERT_TRUE(has(page, "# TYPE smswall_build_info gauge"));
	CU_ASSERT_PTR_NULL(strstr(page, "# UNIT"));
	CU_ASSERT_PTR_NULL(strstr(page, "# EOF"));
	bench_free(b);
}

static void test_escapes(void)
{
	static const struct openmetrics_family f = { "smswall_x", "", "a", "one\ntwo \\ \"three\"",
		OPENMETRICS_GAUGE };
	static const struct {
		const char *value, *written;
	} rows[] = {
		{ "plain", "plain" },
		{ "a\"b\\c\nd", "a\\\"b\\\\c\\nd" },
		{ "caf\xC3\xA9", "caf\xC3\xA9" },
		{ "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80" },
		{ "caf\xE9", "caf\xEF\xBF\xBD" },
		{ "\xC3", "\xEF\xBF\xBD" },
		{ "\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" }, /* a surrogate */
		{ "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD" },                 /* overlong */
		{ "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
	};
	struct openmetrics m = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct openmetrics_label label = { "a", rows[i].value };
		char wanted[256];

		openmetrics_begin(&m, OPENMETRICS_1_0, 10);
		openmetrics_family(&m, &f);
		openmetrics_put(&m, 7, &label, 1);
		CU_ASSERT_TRUE_FATAL(openmetrics_end(&m));
		snprintf(wanted, sizeof(wanted),
			"# TYPE smswall_x gauge\n# HELP smswall_x one\\ntwo \\\\ \\\"three\\\"\n"
			"smswall_x{a=\"%s\"} 7\n# EOF\n",
			rows[i].written);
		CU_ASSERT_EQUAL(m.len, strlen(wanted));
		CU_ASSERT_EQUAL(memcmp(m.text, wanted, m.len), 0);
	}
	openmetrics_begin(&m, OPENMETRICS_CLASSIC, 10);
	openmetrics_family(&m, &f);
	CU_ASSERT_TRUE_FATAL(openmetrics_end(&m));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(m.text, "# HELP smswall_x one\\ntwo \\\\ \"three\"\n")); /* no \" there */
	openmetrics_free(&m);
}

/* metrics.rules: those that hit most, no other, each with three series. */
static void test_rules(void)
{
	static const uint64_t hits[N_RULES] = { 5, 0, 50, 20, 7 };
	struct bench *b = bench_new();
	struct reading *r;

	for (unsigned i = 0; i < N_RULES; i++) {
		b->counts[0][i].hits = hits[i] / 2;
		b->counts[1][i].shadow = hits[i] - hits[i] / 2;
	}
	b->config.metrics_rules = 2;
	r = read_page(write_page(b, OPENMETRICS_1_0));
	CU_ASSERT_EQUAL(value(r, "smswall_rule_hits_total", "{rule=\"rule.2\"}"), 25);
	CU_ASSERT_EQUAL(value(r, "smswall_rule_shadow_hits_total", "{rule=\"rule.3\"}"), 10);
	CU_ASSERT_EQUAL(value(r, "smswall_rule_decided_total", "{rule=\"rule.3\"}"), 0);
	for (unsigned i = 0; i < N_RULES; i++) {
		char labels[32];

		snprintf(labels, sizeof(labels), "{rule=\"rule.%u\"}", i);
		CU_ASSERT_EQUAL(
			find(r, "smswall_rule_hits_total", labels) != NULL, i == 2 || i == 3);
	}
	free(r);
	b->config.metrics_rules = 1000; /* more than there are; the one without hits is not told */
	r = read_page(write_page(b, OPENMETRICS_1_0));
	CU_ASSERT_PTR_NOT_NULL(find(r, "smswall_rule_hits_total", "{rule=\"rule.0\"}"));
	CU_ASSERT_PTR_NULL(find(r, "smswall_rule_hits_total", "{rule=\"rule.1\"}"));
	free(r);
	b->ctx.generation = NULL; /* before the first one */
	r = read_page(write_page(b, OPENMETRICS_1_0));
	CU_ASSERT_EQUAL(r->n_bad, 0);
	CU_ASSERT_EQUAL(value(r, "smswall_generation_number", ""), 0);
	CU_ASSERT_EQUAL(value(r, "smswall_generation_rules", ""), 0);
	free(r);
	bench_free(b);
}

/* What /smswall/rules of the telemetry socket gets. */
static void test_telemetry_rules(void)
{
	static struct rule many[2 * TELEMETRY_RULES_PAGE + 1];
	static struct rule_count counts[2 * TELEMETRY_RULES_PAGE + 1];
	struct telemetry_rules *page = calloc(1, sizeof(*page));
	struct bench *b = bench_new();
	uint32_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	b->rules.rules = many;
	b->rules.n_rules = sizeof(many) / sizeof(many[0]);
	b->generation.counts[0] = counts;
	b->generation.counts[1] = NULL;
	for (uint32_t i = 0; i < b->rules.n_rules; i++) {
		snprintf(many[i].id, sizeof(many[i].id), "r%" PRIu32, i);
		counts[i].hits = i;
	}
	for (unsigned pages = 0; pages < 3; pages++) {
		*page = (struct telemetry_rules){ 0 };
		metrics_tell_rules(&b->ctx, n, page);
		CU_ASSERT_EQUAL(page->generation, 12);
		CU_ASSERT_EQUAL(page->n_total, b->rules.n_rules);
		CU_ASSERT_EQUAL(page->n, pages < 2 ? TELEMETRY_RULES_PAGE : 1);
		for (uint32_t i = 0; i < page->n; i++) {
			CU_ASSERT_STRING_EQUAL(page->rules[i].id, many[n + i].id);
			CU_ASSERT_EQUAL(page->rules[i].hits, n + i);
		}
		n += page->n;
	}
	*page = (struct telemetry_rules){ 0 };
	metrics_tell_rules(&b->ctx, UINT32_MAX - 1, page); /* behind the end */
	CU_ASSERT_EQUAL(page->n, 0);
	free(page);
	bench_free(b);
}

/* What all workers counted, once a limit; nothing where there are none. */
static void test_limits(void)
{
	struct bench *b = bench_new();
	struct reading *r = read_page(write_page(b, OPENMETRICS_1_0));

	CU_ASSERT_PTR_NULL(find(r, "smswall_limit_admitted_total", "{limit=\"minute\"}"));
	free(r);
	give_limits(b);
	r = read_page(write_page(b, OPENMETRICS_1_0));
	CU_ASSERT_EQUAL(value(r, "smswall_limit_admitted_total", "{limit=\"minute\"}"), 2);
	CU_ASSERT_EQUAL(value(r, "smswall_limit_exceeded_total", "{limit=\"minute\"}"), 3);
	CU_ASSERT_EQUAL(value(r, "smswall_limit_shadow_total", "{limit=\"minute\"}"), 0);
	CU_ASSERT_EQUAL(value(r, "smswall_limit_keys", "{limit=\"minute\"}"), 1);
	CU_ASSERT_EQUAL(value(r, "smswall_limit_forgotten_total", "{limit=\"minute\"}"), 0);
	free(r);
	take_limits(b);
	bench_free(b);
}

static void test_policy_changes(void)
{
	static const struct event other = { .type = EVENT_LINK };
	struct bench *b = bench_new();
	struct event e = { .type = EVENT_POLICY };
	struct reading *r;

	metrics_see_event(&b->ctx, &other);
	e.u.policy_change.change = POLICY_UNDONE;
	metrics_see_event(&b->ctx, &e);
	metrics_see_event(&b->ctx, &e);
	e.u.policy_change.change = POLICY_KEPT;
	metrics_see_event(&b->ctx, &e);
	b->ctx.judges_since_us = 5000000;
	r = read_page(write_page(b, OPENMETRICS_1_0));
	CU_ASSERT_EQUAL(value(r, "smswall_policy_changes_total", "{change=\"undone\"}"), 2);
	CU_ASSERT_EQUAL(value(r, "smswall_policy_changes_total", "{change=\"kept\"}"), 1);
	CU_ASSERT_EQUAL(value(r, "smswall_policy_changes_total", "{change=\"live\"}"), 0);
	CU_ASSERT_EQUAL(value(r, "smswall_generation_live_time_seconds", ""), 5);
	free(r);
	bench_free(b);
}

/* ---- docs/metrics.md ---- */

static char *file_to_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, 1 << 20);

	if (f == NULL || text == NULL) {
		fprintf(stderr, "%s cannot be read: the test runs at the project's root\n", path);
		abort();
	}
	(void)!fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	return text;
}

/*
 * The table of docs/metrics.md is the daemon's, and the daemon tells what is in it and nothing else, with
 * those labels. To renew it: scripts/update-metrics-docs.
 */
static void test_manual(void)
{
	static const char path[] = "docs/metrics.md";
	static const char begin[] = "<!-- metrics: written by scripts/update-metrics-docs -->\n";
	static const char end[] = "<!-- end of metrics -->";
	char *doc;
	char *table = NULL;
	size_t len;
	FILE *f = open_memstream(&table, &len);
	char *at;
	char *to;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	metrics_print_table(f);
	fclose(f);
	doc = file_to_text(path);
	at = strstr(doc, begin);
	to = strstr(doc, end);
	CU_ASSERT_FATAL(at != NULL && to != NULL);
	at += sizeof(begin) - 1;
	if (getenv("UPDATE_METRICS_DOCS") != NULL) {
		f = fopen(path, "we");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		fprintf(f, "%.*s%s%s", (int)(at - doc), doc, table, to);
		fclose(f);
	} else {
		CU_ASSERT_EQUAL((size_t)(to - at), len);
		CU_ASSERT_EQUAL(strncmp(at, table, len), 0);
	}
	free(doc);
	free(table);
}

/* label_names: "link, check" of "{link=\"a\",check=\"b\"}". */
static void label_names(const struct sample *s, char *out, size_t size)
{
	FILE *f = fmemopen(out, size, "w");
	const char *p = s->labels;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (p < s->labels + s->labels_len && *p != '}') {
		size_t n = name_len(++p);

		fprintf(f, "%s%.*s", p == s->labels + 1 ? "" : ", ", (int)n, p);
		for (p += n + 2; *p != '"'; p++) {
			p += *p == '\\' ? 1 : 0;
		}
		p++;
	}
	fclose(f);
}

/* failing_keeper: counts of limits are to be kept where nothing can be written, and that was tried. */
static struct limit_keeper *failing_keeper(struct bench *b, struct config *config)
{
	struct diag *diag = calloc(1, sizeof(*diag));
	struct limit_keeper *k;

	CU_ASSERT_PTR_NOT_NULL_FATAL(diag);
	*config = b->config;
	config->limits_keep = true;
	config->limits_save_s = 1;
	snprintf(config->state_dir, sizeof(config->state_dir), "/proc/self/no");
	k = limit_keeper_start(config, b->ctx.limits, diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	for (unsigned i = 0; i < 100 && limit_keeper_error(k) == 0; i++) {
		(void)usleep(100000);
	}
	diag_clear(diag);
	free(diag);
	return k;
}

static void test_manual_is_told(void)
{
	static struct config kept;
	struct limit_keeper *keeper;
	struct bench *b = bench_new();
	static struct event_sink sink;
	static const struct quarantine quarantine = { .state = SINK_OK };
	char *table = NULL;
	size_t len;
	FILE *f = open_memstream(&table, &len);
	struct reading *r;
	unsigned rows = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	metrics_print_table(f);
	fclose(f);
	b->ctx.event_sink = &sink;
	b->ctx.quarantine = &quarantine;
	b->config.metrics_rules = 1;
	b->counts[0][0].hits = 1;
	give_limits(b);
	keeper = failing_keeper(b, &kept);
	b->ctx.limit_keeper = keeper;
	r = read_page(write_page(b, OPENMETRICS_1_0));
	CU_ASSERT_EQUAL(value(r, "smswall_limits_state_failed", ""), 1);
	b->ctx.limit_keeper = NULL;
	CU_ASSERT(limit_keeper_stop(keeper) < 0);
	take_limits(b);
	for (unsigned i = 0; i < r->n_samples; i++) {
		char labels[128] = "";
		char row[256];

		label_names(&r->samples[i], labels, sizeof(labels));
		snprintf(row, sizeof(row), "\n| `%s` | %s | %s | ", r->samples[i].name,
			r->samples[i].counter ? "counter" : "", labels);
		if (!r->samples[i].counter) {
			snprintf(row, sizeof(row), "\n| `%s` | ", r->samples[i].name);
		}
		if (strstr(table, row) == NULL) {
			fprintf(stderr, "not in the table: %s\n", row);
			CU_FAIL("a metric is not documented");
		}
	}
	for (char *p = strstr(table, "\n| `"); p != NULL; p = strstr(p + 1, "\n| `")) {
		char name[NAME_SIZE];
		bool told = false;

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(p + 4, "`"), p + 4);
		for (unsigned i = 0; i < r->n_samples && !told; i++) {
			told = strcmp(r->samples[i].name, name) == 0;
		}
		if (!told) {
			fprintf(stderr, "%s is never told\n", name);
			CU_FAIL("a metric is documented and not told");
		}
		rows++;
	}
	CU_ASSERT(rows > 100);
	free(r);
	free(table);
	bench_free(b);
}

UNIT_MAIN("metrics", { "every line by the grammar", test_grammar }, { "the reader", test_reader },
	{ "figures", test_figures }, { "counters only rise", test_monotone },
	{ "at most so many series", test_bound }, { "eight links", test_largest },
	{ "classic text format", test_classic }, { "escapes", test_escapes },
	{ "rules that hit most", test_rules }, { "rules for telemetry", test_telemetry_rules },
	{ "limits", test_limits }, { "policy changes", test_policy_changes },
	{ "docs/metrics.md", test_manual }, { "what is documented is told", test_manual_is_told })
