/* SPDX-License-Identifier: BSD-3-Clause */
/* What a direction keeps, how long, and what happens when there is no room. */
#include "dataplane/net/sctp_direction.h"

#include "tests/dataplane/net/sctp_rig.h"

static void a_full_journal_lets_pass(void)
{
	struct rig *r = rig_new_with(true, 8);
	uint32_t n_out = 0;

	/* all in one burst: nothing of it may be forgotten */
	for (uint32_t tsn = 1; tsn <= 10; tsn++) {
		(void)rig_data(r, tsn, BE, "message");
	}
	CU_ASSERT_EQUAL(r->stats.reason[R_history_full], 2);
	for (unsigned i = 0; i < 8; i++) {
		CU_ASSERT(rig_judge(r, "message"));
	}
	CU_ASSERT(rig_judge(r, NULL));
	n_out = rig_leave(r, false);
	CU_ASSERT_EQUAL(n_out, 10);
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_history_full], 14);
	/* in the next, the oldest give way */
	(void)rig_data(r, 11, BE, "message");
	CU_ASSERT(rig_judge(r, "message"));
	CU_ASSERT_EQUAL(r->stats.reason[R_history_full], 2);
	(void)rig_leave(r, false);
	rig_ack(r, 11);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_path_unseen], 0);
	CU_ASSERT_EQUAL(r->j.n_free, 8);
	rig_close(r);
}

static void a_full_journal_keeps_what_is_held(void)
{
	struct rig *r = rig_new_with(true, 4);
	struct frame *f;

	(void)rig_data(r, 1, BE, "spam");
	an_edit(r, "spam", "xxxx");
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	(void)rig_data(r, 2, B, "begin");
	f = rig_data(r, 1, BE, "spam"); /* a copy, held behind the fragment */
	CU_ASSERT_EQUAL(rig_leave(r, false), 0);
	for (uint32_t tsn = 3; tsn < 6; tsn++) {
		(void)rig_data(r, tsn, BE, "ham");
	}
	CU_ASSERT(rig_judge(r, "ham") && rig_judge(r, "ham") && rig_judge(r, NULL));
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_history_full], 3);
	rig_ack(r, 1);
	CU_ASSERT_EQUAL(rig_leave(r, true), 5);
	CU_ASSERT(carries(f, "xxxx"));
	rig_close(r);
}

static void an_unfinished_message_gives_way_at_last(void)
{
	struct rig *r = rig_new_with(true, 8);

	for (uint32_t i = 0; i < 4; i++) {
		(void)rig_data(r, 10 + i, i == 0 ? B : 0, "piece");
	}
	(void)rig_leave(r, true);
	for (uint32_t tsn = 100; tsn < 108; tsn++) {
		(void)rig_data(r, tsn, BE, "message");
		CU_ASSERT(rig_judge(r, "message"));
		(void)rig_leave(r, false);
	}
	CU_ASSERT_EQUAL(r->stats.reason[R_history_full], 0);
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_incomplete], 20);
	CU_ASSERT_EQUAL(r->d[0].n_waiting, 0);
	rig_close(r);
}

static void memory_goes_by_age_where_nobody_acknowledges(void)
{
	struct rig *r = rig_new(true);

	(void)rig_data(r, 1, BE, "a");
	CU_ASSERT(rig_judge(r, "a"));
	(void)rig_data(r, 2, B, "b");
	(void)rig_leave(r, true);
	r->now_us += 999999;
	(void)rig_leave(r, false);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS - 2);
	r->now_us += 1;
	(void)rig_leave(r, false);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS - 1); /* the fragment is kept */
	(void)rig_data(r, 3, E, "c");
	CU_ASSERT(rig_judge(r, "bc"));
	(void)rig_leave(r, false);
	r->config.history_us = 0;
	(void)rig_leave(r, false);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS);
	rig_close(r);
}

