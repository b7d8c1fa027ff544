/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server_place.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/server.h"
#include "tests/support/unit.h"

enum { DAEMONS = 8, ROUNDS = 10, BACKLOG = 4 };

struct bench {
	char folder[32];
	char path[64];
	struct diag diag;
	pid_t children[DAEMONS];
	int go[2];  /* closed by the parent: begin */
	int won[2]; /* each child writes 'y' or 'n' */
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		abort();
	}
	strcpy(b->folder, "/tmp/smswall-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	snprintf(b->path, sizeof(b->path), "%s/sock", b->folder);
	return b;
}

static void bench_free(struct bench *b)
{
	(void)unlink(b->path);
	CU_ASSERT_EQUAL(rmdir(b->folder), 0);
	diag_clear(&b->diag);
	free(b);
}

/* start: `n` children that listen, or try to, until they are killed. */
static void start(struct bench *b, unsigned n)
{
	char c;

	CU_ASSERT_EQUAL_FATAL(pipe(b->go), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(b->won), 0);
	for (unsigned i = 0; i < n; i++) {
		b->children[i] = fork();
		if (b->children[i] == 0) {
			close(b->go[1]);
			(void)!read(b->go[0], &c, 1);
			c = server_place_listen(b->path, "control", BACKLOG, &b->diag) >= 0 ? 'y'
			                                                                    : 'n';
			(void)!write(b->won[1], &c, 1);
			(void)pause();
			_exit(0);
		}
	}
	close(b->go[0]);
	close(b->go[1]);
}

/* winners: of `n` children; they are ended. */
static unsigned winners(struct bench *b, unsigned n)
{
	unsigned n_won = 0;
	char c = 'n';

	for (unsigned i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(read(b->won[0], &c, 1), 1);
		n_won += c == 'y' ? 1 : 0;
	}
	CU_ASSERT_TRUE(server_is_served(b->path));
	for (unsigned i = 0; i < n; i++) {
		(void)kill(b->children[i], SIGKILL);
		(void)waitpid(b->children[i], NULL, 0);
	}
	CU_ASSERT_FALSE(server_is_served(b->path));
	close(b->won[0]);
	close(b->won[1]);
	return n_won;
}

/* Of daemons that start at once at a socket that a crash left behind, one has it. */
static void test_race(void)
{
	struct bench *b = bench_new();

	CU_ASSERT_EQUAL_FATAL(mknod(b->path, S_IFSOCK | 0600, 0), 0);
	CU_ASSERT_FALSE(server_is_served(b->path));
	for (int round = 0; round < ROUNDS; round++) {
		start(b, DAEMONS);
		CU_ASSERT_EQUAL(winners(b, DAEMONS), 1); /* and leaves its socket behind */
	}
	bench_free(b);
}

/* While one is at it the other waits; but who never lets go does not keep a daemon from its socket. */
static void test_lock(void)
{
	struct bench *b = bench_new();
	int lock = open(b->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	CU_ASSERT_EQUAL_FATAL(flock(lock, LOCK_EX), 0);
	start(b, 1);
	(void)poll(NULL, 0, 200);
	CU_ASSERT_FALSE(server_is_served(b->path));
	CU_ASSERT_EQUAL(flock(lock, LOCK_UN), 0);
	CU_ASSERT_EQUAL(winners(b, 1), 1);
	CU_ASSERT_EQUAL(flock(lock, LOCK_EX), 0);
	fd = server_place_listen(b->path, "control", BACKLOG, &b->diag);
	CU_ASSERT(fd >= 0);
	close(fd);
	close(lock);
	bench_free(b);
}

UNIT_MAIN("control/server_place", { "daemons at once", test_race }, { "lock", test_lock })
