/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * doctor: findings about this machine and its configuration, each with the command that mends it.
 * Reads /proc, /sys, asks the kernel and a daemon that runs; changes nothing. Control only.
 */
#ifndef SMSWALL_CONTROL_DOCTOR_H
#define SMSWALL_CONTROL_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "dataplane/pipeline.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE,    /* good to know; nothing is wrong */
	DOCTOR_WARNING, /* slower or less than it could be */
	DOCTOR_ERROR,   /* the filter cannot run like this */
};

struct doctor {
	json_t *findings; /* {what, level, text, fix or null} */
	unsigned n[DOCTOR_ERROR + 1];
};

/* doctor_say: one finding; `fix` is a command line or a step, NULL where there is nothing to do. */
void doctor_say(struct doctor *d, enum doctor_level level, const char *what, const char *fix,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* doctor_read: the first line of a file, without its end; "" if it cannot be read. */
const char *doctor_read(const char *path, char *out, size_t size);

const char *doctor_level_name(enum doctor_level level);

/* doctor_machine.c */
void doctor_processor(struct doctor *d);
void doctor_memory(struct doctor *d);
void doctor_clock(struct doctor *d);
void doctor_devices(struct doctor *d);

/* doctor_interface.c */
void doctor_interface(struct doctor *d, const char *name);

/* doctor_signalling.c */

/*
 * doctor_signalling_keys: checks that are on without the keys that they need: a note where the link has
 * no other key of SIGTRAN.
 */
void doctor_signalling_keys(struct doctor *d, const struct pipeline_config *config);

/* doctor_signalling_seen: checks whose traffic a daemon has never seen, by its report. Without SCTP: nothing. */
void doctor_signalling_seen(struct doctor *d, const json_t *report);

#endif
