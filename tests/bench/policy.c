/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_policy: what a policy costs a message apart from rules: links and numbers found in a text, a
 * look-up in a list, a limit's charge, each for 100, 10,000 and 1,000,000 entries or keys.
 * docs/performance.md has what was measured. One core, plain memory. Sizes take turns within a run, so
 * that their ratios hold on a busy machine. It judges nothing by time: it fails where an answer is wrong.
 *
 * Usage: bench_policy [PART]     entities, number, sender, host, pair, limits; "large": 10,000,000 pairs
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "dataplane/base/clock.h"
#include "dataplane/sms/entity.h"
#include "dataplane/verdict/limit.h"
#include "dataplane/verdict/list_build.h"
#include "patterns/ruleset.h"

enum {
	ASKED = 1
	        << 14, /* keys, taken in slices: one try is shorter than a turn of the scheduler */
	SLICE = 256,
	TRIES = 201,
	N_SIZES = 3,
	KEY_SIZE = 64,
	LARGE = 10000000,
	FOUND_SIZE = 8192,
};
static const unsigned sizes[N_SIZES] = { 100, 10000, 1000000 };

static void *take_memory(size_t size)
{
	size_t page = size < 4u << 20 ? 64 : 2u << 20; /* as the daemon's tables: huge pages */
	void *p = aligned_alloc(page, (size + page - 1) & ~(page - 1));

	if (p == NULL) {
		fputs("bench_policy: out of memory\n", stderr);
		exit(1);
	}
	if (page > 64) {
		(void)madvise(p, size, MADV_HUGEPAGE);
	}
	memset(p, 0, size);
	return p;
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Cycles of one thing, over the tries. */
struct tries {
	double took[TRIES];
};

static double median(struct tries *t)
{
	qsort(t->took, TRIES, sizeof(t->took[0]), compare);
	return t->took[TRIES / 2];
}

/* ---- entities ---- */

static const struct text_case {
	const char *name;
	const char *text; /* about 107 octets each */
	unsigned n;       /* links and numbers in it */
} text_cases[] = {
	{ "no sign of one",
		"Hi Ann we are all at the gate now and the bus is late again so please wait a little "
		"for us near the old shop",
		0 },
	{ "stops and digits",
		"Hi Ann, we are at gate 4 now. The bus is late. Dinner is at 20.15, room 3, 2nd floor. "
		"See you all there then",
		0 },
	{ "1 link",
		"Your parcel waits for you: pay the fee of 1.99 at https://parcel-fee-demo.top/pay?id=88 "
		"before Friday. Thanks!!",
		1 },
	{ "1 number",
		"Your parcel waits for you: pay the fee of 1.99 by a call to +44 20 7946 0958 before "
		"Friday evening. Thank you!!",
		1 },
	{ "3 links, 1 number",
		"Pay at parcel-fee-demo.top/pay or www.parcel-demo.net, else https://a-demo.xyz/b?c=1 "
		"or ring +44 20 7946 0958",
		4 },
	{ "3 in disguise",
		"Pay hxxps://parcel-fee-demo[.]top/pay or parcel-demo . net/x or "
		"https://xn--mnchen-demo-thb.de/ by Friday ok",
		3 },
};
enum { N_TEXTS = sizeof(text_cases) / sizeof(text_cases[0]) };

static int bench_entities(void)
{
	static struct tries t[N_TEXTS];
	static struct entity found[LIMIT_ENTITIES];
	static uint8_t values[FOUND_SIZE];
	uint16_t home = numbering_country(bytes_str("GB"));
	int failed = 0;

	for (unsigned try = 0; try < TRIES; try++) {
		for (unsigned i = 0; i < N_TEXTS; i++) {
			struct bytes text = bytes_str(text_cases[i].text);
			uint64_t n = 0;
			uint64_t start = clock_cycles();

			for (unsigned k = 0; k < SLICE; k++) {
				n += entity_find(text, home, found, values, sizeof(values));
			}
			t[i].took[try] = (double)(clock_cycles() - start) / SLICE;
			failed |= n != (uint64_t)text_cases[i].n * SLICE;
		}
	}
	printf("entities: cycles to find the links and numbers of a text, median of %d\n", TRIES);
	for (unsigned i = 0; i < N_TEXTS; i++) {
		printf("  %-20s %3zu octets %8.0f\n", text_cases[i].name,
			strlen(text_cases[i].text), median(&t[i]));
	}
	return failed;
}

/* ---- lists ---- */

/* write_key: entry `i` of a list: even ones are in it, odd ones between them are not. */
static int write_key(enum list_kind kind, unsigned long long i, char out[KEY_SIZE])
{
	unsigned long long n = 447700000000ULL + i * 7;

	switch (kind) {
	case LIST_NUMBER:
		return snprintf(out, KEY_SIZE, "%llu", n);
	case LIST_SENDER:
		return snprintf(out, KEY_SIZE, "Sender%llu", i * 7);
	case LIST_HOST:
		return snprintf(out, KEY_SIZE, "name-%llu.example.com", i * 7);
	case LIST_PAIR:
		return snprintf(out, KEY_SIZE, "%llu %llu", n, 15550000000ULL + i % 1000);
	case LIST_IMSI:
	case LIST_GT:
	case LIST_CODE:
	case LIST_ACCOUNT:
	case LIST_IP:
	case LIST_KIND_COUNT:
		break;
	}
	return 0;
}

static struct list *make_list(enum list_kind kind, unsigned n)
{
	struct diag *diag = take_memory(sizeof(*diag));
	char *text = take_memory((size_t)n * KEY_SIZE);
	size_t len = 0;
	struct list *l;

	for (unsigned i = 0; i < n; i++) {
		char key[KEY_SIZE];
		int key_len = write_key(kind, 2ULL * i, key);

		memcpy(text + len, key, (size_t)key_len);
		len += (size_t)key_len;
		text[len++] = '\n';
	}
	l = list_read("bench", kind, "bench.txt", bytes_of(text, len), diag);
	if (l == NULL) {
		diag_print(diag, stderr);
		exit(1);
	}
	free(text);
	diag_clear(diag);
	free(diag);
	return l;
}

/* What is asked: keys as look-ups want them. */
struct question {
	char text[KEY_SIZE];
	uint32_t len;
	uint32_t second; /* where a pair's sender or a URL's host begins */
};

static void write_question(enum list_kind kind, uint64_t i, struct question *q)
{
	char key[KEY_SIZE];
	int len = write_key(kind, i, key);

	q->second = 0;
	if (kind == LIST_HOST) {
		len = snprintf(q->text, sizeof(q->text), "http://%s", key);
		q->second = 7;
	} else {
		memcpy(q->text, key, (size_t)len);
	}
	if (kind == LIST_PAIR) {
		q->second = (uint32_t)strcspn(key, " ");
	}
	q->len = (uint32_t)len;
}

static bool ask(const struct list *l, enum list_kind kind, const struct question *q)
{
	struct bytes text = bytes_of(q->text, q->len);
	struct bytes second = bytes_slice(text, q->second, q->len);
	struct list_hit hit;

	if (kind == LIST_NUMBER) {
		return list_find_digits(l, text, &hit);
	}
	if (kind == LIST_SENDER) {
		return list_find_text(l, text, false, &hit);
	}
	if (kind == LIST_HOST) {
		return list_find_url(l, text, second, &hit);
	}
	return list_find_pair(
		l, bytes_slice(text, 0, q->second), bytes_slice(second, 1, second.len), true, &hit);
}

static double ask_all(
	const struct list *l, enum list_kind kind, const struct question *q, bool in, int *failed)
{
	uint64_t start = clock_cycles();
	uint64_t n = 0;

	for (unsigned k = 0; k < SLICE; k++) {
		n += ask(l, kind, &q[k]) ? 1 : 0;
	}
	*failed |= n != (in ? SLICE : 0);
	return (double)(clock_cycles() - start) / SLICE;
}

static int bench_list(enum list_kind kind)
{
	static struct tries hit[N_SIZES];
	static struct tries miss[N_SIZES];
	struct list *lists[N_SIZES];
	struct question *in[N_SIZES];
	struct question *out[N_SIZES];
	uint64_t state = 42;
	int failed = 0;

	for (unsigned s = 0; s < N_SIZES; s++) {
		lists[s] = make_list(kind, sizes[s]);
		in[s] = take_memory(ASKED * sizeof(*in[s]));
		out[s] = take_memory(ASKED * sizeof(*out[s]));
		for (unsigned k = 0; k < ASKED; k++) {
			write_question(kind, random_next(&state) % sizes[s] * 2, &in[s][k]);
			write_question(kind, random_next(&state) % sizes[s] * 2 + 1, &out[s][k]);
		}
	}
	for (unsigned try = 0; try < TRIES; try++) {
		for (unsigned s = 0; s < N_SIZES; s++) {
			hit[s].took[try] =
				ask_all(lists[s], kind, in[s] + try * SLICE % ASKED, true, &failed);
			miss[s].took[try] = ask_all(
				lists[s], kind, out[s] + try * SLICE % ASKED, false, &failed);
		}
	}
	printf("lists of kind %s: cycles a look-up, median of %d\n", list_kind_name(kind), TRIES);
	for (unsigned s = 0; s < N_SIZES; s++) {
		printf("  %9u entries %7.1f octets each   hit %6.0f   miss %6.0f\n", sizes[s],
			(double)list_facts(lists[s]).octets / sizes[s], median(&hit[s]),
			median(&miss[s]));
		list_unref(lists[s]);
		free(in[s]);
		free(out[s]);
	}
	return failed;
}

/* bench_large: ten million pairs, made and asked. */
static int bench_large(void)
{
	struct question *q = take_memory(ASKED * sizeof(*q));
	uint64_t start_us = clock_realtime_us();
	struct list *l = make_list(LIST_PAIR, LARGE);
	double took_s = (double)(clock_realtime_us() - start_us) / 1e6;
	static struct tries hit;
	static struct tries miss;
	uint64_t state = 42;
	int failed = list_facts(l).n_entries != LARGE;

	for (unsigned try = 0; try < TRIES; try++) {
		for (unsigned k = 0; k < SLICE; k++) {
			write_question(LIST_PAIR, random_next(&state) % LARGE * 2, &q[k]);
		}
		hit.took[try] = ask_all(l, LIST_PAIR, q, true, &failed);
		for (unsigned k = 0; k < SLICE; k++) {
			write_question(LIST_PAIR, random_next(&state) % LARGE * 2 + 1, &q[k]);
		}
		miss.took[try] = ask_all(l, LIST_PAIR, q, false, &failed);
	}
	printf("%d pairs: read in %.1f s, %.1f octets each, hit %.0f, miss %.0f cycles\n", LARGE,
		took_s, (double)list_facts(l).octets / LARGE, median(&hit), median(&miss));
	list_unref(l);
	free(q);
	return failed;
}

/* ---- limits ---- */

static struct limit_rule make_limit(enum limit_kind kind)
{
	struct limit_rule r = { .name = "bench",
		.kind = (uint8_t)kind,
		.n_keys = 1,
		.keys = { LIMIT_KEY_ORIGINATOR },
		.of = LIMIT_KEY_DESTINATION,
		.action = ACTION_THROTTLE,
		.state = RULE_ON,
		.max = 1000000,
		.burst = 1000000,
		.per_us = UINT64_C(86400000000) };
	const char *why = limit_prepare(&r);

	if (why != NULL) {
		fprintf(stderr, "bench_policy: %s\n", why);
		exit(1);
	}
	return r;
}

/* A table with so many keys in it, and a rule of its own. */
struct limit_case {
	void *memory;
	struct limits *limits;
	struct limit_rule rule;
	unsigned n;
};

/* charge: one message of sender `i`: its key made, looked for and charged. */
static bool charge(struct limit_case *c, uint64_t i, uint64_t now_us)
{
	struct limit_key_value k;
	struct limit_charge one = {
		.rule = &c->rule, .units = 1, .action = c->rule.action, .acts = true
	};
	char number[KEY_SIZE];
	uint64_t element;

	write_key(LIST_NUMBER, i, number);
	limit_key_begin(&k);
	limit_key_put(&k, bytes_of(number, 12));
	one.key = limits_key(c->limits, &c->rule, &k);
	if (c->rule.kind == LIMIT_DISTINCT) {
		element = limits_element(c->limits, bytes_of(number + 4, 8));
		one.elements = &element;
		one.n_elements = 1;
	}
	return limits_charge(c->limits, 0, &one, 1, now_us) == 1 && one.charged;
}

static void open_limit(struct limit_case *c, enum limit_kind kind, unsigned n, uint64_t now_us)
{
	struct limits_config config = { .cells = 4u << 20,
		.distinct_keys = kind == LIMIT_DISTINCT ? 1u << 17 : 64,
		.ratio_keys = 64,
		.hash_key = 1,
		.n_workers = 1 };

	c->rule = make_limit(kind);
	c->n = n;
	c->memory = take_memory(limits_size(&config));
	c->limits = limits_init(c->memory, &config);
	for (unsigned i = 0; i < n; i++) {
		(void)charge(c, i, now_us);
	}
}

static int bench_limits(enum limit_kind kind, unsigned n_sizes)
{
	static struct tries t[N_SIZES];
	static struct limit_case cases[N_SIZES];
	uint64_t now_us = 1000000;
	uint64_t state = 42;
	int failed = 0;

	for (unsigned s = 0; s < n_sizes; s++) {
		open_limit(&cases[s], kind, sizes[s], now_us);
	}
	for (unsigned try = 0; try < TRIES; try++) {
		for (unsigned s = 0; s < n_sizes; s++) {
			uint64_t n = 0;
			uint64_t start = clock_cycles();

			for (unsigned k = 0; k < SLICE; k++) {
				n += charge(&cases[s], random_next(&state) % sizes[s], now_us) ? 1
				                                                               : 0;
			}
			t[s].took[try] = (double)(clock_cycles() - start) / SLICE;
			failed |= n != SLICE;
			now_us += 1000;
		}
	}
	printf("limits of kind %s: cycles a charge with its key made, median of %d\n",
		limit_kind_name(kind), TRIES);
	for (unsigned s = 0; s < n_sizes; s++) {
		struct limit_facts f = { 0 };

		(void)limits_facts(cases[s].limits, "bench", &f);
		printf("  %9u live keys %6.0f   (%llu forgotten)\n", sizes[s], median(&t[s]),
			(unsigned long long)f.forgotten);
		free(cases[s].memory);
	}
	return failed;
}

static bool wanted(const char *only, const char *part)
{
	return only == NULL ? strcmp(part, "large") != 0 : strcmp(only, part) == 0;
}

int main(int argc, char **argv)
{
	static const enum list_kind kinds[] = { LIST_NUMBER, LIST_SENDER, LIST_HOST, LIST_PAIR };
	const char *only = argc > 1 ? argv[1] : NULL;
	int failed = 0;

	if (wanted(only, "entities")) {
		failed |= bench_entities();
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (wanted(only, list_kind_name(kinds[i]))) {
			failed |= bench_list(kinds[i]);
		}
	}
	if (wanted(only, "limits")) {
		failed |= bench_limits(LIMIT_RATE, N_SIZES);
		failed |= bench_limits(LIMIT_DISTINCT, N_SIZES - 1);
	}
	if (wanted(only, "large")) {
		failed |= bench_large();
	}
	if (failed != 0) {
		fputs("bench_policy: a wrong answer\n", stderr);
	}
	return failed;
}