static void acknowledgements(void)
{
	struct rig *r = rig_new(true);

	for (uint32_t tsn = 0xFFFFFFF0u; tsn != 0x10; tsn++) {
		(void)rig_data(r, tsn, BE, "x");
		CU_ASSERT(rig_judge(r, "x"));
	}
	(void)rig_leave(r, false);
	rig_ack(r, 0xFFFFFFFFu);
	CU_ASSERT_EQUAL(r->d[0].n_entries, 16);
	rig_ack(r, 0xFFFFFFF5u); /* late */
	rig_ack(r, 0xF + LIMIT_SCTP_ACK_AHEAD + 1);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_ack], 1);
	CU_ASSERT_EQUAL(r->d[0].n_entries, 16);
	(void)rig_data(r, 0xFFFFFFF3u, BE, "forgotten"); /* the receiver has it */
	CU_ASSERT(rig_judge(r, NULL));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	rig_ack(r, 0xF);
	CU_ASSERT_EQUAL(r->d[0].n_entries, 0);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_path_unseen], 0);
	(void)rig_data(r, 0x11, BE, "y");
	CU_ASSERT(rig_judge(r, "y"));
	(void)rig_leave(r, false);
	rig_ack(r, 0x11);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_path_unseen], 1); /* 0x10 went another way */
	(void)rig_data(r, 0x13, E, "the end of what went another way");
	CU_ASSERT_FALSE(rig_leave(r, false));
	rig_ack(r, 0x12);
	(void)rig_data(r, 0x15, E, "another end");
	(void)rig_leave(r, true);
	rig_ack(r, 0x16);
	(void)rig_data(r, 0x18, 0, "a middle whose begin is beyond us");
	(void)rig_leave(r, true);
	rig_close(r);
}

static void what_was_under_way_when_we_joined_is_no_hole(void)
{
	struct rig *r = rig_new(true);

	rig_ack(r, 490); /* a direction of which nothing is seen */
	rig_ack(r, 495);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_path_unseen], 0);
	(void)rig_data(r, 500, BE, "x");
	CU_ASSERT(rig_judge(r, "x"));
	(void)rig_leave(r, false);
	rig_ack(r, 498);
	rig_ack(r, 500);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_path_unseen], 0);
	(void)rig_data(r, 502, BE, "x");
	CU_ASSERT(rig_judge(r, "x"));
	(void)rig_leave(r, false);
	rig_ack(r, 502);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_path_unseen], 1);
	rig_close(r);
}

static void a_begin_that_went_round_is_not_waited_for(void)
{
	struct rig *r = rig_new(true);

	(void)rig_data(r, 1, BE, "x");
	CU_ASSERT(rig_judge(r, "x"));
	(void)rig_leave(r, false);
	rig_ack(r, 2);
	(void)rig_data(r, 3, E, "rest");
	CU_ASSERT(rig_judge(r, NULL));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_gap], 4);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_fragment], 0);
	rig_close(r);
}

static void tsns_wrap(void)
{
	struct rig *r = rig_new(true);

	(void)rig_data(r, 5, BE, "x");
	CU_ASSERT(rig_judge(r, "x"));
	(void)rig_leave(r, false);
	rig_ack(r, 5);
	(void)rig_data(r, 4, BE, "old");
	CU_ASSERT(rig_judge(r, NULL));
	(void)rig_leave(r, false);
	r->now_us += LIMIT_SCTP_ACK_AGE_US; /* no acknowledgement since: they may have wrapped */
	(void)rig_data(r, 3, BE, "new");
	CU_ASSERT(rig_judge(r, "new"));
	(void)rig_leave(r, false);
	rig_close(r);
}

