/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/sms/concat.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/unit.h"

#define SECOND UINT64_C(1000000)
#define AGE    (900 * SECOND)

enum { BUFFER_SIZE = 65536 };
static uint8_t buffer[BUFFER_SIZE];

static struct concat *table_new(uint32_t messages_max, uint32_t blocks_max)
{
	const struct concat_config config = { messages_max, blocks_max, AGE, 0x5EED };
	size_t size = (concat_size(&config) + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	memset(memory, 0x5A, size);
	return concat_init(memory, &config);
}

static struct sms part_of(uint16_t reference, unsigned part, unsigned total)
{
	return (struct sms){
		.source = { 5, 0, bytes_str("ACME") },
		.destination = { 1, 1, bytes_str("4711") },
		.concat = { reference, 8, (uint8_t)part, (uint8_t)total },
	};
}

static enum concat_found add_at(struct concat *c, const struct sms *m, const char *text,
	uint64_t now_us, struct concat_joined *j)
{
	memset(j, 0xA5, sizeof(*j));
	return concat_add(c, m, bytes_str(text), now_us, buffer, BUFFER_SIZE, j);
}

/* add: part `part` of `total` of message `reference`, at 1 s (inlined everywhere it fills frames) */
static __attribute__((noinline)) enum concat_found add(struct concat *c, uint16_t reference,
	unsigned part, unsigned total, const char *text, struct concat_joined *j)
{
	const struct sms m = part_of(reference, part, total);

	return add_at(c, &m, text, SECOND, j);
}

static bool is(struct bytes b, const char *s)
{
	return bytes_equal(b, bytes_str(s));
}

static bool contains(struct bytes b, const char *s)
{
	return memmem(b.data, b.len, s, strlen(s)) != NULL;
}

static bool has_passed(const struct concat_joined *j, unsigned part)
{
	return (j->passed[part / 8] >> part % 8 & 1) != 0;
}

/* permutation: the i-th order of `n` parts (factorial number system). */
static void permutation(unsigned i, unsigned n, unsigned *order)
{
	unsigned left[4] = { 1, 2, 3, 4 };

	for (unsigned k = 0; k < n; k++) {
		unsigned pick = i % (n - k);

		i /= n - k;
		order[k] = left[pick];
		memmove(&left[pick], &left[pick + 1], (n - k - 1 - pick) * sizeof(left[0]));
	}
}

/* Every order of 2 to 4 parts: each joins exactly the run of known parts around it. */
static void test_orders(void)
{
	static const char *const texts[] = { "", "one ", "two ", "three ", "four " };
	struct concat *c = table_new(64, 1024);
	uint16_t reference = 0;
	unsigned factorial = 1;

	for (unsigned n = 2; n <= 4; n++) {
		factorial *= n;
		for (unsigned i = 0; i < factorial; i++) {
			unsigned order[4];
			bool known[6] = { false };

			reference++;
			permutation(i, n, order);
			for (unsigned k = 0; k < n; k++) {
				unsigned own = order[k];
				unsigned low = own;
				unsigned high = own;
				char want[64] = "";
				struct concat_joined j;

				while (known[low - 1]) {
					low--;
				}
				while (known[high + 1]) {
					high++;
				}
				for (unsigned p = low; p <= high; p++) {
					strcat(want, texts[p]);
				}
				CU_ASSERT_EQUAL(
					add(c, reference, own, n, texts[own], &j), CONCAT_JOINED);
				CU_ASSERT_TRUE(is(j.text, want));
				CU_ASSERT_EQUAL(j.first, low);
				CU_ASSERT_EQUAL(j.last, high);
				CU_ASSERT_TRUE(
					is(bytes_slice(j.text, j.own_from, j.own_to - j.own_from),
						texts[own]));
				CU_ASSERT_FALSE(j.conflict);
				CU_ASSERT_FALSE(j.unstored);
				for (unsigned p = 1; p <= 4; p++) {
					CU_ASSERT_EQUAL(has_passed(&j, p), known[p]);
				}
				known[own] = true;
			}
		}
	}
	CU_ASSERT_EQUAL(concat_count(c), reference);
	free(c);
}

/*
 * A phrase cut at every point over 2 to 4 parts, in every order: it is in the joined text of the
 * part that completes it, and of no earlier one.
 */
static void test_phrase(void)
{
	static const char message[] = "<<claim your prize now>>";
	static const char phrase[] = "claim your prize now";
	enum { LEN = sizeof(message) - 1, END = LEN - 2 };
	struct concat *c = table_new(64, 1024);
	uint64_t now_us = SECOND;
	unsigned found = 0;
	unsigned tried = 0;
	unsigned factorial = 1;

	for (unsigned n = 2; n <= 4; n++) {
		factorial *= n;
		for (unsigned a = 3; a <= END - 4; a++) {
			unsigned cuts[5] = { 0, a, n > 2 ? (a + END) / 2 : LEN, LEN, LEN };

			cuts[3] = n > 3 ? (cuts[2] + END) / 2 : LEN;
			for (unsigned i = 0; i < factorial; i++) {
				unsigned order[4];
				unsigned missing = n;

				now_us += 2 * AGE; /* the table is empty again */
				concat_expire(c, now_us, UINT32_MAX);
				CU_ASSERT_EQUAL(concat_count(c), 0);
				permutation(i, n, order);
				for (unsigned k = 0; k < n; k++) {
					const struct sms m = part_of(7, order[k], n);
					unsigned from = cuts[order[k] - 1];
					unsigned to = order[k] == n ? LEN : cuts[order[k]];
					struct concat_joined j;

					CU_ASSERT_EQUAL(concat_add(c, &m,
								bytes_of(message + from, to - from),
								now_us, buffer, BUFFER_SIZE, &j),
						CONCAT_JOINED);
					missing--;
					if (contains(j.text, phrase)) {
						found++;
						CU_ASSERT_EQUAL(missing, 0);
					}
				}
				tried++;
			}
		}
	}
	CU_ASSERT_EQUAL(found, tried);
	free(c);
}

static const struct concat_verdict spam = { 3, 9, 4, 1, 0x45, "prize-1" };

static void test_condemned(void)
{
	struct concat *c = table_new(64, 64);
	const struct sms first = part_of(1, 1, 3);
	const struct sms late = part_of(1, 3, 3);
	struct sms other = part_of(2, 1, 3);
	struct concat_joined j;

	CU_ASSERT_FALSE(concat_condemn(c, &first, &spam, SECOND)); /* never seen */
	CU_ASSERT_EQUAL(add(c, 1, 1, 3, "a", &j), CONCAT_JOINED);
	CU_ASSERT_EQUAL(add(c, 1, 2, 3, "b", &j), CONCAT_JOINED);
	CU_ASSERT_TRUE(concat_condemn(c, &first, &spam, 2 * SECOND));
	CU_ASSERT_EQUAL(add(c, 1, 3, 3, "c", &j), CONCAT_CONDEMNED);
	CU_ASSERT_EQUAL(memcmp(&j.verdict, &spam, sizeof(spam)), 0);
	CU_ASSERT_EQUAL(add(c, 1, 1, 3, "a", &j), CONCAT_CONDEMNED); /* repeated */
	CU_ASSERT_EQUAL(add(c, 1, 1, 3, "z", &j), CONCAT_CONDEMNED);
	CU_ASSERT_EQUAL(concat_look(c, &late, bytes_str("c"), SECOND, buffer, BUFFER_SIZE, &j),
		CONCAT_CONDEMNED);
	CU_ASSERT_EQUAL(add_at(c, &other, "a", SECOND, &j), CONCAT_JOINED);
	/* each part keeps the memory fresh; then it ends */
	CU_ASSERT_EQUAL(add_at(c, &late, "c", AGE, &j), CONCAT_CONDEMNED);
	CU_ASSERT_EQUAL(add_at(c, &late, "c", 2 * AGE, &j), CONCAT_CONDEMNED);
	CU_ASSERT_EQUAL(add_at(c, &late, "c", 3 * AGE + 1, &j), CONCAT_JOINED);
	CU_ASSERT_TRUE(is(j.text, "c"));
	free(c);
}

static void test_key(void)
{
	const struct sms base = part_of(1, 1, 3);
	struct concat *c = table_new(64, 64);
	struct concat_joined j;
	struct sms m;

	add_at(c, &base, "one", SECOND, &j);
	for (unsigned i = 0; i < 9; i++) {
		const bool same[] = { true, true, true, false, false, false, false, false, false };

		m = part_of(1, 2, 3);
		switch (i) {
		case 0:
			break;
		case 1: /* networks change these on the way */
			m.source.ton = 1;
			m.destination.npi = 9;
			break;
		case 2:
			m.destination.digits = bytes_str("+4711");
			break;
		case 3:
			m.source.digits = bytes_str("ACMF");
			break;
		case 4:
			m.destination.digits = bytes_str("47110");
			break;
		case 5:
			m.concat.reference = 257;
			break;
		case 6:
			m.concat.width = 16;
			break;
		case 7:
			m.concat.total = 4;
			break;
		case 8:
			m.carrier = SMS_MAP;
			break;
		}
		CU_ASSERT_EQUAL(
			concat_look(c, &m, bytes_str("two"), SECOND, buffer, BUFFER_SIZE, &j),
			CONCAT_JOINED);
		CU_ASSERT_TRUE(is(j.text, same[i] ? "onetwo" : "two"));
	}
	/* digits cannot move from one address to the other */
	m = part_of(1, 2, 3);
	m.source.digits = bytes_str("ACME4");
	m.destination.digits = bytes_str("711");
	concat_look(c, &m, bytes_str("two"), SECOND, buffer, BUFFER_SIZE, &j);
	CU_ASSERT_TRUE(is(j.text, "two"));
	free(c);
}

/* concat_look sees what is there and leaves no trace. */
static void test_look(void)
{
	const struct sms m = part_of(1, 2, 2);
	struct concat *c = table_new(64, 64);
	struct concat_joined j;

	CU_ASSERT_EQUAL(
		concat_look(c, &m, bytes_str("b"), SECOND, buffer, BUFFER_SIZE, &j), CONCAT_JOINED);
	CU_ASSERT_TRUE(is(j.text, "b"));
	CU_ASSERT_EQUAL(concat_count(c), 0);
	add(c, 1, 1, 2, "a", &j);
	CU_ASSERT_EQUAL(
		concat_look(c, &m, bytes_str("b"), SECOND, buffer, BUFFER_SIZE, &j), CONCAT_JOINED);
	CU_ASSERT_TRUE(is(j.text, "ab"));
	CU_ASSERT_EQUAL(concat_look(c, &m, bytes_str("b"), 2 * AGE, buffer, BUFFER_SIZE, &j),
		CONCAT_JOINED);
	CU_ASSERT_TRUE(is(j.text, "b"));
	add(c, 1, 1, 2, "a", &j);
	CU_ASSERT_TRUE(is(j.text, "a"));
	free(c);
}

/* A part again: with the same text, with another one, with many others. */
static void test_repeated(void)
{
	struct concat *c = table_new(64, 64);
	struct concat_joined j;

	add(c, 1, 1, 2, "win a ", &j);
	add(c, 1, 2, 2, "book", &j);
	CU_ASSERT_EQUAL(add(c, 1, 1, 2, "win a ", &j), CONCAT_JOINED);
	CU_ASSERT_FALSE(j.conflict);
	CU_ASSERT_TRUE(is(j.text, "win a book"));
	CU_ASSERT_TRUE(has_passed(&j, 1));
	/* the reference again for another message: its parts meet each other, not only old ones */
	add(c, 1, 2, 2, "prize", &j);
	CU_ASSERT_TRUE(j.conflict);
	CU_ASSERT_TRUE(is(j.text, "win a prize"));
	CU_ASSERT_TRUE(is(bytes_slice(j.text, j.own_from, j.own_to - j.own_from), "prize"));
	add(c, 1, 1, 2, "claim your ", &j);
	CU_ASSERT_TRUE(j.conflict);
	CU_ASSERT_TRUE(is(j.text, "claim your prize\nclaim your book"));
	CU_ASSERT_EQUAL(j.own_from, 0);
	CU_ASSERT_EQUAL(j.own_to, 11);
	/* the first text stays, whatever comes after it */
	for (char x = 'a'; x < 'z'; x++) {
		const char text[] = { x, 0 };

		add(c, 1, 1, 2, text, &j);
		CU_ASSERT_TRUE(j.conflict);
	}
	add(c, 1, 2, 2, "", &j);
	CU_ASSERT_TRUE(is(j.text, "y\nx\nwin a "));
	free(c);
}

/* A part without text is known, and a message of one part has no neighbours. */
static void test_empty(void)
{
	struct concat *c = table_new(64, 64);
	struct concat_joined j;

	add(c, 1, 1, 3, "a", &j);
	add(c, 1, 3, 3, "c", &j);
	CU_ASSERT_TRUE(is(j.text, "c"));
	add(c, 1, 2, 3, "", &j);
	CU_ASSERT_TRUE(is(j.text, "ac"));
	CU_ASSERT_EQUAL(j.own_from, 1);
	CU_ASSERT_EQUAL(j.own_to, 1);
	add(c, 1, 3, 3, "c", &j);
	CU_ASSERT_TRUE(is(j.text, "ac"));
	CU_ASSERT_EQUAL(j.first, 1);
	CU_ASSERT_EQUAL(add(c, 2, 1, 1, "alone", &j), CONCAT_JOINED);
	CU_ASSERT_TRUE(is(j.text, "alone"));
	CU_ASSERT_EQUAL(j.own_to, 5);
	CU_ASSERT_EQUAL(concat_count(c), 1);
	CU_ASSERT_EQUAL(add(c, 2, 0, 2, "x", &j), CONCAT_ALONE);
	CU_ASSERT_EQUAL(add(c, 2, 3, 2, "x", &j), CONCAT_ALONE);
	free(c);
}

static void test_full(void)
{
	struct concat *c = table_new(3, 64);
	struct concat_joined j;
	struct sms m = part_of(9, 1, 2);

	for (uint16_t r = 0; r < 3; r++) {
		CU_ASSERT_EQUAL(add(c, r, 1, 2, "a", &j), CONCAT_JOINED);
	}
	CU_ASSERT_EQUAL(add_at(c, &m, "a", SECOND + AGE, &j), CONCAT_ALONE);
	CU_ASSERT_EQUAL(add(c, 1, 2, 2, "b", &j), CONCAT_JOINED); /* those inside go on */
	CU_ASSERT_TRUE(is(j.text, "ab"));
	/* message 1 is whole and has passed: it gives way; 0 and 2 stay */
	CU_ASSERT_EQUAL(add_at(c, &m, "a", SECOND + AGE, &j), CONCAT_JOINED);
	CU_ASSERT_EQUAL(add(c, 2, 2, 2, "b", &j), CONCAT_JOINED);
	CU_ASSERT_TRUE(is(j.text, "ab"));
	CU_ASSERT_EQUAL(add(c, 0, 2, 2, "b", &j), CONCAT_JOINED);
	CU_ASSERT_TRUE(is(j.text, "ab"));
	CU_ASSERT_EQUAL(concat_count(c), 3);
	free(c);
}

static void test_expire(void)
{
	struct concat *c = table_new(64, 4);
	struct concat_joined j;
	struct sms m = part_of(0, 1, 2);

	for (uint16_t r = 0; r < 4; r++) {
		m = part_of(r, 1, 2);
		CU_ASSERT_EQUAL(add_at(c, &m, "text", r * SECOND, &j), CONCAT_JOINED);
		CU_ASSERT_FALSE(j.unstored);
	}
	m = part_of(4, 1, 2); /* no block is left: joined, not kept */
	CU_ASSERT_EQUAL(add_at(c, &m, "text", SECOND, &j), CONCAT_JOINED);
	CU_ASSERT_TRUE(j.unstored);
	CU_ASSERT_TRUE(concat_condemn(c, &m, &spam, SECOND)); /* but its fate is remembered */
	concat_expire(c, AGE + SECOND, 4);
	CU_ASSERT_EQUAL(concat_count(c), 4); /* at 1 s to 3 s, and the condemned one */
	concat_expire(c, AGE + 3 * SECOND, 4);
	CU_ASSERT_EQUAL(concat_count(c), 1);
	concat_expire(c, 0, 4); /* a clock that jumps back */
	CU_ASSERT_EQUAL(concat_count(c), 1);
	concat_expire(c, AGE + 4 * SECOND, 4);
	CU_ASSERT_EQUAL(concat_count(c), 0);
	m = part_of(5, 1, 2);
	CU_ASSERT_EQUAL(add_at(c, &m, "text", SECOND, &j), CONCAT_JOINED);
	CU_ASSERT_FALSE(j.unstored);
	free(c);
}

/* Nothing of a text stays in memory after its message has gone or is condemned. */
static void test_zeroed(void)
{
	const struct concat_config config = { 16, 64, AGE, 1 };
	size_t size = (concat_size(&config) + 63) & ~(size_t)63;
	uint8_t *memory = aligned_alloc(64, size);
	struct concat *c;
	struct concat_joined j;
	struct sms m = part_of(1, 1, 2);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	for (int condemn = 0; condemn < 2; condemn++) {
		c = concat_init(memory, &config);
		add_at(c, &m, "very secret text", SECOND, &j);
		CU_ASSERT_TRUE(contains(bytes_of(memory, size), "secret"));
		if (condemn) {
			concat_condemn(c, &m, &spam, SECOND);
		} else {
			concat_expire(c, SECOND + AGE + 1, 1);
		}
		CU_ASSERT_FALSE(contains(bytes_of(memory, size), "secret"));
		CU_ASSERT_FALSE(contains(bytes_of(memory, size), "very"));
	}
	free(memory);
}

/* Parts of a message_payload: the tail meets what follows, the head what goes before. */
static void test_long_parts(void)
{
	static char text[3][5001];
	struct concat *c = table_new(64, 256);
	struct concat_joined j;
	struct sms m;

	for (int i = 0; i < 3; i++) {
		memset(text[i], 'a' + i, 5000);
	}
	memcpy(text[0] + 4995, "claim", 5);
	memcpy(text[1], " your ", 6);
	memcpy(text[1] + 4995, "prize", 5);
	memcpy(text[2], " now", 4);
	CU_ASSERT_EQUAL(add(c, 1, 1, 3, text[0], &j), CONCAT_JOINED);
	CU_ASSERT_EQUAL(j.text.len, 5000);
	CU_ASSERT_EQUAL(add(c, 1, 3, 3, text[2], &j), CONCAT_JOINED);
	CU_ASSERT_EQUAL(add(c, 1, 2, 3, text[1], &j), CONCAT_JOINED);
	CU_ASSERT_EQUAL(j.text.len, 5000 + 2 * 1024);
	CU_ASSERT_TRUE(contains(j.text, "claim your "));
	CU_ASSERT_TRUE(contains(j.text, "prize now"));
	CU_ASSERT_EQUAL(j.own_from, 1024);
	CU_ASSERT_EQUAL(j.own_to, 6024);
	/* nothing is joined across a middle that was not kept */
	CU_ASSERT_EQUAL(add(c, 1, 3, 3, text[2], &j), CONCAT_JOINED);
	CU_ASSERT_EQUAL(j.first, 2);
	CU_ASSERT_TRUE(contains(j.text, "prize now"));
	CU_ASSERT_EQUAL(j.text.len, 5000 + 1024);
	/* a buffer that has no room for the part itself */
	m = part_of(1, 1, 3);
	CU_ASSERT_EQUAL(
		concat_add(c, &m, bytes_str(text[0]), SECOND, buffer, 4999, &j), CONCAT_ALONE);
	free(c);
}

#define E "\xE2\x82\xAC" /* a euro sign */
#define A "\xC3\xA4"

/* A small buffer keeps the nearest neighbours, cut between characters. */
static void test_room(void)
{
	struct concat *c = table_new(64, 64);
	struct concat_joined j;
	const struct sms m = part_of(1, 3, 5);

	add(c, 1, 1, 5, "11", &j);
	add(c, 1, 2, 5, E E, &j);
	add(c, 1, 4, 5, A A, &j);
	add(c, 1, 5, 5, "55", &j);
	for (size_t size = 1; size <= 16; size++) {
		static const char *const want[] = { "", "-", "-", "-" A, E "-", E "-", E "-" A,
			E E "-", "1" E E "-", E E "-" A, "1" E E "-" A, E E "-" A A,
			"1" E E "-" A A, "11" E E "-" A A, "11" E E "-" A A "5",
			"11" E E "-" A A "55", "11" E E "-" A A "55" };
		uint8_t *exact = malloc(size);

		CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
		CU_ASSERT_EQUAL(
			concat_look(c, &m, bytes_str("-"), SECOND, exact, size, &j), CONCAT_JOINED);
		CU_ASSERT_TRUE(is(j.text, want[size]));
		CU_ASSERT_TRUE(j.text.len <= size);
		CU_ASSERT_EQUAL(j.text.data[j.own_from], '-');
		free(exact);
	}
	free(c);
}

/* 255 parts: all of them are known, and what is joined stays below its ceiling. */
static void test_many_parts(void)
{
	static char text[161];
	struct concat *c = table_new(64, 512);
	struct concat_joined j;

	memset(text, 'x', 160);
	for (unsigned p = 255; p > 0; p--) {
		CU_ASSERT_EQUAL(add(c, 1, p, 255, text, &j), CONCAT_JOINED);
		CU_ASSERT_FALSE(j.unstored);
		CU_ASSERT_TRUE(j.text.len <= LIMIT_CONCAT_TEXT_LEN + 160);
		CU_ASSERT_TRUE(p > 100 || j.text.len > LIMIT_CONCAT_TEXT_LEN - 160);
	}
	CU_ASSERT_TRUE(has_passed(&j, 2));
	CU_ASSERT_TRUE(has_passed(&j, 255));
	CU_ASSERT_FALSE(has_passed(&j, 1));
	/* a message may not take more than its share of blocks */
	memset(text, 'y', 160);
	for (unsigned p = 255; p > 0; p--) {
		CU_ASSERT_EQUAL(add(c, 1, p, 255, text, &j), CONCAT_JOINED);
		CU_ASSERT_FALSE(j.unstored);
	}
	memset(text, 'z', 160);
	for (unsigned p = 255; p > 2; p--) {
		CU_ASSERT_EQUAL(add(c, 1, p, 255, text, &j), CONCAT_JOINED);
		CU_ASSERT_EQUAL(j.unstored, p < 254);
	}
	free(c);
}

enum { THREADS = 4, ROUNDS = 20000, REFERENCES = 40 };

struct runner {
	struct concat *c;
	uint32_t seed;
	unsigned joined;
	unsigned alone;
	unsigned condemned;
	unsigned wrong;
	uint8_t buffer[4096];
};

/* Every text says whose part it is, so that a mixed-up join shows. */
static void check_join(struct runner *r, uint16_t reference, const struct concat_joined *j)
{
	for (size_t i = 0; i + 4 <= j->text.len; i += 4) {
		const uint8_t *at = j->text.data + i;

		r->wrong += at[0] != 'r' || at[1] != '0' + reference % 10 ||
		            at[2] != '0' + reference / 10 ||
		            (i >= 4 && at[3] != at[-1] + 1 && at[3] != at[-1]);
	}
	r->wrong += j->text.len % 4 != 0;
}

static void *run(void *argument)
{
	struct runner *r = argument;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint16_t reference;
		struct concat_joined j;
		char text[5] = "r   ";
		struct sms m;

		r->seed = r->seed * 1664525u + 1013904223u;
		reference = (uint16_t)((r->seed >> 8) % REFERENCES);
		m = part_of(reference, 1 + (r->seed >> 20) % 6, 6);
		text[1] = (char)('0' + reference % 10);
		text[2] = (char)('0' + reference / 10);
		text[3] = (char)('0' + m.concat.part);
		switch (concat_add(r->c, &m, bytes_str(text), i * (AGE / 30), r->buffer,
			sizeof(r->buffer), &j)) {
		case CONCAT_ALONE:
			r->alone++;
			break;
		case CONCAT_JOINED:
			r->joined++;
			check_join(r, reference, &j);
			break;
		case CONCAT_CONDEMNED:
			r->condemned++;
			r->wrong += j.verdict.rule != reference;
			break;
		}
		if (i % 64 == 0) {
			const struct concat_verdict v = { .rule = reference };

			concat_condemn(r->c, &m, &v, i * (AGE / 30));
		}
		if (i % 16 == 0) {
			concat_expire(r->c, i * (AGE / 30), 1);
		}
	}
	return NULL;
}

