/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* plain: what is printed and logged is ASCII, whatever a program is called. */
static void plain(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~') {
			*text = '?';
		}
	}
}

/* read_proc: a small file of the process; octets without the newline at the end, or -1. */
static ssize_t read_proc(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return -1;
	}
	n = read(fd, out, size - 1);
	close(fd);
	if (n < 0) {
		return -1;
	}
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return n;
}

static void read_exe(struct peer *p)
{
	char path[64];
	char name[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)p->pid);
	n = readlink(path, p->exe, sizeof(p->exe) - 1);
	if (n >= 0) {
		p->exe[n] = '\0';
	} else if (read_proc(p->pid, "comm", name, sizeof(name)) > 0) {
		snprintf(p->exe, sizeof(p->exe), "[%s]", name);
	}
	plain(p->exe);
}

static void read_login(struct peer *p)
{
	char text[16];
	unsigned long v;
	char *end;

	if (read_proc(p->pid, "loginuid", text, sizeof(text)) <= 0) {
		return;
	}
	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && v <= UINT32_MAX) {
		p->login_uid = (uid_t)v;
	}
}

static void read_groups(int fd, struct peer *p)
{
	socklen_t len = 0;

	/* with no room it says how much there is to be (ERANGE), but for one in no group */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE ||
		len == 0 || len > PEER_GROUPS_MAX * sizeof(gid_t)) {
		return;
	}
	p->groups = malloc(len);
	if (p->groups == NULL) {
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, p->groups, &len) != 0) {
		free(p->groups);
		p->groups = NULL;
		return;
	}
	p->n_groups = len / sizeof(gid_t);
}

bool peer_read(int fd, struct peer *out)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	*out = (struct peer){ .uid = PEER_NOBODY, .gid = (gid_t)-1, .login_uid = PEER_NOBODY };
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0 ||
		len != sizeof(credentials)) {
		return false;
	}
	out->uid = credentials.uid;
	out->gid = credentials.gid;
	out->pid = credentials.pid;
	if (out->pid > 0) { /* 0: in another pid namespace */
		read_exe(out);
		read_login(out);
	}
	read_groups(fd, out);
	return true;
}

void peer_clear(struct peer *p)
{
	free(p->groups);
	p->groups = NULL;
	p->n_groups = 0;
}
