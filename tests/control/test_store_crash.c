/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A store that is killed at each step of each operation. The program's own definitions of the calls by
 * which files change stand before the C library's: they count, kill at step k, and keep a model of what
 * is on disk already, which says whether a machine that stops would have found the same.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/store.h"
#include "tests/support/store_case.h"
#include "tests/support/unit.h"

enum {
	GENERATIONS = 12,
	POINTS_MIN = 500,
	DIRTY_MAX = 64,
	NAME_SIZE = 512,
	DONE = 42, /* exit code of a child that came to the end of its operation */
	FAILED = 43,
	DISORDER = 44,
};

/* ---- the calls ---- */

static struct {
	bool on;
	unsigned n_steps;
	unsigned kill_at;       /* from 1; 0: never */
	bool torn;              /* a write that is cut writes half of it */
	ino_t dirty[DIRTY_MAX]; /* files that were written and not synced */
	unsigned n_dirty;
	bool unsynced[3]; /* folders with changes that were not synced: keys, generations, parts */
	unsigned n_disorders;
} calls;

static const char *const folder_names[] = { "keys", "generations", "parts" };

static bool step(void)
{
	return calls.on && ++calls.n_steps == calls.kill_at;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
}

static ino_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static unsigned folder_of(const char *path)
{
	char copy[NAME_SIZE];
	unsigned i = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	dirname(copy);
	while (i < 3 && strcmp(basename(copy), folder_names[i]) != 0) {
		i++;
	}
	return i;
}

static void disorder(const char *what, const char *path)
{
	fprintf(stderr, "%s: %s\n", what, path);
	calls.n_disorders++;
}

static unsigned place_of(ino_t inode)
{
	unsigned i = 0;

	while (i < calls.n_dirty && calls.dirty[i] != inode) {
		i++;
	}
	return i;
}

ssize_t write(int fd, const void *data, size_t len)
{
	if (calls.on) {
		ino_t inode = inode_of(fd);

		if (step()) {
			if (calls.torn) {
				(void)syscall(SYS_write, fd, data, len / 2);
			}
			die();
		}
		if (place_of(inode) == calls.n_dirty && calls.n_dirty < DIRTY_MAX) {
			calls.dirty[calls.n_dirty++] = inode;
		}
	}
	return syscall(SYS_write, fd, data, len);
}

/* The model remembers; the disk is not asked, which would take the tests minutes. */
int fsync(int fd)
{
	char link[64];
	char path[NAME_SIZE] = "";
	unsigned i;

	if (!calls.on) {
		return 0;
	}
	if (step()) {
		die();
	}
	i = place_of(inode_of(fd));
	if (i < calls.n_dirty) {
		calls.dirty[i] = calls.dirty[--calls.n_dirty];
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 3) > 0) {
		strcat(path, "/x");
		i = folder_of(path);
		if (i < 3) {
			calls.unsynced[i] = false;
		}
	}
	return 0;
}

/*
 * A file is renamed when its octets are on disk, and, but for parts among themselves, when every rename before
 * it is.
 */
int rename(const char *from, const char *to)
{
	unsigned folder = folder_of(to);
	struct stat st;

	if (calls.on) {
		if (step()) {
			die();
		}
		if (stat(from, &st) == 0 && place_of(st.st_ino) < calls.n_dirty) {
			disorder("renamed before it is on disk", to);
		}
		for (unsigned i = 0; i < 3; i++) {
			if (calls.unsynced[i] && (i != folder || folder != 2)) {
				disorder("renamed while an earlier one is not on disk", to);
			}
		}
		if (folder < 3) {
			calls.unsynced[folder] = true;
		}
	}
	return (int)syscall(SYS_rename, from, to);
}

/* No part goes while the manifest that went before it could come back. */
int unlink(const char *path)
{
	unsigned folder = folder_of(path);

	if (calls.on) {
		if (step()) {
			die();
		}
		if (folder == 2 && calls.unsynced[1]) {
			disorder("a part goes while its manifest is there", path);
		}
		if (folder == 1) {
			calls.unsynced[1] = true;
		}
	}
	return (int)syscall(SYS_unlink, path);
}

