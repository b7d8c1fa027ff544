/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline.h"

#include <stdlib.h>

#include "dataplane/proto/smpp.h"
#include "tests/support/lab.h"
#include "tests/support/unit.h"

#define RULES "spam:/buy cheap pills/i\n"
static const char CLEAN[] = "see you at seven by the old bridge";
static const char SPAM[] = "Buy cheap pills now, no questions";

#define ISN 0xFFFFFF80u /* the numbers of the client wrap early */
enum { SERVER_ISN = 500 };

static struct lab *session(enum link_mode mode)
{
	struct lab *lab = lab_create(RULES, mode);

	lab_connect(lab, ISN, SERVER_ISN);
	lab_bind(lab, "acme");
	return lab;
}

static bool holds(struct bytes b, const char *text)
{
	return memmem(b.data, b.len, text, strlen(text)) != NULL;
}

static bool anything_left_with(const struct lab *lab, const char *text)
{
	for (unsigned i = 0; i < lab->n_out; i++) {
		if (holds(lab->out[i].payload, text)) {
			return true;
		}
	}
	return false;
}

static void finish(struct lab *lab)
{
	lab_end(lab);
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	for (unsigned i = 0; i < lab->n_out; i++) {
		CU_ASSERT_TRUE(lab->out[i].checksum_right);
	}
	lab_destroy(lab);
}

static void test_clean_message_leaves_as_it_came(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CLEAN);

	lab_say(lab, true, bytes_of(pdu, len));
	CU_ASSERT_TRUE(bytes_equal(lab->out[lab->n_out - 1].payload, bytes_of(pdu, len)));
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_PASS);
	CU_ASSERT_STRING_EQUAL(lab_message(lab, 0)->text, CLEAN);
	CU_ASSERT_STRING_EQUAL(lab_message(lab, 0)->event.account, "acme");
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.sequence, 7);
	finish(lab);
}

static void test_refused_message_is_edited_in_place(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);
	const struct lab_out *out;

	lab_say(lab, true, bytes_of(pdu, len));
	out = &lab->out[lab->n_out - 1];
	CU_ASSERT_EQUAL(out->payload.len, len);
	CU_ASSERT_TRUE(bytes_equal(
		bytes_slice(out->payload, 0, SMPP_HEADER_LEN), bytes_of(pdu, SMPP_HEADER_LEN)));
	CU_ASSERT_FALSE(anything_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_REJECT);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.applied, EDIT_SELF_REJECT);
	/* the event is of the message, not of what stands in its place */
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.destination.len, 12);
	CU_ASSERT_EQUAL(
		memcmp(lab_message(lab, 0)->event.u.message.destination.digits, "447700900123", 12),
		0);
	finish(lab);
}

static void test_monitor_changes_and_delays_nothing(void)
{
	struct lab *lab = session(LINK_MONITOR);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);

	lab_say(lab, true, bytes_of(pdu, 20));
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
	lab_say(lab, true, bytes_of(pdu + 20, len - 20));
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
	CU_ASSERT_TRUE(holds(lab->out[lab->n_out - 1].payload, "pills"));
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_REJECT);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.applied, EDIT_NONE);
	finish(lab);
}

/* What has left and is not read to its end is in the ledger all the same. */
static void test_ledger_of_an_open_connection(void)
{
	struct lab *lab = session(LINK_MONITOR);
	const uint64_t *waiting = &pipeline_stats(lab->pipeline)->ledger.waiting[1];
	uint32_t base = lab->client_next;
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CLEAN);

	CU_ASSERT_EQUAL(*waiting, 0);
	lab_segment(lab, true, base, TCP_ACK, bytes_of(pdu, 20));
	CU_ASSERT_EQUAL(*waiting, 20);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	lab_segment(lab, true, base + 30, TCP_ACK, bytes_of(pdu + 30, len - 30)); /* a gap of ten */
	CU_ASSERT_EQUAL(*waiting, len - 10);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	lab_segment(lab, true, base + 10, TCP_ACK, bytes_of(pdu + 10, 20));
	CU_ASSERT_EQUAL(*waiting, 0);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	lab_segment(lab, true, base + (uint32_t)len, TCP_ACK, bytes_of(pdu, 15));
	CU_ASSERT_EQUAL(*waiting, 15);
	finish(lab);
}

