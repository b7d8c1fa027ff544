/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets as a pack, or a signed pack with any octets changed, with checks and hashes made right again
 * or not: who asks for a signature gets the sections that were signed or nothing; who does not ask gets
 * sections whose hashes are right; a refusal is one sentence and leaves nothing.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "patterns/durable.h"
#include "patterns/pack_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The first octet of an input. */
enum { MEND_CHECKS = 1, MEND_HASHES = 2, EDIT = 4, FILE_SIZE_MAX = 1 << 16 };

static struct diag diag;
static struct key_secret key;
static struct key_ring ring;
static struct pack original;
static uint8_t original_file[4096];
static size_t original_len;
static char path[64];
static int file = -1;

static void require(bool holds)
{
	if (!holds) {
		diag_print(&diag, stderr);
		abort();
	}
}

static void make_original(void)
{
	static const char meta[] = "schema 1\nbase 3\ncreated_us 5\nauthor anna\nnote x\n";
	char name[] = "/tmp/smswall-fuzz-XXXXXX";
	uint8_t expanded[crypto_sign_SECRETKEYBYTES];
	int fd = mkstemp(name);
	char *octets;
	int error;

	require(fd >= 0 && sodium_init() >= 0);
	close(fd);
	memset(key.seed, 7, sizeof(key.seed));
	require(crypto_sign_seed_keypair(key.public.octets, expanded, key.seed) == 0);
	require(key_ring_add(&ring, &key.public, "fuzz"));
	require(pack_add(&original, "meta", bytes_str(meta)));
	require(pack_add(&original, "rules", bytes_str("a:/prize/i\n")));
	require(pack_add(&original, "empty", bytes_str("")));
	require(pack_write(&original, name, &key, PACK_WHOLE) == 0);
	octets = durable_read(name, sizeof(original_file), &original_len, &error);
	require(octets != NULL);
	memcpy(original_file, octets, original_len);
	free(octets);
	unlink(name);
	file = memfd_create("pack", MFD_CLOEXEC);
	require(file >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
}

/* ---- inputs ---- */

static uint64_t u64(const uint8_t *at)
{
	return (uint64_t)be32(at) << 32 | be32(at + 4);
}

static void mend_hashes(uint8_t *octets, size_t len, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *entry = octets + PACK_HEAD_LEN + (size_t)i * PACK_ENTRY_LEN;
		uint64_t offset = u64(entry + PACK_NAME_SIZE);
		uint64_t section_len = u64(entry + PACK_NAME_SIZE + 8);

		if (offset <= len && section_len <= len - offset) {
			pack_hash_octets(bytes_of(octets + offset, (size_t)section_len),
				entry + PACK_NAME_SIZE + 16);
		}
	}
}

static void mend_checks(uint8_t *octets, uint32_t n)
{
	uint8_t *signer = octets + PACK_HEAD_LEN + (size_t)n * PACK_ENTRY_LEN;

	pack_check(bytes_of(octets, PACK_HEAD_LEN - PACK_CHECK_LEN),
		octets + PACK_HEAD_LEN - PACK_CHECK_LEN);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *entry = octets + PACK_HEAD_LEN + (size_t)i * PACK_ENTRY_LEN;

		pack_check(bytes_of(entry, PACK_ENTRY_LEN - PACK_CHECK_LEN),
			entry + PACK_ENTRY_LEN - PACK_CHECK_LEN);
	}
	pack_check(bytes_of(signer, KEY_PUBLIC_LEN), signer + KEY_PUBLIC_LEN);
}

static void mend(uint8_t *octets, size_t len, unsigned how)
{
	uint32_t n = len >= PACK_HEAD_LEN ? be32(octets + PACK_MAGIC_LEN + 4) : UINT32_MAX;

	if (n > PACK_SECTIONS_MAX || pack_table_len(n) > len) {
		return;
	}
	if ((how & MEND_HASHES) != 0) {
		mend_hashes(octets, len, n);
	}
	if ((how & MEND_CHECKS) != 0) {
		mend_checks(octets, n);
	}
}

/* Makes the file of an input; its length. */
static size_t make_file(const uint8_t *data, size_t len, uint8_t *octets)
{
	unsigned how = data[0];

	data++;
	len--;
	if ((how & EDIT) == 0) {
		len = len < FILE_SIZE_MAX ? len : FILE_SIZE_MAX;
		memcpy(octets, data, len);
	} else {
		memcpy(octets, original_file, original_len);
		for (; len >= 3; len -= 3, data += 3) {
			octets[be16(data) % original_len] ^= data[2];
		}
		len = original_len;
	}
	mend(octets, len, how);
	return len;
}

/* ---- properties ---- */

static void check_refusal(const struct pack *p)
{
	require(diag.n_errors == 1 && diag.n_entries == 1);
	require(diag.entries[0].text[0] != '\0' && strcmp(diag.entries[0].file, path) == 0);
	require(p->n_sections == 0 && p->memory == NULL);
}

static void check_hashes(const struct pack *p, size_t file_len)
{
	uint8_t hash[PACK_HASH_LEN];
	size_t len = 0;

	for (uint32_t i = 0; i < p->n_sections; i++) {
		const struct pack_section *s = &p->sections[i];

		require(s->present && !s->outside && s->data.len == s->len);
		require(pack_name_good(s->name) && pack_section(p, s->name) == s);
		pack_hash_octets(s->data, hash);
		require(memcmp(hash, s->hash, sizeof(hash)) == 0);
		len += s->data.len;
	}
	require(len == p->memory_len && pack_table_len(p->n_sections) + len == file_len);
}

/* What was signed, section by section. */
static void check_original(const struct pack *p)
{
	require(p->is_signed && p->n_sections == original.n_sections);
	for (uint32_t i = 0; i < p->n_sections; i++) {
		require(strcmp(p->sections[i].name, original.sections[i].name) == 0);
		require(bytes_equal(p->sections[i].data, original.sections[i].data));
	}
}

static void check_meta(struct pack *p)
{
	static struct pack_meta meta;
	static struct pack_meta again;

	if (pack_meta(p, path, &meta, &diag)) {
		require(diag.n_entries == 0 && meta.schema == PACK_SCHEMA);
		require(pack_set_meta(p, &meta) && !p->is_signed);
		memset(&again, 0, sizeof(again));
		require(pack_meta(p, path, &again, &diag) &&
			memcmp(&meta, &again, sizeof(meta)) == 0);
	} else {
		require(diag.n_errors == 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t octets[FILE_SIZE_MAX];
	static struct pack p;
	size_t file_len;

	if (file < 0) {
		make_original();
	}
	if (len == 0) {
		return 0;
	}
	file_len = make_file(data, len, octets);
	require(ftruncate(file, 0) == 0 && pwrite(file, octets, file_len, 0) == (ssize_t)file_len);
	diag_clear(&diag);
	if (pack_read(&p, path, NULL, &ring, &diag)) {
		check_original(&p);
	} else {
		check_refusal(&p);
	}
	pack_free(&p);
	diag_clear(&diag);
	if (pack_read(&p, path, NULL, NULL, &diag)) {
		check_hashes(&p, file_len);
		check_meta(&p);
	} else {
		check_refusal(&p);
	}
	pack_free(&p);
	diag_clear(&diag);
	return 0;
}
