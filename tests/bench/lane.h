/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lane: one pipeline in plain memory with traffic to run through it, and, for the same texts, the very
 * hs_scan calls that it makes, to be made bare.
 */
#ifndef SMSWALL_TESTS_BENCH_LANE_H
#define SMSWALL_TESTS_BENCH_LANE_H

#include "dataplane/pipeline.h"
#include "tests/bench/texts.h"

/* What is measured: one line of the table. */
struct lane_config {
	const char *name;
	const char *rules; /* a name of LANE_RULES */
	enum link_mode mode;
	enum text_kind texts;
	unsigned lure_every; /* every n-th message is refused; 0: none */
	bool all_events;
	bool pure_acks;
	bool timed; /* by stage, as replay counts: each stage of each burst, 30 cycles a reading */
	bool other; /* not SMS traffic: another port */
	unsigned per_packet;      /* SIGTRAN with so many DATA chunks a packet; 0: SMPP */
	bool signalling;          /* its checks report */
	enum list_kind list_kind; /* of a list of list_n entries; none of them is met */
	unsigned list_n;          /* 0: none */
	unsigned limit_keys; /* live ones of a limit that each message is charged to; 0: no limit */
	bool lists; /* two of a million numbers, accounts, hosts in the text; none has any of it */
};

struct lane;

/* What one round took, per message; of a lane of other traffic, per frame. Cycles of the time-stamp counter. */
struct lane_round {
	double total;
	double scan;               /* the same hs_scan calls alone */
	double stage[STAGE_COUNT]; /* exclusive of each other; only where timed */
	bool disturbed;            /* the kernel gave the core to somebody else meanwhile */
};

struct lane_facts {
	double scans_per_message;
	double refused; /* share */
	double octets;  /* mean length of a text */
	uint64_t messages;
};

/* lane_create: `rules` is shared by lanes; ends the program where something is missing. */
struct lane *lane_create(const struct lane_config *config, const struct texts *texts,
	struct ruleset *rules, unsigned n_sessions);
void lane_destroy(struct lane *l);

/* lane_run: one round. */
struct lane_round lane_run(struct lane *l);

struct lane_facts lane_facts(const struct lane *l);

#endif
