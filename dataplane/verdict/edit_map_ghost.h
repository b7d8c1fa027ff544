/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit_map_ghost: a TCAP message of any length that ends no dialogue: a U-Abort for transaction id
 * 00000000, padded in the user information of its dialogue portion. Part of edit_map.h.
 *
 * Pure; any core. Source: ITU-T Q.773 4.2.1.4, 4.2.3; X.690 8.18.
 */
#ifndef SMSWALL_VERDICT_EDIT_MAP_GHOST_H
#define SMSWALL_VERDICT_EDIT_MAP_GHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* edit_map_put_ghost: fills `out`; false, and nothing is written, where `len` is too short or long. */
bool edit_map_put_ghost(uint8_t *out, size_t len);

/*
 * edit_map_put_head: an identifier and the length that makes its element fill [at, end): the
 * shortest form but for 130 and 259 octets, which no shortest form fills. Returns where the contents
 * begin; `at`, and nothing is written, where no element has this length (below 2, above 65,539).
 */
uint8_t *edit_map_put_head(uint8_t identifier, uint8_t *at, uint8_t *end);

#endif
