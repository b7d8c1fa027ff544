/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes of local time, against python3's zoneinfo of the same tzdata (2025b), whose answers were
 * written down here; the years from 2038 on are those of the footer's rule.
 */
#include "control/zone.h"

#include <stdlib.h>
#include <string.h>

#include "control/zone_rule.h"
#include "tests/support/unit.h"

#define SECOND INT64_C(1000000)

struct change {
	const char *zone;
	int64_t at; /* the first second of it */
	int32_t before, after;
};

static const struct change changes[] = {
	{ "Europe/London", 1585443600, 0, 3600 },
	{ "Europe/London", 1603587600, 3600, 0 },
	{ "Europe/London", 1774746000, 0, 3600 },
	{ "Europe/London", 1792890000, 3600, 0 },
	{ "Europe/London", 2121901200, 0, 3600 },
	{ "Europe/London", 2153350800, 0, 3600 },
	{ "Europe/London", 2172099600, 3600, 0 },
	{ "Europe/London", 2374102800, 0, 3600 },
	{ "Europe/London", 2392851600, 3600, 0 },
	{ "America/New_York", 1583650800, -18000, -14400 },
	{ "America/New_York", 1604210400, -14400, -18000 },
	{ "America/New_York", 1772953200, -18000, -14400 },
	{ "America/New_York", 1793512800, -14400, -18000 },
	{ "America/New_York", 2152162800, -18000, -14400 },
	{ "America/New_York", 2393474400, -14400, -18000 },
	{ "Asia/Kolkata", 1774746000, 19800, 19800 },
	{ "Asia/Kolkata", 2374102800, 19800, 19800 },
	{ "Australia/Lord_Howe", 1586012400, 39600, 37800 },
	{ "Australia/Lord_Howe", 1601739000, 37800, 39600 },
	{ "Australia/Lord_Howe", 1775314800, 39600, 37800 },
	{ "Australia/Lord_Howe", 1791041400, 37800, 39600 },
	{ "Australia/Lord_Howe", 2153919600, 39600, 37800 },
	{ "Australia/Lord_Howe", 2390398200, 37800, 39600 },
	{ "Africa/Casablanca", 1771120800, 3600, 0 },
	{ "Africa/Casablanca", 1774144800, 0, 3600 },
	{ "Africa/Casablanca", 2169079200, 3600, 0 },
	{ "America/Sao_Paulo", 2374102800, -10800, -10800 },
};

static bool load(const char *name, struct condition_zone *z)
{
	char why[ZONE_WHY_SIZE];
	bool good = zone_load(name, NULL, z, why);

	if (!good) {
		printf("%s\n", why);
	}
	return good;
}

static void test_changes(void)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		struct condition_zone z;

		CU_ASSERT_TRUE_FATAL(load(c->zone, &z));
		CU_ASSERT_STRING_EQUAL(z.name, c->zone);
		CU_ASSERT_EQUAL(zone_offset(&z, c->at * SECOND - 1), c->before);
		CU_ASSERT_EQUAL(zone_offset(&z, c->at * SECOND), c->after);
	}
}

static void test_table(void)
{
	struct condition_zone z;

	CU_ASSERT_TRUE_FATAL(load("Europe/London", &z));
	CU_ASSERT_EQUAL(z.n, CONDITION_ZONE_MAX);
	CU_ASSERT_EQUAL(z.change[0].from_us, INT64_MIN);
	for (uint32_t i = 1; i < z.n; i++) {
		CU_ASSERT_TRUE(z.change[i].from_us > z.change[i - 1].from_us);
		CU_ASSERT_NOT_EQUAL(z.change[i].offset_s, z.change[i - 1].offset_s);
	}
	CU_ASSERT_TRUE_FATAL(load("Asia/Kolkata", &z));
	CU_ASSERT_EQUAL(z.n, 1);
	CU_ASSERT_TRUE_FATAL(load("UTC", &z));
	CU_ASSERT_EQUAL(z.n, 1);
	CU_ASSERT_EQUAL(zone_offset(&z, 1774746000 * SECOND), 0);
}

