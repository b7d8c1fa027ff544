/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fileport: the two ends of a replay that are files: what the capture says of each frame beyond
 * its octets, and the capture that is written (with capture times, which net_pcap's own writer
 * would replace by the wall clock).
 *
 * Plain C; the replaying worker only (it may use stdio: nothing live waits for it).
 * Files: PLAN and index are written by control/ctl_replay.c (docs/replay.md).
 */
#ifndef SMSWALL_FILEPORT_H
#define SMSWALL_FILEPORT_H

#include "dataplane/base/diag.h"
#include "dataplane/net/frame.h"

struct fileport;

/*
 * fileport_open: `header` are the 24 octets OUT begins with; a byte-swapped header means that the
 * records' fields are swapped too. NULL with errors in `diag`.
 */
struct fileport *fileport_open(
	const char *index_path, const char *out_path, const uint8_t header[24], struct diag *diag);

/* fileport_total: frames in the index. */
uint64_t fileport_total(const struct fileport *p);

/* fileport_describe: sets number, input and wire_len of the next frame received; false beyond the index. */
bool fileport_describe(struct fileport *p, struct frame *f);

/* fileport_write: appends a frame with its time_us. */
void fileport_write(struct fileport *p, const struct frame *f);

/* fileport_close: flushes; false with the error in `diag` if anything could not be written. */
bool fileport_close(struct fileport *p, struct diag *diag);

#endif
