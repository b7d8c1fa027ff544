/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_conf_test: one value of a test of a condition. Between policy_conf_when.c, which reads the
 * groups, policy_conf_test.c, which reads the values, and policy_conf_time.c.
 */
#ifndef SMSWALL_CONTROL_POLICY_CONF_TEST_H
#define SMSWALL_CONTROL_POLICY_CONF_TEST_H

#include "control/policy_conf_parts.h"

/* A condition as it is read. */
struct when {
	struct conf_reader *reader;
	enum conf_when allowed;
	enum condition_field field; /* of the test at hand */
	struct condition *out;
};

/* conf_test_value: adds what `e` says of w->field; false after an error. */
bool conf_test_value(struct when *w, const config_setting_t *e);

/* conf_test_time: the same of hours, days, from, until. */
bool conf_test_time(struct when *w, const config_setting_t *e, const char *text);

/* conf_test_put: adds a value, with its text. */
bool conf_test_put(struct when *w, const config_setting_t *e, const struct condition_value *v,
	const void *text);

/*
 * conf_number_range: what a field of numbers can be. conf_number_hex: it is written so.
 * conf_list_fits: a list of this kind can be asked for the field.
 */
void conf_number_range(enum condition_field f, int64_t *min, int64_t *max);
bool conf_number_hex(enum condition_field f);
bool conf_list_fits(enum condition_field f, enum list_kind kind);

#endif
