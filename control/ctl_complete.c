/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smswallctl __complete -- WORD...: what the last word can become: "CANDIDATE<TAB>HELP" a line, or the one line
 * ":files" where file names belong. Verbs and options come from the grammar, names of what is live from the
 * daemon, which is asked for a second at most; without one there are none of these.
 */
#include <stdlib.h>
#include <string.h>

#include "control/ctl_complete.h"
#include "control/ctl_daemon.h"

struct placeholder {
	const char *object; /* of the verb, or "--NAME" of the option; NULL: any */
	const char *name;   /* as in the grammar */
	enum ctl_source source;
	const char *words; /* of COMPLETE_WORDS: "a|b" */
};

/* The first that fits. */
static const struct placeholder placeholders[] = {
	{ NULL, "FILE", COMPLETE_FILES, NULL },
	{ NULL, "PATH", COMPLETE_FILES, NULL },
	{ NULL, "PACK", COMPLETE_FILES, NULL },
	{ NULL, "FILE.pcap", COMPLETE_FILES, NULL },
	{ NULL, "FILE.pcap:N", COMPLETE_FILES, NULL },
	{ NULL, "FILE.jsonl", COMPLETE_FILES, NULL },
	{ NULL, "EV.jsonl", COMPLETE_FILES, NULL },
	{ NULL, "OUT.pcap", COMPLETE_FILES, NULL },
	{ NULL, "FILE.tar", COMPLETE_FILES, NULL },
	{ "--quarantine", "DIR", COMPLETE_FILES, NULL },
	{ NULL, "IN.pcap", COMPLETE_FILES, NULL },
	{ NULL, "IN2.pcap", COMPLETE_FILES, NULL },
	{ NULL, "OLD", COMPLETE_POLICIES, NULL },
	{ NULL, "NEW", COMPLETE_POLICIES, NULL },
	{ NULL, "GEN", COMPLETE_GENERATIONS, NULL },
	{ "policy", "N", COMPLETE_GENERATIONS, NULL },
	{ "rule", "ID", COMPLETE_RULES, NULL },
	{ "session", "ID", COMPLETE_SESSIONS, NULL },
	{ "list", "NAME", COMPLETE_LISTS, NULL },
	{ "limit", "NAME", COMPLETE_LIMITS, NULL },
	{ "link", "NAME", COMPLETE_LINKS, NULL },
	{ "--link", "NAME", COMPLETE_LINKS, NULL },
	{ NULL, "LINK", COMPLETE_LINKS, NULL },
	{ NULL, "VERB", COMPLETE_VERBS, NULL },
	{ NULL, "STATE", COMPLETE_WORDS, "on|shadow|sample" },
	{ NULL, "SIDE", COMPLETE_WORDS, "inside|outside" },
	/* What only the person who types knows. */
	{ NULL, "ADDRESS", COMPLETE_NOTHING, NULL },
	{ NULL, "ENTRY", COMPLETE_NOTHING, NULL },
	{ NULL, "HASH", COMPLETE_NOTHING, NULL },
	{ NULL, "HEX", COMPLETE_NOTHING, NULL },
	{ NULL, "HOST:PORT", COMPLETE_NOTHING, NULL },
	{ NULL, "ID", COMPLETE_NOTHING, NULL },
	{ NULL, "KEY", COMPLETE_NOTHING, NULL },
	{ NULL, "KEY=N", COMPLETE_NOTHING, NULL },
	{ NULL, "NAME=N", COMPLETE_NOTHING, NULL },
	{ NULL, "N", COMPLETE_NOTHING, NULL },
	{ NULL, "NAME", COMPLETE_NOTHING, NULL },
	{ NULL, "NUMBER", COMPLETE_NOTHING, NULL },
	{ NULL, "SEC", COMPLETE_NOTHING, NULL },
	{ NULL, "TEXT", COMPLETE_NOTHING, NULL },
	{ NULL, "TYPE", COMPLETE_NOTHING, NULL },
};

