/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads packs: head, table and signature first, then what they promise. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "patterns/pack_format.h"

enum { PART_PATH_SIZE = 1024 };
#define SECTIONS_LEN_MAX ((uint64_t)8 << 30)

/* One reading. */
struct reading {
	struct pack *p;
	const char *path;
	const char *parts;
	const struct key_ring *trusted;
	const struct pack_known *known;
	struct diag *diag;
	int fd;
	uint64_t file_len;
};

static bool refuse(const struct reading *r, const char *what)
{
	diag_add(r->diag, DIAG_ERROR, r->path, 0, 0, "%s", what);
	return false;
}

static bool refuse_section(const struct reading *r, const char *name, const char *what)
{
	diag_add(r->diag, DIAG_ERROR, r->path, 0, 0, "section %s: %s", name, what);
	return false;
}

static bool read_at(int fd, uint8_t *to, uint64_t len, uint64_t offset)
{
	while (len != 0) {
		ssize_t n = pread(fd, to, (size_t)len, (off_t)offset);

		if (n == 0 || (n < 0 && errno != EINTR)) {
			return false;
		}
		if (n > 0) {
			to += n;
			offset += (uint64_t)n;
			len -= (uint64_t)n;
		}
	}
	return true;
}

static uint64_t take_u64(struct cursor *c)
{
	uint64_t high = cursor_u32(c);

	return high << 32 | cursor_u32(c);
}

/* A piece of `len` octets and its check behind it. */
static bool check_piece(const uint8_t *piece, size_t len)
{
	uint8_t check[PACK_CHECK_LEN];

	pack_check(bytes_of(piece, len), check);
	return memcmp(check, piece + len, sizeof(check)) == 0;
}

/* ---- head and table ---- */

static bool read_head(const struct reading *r, uint32_t *n_sections)
{
	uint8_t head[PACK_HEAD_LEN];
	uint32_t version;
	size_t len = r->file_len < sizeof(head) ? (size_t)r->file_len : sizeof(head);

	if (!read_at(r->fd, head, len, 0)) {
		return refuse(r, "cannot be read");
	}
	if (len < PACK_MAGIC_LEN || memcmp(head, pack_magic, PACK_MAGIC_LEN) != 0) {
		return refuse(r,
			"header: magic: this is no pack (made by smswallctl policy compile), "
			"or it is damaged");
	}
	if (len < sizeof(head)) {
		return refuse(r, "header: cut short");
	}
	version = be32(head + PACK_MAGIC_LEN);
	if (version != PACK_VERSION) {
		diag_add(r->diag, DIAG_ERROR, r->path, 0, 0,
			"header: version: %u; this program reads version %d: compile the policy anew "
			"(or it is damaged)",
			version, PACK_VERSION);
		return false;
	}
	*n_sections = be32(head + PACK_MAGIC_LEN + 4);
	if (!check_piece(head, sizeof(head) - PACK_CHECK_LEN)) {
		return refuse(r, "header: number of sections: damaged (its check is wrong)");
	}
	if (*n_sections > PACK_SECTIONS_MAX) {
		diag_add(r->diag, DIAG_ERROR, r->path, 0, 0,
			"header: number of sections: %u; at most %d", *n_sections,
			PACK_SECTIONS_MAX);
		return false;
	}
	return r->file_len >= pack_table_len(*n_sections) ? true
	                                                  : refuse(r, "header: table: cut short");
}

static bool refuse_entry(const struct reading *r, uint32_t i, const char *what)
{
	diag_add(r->diag, DIAG_ERROR, r->path, 0, 0, "header: table: entry %u: %s", i + 1, what);
	return false;
}

/* Entry `i`; its octets, if in the file, must begin at *offset, which moves behind them. */
static bool read_entry(const struct reading *r, uint32_t i, const uint8_t *entry, uint64_t *offset)
{
	struct cursor c = cursor_of(bytes_of(entry, PACK_ENTRY_LEN));
	struct pack_section s = { .outside = false };
	uint64_t at;

	if (!check_piece(entry, PACK_ENTRY_LEN - PACK_CHECK_LEN)) {
		return refuse_entry(r, i, "damaged (its check is wrong)");
	}
	memcpy(s.name, cursor_take(&c, PACK_NAME_SIZE).data, PACK_NAME_SIZE);
	at = take_u64(&c);
	s.len = take_u64(&c);
	memcpy(s.hash, cursor_take(&c, PACK_HASH_LEN).data, PACK_HASH_LEN);
	s.outside = at == 0;
	if (!pack_name_good(s.name)) {
		return refuse_entry(r, i, "its name is not well-formed");
	}
	if (pack_section(r->p, s.name) != NULL) {
		return refuse_entry(r, i, "its name is given twice");
	}
	if (s.len > SECTIONS_LEN_MAX) {
		return refuse_entry(r, i, "its length is beyond every bound");
	}
	if (!s.outside && at != *offset) {
		return refuse_entry(r, i, "its offset is not where the section before ends");
	}
	*offset += s.outside ? 0 : s.len;
	r->p->sections[r->p->n_sections++] = s;
	return true;
}

