/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "patterns/durable.h"
#include "tests/support/store_case.h"
#include "tests/support/unit.h"

static struct store_case c;
static struct store s;
static struct pack p;
static struct store_record r;
static struct diag diag;

static void begin(void)
{
	store_case_begin(&c);
	diag_clear(&diag);
	CU_ASSERT_FATAL(store_open(&s, c.state, &diag));
}

static void end(void)
{
	store_close(&s);
	store_case_end(&c);
	diag_clear(&diag);
}

static bool said(enum diag_level level, const char *text)
{
	for (size_t i = 0; i < diag.n_entries; i++) {
		if (diag.entries[i].level == level && strstr(diag.entries[i].text, text) != NULL) {
			return true;
		}
	}
	diag_print(&diag, stdout);
	return false;
}

/* The newest that verifies is this one. */
static bool starts_with(uint32_t number)
{
	bool good;

	diag_clear(&diag);
	good = store_load(&s, 0, NULL, &p, &r, &diag) && r.number == number &&
	       store_case_is(&p, number);
	if (!good) {
		printf("expected %u, found %u\n", number, r.number);
		diag_print(&diag, stdout);
	}
	pack_free(&p);
	return good;
}

static void flip_at(const char *path, off_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t octet = 0;

	CU_ASSERT_FATAL(fd >= 0 && pread(fd, &octet, 1, at) == 1);
	octet ^= 0x10;
	CU_ASSERT_FATAL(pwrite(fd, &octet, 1, at) == 1);
	close(fd);
}

static void test_first_start(void)
{
	static const char *const folders[] = { "keys", "generations", "parts" };
	static struct store again;
	char path[STORE_FILE_SIZE];
	struct stat st;

	store_case_begin(&c);
	diag_clear(&diag);
	CU_ASSERT_FALSE(store_open_read(&s, c.state, &diag)); /* makes nothing */
	CU_ASSERT(stat(c.state, &st) != 0 && errno == ENOENT);
	diag_clear(&diag);
	CU_ASSERT_FATAL(store_open(&s, c.state, &diag));
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", c.state, folders[i]);
		CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0750);
	}
	store_path_key(&s, path);
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CU_ASSERT(s.trusted.n == 1 && key_ring_has(&s.trusted, &s.key.public));
	CU_ASSERT(store_is_empty(&s) && store_current(&s) == 0 && store_next(&s) == 1);
	CU_ASSERT_FALSE(store_load(&s, 0, NULL, &p, &r, &diag));
	CU_ASSERT(said(DIAG_ERROR, "there is no generation"));
	CU_ASSERT_FALSE(store_load(&s, 7, NULL, &p, &r, &diag));
	CU_ASSERT(said(DIAG_ERROR, "there is no generation 7"));
	CU_ASSERT_FATAL(store_open(&again, c.state, &diag)); /* the same pair from now on */
	CU_ASSERT(memcmp(&again.key, &s.key, sizeof(s.key)) == 0 && again.trusted.n == 1);
	store_close(&again);
	CU_ASSERT_EQUAL(again.key.seed[0] | again.key.seed[31], 0);
	CU_ASSERT_FATAL(store_open_read(&again, c.state, &diag));
	CU_ASSERT(!again.can_write && again.trusted.n == 1);
	store_close(&again);
	end();
}

