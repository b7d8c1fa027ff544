/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/tcp_ack.h"

#include "tests/dataplane/net/packet.h"
#include "tests/support/unit.h"

enum { FRAME_SIZE = 400 };

/* RFC 7323 appendix A, RFC 2018 2, RFC 7323 2.2. */
static const uint8_t SYN_OPTIONS[] = { 2, 4, 5, 0xB4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3,
	7 };

static struct tcp_end end_of_syn(void)
{
	struct tcp_end e = { 0 };

	tcp_end_note_syn(&e, bytes_of(SYN_OPTIONS, sizeof(SYN_OPTIONS)));
	return e;
}

static void say(struct tcp_end *e, const struct packet_spec *spec, uint32_t ts_value,
	uint32_t ts_echo, bool in_order)
{
	static uint8_t octets[FRAME_SIZE];
	uint8_t options[12] = { 1, 1, 8, 10 };
	struct packet_spec s = *spec;
	struct frame f;

	put_be32(options + 4, ts_value);
	put_be32(options + 8, ts_echo);
	s.tcp_options = bytes_of(options, sizeof(options));
	packet_make(&s, octets, sizeof(octets), &f);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL_FATAL(f.kind, FRAME_TCP);
	CU_ASSERT_EQUAL(tcp_timestamp(&f), (size_t)f.l4_off + 24);
	tcp_end_note(e, &f, in_order);
}

static void test_syn_options(void)
{
	struct tcp_end e = end_of_syn();
	struct tcp_end none = { 0 };

	CU_ASSERT_TRUE(e.sack_permitted && e.timestamps && e.scaled);
	CU_ASSERT_EQUAL(e.window_scale, 7);
	tcp_end_note_syn(&none, bytes_of(SYN_OPTIONS, 4)); /* a segment size alone */
	CU_ASSERT_FALSE(none.sack_permitted || none.timestamps || none.scaled);
	tcp_end_note_syn(&none, bytes_of("\x03\x03\xFF\x04", 4)); /* 255 is 14; the last is cut */
	CU_ASSERT_EQUAL(none.window_scale, 14);
	CU_ASSERT_FALSE(none.sack_permitted);
}

static void test_what_was_said(void)
{
	struct tcp_end e = end_of_syn();
	const struct packet_spec first = { .ip = 4, .ack = 1000, .flags = TCP_ACK };
	const struct packet_spec newer = { .ip = 4, .ack = 1500, .flags = TCP_ACK };
	const struct packet_spec syn = { .ip = 4, .ack = 900, .flags = TCP_SYN | TCP_ACK };
	const struct packet_spec reset = { .ip = 4, .ack = 7, .flags = TCP_RST | TCP_ACK };

	say(&e, &syn, 10, 1, true);
	CU_ASSERT_FALSE(e.said); /* its window is not scaled: no pattern for what comes after */
	CU_ASSERT_EQUAL(e.ts_value, 10);
	say(&e, &newer, 12, 5, true);
	say(&e, &first, 11, 4, false); /* overtaken on the way */
	say(&e, &reset, 99, 9, false);
	CU_ASSERT_EQUAL(e.ack, 1500);
	CU_ASSERT_EQUAL(e.window, 64000);
	CU_ASSERT_EQUAL(e.ts_value, 12);
	CU_ASSERT_EQUAL(e.ts_echo, 5);
	say(&e, &newer, 20, 6, false);
	CU_ASSERT_EQUAL(e.ts_value, 20);
	CU_ASSERT_EQUAL(e.ts_ordered, 12); /* what its receiver took up */
	CU_ASSERT_EQUAL(e.ts_echo, 6);
}

static void test_window(void)
{
	struct tcp_end e = { .ack = 1000, .window = 100, .window_scale = 4, .scaled = true };
	struct tcp_end other = { .scaled = true };

	CU_ASSERT_EQUAL(tcp_end_window(&e, &other), 2600);
	other.scaled = false; /* RFC 7323 2.2: both or none */
	CU_ASSERT_EQUAL(tcp_end_window(&e, &other), 1100);
}

