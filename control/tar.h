/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tar: writes an archive of plain files, octet by octet: POSIX ustar, so that every tar reads it.
 *
 * Any thread. The stream is the caller's. Bounds: TAR_NAME_MAX, sizes below 8 GiB. Errors: false.
 * Source: IEEE Std 1003.1 (pax, "ustar Interchange Format").
 */
#ifndef SMSWALL_CONTROL_TAR_H
#define SMSWALL_CONTROL_TAR_H

#include <stdint.h>
#include <stdio.h>

#include "dataplane/base/bytes.h"

enum { TAR_NAME_MAX = 99 };

/* tar_put: a file of mode 0600; `name` is cut at TAR_NAME_MAX. */
bool tar_put(FILE *to, const char *name, struct bytes octets, uint64_t time_s);

/* tar_end: what an archive ends with. */
bool tar_end(FILE *to);

#endif
