/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keys of the store. A rotation, each step whole or not at all, and what a start finds after it:
 *
 *   1 keys/sign.key.next    the old key signs and is trusted; the next start goes on with this key
 *   2 keys/trusted          both are trusted; the old one's line says that it is on its way out
 *   3 each manifest anew    by one of the two
 *   4 sign.key.next is renamed to sign.key
 *   5 keys/trusted          without the old one: by its line, also at the next start
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/store_parts.h"
#include "patterns/durable.h"

static const char note_own[] = "this daemon";
static const char note_leaving[] = "this daemon, until its rotation has ended";

static bool told(int error, const char *path, struct diag *diag)
{
	if (error != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be written: %s", strerror(-error));
	}
	return error == 0;
}

/* A copy to be changed, malloc'ed: a ring is too large for the stack. NULL, told in `diag`, which may be NULL. */
static struct key_ring *copy_ring(const struct store *s, struct diag *diag)
{
	struct key_ring *ring = malloc(sizeof(*ring));

	if (ring != NULL) {
		*ring = s->trusted;
	} else if (diag != NULL) {
		diag_add(diag, DIAG_ERROR, s->folder, 0, 0, "out of memory");
	}
	return ring;
}

/* Writes the ring; only then it is what the store goes by. */
static int save_ring(struct store *s, const struct key_ring *ring)
{
	char path[STORE_FILE_SIZE];
	int error;

	store_path(s, "keys/trusted", path);
	error = key_ring_save(ring, path);
	if (error == 0) {
		s->trusted = *ring;
	}
	return error;
}

/* ---- opening ---- */

bool store_keys_read(struct store *s, struct diag *diag)
{
	char path[STORE_FILE_SIZE];

	store_path(s, "keys/trusted", path);
	return key_ring_load(&s->trusted, path, diag);
}

static bool load_pair(struct store *s, struct diag *diag)
{
	char path[STORE_FILE_SIZE];

	store_path_key(s, path);
	if (access(path, F_OK) == 0) {
		return key_secret_load(&s->key, path, diag);
	}
	if (!key_make(&s->key)) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "no random numbers are to be had");
		return false;
	}
	return told(key_secret_save(&s->key, path), path, diag);
}

/* A ring that is damaged in a line serves with the others: better than to verify nothing. */
static void load_ring(struct store *s, struct diag *diag)
{
	struct diag *errors = calloc(1, sizeof(*errors));
	char path[STORE_FILE_SIZE];

	store_path(s, "keys/trusted", path);
	if (errors == NULL || access(path, F_OK) != 0) {
		free(errors);
		return;
	}
	(void)key_ring_load(&s->trusted, path, errors);
	for (size_t i = 0; i < errors->n_entries; i++) {
		diag_add(diag, DIAG_WARNING, path, errors->entries[i].line, 0, "%s",
			errors->entries[i].text);
	}
	diag_clear(errors);
	free(errors);
}

/* Takes keys out whose rotation has ended; says whether the own one is there. */
static bool drop_leaving(const struct store *s, struct key_ring *ring)
{
	bool has_own = false;

	for (uint32_t i = ring->n; i-- != 0;) {
		bool own = key_equal(&ring->entries[i].key, &s->key.public);

		has_own = has_own || own;
		if (!own && strcmp(ring->entries[i].note, note_leaving) == 0) {
			key_ring_remove(ring, &s->trusted.entries[i].key);
		}
	}
	return has_own;
}

/* The own key is trusted; one whose rotation has ended is not any more. */
static bool mend_ring(struct store *s, struct diag *diag)
{
	struct key_ring *ring = copy_ring(s, diag);
	bool good = ring != NULL;

	if (good && !drop_leaving(s, ring)) {
		good = key_ring_add(ring, &s->key.public, note_own);
		if (!good) {
			diag_add(diag, DIAG_ERROR, s->folder, 0, 0,
				"keys/trusted has no room for the own key: remove one");
		}
	}
	if (good && memcmp(ring, &s->trusted, sizeof(*ring)) != 0) {
		good = told(save_ring(s, ring), s->folder, diag);
	}
	free(ring);
	return good;
}

bool store_keys_open(struct store *s, struct diag *diag)
{
	char next[STORE_FILE_SIZE];

	if (!load_pair(s, diag)) {
		return false;
	}
	load_ring(s, diag);
	store_path(s, "keys/sign.key.next", next);
	if (access(next, F_OK) == 0) {
		return store_rotate_key(s, diag);
	}
	return mend_ring(s, diag);
}

/* ---- rotation ---- */

