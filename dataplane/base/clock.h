/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clock: time and cycles. Time in the data path is microseconds since the Unix epoch and arrives
 * with the frame (live: read once a burst; replay: the capture's), so no code below the worker
 * reads a clock and every test sets its own time. Cycles are for statistics only.
 */
#ifndef SMSWALL_BASE_CLOCK_H
#define SMSWALL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define CLOCK_US_PER_S  UINT64_C(1000000)
#define CLOCK_US_PER_MS UINT64_C(1000)

/* clock_realtime_us: wall time; the worker calls it once a burst (vDSO, no system call). */
static inline uint64_t clock_realtime_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * CLOCK_US_PER_S + (uint64_t)t.tv_nsec / 1000;
}

static inline uint64_t clock_cycles(void)
{
#if defined(__x86_64__)
	return __rdtsc();
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
#endif
}

#endif
