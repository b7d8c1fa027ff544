/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * json_value: values of the daemon's JSON answers, each a new reference. Control only.
 */
#ifndef SMSWALL_CONTROL_JSON_VALUE_H
#define SMSWALL_CONTROL_JSON_VALUE_H

#include <jansson.h>
#include <stdint.h>

/* json_value_count: one above what JSON readers can hold is the largest that they can. */
json_t *json_value_count(uint64_t v);

/* json_value_text: jansson takes valid UTF-8 only: else "(not UTF-8)"; NULL: null. */
json_t *json_value_text(const char *s);

/* json_value_time: as in events (json_line_time); 0: null. */
json_t *json_value_time(uint64_t us);

#endif
