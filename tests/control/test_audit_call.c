/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/audit_call.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/code.h"
#include "control/verbs_audit.h"
#include "tests/support/unit.h"

enum { USERS = 40, FIRST_UID = 2000, CLIENTS = 1000 };

/* A server whose one changing verb counts, with its audit log. */
struct bench {
	char folder[32];
	char path[64];
	struct event_base *base;
	struct server *server;
	struct audit *audit;
	struct verbs_audit *verbs;
	struct roles roles;
	struct diag diag;
	struct audit_report report;
	uint64_t number; /* of the generation */
	uint64_t later;  /* ticket */
};

static uint64_t now;

static uint64_t fake_ms(void)
{
	return now;
}

static struct audit_generation live(const struct bench *b)
{
	return (struct audit_generation){ b->number, "aa" };
}

static int handle(void *arg, struct server_request *r, struct server_answer *a)
{
	struct bench *b = arg;
	const struct audit_generation before = live(b);

	if (strcmp(r->verb, "audit.show") == 0) {
		return verbs_audit_show(b->verbs, r, a);
	}
	if (strcmp(r->verb, "audit.verify") == 0) {
		return verbs_audit_verify(b->verbs, b->server, r, a);
	}
	if (strcmp(r->verb, "read") == 0) {
		return CONTROL_OK;
	}
	CU_ASSERT_TRUE(audit_call_begin(r, &before));
	if (r->role < SERVER_OPERATOR) {
		snprintf(a->error, sizeof(a->error), "no");
		return CONTROL_NOT_PERMITTED;
	}
	if (strcmp(r->verb, "later") == 0) {
		b->later = r->ticket;
		return SERVER_DEFERRED;
	}
	b->number++;
	return CONTROL_OK;
}

static int done(void *arg, struct server_request *r, int code, struct server_answer *a)
{
	struct bench *b = arg;
	const struct audit_generation after = live(b);

	return audit_call_end(b->audit, r, code, a, &after);
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct server_options options = { .path = b != NULL ? b->path : NULL,
		.handler = handle,
		.done = done,
		.arg = b,
		.roles = b != NULL ? &b->roles : NULL,
		.now_ms = fake_ms };

	if (b == NULL) {
		abort();
	}
	signal(SIGPIPE, SIG_IGN);
	strcpy(b->folder, "/dev/shm/smswall-test-XXXXXX");
	if (mkdtemp(b->folder) == NULL) {
		strcpy(b->folder, "/tmp/smswall-test-XXXXXX");
		CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	}
	snprintf(b->path, sizeof(b->path), "%s/sock", b->folder);
	for (int i = 0; i < USERS; i++) {
		char uid[16];

		snprintf(uid, sizeof(uid), "%d", FIRST_UID + i);
		if (i % 4 != 0) {
			roles_add(&b->roles, (enum server_role)(i % 4), uid, NULL, NULL);
		}
	}
	b->base = event_base_new();
	b->audit = audit_open(b->folder, &b->diag);
	b->verbs = verbs_audit_new(b->base, b->folder);
	b->server = server_open(b->base, &options, &b->diag);
	CU_ASSERT_FATAL(b->server != NULL && b->audit != NULL && b->verbs != NULL);
	CU_ASSERT_EQUAL(chmod(b->folder, 0755), 0);
	CU_ASSERT_EQUAL(chmod(b->path, 0666), 0);
	return b;
}

static void bench_free(struct bench *b)
{
	char log[64];

	verbs_audit_free(b->verbs);
	server_close(b->server);
	audit_close(b->audit);
	event_base_free(b->base);
	snprintf(log, sizeof(log), "%s/audit.log", b->folder);
	CU_ASSERT_EQUAL(unlink(log), 0);
	CU_ASSERT_EQUAL(rmdir(b->folder), 0);
	diag_clear(&b->diag);
	free(b);
}

static void turn(struct bench *b)
{
	for (int i = 0; i < 4; i++) {
		event_base_loop(b->base, EVLOOP_NONBLOCK);
	}
}