/* Four threads on a table that is too small in both ways; then every block is still there. */
static void test_threads(void)
{
	enum { BLOCKS = 96 };
	static struct runner runners[THREADS];
	pthread_t threads[THREADS];
	struct concat *c = table_new(32, BLOCKS);
	struct concat_joined j;
	unsigned joined = 0;
	unsigned condemned = 0;
	unsigned stored = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		runners[i] = (struct runner){ .c = c, .seed = i + 1 };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, run, &runners[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		CU_ASSERT_EQUAL(runners[i].wrong, 0);
		joined += runners[i].joined;
		condemned += runners[i].condemned;
	}
	CU_ASSERT_TRUE(joined > ROUNDS);
	CU_ASSERT_TRUE(condemned > 0);
	concat_expire(c, 1000 * AGE, UINT32_MAX);
	CU_ASSERT_EQUAL(concat_count(c), 0);
	for (unsigned p = 1; p <= BLOCKS + 1; p++) {
		CU_ASSERT_EQUAL(add(c, 1, p, 255, "text", &j), CONCAT_JOINED);
		stored += !j.unstored;
	}
	CU_ASSERT_EQUAL(stored, BLOCKS);
	free(c);
}

UNIT_MAIN("sms/concat", { "orders", test_orders }, { "phrase", test_phrase },
	{ "condemned", test_condemned }, { "key", test_key }, { "look", test_look },
	{ "repeated", test_repeated }, { "empty", test_empty }, { "full", test_full },
	{ "expire", test_expire }, { "zeroed", test_zeroed }, { "long_parts", test_long_parts },
	{ "room", test_room }, { "many_parts", test_many_parts }, { "threads", test_threads })
