/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/diff.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/sms/numbering.h"
#include "dataplane/sms/sms.h"
#include "patterns/rule_text.h"

/* Thresholds are compared for each link that either names, for all others, and for both sides. */
enum { PLACES_MAX = LIMIT_LINKS + 1, SIDES = 2, OTHER_LINKS = 0xFD };

static json_t *text(const char *s)
{
	json_t *j = json_string(s != NULL ? s : "");

	return j != NULL ? j : json_string("?");
}

/* ---- rules */

static json_t *flags_json(unsigned flags)
{
	char *letters = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&letters, &len);
	json_t *j;

	if (f == NULL) {
		return NULL;
	}
	rule_text_print_flags(f, flags);
	(void)fclose(f);
	j = text(letters);
	free(letters);
	return j;
}

static json_t *action_json(uint8_t action)
{
	return action != RULE_ACTION_UNSET ? json_string(rule_action_name((enum rule_action)action))
	                                   : json_null();
}

static json_t *status_json(uint32_t status)
{
	return status != 0 ? json_integer(status) : json_null();
}

/* rule_json: all that a rule does, in the order in which it is told. */
static json_t *rule_json(const struct ruleset *set, const struct rule *r)
{
	char state[RULE_STATE_SIZE];

	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:i, s:o, s:o, s:s}", "id", r->id,
		"expression", text(r->expression), "flags", flags_json(r->flags), "category",
		text(set->categories[r->category]), "field",
		rule_field_name((enum rule_field)r->field), "view",
		rule_view_name((enum rule_view)r->view), "weight", (int)r->weight, "action",
		action_json(r->action), "status", status_json(r->status), "state",
		rule_state_text(r, state));
}

static void add_place(json_t *j, const char *file_key, const char *line_key, const struct rule *r)
{
	(void)json_object_set_new(j, file_key, text(r->file));
	(void)json_object_set_new(j, line_key, json_integer(r->line));
}

static json_t *whole_rule(const struct ruleset *set, const struct rule *r)
{
	json_t *j = rule_json(set, r);

	add_place(j, "file", "line", r);
	return j;
}

/* changes_of: members of `old` and `new`, which have the same ones, that differ. */
static json_t *changes_of(const json_t *old, const json_t *new)
{
	json_t *changes = json_array();
	const char *key;
	json_t *before;

	json_object_foreach((json_t *)(uintptr_t)old, key, before)
	{
		json_t *after = json_object_get(new, key);

		if (!json_equal(before, after)) {
			(void)json_array_append_new(
				changes, json_pack("{s:s, s:O, s:O}", "what", key, "old", before,
						 "new", after));
		}
	}
	return changes;
}

/* changed_rule: NULL where both do the same. */
static json_t *changed_rule(const struct ruleset *old, const struct rule *a,
	const struct ruleset *new, const struct rule *b)
{
	json_t *before = rule_json(old, a);
	json_t *after = rule_json(new, b);
	json_t *changes = changes_of(before, after);
	json_t *j = NULL;

	if (json_array_size(changes) != 0) {
		j = json_pack("{s:s, s:O}", "id", b->id, "changes", changes);
		add_place(j, "file", "line", b);
		add_place(j, "old_file", "old_line", a);
	}
	json_decref(before);
	json_decref(after);
	json_decref(changes);
	return j;
}

json_t *diff_rules(const struct ruleset *old, const struct ruleset *new, size_t *n)
{
	json_t *added = json_array();
	json_t *removed = json_array();
	json_t *changed = json_array();
	size_t same = 0;

	for (uint32_t i = 0; i < new->n_rules; i++) {
		const struct rule *b = &new->rules[i];
		uint32_t before = ruleset_find(old, b->id);
		json_t *j;

		if (before == RULE_GONE) {
			(void)json_array_append_new(added, whole_rule(new, b));
			continue;
		}
		j = changed_rule(old, &old->rules[before], new, b);
		same += j == NULL;
		if (j != NULL) {
			(void)json_array_append_new(changed, j);
		}
	}
	for (uint32_t i = 0; i < old->n_rules; i++) {
		if (ruleset_find(new, old->rules[i].id) == RULE_GONE) {
			(void)json_array_append_new(removed, whole_rule(old, &old->rules[i]));
		}
	}
	*n = json_array_size(added) + json_array_size(removed) + json_array_size(changed);
	return json_pack("{s:o, s:o, s:o, s:I}", "added", added, "removed", removed, "changed",
		changed, "same", (json_int_t)same);
}

/* ---- thresholds */

static const struct policy_category *category_of(const struct policy_scope *s, const char *name)
{
	for (unsigned i = 0; i < s->n_categories; i++) {
		if (strcmp(s->categories[i].name, name) == 0) {
			return &s->categories[i];
		}
	}
	return NULL;
}

/* category_json: NULL: no rule is in it. */
static json_t *category_json(const struct policy_category *c)
{
	json_t *j = json_object();

	for (int a = ACTION_REPORT; a < ACTIONS; a++) {
		bool never = c == NULL || c->threshold[a] == POLICY_NEVER;

		(void)json_object_set_new(j, rule_action_name((enum rule_action)a),
			never ? json_null() : json_integer(c->threshold[a]));
	}
	(void)json_object_set_new(j, "status", status_json(c != NULL ? c->status : 0));
	return j;
}

static json_t *scope_json(const struct policy_scope *s)
{
	return json_pack("{s:b, s:s, s:s}", "content", s->content, "max_action",
		rule_action_name((enum rule_action)s->max_action), "country",
		numbering_country_name(s->country));
}

