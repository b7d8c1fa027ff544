/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit: refusals and redactions as octets: always of equal length, one PDU, header untouched.
 * Recipes and the reaction of 20 real stacks: research/inline-blocking.md 2.2, 2.4; docs/refusals.md.
 *
 * Pure functions from a PDU to a PDU of the same length in memory of the caller; tcp_edit() puts
 * it into the stream. Any core. An edit that cannot be made (too short) falls back along
 * self_reject -> blank and says which it was.
 */
#ifndef SMSWALL_VERDICT_EDIT_H
#define SMSWALL_VERDICT_EDIT_H

#include "dataplane/proto/smpp.h"
#include "dataplane/sms/sms.h"

/* X(NAME, text); from MAP_REJECT on they are of edit_map.h */
/* clang-format off */
#define EDIT_STYLES(X)                                                                             \
	X(NONE, "none")                                                                            \
	X(SELF_REJECT, "self_reject")                                                              \
	X(BLANK, "blank")                                                                          \
	X(GHOST_DLR, "ghost_dlr")                                                                  \
	X(REDACT, "redact")                                                                        \
	X(MAP_REJECT, "map_reject")                                                                \
	X(TPDU_REFUSE, "tpdu_refuse")                                                              \
	X(IMSI_UNKNOWN, "imsi_unknown")                                                            \
	X(TCAP_GHOST, "tcap_ghost")                                                                \
	X(SEGMENT_VOID, "segment_void")
/* clang-format on */
#define X(name, text) EDIT_##name,
enum edit_style { EDIT_STYLES(X) EDIT_STYLES_COUNT };
#undef X

enum edit_poison { POISON_DEST = 1, POISON_PRIORITY = 2, POISON_ESM_CLASS = 4 };

const char *edit_style_name(enum edit_style s);

/*
 * edit_refuse: writes into `out` (pdu.len octets) the PDU that carries no octet of the message's
 * text and that the far end refuses (self_reject), or that is empty (blank, ghost_dlr). `m` was
 * read from `pdu`; NULL where that failed (a malformed PDU is rebuilt). Returns the style that was
 * used: deliver_sm is never self_reject.
 */
enum edit_style edit_refuse(struct bytes pdu, const struct smpp_message *m, enum edit_style style,
	unsigned poison, uint8_t *out);

/*
 * edit_refuse_partial: the same knowing only the first octets of the PDU (its 16-octet header at
 * least): the whole replacement of header.length octets, of which the caller uses what has not left.
 * `m` may be NULL. Only EDIT_BLANK keeps every octet outside the text where it was: where more
 * than the header has left, ask for that.
 */
enum edit_style edit_refuse_partial(struct bytes pdu, const struct smpp_message *m,
	enum edit_style style, unsigned poison, uint8_t *out);

/*
 * edit_redact: copies `pdu` to `out` with units [from, to) of body `body` blanked (text_blank).
 * For a further range call it again with `out` as the pdu.
 */
void edit_redact(struct bytes pdu, const struct sms *sms, unsigned body, size_t from, size_t to,
	uint8_t *out);

#endif
