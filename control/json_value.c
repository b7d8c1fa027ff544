/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/json_value.h"

#include "control/json_line.h"

json_t *json_value_count(uint64_t v)
{
	return json_integer((json_int_t)(v > INT64_MAX ? (uint64_t)INT64_MAX : v));
}

json_t *json_value_text(const char *s)
{
	json_t *t = s != NULL ? json_string(s) : json_null();

	return t != NULL ? t : json_string("(not UTF-8)");
}

json_t *json_value_time(uint64_t us)
{
	char at[JSON_LINE_TIME_SIZE];

	if (us == 0) {
		return json_null();
	}
	json_line_time(us, at);
	return json_string(at);
}