/* Whose signature it is, and whether it is right. `tail` is signer, its check, and the signature. */
static bool check_signature(const struct reading *r, const uint8_t *tail)
{
	const uint8_t *signature = tail + PACK_SIGNER_LEN;
	struct pack *p = r->p;
	char id[KEY_ID_SIZE];
	uint8_t *octets;
	size_t len = 0;
	bool good;

	if (!check_piece(tail, KEY_PUBLIC_LEN)) {
		return refuse(r, "header: signer: damaged (its check is wrong)");
	}
	memcpy(p->signer.octets, tail, KEY_PUBLIC_LEN);
	memcpy(p->signature, signature, KEY_SIGNATURE_LEN);
	if (sodium_is_zero(tail, KEY_PUBLIC_LEN)) {
		if (!sodium_is_zero(signature, KEY_SIGNATURE_LEN)) {
			return refuse(
				r, "header: signature: damaged (there is one, but no signer)");
		}
		return r->trusted == NULL ||
		       refuse(r, "header: signer: none: this pack is not signed, and only signed "
				 "ones are taken here");
	}
	key_id(&p->signer, id);
	if (r->trusted != NULL && !key_ring_has(r->trusted, &p->signer)) {
		diag_add(r->diag, DIAG_ERROR, r->path, 0, 0,
			"header: signer: key %s is not trusted here (smswallctl key show)", id);
		return false;
	}
	octets = pack_signed_octets(p, &p->signer, &len);
	good = octets != NULL && key_verify(&p->signer, bytes_of(octets, len), signature);
	free(octets);
	if (!good) {
		diag_add(r->diag, DIAG_ERROR, r->path, 0, 0,
			"header: signature: is not that of key %s over this table: damaged or forged",
			id);
	}
	p->is_signed = good;
	return good;
}

/* *body_end: where the file must end. */
static bool read_table(const struct reading *r, uint32_t n_sections, uint64_t *body_end)
{
	size_t len = pack_table_len(n_sections) - PACK_HEAD_LEN;
	uint8_t *table = malloc(len);
	bool good = table != NULL && read_at(r->fd, table, len, PACK_HEAD_LEN);

	if (!good) {
		free(table);
		return refuse(r, table == NULL ? "out of memory" : "header: table: cannot be read");
	}
	*body_end = pack_table_len(n_sections);
	for (uint32_t i = 0; good && i < n_sections; i++) {
		good = read_entry(r, i, table + (size_t)i * PACK_ENTRY_LEN, body_end);
	}
	good = good && check_signature(r, table + (size_t)n_sections * PACK_ENTRY_LEN);
	free(table);
	return good;
}

/* ---- sections ---- */

/* The file has the octets that its table promises, and no others. */
static bool check_length(const struct reading *r, uint64_t body_end)
{
	uint64_t offset = pack_table_len(r->p->n_sections);

	for (uint32_t i = 0; i < r->p->n_sections; i++) {
		const struct pack_section *s = &r->p->sections[i];

		offset += s->outside ? 0 : s->len;
		if (offset > r->file_len) {
			return refuse_section(r, s->name, "cut short");
		}
	}
	if (body_end != r->file_len) {
		diag_add(r->diag, DIAG_ERROR, r->path, 0, 0, "%llu octets follow the last section",
			(unsigned long long)(r->file_len - body_end));
		return false;
	}
	return true;
}

static bool refuse_part(const struct reading *r, const struct pack_section *s, const char *what)
{
	char hash[PACK_HASH_TEXT_SIZE];

	pack_hash_text(s->hash, hash);
	diag_add(r->diag, DIAG_ERROR, r->path, 0, 0, "section %s: its part %s %s", s->name, hash,
		what);
	return false;
}

