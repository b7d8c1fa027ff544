/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/verbs_list.h"

#include <stdlib.h>
#include <string.h>

#include "control/code.h"
#include "control/policy_lists.h"
#include "dataplane/sms/sms.h"

static int say(struct server_answer *a, int code, const char *sentence)
{
	(void)snprintf(a->error, sizeof(a->error), "%s", sentence);
	return code;
}

/* text_of: a text without line ends; NULL where there is none. */
static const char *text_of(const json_t *v)
{
	const char *text = json_string_value(v);

	return text != NULL && strlen(text) == json_string_length(v) && strchr(text, '\n') == NULL
	               ? text
	               : NULL;
}

/* list_of: the live list that the request names, or NULL with a sentence. */
static const struct list *list_of(
	struct push *p, const struct server_request *r, struct server_answer *a)
{
	const char *name = text_of(json_object_get(r->args, "name"));
	const struct list *l = name != NULL ? list_set_find(push_live(p)->lists, name) : NULL;

	if (name == NULL) {
		(void)say(a, CONTROL_USAGE, "\"name\" is the name of a list");
	} else if (l == NULL) {
		(void)snprintf(a->error, sizeof(a->error), "there is no list %.64s", name);
	}
	return l;
}

/* ---- what there is ---- */

static json_t *use_json(const struct policy_list_use *u)
{
	json_t *j = json_pack("{s:s, s:s, s:b}", "match",
		list_match_name((enum list_match)u->match), "effect",
		rule_action_name((enum rule_action)u->action), "folded", u->folded);

	json_object_set_new(j, "link", u->link != POLICY_ANY ? json_integer(u->link) : json_null());
	json_object_set_new(j, "side",
		u->side == POLICY_ANY ? json_null()
				      : json_string(u->side == SIDE_INSIDE ? "inside" : "outside"));
	return j;
}

/* add_word: to a text like "originator, destination", once. */
static void add_word(char *to, size_t size, const char *word)
{
	size_t len = strlen(to);

	if (strstr(to, word) == NULL) {
		(void)snprintf(to + len, size - len, "%s%s", len != 0 ? ", " : "", word);
	}
}

static json_t *list_json(const struct generation *g, uint32_t index)
{
	const struct list *l = g->lists->lists[index];
	const struct list_facts f = list_facts(l);
	json_t *uses = json_array();
	char match[160] = "";
	char effect[80] = "";

	for (uint32_t i = 0; i < g->policy->n_list_uses; i++) {
		const struct policy_list_use *u = &g->policy->list_uses[i];

		if (u->list == index) {
			json_array_append_new(uses, use_json(u));
			add_word(match, sizeof(match), list_match_name((enum list_match)u->match));
			add_word(effect, sizeof(effect),
				rule_action_name((enum rule_action)u->action));
		}
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "name",
		list_name(l), "kind", list_kind_name(list_kind(l)), "match", match, "effect",
		effect, "uses", uses, "entries", (json_int_t)f.n_entries, "added",
		(json_int_t)f.n_added, "deleted", (json_int_t)f.n_deleted, "octets",
		(json_int_t)f.octets, "hits", (json_int_t)f.n_decided, "last",
		f.last_us != 0 ? json_integer((json_int_t)f.last_us) : json_null());
}

static int list_list(struct push *p, struct server_request *r, struct server_answer *a)
{
	const struct generation *g = push_live(p);
	json_t *lists = json_array();

	(void)r;
	for (uint32_t i = 0; g->lists != NULL && i < g->lists->n; i++) {
		json_array_append_new(lists, list_json(g, i));
	}
	a->result = json_pack("{s:I, s:o}", "generation", (json_int_t)g->number, "lists", lists);
	return a->result != NULL ? CONTROL_OK : say(a, CONTROL_FAILED, "out of memory");
}

/* lines_json: an array of the lines of a text. */
static json_t *lines_json(const char *text)
{
	json_t *lines = json_array();

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		json_array_append_new(lines, json_stringn(text, len));
		text += len + (text[len] == '\n' ? 1 : 0);
	}
	return lines;
}

static int list_show(struct push *p, struct server_request *r, struct server_answer *a)
{
	const json_t *limit = json_object_get(r->args, "limit");
	json_int_t max = LIST_SHOW_MAX;
	const struct list *l = list_of(p, r, a);
	char *text = NULL;
	size_t len = 0;
	uint64_t left;
	FILE *to;

	if (l == NULL) {
		return CONTROL_INVALID;
	}
	if (limit != NULL && !json_is_null(limit)) {
		if (!json_is_integer(limit) || json_integer_value(limit) < 1) {
			return say(a, CONTROL_USAGE, "\"limit\" is a number from 1 on");
		}
		max = json_integer_value(limit) < max ? json_integer_value(limit) : max;
	}
	to = open_memstream(&text, &len);
	if (to == NULL) {
		return say(a, CONTROL_FAILED, "out of memory");
	}
	left = list_print(l, (uint64_t)max, to);
	if (fclose(to) != 0) {
		free(text);
		return say(a, CONTROL_FAILED, "out of memory");
	}
	a->result = json_pack("{s:I, s:s, s:s, s:o, s:I}", "generation",
		(json_int_t)push_live(p)->number, "name", list_name(l), "kind",
		list_kind_name(list_kind(l)), "entries", lines_json(text), "left_out",
		(json_int_t)left);
	free(text);
	return a->result != NULL ? CONTROL_OK : say(a, CONTROL_FAILED, "out of memory");
}

/* ---- changes: the argument is one block, which free() frees (push_loader.h) ---- */

