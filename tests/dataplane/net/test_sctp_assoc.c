/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp_assoc.h"

#include <stdlib.h>

#include "tests/dataplane/net/sctp_packet.h"
#include "tests/support/unit.h"

enum { ASSOCS = 16, BLOCKS = 256, BE = SCTP_BEGIN | SCTP_END, TAG_A = 0xAAAA, TAG_B = 0xBBBB };

/* One worker's table. The chunks of the next packet are in `w`; every packet leaves at once. */
struct rig {
	struct sctp_assocs *t;
	struct sctp_journal j;
	struct stats stats;
	struct tcp_config config;
	struct frame frame;
	struct sctp_found found;
	uint64_t now_us;
	uint64_t n_frames;
	struct writer w;
	uint8_t chunks[1800];
	uint8_t octets[2048];
	void *memory[2];
};

static struct rig rig;

static struct rig *rig_new(void)
{
	struct rig *r = &rig;

	memset(r, 0, sizeof(*r));
	r->memory[0] = aligned_alloc(64, (sctp_assocs_size(ASSOCS) + 63) / 64 * 64);
	r->memory[1] = aligned_alloc(64, (sctp_journal_size(BLOCKS) + 63) / 64 * 64);
	r->t = sctp_assocs_init(r->memory[0], ASSOCS, 3);
	sctp_journal_init(&r->j, r->memory[1], BLOCKS, 3);
	r->config = (struct tcp_config){ .history_us = 1000000, .enforce = true };
	r->now_us = 1000000;
	r->w = writer_of(r->chunks, sizeof(r->chunks));
	return r;
}

static void rig_remove(struct rig *r, struct sctp_assoc *a)
{
	sctp_close(&a->direction[0], 0, &r->j, &r->stats);
	sctp_close(&a->direction[1], 1, &r->j, &r->stats);
	sctp_assocs_remove(r->t, a);
}

static void rig_close(struct rig *r)
{
	struct sctp_assoc *a;
	uint32_t position = 0;

	while ((a = sctp_assocs_next(r->t, &position)) != NULL) {
		rig_remove(r, a);
	}
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 0);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS);
	free(r->memory[0]);
	free(r->memory[1]);
}

/* rig_send: the chunks that were put, from 192.0.2.`from` to `to`, as a packet through the table. */
static struct sctp_assoc *rig_send(struct rig *r, uint8_t from, uint8_t to, uint16_t source,
	uint16_t target, uint32_t tag, bool bad)
{
	const struct sctp_ends ends = { from, to, source, target, tag, false, bad };
	struct sctp_packet p;
	struct frame_list out = { .head = NULL };
	struct sctp_direction *d;
	struct sctp_message m;
	struct sctp_assoc *a;

	sctp_packet_make(&ends, r->chunks, &r->w, r->octets, sizeof(r->octets), &r->frame);
	r->w = writer_of(r->chunks, sizeof(r->chunks));
	r->frame.time_us = r->now_us;
	r->frame.number = ++r->n_frames;
	sctp_read_packet(&r->frame, &p, &r->stats);
	sctp_assocs_find(r->t, &r->frame, &p, &r->j, &r->stats, &r->found);
	a = r->found.assoc;
	if (a != NULL) {
		d = &a->direction[r->found.side];
		(void)sctp_receive(d, &a->direction[1 - r->found.side], &r->frame, &p, &r->config,
			&r->j, &r->stats);
		while (sctp_next_message(d, &m, NULL)) {
			sctp_consume(d, &m, R_judged, 0, &r->stats);
		}
		sctp_leave(d, true, r->now_us, &r->config, &r->j, &r->stats, &out);
		CU_ASSERT_EQUAL(out.count, 1);
	}
	if (r->found.gone != NULL) {
		rig_remove(r, r->found.gone);
	}
	return a;
}

/* The client A is .1 port 5000, the server B is .2 port 2905. */
static struct sctp_assoc *from_a(struct rig *r, uint32_t tag)
{
	return rig_send(r, 1, 2, 5000, 2905, tag, false);
}

static struct sctp_assoc *from_b(struct rig *r, uint32_t tag)
{
	return rig_send(r, 2, 1, 2905, 5000, tag, false);
}

