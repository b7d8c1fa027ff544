/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/event_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_stdout(const struct event_sink *s)
{
	return strcmp(s->path, "-") == 0;
}

static void fail(struct event_sink *s, enum event_sink_state state, int error)
{
	s->state = state;
	s->error = error;
}

static void open_file(struct event_sink *s)
{
	s->fd = is_stdout(s) ? dup(STDOUT_FILENO)
	                     : open(s->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (s->fd < 0) {
		fail(s, SINK_CANNOT_OPEN, errno);
		return;
	}
	fail(s, SINK_OK, 0);
}

static void close_file(struct event_sink *s)
{
	if (s->fd >= 0 && close(s->fd) != 0 && s->state == SINK_OK) {
		fail(s, SINK_WRITE_ERROR, errno);
	}
	s->fd = -1;
}

bool event_sink_open(struct event_sink *s, const char *path)
{
	*s = (struct event_sink){ .path = path, .fd = -1 };
	if (path[0] == '\0') {
		return true;
	}
	s->buffer = malloc(EVENT_SINK_BUFFER);
	if (s->buffer == NULL) {
		return false;
	}
	open_file(s);
	return true;
}

static uint64_t lines_in(const char *data, size_t len)
{
	uint64_t n = 0;

	for (const char *p = data; (p = memchr(p, '\n', len - (size_t)(p - data))) != NULL; p++) {
		n++;
	}
	return n;
}

/* cut_back: removes the last, torn line of a file; what is no file keeps it. */
static void cut_back(const struct event_sink *s, size_t torn)
{
	struct stat st;

	if (torn != 0 && fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) &&
		st.st_size >= (off_t)torn && ftruncate(s->fd, st.st_size - (off_t)torn) != 0) {
		return; /* the state already says that writing fails */
	}
}

static void write_out(struct event_sink *s)
{
	size_t done = 0;
	size_t whole;
	uint64_t written;

	while (s->fd >= 0 && done < s->len) {
		ssize_t n = write(s->fd, s->buffer + done, s->len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			fail(s, SINK_WRITE_ERROR, n == 0 ? EIO : errno);
			break;
		}
	}
	for (whole = done; whole > 0 && s->buffer[whole - 1] != '\n'; whole--) {
	}
	written = lines_in(s->buffer, whole);
	if (s->fd >= 0 && done < s->len) {
		cut_back(s, done - whole);
		close_file(s);
	}
	s->n_written += written;
	s->n_lost += s->n_buffered - written;
	s->n_buffered = 0;
	s->len = 0;
}

void event_sink_put(struct event_sink *s, const char *line, size_t len)
{
	if (s->buffer == NULL || len == 0) {
		return;
	}
	if (len + 1 > EVENT_SINK_BUFFER - s->len) {
		write_out(s);
	}
	if (len + 1 > EVENT_SINK_BUFFER) {
		s->n_lost++;
		return;
	}
	memcpy(s->buffer + s->len, line, len);
	s->buffer[s->len + len] = '\n';
	s->len += len + 1;
	s->n_buffered++;
}

/* was_moved: the name is another file's by now, or nobody's. */
static bool was_moved(const struct event_sink *s)
{
	struct stat ours;
	struct stat named;

	if (is_stdout(s) || fstat(s->fd, &ours) != 0) {
		return false;
	}
	return stat(s->path, &named) != 0 || named.st_ino != ours.st_ino ||
	       named.st_dev != ours.st_dev;
}

void event_sink_flush(struct event_sink *s, uint64_t now_ms)
{
	if (s->buffer == NULL) {
		return;
	}
	if (now_ms >= s->next_look_ms) {
		s->next_look_ms = now_ms + EVENT_SINK_RETRY_MS;
		if (s->fd >= 0 && was_moved(s)) {
			close_file(s);
		}
		if (s->fd < 0) {
			open_file(s);
		}
	}
	if (s->len != 0) {
		write_out(s);
	}
}

bool event_sink_close(struct event_sink *s)
{
	if (s->buffer != NULL) {
		write_out(s);
		close_file(s);
		free(s->buffer);
		s->buffer = NULL;
	}
	return s->n_lost == 0 && (s->state == SINK_OK || s->state == SINK_OFF);
}

const char *event_sink_state_name(enum event_sink_state state)
{
	switch (state) {
	case SINK_OFF:
		return "off";
	case SINK_OK:
		return "ok";
	case SINK_CANNOT_OPEN:
		return "cannot_open";
	case SINK_WRITE_ERROR:
		return "write_error";
	}
	return "unknown";
}
