/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "control/listen.h"
#include "control/watch.h"

enum { SWEEP_MS = 250, LISTENERS = 2 };

enum client_state {
	READS_REQUEST_LINE,
	READS_FIELDS,
	ANSWERS, /* reads nothing any more */
	LINGERS, /* all is written and shut down: until the peer closes too, so that no RST overtakes it */
};

struct client {
	struct metrics_http *http;
	struct bufferevent *io; /* NULL: free */
	enum client_state state;
	uint64_t deadline_ms;
	size_t n_read; /* octets of the request so far */
	/* what the request says */
	int status; /* of the answer; 200 until something is wrong */
	bool health;
	bool needs_host, has_host;
	bool accepts_openmetrics, accepts_text;
};

struct metrics_http {
	const struct control_context *ctx;
	struct event_base *base;
	struct evconnlistener *listeners[LISTENERS];
	struct listen_path path;
	struct event *sweep;
	struct metrics_server counts;
	struct openmetrics pages[OPENMETRICS_FORMATS];
	uint64_t made_ms[OPENMETRICS_FORMATS]; /* 0: never */
	struct client clients[METRICS_HTTP_CLIENTS_MAX];
};

static uint64_t monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void client_free(struct client *c)
{
	bufferevent_free(c->io); /* closes the socket: BEV_OPT_CLOSE_ON_FREE */
	c->http->counts.clients--;
	*c = (struct client){ 0 };
}

static const char *status_text(int status)
{
	switch (status) {
	case 200:
		return "200 OK";
	case 404:
		return "404 Not Found";
	case 405:
		return "405 Method Not Allowed";
	case 431:
		return "431 Request Header Fields Too Large";
	case 500:
		return "500 Internal Server Error";
	case 503:
		return "503 Service Unavailable";
	}
	return "400 Bad Request";
}

static void send_answer(
	struct client *c, int status, const char *type, const char *body, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(c->io);

	evbuffer_add_printf(out,
		"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
		"%sConnection: close\r\n\r\n",
		status_text(status), type, len, status == 405 ? "Allow: GET\r\n" : "");
	evbuffer_add(out, body, len);
	c->state = ANSWERS;
	bufferevent_disable(c->io, EV_READ);
}

static void send_sentence(struct client *c, int status, const char *sentence)
{
	send_answer(c, status, "text/plain; charset=utf-8", sentence, strlen(sentence));
}

/* page: what is told in `format`, made anew where it is too old; NULL: out of memory. */
static const struct openmetrics *page(struct metrics_http *h, enum openmetrics_format format)
{
	struct openmetrics *m = &h->pages[format];
	uint64_t start_us = monotonic_us();
	uint64_t now_ms = start_us / 1000;

	if (h->made_ms[format] != 0 && now_ms - h->made_ms[format] < METRICS_HTTP_FRESH_MS) {
		return m;
	}
	openmetrics_begin(m, format, h->ctx->config->metrics_series);
	h->made_ms[format] = metrics_write(m, h->ctx, &h->counts) ? now_ms : 0;
	h->counts.page_us = monotonic_us() - start_us;
	return h->made_ms[format] != 0 ? m : NULL;
}

static void answer_metrics(struct client *c)
{
	struct metrics_http *h = c->http;
	/* the older format only for who asks for no other */
	enum openmetrics_format format =
		c->accepts_text && !c->accepts_openmetrics ? OPENMETRICS_CLASSIC : OPENMETRICS_1_0;
	const struct openmetrics *m;

	h->counts.scrapes++;
	m = page(h, format);
	if (m == NULL) {
		send_sentence(c, 500, "out of memory\n");
		return;
	}
	send_answer(c, 200, openmetrics_content_type(format), m->text, m->len);
}

static void answer_health(struct client *c)
{
	const struct watch *w = c->http->ctx->watch;

	if (w != NULL && !watch_all_turn(w)) {
		send_sentence(c, 503, "a worker stands still\n");
		return;
	}
	send_sentence(c, 200, "ok\n");
}

static void answer(struct client *c)
{
	if (c->status == 200 && c->needs_host && !c->has_host) {
		c->status = 400; /* RFC 9112 3.2 */
	}
	if (c->status != 200) {
		c->http->counts.refused++;
		send_sentence(c, c->status, "smswalld answers GET /metrics and GET /healthz\n");
	} else if (c->health) {
		answer_health(c);
	} else {
		answer_metrics(c);
	}
}

