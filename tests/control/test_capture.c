/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/capture_file.h"
#include "control/code.h"
#include "tests/support/unit.h"

enum { FILE_SIZE = 200000, ETHERNET = 1, RAW = 101 };

/* A private folder and a file that is being written, octet by octet. */
struct bench {
	char folder[64];
	char path[2][96];
	uint8_t *octets;
	size_t len;
	bool big;
	struct diag diag;
	struct capture c;
};

static void bench_open(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	(void)snprintf(b->folder, sizeof(b->folder), "/tmp/smswall-test-capture-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
	b->octets = malloc(FILE_SIZE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->octets);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(b->path[i], sizeof(b->path[i]), "%s/a file, %d.pcap", b->folder, i);
	}
}

static void bench_close(struct bench *b)
{
	char path[128];
	static const char *const names[] = { "in.pcap", "in.index", "out.pcap", "pipe-0" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", b->folder, names[i]);
		(void)unlink(path);
	}
	(void)unlink(b->path[0]);
	(void)unlink(b->path[1]);
	CU_ASSERT_EQUAL(rmdir(b->folder), 0); /* nothing else was left there */
	diag_clear(&b->diag);
	free(b->octets);
}

static void put(struct bench *b, const void *data, size_t n)
{
	CU_ASSERT_TRUE_FATAL(b->len + n <= FILE_SIZE);
	memcpy(b->octets + b->len, data, n);
	b->len += n;
}

static void put32(struct bench *b, uint32_t v)
{
	uint8_t o[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };

	if (b->big) {
		put_be32(o, v);
	}
	put(b, o, 4);
}

static void put16(struct bench *b, uint16_t v)
{
	uint8_t o[2] = { (uint8_t)v, (uint8_t)(v >> 8) };

	if (b->big) {
		put_be16(o, v);
	}
	put(b, o, 2);
}

static void put_header(struct bench *b, bool nano, uint32_t snap_len, uint32_t link)
{
	b->len = 0;
	put32(b, nano ? 0xA1B23C4Du : 0xA1B2C3D4u);
	put16(b, 2);
	put16(b, 4);
	put32(b, 3600); /* thiszone: to be kept */
	put32(b, 0);
	put32(b, snap_len);
	put32(b, link);
}

static void put_frame(struct bench *b, uint32_t s, uint32_t fraction, const void *data,
	uint32_t len, uint32_t wire)
{
	put32(b, s);
	put32(b, fraction);
	put32(b, len);
	put32(b, wire);
	put(b, data, len);
}

static void save(struct bench *b, int which)
{
	FILE *f = fopen(b->path[which], "wb");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(b->octets, 1, b->len, f), b->len);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static int prepare(struct bench *b, unsigned n)
{
	const char *paths[2] = { b->path[0], b->path[1] };

	diag_clear(&b->diag);
	(void)unlink(b->c.pcap_path);
	return capture_prepare(&b->c, paths, n, b->folder, &b->diag);
}

static size_t load(const char *path, uint8_t *out, size_t size)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL) {
		return 0;
	}
	n = fread(out, 1, size, f);
	(void)fclose(f);
	return n;
}

static bool said(const struct bench *b, const char *part)
{
	for (size_t i = 0; i < b->diag.n_entries; i++) {
		if (strstr(b->diag.entries[i].text, part) != NULL) {
			return true;
		}
	}
	return false;
}

/* expect_index: entry `at` of the index. */
static void expect_index(const struct bench *b, size_t at, uint32_t wire, uint32_t frame,
	uint8_t input, uint8_t flags)
{
	static uint8_t index[4096];
	size_t n = load(b->c.index_path, index, sizeof(index));
	const uint8_t *e = index + at * CAPTURE_INDEX_LEN;

	CU_ASSERT_TRUE_FATAL((at + 1) * CAPTURE_INDEX_LEN <= n);
	CU_ASSERT_EQUAL(be32(e), wire);
	CU_ASSERT_EQUAL(be32(e + 4), frame);
	CU_ASSERT_EQUAL(e[8], input);
	CU_ASSERT_EQUAL(e[9], flags);
	CU_ASSERT_EQUAL(be16(e + 10), 0);
}

