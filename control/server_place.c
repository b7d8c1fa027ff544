/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/server.h"

enum { LOCK_TRIES = 100, LOCK_PAUSE_NS = 10000000 };

static bool fail(
	struct diag *diag, const char *path, const char *whose, const char *what, int error)
{
	diag_add(diag, DIAG_ERROR, path, 0, 0, "%s socket: %s%s%s", whose, what,
		error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
	return false;
}

static bool set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (path[0] == '\0' || strlen(path) >= sizeof(address->sun_path)) {
		return false;
	}
	memcpy(address->sun_path, path, strlen(path));
	return true;
}

bool server_is_served(const char *path)
{
	struct sockaddr_un address;
	int error;
	int fd;
	int rc;

	if (!set_address(&address, path)) {
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return false;
	}
	rc = connect(fd, (const struct sockaddr *)&address, sizeof(address));
	error = errno;
	close(fd);
	return rc == 0 || error == EAGAIN; /* EAGAIN: so many wait to be let in */
}

static void folder_of(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		snprintf(out, size, ".");
	} else {
		snprintf(out, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	}
}

/*
 * lock_folder: so that of two daemons one is through before the other looks. Who cannot have the
 * lock in a second goes on without: anybody who may read the folder could hold it for ever.
 */
static int lock_folder(const char *folder)
{
	const struct timespec pause = { 0, LOCK_PAUSE_NS };
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
			break;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

/* clear_place: removes a socket that nobody listens at. */
static bool clear_place(const char *path, const char *whose, struct diag *diag)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		return true;
	}
	if (!S_ISSOCK(st.st_mode)) {
		return fail(diag, path, whose, "something else has this name", 0);
	}
	if (server_is_served(path)) {
		return fail(diag, path, whose, "another daemon listens there", 0);
	}
	return unlink(path) == 0 ||
	       fail(diag, path, whose, "the one of before cannot be removed", errno);
}

static int listen_at(const struct sockaddr_un *address, int backlog)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0117); /* 0660 from its first moment on */
	int rc = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)address, sizeof(*address));

	(void)umask(mask);
	if (rc == 0) {
		rc = listen(fd, backlog);
	}
	if (fd >= 0 && rc != 0) {
		int error = errno;

		close(fd);
		errno = error;
	}
	return rc == 0 ? fd : -1;
}

int server_place_listen(const char *path, const char *whose, int backlog, struct diag *diag)
{
	struct sockaddr_un address;
	char folder[sizeof(address.sun_path)];
	int fd = -1;
	int lock;

	if (!set_address(&address, path)) {
		fail(diag, path, whose, "the path is empty or too long", 0);
		return -1;
	}
	folder_of(path, folder, sizeof(folder));
	if (mkdir(folder, 0750) != 0 && errno != EEXIST) {
		fail(diag, path, whose, "its folder cannot be made", errno);
		return -1;
	}
	lock = lock_folder(folder);
	if (clear_place(path, whose, diag)) {
		fd = listen_at(&address, backlog);
		if (fd < 0) {
			fail(diag, path, whose, "cannot listen", errno);
		}
	}
	if (lock >= 0) {
		close(lock);
	}
	return fd;
}
