/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline.h"

#include <string.h>

#include "dataplane/proto/smpp_session.h"
#include "dataplane/net/sctp_assoc.h"
#include "tests/support/lab_sigtran.h"
#include "tests/support/unit.h"

static const char rules[] = "lottery:/lottery jackpot/i\n";

enum { TURNS_MAX = 10000 };

/* answer_of: asks and lets the worker turn until it has answered. */
static const struct pipeline_answer *answer_of(struct lab *lab, struct pipeline_ask ask)
{
	CU_ASSERT_TRUE_FATAL(pipeline_sessions_ask(lab->pipeline, &ask));
	for (unsigned i = 0; i < TURNS_MAX; i++) {
		const struct pipeline_answer *a = pipeline_sessions_answer(lab->pipeline);

		if (a != NULL) {
			return a;
		}
		pipeline_sessions_turn(lab->pipeline);
	}
	CU_FAIL_FATAL("no answer");
	return NULL;
}

/* lab_connect() goes to the port behind. */
static void connect_from(struct lab *lab, uint16_t port, const char *system_id)
{
	lab->client_port = (uint16_t)(port - 1);
	lab_connect(lab, 1000, 2000);
	lab_bind(lab, system_id);
}

static void test_a_session_is_described(void)
{
	struct lab *lab = lab_create(rules, LINK_ENFORCE);
	const struct pipeline_answer *a;
	const struct pipeline_session *s;
	uint8_t pdu[256];
	size_t len;

	connect_from(lab, 40001, "acme");
	len = lab_submit(pdu, sizeof(pdu), 5, "the lottery jackpot");
	lab_say(lab, true, bytes_of(pdu, len));
	len = lab_submit(pdu, sizeof(pdu), 6, "hello");
	lab_say(lab, true, bytes_of(pdu, len - 3)); /* the rest does not come: one frame is held */
	a = answer_of(lab, (struct pipeline_ask){ .rows_max = 10, .link = PIPELINE_ANY_LINK });
	CU_ASSERT_EQUAL_FATAL(a->n_rows, 1);
	CU_ASSERT_FALSE(a->more);
	CU_ASSERT_EQUAL(a->census.sessions, 1);
	s = &a->rows[0];
	CU_ASSERT_STRING_EQUAL(s->account, "acme");
	CU_ASSERT_EQUAL(s->bind_state, SMPP_BOUND_TRX);
	CU_ASSERT_EQUAL(s->messages, 1);
	CU_ASSERT_EQUAL(s->refused, 1);
	CU_ASSERT_EQUAL(s->pending_answers, 1);
	CU_ASSERT_NOT_EQUAL(s->esme_side, EVENT_SIDE_UNKNOWN);
	CU_ASSERT_EQUAL(s->port[s->esme_side], 40001);
	CU_ASSERT_EQUAL(s->way[s->esme_side].held_frames, 1);
	CU_ASSERT_EQUAL(s->way[s->esme_side].waiting_octets, len - 3);
	CU_ASSERT_TRUE(s->way[s->esme_side].journal_octets >= len);
	CU_ASSERT_EQUAL(s->way[0].sync, TCP_SYNCED);
	CU_ASSERT_EQUAL(s->way[1].sync, TCP_SYNCED);
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).held_frames, 1);
	lab_end(lab);
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).held_frames, 0);
	/* an ended session is none any more */
	a = answer_of(lab, (struct pipeline_ask){ .rows_max = 10, .link = PIPELINE_ANY_LINK });
	CU_ASSERT_EQUAL(a->n_rows, 0);
	lab_destroy(lab);
}

