/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/replay_output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/code.h"

static int fail(struct diag *diag, const char *name, const char *what, int error)
{
	diag_add(diag, DIAG_ERROR, name, 0, 0, "%s: %s", what, strerror(error));
	return CONTROL_FAILED;
}

/* resolve: the file that `name` is or will be, through links. False with errno. */
static bool resolve(const char *name, char *target, size_t size)
{
	char *real = realpath(name, NULL);
	char *copy = NULL;

	if (real == NULL && errno == ENOENT) {
		char *folder;

		copy = strdup(name);
		folder = copy != NULL ? realpath(dirname(copy), NULL) : NULL;
		if (folder != NULL) {
			const char *last = strrchr(name, '/');

			(void)snprintf(target, size, "%s/%s",
				strcmp(folder, "/") == 0 ? "" : folder,
				last != NULL ? last + 1 : name);
		}
		free(copy);
		free(folder);
		return folder != NULL;
	}
	if (real == NULL) {
		return false;
	}
	(void)snprintf(target, size, "%s", real);
	free(real);
	return true;
}

/* temporary_name: hidden, in the same folder, so that the rename cannot cross file systems. */
static void temporary_name(const char *target, char *out, size_t size)
{
	const char *last = strrchr(target, '/');

	(void)snprintf(out, size, "%.*s.%.200s.smswall-%ld", (int)(last + 1 - target), target,
		last + 1, (long)getpid());
}

int replay_output_open(struct replay_output *o, const char *name, const char *folder,
	const char *base, struct diag *diag)
{
	struct stat st;
	int fd;

	memset(o, 0, sizeof(*o));
	o->name = name;
	(void)snprintf(o->path, sizeof(o->path), "%s/%s", folder, base);
	if (name == NULL ||
		(stat(name, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		return 0;
	}
	if (name[0] == '\0' || name[strlen(name) - 1] == '/' ||
		(stat(name, &st) == 0 && S_ISDIR(st.st_mode))) {
		return fail(diag, name, "cannot be written", EISDIR);
	}
	if (!resolve(name, o->target, sizeof(o->target))) {
		return fail(diag, name, "cannot be written", errno);
	}
	temporary_name(o->target, o->temporary, sizeof(o->temporary));
	fd = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		int error = errno;

		o->temporary[0] = '\0';
		return fail(diag, name, "cannot be written", error);
	}
	(void)close(fd);
	return symlink(o->temporary, o->path) == 0 ? 0
	                                           : fail(diag, o->path, "cannot be made", errno);
}

/* write_through: for a pipe or a device: it gets the octets when all went well. */
static int write_through(const struct replay_output *o, struct diag *diag)
{
	FILE *from = fopen(o->path, "rb");
	FILE *to = fopen(o->name, "wb");
	char buffer[1024];
	size_t n;
	bool ok = from != NULL && to != NULL;

	while (ok && (n = fread(buffer, 1, sizeof(buffer), from)) != 0) {
		ok = fwrite(buffer, 1, n, to) == n;
	}
	ok = from != NULL && !ferror(from) && ok;
	if (from != NULL) {
		(void)fclose(from);
	}
	if (to != NULL && fclose(to) != 0) {
		ok = false;
	}
	return ok ? 0 : fail(diag, o->name, "cannot be written", errno);
}

int replay_output_commit(struct replay_output *o, struct diag *diag)
{
	if (o->name == NULL) {
		return 0;
	}
	if (o->temporary[0] == '\0') {
		return write_through(o, diag);
	}
	if (rename(o->temporary, o->target) != 0) {
		return fail(diag, o->name, "cannot be put in its place", errno);
	}
	o->temporary[0] = '\0';
	return 0;
}

void replay_output_discard(struct replay_output *o)
{
	if (o->temporary[0] != '\0') {
		(void)unlink(o->temporary);
		o->temporary[0] = '\0';
	}
}
