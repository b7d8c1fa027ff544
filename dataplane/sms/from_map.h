/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * from_map: a short message of MAP as a struct sms: the same as SMPP gives for the same text.
 *
 * Ownership: *sms borrows from the TCAP message, from `m`, `t` and `buffers`: all of them live as
 * long as it does. Any core. Sets the reasons of gsmmap's and tpdu's anomalies and R_concat_invalid.
 * Source: 3GPP TS 29.002 12.2, 12.9 (who is who); TS 23.040 9.2.
 */
#ifndef SMSWALL_SMS_FROM_MAP_H
#define SMSWALL_SMS_FROM_MAP_H

#include "dataplane/proto/gsmmap.h"
#include "dataplane/sms/tpdu.h"

/* Working memory of one message, beside sms_buffers. */
struct map_tpdu {
	struct tpdu tpdu;
	uint8_t joined[LIMIT_TPDU_LEN]; /* a TPDU that was sent in pieces */
};

/*
 * sms_from_map: fills *sms but for link, side, role and account, which the caller knows; `m` has
 * a UI. The offset of the body is into the TCAP message; of a TPDU in pieces (in_pieces) it is that
 * of SM-RP-UI's contents, and no edit within the text is possible by it.
 * PARSE_BAD (*why tpdu_body, ber) leaves *sms as it was. Never PARSE_MORE.
 */
enum parse sms_from_map(const struct gsmmap_message *m, struct map_tpdu *t,
	struct sms_buffers *buffers, struct sms *sms, enum reason *why);

#endif
