/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/compile_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hs/hs.h>

enum { TEXT_LEN_MAX = 4096, FINDINGS_MAX = 1000 };

/* The kinds of records in the pipe. */
enum record_kind {
	RECORD_ERROR,
	RECORD_WARNING,
	RECORD_BEGUN, /* CHILD_ALONE: a rule's turn */
	RECORD_DATABASE,
	RECORD_FINISHED,
	RECORDS
};

struct record {
	uint32_t kind;
	uint32_t rule;
	uint64_t len; /* octets that follow */
};

/* AddressSanitizer maps terabytes of address space at start. */
#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef HAVE_ADDRESS_SANITIZER
#define HAVE_ADDRESS_SANITIZER 0
#endif

/* ---- in the child ---- */

static void send_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len != 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno != EINTR) {
			_exit(2); /* nobody listens */
		}
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static void send_record(int fd, enum record_kind kind, uint32_t rule, const void *data, size_t len)
{
	const struct record r = { (uint32_t)kind, rule, len };

	send_all(fd, &r, sizeof(r));
	send_all(fd, data, len);
}

static void send_text(int fd, enum record_kind kind, uint32_t rule, const char *text)
{
	send_record(fd, kind, rule, text, strnlen(text, TEXT_LEN_MAX));
}

/* glibc gives the resource a type of its own. */
static void set_limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limit = { value, value };
	struct rlimit now;

	if (getrlimit(resource, &now) == 0 && now.rlim_max != RLIM_INFINITY &&
		(value == RLIM_INFINITY || value > now.rlim_max)) {
		return; /* an administrator set less */
	}
	(void)setrlimit(resource, &limit);
}

static size_t mapped_now(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (f != NULL) {
		if (fscanf(f, "%lu", &pages) != 1) {
			pages = 0;
		}
		(void)fclose(f);
	}
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void confine(const struct child_job *job)
{
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN); /* send_all() sees EPIPE */
	(void)signal(SIGSEGV, SIG_DFL);
	(void)signal(SIGABRT, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	set_limit(RLIMIT_CORE, 0);
	set_limit(RLIMIT_FSIZE, 0);
	if (!HAVE_ADDRESS_SANITIZER) {
		set_limit(RLIMIT_AS, mapped_now() + job->memory);
	}
	if (job->task != CHILD_ALONE) {
		set_limit(RLIMIT_CPU, job->cpu_s);
	}
}

/* Moves the soft limit ahead of what was used, so that each rule has `cpu_s` of its own. */
static void allow_cpu(unsigned cpu_s)
{
	struct rlimit limit;
	struct rusage used;

	if (getrlimit(RLIMIT_CPU, &limit) == 0 && getrusage(RUSAGE_SELF, &used) == 0) {
		limit.rlim_cur = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + cpu_s + 1;
		(void)setrlimit(RLIMIT_CPU, &limit);
	}
}

/* What hs_compile_multi() is handed, without the rules already found wrong. */
struct set {
	const char **expressions;
	unsigned *flags;
	unsigned *ids;           /* 0 to n - 1: of the database, and in: */
	const uint32_t *indices; /* of the rules in the source */
	unsigned n;
};

static void make_set(const struct child_job *job, struct set *s)
{
	s->expressions = calloc(job->n, sizeof(s->expressions[0]));
	s->flags = calloc(job->n, sizeof(s->flags[0]));
	s->ids = calloc(job->n, sizeof(s->ids[0]));
	if (s->expressions == NULL || s->flags == NULL || s->ids == NULL) {
		_exit(3);
	}
	s->indices = job->indices;
	s->n = job->n;
	for (uint32_t i = 0; i < job->n; i++) {
		const struct rule *r = &job->rules[job->indices[i]];

		s->expressions[i] = r->expression;
		s->flags[i] = r->flags;
		s->ids[i] = i;
	}
}

/* Which rule of the source the set's entry `i` is. */
static uint32_t rule_of(const struct set *s, unsigned i)
{
	return s->indices[s->ids[i]];
}

static void remove_from_set(struct set *s, unsigned i)
{
	unsigned after = s->n - i - 1;

	memmove(&s->expressions[i], &s->expressions[i + 1], after * sizeof(s->expressions[0]));
	memmove(&s->flags[i], &s->flags[i + 1], after * sizeof(s->flags[0]));
	memmove(&s->ids[i], &s->ids[i + 1], after * sizeof(s->ids[0]));
	s->n--;
}

/* Parses each rule by itself; names and removes the wrong ones. */
static void check_set(int fd, struct set *s)
{
	unsigned i = 0;

	while (i < s->n) {
		hs_expr_info_t *info = NULL;
		hs_compile_error_t *error = NULL;

		if (hs_expression_info(s->expressions[i], s->flags[i], &info, &error) ==
			HS_SUCCESS) {
			free(info);
			i++;
			continue;
		}
		send_text(fd, RECORD_ERROR, rule_of(s, i),
			error != NULL ? error->message : "refused");
		(void)hs_free_compile_error(error);
		remove_from_set(s, i);
	}
}

/* Names the rules that were allowed to match the empty text and do. */
static void warn_of_empty(int fd, const struct set *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		hs_expr_info_t *info = NULL;
		hs_compile_error_t *error = NULL;

		if ((s->flags[i] & HS_FLAG_ALLOWEMPTY) == 0) {
			continue;
		}
		if (hs_expression_info(s->expressions[i], s->flags[i], &info, &error) ==
				HS_SUCCESS &&
			info->min_width == 0) {
			send_text(fd, RECORD_WARNING, rule_of(s, i),
				"matches the empty text, and so every message unless it is anchored");
		}
		free(info);
		(void)hs_free_compile_error(error);
	}
}