/* The same PDU cut at every octet: held until whole, then refused; not an octet of the text leaves. */
static void test_cut_at_every_octet(void)
{
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);

	for (size_t cut = 1; cut < len; cut++) {
		struct lab *lab = session(LINK_ENFORCE);
		struct bytes got;
		uint32_t from = lab->client_next;

		lab_say(lab, true, bytes_of(pdu, cut));
		CU_ASSERT_EQUAL(lab->n_out, lab->n_sent - 1);
		lab_say(lab, true, bytes_of(pdu + cut, len - cut));
		CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
		got = lab_received(lab, true, from, len);
		CU_ASSERT_EQUAL(got.len, len);
		CU_ASSERT_FALSE(holds(got, "pill"));
		CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_REJECT);
		free((void *)(uintptr_t)got.data);
		finish(lab);
	}
}

/* Law 4: whatever its segmentation, a retransmission leaves with the octets of the first copy. */
static void test_retransmission_leaves_the_same(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);
	uint32_t from = lab->client_next;
	struct bytes first;

	lab_say(lab, true, bytes_of(pdu, len));
	first = lab->out[lab->n_out - 1].payload;
	for (size_t at = 0; at < len; at += 13) {
		size_t n = len - at < 13 ? len - at : 13;

		lab_segment(lab, true, from + (uint32_t)at, TCP_ACK, bytes_of(pdu + at, n));
		CU_ASSERT_TRUE(
			bytes_equal(lab->out[lab->n_out - 1].payload, bytes_slice(first, at, n)));
	}
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, len));
	CU_ASSERT_TRUE(bytes_equal(lab->out[lab->n_out - 1].payload, first));
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	/* an honest copy of what was edited is no evasion */
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->reason[R_overlap_differs], 0);
	finish(lab);
}

static void test_out_of_order_is_judged_before_it_leaves(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);
	uint32_t from = lab->client_next;

	lab_segment(lab, true, from + 30, TCP_ACK, bytes_of(pdu + 30, len - 30));
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent - 1);
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, 30));
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
	CU_ASSERT_FALSE(anything_left_with(lab, "pills"));
	/* the PDU ends in the frame that came first */
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.frame, lab->n_sent - 1);
	finish(lab);
}

static void test_overlap_first_copy_wins(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	uint8_t other[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CLEAN);
	uint32_t from = lab->client_next;
	struct bytes got;

	lab_submit(other, sizeof(other), 7, "buy cheap pills buy cheap pills ab");
	lab_segment(lab, true, from, TCP_ACK, bytes_of(pdu, len - 5));
	lab_segment(lab, true, from, TCP_ACK, bytes_of(other, len));
	got = lab_received(lab, true, from, len - 5);
	CU_ASSERT_TRUE(bytes_equal(got, bytes_of(pdu, len - 5)));
	free((void *)(uintptr_t)got.data);
	CU_ASSERT_FALSE(anything_left_with(lab, "cheap"));
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->reason[R_overlap_differs], 1);
	finish(lab);
}

static void test_hold_time_releases_and_judges_what_is_there(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);

	/* enough of the text is there to condemn it */
	lab_say(lab, true, bytes_of(pdu, len - 5));
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent - 1);
	lab_wait(lab, 25000);
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
	lab_say(lab, true, bytes_of(pdu + len - 5, 5));
	CU_ASSERT_FALSE(anything_left_with(lab, "pill"));
	CU_ASSERT_FALSE(anything_left_with(lab, "tions"));
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	finish(lab);
}

static void test_released_then_condemned_is_late(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);

	lab_say(lab, true, bytes_of(pdu, len - 28));
	lab_wait(lab, 25000);
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
	lab_say(lab, true, bytes_of(pdu + len - 28, 28));
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 1);
	CU_ASSERT_TRUE(lab_message(lab, 0)->event.u.message.late);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.leaked, strlen(SPAM) - 28);
	CU_ASSERT_FALSE(anything_left_with(lab, "pills"));
	finish(lab);
}

