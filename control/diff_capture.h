/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * diff_capture: two replays of the same capture by their events: which messages change their verdict, by the rules that
 * decided, with samples. A message is known by its frame, session, sequence number and transaction; of several that
 * agree in all of these the n-th of one replay is the n-th of the other.
 *
 * Control only. Ownership: documents are new references. Bounds: the events of the old replay are kept in a table
 * (DIFF_EVENT_SIZE octets each and its member texts); those of the new one are read one by one.
 */
#ifndef SMSWALL_CONTROL_DIFF_CAPTURE_H
#define SMSWALL_CONTROL_DIFF_CAPTURE_H

#include <jansson.h>

#include "dataplane/base/diag.h"

/*
 * diff_events: {"messages", "changed", "other_rule", "unmatched", "groups": [{"old", "new", "messages", "samples"}]},
 * groups by size, samples in order of the capture, at most `n_samples` a group, with the text where the
 * events have it. `old` and `new` are files of events of type message (docs/events.md), events.select "all". NULL with an
 * error in `diag`.
 */
json_t *diff_events(const char *old, const char *new, unsigned n_samples, struct diag *diag);

/* diff_events_print: that, for people. */
void diff_events_print(const json_t *document, FILE *to);

#endif
