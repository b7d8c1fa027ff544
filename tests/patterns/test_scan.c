/* SPDX-License-Identifier: BSD-3-Clause */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "patterns/scan.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hs/hs.h>
#include <pcre2.h>

#include "patterns/compile.h"
#include "tests/support/unit.h"

enum { HITS_MAX = 512, PAGE = 4096, GUARDED_LEN_MAX = 300 };

static struct diag diag;
static struct scan_hit hit_memory[HITS_MAX];

struct bench {
	struct ruleset *ruleset;
	struct scan_scratch *scratch;
	struct scan_hits hits;
};

static void set_up(struct bench *b, const char *text)
{
	const struct compile_limits limits = compile_default_limits();
	struct source s;

	*b = (struct bench){ .hits = { hit_memory, 0, HITS_MAX, 0 } };
	source_init(&s);
	CU_ASSERT(source_read_text(&s, "t.pat", text, strlen(text), &diag));
	b->ruleset = compile_source(&s, &limits, NULL, NULL, &diag);
	diag_print(&diag, stdout);
	diag_clear(&diag);
	source_free(&s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->ruleset);
	CU_ASSERT_EQUAL(scan_scratch_grow(&b->scratch, b->ruleset), 0);
}

static void tear_down(struct bench *b)
{
	scan_scratch_free(b->scratch);
	ruleset_unref(b->ruleset);
}

/* Scans a copy with readable octets after its end. */
static bool scan_copy(
	struct bench *b, enum rule_field f, enum rule_view v, uint8_t entity, const char *text)
{
	static uint8_t copy[70000];
	size_t len = strlen(text);

	memcpy(copy, text, len);
	memset(copy + len, 0, SCAN_TAIL);
	return scan_text(b->ruleset, b->scratch, f, v, entity, bytes_of(copy, len), &b->hits);
}

