/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/sccp_segments.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/unit.h"

enum { AGE_US = 15000000, MESSAGES = 4 };

static struct stats stats;
static uint8_t *scratch; /* of the exact size, so that ASan sees an octet too many */

static struct sccp_segments *table(uint32_t messages_max)
{
	const struct sccp_segments_config config = { messages_max, AGE_US };
	size_t size = sccp_segments_size(&config);
	void *memory = aligned_alloc(64, size);

	memset(memory, 0, size);
	memset(&stats, 0, sizeof(stats));
	scratch = malloc(LIMIT_SCCP_JOINED_LEN);
	return sccp_segments_init(memory, &config);
}

static void table_free(struct sccp_segments *t)
{
	free(t);
	free(scratch);
}

static struct sccp_message segment(
	bool first, unsigned remaining, uint32_t reference, const char *data)
{
	return (struct sccp_message){ .type = SCCP_XUDT,
		.protocol_class = 1,
		.calling = { .present = true, .octets = bytes_str("\x42\x08") },
		.segmentation = { .present = true,
			.first = first,
			.in_sequence = true,
			.remaining = (uint8_t)remaining,
			.reference = reference },
		.data = bytes_str(data) };
}

/* One segment after the other of reference 7; `joined` NULL: not whole. */
struct step {
	bool first;
	unsigned remaining;
	const char *data;
	enum parse parse;
	enum reason why;
	const char *joined;
	size_t own_off;
};

