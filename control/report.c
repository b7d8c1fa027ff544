/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/event_sink.h"
#include "control/json_value.h"
#include "control/limit_figures.h"
#include "control/push.h"
#include "control/quarantine.h"
#include "control/report_signalling.h"
#include "control/version.h"
#include "control/watch.h"
#include "dataplane/base/clock.h"

static const char *mode_name(uint8_t mode)
{
	static const char *const names[] = {
		[LINK_TAP] = "tap", [LINK_MONITOR] = "monitor", [LINK_ENFORCE] = "enforce"
	};

	return mode < sizeof(names) / sizeof(names[0]) ? names[mode] : "unknown";
}

static const char *common_mode(const struct pipeline_config *p)
{
	for (unsigned i = 1; i < p->n_links; i++) {
		if (p->links[i].mode != p->links[0].mode) {
			return "mixed";
		}
	}
	return mode_name(p->links[0].mode);
}

static json_t *port_json(const struct control_context *ctx, unsigned port)
{
	struct control_port p = { .up = false };

	if (ctx->port_read == NULL || !ctx->port_read(port, &p)) {
		return json_pack("{s:i, s:n}", "port", (int)port, "name");
	}
	p.name[sizeof(p.name) - 1] = '\0';
	p.driver[sizeof(p.driver) - 1] = '\0';
	return json_pack("{s:i, s:o, s:o, s:b, s:i, s:o, s:o, s:o, s:o}", "port", (int)port, "name",
		json_value_text(p.name), "driver", json_value_text(p.driver), "up", p.up,
		"speed_mbps", (int)p.speed_mbps, "frames_in", json_value_count(p.frames_in),
		"frames_out", json_value_count(p.frames_out), "missed", json_value_count(p.missed),
		"errors", json_value_count(p.errors));
}

/* The pair as one wire: how its ports hang together, and which one is down because the other is. */
static json_t *link_state_json(const struct control_context *ctx, unsigned link)
{
	const struct linkstate *l = ctx->watch != NULL ? &ctx->watch->links[link] : NULL;
	bool propagate = ctx->config->pairs[link].propagate &&
	                 ctx->config->pipeline.links[link].mode != LINK_TAP;

	if (l == NULL) {
		return json_null();
	}
	return json_pack("{s:s, s:s?, s:o, s:o, s:s?}", "policy",
		propagate ? "propagate" : "independent", "set_down",
		l->forced[0]   ? "inside"
		: l->forced[1] ? "outside"
			       : NULL,
		"downs", json_value_count(l->n_downs), "propagated",
		json_value_count(l->n_propagated), "error",
		l->error != 0 ? strerror(l->error) : NULL);
}

static json_t *link_counters_json(const struct stats *sum, unsigned link)
{
	json_t *counters = json_object();

	for (int i = 0; i < LINK_STAT_COUNT; i++) {
		json_object_set_new(counters, stats_link_counter_name((enum stats_link_counter)i),
			json_value_count(sum->link[link][i]));
	}
	return counters;
}

/* What the box adds to a round-trip: nothing but the waiting of held frames. */
static json_t *hold_json(const struct stats *sum, unsigned link)
{
	uint64_t n = sum->link[link][LINK_STAT_holds];

	return json_pack("{s:o, s:o}", "mean_us",
		json_value_count(n != 0 ? sum->link[link][LINK_STAT_hold_us] / n : 0), "max_us",
		json_value_count(sum->hold_max_us[link]));
}

static const char *style_name(uint8_t style)
{
	return style < EDIT_STYLES_COUNT ? edit_style_name((enum edit_style)style) : "unknown";
}

/* Each worker has a breaker of its own: told is the one that has moved, if any, and the sum of moves. */
static json_t *breaker_json(const struct control_context *ctx, unsigned link, unsigned towards)
{
	const struct link_config *l = &ctx->config->pipeline.links[link];
	uint8_t configured = towards == 0 ? l->to_smsc.style : l->to_esme.style;
	uint8_t style = configured;
	uint64_t moves = 0, closes = 0, mutes = 0;

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		struct pipeline_breaker b = pipeline_breaker(ctx->pipelines[i], link, towards);

		style = b.n_moves != 0 ? b.style : style;
		moves += b.n_moves;
		closes += b.closes;
		mutes += b.mutes;
	}
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "towards",
		towards == 0 ? "smsc" : "esme", "style", style_name(style), "configured",
		style_name(configured), "breaks", json_value_count(moves), "closes",
		json_value_count(closes), "mutes", json_value_count(mutes));
}

