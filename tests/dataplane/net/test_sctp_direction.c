/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp_direction.h"

#include "tests/dataplane/net/sctp_rig.h"

static void a_plain_message_is_ready_at_once(void)
{
	struct rig *r = rig_new(true);
	struct sctp_message m;
	struct frame *f = rig_data(r, 7, BE, "hello");

	CU_ASSERT(sctp_next_message(&r->d[0], &m, scratch));
	CU_ASSERT(bytes_equal(m.octets, bytes_str("hello")));
	CU_ASSERT(m.octets.data != scratch);
	CU_ASSERT(m.first_tsn == 7 && m.last_tsn == 7 && m.stream == 1 && m.number == 4 &&
		  m.ppid == 3 && m.n_fragments == 1 && !m.unordered && !m.interleaved &&
		  m.frame == f->number && m.time_us == f->time_us);
	CU_ASSERT_EQUAL(rig_leave(r, false), 0); /* not before its verdict */
	CU_ASSERT(rig_judge(r, "hello"));
	CU_ASSERT(rig_judge(r, NULL));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(is_untouched(f));
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_judged], 5);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS - 1);
	rig_ack(r, 7);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS);
	rig_close(r);
}

static void a_long_chunk_spans_blocks(void)
{
	struct rig *r = rig_new(true);
	char text[1401];
	struct sctp_message m;
	struct frame *f;

	for (size_t n = 390; n <= 1400; n += 1) {
		uint32_t before = r->j.n_free;

		for (size_t i = 0; i < n; i++) {
			text[i] = (char)('a' + (i * 7 + n) % 26);
		}
		text[n] = 0;
		f = rig_data(r, (uint32_t)n, BE, text);
		CU_ASSERT_EQUAL(before - r->j.n_free, sctp_journal_blocks(n));
		CU_ASSERT_FATAL(sctp_next_message(&r->d[0], &m, scratch));
		CU_ASSERT(bytes_equal(m.octets, bytes_str(text)));
		sctp_edit(&r->d[0], &m, n - 20, bytes_str("0123456789"));
		sctp_edit(&r->d[0], &m, 385, bytes_str("ABCDE"));
		sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
		memcpy(text + n - 20, "0123456789", 10);
		memcpy(text + 385, "ABCDE", 5);
		CU_ASSERT_EQUAL(rig_leave(r, false), 1);
		CU_ASSERT(carries(f, text) && sctp_packet_crc_right(f));
		rig_ack(r, (uint32_t)n);
	}
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_path_unseen], 0);
	rig_close(r);
}

/* research/inline-blocking.md 3.4: bundling: edit each, other chunks untouched. */
static void the_third_of_four_is_edited(void)
{
	struct rig *r = rig_new(true);
	static const char *const texts[] = { "first", "second!", "the bad one", "fourth" };
	struct sctp_message m;
	struct frame *f;
	unsigned n_differ = 0;

	put_sack(&r->w, 99);
	for (uint32_t i = 0; i < 4; i++) {
		put_data(&r->w, 10 + i, 1, (uint16_t)i, BE, 3, bytes_str(texts[i]));
	}
	f = rig_flush(r, 0);
	for (uint32_t i = 0; i < 4; i++) {
		CU_ASSERT_FATAL(sctp_next_message(&r->d[0], &m, scratch));
		CU_ASSERT(bytes_equal(m.octets, bytes_str(texts[i])));
		if (i == 2) {
			CU_ASSERT_EQUAL(sctp_leaked(&m, 0, 11), 0);
			sctp_edit(&r->d[0], &m, 4, bytes_str("xxx"));
			CU_ASSERT(bytes_equal(m.octets, bytes_str("the xxx one")));
		}
		sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
	}
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(carries(f, "the xxx one") && carries(f, "first") && carries(f, "fourth"));
	CU_ASSERT(sctp_packet_crc_right(f));
	for (uint32_t i = 0; i < f->len; i++) {
		bool crc = i >= f->l4_off + 8u && i < f->l4_off + 12u;

		n_differ += !crc && f->data[i] != originals[0][i] ? 1 : 0;
	}
	CU_ASSERT_EQUAL(n_differ, 3);
	CU_ASSERT_EQUAL(r->stats.counter[STAT_frames_edited], 1);
	rig_close(r);
}

