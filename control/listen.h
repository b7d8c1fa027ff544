/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * listen: listening sockets beside the control socket: at a path, or at a port of this machine alone.
 *
 * Control only. A path's folder is made where missing; a socket that nobody listens at any more is
 * replaced; what is something else, or listened at, is left alone and told (server_place.h).
 */
#ifndef SMSWALL_CONTROL_LISTEN_H
#define SMSWALL_CONTROL_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dataplane/base/diag.h"

/* A Unix socket of ours: what may be removed at the end. */
struct listen_path {
	char path[108];
	dev_t device;
	ino_t inode;
};

/* listen_unix: listens, with mode 0660; -1 with a sentence in `diag`. */
int listen_unix(const char *path, int backlog, struct listen_path *out, struct diag *diag);

/* listen_remove: removes the socket if it is still the one that was made; a zeroed struct is accepted. */
void listen_remove(const struct listen_path *p);

/* listen_loopback: listens at `port` of 127.0.0.1, or of ::1 with `v6`; -1 with a sentence in `diag`. */
int listen_loopback(bool v6, uint16_t port, int backlog, struct diag *diag);

#endif
