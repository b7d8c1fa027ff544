/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stats.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "tests/support/unit.h"

static bool is_name(const char *s)
{
	for (; *s != '\0'; s++) {
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '_') {
			return false;
		}
	}
	return true;
}

/* Every value has a name fit for a metric, one sentence of help without the dot, and no twin. */
static void test_names(void)
{
	for (int i = 0; i < STAT_COUNT; i++) {
		CU_ASSERT_TRUE(is_name(stats_counter_name((enum stats_counter)i)));
		CU_ASSERT_NOT_EQUAL(strlen(stats_counter_help((enum stats_counter)i)), 0);
		for (int k = 0; k < i; k++) {
			CU_ASSERT_STRING_NOT_EQUAL(stats_counter_name((enum stats_counter)i),
				stats_counter_name((enum stats_counter)k));
		}
	}
	for (int i = 0; i < R_COUNT; i++) {
		CU_ASSERT_TRUE(is_name(stats_reason_name((enum reason)i)));
		CU_ASSERT_NOT_EQUAL(strlen(stats_reason_help((enum reason)i)), 0);
		for (int k = 0; k < i; k++) {
			CU_ASSERT_STRING_NOT_EQUAL(stats_reason_name((enum reason)i),
				stats_reason_name((enum reason)k));
		}
	}
	for (int i = 0; i < STAGE_COUNT; i++) {
		CU_ASSERT_TRUE(is_name(stats_stage_name((enum stage)i)));
	}
}

static void test_values_meet_names(void)
{
	CU_ASSERT_STRING_EQUAL(stats_counter_name(STAT_frames_in), "frames_in");
	CU_ASSERT_STRING_EQUAL(stats_counter_name(STAT_timeouts), "timeouts");
	CU_ASSERT_STRING_EQUAL(stats_counter_help(STAT_frames_out), "frames sent");
	CU_ASSERT_STRING_EQUAL(stats_reason_name(R_none), "none");
	CU_ASSERT_STRING_EQUAL(stats_reason_name(R_scan_error), "scan_error");
	CU_ASSERT_EQUAL(stats_reason_kind(R_judged), REASON_LEDGER);
	CU_ASSERT_EQUAL(stats_reason_kind(R_other_ethertype), REASON_FRAME);
	CU_ASSERT_EQUAL(stats_reason_kind(R_overlap_differs), REASON_ANOMALY);
	CU_ASSERT_EQUAL(stats_reason_kind(R_rule), REASON_MESSAGE);
	CU_ASSERT_STRING_EQUAL(stats_stage_name(STAGE_frame), "frame");
	CU_ASSERT_STRING_EQUAL(stats_stage_name(STAGE_out), "out");
}

/* Folding adds every word that counts: filled with ones, a sum of two must hold only twos. */
static void test_fold(void)
{
	static struct stats one;
	static struct stats sum;
	uint64_t word = 1;

	for (size_t i = 0; i < offsetof(struct stats, timed) / sizeof(word); i++) {
		memcpy((uint8_t *)&one + i * sizeof(word), &word, sizeof(word));
	}
	stats_fold(&sum, &one);
	stats_fold(&sum, &one);
	for (size_t i = 0; i < offsetof(struct stats, timed) / sizeof(word); i++) {
		memcpy(&word, (uint8_t *)&sum + i * sizeof(word), sizeof(word));
		CU_ASSERT_EQUAL(word, 2);
	}
}

static void test_adders(void)
{
	static struct stats s;

	stats_add(&s, STAT_pdus, 3);
	stats_add(&s, STAT_pdus, 4);
	stats_reason(&s, R_gap);
	stats_ledger(&s, 1, R_judged, 10);
	stats_forwarded(&s, 1, 10);
	CU_ASSERT_EQUAL(s.counter[STAT_pdus], 7);
	CU_ASSERT_EQUAL(s.reason[R_gap], 1);
	CU_ASSERT_EQUAL(s.ledger.octets[1][R_judged], s.ledger.forwarded[1]);
	CU_ASSERT_EQUAL(s.ledger.octets[0][R_judged], 0);
}

UNIT_MAIN("stats", { "names", test_names }, { "values meet names", test_values_meet_names },
	{ "fold", test_fold }, { "adders", test_adders })
