/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gsm7_table: the GSM 7-bit default alphabet, its extension and the national language tables of
 * 3GPP TS 23.038 (6.2.1, 6.2.1.1, annex A). Facts only; text.c reads them.
 *
 * Index: national language identifier (6.2.1.2.4), then septet. A value is a code point of the
 * Basic Multilingual Plane; 0: the table has no character there. A language without a table of
 * its own has the default one. Constant: any core.
 */
#ifndef SMSWALL_SMS_GSM7_TABLE_H
#define SMSWALL_SMS_GSM7_TABLE_H

#include <stdint.h>

#define GSM7_LANGUAGES 14 /* 0 default, 1 Turkish .. 13 Urdu; higher values are reserved */
#define GSM7_ESCAPE    0x1B
#define GSM7_SPACE     0x20 /* in every locking table */

extern const uint16_t *const gsm7_locking[GSM7_LANGUAGES]; /* each 128 values */
extern const uint16_t *const gsm7_single[GSM7_LANGUAGES];

#endif
