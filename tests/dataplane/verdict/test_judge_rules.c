/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules with conditions, tenants and scopes in the order of judgement. */
#include "dataplane/proto/smpp.h"
#include "tests/dataplane/verdict/judge_rig.h"

/* begin: a judge with a policy that grows until publish(). */
static struct bench *begin(const char *patterns)
{
	struct bench *b = bench_begin(patterns, 1000000);

	b->policy.n_scopes = 1; /* so that scopes can be added before the ruleset is made */
	return b;
}

/* ---- conditions ---- */

/* test: a test of a number, enum or the like. */
static struct condition test(struct bench *b, enum condition_field f, int64_t min, int64_t max)
{
	struct condition_store *c = &b->policy.conditions;
	struct condition when = {
		.root = (uint16_t)c->n_nodes, .n = 1, .content = condition_field_content(f)
	};

	c->nodes[c->n_nodes++] = (struct condition_node){ .kind = CONDITION_TEST,
		.field = (uint8_t)f,
		.value = (uint16_t)c->n_values,
		.n_values = 1 };
	c->values[c->n_values++] = (struct condition_value){ .min = min, .max = max };
	return when;
}

/* text: of an address or a text: exactly this. */
static struct condition text(struct bench *b, enum condition_field f, const char *is)
{
	struct condition when = test(b, f, 0, 0);
	struct condition_store *c = &b->policy.conditions;
	struct condition_value *v = &c->values[c->n_values - 1];

	v->kind = CONDITION_VALUE_TEXT;
	v->digits = condition_field_type(f) == CONDITION_TYPE_ADDRESS;
	v->len = (uint16_t)strlen(is);
	v->text = c->n_text;
	memcpy(c->text + c->n_text, is, v->len);
	c->n_text += v->len;
	return when;
}

/* not: the condition made last, the other way round. */
static struct condition not(struct bench * b, struct condition when)
{
	struct condition_store *c = &b->policy.conditions;

	c->nodes[c->n_nodes] = c->nodes[when.root];
	c->nodes[when.root] = (struct condition_node){ .kind = CONDITION_NOT, .skip = 1 };
	c->n_nodes++;
	when.n++;
	return when;
}

/* rule: its index in the ruleset. */
static uint32_t rule(struct bench *b, const char *id, int32_t weight, uint8_t action, uint8_t state,
	struct condition when)
{
	char expression[] = "side = \"inside\";";
	char file[] = "policy.conf";
	struct rule r = { .expression = expression,
		.file = file,
		.line = 1,
		.weight = weight,
		.action = action,
		.state = state,
		.sample = state == RULE_SAMPLE ? 50 : 0 };
	uint32_t index = 0;

	(void)snprintf(r.id, sizeof(r.id), "%s", id);
	CU_ASSERT_TRUE(source_add_rule(&b->source, &r, "default", &index, &b->diag));
	b->policy.rules[b->policy.n_rules++] = (struct policy_rule){ index, when };
	return index;
}

/* scope: one more, before that of all others, with thresholds of its own. */
static struct policy_scope *scope(struct bench *b, uint16_t tenant, struct condition when)
{
	struct policy_scope *s = &b->policy.scopes[b->policy.n_scopes - 1];

	b->policy.n_scopes++;
	*s = (struct policy_scope){ .link = POLICY_ANY,
		.side = POLICY_ANY,
		.tenant = tenant,
		.profile = POLICY_NONE,
		.max_action = ACTION_REJECT,
		.content = true,
		.n_categories = 1,
		.when = when };
	policy_category_init(&s->categories[0], "default");
	s->categories[0].threshold[ACTION_REJECT] = RULE_WEIGHT_DEFAULT;
	return s;
}

/* publish: patterns compiled, what holds everywhere: reject from 100. */
static void publish(struct bench *b)
{
	struct policy *all = zeroed(sizeof(*all));

	bench_compile(b);
	policy_default(all, b->ruleset, ACTION_REJECT);
	b->policy.scopes[b->policy.n_scopes - 1] = all->scopes[0];
	free(all);
	bench_publish(b);
}

/* ---- messages ---- */

static const struct verdict *judge_sms(struct bench *b, const char *words)
{
	b->sms.source.digits = bytes_str("4917012345");
	if (b->sms.destination.digits.len == 0) {
		b->sms.destination.digits = bytes_str("4915155555");
	}
	b->sms.message_class = -1;
	bench_put_text(b, words);
	b->stats = (struct stats){ 0 };
	judge_message(&b->judge, b->generation, &b->sms, 1000000, true, &b->stats, &b->verdict);
	return &b->verdict;
}