/* What comes back is what was put in, and equal sections are there once. */
static void test_add(void)
{
	char parts[STORE_FILE_SIZE];
	struct key_secret author;
	char id[KEY_ID_SIZE];
	uint32_t number = 0;

	begin();
	for (uint32_t i = 1; i <= 3; i++) {
		CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
		CU_ASSERT_EQUAL(number, i);
	}
	CU_ASSERT_EQUAL(store_next(&s), 4);
	CU_ASSERT_FALSE(store_is_empty(&s));
	store_path_parts(&s, parts);
	CU_ASSERT_EQUAL(store_case_files(parts), STORE_CASE_SAME + 3 * STORE_CASE_OWN);
	for (uint32_t i = 1; i <= 3; i++) {
		CU_ASSERT_FATAL(store_load(&s, i, NULL, &p, &r, &diag));
		CU_ASSERT(store_case_is(&p, i) && r.number == i && r.state == STORE_GOOD);
		CU_ASSERT(key_equal(&p.signer, &s.key.public));
		CU_ASSERT_EQUAL(strlen(r.hash), 64);
		CU_ASSERT_STRING_EQUAL(r.author, "anna");
		CU_ASSERT_STRING_EQUAL(r.signer, "");
		CU_ASSERT(r.base == i - 1 && r.uid == 1000 && r.pid == 77 && r.n_rules == 12);
		CU_ASSERT_EQUAL(r.n_octets, store_case_octets(&p));
		pack_free(&p);
	}
	/* one that was signed by an author says so, and is the store's own from then on */
	CU_ASSERT_FATAL(key_make(&author));
	store_case_pack(&p, 4);
	CU_ASSERT_EQUAL(pack_write(&p, c.file, &author, PACK_WHOLE), 0);
	pack_free(&p);
	CU_ASSERT_FATAL(pack_read(&p, c.file, NULL, NULL, &diag));
	r = (struct store_record){ .note = "mine" };
	CU_ASSERT(store_add(&s, &p, &r, &diag));
	pack_free(&p);
	key_id(&author.public, id);
	CU_ASSERT_STRING_EQUAL(r.signer, id);
	CU_ASSERT_STRING_EQUAL(r.note, "mine");
	CU_ASSERT_FATAL(store_load(&s, 4, NULL, &p, &r, &diag));
	CU_ASSERT(key_equal(&p.signer, &s.key.public));
	CU_ASSERT_STRING_EQUAL(r.signer, id);
	pack_free(&p);
	end();
}

/* Who has the databases, by their length. */
static bool has_databases(void *context, const uint8_t hash[PACK_HASH_LEN], uint64_t len)
{
	(void)hash;
	++*(unsigned *)context;
	return len == strlen("database 0, the same in all generations");
}

/* A generation made of one whose large sections were never read. */
static void test_add_not_present(void)
{
	unsigned n_asked = 0;
	const struct pack_known known = { has_databases, &n_asked };
	char parts[STORE_FILE_SIZE];
	uint32_t number;

	begin();
	CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
	CU_ASSERT_FATAL(store_load(&s, 1, &known, &p, &r, &diag));
	CU_ASSERT_EQUAL(n_asked, p.n_sections);
	CU_ASSERT(!p.sections[0].present && p.sections[STORE_CASE_SAME].present);
	CU_ASSERT(pack_replace(&p, "states", bytes_str("a shadow\n")));
	r = (struct store_record){ 0 };
	CU_ASSERT(store_add(&s, &p, &r, &diag) && r.number == 2);
	pack_free(&p);
	CU_ASSERT_FATAL(store_load(&s, 2, NULL, &p, &r, &diag));
	CU_ASSERT(pack_section(&p, "states") != NULL);
	pack_free(&p);
	/* a part that is gone is told, and nothing is kept */
	CU_ASSERT_FATAL(store_load(&s, 1, &known, &p, &r, &diag));
	store_path_parts(&s, parts);
	CU_ASSERT(store_case_drop_part(&s, &p, 0));
	diag_clear(&diag);
	CU_ASSERT_FALSE(store_add(&s, &p, &r, &diag));
	CU_ASSERT(said(DIAG_ERROR, "is not in the pack, and its part is missing"));
	pack_free(&p);
	CU_ASSERT_EQUAL(store_next(&s), 3);
	CU_ASSERT_FALSE(store_record_read(&s, 3, &r));
	end();
}

