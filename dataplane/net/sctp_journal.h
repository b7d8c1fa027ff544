/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sctp_journal: the user data of DATA chunks by TSN: what has been seen and what is to leave. One
 * per worker, for all its associations: blocks of one size, and an index by (direction, TSN).
 *
 *      entry = first block [ what | octets ] -> [ octets ] -> [ octets ]     one DATA chunk
 *      run   = entries that follow each other inside one user message, joined as they come
 *
 * It is the reassembly buffer, the journal of edits and the memory that makes a retransmission leave
 * with the octets of the first copy (design.md law 4), in one; net/stream.h is the same for TCP.
 * An acknowledgement may be lost behind us, or cross a copy on another path: edited entries are
 * therefore kept for LIMIT_SCTP_KEPT_US after it, to be laid over such copies (sctp_keep.c).
 * Ownership: the journal owns its blocks; an entry is in one direction's list (sctp_direction.h).
 * Owning core only. Bounds: the blocks, fixed at boot; all steps are O(1) but those over the octets
 * or the fragments of one message.
 */
#ifndef SMSWALL_NET_SCTP_JOURNAL_H
#define SMSWALL_NET_SCTP_JOURNAL_H

#include "dataplane/net/sctp.h"

struct sctp_block;

/* How far an entry is. */
enum sctp_entry_state {
	SCTP_WAITING, /* a fragment of an unfinished message */
	SCTP_READY,   /* its message is complete and not judged */
	SCTP_DONE,    /* judged, or given up: accounted */
};

struct sctp_entry {
	struct sctp_entry *index_next;    /* by TSN */
	struct sctp_entry *fragment_next; /* by stream, MID and FSN: fragments of I-DATA only */
	struct sctp_entry *prev;          /* of its list, by the newest copy */
	struct sctp_entry *next;
	struct sctp_entry *run_next; /* the next fragment of its message */
	struct sctp_entry *run_prev; /* and the one before */
	struct sctp_entry *run_end;  /* at either end of a run: the other end */
	struct sctp_entry *ready_next;
	struct sctp_block *more; /* octets beyond the first block */
	uint64_t time_us;        /* arrival of the newest copy */
	uint64_t frame;          /* and its number */
	uint32_t direction;      /* sctp_direction.id */
	uint32_t tsn;
	uint32_t number;
	uint32_t fsn;
	uint32_t ppid;
	uint32_t run_len;      /* at the first of a run: octets of the run */
	uint32_t run_count;    /* at the first of a run: its entries */
	uint32_t original_crc; /* edited: of the octets as they came */
	uint16_t len;
	uint16_t stream;
	uint8_t flags;
	uint8_t state;    /* enum sctp_entry_state */
	uint8_t given_up; /* enum reason: why its message will not be judged, or none */
	bool interleaved;
	bool left;     /* it was sent on before its verdict */
	bool edited;   /* its octets are not as they came */
	bool kept;     /* sctp_journal_keep() was called */
	bool overlaid; /* frames that carry it are made equal to it: edited, or a copy differed */
};

struct sctp_journal {
	struct sctp_block *free;
	struct sctp_entry **index;     /* by direction and TSN */
	struct sctp_entry **fragments; /* by direction, stream, MID and FSN */
	uint64_t seed;
	uint32_t index_mask;
	uint32_t n_blocks;
	uint32_t n_free;
	uint32_t last_id; /* the newest direction's */
};

/* sctp_mix: the finalizer of MurmurHash3 (A. Appleby, public domain): each bit of `v` moves half of them. */
static inline uint64_t sctp_mix(uint64_t v)
{
	v ^= v >> 33;
	v *= UINT64_C(0xFF51AFD7ED558CCD);
	v ^= v >> 33;
	v *= UINT64_C(0xC4CEB9FE1A85EC53);
	return v ^ v >> 33;
}

/* sctp_journal_size: octets for `n_blocks` (of LIMIT_SCTP_BLOCK_LEN) and their index. */
size_t sctp_journal_size(uint32_t n_blocks);

/* sctp_journal_init: makes a journal of `memory` (aligned 64). `seed` keys its hash. */
void sctp_journal_init(struct sctp_journal *j, void *memory, uint32_t n_blocks, uint64_t seed);

/* sctp_journal_blocks: how many blocks `len` octets take. */
uint32_t sctp_journal_blocks(size_t len);

struct sctp_entry *sctp_journal_find(
	const struct sctp_journal *j, uint32_t direction, uint32_t tsn);

/* sctp_journal_find_fragment: an I-DATA fragment by its place in its message. */
struct sctp_entry *sctp_journal_find_fragment(const struct sctp_journal *j, uint32_t direction,
	uint16_t stream, uint8_t flags, uint32_t mid, uint32_t fsn);

/* sctp_journal_add: a new entry with the octets of `data`, in the indexes and in no list; NULL: no block is left. */
struct sctp_entry *sctp_journal_add(
	struct sctp_journal *j, uint32_t direction, const struct sctp_data *data);

/* sctp_journal_keep: from now on it is found by its TSN only: its message is over. */
void sctp_journal_keep(struct sctp_journal *j, struct sctp_entry *e);

/* sctp_journal_free: takes the entry out of the indexes and gives its blocks back. */
void sctp_journal_free(struct sctp_journal *j, struct sctp_entry *e);

/* sctp_entry_first: those of its octets that lie in the first block (all, for a common message). */
struct bytes sctp_entry_first(const struct sctp_entry *e);

/* sctp_entry_copy: all its octets to `to`. */
void sctp_entry_copy(const struct sctp_entry *e, uint8_t *to);

/* sctp_entry_equals: its octets, as they came, are those of `user`. */
bool sctp_entry_equals(const struct sctp_entry *e, struct bytes user);

/* sctp_entry_write: overwrites octets from `off` on; they lie in the entry. Sets `edited`. */
void sctp_entry_write(struct sctp_entry *e, size_t off, struct bytes data);

/*
 * sctp_entry_overlay: makes the `len` octets at `user` equal to the entry's; what is longer than the
 * entry becomes 0: no receiver gets octets that were not judged. True if any changed.
 */
bool sctp_entry_overlay(const struct sctp_entry *e, uint8_t *user, size_t len);

#endif
