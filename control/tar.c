/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/tar.h"

/* The header's fields by their place, and the block of 512 octets that all is aligned to. */
enum {
	BLOCK = 512,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_TIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_VERSION = 263,
};

static void put_octal(uint8_t *at, unsigned digits, uint64_t v)
{
	at[digits] = '\0';
	for (unsigned i = digits; i-- > 0; v >>= 3) {
		at[i] = (uint8_t)('0' + (v & 7));
	}
}

static void put_header(uint8_t header[BLOCK], const char *name, size_t len, uint64_t time_s)
{
	unsigned sum = 0;

	memset(header, 0, BLOCK);
	memcpy(header, name, strnlen(name, TAR_NAME_MAX));
	put_octal(header + AT_MODE, 7, 0600);
	put_octal(header + AT_UID, 7, 0);
	put_octal(header + AT_GID, 7, 0);
	put_octal(header + AT_SIZE, 11, len);
	put_octal(header + AT_TIME, 11, time_s);
	header[AT_TYPE] = '0';
	memcpy(header + AT_MAGIC, "ustar", 6);
	memcpy(header + AT_VERSION, "00", 2);
	/* of the header with eight spaces in its place */
	memset(header + AT_CHECKSUM, ' ', 8);
	for (unsigned i = 0; i < BLOCK; i++) {
		sum += header[i];
	}
	put_octal(header + AT_CHECKSUM, 6, sum);
}

bool tar_put(FILE *to, const char *name, struct bytes octets, uint64_t time_s)
{
	static const uint8_t zeros[BLOCK];
	uint8_t header[BLOCK];
	size_t rest = -octets.len & (BLOCK - 1);

	put_header(header, name, octets.len, time_s);
	return fwrite(header, 1, BLOCK, to) == BLOCK &&
	       (octets.len == 0 || fwrite(octets.data, 1, octets.len, to) == octets.len) &&
	       fwrite(zeros, 1, rest, to) == rest;
}

bool tar_end(FILE *to)
{
	static const uint8_t zeros[2 * BLOCK];

	return fwrite(zeros, 1, sizeof(zeros), to) == sizeof(zeros);
}
