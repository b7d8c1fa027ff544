/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit_map: refusals and redactions of MAP short messages as octets, and the far end's answers to
 * them: a TCAP message becomes one of equal length. Recipes: research/inline-blocking.md 2.7;
 * docs/refusals.md.
 *
 * Pure functions; any core. Ownership: `edited` (message.len octets) is the caller's and holds a
 * copy of `message`, or what earlier calls for other components have made of it: several components
 * of one message are edited one after the other, and each call changes octets of its own component
 * only (tcap_ghost: all). `message` is what everything in the target was read from. Octets before
 * `editable_from` have left already and are never changed. Bounds: message.len.
 * An edit that cannot be made falls back and the result says what was done:
 *
 *   tpdu_refuse, imsi_unknown, tcap_ghost -> map_reject -> segment_void -> blank
 *
 * Every one of them blanks the text as far as it can still be changed.
 * Source: ITU-T Q.773 4.2; 3GPP TS 29.002 17.5, 17.6.6, 17.7.6; TS 23.040 9.2; TS 23.038 4, 6.1.2.
 */
#ifndef SMSWALL_VERDICT_EDIT_MAP_H
#define SMSWALL_VERDICT_EDIT_MAP_H

#include "dataplane/proto/gsmmap.h"
#include "dataplane/sms/sms.h"
#include "dataplane/sms/tpdu.h"
#include "dataplane/verdict/edit.h"

/* The component that is edited, as it was read. */
struct edit_map_target {
	const struct tcap_message *tcap;
	const struct tcap_component *component;
	const struct gsmmap_message *map; /* NULL: its parameter could not be read */
	const struct tpdu *tpdu;          /* NULL: it could not be read, or there is none */
};

/* What tpdu_refuse makes wrong: TP-DCS, or the digits of TP-DA. */
enum edit_map_poison { MAP_POISON_DCS = 1, MAP_POISON_DA = 2 };

/*
 * edit_map_refuse: takes the text out of the component and makes the far end refuse the operation.
 * `style` is one of EDIT_MAP_REJECT, EDIT_TPDU_REFUSE, EDIT_IMSI_UNKNOWN, EDIT_TCAP_GHOST and
 * EDIT_BLANK. Returns what was done: one of these, EDIT_SEGMENT_VOID where the operation code has
 * left but the operation could still be made undecodable, or EDIT_BLANK where not even that could
 * be done, or the component is an answer (whose text can only be blanked). Where the result is
 * EDIT_BLANK against the caller's wish, only voiding the SCCP segment keeps the message away.
 */
enum edit_style edit_map_refuse(struct bytes message, const struct edit_map_target *target,
	enum edit_style style, unsigned poison, size_t editable_from, uint8_t *edited);

/*
 * edit_map_redact: blanks units [from, to) of the text of body[0] (text_blank); `sms` was made of
 * the same target. Also of a TPDU in pieces. To be called again for each further range.
 */
void edit_map_redact(struct bytes message, const struct edit_map_target *target,
	const struct sms *sms, size_t from, size_t to, size_t editable_from, uint8_t *edited);

/*
 * edit_map_text: where the text of the component lies in the TCAP message, to tell what of it has
 * left: the user data, or all of a TPDU that is in pieces or could not be read. False: no text.
 */
bool edit_map_text(const struct edit_map_target *target, size_t *off, size_t *len);

/*
 * MAP user errors (TS 29.002 17.6.6, 17.5): X(NAME, code, name, traits). Which operations list an
 * error: one that is not listed is rejected by the far end (Q.774, unexpectedError).
 */
enum edit_map_error_trait {
	MAP_ERROR_MO = 1,         /* mo-forwardSM has it, */
	MAP_ERROR_MT = 2,         /* mt-forwardSM, */
	MAP_ERROR_SRI = 4,        /* sendRoutingInfoForSM */
	MAP_ERROR_TEMPORARY = 8,  /* its receiver tries again: docs/refusals.md */
	MAP_ERROR_PARAMETER = 16, /* cannot stand without a parameter: not to be configured */
};
/* clang-format off */
#define EDIT_MAP_ERRORS(X)                                                                         \
	X(UNKNOWN_SUBSCRIBER, 1, "unknownSubscriber", MAP_ERROR_SRI)                               \
	X(UNIDENTIFIED_SUBSCRIBER, 5, "unidentifiedSubscriber", MAP_ERROR_MT)                      \
	X(ABSENT_SUBSCRIBER_SM, 6, "absentSubscriberSM",                                           \
		MAP_ERROR_MT | MAP_ERROR_SRI | MAP_ERROR_TEMPORARY)                                \
	X(ILLEGAL_SUBSCRIBER, 9, "illegalSubscriber", MAP_ERROR_MT)                                \
	X(TELESERVICE_NOT_PROVISIONED, 11, "teleserviceNotProvisioned", MAP_ERROR_SRI)             \
	X(ILLEGAL_EQUIPMENT, 12, "illegalEquipment", MAP_ERROR_MT)                                 \
	X(CALL_BARRED, 13, "callBarred", MAP_ERROR_SRI | MAP_ERROR_TEMPORARY)                      \
	X(FACILITY_NOT_SUPPORTED, 21, "facilityNotSupported",                                      \
		MAP_ERROR_MO | MAP_ERROR_MT | MAP_ERROR_SRI)                                       \
	X(SUBSCRIBER_BUSY, 31, "subscriberBusyForMT-SMS", MAP_ERROR_MT | MAP_ERROR_TEMPORARY)      \
	X(DELIVERY_FAILURE, 32, "sm-DeliveryFailure",                                              \
		MAP_ERROR_MO | MAP_ERROR_MT | MAP_ERROR_PARAMETER)                                 \
	X(SYSTEM_FAILURE, 34, "systemFailure",                                                     \
		MAP_ERROR_MO | MAP_ERROR_MT | MAP_ERROR_SRI | MAP_ERROR_TEMPORARY)                 \
	X(DATA_MISSING, 35, "dataMissing", MAP_ERROR_MT | MAP_ERROR_SRI)                           \
	X(UNEXPECTED_DATA_VALUE, 36, "unexpectedDataValue",                                        \
		MAP_ERROR_MO | MAP_ERROR_MT | MAP_ERROR_SRI)
/* clang-format on */
#define X(name, code, text, traits) MAP_ERROR_##name = (code),
enum edit_map_error { EDIT_MAP_ERRORS(X) };
#undef X

const char *edit_map_error_name(unsigned code); /* "unknown" for others */
int edit_map_error_code(const char *name);      /* -1 for others */
unsigned edit_map_error_traits(unsigned code);  /* enum edit_map_error_trait; 0 for others */

/* What became of the far end's answer to a refused invoke. */
enum edit_map_answer {
	MAP_ANSWER_KEPT,      /* *why R_map_answer_kept: no error of this length says the same */
	MAP_ANSWER_REWRITTEN, /* it is a ReturnError with the configured code now, or was one before */
	MAP_ANSWER_ACCEPTED, /* *why R_smsc_accepted: a result. Untouched */
	MAP_ANSWER_NONE,     /* it is no answer: an Invoke */
};

/*
 * edit_map_answer: rewrites `c`, an answer to a refused invoke, into ReturnError `error`: a Reject
 * with an invoke id and a problem of one octet, or a ReturnError without a parameter whose local
 * code is one octet. *why is R_none, or an anomaly to be told.
 */
enum edit_map_answer edit_map_answer(struct bytes message, const struct tcap_component *c,
	unsigned error, size_t editable_from, uint8_t *edited, enum reason *why);

#endif
