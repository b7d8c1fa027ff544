/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "control/code.h"
#include "dataplane/limits.h"

#define ONE_INTERFACE \
	" (take one interface out: tshark -r FILE -Y frame.interface_id==0 -F pcap -w NEW.pcap)"

/* draft-ietf-opsawg-pcap-04 4 and -pcapng 4.1: magic numbers as this machine reads them. */
#define MAGIC_NS 0xA1B23C4Du
#define MAGIC_NG 0x0A0D0D0Au

static int fail(struct diag *diag, int code, const char *path, const char *text)
{
	diag_add(diag, DIAG_ERROR, path, 0, 0, "%s", text);
	return code;
}

/* What a file is that is no capture: by its first octets. */
static const char *foreign_name(struct bytes start)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *text;
	} kinds[] = {
		{ "\x1f\x8b", 2, "is compressed (gzip): unpack it first: gunzip FILE" },
		{ "\x28\xb5\x2f\xfd", 4, "is compressed (zstd): unpack it first: zstd -d FILE" },
		{ "\xfd"
		  "7zXZ",
			5, "is compressed (xz): unpack it first: xz -d FILE" },
		{ "BZh", 3, "is compressed (bzip2): unpack it first: bunzip2 FILE" },
		{ "\x04\x22\x4d\x18", 4, "is compressed (lz4): unpack it first: lz4 -d FILE" },
		{ "PK\x03\x04", 4, "is a zip archive: unpack it first: unzip FILE" },
		{ "snoop\0\0\0", 8,
			"is a snoop capture: convert it: editcap -F pcap FILE NEW.pcap" },
		{ "SMSWPACK", 8, "is a policy pack, no capture: it belongs behind --policy" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (start.len >= kinds[i].len &&
			memcmp(start.data, kinds[i].magic, kinds[i].len) == 0) {
			return kinds[i].text;
		}
	}
	return "is no capture: neither pcap nor pcapng (another tool's format? "
	       "editcap -F pcap FILE NEW.pcap converts many)";
}

/* copy_pipe: a pipe or device is read once, into the folder, so that it can be looked at first. */
static int copy_pipe(
	struct capture_file *r, const char *folder, unsigned number, FILE *from, struct diag *diag)
{
	char buffer[1024];
	size_t n;
	FILE *to;

	(void)snprintf(r->path, sizeof(r->path), "%s/pipe-%u", folder, number);
	to = fopen(r->path, "wb");
	if (to == NULL) {
		return fail(diag, CONTROL_FAILED, r->path, strerror(errno));
	}
	while ((n = fread(buffer, 1, sizeof(buffer), from)) != 0) {
		if (fwrite(buffer, 1, n, to) != n) {
			break;
		}
	}
	if (fclose(to) != 0 || n != 0) {
		return fail(diag, CONTROL_FAILED, r->path, "cannot be written: is the disk full?");
	}
	return 0;
}

/* open_file: r->path becomes a regular file; r->file is open at its start. */
static int open_file(struct capture_file *r, const char *folder, unsigned number, struct diag *diag)
{
	struct stat st;
	FILE *f = fopen(r->input->path, "rb");
	int rc;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		diag_add(diag, DIAG_ERROR, r->input->path, 0, 0, "cannot be read: %s",
			strerror(errno));
		if (f != NULL) {
			(void)fclose(f);
		}
		return CONTROL_INVALID;
	}
	if (S_ISDIR(st.st_mode)) {
		(void)fclose(f);
		return fail(diag, CONTROL_INVALID, r->input->path,
			"is a folder: name the capture files in it");
	}
	if (S_ISREG(st.st_mode)) {
		char *real = realpath(r->input->path, NULL);

		(void)snprintf(r->path, sizeof(r->path), "%s", real != NULL ? real : "");
		free(real);
		r->file = f;
		return 0;
	}
	rc = copy_pipe(r, folder, number, f, diag);
	(void)fclose(f);
	r->file = rc == 0 ? fopen(r->path, "rb") : NULL;
	return rc == 0 && r->file == NULL ? fail(diag, CONTROL_FAILED, r->path, strerror(errno))
	                                  : rc;
}