/* RFC 9260 6.4.1: the retransmission goes to another address, in another packet. */
static void a_copy_on_another_path_leaves_as_the_first_did(void)
{
	struct rig *r = rig_new(true);
	struct frame *f;

	(void)rig_data(r, 5, BE, "spam");
	an_edit(r, "spam", "xxxx");
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	r->ends.from = 10;
	r->ends.to = 201;
	put_data(&r->w, 4, 1, 3, BE, 3, bytes_str("ham"));
	put_data(&r->w, 5, 1, 4, BE | SCTP_IMMEDIATE, 3, bytes_str("spam"));
	f = rig_flush(r, 0);
	CU_ASSERT(rig_judge(r, "ham"));
	CU_ASSERT(rig_judge(r, NULL));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(carries(f, "xxxx") && carries(f, "ham") && !carries(f, "spam"));
	CU_ASSERT(sctp_packet_crc_right(f));
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_tsn_differs], 0); /* an honest copy */
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_duplicate], 4);
	/* the I bit of a copy is its own (RFC 9260 3.3.1) */
	CU_ASSERT_EQUAL(f->data[f->payload_off + 20 + 1], BE | SCTP_IMMEDIATE);
	rig_close(r);
}

static void a_copy_with_other_content_becomes_the_first(void)
{
	static const struct {
		const char *what;
		uint32_t ppid;
		uint16_t stream;
		uint16_t ssn;
		uint8_t flags;
		const char *text;
		const char *leaves;
		size_t zeros;
	} rows[] = {
		{ "octets", 3, 1, 4, BE, "evil", "good", 0 },
		{ "longer", 3, 1, 4, BE, "good and evil", NULL, 9 },
		{ "shorter", 3, 1, 4, BE, "eve", "goo", 0 },
		{ "PPID", 46, 1, 4, BE, "good", "good", 0 },
		{ "stream", 3, 2, 4, BE, "good", "good", 0 },
		{ "SSN", 3, 1, 5, BE, "good", "good", 0 },
		{ "unordered", 3, 1, 4, BE | U, "good", "good", 0 },
		{ "fragment", 3, 1, 4, B, "good", "good", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *r = rig_new(true);
		struct sctp_walk w;
		struct sctp_chunk chunk;
		struct sctp_data data;
		struct frame *f;

		(void)rig_data(r, 5, BE, "good");
		CU_ASSERT(rig_judge(r, "good"));
		(void)rig_leave(r, false);
		put_data(&r->w, 5, rows[i].stream, rows[i].ssn, rows[i].flags, rows[i].ppid,
			bytes_str(rows[i].text));
		f = rig_flush(r, 0);
		CU_ASSERT(rig_judge(r, NULL));
		CU_ASSERT_EQUAL(rig_leave(r, false), 1);
		CU_ASSERT_EQUAL(r->stats.reason[R_sctp_tsn_differs], 1);
		CU_ASSERT(sctp_packet_crc_right(f));
		w = sctp_walk_of(f);
		CU_ASSERT_EQUAL(sctp_next_chunk(&w, &chunk), PARSE_OK);
		CU_ASSERT_FATAL(sctp_read_data(&chunk, &data));
		CU_ASSERT(data.ppid == 3 && data.stream == 1 && data.number == 4 &&
			  data.flags == BE && data.user.len == strlen(rows[i].text));
		if (rows[i].leaves != NULL) {
			CU_ASSERT(bytes_equal(data.user, bytes_str(rows[i].leaves)));
		} else {
			CU_ASSERT(bytes_equal(bytes_slice(data.user, 0, 4), bytes_str("good")));
		}
		for (size_t k = data.user.len - rows[i].zeros; k < data.user.len; k++) {
			CU_ASSERT_EQUAL(data.user.data[k], 0);
		}
		rig_close(r);
	}
}

static void an_edited_message_that_comes_again_otherwise_is_told_of(void)
{
	struct rig *r = rig_new(true);
	struct frame *f;

	(void)rig_data(r, 5, BE, "spam");
	an_edit(r, "spam", "xxxx");
	(void)rig_leave(r, false);
	f = rig_data(r, 5, BE, "SPAM");
	(void)rig_leave(r, false);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_tsn_differs], 1);
	CU_ASSERT(carries(f, "xxxx"));
	/* another type of chunk with that TSN: nothing of it was judged */
	f = rig_piece(r, 5, 4, BE, 3, "evil");
	(void)rig_leave(r, false);
	CU_ASSERT_FALSE(carries(f, "evil"));
	CU_ASSERT(sctp_packet_crc_right(f));
	rig_close(r);
}

