/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/net/sctp.h"

#include "tests/dataplane/net/sctp_packet.h"
#include "tests/support/unit.h"

#define OCTETS(...)                                                                        \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

/* RFC 9260 3.3.1: DATA with all of its fields, 3 octets of user data and a padding octet. */
#define DATA_3 0, 3, 0, 19, 0, 0, 0, 7, 0, 2, 0, 5, 0, 0, 0, 3, 'a', 'b', 'c', 0
/* RFC 9260 3.3.4, 3.3.8, 3.3.7, 3.3.11 and so on, as short as they may be */
#define SACK      3, 0, 0, 16, 0, 0, 0, 9, 0, 1, 0, 0, 0, 0, 0, 0
#define SHUTDOWN  7, 0, 0, 8, 0, 0, 0, 9
#define ABORT     6, 0, 0, 4
#define ABORT_T   6, 1, 0, 4
#define COMPLETE  14, 0, 0, 4
#define ECHO      10, 0, 0, 8, 1, 2, 3, 4
#define HEARTBEAT 4, 0, 0, 8, 0, 1, 0, 4
#define AUTH      15, 0, 0, 8, 0, 0, 0, 1
#define FORWARD   0xC0, 0, 0, 8, 0, 0, 0, 9
#define INIT      1, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 7
#define INIT_ACK  2, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 7

static uint8_t memory[4096];
static uint8_t chunk_octets[4096];
static struct frame frame;
static struct stats stats;

static void packet_of(struct bytes chunks, uint32_t tag)
{
	const struct sctp_ends ends = { 9, 200, 2905, 2906, tag, false, false };
	struct writer w = writer_of(chunk_octets, sizeof(chunk_octets));

	memset(&stats, 0, sizeof(stats));
	writer_put(&w, chunks);
	sctp_packet_make(&ends, chunk_octets, &w, memory, sizeof(memory), &frame);
	CU_ASSERT_EQUAL(frame.kind, FRAME_SCTP);
	CU_ASSERT_EQUAL(frame.reason, R_none);
}

/* only: exactly this reason was counted, once; R_none: none was. */
static bool only(enum reason r)
{
	for (unsigned i = 0; i < R_COUNT; i++) {
		if (stats.reason[i] != (r != R_none && i == (unsigned)r ? 1u : 0u)) {
			return false;
		}
	}
	return true;
}

