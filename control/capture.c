/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/capture_file.h"
#include "control/code.h"
#include "dataplane/limits.h"

struct merge {
	struct capture *c;
	struct capture_file *readers;
	unsigned n;
	FILE *pcap; /* NULL: the input itself serves */
	FILE *index;
	struct diag *diag;
};

static int fail(struct diag *diag, int code, const char *path, const char *text)
{
	diag_add(diag, DIAG_ERROR, path, 0, 0, "%s", text);
	return code;
}

static void put_u32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void header_make(uint8_t *h, uint32_t snap_len)
{
	uint16_t version[2] = { 2, 4 };

	put_u32(h, CAPTURE_MAGIC_US);
	memcpy(h + 4, version, sizeof(version));
	memset(h + 8, 0, 8);
	put_u32(h + 16, snap_len);
	put_u32(h + 20, 1); /* LINKTYPE_ETHERNET */
}

/* header_swap: the 24 octets in the other byte order (magic, two u16, four u32). */
static void header_swap(const uint8_t *from, uint8_t *to)
{
	static const uint8_t width[] = { 4, 2, 2, 4, 4, 4, 4 };
	size_t at = 0;

	for (size_t i = 0; i < sizeof(width); i++) {
		for (size_t k = 0; k < width[i]; k++) {
			to[at + k] = from[at + width[i] - 1 - k];
		}
		at += width[i];
	}
}

static int merge_put(struct merge *m, const struct capture_file *r)
{
	uint8_t entry[CAPTURE_INDEX_LEN] = { 0 };
	uint8_t h[CAPTURE_RECORD_LEN + CAPTURE_LINK_LEN];
	const struct capture_record *f = &r->head;
	struct capture_rewrite w = capture_link_rewrite(
		r->link, bytes_of(f->data, f->len), f->wire_len, h + CAPTURE_RECORD_LEN);
	uint32_t len = (uint32_t)(w.header_len + w.rest.len);

	put_be32(entry, w.wire_len);
	put_be32(entry + 4, (uint32_t)r->input->frames);
	entry[8] = (uint8_t)(r - m->readers);
	entry[9] = w.wire_len > len ? CAPTURE_INDEX_CUT : 0;
	if (fwrite(entry, sizeof(entry), 1, m->index) != 1) {
		return fail(m->diag, CONTROL_FAILED, m->c->index_path, strerror(errno));
	}
	m->c->frames++;
	if (m->pcap == NULL) {
		return 0;
	}
	if (len > LIMIT_FRAME_LEN) {
		return capture_file_refuse_length(r, r->input->frames, len, m->diag);
	}
	put_u32(h, f->seconds);
	put_u32(h + 4, f->micros);
	put_u32(h + 8, len);
	put_u32(h + 12, w.wire_len);
	if (fwrite(h, CAPTURE_RECORD_LEN + w.header_len, 1, m->pcap) != 1 ||
		fwrite(w.rest.data, 1, w.rest.len, m->pcap) != w.rest.len) {
		return fail(m->diag, CONTROL_FAILED, m->c->pcap_path, strerror(errno));
	}
	return 0;
}

/* merge_oldest: the reader whose next frame is oldest; of equal ones the first named. NULL: none left. */
static struct capture_file *merge_oldest(struct merge *m)
{
	struct capture_file *best = NULL;

	for (unsigned i = 0; i < m->n; i++) {
		struct capture_file *r = &m->readers[i];

		if (!r->done && (best == NULL || r->head_us < best->head_us)) {
			best = r;
		}
	}
	return best;
}

/* interrupted: the caller keeps signals waiting (replay_process.h), and one is. */
static bool interrupted(void)
{
	sigset_t set;

	return sigpending(&set) == 0 &&
	       (sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1 ||
		       sigismember(&set, SIGHUP) == 1);
}

static int merge_run(struct merge *m)
{
	struct capture_file *r;
	int rc = 0;

	for (unsigned i = 0; i < m->n && rc == 0; i++) {
		rc = capture_file_next(&m->readers[i], m->diag);
	}
	while (rc == 0 && (r = merge_oldest(m)) != NULL) {
		rc = merge_put(m, r);
		if (rc == 0 && m->c->frames % 4096 == 0 && interrupted()) {
			rc = fail(m->diag, CONTROL_FAILED, NULL, "interrupted");
		}
		if (rc == 0) {
			rc = capture_file_next(r, m->diag);
		}
	}
	return rc;
}

/* plain_serves: the only input is what net_pcap reads as it is, if capture_file_fits(). */
static bool plain_serves(const struct merge *m)
{
	const struct capture_file *r = &m->readers[0];

	return m->n == 1 && r->file != NULL && !r->swapped && !r->nano &&
	       r->link == CAPTURE_ETHERNET;
}

/* merge_open: links the input into the folder, or begins a file of our own there. */
static int merge_open(struct merge *m)
{
	uint8_t header[CAPTURE_HEADER_LEN];

	m->index = fopen(m->c->index_path, "wb");
	if (m->index == NULL) {
		return fail(m->diag, CONTROL_FAILED, m->c->index_path, strerror(errno));
	}
	if (plain_serves(m) && capture_file_fits(&m->readers[0]) &&
		symlink(m->readers[0].path, m->c->pcap_path) == 0) {
		return 0;
	}
	m->pcap = fopen(m->c->pcap_path, "wb");
	header_make(header, CAPTURE_SNAP_LEN);
	if (m->pcap == NULL || fwrite(header, sizeof(header), 1, m->pcap) != 1) {
		return fail(m->diag, CONTROL_FAILED, m->c->pcap_path, strerror(errno));
	}
	return 0;
}

