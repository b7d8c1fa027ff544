/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/pack.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

enum { VERSION = 1, HASH_LEN = 32, FILE_MODE = 0640 };
#define FILE_LEN_MAX ((uint64_t)8 << 30)

static const char magic[8] = { 'S', 'M', 'S', 'W', 'P', 'A', 'C', 'K' };

/* The file's layout, all numbers big-endian; every field is a run of octets without padding. */
struct file_head {
	char magic[8];
	uint32_t version_be;
	uint32_t n_sections_be;
};

struct file_entry {
	char name[PACK_NAME_SIZE];
	uint64_t offset_be; /* from the file's beginning */
	uint64_t len_be;
	uint8_t hash[HASH_LEN];
};

_Static_assert(sizeof(struct file_head) == 16, "no padding");
_Static_assert(sizeof(struct file_entry) == 80, "no padding");

/* Where the sections begin: behind head, table and their hash. */
static size_t table_len(uint32_t n_sections)
{
	return sizeof(struct file_head) + n_sections * sizeof(struct file_entry);
}

static void hash_of(const void *data, size_t len, uint8_t *hash)
{
	(void)crypto_generichash(hash, HASH_LEN, data, len, NULL, 0);
}

bool pack_add(struct pack *p, const char *name, struct bytes data)
{
	struct pack_section *s;
	struct bytes known;
	size_t len = strlen(name);

	if (p->n_sections == PACK_SECTIONS_MAX || len == 0 || len >= PACK_NAME_SIZE ||
		pack_find(p, name, &known)) {
		return false;
	}
	s = &p->sections[p->n_sections++];
	*s = (struct pack_section){ .data = data };
	memcpy(s->name, name, len);
	return true;
}

bool pack_find(const struct pack *p, const char *name, struct bytes *data)
{
	for (uint32_t i = 0; i < p->n_sections; i++) {
		if (strcmp(p->sections[i].name, name) == 0) {
			*data = p->sections[i].data;
			return true;
		}
	}
	return false;
}

void pack_free(struct pack *p)
{
	free(p->memory);
	*p = (struct pack){ 0 };
}

/* ---- writing ---- */

static int write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len != 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Head, table and their hash; *len octets of malloc'ed memory. */
static uint8_t *make_table(const struct pack *p, size_t *len)
{
	const struct file_head head = { .version_be = htobe32(VERSION),
		.n_sections_be = htobe32(p->n_sections) };
	size_t before_hash = table_len(p->n_sections);
	uint64_t offset = before_hash + HASH_LEN;
	uint8_t *table = calloc(1, before_hash + HASH_LEN);

	if (table == NULL) {
		return NULL;
	}
	memcpy(table, &head, sizeof(head));
	memcpy(table, magic, sizeof(magic));
	for (uint32_t i = 0; i < p->n_sections; i++) {
		const struct pack_section *s = &p->sections[i];
		struct file_entry e = { .offset_be = htobe64(offset),
			.len_be = htobe64(s->data.len) };

		memcpy(e.name, s->name, sizeof(e.name));
		hash_of(s->data.data, s->data.len, e.hash);
		memcpy(table + sizeof(head) + i * sizeof(e), &e, sizeof(e));
		offset += s->data.len;
	}
	hash_of(table, before_hash, table + before_hash);
	*len = before_hash + HASH_LEN;
	return table;
}

static int write_octets(const struct pack *p, int fd)
{
	size_t len = 0;
	uint8_t *table = make_table(p, &len);
	int error = table != NULL ? write_all(fd, table, len) : -ENOMEM;

	free(table);
	for (uint32_t i = 0; error == 0 && i < p->n_sections; i++) {
		error = write_all(fd, p->sections[i].data.data, p->sections[i].data.len);
	}
	if (error == 0 && (fchmod(fd, FILE_MODE) != 0 || fsync(fd) != 0)) {
		error = -errno;
	}
	return error;
}

/* A rename is on disk when its folder is. */
static int sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int error = copy == NULL ? -ENOMEM : fd < 0 || fsync(fd) != 0 ? -errno : 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	free(copy);
	return error;
}

int pack_write(const struct pack *p, const char *path)
{
	char *temporary = NULL;
	int error;
	int fd;

	if (sodium_init() < 0 || asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		error = -errno;
		free(temporary);
		return error;
	}
	error = write_octets(p, fd);
	if (close(fd) != 0 && error == 0) {
		error = -errno;
	}
	if (error == 0 && rename(temporary, path) != 0) {
		error = -errno;
	}
	if (error != 0) {
		(void)unlink(temporary);
	} else {
		error = sync_folder(path);
	}
	free(temporary);
	return error;
}

