/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * key: the Ed25519 keys (RFC 8032) that packs are signed with, and the ring of public keys whose
 * packs are taken.
 *
 * Files: a secret key is one line "smswall-secret SEED", mode 0600 and refused where others can read
 * it; a ring has a line "PUBLIC [note]" for each key, "#" begins a comment. Both in base64 (RFC 4648 4).
 * Control only. Ownership: values; wipe a secret key after use. Bounds: KEY_RING_MAX keys. Errors: in
 * `diag`, or 0 and -errno.
 */
#ifndef SMSWALL_PATTERNS_KEY_H
#define SMSWALL_PATTERNS_KEY_H

#include "dataplane/base/bytes.h"
#include "dataplane/base/diag.h"

enum {
	KEY_PUBLIC_LEN = 32,
	KEY_SEED_LEN = 32,
	KEY_SIGNATURE_LEN = 64,
	KEY_TEXT_SIZE = 45, /* 44 of base64 */
	KEY_ID_SIZE = 17,   /* 16 hexadecimal digits */
	KEY_NOTE_SIZE = 64,
	KEY_RING_MAX = 64,
};

struct key_public {
	uint8_t octets[KEY_PUBLIC_LEN];
};

struct key_secret {
	uint8_t seed[KEY_SEED_LEN];
	struct key_public public;
};

struct key_ring_entry {
	struct key_public key;
	char note[KEY_NOTE_SIZE]; /* whose it is; printable, may be empty */
};

struct key_ring {
	struct key_ring_entry entries[KEY_RING_MAX];
	uint32_t n;
};

/* key_make: a new pair. False: there are no random octets to be had. */
bool key_make(struct key_secret *k);
void key_secret_wipe(struct key_secret *k);

/* key_secret_load: refuses a file that group or others may read or write. False with errors in `diag`. */
bool key_secret_load(struct key_secret *k, const char *path, struct diag *diag);

/* key_secret_save: mode 0600, whole or not at all. 0 or -errno. */
int key_secret_save(const struct key_secret *k, const char *path);

void key_sign(
	const struct key_secret *k, struct bytes message, uint8_t signature[KEY_SIGNATURE_LEN]);
bool key_verify(const struct key_public *k, struct bytes message,
	const uint8_t signature[KEY_SIGNATURE_LEN]);

/* key_text: in base64. key_parse: the other way; false: it is none. */
void key_text(const struct key_public *k, char text[KEY_TEXT_SIZE]);
bool key_parse(struct key_public *k, const char *text);

/* key_id: what people compare: the first 8 octets of its BLAKE2b-256 (RFC 7693). */
void key_id(const struct key_public *k, char id[KEY_ID_SIZE]);
bool key_equal(const struct key_public *a, const struct key_public *b);

/* key_ring_load: all errors by line. A missing file is an error. */
bool key_ring_load(struct key_ring *r, const char *path, struct diag *diag);
int key_ring_save(const struct key_ring *r, const char *path);

/* key_ring_add: once each; a known key gets the new note. False: the ring is full. */
bool key_ring_add(struct key_ring *r, const struct key_public *k, const char *note);
bool key_ring_has(const struct key_ring *r, const struct key_public *k);
void key_ring_remove(struct key_ring *r, const struct key_public *k);

#endif
