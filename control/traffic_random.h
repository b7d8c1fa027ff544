/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic_random: the numbers that decide what traffic looks like; the same seed gives the same ones
 * on every machine. Value types, one thread. Source: xoshiro256** and splitmix64 (Blackman, Vigna).
 */
#ifndef SMSWALL_CONTROL_TRAFFIC_RANDOM_H
#define SMSWALL_CONTROL_TRAFFIC_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct traffic_random {
	uint64_t s[4];
};

static inline void traffic_random_seed(struct traffic_random *r, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9E3779B97F4A7C15);

		z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
		r->s[i] = z ^ (z >> 31);
	}
}

static inline uint64_t traffic_random_turn(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static inline uint64_t traffic_random_next(struct traffic_random *r)
{
	uint64_t result = traffic_random_turn(r->s[1] * 5, 7) * 9;
	uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = traffic_random_turn(r->s[3], 45);
	return result;
}

/* traffic_random_below: 0..n-1; n is not 0. */
static inline uint32_t traffic_random_below(struct traffic_random *r, uint32_t n)
{
	return (uint32_t)(((traffic_random_next(r) >> 32) * n) >> 32);
}

/* traffic_random_chance: true in `part` of `whole` cases. */
static inline bool traffic_random_chance(struct traffic_random *r, uint32_t part, uint32_t whole)
{
	return part != 0 && traffic_random_below(r, whole) < part;
}

#endif
