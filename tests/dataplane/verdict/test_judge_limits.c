/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits in the order of judgement: what is charged, what is refused, and what never is. */
#include "dataplane/proto/smpp.h"
#include "tests/dataplane/verdict/judge_rig.h"
#include "tests/dataplane/verdict/limit_rig.h"

static struct bench *begin(void)
{
	struct bench *b = bench_begin("1:/prize/\n2:/hint/ weight=1\n", 60 * 1000000);

	b->limits = rig_table(1024, 64, 64, 1);
	b->judge.limits = b->limits;
	b->now_us = RIG_NOW;
	return b;
}

/* add: a limit of `max` a day and sender, which throttles; to be changed, then prepared by publish(). */
static struct limit_rule *add(struct bench *b, const char *name, uint32_t max)
{
	struct limit_rule *r = &b->policy.limits[b->policy.n_limits++];

	*r = rig_rate(name, max, RIG_DAY, max);
	return r;
}

/* publish: what is in the policy now, as the next generation; content on, reject from 100. */
static struct policy_scope *publish(struct bench *b)
{
	struct policy *all = zeroed(sizeof(*all));

	if (b->ruleset == NULL) {
		bench_compile(b);
	}
	policy_default(all, b->ruleset, ACTION_REJECT);
	all->scopes[0].categories[0].threshold[ACTION_REPORT] = 1;
	b->policy.scopes[0] = all->scopes[0];
	b->policy.n_scopes = 1;
	free(all);
	for (uint32_t i = 0; i < b->policy.n_limits; i++) {
		CU_ASSERT_PTR_NULL(limit_prepare(&b->policy.limits[i]));
	}
	bench_publish(b);
	return &b->generation->policy->scopes[0];
}

/* ---- messages ---- */

static const struct verdict *judge_as(
	struct bench *b, const char *from, const char *to, const char *words)
{
	b->sms.source.digits = bytes_str(from);
	b->sms.destination.digits = bytes_str(to);
	b->sms.message_class = -1;
	bench_put_text(b, words);
	b->stats = (struct stats){ 0 };
	judge_message(&b->judge, b->generation, &b->sms, b->now_us, !b->look_only, &b->stats,
		&b->verdict);
	return &b->verdict;
}

static bool passes(struct bench *b, const char *words)
{
	return judge_as(b, "4917012345", "4915155555", words)->action < ACTION_BLANK;
}

static bool part_passes(struct bench *b, uint16_t reference, unsigned part, unsigned total)
{
	bool good;

	b->sms.concat = (struct sms_concat){ reference, 8, (uint8_t)part, (uint8_t)total };
	good = passes(b, "some text");
	b->sms.concat = (struct sms_concat){ 0 };
	return good;
}

/* used: how many messages of the usual sender are in limit `i`. */
static uint32_t used(struct bench *b, unsigned i)
{
	struct limit_fill f;

	limits_fill(b->limits, &b->policy.limits[i],
		rig_key(b->limits, &b->policy.limits[i], UINT64_C(4917012345)), b->now_us, &f);
	return f.used;
}

/* ---- cases ---- */

/* Refused before the scan; reason, index, fill and facts say so. */
static void test_refused(void)
{
	struct bench *b = begin();
	struct limit_facts f;

	add(b, "wide", 100);
	add(b, "day", 3);
	publish(b);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(passes(b, "hello"));
		CU_ASSERT_EQUAL(b->verdict.limit, VERDICT_NO_LIMIT);
		CU_ASSERT_EQUAL(b->stats.counter[STAT_texts_inspected], 1);
	}
	CU_ASSERT_FALSE(passes(b, "hello"));
	CU_ASSERT_EQUAL(b->verdict.action, ACTION_THROTTLE);
	CU_ASSERT_EQUAL(b->verdict.reason, R_limit);
	CU_ASSERT_EQUAL(b->verdict.limit, 1);
	CU_ASSERT_EQUAL(b->verdict.limit_fill, 1000);
	CU_ASSERT_EQUAL(b->stats.counter[STAT_texts_inspected], 0);
	CU_ASSERT_EQUAL(b->stats.counter[STAT_scans], 0);
	CU_ASSERT_EQUAL(used(b, 0), 3);
	CU_ASSERT_TRUE(judge_as(b, "4917000000", "1", "hello")->action == ACTION_PASS);
	b->now_us += RIG_DAY / 3;
	CU_ASSERT_TRUE(passes(b, "hello"));
	CU_ASSERT_TRUE(limits_facts(b->limits, "day", &f));
	CU_ASSERT(f.admitted == 5 && f.exceeded == 1);
	bench_close(b);
}

