/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay_process: runs one program to its end, keeps what it says, and takes it along when a
 * signal or the time ends us. Control only.
 */
#ifndef SMSWALL_CONTROL_REPLAY_PROCESS_H
#define SMSWALL_CONTROL_REPLAY_PROCESS_H

#include <signal.h>

#include "dataplane/base/diag.h"

enum { REPLAY_SAID_SIZE = 65536 };

struct replay_process {
	const char *const *argv;     /* ends in NULL; argv[0] is the program's path or name */
	const char *const *env_add;  /* "NAME=value", ends in NULL */
	unsigned timeout_s;          /* 0: none */
	char said[REPLAY_SAID_SIZE]; /* the last of its standard output and error */
	size_t said_len;
};

/*
 * replay_signals_block: SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGCHLD wait until they are asked for,
 * so that a private folder is removed whatever happens. *old is for replay_signals_restore().
 */
void replay_signals_block(sigset_t *old);
void replay_signals_restore(const sigset_t *old);

/* replay_process_run: with signals blocked. The program's exit code, or a control_code after a sentence in `diag`. */
int replay_process_run(struct replay_process *p, struct diag *diag);

/* replay_program: smswalld beside the running program, or its bare name for PATH. */
const char *replay_program(char *out, size_t size);

#endif
