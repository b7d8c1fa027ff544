/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "patterns/durable.h"
#include "tests/support/unit.h"

/* The layout as pack.h draws it. */
enum {
	HEAD_LEN = 24,
	ENTRY_LEN = 88,
	SIGNER_LEN = 40,
	SIGNATURE_LEN = 64,
	CHECK_LEN = 8,
	FLIPS = 100000,
	SIGNED_SHARE =
		5, /* every fifth flip is of a signed pack: a signature costs most of the time */
};

static struct diag diag;
static char folder[] = "/tmp/smswall-test-XXXXXX";
static char path[64];
static struct key_secret key;
static struct key_ring ring;

static void begin(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/test.pack", folder);
	diag_clear(&diag);
	ring = (struct key_ring){ 0 };
	CU_ASSERT_FATAL(key_make(&key));
	CU_ASSERT(key_ring_add(&ring, &key.public, "test"));
}

static void end(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(folder), 0); /* no temporary file is left */
	diag_clear(&diag);
}

static const char *first_text(void)
{
	return diag.n_entries != 0 ? diag.entries[0].text : "";
}

/* The one error that there is begins with `what`, and names the file. */
static bool refused(const char *what)
{
	if (diag.n_entries != 1 || diag.n_errors != 1 || strstr(first_text(), what) == NULL ||
		strcmp(diag.entries[0].file, path) != 0) {
		printf("expected \"%s\"\n", what);
		diag_print(&diag, stdout);
		return false;
	}
	diag_clear(&diag);
	return true;
}

static void put_text(struct pack *p, const char *name, const char *text)
{
	CU_ASSERT_FATAL(pack_add(p, name, bytes_str(text)));
}

/* Three sections, one of them empty; signed or not. */
static void write_small(const struct key_secret *by)
{
	static struct pack p;

	p = (struct pack){ 0 };
	put_text(&p, "rules", "a:/prize/i\nb:/parcel held/i\n");
	put_text(&p, "empty", "");
	put_text(&p, "policy.conf", "categories = ();\n");
	CU_ASSERT_EQUAL_FATAL(pack_write(&p, path, by, PACK_WHOLE), 0);
	pack_free(&p);
}

static uint8_t *read_file(size_t *len)
{
	int error;
	char *octets = durable_read(path, 1 << 20, len, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(octets);
	return (uint8_t *)octets;
}

static void write_file(const uint8_t *octets, size_t len)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(octets, 1, len, f), len);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static void flip(int fd, size_t at, uint8_t mask)
{
	uint8_t octet = 0;

	CU_ASSERT_EQUAL(pread(fd, &octet, 1, (off_t)at), 1);
	octet ^= mask;
	CU_ASSERT_EQUAL(pwrite(fd, &octet, 1, (off_t)at), 1);
}

/* Which piece of the header an octet belongs to, as the refusal has to call it. */
static void piece_of(size_t at, uint32_t n_sections, bool is_signed, char *name, size_t size)
{
	size_t table = HEAD_LEN + n_sections * ENTRY_LEN;

	if (at < 8) {
		snprintf(name, size, "header: magic:");
	} else if (at < 12) {
		snprintf(name, size, "header: version:");
	} else if (at < HEAD_LEN) {
		snprintf(name, size, "header: number of sections: damaged");
	} else if (at < table) {
		snprintf(name, size, "header: table: entry %zu: damaged",
			(at - HEAD_LEN) / ENTRY_LEN + 1);
	} else if (at < table + SIGNER_LEN) {
		snprintf(name, size, "header: signer: damaged");
	} else {
		snprintf(name, size, "header: signature: %s",
			is_signed ? "is not that of key" : "damaged");
	}
}