/* Never charged: what is refused, receipts, never-block, and what is only looked at. */
static void test_never(void)
{
	struct bench *b = begin();

	add(b, "day", 3);
	bench_list(b, LIST_NUMBER, "4917099999\n", LIST_MATCH_ORIGINATOR, ACTION_PASS);
	bench_list(b, LIST_NUMBER, "4917088888\n", LIST_MATCH_DESTINATION, ACTION_REJECT);
	publish(b);
	for (unsigned i = 0; i < 10; i++) {
		CU_ASSERT_FALSE(passes(b, "a prize"));
		CU_ASSERT_EQUAL(b->verdict.reason, R_rule);
		(void)judge_as(b, "4917012345", "4917088888", "hello");
		CU_ASSERT_EQUAL(b->verdict.reason, R_list);
		(void)judge_as(b, "4917099999", "4915155555", "hello");
		CU_ASSERT_EQUAL(b->verdict.reason, R_never_block);
		b->sms.receipt = true;
		CU_ASSERT_TRUE(passes(b, "id:1 stat:DELIVRD"));
		b->sms.receipt = false;
		b->look_only = true;
		CU_ASSERT_TRUE(passes(b, "hello"));
		b->look_only = false;
		b->sms.refused = true; /* by a signalling check */
		CU_ASSERT_TRUE(passes(b, "hello"));
		b->sms.refused = false;
	}
	CU_ASSERT_EQUAL(used(b, 0), 0);
	CU_ASSERT_TRUE(passes(b, "a hint")); /* reported: let in */
	CU_ASSERT_EQUAL(b->verdict.action, ACTION_REPORT);
	CU_ASSERT_EQUAL(used(b, 0), 1);
	CU_ASSERT_TRUE(passes(b, "hello") && passes(b, "hello"));
	b->look_only = true; /* the same verdict without charging */
	CU_ASSERT_FALSE(passes(b, "hello"));
	CU_ASSERT_EQUAL(b->verdict.reason, R_limit);
	bench_close(b);
}

/* A never-block list that looks into the text goes before a limit that does not. */
static void test_never_block_text(void)
{
	struct bench *b = begin();

	add(b, "day", 1);
	bench_list(b, LIST_HOST, "bank.example\n", LIST_MATCH_TEXT, ACTION_PASS);
	publish(b);
	CU_ASSERT_TRUE(passes(b, "hello"));
	CU_ASSERT_TRUE(passes(b, "see https://bank.example/x"));
	CU_ASSERT_EQUAL(b->verdict.reason, R_never_block);
	CU_ASSERT_FALSE(passes(b, "hello"));
	bench_close(b);
}

