/* SPDX-License-Identifier: BSD-3-Clause */
/* The adversarial cases of research/inline-blocking.md 4, by their numbers; docs/cases.md lists all of them. */
#include "dataplane/pipeline.h"

#include "tests/dataplane/pipeline_case.h"

/* Framing holds: PDU after PDU to the end. */
static bool frames_to_the_end(struct bytes b)
{
	while (b.len != 0) {
		struct smpp_header h;
		enum reason why;

		if (smpp_header_read(b, &h, &why) != PARSE_OK || h.length > b.len) {
			return false;
		}
		b = bytes_slice(b, h.length, b.len);
	}
	return true;
}

/* 6: the bypass takes over between two segments of an edited PDU: one PDU, one length, wherever it is cut. */
static void case_06(void)
{
	struct lab *lab = case_session(false);
	static uint8_t pdus[1024];
	static uint8_t mixed[1024];
	size_t len = lab_submit(pdus, sizeof(pdus), 7, CASE_SPAM);
	size_t all = len;
	struct bytes edited;

	lab_say(lab, true, bytes_of(pdus, len));
	edited = case_last(lab)->payload;
	for (uint32_t i = 0; i < 3; i++) {
		all += lab_submit(pdus + all, sizeof(pdus) - all, 8 + i, CASE_CLEAN);
	}
	for (size_t cut = 0; cut <= len; cut++) {
		memcpy(mixed, pdus, all);
		memcpy(mixed, edited.data, cut);
		CU_ASSERT_TRUE(frames_to_the_end(bytes_of(mixed, all)));
		memcpy(mixed, edited.data, len);
		memcpy(mixed, pdus, cut); /* back from the bypass */
		CU_ASSERT_TRUE(frames_to_the_end(bytes_of(mixed, all)));
	}
	case_finish(lab);
}

/* Sends `pdu` again from `from` on in pieces of `piece` octets: each must leave as `first` did. */
static void send_again(
	struct lab *lab, uint32_t from, struct bytes pdu, size_t piece, const uint8_t *first)
{
	for (size_t at = 0; at < pdu.len; at += piece) {
		struct bytes part = bytes_slice(pdu, at, piece);

		lab_segment(lab, true, from + (uint32_t)at, TCP_ACK, part);
		CU_ASSERT_TRUE(
			bytes_equal(case_last(lab)->payload, bytes_of(first + at, part.len)));
	}
}

static void retransmit(bool swap, bool acknowledged, size_t piece)
{
	struct lab *lab = case_session(true);
	struct generation *other = lab_rules("nothing:/zzzzzz/\n");
	uint8_t pdu[512];
	uint8_t first[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);
	uint32_t from = lab->client_next;

	lab_say(lab, true, bytes_of(pdu, len));
	memcpy(first, case_last(lab)->payload.data, len);
	CU_ASSERT_FALSE(case_holds(bytes_of(first, len), "pills"));
	if (swap) {
		lab->turn.generation = other;
	}
	if (acknowledged) { /* and the acknowledgement is lost behind us */
		lab_ack(lab, false, lab->client_next);
		case_submit(lab, 8, CASE_CLEAN);
		lab_ack(lab, false, lab->client_next);
	}
	send_again(lab, from, bytes_of(pdu, len), piece, first);
	lab_wait(lab, 1500000);
	send_again(lab, from, bytes_of(pdu, len), len, first);
	CU_ASSERT_EQUAL(case_reason(lab, R_overlap_differs), 0);
	CU_ASSERT_EQUAL(lab_messages(lab), acknowledged ? 2 : 1);
	lab->turn.generation = lab->generation;
	case_finish(lab);
	generation_free(other);
}

static void case_08(void)
{
	retransmit(false, false, 512);
	retransmit(false, true, 512);
}

static void case_09(void)
{
	for (size_t piece = 1; piece < 100; piece += 9) {
		retransmit(false, false, piece);
		retransmit(false, true, piece);
	}
}

static void case_10(void)
{
	retransmit(true, false, 512);
	retransmit(true, true, 33);
}

/* 9, merged: three segments come again as one, and with what follows. */
static void case_09_merged(void)
{
	struct lab *lab = case_session(false);
	uint8_t pdus[1024];
	size_t len = lab_submit(pdus, sizeof(pdus), 7, CASE_SPAM);
	size_t both = len + lab_submit(pdus + len, sizeof(pdus) - len, 8, CASE_SPAM);
	uint32_t from = lab->client_next;
	struct bytes got;

	for (size_t at = 0; at < len; at += 40) {
		lab_say(lab, true, bytes_slice(bytes_of(pdus, len), at, 40));
	}
	got = lab_received(lab, true, from, len);
	CU_ASSERT_EQUAL(got.len, len);
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdus, both));
	CU_ASSERT_TRUE(bytes_equal(bytes_slice(case_last(lab)->payload, 0, len), got));
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(lab_messages(lab), 2);
	free((void *)(uintptr_t)got.data);
	case_finish(lab);
}

