/* SPDX-License-Identifier: BSD-3-Clause */
/* judge_rig: one judge with its rules, policy and lists, for the tests of judge.h. */
#ifndef SMSWALL_TESTS_JUDGE_RIG_H
#define SMSWALL_TESTS_JUDGE_RIG_H

#include <stdlib.h>

#include "dataplane/verdict/judge.h"
#include "patterns/compile.h"
#include "tests/dataplane/verdict/list_rig.h"

struct bench {
	struct source source;
	struct ruleset *ruleset;
	struct policy policy;
	struct generation *generation;
	struct list_set *lists;
	struct judge judge;
	struct concat *concat;
	struct limits *limits; /* NULL, but where a test makes them */
	void *memory;
	struct stats stats;
	struct verdict verdict;
	struct sms sms;
	struct diag diag;
	uint64_t now_us;
	bool look_only;
	uint32_t number; /* of the generation */
};

static inline void *zeroed(size_t size)
{
	size_t whole = (size + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, whole);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	memset(memory, 0, whole);
	return memory;
}

/* bench_begin: a judge; the patterns are read and wait for bench_compile(), so that rules can be added. */
static inline struct bench *bench_begin(const char *patterns, uint64_t concat_age_us)
{
	const struct concat_config config = { 64, 256, concat_age_us, 7 };
	struct bench *b = zeroed(sizeof(*b));

	source_init(&b->source);
	CU_ASSERT_TRUE(
		source_read_text(&b->source, "test.pat", patterns, strlen(patterns), &b->diag));
	b->lists = list_set_create();
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->lists);
	b->memory = zeroed(judge_size());
	b->concat = concat_init(zeroed(concat_size(&config)), &config);
	judge_init(&b->judge, b->memory, b->concat, 0);
	return b;
}

static inline void bench_compile(struct bench *b)
{
	struct compile_limits limits = compile_default_limits();

	b->ruleset = compile_source(&b->source, &limits, NULL, NULL, &b->diag);
	diag_print(&b->diag, stdout);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->ruleset);
}

/* bench_publish: the policy as it is now, as the next generation. */
static inline void bench_publish(struct bench *b)
{
	generation_free(b->generation);
	b->generation = generation_create(++b->number, b->ruleset, &b->policy, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->generation);
	generation_set_lists(b->generation, b->lists);
}

/* bench_open: with a policy of `action` from 100 on. */
static inline struct bench *bench_open(const char *patterns, enum rule_action action)
{
	struct bench *b = bench_begin(patterns, 1000000);

	bench_compile(b);
	policy_default(&b->policy, b->ruleset, action);
	return b;
}

static inline void bench_close(struct bench *b)
{
	generation_free(b->generation);
	ruleset_unref(b->ruleset);
	list_set_unref(b->lists);
	source_free(&b->source);
	diag_clear(&b->diag);
	free(b->memory);
	free(b->concat);
	free(b->limits);
	free(b);
}

/* bench_list: a list of `entries` that is asked for one thing, everywhere. */
static inline struct policy_list_use *bench_list(struct bench *b, enum list_kind kind,
	const char *entries, enum list_match match, enum rule_action action)
{
	struct policy *p = &b->policy;
	struct policy_list_use *u = &p->list_uses[p->n_list_uses++];
	struct policy_list *l = &p->lists[p->n_lists++];

	(void)snprintf(l->name, sizeof(l->name), "list%u", p->n_lists);
	l->kind = (uint8_t)kind;
	*u = (struct policy_list_use){ .list = (uint8_t)list_set_add(
					       b->lists, read_list(kind, entries)),
		.match = (uint8_t)match,
		.action = (uint8_t)action,
		.link = POLICY_ANY,
		.side = POLICY_ANY };
	return u;
}

/* bench_put_text: the message's only body. */
static inline void bench_put_text(struct bench *b, const char *text)
{
	struct sms_body *body = &b->sms.body[0];
	uint8_t *to = b->judge.buffers.text;

	*body = (struct sms_body){ .octets = bytes_str(text) };
	body->input = (struct text_input){ .data = body->octets, .encoding = TEXT_UTF8 };
	body->text = bytes_of(to, text_decode(&body->input, to, 65536, NULL, &b->sms.text_stats));
	b->sms.n_bodies = 1;
}

#endif