static const char *rule_of(const struct bench *b)
{
	return b->verdict.rule == VERDICT_NO_RULE ? "" : b->ruleset->rules[b->verdict.rule].id;
}

static uint64_t counter(const struct bench *b, enum stats_counter which)
{
	return b->stats.counter[which];
}

static bool hit(const struct bench *b, const char *id)
{
	for (uint32_t i = 0; i < b->verdict.hits.n; i++) {
		if (strcmp(b->ruleset->rules[b->verdict.hits.hits[i].rule].id, id) == 0) {
			return true;
		}
	}
	return false;
}

static void check(const struct bench *b, unsigned action, enum reason reason, const char *id,
	uint64_t inspected, uint64_t scans)
{
	CU_ASSERT_EQUAL(b->verdict.action, action);
	CU_ASSERT_EQUAL(b->verdict.reason, reason);
	CU_ASSERT_STRING_EQUAL(rule_of(b), id);
	CU_ASSERT_EQUAL(counter(b, STAT_texts_inspected), inspected);
	CU_ASSERT_EQUAL(counter(b, STAT_scans), scans);
}

/* ---- cases ---- */

/* What refuses without the text leaves the text alone. */
static void test_early(void)
{
	struct bench *b = begin("prize:/prize/ weight=60\n");

	rule(b, "silent", 100, RULE_ACTION_UNSET, RULE_ON,
		test(b, CONDITION_PROTOCOL_ID, 0x40, 0x40));
	rule(b, "flash", 50, RULE_ACTION_UNSET, RULE_ON, test(b, CONDITION_MESSAGE_CLASS, 0, 0));
	rule(b, "outside", 50, RULE_ACTION_UNSET, RULE_ON,
		test(b, CONDITION_SIDE, SIDE_OUTSIDE, SIDE_OUTSIDE));
	publish(b);
	(void)judge_sms(b, "a prize");
	check(b, ACTION_PASS, R_none, "", 1, 1);
	b->sms.protocol_id = 0x40;
	(void)judge_sms(b, "hello");
	check(b, ACTION_REJECT, R_rule, "silent", 0, 0);
	CU_ASSERT_EQUAL(b->verdict.score, 100);
	CU_ASSERT_EQUAL(b->verdict.hits.hits[0].field, FIELD_WHEN);
	b->sms.protocol_id = 0;
	b->sms.side = SIDE_OUTSIDE;
	(void)judge_sms(b, "a prize"); /* both together */
	check(b, ACTION_REJECT, R_score, "prize", 1, 1);
	CU_ASSERT_EQUAL(b->verdict.score, 110);
	(void)judge_sms(b, "hello");
	check(b, ACTION_PASS, R_none, "", 1, 1);
	CU_ASSERT_TRUE(hit(b, "outside"));
	judge_count_rules(&b->judge, b->generation, &b->verdict, 5);
	CU_ASSERT_EQUAL(b->generation->counts[0][b->verdict.hits.hits[0].rule].hits, 1);
	CU_ASSERT_EQUAL(b->generation->counts[0][b->verdict.hits.hits[0].rule].last_us, 5);
	bench_close(b);
}

/* What asks for the text is asked after the scan, and not at all where texts are not inspected. */
static void test_late(void)
{
	struct bench *b = begin("prize:/prize/ weight=1\n");
	struct policy_scope *off;

	rule(b, "links", 100, RULE_ACTION_UNSET, RULE_ON, test(b, CONDITION_URLS, 1, 99));
	rule(b, "no-link", 30, ACTION_REPORT, RULE_ON, not(b, test(b, CONDITION_URLS, 1, 99)));
	rule(b, "to-3", 0, ACTION_REPORT, RULE_ON, text(b, CONDITION_DESTINATION, "3"));
	off = scope(b, POLICY_NONE, text(b, CONDITION_DESTINATION, "3"));
	off->content = false;
	publish(b);
	CU_ASSERT_EQUAL(b->generation->plan.n_early, 1);
	CU_ASSERT_TRUE(b->generation->plan.entities);
	(void)judge_sms(b, "see http://bad.example/x");
	check(b, ACTION_REJECT, R_rule, "links", 1, 1);
	(void)judge_sms(b, "see you");
	check(b, ACTION_REPORT, R_rule, "no-link", 1, 1);
	b->sms.destination = (struct sms_address){ 1, 1, bytes_str("3") };
	(void)judge_sms(b, "a prize: see http://bad.example/x");
	check(b, ACTION_REPORT, R_rule, "to-3", 0, 0);
	CU_ASSERT_EQUAL(b->stats.reason[R_content_off], 1);
	CU_ASSERT_TRUE(b->verdict.uninspected);
	CU_ASSERT_EQUAL(b->verdict.hits.n, 1);
	bench_close(b);
}

