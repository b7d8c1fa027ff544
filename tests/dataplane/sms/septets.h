/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * septets: for tests of text: an encoder that shares nothing with the decoder (bit by bit, 3GPP TS
 * 23.038 6.1.2.1.1: septet i lies in bits 7i.. of the octets taken as one little-endian number) and
 * a generator of random numbers that is the same everywhere.
 */
#ifndef SMSWALL_TESTS_SMS_SEPTETS_H
#define SMSWALL_TESTS_SMS_SEPTETS_H

#include <stddef.h>
#include <stdint.h>

static inline void septets_set_bit(uint8_t *data, size_t bit, unsigned value)
{
	data[bit / 8] = (uint8_t)((data[bit / 8] & ~(1u << bit % 8)) | ((value & 1u) << bit % 8));
}

static inline unsigned septets_get_bit(const uint8_t *data, size_t bit)
{
	return ((unsigned)data[bit / 8] >> bit % 8) & 1u;
}

/* septets_pack: packs after `skip_bits`; returns how many octets the whole takes. */
static inline size_t septets_pack(
	uint8_t *data, size_t skip_bits, const uint8_t *septets, size_t n_septets)
{
	for (size_t i = 0; i < 7 * n_septets; i++) {
		septets_set_bit(data, skip_bits + i, (unsigned)septets[i / 7] >> i % 7);
	}
	return (skip_bits + 7 * n_septets + 7) / 8;
}

/* xorshift64* */
static inline uint32_t septets_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * UINT64_C(0x2545F4914F6CDD1D)) >> 32);
}

#endif
