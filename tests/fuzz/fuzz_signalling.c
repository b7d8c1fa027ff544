/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any sequence of events, with time going back too: findings are those that are on, what is told is
 * among what was found, tables stay within their bounds, and a second table says the same.
 */
#include <stdlib.h>

#include "dataplane/verdict/signalling.h"

enum { TABLES = 2, ENTRIES = 64 };

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* few: small sets of values, so that questions, answers and messages meet. */
static struct bytes few(struct cursor *c, size_t max)
{
	static const uint8_t digits[] = "4366400000000123*#45678";
	uint8_t b = cursor_u8(c);

	return bytes_of(digits + (b & 3), (size_t)(b >> 2) % (max + 1));
}

static void configure(struct signalling_config *config, struct cursor *c)
{
	*config = (struct signalling_config){ .from = cursor_u8(c) % 2,
		.n_home_gt = cursor_u8(c) % 2,
		.n_home_msisdn = 1,
		.n_operations = cursor_u8(c) % 2,
		.home_gt = { { "4366" } },
		.home_msisdn = { { "43" } },
		.operations = { 45 },
		.gt_digits = 1 + cursor_u8(c) % 15,
		.window_us = 1 + cursor_u32(c),
		.sri_min = cursor_u8(c),
		.sri_per_mt = cursor_u8(c),
		.unused_max = cursor_u8(c),
		.scan_max = cursor_u8(c),
		.scan_percent = cursor_u8(c) % 101,
		.scan_run = 2 + cursor_u8(c),
		.ber_max = cursor_u8(c) };
	for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT; i++) {
		config->action[i] = cursor_u8(c) % 3;
	}
}

static void next_event(struct signalling_event *e, struct cursor *c)
{
	static const uint8_t components[] = { TCAP_INVOKE, TCAP_INVOKE, TCAP_RESULT_LAST,
		TCAP_ERROR, TCAP_REJECT, TCAP_RESULT_NOT_LAST, 0, 1 };
	static const int32_t operations[] = { 44, 45, 46, 47, TCAP_NO_CODE, 0, 45, 44 };
	uint8_t flags = cursor_u8(c);
	uint8_t kind = cursor_u8(c);
	uint64_t step = (uint64_t)cursor_u8(c) << (flags >> 3);

	*e = (struct signalling_event){ .now_us = (flags & 1) != 0 ? e->now_us - step
		                                                   : e->now_us + step,
		.link = cursor_u8(c),
		.side = (flags >> 1) & 1,
		.malformed = kind >= 240,
		.component = components[kind & 7],
		.operation = operations[(kind >> 3) & 7],
		.error = cursor_u8(c),
		.invoke_id = kind >> 6,
		.to_mobile = (flags & 4) != 0,
		.opc = kind & 1,
		.dpc = flags & 1,
		.otid = few(c, 4),
		.dtid = few(c, 4),
		.calling_gt = few(c, 17),
		.called_gt = few(c, 17),
		.imsi = few(c, 17),
		.msisdn = few(c, 17),
		.smsc = few(c, 17),
		.smsc_national = (flags & 8) != 0 };
}

static void check(const struct signalling_config *config, const struct signalling_finding *f)
{
	require((f->fresh & ~f->checks) == 0);
	require((f->check == SIGNALLING_CHECK_COUNT) == (f->checks == 0));
	require((f->action == SIGNALLING_OFF) == (f->checks == 0));
	for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT; i++) {
		if ((f->checks >> i & 1) != 0) {
			require(config->action[i] != SIGNALLING_OFF);
			require(config->action[i] <= f->action);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(bytes_of(data, size));
	struct signalling_table_config table = { .entries_max = ENTRIES, .hash_key = 1 };
	struct signalling_config config = { 0 };
	struct signalling_event e = { .now_us = UINT64_C(1) << 50 };
	struct signalling *s[TABLES];

	configure(&config, &c);
	table.delivery_us = cursor_u32(&c);
	table.age_us = table.delivery_us + cursor_u32(&c);
	table.learn_us = cursor_u8(&c);
	for (unsigned i = 0; i < TABLES; i++) {
		void *memory = aligned_alloc(64, (signalling_size(&table) + 63) / 64 * 64);

		require(memory != NULL);
		s[i] = signalling_init(memory, &table);
	}
	while (cursor_left(&c) != 0) {
		struct signalling_finding f[TABLES];
		struct signalling_gauges g;

		next_event(&e, &c);
		for (unsigned i = 0; i < TABLES; i++) {
			require(signalling_see(s[i], &config, &e, &f[i]) == f[i].checks);
			check(&config, &f[i]);
		}
		require(f[0].checks == f[1].checks && f[0].fresh == f[1].fresh &&
			f[0].count == f[1].count);
		g = signalling_gauges(s[0]);
		require(g.told <= ENTRIES && g.asked <= ENTRIES && g.gts <= ENTRIES);
	}
	for (unsigned i = 0; i < TABLES; i++) {
		free(s[i]);
	}
	return 0;
}
