/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guard: the guard rail: says whether what is refused, redacted or reported has left its band since
 * a push, compared with the time before it.
 *
 *      ....|base: the last window_s|push|.... watch_s ....|
 *                                       ^ from min_messages on: shares since the push
 *
 * Pure: the clock and the counters are given in; it undoes nothing (control/push.h does).
 * Shares are in millionths, limits of the configuration in thousandths. A limit says nothing where
 * it is no news: where the base was above `refused_share_max` already, only the rise counts.
 * Control thread only. Bounds: GUARD_SLOTS samples, whatever the window.
 */
#ifndef SMSWALL_CONTROL_GUARD_H
#define SMSWALL_CONTROL_GUARD_H

#include <stdbool.h>
#include <stdint.h>

enum { GUARD_SLOTS = 64, GUARD_OFF = 1000 /* a limit that nothing reaches */ };

struct guard_config {
	bool enabled;
	uint32_t window_s;     /* of the base */
	uint32_t min_messages; /* after the push, and in the base: fewer say nothing */
	uint32_t watch_s;      /* this long after a push; then it is good */
	uint32_t refused_share_max;
	uint32_t refused_rise_max, refused_fall_max; /* against the base */
	uint32_t redacted_rise_max;
	uint32_t reported_rise_max;
};

/* Counters of the data path, from its start on. */
struct guard_sample {
	uint64_t messages;
	uint64_t refused; /* blanked or rejected */
	uint64_t redacted;
	uint64_t reported;
};

enum guard_state {
	GUARD_IDLE,     /* no push is watched */
	GUARD_WATCHING, /* in its band so far, or too few messages to say */
	GUARD_BREACH,   /* told once; then guard_undone() or guard_kept() is due */
	GUARD_GOOD,     /* told once: the time is over and all was in its band */
	GUARD_QUIET,    /* the same, but there were too few messages to say */
};

/* Which limit: X(NAME, text) */
#define GUARD_BANDS(X)                    \
	X(NONE, "none")                   \
	X(REFUSED_SHARE, "refused_share") \
	X(REFUSED_RISE, "refused_rise")   \
	X(REFUSED_FALL, "refused_fall")   \
	X(REDACTED_RISE, "redacted_rise") X(REPORTED_RISE, "reported_rise")
#define X(name, text) GUARD_##name,
enum guard_band { GUARD_BANDS(X) GUARD_BANDS_COUNT };
#undef X

/* What was seen, and by which limit it was too much. */
struct guard_finding {
	enum guard_band band;
	struct guard_sample base;     /* of the window before the push; messages 0: none */
	struct guard_sample since;    /* since the push */
	uint32_t base_ppm, since_ppm; /* the share in question */
	uint32_t limit;               /* as configured */
	uint64_t after_us;            /* the push */
};

struct guard {
	struct guard_config config;
	struct guard_sample slots[GUARD_SLOTS]; /* what came in each piece of the window */
	uint32_t at;
	uint64_t slot_end_us;
	struct guard_sample last; /* as seen last, and where the open slot began */
	struct guard_sample slot_from;
	bool watching;
	uint64_t pushed_us;
	struct guard_sample pushed, base;
};

void guard_init(struct guard *g, const struct guard_config *config);

/* guard_pushed: something else judges from now on; a watch that was under way ends as kept. */
void guard_pushed(struct guard *g, uint64_t now_us, const struct guard_sample *now);

/* guard_see: every now and then, with or without a watch; *found is filled for GUARD_BREACH, _GOOD and _QUIET. */
enum guard_state guard_see(struct guard *g, uint64_t now_us, const struct guard_sample *now,
	struct guard_finding *found);

/* guard_kept, guard_undone: the watch ends; what came in it counts for the next base, or does not. */
void guard_kept(struct guard *g, uint64_t now_us, const struct guard_sample *now);
void guard_undone(struct guard *g, uint64_t now_us, const struct guard_sample *now);

const char *guard_band_name(enum guard_band band);

#endif