int unlinkat(int fd, const char *path, int flags)
{
	if (step()) {
		die();
	}
	return (int)syscall(SYS_unlinkat, fd, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	if (step()) {
		die();
	}
	return (int)syscall(SYS_mkdir, path, mode);
}

int fchmod(int fd, mode_t mode)
{
	if (step()) {
		die();
	}
	return (int)syscall(SYS_fchmod, fd, mode);
}

/* ---- operations ---- */

static struct diag diag;

static bool op_first(struct store *s)
{
	uint32_t number;

	return store_case_add(s, STORE_PENDING, &number, &diag) &&
	       store_set_current(s, number, 100) == 0 &&
	       store_set_state(s, number, STORE_GOOD, "") == 0;
}

static bool op_push(struct store *s)
{
	uint32_t number;

	return store_case_add(s, STORE_PENDING, &number, &diag) &&
	       store_set_current(s, number, 100) == 0 &&
	       store_set_state(s, number, STORE_GOOD, "") == 0 && store_collect(s) >= 0;
}

static bool op_rollback(struct store *s)
{
	return store_set_current(s, 10, 100) == 0 &&
	       store_set_state(s, 12, STORE_UNDONE, "by hand") == 0 &&
	       store_set_tag(s, 12, "look at it") == 0;
}

static bool op_rotate(struct store *s)
{
	return store_rotate_key(s, &diag);
}

/* store_open() is what is killed: nothing more to do. */
static bool op_open(struct store *s)
{
	return s->can_write;
}

static bool op_trust(struct store *s)
{
	const struct key_public k = { { 1, 2, 3 } };

	return store_trust(s, &k, "anna") == 0 && store_distrust(s, &k) == 0;
}

struct operation {
	const char *name;
	bool (*run)(struct store *s);
	bool from_nothing;     /* on a machine without a store */
	unsigned rotation_cut; /* on one whose rotation was killed at this step */
	uint32_t before, after;
};

static const struct operation operations[] = {
	{ "first start", op_first, true, 0, 0, 1 },
	{ "push", op_push, false, 0, 12, 13 },
	{ "rollback", op_rollback, false, 0, 12, 10 },
	{ "rotation", op_rotate, false, 0, 12, 12 },
	{ "start after a rotation was killed early", op_open, false, 9, 12, 12 },
	{ "start after a rotation was killed in the middle", op_open, false, 50, 12, 12 },
	{ "start after a rotation was killed late", op_open, false, 78, 12, 12 },
	{ "trust", op_trust, false, 0, 12, 12 },
};

/* ---- one kill ---- */

/* In a child: opens `state` and runs; killed at step k, or ends with a code. */
static int run_killed(const char *state, bool (*run)(struct store *s), unsigned kill_at, bool torn)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		static struct store s;
		bool good;

		calls.kill_at = kill_at;
		calls.torn = torn;
		calls.on = true;
		good = store_open(&s, state, &diag) && run(&s);
		calls.on = false;
		_exit(!good ? FAILED : calls.n_disorders != 0 ? DISORDER : DONE);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		return FAILED;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		return 0;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

/* Whether what a start finds is one of the two (or, done `again`, a third), complete; and every other generation, too. */
static bool verifies(const struct store *s, const struct operation *o, bool again)
{
	static struct pack p;
	struct store_record r = { 0 };
	struct store_record *all;
	size_t n = 0;
	int error = 0;
	bool good;

	diag_clear(&diag);
	if (store_is_empty(s)) {
		return o->from_nothing;
	}
	good = store_load(s, 0, NULL, &p, &r, &diag) && store_case_is(&p, r.number) &&
	       (r.number == o->before || r.number == o->after ||
		       (again && r.number == o->after + 1)) &&
	       diag.n_entries == 0;
	pack_free(&p);
	all = store_records(s, &n, &error);
	for (size_t i = 0; good && i < n; i++) {
		good = store_load(s, all[i].number, NULL, &p, &r, &diag) &&
		       store_case_is(&p, all[i].number);
		pack_free(&p);
	}
	free(all);
	return good;
}

/* As the daemon finds it, and as smswallctl does before the daemon is back. */
static bool survives(const char *state, const struct operation *o)
{
	static struct store s;
	char keys[NAME_SIZE];
	bool good = true;

	diag_clear(&diag);
	if (store_open_read(&s, state, &diag)) {
		good = verifies(&s, o, false);
	} else {
		good = o->from_nothing;
	}
	store_close(&s);
	diag_clear(&diag);
	good = good && store_open(&s, state, &diag) && verifies(&s, o, false);
	snprintf(keys, sizeof(keys), "%s/keys", state);
	/* nothing is left over, and one key of ours is trusted */
	good = good && store_case_files(keys) == 2 && s.trusted.n <= 2;
	good = good && o->run(&s) && verifies(&s, o, true); /* and it goes on */
	if (!good) {
		diag_print(&diag, stdout);
	}
	store_close(&s);
	return good;
}

static void make_base(const struct store_case *c)
{
	static struct store s;
	uint32_t number;

	CU_ASSERT_FATAL(store_open(&s, c->state, &diag));
	for (uint32_t i = 1; i <= GENERATIONS; i++) {
		CU_ASSERT_FATAL(store_case_add(&s, STORE_GOOD, &number, &diag));
		CU_ASSERT_FATAL(store_set_current(&s, i, i) == 0);
	}
	store_close(&s);
}

/* One operation, killed at every step, and at every write in its middle, each time from the same state. */
static unsigned kill_everywhere(const struct store_case *c, const struct operation *o, bool torn)
{
	char base[128];
	char state[128];
	unsigned n_points = 0;
	int code = 0;

	snprintf(base, sizeof(base), "%s/base", c->folder);
	snprintf(state, sizeof(state), "%s/work", c->folder);
	if (!o->from_nothing) {
		CU_ASSERT_FATAL(store_case_copy(c->state, base));
	}
	if (o->rotation_cut != 0) {
		CU_ASSERT_EQUAL_FATAL(run_killed(base, op_rotate, o->rotation_cut, false), 0);
	}
	for (unsigned k = 1; code == 0; k++) {
		if (!o->from_nothing) {
			CU_ASSERT_FATAL(store_case_copy(base, state));
		}
		code = run_killed(state, o->run, k, torn);
		CU_ASSERT(code == 0 || code == DONE);
		if (!survives(state, o)) {
			printf("%s, killed at step %u%s\n", o->name, k, torn ? ", torn" : "");
			CU_FAIL("does not survive");
		}
		n_points += code == 0;
		CU_ASSERT_FATAL(store_case_remove(state));
	}
	CU_ASSERT_FATAL(store_case_remove(base));
	CU_ASSERT(n_points > 3);
	return n_points;
}

static void test_kill(void)
{
	static struct store_case c;
	unsigned n_points = 0;

	store_case_begin(&c);
	make_base(&c);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		unsigned n = kill_everywhere(&c, &operations[i], i % 2 != 0);

		printf("%s: %u points\n", operations[i].name, n);
		n_points += n;
	}
	n_points += kill_everywhere(&c, &operations[0], true);
	n_points += kill_everywhere(&c, &operations[2], true);
	CU_ASSERT(n_points >= POINTS_MIN);
	store_case_end(&c);
	diag_clear(&diag);
}