struct typed {
	struct ctl_call *call; /* its own words are what was typed */
	const char *words[CTL_WORDS_MAX];
	unsigned n_words;
	const struct ctl_option *pending; /* the word before was this option: its value comes */
	bool plain;                       /* behind "--" */
	const char *last;                 /* to be completed */
};

static void offer(const struct typed *t, const char *prefix, const char *s, const char *help)
{
	const char *last = t->last;
	size_t n = strlen(prefix);

	if (strncmp(last, prefix, n) == 0 && strncmp(s, last + n, strlen(last + n)) == 0) {
		printf("%s%s\t%s\n", prefix, s, help);
	}
}

/* offer_part: of a text "a|b|sample=N%": up to a placeholder in it. */
static void offer_part(const struct typed *t, const char *prefix, const char *s, size_t len)
{
	char word[64];

	(void)snprintf(word, sizeof(word), "%.*s", (int)len, s);
	word[strcspn(word, "N")] = '\0';
	offer(t, prefix, word, "");
}

static void offer_words(const struct typed *t, const char *prefix, const char *words)
{
	while (*words != '\0') {
		size_t len = strcspn(words, "|");

		offer_part(t, prefix, words, len);
		words += len + (words[len] == '|');
	}
}

/* ---- what is live */

static void offer_generation(const struct typed *t, const char *prefix, const json_t *r)
{
	const char *live = json_is_true(json_object_get(r, "live")) ? "live" : ctl_text(r, "state");
	bool at = t->last[strlen(prefix)] == '@';
	char number[CTL_GENERATION_TEXT];
	char help[160];
	char word[CTL_GENERATION_TEXT + 1];

	(void)snprintf(
		word, sizeof(word), "%s%s", at ? "@" : "", ctl_cell(r, "generation", number));
	(void)snprintf(help, sizeof(help), "%s %.100s", live, ctl_text(r, "note"));
	offer(t, prefix, word, help);
}

static void offer_member(
	const struct typed *t, const char *prefix, enum ctl_source s, const json_t *j)
{
	char number[CTL_GENERATION_TEXT];
	char help[160];

	switch (s) {
	case COMPLETE_RULES:
		(void)snprintf(help, sizeof(help), "%s, %.100s", ctl_text(j, "state"),
			ctl_text(j, "category"));
		offer(t, prefix, ctl_text(j, "id"), help);
		break;
	case COMPLETE_GENERATIONS:
		offer_generation(t, prefix, j);
		break;
	case COMPLETE_LISTS:
	case COMPLETE_LIMITS:
		offer(t, prefix, ctl_text(j, "name"), ctl_text(j, "kind"));
		break;
	case COMPLETE_LINKS:
		offer(t, prefix, ctl_text(j, "name"), ctl_text(j, "mode"));
		break;
	case COMPLETE_SESSIONS:
		(void)snprintf(help, sizeof(help), "%.60s %.60s", ctl_text(j, "account"),
			ctl_text(j, "outside"));
		offer(t, prefix, ctl_cell(j, "session", number), help);
		break;
	case COMPLETE_NOTHING:
	case COMPLETE_FILES:
	case COMPLETE_POLICIES:
	case COMPLETE_WORDS:
	case COMPLETE_VERBS:
		break;
	}
}

/* offer_live: members of list `member` of what the daemon answers to `verb`. */
static void offer_live(const struct typed *t, const char *prefix, enum ctl_source s)
{
	static const struct {
		const char *verb, *member;
	} questions[] = { [COMPLETE_RULES] = { "rule.list", "rules" },
		[COMPLETE_GENERATIONS] = { "policy.history", "generations" },
		[COMPLETE_LISTS] = { "list.list", "lists" },
		[COMPLETE_LIMITS] = { "limit.list", "limits" },
		[COMPLETE_LINKS] = { "counters", "links" },
		[COMPLETE_SESSIONS] = { "sessions", "sessions" } };
	json_t *answer = NULL;
	const json_t *list;

	t->call->timeout_s = 1;
	if (ctl_client_request(t->call, questions[s].verb, NULL, &answer) == 0) {
		ctl_clean(answer);
	}
	list = json_object_get(answer, questions[s].member);
	for (size_t i = 0; i < json_array_size(list); i++) {
		offer_member(t, prefix, s, json_array_get(list, i));
	}
	json_decref(answer);
}