/* All orders of the fragments of one message, as DATA and as I-DATA, also across the wrap of the TSN. */
static void fragments_in_any_order(void)
{
	static const char *const texts[] = { "one ", "two ", "three ", "four" };

	for (unsigned order = 0; order < 256 * 4; order++) {
		struct rig *r = rig_new(true);
		uint32_t tsn = (order & 256) != 0 ? 0xFFFFFFFEu : 100;
		bool interleaved = (order & 512) != 0;
		unsigned seen = 0;
		struct sctp_message m;

		for (unsigned i = 0; i < 4; i++) {
			unsigned k = order >> (2 * i) & 3;
			uint8_t flags = (uint8_t)((k == 0 ? B : 0) | (k == 3 ? E : 0));

			if (interleaved) {
				(void)rig_piece(r, tsn + k * 3, 9, flags, k == 0 ? 3 : k, texts[k]);
			} else {
				(void)rig_data(r, tsn + k, flags, texts[k]);
			}
			seen |= 1u << k;
			if (i < 3) {
				CU_ASSERT(rig_judge(r, NULL));
				CU_ASSERT_EQUAL(rig_leave(r, false), 0);
			}
		}
		CU_ASSERT_EQUAL(sctp_next_message(&r->d[0], &m, scratch), seen == 15);
		if (seen == 15) {
			CU_ASSERT(bytes_equal(m.octets, bytes_str("one two three four")));
			CU_ASSERT(m.first_tsn == tsn && m.last_tsn == tsn + (interleaved ? 9 : 3) &&
				  m.n_fragments == 4 && m.ppid == 3 &&
				  m.number == (interleaved ? 9u : 4u) &&
				  m.interleaved == interleaved);
			sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
			CU_ASSERT_EQUAL(rig_leave(r, false), 4);
		}
		CU_ASSERT_EQUAL(r->stats.reason[R_sctp_fragment], 0);
		rig_close(r);
	}
}

static void an_edit_over_fragments(void)
{
	struct rig *r = rig_new(true);
	struct sctp_message m;
	struct frame *f[3];

	f[0] = rig_data(r, 1, B, "abc");
	f[1] = rig_data(r, 2, 0, "def");
	f[2] = rig_data(r, 3, E, "ghi");
	CU_ASSERT_FATAL(sctp_next_message(&r->d[0], &m, scratch));
	sctp_edit(&r->d[0], &m, 2, bytes_str("XXXXX"));
	sctp_edit(&r->d[0], &m, 8, bytes_str("Y"));
	sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
	CU_ASSERT_EQUAL(rig_leave(r, false), 3);
	CU_ASSERT(carries(f[0], "abX") && carries(f[1], "XXX") && carries(f[2], "XhY"));
	CU_ASSERT_EQUAL(r->stats.counter[STAT_frames_edited], 3);
	rig_close(r);
}

static void streams_interleave(void)
{
	struct rig *r = rig_new(true);

	put_i_data(&r->w, 1, 1, 0, B, 3, bytes_str("a1"));
	put_i_data(&r->w, 2, 2, 0, B, 3, bytes_str("b1"));
	put_i_data(&r->w, 3, 1, 0, B | U, 3, bytes_str("u1"));
	(void)rig_flush(r, 0);
	put_i_data(&r->w, 4, 2, 0, E, 1, bytes_str("b2"));
	put_i_data(&r->w, 5, 1, 0, E | U, 1, bytes_str("u2"));
	put_i_data(&r->w, 6, 2, 1, BE, 3, bytes_str("c"));
	(void)rig_flush(r, 0);
	CU_ASSERT(rig_judge(r, "b1b2"));
	CU_ASSERT(rig_judge(r, "u1u2"));
	CU_ASSERT(rig_judge(r, "c"));
	CU_ASSERT_EQUAL(rig_leave(r, false), 0); /* a1 is in the first */
	put_i_data(&r->w, 7, 1, 0, E, 1, bytes_str("a2"));
	(void)rig_flush(r, 0);
	CU_ASSERT(rig_judge(r, "a1a2"));
	CU_ASSERT_EQUAL(rig_leave(r, false), 3);
	rig_close(r);
}

