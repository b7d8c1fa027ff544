/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_lists: what a set of numbers costs in memory and per look-up: the one of verdict/list_number,
 * beside others that could have been taken, over the same numbers. docs/performance.md has what was
 * measured. One core, plain memory. It judges nothing by time: it fails where two sets disagree.
 *
 * Usage: bench_lists [NUMBERS [SPREAD]]     SPREAD: a part of its name, "1 in 100"; "life": how long making one takes
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "dataplane/base/clock.h"
#include "dataplane/verdict/list_build.h"
#include "dataplane/verdict/list_number.h"

enum { LOOKUPS = 1 << 18, LEN = 12, LINE_SLOTS = 15, TOGETHER = 8, TRIES = 7 };

static const uint64_t power = UINT64_C(1000000000000); /* of numbers of 12 digits */

/* Where the numbers lie. */
struct spread {
	const char *name;
	uint64_t first;
	uint64_t
		one_in; /* of so many numbers one is in the set, on average; 0: of all of 12 digits */
};
static const struct spread spreads[] = { { "1 in 2", 447000000000, 2 },
	{ "1 in 10", 440000000000, 10 }, { "1 in 100", 440000000000, 100 },
	{ "1 in 1,000", 400000000000, 1000 }, { "anywhere", 0, 0 } };

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void *memory_of(size_t size)
{
	size_t whole = (size + 4095) & ~(size_t)4095;
	void *p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("bench_lists");
		exit(1);
	}
	(void)madvise(p, whole, MADV_HUGEPAGE);
	return p;
}

/* ---- a sorted array: binary search, and in the order of Eytzinger ---- */

struct sorted {
	const uint64_t *keys;
	size_t n;
};

static bool sorted_has(const void *set, uint64_t value)
{
	const struct sorted *s = set;
	size_t from = 0;
	size_t n = s->n;

	while (n > 1) {
		size_t half = n / 2;

		from += s->keys[from + half] <= power + value ? half : 0;
		n -= half;
	}
	return s->keys[from] == power + value;
}

struct eytzinger {
	uint64_t *keys; /* [1] is the root, [2k] and [2k + 1] are below [k] */
	size_t n;
};

static size_t eytzinger_fill(struct eytzinger *e, const uint64_t *keys, size_t at, size_t k)
{
	if (k <= e->n) {
		at = eytzinger_fill(e, keys, at, 2 * k);
		e->keys[k] = keys[at++];
		at = eytzinger_fill(e, keys, at, 2 * k + 1);
	}
	return at;
}

static bool eytzinger_has(const void *set, uint64_t value)
{
	const struct eytzinger *e = set;
	size_t k = 1;

	while (k <= e->n) {
		__builtin_prefetch(e->keys + 16 * k);
		k = 2 * k + (e->keys[k] < power + value ? 1 : 0);
	}
	k >>= __builtin_ffsll((long long)~k);
	return k != 0 && e->keys[k] == power + value;
}

/*
 * ---- a hash table of cache lines with the rests of a permuted key: one line a look-up ----
 * What finds its line full goes on in the next one; the rest's last five bits say how far it went.
 */

struct lines {
	uint32_t (*slots)[16]; /* [15]: how many are used; a full line goes on in the next one */
	size_t n;
	uint64_t each; /* permuted keys of a line: their rests fit 32 bits */
};

/* permute: of 40 bits; each step can be undone, so that two keys never meet. */
static uint64_t permute(uint64_t v)
{
	const uint64_t mask = (UINT64_C(1) << 40) - 1;

	v = v * UINT64_C(0x9E3779B97F4A7C15) & mask;
	v ^= v >> 21;
	v = v * UINT64_C(0xD6E8FEB86659FD93) & mask;
	return v ^ v >> 19;
}