static void plain_is_linked_as_it_is(void)
{
	static struct bench b;
	struct stat st;
	uint8_t now[256];

	bench_open(&b);
	put_header(&b, false, 96, ETHERNET);
	put_frame(&b, 100, 5, "abcdefghijklmnopq", 17, 17);
	put_frame(&b, 100, 6, "", 0, 0); /* a record without octets is carried too */
	put_frame(&b, 100, 7, "abcdefghijklmnopq", 17, 60);
	save(&b, 0);
	CU_ASSERT_EQUAL(prepare(&b, 1), 0);
	CU_ASSERT_EQUAL(lstat(b.c.pcap_path, &st), 0);
	CU_ASSERT_TRUE(S_ISLNK(st.st_mode));
	CU_ASSERT_EQUAL(load(b.c.pcap_path, now, sizeof(now)), b.len);
	CU_ASSERT_EQUAL(memcmp(now, b.octets, b.len), 0);
	CU_ASSERT_EQUAL(memcmp(b.c.header, b.octets, CAPTURE_HEADER_LEN), 0);
	CU_ASSERT_EQUAL(b.c.snap_len, 96);
	CU_ASSERT_FALSE(b.c.swapped);
	CU_ASSERT_EQUAL(b.c.frames, 3);
	CU_ASSERT_EQUAL(b.c.inputs[0].frames_cut, 1);
	CU_ASSERT_STRING_EQUAL(b.c.inputs[0].format, "pcap");
	CU_ASSERT_STRING_EQUAL(b.c.inputs[0].link, "Ethernet");
	CU_ASSERT_EQUAL(b.c.inputs[0].first_us, 100000005);
	CU_ASSERT_EQUAL(b.c.inputs[0].last_us, 100000007);
	expect_index(&b, 0, 17, 1, 0, 0);
	expect_index(&b, 1, 0, 2, 0, 0);
	expect_index(&b, 2, 60, 3, 0, CAPTURE_INDEX_CUT);
	CU_ASSERT_TRUE(said(&b, "1 of 3 frames are cut short"));
	bench_close(&b);
}

/* libpcap 1.10 cuts what it reads to the header's snap length: such a file is written anew. */
static void small_snap_length_is_copied(void)
{
	static struct bench b;
	struct stat st;
	uint8_t now[256];

	bench_open(&b);
	put_header(&b, false, 4, ETHERNET);
	put_frame(&b, 1, 2, "abcdefgh", 8, 8);
	save(&b, 0);
	CU_ASSERT_EQUAL(prepare(&b, 1), 0);
	CU_ASSERT_EQUAL(lstat(b.c.pcap_path, &st), 0);
	CU_ASSERT_TRUE(S_ISREG(st.st_mode));
	CU_ASSERT_EQUAL(load(b.c.pcap_path, now, sizeof(now)), b.len);
	CU_ASSERT_EQUAL(memcmp(now + 24, b.octets + 24, b.len - 24), 0);
	CU_ASSERT_EQUAL(memcmp(b.c.header, b.octets, CAPTURE_HEADER_LEN), 0); /* OUT keeps it */
	bench_close(&b);
}