static const struct script {
	const char *name;
	struct step steps[8];
} scripts[] = {
	{ "two segments (Q.714 4.1.1.2.3)",
		{ { true, 1, "abc", PARSE_MORE, R_none, NULL, 0 },
			{ false, 0, "de", PARSE_OK, R_none, "abcde", 3 } } },
	{ "four segments", { { true, 3, "a", PARSE_MORE, R_none, NULL, 0 },
				   { false, 2, "bb", PARSE_MORE, R_none, NULL, 0 },
				   { false, 1, "c", PARSE_MORE, R_none, NULL, 0 },
				   { false, 0, "d", PARSE_OK, R_none, "abbcd", 4 } } },
	{ "a single segment", { { true, 0, "abc", PARSE_OK, R_none, "abc", 0 } } },
	{ "empty segments", { { true, 2, "", PARSE_MORE, R_none, NULL, 0 },
				    { false, 1, "b", PARSE_MORE, R_none, NULL, 0 },
				    { false, 0, "", PARSE_OK, R_none, "b", 1 } } },
	{ "the first one late",
		{ { false, 0, "c", PARSE_MORE, R_sccp_segment_early, NULL, 0 },
			{ false, 1, "bb", PARSE_MORE, R_sccp_segment_early, NULL, 0 },
			{ true, 2, "a", PARSE_OK, R_none, "abbc", 0 } } },
	{ "one in the middle late", { { true, 2, "a", PARSE_MORE, R_none, NULL, 0 },
					    { false, 0, "c", PARSE_MORE, R_none, NULL, 0 },
					    { false, 1, "bb", PARSE_OK, R_none, "abbc", 1 } } },
	{ "a gap is never whole", { { true, 2, "a", PARSE_MORE, R_none, NULL, 0 },
					  { false, 0, "c", PARSE_MORE, R_none, NULL, 0 } } },
	{ "duplicates change nothing",
		{ { true, 2, "a", PARSE_MORE, R_none, NULL, 0 },
			{ true, 2, "a", PARSE_MORE, R_sccp_segment_duplicate, NULL, 0 },
			{ false, 1, "b", PARSE_MORE, R_none, NULL, 0 },
			{ false, 1, "b", PARSE_MORE, R_sccp_segment_duplicate, NULL, 0 },
			{ true, 2, "a", PARSE_MORE, R_sccp_segment_duplicate, NULL, 0 },
			{ false, 0, "c", PARSE_OK, R_none, "abc", 2 } } },
	{ "a copy when all was whole: what left before may have been refused",
		{ { true, 1, "a", PARSE_MORE, R_none, NULL, 0 },
			{ false, 0, "b", PARSE_OK, R_none, "ab", 1 },
			{ false, 0, "b", PARSE_OK, R_sccp_segment_duplicate, "ab", 1 },
			{ true, 1, "a", PARSE_OK, R_sccp_segment_duplicate, "ab", 0 } } },
	{ "a copy that differs, before the end",
		{ { true, 2, "aaa", PARSE_MORE, R_none, NULL, 0 },
			{ false, 1, "bb", PARSE_MORE, R_none, NULL, 0 },
			{ false, 1, "x", PARSE_MORE, R_sccp_segment_differs, NULL, 0 },
			{ false, 0, "c", PARSE_OK, R_none, "aaaxc", 4 } } },
	{ "a copy that differs, when all was whole: the new whole is to be judged",
		{ { true, 1, "a", PARSE_MORE, R_none, NULL, 0 },
			{ false, 0, "b", PARSE_OK, R_none, "ab", 1 },
			{ false, 0, "spam", PARSE_OK, R_sccp_segment_differs, "aspam", 1 } } },
	{ "a decoy before the first segment does not hide the last",
		{ { false, 0, "decoy", PARSE_MORE, R_sccp_segment_early, NULL, 0 },
			{ true, 1, "a", PARSE_OK, R_none, "adecoy", 0 },
			{ false, 0, "spam", PARSE_OK, R_sccp_segment_differs, "aspam", 1 } } },
	{ "another first segment, nothing whole yet",
		{ { true, 1, "a", PARSE_MORE, R_none, NULL, 0 },
			{ true, 1, "A", PARSE_MORE, R_sccp_segment_restart, NULL, 0 },
			{ false, 0, "b", PARSE_OK, R_none, "Ab", 1 } } },
	{ "another first segment with another count",
		{ { true, 2, "a", PARSE_MORE, R_none, NULL, 0 },
			{ false, 1, "b", PARSE_MORE, R_none, NULL, 0 },
			{ true, 1, "A", PARSE_MORE, R_sccp_segment_restart, NULL, 0 },
			{ false, 0, "c", PARSE_OK, R_none, "Ac", 1 } } },
	{ "a reference used again after the whole: nothing of the old message counts",
		{ { true, 1, "a", PARSE_MORE, R_none, NULL, 0 },
			{ false, 0, "b", PARSE_OK, R_none, "ab", 1 },
			{ true, 1, "A", PARSE_MORE, R_sccp_segment_restart, NULL, 0 },
			{ false, 0, "b", PARSE_OK, R_none, "Ab", 1 } } },
	{ "as many to come as after the first",
		{ { true, 1, "a", PARSE_MORE, R_none, NULL, 0 },
			{ false, 1, "x", PARSE_BAD, R_sccp_segment_count, NULL, 0 },
			{ false, 15, "x", PARSE_BAD, R_sccp_segment_count, NULL, 0 },
			{ false, 0, "b", PARSE_OK, R_none, "ab", 1 } } },
	{ "an early one that the first does not know",
		{ { false, 3, "x", PARSE_MORE, R_sccp_segment_early, NULL, 0 },
			{ false, 0, "b", PARSE_MORE, R_sccp_segment_early, NULL, 0 },
			{ true, 1, "a", PARSE_OK, R_none, "ab", 0 } } },
};

static bool step_holds(struct sccp_segments *t, const struct step *s)
{
	struct sccp_message m = segment(s->first, s->remaining, 7, s->data);
	struct sccp_joined joined = { .n_segments = 99 };
	enum reason why = R_COUNT;
	uint64_t counted = stats.reason[s->why];
	enum parse p = sccp_segments_add(t, 3, 1, 2, &m, 0, scratch, &stats, &joined, &why);

	if (p != s->parse || why != s->why ||
		stats.reason[s->why] != counted + (s->why != R_none)) {
		return false;
	}
	return p != PARSE_OK
	               ? joined.n_segments == 99
	               : bytes_equal(joined.octets, bytes_str(s->joined)) &&
	                         joined.own_off == s->own_off && joined.own_len == m.data.len &&
	                         bytes_equal(
					 bytes_slice(joined.octets, joined.own_off, joined.own_len),
					 m.data);
}

static void test_scripts(void)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct sccp_segments *t = table(MESSAGES);

		for (size_t k = 0; k < 8 && scripts[i].steps[k].data != NULL; k++) {
			if (!step_holds(t, &scripts[i].steps[k])) {
				fprintf(stderr, "script '%s', step %zu\n", scripts[i].name, k);
				CU_FAIL("step");
			}
		}
		table_free(t);
	}
}

