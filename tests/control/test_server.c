/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/control.h"
#include "tests/support/unit.h"

/* A server with its loop, stepped by the test; a handler that answers what it was asked. */
struct bench {
	char folder[32];
	char path[64];
	struct event_base *base;
	struct server *server;
	struct diag diag;
	unsigned n_requests;
	enum server_role role;
	uint64_t tickets[SERVER_DEFERRED_MAX];
	unsigned n_tickets;
	unsigned n_done;
	int done_code;
	struct roles roles;
};

static uint64_t now;

/* The time of rates: it stands still. */
static uint64_t fake_ms(void)
{
	return now;
}

static int handle(void *arg, struct server_request *r, struct server_answer *a)
{
	struct bench *b = arg;

	b->n_requests++;
	b->role = r->role;
	if (strcmp(r->verb, "fail") == 0) {
		snprintf(a->error, sizeof(a->error), "there is \"no\" such thing");
		return CONTROL_CONFLICT;
	}
	if (strcmp(r->verb, "refuse") == 0) {
		return CONTROL_NOT_PERMITTED;
	}
	if (strcmp(r->verb, "later") == 0) {
		b->tickets[b->n_tickets++ % SERVER_DEFERRED_MAX] = r->ticket;
		r->context = b;
		return SERVER_DEFERRED;
	}
	if (strcmp(r->verb, "at once") == 0) {
		a->result = json_pack("{s:b}", "at once", true);
		CU_ASSERT_TRUE(server_reply(b->server, r->ticket, CONTROL_OK, a));
		return SERVER_DEFERRED;
	}
	if (strcmp(r->verb, "follow") == 0) {
		r->follow = true;
		return CONTROL_OK;
	}
	a->result = json_pack("{s:s, s:O?}", "verb", r->verb, "args", r->args);
	return CONTROL_OK;
}

static int done(void *arg, struct server_request *r, int code, struct server_answer *a)
{
	struct bench *b = arg;

	b->n_done++;
	b->done_code = code;
	if (strcmp(r->verb, "later") == 0) {
		CU_ASSERT_PTR_EQUAL(r->context, b); /* a request lives until here */
		CU_ASSERT_EQUAL(r->peer->uid, geteuid());
	}
	if (strcmp(r->verb, "changed") == 0) {
		json_object_set_new(a->result, "more", json_true());
	}
	if (strcmp(r->verb, "partial") == 0) {
		snprintf(a->error, sizeof(a->error), "not audited");
		return CONTROL_PARTIAL;
	}
	return code;
}

static struct server *open_at(struct bench *b, const char *path)
{
	const struct server_options options = {
		.path = path,
		.handler = handle,
		.done = done,
		.arg = b,
		.roles = &b->roles,
		.now_ms = fake_ms,
	};

	return server_open(b->base, &options, &b->diag);
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		abort();
	}
	signal(SIGPIPE, SIG_IGN);
	strcpy(b->folder, "/tmp/smswall-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	snprintf(b->path, sizeof(b->path), "%s/run/smswall.sock", b->folder);
	b->base = event_base_new();
	b->server = open_at(b, b->path);
	if (b->server == NULL) {
		diag_print(&b->diag, stderr);
		CU_FAIL_FATAL("no server");
	}
	return b;
}

static void bench_free(struct bench *b)
{
	char run[64];

	server_close(b->server);
	CU_ASSERT_NOT_EQUAL(access(b->path, F_OK), 0);
	event_base_free(b->base);
	snprintf(run, sizeof(run), "%s/run", b->folder);
	CU_ASSERT_EQUAL(rmdir(run), 0);
	CU_ASSERT_EQUAL(rmdir(b->folder), 0);
	diag_clear(&b->diag);
	free(b);
}

/* turn: lets the server work off what is there. */
static void turn(struct bench *b)
{
	for (int i = 0; i < 20; i++) {
		event_base_loop(b->base, EVLOOP_NONBLOCK);
	}
}

