/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report: the data path's counters as one JSON document (docs/control-protocol.md, "The report").
 *
 * Control only. Counters are read while workers write them: each is whole, they are not all of one
 * instant. control_report() itself is declared in control.h.
 */
#ifndef SMSWALL_CONTROL_REPORT_H
#define SMSWALL_CONTROL_REPORT_H

#include "control/control.h"

enum { REPORT_SCHEMA_VERSION = 1 };

/* report_make: as control_report(); with `all_rules` also rules that never hit. A new reference. */
json_t *report_make(const struct control_context *ctx, bool all_rules);

/* report_status_line: one line for systemctl status. */
void report_status_line(const struct control_context *ctx, bool all_turn, char *out, size_t size);

/* report_unjudged: octets of SMS traffic, forwarded from a side, that nobody has read. */
uint64_t report_unjudged(const struct stats *sum, unsigned direction);

/* report_rule_count: what was counted at rule `i` of the live generation: by its id, over all of this run. */
struct rule_count report_rule_count(const struct control_context *ctx, uint32_t i);

/* report_print_summary: a few lines of text, for the end of a run. */
void report_print_summary(const struct control_context *ctx, FILE *to);

#endif
