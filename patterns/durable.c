/* SPDX-License-Identifier: BSD-3-Clause */
#include "patterns/durable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char mark[] = ".tmp-";

static int write_run(int fd, struct bytes run)
{
	const uint8_t *at = run.data;
	size_t left = run.len;

	while (left != 0) {
		ssize_t n = write(fd, at, left);

		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		at += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* The octets of the file and its mode are on disk when this is 0. */
static int fill(int fd, mode_t mode, const struct bytes *runs, size_t n)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < n; i++) {
		error = write_run(fd, runs[i]);
	}
	if (error == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0)) {
		error = -errno;
	}
	if (close(fd) != 0 && error == 0) {
		error = -errno;
	}
	return error;
}

/* The folder that `path` is in. */
static int sync_parent(const char *path)
{
	char *copy = strdup(path);
	int error = copy != NULL ? durable_sync_folder(dirname(copy)) : -ENOMEM;

	free(copy);
	return error;
}

int durable_write(
	const char *path, mode_t mode, const struct bytes *runs, size_t n, bool sync_later)
{
	char *temporary = NULL;
	int error;
	int fd;

	if (asprintf(&temporary, "%s%sXXXXXX", path, mark) < 0) {
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC); /* O_EXCL and mode 0600 until it is whole */
	if (fd < 0) {
		error = -errno;
		free(temporary);
		return error;
	}
	error = fill(fd, mode, runs, n);
	if (error == 0 && rename(temporary, path) != 0) {
		error = -errno;
	}
	if (error != 0) {
		(void)unlink(temporary);
	}
	free(temporary);
	return error == 0 && !sync_later ? sync_parent(path) : error;
}

int durable_rename(const char *from, const char *to)
{
	return rename(from, to) == 0 ? sync_parent(to) : -errno;
}

int durable_remove(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
}

int durable_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) != 0) {
		return errno == EEXIST ? 0 : -errno;
	}
	return sync_parent(path);
}

int durable_sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 || fsync(fd) != 0 ? -errno : 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	return error;
}

int durable_sweep(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *e;

	if (folder == NULL) {
		return -errno;
	}
	while ((e = readdir(folder)) != NULL) {
		if (strstr(e->d_name, mark) != NULL) {
			(void)unlinkat(dirfd(folder), e->d_name, 0);
		}
	}
	(void)closedir(folder);
	return 0;
}

/* Reads until `size` octets are there or the file ends; the number read or -errno. */
static ssize_t read_run(int fd, char *to, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, to + len, size - len);

		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		if (n == 0) {
			break;
		}
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

char *durable_read(const char *path, size_t len_max, size_t *len, int *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *octets = NULL;
	ssize_t n = -1;

	*len = 0;
	*error = 0;
	if (fd < 0 || fstat(fd, &st) != 0) {
		*error = -errno;
	} else if (!S_ISREG(st.st_mode)) {
		*error = -EINVAL;
	} else if (st.st_size < 0 || (uint64_t)st.st_size > len_max) {
		*error = -EFBIG;
	} else {
		octets = malloc((size_t)st.st_size + 1);
		n = octets != NULL ? read_run(fd, octets, (size_t)st.st_size) : -ENOMEM;
		*error = n < 0 ? (int)n : 0;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	if (octets != NULL && *error != 0) {
		free(octets);
		return NULL;
	}
	if (octets != NULL) {
		octets[n] = '\0';
		*len = (size_t)n;
	}
	return octets;
}
