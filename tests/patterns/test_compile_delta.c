/* SPDX-License-Identifier: BSD-3-Clause */
/* What compile.h does not compile: taken from a base, or from the cache. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "patterns/compile.h"
#include "patterns/scan.h"
#include "tests/support/unit.h"

enum { POOL = 60, VERSIONS = 25, TEXTS = 150, TEXT_LEN = 96, HITS = 64 };

static struct diag diag;
static uint32_t seed;

static uint32_t draw(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* Every delta is a shard of its own; the other limits are as shipped. */
static struct compile_limits limits_of_test(void)
{
	struct compile_limits limits = compile_default_limits();

	limits.small_ms = 0;
	return limits;
}

static struct ruleset *compile_text(const char *text, const struct compile_limits *limits,
	const struct compile_reuse *reuse, struct compile_report *report)
{
	struct source s;
	struct ruleset *r = NULL;

	diag_clear(&diag);
	source_init(&s);
	if (source_read_text(&s, "t.pat", text, strlen(text), &diag)) {
		r = compile_source(&s, limits, reuse, report, &diag);
	}
	if (r == NULL) {
		diag_print(&diag, stdout);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	source_free(&s);
	return r;
}

static int compare_hits(const void *a, const void *b)
{
	const struct scan_hit *x = a;
	const struct scan_hit *y = b;

	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* The hits of a text in all fields and views, by rule. */
static uint32_t hits_of(const struct ruleset *r, struct scan_scratch *scratch, struct bytes text,
	struct scan_hit *hit)
{
	struct scan_hits hits = { hit, 0, HITS, 0 };

	for (unsigned f = 0; f < FIELDS; f++) {
		for (unsigned v = 0; v < VIEWS; v++) {
			CU_ASSERT(scan_text(
				r, scratch, (enum rule_field)f, (enum rule_view)v, 0, text, &hits));
		}
	}
	CU_ASSERT_EQUAL(hits.n_dropped, 0);
	qsort(hit, hits.n, sizeof(hit[0]), compare_hits);
	return hits.n;
}

/* Words of one letter thrice, so that rules and texts meet often. */
static void put_word(char *to, uint32_t which)
{
	memset(to, 'a' + (int)(which % 20), 3);
	to[3] = (char)('a' + which / 20);
	to[4] = '\0';
}

/* Both rulesets find the same in many texts. Returns how much. */
static uint32_t compare_on_texts(const struct ruleset *a, const struct ruleset *b)
{
	struct scan_scratch *scratch = NULL;
	uint32_t sum = 0;

	CU_ASSERT_EQUAL_FATAL(scan_scratch_grow(&scratch, a), 0);
	CU_ASSERT_EQUAL_FATAL(scan_scratch_grow(&scratch, b), 0);
	for (unsigned i = 0; i < TEXTS; i++) {
		uint8_t text[TEXT_LEN + SCAN_TAIL] = { 0 };
		static struct scan_hit x[HITS];
		static struct scan_hit y[HITS];
		size_t len = 0;
		uint32_t n;

		while (len + 8 < TEXT_LEN) {
			put_word((char *)text + len, draw(POOL));
			len += 4;
			text[len++] = draw(3) == 0 ? '9' : ' ';
		}
		n = hits_of(a, scratch, bytes_of(text, len), x);
		CU_ASSERT_EQUAL_FATAL(hits_of(b, scratch, bytes_of(text, len), y), n);
		for (uint32_t k = 0; k < n; k++) {
			CU_ASSERT(x[k].rule == y[k].rule && x[k].from == y[k].from &&
				  x[k].to == y[k].to && x[k].field == y[k].field);
		}
		sum += n;
	}
	scan_scratch_free(scratch);
	return sum;
}

/* What a version of the rules has at place i: 0 nothing, else which expression. */
struct version {
	uint32_t form[POOL];
};

static char *print_version(const struct version *v)
{
	static const char *const tails[] = { "i", "", "iL field=sender", "i view=folded",
		" field=url weight=5" };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (uint32_t i = 0; i < POOL; i++) {
		uint32_t form = v->form[i];
		char word[8];

		if (form == 0) {
			continue;
		}
		/* i / 2: pairs of rules may have one expression */
		put_word(word, i / 2 * 2);
		fprintf(f, "r%u:/", i);
		switch (form % 5) { /* a format is to be a literal */
		case 0:
			fprintf(f, "%s", word);
			break;
		case 1:
			fprintf(f, "%s.*9", word);
			break;
		case 2:
			fprintf(f, "%s [a-z]+", word);
			break;
		case 3:
			fprintf(f, "^.*%s", word);
			break;
		default:
			fprintf(f, "(%s|9 )x?", word);
		}
		fprintf(f, "/%s\n", tails[form / 5 % 5]);
	}
	CU_ASSERT_EQUAL(fclose(f), 0);
	return text;
}

/* Versions of rules, each on the one before: the same hits as compiled anew. */
static void differential(unsigned small_ms, bool *reused)
{
	struct compile_limits limits = limits_of_test();
	struct version v = { { 0 } };
	struct ruleset *live = NULL;
	uint32_t n_hits = 0;
	uint32_t n_gone = 0;

	limits.small_ms = small_ms;
	for (uint32_t i = 0; i < POOL; i++) {
		v.form[i] = draw(3) == 0 ? 0 : 1 + draw(25);
	}
	for (unsigned k = 0; k < VERSIONS; k++) {
		struct compile_reuse reuse = { .base = live };
		struct compile_report report;
		char *text = print_version(&v);
		struct ruleset *next = compile_text(text, &limits, &reuse, &report);
		struct ruleset *anew = compile_text(text, &limits, NULL, NULL);

		CU_ASSERT_EQUAL(memcmp(next->hash, anew->hash, sizeof(next->hash)), 0);
		CU_ASSERT_EQUAL(
			report.n_shards, report.n_compiled + report.n_cached + report.n_reused);
		n_hits += compare_on_texts(next, anew);
		*reused = *reused || report.n_reused != 0;
		for (unsigned i = 0; i < FIELDS * VIEWS; i++) {
			const struct ruleset_part *part = &next->parts[i / VIEWS][i % VIEWS];

			for (uint32_t s = 0; s < part->n_shards; s++) {
				n_gone += part->shards[s].n_gone;
				CU_ASSERT(part->shards[s].n_gone <= part->shards[s].n / 2);
			}
		}
		ruleset_unref(anew);
		ruleset_unref(live);
		live = next;
		free(text);
		for (unsigned changes = draw(5); changes-- > 0;) {
			v.form[draw(POOL)] = draw(3) == 0 ? 0 : 1 + draw(25);
		}
	}
	CU_ASSERT(n_hits > 10 * VERSIONS);
	CU_ASSERT(small_ms != 0 || n_gone != 0);
	ruleset_unref(live);
}

static void test_differential(void)
{
	bool reused = false;

	for (seed = 1; seed < 4; seed++) {
		uint32_t kept = seed;

		differential(0, &reused);
		seed = kept;
	}
	CU_ASSERT(reused);
	seed = 9;
	differential(300, &reused); /* as shipped: small shards are compiled again */
}

/* What was removed or changed in an old database is never a hit again; what is new is one. */
static void test_gone(void)
{
	const struct compile_limits limits = limits_of_test();
	struct ruleset *old = compile_text(
		"a:/alpha/\nb:/beta/\nc:/gamma/\nd:/delta/\ne:/epsilon/\n", &limits, NULL, NULL);
	struct compile_reuse reuse = { .base = old };
	struct compile_report report;
	struct ruleset *new = compile_text("e:/epsilon/ state=shadow\nnew:/zeta/\n"
					   "b:/betas/\nc2:/gamma/ weight=3\nd:/delta/\n",
		&limits, &reuse, &report);
	static const uint8_t text[96] = "alpha beta gamma delta epsilon zeta";
	const struct bytes bytes = bytes_of(text, strlen((const char *)text));
	struct scan_scratch *scratch = NULL;
	static struct scan_hit hit[HITS];
	const struct ruleset_part *part = &new->parts[FIELD_TEXT][VIEW_SENT];

	CU_ASSERT(report.n_reused == 1 && report.n_compiled == 1 && report.rules_fresh == 2);
	CU_ASSERT_EQUAL_FATAL(part->n_shards, 2);
	CU_ASSERT_PTR_EQUAL(
		part->shards[0].database, old->parts[FIELD_TEXT][VIEW_SENT].shards[0].database);
	CU_ASSERT(part->shards[0].n == 5 && part->shards[0].n_gone == 2);
	ruleset_unref(old); /* the database has another user */
	CU_ASSERT_EQUAL(part->shards[0].database->references, 1);
	CU_ASSERT_EQUAL_FATAL(scan_scratch_grow(&scratch, new), 0);
	CU_ASSERT_EQUAL_FATAL(hits_of(new, scratch, bytes, hit), 4);
	CU_ASSERT_STRING_EQUAL(new->rules[hit[0].rule].id, "e");
	CU_ASSERT_STRING_EQUAL(new->rules[hit[1].rule].id, "new");
	CU_ASSERT_STRING_EQUAL(new->rules[hit[2].rule].id, "c2");
	CU_ASSERT_STRING_EQUAL(new->rules[hit[3].rule].id, "d");
	scan_scratch_free(scratch);
	ruleset_unref(new);
}

/* Only order, ids and states changed: nothing is compiled. Half gone: the shard is left. */
static void test_what_is_taken(void)
{
	static const struct {
		const char *rules;
		unsigned small_ms;
		uint32_t n_reused;
		uint32_t n_compiled;
		uint32_t rules_fresh;
	} cases[] = {
		{ "a:/one/\nb:/two/\nc:/three/\nd:/four/\n", 0, 1, 0, 0 },
		{ "D:/four/ weight=1\nB:/two/ action=reject\nC:/three/\na:/one/ state=shadow\n",
			300, 1, 0, 0 },
		{ "a:/one/\nb:/two/\n", 300, 1, 0, 0 },
		{ "a:/one/\n", 300, 0, 1, 1 },
		{ "a:/one/\nb:/two/\nc:/three/\nd:/four/\ne:/five/\n", 0, 1, 1, 1 },
		{ "a:/one/\nb:/two/\nc:/three/\nd:/four/\ne:/five/\n", 300, 0, 1, 5 },
		{ "a:/one/i\nb:/two/\nc:/three/\nd:/four/\n", 0, 1, 1, 1 }, /* another flag */
		{ "a:/one/ field=url\nb:/two/\nc:/three/\nd:/four/\n", 0, 1, 1, 1 },
		{ "a:/one/\nb:/one/\nc:/three/\nd:/four/\n", 0, 1, 1, 1 }, /* one twice */
		{ "# nothing\n", 0, 0, 0, 0 },
	};
	struct compile_limits limits = limits_of_test();
	struct ruleset *base =
		compile_text("a:/one/\nb:/two/\nc:/three/\nd:/four/\n", &limits, NULL, NULL);
	const struct compile_reuse reuse = { .base = base };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct compile_report report;
		struct ruleset *r;

		limits.small_ms = cases[i].small_ms;
		r = compile_text(cases[i].rules, &limits, &reuse, &report);
		CU_ASSERT_EQUAL(report.n_reused, cases[i].n_reused);
		CU_ASSERT_EQUAL(report.n_compiled, cases[i].n_compiled);
		CU_ASSERT_EQUAL(report.rules_fresh, cases[i].rules_fresh);
		CU_ASSERT_EQUAL(report.n_shards, report.n_reused + report.n_compiled);
		ruleset_unref(r);
	}
	CU_ASSERT_EQUAL(base->references, 1);
	ruleset_unref(base);
}

/* The arena is charged once for what two rulesets share, and refuses with the figures. */
static void test_arena(void)
{
	struct compile_limits limits = limits_of_test();
	struct arena arena;
	struct compile_reuse reuse = { .arena = &arena };
	struct ruleset *old;
	struct ruleset *new;
	struct source s;
	size_t before;

	arena_init(&arena, 0);
	old = compile_text("a:/alpha/\nb:/beta/\n", &limits, &reuse, NULL);
	before = arena_used(&arena);
	CU_ASSERT(before != 0);
	reuse.base = old;
	new = compile_text("a:/alpha/ state=shadow\nb:/beta/\n", &limits, &reuse, NULL);
	CU_ASSERT_EQUAL(arena_used(&arena), before);
	arena.ceiling = before;
	diag_clear(&diag);
	source_init(&s);
	CU_ASSERT(source_read_text(&s, "t.pat", "a:/gamma/\n", 10, &diag));
	CU_ASSERT_PTR_NULL(compile_source(&s, &limits, &reuse, NULL, &diag));
	CU_ASSERT_EQUAL_FATAL(diag.n_errors, 1);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(diag.entries[0].text, "too large for the memory of policies"));
	CU_ASSERT_EQUAL(diag.entries[0].line, 1);
	source_free(&s);
	diag_clear(&diag);
	ruleset_unref(old);
	CU_ASSERT_EQUAL(arena_used(&arena), before);
	ruleset_unref(new);
	CU_ASSERT_EQUAL(arena_used(&arena), 0);
}

