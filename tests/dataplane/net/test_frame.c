/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/frame.h"

#include <stdlib.h>

#include "dataplane/base/crc32c.h"
#include "tests/dataplane/net/packet.h"
#include "tests/support/unit.h"

#define TEXT(s)                                     \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
#define OCTETS(...)                                                                        \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

/* Extension headers, RFC 8200 4: next header, length in units of 8 behind the first 8, content. */
#define HOP_BY_HOP(next)     (next), 0, 1, 4, 0, 0, 0, 0
#define DESTINATION_16(next) (next), 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define AH_12(next)          (next), 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1
#define ATOMIC(next)         (next), 0, 0, 0, 0, 0, 0, 7
#define FIRST_FRAGMENT(next) (next), 0, 0, 1, 0, 0, 0, 7

static uint8_t wire[2048];

static void make(const struct packet_spec *s, struct frame *f)
{
	packet_make(s, wire, sizeof(wire), f);
	f->reason = 99; /* what a used mbuf may hold */
	f->payload_len = 999;
	f->tcp_flags = 0xFF;
}

struct decode_case {
	const char *name;
	struct packet_spec spec;
	uint8_t kind;
	uint8_t reason;
	uint16_t l3_off;
	uint16_t payload_len;
};

static const struct decode_case decode_cases[] = {
	{ "ip4", { .ip = 4, .payload = TEXT("hello") }, FRAME_TCP, R_none, 14, 5 },
	{ "ip4 padded", { .ip = 4, .payload = TEXT("x"), .padding = 5 }, FRAME_TCP, R_none, 14, 1 },
	{ "ip4 options",
		{ .ip = 4, .ip_extra = OCTETS(1, 1, 1, 1, 1, 1, 1, 0), .payload = TEXT("odd") },
		FRAME_TCP, R_none, 14, 3 },
	{ "tcp options",
		{ .ip = 4,
			.tcp_options = OCTETS(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2),
			.payload = TEXT("abc") },
		FRAME_TCP, R_none, 14, 3 },
	{ "one tag", { .ip = 4, .n_tags = 1, .payload = TEXT("ab") }, FRAME_TCP, R_none, 18, 2 },
	{ "two tags", { .ip = 6, .n_tags = 2, .payload = TEXT("ab") }, FRAME_TCP, R_none, 22, 2 },
	{ "three tags", { .ip = 4, .n_tags = 3, .payload = TEXT("ab") }, FRAME_OTHER, R_vlan_depth,
		0, 0 },
	{ "ip6", { .ip = 6, .payload = TEXT("hello") }, FRAME_TCP, R_none, 14, 5 },
	{ "ip6 walked",
		{ .ip = 6,
			.ip6_first = 0,
			.payload = TEXT("ab"),
			.ip_extra =
				OCTETS(HOP_BY_HOP(60), DESTINATION_16(51), AH_12(44), ATOMIC(6)) },
		FRAME_TCP, R_none, 14, 2 },
	{ "ip6 fragment",
		{ .ip = 6,
			.ip6_first = 44,
			.ip_extra = OCTETS(FIRST_FRAGMENT(6)),
			.payload = TEXT("0123") },
		FRAME_FRAGMENT, R_none, 14, 24 },
	{ "ip6 mobility", { .ip = 6, .ip6_first = 135, .ip_extra = OCTETS(HOP_BY_HOP(6)) },
		FRAME_OTHER, R_ip6_extension, 14, 0 },
	{ "ip6 too many",
		{ .ip = 6,
			.ip6_first = 60,
			.ip_extra = OCTETS(HOP_BY_HOP(60), HOP_BY_HOP(60), HOP_BY_HOP(60),
				HOP_BY_HOP(60), HOP_BY_HOP(60), HOP_BY_HOP(60), HOP_BY_HOP(60),
				HOP_BY_HOP(60), HOP_BY_HOP(6)) },
		FRAME_OTHER, R_ip6_extension, 14, 0 },
	{ "ip6 no next", { .ip = 6, .protocol = 59 }, FRAME_OTHER, R_other_protocol, 14, 0 },
	{ "ip6 past end", { .ip = 6, .protocol = 60, .payload = TEXT("1234") }, FRAME_OTHER,
		R_ip_header, 14, 0 },
	{ "ip6 header past end",
		{ .ip = 6, .protocol = 60, .payload = OCTETS(6, 200, 0, 0, 0, 0, 0, 0) },
		FRAME_OTHER, R_tcp_header, 14, 0 },
	{ "esp", { .ip = 4, .protocol = 50, .payload = TEXT("secret") }, FRAME_OTHER,
		R_ip_encrypted, 14, 0 },
	{ "esp6", { .ip = 6, .protocol = 50, .payload = TEXT("secret") }, FRAME_OTHER,
		R_ip_encrypted, 14, 0 },
	{ "udp", { .ip = 4, .protocol = 17, .payload = TEXT("datagram") }, FRAME_OTHER,
		R_other_protocol, 14, 0 },
	{ "sctp short", { .ip = 4, .protocol = 132, .payload = TEXT("elevenoctet") }, FRAME_OTHER,
		R_sctp_header, 14, 0 },
	{ "sctp no checksum",
		{ .ip = 4,
			.protocol = 132,
			.payload = OCTETS(10, 0xD7, 10, 0xD8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 3, 0, 4) },
		FRAME_SCTP, R_none, 14, 4 },
	{ "sctp bad checksum",
		{ .ip = 6,
			.protocol = 132,
			.payload = OCTETS(10, 0xD7, 10, 0xD8, 0, 0, 0, 1, 1, 2, 3, 4, 0, 3, 0, 4) },
		FRAME_SCTP, R_bad_checksum, 14, 4 },
};