/* A part that was damaged on disk is written anew by the next generation that has it. */
static void test_part_mended(void)
{
	char path[STORE_FILE_SIZE + 80];
	char parts[STORE_FILE_SIZE];
	uint32_t number;

	begin();
	CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
	CU_ASSERT_FATAL(store_load(&s, 1, NULL, &p, &r, &diag));
	store_path_parts(&s, parts);
	for (uint32_t i = 0; i < STORE_CASE_SAME; i++) {
		CU_ASSERT_FATAL(pack_part_path(parts, p.sections[i].hash, path, sizeof(path)));
		flip_at(path, 3);
	}
	pack_free(&p);
	CU_ASSERT_FALSE(store_load(&s, 1, NULL, &p, &r, &diag));
	CU_ASSERT(said(DIAG_ERROR, "is damaged (its hash is wrong)"));
	diag_clear(&diag);
	CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
	CU_ASSERT(store_load(&s, 2, NULL, &p, &r, &diag));
	pack_free(&p);
	CU_ASSERT(store_load(&s, 1, NULL, &p, &r, &diag)); /* for that one, too */
	pack_free(&p);
	end();
}

static void test_records(void)
{
	struct store_record *all;
	uint32_t number = 0;
	size_t n = 9;
	int error = 1;
	json_t *j;

	begin();
	CU_ASSERT_PTR_NULL(store_records(&s, &n, &error));
	CU_ASSERT(n == 0 && error == 0);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_FATAL(store_case_add(&s, STORE_PENDING, &number, &diag));
	}
	CU_ASSERT_EQUAL(store_set_current(&s, 2, 1234567), 0);
	CU_ASSERT_EQUAL(store_set_state(&s, 1, STORE_GOOD, NULL), 0);
	CU_ASSERT_EQUAL(store_set_state(&s, 3, STORE_UNDONE, "guard rail: 40 % refused"), 0);
	CU_ASSERT_EQUAL(store_set_state(&s, 3, STORE_UNDONE, NULL), 0); /* why stays */
	CU_ASSERT_EQUAL(store_set_tag(&s, 1, "before the holidays"), 0);
	CU_ASSERT_EQUAL(store_set_tag(&s, 9, "x"), -ENOENT);
	CU_ASSERT_EQUAL(store_set_state(&s, 9, STORE_GOOD, NULL), -ENOENT);
	CU_ASSERT_EQUAL(store_set_current(&s, 9, 1), -ENOENT);
	CU_ASSERT_EQUAL(store_current(&s), 2);
	all = store_records(&s, &n, &error);
	CU_ASSERT_FATAL(all != NULL && n == 3 && error == 0);
	CU_ASSERT(all[0].number == 3 && all[1].number == 2 && all[2].number == 1);
	CU_ASSERT(!all[0].live && all[1].live && !all[2].live);
	CU_ASSERT(all[0].state == STORE_UNDONE && all[1].live_us == 1234567);
	CU_ASSERT_STRING_EQUAL(all[0].why, "guard rail: 40 % refused");
	CU_ASSERT_STRING_EQUAL(all[2].tag, "before the holidays");
	j = store_record_json(&all[0]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(j, "generation")), 3);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(j, "state")), "undone");
	CU_ASSERT_FALSE(json_is_true(json_object_get(j, "live")));
	json_decref(j);
	free(all);
	end();
}

/* Texts come from people: too long, no UTF-8, with quotes. The record stays readable. */
static void test_record_texts(void)
{
	static const char odd[] = "\"quoted\" \\ \xFF\xFE\x01 tab\t";
	char long_text[1024];
	uint32_t number;

	begin();
	CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
	CU_ASSERT_EQUAL(store_set_tag(&s, 1, odd), 0);
	CU_ASSERT(store_record_read(&s, 1, &r));
	CU_ASSERT_STRING_EQUAL(r.tag, "\"quoted\" \\ ??\x01 tab\t");
	memset(long_text, 'x', sizeof(long_text));
	memcpy(long_text + STORE_TAG_SIZE - 2, "\xC3\xA9", 2); /* would be cut in half */
	long_text[sizeof(long_text) - 1] = '\0';
	CU_ASSERT_EQUAL(store_set_tag(&s, 1, long_text), 0);
	CU_ASSERT_EQUAL(store_set_state(&s, 1, STORE_GOOD, long_text), 0);
	CU_ASSERT(store_record_read(&s, 1, &r));
	CU_ASSERT_EQUAL(strlen(r.tag), STORE_TAG_SIZE - 2);
	CU_ASSERT_EQUAL(strlen(r.why), STORE_TEXT_SIZE - 1);
	CU_ASSERT_EQUAL(r.state, STORE_GOOD);
	end();
}