/* ---- the cache ---- */

static const char cached_rules[] = "a:/alpha/\nb:/b.*eta/ field=sender\nc:/gamma/ view=folded\n";
static char folder[64];

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/smswall-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	strcat(folder, "/cache");
}

/* Calls `change` for each cached file; returns how many there are. */
static unsigned for_files(void (*change)(const char *path))
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	unsigned n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	while ((e = readdir(d)) != NULL) {
		char path[400];

		if (e->d_name[0] == '.') {
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (change != NULL) {
			change(path);
		}
		n++;
	}
	(void)closedir(d);
	return n;
}

static void remove_file(const char *path)
{
	CU_ASSERT_EQUAL(unlink(path), 0);
}

static void drop_folder(void)
{
	(void)for_files(remove_file);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	folder[strlen(folder) - strlen("/cache")] = '\0';
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void flip_octet(const char *path)
{
	struct stat st;
	uint8_t octet = 0;
	int fd = open(path, O_RDWR);
	off_t at;

	CU_ASSERT_FATAL(fd >= 0 && fstat(fd, &st) == 0);
	at = (off_t)draw((uint32_t)st.st_size);
	CU_ASSERT_EQUAL(pread(fd, &octet, 1, at), 1);
	octet ^= (uint8_t)(1u << draw(8));
	CU_ASSERT_EQUAL(pwrite(fd, &octet, 1, at), 1);
	(void)close(fd);
}

static void cut_file(const char *path)
{
	struct stat st;

	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(truncate(path, (off_t)draw((uint32_t)st.st_size)), 0);
}

static void open_to_others(const char *path)
{
	CU_ASSERT_EQUAL(chmod(path, 0666), 0);
}

/* A whole database, but of other rules, under this name. */
static void swap_file(const char *path)
{
	static char first[400];

	if (first[0] == '\0') {
		strcpy(first, path);
	} else {
		CU_ASSERT_EQUAL(rename(first, path), 0);
		first[0] = '\0';
	}
}

static void compile_cached(uint32_t n_cached, uint32_t n_compiled)
{
	const struct compile_limits limits = compile_default_limits();
	const struct compile_reuse reuse = { .cache = folder };
	struct compile_report report;
	struct ruleset *r = compile_text(cached_rules, &limits, &reuse, &report);
	struct ruleset *anew = compile_text(cached_rules, &limits, NULL, NULL);

	CU_ASSERT_EQUAL(report.n_cached, n_cached);
	CU_ASSERT_EQUAL(report.n_compiled, n_compiled);
	(void)compare_on_texts(r, anew);
	ruleset_unref(r);
	ruleset_unref(anew);
}

static void test_cache(void)
{
	static void (*const damages[])(
		const char *) = { flip_octet, cut_file, open_to_others, remove_file };

	seed = 3;
	make_folder();
	compile_cached(0, 3);
	CU_ASSERT_EQUAL(for_files(NULL), 3);
	compile_cached(3, 0);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		for (unsigned turn = 0; turn < 10; turn++) {
			(void)for_files(damages[i]);
			compile_cached(0, 3); /* none was taken, all are whole again */
			compile_cached(3, 0);
			CU_ASSERT_EQUAL(for_files(NULL), 3);
		}
	}
	drop_folder();
}

