/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/version.h"
#include "dataplane/base/clock.h"

static const char prefix[] = "smswall-";
static const char suffix[] = ".pcapng";
enum { STAMP_LEN = 16 /* 20261122T171500Z */, DIGITS_MIN = 6, DIGITS_MAX = 15 };

static bool all_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return false;
		}
	}
	return len != 0;
}

/* number_of: of a file of ours by its name; 0: it is another's. */
static uint64_t number_of(const char *name)
{
	size_t len = strlen(name);
	const char *stamp = name + sizeof(prefix) - 1;
	const char *digits = stamp + STAMP_LEN + 1;
	size_t fixed = sizeof(prefix) - 1 + STAMP_LEN + 1 + sizeof(suffix) - 1;

	if (len < fixed + DIGITS_MIN || len > fixed + DIGITS_MAX ||
		strncmp(name, prefix, sizeof(prefix) - 1) != 0 ||
		strcmp(name + len - (sizeof(suffix) - 1), suffix) != 0 || !all_digits(stamp, 8) ||
		stamp[8] != 'T' || !all_digits(stamp + 9, 6) || stamp[15] != 'Z' ||
		stamp[STAMP_LEN] != '-' || !all_digits(digits, len - fixed)) {
		return 0;
	}
	return strtoull(digits, NULL, 10);
}

static void name_file(char name[QUARANTINE_NAME_SIZE], uint64_t time_us, uint64_t number)
{
	time_t seconds = (time_t)(time_us / CLOCK_US_PER_S);
	char stamp[STAMP_LEN + 1] = "19700101T000000Z";
	struct tm t;

	if (gmtime_r(&seconds, &t) != NULL) {
		/* a year of five digits would leave the stamp as it is */
		(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &t);
	}
	snprintf(name, QUARANTINE_NAME_SIZE, "%s%.16s-%06" PRIu64 "%s", prefix, stamp,
		number % UINT64_C(1000000000000000), suffix);
}

/* What is in the folder. */
struct census {
	uint64_t n_files;
	uint64_t n_octets;
	uint64_t newest;
	uint64_t oldest;
	char oldest_name[QUARANTINE_NAME_SIZE];
	uint64_t oldest_octets;
};

