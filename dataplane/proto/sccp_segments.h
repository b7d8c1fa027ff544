/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sccp_segments: the user's octets of XUDT and LUDT messages that came in segments, put together.
 *
 * Between sccp and tcap. Nothing is held back: a segment has left when the next arrives, so a verdict
 * on the whole can only touch the one that completed it, and `own_off` says where that lies.
 * A table of copies, keyed by link, originating and destination point code, calling address and
 * local reference (Q.714 4.1.1.2.3). A receiver gets segments in the order of their stream; here
 * they pass as packets do, lost ones late, so they are taken in any order, and of two copies of one
 * segment that differ the newer counts: each whole that can be made on an arrival is given back,
 * also on a copy of what was whole before: a refused last segment could be sent again as it was.
 * What is whole stays for its age, or until room is needed, for just such a copy.
 * Ownership: the table owns its copies; what is joined is in memory of the caller. Owning core only.
 * Bounds: `messages_max` messages at once, LIMIT_SCCP_SEGMENTS segments, LIMIT_SCCP_JOINED_LEN octets.
 * Source: ITU-T Q.714 (05/01) 4.1.1.2.3, Q.713 3.17.
 */
#ifndef SMSWALL_PROTO_SCCP_SEGMENTS_H
#define SMSWALL_PROTO_SCCP_SEGMENTS_H

#include "dataplane/proto/sccp.h"

struct sccp_segments_config {
	uint32_t messages_max; /* being put together at once; each takes a little above 4 KB */
	uint64_t age_us;       /* T(reassembly): 10 to 20 s (Q.714 annex C) */
};

struct sccp_segments;

/* Boot only: the octets it will take, and the table in memory of the caller (64-byte aligned, zeroed). */
size_t sccp_segments_size(const struct sccp_segments_config *config);
struct sccp_segments *sccp_segments_init(void *memory, const struct sccp_segments_config *config);

struct sccp_joined {
	struct bytes
		octets; /* in the caller's memory, or, of a single segment, the message's own */
	/*
	 * Where the octets of the segment just given lie in it: mostly at the end, but not where that
	 * one was lost or late. All others have left.
	 */
	size_t own_off;
	size_t own_len;
	unsigned n_segments;
};

/*
 * sccp_segments_add: takes the segment `m` (m->segmentation.present) that went from `opc` to `dpc`
 * on `link`. `scratch` has LIMIT_SCCP_JOINED_LEN octets. Counts in `stats` each reason it meets.
 * PARSE_OK: *joined is the whole. *why: none, or as below.
 * PARSE_MORE: it is not whole yet. *why: none, sccp_segment_duplicate (had
 *   before), sccp_segment_differs (had before with other octets: the new ones count),
 *   sccp_segment_restart (another first segment), sccp_segment_early (before its first segment).
 * PARSE_BAD: it cannot be put together and is to pass. *why: sccp_segment_count (more to come than
 *   after the first one), sccp_segment_full (no room), sccp_segment_oversize (the whole is too long).
 */
enum parse sccp_segments_add(struct sccp_segments *t, unsigned link, uint32_t opc, uint32_t dpc,
	const struct sccp_message *m, uint64_t now_us, uint8_t *scratch, struct stats *stats,
	struct sccp_joined *joined, enum reason *why);

/* sccp_segments_expire: forgets what is older than the age (UINT64_MAX: all); R_sccp_segment_timeout. */
void sccp_segments_expire(struct sccp_segments *t, uint64_t now_us, struct stats *stats);

/* Messages being put together now. */
uint32_t sccp_segments_held(const struct sccp_segments *t);

#endif