static void test_answer_status_is_rewritten(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);

	lab_say(lab, true, bytes_of(pdu, len));
	len = lab_pdu(pdu, sizeof(pdu), SMPP_SUBMIT_SM | SMPP_RESPONSE, 0x0B, 7, bytes_of(NULL, 0));
	lab_say(lab, false, bytes_of(pdu, len));
	CU_ASSERT_EQUAL(be32(lab->out[lab->n_out - 1].payload.data + 8), 0x45);
	/* a clean one's answer stays */
	len = lab_submit(pdu, sizeof(pdu), 8, CLEAN);
	lab_say(lab, true, bytes_of(pdu, len));
	len = lab_pdu(pdu, sizeof(pdu), SMPP_SUBMIT_SM | SMPP_RESPONSE, 0x0B, 8, bytes_of(NULL, 0));
	lab_say(lab, false, bytes_of(pdu, len));
	CU_ASSERT_EQUAL(be32(lab->out[lab->n_out - 1].payload.data + 8), 0x0B);
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).pending_answers, 0);
	finish(lab);
}

static void test_accepted_refusal_raises_an_alarm(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);

	lab_say(lab, true, bytes_of(pdu, len));
	len = lab_pdu(pdu, sizeof(pdu), SMPP_SUBMIT_SM | SMPP_RESPONSE, 0, 7, bytes_of("id42", 5));
	lab_say(lab, false, bytes_of(pdu, len));
	CU_ASSERT_EQUAL(be32(lab->out[lab->n_out - 1].payload.data + 8), 0);
	CU_ASSERT_EQUAL(lab_anomalies(lab, R_smsc_accepted), 1);
	finish(lab);
}

static void test_blanked_message_keeps_its_answer(void)
{
	struct lab *lab = lab_create("b:/buy cheap pills/i action=blank\n", LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);

	lab_connect(lab, ISN, SERVER_ISN);
	lab_bind(lab, "acme");
	lab_say(lab, true, bytes_of(pdu, len));
	CU_ASSERT_FALSE(anything_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.applied, EDIT_BLANK);
	len = lab_pdu(pdu, sizeof(pdu), SMPP_SUBMIT_SM | SMPP_RESPONSE, 0x0B, 7, bytes_of(NULL, 0));
	lab_say(lab, false, bytes_of(pdu, len));
	CU_ASSERT_EQUAL(be32(lab->out[lab->n_out - 1].payload.data + 8), 0x0B);
	CU_ASSERT_EQUAL(lab_anomalies(lab, R_smsc_accepted), 0);
	finish(lab);
}

static void test_joined_mid_stream(void)
{
	struct lab *lab = lab_create(RULES, LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len;

	lab->client_next = 1000;
	lab->server_next = 2000;
	/* the tail of a PDU whose text looks like a header */
	lab_say(lab, true, bytes_of("\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x09 tail of a text", 32));
	for (uint32_t i = 0; i < 4; i++) {
		len = lab_submit(pdu, sizeof(pdu), 20 + i, i < 3 ? CLEAN : SPAM);
		lab_say(lab, true, bytes_of(pdu, len));
	}
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 4);
	CU_ASSERT_EQUAL(lab_message(lab, 3)->event.u.message.action, ACTION_REJECT);
	CU_ASSERT_FALSE(anything_left_with(lab, "pills"));
	finish(lab);
}

static void test_panic_passes_everything(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);

	lab_say(lab, true, bytes_of(pdu, 20));
	lab->turn.panic_links = 1;
	lab_say(lab, true, bytes_of(pdu + 20, len - 20));
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
	CU_ASSERT_TRUE(holds(lab->out[lab->n_out - 1].payload, "pills"));
	CU_ASSERT_EQUAL(lab_messages(lab), 0);
	lab->turn.panic_links = 0;
	for (uint32_t i = 0; i < 4; i++) {
		len = lab_submit(pdu, sizeof(pdu), 30 + i, i < 3 ? CLEAN : SPAM);
		lab_say(lab, true, bytes_of(pdu, len));
	}
	CU_ASSERT_EQUAL(
		lab_message(lab, lab_messages(lab) - 1)->event.u.message.action, ACTION_REJECT);
	finish(lab);
}

static void test_not_smpp_passes(void)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
	struct lab *lab = lab_create(RULES, LINK_ENFORCE);

	lab_connect(lab, 1, 2);
	lab_say(lab, true, bytes_str(http));
	CU_ASSERT_TRUE(bytes_equal(lab->out[lab->n_out - 1].payload, bytes_str(http)));
	lab_end(lab);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->ledger.octets[1][R_not_smpp], strlen(http));
	finish(lab);
}

