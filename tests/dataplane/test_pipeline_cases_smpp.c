/* SPDX-License-Identifier: BSD-3-Clause */
/* The adversarial cases of research/inline-blocking.md 4 that are about PDUs and joining; docs/cases.md lists all. */
#include "dataplane/pipeline.h"

#include "tests/dataplane/pipeline_case.h"

/* 26: command_length 0, 15, huge: the flow passes, nothing grows, and it is found again. */
static void case_26(void)
{
	static const uint32_t lengths[] = { 0, 15, 70001, 0x7FFFFFFF, 0xFFFFFFFF };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct lab *lab = case_session(true);
		uint8_t pdu[512];
		size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_CLEAN);

		put_be32(pdu, lengths[i]);
		for (unsigned k = 0; k < 50; k++) {
			lab_say(lab, true, bytes_of(pdu, len));
			CU_ASSERT_TRUE(case_all_left(lab));
		}
		CU_ASSERT_TRUE(pipeline_gauges(lab->pipeline).stream_chunks_used < 16);
		for (uint32_t k = 0; k < 4; k++) {
			case_submit(lab, 40 + k, k < 3 ? CASE_CLEAN : CASE_SPAM);
		}
		CU_ASSERT_FALSE(case_left_with(lab, "pills"));
		case_finish(lab);
	}
}

enum { SM_LENGTH_AT = 50 }; /* in a PDU of lab_submit() */

/* 27: sm_length says more, or less, than command_length leaves. */
static void case_27(void)
{
	for (unsigned refused = 0; refused < 2; refused++) {
		struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);
		uint8_t pdu[512];
		size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);

		lab->config.links[0].malformed = refused ? MALFORMED_REFUSE : MALFORMED_PASS;
		case_open(lab);
		CU_ASSERT_EQUAL_FATAL(pdu[SM_LENGTH_AT], strlen(CASE_SPAM));
		pdu[SM_LENGTH_AT] = (uint8_t)(strlen(CASE_SPAM) + 1);
		lab_say(lab, true, bytes_of(pdu, len));
		CU_ASSERT_EQUAL(case_left_with(lab, "pills"), !refused);
		CU_ASSERT_EQUAL(lab_anomalies(lab, R_smpp_body), 1);
		CU_ASSERT_EQUAL(case_last(lab)->payload.len, len);
		/* framing goes by command_length, whatever is inside */
		case_submit(lab, 8, CASE_SPAM);
		CU_ASSERT_EQUAL(lab_messages(lab), 2);
		CU_ASSERT_EQUAL(lab_message(lab, 1)->event.u.message.action, ACTION_REJECT);
		/* too little: what is behind it is no TLV, and is told */
		len = lab_submit(pdu, sizeof(pdu), 9, CASE_SPAM);
		pdu[SM_LENGTH_AT] = (uint8_t)(strlen(CASE_SPAM) - 2);
		lab_say(lab, true, bytes_of(pdu, len));
		CU_ASSERT_EQUAL(lab_message(lab, 2)->event.u.message.action, ACTION_REJECT);
		case_finish(lab);
	}
}

/* A submit_sm with a short_message and what is behind it. */
static size_t submit_with(uint8_t *out, size_t size, const char *text, struct bytes behind)
{
	size_t len = lab_submit(out, size, 7, text);

	memcpy(out + len, behind.data, behind.len);
	put_be32(out, (uint32_t)(len + behind.len));
	return len + behind.len;
}

/* message_payload, SMPP 3.4 5.3.2.32. */
static size_t put_payload(uint8_t *out, const char *text)
{
	size_t len = strlen(text);

	put_be32(out, 0x04240000 | (uint32_t)len);
	memcpy(out + 4, text, len);
	return 4 + len;
}

