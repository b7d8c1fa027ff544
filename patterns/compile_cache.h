/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * compile_cache: serialised databases on disk, by the hash of what they were made from, so that the
 * same rules are compiled once.
 *
 *   FOLDER/SOURCE-HASH.db   "SMSWCACH" | source hash | BLAKE2b-256 of the octets | the octets
 *
 * It heals itself: what is damaged is removed and made anew. A hash tells damage, not malice, and a
 * forged database is code: a folder or file that someone else than the caller (or root) may write to
 * is not used.
 * Control only; several processes may share a folder. Bounds: CACHE_LEN_MAX octets in all, the
 * longest unused go first. Errors: a cache that does not work is none, told once as a warning.
 */
#ifndef SMSWALL_PATTERNS_COMPILE_CACHE_H
#define SMSWALL_PATTERNS_COMPILE_CACHE_H

#include "dataplane/base/bytes.h"
#include "dataplane/base/diag.h"
#include "patterns/database.h"

#define CACHE_LEN_MAX ((size_t)1 << 30)

struct compile_cache {
	const char *folder; /* NULL: there is none */
	bool wrote;         /* something was added */
};

/* compile_cache_open: makes the folder if need be. `folder` may be NULL. */
void compile_cache_open(struct compile_cache *c, const char *folder, struct diag *diag);

/* compile_cache_get: the octets, malloc'ed; NULL: there are none that are whole. */
char *compile_cache_get(
	struct compile_cache *c, const uint8_t source[DATABASE_HASH_LEN], size_t *len);

/* compile_cache_put: an error is no harm, the next one tries again. */
void compile_cache_put(
	struct compile_cache *c, const uint8_t source[DATABASE_HASH_LEN], struct bytes octets);

/* compile_cache_close: removes what is too much, if something was added. */
void compile_cache_close(struct compile_cache *c);

#endif