/* Each octet of head, table, signer and signature, with each bit. */
static void damage_header(bool is_signed)
{
	static struct pack p;
	size_t header = HEAD_LEN + 3 * ENTRY_LEN + SIGNER_LEN + SIGNATURE_LEN;
	char name[64];
	int fd;

	begin();
	write_small(is_signed ? &key : NULL);
	fd = open(path, O_RDWR);
	CU_ASSERT_FATAL(fd >= 0);
	for (size_t at = 0; at < header; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			piece_of(at, 3, is_signed, name, sizeof(name));
			flip(fd, at, (uint8_t)(1u << bit));
			CU_ASSERT_FALSE(pack_read(&p, path, NULL, is_signed ? &ring : NULL, &diag));
			CU_ASSERT(refused(name));
			flip(fd, at, (uint8_t)(1u << bit));
		}
	}
	CU_ASSERT(pack_read(&p, path, NULL, is_signed ? &ring : NULL, &diag)); /* all is back */
	pack_free(&p);
	close(fd);
	end();
}

static void test_header_signed(void)
{
	damage_header(true);
}

static void test_header_unsigned(void)
{
	damage_header(false);
}

/* Where each section of a pack lies, to know whom a damaged octet belongs to. */
static const char *owner_of(const struct pack *p, size_t body, size_t at)
{
	for (uint32_t i = 0; i < p->n_sections; i++) {
		if (at - body < p->sections[i].data.len) {
			return p->sections[i].name;
		}
		body += p->sections[i].data.len;
	}
	return "?";
}

/* Seeded flips of one to eight bits of one octet of the body: all refused, each by its section. */
static void damage_body(uint32_t seed, unsigned n_flips, bool is_signed)
{
	static struct pack p;
	static struct pack damaged;
	size_t body;
	size_t len;
	char name[64];
	int fd;

	begin();
	write_small(is_signed ? &key : NULL);
	CU_ASSERT_FATAL(pack_read(&p, path, NULL, NULL, &diag));
	body = HEAD_LEN + p.n_sections * ENTRY_LEN + SIGNER_LEN + SIGNATURE_LEN;
	len = p.memory_len;
	fd = open(path, O_RDWR);
	CU_ASSERT_FATAL(fd >= 0 && len > 20);
	for (unsigned i = 0; i < n_flips; i++) {
		size_t at;
		uint8_t mask;

		seed = seed * 1664525u + 1013904223u;
		at = body + (seed >> 4) % len;
		mask = (uint8_t)((seed >> 24) | 1u << (i % 8));
		snprintf(name, sizeof(name), "section %s: damaged", owner_of(&p, body, at));
		flip(fd, at, mask);
		CU_ASSERT_FALSE(pack_read(&damaged, path, NULL, is_signed ? &ring : NULL, &diag));
		CU_ASSERT_FATAL(refused(name));
		flip(fd, at, mask);
	}
	CU_ASSERT(pack_read(&damaged, path, NULL, is_signed ? &ring : NULL, &diag));
	pack_free(&damaged);
	pack_free(&p);
	close(fd);
	end();
}

static void test_body(void)
{
	damage_body(5, FLIPS - FLIPS / SIGNED_SHARE, false);
	damage_body(6, FLIPS / SIGNED_SHARE, true);
}

static void test_truncated(void)
{
	static struct pack p;
	size_t len;
	uint8_t *octets;

	begin();
	write_small(&key);
	octets = read_file(&len);
	for (size_t n = 0; n < len; n++) {
		write_file(octets, n);
		CU_ASSERT_FALSE(pack_read(&p, path, NULL, &ring, &diag));
		CU_ASSERT(refused(n < 8          ? "header: magic"
				  : n < HEAD_LEN ? "header: cut short"
				  : n < HEAD_LEN + 3 * ENTRY_LEN + SIGNER_LEN + SIGNATURE_LEN
					  ? "header: table: cut short"
				  : n < len - 17 ? "section rules: cut short"
						 : "section policy.conf: cut short"));
	}
	write_file(octets, len + 1); /* durable_read() puts a NUL there */
	CU_ASSERT_FALSE(pack_read(&p, path, NULL, &ring, &diag));
	CU_ASSERT(refused("1 octets follow the last section"));
	free(octets);
	end();
}

