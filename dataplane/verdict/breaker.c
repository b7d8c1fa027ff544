/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/breaker.h"

enum edit_style breaker_style(const struct breaker *b, enum edit_style configured)
{
	/* relaxed: control reads it while its worker runs */
	enum edit_style style = (enum edit_style)__atomic_load_n(&b->style, __ATOMIC_RELAXED);

	return style != EDIT_NONE ? style : configured;
}

/* What is tried when `style` does harm; the last one is itself. */
static enum edit_style style_after(enum edit_style style)
{
	return style == EDIT_SELF_REJECT || style == EDIT_GHOST_DLR ? EDIT_BLANK : style;
}

bool breaker_strike(
	struct breaker *b, enum edit_style configured, enum breaker_cause cause, uint64_t now_us)
{
	static const uint8_t enough[BREAKER_CAUSES] = {
		[BREAKER_CLOSED] = LIMIT_BREAKER_CLOSES,
		[BREAKER_MUTE] = LIMIT_BREAKER_MUTES,
	};
	enum edit_style style = breaker_style(b, configured);
	enum edit_style next = style_after(style);

	if (now_us - b->struck_us[cause] >= LIMIT_BREAKER_FORGET_US) {
		b->strikes[cause] = 0;
	}
	b->struck_us[cause] = now_us;
	if (b->strikes[cause] < enough[cause]) {
		b->strikes[cause]++;
	}
	if (b->strikes[cause] < enough[cause] || next == style) {
		return false;
	}
	b->style = (uint8_t)next;
	b->n_moves++;
	b->strikes[BREAKER_CLOSED] = 0;
	b->strikes[BREAKER_MUTE] = 0;
	return true;
}

void breaker_answered(struct breaker *b)
{
	b->strikes[BREAKER_MUTE] = 0;
}
