/* SPDX-License-Identifier: BSD-3-Clause */
/* What diff_policies() and diff_events() found, for people. */
#include <string.h>

#include "control/diff.h"
#include "control/diff_capture.h"
#include "control/summary.h"

static const char *string(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s != NULL ? s : "-";
}

/* put: a value as it is written in a policy; "-" where there is none. */
static void put(const json_t *value, FILE *to)
{
	size_t i;
	json_t *each;

	switch (json_typeof(value)) {
	case JSON_STRING:
		fputs(json_string_value(value), to);
		return;
	case JSON_INTEGER:
		fprintf(to, "%lld", (long long)json_integer_value(value));
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		fputs(json_is_true(value) ? "true" : "false", to);
		return;
	case JSON_ARRAY:
		json_array_foreach(value, i, each)
		{
			fprintf(to, "%s%s", i != 0 ? "; " : "", json_string_value(each));
		}
		fputs(json_array_size(value) == 0 ? "-" : "", to);
		return;
	case JSON_NULL:
	case JSON_OBJECT:
	case JSON_REAL:
		fputc('-', to);
		return;
	}
}

static void print_changes(const json_t *of, FILE *to)
{
	size_t i;
	json_t *c;

	json_array_foreach(json_object_get(of, "changes"), i, c)
	{
		fprintf(to, "      %-11s ", string(c, "what"));
		put(json_object_get(c, "old"), to);
		fputs(" -> ", to);
		put(json_object_get(c, "new"), to);
		fputc('\n', to);
	}
}

static void print_rules(const json_t *list, char mark, FILE *to)
{
	size_t i;
	json_t *r;

	json_array_foreach(list, i, r)
	{
		fprintf(to, "  %c %s  (%s:%lld)", mark, string(r, "id"), string(r, "file"),
			summary_integer(r, "line"));
		if (mark != '~') {
			bool when = strcmp(string(r, "field"), "when") == 0;

			fprintf(to, when ? "  %s  { %s }%s" : "  %s  /%s/%s", string(r, "category"),
				string(r, "expression"), string(r, "flags"));
		}
		fputc('\n', to);
		print_changes(r, to);
	}
}

static char mark_of(const json_t *j)
{
	const char *change = string(j, "change");

	return change[0] == 'a' ? '+' : change[0] == 'r' ? '-' : '~';
}

static void print_thresholds(const json_t *list, FILE *to)
{
	size_t i;
	json_t *t;

	if (json_array_size(list) != 0) {
		fputs("thresholds\n", to);
	}
	json_array_foreach(list, i, t)
	{
		const char *category = json_string_value(json_object_get(t, "category"));
		const char *link = json_string_value(json_object_get(t, "link"));
		const char *side = json_string_value(json_object_get(t, "side"));

		fprintf(to, "  %c %s%s%s%s: %s\n", mark_of(t),
			link != NULL ? "link " : "everywhere", link != NULL ? link : "",
			side != NULL ? ", from " : "", side != NULL ? side : "",
			category != NULL ? category : "(all)");
		print_changes(t, to);
	}
}

static void print_lists(const json_t *list, FILE *to)
{
	size_t i;
	json_t *l;

	if (json_array_size(list) != 0) {
		fputs("lists\n", to);
	}
	json_array_foreach(list, i, l)
	{
		fprintf(to, "  %c %s", mark_of(l), string(l, "name"));
		fprintf(to, ": %lld entries added, %lld removed", summary_integer(l, "added"),
			summary_integer(l, "removed"));
		if (summary_integer(l, "retagged") != 0) {
			fprintf(to, ", %lld with another tag", summary_integer(l, "retagged"));
		}
		fputc('\n', to);
		print_changes(l, to);
	}
}

/* print_named: tenants, profiles, limits ...: each as policy print has it. */
static void print_named(const json_t *list, FILE *to)
{
	size_t i;
	json_t *t;

	if (json_array_size(list) != 0) {
		fputs("policy.conf\n", to);
	}
	json_array_foreach(list, i, t)
	{
		const char *name = string(t, "name");

		fprintf(to, "  %c %s%s%s\n", mark_of(t), string(t, "what"),
			name[0] != '\0' ? " " : "", name);
		print_changes(t, to);
	}
}

void diff_print(const json_t *d, FILE *to)
{
	const json_t *rules = json_object_get(d, "rules");
	const json_t *added = json_object_get(rules, "added");
	const json_t *removed = json_object_get(rules, "removed");
	const json_t *changed = json_object_get(rules, "changed");

	fprintf(to, "rules       %zu added, %zu removed, %zu changed, %lld the same\n",
		json_array_size(added), json_array_size(removed), json_array_size(changed),
		summary_integer(rules, "same"));
	print_rules(added, '+', to);
	print_rules(removed, '-', to);
	print_rules(changed, '~', to);
	print_thresholds(json_object_get(d, "thresholds"), to);
	print_lists(json_object_get(d, "lists"), to);
	print_named(json_object_get(d, "named"), to);
}

/* ---- a capture */

static void print_verdict(const json_t *group, const char *key, FILE *to)
{
	const json_t *v = json_object_get(group, key);

	bool is_list = json_object_get(v, "list") != NULL;

	fprintf(to, "%s (%s%s)", string(v, "verdict"), is_list ? "list " : "",
		string(v, is_list ? "list" : "rule"));
}

static void print_sample(const json_t *s, FILE *to)
{
	const char *text = json_string_value(json_object_get(s, "text"));
	const json_t *input = json_object_get(s, "input");

	fputs("      ", to);
	if (input != NULL) {
		fprintf(to, "capture %lld ", summary_integer(s, "input"));
	}
	fprintf(to, "frame %lld, sequence %lld, %s from %s to %s", summary_integer(s, "frame"),
		summary_integer(s, "sequence"), string(s, "command"), string(s, "src"),
		string(s, "dst"));
	if (text != NULL) {
		fprintf(to, ": \"%s\"", text);
	}
	fputc('\n', to);
}

void diff_events_print(const json_t *d, FILE *to)
{
	const json_t *group;
	const json_t *sample;
	size_t i;
	size_t k;

	fprintf(to,
		"capture     %lld messages, %lld get another verdict, %lld the same by another rule\n",
		summary_integer(d, "messages"), summary_integer(d, "changed"),
		summary_integer(d, "other_rule"));
	if (summary_integer(d, "unmatched") != 0) {
		fprintf(to, "            %lld messages were told by one of the two only\n",
			summary_integer(d, "unmatched"));
	}
	json_array_foreach(json_object_get(d, "groups"), i, group)
	{
		fprintf(to, "  %8lld  ", summary_integer(group, "messages"));
		print_verdict(group, "old", to);
		fputs(" -> ", to);
		print_verdict(group, "new", to);
		fputc('\n', to);
		json_array_foreach(json_object_get(group, "samples"), k, sample)
		{
			print_sample(sample, to);
		}
	}
}
