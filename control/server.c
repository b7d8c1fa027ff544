/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "control/control.h"

struct client {
	struct server *server;
	struct bufferevent *io;
	enum server_role role;
	bool follows;
	bool closing;    /* its last answer is on the way out */
	uint64_t n_lost; /* lines dropped since it was last told */
};

struct server {
	struct event_base *base;
	struct evconnlistener *listener;
	server_handler handler;
	void *arg;
	char path[108];
	dev_t device; /* of the socket: what we may remove */
	ino_t inode;
	struct client clients[CONTROL_CLIENTS_MAX]; /* io NULL: free */
};

static void client_free(struct client *c)
{
	bufferevent_free(c->io); /* closes the socket: BEV_OPT_CLOSE_ON_FREE */
	*c = (struct client){ 0 };
}

static void send_json(struct client *c, json_t *line)
{
	char *text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;

	if (text == NULL) {
		static const char no_memory[] =
			"{\"v\":1,\"ok\":false,\"code\":1,\"error\":\"out of memory\"}\n";

		bufferevent_write(c->io, no_memory, sizeof(no_memory) - 1);
	} else {
		bufferevent_write(c->io, text, strlen(text));
		bufferevent_write(c->io, "\n", 1);
	}
	free(text);
	json_decref(line);
}

static void send_error(struct client *c, int code, const char *sentence)
{
	send_json(c, json_pack("{s:i, s:b, s:i, s:s}", "v", SERVER_PROTOCOL_VERSION, "ok", false,
			     "code", code, "error", sentence));
}

/* send_last: an error after which the client is closed. */
static void send_last(struct client *c, int code, const char *sentence)
{
	send_error(c, code, sentence);
	c->closing = true;
	bufferevent_disable(c->io, EV_READ);
}

static void answer(struct client *c, const json_t *request)
{
	struct server_request r = {
		.verb = json_string_value(json_object_get(request, "verb")),
		.args = json_object_get(request, "args"),
		.role = c->role,
	};
	struct server_answer a = { .result = NULL };
	const json_t *version = json_object_get(request, "v");
	int code;

	if (!json_is_object(request) || r.verb == NULL ||
		(r.args != NULL && !json_is_object(r.args))) {
		send_error(
			c, CONTROL_USAGE, "a request is {\"v\":1,\"verb\":\"...\",\"args\":{...}}");
		return;
	}
	if (json_integer_value(version) != SERVER_PROTOCOL_VERSION) {
		send_error(c, CONTROL_USAGE, "this daemon speaks version 1 of the protocol");
		return;
	}
	code = c->server->handler(c->server->arg, &r, &a);
	if (code != CONTROL_OK) {
		json_decref(a.result);
		send_error(c, code, a.error[0] != '\0' ? a.error : "failed");
		return;
	}
	send_json(c, json_pack("{s:i, s:b, s:o}", "v", SERVER_PROTOCOL_VERSION, "ok", true,
			     "result", a.result != NULL ? a.result : json_object()));
	if (r.follow) {
		c->follows = true;
		bufferevent_set_timeouts(c->io, NULL, NULL);
	}
}

static void take_line(struct client *c, const char *line, size_t len)
{
	json_error_t error;
	json_t *request;
	char sentence[256];

	request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (request == NULL) {
		snprintf(sentence, sizeof(sentence), "not JSON: %s (column %d)", error.text,
			error.column);
		send_error(c, CONTROL_USAGE, sentence);
		return;
	}
	answer(c, request);
	json_decref(request);
}

static void on_read(struct bufferevent *io, void *arg)
{
	struct client *c = arg;
	struct evbuffer *in = bufferevent_get_input(io);
	size_t len;
	char *line;

	if (c->follows) {
		/* a follower has nothing to say but good-bye */
		evbuffer_drain(in, evbuffer_get_length(in));
		return;
	}
	while (!c->closing && !c->follows &&
		(line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF)) != NULL) {
		take_line(c, line, len);
		free(line);
		if (evbuffer_get_length(bufferevent_get_output(io)) > SERVER_OUTPUT_MAX) {
			send_last(c, CONTROL_FAILED, "answers are not read");
		}
	}
	if (!c->closing && evbuffer_get_length(in) >= CONTROL_REQUEST_MAX) {
		send_last(c, CONTROL_USAGE, "the request is above 1 MiB");
	}
}

/* tell_lost: there is room again: how many lines a slow follower has missed. */
static void tell_lost(struct client *c)
{
	char line[96];
	int n;

	if (c->n_lost == 0) {
		return;
	}
	n = snprintf(line, sizeof(line),
		"{\"schema_version\":1,\"type\":\"lost\",\"lines\":%" PRIu64 "}\n", c->n_lost);
	bufferevent_write(c->io, line, (size_t)n);
	c->n_lost = 0;
}

/* on_write: the output has run empty. */
static void on_write(struct bufferevent *io, void *arg)
{
	struct client *c = arg;

	(void)io;
	if (c->closing) {
		client_free(c);
		return;
	}
	tell_lost(c);
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
	struct client *c = arg;

	if ((what & BEV_EVENT_EOF) != 0 && !c->follows &&
		evbuffer_get_length(bufferevent_get_output(io)) != 0) {
		/* it asked, closed its half and waits for the answer */
		c->closing = true;
		return;
	}
	client_free(c); /* closed, failed or idle for too long */
}