/* An acknowledgement that is lost behind us, or crosses a copy: the copy leaves as the first did. */
static void a_copy_behind_its_acknowledgement(void)
{
	struct rig *r = rig_new(true);
	struct frame *f;

	(void)rig_data(r, 0xFFFFFFFFu, BE, "spam");
	an_edit(r, "spam", "xxxx");
	(void)rig_data(r, 0, BE, "ham");
	CU_ASSERT(rig_judge(r, "ham"));
	CU_ASSERT_EQUAL(rig_leave(r, false), 2);
	rig_ack(r, 0);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS - 1); /* the edited one */
	CU_ASSERT_EQUAL(r->d[0].n_entries, 0);
	r->now_us += LIMIT_SCTP_KEPT_US - 1;
	f = rig_data(r, 0xFFFFFFFFu, BE, "spam");
	CU_ASSERT(rig_judge(r, NULL));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(carries(f, "xxxx") && sctp_packet_crc_right(f));
	/* a copy with other octets, and in a packet with what is new */
	put_data(&r->w, 0xFFFFFFFFu, 1, 4, BE, 3, bytes_str("SPAM"));
	f = rig_data(r, 1, BE, "more");
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_tsn_differs], 1);
	CU_ASSERT(rig_judge(r, "more"));
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(carries(f, "xxxx") && carries(f, "more"));
	/* its time runs from the newest copy; then all is forgotten */
	rig_ack(r, 1);
	r->now_us += LIMIT_SCTP_KEPT_US - 1;
	sctp_age(&r->d[0], r->now_us, &r->j);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS - 1);
	r->now_us += 1;
	rig_ack(r, 1);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS);
	CU_ASSERT_EQUAL(r->d[0].n_overlaid, 0);
	f = rig_data(r, 0xFFFFFFFFu, BE, "spam");
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(is_untouched(f));
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_kept_full], 0);
	rig_close(r);
}

/* Each fragment of a message alone, and in parts of several blocks. */
static void fragments_behind_their_acknowledgement(void)
{
	static char text[1500];
	static char blank[sizeof(text)];
	struct rig *r = rig_new(true);
	struct frame *f;

	memset(text, 's', sizeof(text) - 1);
	memset(blank, 'x', sizeof(blank) - 1);
	(void)rig_data(r, 8, B, "spam");
	(void)rig_data(r, 9, E, text);
	{
		struct sctp_message m;

		CU_ASSERT_FATAL(sctp_next_message(&r->d[0], &m, scratch));
		sctp_edit(&r->d[0], &m, 0, bytes_str("xxxx"));
		sctp_edit(&r->d[0], &m, 4, bytes_str(blank));
		sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
	}
	CU_ASSERT_EQUAL(rig_leave(r, false), 2);
	rig_ack(r, 9);
	f = rig_data(r, 9, E, text);
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(carries(f, blank));
	f = rig_data(r, 8, B, "spam");
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(carries(f, "xxxx"));
	rig_age(r);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS);
	rig_close(r);
}

/* What is kept is of a message that is over: it is no neighbour of new fragments. */
static void what_is_kept_is_no_neighbour(void)
{
	struct rig *r = rig_new(true);
	struct frame *f;

	(void)rig_piece(r, 1, 7, B, 3, "sp");
	(void)rig_piece(r, 2, 7, E, 1, "am");
	{
		struct sctp_message m;

		CU_ASSERT_FATAL(sctp_next_message(&r->d[0], &m, scratch));
		sctp_edit(&r->d[0], &m, 0, bytes_str("xxxx"));
		sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
	}
	(void)rig_leave(r, false);
	rig_ack(r, 2);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS - 2);
	/* the message identifier again, by new TSNs: another message, judged as one */
	(void)rig_piece(r, 3, 7, B, 3, "ha");
	f = rig_piece(r, 4, 7, E, 1, "m!");
	CU_ASSERT(rig_judge(r, "ham!"));
	CU_ASSERT_EQUAL(rig_leave(r, false), 2);
	CU_ASSERT(is_untouched(f));
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_fragment], 0);
	f = rig_piece(r, 2, 7, E, 1, "am");
	CU_ASSERT_EQUAL(rig_leave(r, false), 1);
	CU_ASSERT(carries(f, "xx"));
	rig_ack(r, 4);
	rig_age(r);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS);
	rig_close(r);

	r = rig_new(true);
	(void)rig_data(r, 1, BE, "spam");
	an_edit(r, "spam", "xxxx");
	(void)rig_leave(r, false);
	rig_ack(r, 1);
	(void)rig_data(r, 2, E, "rest"); /* its begin never came by */
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_gap], 4);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_fragment], 0);
	rig_close(r);
}