/* open_client: -1: there is no room to wait in. */
static int open_client(const struct bench *b, uid_t uid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	memcpy(address.sun_path, b->path, strlen(b->path));
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(seteuid(uid), 0);
		rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
		CU_ASSERT_EQUAL(seteuid(0), 0);
	} else {
		rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
	}
	if (rc != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void say(int fd, const char *text)
{
	CU_ASSERT_EQUAL(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* hear: one answer, a new reference; NULL: nothing yet. */
static json_t *hear(int fd)
{
	char text[1800];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	if (n <= 0) {
		return NULL;
	}
	text[n] = '\0';
	return json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
}

static json_t *ask(struct bench *b, int fd, const char *text)
{
	json_t *answer = NULL;

	say(fd, text);
	for (int i = 0; i < 1000 && answer == NULL; i++) {
		turn(b);
		answer = hear(fd);
		if (answer == NULL) {
			(void)poll(NULL, 0, 1);
		}
	}
	CU_ASSERT_PTR_NOT_NULL(answer);
	return answer;
}

static long long number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static void test_call(void)
{
	struct bench *b = bench_new();
	int fd = open_client(b, 0);
	json_t *answer = ask(b, fd, "{\"v\":1,\"verb\":\"change\",\"args\":{\"steps\":1}}\n");
	const json_t *audit = json_object_get(json_object_get(answer, "result"), "audit");
	json_t *shown;
	const json_t *record;

	CU_ASSERT_EQUAL(number(audit, "record"), 1);
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(audit, "head")), audit_head(b->audit));
	json_decref(answer);
	json_decref(ask(b, fd, "{\"v\":1,\"verb\":\"read\"}\n"));
	CU_ASSERT_EQUAL(audit_records(b->audit), 1); /* reading leaves no record */
	shown = ask(b, fd, "{\"v\":1,\"verb\":\"audit.show\",\"args\":{\"limit\":5}}\n");
	record = json_array_get(json_object_get(json_object_get(shown, "result"), "records"), 0);
	CU_ASSERT_EQUAL(number(json_object_get(record, "before"), "generation"), 0);
	CU_ASSERT_EQUAL(number(json_object_get(record, "after"), "generation"), 1);
	CU_ASSERT_EQUAL(number(record, "pid"), getpid());
	CU_ASSERT_EQUAL(number(record, "code"), 0);
	json_decref(shown);
	close(fd);
	bench_free(b);
}

/* A deferred call: its record is made when it is answered, and also where nobody waits for it. */
static void test_deferred(void)
{
	struct bench *b = bench_new();
	struct server_answer a = { .result = NULL };
	json_t *tail;
	int fd = open_client(b, 0);

	say(fd, "{\"v\":1,\"verb\":\"later\",\"args\":{\"note\":\"n\"}}\n");
	turn(b);
	CU_ASSERT_EQUAL(audit_records(b->audit), 0);
	close(fd);
	turn(b);
	b->number = 7;
	CU_ASSERT_TRUE(server_reply(b->server, b->later, CONTROL_OK, &a));
	tail = audit_tail(b->folder, 1);
	CU_ASSERT_EQUAL(
		number(json_object_get(json_array_get(tail, 0), "before"), "generation"), 0);
	CU_ASSERT_EQUAL(number(json_object_get(json_array_get(tail, 0), "after"), "generation"), 7);
	json_decref(tail);
	/* and of one that the end of the daemon cut off */
	fd = open_client(b, 0);
	say(fd, "{\"v\":1,\"verb\":\"later\"}\n");
	turn(b);
	server_close(b->server);
	b->server = NULL;
	CU_ASSERT_EQUAL(audit_records(b->audit), 2);
	CU_ASSERT_TRUE(audit_verify(b->folder, NULL, &b->report));
	close(fd);
	bench_free(b);
}

static void test_verify(void)
{
	struct bench *b = bench_new();
	char request[160];
	char log[64];
	int fd = open_client(b, 0);
	int other = open_client(b, 0);
	unsigned n_conflicts = 0;
	json_t *answer;
	int file;

	for (int i = 0; i < 3; i++) {
		json_decref(ask(b, fd, "{\"v\":1,\"verb\":\"change\"}\n"));
	}
	answer = ask(b, fd, "{\"v\":1,\"verb\":\"audit.verify\"}\n");
	CU_ASSERT_TRUE(json_is_true(json_object_get(json_object_get(answer, "result"), "ok")));
	CU_ASSERT_EQUAL(number(json_object_get(answer, "result"), "records"), 3);
	json_decref(answer);
	snprintf(request, sizeof(request),
		"{\"v\":1,\"verb\":\"audit.verify\",\"args\":{\"head\":\"%s\"}}\n",
		audit_head(b->audit));
	answer = ask(b, fd, request);
	CU_ASSERT_EQUAL(number(json_object_get(answer, "result"), "wanted_record"), 3);
	json_decref(answer);
	/* one at a time */
	say(fd, "{\"v\":1,\"verb\":\"audit.verify\"}\n");
	say(other, "{\"v\":1,\"verb\":\"audit.verify\"}\n");
	for (int i = 0; i < 100; i++) {
		turn(b);
		(void)poll(NULL, 0, 1);
	}
	for (int i = 0; i < 2; i++) {
		answer = hear(i == 0 ? fd : other);
		CU_ASSERT_PTR_NOT_NULL(answer);
		n_conflicts += number(answer, "code") == CONTROL_CONFLICT ? 1 : 0;
		json_decref(answer);
	}
	CU_ASSERT_EQUAL(n_conflicts, 1);
	answer = ask(b, fd, "{\"v\":1,\"verb\":\"audit.verify\",\"args\":{\"head\":\"x\"}}\n");
	CU_ASSERT_EQUAL(number(answer, "code"), CONTROL_USAGE);
	json_decref(answer);
	snprintf(log, sizeof(log), "%s/audit.log", b->folder);
	file = open(log, O_WRONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(pwrite(file, "X", 1, 100), 1);
	close(file);
	answer = ask(b, fd, "{\"v\":1,\"verb\":\"audit.verify\"}\n");
	CU_ASSERT_TRUE(json_is_false(json_object_get(json_object_get(answer, "result"), "ok")));
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(json_object_get(answer, "result"), "broken_at")),
		"audit.log:1");
	json_decref(answer);
	close(fd);
	close(other);
	bench_free(b);
}