static hs_error_t compile_set(const struct set *s, hs_database_t **db, hs_compile_error_t **error)
{
	hs_platform_info_t platform;

	if (hs_populate_platform(&platform) != HS_SUCCESS) {
		_exit(4);
	}
	return hs_compile_multi(
		s->expressions, s->flags, s->ids, s->n, HS_MODE_BLOCK, &platform, db, error);
}

static void send_database(int fd, hs_database_t *db)
{
	char *octets = NULL;
	size_t len = 0;

	if (hs_serialize_database(db, &octets, &len) != HS_SUCCESS) {
		_exit(5);
	}
	send_record(fd, RECORD_DATABASE, CHILD_NO_RULE, octets, len);
}

/* Compiles; at an error first lists all that parsing finds, then those that only compiling does. */
static void run_compile(int fd, struct set *s)
{
	hs_database_t *db = NULL;
	hs_compile_error_t *error = NULL;
	bool checked = false;
	bool wrong = false;

	while (s->n != 0 && compile_set(s, &db, &error) != HS_SUCCESS) {
		wrong = true;
		if (error == NULL || error->expression < 0 || (unsigned)error->expression >= s->n) {
			send_text(fd, RECORD_ERROR, CHILD_NO_RULE,
				error != NULL ? error->message : "refused");
			break;
		}
		if (!checked) {
			checked = true;
			check_set(fd, s);
		} else {
			unsigned i = (unsigned)error->expression;

			send_text(fd, RECORD_ERROR, rule_of(s, i), error->message);
			remove_from_set(s, i);
		}
		(void)hs_free_compile_error(error);
		error = NULL;
	}
	warn_of_empty(fd, s);
	if (!wrong && db != NULL) {
		send_database(fd, db);
	}
}

static void run_alone(int fd, const struct set *s, unsigned cpu_s)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct set one = { &s->expressions[i], &s->flags[i], &s->ids[i], s->indices, 1 };
		hs_database_t *db = NULL;
		hs_compile_error_t *error = NULL;

		send_record(fd, RECORD_BEGUN, rule_of(s, i), NULL, 0);
		allow_cpu(cpu_s);
		if (compile_set(&one, &db, &error) != HS_SUCCESS) {
			send_text(fd, RECORD_ERROR, rule_of(s, i),
				error != NULL ? error->message : "refused");
		}
		(void)hs_free_compile_error(error);
		(void)hs_free_database(db);
	}
}

static _Noreturn void run_child(int fd, const struct child_job *job)
{
	struct set s;

	confine(job);
	make_set(job, &s);
	switch (job->task) {
	case CHILD_COMPILE:
		run_compile(fd, &s);
		break;
	case CHILD_CHECK:
		check_set(fd, &s);
		break;
	case CHILD_ALONE:
		run_alone(fd, &s, job->cpu_s);
		break;
	}
	send_record(fd, RECORD_FINISHED, CHILD_NO_RULE, NULL, 0);
	_exit(0);
}

/* ---- in the parent ---- */

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

	if (r->len > TEXT_LEN_MAX) {
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
		run_child(fds[1], job);
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