static int connect_client(const struct bench *b)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, b->path, strlen(b->path));
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int open_client(struct bench *b)
{
	int fd = connect_client(b);

	turn(b);
	return fd;
}

static void say(struct bench *b, int fd, const char *text)
{
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	turn(b);
}

/* hear: all that has come, as a string; -1 in *end: closed. */
static const char *hear(int fd, char *text, size_t size, bool *closed)
{
	size_t len = 0;
	ssize_t n = 0;

	while (len + 1 < size && (n = read(fd, text + len, size - 1 - len)) > 0) {
		len += (size_t)n;
	}
	text[len] = '\0';
	*closed = n == 0 || (n < 0 && errno != EAGAIN);
	return text;
}

static void expect(int fd, const char *wanted)
{
	char text[1024];
	bool closed;

	CU_ASSERT_STRING_EQUAL(hear(fd, text, sizeof(text), &closed), wanted);
	CU_ASSERT_FALSE(closed);
}

static void test_requests(void)
{
	static const struct {
		const char *request;
		const char *answer;
	} cases[] = {
		{ "{\"v\":1,\"verb\":\"x\"}\n",
			"{\"v\":1,\"ok\":true,\"result\":{\"verb\":\"x\",\"args\":null}}\n" },
		{ "{\"v\":1,\"verb\":\"x\",\"args\":{\"a\":[1]}}\n",
			"{\"v\":1,\"ok\":true,\"result\":{\"verb\":\"x\",\"args\":{\"a\":[1]}}}\n" },
		{ "{\"v\":1,\"verb\":\"fail\"}\n",
			"{\"v\":1,\"ok\":false,\"code\":6,\"error\":\"there is \\\"no\\\" such thing\"}\n" },
		{ "{\"v\":2,\"verb\":\"x\"}\n",
			"{\"v\":1,\"ok\":false,\"code\":2,\"error\":\"this daemon speaks version 1 of the protocol\"}\n" },
		{ "[]\n", "{\"v\":1,\"ok\":false,\"code\":2,\"error\":\"a request is "
			  "{\\\"v\\\":1,\\\"verb\\\":\\\"...\\\",\\\"args\\\":{...}}\"}\n" },
		{ "{\"v\":1,\"verb\":\"x\",\"args\":7}\n",
			"{\"v\":1,\"ok\":false,\"code\":2,\"error\":\"a request is "
			"{\\\"v\\\":1,\\\"verb\\\":\\\"...\\\",\\\"args\\\":{...}}\"}\n" },
	};
	struct bench *b = bench_new();
	int fd = open_client(b);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say(b, fd, cases[i].request);
		expect(fd, cases[i].answer);
	}
	/* the same connection after an error; in pieces; two at once */
	say(b, fd, "{\"v\":1,");
	expect(fd, "");
	say(b, fd, "\"verb\":\"y\"}\n{\"v\":1,\"verb\":\"z\"}\n");
	expect(fd, "{\"v\":1,\"ok\":true,\"result\":{\"verb\":\"y\",\"args\":null}}\n"
		   "{\"v\":1,\"ok\":true,\"result\":{\"verb\":\"z\",\"args\":null}}\n");
	close(fd);
	turn(b);
	CU_ASSERT_EQUAL(server_clients(b->server), 0);
	bench_free(b);
}

static void test_not_json(void)
{
	static const char *const cases[] = { "\n", "{\n", "{\"v\":1,\"verb\":\"\xFF\"}\n",
		"\"\\u0000\"\n", "{\"v\":1,\"v\":1,\"verb\":\"x\"}\n" };
	struct bench *b = bench_new();
	int fd = open_client(b);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		bool closed;

		say(b, fd, cases[i]);
		hear(fd, text, sizeof(text), &closed);
		CU_ASSERT_FALSE(closed);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"code\":2"));
	}
	CU_ASSERT_EQUAL(b->n_requests, 0);
	close(fd);
	bench_free(b);
}

