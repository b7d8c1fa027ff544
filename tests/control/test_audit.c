/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/audit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/code.h"
#include "control/peer.h"
#include "tests/support/unit.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

enum { PATH_SIZE = 400 };

struct bench {
	char folder[32];
	char path[PATH_SIZE]; /* of audit.log */
	struct diag diag;
	struct diag other_diag;
	struct audit *audit;
	struct audit_report report;
};

static void reopen(struct bench *b)
{
	audit_close(b->audit);
	diag_clear(&b->diag);
	b->audit = audit_open(b->folder, &b->diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->audit);
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		abort();
	}
	/* in memory where there is such a place: thousands of fsync(2) */
	strcpy(b->folder, "/dev/shm/smswall-test-XXXXXX");
	if (mkdtemp(b->folder) == NULL) {
		strcpy(b->folder, "/tmp/smswall-test-XXXXXX");
		CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	}
	snprintf(b->path, sizeof(b->path), "%s/audit.log", b->folder);
	reopen(b);
	return b;
}

static void empty_folder(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	char path[PATH_SIZE];

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
			CU_ASSERT_EQUAL(unlink(path), 0);
		}
	}
	if (d != NULL) {
		closedir(d);
	}
}

static void bench_free(struct bench *b)
{
	audit_close(b->audit);
	empty_folder(b->folder);
	CU_ASSERT_EQUAL(rmdir(b->folder), 0);
	diag_clear(&b->diag);
	free(b);
}

static int put(struct audit *a, const char *verb, int code)
{
	struct peer peer = { .uid = 1000, .gid = 100, .pid = 77, .login_uid = PEER_NOBODY };
	json_t *args = json_pack("{s:s, s:i}", "state", "on", "limit", 7);
	struct audit_record r = {
		.peer = &peer,
		.role = SERVER_OPERATOR,
		.verb = verb,
		.args = args,
		.code = code,
		.error = code != 0 ? "no" : NULL,
		.before = { 4, "aa" },
		.after = { 5, "bb" },
	};
	int rc;

	strcpy(peer.exe, "/usr/bin/smswallctl");
	rc = audit_put(a, &r);
	json_decref(args);
	return rc;
}

static const struct audit_report *verify(struct bench *b)
{
	bool ok = audit_verify(b->folder, NULL, &b->report);

	CU_ASSERT_EQUAL(ok, b->report.ok);
	return &b->report;
}

/* slurp: a file, with a NUL behind it. */
static char *slurp(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	CU_ASSERT_FATAL(fd >= 0 && fstat(fd, &st) == 0);
	text = malloc((size_t)st.st_size + 1);
	CU_ASSERT_FATAL(text != NULL && read(fd, text, (size_t)st.st_size) == st.st_size);
	text[st.st_size] = '\0';
	*len = (size_t)st.st_size;
	close(fd);
	return text;
}

static void spill(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, len), (ssize_t)len);
	close(fd);
}

static void test_record(void)
{
	struct bench *b = bench_new();
	json_t *list;
	const json_t *r;
	struct stat st;

	CU_ASSERT_STRING_EQUAL(audit_head(b->audit), ZEROS);
	CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
	CU_ASSERT_EQUAL(put(b->audit, "policy.push", CONTROL_NOT_PERMITTED), 0);
	CU_ASSERT_EQUAL(audit_records(b->audit), 2);
	CU_ASSERT_EQUAL(stat(b->path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	list = audit_tail(b->folder, 10);
	CU_ASSERT_EQUAL_FATAL(json_array_size(list), 2);
	r = json_array_get(list, 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(r, "record")), 2);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(r, "uid")), 1000);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(r, "pid")), 77);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(r, "code")), CONTROL_NOT_PERMITTED);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(r, "exe")), "/usr/bin/smswallctl");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(r, "role")), "operator");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(r, "verb")), "policy.push");
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(json_object_get(r, "after"), "generation")), 5);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(r, "hash")), audit_head(b->audit));
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(r, "previous")),
		json_string_value(json_object_get(json_array_get(list, 0), "hash")));
	json_decref(list);
	CU_ASSERT_TRUE(verify(b)->ok);
	bench_free(b);
}