/* A held frame with a late copy: what is kept for it stays, whatever time goes by and whatever comes. */
static void a_held_copy_is_kept(void)
{
	struct rig *r = rig_new_with(true, 8);
	struct frame *f;

	(void)rig_data(r, 1, BE, "spam");
	an_edit(r, "spam", "xxxx");
	(void)rig_leave(r, false);
	rig_ack(r, 1);
	(void)rig_data(r, 2, B, "begin");
	f = rig_data(r, 1, BE, "spam");
	CU_ASSERT_EQUAL(rig_leave(r, false), 0);
	rig_age(r);
	rig_age(r);
	for (uint32_t tsn = 3; tsn < 12; tsn++) {
		(void)rig_data(r, tsn, BE, "ham");
	}
	CU_ASSERT_EQUAL(r->stats.reason[R_history_full], 3);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_kept_full], 0);
	CU_ASSERT_EQUAL(rig_leave(r, true), 11);
	CU_ASSERT(carries(f, "xxxx"));
	rig_close(r);
}

/* The ceiling of one direction, and a pool that is short: the oldest are forgotten, and that is counted. */
static void room_for_what_is_kept(void)
{
	enum { MORE = 10 };
	struct rig *r = rig_new_with(true, 2 * LIMIT_SCTP_KEPT_BLOCKS);
	struct frame *f;

	for (uint32_t tsn = 1; tsn <= LIMIT_SCTP_KEPT_BLOCKS + MORE; tsn++) {
		r->n_frames %= FRAMES / 2;
		r->out = (struct frame_list){ .head = NULL };
		(void)rig_data(r, tsn, BE, "spam");
		an_edit(r, "spam", "xxxx");
		(void)rig_leave(r, false);
		rig_ack(r, tsn);
	}
	CU_ASSERT_EQUAL(r->d[0].n_kept, LIMIT_SCTP_KEPT_BLOCKS);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_kept_full], MORE);
	f = rig_data(r, MORE, BE, "spam");
	(void)rig_leave(r, false);
	CU_ASSERT(is_untouched(f));
	f = rig_data(r, MORE + 1, BE, "spam");
	(void)rig_leave(r, false);
	CU_ASSERT(carries(f, "xxxx"));
	rig_age(r);
	CU_ASSERT_EQUAL(r->j.n_free, r->j.n_blocks);
	rig_close(r);

	r = rig_new_with(true, 8);
	for (uint32_t tsn = 1; tsn <= 8; tsn++) {
		(void)rig_data(r, tsn, BE, "spam");
		an_edit(r, "spam", "xxxx");
	}
	(void)rig_leave(r, false);
	rig_ack(r, 8);
	CU_ASSERT_EQUAL(
		r->d[0].n_kept, 5); /* three were let go until more than a quarter was free */
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_kept_full], 3);
	for (uint32_t tsn = 9; tsn <= 15; tsn++) { /* new messages come first */
		(void)rig_data(r, tsn, BE, "ham");
	}
	CU_ASSERT_EQUAL(r->stats.reason[R_history_full], 0);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_kept_full], 7);
	rig_close(r);
}

