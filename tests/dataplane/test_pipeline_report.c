/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline.h"

#include <string.h>

#include "dataplane/proto/smpp_session.h"
#include "tests/support/lab.h"
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
	lab_end(lab);
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
	{ "nobody waits", test_nobody_waits })
