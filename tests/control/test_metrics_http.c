/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The metrics' server, asked by sockets of this same thread: methods, paths, bounds, slow readers, and
 * that what it leaves behind is nothing. Its deadline is waited for once.
 */
#include "control/metrics_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "control/watch.h"
#include "tests/control/fake_pipeline.h"
#include "tests/support/unit.h"

enum { ANSWER_SIZE = 1 << 20, STEPS = 2000 };

struct bench {
	char folder[32];
	struct config config;
	struct pipeline pipeline;
	struct pipeline *pipelines[1];
	struct watch watch;
	struct control_context ctx;
	struct event_base *base;
	struct metrics_http *http;
	struct diag diag;
	char answer[ANSWER_SIZE];
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		abort();
	}
	signal(SIGPIPE, SIG_IGN);
	strcpy(b->folder, "/tmp/smswall-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	config_defaults(&b->config);
	b->config.pipeline.n_links = 1;
	strcpy(b->config.pipeline.links[0].name, "north");
	snprintf(b->config.metrics_socket, sizeof(b->config.metrics_socket), "%s/metrics.sock",
		b->folder);
	b->pipelines[0] = &b->pipeline;
	b->ctx = (struct control_context){ .config = &b->config,
		.pipelines = b->pipelines,
		.n_pipelines = 1,
		.watch = &b->watch,
		.started_us = 1 };
	b->watch.ctx = &b->ctx;
	b->base = event_base_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->base);
	return b;
}

static void open_http(struct bench *b)
{
	b->http = metrics_http_open(b->base, &b->ctx, &b->diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->http);
}

static void bench_free(struct bench *b)
{
	metrics_http_close(b->http);
	event_base_free(b->base);
	diag_clear(&b->diag);
	CU_ASSERT_EQUAL(rmdir(b->folder), 0); /* nothing is left */
	free(b);
}

