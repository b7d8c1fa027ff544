/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fold_table: what folding does to one code point: fold_table_pages[cp / 32] names a page of
 * fold_table_cells, whose cell names one of the distinct entries (84 KB in all). Written at build
 * time by dataplane/sms/gen_fold.py from Debian's unicode-data and python3-confusable-homoglyphs.
 * Const data, any core.
 *
 *    31    30   29..25 24..23 22..21 20 ............ 0
 *   +-----+----+------+------+------+------------------+
 *   |defer|case| look |class |action|      value       |
 *   +-----+----+------+------+------+------------------+
 */
#ifndef SMSWALL_SMS_FOLD_TABLE_H
#define SMSWALL_SMS_FOLD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLD_TABLE_END  0x20000u /* above it: ideographs, and the tags and selectors of plane 14 */
#define FOLD_TABLE_PAGE 32u

extern const uint16_t fold_table_pages[FOLD_TABLE_END / FOLD_TABLE_PAGE];
extern const uint16_t fold_table_cells[];
extern const uint8_t fold_table_letters[]; /* beside cells: look << 2 | class of the entry */
extern const uint32_t fold_table_entries[];
extern const uint8_t fold_table_sequences[];

enum fold_action {
	FOLD_KEEP,     /* as it is; value is the plain fold when `defer` is set */
	FOLD_MAP,      /* becomes the code point `value` */
	FOLD_SEQUENCE, /* becomes fold_table_sequences: offset value >> 5, octets value & 31 */
	FOLD_DROP,     /* leaves no trace */
};

/* What a folded code point is to a word. */
enum fold_class {
	FOLD_OTHER,  /* ends a word */
	FOLD_LETTER, /* of an alphabet whose letters can pass for Latin ones */
	FOLD_NATIVE, /* of a script that cannot: Han, Thai, Arabic, the Indic scripts, ... */
	FOLD_MARK,   /* a mark that is part of a word */
};

/* fold_entry: the entry of a code point above ASCII. */
static inline uint32_t fold_entry(uint32_t cp)
{
	if (cp < FOLD_TABLE_END) {
		size_t page = fold_table_pages[cp / FOLD_TABLE_PAGE];

		return fold_table_entries[fold_table_cells[page * FOLD_TABLE_PAGE +
							   cp % FOLD_TABLE_PAGE]];
	}
	if (cp >> 12 == 0xE0) {
		return (uint32_t)FOLD_DROP << 21;
	}
	return cp < 0x40000 ? (uint32_t)FOLD_NATIVE << 23 : 0;
}

static inline enum fold_action fold_entry_action(uint32_t entry)
{
	return (enum fold_action)(entry >> 21 & 3);
}

static inline enum fold_class fold_entry_class(uint32_t entry)
{
	return (enum fold_class)(entry >> 23 & 3);
}

static inline uint32_t fold_entry_value(uint32_t entry)
{
	return entry & 0x1FFFFF;
}

/* fold_entry_look: the ASCII letter it passes for, or 0. */
static inline uint8_t fold_entry_look(uint32_t entry)
{
	uint32_t look = entry >> 25 & 31;

	return look != 0 ? (uint8_t)('a' + look - 1) : 0;
}

/* fold_entry_is_case: its value differs from it by case alone. */
static inline bool fold_entry_is_case(uint32_t entry)
{
	return (entry >> 30 & 1) != 0;
}

/*
 * fold_entry_is_deferred: as a look-alike it is another letter than its plain fold (Greek capital
 * nu: n, small nu: v), so words decide.
 */
static inline bool fold_entry_is_deferred(uint32_t entry)
{
	return entry >> 31 != 0;
}

/* fold_letter: look << 2 | class of a folded code point above ASCII; sooner than fold_entry(). */
static inline uint32_t fold_letter(uint32_t cp)
{
	size_t page;

	if (cp >= FOLD_TABLE_END) {
		return fold_entry_class(fold_entry(cp));
	}
	page = fold_table_pages[cp / FOLD_TABLE_PAGE];
	return fold_table_letters[page * FOLD_TABLE_PAGE + cp % FOLD_TABLE_PAGE];
}

#endif