struct list_order {
	char name[LIST_NAME_SIZE];
	char path[4096]; /* list.replace */
	char file[256];  /* its name in messages */
	size_t len;
	char change[]; /* list.add, list.del: lines as of a change */
};

/* put: what the next generation is to have. Takes `l` over. */
static bool put(struct list *l, struct pack *pack, struct diag *diag)
{
	struct list *merged = l != NULL && list_wants_merge(l) ? list_merge(l) : NULL;
	bool good = l != NULL && policy_list_put(merged != NULL ? merged : l, pack);

	list_unref(merged);
	list_unref(l);
	if (!good && diag->n_errors == 0) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "out of memory");
	}
	return good;
}

static const struct list *live_list(
	const struct list_order *o, const struct generation *live, struct diag *diag)
{
	const struct list *l = list_set_find(live->lists, o->name);

	if (l == NULL) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0, "there is no list %s any more", o->name);
	}
	return l;
}

static bool change_entries(void *arg, const struct store *store, const struct generation *live,
	struct pack *pack, struct diag *diag)
{
	const struct list_order *o = arg;
	const struct list *l = live_list(o, live, diag);

	(void)store;
	return l != NULL &&
	       put(list_change(l, "entries", bytes_of(o->change, o->len), diag), pack, diag);
}

static bool replace_list(void *arg, const struct store *store, const struct generation *live,
	struct pack *pack, struct diag *diag)
{
	const struct list_order *o = arg;
	const struct list *l = live_list(o, live, diag);

	(void)store;
	return l != NULL &&
	       put(list_load(o->name, list_kind(l), o->path, o->file, diag), pack, diag);
}

/* change_len: octets of the lines; 0 with a sentence: no such entries can be. */
static size_t change_len(const json_t *entries, struct server_answer *a)
{
	size_t len = 0;

	if (!json_is_array(entries) || json_array_size(entries) == 0 ||
		json_array_size(entries) > LIST_CHANGE_MAX) {
		(void)snprintf(a->error, sizeof(a->error),
			"\"entries\" is an array of 1 to %d texts: list.replace takes more",
			LIST_CHANGE_MAX);
		return 0;
	}
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const char *text = text_of(json_array_get(entries, i));

		if (text == NULL) {
			(void)snprintf(
				a->error, sizeof(a->error), "entry %zu is no line of text", i + 1);
			return 0;
		}
		len += strlen(text) + 2;
	}
	return len;
}

/* start: takes `o` over. */
static int start(struct push *p, push_change how, struct list_order *o, const struct list *l,
	const struct server_request *r, struct server_answer *a)
{
	struct push_order *push = calloc(1, sizeof(*push));
	int code = push != NULL ? verbs_policy_order(push, PUSH_CHANGE, r, a)
	                        : say(a, CONTROL_FAILED, "out of memory");

	if (code != CONTROL_OK) {
		free(o);
		free(push);
		return code;
	}
	(void)snprintf(o->name, sizeof(o->name), "%s", list_name(l));
	if (push->note[0] == '\0') {
		(void)snprintf(push->note, sizeof(push->note), "%s %s", r->verb, o->name);
	}
	push->change = how;
	push->change_arg = o;
	code = verbs_policy_start(p, push, a);
	free(push);
	return code;
}

static int change(struct push *p, struct server_request *r, struct server_answer *a, char sign)
{
	const json_t *entries = json_object_get(r->args, "entries");
	const struct list *l = list_of(p, r, a);
	size_t len = l != NULL ? change_len(entries, a) : 0;
	struct list_order *o;

	if (len == 0) {
		return l == NULL ? CONTROL_INVALID : CONTROL_USAGE;
	}
	o = calloc(1, sizeof(*o) + len + 1);
	if (o == NULL) {
		return say(a, CONTROL_FAILED, "out of memory");
	}
	for (size_t i = 0; i < json_array_size(entries); i++) {
		o->len += (size_t)snprintf(o->change + o->len, len + 1 - o->len, "%c%s\n", sign,
			text_of(json_array_get(entries, i)));
	}
	return start(p, change_entries, o, l, r, a);
}

static int list_add(struct push *p, struct server_request *r, struct server_answer *a)
{
	return change(p, r, a, '+');
}

static int list_del(struct push *p, struct server_request *r, struct server_answer *a)
{
	return change(p, r, a, '-');
}

static int list_replace(struct push *p, struct server_request *r, struct server_answer *a)
{
	const char *path = text_of(json_object_get(r->args, "path"));
	const char *file = text_of(json_object_get(r->args, "file"));
	const struct list *l = list_of(p, r, a);
	struct list_order *o;

	if (l == NULL) {
		return CONTROL_INVALID;
	}
	if (path == NULL || path[0] != '/' || strlen(path) >= sizeof(o->path)) {
		return say(a, CONTROL_USAGE, "\"path\" is the path of a file, from / on");
	}
	o = calloc(1, sizeof(*o) + 1);
	if (o == NULL) {
		return say(a, CONTROL_FAILED, "out of memory");
	}
	memcpy(o->path, path, strlen(path));
	(void)snprintf(o->file, sizeof(o->file), "%s", file != NULL ? file : path);
	return start(p, replace_list, o, l, r, a);
}

const struct policy_verb list_verbs[] = {
	{ "list.list", SERVER_VIEWER, false, list_list },
	{ "list.show", SERVER_VIEWER, false, list_show },
	{ "list.add", SERVER_OPERATOR, true, list_add },
	{ "list.del", SERVER_OPERATOR, true, list_del },
	{ "list.replace", SERVER_AUTHOR, true, list_replace },
};
const size_t list_verbs_count = sizeof(list_verbs) / sizeof(list_verbs[0]);
