/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/breaker.h"

#include "tests/support/unit.h"

#define S UINT64_C(1000000)

static void test_two_closes(void)
{
	struct breaker b = { 0 };

	CU_ASSERT_FALSE(breaker_strike(&b, EDIT_SELF_REJECT, BREAKER_CLOSED, 100 * S));
	breaker_answered(&b); /* it answers, then closes: an answer is no excuse */
	CU_ASSERT_EQUAL(breaker_style(&b, EDIT_SELF_REJECT), EDIT_SELF_REJECT);
	CU_ASSERT_TRUE(breaker_strike(&b, EDIT_SELF_REJECT, BREAKER_CLOSED, 101 * S));
	CU_ASSERT_EQUAL(breaker_style(&b, EDIT_SELF_REJECT), EDIT_BLANK);
	CU_ASSERT_EQUAL(b.n_moves, 1);
}

static void test_three_silences(void)
{
	struct breaker b = { 0 };

	CU_ASSERT_FALSE(breaker_strike(&b, EDIT_GHOST_DLR, BREAKER_MUTE, 1 * S));
	CU_ASSERT_FALSE(breaker_strike(&b, EDIT_GHOST_DLR, BREAKER_MUTE, 2 * S));
	breaker_answered(&b);
	CU_ASSERT_FALSE(breaker_strike(&b, EDIT_GHOST_DLR, BREAKER_MUTE, 3 * S));
	CU_ASSERT_FALSE(breaker_strike(&b, EDIT_GHOST_DLR, BREAKER_MUTE, 4 * S));
	CU_ASSERT_TRUE(breaker_strike(&b, EDIT_GHOST_DLR, BREAKER_MUTE, 5 * S));
	CU_ASSERT_EQUAL(breaker_style(&b, EDIT_GHOST_DLR), EDIT_BLANK);
}

static void test_strikes_far_apart_are_no_pattern(void)
{
	struct breaker b = { 0 };

	for (uint64_t i = 0; i < 10; i++) {
		CU_ASSERT_FALSE(breaker_strike(
			&b, EDIT_SELF_REJECT, BREAKER_CLOSED, i * LIMIT_BREAKER_FORGET_US + S));
	}
	CU_ASSERT_TRUE(breaker_strike(&b, EDIT_SELF_REJECT, BREAKER_CLOSED,
		9 * (uint64_t)LIMIT_BREAKER_FORGET_US + 2 * S));
}

static void test_behind_the_last_style_is_none(void)
{
	struct breaker b = { 0 };

	for (uint64_t i = 0; i < 300; i++) {
		CU_ASSERT_FALSE(breaker_strike(&b, EDIT_BLANK, (enum breaker_cause)(i % 2), i * S));
	}
	CU_ASSERT_EQUAL(breaker_style(&b, EDIT_BLANK), EDIT_BLANK);
	CU_ASSERT_EQUAL(b.n_moves, 0);
	CU_ASSERT_EQUAL(b.strikes[BREAKER_CLOSED], LIMIT_BREAKER_CLOSES);
}

UNIT_MAIN("verdict/breaker", { "two closes", test_two_closes },
	{ "three silences", test_three_silences },
	{ "strikes far apart are no pattern", test_strikes_far_apart_are_no_pattern },
	{ "behind the last style is none", test_behind_the_last_style_is_none })
