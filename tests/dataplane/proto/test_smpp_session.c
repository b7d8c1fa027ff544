/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/smpp_session.h"

#include <stdlib.h>

#include "tests/support/unit.h"

#define SECOND UINT64_C(1000000)

static struct smpp_sessions *pool_new(uint32_t sessions_max, uint32_t pending_max)
{
	size_t size = smpp_sessions_size(sessions_max, pending_max);
	void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	memset(memory, 0x5A, size);
	return smpp_sessions_init(memory, sessions_max, pending_max);
}

/* One step of a session's story. */
struct step {
	unsigned direction;
	uint32_t command;
	uint32_t status;
	uint32_t sequence;
	const char *name; /* binds */
	enum smpp_change change;
	enum reason why;
	enum smpp_bind_state state;
};

static enum smpp_change see(struct smpp_session *s, const struct step *t, enum reason *why)
{
	uint8_t pdu[64];
	struct writer w = writer_of(pdu, sizeof(pdu));
	struct smpp_header h = { 0, t->command, t->status, t->sequence };

	writer_u32(&w, 0);
	writer_u32(&w, t->command);
	writer_u32(&w, t->status);
	writer_u32(&w, t->sequence);
	if (t->name != NULL) {
		writer_put(&w, bytes_of(t->name, strlen(t->name) + 1));
		writer_put(&w, bytes_of("pw\0\0\x34\0\0\0", 8));
	}
	h.length = (uint32_t)(w.at - pdu);
	put_be32(pdu, h.length);
	return smpp_session_see(s, t->direction, &h, bytes_of(pdu, h.length), 77 * SECOND, why);
}

static void play(struct smpp_session *s, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum reason why = R_scan_error;
		enum smpp_change change = see(s, &steps[i], &why);

		CU_ASSERT_EQUAL(change, steps[i].change);
		CU_ASSERT_EQUAL(why, steps[i].why);
		CU_ASSERT_EQUAL(s->state, steps[i].state);
		if (change != steps[i].change || why != steps[i].why ||
			s->state != steps[i].state) {
			printf(" step %zu: change %d why %d state %d\n", i, (int)change, (int)why,
				(int)s->state);
		}
	}
}

#define PLAY(s, steps) play((s), (steps), sizeof(steps) / sizeof((steps)[0]))

enum {
	RX = SMPP_BIND_RECEIVER,
	TX = SMPP_BIND_TRANSMITTER,
	TRX = SMPP_BIND_TRANSCEIVER,
};
#define RESP(command) ((command) | SMPP_RESPONSE)

