/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
static char parts[64];
static struct key_secret key;
static struct key_ring ring;

static void begin(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/test.pack", folder);
	snprintf(parts, sizeof(parts), "%s/parts", folder);
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

/* ---- sections ---- */

static void test_sections(void)
{
	static struct pack p;
	struct bytes data;
	struct stat st;

	begin();
	p = (struct pack){ 0 };
	CU_ASSERT(pack_add(&p, "one", bytes_str("first")));
	CU_ASSERT(pack_add(&p, "empty", bytes_of(NULL, 0)));
	CU_ASSERT(pack_add(&p, "a name of 31 characters 9012345", bytes_str("x")));
	CU_ASSERT_FALSE(pack_add(&p, "a name of 32 characters 90123456", bytes_str("x")));
	CU_ASSERT_FALSE(pack_add(&p, "one", bytes_str("again")));
	CU_ASSERT_FALSE(pack_add(&p, "", bytes_str("x")));
	CU_ASSERT_FALSE(pack_add(&p, "line\n", bytes_str("x")));
	CU_ASSERT_FALSE(pack_add(&p, "caf\xC3\xA9", bytes_str("x")));
	CU_ASSERT_FALSE(pack_is(path));
	CU_ASSERT_EQUAL(pack_write(&p, path, NULL, PACK_WHOLE), 0);
	CU_ASSERT_EQUAL(pack_write(&p, path, NULL, PACK_WHOLE), 0); /* replaces */
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
	CU_ASSERT(pack_is(path));
	pack_free(&p);
	CU_ASSERT(pack_read(&p, path, NULL, NULL, &diag));
	CU_ASSERT_EQUAL(p.n_sections, 3);
	CU_ASSERT_FALSE(p.is_signed);
	CU_ASSERT(pack_find(&p, "one", &data) && bytes_equal(data, bytes_str("first")));
	CU_ASSERT(pack_find(&p, "empty", &data) && data.len == 0);
	CU_ASSERT_FALSE(pack_find(&p, "two", &data));
	pack_free(&p);
	CU_ASSERT_EQUAL(p.n_sections, 0);
	pack_free(&p);
	CU_ASSERT_EQUAL(pack_write(&p, "/nonexistent/folder/x", NULL, PACK_WHOLE), -ENOENT);
	end();
}

static void test_most_sections(void)
{
	static struct pack p;
	char name[16];

	begin();
	p = (struct pack){ 0 };
	for (unsigned i = 0; i < PACK_SECTIONS_MAX; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		CU_ASSERT_FATAL(pack_add(&p, name, bytes_str("x")));
	}
	CU_ASSERT_FALSE(pack_add(&p, "more", bytes_str("x")));
	CU_ASSERT_FALSE(pack_replace(&p, "more", bytes_str("x")));
	CU_ASSERT_EQUAL(pack_write(&p, path, &key, PACK_WHOLE), 0);
	pack_free(&p);
	CU_ASSERT(pack_read(&p, path, NULL, &ring, &diag) && p.n_sections == PACK_SECTIONS_MAX);
	pack_free(&p);
	end();
}

/* A read pack with a section changed, one taken out and one added is another pack, not signed. */
static void test_changes(void)
{
	static struct pack p;
	struct bytes data;

	begin();
	write_small(&key);
	CU_ASSERT_FATAL(pack_read(&p, path, NULL, &ring, &diag));
	CU_ASSERT(p.is_signed && key_equal(&p.signer, &key.public));
	pack_remove(&p, "nothing");
	CU_ASSERT(p.is_signed);
	CU_ASSERT(pack_find(&p, "rules", &data));
	CU_ASSERT(pack_replace(&p, "rules", bytes_slice(data, 0, 11))); /* of itself */
	CU_ASSERT_FALSE(p.is_signed);
	CU_ASSERT(pack_replace(&p, "rules", bytes_str("c:/other/\n")));
	CU_ASSERT(pack_replace(&p, "states", bytes_str("a on\n")));
	pack_remove(&p, "empty");
	CU_ASSERT_EQUAL(pack_write(&p, path, &key, PACK_WHOLE), 0);
	pack_free(&p);
	CU_ASSERT_FATAL(pack_read(&p, path, NULL, &ring, &diag));
	CU_ASSERT_EQUAL(p.n_sections, 3);
	CU_ASSERT(pack_find(&p, "rules", &data) && bytes_equal(data, bytes_str("c:/other/\n")));
	CU_ASSERT(pack_find(&p, "states", &data) && bytes_equal(data, bytes_str("a on\n")));
	CU_ASSERT_PTR_NULL(pack_section(&p, "empty"));
	pack_free(&p);
	end();
}

static void test_no_pack(void)
{
	static const char *const contents[] = { "", "SMSW", "1:/x/i\n", "SMSWPACK",
		"SMSWPACKxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"SMSWPACK\0\0\0\1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };
	static struct pack p;

	begin();
	CU_ASSERT_FALSE(pack_read(&p, path, NULL, NULL, &diag));
	CU_ASSERT(refused("No such file"));
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct bytes run = i == 5 ? bytes_of(contents[i], 53) : bytes_str(contents[i]);

		CU_ASSERT_EQUAL(durable_write(path, 0640, &run, 1, true), 0);
		CU_ASSERT_FALSE(pack_read(&p, path, NULL, NULL, &diag));
		CU_ASSERT(refused(i < 3    ? "header: magic"
				  : i == 3 ? "header: cut"
					   : "header: version"));
		CU_ASSERT_EQUAL(pack_is(path), i >= 3);
	}
	strcpy(path, folder);
	CU_ASSERT_FALSE(pack_read(&p, folder, NULL, NULL, &diag));
	CU_ASSERT(refused("it is no file"));
	strcpy(path, "/dev/zero");
	CU_ASSERT_FALSE(pack_read(&p, path, NULL, NULL, &diag));
	CU_ASSERT(refused("it is no file"));
	snprintf(path, sizeof(path), "%s/test.pack", folder);
	end();
}