/* Report, shadow, sample, and no more than is allowed here. */
static void test_states(void)
{
	struct bench *b = begin();
	struct limit_rule *r = add(b, "day", 2);
	struct policy_scope *s;
	struct limit_facts f;
	unsigned refused = 0;

	r->action = ACTION_REPORT;
	publish(b);
	CU_ASSERT_TRUE(passes(b, "hello") && passes(b, "hello"));
	CU_ASSERT_EQUAL(b->verdict.action, ACTION_PASS);
	CU_ASSERT_TRUE(passes(b, "hello"));
	CU_ASSERT(b->verdict.action == ACTION_REPORT && b->verdict.reason == R_limit);
	CU_ASSERT_EQUAL(b->verdict.limit, 0);
	r->action = ACTION_REJECT;
	r->status = 0x45;
	r->state = RULE_SHADOW;
	publish(b);
	CU_ASSERT_TRUE(passes(b, "hello"));
	CU_ASSERT(b->verdict.action == ACTION_PASS && b->verdict.shadow);
	CU_ASSERT_EQUAL(b->verdict.shadow_action, ACTION_REJECT);
	CU_ASSERT_TRUE(limits_facts(b->limits, "day", &f));
	CU_ASSERT(f.admitted == 2 && f.exceeded == 1 && f.shadow == 1);
	r->state = RULE_ON;
	s = publish(b);
	CU_ASSERT_FALSE(passes(b, "hello"));
	CU_ASSERT(b->verdict.action == ACTION_REJECT && b->verdict.status == 0x45);
	s->max_action = ACTION_REPORT;
	CU_ASSERT_TRUE(passes(b, "hello"));
	CU_ASSERT(b->verdict.action == ACTION_REPORT && b->verdict.reason == R_limit);
	r->state = RULE_SAMPLE;
	r->sample = 50;
	publish(b);
	for (unsigned i = 0; i < 400; i++) {
		char from[16];

		(void)snprintf(from, sizeof(from), "4916%04u", i);
		for (unsigned k = 0; k < 4; k++) {
			(void)judge_as(b, from, "1", "hello");
			refused += b->verdict.action == ACTION_REJECT;
		}
	}
	CU_ASSERT(refused > 2 * 150 && refused < 2 * 250 && refused % 2 == 0);
	bench_close(b);
}

/* A refusal by a late limit gives back what was charged before it. */
static void test_given_back(void)
{
	struct bench *b = begin();
	struct limit_rule *late;

	add(b, "early", 10);
	late = add(b, "text", 2);
	late->n_keys = 1;
	late->keys[0] = LIMIT_KEY_TEXT;
	publish(b);
	CU_ASSERT_TRUE(passes(b, "the same") && passes(b, "The  SAME"));
	CU_ASSERT_FALSE(passes(b, "the same"));
	CU_ASSERT_EQUAL(b->verdict.limit, 1);
	CU_ASSERT_EQUAL(b->stats.counter[STAT_texts_inspected], 1);
	CU_ASSERT_EQUAL(used(b, 0), 2);
	CU_ASSERT_TRUE(passes(b, "another"));
	CU_ASSERT_EQUAL(used(b, 0), 3);
	bench_close(b);
}

