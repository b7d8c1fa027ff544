/* SPDX-License-Identifier: BSD-3-Clause */
/* The limits of the live policy, for metrics.c. */
#include "control/limit_figures.h"
#include "control/metrics_parts.h"

#include <stdlib.h>

static uint64_t figure(const struct limit_figures_row *row, enum metric id)
{
	switch ((int)id) {
	case METRIC_LIMIT_ADMITTED:
		return row->facts.admitted;
	case METRIC_LIMIT_EXCEEDED:
		return row->facts.exceeded;
	case METRIC_LIMIT_SHADOW:
		return row->facts.shadow;
	case METRIC_LIMIT_LIVE:
		return row->live;
	case METRIC_LIMIT_FORGOTTEN:
		return row->facts.forgotten;
	case METRIC_LIMIT_CONTENDED:
		return row->facts.contended;
	}
	return 0;
}

void metrics_write_limits(struct openmetrics *m, const struct control_context *ctx)
{
	static const enum metric ids[] = { METRIC_LIMIT_ADMITTED, METRIC_LIMIT_EXCEEDED,
		METRIC_LIMIT_SHADOW, METRIC_LIMIT_LIVE, METRIC_LIMIT_FORGOTTEN,
		METRIC_LIMIT_CONTENDED };
	struct limit_figures *f = calloc(1, sizeof(*f));

	if (f == NULL || !limit_figures_read(ctx, true, f)) {
		m->failed = true;
	} else if (f->n != 0) {
		for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			metrics_open(m, ids[i]);
			for (uint32_t j = 0; j < f->n; j++) {
				metrics_put(m, "limit", f->rows[j].rule->name,
					figure(&f->rows[j], ids[i]));
			}
		}
	}
	free(f);
}