/* All sessions, each once, page by page. */
static void test_pages(void)
{
	enum { SESSIONS = 25, PAGE = 10 };
	struct lab *lab = lab_create(rules, LINK_ENFORCE);
	struct pipeline_ask ask = { .rows_max = PAGE, .link = PIPELINE_ANY_LINK };
	unsigned seen[SESSIONS + 1] = { 0 };
	unsigned pages = 0;
	const struct pipeline_answer *a;

	for (unsigned i = 0; i < SESSIONS; i++) {
		connect_from(lab, (uint16_t)(40000 + i), "many");
	}
	do {
		a = answer_of(lab, ask);
		for (unsigned i = 0; i < a->n_rows; i++) {
			CU_ASSERT_TRUE_FATAL(a->rows[i].id >= 1 && a->rows[i].id <= SESSIONS);
			seen[a->rows[i].id]++;
		}
		ask.position = a->position;
		pages++;
	} while (a->more && pages < SESSIONS);
	CU_ASSERT_EQUAL(pages, 3);
	for (unsigned i = 1; i <= SESSIONS; i++) {
		CU_ASSERT_EQUAL(seen[i], 1);
	}

	ask = (struct pipeline_ask){ .id = 7, .rows_max = PAGE, .link = PIPELINE_ANY_LINK };
	a = answer_of(lab, ask);
	CU_ASSERT_EQUAL(a->n_rows, 1);
	CU_ASSERT_EQUAL(a->rows[0].id, 7);
	ask = (struct pipeline_ask){ .rows_max = PAGE, .link = 1 };
	CU_ASSERT_EQUAL(answer_of(lab, ask)->n_rows, 0);
	ask = (struct pipeline_ask){ .link = PIPELINE_ANY_LINK };
	a = answer_of(lab, ask);
	CU_ASSERT_EQUAL(a->n_rows, 0);
	CU_ASSERT_EQUAL(a->census.sessions, SESSIONS);
	CU_ASSERT_EQUAL(a->census.resync, 0);
	lab_destroy(lab);
}

