/* SPDX-License-Identifier: BSD-3-Clause */
/* pack_format: the lengths of a pack's pieces (pack.h draws them), and what reader and writer share. Private to pack*.c. */
#ifndef SMSWALL_PATTERNS_PACK_FORMAT_H
#define SMSWALL_PATTERNS_PACK_FORMAT_H

#include "patterns/pack.h"

enum {
	PACK_VERSION = 2,
	PACK_MAGIC_LEN = 8,
	PACK_CHECK_LEN = 8,
	PACK_HEAD_LEN = PACK_MAGIC_LEN + 4 + 4 + PACK_CHECK_LEN,
	PACK_ENTRY_LEN = PACK_NAME_SIZE + 8 + 8 + PACK_HASH_LEN + PACK_CHECK_LEN,
	PACK_SIGNER_LEN = KEY_PUBLIC_LEN + PACK_CHECK_LEN,
	PACK_TAIL_LEN = PACK_SIGNER_LEN + KEY_SIGNATURE_LEN,
};

static const uint8_t pack_magic[PACK_MAGIC_LEN] = { 'S', 'M', 'S', 'W', 'P', 'A', 'C', 'K' };

/* pack_table_len: where the sections' octets begin. */
static inline size_t pack_table_len(uint32_t n_sections)
{
	return PACK_HEAD_LEN + (size_t)n_sections * PACK_ENTRY_LEN + PACK_TAIL_LEN;
}

/* pack_check: of one piece of head or table. */
void pack_check(struct bytes piece, uint8_t check[PACK_CHECK_LEN]);

/* pack_signed_octets: what a signature by `signer` is over; malloc'ed. NULL: out of memory. */
uint8_t *pack_signed_octets(const struct pack *p, const struct key_public *signer, size_t *len);

/* pack_name_good: ended by NUL, zeros behind, printable ASCII, not empty. */
bool pack_name_good(const char name[PACK_NAME_SIZE]);

#endif
