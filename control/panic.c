/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/panic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "patterns/durable.h"

enum { PATH_SIZE = 512 };

static void panic_path(const struct config *c, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/panic", c->state_dir);
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

	panic_path(c, path);
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

int control_panic_save(const struct config *c, uint64_t links)
{
	char path[PATH_SIZE];
	struct bytes runs[2 * LIMIT_LINKS];
	size_t n = 0;
	int rc = durable_folder(c->state_dir, 0750);

	for (unsigned i = 0; i < c->pipeline.n_links; i++) {
		if ((links & (UINT64_C(1) << i)) != 0) {
			runs[n++] = bytes_str(c->pipeline.links[i].name);
			runs[n++] = bytes_str("\n");
		}
	}
	panic_path(c, path);
	return rc == 0 ? durable_write(path, 0640, runs, n, false) : rc;
}
