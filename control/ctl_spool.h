/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl_spool: the file in which a pack goes to the daemon: beside its control socket, as a service has
 * a /tmp of its own; elsewhere where that folder cannot be written to. Only the daemon's group may read
 * it. It is removed at the end, also by SIGINT, SIGTERM and SIGHUP.
 *
 * Control only. One at a time in a process: a signal handler has no argument.
 */
#ifndef SMSWALL_CONTROL_CTL_SPOOL_H
#define SMSWALL_CONTROL_CTL_SPOOL_H

#include "control/ctl_client.h"

enum { CTL_SPOOL_SIZE = 256 };

/* ctl_spool_open: a name of our own, the file empty. 0, or a control_code after a sentence. */
int ctl_spool_open(struct ctl_call *call, char path[CTL_SPOOL_SIZE]);

/* ctl_spool_copy: the octets of `from` into it. 0 or -errno. */
int ctl_spool_copy(const char *from, const char *path);

/* ctl_spool_give: after it was written: readable for the daemon. */
int ctl_spool_give(struct ctl_call *call, const char *path);

/* ctl_spool_remove: nothing if there is none. */
void ctl_spool_remove(void);

#endif
