/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline.h"

#include "tests/support/lab_sigtran.h"
#include "tests/support/unit.h"

static const char rules[] = "spam:/buy now/i category=spam weight=100\n";
static const char spam[] = "please Buy Now at our shop, it is the last day of the sale";
static const char ham[] = "the meeting is moved to three o'clock, see you there";

enum { WHOLE = 3 /* B and E */ };

static struct lab *lab_open(enum link_mode mode)
{
	struct lab *lab = lab_create(rules, mode);

	lab_associate(lab);
	return lab;
}

/* send: one message in one DATA chunk in one packet. */
static void send(struct lab *lab, bool from_client, uint32_t tsn, struct bytes tcap)
{
	uint8_t user[LAB_MESSAGE_SIZE];
	uint8_t chunks[LAB_MESSAGE_SIZE];
	size_t len = lab_udt(from_client, tcap, user);

	len = lab_data(chunks, 0, WHOLE, tsn, 1, bytes_of(user, len));
	lab_sctp(lab, from_client, 0, bytes_of(chunks, len), true);
}

static void send_map(struct lab *lab, bool from_client, uint32_t tsn, const struct lab_map *m)
{
	uint8_t tcap[LAB_MESSAGE_SIZE];
	size_t len = lab_tcap(m, tcap);

	send(lab, from_client, tsn, bytes_of(tcap, len));
}

static const struct lab_out *last(const struct lab *lab)
{
	return &lab->out[lab->n_out - 1];
}

static bool holds(struct bytes b, const void *what, size_t len)
{
	for (size_t i = 0; i + len <= b.len; i++) {
		if (memcmp(b.data + i, what, len) == 0) {
			return true;
		}
	}
	return false;
}

