/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config_read: what config.c (which key stands where) and config_value.c (what it may hold) share.
 * Nobody else includes it. Control only.
 */
#ifndef SMSWALL_CONTROL_CONFIG_READ_H
#define SMSWALL_CONTROL_CONFIG_READ_H

#include <libconfig.h>

#include "control/config_keys.h"
#include "control/config_text.h"

/* Where a key was given, and whether its value could be taken. */
struct config_given {
	const config_setting_t *at;
	bool ok;
};

struct config_reader {
	struct config *config;
	const struct config_text *text; /* NULL: a default, which has no place */
	struct diag *diag;
	/* where each key was given; [0] the file's own, [1 + i] those of link i */
	struct config_given (*given)[CONFIG_KEYS_MAX];
};

/*
 * config_parse: reads the text with libconfig, which ends at a name that is given twice: such a name
 * is told, written over in the text, marked as repeated, and the text read again, so that all other
 * errors are told too. False: what is wrong ended the reading, and has been told.
 */
bool config_parse(config_t *parsed, struct config_text *t, struct diag *diag);

/* config_read_error: at the name (or, with `value`, the value) of `s`. */
void config_read_error(const struct config_reader *r, const config_setting_t *s, bool value,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
void config_read_warning(const struct config_reader *r, const config_setting_t *s,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/* config_value_set: checks the value of `s` against `k` and stores it in `base`; false after an error. */
bool config_value_set(const struct config_reader *r, const struct config_key *k,
	const config_setting_t *s, uint8_t *base);

/* config_type_name: "a string", "a list", for messages. */
const char *config_type_name(const config_setting_t *s);

/* config_prefix_parse: "10.0.0.0/8", "2001:db8::/32" or a bare address. NULL, or what is wrong. */
const char *config_prefix_parse(const char *text, struct prefix *out);

#endif
