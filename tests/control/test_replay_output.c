/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/replay_output.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/code.h"
#include "control/replay_process.h"
#include "tests/support/unit.h"

struct bench {
	char folder[64]; /* the private one */
	char place[64];  /* where files are to appear */
	char name[128];
	struct diag diag;
};

static void bench_open(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	(void)snprintf(b->folder, sizeof(b->folder), "/tmp/smswall-test-output-XXXXXX");
	(void)snprintf(b->place, sizeof(b->place), "/tmp/smswall test, place-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->place));
	(void)snprintf(b->name, sizeof(b->name), "%s/out.pcap", b->place);
}

static unsigned count(const char *folder)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	while (readdir(d) != NULL) {
		n++;
	}
	(void)closedir(d);
	return n - 2;
}

static void bench_close(struct bench *b)
{
	char path[128];

	(void)unlink(b->name);
	(void)snprintf(path, sizeof(path), "%s/link", b->place);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/out", b->folder);
	(void)unlink(path);
	CU_ASSERT_EQUAL(rmdir(b->folder), 0);
	CU_ASSERT_EQUAL(rmdir(b->place), 0);
	diag_clear(&b->diag);
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void expect(const char *path, const char *want)
{
	char text[64] = "";
	FILE *f = fopen(path, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL(fgets(text, sizeof(text), f));
	(void)fclose(f);
	CU_ASSERT_STRING_EQUAL(text, want);
}

static void it_appears_at_commit(void)
{
	static struct replay_output o;
	static struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL(replay_output_open(&o, b.name, b.folder, "out", &b.diag), 0);
	put(o.path, "new");
	CU_ASSERT_NOT_EQUAL(access(b.name, F_OK), 0);
	CU_ASSERT_EQUAL(replay_output_commit(&o, &b.diag), 0);
	replay_output_discard(&o);
	expect(b.name, "new");
	CU_ASSERT_EQUAL(count(b.place), 1);
	bench_close(&b);
}

static void discard_leaves_what_was_there(void)
{
	static struct replay_output o;
	static struct bench b;

	bench_open(&b);
	put(b.name, "old");
	CU_ASSERT_EQUAL(replay_output_open(&o, b.name, b.folder, "out", &b.diag), 0);
	put(o.path, "new");
	replay_output_discard(&o);
	expect(b.name, "old");
	CU_ASSERT_EQUAL(count(b.place), 1);
	bench_close(&b);
}

/* The link stays one, and its file gets the octets. */
static void a_link_is_followed(void)
{
	static struct replay_output o;
	static struct bench b;
	struct stat st;
	char path[128];

	bench_open(&b);
	put(b.name, "old");
	(void)snprintf(path, sizeof(path), "%s/link", b.place);
	CU_ASSERT_EQUAL(symlink("out.pcap", path), 0);
	CU_ASSERT_EQUAL(replay_output_open(&o, path, b.folder, "out", &b.diag), 0);
	put(o.path, "new");
	CU_ASSERT_EQUAL(replay_output_commit(&o, &b.diag), 0);
	expect(b.name, "new");
	CU_ASSERT_EQUAL(lstat(path, &st), 0);
	CU_ASSERT_TRUE(S_ISLNK(st.st_mode));
	bench_close(&b);
}

/* /dev/null must never be renamed over. */
static void a_device_is_written_through(void)
{
	static struct replay_output o;
	static struct bench b;
	struct stat st;

	bench_open(&b);
	CU_ASSERT_EQUAL(replay_output_open(&o, "/dev/null", b.folder, "out", &b.diag), 0);
	put(o.path, "new");
	CU_ASSERT_EQUAL(replay_output_commit(&o, &b.diag), 0);
	CU_ASSERT_EQUAL(stat("/dev/null", &st), 0);
	CU_ASSERT_TRUE(S_ISCHR(st.st_mode));
	bench_close(&b);
}

static void bad_places_are_refused(void)
{
	static const char *const names[] = { "/nonexistent/folder/out", "/tmp", "/tmp/", "" };
	static struct replay_output o;
	static struct bench b;

	bench_open(&b);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CU_ASSERT_EQUAL(
			replay_output_open(&o, names[i], b.folder, "out", &b.diag), CONTROL_FAILED);
		CU_ASSERT_EQUAL(b.diag.n_errors, 1);
		diag_clear(&b.diag);
		replay_output_discard(&o);
	}
	bench_close(&b);
}

static int run(const char *script, unsigned timeout_s, struct replay_process *p, struct diag *diag)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	const char *env[] = { "SMSWALL_TEST=yes", NULL };
	sigset_t old;
	int rc;

	memset(p, 0, sizeof(*p));
	p->argv = argv;
	p->env_add = env;
	p->timeout_s = timeout_s;
	replay_signals_block(&old);
	rc = replay_process_run(p, diag);
	replay_signals_restore(&old);
	return rc;
}

static void a_process_is_run_and_heard(void)
{
	static struct replay_process p;
	static struct diag diag;

	CU_ASSERT_EQUAL(run("echo $SMSWALL_TEST; echo err >&2; exit 4", 0, &p, &diag), 4);
	CU_ASSERT_STRING_EQUAL(p.said, "yes\nerr\n");
	CU_ASSERT_EQUAL(diag.n_errors, 0);
	/* more than is kept: the end of it is */
	CU_ASSERT_EQUAL(run("seq 1 100000", 0, &p, &diag), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.said, "\n100000\n"));
	CU_ASSERT_EQUAL(run("kill -9 $$", 0, &p, &diag), CONTROL_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.entries[0].text, "signal 9"));
	diag_clear(&diag);
	CU_ASSERT_EQUAL(run("exec sleep 60", 1, &p, &diag), CONTROL_TIMEOUT);
	CU_ASSERT_EQUAL(diag.n_errors, 1);
	diag_clear(&diag);
}

UNIT_MAIN("control/replay_output", { "a file appears at commit", it_appears_at_commit },
	{ "discard leaves what was there", discard_leaves_what_was_there },
	{ "a link is followed", a_link_is_followed },
	{ "a device is written through", a_device_is_written_through },
	{ "bad places are refused", bad_places_are_refused },
	{ "a process is run and heard", a_process_is_run_and_heard })