/* The next pair: of a rotation that was cut off, or new. */
static bool next_pair(struct key_secret *next, const char *path, struct diag *diag)
{
	if (access(path, F_OK) == 0) {
		return key_secret_load(next, path, diag);
	}
	if (!key_make(next)) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "no random numbers are to be had");
		return false;
	}
	return told(key_secret_save(next, path), path, diag);
}

static bool trust_both(struct store *s, const struct key_secret *next, struct diag *diag)
{
	struct key_ring *ring = copy_ring(s, diag);
	bool good = ring != NULL;

	if (good && (!key_ring_add(ring, &next->public, note_own) ||
			    !key_ring_add(ring, &s->key.public, note_leaving))) {
		diag_add(diag, DIAG_ERROR, s->folder, 0, 0,
			"keys/trusted is full: a rotation needs room for one more key");
		good = false;
	}
	good = good && told(save_ring(s, ring), s->folder, diag);
	free(ring);
	return good;
}

/* One that does not verify, or is gone, is left as it is: to sign it would make it good. */
static bool sign_anew(const struct store *s, uint32_t number, const struct key_secret *next,
	struct pack *p, struct diag *diag)
{
	char path[STORE_FILE_SIZE];
	struct diag *errors = calloc(1, sizeof(*errors));
	bool good = errors != NULL;

	store_path_manifest(s, number, path);
	if (errors == NULL) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "out of memory");
	} else if (!pack_read_table(p, path, &s->trusted, errors)) {
		diag_add(diag, DIAG_WARNING, path, 0, 0,
			"is not signed anew, since it did not verify: %s",
			errors->n_entries != 0 ? errors->entries[0].text : "");
		diag_clear(errors);
	} else {
		if (!key_equal(&p->signer, &next->public)) {
			good = told(pack_write(p, path, next, PACK_MANIFEST), path, diag);
		}
		pack_free(p);
	}
	free(errors);
	return good;
}

static bool sign_all_anew(const struct store *s, const struct key_secret *next, struct diag *diag)
{
	size_t n = 0;
	int error = 0;
	uint32_t *numbers = store_numbers(s, false, &n, &error);
	struct pack *p = calloc(1, sizeof(*p));
	bool good = error == 0 && p != NULL;

	if (!good) {
		diag_add(diag, DIAG_ERROR, s->folder, 0, 0, "%s",
			error != 0 ? strerror(-error) : "out of memory");
	}
	for (size_t i = 0; good && i < n; i++) {
		good = sign_anew(s, numbers[i], next, p, diag);
	}
	free(p);
	free(numbers);
	return good;
}

bool store_rotate_key(struct store *s, struct diag *diag)
{
	char next_path[STORE_FILE_SIZE];
	char path[STORE_FILE_SIZE];
	struct key_secret next;
	bool good;

	if (!s->can_write) {
		diag_add(diag, DIAG_ERROR, s->folder, 0, 0, "the store is open for reading only");
		return false;
	}
	store_path(s, "keys/sign.key.next", next_path);
	store_path_key(s, path);
	good = next_pair(&next, next_path, diag) && trust_both(s, &next, diag) &&
	       sign_all_anew(s, &next, diag) && told(durable_rename(next_path, path), path, diag);
	if (good) {
		s->key = next;
		good = mend_ring(s, diag);
	}
	key_secret_wipe(&next);
	return good;
}

/* ---- whose packs are taken ---- */

int store_trust(struct store *s, const struct key_public *k, const char *note)
{
	struct key_ring *ring;
	int error;

	if (!s->can_write) {
		return -EROFS;
	}
	if (key_equal(k, &s->key.public)) {
		return 0; /* it is, and its note is the store's */
	}
	if (strcmp(note, note_leaving) == 0) {
		return -EINVAL;
	}
	ring = copy_ring(s, NULL);
	if (ring == NULL) {
		return -ENOMEM;
	}
	error = key_ring_add(ring, k, note) ? save_ring(s, ring) : -ENOSPC;
	free(ring);
	return error;
}

int store_distrust(struct store *s, const struct key_public *k)
{
	struct key_ring *ring;
	int error;

	if (!s->can_write) {
		return -EROFS;
	}
	if (key_equal(k, &s->key.public)) {
		return -EPERM;
	}
	if (!key_ring_has(&s->trusted, k)) {
		return 0;
	}
	ring = copy_ring(s, NULL);
	if (ring == NULL) {
		return -ENOMEM;
	}
	key_ring_remove(ring, k);
	error = save_ring(s, ring);
	free(ring);
	return error;
}