/* Hits of patterns and of rules before make a rule wait for them. */
static void test_hit_of(void)
{
	struct bench *b = begin("prize:/prize/ weight=0\nshy:/shy/ weight=0 state=shadow\n");
	uint32_t first;

	first = rule(
		b, "first", 0, RULE_ACTION_UNSET, RULE_ON, test(b, CONDITION_PROTOCOL_ID, 1, 1));
	rule(b, "second", 0, ACTION_REPORT, RULE_ON, test(b, CONDITION_HIT, first, first));
	rule(b, "third", 100, RULE_ACTION_UNSET, RULE_ON, test(b, CONDITION_HIT, 0, 0));
	rule(b, "fourth", 0, ACTION_REPORT, RULE_ON, test(b, CONDITION_HIT, first + 2, first + 2));
	rule(b, "fifth", 0, ACTION_BLANK, RULE_ON, test(b, CONDITION_HIT, 1, 1));
	rule(b, "sixth", 0, ACTION_BLANK, RULE_SHADOW, test(b, CONDITION_HIT, 1, 1));
	publish(b);
	CU_ASSERT_EQUAL(b->generation->plan.n_early, 2);
	CU_ASSERT_EQUAL(b->generation->plan.n_late, 4);
	b->sms.protocol_id = 1;
	(void)judge_sms(b, "hello");
	check(b, ACTION_REPORT, R_rule, "second", 1, 1);
	CU_ASSERT_FALSE(hit(b, "third") || hit(b, "fourth"));
	b->sms.protocol_id = 0;
	(void)judge_sms(b, "prize");
	check(b, ACTION_REJECT, R_rule, "third", 1, 1);
	CU_ASSERT_TRUE(hit(b, "fourth"));
	(void)judge_sms(b, "shy"); /* what is in shadow moves only what is in shadow */
	check(b, ACTION_PASS, R_none, "", 1, 1);
	CU_ASSERT_FALSE(hit(b, "fifth"));
	CU_ASSERT_TRUE(hit(b, "sixth"));
	CU_ASSERT_TRUE(b->verdict.shadow);
	CU_ASSERT_EQUAL(b->verdict.shadow_action, ACTION_BLANK);
	bench_close(b);
}

/* Lists that never block go before rules, also those that have to look into the text. */
static void test_never_block(void)
{
	struct bench *b = begin("prize:/prize/\n");

	rule(b, "silent", 100, RULE_ACTION_UNSET, RULE_ON, test(b, CONDITION_PROTOCOL_ID, 1, 1));
	bench_list(b, LIST_NUMBER, "4915100000\n", LIST_MATCH_DESTINATION, ACTION_PASS);
	bench_list(b, LIST_HOST, "good.example\n", LIST_MATCH_TEXT, ACTION_PASS);
	bench_list(b, LIST_HOST, "bad.example\n", LIST_MATCH_TEXT, ACTION_REJECT);
	publish(b);
	b->sms.protocol_id = 1;
	(void)judge_sms(b, "hello");
	check(b, ACTION_REJECT, R_rule, "silent", 1, 0);
	(void)judge_sms(b, "see http://good.example");
	check(b, ACTION_PASS, R_never_block, "", 1, 0);
	b->sms.destination = (struct sms_address){ 1, 1, bytes_str("4915100000") };
	(void)judge_sms(b, "hello");
	check(b, ACTION_PASS, R_never_block, "", 0, 0);
	CU_ASSERT_EQUAL(b->verdict.hits.n, 0);
	bench_close(b);
}

