/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The BER, SCCP, SCTP and dialogue cases of research/reliability.md 3, through the whole pipeline: what
 * each is called, and that a frame in which nothing was refused leaves as it came.
 */
#include "dataplane/pipeline.h"

#include "tests/support/lab_sigtran.h"
#include "tests/support/map_case.h"
#include "tests/support/unit.h"

/* ---- one octet of a message that would be refused is another one ---- */

enum layer { M3UA = 0, SCCP = 24, TCAP = MAP_CASE_TCAP };

struct mutation {
	const char *name;
	enum layer layer;
	uint8_t off; /* in the layer */
	uint8_t octet;
	enum reason reason;
	bool judged; /* it is read all the same, and refused */
};

static const struct mutation mutations[] = {
	{ "M3UA of another version (RFC 4666 3.1)", M3UA, 0, 2, R_xua_header, false },
	{ "M3UA longer than the chunk", M3UA, 6, 9, R_xua_length, true },
	{ "a parameter that runs past its message", M3UA, 10, 9, R_xua_parameter, false },
	{ "a parameter shorter than its header", M3UA, 11, 3, R_xua_parameter, false },
	{ "DATA without protocol data", M3UA, 9, 0x11, R_m3ua_data, false },
	{ "an SCCP type that Q.713 does not know", SCCP, 0, 0x55, R_sccp_type, false },
	{ "protocol class 3 in a UDT", SCCP, 1, 3, R_sccp_class, true },
	{ "a data pointer past the end", SCCP, 4, 0xF0, R_sccp_pointer, false },
	{ "a data pointer into an address: nothing there is TCAP", SCCP, 4, 2, R_sccp_pointer,
		false },
	{ "a called address without octets", SCCP, 5, 0, R_sccp_address, true },
	{ "an address for national use", SCCP, 6, 0x92, R_sccp_national, true },
	{ "TCAP longer than its SCCP", TCAP, 2, 0xFF, R_ber, false },
	{ "TCAP with a length of 127 octets", TCAP, 1, 0xFF, R_ber, false },
	{ "a length of five octets", TCAP, 1, 0x85, R_ber, false },
	{ "no message type of Q.773", TCAP, 0, 0x30, R_tcap_message, false },
	{ "a Begin without its id", TCAP, 3, 0x4A, R_tcap_message, true },
	{ "a component portion longer than the message", TCAP, 11, 0xFF, R_ber, false },
	{ "a component that Q.773 does not know", TCAP, 12, 0xAF, R_tcap_component, false },
	{ "an invoke id of no INTEGER", TCAP, 15, 0x05, R_tcap_component, false },
	{ "a component longer than its portion", TCAP, 14, 0xFF, R_ber, false },
	{ "a parameter longer than its component", TCAP, 23, 0xFF, R_ber, false },
	{ "an IMSI longer than the parameter", TCAP, 25, 0x7F, R_ber, false },
	{ "a TPDU longer than the parameter", TCAP, 45, 0xFF, R_ber, false },
	{ "a reserved type, taken as DELIVER", TCAP, 46, 0x07, R_tpdu_type, true },
	{ "an address of 255 digits: it overran another project's 21 octets", TCAP, 47, 0xFF,
		R_tpdu_body, false },
	{ "a TP-UDL above the user data", TCAP, 64, 0xFF, R_tpdu_length, true },
};

static void test_mutations(void)
{
	struct lab *lab = map_case_open();

	for (size_t i = 0; i < sizeof(mutations) / sizeof(mutations[0]); i++) {
		const struct mutation *m = &mutations[i];
		struct map_case c = map_case_of_text(MAP_CASE_SPAM);
		unsigned messages = lab_messages(lab);
		uint64_t before = map_case_counted(lab, m->reason);
		bool same;

		c.user[m->layer + m->off] = m->octet;
		same = map_case_send(lab, &c);
		if (map_case_counted(lab, m->reason) != before + 1 || same == m->judged ||
			(lab_messages(lab) != messages) < m->judged) {
			printf("\n  %s: %s %llu, %s\n", m->name, stats_reason_name(m->reason),
				(unsigned long long)(map_case_counted(lab, m->reason) - before),
				same ? "as it came" : "changed");
			CU_FAIL();
		}
	}
	map_case_close(lab);
}