static void a_gap_delays_nothing(void)
{
	struct rig *r = rig_new(true);

	(void)rig_data(r, 900, BE, "far");
	CU_ASSERT(rig_judge(r, "far"));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	(void)rig_data(r, 10, BE, "near");
	CU_ASSERT(rig_judge(r, "near"));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	rig_close(r);
}

static void release_and_judge_late(bool acked)
{
	struct rig *r = rig_new(true);
	enum reason why = R_none;
	struct sctp_message m;
	struct frame *first = rig_data(r, 1, B, "secret ");
	struct frame *last;

	CU_ASSERT_EQUAL(rig_leave(r, false), 0);
	CU_ASSERT_EQUAL(r->stats.counter[STAT_frames_held], 1);
	r->now_us += 19999;
	CU_ASSERT_FALSE(sctp_release_due(&r->d[0], r->now_us, &r->config, &why));
	r->now_us += 1;
	CU_ASSERT(sctp_release_due(&r->d[0], r->now_us, &r->config, &why));
	CU_ASSERT_EQUAL(why, R_hold_timeout);
	CU_ASSERT_EQUAL(rig_leave(r, true), 1);
	CU_ASSERT(is_untouched(first));
	CU_ASSERT_EQUAL(first->time_us, r->now_us);
	if (acked) { /* and still needed */
		rig_ack(r, 1);
	}
	last = rig_data(r, 2, E, "plan");
	CU_ASSERT_FATAL(sctp_next_message(&r->d[0], &m, scratch));
	CU_ASSERT(bytes_equal(m.octets, bytes_str("secret plan")));
	CU_ASSERT_EQUAL(sctp_leaked(&m, 0, 11), 7);
	CU_ASSERT_EQUAL(sctp_leaked(&m, 5, 4), 2);
	CU_ASSERT_EQUAL(sctp_leaked(&m, 7, 4), 0);
	sctp_edit(&r->d[0], &m, 0, bytes_str("xxxxxxxxxxx"));
	sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(carries(last, "xxxx"));
	first = rig_data(r, 1, B, "secret "); /* law 4: a copy is as the first was */
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(is_untouched(first));
	rig_ack(r, 2);
	rig_age(r);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS);
	rig_close(r);
}

static void what_is_held_is_released(void)
{
	release_and_judge_late(false);
	release_and_judge_late(true);
}

static void a_copy_of_what_is_held_releases_it(void)
{
	struct rig *r = rig_new(true);
	enum reason why = R_none;

	(void)rig_data(r, 1, B, "a");
	(void)rig_leave(r, false);
	(void)rig_data(r, 5, BE, "b");
	CU_ASSERT(rig_judge(r, "b"));
	CU_ASSERT_FALSE(sctp_release_due(&r->d[0], r->now_us, &r->config, &why));
	(void)rig_data(r, 1, B, "a");
	CU_ASSERT(sctp_release_due(&r->d[0], r->now_us, &r->config, &why));
	CU_ASSERT_EQUAL(why, R_hold_retransmit);
	CU_ASSERT_EQUAL(rig_leave(r, true), 3);
	(void)rig_data(r, 1, B, "a"); /* it has left: nothing waits */
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	(void)rig_data(r, 9, B, "c");
	r->d[0].ended = true;
	CU_ASSERT(sctp_release_due(&r->d[0], r->now_us, &r->config, &why));
	CU_ASSERT_EQUAL(why, R_hold_close);
	r->d[0].ended = false;
	for (unsigned i = 1; i < LIMIT_HELD_FRAMES; i++) {
		CU_ASSERT_FALSE(sctp_release_due(&r->d[0], r->now_us, &r->config, &why));
		put_sack(&r->w, 1);
		(void)rig_flush(r, 0);
	}
	CU_ASSERT(sctp_release_due(&r->d[0], r->now_us, &r->config, &why));
	CU_ASSERT_EQUAL(why, R_hold_full);
	r->config.hold_us = 0;
	CU_ASSERT_EQUAL(rig_leave(r, true), LIMIT_HELD_FRAMES);
	rig_close(r);
}

static void monitor_holds_and_changes_nothing(void)
{
	struct rig *r = rig_new(false);
	enum reason why = R_none;
	struct frame *f[4];

	f[0] = rig_data(r, 1, B, "ab");
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT_FALSE(sctp_release_due(&r->d[0], r->now_us + 1000000, &r->config, &why));
	f[1] = rig_data(r, 2, E, "cd");
	CU_ASSERT(rig_judge(r, "abcd"));
	f[2] = rig_data(r, 2, E, "XX");
	CU_ASSERT_EQUAL(rig_leave(r, false), 2);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_tsn_differs], 1);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT(is_untouched(f[i]));
	}
	CU_ASSERT_EQUAL(r->stats.counter[STAT_frames_edited], 0);
	rig_close(r);
}

