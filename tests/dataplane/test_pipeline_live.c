/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens live beyond single cases: senders told of what waits, links that dribble, far ends that
 * refusals harm, what a link counts, and memory after a million refusals.
 */
#include "dataplane/pipeline.h"

#include "tests/dataplane/pipeline_case.h"

enum { TICK_US = 1000000 };

/* A message in two segments of which the second comes first. Returns its length. */
static size_t send_second_first(struct lab *lab, const char *text, uint8_t *pdu, size_t size)
{
	size_t len = lab_submit(pdu, size, 7, text);

	lab_ack(lab, false, lab->client_next);
	lab_segment(lab, true, lab->client_next + 30, TCP_ACK, bytes_of(pdu + 30, len - 30));
	return len;
}

static void test_sender_is_told(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	size_t len = send_second_first(lab, CASE_SPAM, pdu, sizeof(pdu));
	const struct lab_out *ack = case_last(lab);
	uint32_t from = lab->client_next;
	struct frame f = { .data = ack->octets, .len = ack->len, .wire_len = ack->len };

	CU_ASSERT_EQUAL_FATAL(lab->n_ours, 1);
	CU_ASSERT_TRUE(ack->ours && !ack->from_client && ack->checksum_right);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.tcp_flags, TCP_ACK);
	CU_ASSERT_EQUAL(f.seq, lab->server_next);
	CU_ASSERT_EQUAL(f.ack, from);
	CU_ASSERT_EQUAL(be32(f.data + f.l4_off + 24), lab->ts_value[0]);
	CU_ASSERT_EQUAL(be32(f.data + f.l4_off + 32), 0x0101050A); /* one block */
	CU_ASSERT_EQUAL(be32(f.data + f.l4_off + 36), from + 30);
	CU_ASSERT_EQUAL(be32(f.data + f.l4_off + 40), from + (uint32_t)len);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_sacks), 1);
	/* what was told waits for the gap, not for the hold time */
	lab_wait(lab, 500000);
	CU_ASSERT_FALSE(case_all_left(lab));
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, 30));
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(case_reason(lab, R_hold_gap), 0);
	case_finish(lab);
}

/* Each of these is reason enough to say nothing; then the hold time ends the wait, and it is told as what it is. */
static void test_sender_is_not_told(void)
{
	enum { NO_OPTIONS, NO_SPARE, REPLAY, CAPPED, CONDITIONS };

	for (int without = 0; without < CONDITIONS; without++) {
		struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);
		uint8_t pdu[512];
		size_t len;

		lab_live(lab);
		lab->options = without != NO_OPTIONS;
		lab->turn.spare = without == NO_SPARE ? NULL : lab->turn.spare;
		lab->config.replay = without == REPLAY;
		case_open(lab);
		if (without == CAPPED) {
			lab->spare = (struct frame_list){ 0 };
		}
		len = send_second_first(lab, CASE_SPAM, pdu, sizeof(pdu));
		CU_ASSERT_EQUAL(lab->n_ours, 0);
		CU_ASSERT_FALSE(case_all_left(lab));
		lab_wait(lab, 19000);
		CU_ASSERT_FALSE(case_all_left(lab));
		lab_wait(lab, 2000);
		CU_ASSERT_TRUE(case_all_left(lab));
		CU_ASSERT_EQUAL(case_reason(lab, R_hold_gap), 1);
		CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_releases), 1);
		lab_segment(lab, true, lab->client_next, TCP_ACK, bytes_of(pdu, 30));
		CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 1);
		CU_ASSERT_TRUE(lab_message(lab, 0)->event.u.message.late);
		CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.leaked, strlen(CASE_SPAM));
		CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_leaked), strlen(CASE_SPAM));
		lab->client_next += (uint32_t)len;
		case_finish(lab);
	}
}

static void test_monitor_and_tap_say_nothing(void)
{
	static const enum link_mode modes[] = { LINK_MONITOR, LINK_TAP };

	for (size_t i = 0; i < 2; i++) {
		struct lab *lab = lab_create(CASE_RULES, modes[i]);
		uint8_t pdu[512];

		lab_live(lab);
		case_open(lab);
		(void)send_second_first(lab, CASE_SPAM, pdu, sizeof(pdu));
		CU_ASSERT_EQUAL(lab->n_ours, 0);
		CU_ASSERT_TRUE(case_all_left(lab));
		case_finish(lab);
	}
}

