/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arena: the account of what generations occupy, with a ceiling, and the memory of databases.
 *
 * The ceiling holds two generations, so that one can be loaded while the other is live; what does
 * not fit is refused with the figures before anything was touched. A mapping is one mmap() of its
 * own and goes back to the system as soon as it is given back.
 * Control only (any of its threads: the account is atomic). A NULL arena is one without account or
 * ceiling. Ownership: the arena outlives everything charged to it.
 */
#ifndef SMSWALL_BASE_ARENA_H
#define SMSWALL_BASE_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct arena {
	size_t ceiling;      /* octets; 0: none */
	_Atomic size_t used; /* octets charged and mapped now */
	_Atomic size_t peak; /* most octets that ever were */
};

void arena_init(struct arena *a, size_t ceiling);

/* arena_charge: takes account of memory that lies elsewhere. False: over the ceiling, nothing is charged. */
bool arena_charge(struct arena *a, size_t len);
void arena_discharge(struct arena *a, size_t len);

/*
 * arena_map: `len` octets of their own, zeroed, at the begin of a page; charged in whole pages.
 * NULL with errno: ENOSPC (over the ceiling) or ENOMEM (the system has none).
 */
void *arena_map(struct arena *a, size_t len);

/* arena_seal: nobody can write to the mapping from here on. */
void arena_seal(void *mapping, size_t len);
void arena_unmap(struct arena *a, void *mapping, size_t len); /* NULL is accepted */

size_t arena_used(struct arena *a);
size_t arena_peak(struct arena *a);

/* arena_explain: "takes 80.0 MiB; 30.0 of 64.0 MiB are in use" into `text`. */
void arena_explain(struct arena *a, size_t len, char *text, size_t size);

#endif
