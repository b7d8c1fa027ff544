/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gate under stress: workers read generations while control publishes and frees them. What was
 * freed is overwritten first, so that a worker that still held it would see that. Needs DPDK's EAL,
 * without hugepages and devices.
 */
#include "dataplane/gate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>

#include "tests/support/unit.h"

enum { WORKERS = 3, PUSHES = 3000, READS_A_TURN = 20 };

struct bench {
	struct gate *gate;
	atomic_bool stop;
	_Atomic uint32_t runs[WORKERS];
	_Atomic uint64_t n_turns;
	_Atomic uint64_t n_wrong;
};

struct reader {
	struct bench *bench;
	unsigned index;
};

/* A generation as far as a worker looks at it here: its counts are its number, everywhere. */
static struct generation *make(uint32_t number)
{
	struct generation *g = calloc(1, sizeof(*g));

	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	g->number = number;
	g->scratch[0] = NULL;
	g->counts[0] = calloc(4, sizeof(struct rule_count));
	CU_ASSERT_PTR_NOT_NULL_FATAL(g->counts[0]);
	for (unsigned i = 0; i < 4; i++) {
		g->counts[0][i].hits = number;
	}
	return g;
}

static void unmake(struct generation *g)
{
	memset(g->counts[0], 0xFF, 4 * sizeof(struct rule_count));
	free(g->counts[0]);
	g->number = UINT32_MAX;
	free(g);
}

static void *read_generations(void *arg)
{
	struct reader *r = arg;
	struct bench *b = r->bench;
	uint32_t last = 0;

	while (!atomic_load_explicit(&b->stop, memory_order_relaxed)) {
		for (unsigned i = 0; i < READS_A_TURN; i++) {
			const struct generation *g = gate_current(b->gate);
			uint32_t number = g->number;
			bool good = number >= last;

			for (unsigned k = 0; k < 4; k++) {
				good = good && g->counts[0][k].hits == number;
			}
			atomic_fetch_add_explicit(&b->n_wrong, good ? 0 : 1, memory_order_relaxed);
			last = number;
		}
		gate_quiet(b->gate, r->index);
		atomic_store_explicit(&b->runs[r->index], last, memory_order_relaxed);
		atomic_fetch_add_explicit(&b->n_turns, 1, memory_order_relaxed);
	}
	gate_leave(b->gate, r->index);
	return NULL;
}

static void nap(void)
{
	const struct timespec pause = { 0, 20000 };

	nanosleep(&pause, NULL);
}

static void test_stress(void)
{
	static struct bench b;
	struct reader readers[WORKERS];
	pthread_t threads[WORKERS];
	uint64_t token = 0;
	struct generation *last;

	b.gate = gate_create(WORKERS, make(1));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b.gate);
	for (unsigned i = 0; i < WORKERS; i++) {
		readers[i] = (struct reader){ &b, i };
		CU_ASSERT_EQUAL_FATAL(
			pthread_create(&threads[i], NULL, read_generations, &readers[i]), 0);
	}
	for (uint32_t n = 2; n < PUSHES + 2; n++) {
		struct generation *before = gate_publish(b.gate, make(n), &token);

		while (!gate_seen(b.gate, token)) {
			nap();
		}
		unmake(before);
	}
	atomic_store(&b.stop, true);
	for (unsigned i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
		CU_ASSERT(b.runs[i] <= PUSHES + 1);
	}
	CU_ASSERT_EQUAL(b.n_wrong, 0);
	CU_ASSERT(b.n_turns > WORKERS);
	/* who has left is not waited for */
	last = gate_publish(b.gate, make(1), &token);
	CU_ASSERT_TRUE(gate_seen(b.gate, token));
	CU_ASSERT_EQUAL(last->number, PUSHES + 1);
	unmake(last);
	unmake(gate_publish(b.gate, NULL, &token));
	gate_destroy(b.gate);
}

/* Workers count from the begin: one that has not turned yet holds what was there when it was made. */
static void test_waits(void)
{
	struct generation *one = make(1);
	struct generation *two = make(2);
	struct generation *three = make(3);
	struct gate *g = gate_create(2, one);
	uint64_t first = 0;
	uint64_t second = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_PTR_EQUAL(gate_publish(g, two, &first), one);
	CU_ASSERT_FALSE(gate_seen(g, first));
	gate_quiet(g, 0);
	CU_ASSERT_FALSE(gate_seen(g, first));
	CU_ASSERT_PTR_EQUAL(gate_publish(g, three, &second), two);
	CU_ASSERT_PTR_EQUAL(gate_current(g), three);
	gate_quiet(g, 1);
	CU_ASSERT_TRUE(gate_seen(g, first));
	CU_ASSERT_FALSE(gate_seen(g, second)); /* worker 0 was quiet before it */
	gate_leave(g, 0);
	CU_ASSERT_TRUE(gate_seen(g, second));
	CU_ASSERT_TRUE(gate_seen(g, first)); /* also asked again */
	gate_leave(g, 1);
	unmake(one);
	unmake(two);
	unmake(three);
	gate_destroy(g);
	gate_destroy(NULL);
}

/* start_eal: no hugepages, devices or sockets of its own; false where this machine has none of that. */
static bool start_eal(void)
{
	char prefix[32];
	char *arguments[] = { "test_gate", "--no-huge", "-m", "64", "--no-pci", "--no-telemetry",
		"--no-shconf", "--log-level", "1", "--file-prefix", prefix, NULL };

	snprintf(prefix, sizeof(prefix), "test-gate-%d", (int)getpid());
	return rte_eal_init(11, arguments) >= 0;
}

int main(void)
{
	static const struct unit_test tests[] = { { "waits", test_waits },
		{ "stress", test_stress } };
	int failed;

	if (!start_eal()) {
		fprintf(stderr, "test_gate: DPDK does not start here\n");
		return 77;
	}
	failed = unit_run("gate", tests, sizeof(tests) / sizeof(tests[0]));
	(void)rte_eal_cleanup();
	return failed;
}
