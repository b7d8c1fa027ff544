/* SPDX-License-Identifier: BSD-3-Clause */
/* The side of compile_child.h that runs in the child. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <hs/hs.h>

#include "patterns/compile_child_parts.h"

/* Of each rule's timing; the last one ends it early where a scan is slow. */
enum { COST_ROUNDS = 9, COST_PASSES = 4 };
static const double cost_seconds_max = 0.05;

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
	send_record(fd, kind, rule, text, strnlen(text, CHILD_TEXT_LEN_MAX));
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
	if (job->task == CHILD_COMPILE || job->task == CHILD_CHECK) {
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

static double seconds_of(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int ignore_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	(void)context;
	return 0;
}

/* Nanoseconds of one look at all texts: the least of several rounds, as noise only adds. */
static double time_scan(
	const hs_database_t *db, hs_scratch_t *scratch, const struct bytes *texts, uint32_t n)
{
	const double begin = seconds_of(CLOCK_MONOTONIC);
	double least = -1;

	for (unsigned round = 0; round < COST_ROUNDS; round++) {
		double from = seconds_of(CLOCK_MONOTONIC);
		double took;

		for (unsigned pass = 0; pass < COST_PASSES; pass++) {
			for (uint32_t i = 0; i < n; i++) {
				(void)hs_scan(db, (const char *)texts[i].data,
					(unsigned)texts[i].len, 0, scratch, ignore_match, NULL);
			}
		}
		took = seconds_of(CLOCK_MONOTONIC) - from;
		least = least < 0 || took < least ? took : least;
		if (from + took - begin > cost_seconds_max) {
			break;
		}
	}
	return least / COST_PASSES * 1e9;
}

static void time_one(
	const struct child_job *job, const struct rule *r, hs_database_t *db, struct child_cost *c)
{
	const struct cost_sample *sample = job->sample;
	const struct bytes *texts = sample->texts[r->field][r->view];
	hs_scratch_t *scratch = NULL;
	size_t len = 0;

	if (hs_alloc_scratch(db, &scratch) != HS_SUCCESS) {
		_exit(6);
	}
	(void)hs_scratch_size(scratch, &len);
	c->scratch_len = len;
	c->scan_ns = time_scan(db, scratch, texts, sample->n[r->field][r->view]) /
	             (sample->n_messages != 0 ? sample->n_messages : 1);
	(void)hs_free_scratch(scratch);
}

/* Each rule by itself: what it takes to compile, to keep and to scan. */
static void run_cost(int fd, const struct set *s, const struct child_job *job)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct set one = { &s->expressions[i], &s->flags[i], &s->ids[i], s->indices, 1 };
		struct child_cost cost = { 0 };
		hs_database_t *db = NULL;
		hs_compile_error_t *error = NULL;
		double from = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
		size_t len = 0;

		send_record(fd, RECORD_BEGUN, rule_of(s, i), NULL, 0);
		allow_cpu(job->cpu_s);
		if (compile_set(&one, &db, &error) == HS_SUCCESS) {
			cost.compile_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - from;
			(void)hs_database_size(db, &len);
			cost.database_len = len;
			time_one(job, &job->rules[rule_of(s, i)], db, &cost);
			send_record(fd, RECORD_COST, rule_of(s, i), &cost, sizeof(cost));
		}
		(void)hs_free_compile_error(error);
		(void)hs_free_database(db);
	}
}

_Noreturn void child_task_run(int fd, const struct child_job *job)
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
	case CHILD_COST:
		run_cost(fd, &s, job);
		break;
	}
	send_record(fd, RECORD_FINISHED, CHILD_NO_RULE, NULL, 0);
	_exit(0);
}
