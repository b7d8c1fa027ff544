/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any saved state of limits, sealed so that its records are read: it is taken over or nothing is; the
 * table stays within its bounds, limits go on with it, and what it saves is taken over by another.
 */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dataplane/verdict/limit.h"
#include "patterns/ruleset.h"

enum { STATE_SIZE = 1 << 17, TABLES = 2 };
#define KEY    UINT64_C(0x6b6579)
#define NOW_US UINT64_C(1790000000000000)

static const struct limits_config config = {
	.cells = 64, .distinct_keys = 16, .ratio_keys = 16, .hash_key = KEY, .n_workers = 1
};

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void put_u64(uint8_t *at, uint64_t v)
{
	put_be32(at, (uint32_t)(v >> 32));
	put_be32(at + 4, (uint32_t)v);
}

/* seal: head, records, tail. */
static size_t seal(uint8_t *out, const uint8_t *records, size_t len, uint64_t saved_us)
{
	memcpy(out, "smswlim1", 8);
	put_u64(out + 8, KEY);
	put_u64(out + 16, saved_us);
	memcpy(out + 24, records, len);
	out[24 + len] = 'E';
	put_u64(out + 25 + len, XXH3_64bits(out, 24 + len));
	return 33 + len;
}

static struct limits *table(unsigned i)
{
	static void *memory[TABLES];

	if (memory[i] == NULL) {
		memory[i] = aligned_alloc(64, (limits_size(&config) + 63) & ~(size_t)63);
		require(memory[i] != NULL);
	}
	memset(memory[i], 0, limits_size(&config));
	return limits_init(memory[i], &config);
}

static uint64_t live(struct limits *l)
{
	static struct limits_walked walked[LIMIT_SLOTS];
	uint32_t n = limits_walk(l, NOW_US, walked);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		require(walked[i].name[0] != '\0' && walked[i].name[LIMIT_NAME_SIZE - 1] == '\0');
		sum += walked[i].live;
	}
	require(sum <= config.cells + config.distinct_keys + config.ratio_keys);
	return sum;
}

/* use: limits of all kinds go on with what was loaded. */
static void use(struct limits *l)
{
	for (unsigned kind = 0; kind < LIMIT_KIND_COUNT; kind++) {
		struct limit_rule r = { .name = "a",
			.kind = (uint8_t)kind,
			.n_keys = 1,
			.keys = { LIMIT_KEY_ORIGINATOR },
			.of = LIMIT_KEY_DESTINATION,
			.action = ACTION_REJECT,
			.max = 10,
			.percent = 10,
			.per_us = 6400000,
			.delay_us = 1000000,
			.keep_us = 60000000 };
		uint64_t element = kind;
		struct limit_charge c = { .rule = &r,
			.key = 0x1234567890abcd00,
			.elements = &element,
			.n_elements = 1,
			.units = 1,
			.action = ACTION_REJECT,
			.acts = true };
		struct limit_fill f;

		require(limit_prepare(&r) == NULL);
		(void)limits_charge(l, 0, &c, 1, NOW_US);
		limits_answered(l, 0, &r, c.key, NOW_US);
		limits_fill(l, &r, c.key, NOW_US, &f);
		require(kind != LIMIT_RATE || (f.used <= f.max && f.per_mille <= 1000));
		(void)limits_reset_key(l, &r, c.key, NOW_US);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t state[STATE_SIZE];
	static uint8_t again[STATE_SIZE];
	struct limits *first;
	struct limits *second = table(1);
	uint64_t n;
	size_t size;

	if (len < 5 || len > 65536) {
		return 0;
	}
	first = table(0);
	size = seal(state, data + 4, len - 4, NOW_US - be32(data) * UINT64_C(1000));
	if (!limits_load(first, bytes_of(state, size), NOW_US)) {
		require(live(first) == 0);
		return 0;
	}
	n = live(first);
	size = limits_save(first, NOW_US, again, sizeof(again));
	require(size <= sizeof(again) && limits_load(second, bytes_of(again, size), NOW_US));
	/* few cells fit wherever they belong; of many some may be given away on the way */
	require(live(second) <= n && (n > 4 || live(second) == n));
	use(first);
	(void)live(first);
	return 0;
}