static void test_hits(void)
{
	static const struct {
		const char *rule;
		const char *text;
		uint32_t n;
		uint32_t from;
		uint32_t to;
	} cases[] = {
		{ "1:/win/", "you win, they win", 1, 7, 7 },
		{ "1:/win/i", "WIN", 1, 3, 3 },
		{ "1:/win/", "WIN", 0, 0, 0 },
		{ "1:/win/L", "you win, they win", 1, 4, 7 },
		{ "1:/[0-9]{4,8}/L", "pin 123456 or 1234567", 1, 4, 10 },
		{ "1:/a.b/", "a\nb", 0, 0, 0 },
		{ "1:/a.b/s", "a\nb", 1, 3, 3 },
		{ "1:/^b/", "a\nb", 0, 0, 0 },
		{ "1:/^b/m", "a\nb", 1, 3, 3 },
		{ "1:/a.c/",
			"a\xC3\xA9"
			"c",
			1, 4, 4 },
		{ "1:/\xC3\x89/i", "caf\xC3\xA9", 1, 5, 5 },
		{ "1:/\\w\\w/W", "\xC3\xA9\xC3\xA9", 1, 4, 4 },
		{ "1:/\\w\\w/", "\xC3\xA9\xC3\xA9", 0, 0, 0 },
		{ "1:/http:\\/\\/x/", "http://x", 1, 8, 8 },
		{ "1:/x*/V", "yyy", 1, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;

		set_up(&b, cases[i].rule);
		CU_ASSERT(scan_copy(&b, FIELD_TEXT, VIEW_SENT, 0, cases[i].text));
		if (b.hits.n != cases[i].n ||
			(b.hits.n != 0 && (b.hits.hits[0].from != cases[i].from ||
						  b.hits.hits[0].to != cases[i].to))) {
			printf("case %zu: %u hits, %u to %u\n", i, b.hits.n, b.hits.hits[0].from,
				b.hits.hits[0].to);
			CU_FAIL("other hits");
		}
		tear_down(&b);
	}
}

static void test_fields(void)
{
	struct bench b;

	set_up(&b, "t:/x/\nf:/x/ view=folded\nu:/x/ field=url\nn:/x/ field=number\n"
		   "s:/x/ field=sender\nsf:/x/ field=sender view=folded\n");
	for (unsigned f = 0; f < FIELDS; f++) {
		for (unsigned v = 0; v < VIEWS; v++) {
			uint32_t before = b.hits.n;
			bool wanted = v == VIEW_SENT || f == FIELD_TEXT || f == FIELD_SENDER;

			CU_ASSERT_EQUAL(
				scan_wanted(b.ruleset, (enum rule_field)f, (enum rule_view)v),
				wanted);
			CU_ASSERT(scan_copy(&b, (enum rule_field)f, (enum rule_view)v, 3, "x"));
			CU_ASSERT_EQUAL_FATAL(b.hits.n, before + wanted);
			if (wanted) {
				const struct scan_hit *h = &b.hits.hits[before];

				CU_ASSERT(h->field == f && h->view == v && h->entity == 3);
				CU_ASSERT_EQUAL(b.ruleset->rules[h->rule].field, f);
				CU_ASSERT_EQUAL(b.ruleset->rules[h->rule].view, v);
			}
		}
	}
	tear_down(&b);
}

/* A rule is listed once, with the first entity that has it; hits are added to those there. */
static void test_once(void)
{
	struct bench b;

	set_up(&b, "a:/x+/ field=url\nb:/y+/L field=url\n");
	CU_ASSERT(scan_copy(&b, FIELD_URL, VIEW_SENT, 0, "none"));
	CU_ASSERT(scan_copy(&b, FIELD_URL, VIEW_SENT, 1, "xxyy"));
	CU_ASSERT(scan_copy(&b, FIELD_URL, VIEW_SENT, 2, "xxyyyyxy"));
	CU_ASSERT_EQUAL_FATAL(b.hits.n, 2);
	CU_ASSERT(b.hits.hits[0].rule == 0 && b.hits.hits[0].entity == 1);
	CU_ASSERT(b.hits.hits[1].rule == 1 && b.hits.hits[1].entity == 1);
	CU_ASSERT(b.hits.hits[1].from == 2 && b.hits.hits[1].to == 4);
	CU_ASSERT_EQUAL(b.hits.n_dropped, 0);
	tear_down(&b);
}

static void test_bounds(void)
{
	struct bench b;

	set_up(&b, "a:/a/\nb:/b/\nc:/c/\nd:/d/\n");
	b.hits.max = 3;
	CU_ASSERT(scan_copy(&b, FIELD_TEXT, VIEW_SENT, 0, "abcd abcd"));
	CU_ASSERT(b.hits.n == 3 && b.hits.n_dropped == 1);
	b.hits = (struct scan_hits){ hit_memory, 0, 0, 0 };
	CU_ASSERT(scan_copy(&b, FIELD_TEXT, VIEW_SENT, 0, "abcd abcd"));
	CU_ASSERT(b.hits.n == 0 && b.hits.n_dropped == 4);
	/* An empty text is not scanned: not even a rule that may match it is hit. */
	tear_down(&b);
	set_up(&b, "a:/x*/V\n");
	CU_ASSERT(scan_text(
		b.ruleset, b.scratch, FIELD_TEXT, VIEW_SENT, 0, bytes_of(NULL, 0), &b.hits));
	CU_ASSERT_EQUAL(b.hits.n, 0);
	tear_down(&b);
}

/* A scratch grown for one ruleset after the other serves both; without it nothing is scanned. */
static void test_scratch(void)
{
	struct bench a;
	struct bench b;
	size_t size;

	set_up(&a, "a:/a/\n");
	set_up(&b, "b:/b.{3,60}c/i\nu:/[a-z]+\\.b/L field=url\n");
	size = scan_scratch_size(a.scratch);
	CU_ASSERT(size > 0);
	CU_ASSERT_EQUAL(scan_scratch_grow(&a.scratch, b.ruleset), 0);
	CU_ASSERT(scan_scratch_size(a.scratch) >= size);
	CU_ASSERT(scan_copy(&a, FIELD_TEXT, VIEW_SENT, 0, "a"));
	scan_scratch_free(b.scratch);
	b.scratch = a.scratch;
	CU_ASSERT(scan_copy(&b, FIELD_TEXT, VIEW_SENT, 0, "b---c"));
	CU_ASSERT(a.hits.n == 1 && b.hits.n == 1);
	b.scratch = NULL;
	CU_ASSERT_FALSE(scan_copy(&b, FIELD_TEXT, VIEW_SENT, 0, "b---c"));
	CU_ASSERT_EQUAL(scan_scratch_size(NULL), 0);
	tear_down(&a);
	tear_down(&b);
	scan_scratch_free(NULL);
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static const char *const letters[] = { "a", "b", "c", "K", "\xC3\xA9", "\xC3\x89", "\xE2\x82\xAC",
	"1", " ", "\n", "\xE2\x84\xAA", "\xC5\xBF", "s" };
enum { LETTERS = sizeof(letters) / sizeof(letters[0]) };

/* A random expression of at most `depth` nested groups that never matches the empty text. */
static void random_expression(FILE *f, uint32_t *seed, unsigned depth)
{
	static const char *const atoms[] = { ".", "[ab1]", "[^a]", "\\d", "\\w", "\\s",
		"[a-c\xC3\xA9]", "\\bb", "\\Ba", "a\\b", "(?:a|bc)", "\\W" };
	static const char *const repeats[] = { "", "", "", "*", "+", "?", "{2}", "{1,3}", "*?" };

	for (unsigned n = 1 + random_next(seed) % 4; n > 0; n--) {
		unsigned kind = random_next(seed) % 4;

		if (kind == 0 && depth > 0) {
			fputs("(", f);
			random_expression(f, seed, depth - 1);
			fputs("|", f);
			random_expression(f, seed, depth - 1);
			fprintf(f, ")%s", repeats[random_next(seed) % 9]);
		} else if (kind == 1) {
			const char *atom = atoms[random_next(seed) % 12];
			bool repeatable = atom[strlen(atom) - 1] != 'b' || atom[0] == '[';

			fprintf(f, "%s%s", atom, repeatable ? repeats[random_next(seed) % 9] : "");
		} else {
			fputs(letters[random_next(seed) % LETTERS], f);
		}
	}
	fputs(random_next(seed) % 2 != 0 ? "b" : "\xC3\xA9", f);
}

/* One that Hyperscan takes: it refuses what can never match, such as /a\Bb\b1/. */
static char *random_rule(uint32_t *seed)
{
	for (;;) {
		char *expression = NULL;
		size_t len;
		FILE *f = open_memstream(&expression, &len);
		hs_database_t *db = NULL;
		hs_compile_error_t *error = NULL;
		bool good;

		/* Hyperscan takes anchors at the ends of an expression only. */
		fputs(random_next(seed) % 8 == 0 ? "^" : "", f);
		random_expression(f, seed, 2);
		fputs(random_next(seed) % 8 == 0 ? "$" : "", f);
		fclose(f);
		for (char *c = expression; *c != '\0'; c++) {
			*c = *c == '\n' ? ' ' : *c; /* a rule is one line */
		}
		good = hs_compile(expression, HS_FLAG_UTF8, HS_MODE_BLOCK, NULL, &db, &error) ==
		       HS_SUCCESS;
		(void)hs_free_database(db);
		(void)hs_free_compile_error(error);
		if (good) {
			return expression;
		}
		free(expression);
	}
}

static size_t random_text(char *to, uint32_t *seed)
{
	size_t len = 0;

	for (unsigned n = random_next(seed) % 24; n > 0; n--) {
		const char *letter = letters[random_next(seed) % LETTERS];

		memcpy(to + len, letter, strlen(letter));
		len += strlen(letter);
	}
	return len;
}

enum { RULES = 300, TEXTS = 400 };

static void compile_for_pcre2(const struct ruleset *r, pcre2_code **codes)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);

	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	for (uint32_t i = 0; i < r->n_rules; i++) {
		unsigned flags = r->rules[i].flags;
		int error = 0;
		PCRE2_SIZE at = 0;
		uint32_t options = PCRE2_UTF |
		                   ((flags & HS_FLAG_CASELESS) != 0 ? PCRE2_CASELESS : 0) |
		                   ((flags & HS_FLAG_DOTALL) != 0 ? PCRE2_DOTALL : 0) |
		                   ((flags & HS_FLAG_MULTILINE) != 0 ? PCRE2_MULTILINE : 0);

		codes[i] = pcre2_compile((PCRE2_SPTR)r->rules[i].expression, PCRE2_ZERO_TERMINATED,
			options, &error, &at, context);
		CU_ASSERT_PTR_NOT_NULL_FATAL(codes[i]);
	}
	pcre2_compile_context_free(context);
}

