/* SPDX-License-Identifier: BSD-3-Clause */
/* pipeline_case: what the tests of the pipeline's cases share: a session, two texts, the end of a test. */
#ifndef SMSWALL_TESTS_PIPELINE_CASE_H
#define SMSWALL_TESTS_PIPELINE_CASE_H

#include <stdlib.h>

#include "dataplane/proto/smpp.h"
#include "dataplane/verdict/answer.h"
#include "dataplane/verdict/breaker.h"
#include "tests/support/lab.h"
#include "tests/support/unit.h"

#define CASE_RULES "spam:/buy cheap pills/i\n"
#define CASE_CLEAN "see you at seven by the old bridge"
#define CASE_SPAM  "Buy cheap pills now, no questions"
#define CASE_ISN   0xFFFFFF80u /* the client's numbers wrap early */

enum { CASE_SERVER_ISN = 500 };

static inline bool case_holds(struct bytes b, const char *text)
{
	return memmem(b.data, b.len, text, strlen(text)) != NULL;
}

/* case_left_with: a frame left with `text` in it. */
static inline bool case_left_with(const struct lab *lab, const char *text)
{
	for (unsigned i = 0; i < lab->n_out; i++) {
		if (case_holds(lab->out[i].payload, text)) {
			return true;
		}
	}
	return false;
}

static inline const struct lab_out *case_last(const struct lab *lab)
{
	return &lab->out[lab->n_out - 1];
}

/* case_all_left: every frame that was sent has left. */
static inline bool case_all_left(const struct lab *lab)
{
	return lab->n_out - lab->n_ours == lab->n_sent;
}

static inline uint64_t case_reason(const struct lab *lab, enum reason why)
{
	return pipeline_stats(lab->pipeline)->reason[why];
}

static inline uint64_t case_link(const struct lab *lab, enum stats_link_counter c)
{
	return pipeline_stats(lab->pipeline)->link[0][c];
}

static inline void case_finish(struct lab *lab)
{
	lab_end(lab);
	CU_ASSERT_TRUE(case_all_left(lab));
	CU_ASSERT_TRUE(lab_ledger_adds_up(lab));
	for (unsigned i = 0; i < lab->n_out; i++) {
		CU_ASSERT_TRUE(lab->out[i].checksum_right);
	}
	CU_ASSERT_EQUAL(pipeline_gauges(lab->pipeline).stream_chunks_used, 0);
	lab_destroy(lab);
}

static inline void case_open(struct lab *lab)
{
	lab_connect(lab, CASE_ISN, CASE_SERVER_ISN);
	lab_bind(lab, "acme");
}

/* case_session: a bound session; `live`: SACK, timestamps, and frames for acknowledgements of our own. */
static inline struct lab *case_session(bool live)
{
	struct lab *lab = lab_create(CASE_RULES, LINK_ENFORCE);

	if (live) {
		lab_live(lab);
	}
	case_open(lab);
	return lab;
}

/* case_answer: the SMSC's answer to `sequence`: an error is 16 octets long, an acceptance has a message_id. */
static inline void case_answer(struct lab *lab, uint32_t sequence, uint32_t status)
{
	uint8_t pdu[64];
	size_t len = lab_pdu(pdu, sizeof(pdu), SMPP_SUBMIT_SM | SMPP_RESPONSE, status, sequence,
		status == 0 ? bytes_of("id42", 5) : bytes_of(NULL, 0));

	lab_say(lab, false, bytes_of(pdu, len));
}

static inline void case_submit(struct lab *lab, uint32_t sequence, const char *text)
{
	uint8_t pdu[512];
	size_t len = lab_submit(pdu, sizeof(pdu), sequence, text);

	lab_say(lab, true, bytes_of(pdu, len));
}

#endif
