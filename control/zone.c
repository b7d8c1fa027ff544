/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/zone_rule.h"

/* The system's zoneinfo folder (Debian: tzdata). */
static const char system_folder[] = "/usr/share/zoneinfo";

static const int64_t second_us = INT64_C(1000000);

enum { FILE_LEN_MAX = 256 * 1024, HEADER_LEN = 44, RULE_LEN_MAX = 255 };

/* The counts of a TZif header (RFC 8536 3.1). */
struct header {
	uint8_t version;
	uint32_t isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt;
};

static bool read_header(struct cursor *c, struct header *h)
{
	struct bytes magic = cursor_take(c, 4);

	if (!bytes_equal(magic, bytes_str("TZif"))) {
		return false;
	}
	h->version = cursor_u8(c);
	(void)cursor_take(c, 15);
	h->isutcnt = cursor_u32(c);
	h->isstdcnt = cursor_u32(c);
	h->leapcnt = cursor_u32(c);
	h->timecnt = cursor_u32(c);
	h->typecnt = cursor_u32(c);
	h->charcnt = cursor_u32(c);
	return cursor_ok(c) && h->typecnt != 0 && h->typecnt <= 256 && h->timecnt <= FILE_LEN_MAX &&
	       h->leapcnt <= FILE_LEN_MAX && h->charcnt <= FILE_LEN_MAX && h->isutcnt <= 256 &&
	       h->isstdcnt <= 256;
}

static int64_t be64(const uint8_t *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* put: a change; of more than there is room for the oldest gives way, its offset held before. */
static void put(struct condition_zone *z, int64_t from_s, int32_t offset_s)
{
	if (z->n != 0 && z->change[z->n - 1].offset_s == offset_s) {
		return;
	}
	if (z->n == CONDITION_ZONE_MAX) {
		memmove(&z->change[0], &z->change[1], (z->n - 1) * sizeof(z->change[0]));
		z->change[0].from_us = INT64_MIN;
		z->n--;
	}
	z->change[z->n].from_us = z->n == 0 ? INT64_MIN : from_s * second_us;
	z->change[z->n++].offset_s = offset_s;
}

/* put_first: what holds before all changes. */
static void put_first(struct condition_zone *z, int32_t offset_s)
{
	if (z->n == 0) {
		put(z, INT64_MIN, offset_s);
	}
}

/* read_changes: those of the file, from ZONE_YEAR_FIRST on; *last: the newest of all, or that year. */
static bool read_changes(
	struct cursor *c, const struct header *h, struct condition_zone *z, int64_t *last)
{
	const int64_t first = zone_days(ZONE_YEAR_FIRST, 1, 1) * 86400;
	const int64_t end = zone_days(ZONE_YEAR_LAST + 1, 1, 1) * 86400;
	struct bytes times = cursor_take(c, 8 * (size_t)h->timecnt);
	struct bytes types = cursor_take(c, h->timecnt);
	struct bytes infos = cursor_take(c, 6 * (size_t)h->typecnt);
	int32_t before;

	if (!cursor_ok(c)) {
		return false;
	}
	before = (int32_t)be32(infos.data); /* RFC 8536 3.2: type 0 holds before all */
	*last = INT64_MIN;
	for (uint32_t i = 0; i < h->timecnt; i++) {
		int64_t at = be64(times.data + 8 * (size_t)i);
		int32_t offset;

		if (types.data[i] >= h->typecnt || (i != 0 && at <= *last) ||
			at > INT64_MAX / second_us) {
			return false;
		}
		offset = (int32_t)be32(infos.data + 6 * (size_t)types.data[i]);
		*last = at;
		if (at < first) {
			before = offset;
		} else if (at < end) {
			put_first(z, before);
			put(z, at, offset);
		}
	}
	put_first(z, before);
	*last = *last > first ? *last : first; /* what the footer says begins there */
	(void)cursor_take(
		c, (size_t)h->charcnt + 12 * (size_t)h->leapcnt + h->isstdcnt + h->isutcnt);
	return cursor_ok(c);
}

/* put_rule: what the footer says of the years behind the file's last change. */
static void put_rule(struct condition_zone *z, const struct zone_rule *rule, int64_t last)
{
	if (!rule->has_summer) {
		put(z, last, rule->offset_s);
		return;
	}
	for (int year = ZONE_YEAR_FIRST; year <= ZONE_YEAR_LAST; year++) {
		int64_t to_summer = zone_rule_at(&rule->summer, year) - rule->offset_s;
		int64_t to_winter = zone_rule_at(&rule->winter, year) - rule->summer_offset_s;
		bool summer_first = to_summer < to_winter;

		for (unsigned i = 0; i < 2; i++) {
			bool summer = (i == 0) == summer_first;
			int64_t at = summer ? to_summer : to_winter;

			if (at > last) {
				put(z, at, summer ? rule->summer_offset_s : rule->offset_s);
			}
		}
	}
}

/* read_footer: a POSIX rule between two line feeds (RFC 8536 3.3); an empty one says nothing. */
static bool read_footer(struct cursor *c, struct condition_zone *z, int64_t last)
{
	size_t left = cursor_left(c);
	const uint8_t *end;
	char text[RULE_LEN_MAX + 1];
	struct zone_rule rule;
	size_t len;

	if (left == 0 || cursor_u8(c) != '\n') {
		return false;
	}
	end = memchr(c->at, '\n', left - 1);
	len = end != NULL ? (size_t)(end - c->at) : RULE_LEN_MAX + 1;
	if (len > RULE_LEN_MAX) {
		return false;
	}
	memcpy(text, c->at, len);
	text[len] = '\0';
	if (len == 0) {
		return true;
	}
	if (!zone_rule_parse(text, &rule)) {
		return false;
	}
	put_rule(z, &rule, last);
	return true;
}

bool zone_parse(struct bytes file, struct condition_zone *zone)
{
	struct cursor c = cursor_of(file);
	struct condition_zone z = { .n = 0 };
	struct header h;
	int64_t last;

	/* a block of 32-bit times comes first (RFC 8536 3); what it holds is in the second, too */
	if (!read_header(&c, &h) || h.version < '2') {
		return false;
	}
	(void)cursor_take(&c, 5 * (size_t)h.timecnt + 6 * (size_t)h.typecnt + h.charcnt +
				      8 * (size_t)h.leapcnt + h.isstdcnt + h.isutcnt);
	if (!cursor_ok(&c) || !read_header(&c, &h) || !read_changes(&c, &h, &z, &last) ||
		!read_footer(&c, &z, last)) {
		return false;
	}
	memcpy(z.name, zone->name, sizeof(z.name));
	*zone = z;
	return true;
}

/* check_name: parts of letters, digits, '-', '+', '_' with '/' between; no way out of the folder. */
static bool check_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-+_/";
	size_t len = strlen(name);

	return len != 0 && len < CONDITION_ZONE_NAME && strspn(name, letters) == len &&
	       name[0] != '/' && name[len - 1] != '/' && strstr(name, "//") == NULL;
}

