/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/panic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };

static void panic_path(const struct config *c, const char *suffix, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/panic%s", c->state_dir, suffix);
}

uint64_t control_panic_link(const struct config *c, const char *name)
{
	for (unsigned i = 0; i < c->pipeline.n_links; i++) {
		if (strcmp(c->pipeline.links[i].name, name) == 0) {
			return UINT64_C(1) << i;
		}
	}
	return 0;
}

uint64_t control_panic_all(const struct config *c)
{
	return (UINT64_C(1) << c->pipeline.n_links) - 1;
}

uint64_t control_panic_load(const struct config *c)
{
	char path[PATH_SIZE];
	char line[LINK_NAME_SIZE + 2];
	uint64_t links = 0;
	FILE *f;

	panic_path(c, "", path);
	f = fopen(path, "re");
	if (f == NULL) {
		if (errno != ENOENT) {
			fprintf(stderr, "smswalld: %s: panic of before cannot be read: %s\n", path,
				strerror(errno));
		}
		return 0;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		links |= control_panic_link(c, line);
	}
	fclose(f);
	return links;
}

static int sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) != 0 ? -errno : 0;

	if (fd >= 0) {
		close(fd);
	}
	return rc;
}

static int write_links(const struct config *c, uint64_t links, FILE *f)
{
	for (unsigned i = 0; i < c->pipeline.n_links; i++) {
		if ((links & (UINT64_C(1) << i)) != 0) {
			fprintf(f, "%s\n", c->pipeline.links[i].name);
		}
	}
	if (fflush(f) != 0 || fsync(fileno(f)) != 0) {
		return -errno;
	}
	return 0;
}

int control_panic_save(const struct config *c, uint64_t links)
{
	char path[PATH_SIZE];
	char temporary[PATH_SIZE];
	int rc;
	FILE *f;

	panic_path(c, "", path);
	panic_path(c, ".new", temporary);
	if (mkdir(c->state_dir, 0750) != 0 && errno != EEXIST) {
		return -errno;
	}
	f = fopen(temporary, "we");
	if (f == NULL) {
		return -errno;
	}
	rc = write_links(c, links, f);
	if (fclose(f) != 0 && rc == 0) {
		rc = -errno;
	}
	if (rc == 0 && rename(temporary, path) != 0) {
		rc = -errno;
	}
	return rc == 0 ? sync_folder(c->state_dir) : rc;
}