/* ---- forms of BER that say the same: read, and refused ---- */

static void test_forms(void)
{
	static const struct {
		const char *name;
		const char *tpdu_form; /* how the TPDU is wrapped */
		bool indefinite;
		bool in_pieces;
	} cases[] = { { "plain", "04L", false, false },
		{ "indefinite lengths", "04L", true, false },
		{ "a constructed OCTET STRING", "24P", false, true },
		{ "the same, of indefinite length", "24I", true, true } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lab *lab = map_case_open();
		struct map_case c = map_case_make(&(struct map_case_options){ .text = MAP_CASE_SPAM,
			.tpdu_form = cases[i].tpdu_form,
			.indefinite = cases[i].indefinite });
		const struct lab_event *e;

		CU_ASSERT_FALSE(map_case_send(lab, &c));
		e = lab_message(lab, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		CU_ASSERT_STRING_EQUAL(e->text, MAP_CASE_SPAM);
		CU_ASSERT_EQUAL(e->event.u.message.applied, EDIT_MAP_REJECT);
		CU_ASSERT_FALSE(map_case_left_text(lab, MAP_CASE_SPAM));
		CU_ASSERT_EQUAL(map_case_counted(lab, R_ber_pieces), cases[i].in_pieces);
		map_case_close(lab);
	}
}

/* ---- end marks where none may be, nesting, loops ---- */

static void test_abuse(void)
{
	static const struct {
		const char *name;
		const char *tcap; /* hexadecimal */
		enum reason reason;
	} cases[] = {
		{ "an end mark with a length", "6280480400000001000100", R_ber },
		{ "an end mark in a definite length", "620448000000", R_ber },
		{ "an indefinite length without its end mark", "62804804000000016C80", R_ber },
		{ "a primitive element of indefinite length", "62084880000000010000", R_ber },
		{ "a tag of five octets", "620A7F8181818181010000", R_ber },
		{ "a tag that does not end", "62037F8181", R_ber },
		{ "an empty message", "6200", R_tcap_message },
		{ "one octet", "62", R_ber },
		{ "an ANSI message (T1.114)", "E20AC70400000001E8020000", R_tcap_ansi },
	};

	struct lab *lab = map_case_open();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct map_case c = map_case_of_hex(cases[i].tcap);
		uint64_t before = map_case_counted(lab, cases[i].reason);

		if (!map_case_send(lab, &c) || map_case_counted(lab, cases[i].reason) == before) {
			printf("\n  %s\n", cases[i].name);
			CU_FAIL();
		}
	}
	map_case_close(lab);
}

/* What is nested deeper than 16 is not read; a parser that recursed would not come back. */
static void test_depth(void)
{
	static const unsigned depths[] = { 4, 15, 16, 17, 40, 100 };
	struct lab *lab = map_case_open();

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		uint8_t tcap[255];
		size_t at = 0;
		struct map_case c;

		for (unsigned k = 0; k < depths[i]; k++) {
			tcap[at++] = k == 0 ? 0x62 : k == 1 ? 0x6C : k == 2 ? 0xA1 : 0x30;
			tcap[at++] = 0x80;
		}
		c = map_case_of(bytes_of(tcap, at));
		CU_ASSERT_TRUE(map_case_send(lab, &c));
	}
	CU_ASSERT_TRUE(map_case_counted(lab, R_ber) + map_case_counted(lab, R_ber_depth) +
			       map_case_counted(lab, R_tcap_component) >=
		       sizeof(depths) / sizeof(depths[0]));
	map_case_close(lab);
}

/* ---- every octet cut off, every octet as a length of its own ---- */

