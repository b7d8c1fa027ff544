/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/fragments.h"

#include <stdlib.h>

#include "tests/dataplane/net/packet.h"
#include "tests/support/unit.h"

#define PIECES 32u

static uint8_t whole[4096];
static uint8_t octets[PIECES][2048];
static struct frame pieces[PIECES];
static struct stats stats;
static struct frame_list out;
static struct frame original;

static const struct fragments_config config = { .datagrams_max = 4,
	.per_source_max = 3,
	.frames_max = 24,
	.timeout_us = 2000000,
	.checksums = CHECKSUM_VERIFY };

static _Alignas(64) uint8_t memory[600000];

static struct fragments *table(void)
{
	memset(&stats, 0, sizeof(stats));
	out = (struct frame_list){ 0 };
	CU_ASSERT_TRUE_FATAL(fragments_size(&config) <= sizeof(memory));
	memset(memory, 0, sizeof(memory));
	return fragments_init(memory, &config);
}

/* The packet that is cut: TCP with 95 octets of payload, so the last fragment ends inside a unit. */
static void make_whole(int ip, bool from_server)
{
	static uint8_t text[95];
	const struct packet_spec spec = { .ip = ip,
		.n_tags = 1,
		.from_server = from_server,
		.seq = 7,
		.flags = TCP_ACK,
		.payload = { text, sizeof(text) } };

	for (unsigned i = 0; i < sizeof(text); i++) {
		text[i] = (uint8_t)('A' + i % 26);
	}
	packet_make(&spec, whole, sizeof(whole), &original);
	frame_decode(&original, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL_FATAL(original.kind, FRAME_TCP);
}

/* cut: piece `n`: octets [from, to) of the IP payload (115 octets), as a frame of its own. */
static struct frame *cut(unsigned n, uint16_t id, uint32_t from, uint32_t to)
{
	struct frame *f = &pieces[n];
	uint8_t *data = octets[n];
	uint32_t l4 = original.l4_off;
	bool more = to < original.len - l4;
	uint32_t put = l4;

	memcpy(data, whole, l4);
	if (original.ip_version == 4) {
		uint8_t *ip = data + original.l3_off;

		put_be16(ip + 2, (uint16_t)(20 + to - from));
		put_be16(ip + 4, id);
		put_be16(ip + 6, (uint16_t)((more ? 0x2000 : 0) | from / 8));
		put_be16(ip + 10, 0);
		put_be16(ip + 10, (uint16_t)~packet_sum(0, ip, 20));
	} else {
		uint8_t *ip = data + original.l3_off;

		put_be16(ip + 4, (uint16_t)(8 + to - from));
		ip[6] = 44;
		data[l4] = 6;
		data[l4 + 1] = 0;
		put_be16(data + l4 + 2, (uint16_t)(from | (more ? 1u : 0)));
		put_be32(data + l4 + 4, id);
		put += 8;
	}
	memcpy(data + put, whole + l4 + from, to - from);
	*f = (struct frame){ .data = data,
		.len = put + to - from,
		.wire_len = put + to - from,
		.number = n + 1,
		.time_us = 1000 + n };
	frame_decode(f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL_FATAL(f->kind, FRAME_FRAGMENT);
	CU_ASSERT_EQUAL_FATAL(f->reason, R_none);
	return f;
}

static struct frame *add(struct fragments *t, struct frame *f)
{
	return fragments_add(t, f, true, &stats, &out);
}

static bool is_original(const struct frame *g)
{
	return g->gathered && g->kind == FRAME_TCP && g->reason == R_none && g->seq == 7 &&
	       bytes_equal(frame_payload(g), frame_payload(&original)) &&
	       memcmp(&g->key, &original.key, sizeof(g->key)) == 0;
}

static uint64_t ledger(void)
{
	return stats.ledger.octets[0][R_ip_fragment];
}

/* Four pieces in all 24 orders, IPv4 and IPv6; they leave as they came. */
static void test_orders(void)
{
	static const uint32_t cuts[5] = { 0, 8, 40, 104, 115 };

	for (unsigned order = 0; order < 2 * 256; order++) {
		unsigned at[4] = { order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3 };
		struct fragments *t;
		struct frame *g = NULL;
		struct frame *f;

		if ((1u << at[0] | 1u << at[1] | 1u << at[2] | 1u << at[3]) != 15) {
			continue;
		}
		t = table();
		make_whole(order < 256 ? 4 : 6, order % 3 == 0);
		for (unsigned i = 0; i < 4; i++) {
			CU_ASSERT_PTR_NULL_FATAL(g);
			g = add(t, cut(i, 9, cuts[at[i]], cuts[at[i] + 1]));
			CU_ASSERT_EQUAL(fragments_held(t), i + 1);
		}
		CU_ASSERT_PTR_NOT_NULL_FATAL(g);
		CU_ASSERT_TRUE(is_original(g));
		CU_ASSERT_EQUAL(g->number, 4);
		CU_ASSERT_PTR_EQUAL(g->fragments, &pieces[0]);
		CU_ASSERT_EQUAL(out.count, 0);
		fragments_scatter(t, g, &out);
		CU_ASSERT_EQUAL(out.count, 4);
		for (unsigned i = 0; i < 4; i++) {
			f = frame_list_take(&out);
			CU_ASSERT_PTR_EQUAL(f, &pieces[i]);
			CU_ASSERT_EQUAL(f->edited, 0);
			CU_ASSERT_EQUAL(f->time_us, 1003);
			CU_ASSERT_EQUAL(
				memcmp(f->data + f->payload_off,
					whole + original.l4_off + cuts[at[i]], f->payload_len),
				0);
		}
		CU_ASSERT_EQUAL(fragments_held(t), 0);
		CU_ASSERT_EQUAL(ledger(), 0);
	}
}

static void test_edit_is_written_back(void)
{
	for (int ip = 4; ip <= 6; ip += 2) {
		struct fragments *t = table();
		struct frame *g;
		uint8_t ip_header[40];

		make_whole(ip, false);
		(void)add(t, cut(0, 9, 64, 115));
		memcpy(ip_header, octets[0] + original.l3_off, 20);
		g = add(t, cut(1, 9, 0, 64));
		CU_ASSERT_PTR_NOT_NULL_FATAL(g);
		memset(g->data + g->payload_off + 30, '#', 40);
		g->edited = 1;
		frame_mend_checksums(g);
		fragments_scatter(t, g, &out);
		CU_ASSERT_EQUAL(pieces[0].edited + pieces[1].edited, 2);
		CU_ASSERT_EQUAL(memcmp(ip_header, octets[0] + original.l3_off, 20), 0);
		/* gathered anew, the checksum holds and the octets are the edited ones */
		out = (struct frame_list){ 0 };
		frame_decode(&pieces[0], CHECKSUM_VERIFY, false);
		frame_decode(&pieces[1], CHECKSUM_VERIFY, false);
		(void)add(t, &pieces[0]);
		g = add(t, &pieces[1]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(g);
		CU_ASSERT_EQUAL(g->reason, R_none);
		CU_ASSERT_EQUAL(frame_payload(g).data[30], '#');
		CU_ASSERT_EQUAL(frame_payload(g).data[69], '#');
		CU_ASSERT_EQUAL(
			frame_payload(g).data[70], original.data[original.payload_off + 70]);
		fragments_scatter(t, g, &out);
	}
}

static void test_overlaps(void)
{
	struct fragments *t = table();
	struct frame *g;

	make_whole(4, false);
	(void)add(t, cut(0, 9, 0, 64));
	(void)add(t, cut(1, 9, 0, 64)); /* the first fragment again */
	(void)add(t, cut(2, 9, 32, 80));
	CU_ASSERT_EQUAL(stats.reason[R_fragment_overlap], 0);
	(void)cut(3, 9, 56, 104);
	memcpy(octets[3] + pieces[3].payload_off, "EVIL OCTETS", 11);
	(void)add(t, &pieces[3]);
	CU_ASSERT_EQUAL(stats.reason[R_fragment_overlap], 1);
	g = add(t, cut(4, 9, 96, 115));
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_TRUE(is_original(g));
	fragments_scatter(t, g, &out);
	CU_ASSERT_EQUAL(out.count, 5);
	/* whichever copy a receiver takes, it gets the one that was judged */
	CU_ASSERT_EQUAL(
		memcmp(octets[3] + pieces[3].payload_off, whole + original.l4_off + 56, 48), 0);
	CU_ASSERT_EQUAL(pieces[3].edited, 1);
	CU_ASSERT_EQUAL(
		pieces[0].edited + pieces[1].edited + pieces[2].edited + pieces[4].edited, 0);
}

static void test_ends_disagree(void)
{
	struct fragments *t = table();

	make_whole(4, false);
	(void)add(t, cut(0, 9, 64, 115));
	(void)cut(1, 9, 104, 112);
	put_be16(octets[1] + original.l3_off + 6, 0x2000 | 120 / 8); /* behind the end */
	put_be16(octets[1] + original.l3_off + 10, 0);
	put_be16(octets[1] + original.l3_off + 10,
		(uint16_t)~packet_sum(0, octets[1] + original.l3_off, 20));
	(void)add(t, &pieces[1]);
	CU_ASSERT_EQUAL(out.count, 2);
	CU_ASSERT_PTR_EQUAL(out.head, &pieces[0]);
	CU_ASSERT_EQUAL(pieces[0].reason, R_fragment_overlap);
	CU_ASSERT_EQUAL(fragments_held(t), 0);
	CU_ASSERT_EQUAL(ledger(), 51 + 8);
	CU_ASSERT_EQUAL(stats.ledger.forwarded[0], 51 + 8);
}

static void test_tiny(void)
{
	struct fragments *t = table();
	struct frame *g = NULL;

	make_whole(4, false);
	for (uint32_t at = 0; at < 115; at += 8) {
		CU_ASSERT_PTR_NULL_FATAL(g);
		g = add(t, cut(at / 8, 9, at, at + 8 < 115 ? at + 8 : 115));
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_TRUE(is_original(g));
	CU_ASSERT_EQUAL(fragments_held(t), 15);
	fragments_scatter(t, g, &out);
	CU_ASSERT_EQUAL(out.count, 15);
}

static void test_timeout(void)
{
	struct fragments *t = table();

	make_whole(6, false);
	(void)add(t, cut(0, 9, 0, 64));
	(void)add(t, cut(1, 10, 0, 64));
	pieces[1].time_us = 500000;
	fragments_expire(t, 1000 + 1999999, &stats, &out);
	CU_ASSERT_EQUAL(out.count, 0);
	fragments_expire(t, 1000 + 2000000, &stats, &out);
	CU_ASSERT_EQUAL(out.count, 1);
	CU_ASSERT_EQUAL(pieces[0].reason, R_fragment_timeout);
	CU_ASSERT_EQUAL(pieces[0].time_us, 1000 + 2000000);
	CU_ASSERT_EQUAL(ledger(), 64);
	CU_ASSERT_PTR_NULL(add(t, cut(2, 9, 64, 115))); /* its first half is gone */
	fragments_expire(t, UINT64_MAX, &stats, &out);
	CU_ASSERT_EQUAL(out.count, 3);
	CU_ASSERT_EQUAL(pieces[1].time_us, 500000);
	CU_ASSERT_EQUAL(fragments_held(t), 0);
	CU_ASSERT_EQUAL(stats.reason[R_fragment_timeout], 3);
}

static void test_ceilings(void)
{
	struct fragments *t = table();

	make_whole(4, false);
	for (unsigned i = 0; i < 4; i++) {
		(void)add(t, cut(i, (uint16_t)i, 0, 64));
	}
	CU_ASSERT_EQUAL(out.count, 1); /* three from one source */
	CU_ASSERT_EQUAL(pieces[3].reason, R_fragment_full);
	make_whole(4, true);
	(void)add(t, cut(4, 1, 0, 64));
	CU_ASSERT_EQUAL(out.count, 1);
	(void)add(t, cut(5, 2, 0, 64)); /* four datagrams in all */
	CU_ASSERT_EQUAL(out.count, 2);
	for (unsigned i = 6; i < 6 + 20; i++) {
		(void)add(t, cut(i, 1, 0, 64));
	}
	CU_ASSERT_EQUAL(fragments_held(t), 24);
	(void)add(t, cut(26, 1, 0, 64));
	CU_ASSERT_EQUAL(fragments_held(t), 24);
	CU_ASSERT_EQUAL(pieces[26].reason, R_fragment_full);
	fragments_expire(t, UINT64_MAX, &stats, &out);
	CU_ASSERT_EQUAL(out.count, 27);
	CU_ASSERT_EQUAL(ledger(), 27 * 64);
}

static void test_monitor(void)
{
	struct fragments *t = table();
	struct frame *g;

	make_whole(4, false);
	CU_ASSERT_PTR_NULL(fragments_add(t, cut(0, 9, 64, 115), false, &stats, &out));
	CU_ASSERT_EQUAL(out.count, 1);
	g = fragments_add(t, cut(1, 9, 0, 64), false, &stats, &out);
	CU_ASSERT_EQUAL(out.count, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_TRUE(is_original(g));
	CU_ASSERT_PTR_NULL(g->fragments);
	fragments_scatter(t, g, &out);
	CU_ASSERT_EQUAL(out.count, 2);
	CU_ASSERT_EQUAL(ledger(), 0);
	(void)fragments_add(t, cut(2, 10, 0, 64), false, &stats, &out);
	fragments_expire(t, UINT64_MAX, &stats, &out);
	CU_ASSERT_EQUAL(out.count, 3);
	CU_ASSERT_EQUAL(ledger(), 64);
	CU_ASSERT_EQUAL(stats.counter[STAT_frames_held], 0);
}

static void test_not_for_us(void)
{
	struct fragments *t = table();

	make_whole(4, false);
	(void)cut(0, 9, 0, 64);
	octets[0][original.l3_off + 9] = 17;
	frame_decode(&pieces[0], CHECKSUM_TRUST, false);
	CU_ASSERT_PTR_NULL(add(t, &pieces[0]));
	CU_ASSERT_EQUAL(pieces[0].reason, R_other_protocol);
	CU_ASSERT_EQUAL(ledger(), 0);
	(void)cut(1, 9, 0, 64);
	pieces[1].reason = R_bad_checksum;
	CU_ASSERT_PTR_NULL(add(t, &pieces[1]));
	CU_ASSERT_EQUAL(out.count, 2);
	CU_ASSERT_EQUAL(fragments_held(t), 0);
}

/* Noise in the fragment fields: every frame leaves once, nothing is read or written outside. */
static void test_noise(void)
{
	struct fragments *t = table();
	uint64_t taken = 0;

	srand(11);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned n = round % PIECES;
		uint8_t *ip = octets[n] + 18;
		struct frame *g;

		if (n == 0) {
			fragments_expire(t, UINT64_MAX, &stats, &out);
			CU_ASSERT_EQUAL_FATAL(out.count, taken);
			out = (struct frame_list){ 0 };
			taken = 0;
		}
		make_whole(rand() % 2 == 0 ? 4 : 6, false);
		(void)cut(n, (uint16_t)(rand() % 2), 8u * ((unsigned)rand() % 8),
			64 + 8u * ((unsigned)rand() % 6));
		if (rand() % 3 == 0) {
			uint8_t *field = original.ip_version == 4 ? ip + 6 : ip + 42;

			put_be16(field, (uint16_t)rand());
		}
		frame_decode(&pieces[n], CHECKSUM_TRUST, false);
		if (pieces[n].kind != FRAME_FRAGMENT) {
			continue;
		}
		taken++;
		g = add(t, &pieces[n]);
		if (g != NULL) {
			g->edited = rand() % 2 == 0;
			fragments_scatter(t, g, &out);
		}
	}
}

UNIT_MAIN("net/fragments", { "orders", test_orders },
	{ "an edit is written back", test_edit_is_written_back }, { "overlaps", test_overlaps },
	{ "ends disagree", test_ends_disagree }, { "tiny", test_tiny }, { "timeout", test_timeout },
	{ "ceilings", test_ceilings }, { "monitor", test_monitor },
	{ "not for us", test_not_for_us }, { "noise", test_noise })