static void put_text(struct rig *r, uint32_t tsn, const char *s)
{
	put_data(&r->w, tsn, 0, 0, BE, 3, bytes_str(s));
}

static void put_start(
	struct rig *r, uint8_t type, uint32_t tag, uint32_t tsn, struct bytes parameters)
{
	put_init(&r->w, type, tag, 10, 5, tsn, parameters);
}

/* The handshake of RFC 9260 5.1, with these tags. A chooses TAG_A: packets of B carry it. */
static struct sctp_assoc *handshake(struct rig *r, uint32_t tag_a, uint32_t tag_b)
{
	const struct bytes none = { NULL, 0 };
	struct sctp_assoc *a;

	put_start(r, SCTP_INIT, tag_a, 100, none);
	a = from_a(r, 0);
	put_start(r, SCTP_INIT_ACK, tag_b, 200, none);
	CU_ASSERT_PTR_EQUAL(from_b(r, tag_a), a);
	put_chunk(&r->w, SCTP_COOKIE_ECHO, 0, bytes_str("cookie"));
	CU_ASSERT_PTR_EQUAL(from_a(r, tag_b), a);
	CU_ASSERT_EQUAL(a->state, SCTP_HALF);
	put_chunk(&r->w, SCTP_COOKIE_ACK, 0, none);
	CU_ASSERT_PTR_EQUAL(from_b(r, tag_a), a);
	CU_ASSERT_EQUAL(a->state, SCTP_OPEN);
	return a;
}

static void a_handshake_opens(void)
{
	static const uint8_t parameters[] = { 0, 5, 0, 8, 192, 0, 2, 11, 0x80, 8, 0, 7, 64, 15,
		0xC1, 0 };
	struct rig *r = rig_new();
	struct sctp_assoc *a;

	put_start(r, SCTP_INIT, TAG_A, 100, bytes_of(parameters, sizeof(parameters)));
	a = from_a(r, 0);
	CU_ASSERT_FATAL(a != NULL);
	CU_ASSERT(r->found.opened && r->found.side == 0);
	put_start(r, SCTP_INIT, TAG_A, 100, bytes_of(parameters, sizeof(parameters)));
	CU_ASSERT_PTR_EQUAL(from_a(r, 0), a); /* T1: sent again */
	CU_ASSERT_FALSE(r->found.opened);
	put_start(r, SCTP_INIT_ACK, TAG_B, 200, bytes_of(parameters + 8, 8));
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a);
	CU_ASSERT_EQUAL(r->found.side, 1);
	CU_ASSERT(a->interleaving && a->authentication);
	CU_ASSERT_EQUAL(a->direction[0].n_streams, 5);
	put_chunk(&r->w, SCTP_COOKIE_ECHO, 0, bytes_str("c"));
	put_text(r, 100, "with the cookie");
	CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), a);
	CU_ASSERT_EQUAL(a->state, SCTP_HALF);
	put_chunk(&r->w, SCTP_COOKIE_ACK, 0, bytes_of(NULL, 0));
	put_sack(&r->w, 100);
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a);
	CU_ASSERT_EQUAL(a->state, SCTP_OPEN);
	CU_ASSERT(a->direction[0].acked && a->direction[0].cum == 100);
	CU_ASSERT_EQUAL(a->n_addresses[0], 2); /* .1 and .11 */
	CU_ASSERT_EQUAL(a->n_addresses[1], 1);
	CU_ASSERT_EQUAL(a->n_paths, 1);
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 1);
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_judged], 15);
	CU_ASSERT_FALSE(a->joined);
	rig_close(r);
}

