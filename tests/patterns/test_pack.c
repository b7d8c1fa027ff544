/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "patterns/compile.h"
#include "patterns/scan.h"
#include "tests/support/unit.h"

enum { FLIPS = 20000, HEAD_LEN = 16, ENTRY_LEN = 80, HASH_LEN = 32 };

static struct diag diag;
static char folder[] = "/tmp/smswall-test-XXXXXX";
static char path[64];

static const char rules[] = "@default category=fraud\n"
			    "win:/you win/i note=\"a / b\"\n"
			    "+ \"YOU WIN\"\n"
			    "- \"you lose\"\n"
			    "@default\n"
			    "link:/evil\\.[a-z]+/L field=url action=reject status=0x45\n"
			    "folded:/parcel/ view=folded state=shadow weight=-5\n";

static void begin(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/test.pack", folder);
	diag_clear(&diag);
}

static void end(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(folder), 0); /* no temporary file is left */
	diag_clear(&diag);
}

static struct ruleset *compile_rules(struct source *s)
{
	const struct compile_limits limits = compile_default_limits();
	struct ruleset *r;

	source_init(s);
	CU_ASSERT(source_read_text(s, "p/a.pat", rules, strlen(rules), &diag));
	r = compile_source(s, &limits, NULL, &diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	return r;
}

/* Compiles and writes the rules, and a section of another owner. */
static void write_rules(void)
{
	static struct pack p;
	struct source s;
	struct ruleset *r = compile_rules(&s);
	void *memory = NULL;

	p = (struct pack){ 0 };
	CU_ASSERT(pack_add_ruleset(&p, r, &s, &memory));
	CU_ASSERT(pack_add(&p, "policy", bytes_str("# policy\n")));
	CU_ASSERT_EQUAL(pack_write(&p, path), 0);
	free(memory);
	ruleset_unref(r);
	source_free(&s);
}

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
	CU_ASSERT_FALSE(pack_is(path));
	CU_ASSERT_EQUAL(pack_write(&p, path), 0);
	CU_ASSERT_EQUAL(pack_write(&p, path), 0); /* replaces */
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
	CU_ASSERT(pack_is(path));
	CU_ASSERT(pack_read(&p, path, &diag));
	CU_ASSERT_EQUAL(p.n_sections, 3);
	CU_ASSERT(pack_find(&p, "one", &data) && bytes_equal(data, bytes_str("first")));
	CU_ASSERT(pack_find(&p, "empty", &data) && data.len == 0);
	CU_ASSERT_FALSE(pack_find(&p, "two", &data));
	pack_free(&p);
	CU_ASSERT_EQUAL(p.n_sections, 0);
	pack_free(&p);
	CU_ASSERT_EQUAL(pack_write(&p, "/nonexistent/folder/x"), -ENOENT);
	end();
}

static void test_no_pack(void)
{
	static const char *const contents[] = { "", "SMSW", "1:/x/i\n", "SMSWPACK",
		"SMSWPACKxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };
	static struct pack p;

	begin();
	CU_ASSERT_FALSE(pack_read(&p, path, &diag));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.entries[0].text, "No such file"));
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		FILE *f = fopen(path, "w");

		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		fputs(contents[i], f);
		fclose(f);
		diag_clear(&diag);
		CU_ASSERT_FALSE(pack_read(&p, path, &diag));
		CU_ASSERT_EQUAL(diag.n_errors, 1);
		CU_ASSERT_EQUAL(pack_is(path), i >= 3);
	}
	CU_ASSERT_FALSE(pack_read(&p, folder, &diag));
	end();
}