/* set_link: what lies before the IP header, or a refusal by name. */
static int set_link(struct capture_file *r, int dlt, int link_type, struct diag *diag)
{
	const struct capture_link_kind *kind = capture_link_of(link_type);
	const char *name = pcap_datalink_val_to_name(dlt);

	if (kind == NULL) {
		diag_add(diag, DIAG_ERROR, r->input->path, 0, 0,
			"has link type %s (%d), which cannot be filtered: smswall reads Ethernet, Linux "
			"cooked (SLL, SLL2), NULL/LOOP and raw IP; capture on an Ethernet interface "
			"(tcpdump -i eth0 -s 0 -w FILE)",
			name != NULL ? name : "unknown", link_type);
		return CONTROL_INVALID;
	}
	r->link = kind->link;
	r->input->link = kind->name;
	r->input->converted = kind->link != CAPTURE_ETHERNET;
	return 0;
}

static int open_plain(struct capture_file *r, struct diag *diag)
{
	static const char *const names[2][2] = {
		{ "pcap", "pcap, big-endian" },
		{ "pcap, nanoseconds", "pcap, nanoseconds, big-endian" },
	};
	/* The upper bits of the link type field are about the frame check sequence. */
	int link_type = (int)(capture_u32(r->header + 20, r->swapped) & 0xFFFFu);

	r->snap_len = capture_u32(r->header + 16, r->swapped);
	r->input->format = names[r->nano][r->swapped];
	/* Types below 110 are DLT values by and large; for a name in a refusal that is good enough. */
	return set_link(r, link_type, link_type, diag);
}

static int open_libpcap(struct capture_file *r, uint32_t magic, struct diag *diag)
{
	char error[PCAP_ERRBUF_SIZE];

	(void)fclose(r->file);
	r->file = NULL;
	r->input->format = magic == MAGIC_NG ? "pcapng" : "pcap, old or modified";
	r->pcap = pcap_open_offline(r->path, error);
	if (r->pcap == NULL) {
		diag_add(diag, DIAG_ERROR, r->input->path, 0, 0,
			"cannot be read: libpcap says: %s%s", error,
			strstr(error, "different from") == NULL ? "" : ONE_INTERFACE);
		return CONTROL_INVALID;
	}
	r->snap_len = (uint32_t)pcap_snapshot(r->pcap);
	return set_link(
		r, pcap_datalink(r->pcap), capture_link_of_dlt(pcap_datalink(r->pcap)), diag);
}

int capture_file_open(
	struct capture_file *r, const char *folder, unsigned number, struct diag *diag)
{
	uint32_t magic;
	uint32_t turned;
	size_t n;
	int rc = open_file(r, folder, number, diag);

	if (rc != 0) {
		return rc;
	}
	n = fread(r->header, 1, sizeof(r->header), r->file);
	if (n == 0) {
		return fail(diag, CONTROL_INVALID, r->input->path,
			ferror(r->file) ? "cannot be read"
					: "is empty: 0 octets, not even a header");
	}
	magic = n >= 4 ? capture_u32(r->header, false) : 0;
	turned = __builtin_bswap32(magic);
	r->swapped = turned == CAPTURE_MAGIC_US || turned == MAGIC_NS;
	r->nano = magic == MAGIC_NS || turned == MAGIC_NS;
	if (magic != CAPTURE_MAGIC_US && magic != MAGIC_NG && !r->nano && !r->swapped &&
		(magic & 0xFFFFu) != 0xCD34u && (turned & 0xFFFFu) != 0xCD34u) {
		return fail(diag, CONTROL_INVALID, r->input->path,
			foreign_name(bytes_of(r->header, n)));
	}
	if (n < sizeof(r->header)) {
		return fail(diag, CONTROL_INVALID, r->input->path,
			"is cut off inside the header of the capture: nothing can be read from it");
	}
	if ((magic == CAPTURE_MAGIC_US || r->swapped || r->nano) &&
		capture_u32(r->header + 4, false) == (r->swapped ? 0x04000200u : 0x00040002u)) {
		r->octets = malloc(LIMIT_FRAME_LEN);
		return r->octets != NULL ? open_plain(r, diag)
		                         : fail(diag, CONTROL_FAILED, NULL, "no memory");
	}
	return open_libpcap(r, magic, diag);
}

void capture_file_close(struct capture_file *r)
{
	if (r->file != NULL) {
		(void)fclose(r->file);
	}
	if (r->pcap != NULL) {
		pcap_close(r->pcap);
	}
	free(r->octets);
}

