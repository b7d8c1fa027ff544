/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * database: one compiled Hyperscan database in memory of its own, shared by the rulesets that use
 * it and counted; known by the hash of its octets and by that of what it was made from.
 *
 * Immutable once made (the memory is sealed): any core may scan it. Its ids are local, 0 to n - 1:
 * which rule an id stands for is the ruleset's business (ruleset.h, struct ruleset_shard).
 * Ownership: references; the last database_unref() gives the memory back. Control only, any thread.
 */
#ifndef SMSWALL_PATTERNS_DATABASE_H
#define SMSWALL_PATTERNS_DATABASE_H

#include <stdatomic.h>
#include <stdint.h>

#include "dataplane/base/arena.h"
#include "dataplane/base/bytes.h"

struct hs_database;

enum { DATABASE_HASH_LEN = 32 };

struct database {
	struct hs_database *hs;             /* at the begin of its mapping */
	size_t len;                         /* octets of the mapping in use */
	struct arena *arena;                /* who was charged; may be NULL */
	uint8_t content[DATABASE_HASH_LEN]; /* BLAKE2b of its serialised form */
	uint8_t source
		[DATABASE_HASH_LEN]; /* BLAKE2b of platform, expressions and flags, in order */
	_Atomic int references;
};

/*
 * database_create: from its serialised form, whose hash was checked by whoever read it: Hyperscan's
 * own sum lets damage through (research/ecosystem.md 6). One reference. 0, -EINVAL (Hyperscan
 * refuses it), -ENOSPC (over the arena's ceiling) or -ENOMEM; *db is NULL then.
 */
int database_create(struct database **db, struct bytes serialised,
	const uint8_t source[DATABASE_HASH_LEN], struct arena *arena);

/* database_explain: what `error` of database_create() means, in words, with the figures. */
void database_explain(
	int error, struct bytes serialised, struct arena *arena, char *text, size_t size);

struct database *database_ref(struct database *db);
void database_unref(struct database *db); /* NULL is accepted */

/* database_serialise: the octets that database_create() takes, malloc'ed; NULL when out of memory. */
char *database_serialise(const struct database *db, size_t *len);

/* database_hash: of serialised octets. False: libsodium does not start. */
bool database_hash(struct bytes serialised, uint8_t hash[DATABASE_HASH_LEN]);

/*
 * database_platform: what databases made here run on: "hyperscan 5.4.0\narchitecture x86_64\n
 * feature avx2\n", a pair of words a line. `to` has DATABASE_PLATFORM_SIZE octets.
 */
enum { DATABASE_PLATFORM_SIZE = 256 };
void database_platform(char to[DATABASE_PLATFORM_SIZE]);

/* database_objection: why what was made for "WORD VALUE" does not run here; NULL: it does. */
const char *database_objection(const char *word, const char *value);

#endif