static bool same_text(const char *a, const char *b)
{
	return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void compare_rulesets(const struct ruleset *a, const struct ruleset *b)
{
	CU_ASSERT(memcmp(a->hash, b->hash, sizeof(a->hash)) == 0);
	CU_ASSERT_EQUAL_FATAL(a->n_rules, b->n_rules);
	CU_ASSERT_EQUAL(a->n_categories, b->n_categories);
	CU_ASSERT_EQUAL(a->database_len, b->database_len);
	for (uint32_t i = 0; i < a->n_rules; i++) {
		const struct rule *x = &a->rules[i];
		const struct rule *y = &b->rules[i];

		CU_ASSERT(same_text(x->id, y->id) && same_text(x->expression, y->expression));
		CU_ASSERT(same_text(x->note, y->note) && same_text(x->file, y->file));
		CU_ASSERT(x->flags == y->flags && x->category == y->category);
		CU_ASSERT(x->weight == y->weight && x->status == y->status && x->line == y->line);
		CU_ASSERT(x->action == y->action && x->state == y->state);
		CU_ASSERT(x->field == y->field && x->view == y->view);
	}
	for (unsigned f = 0; f < FIELDS; f++) {
		for (unsigned v = 0; v < VIEWS; v++) {
			CU_ASSERT_EQUAL(a->parts[f][v].n_rules, b->parts[f][v].n_rules);
			CU_ASSERT_EQUAL(a->parts[f][v].n_shards, b->parts[f][v].n_shards);
		}
	}
}

static void scan_once(const struct ruleset *r, enum rule_field f, enum rule_view v,
	const char *text, uint32_t rule)
{
	uint8_t copy[128] = { 0 };
	struct scan_hit hit[4];
	struct scan_hits hits = { hit, 0, 4, 0 };
	struct scan_scratch *scratch = NULL;

	memcpy(copy, text, strlen(text));
	CU_ASSERT_EQUAL_FATAL(scan_scratch_grow(&scratch, r), 0);
	CU_ASSERT(scan_text(r, scratch, f, v, 0, bytes_of(copy, strlen(text)), &hits));
	CU_ASSERT(hits.n == 1 && hit[0].rule == rule);
	scan_scratch_free(scratch);
}

static void test_ruleset(void)
{
	static struct pack p;
	struct source s;
	struct source examples;
	struct ruleset *r;
	struct ruleset *loaded;
	struct bytes text;

	begin();
	write_rules();
	r = compile_rules(&s);
	CU_ASSERT_FATAL(pack_read(&p, path, &diag));
	CU_ASSERT(pack_find(&p, "rules", &text));
	CU_ASSERT(text.len > 10 && memcmp(text.data, "@line 2 \"p/a.pat\"\n", 18) == 0);
	loaded = pack_load_ruleset(&p, path, &examples, &diag);
	pack_free(&p); /* nothing points into it */
	diag_print(&diag, stdout);
	CU_ASSERT_PTR_NOT_NULL_FATAL(loaded);
	compare_rulesets(r, loaded);
	CU_ASSERT_EQUAL_FATAL(examples.n_examples, 2);
	CU_ASSERT_EQUAL(examples.n_rules, 0);
	CU_ASSERT_STRING_EQUAL(examples.examples[1].text, "you lose");
	CU_ASSERT(examples.examples[0].must_match && !examples.examples[1].must_match);
	CU_ASSERT(examples.examples[1].rule == 0 && examples.examples[1].line == 4);
	scan_once(loaded, FIELD_TEXT, VIEW_SENT, "Now You Win!", 0);
	scan_once(loaded, FIELD_URL, VIEW_SENT, "http://evil.example", 1);
	scan_once(loaded, FIELD_TEXT, VIEW_FOLDED, "your parcel", 2);
	ruleset_unref(r);
	ruleset_unref(loaded);
	source_free(&s);
	source_free(&examples);
	end();
}

/* Writes the rules again with one section changed or, with data NULL, left out. */
static void rewrite(const char *name, const char *data, const char *extra)
{
	static struct pack old;
	static struct pack p;

	write_rules();
	p = (struct pack){ 0 };
	CU_ASSERT_FATAL(pack_read(&old, path, &diag));
	for (uint32_t i = 0; i < old.n_sections; i++) {
		if (strcmp(old.sections[i].name, name) != 0) {
			CU_ASSERT(pack_add(&p, old.sections[i].name, old.sections[i].data));
		} else if (data != NULL) {
			CU_ASSERT(pack_add(&p, name, bytes_str(data)));
		}
	}
	if (extra != NULL) {
		CU_ASSERT(pack_add(&p, extra, bytes_str("x")));
	}
	CU_ASSERT_EQUAL(pack_write(&p, path), 0);
	pack_free(&old);
}

/* Right hashes, wrong contents: another platform's, missing, strange. */
static void test_refused(void)
{
	static const struct {
		const char *section;
		const char *data;
		const char *extra;
		const char *said;
	} cases[] = {
		{ "platform", "hyperscan 9.9.9\narchitecture x86_64\n", NULL,
			"hyperscan 9.9.9 is another version" },
		{ "platform", "architecture s390x\n", NULL, "s390x is another architecture" },
		{ "platform", "feature avx9000\n", NULL, "feature avx9000 is not in this CPU" },
		{ "platform", "moon full\n", NULL, "moon full is not known" },
		{ "platform", NULL, NULL, "section platform: missing" },
		{ "rules", NULL, NULL, "section rules: missing" },
		{ "rules", "a:/x/q\n", NULL, "unknown flag" },
		{ "rules", "", NULL, "without rules for it" },
		{ "db.text.sent.0", NULL, NULL, "section db.text.sent.0: missing" },
		{ "db.url.sent.0", "not a database", NULL, "Hyperscan refuses this database" },
		{ "", NULL, "db.text.sent.7", "1 database sections belong to no rules" },
		{ "", NULL, "db.number.sent.0", "Hyperscan refuses" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct pack p;
		struct source examples;
		bool said = false;

		begin();
		rewrite(cases[i].section, cases[i].data, cases[i].extra);
		CU_ASSERT_FATAL(pack_read(&p, path, &diag));
		CU_ASSERT_PTR_NULL(pack_load_ruleset(&p, path, &examples, &diag));
		for (size_t k = 0; k < diag.n_entries; k++) {
			said = said || strstr(diag.entries[k].text, cases[i].said) != NULL;
			CU_ASSERT_STRING_EQUAL(diag.entries[k].file, path);
		}
		if (!said) {
			printf("case %zu:\n", i);
			diag_print(&diag, stdout);
			CU_FAIL("another reason");
		}
		pack_free(&p);
		end();
	}
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

static void flip(int fd, size_t at, uint8_t mask)
{
	uint8_t octet = 0;

	CU_ASSERT_EQUAL(pread(fd, &octet, 1, (off_t)at), 1);
	octet ^= mask;
	CU_ASSERT_EQUAL(pwrite(fd, &octet, 1, (off_t)at), 1);
}

/* Flips one octet, expects a refusal that names `owner`, and flips it back. */
static void refuse_flipped(int fd, size_t at, uint8_t mask, const char *owner)
{
	static struct pack p;
	char begins[48];

	snprintf(begins, sizeof(begins), "%s%s:", strcmp(owner, "header") == 0 ? "" : "section ",
		owner);
	flip(fd, at, mask);
	diag_clear(&diag);
	CU_ASSERT_FALSE(pack_read(&p, path, &diag));
	CU_ASSERT_EQUAL_FATAL(diag.n_entries, 1);
	CU_ASSERT_EQUAL(strncmp(diag.entries[0].text, begins, strlen(begins)), 0);
	CU_ASSERT_STRING_EQUAL(diag.entries[0].file, path);
	flip(fd, at, mask);
}

static void test_damaged(void)
{
	static struct pack p;
	uint32_t seed = 5;
	size_t body;
	size_t len;
	int fd;

	begin();
	write_rules();
	CU_ASSERT_FATAL(pack_read(&p, path, &diag));
	len = p.memory_len;
	body = HEAD_LEN + p.n_sections * ENTRY_LEN + HASH_LEN;
	fd = open(path, O_RDWR);
	CU_ASSERT_FATAL(fd >= 0 && body < len);
	for (size_t at = 0; at < body; at++) {
		refuse_flipped(fd, at, 1, "header");
		refuse_flipped(fd, at, 0x80, "header");
	}
	for (unsigned i = 0; i < FLIPS; i++) {
		size_t at;

		seed = seed * 1664525u + 1013904223u;
		at = body + (seed >> 4) % (len - body);
		refuse_flipped(fd, at, (uint8_t)(1u << (i % 8)), owner_of(&p, body, at));
	}
	diag_clear(&diag);
	pack_free(&p);
	CU_ASSERT(pack_read(&p, path, &diag)); /* all was flipped back */
	pack_free(&p);
	close(fd);
	end();
}

static void test_truncated(void)
{
	static struct pack p;
	struct stat st;

	begin();
	write_rules();
	CU_ASSERT_FATAL(stat(path, &st) == 0);
	CU_ASSERT_EQUAL(truncate(path, st.st_size + 1), 0);
	CU_ASSERT_FALSE(pack_read(&p, path, &diag)); /* longer is wrong too */
	for (off_t len = st.st_size - 1; len >= 0; len -= len > 2000 ? 7 : 1) {
		diag_clear(&diag);
		CU_ASSERT_EQUAL(truncate(path, len), 0);
		CU_ASSERT_FALSE(pack_read(&p, path, &diag));
		CU_ASSERT_EQUAL(diag.n_errors, 1);
	}
	end();
}

UNIT_MAIN("patterns/pack", { "sections", test_sections }, { "no_pack", test_no_pack },
	{ "ruleset", test_ruleset }, { "refused", test_refused }, { "damaged", test_damaged },
	{ "truncated", test_truncated })
