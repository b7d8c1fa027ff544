/* SPDX-License-Identifier: BSD-3-Clause */
/* source_path: pattern files and folders of them. Part of source.h. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "patterns/source.h"

#define FILE_LEN_MAX (256L * 1024 * 1024)

/* The contents of a regular file, or NULL with errno. */
static char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rbe");
	struct stat st;
	char *text = NULL;

	if (f == NULL) {
		return NULL;
	}
	if (fstat(fileno(f), &st) == 0) {
		if (!S_ISREG(st.st_mode) || st.st_size > FILE_LEN_MAX) {
			errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		} else {
			text = malloc((size_t)st.st_size + 1);
		}
	}
	if (text != NULL) {
		*len = fread(text, 1, (size_t)st.st_size, f);
		if (ferror(f)) {
			free(text);
			text = NULL;
			errno = EIO;
		}
	}
	(void)fclose(f);
	return text;
}

bool source_read_file(struct source *s, const char *path, struct diag *diag)
{
	size_t len = 0;
	char *text = slurp(path, &len);
	bool good;

	if (text == NULL) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be read: %s", strerror(errno));
		return false;
	}
	good = source_read_text(s, path, text, len, diag);
	free(text);
	return good;
}

static int is_pattern_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 4 && e->d_name[0] != '.' && strcmp(e->d_name + n - 4, ".pat") == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool read_folder(struct source *s, const char *path, struct diag *diag)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_pattern_file, compare_names);
	bool good = n > 0;

	if (n < 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be read: %s", strerror(errno));
	} else if (n == 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "this folder holds no *.pat file");
	}
	for (int i = 0; i < n; i++) {
		char *file = NULL;

		if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
			diag_add(diag, DIAG_ERROR, path, 0, 0, "out of memory");
			good = false;
		} else {
			good = source_read_file(s, file, diag) && good;
			free(file);
		}
		free(entries[i]);
	}
	free(entries);
	return good;
}

bool source_read_path(struct source *s, const char *path, struct diag *diag)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		return read_folder(s, path, diag);
	}
	return source_read_file(s, path, diag);
}
