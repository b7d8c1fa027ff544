/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl_client: one request to the daemon, by its control socket (docs/control-protocol.md).
 * Control only. Bounds: an answer of CTL_ANSWER_MAX octets; --timeout, or 10 s.
 */
#ifndef SMSWALL_CONTROL_CTL_CLIENT_H
#define SMSWALL_CONTROL_CTL_CLIENT_H

#include "control/ctl.h"

enum { CTL_ANSWER_MAX = 256 << 20, CTL_TIMEOUT_S = 10 };

struct ctl_client {
	int fd;
	int64_t deadline_ms; /* CLOCK_MONOTONIC; 0: none */
	char *buffer;
	size_t len; /* octets in it */
	size_t size;
	size_t taken;       /* octets of the line that was given out last */
	bool quiet_end;     /* the deadline is an end, not a failure */
	bool ended_quietly; /* it has come */
};

/* ctl_socket_path: --socket, or that of --config, or the default. `out` of 108 octets. */
int ctl_socket_path(struct ctl_call *call, char *out, size_t size);

/*
 * ctl_client_ask: sends `verb` with `args` (whose reference it takes; may be NULL) and gives the
 * answer's result (a new reference). 0, or a control_code after a sentence.
 */
int ctl_client_ask(struct ctl_call *call, struct ctl_client *c, const char *verb, json_t *args,
	json_t **result);

/* ctl_client_request: the same with a connection of its own, which is closed behind it. */
int ctl_client_request(struct ctl_call *call, const char *verb, json_t *args, json_t **result);

/* ctl_client_line: the next line, without its end; NULL with *rc 0 at the end, else a control_code. */
const char *ctl_client_line(struct ctl_call *call, struct ctl_client *c, int *rc);

void ctl_client_close(struct ctl_client *c);

#endif
