/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * watchdog: does a worker still turn? (research/reliability.md 5: above 100 ms it is told, above
 * watchdog.abort_ms the process ends itself, so that relay, bridge or systemd take over.)
 *
 * Pure: time and turns come from the caller. What counts is time in which control itself ran: where the whole
 * machine stood still (a virtual machine that was paused), nobody is to blame.
 * Control thread only. Source: design.md 11, research/reliability.md 5, 7.
 */
#ifndef SMSWALL_CONTROL_WATCHDOG_H
#define SMSWALL_CONTROL_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WATCHDOG_STUCK_MS = 100, /* without a turn: told */
	WATCHDOG_STEP_MS = 50,   /* at most this much of the time between two looks counts */
};

/* One worker, as seen so far. All 0 at first. */
struct watchdog {
	uint64_t turns;
	uint64_t stood_ms; /* since its last turn, or since the first look */
	bool stuck;        /* told */
	uint64_t n_stuck;
	uint64_t longest_ms;
};

enum watchdog_news { WATCHDOG_NOTHING, WATCHDOG_STUCK, WATCHDOG_MOVES, WATCHDOG_ABORT };

/* watchdog_look: `step_ms` after the last look; `abort_ms` 0: never WATCHDOG_ABORT. */
enum watchdog_news watchdog_look(
	struct watchdog *w, uint64_t turns, uint64_t step_ms, uint64_t abort_ms);

#endif