static void check_outcome(struct lab *lab, const struct map_case *c, const char *what, size_t at)
{
	uint64_t named = map_case_named(lab);
	bool same = map_case_send(lab, c);
	const struct lab_out *out = &lab->out[lab->n_out - 1];

	/* either it left as it came, and that has a name, or it was refused: then it is right */
	if (map_case_named(lab) == named || out->payload.len != map_case_chunk_len(c) ||
		!out->checksum_right || (!same && map_case_left_text(lab, MAP_CASE_SPAM))) {
		printf("\n  %s %zu\n", what, at);
		CU_FAIL();
	}
}

static void test_truncated(void)
{
	struct generation *rules = lab_rules(MAP_CASE_RULES);

	for (unsigned seed = 0; seed < MAP_CASE_SEEDS; seed++) {
		struct lab *lab = map_case_open_on(rules);
		struct map_case whole = map_case_seed(seed);

		for (size_t n = 1; n < whole.user_len; n++) {
			struct map_case c = whole;

			c.user_len = n;
			check_outcome(lab, &c, "cut at", n);
		}
		for (size_t n = 1; n < whole.tcap_len; n++) {
			struct map_case c = map_case_of(bytes_of(whole.user + TCAP, n));

			check_outcome(lab, &c, "TCAP cut at", n);
		}
		map_case_close(lab);
	}
	generation_free(rules);
}

static void test_lengths(void)
{
	struct generation *rules = lab_rules(MAP_CASE_RULES);

	for (unsigned seed = 0; seed < MAP_CASE_SEEDS; seed++) {
		struct map_case whole = map_case_seed(seed);

		for (unsigned k = 0; k < 6; k++) {
			struct lab *lab = map_case_open_on(rules);

			for (size_t at = 0; at < whole.user_len; at++) {
				struct map_case c = whole;
				uint8_t o = whole.user[at];
				const uint8_t others[6] = { 0, 1, (uint8_t)(o - 1),
					(uint8_t)(o + 1), 0x7F, 0xFF };
				bool same;

				c.user[at] = others[k];
				same = map_case_send(lab, &c);
				CU_ASSERT_EQUAL(lab->out[lab->n_out - 1].payload.len,
					map_case_chunk_len(&c));
				CU_ASSERT_TRUE(lab->out[lab->n_out - 1].checksum_right);
				/* refused: the text is gone, unless it was another one already */
				CU_ASSERT_TRUE(same || !map_case_left_text(lab, MAP_CASE_SPAM));
			}
			map_case_close(lab);
		}
	}
	generation_free(rules);
}

/* ---- packets of SCTP: what Suricata's decoder events tell of, as far as a lab's tags allow ---- */

static void test_packets(void)
{
	static const struct {
		const char *name;
		uint8_t chunk[24]; /* comes `n` times, padded */
		uint8_t len;
		uint8_t n;
		enum reason reason;
	} cases[] = {
		{ "no chunk", { 0 }, 0, 1, R_sctp_packet_short },
		{ "a chunk of two octets", { 0, 3 }, 2, 1, R_sctp_chunk_short },
		{ "a chunk with a length of 0: others loop for ever", { 6, 0, 0, 0 }, 4, 1,
			R_sctp_chunk_short },
		{ "a chunk longer than its packet", { 0, 3, 0xFF, 0xFF }, 4, 1,
			R_sctp_chunk_length },
		{ "many chunks", { 11, 0, 0, 4 }, 4, 140, R_sctp_chunks },
		{ "many DATA", { 0, 3, 0, 17, 0, 0, 4, 0, 0, 1, 0, 1, 0, 0, 0, 3, 1 }, 20, 70,
			R_sctp_data_chunks },
		{ "DATA without octets", { 0, 3, 0, 16, 0, 0, 4, 0, 0, 1, 0, 1, 0, 0, 0, 3 }, 16, 1,
			R_sctp_data_empty },
		{ "an INIT with a tag",
			{ 11, 0, 0, 4, 1, 0, 0, 20, 0, 0, 0, 9, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0,
				1 },
			24, 1, R_sctp_init_tag },
		{ "an INIT before another chunk",
			{ 1, 0, 0, 20, 0, 0, 0, 9, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 11, 0, 0,
				4 },
			24, 1, R_sctp_init_bundled },
	};

	struct generation *rules = lab_rules(MAP_CASE_RULES);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lab *lab = map_case_open_on(rules);
		struct map_case c = map_case_of_text(MAP_CASE_SPAM);
		static uint8_t chunks[1600];
		size_t len = 0;

		for (unsigned k = 0; k < cases[i].n; k++) {
			memcpy(chunks + len, cases[i].chunk, cases[i].len);
			len += cases[i].len;
		}
		lab_sctp(lab, true, 0, bytes_of(chunks, len), true);
		if (map_case_counted(lab, cases[i].reason) == 0 ||
			!bytes_equal(lab->out[lab->n_out - 1].payload, bytes_of(chunks, len))) {
			printf("\n  %s\n", cases[i].name);
			CU_FAIL();
		}
		/* the association lives on, and is judged */
		CU_ASSERT_FALSE(map_case_send(lab, &c));
		map_case_close(lab);
	}
	generation_free(rules);
}

