/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/policy_print.h"

#include <inttypes.h>
#include <string.h>

#include "control/policy_print_limits.h"
#include "dataplane/sms/numbering.h"
#include "dataplane/sms/sms.h"

/* ---- settings: thresholds, content, ceilings */

static void print_category(const struct policy_category *c, FILE *to)
{
	fputs("{ name = ", to);
	policy_print_text(c->name, to);
	fputc(';', to);
	for (unsigned a = ACTION_REPORT; a < ACTIONS; a++) {
		if (c->threshold[a] != POLICY_NEVER) {
			fprintf(to, " %s = %" PRId32 ";", rule_action_name((enum rule_action)a),
				c->threshold[a]);
		}
	}
	if (c->status != 0) {
		fprintf(to, " status = 0x%02X;", c->status);
	}
	fputs(" }", to);
}

static bool same_category(const struct policy_category *a, const struct policy_category *b)
{
	return a->status == b->status &&
	       memcmp(a->threshold, b->threshold, sizeof(a->threshold)) == 0;
}

/* print_categories: those in which `s` is not `base`; all of them where there is no base. */
static void print_categories(
	const struct policy_scope *s, const struct policy_scope *base, FILE *to)
{
	bool first = true;

	for (unsigned i = 0; i < s->n_categories; i++) {
		if (base != NULL && same_category(&s->categories[i], &base->categories[i])) {
			continue;
		}
		fputs(first            ? (base != NULL ? " categories = ( " : "categories = (\n\t")
			: base != NULL ? ", "
				       : ",\n\t",
			to);
		print_category(&s->categories[i], to);
		first = false;
	}
	if (!first) {
		fputs(base != NULL ? " );" : "\n);\n", to);
	}
}

/* print_settings: what `s` says that its base does not. */
static void print_settings(const struct policy_scope *s, const struct policy_scope *base, FILE *to)
{
	if (s->content != base->content) {
		fprintf(to, " content = %s;", s->content ? "true" : "false");
	}
	if (s->max_action != base->max_action) {
		fprintf(to, " max_action = \"%s\";",
			rule_action_name((enum rule_action)s->max_action));
	}
	if (s->country != base->country) {
		fprintf(to, " country = \"%s\";", numbering_country_name(s->country));
	}
	print_categories(s, base, to);
}

static const struct policy_scope *everywhere(const struct policy *p)
{
	return &p->scopes[p->n_scopes - 1];
}

static void print_everywhere(const struct policy *p, FILE *to)
{
	const struct policy_scope *s = everywhere(p);

	if (p->country != NUMBERING_NONE) {
		fprintf(to, "country = \"%s\";\n", numbering_country_name(p->country));
	}
	if (strcmp(p->zone.name, "UTC") != 0) {
		fprintf(to, "timezone = \"%s\";\n", p->zone.name);
	}
	if (!s->content) {
		fputs("content = false;\n", to);
	}
	if (s->max_action != ACTION_REJECT) {
		fprintf(to, "max_action = \"%s\";\n",
			rule_action_name((enum rule_action)s->max_action));
	}
	print_categories(s, NULL, to);
}

/* ---- named things */

static void print_when(const struct policy *p, const struct policy_names *names,
	const struct condition *when, FILE *to)
{
	if (when->n != 0) {
		fputs(" when = ", to);
		policy_print_when(p, names, when, to);
		fputc(';', to);
	}
}

void policy_print_tenant(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	fprintf(to, "{ name = \"%s\";", p->tenants[i].name);
	print_when(p, names, &p->tenants[i].when, to);
	fputs(" }", to);
}

void policy_print_profile(const struct policy *p, uint32_t i, FILE *to)
{
	fprintf(to, "{ name = \"%s\";", p->profiles[i].name);
	print_settings(&p->profiles[i].settings, everywhere(p), to);
	fputs(" }", to);
}

const char *policy_print_link(const struct policy_names *names, unsigned link)
{
	if (link < names->n_links) {
		return names->links[link];
	}
	if (names->unseen != NULL && link <= POLICY_LINK_UNSEEN &&
		POLICY_LINK_UNSEEN - link < names->unseen->n) {
		return names->unseen->names[POLICY_LINK_UNSEEN - link];
	}
	return "?";
}

static void print_place(const struct policy_names *names, unsigned link, unsigned side, FILE *to)
{
	if (link != POLICY_ANY) {
		fputs(" link = ", to);
		policy_print_text(policy_print_link(names, link), to);
		fputc(';', to);
	}
	if (side != POLICY_ANY) {
		fprintf(to, " side = \"%s\";", side == SIDE_INSIDE ? "inside" : "outside");
	}
}

void policy_print_place(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	const struct policy_scope *s = &p->scopes[i];

	print_place(names, s->link, s->side, to);
	if (s->tenant != POLICY_NONE) {
		fprintf(to, " tenant = \"%s\";", p->tenants[s->tenant].name);
	}
	print_when(p, names, &s->when, to);
}

void policy_print_scope(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	const struct policy_scope *s = &p->scopes[i];
	const struct policy_scope *base = everywhere(p);

	fputc('{', to);
	policy_print_place(p, names, i, to);
	if (s->profile != POLICY_NONE) {
		fprintf(to, " profile = \"%s\";", p->profiles[s->profile].name);
		base = &p->profiles[s->profile].settings;
	}
	print_settings(s, base, to);
	fputs(" }", to);
}

static void print_state(const struct rule *rule, FILE *to)
{
	if (rule->written_state == RULE_SAMPLE) {
		fprintf(to, " state = \"sample=%u%%\";", rule->written_sample);
	} else if (rule->written_state != RULE_ON) {
		fprintf(to, " state = \"%s\";",
			rule_state_name((enum rule_state)rule->written_state));
	}
}

