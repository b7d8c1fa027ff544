/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/tcp.h"

#include <stdlib.h>

#include "tests/dataplane/net/tcp_rig.h"

#define OCTETS(...)                                                                        \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

static void test_handshake_and_data(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 999, 4999);
	CU_ASSERT_EQUAL(r->out.count, 3);
	CU_ASSERT_EQUAL(r->d[0].sync, TCP_SYNCED);
	CU_ASSERT_EQUAL(r->d[1].sync, TCP_SYNCED);
	CU_ASSERT_EQUAL(rig_send(r, 0, 1000, 5000, TCP_ACK, "hel"), TCP_DATA);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 0);
	CU_ASSERT_EQUAL(rig_send(r, 0, 1003, 5000, TCP_ACK, "lo"), TCP_DATA);
	CU_ASSERT_TRUE(rig_peek_is(r, 0, "hello"));
	rig_consume(r, 0, 5);
	r->now_us += 7;
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 2);
	CU_ASSERT_EQUAL(r->stats.counter[STAT_frames_held], 1);
	CU_ASSERT_EQUAL(frames[3].time_us, 1000007);
	CU_ASSERT_EQUAL(frames[4].time_us, 1000000);
	CU_ASSERT_EQUAL(rig_send(r, 1, 5000, 1005, TCP_ACK, ""), TCP_NOTHING);
	CU_ASSERT_EQUAL(r->d[0].una, 1005);
	CU_ASSERT_FALSE(r->d[0].gap_proven);
	rig_close(r);
}

static void test_out_of_order(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 0xFFFFFFFCu, 0); /* data from 0xFFFFFFFD: wraps */
	CU_ASSERT_EQUAL(rig_send(r, 0, 1, 1, TCP_ACK, "4567"), TCP_NOTHING);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 0);
	CU_ASSERT_EQUAL(tcp_ready(&r->d[0]), 0);
	CU_ASSERT_EQUAL(rig_send(r, 0, 0xFFFFFFFDu, 1, TCP_ACK, "0123"), TCP_DATA);
	CU_ASSERT_TRUE(rig_peek_is(r, 0, "01234567"));
	rig_consume(r, 0, 8);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 2);
	CU_ASSERT_EQUAL(r->out.head->number, 1);
	rig_close(r);
}

static void test_edit_and_retransmission(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "bad text|good");
	tcp_edit(&r->d[0], 0, bytes_str("########"));
	rig_consume(r, 0, 9);
	rig_consume(r, 0, 4);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	CU_ASSERT_TRUE(bytes_equal(out_payload(r, 4), bytes_str("########|good")));
	CU_ASSERT_EQUAL(r->stats.counter[STAT_frames_edited], 1);
	/* again, cut otherwise, and with other octets */
	(void)rig_send(r, 0, 1004, 5000, TCP_ACK, "text|goodmore");
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "evil");
	/* what touches an edit differs from it in any case: no sign of evasion */
	CU_ASSERT_EQUAL(r->stats.reason[R_overlap_differs], 0);
	(void)rig_send(r, 0, 1009, 5000, TCP_ACK, "evil");
	CU_ASSERT_EQUAL(r->stats.reason[R_overlap_differs], 1);
	rig_consume(r, 0, 4);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 3);
	CU_ASSERT_TRUE(bytes_equal(out_payload(r, 5), bytes_str("####|goodmore")));
	CU_ASSERT_TRUE(bytes_equal(out_payload(r, 6), bytes_str("####")));
	for (unsigned i = 3; i < 6; i++) {
		frame_decode(&frames[i], CHECKSUM_VERIFY, false);
		CU_ASSERT_EQUAL(frames[i].reason, R_none);
	}
	CU_ASSERT_EQUAL(ledger(r, 0, R_duplicate), 17);
	CU_ASSERT_EQUAL(ledger(r, 0, R_judged), 17);
	rig_close(r);
}

