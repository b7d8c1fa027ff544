/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hs/hs.h>

#include "control/policy_conf.h"
#include "control/policy_examples.h"
#include "control/policy_lists.h"

static const char conf_name[] = "policy.conf"; /* in a folder, and of a pack's section */
static const char states_name[] = "states";    /* of a pack's section */

/* What a load works with. */
struct loading {
	struct policy_set *set;
	const struct policy_load *how;
	struct diag *diag;
};

/*
 * read_policy: from `conf`, or what holds without one. Rules of policy.conf are added to a source that
 * was read, `ruleset` NULL, or are found in the ruleset that a pack has.
 */
static bool read_policy(const struct loading *l, const struct config_text *conf,
	const struct ruleset *ruleset, const char **list_files)
{
	const struct policy_conf how = { .source = ruleset == NULL ? &l->set->source : NULL,
		.ruleset = ruleset,
		.links = l->how->link_names,
		.n_links = l->how->n_links,
		.default_action = l->how->default_action,
		.unseen = &l->set->unseen,
		.list_files = list_files };
	struct config_text none = { 0 };
	bool good;

	if (conf != NULL) {
		l->set->policy_text = strdup(conf->text);
		return policy_conf_read(&l->set->policy, conf, &how, l->diag);
	}
	good = config_text_memory(&none, conf_name, "", l->diag) &&
	       policy_conf_read(&l->set->policy, &none, &how, l->diag);
	config_text_free(&none);
	return good;
}

/* can_redact: whether somewhere the thresholds or a ceiling turn a match of `rule` into a redaction. */
static bool can_redact(const struct policy *p, const struct rule *rule)
{
	if (rule->action == ACTION_REDACT) {
		return true;
	}
	if (rule->action != RULE_ACTION_UNSET && rule->action < ACTION_REDACT) {
		return false;
	}
	for (uint32_t i = 0; i < p->n_scopes; i++) {
		const struct policy_scope *s = &p->scopes[i];

		if (s->max_action == ACTION_REDACT) {
			return true;
		}
		if (rule->action == RULE_ACTION_UNSET && rule->category < s->n_categories &&
			s->categories[rule->category].threshold[ACTION_REDACT] != POLICY_NEVER) {
			return true;
		}
	}
	return false;
}

/* keep_starts: a redaction needs to know where a match began. */
static void keep_starts(const struct policy *p, struct source *s)
{
	for (uint32_t i = 0; i < s->n_rules; i++) {
		struct rule *rule = &s->rules[i];

		if (rule->field == FIELD_TEXT && can_redact(p, rule)) {
			rule->flags &= ~(unsigned)HS_FLAG_SINGLEMATCH;
			rule->flags |= HS_FLAG_SOM_LEFTMOST;
		}
	}
}

static char *path_in(const char *path, const char *before, const char *name, const char *after)
{
	char *out = NULL;

	return asprintf(&out, "%s%s%s%s", path, before, name, after) < 0 ? NULL : out;
}

/* bare_ruleset: the rules that were read, without databases. */
static struct ruleset *bare_ruleset(const struct loading *l)
{
	struct ruleset *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		atomic_init(&r->references, 1);
	}
	if (r != NULL && source_move_rules(&l->set->source, r)) {
		return r;
	}
	diag_add(l->diag, DIAG_ERROR, l->how->path, 0, 0, "out of memory");
	ruleset_unref(r);
	return NULL;
}

/* bare_pack: the same of a pack, whatever machine it was made for. */
static struct ruleset *bare_pack(const struct loading *l, const struct pack *pack)
{
	struct bytes text;

	if (!pack_find(pack, "rules", &text)) {
		diag_add(l->diag, DIAG_ERROR, l->how->path, 0, 0, "section rules: missing");
		return NULL;
	}
	if (!source_read_printed(
		    &l->set->source, l->how->path, (const char *)text.data, text.len, l->diag)) {
		return NULL;
	}
	return bare_ruleset(l);
}

