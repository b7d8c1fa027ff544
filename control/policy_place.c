/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_place.h"

#include <stdlib.h>
#include <string.h>

#include "control/policy_print.h"

/* place_text: malloc()ed; NULL when out of memory. */
static char *place_text(const struct policy *p, const struct policy_names *names, uint32_t scope)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL) {
		return NULL;
	}
	if (scope + 1 != p->n_scopes) {
		policy_print_place(p, names, scope, f);
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

json_t *policy_place(const struct policy *p, const struct policy_names *names, uint32_t scope)
{
	const struct policy_scope *s = &p->scopes[scope];
	char *text = place_text(p, names, scope);
	const char *profile = s->profile != POLICY_NONE ? p->profiles[s->profile].name : NULL;
	json_t *j = json_pack("{s:i, s:s, s:s?, s:b}", "line", s->line, "links",
		text != NULL ? text + (text[0] == ' ') : "", "profile", profile, "content",
		s->content);

	free(text);
	return j;
}

char *policy_place_text(const json_t *place)
{
	const char *profile = json_string_value(json_object_get(place, "profile"));
	const char *links = json_string_value(json_object_get(place, "links"));
	bool content = json_is_true(json_object_get(place, "content"));
	long long line = json_integer_value(json_object_get(place, "line"));
	char *text = NULL;
	int n;

	if (line == 0) {
		n = asprintf(&text, "what holds everywhere%s", content ? "" : ": content = false;");
	} else {
		n = asprintf(&text, "policy.conf line %lld: %s%s%s%s%s", line,
			links != NULL ? links : "", profile != NULL ? " profile = \"" : "",
			profile != NULL ? profile : "", profile != NULL ? "\";" : "",
			content ? "" : " content = false;");
	}
	return n >= 0 ? text : NULL;
}