static bool blocks_are(const struct tcp_blocks *b, uint32_t n, const uint32_t edges[][2])
{
	for (uint32_t i = 0; i < n && i < b->n; i++) {
		if (b->at[i].from != edges[i][0] || b->at[i].to != edges[i][1]) {
			return false;
		}
	}
	return b->n == n;
}

/* RFC 2018 4: the first block holds the newest octets, then the blocks told before. */
static void test_blocks(void)
{
	struct tcp_blocks b = { .n = 0 };

	tcp_blocks_add(&b, 200, 300);
	tcp_blocks_add(&b, 400, 500);
	tcp_blocks_add(&b, 600, 700);
	CU_ASSERT_TRUE(blocks_are(
		&b, 3, (const uint32_t[][2]){ { 600, 700 }, { 400, 500 }, { 200, 300 } }));
	tcp_blocks_add(&b, 300, 350); /* touches the oldest */
	CU_ASSERT_TRUE(blocks_are(
		&b, 3, (const uint32_t[][2]){ { 200, 350 }, { 600, 700 }, { 400, 500 } }));
	tcp_blocks_add(&b, 800, 900); /* no room for the oldest */
	CU_ASSERT_TRUE(blocks_are(
		&b, 3, (const uint32_t[][2]){ { 800, 900 }, { 200, 350 }, { 600, 700 } }));
	tcp_blocks_add(&b, 340, 650); /* joins two */
	CU_ASSERT_TRUE(blocks_are(&b, 2, (const uint32_t[][2]){ { 200, 700 }, { 800, 900 } }));
	tcp_blocks_forget(&b, 700);
	CU_ASSERT_TRUE(blocks_are(&b, 1, (const uint32_t[][2]){ { 800, 900 } }));
	b.n = 0;
	tcp_blocks_add(&b, 0xFFFFFFF0u, 16); /* over the wrap */
	tcp_blocks_add(&b, 16, 20);
	CU_ASSERT_TRUE(blocks_are(&b, 1, (const uint32_t[][2]){ { 0xFFFFFFF0u, 20 } }));
}

static const struct tcp_blocks TWO = { .at = { { 3000, 3100 }, { 2000, 2500 } }, .n = 2 };