static void test_states(void)
{
	struct bench *b = begin("prize:/prize/\n");
	unsigned n = 0;

	rule(b, "shadow", 100, RULE_ACTION_UNSET, RULE_SHADOW,
		test(b, CONDITION_PROTOCOL_ID, 1, 1));
	rule(b, "sample", 100, RULE_ACTION_UNSET, RULE_SAMPLE,
		test(b, CONDITION_PROTOCOL_ID, 2, 2));
	publish(b);
	b->sms.protocol_id = 1;
	(void)judge_sms(b, "hello");
	check(b, ACTION_PASS, R_none, "", 1, 1);
	CU_ASSERT_TRUE(b->verdict.shadow);
	CU_ASSERT_EQUAL(b->verdict.shadow_action, ACTION_REJECT);
	CU_ASSERT_EQUAL(counter(b, STAT_shadow_hits), 1);
	b->sms.protocol_id = 2;
	for (unsigned i = 0; i < 200; i++) { /* always the same for a sender, half of the keys */
		unsigned action;

		b->judge.sample_key = i;
		action = judge_sms(b, "hello")->action;
		CU_ASSERT_EQUAL(judge_sms(b, "hello")->action, action);
		n += action == ACTION_REJECT;
	}
	CU_ASSERT(n > 60 && n < 140);
	bench_close(b);
}

/* The first tenant that fits; scopes by tenant and by destination. */
static void test_tenants(void)
{
	static const struct {
		const char *account;
		const char *to;
		unsigned tenant;
		unsigned scope;
		unsigned action;
	} cases[] = {
		{ "acme", "1", 1, 0, ACTION_REPORT },
		{ "beta", "1", 2, 2, ACTION_REJECT },
		{ "beta", "7", 2, 1, ACTION_PASS },
		{ "other", "7", 0, 1, ACTION_PASS },
		{ "other", "1", 0, 2, ACTION_REJECT },
	};
	struct bench *b = begin("prize:/prize/\n");
	struct policy *p = &b->policy;

	p->tenants[0].when = text(b, CONDITION_ACCOUNT, "acme");
	p->tenants[1].when = not(b, text(b, CONDITION_ACCOUNT, "other"));
	p->n_tenants = 2;
	scope(b, 0, (struct condition){ 0 })->max_action = ACTION_REPORT;
	scope(b, POLICY_NONE, text(b, CONDITION_DESTINATION, "7"))->content = false;
	rule(b, "beta", 0, ACTION_REPORT, RULE_ON, test(b, CONDITION_TENANT, 1, 1));
	publish(b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		b->sms.account = bytes_str(cases[i].account);
		b->sms.destination = (struct sms_address){ 1, 1, bytes_str(cases[i].to) };
		(void)judge_sms(b, "a prize");
		CU_ASSERT_EQUAL(b->verdict.tenant, cases[i].tenant);
		CU_ASSERT_EQUAL(b->verdict.scope, cases[i].scope);
		CU_ASSERT_EQUAL(hit(b, "beta"), cases[i].tenant == 2);
		CU_ASSERT_EQUAL(b->verdict.action,
			cases[i].tenant == 2 && cases[i].action == ACTION_PASS ? ACTION_REPORT
									       : cases[i].action);
		CU_ASSERT_EQUAL(counter(b, STAT_scans), cases[i].scope != 1);
	}
	bench_close(b);
}

/* With inspection off nothing of the text is kept: the other parts do not meet it. */
static void test_consent(void)
{
	struct bench *b = begin("split:/first half/\n");

	scope(b, POLICY_NONE, text(b, CONDITION_DESTINATION, "7"))->content = false;
	publish(b);
	b->sms.concat = (struct sms_concat){ 9, 8, 1, 2 };
	b->sms.destination = (struct sms_address){ 1, 1, bytes_str("7") };
	(void)judge_sms(b, "first ");
	check(b, ACTION_PASS, R_content_off, "", 0, 0);
	CU_ASSERT_EQUAL(b->judge.views.text.len, 0);
	b->sms.concat.part = 2;
	(void)judge_sms(b, "half");
	check(b, ACTION_PASS, R_content_off, "", 0, 0);
	b->sms.destination.digits = bytes_str("8");
	b->sms.concat.part = 1;
	(void)judge_sms(b, "first ");
	check(b, ACTION_PASS, R_none, "", 1, 1);
	b->sms.concat.part = 2;
	(void)judge_sms(b, "half");
	check(b, ACTION_REJECT, R_rule, "split", 1, 1);
	bench_close(b);
}