/* 28: a TLV past the end of its PDU; message_payload twice; both texts: whatever holds the text is judged. */
static void case_28(void)
{
	enum { TWICE_FIRST, TWICE_SECOND, BOTH, PAST_END, KINDS };

	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct lab *lab = case_session(true);
		uint8_t pdu[512];
		uint8_t tlvs[256];
		size_t n = 0;
		size_t len;

		if (kind == TWICE_FIRST || kind == TWICE_SECOND) {
			n = put_payload(tlvs, kind == TWICE_FIRST ? CASE_SPAM : CASE_CLEAN);
			n += put_payload(tlvs + n, kind == TWICE_FIRST ? CASE_CLEAN : CASE_SPAM);
		} else if (kind == BOTH) {
			n = put_payload(tlvs, CASE_SPAM);
		} else {
			n = put_payload(tlvs, CASE_CLEAN);
			tlvs[3] = 0xF0; /* its length */
		}
		len = submit_with(pdu, sizeof(pdu),
			kind == BOTH       ? CASE_CLEAN
			: kind == PAST_END ? CASE_SPAM
					   : "",
			bytes_of(tlvs, n));
		lab_say(lab, true, bytes_of(pdu, len));
		CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 1);
		CU_ASSERT_EQUAL(case_last(lab)->payload.len, len);
		CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.action, ACTION_REJECT);
		CU_ASSERT_FALSE(case_left_with(lab, "pills"));
		case_finish(lab);
	}
}

/* 29: two PDUs in a segment, the first refused; ten, all refused; one over three segments. */
static void case_29(void)
{
	static uint8_t pdus[1400];
	struct lab *lab = case_session(true);
	size_t len = lab_submit(pdus, sizeof(pdus), 7, CASE_SPAM);
	size_t both = len + lab_submit(pdus + len, sizeof(pdus) - len, 8, CASE_CLEAN);
	size_t all = 0;
	struct bytes out;

	lab_say(lab, true, bytes_of(pdus, both));
	out = case_last(lab)->payload;
	CU_ASSERT_FALSE(case_holds(out, "pills"));
	CU_ASSERT_TRUE(bytes_equal(
		bytes_slice(out, len, both), bytes_slice(bytes_of(pdus, both), len, both)));
	for (uint32_t i = 0; i < 10; i++) {
		all += lab_submit(pdus + all, sizeof(pdus) - all, 20 + i, CASE_SPAM);
	}
	lab_say(lab, true, bytes_of(pdus, all));
	CU_ASSERT_EQUAL(case_last(lab)->payload.len, all);
	for (size_t at = 0; at < len; at += len / 3 + 1) {
		lab_say(lab, true, bytes_slice(bytes_of(pdus, len), at, len / 3 + 1));
	}
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_EQUAL(lab_messages(lab), 13);
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_refused), 12);
	case_finish(lab);
}

static void answer(struct lab *lab, uint32_t command, uint32_t sequence, uint32_t status)
{
	uint8_t pdu[SMPP_HEADER_LEN];
	size_t len = lab_pdu(
		pdu, sizeof(pdu), command | SMPP_RESPONSE, status, sequence, bytes_of(NULL, 0));

	lab_say(lab, false, bytes_of(pdu, len));
}

/* 30: one sequence number for several commands, answers in another order: each gets its own. */
static void case_30(void)
{
	struct lab *lab = case_session(true);
	uint8_t pdu[64];
	size_t len = lab_pdu(pdu, sizeof(pdu), SMPP_ENQUIRE_LINK, 0, 7, bytes_of(NULL, 0));

	case_submit(lab, 7, CASE_SPAM);
	lab_say(lab, true, bytes_of(pdu, len));
	case_submit(lab, 8, CASE_CLEAN);
	case_submit(lab, 7, CASE_CLEAN); /* again, before the first is answered */
	answer(lab, SMPP_ENQUIRE_LINK, 7, 0);
	CU_ASSERT_EQUAL(be32(case_last(lab)->payload.data + 4), SMPP_ENQUIRE_LINK | SMPP_RESPONSE);
	CU_ASSERT_EQUAL(be32(case_last(lab)->payload.data + 8), 0);
	answer(lab, SMPP_SUBMIT_SM, 8, 0x0B);
	CU_ASSERT_EQUAL(be32(case_last(lab)->payload.data + 8), 0x0B);
	answer(lab, SMPP_SUBMIT_SM, 7, 0x0B); /* the refused one's */
	CU_ASSERT_EQUAL(be32(case_last(lab)->payload.data + 8), 0x45);
	answer(lab, SMPP_SUBMIT_SM, 7, 0x0B);
	CU_ASSERT_EQUAL(be32(case_last(lab)->payload.data + 8), 0x0B);
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).pending_answers, 0);
	case_finish(lab);
}

