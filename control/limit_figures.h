/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limit_figures: what there is to tell of the limits of the live policy: for verbs, status, metrics.
 *
 * Control thread only. Ownership: rows point into the policy and are valid as long as it is.
 */
#ifndef SMSWALL_CONTROL_LIMIT_FIGURES_H
#define SMSWALL_CONTROL_LIMIT_FIGURES_H

#include <jansson.h>

#include "control/control.h"

struct limit_figures_row {
	const struct limit_rule *rule;
	struct limit_facts facts;
	uint64_t live; /* keys that are at rest no more */
};

struct limit_figures {
	uint32_t n;
	struct limit_figures_row rows[LIMIT_RULES_MAX];
};

/*
 * limit_figures_read: in the order of the policy. `walk`: reads the whole table for `live`,
 * milliseconds for each 16 MiB; else it is 0. False: out of memory.
 */
bool limit_figures_read(const struct control_context *ctx, bool walk, struct limit_figures *out);

/* limit_figures_json: a row as the control socket and reports tell it; `live` only where they were walked. */
json_t *limit_figures_json(const struct limit_figures_row *row, bool walked);

#endif
