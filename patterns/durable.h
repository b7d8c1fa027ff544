/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * durable: files that are there whole or not at all, whenever the process or the machine stops: written
 * beside (".tmp-XXXXXX"), synced, renamed, and the folder synced.
 *
 * Control only; one writer a folder. Errors: 0 or -errno; after an error the old file is still there.
 */
#ifndef SMSWALL_PATTERNS_DURABLE_H
#define SMSWALL_PATTERNS_DURABLE_H

#include <sys/types.h>

#include "dataplane/base/bytes.h"

/* durable_write: `n` runs of octets as the file `path`. The folder is synced unless `sync_later`. */
int durable_write(
	const char *path, mode_t mode, const struct bytes *runs, size_t n, bool sync_later);

/* durable_rename: within one folder, which is then synced. */
int durable_rename(const char *from, const char *to);

/* durable_remove: no file is no error. The folder is not synced: a file that comes back does no harm. */
int durable_remove(const char *path);

/* durable_folder: makes it if it is missing, and syncs the folder that it is in. */
int durable_folder(const char *path, mode_t mode);

/* durable_sync_folder: what was renamed and removed in `path` is on disk. */
int durable_sync_folder(const char *path);

/* durable_sweep: removes what writes that were cut off left in `path`. */
int durable_sweep(const char *path);

/*
 * durable_read: all of `path`, malloc'ed with a NUL behind it, at most `len_max` octets (-EFBIG). NULL
 * with *error set to -errno.
 */
char *durable_read(const char *path, size_t len_max, size_t *len, int *error);

#endif
