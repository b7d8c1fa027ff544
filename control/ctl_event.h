/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl_event: finds one event by its id in a file of events (docs/events.md). Control only.
 * Bounds: lines of CTL_EVENT_LINE_MAX octets; longer ones are no events of ours and are skipped.
 */
#ifndef SMSWALL_CONTROL_CTL_EVENT_H
#define SMSWALL_CONTROL_CTL_EVENT_H

#include "control/ctl.h"

enum { CTL_EVENT_LINE_MAX = 4 << 20 };

/*
 * ctl_event_find: the last event of type "message" with this id in `path` ("-": standard input): numbers begin anew
 * with each run of the daemon, which may have written several of them to one file. *n tells how many there
 * are. 0, CONTROL_INVALID: there is none; or another control_code after a sentence.
 */
int ctl_event_find(
	struct ctl_call *call, const char *path, long long id, json_t **event, unsigned *n);

#endif