/* One for each frame that comes behind a gap, at most LIMIT_SACKS_A_WINDOW in its time. */
static void test_acknowledgements_are_capped(void)
{
	struct lab *lab = case_session(true);
	uint32_t from = lab->client_next;

	lab_ack(lab, false, from);
	for (uint32_t i = 1; i <= 2 * LIMIT_SACKS_A_WINDOW; i++) {
		lab_segment(lab, true, from + 2 * i, TCP_ACK, bytes_of("x", 1));
	}
	CU_ASSERT_EQUAL(lab->n_ours, LIMIT_SACKS_A_WINDOW);
	lab_wait(lab, LIMIT_SACK_WINDOW_US);
	lab_segment(lab, true, from + 2, TCP_ACK, bytes_of("x", 1));
	CU_ASSERT_EQUAL(lab->n_ours, LIMIT_SACKS_A_WINDOW + 1);
	case_finish(lab);
}

/* A gap that nobody fills: not for ever. */
static void test_a_gap_for_ever(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];

	(void)send_second_first(lab, CASE_CLEAN, pdu, sizeof(pdu));
	lab_wait(lab, LIMIT_GAP_HOLD_US - 100000);
	CU_ASSERT_FALSE(case_all_left(lab));
	lab_wait(lab, 200000);
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_EQUAL(case_reason(lab, R_hold_gap), 1);
	case_finish(lab);
}

/*
 * Two gaps: what fills the first overtakes what waits for the second, whose timestamps are then
 * raised; bare acknowledgements wait for nothing.
 */
static void test_overtaking(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdus[3][512];
	size_t len[3];
	uint32_t at[3];
	unsigned n_out;
	struct frame f;

	for (unsigned i = 0; i < 3; i++) {
		len[i] = lab_submit(pdus[i], sizeof(pdus[i]), 7 + i, CASE_CLEAN);
		at[i] = i == 0 ? lab->client_next : at[i - 1] + (uint32_t)len[i - 1];
	}
	lab_ack(lab, false, lab->client_next);
	/* of three messages the first half of the first, and the second, are lost */
	lab_segment(lab, true, at[0] + 40, TCP_ACK, bytes_of(pdus[0] + 40, len[0] - 40));
	lab_segment(lab, true, at[2], TCP_ACK, bytes_of(pdus[2], len[2]));
	n_out = lab->n_out;
	lab_wait(lab, 5000);
	lab_segment(lab, true, at[2] + (uint32_t)len[2], TCP_ACK, bytes_of(NULL, 0));
	CU_ASSERT_EQUAL(lab->n_out, n_out + 1);
	lab_segment(lab, true, at[0], TCP_ACK, bytes_of(pdus[0], 40));
	CU_ASSERT_EQUAL(lab->n_out, n_out + 3);
	CU_ASSERT_EQUAL(lab->out[n_out + 1].seq, at[0] + 40); /* as they came */
	CU_ASSERT_EQUAL(lab->out[n_out + 2].seq, at[0]);
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	lab_segment(lab, true, at[1], TCP_ACK, bytes_of(pdus[1], len[1]));
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_EQUAL(lab_messages(lab), 3);
	/* the third message, sent first and overtaken, is no old duplicate to its receiver */
	f = (struct frame){ .data = lab->out[n_out + 3].octets, .len = lab->out[n_out + 3].len };
	f.wire_len = f.len;
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_none);
	CU_ASSERT_EQUAL(f.seq, at[2]);
	CU_ASSERT_EQUAL(be32(f.data + tcp_timestamp(&f)), lab->ts_value[1]);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->counter[STAT_timestamps_raised], 1);
	CU_ASSERT_TRUE(bytes_equal(lab->out[n_out + 3].payload, bytes_of(pdus[2], len[2])));
	case_finish(lab);
}

