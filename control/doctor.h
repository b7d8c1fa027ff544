/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * doctor: findings about this machine, each with the command that mends it. Reads /proc, /sys and
 * asks the kernel; changes nothing. Control only.
 */
#ifndef SMSWALL_CONTROL_DOCTOR_H
#define SMSWALL_CONTROL_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

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

#endif
