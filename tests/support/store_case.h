/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * store_case: a store in a folder of its own with generations that can be told apart: some sections
 * are the same in all, some are a generation's own and say its number.
 */
#ifndef SMSWALL_TESTS_STORE_CASE_H
#define SMSWALL_TESTS_STORE_CASE_H

#include "control/store.h"

enum {
	STORE_CASE_SAME = 3, /* parts that all generations share */
	STORE_CASE_OWN = 7,  /* parts of each generation alone */
};

struct store_case {
	char folder[64]; /* holds all */
	char state[96];  /* state_dir: not made yet */
	char file[96];   /* for a pack */
};

void store_case_begin(struct store_case *c);
void store_case_end(struct store_case *c); /* removes the folder */

/* store_case_pack: what generation `number` is made of; pack_free() is the caller's. */
void store_case_pack(struct pack *p, uint32_t number);

/* store_case_is: that, complete and nothing else. */
bool store_case_is(const struct pack *p, uint32_t number);
uint64_t store_case_octets(const struct pack *p);

/* store_case_add: the next generation. */
bool store_case_add(struct store *s, enum store_state state, uint32_t *number, struct diag *diag);

/* store_case_drop_part: removes the part of section `i`. */
bool store_case_drop_part(const struct store *s, const struct pack *p, uint32_t i);

/* store_case_files: how many there are in a folder; those that were left beside count too. */
unsigned store_case_files(const char *folder);

/* store_case_copy: a whole folder, by cp. */
bool store_case_copy(const char *from, const char *to);
bool store_case_remove(const char *folder);

#endif
