/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl_event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* take_line: *event is the line's, if it is the one. */
static void take_line(const char *line, size_t len, long long id, json_t **event, unsigned *n)
{
	json_t *j = json_loadb(line, len, 0, NULL);
	const char *type = json_string_value(json_object_get(j, "type"));
	const json_t *have = json_object_get(j, "id");

	if (type != NULL && strcmp(type, "message") == 0 && json_is_integer(have) &&
		json_integer_value(have) == id) {
		json_decref(*event);
		*event = json_incref(j);
		++*n;
	}
	json_decref(j);
}

/* scan: only lines in which the id stands are read as JSON. */
static void scan(FILE *f, long long id, json_t **event, unsigned *n)
{
	char wanted[48];
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	(void)snprintf(wanted, sizeof(wanted), "\"id\":%lld", id);
	while ((len = getline(&line, &size, f)) >= 0) {
		const char *at = len <= CTL_EVENT_LINE_MAX ? strstr(line, wanted) : NULL;

		if (at != NULL) {
			take_line(line, (size_t)len, id, event, n);
		}
	}
	free(line);
}

int ctl_event_find(
	struct ctl_call *call, const char *path, long long id, json_t **event, unsigned *n)
{
	bool input = strcmp(path, "-") == 0;
	FILE *f = input ? stdin : fopen(path, "re");
	int error;

	*event = NULL;
	*n = 0;
	if (f == NULL) {
		return ctl_error(call, errno == EACCES ? CONTROL_NOT_PERMITTED : CONTROL_INVALID,
			"%s: %s", path, strerror(errno));
	}
	scan(f, id, event, n);
	error = ferror(f) ? errno : 0;
	if (!input) {
		(void)fclose(f);
	}
	if (error != 0) {
		return ctl_error(call, CONTROL_FAILED, "%s: %s", path, strerror(error));
	}
	if (*event == NULL) {
		return ctl_error(call, CONTROL_INVALID,
			"%s: no message has the id %lld (events.select \"non-pass\" leaves out what "
			"passed; an older file: --events FILE)",
			path, id);
	}
	return 0;
}
