/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * summary: a report (control/report.h, docs/control-protocol.md) as tables for people. What each
 * line means: docs/summary.md. Deterministic: no times, no rates. Control only.
 */
#ifndef SMSWALL_CONTROL_SUMMARY_H
#define SMSWALL_CONTROL_SUMMARY_H

#include <jansson.h>
#include <stdio.h>

/* summary_messages: how many messages, and their verdicts. */
void summary_messages(const json_t *report, FILE *to);

/* summary_sigtran: associations and what they carried; nothing where there was no SCTP. */
void summary_sigtran(const json_t *report, FILE *to);

/* summary_signalling: the signalling checks of each link; nothing where there was no SCTP. */
void summary_signalling(const json_t *report, FILE *to);

/* summary_rules: the rules that hit; nothing if none did. */
void summary_rules(const json_t *report, FILE *to);

/* summary_limits: what was above each limit; nothing where there are none. */
void summary_limits(const json_t *report, FILE *to);

/* summary_reasons: why messages got their verdicts, and what was odd. */
void summary_reasons(const json_t *report, FILE *to);

/* summary_ledger: every forwarded octet in one line, by direction. */
void summary_ledger(const json_t *report, FILE *to);

/* summary_counters: every counter and reason that is not zero. */
void summary_counters(const json_t *report, FILE *to);

/* summary_integer: member `name` of `object`, 0 where it is missing. */
long long summary_integer(const json_t *object, const char *name);

#endif