/* ---- what it says about itself ---- */

static void test_meta(void)
{
	static struct pack p;
	struct pack_meta meta = { PACK_SCHEMA, 12, 1790000000000000, "anna\n", "caf\xC3\xA9\tout" };
	struct pack_meta read;

	begin();
	p = (struct pack){ 0 };
	CU_ASSERT_FALSE(pack_meta(&p, path, &read, &diag));
	CU_ASSERT(refused("section meta: missing"));
	CU_ASSERT(pack_set_meta(&p, &meta));
	meta.base = 13;
	CU_ASSERT(pack_set_meta(&p, &meta) && p.n_sections == 1); /* replaces */
	CU_ASSERT(pack_meta(&p, path, &read, &diag));
	CU_ASSERT(read.schema == PACK_SCHEMA && read.base == 13);
	CU_ASSERT_EQUAL(read.created_us, 1790000000000000);
	CU_ASSERT_STRING_EQUAL(read.author, "anna ");
	CU_ASSERT_STRING_EQUAL(read.note, "caf\xC3\xA9 out");
	meta.schema = PACK_SCHEMA + 1;
	CU_ASSERT(pack_set_meta(&p, &meta));
	CU_ASSERT_FALSE(pack_meta(&p, path, &read, &diag));
	CU_ASSERT(refused("schema 2; this program reads schema 1"));
	pack_free(&p);
	end();
}