/* 33, 34: a refused deliver_sm, blank and as a receipt: its answer keeps its length, 17 octets or what it was. */
static void case_33(void)
{
	static const enum edit_style styles[] = { EDIT_BLANK, EDIT_GHOST_DLR };

	for (size_t i = 0; i < 2; i++) {
		struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);
		uint8_t pdu[512];
		size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);
		const struct lab_out *out;

		lab->config.links[0].to_esme.style = (uint8_t)styles[i];
		case_open(lab);
		put_be32(pdu + 4, SMPP_DELIVER_SM);
		lab_say(lab, false, bytes_of(pdu, len));
		out = case_last(lab);
		CU_ASSERT_EQUAL(out->payload.len, len);
		CU_ASSERT_EQUAL(be32(out->payload.data + 4), SMPP_DELIVER_SM);
		CU_ASSERT_EQUAL(lab_message(lab, 0)->event.u.message.applied, styles[i]);
		CU_ASSERT_FALSE(case_left_with(lab, "pills"));
		for (size_t body = 0; body < 2; body++) { /* as the ESME made it, so it stays */
			size_t n = lab_pdu(pdu, sizeof(pdu), SMPP_DELIVER_SM | SMPP_RESPONSE,
				body == 0 ? 0 : 0x0B, 7, bytes_of("", 1 - body));

			lab_say(lab, true, bytes_of(pdu, n));
			CU_ASSERT_EQUAL(case_last(lab)->payload.len, n);
			CU_ASSERT_EQUAL(be32(case_last(lab)->payload.data), n);
		}
		case_finish(lab);
	}
}

/* 37: joined in the middle of a 2 KB PDU whose text holds headers: no edit before a chain of three. */
static void case_37(void)
{
	static uint8_t tail[2048];
	struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);

	memset(tail, 'a', sizeof(tail));
	for (size_t at = 100; at + 64 < sizeof(tail); at += 500) {
		/* two headers in a row, which lead nowhere */
		lab_pdu(tail + at, 32, SMPP_SUBMIT_SM, 0, 9, bytes_of(NULL, 0));
		put_be32(tail + at, 30);
		lab_pdu(tail + at + 30, 16, SMPP_SUBMIT_SM, 0, 10, bytes_of(NULL, 0));
		put_be32(tail + at + 30, 300);
	}
	lab->client_next = 1000;
	lab->server_next = 2000;
	lab_say(lab, true, bytes_of(tail, 1024));
	CU_ASSERT_TRUE(bytes_equal(case_last(lab)->payload, bytes_of(tail, 1024)));
	lab_say(lab, true, bytes_of(tail + 1024, 1024));
	CU_ASSERT_TRUE(bytes_equal(case_last(lab)->payload, bytes_of(tail + 1024, 1024)));
	CU_ASSERT_EQUAL(lab_messages(lab), 0);
	for (uint32_t i = 0; i < 5; i++) {
		case_submit(lab, 20 + i, i < 4 ? CASE_CLEAN : CASE_SPAM);
	}
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 5);
	CU_ASSERT_EQUAL(lab_message(lab, 4)->event.u.message.action, ACTION_REJECT);
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	lab_end(lab);
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->ledger.octets[1][R_resync], sizeof(tail));
	case_finish(lab);
}