static bool dribbles(const struct control_context *ctx, unsigned link)
{
	bool any = false;

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		any = any || pipeline_dribbles(ctx->pipelines[i], link);
	}
	return any;
}

static json_t *links_json(const struct control_context *ctx, const struct stats *sum)
{
	const struct pipeline_config *p = &ctx->config->pipeline;
	/* relaxed: a word that control itself writes */
	uint64_t panic = ctx->panic_links != NULL
	                         ? atomic_load_explicit(ctx->panic_links, memory_order_relaxed)
	                         : 0;
	json_t *links = json_array();

	for (unsigned i = 0; i < p->n_links; i++) {
		json_t *ports = json_array();
		const uint16_t both[2] = { ctx->config->pairs[i].inside_port,
			ctx->config->pairs[i].outside_port };

		for (unsigned j = 0; j < 2 && ctx->n_ports != 0; j++) {
			json_array_append_new(ports, port_json(ctx, both[j]));
		}
		json_array_append_new(links,
			json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:[o,o], s:b, s:o}", "name",
				json_value_text(p->links[i].name), "mode",
				mode_name(p->links[i].mode), "panic",
				(panic & (UINT64_C(1) << i)) != 0, "ports", ports, "link_state",
				link_state_json(ctx, i), "counters", link_counters_json(sum, i),
				"hold", hold_json(sum, i), "breaker", breaker_json(ctx, i, 0),
				breaker_json(ctx, i, 1), "dribbling", dribbles(ctx, i),
				"signalling", report_signalling(ctx, i)));
	}
	return links;
}

/* The longest turn since it was asked for last. */
static json_t *turn_json(const struct control_context *ctx, unsigned worker)
{
	_Atomic uint64_t *cycles = ctx->turn_max_cycles[worker];

	/* relaxed: a figure, and only told */
	return cycles != NULL
	               ? json_value_count(atomic_exchange_explicit(cycles, 0, memory_order_relaxed))
	               : json_null();
}

static json_t *workers_json(const struct control_context *ctx)
{
	json_t *workers = json_array();

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		struct pipeline_gauges g = pipeline_gauges(ctx->pipelines[i]);
		const struct watchdog *d = ctx->watch != NULL ? &ctx->watch->workers[i] : NULL;

		json_array_append_new(workers,
			json_pack(
				"{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:b, s:I, s:I, s:o}",
				"worker", (int)i, "flows", (json_int_t)g.flows, "held_frames",
				(json_int_t)g.held_frames, "stream_chunks_used",
				(json_int_t)g.stream_chunks_used, "pending_answers",
				(json_int_t)g.pending_answers, "fragments_held",
				(json_int_t)g.fragments_held, "associations",
				(json_int_t)g.associations, "sctp_blocks_used",
				(json_int_t)g.sctp_blocks_used, "dialogues",
				(json_int_t)g.dialogues, "segments_held",
				(json_int_t)g.segments_held, "signalling",
				report_signalling_table(ctx->pipelines[i]), "stuck",
				d != NULL && d->stuck, "stood_max_ms",
				(json_int_t)(d != NULL ? d->longest_ms : 0), "stuck_times",
				(json_int_t)(d != NULL ? d->n_stuck : 0), "turn_max_cycles",
				turn_json(ctx, i)));
	}
	return workers;
}

static json_t *counters_json(const struct stats *sum)
{
	json_t *counters = json_object();

	for (int i = 0; i < STAT_COUNT; i++) {
		json_object_set_new(counters, stats_counter_name((enum stats_counter)i),
			json_value_count(sum->counter[i]));
	}
	return counters;
}

static json_t *reasons_json(const struct stats *sum)
{
	json_t *reasons = json_object();

	for (int i = 0; i < R_COUNT; i++) {
		json_object_set_new(reasons, stats_reason_name((enum reason)i),
			json_value_count(sum->reason[i]));
	}
	return reasons;
}

/*
 * is_unjudged: octets of SMS traffic that left without anybody having read what was in them. The others
 * are judged, carry no text, went before, or are no SMS traffic.
 */