static int64_t local(int year, unsigned month, unsigned day, unsigned minutes)
{
	return zone_days(year, month, day) * 86400 * SECOND + minutes * 60 * SECOND;
}

static void test_utc(void)
{
	struct condition_zone z;
	bool skipped;

	CU_ASSERT_TRUE_FATAL(load("Europe/London", &z));
	CU_ASSERT_EQUAL(zone_utc(&z, local(2026, 1, 15, 720), &skipped), local(2026, 1, 15, 720));
	CU_ASSERT_FALSE(skipped);
	CU_ASSERT_EQUAL(zone_utc(&z, local(2026, 7, 15, 720), &skipped), local(2026, 7, 15, 660));
	CU_ASSERT_FALSE(skipped);
	/* 2026-03-29 01:00 to 02:00 is not shown; 2026-10-25 01:30 is, twice: the first is taken */
	CU_ASSERT_EQUAL(zone_utc(&z, local(2026, 3, 29, 59), &skipped), local(2026, 3, 29, 59));
	CU_ASSERT_FALSE(skipped);
	CU_ASSERT_EQUAL(zone_utc(&z, local(2026, 3, 29, 90), &skipped), local(2026, 3, 29, 90));
	CU_ASSERT_TRUE(skipped);
	CU_ASSERT_EQUAL(zone_utc(&z, local(2026, 3, 29, 120), &skipped), local(2026, 3, 29, 60));
	CU_ASSERT_FALSE(skipped);
	CU_ASSERT_EQUAL(zone_utc(&z, local(2026, 10, 25, 90), &skipped), local(2026, 10, 25, 30));
	CU_ASSERT_FALSE(skipped);
	CU_ASSERT_TRUE_FATAL(load("America/New_York", &z));
	CU_ASSERT_EQUAL(zone_utc(&z, local(2026, 11, 1, 90), &skipped), local(2026, 11, 1, 330));
}

