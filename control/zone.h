/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * zone: the local time of a place as a table, from the system's zoneinfo files: when its offset
 * from UTC changes. For `hours`, `days`, `from`, `until` of policy.conf; no environment, no tzset().
 *
 * Control only. The table has the changes of 2000 to ZONE_YEAR_LAST, the newest
 * CONDITION_ZONE_MAX - 1 of them; what was before the first has the offset that held just before it.
 * It depends on the file alone, not on the clock, so that a replay is judged the same. Errors: a
 * sentence for the operator. Bounds: files of 256 KiB. Source: RFC 8536 3 (TZif), 3.3 (footer) and
 * POSIX.1-2017 8.3 (TZ).
 */
#ifndef SMSWALL_CONTROL_ZONE_H
#define SMSWALL_CONTROL_ZONE_H

#include "dataplane/verdict/condition.h"

enum { ZONE_WHY_SIZE = 256, ZONE_YEAR_FIRST = 2000, ZONE_YEAR_LAST = 2045 };

/*
 * zone_load: "Europe/London"; "UTC" needs no file. `folder`: NULL: the system's. False: *zone is
 * untouched, `why` says why.
 */
bool zone_load(
	const char *name, const char *folder, struct condition_zone *zone, char why[ZONE_WHY_SIZE]);

/* zone_parse: of a file's octets. False: not of this format. */
bool zone_parse(struct bytes file, struct condition_zone *zone);

/* zone_offset: seconds to be added to UTC for local time at `us`. */
int32_t zone_offset(const struct condition_zone *zone, int64_t us);

/*
 * zone_utc: the first time at which clocks show this; where they skip it (spring), the time that the
 * offset before the change gives, and *skipped.
 */
int64_t zone_utc(const struct condition_zone *zone, int64_t local_us, bool *skipped);

/* A day of the Gregorian calendar, from days since 1970-01-01 and back. */
int64_t zone_days(int year, unsigned month, unsigned day);
void zone_date(int64_t days, int *year, unsigned *month, unsigned *day);

#endif
