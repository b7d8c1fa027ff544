/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/tcap_dialogues.h"

#include <stdio.h>

#include "tests/dataplane/proto/bertext.h"
#include "tests/dataplane/sms/septets.h"
#include "tests/support/unit.h"

enum { AGE_US = 1000, DIALOGUES = 4, TABLE_SIZE = 1 << 20 };

/* 0.4.0.0.1.0.id.3 in an AARQ: 14 gateway, 15 MO, 19 MT; 01 networkLocUp is none of SMS */
#define AARQ(id) "6B( 28( 06(00118605010101) A0( 60( 80(0780) A1( 06(0400000100" id "03) ) ) ) ) )"
#define AARE(id)                                                                                 \
	"6B( 28( 06(00118605010101) A0( 61( 80(0780) A1( 06(0400000100" id "03) ) A2( 02(00) ) " \
	"A3( A1( 02(00) ) ) ) ) ) )"
#define FORWARD "6C( A1( 02(01) 02(2C) 30(0500) ) )"
#define OTHER   "6C( A1( 02(01) 02(02) 30(0500) ) )" /* updateLocation */
#define RESULT  "6C( A2( 02(01) ) )"
#define REJECT  "6C( A4( 02(01) 81(01) ) )"
#define ERROR   "6C( A3( 02(01) 02(22) ) )"

#define MT_BEGIN "62( 48(0A) " AARQ("19") FORWARD ")"

static _Alignas(64) uint8_t memory[TABLE_SIZE];

static struct tcap_dialogues *table(uint32_t dialogues_max)
{
	struct tcap_dialogues_config config = {
		.dialogues_max = dialogues_max, .age_us = AGE_US, .hash_key = 7
	};

	CU_ASSERT_TRUE_FATAL(tcap_dialogues_size(&config) <= sizeof(memory));
	return tcap_dialogues_init(memory, &config);
}

/* The last message that was entered. */
static struct {
	uint8_t octets[512];
	struct bytes b;
	struct tcap_message m;
	struct tcap_path path;
	struct tcap_dialogue_seen seen;
	enum reason why;
} last;

enum { NODE_A = 100, NODE_B = 200 };

static const struct tcap_path paths[2] = { { 1, NODE_A, NODE_B }, { 1, NODE_B, NODE_A } };

static void enter_on(
	struct tcap_dialogues *t, struct tcap_path path, const char *message, uint64_t now_us)
{
	last.b = bertext_write(message, last.octets, sizeof(last.octets));
	last.path = path;
	CU_ASSERT_EQUAL_FATAL(tcap_message_read(last.b, &last.m, &last.why), PARSE_OK);
	tcap_dialogues_enter(t, &path, &last.m, last.b, now_us, &last.seen, &last.why);
}

/* enter: from node A or B (0, 1) of link 1. */
static void enter(struct tcap_dialogues *t, unsigned from, const char *message, uint64_t now_us)
{
	enter_on(t, paths[from], message, now_us);
}

static bool known(void)
{
	return last.seen.index != TCAP_DIALOGUE_NO_INDEX;
}

/* pass: enter and leave. */
static void pass(struct tcap_dialogues *t, unsigned from, const char *message, uint64_t now_us)
{
	enter(t, from, message, now_us);
	tcap_dialogues_leave(t, &last.seen);
}

static bool refuse(struct tcap_dialogues *t, int32_t invoke_id, uint64_t message_id)
{
	struct tcap_refused r = { .message_id = message_id, .invoke_id = invoke_id, .error = 36 };

	return tcap_dialogues_refuse(t, &last.path, &last.m, 0, &last.seen, &r);
}

/* take: what the message's first component answers: its message_id, or 0. */
static uint64_t take(struct tcap_dialogues *t)
{
	struct cursor c = cursor_of(last.m.components);
	struct tcap_component component;
	struct tcap_refused r;

	CU_ASSERT_EQUAL_FATAL(tcap_component_read(&c, last.b, &component, &last.why), PARSE_OK);
	return tcap_dialogues_take(t, &last.seen, &component, &r) ? r.message_id : 0;
}

/* One message of a conversation and what is known when it has entered. */
struct step {
	unsigned from; /* node A or B */
	const char *message;
	bool known;
	unsigned sender;
	uint8_t context;
	bool begin_empty;
	uint32_t n_after; /* dialogues in the table when it has left */
};