/* ---- reading ---- */

static bool read_all(int fd, uint8_t *to, size_t len)
{
	while (len != 0) {
		ssize_t n = read(fd, to, len);

		if (n == 0 || (n < 0 && errno != EINTR)) {
			return false;
		}
		to += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* The whole file, or NULL after an error. A copy: a mapped file could change after its check. */
static uint8_t *read_octets(const char *path, size_t *len, struct diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *octets = NULL;

	if (fd < 0 || fstat(fd, &st) != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be read: %s", strerror(errno));
	} else if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > FILE_LEN_MAX) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "is no pack: no file, or too large a one");
	} else {
		*len = (size_t)st.st_size;
		octets = malloc(*len + 1);
		if (octets == NULL || !read_all(fd, octets, *len)) {
			diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be read: %s",
				octets == NULL ? "out of memory" : "it ended too early");
			free(octets);
			octets = NULL;
		}
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return octets;
}

/* The number of sections, when head and table are there and right; otherwise says what is not. */
static bool check_table(const uint8_t *octets, size_t len, const char *path, uint32_t *n_sections,
	struct diag *diag)
{
	struct file_head head;
	uint8_t hash[HASH_LEN];
	size_t before_hash;

	if (len < sizeof(head) || memcmp(octets, magic, sizeof(magic)) != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0,
			"header: this is no pack (made by smswallctl policy compile), or it is damaged");
		return false;
	}
	memcpy(&head, octets, sizeof(head));
	*n_sections = be32toh(head.n_sections_be);
	if (be32toh(head.version_be) != VERSION) {
		diag_add(diag, DIAG_ERROR, path, 0, 0,
			"header: version %u; this program reads version %d (or it is damaged)",
			be32toh(head.version_be), VERSION);
		return false;
	}
	if (*n_sections > PACK_SECTIONS_MAX || len < table_len(*n_sections) + HASH_LEN) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "header: damaged or cut short");
		return false;
	}
	before_hash = table_len(*n_sections);
	hash_of(octets, before_hash, hash);
	if (memcmp(hash, octets + before_hash, HASH_LEN) != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "header: damaged (its hash is wrong)");
		return false;
	}
	return true;
}

/* Checks section `i`, which must begin at *offset, and moves *offset behind it. */
static bool check_section(
	struct pack *p, uint32_t i, size_t *offset, const char *path, struct diag *diag)
{
	const uint8_t *octets = p->memory;
	struct file_entry e;
	uint8_t hash[HASH_LEN];
	uint64_t len;

	memcpy(&e, octets + sizeof(struct file_head) + i * sizeof(e), sizeof(e));
	len = be64toh(e.len_be);
	if (e.name[PACK_NAME_SIZE - 1] != '\0' || be64toh(e.offset_be) != *offset) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "header: entry %u is not well-formed", i);
		return false;
	}
	if (len > p->memory_len - *offset) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "section %s: cut short", e.name);
		return false;
	}
	hash_of(octets + *offset, (size_t)len, hash);
	if (memcmp(hash, e.hash, HASH_LEN) != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "section %s: damaged (its hash is wrong)",
			e.name);
		return false;
	}
	if (!pack_add(p, e.name, bytes_of(octets + *offset, (size_t)len))) {
		diag_add(diag, DIAG_ERROR, path, 0, 0,
			"header: section name \"%s\" is given twice or empty", e.name);
		return false;
	}
	*offset += (size_t)len;
	return true;
}

bool pack_read(struct pack *p, const char *path, struct diag *diag)
{
	uint32_t n_sections = 0;
	size_t offset;
	bool good;

	*p = (struct pack){ 0 };
	p->memory = sodium_init() >= 0 ? read_octets(path, &p->memory_len, diag) : NULL;
	if (p->memory == NULL) {
		return false;
	}
	good = check_table(p->memory, p->memory_len, path, &n_sections, diag);
	offset = good ? table_len(n_sections) + HASH_LEN : 0;
	for (uint32_t i = 0; good && i < n_sections; i++) {
		good = check_section(p, i, &offset, path, diag);
	}
	if (good && offset != p->memory_len) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "%zu octets follow the last section",
			p->memory_len - offset);
		good = false;
	}
	if (!good) {
		pack_free(p);
	}
	return good;
}

bool pack_is(const char *path)
{
	uint8_t first[sizeof(magic)];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is = fd >= 0 && read_all(fd, first, sizeof(first)) &&
	          memcmp(first, magic, sizeof(magic)) == 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	return is;
}
