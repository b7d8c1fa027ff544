/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "patterns/durable.h"
#include "patterns/pack_format.h"

enum { FILE_MODE = 0640, SIGNED_ENTRY_LEN = PACK_NAME_SIZE + 8 + PACK_HASH_LEN };

static const char section_meta[] = "meta";

/* ---- hashes ---- */

void pack_hash_octets(struct bytes data, uint8_t hash[PACK_HASH_LEN])
{
	(void)crypto_generichash(hash, PACK_HASH_LEN, data.data, data.len, NULL, 0);
}

void pack_hash_text(const uint8_t hash[PACK_HASH_LEN], char text[PACK_HASH_TEXT_SIZE])
{
	(void)sodium_bin2hex(text, PACK_HASH_TEXT_SIZE, hash, PACK_HASH_LEN);
}

void pack_check(struct bytes piece, uint8_t check[PACK_CHECK_LEN])
{
	uint8_t hash[PACK_HASH_LEN];

	pack_hash_octets(piece, hash);
	memcpy(check, hash, PACK_CHECK_LEN);
}

static void put_u64(struct writer *w, uint64_t v)
{
	writer_u32(w, (uint32_t)(v >> 32));
	writer_u32(w, (uint32_t)v);
}

/* Name, length and hash: what a section is, wherever it lies. */
static void put_section(struct writer *w, const struct pack_section *s)
{
	writer_put(w, bytes_of(s->name, PACK_NAME_SIZE));
	put_u64(w, s->len);
	writer_put(w, bytes_of(s->hash, PACK_HASH_LEN));
}

void pack_hash(const struct pack *p, uint8_t hash[PACK_HASH_LEN])
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, PACK_HASH_LEN);
	for (uint32_t i = 0; i < p->n_sections; i++) {
		uint8_t piece[SIGNED_ENTRY_LEN];
		struct writer w = writer_of(piece, sizeof(piece));

		put_section(&w, &p->sections[i]);
		if (strcmp(p->sections[i].name, section_meta) != 0) {
			(void)crypto_generichash_update(&state, piece, sizeof(piece));
		}
	}
	(void)crypto_generichash_final(&state, hash, PACK_HASH_LEN);
}

bool pack_part_path(
	const char *parts, const uint8_t hash[PACK_HASH_LEN], char *path, size_t path_size)
{
	char text[PACK_HASH_TEXT_SIZE];
	int n;

	pack_hash_text(hash, text);
	n = snprintf(path, path_size, "%s/%s", parts, text);
	return n > 0 && (size_t)n < path_size;
}

/* ---- sections ---- */

bool pack_name_good(const char name[PACK_NAME_SIZE])
{
	size_t len = strnlen(name, PACK_NAME_SIZE);

	for (size_t i = 0; i < PACK_NAME_SIZE; i++) {
		if (i < len ? name[i] < ' ' || name[i] > '~' : name[i] != '\0') {
			return false;
		}
	}
	return len != 0 && len < PACK_NAME_SIZE;
}

static uint32_t place_of(const struct pack *p, const char *name)
{
	uint32_t i = 0;

	while (i < p->n_sections && strcmp(p->sections[i].name, name) != 0) {
		i++;
	}
	return i;
}

const struct pack_section *pack_section(const struct pack *p, const char *name)
{
	uint32_t i = place_of(p, name);

	return i < p->n_sections ? &p->sections[i] : NULL;
}

bool pack_find(const struct pack *p, const char *name, struct bytes *data)
{
	const struct pack_section *s = pack_section(p, name);

	if (s == NULL || !s->present) {
		return false;
	}
	*data = s->data;
	return true;
}

bool pack_add_known(struct pack *p, const char *name, const uint8_t hash[PACK_HASH_LEN],
	uint64_t len, struct bytes data)
{
	struct pack_section s = { .len = len, .present = data.len == len, .data = data };
	size_t name_len = strlen(name);

	if (p->n_sections == PACK_SECTIONS_MAX || name_len >= PACK_NAME_SIZE ||
		place_of(p, name) != p->n_sections) {
		return false;
	}
	memcpy(s.name, name, name_len);
	if (!pack_name_good(s.name)) {
		return false;
	}
	memcpy(s.hash, hash, PACK_HASH_LEN);
	s.outside = !s.present;
	p->sections[p->n_sections++] = s;
	p->is_signed = false;
	return true;
}

bool pack_add(struct pack *p, const char *name, struct bytes data)
{
	uint8_t hash[PACK_HASH_LEN];

	if (sodium_init() < 0) {
		return false;
	}
	pack_hash_octets(data, hash);
	return pack_add_known(p, name, hash, data.len, data);
}

static void *copy_of(struct bytes data)
{
	void *copy = malloc(data.len + 1);

	if (copy != NULL && data.len != 0) {
		memcpy(copy, data.data, data.len);
	}
	return copy;
}

