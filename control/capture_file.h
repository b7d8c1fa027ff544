/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * capture_file: one capture file, frame after frame. Plain pcap (both byte orders, micro- and
 * nanoseconds) is read here, octet by octet as it is; pcapng and old kinds by libpcap.
 *
 * Control only. Ownership: capture_file_close() releases what capture_file_open() took, also after
 * a failed open. Errors: sentences in `diag` and a control_code. One frame is kept at a time.
 */
#ifndef SMSWALL_CONTROL_CAPTURE_FILE_H
#define SMSWALL_CONTROL_CAPTURE_FILE_H

#include <stdio.h>

#include "control/capture.h"
#include "control/capture_link.h"

struct pcap;

/* draft-ietf-opsawg-pcap-04 4: plain pcap in microseconds, in this machine's byte order. */
#define CAPTURE_MAGIC_US 0xA1B2C3D4u

/* One frame as the file has it. */
struct capture_record {
	uint32_t seconds;
	uint32_t micros;
	uint32_t len;      /* captured */
	uint32_t wire_len; /* on the wire */
	const uint8_t *data;
};

/* One open file. */
struct capture_file {
	struct capture_input *input;
	FILE *file;        /* plain pcap, else NULL */
	struct pcap *pcap; /* other kinds, else NULL */
	bool swapped;
	bool nano;
	enum capture_link link;
	uint8_t header[CAPTURE_HEADER_LEN];
	uint32_t snap_len;
	bool done;
	struct capture_record head; /* the next frame, while !done */
	uint64_t head_us;
	uint8_t *octets;              /* LIMIT_FRAME_LEN, for plain pcap */
	char path[CAPTURE_PATH_SIZE]; /* of what is read: the file, or the copy of a pipe */
};

/* capture_u32: a field of a pcap header in the file's byte order. */
static inline uint32_t capture_u32(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

/*
 * capture_file_open: opens r->input->path, finds its format and link type. A pipe is copied into
 * `folder` as its `number`th file first. 0, CONTROL_INVALID or CONTROL_FAILED.
 */
int capture_file_open(
	struct capture_file *r, const char *folder, unsigned number, struct diag *diag);

/* capture_file_next: makes r->head the next frame and counts it, or sets r->done. As above. */
int capture_file_next(struct capture_file *r, struct diag *diag);

/*
 * capture_file_fits: a plain file that libpcap reads to its end as it is: no frame is longer than
 * the snap length in the file's header (some writers name one that is too small, and libpcap cuts
 * to it), and the file does not end inside a frame. Leaves the file at its first frame.
 */
bool capture_file_fits(struct capture_file *r);

/* capture_file_refuse_length: says that `frame` of `len` octets is too long. CONTROL_INVALID. */
int capture_file_refuse_length(
	const struct capture_file *r, uint64_t frame, uint32_t len, struct diag *diag);

void capture_file_close(struct capture_file *r);

#endif
