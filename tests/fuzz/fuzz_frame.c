/* SPDX-License-Identifier: BSD-3-Clause */
/* Property: offsets lie in the frame; mending makes the checksum right and touches nothing but it. */
#include <stdlib.h>

#include "dataplane/limits.h"
#include "dataplane/net/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_offsets(const struct frame *f)
{
	if (f->kind != FRAME_TCP && f->kind != FRAME_SCTP) {
		return;
	}
	if (f->l4_off > f->len || f->payload_off > f->len ||
		f->payload_off + (uint32_t)f->payload_len > f->len || f->l3_off > f->l4_off ||
		f->l4_off > f->payload_off) {
		abort();
	}
}

static void check_mending(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	uint8_t *before = malloc(size + 1);
	struct frame f = { .data = copy, .len = (uint32_t)size, .wire_len = (uint32_t)size };
	unsigned changed = 0;

	memcpy(copy, data, size);
	memcpy(before, data, size);
	frame_decode(&f, CHECKSUM_TRUST, false);
	if (f.kind == FRAME_TCP && f.reason == R_none) {
		uint16_t payload_len = f.payload_len;

		/* the IP header's sum is not touched by edits: a wrong one stays and is told */
		if (f.ip_version == 4) {
			frame_mend_ip4_header(&f);
			memcpy(before, copy, size);
		}
		frame_mend_checksums(&f);
		for (size_t i = 0; i < size; i++) {
			changed += copy[i] != before[i];
		}
		frame_decode(&f, CHECKSUM_VERIFY, false);
		if (changed > 2 || f.reason != R_none || f.payload_len != payload_len) {
			abort();
		}
	}
	free(copy);
	free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size + (size == 0)); /* red zones begin where the frame ends */
	struct frame f = { .data = exact, .len = (uint32_t)size, .wire_len = (uint32_t)size };

	if (size <= LIMIT_FRAME_LEN) {
		memcpy(exact, data, size);
		frame_decode(&f, CHECKSUM_VERIFY, true);
		check_offsets(&f);
		check_mending(data, size);
	}
	free(exact);
	return 0;
}
