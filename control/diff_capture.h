/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * diff_capture: two replays of the same capture by their events: which messages change their verdict,
 * by the rules or lists that decided, with samples. A message is known by its frame, session,
 * sequence number and transaction; of several that agree in all of these the n-th of one replay is the
 * n-th of the other.
 *
 * Control only. Ownership: documents are new references. Bounds: a row of about 80 octets for each
 * message of either replay; the lines of samples are read again from the files.
 */
#ifndef SMSWALL_CONTROL_DIFF_CAPTURE_H
#define SMSWALL_CONTROL_DIFF_CAPTURE_H

#include <jansson.h>

#include "dataplane/base/diag.h"

/*
 * diff_events: {"messages", "changed", "other_rule" (or list), "unmatched", "groups": [{"old", "new",
 * "messages", "samples"}]}, groups by size, samples in order of the capture, at most `n_samples` a
 * group, with the text where the events have it. `old` and `new` are files of events (docs/events.md,
 * events.select "all"); other types than message are skipped. NULL with an error in `diag`.
 */
json_t *diff_events(const char *old, const char *new, unsigned n_samples, struct diag *diag);

/* diff_events_print: that, for people. */
void diff_events_print(const json_t *document, FILE *to);

#endif
