/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists and samples of senders in the judge; test_lists.c has the look-ups themselves. */
#include "dataplane/verdict/judge.h"

#include "dataplane/proto/smpp.h"
#include "tests/dataplane/verdict/judge_rig.h"

/* begin: rejects from 100 on; samples are of the same senders each time. */
static struct bench *begin(const char *rules)
{
	struct bench *b = bench_open(rules, ACTION_REJECT);

	b->judge.sample_key = 11;
	return b;
}

static void put_message(struct bench *b, const char *from, const char *to, const char *text)
{
	b->sms = (struct sms){ .source = { 1, 1, bytes_str(from) },
		.destination = { 1, 1, bytes_str(to) },
		.account = bytes_str("bulk1"),
		.n_destinations = 1 };
	bench_put_text(b, text);
}

static const struct verdict *judge_it(struct bench *b)
{
	if (b->generation == NULL) {
		bench_publish(b);
	}
	judge_message(&b->judge, b->generation, &b->sms, 1, true, &b->stats, &b->verdict);
	judge_count_rules(&b->judge, b->generation, &b->verdict, 77);
	return &b->verdict;
}

static void check(struct bench *b, enum rule_action action, enum reason reason, const char *entry)
{
	const struct verdict *v = judge_it(b);

	CU_ASSERT_EQUAL(v->action, action);
	CU_ASSERT_EQUAL(v->reason, reason);
	if (entry != NULL) {
		CU_ASSERT(bytes_equal(v->list_hit.entry, bytes_str(entry)));
		CU_ASSERT_EQUAL(v->rule, VERDICT_NO_RULE);
	}
}

/* What was scanned for a message: nothing, where a list has decided. */
/* Look-alikes of a host, where they are asked for; the host itself is on a never-block list. */
static void test_look_alike_hosts(void)
{
	struct bench *b = begin("");
	struct policy_list_use *u;

	bench_list(b, LIST_HOST, "mybank.example\n", LIST_MATCH_TEXT, ACTION_REJECT);
	bench_list(b, LIST_HOST, "mybank.example\n", LIST_MATCH_TEXT, ACTION_PASS);
	put_message(b, "1", "2", "see https://myb4nk.example/login");
	check(b, ACTION_PASS, R_none, NULL);
	u = &b->policy.list_uses[0];
	u->folded = true;
	generation_free(b->generation);
	b->generation = NULL;
	check(b, ACTION_REJECT, R_list, "mybank.example");
	put_message(b, "1", "2", "see https://www.mybank.example/login");
	check(b, ACTION_PASS, R_never_block, "mybank.example");
	bench_close(b);
}

/* A subscriber's own lists: one lets the bank in, one keeps all others out. */
static void test_pairs(void)
{
	struct bench *b = begin("");
	struct policy_list_use *u;

	u = bench_list(b, LIST_PAIR,
		"447700900001 *\n447700900002 447700900009\n447700900002 Spam\n", LIST_MATCH_PAIR,
		ACTION_REJECT);
	strcpy(u->country, "44");
	bench_list(b, LIST_PAIR, "447700900001 447700900008\n", LIST_MATCH_PAIR, ACTION_PASS);
	put_message(b, "447700900009", "447700900001", "hello");
	check(b, ACTION_REJECT, R_list, "447700900001 *");
	put_message(b, "447700900008", "447700900001", "hello");
	check(b, ACTION_PASS, R_never_block, "447700900001 447700900008");
	put_message(b, "447700900009", "447700900002", "hello");
	check(b, ACTION_REJECT, R_list, "447700900002 447700900009");
	put_message(b, "447700900007", "447700900002", "hello");
	check(b, ACTION_PASS, R_none, NULL);
	put_message(b, "Spam", "447700900002", "hello");
	b->sms.source.ton = TON_ALPHANUMERIC;
	check(b, ACTION_REJECT, R_list, "447700900002 Spam");
	put_message(b, "447700900009", "447700900002", "hello");
	b->sms.source.ton = TON_ALPHANUMERIC; /* no number: a text */
	check(b, ACTION_PASS, R_none, NULL);
	put_message(b, "07700900009", "07700900002", "hello");
	b->sms.source.ton = TON_NATIONAL;
	b->sms.destination.ton = TON_NATIONAL;
	check(b, ACTION_REJECT, R_list, "447700900002 447700900009");
	bench_close(b);
}

