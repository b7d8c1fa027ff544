/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>
#include <sodium.h>

#if defined(__x86_64__)
static const char architecture[] = "x86_64";
#elif defined(__aarch64__)
static const char architecture[] = "aarch64";
#else
static const char architecture[] = "other";
#endif

static const struct {
	const char *name;
	unsigned long long flag;
} features_known[] = {
	{ "avx2", HS_CPU_FEATURES_AVX2 },
	{ "avx512", HS_CPU_FEATURES_AVX512 },
	{ "avx512vbmi", HS_CPU_FEATURES_AVX512VBMI },
};
enum { N_FEATURES = sizeof(features_known) / sizeof(features_known[0]) };

static bool host_has(const char *feature)
{
	hs_platform_info_t platform;

	if (hs_populate_platform(&platform) != HS_SUCCESS) {
		return false;
	}
	for (size_t i = 0; i < N_FEATURES; i++) {
		if (strcmp(feature, features_known[i].name) == 0) {
			return (platform.cpu_features & features_known[i].flag) != 0;
		}
	}
	return false;
}

void database_platform(char to[DATABASE_PLATFORM_SIZE])
{
	const size_t size = DATABASE_PLATFORM_SIZE;
	const char *version = hs_version(); /* "5.4.0 2019-..." */
	size_t n = (size_t)snprintf(to, size, "hyperscan %.*s\narchitecture %s\n",
		(int)strcspn(version, " "), version, architecture);

	for (size_t i = 0; i < N_FEATURES && n < size; i++) {
		if (host_has(features_known[i].name)) {
			n += (size_t)snprintf(
				to + n, size - n, "feature %s\n", features_known[i].name);
		}
	}
}

const char *database_objection(const char *word, const char *value)
{
	const char *version = hs_version();
	size_t n = strcspn(version, " ");

	if (strcmp(word, "hyperscan") == 0) {
		return strlen(value) == n && memcmp(value, version, n) == 0 ? NULL
		                                                            : "another version";
	}
	if (strcmp(word, "architecture") == 0) {
		return strcmp(value, architecture) == 0 ? NULL : "another architecture";
	}
	if (strcmp(word, "feature") == 0) {
		return host_has(value) ? NULL : "not in this CPU";
	}
	return "not known to this program";
}

bool database_hash(struct bytes serialised, uint8_t hash[DATABASE_HASH_LEN])
{
	return sodium_init() >= 0 && crypto_generichash(hash, DATABASE_HASH_LEN, serialised.data,
					     serialised.len, NULL, 0) == 0;
}

static size_t size_of(struct bytes serialised)
{
	size_t len = 0;

	return hs_serialized_database_size((const char *)serialised.data, serialised.len, &len) ==
	                       HS_SUCCESS
	               ? len
	               : 0;
}

/* Puts the octets into memory of their own. */
static int fill(struct database *db, struct bytes serialised)
{
	hs_error_t error;

	db->len = size_of(serialised);
	if (db->len == 0) {
		return -EINVAL;
	}
	db->hs = arena_map(db->arena, db->len);
	if (db->hs == NULL) {
		return -errno;
	}
	error = hs_deserialize_database_at((const char *)serialised.data, serialised.len, db->hs);
	if (error != HS_SUCCESS) {
		arena_unmap(db->arena, db->hs, db->len);
		return error == HS_NOMEM ? -ENOMEM : -EINVAL;
	}
	arena_seal(db->hs, db->len);
	return 0;
}

int database_create(struct database **db, struct bytes serialised,
	const uint8_t source[DATABASE_HASH_LEN], struct arena *arena)
{
	struct database *made = calloc(1, sizeof(*made));
	int error;

	*db = NULL;
	if (made == NULL || !database_hash(serialised, made->content)) {
		free(made);
		return -ENOMEM;
	}
	memcpy(made->source, source, DATABASE_HASH_LEN);
	made->arena = arena;
	atomic_init(&made->references, 1);
	error = fill(made, serialised);
	if (error != 0) {
		free(made);
		return error;
	}
	*db = made;
	return 0;
}

void database_explain(
	int error, struct bytes serialised, struct arena *arena, char *text, size_t size)
{
	char figures[128];

	switch (error) {
	case -EINVAL:
		(void)snprintf(text, size, "Hyperscan refuses this database");
		break;
	case -ENOSPC:
		arena_explain(arena, size_of(serialised), figures, sizeof(figures));
		(void)snprintf(text, size, "too large for the memory of policies: %s", figures);
		break;
	default:
		(void)snprintf(text, size, "out of memory");
	}
}

struct database *database_ref(struct database *db)
{
	/* Whoever takes one more reference has one, so nothing is to be ordered. */
	atomic_fetch_add_explicit(&db->references, 1, memory_order_relaxed);
	return db;
}

void database_unref(struct database *db)
{
	/* acq_rel: the last one to leave sees all that the others did with it. */
	if (db == NULL ||
		atomic_fetch_sub_explicit(&db->references, 1, memory_order_acq_rel) != 1) {
		return;
	}
	arena_unmap(db->arena, db->hs, db->len);
	free(db);
}

char *database_serialise(const struct database *db, size_t *len)
{
	char *octets = NULL;

	return hs_serialize_database(db->hs, &octets, len) == HS_SUCCESS ? octets : NULL;
}
