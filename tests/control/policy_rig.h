/* SPDX-License-Identifier: BSD-3-Clause */
/* policy_rig: a policy.conf and patterns from memory, for tests of its parser and printer. */
#ifndef SMSWALL_TESTS_POLICY_RIG_H
#define SMSWALL_TESTS_POLICY_RIG_H

#include <stdlib.h>
#include <string.h>

#include "control/policy_conf.h"
#include "control/policy_print.h"
#include "tests/support/unit.h"

struct policy_rig {
	struct source source;
	struct policy *policy;
	struct policy_unseen unseen;
	struct diag diag;
};

static const char *const rig_links[] = { "core", "edge", "lab-1" };

/* rig_read: `conf` with the links above, or, `n_links` 0, with none. */
static inline bool rig_read(
	struct policy_rig *r, const char *patterns, const char *conf, unsigned n_links)
{
	const struct policy_conf how = { .source = &r->source,
		.links = rig_links,
		.n_links = n_links,
		.default_action = ACTION_REJECT,
		.unseen = &r->unseen };
	struct config_text text;
	bool good;

	memset(r, 0, sizeof(*r));
	source_init(&r->source);
	r->policy = calloc(1, sizeof(*r->policy));
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->policy);
	CU_ASSERT_TRUE_FATAL(
		source_read_text(&r->source, "a.pat", patterns, strlen(patterns), &r->diag));
	good = config_text_memory(&text, "policy.conf", conf, &r->diag) &&
	       policy_conf_read(r->policy, &text, &how, &r->diag);
	config_text_free(&text);
	return good;
}

static inline struct policy_names rig_names(const struct policy_rig *r, unsigned n_links)
{
	return (struct policy_names){ .categories = r->source.categories,
		.n_categories = r->source.n_categories,
		.rules = r->source.rules,
		.n_rules = r->source.n_rules,
		.links = rig_links,
		.n_links = n_links,
		.unseen = &r->unseen };
}

/* rig_print: malloc()ed. */
static inline char *rig_print(const struct policy_rig *r, unsigned n_links)
{
	const struct policy_names names = rig_names(r, n_links);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	policy_print(r->policy, &names, f);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
	return text;
}

static inline void rig_free(struct policy_rig *r)
{
	source_free(&r->source);
	diag_clear(&r->diag);
	free(r->policy);
	r->policy = NULL;
}

#endif
