/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server: the control socket: lines of JSON in, lines of JSON out (docs/control-protocol.md). It
 * knows sockets, clients and their rights; what verbs mean is its owner's.
 *
 * One event loop, one thread. Peers are known by SO_PEERCRED: root and the daemon's own user may
 * do all, others that the socket's mode lets in may read.
 * Bounds: CONTROL_CLIENTS_MAX clients, CONTROL_REQUEST_MAX octets a request, SERVER_IDLE_S without
 * a request, SERVER_OUTPUT_MAX octets waiting for a slow follower; what is above is dropped, counted
 * and told to it in a line of type "lost".
 */
#ifndef SMSWALL_CONTROL_SERVER_H
#define SMSWALL_CONTROL_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "dataplane/base/diag.h"

struct event_base;
struct server;

enum { SERVER_IDLE_S = 60, SERVER_OUTPUT_MAX = 4 << 20, SERVER_PROTOCOL_VERSION = 1 };

enum server_role { SERVER_READER, SERVER_ADMIN };

struct server_request {
	const char *verb;
	json_t *args; /* an object, or NULL */
	enum server_role role;
	bool follow; /* set by the handler: after the answer the client gets server_broadcast() lines */
};

struct server_answer {
	json_t *result;  /* for CONTROL_OK; a reference the server takes. NULL: {} */
	char error[512]; /* for other codes: a sentence */
};

/* Answers one request: an enum control_code. */
typedef int (*server_handler)(
	void *arg, struct server_request *request, struct server_answer *answer);

/*
 * server_open: listens at `path` (mode 0660), whose folder is made where missing. A socket that
 * nobody listens at any more is replaced. NULL with a sentence in `diag`. Sets nothing for SIGPIPE:
 * the program ignores it.
 */
struct server *server_open(struct event_base *base, const char *path, server_handler handler,
	void *arg, struct diag *diag);

/* server_broadcast: one line (without newline) to all followers. */
void server_broadcast(struct server *s, const char *line, size_t len);

unsigned server_clients(const struct server *s);
unsigned server_followers(const struct server *s);

/* server_close: closes all clients and removes the socket; NULL is accepted. */
void server_close(struct server *s);

#endif