/* Both ways, all versions: a text that a rule hits is refused, another one leaves as it came. */
static void test_verdict(void)
{
	static const struct {
		bool from_client;
		uint8_t operation, version;
		const char *command;
		const char *text;
		enum edit_style applied;
	} cases[] = {
		{ true, 46, 3, "mo-forwardSM", spam, EDIT_MAP_REJECT },
		{ true, 46, 2, "mo-forwardSM", spam, EDIT_MAP_REJECT },
		{ true, 46, 1, "mo-forwardSM", spam, EDIT_MAP_REJECT },
		{ false, 44, 3, "mt-forwardSM", spam, EDIT_MAP_REJECT },
		{ false, 44, 2, "mt-forwardSM", spam, EDIT_MAP_REJECT },
		{ true, 46, 3, "mo-forwardSM", ham, EDIT_NONE },
		{ false, 44, 3, "mt-forwardSM", ham, EDIT_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lab *lab = lab_open(LINK_ENFORCE);
		struct lab_map m = { .text = cases[i].text,
			.operation = cases[i].operation,
			.version = cases[i].version,
			.otid = 0x01020304,
			.invoke_id = 5 };
		const struct lab_event *e;

		send_map(lab, cases[i].from_client, cases[i].from_client ? 1000 : 2000, &m);
		e = lab_message(lab, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		CU_ASSERT_STRING_EQUAL(e->text, cases[i].text);
		CU_ASSERT_STRING_EQUAL(e->event.u.message.command, cases[i].command);
		CU_ASSERT_EQUAL(e->event.u.message.carrier, SMS_MAP);
		CU_ASSERT_EQUAL(e->event.u.message.applied, cases[i].applied);
		CU_ASSERT_EQUAL(e->event.u.message.map.version, cases[i].version);
		CU_ASSERT_EQUAL(e->event.u.message.map.opc, cases[i].from_client ? 101 : 202);
		CU_ASSERT_EQUAL(lab->n_out, 5);
		CU_ASSERT_TRUE(last(lab)->checksum_right);
		lab_end(lab);
		CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
		lab_destroy(lab);
	}
}

/* What the far end says to a refused invoke: a Reject becomes the configured error. */
static void test_answer(void)
{
	static const uint8_t reject[] = { 0xA4, 6, 0x02, 1, 5, 0x81, 1, 1 };
	static const uint8_t error[] = { 0xA3, 6, 0x02, 1, 5, 0x02, 1, 36 };
	struct lab *lab = lab_open(LINK_ENFORCE);
	struct lab_map m = { .text = spam, .operation = 46, .otid = 0x01020304, .invoke_id = 5 };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	size_t len;

	send_map(lab, true, 1000, &m);
	len = lab_answer(0x01020304, bytes_of(reject, sizeof(reject)), tcap);
	send(lab, false, 2000, bytes_of(tcap, len));
	CU_ASSERT_TRUE(holds(last(lab)->payload, error, sizeof(error)));
	CU_ASSERT_FALSE(holds(last(lab)->payload, reject, sizeof(reject)));
	CU_ASSERT_TRUE(last(lab)->checksum_right);

	/* of another dialogue it is not ours */
	len = lab_answer(0x0A0B0C0D, bytes_of(reject, sizeof(reject)), tcap);
	send(lab, false, 2001, bytes_of(tcap, len));
	CU_ASSERT_TRUE(holds(last(lab)->payload, reject, sizeof(reject)));
	lab_end(lab);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	lab_destroy(lab);
}

/* A SUBMIT-REPORT without words in a result is an answer, no message. */
static void test_report(void)
{
	static const uint8_t result[] = { 0xA2, 0x15, 0x02, 1, 5, 0x30, 0x10, 0x02, 1, 46, 0x30,
		0x0B, 0x04, 0x09, 0x01, 0x00, 0x62, 0x11, 0x22, 0x01, 0x00, 0x00, 0x00 };
	struct lab *lab = lab_open(LINK_ENFORCE);
	struct lab_map m = { .text = ham, .operation = 46, .otid = 0x01020304, .invoke_id = 5 };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	size_t len;

	send_map(lab, true, 1000, &m);
	len = lab_answer(0x01020304, bytes_of(result, sizeof(result)), tcap);
	send(lab, false, 2000, bytes_of(tcap, len));
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->counter[STAT_components], 2);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->counter[STAT_messages], 1);
	lab_end(lab);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	lab_destroy(lab);
}

/* A retransmission leaves with the octets of the first copy: on the other path, and after a push. */
static void test_again(void)
{
	struct generation *lenient =
		lab_rules("other:/nothing of this/ category=spam weight=100\n");
	struct lab *lab = lab_open(LINK_ENFORCE);
	struct lab_map m = { .text = spam, .operation = 46, .otid = 7, .invoke_id = 5 };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	uint8_t user[LAB_MESSAGE_SIZE];
	uint8_t chunks[LAB_MESSAGE_SIZE];
	struct bytes first;
	size_t len = lab_tcap(&m, tcap);

	len = lab_udt(true, bytes_of(tcap, len), user);
	len = lab_data(chunks, 0, WHOLE, 1000, 1, bytes_of(user, len));
	lab_sctp(lab, true, 0, bytes_of(chunks, len), true);
	first = last(lab)->payload;
	CU_ASSERT_NOT_EQUAL(memcmp(first.data, chunks, len), 0);
	lab->turn.generation = lenient;
	lab_sctp(lab, true, 0, bytes_of(chunks, len), true);
	CU_ASSERT_EQUAL(last(lab)->payload.len, first.len);
	CU_ASSERT_EQUAL(memcmp(last(lab)->payload.data, first.data, first.len), 0);
	lab_sctp(lab, true, 1, bytes_of(chunks, len), true);
	CU_ASSERT_EQUAL(memcmp(last(lab)->payload.data, first.data, first.len), 0);
	CU_ASSERT_TRUE(last(lab)->checksum_right);
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	lab_end(lab);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	lab_destroy(lab);
	generation_free(lenient);
}