static void a_packet_without_checksum_stays_without(void)
{
	struct rig *r = rig_new(true);
	struct frame *f;

	r->ends.no_checksum = true;
	f = rig_data(r, 1, BE, "spam");
	an_edit(r, "spam", "xxxx");
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(carries(f, "xxxx"));
	CU_ASSERT_EQUAL(be32(f->data + f->l4_off + 8), 0); /* RFC 9653 5.2 */
	rig_close(r);
}

static void authenticated_data_passes(void)
{
	static const uint8_t auth[24];
	struct rig *r = rig_new(true);
	struct frame *f;

	put_data(&r->w, 1, 1, 0, BE, 3, bytes_str("before"));
	put_chunk(&r->w, SCTP_AUTH, 0, bytes_of(auth, sizeof(auth)));
	put_data(&r->w, 2, 1, 1, BE, 3, bytes_str("covered"));
	f = rig_flush(r, 0);
	CU_ASSERT(rig_judge(r, "before"));
	CU_ASSERT(rig_judge(r, NULL));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(is_untouched(f));
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_sctp_authenticated], 7);
	rig_ack(r, 2);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_path_unseen], 0);
	rig_close(r);
}

static void broken_packets_are_not_used(void)
{
	struct rig *r = rig_new(true);
	struct frame *f;

	r->ends.bad_checksum = true;
	f = rig_data(r, 1, BE, "forged");
	CU_ASSERT_EQUAL(f->reason, R_bad_checksum);
	CU_ASSERT(rig_judge(r, NULL));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(is_untouched(f));
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_bad_checksum], 6);
	put_sack(&r->w, 1000);
	(void)rig_flush(r, 1);
	CU_ASSERT_FALSE(r->d[0].acked);
	r->ends.bad_checksum = false;
	(void)rig_data(r, 1, BE, "genuine"); /* the forged one is not its first copy */
	CU_ASSERT(rig_judge(r, "genuine"));
	rig_close(r);
}

/* What no receiver puts together (RFC 9260 6.9), with the number of anomalies and what is still given. */
static void fragments_that_do_not_fit(void)
{
	static const struct {
		const char *what;
		struct {
			uint32_t tsn;
			uint16_t ssn;
			uint8_t flags;
		} chunk[3];
		unsigned n;
		unsigned n_anomalies;
		const char *given;
	} rows[] = {
		{ "a begin inside a message", { { 1, 0, B }, { 2, 0, B }, { 3, 0, E } }, 3, 1,
			"bc" },
		{ "an end without a begin", { { 1, 0, BE }, { 2, 1, E } }, 2, 1, "a" },
		{ "a whole one inside a message", { { 1, 0, B }, { 2, 0, BE }, { 3, 0, E } }, 3, 2,
			"b" },
		{ "the same, from behind", { { 3, 0, E }, { 2, 0, BE }, { 1, 0, B } }, 3, 2, "b" },
		{ "another number", { { 1, 0, B }, { 2, 1, E } }, 2, 1, NULL },
		{ "ordered and unordered", { { 1, 0, B }, { 2, 0, E | U } }, 2, 1, NULL },
		{ "a middle before a begin", { { 2, 1, B }, { 1, 0, 0 } }, 2, 1, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *r = rig_new(true);
		static const char *const texts[] = { "a", "b", "c" };

		for (unsigned k = 0; k < rows[i].n; k++) {
			put_data(&r->w, rows[i].chunk[k].tsn, 1, rows[i].chunk[k].ssn,
				rows[i].chunk[k].flags, 3, bytes_str(texts[k]));
			(void)rig_flush(r, 0);
		}
		if (rows[i].given != NULL) {
			CU_ASSERT(rig_judge(r, rows[i].given));
		}
		CU_ASSERT(rig_judge(r, NULL));
		CU_ASSERT_EQUAL(r->stats.reason[R_sctp_fragment], rows[i].n_anomalies);
		if (r->stats.reason[R_sctp_fragment] != rows[i].n_anomalies) {
			printf("row: %s: %u\n", rows[i].what,
				(unsigned)r->stats.reason[R_sctp_fragment]);
		}
		rig_close(r);
	}
}

static void two_fragments_in_one_place(void)
{
	struct rig *r = rig_new(true);

	(void)rig_piece(r, 1, 0, B, 3, "a");
	(void)rig_piece(r, 2, 0, 0, 1, "b");
	(void)rig_piece(r, 3, 0, 0, 1, "X"); /* FSN 1 again under another TSN */
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_fragment], 1);
	(void)rig_piece(r, 4, 0, E, 2, "c");
	CU_ASSERT(rig_judge(r, "abc"));
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_incomplete], 1);
	rig_close(r);
}