/* The begin of a PDU before a gap waits for its rest, which its sender is about to repeat with it. */
static void test_begin_before_a_gap(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);
	uint32_t from = lab->client_next;

	lab_ack(lab, false, from);
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, len - 20)); /* "Buy cheap pil" */
	lab_segment(lab, true, from + (uint32_t)len - 10, TCP_ACK, bytes_of(pdu + len - 10, 10));
	lab_wait(lab, 60000); /* a round-trip */
	CU_ASSERT_EQUAL(lab->n_out - lab->n_ours, lab->n_sent - 2);
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, len - 20));
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_releases), 0);
	lab_segment(lab, true, from + (uint32_t)len - 20, TCP_ACK, bytes_of(pdu + len - 20, 10));
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_leaked), 0);
	CU_ASSERT_FALSE(case_left_with(lab, "cheap"));
	/* where the repeated begin comes alone, it is let go after the hold time */
	lab->client_next += (uint32_t)len;
	from = lab->client_next;
	lab_ack(lab, false, from);
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, len - 20));
	lab_segment(lab, true, from + (uint32_t)len - 10, TCP_ACK, bytes_of(pdu + len - 10, 10));
	lab_wait(lab, 50000);
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, len - 20));
	lab_wait(lab, 19000);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_releases), 0);
	lab_wait(lab, 2000);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_releases), 1);
	CU_ASSERT_EQUAL(lab->n_out - lab->n_ours, lab->n_sent - 1);
	case_finish(lab);
}

/* on_release = refuse: the message is refused with a temporary status, nothing of its text leaves. */
static void test_refuse_on_release(void)
{
	struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_CLEAN);
	struct bytes out;

	lab->config.links[0].on_release = ON_RELEASE_REFUSE;
	case_open(lab);
	lab_say(lab, true, bytes_of(pdu, len - 10));
	lab_wait(lab, 25000);
	CU_ASSERT_TRUE(case_all_left(lab));
	lab_say(lab, true, bytes_of(pdu + len - 10, 10));
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_REJECT);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.reason, R_hold_timeout);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.leaked, 0);
	CU_ASSERT_FALSE(case_left_with(lab, "seven"));
	out = lab_received(lab, true, lab->client_next - (uint32_t)len, len);
	CU_ASSERT_EQUAL(out.len, len);
	CU_ASSERT_FALSE(case_holds(out, "see you"));
	free((void *)(uintptr_t)out.data);
	case_answer(lab, 7, 0x0B);
	CU_ASSERT_EQUAL(be32(case_last(lab)->payload.data + 8), SMPP_ESME_RX_T_APPN);
	/* the resent one passes */
	case_submit(lab, 8, CASE_CLEAN);
	CU_ASSERT_EQUAL(lab_message(lab, 1)->event.u.message.action, ACTION_PASS);
	/* octets behind a gap wait for it, told or not */
	lab_segment(lab, true, lab->client_next + 30, TCP_ACK, bytes_of(pdu + 30, len - 30));
	lab_wait(lab, 500000);
	CU_ASSERT_FALSE(case_all_left(lab));
	lab_segment(lab, true, lab->client_next, TCP_ACK, bytes_of(pdu, 30));
	CU_ASSERT_TRUE(case_all_left(lab));
	case_finish(lab);
}

/* A clean message in two halves that come 25 ms apart. */
static void dribble(struct lab *lab, uint32_t sequence)
{
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), sequence, CASE_CLEAN);

	lab_say(lab, true, bytes_of(pdu, len - 10));
	lab_wait(lab, 25000);
	lab_say(lab, true, bytes_of(pdu + len - 10, 10));
}

