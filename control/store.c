/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "control/store_parts.h"
#include "patterns/durable.h"

enum { FOLDER_MODE = 0750, FILE_MODE = 0640, NUMBER_SIZE = 16, BLOCK_SIZE = 65536 };

static const char *const folders[] = { "keys", "generations", "parts" };
enum { N_FOLDERS = sizeof(folders) / sizeof(folders[0]) };

/* ---- paths ---- */

void store_path(const struct store *s, const char *name, char path[STORE_FILE_SIZE])
{
	(void)snprintf(path, STORE_FILE_SIZE, "%s/%s", s->folder, name);
}

static void path_of(
	const struct store *s, uint32_t number, const char *end, char path[STORE_FILE_SIZE])
{
	(void)snprintf(
		path, STORE_FILE_SIZE, "%s/generations/%010" PRIu32 "%s", s->folder, number, end);
}

void store_path_manifest(const struct store *s, uint32_t number, char path[STORE_FILE_SIZE])
{
	path_of(s, number, ".pack", path);
}

void store_path_record(const struct store *s, uint32_t number, char path[STORE_FILE_SIZE])
{
	path_of(s, number, ".json", path);
}

void store_path_parts(const struct store *s, char path[STORE_FILE_SIZE])
{
	store_path(s, "parts", path);
}

void store_path_key(const struct store *s, char path[STORE_FILE_SIZE])
{
	store_path(s, "keys/sign.key", path);
}

/* ---- opening ---- */

static bool set_folder(struct store *s, const char *state_dir, struct diag *diag)
{
	size_t len = strlen(state_dir);

	memset(s, 0, sizeof(*s));
	if (len == 0 || len >= sizeof(s->folder) || sodium_init() < 0) {
		diag_add(diag, DIAG_ERROR, state_dir, 0, 0,
			"cannot be the folder of the store: its name is empty or too long");
		return false;
	}
	memcpy(s->folder, state_dir, len + 1);
	return true;
}

static bool make_folders(const struct store *s, struct diag *diag)
{
	char path[STORE_FILE_SIZE];
	int error = durable_folder(s->folder, FOLDER_MODE);

	memcpy(path, s->folder, sizeof(s->folder));
	for (size_t i = 0; error == 0 && i < N_FOLDERS; i++) {
		store_path(s, folders[i], path);
		error = durable_folder(path, FOLDER_MODE);
		if (error == 0) {
			error = durable_sweep(path);
		}
	}
	if (error != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be made or read: %s",
			strerror(-error));
	}
	return error == 0;
}

bool store_open(struct store *s, const char *state_dir, struct diag *diag)
{
	if (!set_folder(s, state_dir, diag) || !make_folders(s, diag)) {
		return false;
	}
	s->can_write = true;
	if (store_keys_open(s, diag)) {
		return true;
	}
	/* without a key to sign by: what was live must judge all the same */
	key_secret_wipe(&s->key);
	s->can_write = false;
	if (!store_keys_read(s, diag)) {
		store_close(s);
		return false;
	}
	return true;
}

bool store_open_read(struct store *s, const char *state_dir, struct diag *diag)
{
	return set_folder(s, state_dir, diag) && store_keys_read(s, diag);
}

void store_close(struct store *s)
{
	key_secret_wipe(&s->key);
	memset(s, 0, sizeof(*s));
}

/* ---- numbers ---- */

bool store_has(const struct store *s, uint32_t number)
{
	char path[STORE_FILE_SIZE];

	store_path_manifest(s, number, path);
	return access(path, F_OK) == 0;
}

uint32_t store_current(const struct store *s)
{
	char path[STORE_FILE_SIZE];
	size_t len;
	int error;
	char *text;
	char *end;
	unsigned long long v;

	store_path(s, "generations/current", path);
	text = durable_read(path, NUMBER_SIZE, &len, &error);
	if (text == NULL) {
		return 0;
	}
	errno = 0;
	v = text[0] >= '1' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
	if (v == 0 || v > UINT32_MAX || strcmp(end, "\n") != 0) {
		v = 0;
	}
	free(text);
	return (uint32_t)v;
}

uint32_t store_next(const struct store *s)
{
	uint32_t newest = store_current(s);
	size_t n = 0;
	int error;
	uint32_t *numbers = store_numbers(s, true, &n, &error);

	if (n != 0 && numbers[0] > newest) {
		newest = numbers[0];
	}
	free(numbers);
	return newest == UINT32_MAX ? 0 : newest + 1;
}

