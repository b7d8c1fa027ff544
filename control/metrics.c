/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <hs.h>

#include "control/event_sink.h"
#include "control/events.h"
#include "control/limit_state.h"
#include "control/metrics_parts.h"
#include "control/push.h"
#include "control/quarantine.h"
#include "control/report.h"
#include "control/version.h"
#include "control/watch.h"

#define X(id, type, name, unit, labels, help) { name, unit, labels, help, OPENMETRICS_##type },
static const struct openmetrics_family families[METRICS] = { METRICS_FAMILIES(X) };
#undef X

static const char *const sides[STATS_DIRECTIONS] = { "inside", "outside" };

void metrics_open(struct openmetrics *m, enum metric id)
{
	openmetrics_family(m, &families[id]);
}

void metrics_single(struct openmetrics *m, enum metric id, uint64_t value)
{
	metrics_open(m, id);
	openmetrics_put(m, value, NULL, 0);
}

void metrics_put(struct openmetrics *m, const char *label, const char *value, uint64_t n)
{
	const struct openmetrics_label labels[] = { { label, value } };

	openmetrics_put(m, n, labels, 1);
}

/* ---- counters of the data path: families made of their names ---- */

/* Verdicts are one metric with a label, and not a counter each. */
static const char *verdict_of(enum stats_counter c)
{
	static const struct {
		enum stats_counter counter;
		enum rule_action action;
	} verdicts[] = { { STAT_messages_passed, ACTION_PASS },
		{ STAT_messages_reported, ACTION_REPORT },
		{ STAT_messages_redacted, ACTION_REDACT }, { STAT_messages_blanked, ACTION_BLANK },
		{ STAT_messages_throttled, ACTION_THROTTLE },
		{ STAT_messages_rejected, ACTION_REJECT } };

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (verdicts[i].counter == c) {
			return rule_action_name(verdicts[i].action);
		}
	}
	return NULL;
}

/* Units stand last in a name, and octets are called bytes (OpenMetrics 1.0, "Units and Base Units"). */
static void make_family(struct metrics_made *out, const char *prefix, const char *name,
	const char *labels, const char *help)
{
	static const char octets_first[] = "octets_";
	static const char octets_last[] = "_octets";
	static const char us_last[] = "_us";
	size_t len = strlen(name);
	const char *unit = "";

	out->microseconds = false;
	if (strncmp(name, octets_first, sizeof(octets_first) - 1) == 0) {
		name += sizeof(octets_first) - 1;
		len -= sizeof(octets_first) - 1;
		unit = "bytes";
	} else if (len > 7 && strcmp(name + len - 7, octets_last) == 0) {
		len -= sizeof(octets_last) - 1;
		unit = "bytes";
	} else if (len > 3 && strcmp(name + len - 3, us_last) == 0) {
		len -= sizeof(us_last) - 1;
		unit = "seconds";
		out->microseconds = true;
	}
	snprintf(out->name, sizeof(out->name), "%s%.*s%s%s", prefix, (int)len, name,
		unit[0] != '\0' ? "_" : "", unit);
	out->family =
		(struct openmetrics_family){ out->name, unit, labels, help, OPENMETRICS_COUNTER };
}

bool metrics_counter_family(enum stats_counter c, struct metrics_made *out)
{
	if (verdict_of(c) != NULL) {
		return false;
	}
	make_family(out, "smswall_", stats_counter_name(c), "", stats_counter_help(c));
	return true;
}

void metrics_link_family(enum stats_link_counter c, struct metrics_made *out)
{
	const char *name = stats_link_counter_name(c);

	if (c == LINK_STAT_leaked) {
		name = "leaked_octets";
	}
	make_family(out, "smswall_link_", name, "link",
		c == LINK_STAT_hold_us
			? "time that they waited, summed: the round-trip that was added"
			: stats_link_counter_help(c));
}

static void write_counters(struct openmetrics *m, const struct stats *sum)
{
	for (int i = 0; i < STAT_COUNT; i++) {
		struct metrics_made made;

		if (metrics_counter_family((enum stats_counter)i, &made)) {
			openmetrics_family(m, &made.family);
			openmetrics_put(m, sum->counter[i], NULL, 0);
		}
	}
	metrics_open(m, METRIC_VERDICTS);
	for (int i = 0; i < STAT_COUNT; i++) {
		const char *verdict = verdict_of((enum stats_counter)i);

		if (verdict != NULL) {
			metrics_put(m, "verdict", verdict, sum->counter[i]);
		}
	}
}