/* cut_off: the file ends inside a frame: said, and the frames before it are used. */
static int cut_off(struct capture_file *r, struct diag *diag)
{
	r->done = true;
	r->input->cut_off = true;
	diag_add(diag, DIAG_WARNING, r->input->path, 0, 0,
		"is cut off inside frame %llu: the %llu whole frames before it are used",
		(unsigned long long)r->input->frames + 1, (unsigned long long)r->input->frames);
	return 0;
}

int capture_file_refuse_length(
	const struct capture_file *r, uint64_t frame, uint32_t len, struct diag *diag)
{
	diag_add(diag, DIAG_ERROR, r->input->path, 0, 0,
		"frame %llu has %u octets, more than the %u that DPDK can carry in one frame%s",
		(unsigned long long)frame, len, LIMIT_FRAME_LEN,
		len > CAPTURE_SNAP_LEN ? ": the file is damaged there"
				       : "; capture with segmentation offloads off "
					 "(ethtool -K IF tso off gso off gro off)");
	return CONTROL_INVALID;
}

static int next_plain(struct capture_file *r, struct diag *diag)
{
	uint8_t h[CAPTURE_RECORD_LEN];
	size_t n = fread(h, 1, sizeof(h), r->file);

	if (n == 0 && !ferror(r->file)) {
		r->done = true;
		return 0;
	}
	if (n < sizeof(h)) {
		return cut_off(r, diag);
	}
	r->head.seconds = capture_u32(h, r->swapped);
	r->head.micros = capture_u32(h + 4, r->swapped) / (r->nano ? 1000u : 1u);
	r->head.len = capture_u32(h + 8, r->swapped);
	r->head.wire_len = capture_u32(h + 12, r->swapped);
	r->head.data = r->octets;
	if (r->head.len > LIMIT_FRAME_LEN) {
		return capture_file_refuse_length(r, r->input->frames + 1, r->head.len, diag);
	}
	if (fread(r->octets, 1, r->head.len, r->file) != r->head.len) {
		return cut_off(r, diag);
	}
	return 0;
}

static int next_libpcap(struct capture_file *r, struct diag *diag)
{
	struct pcap_pkthdr *h;
	int rc = pcap_next_ex(r->pcap, &h, &r->head.data);

	if (rc == PCAP_ERROR_BREAK) {
		r->done = true;
		return 0;
	}
	if (rc != 1) {
		const char *why = pcap_geterr(r->pcap);

		if (strstr(why, "truncated") != NULL) {
			return cut_off(r, diag);
		}
		diag_add(diag, DIAG_ERROR, r->input->path, 0, 0,
			"cannot be read at frame %llu: libpcap says: %s%s",
			(unsigned long long)r->input->frames + 1, why,
			strstr(why, "different from") == NULL ? "" : ONE_INTERFACE);
		return CONTROL_INVALID;
	}
	if (h->caplen > LIMIT_FRAME_LEN) {
		return capture_file_refuse_length(r, r->input->frames + 1, h->caplen, diag);
	}
	r->head.seconds = (uint32_t)h->ts.tv_sec;
	r->head.micros = (uint32_t)h->ts.tv_usec;
	r->head.len = h->caplen;
	r->head.wire_len = h->len;
	return 0;
}

int capture_file_next(struct capture_file *r, struct diag *diag)
{
	struct capture_input *in = r->input;
	int rc = r->file != NULL ? next_plain(r, diag) : next_libpcap(r, diag);
	uint64_t us;

	if (rc != 0 || r->done) {
		return rc;
	}
	us = (uint64_t)r->head.seconds * 1000000 + r->head.micros;
	if (in->frames == 0) {
		in->first_us = us;
	} else if (us < r->head_us) {
		in->times_back = true;
	}
	in->last_us = us;
	r->head_us = us;
	in->frames++;
	in->octets += r->head.len;
	in->frames_cut += r->head.wire_len > r->head.len;
	return 0;
}

bool capture_file_fits(struct capture_file *r)
{
	uint8_t h[CAPTURE_RECORD_LEN];
	uint32_t len;
	size_t n;
	bool fits = true;

	while (fits && (n = fread(h, 1, sizeof(h), r->file)) != 0) {
		len = capture_u32(h + 8, false);
		fits = n == sizeof(h) && len <= LIMIT_FRAME_LEN &&
		       (r->snap_len == 0 || len <= r->snap_len) &&
		       fread(r->octets, 1, len, r->file) == len;
	}
	return fseeko(r->file, CAPTURE_HEADER_LEN, SEEK_SET) == 0 && fits;
}