/* One of several recipients without consent keeps the text from being looked at. */
static void test_consent_of_many(void)
{
	static const struct smpp_address to[] = { { .ton = 1,
							  .digits = { (const uint8_t *)"8", 1 } },
		{ .ton = 1, .digits = { (const uint8_t *)"7", 1 } } };
	struct bench *b = begin("prize:/prize/\n");

	scope(b, POLICY_NONE, text(b, CONDITION_DESTINATION, "7"))->content = false;
	publish(b);
	b->sms.destination = (struct sms_address){ 1, 1, to[0].digits };
	b->sms.destinations = to;
	b->sms.n_destinations = 2;
	(void)judge_sms(b, "a prize");
	check(b, ACTION_PASS, R_content_off, "", 0, 0);
	b->sms.n_destinations = 1;
	(void)judge_sms(b, "a prize");
	check(b, ACTION_REJECT, R_rule, "prize", 1, 1);
	bench_close(b);
}

/* A part that a rule refuses condemns the ones behind it. */
static void test_parts(void)
{
	struct bench *b = begin("prize:/prize/\n");

	rule(b, "second", 100, RULE_ACTION_UNSET, RULE_ON, test(b, CONDITION_PART, 2, 2));
	publish(b);
	b->sms.concat = (struct sms_concat){ 9, 8, 1, 3 };
	(void)judge_sms(b, "one");
	check(b, ACTION_PASS, R_none, "", 1, 1);
	b->sms.concat.part = 2;
	(void)judge_sms(b, "two");
	check(b, ACTION_REJECT, R_rule, "second", 0, 0);
	b->sms.concat.part = 3;
	(void)judge_sms(b, "three");
	CU_ASSERT_EQUAL(b->verdict.reason, R_sibling);
	CU_ASSERT_STRING_EQUAL(b->verdict.sibling_rule, "second");
	bench_close(b);
}

/* A condition matches no place: what it has redacted is the text, unless patterns share in the score. */
static void test_redact(void)
{
	struct bench *b = begin("prize:/prize/L weight=50\n");
	struct judge_span spans[SMS_BODIES];
	struct policy_scope *s;

	rule(b, "whole", 0, ACTION_REDACT, RULE_ON, test(b, CONDITION_PROTOCOL_ID, 1, 1));
	rule(b, "half", 50, RULE_ACTION_UNSET, RULE_ON, test(b, CONDITION_PROTOCOL_ID, 2, 3));
	rule(b, "other", 50, RULE_ACTION_UNSET, RULE_ON, test(b, CONDITION_PROTOCOL_ID, 3, 3));
	s = scope(b, POLICY_NONE, (struct condition){ 0 });
	s->categories[0].threshold[ACTION_REJECT] = POLICY_NEVER;
	s->categories[0].threshold[ACTION_REDACT] = 100;
	publish(b);
	for (unsigned pid = 1; pid <= 3; pid++) {
		b->sms.protocol_id = (uint8_t)pid;
		(void)judge_sms(b, pid == 3 ? "a cat" : "a prize");
		CU_ASSERT_EQUAL(b->verdict.action, ACTION_REDACT);
		CU_ASSERT_EQUAL(judge_spans(&b->judge, b->generation, &b->sms, &b->verdict, spans,
					SMS_BODIES),
			1);
		CU_ASSERT_EQUAL(spans[0].from, pid == 2 ? 2 : 0);
		CU_ASSERT_EQUAL(spans[0].to, pid == 3 ? 5 : 7);
	}
	bench_close(b);
}

/* More hits than are kept: counted, whoever has them. */
static void test_many(void)
{
	struct bench *b = begin("prize:/prize/\n");

	for (unsigned i = 0; i < LIMIT_HITS + 6; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "r%u", i);
		rule(b, id, 0, RULE_ACTION_UNSET, RULE_ON, test(b, CONDITION_PROTOCOL_ID, 1, 1));
	}
	publish(b);
	b->sms.protocol_id = 1;
	(void)judge_sms(b, "hello");
	CU_ASSERT_EQUAL(b->verdict.hits.n, LIMIT_HITS);
	CU_ASSERT_EQUAL(b->verdict.hits.n_dropped, 6);
	CU_ASSERT_EQUAL(counter(b, STAT_hits_dropped), 6);
	bench_close(b);
}

UNIT_MAIN("verdict/judge_rules", { "early", test_early }, { "late", test_late },
	{ "hit_of", test_hit_of }, { "never_block", test_never_block }, { "states", test_states },
	{ "tenants", test_tenants }, { "consent", test_consent },
	{ "consent_of_many", test_consent_of_many }, { "parts", test_parts },
	{ "redact", test_redact }, { "many", test_many })
