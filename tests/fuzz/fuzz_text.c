/* SPDX-License-Identifier: BSD-3-Clause */
/* Property: output is valid UTF-8 within its bound; the map is monotone; blanking changes only the units asked for. */
#include <stdlib.h>

#include "dataplane/sms/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 2048 };

static void check_blank(
	const struct text_input *in, const uint8_t *data, size_t size, size_t from, size_t to)
{
	uint8_t *copy = malloc(size + 1);
	struct text_input blanked = *in;

	memcpy(copy, data, size);
	blanked.data = bytes_of(copy, size);
	text_blank(&blanked, copy, from, to);
	if (from >= to && memcmp(copy, data, size) != 0) {
		abort();
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[TEXT_SIZE(INPUT_MAX) + 64];
	static uint32_t origin[TEXT_SIZE(INPUT_MAX) + 65];
	struct text_stats stats;
	struct text_input in;
	size_t bound;
	size_t len;

	if (size < 8 || size > INPUT_MAX) {
		return 0;
	}
	in = (struct text_input){
		.data = bytes_of(data + 8, size - 8),
		.encoding = data[0] % TEXT_ENCODINGS,
		.skip_bits = (uint16_t)(data[1] % 160),
		.n_septets = data[2] | (uint32_t)(data[3] & 7) << 8,
		.language = { data[4] % 16, data[5] % 16 },
	};
	bound = TEXT_SIZE(in.data.len);
	len = text_decode(&in, out, bound, origin, &stats);
	if (len > bound || !text_utf8_valid(bytes_of(out, len)) || memchr(out, 0, len) != NULL) {
		abort();
	}
	for (size_t i = 1; i <= len; i++) {
		if (origin[i] < origin[i - 1]) {
			abort();
		}
	}
	check_blank(&in, in.data.data, in.data.len, data[6], data[7]);
	return 0;
}