bool pack_add_copy(struct pack *p, const char *name, struct bytes data)
{
	void *copy = copy_of(data);

	if (copy == NULL || !pack_add(p, name, bytes_of(copy, data.len))) {
		free(copy);
		return false;
	}
	p->sections[p->n_sections - 1].copy = copy;
	return true;
}

bool pack_replace(struct pack *p, const char *name, struct bytes data)
{
	uint32_t i = place_of(p, name);
	struct pack_section *s = &p->sections[i];
	void *copy;

	if (i == p->n_sections) {
		return pack_add_copy(p, name, data);
	}
	copy = copy_of(data); /* before the old one goes: `data` may be it */
	if (copy == NULL || sodium_init() < 0) {
		free(copy);
		return false;
	}
	free(s->copy);
	s->copy = copy;
	s->data = bytes_of(copy, data.len);
	s->len = data.len;
	s->present = true;
	s->outside = false;
	pack_hash_octets(s->data, s->hash);
	p->is_signed = false;
	return true;
}

void pack_remove(struct pack *p, const char *name)
{
	uint32_t i = place_of(p, name);

	if (i == p->n_sections) {
		return;
	}
	free(p->sections[i].copy);
	p->n_sections--;
	memmove(&p->sections[i], &p->sections[i + 1], (p->n_sections - i) * sizeof(p->sections[0]));
	p->is_signed = false;
}

void pack_free(struct pack *p)
{
	for (uint32_t i = 0; i < p->n_sections; i++) {
		free(p->sections[i].copy);
	}
	free(p->memory);
	memset(p, 0, sizeof(*p));
}

/* ---- writing ---- */

uint8_t *pack_signed_octets(const struct pack *p, const struct key_public *signer, size_t *len)
{
	size_t size =
		PACK_MAGIC_LEN + 4 + 4 + (size_t)p->n_sections * SIGNED_ENTRY_LEN + KEY_PUBLIC_LEN;
	uint8_t *octets = malloc(size);
	struct writer w = writer_of(octets, size);

	if (octets == NULL) {
		return NULL;
	}
	writer_put(&w, bytes_of(pack_magic, sizeof(pack_magic)));
	writer_u32(&w, PACK_VERSION);
	writer_u32(&w, p->n_sections);
	for (uint32_t i = 0; i < p->n_sections; i++) {
		put_section(&w, &p->sections[i]);
	}
	writer_put(&w, bytes_of(signer->octets, KEY_PUBLIC_LEN));
	*len = size;
	return octets;
}

/* Ends the piece that began at `start` with its check. */
static void put_check(struct writer *w, const uint8_t *start)
{
	uint8_t check[PACK_CHECK_LEN];

	pack_check(bytes_of(start, (size_t)(w->at - start)), check);
	writer_put(w, bytes_of(check, sizeof(check)));
}

static bool is_outside(const struct pack_section *s, enum pack_form form)
{
	return form == PACK_MANIFEST || (form == PACK_THIN && s->outside);
}

static void put_entry(struct writer *w, const struct pack_section *s, uint64_t offset)
{
	const uint8_t *start = w->at;

	writer_put(w, bytes_of(s->name, PACK_NAME_SIZE));
	put_u64(w, offset);
	put_u64(w, s->len);
	writer_put(w, bytes_of(s->hash, PACK_HASH_LEN));
	put_check(w, start);
}

/* Signer and signature: by `key`, or those it has, or zeros. */
static bool put_signature(struct writer *w, const struct pack *p, const struct key_secret *key)
{
	struct key_public signer = { { 0 } };
	uint8_t signature[KEY_SIGNATURE_LEN] = { 0 };
	const uint8_t *start = w->at;
	size_t len = 0;
	uint8_t *octets;

	if (key != NULL) {
		signer = key->public;
		octets = pack_signed_octets(p, &signer, &len);
		if (octets == NULL) {
			return false;
		}
		key_sign(key, bytes_of(octets, len), signature);
		free(octets);
	} else if (p->is_signed) {
		signer = p->signer;
		memcpy(signature, p->signature, sizeof(signature));
	}
	writer_put(w, bytes_of(signer.octets, KEY_PUBLIC_LEN));
	put_check(w, start);
	writer_put(w, bytes_of(signature, sizeof(signature)));
	return true;
}

/* Head, table, signer and signature: pack_table_len() octets of malloc'ed memory. */
static uint8_t *make_table(const struct pack *p, const struct key_secret *key, enum pack_form form)
{
	uint64_t offset = pack_table_len(p->n_sections);
	uint8_t *table = malloc((size_t)offset);
	struct writer w = writer_of(table, (size_t)offset);

	if (table == NULL) {
		return NULL;
	}
	writer_put(&w, bytes_of(pack_magic, sizeof(pack_magic)));
	writer_u32(&w, PACK_VERSION);
	writer_u32(&w, p->n_sections);
	put_check(&w, table);
	for (uint32_t i = 0; i < p->n_sections; i++) {
		bool outside = is_outside(&p->sections[i], form);

		put_entry(&w, &p->sections[i], outside ? 0 : offset);
		offset += outside ? 0 : p->sections[i].len;
	}
	if (!put_signature(&w, p, key)) {
		free(table);
		return NULL;
	}
	return table;
}