static void test_dribbling_link(void)
{
	struct lab *lab = case_session(true);

	lab->config.links[0].dribble_limit = 5;
	for (uint32_t i = 0; i < 6; i++) {
		CU_ASSERT_FALSE(pipeline_dribbles(lab->pipeline, 0));
		dribble(lab, 10 + i);
		CU_ASSERT_EQUAL(lab_message(lab, i)->event.u.message.action, ACTION_PASS);
	}
	CU_ASSERT_TRUE(pipeline_dribbles(lab->pipeline, 0));
	CU_ASSERT_EQUAL(lab_anomalies(lab, R_dribble), 1);
	dribble(lab, 20);
	CU_ASSERT_EQUAL(lab_message(lab, 6)->event.u.message.action, ACTION_REJECT);
	CU_ASSERT_EQUAL(lab_message(lab, 6)->event.u.message.leaked, 0);
	/* who goes on like that is not forgiven, whole messages pass all the while */
	for (uint32_t i = 0; i < 4; i++) {
		lab_wait(lab, 40 * TICK_US);
		dribble(lab, 30 + i);
		CU_ASSERT_TRUE(pipeline_dribbles(lab->pipeline, 0));
		case_submit(lab, 40 + i, CASE_CLEAN);
		CU_ASSERT_EQUAL(lab_message(lab, lab_messages(lab) - 1)->event.u.message.action,
			ACTION_PASS);
	}
	lab_wait(lab, 62 * (uint64_t)TICK_US);
	CU_ASSERT_FALSE(pipeline_dribbles(lab->pipeline, 0));
	dribble(lab, 50);
	CU_ASSERT_EQUAL(
		lab_message(lab, lab_messages(lab) - 1)->event.u.message.action, ACTION_PASS);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_dribbles), 1);
	case_finish(lab);
}

/* Headers alone expose nothing: a sender with two writes is no dribbler. */
static void test_headers_are_no_dribble(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];

	lab->config.links[0].dribble_limit = 1;
	for (uint32_t i = 0; i < 5; i++) {
		size_t len = lab_submit(pdu, sizeof(pdu), 7 + i, CASE_CLEAN);

		lab_say(lab, true, bytes_of(pdu, SMPP_HEADER_LEN));
		lab_wait(lab, 25000);
		lab_say(lab, true, bytes_of(pdu + SMPP_HEADER_LEN, len - SMPP_HEADER_LEN));
	}
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_releases), 5);
	CU_ASSERT_FALSE(pipeline_dribbles(lab->pipeline, 0));
	case_finish(lab);
}

/* 3: a server that closes on a refusal: twice, then it gets another style, and no third time. */
static void case_03(void)
{
	struct lab *lab = case_session(true);

	for (unsigned i = 0; i < 3; i++) {
		if (i != 0) {
			case_open(lab);
		}
		CU_ASSERT_EQUAL(pipeline_breaker(lab->pipeline, 0, BREAKER_TO_SMSC).style,
			i < 2 ? EDIT_SELF_REJECT : EDIT_BLANK);
		case_submit(lab, 7, CASE_SPAM);
		CU_ASSERT_EQUAL(lab_message(lab, i)->event.u.message.applied,
			i < 2 ? EDIT_SELF_REJECT : EDIT_BLANK);
		lab_wait(lab, 500000);
		lab_segment(lab, false, lab->server_next, i == 0 ? TCP_FIN | TCP_ACK : TCP_RST,
			bytes_of(NULL, 0));
		if (i == 0) {
			lab->server_next++;
			lab_segment(
				lab, true, lab->client_next, TCP_FIN | TCP_ACK, bytes_of(NULL, 0));
		}
	}
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_breaks), 1);
	CU_ASSERT_EQUAL(lab_anomalies(lab, R_breaker), 1);
	CU_ASSERT_EQUAL(pipeline_breaker(lab->pipeline, 0, BREAKER_TO_SMSC).n_moves, 1);
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	case_finish(lab);
}

/* Closing late, after the other side, or after an unbind, is no strike. */
static void test_ordinary_closes(void)
{
	enum { LATE, SECOND, UNBOUND, CLEAN, KINDS };
	struct lab *lab = case_session(true);
	uint8_t pdu[64];

	for (unsigned i = 0; i < 2 * KINDS; i++) {
		unsigned kind = i % KINDS;
		size_t len;

		if (i != 0) {
			case_open(lab);
		}
		case_submit(lab, 7, kind == CLEAN ? CASE_CLEAN : CASE_SPAM);
		lab_wait(lab, kind == LATE ? 3 * TICK_US : 100000);
		if (kind == SECOND) {
			lab_segment(
				lab, true, lab->client_next, TCP_FIN | TCP_ACK, bytes_of(NULL, 0));
		} else if (kind == UNBOUND) {
			len = lab_pdu(pdu, sizeof(pdu), SMPP_UNBIND, 0, 9, bytes_of(NULL, 0));
			lab_say(lab, true, bytes_of(pdu, len));
			put_be32(pdu + 4, SMPP_UNBIND | SMPP_RESPONSE);
			lab_say(lab, false, bytes_of(pdu, len));
		}
		lab_segment(lab, false, lab->server_next, TCP_RST, bytes_of(NULL, 0));
	}
	CU_ASSERT_EQUAL(pipeline_breaker(lab->pipeline, 0, BREAKER_TO_SMSC).closes, 0);
	CU_ASSERT_EQUAL(
		pipeline_breaker(lab->pipeline, 0, BREAKER_TO_SMSC).style, EDIT_SELF_REJECT);
	case_finish(lab);
}

