/* SPDX-License-Identifier: BSD-3-Clause */
/* What the store keeps: see store_collect(). */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "control/store_parts.h"
#include "patterns/durable.h"

/* ---- generations ---- */

static int compare_last_live(const void *a, const void *b)
{
	const struct store_record *x = a;
	const struct store_record *y = b;

	if (x->live_us != y->live_us) {
		return x->live_us > y->live_us ? -1 : 1;
	}
	return x->number > y->number ? -1 : x->number < y->number;
}

/* In the order of compare_last_live; *n_good counts those that were good so far. */
static bool is_kept(
	const struct store_record *r, uint32_t newest, uint32_t current, unsigned *n_good)
{
	if (r->live || r->number == newest || r->tag[0] != '\0') {
		return true;
	}
	if (r->state == STORE_PENDING && r->number > current) {
		return true; /* on its way */
	}
	return r->state == STORE_GOOD && ++*n_good <= STORE_BEFORE_MAX;
}

/* The manifest first: without it there is no generation. */
static int remove_generation(const struct store *s, uint32_t number)
{
	char path[STORE_FILE_SIZE];
	int error;

	store_path_manifest(s, number, path);
	error = durable_remove(path);
	if (error == 0) {
		store_path_record(s, number, path);
		error = durable_remove(path);
	}
	return error;
}

/* How many were removed, or -errno. */
static int remove_generations(const struct store *s)
{
	size_t n = 0;
	int error = 0;
	struct store_record *records = store_records(s, &n, &error);
	uint32_t newest = n != 0 ? records[0].number : 0;
	uint32_t current = store_current(s);
	unsigned n_good = 0;
	int n_removed = 0;

	if (n != 0) {
		qsort(records, n, sizeof(*records), compare_last_live);
	}
	for (size_t i = 0; error == 0 && i < n; i++) {
		if (!is_kept(&records[i], newest, current, &n_good)) {
			error = remove_generation(s, records[i].number);
			n_removed += error == 0;
		}
	}
	free(records);
	return error != 0 ? error : n_removed;
}

/* ---- parts ---- */

struct hashes {
	uint8_t (*list)[PACK_HASH_LEN];
	size_t n, size;
};

static bool add_hash(struct hashes *h, const uint8_t hash[PACK_HASH_LEN])
{
	if (h->n == h->size) {
		size_t size = (h->size + 64) * 2;
		void *grown = realloc(h->list, size * sizeof(h->list[0]));

		if (grown == NULL) {
			return false;
		}
		h->list = grown;
		h->size = size;
	}
	memcpy(h->list[h->n++], hash, PACK_HASH_LEN);
	return true;
}

static int compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, PACK_HASH_LEN);
}

/* The sections of one generation, whoever signed it. False: they cannot be known. */
static bool add_sections(const struct store *s, uint32_t number, struct pack *p, struct hashes *h,
	struct diag *unheard)
{
	char path[STORE_FILE_SIZE];
	bool good;

	store_path_manifest(s, number, path);
	good = pack_read_table(p, path, NULL, unheard);
	for (uint32_t i = 0; good && i < p->n_sections; i++) {
		good = add_hash(h, p->sections[i].hash);
	}
	pack_free(p);
	diag_clear(unheard);
	return good;
}

/* The sections of all generations, in order. */
static bool list_sections(const struct store *s, struct hashes *h)
{
	size_t n = 0;
	int error = 0;
	uint32_t *numbers = store_numbers(s, false, &n, &error);
	struct pack *p = calloc(1, sizeof(*p));
	struct diag *unheard = calloc(1, sizeof(*unheard));
	bool good = error == 0 && p != NULL && unheard != NULL;

	for (size_t i = 0; good && i < n; i++) {
		good = add_sections(s, numbers[i], p, h, unheard);
	}
	if (good && h->n != 0) {
		qsort(h->list, h->n, sizeof(h->list[0]), compare_hashes);
	}
	free(unheard);
	free(p);
	free(numbers);
	return good;
}

/* A file is a part when its name is a hash; other files are not the store's. */
static bool is_unused(const char *name, const struct hashes *h)
{
	uint8_t hash[PACK_HASH_LEN];
	size_t len = 0;

	if (strlen(name) != PACK_HASH_TEXT_SIZE - 1 ||
		sodium_hex2bin(
			hash, sizeof(hash), name, PACK_HASH_TEXT_SIZE - 1, NULL, &len, NULL) != 0 ||
		len != sizeof(hash)) {
		return false;
	}
	return h->n == 0 ||
	       bsearch(hash, h->list, h->n, sizeof(h->list[0]), compare_hashes) == NULL;
}

static int remove_parts(const struct store *s, const struct hashes *h)
{
	char parts[STORE_FILE_SIZE];
	char path[STORE_PART_SIZE];
	const struct dirent *e;
	DIR *folder;
	int error = 0;

	store_path_parts(s, parts);
	folder = opendir(parts);
	if (folder == NULL) {
		return -errno;
	}
	while (error == 0 && (e = readdir(folder)) != NULL) {
		if (is_unused(e->d_name, h)) {
			(void)snprintf(path, sizeof(path), "%s/%.64s", parts, e->d_name);
			error = durable_remove(path);
		}
	}
	(void)closedir(folder);
	return error;
}

int store_collect(struct store *s)
{
	struct hashes h = { NULL, 0, 0 };
	char path[STORE_FILE_SIZE];
	int n_removed;
	int error = 0;

	if (!s->can_write) {
		return -EROFS;
	}
	n_removed = remove_generations(s);
	if (n_removed > 0) {
		/* no part goes before its manifest has gone for good */
		store_path(s, "generations", path);
		error = durable_sync_folder(path);
	}
	/* a manifest that cannot be read keeps all parts until it goes itself */
	if (n_removed >= 0 && error == 0 && list_sections(s, &h)) {
		error = remove_parts(s, &h);
	}
	free(h.list);
	return error != 0 ? error : n_removed;
}
