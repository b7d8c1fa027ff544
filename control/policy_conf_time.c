/* SPDX-License-Identifier: BSD-3-Clause */
/* Hours, days, dates and durations of policy.conf. Part of policy_conf.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/policy_conf_test.h"
#include "control/policy_conf_time.h"
#include "control/zone.h"

static const int64_t second_us = INT64_C(1000000);
static const int64_t minute_us = INT64_C(60000000);
static const int64_t day_us = INT64_C(86400000000);

enum { MINUTES_OF_DAY = 1440, DAYS = 7, YEAR_MIN = 2000, YEAR_MAX = 2100 };

static const char *const day_names[DAYS] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

/* take_number: `n` digits at *at, which is moved behind them. */
static bool take_number(const char **at, unsigned n, unsigned *v)
{
	*v = 0;
	for (unsigned i = 0; i < n; i++, ++*at) {
		if (**at < '0' || **at > '9') {
			return false;
		}
		*v = *v * 10 + (unsigned)(**at - '0');
	}
	return true;
}

static bool take(const char **at, char c)
{
	if (**at != c) {
		return false;
	}
	++*at;
	return true;
}

/* take_clock: "HH:MM", 00:00 to 24:00, in minutes. */
static bool take_clock(const char **at, unsigned *minutes)
{
	unsigned h;
	unsigned m;

	if (!take_number(at, 2, &h) || !take(at, ':') || !take_number(at, 2, &m) || m > 59) {
		return false;
	}
	*minutes = h * 60 + m;
	return *minutes <= MINUTES_OF_DAY;
}

static bool put(struct when *w, const config_setting_t *e, int64_t min, int64_t max)
{
	const struct condition_value v = { .kind = CONDITION_VALUE_RANGE, .min = min, .max = max };

	return conf_test_put(w, e, &v, NULL);
}

/* read_hours: up to, and not with, the minute at which it ends. */
static bool read_hours(struct when *w, const config_setting_t *e, const char *text)
{
	const char *at = text;
	unsigned from = 0;
	unsigned to = 0;

	if (!take_clock(&at, &from) || !take(&at, '-') || !take_clock(&at, &to) || *at != '\0' ||
		from == MINUTES_OF_DAY) {
		conf_say(w->reader, DIAG_ERROR, e,
			"hours: \"%s\": expected \"HH:MM-HH:MM\", such as \"22:00-06:00\" or "
			"\"09:00-24:00\"",
			text);
		return false;
	}
	if (from == to) {
		conf_say(w->reader, DIAG_ERROR, e,
			"hours: \"%s\" is no time at all; for the whole day leave it out", text);
		return false;
	}
	return put(w, e, from, to == 0 ? MINUTES_OF_DAY - 1 : (int64_t)to - 1);
}

/* day_of: "mon" or "Monday", of `len` octets; -1: none. */
static int day_of(const char *text, size_t len)
{
	static const char *const longer[DAYS] = { "monday", "tuesday", "wednesday", "thursday",
		"friday", "saturday", "sunday" };

	for (int i = 0; i < DAYS; i++) {
		if ((len == 3 && strncasecmp(text, day_names[i], 3) == 0) ||
			(len == strlen(longer[i]) && strncasecmp(text, longer[i], len) == 0)) {
			return i;
		}
	}
	return -1;
}

static bool read_days(struct when *w, const config_setting_t *e, const char *text)
{
	size_t len = strcspn(text, "-");
	int from = day_of(text, len);
	int to = text[len] == '-' ? day_of(text + len + 1, strlen(text + len + 1)) : from;

	if (from < 0 || to < 0) {
		conf_say(w->reader, DIAG_ERROR, e,
			"days: \"%s\": expected mon, tue, wed, thu, fri, sat or sun, a range such as "
			"\"mon-fri\", or [ of these ]",
			text);
		return false;
	}
	return put(w, e, from, to);
}