/* ---- what the grammar knows */

static void offer_verbs(const struct typed *t, const char *object)
{
	char seen[32] = "";

	for (size_t i = 0; i < ctl_n_verbs; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];

		if (v->hidden) {
			continue;
		}
		if (object != NULL && strcmp(v->object, object) == 0) {
			offer(t, "", v->name, v->summary);
		} else if (object == NULL && v->object[0] == '\0') {
			offer(t, "", v->name, v->summary);
		} else if (object == NULL && strcmp(v->object, seen) != 0) {
			(void)snprintf(seen, sizeof(seen), "%s", v->object);
			offer(t, "", v->object, "");
		}
	}
}

static void offer_options(const struct typed *t, const struct ctl_option *o)
{
	char word[64];

	for (; o->name != NULL; o++) {
		(void)snprintf(word, sizeof(word), "--%s", o->name);
		offer(t, "", word, o->help);
	}
}

bool ctl_complete_source(
	const char *object, const char *name, enum ctl_source *source, const char **words)
{
	*words = name;
	*source = strchr(name, '|') != NULL ? COMPLETE_WORDS : COMPLETE_NOTHING;
	if (*source == COMPLETE_WORDS) {
		return true;
	}
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		const struct placeholder *p = &placeholders[i];

		if ((p->object == NULL || strcmp(p->object, object) == 0) &&
			strcmp(p->name, name) == 0) {
			*words = p->words;
			*source = p->source;
			return true;
		}
	}
	return false;
}

static void offer_argument(
	const struct typed *t, const char *prefix, const char *object, const char *name)
{
	const char *words;
	enum ctl_source s;

	(void)ctl_complete_source(object, name, &s, &words);

	if (s == COMPLETE_POLICIES) {
		s = t->last[strlen(prefix)] == '@' ? COMPLETE_GENERATIONS : COMPLETE_FILES;
	}
	switch (s) {
	case COMPLETE_NOTHING:
	case COMPLETE_POLICIES:
		break;
	case COMPLETE_FILES:
		puts(":files");
		break;
	case COMPLETE_WORDS:
		offer_words(t, prefix, words);
		break;
	case COMPLETE_VERBS:
		offer_verbs(t, t->n_words > 1 ? t->words[1] : NULL);
		break;
	case COMPLETE_RULES:
	case COMPLETE_GENERATIONS:
	case COMPLETE_LISTS:
	case COMPLETE_LIMITS:
	case COMPLETE_LINKS:
	case COMPLETE_SESSIONS:
		offer_live(t, prefix, s);
		break;
	}
}

bool ctl_complete_argument(const char *arguments, unsigned n, char *out, size_t size)
{
	for (const char *at = arguments; *at != '\0';) {
		size_t len = strcspn(at, " ");
		const char *name = at + strspn(at, "[");
		size_t name_len = strcspn(name, " ].");

		/* "FILE.pcap" has a dot, "NAME..." ends in some. */
		while (name[name_len] == '.' && name[name_len + 1] != '.') {
			name_len += 1 + strcspn(name + name_len + 1, " ].");
		}
		(void)snprintf(out, size, "%.*s", (int)name_len, name);
		if (n == 0 || strncmp(name + name_len, "...", 3) == 0) {
			return true;
		}
		n--;
		at += len + (at[len] == ' ');
	}
	return false;
}

/* ---- reading the line */

static const struct ctl_option *find_in(const struct ctl_option *o, const char *name)
{
	for (; o->name != NULL; o++) {
		size_t len = strlen(o->name);

		if (strncmp(o->name, name, len) == 0 && (name[len] == '\0' || name[len] == '=')) {
			return o;
		}
	}
	return NULL;
}

