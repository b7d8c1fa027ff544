/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stream: the octets of one TCP direction by sequence number: what has been seen and what is to
 * leave. It is the reassembly buffer, the journal of edits and the memory that makes a
 * retransmission leave with the same octets as the first copy (design.md law 4), in one.
 *
 *      low                 contiguous            an octet is in the store once: the first copy wins,
 *       |#########################|....###|      an edit overwrites, and what leaves is what the
 *       acknowledged: freed       gap  ahead     store says.
 *
 * A store is a short list of chunks of LIMIT_CHUNK_LEN octets of sequence space, each with a bitmap
 * of the octets it has and of those that have left (an octet that has left is never edited: a later
 * copy must be the same), so any mix of overlaps is exact by construction. Chunks come from one pool
 * per worker. Sequence numbers wrap (RFC 9293 3.4): all comparisons are by signed difference.
 * An acknowledgement may be lost behind us: its sender then repeats what we had already forgotten, as
 * it was before the edit. Chunks with edits are therefore kept for LIMIT_JOURNAL_US after they were
 * acknowledged, to be laid over such copies; they are not read, written or counted otherwise.
 * Ownership: pool and stores belong to one worker. Owning core only.
 * Bounds: the pool, LIMIT_STREAM_CHUNKS per store, and LIMIT_JOURNAL_CHUNKS kept ones; none is kept
 * where a quarter of the pool or less is free.
 */
#ifndef SMSWALL_NET_STREAM_H
#define SMSWALL_NET_STREAM_H

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"

struct stream_chunk {
	struct stream_chunk *next;
	uint32_t first; /* sequence number of octet 0, a multiple of LIMIT_CHUNK_LEN */
	uint32_t n_octets;
	uint64_t kept_us; /* acknowledged since then */
	bool edited;      /* some of its octets are not those that came */
	uint64_t have[LIMIT_CHUNK_LEN / 64];
	uint64_t left[LIMIT_CHUNK_LEN / 64]; /* a subset of `have` */
	uint8_t octets[LIMIT_CHUNK_LEN];
};

struct stream_pool {
	struct stream_chunk *free;
	uint32_t n_free;
	uint32_t n_chunks;
};

struct stream {
	struct stream_chunk *head; /* lowest sequence first */
	struct stream_chunk *tail;
	uint32_t n_chunks;
	uint32_t
		n_written; /* octets ever stored, modulo 2^32: a difference says what a put added */
	struct stream_chunk *kept; /* acknowledged ones with edits, oldest first */
	struct stream_chunk *kept_last;
	uint32_t n_kept;
};

static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* stream_pool_init: makes a pool of n chunks out of `memory` (n * sizeof(struct stream_chunk), aligned 8). */
void stream_pool_init(struct stream_pool *pool, void *memory, uint32_t n_chunks);

enum stream_put { STREAM_NEW, STREAM_SAME, STREAM_DIFFERS, STREAM_FULL };

/*
 * stream_put: writes those octets of `data` at `seq` that the store does not have. STREAM_NEW: all
 * or some were new, none differed; STREAM_SAME: nothing new; STREAM_DIFFERS: an octet it had is
 * another one (the store's stays); STREAM_FULL: no chunk was left, the rest was not stored.
 */
enum stream_put stream_put(
	struct stream *s, struct stream_pool *pool, uint32_t seq, struct bytes data);

/* stream_run: how many octets the store has without a gap from `seq` on, at most `max`. */
size_t stream_run(const struct stream *s, uint32_t seq, size_t max);

/*
 * stream_get: the `len` octets at `seq`, which must all be there (stream_run): a pointer into a
 * chunk when they lie in one, else gathered into `scratch` (of at least `len` octets).
 */
struct bytes stream_get(const struct stream *s, uint32_t seq, size_t len, uint8_t *scratch);

/* stream_span: of the `len` octets at `seq`, which must all be there, those that lie in one piece. */
struct bytes stream_span(const struct stream *s, uint32_t seq, size_t len);

/* stream_edit: overwrites octets that the store has and that have not left; all others are skipped. */
void stream_edit(struct stream *s, uint32_t seq, struct bytes data);

/* stream_overlay: makes `data` (at `seq`) equal to the store where the store has octets; true if any changed. */
bool stream_overlay(const struct stream *s, uint32_t seq, uint8_t *data, size_t len);

/* stream_seek: the first octet at or after `seq` that the store has; false if there is none. */
bool stream_seek(const struct stream *s, uint32_t seq, uint32_t *at);

/* stream_mark_left: notes that the octets of [seq, seq + len) that the store has were sent on. */
void stream_mark_left(struct stream *s, uint32_t seq, size_t len);

/* stream_count_left: how many octets of [seq, seq + len) are marked so. */
size_t stream_count_left(const struct stream *s, uint32_t seq, size_t len);

/* stream_count_waiting: how many octets of [seq, seq + len) the store has that have not left. */
size_t stream_count_waiting(const struct stream *s, uint32_t seq, size_t len);

/* stream_forget: the chunks that lie wholly below `seq` are freed, or kept for their edits from now on. */
void stream_forget(struct stream *s, struct stream_pool *pool, uint32_t seq, uint64_t now_us);

/* stream_age: frees kept chunks whose time is over. */
void stream_age(struct stream *s, struct stream_pool *pool, uint64_t now_us);

/* stream_clear: frees all. */
void stream_clear(struct stream *s, struct stream_pool *pool);

#endif