static unsigned days_of_month(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* take_date: "YYYY-MM-DD", as days since 1970-01-01. */
static bool take_date(const char **at, int64_t *days)
{
	unsigned year;
	unsigned month;
	unsigned day;

	if (!take_number(at, 4, &year) || !take(at, '-') || !take_number(at, 2, &month) ||
		!take(at, '-') || !take_number(at, 2, &day) || year < YEAR_MIN || year > YEAR_MAX ||
		month < 1 || month > 12 || day < 1 || day > days_of_month(year, month)) {
		return false;
	}
	*days = zone_days((int)year, month, day);
	return true;
}

/*
 * read_date: local time as UTC. `from` a date: from its first moment on; `until` a date: the whole of
 * it; with a time: up to then.
 */
static bool read_date(struct when *w, const config_setting_t *e, const char *text)
{
	const struct condition_zone *zone = &w->reader->policy->zone;
	const char *name = condition_field_name(w->field);
	bool until = w->field == CONDITION_UNTIL;
	const char *at = text;
	unsigned minutes = until ? MINUTES_OF_DAY : 0;
	int64_t days = 0;
	bool skipped = false;
	int64_t us;

	if (!take_date(&at, &days) ||
		(*at != '\0' && ((!take(&at, ' ') && !take(&at, 'T')) ||
					!take_clock(&at, &minutes) || *at != '\0'))) {
		conf_say(w->reader, DIAG_ERROR, e,
			"%s: \"%s\": expected a date, \"YYYY-MM-DD\" or \"YYYY-MM-DD HH:MM\", of the "
			"years %d to %d",
			name, text, YEAR_MIN, YEAR_MAX);
		return false;
	}
	us = zone_utc(zone, days * day_us + minutes * minute_us, &skipped);
	if (skipped) {
		conf_say(w->reader, DIAG_WARNING, e,
			"%s: clocks of %s go forward and do not show \"%s\"; taken as the time just "
			"behind",
			name, zone->name, text);
	}
	return until ? put(w, e, INT64_MIN, us - 1) : put(w, e, us, INT64_MAX);
}

bool conf_test_time(struct when *w, const config_setting_t *e, const char *text)
{
	return w->field == CONDITION_HOURS  ? read_hours(w, e, text)
	       : w->field == CONDITION_DAYS ? read_days(w, e, text)
	                                    : read_date(w, e, text);
}

void conf_time_print(const struct condition_zone *zone, enum condition_field f,
	const struct condition_value *v, char out[CONF_TIME_SIZE])
{
	bool until = f == CONDITION_UNTIL;
	int64_t us;
	int64_t minutes;
	int64_t days;
	unsigned month;
	unsigned day;
	int year;
	int n;

	if (f == CONDITION_HOURS) {
		int64_t to = v->max + 1;

		(void)snprintf(out, CONF_TIME_SIZE, "%02d:%02d-%02d:%02d", (int)(v->min / 60),
			(int)(v->min % 60), (int)(to / 60), (int)(to % 60));
		return;
	}
	if (f == CONDITION_DAYS) {
		(void)snprintf(out, CONF_TIME_SIZE, "%s%s%s", day_names[v->min],
			v->min != v->max ? "-" : "", v->min != v->max ? day_names[v->max] : "");
		return;
	}
	us = until ? v->max + 1 : v->min;
	us += zone_offset(zone, us) * second_us;
	minutes = us % day_us / minute_us;
	days = us / day_us - (until && minutes == 0 ? 1 : 0);
	zone_date(days, &year, &month, &day);
	n = snprintf(out, CONF_TIME_SIZE, "%04d-%02u-%02u", year, month, day);
	if (minutes != 0 && n > 0) {
		(void)snprintf(out + n, CONF_TIME_SIZE - (size_t)n, " %02d:%02d",
			(int)(minutes / 60), (int)(minutes % 60));
	}
}

/* ---- durations */

static const struct {
	const char *names[4];
	const char *printed;
	uint64_t us;
} units[] = {
	{ { "ms" }, "ms", 1000 },
	{ { "s", "sec", "second", "seconds" }, "s", 1000000 },
	{ { "min", "minute", "minutes", "m" }, "min", 60000000 },
	{ { "hour", "hours", "h" }, "hours", UINT64_C(3600000000) },
	{ { "day", "days", "d" }, "days", UINT64_C(86400000000) },
};
enum { UNITS = sizeof(units) / sizeof(units[0]), UNIT_NAMES = 4 };

bool conf_duration_text(const char *text, uint64_t *us)
{
	size_t n = strspn(text, "0123456789");
	uint64_t number = n != 0 ? strtoull(text, NULL, 10) : 1;

	if (n > 9 || number == 0) {
		return false;
	}
	text += n + strspn(text + n, " ");
	for (size_t i = 0; i < UNITS; i++) {
		for (size_t k = 0; k < UNIT_NAMES && units[i].names[k] != NULL; k++) {
			if (strcmp(text, units[i].names[k]) == 0) {
				*us = number * units[i].us;
				return true;
			}
		}
	}
	return false;
}

const char *conf_duration_print(uint64_t us, char out[CONF_DURATION_SIZE])
{
	size_t i = UNITS - 1;

	while (i > 0 && us % units[i].us != 0) {
		i--;
	}
	(void)snprintf(out, CONF_DURATION_SIZE, "%" PRIu64 " %.*s", us / units[i].us,
		(int)(strlen(units[i].printed) - (i >= 3 && us == units[i].us)), units[i].printed);
	return out;
}

bool conf_duration(const struct conf_reader *r, const config_setting_t *s, const char *key,
	uint64_t min_us, uint64_t max_us, uint64_t *us)
{
	const char *text = conf_string(r, s, key);
	char least[CONF_DURATION_SIZE];
	char most[CONF_DURATION_SIZE];
	uint64_t v = 0;

	if (text == NULL) {
		return false;
	}
	if (!conf_duration_text(text, &v)) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(s, key),
			"%s: \"%s\" is no time: expected one such as \"250 ms\", \"60 s\", \"5 min\", "
			"\"12 hours\", \"1 day\"",
			key, text);
		return false;
	}
	if (v < min_us || v > max_us) {
		conf_say(r, DIAG_ERROR, config_setting_get_member(s, key),
			"%s: \"%s\" is out of range: %s to %s", key, text,
			conf_duration_print(min_us, least), conf_duration_print(max_us, most));
		return false;
	}
	*us = v;
	return true;
}