/* In a replay acknowledgements run ahead of what is held: the frame behind is still edited. */
static void test_edit_behind_a_held_frame(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1004, 5000, TCP_ACK, "good, part");
	(void)rig_leave(r, 0, false);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "evil");
	tcp_edit(&r->d[0], 0, bytes_str("####"));
	rig_consume(r, 0, 10);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 0);
	(void)rig_send(r, 1, 5000, 1014, TCP_ACK, "");
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 0);
	rig_consume(r, 0, 4);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 2);
	CU_ASSERT_TRUE(bytes_equal(out_payload(r, 5), bytes_str("####")));
	rig_close(r);
}

static void test_monitor_changes_nothing(void)
{
	struct rig *r = rig_new(false);

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK | TCP_URG, "bad");
	tcp_edit(&r->d[0], 0, bytes_str("###"));
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	(void)rig_send(r, 0, 1001, 5000, TCP_ACK, "XYZ");
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	CU_ASSERT_TRUE(bytes_equal(out_payload(r, 4), bytes_str("bad")));
	CU_ASSERT_TRUE(bytes_equal(out_payload(r, 5), bytes_str("XYZ")));
	CU_ASSERT_EQUAL(frames[3].tcp_flags, TCP_ACK | TCP_URG);
	CU_ASSERT_EQUAL(r->stats.reason[R_urgent], 1);
	CU_ASSERT_EQUAL(
		r->stats.counter[STAT_frames_edited] + r->stats.counter[STAT_frames_held], 0);
	rig_close(r);
}

static void test_urgent_cleared(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK | TCP_URG, "u");
	rig_consume(r, 0, 1);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	frame_decode(&frames[3], CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(frames[3].tcp_flags, TCP_ACK);
	CU_ASSERT_EQUAL(frames[3].reason, R_none);
	CU_ASSERT_EQUAL(r->stats.counter[STAT_frames_edited], 1);
	rig_close(r);
}

static void test_release(void)
{
	struct rig *r = rig_new(true);
	enum reason why = R_none;
	enum tcp_leave which = TCP_LEAVE_JUDGED;

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "part");
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 0);
	CU_ASSERT_FALSE(tcp_release_due(&r->d[0], r->now_us + 19999, &r->config, &why, &which));
	CU_ASSERT_TRUE(tcp_release_due(&r->d[0], r->now_us + 20000, &r->config, &why, &which));
	CU_ASSERT_EQUAL(why, R_hold_timeout);
	r->config.hold_us = 0;
	CU_ASSERT_FALSE(tcp_release_due(&r->d[0], r->now_us + 99999999, &r->config, &why, &which));
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "part");
	CU_ASSERT_TRUE(tcp_release_due(&r->d[0], r->now_us, &r->config, &why, &which));
	CU_ASSERT_EQUAL(why, R_hold_retransmit);
	CU_ASSERT_EQUAL(rig_leave(r, 0, true), 2);
	CU_ASSERT_EQUAL(tcp_leaked(&r->d[0], 0, 4), 4);
	/* what left is sent again: it leaves at once, and as it was, whatever is edited now */
	(void)rig_send(r, 0, 1002, 5000, TCP_ACK, "rt");
	CU_ASSERT_FALSE(tcp_release_due(&r->d[0], r->now_us, &r->config, &why, &which));
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	(void)rig_send(r, 0, 1002, 5000, TCP_ACK | TCP_FIN, "rtial");
	CU_ASSERT_TRUE(tcp_release_due(&r->d[0], r->now_us, &r->config, &why, &which));
	CU_ASSERT_EQUAL(why, R_hold_close);
	CU_ASSERT_TRUE(tcp_ended(&r->d[0]));
	tcp_edit(&r->d[0], 0, bytes_str("#######"));
	rig_consume(r, 0, 7);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	CU_ASSERT_TRUE(bytes_equal(out_payload(r, 7), bytes_str("rt###")));
	rig_close(r);
}

