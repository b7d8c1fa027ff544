/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_place: what of a policy held for a message, as `why` and `explain` tell it: its tenant, and
 * the entry of `links` that was taken. Control only.
 */
#ifndef SMSWALL_CONTROL_POLICY_PLACE_H
#define SMSWALL_CONTROL_POLICY_PLACE_H

#include <jansson.h>

#include "control/policy_conf.h"

/*
 * policy_place: {"line", "links", "profile", "content"} of scope `scope`: line 0: what holds everywhere;
 * "links": where the entry holds, as it is written; "profile": null: none.
 */
json_t *policy_place(const struct policy *p, const struct policy_names *names, uint32_t scope);

/* policy_place_text: the same as a sentence, malloc()ed: "policy.conf line 17: tenant = "acme"; ...". */
char *policy_place_text(const json_t *place);

#endif