/* path_of: the path of a target in origin-form or absolute-form (RFC 9112 3.2.1, 3.2.2). */
static const char *path_of(const char *target)
{
	static const char scheme[] = "http://";

	if (strncasecmp(target, scheme, sizeof(scheme) - 1) == 0) {
		const char *slash = strchr(target + sizeof(scheme) - 1, '/');

		return slash != NULL ? slash : "/";
	}
	return target;
}

static bool path_is(const char *path, const char *name)
{
	size_t len = strcspn(path, "?");

	return strlen(name) == len && memcmp(path, name, len) == 0;
}

/* take_request_line: "GET /metrics HTTP/1.1" (RFC 9112 3). */
static void take_request_line(struct client *c, char *line)
{
	char *target = strchr(line, ' ');
	char *version = target != NULL ? strchr(target + 1, ' ') : NULL;

	if (version == NULL || strncmp(version + 1, "HTTP/1.", 7) != 0 ||
		strlen(version + 1) != 8 || version[8] < '0' || version[8] > '9') {
		c->status = 400;
		return;
	}
	c->needs_host = version[8] != '0';
	*target = '\0';
	*version = '\0';
	c->health = path_is(path_of(target + 1), "/healthz");
	if (strcmp(line, "GET") != 0) {
		c->status = 405;
	} else if (!c->health && !path_is(path_of(target + 1), "/metrics")) {
		c->status = 404;
	}
}

/* take_field: of the fields of a request only those that change the answer. */
static void take_field(struct client *c, char *line)
{
	char *value = line + strcspn(line, ": \t");

	if (value == line || *value != ':') {
		c->status = 400; /* RFC 9112 5.1, 5.2: no space before the colon, no folding */
		return;
	}
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcasecmp(line, "Host") == 0) {
		c->has_host = true;
	} else if (strcasecmp(line, "Accept") == 0) {
		c->accepts_openmetrics = c->accepts_openmetrics ||
		                         strcasestr(value, "application/openmetrics-text") != NULL;
		c->accepts_text = c->accepts_text || strcasestr(value, "text/plain") != NULL;
	} else if (strcasecmp(line, "Transfer-Encoding") == 0 ||
		   (strcasecmp(line, "Content-Length") == 0 && strcmp(value, "0") != 0)) {
		c->status =
			c->status == 200 ? 400 : c->status; /* a body: there is none to be read */
	}
}

static void take_line(struct client *c, char *line)
{
	if (c->state == READS_REQUEST_LINE) {
		if (line[0] != '\0') { /* RFC 9112 2.2: an empty line before it is nothing */
			take_request_line(c, line);
			c->state = READS_FIELDS;
		}
	} else if (line[0] != '\0') {
		take_field(c, line);
	} else {
		answer(c);
	}
}

static void on_read(struct bufferevent *io, void *arg)
{
	struct client *c = arg;
	struct evbuffer *in = bufferevent_get_input(io);
	size_t len;
	char *line;

	if (c->state == LINGERS) {
		evbuffer_drain(in, evbuffer_get_length(in));
		return;
	}
	while (c->state < ANSWERS &&
		(line = evbuffer_readln(in, &len, EVBUFFER_EOL_CRLF)) != NULL) {
		c->n_read += len + 2;
		if (strlen(line) != len) {
			c->status = 400; /* an octet 0: no HTTP */
			c->state = READS_FIELDS;
		} else if (c->n_read <= METRICS_HTTP_REQUEST_MAX) {
			take_line(c, line);
		}
		free(line);
	}
	if (c->state < ANSWERS && c->n_read + evbuffer_get_length(in) >= METRICS_HTTP_REQUEST_MAX) {
		c->http->counts.refused++;
		send_sentence(c, 431, "a request is at most 4 KiB\n");
	}
}

/* on_write: the output has run empty. */
static void on_write(struct bufferevent *io, void *arg)
{
	struct client *c = arg;

	if (c->state == ANSWERS) {
		c->state = LINGERS;
		(void)shutdown(bufferevent_getfd(io), SHUT_WR);
		bufferevent_enable(io, EV_READ);
	}
}

static void on_event(struct bufferevent *io, short events, void *arg)
{
	(void)io;
	(void)events;
	client_free(arg); /* closed or failed */
}

