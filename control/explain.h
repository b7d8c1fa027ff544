/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain: why one message gets its verdict, step by step: a PDU of SMPP, or a TCAP message of MAP,
 * through the functions of the data path (smpp_message_read, sms_from_smpp, sms_from_map,
 * judge_message, edit_*), and what they saw as one
 * JSON document, from which the text for people is made too.
 *
 * Control only. Ownership: struct explain keeps pointers to the configuration and policy given.
 */
#ifndef SMSWALL_CONTROL_EXPLAIN_H
#define SMSWALL_CONTROL_EXPLAIN_H

#include <jansson.h>

#include "control/config.h"
#include "control/policy_file.h"

struct explain;

/* explain_open: NULL with a sentence in `diag`. `link` indexes the configuration's links. */
struct explain *explain_open(const struct config *config, const struct policy_set *policy,
	unsigned link, enum sms_side side, struct diag *diag);
void explain_close(struct explain *x); /* NULL is accepted */

/* What is known of a message besides its octets; what is NULL or 0 is not. explain_about() keeps the pointers. */
struct explain_about {
	const char *account; /* that its sender has bound with */
	uint64_t now_us;     /* when it came; 0: now */
	const char *limit; /* a limit whose key is so full: in thousandths; all others have room */
	uint32_t fill;
};
void explain_about(struct explain *x, const struct explain_about *about);

/*
 * explain_pdu: one PDU. `joined` is empty, or the text of the long message as far as it was known,
 * in which rules are looked for then. `role` ROLE_UNKNOWN: by the command. NULL when the PDU is
 * not one (a sentence is in `diag`). A new reference.
 */
json_t *explain_pdu(struct explain *x, struct bytes pdu, enum sms_role role, struct bytes joined,
	struct diag *diag);

/* What is known of a MAP message besides its TCAP octets. */
struct explain_map {
	int64_t invoke_id; /* of the component that is meant; EXPLAIN_ANY_INVOKE: the first with a text */
	uint8_t version; /* of MAP, as its dialogue's Begin said; 0: as this message says */
};
enum { EXPLAIN_ANY_INVOKE = INT32_MIN };

/*
 * explain_is_tcap: octets that are a TCAP message (ITU-T Q.773 4.2.1) and no PDU of SMPP, whose
 * length makes it begin with 00.
 */
bool explain_is_tcap(struct bytes b);

/* explain_tcap: as explain_pdu(), of a TCAP message. */
json_t *explain_tcap(struct explain *x, struct bytes tcap, const struct explain_map *map,
	struct bytes joined, struct diag *diag);

/* explain_role_of: by the name that events and explanations give it; ROLE_UNKNOWN: another one. */
enum sms_role explain_role_of(const char *name);

/* explain_print: the document as text. */
void explain_print(const json_t *explanation, FILE *to);

/* What is to be sent, for explain_compose(). */
struct explain_message {
	const char *text; /* UTF-8 */
	const char *from;
	const char *to;
	int data_coding; /* -1: 0 where the text fits its alphabet, else 8 */
	bool deliver;    /* a deliver_sm, which has the same fields (SMPP 3.4 4.6.1) */
	uint8_t esm_class;
	uint8_t protocol_id;
};

enum { EXPLAIN_PDU_SIZE = LIMIT_SMPP_PDU_LEN };

/*
 * explain_compose: a submit_sm (SMPP 3.4 4.4.1) with this text, as an ESME would write it, or what an
 * SMSC would deliver (4.6.1); its length in octets, or 0 with a sentence in `diag`. `out` of EXPLAIN_PDU_SIZE octets.
 */
size_t explain_compose(const struct explain_message *m, const struct smpp_profile *profile,
	uint8_t *out, struct diag *diag);

#endif
