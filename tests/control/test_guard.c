/* SPDX-License-Identifier: BSD-3-Clause */
/* The guard rail's arithmetic: traffic with given shares before and after a push, the clock in hand. */
#include "control/guard.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/clock.h"
#include "tests/support/unit.h"

enum { STEP_US = 100000 };

struct desk {
	struct guard guard;
	struct guard_sample now;
	uint64_t now_us;
	struct guard_finding found;
};

/* Shares in thousandths. */
struct mix {
	unsigned refused, redacted, reported;
};

static struct guard_config usual(void)
{
	return (struct guard_config){ .enabled = true,
		.window_s = 60,
		.min_messages = 200,
		.watch_s = 10,
		.refused_share_max = 500,
		.refused_rise_max = 100,
		.refused_fall_max = GUARD_OFF,
		.redacted_rise_max = 200,
		.reported_rise_max = GUARD_OFF };
}

static void begin(struct desk *d, const struct guard_config *config)
{
	memset(d, 0, sizeof(*d));
	d->now_us = 1000 * CLOCK_US_PER_S;
	guard_init(&d->guard, config);
}

/* run: `steps` looks with 100 messages before each; the first state that is not `usual_state`. */
static enum guard_state run(
	struct desk *d, struct mix mix, unsigned steps, enum guard_state usual_state)
{
	for (unsigned i = 0; i < steps; i++) {
		enum guard_state state;

		d->now.messages += 1000;
		d->now.refused += mix.refused;
		d->now.redacted += mix.redacted;
		d->now.reported += mix.reported;
		d->now_us += STEP_US;
		state = guard_see(&d->guard, d->now_us, &d->now, &d->found);
		if (state != usual_state) {
			return state;
		}
	}
	return usual_state;
}

