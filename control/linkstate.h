/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * linkstate: the two ports of a link as one wire: where one end goes down, the other is set down, so
 * that routers and switches beyond it see at once what a cable would have shown them; set up again when
 * the first returns.
 *
 * Pure: what the ports say and the time come from the caller, who also carries out the action.
 * Control thread only. Source: design.md 3; research/reliability.md 5.
 */
#ifndef SMSWALL_CONTROL_LINKSTATE_H
#define SMSWALL_CONTROL_LINKSTATE_H

#include <stdbool.h>
#include <stdint.h>

/* After a port is set up it may take this long to be up (autonegotiation), and nothing is concluded. */
enum { LINKSTATE_SETTLE_MS = 5000 };

/* One link. All 0 at first. */
struct linkstate {
	bool known;
	bool up[2];                  /* as last seen: inside port, outside port */
	bool forced[2];              /* set down by us, because the other one is */
	uint64_t settle_until_ms[2]; /* 0: settled */
	uint64_t n_downs;            /* times a port went down by itself */
	uint64_t n_propagated;       /* times the other was set down for it */
	int error;                   /* errno of the last action that failed; 0: none */
};

struct linkstate_news {
	bool changed[2]; /* went up or down by itself, or is down at the first look */
	int side;        /* to be set `set_up`; -1: nothing to do */
	bool set_up;
};

/*
 * linkstate_see: one look. With `propagate` false nothing is ever to be set. The action is taken as
 * carried out; where it cannot be, call linkstate_failed().
 */
struct linkstate_news linkstate_see(
	struct linkstate *l, bool inside_up, bool outside_up, bool propagate, uint64_t now_ms);

/* linkstate_failed: the action of `news` was refused by the driver (errno): both ports are independent from now on. */
void linkstate_failed(struct linkstate *l, const struct linkstate_news *news, int error);

#endif