/* The octets, field by field, over tags, both IP versions, with and without timestamps. */
static void test_octets(void)
{
	static const struct {
		int ip;
		unsigned n_tags;
		bool timestamps;
	} cases[] = { { 4, 0, true }, { 4, 0, false }, { 4, 2, true }, { 6, 0, true },
		{ 6, 1, false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct packet_spec spec = { .ip = cases[i].ip,
			.n_tags = cases[i].n_tags,
			.from_server = true,
			.seq = 7000,
			.ack = 1000,
			.flags = TCP_ACK,
			.payload = bytes_str("an answer") };
		struct tcp_end receiver = end_of_syn();
		struct tcp_end sender = end_of_syn();
		uint8_t octets[TCP_ACK_LEN_MAX];
		struct frame f = { .data = octets };
		struct bytes o;

		sender.timestamps = cases[i].timestamps;
		say(&receiver, &spec, 77, 66, true);
		CU_ASSERT_TRUE_FATAL(tcp_ack_make(&receiver, &sender, 7009, &TWO, &f));
		frame_decode(&f, CHECKSUM_VERIFY, false);
		CU_ASSERT_EQUAL(f.reason, R_none); /* both sums are right */
		CU_ASSERT_EQUAL_FATAL(f.kind, FRAME_TCP);
		CU_ASSERT_EQUAL(f.ip_version, cases[i].ip);
		CU_ASSERT_EQUAL(f.l3_off, 14 + 4 * cases[i].n_tags);
		CU_ASSERT_EQUAL(f.len, f.l3_off + (cases[i].ip == 4 ? 20u : 40u) + 20 +
					       (cases[i].timestamps ? 12u : 0u) + 20);
		CU_ASSERT_EQUAL(f.payload_len, 0);
		CU_ASSERT_EQUAL(f.seq, 7009);
		CU_ASSERT_EQUAL(f.ack, 1000);
		CU_ASSERT_EQUAL(f.window, 64000);
		CU_ASSERT_EQUAL(f.tcp_flags, TCP_ACK);
		CU_ASSERT_EQUAL(be16(f.data + f.l4_off), 2775);
		CU_ASSERT_EQUAL(be16(f.data + f.l4_off + 2), 40000);
		o = frame_tcp_options(&f);
		if (cases[i].timestamps) {
			CU_ASSERT_EQUAL(be32(o.data), 0x0101080A);
			CU_ASSERT_EQUAL(be32(o.data + 4), 77);
			CU_ASSERT_EQUAL(be32(o.data + 8), 66);
			o = bytes_slice(o, 12, o.len);
		}
		CU_ASSERT_EQUAL(be32(o.data), 0x01010512); /* kind 5, 18 octets */
		CU_ASSERT_EQUAL(be32(o.data + 4), 3000);
		CU_ASSERT_EQUAL(be32(o.data + 8), 3100);
		CU_ASSERT_EQUAL(be32(o.data + 12), 2000);
		CU_ASSERT_EQUAL(be32(o.data + 16), 2500);
	}
}

static void test_conditions(void)
{
	const struct packet_spec spec = { .ip = 4, .ack = 1000, .flags = TCP_ACK };
	struct tcp_blocks at_ack = { .at = { { 1000, 1100 } }, .n = 1 };
	uint8_t octets[TCP_ACK_LEN_MAX];
	struct frame f = { .data = octets };
	struct tcp_end receiver = end_of_syn();
	struct tcp_end sender = end_of_syn();
	struct tcp_end silent = end_of_syn();
	struct tcp_end plain;

	say(&receiver, &spec, 1, 1, true);
	CU_ASSERT_TRUE(tcp_ack_make(&receiver, &sender, 1, &TWO, &f));
	CU_ASSERT_FALSE(tcp_ack_make(&silent, &sender, 1, &TWO, &f));
	/* never one at the acknowledgement: it reads as octets taken back */
	CU_ASSERT_FALSE(tcp_ack_make(&receiver, &sender, 1, &at_ack, &f));
	plain = receiver;
	plain.sack_permitted = false;
	CU_ASSERT_FALSE(tcp_ack_make(&plain, &sender, 1, &TWO, &f));
	plain = sender;
	plain.sack_permitted = false;
	CU_ASSERT_FALSE(tcp_ack_make(&receiver, &plain, 1, &TWO, &f));
}

/* A pure ACK is not ECN-capable (RFC 3168 6.1.4), whatever its pattern was; DSCP stays. */
static void test_no_ecn(void)
{
	struct tcp_end sender = end_of_syn();

	for (int ip = 4; ip <= 6; ip += 2) {
		const struct packet_spec spec = { .ip = ip, .ack = 1000, .flags = TCP_ACK };
		struct tcp_end receiver = end_of_syn();
		uint8_t octets[TCP_ACK_LEN_MAX];
		struct frame f = { .data = octets };

		say(&receiver, &spec, 1, 1, true);
		receiver.header[15] = ip == 4 ? 0xBA : 0xA1; /* EF, ECT(0) */
		CU_ASSERT_TRUE_FATAL(tcp_ack_make(&receiver, &sender, 1, &TWO, &f));
		CU_ASSERT_EQUAL(f.data[15], ip == 4 ? 0xB8 : 0x81);
	}
}

UNIT_MAIN("net/tcp_ack", { "options of a SYN", test_syn_options },
	{ "what an end said last", test_what_was_said }, { "window", test_window },
	{ "blocks", test_blocks }, { "octets", test_octets }, { "conditions", test_conditions },
	{ "no ECN", test_no_ecn })
