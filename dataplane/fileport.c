/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fileport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/clock.h"

enum {
	ENTRY_LEN = 12, /* u32 wire length, u32 number, u8 input, u8 flags, u16 zero */
	PCAP_HEADER_LEN = 24,
	RECORD_HEADER_LEN = 16,
};

struct fileport {
	FILE *index;
	FILE *out;
	uint64_t n_frames;
	bool swapped;
	int error; /* errno of the first write that failed */
	const char *out_path;
};

static bool open_index(struct fileport *p, const char *path, struct diag *diag)
{
	struct stat st;

	p->index = fopen(path, "rb");
	if (p->index == NULL || fstat(fileno(p->index), &st) != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be read: %s", strerror(errno));
		return false;
	}
	if (st.st_size % ENTRY_LEN != 0) {
		diag_add(diag, DIAG_ERROR, path, 0, 0,
			"is not a replay index: its length is no multiple of %d", ENTRY_LEN);
		return false;
	}
	p->n_frames = (uint64_t)st.st_size / ENTRY_LEN;
	return true;
}

static bool open_out(
	struct fileport *p, const char *path, const uint8_t header[24], struct diag *diag)
{
	p->out = fopen(path, "wb");
	if (p->out == NULL || fwrite(header, PCAP_HEADER_LEN, 1, p->out) != 1) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be written: %s", strerror(errno));
		return false;
	}
	/* magic a1b2c3d4 with its first octet first: fields in network order */
	p->swapped = header[0] == 0xA1;
	return true;
}

struct fileport *fileport_open(
	const char *index_path, const char *out_path, const uint8_t header[24], struct diag *diag)
{
	struct fileport *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "no memory for the replay's files");
		return NULL;
	}
	p->out_path = out_path;
	if (!open_index(p, index_path, diag) || !open_out(p, out_path, header, diag)) {
		fileport_close(p, diag);
		return NULL;
	}
	return p;
}

uint64_t fileport_total(const struct fileport *p)
{
	return p->n_frames;
}

bool fileport_describe(struct fileport *p, struct frame *f)
{
	uint8_t entry[ENTRY_LEN];

	if (fread(entry, ENTRY_LEN, 1, p->index) != 1) {
		return false;
	}
	f->wire_len = be32(entry);
	f->number = be32(entry + 4);
	f->input = entry[8];
	return true;
}

static void put32(const struct fileport *p, uint8_t *at, uint32_t v)
{
	if (p->swapped) {
		put_be32(at, v);
	} else {
		memcpy(at, &v, sizeof(v));
	}
}

void fileport_write(struct fileport *p, const struct frame *f)
{
	uint8_t record[RECORD_HEADER_LEN];

	put32(p, record, (uint32_t)(f->time_us / CLOCK_US_PER_S));
	put32(p, record + 4, (uint32_t)(f->time_us % CLOCK_US_PER_S));
	put32(p, record + 8, f->len);
	put32(p, record + 12, f->wire_len);
	if (p->error == 0 && (fwrite(record, sizeof(record), 1, p->out) != 1 ||
				     (f->len != 0 && fwrite(f->data, f->len, 1, p->out) != 1))) {
		p->error = errno != 0 ? errno : EIO;
	}
}

bool fileport_close(struct fileport *p, struct diag *diag)
{
	bool ok = true;

	if (p == NULL) {
		return true;
	}
	if (p->out != NULL && fclose(p->out) != 0 && p->error == 0) {
		p->error = errno;
	}
	if (p->index != NULL) {
		fclose(p->index);
	}
	if (p->error != 0) {
		diag_add(diag, DIAG_ERROR, p->out_path, 0, 0, "cannot be written: %s",
			strerror(p->error));
		ok = false;
	}
	free(p);
	return ok;
}
