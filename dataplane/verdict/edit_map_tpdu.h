/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit_map_tpdu: the TPDU of a MAP message while it is edited: a copy in one piece, whether it was
 * sent in one or in several, and its way back to where its octets lie. Part of edit_map.h.
 *
 * Pure; any core. Bounds: EDIT_MAP_TPDU_SIZE; what a UI has beyond is no part of any TPDU and is
 * zeroed when it is put back.
 */
#ifndef SMSWALL_VERDICT_EDIT_MAP_TPDU_H
#define SMSWALL_VERDICT_EDIT_MAP_TPDU_H

#include "dataplane/proto/ber.h"
#include "dataplane/sms/tpdu.h"

/*
 * More than a TPDU can be read from: of SMS-SUBMIT 5 octets, an address of 130 (a length of 255
 * semi-octets), TP-VP of 7 and user data of 255 (TS 23.040 9.2.2.2).
 */
enum { EDIT_MAP_TPDU_SIZE = 512 };

struct edit_map_tpdu {
	size_t len; /* what `octets` has */
	uint8_t octets[EDIT_MAP_TPDU_SIZE];
};

/* edit_map_tpdu_get: `ui` was read from `message`; its octets are those of `edited`. */
void edit_map_tpdu_get(struct bytes message, const struct ber_element *ui, const uint8_t *edited,
	struct edit_map_tpdu *t);

/* edit_map_tpdu_put: writes it to where its octets lie, but for those before `editable_from`. */
void edit_map_tpdu_put(const struct edit_map_tpdu *t, struct bytes message,
	const struct ber_element *ui, size_t editable_from, uint8_t *edited);

/* edit_map_tpdu_off: where octet `at` of the TPDU lies in the message; SIZE_MAX: nowhere. */
size_t edit_map_tpdu_off(struct bytes message, const struct ber_element *ui, size_t at);

/*
 * edit_map_tpdu_holds: the user data that was read lies within `octets`. Only the endless TP-PI of a
 * hostile report (TS 23.040 9.2.3.27) can put it elsewhere.
 */
bool edit_map_tpdu_holds(const struct edit_map_tpdu *t, const struct tpdu *read);

/*
 * edit_map_tpdu_blank: takes the user data and all behind it: spaces in the message's own alphabet,
 * a UDH kept as edit_blank_header() does. `read` NULL: the TPDU cannot be read; but for the type in
 * its first octet it becomes zeros. So it does where its user data is not within `octets`.
 */
void edit_map_tpdu_blank(const struct tpdu *read, struct edit_map_tpdu *t);

/*
 * edit_map_tpdu_poison_coding: TP-DCS becomes one of a reserved coding group; TP-UDL counts the
 * septets that the user data has, as that is how it is read then. Blanks, too. `read` has a TP-DCS.
 */
void edit_map_tpdu_poison_coding(const struct tpdu *read, struct edit_map_tpdu *t);

/* edit_map_digits_zero: all digits of TBCD octets become 0; fillers stay. False: there are none. */
bool edit_map_digits_zero(uint8_t *octets, size_t len);

#endif