/* What an argument may leave in the log. */
static void test_arguments(void)
{
	static const struct {
		const char *args;
		const char *logged;
	} cases[] = {
		{ "{\"name\":\"bad\",\"entries\":[\"447700900123\",\"447700900124\"],\"note\":\"n\"}",
			"{\"name\":\"bad\",\"entries\":{\"omitted\":2},\"note\":\"n\"}" },
		{ "{\"secret\":\"s3cr3t\",\"text\":\"You won\",\"steps\":2,\"shadow\":true}",
			"{\"secret\":{\"omitted\":1},\"text\":{\"omitted\":1},\"steps\":2,\"shadow\":true}" },
		{ "{\"name\":{\"a\":\"447700900123\"},\"id\":[\"447700900123\"]}",
			"{\"name\":{\"omitted\":1},\"id\":{\"omitted\":1}}" },
		{ "{\"a-name-that-is-longer-than-any-of-ours\":1}", "{\"others\":1}" },
		{ "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
		  "\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1,\"steps\":1}",
			NULL },
		{ NULL, "{}" },
	};
	struct bench *b = bench_new();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *args = cases[i].args != NULL ? json_loads(cases[i].args, 0, NULL) : NULL;
		struct audit_record r = { .verb = "x", .args = args };
		json_t *list;
		json_t *wanted;
		const json_t *got;

		CU_ASSERT_EQUAL(audit_put(b->audit, &r), 0);
		list = audit_tail(b->folder, 1);
		got = json_object_get(json_array_get(list, 0), "args");
		if (cases[i].logged != NULL) {
			wanted = json_loads(cases[i].logged, 0, NULL);
			CU_ASSERT_TRUE(json_equal(got, wanted));
			json_decref(wanted);
		} else {
			CU_ASSERT_EQUAL(json_object_size(got), 17);
			CU_ASSERT_EQUAL(json_integer_value(json_object_get(got, "others")), 2);
		}
		json_decref(list);
		json_decref(args);
	}
	CU_ASSERT_TRUE(verify(b)->ok);
	bench_free(b);
}

/* The largest record there can be still fits its line. */
static void test_longest(void)
{
	static const char *const names[] = { "pack", "path", "note", "tag", "id", "state", "name",
		"link", "head", "reason", "policy", "version", "shadow", "merge", "steps",
		"limit" };
	struct bench *b = bench_new();
	json_t *args = json_object();
	struct audit_record r = { .verb = "x", .args = args, .code = 1 };
	char long_text[1501];
	json_t *list;

	for (size_t i = 0; i < 500; i++) {
		memcpy(long_text + 3 * i, "\xE2\x82\xAC", 3); /* six octets each in the log */
	}
	long_text[1500] = '\0';
	r.error = long_text;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_object_set_new(args, names[i], json_string(long_text));
	}
	CU_ASSERT_EQUAL(audit_put(b->audit, &r), 0);
	list = audit_tail(b->folder, 1);
	CU_ASSERT_EQUAL(json_string_length(json_object_get(
				json_object_get(json_array_get(list, 0), "args"), "note")),
		255);
	json_decref(list);
	json_decref(args);
	CU_ASSERT_TRUE(verify(b)->ok);
	bench_free(b);
}

static void test_goes_on(void)
{
	struct bench *b = bench_new();
	char head[AUDIT_HASH_SIZE];
	struct audit *second;

	for (int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
	}
	strcpy(head, audit_head(b->audit));
	/* one writer */
	second = audit_open(b->folder, &b->other_diag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(second);
	CU_ASSERT_EQUAL(b->other_diag.n_errors, 1);
	CU_ASSERT_EQUAL(put(second, "panic", 0), -EWOULDBLOCK);
	CU_ASSERT_NOT_EQUAL(audit_ready(second), 0);
	reopen(b);
	CU_ASSERT_EQUAL(b->diag.n_entries, 0);
	CU_ASSERT_STRING_EQUAL(audit_head(b->audit), head);
	CU_ASSERT_EQUAL(audit_records(b->audit), 5);
	CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
	(void)verify(b);
	CU_ASSERT_TRUE(b->report.ok);
	CU_ASSERT_EQUAL(b->report.n_records, 6);
	CU_ASSERT_STRING_EQUAL(b->report.head, audit_head(b->audit));
	/* the first one has gone: the second one may, with a record of it */
	audit_close(b->audit);
	b->audit = NULL;
	CU_ASSERT_EQUAL(audit_ready(second), 0);
	CU_ASSERT_EQUAL(audit_records(second), 7);
	audit_close(second);
	CU_ASSERT_TRUE(verify(b)->ok);
	/* the head that was kept elsewhere is in the chain, unless its end was cut off */
	CU_ASSERT_TRUE(audit_verify(b->folder, head, &b->report));
	CU_ASSERT_EQUAL(b->report.wanted_record, 5);
	diag_clear(&b->other_diag);
	bench_free(b);
}

static void test_cut_end(void)
{
	struct bench *b = bench_new();
	char head[AUDIT_HASH_SIZE];
	struct stat st;

	CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
	CU_ASSERT_EQUAL(stat(b->path, &st), 0);
	CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
	strcpy(head, audit_head(b->audit));
	CU_ASSERT_EQUAL(truncate(b->path, st.st_size), 0);
	CU_ASSERT_TRUE(verify(b)->ok); /* a chain does not know its own length */
	CU_ASSERT_FALSE(audit_verify(b->folder, head, &b->report));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->report.why, "wanted hash"));
	bench_free(b);
}

