/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verdict: the one final judgement of one message, with what led to it (design.md law 9).
 */
#ifndef SMSWALL_VERDICT_VERDICT_H
#define SMSWALL_VERDICT_VERDICT_H

#include "dataplane/limits.h"
#include "dataplane/stats.h"
#include "dataplane/verdict/answer.h"
#include "dataplane/verdict/limit.h"
#include "dataplane/verdict/lists.h"
#include "patterns/ruleset.h"
#include "patterns/scan.h"

#define VERDICT_NO_RULE  UINT32_MAX /* not in an enum: C17 enumerators are int */
#define VERDICT_NO_LIST  UINT32_MAX
#define VERDICT_NO_LIMIT UINT32_MAX

struct verdict {
	uint8_t action;    /* enum rule_action: what policy says */
	uint8_t reason;    /* enum reason of kind MESSAGE */
	uint16_t category; /* that decided; index in the ruleset */
	int32_t score;     /* of that category */
	uint32_t
		rule; /* the deciding rule (the heaviest hit of the category), or VERDICT_NO_RULE */
	uint32_t status; /* command_status for a reject; 0: the link's */
	uint32_t generation;
	uint16_t tenant;  /* index in policy->tenants + 1; 0: none */
	uint16_t scope;   /* index in policy->scopes */
	bool uninspected; /* texts are not looked at here: so nothing of them is kept, either */
	bool shadow;      /* a shadow rule hit */
	uint8_t shadow_action; /* what it would have been with shadow rules on */
	struct scan_hits
		hits; /* all, shadow ones included; hits[] is the judge's, valid until the next message */
	char sibling_rule[LIMIT_RULE_ID_LEN +
			  1]; /* reason sibling: the rule's id, or "list/NAME" */
	/* reasons list and never_block: index in policy->list_uses, and the entry, valid as hits are */
	uint32_t list_use;
	struct list_hit list_hit;
	/* reason limit: index in policy->limits, or VERDICT_NO_LIMIT; and how full its key was, this
	 * message included: per mille of burst or max */
	uint32_t limit;
	uint32_t limit_fill;
};

/* verdict_status: the command_status that a refusal is answered with; `link`: the link's own. */
static inline uint32_t verdict_status(const struct verdict *v, uint32_t link)
{
	if (v->action == ACTION_THROTTLE) {
		return SMPP_ESME_RTHROTTLED;
	}
	return v->status != 0 ? v->status : link;
}

#endif
