/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * compile_child: one run of Hyperscan's compiler in a child process under limits.
 *
 * A compiler that is handed an expression by a person may take minutes, eat memory or overflow its
 * stack, and cannot be cancelled; a process can. What it found comes back over a pipe, each finding
 * as soon as it is known, so that findings survive the child's end.
 * Control only; to be called before threads exist (fork).
 */
#ifndef SMSWALL_PATTERNS_COMPILE_CHILD_H
#define SMSWALL_PATTERNS_COMPILE_CHILD_H

#include "patterns/ruleset.h"

enum child_task {
	CHILD_COMPILE, /* all rules into one database; if some are wrong, name them all */
	CHILD_CHECK,   /* parse only, and name the wrong ones */
	CHILD_ALONE,   /* each by itself under `cpu_s`, nothing kept: which one is costly? */
	CHILD_COST,    /* the same, measured */
};

/* Texts to be looked into, per field and view; each with SCAN_TAIL octets behind it (scan.h). */
struct cost_sample {
	const struct bytes *texts[FIELDS][VIEWS];
	uint32_t n[FIELDS][VIEWS];
	uint32_t n_messages; /* that they are of */
};

/* What one rule costs by itself. */
struct child_cost {
	double compile_s; /* CPU; 0: not measured */
	double scan_ns;   /* a message of the sample, least of several rounds */
	uint64_t database_len;
	uint64_t scratch_len;
};

struct child_job {
	enum child_task task;
	const struct rule *rules; /* of the whole source */
	const uint32_t *indices;  /* the `n` of them that are meant */
	uint32_t n;
	unsigned cpu_s;                   /* of the child; CHILD_ALONE, CHILD_COST: of each rule */
	unsigned wall_s;                  /* of the child */
	size_t memory;                    /* octets of address space on top of what is there */
	const struct cost_sample *sample; /* CHILD_COST */
	struct child_cost *costs;         /* CHILD_COST: of `n`, the caller's */
};

/* What is wrong with (or remarkable about) one rule, in Hyperscan's words. */
struct child_finding {
	uint32_t rule; /* index in the source; CHILD_NO_RULE: all of them together */
	bool is_warning;
	char *text;
};
#define CHILD_NO_RULE UINT32_MAX

struct child_result {
	bool finished;  /* false: a limit or a crash ended it; `why` says which */
	bool timed_out; /* by `wall_s` */
	char why[96];
	char *octets; /* CHILD_COMPILE without errors: the database, serialised; its ids: 0 to n - 1 */
	size_t octets_len;
	struct child_finding *findings;
	uint32_t n_findings;
	uint32_t n_errors;
	uint32_t n_begun; /* CHILD_ALONE, CHILD_COST: rules whose turn had come */
	double cpu_seconds;
	size_t peak_rss;
};

/* child_run: 0, or -errno when there could be no child. child_result_free() frees what came. */
int child_run(const struct child_job *job, struct child_result *result);
void child_result_free(struct child_result *result);

#endif
