/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watchdog.h"

enum watchdog_news watchdog_look(
	struct watchdog *w, uint64_t turns, uint64_t step_ms, uint64_t abort_ms)
{
	bool was_stuck = w->stuck;

	if (turns != w->turns) {
		w->turns = turns;
		w->stood_ms = 0;
		w->stuck = false;
		return was_stuck ? WATCHDOG_MOVES : WATCHDOG_NOTHING;
	}
	w->stood_ms += step_ms < WATCHDOG_STEP_MS ? step_ms : WATCHDOG_STEP_MS;
	if (w->stood_ms > w->longest_ms) {
		w->longest_ms = w->stood_ms;
	}
	if (abort_ms != 0 && w->stood_ms >= abort_ms) {
		return WATCHDOG_ABORT;
	}
	if (!was_stuck && w->stood_ms > WATCHDOG_STUCK_MS) {
		w->stuck = true;
		w->n_stuck++;
		return WATCHDOG_STUCK;
	}
	return WATCHDOG_NOTHING;
}