/* Of many destinations one is enough to refuse; to let pass, all must have it. */
static void test_pairs_of_many(void)
{
	static const struct smpp_address to[] = { { 1, 1, { (const uint8_t *)"447700900003", 12 } },
		{ 1, 1, { (const uint8_t *)"447700900002", 12 } } };
	struct bench *b = begin("");

	bench_list(b, LIST_PAIR, "447700900002 447700900009\n", LIST_MATCH_PAIR, ACTION_REJECT);
	bench_list(b, LIST_PAIR, "447700900003 447700900008\n447700900003 447700900009\n",
		LIST_MATCH_PAIR, ACTION_PASS);
	for (unsigned n = 1; n <= 2; n++) {
		put_message(b, "447700900009", "447700900003", "hello");
		b->sms.destinations = to;
		b->sms.n_destinations = (uint16_t)n;
		check(b, n == 1 ? ACTION_PASS : ACTION_REJECT, n == 1 ? R_never_block : R_list,
			NULL);
	}
	put_message(b, "447700900008", "447700900003", "hello");
	b->sms.destinations = to;
	b->sms.n_destinations = 2;
	check(b, ACTION_PASS, R_none, NULL);
	bench_close(b);
}

static void test_never_block(void)
{
	struct bench *b = begin("1:/lottery/\n2:/trial/ state=shadow\n");

	bench_list(b, LIST_NUMBER, "447700900001\n", LIST_MATCH_DESTINATION, ACTION_REJECT);
	bench_list(b, LIST_NUMBER, "4477009*\n", LIST_MATCH_DESTINATION, ACTION_PASS);
	put_message(b, "4915111", "447700900001", "a lottery");
	check(b, ACTION_PASS, R_never_block, "4477009*");
	CU_ASSERT_EQUAL(b->verdict.list_use, 1);
	CU_ASSERT_EQUAL(b->verdict.hits.n, 0);
	CU_ASSERT_EQUAL(b->stats.counter[STAT_scans], 0);
	put_message(b, "4915111", "447700800001", "a lottery");
	check(b, ACTION_REJECT, R_rule, NULL);
	/* also where texts are not looked into */
	generation_free(b->generation);
	b->generation = NULL;
	b->policy.scopes[0].content = false;
	put_message(b, "4915111", "447700900001", "a lottery");
	check(b, ACTION_PASS, R_never_block, "4477009*");
	put_message(b, "4915111", "447700800001", "a lottery");
	check(b, ACTION_PASS, R_content_off, NULL);
	bench_close(b);
}

static void test_refuse(void)
{
	struct bench *b = begin("1:/lottery/\n");
	struct policy_list_use *u;
	struct list_facts f;

	bench_list(b, LIST_NUMBER, "4915*\n", LIST_MATCH_ORIGINATOR, ACTION_REPORT);
	bench_list(b, LIST_ACCOUNT, "bulk1\n", LIST_MATCH_ACCOUNT, ACTION_BLANK);
	u = bench_list(b, LIST_SENDER, "MyBank\n", LIST_MATCH_ORIGINATOR, ACTION_REJECT);
	u->folded = true;
	u->status = 0x58;
	put_message(b, "MyB4nk", "447700900001", "hello");
	b->sms.source.ton = 5;
	check(b, ACTION_REJECT, R_list, "MyBank"); /* the most severe one */
	CU_ASSERT_EQUAL(b->verdict.status, 0x58);
	put_message(b, "4915111", "447700900001", "a lottery");
	check(b, ACTION_BLANK, R_list, "bulk1"); /* what refuses goes before the content */
	CU_ASSERT_EQUAL(b->verdict.status, 0);
	b->sms.account = bytes_str("other");
	check(b, ACTION_REJECT, R_rule, NULL); /* the content goes before a report */
	bench_put_text(b, "hello");
	check(b, ACTION_REPORT, R_list, "4915*");
	CU_ASSERT_EQUAL(b->verdict.list_use, 0);
	f = list_facts(b->lists->lists[0]);
	CU_ASSERT(f.n_decided == 1 && f.last_us == 77);
	CU_ASSERT_EQUAL(list_facts(b->lists->lists[2]).n_decided, 1);
	/* a receipt is not content, and nobody's to refuse */
	b->sms.receipt = true;
	check(b, ACTION_PASS, R_receipt, NULL);
	bench_close(b);
}