/* Who asks with one shot and closes its half gets the answer. */
static void test_half_closed(void)
{
	struct bench *b = bench_new();
	int fd = open_client(b);
	char text[512];
	bool closed;

	CU_ASSERT(write(fd, "{\"v\":1,\"verb\":\"x\"}\n", 19) == 19);
	CU_ASSERT_EQUAL(shutdown(fd, SHUT_WR), 0);
	turn(b);
	hear(fd, text, sizeof(text), &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"ok\":true"));
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_EQUAL(server_clients(b->server), 0);
	close(fd);
	bench_free(b);
}

static void test_too_long(void)
{
	struct bench *b = bench_new();
	int fd = open_client(b);
	char *junk = malloc(CONTROL_REQUEST_MAX);
	char text[512];
	bool closed;
	size_t sent = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(junk);
	memset(junk, ' ', CONTROL_REQUEST_MAX);
	for (int i = 0; i < 1000 && sent < CONTROL_REQUEST_MAX; i++) {
		ssize_t n = write(fd, junk, CONTROL_REQUEST_MAX - sent);

		sent += n > 0 ? (size_t)n : 0;
		turn(b);
	}
	turn(b);
	hear(fd, text, sizeof(text), &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "above 1 MiB"));
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_EQUAL(server_clients(b->server), 0);
	free(junk);
	close(fd);
	bench_free(b);
}

static void test_too_many(void)
{
	struct bench *b = bench_new();
	int fds[CONTROL_CLIENTS_MAX];
	char text[512];
	bool closed;
	int one_more;

	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		fds[i] = open_client(b);
	}
	CU_ASSERT_EQUAL(server_clients(b->server), CONTROL_CLIENTS_MAX);
	one_more = open_client(b);
	hear(one_more, text, sizeof(text), &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "too many clients"));
	CU_ASSERT_TRUE(closed);
	close(one_more);
	close(fds[0]);
	turn(b);
	fds[0] = open_client(b);
	say(b, fds[0], "{\"v\":1,\"verb\":\"x\"}\n");
	hear(fds[0], text, sizeof(text), &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"ok\":true"));
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		close(fds[i]);
	}
	bench_free(b);
}

static void test_follow(void)
{
	struct bench *b = bench_new();
	int follower = open_client(b);
	int other = open_client(b);

	say(b, follower, "{\"v\":1,\"verb\":\"follow\"}\n");
	expect(follower, "{\"v\":1,\"ok\":true,\"result\":{}}\n");
	CU_ASSERT_EQUAL(server_followers(b->server), 1);
	server_broadcast(b->server, "{\"a\":1}", 7);
	turn(b);
	expect(follower, "{\"a\":1}\n");
	expect(other, "");
	say(b, follower, "{\"v\":1,\"verb\":\"x\"}\n"); /* a follower is not listened to */
	expect(follower, "");
	close(follower);
	turn(b);
	CU_ASSERT_EQUAL(server_followers(b->server), 0);
	server_broadcast(b->server, "{\"a\":2}", 7);
	turn(b);
	expect(other, "");
	close(other);
	bench_free(b);
}

