/* SPDX-License-Identifier: BSD-3-Clause */
/* ctl_about: what an event, or the command line, tells of a message besides its octets. Control only. */
#ifndef SMSWALL_CONTROL_CTL_ABOUT_H
#define SMSWALL_CONTROL_CTL_ABOUT_H

#include "control/ctl_client.h"
#include "control/explain.h"

/* ctl_about_event: account, time, and the limit that decided. Texts are the event's. */
void ctl_about_event(const json_t *event, struct explain_about *about);

/*
 * ctl_about_options: --account, --fill NAME=N of `call`. `name` is where the limit's name is put. 0, or
 * CONTROL_USAGE after a sentence.
 */
int ctl_about_options(
	struct ctl_call *call, struct explain_about *about, char name[LIMIT_NAME_SIZE]);

/* ctl_about_live: asks the daemon how full the keys of a document's "limits" are; what it does not tell is left out. */
void ctl_about_live(struct ctl_call *call, json_t *explanation);

#endif
