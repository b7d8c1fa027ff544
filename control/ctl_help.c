/* SPDX-License-Identifier: BSD-3-Clause */
/* Help, by the table of ctl_grammar.c. */
#include <string.h>

#include "control/ctl.h"

const char *ctl_verb_name(const struct ctl_verb *verb, char *out, size_t size)
{
	(void)snprintf(
		out, size, "%s%s%s", verb->object, verb->object[0] != '\0' ? " " : "", verb->name);
	return out;
}

static void print_options(const struct ctl_option *o, FILE *to)
{
	for (; o->name != NULL; o++) {
		char left[64];

		(void)snprintf(left, sizeof(left), "--%s%s%s", o->name,
			o->argument != NULL ? " " : "", o->argument != NULL ? o->argument : "");
		fprintf(to, "  %-20s %s\n", left, o->help);
	}
}

enum { HELP_LEFT = 16, HELP_WIDTH = 96 };

/* print_object: its verbs in one line, or more where they do not fit. */
static void print_object(const struct ctl_object *object, FILE *to)
{
	int column = fprintf(to, "  %-*s %s:", HELP_LEFT, object->name, object->summary);
	const char *separator = "";

	for (size_t i = 0; i < ctl_n_verbs; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];

		if (v->hidden || strcmp(v->object, object->name) != 0) {
			continue;
		}
		column += fprintf(to, "%s", separator);
		if (column + (int)strlen(v->name) + 2 > HELP_WIDTH) {
			column = fprintf(to, "\n  %-*s", HELP_LEFT, "") - 1;
		}
		column += fprintf(to, " %s", v->name);
		separator = ",";
	}
	fputc('\n', to);
}

static const struct ctl_object *find_object(const char *name)
{
	for (const struct ctl_object *o = ctl_objects; o->name != NULL; o++) {
		if (strcmp(o->name, name) == 0) {
			return o;
		}
	}
	return NULL;
}

/* print_verb: a line; those of an object of several verbs share one, at the first of them. */
static void print_verb(size_t i, FILE *to)
{
	const struct ctl_verb *v = &ctl_verbs[i];
	const struct ctl_object *object = find_object(v->object);
	char name[64];

	if (v->hidden) {
		return;
	}
	if (object == NULL) {
		fprintf(to, "  %-*s %s\n", HELP_LEFT, ctl_verb_name(v, name, sizeof(name)),
			v->summary);
	} else if (i == 0 || strcmp(ctl_verbs[i - 1].object, v->object) != 0) {
		print_object(object, to);
	}
}

void ctl_help(FILE *to)
{
	fputs("smswallctl: check, try and watch the SMS firewall smswall\n\n"
	      "  smswallctl VERB [ARGUMENTS] [OPTIONS]\n\n",
		to);
	for (size_t i = 0; i < ctl_n_verbs; i++) {
		print_verb(i, to);
	}
	fputs("\nOptions of every verb\n", to);
	print_options(ctl_global_options, to);
	fputs("\nExit codes: 0 well, 1 failed, 2 usage, 3 no daemon, 4 invalid input, 5 not permitted,\n"
	      "6 conflict, 7 time-out, 8 done in part. `smswallctl help VERB` tells more.\n",
		to);
}

void ctl_help_verb(const struct ctl_verb *verb, FILE *to)
{
	char name[64];

	(void)ctl_verb_name(verb, name, sizeof(name));
	fprintf(to, "smswallctl %s: %s\n\n  smswallctl %s%s%s%s\n", name, verb->summary, name,
		verb->arguments[0] != '\0' ? " " : "", verb->arguments,
		verb->options[0].name != NULL ? " [OPTIONS]" : "");
	if (verb->text[0] != '\0') {
		fprintf(to, "\n%s", verb->text);
	}
	fputs("\nOptions\n", to);
	print_options(verb->options, to);
	print_options(ctl_global_options, to);
	fprintf(to, "\nExample\n%s", verb->example);
}

static json_t *options_json(const struct ctl_option *o)
{
	json_t *list = json_array();

	for (; o->name != NULL; o++) {
		json_array_append_new(list, json_pack("{s:s, s:s?, s:s}", "name", o->name,
						    "argument", o->argument, "help", o->help));
	}
	return list;
}

static json_t *tree_json(void)
{
	json_t *list = json_array();
	char name[64];

	for (size_t i = 0; i < ctl_n_verbs; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];

		if (v->hidden) {
			continue;
		}
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:o}", "verb",
				ctl_verb_name(v, name, sizeof(name)), "arguments", v->arguments,
				"arguments_min", (int)v->arguments_min, "arguments_max",
				(int)v->arguments_max, "summary", v->summary, "text", v->text,
				"example", v->example, "options", options_json(v->options)));
	}
	return list;
}

int ctl_help_tree(struct ctl_call *call)
{
	bool found = call->n_words == 0;
	char wanted[128];
	char name[64];

	if (call->json) {
		ctl_set(call, "verbs", tree_json());
		ctl_set(call, "options", options_json(ctl_global_options));
		return 0;
	}
	if (found) {
		ctl_help(stdout);
		return 0;
	}
	(void)snprintf(wanted, sizeof(wanted), "%s%s%s", call->words[0],
		call->n_words > 1 ? " " : "", call->n_words > 1 ? call->words[1] : "");
	for (size_t i = 0; i < ctl_n_verbs; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];

		if (strcmp(ctl_verb_name(v, name, sizeof(name)), wanted) == 0 ||
			(call->n_words == 1 && strcmp(v->object, wanted) == 0)) {
			fputs(found ? "\n" : "", stdout);
			ctl_help_verb(v, stdout);
			found = true;
		}
	}
	return found ? 0 : ctl_error(call, CONTROL_USAGE, "there is no verb \"%s\"", wanted);
}