static const struct conversation {
	const char *name;
	struct step steps[6];
} conversations[] = {
	{ "Begin and End",
		{ { 0, MT_BEGIN, true, 0, 25, false, 1 },
			{ 1, "64( 49(0A) " AARE("19") RESULT ")", true, 1, 25, false, 0 } } },
	{ "an End without a dialogue portion still has the context",
		{ { 0, MT_BEGIN, true, 0, 25, false, 1 },
			{ 1, "64( 49(0A) " RESULT ")", true, 1, 25, false, 0 } } },
	{ "more messages: Continue both ways by the id of who receives",
		{ { 0, MT_BEGIN, true, 0, 25, false, 1 },
			{ 1, "65( 48(B0) 49(0A) " AARE("19") RESULT ")", true, 1, 25, false, 1 },
			{ 0, "65( 48(0A) 49(B0) " FORWARD ")", true, 0, 25, false, 1 },
			{ 1, "65( 48(B0) 49(0A) " RESULT ")", true, 1, 25, false, 1 },
			{ 0, "64( 49(B0) )", true, 0, 25, false, 0 } } },
	{ "a long message: an empty Begin, the operation in a Continue",
		{ { 0, "62( 48(0A) " AARQ("15") ")", true, 0, 21, true, 1 },
			{ 1, "65( 48(B0) 49(0A) " AARE("15") ")", true, 1, 21, true, 1 },
			{ 0, "65( 48(0A) 49(B0) " FORWARD ")", true, 0, 21, true, 1 },
			{ 1, "64( 49(0A) " RESULT ")", true, 1, 21, true, 0 } } },
	{ "MAP v1 is known by its operation",
		{ { 0, "62( 48(0A) " FORWARD ")", true, 0, 0, false, 1 },
			{ 1, "64( 49(0A) " RESULT ")", true, 1, 0, false, 0 } } },
	{ "a P-Abort ends it", { { 0, MT_BEGIN, true, 0, 25, false, 1 },
				       { 1, "67( 49(0A) 4A(01) )", true, 1, 25, false, 0 } } },
	{ "the initiator aborts", { { 0, MT_BEGIN, true, 0, 25, false, 1 },
					  { 1, "65( 48(B0) 49(0A) )", true, 1, 25, false, 1 },
					  { 0, "67( 49(B0) )", true, 0, 25, false, 0 } } },
	{ "an id given again is a new dialogue",
		{ { 0, MT_BEGIN, true, 0, 25, false, 1 },
			{ 0, "62( 48(0A) " AARQ("15") FORWARD ")", true, 0, 21, false, 1 },
			{ 1, "64( 49(0A) )", true, 1, 21, false, 0 } } },
	{ "also where the new one is not of SMS",
		{ { 0, MT_BEGIN, true, 0, 25, false, 1 },
			{ 0, "62( 48(0A) " AARQ("01") OTHER ")", false, 0, 1, false, 0 } } },
	{ "other services are not remembered",
		{ { 0, "62( 48(0A) " AARQ("01") OTHER ")", false, 0, 1, false, 0 },
			{ 1, "64( 49(0A) " RESULT ")", false, 0, 0, false, 0 } } },
	{ "an operation of SMS in a context of another name",
		{ { 0, "62( 48(0A) " AARQ("01") FORWARD ")", true, 0, 1, false, 1 },
			{ 1, "64( 49(0A) )", true, 1, 1, false, 0 } } },
	{ "01 and 0001 are two ids",
		{ { 0, "62( 48(01) " AARQ("19") FORWARD ")", true, 0, 25, false, 1 },
			{ 1, "64( 49(0001) )", false, 0, 0, false, 1 },
			{ 1, "64( 49(01) )", true, 1, 25, false, 0 } } },
	{ "the id is A's: B's of the same octets is another",
		{ { 0, MT_BEGIN, true, 0, 25, false, 1 },
			{ 0, "64( 49(0A) )", false, 0, 0, false, 1 },
			{ 1, "64( 49(0A) )", true, 1, 25, false, 0 } } },
	{ "ids that break Q.773 are not remembered",
		{ { 0, "62( 48(0102030405) " AARQ("19") FORWARD ")", false, 0, 25, false, 0 },
			{ 0, "62( " AARQ("19") FORWARD ")", false, 0, 25, false, 0 },
			{ 1, "65( 48(0102030405) )", false, 0, 0, false, 0 } } },
	{ "a Unidirectional is no dialogue", { { 0, "61( " FORWARD ")", false, 0, 0, false, 0 } } },
};

