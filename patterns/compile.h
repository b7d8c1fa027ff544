/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * compile: rules -> databases, in a child process under CPU, memory and time limits, because one
 * regular expression can cost minutes and cannot be cancelled (research/ecosystem.md 6).
 *
 * Rules are grouped by field and view; a group is cut into shards by what they are stated to cost
 * (compile_cost.h): a set costs more than the sum of its rules from some thousand on, while each
 * shard makes scanning slower. Nothing is compiled that is there already:
 *   - from `base`, the ruleset that is live: what its databases have of these rules is mapped, rules
 *     that are no more become RULE_GONE, and only the rest is compiled, as one more, small shard
 *     per field and view (a delta). The next delta takes a small shard's rules over, so that there
 *     is one of them; a shard that is half gone is not taken.
 *   - from `cache`, a folder of databases by the hash of what they were made from (compile_cache.h).
 * Control only; forks, so to be called where no other thread of ours runs. Errors name file:line of
 * the rule at fault and what Hyperscan said; a child that exceeds its limits names the shard's rules
 * by halving until the costly rule stands alone.
 */
#ifndef SMSWALL_PATTERNS_COMPILE_H
#define SMSWALL_PATTERNS_COMPILE_H

#include "patterns/source.h"

struct compile_limits {
	unsigned cpu_s;    /* RLIMIT_CPU of the child; its end is SIGKILL */
	size_t memory;     /* RLIMIT_AS, octets */
	unsigned shard_ms; /* stated cost of a shard, see compile_cost.h */
	unsigned small_ms; /* a base's shard of less is compiled again with the next delta */
};

/* The shipped limits: 30 s, 4 GiB, shards of 10 s, small ones of 0.3 s. */
struct compile_limits compile_default_limits(void);

/* What need not be compiled, and where what is made lies. Each may be NULL. */
struct compile_reuse {
	const struct ruleset *base;
	const char *cache;   /* a folder; made if it is not there */
	struct arena *arena; /* which the databases are charged to */
};

struct compile_report {
	double seconds; /* CPU of the children */
	size_t database_len;
	size_t peak_rss;      /* octets, largest child */
	uint32_t n_shards;    /* in all: */
	uint32_t n_compiled;  /* made now */
	uint32_t n_cached;    /* from the cache */
	uint32_t n_reused;    /* from the base */
	uint32_t rules_fresh; /* rules that were compiled now, or came from the cache */
};

/*
 * compile_source: takes the rules out of `s` (which keeps its examples) into a new ruleset with one
 * reference. NULL when `diag` got an error; then *s is as it was. `reuse` and `report` may be NULL.
 */
struct ruleset *compile_source(struct source *s, const struct compile_limits *limits,
	const struct compile_reuse *reuse, struct compile_report *report, struct diag *diag);

#endif
