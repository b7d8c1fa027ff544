/* SPDX-License-Identifier: BSD-3-Clause */
/* tcp_rig: a connection under test without a pipeline: frames in, frames out, both directions. */
#ifndef SMSWALL_TESTS_TCP_RIG_H
#define SMSWALL_TESTS_TCP_RIG_H

#include "dataplane/net/tcp.h"
#include "tests/dataplane/net/packet.h"
#include "tests/support/unit.h"

#define POOL_CHUNKS 800u
#define FRAMES      4096u
#define FRAME_SIZE  400u
static struct stream_chunk chunks[POOL_CHUNKS];
static uint8_t octets[FRAMES][FRAME_SIZE];
static struct frame frames[FRAMES];

/* A connection under test: a[0] is the client's direction. What has left is in `out`. */
struct rig {
	struct tcp_direction d[2];
	struct stream_pool pool;
	struct tcp_config config;
	struct stats stats;
	struct frame_list out;
	uint64_t now_us;
	uint64_t payload[2];
	uint32_t n_frames;
};

static struct rig rig;

static inline struct rig *rig_new(bool enforce)
{
	memset(&rig, 0, sizeof(rig));
	stream_pool_init(&rig.pool, chunks, POOL_CHUNKS);
	rig.config = (struct tcp_config){ .hold_us = 20000,
		.history_us = 1000000,
		.release_on_retransmit = true,
		.enforce = enforce };
	rig.now_us = 1000000;
	return &rig;
}

static inline struct frame *rig_make(
	struct rig *r, unsigned side, uint32_t seq, uint32_t ack, uint8_t flags, struct bytes data)
{
	const struct packet_spec spec = { .ip = 4,
		.from_server = side == 1,
		.seq = seq,
		.ack = ack,
		.flags = flags,
		.payload = data,
		.urgent = (flags & TCP_URG) != 0 ? 1 : 0 };
	struct frame *f = &frames[r->n_frames];

	packet_make(&spec, octets[r->n_frames], FRAME_SIZE, f);
	f->time_us = r->now_us;
	f->number = ++r->n_frames;
	frame_decode(f, CHECKSUM_VERIFY, false);
	f->direction = (uint8_t)side;
	r->payload[side] += f->payload_len;
	return f;
}

static inline enum tcp_received rig_take(struct rig *r, unsigned side, struct frame *f)
{
	return tcp_receive(&r->d[side], &r->d[1 - side], f, &r->config, &r->pool, &r->stats);
}

static inline enum tcp_received rig_send(
	struct rig *r, unsigned side, uint32_t seq, uint32_t ack, uint8_t flags, const char *s)
{
	return rig_take(r, side, rig_make(r, side, seq, ack, flags, bytes_str(s)));
}

static inline uint32_t rig_leave(struct rig *r, unsigned side, bool all)
{
	uint32_t before = r->out.count;

	tcp_leave(&r->d[side], all ? TCP_LEAVE_ALL : TCP_LEAVE_JUDGED, r->now_us, &r->config,
		&r->pool, &r->stats, &r->out);
	return r->out.count - before;
}

static inline void rig_open(struct rig *r, uint32_t isn0, uint32_t isn1)
{
	(void)rig_send(r, 0, isn0, 0, TCP_SYN, "");
	(void)rig_leave(r, 0, false);
	(void)rig_send(r, 1, isn1, isn0 + 1, TCP_SYN | TCP_ACK, "");
	(void)rig_leave(r, 1, false);
	(void)rig_send(r, 0, isn0 + 1, isn1 + 1, TCP_ACK, "");
	(void)rig_leave(r, 0, false);
}

static inline bool rig_skip(struct rig *r)
{
	return tcp_skip_gap(&r->d[0], &r->d[1], 0, &r->config, &r->pool, &r->stats);
}

static inline bool rig_peek_is(struct rig *r, unsigned side, const char *s)
{
	uint8_t scratch[256];
	size_t n = tcp_ready(&r->d[side]);

	return n == strlen(s) && bytes_equal(tcp_peek(&r->d[side], 0, n, scratch), bytes_str(s));
}

static inline void rig_consume(struct rig *r, unsigned side, size_t len)
{
	tcp_consume(&r->d[side], len, R_judged, side, &r->stats);
}

/* rig_close: ends both directions; the ledger must add up and all memory be back. */
static inline void rig_close(struct rig *r)
{
	for (unsigned side = 0; side < 2; side++) {
		uint64_t sum = 0;

		(void)rig_leave(r, side, true);
		tcp_close(&r->d[side], side, &r->pool, &r->stats);
		for (unsigned i = 0; i < R_COUNT; i++) {
			sum += r->stats.ledger.octets[side][i];
		}
		CU_ASSERT_EQUAL(sum, r->payload[side]);
	}
	CU_ASSERT_EQUAL(r->pool.n_free, POOL_CHUNKS);
	CU_ASSERT_EQUAL(r->out.count, r->n_frames);
}

static inline uint64_t ledger(const struct rig *r, unsigned side, enum reason why)
{
	return r->stats.ledger.octets[side][why];
}

static inline struct bytes out_payload(const struct rig *r, uint32_t number)
{
	(void)r;
	return frame_payload(&frames[number - 1]);
}

#endif