/* ---- segments of SCCP ---- */

static bool send_segment(struct lab *lab, uint32_t tsn, struct bytes tcap, unsigned i, unsigned n)
{
	uint8_t user[LAB_MESSAGE_SIZE];
	uint8_t chunks[LAB_MESSAGE_SIZE];
	size_t len = lab_xudt(true, tcap, i * tcap.len / n, (i + 1) * tcap.len / n, i, n, user);

	len = lab_data(chunks, 0, 3, tsn, 1, bytes_of(user, len));
	lab_sctp(lab, true, 0, bytes_of(chunks, len), true);
	return memcmp(lab->out[lab->n_out - 1].payload.data, chunks, len) == 0;
}

/* A segment that is missing: the message is not judged and not whole for its receiver either. */
static void test_segment_gap(void)
{
	struct lab *lab = map_case_open();
	struct map_case c = map_case_of_text(MAP_CASE_SPAM);
	struct bytes tcap = bytes_of(c.user + TCAP, c.tcap_len);

	CU_ASSERT_TRUE(send_segment(lab, 1000, tcap, 0, 3));
	CU_ASSERT_TRUE(send_segment(lab, 1001, tcap, 2, 3));
	CU_ASSERT_EQUAL(lab_messages(lab), 0);
	/* the one that was missing, at last: it is taken from the others */
	CU_ASSERT_FALSE(send_segment(lab, 1002, tcap, 1, 3));
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	map_case_close(lab);
}

/* A last segment that was taken from the others, and comes again as another chunk: taken from them again. */
static void test_segment_again(void)
{
	struct lab *lab = map_case_open();
	struct map_case c = map_case_of_text(MAP_CASE_SPAM);
	struct bytes tcap = bytes_of(c.user + TCAP, c.tcap_len);

	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(send_segment(lab, 1000 + i, tcap, i, 3), i < 2);
	}
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_FALSE(send_segment(lab, 1003 + i, tcap, 2, 3));
	}
	CU_ASSERT_EQUAL(map_case_counted(lab, R_sccp_segment_duplicate), 3);
	CU_ASSERT_FALSE(send_segment(lab, 1006, tcap, 0, 3));
	map_case_close(lab);
}

