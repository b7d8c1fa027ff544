/* SPDX-License-Identifier: BSD-3-Clause */
/* Quarantine's files: names, modes, rotation by size and age, caps, a disk that takes nothing; and its blocks. */
#include "control/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/tar.h"
#include "tests/support/unit.h"

enum { PDU_LEN = 1000, FILES_MAX = 64 };
#define TIME_US UINT64_C(1795367700000000) /* 2026-11-22T17:15:00Z */

struct bench {
	char root[64];
	struct config config;
	struct quarantine q;
	struct events_names names;
	struct event event;
	uint8_t pdu[PDU_LEN];
	/* what list_files() found, in order */
	char name[FILES_MAX][QUARANTINE_NAME_SIZE];
	uint64_t size[FILES_MAX];
	unsigned n_files;
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	strcpy(b->root, "/tmp/smswall-quarantine-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->root));
	b->q.fd = b->q.folder = -1;
	config_defaults(&b->config);
	snprintf(b->config.quarantine_path, sizeof(b->config.quarantine_path), "%s/kept", b->root);
	config_quarantine(&b->config, b->config.quarantine_path);
	b->config.pipeline.n_links = 1;
	strcpy(b->config.pipeline.links[0].name, "core");
	b->config.quarantine_file_size = 16 << 10;
	b->config.quarantine_total_size = 64 << 10;
	b->config.quarantine_files = 8;
	b->config.quarantine_age_us = 60 * UINT64_C(1000000);
	b->names = (struct events_names){ &b->config, NULL };
	b->event = (struct event){ .type = EVENT_MESSAGE, .id = 1, .time_us = TIME_US };
	b->event.u.message.action = ACTION_REJECT;
	b->event.u.message.reason = R_rule;
	b->event.u.message.rule = 3;
	b->event.u.message.kept = (struct event_kept){ .form = KEPT_SMPP, .octets = PDU_LEN };
	memset(b->pdu, 0x5A, sizeof(b->pdu));
	return b;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* list_files: of the quarantine's folder, with their sizes. */
static void list_files(struct bench *b)
{
	DIR *dir = opendir(b->config.quarantine_path);
	const struct dirent *entry;
	char path[512];
	struct stat st;

	b->n_files = 0;
	while (dir != NULL && (entry = readdir(dir)) != NULL && b->n_files < FILES_MAX) {
		if (entry->d_name[0] != '.') {
			snprintf(b->name[b->n_files++], QUARANTINE_NAME_SIZE, "%.47s",
				entry->d_name);
		}
	}
	if (dir != NULL) {
		closedir(dir);
	}
	qsort(b->name, b->n_files, sizeof(b->name[0]), by_name);
	for (unsigned i = 0; i < b->n_files; i++) {
		snprintf(path, sizeof(path), "%s/%s", b->config.quarantine_path, b->name[i]);
		b->size[i] = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
	}
}

static void bench_free(struct bench *b)
{
	char path[512];

	(void)quarantine_close(&b->q);
	list_files(b);
	for (unsigned i = 0; i < b->n_files; i++) {
		snprintf(path, sizeof(path), "%s/%s", b->config.quarantine_path, b->name[i]);
		(void)unlink(path);
	}
	(void)rmdir(b->config.quarantine_path);
	(void)rmdir(b->root);
	free(b);
}

static void put(struct bench *b, unsigned n, uint64_t now_ms)
{
	for (unsigned i = 0; i < n; i++) {
		quarantine_put(&b->q, &b->names, &b->event, bytes_of(b->pdu, PDU_LEN), now_ms);
		b->event.id++;
	}
}

static void test_first_file(void)
{
	struct bench *b = bench_new();
	char path[512];
	struct stat st;

	CU_ASSERT_TRUE(quarantine_open(&b->q, &b->config, 0));
	put(b, 1, 0);
	quarantine_flush(&b->q, TIME_US, 0);
	list_files(b);
	CU_ASSERT_EQUAL_FATAL(b->n_files, 1);
	CU_ASSERT_STRING_EQUAL(b->name[0], "smswall-20261122T171500Z-000001.pcapng");
	snprintf(path, sizeof(path), "%s/%s", b->config.quarantine_path, b->name[0]);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0640);
	CU_ASSERT_EQUAL(stat(b->config.quarantine_path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0750);
	CU_ASSERT_EQUAL(b->q.n_written, 1);
	CU_ASSERT_EQUAL(b->q.n_octets, b->size[0]);
	CU_ASSERT_EQUAL(b->size[0] % 4, 0);
	CU_ASSERT_TRUE(b->size[0] > PDU_LEN);
	bench_free(b);
}

static void test_off(void)
{
	struct bench *b = bench_new();

	config_quarantine(&b->config, "");
	CU_ASSERT_EQUAL(b->config.pipeline.quarantine_actions, 0);
	CU_ASSERT_TRUE(quarantine_open(&b->q, &b->config, 0));
	put(b, 3, 0);
	quarantine_flush(&b->q, TIME_US, 0);
	CU_ASSERT_EQUAL(b->q.state, SINK_OFF);
	CU_ASSERT_EQUAL(b->q.n_written + b->q.n_lost, 0);
	CU_ASSERT_TRUE(quarantine_close(&b->q));
	bench_free(b);
}

/* No file is above file_size, all together never above total_size nor more than `files`; the newest stay. */
static void test_caps(void)
{
	struct bench *b = bench_new();
	uint64_t total = 0;

	CU_ASSERT_TRUE(quarantine_open(&b->q, &b->config, 0));
	for (unsigned round = 0; round < 200; round++) {
		put(b, 1, 0);
		quarantine_flush(&b->q, 0, 0);
		if (round % 20 == 0) {
			list_files(b);
			total = 0;
			for (unsigned i = 0; i < b->n_files; i++) {
				CU_ASSERT_TRUE(b->size[i] <= b->config.quarantine_file_size);
				total += b->size[i];
			}
			CU_ASSERT_TRUE(total <= b->config.quarantine_total_size);
			CU_ASSERT_TRUE(b->n_files <= b->config.quarantine_files);
			CU_ASSERT_EQUAL(b->q.n_files, b->n_files);
			CU_ASSERT_EQUAL(b->q.n_octets, total);
		}
	}
	CU_ASSERT_EQUAL(b->q.n_written, 200);
	CU_ASSERT_TRUE(b->q.n_deleted > 5);
	CU_ASSERT_TRUE(quarantine_close(&b->q));
	/* what was deleted are the oldest: numbers without a gap up to the newest */
	list_files(b);
	CU_ASSERT_EQUAL(strtoul(b->name[b->n_files - 1] + 25, NULL, 10) -
				strtoul(b->name[0] + 25, NULL, 10),
		b->n_files - 1);
	/* and a new run goes on counting */
	CU_ASSERT_TRUE(quarantine_open(&b->q, &b->config, 0));
	CU_ASSERT_EQUAL(b->q.number, strtoul(b->name[b->n_files - 1] + 25, NULL, 10));
	bench_free(b);
}

static void test_cap_of_files(void)
{
	struct bench *b = bench_new();

	b->config.quarantine_files = 2;
	b->config.quarantine_total_size = UINT64_C(1) << 40;
	CU_ASSERT_TRUE(quarantine_open(&b->q, &b->config, 0));
	put(b, 100, 0);
	CU_ASSERT_TRUE(quarantine_close(&b->q));
	list_files(b);
	CU_ASSERT_EQUAL(b->n_files, 2);
	bench_free(b);
}

/* By the time of messages, and by the clock where none comes; and a file of others is nobody's to delete. */
static void test_age(void)
{
	struct bench *b = bench_new();
	char path[512];
	FILE *other;

	CU_ASSERT_TRUE(quarantine_open(&b->q, &b->config, 0));
	snprintf(path, sizeof(path), "%s/smswall-notes.pcapng", b->config.quarantine_path);
	other = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	fclose(other);
	put(b, 1, 0);
	b->event.time_us += 59 * UINT64_C(1000000);
	put(b, 1, 0);
	CU_ASSERT_EQUAL(b->q.number, 1);
	b->event.time_us += 1000000;
	put(b, 1, 0);
	CU_ASSERT_EQUAL(b->q.number, 2);
	CU_ASSERT_TRUE(b->q.fd >= 0);
	quarantine_flush(&b->q, b->event.time_us + 59 * UINT64_C(1000000), 0);
	CU_ASSERT_TRUE(b->q.fd >= 0);
	quarantine_flush(&b->q, b->event.time_us + 60 * UINT64_C(1000000), 0);
	CU_ASSERT_EQUAL(b->q.fd, -1);
	b->config.quarantine_files = 1;
	put(b, 1, 0);
	CU_ASSERT_TRUE(quarantine_close(&b->q));
	list_files(b);
	CU_ASSERT_EQUAL_FATAL(b->n_files, 2);
	CU_ASSERT_STRING_EQUAL(b->name[1], "smswall-notes.pcapng");
	bench_free(b);
}

/* A disk that is full: as a limit of the process on what a file may have. Told once, tried again, whole packets only. */
static void test_full_disk(void)
{
	struct bench *b = bench_new();
	struct rlimit before;
	struct rlimit small;
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	b->config.quarantine_file_size = 1 << 20;
	b->config.quarantine_total_size = 1 << 20;
	CU_ASSERT_TRUE(quarantine_open(&b->q, &b->config, 0));
	put(b, 2, 0);
	quarantine_flush(&b->q, 0, 0);
	CU_ASSERT_EQUAL(b->q.n_written, 2);
	sigaction(SIGXFSZ, &ignore, NULL);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ b->q.file_len + 700, before.rlim_max };
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	put(b, 3, 0);
	quarantine_flush(&b->q, 0, 1000);
	CU_ASSERT_EQUAL(b->q.state, SINK_WRITE_ERROR);
	CU_ASSERT_EQUAL(b->q.error, EFBIG);
	CU_ASSERT_EQUAL(b->q.n_lost, 3);
	CU_ASSERT_TRUE(b->q.told);
	put(b, 4, 1500); /* not tried again so soon */
	CU_ASSERT_EQUAL(b->q.n_lost, 7);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	list_files(b);
	CU_ASSERT_EQUAL_FATAL(b->n_files, 1);
	CU_ASSERT_EQUAL(b->size[0] % 4, 0);
	CU_ASSERT_EQUAL(b->size[0], b->q.n_octets);
	put(b, 1, 1000 + QUARANTINE_RETRY_MS);
	quarantine_flush(&b->q, 0, 1000 + QUARANTINE_RETRY_MS);
	CU_ASSERT_EQUAL(b->q.state, SINK_OK);
	CU_ASSERT_FALSE(b->q.told);
	CU_ASSERT_EQUAL(b->q.n_written, 3);
	CU_ASSERT_FALSE(quarantine_close(&b->q)); /* some were lost: it says so */
	bench_free(b);
}

/* Somebody deletes what was kept, or takes the folder away: the next message goes where it can be read. */
static void test_deleted(void)
{
	struct bench *b = bench_new();
	char path[512];

	CU_ASSERT_TRUE(quarantine_open(&b->q, &b->config, 0));
	put(b, 2, 0);
	quarantine_flush(&b->q, TIME_US, 0);
	list_files(b);
	CU_ASSERT_EQUAL_FATAL(b->n_files, 1);
	snprintf(path, sizeof(path), "%s/%s", b->config.quarantine_path, b->name[0]);
	CU_ASSERT_EQUAL(unlink(path), 0);
	put(b, 1, 0);
	quarantine_flush(&b->q, TIME_US, 0);
	list_files(b);
	CU_ASSERT_EQUAL_FATAL(b->n_files, 1);
	CU_ASSERT_STRING_EQUAL(b->name[0], "smswall-20261122T171500Z-000002.pcapng");
	CU_ASSERT_EQUAL(b->q.n_octets, b->size[0]);
	CU_ASSERT_EQUAL(b->q.n_files, 1);
	snprintf(path, sizeof(path), "%s/%s", b->config.quarantine_path, b->name[0]);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(rmdir(b->config.quarantine_path), 0);
	put(b, 1, 0);
	quarantine_flush(&b->q, TIME_US, 0);
	list_files(b);
	CU_ASSERT_EQUAL(b->n_files, 1);
	CU_ASSERT_EQUAL(b->q.n_written, 4);
	CU_ASSERT_EQUAL(b->q.n_lost, 0);
	bench_free(b);
}

/* A folder that cannot be: a state, and as soon as it can be, it is used. */
static void test_no_folder(void)
{
	struct bench *b = bench_new();
	FILE *f = fopen(b->config.quarantine_path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fclose(f);
	CU_ASSERT_TRUE(quarantine_open(&b->q, &b->config, 0));
	CU_ASSERT_EQUAL(b->q.state, SINK_CANNOT_OPEN);
	put(b, 1, 1);
	CU_ASSERT_EQUAL(b->q.n_lost, 1);
	CU_ASSERT_EQUAL(unlink(b->config.quarantine_path), 0);
	put(b, 1, 1 + QUARANTINE_RETRY_MS);
	quarantine_flush(&b->q, 0, 1 + QUARANTINE_RETRY_MS);
	CU_ASSERT_EQUAL(b->q.n_written, 1);
	CU_ASSERT_EQUAL(b->q.state, SINK_OK);
	bench_free(b);
}

static void test_comment(void)
{
	struct bench *b = bench_new();
	struct event_message *m = &b->event.u.message;
	char text[PCAPNG_COMMENT_MAX];

	quarantine_packet_comment(&b->names, &b->event, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(
		text, "verdict=reject reason=rule rule=#3 generation=0 event=1 link=core");
	m->rule = VERDICT_NO_RULE;
	m->reason = R_list;
	strcpy(m->list, "fraud");
	strcpy(m->entry, "447700900001");
	m->entry_len = 12;
	m->entry_number = true;
	m->kept.blanked = true;
	m->part = 2;
	m->parts = 3;
	quarantine_packet_comment(&b->names, &b->event, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "verdict=reject reason=list list=fraud entry=number part=2/3 "
				     "generation=0 event=1 link=core text=removed");
	quarantine_packet_comment(&b->names, &b->event, text, 20);
	CU_ASSERT_STRING_EQUAL(text, "verdict=reject reas");
	bench_free(b);
}

/* draft-ietf-opsawg-pcapng 4.3: an Enhanced Packet Block, octet by octet. */
static void test_packet(void)
{
	static const uint8_t octets[] = { 1, 2, 3 };
	static const uint8_t expected[] = { 6, 0, 0, 0, 0x38, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0,
		0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 1, 2, 3, 0, /* opt_comment */ 1, 0, 2, 0, 'h', 'i', 0,
		0, /* epb_flags */ 2, 0, 4, 0, 2, 0, 0, 0, /* end */ 0, 0, 0, 0, 0x38, 0, 0, 0 };
	const struct pcapng_packet p = { .interface = 1,
		.time_us = UINT64_C(0x200000001),
		.direction = PCAPNG_OUTBOUND,
		.comment = "hi",
		.octets = { octets, sizeof(octets) },
		.octets_whole = 9 };
	uint8_t out[64];
	size_t len = pcapng_put_packet(out, sizeof(out), &p);

	CU_ASSERT_EQUAL_FATAL(len, sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(out, expected, sizeof(expected)), 0);
	for (size_t size = 0; size < len; size++) {
		CU_ASSERT_EQUAL(pcapng_put_packet(out, size, &p), 0);
	}
}

static void test_tar(void)
{
	char *octets = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&octets, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_TRUE(tar_put(f, "a.txt", bytes_of("hello", 5), 1));
	CU_ASSERT_TRUE(tar_put(f, "empty", bytes_of(NULL, 0), 1));
	CU_ASSERT_TRUE(tar_end(f));
	fclose(f);
	CU_ASSERT_EQUAL_FATAL(len, 512 + 512 + 512 + 1024);
	CU_ASSERT_EQUAL(memcmp(octets + 257, "ustar\00000", 8), 0);
	CU_ASSERT_EQUAL(memcmp(octets + 124, "00000000005", 12), 0);
	CU_ASSERT_EQUAL(memcmp(octets + 100, "0000600", 8), 0);
	CU_ASSERT_EQUAL(memcmp(octets + 512, "hello\0", 6), 0);
	CU_ASSERT_STRING_EQUAL(octets + 1024, "empty");
	/* the sum of the header's octets, with spaces for itself */
	{
		unsigned sum = 8 * ' ';

		for (unsigned i = 0; i < 512; i++) {
			sum += i >= 148 && i < 156 ? 0 : (unsigned char)octets[i];
		}
		CU_ASSERT_EQUAL(strtoul(octets + 148, NULL, 8), sum);
	}
	free(octets);
}

UNIT_MAIN("control/quarantine", { "its first file", test_first_file }, { "off", test_off },
	{ "caps", test_caps }, { "cap of files", test_cap_of_files }, { "age", test_age },
	{ "deleted", test_deleted }, { "full disk", test_full_disk },
	{ "no folder", test_no_folder }, { "comment", test_comment }, { "packet", test_packet },
	{ "tar", test_tar })