static void wrong_tags_are_not_believed(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *a = handshake(r, TAG_A, TAG_B);
	static const struct {
		uint8_t type;
		uint8_t flags;
		uint32_t tag;
	} rows[] = { { SCTP_ABORT, 0, 0x1234 }, { SCTP_ABORT, 1, 0x1234 }, { SCTP_ABORT, 0, TAG_A },
		{ SCTP_ABORT, 1, TAG_B }, { SCTP_SHUTDOWN_COMPLETE, 0, TAG_A },
		{ SCTP_SHUTDOWN_COMPLETE, 1, TAG_B }, { SCTP_ABORT, 0, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_chunk(&r->w, rows[i].type, rows[i].flags, bytes_of(NULL, 0));
		CU_ASSERT_PTR_NULL(from_a(r, rows[i].tag));
		CU_ASSERT_EQUAL(r->found.reason, R_sctp_wrong_tag);
		CU_ASSERT_EQUAL(a->state, SCTP_OPEN);
	}
	put_text(r, 101, "forged");
	CU_ASSERT_PTR_NULL(from_a(r, 0x1234));
	CU_ASSERT_EQUAL(r->found.reason, R_sctp_wrong_tag);
	put_text(r, 101, "forged");
	CU_ASSERT_PTR_NULL(from_a(r, 0));
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_data_tag], 1);
	put_text(r, 101, "genuine");
	CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), a);
	CU_ASSERT_EQUAL(r->stats.ledger.octets[0][R_judged], 7);
	put_sack(&r->w, 101);
	CU_ASSERT_PTR_EQUAL(rig_send(r, 2, 1, 2905, 5000, TAG_A, true), a); /* bad checksum */
	CU_ASSERT_EQUAL(a->direction[0].n_entries, 1);
	put_chunk(&r->w, SCTP_ABORT, 0, bytes_of(NULL, 0));
	CU_ASSERT_PTR_EQUAL(rig_send(r, 2, 1, 2905, 5000, TAG_A, true), a);
	CU_ASSERT_EQUAL(a->state, SCTP_OPEN);
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 1);
	rig_close(r);
}

/* RFC 9260 8.5.1: which tag an ABORT and a SHUTDOWN COMPLETE carry, with and without the T bit. */
static void associations_end(void)
{
	static const struct {
		uint8_t type;
		uint8_t flags;
		bool by_a;
		uint32_t tag;
	} rows[] = { { SCTP_ABORT, 0, true, TAG_B }, { SCTP_ABORT, 1, true, TAG_A },
		{ SCTP_ABORT, 0, false, TAG_A }, { SCTP_ABORT, 1, false, TAG_B },
		{ SCTP_SHUTDOWN_COMPLETE, 0, true, TAG_B },
		{ SCTP_SHUTDOWN_COMPLETE, 1, false, TAG_B } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *r = rig_new();
		struct sctp_assoc *a = handshake(r, TAG_A, TAG_B);
		uint8_t value[4] = { 0 };

		put_chunk(&r->w, SCTP_SHUTDOWN, 0, bytes_of(value, 4));
		CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), a);
		CU_ASSERT_EQUAL(a->state, SCTP_CLOSING);
		put_chunk(&r->w, rows[i].type, rows[i].flags, bytes_of(NULL, 0));
		CU_ASSERT_PTR_EQUAL(
			rows[i].by_a ? from_a(r, rows[i].tag) : from_b(r, rows[i].tag), a);
		CU_ASSERT_EQUAL(r->found.side, rows[i].by_a ? 0 : 1);
		CU_ASSERT(r->found.closed && a->state == SCTP_OVER);
		CU_ASSERT(a->direction[0].ended && a->direction[1].ended);
		CU_ASSERT_FALSE(sctp_assocs_idle(a, r->now_us + LIMIT_SCTP_LINGER_US - 1, 1));
		CU_ASSERT(sctp_assocs_idle(a, r->now_us + LIMIT_SCTP_LINGER_US, 1));
		put_text(r, 101, "a late one");
		CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), a);
		CU_ASSERT_EQUAL(a->state, SCTP_OVER);
		r->now_us += 1000001;
		put_text(r, 102, "it lives on: the end was forged");
		CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), a);
		CU_ASSERT(a->state == SCTP_OPEN && !a->direction[0].ended);
		rig_close(r);
	}
}