/* SMPP 3.4 2.2: bind, work, unbind, in both directions of the flow. */
static void test_life(void)
{
	for (unsigned e = 0; e < 2; e++) {
		const struct step steps[] = {
			{ e, TRX, 0, 1, "acme", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
			{ !e, RESP(TRX), 0, 1, NULL, SMPP_BOUND, R_none, SMPP_BOUND_TRX },
			{ e, SMPP_SUBMIT_SM, 0, 2, NULL, SMPP_NO_CHANGE, R_none, SMPP_BOUND_TRX },
			{ !e, RESP(SMPP_SUBMIT_SM), 0, 2, NULL, SMPP_NO_CHANGE, R_none,
				SMPP_BOUND_TRX },
			{ !e, SMPP_DELIVER_SM, 0, 1, NULL, SMPP_NO_CHANGE, R_none, SMPP_BOUND_TRX },
			{ !e, SMPP_DATA_SM, 0, 2, NULL, SMPP_NO_CHANGE, R_none, SMPP_BOUND_TRX },
			{ e, SMPP_UNBIND, 0, 3, NULL, SMPP_NO_CHANGE, R_none, SMPP_BOUND_TRX },
			{ !e, RESP(SMPP_UNBIND), 0, 3, NULL, SMPP_ENDED, R_none, SMPP_UNBOUND },
			{ e, SMPP_SUBMIT_SM, 0, 4, NULL, SMPP_NO_CHANGE, R_smpp_unbound,
				SMPP_UNBOUND },
			{ e, TX, 0, 5, "acme2", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
			{ !e, RESP(TX), 0, 5, NULL, SMPP_BOUND, R_none, SMPP_BOUND_TX },
		};
		struct smpp_sessions *pool = pool_new(2, 2);
		struct smpp_session *s = smpp_session_open(pool);

		CU_ASSERT_EQUAL(smpp_session_role(s, e), SMPP_ROLE_UNKNOWN);
		PLAY(s, steps);
		CU_ASSERT_STRING_EQUAL(s->system_id, "acme2");
		CU_ASSERT_EQUAL(s->bound_us, 77 * SECOND);
		CU_ASSERT_EQUAL(smpp_session_role(s, e), SMPP_ROLE_ESME);
		CU_ASSERT_EQUAL(smpp_session_role(s, !e), SMPP_ROLE_SMSC);
		CU_ASSERT_EQUAL(s->n_messages, 4);
		free(pool);
	}
}

/* SMPP 3.4 2.3 table 2-1 */
static void test_roles(void)
{
	static const struct {
		uint32_t bind;
		unsigned direction; /* 0: from the ESME */
		uint32_t command;
		enum reason why;
	} cases[] = {
		{ TX, 0, SMPP_SUBMIT_SM, R_none },
		{ TX, 1, SMPP_SUBMIT_SM, R_smpp_role },
		{ TX, 1, SMPP_DELIVER_SM, R_smpp_role },
		{ TX, 0, SMPP_DATA_SM, R_none },
		{ TX, 1, SMPP_DATA_SM, R_smpp_role },
		{ RX, 0, SMPP_SUBMIT_SM, R_smpp_role },
		{ RX, 1, SMPP_DELIVER_SM, R_none },
		{ RX, 0, SMPP_DATA_SM, R_smpp_role },
		{ RX, 1, SMPP_ALERT_NOTIFICATION, R_none },
		{ TRX, 0, SMPP_SUBMIT_MULTI, R_none },
		{ TRX, 0, SMPP_DELIVER_SM, R_smpp_role },
		{ TRX, 1, SMPP_BROADCAST_SM, R_smpp_role },
		{ TRX, 0, RESP(SMPP_SUBMIT_SM), R_smpp_role },
		{ TRX, 0, RESP(SMPP_DELIVER_SM), R_none },
		{ TRX, 1, SMPP_ENQUIRE_LINK, R_none },
		{ TRX, 0, SMPP_GENERIC_NACK, R_none },
		{ TRX, 1, TRX, R_smpp_role },
		{ TRX, 0, RESP(TRX), R_smpp_role },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smpp_sessions *pool = pool_new(1, 1);
		struct smpp_session *s = smpp_session_open(pool);
		const struct step bind = { .command = cases[i].bind, .sequence = 1, .name = "a" };
		const struct step answer = {
			.direction = 1, .command = RESP(cases[i].bind), .sequence = 1
		};
		const struct step step = {
			.direction = cases[i].direction, .command = cases[i].command, .sequence = 2
		};
		enum reason why;

		see(s, &bind, &why);
		CU_ASSERT_EQUAL(see(s, &answer, &why), SMPP_BOUND);
		CU_ASSERT_EQUAL(see(s, &step, &why), SMPP_NO_CHANGE);
		CU_ASSERT_EQUAL(why, cases[i].why);
		CU_ASSERT_EQUAL(smpp_session_role(s, 0), SMPP_ROLE_ESME);
		free(pool);
	}
}

static void test_joined_late(void)
{
	static const struct {
		uint32_t command;
		enum smpp_role role; /* of direction 0, which sends the command */
	} cases[] = {
		{ SMPP_SUBMIT_SM, SMPP_ROLE_ESME },
		{ RESP(SMPP_SUBMIT_SM), SMPP_ROLE_SMSC },
		{ SMPP_DELIVER_SM, SMPP_ROLE_SMSC },
		{ RESP(SMPP_DELIVER_SM), SMPP_ROLE_ESME },
		{ SMPP_OUTBIND, SMPP_ROLE_SMSC },
		{ SMPP_DATA_SM, SMPP_ROLE_UNKNOWN },
		{ SMPP_ENQUIRE_LINK, SMPP_ROLE_UNKNOWN },
		{ RESP(TRX), SMPP_ROLE_SMSC },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int late = 0; late < 2; late++) {
			struct smpp_sessions *pool = pool_new(1, 1);
			struct smpp_session *s = smpp_session_open(pool);
			const struct step step = { .command = cases[i].command, .sequence = 2 };
			bool text = smpp_carries_text(cases[i].command);
			enum reason why;

			s->late = late;
			see(s, &step, &why);
			CU_ASSERT_EQUAL(smpp_session_role(s, 0), cases[i].role);
			CU_ASSERT_EQUAL(why, text && !late ? R_smpp_unbound : R_none);
			free(pool);
		}
	}
}

/* A name that was refused, or whose bind is uncertain, is nobody's. */
static void test_names(void)
{
	static const struct step refused[] = {
		{ 0, TX, 0, 1, "trusted", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 1, RESP(TX), 0x0E, 1, NULL, SMPP_BIND_REFUSED, R_none, SMPP_OPEN },
		{ 0, SMPP_SUBMIT_SM, 0, 2, NULL, SMPP_NO_CHANGE, R_smpp_unbound, SMPP_OPEN },
	};
	static const struct step second_wins[] = {
		{ 0, TX, 0, 1, "trusted", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 0, TX, 0, 2, "spammer", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 1, RESP(TX), 0x0E, 1, NULL, SMPP_BIND_REFUSED, R_none, SMPP_OPEN },
		{ 1, RESP(TX), 0, 2, NULL, SMPP_BOUND, R_none, SMPP_BOUND_TX },
	};
	static const struct step answered_out_of_turn[] = {
		{ 0, TX, 0, 1, "trusted", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 0, TX, 0, 2, "spammer", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 1, RESP(TX), 0, 2, NULL, SMPP_BOUND, R_none, SMPP_BOUND_TX },
	};
	static const struct step first_wins[] = {
		{ 0, TX, 0, 1, "spammer", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 0, TX, 0, 2, "trusted", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 1, RESP(TX), 0, 1, NULL, SMPP_BOUND, R_none, SMPP_BOUND_TX },
		{ 1, RESP(TX), 0x0E, 2, NULL, SMPP_NO_CHANGE, R_none, SMPP_BOUND_TX },
	};
	static const struct step renamed[] = {
		{ 0, TX, 0, 1, "spammer", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 1, RESP(TX), 0, 1, NULL, SMPP_BOUND, R_none, SMPP_BOUND_TX },
		{ 0, TX, 0, 2, "trusted", SMPP_NO_CHANGE, R_none, SMPP_BOUND_TX },
		{ 1, RESP(TX), 5, 2, NULL, SMPP_NO_CHANGE, R_none, SMPP_BOUND_TX },
	};
	static const struct step self_accepted[] = {
		{ 0, TX, 0, 1, "trusted", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 0, RESP(TX), 0, 1, NULL, SMPP_NO_CHANGE, R_smpp_role, SMPP_BINDING },
	};
	static const struct step repeated[] = {
		{ 0, TX, 0, 1, "acme", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 0, TX, 0, 2, "acme", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 1, RESP(TX), 0, 2, NULL, SMPP_BOUND, R_none, SMPP_BOUND_TX },
	};
	static const struct step wrong_number[] = {
		/* an SMSC that numbers its answers itself */
		{ 0, TX, 0, 1, "acme", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 1, RESP(TX), 0, 9, NULL, SMPP_BOUND, R_none, SMPP_BOUND_TX },
	};
	static const struct step fake_unbind[] = {
		{ 0, TX, 0, 1, "acme", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
		{ 1, RESP(TX), 0, 1, NULL, SMPP_BOUND, R_none, SMPP_BOUND_TX },
		{ 0, RESP(SMPP_UNBIND), 0, 1, NULL, SMPP_NO_CHANGE, R_none, SMPP_BOUND_TX },
		{ 0, SMPP_UNBIND, 0, 1, NULL, SMPP_NO_CHANGE, R_none, SMPP_BOUND_TX },
		{ 0, RESP(SMPP_UNBIND), 0, 1, NULL, SMPP_NO_CHANGE, R_none, SMPP_BOUND_TX },
	};
	static const struct step long_name[] = {
		{ 0, TX, 0, 1, "sixteen-chars-xx", SMPP_NO_CHANGE, R_none, SMPP_BINDING },
	};
	static const struct {
		const struct step *steps;
		size_t n;
		const char *name;
	} cases[] = {
		{ refused, 3, "" },
		{ second_wins, 4, "" },
		{ answered_out_of_turn, 3, "" },
		{ first_wins, 4, "spammer" },
		{ renamed, 4, "spammer" },
		{ self_accepted, 2, "trusted" },
		{ repeated, 3, "acme" },
		{ wrong_number, 2, "acme" },
		{ fake_unbind, 5, "acme" },
		{ long_name, 1, "sixteen-chars-x" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smpp_sessions *pool = pool_new(1, 1);
		struct smpp_session *s = smpp_session_open(pool);

		play(s, cases[i].steps, cases[i].n);
		CU_ASSERT_STRING_EQUAL(s->system_id, cases[i].name);
		free(pool);
	}
}

static bool add(struct smpp_sessions *pool, struct smpp_session *s, unsigned direction,
	uint32_t command, uint32_t sequence, uint64_t id, uint64_t sent_us)
{
	const struct smpp_pending p = {
		.message_id = id,
		.sent_us = sent_us,
		.sequence = sequence,
		.command = command,
		.status = 0x45,
		.direction = (uint8_t)direction,
	};

	return smpp_pending_add(pool, s, &p);
}

/* take: the id of the request that was met, 0: none */
static uint64_t take(struct smpp_sessions *pool, struct smpp_session *s, unsigned direction,
	uint32_t command, uint32_t sequence)
{
	const struct smpp_header h = { 17, command, 0, sequence };
	struct smpp_pending p;

	return smpp_pending_take(pool, s, direction, &h, &p) ? p.message_id : 0;
}

static void test_pending(void)
{
	struct smpp_sessions *pool = pool_new(2, 16);
	struct smpp_session *a = smpp_session_open(pool);
	struct smpp_session *b = smpp_session_open(pool);

	CU_ASSERT_TRUE(add(pool, a, 0, SMPP_SUBMIT_SM, 5, 1, 0));
	CU_ASSERT_TRUE(add(pool, a, 0, SMPP_SUBMIT_SM, 5, 2, 0)); /* the number again */
	CU_ASSERT_TRUE(add(pool, a, 0, SMPP_DATA_SM, 5, 3, 0));   /* for another command */
	CU_ASSERT_TRUE(add(pool, a, 1, SMPP_DELIVER_SM, 5, 4, 0));
	CU_ASSERT_TRUE(add(pool, b, 0, SMPP_SUBMIT_SM, 5, 5, 0));
	CU_ASSERT_EQUAL(smpp_pending_count(pool), 5);
	CU_ASSERT_EQUAL(take(pool, a, 0, RESP(SMPP_SUBMIT_SM), 5), 0); /* the wrong way */
	CU_ASSERT_EQUAL(take(pool, a, 1, RESP(SMPP_SUBMIT_SM), 6), 0);
	CU_ASSERT_EQUAL(take(pool, a, 1, RESP(SMPP_DATA_SM), 5), 3);
	CU_ASSERT_EQUAL(take(pool, a, 1, RESP(SMPP_SUBMIT_SM), 5), 1); /* oldest first */
	CU_ASSERT_EQUAL(take(pool, a, 1, SMPP_GENERIC_NACK, 5), 2);
	CU_ASSERT_EQUAL(take(pool, a, 1, RESP(SMPP_SUBMIT_SM), 5), 0);
	CU_ASSERT_EQUAL(take(pool, a, 0, RESP(SMPP_DELIVER_SM), 5), 4);
	CU_ASSERT_EQUAL(take(pool, b, 1, RESP(SMPP_SUBMIT_SM), 5), 5);
	CU_ASSERT_EQUAL(smpp_pending_count(pool), 0);
	CU_ASSERT_EQUAL(a->n_pending, 0);
	CU_ASSERT_EQUAL(a->n_answers, 4);
	free(pool);
}

static void test_pending_full(void)
{
	struct smpp_sessions *pool = pool_new(1, 8);
	struct smpp_session *s = smpp_session_open(pool);

	for (uint32_t i = 0; i < 8; i++) {
		CU_ASSERT_TRUE(add(pool, s, 0, SMPP_SUBMIT_SM, i, i + 1, i * SECOND));
	}
	CU_ASSERT_FALSE(add(pool, s, 0, SMPP_SUBMIT_SM, 8, 9, 299 * SECOND));
	CU_ASSERT_EQUAL(take(pool, s, 1, RESP(SMPP_SUBMIT_SM), 0), 1);
	CU_ASSERT_TRUE(add(pool, s, 0, SMPP_SUBMIT_SM, 8, 9, 299 * SECOND));
	CU_ASSERT_FALSE(add(pool, s, 0, SMPP_SUBMIT_SM, 9, 10, 300 * SECOND));
	/* sent at 1 s: past 5 minutes now */
	CU_ASSERT_TRUE(add(pool, s, 0, SMPP_SUBMIT_SM, 9, 10, 301 * SECOND));
	CU_ASSERT_EQUAL(take(pool, s, 1, RESP(SMPP_SUBMIT_SM), 1), 0);
	CU_ASSERT_EQUAL(take(pool, s, 1, RESP(SMPP_SUBMIT_SM), 2), 3);
	CU_ASSERT_EQUAL(take(pool, s, 1, RESP(SMPP_SUBMIT_SM), 9), 10);
	/* a clock that jumps back ages nothing */
	CU_ASSERT_TRUE(add(pool, s, 0, SMPP_SUBMIT_SM, 10, 11, 0));
	CU_ASSERT_EQUAL(smpp_pending_count(pool), 7);
	free(pool);
}

static void test_close(void)
{
	struct smpp_sessions *pool = pool_new(2, 8);
	struct smpp_session *a = smpp_session_open(pool);
	struct smpp_session *b = smpp_session_open(pool);
	struct smpp_session *again;

	CU_ASSERT_PTR_NULL(smpp_session_open(pool));
	smpp_session_close(pool, NULL);
	for (uint32_t i = 0; i < 6; i++) {
		CU_ASSERT_TRUE(add(pool, a, 0, SMPP_SUBMIT_SM, i, i + 1, 0));
	}
	CU_ASSERT_TRUE(add(pool, b, 0, SMPP_SUBMIT_SM, 0, 100, 0));
	CU_ASSERT_TRUE(add(pool, b, 0, SMPP_SUBMIT_SM, 1, 101, 0));
	smpp_session_close(pool, a);
	CU_ASSERT_EQUAL(smpp_pending_count(pool), 2);
	again = smpp_session_open(pool);
	CU_ASSERT_PTR_EQUAL_FATAL(again, a); /* the same memory, another session */
	CU_ASSERT_EQUAL(take(pool, again, 1, RESP(SMPP_SUBMIT_SM), 0), 0);
	for (uint32_t i = 0; i < 6; i++) { /* what was left behind makes room */
		CU_ASSERT_TRUE(add(pool, again, 0, SMPP_SUBMIT_SM, i, i + 200, 0));
	}
	CU_ASSERT_FALSE(add(pool, again, 0, SMPP_SUBMIT_SM, 7, 300, 0));
	CU_ASSERT_EQUAL(smpp_pending_count(pool), 8);
	CU_ASSERT_EQUAL(take(pool, again, 1, RESP(SMPP_SUBMIT_SM), 3), 203);
	CU_ASSERT_EQUAL(take(pool, b, 1, RESP(SMPP_SUBMIT_SM), 1), 101);
	smpp_session_close(pool, b);
	smpp_session_close(pool, again);
	CU_ASSERT_EQUAL(smpp_pending_count(pool), 0);
	CU_ASSERT_PTR_NOT_NULL(smpp_session_open(pool));
	CU_ASSERT_PTR_NOT_NULL(smpp_session_open(pool));
	free(pool);
}

enum { MODEL_SESSIONS = 3, MODEL_MAX = 24 };

/* One entry of the plain model: a list in order of arrival. */
struct model {
	int session; /* -1: gone */
	unsigned direction;
	uint32_t sequence;
	uint64_t id;
};

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* Random adds, takes and closes against a list that is searched from its oldest entry. */
static void test_model(void)
{
	static struct model list[60000];
	struct smpp_sessions *pool = pool_new(MODEL_SESSIONS, MODEL_MAX);
	struct smpp_session *s[MODEL_SESSIONS];
	size_t n = 0;
	size_t live = 0;
	uint32_t random = 1;

	for (int i = 0; i < MODEL_SESSIONS; i++) {
		s[i] = smpp_session_open(pool);
	}
	for (uint64_t step = 1; step < 60000; step++) {
		uint32_t what = random_next(&random) % 100;
		int k = (int)(random_next(&random) % MODEL_SESSIONS);
		unsigned direction = random_next(&random) % 2;
		uint32_t sequence = random_next(&random) % 6;

		if (what < 50) {
			bool added = add(pool, s[k], direction, SMPP_DATA_SM, sequence, step, 0);

			CU_ASSERT_EQUAL(added, live < MODEL_MAX);
			if (added) {
				list[n++] = (struct model){ k, direction, sequence, step };
				live++;
			}
		} else if (what < 98) {
			uint64_t want = 0;

			for (size_t i = n > 600 ? n - 600 : 0; i < n && want == 0; i++) {
				if (list[i].session == k && list[i].direction == direction &&
					list[i].sequence == sequence) {
					want = list[i].id;
					list[i].session = -1;
					live--;
				}
			}
			CU_ASSERT_EQUAL(
				take(pool, s[k], !direction, RESP(SMPP_DATA_SM), sequence), want);
		} else {
			for (size_t i = 0; i < n; i++) {
				live -= list[i].session == k;
				list[i].session = list[i].session == k ? -1 : list[i].session;
			}
			smpp_session_close(pool, s[k]);
			s[k] = smpp_session_open(pool);
		}
		CU_ASSERT_EQUAL(smpp_pending_count(pool), live);
	}
	free(pool);
}

UNIT_MAIN("proto/smpp_session", { "life", test_life }, { "roles", test_roles },
	{ "joined_late", test_joined_late }, { "names", test_names }, { "pending", test_pending },
	{ "pending_full", test_pending_full }, { "close", test_close }, { "model", test_model })