static void lines_make(struct lines *s, const uint64_t *keys, size_t n)
{
	s->n = n / 11 + 2;
	s->each = (UINT64_C(1) << 40) / (s->n - 1) + 1;
	s->slots = memory_of(s->n * sizeof(*s->slots));
	for (size_t i = 0; i < n; i++) {
		uint64_t h = permute(keys[i] - power);
		size_t line = h / s->each;
		uint32_t far = 0;

		while (s->slots[line][LINE_SLOTS] == LINE_SLOTS) {
			line = line + 1 == s->n ? 0 : line + 1;
			far++;
		}
		s->slots[line][s->slots[line][LINE_SLOTS]++] =
			(uint32_t)(h % s->each * 32 + far % 32);
	}
}

static bool lines_has(const void *set, uint64_t value)
{
	const struct lines *s = set;
	uint64_t h = permute(value);
	size_t line = h / s->each;
	uint32_t rest = (uint32_t)(h % s->each * 32);

	for (;;) {
		const uint32_t *slots = s->slots[line];
		unsigned found = 0;

		for (unsigned i = 0; i < 16; i++) {
			found |= (unsigned)(slots[i] == rest) << i;
		}
		if ((found & ((1u << slots[LINE_SLOTS]) - 1)) != 0) {
			return true;
		}
		if (slots[LINE_SLOTS] < LINE_SLOTS) {
			return false;
		}
		line = line + 1 == s->n ? 0 : line + 1;
		rest++;
	}
}

/* ---- ours, alone and with a filter in front ---- */

static bool ours_has(const void *set, uint64_t value)
{
	return list_number_has(set, LEN, value);
}

/* A blocked Bloom filter: 8 bits of a cache line a number, 10 bits a number in all. */
struct filtered {
	const struct list_numbers *numbers;
	uint64_t (*lines)[8];
	uint64_t n;
};

