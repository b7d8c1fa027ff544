/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stats.h"

#include <stddef.h>

struct reason_text {
	const char *name;
	const char *help;
	enum reason_kind kind;
};

#define X(name, help) #name,
static const char *const counter_names[STAT_COUNT] = { STATS_COUNTERS(X) };
#undef X

#define X(name, help) help,
static const char *const counter_helps[STAT_COUNT] = { STATS_COUNTERS(X) };
#undef X

#define X(name, help) #name,
static const char *const link_counter_names[LINK_STAT_COUNT] = { STATS_LINK_COUNTERS(X) };
#undef X

#define X(name, help) help,
static const char *const link_counter_helps[LINK_STAT_COUNT] = { STATS_LINK_COUNTERS(X) };
#undef X

#define X(name, kind, help) { #name, help, REASON_##kind },
static const struct reason_text reasons[R_COUNT] = { STATS_REASONS(X) };
#undef X

#define X(name) #name,
static const char *const stage_names[STAGE_COUNT] = { STATS_STAGES(X) };
#undef X

const char *stats_counter_name(enum stats_counter c)
{
	return counter_names[c];
}

const char *stats_counter_help(enum stats_counter c)
{
	return counter_helps[c];
}

const char *stats_link_counter_name(enum stats_link_counter c)
{
	return link_counter_names[c];
}

const char *stats_link_counter_help(enum stats_link_counter c)
{
	return link_counter_helps[c];
}

const char *stats_reason_name(enum reason r)
{
	return reasons[r].name;
}

const char *stats_reason_help(enum reason r)
{
	return reasons[r].help;
}

enum reason_kind stats_reason_kind(enum reason r)
{
	return reasons[r].kind;
}

const char *stats_stage_name(enum stage s)
{
	return stage_names[s];
}

/* fold_words: `from` may be written meanwhile: relaxed loads of whole words, as stats_add stores them. */
static void fold_words(uint64_t *sum, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	}
}

void stats_fold(struct stats *sum, const struct stats *from)
{
	fold_words(sum->counter, from->counter, STAT_COUNT);
	fold_words(sum->reason, from->reason, R_COUNT);
	for (unsigned d = 0; d < STATS_DIRECTIONS; d++) {
		fold_words(sum->ledger.octets[d], from->ledger.octets[d], R_COUNT);
	}
	fold_words(sum->ledger.forwarded, from->ledger.forwarded, STATS_DIRECTIONS);
	fold_words(sum->ledger.waiting, from->ledger.waiting, STATS_DIRECTIONS);
	for (unsigned i = 0; i < LIMIT_LINKS; i++) {
		uint64_t longest = __atomic_load_n(&from->hold_max_us[i], __ATOMIC_RELAXED);

		fold_words(sum->link[i], from->link[i], LINK_STAT_COUNT);
		sum->hold_max_us[i] = longest > sum->hold_max_us[i] ? longest : sum->hold_max_us[i];
	}
	fold_words(sum->cycles, from->cycles, STAGE_COUNT);
}