/* 2: refusals that are never answered, while clean messages are. */
static void case_02(void)
{
	struct lab *lab = case_session(true);

	for (uint32_t i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(pipeline_breaker(lab->pipeline, 0, BREAKER_TO_SMSC).style,
			i < 3 ? EDIT_SELF_REJECT : EDIT_BLANK);
		case_submit(lab, 100 + i, CASE_SPAM);
		lab_ack(lab, false, lab->client_next);
		case_submit(lab, 200 + i, CASE_CLEAN);
		case_answer(lab, 200 + i, 0);
		lab_wait(lab, 12 * (uint64_t)TICK_US);
	}
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_breaks), 1);
	CU_ASSERT_EQUAL(lab_anomalies(lab, R_breaker), 1);
	case_finish(lab);
}

/* A line that is cut, or a far end that is slow with everything, is not made mute by refusals. */
static void test_slow_is_not_mute(void)
{
	struct lab *lab = case_session(true);

	for (uint32_t i = 0; i < 10; i++) { /* cut: nothing is acknowledged */
		case_submit(lab, 100 + i, CASE_SPAM);
	}
	lab_wait(lab, 15 * (uint64_t)TICK_US);
	CU_ASSERT_EQUAL(pipeline_breaker(lab->pipeline, 0, BREAKER_TO_SMSC).mutes, 0);
	for (uint32_t i = 0; i < 10; i++) { /* slow: answers come, 12 s late */
		case_submit(lab, 200 + i, CASE_SPAM);
		lab_ack(lab, false, lab->client_next);
		lab_wait(lab, 2 * (uint64_t)TICK_US);
		case_answer(lab, i < 5 ? 100 + i : 195 + i, 0x0B);
	}
	CU_ASSERT_TRUE(pipeline_breaker(lab->pipeline, 0, BREAKER_TO_SMSC).mutes <= 1);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_breaks), 0);
	case_finish(lab);
}

/* 35: the far end accepts what was refused. pass: its answer stands; force: the ESME is told. An alarm either way. */
static void case_35(void)
{
	for (unsigned force = 0; force < 2; force++) {
		struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);
		struct bytes answer;

		lab->config.links[0].to_smsc.on_accept = force ? ON_ACCEPT_FORCE : ON_ACCEPT_PASS;
		case_open(lab);
		case_submit(lab, 7, CASE_SPAM);
		case_answer(lab, 7, 0);
		answer = case_last(lab)->payload;
		CU_ASSERT_EQUAL(answer.len, SMPP_HEADER_LEN + 5);
		CU_ASSERT_EQUAL(be32(answer.data + 8), force ? 0x45 : 0);
		CU_ASSERT_EQUAL(memcmp(answer.data + SMPP_HEADER_LEN, "id42", 5), 0);
		CU_ASSERT_EQUAL(lab_anomalies(lab, R_smsc_accepted), 1);
		CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_answers_accepted), 1);
		CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_answers_rewritten), force);
		case_finish(lab);
	}
}

static void test_what_a_link_counts(void)
{
	struct lab *lab = case_session(true);
	const struct stats *s = pipeline_stats(lab->pipeline);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 9, CASE_CLEAN);

	case_submit(lab, 7, CASE_SPAM);
	case_answer(lab, 7, 0x0B);
	case_submit(lab, 8, CASE_CLEAN);
	lab_say(lab, true, bytes_of(pdu, len - 5));
	lab_wait(lab, 7000);
	lab_say(lab, true, bytes_of(pdu + len - 5, 5));
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_messages), 3);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_refused), 1);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_answers_rewritten), 1);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_holds), 1);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_hold_us), 7010);
	CU_ASSERT_EQUAL(s->hold_max_us[0], 7010);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_releases), 0);
	case_finish(lab);
}

