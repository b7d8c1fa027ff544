/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * metrics: which metrics there are (docs/metrics.md), and a page of them. Read from the doors of
 * struct control_context, by the control thread, while workers write: each figure is whole, they are
 * not all of one instant.
 *
 * Nothing personal is in it: no number, text or account; rules by id only where metrics.rules asks.
 * Bounds: metrics.series; the families that alarms need come first, rules last.
 */
#ifndef SMSWALL_CONTROL_METRICS_H
#define SMSWALL_CONTROL_METRICS_H

#include <stdio.h>

#include "control/control.h"
#include "control/openmetrics.h"

/* What the page says of its own server. */
struct metrics_server {
	uint64_t scrapes, refused, overdue;
	uint64_t page_us; /* the last page took */
	uint32_t clients;
};

/* metrics_write: the page; false when out of memory. `server` may be NULL. Control only. */
bool metrics_write(struct openmetrics *m, const struct control_context *ctx,
	const struct metrics_server *server);

/* metrics_see_event: counts what control itself does: events of type policy. */
void metrics_see_event(struct control_context *ctx, const struct event *e);

/* metrics_tell_rules: a telemetry_fill (dataplane/telemetry.h); `ctx` is a struct control_context. */
void metrics_tell_rules(void *ctx, uint32_t offset, struct telemetry_rules *out);

/* metrics_print_table: every family as a row of a Markdown table: docs/metrics.md has it. */
void metrics_print_table(FILE *to);

#endif
