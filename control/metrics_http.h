/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * metrics_http: serves GET /metrics and GET /healthz over HTTP/1.1, on a Unix socket and on a port
 * of a loopback address. On the control thread's event loop; nothing in it waits.
 *
 * One request a connection, answered with "Connection: close". A page is made anew when the last one
 * is METRICS_HTTP_FRESH_MS old, so that nobody's asking often costs the control thread much.
 * This is not libevent's evhttp: that of 2.1 has no ceiling of connections, and its time limits begin
 * anew with each octet. Two paths, one method and no body need little more than the ceilings.
 *
 * Ownership: the server owns its sockets and connections. Control thread only.
 * Bounds: METRICS_HTTP_CLIENTS_MAX connections, METRICS_HTTP_REQUEST_MAX octets of a request,
 * METRICS_HTTP_DEADLINE_MS from accept to the answer's last octet: a slow reader is cut off and
 * counted. Errors: a socket that cannot be had is told in `diag`, the rest is served.
 * Source: RFC 9112 (3 request line, 6 body, 9.6 close), RFC 9110 (405, 431).
 */
#ifndef SMSWALL_CONTROL_METRICS_HTTP_H
#define SMSWALL_CONTROL_METRICS_HTTP_H

#include "control/config.h"
#include "control/metrics.h"

struct event_base;
struct metrics_http;

enum {
	METRICS_HTTP_CLIENTS_MAX = 16,
	METRICS_HTTP_REQUEST_MAX = 4096,
	METRICS_HTTP_DEADLINE_MS = 5000,
	METRICS_HTTP_FRESH_MS = 100,
};

/*
 * metrics_http_open: listens where the configuration says (metrics.socket with mode 0660,
 * metrics.port). NULL where it says nowhere, or nothing could be opened: `diag` then says why.
 */
struct metrics_http *metrics_http_open(
	struct event_base *base, const struct control_context *ctx, struct diag *diag);

/* metrics_http_close: closes all and removes the Unix socket; NULL is accepted. */
void metrics_http_close(struct metrics_http *h);

#endif