static bool is_unjudged(enum reason r)
{
	static const enum reason judged[] = { R_judged, R_no_text, R_duplicate, R_not_sms,
		R_out_of_window, R_smpp_malformed, R_none };

	for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
		if (judged[i] == r) {
			return false;
		}
	}
	return true;
}

uint64_t report_unjudged(const struct stats *sum, unsigned direction)
{
	uint64_t total = 0;

	for (int i = 0; i < R_COUNT; i++) {
		total += is_unjudged((enum reason)i) ? sum->ledger.octets[direction][i] : 0;
	}
	return total;
}

/*
 * ledger_json: every forwarded octet of a direction in one reason, or waiting in an open connection for
 * what belongs to it; `balanced`: they add up.
 */
static json_t *ledger_json(const struct stats *sum)
{
	static const char *const from[STATS_DIRECTIONS] = { "inside", "outside" };
	json_t *ledger = json_array();

	for (int d = 0; d < STATS_DIRECTIONS; d++) {
		json_t *octets = json_object();
		uint64_t total = 0;

		for (int i = 0; i < R_COUNT; i++) {
			uint64_t n = sum->ledger.octets[d][i];

			total += n;
			if (n != 0 || stats_reason_kind((enum reason)i) == REASON_LEDGER) {
				json_object_set_new(octets, stats_reason_name((enum reason)i),
					json_value_count(n));
			}
		}
		json_array_append_new(ledger,
			json_pack("{s:s, s:o, s:o, s:o, s:b, s:o, s:o}", "from", from[d],
				"forwarded", json_value_count(sum->ledger.forwarded[d]),
				"accounted", json_value_count(total), "waiting",
				json_value_count(sum->ledger.waiting[d]), "balanced",
				total + sum->ledger.waiting[d] == sum->ledger.forwarded[d],
				"unjudged", json_value_count(report_unjudged(sum, (unsigned)d)),
				"octets", octets));
	}
	return ledger;
}

static json_t *verdicts_json(const struct stats *sum)
{
	static const struct {
		enum rule_action action;
		enum stats_counter counter;
	} verdicts[] = { { ACTION_PASS, STAT_messages_passed },
		{ ACTION_REPORT, STAT_messages_reported },
		{ ACTION_REDACT, STAT_messages_redacted }, { ACTION_BLANK, STAT_messages_blanked },
		{ ACTION_THROTTLE, STAT_messages_throttled },
		{ ACTION_REJECT, STAT_messages_rejected } };
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		json_object_set_new(out, rule_action_name(verdicts[i].action),
			json_value_count(sum->counter[verdicts[i].counter]));
	}
	return out;
}

static json_t *stages_json(const struct stats *sum)
{
	uint64_t messages = sum->counter[STAT_messages];
	json_t *stages = json_object();

	for (int i = 0; i < STAGE_COUNT; i++) {
		json_t *per_message =
			messages != 0 ? json_value_count((sum->cycles[i] + messages / 2) / messages)
				      : json_null();

		json_object_set_new(stages, stats_stage_name((enum stage)i),
			json_pack("{s:o, s:o}", "cycles", json_value_count(sum->cycles[i]),
				"cycles_per_message", per_message));
	}
	return stages;
}

struct rule_count report_rule_count(const struct control_context *ctx, uint32_t i)
{
	return ctx->push != NULL ? push_count(ctx->push, i)
	                         : rule_count_total(ctx->generation, ctx->n_pipelines, i);
}

static json_t *rules_json(const struct control_context *ctx, bool all)
{
	const struct generation *g = ctx->generation;
	const struct ruleset *r = g != NULL ? g->ruleset : NULL;
	json_t *rules = json_array();

	if (ctx->push != NULL) {
		push_fold(ctx->push);
	}
	for (uint32_t i = 0; r != NULL && i < r->n_rules; i++) {
		const struct rule *rule = &r->rules[i];
		struct rule_count n = report_rule_count(ctx, i);
		const char *action = rule->action < ACTIONS
		                             ? rule_action_name((enum rule_action)rule->action)
		                             : NULL;

		if (!all && n.hits == 0 && n.shadow == 0) {
			continue;
		}
		json_array_append_new(rules,
			json_pack("{s:o, s:o, s:s, s:s?, s:o, s:o, s:o, s:o}", "id",
				json_value_text(rule->id), "category",
				rule->category < r->n_categories
					? json_value_text(r->categories[rule->category])
					: json_null(),
				"state", rule_state_name((enum rule_state)rule->state), "action",
				action, "hits", json_value_count(n.hits), "shadow",
				json_value_count(n.shadow), "decided", json_value_count(n.decided),
				"last", json_value_time(n.last_us)));
	}
	return rules;
}