static void test_decode(void)
{
	for (size_t i = 0; i < sizeof(decode_cases) / sizeof(decode_cases[0]); i++) {
		const struct decode_case *c = &decode_cases[i];
		struct frame f;
		bool good;

		make(&c->spec, &f);
		frame_decode(&f, CHECKSUM_VERIFY, false);
		good = f.kind == c->kind && f.reason == c->reason && f.l3_off == c->l3_off &&
		       f.payload_len == c->payload_len && f.cut_len == 0;
		if (!good) {
			printf("%s: kind %u reason %u l3 %u payload %u\n", c->name, f.kind,
				f.reason, f.l3_off, f.payload_len);
		}
		CU_ASSERT_TRUE(good);
		CU_ASSERT_TRUE(
			f.kind != FRAME_TCP || bytes_equal(frame_payload(&f), c->spec.payload));
	}
}

static void test_tcp_fields(void)
{
	const struct packet_spec spec = { .ip = 4,
		.seq = 0xFFFFFFF0u,
		.ack = 77,
		.flags = TCP_PSH | TCP_ACK,
		.tcp_options = OCTETS(2, 4, 5, 180),
		.payload = TEXT("data") };
	struct packet_spec back = spec;
	struct flow_key key;
	struct frame f;

	make(&spec, &f);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.seq, 0xFFFFFFF0u);
	CU_ASSERT_EQUAL(f.ack, 77);
	CU_ASSERT_EQUAL(f.window, 64000);
	CU_ASSERT_EQUAL(f.tcp_flags, TCP_PSH | TCP_ACK);
	CU_ASSERT_TRUE(bytes_equal(frame_tcp_options(&f), spec.tcp_options));
	CU_ASSERT_EQUAL(f.from_lo, 1);
	CU_ASSERT_EQUAL(f.key.lo.port, 40000);
	CU_ASSERT_EQUAL(f.key.hi.port, 2775);
	CU_ASSERT_EQUAL(f.key.lo.address[10], 0xFF);
	CU_ASSERT_EQUAL(f.key.lo.address[15], 9);
	CU_ASSERT_EQUAL(f.key.protocol, 6);
	key = f.key;
	back.from_server = true;
	make(&back, &f);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.from_lo, 0);
	CU_ASSERT_EQUAL(memcmp(&f.key, &key, sizeof(key)), 0);
}

