/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading what was typed, by the table of ctl_grammar.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ctl.h"

/* What was typed before it is known which verb it belongs to. */
struct typed {
	const char *words[CTL_WORDS_MAX];
	unsigned n_words;
	struct {
		const char *name; /* without dashes */
		const char *value;
	} options[CTL_VALUES_MAX];
	unsigned n_options;
};

static int __attribute__((format(printf, 1, 2))) usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("smswallctl: ", stderr);
	vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
	return CONTROL_USAGE;
}

static bool name_is(const char *name, const char *typed, size_t len)
{
	return strlen(name) == len && memcmp(name, typed, len) == 0;
}

static const struct ctl_option *find_in(const struct ctl_option *list, const char *name, size_t len)
{
	for (; list->name != NULL; list++) {
		if (name_is(list->name, name, len)) {
			return list;
		}
	}
	return NULL;
}

/* find_option: in `verb`, or (verb == NULL) in any: an option's name has one shape everywhere. */
static const struct ctl_option *find_option(
	const struct ctl_verb *verb, const char *name, size_t len)
{
	const struct ctl_option *o = find_in(ctl_global_options, name, len);

	for (size_t i = 0; o == NULL && i < ctl_n_verbs; i++) {
		if (verb == NULL || verb == &ctl_verbs[i]) {
			o = find_in(ctl_verbs[i].options, name, len);
		}
	}
	return o;
}

static int take_option(struct typed *t, int argc, char **argv, int *at)
{
	const char *word = argv[*at];
	const char *name = word[1] == '-' ? word + 2 : word + 1;
	const char *equals = strchr(name, '=');
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct ctl_option *o;

	if (strcmp(word, "-h") == 0) {
		name = "help";
		len = strlen(name);
	}
	o = word[1] == '-' || name_is("help", name, len) ? find_option(NULL, name, len) : NULL;
	if (o == NULL) {
		return usage("there is no option %s (smswallctl --help)", word);
	}
	if (t->n_options == CTL_VALUES_MAX) {
		return usage("too many options");
	}
	if (o->argument == NULL && equals != NULL) {
		return usage("--%s takes no value", o->name);
	}
	if (o->argument != NULL && equals == NULL && *at + 1 >= argc) {
		return usage("--%s needs a value: %s", o->name, o->argument);
	}
	t->options[t->n_options].name = o->name;
	t->options[t->n_options].value = o->argument == NULL ? ""
	                                 : equals != NULL    ? equals + 1
	                                                     : argv[++*at];
	t->n_options++;
	return 0;
}

static int split(struct typed *t, int argc, char **argv)
{
	bool plain = false; /* behind "--" */

	for (int i = 1; i < argc; i++) {
		if (!plain && strcmp(argv[i], "--") == 0) {
			plain = true;
		} else if (!plain && argv[i][0] == '-' && argv[i][1] != '\0') {
			int rc = take_option(t, argc, argv, &i);

			if (rc != 0) {
				return rc;
			}
		} else if (t->n_words == CTL_WORDS_MAX) {
			return usage("too many arguments");
		} else {
			t->words[t->n_words++] = argv[i];
		}
	}
	return 0;
}

/* find_verb: by one or two words; *used tells how many. */
static const struct ctl_verb *find_verb(const char *const *words, unsigned n, unsigned *used)
{
	for (size_t i = 0; i < ctl_n_verbs; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];

		if (v->object[0] == '\0' && n >= 1 && strcmp(words[0], v->name) == 0) {
			*used = 1;
			return v;
		}
		if (v->object[0] != '\0' && n >= 2 && strcmp(words[0], v->object) == 0 &&
			strcmp(words[1], v->name) == 0) {
			*used = 2;
			return v;
		}
	}
	return NULL;
}

static int unknown_verb(const struct typed *t)
{
	const char *separator = "";
	char list[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < ctl_n_verbs; i++) {
		if (strcmp(ctl_verbs[i].object, t->words[0]) == 0) {
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", separator,
				ctl_verbs[i].name);
			separator = ", ";
		}
	}
	if (len != 0) {
		return usage("%s what? One of: %s (smswallctl --help)", t->words[0], list);
	}
	return usage("there is no verb \"%s\" (smswallctl --help lists them)", t->words[0]);
}

static int set_global(struct ctl_call *call, const char *name, const char *value)
{
	if (strcmp(name, "json") == 0) {
		call->json = true;
	} else if (strcmp(name, "help") == 0) {
		call->help = true;
	} else if (strcmp(name, "socket") == 0) {
		call->socket = value;
	} else {
		char *end;
		unsigned long v = strtoul(value, &end, 10);

		if (value[0] < '0' || value[0] > '9' || *end != '\0' || v == 0 || v > 86400) {
			return usage("--timeout is a number of seconds from 1 to 86400, not \"%s\"",
				value);
		}
		call->timeout_s = (unsigned)v;
	}
	return 0;
}

static int set_options(struct ctl_call *call, const struct typed *t)
{
	char name[64];

	for (unsigned i = 0; i < t->n_options; i++) {
		const char *typed = t->options[i].name;
		const struct ctl_option *o = find_in(ctl_global_options, typed, strlen(typed));

		if (o != NULL) {
			int rc = set_global(call, o->name, t->options[i].value);

			if (rc != 0) {
				return rc;
			}
			continue;
		}
		o = call->verb != NULL ? find_option(call->verb, typed, strlen(typed)) : NULL;
		if (o == NULL) {
			return usage("%s takes no option --%s",
				call->verb != NULL ? ctl_verb_name(call->verb, name, sizeof(name))
						   : "smswallctl",
				typed);
		}
		call->values[call->n_values].option = o;
		call->values[call->n_values++].value = t->options[i].value;
	}
	return 0;
}

int ctl_read_arguments(struct ctl_call *call, int argc, char **argv)
{
	struct typed t = { .n_words = 0 };
	char name[64];
	unsigned used = 0;
	int rc;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		call->version = true;
		return 0;
	}
	rc = split(&t, argc, argv);
	if (rc != 0) {
		return rc;
	}
	call->verb = find_verb(t.words, t.n_words, &used);
	if (call->verb == NULL && t.n_words != 0) {
		return unknown_verb(&t);
	}
	rc = set_options(call, &t);
	if (rc != 0 || call->help || call->verb == NULL) {
		return rc;
	}
	for (unsigned i = used; i < t.n_words; i++) {
		call->words[call->n_words++] = t.words[i];
	}
	(void)ctl_verb_name(call->verb, name, sizeof(name));
	if (call->n_words < call->verb->arguments_min) {
		return usage(
			"%s needs %s (smswallctl %s --help)", name, call->verb->arguments, name);
	}
	if (call->n_words > call->verb->arguments_max) {
		return usage("%s: \"%s\" is one argument too many (smswallctl %s --help)", name,
			call->words[call->verb->arguments_max], name);
	}
	return 0;
}

const char *ctl_value(const struct ctl_call *call, const char *name)
{
	const char *value = NULL;

	for (unsigned i = 0; i < call->n_values; i++) {
		if (strcmp(call->values[i].option->name, name) == 0) {
			value = call->values[i].value;
		}
	}
	return value;
}

int ctl_number(const struct ctl_call *call, const char *name, long min, long max, long *value)
{
	const char *text = ctl_value(call, name);
	char *end;
	long v;

	if (text == NULL) {
		return 0;
	}
	errno = 0;
	v = strtol(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || v < min || v > max) {
		return usage("--%s is a number from %ld to %ld, not \"%s\"", name, min, max, text);
	}
	*value = v;
	return 0;
}
