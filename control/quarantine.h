/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quarantine: refused messages as they came, in capture files (pcapng) of a folder: for whoever has to
 * look at what was refused, and why. Off unless quarantine.path is set.
 *
 *   worker --ring--> control: quarantine_put() --> smswall-20261122T171500Z-000007.pcapng
 *
 * A file is closed (and synced) when it is full or old; the oldest go when all of them are too many
 * or too long. Packets are gathered and written once a round. What cannot be written is counted as
 * lost and told once; it is tried again every QUARANTINE_RETRY_MS and stops nothing.
 * Control thread only. Bounds: one buffer; the folder has at most quarantine.files files and
 * quarantine.total_size octets of ours. Files are 0640, the folder is made 0750; others' files in it
 * are left alone. Errors: a state, as of event_sink.h.
 */
#ifndef SMSWALL_CONTROL_QUARANTINE_H
#define SMSWALL_CONTROL_QUARANTINE_H

#include <assert.h>

#include "control/event_sink.h"
#include "control/quarantine_packet.h"

enum {
	QUARANTINE_BUFFER = 1 << 20,
	QUARANTINE_RETRY_MS = 2000,
	QUARANTINE_NAME_SIZE = 48,
	QUARANTINE_COMMIT_LEN = 65536, /* what is gathered before it is written without a round */
};
static_assert(QUARANTINE_PACKET_SIZE < QUARANTINE_BUFFER / 2, "a file's head and a packet fit");

struct quarantine {
	const struct config *config;
	int folder; /* -1: not open */
	int fd;     /* -1: no file */
	enum event_sink_state state;
	int error;       /* errno of a bad state */
	uint8_t *buffer; /* NULL: off */
	size_t len;
	uint32_t n_buffered; /* packets in the buffer */
	char name[QUARANTINE_NAME_SIZE];
	uint64_t file_len;  /* octets that are in the file */
	uint64_t first_us;  /* time of its first message */
	uint64_t number;    /* of the newest file */
	uint64_t retry_ms;  /* not before, after an error */
	bool told;          /* that it cannot be written */
	uint64_t n_written; /* packets */
	uint64_t n_lost;    /* the same, that could not be */
	uint64_t n_deleted; /* files, for the caps */
	uint64_t n_files;   /* in the folder */
	uint64_t n_octets;  /* of these, as far as they are written */
};

/* quarantine_open: false when out of memory; a folder that cannot be used is a state. `config` outlives it. */
bool quarantine_open(struct quarantine *q, const struct config *config, uint64_t now_ms);

/* quarantine_put: takes one message; `octets` may go away behind it. */
void quarantine_put(struct quarantine *q, const struct events_names *names, const struct event *e,
	struct bytes octets, uint64_t now_ms);

/* quarantine_flush: writes what was gathered; a file older than quarantine.age at `now_us` is closed (0: not looked at). */
void quarantine_flush(struct quarantine *q, uint64_t now_us, uint64_t now_ms);

/* quarantine_close: writes and syncs the rest; false when packets were lost. */
bool quarantine_close(struct quarantine *q);

#endif
