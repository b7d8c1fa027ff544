/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/event.h"

#include <pthread.h>
#include <sched.h>

#include "tests/support/unit.h"

enum { RING_LEN = 4096, TEXT_LEN = 300 };

struct shared {
	struct event_ring ring;
	uint32_t records;
	uint64_t wrong; /* consumer only */
	uint64_t taken;
};

static size_t text_len_of(uint64_t id)
{
	return (size_t)(id * 7 % TEXT_LEN);
}

static void put_one(struct event_ring *r, uint64_t id, bool *done)
{
	struct event e = { .type = EVENT_MESSAGE, .id = id, .time_us = ~id, .session = id * 3 };
	uint8_t text[TEXT_LEN];

	memset(text, (int)(id % 251), sizeof(text));
	e.u.message.sequence = (uint32_t)id;
	*done = event_ring_put(r, &e, bytes_of(text, text_len_of(id)));
}

static bool take_one(struct event_ring *r, uint64_t id, bool *right)
{
	struct event e;
	uint8_t text[TEXT_LEN + 1];

	text[TEXT_LEN] = 0xEE;
	if (!event_ring_take(r, &e, text, TEXT_LEN)) {
		return false;
	}
	*right = e.id == id && e.time_us == ~id && e.session == id * 3 &&
	         e.u.message.sequence == (uint32_t)id && e.tail_len == text_len_of(id) &&
	         e.len % 8 == 0 && e.len >= sizeof(e) + e.tail_len && text[TEXT_LEN] == 0xEE;
	for (size_t i = 0; i < e.tail_len && *right; i++) {
		*right = text[i] == id % 251;
	}
	return true;
}

static void test_empty_full(void)
{
	static uint8_t memory[RING_LEN];
	static struct event e;
	struct event_ring r;
	uint8_t text[1];
	uint64_t in = 0;
	uint64_t out = 0;
	bool ok = true;

	event_ring_init(&r, memory, sizeof(memory));
	CU_ASSERT_EQUAL(event_ring_room(&r), RING_LEN);
	CU_ASSERT_FALSE(event_ring_take(&r, &e, text, sizeof(text)));
	while (ok) {
		put_one(&r, in + 1, &ok);
		in += ok;
	}
	CU_ASSERT_TRUE(in >= 4);
	CU_ASSERT_TRUE(event_ring_room(&r) < sizeof(struct event) + TEXT_LEN + 8);
	while (take_one(&r, out + 1, &ok)) {
		CU_ASSERT_TRUE(ok);
		out++;
	}
	CU_ASSERT_EQUAL(in, out);
	CU_ASSERT_EQUAL(event_ring_room(&r), RING_LEN);
	/* a record larger than the ring never fits */
	memset(&e, 0, sizeof(e));
	e.id = 1;
	CU_ASSERT_FALSE(event_ring_put(&r, &e, bytes_of(memory, RING_LEN)));
	CU_ASSERT_FALSE(event_ring_take(&r, &e, text, sizeof(text)));
}

/* every offset of the wrap is met: lengths are no divisors of the ring's */
static void test_wrap(void)
{
	static uint8_t memory[RING_LEN];
	struct event_ring r;
	unsigned wrong = 0;
	bool ok;

	event_ring_init(&r, memory, sizeof(memory));
	for (uint64_t id = 1; id < 5000; id++) {
		put_one(&r, id, &ok);
		wrong += !ok;
		wrong += !take_one(&r, id, &ok) || !ok;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_FALSE(take_one(&r, 5000, &ok));
}

static void test_text_cut(void)
{
	static uint8_t memory[RING_LEN];
	struct event_ring r;
	struct event e = { .id = 9 };
	uint8_t text[4] = { 0 };

	event_ring_init(&r, memory, sizeof(memory));
	CU_ASSERT_TRUE(event_ring_put(&r, &e, bytes_str("abcdefgh")));
	e.id = 10;
	CU_ASSERT_TRUE(event_ring_put(&r, &e, bytes_str("")));
	CU_ASSERT_TRUE(event_ring_take(&r, &e, text, 3));
	CU_ASSERT_EQUAL(e.tail_len, 3);
	CU_ASSERT_STRING_EQUAL(text, "abc");
	CU_ASSERT_TRUE(event_ring_take(&r, &e, text, 3));
	CU_ASSERT_EQUAL(e.id, 10);
	CU_ASSERT_EQUAL(e.tail_len, 0);
}

static void *produce(void *arg)
{
	struct shared *s = arg;

	for (uint64_t id = 1; id <= s->records;) {
		bool ok;

		put_one(&s->ring, id, &ok);
		if (ok) {
			id++;
		} else {
			sched_yield();
		}
	}
	return NULL;
}

static void *consume(void *arg)
{
	struct shared *s = arg;

	while (s->taken < s->records) {
		bool right;

		if (take_one(&s->ring, s->taken + 1, &right)) {
			s->taken++;
			s->wrong += !right;
		} else {
			sched_yield();
		}
	}
	return NULL;
}

static void test_two_threads(void)
{
	static uint8_t memory[RING_LEN];
	static struct shared s;
	pthread_t producer;
	pthread_t consumer;

	event_ring_init(&s.ring, memory, sizeof(memory));
	s.records = 50000;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&producer, NULL, produce, &s), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&consumer, NULL, consume, &s), 0);
	pthread_join(producer, NULL);
	pthread_join(consumer, NULL);
	CU_ASSERT_EQUAL(s.taken, s.records);
	CU_ASSERT_EQUAL(s.wrong, 0);
	CU_ASSERT_EQUAL(event_ring_room(&s.ring), RING_LEN);
}

UNIT_MAIN("event", { "empty and full", test_empty_full }, { "wrap", test_wrap },
	{ "text cut", test_text_cut }, { "two threads", test_two_threads })
