/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sessions: the connections and associations of all workers, as the workers tell them
 * (pipeline_sessions_ask).
 *
 * Control only. Each worker answers within some of its turns; one that does not within
 * SESSIONS_WAIT_MS is left out and the answer says `complete: false`. Not of one instant: sessions
 * come and go while the table is read. Bounds: SESSIONS_MAX rows.
 */
#ifndef SMSWALL_CONTROL_SESSIONS_H
#define SMSWALL_CONTROL_SESSIONS_H

#include "control/control.h"

enum { SESSIONS_MAX = 10000, SESSIONS_DEFAULT = 100, SESSIONS_WAIT_MS = 250 };

struct sessions_query {
	uint8_t link; /* its index, or PIPELINE_ANY_LINK */
	uint64_t id;  /* as in events, 0: all */
	uint32_t limit;
};

/* sessions_query_read: from {"link": NAME, "id": N, "limit": N}; 0, or a control_code with a sentence. */
int sessions_query_read(struct sessions_query *q, const struct control_context *ctx,
	const json_t *args, char *error, size_t size);

/* sessions_list: {sessions: [...], complete, more}. A new reference. */
json_t *sessions_list(const struct control_context *ctx, const struct sessions_query *q);

/* sessions_census: how many there are in which state (session_json.h). A new reference. */
json_t *sessions_census(const struct control_context *ctx);

#endif
