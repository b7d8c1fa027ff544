/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rate: a bucket of tokens: so many a second, twice as many at once; and a table of them by user.
 *
 * Control only; plain data, one thread. A bucket of zeros is full. Bounds: RATE_USERS_MAX users are
 * known at once; the one unheard of for longest makes room, and is a new one when it comes back.
 */
#ifndef SMSWALL_CONTROL_RATE_H
#define SMSWALL_CONTROL_RATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { RATE_USERS_MAX = 64 };

struct rate {
	uint64_t at_ms;       /* when `spent` was right */
	uint64_t spent_milli; /* thousandths of a token that are missing */
};

struct rate_users {
	struct rate_user {
		bool used;
		uid_t uid;
		struct rate rate;
	} entries[RATE_USERS_MAX];
};

/* rate_take: one token; 0, or the milliseconds until there is one. */
uint64_t rate_take(struct rate *r, uint64_t now_ms, unsigned per_s);

/* rate_fine: `n` tokens as a penalty; there is no debt. */
void rate_fine(struct rate *r, uint64_t now_ms, unsigned per_s, unsigned n);

/* rate_of_user: its bucket, until the next call with another user. */
struct rate *rate_of_user(struct rate_users *users, uid_t uid);

#endif
