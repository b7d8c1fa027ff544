/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "patterns/compile_child_parts.h"

enum { FINDINGS_MAX = 1000 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct pipe_end {
	int fd;
	int64_t deadline_ms;
	bool timed_out;
};

/* False at the end of the pipe, at an error and at the deadline. */
static bool receive_all(struct pipe_end *p, void *to, size_t len)
{
	char *at = to;

	while (len != 0) {
		struct pollfd fd = { p->fd, POLLIN, 0 };
		int64_t left = p->deadline_ms - now_ms();
		int ready = left > 0 ? poll(&fd, 1, (int)left) : 0;
		ssize_t n;

		if (ready == 0) {
			p->timed_out = true;
			return false;
		}
		n = ready > 0 ? read(p->fd, at, len) : -1;
		if (n == 0 || (n < 0 && errno != EINTR)) {
			return false;
		}
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool receive_finding(struct pipe_end *p, const struct record *r, struct child_result *result)
{
	struct child_finding f = { r->rule, r->kind == RECORD_WARNING, NULL };
	struct child_finding *grown;

	if (r->len > CHILD_TEXT_LEN_MAX) {
		return false;
	}
	f.text = calloc(1, (size_t)r->len + 1);
	if (f.text == NULL || !receive_all(p, f.text, (size_t)r->len)) {
		free(f.text);
		return false;
	}
	result->n_errors += !f.is_warning;
	if (result->n_findings >= FINDINGS_MAX) {
		free(f.text); /* nobody reads more */
		return true;
	}
	grown = realloc(result->findings, (result->n_findings + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(f.text);
		return false;
	}
	result->findings = grown;
	result->findings[result->n_findings++] = f;
	return true;
}

static bool receive_database(
	struct pipe_end *p, const struct record *r, size_t len_max, struct child_result *result)
{
	if (r->len > len_max || result->octets != NULL) {
		return false;
	}
	result->octets_len = (size_t)r->len;
	result->octets = malloc(result->octets_len + 1);
	return result->octets != NULL && receive_all(p, result->octets, result->octets_len);
}

static bool receive_cost(struct pipe_end *p, const struct record *r, const struct child_job *job)
{
	struct child_cost cost;

	if (r->len != sizeof(cost) || job->costs == NULL || !receive_all(p, &cost, sizeof(cost))) {
		return false;
	}
	for (uint32_t i = 0; i < job->n; i++) {
		if (job->indices[i] == r->rule) {
			job->costs[i] = cost;
			return true;
		}
	}
	return false;
}

static void receive_records(
	struct pipe_end *p, const struct child_job *job, struct child_result *result)
{
	struct record r;
	bool good = true;

	while (good && !result->finished && receive_all(p, &r, sizeof(r))) {
		switch (r.kind) {
		case RECORD_ERROR:
		case RECORD_WARNING:
			good = receive_finding(p, &r, result);
			break;
		case RECORD_BEGUN:
			result->n_begun++;
			break;
		case RECORD_COST:
			good = receive_cost(p, &r, job);
			break;
		case RECORD_DATABASE:
			good = receive_database(p, &r, job->memory, result);
			break;
		case RECORD_FINISHED:
			result->finished = true;
			break;
		default:
			good = false;
		}
	}
}

static void say_why(int status, const struct child_job *job, struct child_result *result)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (result->timed_out) {
		snprintf(result->why, sizeof(result->why), "it took more than %u s", job->wall_s);
	} else if (sig == SIGKILL && result->cpu_seconds < job->cpu_s - 1) {
		snprintf(result->why, sizeof(result->why), "it was killed: out of memory?");
	} else if (sig == SIGXCPU || sig == SIGKILL) {
		snprintf(result->why, sizeof(result->why), "it took more than %u s of CPU time",
			job->cpu_s);
	} else if (sig != 0) {
		snprintf(result->why, sizeof(result->why), "the compiler ended with signal %d (%s)",
			sig, strsignal(sig));
	} else {
		snprintf(result->why, sizeof(result->why), "the compiler stopped (exit status %d)",
			WEXITSTATUS(status));
	}
}

static void reap(pid_t pid, const struct child_job *job, struct child_result *result)
{
	struct rusage used = { 0 };
	int status = 0;
	pid_t got;

	do {
		got = wait4(pid, &status, 0, &used);
	} while (got < 0 && errno == EINTR);
	result->cpu_seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	                      (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	result->peak_rss = (size_t)used.ru_maxrss * 1024;
	if (!result->finished) {
		say_why(status, job, result);
	}
}

int child_run(const struct child_job *job, struct child_result *result)
{
	struct pipe_end p = { .deadline_ms = now_ms() + (int64_t)job->wall_s * 1000 };
	int fds[2];
	pid_t pid;

	*result = (struct child_result){ 0 };
	if (pipe2(fds, O_CLOEXEC) != 0) {
		return -errno;
	}
	pid = fork();
	if (pid < 0) {
		int error = errno;

		close(fds[0]);
		close(fds[1]);
		return -error;
	}
	if (pid == 0) {
		close(fds[0]);
		child_task_run(fds[1], job);
	}
	close(fds[1]);
	p.fd = fds[0];
	receive_records(&p, job, result);
	result->timed_out = p.timed_out;
	if (!result->finished) {
		(void)kill(pid, SIGKILL); /* ours, and not yet waited for */
	}
	close(fds[0]);
	reap(pid, job, result);
	return 0;
}

void child_result_free(struct child_result *result)
{
	for (uint32_t i = 0; i < result->n_findings; i++) {
		free(result->findings[i].text);
	}
	free(result->findings);
	free(result->octets);
	*result = (struct child_result){ 0 };
}