static enum parse add(struct sccp_segments *t, unsigned link, uint32_t opc, uint32_t dpc,
	struct sccp_message m, uint64_t now_us, enum reason *why)
{
	struct sccp_joined joined;

	return sccp_segments_add(t, link, opc, dpc, &m, now_us, scratch, &stats, &joined, why);
}

/* Whatever of the key differs, it is another message. */
static void test_keys(void)
{
	struct sccp_segments *t = table(16);
	struct sccp_message other = segment(false, 0, 7, "b");
	enum reason why;

	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(true, 1, 7, "a"), 0, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(add(t, 1, 1, 2, segment(false, 0, 7, "b"), 0, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(add(t, 0, 9, 2, segment(false, 0, 7, "b"), 0, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(add(t, 0, 1, 9, segment(false, 0, 7, "b"), 0, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(false, 0, 9, "b"), 0, &why), PARSE_MORE);
	other.calling.octets = bytes_str("\x42\x06");
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, other, 0, &why), PARSE_MORE);
	other.calling.octets = bytes_of(NULL, 0);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, other, 0, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(why, R_sccp_segment_early);
	CU_ASSERT_EQUAL(sccp_segments_held(t), 7);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(false, 0, 7, "b"), 0, &why), PARSE_OK);
	CU_ASSERT_EQUAL(sccp_segments_held(t), 6);
	table_free(t);
}

/* Of calling addresses that no honest end sends the begin and the length are compared. */
static void test_long_address(void)
{
	static const char a[] = "0123456789012345678901234567890123456789";
	struct sccp_segments *t = table(MESSAGES);
	struct sccp_message m = segment(true, 1, 7, "a");
	enum reason why;

	m.calling.octets = bytes_of(a, 40);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, m, 0, &why), PARSE_MORE);
	m = segment(false, 0, 7, "b");
	m.calling.octets = bytes_of(a, 39);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, m, 0, &why), PARSE_MORE);
	m.calling.octets = bytes_of(a, 40);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, m, 0, &why), PARSE_OK);
	table_free(t);
}

static void test_age(void)
{
	struct sccp_segments *t = table(MESSAGES);
	enum reason why;

	(void)add(t, 0, 1, 2, segment(true, 1, 1, "a"), 1000, &why);
	(void)add(t, 0, 1, 2, segment(true, 1, 2, "a"), 2000, &why);
	sccp_segments_expire(t, 999 + AGE_US, &stats);
	CU_ASSERT_EQUAL(sccp_segments_held(t), 2);
	sccp_segments_expire(t, 1000 + AGE_US, &stats);
	CU_ASSERT_EQUAL(sccp_segments_held(t), 1);
	CU_ASSERT_EQUAL(stats.reason[R_sccp_segment_timeout], 1);
	/* the clock goes back: nothing is forgotten for that */
	sccp_segments_expire(t, 0, &stats);
	CU_ASSERT_EQUAL(sccp_segments_held(t), 1);
	/* the last segment comes when the first has been forgotten by this very call */
	CU_ASSERT_EQUAL(
		add(t, 0, 1, 2, segment(false, 0, 2, "b"), 2000 + AGE_US, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(why, R_sccp_segment_early);
	CU_ASSERT_EQUAL(stats.reason[R_sccp_segment_timeout], 2);
	/* what was whole goes without a word */
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(true, 1, 2, "a"), 2000 + AGE_US, &why), PARSE_OK);
	sccp_segments_expire(t, UINT64_MAX, &stats);
	CU_ASSERT_EQUAL(sccp_segments_held(t), 0);
	CU_ASSERT_EQUAL(stats.reason[R_sccp_segment_timeout], 2);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(false, 0, 2, "c"), 0, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(why, R_sccp_segment_early);
	table_free(t);
}