/* Each octet of a log in two files, each of its bits. */
static void test_flips(void)
{
	struct bench *b = bench_new();
	char aside[PATH_SIZE];
	const char *const paths[] = { aside, b->path };

	audit_limit_file(b->audit, 900);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(put(b->audit, "panic", i), 0);
	}
	snprintf(aside, sizeof(aside), "%s/audit.0000000001.log", b->folder);
	CU_ASSERT_TRUE(verify(b)->ok);
	for (size_t f = 0; f < 2; f++) {
		size_t len;
		char *text = slurp(paths[f], &len);
		uint64_t line = 1;
		unsigned n_missed = 0;
		unsigned n_wrong_line = 0;

		CU_ASSERT(len > 400);
		for (size_t i = 0; i < len; i++) {
			/* two bits of each: a run of all eight takes longer and shows no more */
			for (unsigned bit = i % 4; bit < 8; bit += 4) {
				text[i] ^= (char)(1 << bit);
				spill(paths[f], text, len);
				text[i] ^= (char)(1 << bit);
				n_missed += audit_verify(b->folder, NULL, &b->report);
				n_wrong_line += b->report.line != line || b->report.file[0] == '\0';
			}
			line += text[i] == '\n' ? 1 : 0;
		}
		CU_ASSERT_EQUAL(n_missed, 0);
		CU_ASSERT_EQUAL(n_wrong_line, 0);
		spill(paths[f], text, len);
		free(text);
	}
	CU_ASSERT_TRUE(verify(b)->ok);
	bench_free(b);
}

/* Lines taken out, doubled, or in another order. */
static void test_lines(void)
{
	static const struct {
		const char *order; /* digits: which lines, from 0 */
		bool ok;
		uint64_t line;
	} cases[] = { { "0123", true, 0 }, { "012", true, 0 }, { "123", true, 0 },
		{ "0023", false, 2 }, { "013", false, 3 }, { "0213", false, 2 },
		{ "01232", false, 5 }, { "", true, 0 } };
	struct bench *b = bench_new();
	char *lines[4];
	size_t len;
	char *text;

	for (int i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(put(b->audit, "panic", i), 0);
	}
	text = slurp(b->path, &len);
	lines[0] = strtok(text, "\n");
	for (int i = 1; i < 4; i++) {
		lines[i] = strtok(NULL, "\n");
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *made = NULL;
		size_t made_len;
		FILE *f = open_memstream(&made, &made_len);

		for (const char *p = cases[i].order; *p != '\0'; p++) {
			fprintf(f, "%s\n", lines[*p - '0']);
		}
		fclose(f);
		spill(b->path, made, made_len);
		free(made);
		CU_ASSERT_EQUAL(audit_verify(b->path, NULL, &b->report), cases[i].ok);
		CU_ASSERT_EQUAL(b->report.line, cases[i].line);
		CU_ASSERT_EQUAL(b->report.first, cases[i].order[0] == '1'   ? 2
						 : cases[i].order[0] == '0' ? 1
									    : 0);
	}
	free(text);
	bench_free(b);
}

/* A torn last line, at each length it can have. */
static void test_torn(void)
{
	struct bench *b = bench_new();
	size_t begin;
	size_t len;
	char *text;

	CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
	text = slurp(b->path, &begin);
	free(text);
	CU_ASSERT_EQUAL(put(b->audit, "panic", 1), 0);
	text = slurp(b->path, &len);
	for (size_t cut = begin; cut <= len; cut += cut + 3 < len ? 3 : 1) {
		uint64_t wanted = cut == begin ? 1 : 2; /* two: the record, or the one that tells */

		spill(b->path, text, cut);
		CU_ASSERT_EQUAL(
			audit_verify(b->path, NULL, &b->report), cut == begin || cut == len);
		reopen(b);
		CU_ASSERT_EQUAL(b->diag.n_warnings, cut != begin && cut < len - 1);
		CU_ASSERT_EQUAL(audit_records(b->audit), wanted);
		(void)verify(b);
		CU_ASSERT_TRUE(b->report.ok);
		CU_ASSERT_EQUAL(b->report.n_records, wanted);
		CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
		CU_ASSERT_EQUAL(verify(b)->n_records, wanted + 1);
	}
	free(text);
	bench_free(b);
}