static void test_hold_ceiling(void)
{
	struct rig *r = rig_new(true);
	enum reason why = R_none;
	enum tcp_leave which = TCP_LEAVE_JUDGED;

	rig_open(r, 999, 4999);
	for (uint32_t i = 0; i < LIMIT_HELD_FRAMES; i++) {
		CU_ASSERT_FALSE(tcp_release_due(&r->d[0], r->now_us, &r->config, &why, &which));
		(void)rig_send(r, 0, 1000 + i, 5000, TCP_ACK, "x");
		(void)rig_leave(r, 0, false);
	}
	CU_ASSERT_TRUE(tcp_release_due(&r->d[0], r->now_us, &r->config, &why, &which));
	CU_ASSERT_EQUAL(why, R_hold_full);
	rig_close(r);
}

static void test_gap_proven(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "ab");
	CU_ASSERT_FALSE(rig_skip(r));
	(void)rig_send(r, 0, 1005, 5000, TCP_ACK, "fgh");
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 0);
	(void)rig_send(r, 1, 5000, 1008, TCP_ACK, "");
	CU_ASSERT_TRUE(r->d[0].gap_proven);
	CU_ASSERT_TRUE(rig_skip(r));
	CU_ASSERT_FALSE(r->d[0].gap_proven);
	CU_ASSERT_EQUAL(r->d[0].sync, TCP_RESYNC);
	CU_ASSERT_TRUE(rig_peek_is(r, 0, "fgh"));
	rig_consume(r, 0, 3);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 2);
	CU_ASSERT_EQUAL(ledger(r, 0, R_incomplete), 2);
	/* lost here to the last octet, with nothing behind */
	(void)rig_send(r, 1, 5000, 1108, TCP_ACK, "");
	CU_ASSERT_TRUE(r->d[0].gap_proven);
	CU_ASSERT_TRUE(rig_skip(r));
	CU_ASSERT_FALSE(r->d[0].gap_proven);
	CU_ASSERT_EQUAL(rig_send(r, 0, 1108, 5000, TCP_ACK, "on"), TCP_DATA);
	rig_close(r);
}

static void test_late_octets_of_a_gap(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1005, 5000, TCP_ACK, "fgh");
	CU_ASSERT_TRUE(rig_skip(r));
	CU_ASSERT_EQUAL(rig_send(r, 0, 1002, 5000, TCP_ACK, "cdefghi"), TCP_DATA);
	CU_ASSERT_TRUE(rig_peek_is(r, 0, "fghi"));
	CU_ASSERT_EQUAL(ledger(r, 0, R_gap), 3);
	CU_ASSERT_EQUAL(ledger(r, 0, R_duplicate), 3);
	rig_close(r);
}

static void test_joined_midstream(void)
{
	struct rig *r = rig_new(true);

	CU_ASSERT_EQUAL(rig_send(r, 0, 7000, 1, TCP_ACK, ""), TCP_NOTHING);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	CU_ASSERT_EQUAL(r->d[0].sync, TCP_CLOSED);
	CU_ASSERT_EQUAL(rig_send(r, 0, 7000, 1, TCP_ACK, "middle"), TCP_DATA);
	CU_ASSERT_EQUAL(r->d[0].sync, TCP_RESYNC);
	CU_ASSERT_EQUAL(rig_send(r, 0, 6998, 1, TCP_ACK, "??mi"), TCP_NOTHING);
	CU_ASSERT_EQUAL(ledger(r, 0, R_resync), 2);
	CU_ASSERT_EQUAL(ledger(r, 0, R_duplicate), 2);
	rig_close(r);
}

