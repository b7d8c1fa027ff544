/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay_output: a file that appears whole or not at all: written beside its place under a
 * temporary name, and renamed at success. What is no regular file (a pipe, /dev/null) is written
 * through at the end. Control only.
 */
#ifndef SMSWALL_CONTROL_REPLAY_OUTPUT_H
#define SMSWALL_CONTROL_REPLAY_OUTPUT_H

#include "dataplane/base/diag.h"

enum { REPLAY_OUTPUT_PATH_SIZE = 4096 + 64 };

struct replay_output {
	const char *name;                     /* as the operator wrote it; NULL: nobody wants it */
	char target[REPLAY_OUTPUT_PATH_SIZE]; /* links resolved; "": no regular file */
	char temporary[REPLAY_OUTPUT_PATH_SIZE]; /* "": not made */
	char path[REPLAY_OUTPUT_PATH_SIZE];      /* in the private folder: what is to be written */
};

/*
 * replay_output_open: makes o->path, of plain ASCII, in `folder` under `base`. 0, or
 * CONTROL_FAILED when the place cannot be written to.
 */
int replay_output_open(struct replay_output *o, const char *name, const char *folder,
	const char *base, struct diag *diag);

/* replay_output_commit: puts it in its place. 0 or CONTROL_FAILED. */
int replay_output_commit(struct replay_output *o, struct diag *diag);

/* replay_output_discard: removes what was not committed; the folder's part is the folder's owner's. */
void replay_output_discard(struct replay_output *o);

#endif
