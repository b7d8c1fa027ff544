/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/audit_parts.h"
#include "control/peer.h"
#include "patterns/durable.h"

/* What the log itself has to tell, as records in front of the next. */
struct news {
	uint64_t torn;    /* octets cut off */
	uint64_t damaged; /* number of the record that does not verify */
};

struct audit {
	char folder[256];
	int fd; /* -1: not open */
	int error;
	size_t size; /* of the file, as far as it is good */
	size_t most;
	uint64_t records;
	uint64_t first; /* of this file; 0: it has none */
	char head[AUDIT_HASH_SIZE];
	struct news news;
};

void audit_hash(const char *text, size_t len, char out[AUDIT_HASH_SIZE])
{
	unsigned char hash[32];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)text, len, NULL, 0);
	sodium_bin2hex(out, AUDIT_HASH_SIZE, hash, sizeof(hash));
}

void audit_path(const char *folder, uint64_t first, char out[AUDIT_PATH_SIZE])
{
	if (first == 0) {
		snprintf(out, AUDIT_PATH_SIZE, "%.255s/audit.log", folder);
	} else {
		snprintf(out, AUDIT_PATH_SIZE, "%.255s/audit.%010" PRIu64 ".log", folder, first);
	}
}

/* Names of arguments that hold neither a secret nor what somebody wrote or whose number it is. */
static bool is_plain_name(const char *name)
{
	static const char *const names[] = { "pack", "path", "shadow", "confirm_s", "note",
		"if_generation", "allow_older", "merge", "steps", "generation", "tag", "id",
		"state", "name", "link", "limit", "head", "octets", "record", "reason", "policy",
		"version" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* cut_text: at most AUDIT_TEXT_MAX octets, at the border of a character. */
static json_t *cut_text(const json_t *v)
{
	const char *text = json_string_value(v);
	size_t len = json_string_length(v);

	if (len > AUDIT_TEXT_MAX) {
		len = AUDIT_TEXT_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
			len--;
		}
	}
	return json_stringn(text, len);
}

static json_t *argument(const char *name, json_t *v)
{
	if (is_plain_name(name) && json_is_string(v)) {
		return cut_text(v);
	}
	if (is_plain_name(name) && !json_is_object(v) && !json_is_array(v)) {
		return json_incref(v);
	}
	return json_pack("{s:I}", "omitted",
		json_is_array(v)    ? (json_int_t)json_array_size(v)
		: json_is_object(v) ? (json_int_t)json_object_size(v)
				    : (json_int_t)1);
}

/* arguments: what of them may be written; names are ours, others are counted. */
static json_t *arguments(const json_t *args)
{
	json_t *out = json_object();
	json_int_t n_others = 0;
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)args, name, v)
	{
		if (json_object_size(out) < 16 && strlen(name) <= 32) {
			json_object_set_new(out, name, argument(name, v));
		} else {
			n_others++;
		}
	}
	if (n_others != 0) {
		json_object_set_new(out, "others", json_integer(n_others));
	}
	return out;
}

static json_t *generation(const struct audit_generation *g)
{
	return json_pack("{s:I, s:s?}", "generation", (json_int_t)g->number, "hash",
		g->hash[0] != '\0' ? g->hash : NULL);
}

static void put_peer(json_t *o, const struct audit_record *r)
{
	const struct peer *p = r->peer;

	if (p == NULL) {
		json_object_set_new(o, "role", json_string("daemon"));
		return;
	}
	json_object_set_new(o, "uid", json_integer((json_int_t)p->uid));
	json_object_set_new(o, "gid", json_integer((json_int_t)p->gid));
	json_object_set_new(o, "pid", json_integer((json_int_t)p->pid));
	json_object_set_new(o, "login_uid",
		p->login_uid != PEER_NOBODY ? json_integer((json_int_t)p->login_uid) : json_null());
	json_object_set_new(o, "exe", json_string(p->exe));
	json_object_set_new(o, "role", json_string(roles_name(r->role)));
}

static json_t *plain_text(const char *text, size_t most)
{
	json_t *v = json_stringn(text, strnlen(text, most));

	return v != NULL ? v : json_string("?"); /* not UTF-8, or cut inside a character */
}