static void test_keepalive_and_window(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "ab");
	rig_consume(r, 0, 2);
	(void)rig_leave(r, 0, false);
	(void)rig_send(r, 1, 5000, 1002, TCP_ACK, "");
	CU_ASSERT_EQUAL(rig_send(r, 0, 1001, 5000, TCP_ACK, "Z"), TCP_NOTHING); /* RFC 9293 3.8.4 */
	CU_ASSERT_EQUAL(r->stats.reason[R_overlap_differs], 0);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	CU_ASSERT_TRUE(bytes_equal(frame_payload(&frames[r->n_frames - 1]), bytes_str("Z")));
	CU_ASSERT_EQUAL(rig_send(r, 0, 1002 + 0x60000, 5000, TCP_ACK, "far"), TCP_NOTHING);
	CU_ASSERT_EQUAL(rig_send(r, 0, 1002 - 0x50000000u, 5000, TCP_ACK, "old"), TCP_NOTHING);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 2);
	CU_ASSERT_EQUAL(ledger(r, 0, R_out_of_window), 6);
	CU_ASSERT_EQUAL(rig_send(r, 0, 1002, 5000, TCP_ACK, "c"), TCP_DATA);
	rig_close(r);
}

/* A stream that goes on far away is followed when its receiver acknowledges it there, and only then. */
static void test_far_and_acknowledged(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 999, 4999);
	for (uint32_t i = 0; i < 10; i++) {
		(void)rig_send(r, 0, 0x40000000u + i, 5000, TCP_ACK, "x");
	}
	CU_ASSERT_EQUAL(r->d[0].next, 1000);
	(void)rig_send(r, 1, 5000, 0x4000000Au, TCP_ACK, "");
	CU_ASSERT_EQUAL(r->d[0].next, 0x4000000Au);
	CU_ASSERT_EQUAL(r->d[0].sync, TCP_RESYNC);
	CU_ASSERT_EQUAL(rig_send(r, 0, 0x4000000Au, 5000, TCP_ACK, "on"), TCP_DATA);
	rig_close(r);
}

static void test_reset(void)
{
	static const struct {
		uint32_t seq;
		enum tcp_received received;
	} cases[] = {
		{ 1002, TCP_RESET },
		{ 1001, TCP_NOTHING },
		{ 1003, TCP_NOTHING },
		{ 0, TCP_NOTHING },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_new(true);

		rig_open(r, 999, 4999);
		(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "ab");
		CU_ASSERT_EQUAL(rig_send(r, 0, cases[i].seq, 0, TCP_RST, ""), cases[i].received);
		CU_ASSERT_EQUAL(
			r->stats.reason[R_tcp_rst_ignored], cases[i].received == TCP_RESET ? 0 : 1);
		rig_close(r);
	}
}

static void test_new_connection(void)
{
	struct rig *r = rig_new(true);
	struct frame *syn;
	struct frame *f;

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "old");
	/* a forged SYN: the server answers with a challenge ACK, nothing changes (RFC 5961 4.2) */
	syn = rig_make(r, 0, 70000, 0, TCP_SYN, bytes_str(""));
	CU_ASSERT_FALSE(tcp_is_new_connection(&r->d[0], &r->d[1], syn));
	(void)rig_take(r, 0, syn);
	CU_ASSERT_EQUAL(r->stats.reason[R_tcp_new_isn], 1);
	f = rig_make(r, 1, 5000, 1003, TCP_ACK, bytes_str(""));
	CU_ASSERT_FALSE(tcp_is_new_connection(&r->d[1], &r->d[0], f));
	(void)rig_take(r, 1, f);
	CU_ASSERT_EQUAL(rig_send(r, 0, 1003, 5000, TCP_ACK, "er"), TCP_DATA);
	CU_ASSERT_TRUE(rig_peek_is(r, 0, "older"));
	/* a SYN-ACK that acknowledges it is the proof */
	f = rig_make(r, 1, 80000, 70001, TCP_SYN | TCP_ACK, bytes_str(""));
	CU_ASSERT_TRUE(tcp_is_new_connection(&r->d[1], &r->d[0], f));
	for (unsigned side = 0; side < 2; side++) {
		(void)rig_leave(r, side, true);
		tcp_close(&r->d[side], side, &r->pool, &r->stats);
	}
	(void)rig_take(r, 1, f);
	CU_ASSERT_EQUAL(r->d[0].next, 70001);
	CU_ASSERT_EQUAL(r->d[0].sync, TCP_SYNCED);
	CU_ASSERT_EQUAL(r->d[1].next, 80001);
	CU_ASSERT_EQUAL(rig_send(r, 0, 70001, 80001, TCP_ACK, "new"), TCP_DATA);
	CU_ASSERT_TRUE(rig_peek_is(r, 0, "new"));
	rig_close(r);
}

