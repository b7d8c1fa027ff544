/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * capture: what a person calls "a capture", made into what DPDK's net_pcap can read: one Ethernet
 * pcap in microseconds, and an index of what that form cannot say (length on the wire, number of
 * the frame in its own file).
 *
 * net_pcap takes every file for Ethernet without a word (DPDK 22.11): so the link type is looked at
 * here first; Linux cooked, NULL/LOOP and raw IP get a synthetic Ethernet header, others are
 * refused by name. Nothing is left out in silence: a frame that cannot be carried is an error.
 * Control only. Ownership: files are made in the caller's folder, who removes it. Bounds:
 * CAPTURE_INPUTS_MAX files; frames are streamed, none is kept.
 * Source: draft-ietf-opsawg-pcap (file header, record header), tcpdump.org link types.
 */
#ifndef SMSWALL_CONTROL_CAPTURE_H
#define SMSWALL_CONTROL_CAPTURE_H

#include <stdint.h>

#include "dataplane/base/diag.h"

enum {
	CAPTURE_INPUTS_MAX = 64,
	CAPTURE_HEADER_LEN = 24,
	CAPTURE_RECORD_LEN = 16,
	CAPTURE_INDEX_LEN =
		12, /* u32 wire length, u32 frame, u8 input, u8 flags, u16 0; big-endian */
	CAPTURE_INDEX_CUT = 1, /* flag: the capture holds less than was on the wire */
	CAPTURE_PATH_SIZE = 4096,
	CAPTURE_SNAP_LEN = 262144, /* what tools write for "whole frames" */
};

/* One file, as it was found. */
struct capture_input {
	const char *path;   /* the caller's */
	const char *format; /* "pcap", "pcap, big-endian", "pcapng", ... static */
	const char *link;   /* "Ethernet", "Linux cooked (SLL)", ... static */
	bool converted;     /* its frames got a synthetic Ethernet header */
	bool cut_off;       /* the file ends inside a frame; the whole ones before are used */
	bool times_back;    /* some frame is older than the one before it */
	uint64_t frames;
	uint64_t frames_cut; /* shorter than they were on the wire */
	uint64_t octets;     /* captured */
	uint64_t first_us;
	uint64_t last_us;
};

struct capture {
	struct capture_input inputs[CAPTURE_INPUTS_MAX];
	unsigned n_inputs;
	uint64_t frames;
	uint32_t snap_len;                  /* for OUT's header */
	uint8_t header[CAPTURE_HEADER_LEN]; /* for OUT, in this machine's byte order */
	bool swapped; /* the only input is a microsecond Ethernet pcap of the other byte order */
	char pcap_path[CAPTURE_PATH_SIZE];  /* folder/in.pcap */
	char index_path[CAPTURE_PATH_SIZE]; /* folder/in.index */
};

/*
 * capture_prepare: looks at every file and writes folder/in.pcap and folder/in.index, merged by
 * time (equal times: in the order of `paths`; each file keeps its own order). 0, or
 * CONTROL_INVALID (the input is at fault) or CONTROL_FAILED (this machine is), with sentences in
 * `diag`, which gets warnings too. `folder` has no comma or space in its name.
 */
int capture_prepare(struct capture *c, const char *const *paths, unsigned n, const char *folder,
	struct diag *diag);

/*
 * capture_finish: gives `out_path`, written in this machine's byte order, the byte order of the
 * input where capture.swapped says so. 0 or CONTROL_FAILED.
 */
int capture_finish(const struct capture *c, const char *out_path, struct diag *diag);

#endif