/* ---- which one a start takes ---- */

static void test_start_order(void)
{
	char path[STORE_FILE_SIZE];
	uint32_t number;

	begin();
	for (unsigned i = 0; i < 6; i++) {
		CU_ASSERT_FATAL(store_case_add(&s, STORE_PENDING, &number, &diag));
	}
	CU_ASSERT(starts_with(6)); /* nothing is known but the numbers */
	for (uint32_t i = 1; i <= 4; i++) {
		CU_ASSERT_EQUAL(store_set_current(&s, i, i), 0);
		CU_ASSERT_EQUAL(store_set_state(&s, i, STORE_GOOD, NULL), 0);
	}
	CU_ASSERT(starts_with(4));
	CU_ASSERT_EQUAL(store_set_current(&s, 2, 5), 0); /* back to 2 */
	CU_ASSERT(starts_with(2));
	CU_ASSERT_EQUAL(store_set_state(&s, 2, STORE_UNDONE, "by hand"), 0);
	CU_ASSERT(starts_with(4));
	store_path_manifest(&s, 4, path);
	flip_at(path, 100);
	CU_ASSERT(starts_with(3));
	CU_ASSERT(said(DIAG_WARNING, "generation 4 is passed over: header: table"));
	store_path_manifest(&s, 3, path);
	CU_ASSERT_EQUAL(unlink(path), 0);
	store_path_manifest(&s, 1, path);
	CU_ASSERT_EQUAL(truncate(path, 20), 0);
	CU_ASSERT(starts_with(6)); /* pending is better than nothing, undone is not */
	CU_ASSERT_EQUAL(store_set_state(&s, 5, STORE_UNDONE, "by hand"), 0);
	CU_ASSERT_EQUAL(store_set_state(&s, 6, STORE_UNDONE, "by hand"), 0);
	diag_clear(&diag);
	CU_ASSERT_FALSE(store_load(&s, 0, NULL, &p, &r, &diag));
	CU_ASSERT(said(DIAG_ERROR, "no generation verifies"));
	CU_ASSERT_FALSE(store_is_empty(&s));
	CU_ASSERT(store_load(&s, 6, NULL, &p, &r, &diag)); /* by its number, still */
	pack_free(&p);
	end();
}

/* Damage of any file of the live generation: that one, or the one before, never anything else. */
static void test_damage(void)
{
	static const char *const files[] = { "generations/0000000002.pack",
		"generations/0000000002.json", "generations/current" };
	char path[STORE_FILE_SIZE];
	struct stat st;
	uint32_t number;

	begin();
	CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
	CU_ASSERT_EQUAL(store_set_current(&s, 1, 1), 0);
	CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
	CU_ASSERT_EQUAL(store_set_current(&s, 2, 2), 0);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", c.state, files[i]);
		CU_ASSERT_FATAL(stat(path, &st) == 0 && st.st_size > 0);
		for (off_t at = 0; at < st.st_size; at++) {
			bool good;

			flip_at(path, at);
			diag_clear(&diag);
			good = store_load(&s, 0, NULL, &p, &r, &diag);
			CU_ASSERT_FATAL(good && store_case_is(&p, r.number));
			CU_ASSERT(r.number == 1 ? i != 1 : i != 0); /* not for a lost record */
			pack_free(&p);
			flip_at(path, at);
		}
	}
	CU_ASSERT(starts_with(2));
	end();
}

