/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server: the control socket: lines of JSON in, lines of JSON out (docs/control-protocol.md). It
 * knows sockets, clients and their roles; what verbs mean is its owner's.
 *
 * One event loop, one thread. Answers leave in the order of the requests of their connection:
 * requests behind one whose answer is deferred wait. Ownership: a request lives until its done().
 *
 * Bounds: CONTROL_CLIENTS_MAX clients, of which SERVER_ADMIN_CLIENTS are kept for admins and at most
 * SERVER_UID_CLIENTS are of one other user; CONTROL_REQUEST_MAX octets a request; SERVER_RATE
 * requests a second of a client and SERVER_UID_RATE of a user, with bursts of twice as much, where a
 * call that is not permitted counts as many as a second of the client's; SERVER_DEFERRED_MAX answers
 * deferred; SERVER_IDLE_S without a request; SERVER_OUTPUT_MAX octets waiting for a slow follower:
 * what is above is dropped, counted and told to it in a line of type "lost".
 */
#ifndef SMSWALL_CONTROL_SERVER_H
#define SMSWALL_CONTROL_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/peer.h"
#include "control/roles.h"
#include "dataplane/base/diag.h"

struct event_base;
struct server;

enum {
	SERVER_IDLE_S = 60,
	SERVER_OUTPUT_MAX = 4 << 20,
	SERVER_PROTOCOL_VERSION = 1,
	SERVER_RATE = 200,
	SERVER_UID_RATE = 400,
	SERVER_UIDS_MAX =
		64, /* users whose rate is known at once; the one unheard for longest goes */
	SERVER_UID_CLIENTS = 16,
	SERVER_ADMIN_CLIENTS = 8,
	SERVER_DEFERRED_MAX = 128,
};

/* A handler's answer: it comes later, by server_reply(). */
enum { SERVER_DEFERRED = -1 };

struct server_request {
	uint64_t ticket; /* for server_reply() */
	const char *verb;
	json_t *args; /* an object, or NULL */
	enum server_role role;
	const struct peer *peer;
	bool follow; /* set by the handler: after the answer the client gets server_broadcast() lines */
	void *context; /* the handler's own; done() is its last sight of it */
};

struct server_answer {
	json_t *result;  /* for CONTROL_OK; a reference the server takes. NULL: {} */
	char error[512]; /* for other codes: a sentence */
};

/* Answers one request: an enum control_code, or SERVER_DEFERRED. */
typedef int (*server_handler)(
	void *arg, struct server_request *request, struct server_answer *answer);

/*
 * Told once of every request that the handler got, before its answer leaves, also where the client
 * has gone or the server is closed before the answer (code CONTROL_FAILED). May change the answer;
 * returns its code.
 */
typedef int (*server_done)(
	void *arg, struct server_request *request, int code, struct server_answer *answer);

struct server_options {
	const char *path;
	server_handler handler;
	server_done done;          /* may be NULL */
	void *arg;                 /* of both */
	const struct roles *roles; /* NULL: nobody is named; lives as long as the server */
	uint64_t (*now_ms)(void);  /* for rates; NULL: the monotonic clock */
};

/*
 * server_open: listens at `path` (mode 0660), whose folder is made where missing. A socket that
 * nobody listens at any more is replaced; one that is served is not: server_is_served() tells that
 * case apart. NULL with a sentence in `diag`. Sets nothing for SIGPIPE: the program ignores it.
 */
struct server *server_open(
	struct event_base *base, const struct server_options *options, struct diag *diag);

/* server_is_served: somebody listens at `path`: another daemon runs. */
bool server_is_served(const char *path);

/*
 * server_reply: the answer to a request whose handler returned SERVER_DEFERRED. Takes
 * answer->result. False: there is no such ticket; that its client has gone is no error.
 */
bool server_reply(struct server *s, uint64_t ticket, int code, struct server_answer *answer);

/* server_broadcast: one line (without newline) to all followers. */
void server_broadcast(struct server *s, const char *line, size_t len);

unsigned server_clients(const struct server *s);
unsigned server_followers(const struct server *s);
unsigned server_deferred(const struct server *s); /* answers that are owed, also to clients gone */
uint64_t server_refused(const struct server *s);  /* requests above a rate */

/* server_close: closes all clients and removes the socket; NULL is accepted. */
void server_close(struct server *s);

#endif
