/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/crc32c.h"

#include <stdlib.h>

#include "tests/support/unit.h"

/* RFC 3720 B.4: 32 octets of zeros, of ones, increasing, decreasing; and the check value of the catalogues. */
static void test_vectors(void)
{
	uint8_t in[32];

	memset(in, 0, sizeof(in));
	CU_ASSERT_EQUAL(crc32c_add(0, bytes_of(in, 32)), 0x8A9136AAu);
	memset(in, 0xFF, sizeof(in));
	CU_ASSERT_EQUAL(crc32c_add(0, bytes_of(in, 32)), 0x62A8AB43u);
	for (unsigned i = 0; i < 32; i++) {
		in[i] = (uint8_t)i;
	}
	CU_ASSERT_EQUAL(crc32c_add(0, bytes_of(in, 32)), 0x46DD794Eu);
	for (unsigned i = 0; i < 32; i++) {
		in[i] = (uint8_t)(31 - i);
	}
	CU_ASSERT_EQUAL(crc32c_add(0, bytes_of(in, 32)), 0x113FDB5Cu);
	CU_ASSERT_EQUAL(crc32c_add(0, bytes_str("123456789")), 0xE3069283u);
	CU_ASSERT_EQUAL(crc32c_add(0, bytes_of(NULL, 0)), 0);
}

static uint32_t bitwise(struct bytes b)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < b.len; i++) {
		crc ^= b.data[i];
		for (unsigned k = 0; k < 8; k++) {
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
		}
	}
	return ~crc;
}

static void test_ways_agree(void)
{
	uint8_t in[301];

	srand(3);
	for (unsigned round = 0; round < 2000; round++) {
		size_t len = (size_t)rand() % sizeof(in);
		size_t cut = len != 0 ? (size_t)rand() % len : 0;
		uint32_t crc;

		for (size_t i = 0; i < len; i++) {
			in[i] = (uint8_t)rand();
		}
		crc = bitwise(bytes_of(in, len));
		CU_ASSERT_EQUAL_FATAL(crc32c_add_portable(0, bytes_of(in, len)), crc);
		CU_ASSERT_EQUAL_FATAL(crc32c_add(0, bytes_of(in, len)), crc);
		CU_ASSERT_EQUAL_FATAL(crc32c_add(crc32c_add_portable(0, bytes_of(in, cut)),
					      bytes_of(in + cut, len - cut)),
			crc);
	}
}

UNIT_MAIN("base/crc32c", { "vectors", test_vectors }, { "ways agree", test_ways_agree })