/* restart: a new handshake of the same ends, with other tags and the same first TSNs. */
static void restart(struct lab *lab)
{
	enum { CLIENT = 0x33333333, SERVER = 0x44444444 };
	const struct {
		bool from_client;
		uint32_t tag;
		uint8_t chunk[28];
		size_t len;
	} packets[] = {
		{ true, 0,
			{ 1, 0, 0, 20, 0x33, 0x33, 0x33, 0x33, 0, 1, 0, 0, 0, 16, 0, 16, 0, 0, 3,
				0xE8 },
			20 },
		{ false, CLIENT,
			{ 2, 0, 0, 28, 0x44, 0x44, 0x44, 0x44, 0, 1, 0, 0, 0, 16, 0, 16, 0, 0, 7,
				0xD0, 0, 7, 0, 8 },
			28 },
		{ true, SERVER, { 10, 0, 0, 8 }, 8 },
		{ false, CLIENT, { 11, 0, 0, 4 }, 4 },
	};

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		lab_tagged(lab, packets[i].from_client, packets[i].tag,
			bytes_of(packets[i].chunk, packets[i].len));
	}
}

/* is_as: what left last has these chunks. */
static bool is_as(const struct lab *lab, struct bytes chunks)
{
	return last(lab)->checksum_right && bytes_equal(last(lab)->payload, chunks);
}

static size_t spam_chunk(uint8_t *chunk)
{
	struct lab_map m = { .text = spam, .operation = 46, .otid = 7, .invoke_id = 5 };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	uint8_t user[LAB_MESSAGE_SIZE];
	size_t len = lab_tcap(&m, tcap);

	len = lab_udt(true, bytes_of(tcap, len), user);
	return lab_data(chunk, 0, WHOLE, 1000, 1, bytes_of(user, len));
}

/*
 * A copy that comes when its acknowledgement has passed: on either path and after a push it leaves
 * as the first did, as long as a sender may send it. A restart begins anew.
 */
static void test_late_copy(void)
{
	struct generation *lenient =
		lab_rules("other:/nothing of this/ category=spam weight=100\n");
	struct lab *lab = lab_open(LINK_ENFORCE);
	uint8_t chunks[LAB_MESSAGE_SIZE];
	uint8_t refused[LAB_MESSAGE_SIZE];
	struct bytes first, came;
	size_t len = spam_chunk(chunks);

	came = bytes_of(chunks, len);
	lab_sctp(lab, true, 0, came, true);
	CU_ASSERT_EQUAL_FATAL(last(lab)->payload.len, len);
	memcpy(refused, last(lab)->payload.data, len);
	first = bytes_of(refused, len);
	CU_ASSERT_FALSE(bytes_equal(first, came));
	lab_sack(lab, false, 1000);
	lab_sctp(lab, true, 0, came, true);
	CU_ASSERT_TRUE(is_as(lab, first));
	lab->turn.generation = lenient;
	lab_sctp(lab, true, 1, came, true);
	CU_ASSERT_TRUE(is_as(lab, first));
	lab_wait(lab, LIMIT_SCTP_KEPT_US - 1000000); /* a round over the table */
	lab_sctp(lab, true, 1, came, true);
	CU_ASSERT_TRUE(is_as(lab, first));
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).sctp_blocks_used, 1);

	/* the same TSN of the association that takes its place is another message */
	restart(lab);
	lab_tagged(lab, true, 0x44444444, came);
	CU_ASSERT_TRUE(is_as(lab, came));
	CU_ASSERT_EQUAL(lab_messages(lab), 2);
	lab_sctp(lab, true, 0, came, true); /* of the old one */
	CU_ASSERT_TRUE(is_as(lab, first));
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->reason[R_sctp_restart], 1);

	lab_wait(lab, LIMIT_SCTP_KEPT_US + 1000000);
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).sctp_blocks_used, 1); /* not acknowledged */
	lab_end(lab);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	lab_destroy(lab);
	generation_free(lenient);
}