/* 11: other text under the same numbers, the first copy unacknowledged. */
static void case_11(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	uint8_t other[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_CLEAN " ");
	uint32_t from = lab->client_next;

	CU_ASSERT_EQUAL_FATAL(lab_submit(other, sizeof(other), 7, CASE_SPAM "  "), len);
	lab_say(lab, true, bytes_of(pdu, len));
	lab_segment(lab, true, from, TCP_ACK, bytes_of(other, len));
	CU_ASSERT_TRUE(bytes_equal(case_last(lab)->payload, bytes_of(pdu, len)));
	CU_ASSERT_EQUAL(case_reason(lab, R_overlap_differs), 1);
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	case_finish(lab);
}

/* 12: [0, 60), then [30, end) with other octets from 30 to 60: those of the first segment reach the far end. */
static void case_12(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	uint8_t other[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_CLEAN);
	uint32_t from = lab->client_next;
	struct bytes got;

	memcpy(other, pdu, len);
	memset(other + 30, 'x', 30);
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, 60));
	lab_segment(lab, true, from + 30, TCP_ACK, bytes_of(other + 30, len - 30));
	got = lab_received(lab, true, from, len);
	CU_ASSERT_TRUE(bytes_equal(got, bytes_of(pdu, len)));
	CU_ASSERT_EQUAL(case_reason(lab, R_overlap_differs), 1);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_PASS);
	free((void *)(uintptr_t)got.data);
	case_finish(lab);
}

/* 13: one octet a segment, a little less than a hold time apart, as a sender with Nagle is made to. */
static void case_13(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);
	uint32_t from = lab->client_next;
	uint64_t start;
	struct bytes got;

	lab->config.links[0].dribble_limit = 10;
	start = lab->now_us;
	for (size_t i = 0; i < len; i++) {
		unsigned n_out = lab->n_out;

		lab_say(lab, true, bytes_of(pdu + i, 1));
		while (lab->n_out == n_out) { /* the next is sent when this one was acknowledged */
			lab_wait(lab, 1000);
		}
		lab_ack(lab, false, lab->client_next);
	}
	CU_ASSERT_TRUE(lab->now_us - start <= len * (20000 + 1500));
	CU_ASSERT_TRUE(case_link(lab, LINK_STAT_releases) > 10);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_dribbles), 1);
	CU_ASSERT_EQUAL(lab_anomalies(lab, R_dribble), 1);
	CU_ASSERT_TRUE(pipeline_dribbles(lab->pipeline, 0));
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_REJECT);
	got = lab_received(lab, true, from, len);
	CU_ASSERT_FALSE(case_holds(got, "pill"));
	free((void *)(uintptr_t)got.data);
	case_finish(lab);
}

/* 13b: the far end never sees more segments than arrived, nor longer or shorter ones. */
static void case_13b(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);
	unsigned first = lab->n_out;

	for (size_t at = 0; at < len; at += 7) {
		lab_say(lab, true, bytes_slice(bytes_of(pdu, len), at, 7));
	}
	CU_ASSERT_EQUAL_FATAL(lab->n_out - first, (len + 6) / 7);
	for (unsigned i = first; i < lab->n_out; i++) {
		size_t at = 7 * (size_t)(i - first);

		CU_ASSERT_EQUAL(lab->out[i].payload.len, len - at < 7 ? len - at : 7);
	}
	case_finish(lab);
}

/* 14, 15: two writes with Nagle: the second comes when the first was acknowledged, so 20 ms later at most. */
static void two_writes(size_t cut)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_CLEAN);
	uint64_t start = lab->now_us;

	lab_say(lab, true, bytes_of(pdu, cut));
	CU_ASSERT_FALSE(case_all_left(lab));
	while (!case_all_left(lab)) {
		lab_wait(lab, 1000);
	}
	CU_ASSERT_TRUE(lab->now_us - start < 25000);
	lab_ack(lab, false, lab->client_next);
	lab_say(lab, true, bytes_of(pdu + cut, len - cut));
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_TRUE(lab->now_us - start < 25000);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_PASS);
	case_finish(lab);
}

static void case_14(void)
{
	two_writes(SMPP_HEADER_LEN);
}

static void case_15(void)
{
	two_writes(45);
}

