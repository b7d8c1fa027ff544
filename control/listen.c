/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/server_place.h"

int listen_unix(const char *path, int backlog, struct listen_path *out, struct diag *diag)
{
	int fd = server_place_listen(path, "metrics", backlog, diag);
	struct stat st;

	*out = (struct listen_path){ .path = "" };
	if (fd >= 0 && lstat(path, &st) == 0) {
		snprintf(out->path, sizeof(out->path), "%s", path);
		out->device = st.st_dev;
		out->inode = st.st_ino;
	}
	return fd;
}

void listen_remove(const struct listen_path *p)
{
	struct stat st;

	if (p->path[0] != '\0' && lstat(p->path, &st) == 0 && st.st_dev == p->device &&
		st.st_ino == p->inode) {
		(void)unlink(p->path);
	}
}

int listen_loopback(bool v6, uint16_t port, int backlog, struct diag *diag)
{
	const struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	const struct sockaddr *address =
		v6 ? (const struct sockaddr *)&six : (const struct sockaddr *)&four;
	const int on = 1;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		bind(fd, address, v6 ? sizeof(six) : sizeof(four)) == 0 &&
		listen(fd, backlog) == 0) {
		return fd;
	}
	diag_add(diag, DIAG_ERROR, NULL, 0, 0, "cannot listen at port %u of %s: %s", port,
		v6 ? "::1" : "127.0.0.1", strerror(errno));
	if (fd >= 0) {
		close(fd);
	}
	return -1;
}