static void test_ceiling(void)
{
	struct bench *b = begin("1:/lottery/\n");

	b->policy.scopes[0].max_action = ACTION_REPORT;
	bench_list(b, LIST_NUMBER, "4915*\n", LIST_MATCH_ORIGINATOR, ACTION_REJECT)->status = 0x58;
	put_message(b, "4915111", "447700900001", "hello");
	check(b, ACTION_REPORT, R_list, "4915*");
	CU_ASSERT_EQUAL(b->verdict.status, 0);
	bench_close(b);
}

static void test_where(void)
{
	struct bench *b = begin("1:/lottery/\n");
	struct policy_list_use *u =
		bench_list(b, LIST_NUMBER, "4915*\n", LIST_MATCH_ORIGINATOR, ACTION_REJECT);

	u->link = 3;
	u->side = SIDE_OUTSIDE;
	put_message(b, "4915111", "447700900001", "hello");
	check(b, ACTION_PASS, R_none, NULL);
	b->sms.link = 3;
	check(b, ACTION_PASS, R_none, NULL);
	b->sms.side = SIDE_OUTSIDE;
	check(b, ACTION_REJECT, R_list, "4915*");
	bench_close(b);
}

static void test_text(void)
{
	struct bench *b = begin("1:/lottery/\n");

	bench_list(b, LIST_HOST, "evil.example\nbit.ly/abc\n", LIST_MATCH_TEXT, ACTION_REJECT);
	bench_list(b, LIST_HOST, "bank.example\n", LIST_MATCH_TEXT, ACTION_PASS);
	bench_list(b, LIST_NUMBER, "44909*\n44870555\n", LIST_MATCH_TEXT, ACTION_BLANK)
		->country[0] = '\0';
	bench_list(b, LIST_ACCOUNT, "bulk1\n", LIST_MATCH_ACCOUNT, ACTION_REPORT);
	put_message(b, "4915111", "447700900001", "see hxxp://www.evil[.]example/x now");
	check(b, ACTION_REJECT, R_list, "evil.example");
	bench_put_text(b, "see http://bit.ly/abc?x");
	check(b, ACTION_REJECT, R_list, "bit.ly/abc");
	bench_put_text(b, "call +44 909 123 4567");
	check(b, ACTION_BLANK, R_list, "44909*");
	bench_put_text(b, "call 0044870555 now");
	check(b, ACTION_BLANK, R_list, "44870555");
	CU_ASSERT_TRUE(b->verdict.list_hit.number);
	/* never-block in the text goes before the lists of addresses, too */
	bench_put_text(b, "lottery at https://bank.example/ and http://evil.example");
	check(b, ACTION_PASS, R_never_block, "bank.example");
	bench_put_text(b, "no links here");
	check(b, ACTION_REPORT, R_list, "bulk1");
	bench_close(b);
}