/* Four DATA in a packet, the third refused: the others are as they came. */
static void test_bundle(void)
{
	struct lab *lab = lab_open(LINK_ENFORCE);
	static uint8_t chunks[4 * LAB_MESSAGE_SIZE];
	size_t end[5] = { 0 };
	struct bytes out;

	for (unsigned i = 0; i < 4; i++) {
		struct lab_map m = {
			.text = i == 2 ? spam : ham, .operation = 46, .otid = i, .invoke_id = 1
		};
		uint8_t tcap[LAB_MESSAGE_SIZE];
		uint8_t user[LAB_MESSAGE_SIZE];
		size_t len = lab_tcap(&m, tcap);

		len = lab_udt(true, bytes_of(tcap, len), user);
		end[i + 1] = lab_data(chunks, end[i], WHOLE, 1000 + i, 1, bytes_of(user, len));
	}
	lab_sctp(lab, true, 0, bytes_of(chunks, end[4]), true);
	out = last(lab)->payload;
	CU_ASSERT_EQUAL_FATAL(out.len, end[4]);
	for (unsigned i = 0; i < 4; i++) {
		bool same = memcmp(out.data + end[i], chunks + end[i], end[i + 1] - end[i]) == 0;

		CU_ASSERT_EQUAL(same, i != 2);
	}
	CU_ASSERT_TRUE(last(lab)->checksum_right);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->counter[STAT_messages_rejected], 1);
	lab_destroy(lab);
}

/* Checksum 0 (RFC 9653) stays 0. */
static void test_zero_checksum(void)
{
	struct lab *lab = lab_open(LINK_ENFORCE);
	struct lab_map m = { .text = spam, .operation = 46, .otid = 7, .invoke_id = 5 };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	uint8_t user[LAB_MESSAGE_SIZE];
	uint8_t chunks[LAB_MESSAGE_SIZE];
	size_t len = lab_tcap(&m, tcap);

	lab->config.links[0].checksums = CHECKSUM_TRUST;
	len = lab_udt(true, bytes_of(tcap, len), user);
	len = lab_data(chunks, 0, WHOLE, 1000, 1, bytes_of(user, len));
	lab_sctp(lab, true, 0, bytes_of(chunks, len), false);
	CU_ASSERT_NOT_EQUAL(memcmp(last(lab)->payload.data, chunks, len), 0);
	CU_ASSERT_EQUAL(be32(last(lab)->octets + 14 + 20 + 8), 0);
	lab_destroy(lab);
}

/*
 * Three segments of XUDT, as they come when none, or some, were lost and sent again: the first two to
 * come have left, the last one to come is made useless.
 */
static void segments_in(const unsigned order[3])
{
	struct lab *lab = lab_open(LINK_ENFORCE);
	struct lab_map m = { .text = spam, .operation = 46, .otid = 7, .invoke_id = 5 };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	size_t len = lab_tcap(&m, tcap);
	size_t cut[4] = { 0, len / 3, 2 * len / 3, len };
	const struct lab_event *e;

	for (unsigned k = 0; k < 3; k++) {
		unsigned i = order[k];
		uint8_t user[LAB_MESSAGE_SIZE];
		uint8_t chunks[LAB_MESSAGE_SIZE];
		size_t n = lab_xudt(true, bytes_of(tcap, len), cut[i], cut[i + 1], i, 3, user);
		bool same;

		n = lab_data(chunks, 0, WHOLE, 1000 + i, 1, bytes_of(user, n));
		lab_sctp(lab, true, 0, bytes_of(chunks, n), true);
		CU_ASSERT_EQUAL_FATAL(last(lab)->payload.len, n);
		same = memcmp(last(lab)->payload.data, chunks, n) == 0;
		CU_ASSERT_EQUAL(same, k < 2);
	}
	e = lab_message(lab, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_STRING_EQUAL(e->text, spam);
	CU_ASSERT_EQUAL(e->event.u.message.applied, EDIT_SEGMENT_VOID);
	CU_ASSERT_TRUE(e->event.u.message.late);
	lab_end(lab);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	CU_ASSERT_NOT_EQUAL(pipeline_stats(lab->pipeline)->ledger.octets[1][R_sccp_segment], 0);
	lab_destroy(lab);
}

static void test_segments(void)
{
	static const unsigned orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		segments_in(orders[i]);
	}
}