/* read_patterns: a folder's may be missing where policy.conf has rules enough. */
static bool read_patterns(const struct loading *l, bool optional)
{
	DIR *d = optional ? opendir(l->how->path) : NULL;
	bool none = d != NULL;
	const struct dirent *e;

	while (none && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		none = len <= 4 || strcmp(e->d_name + len - 4, ".pat") != 0;
	}
	if (d != NULL) {
		(void)closedir(d);
	}
	return none || source_read_path(&l->set->source, l->how->path, l->diag);
}

/* load_text: from a folder or a file. Both kinds of error are told before anything is compiled. */
static bool load_text(const struct loading *l, bool is_folder)
{
	struct policy_set *set = l->set;
	struct compile_limits limits = compile_default_limits();
	struct config_text conf = { 0 };
	const struct compile_reuse reuse = { l->how->base, l->how->cache, l->how->arena };
	const char *list_files[LIST_SET_MAX] = { NULL };
	char *path = path_in(l->how->path, "/", conf_name, "");
	bool has_conf = is_folder && path != NULL && access(path, F_OK) == 0;
	bool good = read_patterns(l, has_conf) && path != NULL;

	if (!has_conf || config_text_file(&conf, path, l->diag)) {
		good = read_policy(l, has_conf ? &conf : NULL, NULL, list_files) && good;
	} else {
		good = false;
	}
	good = policy_lists_read(&set->policy, l->how->path, list_files, &set->lists, l->diag) &&
	       good;
	config_text_free(&conf);
	free(path);
	if (!good) {
		return false;
	}
	keep_starts(&set->policy, &set->source);
	set->ruleset = l->how->rules_only ? bare_ruleset(l)
	                                  : compile_source(&set->source, &limits, &reuse,
						    &set->report, l->diag);
	return set->ruleset != NULL;
}

static bool load_pack_policy(const struct loading *l, const struct pack *pack)
{
	const struct ruleset *r = l->set->ruleset;
	struct config_text conf = { 0 };
	struct bytes section;
	char *name;
	char *text;
	bool good;

	if (!pack_find(pack, conf_name, &section)) {
		return read_policy(l, NULL, r, NULL);
	}
	text = strndup((const char *)section.data, section.len);
	name = path_in(l->how->path, "(", conf_name, ")");
	good = text != NULL && name != NULL && config_text_memory(&conf, name, text, l->diag) &&
	       read_policy(l, &conf, r, NULL);
	config_text_free(&conf);
	free(name);
	free(text);
	return good;
}

/* The overrides that were pushed with the pack. */
static bool load_pack_states(const struct loading *l, const struct pack *pack)
{
	struct bytes section;

	if (l->how->states != NULL || !pack_find(pack, states_name, &section)) {
		return true;
	}
	l->set->states = strndup((const char *)section.data, section.len);
	if (l->set->states == NULL) {
		diag_add(l->diag, DIAG_ERROR, l->how->path, 0, 0, "out of memory");
	}
	return l->set->states != NULL;
}

static bool take_pack(const struct loading *l, const struct pack *pack)
{
	struct policy_set *set = l->set;

	set->from_pack = true;
	if (l->how->rules_only) {
		set->ruleset = bare_pack(l, pack);
	} else {
		source_free(&set->source); /* the pack makes it anew */
		set->ruleset = pack_load_ruleset(
			pack, l->how->path, l->how->base, l->how->arena, &set->source, l->diag);
	}
	return set->ruleset != NULL && load_pack_policy(l, pack) &&
	       policy_lists_take(&set->policy, pack, l->how->path, l->how->base_lists, &set->lists,
		       l->diag) &&
	       load_pack_states(l, pack);
}

/* A pack that nobody has read: what the base has is not asked for. */
static bool load_pack(const struct loading *l)
{
	struct policy_known has;
	const struct pack_known known = policy_known(&has, l->how->base, l->how->base_lists);
	struct pack *pack = calloc(1, sizeof(*pack));
	bool good = false;

	if (pack == NULL) {
		diag_add(l->diag, DIAG_ERROR, l->how->path, 0, 0, "out of memory");
		return false;
	}
	good = pack_read_new(pack, l->how->path, l->how->parts, l->how->trusted, &known, l->diag) &&
	       take_pack(l, pack);
	pack_free(pack);
	free(pack);
	return good;
}