/* 38: each segment begins with text that looks like a header; the true boundaries win. */
static void case_38(void)
{
	struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);
	uint8_t fake[24];
	uint8_t pdus[1200];
	char text[200];
	size_t len = 0;
	size_t cut[5];

	lab_pdu(fake, sizeof(fake), SMPP_ENQUIRE_LINK, 0, 1, bytes_of(NULL, 0));
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (uint32_t i = 0; i < 5; i++) {
		size_t at = len;

		len += lab_submit(pdus + len, sizeof(pdus) - len, 30 + i, i < 4 ? text : CASE_SPAM);
		if (i < 4) {
			cut[i] = at + SM_LENGTH_AT + 1 + 40;
			memcpy(pdus + cut[i], fake, SMPP_HEADER_LEN);
		}
	}
	cut[4] = len;
	lab->client_next = 1000;
	lab->server_next = 2000;
	lab_say(lab, true, bytes_of(pdus + cut[0], cut[1] - cut[0]));
	for (unsigned i = 1; i < 4; i++) {
		lab_say(lab, true, bytes_of(pdus + cut[i], cut[i + 1] - cut[i]));
	}
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(
		lab_message(lab, lab_messages(lab) - 1)->event.u.message.action, ACTION_REJECT);
	CU_ASSERT_TRUE(case_all_left(lab));
	case_finish(lab);
}

/* 40: a frame of 60 KB, as GRO makes them: judged whole, and it leaves as it came: no frame is split. */
static void case_40(void)
{
	static uint8_t pdus[60000];
	struct lab *lab = case_session(true);
	size_t len = 0;
	uint32_t n = 0;

	while (len + 200 < sizeof(pdus)) {
		len += lab_submit(pdus + len, sizeof(pdus) - len, 100 + n,
			n % 7 == 0 ? CASE_SPAM : CASE_CLEAN);
		n++;
	}
	lab_say(lab, true, bytes_of(pdus, len));
	CU_ASSERT_EQUAL(case_last(lab)->payload.len, len);
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_EQUAL(lab_messages(lab), n);
	CU_ASSERT_EQUAL(case_link(lab, LINK_STAT_refused), (n + 6) / 7);
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	case_finish(lab);
}

/* 41: a SYN with an MD5 signature (RFC 2385) or TCP-AO (RFC 5925): nothing is held or touched. */
static void case_41(void)
{
	static const uint8_t options[2][20] = { { 19, 18 }, { 29, 18, 1, 1 } };

	for (size_t i = 0; i < 2; i++) {
		struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);
		uint8_t syn[128];
		struct frame f = { .data = syn };
		uint8_t pdu[512];
		size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);

		lab_live(lab);
		lab_connect(lab, 5, 6); /* another connection, for a SYN to begin with */
		f.len = f.wire_len = lab->out[0].len;
		memcpy(syn, lab->out[0].octets, f.len);
		frame_decode(&f, CHECKSUM_VERIFY, false);
		memcpy(syn + f.l4_off + 20, options[i], sizeof(options[i]));
		put_be16(syn + f.l4_off, (uint16_t)++lab->client_port);
		frame_mend_checksums(&f);
		lab_frame(lab, true, bytes_of(syn, f.len));
		lab->client_next = 6;
		lab_say(lab, true, bytes_of(pdu, 50));
		lab_say(lab, true, bytes_of(pdu + 50, len - 50));
		CU_ASSERT_TRUE(case_all_left(lab));
		CU_ASSERT_TRUE(bytes_equal(case_last(lab)->payload, bytes_of(pdu + 50, len - 50)));
		CU_ASSERT_EQUAL(lab_messages(lab), 0);
		CU_ASSERT_EQUAL(case_reason(lab, R_tcp_authenticated), 1);
		CU_ASSERT_EQUAL(
			pipeline_stats(lab->pipeline)->ledger.octets[1][R_tcp_authenticated], len);
		case_finish(lab);
	}
}

