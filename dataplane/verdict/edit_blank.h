/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit_blank: a text-carrying PDU whose every field stays where it was and whose texts are spaces
 * or zeros. Part of edit.h; which fields are kept: docs/refusals.md.
 *
 * Pure; any core. Bounds: `len`.
 */
#ifndef SMSWALL_VERDICT_EDIT_BLANK_H
#define SMSWALL_VERDICT_EDIT_BLANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * edit_blank: in place in `pdu` of `len` octets, of which the first `known` are the message's own
 * and the rest is yet to come (its place is filled with the shortest fields and spaces). False when
 * it breaks the layout of `command`; the octets behind the header are then undefined.
 */
bool edit_blank(uint32_t command, uint8_t *pdu, size_t len, size_t known);

/*
 * edit_blank_header: in user data that begins with a UDH, `len` octets (not 0) of which the first
 * `known` are the message's own: keeps the UDH in its length and zeroes the elements that can carry
 * text or objects; a UDH that runs beyond the data or breaks off is cut where it does. Returns its
 * length with UDHL.
 */
size_t edit_blank_header(uint8_t *ud, size_t len, size_t known);

#endif
