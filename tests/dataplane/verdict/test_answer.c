/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/answer.h"
#include "tests/support/unit.h"

static void test_table(void)
{
	/* research/inline-blocking.md 2.2: only an error, or a bare header, is overwritten */
	static const struct {
		const char *what;
		uint32_t command;
		uint32_t length, status; /* the answer */
		uint32_t wanted;         /* pending->status */
		bool force;
		enum answer_outcome outcome;
	} cases[] = {
		{ "not refused, accepted", SMPP_SUBMIT_SM | SMPP_RESPONSE, 25, 0, 0, false,
			ANSWER_KEEP },
		{ "not refused, refused by the SMSC", SMPP_SUBMIT_SM | SMPP_RESPONSE, 16, 0x0B, 0,
			false, ANSWER_KEEP },
		{ "not refused, force means nothing", SMPP_SUBMIT_SM | SMPP_RESPONSE, 25, 0, 0,
			true, ANSWER_KEEP },
		{ "self_reject worked", SMPP_SUBMIT_SM | SMPP_RESPONSE, 16, 0x0B, 0x45, false,
			ANSWER_REWRITE },
		{ "an error with an empty message_id", SMPP_SUBMIT_SM | SMPP_RESPONSE, 17, 0x0B,
			0x45, false, ANSWER_REWRITE },
		{ "accepted without a message_id", SMPP_SUBMIT_SM | SMPP_RESPONSE, 16, 0, 0x45,
			false, ANSWER_REWRITE },
		{ "accepted", SMPP_SUBMIT_SM | SMPP_RESPONSE, 25, 0, 0x45, false, ANSWER_ACCEPTED },
		{ "accepted, empty message_id", SMPP_DATA_SM | SMPP_RESPONSE, 17, 0, 0x45, false,
			ANSWER_ACCEPTED },
		{ "accepted, forced", SMPP_SUBMIT_SM | SMPP_RESPONSE, 25, 0, 0x45, true,
			ANSWER_FORCED },
		{ "forced, but an error already", SMPP_SUBMIT_SM | SMPP_RESPONSE, 30, 0x58, 0x45,
			true, ANSWER_REWRITE },
		{ "generic_nack", SMPP_GENERIC_NACK, 16, 3, 0x45, false, ANSWER_REWRITE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smpp_header h = { cases[i].length, cases[i].command, cases[i].status, 7 };
		struct smpp_pending p = {
			.sequence = 7, .status = cases[i].wanted, .force = cases[i].force
		};

		if (answer_decide(&h, &p) != cases[i].outcome) {
			CU_FAIL(cases[i].what);
			printf("%s\n", cases[i].what);
		}
	}
}

UNIT_MAIN("verdict/answer", { "table", test_table })