static enum server_role role_of(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
		return SERVER_VIEWER;
	}
	return peer.uid == 0 || peer.uid == geteuid() ? SERVER_ADMIN : SERVER_VIEWER;
}

static struct client *free_client(struct server *s)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (s->clients[i].io == NULL) {
			return &s->clients[i];
		}
	}
	return NULL;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
	int len, void *arg)
{
	static const char full[] =
		"{\"v\":1,\"ok\":false,\"code\":1,\"error\":\"too many clients\"}\n";
	const struct timeval idle = { SERVER_IDLE_S, 0 };
	struct server *s = arg;
	struct client *c = free_client(s);
	struct bufferevent *io;

	(void)listener;
	(void)address;
	(void)len;
	io = c != NULL ? bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE) : NULL;
	if (io == NULL) {
		(void)!write(fd, full, sizeof(full) - 1);
		close(fd);
		return;
	}
	*c = (struct client){ .server = s, .io = io, .role = role_of(fd) };
	bufferevent_setcb(io, on_read, on_write, on_event, c);
	bufferevent_setwatermark(io, EV_READ, 0, CONTROL_REQUEST_MAX);
	bufferevent_set_timeouts(io, &idle, &idle);
	bufferevent_enable(io, EV_READ | EV_WRITE);
}

static bool fail(struct diag *diag, const char *path, const char *what, int error)
{
	diag_add(diag, DIAG_ERROR, path, 0, 0, "control socket: %s%s%s", what,
		error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
	return false;
}

/* clear_place: makes the folder, removes a socket that nobody listens at. */
static bool clear_place(const struct sockaddr_un *address, struct diag *diag)
{
	char folder[sizeof(address->sun_path)];
	const char *path = address->sun_path;
	struct stat st;
	int fd;
	int rc;

	memcpy(folder, path, sizeof(folder));
	if (strrchr(folder, '/') != NULL && strrchr(folder, '/') != folder) {
		*strrchr(folder, '/') = '\0';
		if (mkdir(folder, 0750) != 0 && errno != EEXIST) {
			return fail(diag, path, "its folder cannot be made", errno);
		}
	}
	if (lstat(path, &st) != 0) {
		return true;
	}
	if (!S_ISSOCK(st.st_mode)) {
		return fail(diag, path, "something else has this name", 0);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = fd >= 0 ? connect(fd, (const struct sockaddr *)address, sizeof(*address)) : -1;
	if (fd >= 0) {
		close(fd);
	}
	if (rc == 0 || errno == EAGAIN) {
		return fail(diag, path, "another daemon listens there", 0);
	}
	return unlink(path) == 0 || fail(diag, path, "the one of before cannot be removed", errno);
}

static int listen_at(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0117); /* 0660 from its first moment on */
	int rc = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)address, sizeof(*address));

	(void)umask(mask);
	if (fd >= 0 && rc != 0) {
		int error = errno;

		close(fd);
		errno = error;
	}
	return rc == 0 ? fd : -1;
}

struct server *server_open(
	struct event_base *base, const struct server_options *options, struct diag *diag)
{
	const char *path = options->path;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct server *s = calloc(1, sizeof(*s));
	struct stat st;
	int fd;

	if (s == NULL || path[0] == '\0' || strlen(path) >= sizeof(address.sun_path)) {
		fail(diag, path, s == NULL ? "out of memory" : "the path is empty or too long", 0);
		free(s);
		return NULL;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = clear_place(&address, diag) ? listen_at(&address) : -2;
	if (fd == -1) {
		fail(diag, path, "cannot listen", errno);
	}
	if (fd < 0) {
		free(s);
		return NULL;
	}
	*s = (struct server){ .base = base, .handler = options->handler, .arg = options->arg };
	memcpy(s->path, address.sun_path, sizeof(s->path));
	if (lstat(path, &st) == 0) {
		s->device = st.st_dev;
		s->inode = st.st_ino;
	}
	s->listener = evconnlistener_new(base, on_accept, s,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, CONTROL_CLIENTS_MAX, fd);
	if (s->listener == NULL) {
		fail(diag, path, "cannot listen", errno);
		close(fd);
		free(s);
		return NULL;
	}
	return s;
}

void server_broadcast(struct server *s, const char *line, size_t len)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *c = &s->clients[i];

		if (c->io == NULL || !c->follows || c->closing) {
			continue;
		}
		if (c->n_lost != 0 || evbuffer_get_length(bufferevent_get_output(c->io)) + len >
					      SERVER_OUTPUT_MAX) {
			c->n_lost++; /* until on_write() has told it */
			continue;
		}
		bufferevent_write(c->io, line, len);
		bufferevent_write(c->io, "\n", 1);
	}
}

unsigned server_clients(const struct server *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		n += s->clients[i].io != NULL ? 1 : 0;
	}
	return n;
}

unsigned server_followers(const struct server *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		n += s->clients[i].io != NULL && s->clients[i].follows ? 1 : 0;
	}
	return n;
}

void server_close(struct server *s)
{
	struct stat st;

	if (s == NULL) {
		return;
	}
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (s->clients[i].io != NULL) {
			client_free(&s->clients[i]);
		}
	}
	evconnlistener_free(s->listener);
	if (lstat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode) {
		(void)unlink(s->path);
	}
	free(s);
}