/* 17, 18: 40 KB from idle: ten segments, then nothing before they are acknowledged. */
static void case_17(void)
{
	static uint8_t pdu[42000];
	uint8_t body[64];
	struct writer w = writer_of(body, sizeof(body));
	struct lab *lab = case_session(true);
	size_t len;
	size_t sent = 0;
	uint64_t start;

	writer_put(&w, bytes_of("\0\0\0\0\1\1"
				"447700900123",
			       19));
	writer_put(&w, bytes_of("\0\0\0\0\0\0\0\0\0\0", 10)); /* esm_class .. sm_length 0 */
	writer_put(&w, bytes_of("\x04\x24\x9C\x40", 4));      /* message_payload, 40000 octets */
	len = lab_pdu(pdu, sizeof(pdu), SMPP_SUBMIT_SM, 0, 7,
		bytes_of(body, sizeof(body) - writer_left(&w)));
	memset(pdu + len, 'a', 40000);
	len += 40000;
	put_be32(pdu, (uint32_t)len);
	start = lab->now_us;
	for (unsigned window = 10; sent < len; window *= 2) {
		for (unsigned i = 0; i < window && sent < len; i++) {
			struct bytes part = bytes_slice(bytes_of(pdu, len), sent, 1400);

			lab_say(lab, true, part);
			sent += part.len;
		}
		while (!case_all_left(lab)) {
			lab_wait(lab, 1000);
		}
		lab_ack(lab, false, lab->client_next);
	}
	CU_ASSERT_TRUE(lab->now_us - start < 100000);
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_PASS);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.octets, len);
	case_finish(lab);
}

/* 21: FIN with a trailing partial; RST with held frames; a RST that its receiver will not believe. */
static void case_21(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);

	lab_segment(lab, true, lab->client_next, TCP_ACK | TCP_FIN, bytes_of(pdu, len - 4));
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(case_reason(lab, R_hold_close), 1);
	lab->client_next += (uint32_t)len - 4 + 1;
	/* half-closed: the other direction goes on */
	case_answer(lab, 99, 0);
	CU_ASSERT_TRUE(case_all_left(lab));
	case_finish(lab);

	lab = case_session(true);
	lab_say(lab, true, bytes_of(pdu, 50));
	CU_ASSERT_FALSE(case_all_left(lab));
	lab_segment(lab, true, lab->client_next + 1, TCP_RST, bytes_of(NULL, 0));
	CU_ASSERT_EQUAL(case_reason(lab, R_tcp_rst_ignored), 1);
	lab_say(lab, true, bytes_of(pdu + 50, len - 50));
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	lab_say(lab, true, bytes_of(pdu, 50));
	lab_segment(lab, true, lab->client_next, TCP_RST, bytes_of(NULL, 0));
	CU_ASSERT_TRUE(case_all_left(lab));
	/* what was held left before the RST, in its order */
	CU_ASSERT_EQUAL(case_last(lab)->payload.len, 0);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->counter[STAT_flows_closed], 1);
	case_finish(lab);
}

/* 22: the window is zero for 30 s with a held partial; its first octet is probed again and again. */
static void case_22(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);
	uint32_t from = lab->client_next;

	lab_say(lab, true, bytes_of(pdu, 40));
	lab_send(lab, false, lab->server_next, from, TCP_ACK, 0, bytes_of(NULL, 0));
	lab_wait(lab, 25000);
	CU_ASSERT_TRUE(case_all_left(lab));
	for (unsigned i = 0; i < 30; i++) {
		lab_wait(lab, 1000000);
		lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, 1));
		CU_ASSERT_TRUE(case_all_left(lab));
		CU_ASSERT_EQUAL(case_last(lab)->payload.data[0], pdu[0]);
		lab_send(lab, false, lab->server_next, from, TCP_ACK, 0, bytes_of(NULL, 0));
	}
	lab_send(lab, false, lab->server_next, from, TCP_ACK, 8000, bytes_of(NULL, 0));
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, len));
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_REJECT);
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	case_finish(lab);
}

/* 23: keepalives, with a garbage octet and without (RFC 9293 3.8.4), on either side of a refusal. */
static void case_23(void)
{
	struct lab *lab = case_session(true);

	for (uint32_t i = 0; i < 4; i++) {
		lab_ack(lab, false, lab->client_next);
		lab_segment(lab, true, lab->client_next - 1, TCP_ACK, bytes_of("Z", 1));
		lab_segment(lab, true, lab->client_next - 1, TCP_ACK, bytes_of(NULL, 0));
		CU_ASSERT_TRUE(case_all_left(lab));
		case_submit(lab, 7 + i, i % 2 == 0 ? CASE_SPAM : CASE_CLEAN);
	}
	CU_ASSERT_EQUAL(lab_messages(lab), 4);
	CU_ASSERT_EQUAL(case_reason(lab, R_overlap_differs), 0);
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	case_finish(lab);
}