static void compare_text(struct bench *b, pcre2_code **codes, pcre2_match_data *data,
	const char *text, size_t len, unsigned *n_matches)
{
	bool hit[RULES] = { false };

	b->hits.n = 0;
	CU_ASSERT_FATAL(scan_text(
		b->ruleset, b->scratch, FIELD_TEXT, VIEW_SENT, 0, bytes_of(text, len), &b->hits));
	for (uint32_t i = 0; i < b->hits.n; i++) {
		CU_ASSERT_FALSE(hit[b->hits.hits[i].rule]);
		CU_ASSERT(b->hits.hits[i].from <= b->hits.hits[i].to && b->hits.hits[i].to <= len);
		hit[b->hits.hits[i].rule] = true;
	}
	for (uint32_t i = 0; i < RULES && len != 0; i++) {
		bool want = pcre2_match(codes[i], (PCRE2_SPTR)text, len, 0, 0, data, NULL) >= 0;

		*n_matches += want;
		if (hit[i] != want) {
			printf("rule /%s/ flags %x, text \"%.*s\": PCRE2 says %d\n",
				b->ruleset->rules[i].expression, b->ruleset->rules[i].flags,
				(int)len, text, want);
			CU_FAIL("Hyperscan and PCRE2 differ");
		}
	}
}

