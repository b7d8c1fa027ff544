/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sodium.h>

#include "patterns/durable.h"

enum { FILE_LEN_MAX = 65536, ID_LEN = 8, HASH_LEN = 32, LINE_SIZE = 256 };

static const char secret_word[] = "smswall-secret ";

_Static_assert(KEY_PUBLIC_LEN == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(KEY_SEED_LEN == crypto_sign_SEEDBYTES, "Ed25519");
_Static_assert(KEY_SIGNATURE_LEN == crypto_sign_BYTES, "Ed25519");
_Static_assert(KEY_TEXT_SIZE == sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL),
	"base64 of 32 octets");

/* ---- base64 ---- */

static void text_of(const uint8_t octets[32], char text[KEY_TEXT_SIZE])
{
	(void)sodium_bin2base64(text, KEY_TEXT_SIZE, octets, 32, sodium_base64_VARIANT_ORIGINAL);
}

/* Exactly 44 characters that stand for 32 octets. */
static bool octets_of(const char *text, size_t len, uint8_t octets[32])
{
	uint8_t read[32];
	size_t n = 0;
	bool good = len == KEY_TEXT_SIZE - 1 &&
	            sodium_base642bin(read, sizeof(read), text, len, NULL, &n, NULL,
			    sodium_base64_VARIANT_ORIGINAL) == 0 &&
	            n == sizeof(read);

	if (good) {
		memcpy(octets, read, sizeof(read));
	}
	sodium_memzero(read, sizeof(read));
	return good;
}

void key_text(const struct key_public *k, char text[KEY_TEXT_SIZE])
{
	text_of(k->octets, text);
}

bool key_parse(struct key_public *k, const char *text)
{
	return octets_of(text, strlen(text), k->octets);
}

void key_id(const struct key_public *k, char id[KEY_ID_SIZE])
{
	uint8_t hash[HASH_LEN];

	(void)crypto_generichash(hash, sizeof(hash), k->octets, sizeof(k->octets), NULL, 0);
	(void)sodium_bin2hex(id, KEY_ID_SIZE, hash, ID_LEN);
}

bool key_equal(const struct key_public *a, const struct key_public *b)
{
	return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

/* ---- secret keys ---- */

/* The expanded form is made of the seed where it is needed, and wiped. */
static void expand(const uint8_t seed[KEY_SEED_LEN], struct key_public *public,
	uint8_t expanded[crypto_sign_SECRETKEYBYTES])
{
	(void)crypto_sign_seed_keypair(public->octets, expanded, seed);
}

static void set_public(struct key_secret *k)
{
	uint8_t expanded[crypto_sign_SECRETKEYBYTES];

	expand(k->seed, &k->public, expanded);
	sodium_memzero(expanded, sizeof(expanded));
}

bool key_make(struct key_secret *k)
{
	if (sodium_init() < 0) {
		return false;
	}
	randombytes_buf(k->seed, sizeof(k->seed));
	set_public(k);
	return true;
}

void key_secret_wipe(struct key_secret *k)
{
	sodium_memzero(k, sizeof(*k));
}

static bool is_private(const char *path, struct diag *diag)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be read: %s", strerror(errno));
		return false;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0,
			"others than its owner have rights on this secret key (mode %04o); if nobody "
			"has read it: chmod 600, otherwise make a new one",
			(unsigned)(st.st_mode & 07777));
		return false;
	}
	return true;
}

bool key_secret_load(struct key_secret *k, const char *path, struct diag *diag)
{
	const size_t word_len = sizeof(secret_word) - 1;
	size_t len;
	int error;
	char *text;
	bool good;

	if (!is_private(path, diag)) {
		return false;
	}
	text = durable_read(path, FILE_LEN_MAX, &len, &error);
	if (text == NULL) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be read: %s", strerror(-error));
		return false;
	}
	good = sodium_init() >= 0 && len == word_len + KEY_TEXT_SIZE && text[len - 1] == '\n' &&
	       memcmp(text, secret_word, word_len) == 0 &&
	       octets_of(text + word_len, KEY_TEXT_SIZE - 1, k->seed);
	if (good) {
		set_public(k);
	} else {
		diag_add(diag, DIAG_ERROR, path, 1, 0,
			"is no secret key of smswall, or damaged (one line: %sSEED)", secret_word);
	}
	sodium_memzero(text, len);
	free(text);
	return good;
}

