/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const double mib = 1024.0 * 1024.0;

void arena_init(struct arena *a, size_t ceiling)
{
	a->ceiling = ceiling;
	atomic_init(&a->used, 0);
	atomic_init(&a->peak, 0);
}

/* A count of octets orders no other memory: relaxed. */
bool arena_charge(struct arena *a, size_t len)
{
	size_t used;
	size_t peak;

	if (a == NULL) {
		return true;
	}
	used = atomic_load_explicit(&a->used, memory_order_relaxed);
	do {
		if (len > SIZE_MAX - used || (a->ceiling != 0 && used + len > a->ceiling)) {
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(
		&a->used, &used, used + len, memory_order_relaxed, memory_order_relaxed));
	peak = atomic_load_explicit(&a->peak, memory_order_relaxed);
	while (used + len > peak &&
		!atomic_compare_exchange_weak_explicit(
			&a->peak, &peak, used + len, memory_order_relaxed, memory_order_relaxed)) {
	}
	return true;
}

void arena_discharge(struct arena *a, size_t len)
{
	if (a != NULL) {
		atomic_fetch_sub_explicit(&a->used, len, memory_order_relaxed);
	}
}

static size_t whole_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return len > SIZE_MAX - page ? SIZE_MAX : (len + page - 1) / page * page;
}

void *arena_map(struct arena *a, size_t len)
{
	size_t whole = whole_pages(len != 0 ? len : 1);
	void *mapping;

	if (!arena_charge(a, whole)) {
		errno = ENOSPC;
		return NULL;
	}
	mapping = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mapping == MAP_FAILED) {
		arena_discharge(a, whole);
		errno = ENOMEM;
		return NULL;
	}
	return mapping;
}

void arena_seal(void *mapping, size_t len)
{
	/* A mapping that stays writable still holds what it should. */
	(void)mprotect(mapping, whole_pages(len != 0 ? len : 1), PROT_READ);
}

void arena_unmap(struct arena *a, void *mapping, size_t len)
{
	size_t whole = whole_pages(len != 0 ? len : 1);

	if (mapping != NULL) {
		(void)munmap(mapping, whole);
		arena_discharge(a, whole);
	}
}

size_t arena_used(struct arena *a)
{
	return a != NULL ? atomic_load_explicit(&a->used, memory_order_relaxed) : 0;
}

size_t arena_peak(struct arena *a)
{
	return a != NULL ? atomic_load_explicit(&a->peak, memory_order_relaxed) : 0;
}

void arena_explain(struct arena *a, size_t len, char *text, size_t size)
{
	size_t ceiling = a != NULL ? a->ceiling : 0;

	(void)snprintf(text, size, "takes %.1f MiB; %.1f of %.1f MiB are in use",
		(double)whole_pages(len) / mib, (double)arena_used(a) / mib, (double)ceiling / mib);
}