/* A follower that does not read costs a bounded buffer, and is told how much it missed. */
static void test_slow_follower(void)
{
	enum { LINE = 1 << 16, LINES = 3 * SERVER_OUTPUT_MAX / LINE };
	struct bench *b = bench_new();
	int fd = open_client(b);
	char *line = malloc(LINE);
	char *text = malloc(LINE + 1);
	unsigned n_lines = 0;
	unsigned n_lost = 0;
	size_t at = 0;

	CU_ASSERT_FATAL(line != NULL && text != NULL);
	memset(line, 'x', LINE);
	say(b, fd, "{\"v\":1,\"verb\":\"follow\"}\n");
	expect(fd, "{\"v\":1,\"ok\":true,\"result\":{}}\n");
	for (int i = 0; i < LINES; i++) {
		server_broadcast(b->server, line, LINE - 1);
		turn(b);
	}
	for (int idle = 0; idle < 50; idle++) {
		ssize_t n;

		turn(b);
		while ((n = read(fd, text + at, LINE - at)) > 0) {
			char *end;

			idle = 0;
			at += (size_t)n;
			while ((end = memchr(text, '\n', at)) != NULL) {
				*end = '\0';
				if (text[0] == 'x') {
					n_lines++;
				} else {
					CU_ASSERT_EQUAL(
						sscanf(text,
							"{\"schema_version\":1,\"type\":\"lost\",\"lines\":%u}",
							&n_lost),
						1);
				}
				at -= (size_t)(end + 1 - text);
				memmove(text, end + 1, at);
			}
			turn(b);
		}
	}
	CU_ASSERT_EQUAL(n_lines + n_lost, LINES);
	CU_ASSERT(n_lines >= SERVER_OUTPUT_MAX / LINE);
	CU_ASSERT(n_lost > LINES / 3);
	server_broadcast(b->server, "x", 1);
	turn(b);
	expect(fd, "x\n");
	free(line);
	free(text);
	close(fd);
	bench_free(b);
}

static void test_place(void)
{
	struct bench *b = bench_new();
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	int fd;

	CU_ASSERT_EQUAL(stat(b->path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0660);
	/* a second daemon does not take the first one's place */
	CU_ASSERT_PTR_NULL(open_at(b, b->path));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[0].text, "another daemon"));
	server_close(b->server);

	/* what a crash left behind is replaced */
	memcpy(address.sun_path, b->path, strlen(b->path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	b->server = open_at(b, b->path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->server);
	server_close(b->server);

	/* something else of that name is not */
	CU_ASSERT_EQUAL(mkdir(b->path, 0700), 0);
	CU_ASSERT_PTR_NULL(open_at(b, b->path));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->diag.entries[1].text, "something else"));
	CU_ASSERT_EQUAL(rmdir(b->path), 0);
	CU_ASSERT_PTR_NULL(open_at(b, ""));
	b->server = open_at(b, b->path);
	bench_free(b);
}

/* connect_as: a client of another user; the bench's folder is open to it. */
static int connect_as(struct bench *b, uid_t uid)
{
	char run[64];
	int fd;

	snprintf(run, sizeof(run), "%s/run", b->folder);
	CU_ASSERT_EQUAL(chmod(b->folder, 0755), 0);
	CU_ASSERT_EQUAL(chmod(run, 0755), 0);
	CU_ASSERT_EQUAL(chmod(b->path, 0666), 0);
	CU_ASSERT_EQUAL(seteuid(uid), 0);
	fd = connect_client(b);
	CU_ASSERT_EQUAL(seteuid(0), 0);
	turn(b);
	return fd;
}

static void test_role(void)
{
	struct bench *b = bench_new();
	int fd = open_client(b);

	say(b, fd, "{\"v\":1,\"verb\":\"x\"}\n");
	CU_ASSERT_EQUAL(b->role, SERVER_ADMIN); /* our own user */
	close(fd);
	if (geteuid() == 0) {
		/* another user, whom the socket's mode lets in */
		fd = connect_as(b, 65534);
		say(b, fd, "{\"v\":1,\"verb\":\"x\"}\n");
		CU_ASSERT_EQUAL(b->role, SERVER_VIEWER);
		close(fd);
	}
	bench_free(b);
}

static void reply(struct bench *b, unsigned i, int number)
{
	struct server_answer a = { .result = json_pack("{s:i}", "n", number) };

	CU_ASSERT_TRUE(server_reply(b->server, b->tickets[i], CONTROL_OK, &a));
	turn(b);
}

