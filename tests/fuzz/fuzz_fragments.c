/* SPDX-License-Identifier: BSD-3-Clause */
/* Property: every fragment leaves exactly once with its length; held ones return to zero; no write outside. */
#include <stdlib.h>

#include "dataplane/net/fragments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES = 64, ETH = 14, IP = 20 };

/* An IPv4 fragment of TCP octets: RFC 791 3.1. */
static void make(struct frame *f, const uint8_t *d, uint64_t number)
{
	size_t payload = (size_t)(d[1] % 16 + 1) * 8;
	uint8_t *o = calloc(1, ETH + IP + payload);

	o[12] = 8;
	o[ETH] = 0x45;
	put_be16(o + ETH + 2, (uint16_t)(IP + payload));
	put_be16(o + ETH + 4, d[3] % 3);
	put_be16(o + ETH + 6, (uint16_t)((d[2] & 1 ? 0x2000 : 0) | d[0] % 24));
	o[ETH + 8] = 64;
	o[ETH + 9] = 6;
	o[ETH + 15] = 1;
	o[ETH + 19] = 2;
	memset(o + ETH + IP, d[2], payload);
	*f = (struct frame){ .data = o,
		.len = (uint32_t)(ETH + IP + payload),
		.wire_len = (uint32_t)(ETH + IP + payload),
		.number = number,
		.time_us = number * 1000 };
	frame_decode(f, CHECKSUM_TRUST, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame frames[FRAMES];
	static struct stats stats;
	static void *memory;
	const struct fragments_config config = { .datagrams_max = 3,
		.per_source_max = 2,
		.frames_max = 12,
		.timeout_us = 2000000,
		.checksums = CHECKSUM_TRUST };
	struct frame_list out = { 0 };
	struct fragments *t;
	struct frame *f;
	bool left[FRAMES] = { false };
	unsigned n = 0;
	unsigned n_out = 0;

	if (memory == NULL) {
		memory = aligned_alloc(64, (fragments_size(&config) + 63) & ~(size_t)63);
	}
	memset(memory, 0, fragments_size(&config));
	t = fragments_init(memory, &config);
	for (size_t i = 0; i + 4 <= size && n < FRAMES; i += 4, n++) {
		make(&frames[n], data + i, n + 1);
		if (frames[n].kind != FRAME_FRAGMENT) {
			frame_list_add(&out, &frames[n]);
			continue;
		}
		f = fragments_add(t, &frames[n], true, &stats, &out);
		if (f != NULL) {
			fragments_scatter(t, f, &out);
		}
	}
	fragments_expire(t, UINT64_MAX, &stats, &out);
	while ((f = frame_list_take(&out)) != NULL) {
		if (f < frames || f >= frames + n || left[f - frames]) {
			abort();
		}
		left[f - frames] = true;
		n_out++;
	}
	if (n_out != n || fragments_held(t) != 0) {
		abort();
	}
	for (unsigned i = 0; i < n; i++) {
		free(frames[i].data);
	}
	return 0;
}
