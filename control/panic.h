/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * panic: which links let everything pass, at once and outside generations, also after a restart
 * (design.md 3). Kept by the links' names in a file of control.state_dir, one a line.
 *
 * Control only.
 */
#ifndef SMSWALL_CONTROL_PANIC_H
#define SMSWALL_CONTROL_PANIC_H

#include "control/config.h"

/* control_panic_load: a bit for each link that was in panic; 0 with a sentence on standard error if the file cannot be read. */
uint64_t control_panic_load(const struct config *c);

/* control_panic_save: written beside, synced, renamed, its folder synced. 0 or -errno. */
int control_panic_save(const struct config *c, uint64_t links);

/* control_panic_link: the bit of the link called `name`; 0: none. */
uint64_t control_panic_link(const struct config *c, const char *name);

/* control_panic_all: the bits of all links. */
uint64_t control_panic_all(const struct config *c);

#endif