/* Answers leave in the order of the requests: those behind a deferred one wait. */
static void test_deferred(void)
{
	struct bench *b = bench_new();
	struct server_answer a = { .error = "it did not come to be" };
	int fd = open_client(b);
	int other = open_client(b);

	say(b, fd,
		"{\"v\":1,\"verb\":\"later\"}\n{\"v\":1,\"verb\":\"fail\"}\n"
		"{\"v\":1,\"verb\":\"later\"}\n{\"v\":1,\"verb\":\"changed\"}\n"
		"{\"v\":1,\"verb\":\"later\"}\n");
	expect(fd, "");
	CU_ASSERT_EQUAL(b->n_requests, 1);
	CU_ASSERT_EQUAL(server_deferred(b->server), 1);
	/* nobody else waits for it */
	say(b, other, "{\"v\":1,\"verb\":\"x\"}\n");
	expect(other, "{\"v\":1,\"ok\":true,\"result\":{\"verb\":\"x\",\"args\":null}}\n");
	say(b, fd, "{\"v\":1,\"verb\":\"at once\"}\n"); /* arrives while it waits */
	expect(fd, "");
	reply(b, 0, 1);
	expect(fd,
		"{\"v\":1,\"ok\":true,\"result\":{\"n\":1}}\n"
		"{\"v\":1,\"ok\":false,\"code\":6,\"error\":\"there is \\\"no\\\" such thing\"}\n");
	reply(b, 1, 2);
	expect(fd,
		"{\"v\":1,\"ok\":true,\"result\":{\"n\":2}}\n"
		"{\"v\":1,\"ok\":true,\"result\":{\"verb\":\"changed\",\"args\":null,\"more\":true}}\n");
	CU_ASSERT_TRUE(server_reply(b->server, b->tickets[2], CONTROL_TIMEOUT, &a));
	turn(b);
	expect(fd, "{\"v\":1,\"ok\":false,\"code\":7,\"error\":\"it did not come to be\"}\n"
		   "{\"v\":1,\"ok\":true,\"result\":{\"at once\":true}}\n");
	CU_ASSERT_EQUAL(server_deferred(b->server), 0);
	CU_ASSERT_EQUAL(b->n_done, b->n_requests);
	/* a ticket is good for one answer */
	a.result = json_object();
	CU_ASSERT_FALSE(server_reply(b->server, b->tickets[2], CONTROL_OK, &a));
	a.result = NULL;
	CU_ASSERT_FALSE(server_reply(b->server, 0, CONTROL_OK, &a));
	close(fd);
	close(other);
	bench_free(b);
}

/* done() may say that it was done in part. */
static void test_done_changes_code(void)
{
	struct bench *b = bench_new();
	int fd = open_client(b);

	say(b, fd, "{\"v\":1,\"verb\":\"partial\"}\n");
	expect(fd, "{\"v\":1,\"ok\":false,\"code\":8,\"error\":\"not audited\"}\n");
	close(fd);
	bench_free(b);
}

/* A client that goes before its answer: the owner is told all the same. */
static void test_gone(void)
{
	struct bench *b = bench_new();
	int fd = open_client(b);
	char text[512];
	bool closed;

	say(b, fd, "{\"v\":1,\"verb\":\"later\"}\n{\"v\":1,\"verb\":\"x\"}\n");
	close(fd);
	turn(b);
	CU_ASSERT_EQUAL(server_clients(b->server), 0);
	CU_ASSERT_EQUAL(server_deferred(b->server), 1);
	fd = open_client(b); /* in the same place */
	say(b, fd, "{\"v\":1,\"verb\":\"later\"}\n");
	reply(b, 0, 1);
	expect(fd, "");
	CU_ASSERT_EQUAL(b->n_done, 1);
	CU_ASSERT_EQUAL(b->n_requests, 2); /* what stood behind it was not done */
	reply(b, 1, 2);
	expect(fd, "{\"v\":1,\"ok\":true,\"result\":{\"n\":2}}\n");
	/* one that has closed its half only gets all that it asked for */
	say(b, fd, "{\"v\":1,\"verb\":\"later\"}\n{\"v\":1,\"verb\":\"fail\"}\n");
	CU_ASSERT_EQUAL(shutdown(fd, SHUT_WR), 0);
	turn(b);
	CU_ASSERT_EQUAL(server_clients(b->server), 1);
	reply(b, 2, 3);
	hear(fd, text, sizeof(text), &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"n\":3}}\n{\"v\":1,\"ok\":false"));
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_EQUAL(server_clients(b->server), 0);
	close(fd);
	/* the end of the server is an answer, too */
	fd = open_client(b);
	say(b, fd, "{\"v\":1,\"verb\":\"later\"}\n");
	server_close(b->server);
	CU_ASSERT_EQUAL(b->n_done, b->n_requests);
	CU_ASSERT_EQUAL(b->done_code, CONTROL_FAILED);
	b->server = open_at(b, b->path);
	close(fd);
	bench_free(b);
}