/* Messages for SCCP management and others that are not TCAP's are nobody's malformed BER. */
static void test_subsystems(void)
{
	static const uint8_t subsystems[] = { 1, 142, 143, 249, 254 };
	struct lab *lab = map_case_open();

	for (size_t i = 0; i < sizeof(subsystems); i++) {
		/* SST for SSN 8 (Q.713 5.3): format identifier, affected SSN and point code, 0 */
		struct map_case c = map_case_of(bytes_of((const uint8_t[]){ 3, 8, 2, 0, 0 }, 5));

		/* called: routed on SSN, with its SSN; 11 octets */
		c.user[SCCP + 6] = 0x52;
		c.user[SCCP + 7] = subsystems[i];
		CU_ASSERT_TRUE(map_case_send(lab, &c));
		CU_ASSERT_EQUAL(map_case_counted(lab, R_ber), i);
		/* by global title: its subsystem is not the last word */
		c.user[SCCP + 6] = 0x12;
		CU_ASSERT_TRUE(map_case_send(lab, &c));
	}
	CU_ASSERT_EQUAL(map_case_counted(lab, R_ber), sizeof(subsystems));
	map_case_close(lab);
}

/* ---- dialogues ---- */

static bool send_hex(struct lab *lab, bool from_client, const char *hex)
{
	struct map_case c = map_case_of_hex(hex);

	c.from_client = from_client;
	return map_case_send(lab, &c);
}

/* Whose Reject becomes an error: that of the dialogue which was refused, as long as it lives. */
static void test_orders(void)
{
	/* to dialogue 00000001, which the Begin of map_case opens */
	static const char reject[] = "64104904000000016C08A40602010581"
				     "0101";
	static const char reject_in_continue[] = "651648040000000949040000"
						 "00016C08A406020105810101";
	static const char end[] = "6406490400000001";
	static const char p_abort[] = "67094904000000014A0101";
	static const char proceed[] = "650C4804000000094904"
				      "00000001";
	static const struct {
		const char *name;
		const char *before;
		const char *answer;
		bool rewritten;
	} cases[] = { { "an End", NULL, reject, true },
		{ "a Continue", NULL, reject_in_continue, true },
		{ "a Continue before it", proceed, reject, true },
		{ "an End before it", end, reject, false },
		{ "an Abort before it", p_abort, reject, false },
		{ "the same answer before it", reject, reject, false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lab *lab = map_case_open();
		struct map_case c = map_case_of_text(MAP_CASE_SPAM);

		CU_ASSERT_FALSE(map_case_send(lab, &c));
		if (cases[i].before != NULL) {
			(void)send_hex(lab, false, cases[i].before);
		}
		if (send_hex(lab, false, cases[i].answer) == cases[i].rewritten) {
			printf("\n  %s\n", cases[i].name);
			CU_FAIL();
		}
		map_case_close(lab);
	}
	/* and an answer to what nobody has asked */
	struct lab *lab = map_case_open();

	CU_ASSERT_TRUE(send_hex(lab, false, reject));
	CU_ASSERT_TRUE(send_hex(lab, false, p_abort));
	map_case_close(lab);
}

/* A sender with more to come (TS 29.002 12.2): each message of the dialogue has its own verdict. */
static void test_more_messages(void)
{
	struct lab *lab = map_case_open();

	for (unsigned i = 0; i < 4; i++) {
		bool spam = i == 2;
		struct map_case c = map_case_make(
			&(struct map_case_options){ .text = spam ? MAP_CASE_SPAM : MAP_CASE_HAM,
				.continues = i != 0,
				.more = i != 3,
				.invoke_id = (uint8_t)(5 + i) });

		CU_ASSERT_EQUAL(map_case_send(lab, &c), !spam);
	}
	CU_ASSERT_EQUAL(lab_messages(lab), 4);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->counter[STAT_messages_rejected], 1);
	map_case_close(lab);
}

UNIT_MAIN("pipeline/sigtran/cases", { "one octet is another one", test_mutations },
	{ "forms of BER", test_forms }, { "end marks and tags", test_abuse },
	{ "nesting", test_depth }, { "cut at every octet", test_truncated },
	{ "every octet a length", test_lengths }, { "packets", test_packets },
	{ "a segment is missing", test_segment_gap },
	{ "a refused segment again", test_segment_again }, { "subsystems", test_subsystems },
	{ "orders of a dialogue", test_orders }, { "more messages to send", test_more_messages })