/* Only one direction is seen: memory goes by age, in a connection that has fallen silent too. */
static void test_one_direction(void)
{
	struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);

	lab_segment(lab, true, CASE_ISN, TCP_SYN, bytes_of(NULL, 0));
	lab->client_next = CASE_ISN + 1;
	for (uint32_t i = 0; i < 200; i++) {
		case_submit(lab, 7 + i, i % 2 == 0 ? CASE_SPAM : CASE_CLEAN);
		lab_wait(lab, 1000);
	}
	CU_ASSERT_TRUE(pipeline_gauges(lab->pipeline).stream_chunks_used > 10);
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	for (unsigned i = 0; i < 5; i++) {
		lab_wait(lab, 40 * (uint64_t)TICK_US); /* every flow is looked at in 30 s */
	}
	CU_ASSERT_TRUE(pipeline_gauges(lab->pipeline).stream_chunks_used <= 1);
	case_finish(lab);
}

/*
 * A sender as Linux is one, as far as it matters here: a window of whole segments, SACK, a hole is lost
 * when three segments above it were acknowledged (RFC 6675 DupThresh) and repeated once; else only a
 * timer of 200 ms that doubles. The receiver acknowledges all it gets. Both are RTT_US apart, we in the middle.
 */
enum { SEGMENTS = 120, WINDOW = 20, RTT_US = 60000, RTO_US = 200000, FLIGHT_MAX = 4 * SEGMENTS };

struct flight {
	uint64_t due_us;
	unsigned segment; /* or of an ACK: which frame of lab->out it is */
	bool used;
};

struct sender {
	struct lab *lab;
	uint8_t pdu[SEGMENTS][160];
	size_t len[SEGMENTS];
	uint32_t at[SEGMENTS + 1];
	bool lost[SEGMENTS], acked[SEGMENTS], repeated[SEGMENTS], got[SEGMENTS];
	unsigned una, next, n_timeouts;
	uint64_t timer_us, rto_us;
	struct flight to_us[FLIGHT_MAX], to_receiver[FLIGHT_MAX], to_sender[FLIGHT_MAX];
	uint32_t n_messages;
	unsigned seen; /* of lab->out */
};

static void fly(struct flight *f, uint64_t due_us, unsigned segment)
{
	unsigned i = 0;

	while (f[i].used) {
		i++;
	}
	f[i] = (struct flight){ due_us, segment, true };
}

static void put_segment(struct sender *s, unsigned i)
{
	if (s->lost[i]) {
		s->lost[i] = false; /* the first copy only */
		return;
	}
	fly(s->to_us, s->lab->now_us + RTT_US / 4, i);
}

static void take_ack(struct sender *s, const struct lab_out *o)
{
	struct frame f = { .data = o->octets, .len = o->len, .wire_len = o->len };
	struct bytes options;
	unsigned above = 0;

	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_none);
	options = frame_tcp_options(&f);
	while (s->una < s->next && seq_diff(f.ack, s->at[s->una + 1]) >= 0) {
		s->acked[s->una++] = true;
		s->timer_us = s->lab->now_us + RTO_US;
		s->rto_us = RTO_US;
	}
	for (size_t b = 16; b + 8 <= options.len; b += 8) {
		for (unsigned i = s->una; i < s->next; i++) {
			s->acked[i] =
				s->acked[i] ||
				(seq_diff(s->at[i], be32(options.data + b)) >= 0 &&
					seq_diff(s->at[i + 1], be32(options.data + b + 4)) <= 0);
		}
	}
	for (unsigned i = s->next; i-- > s->una;) {
		above += s->acked[i] ? 1 : 0;
		if (!s->acked[i] && above >= 3 && !s->repeated[i]) {
			s->repeated[i] = true;
			put_segment(s, i);
		}
	}
}

