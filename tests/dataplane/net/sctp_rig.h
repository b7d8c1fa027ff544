/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sctp_rig: one association under test, by hand: packets in, messages and packets out. Included by
 * the test programs of the SCTP layer, one each.
 */
#ifndef SMSWALL_TESTS_SCTP_RIG_H
#define SMSWALL_TESTS_SCTP_RIG_H

#include <stdlib.h>

#include "dataplane/net/sctp_direction.h"
#include "tests/dataplane/net/sctp_packet.h"
#include "tests/support/unit.h"

enum {
	FRAMES = 4096,
	FRAME_SIZE = 2048,
	BLOCKS = 512,
	B = SCTP_BEGIN,
	E = SCTP_END,
	BE = SCTP_BEGIN | SCTP_END,
	U = SCTP_UNORDERED,
};

static uint8_t octets[FRAMES][FRAME_SIZE];
static uint8_t originals[FRAMES][FRAME_SIZE];
static struct frame frames[FRAMES];
static uint8_t scratch[LIMIT_SCTP_MESSAGE_LEN];

/* An association under test; d[0] is what the client sends. The chunks of the next packet are in `w`. */
struct rig {
	struct sctp_direction d[2];
	struct sctp_journal j;
	struct tcp_config config;
	struct stats stats;
	struct frame_list out;
	uint64_t now_us;
	uint64_t sent[2];
	uint32_t n_frames;
	uint8_t chunks[1800];
	struct writer w;
	struct sctp_ends ends;
	void *memory;
};

static struct rig rig;

static inline struct rig *rig_new_with(bool enforce, uint32_t n_blocks)
{
	struct rig *r = &rig;

	memset(r, 0, sizeof(*r));
	r->memory = aligned_alloc(64, (sctp_journal_size(n_blocks) + 63) / 64 * 64);
	sctp_journal_init(&r->j, r->memory, n_blocks, 5);
	r->config = (struct tcp_config){ .hold_us = 20000,
		.history_us = 1000000,
		.release_on_retransmit = true,
		.enforce = enforce };
	r->now_us = 1000000;
	r->w = writer_of(r->chunks, sizeof(r->chunks));
	r->ends = (struct sctp_ends){ 9, 200, 2905, 2905, 77, false, false };
	sctp_open(&r->d[0], &r->j);
	sctp_open(&r->d[1], &r->j);
	return r;
}

static inline struct rig *rig_new(bool enforce)
{
	return rig_new_with(enforce, BLOCKS);
}

/* rig_flush: the chunks that were put become a frame of this side. */
static inline struct frame *rig_flush(struct rig *r, unsigned side)
{
	struct frame *f = &frames[r->n_frames % FRAMES];
	struct sctp_packet p;

	sctp_packet_make(&r->ends, r->chunks, &r->w, octets[r->n_frames % FRAMES], FRAME_SIZE, f);
	memcpy(originals[r->n_frames % FRAMES], octets[r->n_frames % FRAMES], f->len);
	f->time_us = r->now_us;
	f->number = ++r->n_frames;
	f->direction = (uint8_t)side;
	r->w = writer_of(r->chunks, sizeof(r->chunks));
	sctp_read_packet(f, &p, &r->stats);
	r->sent[side] += f->user_len;
	(void)sctp_receive(&r->d[side], &r->d[1 - side], f, &p, &r->config, &r->j, &r->stats);
	return f;
}

static inline struct frame *rig_data(struct rig *r, uint32_t tsn, uint8_t flags, const char *s)
{
	put_data(&r->w, tsn, 1, 4, flags, 3, bytes_str(s));
	return rig_flush(r, 0);
}

static inline struct frame *rig_piece(
	struct rig *r, uint32_t tsn, uint32_t mid, uint8_t flags, uint32_t last, const char *s)
{
	put_i_data(&r->w, tsn, 1, mid, flags, last, bytes_str(s));
	return rig_flush(r, 0);
}

static inline void rig_ack(struct rig *r, uint32_t cum)
{
	put_sack(&r->w, cum);
	(void)rig_flush(r, 1);
	sctp_leave(&r->d[1], false, r->now_us, &r->config, &r->j, &r->stats, &r->out);
}

static inline uint32_t rig_leave(struct rig *r, bool all)
{
	uint32_t before = r->out.count;

	sctp_leave(&r->d[0], all, r->now_us, &r->config, &r->j, &r->stats, &r->out);
	return r->out.count - before;
}

/* rig_age: the time for which edited chunks are kept for late copies goes by. */
static inline void rig_age(struct rig *r)
{
	r->now_us += LIMIT_SCTP_KEPT_US;
	sctp_age(&r->d[0], r->now_us, &r->j);
	sctp_age(&r->d[1], r->now_us, &r->j);
}

/* rig_judge: the next message is `s` and is judged; NULL: there is none. */
static inline bool rig_judge(struct rig *r, const char *s)
{
	struct sctp_message m;

	if (!sctp_next_message(&r->d[0], &m, scratch)) {
		return s == NULL;
	}
	if (s == NULL || !bytes_equal(m.octets, bytes_str(s))) {
		return false;
	}
	sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
	return true;
}

static inline bool is_untouched(const struct frame *f)
{
	return memcmp(f->data, originals[(f->number - 1) % FRAMES], f->len) == 0;
}

static inline bool carries(const struct frame *f, const char *s)
{
	struct sctp_walk w = sctp_walk_of(f);
	struct sctp_chunk chunk;
	struct sctp_data data;

	while (sctp_next_chunk(&w, &chunk) == PARSE_OK) {
		if (sctp_is_data(chunk.type) && sctp_read_data(&chunk, &data) &&
			bytes_equal(data.user, bytes_str(s))) {
			return true;
		}
	}
	return false;
}

/* rig_close: the ledger must add up and all memory be back. */
static inline void rig_close(struct rig *r)
{
	for (unsigned side = 0; side < 2; side++) {
		uint64_t sum = 0;

		sctp_leave(&r->d[side], true, r->now_us, &r->config, &r->j, &r->stats, &r->out);
		sctp_close(&r->d[side], side, &r->j, &r->stats);
		for (unsigned i = 0; i < R_COUNT; i++) {
			sum += r->stats.ledger.octets[side][i];
		}
		CU_ASSERT_EQUAL(sum, r->sent[side]);
	}
	CU_ASSERT_EQUAL(r->j.n_free, r->j.n_blocks);
	free(r->memory);
}

static inline void an_edit(struct rig *r, const char *before, const char *after)
{
	struct sctp_message m;

	CU_ASSERT_FATAL(sctp_next_message(&r->d[0], &m, scratch));
	CU_ASSERT(bytes_equal(m.octets, bytes_str(before)));
	sctp_edit(&r->d[0], &m, 0, bytes_str(after));
	sctp_consume(&r->d[0], &m, R_judged, 0, &r->stats);
}

#endif