static size_t fragments_of(const char *text, uint8_t *user)
{
	struct lab_map m = { .text = text, .operation = 46, .otid = 7, .invoke_id = 5 };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	size_t len = lab_tcap(&m, tcap);

	return lab_udt(true, bytes_of(tcap, len), user);
}

/* A user message in three DATA: its frames wait for its end; released before it, it is judged late. */
static void test_fragments(void)
{
	for (int late = 0; late < 2; late++) {
		struct lab *lab = lab_open(LINK_ENFORCE);
		uint8_t user[LAB_MESSAGE_SIZE];
		size_t len = fragments_of(spam, user);
		size_t cut[4] = { 0, len - 60, len - 30, len };
		const struct lab_event *e;

		for (unsigned i = 0; i < 3; i++) {
			uint8_t chunks[LAB_MESSAGE_SIZE];
			uint8_t flags = (uint8_t)((i == 0 ? 2 : 0) | (i == 2 ? 1 : 0));
			size_t n = lab_data(chunks, 0, flags, 1000 + i, 1,
				bytes_of(user + cut[i], cut[i + 1] - cut[i]));

			lab_sctp(lab, true, 0, bytes_of(chunks, n), true);
			if (i < 2) {
				CU_ASSERT_EQUAL(lab->n_out, late && i == 1 ? 5 : 4);
			}
			if (late && i == 0) {
				lab_wait(lab, 30000);
				CU_ASSERT_EQUAL(lab->n_out, 5);
			}
		}
		CU_ASSERT_EQUAL(lab->n_out, 7);
		e = lab_message(lab, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		CU_ASSERT_STRING_EQUAL(e->text, spam);
		CU_ASSERT_EQUAL(e->event.u.message.applied, late ? EDIT_BLANK : EDIT_MAP_REJECT);
		lab_end(lab);
		CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
		lab_destroy(lab);
	}
}

/* The last fragment comes first and is not held any longer: the first, with the operation, still refuses. */
static void test_fragments_turned(void)
{
	static const size_t tails[] = { 20, 60 }; /* within the text; more than the text */

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		struct lab *lab = lab_open(LINK_ENFORCE);
		uint8_t user[LAB_MESSAGE_SIZE];
		uint8_t chunks[LAB_MESSAGE_SIZE];
		size_t len = fragments_of(spam, user);
		size_t cut = len - tails[i];
		const struct lab_event *e;
		const struct lab_out *o;
		size_t n = lab_data(chunks, 0, 1, 1001, 1, bytes_of(user + cut, len - cut));

		lab_sctp(lab, true, 0, bytes_of(chunks, n), true);
		lab_wait(lab, 30000);
		CU_ASSERT_EQUAL(lab->n_out, 5);
		n = lab_data(chunks, 0, 2, 1000, 1, bytes_of(user, cut));
		lab_sctp(lab, true, 0, bytes_of(chunks, n), true);
		CU_ASSERT_EQUAL_FATAL(lab->n_out, 6);
		e = lab_message(lab, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		CU_ASSERT_EQUAL(e->event.u.message.applied, EDIT_MAP_REJECT);
		CU_ASSERT_TRUE(e->event.u.message.late);
		CU_ASSERT_TRUE(
			e->event.u.message.leaked != 0 && e->event.u.message.leaked <= tails[i]);
		o = &lab->out[5];
		CU_ASSERT_TRUE(o->checksum_right);
		/* 02 01 7F: an operation that nobody has */
		CU_ASSERT_PTR_NOT_NULL(memmem(o->octets, o->len, "\2\1\5\2\1\177", 6));
		lab_end(lab);
		CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
		lab_destroy(lab);
	}
}

/* Only the second of two invokes in one message is refused when only it is hit. */
static void test_monitor(void)
{
	struct lab *lab = lab_open(LINK_MONITOR);
	struct lab_map m = { .text = spam, .operation = 46, .otid = 7, .n_components = 2 };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	uint8_t user[LAB_MESSAGE_SIZE];
	uint8_t chunks[LAB_MESSAGE_SIZE];
	size_t len = lab_tcap(&m, tcap);

	len = lab_udt(true, bytes_of(tcap, len), user);
	len = lab_data(chunks, 0, WHOLE, 1000, 1, bytes_of(user, len));
	lab_sctp(lab, true, 0, bytes_of(chunks, len), true);
	CU_ASSERT_EQUAL(memcmp(last(lab)->payload.data, chunks, len), 0);
	CU_ASSERT_EQUAL(lab_messages(lab), 2);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_REJECT);
	CU_ASSERT_EQUAL(lab_message(lab, 1)->event.u.message.applied, EDIT_NONE);
	lab_destroy(lab);
}

