/* SPDX-License-Identifier: BSD-3-Clause */
/* limit_rig: a table of limits and limits in it, for the tests of limit.h. */
#ifndef SMSWALL_TESTS_LIMIT_RIG_H
#define SMSWALL_TESTS_LIMIT_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/verdict/limit.h"
#include "patterns/ruleset.h"
#include "tests/support/unit.h"

#define RIG_SECOND UINT64_C(1000000) /* us */
#define RIG_DAY    (86400 * RIG_SECOND)
#define RIG_NOW    (UINT64_C(1790000000) * RIG_SECOND) /* a day in 2026 */

static inline struct limits *rig_table(
	uint32_t cells, uint32_t distinct, uint32_t ratio, unsigned workers)
{
	const struct limits_config config = { cells, distinct, ratio, 0x5eed, workers };
	void *memory = aligned_alloc(64, limits_size(&config));

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	return limits_init(memset(memory, 0, limits_size(&config)), &config);
}

static inline struct limit_rule rig_rate(
	const char *name, uint32_t max, uint64_t per_us, uint32_t burst)
{
	struct limit_rule r = { .kind = LIMIT_RATE,
		.n_keys = 1,
		.keys = { LIMIT_KEY_ORIGINATOR },
		.action = ACTION_THROTTLE,
		.max = max,
		.burst = burst,
		.per_us = per_us };

	(void)snprintf(r.name, sizeof(r.name), "%s", name);
	CU_ASSERT_PTR_NULL(limit_prepare(&r));
	return r;
}

static inline struct limit_rule rig_rule(const char *name, enum limit_kind kind)
{
	struct limit_rule r = { .kind = (uint8_t)kind,
		.n_keys = 1,
		.keys = { LIMIT_KEY_ORIGINATOR },
		.of = LIMIT_KEY_DESTINATION,
		.action = ACTION_THROTTLE,
		.max = 100,
		.percent = 10,
		.per_us = RIG_DAY,
		.delay_us = 60 * RIG_SECOND,
		.keep_us = RIG_DAY };

	(void)snprintf(r.name, sizeof(r.name), "%s", name);
	CU_ASSERT_PTR_NULL(limit_prepare(&r));
	return r;
}

/* rig_key: that of a number. */
static inline uint64_t rig_key(const struct limits *l, const struct limit_rule *r, uint64_t number)
{
	struct limit_key_value k;
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	limit_key_begin(&k);
	limit_key_put(&k, bytes_str(text));
	return limits_key(l, r, &k);
}

static inline struct limit_charge rig_charge(
	const struct limits *l, const struct limit_rule *r, uint64_t number, uint32_t units)
{
	return (struct limit_charge){ .rule = r,
		.key = rig_key(l, r, number),
		.units = units,
		.action = r->action,
		.acts = true };
}

/* rig_admits: one message of `number` at one limit. */
static inline bool rig_admits(struct limits *l, const struct limit_rule *r, uint64_t number,
	uint32_t units, uint64_t now_us)
{
	struct limit_charge c = rig_charge(l, r, number, units);

	return limits_charge(l, 0, &c, 1, now_us) == 1;
}

/* rig_reaches: one message of `number` with one value for a distinct limit. */
static inline bool rig_reaches(struct limits *l, const struct limit_rule *r, uint64_t number,
	uint64_t value, uint64_t now_us)
{
	struct limit_charge c = rig_charge(l, r, number, 1);
	uint64_t element = limits_element(l, bytes_of(&value, sizeof(value)));

	c.elements = &element;
	c.n_elements = 1;
	return limits_charge(l, 0, &c, 1, now_us) == 1;
}

static inline uint64_t rig_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