static int take_census(const struct quarantine *q, struct census *c)
{
	int fd = openat(q->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	struct stat st;

	*c = (struct census){ .oldest = UINT64_MAX };
	if (dir == NULL) {
		int error = errno;

		if (fd >= 0) {
			close(fd);
		}
		return -error;
	}
	while ((entry = readdir(dir)) != NULL) {
		uint64_t number = number_of(entry->d_name);

		if (number == 0 ||
			fstatat(q->folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
			!S_ISREG(st.st_mode)) {
			continue;
		}
		c->n_files++;
		c->n_octets += (uint64_t)st.st_size;
		c->newest = number > c->newest ? number : c->newest;
		if (number < c->oldest) {
			c->oldest = number;
			c->oldest_octets = (uint64_t)st.st_size;
			snprintf(c->oldest_name, sizeof(c->oldest_name), "%s", entry->d_name);
		}
	}
	closedir(dir);
	return 0;
}

static void fail(struct quarantine *q, enum event_sink_state state, int error, uint64_t now_ms)
{
	q->state = state;
	q->error = error;
	q->retry_ms = now_ms + QUARANTINE_RETRY_MS;
	if (!q->told) {
		q->told = true;
		fprintf(stderr,
			"smswalld: %s: quarantine cannot be written: %s; what is refused is not kept until "
			"it can be\n",
			q->config->quarantine_path, strerror(error));
	}
}

static void recover(struct quarantine *q)
{
	q->state = SINK_OK;
	q->error = 0;
	if (q->told) {
		q->told = false;
		fprintf(stderr,
			"smswalld: %s: quarantine is written again; %" PRIu64
			" messages were not kept\n",
			q->config->quarantine_path, q->n_lost);
	}
}

static void close_folder(struct quarantine *q)
{
	if (q->folder >= 0) {
		close(q->folder);
	}
	q->folder = -1;
}

static int open_folder(struct quarantine *q)
{
	const char *path = q->config->quarantine_path;

	if (mkdir(path, 0750) != 0 && errno != EEXIST) {
		return -errno;
	}
	q->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return q->folder >= 0 ? 0 : -errno;
}

/* look: what there is already. 0 or -errno. */
static int look(struct quarantine *q, struct census *c)
{
	int rc = take_census(q, c);

	if (rc == 0) {
		q->n_files = c->n_files;
		q->n_octets = c->n_octets;
		q->number = c->newest > q->number ? c->newest : q->number;
	}
	return rc;
}

/* make_room: the oldest files go until there is room for a whole new one. 0 or -errno. */
static int make_room(struct quarantine *q)
{
	const struct config *c = q->config;
	struct census census;
	int rc;

	for (;;) {
		rc = look(q, &census);
		if (rc != 0) {
			return rc;
		}
		if (census.n_files == 0 || (census.n_files < c->quarantine_files &&
						   census.n_octets + c->quarantine_file_size <=
							   c->quarantine_total_size)) {
			return 0;
		}
		if (unlinkat(q->folder, census.oldest_name, 0) != 0) {
			return -errno;
		}
		q->n_deleted++;
	}
}

static int open_file(struct quarantine *q, uint64_t time_us)
{
	int rc = q->folder >= 0 ? 0 : open_folder(q);

	rc = rc == 0 ? make_room(q) : rc;
	if (rc != 0) {
		return rc;
	}
	name_file(q->name, time_us, ++q->number);
	q->fd = openat(
		q->folder, q->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (q->fd < 0) {
		return -errno;
	}
	q->file_len = 0;
	q->first_us = time_us;
	q->n_files++;
	/* whatever the mask of the process: those of the group may read */
	return fchmod(q->fd, 0640) == 0 ? 0 : -errno;
}

static size_t put_head(const struct quarantine *q, uint8_t *out, size_t size)
{
	const struct pipeline_config *p = &q->config->pipeline;
	size_t len = pcapng_put_section(out, size, "smswall " SMSWALL_VERSION);

	for (unsigned i = 0; i < p->n_links; i++) {
		len += pcapng_put_interface(
			out + len, size - len, PCAPNG_LINKTYPE_UPPER_PDU, p->links[i].name);
	}
	return len;
}

/* give_up: what is in the buffer is lost, and of the file what was written of it. */
static void give_up(struct quarantine *q)
{
	q->n_lost += q->n_buffered;
	q->n_buffered = 0;
	q->len = 0;
	if (q->fd < 0) {
		return;
	}
	if (ftruncate(q->fd, (off_t)q->file_len) != 0 || q->file_len == 0) {
		/* a file that does not end in a whole packet would not be read: better none */
		(void)unlinkat(q->folder, q->name, 0);
		q->n_files--;
		q->n_octets -= q->file_len;
	}
	close(q->fd);
	q->fd = -1;
}

/* write_out: 0 or -errno; the buffer is empty afterwards. */
static int write_out(struct quarantine *q)
{
	size_t done = 0;

	while (done < q->len) {
		ssize_t n = write(q->fd, q->buffer + done, q->len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			int error = n == 0 ? EIO : errno;

			give_up(q);
			return -error;
		}
	}
	q->file_len += q->len;
	q->n_octets += q->len;
	q->n_written += q->n_buffered;
	q->n_buffered = 0;
	q->len = 0;
	return 0;
}

/* end_file: 0 or -errno. */
static int end_file(struct quarantine *q)
{
	int rc = 0;

	if (q->fd < 0) {
		return 0;
	}
	rc = write_out(q);
	if (q->fd < 0) {
		return rc;
	}
	if (fsync(q->fd) != 0 || fsync(q->folder) != 0) {
		rc = -errno;
	}
	if (close(q->fd) != 0 && rc == 0) {
		rc = -errno;
	}
	q->fd = -1;
	return rc;
}

static bool is_over(const struct quarantine *q, uint64_t time_us)
{
	return q->config->quarantine_age_us != 0 &&
	       time_us >= q->first_us + q->config->quarantine_age_us;
}

/*
 * let_go: somebody has deleted the file, or taken its folder away: what was in it is gone, and what
 * would be written to it. Asked where nothing waits to be written: a hundred times a second at most.
 */
static void let_go(struct quarantine *q)
{
	struct stat st;

	if (q->fd < 0 || q->len != 0 || fstat(q->fd, &st) != 0 || st.st_nlink != 0) {
		return;
	}
	close(q->fd);
	q->fd = -1;
	if (fstat(q->folder, &st) == 0 && st.st_nlink == 0) {
		close_folder(q);
	}
}

/* begin_file: a file with its head in the buffer is open. 0 or -errno. */
static int begin_file(struct quarantine *q, uint64_t time_us)
{
	int rc = open_file(q, time_us);

	if (rc != 0) {
		give_up(q);
		close_folder(q); /* it may have been taken away: looked for anew */
		return rc;
	}
	q->len = put_head(q, q->buffer, QUARANTINE_BUFFER);
	return 0;
}

bool quarantine_open(struct quarantine *q, const struct config *config, uint64_t now_ms)
{
	struct census census;
	int rc;

	*q = (struct quarantine){ .config = config, .folder = -1, .fd = -1 };
	if (config->pipeline.quarantine_actions == 0) {
		return true;
	}
	q->buffer = malloc(QUARANTINE_BUFFER);
	if (q->buffer == NULL) {
		return false;
	}
	q->state = SINK_OK;
	rc = open_folder(q);
	rc = rc == 0 ? look(q, &census) : rc;
	if (rc != 0) {
		fail(q, SINK_CANNOT_OPEN, -rc, now_ms);
		q->retry_ms = 0; /* the first message tries again */
	}
	return true;
}

/* place: a file is open, and the packet lies behind what is in the buffer, *len octets. 0 or -errno. */
static int place(struct quarantine *q, const struct events_names *names, const struct event *e,
	struct bytes octets, size_t *len)
{
	int rc = 0;

	let_go(q);
	if (q->fd >= 0 && is_over(q, e->time_us)) {
		rc = end_file(q);
	}
	if (rc == 0 && q->fd < 0) {
		rc = begin_file(q, e->time_us);
	}
	if (rc == 0) {
		*len = quarantine_packet_put(
			names, e, octets, q->buffer + q->len, QUARANTINE_BUFFER - q->len);
	}
	return rc;
}

/* is_full: with this packet the file would be too long; a file has one at least. */
static bool is_full(const struct quarantine *q, size_t len)
{
	return q->file_len + q->len + len > q->config->quarantine_file_size &&
	       q->file_len + q->n_buffered != 0;
}

void quarantine_put(struct quarantine *q, const struct events_names *names, const struct event *e,
	struct bytes octets, uint64_t now_ms)
{
	size_t len = 0;
	int rc;

	if (q->buffer == NULL) {
		return;
	}
	if (q->state != SINK_OK && now_ms < q->retry_ms) {
		q->n_lost++;
		return;
	}
	rc = place(q, names, e, octets, &len);
	if (rc == 0 && is_full(q, len)) {
		len = 0;
		rc = end_file(q);
		rc = rc == 0 ? place(q, names, e, octets, &len) : rc;
	}
	if (len == 0) {
		q->n_lost++;
	} else {
		q->len += len;
		q->n_buffered++;
		rc = q->len >= QUARANTINE_COMMIT_LEN ? write_out(q) : 0;
	}
	if (rc != 0) {
		fail(q, q->folder < 0 ? SINK_CANNOT_OPEN : SINK_WRITE_ERROR, -rc, now_ms);
	} else if (q->state != SINK_OK && q->file_len != 0) {
		recover(q);
	}
}

void quarantine_flush(struct quarantine *q, uint64_t now_us, uint64_t now_ms)
{
	int rc = 0;

	if (q->fd < 0) {
		return;
	}
	if (now_us != 0 && is_over(q, now_us)) {
		rc = end_file(q);
	} else if (q->len != 0) {
		rc = write_out(q);
	}
	if (rc != 0) {
		fail(q, SINK_WRITE_ERROR, -rc, now_ms);
	} else if (q->state != SINK_OK) {
		recover(q);
	}
}

bool quarantine_close(struct quarantine *q)
{
	int rc = end_file(q);

	if (rc != 0) {
		fail(q, SINK_WRITE_ERROR, -rc, 0);
	}
	close_folder(q);
	free(q->buffer);
	q->buffer = NULL;
	return q->n_lost == 0 && q->state != SINK_WRITE_ERROR && q->state != SINK_CANNOT_OPEN;
}