/* Joined mid-stream a session counts as RESYNC; TLS as opaque, with its reason. */
static void test_census(void)
{
	static const uint8_t tls[] = { 0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	struct lab *lab = lab_create(rules, LINK_ENFORCE);
	const struct pipeline_answer *a;

	connect_from(lab, 40001, "whole");
	lab->client_port = 40002;
	lab_segment(lab, true, 77, 0x18, bytes_str("in the middle of something"));
	lab_connect(lab, 1, 1);
	lab_say(lab, true, bytes_of(tls, sizeof(tls)));
	a = answer_of(lab, (struct pipeline_ask){ .rows_max = 10, .link = PIPELINE_ANY_LINK });
	CU_ASSERT_EQUAL(a->census.sessions, 3);
	CU_ASSERT_EQUAL(a->census.resync, 1);
	CU_ASSERT_EQUAL(a->census.opaque, 1);
	for (unsigned i = 0; i < a->n_rows; i++) {
		if (a->rows[i].way[0].sync == TCP_OPAQUE) {
			CU_ASSERT_EQUAL(a->rows[i].way[0].opaque_reason, R_tls);
		}
	}
	lab_destroy(lab);
}

enum { WHOLE = 3 }; /* B and E, RFC 9260 3.3.1 */

/* One packet with one user message. */
static void say_user(struct lab *lab, bool from_client, uint32_t tsn, struct bytes user)
{
	uint8_t chunks[LAB_MESSAGE_SIZE + 64];

	lab_sctp(lab, from_client, 0, bytes_of(chunks, lab_data(chunks, 0, WHOLE, tsn, 1, user)),
		true);
}

/* A management message of M3UA without parameters (RFC 4666 3.1). */
static void say_management(
	struct lab *lab, bool from_client, uint32_t tsn, uint8_t class, uint8_t type)
{
	const uint8_t m[] = { 1, 0, class, type, 0, 0, 0, 8 };

	say_user(lab, from_client, tsn, bytes_of(m, sizeof(m)));
}

static void say_text(struct lab *lab, uint32_t tsn, const char *text)
{
	struct lab_map map = { .text = text, .otid = tsn };
	uint8_t tcap[LAB_MESSAGE_SIZE];
	uint8_t user[LAB_MESSAGE_SIZE];
	size_t len = lab_tcap(&map, tcap);

	say_user(lab, true, tsn, bytes_of(user, lab_udt(true, bytes_of(tcap, len), user)));
}

/* An association beside a session: its ends, its M3UA state, what it holds. */
static void test_an_association_is_described(void)
{
	static const struct pipeline_ask all = { .rows_max = 10, .link = PIPELINE_ANY_LINK };
	struct lab *lab = lab_create(rules, LINK_ENFORCE);
	const struct pipeline_answer *a;
	const struct pipeline_session *s;
	uint8_t chunks[64];

	connect_from(lab, 40001, "acme");
	lab_associate(lab);
	say_management(lab, true, 1000, 3, 1);  /* ASPUP, */
	say_management(lab, false, 2000, 3, 4); /* its ACK, */
	say_management(lab, true, 1001, 4, 1);  /* ASPAC, */
	say_management(lab, false, 2001, 4, 3); /* its ACK */
	say_text(lab, 1002, "the lottery jackpot");
	say_text(lab, 1003, "hello");
	lab_sctp(lab, true, 1,
		bytes_of(chunks, lab_data(chunks, 0, 2, 1004, 1, bytes_str("the rest stays away"))),
		true); /* on the second path: the begin of a message */
	a = answer_of(lab, all);
	CU_ASSERT_EQUAL_FATAL(a->n_rows, 2);
	CU_ASSERT_EQUAL(a->rows[0].transport, PIPELINE_TCP);
	s = &a->rows[1];
	CU_ASSERT_EQUAL(s->transport, PIPELINE_SCTP);
	CU_ASSERT_EQUAL(s->id, 2);
	CU_ASSERT_EQUAL(s->association.state, SCTP_OPEN);
	CU_ASSERT_FALSE(s->association.joined);
	CU_ASSERT_EQUAL(s->association.n_paths, 2);
	CU_ASSERT_EQUAL(s->n_addresses[0], 2);
	CU_ASSERT_EQUAL(s->address[0][0][15], 2); /* the server, which is inside */
	CU_ASSERT_EQUAL(s->address[1][0][15], 1);
	CU_ASSERT_EQUAL(s->address[1][1][13], 1);
	CU_ASSERT_EQUAL(s->port[0], 2905);
	CU_ASSERT_TRUE_FATAL(s->association.has_m3ua);
	CU_ASSERT_EQUAL(s->association.m3ua.asp[1], M3UA_ASP_ACTIVE);
	CU_ASSERT_EQUAL(s->association.m3ua.asp[0], M3UA_ASP_UNKNOWN);
	CU_ASSERT_EQUAL(s->association.m3ua.n_data[1], 2);
	CU_ASSERT_EQUAL(s->messages, 2);
	CU_ASSERT_EQUAL(s->refused, 1);
	CU_ASSERT_EQUAL(s->way[1].held_frames, 1);
	CU_ASSERT_EQUAL(s->way[0].held_frames, 0);
	CU_ASSERT_TRUE(s->way[1].journal_octets >= 512);
	CU_ASSERT_TRUE(s->way[1].waiting_octets > 0);
	CU_ASSERT_EQUAL(a->census.sessions, 1);
	CU_ASSERT_EQUAL(a->census.associations, 1);
	CU_ASSERT_EQUAL(a->census.half, 0);
	CU_ASSERT_EQUAL(a->census.m3ua[M3UA_ASP_ACTIVE], 1);
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).held_frames, 1);
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).associations, 1);
	a = answer_of(
		lab, (struct pipeline_ask){ .id = 2, .rows_max = 10, .link = PIPELINE_ANY_LINK });
	CU_ASSERT_EQUAL(a->n_rows, 1);
	a = answer_of(lab, (struct pipeline_ask){ .rows_max = 10, .link = 1 });
	CU_ASSERT_EQUAL(a->n_rows, 0);
	lab_end(lab);
	CU_ASSERT_EQUAL(answer_of(lab, all)->n_rows, 0);
	lab_destroy(lab);
}