/* 42: what is encrypted passes untouched, and is named. */
static void case_42(void)
{
	static const uint8_t hello[] = { 0x16, 3, 1, 0, 20, 1, 0, 0, 16, 3, 3, 1, 2, 3, 4, 5, 6, 7,
		8, 9, 10, 11, 12, 13, 14 };
	struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);

	lab_live(lab);
	lab_connect(lab, 1, 2);
	lab_say(lab, true, bytes_of(hello, sizeof(hello)));
	lab_say(lab, false, bytes_of(hello, sizeof(hello)));
	/* out of order, too: nothing waits, nobody is told anything */
	lab_segment(lab, true, lab->client_next + 10, TCP_ACK, bytes_str(CASE_SPAM));
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_EQUAL(lab->n_ours, 0);
	CU_ASSERT_TRUE(bytes_equal(case_last(lab)->payload, bytes_str(CASE_SPAM)));
	CU_ASSERT_EQUAL(pipeline_stats(lab->pipeline)->ledger.octets[1][R_tls],
		sizeof(hello) + strlen(CASE_SPAM));
	case_finish(lab);
}

/* Fast Open (RFC 7413): data in the SYN is judged; it comes again when the server did not take it. */
static void test_fast_open(void)
{
	struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), 7, CASE_SPAM);

	lab_segment(lab, true, 99, TCP_SYN, bytes_of(pdu, len));
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	lab->client_next = 100;
	lab->server_next = 501;
	lab_segment(lab, false, 500, TCP_SYN | TCP_ACK, bytes_of(NULL, 0)); /* the SYN alone */
	lab_say(lab, true, bytes_of(pdu, len));
	CU_ASSERT_FALSE(case_left_with(lab, "pills"));
	CU_ASSERT_EQUAL(lab_messages(lab), 1);
	case_submit(lab, 8, CASE_SPAM);
	CU_ASSERT_EQUAL(lab_messages(lab), 2);
	case_finish(lab);
}

/* Texts are told where they are inspected only, whatever events.text says (docs/privacy.md). */
static void test_consent(void)
{
	struct lab *lab = case_session(true);
	const struct lab_event *e;

	CU_ASSERT_TRUE(lab->config.event_text);
	case_submit(lab, 5, CASE_SPAM);
	lab->generation->policy->scopes[0].content = false;
	case_submit(lab, 6, CASE_SPAM);
	CU_ASSERT_EQUAL_FATAL(lab_messages(lab), 2);
	e = lab_message(lab, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e->text);
	CU_ASSERT_PTR_NOT_NULL(strstr(e->text, "pills"));
	e = lab_message(lab, 1);
	CU_ASSERT_EQUAL(e->event.u.message.reason, R_content_off);
	CU_ASSERT(e->text == NULL || e->text[0] == '\0');
	lab->generation->policy->scopes[0].content = true;
	case_finish(lab);
}

UNIT_MAIN("pipeline cases, PDUs", { "case_26 absurd lengths", case_26 },
	{ "case_27 a sm_length that lies", case_27 }, { "case_28 TLVs and both texts", case_28 },
	{ "case_29 several PDUs in a segment, one over several", case_29 },
	{ "case_30 one sequence number for several commands", case_30 },
	{ "case_33 a refused deliver_sm and its answer", case_33 },
	{ "case_37 joined inside a PDU with headers in its text", case_37 },
	{ "case_38 text like a header at each segment", case_38 },
	{ "case_40 a frame of 60 KB", case_40 }, { "case_41 TCP-MD5 and TCP-AO", case_41 },
	{ "case_42 TLS", case_42 }, { "Fast Open", test_fast_open }, { "consent", test_consent })