void policy_print_rule(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	const struct rule *rule = &names->rules[p->rules[i].rule];

	fprintf(to, "{ id = \"%s\";", rule->id);
	if (rule->category != 0) {
		fprintf(to, " category = \"%s\";", names->categories[rule->category]);
	}
	if (rule->weight != RULE_WEIGHT_DEFAULT) {
		fprintf(to, " weight = %" PRId32 ";", rule->weight);
	}
	if (rule->action != RULE_ACTION_UNSET) {
		fprintf(to, " action = \"%s\";", rule_action_name((enum rule_action)rule->action));
	}
	if (rule->status != 0) {
		fprintf(to, " status = 0x%02X;", rule->status);
	}
	print_state(rule, to);
	print_when(p, names, &p->rules[i].when, to);
	if (rule->note != NULL) {
		fputs(" note = ", to);
		policy_print_text(rule->note, to);
		fputc(';', to);
	}
	fputs(" }", to);
}

/* ---- lists */

/* same_use: but for what is looked up. */
static bool same_use(const struct policy_list_use *a, const struct policy_list_use *b)
{
	return a->list == b->list && a->action == b->action && a->link == b->link &&
	       a->side == b->side && a->folded == b->folded && a->status == b->status &&
	       strcmp(a->country, b->country) == 0;
}

/* asked_before: the same question among the `n` from `u` on; then it is a group of its own. */
static bool asked_before(const struct policy_list_use *u, unsigned n, unsigned match)
{
	for (unsigned i = 0; i < n; i++) {
		if (u[i].match == match) {
			return true;
		}
	}
	return false;
}

/* print_list: which it is; only where it is named first also of what kind. */
static void print_list(const struct policy_list *l, bool first, FILE *to)
{
	char file[LIST_NAME_SIZE + 8];

	fprintf(to, "{ name = \"%s\";", l->name);
	if (!first) {
		return;
	}
	fprintf(to, " kind = \"%s\";", list_kind_name((enum list_kind)l->kind));
	(void)snprintf(file, sizeof(file), "%s.txt", l->name);
	if (strcmp(file, l->file) != 0) {
		fputs(" file = ", to);
		policy_print_text(l->file, to);
		fputc(';', to);
	}
}

/* print_use: what `n` uses from `u` on, which differ in their match only, ask. */
static void print_use(const struct policy *p, const struct policy_names *names,
	const struct policy_list_use *u, unsigned n, FILE *to)
{
	bool sender = p->lists[u->list].kind == LIST_SENDER;

	fputs(" match = ", to);
	for (unsigned i = 0; i < n; i++) {
		fprintf(to, "%s\"%s\"",
			i != 0   ? ", "
			: n != 1 ? "[ "
				 : "",
			list_match_name((enum list_match)u[i].match));
	}
	fprintf(to, "%s; effect = \"%s\";", n != 1 ? " ]" : "",
		rule_action_name((enum rule_action)u->action));
	if (u->status != 0) {
		fprintf(to, " status = 0x%02X;", u->status);
	}
	print_place(names, u->link, u->side, to);
	if (u->country[0] != '\0') {
		fprintf(to, " country = \"%s\";", u->country);
	}
	if (sender && u->folded != (u->action != ACTION_PASS)) {
		fprintf(to, " folded = %s;", u->folded ? "true" : "false");
	}
}

static void begin(bool *any, FILE *to)
{
	fputs(*any ? ",\n\t" : "lists = (\n\t", to);
	*any = true;
}

/* print_lists: in the order of the uses, which is that of judgement, and of the lists, which is their numbers'. */
static void print_lists(const struct policy *p, const struct policy_names *names, FILE *to)
{
	uint32_t told = 0; /* lists before this one have been named */
	bool any = false;

	for (uint32_t i = 0; i < p->n_list_uses;) {
		const struct policy_list_use *u = &p->list_uses[i];
		unsigned n = 1;

		while (i + n < p->n_list_uses && same_use(u, u + n) &&
			!asked_before(u, n, u[n].match)) {
			n++;
		}
		for (; told < u->list; told++) {
			begin(&any, to);
			print_list(&p->lists[told], true, to);
			fputs(" }", to);
		}
		begin(&any, to);
		print_list(&p->lists[u->list], told == u->list, to);
		told += told == u->list;
		print_use(p, names, u, n, to);
		fputs(" }", to);
		i += n;
	}
	for (; told < p->n_lists; told++) {
		begin(&any, to);
		print_list(&p->lists[told], true, to);
		fputs(" }", to);
	}
	fputs(any ? "\n);\n" : "", to);
}

/* ---- all of it */

typedef void print_one(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to);

static void print_all(const char *name, uint32_t n, print_one *one, const struct policy *p,
	const struct policy_names *names, FILE *to)
{
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0) {
			fprintf(to, "%s = (\n\t", name);
		} else {
			fputs(",\n\t", to);
		}
		one(p, names, i, to);
	}
	fputs(n != 0 ? "\n);\n" : "", to);
}

static void print_profile(
	const struct policy *p, const struct policy_names *names, uint32_t i, FILE *to)
{
	(void)names;
	policy_print_profile(p, i, to);
}

void policy_print(const struct policy *p, const struct policy_names *names, FILE *to)
{
	print_everywhere(p, to);
	print_all("tenants", p->n_tenants, policy_print_tenant, p, names, to);
	print_all("profiles", p->n_profiles, print_profile, p, names, to);
	print_all("links", p->n_scopes - 1, policy_print_scope, p, names, to);
	print_lists(p, names, to);
	print_all("rules", p->n_rules, policy_print_rule, p, names, to);
	policy_print_limits(p, names, to);
}
