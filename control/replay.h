/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay: captures through smswalld: prepared (capture.h), described in a plan
 * (replay_plan.h), run on net_pcap, and their results put in place. docs/replay.md tells it for people.
 *
 * Control only. Everything in between lies in a private folder that is removed in every case.
 */
#ifndef SMSWALL_CONTROL_REPLAY_H
#define SMSWALL_CONTROL_REPLAY_H

#include <jansson.h>

#include "control/capture.h"

struct replay {
	/* what is asked for; the caller's */
	const char *config_path;
	const char *policy_path; /* NULL: the configuration's */
	const char *const *inputs;
	unsigned n_inputs;
	const char *out;        /* NULL: nobody wants it */
	const char *events;     /* likewise */
	const char *quarantine; /* a folder, made where it is missing; NULL: nothing is kept */
	unsigned burst;         /* 0: the configuration's */
	int64_t hold_ms;        /* -1: the configuration's */
	uint64_t explain_frame; /* 0: none */
	unsigned timeout_s;     /* 0: none */
	/* what came of it */
	struct capture capture;
	json_t *report; /* smswalld's; a reference of ours */
};

/*
 * replay_run: configuration and policy were checked by the caller. 0 or a control_code, with
 * sentences in `diag`, which gets warnings about the captures too.
 */
int replay_run(struct replay *r, struct diag *diag);

void replay_free(struct replay *r);

#endif