/* Who changes the last record is found out, and what is done after it is in the log all the same. */
static void test_damaged_last(void)
{
	struct bench *b = bench_new();
	size_t len;
	char *text;

	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(put(b->audit, "panic", i), 0);
	}
	text = slurp(b->path, &len);
	text[len - 100] ^= 1;
	spill(b->path, text, len);
	reopen(b);
	CU_ASSERT_EQUAL(b->diag.n_warnings, 1);
	CU_ASSERT_EQUAL(audit_records(b->audit), 4); /* "audit.damage" */
	CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
	(void)verify(b);
	CU_ASSERT_FALSE(b->report.ok);
	CU_ASSERT_EQUAL(b->report.line, 3);
	CU_ASSERT_STRING_EQUAL(b->report.file, "audit.log");
	reopen(b); /* it is told once */
	CU_ASSERT_EQUAL(b->diag.n_warnings, 0);
	CU_ASSERT_EQUAL(audit_records(b->audit), 5);
	free(text);
	bench_free(b);
}

/* drop_middle: the second of the files that were put aside. */
static void drop_middle(const struct bench *b, uint64_t first)
{
	char path[PATH_SIZE];

	for (uint64_t n = first + 1; n < first + 20; n++) {
		snprintf(path, sizeof(path), "%s/audit.%010d.log", b->folder, (int)n);
		if (unlink(path) == 0) {
			return;
		}
	}
	CU_FAIL("there is no such file");
}

static void test_rotation(void)
{
	struct bench *b = bench_new();
	char path[PATH_SIZE];
	json_t *list;

	audit_limit_file(b->audit, 2000);
	for (int i = 0; i < 40; i++) {
		CU_ASSERT_EQUAL(put(b->audit, "panic", i), 0);
		if (i == 20) {
			reopen(b);
			audit_limit_file(b->audit, 2000);
		}
	}
	(void)verify(b);
	CU_ASSERT_TRUE(b->report.ok);
	CU_ASSERT_EQUAL(b->report.n_records, 40);
	snprintf(path, sizeof(path), "%s/audit.0000000001.log", b->folder);
	CU_ASSERT_TRUE(audit_verify(path, NULL, &b->report));
	CU_ASSERT(b->report.n_records > 2 && b->report.n_records < 10);
	list = audit_tail(b->folder, 30); /* over several files */
	CU_ASSERT_EQUAL(json_array_size(list), 30);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(list, 0), "record")), 11);
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(json_array_get(list, 29), "record")), 40);
	json_decref(list);
	/* who deletes the oldest is told where the log begins now; a gap is none */
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_TRUE(audit_verify(b->folder, NULL, &b->report));
	CU_ASSERT(b->report.first > 1);
	CU_ASSERT_EQUAL(b->report.last, 40);
	drop_middle(b, b->report.first);
	CU_ASSERT_FALSE(audit_verify(b->folder, NULL, &b->report));
	CU_ASSERT_EQUAL(b->report.line, 1);
	bench_free(b);
}

/* A disk that is full: nothing half is left, and it goes on when there is room. */
static void test_full(void)
{
	const struct rlimit none = { 1000, RLIM_INFINITY };
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct bench *b = bench_new();

	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &none), 0);
	CU_ASSERT_EQUAL(put(b->audit, "panic", 1), 0);
	CU_ASSERT_NOT_EQUAL(put(b->audit, "panic", 2), 0);
	CU_ASSERT_NOT_EQUAL(audit_ready(b->audit), 0);
	(void)verify(b);
	CU_ASSERT_TRUE(b->report.ok);
	CU_ASSERT_EQUAL(b->report.n_records, 2);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &all), 0);
	CU_ASSERT_EQUAL(audit_ready(b->audit), 0);
	CU_ASSERT_EQUAL(put(b->audit, "panic", 3), 0);
	CU_ASSERT_TRUE(verify(b)->ok);
	signal(SIGXFSZ, SIG_DFL);
	bench_free(b);
}

/* work: what the child does that is killed. */
static void work(struct bench *b)
{
	struct audit *a = audit_open(b->folder, &b->other_diag);

	if (a == NULL) {
		_exit(1);
	}
	audit_limit_file(a, 1200);
	for (int i = 0; i < 4; i++) {
		if (put(a, "panic", i) != 0) {
			_exit(1);
		}
		/* the answer: what was given out must be in the log after any crash */
		(void)!write(STDOUT_FILENO, audit_head(a), AUDIT_HASH_SIZE - 1);
	}
	_exit(0);
}