/* record_json: all of a record but its own hash; NULL: out of memory. */
static json_t *record_json(const struct audit *a, const struct audit_record *r)
{
	json_t *o = json_object();
	struct timespec now;
	char time[40];
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(time + len, sizeof(time) - len, ".%06ldZ", now.tv_nsec / 1000);
	json_object_set_new(o, "schema_version", json_integer(AUDIT_SCHEMA_VERSION));
	json_object_set_new(o, "record", json_integer((json_int_t)a->records + 1));
	json_object_set_new(o, "time", json_string(time));
	put_peer(o, r);
	json_object_set_new(o, "verb", plain_text(r->verb, 64));
	json_object_set_new(o, "args", arguments(r->args));
	json_object_set_new(o, "code", json_integer(r->code));
	json_object_set_new(o, "error",
		r->error != NULL && r->error[0] != '\0' ? plain_text(r->error, 512) : json_null());
	json_object_set_new(o, "before", generation(&r->before));
	json_object_set_new(o, "after", generation(&r->after));
	if (json_object_set_new(o, "previous", json_string(a->head)) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* make_line: the line with its newline; its hash in `hash`. Octets, or negative errno. */
static ssize_t make_line(const struct audit *a, const struct audit_record *r,
	char line[AUDIT_LINE_MAX], char hash[AUDIT_HASH_SIZE])
{
	json_t *o = record_json(a, r);
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	size_t len = text != NULL ? strlen(text) - 1 : 0; /* without the brace at the end */
	int n;

	json_decref(o);
	if (text == NULL) {
		return -ENOMEM;
	}
	audit_hash(text, len, hash);
	n = snprintf(line, AUDIT_LINE_MAX, "%.*s,\"hash\":\"%s\"}\n", (int)len, text, hash);
	free(text);
	return n < AUDIT_LINE_MAX ? n : -EMSGSIZE;
}

/*
 * give_up: the file may hold a piece of a line: back to where it was good; if even that fails, the
 * next open finds the torn line.
 */
static int give_up(struct audit *a, int error)
{
	if (ftruncate(a->fd, (off_t)a->size) != 0 || fsync(a->fd) != 0) {
		close(a->fd);
		a->fd = -1;
	}
	return a->error = -error;
}

/* write_record: to the open file. */
static int write_record(struct audit *a, const struct audit_record *r)
{
	char *line = malloc(AUDIT_LINE_MAX);
	char hash[AUDIT_HASH_SIZE];
	ssize_t len = line != NULL ? make_line(a, r, line, hash) : -ENOMEM;
	ssize_t n = 0;

	if (len < 0) {
		free(line);
		return (int)len;
	}
	n = write(a->fd, line, (size_t)len);
	free(line);
	if (n != len || fsync(a->fd) != 0) {
		return give_up(a, n >= 0 && n != len ? ENOSPC : errno);
	}
	a->size += (size_t)len;
	a->records++;
	a->first = a->first != 0 ? a->first : a->records;
	memcpy(a->head, hash, sizeof(a->head));
	return a->error = 0;
}

/* tell_news: what was healed, as records; each is told once. */
static int tell_news(struct audit *a)
{
	struct audit_record r = { .role = SERVER_ADMIN };
	int rc = 0;

	if (a->news.torn != 0) {
		json_t *args = json_pack("{s:I}", "octets", (json_int_t)a->news.torn);

		r.verb = "audit.heal";
		r.args = args;
		r.error = "a line that a crash tore was cut off";
		rc = write_record(a, &r);
		a->news.torn = rc == 0 ? 0 : a->news.torn;
		json_decref(args);
	}
	if (rc == 0 && a->news.damaged != 0) {
		json_t *args = json_pack("{s:I}", "record", (json_int_t)a->news.damaged);

		r.verb = "audit.damage";
		r.args = args;
		r.error = "the record before this one was changed: the log does not verify";
		rc = write_record(a, &r);
		a->news.damaged = rc == 0 ? 0 : a->news.damaged;
		json_decref(args);
	}
	return rc;
}

/* read_end: the last octets of a file, and at which place they begin. */
static ssize_t read_end(int fd, size_t size, char *out, size_t room, size_t *begin)
{
	*begin = size > room ? size - room : 0;
	return pread(fd, out, size - *begin, (off_t)*begin);
}

/* last_line: of `len` octets that end in a newline. */
static const char *last_line(const char *text, size_t len, size_t *line_len)
{
	const char *before = len > 1 ? memrchr(text, '\n', len - 1) : NULL;
	const char *line = before != NULL ? before + 1 : text;

	*line_len = len - 1 - (size_t)(line - text);
	return line;
}

/* take_last: where the chain goes on, behind the last line of a file. */
static void take_last(struct audit *a, const char *path, const char *line, size_t len)
{
	struct audit_report report;
	struct audit_line l;

	if (audit_line_read(line, len, &l) == NULL) {
		a->records = l.record;
		memcpy(a->head, l.hash, sizeof(a->head));
		return;
	}
	(void)audit_verify(path, NULL, &report);
	a->records = l.record != 0 ? l.record : report.last + 1;
	audit_hash(line, len, a->head);
	a->news.damaged = a->records;
}

/* cut_torn: what stands behind the last newline of `len` octets that begin at `begin` of the file. */
static int cut_torn(struct audit *a, const char *text, size_t *len, size_t begin)
{
	const char *newline = memrchr(text, '\n', *len);
	size_t good = newline != NULL ? (size_t)(newline + 1 - text) : 0;
	struct audit_line l;

	if (good == *len) {
		return 0;
	}
	if (audit_line_read(text + good, *len - good, &l) == NULL) {
		/* whole but for its newline */
		if (write(a->fd, "\n", 1) != 1 || fsync(a->fd) != 0) {
			return -errno;
		}
		(*len)++; /* the caller's room has one more */
		a->size++;
		return 1;
	}
	if (newline == NULL && begin != 0) {
		return -EBADMSG; /* no line is so long: this is no log of ours */
	}
	if (ftruncate(a->fd, (off_t)(begin + good)) != 0 || fsync(a->fd) != 0) {
		return -errno;
	}
	a->news.torn = *len - good;
	a->size = begin + good;
	*len = good;
	return 0;
}

/* read_first: the number of the first record of the open file. */
static void read_first(struct audit *a)
{
	char text[64] = "";
	uint64_t first = 0;

	if (pread(a->fd, text, sizeof(text) - 1, 0) > 0 &&
		sscanf(text, "{\"schema_version\":1,\"record\":%" SCNu64 ",", &first) == 1) {
		a->first = first;
	} else {
		a->first = a->records;
	}
}

/* read_own: the end of audit.log. */
static int read_own(struct audit *a, const char *path)
{
	char *text = malloc(AUDIT_LINE_MAX + 1);
	const char *line;
	size_t begin;
	ssize_t n = text != NULL ? read_end(a->fd, a->size, text, AUDIT_LINE_MAX, &begin) : -1;
	size_t len = n > 0 ? (size_t)n : 0;
	size_t line_len;
	int rc = n < 0 ? -errno : cut_torn(a, text, &len, begin);

	if (rc == 1) {
		text[len - 1] = '\n';
		rc = 0;
	}
	if (rc == 0 && len != 0) {
		line = last_line(text, len, &line_len);
		take_last(a, path, line, line_len);
		read_first(a);
	}
	free(text);
	return rc;
}

/* read_older: audit.log has no record: the end of the file that was put aside last. */
static int read_older(struct audit *a)
{
	char path[AUDIT_PATH_SIZE];
	char *text = malloc(AUDIT_LINE_MAX);
	uint64_t *firsts = NULL;
	size_t n_files = 0;
	struct stat st;
	size_t line_len;
	size_t begin;
	ssize_t n = 0;
	int fd;
	int rc = text != NULL ? audit_files(a->folder, &firsts, &n_files) : -ENOMEM;

	if (rc == 0 && n_files != 0) {
		audit_path(a->folder, firsts[n_files - 1], path);
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 || fstat(fd, &st) != 0) {
			rc = -errno;
		} else {
			n = read_end(fd, (size_t)st.st_size, text, AUDIT_LINE_MAX, &begin);
			rc = n < 0 ? -errno : n == 0 ? -EBADMSG : 0;
		}
		if (fd >= 0) {
			close(fd);
		}
		if (rc == 0) {
			const char *line = last_line(text, (size_t)n, &line_len);

			take_last(a, path, line, line_len);
		}
	}
	free(firsts);
	free(text);
	return rc;
}

/* open_file: audit.log, locked. A file that was renamed before it was locked is opened anew. */
static int open_file(struct audit *a, const char *path)
{
	struct stat named;
	struct stat opened;

	for (int i = 0; i < 10; i++) {
		a->fd = open(path,
			O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		if (a->fd < 0) {
			return -errno;
		}
		if (fstat(a->fd, &opened) != 0 || !S_ISREG(opened.st_mode)) {
			return -EBADMSG;
		}
		if (flock(a->fd, LOCK_EX | LOCK_NB) != 0) {
			return -errno;
		}
		if (stat(path, &named) == 0 && named.st_ino == opened.st_ino &&
			named.st_dev == opened.st_dev && fstat(a->fd, &opened) == 0) {
			a->size = (size_t)opened.st_size;
			return durable_sync_folder(a->folder);
		}
		close(a->fd);
		a->fd = -1;
	}
	return -EAGAIN;
}

/* open_log: ready to write: healed, and the chain's end known. */
static int open_log(struct audit *a)
{
	char path[AUDIT_PATH_SIZE];
	int rc = 0;

	a->records = 0;
	a->first = 0;
	strcpy(a->head, AUDIT_NO_HASH);
	audit_path(a->folder, 0, path);
	if (mkdir(a->folder, 0750) != 0 && errno != EEXIST) {
		rc = -errno;
	}
	rc = rc == 0 ? open_file(a, path) : rc;
	rc = rc == 0 ? read_own(a, path) : rc;
	if (rc == 0 && a->records == 0) {
		rc = read_older(a);
	}
	if (rc != 0 && a->fd >= 0) {
		close(a->fd);
		a->fd = -1;
	}
	return a->error = rc;
}

struct audit *audit_open(const char *folder, struct diag *diag)
{
	struct audit *a = calloc(1, sizeof(*a));
	char path[AUDIT_PATH_SIZE];

	if (a == NULL || sodium_init() < 0) {
		diag_add(diag, DIAG_ERROR, folder, 0, 0, "audit log: out of memory");
		free(a);
		return NULL;
	}
	snprintf(a->folder, sizeof(a->folder), "%s", folder);
	a->fd = -1;
	a->most = AUDIT_FILE_MAX;
	audit_path(a->folder, 0, path);
	if (open_log(a) != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "audit log: %s",
			a->error == -EWOULDBLOCK ? "another process writes it"
			: a->error == -EBADMSG   ? "this is not an audit log"
						 : strerror(-a->error));
		return a;
	}
	if (a->news.torn != 0) {
		diag_add(diag, DIAG_WARNING, path, 0, 0,
			"audit log: a line that a crash tore was cut off: %" PRIu64 " octets",
			a->news.torn);
	}
	if (a->news.damaged != 0) {
		diag_add(diag, DIAG_WARNING, path, 0, 0,
			"audit log: record %" PRIu64 " was changed: the log does not verify",
			a->news.damaged);
	}
	(void)tell_news(a); /* else with the next record */
	return a;
}

/* rotate: puts the file aside under its first record's number and begins another. */
static int rotate(struct audit *a)
{
	char from[AUDIT_PATH_SIZE];
	char to[AUDIT_PATH_SIZE];
	int rc;

	audit_path(a->folder, 0, from);
	audit_path(a->folder, a->first, to);
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) != 0) {
		return 0; /* a log that is too long is better than none */
	}
	rc = durable_sync_folder(a->folder);
	close(a->fd);
	a->fd = -1;
	return rc != 0 ? a->error = rc : open_log(a);
}

int audit_put(struct audit *a, const struct audit_record *r)
{
	int rc = a->fd < 0 ? open_log(a) : 0;

	if (rc == 0 && a->size >= a->most && a->first != 0) {
		rc = rotate(a);
	}
	rc = rc == 0 ? tell_news(a) : rc;
	return rc == 0 ? write_record(a, r) : rc;
}

int audit_ready(struct audit *a)
{
	const struct audit_record r = {
		.role = SERVER_ADMIN,
		.verb = "audit.resume",
		.error = strerror(-a->error),
	};

	return a->error == 0 ? 0 : audit_put(a, &r);
}

const char *audit_head(const struct audit *a)
{
	return a->head;
}

uint64_t audit_records(const struct audit *a)
{
	return a->records;
}

void audit_limit_file(struct audit *a, size_t most)
{
	a->most = most;
}

void audit_close(struct audit *a)
{
	if (a == NULL) {
		return;
	}
	if (a->fd >= 0) {
		close(a->fd);
	}
	free(a);
}