static void test_fast_open(void)
{
	struct rig *r = rig_new(true);

	CU_ASSERT_EQUAL(rig_send(r, 0, 99, 0, TCP_SYN, "hello"), TCP_DATA); /* RFC 7413 */
	CU_ASSERT_TRUE(rig_peek_is(r, 0, "hello"));
	CU_ASSERT_EQUAL(r->d[0].parse, 100);
	rig_consume(r, 0, 5);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	(void)rig_send(r, 0, 99, 0, TCP_SYN, "hello");
	CU_ASSERT_EQUAL(ledger(r, 0, R_duplicate), 5);
	rig_close(r);
}

static void test_broken_frames(void)
{
	struct rig *r = rig_new(true);
	struct frame *f;

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "ab");
	f = rig_make(r, 0, 1002, 5000, TCP_ACK, bytes_str("cd"));
	f->reason = R_bad_checksum;
	CU_ASSERT_EQUAL(rig_take(r, 0, f), TCP_NOTHING);
	CU_ASSERT_EQUAL(tcp_ready(&r->d[0]), 2);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 0); /* it keeps its place behind what is held */
	f = rig_make(r, 0, 1002, 5000, TCP_ACK, bytes_str("cdefgh"));
	f->reason = R_truncated;
	f->payload_len = 2;
	f->cut_len = 4;
	r->payload[0] -= 4;
	(void)rig_take(r, 0, f);
	CU_ASSERT_EQUAL(r->d[0].next, 1008);
	CU_ASSERT_EQUAL(r->d[0].sync, TCP_RESYNC);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 3);
	CU_ASSERT_EQUAL(ledger(r, 0, R_bad_checksum), 2);
	CU_ASSERT_EQUAL(ledger(r, 0, R_truncated), 2);
	CU_ASSERT_EQUAL(ledger(r, 0, R_incomplete), 2);
	rig_close(r);
}

static void test_opaque(void)
{
	struct rig *r = rig_new(true);

	rig_open(r, 999, 4999);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "ab");
	(void)rig_send(r, 0, 1005, 5000, TCP_ACK, "fg");
	r->d[0].sync = TCP_OPAQUE;
	r->d[0].opaque_reason = R_tls;
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 2);
	CU_ASSERT_EQUAL(rig_send(r, 0, 1002, 5000, TCP_ACK | TCP_FIN, "cde"), TCP_NOTHING);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 1);
	CU_ASSERT_EQUAL(ledger(r, 0, R_tls), 7);
	CU_ASSERT_TRUE(tcp_ended(&r->d[0]));
	rig_close(r);
}