/* 24: an urgent pointer into command_length: the flag goes, framing stays. */
static void case_24(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);
	struct frame check;

	lab_segment(lab, true, lab->client_next, TCP_ACK | TCP_URG, bytes_of(pdu, len));
	check = (struct frame){ .data = case_last(lab)->octets, .len = case_last(lab)->len };
	check.wire_len = check.len;
	frame_decode(&check, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(check.tcp_flags, TCP_ACK);
	CU_ASSERT_EQUAL(be16(check.data + check.l4_off + 18), 0);
	CU_ASSERT_EQUAL(case_reason(lab, R_urgent), 1);
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	case_finish(lab);
}

/* 25: octets beyond the receiver's window, which drops them, then others there within it. */
static void case_25(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	uint8_t other[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_CLEAN " ");
	uint32_t from = lab->client_next;

	CU_ASSERT_EQUAL_FATAL(lab_submit(other, sizeof(other), 7, CASE_SPAM "  "), len);
	lab_send(lab, false, lab->server_next, from, TCP_ACK, 1, bytes_of(NULL, 0));
	lab_say(lab, true, bytes_of(pdu, len)); /* four octets of window */
	lab_send(lab, false, lab->server_next, from, TCP_ACK, 8000, bytes_of(NULL, 0));
	lab_segment(lab, true, from, TCP_ACK, bytes_of(other, len));
	CU_ASSERT_FALSE(case_left_with(lab, "pills")); /* what was judged is what it reads */
	CU_ASSERT_TRUE(bytes_equal(case_last(lab)->payload, bytes_of(pdu, len)));
	case_finish(lab);
}

/*
 * 25, far: octets that the receiver would take (its window is 1 MB), beyond what is stored here, wait
 * until they are judged; beyond its window they go, and it drops them.
 */
static void case_25_far(void)
{
	enum { STORED = LIMIT_STREAM_CHUNKS * LIMIT_CHUNK_LEN, PIECE = 1400, FAR = 300 * PIECE };
	static uint8_t filler[PIECE];
	struct lab *lab = case_session(true);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);
	uint32_t start = lab->client_next;
	struct bytes got;

	CU_ASSERT_TRUE_FATAL(FAR > STORED);
	lab_pdu(filler, sizeof(filler), SMPP_ENQUIRE_LINK, 0, 1, bytes_of(NULL, 0));
	put_be32(filler, PIECE);
	lab_ack(lab, false, start);
	lab_segment(lab, true, start + (16u << 16), TCP_ACK, bytes_of(pdu, len));
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->ledger.octets[1][R_out_of_window], len);
	lab_segment(lab, true, start + FAR, TCP_ACK, bytes_of(pdu, len));
	CU_ASSERT_EQUAL(lab->n_out - lab->n_ours, lab->n_sent - 1);
	for (unsigned i = 0; i < FAR / PIECE; i++) {
		lab_wait(lab, 1000);
		lab_say(lab, true, bytes_of(filler, PIECE));
		lab_ack(lab, false, lab->client_next);
	}
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_REJECT);
	/* the copy at the far end of the window is the first that left */
	got = lab_received(lab, true, start + FAR, len);
	CU_ASSERT_EQUAL(got.len, len);
	CU_ASSERT_FALSE(case_holds(got, "pills"));
	free((void *)(uintptr_t)got.data);
	case_finish(lab);
}

UNIT_MAIN("pipeline cases", { "case_06 bypass inside an edited PDU", case_06 },
	{ "case_08 retransmission, same boundaries", case_08 },
	{ "case_09 retransmission, split", case_09 },
	{ "case_09 retransmission, merged", case_09_merged },
	{ "case_10 retransmission after a push", case_10 },
	{ "case_11 other text under the same numbers", case_11 },
	{ "case_12 overlap with other octets", case_12 },
	{ "case_13 one octet a segment", case_13 },
	{ "case_13b never more segments than arrived", case_13b },
	{ "case_14 header and body in two writes", case_14 }, { "case_15 two halves", case_15 },
	{ "case_17 40 KB from idle", case_17 }, { "case_21 FIN and RST with held frames", case_21 },
	{ "case_22 zero window", case_22 }, { "case_23 keepalives", case_23 },
	{ "case_24 urgent", case_24 }, { "case_25 beyond the window", case_25 },
	{ "case_25 far beyond", case_25_far })
