/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/list_build.h"

#include "dataplane/base/arena.h"
#include "dataplane/limits.h"
#include "tests/dataplane/verdict/list_rig.h"

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* ---- changes ---- */

static struct list *change(const struct list *l, const char *text)
{
	struct diag *diag = diag_new();
	struct list *next = list_change(l, "change", bytes_str(text), diag);

	if (next == NULL) {
		diag_print(diag, stdout);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(next);
	diag_done(diag);
	return next;
}

static void test_change(void)
{
	struct list *l = read_list(LIST_NUMBER, "1\n2,two\n3\n44*\n10-19\n");
	struct list *a = change(l, "+4\n-2\n# a comment\n\n-44*\n+55*, x\n");
	struct list *b = change(a, "-4\n+2,two\n+3,three\n+44*\n-10-19\n");
	struct bytes text = list_change_text(a);
	uint8_t ours[LIST_HASH_SIZE];
	uint8_t theirs[LIST_HASH_SIZE];

	CU_ASSERT(bytes_equal(text, bytes_str("-2\n+4\n-44*\n+55*,x\n")));
	CU_ASSERT_STRING_EQUAL(found(a, "2"), "");
	CU_ASSERT_STRING_EQUAL(found(a, "4"), "4");
	CU_ASSERT_STRING_EQUAL(found(a, "441"), "");
	CU_ASSERT_STRING_EQUAL(found(a, "551"), "55*,x");
	CU_ASSERT_STRING_EQUAL(found(l, "2"), "2,two"); /* the version before stays as it was */
	check_print(a, "1\n3\n4\n10-19\n55*,x\n");
	check_print(b, "1\n2,two\n3,three\n44*\n55*,x\n");
	CU_ASSERT_EQUAL(list_facts(a).n_entries, 5);
	CU_ASSERT_EQUAL(list_facts(b).n_entries, 5);
	CU_ASSERT(bytes_equal(list_change_text(b), bytes_str("-3\n+3,three\n-10-19\n+55*,x\n")));
	list_hash(l, ours);
	list_hash(b, theirs);
	CU_ASSERT_EQUAL(memcmp(ours, theirs, sizeof(ours)), 0); /* the base is the same */
	CU_ASSERT(list_has_entry(b, "+3"));
	CU_ASSERT(list_has_entry(b, "44*"));
	CU_ASSERT_FALSE(list_has_entry(b, "441"));
	CU_ASSERT_FALSE(list_has_entry(b, "4"));
	CU_ASSERT_FALSE(list_has_entry(b, "no number"));
	list_unref(l); /* versions hold what they share */
	list_unref(a);
	CU_ASSERT_STRING_EQUAL(found(b, "3"), "3,three");
	list_unref(b);
}

/* Deleting a host leaves those that look like it. */
static void test_change_look_alikes(void)
{
	struct list *l = read_list(LIST_HOST, "mybank.example\nmyb4nk.example\n");
	struct list *a = change(l, "-mybank.example\n");
	struct list *b = change(l, "-myb4nk.example\n");
	struct list *c = change(a, "-myb4nk.example\n");

	CU_ASSERT(list_find_look_alike(l, bytes_str("m\xD1\x83\x62\x61nk.example"), NULL));
	CU_ASSERT(list_find_look_alike(a, bytes_str("m\xD1\x83\x62\x61nk.example"), NULL));
	CU_ASSERT(list_find_look_alike(b, bytes_str("m\xD1\x83\x62\x61nk.example"), NULL));
	CU_ASSERT_FALSE(list_find_look_alike(c, bytes_str("m\xD1\x83\x62\x61nk.example"), NULL));
	list_unref(l);
	list_unref(a);
	list_unref(b);
	list_unref(c);
}

static bool has_pair(const struct list *l, const char *subscriber, const char *sender)
{
	return list_find_pair(l, bytes_str(subscriber), bytes_str(sender), true, NULL);
}

/* A prefix of a length that the base has none of is found from the overlay, and forgotten with it. */
static void test_change_pairs(void)
{
	struct list *l = read_list(LIST_PAIR, "4477 15550100\n4478 49*\n");
	struct list *a = change(l, "+4477 336*\n+4479 *\n-4477 15550100\n");
	struct list *b = change(a, "-4477 336*\n+4477 15550100\n");

	CU_ASSERT(has_pair(l, "4477", "15550100"));
	CU_ASSERT_FALSE(has_pair(l, "4477", "33612"));
	CU_ASSERT(has_pair(a, "4477", "33612"));
	CU_ASSERT(has_pair(a, "4479", "33612"));
	CU_ASSERT_FALSE(has_pair(a, "4477", "15550100"));
	CU_ASSERT(has_pair(b, "4477", "15550100"));
	CU_ASSERT_FALSE(has_pair(b, "4477", "33612"));
	CU_ASSERT(list_has_entry(a, "+4477 336*"));
	CU_ASSERT_FALSE(list_has_entry(b, "4477 336*"));
	check_print(a, "4477 336*\n4478 49*\n4479 *\n");
	list_unref(l);
	list_unref(a);
	list_unref(b);
}

static void check_change_error(const struct list *l, const char *text, int line, const char *part)
{
	struct diag *diag = diag_new();

	CU_ASSERT_PTR_NULL(list_change(l, "change", bytes_str(text), diag));
	CU_ASSERT_FATAL(diag->n_entries != 0);
	CU_ASSERT_EQUAL(diag->entries[0].line, line);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag->entries[0].text, part));
	diag_done(diag);
}