static void test_vlan_key(void)
{
	const struct packet_spec spec = { .ip = 4, .n_tags = 2 };
	struct frame f;

	make(&spec, &f);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.key.vlan, 0);
	frame_decode(&f, CHECKSUM_VERIFY, true);
	CU_ASSERT_EQUAL(f.key.vlan, 1 << 4 ^ 2);
}

static void test_checksums(void)
{
	const struct packet_spec spec = { .ip = 6, .payload = TEXT("payload!!") };
	const struct packet_spec spec4 = { .ip = 4, .payload = TEXT("payload!!") };
	struct frame f;

	make(&spec, &f);
	wire[70]++;
	frame_decode(&f, CHECKSUM_TRUST, false);
	CU_ASSERT_EQUAL(f.reason, R_none);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.kind, FRAME_TCP);
	CU_ASSERT_EQUAL(f.reason, R_bad_checksum);
	frame_mend_checksums(&f);
	CU_ASSERT_EQUAL(packet_l4_sum(wire + 14, wire + 54, 29), 0xFFFF);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_none);

	put_be16(wire + 54 + 16, (uint16_t)packet_l4_sum(wire + 14, NULL, 29));
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_offload_partial);
	put_be16(wire + 54 + 16, (uint16_t)packet_l4_sum(wire + 14, NULL, 0));
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_offload_partial);

	make(&spec4, &f);
	wire[14 + 8]--; /* TTL */
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_bad_checksum);
	frame_mend_ip4_header(&f);
	CU_ASSERT_EQUAL(packet_sum(0, wire + 14, 20), 0xFFFF);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_none);
	put_be16(wire + 14 + 10, 0);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_offload_partial);
}

static void test_sctp_checksum(void)
{
	const struct packet_spec spec = { .ip = 4,
		.protocol = 132,
		.payload = OCTETS(
			10, 0xD7, 10, 0xD8, 0, 0, 0, 1, 9, 9, 9, 9, 0, 3, 0, 5, 1, 0, 0, 0) };
	uint8_t *sctp = wire + 34;
	uint8_t zeroed[20];
	uint32_t crc;
	struct frame f;

	make(&spec, &f);
	frame_decode(&f, CHECKSUM_TRUST, false);
	frame_mend_checksums(&f);
	memcpy(zeroed, sctp, sizeof(zeroed));
	memset(zeroed + 8, 0, 4);
	crc = crc32c_add_portable(0, bytes_of(zeroed, sizeof(zeroed)));
	CU_ASSERT_EQUAL(sctp[8], crc & 0xFF);
	CU_ASSERT_EQUAL(sctp[11], crc >> 24);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_none);
	memset(sctp + 8, 0, 4); /* RFC 9653: stays 0 */
	frame_mend_checksums(&f);
	CU_ASSERT_EQUAL(be32(sctp + 8), 0);
}

static void test_truncated(void)
{
	const struct packet_spec spec = { .ip = 4, .payload = TEXT("0123456789") };
	struct frame f;

	for (uint32_t len = 0; len <= 64; len++) {
		make(&spec, &f);
		f.len = len;
		frame_decode(&f, CHECKSUM_VERIFY, false);
		CU_ASSERT_EQUAL(f.reason, len == 64 ? R_none : R_truncated);
		CU_ASSERT_EQUAL(f.kind, len >= 54 ? FRAME_TCP : FRAME_OTHER);
		CU_ASSERT_EQUAL(f.payload_len, len >= 54 ? len - 54 : 0);
		CU_ASSERT_EQUAL(f.cut_len, len >= 54 ? 64 - len : 0);
	}
	make(&spec, &f);
	f.len = f.wire_len =
		60; /* the reader does not know the length on the wire: the IP header does */
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_truncated);
	CU_ASSERT_EQUAL(f.payload_len, 6);
	CU_ASSERT_EQUAL(f.cut_len, 4);
}

