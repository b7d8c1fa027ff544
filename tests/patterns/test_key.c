/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "patterns/durable.h"
#include "tests/support/unit.h"

static struct diag diag;
static char folder[] = "/tmp/smswall-test-XXXXXX";
static char path[64];

static void begin(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/key", folder);
	diag_clear(&diag);
}

static void end(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(folder), 0); /* no temporary file is left */
	diag_clear(&diag);
}

static void write_text(const char *text, mode_t mode)
{
	struct bytes run = bytes_str(text);

	CU_ASSERT_EQUAL_FATAL(durable_write(path, mode, &run, 1, false), 0);
}

static bool said(const char *text, int line)
{
	for (size_t i = 0; i < diag.n_entries; i++) {
		if (strstr(diag.entries[i].text, text) != NULL && diag.entries[i].line == line) {
			return true;
		}
	}
	diag_print(&diag, stdout);
	return false;
}

static void from_hex(const char *hex, uint8_t *to)
{
	for (size_t i = 0; hex[2 * i] != '\0'; i++) {
		const char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		to[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

/* RFC 8032 7.1, TEST 1, 2 and 3: secret key, public key, message, signature. */
static void test_rfc8032(void)
{
	static const struct {
		const char *seed, *public, *message, *signature;
	} cases[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb88215"
			"90a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e4"
			"3e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
			"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b53"
			"8d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct key_secret k;
		struct key_secret loaded;
		struct key_public public;
		uint8_t message[4] = { 0 };
		uint8_t expected[KEY_SIGNATURE_LEN];
		uint8_t signature[KEY_SIGNATURE_LEN];
		struct bytes said_octets = bytes_of(message, strlen(cases[i].message) / 2);

		CU_ASSERT_FATAL(key_make(&k));
		from_hex(cases[i].seed, k.seed); /* its public half is made when it is loaded */
		from_hex(cases[i].public, public.octets);
		from_hex(cases[i].message, message);
		from_hex(cases[i].signature, expected);
		CU_ASSERT_EQUAL(key_secret_save(&k, path), 0);
		CU_ASSERT_FATAL(key_secret_load(&loaded, path, &diag));
		CU_ASSERT(key_equal(&loaded.public, &public));
		CU_ASSERT_FALSE(key_equal(&loaded.public, &k.public));
		key_sign(&loaded, said_octets, signature);
		CU_ASSERT(memcmp(signature, expected, sizeof(signature)) == 0);
		CU_ASSERT(key_verify(&public, said_octets, signature));
		CU_ASSERT_FALSE(key_verify(&k.public, said_octets, signature));
		message[0] ^= 1;
		CU_ASSERT_FALSE(key_verify(&public, bytes_of(message, 3), signature));
		signature[40] ^= 1;
		message[0] ^= 1;
		CU_ASSERT_FALSE(key_verify(&public, said_octets, signature));
	}
	end();
}

static void test_secret(void)
{
	struct key_secret a;
	struct key_secret b;
	struct key_secret loaded;
	struct stat st;

	begin();
	CU_ASSERT_FATAL(key_make(&a) && key_make(&b));
	CU_ASSERT_FALSE(key_equal(&a.public, &b.public));
	CU_ASSERT_FALSE(key_secret_load(&loaded, path, &diag));
	CU_ASSERT(said("No such file", 0));
	CU_ASSERT_EQUAL(key_secret_save(&a, path), 0);
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CU_ASSERT(key_secret_load(&loaded, path, &diag));
	CU_ASSERT(memcmp(&loaded, &a, sizeof(a)) == 0);
	CU_ASSERT_EQUAL(key_secret_save(&b, path), 0); /* replaces */
	CU_ASSERT(key_secret_load(&loaded, path, &diag) && memcmp(&loaded, &b, sizeof(b)) == 0);
	key_secret_wipe(&loaded);
	CU_ASSERT_EQUAL(loaded.seed[0] | loaded.seed[31] | loaded.public.octets[0], 0);
	CU_ASSERT_EQUAL(key_secret_save(&a, "/nonexistent/folder/key"), -ENOENT);
	end();
}

/* A key that others could have read is none; nor is one that was cut short or damaged. */
static void test_secret_refused(void)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644 };
	static const char *const texts[] = { "", "\n", "smswall-secret \n", "smswall-secret AAAA\n",
		"smswall-secret AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"smswall-secret AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
		"smswall-secret AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA*=\n",
		"smswall-public AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"smswall-secret AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nx" };
	struct key_secret k;

	begin();
	write_text("smswall-secret AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 0600);
	CU_ASSERT(key_secret_load(&k, path, &diag));
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		CU_ASSERT_EQUAL(chmod(path, modes[i]), 0);
		diag_clear(&diag);
		CU_ASSERT_FALSE(key_secret_load(&k, path, &diag));
		CU_ASSERT(said("others than its owner", 0));
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_text(texts[i], 0600);
		diag_clear(&diag);
		CU_ASSERT_FALSE(key_secret_load(&k, path, &diag));
		CU_ASSERT(said("no secret key", 1));
		CU_ASSERT_EQUAL(diag.n_errors, 1);
	}
	end();
}

static void test_text(void)
{
	struct key_secret k;
	struct key_public read;
	char text[KEY_TEXT_SIZE];
	char id[KEY_ID_SIZE];
	char other[KEY_ID_SIZE];

	for (unsigned i = 0; i < 200; i++) {
		CU_ASSERT_FATAL(key_make(&k));
		key_text(&k.public, text);
		CU_ASSERT_EQUAL(strlen(text), KEY_TEXT_SIZE - 1);
		CU_ASSERT(key_parse(&read, text) && key_equal(&read, &k.public));
		key_id(&k.public, id);
		CU_ASSERT_EQUAL(strspn(id, "0123456789abcdef"), KEY_ID_SIZE - 1);
		read.octets[i % KEY_PUBLIC_LEN] ^= 1;
		key_id(&read, other);
		CU_ASSERT_STRING_NOT_EQUAL(id, other);
	}
	text[43] = '\0';
	CU_ASSERT_FALSE(key_parse(&read, text));
	CU_ASSERT_FALSE(key_parse(&read, ""));
	CU_ASSERT_FALSE(key_parse(&read, "not a key at all but of the right length too"));
}

static void test_ring(void)
{
	static struct key_ring r;
	static struct key_ring read;
	struct key_secret k[3];

	begin();
	r = (struct key_ring){ 0 };
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_FATAL(key_make(&k[i]));
	}
	CU_ASSERT_FALSE(key_ring_load(&read, path, &diag));
	CU_ASSERT_EQUAL(key_ring_save(&r, path), 0);
	CU_ASSERT(key_ring_load(&read, path, &diag) && read.n == 0);
	CU_ASSERT(key_ring_add(&r, &k[0].public, "anna, \n her laptop "));
	CU_ASSERT(key_ring_add(&r, &k[1].public, ""));
	CU_ASSERT(key_ring_add(&r, &k[1].public, "bert")); /* once, with the new note */
	CU_ASSERT_EQUAL(r.n, 2);
	CU_ASSERT(key_ring_has(&r, &k[0].public) && key_ring_has(&r, &k[1].public));
	CU_ASSERT_FALSE(key_ring_has(&r, &k[2].public));
	CU_ASSERT_EQUAL(key_ring_save(&r, path), 0);
	diag_clear(&diag);
	CU_ASSERT(key_ring_load(&read, path, &diag));
	CU_ASSERT(memcmp(&r, &read, sizeof(r)) == 0);
	CU_ASSERT_STRING_EQUAL(read.entries[0].note, "anna,   her laptop");
	key_ring_remove(&r, &k[2].public);
	CU_ASSERT_EQUAL(r.n, 2);
	key_ring_remove(&r, &k[0].public);
	CU_ASSERT(r.n == 1 && !key_ring_has(&r, &k[0].public) && key_ring_has(&r, &k[1].public));
	end();
}

static void test_ring_full(void)
{
	static struct key_ring r;
	static struct key_ring read;
	struct key_secret k;

	begin();
	r = (struct key_ring){ 0 };
	for (unsigned i = 0; i < KEY_RING_MAX; i++) {
		CU_ASSERT_FATAL(key_make(&k));
		CU_ASSERT(key_ring_add(&r, &k.public,
			"a note that is longer than the room that notes "
			"have, which is then cut"));
	}
	CU_ASSERT(key_ring_add(&r, &k.public, "known: no room is needed"));
	CU_ASSERT_FATAL(key_make(&k));
	CU_ASSERT_FALSE(key_ring_add(&r, &k.public, "one more"));
	CU_ASSERT_EQUAL(key_ring_save(&r, path), 0);
	CU_ASSERT(key_ring_load(&read, path, &diag));
	CU_ASSERT(memcmp(&r, &read, sizeof(r)) == 0);
	end();
}

/* Each wrong line is told; the right ones are kept. */
static void test_ring_lines(void)
{
	static struct key_ring r;

	begin();
	write_text("# whose packs are taken\n"
		   "\n"
		   "  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\tanna\r\n"
		   "AAAA anna\n"
		   "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
		   "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= bert\n"
		   "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=bert",
		0640);
	CU_ASSERT_FALSE(key_ring_load(&r, path, &diag));
	CU_ASSERT_EQUAL(diag.n_errors, 2);
	CU_ASSERT(said("no public key", 4) && said("no public key", 7));
	CU_ASSERT_EQUAL(r.n, 3);
	CU_ASSERT_STRING_EQUAL(r.entries[0].note, "anna");
	CU_ASSERT_STRING_EQUAL(r.entries[1].note, "");
	CU_ASSERT_STRING_EQUAL(r.entries[2].note, "bert");
	end();
}

UNIT_MAIN("patterns/key", { "RFC 8032", test_rfc8032 }, { "secret", test_secret },
	{ "secret refused", test_secret_refused }, { "text", test_text }, { "ring", test_ring },
	{ "full ring", test_ring_full }, { "lines of a ring", test_ring_lines })
