/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entity_table: the top-level domains, hashed. Written at build time by dataplane/sms/gen_entity.py
 * from Debian's publicsuffix. Const data, any core.
 *
 * entity_table_slots[hash % slots] and the slots after it are offsets into entity_table_names, 0
 * ends the search. A name is one octet (kind << 6 | length) and its octets, lower case, UTF-8.
 */
#ifndef SMSWALL_SMS_ENTITY_TABLE_H
#define SMSWALL_SMS_ENTITY_TABLE_H

#include "dataplane/base/bytes.h"

#define ENTITY_TABLE_SLOTS 4096u

extern const uint16_t entity_table_slots[ENTITY_TABLE_SLOTS];
extern const uint8_t entity_table_names[];

enum entity_tld {
	TLD_NONE,
	TLD_WORD, /* also an ordinary word or abbreviation: "home.now" is no link by itself */
	TLD_NAME,
};

/* entity_table_tld: what `name` (lower case) is. */
static inline enum entity_tld entity_table_tld(struct bytes name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++) {
		hash = (hash ^ name.data[i]) * 16777619u;
	}
	for (uint32_t n = 0; n < ENTITY_TABLE_SLOTS; n++) {
		uint16_t slot = entity_table_slots[(hash + n) % ENTITY_TABLE_SLOTS];
		const uint8_t *entry = entity_table_names + slot;

		if (slot == 0) {
			break;
		}
		if (bytes_equal(name, bytes_of(entry + 1, entry[0] & 63))) {
			return (enum entity_tld)(entry[0] >> 6);
		}
	}
	return TLD_NONE;
}

#endif
