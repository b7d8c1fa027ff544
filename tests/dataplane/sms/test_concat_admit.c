/* SPDX-License-Identifier: BSD-3-Clause */
/* Which long messages were let in: concat.h's admission. */
#include <pthread.h>
#include <stdlib.h>

#include "dataplane/sms/concat.h"
#include "tests/support/unit.h"

#define SECOND UINT64_C(1000000)
#define AGE    (900 * SECOND)

static struct concat *table_new(uint32_t messages_max)
{
	const struct concat_config config = { messages_max, 64, AGE, 0x5EED };
	size_t size = (concat_size(&config) + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
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

static enum concat_standing admit(
	struct concat *c, uint16_t reference, unsigned part, uint64_t now_us)
{
	struct sms m = part_of(reference, part, 3);
	struct concat_admission a;
	enum concat_standing looked = concat_standing(c, &m, now_us, &a);
	enum concat_standing s = concat_admit(c, &m, now_us, &a);

	CU_ASSERT_EQUAL(looked, s); /* looking says the same and changes nothing */
	return s;
}

static void test_order(void)
{
	static const uint8_t orders[][3] = { { 1, 2, 3 }, { 3, 1, 2 }, { 2, 3, 1 } };
	struct concat *c = table_new(64);

	for (uint16_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(admit(c, i, orders[i][0], SECOND), CONCAT_FIRST);
		CU_ASSERT_EQUAL(admit(c, i, orders[i][1], SECOND), CONCAT_FURTHER);
		CU_ASSERT_EQUAL(admit(c, i, orders[i][2], SECOND), CONCAT_FURTHER);
		/* a reference used again */
		CU_ASSERT_EQUAL(admit(c, i, orders[i][1], SECOND), CONCAT_FIRST);
		CU_ASSERT_EQUAL(admit(c, i, orders[i][0], SECOND), CONCAT_FURTHER);
	}
	/* past its age */
	CU_ASSERT_EQUAL(admit(c, 9, 1, SECOND), CONCAT_FIRST);
	CU_ASSERT_EQUAL(admit(c, 9, 2, SECOND + AGE), CONCAT_FURTHER);
	CU_ASSERT_EQUAL(admit(c, 9, 3, SECOND + 2 * AGE + 1), CONCAT_FIRST);
	free(c);
}

static void test_withdraw(void)
{
	struct concat *c = table_new(64);
	struct sms m = part_of(1, 1, 3);
	struct concat_admission a;

	CU_ASSERT_EQUAL(concat_admit(c, &m, SECOND, &a), CONCAT_FIRST);
	concat_withdraw(c, &m, &a);
	CU_ASSERT_EQUAL(admit(c, 1, 2, SECOND), CONCAT_FIRST);
	/* part 2 again: a new message, which is not let in: the first one stays */
	m = part_of(1, 2, 3);
	CU_ASSERT_EQUAL(concat_admit(c, &m, SECOND, &a), CONCAT_FIRST);
	concat_withdraw(c, &m, &a);
	CU_ASSERT_EQUAL(admit(c, 1, 3, SECOND), CONCAT_FURTHER);
	CU_ASSERT_EQUAL(admit(c, 1, 1, SECOND), CONCAT_FURTHER);
	free(c);
}

static void test_refuse(void)
{
	static const struct concat_verdict spam = { .rule = 3, .action = 4, .rule_id = "limit/x" };
	struct concat *c = table_new(64);
	struct sms m = part_of(1, 1, 3);
	struct concat_admission a;
	uint8_t buffer[256];
	struct concat_joined j;

	CU_ASSERT_TRUE(concat_refuse(c, &m, &spam, SECOND)); /* never seen before */
	m.concat.part = 2;
	CU_ASSERT_EQUAL(concat_standing(c, &m, SECOND, &a), CONCAT_REFUSED);
	CU_ASSERT_EQUAL(memcmp(&a.verdict, &spam, sizeof(spam)), 0);
	CU_ASSERT_EQUAL(concat_admit(c, &m, SECOND, &a), CONCAT_REFUSED);
	CU_ASSERT_EQUAL(concat_add(c, &m, bytes_str("x"), SECOND, buffer, sizeof(buffer), &j),
		CONCAT_CONDEMNED);
	concat_withdraw(c, &m, &a); /* of no effect */
	CU_ASSERT_EQUAL(concat_standing(c, &m, SECOND, &a), CONCAT_REFUSED);
	CU_ASSERT_EQUAL(concat_standing(c, &m, SECOND + AGE + 1, &a), CONCAT_FIRST);
	m = part_of(2, 0, 3);
	CU_ASSERT_FALSE(concat_refuse(c, &m, &spam, SECOND));
	CU_ASSERT_EQUAL(concat_admit(c, &m, SECOND, &a), CONCAT_UNKNOWN);
	free(c);
}

/* Full of messages that are not whole: nothing is known; one that is whole makes room. */
static void test_full(void)
{
	struct concat *c = table_new(1);

	CU_ASSERT_EQUAL(admit(c, 1, 1, SECOND), CONCAT_FIRST);
	CU_ASSERT_EQUAL(admit(c, 2, 1, SECOND), CONCAT_UNKNOWN);
	CU_ASSERT_EQUAL(admit(c, 1, 2, SECOND), CONCAT_FURTHER);
	CU_ASSERT_EQUAL(admit(c, 1, 3, SECOND), CONCAT_FURTHER);
	CU_ASSERT_EQUAL(admit(c, 2, 1, SECOND), CONCAT_FIRST);
	CU_ASSERT_EQUAL(admit(c, 1, 1, SECOND), CONCAT_UNKNOWN);
	CU_ASSERT_EQUAL(admit(c, 1, 1, SECOND + AGE + 1), CONCAT_FIRST);
	free(c);
}

/* A reference used again: what was whole is not, and gives no way; with texts and without. */
static void test_again(void)
{
	for (unsigned texts = 0; texts < 2; texts++) {
		struct concat *c = table_new(1);

		for (unsigned i = 0; i < 5; i++) {
			struct sms m = part_of(1, i % 3 + 1, 3);
			struct concat_joined j;
			uint8_t buffer[256];

			if (texts != 0) {
				(void)concat_add(
					c, &m, bytes_str("x"), SECOND, buffer, sizeof(buffer), &j);
			}
			CU_ASSERT_EQUAL(admit(c, 1, i % 3 + 1, SECOND),
				i % 3 == 0 ? CONCAT_FIRST : CONCAT_FURTHER);
		}
		CU_ASSERT_EQUAL(admit(c, 2, 1, SECOND), CONCAT_UNKNOWN);
		CU_ASSERT_EQUAL(admit(c, 1, 3, SECOND), CONCAT_FURTHER);
		CU_ASSERT_EQUAL(admit(c, 2, 1, SECOND), CONCAT_FIRST);
		free(c);
	}
}

enum { THREADS = 4, MESSAGES = 3000 };

struct runner {
	struct concat *c;
	unsigned part;
	unsigned first;
	unsigned unknown;
};

static void *run(void *arg)
{
	struct runner *r = arg;

	for (uint16_t i = 0; i < MESSAGES; i++) {
		struct sms m = part_of(i, r->part, THREADS);
		struct concat_admission a;
		enum concat_standing s = concat_admit(r->c, &m, SECOND, &a);

		r->first += s == CONCAT_FIRST;
		r->unknown += s == CONCAT_UNKNOWN;
	}
	return NULL;
}

/* Four cores, each with one part of every message: each message is charged once. */
static void test_threads(void)
{
	struct concat *c = table_new(4 * MESSAGES);
	struct runner runners[THREADS];
	pthread_t thread[THREADS];
	unsigned first = 0;
	unsigned unknown = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		runners[i] = (struct runner){ .c = c, .part = i + 1 };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, run, &runners[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		(void)pthread_join(thread[i], NULL);
		first += runners[i].first;
		unknown += runners[i].unknown;
	}
	CU_ASSERT(first <= MESSAGES);
	CU_ASSERT(first + unknown >= MESSAGES);
	free(c);
}

UNIT_MAIN("sms/concat_admit", { "order", test_order }, { "withdraw", test_withdraw },
	{ "refuse", test_refuse }, { "full", test_full }, { "again", test_again },
	{ "threads", test_threads })
