/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * list_number: a set of whole numbers of up to 15 digits, 100 million and more, exactly. Part of
 * lists.h.
 *
 * Two levels, by length. A block is 65,536 numbers in a row; those that have any are in the
 * directory, in order, and a table of cells leads to the right few of its entries. What a block has
 * is kept in the shortest of three forms, told apart by their size alone:
 *
 *   array    up to 512 numbers: their last 16 bits, sorted; filled up with the last one
 *   indexed  512 octets of index (where each 256 numbers end), then their last 8 bits, sorted; filled
 *            up with zeros
 *   bits     8192 octets
 *
 *   cells -> directory: block number << 30 | place -> data
 *
 * That is 1.1 to 2.1 octets a number where they lie densely (1 % of a range and more), 25 at worst;
 * docs/performance.md has what was measured beside other forms. The memory is the form of a pack's
 * section, too: equal sets have equal octets.
 *
 * Immutable once made: any core. Making and checking: control only. Bounds: a look-up reads a cell, at
 * most 26 directory entries, and 9 + 4 places of a block.
 */
#ifndef SMSWALL_VERDICT_LIST_NUMBER_H
#define SMSWALL_VERDICT_LIST_NUMBER_H

#include "dataplane/verdict/lists.h"

enum {
	LIST_BLOCK_BITS = 16,
	LIST_PLACE_BITS = 30, /* of 16 octets: 16 GB of data */
	LIST_PLACE_SIZE = 16,
};

/* The numbers of one length. */
struct list_directory {
	uint64_t *blocks; /* n_blocks, and one more whose place is the end */
	uint32_t *cells;  /* n_cells + 1: the first block of a cell */
	uint64_t first;   /* number of the first block */
	uint32_t n_blocks;
	uint32_t n_cells;
	uint8_t shift; /* a block's cell: (its number - first) >> shift */
};

struct list_numbers {
	uint8_t *data;
	size_t data_len;
	size_t data_size; /* as mapped */
	uint64_t n;
	struct list_directory of[LIST_DIGITS_MAX + 1];
};

/* list_number_key: one integer for `len` digits: 10^len + their value: ordered by length, then value. */
static inline uint64_t list_number_key(struct bytes digits)
{
	uint64_t key = 1;

	for (size_t i = 0; i < digits.len; i++) {
		key = key * 10 + (uint64_t)(digits.data[i] - '0');
	}
	return key;
}

/* list_number_split: the length of a key's number (1 to 15) and its value. */
unsigned list_number_split(uint64_t key, uint64_t *value);

/* list_number_has: `len` digits of this value. */
bool list_number_has(const struct list_numbers *s, unsigned len, uint64_t value);
void list_number_prefetch(const struct list_numbers *s, unsigned len, uint64_t value);

/*
 * list_number_make: from sorted keys without repeats. False when out of memory or places; *s is
 * then empty.
 */
bool list_number_make(struct list_numbers *s, const uint64_t *keys, size_t n);

/*
 * list_number_adopt: from directories and data as they lie in a section: checks every octet, copies
 * them. False: *why says what is wrong, or is "out of memory".
 */
struct list_number_blocks {
	const uint8_t *blocks; /* n x u64, little-endian, without the last one */
	uint32_t n;
};
bool list_number_adopt(struct list_numbers *s,
	const struct list_number_blocks of[LIST_DIGITS_MAX + 1], struct bytes data,
	const char **why);

void list_number_free(struct list_numbers *s);
size_t list_number_size(const struct list_numbers *s); /* octets of memory */

/* A walk over all keys in order: false at the end. Start it zeroed. */
struct list_number_walk {
	unsigned len;
	uint32_t block;
	uint32_t at; /* the next of the block's 65,536 */
};
bool list_number_next(const struct list_numbers *s, struct list_number_walk *w, uint64_t *key);

#endif