/* What was done and could not be audited is not told as done. */
static void test_no_room(void)
{
	const struct rlimit none = { 0, RLIM_INFINITY };
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct bench *b = bench_new();
	int fd = open_client(b, 0);
	json_t *answer;

	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &none), 0);
	answer = ask(b, fd, "{\"v\":1,\"verb\":\"change\"}\n");
	CU_ASSERT_EQUAL(number(answer, "code"), CONTROL_PARTIAL);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(json_string_value(json_object_get(answer, "error")), "no record"));
	json_decref(answer);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &all), 0);
	answer = ask(b, fd, "{\"v\":1,\"verb\":\"change\"}\n");
	CU_ASSERT_TRUE(json_is_true(json_object_get(answer, "ok")));
	json_decref(answer);
	signal(SIGXFSZ, SIG_DFL);
	close(fd);
	bench_free(b);
}

struct caller {
	uid_t uid;
	int fd; /* -1: not connected */
	bool asked, answered;
	int code;
};

/* step: one client goes on; true: it has its answer. */
static bool step(struct bench *b, struct caller *c, unsigned *n_turned_away)
{
	json_t *answer;

	if (c->fd < 0) {
		c->fd = open_client(b, c->uid);
		c->asked = false;
		return false;
	}
	if (!c->asked) {
		static const char line[] = "{\"v\":1,\"verb\":\"change\",\"args\":{\"steps\":1}}\n";

		/* one that was turned away meanwhile may not be able to */
		(void)!send(c->fd, line, sizeof(line) - 1, MSG_NOSIGNAL);
		c->asked = true;
	}
	answer = hear(c->fd);
	if (answer == NULL) {
		return false;
	}
	c->code = (int)number(answer, "code");
	if (c->code == CONTROL_FAILED) {
		(*n_turned_away)++;
	} else {
		c->answered = true;
	}
	json_decref(answer);
	close(c->fd);
	c->fd = -1;
	return c->answered;
}

/* A thousand clients at once, of forty users with all roles: each has its answer and its record. */
static void test_thousand(void)
{
	struct caller *callers = calloc(CLIENTS, sizeof(callers[0]));
	struct bench *b = bench_new();
	unsigned n_turned_away = 0;
	unsigned n_answered = 0;
	unsigned n_refused = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(callers);
	for (unsigned i = 0; i < CLIENTS; i++) {
		callers[i].uid = FIRST_UID + i % USERS;
		callers[i].fd = -1;
	}
	for (unsigned round = 0; round < 5000 && n_answered < CLIENTS; round++) {
		for (unsigned i = 0; i < CLIENTS; i++) {
			/* whose turn it is changes: no one is always the first to ask */
			struct caller *c = &callers[(i + round * 37) % CLIENTS];

			n_answered += !c->answered && step(b, c, &n_turned_away) ? 1 : 0;
			if (i % 16 == 0) {
				turn(b);
			}
		}
		now += 10;
	}
	CU_ASSERT_EQUAL(n_answered, CLIENTS);
	for (unsigned i = 0; i < CLIENTS; i++) {
		bool may = geteuid() != 0 || callers[i].uid % 4 != 0;

		CU_ASSERT_EQUAL(callers[i].code, may ? CONTROL_OK : CONTROL_NOT_PERMITTED);
		n_refused += may ? 0 : 1;
	}
	CU_ASSERT_EQUAL(b->number, CLIENTS - n_refused);
	CU_ASSERT_TRUE(audit_verify(b->folder, audit_head(b->audit), &b->report));
	CU_ASSERT_EQUAL(b->report.n_records, CLIENTS);
	CU_ASSERT(n_turned_away > 0); /* they came at once */
	free(callers);
	bench_free(b);
}

UNIT_MAIN("control/audit_call", { "call", test_call }, { "deferred", test_deferred },
	{ "verify", test_verify }, { "no room", test_no_room },
	{ "a thousand clients", test_thousand })