static void data_and_i_data_do_not_mix(void)
{
	struct rig *r = rig_new(true);

	(void)rig_data(r, 1, BE, "a");
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_mixed], 0);
	(void)rig_piece(r, 2, 0, BE, 3, "b");
	(void)rig_piece(r, 3, 1, BE, 3, "c");
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_mixed], 1);
	CU_ASSERT(rig_judge(r, "a") && rig_judge(r, "b") && rig_judge(r, "c"));
	r->d[0].n_streams = 1;
	put_data(&r->w, 4, 0, 0, BE, 3, bytes_str("d"));
	put_data(&r->w, 5, 1, 0, BE, 3, bytes_str("e"));
	(void)rig_flush(r, 0);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_stream], 1);
	rig_close(r);
}

static void too_long_a_message_passes(void)
{
	struct rig *r = rig_new(true);
	char text[1025];
	uint32_t tsn = 1;

	memset(text, 'x', 1024);
	text[1024] = 0;
	(void)rig_data(r, tsn++, B, text);
	for (; tsn <= LIMIT_SCTP_MESSAGE_LEN / 1024; tsn++) {
		(void)rig_data(r, tsn, 0, text);
	}
	CU_ASSERT_EQUAL(rig_leave(r, false), 0);
	CU_ASSERT_EQUAL(r->d[0].n_waiting, 64);
	(void)rig_data(r, tsn++, 0, "y");
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_sctp_oversize], 65537);
	CU_ASSERT_EQUAL(rig_leave(r, false), 65);
	(void)rig_data(r, tsn++, E, "the rest");
	CU_ASSERT(rig_judge(r, NULL));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_sctp_oversize], 65545);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_oversize], 1);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_fragment], 0);
	/* exactly the ceiling is given */
	for (uint32_t i = 0; i < 64; i++) {
		(void)rig_data(r, tsn + i, (uint8_t)((i == 0 ? B : 0) | (i == 63 ? E : 0)), text);
	}
	CU_ASSERT_EQUAL(rig_leave(r, false), 0);
	{
		struct sctp_message m;

		CU_ASSERT_FATAL(sctp_next_message(&r->d[0], &m, scratch));
		CU_ASSERT_EQUAL(m.octets.len, LIMIT_SCTP_MESSAGE_LEN);
		sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
	}
	rig_close(r);
}

UNIT_MAIN("sctp_direction",
	{ "a plain message is ready at once", a_plain_message_is_ready_at_once },
	{ "a long chunk spans blocks", a_long_chunk_spans_blocks },
	{ "the third of four is edited", the_third_of_four_is_edited },
	{ "a copy on another path", a_copy_on_another_path_leaves_as_the_first_did },
	{ "a copy with other content", a_copy_with_other_content_becomes_the_first },
	{ "a false copy of an edited one",
		an_edited_message_that_comes_again_otherwise_is_told_of },
	{ "fragments in any order", fragments_in_any_order },
	{ "an edit over fragments", an_edit_over_fragments },
	{ "streams interleave", streams_interleave },
	{ "a gap delays nothing", a_gap_delays_nothing },
	{ "what is held is released", what_is_held_is_released },
	{ "a copy of what is held", a_copy_of_what_is_held_releases_it },
	{ "monitor", monitor_holds_and_changes_nothing },
	{ "zero checksum", a_packet_without_checksum_stays_without },
	{ "AUTH", authenticated_data_passes }, { "broken packets", broken_packets_are_not_used },
	{ "fragments that do not fit", fragments_that_do_not_fit },
	{ "two fragments in one place", two_fragments_in_one_place },
	{ "DATA and I-DATA", data_and_i_data_do_not_mix },
	{ "too long a message", too_long_a_message_passes })