/* RFC 9260 5.2, RFC 5062 4: an INIT alone takes nobody's place. */
static void a_restart_needs_its_handshake(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *old = handshake(r, TAG_A, TAG_B);
	struct sctp_assoc *other;

	put_start(r, SCTP_INIT, 0xFACE, 1000, bytes_of(NULL, 0));
	other = from_a(r, 0);
	CU_ASSERT(other != NULL && other != old);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_new_init], 1);
	put_text(r, 101, "still here");
	CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), old);
	put_start(r, SCTP_INIT_ACK, 0xBABE, 2000, bytes_of(NULL, 0));
	CU_ASSERT_PTR_EQUAL(from_b(r, 0xFACE), other);
	put_text(r, 102, "still here");
	CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), old);
	CU_ASSERT_EQUAL(old->state, SCTP_OPEN);
	put_chunk(&r->w, SCTP_COOKIE_ECHO, 0, bytes_str("c"));
	CU_ASSERT_PTR_EQUAL(from_a(r, 0xBABE), other);
	CU_ASSERT_EQUAL(old->state, SCTP_OPEN);
	put_chunk(&r->w, SCTP_COOKIE_ACK, 0, bytes_of(NULL, 0));
	CU_ASSERT_PTR_EQUAL(from_b(r, 0xFACE), other);
	CU_ASSERT_EQUAL(other->state, SCTP_OPEN);
	CU_ASSERT(old->state == SCTP_OVER && old->restarted && old->direction[0].ended);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_restart], 1);
	rig_close(r);
}

static void both_ends_send_an_init(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *a;

	put_start(r, SCTP_INIT, TAG_A, 100, bytes_of(NULL, 0));
	a = from_a(r, 0);
	put_start(r, SCTP_INIT, TAG_B, 200, bytes_of(NULL, 0));
	CU_ASSERT_PTR_NOT_EQUAL(from_b(r, 0), a);
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 2);
	put_start(r, SCTP_INIT_ACK, TAG_B, 200, bytes_of(NULL, 0)); /* 5.2.1: the same tag */
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a);
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 1);
	put_start(r, SCTP_INIT_ACK, TAG_A, 100, bytes_of(NULL, 0));
	CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), a);
	put_chunk(&r->w, SCTP_COOKIE_ECHO, 0, bytes_str("c"));
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a);
	put_chunk(&r->w, SCTP_COOKIE_ACK, 0, bytes_of(NULL, 0));
	CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), a);
	CU_ASSERT_EQUAL(a->state, SCTP_OPEN);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_restart], 0);
	rig_close(r);
}

static void the_cookie_says_which_init_ack_counts(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *a;

	put_start(r, SCTP_INIT, TAG_A, 100, bytes_of(NULL, 0));
	a = from_a(r, 0);
	put_start(r, SCTP_INIT_ACK, 0xB1, 200, bytes_of(NULL, 0));
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a);
	put_start(r, SCTP_INIT_ACK, 0xB2, 200, bytes_of(NULL, 0)); /* of the INIT sent again */
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a);
	CU_ASSERT_EQUAL(a->tag[0], 0xB2);
	put_chunk(&r->w, SCTP_COOKIE_ECHO, 0, bytes_str("c"));
	put_text(r, 100, "hello");
	CU_ASSERT_PTR_EQUAL(from_a(r, 0xB1), a);
	CU_ASSERT_EQUAL(a->tag[0], 0xB1);
	put_start(r, SCTP_INIT_ACK, 0xB3, 200, bytes_of(NULL, 0));
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a);
	CU_ASSERT_EQUAL(a->tag[0], 0xB1);
	put_start(r, SCTP_INIT_ACK, 0, 200, bytes_of(NULL, 0));
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_init_body], 1);
	put_start(r, SCTP_INIT, 0, 200, bytes_of(NULL, 0));
	CU_ASSERT_PTR_NULL(from_a(r, 0));
	CU_ASSERT_EQUAL(r->found.reason, R_no_connection);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_init_body], 2);
	rig_close(r);
}

