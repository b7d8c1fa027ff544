/* SPDX-License-Identifier: BSD-3-Clause */
/* audit_walk: reading the audit log: does its chain hold, and what are its last records? */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/audit_parts.h"

enum {
	TORN_TRIES = 2,
	TORN_PAUSE_NS = 20000000,
	STEP = 1 << 20,
	TAIL_MAX = 1 << 20,
};

static const char line_begin[] = "{\"schema_version\":1,\"record\":";
static const char before_previous[] = ",\"previous\":\"";
static const char before_hash[] = "\",\"hash\":\"";
static const char line_end[] = "\"}";

enum {
	HASH_LEN = AUDIT_HASH_SIZE - 1,
	BEGIN_LEN = sizeof(line_begin) - 1,
	PREVIOUS_LEN = sizeof(before_previous) - 1,
	MIDDLE_LEN = sizeof(before_hash) - 1,
	END_LEN = sizeof(line_end) - 1,
	SUFFIX_LEN = PREVIOUS_LEN + HASH_LEN + MIDDLE_LEN + HASH_LEN + END_LEN,
};

/* read_number: the digits of "record"; 0: there are none, or more than fit. */
static uint64_t read_number(const char *line, size_t len)
{
	uint64_t v = 0;
	size_t at = BEGIN_LEN;

	if (len < BEGIN_LEN || memcmp(line, line_begin, BEGIN_LEN) != 0) {
		return 0;
	}
	for (; at < len && isdigit((unsigned char)line[at]); at++) {
		if (v > (UINT64_MAX - 9) / 10) {
			return 0;
		}
		v = v * 10 + (uint64_t)(line[at] - '0');
	}
	return at < len && line[at] == ',' ? v : 0;
}

static bool take_hash(const char *from, char out[AUDIT_HASH_SIZE])
{
	memcpy(out, from, HASH_LEN);
	out[HASH_LEN] = '\0';
	return strspn(out, "0123456789abcdef") == HASH_LEN;
}

const char *audit_line_read(const char *line, size_t len, struct audit_line *out)
{
	const char *suffix;
	char hash[AUDIT_HASH_SIZE];

	*out = (struct audit_line){ .record = read_number(line, len) };
	if (out->record == 0 || len < BEGIN_LEN + SUFFIX_LEN) {
		return "this is no record";
	}
	suffix = line + len - SUFFIX_LEN;
	if (memcmp(suffix, before_previous, PREVIOUS_LEN) != 0 ||
		!take_hash(suffix + PREVIOUS_LEN, out->previous) ||
		memcmp(suffix + PREVIOUS_LEN + HASH_LEN, before_hash, MIDDLE_LEN) != 0 ||
		!take_hash(suffix + PREVIOUS_LEN + HASH_LEN + MIDDLE_LEN, out->hash) ||
		memcmp(suffix + SUFFIX_LEN - END_LEN, line_end, END_LEN) != 0) {
		return "the record does not end in its hashes";
	}
	/* up to and with the quote behind `previous` */
	audit_hash(line, len - END_LEN - HASH_LEN - (MIDDLE_LEN - 1), hash);
	return strcmp(hash, out->hash) == 0 ? NULL : "the record was changed: its hash is another";
}

/* file_number: NNN of audit.NNN.log; 0: another file. */
static uint64_t file_number(const char *name)
{
	uint64_t v = 0;
	int used = 0;

	if (strncmp(name, "audit.", 6) != 0 || strspn(name + 6, "0123456789") < 10 ||
		sscanf(name, "audit.%" SCNu64 ".log%n", &v, &used) != 1 || used == 0 ||
		name[used] != '\0') {
		return 0;
	}
	return v;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int audit_files(const char *folder, uint64_t **out, size_t *n)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	int rc = d != NULL ? 0 : -errno;

	*n = 0;
	*out = malloc(AUDIT_FILES_MAX * sizeof((*out)[0]));
	if (*out == NULL) {
		rc = -ENOMEM;
	}
	while (rc == 0 && (e = readdir(d)) != NULL) {
		uint64_t first = file_number(e->d_name);

		if (first != 0 && *n == AUDIT_FILES_MAX) {
			rc = -E2BIG;
		} else if (first != 0) {
			(*out)[(*n)++] = first;
		}
	}
	if (d != NULL) {
		closedir(d);
	}
	if (rc != 0) {
		free(*out);
		*out = NULL;
		*n = 0;
	} else {
		qsort(*out, *n, sizeof((*out)[0]), compare_numbers);
	}
	return rc;
}

