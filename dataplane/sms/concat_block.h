/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * concat_block: the texts of parts, in blocks from lists of free ones. Internal to concat.c.
 *
 * Ownership: a block belongs to the free lists or to one message, and then to whoever holds the lock
 * of its bucket. Thread-safety: any core. Bounds: a fixed number of tries per list; a block that
 * could not be given back in that time goes to the bucket's own list, so none is ever lost.
 */
#ifndef SMSWALL_SMS_CONCAT_BLOCK_H
#define SMSWALL_SMS_CONCAT_BLOCK_H

#include <assert.h>
#include <stdatomic.h>

#include "dataplane/base/bytes.h"
#include "dataplane/limits.h"

#define CONCAT_NONE UINT32_MAX

enum {
	CONCAT_BLOCK_TEXT = 225,
	CONCAT_STRIPES = 8,
};

/* Four cache lines. What describes the part stands in its first block only. */
struct concat_block {
	uint64_t hash;              /* of the part's whole text */
	_Atomic uint32_t free_next; /* in a free list */
	uint32_t next;              /* of the same part */
	uint32_t next_part;  /* the first block of the message's next part, or of an older text */
	uint32_t text_len;   /* of the part's whole text */
	uint16_t stored_len; /* octets kept of it */
	uint16_t head_len;   /* octets from its start; the rest is from its end */
	uint16_t len;        /* octets in this block */
	uint8_t part;
	uint8_t text[CONCAT_BLOCK_TEXT];
};
static_assert(sizeof(struct concat_block) == 256, "a block is four cache lines");

/* A free list: the count of changes (against ABA) above the index of the first block. */
struct concat_stripe {
	_Alignas(64) _Atomic uint64_t head;
};

struct concat_blocks {
	struct concat_stripe stripes[CONCAT_STRIPES];
	struct concat_block *block;
	uint32_t n_blocks;
};

/* concat_blocks_init: all `n_blocks` of `block` are free. */
void concat_blocks_init(struct concat_blocks *pool, struct concat_block *block, uint32_t n_blocks);

/*
 * A part's text in a chain of blocks. `spare` is the list of the bucket whose lock is held, `home`
 * says in which free list to look first. Texts are UTF-8 and are cut between characters only.
 */

/* concat_part_blocks: how many blocks a text takes (at least 1). */
uint32_t concat_part_blocks(struct bytes text);

/* concat_part_put: keeps `text`, or the two ends of a long one: the first block, or CONCAT_NONE. */
uint32_t concat_part_put(struct concat_blocks *pool, uint32_t *spare, uint32_t home, uint8_t part,
	struct bytes text, uint64_t hash);

/* concat_part_free: gives a part's blocks back, zeroed; returns how many they were. */
uint32_t concat_part_free(struct concat_blocks *pool, uint32_t *spare, uint32_t first);

/* concat_part_copy: octets [from, to) of what is kept of a part. */
void concat_part_copy(const struct concat_blocks *pool, const struct concat_block *b, size_t from,
	size_t to, struct writer *out);

/* concat_part_tail: where the last `room` octets of a part's tail begin, in what is kept of it. */
size_t concat_part_tail(
	const struct concat_blocks *pool, const struct concat_block *b, size_t room);

/* concat_part_head: where the first `room` octets of a part's head end. */
size_t concat_part_head(
	const struct concat_blocks *pool, const struct concat_block *b, size_t room);

#endif