/* Requests of clients that have gone are not without end. */
static void test_deferred_bound(void)
{
	struct bench *b = bench_new();
	char text[512];
	bool closed;
	int fd;

	for (unsigned i = 0; i < SERVER_DEFERRED_MAX; i++) {
		fd = open_client(b);
		say(b, fd, "{\"v\":1,\"verb\":\"later\"}\n");
		close(fd);
		turn(b);
	}
	CU_ASSERT_EQUAL(server_deferred(b->server), SERVER_DEFERRED_MAX);
	fd = open_client(b);
	say(b, fd, "{\"v\":1,\"verb\":\"x\"}\n");
	hear(fd, text, sizeof(text), &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "under way"));
	CU_ASSERT_EQUAL(b->n_requests, SERVER_DEFERRED_MAX);
	reply(b, 5, 1);
	say(b, fd, "{\"v\":1,\"verb\":\"x\"}\n");
	hear(fd, text, sizeof(text), &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"ok\":true"));
	close(fd);
	bench_free(b);
}

/* ask: sends `n` requests, in portions that a socket takes; how many were done. */
static unsigned ask(struct bench *b, int fd, const char *line, unsigned n)
{
	unsigned before = b->n_requests;
	char *text = malloc(1 << 16);
	bool closed;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (unsigned i = 0; i < n; i++) {
		say(b, fd, line);
		hear(fd, text, 1 << 16, &closed);
		CU_ASSERT_FALSE(closed);
		CU_ASSERT_PTR_NOT_NULL(strchr(text, '\n')); /* each has its answer */
	}
	free(text);
	return b->n_requests - before;
}

static void test_rate(void)
{
	static const char line[] = "{\"v\":1,\"verb\":\"x\"}\n";
	struct bench *b = bench_new();
	int fd = open_client(b);
	int other = open_client(b);

	CU_ASSERT_EQUAL(ask(b, fd, line, 2 * SERVER_RATE + 10), 2 * SERVER_RATE);
	CU_ASSERT_EQUAL(server_refused(b->server), 10);
	say(b, fd, line);
	expect(fd,
		"{\"v\":1,\"ok\":false,\"code\":1,\"error\":\"too many requests: 200 a second of "
		"a client and 400 of a user; again in 5 ms\",\"retry_ms\":5}\n");
	/* an admin's other connection has its own */
	CU_ASSERT_EQUAL(ask(b, other, line, SERVER_RATE), SERVER_RATE);
	now += 5;
	CU_ASSERT_EQUAL(ask(b, fd, line, 10), 1);
	now += 1000;
	CU_ASSERT_EQUAL(ask(b, fd, line, SERVER_RATE + 10), SERVER_RATE);
	now += 1000000;
	CU_ASSERT_EQUAL(ask(b, fd, line, 2 * SERVER_RATE + 10), 2 * SERVER_RATE);
	/* what is not permitted counts as much as a second of others */
	now += 1000000;
	CU_ASSERT_EQUAL(ask(b, fd, "{\"v\":1,\"verb\":\"refuse\"}\n", 10), 2);
	close(fd);
	close(other);
	bench_free(b);
}