/* A message without a signature of its own: what a Continue carries is found by the Begin's context. */
static void test_continue(void)
{
	struct lab *lab = lab_open(LINK_ENFORCE);
	struct lab_map m = { .text = spam,
		.operation = 44,
		.otid = 7,
		.dtid = 9,
		.continues = true,
		.invoke_id = 5 };

	send_map(lab, false, 2000, &m);
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.applied, EDIT_MAP_REJECT);
	lab_destroy(lab);
}

/* Panic: all passes; afterwards judging begins anew. */
static void test_panic(void)
{
	struct lab *lab = lab_open(LINK_ENFORCE);
	struct lab_map m = { .text = spam, .operation = 46, .otid = 7, .invoke_id = 5 };

	lab->turn.panic_links = 1;
	send_map(lab, true, 1000, &m);
	CU_ASSERT_EQUAL(lab_messages(lab), 0);
	lab->turn.panic_links = 0;
	m.otid++;
	send_map(lab, true, 1001, &m);
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.applied, EDIT_MAP_REJECT);
	lab_end(lab);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	lab_destroy(lab);
}

/* A long run: everything that was taken is given back when it is acknowledged, what was edited a while later. */
static void test_memory(void)
{
	struct lab *lab = lab_open(LINK_ENFORCE);

	for (uint32_t i = 0; i < 1500; i++) {
		struct lab_map m = { .text = spam, .operation = 46, .otid = i, .invoke_id = 5 };

		send_map(lab, true, 1000 + i, &m);
		lab_sack(lab, false, 1000 + i);
	}
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->counter[STAT_messages_rejected], 1500);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->reason[R_history_full], 0);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->reason[R_sctp_kept_full], 0);
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).sctp_blocks_used, 1500);
	lab_wait(lab,
		LIMIT_SCTP_KEPT_US + 1000000); /* for late copies, and a round over the table */
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).sctp_blocks_used, 0);
	lab_end(lab);
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	lab_destroy(lab);
}

UNIT_MAIN("pipeline/sigtran", { "verdict", test_verdict }, { "answer", test_answer },
	{ "report", test_report }, { "retransmission", test_again },
	{ "late copy", test_late_copy }, { "bundle", test_bundle },
	{ "zero checksum", test_zero_checksum }, { "segments", test_segments },
	{ "fragments", test_fragments }, { "fragments turned", test_fragments_turned },
	{ "monitor", test_monitor }, { "continue", test_continue }, { "panic", test_panic },
	{ "memory", test_memory })