/* add_changes: takes over `before` and `after`. `category` NULL: what holds for all of them. */
static void add_changes(
	json_t *list, const char *category, const char *change, json_t *before, json_t *after)
{
	json_t *changes = changes_of(before, after);

	if (json_array_size(changes) != 0 || strcmp(change, "changed") != 0) {
		(void)json_array_append_new(
			list, json_pack("{s:s?, s:s, s:O}", "category", category, "change", change,
				      "changes", changes));
	}
	json_decref(changes);
	json_decref(before);
	json_decref(after);
}

/* differences_at: of what holds at one place. */
static json_t *differences_at(const struct policy_scope *a, const struct policy_scope *b)
{
	json_t *list = json_array();

	add_changes(list, NULL, "changed", scope_json(a), scope_json(b));
	for (unsigned i = 0; i < b->n_categories; i++) {
		const struct policy_category *c = category_of(a, b->categories[i].name);

		add_changes(list, b->categories[i].name, c != NULL ? "changed" : "added",
			category_json(c), category_json(&b->categories[i]));
	}
	for (unsigned i = 0; i < a->n_categories; i++) {
		if (category_of(b, a->categories[i].name) == NULL) {
			add_changes(list, a->categories[i].name, "removed",
				category_json(&a->categories[i]), category_json(NULL));
		}
	}
	return list;
}

/* What differs, at each place. */
struct places {
	json_t *at[PLACES_MAX][SIDES];
	unsigned n; /* the last one: all links that are not named */
};

static bool has(const json_t *list, const json_t *difference)
{
	json_t *each;
	size_t i;

	json_array_foreach(list, i, each)
	{
		if (json_equal(each, difference)) {
			return true;
		}
	}
	return false;
}

/* on_all_links: of what side `k` sends. */
static bool on_all_links(const struct places *p, unsigned k, const json_t *difference)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (!has(p->at[i][k], difference)) {
			return false;
		}
	}
	return true;
}

static void tell(json_t *to, json_t *difference, const char *link, const char *side)
{
	json_t *j = json_pack("{s:s?, s:s?}", "link", link, "side", side);

	(void)json_object_update(j, difference);
	(void)json_array_append_new(to, j);
}

static const char *const side_names[SIDES] = { "inside", "outside" };

/* tell_all: what is the same on all links. */
static void tell_all(json_t *to, const struct places *p)
{
	json_t *each;
	size_t i;

	for (unsigned k = 0; k < SIDES; k++) {
		json_array_foreach(p->at[0][k], i, each)
		{
			bool both = on_all_links(p, 1 - k, each);

			if (on_all_links(p, k, each) && !(both && k == 1)) {
				tell(to, each, NULL, both ? NULL : side_names[k]);
			}
		}
	}
}

/* tell_link: what is not. */
static void tell_link(json_t *to, const struct places *p, unsigned place, const char *link)
{
	json_t *each;
	size_t i;

	for (unsigned k = 0; k < SIDES; k++) {
		json_array_foreach(p->at[place][k], i, each)
		{
			bool both = has(p->at[place][1 - k], each) && !on_all_links(p, 1 - k, each);

			if (!on_all_links(p, k, each) && !(both && k == 1)) {
				tell(to, each, link, both ? NULL : side_names[k]);
			}
		}
	}
}

json_t *diff_thresholds(const struct diff_side *old, const struct diff_side *new, size_t *n)
{
	static const enum sms_side side_of[SIDES] = { SIDE_INSIDE, SIDE_OUTSIDE };
	struct places p = { .n = new->n_links + 1 };
	json_t *list = json_array();

	for (unsigned place = 0; place < p.n; place++) {
		unsigned link = place < new->n_links ? place : OTHER_LINKS;

		for (unsigned k = 0; k < SIDES; k++) {
			p.at[place][k] =
				differences_at(policy_scope_of(&old->set->policy, link, side_of[k]),
					policy_scope_of(&new->set->policy, link, side_of[k]));
		}
	}
	tell_all(list, &p);
	for (unsigned place = 0; place < p.n; place++) {
		tell_link(
			list, &p, place, place < new->n_links ? new->links[place] : "(any other)");
	}
	for (unsigned place = 0; place < p.n; place++) {
		json_decref(p.at[place][0]);
		json_decref(p.at[place][1]);
	}
	*n = json_array_size(list);
	return list;
}

/* ---- all of it */

static json_t *side_json(const struct diff_side *s)
{
	const struct ruleset *r = s->set->ruleset;
	char hash[2 * sizeof(r->hash) + 1];

	for (size_t i = 0; i < sizeof(r->hash); i++) {
		(void)snprintf(hash + 2 * i, 3, "%02x", r->hash[i]);
	}
	return json_pack("{s:o, s:I, s:s}", "policy", text(s->name), "rules",
		(json_int_t)r->n_rules, "hash", hash);
}

json_t *diff_policies(const struct diff_side *old, const struct diff_side *new)
{
	size_t n_rules = 0;
	size_t n_thresholds = 0;
	size_t n_lists = 0;
	size_t n_named = 0;
	json_t *rules = diff_rules(old->set->ruleset, new->set->ruleset, &n_rules);
	json_t *thresholds = diff_thresholds(old, new, &n_thresholds);
	json_t *lists = diff_lists(old, new, &n_lists);
	json_t *named = diff_named(old, new, &n_named);

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "old", side_json(old), "new",
		side_json(new), "rules", rules, "thresholds", thresholds, "lists", lists, "named",
		named, "differences", (json_int_t)(n_rules + n_thresholds + n_lists + n_named));
}