static void test_names(void)
{
	static const struct {
		const char *name;
		const char *why;
	} bad[] = {
		{ "", "is no name of one" },
		{ "../../../etc/passwd", "is no name of one" },
		{ "/etc/localtime", "is no name of one" },
		{ "Europe//London", "is no name of one" },
		{ "Europe/", "is no name of one" },
		{ "Europe/Atlantis", "is not known" },
		{ "Europe", "is no zone" },
		{ "tzdata.zi", "is no name of one" },
		{ "leapseconds", "is no zone" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct condition_zone z = { .n = 77 };
		char why[ZONE_WHY_SIZE] = "";

		CU_ASSERT_FALSE(zone_load(bad[i].name, NULL, &z, why));
		CU_ASSERT_PTR_NOT_NULL(strstr(why, bad[i].why));
		CU_ASSERT_EQUAL(z.n, 77);
	}
}

static void test_days(void)
{
	int year;
	unsigned month;
	unsigned day;

	CU_ASSERT_EQUAL(zone_days(1970, 1, 1), 0);
	CU_ASSERT_EQUAL(zone_days(2000, 3, 1), 11017);
	CU_ASSERT_EQUAL(zone_days(2026, 11, 22), 20779);
	for (int64_t d = zone_days(1999, 1, 1); d < zone_days(2101, 1, 1); d++) {
		zone_date(d, &year, &month, &day);
		CU_ASSERT_EQUAL(zone_days(year, month, day), d);
	}
	CU_ASSERT_EQUAL(year, 2100);
	CU_ASSERT_EQUAL(month, 12);
	CU_ASSERT_EQUAL(day, 31);
}

static void test_rules(void)
{
	static const char *const bad[] = { "", "G", "GM", "GMT", "GMT0BST", "GMT0BST,M3.5.0",
		"GMT0BST,M13.5.0,M10.5.0", "GMT0BST,M3.6.0,M10.5.0", "GMT0BST,M3.5.7,M10.5.0",
		"GMT0BST,J0,J365", "GMT0BST,0,366", "GMT0BST,M3.5.0/168,M10.5.0",
		"GMT0BST,M3.5.0,M10.5.0x", "GMT0:60BST,M3.5.0,M10.5.0", "<+03-3" };
	struct zone_rule r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_FALSE(zone_rule_parse(bad[i], &r));
	}
	/* POSIX.1-2017 8.3: the default is 02:00, and an hour ahead */
	CU_ASSERT_TRUE(zone_rule_parse("EST5EDT,M3.2.0,M11.1.0", &r));
	CU_ASSERT_EQUAL(r.offset_s, -18000);
	CU_ASSERT_EQUAL(r.summer_offset_s, -14400);
	CU_ASSERT_EQUAL(r.summer.seconds, 7200);
	CU_ASSERT_EQUAL(zone_rule_at(&r.summer, 2026) + 18000, 1772953200);
	/* RFC 8536 3.3.1: hours below 0; Godthab */
	CU_ASSERT_TRUE(zone_rule_parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", &r));
	CU_ASSERT_EQUAL(r.summer.seconds, -3600);
	CU_ASSERT_EQUAL(r.summer_offset_s, -3600);
	CU_ASSERT_TRUE(zone_rule_parse("<+0330>-3:30<+0430>,J79/24,J263/24", &r));
	CU_ASSERT_EQUAL(r.offset_s, 12600);
	CU_ASSERT_EQUAL(zone_rule_at(&r.summer, 2024), zone_days(2024, 3, 21) * 86400);
	CU_ASSERT_EQUAL(zone_rule_at(&r.summer, 2025), zone_days(2025, 3, 21) * 86400);
	CU_ASSERT_TRUE(zone_rule_parse("XXX0YYY,59/0,J60/0", &r));
	CU_ASSERT_EQUAL(zone_rule_at(&r.summer, 2024), zone_days(2024, 2, 29) * 86400);
	CU_ASSERT_EQUAL(zone_rule_at(&r.winter, 2024), zone_days(2024, 3, 1) * 86400);
	CU_ASSERT_EQUAL(zone_rule_at(&r.winter, 2025), zone_days(2025, 3, 1) * 86400);
}

/* A file cut anywhere, or with an octet changed, is taken or refused, and nothing is read behind it. */
static void damage_file(const char *name)
{
	FILE *f = fopen(name, "rb");
	static uint8_t whole[8192];
	size_t len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	len = fread(whole, 1, sizeof(whole), f);
	fclose(f);
	for (size_t cut = 0; cut <= len; cut++) {
		uint8_t *copy = malloc(cut + 1);
		struct condition_zone z = { .n = 0 };

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, whole, cut);
		CU_ASSERT_EQUAL(zone_parse(bytes_of(copy, cut), &z), cut == len);
		CU_ASSERT_EQUAL(z.n != 0, cut == len);
		free(copy);
	}
	for (size_t at = 0; at < len; at++) {
		uint8_t *copy = malloc(len);
		struct condition_zone z = { .n = 0 };

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, whole, len);
		copy[at] ^= 0xFF;
		CU_ASSERT_EQUAL(zone_parse(bytes_of(copy, len), &z), z.n != 0);
		free(copy);
	}
}

/* One with summer time, one that has it no more, one without any change. */
static void test_damage(void)
{
	damage_file("/usr/share/zoneinfo/Europe/London");
	damage_file("/usr/share/zoneinfo/Asia/Tokyo");
	damage_file("/usr/share/zoneinfo/Etc/GMT-3");
}

UNIT_MAIN("control/zone", { "changes", test_changes }, { "table", test_table }, { "utc", test_utc },
	{ "names", test_names }, { "days", test_days }, { "rules", test_rules },
	{ "damage", test_damage })