static void test_tls_passes(void)
{
	static const uint8_t hello[] = { 0x16, 3, 1, 0, 20, 1, 0, 0, 16, 3, 3, 1, 2, 3, 4, 5, 6, 7,
		8, 9, 10, 11, 12, 13, 14 };
	struct lab *lab = lab_create(RULES, LINK_ENFORCE);

	lab_connect(lab, 1, 2);
	lab_say(lab, true, bytes_of(hello, sizeof(hello)));
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
	lab_end(lab);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->ledger.octets[1][R_tls], sizeof(hello));
	finish(lab);
}

/* command_length 0, 15, huge: the flow passes, nothing grows, and it is found again. */
static void test_absurd_lengths(void)
{
	static const uint32_t lengths[] = { 0, 15, 70001, 0x7FFFFFFF, 0xFFFFFFFF };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct lab *lab = session(LINK_ENFORCE);
		uint8_t pdu[512];
		size_t len = lab_submit(pdu, sizeof(pdu), 7, CLEAN);

		put_be32(pdu, lengths[i]);
		lab_say(lab, true, bytes_of(pdu, len));
		CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
		CU_ASSERT_TRUE(
			lab_anomalies(lab, R_smpp_length) + lab_anomalies(lab, R_smpp_oversize) ==
			1);
		for (uint32_t k = 0; k < 4; k++) {
			len = lab_submit(pdu, sizeof(pdu), 40 + k, k < 3 ? CLEAN : SPAM);
			lab_say(lab, true, bytes_of(pdu, len));
		}
		CU_ASSERT_FALSE(anything_left_with(lab, "pills"));
		finish(lab);
	}
}

static void test_many_pdus_in_one_frame(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdus[1400];
	size_t len = 0;
	struct bytes out;

	for (uint32_t i = 0; i < 10; i++) {
		len += lab_submit(
			pdus + len, sizeof(pdus) - len, 50 + i, i % 2 == 0 ? CLEAN : SPAM);
	}
	lab_say(lab, true, bytes_of(pdus, len));
	out = lab->out[lab->n_out - 1].payload;
	CU_ASSERT_EQUAL(out.len, len);
	CU_ASSERT_EQUAL(lab_messages(lab), 10);
	CU_ASSERT_FALSE(holds(out, "pills"));
	CU_ASSERT_TRUE(holds(out, CLEAN));
	finish(lab);
}

static void test_fin_with_a_partial_pdu(void)
{
	struct lab *lab = session(LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, SPAM);

	lab_segment(lab, true, lab->client_next, TCP_ACK | TCP_FIN, bytes_of(pdu, len - 2));
	CU_ASSERT_EQUAL(lab->n_out, lab->n_sent);
	CU_ASSERT_FALSE(anything_left_with(lab, "pills"));
	finish(lab);
}

UNIT_MAIN("pipeline", { "a clean message leaves as it came", test_clean_message_leaves_as_it_came },
	{ "a refused message is edited in place", test_refused_message_is_edited_in_place },
	{ "monitor changes and delays nothing", test_monitor_changes_and_delays_nothing },
	{ "the ledger of an open connection", test_ledger_of_an_open_connection },
	{ "a PDU cut at every octet", test_cut_at_every_octet },
	{ "a retransmission leaves with the same octets", test_retransmission_leaves_the_same },
	{ "out of order is judged before it leaves", test_out_of_order_is_judged_before_it_leaves },
	{ "overlap: the first copy wins", test_overlap_first_copy_wins },
	{ "the hold time judges what is there", test_hold_time_releases_and_judges_what_is_there },
	{ "released, then condemned: late", test_released_then_condemned_is_late },
	{ "the answer's status is rewritten", test_answer_status_is_rewritten },
	{ "an accepted refusal raises an alarm", test_accepted_refusal_raises_an_alarm },
	{ "a blanked message keeps its answer", test_blanked_message_keeps_its_answer },
	{ "joined mid-stream", test_joined_mid_stream },
	{ "panic passes everything", test_panic_passes_everything },
	{ "what is not SMPP passes", test_not_smpp_passes }, { "TLS passes", test_tls_passes },
	{ "absurd lengths", test_absurd_lengths },
	{ "many PDUs in one frame", test_many_pdus_in_one_frame },
	{ "FIN with a partial PDU", test_fin_with_a_partial_pdu })
