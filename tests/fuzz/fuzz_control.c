/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_control: any octets on a connection to the control socket, cut anywhere.
 *
 * The first octet says what role the client has and how the rest is cut. Properties: each line gets one
 * answer, in order, and no more (none behind an end that was announced); an answer is JSON of the
 * protocol's form; what changes the owner's state is an answer of ok, so that a refused call leaves it
 * unchanged; who may not do it never does; the owner is told the end of each call it got; nothing is
 * owed when the client has gone.
 */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/code.h"
#include "control/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MOST = 4096, OUT_MAX = 1 << 20, TICKETS = 8 };

struct owner {
	struct event_base *base;
	struct server *server;
	enum server_role role; /* of this round's client; the socket's own would be admin */
	unsigned state;
	unsigned n_calls, n_done;
	uint64_t tickets[TICKETS];
	unsigned n_tickets;
	uint64_t now;
};

static int handle(void *arg, struct server_request *r, struct server_answer *a)
{
	struct owner *o = arg;

	o->n_calls++;
	assert(r->verb != NULL && (r->args == NULL || json_is_object(r->args)));
	if (strcmp(r->verb, "get") == 0) {
		a->result = json_pack("{s:i}", "state", (int)o->state);
		return CONTROL_OK;
	}
	if (strcmp(r->verb, "set") != 0 && strcmp(r->verb, "later") != 0) {
		return CONTROL_USAGE;
	}
	if (o->role < SERVER_OPERATOR) {
		return CONTROL_NOT_PERMITTED;
	}
	if (json_object_size(r->args) > 3) {
		return CONTROL_INVALID;
	}
	if (r->verb[0] == 'l') {
		assert(o->n_tickets < TICKETS);
		o->tickets[o->n_tickets++] = r->ticket;
		return SERVER_DEFERRED;
	}
	o->state++;
	a->result = json_pack("{s:b}", "set", true);
	return CONTROL_OK;
}

static int done(void *arg, struct server_request *r, int code, struct server_answer *a)
{
	struct owner *o = arg;

	(void)r;
	(void)a;
	o->n_done++;
	return code;
}

static uint64_t standing_ms(void)
{
	return 0;
}

static struct owner *owner_new(char path[64])
{
	struct owner *o = calloc(1, sizeof(*o));
	struct diag *diag = calloc(1, sizeof(*diag));
	struct server_options options = {
		.path = path, .handler = handle, .done = done, .arg = o, .now_ms = standing_ms
	};

	assert(o != NULL && diag != NULL);
	signal(SIGPIPE, SIG_IGN);
	snprintf(path, 64, "/tmp/smswall-fuzz-%ld.sock", (long)getpid());
	o->base = event_base_new();
	o->server = server_open(o->base, &options, diag);
	diag_print(diag, stderr);
	assert(o->server != NULL);
	diag_clear(diag);
	free(diag);
	return o;
}

static void turn(struct owner *o)
{
	for (int i = 0; i < 4; i++) {
		event_base_loop(o->base, EVLOOP_NONBLOCK);
	}
	while (o->n_tickets != 0) {
		struct server_answer a = { .result = json_pack("{s:b}", "set", true) };

		o->state++;
		assert(server_reply(o->server, o->tickets[--o->n_tickets], CONTROL_OK, &a));
		for (int i = 0; i < 4; i++) {
			event_base_loop(o->base, EVLOOP_NONBLOCK);
		}
	}
}

/* take: what has come; false: the end. */
static bool take(int fd, char *out, size_t *len)
{
	ssize_t n;

	while ((n = recv(fd, out + *len, OUT_MAX - *len, MSG_DONTWAIT)) > 0) {
		*len += (size_t)n;
	}
	assert(*len < OUT_MAX);
	return n < 0 && errno == EAGAIN;
}

/* check: each answer; how many there are, and how many of them say that the state was changed. */
static unsigned check(const char *out, size_t len, unsigned *n_set)
{
	unsigned n = 0;

	*n_set = 0;
	while (len != 0) {
		const char *end = memchr(out, '\n', len);
		json_t *answer = end != NULL ? json_loadb(out, (size_t)(end - out), 0, NULL) : NULL;
		const json_t *ok = json_object_get(answer, "ok");
		json_int_t code = json_integer_value(json_object_get(answer, "code"));

		assert(json_integer_value(json_object_get(answer, "v")) == 1);
		assert(json_is_boolean(ok));
		assert(json_is_true(ok) ? json_is_object(json_object_get(answer, "result"))
					: code >= 1 && code <= 8);
		assert(json_is_true(ok) ||
			json_string_length(json_object_get(answer, "error")) > 0);
		*n_set += json_object_get(json_object_get(answer, "result"), "set") != NULL;
		json_decref(answer);
		n++;
		len -= (size_t)(end + 1 - out);
		out = end + 1;
	}
	return n;
}

static int connect_client(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	assert(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct owner *owner; /* one server for all rounds; libFuzzer gives no other place */
	static char path[64];
	static char *out;
	unsigned state;
	unsigned n_set;
	unsigned n_lines = 0;
	unsigned n_answers;
	size_t len = 0;
	size_t piece;
	bool open = true;
	int fd;

	if (owner == NULL) {
		owner = owner_new(path);
		out = malloc(OUT_MAX);
		assert(out != NULL);
	}
	if (size < 1 || size > SIZE_MOST) {
		return 0;
	}
	owner->role = (enum server_role)(data[0] & 3);
	piece = (data[0] >> 2) != 0 ? (size_t)(data[0] >> 2) * 7 : size;
	state = owner->state;
	owner->n_calls = owner->n_done = 0;
	fd = connect_client(path);
	turn(owner);
	for (size_t at = 1; at < size && open; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		(void)!send(fd, data + at, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		turn(owner);
		open = take(fd, out, &len);
	}
	for (size_t i = 1; i < size; i++) {
		n_lines += data[i] == '\n' ? 1 : 0;
	}
	n_answers = check(out, len, &n_set);
	assert(open ? n_answers == n_lines : n_answers <= n_lines + 1);
	assert(owner->state - state == n_set);
	assert(owner->role >= SERVER_OPERATOR || owner->state == state);
	close(fd);
	turn(owner);
	assert(owner->n_done == owner->n_calls);
	assert(server_clients(owner->server) == 0 && server_deferred(owner->server) == 0);
	return 0;
}