static void test_change_errors(void)
{
	struct list *l = read_list(LIST_NUMBER, "1\n10-19\n");
	struct diag *diag = diag_new();
	struct list *same;

	check_change_error(l, "+7\n-5\n", 2, "5 is no entry of the list");
	check_change_error(l, "-15\n", 1, "15 is no entry"); /* the range covers it */
	check_change_error(l, "7\n", 1, "begins with + or -");
	check_change_error(l, "+\n", 1, "an entry is missing");
	check_change_error(l, "+x\n", 1, "is no digit");
	same = list_change(l, "change", bytes_str("+1\n"), diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(same);
	CU_ASSERT_EQUAL(diag->n_warnings, 1);
	CU_ASSERT_EQUAL(list_change_text(same).len, 0);
	CU_ASSERT_EQUAL(list_facts(same).n_entries, 2);
	list_unref(same);
	list_unref(l);
	diag_done(diag);
}

/* A sender that is deleted leaves another one that looks like it. */
static void test_change_senders(void)
{
	struct list *l = read_list(LIST_SENDER, "MyBank\nMYBANK, loud\nPost\n");
	struct list *a = change(l, "-MyBank\n");
	struct list *b = change(a, "-MYBANK\n");
	uint8_t fold[LIST_FOLD_SIZE];
	struct list_hit hit;

	CU_ASSERT(list_find_text(a, list_fold(bytes_str("MyB4nk"), fold), true, &hit));
	CU_ASSERT(bytes_equal(hit.entry, bytes_str("MYBANK")));
	CU_ASSERT(bytes_equal(hit.tag, bytes_str("loud")));
	CU_ASSERT_FALSE(list_find_text(b, list_fold(bytes_str("MyB4nk"), fold), true, &hit));
	CU_ASSERT(list_find_text(b, list_fold(bytes_str("POST"), fold), true, &hit));
	check_print(a, "MYBANK,loud\nPost\n");
	check_print(b, "Post\n");
	CU_ASSERT_EQUAL(list_facts(a).n_entries, 2);
	CU_ASSERT(bytes_equal(list_change_text(b), bytes_str("-MYBANK\n-MyBank\n")));
	list_unref(l);
	list_unref(a);
	list_unref(b);
}

/* What versions share is counted once, and as long as one of them lives. */
static void test_charge(void)
{
	struct list_set *sets[2] = { list_set_create(), list_set_create() };
	struct list *l = read_list(LIST_NUMBER, "1\n2,two\n3\n44*\n10-19\n");
	struct list *next = change(l, "+4\n-2\n+55*\n");
	const char *name = NULL;
	struct arena a;
	size_t asked = 0;
	size_t base;

	arena_init(&a, 0);
	CU_ASSERT(list_set_charge(NULL, &a, &name, &asked));
	CU_ASSERT_EQUAL(list_set_add(sets[0], l), 0);
	CU_ASSERT_EQUAL(list_set_add(sets[1], next), 0);
	CU_ASSERT(list_set_charge(sets[0], &a, &name, &asked));
	base = arena_used(&a);
	CU_ASSERT(base > 100);
	CU_ASSERT(list_set_charge(sets[0], &a, &name, &asked));
	CU_ASSERT_EQUAL(arena_used(&a), base);
	a.ceiling = base + 10;
	CU_ASSERT_FALSE(list_set_charge(sets[1], &a, &name, &asked));
	CU_ASSERT_STRING_EQUAL(name, list_name(next));
	CU_ASSERT(asked > 10);
	a.ceiling = 0;
	CU_ASSERT(list_set_charge(sets[1], &a, &name, &asked));
	CU_ASSERT(arena_used(&a) > base);
	CU_ASSERT(arena_used(&a) < 2 * base + list_facts(next).octets);
	list_set_unref(sets[0]);
	CU_ASSERT(arena_used(&a) > base); /* the next version's base is the same */
	list_set_unref(sets[1]);
	CU_ASSERT_EQUAL(arena_used(&a), 0);
}

enum { UNIVERSE = 60, ROUNDS = 200, TEXT_SIZE_MAX = 4096 };

/* put_entry: entry `i` of the universe: a number, a prefix or a range. */
static size_t put_entry(char *out, unsigned i)
{
	switch (i % 3) {
	case 0:
		return (size_t)sprintf(out, "%u\n", i);
	case 1:
		return (size_t)sprintf(out, "77%u*\n", i);
	default:
		return (size_t)sprintf(out, "1000%02u-1000%02u\n", i, i + 5);
	}
}

struct universe {
	bool has[UNIVERSE];
	char change[TEXT_SIZE_MAX];
	char whole[TEXT_SIZE_MAX];
	uint64_t state;
};

/* universe_next: a few entries come and go. */
static void universe_next(struct universe *u, unsigned n)
{
	size_t at = 0;
	size_t end = 0;

	while (n-- > 0) {
		unsigned i = (unsigned)(random_next(&u->state) % UNIVERSE);

		u->change[at++] = u->has[i] ? '-' : '+';
		u->has[i] = !u->has[i];
		at += put_entry(u->change + at, i);
	}
	u->change[at] = '\0';
	for (unsigned i = 0; i < UNIVERSE; i++) {
		end += u->has[i] ? put_entry(u->whole + end, i) : 0;
	}
	u->whole[end] = '\0';
}

/* Random changes, one upon the other, beside the text that they make. */
static void test_changes_against_text(void)
{
	struct universe *u = calloc(1, sizeof(*u));
	struct list *l = read_list(LIST_CODE, "");

	CU_ASSERT_PTR_NOT_NULL_FATAL(u);
	u->state = 5;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct list *next;
		struct list *expected;
		struct list *merged;

		universe_next(u, 1 + round % 5);
		next = change(l, u->change);
		expected = read_list(LIST_CODE, u->whole);
		merged = list_merge(next);
		CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
		CU_ASSERT(list_equal_entries(next, expected));
		CU_ASSERT(list_equal_entries(merged, expected));
		CU_ASSERT_EQUAL(list_facts(next).n_entries, list_facts(expected).n_entries);
		list_unref(l);
		list_unref(expected);
		if (round % 20 == 19) { /* go on from a base of its own */
			list_unref(next);
			l = merged;
		} else {
			list_unref(merged);
			l = next;
		}
	}
	list_unref(l);
	free(u);
}