/* The part's file, of the right length, or -1. */
static int open_part(const struct reading *r, const struct pack_section *s)
{
	char path[PART_PATH_SIZE];
	struct stat st;
	int fd;

	if (r->parts == NULL) {
		(void)refuse_section(r, s->name,
			"is not in this file: a thin pack is for the daemon that it was made for");
		return -1;
	}
	if (!pack_part_path(r->parts, s->hash, path, sizeof(path))) {
		(void)refuse_part(r, s, "has too long a path");
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		(void)refuse_part(r, s, errno == ENOENT ? "is missing" : strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != s->len) {
		(void)refuse_part(r, s, "has another length");
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool is_known(const struct reading *r, const struct pack_section *s)
{
	return s->outside && r->known != NULL && r->known->has(r->known->context, s->hash, s->len);
}

/* Which sections are to be read, and into how many octets; each is known to be that long. */
static bool plan_memory(const struct reading *r, uint64_t *len)
{
	*len = 0;
	for (uint32_t i = 0; i < r->p->n_sections; i++) {
		struct pack_section *s = &r->p->sections[i];

		s->present = !is_known(r, s);
		if (s->present && s->outside) {
			int fd = open_part(r, s);

			if (fd < 0) {
				return false;
			}
			(void)close(fd);
		}
		*len += s->present ? s->len : 0;
		if (*len > SECTIONS_LEN_MAX) {
			return refuse_section(r, s->name, "all are too long together");
		}
	}
	return true;
}

static bool check_hash(struct bytes data, const struct pack_section *s)
{
	uint8_t hash[PACK_HASH_LEN];

	pack_hash_octets(data, hash);
	return memcmp(hash, s->hash, PACK_HASH_LEN) == 0;
}

static bool read_outside(const struct reading *r, const struct pack_section *s, uint8_t *to)
{
	int fd = open_part(r, s);
	bool good = fd >= 0 && read_at(fd, to, s->len, 0);

	if (fd < 0) {
		return false;
	}
	(void)close(fd);
	if (!good) {
		return refuse_part(r, s, "cannot be read");
	}
	return check_hash(bytes_of(to, (size_t)s->len), s) ||
	       refuse_part(r, s, "is damaged (its hash is wrong)");
}

static bool read_inside(
	const struct reading *r, const struct pack_section *s, uint8_t *to, uint64_t offset)
{
	if (!read_at(r->fd, to, s->len, offset)) {
		return refuse_section(r, s->name, "cannot be read");
	}
	return check_hash(bytes_of(to, (size_t)s->len), s) ||
	       refuse_section(r, s->name, "damaged (its hash is wrong)");
}

static bool read_sections(const struct reading *r)
{
	struct pack *p = r->p;
	uint64_t offset = pack_table_len(p->n_sections);
	uint64_t len = 0;
	uint8_t *at;
	bool good = true;

	if (!plan_memory(r, &len)) {
		return false;
	}
	p->memory_len = (size_t)len;
	p->memory =
		malloc(p->memory_len + 1); /* a copy: a mapped file could change after its check */
	if (p->memory == NULL) {
		return refuse(r, "out of memory");
	}
	at = p->memory;
	for (uint32_t i = 0; good && i < p->n_sections; i++) {
		struct pack_section *s = &p->sections[i];

		if (!s->present) {
			continue;
		}
		good = s->outside ? read_outside(r, s, at) : read_inside(r, s, at, offset);
		s->data = bytes_of(at, (size_t)s->len);
		at += s->len;
		offset += s->outside ? 0 : s->len;
	}
	return good;
}

/* ---- all of it ---- */

static bool read_open(struct reading *r, bool with_sections)
{
	uint32_t n_sections = 0;
	uint64_t body_end = 0;
	struct stat st;

	if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		return refuse(r, "is no pack: it is no file");
	}
	r->file_len = (uint64_t)st.st_size;
	return read_head(r, &n_sections) && read_table(r, n_sections, &body_end) &&
	       check_length(r, body_end) && (!with_sections || read_sections(r));
}

static bool read_path(struct reading *r, bool with_sections)
{
	bool good;

	memset(r->p, 0, sizeof(*r->p));
	r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0 || sodium_init() < 0) {
		diag_add(r->diag, DIAG_ERROR, r->path, 0, 0, "cannot be read: %s", strerror(errno));
		return false;
	}
	good = read_open(r, with_sections);
	(void)close(r->fd);
	if (!good) {
		pack_free(r->p);
	}
	return good;
}

bool pack_read(struct pack *p, const char *path, const char *parts, const struct key_ring *trusted,
	struct diag *diag)
{
	return pack_read_new(p, path, parts, trusted, NULL, diag);
}

bool pack_read_new(struct pack *p, const char *path, const char *parts,
	const struct key_ring *trusted, const struct pack_known *known, struct diag *diag)
{
	struct reading r = { .p = p,
		.path = path,
		.parts = parts,
		.trusted = trusted,
		.known = known,
		.diag = diag };

	return read_path(&r, true);
}

bool pack_read_table(
	struct pack *p, const char *path, const struct key_ring *trusted, struct diag *diag)
{
	struct reading r = { .p = p, .path = path, .trusted = trusted, .diag = diag };

	return read_path(&r, false);
}

bool pack_is(const char *path)
{
	uint8_t first[PACK_MAGIC_LEN];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is = fd >= 0 && read_at(fd, first, sizeof(first), 0) &&
	          memcmp(first, pack_magic, sizeof(first)) == 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	return is;
}
