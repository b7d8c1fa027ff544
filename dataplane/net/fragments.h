/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fragments: IP fragments held as they came and judged through a gathered view
 * (RFC 791 3.2, RFC 8200 4.5, RFC 5722 on overlaps).
 *
 * A whole datagram becomes one gathered frame: a struct frame of this table whose data is a copy
 * of the reassembled packet (Ethernet and IP header of the first fragment, fragment fields
 * cleared) and whose `fragments` lists the originals in order of arrival. The pipeline treats it
 * as any frame. When it leaves, fragments_scatter() copies its IP payload back into the originals,
 * which then leave as they came: same number, same lengths, same order. First copy wins.
 *
 * Ownership: the table owns held fragments until it hands them over. Owning core only.
 * Bounds: `datagrams_max` datagrams, `frames_max` fragments in all, LIMIT per source, 2 s.
 */
#ifndef SMSWALL_NET_FRAGMENTS_H
#define SMSWALL_NET_FRAGMENTS_H

#include "dataplane/net/frame.h"

struct fragments_config {
	uint32_t datagrams_max;  /* being gathered at once */
	uint32_t per_source_max; /* of those, from one source address */
	uint32_t frames_max;     /* fragments held in all */
	uint64_t timeout_us;     /* RFC 8200 4.5 says 60 s; a hold of 2 s is what a link can bear */
	enum checksum_policy checksums;
};

struct fragments;

/* Boot only: the octets it will take, and the table in memory of the caller (64-byte aligned, zeroed). */
size_t fragments_size(const struct fragments_config *config);
struct fragments *fragments_init(void *memory, const struct fragments_config *config);

/*
 * fragments_add: takes the fragment `f`. Returns the gathered frame when `f` completes a datagram
 * (caller owns it until fragments_scatter), else NULL. Frames that are to leave now unjudged (no
 * hold, table full, overlap, malformed) are appended to `out` with their reason set; with `hold`
 * false (monitor, tap) fragments are copied and `f` itself is appended to `out` always, so that the
 * gathered frame has no fragments. A gathered frame has `gathered` set; it never leaves itself.
 */
struct frame *fragments_add(struct fragments *t, struct frame *f, bool hold, struct stats *stats,
	struct frame_list *out);

/* fragments_scatter: ends a gathered frame: copies its octets back and appends the originals to `out`. */
void fragments_scatter(struct fragments *t, struct frame *gathered, struct frame_list *out);

/* fragments_expire: appends to `out` all fragments of datagrams older than the time-out (UINT64_MAX: all). */
void fragments_expire(
	struct fragments *t, uint64_t now_us, struct stats *stats, struct frame_list *out);

/* Fragments held now. */
uint32_t fragments_held(const struct fragments *t);

#endif
