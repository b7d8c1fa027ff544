/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_policy_conf: any text as a policy.conf.
 *
 * Properties: it ends; what is not taken has an error; what is taken is printed so that it is taken again
 * and prints the same, and each rule's line is its condition as it is printed. The first octet says
 * whether names of links are known.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/policy_conf.h"
#include "control/policy_print.h"
#include "tests/support/lsan_libconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char patterns[] = "1:/a/ category=prize\n2:/b/ category=bank\n3:/c/ category=special\n"
			       "4:/d/ category=phishing\n";
static const char *const links[] = { "core", "edge" };

/* A policy.conf that was read. */
struct read {
	struct source source;
	struct policy *policy;
	struct policy_unseen unseen;
	struct diag diag;
	unsigned n_links;
};

static bool read_text(struct read *r, const char *text, unsigned n_links)
{
	const struct policy_conf how = { .source = &r->source,
		.links = links,
		.n_links = n_links,
		.default_action = ACTION_REJECT,
		.unseen = &r->unseen };
	struct config_text conf;
	bool good;

	r->n_links = n_links;
	r->policy = calloc(1, sizeof(*r->policy));
	assert(r->policy != NULL);
	source_init(&r->source);
	good = source_read_text(&r->source, "a.pat", patterns, strlen(patterns), &r->diag);
	assert(good);
	good = config_text_memory(&conf, "policy.conf", text, &r->diag) &&
	       policy_conf_read(r->policy, &conf, &how, &r->diag);
	assert(good == (r->diag.n_errors == 0));
	config_text_free(&conf);
	return good;
}

static char *print(const struct read *r)
{
	const struct policy_names names = { r->source.categories, r->source.n_categories,
		r->source.rules, r->source.n_rules, links, r->n_links, &r->unseen };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert(f != NULL);
	policy_print(r->policy, &names, f);
	fclose(f);
	return text;
}

static void check_rules(const struct read *a, const struct read *b)
{
	assert(a->source.n_rules == b->source.n_rules);
	for (uint32_t i = 0; i < a->source.n_rules; i++) {
		assert(strcmp(a->source.rules[i].id, b->source.rules[i].id) == 0);
		assert(strcmp(a->source.rules[i].expression, b->source.rules[i].expression) == 0);
	}
}

static void done(struct read *r)
{
	source_free(&r->source);
	diag_clear(&r->diag);
	free(r->policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct read *r = calloc(2, sizeof(*r));
	char *text = calloc(1, size + 1);
	unsigned n_links = size != 0 && (data[0] & 1) != 0 ? 2 : 0;
	char *first;
	char *second;

	assert(r != NULL && text != NULL);
	if (size > 1) {
		memcpy(text, data + 1, size - 1);
	}
	if (read_text(&r[0], text, n_links)) {
		first = print(&r[0]);
		if (!read_text(&r[1], first, n_links)) {
			fputs(first, stderr);
			diag_print(&r[1].diag, stderr);
			abort();
		}
		second = print(&r[1]);
		if (strcmp(first, second) != 0) {
			fprintf(stderr, "%s----\n%s", first, second);
			abort();
		}
		check_rules(&r[0], &r[1]);
		free(first);
		free(second);
	}
	done(&r[0]);
	done(&r[1]);
	free(text);
	free(r);
	return 0;
}