static void write_ledger(struct openmetrics *m, const struct stats *sum)
{
	metrics_open(m, METRIC_FORWARDED);
	for (unsigned d = 0; d < STATS_DIRECTIONS; d++) {
		metrics_put(m, "from", sides[d], sum->ledger.forwarded[d]);
	}
	metrics_open(m, METRIC_UNJUDGED);
	for (unsigned d = 0; d < STATS_DIRECTIONS; d++) {
		metrics_put(m, "from", sides[d], report_unjudged(sum, d));
	}
	metrics_open(m, METRIC_LEDGER);
	for (unsigned d = 0; d < STATS_DIRECTIONS; d++) {
		for (int i = 0; i < R_COUNT; i++) {
			enum reason r = (enum reason)i;
			const struct openmetrics_label labels[] = { { "from", sides[d] },
				{ "reason", stats_reason_name(r) } };

			if (stats_reason_kind(r) == REASON_LEDGER ||
				sum->ledger.octets[d][i] != 0) {
				openmetrics_put(m, sum->ledger.octets[d][i], labels, 2);
			}
		}
	}
	metrics_open(m, METRIC_WAITING);
	for (unsigned d = 0; d < STATS_DIRECTIONS; d++) {
		metrics_put(m, "from", sides[d], sum->ledger.waiting[d]);
	}
}

static void write_reasons(struct openmetrics *m, const struct stats *sum)
{
	static const char *const kinds[] = { [REASON_LEDGER] = "ledger",
		[REASON_FRAME] = "frame",
		[REASON_MESSAGE] = "message",
		[REASON_ANOMALY] = "anomaly" };

	metrics_open(m, METRIC_REASONS);
	for (int i = 0; i < R_COUNT; i++) {
		enum reason r = (enum reason)i;
		const struct openmetrics_label labels[] = { { "kind", kinds[stats_reason_kind(r)] },
			{ "reason", stats_reason_name(r) } };

		openmetrics_put(m, sum->reason[i], labels, 2);
	}
	metrics_open(m, METRIC_STAGE_CYCLES);
	for (int i = 0; i < STAGE_COUNT; i++) {
		metrics_put(m, "stage", stats_stage_name((enum stage)i), sum->cycles[i]);
	}
}

/* ---- the process, its generation, its workers ---- */

static void write_process(struct openmetrics *m, const struct control_context *ctx)
{
	const struct openmetrics_label build[] = { { "version", SMSWALL_VERSION },
		{ "hyperscan", hs_version() } };

	metrics_open(m, METRIC_BUILD);
	openmetrics_put(m, 1, build, 2);
	metrics_open(m, METRIC_START_TIME);
	openmetrics_put_us(m, ctx->started_us, NULL, 0);
	metrics_single(m, METRIC_MEMORY_BUDGET, ctx->budget_total);
}

static void write_generation(struct openmetrics *m, const struct control_context *ctx)
{
	const struct generation *g = ctx->generation;
	const struct ruleset *r = g != NULL ? g->ruleset : NULL;
	char hash[2 * sizeof(r->hash) + 1] = "";

	metrics_single(m, METRIC_GENERATION_NUMBER, g != NULL ? g->number : 0);
	metrics_open(m, METRIC_GENERATION);
	for (size_t i = 0; r != NULL && i < sizeof(r->hash); i++) {
		snprintf(hash + 2 * i, 3, "%02x", r->hash[i]);
	}
	metrics_put(m, "hash", hash, 1);
	metrics_single(m, METRIC_GENERATION_RULES, r != NULL ? r->n_rules : 0);
	metrics_single(m, METRIC_GENERATION_DATABASE, r != NULL ? r->database_len : 0);
	metrics_open(m, METRIC_GENERATION_SINCE);
	openmetrics_put_us(
		m, ctx->judges_since_us != 0 ? ctx->judges_since_us : ctx->started_us, NULL, 0);
	metrics_open(m, METRIC_POLICY_CHANGES);
	for (size_t i = 0; i < sizeof(ctx->policy_changes) / sizeof(ctx->policy_changes[0]); i++) {
		metrics_put(m, "change", events_policy_change_name((enum event_policy_change)i),
			ctx->policy_changes[i]);
	}
}

void metrics_see_event(struct control_context *ctx, const struct event *e)
{
	if (e->type == EVENT_POLICY && e->u.policy_change.change < POLICY_CHANGES) {
		ctx->policy_changes[e->u.policy_change.change]++;
	}
}

