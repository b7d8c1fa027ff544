/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pack: a container of named, hashed sections, signed as a whole: what `policy compile` and `policy
 * push` write, what the daemon loads, and what the store keeps. Each section's owner encodes and decodes its own;
 * the pack only carries and checks.
 *
 *   head       "SMSWPACK" | u32 version | u32 sections | check
 *   table      sections x { name[32] | u64 offset | u64 length | blake2b-256 | check }
 *   signer     Ed25519 public key, or zeros: not signed | check
 *   signature  over all before it but offsets and checks, or zeros
 *   then the octets of the sections that are in this file, in the table's order       (big-endian)
 *
 * Offset 0: the section is not in this file but in a folder of parts, as a file named by its hash. So one
 * signature holds for a pack in each of its forms (enum pack_form). A check is the first 8 octets of the
 * BLAKE2b-256 of its own piece: it tells damage from forgery, and which piece; what makes a pack
 * trustworthy is the signature.
 *
 * Control only. Ownership: sections of a read pack point into its memory, added ones to their owner's
 * (pack_add) or to a copy (pack_add_copy); pack_free() frees what is the pack's. Bounds: head, table and
 * signature are checked before a section is read; no length is believed before the file behind it has it.
 * Errors: told as "header: FIELD: ..." or "section NAME: ..."; nothing is handed to a decoder before
 * its hash is right.
 */
#ifndef SMSWALL_PATTERNS_PACK_H
#define SMSWALL_PATTERNS_PACK_H

#include "dataplane/base/bytes.h"
#include "dataplane/base/diag.h"
#include "patterns/key.h"

enum {
	PACK_SECTIONS_MAX = 1024,
	PACK_NAME_SIZE = 32,
	PACK_HASH_LEN = 32,
	PACK_HASH_TEXT_SIZE = 65,
	PACK_AUTHOR_SIZE = 64,
	PACK_NOTE_SIZE = 256,
	PACK_SCHEMA = 1, /* of the sections' contents */
};

struct pack_section {
	char name[PACK_NAME_SIZE];
	uint8_t hash[PACK_HASH_LEN];
	uint64_t len;
	bool present;      /* `data` is there; otherwise only hash and length are known */
	bool outside;      /* read: it came from the parts; written: PACK_THIN leaves it out */
	struct bytes data; /* `len` octets, if present */
	void *copy;        /* the pack's own, NULL: none */
};

struct pack {
	struct pack_section sections[PACK_SECTIONS_MAX];
	uint32_t n_sections;
	bool is_signed; /* the two below are right for the sections; a change of them ends it */
	struct key_public signer;
	uint8_t signature[KEY_SIGNATURE_LEN];
	void *memory; /* what the sections of a read pack point into */
	size_t memory_len;
};

/* What a pack says about itself: section "meta", text, "KEY VALUE" a line. */
struct pack_meta {
	uint32_t schema;
	uint32_t base;       /* number of the generation that it was made from; 0: none */
	uint64_t created_us; /* Unix time */
	char author[PACK_AUTHOR_SIZE];
	char note[PACK_NOTE_SIZE];
};

enum pack_form {
	PACK_WHOLE,    /* every section in the file */
	PACK_THIN,     /* without those marked `outside` */
	PACK_MANIFEST, /* without all of them: what the store keeps */
};

/* ---- making ---- */

/*
 * pack_add: names a section of octets that the caller keeps alive until pack_write(). False: too many, a
 * name that is there already, empty, too long, or not printable ASCII.
 */
bool pack_add(struct pack *p, const char *name, struct bytes data);
bool pack_add_copy(struct pack *p, const char *name, struct bytes data);

/*
 * pack_add_known: as pack_add with the hash that the caller knows; with data.len 0 and len not 0 only
 * hash and length (a thin pack's section, `outside`).
 */
bool pack_add_known(struct pack *p, const char *name, const uint8_t hash[PACK_HASH_LEN],
	uint64_t len, struct bytes data);

/* pack_replace: the section `name` has a copy of `data` from now on; added if there is none. */
bool pack_replace(struct pack *p, const char *name, struct bytes data);
void pack_remove(struct pack *p, const char *name);

/* pack_set_meta: replaces section "meta"; line ends in texts become blanks. False: out of memory. */
bool pack_set_meta(struct pack *p, const struct pack_meta *meta);

/*
 * pack_write: whole or not at all (durable.h), mode 0640, signed by `key`; NULL: with the
 * signature that it has, or none. 0 or -errno; -ENODATA: `form` wants a section that is not present.
 */
int pack_write(
	const struct pack *p, const char *path, const struct key_secret *key, enum pack_form form);

/* ---- reading ---- */

/* What a reader needs not: a section outside of the file of this hash and length, which it has already. */
struct pack_known {
	bool (*has)(void *context, const uint8_t hash[PACK_HASH_LEN], uint64_t len);
	void *context;
};

/*
 * pack_read: reads and checks `path`. `parts`: the folder of the sections that are not in the file, NULL:
 * there must be none. `trusted`: whose signature is asked for; NULL: anyone's, and unsigned ones too (a
 * signature that is there must be right all the same). False with errors in `diag`; *p is then empty.
 */
bool pack_read(struct pack *p, const char *path, const char *parts, const struct key_ring *trusted,
	struct diag *diag);

/* pack_read_new: as pack_read, but what `known` has is not read: its section is not present. */
bool pack_read_new(struct pack *p, const char *path, const char *parts,
	const struct key_ring *trusted, const struct pack_known *known, struct diag *diag);

/* pack_read_table: names, hashes and lengths only; no section is present. The signature as in pack_read. */
bool pack_read_table(
	struct pack *p, const char *path, const struct key_ring *trusted, struct diag *diag);

/* pack_is: the file begins as a pack does. */
bool pack_is(const char *path);

/* pack_find: a section's octets by name; false if there is none, or it is not present. */
bool pack_find(const struct pack *p, const char *name, struct bytes *data);

/* pack_section: by name, present or not; NULL: none. */
const struct pack_section *pack_section(const struct pack *p, const char *name);

/* pack_meta: decodes section "meta". False with errors in `diag` (`path`: whose): missing or malformed. */
bool pack_meta(const struct pack *p, const char *path, struct pack_meta *meta, struct diag *diag);

/* pack_hash: of names, lengths and hashes of all sections but "meta": equal contents, equal hash. */
void pack_hash(const struct pack *p, uint8_t hash[PACK_HASH_LEN]);

/* pack_hash_octets: the hash that a section with these octets has. pack_hash_text: in hexadecimal. */
void pack_hash_octets(struct bytes data, uint8_t hash[PACK_HASH_LEN]);
void pack_hash_text(const uint8_t hash[PACK_HASH_LEN], char text[PACK_HASH_TEXT_SIZE]);

/* pack_part_path: of the part with this hash: "PARTS/HASH". False: it does not fit. */
bool pack_part_path(
	const char *parts, const uint8_t hash[PACK_HASH_LEN], char *path, size_t path_size);

void pack_free(struct pack *p);

#endif
