/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_about.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/summary.h"

enum { FILL_MAX = 1000000, US_DIGITS = 6 };

/* read_time: "2026-05-01T12:34:56.123456Z" in microseconds; 0: it is none. */
static uint64_t read_time(const char *text)
{
	struct tm t = { 0 };
	const char *rest = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &t) : NULL;
	uint64_t us = 0;
	unsigned n = 0;

	if (rest == NULL) {
		return 0;
	}
	for (rest += rest[0] == '.'; n < US_DIGITS && rest[n] >= '0' && rest[n] <= '9'; n++) {
		us = us * 10 + (uint64_t)(rest[n] - '0');
	}
	for (; n < US_DIGITS; n++) {
		us *= 10;
	}
	return (uint64_t)timegm(&t) * 1000000 + us;
}

void ctl_about_event(const json_t *event, struct explain_about *about)
{
	const json_t *limit = json_object_get(event, "limit");
	const char *reason = json_string_value(json_object_get(event, "reason"));

	about->account = json_string_value(json_object_get(event, "account"));
	about->now_us = read_time(json_string_value(json_object_get(event, "ts")));
	if (reason != NULL && strcmp(reason, "limit") == 0) {
		about->limit = json_string_value(json_object_get(limit, "name"));
		/* whole thousandths were told: what it was lies above */
		about->fill = (uint32_t)summary_integer(limit, "fill") + 1;
	}
}

int ctl_about_options(
	struct ctl_call *call, struct explain_about *about, char name[LIMIT_NAME_SIZE])
{
	const char *fill = ctl_value(call, "fill");
	const char *account = ctl_value(call, "account");
	const char *sign = fill != NULL ? strchr(fill, '=') : NULL;
	char *end = NULL;
	long n;

	about->account = account != NULL ? account : about->account;
	if (fill == NULL) {
		return 0;
	}
	n = sign != NULL ? strtol(sign + 1, &end, 10) : -1;
	if (sign == NULL || sign == fill || sign - fill >= LIMIT_NAME_SIZE || end == sign + 1 ||
		*end != '\0' || n < 0 || n > FILL_MAX) {
		return ctl_error(call, CONTROL_USAGE,
			"--fill is a limit's name, =, and thousandths: minute=1000");
	}
	memcpy(name, fill, (size_t)(sign - fill));
	name[sign - fill] = '\0';
	about->limit = name;
	about->fill = (uint32_t)n;
	return 0;
}

void ctl_about_live(struct ctl_call *call, json_t *explanation)
{
	json_t *limits = json_object_get(explanation, "limits");

	for (size_t i = 0; i < json_array_size(limits); i++) {
		json_t *l = json_array_get(limits, i);
		const char *key = json_string_value(json_object_get(l, "key"));
		json_t *answer = NULL;

		if (key == NULL || call->diag.n_entries != 0) {
			continue;
		}
		if (ctl_client_request(call, "limit.show",
			    json_pack("{s:O, s:[s]}", "name", json_object_get(l, "name"), "keys",
				    key),
			    &answer) != 0) {
			diag_clear(&call->diag); /* not for this role, or gone: it is no error */
			continue;
		}
		json_object_set(l, "now", json_array_get(json_object_get(answer, "keys"), 0));
		json_decref(answer);
	}
}
