/* SPDX-License-Identifier: BSD-3-Clause */
/* policy_conf_time: a value of hours, days, from or until as policy_conf_time.c reads it. */
#ifndef SMSWALL_CONTROL_POLICY_CONF_TIME_H
#define SMSWALL_CONTROL_POLICY_CONF_TIME_H

#include "dataplane/verdict/condition.h"

enum { CONF_TIME_SIZE = 64 };
void conf_time_print(const struct condition_zone *zone, enum condition_field f,
	const struct condition_value *v, char out[CONF_TIME_SIZE]);

#endif