static uint64_t filter_hash(uint64_t value)
{
	value = (value ^ value >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
	return value ^ value >> 32;
}

static void filter_make(struct filtered *f, const uint64_t *keys, size_t n)
{
	f->n = n * 10 / 512 + 1;
	f->lines = memory_of(f->n * sizeof(*f->lines));
	for (size_t i = 0; i < n; i++) {
		uint64_t h = filter_hash(keys[i] - power);
		uint64_t *line = f->lines[(h >> 32) * f->n >> 32];

		for (unsigned k = 0; k < 6; k++) {
			h = h * UINT64_C(0x9E3779B97F4A7C15) + 1;
			line[h >> 61] |= UINT64_C(1) << (h >> 50 & 63);
		}
	}
}

static bool filtered_has(const void *set, uint64_t value)
{
	const struct filtered *f = set;
	uint64_t h = filter_hash(value);
	const uint64_t *line = f->lines[(h >> 32) * f->n >> 32];

	for (unsigned k = 0; k < 6; k++) {
		h = h * UINT64_C(0x9E3779B97F4A7C15) + 1;
		if ((line[h >> 61] >> (h >> 50 & 63) & 1) == 0) {
			return false;
		}
	}
	return list_number_has(f->numbers, LEN, value);
}

/* ---- measuring ---- */

struct questions {
	uint64_t *hit;
	uint64_t *miss;
};

/* cycles: per look-up, each one begun when the one before has its answer; *n_found of them. */
static double cycles(bool (*has)(const void *, uint64_t), const void *set, const uint64_t *asked,
	uint64_t *n_found)
{
	uint64_t found = 0;
	uint64_t start = clock_cycles();
	uint64_t took;

	for (size_t i = 0; i < LOOKUPS; i++) {
		/* the next address waits for this answer, as it does in a message's life */
		found += has(set, asked[i] + (found >> 40)) ? 1 : 0;
	}
	took = clock_cycles() - start;
	*n_found = found;
	return (double)took / LOOKUPS;
}

/* least: of some tries: others may be at work on this machine. */
static double least(bool (*has)(const void *, uint64_t), const void *set, const uint64_t *asked,
	uint64_t *n_found)
{
	double best = cycles(has, set, asked, n_found);

	for (unsigned i = 1; i < TRIES; i++) {
		double took = cycles(has, set, asked, n_found);

		best = took < best ? took : best;
	}
	return best;
}

/* ahead: as the judge does it: what several look-ups read is asked for before the first one. */
static double ahead_once(const struct list_numbers *s, const uint64_t *asked)
{
	uint64_t start = clock_cycles();
	uint64_t found = 0;

	for (size_t i = 0; i < LOOKUPS; i += TOGETHER) {
		for (size_t k = 0; k < TOGETHER; k++) {
			list_number_prefetch(s, LEN, asked[i + k]);
		}
		for (size_t k = 0; k < TOGETHER; k++) {
			found += list_number_has(s, LEN, asked[i + k]) ? 1 : 0;
		}
	}
	return (double)(clock_cycles() - start) / LOOKUPS + (double)(found >> 60);
}

static double ahead(const struct list_numbers *s, const uint64_t *asked)
{
	double best = ahead_once(s, asked);

	for (unsigned i = 1; i < TRIES; i++) {
		double took = ahead_once(s, asked);

		best = took < best ? took : best;
	}
	return best;
}

static int report(const char *name, size_t octets, size_t n, bool (*has)(const void *, uint64_t),
	const void *set, const struct questions *q)
{
	uint64_t hits;
	uint64_t misses;
	double hit = least(has, set, q->hit, &hits);
	double miss = least(has, set, q->miss, &misses);

	printf("  %-28s %6.2f octets  hit %5.0f  miss %5.0f cycles\n", name,
		(double)octets / (double)n, hit, miss);
	if (hits != LOOKUPS || misses != 0) {
		printf("  wrong: %llu of %d hits, %llu of 0\n", (unsigned long long)hits,
			(int)LOOKUPS, (unsigned long long)misses);
		return 1;
	}
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* make_keys: `n` of them, sorted; with gaps of 1 to 2 * one_in - 1, or anywhere. */
static size_t make_keys(uint64_t *keys, size_t n, const struct spread *s)
{
	uint64_t state = 42;
	uint64_t at = s->first;
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		if (s->one_in == 0) {
			keys[i] = power + random_next(&state) % power;
		} else {
			at += 1 + random_next(&state) % (2 * s->one_in - 1);
			keys[i] = power + at;
		}
	}
	if (s->one_in == 0) {
		qsort(keys, n, sizeof(*keys), compare_keys);
	}
	for (size_t i = 0; i < n; i++) {
		if (keys[i] < 2 * power && (out == 0 || keys[out - 1] != keys[i])) {
			keys[out++] = keys[i];
		}
	}
	return out;
}

static void make_questions(struct questions *q, const uint64_t *keys, size_t n)
{
	const struct sorted s = { keys, n };
	uint64_t state = 7;

	for (size_t i = 0; i < LOOKUPS; i++) {
		q->hit[i] = keys[random_next(&state) % n] - power;
		do { /* near the numbers, not beyond them */
			q->miss[i] =
				keys[random_next(&state) % n] - power + random_next(&state) % 2000;
		} while (q->miss[i] >= power || sorted_has(&s, q->miss[i]));
	}
}

static int run(const struct spread *s, uint64_t *keys, size_t n, struct questions *q)
{
	struct sorted sorted = { keys, make_keys(keys, n, s) };
	struct eytzinger e = { memory_of((sorted.n + 1) * sizeof(*keys)), sorted.n };
	struct list_numbers ours;
	struct filtered filtered = { .numbers = &ours };
	struct lines lines;
	int failed = 0;

	n = sorted.n;
	printf("%zu numbers, %s\n", n, s->name);
	make_questions(q, keys, n);
	failed |= report("sorted, binary search", n * sizeof(*keys), n, sorted_has, &sorted, q);
	(void)eytzinger_fill(&e, keys, 0, 1);
	failed |= report("sorted, Eytzinger", n * sizeof(*keys), n, eytzinger_has, &e, q);
	(void)munmap(e.keys, (n + 1) * sizeof(*keys));
	lines_make(&lines, keys, n);
	failed |= report(
		"hash, a line a look-up", lines.n * sizeof(*lines.slots), n, lines_has, &lines, q);
	(void)munmap(lines.slots, lines.n * sizeof(*lines.slots));
	if (!list_number_make(&ours, keys, n)) {
		fprintf(stderr, "bench_lists: out of memory\n");
		return 1;
	}
	failed |=
		report("two levels (list_number)", list_number_size(&ours), n, ours_has, &ours, q);
	printf("  %-28s                hit %5.0f  miss %5.0f cycles\n", "  eight at a time",
		ahead(&ours, q->hit), ahead(&ours, q->miss));
	filter_make(&filtered, keys, n);
	failed |= report("two levels, filter in front",
		list_number_size(&ours) + filtered.n * sizeof(*filtered.lines), n, filtered_has,
		&filtered, q);
	(void)munmap(filtered.lines, filtered.n * sizeof(*filtered.lines));
	list_number_free(&ours);
	return failed;
}

/* ---- the life of a list: from its file to a change ---- */

static double ms_since(uint64_t *at_us)
{
	uint64_t now = clock_realtime_us();
	double took = (double)(now - *at_us) / 1000;

	*at_us = now;
	return took;
}

/* text_of: the numbers as a file has them. */
static struct bytes text_of(const uint64_t *keys, size_t n)
{
	uint8_t *text = memory_of(n * (LEN + 1));
	uint8_t *at = text;

	for (size_t i = 0; i < n; i++) {
		uint64_t v = keys[i];

		for (unsigned k = LEN; k > 0; k--) {
			at[k - 1] = (uint8_t)('0' + v % 10);
			v /= 10;
		}
		at[LEN] = '\n';
		at += LEN + 1;
	}
	return bytes_of(text, n * (LEN + 1));
}

static int life(const uint64_t *keys, size_t n)
{
	struct diag *diag = calloc(1, sizeof(*diag));
	struct bytes text = text_of(keys, n);
	struct bytes change = bytes_str("+15550100\n+15550101, a tag\n+4499*\n");
	struct list *l;
	struct list *next = NULL;
	struct list *merged = NULL;
	struct list *decoded = NULL;
	uint8_t *octets = NULL;
	size_t len = 0;
	uint64_t at_us = clock_realtime_us();

	l = list_read("bench", LIST_NUMBER, "bench.txt", text, diag);
	printf("a list of %zu numbers\n  read from %zu MB of text   %8.1f ms\n", n, text.len >> 20,
		ms_since(&at_us));
	if (l != NULL && list_encode(l, &octets, &len)) {
		printf("  encoded, %4zu MB            %8.1f ms\n", len >> 20, ms_since(&at_us));
		decoded =
			list_decode("bench", "bench.pack", bytes_of(octets, len), NULL, NULL, diag);
		printf("  decoded and checked        %8.1f ms\n", ms_since(&at_us));
		next = list_change(l, "change", change, diag);
		printf("  a version with 3 changes   %8.3f ms\n", ms_since(&at_us));
		merged = next != NULL ? list_merge(next) : NULL;
		printf("  a base of its own          %8.1f ms\n", ms_since(&at_us));
	}
	free(octets);
	list_unref(l);
	list_unref(next);
	list_unref(decoded);
	(void)munmap((void *)(uintptr_t)text.data, text.len);
	diag_print(diag, stderr);
	free(diag);
	if (merged == NULL || decoded == NULL || list_facts(merged).n_entries != n + 3) {
		fprintf(stderr, "bench_lists: a list went wrong\n");
		return 1;
	}
	list_unref(merged);
	return 0;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	const char *only = argc > 2 ? argv[2] : "";
	uint64_t *keys = memory_of((n + 1) * sizeof(*keys));
	struct questions q = { memory_of(LOOKUPS * sizeof(uint64_t)),
		memory_of(LOOKUPS * sizeof(uint64_t)) };
	int failed = 0;

	if (n < 100000 || n > 400000000) {
		fprintf(stderr,
			"usage: bench_lists [NUMBERS [SPREAD]], from 100,000 to 400,000,000\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(spreads) / sizeof(spreads[0]); i++) {
		if (strstr(spreads[i].name, only) != NULL) {
			failed |= run(&spreads[i], keys, n, &q);
			(void)fflush(stdout);
		}
	}
	if (strstr("life", only) != NULL) {
		failed |= life(keys, make_keys(keys, n, &spreads[2]));
	}
	return failed;
}
