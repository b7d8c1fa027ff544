/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * compile: rules -> databases, in a child process under CPU, memory and time limits, because one
 * regular expression can cost minutes and cannot be cancelled (research/ecosystem.md 6).
 *
 * Control only. Rules are grouped by field and view; a group is cut into shards of at most
 * `shard_rules`. Errors name file:line of the rule at fault and what Hyperscan said; a child that
 * exceeds its limits names the shard's rules by halving until the costly rule stands alone.
 */
#ifndef SMSWALL_PATTERNS_COMPILE_H
#define SMSWALL_PATTERNS_COMPILE_H

#include "patterns/source.h"

struct compile_limits {
	unsigned cpu_s; /* RLIMIT_CPU of the child; its end is SIGKILL */
	size_t memory;  /* RLIMIT_AS, octets */
	uint32_t shard_rules;
};

/* The shipped limits: 30 s, 4 GiB, 5,000 rules a shard. */
struct compile_limits compile_default_limits(void);

struct compile_report {
	double seconds; /* CPU of the children */
	size_t database_len;
	size_t peak_rss; /* octets, largest child */
	uint32_t n_shards;
};

/*
 * compile_source: takes the rules out of `s` (which keeps its examples) into a new ruleset with one
 * reference. NULL when `diag` got an error; then *s is as it was. `report` may be NULL.
 */
struct ruleset *compile_source(struct source *s, const struct compile_limits *limits,
	struct compile_report *report, struct diag *diag);

#endif