/* research/reliability.md 8: memory stays where it is, whatever comes, and it is back when what is kept has aged. */
static void a_million_messages(void)
{
	struct rig *r = rig_new_with(true, 64);
	uint32_t tsn = 0xFFF00000u;
	uint32_t random = 1;
	uint32_t n_short =
		0; /* times something else than what is kept was left; counted, as each failed assertion is stored */
	uint32_t n_lost = 0; /* times what is kept took too much of the pool */

	for (uint32_t i = 0; i < 1000000; i++) {
		struct sctp_message m;

		random = random * 1664525 + 1013904223;
		put_data(&r->w, tsn++, (uint16_t)(i % 8), 0, i % 10 != 3 ? BE : B, 3,
			bytes_str("a message"));
		if (i % 10 == 3) {
			put_data(&r->w, tsn++, (uint16_t)(i % 8), 0, E, 3, bytes_str(" in two"));
		}
		if (random >> 28 == 0) {
			put_data(&r->w, tsn - 1 - (random & 3), 0, 0, BE, 3, bytes_str("again"));
		}
		r->n_frames %= FRAMES;
		frames[r->n_frames].number = 0;
		(void)rig_flush(r, 0);
		while (sctp_next_message(&r->d[0], &m, scratch)) {
			if (random >> 27 == 1) {
				sctp_edit(&r->d[0], &m, 2, bytes_str("MESSAGE"));
			}
			sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
		}
		r->out = (struct frame_list){ .head = NULL };
		(void)rig_leave(r, false);
		if (i % 4 == 0) {
			r->n_frames %= FRAMES;
			rig_ack(r, tsn - 1);
			n_short += r->d[0].n_entries != 0 || r->j.n_free + r->d[0].n_kept != 64;
			n_lost += r->j.n_free < 16;
		}
		r->now_us += 1000;
	}
	CU_ASSERT_EQUAL(n_short, 0);
	CU_ASSERT_EQUAL(n_lost, 0);
	CU_ASSERT_EQUAL(r->stats.reason[R_history_full], 0);
	rig_ack(r, tsn - 1);
	rig_age(r);
	CU_ASSERT_EQUAL(r->j.n_free, 64);
	CU_ASSERT_EQUAL(r->d[0].n_kept, 0);
	CU_ASSERT_EQUAL(r->d[0].n_overlaid, 0);
	CU_ASSERT_EQUAL(r->d[0].n_waiting, 0);
	rig_close(r);
}

/* All of them refused. */
static void a_million_refused_messages(void)
{
	struct rig *r = rig_new_with(true, 4096);
	uint32_t tsn = 0xFFF80000u;
	uint32_t n_copies = 0;
	uint32_t n_wrong = 0;

	for (uint32_t i = 0; i < 1000000; i++, tsn++) {
		struct sctp_message m;
		struct frame *f;

		r->n_frames %= FRAMES;
		r->out = (struct frame_list){ .head = NULL };
		(void)rig_data(r, tsn, BE, "spam");
		n_wrong += !sctp_next_message(&r->d[0], &m, scratch);
		sctp_edit(&r->d[0], &m, 0, bytes_str("xxxx"));
		sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
		(void)rig_leave(r, false);
		if (i % 16 == 15) {
			rig_ack(r, tsn);
			f = rig_data(r, tsn - i % 500, BE, "spam");
			(void)rig_leave(r, false);
			n_wrong += i > 500 && !carries(f, "xxxx");
			n_copies++;
		}
		n_wrong += r->d[0].n_kept > LIMIT_SCTP_KEPT_BLOCKS;
		r->now_us += 3000;
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
	CU_ASSERT_EQUAL(n_copies, 62500);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_kept_full], 0);
	CU_ASSERT_EQUAL(r->stats.reason[R_history_full], 0);
	rig_ack(r, tsn - 1);
	CU_ASSERT_NOT_EQUAL(r->j.n_free, 4096);
	rig_age(r);
	CU_ASSERT_EQUAL(r->j.n_free, 4096);
	CU_ASSERT_EQUAL(r->d[0].n_overlaid, 0);
	rig_close(r);
}

UNIT_MAIN("sctp_keep", { "a full journal", a_full_journal_lets_pass },
	{ "a full journal keeps what is held", a_full_journal_keeps_what_is_held },
	{ "an unfinished message gives way", an_unfinished_message_gives_way_at_last },
	{ "memory goes by age", memory_goes_by_age_where_nobody_acknowledges },
	{ "acknowledgements", acknowledgements },
	{ "joined", what_was_under_way_when_we_joined_is_no_hole },
	{ "a begin that went round", a_begin_that_went_round_is_not_waited_for },
	{ "TSNs wrap", tsns_wrap }, { "a late copy", a_copy_behind_its_acknowledgement },
	{ "late fragments", fragments_behind_their_acknowledgement },
	{ "kept ones are no neighbours", what_is_kept_is_no_neighbour },
	{ "a held late copy", a_held_copy_is_kept },
	{ "room for kept ones", room_for_what_is_kept },
	{ "a million messages", a_million_messages },
	{ "a million refused", a_million_refused_messages })
