/* SPDX-License-Identifier: BSD-3-Clause */
/* --watch: a process of its own, whose lines are counted and which is interrupted. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "control/ctl_watch.h"
#include "tests/control/fake_daemon.h"

static const struct fake_answer script[] = {
	{ "policy.history", "{\"generations\":[{\"generation\":3,\"state\":\"good\"}]}", 0 },
	{ "list.list", "{\"lists\":[]}", 1 },
	{ "list.list", "!5 not yours", 0 },
	{ NULL, NULL, 0 },
};

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* child: runs a command line with its output in `fd`. */
static _Noreturn void child(const struct fake_daemon *d, const char *const *words, int fd)
{
	char *argv[FAKE_WORDS_MAX + 1] = { (char *)(uintptr_t) "smswallctl" };
	struct ctl_call *call = calloc(1, sizeof(*call));
	int argc = 1;
	int rc;

	for (int i = 0; words[i] != NULL; i++) {
		argv[argc++] = (char *)(uintptr_t)words[i];
	}
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	if (call == NULL || ctl_read_arguments(call, argc, argv) != 0) {
		_exit(99);
	}
	call->socket = d->path;
	rc = ctl_run(call);
	(void)fflush(stdout);
	_exit(rc);
}

/* read_lines: until there are `n` lines, the end, or ten seconds. */
static unsigned read_lines(int fd, char *text, size_t size, unsigned n)
{
	double end = now_s() + 10;
	size_t len = 0;
	unsigned lines = 0;

	while (lines < n && now_s() < end && len + 1 < size) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got = poll(&p, 1, 100) == 1 ? read(fd, text + len, 1) : -1;

		if (got == 0) {
			break;
		}
		if (got == 1) {
			lines += text[len++] == '\n';
		}
	}
	text[len] = '\0';
	return lines;
}

struct watch_case {
	const char *words[8];
	unsigned lines; /* after which it is interrupted; 0: it ends by itself */
	int signal;
	int code;
	const char *part;
};

static const struct watch_case cases[] = {
	{ { "policy", "history", "--watch", "0.1", "--json" }, 3, SIGINT, 0,
		"{\"schema_version\":1,\"command\":\"policy history\",\"generations\":" },
	{ { "policy", "history", "--watch", "0.1" }, 6, SIGTERM, 0, "  3  good" },
	{ { "list", "list", "--watch", "0.1", "--json" }, 0, 0, CONTROL_NOT_PERMITTED,
		"not yours" },
	{ { "policy", "history", "--watch", "0.01" }, 0, 0, CONTROL_USAGE, "--watch is a number" },
	{ { "policy", "history", "--watch", "1x" }, 0, 0, CONTROL_USAGE, "--watch is a number" },
	{ { "policy", "history", "--watch", "nan" }, 0, 0, CONTROL_USAGE, "--watch is a number" },
};

static void run(const struct watch_case *k)
{
	struct fake_daemon *d = calloc(1, sizeof(*d));
	char text[1280];
	int pipes[2];
	int status = 0;
	pid_t pid;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	fake_daemon_start(d, script);
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		child(d, k->words, pipes[1]);
	}
	(void)close(pipes[1]);
	CU_ASSERT_EQUAL(
		read_lines(pipes[0], text, sizeof(text), k->lines != 0 ? k->lines : 99) >= k->lines,
		1);
	if (k->signal != 0) {
		CU_ASSERT_EQUAL(kill(pid, k->signal), 0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), k->code);
	fake_expect(text, k->part);
	CU_ASSERT_PTR_NULL(strchr(text, '\033')); /* no terminal is cleared that is none */
	(void)close(pipes[0]);
	fake_daemon_stop(d);
	free(d);
}

static void watches(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(&cases[i]);
	}
}

/* A daemon that goes away after a first answer is asked again; one that never was there is not. */
static void a_daemon_may_come_back(void)
{
	static const char *const words[] = { "policy", "history", "--watch", "0.1", "--json",
		NULL };
	struct fake_daemon *d = calloc(1, sizeof(*d));
	char text[1280];
	char old[108];
	int pipes[2];
	int status = 0;
	pid_t pid;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	fake_daemon_start(d, script);
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		child(d, words, pipes[1]);
	}
	(void)close(pipes[1]);
	CU_ASSERT_EQUAL(read_lines(pipes[0], text, sizeof(text), 1), 1);
	(void)snprintf(old, sizeof(old), "%s", d->path);
	fake_daemon_stop(d);
	do {
		CU_ASSERT_EQUAL_FATAL(read_lines(pipes[0], text, sizeof(text), 1), 1);
	} while (strstr(text, "\"code\":3") == NULL);
	CU_ASSERT_EQUAL(kill(pid, SIGINT), 0);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	(void)close(pipes[0]);
	pid = fork();
	if (pid == 0) {
		child(d, words, open("/dev/null", O_WRONLY));
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == CONTROL_NO_DAEMON);
	free(d);
}

UNIT_MAIN("control/ctl_watch", { "watches", watches },
	{ "a daemon may come back", a_daemon_may_come_back })
