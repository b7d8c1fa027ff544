/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy: from hits to an action: per category, the sum of the weights of the rules that hit
 * against thresholds, by link and side. Made by control/policy_file.c, read by the judge.
 *
 * Immutable once made: any core. The order of judgement (design.md 7): lists, signalling checks,
 * limits, content score, campaign; today the content score is there, the others are added before
 * and after it in judge.c.
 */
#ifndef SMSWALL_VERDICT_POLICY_H
#define SMSWALL_VERDICT_POLICY_H

#include "dataplane/limits.h"
#include "dataplane/verdict/condition.h"
#include "dataplane/verdict/limit.h"
#include "dataplane/verdict/lists.h"
#include "patterns/ruleset.h"

enum {
	POLICY_NAME_SIZE = 32,
	POLICY_NEVER = INT32_MAX,
	POLICY_FILE_SIZE = 128,
	POLICY_COUNTRY_SIZE = 4,
	POLICY_LIST_USES_MAX = 128,
	POLICY_TENANTS_MAX = 256,
	POLICY_PROFILES_MAX = 32,
	POLICY_RULES_MAX = 1024,
	POLICY_NONE = 0xFFFF, /* no tenant, no profile */
};

/* What a category's score leads to: the most severe action whose threshold the score reaches. */
struct policy_category {
	char name[POLICY_NAME_SIZE];
	int32_t threshold
		[ACTIONS]; /* by enum rule_action; POLICY_NEVER: not at all; [ACTION_PASS] unused */
	uint32_t status;   /* command_status of a reject; 0: the link's */
};

/* Where it applies: all of these must fit; and what holds there. */
struct policy_scope {
	uint8_t link;          /* POLICY_ANY: every link */
	uint8_t side;          /* enum sms_side, or POLICY_ANY */
	uint16_t tenant;       /* or POLICY_NONE: all, and those of none */
	uint16_t profile;      /* whose settings these are; or POLICY_NONE: its own */
	uint16_t country;      /* home country of national numbers (numbering.h); 0: not known */
	struct condition when; /* fields of source MESSAGE only, but for tenant */
	uint8_t n_categories;
	uint8_t max_action; /* no action more severe than this here; ACTION_REJECT: no ceiling */
	bool content;       /* false: texts are not inspected here */
	int line;           /* of policy.conf; 0: what holds everywhere */
	struct policy_category categories[LIMIT_CATEGORIES]; /* by ruleset category index */
};
enum { POLICY_ANY = 0xFF, POLICY_SCOPES_MAX = 96 };

/* Who a message belongs to: the first tenant whose condition holds. */
struct policy_tenant {
	char name[POLICY_NAME_SIZE];
	struct condition when; /* fields of source MESSAGE only, but for tenant and hit */
	int line;              /* of policy.conf */
};

/* Settings with a name, as they were written; scopes that name them have a copy. */
struct policy_profile {
	char name[POLICY_NAME_SIZE];
	struct policy_scope settings; /* country, max_action, content, categories, line */
};

/* A rule of `rules`: rule `rule` of the ruleset (field FIELD_WHEN) hits where `when` holds. */
struct policy_rule {
	uint32_t rule;
	struct condition when;
};

/* A list that policy.conf names: list `i` of the generation's set is what lists[i] says. */
struct policy_list {
	char name[LIST_NAME_SIZE];
	char file[POLICY_FILE_SIZE]; /* in the policy's folder */
	uint8_t kind;                /* enum list_kind */
	int line;                    /* of policy.conf */
};

/* What is looked up in a list, where, and what follows; in the file's order. */
struct policy_list_use {
	uint8_t list;   /* index in lists[] and in the generation's set */
	uint8_t match;  /* enum list_match */
	uint8_t action; /* ACTION_PASS: never blocked; ACTION_REPORT, _BLANK, _REJECT */
	uint8_t link;   /* or POLICY_ANY */
	uint8_t side;   /* enum sms_side, or POLICY_ANY */
	bool folded;    /* kind sender: look-alikes meet, too */
	char country[POLICY_COUNTRY_SIZE]; /* of national numbers; "": they are in no list */
	uint32_t status;                   /* command_status of a reject; 0: the link's */
};

struct policy {
	uint32_t n_scopes; /* the last one is (any, any); the first that fits is taken */
	struct policy_scope scopes[POLICY_SCOPES_MAX];
	uint32_t n_lists;
	struct policy_list lists[LIST_SET_MAX];
	uint32_t n_list_uses;
	struct policy_list_use list_uses[POLICY_LIST_USES_MAX];
	uint16_t country; /* home country where the scope says none; 0: not known */
	struct condition_zone zone;
	uint32_t n_tenants;
	struct policy_tenant tenants[POLICY_TENANTS_MAX];
	uint32_t n_profiles;
	struct policy_profile profiles[POLICY_PROFILES_MAX];
	uint32_t n_rules; /* in the file's order: a rule may ask for hits of those before it */
	struct policy_rule rules[POLICY_RULES_MAX];
	uint32_t n_limits; /* in the file's order */
	struct limit_rule limits[LIMIT_RULES_MAX];
	uint32_t n_limit_named;
	struct limit_named limit_named[LIMIT_NAMED_MAX];
	struct condition_store conditions;
};

/* policy_default: the policy of a bare pattern file: `action` at weight 100 for every category of `r`. */
void policy_default(struct policy *p, const struct ruleset *r, enum rule_action action);

/* policy_category_init: a category whose thresholds are all POLICY_NEVER. Control only. */
void policy_category_init(struct policy_category *c, const char *name);

/* policy_action_of: the most severe action whose threshold `score` reaches. */
enum rule_action policy_action_of(const struct policy_category *c, int32_t score);

/*
 * policy_scope_find: the index of the first scope that fits: link and side of the subject's message,
 * its tenant, its condition. Of several destinations all must fit where texts are inspected, one is
 * enough where they are not.
 */
uint32_t policy_scope_find(const struct policy *p, struct condition_subject *s);

/* policy_scope_of: the first that goes by link and side alone; never NULL. */
const struct policy_scope *policy_scope_of(const struct policy *p, unsigned link, unsigned side);

#endif