static void test_full(void)
{
	struct sccp_segments *t = table(MESSAGES);
	enum reason why;

	for (uint32_t i = 0; i < MESSAGES; i++) {
		CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(true, 1, i, "a"), i, &why), PARSE_MORE);
	}
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(true, 1, 99, "a"), 9, &why), PARSE_BAD);
	CU_ASSERT_EQUAL(why, R_sccp_segment_full);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(false, 1, 99, "a"), 9, &why), PARSE_BAD);
	CU_ASSERT_EQUAL(why, R_sccp_segment_full);
	CU_ASSERT_EQUAL(stats.reason[R_sccp_segment_full], 2);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(true, 0, 99, "a"), 9, &why), PARSE_OK); /* single */
	/* those that are there go on; what is whole makes room */
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(false, 0, 2, "b"), 10, &why), PARSE_OK);
	CU_ASSERT_EQUAL(sccp_segments_held(t), MESSAGES - 1);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(true, 1, 99, "a"), 11, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(sccp_segments_held(t), MESSAGES);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(false, 0, 99, "b"), 12, &why), PARSE_OK);
	table_free(t);
}

/* 16 segments of 255 octets are the most that XUDT can carry; one octet more is too long. */
static void test_oversize(void)
{
	static uint8_t octets[LIMIT_SCCP_JOINED_LEN + 1];
	struct sccp_segments *t = table(MESSAGES);
	struct sccp_joined joined;
	enum reason why;
	struct sccp_message m = segment(true, 15, 7, "");

	for (size_t i = 0; i < sizeof(octets); i++) {
		octets[i] = (uint8_t)(i * 7);
	}
	for (unsigned r = 15;; r--) {
		m.segmentation.first = r == 15;
		m.segmentation.remaining = (uint8_t)r;
		m.data = bytes_of(octets + 255u * (15 - r), 255);
		if (r == 0) {
			break;
		}
		CU_ASSERT_EQUAL(add(t, 0, 1, 2, m, 0, &why), PARSE_MORE);
	}
	CU_ASSERT_EQUAL(
		sccp_segments_add(t, 0, 1, 2, &m, 0, scratch, &stats, &joined, &why), PARSE_OK);
	CU_ASSERT_TRUE(bytes_equal(joined.octets, bytes_of(octets, LIMIT_SCCP_JOINED_LEN)));
	CU_ASSERT_EQUAL(joined.own_off, 15 * 255);
	CU_ASSERT_EQUAL(joined.n_segments, LIMIT_SCCP_SEGMENTS);
	m.data = bytes_of(octets, 256);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, m, 0, &why), PARSE_BAD);
	CU_ASSERT_EQUAL(why, R_sccp_segment_oversize);
	/* of LUDT one segment alone may be too long, or be just as long as can be */
	m = segment(true, 1, 8, "");
	m.data = bytes_of(octets, LIMIT_SCCP_JOINED_LEN + 1);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, m, 0, &why), PARSE_BAD);
	CU_ASSERT_EQUAL(why, R_sccp_segment_oversize);
	m.data = bytes_of(octets, LIMIT_SCCP_JOINED_LEN);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, m, 0, &why), PARSE_MORE);
	CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(false, 0, 8, ""), 0, &why), PARSE_OK);
	CU_ASSERT_EQUAL(sccp_segments_held(t), 0);
	table_free(t);
}

/* A table of one, and many messages through a small one: lists and buckets stay whole. */
static void test_churn(void)
{
	struct sccp_segments *t = table(1);
	enum reason why;

	for (uint32_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(true, 1, i, "a"), i, &why), PARSE_MORE);
		CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(false, 0, i, "b"), i, &why), PARSE_OK);
	}
	table_free(t);
	t = table(MESSAGES);
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t reference =
			i * 2654435761u >> 29; /* of eight, more than there is room for */

		(void)add(
			t, 0, 1, 2, segment(i % 3 == 0, i % 4, reference, "abc"), i * 1000u, &why);
		CU_ASSERT_TRUE(sccp_segments_held(t) <= MESSAGES);
	}
	sccp_segments_expire(t, UINT64_MAX, &stats);
	CU_ASSERT_EQUAL(sccp_segments_held(t), 0);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		CU_ASSERT_EQUAL(add(t, 0, 1, 2, segment(true, 1, i, "a"), 0, &why), PARSE_MORE);
	}
	CU_ASSERT_EQUAL(sccp_segments_held(t), MESSAGES);
	table_free(t);
}

UNIT_MAIN("sccp_segments", { "segments one after the other", test_scripts }, { "keys", test_keys },
	{ "long calling addresses", test_long_address }, { "age", test_age },
	{ "a full table", test_full }, { "too long", test_oversize },
	{ "many messages", test_churn })
