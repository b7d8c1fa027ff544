/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <hs/hs.h>

#include "tests/support/unit.h"

static const uint8_t source[DATABASE_HASH_LEN] = { 1, 2, 3 };

/* One expression, serialised; the caller frees. */
static char *compile(const char *expression, size_t *len)
{
	hs_database_t *db = NULL;
	hs_compile_error_t *error = NULL;
	char *octets = NULL;

	CU_ASSERT_EQUAL_FATAL(
		hs_compile(expression, HS_FLAG_SINGLEMATCH, HS_MODE_BLOCK, NULL, &db, &error),
		HS_SUCCESS);
	CU_ASSERT_EQUAL_FATAL(hs_serialize_database(db, &octets, len), HS_SUCCESS);
	(void)hs_free_database(db);
	return octets;
}

static int count(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	++*(unsigned *)context;
	return 0;
}

static unsigned matches(const struct database *db, const char *text)
{
	char room[128] = { 0 };
	hs_scratch_t *scratch = NULL;
	unsigned n = 0;

	CU_ASSERT_FATAL(strlen(text) + 64 < sizeof(room));
	memcpy(room, text, strlen(text));
	CU_ASSERT_EQUAL_FATAL(hs_alloc_scratch(db->hs, &scratch), HS_SUCCESS);
	CU_ASSERT_EQUAL(
		hs_scan(db->hs, room, (unsigned)strlen(text), 0, scratch, count, &n), HS_SUCCESS);
	(void)hs_free_scratch(scratch);
	return n;
}

static void test_life(void)
{
	struct arena a;
	struct database *db;
	size_t len = 0;
	size_t again_len = 0;
	char *octets = compile("needle", &len);
	char *again;
	uint8_t hash[DATABASE_HASH_LEN];

	arena_init(&a, (size_t)1 << 30);
	CU_ASSERT_EQUAL_FATAL(database_create(&db, bytes_of(octets, len), source, &a), 0);
	CU_ASSERT(db->len > 0 && arena_used(&a) >= db->len);
	CU_ASSERT_EQUAL(memcmp(db->source, source, sizeof(source)), 0);
	CU_ASSERT(database_hash(bytes_of(octets, len), hash));
	CU_ASSERT_EQUAL(memcmp(db->content, hash, sizeof(hash)), 0);
	again = database_serialise(db, &again_len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	CU_ASSERT(again_len == len && memcmp(again, octets, len) == 0);
	free(again);
	memset(octets, 0, len); /* nothing points into it */
	free(octets);
	CU_ASSERT_EQUAL(matches(db, "a needle here"), 1);
	CU_ASSERT_EQUAL(matches(db, "nothing here"), 0);
	CU_ASSERT_PTR_EQUAL(database_ref(db), db);
	database_unref(db);
	CU_ASSERT_EQUAL(matches(db, "needle"), 1);
	CU_ASSERT(arena_used(&a) != 0);
	database_unref(db);
	CU_ASSERT_EQUAL(arena_used(&a), 0);
	database_unref(NULL);
}

/* Octets behind an odd address, as in a pack. */
static void test_unaligned(void)
{
	struct database *db;
	size_t len = 0;
	char *octets = compile("a.*b", &len);
	char *moved = malloc(len + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(moved);
	memcpy(moved + 1, octets, len);
	CU_ASSERT_EQUAL_FATAL(database_create(&db, bytes_of(moved + 1, len), source, NULL), 0);
	CU_ASSERT_EQUAL(matches(db, "xxa--bxx"), 1);
	database_unref(db);
	free(moved);
	free(octets);
}

static void test_refused(void)
{
	static const char rubbish[256] = "not a database";
	struct arena a;
	struct database *db = NULL;
	char why[160];
	size_t len = 0;
	char *octets = compile("needle", &len);
	int error;

	arena_init(&a, 0);
	for (size_t cut = 0; cut < len; cut += cut < 200 ? 1 : 97) {
		CU_ASSERT_EQUAL(database_create(&db, bytes_of(octets, cut), source, &a), -EINVAL);
		CU_ASSERT_PTR_NULL(db);
	}
	CU_ASSERT_EQUAL(
		database_create(&db, bytes_of(rubbish, sizeof(rubbish)), source, &a), -EINVAL);
	CU_ASSERT_EQUAL(arena_used(&a), 0);
	arena_init(&a, 4096);
	CU_ASSERT(arena_charge(&a, 4000));
	error = database_create(&db, bytes_of(octets, len), source, &a);
	CU_ASSERT_EQUAL(error, -ENOSPC);
	CU_ASSERT_PTR_NULL(db);
	CU_ASSERT_EQUAL(arena_used(&a), 4000);
	database_explain(error, bytes_of(octets, len), &a, why, sizeof(why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "too large for the memory of policies: takes"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "of 0.0 MiB are in use"));
	free(octets);
}

static void test_platform(void)
{
	char text[DATABASE_PLATFORM_SIZE];
	char *rest = text;
	unsigned n = 0;

	database_platform(text);
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		char *value = line;
		const char *word = strsep(&value, " ");

		if (word[0] != '\0') {
			CU_ASSERT_PTR_NOT_NULL_FATAL(value);
			CU_ASSERT_PTR_NULL(database_objection(word, value));
			n++;
		}
	}
	CU_ASSERT(n >= 2);
	CU_ASSERT_PTR_NOT_NULL(database_objection("hyperscan", "5.4"));
	CU_ASSERT_PTR_NOT_NULL(database_objection("architecture", "vax"));
	CU_ASSERT_PTR_NOT_NULL(database_objection("feature", "avx9"));
	CU_ASSERT_PTR_NOT_NULL(database_objection("moon", "full"));
}

UNIT_MAIN("patterns/database", { "life", test_life }, { "unaligned", test_unaligned },
	{ "refused", test_refused }, { "platform", test_platform })