/* What others may write to is not read; a warning is not hidden by the cache. */
static void test_cache_of_others(void)
{
	const struct compile_limits limits = compile_default_limits();
	const struct compile_reuse reuse = { .cache = folder };
	const struct compile_reuse none = { .cache = "/dev/null/cache" };
	struct compile_report report;

	make_folder();
	compile_cached(0, 3);
	CU_ASSERT_EQUAL(chmod(folder, 0777), 0);
	compile_cached(0, 3);
	CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
	ruleset_unref(compile_text(cached_rules, &limits, &none, &report));
	CU_ASSERT(report.n_compiled == 3 && diag.n_warnings == 1);
	for (unsigned i = 0; i < 2; i++) {
		ruleset_unref(compile_text("h:/x*/V\n", &limits, &reuse, &report));
		CU_ASSERT(report.n_compiled == 1 && diag.n_warnings == 1);
	}
	drop_folder();
	diag_clear(&diag);
}

/* Files that were swapped carry a right hash of the wrong octets; only the name says whose they are. */
static void test_cache_swapped(void)
{
	make_folder();
	compile_cached(0, 3);
	(void)for_files(swap_file); /* one moved over another, one as it was */
	compile_cached(1, 2);
	compile_cached(3, 0);
	drop_folder();
}

UNIT_MAIN("patterns/compile_delta", { "differential", test_differential }, { "gone", test_gone },
	{ "what_is_taken", test_what_is_taken }, { "arena", test_arena }, { "cache", test_cache },
	{ "cache_of_others", test_cache_of_others }, { "cache_swapped", test_cache_swapped })