static void test_malformed(void)
{
	static const struct {
		uint32_t at;
		uint8_t value;
		uint8_t reason;
	} cases[] = {
		{ 12, 0x12, R_other_ethertype },
		{ 14, 0x55, R_ip_header },
		{ 14, 0x44, R_ip_header },
		{ 17, 19, R_ip_header },
		{ 17, 39, R_tcp_header },
		{ 46, 0x40, R_tcp_header },
		{ 46, 0xF0, R_tcp_header },
	};
	const struct packet_spec spec = { .ip = 4, .payload = TEXT("0123456789") };
	struct frame f;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(&spec, &f);
		wire[cases[i].at] = cases[i].value;
		frame_decode(&f, CHECKSUM_TRUST, false);
		CU_ASSERT_EQUAL(f.kind, FRAME_OTHER);
		CU_ASSERT_EQUAL(f.reason, cases[i].reason);
	}
}

static void test_offload_length(void)
{
	const struct packet_spec spec = { .ip = 4, .payload = TEXT("0123456789") };
	const struct packet_spec spec6 = { .ip = 6, .payload = TEXT("0123456789") };
	struct frame f;

	make(&spec, &f);
	put_be16(wire + 16, 0);
	frame_decode(&f, CHECKSUM_TRUST, false);
	CU_ASSERT_EQUAL(f.kind, FRAME_TCP);
	CU_ASSERT_EQUAL(f.payload_len, 10);
	make(&spec6, &f);
	put_be16(wire + 18, 0);
	frame_decode(&f, CHECKSUM_TRUST, false);
	CU_ASSERT_EQUAL(f.kind, FRAME_TCP);
	CU_ASSERT_EQUAL(f.payload_len, 10);
}

static void test_clear_urgent(void)
{
	const struct packet_spec spec = {
		.ip = 4, .flags = TCP_ACK | TCP_URG, .urgent = 3, .payload = TEXT("urgent")
	};
	struct frame f;

	make(&spec, &f);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	frame_clear_urgent(&f);
	CU_ASSERT_EQUAL(f.tcp_flags, TCP_ACK);
	CU_ASSERT_EQUAL(f.edited, 1);
	frame_decode(&f, CHECKSUM_VERIFY, false);
	CU_ASSERT_EQUAL(f.reason, R_none);
	CU_ASSERT_EQUAL(f.tcp_flags, TCP_ACK);
	CU_ASSERT_EQUAL(be16(wire + 34 + 18), 0);
}

/* Whatever the octets, the offsets stay inside the frame (the sanitizers watch the reads). */
static void test_noise(void)
{
	const struct packet_spec spec = { .ip = 6,
		.n_tags = 1,
		.ip6_first = 0,
		.ip_extra = OCTETS(HOP_BY_HOP(44), ATOMIC(6)),
		.payload = TEXT("0123456789") };

	srand(7);
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t *data;
		struct frame f;
		unsigned n = (unsigned)rand() % 6;

		make(&spec, &f);
		for (unsigned k = 0; k < n; k++) {
			wire[12 + rand() % 100] = (uint8_t)rand();
		}
		f.len = rand() % 3 == 0 ? (uint32_t)rand() % (f.len + 1) : f.len;
		data = malloc(f.len + 1);
		memcpy(data, wire, f.len);
		f.data = data;
		frame_decode(&f, CHECKSUM_VERIFY, true);
		CU_ASSERT_TRUE_FATAL(f.payload_off + f.payload_len <= f.len);
		CU_ASSERT_TRUE_FATAL(f.kind != FRAME_OTHER || f.reason != R_none);
		if (f.kind == FRAME_TCP && f.cut_len == 0) {
			frame_mend_checksums(&f);
			(void)frame_tcp_options(&f);
		}
		free(data);
	}
}

UNIT_MAIN("net/frame", { "decode", test_decode }, { "TCP fields and key", test_tcp_fields },
	{ "VLAN in key", test_vlan_key }, { "checksums", test_checksums },
	{ "SCTP checksum", test_sctp_checksum }, { "truncated", test_truncated },
	{ "malformed", test_malformed }, { "offload length", test_offload_length },
	{ "clear urgent", test_clear_urgent }, { "noise", test_noise })