/* research/reliability.md 3: one association over 4 path pairs, heartbeats on new paths. */
static void paths_meet(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *a = handshake(r, TAG_A, TAG_B);

	for (unsigned i = 0; i < 2; i++) {
		for (unsigned k = 0; k < 2; k++) {
			uint8_t left = (uint8_t)(1 + 10 * i);
			uint8_t right = (uint8_t)(2 + 10 * k);

			put_chunk(&r->w, SCTP_HEARTBEAT, 0, bytes_str("x"));
			CU_ASSERT_PTR_EQUAL(rig_send(r, left, right, 5000, 2905, TAG_B, false), a);
			put_chunk(&r->w, SCTP_HEARTBEAT_ACK, 0, bytes_str("x"));
			CU_ASSERT_PTR_EQUAL(rig_send(r, right, left, 2905, 5000, TAG_A, false), a);
			CU_ASSERT_EQUAL(r->found.side, 1);
		}
	}
	CU_ASSERT_EQUAL(a->n_paths, 4);
	CU_ASSERT(a->n_addresses[0] == 2 && a->n_addresses[1] == 2);
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 1);
	put_text(r, 101, "one");
	CU_ASSERT_PTR_EQUAL(rig_send(r, 11, 2, 5000, 2905, TAG_B, false), a);
	put_sack(&r->w, 101);
	CU_ASSERT_PTR_EQUAL(rig_send(r, 12, 1, 2905, 5000, TAG_A, false), a);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS); /* acknowledged on another path */
	for (uint8_t i = 20; i < 27; i++) {
		put_chunk(&r->w, SCTP_HEARTBEAT, 0, bytes_str("x"));
		CU_ASSERT_PTR_EQUAL(rig_send(r, i, 2, 5000, 2905, TAG_B, false), a);
	}
	CU_ASSERT_EQUAL(a->n_addresses[0], LIMIT_SCTP_ADDRESSES);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_addresses], 1);
	rig_close(r);
}

static void put_change(struct rig *r, uint8_t kind, uint8_t last)
{
	uint8_t value[] = { 0, 0, 0, 1, 0, 5, 0, 8, 192, 0, 2, 1, 0xC0, kind, 0, 16, 0, 0, 0, 1, 0,
		5, 0, 8, 192, 0, 2, last };

	if (last == 0) {
		memset(value + 24, 0, 4);
	}
	put_chunk(&r->w, SCTP_ASCONF, 0, bytes_of(value, sizeof(value)));
}

static void addresses_come_and_go(void)
{
	enum { ADD = 1, DELETE = 2 };
	struct rig *r = rig_new();
	struct sctp_assoc *a = handshake(r, TAG_A, TAG_B);

	put_change(r, ADD, 33);
	CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), a);
	CU_ASSERT_EQUAL(a->n_addresses[0], 2);
	CU_ASSERT_EQUAL(a->address[0][1][15], 33);
	put_text(r, 101, "x");
	(void)rig_send(r, 33, 2, 5000, 2905, TAG_B, false);
	CU_ASSERT_EQUAL(a->n_paths, 2);
	put_change(r, DELETE, 1); /* asked from the new one */
	CU_ASSERT_PTR_EQUAL(rig_send(r, 33, 2, 5000, 2905, TAG_B, false), a);
	CU_ASSERT_EQUAL(a->n_addresses[0], 1);
	CU_ASSERT_EQUAL(a->address[0][0][15], 33);
	CU_ASSERT(a->n_paths == 1 && a->paths == 1);
	put_change(r, DELETE, 33);
	CU_ASSERT_PTR_EQUAL(rig_send(r, 33, 2, 5000, 2905, TAG_B, false), a);
	CU_ASSERT_EQUAL(a->n_addresses[0], 1); /* RFC 5061 4.2.2: not its own source */
	put_change(r, ADD, 0);
	CU_ASSERT_PTR_EQUAL(rig_send(r, 44, 2, 5000, 2905, TAG_B, false), a);
	put_change(r, ADD, 45);
	CU_ASSERT_PTR_EQUAL(rig_send(r, 44, 2, 5000, 2905, TAG_B, false), a);
	CU_ASSERT_EQUAL(a->n_addresses[0], 3);
	put_change(r, DELETE, 0); /* all others */
	CU_ASSERT_PTR_EQUAL(rig_send(r, 44, 2, 5000, 2905, TAG_B, false), a);
	CU_ASSERT(a->n_addresses[0] == 1 && a->address[0][0][15] == 44);
	put_chunk(&r->w, SCTP_ASCONF, 0, bytes_str("abc"));
	CU_ASSERT_PTR_EQUAL(rig_send(r, 44, 2, 5000, 2905, TAG_B, false), a);
	CU_ASSERT_EQUAL(r->stats.reason[R_sctp_asconf], 1);
	put_change(r, ADD, 66);
	CU_ASSERT_PTR_NULL(from_a(r, 0x666)); /* RFC 5062 5: without the tag, nothing */
	CU_ASSERT_EQUAL(a->n_addresses[0], 1);
	rig_close(r);
}

