/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_lists.h"

#include <stdio.h>
#include <stdlib.h>

#include "patterns/pack_ruleset.h"

const char *policy_list_section(const char *name, bool change, char out[POLICY_LIST_SECTION_SIZE])
{
	_Static_assert(sizeof("list.") + LIST_NAME_SIZE - 1 + sizeof(".change") - 1 <=
			       POLICY_LIST_SECTION_SIZE,
		"the longest name fits");
	(void)snprintf(out, POLICY_LIST_SECTION_SIZE, "list.%.*s%s", LIST_NAME_SIZE - 1, name,
		change ? ".change" : "");
	return out;
}

/* add: takes the list over; false: it is none. */
static bool add(struct list_set *set, struct list *l)
{
	return l != NULL && list_set_add(set, l) >= 0;
}

/* finish: gives the set away, or what is left of it back. */
static bool finish(struct list_set *set, bool good, struct list_set **out)
{
	*out = good ? set : NULL;
	if (!good) {
		list_set_unref(set);
	}
	return good;
}

/* read_list: of its file; what is wrong with that is told, and where the list is named. */
static struct list *read_list(
	const struct policy_list *l, const char *folder, const char *named_in, struct diag *diag)
{
	struct list *list;
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, l->file) < 0) {
		return NULL;
	}
	list = list_load(l->name, (enum list_kind)l->kind, path, path, diag);
	if (list == NULL) {
		diag_add(diag, DIAG_ERROR, named_in, l->line, 0,
			"list \"%s\" of kind %s is not taken from its file %s", l->name,
			list_kind_name((enum list_kind)l->kind), path);
	}
	free(path);
	return list;
}

bool policy_lists_read(const struct policy *p, const char *folder, const char *const *named_in,
	struct list_set **set, struct diag *diag)
{
	struct list_set *s = p->n_lists != 0 ? list_set_create() : NULL;
	bool good = p->n_lists == 0 || s != NULL;

	for (uint32_t i = 0; i < p->n_lists && s != NULL; i++) {
		good = add(s, read_list(&p->lists[i], folder, named_in[i], diag)) && good;
	}
	if (!good && diag->n_errors == 0) {
		diag_add(diag, DIAG_ERROR, folder, 0, 0, "out of memory for its lists");
	}
	return finish(s, good, set);
}

/* ---- from a pack ---- */

static bool same_change(const struct list *l, struct bytes change)
{
	return bytes_equal(list_change_text(l), change);
}

static bool same_base(const struct list *l, const struct pack_section *s)
{
	uint8_t hash[LIST_HASH_SIZE];

	list_hash(l, hash);
	return memcmp(hash, s->hash, sizeof(hash)) == 0;
}

/* take_list: with its changes. NULL with an error. */
static struct list *take_list(const struct policy_list *want, const struct pack *pack,
	const char *file, const struct list *live, struct diag *diag)
{
	char name[POLICY_LIST_SECTION_SIZE];
	const struct pack_section *s =
		pack_section(pack, policy_list_section(want->name, false, name));
	struct bytes change = bytes_of(NULL, 0);
	struct list *base;
	struct list *changed;

	if (s == NULL || (!s->present && (live == NULL || !same_base(live, s)))) {
		diag_add(diag, DIAG_ERROR, file, 0, 0, "section %s: missing", name);
		return NULL;
	}
	base = list_decode(
		want->name, file, s->present ? s->data : bytes_of(NULL, 0), s->hash, live, diag);
	if (base == NULL ||
		!pack_find(pack, policy_list_section(want->name, true, name), &change)) {
		return base;
	}
	changed = list_change(base, name, change, diag);
	list_unref(base);
	return changed;
}

/* take_same: the very list that lives, if the pack has no other. */
static struct list *take_same(
	const struct policy_list *want, const struct pack *pack, struct list *live)
{
	char name[POLICY_LIST_SECTION_SIZE];
	const struct pack_section *s =
		pack_section(pack, policy_list_section(want->name, false, name));
	struct bytes change = bytes_of(NULL, 0);

	(void)pack_find(pack, policy_list_section(want->name, true, name), &change);
	return live != NULL && s != NULL && same_base(live, s) && same_change(live, change)
	               ? list_ref(live)
	               : NULL;
}