/* ---- what is kept ---- */

static void test_collect(void)
{
	char parts[STORE_FILE_SIZE];
	char path[STORE_FILE_SIZE + 32];
	const struct bytes run = bytes_str("not the store's");
	uint32_t number;

	begin();
	store_path_parts(&s, parts);
	for (uint32_t i = 1; i <= 30; i++) {
		CU_ASSERT_FATAL(
			store_case_add(&s, i % 5 == 0 ? STORE_UNDONE : STORE_GOOD, &number, &diag));
		CU_ASSERT_EQUAL(store_set_current(&s, i, i), 0);
	}
	CU_ASSERT_EQUAL(store_set_tag(&s, 3, "keep"), 0);
	CU_ASSERT_EQUAL(store_set_current(&s, 26, 99), 0); /* back from 30, which was undone */
	CU_ASSERT_FATAL(store_case_add(&s, STORE_PENDING, &number, &diag)); /* 31: on its way */
	snprintf(path, sizeof(path), "%s/README", parts);
	CU_ASSERT_EQUAL(durable_write(path, 0640, &run, 1, true), 0);
	/* kept: 26 live, 3 tagged, 31; good: 29 28 27 24 23 22 21 19 18 17 */
	CU_ASSERT_EQUAL(store_collect(&s), 31 - 13);
	CU_ASSERT_EQUAL(store_case_files(parts), 1 + STORE_CASE_SAME + 13 * STORE_CASE_OWN);
	for (uint32_t i = 1; i <= 31; i++) {
		bool kept = i == 3 || i == 31 || (i >= 17 && i <= 29 && i % 5 != 0);

		CU_ASSERT_EQUAL(store_record_read(&s, i, &r), kept);
		diag_clear(&diag);
		CU_ASSERT_EQUAL(store_load(&s, i, NULL, &p, &r, &diag), kept);
		pack_free(&p);
	}
	CU_ASSERT_EQUAL(store_collect(&s), 0);
	CU_ASSERT(starts_with(26));
	unlink(path);
	end();
}

/* The newest number is not given again, though its generation was undone. */
static void test_collect_newest(void)
{
	uint32_t number;

	begin();
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
	}
	CU_ASSERT_EQUAL(store_set_current(&s, 1, 1), 0);
	CU_ASSERT_EQUAL(store_set_state(&s, 2, STORE_UNDONE, ""), 0);
	CU_ASSERT_EQUAL(store_set_state(&s, 3, STORE_UNDONE, ""), 0);
	CU_ASSERT_EQUAL(store_collect(&s), 1);
	CU_ASSERT_EQUAL(store_next(&s), 4);
	end();
}

/* While a manifest cannot be read, no part goes: it may be that one's. */
static void test_collect_damaged(void)
{
	char parts[STORE_FILE_SIZE];
	char path[STORE_FILE_SIZE];
	uint32_t number;

	begin();
	for (uint32_t i = 1; i <= 3; i++) {
		CU_ASSERT_FATAL(
			store_case_add(&s, i == 1 ? STORE_UNDONE : STORE_GOOD, &number, &diag));
	}
	CU_ASSERT_EQUAL(store_set_current(&s, 3, 1), 0);
	store_path_manifest(&s, 2, path);
	flip_at(path, 60);
	store_path_parts(&s, parts);
	CU_ASSERT_EQUAL(store_collect(&s), 1);
	CU_ASSERT_EQUAL(store_case_files(parts), STORE_CASE_SAME + 3 * STORE_CASE_OWN);
	flip_at(path, 60);
	CU_ASSERT_EQUAL(store_collect(&s), 0);
	CU_ASSERT_EQUAL(store_case_files(parts), STORE_CASE_SAME + 2 * STORE_CASE_OWN);
	CU_ASSERT(store_load(&s, 2, NULL, &p, &r, &diag));
	pack_free(&p);
	end();
}

