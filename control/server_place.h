/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server_place: where the control socket stands: its folder, what was there before, and that two
 * daemons which start at once do not both take it (the folder is locked meanwhile).
 *
 * For server.c and listen.c; server_is_served() is here too. Control only.
 */
#ifndef SMSWALL_CONTROL_SERVER_PLACE_H
#define SMSWALL_CONTROL_SERVER_PLACE_H

#include "dataplane/base/diag.h"

/* server_place_listen: a listening socket at `path`, or -1 with a sentence in `diag`; `whose`: "control". */
int server_place_listen(const char *path, const char *whose, int backlog, struct diag *diag);

#endif