static void test_meta_malformed(void)
{
	static const char long_author[] =
		"schema 1\nbase 0\ncreated_us 0\nauthor 0123456789012345678901234567890123456789"
		"012345678901234567890123\nnote b\n";
	static const char *const texts[] = { "", "schema 1\n",
		"schema 1\nbase 0\ncreated_us 0\nauthor a\nnote b",         /* no end */
		"schema 1\nbase 0\ncreated_us 0\nauthor a\nnote b\nmore\n", /* more */
		"schema 1\ncreated_us 0\nbase 0\nauthor a\nnote b\n",       /* order */
		"schema -1\nbase 0\ncreated_us 0\nauthor a\nnote b\n",
		"schema 1\nbase 4294967296\ncreated_us 0\nauthor a\nnote b\n",
		"schema 1\nbase 0\ncreated_us 9223372036854775808\nauthor a\nnote b\n",
		"schema 1\nbase 0\ncreated_us 99999999999999999999\nauthor a\nnote b\n",
		"schema 1\nbase 0 \ncreated_us 0\nauthor a\nnote b\n",
		"schema 1\nbase 0\ncreated_us 0\nauthor a\tb\nnote b\n",
		"schema 1\nbase\ncreated_us 0\nauthor a\nnote b\n", long_author };
	static struct pack p;
	struct pack_meta read;

	begin();
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		p = (struct pack){ 0 };
		put_text(&p, "meta", texts[i]);
		CU_ASSERT_FALSE(pack_meta(&p, path, &read, &diag));
		CU_ASSERT(refused("section meta: is not well-formed"));
	}
	p = (struct pack){ 0 };
	CU_ASSERT(pack_add(&p, "meta", bytes_of("schema 1\0\n", 10)));
	CU_ASSERT_FALSE(pack_meta(&p, path, &read, &diag));
	CU_ASSERT(refused("section meta: is not well-formed"));
	p = (struct pack){ 0 };
	put_text(&p, "meta", "schema 1\nbase 0\ncreated_us 0\nauthor \nnote \n");
	CU_ASSERT(pack_meta(&p, path, &read, &diag));
	end();
}

static void test_hash(void)
{
	static struct pack a;
	static struct pack b;
	const struct pack_meta meta = { PACK_SCHEMA, 1, 2, "anna", "" };
	uint8_t hash_a[PACK_HASH_LEN];
	uint8_t hash_b[PACK_HASH_LEN];

	a = (struct pack){ 0 };
	b = (struct pack){ 0 };
	put_text(&a, "one", "1");
	CU_ASSERT(pack_set_meta(&b, &meta));
	put_text(&b, "one", "1");
	pack_hash(&a, hash_a);
	pack_hash(&b, hash_b);
	CU_ASSERT(memcmp(hash_a, hash_b, sizeof(hash_a)) == 0); /* who and when is no content */
	put_text(&a, "two", "2");
	pack_hash(&a, hash_a);
	CU_ASSERT(memcmp(hash_a, hash_b, sizeof(hash_a)) != 0);
	CU_ASSERT(pack_replace(&b, "one", bytes_str("2")));
	pack_remove(&a, "two");
	pack_hash(&a, hash_a);
	pack_hash(&b, hash_b);
	CU_ASSERT(memcmp(hash_a, hash_b, sizeof(hash_a)) != 0);
	pack_free(&a);
	pack_free(&b);
}

/* ---- signatures ---- */

static void test_signature(void)
{
	static struct pack p;
	static struct key_ring none;
	struct key_secret other;

	begin();
	CU_ASSERT_FATAL(key_make(&other));
	write_small(NULL);
	CU_ASSERT_FALSE(pack_read(&p, path, NULL, &ring, &diag));
	CU_ASSERT(refused("header: signer: none: this pack is not signed"));
	write_small(&other);
	CU_ASSERT_FALSE(pack_read(&p, path, NULL, &ring, &diag));
	CU_ASSERT(refused("is not trusted here"));
	CU_ASSERT(pack_read(&p, path, NULL, NULL, &diag)); /* who does not ask */
	CU_ASSERT(p.is_signed && key_equal(&p.signer, &other.public));
	pack_free(&p);
	write_small(&key);
	CU_ASSERT_FALSE(pack_read(&p, path, NULL, &none, &diag));
	CU_ASSERT(refused("is not trusted here"));
	CU_ASSERT(pack_read(&p, path, NULL, &ring, &diag));
	CU_ASSERT_EQUAL(pack_write(&p, path, NULL, PACK_WHOLE), 0); /* keeps its signature */
	pack_free(&p);
	CU_ASSERT(pack_read(&p, path, NULL, &ring, &diag));
	CU_ASSERT(pack_replace(&p, "empty", bytes_str("")));
	CU_ASSERT_EQUAL(pack_write(&p, path, NULL, PACK_WHOLE), 0); /* changed: has none */
	pack_free(&p);
	CU_ASSERT_FALSE(pack_read(&p, path, NULL, &ring, &diag));
	CU_ASSERT(refused("header: signer: none"));
	end();
}

/* ---- sections outside of the file ---- */

