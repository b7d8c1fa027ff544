/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * audit: the log of who changed what: state_dir/audit.log, one JSON object a line, each with the
 * hash of the one before it and its own (BLAKE2b-256), so that a change to any record breaks the
 * chain. A record is on the disk (fsync) before its answer leaves.
 *
 *   {"schema_version":1,"record":7,"time":"2026-01-02T03:04:05.000000Z","uid":..,"gid":..,"pid":..,
 *    "login_uid":..,"exe":..,"role":..,"verb":..,"args":{..},"code":0,"error":null,
 *    "before":{"generation":4,"hash":".."},"after":{..},"previous":"64 hex","hash":"64 hex"}
 *
 * hash = BLAKE2b-256 of the line up to and without `,"hash":`; previous of the first record ever: 64
 * zeros. What a chain cannot show is its own end cut off: who keeps a record's hash elsewhere can
 * (audit_verify's `wanted`). Arguments: only those of names that hold no secret and no message are
 * written, texts cut to AUDIT_TEXT_MAX; of others, that they were there and how many.
 *
 * A file above AUDIT_FILE_MAX is renamed to audit.NNNNNNNNNN.log, NNN its first record, and the chain
 * goes on in a new one. No file is ever deleted: that is the operator's (docs/privacy.md). A last line
 * that a crash tore is cut off at the next open; a record "audit.heal" says so.
 *
 * Control thread only, but audit_walk and audit_tail, which only read: anybody. One writer: the file
 * is locked; a second open fails.
 */
#ifndef SMSWALL_CONTROL_AUDIT_H
#define SMSWALL_CONTROL_AUDIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/roles.h"
#include "dataplane/base/diag.h"

struct audit;
struct audit_walk;

enum {
	AUDIT_SCHEMA_VERSION = 1,
	AUDIT_HASH_SIZE = 65, /* 64 hex digits and NUL */
	AUDIT_LINE_MAX = 32768,
	AUDIT_FILE_MAX = 16 << 20,
	AUDIT_TEXT_MAX = 256,
	AUDIT_FILES_MAX = 4096, /* that are read; more are an error */
};

/* What is live: number 0 and "" where nothing is. */
struct audit_generation {
	uint64_t number;
	char hash[AUDIT_HASH_SIZE];
};

struct audit_record {
	const struct peer *peer; /* NULL: the daemon itself */
	enum server_role role;
	const char *verb;
	const json_t *args; /* as asked; NULL: none */
	int code;           /* enum control_code */
	const char *error;  /* its sentence; NULL or "": none */
	struct audit_generation before, after;
};

/*
 * audit_open: the log in `folder`, which is made where missing (0750; files 0600). NULL: out of
 * memory. What keeps it from being written is an error in `diag` and of audit_ready(): no such place, or
 * another process writes it; audit_put() tries again. What was healed or found damaged is a warning,
 * and a record: a log whose last record is damaged goes on behind it, and does not verify.
 */
struct audit *audit_open(const char *folder, struct diag *diag);

/*
 * audit_ready: 0 when the last record could be written; else it is tried again, with a record
 * "audit.resume": 0 or negative errno.
 */
int audit_ready(struct audit *a);

/*
 * audit_put: one record, on the disk when it returns 0; else negative errno, and the log is as it was
 * before. After an error the next call tries again.
 */
int audit_put(struct audit *a, const struct audit_record *r);

/* audit_head: hash of the last record; 64 zeros: there is none. */
const char *audit_head(const struct audit *a);
uint64_t audit_records(const struct audit *a); /* number of the last record */

/* audit_limit_file: for tests: rotate above `most` octets. */
void audit_limit_file(struct audit *a, size_t most);

/* audit_close: NULL is accepted. */
void audit_close(struct audit *a);

/* What a walk over the log found. */
struct audit_report {
	bool ok;
	uint64_t n_records;
	uint64_t first, last;       /* numbers of records; first above 1: older files are gone */
	char head[AUDIT_HASH_SIZE]; /* of the last good record */
	uint64_t wanted_record;     /* that has the wanted hash; 0: none has */
	char file[128];             /* where !ok: name of the file */
	uint64_t line;              /* from 1; 0: the file as a whole */
	char why[160];
};

/*
 * audit_verify: `path` is a folder (all files of its log) or one file. `wanted`: a hash that was kept
 * elsewhere and must be in the chain, or NULL. Returns report->ok. Needs no daemon.
 */
bool audit_verify(const char *path, const char *wanted, struct audit_report *report);

/*
 * The same in steps, so that the control thread is not held up: what was written until
 * audit_walk_open() is read, whatever is written meanwhile. NULL: *report says why.
 */
struct audit_walk *audit_walk_open(
	const char *path, const char *wanted, struct audit_report *report);
/* audit_walk_step: about `most` octets more; false: it is over, *report is full. */
bool audit_walk_step(struct audit_walk *w, size_t most);
void audit_walk_close(struct audit_walk *w);

/* audit_tail: the last `limit` records, oldest first, at most 1 MiB of them; NULL: out of memory. */
json_t *audit_tail(const char *path, unsigned limit);

#endif