static int merge_close(struct merge *m, int rc)
{
	bool ok = true;

	if (m->index != NULL) {
		ok = fclose(m->index) == 0;
	}
	if (m->pcap != NULL) {
		ok = fclose(m->pcap) == 0 && ok;
	}
	if (rc == 0 && !ok) {
		return fail(m->diag, CONTROL_FAILED, m->c->pcap_path,
			"cannot be written: is the disk full?");
	}
	return rc;
}

/* out_header: OUT keeps the header of a single microsecond Ethernet pcap, octet by octet. */
static void out_header(struct capture *c, const struct capture_file *r)
{
	c->snap_len = CAPTURE_SNAP_LEN;
	header_make(c->header, CAPTURE_SNAP_LEN);
	if (c->n_inputs != 1 || r->file == NULL || r->nano || r->link != CAPTURE_ETHERNET) {
		return;
	}
	c->snap_len = r->snap_len;
	c->swapped = r->swapped;
	if (r->swapped) {
		header_swap(r->header, c->header);
	} else {
		memcpy(c->header, r->header, sizeof(c->header));
	}
}

static void warn_inputs(const struct capture *c, struct diag *diag)
{
	for (unsigned i = 0; i < c->n_inputs; i++) {
		const struct capture_input *in = &c->inputs[i];

		if (in->frames == 0) {
			diag_add(diag, DIAG_WARNING, in->path, 0, 0, "holds no frame");
		}
		if (in->converted) {
			diag_add(diag, DIAG_WARNING, in->path, 0, 0,
				"has no Ethernet headers (%s): synthetic ones were put before its packets",
				in->link);
		}
		if (in->frames_cut != 0) {
			diag_add(diag, DIAG_WARNING, in->path, 0, 0,
				"%llu of %llu frames are cut short by the capture (snap length): capture "
				"with tcpdump -s 0",
				(unsigned long long)in->frames_cut, (unsigned long long)in->frames);
		}
		if (in->times_back) {
			diag_add(diag, DIAG_WARNING, in->path, 0, 0,
				"has frames older than the one before them: they are taken in the file's "
				"order (reordercap sorts a file)");
		}
	}
}

int capture_prepare(struct capture *c, const char *const *paths, unsigned n, const char *folder,
	struct diag *diag)
{
	struct merge m = { .c = c, .n = n, .diag = diag };
	int rc = 0;

	memset(c, 0, sizeof(*c));
	if (n == 0 || n > CAPTURE_INPUTS_MAX) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"%u captures: 1 to %d can be replayed at once", n, CAPTURE_INPUTS_MAX);
		return CONTROL_INVALID;
	}
	m.readers = calloc(n, sizeof(*m.readers));
	if (m.readers == NULL) {
		return fail(diag, CONTROL_FAILED, NULL, "no memory");
	}
	c->n_inputs = n;
	(void)snprintf(c->pcap_path, sizeof(c->pcap_path), "%s/in.pcap", folder);
	(void)snprintf(c->index_path, sizeof(c->index_path), "%s/in.index", folder);
	for (unsigned i = 0; i < n; i++) { /* all of them, so that all errors are told */
		int one;

		c->inputs[i].path = paths[i];
		m.readers[i].input = &c->inputs[i];
		one = capture_file_open(&m.readers[i], folder, i, diag);
		rc = rc != 0 ? rc : one;
	}
	if (rc == 0) {
		out_header(c, &m.readers[0]);
		rc = merge_open(&m);
	}
	rc = rc == 0 ? merge_run(&m) : rc;
	rc = merge_close(&m, rc);
	for (unsigned i = 0; i < n; i++) {
		capture_file_close(&m.readers[i]);
	}
	free(m.readers);
	if (rc == 0) {
		warn_inputs(c, diag);
	}
	return rc;
}

int capture_finish(const struct capture *c, const char *out_path, struct diag *diag)
{
	uint8_t header[CAPTURE_HEADER_LEN];
	uint8_t h[CAPTURE_RECORD_LEN];
	off_t at = CAPTURE_HEADER_LEN;
	ssize_t n = 0;
	int fd;
	bool ok;

	if (!c->swapped) {
		return 0;
	}
	fd = open(out_path, O_RDWR | O_CLOEXEC);
	header_swap(c->header, header);
	ok = fd >= 0 && pwrite(fd, header, sizeof(header), 0) == (ssize_t)sizeof(header);
	while (ok && (n = pread(fd, h, sizeof(h), at)) == (ssize_t)sizeof(h)) {
		uint32_t len = capture_u32(h + 8, false);

		for (size_t i = 0; i < sizeof(h); i += 4) {
			put_u32(h + i, capture_u32(h + i, true));
		}
		ok = pwrite(fd, h, sizeof(h), at) == (ssize_t)sizeof(h);
		at += (off_t)sizeof(h) + (off_t)len;
	}
	ok = fd >= 0 && close(fd) == 0 && ok && n == 0;
	return ok ? 0 : fail(diag, CONTROL_FAILED, out_path, "its byte order could not be set");
}
