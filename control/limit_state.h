/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limit_state: the counts of limits over restarts (limits.state = "keep"): the file limits.state of
 * control.state_dir, mode 0600.
 *
 *   boot     limit_state_read():  the file, and the hash key that the table is to have
 *            limit_state_load():  into the table
 *   running  limit_keeper_start(): a thread of its own writes the file every limits.save_s
 *   pushes   limit_state_pushed(): what neither the new policy nor the one before names goes
 *   end      limit_keeper_stop(): once more, the workers have ended
 *
 * The file is whole or not at all (patterns/durable.h) and says so by a hash; one that is damaged, or of
 * another version, is set aside as limits.state.damaged: the table begins anew. It holds hashes, and the
 * key of these: no number or name. Nothing of this is in the way of a worker (limits_save()).
 *
 * Control only: reading and loading before there are workers.
 */
#ifndef SMSWALL_CONTROL_LIMIT_STATE_H
#define SMSWALL_CONTROL_LIMIT_STATE_H

#include "control/config.h"
#include "dataplane/verdict/limit.h"

struct limit_saved {
	char *file;         /* NULL: there is none */
	struct bytes state; /* as limits_save() wrote it; within `file` */
	bool lost;          /* there was one, and it is of no use: an alarm is due */
};

/*
 * limit_state_read: what was kept; where it is whole `config` gets its hash key. What hinders is
 * told as a warning. Nothing is read where nothing is kept, and in a replay.
 */
void limit_state_read(struct limit_saved *s, struct config *config, struct diag *diag);

/* limit_state_load: puts it into the empty table `l`; frees what was read. */
void limit_state_load(struct limit_saved *s, struct limits *l, uint64_t now_us, struct diag *diag,
	const struct config *config);

/* limit_state_save: the file, now. 0 or -errno. Any thread, one at a time. */
int limit_state_save(const struct config *config, struct limits *l, uint64_t now_us);

/*
 * limit_state_pushed: `next` judges from now on, `before` may come back (either may be NULL): limits that
 * neither has are forgotten, all others go on as they are.
 */
void limit_state_pushed(
	struct limits *l, const struct generation *before, const struct generation *next);

/* limit_keeper_start: NULL where nothing is kept, or with a warning in `diag`. `config` and `l` outlive it. */
struct limit_keeper;
struct limit_keeper *limit_keeper_start(
	const struct config *config, struct limits *l, struct diag *diag);
/* limit_keeper_error: 0 or -errno of the last write so far. Any thread. NULL is accepted. */
int limit_keeper_error(const struct limit_keeper *k);
/* limit_keeper_stop: writes the last state. 0 or -errno of the last write. NULL is accepted. */
int limit_keeper_stop(struct limit_keeper *k);

#endif