/* The same rules are hit as PCRE2 finds, for random rules in one database and random texts. */
static void test_against_pcre2(void)
{
	static const char *const flags[] = { "", "i", "s", "m", "is", "L", "iL", "im" };
	static pcre2_code *codes[RULES];
	char *source = NULL;
	size_t len;
	FILE *f = open_memstream(&source, &len);
	uint32_t seed = 2026;
	unsigned n_matches = 0;
	char text[256];
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	struct bench b;

	for (unsigned i = 0; i < RULES; i++) {
		char *expression = random_rule(&seed);

		fprintf(f, "%u:/%s/%s\n", i, expression, flags[random_next(&seed) % 8]);
		free(expression);
	}
	fclose(f);
	set_up(&b, source);
	CU_ASSERT_EQUAL_FATAL(b.ruleset->n_rules, RULES);
	compile_for_pcre2(b.ruleset, codes);
	for (unsigned i = 0; i < TEXTS; i++) {
		memset(text, 0, sizeof(text));
		len = random_text(text, &seed);
		compare_text(&b, codes, data, text, len, &n_matches);
	}
	CU_ASSERT(n_matches > 1000); /* of 120,000: matches were compared too */
	for (unsigned i = 0; i < RULES; i++) {
		pcre2_code_free(codes[i]);
	}
	pcre2_match_data_free(data);
	tear_down(&b);
	free(source);
}

/* Rules whose engines read wide: literals, classes, repeats, anchors, starts of match. */
static const char guarded_rules[] = "1:/lottery|parcel|winner/i\n"
				    "2:/https?:\\/\\/[a-z0-9.-]+\\/(win|prize)/i\n"
				    "3:/[0-9]{4,16}$/L\n"
				    "4:/a.{0,60}b/s\n"
				    "5:/\\bfree\\b.*\\bclick\\b/is\n"
				    "6:/x$/\n"
				    "7:/z[^a-y]*z/\n"
				    "8:/(abc|bcd|cde|def|efg){2,5}/\n"
				    "9:/\xC3\xA9+/\n";

/* `len` octets of text that end `tail` octets before a page that cannot be read. */
static uint8_t *place_text(uint8_t *pages, size_t len, size_t tail, uint32_t *seed)
{
	static const char words[] = "free lottery click http://a.b/win 12345678 abcbcdcde zzz xbx ";
	uint8_t *text = pages + PAGE - tail - len;

	for (size_t i = 0; i < len; i++) {
		text[i] = (uint8_t)words[(random_next(seed) % 8 + i) % (sizeof(words) - 1)];
	}
	memset(text + len, (int)(random_next(seed) & 0xFF), tail);
	return text;
}

static uint8_t *map_guarded(void)
{
	uint8_t *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_FATAL(pages != MAP_FAILED);
	CU_ASSERT_EQUAL_FATAL(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
	return pages;
}

static void scan_guarded(struct bench *b, uint8_t *pages, size_t tail, unsigned rounds)
{
	uint32_t seed = 99;

	for (unsigned round = 0; round < rounds; round++) {
		for (size_t len = 0; len <= GUARDED_LEN_MAX; len++) {
			const uint8_t *text = place_text(pages, len, tail, &seed);

			b->hits.n = 0;
			(void)scan_text(b->ruleset, b->scratch, FIELD_TEXT, VIEW_SENT, 0,
				bytes_of(text, len), &b->hits);
		}
	}
}

/* SCAN_TAIL readable octets after the text suffice: a read beyond them would end this program. */
static void test_guard_page(void)
{
	uint8_t *pages = map_guarded();
	struct bench b;

	set_up(&b, guarded_rules);
	scan_guarded(&b, pages, SCAN_TAIL, 300);
	CU_ASSERT(b.hits.n_dropped == 0);
	tear_down(&b);
	munmap(pages, 2 * PAGE);
}

/*
 * Why: on AVX-512-VBMI libhyperscan 5.4.0 reads up to 15 octets beyond the text
 * (research/ecosystem.md 6). In a child, with no tail at all.
 */
static void test_why_a_tail(void)
{
	uint8_t *pages;
	struct bench b;
	int status = 0;
	pid_t pid;

	if (!__builtin_cpu_supports("avx512vbmi")) {
		printf("(skipped why_a_tail: this CPU has no AVX-512-VBMI) ");
		return;
	}
	pages = map_guarded();
	set_up(&b, guarded_rules);
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		scan_guarded(&b, pages, 0, 300);
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
		  (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
	printf("(without a tail: %s) ",
		WIFSIGNALED(status) ? "a fault, as expected" : "no fault in these texts");
	tear_down(&b);
	munmap(pages, 2 * PAGE);
}

UNIT_MAIN("patterns/scan", { "hits", test_hits }, { "fields", test_fields }, { "once", test_once },
	{ "bounds", test_bounds }, { "scratch", test_scratch },
	{ "against_pcre2", test_against_pcre2 }, { "guard_page", test_guard_page },
	{ "why_a_tail", test_why_a_tail })