/* What a kill left beside is swept up, also a part that nobody has. */
static void test_sweep(void)
{
	static const char *const left[] = { "generations/current.tmp-abc123",
		"generations/0000000007.pack.tmp-XYZxyz", "parts/ab.tmp-000000",
		"keys/sign.key.tmp-111111" };
	const struct bytes run = bytes_str("half");
	char path[STORE_FILE_SIZE];
	struct stat st;

	begin();
	for (unsigned i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", c.state, left[i]);
		CU_ASSERT_EQUAL(durable_write(path, 0600, &run, 1, true), 0);
	}
	store_close(&s);
	CU_ASSERT_FATAL(store_open(&s, c.state, &diag));
	for (unsigned i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", c.state, left[i]);
		CU_ASSERT(stat(path, &st) != 0);
	}
	end();
}

/* ---- keys ---- */

static void test_rotate(void)
{
	struct key_public old;
	struct key_secret author;
	char path[STORE_FILE_SIZE];
	uint32_t number;

	begin();
	for (uint32_t i = 1; i <= 4; i++) {
		CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
		CU_ASSERT_EQUAL(store_set_current(&s, i, i), 0);
	}
	CU_ASSERT_FATAL(key_make(&author));
	CU_ASSERT_EQUAL(store_trust(&s, &author.public, "anna"), 0);
	store_path_manifest(&s, 2, path);
	flip_at(path, 70);
	old = s.key.public;
	diag_clear(&diag);
	CU_ASSERT(store_rotate_key(&s, &diag));
	CU_ASSERT(diag.n_errors == 0 && said(DIAG_WARNING, "is not signed anew"));
	CU_ASSERT_FALSE(key_equal(&old, &s.key.public));
	CU_ASSERT(s.trusted.n == 2 && key_ring_has(&s.trusted, &s.key.public));
	CU_ASSERT(key_ring_has(&s.trusted, &author.public) && !key_ring_has(&s.trusted, &old));
	flip_at(path, 70); /* whole again, but by the old key */
	for (uint32_t i = 1; i <= 4; i++) {
		diag_clear(&diag);
		CU_ASSERT_EQUAL(store_load(&s, i, NULL, &p, &r, &diag), i != 2);
		CU_ASSERT(i == 2 ? said(DIAG_ERROR, "is not trusted here")
				 : key_equal(&p.signer, &s.key.public));
		pack_free(&p);
	}
	store_close(&s);
	CU_ASSERT_FATAL(store_open(&s, c.state, &diag)); /* the new one for good */
	CU_ASSERT(s.trusted.n == 2 && !key_ring_has(&s.trusted, &old));
	CU_ASSERT(starts_with(4));
	snprintf(path, sizeof(path), "%s/keys", c.state);
	CU_ASSERT_EQUAL(store_case_files(path), 2);
	end();
}

static void test_trust(void)
{
	struct key_secret author;

	begin();
	CU_ASSERT_FATAL(key_make(&author));
	CU_ASSERT_EQUAL(store_trust(&s, &author.public, "anna"), 0);
	CU_ASSERT_EQUAL(store_trust(&s, &author.public, "anna, again"), 0);
	CU_ASSERT_EQUAL(store_trust(&s, &s.key.public, "me"), 0);
	CU_ASSERT_EQUAL(s.trusted.n, 2);
	store_close(&s);
	CU_ASSERT_FATAL(store_open(&s, c.state, &diag));
	CU_ASSERT(s.trusted.n == 2 && key_ring_has(&s.trusted, &author.public));
	CU_ASSERT_STRING_EQUAL(s.trusted.entries[1].note, "anna, again");
	CU_ASSERT_EQUAL(store_distrust(&s, &s.key.public), -EPERM);
	CU_ASSERT_EQUAL(store_distrust(&s, &author.public), 0);
	CU_ASSERT_EQUAL(store_distrust(&s, &author.public), 0);
	CU_ASSERT_FALSE(key_ring_has(&s.trusted, &author.public));
	end();
}

