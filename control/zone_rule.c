/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/zone_rule.h"

#include <string.h>

#include "control/zone.h"

enum { HOUR = 3600, DEFAULT_SUMMER = HOUR, DEFAULT_SECONDS = 2 * HOUR, HOURS_MAX = 167 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* skip_name: three letters or more, or anything in < >. */
static bool skip_name(const char **at)
{
	const char *begin = *at;

	if (**at == '<') {
		*at += strcspn(*at, ">");
		return *(*at)++ == '>';
	}
	while (is_letter(**at)) {
		++*at;
	}
	return *at - begin >= 3;
}

static bool take_number(const char **at, unsigned most, unsigned *v)
{
	if (!is_digit(**at)) {
		return false;
	}
	for (*v = 0; is_digit(**at) && *v <= most; ++*at) {
		*v = *v * 10 + (unsigned)(**at - '0');
	}
	return *v <= most;
}

static bool take(const char **at, char c)
{
	if (**at != c) {
		return false;
	}
	++*at;
	return true;
}

/* take_time: [+-]hh[:mm[:ss]] */
static bool take_time(const char **at, int32_t *seconds)
{
	bool negative = take(at, '-');
	unsigned h = 0;
	unsigned m = 0;
	unsigned s = 0;

	if (!negative) {
		(void)take(at, '+');
	}
	if (!take_number(at, HOURS_MAX, &h) || (take(at, ':') && !take_number(at, 59, &m))) {
		return false;
	}
	if (take(at, ':') && !take_number(at, 59, &s)) {
		return false;
	}
	*seconds = (int32_t)(h * HOUR + m * 60 + s);
	*seconds = negative ? -*seconds : *seconds;
	return true;
}

static bool take_day(const char **at, struct zone_day *day)
{
	bool good;

	*day = (struct zone_day){ .kind = ZONE_DAY_OF_YEAR, .seconds = DEFAULT_SECONDS };
	if (!take(at, ',')) {
		return false;
	}
	if (take(at, 'M')) {
		day->kind = ZONE_DAY_MONTH;
		good = take_number(at, 12, &day->month) && take(at, '.') &&
		       take_number(at, 5, &day->week) && take(at, '.') &&
		       take_number(at, 6, &day->day) && day->month != 0 && day->week != 0;
	} else if (take(at, 'J')) {
		day->kind = ZONE_DAY_JULIAN;
		good = take_number(at, 365, &day->day) && day->day != 0;
	} else {
		good = take_number(at, 365, &day->day);
	}
	return good && (!take(at, '/') || take_time(at, &day->seconds));
}

bool zone_rule_parse(const char *text, struct zone_rule *rule)
{
	*rule = (struct zone_rule){ .offset_s = 0 };
	if (!skip_name(&text) || !take_time(&text, &rule->offset_s)) {
		return false;
	}
	rule->offset_s = -rule->offset_s; /* west is positive there */
	if (*text == '\0') {
		return true;
	}
	rule->has_summer = true;
	rule->summer_offset_s = rule->offset_s + DEFAULT_SUMMER;
	if (!skip_name(&text)) {
		return false;
	}
	if (*text != ',') {
		if (!take_time(&text, &rule->summer_offset_s)) {
			return false;
		}
		rule->summer_offset_s = -rule->summer_offset_s;
	}
	return take_day(&text, &rule->summer) && take_day(&text, &rule->winter) && *text == '\0';
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* month_day: the w-th such day of the month, 5: the last one. 1970-01-01 was a Thursday. */
static int64_t month_day(const struct zone_day *day, int year)
{
	int64_t first = zone_days(year, day->month, 1);
	int64_t next =
		day->month == 12 ? zone_days(year + 1, 1, 1) : zone_days(year, day->month + 1, 1);
	int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 0: Sunday */
	int64_t d = first + (day->day + 7 - weekday) % 7 + 7 * ((int64_t)day->week - 1);

	return d < next ? d : d - 7;
}

int64_t zone_rule_at(const struct zone_day *day, int year)
{
	int64_t first = zone_days(year, 1, 1);
	int64_t d = 0;

	switch (day->kind) {
	case ZONE_DAY_MONTH:
		d = month_day(day, year);
		break;
	case ZONE_DAY_JULIAN: /* February 29 is never counted */
		d = first + day->day - 1 + (is_leap(year) && day->day >= 60 ? 1 : 0);
		break;
	case ZONE_DAY_OF_YEAR:
		d = first + day->day;
		break;
	}
	return d * 86400 + day->seconds;
}