static void test_pool_empty(void)
{
	struct rig *r = rig_new(true);
	static char big[301];

	memset(big, 'x', sizeof(big) - 1);
	rig_open(r, 999, 4999);
	stream_pool_init(&r->pool, chunks, 1);
	(void)rig_send(r, 0, 1000, 5000, TCP_ACK, "begin"); /* the chunk ends at 1024 */
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 0);
	CU_ASSERT_EQUAL(rig_send(r, 0, 1005, 5000, TCP_ACK, big), TCP_NOTHING);
	CU_ASSERT_EQUAL(r->d[0].sync, TCP_RESYNC);
	CU_ASSERT_EQUAL(r->d[0].next, 1305);
	CU_ASSERT_EQUAL(rig_leave(r, 0, false), 2);
	CU_ASSERT_EQUAL(ledger(r, 0, R_history_full), 305);
	(void)rig_send(r, 1, 5000, 1305, TCP_ACK, "");
	(void)rig_send(r, 0, 1305, 5000, TCP_ACK, "");
	(void)rig_leave(r, 0, false);
	CU_ASSERT_EQUAL(rig_send(r, 0, 1305, 5000, TCP_ACK, "again"), TCP_DATA);
	(void)rig_leave(r, 0, true);
	(void)rig_leave(r, 1, true);
	tcp_close(&r->d[0], 0, &r->pool, &r->stats);
	CU_ASSERT_EQUAL(r->pool.n_free, 1);
	CU_ASSERT_EQUAL(ledger(r, 0, R_incomplete), 5);
}

/* One direction seen: no ACK ever; memory goes by age. */
static void test_one_sided(void)
{
	struct rig *r = rig_new(true);
	static char big[301];

	memset(big, 'x', sizeof(big) - 1);
	for (uint32_t i = 0; i < 3000; i++) {
		CU_ASSERT_EQUAL_FATAL(rig_send(r, 0, 1000 + 300 * i, 1, TCP_ACK, big), TCP_DATA);
		rig_consume(r, 0, 300);
		(void)rig_leave(r, 0, false);
		r->now_us += 10000;
		CU_ASSERT_TRUE_FATAL(r->d[0].stream.n_chunks < 70);
	}
	CU_ASSERT_EQUAL(ledger(r, 0, R_judged), 900000);
	rig_close(r);
}