struct audit_walk {
	struct audit_report *report;
	char folder[256];
	char path[AUDIT_PATH_SIZE]; /* of the file being read */
	uint64_t *firsts;           /* files put aside */
	size_t n_files;
	size_t next;
	int live; /* audit.log, or the one file; -1: there is none, or it is being read */
	struct stat live_stat;
	int fd;      /* being read; -1: none */
	size_t left; /* of it */
	uint64_t line;
	char wanted[AUDIT_HASH_SIZE];
	size_t used;
	char text[AUDIT_LINE_MAX];
};

static bool fail(struct audit_walk *w, uint64_t line, const char *why)
{
	const char *name = strrchr(w->path, '/');

	w->report->ok = false;
	w->report->line = line;
	snprintf(w->report->file, sizeof(w->report->file), "%.127s",
		name != NULL ? name + 1 : w->path);
	snprintf(w->report->why, sizeof(w->report->why), "%s", why);
	return false;
}

/* take_line: one record; false: the chain ends here. */
static bool take_line(struct audit_walk *w, const char *line, size_t len)
{
	struct audit_report *r = w->report;
	struct audit_line l;
	const char *why = audit_line_read(line, len, &l);
	char text[128];

	w->line++;
	if (why != NULL) {
		return fail(w, w->line, why);
	}
	if (r->n_records == 0 && l.record == 1 && strcmp(l.previous, AUDIT_NO_HASH) != 0) {
		return fail(w, w->line, "the first record names one before it");
	}
	if (r->n_records != 0 && l.record != r->last + 1) {
		snprintf(text, sizeof(text), "record %" PRIu64 " stands where %" PRIu64 " should",
			l.record, r->last + 1);
		return fail(w, w->line, text);
	}
	if (r->n_records != 0 && strcmp(l.previous, r->head) != 0) {
		return fail(w, w->line, "the record before this one is another");
	}
	r->first = r->n_records == 0 ? l.record : r->first;
	r->last = l.record;
	r->n_records++;
	memcpy(r->head, l.hash, sizeof(r->head));
	if (strcmp(l.hash, w->wanted) == 0) {
		r->wanted_record = l.record;
	}
	return true;
}

/* take_lines: the lines that are whole in the room; a piece stays. */
static bool take_lines(struct audit_walk *w)
{
	const char *at = w->text;
	const char *newline;

	while ((newline = memchr(at, '\n', w->used - (size_t)(at - w->text))) != NULL) {
		if (!take_line(w, at, (size_t)(newline - at))) {
			return false;
		}
		at = newline + 1;
	}
	w->used -= (size_t)(at - w->text);
	memmove(w->text, at, w->used);
	return w->used < sizeof(w->text) || fail(w, w->line + 1, "a line is too long");
}