/* limits_json: without the keys that are live, for which the whole table would have to be read. */
static json_t *limits_json(const struct control_context *ctx)
{
	struct limit_figures *f = calloc(1, sizeof(*f));
	json_t *limits = json_array();

	if (f != NULL && limit_figures_read(ctx, false, f)) {
		for (uint32_t i = 0; i < f->n; i++) {
			json_array_append_new(limits, limit_figures_json(&f->rows[i], false));
		}
	}
	free(f);
	return limits;
}

static json_t *generation_json(const struct control_context *ctx)
{
	return ctx->push != NULL ? push_json(ctx->push, ctx->policy_name) : json_null();
}

static json_t *events_json(const struct control_context *ctx, const struct stats *sum)
{
	const struct event_sink *s = ctx->event_sink;
	json_t *events =
		json_pack("{s:o, s:o}", "made", json_value_count(sum->counter[STAT_events]),
			"lost_in_ring", json_value_count(sum->counter[STAT_events_lost]));

	if (s != NULL) {
		json_object_set_new(events, "file", json_value_text(s->path));
		json_object_set_new(events, "state", json_string(event_sink_state_name(s->state)));
		json_object_set_new(events, "error",
			s->error != 0 ? json_value_text(strerror(s->error)) : json_null());
		json_object_set_new(events, "written", json_value_count(s->n_written));
		json_object_set_new(events, "lost_in_file", json_value_count(s->n_lost));
	}
	return events;
}

static json_t *quarantine_json(const struct control_context *ctx, const struct stats *sum)
{
	const struct quarantine *q = ctx->quarantine;
	json_t *out = json_pack("{s:o, s:o}", "kept",
		json_value_count(sum->counter[STAT_quarantine_kept]), "lost_in_ring",
		json_value_count(sum->counter[STAT_quarantine_lost]));

	if (q != NULL) {
		json_object_set_new(out, "path", json_value_text(q->config->quarantine_path));
		json_object_set_new(out, "state", json_string(event_sink_state_name(q->state)));
		json_object_set_new(out, "error",
			q->error != 0 ? json_value_text(strerror(q->error)) : json_null());
		json_object_set_new(out, "written", json_value_count(q->n_written));
		json_object_set_new(out, "lost_in_file", json_value_count(q->n_lost));
		json_object_set_new(out, "files", json_value_count(q->n_files));
		json_object_set_new(out, "octets", json_value_count(q->n_octets));
		json_object_set_new(out, "files_deleted", json_value_count(q->n_deleted));
	}
	return out;
}

/* fold_all: the sum over the workers; NULL when out of memory. */
static struct stats *fold_all(const struct control_context *ctx)
{
	struct stats *sum = calloc(1, sizeof(*sum));

	for (unsigned i = 0; sum != NULL && i < ctx->n_pipelines; i++) {
		stats_fold(sum, pipeline_stats(ctx->pipelines[i]));
	}
	return sum;
}