static void test_options(void)
{
	const struct {
		struct bytes options;
		enum reason why;
	} cases[] = {
		{ OCTETS(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2), R_none },
		{ OCTETS(1, 19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
			R_tcp_authenticated },
		{ OCTETS(2, 4, 5, 180, 29, 4, 1, 1), R_tcp_authenticated },
		{ OCTETS(0, 29, 4, 1, 1), R_none },
		{ OCTETS(8, 1, 29, 4, 1, 1), R_none },
		{ OCTETS(29, 12, 1, 1), R_none },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(tcp_options_opaque(cases[i].options), cases[i].why);
	}
	CU_ASSERT_EQUAL(tcp_options_opaque(bytes_of(NULL, 0)), R_none);
}

/*
 * The property: whatever mix of segments arrives, the octets consumed are the first copies in
 * order, every frame leaves once and in its turn (live: what waits for a gap may be overtaken, and
 * nothing else waits behind it), an octet leaves always the same, and the ledger adds up. The far end
 * acknowledges what has reached it.
 */
#define SPACE 20000u

struct world {
	uint32_t base;
	uint8_t first[SPACE]; /* first copies that arrived here */
	bool seen[SPACE];
	uint8_t sent_on[SPACE]; /* first copies that left */
	bool gone[SPACE];
	uint32_t sent; /* the sender's frontier */
	uint32_t consumed;
	uint32_t acked;
	uint64_t number; /* of the frame that left last */
	bool loses;      /* octets may be missing for good, so positions cannot be compared */
};

static struct world world;

static void world_send(struct world *w, struct rig *r)
{
	static uint8_t data[300];
	uint32_t len = (uint32_t)rand() % (rand() % 3 == 0 ? 300 : 40);
	uint32_t at = w->sent;
	struct frame *f;

	if (rand() % 3 == 0) { /* again, or ahead */
		uint32_t back = w->sent - w->acked + 50;

		at = w->acked + (uint32_t)rand() % (back + 1);
		at = at > 60 && rand() % 3 == 0 ? at - 50 : at;
		at = rand() % 2 == 0 ? w->acked : at; /* what a real sender repeats */
	}
	at = at > SPACE ? SPACE : at;
	len = at + len > SPACE ? SPACE - at : len;
	for (uint32_t i = 0; i < len; i++) {
		data[i] = rand() % 50 == 0 ? (uint8_t)rand() : (uint8_t)((at + i) * 31);
	}
	w->sent = at + len > w->sent ? at + len : w->sent;
	if (rand() % 12 == 0) {
		return; /* lost before it came here */
	}
	for (uint32_t i = 0; i < len; i++) {
		if (!w->seen[at + i]) {
			w->seen[at + i] = true;
			w->first[at + i] = data[i];
		}
	}
	f = rig_make(r, 0, w->base + at, 5000, TCP_ACK, bytes_of(data, len));
	(void)rig_take(r, 0, f);
}

static void world_parse(struct world *w, struct rig *r)
{
	static uint8_t scratch[SPACE];
	static uint8_t mask[SPACE];
	struct tcp_direction *d = &r->d[0];
	size_t ready = tcp_ready(d);
	size_t len = ready != 0 ? (size_t)rand() % (ready + 1) : 0;
	uint32_t at = d->parse - w->base;
	struct bytes b;

	CU_ASSERT_TRUE_FATAL(at == w->consumed || w->loses);
	if (len == 0) {
		return;
	}
	b = tcp_peek(d, 0, len, scratch);
	for (size_t i = 0; i < len; i++) {
		/* what left early, left as it came; nothing is edited twice */
		CU_ASSERT_EQUAL_FATAL(b.data[i], w->first[at + i]);
	}
	if (rand() % 3 == 0) {
		size_t n_gone = 0;

		for (size_t i = 0; i < len; i++) {
			mask[i] = '#';
			n_gone += w->gone[at + i] ? 1 : 0;
		}
		CU_ASSERT_EQUAL_FATAL(tcp_leaked(d, 0, len), n_gone);
		tcp_edit(d, 0, bytes_of(mask, len));
		for (size_t i = 0; i < len; i++) {
			if (!w->gone[at + i]) {
				w->first[at + i] = '#';
			}
		}
	}
	tcp_consume(d, len, R_judged, 0, &r->stats);
	w->consumed = at + (uint32_t)len;
}

static void world_leave(struct world *w, struct rig *r, bool all)
{
	struct frame *f;

	(void)rig_leave(r, 0, all);
	while ((f = frame_list_take(&r->out)) != NULL) {
		uint32_t at = f->seq - w->base;

		CU_ASSERT_TRUE_FATAL(f->number > w->number || r->config.hold_us != 0);
		w->number = f->number;
		for (uint32_t i = 0; i < f->payload_len; i++) {
			uint8_t octet = f->data[f->payload_off + i];

			if (at + i < w->acked) {
				w->gone[at + i] =
					true; /* the far end has it: it looks at no copy */
				continue;
			}
			CU_ASSERT_TRUE_FATAL(!w->gone[at + i] || w->sent_on[at + i] == octet);
			CU_ASSERT_TRUE_FATAL(
				all || at + i < w->consumed || w->gone[at + i] || w->loses);
			CU_ASSERT_TRUE_FATAL(octet == w->first[at + i]);
			w->gone[at + i] = true;
			w->sent_on[at + i] = octet;
		}
		frame_decode(f, CHECKSUM_VERIFY, false);
		CU_ASSERT_EQUAL_FATAL(f->reason, R_none);
	}
}

/* Who waits apart waits for a gap, and only then. */
static void world_check_ahead(const struct rig *r)
{
	const struct tcp_direction *d = &r->d[0];

	CU_ASSERT_TRUE_FATAL(r->config.hold_us != 0 || d->ahead.count == 0);
	CU_ASSERT_EQUAL_FATAL(d->ahead.count != 0, d->ahead_since_us != 0);
	for (const struct frame *f = d->ahead.head; f != NULL; f = f->next) {
		CU_ASSERT_TRUE_FATAL(seq_diff(f->seq, d->next) > 0);
	}
	for (uint32_t i = 0; i < d->blocks.n; i++) {
		CU_ASSERT_TRUE_FATAL(seq_diff(d->blocks.at[i].from, d->next) > 0);
		CU_ASSERT_TRUE_FATAL(seq_diff(d->blocks.at[i].to, d->high) <= 0);
	}
}

static void world_ack(struct world *w, struct rig *r)
{
	uint32_t to = w->acked;
	struct frame *f;

	while (to < SPACE && w->gone[to]) {
		to++;
	}
	if (w->loses && rand() % 4 == 0) {
		while (to < w->sent && !w->gone[to]) {
			to++; /* it went another way */
		}
	}
	f = rig_make(r, 1, 5000, w->base + to, TCP_ACK, bytes_str(""));
	(void)rig_take(r, 1, f);
	tcp_leave(&r->d[1], TCP_LEAVE_JUDGED, r->now_us, &r->config, &r->pool, &r->stats,
		&(struct frame_list){ 0 });
	w->acked = to;
}

static void world_run(unsigned round, bool loses, bool live)
{
	static const uint32_t bases[] = { 1000, 0, 0x7FFFF000u, 0xFFFFF000u, 0xFFFFFFFEu };
	struct rig *r = rig_new(true);
	struct world *w = &world;
	uint64_t sum = 0;

	srand(round + 1);
	memset(w, 0, sizeof(*w));
	w->base = bases[round % 5];
	w->loses = loses;
	r->config.hold_us = live ? 20000 : 0;
	rig_open(r, w->base - 1, 4999);
	r->out = (struct frame_list){ 0 };
	for (unsigned step = 0; step < 800; step++) {
		r->now_us += 100;
		world_send(w, r);
		world_parse(w, r);
		world_leave(w, r, rand() % 40 == 0);
		world_check_ahead(r);
		if (rand() % 4 == 0) {
			world_ack(w, r);
			while (r->d[0].gap_proven && rig_skip(r)) {
			}
		}
	}
	world_leave(w, r, true);
	CU_ASSERT_EQUAL(r->d[0].held.count, 0);
	tcp_close(&r->d[0], 0, &r->pool, &r->stats);
	tcp_close(&r->d[1], 1, &r->pool, &r->stats);
	for (unsigned i = 0; i < R_COUNT; i++) {
		sum += r->stats.ledger.octets[0][i];
	}
	CU_ASSERT_EQUAL(sum, r->payload[0]);
	CU_ASSERT_TRUE(r->stats.ledger.octets[0][R_judged] > SPACE / 4);
	CU_ASSERT_EQUAL(r->pool.n_free, POOL_CHUNKS);
}

static void test_property(void)
{
	for (unsigned round = 0; round < 150; round++) {
		world_run(round, false, round % 2 == 0);
	}
}

static void test_property_with_losses(void)
{
	for (unsigned round = 0; round < 150; round++) {
		world_run(round, true, round % 2 == 0);
	}
}

UNIT_MAIN("net/tcp", { "handshake and data", test_handshake_and_data },
	{ "out of order", test_out_of_order },
	{ "edit behind a held frame", test_edit_behind_a_held_frame },
	{ "edit and retransmission", test_edit_and_retransmission },
	{ "monitor changes nothing", test_monitor_changes_nothing },
	{ "urgent cleared", test_urgent_cleared }, { "release", test_release },
	{ "hold ceiling", test_hold_ceiling }, { "gap proven", test_gap_proven },
	{ "late octets of a gap", test_late_octets_of_a_gap },
	{ "joined mid-stream", test_joined_midstream },
	{ "keepalive and window", test_keepalive_and_window },
	{ "far and acknowledged", test_far_and_acknowledged }, { "reset", test_reset },
	{ "new connection", test_new_connection }, { "fast open", test_fast_open },
	{ "broken frames", test_broken_frames }, { "opaque", test_opaque },
	{ "pool empty", test_pool_empty }, { "one-sided", test_one_sided },
	{ "options", test_options }, { "property", test_property },
	{ "property with losses", test_property_with_losses })