static const struct {
	const char *what;
	struct bytes chunks;
	uint32_t tag;
	uint32_t user_len;
	uint16_t n_chunks;
	uint16_t n_data;
	uint16_t has;
	enum reason anomaly;
} packets[] = {
	{ "DATA", OCTETS(DATA_3), 1, 3, 1, 1, SCTP_HAS_DATA, R_none },
	{ "two DATA and a SACK", OCTETS(SACK, DATA_3, DATA_3), 1, 6, 3, 2,
		SCTP_HAS_DATA | SCTP_HAS_ACK, R_none },
	{ "the padding of the last is not there",
		OCTETS(0, 3, 0, 17, 0, 0, 0, 7, 0, 2, 0, 5, 0, 0, 0, 3, 'a'), 1, 1, 1, 1,
		SCTP_HAS_DATA, R_none },
	{ "control", OCTETS(SHUTDOWN, HEARTBEAT, ABORT_T), 1, 0, 3, 0,
		SCTP_HAS_SHUTDOWN | SCTP_HAS_ACK | SCTP_HAS_HEARTBEAT | SCTP_HAS_ABORT |
			SCTP_HAS_REFLECTED,
		R_none },
	{ "AUTH, FORWARD-TSN and an unknown one", OCTETS(AUTH, FORWARD, 0x55, 9, 0, 4), 1, 0, 3, 0,
		SCTP_HAS_AUTH | SCTP_HAS_FORWARD | SCTP_HAS_OTHER, R_none },
	{ "INIT", OCTETS(INIT), 0, 0, 1, 0, SCTP_HAS_INIT, R_none },
	{ "INIT ACK", OCTETS(INIT_ACK), 1, 0, 1, 0, SCTP_HAS_INIT_ACK, R_none },
	{ "COOKIE ECHO and DATA", OCTETS(ECHO, DATA_3), 1, 3, 2, 1,
		SCTP_HAS_COOKIE_ECHO | SCTP_HAS_DATA, R_none },
	{ "nothing", { NULL, 0 }, 1, 0, 0, 0, 0, R_sctp_packet_short },
	{ "DATA, then a chunk of length 0 (CVE-2021-3655)", OCTETS(DATA_3, 5, 0, 0, 0), 1, 3, 1, 1,
		SCTP_HAS_DATA, R_sctp_chunk_short },
	{ "DATA, then three octets", OCTETS(DATA_3, 0, 3, 0), 1, 3, 1, 1, SCTP_HAS_DATA,
		R_sctp_chunk_short },
	{ "DATA without room for its header", OCTETS(0, 3, 0, 12, 0, 0, 0, 7, 0, 2, 0, 5), 1, 0, 1,
		0, 0, R_sctp_chunk_short },
	{ "SACK without its fields", OCTETS(3, 0, 0, 8, 0, 0, 0, 9), 1, 0, 1, 0, 0,
		R_sctp_chunk_short },
	{ "DATA, then a chunk past the end", OCTETS(DATA_3, 3, 0, 0, 16, 0, 0, 0, 9), 1, 3, 1, 1,
		SCTP_HAS_DATA, R_sctp_chunk_length },
	{ "DATA without user data", OCTETS(0, 3, 0, 16, 0, 0, 0, 7, 0, 2, 0, 5, 0, 0, 0, 3), 1, 0,
		1, 0, 0, R_sctp_data_empty },
	{ "DATA with tag 0", OCTETS(DATA_3), 0, 3, 1, 1, SCTP_HAS_DATA, R_sctp_data_tag },
	{ "INIT with a tag", OCTETS(INIT), 5, 0, 1, 0, 0, R_sctp_init_tag },
	{ "INIT ACK bundled", OCTETS(INIT_ACK, DATA_3), 1, 3, 2, 1, SCTP_HAS_DATA,
		R_sctp_init_bundled },
	{ "INIT bundled", OCTETS(INIT, SACK), 0, 0, 2, 0, SCTP_HAS_ACK, R_sctp_init_bundled },
	{ "SHUTDOWN COMPLETE bundled", OCTETS(SACK, COMPLETE), 1, 0, 2, 0, SCTP_HAS_ACK,
		R_sctp_init_bundled },
};

static void packets_tell_what_they_carry(void)
{
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct sctp_packet p;

		packet_of(packets[i].chunks, packets[i].tag);
		sctp_read_packet(&frame, &p, &stats);
		CU_ASSERT_EQUAL(p.tag, packets[i].tag);
		CU_ASSERT_EQUAL(p.source_port, 2905);
		CU_ASSERT_EQUAL(p.target_port, 2906);
		CU_ASSERT_EQUAL(p.user_len, packets[i].user_len);
		CU_ASSERT_EQUAL(frame.user_len, packets[i].user_len);
		CU_ASSERT_EQUAL(p.n_chunks, packets[i].n_chunks);
		CU_ASSERT_EQUAL(p.n_data, packets[i].n_data);
		CU_ASSERT_EQUAL(p.has, packets[i].has);
		CU_ASSERT(only(packets[i].anomaly));
		if (p.has != packets[i].has || !only(packets[i].anomaly)) {
			printf("row: %s\n", packets[i].what);
		}
	}
}

static void many_chunks_are_walked_and_told_of(void)
{
	static const uint8_t data[] = { DATA_3 };
	static const uint8_t pad[] = { 0x84, 0, 0, 4 };
	struct sctp_packet p;
	uint8_t octets[1600];
	struct writer w = writer_of(octets, sizeof(octets));

	for (unsigned i = 0; i < LIMIT_SCTP_DATA_CHUNKS; i++) {
		writer_put(&w, bytes_of(data, sizeof(data)));
	}
	packet_of(bytes_of(octets, (size_t)(w.at - octets)), 1);
	sctp_read_packet(&frame, &p, &stats);
	CU_ASSERT(only(R_none));
	writer_put(&w, bytes_of(data, sizeof(data)));
	packet_of(bytes_of(octets, (size_t)(w.at - octets)), 1);
	sctp_read_packet(&frame, &p, &stats);
	CU_ASSERT(only(R_sctp_data_chunks));
	CU_ASSERT_EQUAL(p.user_len, 3 * (LIMIT_SCTP_DATA_CHUNKS + 1));

	w = writer_of(octets, sizeof(octets));
	for (unsigned i = 0; i < LIMIT_SCTP_CHUNKS; i++) {
		writer_put(&w, bytes_of(pad, sizeof(pad)));
	}
	packet_of(bytes_of(octets, (size_t)(w.at - octets)), 1);
	sctp_read_packet(&frame, &p, &stats);
	CU_ASSERT(only(R_none));
	writer_put(&w, bytes_of(data, sizeof(data)));
	packet_of(bytes_of(octets, (size_t)(w.at - octets)), 1);
	sctp_read_packet(&frame, &p, &stats);
	CU_ASSERT(only(R_sctp_chunks));
	CU_ASSERT_EQUAL(p.user_len, 3); /* behind 128 others it is still seen */
}