static const struct ctl_option *find_option(const char *word)
{
	const struct ctl_option *o = find_in(ctl_global_options, word + 2);

	for (size_t i = 0; o == NULL && i < ctl_n_verbs; i++) {
		o = find_in(ctl_verbs[i].options, word + 2);
	}
	return o;
}

/* take_value: --socket and --config say which daemon is asked. */
static void take_value(struct typed *t, const struct ctl_option *o, const char *value)
{
	if (strcmp(o->name, "socket") == 0) {
		t->call->socket = value;
	} else if (strcmp(o->name, "config") == 0 && t->call->n_values < CTL_VALUES_MAX) {
		t->call->values[t->call->n_values].option = o;
		t->call->values[t->call->n_values++].value = value;
	}
}

static void take_word(struct typed *t, const char *word)
{
	const struct ctl_option *o;

	if (t->pending != NULL) {
		take_value(t, t->pending, word);
		t->pending = NULL;
	} else if (!t->plain && strcmp(word, "--") == 0) {
		t->plain = true;
	} else if (!t->plain && strncmp(word, "--", 2) == 0) {
		o = find_option(word);
		if (o != NULL && o->argument != NULL && strchr(word, '=') == NULL) {
			t->pending = o;
		} else if (o != NULL && o->argument != NULL) {
			take_value(t, o, strchr(word, '=') + 1);
		}
	} else if (t->n_words < CTL_WORDS_MAX) {
		t->words[t->n_words++] = word;
	}
}

static const struct ctl_verb *find_verb(const struct typed *t, unsigned *used)
{
	for (size_t i = 0; i < ctl_n_verbs; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];

		*used = v->object[0] == '\0' ? 1 : 2;
		if (t->n_words >= *used && !v->hidden &&
			strcmp(t->words[*used - 1], v->name) == 0 &&
			(*used == 1 || strcmp(t->words[0], v->object) == 0)) {
			return v;
		}
	}
	return NULL;
}

static void offer_value(const struct typed *t, const char *prefix, const struct ctl_option *o)
{
	char object[64];

	(void)snprintf(object, sizeof(object), "--%s", o->name);
	offer_argument(t, prefix, object, o->argument);
}

/* offer_equals: "--state=sh": the value behind the sign. */
static void offer_equals(const struct typed *t)
{
	const struct ctl_option *o = find_option(t->last);
	char prefix[80];

	if (o != NULL && o->argument != NULL) {
		(void)snprintf(prefix, sizeof(prefix), "--%s=", o->name);
		offer_value(t, prefix, o);
	}
}

static void complete(const struct typed *t)
{
	unsigned used;
	const struct ctl_verb *v = find_verb(t, &used);
	char name[64];

	if (t->pending != NULL) {
		offer_value(t, "", t->pending);
	} else if (!t->plain && t->last[0] == '-' && strchr(t->last, '=') != NULL) {
		offer_equals(t);
	} else if (!t->plain && t->last[0] == '-') {
		if (v != NULL) {
			offer_options(t, v->options);
		}
		offer_options(t, ctl_global_options);
	} else if (v == NULL && t->n_words < 2) {
		offer_verbs(t, t->n_words == 0 ? NULL : t->words[0]);
	} else if (v != NULL &&
		   ctl_complete_argument(v->arguments, t->n_words - used, name, sizeof(name))) {
		offer_argument(t, "", v->object, name);
	}
}

int ctl_complete(struct ctl_call *call)
{
	struct ctl_call *asked = calloc(1, sizeof(*asked));
	struct typed t = { .call = asked, .last = "" };

	if (asked == NULL) {
		return CONTROL_FAILED;
	}
	asked->document = json_object();
	asked->socket = call->socket;
	for (unsigned i = 0; i + 1 < call->n_words; i++) {
		take_word(&t, call->words[i]);
	}
	if (call->n_words != 0) {
		t.last = call->words[call->n_words - 1];
	}
	complete(&t);
	diag_clear(&asked->diag); /* a daemon that is not there has no names */
	json_decref(asked->document);
	free(asked);
	call->json = false;
	return 0;
}