/* What left since it was looked at last goes on to where it is sent. */
static void forward(struct sender *s)
{
	for (; s->seen < s->lab->n_out; s->seen++) {
		const struct lab_out *o = &s->lab->out[s->seen];
		unsigned i = 0;

		if (!o->from_client) {
			fly(s->to_sender, s->lab->now_us + RTT_US / 4, s->seen);
			continue;
		}
		while (i < SEGMENTS && s->at[i] != o->seq) {
			i++;
		}
		if (i < SEGMENTS && o->payload.len != 0) {
			fly(s->to_receiver, s->lab->now_us + RTT_US / 4, i);
		}
	}
}

static void receive(struct sender *s, unsigned i)
{
	unsigned n = 0;

	s->got[i] = true;
	while (n < SEGMENTS && s->got[n]) {
		n++;
	}
	lab_send(s->lab, false, s->lab->server_next, s->at[n], TCP_ACK, 60000, bytes_of(NULL, 0));
}

static void deliver(struct sender *s, struct flight *flights)
{
	for (unsigned k = 0; k < FLIGHT_MAX; k++) {
		struct flight *f = &flights[k];

		if (!f->used || f->due_us > s->lab->now_us) {
			continue;
		}
		f->used = false;
		if (flights == s->to_us) {
			lab_segment(s->lab, true, s->at[f->segment], TCP_ACK,
				bytes_of(s->pdu[f->segment], s->len[f->segment]));
		} else if (flights == s->to_receiver) {
			receive(s, f->segment);
		} else {
			take_ack(s, &s->lab->out[f->segment]);
		}
	}
}

static void time_out(struct sender *s)
{
	if (s->una < s->next && s->lab->now_us >= s->timer_us) {
		s->n_timeouts++;
		s->rto_us *= 2;
		s->timer_us = s->lab->now_us + s->rto_us;
		memset(s->repeated, 0, sizeof(s->repeated));
		put_segment(s, s->una);
	}
}

/* run_sender: every tenth segment is lost. Returns the time it took. */
static uint64_t run_sender(struct sender *s, bool told)
{
	uint64_t start;

	s->lab = lab_create(CASE_RULES, LINK_ENFORCE);
	lab_live(s->lab);
	case_open(s->lab);
	lab_ack(s->lab, false, s->lab->client_next);
	if (!told) {
		s->lab->config.links[0].on_release = ON_RELEASE_REFUSE; /* held in silence */
		s->lab->turn.spare = NULL;
	}
	s->at[0] = s->lab->client_next;
	for (unsigned i = 0; i < SEGMENTS; i++) {
		s->len[i] = lab_submit(
			s->pdu[i], sizeof(s->pdu[i]), 100 + i, i % 5 == 0 ? CASE_SPAM : CASE_CLEAN);
		s->at[i + 1] = s->at[i] + (uint32_t)s->len[i];
		s->lost[i] = i % 10 == 5;
	}
	s->lab->client_next = s->at[SEGMENTS];
	s->seen = s->lab->n_out;
	start = s->lab->now_us;
	s->rto_us = RTO_US;
	while (s->una < SEGMENTS && s->lab->now_us - start < 60 * UINT64_C(1000000)) {
		while (s->next < SEGMENTS && s->next < s->una + WINDOW) {
			s->timer_us = s->una == s->next ? s->lab->now_us + s->rto_us : s->timer_us;
			put_segment(s, s->next++);
		}
		lab_wait(s->lab, 1000);
		deliver(s, s->to_us);
		forward(s);
		deliver(s, s->to_receiver);
		forward(s);
		deliver(s, s->to_sender);
		time_out(s);
	}
	CU_ASSERT_EQUAL(s->una, SEGMENTS);
	return s->lab->now_us - start;
}

/* 19: losses are repaired by fast retransmit, each in a round-trip; in silence each costs a timeout. */
static void case_19(void)
{
	static struct sender told;
	static struct sender silent;
	uint64_t time_told = run_sender(&told, true);
	uint64_t time_silent = run_sender(&silent, false);

	CU_ASSERT_EQUAL(told.n_timeouts, 0);
	CU_ASSERT_TRUE(silent.n_timeouts > 3);
	CU_ASSERT_TRUE(time_told * 2 < time_silent);
	CU_ASSERT_EQUAL(lab_messages(told.lab), SEGMENTS);
	CU_ASSERT_EQUAL(case_link(told.lab, LINK_STAT_leaked), 0);
	CU_ASSERT_EQUAL(case_reason(told.lab, R_hold_gap), 0);
	CU_ASSERT_FALSE(case_left_with(told.lab, "pills"));
	CU_ASSERT_TRUE(case_link(told.lab, LINK_STAT_sacks) >= SEGMENTS / 10 * 3);
	case_finish(told.lab);
	case_finish(silent.lab);
}

