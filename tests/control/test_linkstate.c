/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/linkstate.h"

#include <errno.h>

#include "control/watchdog.h"
#include "tests/support/unit.h"

/* A look: what the ports say at this time; what is to come of it. */
struct look {
	uint64_t now_ms;
	bool up[2];
	int side; /* to be set; -1: nothing */
	bool set_up;
};

static struct linkstate play(const struct look *looks, size_t n, bool propagate)
{
	struct linkstate l = { .known = false };

	for (size_t i = 0; i < n; i++) {
		struct linkstate_news news = linkstate_see(
			&l, looks[i].up[0], looks[i].up[1], propagate, looks[i].now_ms);

		CU_ASSERT_EQUAL(news.side, looks[i].side);
		CU_ASSERT_EQUAL(news.side >= 0 && news.set_up, looks[i].set_up);
		if (news.side != looks[i].side) {
			fprintf(stderr, "look %zu: side %d\n", i, news.side);
		}
	}
	return l;
}
#define PLAY(looks, propagate) play(looks, sizeof(looks) / sizeof((looks)[0]), propagate)

static void test_down_and_up_again(void)
{
	static const struct look looks[] = {
		{ 0, { true, true }, -1, false },
		{ 100, { false, true }, 1, false }, /* the inside fails: the outside is set down */
		{ 200, { false, false }, -1, false }, /* as it was told: no news */
		{ 300, { true, false }, 1, true },   /* the inside is back: the outside is set up */
		{ 400, { true, false }, -1, false }, /* and takes its time */
		{ 2000, { true, false }, -1, false },
		{ 2100, { true, true }, -1, false },
		{ 9000, { true, true }, -1, false },
		{ 9100, { true, false }, 0, false }, /* the other way round */
		{ 9200, { false, true }, 0, true },
	};
	struct linkstate l = PLAY(looks, true);

	CU_ASSERT_EQUAL(l.n_downs, 2);
	CU_ASSERT_EQUAL(l.n_propagated, 2);
}

/* The other one does not come back: then it is the one that is down. */
static void test_both_fail(void)
{
	static const struct look looks[] = {
		{ 0, { true, true }, -1, false },
		{ 100, { false, true }, 1, false },
		{ 200, { true, false }, 1, true },
		{ 200 + LINKSTATE_SETTLE_MS - 1, { true, false }, -1, false },
		{ 200 + LINKSTATE_SETTLE_MS, { true, false }, 0, false },
		{ 20000, { false, false }, -1, false },
		{ 20100, { false, true }, 0, true },
		{ 20200, { true, true }, -1, false },
	};
	struct linkstate l = PLAY(looks, true);

	CU_ASSERT_FALSE(l.forced[0] || l.forced[1]);
}

/* At start one end is not there yet: the other is not to pretend. */
static void test_down_at_start(void)
{
	static const struct look looks[] = {
		{ 0, { true, false }, 0, false },
		{ 100, { false, false }, -1, false },
		{ 200, { false, true }, 0, true },
		{ 300, { true, true }, -1, false },
	};
	static const struct look neither[] = {
		{ 0, { false, false }, -1, false },
		{ 100, { false, false }, -1, false },
		{ 200, { true, false }, 0, false },
		{ 300, { false, true }, 0, true },
		{ 400, { true, true }, -1, false },
	};

	CU_ASSERT_EQUAL(PLAY(looks, true).n_downs, 1);
	CU_ASSERT_EQUAL(PLAY(neither, true).n_downs, 2);
}

/* While one settles the first fails again: the other goes down with it. */
static void test_flapping(void)
{
	static const struct look looks[] = {
		{ 0, { true, true }, -1, false },
		{ 100, { false, true }, 1, false },
		{ 200, { true, false }, 1, true },
		{ 300, { false, false }, 1, false },
		{ 400, { true, false }, 1, true },
		{ 500, { true, true }, -1, false },
	};

	(void)PLAY(looks, true);
}

static void test_independent(void)
{
	static const struct look looks[] = {
		{ 0, { true, true }, -1, false },
		{ 100, { false, true }, -1, false },
		{ 200, { false, false }, -1, false },
		{ 300, { true, true }, -1, false },
	};
	struct linkstate l = PLAY(looks, false);

	CU_ASSERT_EQUAL(l.n_downs, 2);
	CU_ASSERT_EQUAL(l.n_propagated, 0);
}

static void test_driver_cannot(void)
{
	struct linkstate l = { .known = false };
	struct linkstate_news news;

	(void)linkstate_see(&l, true, true, true, 0);
	news = linkstate_see(&l, false, true, true, 100);
	CU_ASSERT_EQUAL(news.side, 1);
	linkstate_failed(&l, &news, ENOTSUP);
	CU_ASSERT_FALSE(l.forced[1]);
	CU_ASSERT_EQUAL(l.n_propagated, 0);
	CU_ASSERT_EQUAL(linkstate_see(&l, false, true, true, 200).side, -1);
	CU_ASSERT_EQUAL(linkstate_see(&l, false, false, true, 300).changed[1], true);
}

/* Time that control itself did not run is nobody's fault: one look counts 50 ms at most. */
static void test_watchdog(void)
{
	struct watchdog w = { .turns = 0 };

	CU_ASSERT_EQUAL(watchdog_look(&w, 1, 10, 2000), WATCHDOG_NOTHING);
	CU_ASSERT_EQUAL(watchdog_look(&w, 1, 3600000, 2000), WATCHDOG_NOTHING);
	CU_ASSERT_EQUAL(w.stood_ms, WATCHDOG_STEP_MS);
	CU_ASSERT_EQUAL(watchdog_look(&w, 1, 50, 2000), WATCHDOG_NOTHING); /* 100 */
	CU_ASSERT_EQUAL(watchdog_look(&w, 1, 1, 2000), WATCHDOG_STUCK);
	CU_ASSERT_EQUAL(watchdog_look(&w, 1, 10, 2000), WATCHDOG_NOTHING); /* told once */
	CU_ASSERT_EQUAL(watchdog_look(&w, 2, 10, 2000), WATCHDOG_MOVES);
	CU_ASSERT_EQUAL(watchdog_look(&w, 3, 10, 2000), WATCHDOG_NOTHING);
	CU_ASSERT_EQUAL(w.n_stuck, 1);
	CU_ASSERT_EQUAL(w.longest_ms, 111);
	for (unsigned ms = 0; ms < 1990; ms += 10) {
		CU_ASSERT_NOT_EQUAL(watchdog_look(&w, 3, 10, 2000), WATCHDOG_ABORT);
	}
	CU_ASSERT_EQUAL(watchdog_look(&w, 3, 10, 2000), WATCHDOG_ABORT);
	CU_ASSERT_NOT_EQUAL(watchdog_look(&w, 3, 50, 0), WATCHDOG_ABORT); /* 0: never */
}

UNIT_MAIN("control/linkstate", { "down, and up again", test_down_and_up_again },
	{ "both fail", test_both_fail }, { "down at start", test_down_at_start },
	{ "flapping", test_flapping }, { "independent", test_independent },
	{ "a driver that cannot", test_driver_cannot }, { "watchdog", test_watchdog })
