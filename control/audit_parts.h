/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * audit_parts: what audit.c (writes the log) and audit_walk.c (reads it) share: one line, and which
 * files there are. Nobody else includes it.
 */
#ifndef SMSWALL_CONTROL_AUDIT_PARTS_H
#define SMSWALL_CONTROL_AUDIT_PARTS_H

#include "control/audit.h"

enum { AUDIT_PATH_SIZE = 512 };

#define AUDIT_NO_HASH "0000000000000000000000000000000000000000000000000000000000000000"

struct audit_line {
	uint64_t record;
	char previous[AUDIT_HASH_SIZE];
	char hash[AUDIT_HASH_SIZE];
};

/* audit_hash: BLAKE2b-256 of a line's octets up to `,"hash":`, as text. */
void audit_hash(const char *text, size_t len, char out[AUDIT_HASH_SIZE]);

/*
 * audit_line_read: a line without its newline: its form and its own hash. NULL, or what is wrong;
 * out->record is 0 where not even that can be read.
 */
const char *audit_line_read(const char *line, size_t len, struct audit_line *out);

/* audit_path: of audit.log (`first` 0) or of the file that begins with record `first`. */
void audit_path(const char *folder, uint64_t first, char out[AUDIT_PATH_SIZE]);

/*
 * audit_files: first records of the files that were put aside, in order; *out is to be freed. 0 or
 * negative errno (E2BIG: more than AUDIT_FILES_MAX).
 */
int audit_files(const char *folder, uint64_t **out, size_t *n);

#endif
