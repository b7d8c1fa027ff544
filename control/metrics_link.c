/* SPDX-License-Identifier: BSD-3-Clause */
/* Links and their ports, for metrics.c. */
#include "control/metrics_parts.h"

#include <stdlib.h>

#include "control/watch.h"

static const char *const side_names[2] = { "inside", "outside" };

static const struct link_config *link_of(const struct control_context *ctx, unsigned link)
{
	return &ctx->config->pipeline.links[link];
}

/* What is told of a link by one figure. */
static uint64_t link_figure(
	const struct control_context *ctx, const struct stats *sum, unsigned link, enum metric id)
{
	const struct linkstate *l = ctx->watch != NULL ? &ctx->watch->links[link] : NULL;
	/* relaxed: a word that control itself writes */
	uint64_t panic = ctx->panic_links != NULL
	                         ? atomic_load_explicit(ctx->panic_links, memory_order_relaxed)
	                         : 0;
	uint64_t any = 0;

	switch ((int)id) {
	case METRIC_LINK_PANIC:
		return panic >> link & 1;
	case METRIC_LINK_DRIBBLING:
		for (unsigned i = 0; i < ctx->n_pipelines; i++) {
			any |= pipeline_dribbles(ctx->pipelines[i], link) ? 1 : 0;
		}
		return any;
	case METRIC_LINK_DOWNS:
		return l != NULL ? l->n_downs : 0;
	case METRIC_LINK_PROPAGATED:
		return l != NULL ? l->n_propagated : 0;
	case METRIC_LINK_HOLD_MAX:
		return sum->hold_max_us[link];
	}
	return 0;
}

static void write_figures(
	struct openmetrics *m, const struct control_context *ctx, const struct stats *sum)
{
	static const enum metric ids[] = { METRIC_LINK_PANIC, METRIC_LINK_DRIBBLING,
		METRIC_LINK_DOWNS, METRIC_LINK_PROPAGATED, METRIC_LINK_HOLD_MAX };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		metrics_open(m, ids[i]);
		for (unsigned link = 0; link < ctx->config->pipeline.n_links; link++) {
			const struct openmetrics_label label = { "link", link_of(ctx, link)->name };
			uint64_t v = link_figure(ctx, sum, link, ids[i]);

			if (ids[i] == METRIC_LINK_HOLD_MAX) {
				openmetrics_put_us(m, v, &label, 1);
			} else {
				openmetrics_put(m, v, &label, 1);
			}
		}
	}
}

static void write_infos(struct openmetrics *m, const struct control_context *ctx)
{
	static const char *const modes[] = {
		[LINK_TAP] = "tap", [LINK_MONITOR] = "monitor", [LINK_ENFORCE] = "enforce"
	};

	metrics_open(m, METRIC_LINK);
	for (unsigned i = 0; i < ctx->config->pipeline.n_links; i++) {
		const struct openmetrics_label labels[] = { { "link", link_of(ctx, i)->name },
			{ "mode", modes[link_of(ctx, i)->mode] } };

		openmetrics_put(m, 1, labels, 2);
	}
}

static void write_counters(
	struct openmetrics *m, const struct control_context *ctx, const struct stats *sum)
{
	for (int i = 0; i < LINK_STAT_COUNT; i++) {
		struct metrics_made made;

		metrics_link_family((enum stats_link_counter)i, &made);
		openmetrics_family(m, &made.family);
		for (unsigned link = 0; link < ctx->config->pipeline.n_links; link++) {
			const struct openmetrics_label label = { "link", link_of(ctx, link)->name };

			if (made.microseconds) {
				openmetrics_put_us(m, sum->link[link][i], &label, 1);
			} else {
				openmetrics_put(m, sum->link[link][i], &label, 1);
			}
		}
	}
}

/* Each worker has a breaker of its own: told is whether one has moved, and their sum. */
struct breaker_sum {
	uint64_t moves, closes, mutes;
	bool moved;
};

static struct breaker_sum breaker_sum(
	const struct control_context *ctx, unsigned link, unsigned towards)
{
	const struct link_config *l = link_of(ctx, link);
	uint8_t configured = towards == 0 ? l->to_smsc.style : l->to_esme.style;
	struct breaker_sum sum = { 0 };

	for (unsigned i = 0; i < ctx->n_pipelines; i++) {
		struct pipeline_breaker b = pipeline_breaker(ctx->pipelines[i], link, towards);

		sum.moves += b.n_moves;
		sum.closes += b.closes;
		sum.mutes += b.mutes;
		sum.moved = sum.moved || (b.n_moves != 0 && b.style != configured);
	}
	return sum;
}

static void write_breaker(struct openmetrics *m, enum metric id, unsigned towards,
	const struct breaker_sum *sum, const char *link)
{
	struct openmetrics_label labels[] = { { "link", link },
		{ "towards", towards == 0 ? "smsc" : "esme" }, { "cause", "closed" } };

	if (id == METRIC_BREAKER_MOVED) {
		openmetrics_put(m, sum->moved ? 1 : 0, labels, 2);
	} else if (id == METRIC_BREAKER_MOVES) {
		openmetrics_put(m, sum->moves, labels, 2);
	} else {
		openmetrics_put(m, sum->closes, labels, 3);
		labels[2].value = "mute";
		openmetrics_put(m, sum->mutes, labels, 3);
	}
}