static bool step_holds(struct tcap_dialogues *t, const struct step *s)
{
	bool holds;

	enter(t, s->from, s->message, 1);
	holds = known() == s->known && last.seen.sender == s->sender &&
	        last.seen.context.id == s->context && last.seen.begin_empty == s->begin_empty;
	holds = holds && last.why == R_none;
	tcap_dialogues_leave(t, &last.seen);
	return holds && tcap_dialogues_count(t) == s->n_after;
}

static void test_conversations(void)
{
	for (size_t i = 0; i < sizeof(conversations) / sizeof(conversations[0]); i++) {
		const struct conversation *c = &conversations[i];
		struct tcap_dialogues *t = table(DIALOGUES);

		for (unsigned n = 0; n < 6 && c->steps[n].message != NULL; n++) {
			if (!step_holds(t, &c->steps[n])) {
				fprintf(stderr, "%s: step %u\n", c->name, n);
				CU_FAIL("conversation");
			}
		}
	}
}

/* Which answers meet a refused invoke 1 of A. */
static const struct answer_case {
	const char *name;
	unsigned from;
	const char *message;
	bool taken;
} answer_cases[] = {
	{ "Reject", 1, "64( 49(0A) " REJECT ")", true },
	{ "Reject, general problem", 1, "64( 49(0A) 6C( A4( 02(01) 80(02) ) ) )", true },
	{ "error", 1, "64( 49(0A) " ERROR ")", true },
	{ "result", 1, "64( 49(0A) " RESULT ")", true },
	{ "result in a Continue", 1, "65( 48(B0) 49(0A) " RESULT ")", true },
	{ "another invoke id", 1, "64( 49(0A) 6C( A2( 02(02) ) ) )", false },
	{ "a Reject without invoke id", 1, "64( 49(0A) 6C( A4( 0500 80(00) ) ) )", false },
	{ "B rejects a result: of its own invoke", 1, "64( 49(0A) 6C( A4( 02(01) 82(01) ) ) )",
		false },
	{ "B rejects an error", 1, "64( 49(0A) 6C( A4( 02(01) 83(01) ) ) )", false },
	{ "B invokes with the same id", 1, "65( 48(B0) 49(0A) " FORWARD ")", false },
	{ "A answers an invoke of B", 0, "65( 48(0A) 49(B0) " RESULT ")", false },
	{ "another dialogue", 1, "64( 49(0B) " RESULT ")", false },
};

static void test_answers(void)
{
	for (size_t i = 0; i < sizeof(answer_cases) / sizeof(answer_cases[0]); i++) {
		const struct answer_case *c = &answer_cases[i];
		struct tcap_dialogues *t = table(DIALOGUES);
		uint64_t got;

		enter(t, 0, MT_BEGIN, 1);
		CU_ASSERT_TRUE(refuse(t, 1, 77));
		CU_ASSERT_EQUAL(last.seen.n_refused, 1);
		tcap_dialogues_leave(t, &last.seen);
		enter(t, c->from, c->message, 2);
		got = take(t);
		if (got != (c->taken ? 77 : 0)) {
			fprintf(stderr, "%s: %d\n", c->name, (int)got);
			CU_FAIL("answer");
		}
		CU_ASSERT_EQUAL(take(t), 0); /* once */
	}
}

/* An invoke of B in a dialogue that A began, and one of A with the same id. */
static void test_both_ways(void)
{
	struct tcap_dialogues *t = table(DIALOGUES);

	enter(t, 0, MT_BEGIN, 1);
	CU_ASSERT_TRUE(refuse(t, 1, 10));
	tcap_dialogues_leave(t, &last.seen);
	enter(t, 1, "65( 48(B0) 49(0A) " FORWARD ")", 2);
	CU_ASSERT_EQUAL(last.seen.n_refused, 1);
	CU_ASSERT_TRUE(refuse(t, 1, 20));
	CU_ASSERT_EQUAL(last.seen.n_refused, 2);
	tcap_dialogues_leave(t, &last.seen);
	enter(t, 0, "65( 48(0A) 49(B0) " REJECT ")", 3);
	CU_ASSERT_EQUAL(take(t), 20);
	tcap_dialogues_leave(t, &last.seen);
	enter(t, 1, "64( 49(0A) " REJECT ")", 4);
	CU_ASSERT_EQUAL(last.seen.n_refused, 1);
	CU_ASSERT_EQUAL(take(t), 10);
	CU_ASSERT_EQUAL(last.seen.n_refused, 0);
	tcap_dialogues_leave(t, &last.seen);
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), 0);
}

