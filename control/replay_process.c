/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/replay_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/code.h"

enum { GRACE_MS = 5000 }; /* between SIGTERM and SIGKILL */

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGQUIT);
	sigaddset(set, SIGCHLD);
}

void replay_signals_block(sigset_t *old)
{
	sigset_t set;

	signal_set(&set);
	(void)sigprocmask(SIG_BLOCK, &set, old);
}

void replay_signals_restore(const sigset_t *old)
{
	(void)sigprocmask(SIG_SETMASK, old, NULL);
}

const char *replay_program(char *out, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", out, size - 1);
	char *last;

	if (n > 0) {
		out[n] = '\0';
		last = strrchr(out, '/');
		if (last != NULL && (size_t)(last + 1 - out) + sizeof("smswalld") <= size) {
			memcpy(last + 1, "smswalld", sizeof("smswalld"));
			if (access(out, X_OK) == 0) {
				return out;
			}
		}
	}
	(void)snprintf(out, size, "smswalld");
	return out;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* child: never returns. The new process ends with us, whatever ends us. */
static void __attribute__((noreturn)) child(const struct replay_process *p, int out, pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
		_exit(CONTROL_FAILED);
	}
	for (unsigned i = 0; p->env_add[i] != NULL; i++) {
		(void)putenv((char *)(uintptr_t)p->env_add[i]);
	}
	(void)execvp(p->argv[0], (char *const *)(uintptr_t)p->argv);
	dprintf(2, "%s: cannot be started: %s\n", p->argv[0], strerror(errno));
	_exit(127);
}

/* hear: takes what was said; the oldest half goes when the buffer is full. False at the end. */
static bool hear(struct replay_process *p, int fd)
{
	ssize_t n;

	if (p->said_len > sizeof(p->said) - 4096) {
		p->said_len -= sizeof(p->said) / 2;
		memmove(p->said, p->said + sizeof(p->said) / 2, p->said_len);
	}
	n = read(fd, p->said + p->said_len, sizeof(p->said) - p->said_len - 1);
	if (n <= 0) {
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	}
	p->said_len += (size_t)n;
	p->said[p->said_len] = '\0';
	return true;
}

/* What a supervised program came to. */
struct course {
	pid_t pid;
	int signals;      /* signalfd */
	int said;         /* pipe */
	int64_t deadline; /* of the time-out, then of the grace; 0: none */
	int interrupted;  /* the signal that ended us, or SIGALRM for the time-out; 0: none */
	int status;
	bool ended;
};

static void stop(struct course *c, int why)
{
	if (c->interrupted != 0) {
		(void)kill(c->pid, SIGKILL); /* asked twice, or the grace is over */
		c->deadline = 0;
		return;
	}
	c->interrupted = why;
	c->deadline = now_ms() + GRACE_MS;
	(void)kill(c->pid, SIGTERM);
}

static void see_signal(struct course *c)
{
	struct signalfd_siginfo info;

	while (read(c->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGCHLD) {
			stop(c, (int)info.ssi_signo);
		}
	}
}

static void supervise(struct replay_process *p, struct course *c)
{
	while (!c->ended) {
		struct pollfd fds[2] = { { .fd = c->signals, .events = POLLIN },
			{ .fd = c->said, .events = POLLIN } };
		int64_t left = c->deadline != 0 ? c->deadline - now_ms() : 1000;

		(void)poll(fds, 2, left > 1000 ? 1000 : left < 0 ? 0 : (int)left);
		if (fds[0].revents != 0) {
			see_signal(c);
		}
		if (fds[1].revents != 0 && !hear(p, c->said)) {
			(void)close(c->said);
			c->said = -1;
		}
		if (c->deadline != 0 && now_ms() >= c->deadline) {
			stop(c, SIGALRM);
		}
		c->ended = waitpid(c->pid, &c->status, WNOHANG) != 0;
	}
	while (c->said >= 0 && hear(p, c->said)) {
		struct pollfd fd = { .fd = c->said, .events = POLLIN };

		if (poll(&fd, 1, 0) <= 0) {
			break; /* somebody else still holds the pipe open */
		}
	}
}

static int outcome(const struct replay_process *p, const struct course *c, struct diag *diag)
{
	if (c->interrupted == SIGALRM) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "not done after %u s: given up",
			p->timeout_s);
		return CONTROL_TIMEOUT;
	}
	if (c->interrupted != 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "interrupted by signal %d (%s)",
			c->interrupted, strsignal(c->interrupted));
		return CONTROL_FAILED;
	}
	if (WIFSIGNALED(c->status)) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "%s was ended by signal %d (%s)", p->argv[0],
			WTERMSIG(c->status), strsignal(WTERMSIG(c->status)));
		return CONTROL_FAILED;
	}
	return WEXITSTATUS(c->status);
}

int replay_process_run(struct replay_process *p, struct diag *diag)
{
	struct course c = { .pid = -1, .signals = -1 };
	pid_t parent = getpid();
	int ends[2];
	sigset_t set;
	int rc;

	p->said_len = 0;
	p->said[0] = '\0';
	signal_set(&set);
	if (pipe2(ends, O_CLOEXEC) != 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no pipe: %s", strerror(errno));
		return CONTROL_FAILED;
	}
	c.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	c.pid = c.signals >= 0 ? fork() : -1;
	if (c.pid == 0) {
		child(p, ends[1], parent);
	}
	(void)close(ends[1]);
	c.said = ends[0];
	if (c.pid < 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "%s cannot be started: %s", p->argv[0],
			strerror(errno));
		rc = CONTROL_FAILED;
	} else {
		(void)fcntl(c.said, F_SETFL, O_NONBLOCK);
		c.deadline = p->timeout_s != 0 ? now_ms() + (int64_t)p->timeout_s * 1000 : 0;
		supervise(p, &c);
		rc = outcome(p, &c, diag);
	}
	if (c.said >= 0) {
		(void)close(c.said);
	}
	if (c.signals >= 0) {
		(void)close(c.signals);
	}
	return rc;
}