static int connect_unix(struct bench *b)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, b->config.metrics_socket, sizeof(address.sun_path));
	CU_ASSERT_EQUAL_FATAL(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void step(struct bench *b)
{
	const struct timespec pause = { 0, 500000 };

	(void)event_base_loop(b->base, EVLOOP_NONBLOCK);
	nanosleep(&pause, NULL);
}

/* read_all: until the server closes; in b->answer. Closes `fd`. False: it never did. */
static bool read_all(struct bench *b, int fd)
{
	size_t len = 0;
	bool closed = false;

	for (int i = 0; i < STEPS && !closed; i++) {
		ssize_t n = recv(fd, b->answer + len, sizeof(b->answer) - 1 - len, 0);

		len += n > 0 ? (size_t)n : 0;
		closed = n == 0 || (n < 0 && errno != EAGAIN);
		if (n <= 0) {
			step(b);
		}
	}
	b->answer[len] = '\0';
	close(fd);
	for (int i = 0; i < 4; i++) {
		step(b); /* it sees that, too */
	}
	return closed;
}

/* ask: sends `request` in one piece and reads the answer. */
static const char *ask_len(struct bench *b, const char *request, size_t len)
{
	int fd = connect_unix(b);

	CU_ASSERT_EQUAL(send(fd, request, len, MSG_NOSIGNAL), (ssize_t)len);
	CU_ASSERT_TRUE(read_all(b, fd));
	return b->answer;
}

static const char *ask(struct bench *b, const char *request)
{
	return ask_len(b, request, strlen(request));
}

static int status_of(const char *answer)
{
	return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : -1;
}

/* body_of: behind the fields, and as long as they say. */
static const char *body_of(const char *answer)
{
	const char *length = strstr(answer, "\r\nContent-Length: ");
	const char *body = strstr(answer, "\r\n\r\n");

	CU_ASSERT_FATAL(length != NULL && body != NULL && length < body);
	CU_ASSERT_EQUAL(strlen(body + 4), (size_t)atol(length + 18));
	return body + 4;
}

#define GET "GET /metrics HTTP/1.1\r\nHost: x\r\n"

/* figure: the value of the line that begins with `series` and a blank; -1: there is none. */
static long figure(const char *page, const char *series)
{
	char needle[128];
	const char *at;

	snprintf(needle, sizeof(needle), "\n%s ", series);
	at = strstr(page, needle);
	return at != NULL ? atol(at + strlen(needle)) : -1;
}

static void test_page(void)
{
	struct bench *b = bench_new();
	const char *page;
	struct stat st;

	open_http(b);
	CU_ASSERT_EQUAL(stat(b->config.metrics_socket, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0660);
	b->pipeline.stats.counter[STAT_messages] = 41;
	page = body_of(ask(b, GET "\r\n"));
	CU_ASSERT_EQUAL(status_of(b->answer), 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(b->answer, "\r\nContent-Type: application/openmetrics-text; "
						 "version=1.0.0; charset=utf-8\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->answer, "\r\nConnection: close\r\n"));
	CU_ASSERT_EQUAL(figure(page, "smswall_messages_total"), 41);
	CU_ASSERT_STRING_EQUAL(page + strlen(page) - 6, "# EOF\n");
	bench_free(b);
}

static void test_formats(void)
{
	static const struct {
		const char *fields;
		bool classic;
	} rows[] = {
		{ "", false },
		{ "Accept: */*\r\n", false },
		{ "Accept: application/openmetrics-text; version=1.0.0,text/plain;q=0.5\r\n",
			false },
		{ "Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text\r\n", false },
		{ "accept:text/plain;version=0.0.4\r\n", true },
	};
	struct bench *b = bench_new();

	open_http(b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char request[256];

		snprintf(request, sizeof(request), GET "%s\r\n", rows[i].fields);
		CU_ASSERT_EQUAL(status_of(ask(b, request)), 200);
		CU_ASSERT_EQUAL(
			strstr(b->answer, "text/plain; version=0.0.4") != NULL, rows[i].classic);
		CU_ASSERT_EQUAL(strstr(b->answer, "# EOF") == NULL, rows[i].classic);
	}
	bench_free(b);
}

static void test_requests(void)
{
	static const struct {
		const char *request;
		int status;
	} rows[] = {
		{ GET "\r\n", 200 },
		{ "GET /metrics?name=x HTTP/1.1\r\nHost: x\r\n\r\n", 200 },
		{ "GET http://127.0.0.1:9877/metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200 },
		{ "GET /metrics HTTP/1.0\r\n\r\n", 200 },
		{ "\r\nGET /metrics HTTP/1.1\nHost: x\n\n", 200 },
		{ "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200 },
		{ "GET /metrics HTTP/1.1\r\n\r\n", 400 }, /* no Host */
		{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404 },
		{ "GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", 404 },
		{ "GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", 404 },
		{ "GET /metricsx HTTP/1.1\r\nHost: x\r\n\r\n", 404 },
		{ "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405 },
		{ "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 405 },
		{ "get /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405 },
		{ GET "Content-Length: 3\r\n\r\nabc", 400 },
		{ GET "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
		{ GET "Content-Length: 0\r\n\r\n", 200 },
		{ GET "Field : x\r\n\r\n", 400 },
		{ GET " folded\r\n\r\n", 400 },
		{ GET "nothing\r\n\r\n", 400 },
		{ GET ": x\r\n\r\n", 400 },
		{ "GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.11\r\nHost: x\r\n\r\n", 400 },
		{ "GET /metrics\r\n\r\n", 400 },
		{ "nonsense\r\n\r\n", 400 },
	};
	struct bench *b = bench_new();

	open_http(b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (status_of(ask(b, rows[i].request)) != rows[i].status) {
			fprintf(stderr, "row %zu: %.40s\n", i, b->answer);
			CU_FAIL("another status");
		}
		(void)body_of(b->answer);
		CU_ASSERT_EQUAL(
			strstr(b->answer, "\r\nAllow: GET\r\n") != NULL, rows[i].status == 405);
	}
	CU_ASSERT_EQUAL(status_of(ask_len(b, GET "a: \0\r\n\r\n", sizeof(GET) - 1 + 8)), 400);
	CU_ASSERT_EQUAL(status_of(ask_len(b, "a\0b\r\n\r\n", 7)), 400);
	bench_free(b);
}

/* A request is at most 4 KiB, whether it comes as one line or as many, with an end or without. */
static void test_long(void)
{
	struct bench *b = bench_new();
	static char request[3 * METRICS_HTTP_REQUEST_MAX];
	size_t len;

	open_http(b);
	memset(request, 'a', sizeof(request));
	CU_ASSERT_EQUAL(status_of(ask_len(b, request, sizeof(request))), 431);
	CU_ASSERT_EQUAL(status_of(ask_len(b, request, METRICS_HTTP_REQUEST_MAX)), 431);
	len = (size_t)snprintf(request, sizeof(request), GET);
	while (len < METRICS_HTTP_REQUEST_MAX) {
		len += (size_t)snprintf(request + len, sizeof(request) - len, "a: b\r\n");
	}
	CU_ASSERT_EQUAL(status_of(ask_len(b, request, len)), 431);
	memset(request, ' ', sizeof(request));
	memcpy(request, GET "a:", sizeof(GET) + 1);
	memcpy(request + METRICS_HTTP_REQUEST_MAX - 8, "\r\n\r\n", 4);
	CU_ASSERT_EQUAL(status_of(ask_len(b, request, METRICS_HTTP_REQUEST_MAX - 4)), 200);
	bench_free(b);
}

/* A request octet by octet is one all the same. */
static void test_octets(void)
{
	static const char request[] = GET "\r\n";
	struct bench *b = bench_new();
	int fd;

	open_http(b);
	fd = connect_unix(b);
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		CU_ASSERT_EQUAL(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
		step(b);
	}
	CU_ASSERT_TRUE(read_all(b, fd));
	CU_ASSERT_EQUAL(status_of(b->answer), 200);
	bench_free(b);
}

/* So many at once, no more; who has no place learns it, and those that have one are served. */
static void test_crowd(void)
{
	struct bench *b = bench_new();
	int fd[METRICS_HTTP_CLIENTS_MAX];
	int more;

	open_http(b);
	for (unsigned i = 0; i < METRICS_HTTP_CLIENTS_MAX; i++) {
		fd[i] = connect_unix(b);
		step(b);
	}
	more = connect_unix(b);
	CU_ASSERT_TRUE(read_all(b, more)); /* closed without a word */
	CU_ASSERT_STRING_EQUAL(b->answer, "");
	for (unsigned i = 0; i < METRICS_HTTP_CLIENTS_MAX; i++) {
		CU_ASSERT_EQUAL(
			send(fd[i], GET "\r\n", sizeof(GET) + 1, MSG_NOSIGNAL), sizeof(GET) + 1);
		CU_ASSERT_TRUE(read_all(b, fd[i]));
		CU_ASSERT_EQUAL(status_of(b->answer), 200);
	}
	CU_ASSERT_EQUAL(status_of(ask(b, GET "\r\n")), 200); /* there is room again */
	bench_free(b);
}

/* Who asks and does not read, who does not ask: cut off in time, counted; others do not notice. */
static void test_slow(void)
{
	const struct timespec pause = { 0, 20000000 };
	struct bench *b = bench_new();
	const char *page;
	int silent;
	int slow;
	int small = 1;
	char octet;

	open_http(b);
	silent = connect_unix(b);
	slow = connect_unix(b);
	CU_ASSERT_EQUAL(setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	CU_ASSERT_EQUAL(send(slow, GET "\r\n", sizeof(GET) + 1, MSG_NOSIGNAL), sizeof(GET) + 1);
	for (int i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(status_of(ask(b, GET "\r\n")), 200);
	}
	for (int i = 0; i < (METRICS_HTTP_DEADLINE_MS + 600) / 20; i++) {
		(void)event_base_loop(b->base, EVLOOP_NONBLOCK);
		nanosleep(&pause, NULL);
	}
	CU_ASSERT_EQUAL(recv(silent, &octet, 1, 0), 0); /* closed */
	page = body_of(ask(b, GET "\r\n"));
	CU_ASSERT_EQUAL(figure(page, "smswall_metrics_overdue_total"), 2);
	CU_ASSERT_EQUAL(figure(page, "smswall_metrics_clients"), 1);
	CU_ASSERT_EQUAL(figure(page, "smswall_metrics_scrapes_total"), 12);
	close(silent);
	close(slow);
	bench_free(b);
}

static void test_health(void)
{
	static const char health[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	struct bench *b = bench_new();

	open_http(b);
	CU_ASSERT_STRING_EQUAL(body_of(ask(b, health)), "ok\n");
	b->watch.workers[0].stuck = true;
	CU_ASSERT_EQUAL(status_of(ask(b, health)), 503);
	CU_ASSERT_EQUAL(status_of(ask(b, GET "\r\n")), 200); /* metrics are told all the same */
	bench_free(b);
}

/* free_port: one that was free a moment ago. */
static uint16_t free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, len), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void test_port(void)
{
	struct bench *b = bench_new();
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct metrics_http *second;
	int fd;

	b->config.metrics_socket[0] = '\0';
	b->config.metrics_port = free_port();
	open_http(b);
	address.sin_port = htons(b->config.metrics_port);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL(send(fd, GET "\r\n", sizeof(GET) + 1, MSG_NOSIGNAL), sizeof(GET) + 1);
	for (int i = 0; i < 20; i++) {
		step(b);
	}
	CU_ASSERT_TRUE(read_all(b, fd));
	CU_ASSERT_EQUAL(status_of(b->answer), 200);
	/* taken: told, and nothing else fails */
	second = metrics_http_open(b->base, &b->ctx, &b->diag);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_EQUAL(b->diag.n_errors, 1);
	bench_free(b);
}

/* Nothing configured: nothing opened. A socket of somebody else: told, the port is served. */
static void test_places(void)
{
	struct bench *b = bench_new();
	struct metrics_http *second;

	open_http(b);
	second = metrics_http_open(b->base, &b->ctx, &b->diag);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_EQUAL(b->diag.n_errors, 1);
	CU_ASSERT_EQUAL(status_of(ask(b, GET "\r\n")), 200); /* the first still has its socket */
	metrics_http_close(b->http);
	b->config.metrics_socket[0] = '\0';
	b->http = metrics_http_open(b->base, &b->ctx, &b->diag);
	CU_ASSERT_PTR_NULL(b->http);
	CU_ASSERT_EQUAL(b->diag.n_errors, 1);
	bench_free(b);
}

UNIT_MAIN("metrics_http", { "a page", test_page }, { "formats", test_formats },
	{ "requests", test_requests }, { "long requests", test_long },
	{ "octet by octet", test_octets }, { "a crowd", test_crowd }, { "slow readers", test_slow },
	{ "health", test_health }, { "loopback port", test_port }, { "places", test_places })
