/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * push_states: the section "states" of a pack: which rules are in another state than their file
 * says, "ID STATE" a line (ruleset_apply_states()).
 *
 * Pure but for its memory; the loader thread calls it. Texts are malloc'ed; NULL: out of memory.
 */
#ifndef SMSWALL_CONTROL_PUSH_STATES_H
#define SMSWALL_CONTROL_PUSH_STATES_H

#include "patterns/ruleset.h"

/* push_states_set: `text` (may be NULL) with `id` in `state`; ids that `r` has not are left out. */
char *push_states_set(const struct ruleset *r, const char *text, const char *id, const char *state);

/*
 * push_states_shadow: `text` and what keeps a push from switching anything on: rules of `next` that
 * are new or others than in `live` are in shadow, the others in the state they have in `live`.
 * *n_shadowed: of the former.
 */
char *push_states_shadow(const struct ruleset *live, const struct ruleset *next, const char *text,
	uint32_t *n_shadowed);

#endif