int key_secret_save(const struct key_secret *k, const char *path)
{
	char line[sizeof(secret_word) + KEY_TEXT_SIZE];
	struct bytes run;
	int error;

	memcpy(line, secret_word, sizeof(secret_word) - 1);
	text_of(k->seed, line + sizeof(secret_word) - 1);
	line[sizeof(line) - 2] = '\n';
	run = bytes_of(line, sizeof(line) - 1);
	error = durable_write(path, S_IRUSR | S_IWUSR, &run, 1, false);
	sodium_memzero(line, sizeof(line));
	return error;
}

void key_sign(
	const struct key_secret *k, struct bytes message, uint8_t signature[KEY_SIGNATURE_LEN])
{
	uint8_t expanded[crypto_sign_SECRETKEYBYTES];
	struct key_public public;

	expand(k->seed, &public, expanded);
	(void)crypto_sign_detached(signature, NULL, message.data, message.len, expanded);
	sodium_memzero(expanded, sizeof(expanded));
}

bool key_verify(const struct key_public *k, struct bytes message,
	const uint8_t signature[KEY_SIGNATURE_LEN])
{
	return sodium_init() >= 0 &&
	       crypto_sign_verify_detached(signature, message.data, message.len, k->octets) == 0;
}

/* ---- rings ---- */

static uint32_t place_of(const struct key_ring *r, const struct key_public *k)
{
	for (uint32_t i = 0; i < r->n; i++) {
		if (key_equal(&r->entries[i].key, k)) {
			return i;
		}
	}
	return r->n;
}

bool key_ring_has(const struct key_ring *r, const struct key_public *k)
{
	return place_of(r, k) < r->n;
}

/* Printable ASCII only: a note is read again as the rest of a line. */
static void set_note(struct key_ring_entry *e, const char *note)
{
	size_t n = 0;

	for (; note[n] != '\0' && n < sizeof(e->note) - 1; n++) {
		e->note[n] = note[n] < ' ' || note[n] > '~' ? ' ' : note[n];
	}
	while (n != 0 && e->note[n - 1] == ' ') {
		n--;
	}
	memset(e->note + n, 0, sizeof(e->note) - n);
}

bool key_ring_add(struct key_ring *r, const struct key_public *k, const char *note)
{
	uint32_t i = place_of(r, k);

	if (i == KEY_RING_MAX) {
		return false;
	}
	r->entries[i].key = *k;
	set_note(&r->entries[i], note);
	r->n += i == r->n;
	return true;
}

void key_ring_remove(struct key_ring *r, const struct key_public *k)
{
	uint32_t i = place_of(r, k);

	if (i < r->n) {
		r->n--;
		memmove(&r->entries[i], &r->entries[i + 1], (r->n - i) * sizeof(r->entries[0]));
		memset(&r->entries[r->n], 0, sizeof(r->entries[0]));
	}
}

static bool read_line(
	struct key_ring *r, char *line, const char *path, int number, struct diag *diag)
{
	struct key_public k;
	char *word = line + strspn(line, " \t\r");
	char *note = word + strcspn(word, " \t\r");

	if (*word == '\0' || *word == '#') {
		return true;
	}
	if (!octets_of(word, (size_t)(note - word), k.octets)) {
		diag_add(diag, DIAG_ERROR, path, number, 1,
			"is no public key (44 characters of base64, then a note)");
		return false;
	}
	if (!key_ring_add(r, &k, note + strspn(note, " \t\r"))) {
		diag_add(diag, DIAG_ERROR, path, number, 1, "more than %d keys", KEY_RING_MAX);
		return false;
	}
	return true;
}

bool key_ring_load(struct key_ring *r, const char *path, struct diag *diag)
{
	size_t len;
	int error;
	char *text = durable_read(path, FILE_LEN_MAX, &len, &error);
	char *rest = text;
	bool good = text != NULL && strlen(text) == len;
	int number = 0;

	*r = (struct key_ring){ 0 };
	if (text == NULL) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be read: %s", strerror(-error));
		return false;
	}
	if (!good) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "is no text: it has a NUL");
	}
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		good = read_line(r, line, path, ++number, diag) && good;
	}
	free(text);
	return good;
}

int key_ring_save(const struct key_ring *r, const char *path)
{
	char *text = calloc(r->n + 1, LINE_SIZE);
	size_t n = 0;
	struct bytes run;
	int error;

	if (text == NULL) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < r->n; i++) {
		const char *note = r->entries[i].note;

		key_text(&r->entries[i].key, text + n);
		n += KEY_TEXT_SIZE - 1;
		n += (size_t)snprintf(
			text + n, LINE_SIZE / 2, "%s%s\n", note[0] != '\0' ? " " : "", note);
	}
	run = bytes_of(text, n);
	error = durable_write(path, S_IRUSR | S_IWUSR | S_IRGRP, &run, 1, false);
	free(text);
	return error;
}