bool store_is_empty(const struct store *s)
{
	size_t n = 0;
	int error;

	free(store_numbers(s, false, &n, &error));
	return n == 0 && error == 0 && store_current(s) == 0;
}

/* ---- adding ---- */

/* Whether the file has this length, and, if `whole`, this hash. */
static bool part_is_there(const char *path, const struct pack_section *section, bool whole)
{
	crypto_generichash_state state;
	uint8_t hash[PACK_HASH_LEN];
	uint8_t *block = malloc(BLOCK_SIZE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool good = block != NULL && fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	            (uint64_t)st.st_size == section->len;

	if (good && whole) {
		ssize_t n;

		(void)crypto_generichash_init(&state, NULL, 0, sizeof(hash));
		while ((n = read(fd, block, BLOCK_SIZE)) > 0) {
			(void)crypto_generichash_update(&state, block, (size_t)n);
		}
		(void)crypto_generichash_final(&state, hash, sizeof(hash));
		good = n == 0 && memcmp(hash, section->hash, sizeof(hash)) == 0;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	free(block);
	return good;
}

/* Puts one section into the parts, unless it is there. A part read from there was checked by that. */
static bool add_part(const struct store *s, const char *parts, const struct pack_section *section,
	struct diag *diag)
{
	char path[STORE_PART_SIZE];
	int error;

	if (!pack_part_path(parts, section->hash, path, sizeof(path))) {
		diag_add(diag, DIAG_ERROR, s->folder, 0, 0, "its name is too long");
		return false;
	}
	if (part_is_there(path, section, section->present && !section->outside)) {
		return true;
	}
	if (!section->present) {
		diag_add(diag, DIAG_ERROR, path, 0, 0,
			"section %s: is not in the pack, and its part is missing", section->name);
		return false;
	}
	error = durable_write(path, FILE_MODE, &section->data, 1, true);
	if (error != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "section %s: cannot be stored: %s",
			section->name, strerror(-error));
	}
	return error == 0;
}

static bool add_parts(const struct store *s, const struct pack *p, struct diag *diag)
{
	char parts[STORE_FILE_SIZE];
	int error;

	store_path_parts(s, parts);
	for (uint32_t i = 0; i < p->n_sections; i++) {
		if (!add_part(s, parts, &p->sections[i], diag)) {
			return false;
		}
	}
	error = durable_sync_folder(parts);
	if (error != 0) {
		diag_add(diag, DIAG_ERROR, parts, 0, 0, "%s", strerror(-error));
	}
	return error == 0;
}

/* What the record has from the pack. */
static bool fill_record(const struct pack *p, struct store_record *r, struct diag *diag)
{
	struct pack_meta meta = { 0 };
	uint8_t hash[PACK_HASH_LEN];

	if (pack_section(p, "meta") != NULL && !pack_meta(p, "pack", &meta, diag)) {
		return false;
	}
	r->base = meta.base;
	r->created_us = meta.created_us;
	r->live_us = 0;
	r->live = false;
	r->n_octets = 0;
	store_copy_text(r->author, sizeof(r->author), meta.author);
	if (r->note[0] == '\0') {
		store_copy_text(r->note, sizeof(r->note), meta.note);
	}
	for (uint32_t i = 0; i < p->n_sections; i++) {
		r->n_octets += p->sections[i].len;
	}
	pack_hash(p, hash);
	pack_hash_text(hash, r->hash);
	r->signer[0] = '\0';
	if (p->is_signed) {
		key_id(&p->signer, r->signer);
	}
	return true;
}

/* The record, then the manifest: what has a manifest is complete. */
static bool write_generation(const struct store *s, const struct pack *p,
	const struct store_record *r, struct diag *diag)
{
	char path[STORE_FILE_SIZE];
	int error = store_record_write(s, r);

	store_path_manifest(s, r->number, path);
	if (error == 0) {
		error = pack_write(p, path, &s->key, PACK_MANIFEST);
	}
	if (error != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be stored: %s", strerror(-error));
		(void)durable_remove(path);
		store_path_record(s, r->number, path);
		(void)durable_remove(path);
	}
	return error == 0;
}

bool store_add(struct store *s, const struct pack *p, struct store_record *r, struct diag *diag)
{
	r->number = s->can_write ? store_next(s) : 0;
	if (r->number == 0) {
		diag_add(diag, DIAG_ERROR, s->folder, 0, 0, "nothing can be stored: %s",
			s->can_write ? "the numbers are used up"
				     : "it is open for reading only, or its key is of no use");
		return false;
	}
	return fill_record(p, r, diag) && add_parts(s, p, diag) && write_generation(s, p, r, diag);
}

int store_set_current(struct store *s, uint32_t number, uint64_t now_us)
{
	char path[STORE_FILE_SIZE];
	char text[NUMBER_SIZE];
	struct store_record r;
	struct bytes run;
	int error;

	if (!s->can_write) {
		return -EROFS;
	}
	if (!store_record_read(s, number, &r)) {
		return -ENOENT;
	}
	r.live_us = now_us;
	error = store_record_write(s, &r);
	if (error != 0) {
		return error;
	}
	(void)snprintf(text, sizeof(text), "%" PRIu32 "\n", number);
	run = bytes_str(text);
	store_path(s, "generations/current", path);
	return durable_write(path, FILE_MODE, &run, 1, false);
}

/* ---- loading ---- */

static bool load_one(const struct store *s, uint32_t number, const struct pack_known *known,
	struct pack *p, struct store_record *r, struct diag *diag)
{
	char manifest[STORE_FILE_SIZE];
	char parts[STORE_FILE_SIZE];

	store_path_manifest(s, number, manifest);
	store_path_parts(s, parts);
	if (!pack_read_new(p, manifest, parts, &s->trusted, known, diag)) {
		return false;
	}
	if (!store_record_read(s, number, r)) {
		*r = (struct store_record){ .number = number };
	}
	return true;
}

/* The order in which a start tries them; the smaller the sooner. */
static int rank_of(const struct store_record *r)
{
	if (r->state == STORE_UNDONE) {
		return 3;
	}
	return r->live ? 0 : r->state == STORE_GOOD ? 1 : 2;
}

static int compare_start(const void *a, const void *b)
{
	const struct store_record *x = a;
	const struct store_record *y = b;
	int rank_x = rank_of(x);
	int rank_y = rank_of(y);

	if (rank_x != rank_y) {
		return rank_x < rank_y ? -1 : 1;
	}
	if (x->live_us != y->live_us) {
		return x->live_us > y->live_us ? -1 : 1;
	}
	return x->number > y->number ? -1 : x->number < y->number;
}

/* The errors of a generation that is passed over do not end the start. */
static void warn_passed(uint32_t number, const struct diag *errors, struct diag *diag)
{
	for (size_t i = 0; i < errors->n_entries; i++) {
		diag_add(diag, DIAG_WARNING, errors->entries[i].file, 0, 0,
			"generation %" PRIu32 " is passed over: %s", number,
			errors->entries[i].text);
	}
}

static bool load_newest(const struct store *s, const struct pack_known *known, struct pack *p,
	struct store_record *r, struct diag *diag)
{
	size_t n = 0;
	int error = 0;
	struct store_record *records = store_records(s, &n, &error);
	struct diag *errors = calloc(1, sizeof(*errors));
	bool good = false;

	if (n != 0 && errors != NULL) {
		qsort(records, n, sizeof(*records), compare_start);
	}
	for (size_t i = 0; errors != NULL && !good && i < n && rank_of(&records[i]) < 3; i++) {
		good = load_one(s, records[i].number, known, p, r, errors);
		warn_passed(records[i].number, errors, diag);
		diag_clear(errors);
	}
	if (!good) {
		diag_add(diag, DIAG_ERROR, s->folder, 0, 0, "%s",
			error != 0       ? strerror(-error)
			: errors == NULL ? "out of memory"
			: n == 0         ? "there is no generation"
					 : "no generation verifies");
	}
	free(errors);
	free(records);
	return good;
}

bool store_load(const struct store *s, uint32_t number, const struct pack_known *known,
	struct pack *p, struct store_record *r, struct diag *diag)
{
	memset(p, 0, sizeof(*p));
	if (number == 0) {
		return load_newest(s, known, p, r, diag);
	}
	if (!store_has(s, number)) {
		diag_add(diag, DIAG_ERROR, s->folder, 0, 0,
			"there is no generation %" PRIu32 " (smswallctl policy history)", number);
		return false;
	}
	return load_one(s, number, known, p, r, diag);
}
