/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pack: a container of named, hashed sections: what `policy compile` writes and the daemon loads.
 * Each section's owner encodes and decodes its own; the pack only carries and checks.
 *
 *   "SMSWPACK" | u32 version | u32 sections | sections x { name[32], u64 offset, u64 length,
 *   blake2b-256 } | blake2b-256 of all before | the sections' octets          (big-endian)
 *
 * Control only. Errors: every damaged octet is found by a hash and named with its section; nothing
 * is handed to a decoder before its hash is right. (Signatures are a section of their own, later.)
 */
#ifndef SMSWALL_PATTERNS_PACK_H
#define SMSWALL_PATTERNS_PACK_H

#include "dataplane/base/bytes.h"
#include "dataplane/base/diag.h"
#include "patterns/source.h"

enum { PACK_SECTIONS_MAX = 256, PACK_NAME_SIZE = 32 };

struct pack_section {
	char name[PACK_NAME_SIZE];
	struct bytes data;
};

struct pack {
	struct pack_section sections[PACK_SECTIONS_MAX];
	uint32_t n_sections;
	void *memory; /* what the sections of a read pack point into */
	size_t memory_len;
};

/* pack_add: names a section of octets that the caller keeps alive until pack_write(). */
bool pack_add(struct pack *p, const char *name, struct bytes data);

/* pack_write: writes `path` by way of a temporary file, fsync and rename. 0 or -errno. */
int pack_write(const struct pack *p, const char *path);

/* pack_read: reads and checks `path`. False with errors in `diag`. */
bool pack_read(struct pack *p, const char *path, struct diag *diag);

/* pack_is: the file begins as a pack does. */
bool pack_is(const char *path);

/* pack_find: a section by name; false if there is none. */
bool pack_find(const struct pack *p, const char *name, struct bytes *data);

void pack_free(struct pack *p);

/*
 * The rules' sections: "rules" (canonical text with examples, so that a pack can be read by people
 * and compiled again) and "db.FIELD.VIEW.N" (serialised databases, with Hyperscan's version and
 * the CPU features they were made for in "platform"). *memory is what the sections point into: the
 * caller frees it after pack_write(). False when out of memory or sections.
 */
bool pack_add_ruleset(
	struct pack *p, const struct ruleset *r, const struct source *s, void **memory);

/*
 * pack_load_ruleset: rebuilds the ruleset, with one reference, and initialises *examples with its
 * examples; a pack for another platform is refused by name. NULL with errors in `diag`.
 */
struct ruleset *pack_load_ruleset(
	const struct pack *p, const char *path, struct source *examples, struct diag *diag);

#endif