static bool load_path(const struct loading *l)
{
	struct stat st;

	if (stat(l->how->path, &st) != 0) {
		diag_add(l->diag, DIAG_ERROR, l->how->path, 0, 0, "%s", strerror(errno));
		return false;
	}
	if (!S_ISDIR(st.st_mode) && pack_is(l->how->path)) {
		return load_pack(l);
	}
	return load_text(l, S_ISDIR(st.st_mode));
}

/* The states that were set by hand, on top of those that the rules were written with. */
static bool apply_states(const struct loading *l)
{
	struct policy_set *set = l->set;

	if (l->how->states != NULL) {
		set->states = strdup(l->how->states);
		if (set->states == NULL) {
			diag_add(l->diag, DIAG_ERROR, l->how->path, 0, 0, "out of memory");
			return false;
		}
	}
	return set->states == NULL || ruleset_apply_states(set->ruleset, set->states,
					      strlen(set->states), states_name, l->diag);
}

bool policy_set_load(struct policy_set *set, const struct policy_load *how, struct diag *diag)
{
	const struct loading l = { set, how, diag };
	bool good;

	memset(set, 0, sizeof(*set));
	source_init(&set->source);
	good = how->pack != NULL ? take_pack(&l, how->pack) : load_path(&l);
	good = good && apply_states(&l) &&
	       (how->rules_only || policy_examples_check(&set->source, set->ruleset, diag));
	if (!good) {
		policy_set_free(set);
	}
	return good;
}

bool policy_set_add(const struct policy_set *set, const struct policy_write *how, struct pack *pack,
	struct diag *diag)
{
	bool good = pack_add_ruleset(pack, set->ruleset, &set->source, how->thin);

	if (good && set->policy_text != NULL) {
		good = pack_replace(pack, conf_name, bytes_str(set->policy_text));
	}
	good = good && policy_lists_add(set->lists, how->thin_pack, pack);
	if (good && set->states != NULL) {
		good = pack_replace(pack, states_name, bytes_str(set->states));
	}
	if (good && how->meta != NULL) {
		good = pack_set_meta(pack, how->meta);
	}
	if (!good) {
		diag_add(diag, DIAG_ERROR, NULL, 0, 0,
			"no pack can be made of this policy: out of memory, or it has more than %d "
			"databases and lists",
			PACK_SECTIONS_MAX);
	}
	return good;
}

bool policy_set_write(const struct policy_set *set, const char *path,
	const struct policy_write *how, struct diag *diag)
{
	struct pack *pack = calloc(1, sizeof(*pack));
	bool good = pack != NULL;
	int error = -ENOMEM;

	good = good && policy_set_add(set, how, pack, diag);
	if (good) {
		bool thin = how->thin != NULL || how->thin_pack != NULL;

		error = pack_write(pack, path, how->key, thin ? PACK_THIN : PACK_WHOLE);
		if (error != 0) {
			diag_add(diag, DIAG_ERROR, path, 0, 0, "cannot be written: %s",
				strerror(-error));
		}
	} else if (pack == NULL) {
		diag_add(diag, DIAG_ERROR, path, 0, 0, "out of memory");
	}
	if (pack != NULL) {
		pack_free(pack);
	}
	free(pack);
	return good && error == 0;
}

struct policy_names policy_set_names(
	const struct policy_set *set, const char *const *links, unsigned n_links)
{
	const struct ruleset *r = set->ruleset;

	return (struct policy_names){ .categories = r->categories,
		.n_categories = r->n_categories,
		.rules = r->rules,
		.n_rules = r->n_rules,
		.links = links,
		.n_links = n_links,
		.unseen = &set->unseen };
}

void policy_set_free(struct policy_set *set)
{
	source_free(&set->source);
	ruleset_unref(set->ruleset);
	list_set_unref(set->lists);
	free(set->policy_text);
	free(set->states);
	memset(set, 0, sizeof(*set));
}