/* Page by page: the last session, then the association. */
static void test_pages_across_tables(void)
{
	struct lab *lab = lab_create(rules, LINK_ENFORCE);
	struct pipeline_ask ask = { .rows_max = 1, .link = PIPELINE_ANY_LINK };
	uint64_t ids[4] = { 0 };
	unsigned n = 0;
	const struct pipeline_answer *a;

	connect_from(lab, 40001, "one");
	connect_from(lab, 40002, "two");
	say_text(lab, 1000, "hello"); /* joined mid-life */
	do {
		a = answer_of(lab, ask);
		for (unsigned i = 0; i < a->n_rows && n < 4; i++) {
			ids[n++] = a->rows[i].id;
		}
		ask.position = a->position;
	} while (a->more && n < 4);
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(ids[0] + ids[1], 3);
	CU_ASSERT_EQUAL(ids[2], 3);
	a = answer_of(lab, (struct pipeline_ask){ .link = PIPELINE_ANY_LINK });
	CU_ASSERT_EQUAL(a->census.associations, 1);
	CU_ASSERT_EQUAL(a->census.joined, 1);
	CU_ASSERT_EQUAL(a->n_rows, 0);
	lab_destroy(lab);
}

/* A text with a global title: MT was seen, no SRI. */
static void test_signalling_is_told(void)
{
	struct lab *lab = lab_create(rules, LINK_ENFORCE);
	uint32_t wanted = UINT32_C(1) << SIGNALLING_SEEN_MT | UINT32_C(1) << SIGNALLING_SEEN_GT;

	lab->config.links[0].signalling.action[SIGNALLING_OPCODE] = SIGNALLING_REPORT;
	lab->config.links[0].signalling.operations[0] = 45;
	lab->config.links[0].signalling.n_operations = 1;
	CU_ASSERT_EQUAL(pipeline_signalling_traffic(lab->pipeline, 0), 0);
	lab_associate(lab);
	say_text(lab, 1000, "hello");
	say_text(lab, 1001, "hello again");
	CU_ASSERT_EQUAL(pipeline_signalling_traffic(lab->pipeline, 0) & wanted, wanted);
	CU_ASSERT_EQUAL(pipeline_signalling_traffic(lab->pipeline, 1), 0);
	CU_ASSERT_EQUAL(pipeline_signalling_found(lab->pipeline, 0, SIGNALLING_OPCODE), 2);
	CU_ASSERT_EQUAL(pipeline_signalling_found(lab->pipeline, 0, SIGNALLING_BER), 0);
	CU_ASSERT_EQUAL(lab_anomalies(lab, R_sig_opcode), 2);
	CU_ASSERT_EQUAL(pipeline_signalling_gauges(lab->pipeline).forgotten, 0);
	lab_destroy(lab);
}

/* A worker without a turn answers nothing, and a second question waits for the first. */
static void test_nobody_waits(void)
{
	struct lab *lab = lab_create(rules, LINK_ENFORCE);
	struct pipeline_ask ask = { .rows_max = 1, .link = PIPELINE_ANY_LINK };

	CU_ASSERT_TRUE(pipeline_sessions_ask(lab->pipeline, &ask));
	CU_ASSERT_PTR_NULL(pipeline_sessions_answer(lab->pipeline));
	CU_ASSERT_FALSE(pipeline_sessions_ask(lab->pipeline, &ask));
	for (unsigned i = 0; i < TURNS_MAX; i++) {
		pipeline_sessions_turn(lab->pipeline);
	}
	CU_ASSERT_PTR_NOT_NULL(pipeline_sessions_answer(lab->pipeline));
	CU_ASSERT_TRUE(pipeline_sessions_ask(lab->pipeline, &ask));
	lab_destroy(lab);
}

UNIT_MAIN("pipeline_report", { "a session is described", test_a_session_is_described },
	{ "all sessions, page by page", test_pages }, { "census", test_census },
	{ "an association is described", test_an_association_is_described },
	{ "page by page across tables", test_pages_across_tables },
	{ "signalling checks are told", test_signalling_is_told },
	{ "nobody waits", test_nobody_waits })