/*
 * run_child: stopped at each system call; killed at stop `n`. The heads that it answered with are in
 * `heads`. False: it ended by itself.
 */
static bool run_child(struct bench *b, unsigned n, char *heads, size_t size)
{
	int out[2];
	pid_t child;
	int status;
	ssize_t len;
	bool killed = false;

	CU_ASSERT_EQUAL_FATAL(pipe2(out, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		work(b);
	}
	close(out[1]);
	CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
	for (unsigned i = 0; WIFSTOPPED(status); i++) {
		if (i == n) {
			killed = true;
			CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
		} else {
			CU_ASSERT_EQUAL(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
		}
		CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
	}
	CU_ASSERT(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
	len = read(out[0], heads, size - 1);
	heads[len > 0 ? len : 0] = '\0';
	close(out[0]);
	return killed;
}

static void test_killed(void)
{
	struct bench *b = bench_new();
	char heads[5 * AUDIT_HASH_SIZE];
	unsigned n = 0;

	audit_close(b->audit);
	b->audit = NULL;
	empty_folder(b->folder);
	while (run_child(b, n, heads, sizeof(heads))) {
		size_t n_heads = strlen(heads) / (AUDIT_HASH_SIZE - 1);

		reopen(b);
		(void)verify(b);
		CU_ASSERT_TRUE(b->report.ok);
		CU_ASSERT(b->report.n_records >= n_heads);
		if (n_heads != 0) {
			const char *last = heads + (n_heads - 1) * (AUDIT_HASH_SIZE - 1);

			CU_ASSERT_TRUE(audit_verify(b->folder, last, &b->report));
		}
		CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
		CU_ASSERT_TRUE(verify(b)->ok);
		audit_close(b->audit);
		b->audit = NULL;
		empty_folder(b->folder);
		n++;
	}
	CU_ASSERT(n > 60); /* both sides of each call */
	bench_free(b);
}

/* Killed in the middle of a write, at each octet: the kernel ends it at a limit of the file's length. */
static void test_killed_in_write(void)
{
	struct bench *b = bench_new();
	size_t len = 900;

	for (size_t limit = 0; limit < len; limit++) {
		const struct rlimit most = { limit, limit };
		pid_t child;
		int status;

		audit_close(b->audit);
		b->audit = NULL;
		empty_folder(b->folder);
		child = fork();
		if (child == 0) {
			struct audit *a = audit_open(b->folder, &b->other_diag);

			(void)setrlimit(RLIMIT_FSIZE, &most);
			for (int i = 0; a != NULL && i < 3; i++) {
				(void)put(a, "panic", i);
			}
			_exit(0);
		}
		CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
		reopen(b);
		CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0);
		CU_ASSERT_TRUE(verify(b)->ok);
	}
	bench_free(b);
}

/* Steps of a few octets see what one large step sees, also while the log is put aside. */
static void test_walk(void)
{
	struct bench *b = bench_new();
	struct audit_walk *w;
	unsigned n_steps = 0;

	for (int i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(put(b->audit, "panic", i), 0);
	}
	w = audit_walk_open(b->folder, NULL, &b->report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	audit_limit_file(b->audit, 100);
	CU_ASSERT_EQUAL(put(b->audit, "panic", 0), 0); /* after it was opened: not seen */
	while (audit_walk_step(w, 1)) {
		n_steps++;
	}
	audit_walk_close(w);
	CU_ASSERT_TRUE(b->report.ok);
	CU_ASSERT_EQUAL(b->report.n_records, 10);
	CU_ASSERT_TRUE(verify(b)->ok);
	CU_ASSERT_EQUAL(verify(b)->n_records, 11);
	CU_ASSERT_FALSE(audit_verify("/nonexistent", NULL, &b->report));
	CU_ASSERT_PTR_NOT_NULL(strstr(b->report.why, "No such file"));
	bench_free(b);
}

UNIT_MAIN("control/audit", { "record", test_record }, { "arguments", test_arguments },
	{ "longest record", test_longest }, { "goes on", test_goes_on },
	{ "end cut off", test_cut_end }, { "every octet", test_flips }, { "lines", test_lines },
	{ "torn", test_torn }, { "last record damaged", test_damaged_last },
	{ "rotation", test_rotation }, { "disk full", test_full },
	{ "killed at each system call", test_killed },
	{ "killed in each write", test_killed_in_write }, { "walk", test_walk })