/* read_file: *len octets, malloc()ed; NULL: there is no such file. */
static uint8_t *read_file(const char *folder, const char *name, size_t *len)
{
	char *path = NULL;
	uint8_t *data = NULL;
	FILE *f = NULL;

	if (asprintf(&path, "%s/%s", folder, name) >= 0) {
		f = fopen(path, "re");
		free(path);
	}
	if (f != NULL) {
		data = malloc(FILE_LEN_MAX);
		*len = data != NULL ? fread(data, 1, FILE_LEN_MAX, f) : 0;
		(void)fclose(f);
	}
	return data;
}

bool zone_load(
	const char *name, const char *folder, struct condition_zone *zone, char why[ZONE_WHY_SIZE])
{
	struct condition_zone z = { .n = 0 };
	uint8_t *data = NULL;
	size_t len = 0;
	bool good;

	if (!check_name(name)) {
		(void)snprintf(why, ZONE_WHY_SIZE,
			"\"%.64s\" is no name of one: expected one such as \"Europe/London\"",
			name);
		return false;
	}
	memcpy(z.name, name, strlen(name) + 1);
	if (strcmp(name, "UTC") == 0) {
		put(&z, INT64_MIN, 0);
		*zone = z;
		return true;
	}
	folder = folder != NULL ? folder : system_folder;
	data = read_file(folder, name, &len);
	good = data != NULL && zone_parse(bytes_of(data, len), &z);
	if (good) {
		*zone = z;
	} else if (data == NULL) {
		(void)snprintf(why, ZONE_WHY_SIZE,
			"\"%s\" is not known: there is no such file below %s (package tzdata), whose "
			"names are those of cities, such as \"Europe/London\"",
			name, folder);
	} else {
		(void)snprintf(why, ZONE_WHY_SIZE, "\"%s\" is no zone: %s/%s is another file", name,
			folder, name);
	}
	free(data);
	return good;
}

/* index_at: the change that holds at `us`. */
static uint32_t index_at(const struct condition_zone *zone, int64_t us)
{
	uint32_t i = 0;

	while (i + 1 < zone->n && zone->change[i + 1].from_us <= us) {
		i++;
	}
	return i;
}

int32_t zone_offset(const struct condition_zone *zone, int64_t us)
{
	return zone->n != 0 ? zone->change[index_at(zone, us)].offset_s : 0;
}

int64_t zone_utc(const struct condition_zone *zone, int64_t local_us, bool *skipped)
{
	uint32_t i = 0;

	*skipped = false;
	if (zone->n == 0) {
		return local_us;
	}
	/* the first stretch whose end lies behind it */
	while (i + 1 < zone->n &&
		local_us - zone->change[i].offset_s * second_us >= zone->change[i + 1].from_us) {
		i++;
	}
	if (i != 0 && local_us - zone->change[i].offset_s * second_us < zone->change[i].from_us) {
		*skipped = true;
		i--;
	}
	return local_us - zone->change[i].offset_s * second_us;
}

/* Days since 1970-01-01: years begin in March, eras are of 400 years (146,097 days). */
int64_t zone_days(int year, unsigned month, unsigned day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void zone_date(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t d = days + 719468;
	int64_t era = (d >= 0 ? d : d - 146096) / 146097;
	int64_t of_era = d - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
	*month = (unsigned)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}