static void other_byte_order_comes_back(void)
{
	static struct bench b;
	uint8_t native[256];
	uint8_t out[256];
	char path[128];
	size_t n;
	FILE *f;

	bench_open(&b);
	b.big = true;
	put_header(&b, false, 65535, ETHERNET);
	put_frame(&b, 7, 8, "abcdefgh", 8, 9);
	put_frame(&b, 7, 9, "xyz", 3, 3);
	save(&b, 0);
	CU_ASSERT_EQUAL(prepare(&b, 1), 0);
	CU_ASSERT_TRUE(b.c.swapped);
	CU_ASSERT_STRING_EQUAL(b.c.inputs[0].format, "pcap, big-endian");
	n = load(b.c.pcap_path, native, sizeof(native));
	CU_ASSERT_EQUAL_FATAL(n, b.len);
	(void)snprintf(path, sizeof(path), "%s/out.pcap", b.folder);
	f = fopen(path, "wb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	(void)fwrite(b.c.header, 1, CAPTURE_HEADER_LEN, f); /* as smswalld writes it */
	(void)fwrite(native + 24, 1, n - 24, f);
	(void)fclose(f);
	CU_ASSERT_EQUAL(capture_finish(&b.c, path, &b.diag), 0);
	CU_ASSERT_EQUAL(load(path, out, sizeof(out)), b.len);
	CU_ASSERT_EQUAL(memcmp(out, b.octets, b.len), 0);
	bench_close(&b);
}

static void nanoseconds_become_microseconds(void)
{
	static struct bench b;
	uint8_t now[256];

	for (int big = 0; big < 2; big++) {
		bench_open(&b);
		b.big = big != 0;
		put_header(&b, true, 65535, ETHERNET);
		put_frame(&b, 7, 123456789, "abc", 3, 3);
		save(&b, 0);
		CU_ASSERT_EQUAL(prepare(&b, 1), 0);
		CU_ASSERT_FALSE(b.c.swapped);
		CU_ASSERT_EQUAL(load(b.c.pcap_path, now, sizeof(now)), 24 + 16 + 3);
		CU_ASSERT_EQUAL(b.c.inputs[0].last_us, 7123456);
		bench_close(&b);
	}
}

struct link_case {
	uint32_t link;
	const char *frame;
	uint32_t len;
	uint32_t wire;
	uint16_t ethertype;
	uint32_t skip;
	bool outgoing;
};

#define SLL_HEAD  "\0\1\0\6\2\0\0\0\0\1\0\0"
#define SLL2_TAIL "\0\0\0\0\0\2\0\1"
static const struct link_case link_cases[] = {
	{ 113,
		"\0\0" SLL_HEAD "\x08\x00"
		"E234",
		20, 20, 0x0800, 16, false },
	{ 113,
		"\0\4" SLL_HEAD "\x86\xDD"
		"`234",
		20, 60, 0x86DD, 16, true },
	{ 113,
		"\0\0" SLL_HEAD "\0\4"
		"abcd",
		20, 20, 4, 16, false }, /* 802.2: a length */
	{ 113,
		"\0\0" SLL_HEAD "\0\x0C"
		"abcd",
		20, 20, 0x88B5, 16, false },          /* CAN */
	{ 113, "\0\0\0\1", 4, 60, 0x88B5, 4, false }, /* cut inside the link header */
	{ 276,
		"\x81\x00" SLL2_TAIL "\4\6\1\2\3\4\5\6\0\0"
		"vlan",
		24, 24, 0x8100, 20, true },
	{ 276,
		"\x08\x00" SLL2_TAIL "\0\6\1\2\3\4\5\6\0\0"
		"E234",
		24, 24, 0x0800, 20, false },
	{ 0,
		"\2\0\0\0"
		"E",
		5, 5, 0x0800, 4, false },
	{ 0,
		"\0\0\0\2"
		"E",
		5, 5, 0x0800, 4, false },
	{ 0,
		"\x1e\0\0\0"
		"`",
		5, 5, 0x86DD, 4, false },
	{ 0,
		"\0\0\0\x18"
		"`",
		5, 5, 0x86DD, 4, false },
	{ 108,
		"\0\0\0\2"
		"E",
		5, 5, 0x0800, 4, false },
	{ 108,
		"\0\0\0\7"
		"x",
		5, 5, 0x88B5, 4, false },
	{ 101, "E234", 4, 4, 0x0800, 0, false },
	{ 101, "`234", 4, 4, 0x86DD, 0, false },
	{ 101, "", 0, 0, 0x88B5, 0, false },
	{ 228, "E234", 4, 4, 0x0800, 0, false },
	{ 229, "`234", 4, 4, 0x86DD, 0, false },
};

static void links_become_ethernet(void)
{
	static const uint8_t mac[2][12] = { { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 },
		{ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 } };
	uint8_t now[256];
	const uint8_t *f = now + 24 + 16;

	for (size_t i = 0; i < sizeof(link_cases) / sizeof(link_cases[0]); i++) {
		const struct link_case *k = &link_cases[i];
		uint32_t rest = k->len > k->skip ? k->len - k->skip : 0;
		static struct bench b;

		bench_open(&b);
		put_header(&b, false, 65535, k->link);
		put_frame(&b, 1, 1, k->frame, k->len, k->wire);
		save(&b, 0);
		CU_ASSERT_EQUAL(prepare(&b, 1), 0);
		CU_ASSERT_TRUE(b.c.inputs[0].converted);
		CU_ASSERT_TRUE(said(&b, "synthetic"));
		CU_ASSERT_EQUAL(load(b.c.pcap_path, now, sizeof(now)), 24 + 16 + 14 + rest);
		CU_ASSERT_EQUAL(capture_u32(now + 20, false), ETHERNET);
		CU_ASSERT_EQUAL(memcmp(f, mac[k->outgoing], 12), 0);
		CU_ASSERT_EQUAL(be16(f + 12), k->ethertype);
		CU_ASSERT_EQUAL(memcmp(f + 14, k->frame + k->len - rest, rest), 0);
		bench_close(&b);
	}
}

static void other_links_are_refused_by_name(void)
{
	static const struct {
		uint32_t link;
		const char *name;
	} cases[] = { { 9, "PPP (9)" }, { 105, "IEEE802_11 (105)" }, { 140, "MTP2 (140)" },
		{ 147, "unknown (147)" }, { 9999, "unknown (9999)" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct bench b;

		bench_open(&b);
		put_header(&b, false, 65535, cases[i].link);
		put_frame(&b, 1, 1, "abcd", 4, 4);
		save(&b, 0);
		CU_ASSERT_EQUAL(prepare(&b, 1), CONTROL_INVALID);
		CU_ASSERT_TRUE(said(&b, cases[i].name));
		CU_ASSERT_TRUE(said(&b, "tcpdump -i"));
		bench_close(&b);
	}
}

static void what_is_no_capture_is_named(void)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *text;
	} cases[] = {
		{ "", 0, "is empty" },
		{ "\xd4\xc3\xb2\xa1\2\0", 6, "cut off inside the header" },
		{ "\x1f\x8b\x08 and so on and so on and so on", 34, "gunzip" },
		{ "snoop\0\0\0\0\0\0\2\0\0\0\4aaaaaaaa", 24, "editcap" },
		{ "SMSWPACK and so on and so on", 28, "--policy" },
		{ "1:/free money/i\n2:/lottery prize/\n", 33, "is no capture" },
		{ "x", 1, "is no capture" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct bench b;

		bench_open(&b);
		put(&b, cases[i].octets, cases[i].len);
		save(&b, 0);
		CU_ASSERT_EQUAL(prepare(&b, 1), CONTROL_INVALID);
		CU_ASSERT_TRUE(said(&b, cases[i].text));
		bench_close(&b);
	}
}

static void missing_and_folder_are_told_together(void)
{
	static struct bench b;

	bench_open(&b);
	(void)snprintf(b.path[1], sizeof(b.path[1]), "%s", b.folder);
	CU_ASSERT_EQUAL(prepare(&b, 2), CONTROL_INVALID);
	CU_ASSERT_EQUAL(b.diag.n_errors, 2);
	CU_ASSERT_TRUE(said(&b, strerror(ENOENT)));
	CU_ASSERT_TRUE(said(&b, "is a folder"));
	b.path[1][0] = '\0';
	bench_close(&b);
}

static void cut_off_file_gives_its_whole_frames(void)
{
	uint8_t now[256];

	for (size_t cut = 1; cut < 16 + 8; cut++) {
		static struct bench b;
		size_t whole;

		bench_open(&b);
		put_header(&b, false, 65535, ETHERNET);
		put_frame(&b, 1, 1, "abcdefgh", 8, 8);
		whole = b.len;
		put_frame(&b, 1, 2, "abcdefgh", 8, 8);
		b.len -= cut;
		save(&b, 0);
		CU_ASSERT_EQUAL(prepare(&b, 1), 0);
		CU_ASSERT_TRUE(b.c.inputs[0].cut_off);
		CU_ASSERT_EQUAL(b.c.frames, 1);
		CU_ASSERT_TRUE(said(&b, "cut off inside frame 2"));
		CU_ASSERT_EQUAL(b.diag.n_warnings, 1);
		CU_ASSERT_EQUAL(load(b.c.pcap_path, now, sizeof(now)), whole);
		bench_close(&b);
	}
}

static void too_long_frame_is_refused_with_its_number(void)
{
	static uint8_t big[65536];
	static struct bench b;

	bench_open(&b);
	put_header(&b, false, 262144, ETHERNET);
	put_frame(&b, 1, 1, big, 65535, 65535);
	put_frame(&b, 1, 2, big, 65536, 65536);
	save(&b, 0);
	CU_ASSERT_EQUAL(prepare(&b, 1), CONTROL_INVALID);
	CU_ASSERT_TRUE(said(&b, "frame 2 has 65536 octets"));
	put_header(&b, false, 262144, RAW); /* the synthetic header makes it too long */
	put_frame(&b, 1, 1, big, 60000, 60000);
	put_frame(&b, 1, 2, big, 65530, 65530);
	save(&b, 0);
	CU_ASSERT_EQUAL(prepare(&b, 1), CONTROL_INVALID);
	CU_ASSERT_TRUE(said(&b, "frame 2 has 65544 octets"));
	bench_close(&b);
}

static void inputs_are_merged_by_time(void)
{
	/* second of the capture time, the input, the frame's number in it */
	static const struct {
		uint32_t s;
		uint8_t input;
		uint32_t frame;
	} order[] = { { 1, 1, 1 }, { 2, 0, 1 }, { 2, 1, 2 }, { 3, 0, 2 }, { 1, 0, 3 },
		{ 9, 1, 3 } };
	static struct bench b;
	uint8_t now[1024];
	size_t n;

	bench_open(&b);
	put_header(&b, false, 65535, ETHERNET);
	put_frame(&b, 2, 0, "a", 1, 1);
	put_frame(&b, 3, 0, "b", 1, 1);
	put_frame(&b, 1, 0, "c", 1, 1); /* goes back: stays behind its own forerunner */
	save(&b, 0);
	put_header(&b, true, 65535, ETHERNET);
	put_frame(&b, 1, 0, "d", 1, 1);
	put_frame(&b, 2, 0, "e", 1, 1);
	put_frame(&b, 9, 0, "f", 1, 1);
	save(&b, 1);
	CU_ASSERT_EQUAL(prepare(&b, 2), 0);
	CU_ASSERT_TRUE(b.c.inputs[0].times_back);
	CU_ASSERT_FALSE(b.c.inputs[1].times_back);
	n = load(b.c.pcap_path, now, sizeof(now));
	CU_ASSERT_EQUAL_FATAL(n, 24 + 6 * 17);
	for (size_t i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(capture_u32(now + 24 + i * 17, false), order[i].s);
		CU_ASSERT_EQUAL(now[24 + i * 17 + 16],
			'a' + (order[i].input != 0 ? 3 : 0) + (int)order[i].frame - 1);
		expect_index(&b, i, 1, order[i].frame, order[i].input, 0);
	}
	bench_close(&b);
}

static void pcapng_is_read_by_libpcap(void)
{
	static struct bench b;
	uint8_t now[256];

	bench_open(&b);
	put32(&b, 0x0A0D0D0Au); /* section header block */
	put32(&b, 28);
	put32(&b, 0x1A2B3C4Du);
	put16(&b, 1);
	put16(&b, 0);
	put32(&b, 0xFFFFFFFFu);
	put32(&b, 0xFFFFFFFFu);
	put32(&b, 28);
	put32(&b, 1); /* interface description block: raw IP */
	put32(&b, 20);
	put16(&b, RAW);
	put16(&b, 0);
	put32(&b, 65535);
	put32(&b, 20);
	put32(&b, 6); /* enhanced packet block */
	put32(&b, 36);
	put32(&b, 0);
	put32(&b, 0);
	put32(&b, 5000000); /* 5 s in microseconds */
	put32(&b, 4);
	put32(&b, 9);
	put(&b, "E234", 4);
	put32(&b, 36);
	save(&b, 0);
	CU_ASSERT_EQUAL(prepare(&b, 1), 0);
	CU_ASSERT_STRING_EQUAL(b.c.inputs[0].format, "pcapng");
	CU_ASSERT_STRING_EQUAL(b.c.inputs[0].link, "raw IP");
	CU_ASSERT_EQUAL(load(b.c.pcap_path, now, sizeof(now)), 24 + 16 + 18);
	CU_ASSERT_EQUAL(b.c.inputs[0].first_us, 5000000);
	expect_index(&b, 0, 23, 1, 0, CAPTURE_INDEX_CUT);
	b.len -= 10;
	save(&b, 0);
	CU_ASSERT_EQUAL(prepare(&b, 1), 0);
	CU_ASSERT_TRUE(b.c.inputs[0].cut_off);
	bench_close(&b);
}

static void pipe_is_read_once(void)
{
	static struct bench b;
	pid_t child;
	int status;

	bench_open(&b);
	put_header(&b, false, 65535, ETHERNET);
	put_frame(&b, 1, 1, "abcd", 4, 4);
	CU_ASSERT_EQUAL_FATAL(mkfifo(b.path[0], 0600), 0);
	child = fork();
	if (child == 0) {
		int fd = open(b.path[0], O_WRONLY);

		_exit(fd >= 0 && write(fd, b.octets, b.len) == (ssize_t)b.len ? 0 : 1);
	}
	CU_ASSERT_EQUAL(prepare(&b, 1), 0);
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(b.c.frames, 1);
	bench_close(&b);
}

static void header_alone_is_a_capture(void)
{
	static struct bench b;

	bench_open(&b);
	put_header(&b, false, 65535, ETHERNET);
	save(&b, 0);
	CU_ASSERT_EQUAL(prepare(&b, 1), 0);
	CU_ASSERT_EQUAL(b.c.frames, 0);
	CU_ASSERT_TRUE(said(&b, "holds no frame"));
	bench_close(&b);
}

UNIT_MAIN("control/capture", { "a plain capture is linked as it is", plain_is_linked_as_it_is },
	{ "a snap length below its frames is not believed", small_snap_length_is_copied },
	{ "the other byte order comes back", other_byte_order_comes_back },
	{ "nanoseconds become microseconds", nanoseconds_become_microseconds },
	{ "SLL, SLL2, NULL, LOOP and raw IP become Ethernet", links_become_ethernet },
	{ "other links are refused by name", other_links_are_refused_by_name },
	{ "what is no capture is named", what_is_no_capture_is_named },
	{ "all unreadable inputs are told", missing_and_folder_are_told_together },
	{ "a file that is cut off gives its whole frames", cut_off_file_gives_its_whole_frames },
	{ "a frame too long is refused with its number",
		too_long_frame_is_refused_with_its_number },
	{ "inputs are merged by time, stable", inputs_are_merged_by_time },
	{ "pcapng is read", pcapng_is_read_by_libpcap },
	{ "a pipe is read once", pipe_is_read_once },
	{ "a header alone is a capture", header_alone_is_a_capture })
