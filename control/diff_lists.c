/* SPDX-License-Identifier: BSD-3-Clause */
/* The lists of two policies: which there are, what they are asked for, what came and went in them. */
#include "control/diff.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/sms/sms.h"
#include "dataplane/verdict/list_build.h"

static const struct policy_list *find(const struct policy *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_lists; i++) {
		if (strcmp(p->lists[i].name, name) == 0) {
			return &p->lists[i];
		}
	}
	return NULL;
}

/* use_text: "destination reject, side outside, country 44, status 0x45". */
static void use_text(
	const struct diff_side *side, const struct policy_list_use *u, char *out, size_t size)
{
	const char *link = u->link < side->n_links ? side->links[u->link] : "?";
	int n = snprintf(out, size, "%s %s%s", list_match_name((enum list_match)u->match),
		rule_action_name((enum rule_action)u->action), u->folded ? ", folded" : "");

	if (u->link != POLICY_ANY && n >= 0 && (size_t)n < size) {
		n += snprintf(out + n, size - (size_t)n, ", link %s", link);
	}
	if (u->side != POLICY_ANY && n >= 0 && (size_t)n < size) {
		n += snprintf(out + n, size - (size_t)n, ", side %s",
			u->side == SIDE_INSIDE ? "inside" : "outside");
	}
	if (u->country[0] != '\0' && n >= 0 && (size_t)n < size) {
		n += snprintf(out + n, size - (size_t)n, ", country %s", u->country);
	}
	if (u->status != 0 && n >= 0 && (size_t)n < size) {
		(void)snprintf(out + n, size - (size_t)n, ", status 0x%X", u->status);
	}
}

/* uses_of: what the list is asked for, in the order of policy.conf, which is that of judgement. */
static json_t *uses_of(const struct diff_side *side, const char *name)
{
	const struct policy *p = &side->set->policy;
	json_t *list = json_array();
	char use[160];

	for (uint32_t i = 0; i < p->n_list_uses; i++) {
		const struct policy_list_use *u = &p->list_uses[i];

		if (strcmp(p->lists[u->list].name, name) == 0) {
			use_text(side, u, use, sizeof(use));
			(void)json_array_append_new(list, json_string(use));
		}
	}
	return list;
}

static void add_change(json_t *changes, const char *what, json_t *before, json_t *after)
{
	if (!json_equal(before, after)) {
		(void)json_array_append_new(changes,
			json_pack("{s:s, s:O, s:O}", "what", what, "old", before, "new", after));
	}
	json_decref(before);
	json_decref(after);
}

static json_t *kind_json(const struct policy_list *l)
{
	return l != NULL ? json_string(list_kind_name((enum list_kind)l->kind)) : json_null();
}

/* entries: that came, went, or have another tag. Lists of two kinds have no entry in common. */
static struct list_difference entries(
	const struct diff_side *old, const struct diff_side *new, const char *name)
{
	const struct list *a =
		old->set->lists != NULL ? list_set_find(old->set->lists, name) : NULL;
	const struct list *b =
		new->set->lists != NULL ? list_set_find(new->set->lists, name) : NULL;

	if (a != NULL && b != NULL && list_kind(a) == list_kind(b)) {
		return list_difference(a, b);
	}
	return (struct list_difference){ .n_added = b != NULL ? list_facts(b).n_entries : 0,
		.n_removed = a != NULL ? list_facts(a).n_entries : 0 };
}

/* list_json: NULL where both are the same. */
static json_t *list_json(const char *name, const struct diff_side *old, const struct diff_side *new,
	const struct policy_list *a, const struct policy_list *b)
{
	json_t *changes = json_array();
	const struct list_difference d = entries(old, new, name);

	add_change(changes, "kind", kind_json(a), kind_json(b));
	add_change(changes, "uses", uses_of(old, name), uses_of(new, name));
	if (a != NULL && b != NULL && json_array_size(changes) == 0 && d.n_added == 0 &&
		d.n_removed == 0 && d.n_retagged == 0) {
		json_decref(changes);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:o}", "name", name, "change",
		a == NULL   ? "added"
		: b == NULL ? "removed"
			    : "changed",
		"added", (json_int_t)d.n_added, "removed", (json_int_t)d.n_removed, "retagged",
		(json_int_t)d.n_retagged, "changes", changes);
}

json_t *diff_lists(const struct diff_side *old, const struct diff_side *new, size_t *n)
{
	const struct policy *before = &old->set->policy;
	const struct policy *after = &new->set->policy;
	json_t *list = json_array();

	for (uint32_t i = 0; i < after->n_lists; i++) {
		const struct policy_list *b = &after->lists[i];
		const struct policy_list *a = find(before, b->name);
		json_t *j = list_json(b->name, old, new, a, b);

		if (j != NULL) {
			(void)json_array_append_new(list, j);
		}
	}
	for (uint32_t i = 0; i < before->n_lists; i++) {
		const struct policy_list *a = &before->lists[i];

		if (find(after, a->name) == NULL) {
			(void)json_array_append_new(list, list_json(a->name, old, new, a, NULL));
		}
	}
	*n = json_array_size(list);
	return list;
}
