/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "patterns/durable.h"

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, OTHERS_WRITE = 022, FILES_MAX = 100000 };

static const char magic[8] = "SMSWCACH";
static const char suffix[] = ".db";

enum {
	SOURCE_AT = sizeof(magic),
	HASH_AT = SOURCE_AT + DATABASE_HASH_LEN,
	HEAD_LEN = HASH_AT + DATABASE_HASH_LEN
};

/* Nobody but us (or root) can have written there. */
static bool is_ours(const struct stat *st)
{
	return (st->st_uid == geteuid() || st->st_uid == 0) && (st->st_mode & OTHERS_WRITE) == 0;
}

void compile_cache_open(struct compile_cache *c, const char *folder, struct diag *diag)
{
	struct stat st;

	*c = (struct compile_cache){ 0 };
	if (folder == NULL) {
		return;
	}
	if (mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST) {
		diag_add(diag, DIAG_WARNING, folder, 0, 0,
			"no cache of compiled patterns: it cannot be made: %s", strerror(errno));
	} else if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
		diag_add(diag, DIAG_WARNING, folder, 0, 0,
			"no cache of compiled patterns: this is no folder");
	} else if (!is_ours(&st)) {
		diag_add(diag, DIAG_WARNING, folder, 0, 0,
			"no cache of compiled patterns: others may write to this folder");
	} else {
		c->folder = folder;
	}
}

static char *path_of(const struct compile_cache *c, const uint8_t source[DATABASE_HASH_LEN])
{
	char name[2 * DATABASE_HASH_LEN + 1];
	char *path = NULL;

	(void)sodium_bin2hex(name, sizeof(name), source, DATABASE_HASH_LEN);
	return asprintf(&path, "%s/%s%s", c->folder, name, suffix) < 0 ? NULL : path;
}

static bool is_whole(const char *octets, size_t len, const uint8_t source[DATABASE_HASH_LEN])
{
	uint8_t hash[DATABASE_HASH_LEN];

	return len >= HEAD_LEN && memcmp(octets, magic, sizeof(magic)) == 0 &&
	       memcmp(octets + SOURCE_AT, source, DATABASE_HASH_LEN) == 0 &&
	       database_hash(bytes_of(octets + HEAD_LEN, len - HEAD_LEN), hash) &&
	       memcmp(octets + HASH_AT, hash, sizeof(hash)) == 0;
}

char *compile_cache_get(
	struct compile_cache *c, const uint8_t source[DATABASE_HASH_LEN], size_t *len)
{
	char *path = c->folder != NULL ? path_of(c, source) : NULL;
	struct stat st;
	char *octets = NULL;
	int error = 0;

	if (path != NULL && lstat(path, &st) == 0) {
		octets = S_ISREG(st.st_mode) && is_ours(&st)
		                 ? durable_read(path, CACHE_LEN_MAX, len, &error)
		                 : NULL;
		if (octets == NULL || !is_whole(octets, *len, source)) {
			(void)unlink(path);
			free(octets);
			octets = NULL;
		}
	}
	if (octets != NULL) {
		*len -= HEAD_LEN;
		memmove(octets, octets + HEAD_LEN, *len);
		(void)utimensat(AT_FDCWD, path, NULL, 0); /* used now */
	}
	free(path);
	return octets;
}

void compile_cache_put(
	struct compile_cache *c, const uint8_t source[DATABASE_HASH_LEN], struct bytes octets)
{
	char *path = c->folder != NULL ? path_of(c, source) : NULL;
	uint8_t head[HEAD_LEN];

	if (path == NULL || octets.len > CACHE_LEN_MAX) {
		free(path);
		return;
	}
	memcpy(head, magic, sizeof(magic));
	memcpy(head + SOURCE_AT, source, DATABASE_HASH_LEN);
	if (database_hash(octets, head + HASH_AT)) {
		const struct bytes runs[] = { bytes_of(head, sizeof(head)), octets };

		c->wrote = durable_write(path, FILE_MODE, runs, 2, true) == 0 || c->wrote;
	}
	free(path);
}

/* ---- what is too much ---- */

struct cached {
	char name[NAME_MAX + 1];
	struct timespec used;
	size_t len;
};

static int compare_age(const void *a, const void *b)
{
	const struct cached *x = a;
	const struct cached *y = b;

	if (x->used.tv_sec != y->used.tv_sec) {
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	}
	return (x->used.tv_nsec > y->used.tv_nsec) - (x->used.tv_nsec < y->used.tv_nsec);
}

/* All files of the cache; *n of them. NULL: none, or no memory. */
static struct cached *list_files(DIR *d, size_t *n)
{
	struct cached *list = NULL;
	const struct dirent *e;

	while (*n < FILES_MAX && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);
		struct cached *grown;
		struct stat st;

		if (len != 2 * DATABASE_HASH_LEN + strlen(suffix) ||
			strcmp(e->d_name + len - strlen(suffix), suffix) != 0 ||
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
			continue;
		}
		grown = realloc(list, (*n + 1) * sizeof(*list));
		if (grown == NULL) {
			break;
		}
		list = grown;
		memcpy(list[*n].name, e->d_name, len + 1);
		list[*n].used = st.st_mtim;
		list[*n].len = (size_t)st.st_size;
		++*n;
	}
	return list;
}

void compile_cache_close(struct compile_cache *c)
{
	DIR *d = c->wrote ? opendir(c->folder) : NULL;
	struct cached *list;
	size_t n = 0;
	size_t sum = 0;

	if (d == NULL) {
		return;
	}
	list = list_files(d, &n);
	if (n != 0) {
		qsort(list, n, sizeof(*list), compare_age);
	}
	for (size_t i = n; i-- > 0;) { /* the newest first */
		sum += list[i].len;
		if (sum > CACHE_LEN_MAX) {
			(void)unlinkat(dirfd(d), list[i].name, 0);
		}
	}
	free(list);
	(void)closedir(d);
}
