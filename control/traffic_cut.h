/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * traffic_cut: how the text at hand goes over one carrier: coding, national tables, parts, and the user
 * data header that says so. Between traffic_text.c and the encoders of PDUs and TPDUs.
 *
 * Control only; values. Source: 3GPP TS 23.040 9.2.3.24.1, .8, .15, .16.
 */
#ifndef SMSWALL_CONTROL_TRAFFIC_CUT_H
#define SMSWALL_CONTROL_TRAFFIC_CUT_H

#include "control/traffic_parts.h"

enum { TRAFFIC_UD_LEN = 140, TRAFFIC_UDH_SIZE = 16 }; /* TS 23.040 9.2.3.24 */

enum traffic_method {
	TRAFFIC_METHOD_UDH8,
	TRAFFIC_METHOD_UDH16,
	TRAFFIC_METHOD_SAR,
	TRAFFIC_METHOD_PAYLOAD,
	TRAFFIC_METHOD_NONE
};

struct traffic_cut {
	enum traffic_coding coding;
	enum traffic_method method; /* NONE: one part */
	uint16_t reference;
	unsigned n;
	struct traffic_piece pieces[TRAFFIC_PARTS_MAX];
};

/* traffic_cut_text: chooses for m->wording, whose units it makes. */
void traffic_cut_text(struct traffic_maker *m, bool map, struct traffic_cut *cut);

/* traffic_cut_udh: the user data header of part `i`, UDHL first; its length, 0: it needs none. */
size_t traffic_cut_udh(const struct traffic_maker *m, const struct traffic_cut *cut, unsigned i,
	uint8_t out[TRAFFIC_UDH_SIZE]);

/* traffic_cut_octets: the text of part `i`: a septet an octet in 7 bits. */
size_t traffic_cut_octets(const struct traffic_maker *m, const struct traffic_cut *cut, unsigned i,
	uint8_t *out, size_t size);

/* traffic_cut_tell: what the label says of it. */
void traffic_cut_tell(const struct traffic_maker *m, const struct traffic_cut *cut, bool map,
	struct traffic_label *label);

#endif
