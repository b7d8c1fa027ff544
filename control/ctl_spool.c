/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a signal is to remove; "": nothing. Written while these signals are blocked. */
static char spool_path[CTL_SPOOL_SIZE];

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

static void set_path(const char *path)
{
	sigset_t set;
	sigset_t old;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&set, signals[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	(void)snprintf(spool_path, sizeof(spool_path), "%s", path);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

/* leave: the file goes, and the process as if there were no handler. */
static void leave(int number)
{
	if (spool_path[0] != '\0') {
		(void)unlink(spool_path);
	}
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void watch_signals(void)
{
	struct sigaction action = { .sa_handler = leave };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction old;

		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
			(void)sigaction(signals[i], &action, NULL);
		}
	}
}

/* make_in: "FOLDER/push-XXXXXX", from / on: the daemon works elsewhere. False with errno. */
static bool make_in(const char *folder, char path[CTL_SPOOL_SIZE])
{
	char *whole = realpath(folder, NULL);
	int len = whole != NULL ? snprintf(path, CTL_SPOOL_SIZE, "%s/push-XXXXXX", whole) : -1;
	int fd;

	free(whole);
	if (len < 0 || len >= CTL_SPOOL_SIZE) {
		(void)snprintf(path, CTL_SPOOL_SIZE, "%s", folder);
		errno = len < 0 ? errno : ENAMETOOLONG;
		return false;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	set_path(path);
	(void)close(fd);
	return true;
}

int ctl_spool_open(struct ctl_call *call, char path[CTL_SPOOL_SIZE])
{
	const char *tmp = getenv("TMPDIR");
	char folder[108];
	char *slash;
	int rc = ctl_socket_path(call, folder, sizeof(folder));

	if (rc != 0) {
		return rc;
	}
	slash = strrchr(folder, '/');
	(void)snprintf(slash != NULL ? slash : folder, 2, "%s", slash != NULL ? "" : ".");
	watch_signals();
	if (make_in(folder[0] != '\0' ? folder : "/", path) ||
		make_in(tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp", path)) {
		return 0;
	}
	return ctl_error(call, CONTROL_FAILED, "no file for the pack can be made in %s: %s", path,
		strerror(errno));
}

static int copy(FILE *from, FILE *to)
{
	char buffer[1024];
	size_t n;

	while ((n = fread(buffer, 1, sizeof(buffer), from)) != 0) {
		if (fwrite(buffer, 1, n, to) != n) {
			return -errno;
		}
	}
	return ferror(from) ? -EIO : 0;
}

int ctl_spool_copy(const char *from, const char *path)
{
	bool input = strcmp(from, "-") == 0;
	FILE *source = input ? stdin : fopen(from, "re");
	FILE *to = source != NULL ? fopen(path, "we") : NULL;
	int rc = to != NULL ? copy(source, to) : -errno;

	if (to != NULL && fclose(to) != 0 && rc == 0) {
		rc = -errno;
	}
	if (source != NULL && !input) {
		(void)fclose(source);
	}
	return rc;
}

int ctl_spool_give(struct ctl_call *call, const char *path)
{
	struct stat socket;
	char name[108];
	int rc = ctl_socket_path(call, name, sizeof(name));

	if (rc != 0) {
		return rc;
	}
	/* Root gives it to the daemon's user; another one to the socket's group, if he is in it. */
	if (stat(name, &socket) == 0 && (chown(path, socket.st_uid, socket.st_gid) == 0 ||
						chown(path, (uid_t)-1, socket.st_gid) == 0)) {
		return chmod(path, 0640) == 0
		               ? 0
		               : ctl_error(call, CONTROL_FAILED, "%s: %s", path, strerror(errno));
	}
	return 0;
}

void ctl_spool_remove(void)
{
	if (spool_path[0] != '\0') {
		(void)unlink(spool_path);
		set_path("");
	}
}