static void test_bands(void)
{
	static const struct {
		const char *what;
		struct mix before, after;
		enum guard_band band; /* GUARD_NONE: it is good in the end */
	} rows[] = {
		{ "nothing changes", { 20, 5, 50 }, { 20, 5, 50 }, GUARD_NONE },
		{ "a little more", { 20, 5, 50 }, { 110, 5, 50 }, GUARD_NONE },
		{ "just the limit", { 20, 0, 0 }, { 120, 0, 0 }, GUARD_NONE },
		{ "above the limit", { 20, 0, 0 }, { 121, 0, 0 }, GUARD_REFUSED_RISE },
		{ "most is refused", { 20, 0, 0 }, { 600, 0, 0 }, GUARD_REFUSED_SHARE },
		{ "most was refused before", { 600, 0, 0 }, { 650, 0, 0 }, GUARD_NONE },
		{ "most was, and more is", { 600, 0, 0 }, { 750, 0, 0 }, GUARD_REFUSED_RISE },
		{ "nothing is refused any more", { 300, 0, 0 }, { 0, 0, 0 }, GUARD_NONE },
		{ "more is redacted", { 20, 0, 0 }, { 20, 250, 0 }, GUARD_REDACTED_RISE },
		{ "all is reported", { 20, 0, 0 }, { 20, 0, 980 }, GUARD_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct guard_config config = usual();
		enum guard_state wanted = rows[i].band == GUARD_NONE ? GUARD_GOOD : GUARD_BREACH;
		struct desk *d = calloc(1, sizeof(*d));

		begin(d, &config);
		CU_ASSERT_EQUAL(run(d, rows[i].before, 100, GUARD_IDLE), GUARD_IDLE);
		guard_pushed(&d->guard, d->now_us, &d->now);
		if (run(d, rows[i].after, 1000, GUARD_WATCHING) != wanted ||
			d->found.band != rows[i].band) {
			CU_FAIL("another state or band");
			printf("  %s\n", rows[i].what);
		}
		free(d);
	}
}

/* Bands that are off as shipped. */
static void test_other_bands(void)
{
	struct guard_config config = usual();
	struct desk *d = calloc(1, sizeof(*d));

	config.refused_fall_max = 100;
	config.reported_rise_max = 300;
	begin(d, &config);
	run(d, (struct mix){ 300, 0, 0 }, 100, GUARD_IDLE);
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT_EQUAL(run(d, (struct mix){ 0, 0, 0 }, 10, GUARD_WATCHING), GUARD_BREACH);
	CU_ASSERT_EQUAL(d->found.band, GUARD_REFUSED_FALL);
	CU_ASSERT_EQUAL(d->found.base_ppm, 300000);
	CU_ASSERT_EQUAL(d->found.since_ppm, 0);
	guard_undone(&d->guard, d->now_us, &d->now);
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT_EQUAL(run(d, (struct mix){ 300, 0, 301 }, 10, GUARD_WATCHING), GUARD_BREACH);
	CU_ASSERT_EQUAL(d->found.band, GUARD_REPORTED_RISE);
	free(d);
}

/* One look is 100 ms: the figures of a finding, and how soon it comes. */
static void test_finding(void)
{
	const struct guard_config config = usual();
	struct desk *d = calloc(1, sizeof(*d));

	begin(d, &config);
	run(d, (struct mix){ 10, 0, 0 }, 50, GUARD_IDLE);
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT_EQUAL(run(d, (struct mix){ 400, 0, 0 }, 10, GUARD_WATCHING), GUARD_BREACH);
	CU_ASSERT_EQUAL(d->found.after_us, STEP_US);
	CU_ASSERT_EQUAL(d->found.since.messages, 1000);
	CU_ASSERT_EQUAL(d->found.since.refused, 400);
	CU_ASSERT_EQUAL(d->found.since_ppm, 400000);
	CU_ASSERT_EQUAL(d->found.base_ppm, 10000);
	CU_ASSERT_EQUAL(d->found.limit, 100);
	CU_ASSERT_EQUAL(d->found.base.messages, 49000); /* the first look only begins */
	free(d);
}

static void test_few_messages(void)
{
	const struct guard_config config = usual();
	struct desk *d = calloc(1, sizeof(*d));

	begin(d, &config);
	run(d, (struct mix){ 10, 0, 0 }, 50, GUARD_IDLE);
	guard_pushed(&d->guard, d->now_us, &d->now);
	for (unsigned i = 0; i < 199; i++) { /* all refused: and still too few to say */
		d->now.messages++;
		d->now.refused++;
		d->now_us += 10000;
		CU_ASSERT_EQUAL_FATAL(
			guard_see(&d->guard, d->now_us, &d->now, &d->found), GUARD_WATCHING);
	}
	d->now_us += 10 * CLOCK_US_PER_S;
	CU_ASSERT_EQUAL(guard_see(&d->guard, d->now_us, &d->now, &d->found), GUARD_QUIET);
	CU_ASSERT_EQUAL(guard_see(&d->guard, d->now_us, &d->now, &d->found), GUARD_IDLE);
	guard_pushed(&d->guard, d->now_us, &d->now);
	d->now.messages += 200;
	d->now.refused += 200;
	CU_ASSERT_EQUAL(guard_see(&d->guard, d->now_us, &d->now, &d->found), GUARD_BREACH);
	free(d);
}

/* Without a base only the ceiling says anything. */
static void test_no_base(void)
{
	const struct guard_config config = usual();
	struct desk *d = calloc(1, sizeof(*d));

	begin(d, &config);
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT_EQUAL(run(d, (struct mix){ 499, 1000, 0 }, 20, GUARD_WATCHING), GUARD_WATCHING);
	begin(d, &config);
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT_EQUAL(run(d, (struct mix){ 501, 0, 0 }, 20, GUARD_WATCHING), GUARD_BREACH);
	CU_ASSERT_EQUAL(d->found.band, GUARD_REFUSED_SHARE);
	CU_ASSERT_EQUAL(d->found.base.messages, 0);
	free(d);
}

/* The base is the window before the push, not all that ever was. */
static void test_window(void)
{
	const struct guard_config config = usual();
	struct desk *d = calloc(1, sizeof(*d));

	begin(d, &config);
	run(d, (struct mix){ 900, 0, 0 }, 600, GUARD_IDLE); /* a minute ... */
	run(d, (struct mix){ 10, 0, 0 }, 620, GUARD_IDLE);  /* ... and another one */
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT(d->guard.base.messages >= 590000 && d->guard.base.messages <= 620000);
	CU_ASSERT(d->guard.base.refused <= d->guard.base.messages / 50);
	/* nobody looked for an hour: what came meanwhile is not lost, and the slots go on */
	guard_kept(&d->guard, d->now_us, &d->now);
	d->now_us += 3600 * CLOCK_US_PER_S;
	run(d, (struct mix){ 10, 0, 0 }, 700, GUARD_IDLE);
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT(d->guard.base.messages >= 590000 && d->guard.base.messages <= 620000);
	free(d);
}

/* What a push did that was undone is no base for the next one; what a good one did is. */
static void test_undone_and_kept(void)
{
	const struct guard_config config = usual();
	struct desk *d = calloc(1, sizeof(*d));
	struct guard_sample base;

	begin(d, &config);
	run(d, (struct mix){ 10, 0, 0 }, 100, GUARD_IDLE);
	guard_pushed(&d->guard, d->now_us, &d->now);
	base = d->guard.base;
	CU_ASSERT_EQUAL(run(d, (struct mix){ 900, 0, 0 }, 50, GUARD_WATCHING), GUARD_BREACH);
	guard_undone(&d->guard, d->now_us, &d->now);
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT_EQUAL(memcmp(&base, &d->guard.base, sizeof(base)), 0);
	CU_ASSERT_EQUAL(run(d, (struct mix){ 100, 0, 0 }, 200, GUARD_WATCHING), GUARD_GOOD);
	CU_ASSERT_EQUAL(run(d, (struct mix){ 100, 0, 0 }, 1, GUARD_IDLE), GUARD_IDLE);
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT(d->guard.base.refused > base.refused + 9000);
	/* a push while another one is watched: that one counts as kept */
	run(d, (struct mix){ 100, 0, 0 }, 10, GUARD_WATCHING);
	base = d->guard.base;
	guard_pushed(&d->guard, d->now_us, &d->now);
	CU_ASSERT_EQUAL(d->guard.base.messages, base.messages + 10000);
	CU_ASSERT(d->guard.watching);
	free(d);
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(guard_band_name(GUARD_REFUSED_RISE), "refused_rise");
	CU_ASSERT_STRING_EQUAL(guard_band_name(GUARD_BANDS_COUNT), "unknown");
}

UNIT_MAIN("guard", { "bands", test_bands }, { "other bands", test_other_bands },
	{ "finding", test_finding }, { "few messages", test_few_messages },
	{ "no base", test_no_base }, { "window", test_window },
	{ "undone and kept", test_undone_and_kept }, { "names", test_names })
