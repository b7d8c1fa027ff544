/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay_plan: what `smswallctl replay` tells smswalld to do: one JSON file in a private folder
 * (docs/replay.md has its members). Control only.
 */
#ifndef SMSWALL_CONTROL_REPLAY_PLAN_H
#define SMSWALL_CONTROL_REPLAY_PLAN_H

#include "control/config.h"

enum { REPLAY_PATH_SIZE = 4096 };

struct replay_plan {
	char index[REPLAY_PATH_SIZE];
	char out[REPLAY_PATH_SIZE];
	char events[REPLAY_PATH_SIZE];
	char report[REPLAY_PATH_SIZE];
	char quarantine[REPLAY_PATH_SIZE]; /* a folder; "": none, whatever is configured */
	uint8_t header[24];                /* what OUT begins with */
	unsigned n_inputs;                 /* captures that were merged */
	unsigned burst;                    /* 0: the configuration's */
	int64_t hold_ms;                   /* -1: the configuration's replay.hold_ms */
	uint64_t explain_frame;            /* 0: none */
};

/* replay_plan_read: false with errors in `diag`. */
bool replay_plan_read(struct replay_plan *plan, const char *path, struct diag *diag);

/* replay_plan_apply: makes the configuration one of a replay: one worker, one link, fixed seeds and keys. */
void replay_plan_apply(const struct replay_plan *plan, struct config *config);

#endif