static void joined_mid_life(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *a;
	struct sctp_assoc *b;

	put_text(r, 500, "hello");
	a = from_a(r, TAG_B);
	CU_ASSERT_FATAL(a != NULL && r->found.opened);
	CU_ASSERT(a->joined && a->state == SCTP_OPEN && !a->tag_known[1]);
	put_text(r, 900, "no proof");
	b = from_b(r, TAG_A);
	CU_ASSERT_FATAL(b != NULL && b != a);
	put_sack(&r->w, 70000); /* of something else */
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), b);
	put_sack(&r->w, 500u - 4097u);
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), b);
	put_sack(&r->w, 500 + 4097);
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), b);
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 2);
	put_sack(&r->w, 500);
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a); /* it counts what A sends: they are one */
	CU_ASSERT(r->found.side == 1 && r->found.gone == b && !r->found.opened);
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 1);
	CU_ASSERT_EQUAL(a->direction[0].n_entries, 0);
	CU_ASSERT_EQUAL(a->direction[1].n_entries, 1); /* B's message has moved here */
	put_sack(&r->w, 900);
	CU_ASSERT_PTR_EQUAL(from_a(r, TAG_B), a);
	CU_ASSERT_EQUAL(r->j.n_free, BLOCKS);
	put_text(r, 501, "forged");
	CU_ASSERT_PTR_NULL(from_a(r, 0x1234));
	rig_close(r);
}

static void joined_by_its_acknowledgement(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *a;

	put_text(r, 500, "hello");
	a = from_a(r, TAG_B);
	put_sack(&r->w, 499);
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a); /* at once */
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 1);
	rig_close(r);

	r = rig_new();
	put_sack(&r->w, 899); /* only acknowledges; then the other sends that */
	a = from_a(r, TAG_B);
	put_text(r, 899u - 4097u, "of something else");
	CU_ASSERT_PTR_NOT_EQUAL(rig_send(r, 2, 1, 2905, 5000, 0x77, false), a);
	put_text(r, 900, "hello");
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), a);
	CU_ASSERT_EQUAL(r->found.side, 1);
	rig_close(r);
}

static void what_opens_no_association(void)
{
	struct rig *r = rig_new();

	put_chunk(&r->w, SCTP_ABORT, 0, bytes_of(NULL, 0));
	CU_ASSERT_PTR_NULL(from_a(r, 5));
	CU_ASSERT_EQUAL(r->found.reason, R_no_connection);
	put_text(r, 1, "x");
	CU_ASSERT_PTR_NULL(rig_send(r, 1, 2, 5000, 2905, 5, true));
	CU_ASSERT_EQUAL(r->found.reason, R_bad_checksum);
	put_start(r, SCTP_INIT, TAG_A, 100, bytes_of(NULL, 0));
	CU_ASSERT_PTR_NULL(rig_send(r, 1, 2, 5000, 2905, 0, true));
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), 0);
	rig_close(r);
}

static void an_association_that_was_silent_may_have_restarted(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *a = handshake(r, TAG_A, TAG_B);

	r->now_us += LIMIT_SCTP_DOUBT_US - 1;
	put_text(r, 1, "x");
	CU_ASSERT_PTR_NULL(from_a(r, 0x1234));
	r->now_us += 1;
	put_text(r, 1, "x");
	CU_ASSERT_PTR_NOT_NULL(from_a(r, 0x1234));
	CU_ASSERT_EQUAL(a->state, SCTP_OPEN);
	CU_ASSERT_FALSE(sctp_assocs_idle(a, r->now_us, LIMIT_SCTP_DOUBT_US + 1));
	CU_ASSERT(sctp_assocs_idle(a, r->now_us, LIMIT_SCTP_DOUBT_US));
	rig_close(r);
}

/* Ports and tags are the same, the addresses are not. */
static void associations_with_one_tag(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *first;
	struct sctp_assoc *second;

	put_start(r, SCTP_INIT, TAG_A, 100, bytes_of(NULL, 0));
	first = from_a(r, 0);
	put_start(r, SCTP_INIT, TAG_A, 100, bytes_of(NULL, 0));
	second = rig_send(r, 7, 8, 5000, 2905, 0, false);
	CU_ASSERT(first != second && second != NULL);
	put_chunk(&r->w, SCTP_HEARTBEAT, 0, bytes_str("x"));
	CU_ASSERT_PTR_EQUAL(from_b(r, TAG_A), first);
	put_chunk(&r->w, SCTP_HEARTBEAT, 0, bytes_str("x"));
	CU_ASSERT_PTR_EQUAL(rig_send(r, 8, 7, 2905, 5000, TAG_A, false), second);
	rig_close(r);
}