/* Keys of the text: its shape, the host in it, the rule that hit; nothing of these where content is off. */
static void test_text_keys(void)
{
	static const struct {
		enum limit_key key;
		const char *first, *second, *other;
	} cases[] = {
		{ LIMIT_KEY_TEXT_SHAPE, "your code is 123456", "Your code is 98", "my code is 1" },
		{ LIMIT_KEY_URL_HOST, "go to https://a.example/1", "or hxxp://A[.]example/2",
			"at https://b.example/1" },
		{ LIMIT_KEY_NUMBER, "call +44 7700 900123 now", "it is +447700900123",
			"call +44 7700 900124 now" },
		{ LIMIT_KEY_RULE, "a hint", "the hint again", "no such word" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench *b = begin();
		struct limit_rule *r = add(b, "text", 1);
		struct policy_scope *s;

		r->keys[0] = (uint8_t)cases[i].key;
		s = publish(b);
		CU_ASSERT_TRUE(passes(b, cases[i].first));
		CU_ASSERT_FALSE(passes(b, cases[i].second));
		CU_ASSERT_EQUAL(b->verdict.reason, R_limit);
		CU_ASSERT_TRUE(passes(b, cases[i].other));
		s->content = false;
		CU_ASSERT_TRUE(passes(b, cases[i].second));
		CU_ASSERT_EQUAL(b->stats.counter[STAT_scans], 0);
		bench_close(b);
	}
}

/* A text and its shape in one message, for several recipients: each key is of this message's text. */
static void test_text_and_shape(void)
{
	struct smpp_address to[2] = { { .ton = 1, .digits = bytes_str("4915100001") },
		{ .ton = 1, .digits = bytes_str("4915100002") } };
	struct bench *b = begin();
	struct limit_rule *r = add(b, "text", 1);

	r->n_keys = 2;
	r->keys[0] = LIMIT_KEY_DESTINATION;
	r->keys[1] = LIMIT_KEY_TEXT;
	r = add(b, "shape", 2);
	r->n_keys = 2;
	r->keys[0] = LIMIT_KEY_DESTINATION;
	r->keys[1] = LIMIT_KEY_TEXT_SHAPE;
	publish(b);
	b->sms.destinations = to;
	b->sms.n_destinations = 2;
	CU_ASSERT_TRUE(passes(b, "code 1") && passes(b, "code 22"));
	CU_ASSERT_FALSE(passes(b, "code 22"));
	CU_ASSERT_EQUAL(b->verdict.limit, 0);
	CU_ASSERT_FALSE(passes(b, "code 333"));
	CU_ASSERT_EQUAL(b->verdict.limit, 1);
	CU_ASSERT_TRUE(passes(b, "a word"));
	b->sms.n_destinations = 0;
	b->sms.destinations = NULL;
	bench_close(b);
}

/* Keys of addresses meet however a number is written; several keys together. */
static void test_address_keys(void)
{
	struct bench *b = begin();
	struct limit_rule *r = add(b, "pair", 1);

	r->n_keys = 2;
	r->keys[1] = LIMIT_KEY_DESTINATION;
	b->policy.country = numbering_country(bytes_str("GB"));
	publish(b);
	CU_ASSERT_EQUAL(judge_as(b, "447700900001", "447700900002", "a")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(judge_as(b, "+447700900001", "07700900002", "a")->action, ACTION_THROTTLE);
	CU_ASSERT_EQUAL(judge_as(b, "447700900002", "447700900001", "a")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(judge_as(b, "Bank", "447700900001", "a")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(judge_as(b, "BANK", "447700900001", "a")->action, ACTION_THROTTLE);
	r->n_keys = 1;
	r->keys[0] = LIMIT_KEY_ORIGINATOR_COUNTRY;
	(void)snprintf(r->name, sizeof(r->name), "country");
	publish(b);
	CU_ASSERT_EQUAL(judge_as(b, "447700900001", "1", "a")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(judge_as(b, "447700900009", "1", "a")->action, ACTION_THROTTLE);
	CU_ASSERT_EQUAL(judge_as(b, "4917012345678", "1", "a")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(judge_as(b, "Bank", "1", "a")->action, ACTION_PASS); /* it has none */
	CU_ASSERT_EQUAL(judge_as(b, "Bank", "1", "a")->action, ACTION_PASS);
	bench_close(b);
}

/* ---- long messages ---- */

/* Each order of the parts of one message: it costs one, and none of its parts is refused. */
static void test_parts(void)
{
	static const uint8_t orders[][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 }, { 2, 3, 1 },
		{ 3, 1, 2 }, { 3, 2, 1 } };

	for (unsigned content = 0; content < 2; content++) {
		struct bench *b = begin();
		struct policy_scope *s;

		add(b, "day", 6);
		s = publish(b);
		s->content = content != 0;
		for (uint16_t i = 0; i < 6; i++) {
			for (unsigned k = 0; k < 3; k++) {
				CU_ASSERT_TRUE(part_passes(b, i, orders[i][k], 3));
			}
			CU_ASSERT_EQUAL(used(b, 0), i + 1u);
		}
		/* it is full: the parts of another one are refused, each by itself, in any order */
		for (unsigned k = 0; k < 3; k++) {
			CU_ASSERT_FALSE(part_passes(b, 7, 3 - k, 3));
			CU_ASSERT_EQUAL(b->verdict.reason, R_limit);
		}
		/* when there is room, all of it may come */
		b->now_us += RIG_DAY / 6;
		CU_ASSERT_TRUE(part_passes(b, 7, 2, 3));
		CU_ASSERT_FALSE(passes(b, "hello"));
		CU_ASSERT_TRUE(part_passes(b, 7, 1, 3));
		CU_ASSERT_TRUE(part_passes(b, 7, 3, 3));
		bench_close(b);
	}
}

/* A part that comes again is a new message; refused, it does no harm to the parts of the first. */
static void test_repeated(void)
{
	for (unsigned i = 0; i < 6; i++) {
		struct bench *b = begin();
		struct limit_rule *r = add(b, "day", 2);
		struct policy_scope *s;

		r->action = i / 2 == 0 ? ACTION_THROTTLE : ACTION_REJECT;
		if (i / 2 == 2) { /* asked after the scan only */
			r->n_keys = 2;
			r->keys[1] = LIMIT_KEY_TEXT;
		}
		s = publish(b);
		s->content = i % 2 == 0 || i / 2 == 2;
		CU_ASSERT_TRUE(part_passes(b, 1, 1, 3));
		CU_ASSERT_TRUE(part_passes(b, 1, 1, 3));
		CU_ASSERT(i / 2 == 2 || used(b, 0) == 2);
		CU_ASSERT_FALSE(part_passes(b, 1, 1, 3));
		CU_ASSERT_EQUAL(b->verdict.reason, R_limit);
		CU_ASSERT_TRUE(part_passes(b, 1, 2, 3));
		CU_ASSERT_TRUE(part_passes(b, 1, 3, 3));
		CU_ASSERT(i / 2 == 2 || !part_passes(b, 1, 3, 3));
		bench_close(b);
	}
}

/* count = parts: each costs one. */
static void test_count_parts(void)
{
	struct bench *b = begin();
	struct limit_rule *r = add(b, "parts", 4);

	add(b, "messages", 4);
	r->count = LIMIT_COUNT_PARTS;
	publish(b);
	for (unsigned k = 1; k <= 4; k++) {
		CU_ASSERT_TRUE(part_passes(b, 1, k, 5));
	}
	CU_ASSERT_FALSE(part_passes(b, 1, 5, 5));
	CU_ASSERT_EQUAL(b->verdict.limit, 0);
	CU_ASSERT_EQUAL(used(b, 0), 4);
	CU_ASSERT_EQUAL(used(b, 1), 1);
	b->now_us += RIG_DAY / 4;
	CU_ASSERT_TRUE(part_passes(b, 1, 5, 5));
	bench_close(b);
}

/* Refused for good: the parts behind it are siblings, with content and without. */
static void test_condemned(void)
{
	for (unsigned content = 0; content < 2; content++) {
		struct bench *b = begin();
		struct limit_rule *r = add(b, "day", 1);
		struct policy_scope *s;

		r->action = ACTION_REJECT;
		r->status = 0x58;
		s = publish(b);
		s->content = content != 0;
		CU_ASSERT_TRUE(passes(b, "hello"));
		CU_ASSERT_FALSE(part_passes(b, 1, 2, 3));
		CU_ASSERT_EQUAL(b->verdict.reason, R_limit);
		b->now_us += RIG_SECOND;
		(void)limits_reset(b->limits, "day", b->now_us);
		CU_ASSERT_FALSE(part_passes(b, 1, 1, 3));
		CU_ASSERT_EQUAL(b->verdict.reason, R_sibling);
		CU_ASSERT_STRING_EQUAL(b->verdict.sibling_rule, "limit/day");
		CU_ASSERT_EQUAL(b->verdict.status, 0x58);
		CU_ASSERT_EQUAL(used(b, 0), 0);
		CU_ASSERT_TRUE(part_passes(b, 2, 1, 3));
		bench_close(b);
	}
}

/* The table of parts is full: the first part is charged, the others are let in and counted. */
static void test_alone(void)
{
	static const struct concat_config tiny = { 1, 1, 60 * 1000000, 7 };
	struct bench *b = begin();
	struct concat *c = concat_init(zeroed(concat_size(&tiny)), &tiny);

	b->judge.concat = c;
	add(b, "day", 2);
	publish(b);
	CU_ASSERT_TRUE(part_passes(b, 1, 1, 9)); /* takes the table */
	CU_ASSERT_TRUE(part_passes(b, 2, 2, 9));
	CU_ASSERT_EQUAL(b->stats.counter[STAT_limit_parts_alone], 1);
	CU_ASSERT_EQUAL(used(b, 0), 1);
	CU_ASSERT_TRUE(part_passes(b, 2, 1, 9));
	CU_ASSERT_EQUAL(b->stats.counter[STAT_limit_parts_alone], 0);
	CU_ASSERT_EQUAL(used(b, 0), 2);
	CU_ASSERT_FALSE(part_passes(b, 3, 1, 9));
	CU_ASSERT_TRUE(part_passes(b, 3, 2, 9));
	b->judge.concat = b->concat;
	free(c);
	bench_close(b);
}

/* ---- many recipients ---- */

enum { MANY = 5 };

static void test_recipients(void)
{
	static const char *const numbers[MANY] = { "4915100001", "4915100002", "4915100003",
		"4915100004", "4915100005" };
	struct smpp_address to[MANY];
	struct bench *b = begin();
	struct limit_rule *each;
	struct limit_rule *spread;
	struct limit_fill f;

	for (unsigned i = 0; i < MANY; i++) {
		to[i] = (struct smpp_address){
			.ton = 1, .npi = 1, .digits = bytes_str(numbers[i])
		};
	}
	add(b, "sender", 12);
	each = add(b, "recipient", 2);
	each->keys[0] = LIMIT_KEY_DESTINATION;
	spread = &b->policy.limits[b->policy.n_limits++];
	*spread = rig_rule("spread", LIMIT_DISTINCT);
	spread->max = 7;
	publish(b);
	b->sms.destinations = to;
	b->sms.n_destinations = MANY;
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", numbers[0], "a")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(used(b, 0), MANY);
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", numbers[0], "b")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(used(b, 0), 2 * MANY);
	limits_fill(
		b->limits, spread, rig_key(b->limits, spread, UINT64_C(4917012345)), b->now_us, &f);
	CU_ASSERT_EQUAL(f.used, MANY);
	/* the sender has 2 left, each recipient none; nothing is charged by halves */
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", numbers[0], "c")->action, ACTION_THROTTLE);
	CU_ASSERT_EQUAL(b->verdict.limit, 0);
	CU_ASSERT_EQUAL(judge_as(b, "4917099999", numbers[0], "c")->action, ACTION_THROTTLE);
	CU_ASSERT_EQUAL(b->verdict.limit, 1);
	limits_fill(b->limits, &b->policy.limits[0],
		rig_key(b->limits, &b->policy.limits[0], UINT64_C(4917099999)), b->now_us, &f);
	CU_ASSERT_EQUAL(f.used, 0);
	/* one full recipient among others refuses all; the others keep their room */
	b->sms.n_destinations = 1;
	to[0].digits = bytes_str("4915100009");
	to[1].digits = bytes_str(numbers[1]);
	b->sms.n_destinations = 2;
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", numbers[0], "d")->action, ACTION_THROTTLE);
	b->sms.n_destinations = 1;
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", numbers[0], "d")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", numbers[0], "d")->action, ACTION_PASS);
	bench_close(b);
}

/* A limit that is only for some recipients is charged for those: by sender, by recipient, distinct. */
static void test_some_recipients(void)
{
	static const char *const numbers[MANY] = { "4915100001", "4915100002", "4915100003",
		"4915100004", "4915100005" };
	struct smpp_address to[MANY];
	struct bench *b = begin();
	struct condition_store *c = &b->policy.conditions;
	struct limit_rule *each;
	struct limit_rule *spread;
	struct limit_fill f;

	for (unsigned i = 0; i < MANY; i++) { /* two of five are of this type */
		to[i] = (struct smpp_address){ .ton = i == 1 || i == 3 ? 6 : 1,
			.digits = bytes_str(numbers[i]) };
	}
	c->n_nodes = 1;
	c->nodes[0] = (struct condition_node){
		.kind = CONDITION_TEST, .field = CONDITION_DESTINATION_TON, .n_values = 1
	};
	c->n_values = 1;
	c->values[0] =
		(struct condition_value){ .kind = CONDITION_VALUE_RANGE, .min = 6, .max = 6 };
	add(b, "sender", 3)->when.n = 1;
	each = add(b, "recipient", 9);
	each->keys[0] = LIMIT_KEY_DESTINATION;
	each->when.n = 1;
	spread = &b->policy.limits[b->policy.n_limits++];
	*spread = rig_rule("spread", LIMIT_DISTINCT);
	spread->when.n = 1;
	publish(b);
	b->sms.destinations = to;
	b->sms.n_destinations = MANY;
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", numbers[0], "a")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(used(b, 0), 2);
	limits_fill(
		b->limits, spread, rig_key(b->limits, spread, UINT64_C(4917012345)), b->now_us, &f);
	CU_ASSERT_EQUAL(f.used, 2);
	for (unsigned i = 0; i < MANY; i++) {
		uint64_t key = rig_key(b->limits, each, UINT64_C(4915100001) + i);

		limits_fill(b->limits, each, key, b->now_us, &f);
		CU_ASSERT_EQUAL(f.used, to[i].ton == 6);
	}
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", numbers[0], "b")->action, ACTION_THROTTLE);
	to[3].ton = 1; /* one of five: there is room for that */
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", numbers[0], "c")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(used(b, 0), 3);
	bench_close(b);
}

/* ---- the other kinds ---- */

/* More than 5 recipients a day; a sender whom nobody answers; a first message is to come again. */
static void test_kinds(void)
{
	struct bench *b = begin();
	struct limit_rule *r = &b->policy.limits[0];
	unsigned n = 0;

	b->policy.n_limits = 1;
	*r = rig_rule("spread", LIMIT_DISTINCT);
	r->max = 5;
	publish(b);
	for (unsigned i = 0; i < 10; i++) {
		char to[16];

		(void)snprintf(to, sizeof(to), "49151%05u", i);
		n += judge_as(b, "4917012345", to, "a")->action == ACTION_PASS;
	}
	CU_ASSERT_EQUAL(n, 5);
	CU_ASSERT_EQUAL(judge_as(b, "4917012345", "4915100001", "a")->action, ACTION_PASS);

	*r = rig_rule("farm", LIMIT_RATIO);
	r->max = 20;
	publish(b);
	for (n = 0; n < 100 && passes(b, "a"); n++) {
	}
	CU_ASSERT_EQUAL(n, 20);
	(void)judge_as(b, "4915155555", "+4917012345", "an answer");
	CU_ASSERT_FALSE(passes(b, "a"));
	(void)judge_as(b, "4915155555", "4917012345", "another");
	CU_ASSERT_TRUE(passes(b, "a")); /* 2 of 20 */

	*r = rig_rule("grey", LIMIT_GREY);
	publish(b);
	CU_ASSERT_FALSE(passes(b, "a"));
	b->now_us += 30 * RIG_SECOND;
	CU_ASSERT_FALSE(passes(b, "a"));
	b->now_us += 30 * RIG_SECOND;
	CU_ASSERT_TRUE(passes(b, "a"));
	bench_close(b);
}

/* What a never-block list lets in is an answer, too: a long one one. */
static void test_answers(void)
{
	struct bench *b = begin();
	struct limit_rule *r = &b->policy.limits[0];
	struct limit_fill f;

	b->policy.n_limits = 1;
	*r = rig_rule("farm", LIMIT_RATIO);
	r->max = 20;
	bench_list(b, LIST_NUMBER, "4915155555\n", LIST_MATCH_ORIGINATOR, ACTION_PASS);
	publish(b);
	CU_ASSERT_TRUE(passes(b, "a"));
	(void)judge_as(b, "4915155555", "4917012345", "an answer");
	CU_ASSERT_EQUAL(b->verdict.reason, R_never_block);
	for (uint8_t part = 1; part <= 3; part++) {
		b->sms.concat = (struct sms_concat){ 7, 8, part, 3 };
		(void)judge_as(b, "4915155555", "4917012345", "a long one");
	}
	b->sms.concat = (struct sms_concat){ 0 };
	b->sms.refused = true; /* by signalling, which gives way to a never-block list */
	(void)judge_as(b, "4915155555", "4917012345", "an answer");
	CU_ASSERT_EQUAL(b->verdict.reason, R_never_block);
	(void)judge_as(b, "4916055555", "4917012345", "not let in");
	b->sms.refused = false;
	b->look_only = true;
	(void)judge_as(b, "4915155555", "4917012345", "not yet");
	limits_fill(b->limits, r, rig_key(b->limits, r, UINT64_C(4917012345)), b->now_us, &f);
	CU_ASSERT_EQUAL(f.used, 1);
	CU_ASSERT_EQUAL(f.answers, 3);
	bench_close(b);
}

/* Where content is off, limits that need no text hold; named keys are found. */
static void test_content_off(void)
{
	struct bench *b = begin();
	struct limit_rule *r = add(b, "day", 2);
	struct limit_key_value k;
	struct policy_scope *s;

	CU_ASSERT_TRUE(limit_key_read(r, "+4917012345", &k));
	b->policy.limit_named[0].key = limit_key_plain(&k);
	b->policy.n_limit_named = 1;
	r->n_named = 1;
	s = publish(b);
	s->content = false;
	CU_ASSERT_TRUE(passes(b, "a prize") && passes(b, "a prize"));
	CU_ASSERT_EQUAL(b->verdict.reason, R_content_off);
	CU_ASSERT_FALSE(passes(b, "a prize"));
	CU_ASSERT_EQUAL(b->verdict.reason, R_limit);
	CU_ASSERT_EQUAL(b->stats.counter[STAT_texts_inspected], 0);
	for (unsigned i = 0; i < 20000; i++) { /* the table overflows; the named key stays */
		char from[16];

		(void)snprintf(from, sizeof(from), "4916%07u", i);
		(void)judge_as(b, from, "1", "a");
	}
	CU_ASSERT_FALSE(passes(b, "a prize"));
	bench_close(b);
}

UNIT_MAIN("judge_limits", { "refused", test_refused }, { "never", test_never },
	{ "never-block text", test_never_block_text }, { "states", test_states },
	{ "given back", test_given_back }, { "text keys", test_text_keys },
	{ "text and shape", test_text_and_shape }, { "address keys", test_address_keys },
	{ "parts", test_parts }, { "repeated", test_repeated }, { "count parts", test_count_parts },
	{ "condemned", test_condemned }, { "alone", test_alone }, { "recipients", test_recipients },
	{ "some recipients", test_some_recipients }, { "kinds", test_kinds },
	{ "answers", test_answers }, { "content off", test_content_off })