static void test_overlay_grows(void)
{
	size_t n = LIMIT_LIST_OVERLAY + 1;
	char *text = malloc(16 * n);
	struct list *l = read_list(LIST_NUMBER, "1\n");
	struct list *next;
	struct list *merged;
	size_t at = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (size_t i = 0; i < n; i++) {
		at += (size_t)sprintf(text + at, "+%zu\n", 1000000 + 3 * i);
	}
	next = change(l, text);
	CU_ASSERT_FALSE(list_wants_merge(l));
	CU_ASSERT(list_wants_merge(next));
	merged = list_merge(next);
	CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
	CU_ASSERT_FALSE(list_wants_merge(merged));
	CU_ASSERT_EQUAL(list_facts(merged).n_entries, n + 1);
	CU_ASSERT_EQUAL(list_facts(merged).n_added, 0);
	CU_ASSERT_STRING_EQUAL(found(merged, "1000003"), "1000003");
	list_unref(l);
	list_unref(next);
	list_unref(merged);
	free(text);
}

/* ---- sections ---- */

static void ask_everything(const struct list *l)
{
	static const char *const digits[] = { "1", "12", "447700900001", "999999999999999", "0" };
	uint8_t ip[16] = { 0 };

	for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++) {
		(void)list_find_digits(l, bytes_str(digits[i]), NULL);
		(void)list_find_text(l, bytes_str(digits[i]), i & 1, NULL);
	}
	(void)list_find_ip(l, ip, NULL);
	(void)found_url(l, "http://a.example.com/b");
	free(print(l));
}

