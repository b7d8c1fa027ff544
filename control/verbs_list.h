/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verbs_list: the verbs list.* of the control socket (docs/control-protocol.md): what lists there are,
 * and changes of one as orders to push.h: a version of the live generation with that list changed.
 *
 * Control thread only; what an order changes is the loader thread's once it was given.
 * Bounds: LIST_CHANGE_MAX entries an order, LIST_SHOW_MAX in an answer.
 */
#ifndef SMSWALL_CONTROL_VERBS_LIST_H
#define SMSWALL_CONTROL_VERBS_LIST_H

#include "control/verbs_policy.h"

enum { LIST_CHANGE_MAX = 10000, LIST_SHOW_MAX = 10000 };

extern const struct policy_verb list_verbs[];
extern const size_t list_verbs_count;

#endif
