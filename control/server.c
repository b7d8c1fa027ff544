/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "control/control.h"
#include "control/rate.h"
#include "control/server_place.h"

struct client {
	struct server *server;
	struct bufferevent *io; /* NULL: free */
	struct peer peer;
	enum server_role role;
	bool follows;
	bool closing;   /* its last answer is on the way out */
	bool eof;       /* it has closed its half */
	uint64_t waits; /* ticket of the answer that it waits for; 0: none */
	struct rate rate;
	uint64_t n_lost; /* lines dropped since it was last told */
};

/* A request between its handler and its answer. */
struct owed {
	uint64_t ticket;       /* 0: free */
	struct client *client; /* NULL: it has gone */
	json_t *document;
	struct peer peer; /* without groups */
	struct server_request request;
};

struct server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct server_options options;
	dev_t device; /* of the socket: what we may remove */
	ino_t inode;
	uint64_t last_ticket;
	uint64_t n_refused;
	struct client clients[CONTROL_CLIENTS_MAX];
	struct owed owed[SERVER_DEFERRED_MAX];
	struct rate_users users;
	char path[108];
};

static const struct timeval idle = { SERVER_IDLE_S, 0 };

static uint64_t now_ms(const struct server *s)
{
	struct timespec t;

	if (s->options.now_ms != NULL) {
		return s->options.now_ms();
	}
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void client_free(struct client *c)
{
	struct server *s = c->server;

	for (size_t i = 0; i < SERVER_DEFERRED_MAX; i++) {
		if (s->owed[i].client == c) {
			s->owed[i].client = NULL;
		}
	}
	bufferevent_free(c->io); /* closes the socket: BEV_OPT_CLOSE_ON_FREE */
	peer_clear(&c->peer);
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

static struct rate *user_rate(struct server *s, uid_t uid)
{
	return rate_of_user(&s->users, uid);
}

/*
 * too_often: takes one request from the budgets; else ms to wait. An admin has that of its connection
 * alone: what else root's programs ask must not keep root from switching panic on.
 */
static uint64_t too_often(struct client *c)
{
	struct server *s = c->server;
	uint64_t wait = rate_take(&c->rate, now_ms(s), SERVER_RATE);

	if (wait == 0 && c->role != SERVER_ADMIN) {
		wait = rate_take(user_rate(s, c->peer.uid), now_ms(s), SERVER_UID_RATE);
	}
	return wait;
}

static void refuse_rate(struct client *c, uint64_t wait_ms)
{
	char sentence[160];

	c->server->n_refused++;
	snprintf(sentence, sizeof(sentence),
		"too many requests: %d a second of a client and %d of a user; again in %" PRIu64
		" ms",
		SERVER_RATE, SERVER_UID_RATE, wait_ms);
	send_json(c, json_pack("{s:i, s:b, s:i, s:s, s:I}", "v", SERVER_PROTOCOL_VERSION, "ok",
			     false, "code", CONTROL_FAILED, "error", sentence, "retry_ms",
			     (json_int_t)wait_ms));
}

static void send_answer(struct client *c, int code, struct server_answer *a)
{
	if (code == CONTROL_OK) {
		send_json(c, json_pack("{s:i, s:b, s:o}", "v", SERVER_PROTOCOL_VERSION, "ok", true,
				     "result", a->result != NULL ? a->result : json_object()));
		return;
	}
	json_decref(a->result);
	send_error(c, code, a->error[0] != '\0' ? a->error : "failed");
}

/* settle: a request is answered: told to the owner, sent to the client where that is still there. */
static void settle(struct server *s, struct owed *o, int code, struct server_answer *a)
{
	struct client *c = o->client;

	if (s->options.done != NULL) {
		code = s->options.done(s->options.arg, &o->request, code, a);
	}
	if (c == NULL) {
		json_decref(a->result);
	} else {
		if (code == CONTROL_NOT_PERMITTED) {
			rate_fine(&c->rate, now_ms(s), SERVER_RATE, SERVER_RATE);
			rate_fine(
				user_rate(s, c->peer.uid), now_ms(s), SERVER_UID_RATE, SERVER_RATE);
		}
		send_answer(c, code, a);
		if (code == CONTROL_OK && o->request.follow) {
			c->follows = true;
			bufferevent_set_timeouts(c->io, NULL, NULL);
		}
	}
	json_decref(o->document);
	*o = (struct owed){ 0 };
}

static struct owed *find_owed(struct server *s, uint64_t ticket)
{
	for (size_t i = 0; i < SERVER_DEFERRED_MAX; i++) {
		if (s->owed[i].ticket == ticket) {
			return &s->owed[i];
		}
	}
	return NULL;
}

/* run: a request that is well formed goes to its handler. Takes a reference of `document`. */
static void run(struct client *c, json_t *document)
{
	struct server *s = c->server;
	struct owed *o = find_owed(s, 0);
	struct server_answer a = { .result = NULL };
	uint64_t ticket;
	int code;

	if (o == NULL) {
		send_error(c, CONTROL_FAILED, "too many requests are under way");
		return;
	}
	ticket = ++s->last_ticket;
	*o = (struct owed){ .ticket = ticket, .client = c, .peer = c->peer };
	o->document = json_incref(document);
	o->peer.groups = NULL;
	o->peer.n_groups = 0;
	o->request = (struct server_request){
		.ticket = ticket,
		.verb = json_string_value(json_object_get(document, "verb")),
		.args = json_object_get(document, "args"),
		.role = c->role,
		.peer = &o->peer,
	};
	code = s->options.handler(s->options.arg, &o->request, &a);
	if (code != SERVER_DEFERRED) {
		settle(s, o, code, &a);
	} else if (o->ticket == ticket) { /* else it was answered at once */
		c->waits = ticket;
		bufferevent_set_timeouts(c->io, NULL, &idle);
	}
}

static void answer(struct client *c, json_t *request)
{
	const json_t *args = json_object_get(request, "args");

	if (!json_is_object(request) || !json_is_string(json_object_get(request, "verb")) ||
		(args != NULL && !json_is_object(args))) {
		send_error(
			c, CONTROL_USAGE, "a request is {\"v\":1,\"verb\":\"...\",\"args\":{...}}");
		return;
	}
	if (json_integer_value(json_object_get(request, "v")) != SERVER_PROTOCOL_VERSION) {
		send_error(c, CONTROL_USAGE, "this daemon speaks version 1 of the protocol");
		return;
	}
	run(c, request);
}

static void take_line(struct client *c, const char *line, size_t len)
{
	uint64_t wait = too_often(c);
	json_error_t error;
	json_t *request;
	char sentence[256];

	if (wait != 0) {
		refuse_rate(c, wait);
		return;
	}
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

/* end_half: it asked, closed its half and has all its answers, or they are on the way. */
static void end_half(struct client *c)
{
	if (evbuffer_get_length(bufferevent_get_output(c->io)) == 0) {
		client_free(c);
	} else {
		c->closing = true;
	}
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
	while (!c->closing && !c->follows && c->waits == 0 &&
		(line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF)) != NULL) {
		take_line(c, line, len);
		free(line);
		if (evbuffer_get_length(bufferevent_get_output(io)) > SERVER_OUTPUT_MAX) {
			send_last(c, CONTROL_FAILED, "answers are not read");
		}
	}
	if (c->waits != 0 || c->closing || c->follows) {
		return;
	}
	if (evbuffer_get_length(in) >= CONTROL_REQUEST_MAX) {
		send_last(c, CONTROL_USAGE, "the request is above 1 MiB");
	} else if (c->eof) {
		end_half(c);
	}
}

bool server_reply(struct server *s, uint64_t ticket, int code, struct server_answer *answer)
{
	struct owed *o = ticket != 0 ? find_owed(s, ticket) : NULL;
	struct client *c = o != NULL ? o->client : NULL;

	if (o == NULL) {
		json_decref(answer->result);
		return false;
	}
	settle(s, o, code, answer);
	if (c != NULL && c->waits == ticket) {
		c->waits = 0;
		if (!c->follows) {
			bufferevent_set_timeouts(c->io, &idle, &idle);
		}
		/* what it has sent meanwhile; from the loop: the owner is in the middle of something */
		bufferevent_trigger(
			c->io, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
	}
	return true;
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

/* hung_up: both halves are closed: nobody reads an answer any more (unix(7) tells by POLLHUP). */
static bool hung_up(struct bufferevent *io)
{
	struct pollfd p = { .fd = bufferevent_getfd(io) };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
	struct client *c = arg;

	if ((what & BEV_EVENT_EOF) != 0 && !c->follows && c->waits != 0 && !hung_up(io)) {
		c->eof =
			true; /* the answer is still to come, and answers to what it asked behind */
		return;
	}
	if ((what & BEV_EVENT_EOF) != 0 && !c->follows && c->waits == 0) {
		end_half(c);
		return;
	}
	client_free(c); /* closed, failed or idle for too long */
}

/* room_for: why this peer gets no place; NULL: `*out` is its place. */
static const char *room_for(
	struct server *s, const struct peer *p, enum server_role role, struct client **out)
{
	unsigned n_free = 0;
	unsigned n_own = 0;

	*out = NULL;
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (s->clients[i].io == NULL) {
			*out = &s->clients[i];
			n_free++;
		} else {
			n_own += s->clients[i].peer.uid == p->uid ? 1 : 0;
		}
	}
	if (n_free == 0 || (role != SERVER_ADMIN && n_free <= SERVER_ADMIN_CLIENTS)) {
		return "too many clients";
	}
	if (role == SERVER_ADMIN) {
		return NULL;
	}
	if (n_own >= SERVER_UID_CLIENTS) {
		return "too many clients of this user";
	}
	if (rate_take(user_rate(s, p->uid), now_ms(s), SERVER_UID_RATE) != 0) {
		s->n_refused++;
		return "too many connections of this user in a second";
	}
	return NULL;
}

static void turn_away(evutil_socket_t fd, const char *why)
{
	char line[128];
	int n = snprintf(
		line, sizeof(line), "{\"v\":1,\"ok\":false,\"code\":1,\"error\":\"%s\"}\n", why);

	(void)!write(fd, line, (size_t)n);
	close(fd);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
	int len, void *arg)
{
	struct server *s = arg;
	struct bufferevent *io = NULL;
	struct client *c = NULL;
	enum server_role role;
	struct peer peer;
	const char *why;

	(void)listener;
	(void)address;
	(void)len;
	(void)peer_read(fd, &peer);
	role = roles_of(s->options.roles, &peer);
	why = room_for(s, &peer, role, &c);
	if (why == NULL) {
		io = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
		why = io == NULL ? "out of memory" : NULL;
	}
	if (why != NULL) {
		peer_clear(&peer);
		turn_away(fd, why);
		return;
	}
	*c = (struct client){ .server = s, .io = io, .peer = peer, .role = role };
	bufferevent_setcb(io, on_read, on_write, on_event, c);
	bufferevent_setwatermark(io, EV_READ, 0, CONTROL_REQUEST_MAX);
	bufferevent_set_timeouts(io, &idle, &idle);
	bufferevent_enable(io, EV_READ | EV_WRITE);
}

struct server *server_open(
	struct event_base *base, const struct server_options *options, struct diag *diag)
{
	struct server *s = calloc(1, sizeof(*s));
	struct stat st;
	int fd;

	if (s == NULL) {
		diag_add(diag, DIAG_ERROR, options->path, 0, 0, "control socket: out of memory");
		return NULL;
	}
	fd = server_place_listen(options->path, "control", CONTROL_CLIENTS_MAX, diag);
	if (fd < 0) {
		free(s);
		return NULL;
	}
	s->base = base;
	s->options = *options;
	snprintf(s->path, sizeof(s->path), "%s", options->path);
	s->options.path = s->path;
	if (lstat(s->path, &st) == 0) {
		s->device = st.st_dev;
		s->inode = st.st_ino;
	}
	s->listener = evconnlistener_new(
		base, on_accept, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (s->listener == NULL) {
		diag_add(diag, DIAG_ERROR, s->path, 0, 0, "control socket: out of memory");
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

unsigned server_deferred(const struct server *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < SERVER_DEFERRED_MAX; i++) {
		n += s->owed[i].ticket != 0 ? 1 : 0;
	}
	return n;
}

uint64_t server_refused(const struct server *s)
{
	return s->n_refused;
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
	for (size_t i = 0; i < SERVER_DEFERRED_MAX; i++) {
		struct server_answer a = { .error = "the daemon ended before it was answered" };

		if (s->owed[i].ticket != 0) {
			settle(s, &s->owed[i], CONTROL_FAILED, &a);
		}
	}
	evconnlistener_free(s->listener);
	if (lstat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode) {
		(void)unlink(s->path);
	}
	free(s);
}
