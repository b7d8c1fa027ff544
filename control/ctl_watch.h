/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctl_watch: --watch SEC: a verb again and again, until SIGINT or SIGTERM, which is a good end.
 * Control only. A document is never cut off: signals wait while one is printed.
 */
#ifndef SMSWALL_CONTROL_CTL_WATCH_H
#define SMSWALL_CONTROL_CTL_WATCH_H

#include "control/ctl.h"

/* ctl_run: the verb once, or by --watch; its exit code. */
int ctl_run(struct ctl_call *call);

#endif
