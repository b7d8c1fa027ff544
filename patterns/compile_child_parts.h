/* SPDX-License-Identifier: BSD-3-Clause */
/* compile_child_parts: what goes through the pipe between compile_child.c and the child's own side. */
#ifndef SMSWALL_PATTERNS_COMPILE_CHILD_PARTS_H
#define SMSWALL_PATTERNS_COMPILE_CHILD_PARTS_H

#include "patterns/compile_child.h"

enum { CHILD_TEXT_LEN_MAX = 4096 };

/* The kinds of records in the pipe. */
enum record_kind {
	RECORD_ERROR,
	RECORD_WARNING,
	RECORD_BEGUN, /* CHILD_ALONE, CHILD_COST: a rule's turn */
	RECORD_COST,  /* of that rule */
	RECORD_DATABASE,
	RECORD_FINISHED,
	RECORDS
};

struct record {
	uint32_t kind;
	uint32_t rule;
	uint64_t len; /* octets that follow */
};

/* child_task_run: confines this process, does the job and tells what comes of it. */
_Noreturn void child_task_run(int fd, const struct child_job *job);

#endif
