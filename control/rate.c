/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/rate.h"

enum { MILLI = 1000 };

/* refill: a thousandth of per_s tokens is per_s thousandths a millisecond. */
static void refill(struct rate *r, uint64_t now_ms, unsigned per_s)
{
	uint64_t passed = now_ms > r->at_ms ? now_ms - r->at_ms : 0;
	uint64_t gained = passed < 2 * MILLI ? passed * per_s : UINT64_C(2) * MILLI * per_s;

	r->spent_milli = r->spent_milli > gained ? r->spent_milli - gained : 0;
	r->at_ms = now_ms;
}

uint64_t rate_take(struct rate *r, uint64_t now_ms, unsigned per_s)
{
	uint64_t full = UINT64_C(2) * MILLI * per_s;

	refill(r, now_ms, per_s);
	if (r->spent_milli + MILLI <= full) {
		r->spent_milli += MILLI;
		return 0;
	}
	return (r->spent_milli + MILLI - full + per_s - 1) / per_s;
}

void rate_fine(struct rate *r, uint64_t now_ms, unsigned per_s, unsigned n)
{
	uint64_t full = UINT64_C(2) * MILLI * per_s;

	refill(r, now_ms, per_s);
	r->spent_milli += UINT64_C(1) * MILLI * n;
	r->spent_milli = r->spent_milli < full ? r->spent_milli : full;
}

struct rate *rate_of_user(struct rate_users *users, uid_t uid)
{
	struct rate_user *oldest = &users->entries[0];

	for (unsigned i = 0; i < RATE_USERS_MAX; i++) {
		struct rate_user *u = &users->entries[i];

		if (u->used && u->uid == uid) {
			return &u->rate;
		}
		if (oldest->used && (!u->used || u->rate.at_ms < oldest->rate.at_ms)) {
			oldest = u;
		}
	}
	*oldest = (struct rate_user){ .used = true, .uid = uid };
	return &oldest->rate;
}
