/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/arena.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/unit.h"

enum { PAGE = 4096, THREADS = 4, TURNS = 20000 };

static void test_account(void)
{
	struct arena a;

	arena_init(&a, 100);
	CU_ASSERT(arena_charge(&a, 60));
	CU_ASSERT(arena_charge(&a, 40));
	CU_ASSERT_FALSE(arena_charge(&a, 1));
	CU_ASSERT_FALSE(arena_charge(&a, SIZE_MAX)); /* no overflow lets it through */
	CU_ASSERT_EQUAL(arena_used(&a), 100);
	arena_discharge(&a, 60);
	CU_ASSERT(arena_charge(&a, 10));
	CU_ASSERT_EQUAL(arena_used(&a), 50);
	CU_ASSERT_EQUAL(arena_peak(&a), 100);
	arena_init(&a, 0); /* without a ceiling */
	CU_ASSERT(arena_charge(&a, (size_t)1 << 50));
	CU_ASSERT_FALSE(arena_charge(&a, SIZE_MAX));
	CU_ASSERT(arena_charge(NULL, SIZE_MAX));
	arena_discharge(NULL, 5);
	CU_ASSERT(arena_used(NULL) == 0 && arena_peak(NULL) == 0);
}

static void test_mappings(void)
{
	struct arena a;
	char text[128];
	uint8_t *first;
	uint8_t *second;

	arena_init(&a, 3 * (size_t)sysconf(_SC_PAGESIZE));
	first = arena_map(&a, 5);
	second = arena_map(&a, (size_t)sysconf(_SC_PAGESIZE) + 1);
	CU_ASSERT_FATAL(first != NULL && second != NULL);
	CU_ASSERT_EQUAL((uintptr_t)first % PAGE, 0);
	CU_ASSERT_EQUAL(arena_used(&a), a.ceiling);
	memset(second, 7, (size_t)sysconf(_SC_PAGESIZE) + 1);
	CU_ASSERT(first[0] == 0);
	errno = 0;
	CU_ASSERT_PTR_NULL(arena_map(&a, 1));
	CU_ASSERT_EQUAL(errno, ENOSPC);
	arena_explain(&a, (size_t)80 << 20, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "takes 80.0 MiB; 0.0 of 0.0 MiB are in use");
	arena_unmap(&a, first, 5);
	CU_ASSERT_EQUAL(arena_used(&a), 2 * (size_t)sysconf(_SC_PAGESIZE));
	arena_unmap(&a, second, (size_t)sysconf(_SC_PAGESIZE) + 1);
	arena_unmap(&a, NULL, 5);
	CU_ASSERT_EQUAL(arena_used(&a), 0);
	CU_ASSERT_EQUAL(arena_peak(&a), a.ceiling);
	/* More than the system has: no charge stays. */
	arena_init(&a, 0);
	errno = 0;
	CU_ASSERT_PTR_NULL(arena_map(&a, (size_t)1 << 60));
	CU_ASSERT_EQUAL(errno, ENOMEM);
	CU_ASSERT_EQUAL(arena_used(&a), 0);
}

/* Whoever writes into a sealed mapping ends. */
static void test_sealed(void)
{
	void *mapping = arena_map(NULL, 100);
	volatile uint8_t *at = mapping;
	int status = 0;
	pid_t pid;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mapping);
	at[0] = 5;
	arena_seal(mapping, 100);
	CU_ASSERT_EQUAL(at[0], 5);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		(void)close(STDERR_FILENO); /* where a sanitizer would tell of it */
		at[0] = 6;
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
	CU_ASSERT_EQUAL(at[0], 5);
	arena_unmap(NULL, mapping, 100);
}

static void *turn(void *context)
{
	struct arena *a = context;

	for (unsigned i = 0; i < TURNS; i++) {
		if (arena_charge(a, 40)) {
			arena_discharge(a, 40);
		}
	}
	return NULL;
}

/* Four threads of which two fit at a time: never over the ceiling, and all is back at the end. */
static void test_threads(void)
{
	pthread_t threads[THREADS];
	struct arena a;

	arena_init(&a, 100);
	for (unsigned i = 0; i < THREADS; i++) {
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, turn, &a), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
	}
	CU_ASSERT_EQUAL(arena_used(&a), 0);
	CU_ASSERT(arena_peak(&a) >= 40 && arena_peak(&a) <= 100);
}

UNIT_MAIN("dataplane/base/arena", { "account", test_account }, { "mappings", test_mappings },
	{ "sealed", test_sealed }, { "threads", test_threads })