/* 53: a million refusals; then the memory of journal, holds and answers is back. */
static void case_53(void)
{
	enum { A_FRAME = 10, FRAMES = 100000 };
	static uint8_t pdus[A_FRAME * 160];
	static uint8_t answers[A_FRAME * SMPP_HEADER_LEN];
	struct lab *lab = case_session(true);
	struct pipeline_gauges g;

	lab->config.event_select = EVENTS_NON_PASS;
	lab->config.event_text = false;
	for (uint32_t i = 0; i < FRAMES; i++) {
		size_t len = 0;
		size_t answers_len = 0;

		for (uint32_t k = 0; k < A_FRAME; k++) {
			len += lab_submit(
				pdus + len, sizeof(pdus) - len, i * A_FRAME + k, CASE_SPAM);
			answers_len += lab_pdu(answers + answers_len, sizeof(answers) - answers_len,
				SMPP_SUBMIT_SM | SMPP_RESPONSE, 0x0B, i * A_FRAME + k,
				bytes_of(NULL, 0));
		}
		lab_say(lab, true, bytes_of(pdus, len));
		lab_say(lab, false, bytes_of(answers, answers_len));
		lab_ack(lab, true, lab->server_next);
		if (i % 100 == 99) {
			CU_ASSERT_EQUAL_FATAL(case_all_left(lab), true);
			lab_clear(lab);
		}
	}
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_refused), 1000000);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_answers_rewritten), 1000000);
	g = pipeline_gauges(lab->pipeline);
	CU_ASSERT_EQUAL(g.pending_answers, 0);
	CU_ASSERT_EQUAL(g.held_frames, 0);
	CU_ASSERT_TRUE(g.stream_chunks_used <= 2 * LIMIT_JOURNAL_CHUNKS + 4);
	/* silence: what was kept for late copies goes, while the session lives */
	lab_wait(lab, 40 * (uint64_t)TICK_US);
	CU_ASSERT_TRUE(pipeline_gauges(lab->pipeline).stream_chunks_used <= 2);
	/* the end of the session, and its linger time */
	lab_segment(lab, true, lab->client_next, TCP_FIN | TCP_ACK, bytes_of(NULL, 0));
	lab_segment(lab, false, lab->server_next, TCP_FIN | TCP_ACK, bytes_of(NULL, 0));
	lab_wait(lab, 60 * (uint64_t)TICK_US);
	g = pipeline_gauges(lab->pipeline);
	CU_ASSERT_EQUAL(g.stream_chunks_used, 0);
	CU_ASSERT_EQUAL(g.flows, 0);
	case_finish(lab);
}

UNIT_MAIN("pipeline live", { "a sender is told of what waits", test_sender_is_told },
	{ "a sender is not told", test_sender_is_not_told },
	{ "monitor and tap say nothing", test_monitor_and_tap_say_nothing },
	{ "acknowledgements are capped", test_acknowledgements_are_capped },
	{ "a gap for ever", test_a_gap_for_ever }, { "overtaking", test_overtaking },
	{ "the begin of a PDU before a gap", test_begin_before_a_gap },
	{ "on_release = refuse", test_refuse_on_release },
	{ "a dribbling link", test_dribbling_link },
	{ "headers are no dribble", test_headers_are_no_dribble },
	{ "case_02 refusals without an answer", case_02 },
	{ "case_03 a server that closes on refusals", case_03 },
	{ "ordinary closes", test_ordinary_closes }, { "slow is not mute", test_slow_is_not_mute },
	{ "case_35 a refusal is accepted: pass and force", case_35 },
	{ "what a link counts", test_what_a_link_counts }, { "one direction", test_one_direction },
	{ "case_19 losses", case_19 }, { "case_53 a million refusals", case_53 })