/* The order in which things get to the disk, without a kill: a machine that stops finds no less. */
static void test_order(void)
{
	static struct store_case c;
	char state[128];

	store_case_begin(&c);
	make_base(&c);
	snprintf(state, sizeof(state), "%s/work", c.folder);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (!operations[i].from_nothing) {
			CU_ASSERT_FATAL(store_case_copy(c.state, state));
		}
		CU_ASSERT_EQUAL(run_killed(state, operations[i].run, 0, false), DONE);
		CU_ASSERT_FATAL(store_case_remove(state));
	}
	store_case_end(&c);
}

/* The model itself: it sees a file that is renamed too early, and a folder that was not synced. */
static void test_model(void)
{
	static struct store_case c;
	char a[128];
	char b[128];
	int fd;

	store_case_begin(&c);
	CU_ASSERT_EQUAL(mkdir(c.state, 0750), 0);
	snprintf(a, sizeof(a), "%s/keys", c.state);
	CU_ASSERT_EQUAL(mkdir(a, 0750), 0);
	snprintf(a, sizeof(a), "%s/keys/a", c.state);
	snprintf(b, sizeof(b), "%s/keys/b", c.state);
	calls.on = true;
	fd = open(a, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, "x", 1), 1);
	CU_ASSERT_EQUAL(rename(a, b), 0);
	CU_ASSERT_EQUAL(calls.n_disorders, 1);
	CU_ASSERT_EQUAL(fsync(fd), 0);
	CU_ASSERT_EQUAL(rename(b, a), 0);
	CU_ASSERT_EQUAL(calls.n_disorders, 2);
	calls.on = false;
	close(fd);
	memset(&calls, 0, sizeof(calls));
	store_case_end(&c);
}

UNIT_MAIN("control/store, killed", { "model", test_model }, { "order", test_order },
	{ "killed at each step", test_kill })