/* An address is refused; a never-block list looks into the text: it has the last word. */
static void test_text_before_address(void)
{
	struct bench *b = begin("1:/lottery/\n");

	bench_list(b, LIST_ACCOUNT, "bulk1\n", LIST_MATCH_ACCOUNT, ACTION_REJECT);
	bench_list(b, LIST_HOST, "bank.example\n", LIST_MATCH_TEXT, ACTION_PASS);
	put_message(b, "4915111", "447700900001", "http://bank.example/");
	check(b, ACTION_PASS, R_never_block, "bank.example");
	bench_put_text(b, "http://other.example/");
	check(b, ACTION_REJECT, R_list, "bulk1");
	bench_close(b);
}

static void test_map(void)
{
	static const uint8_t ip[16] = { 0x20, 1, 0xd, 0xb8 };
	struct bench *b = begin("1:/lottery/\n");

	bench_list(b, LIST_IMSI, "26201*\n", LIST_MATCH_IMSI, ACTION_REJECT);
	bench_list(b, LIST_GT, "491770000001\n", LIST_MATCH_CALLING_GT, ACTION_BLANK);
	bench_list(b, LIST_GT, "491770000002\n", LIST_MATCH_CALLED_GT, ACTION_BLANK);
	bench_list(b, LIST_NUMBER, "4917*\n", LIST_MATCH_SMSC, ACTION_REPORT);
	bench_list(b, LIST_NUMBER, "4366*\n", LIST_MATCH_MSISDN, ACTION_REPORT);
	bench_list(b, LIST_IP, "2001:db8::/32\n", LIST_MATCH_FROM_IP, ACTION_REJECT);
	bench_list(b, LIST_CODE, "4711\n", LIST_MATCH_DESTINATION, ACTION_REJECT);
	put_message(b, "1", "2", "hello");
	b->sms.carrier = SMS_MAP;
	b->sms.account = bytes_str("");
	b->sms.imsi = bytes_str("262011234567890");
	check(b, ACTION_REJECT, R_list, "26201*");
	b->sms.imsi = bytes_str("262021234567890");
	b->sms.account = bytes_str("491770000001");
	check(b, ACTION_BLANK, R_list, "491770000001");
	b->sms.account = bytes_str("49177");
	b->sms.called_gt = bytes_str("491770000002");
	check(b, ACTION_BLANK, R_list, "491770000002");
	b->sms.called_gt = bytes_str("");
	b->sms.smsc = (struct sms_address){ 1, 1, bytes_str("49171") };
	check(b, ACTION_REPORT, R_list, "4917*");
	b->sms.smsc.digits = bytes_str("");
	b->sms.msisdn = (struct sms_address){ 1, 1, bytes_str("436641") };
	check(b, ACTION_REPORT, R_list, "4366*");
	/* what MAP has is not looked for in SMPP, whose struct has anything there */
	b->sms.carrier = SMS_SMPP;
	b->sms.imsi = bytes_str("262011234567890");
	check(b, ACTION_PASS, R_none, NULL);
	b->sms.from_ip = ip;
	check(b, ACTION_REJECT, R_list, "2001:db8::/32");
	b->sms.from_ip = NULL;
	b->sms.destination = (struct sms_address){ 3, 0, bytes_str("4711") };
	check(b, ACTION_REJECT, R_list, "4711");
	bench_close(b);
}

/* Of many receivers one is enough to refuse, all are needed for never-block. */
static void test_many_destinations(void)
{
	static const struct smpp_address to[] = { { 1, 1, { (const uint8_t *)"447", 3 } },
		{ 1, 1, { (const uint8_t *)"4499", 4 } },
		{ 1, 1, { (const uint8_t *)"4400", 4 } } };
	struct bench *b = begin("1:/lottery/\n");

	bench_list(b, LIST_NUMBER, "4499\n", LIST_MATCH_DESTINATION, ACTION_REJECT);
	bench_list(b, LIST_NUMBER, "447\n4400\n", LIST_MATCH_DESTINATION, ACTION_PASS);
	put_message(b, "1", "447", "hello");
	b->sms.destinations = to;
	b->sms.n_destinations = 3;
	check(b, ACTION_REJECT, R_list, "4499");
	b->sms.destinations = to + 1;
	b->sms.n_destinations = 1;
	check(b, ACTION_PASS, R_never_block, "447");
	b->sms.destinations = to;
	b->sms.n_destinations = 1;
	check(b, ACTION_PASS, R_never_block, "447");
	bench_close(b);
}