/* write_push: what is under way between generations. */
static void write_push(struct openmetrics *m, const struct control_context *ctx)
{
	struct push_gauges g = { 0 };

	if (ctx->push != NULL) {
		g = push_gauges(ctx->push);
	}
	metrics_single(m, METRIC_GENERATION_EMPTY, g.empty ? 1 : 0);
	metrics_single(m, METRIC_CONFIRM_PENDING, g.confirm_pending ? 1 : 0);
	metrics_single(m, METRIC_GUARD_WATCHING, g.guard_watching ? 1 : 0);
	metrics_single(m, METRIC_PUSHES_WAITING, g.n_waiting);
	metrics_single(m, METRIC_GENERATIONS_RETIRED, g.n_retired);
	metrics_single(m, METRIC_GENERATIONS_MEMORY, g.memory_used);
	metrics_single(m, METRIC_GENERATIONS_PEAK, g.memory_peak);
	metrics_single(m, METRIC_GENERATIONS_CEILING, g.memory_ceiling);
}

/* What is told of a worker: one function, so that a family's samples stand together. */
static uint64_t worker_figure(
	const struct control_context *ctx, unsigned worker, enum metric id, bool *known)
{
	const struct watchdog *d = ctx->watch != NULL ? &ctx->watch->workers[worker] : NULL;
	const struct pipeline *p = ctx->pipelines[worker];

	*known = true;
	switch ((int)id) {
	case METRIC_WORKER_STUCK:
		return d != NULL && d->stuck ? 1 : 0;
	case METRIC_WORKER_STANDS:
		return d != NULL ? d->n_stuck : 0;
	case METRIC_WORKER_STOOD_MAX:
		return d != NULL ? d->longest_ms * 1000 : 0;
	case METRIC_WORKER_TURNS:
		*known = ctx->turns[worker] != NULL;
		/* relaxed: pairs with the worker's store of each turn */
		return *known ? atomic_load_explicit(ctx->turns[worker], memory_order_relaxed) : 0;
	case METRIC_WORKER_GENERATION:
		*known = ctx->runs[worker] != NULL;
		/* relaxed: pairs with the worker's store before a burst */
		return *known ? atomic_load_explicit(ctx->runs[worker], memory_order_relaxed) : 0;
	case METRIC_WORKER_FLOWS:
		return pipeline_gauges(p).flows;
	case METRIC_WORKER_ASSOCIATIONS:
		return pipeline_gauges(p).associations;
	case METRIC_WORKER_HELD:
		return pipeline_gauges(p).held_frames;
	case METRIC_WORKER_CHUNKS:
		return pipeline_gauges(p).stream_chunks_used;
	case METRIC_WORKER_PENDING:
		return pipeline_gauges(p).pending_answers;
	case METRIC_WORKER_FRAGMENTS:
		return pipeline_gauges(p).fragments_held;
	case METRIC_WORKER_BLOCKS:
		return pipeline_gauges(p).sctp_blocks_used;
	case METRIC_WORKER_DIALOGUES:
		return pipeline_gauges(p).dialogues;
	case METRIC_WORKER_SEGMENTS:
		return pipeline_gauges(p).segments_held;
	case METRIC_SIGNALLING_TOLD:
		return pipeline_signalling_gauges(p).told;
	case METRIC_SIGNALLING_SENDERS:
		return pipeline_signalling_gauges(p).gts;
	case METRIC_SIGNALLING_FORGOTTEN:
		return pipeline_signalling_gauges(p).forgotten;
	case METRIC_SIGNALLING_GONE:
		return pipeline_signalling_gauges(p).gts_forgotten;
	}
	*known = false;
	return 0;
}

static void write_workers(
	struct openmetrics *m, const struct control_context *ctx, const enum metric *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		metrics_open(m, ids[i]);
		for (unsigned w = 0; w < ctx->n_pipelines; w++) {
			char number[16];
			const struct openmetrics_label label = { "worker", number };
			bool known;
			uint64_t v = worker_figure(ctx, w, ids[i], &known);

			snprintf(number, sizeof(number), "%u", w);
			if (known && ids[i] == METRIC_WORKER_STOOD_MAX) {
				openmetrics_put_us(m, v, &label, 1);
			} else if (known) {
				openmetrics_put(m, v, &label, 1);
			}
		}
	}
}

static void write_alive(struct openmetrics *m, const struct control_context *ctx)
{
	static const enum metric ids[] = { METRIC_WORKER_STUCK, METRIC_WORKER_GENERATION,
		METRIC_WORKER_TURNS, METRIC_WORKER_STANDS, METRIC_WORKER_STOOD_MAX };

	write_workers(m, ctx, ids, sizeof(ids) / sizeof(ids[0]));
}

static void write_tables(struct openmetrics *m, const struct control_context *ctx)
{
	static const enum metric ids[] = { METRIC_WORKER_FLOWS, METRIC_WORKER_ASSOCIATIONS,
		METRIC_WORKER_HELD, METRIC_WORKER_CHUNKS, METRIC_WORKER_PENDING,
		METRIC_WORKER_FRAGMENTS, METRIC_WORKER_BLOCKS, METRIC_WORKER_DIALOGUES,
		METRIC_WORKER_SEGMENTS, METRIC_SIGNALLING_TOLD, METRIC_SIGNALLING_SENDERS,
		METRIC_SIGNALLING_FORGOTTEN, METRIC_SIGNALLING_GONE };

	write_workers(m, ctx, ids, sizeof(ids) / sizeof(ids[0]));
}

