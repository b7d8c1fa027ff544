/* SPDX-License-Identifier: BSD-3-Clause */
/* store_parts: what the files of the store share. Private to store*.c. */
#ifndef SMSWALL_CONTROL_STORE_PARTS_H
#define SMSWALL_CONTROL_STORE_PARTS_H

#include "control/store.h"

/* One of a part: STORE_FILE_SIZE and a hash. */
enum { STORE_PART_SIZE = STORE_FILE_SIZE + PACK_HASH_TEXT_SIZE };

/* store_path: "state_dir/NAME". */
void store_path(const struct store *s, const char *name, char path[STORE_FILE_SIZE]);
void store_path_record(const struct store *s, uint32_t number, char path[STORE_FILE_SIZE]);

/* store_has: its manifest is there. */
bool store_has(const struct store *s, uint32_t number);

/* store_numbers: of all manifests (and, if `also_records`, of records without), descending, malloc'ed; *n of them. */
uint32_t *store_numbers(const struct store *s, bool also_records, size_t *n, int *error);

/* store_record_write: whole or not at all; synced. 0 or -errno. */
int store_record_write(const struct store *s, const struct store_record *r);

/* store_copy_text: cut to `size` between characters of UTF-8. */
void store_copy_text(char *to, size_t size, const char *from);

/* store_keys_open: loads or makes the pair and the ring, ends a rotation. store_keys_read: loads the ring. */
bool store_keys_open(struct store *s, struct diag *diag);
bool store_keys_read(struct store *s, struct diag *diag);

#endif