static void path_of_part(const char *text, char *to, size_t size)
{
	uint8_t hash[PACK_HASH_LEN];

	pack_hash_octets(bytes_str(text), hash);
	CU_ASSERT_FATAL(pack_part_path(parts, hash, to, size));
}

static void put_part(const char *text, const char *contents)
{
	char to[256];
	struct bytes run = bytes_str(contents);

	path_of_part(text, to, sizeof(to));
	CU_ASSERT_EQUAL_FATAL(durable_write(to, 0640, &run, 1, true), 0);
}

static void drop_part(const char *text)
{
	char to[256];

	path_of_part(text, to, sizeof(to));
	unlink(to);
}

/* "db" is marked as outside; the signature is the same in each form. */
static void write_form(enum pack_form form)
{
	static struct pack p;

	p = (struct pack){ 0 };
	put_text(&p, "rules", "the rules");
	put_text(&p, "db", "a large database");
	p.sections[1].outside = true;
	put_text(&p, "lists", "a list");
	CU_ASSERT_EQUAL_FATAL(pack_write(&p, path, &key, form), 0);
	pack_free(&p);
}

static bool has_all(const struct pack *p)
{
	struct bytes a;
	struct bytes b;
	struct bytes c;

	return p->n_sections == 3 && pack_find(p, "rules", &a) && pack_find(p, "db", &b) &&
	       pack_find(p, "lists", &c) && bytes_equal(a, bytes_str("the rules")) &&
	       bytes_equal(b, bytes_str("a large database")) && bytes_equal(c, bytes_str("a list"));
}

static void begin_parts(void)
{
	begin();
	CU_ASSERT_EQUAL(mkdir(parts, 0750), 0);
	put_part("the rules", "the rules");
	put_part("a large database", "a large database");
	put_part("a list", "a list");
}

static void end_parts(void)
{
	drop_part("the rules");
	drop_part("a large database");
	drop_part("a list");
	CU_ASSERT_EQUAL(rmdir(parts), 0);
	end();
}

static void test_forms(void)
{
	static const unsigned outside[] = { 0, 1, 3 };
	static const off_t body[] = { 31, 15, 0 };
	static struct pack p;
	uint8_t signature[KEY_SIGNATURE_LEN];
	struct stat st;

	begin_parts();
	for (unsigned form = PACK_WHOLE; form <= PACK_MANIFEST; form++) {
		unsigned n = 0;

		write_form((enum pack_form)form);
		CU_ASSERT(stat(path, &st) == 0 && st.st_size == HEAD_LEN + 3 * ENTRY_LEN +
									SIGNER_LEN + SIGNATURE_LEN +
									body[form]);
		CU_ASSERT_EQUAL(pack_read(&p, path, NULL, &ring, &diag), form == PACK_WHOLE);
		CU_ASSERT(form == PACK_WHOLE || refused("is not in this file: a thin pack"));
		pack_free(&p);
		CU_ASSERT_FATAL(pack_read(&p, path, parts, &ring, &diag));
		CU_ASSERT(has_all(&p) && p.is_signed);
		for (uint32_t i = 0; i < p.n_sections; i++) {
			n += p.sections[i].outside;
		}
		CU_ASSERT_EQUAL(n, outside[form]);
		CU_ASSERT(form == PACK_WHOLE ||
			  memcmp(signature, p.signature, sizeof(signature)) == 0);
		memcpy(signature, p.signature, sizeof(signature));
		/* whole again, by the signature that it came with */
		CU_ASSERT_EQUAL(pack_write(&p, path, NULL, PACK_WHOLE), 0);
		pack_free(&p);
		CU_ASSERT(pack_read(&p, path, NULL, &ring, &diag) && has_all(&p));
		pack_free(&p);
	}
	end_parts();
}