/* A long message that a list has condemned by its text stays so, under the list's name. */
static void test_sibling(void)
{
	struct bench *b = begin("1:/lottery/\n");

	bench_list(b, LIST_HOST, "evil.example\n", LIST_MATCH_TEXT, ACTION_REJECT);
	put_message(b, "4915111", "447700900001", "http://evil.exa");
	b->sms.concat = (struct sms_concat){ 9, 8, 1, 3 };
	check(b, ACTION_PASS, R_none, NULL);
	bench_put_text(b, "mple/x");
	b->sms.concat.part = 2;
	check(b, ACTION_REJECT, R_list, "evil.example");
	bench_put_text(b, "and more");
	b->sms.concat.part = 3;
	check(b, ACTION_REJECT, R_sibling, NULL);
	CU_ASSERT_STRING_EQUAL(b->verdict.sibling_rule, "list/list1");
	CU_ASSERT_EQUAL(b->verdict.rule, VERDICT_NO_RULE);
	bench_close(b);
}

/* ---- samples ---- */

static unsigned acted(struct bench *b, uint8_t percent, uint8_t *who)
{
	unsigned n = 0;

	b->ruleset->rules[0].state = RULE_SAMPLE;
	b->ruleset->rules[0].sample = percent;
	for (unsigned i = 0; i < 2000; i++) {
		char from[16];
		bool acts;

		snprintf(from, sizeof(from), "4915%u", i);
		put_message(b, from, "447700900001", "a lottery");
		acts = judge_it(b)->action == ACTION_REJECT;
		CU_ASSERT_EQUAL(b->verdict.shadow, !acts);
		CU_ASSERT_EQUAL(b->verdict.shadow_action, ACTION_REJECT);
		CU_ASSERT(percent < who[i] || acts); /* who was among fewer is among more */
		who[i] = acts && percent < who[i] ? percent : who[i];
		n += acts;
	}
	return n;
}

static void test_sample(void)
{
	struct bench *b = begin("1:/lottery/\n");
	uint8_t *who = malloc(2000);
	struct rule_count *c;
	unsigned few;
	unsigned many;

	CU_ASSERT_PTR_NOT_NULL_FATAL(who);
	memset(who, 0xFF, 2000);
	few = acted(b, 10, who);
	many = acted(b, 40, who);
	CU_ASSERT(few > 140 && few < 260); /* 200 of 2000; standard deviation 13 */
	CU_ASSERT(many > 700 && many < 900);
	c = b->generation->counts[0];
	CU_ASSERT_EQUAL(c->hits, few + many);
	CU_ASSERT_EQUAL(c->shadow, 4000 - few - many);
	CU_ASSERT_EQUAL(c->decided, few + many);
	/* another key, other senders */
	b->judge.sample_key = 12;
	CU_ASSERT(b->generation != NULL);
	memset(who, 0xFF, 2000);
	CU_ASSERT_NOT_EQUAL(acted(b, 10, who), 0);
	free(who);
	bench_close(b);
}

UNIT_MAIN("judge_lists", { "never block", test_never_block }, { "refuse", test_refuse },
	{ "ceiling", test_ceiling }, { "where", test_where }, { "text", test_text },
	{ "text before address", test_text_before_address }, { "map", test_map },
	{ "many destinations", test_many_destinations }, { "sibling", test_sibling },
	{ "sample", test_sample }, { "look-alikes of hosts", test_look_alike_hosts },
	{ "pairs", test_pairs }, { "pairs of many", test_pairs_of_many })