static void on_sweep(evutil_socket_t fd, short events, void *arg)
{
	struct metrics_http *h = arg;
	uint64_t now_ms = monotonic_us() / 1000;

	(void)fd;
	(void)events;
	for (unsigned i = 0; i < METRICS_HTTP_CLIENTS_MAX; i++) {
		struct client *c = &h->clients[i];

		if (c->io != NULL && now_ms >= c->deadline_ms) {
			h->counts.overdue++;
			client_free(c);
		}
	}
}

static struct client *free_client(struct metrics_http *h)
{
	for (unsigned i = 0; i < METRICS_HTTP_CLIENTS_MAX; i++) {
		if (h->clients[i].io == NULL) {
			return &h->clients[i];
		}
	}
	return NULL;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
	int len, void *arg)
{
	struct metrics_http *h = arg;
	struct client *c = free_client(h);
	struct bufferevent *io;

	(void)listener;
	(void)address;
	(void)len;
	io = c != NULL ? bufferevent_socket_new(h->base, fd, BEV_OPT_CLOSE_ON_FREE) : NULL;
	if (io == NULL) {
		h->counts.refused++;
		close(fd);
		return;
	}
	*c = (struct client){ .http = h,
		.io = io,
		.status = 200,
		.deadline_ms = monotonic_us() / 1000 + METRICS_HTTP_DEADLINE_MS };
	h->counts.clients++;
	bufferevent_setcb(io, on_read, on_write, on_event, c);
	bufferevent_setwatermark(io, EV_READ, 0, METRICS_HTTP_REQUEST_MAX);
	bufferevent_enable(io, EV_READ | EV_WRITE);
}

/* listen_on: takes `fd`, which listens. */
static struct evconnlistener *listen_on(struct metrics_http *h, int fd, struct diag *diag)
{
	struct evconnlistener *l = evconnlistener_new(
		h->base, on_accept, h, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);

	if (l == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "metrics: out of memory");
		close(fd);
	}
	return l;
}

static void open_listeners(struct metrics_http *h, struct diag *diag)
{
	const struct config *config = h->ctx->config;
	int fd;

	if (config->metrics_socket[0] != '\0') {
		fd = listen_unix(config->metrics_socket, METRICS_HTTP_CLIENTS_MAX, &h->path, diag);
		h->listeners[0] = fd >= 0 ? listen_on(h, fd, diag) : NULL;
	}
	if (config->metrics_port != 0) {
		fd = listen_loopback(config->metrics_address == LOOPBACK_6, config->metrics_port,
			METRICS_HTTP_CLIENTS_MAX, diag);
		h->listeners[1] = fd >= 0 ? listen_on(h, fd, diag) : NULL;
	}
}

struct metrics_http *metrics_http_open(
	struct event_base *base, const struct control_context *ctx, struct diag *diag)
{
	const struct timeval period = { 0, SWEEP_MS * 1000 };
	struct metrics_http *h;

	if (ctx->config->metrics_socket[0] == '\0' && ctx->config->metrics_port == 0) {
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (h == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "metrics: out of memory");
		return NULL;
	}
	*h = (struct metrics_http){ .ctx = ctx, .base = base };
	h->sweep = event_new(base, -1, EV_PERSIST, on_sweep, h);
	if (h->sweep == NULL || event_add(h->sweep, &period) != 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "metrics: out of memory");
		metrics_http_close(h);
		return NULL;
	}
	open_listeners(h, diag);
	if (h->listeners[0] == NULL && h->listeners[1] == NULL) {
		metrics_http_close(h);
		return NULL;
	}
	return h;
}

void metrics_http_close(struct metrics_http *h)
{
	if (h == NULL) {
		return;
	}
	for (unsigned i = 0; i < METRICS_HTTP_CLIENTS_MAX; i++) {
		if (h->clients[i].io != NULL) {
			client_free(&h->clients[i]);
		}
	}
	for (unsigned i = 0; i < LISTENERS; i++) {
		if (h->listeners[i] != NULL) {
			evconnlistener_free(h->listeners[i]);
		}
	}
	listen_remove(&h->path);
	if (h->sweep != NULL) {
		event_free(h->sweep);
	}
	for (unsigned i = 0; i < OPENMETRICS_FORMATS; i++) {
		openmetrics_free(&h->pages[i]);
	}
	free(h);
}