static void test_joined_late(void)
{
	struct tcap_dialogues *t = table(DIALOGUES);

	enter(t, 1, "65( 48(B0) 49(0A) " FORWARD ")", 1);
	CU_ASSERT_FALSE(known());
	CU_ASSERT_TRUE(refuse(t, 1, 5));
	CU_ASSERT_TRUE(known());
	tcap_dialogues_leave(t, &last.seen);
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), 1);
	enter(t, 0, "64( 49(B0) " ERROR ")", 2);
	CU_ASSERT_EQUAL(take(t), 5);
	tcap_dialogues_leave(t, &last.seen);
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), 0);

	/* what no answer can come to takes no room */
	enter(t, 1, "64( 49(0A) " FORWARD ")", 3);
	CU_ASSERT_TRUE(refuse(t, 1, 6));
	enter(t, 1, "61( " FORWARD ")", 3);
	CU_ASSERT_TRUE(refuse(t, 1, 7));
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), 0);
}

static void test_refused_ceiling(void)
{
	struct tcap_dialogues *t = table(DIALOGUES);

	enter(t, 0, MT_BEGIN, 1);
	for (int32_t i = 0; i < (int32_t)LIMIT_TCAP_REFUSED; i++) {
		CU_ASSERT_TRUE(refuse(t, i, 100 + (uint64_t)i));
	}
	CU_ASSERT_FALSE(refuse(t, LIMIT_TCAP_REFUSED, 1));
	CU_ASSERT_TRUE(refuse(t, 1, 200)); /* an id given again: the new one counts */
	tcap_dialogues_leave(t, &last.seen);
	enter(t, 1, "64( 49(0A) " REJECT ")", 2);
	CU_ASSERT_EQUAL(last.seen.n_refused, LIMIT_TCAP_REFUSED);
	CU_ASSERT_EQUAL(take(t), 200);
	CU_ASSERT_EQUAL(take(t), 0);
}

/* begin: a Begin of A with this id on some link. */
static void begin(struct tcap_dialogues *t, uint8_t link, uint32_t id, uint64_t now_us)
{
	char message[256];

	snprintf(message, sizeof(message), "62( 48(%08X) " AARQ("19") FORWARD ")", (unsigned)id);
	enter_on(t, (struct tcap_path){ link, NODE_A, NODE_B }, message, now_us);
	tcap_dialogues_leave(t, &last.seen);
}

static bool ends(struct tcap_dialogues *t, uint8_t link, uint32_t id, uint64_t now_us)
{
	char message[64];
	bool found;

	snprintf(message, sizeof(message), "64( 49(%08X) )", (unsigned)id);
	enter_on(t, (struct tcap_path){ link, NODE_B, NODE_A }, message, now_us);
	found = known();
	tcap_dialogues_leave(t, &last.seen);
	return found;
}

static void test_flood(void)
{
	struct tcap_dialogues *t = table(DIALOGUES);

	for (uint32_t id = 1; id <= DIALOGUES; id++) {
		begin(t, 1, id, 10);
		CU_ASSERT_EQUAL(last.why, R_none);
	}
	for (uint32_t id = 100; id < 200; id++) { /* nobody's place is taken */
		begin(t, 1, id, 10 + AGE_US);
		CU_ASSERT_EQUAL(last.why, R_tcap_dialogues_full);
	}
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), DIALOGUES);
	enter(t, 0, "65( 48(00000001) 49(B0) )", 10 + AGE_US); /* alive: it is the youngest now */
	CU_ASSERT_TRUE(known());
	begin(t, 1, 300, 11 + AGE_US);
	CU_ASSERT_EQUAL(last.why, R_none);
	CU_ASSERT_TRUE(ends(t, 1, 1, 11 + AGE_US));
	CU_ASSERT_FALSE(ends(t, 1, 2, 11 + AGE_US)); /* the oldest gave way */
	CU_ASSERT_TRUE(ends(t, 1, 3, 11 + AGE_US));
	CU_ASSERT_TRUE(ends(t, 1, 300, 11 + AGE_US));
}