static bool check_kind(
	const struct policy_list *want, const struct list *l, const char *file, struct diag *diag)
{
	if (list_kind(l) == want->kind) {
		return true;
	}
	diag_add(diag, DIAG_ERROR, file, 0, 0, "list %s is of kind %s, policy.conf says %s",
		want->name, list_kind_name(list_kind(l)),
		list_kind_name((enum list_kind)want->kind));
	return false;
}

bool policy_lists_take(const struct policy *p, const struct pack *pack, const char *file,
	const struct list_set *live, struct list_set **set, struct diag *diag)
{
	struct list_set *s = p->n_lists != 0 ? list_set_create() : NULL;
	bool good = p->n_lists == 0 || s != NULL;

	for (uint32_t i = 0; i < p->n_lists && s != NULL; i++) {
		const struct policy_list *want = &p->lists[i];
		struct list *before = list_set_find(live, want->name);
		struct list *l = take_same(want, pack, before);

		l = l != NULL ? l : take_list(want, pack, file, before, diag);
		good = l != NULL && check_kind(want, l, file, diag) && good;
		good = add(s, l) && good;
	}
	if (!good && diag->n_errors == 0) {
		diag_add(diag, DIAG_ERROR, file, 0, 0, "out of memory for its lists");
	}
	return finish(s, good, set);
}

/* ---- into a pack ---- */

static bool put_change(const struct list *l, struct pack *pack)
{
	char name[POLICY_LIST_SECTION_SIZE];
	struct bytes change = list_change_text(l);

	(void)policy_list_section(list_name(l), true, name);
	if (change.len == 0) {
		pack_remove(pack, name);
		return true;
	}
	return pack_replace(pack, name, change);
}

bool policy_list_put(const struct list *l, struct pack *pack)
{
	char name[POLICY_LIST_SECTION_SIZE];
	const struct pack_section *s =
		pack_section(pack, policy_list_section(list_name(l), false, name));
	uint8_t *octets;
	size_t len;
	bool good;

	if (s != NULL && same_base(l, s)) {
		return put_change(l, pack);
	}
	good = list_encode(l, &octets, &len) && pack_replace(pack, name, bytes_of(octets, len));
	free(octets);
	return good && put_change(l, pack);
}

bool policy_lists_add(const struct list_set *set, const struct pack *thin, struct pack *pack)
{
	bool good = true;

	for (uint32_t i = 0; set != NULL && i < set->n && good; i++) {
		const struct list *l = set->lists[i];
		char name[POLICY_LIST_SECTION_SIZE];
		const struct pack_section *s =
			thin != NULL
				? pack_section(thin, policy_list_section(list_name(l), false, name))
				: NULL;

		if (s != NULL && same_base(l, s)) {
			good = pack_add_known(pack, name, s->hash, s->len, bytes_of(NULL, 0));
		}
		good = good && policy_list_put(l, pack);
	}
	return good;
}

/* ---- what is in memory ---- */

static bool knows(void *context, const uint8_t hash[PACK_HASH_LEN], uint64_t len)
{
	const struct policy_known *k = context;
	uint8_t base[LIST_HASH_SIZE];

	_Static_assert((int)LIST_HASH_SIZE == (int)PACK_HASH_LEN, "one hash for both");
	for (uint32_t i = 0; k->lists != NULL && i < k->lists->n; i++) {
		list_hash(k->lists->lists[i], base);
		if (memcmp(base, hash, sizeof(base)) == 0) {
			return true;
		}
	}
	return k->rules.has(k->rules.context, hash, len);
}

struct pack_known policy_known(
	struct policy_known *k, const struct ruleset *rules, const struct list_set *lists)
{
	*k = (struct policy_known){ pack_ruleset_known(rules), lists };
	return (struct pack_known){ knows, k };
}