static void write_events(struct openmetrics *m, const struct control_context *ctx)
{
	const struct event_sink *s = ctx->event_sink;

	if (s != NULL) {
		metrics_single(m, METRIC_EVENT_FILE_FAILED,
			s->state == SINK_CANNOT_OPEN || s->state == SINK_WRITE_ERROR ? 1 : 0);
		metrics_single(m, METRIC_EVENT_LINES, s->n_written);
		metrics_single(m, METRIC_EVENT_LINES_LOST, s->n_lost);
	}
}

static void write_quarantine(struct openmetrics *m, const struct control_context *ctx)
{
	const struct quarantine *q = ctx->quarantine;

	if (q != NULL && q->state != SINK_OFF) {
		metrics_single(m, METRIC_QUARANTINE_FAILED, q->state != SINK_OK ? 1 : 0);
		metrics_single(m, METRIC_QUARANTINE_WRITTEN, q->n_written);
		metrics_single(m, METRIC_QUARANTINE_NOT_WRITTEN, q->n_lost);
		metrics_single(m, METRIC_QUARANTINE_FILES, q->n_files);
		metrics_single(m, METRIC_QUARANTINE_OCTETS, q->n_octets);
	}
}

/* write_kept: whether a restart would find the counts of limits. */
static void write_kept(struct openmetrics *m, const struct control_context *ctx)
{
	if (ctx->limit_keeper != NULL) {
		metrics_single(m, METRIC_LIMITS_FAILED,
			limit_keeper_error(ctx->limit_keeper) != 0 ? 1 : 0);
	}
}

static void write_server(struct openmetrics *m, const struct metrics_server *server)
{
	if (server != NULL) {
		metrics_single(m, METRIC_SCRAPES, server->scrapes);
		metrics_single(m, METRIC_REFUSED, server->refused);
		metrics_single(m, METRIC_OVERDUE, server->overdue);
		metrics_single(m, METRIC_CLIENTS, server->clients);
		metrics_open(m, METRIC_PAGE_TIME);
		openmetrics_put_us(m, server->page_us, NULL, 0);
	}
}

/* write_bound: outside the bound itself, or nobody would see that it was reached. */
static void write_bound(struct openmetrics *m)
{
	uint32_t told = m->n_series;
	uint32_t left_out = m->n_left_out;

	m->series_max = UINT32_MAX;
	metrics_open(m, METRIC_SERIES);
	metrics_put(m, "what", "told", told);
	metrics_put(m, "what", "left_out", left_out);
}

bool metrics_write(struct openmetrics *m, const struct control_context *ctx,
	const struct metrics_server *server)
{
	struct stats *sum = calloc(1, sizeof(*sum));

	if (sum == NULL) {
		return false;
	}
	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		stats_fold(sum, pipeline_stats(ctx->pipelines[i]));
	}
	write_process(m, ctx);
	write_generation(m, ctx);
	write_push(m, ctx);
	write_alive(m, ctx);
	metrics_write_links(m, ctx, sum);
	write_counters(m, sum);
	write_ledger(m, sum);
	write_events(m, ctx);
	write_kept(m, ctx);
	write_quarantine(m, ctx);
	metrics_write_ports(m, ctx);
	write_reasons(m, sum);
	write_tables(m, ctx);
	metrics_write_signalling(m, ctx);
	metrics_write_limits(m, ctx);
	write_server(m, server);
	metrics_write_rules(m, ctx);
	write_bound(m);
	free(sum);
	return openmetrics_end(m);
}

static void print_row(const struct openmetrics_family *f, FILE *to)
{
	char name[96];

	openmetrics_sample_name(f, name, sizeof(name));
	fprintf(to, "| `%s` | %s | %s | %s |\n", name, openmetrics_type_name(f->type), f->labels,
		f->help);
}

void metrics_print_table(FILE *to)
{
	struct metrics_made made;

	fputs("| metric | type | labels | meaning |\n|---|---|---|---|\n", to);
	for (int i = 0; i < METRICS; i++) {
		print_row(&families[i], to);
	}
	for (int i = 0; i < LINK_STAT_COUNT; i++) {
		metrics_link_family((enum stats_link_counter)i, &made);
		print_row(&made.family, to);
	}
	for (int i = 0; i < STAT_COUNT; i++) {
		if (metrics_counter_family((enum stats_counter)i, &made)) {
			print_row(&made.family, to);
		}
	}
}
