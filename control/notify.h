/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * notify: what the service manager is told (sd_notify(3): one datagram to $NOTIFY_SOCKET), without
 * ever waiting for it: sd_notify() blocks while nobody reads, and the thread that calls this one has
 * events to write.
 *
 * Control only.
 */
#ifndef SMSWALL_CONTROL_NOTIFY_H
#define SMSWALL_CONTROL_NOTIFY_H

#include <stdbool.h>

/* notify_send: "READY=1" and the like; false when there is nobody to tell, or he does not listen. */
bool notify_send(const char *state);

#endif
