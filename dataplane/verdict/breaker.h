/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * breaker: no refusal may do harm twice. Where a far end closes, or falls silent, after PDUs that
 * were rewritten, the link goes on to the next style of refusal: self_reject -> blank,
 * ghost_dlr -> blank (design.md 5). What is refused stays refused: no style lets text through.
 *
 * Who calls says what is a strike; here they are counted. Strikes of one kind are forgotten after
 * LIMIT_BREAKER_FORGET_US, silence by an answer too. It does not go back by itself: the operator has
 * the alarm, and changes the configured style or restarts.
 * Ownership: one per worker, link and role of the far end. Owning core only; a reader of another core
 * sees each field whole. Source: research/inline-blocking.md 2.5.
 */
#ifndef SMSWALL_VERDICT_BREAKER_H
#define SMSWALL_VERDICT_BREAKER_H

#include "dataplane/verdict/edit.h"

/* Who is refused towards. */
enum { BREAKER_TO_SMSC, BREAKER_TO_ESME, BREAKERS };

enum breaker_cause {
	BREAKER_CLOSED, /* it closed within LIMIT_BREAKER_CLOSE_US of a refusal */
	BREAKER_MUTE,   /* it has not answered a refusal for LIMIT_BREAKER_MUTE_US */
	BREAKER_CAUSES
};

struct breaker {
	uint8_t style; /* enum edit_style in force; EDIT_NONE: the configured one */
	uint8_t strikes[BREAKER_CAUSES];
	uint32_t n_moves;
	uint64_t struck_us[BREAKER_CAUSES];
};

/* breaker_style: how to refuse, where `configured` is configured. A zeroed breaker has seen nothing. */
enum edit_style breaker_style(const struct breaker *b, enum edit_style configured);

/* breaker_strike: true when it has moved to another style. */
bool breaker_strike(
	struct breaker *b, enum edit_style configured, enum breaker_cause cause, uint64_t now_us);

/* breaker_answered: the far end has answered a refusal. */
void breaker_answered(struct breaker *b);

#endif