static void test_full_refuse(void)
{
	struct tcap_dialogues *t = table(1);

	begin(t, 1, 1, 0);
	enter(t, 1, "65( 48(B0) 49(0A) " FORWARD ")", 1);
	CU_ASSERT_FALSE(refuse(t, 1, 5));
	CU_ASSERT_FALSE(known());
	CU_ASSERT_TRUE(ends(t, 1, 1, 1));
}

static void test_expire(void)
{
	struct tcap_dialogues *t = table(100);

	for (uint32_t id = 0; id < 100; id++) {
		begin(t, 1, id, id < 50 ? 0 : 500);
	}
	tcap_dialogues_expire(t, AGE_US, 1000);
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), 100);
	tcap_dialogues_expire(t, AGE_US + 1, 20);
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), 80);
	tcap_dialogues_expire(t, AGE_US + 1, 1000);
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), 50);
	CU_ASSERT_FALSE(ends(t, 1, 49, AGE_US + 1));
	CU_ASSERT_TRUE(ends(t, 1, 50, AGE_US + 1));
	tcap_dialogues_expire(t, UINT64_MAX, 1000);
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), 0);
}

/* Many dialogues on many links, against a plain list of which are open. */
static void test_many(void)
{
	enum { IDS = 400, LINKS = 3 };
	static bool open[LINKS][IDS];
	struct tcap_dialogues *t = table(IDS * LINKS);
	uint64_t random = 5;
	uint32_t n_open = 0;
	unsigned wrong = 0;

	memset(open, 0, sizeof(open));
	for (unsigned i = 0; i < 30000; i++) {
		uint8_t link = (uint8_t)(septets_random(&random) % LINKS);
		uint32_t id = septets_random(&random) % IDS;

		if (septets_random(&random) % 2 == 0) {
			begin(t, link, id, i / 1000);
			n_open += !open[link][id];
			open[link][id] = true;
		} else {
			wrong += ends(t, link, id, i / 1000) != open[link][id];
			n_open -= open[link][id];
			open[link][id] = false;
		}
		wrong += tcap_dialogues_count(t) != n_open;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

/* Without point codes both ends' ids are told apart by their octets alone. */
static void test_no_point_codes(void)
{
	struct tcap_dialogues *t = table(DIALOGUES);
	const struct tcap_path path = { 1, 0, 0 };

	enter_on(t, path, MT_BEGIN, 1);
	CU_ASSERT_TRUE(refuse(t, 1, 3));
	tcap_dialogues_leave(t, &last.seen);
	enter_on(t, path, "65( 48(B0) 49(0A) " REJECT ")", 2);
	CU_ASSERT_EQUAL(take(t), 3);
	tcap_dialogues_leave(t, &last.seen);
	enter_on(t, path, "65( 48(0A) 49(B0) " FORWARD ")", 3);
	CU_ASSERT_TRUE(known());
	CU_ASSERT_EQUAL(last.seen.sender, 0);
}

static void test_ended_frees_refused(void)
{
	struct tcap_dialogues *t = table(DIALOGUES);

	enter(t, 0, MT_BEGIN, 1);
	CU_ASSERT_TRUE(refuse(t, 1, 3));
	tcap_dialogues_leave(t, &last.seen);
	pass(t, 1, "67( 49(0A) )", 2);
	CU_ASSERT_EQUAL(tcap_dialogues_count(t), 0);
	pass(t, 0, MT_BEGIN, 3);
	enter(t, 1, "64( 49(0A) " REJECT ")", 4);
	CU_ASSERT_EQUAL(take(t), 0);
}

UNIT_MAIN("tcap_dialogues", { "conversations", test_conversations }, { "answers", test_answers },
	{ "invokes both ways", test_both_ways }, { "joined late", test_joined_late },
	{ "ceiling of refused invokes", test_refused_ceiling }, { "a flood of Begins", test_flood },
	{ "full: not remembered", test_full_refuse }, { "expiry", test_expire },
	{ "many dialogues", test_many }, { "no point codes", test_no_point_codes },
	{ "an ended dialogue is forgotten", test_ended_frees_refused })