static void test_table_only(void)
{
	static struct pack p;
	const struct pack_section *db;
	uint8_t hash[PACK_HASH_LEN];
	struct bytes data;

	begin();
	write_form(PACK_MANIFEST); /* there is no folder of parts, and none is asked for */
	CU_ASSERT_FATAL(pack_read_table(&p, path, &ring, &diag));
	pack_hash_octets(bytes_str("a large database"), hash);
	db = pack_section(&p, "db");
	CU_ASSERT_FATAL(db != NULL && !db->present && db->len == 16);
	CU_ASSERT(memcmp(db->hash, hash, sizeof(hash)) == 0);
	CU_ASSERT_FALSE(pack_find(&p, "db", &data));
	CU_ASSERT_EQUAL(pack_write(&p, path, NULL, PACK_WHOLE), -ENODATA);
	CU_ASSERT_EQUAL(pack_write(&p, path, NULL, PACK_MANIFEST), 0);
	pack_free(&p);
	CU_ASSERT(pack_read_table(&p, path, &ring, &diag));
	pack_free(&p);
	end();
}

static void test_parts_refused(void)
{
	static struct pack p;
	char text[128];

	begin_parts();
	write_form(PACK_THIN);
	put_part("a large database", "a large databasf"); /* same length */
	CU_ASSERT_FALSE(pack_read(&p, path, parts, &ring, &diag));
	CU_ASSERT(refused("section db: its part "));
	put_part("a large database", "a large databas");
	CU_ASSERT_FALSE(pack_read(&p, path, parts, &ring, &diag));
	CU_ASSERT(refused("has another length"));
	drop_part("a large database");
	CU_ASSERT_FALSE(pack_read(&p, path, parts, &ring, &diag));
	snprintf(text, sizeof(text), "is missing");
	CU_ASSERT(refused(text));
	CU_ASSERT_FALSE(pack_read(&p, path, "/nonexistent", &ring, &diag));
	CU_ASSERT(refused("is missing"));
	put_part("a large database", "a large database");
	CU_ASSERT(pack_read(&p, path, parts, &ring, &diag));
	pack_free(&p);
	end_parts();
}

struct had {
	uint8_t hash[PACK_HASH_LEN];
	unsigned n_asked;
};

static bool has_it(void *context, const uint8_t hash[PACK_HASH_LEN], uint64_t len)
{
	struct had *had = context;

	had->n_asked++;
	return len == 16 && memcmp(hash, had->hash, PACK_HASH_LEN) == 0;
}

/* What the reader has already is not read, so that it need not be there. */
static void test_known(void)
{
	static struct pack p;
	struct had had = { { 0 }, 0 };
	const struct pack_known known = { has_it, &had };
	struct bytes data;

	begin_parts();
	pack_hash_octets(bytes_str("a large database"), had.hash);
	drop_part("a large database");
	write_form(PACK_THIN);
	CU_ASSERT_FATAL(pack_read_new(&p, path, parts, &ring, &known, &diag));
	CU_ASSERT_EQUAL(had.n_asked, 1); /* only for what is not in the file */
	CU_ASSERT_FALSE(pack_find(&p, "db", &data));
	CU_ASSERT(pack_find(&p, "lists", &data) && bytes_equal(data, bytes_str("a list")));
	CU_ASSERT_EQUAL(p.memory_len, 15);
	CU_ASSERT_EQUAL(pack_write(&p, path, &key, PACK_THIN), 0); /* goes on without it */
	pack_free(&p);
	CU_ASSERT(pack_read_new(&p, path, parts, &ring, &known, &diag));
	pack_free(&p);
	had.hash[0] ^= 1;
	CU_ASSERT_FALSE(pack_read_new(&p, path, parts, &ring, &known, &diag));
	CU_ASSERT(refused("is missing"));
	p = (struct pack){ 0 };
	had.hash[0] ^= 1;
	CU_ASSERT(pack_add_known(&p, "db", had.hash, 16, bytes_of(NULL, 0)));
	CU_ASSERT(!p.sections[0].present && p.sections[0].outside);
	CU_ASSERT(pack_add_known(&p, "none", had.hash, 0, bytes_of(NULL, 0)));
	CU_ASSERT(p.sections[1].present && !p.sections[1].outside);
	pack_free(&p);
	end_parts();
}

UNIT_MAIN("patterns/pack", { "sections", test_sections }, { "most sections", test_most_sections },
	{ "changes", test_changes }, { "no pack", test_no_pack }, { "meta", test_meta },
	{ "malformed meta", test_meta_malformed }, { "hash", test_hash },
	{ "signature", test_signature }, { "forms", test_forms }, { "table only", test_table_only },
	{ "parts refused", test_parts_refused }, { "known", test_known })