int pack_write(
	const struct pack *p, const char *path, const struct key_secret *key, enum pack_form form)
{
	struct bytes *runs = calloc(p->n_sections + 1, sizeof(*runs));
	uint8_t *table = sodium_init() >= 0 ? make_table(p, key, form) : NULL;
	size_t n = 0;
	int error = runs == NULL || table == NULL ? -ENOMEM : 0;

	if (error == 0) {
		runs[n++] = bytes_of(table, pack_table_len(p->n_sections));
	}
	for (uint32_t i = 0; error == 0 && i < p->n_sections; i++) {
		const struct pack_section *s = &p->sections[i];

		if (!is_outside(s, form)) {
			runs[n++] = s->data;
			error = s->present ? 0 : -ENODATA;
		}
	}
	if (error == 0) {
		error = durable_write(path, FILE_MODE, runs, n, false);
	}
	free(table);
	free(runs);
	return error;
}

/* ---- what it says about itself ---- */

/* A text that fits in a line. */
static void put_text(FILE *f, const char *word, const char *text)
{
	fprintf(f, "%s ", word);
	for (; *text != '\0'; text++) {
		fputc((unsigned char)*text < ' ' || *text == 0x7F ? ' ' : *text, f);
	}
	fputc('\n', f);
}

bool pack_set_meta(struct pack *p, const struct pack_meta *meta)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool good;

	if (f == NULL) {
		return false;
	}
	fprintf(f, "schema %u\nbase %u\ncreated_us %llu\n", meta->schema, meta->base,
		(unsigned long long)meta->created_us);
	put_text(f, "author", meta->author);
	put_text(f, "note", meta->note);
	good = fclose(f) == 0 && pack_replace(p, section_meta, bytes_of(text, len));
	free(text);
	return good;
}

static bool read_number(const char *text, uint64_t max, uint64_t *v)
{
	char *end;

	if (*text < '0' || *text > '9') {
		return false;
	}
	errno = 0;
	*v = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *v <= max;
}

static bool read_text(const char *text, char *to, size_t size)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) {
			return false;
		}
	}
	if (len >= size) {
		return false;
	}
	memcpy(to, text, len + 1);
	return true;
}

enum meta_word { META_SCHEMA, META_BASE, META_CREATED, META_AUTHOR, META_NOTE, META_WORDS };

static const char *const meta_words[META_WORDS] = { "schema", "base", "created_us", "author",
	"note" };

static bool read_meta_line(struct pack_meta *m, enum meta_word word, const char *value)
{
	uint64_t v = 0;
	bool good = false;

	switch (word) {
	case META_SCHEMA:
		good = read_number(value, UINT32_MAX, &v);
		m->schema = (uint32_t)v;
		break;
	case META_BASE:
		good = read_number(value, UINT32_MAX, &v);
		m->base = (uint32_t)v;
		break;
	case META_CREATED:
		good = read_number(value, INT64_MAX, &v);
		m->created_us = v;
		break;
	case META_AUTHOR:
		good = read_text(value, m->author, sizeof(m->author));
		break;
	case META_NOTE:
		good = read_text(value, m->note, sizeof(m->note));
		break;
	case META_WORDS:
		break;
	}
	return good;
}

/* Each word once, in the order of meta_words: there is one way to write it. */
static bool read_meta(struct pack_meta *m, char *text)
{
	char *rest = text;

	for (unsigned i = 0; i < META_WORDS; i++) {
		char *value = rest != NULL ? strsep(&rest, "\n") : NULL;
		const char *word = value != NULL ? strsep(&value, " ") : NULL;

		if (value == NULL || strcmp(word, meta_words[i]) != 0 ||
			!read_meta_line(m, (enum meta_word)i, value)) {
			return false;
		}
	}
	return rest != NULL && *rest == '\0';
}

bool pack_meta(const struct pack *p, const char *path, struct pack_meta *meta, struct diag *diag)
{
	struct pack_meta m = { 0 };
	struct bytes data;
	char *text;
	bool good;

	if (!pack_find(p, section_meta, &data)) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "section %s: missing", section_meta);
		return false;
	}
	text = copy_of(data);
	if (text == NULL) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "out of memory");
		return false;
	}
	text[data.len] = '\0';
	good = strlen(text) == data.len && read_meta(&m, text);
	free(text);
	if (!good) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "section %s: is not well-formed",
			section_meta);
	} else if (m.schema != PACK_SCHEMA) {
		diag_add(diag, DIAG_ERROR, path, 0, 0,
			"section %s: schema %u; this program reads schema %d: compile the policy "
			"anew",
			section_meta, m.schema, PACK_SCHEMA);
		good = false;
	} else {
		*meta = m;
	}
	return good;
}