static void equal_ports(void)
{
	struct rig *r = rig_new();
	struct sctp_assoc *a;

	put_start(r, SCTP_INIT, TAG_A, 100, bytes_of(NULL, 0));
	a = rig_send(r, 2, 1, 2905, 2905, 0, false); /* the higher address begins */
	put_start(r, SCTP_INIT_ACK, TAG_B, 200, bytes_of(NULL, 0));
	CU_ASSERT_PTR_EQUAL(rig_send(r, 1, 2, 2905, 2905, TAG_A, false), a);
	put_chunk(&r->w, SCTP_COOKIE_ECHO, 0, bytes_str("x"));
	CU_ASSERT_PTR_EQUAL(rig_send(r, 2, 1, 2905, 2905, TAG_B, false), a);
	CU_ASSERT_EQUAL(r->found.side, 0);
	put_text(r, 200, "x");
	CU_ASSERT_PTR_EQUAL(rig_send(r, 1, 2, 2905, 2905, TAG_A, false), a);
	CU_ASSERT_EQUAL(r->found.side, 1);
	put_text(r, 101, "with the tag of the other direction");
	CU_ASSERT_PTR_NULL(rig_send(r, 2, 1, 2905, 2905, TAG_A, false));
	CU_ASSERT_EQUAL(r->found.reason, R_sctp_wrong_tag);
	rig_close(r);
}

static void a_full_table(void)
{
	struct rig *r = rig_new();
	uint32_t n = 0;

	/* half-open ones take a quarter and one; while they are young nobody gives way */
	for (uint32_t i = 0; i < ASSOCS; i++) {
		put_start(r, SCTP_INIT, 1000 + i, 100, bytes_of(NULL, 0));
		n += rig_send(r, 3, 4, (uint16_t)(6000 + i), 2905, 0, false) != NULL ? 1 : 0;
	}
	CU_ASSERT_EQUAL(n, ASSOCS / 4 + 1);
	CU_ASSERT_EQUAL(r->found.reason, R_flow_table_full);
	r->now_us += 1000000;
	put_start(r, SCTP_INIT, 2000, 100, bytes_of(NULL, 0));
	CU_ASSERT_PTR_NOT_NULL(rig_send(r, 3, 4, 7000, 2905, 0, false));
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), ASSOCS / 4 + 1);
	for (uint32_t i = 0; i < ASSOCS; i++) {
		put_text(r, 1, "x");
		(void)rig_send(r, 3, 4, (uint16_t)(8000 + i), 2905, 5, false);
	}
	r->now_us += 2000000;
	for (uint32_t i = 0; i < ASSOCS; i++) { /* each try clears one half-open away */
		put_text(r, 2, "x");
		(void)rig_send(r, 3, 4, (uint16_t)(8000 + i), 2905, 5, false);
	}
	CU_ASSERT_EQUAL(sctp_assocs_count(r->t), ASSOCS);
	put_text(r, 1, "x");
	CU_ASSERT_PTR_NULL(from_a(r, TAG_B));
	CU_ASSERT_EQUAL(r->found.reason, R_flow_table_full);
	rig_close(r);
}

UNIT_MAIN("sctp_assoc", { "a handshake opens", a_handshake_opens },
	{ "wrong tags", wrong_tags_are_not_believed }, { "associations end", associations_end },
	{ "a restart needs its handshake", a_restart_needs_its_handshake },
	{ "both ends send an INIT", both_ends_send_an_init },
	{ "which INIT ACK counts", the_cookie_says_which_init_ack_counts },
	{ "paths meet", paths_meet }, { "ASCONF", addresses_come_and_go },
	{ "joined mid-life", joined_mid_life },
	{ "joined by its acknowledgement", joined_by_its_acknowledgement },
	{ "what opens no association", what_opens_no_association },
	{ "a silent association", an_association_that_was_silent_may_have_restarted },
	{ "one tag twice", associations_with_one_tag }, { "equal ports", equal_ports },
	{ "a full table", a_full_table })
