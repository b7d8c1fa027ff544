/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report_signalling: what a report says of the signalling checks (docs/signalling.md): of each link its
 * checks with what they found, need and lack; of each worker its table. Control only; reads what
 * workers write, figure by figure.
 */
#ifndef SMSWALL_CONTROL_REPORT_SIGNALLING_H
#define SMSWALL_CONTROL_REPORT_SIGNALLING_H

#include "control/control.h"

/*
 * report_signalling: {seen: [what traffic was seen], checks: {name: {action, found, blind: [what it
 * needs and was never seen], unset: the key that is missing, or null}}}. A new reference.
 */
json_t *report_signalling(const struct control_context *ctx, unsigned link);

/* report_signalling_table: {told, asked, senders, forgotten, senders_forgotten}. A new reference. */
json_t *report_signalling_table(const struct pipeline *p);

#endif
