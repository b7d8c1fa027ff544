/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * zone_rule: the rule at the end of a zoneinfo file: "GMT0BST,M3.5.0/1,M10.5.0". Part of zone.h.
 * Source: POSIX.1-2017 8.3 (TZ), with the hours -167 to 167 of RFC 8536 3.3.1.
 */
#ifndef SMSWALL_CONTROL_ZONE_RULE_H
#define SMSWALL_CONTROL_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* A day of each year, and a local time on it. */
struct zone_day {
	enum { ZONE_DAY_MONTH, ZONE_DAY_JULIAN, ZONE_DAY_OF_YEAR } kind;
	unsigned month, week, day; /* Mm.w.d: week 5: the last; day 0: Sunday; Jn, n: day */
	int32_t seconds;           /* since its midnight */
};

struct zone_rule {
	int32_t offset_s;        /* to be added to UTC */
	int32_t summer_offset_s; /* likewise */
	bool has_summer;
	struct zone_day summer, winter; /* when it begins */
};

/* zone_rule_parse: false: not of this form. */
bool zone_rule_parse(const char *text, struct zone_rule *rule);

/* zone_rule_at: that day's local time, as seconds since 1970-01-01 00:00 of the same local time. */
int64_t zone_rule_at(const struct zone_day *day, int year);

#endif