static void write_breakers(struct openmetrics *m, const struct control_context *ctx)
{
	static const enum metric ids[] = { METRIC_BREAKER_MOVED, METRIC_BREAKER_MOVES,
		METRIC_BREAKER_STRIKES };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		metrics_open(m, ids[i]);
		for (unsigned link = 0; link < ctx->config->pipeline.n_links; link++) {
			for (unsigned towards = 0; towards < 2; towards++) {
				struct breaker_sum sum = breaker_sum(ctx, link, towards);

				write_breaker(m, ids[i], towards, &sum, link_of(ctx, link)->name);
			}
		}
	}
}

void metrics_write_links(
	struct openmetrics *m, const struct control_context *ctx, const struct stats *sum)
{
	write_infos(m, ctx);
	write_figures(m, ctx, sum);
	write_breakers(m, ctx);
	write_counters(m, ctx, sum);
}

/* ---- ports ---- */

struct port_figures {
	unsigned link, side;
	bool known;
	struct control_port port;
};

/* read_ports: each port once, as a driver's figures are asked for anew by each call. */
static struct port_figures *read_ports(const struct control_context *ctx, unsigned n)
{
	struct port_figures *f = calloc(n, sizeof(*f));

	for (unsigned i = 0; f != NULL && i < n; i++) {
		const struct config_port_pair *pair = &ctx->config->pairs[i / 2];

		f[i] = (struct port_figures){ .link = i / 2, .side = i % 2 };
		f[i].known = ctx->port_read(
			f[i].side == 0 ? pair->inside_port : pair->outside_port, &f[i].port);
		f[i].port.name[sizeof(f[i].port.name) - 1] = '\0';
	}
	return f;
}

static uint64_t port_figure(
	const struct control_context *ctx, const struct port_figures *f, enum metric id)
{
	const struct control_port *p = &f->port;

	switch ((int)id) {
	case METRIC_PORT_UP:
		return p->up ? 1 : 0;
	case METRIC_PORT_SET_DOWN:
		return ctx->watch != NULL && ctx->watch->links[f->link].forced[f->side] ? 1 : 0;
	case METRIC_PORT_SPEED:
		return p->speed_mbps == UINT32_MAX ? 0 : p->speed_mbps * UINT64_C(125000);
	case METRIC_PORT_FRAMES_IN:
		return p->frames_in;
	case METRIC_PORT_FRAMES_OUT:
		return p->frames_out;
	case METRIC_PORT_MISSED:
		return p->missed;
	case METRIC_PORT_ERRORS:
		return p->errors;
	}
	return 0;
}

void metrics_write_ports(struct openmetrics *m, const struct control_context *ctx)
{
	static const enum metric ids[] = { METRIC_PORT_UP, METRIC_PORT_SET_DOWN, METRIC_PORT_SPEED,
		METRIC_PORT_FRAMES_IN, METRIC_PORT_FRAMES_OUT, METRIC_PORT_MISSED,
		METRIC_PORT_ERRORS };
	unsigned n =
		ctx->port_read != NULL && ctx->n_ports != 0 ? 2 * ctx->config->pipeline.n_links : 0;
	struct port_figures *f = n != 0 ? read_ports(ctx, n) : NULL;

	m->failed = m->failed || (n != 0 && f == NULL);
	for (size_t i = 0; f != NULL && i < sizeof(ids) / sizeof(ids[0]); i++) {
		metrics_open(m, ids[i]);
		for (unsigned j = 0; j < n; j++) {
			const struct openmetrics_label labels[] = {
				{ "link", link_of(ctx, f[j].link)->name },
				{ "side", side_names[f[j].side] }, { "port", f[j].port.name }
			};

			if (f[j].known) {
				openmetrics_put(m, port_figure(ctx, &f[j], ids[i]), labels, 3);
			}
		}
	}
	free(f);
}

/* ---- signalling checks ---- */

void metrics_write_signalling(struct openmetrics *m, const struct control_context *ctx)
{
	uint32_t seen[LIMIT_LINKS] = { 0 };
	uint32_t all = 0;

	for (unsigned link = 0; link < ctx->config->pipeline.n_links; link++) {
		for (unsigned i = 0; i < ctx->n_pipelines; i++) {
			seen[link] |= pipeline_signalling_traffic(ctx->pipelines[i], link);
		}
		all |= seen[link];
	}
	for (unsigned blind = 0; blind < 2; blind++) {
		metrics_open(m, blind != 0 ? METRIC_SIGNALLING_BLIND : METRIC_SIGNALLING_FOUND);
		for (unsigned n = 0; n < ctx->config->pipeline.n_links * SIGNALLING_CHECK_COUNT;
			n++) {
			unsigned link = n / SIGNALLING_CHECK_COUNT;
			enum signalling_check check =
				(enum signalling_check)(n % SIGNALLING_CHECK_COUNT);
			const struct openmetrics_label labels[] = {
				{ "link", link_of(ctx, link)->name },
				{ "check", signalling_check_name(check) }
			};
			uint64_t v = 0;

			if (blind != 0) {
				v = signalling_blind(&link_of(ctx, link)->signalling, check,
					    seen[link], all) != 0;
			}
			for (unsigned i = 0; blind == 0 && i < ctx->n_pipelines; i++) {
				v += pipeline_signalling_found(ctx->pipelines[i], link, check);
			}
			openmetrics_put(m, v, labels, 2);
		}
	}
}
