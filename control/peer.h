/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * peer: who is at the other end of a Unix socket, as the kernel says it (SO_PEERCRED, SO_PEERGROUPS)
 * and as /proc shows its process at the moment it connected.
 *
 * uid, gid and groups are the kernel's word at connect(2); pid, exe and login_uid are for the audit
 * log only: a process may end and its number be used again, so no right hangs on them.
 * Control only. Bounds: PEER_GROUPS_MAX groups; a peer in more has those of its gid alone.
 */
#ifndef SMSWALL_CONTROL_PEER_H
#define SMSWALL_CONTROL_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PEER_EXE_SIZE = 256, PEER_GROUPS_MAX = 65536 };

#define PEER_NOBODY ((uid_t)-1) /* the kernel did not say who it is: nobody's rights */

struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	uid_t login_uid;         /* who logged in, before sudo and su; PEER_NOBODY: not known */
	char exe[PEER_EXE_SIZE]; /* its program; "[name]" where only its name may be seen; "" */
	gid_t *groups;           /* supplementary ones; owned */
	size_t n_groups;
};

/* peer_read: of connected socket `fd`; false: all is as of nobody. Free with peer_clear(). */
bool peer_read(int fd, struct peer *out);

void peer_clear(struct peer *p);

#endif