/* open_next: the file after the one just read; 1, 0: there is none, -1: failed. */
static int open_next(struct audit_walk *w)
{
	struct stat st;

	w->line = 0;
	while (w->next < w->n_files) {
		audit_path(w->folder, w->firsts[w->next++], w->path);
		w->fd = open(w->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (w->fd < 0 || fstat(w->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
			fail(w, 0, w->fd < 0 ? strerror(errno) : "not a file");
			return -1;
		}
		if (w->live < 0 || st.st_ino != w->live_stat.st_ino ||
			st.st_dev != w->live_stat.st_dev) {
			w->left = (size_t)st.st_size;
			return 1;
		}
		close(w->fd); /* put aside while we looked: it is read as the live one */
		w->fd = -1;
	}
	if (w->live < 0) {
		return 0;
	}
	if (w->folder[0] != '\0') {
		audit_path(w->folder, 0, w->path);
	}
	w->fd = w->live;
	w->live = -1;
	w->left = (size_t)w->live_stat.st_size;
	return 1;
}

/* end_file: it has been read to its end. */
static bool end_file(struct audit_walk *w)
{
	close(w->fd);
	w->fd = -1;
	if (w->used != 0) {
		return fail(w, w->line + 1, "the line is torn: its end is missing");
	}
	return true;
}

/* end: all was read and the chain holds. */
static bool end(struct audit_walk *w)
{
	struct audit_report *r = w->report;

	r->ok = true;
	if (w->wanted[0] != '\0' && r->wanted_record == 0) {
		fail(w, 0,
			"no record has the wanted hash: the end of the log was cut off, or all of "
			"it replaced");
	}
	return false;
}

bool audit_walk_step(struct audit_walk *w, size_t most)
{
	size_t done = 0;

	while (done < most) {
		size_t room = sizeof(w->text) - w->used;
		int rc = w->fd >= 0 ? 1 : open_next(w);
		ssize_t n;

		if (rc <= 0) {
			return rc == 0 ? end(w) : false;
		}
		n = read(w->fd, w->text + w->used, w->left < room ? w->left : room);
		if (n < 0 && errno != EINTR) {
			return fail(w, w->line + 1, strerror(errno));
		}
		w->used += n > 0 ? (size_t)n : 0;
		w->left -= n > 0 ? (size_t)n : 0;
		done += n > 0 ? (size_t)n : 0;
		if (!take_lines(w)) {
			return false;
		}
		if ((n == 0 || w->left == 0) && !end_file(w)) {
			return false;
		}
	}
	return true;
}

/* find: the live file first: what is put aside meanwhile is then known by it. */
static int find(struct audit_walk *w, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		return -errno;
	}
	snprintf(w->path, sizeof(w->path), "%s", path);
	if (S_ISDIR(st.st_mode)) {
		snprintf(w->folder, sizeof(w->folder), "%s", path);
		audit_path(w->folder, 0, w->path);
	}
	w->live = open(w->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (w->live < 0 && errno != ENOENT) {
		return -errno;
	}
	if (w->live >= 0 &&
		(fstat(w->live, &w->live_stat) != 0 || !S_ISREG(w->live_stat.st_mode))) {
		return -EINVAL;
	}
	return w->folder[0] != '\0' ? audit_files(w->folder, &w->firsts, &w->n_files) : 0;
}

struct audit_walk *audit_walk_open(
	const char *path, const char *wanted, struct audit_report *report)
{
	struct audit_walk *w = calloc(1, sizeof(*w));
	int rc;

	*report = (struct audit_report){ .head = AUDIT_NO_HASH };
	if (w == NULL || sodium_init() < 0) {
		snprintf(report->why, sizeof(report->why), "out of memory");
		free(w);
		return NULL;
	}
	w->report = report;
	w->fd = -1;
	w->live = -1;
	snprintf(w->wanted, sizeof(w->wanted), "%s", wanted != NULL ? wanted : "");
	rc = strlen(path) < sizeof(w->folder) ? find(w, path) : -ENAMETOOLONG;
	if (rc != 0) {
		fail(w, 0, strerror(-rc));
		audit_walk_close(w);
		return NULL;
	}
	return w;
}

void audit_walk_close(struct audit_walk *w)
{
	if (w == NULL) {
		return;
	}
	if (w->fd >= 0) {
		close(w->fd);
	}
	if (w->live >= 0) {
		close(w->live);
	}
	free(w->firsts);
	free(w);
}

bool audit_verify(const char *path, const char *wanted, struct audit_report *report)
{
	const struct timespec pause = { 0, TORN_PAUSE_NS };

	for (int i = 0; i < TORN_TRIES; i++) {
		struct audit_walk *w = audit_walk_open(path, wanted, report);

		if (w == NULL) {
			return false;
		}
		while (audit_walk_step(w, STEP)) {
		}
		audit_walk_close(w);
		if (report->ok || i + 1 == TORN_TRIES || strstr(report->why, "torn") == NULL) {
			break;
		}
		nanosleep(&pause, NULL); /* a daemon may be writing it this moment */
	}
	return report->ok;
}

/* add_tail: records of the end of one file in front of those of `list`. */
static void add_tail(json_t *list, const char *path, unsigned limit, size_t *room)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st = { .st_size = 0 };
	char *text = malloc(TAIL_MAX);
	size_t size;
	ssize_t n = 0;

	if (fd >= 0 && text != NULL && fstat(fd, &st) == 0) {
		size = (size_t)st.st_size < *room ? (size_t)st.st_size : *room;
		n = pread(fd, text, size, st.st_size - (off_t)size);
	}
	while (n > 0 && json_array_size(list) < limit) {
		const char *newline = n > 1 ? memrchr(text, '\n', (size_t)n - 1) : NULL;
		const char *line = newline != NULL ? newline + 1 : text;
		size_t len = (size_t)n - (size_t)(line - text);
		json_t *record = json_loadb(line, len, 0, NULL);

		if (record == NULL && newline == NULL) {
			break; /* the piece of a line that the room cut */
		}
		json_array_insert_new(
			list, 0, record != NULL ? record : json_pack("{s:b}", "unreadable", true));
		*room -= len;
		n = line - text;
	}
	if (fd >= 0) {
		close(fd);
	}
	free(text);
}

json_t *audit_tail(const char *path, unsigned limit)
{
	json_t *list = json_array();
	char file[AUDIT_PATH_SIZE];
	uint64_t *firsts = NULL;
	size_t room = TAIL_MAX;
	size_t n = 0;

	if (list == NULL || strlen(path) >= 256) {
		return list;
	}
	(void)audit_files(path, &firsts, &n);
	audit_path(path, 0, file);
	add_tail(list, file, limit, &room);
	while (n > 0 && json_array_size(list) < limit && room > AUDIT_LINE_MAX) {
		audit_path(path, firsts[--n], file);
		add_tail(list, file, limit, &room);
	}
	free(firsts);
	return list;
}
