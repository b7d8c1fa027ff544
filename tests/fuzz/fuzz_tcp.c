/* SPDX-License-Identifier: BSD-3-Clause */
/* Property: what is stored and read by sequence number equals a model stream in which the first copy wins. */
#include <stdlib.h>

#include "dataplane/net/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SPACE = 8192, CHUNKS = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stream_chunk memory[CHUNKS];
	static uint8_t model[SPACE], scratch[SPACE], piece[256];
	static bool have[SPACE];
	const uint32_t base = 0xFFFFF000u; /* numbers wrap inside */
	struct stream_pool pool;
	struct stream s = { 0 };
	size_t run;

	stream_pool_init(&pool, memory, CHUNKS);
	memset(have, 0, sizeof(have));
	for (size_t i = 0; i + 4 <= size; i += 4) {
		size_t at = ((size_t)data[i] << 5 | data[i + 3] >> 3) % SPACE;
		size_t n = data[i + 1];
		bool differs = false;
		bool fresh = false;
		enum stream_put put;

		n = at + n > SPACE ? SPACE - at : n;
		memset(piece, data[i + 2], sizeof(piece));
		for (size_t k = 0; k < n; k++) {
			differs |= have[at + k] && model[at + k] != piece[k];
			fresh |= !have[at + k];
		}
		put = stream_put(&s, &pool, base + (uint32_t)at, bytes_of(piece, n));
		if (put == STREAM_FULL) {
			break;
		}
		for (size_t k = 0; k < n; k++) {
			if (!have[at + k]) {
				have[at + k] = true;
				model[at + k] = piece[k];
			}
		}
		if (n != 0 && put != (differs        ? STREAM_DIFFERS
					     : fresh ? STREAM_NEW
						     : STREAM_SAME)) {
			abort();
		}
	}
	for (size_t at = 0; at < SPACE; at += 61) {
		size_t expected = 0;

		while (at + expected < SPACE && have[at + expected]) {
			expected++;
		}
		run = stream_run(&s, base + (uint32_t)at, SPACE - at);
		if (pool.n_free != 0 && run != expected) {
			abort();
		}
		if (run != 0 && pool.n_free != 0 &&
			memcmp(stream_get(&s, base + (uint32_t)at, run, scratch).data, model + at,
				run) != 0) {
			abort();
		}
	}
	stream_clear(&s, &pool);
	if (pool.n_free != CHUNKS) {
		abort();
	}
	return 0;
}