/* ---- well-hashed nonsense: only a signature would tell, and there is none ---- */

static void mend_check(uint8_t *piece, size_t len)
{
	uint8_t hash[32];

	(void)crypto_generichash(hash, sizeof(hash), piece, len, NULL, 0);
	memcpy(piece + len, hash, CHECK_LEN);
}

static void put_u64(uint8_t *at, uint64_t v)
{
	put_be32(at, (uint32_t)(v >> 32));
	put_be32(at + 4, (uint32_t)v);
}

static void test_malformed(void)
{
	static const char *const said[] = { "header: number of sections: 1025; at most 1024",
		"header: table: cut short", "header: table: entry 2: its name is not well-formed",
		"header: table: entry 2: its name is not well-formed",
		"header: table: entry 2: its name is given twice",
		"header: table: entry 2: its offset is not where",
		"header: table: entry 2: its length is beyond every bound",
		"section empty: cut short", "header: table: entry 3: its offset is not where",
		"section empty: is not in this file: a thin pack" };
	static struct pack p;

	begin();
	for (unsigned i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		size_t len;
		uint8_t *octets;
		uint8_t *entry;

		write_small(NULL);
		octets = read_file(&len);
		entry = octets + HEAD_LEN + ENTRY_LEN;
		switch (i) {
		case 0:
			put_be32(octets + 12, 1025);
			break;
		case 1:
			put_be32(octets + 12, 1024);
			break;
		case 2:
			entry[31] = 'x'; /* behind the name's end */
			break;
		case 3:
			memset(entry, 0, 32);
			break;
		case 4:
			memcpy(entry, entry - ENTRY_LEN, 32);
			break;
		case 5:
			put_u64(entry + 32, 24);
			break;
		case 6:
			put_u64(entry + 40, UINT64_MAX);
			break;
		case 7:
		case 8:
			put_u64(entry + 40, i == 7 ? (uint64_t)1 << 30 : 1);
			if (i == 7) {
				uint8_t *next = entry + ENTRY_LEN;

				put_u64(next + 32,
					((uint64_t)be32(next + 32) << 32 | be32(next + 36)) +
						(1u << 30));
				mend_check(next, ENTRY_LEN - CHECK_LEN);
			}
			break;
		default:
			put_u64(entry + 32, 0);
			break;
		}
		mend_check(octets, HEAD_LEN - CHECK_LEN);
		mend_check(entry, ENTRY_LEN - CHECK_LEN);
		write_file(octets, len);
		CU_ASSERT_FALSE(pack_read(&p, path, NULL, NULL, &diag));
		CU_ASSERT(refused(said[i]));
		CU_ASSERT_FALSE(pack_read(&p, path, NULL, &ring, &diag));
		diag_clear(&diag);
		free(octets);
	}
	end();
}

/* Whoever has no key can make all hashes right, and still not the signature. */
static void test_forged(void)
{
	static struct pack p;
	size_t len;
	uint8_t *octets;
	uint8_t *entry;

	begin();
	write_small(&key);
	octets = read_file(&len);
	entry = octets + HEAD_LEN + 2 * ENTRY_LEN;
	octets[len - 2] = '#';
	(void)crypto_generichash(entry + 48, 32, octets + len - 17, 17, NULL, 0);
	mend_check(entry, ENTRY_LEN - CHECK_LEN);
	write_file(octets, len);
	CU_ASSERT_FALSE(pack_read(&p, path, NULL, &ring, &diag));
	CU_ASSERT(refused("header: signature: is not that of key"));
	CU_ASSERT_FALSE(pack_read(&p, path, NULL, NULL, &diag)); /* even for who does not ask */
	CU_ASSERT(refused("header: signature: is not that of key"));
	free(octets);
	end();
}

UNIT_MAIN("patterns/pack, damaged", { "signed header damaged", test_header_signed },
	{ "unsigned header damaged", test_header_unsigned }, { "body damaged", test_body },
	{ "truncated", test_truncated }, { "malformed", test_malformed }, { "forged", test_forged })