/* Every bit of a section: refused, or a list like any other. */
static void check_damage(enum list_kind kind, const char *text)
{
	struct list *l = read_list(kind, text);
	struct diag *diag = diag_new();
	uint8_t *octets;
	size_t len;
	unsigned refused = 0;

	CU_ASSERT_FATAL(list_encode(l, &octets, &len));
	for (size_t i = 0; i < 8 * len; i++) {
		struct list *damaged;

		octets[i / 8] ^= (uint8_t)(1u << (i % 8));
		damaged = list_decode("test", "test.pack", bytes_of(octets, len), NULL, NULL, diag);
		octets[i / 8] ^= (uint8_t)(1u << (i % 8));
		if (damaged != NULL) {
			ask_everything(damaged);
			list_unref(damaged);
		} else {
			refused++;
		}
		diag_clear(diag);
		memset(diag, 0, sizeof(*diag));
	}
	for (size_t cut = 0; cut < len; cut++) { /* no part of it is a section */
		CU_ASSERT_PTR_NULL(
			list_decode("test", "test.pack", bytes_of(octets, cut), NULL, NULL, diag));
		diag_clear(diag);
		memset(diag, 0, sizeof(*diag));
	}
	CU_ASSERT(refused > 4 * len);
	free(octets);
	list_unref(l);
	diag_done(diag);
}

static void test_damaged_sections(void)
{
	check_damage(LIST_NUMBER, "1,one\n12\n447700900001,x\n447700900002\n44*\n100-200,r\n");
	check_damage(LIST_SENDER, "MyBank,b\nPost\n");
	check_damage(LIST_HOST, "example.com\na.b/c\n");
	check_damage(LIST_PAIR, "4477 Bank\n4477 33*\n4478 *,x\n");
	check_damage(LIST_IP, "10.0.0.0/8,ten\n::1\n");
}

static void test_live_base(void)
{
	struct list *live = read_list(LIST_NUMBER, "1\n2\n3*\n");
	struct list *version = change(live, "+9\n");
	struct diag *diag = diag_new();
	uint8_t hash[LIST_HASH_SIZE];
	struct list *l;

	list_hash(live, hash);
	/* no octets are needed: it is the base of one that lives */
	l = list_decode("test", "test.pack", bytes_of(NULL, 0), hash, version, diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	check_print(l, "1\n2\n3*\n"); /* its base, not its changes */
	list_unref(l);
	hash[0] ^= 1;
	CU_ASSERT_PTR_NULL(
		list_decode("test", "test.pack", bytes_of(NULL, 0), hash, version, diag));
	CU_ASSERT_EQUAL(diag->n_errors, 1);
	list_unref(live);
	list_unref(version);
	diag_done(diag);
}

/* Sections that another program has written (tests/fuzz/make-seeds): the format stays what it is. */
static void test_foreign_sections(void)
{
	static const struct {
		const char *file;
		const char *text;
	} cases[] = {
		{ "section-number", "1\n12\n447700900001\n447700900002\n999999999999999\n"
				    "100-200,r\n44*\n" },
		{ "section-sender", "\"Acme, Inc\",x\nMyBank\n" },
		{ "section-host", "bit.ly/abc\nevil.example,phish\n" },
		{ "section-ip", "10.0.0.0/8,ten\n2001:db8::/32\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag *diag = diag_new();
		uint8_t octets[1024];
		char path[128];
		struct list *l;
		size_t len;
		FILE *f;

		snprintf(path, sizeof(path), "tests/fuzz/corpus/list/%s", cases[i].file);
		f = fopen(path, "rb");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		len = fread(octets, 1, sizeof(octets), f);
		fclose(f);
		/* the first octet is the fuzz target's */
		l = list_decode("test", path, bytes_of(octets + 1, len - 1), NULL, NULL, diag);
		diag_print(diag, stdout);
		CU_ASSERT_PTR_NOT_NULL_FATAL(l);
		check_print(l, cases[i].text);
		list_unref(l);
		diag_done(diag);
	}
}

UNIT_MAIN("list_change", { "change", test_change }, { "changes of pairs", test_change_pairs },
	{ "changes of look-alikes", test_change_look_alikes },
	{ "change errors", test_change_errors }, { "change senders", test_change_senders },
	{ "charge", test_charge }, { "changes against text", test_changes_against_text },
	{ "overlay grows", test_overlay_grows }, { "damaged sections", test_damaged_sections },
	{ "live base", test_live_base }, { "foreign sections", test_foreign_sections })