/* One user has neither all places nor all the time; who is admin always gets in. */
static void test_one_user(void)
{
	static const char line[] = "{\"v\":1,\"verb\":\"x\"}\n";
	struct bench *b = bench_new();
	int fds[CONTROL_CLIENTS_MAX];
	unsigned n_done = 0;
	char text[512];
	bool closed;
	int fd;

	if (geteuid() != 0) {
		bench_free(b); /* cannot be another user */
		return;
	}
	for (int i = 0; i < SERVER_UID_CLIENTS; i++) {
		fds[i] = connect_as(b, 65534);
	}
	fd = connect_as(b, 65534);
	hear(fd, text, sizeof(text), &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "too many clients of this user"));
	CU_ASSERT_TRUE(closed);
	close(fd);
	for (int i = 0; i < SERVER_UID_CLIENTS; i++) {
		n_done += ask(b, fds[i], line, 60);
	}
	/* a connection is a request; the last one was turned away before it counted */
	CU_ASSERT_EQUAL(n_done, 2 * SERVER_UID_RATE - SERVER_UID_CLIENTS);
	now += 100;
	CU_ASSERT_EQUAL(ask(b, fds[0], line, 100), SERVER_UID_RATE / 10);
	now += 10000;
	for (int i = SERVER_UID_CLIENTS; i < CONTROL_CLIENTS_MAX - SERVER_ADMIN_CLIENTS; i++) {
		fds[i] = connect_as(b, 2000 + (uid_t)i / 10);
	}
	CU_ASSERT_EQUAL(server_clients(b->server), CONTROL_CLIENTS_MAX - SERVER_ADMIN_CLIENTS);
	fd = connect_as(b, 3000);
	hear(fd, text, sizeof(text), &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "too many clients\""));
	close(fd);
	for (int i = CONTROL_CLIENTS_MAX - SERVER_ADMIN_CLIENTS; i < CONTROL_CLIENTS_MAX; i++) {
		fds[i] = connect_as(b, 0);
		CU_ASSERT_EQUAL(ask(b, fds[i], line, 1), 1);
	}
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		close(fds[i]);
	}
	bench_free(b);
}

/* Whoever connects has the role that the configuration gives its user or one of its groups. */
static void test_named_roles(void)
{
	static const struct {
		uid_t uid;
		enum server_role role;
	} cases[] = { { 2000, SERVER_OPERATOR }, { 2001, SERVER_AUTHOR }, { 2002, SERVER_ADMIN },
		{ 2003, SERVER_VIEWER }, { 0, SERVER_ADMIN } };
	struct bench *b = bench_new();

	roles_add(&b->roles, SERVER_OPERATOR, "2000", NULL, NULL);
	roles_add(&b->roles, SERVER_AUTHOR, "2001, 2000000", NULL, NULL);
	roles_add(&b->roles, SERVER_ADMIN, "2002", NULL, NULL);
	for (size_t i = 0; geteuid() == 0 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = connect_as(b, cases[i].uid);

		CU_ASSERT_EQUAL(ask(b, fd, "{\"v\":1,\"verb\":\"x\"}\n", 1), 1);
		CU_ASSERT_EQUAL(b->role, cases[i].role);
		close(fd);
	}
	bench_free(b);
}

UNIT_MAIN("control/server", { "requests", test_requests }, { "not JSON", test_not_json },
	{ "half closed", test_half_closed }, { "too long", test_too_long },
	{ "too many", test_too_many }, { "follow", test_follow },
	{ "slow follower", test_slow_follower }, { "place", test_place }, { "role", test_role },
	{ "deferred", test_deferred }, { "done changes the code", test_done_changes_code },
	{ "gone before its answer", test_gone }, { "deferred, bound", test_deferred_bound },
	{ "rate", test_rate }, { "one user", test_one_user }, { "named roles", test_named_roles })
