/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * numbering_table: the numbers of the world as automata, and how each country dials. Written at
 * build time by dataplane/sms/gen_numbering.py from Debian's python3-phonenumbers. Internal to
 * numbering.c and its tests. Const data, any core.
 *
 * A graph: reference r < n_rows is a row, one reference per digit that follows, and a label for
 * what ends here; r >= n_rows is tail r - n_rows, where only the number of digits that follow can
 * still tell: a label for each.
 */
#ifndef SMSWALL_SMS_NUMBERING_TABLE_H
#define SMSWALL_SMS_NUMBERING_TABLE_H

#include "dataplane/sms/numbering.h"

enum { NUMBERING_TAIL = NUMBERING_DIGITS_MAX + 1, NUMBERING_PREFIX_MASKS = 10 };

struct numbering_graph {
	const uint16_t (*rows)[10];
	const uint8_t *labels; /* of rows */
	const uint8_t (*tails)[NUMBERING_TAIL];
	uint16_t n_rows;
	uint16_t n_tails;
};

/* Labels: enum numbering_kind; 1 + place among the countries of one calling code, 0: not told. */
extern const struct numbering_graph numbering_kinds;
extern const struct numbering_graph numbering_places;

struct numbering_code {
	uint16_t calling_code;
	uint16_t country; /* the first, and main, of n_countries */
	uint16_t n_countries;
	uint16_t kinds;  /* references of the first digit behind the code */
	uint16_t places; /* where n_countries > 1 */
};

extern const struct numbering_code numbering_codes[];
extern const uint8_t numbering_code_of[1000]; /* by value; 0: none */
extern const struct numbering_country numbering_country_table[];
extern const uint16_t numbering_n_countries;
extern const char numbering_source[]; /* package and version */

/*
 * What may stand before a number as it is dialled: a way abroad, a trunk prefix, a carrier's code, or
 * a rule for what is dialled without an area code. Digits that fit `masks` become `insert` and those
 * of them from keep_from on; so many others must follow.
 */
struct numbering_prefix {
	uint16_t masks[NUMBERING_PREFIX_MASKS]; /* bit d: digit d */
	uint8_t n;
	uint8_t keep_from; /* [keep_from, keep_to) stay */
	uint8_t keep_to;
	uint8_t rest_min;
	uint8_t rest_max;
	bool abroad;
	char insert[5];
};

extern const struct numbering_prefix numbering_prefixes[];

#endif