/* Lost or damaged keys: generations load as long as a key that they were signed by is trusted. */
static void test_keys_damaged(void)
{
	char ring[STORE_FILE_SIZE];
	char key[STORE_FILE_SIZE];
	uint32_t number;

	begin();
	CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
	snprintf(ring, sizeof(ring), "%s/keys/trusted", c.state);
	store_path_key(&s, key);
	store_close(&s);
	flip_at(ring, 3); /* the own key is trusted in any case */
	CU_ASSERT_FATAL(store_open(&s, c.state, &diag));
	CU_ASSERT(starts_with(1));
	store_close(&s);
	CU_ASSERT_EQUAL(unlink(ring), 0);
	CU_ASSERT_FATAL(store_open(&s, c.state, &diag));
	CU_ASSERT(starts_with(1));
	store_close(&s);
	CU_ASSERT_EQUAL(unlink(key), 0); /* a new pair; the ring still has the old one */
	CU_ASSERT_FATAL(store_open(&s, c.state, &diag));
	CU_ASSERT(s.trusted.n == 2 && starts_with(1));
	store_close(&s);
	CU_ASSERT_EQUAL(chmod(key, 0644), 0);
	diag_clear(&diag);
	CU_ASSERT_FATAL(store_open(&s, c.state, &diag));
	CU_ASSERT(said(DIAG_ERROR, "others than its owner"));
	CU_ASSERT(!s.can_write && s.key.seed[0] == 0 && s.key.seed[31] == 0);
	CU_ASSERT(starts_with(1)); /* what was live judges, nothing can be added */
	diag_clear(&diag);
	CU_ASSERT_FALSE(store_case_add(&s, STORE_GOOD, &number, &diag));
	CU_ASSERT(said(DIAG_ERROR, "its key is of no use"));
	store_close(&s);
	CU_ASSERT_EQUAL(chmod(key, 0600), 0);
	CU_ASSERT_EQUAL(unlink(ring), 0);
	flip_at(key, 3); /* of its first word; and no ring either: nothing can be verified */
	CU_ASSERT_FALSE(store_open(&s, c.state, &diag));
	end();
}

static void test_read_only(void)
{
	static struct store reader;
	struct key_secret author;
	uint32_t number;

	begin();
	CU_ASSERT_FATAL(key_make(&author));
	CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
	CU_ASSERT_FATAL(store_open_read(&reader, c.state, &diag));
	CU_ASSERT_FALSE(store_case_add(&reader, STORE_GOOD, &number, &diag));
	CU_ASSERT_EQUAL(store_set_current(&reader, 1, 1), -EROFS);
	CU_ASSERT_EQUAL(store_set_state(&reader, 1, STORE_GOOD, NULL), -EROFS);
	CU_ASSERT_EQUAL(store_set_tag(&reader, 1, "x"), -EROFS);
	CU_ASSERT_EQUAL(store_trust(&reader, &author.public, ""), -EROFS);
	CU_ASSERT_EQUAL(store_distrust(&reader, &author.public), -EROFS);
	CU_ASSERT_EQUAL(store_collect(&reader), -EROFS);
	CU_ASSERT_FALSE(store_rotate_key(&reader, &diag));
	CU_ASSERT(store_load(&reader, 1, NULL, &p, &r, &diag));
	pack_free(&p);
	store_close(&reader);
	end();
}

UNIT_MAIN("control/store", { "first start", test_first_start }, { "add", test_add },
	{ "not present", test_add_not_present }, { "part mended", test_part_mended },
	{ "records", test_records }, { "texts of records", test_record_texts },
	{ "order of a start", test_start_order }, { "damage", test_damage },
	{ "collect", test_collect }, { "newest is kept", test_collect_newest },
	{ "collect beside damage", test_collect_damaged }, { "sweep", test_sweep },
	{ "rotate", test_rotate }, { "trust", test_trust }, { "damaged keys", test_keys_damaged },
	{ "read only", test_read_only })
