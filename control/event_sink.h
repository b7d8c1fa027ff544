/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * event_sink: where event lines are appended: a file, a pipe or standard output.
 *
 * Lines are gathered and written once a round. A file that cannot be opened or written to does not
 * stop anything: its lines are counted as lost, the state says why, and it is tried again every
 * EVENT_SINK_RETRY_MS; a file that was moved away (logrotate) is opened anew. What could be written
 * only in part is cut back to its last whole line.
 * Control thread only. Bounds: one buffer of EVENT_SINK_BUFFER octets and the longest line.
 */
#ifndef SMSWALL_CONTROL_EVENT_SINK_H
#define SMSWALL_CONTROL_EVENT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EVENT_SINK_BUFFER = 4 << 20, EVENT_SINK_RETRY_MS = 2000 };

enum event_sink_state { SINK_OFF, SINK_OK, SINK_CANNOT_OPEN, SINK_WRITE_ERROR };

struct event_sink {
	const char *path; /* "": nowhere; "-": standard output */
	int fd;           /* -1: not open */
	enum event_sink_state state;
	int error; /* errno of a bad state */
	char *buffer;
	size_t len;
	uint64_t n_buffered; /* lines in the buffer */
	uint64_t n_written;  /* lines */
	uint64_t n_lost;
	uint64_t next_look_ms;
};

/* event_sink_open: false when out of memory; a file that cannot be opened is a state. `path` outlives it. */
bool event_sink_open(struct event_sink *s, const char *path);

/* event_sink_put: one line without its newline. */
void event_sink_put(struct event_sink *s, const char *line, size_t len);

/* event_sink_flush: writes what was put; tries a broken or moved file again. */
void event_sink_flush(struct event_sink *s, uint64_t now_ms);

/* event_sink_close: writes the rest; false when lines were lost since it was opened. */
bool event_sink_close(struct event_sink *s);

const char *event_sink_state_name(enum event_sink_state state);

#endif
