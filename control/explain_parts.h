/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_parts: what explain's own files share; nobody else includes it.
 *
 *   explain.c      a PDU of SMPP, and what all carriers have in common: message, views, rules, verdict
 *   explain_views.c   what was matched of it, or why its text was not looked at
 *   explain_limits.c  limits: which are asked, with which keys
 *   explain_map.c  a TCAP message with a MAP short message
 */
#ifndef SMSWALL_CONTROL_EXPLAIN_PARTS_H
#define SMSWALL_CONTROL_EXPLAIN_PARTS_H

#include "control/explain.h"
#include "dataplane/sms/from_map.h"
#include "dataplane/verdict/edit_map.h"

struct explain {
	const struct config *config;
	const struct link_config *link;
	struct generation *generation;
	enum sms_side side;
	unsigned link_index;
	void *memory; /* of the judge */
	struct judge judge;
	struct limits *limits; /* of this explanation's own; NULL: none was needed */
	struct explain_about about;
	struct smpp_message message;
	struct map_tpdu tpdu; /* of MAP */
	struct sms sms;
	struct verdict verdict;
	bool inspected; /* its text was looked at for this verdict */
	struct stats stats;
	struct judge_span spans[LIMIT_HITS];
	uint8_t edited[LIMIT_SMPP_PDU_LEN];
	uint8_t joined[LIMIT_TEXT_LEN + LIMIT_SCAN_TAIL];
};

/* explain_utf8: a text that the data path has made, or octets as Latin-1. */
json_t *explain_utf8(struct bytes b);
json_t *explain_hex(struct bytes b);
const char *explain_role_name(unsigned role);

/* explain_put_message: who, what and which text: x->sms. */
void explain_put_message(json_t *doc, const struct explain *x);

/* explain_put_views: what was matched; where the text was not looked at, why. */
void explain_put_views(json_t *doc, const struct explain *x);
/* explain_place: which entry of `links` holds for the message judged last (policy_place.h). */
json_t *explain_place(const struct explain *x);

/* explain_limits_open: an empty table. explain_limits_fill: for the message judged last, as x->about says. */
bool explain_limits_open(struct explain *x);
void explain_limits_fill(struct explain *x);
/* explain_put_limits: the limits that were asked, and the one that decided. */
void explain_put_limits(json_t *doc, struct explain *x);

/* explain_put_verdict: judges x->sms (or the text of all its parts) and tells views, rules and verdict. */
void explain_put_verdict(json_t *doc, struct explain *x, struct bytes joined);

#endif
