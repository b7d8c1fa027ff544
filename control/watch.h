/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * watch: what the control thread looks at by itself, round after round: do the workers turn
 * (watchdog.h), are the ports up (linkstate.h), and what systemd is told of it (sd_notify(3)).
 *
 * Control thread only; the doors to ports and workers are those of struct control_context.
 * May end the process: a worker that stands still for watchdog.abort_ms (abort(), cores are off).
 */
#ifndef SMSWALL_CONTROL_WATCH_H
#define SMSWALL_CONTROL_WATCH_H

#include "control/control.h"
#include "control/linkstate.h"
#include "control/watchdog.h"

/* Where events go that control itself makes. */
typedef void (*watch_event)(void *arg, struct event *e);

struct watch {
	const struct control_context *ctx;
	watch_event put;
	void *arg;
	struct watchdog workers[WORKERS_MAX];
	struct linkstate links[LIMIT_LINKS];
	uint64_t last_ms; /* of the last look at the workers */
	uint64_t next_links_ms;
	uint64_t next_beat_ms;
	uint64_t next_status_ms;
	char status[128]; /* as systemd knows it */
};

void watch_init(struct watch *w, const struct control_context *ctx, watch_event put, void *arg,
	uint64_t now_ms);

/* watch_round: every few milliseconds. True: the events so far must be written now, as the process is to end: then watch_abort(). */
bool watch_round(struct watch *w, uint64_t now_ms);
_Noreturn void watch_abort(struct watch *w);

/* watch_end: ports that were set down are set up again: whoever takes over finds them as they were. */
void watch_end(struct watch *w);

/* watch_all_turn: no worker stands still. */
bool watch_all_turn(const struct watch *w);

#endif
