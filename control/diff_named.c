/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tenants, profiles, entries of links that ask more than a link and a side, and limits of two policies,
 * by name, as canonical text; what rules ask is with the rules. Part of diff.h.
 */
#include "control/diff.h"

#include <stdlib.h>
#include <string.h>

#include "control/policy_print.h"

typedef void print_one(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to);

/* What is compared: texts of one kind of things, each with its name. */
struct kind {
	const char *what;
	uint32_t (*count)(const struct policy *p);
	print_one *name;
	print_one *text;
};

/* ---- names and texts */

static uint32_t count_tenants(const struct policy *p)
{
	return p->n_tenants;
}

static void name_tenant(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	(void)names;
	fputs(p->tenants[i].name, to);
}

static uint32_t count_profiles(const struct policy *p)
{
	return p->n_profiles;
}

static void name_profile(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	(void)names;
	fputs(p->profiles[i].name, to);
}

static void text_profile(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	(void)names;
	policy_print_profile(p, i, to);
}

static uint32_t count_scopes(const struct policy *p)
{
	return p->n_scopes - 1;
}

static uint32_t count_limits(const struct policy *p)
{
	return p->n_limits;
}

static void name_limit(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	(void)names;
	fputs(p->limits[i].name, to);
}

static const struct kind kinds[] = {
	{ "tenant", count_tenants, name_tenant, policy_print_tenant },
	{ "profile", count_profiles, name_profile, text_profile },
	{ "links", count_scopes, policy_print_place, policy_print_scope },
	{ "limit", count_limits, name_limit, policy_print_limit },
};

/* ---- two sides */

/* text_of: malloc()ed; NULL when out of memory. */
static char *text_of(const struct diff_side *side, print_one *one, uint32_t i)
{
	const struct policy_names names = policy_set_names(side->set, side->links, side->n_links);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL) {
		return NULL;
	}
	one(&side->set->policy, &names, i, f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* is_plain: an entry that names a link and a side only; diff_thresholds() tells of what it says. */
static bool is_plain(const struct kind *k, const struct policy *p, uint32_t i)
{
	return k->count == count_scopes && p->scopes[i].tenant == POLICY_NONE &&
	       p->scopes[i].when.n == 0;
}

/* things_of: {name: text}, in their order. */
static json_t *things_of(const struct diff_side *side, const struct kind *k)
{
	const struct policy *p = &side->set->policy;
	json_t *things = json_object();

	for (uint32_t i = 0; i < k->count(p); i++) {
		char *name = is_plain(k, p, i) ? NULL : text_of(side, k->name, i);
		char *text = name != NULL ? text_of(side, k->text, i) : NULL;
		json_t *j = text != NULL ? json_string(text) : NULL;

		if (j != NULL) {
			(void)json_object_set_new(things, name + (name[0] == ' '), j);
		}
		free(name);
		free(text);
	}
	return things;
}

/* add: takes over nothing; `old` or `new` NULL: there is none. */
static void add(json_t *list, const char *what, const char *name, json_t *old, json_t *new)
{
	const char *change = old == NULL ? "added" : new == NULL ? "removed" : "changed";
	json_t *none = json_null();

	(void)json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:[{s:s, s:O, s:O}]}", "what", what, "name", name,
			      "change", change, "changes", "what", "text", "old",
			      old != NULL ? old : none, "new", new != NULL ? new : none));
}

/* order_of: names of `things` that `other` has, too. */
static json_t *order_of(json_t *things, const json_t *other)
{
	json_t *names = json_array();
	const char *name;
	json_t *each;

	json_object_foreach(things, name, each)
	{
		if (json_object_get(other, name) != NULL) {
			(void)json_array_append_new(names, json_string(name));
		}
	}
	return names;
}

/* compare_order: the first that fits is taken, so it matters which comes first. */
static void compare_order(json_t *list, const struct kind *k, json_t *old, json_t *new)
{
	json_t *before = order_of(old, new);
	json_t *after = order_of(new, old);

	if (k->count != count_profiles && !json_equal(before, after)) {
		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:[{s:s, s:O, s:O}]}", "what", k->what,
				      "name", "(order)", "change", "changed", "changes", "what",
				      "order", "old", before, "new", after));
	}
	json_decref(before);
	json_decref(after);
}

static void compare(json_t *list, const struct kind *k, const struct diff_side *old,
	const struct diff_side *new)
{
	json_t *before = things_of(old, k);
	json_t *after = things_of(new, k);
	const char *name;
	json_t *each;

	json_object_foreach(after, name, each)
	{
		json_t *was = json_object_get(before, name);

		if (was == NULL || !json_equal(was, each)) {
			add(list, k->what, name, was, each);
		}
	}
	json_object_foreach(before, name, each)
	{
		if (json_object_get(after, name) == NULL) {
			add(list, k->what, name, each, NULL);
		}
	}
	compare_order(list, k, before, after);
	json_decref(before);
	json_decref(after);
}

static void compare_words(json_t *list, const char *what, const char *old, const char *new)
{
	json_t *before = json_string(old);
	json_t *after = json_string(new);

	if (strcmp(old, new) != 0) {
		add(list, what, "", old[0] != '\0' ? before : NULL, new[0] != '\0' ? after : NULL);
	}
	json_decref(before);
	json_decref(after);
}

json_t *diff_named(const struct diff_side *old, const struct diff_side *new, size_t *n)
{
	const struct policy *a = &old->set->policy;
	const struct policy *b = &new->set->policy;
	json_t *list = json_array();

	compare_words(list, "timezone", a->zone.name, b->zone.name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		compare(list, &kinds[i], old, new);
	}
	*n = json_array_size(list);
	return list;
}