static void cut_frames_count_what_is_there(void)
{
	static const uint8_t two[] = { DATA_3, DATA_3 };
	static const struct {
		uint32_t cut;
		uint32_t user_len;
	} rows[] = { { 0, 6 }, { 1, 6 }, { 2, 5 }, { 4, 3 }, { 17, 3 }, { 20, 3 }, { 21, 3 },
		{ 22, 2 }, { 39, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sctp_packet p;

		packet_of(bytes_of(two, sizeof(two)), 1);
		frame.len -= rows[i].cut;
		frame_decode(&frame, CHECKSUM_VERIFY, false);
		CU_ASSERT_EQUAL(frame.reason, rows[i].cut != 0 ? R_truncated : R_none);
		sctp_read_packet(&frame, &p, &stats);
		CU_ASSERT_EQUAL(p.user_len, rows[i].user_len);
		CU_ASSERT(only(R_none)); /* the capture's fault, nobody's else */
	}
}

/* RFC 8260 2.1: the last field is the PPID in the first fragment, the FSN in the others */
static const struct {
	const char *what;
	struct bytes chunk;
	struct sctp_data want;
} data_rows[] = {
	{ "DATA", OCTETS(0, 3, 0, 18, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 3, 'x', 'y'),
		{ .tsn = 0x01020304,
			.stream = 0x0506,
			.number = 0x0708,
			.ppid = 3,
			.flags = 3,
			.user = { NULL, 2 } } },
	{ "unordered, immediate DATA, last fragment",
		OCTETS(0, 13, 0, 17, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 'x'),
		{ .tsn = UINT32_MAX, .flags = 13, .user = { NULL, 1 } } },
	{ "I-DATA, first",
		OCTETS(64, 2, 0, 21, 0, 0, 0, 1, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 3, 'x'),
		{ .tsn = 1,
			.stream = 9,
			.number = 65536,
			.ppid = 3,
			.flags = 2,
			.interleaved = true,
			.user = { NULL, 1 } } },
	{ "I-DATA, second",
		OCTETS(64, 0, 0, 21, 0, 0, 0, 1, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 'x'),
		{ .tsn = 1,
			.stream = 9,
			.number = 65536,
			.fsn = 1,
			.interleaved = true,
			.user = { NULL, 1 } } },
};

static void data_fields(void)
{
	struct sctp_data data;
	struct sctp_chunk chunk;

	for (size_t i = 0; i < sizeof(data_rows) / sizeof(data_rows[0]); i++) {
		const struct sctp_data *want = &data_rows[i].want;
		struct sctp_walk w = { .c = cursor_of(data_rows[i].chunk) };

		CU_ASSERT_EQUAL(sctp_next_chunk(&w, &chunk), PARSE_OK);
		CU_ASSERT_FATAL(sctp_read_data(&chunk, &data));
		CU_ASSERT(data.tsn == want->tsn && data.stream == want->stream &&
			  data.number == want->number && data.fsn == want->fsn &&
			  data.ppid == want->ppid && data.flags == want->flags &&
			  data.interleaved == want->interleaved);
		CU_ASSERT_EQUAL(data.user.len, want->user.len);
		CU_ASSERT_EQUAL(data.user.data[0], 'x');
		CU_ASSERT_EQUAL(sctp_next_chunk(&w, &chunk), PARSE_MORE);
	}
	chunk = (struct sctp_chunk){ SCTP_DATA, 3, bytes_of(memory, 11) };
	CU_ASSERT_FALSE(sctp_read_data(&chunk, &data));
	chunk = (struct sctp_chunk){ SCTP_I_DATA, 3, bytes_of(memory, 15) };
	CU_ASSERT_FALSE(sctp_read_data(&chunk, &data));
}

#define INIT_HEAD 0, 0, 0, 1, 0, 1, 0, 0, 0, 10, 0, 20, 0, 0, 0, 7

static const struct {
	const char *what;
	struct bytes value;
	bool ok;
	uint8_t n_addresses;
	bool auth, asconf, interleaving, forward, zero;
} init_rows[] = {
	{ "bare", OCTETS(INIT_HEAD), true, 0, 0, 0, 0, 0, 0 },
	{ "two addresses, cookie, an unknown parameter",
		OCTETS(INIT_HEAD, 0, 5, 0, 8, 192, 0, 2, 1, 0, 6, 0, 20, 0x20, 1, 13, 0xB8, 0, 0, 0,
			0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7, 0, 6, 1, 2, 0, 0, 0x80, 0x99, 0, 4),
		true, 2, 0, 0, 0, 0, 0 },
	{ "extensions", OCTETS(INIT_HEAD, 0x80, 8, 0, 8, 15, 0xC1, 64, 0xC0), true, 0, 1, 1, 1, 1,
		0 },
	{ "RANDOM, forward TSN, zero checksum (RFC 9653)",
		OCTETS(INIT_HEAD, 0x80, 2, 0, 8, 1, 2, 3, 4, 0xC0, 0, 0, 4, 0x80, 1, 0, 8, 0, 0, 0,
			1),
		true, 0, 1, 0, 0, 1, 1 },
	{ "tag 0", OCTETS(0, 0, 0, 0, 0, 1, 0, 0, 0, 10, 0, 20, 0, 0, 0, 7), false, 0, 0, 0, 0, 0,
		0 },
	{ "no streams out", OCTETS(0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 20, 0, 0, 0, 7), false, 0, 0, 0,
		0, 0, 0 },
	{ "no streams in", OCTETS(0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 7), false, 0, 0, 0,
		0, 0, 0 },
	{ "a_rwnd 1499", OCTETS(0, 0, 0, 1, 0, 0, 5, 0xDB, 0, 1, 0, 1, 0, 0, 0, 7), false, 0, 0, 0,
		0, 0, 0 },
	{ "short", OCTETS(0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0), false, 0, 0, 0, 0, 0, 0 },
	{ "parameter of length 3", OCTETS(INIT_HEAD, 0, 5, 0, 3), false, 0, 0, 0, 0, 0, 0 },
	{ "parameter past the end", OCTETS(INIT_HEAD, 0, 5, 0, 8, 1, 2, 3), false, 0, 0, 0, 0, 0,
		0 },
	{ "address of 3 octets", OCTETS(INIT_HEAD, 0, 5, 0, 7, 1, 2, 3, 0), false, 0, 0, 0, 0, 0,
		0 },
};

static void init_fields(void)
{
	struct sctp_init init;

	for (size_t i = 0; i < sizeof(init_rows) / sizeof(init_rows[0]); i++) {
		memset(&init, 0xEE, sizeof(init));
		CU_ASSERT_EQUAL(sctp_read_init(init_rows[i].value, &init), init_rows[i].ok);
		if (!init_rows[i].ok) {
			CU_ASSERT_EQUAL(init.tag, 0xEEEEEEEE); /* untouched */
			continue;
		}
		CU_ASSERT(init.tag == 1 && init.a_rwnd == 65536 && init.n_out == 10 &&
			  init.n_in == 20 && init.tsn == 7);
		CU_ASSERT_EQUAL(init.n_addresses, init_rows[i].n_addresses);
		CU_ASSERT(init.auth == init_rows[i].auth && init.asconf == init_rows[i].asconf &&
			  init.interleaving == init_rows[i].interleaving &&
			  init.forward_tsn == init_rows[i].forward &&
			  init.zero_checksum == init_rows[i].zero);
	}
	CU_ASSERT(sctp_read_init(init_rows[1].value, &init));
	CU_ASSERT_EQUAL(init.addresses[0][10], 0xFF);
	CU_ASSERT_EQUAL(be32(init.addresses[0] + 12), 0xC0000201);
	CU_ASSERT_EQUAL(be32(init.addresses[1]), 0x20010DB8);
}

static void init_with_more_addresses_than_are_kept(void)
{
	static const uint8_t head[] = { INIT_HEAD };
	uint8_t octets[256];
	struct writer w = writer_of(octets, sizeof(octets));
	struct sctp_init init;

	writer_put(&w, bytes_of(head, sizeof(head)));
	for (unsigned i = 0; i <= LIMIT_SCTP_ADDRESSES; i++) {
		CU_ASSERT(sctp_read_init(bytes_of(octets, (size_t)(w.at - octets)), &init));
		CU_ASSERT_EQUAL(init.n_addresses, i);
		CU_ASSERT_FALSE(init.more_addresses);
		writer_u32(&w, 0x00050008);
		writer_u32(&w, i);
	}
	CU_ASSERT(sctp_read_init(bytes_of(octets, (size_t)(w.at - octets)), &init));
	CU_ASSERT_EQUAL(init.n_addresses, LIMIT_SCTP_ADDRESSES);
	CU_ASSERT(init.more_addresses);
}

static const struct bytes bad_asconfs[] = {
	OCTETS(0, 0, 0),
	OCTETS(0, 0, 0, 1, 0, 5, 0, 9, 192, 0, 2, 1),
	OCTETS(0, 0, 0, 1, 0, 5, 0, 8, 192, 0, 2, 1, 0xC0, 1, 0, 6, 0, 0),
	OCTETS(0, 0, 0, 1, 0, 5, 0, 8, 192, 0, 2, 1, 0xC0, 1, 0, 12, 0, 0, 0, 1, 0, 9, 0, 4),
};

static void address_changes(void)
{
	/* RFC 5061 4.1.1, 4.2: serial, address, add 192.0.2.7, an adaptation layer, delete the wildcard */
	static const uint8_t good[] = { 0, 0, 0, 1, 0, 5, 0, 8, 192, 0, 2, 1, 0xC0, 1, 0, 16, 0, 0,
		0, 1, 0, 5, 0, 8, 192, 0, 2, 7, 0xC0, 6, 0, 8, 0, 0, 0, 0, 0xC0, 2, 0, 16, 0, 0, 0,
		2, 0, 5, 0, 8, 0, 0, 0, 0 };
	struct sctp_address_change change;
	struct cursor c = sctp_asconf_of(bytes_of(good, sizeof(good)));

	CU_ASSERT_EQUAL(sctp_next_address_change(&c, &change), PARSE_OK);
	CU_ASSERT(change.add && !change.wildcard && be32(change.address + 12) == 0xC0000207);
	CU_ASSERT_EQUAL(sctp_next_address_change(&c, &change), PARSE_OK);
	CU_ASSERT(!change.add && change.wildcard);
	CU_ASSERT_EQUAL(sctp_next_address_change(&c, &change), PARSE_MORE);
	for (size_t i = 0; i < sizeof(bad_asconfs) / sizeof(bad_asconfs[0]); i++) {
		c = sctp_asconf_of(bad_asconfs[i]);
		CU_ASSERT_EQUAL(sctp_next_address_change(&c, &change), PARSE_BAD);
	}
}

static void dtls(void)
{
	/* RFC 6347 4.1: application data of version 1.2; an M3UA message begins with 1 (RFC 4666 3.1) */
	static const uint8_t record[] = { 23, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9 };
	static const uint8_t m3ua[] = { 1, 0, 1, 1, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0 };

	CU_ASSERT(sctp_is_dtls(bytes_of(record, sizeof(record))));
	CU_ASSERT_FALSE(sctp_is_dtls(bytes_of(record, 12)));
	CU_ASSERT_FALSE(sctp_is_dtls(bytes_of(m3ua, sizeof(m3ua))));
}

UNIT_MAIN("sctp", { "packets tell what they carry", packets_tell_what_they_carry },
	{ "many chunks", many_chunks_are_walked_and_told_of },
	{ "cut frames", cut_frames_count_what_is_there }, { "DATA and I-DATA fields", data_fields },
	{ "INIT fields", init_fields },
	{ "INIT with many addresses", init_with_more_addresses_than_are_kept },
	{ "ASCONF", address_changes }, { "DTLS", dtls })