json_t *report_make(const struct control_context *ctx, bool all_rules)
{
	struct stats *sum = fold_all(ctx);
	uint64_t now = clock_realtime_us();
	uint64_t up = now > ctx->started_us ? now - ctx->started_us : 0;
	json_t *report;

	if (sum == NULL) {
		return NULL;
	}
	report = json_pack("{s:i, s:s, s:s, s:b, s:o, s:I, s:o, s:s, s:o}", "schema_version",
		REPORT_SCHEMA_VERSION, "type", "report", "version", SMSWALL_VERSION, "replay",
		ctx->config->pipeline.replay, "started", json_value_time(ctx->started_us),
		"uptime_s", (json_int_t)(up / CLOCK_US_PER_S), "config",
		ctx->config_path != NULL ? json_value_text(ctx->config_path) : json_null(), "mode",
		common_mode(&ctx->config->pipeline), "memory_octets",
		json_value_count(ctx->budget_total));
	json_object_set_new(report, "links", links_json(ctx, sum));
	json_object_set_new(report, "workers", workers_json(ctx));
	json_object_set_new(report, "counters", counters_json(sum));
	json_object_set_new(report, "reasons", reasons_json(sum));
	json_object_set_new(report, "ledger", ledger_json(sum));
	json_object_set_new(report, "verdicts", verdicts_json(sum));
	json_object_set_new(report, "rules", rules_json(ctx, all_rules));
	json_object_set_new(report, "limits", limits_json(ctx));
	json_object_set_new(report, "stages", stages_json(sum));
	json_object_set_new(report, "generation", generation_json(ctx));
	json_object_set_new(report, "events", events_json(ctx, sum));
	json_object_set_new(report, "quarantine", quarantine_json(ctx, sum));
	free(sum);
	return report;
}

json_t *control_report(const struct control_context *ctx)
{
	return report_make(ctx, false);
}

void report_status_line(const struct control_context *ctx, bool all_turn, char *out, size_t size)
{
	struct stats *sum = fold_all(ctx);
	uint64_t flows = 0;
	uint64_t associations = 0;

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		struct pipeline_gauges g = pipeline_gauges(ctx->pipelines[i]);

		flows += g.flows;
		associations += g.associations;
	}
	snprintf(out, size,
		"%s%s: %" PRIu64 " connections, %" PRIu64 " associations, %" PRIu64
		" messages, %" PRIu64 " refused",
		all_turn ? "" : "A WORKER STANDS STILL; ", common_mode(&ctx->config->pipeline),
		flows, associations, sum != NULL ? sum->counter[STAT_messages] : 0,
		sum != NULL ? sum->counter[STAT_messages_blanked] +
				      sum->counter[STAT_messages_throttled] +
				      sum->counter[STAT_messages_rejected]
			    : 0);
	free(sum);
}

static void print_unjudged(const struct stats *sum, FILE *to)
{
	uint64_t in = report_unjudged(sum, 0);
	uint64_t out = report_unjudged(sum, 1);
	const char *separator = ": ";

	fprintf(to, "  unjudged  %" PRIu64 " octets from inside, %" PRIu64 " from outside", in,
		out);
	for (int i = 0; i < R_COUNT; i++) {
		uint64_t n = sum->ledger.octets[0][i] + sum->ledger.octets[1][i];

		if (n != 0 && is_unjudged((enum reason)i)) {
			fprintf(to, "%s%s %" PRIu64, separator, stats_reason_name((enum reason)i),
				n);
			separator = ", ";
		}
	}
	fputc('\n', to);
}

void report_print_summary(const struct control_context *ctx, FILE *to)
{
	struct stats *sum = fold_all(ctx);
	const uint64_t *n = sum != NULL ? sum->counter : NULL;

	if (n == NULL) {
		return;
	}
	fprintf(to, "smswalld: stopped\n");
	fprintf(to,
		"  frames    %" PRIu64 " in, %" PRIu64 " out, %" PRIu64 " edited, %" PRIu64
		" dropped\n",
		n[STAT_frames_in], n[STAT_frames_out], n[STAT_frames_edited], n[STAT_tx_full]);
	fprintf(to,
		"  messages  %" PRIu64 ": %" PRIu64 " passed, %" PRIu64 " reported, %" PRIu64
		" redacted, %" PRIu64 " blanked, %" PRIu64 " throttled, %" PRIu64 " rejected\n",
		n[STAT_messages], n[STAT_messages_passed], n[STAT_messages_reported],
		n[STAT_messages_redacted], n[STAT_messages_blanked], n[STAT_messages_throttled],
		n[STAT_messages_rejected]);
	fprintf(to,
		"  holds     %" PRIu64 " frames waited, %" PRIu64 " releases, %" PRIu64
		" octets of condemned texts leaked\n",
		n[STAT_frames_held], n[STAT_releases], n[STAT_octets_leaked]);
	print_unjudged(sum, to);
	fprintf(to, "  events    %" PRIu64 " made, %" PRIu64 " lost\n", n[STAT_events],
		n[STAT_events_lost]);
	free(sum);
}
