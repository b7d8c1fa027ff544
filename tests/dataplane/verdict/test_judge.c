/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/judge.h"

#include "dataplane/sms/from_smpp.h"
#include "dataplane/verdict/edit.h"
#include "tests/dataplane/verdict/judge_rig.h"

static void put_body(
	struct bench *b, const uint8_t *octets, size_t len, enum text_encoding encoding)
{
	struct sms_body *body = &b->sms.body[b->sms.n_bodies];
	uint8_t *to = b->judge.buffers.text;

	if (b->sms.n_bodies != 0) {
		struct bytes before = body[-1].text;

		to += (size_t)(before.data - to) + before.len;
		*to++ = '\n';
	}
	*body = (struct sms_body){ .octets = bytes_of(octets, len) };
	body->input = (struct text_input){ .data = body->octets, .encoding = (uint8_t)encoding };
	if (encoding == TEXT_GSM7_PACKED) {
		body->input.n_septets = (uint16_t)(len * 8 / 7);
	}
	body->text = bytes_of(to, text_decode(&body->input, to, 65536, NULL, &b->sms.text_stats));
	b->sms.n_bodies++;
}

static void put_message(struct bench *b, const char *text)
{
	b->sms = (struct sms){ .source.digits = bytes_str("4917012345"),
		.destination.digits = bytes_str("4915155555") };
	put_body(b, (const uint8_t *)text, strlen(text), TEXT_UTF8);
}

static const struct verdict *judge_it(struct bench *b)
{
	if (b->generation == NULL) {
		bench_publish(b);
	}
	judge_message(&b->judge, b->generation, &b->sms, 1, true, &b->stats, &b->verdict);
	return &b->verdict;
}

static const struct verdict *judge_text(struct bench *b, const char *text)
{
	put_message(b, text);
	return judge_it(b);
}

static const char *rule_of(const struct bench *b)
{
	return b->verdict.rule == VERDICT_NO_RULE ? "" : b->ruleset->rules[b->verdict.rule].id;
}

static void test_bare_rule(void)
{
	struct bench *b = bench_open("1:/lottery/i\n2:/prize/\n", ACTION_REJECT);
	const struct verdict *v = judge_text(b, "You won the Lottery");

	CU_ASSERT_EQUAL(v->action, ACTION_REJECT);
	CU_ASSERT_EQUAL(v->reason, R_rule);
	CU_ASSERT_STRING_EQUAL(rule_of(b), "1");
	CU_ASSERT_EQUAL(v->score, 100);
	CU_ASSERT_EQUAL(v->generation, 1);
	CU_ASSERT_EQUAL(v->status, 0);
	CU_ASSERT_FALSE(v->shadow);
	CU_ASSERT_EQUAL(v->hits.n, 1);
	v = judge_text(b, "a prize in the lottery"); /* both: the lowest index of equal weights */
	CU_ASSERT_STRING_EQUAL(rule_of(b), "1");
	CU_ASSERT_EQUAL(v->score, 200);
	CU_ASSERT_EQUAL(v->reason, R_rule);
	v = judge_text(b, "see you at five");
	CU_ASSERT_EQUAL(v->action, ACTION_PASS);
	CU_ASSERT_EQUAL(v->reason, R_none);
	CU_ASSERT_EQUAL(v->rule, VERDICT_NO_RULE);
	CU_ASSERT_EQUAL(v->hits.n, 0);
	bench_close(b);
}

static void test_not_looked_at(void)
{
	struct bench *b = bench_open("1:/secret/\n2:/^Bank$/ field=sender\n", ACTION_REJECT);

	put_message(b, "a secret");
	b->sms.receipt = true;
	CU_ASSERT_EQUAL(judge_it(b)->reason, R_receipt);
	CU_ASSERT_EQUAL(b->verdict.action, ACTION_PASS);
	CU_ASSERT_EQUAL(b->stats.counter[STAT_receipts], 1);
	CU_ASSERT_EQUAL(judge_text(b, "")->reason, R_no_content);
	b->sms.compressed = true;
	CU_ASSERT_EQUAL(judge_it(b)->reason, R_compressed);
	/* the sender counts even without a text */
	b->sms.source.digits = bytes_str("Bank");
	CU_ASSERT_EQUAL(judge_it(b)->action, ACTION_REJECT);
	CU_ASSERT_EQUAL(b->verdict.reason, R_rule);
	b->policy.scopes[0].content = false;
	bench_publish(b);
	CU_ASSERT_EQUAL(judge_text(b, "a secret")->reason, R_content_off);
	CU_ASSERT_EQUAL(b->verdict.action, ACTION_PASS);
	bench_close(b);
}

static void test_weights(void)
{
	static const char rules[] = "a:/alpha/ category=x weight=60\n"
				    "b:/beta/ category=x weight=50\n"
				    "c:/gamma/ category=y weight=90\n"
				    "d:/delta/ category=y weight=-40\n"
				    "e:/epsilon/ action=blank weight=1\n"
				    "f:/zeta/ action=pass weight=1000\n"
				    "g:/eta!/ category=x weight=500 action=report\n"
				    "h:/theta/ category=y weight=120 status=0x58\n";
	static const struct {
		const char *text;
		enum rule_action action;
		enum reason reason;
		const char *rule;
		int32_t score;
		uint32_t status;
	} cases[] = {
		{ "alpha", ACTION_REPORT, R_rule, "a", 60, 0 },
		{ "beta", ACTION_PASS, R_none, "", 50, 0 },
		{ "alpha beta", ACTION_REJECT, R_score, "a", 110, 0x45 },
		{ "alpha alpha alpha", ACTION_REPORT, R_rule, "a", 60, 0 },
		{ "gamma", ACTION_REDACT, R_rule, "c", 90, 0 },
		{ "gamma delta", ACTION_REPORT, R_rule, "c", 50, 0 },
		{ "alpha gamma", ACTION_REDACT, R_rule, "c", 90, 0 },
		{ "epsilon", ACTION_BLANK, R_rule, "e", 1, 0 },
		{ "epsilon gamma", ACTION_BLANK, R_rule, "e", 1, 0 },
		{ "epsilon alpha beta", ACTION_REJECT, R_score, "a", 110, 0x45 },
		{ "zeta", ACTION_PASS, R_none, "", 1000, 0 },
		{ "zeta alpha", ACTION_REPORT, R_rule, "a", 60, 0 },
		{ "eta! beta", ACTION_REPORT, R_rule, "g", 500, 0 }, /* adds nothing to x */
		{ "theta", ACTION_REJECT, R_rule, "h", 120, 0x58 },
		{ "theta alpha beta", ACTION_REJECT, R_rule, "h", 120, 0x58 },
	};
	struct bench *b = bench_open(rules, ACTION_PASS);
	struct policy_scope *s = &b->policy.scopes[0];

	for (unsigned i = 0; i < s->n_categories; i++) {
		s->categories[i].threshold[ACTION_REPORT] = 50 + (s->categories[i].name[0] == 'x');
		s->categories[i].threshold[ACTION_REDACT] =
			s->categories[i].name[0] == 'y' ? 90 : POLICY_NEVER;
		s->categories[i].threshold[ACTION_REJECT] = 100;
		s->categories[i].status = 0x45;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct verdict *v = judge_text(b, cases[i].text);

		if (v->action != cases[i].action || v->reason != cases[i].reason ||
			v->score != cases[i].score || v->status != cases[i].status ||
			strcmp(rule_of(b), cases[i].rule) != 0) {
			CU_FAIL("weights");
			printf("\"%s\": action %u reason %u score %d status %x rule %s\n",
				cases[i].text, v->action, v->reason, v->score, v->status,
				rule_of(b));
		}
	}
	s->max_action = ACTION_REPORT;
	bench_publish(b);
	CU_ASSERT_EQUAL(judge_text(b, "alpha beta")->action, ACTION_REPORT);
	CU_ASSERT_EQUAL(b->verdict.status, 0);
	CU_ASSERT_EQUAL(b->verdict.reason, R_score);
	bench_close(b);
}

static void test_shadow(void)
{
	struct bench *b = bench_open("1:/lottery/ state=shadow\n2:/prize/ weight=60\n"
				     "3:/bonus/ weight=60 state=shadow\n",
		ACTION_REJECT);
	const struct verdict *v = judge_text(b, "the lottery");

	CU_ASSERT_EQUAL(v->action, ACTION_PASS);
	CU_ASSERT_EQUAL(v->reason, R_none);
	CU_ASSERT_TRUE(v->shadow);
	CU_ASSERT_EQUAL(v->shadow_action, ACTION_REJECT);
	CU_ASSERT_EQUAL(v->hits.n, 1);
	v = judge_text(b, "a prize, a bonus");
	CU_ASSERT_EQUAL(v->action, ACTION_PASS);
	CU_ASSERT_EQUAL(v->score, 60);
	CU_ASSERT_EQUAL(v->shadow_action, ACTION_REJECT);
	v = judge_text(b, "a prize");
	CU_ASSERT_FALSE(v->shadow);
	CU_ASSERT_EQUAL(v->shadow_action, ACTION_PASS);
	CU_ASSERT_EQUAL(b->stats.counter[STAT_shadow_hits], 2);
	bench_close(b);
}

static void test_views(void)
{
	static const char rules[] = "fold:/your prize/ view=folded\n"
				    "sent:/PrIzE/\n"
				    "url:/^https?:.*evil\\.example/ field=url\n"
				    "number:/^\\+?4790012345$/ field=number\n"
				    "sender:/^paypal$/ field=sender view=folded\n"
				    "latin:/^caf\\x{e9}$/ field=sender\n";
	static const struct {
		const char *sender;
		const char *text;
		const char *rule;
	} cases[] = {
		{ "1", "Your Prize",
			"fold" }, /* nothing but case: the text itself is looked into */
		{ "1", "y\xC3\xB3ur  pr\xC3\xADze", "fold" },
		{ "1", "your\xE2\x80\x8B pri\xE2\x80\x8Bze", "fold" }, /* zero width space */
		{ "1", "our PrIzE", "sent" },
		{ "1", "see http://evil.example/x now", "url" },
		{ "1", "evil example http", "" },
		{ "1", "call +47 900 12 345 now", "number" },
		{ "PayPal", "hello", "sender" },
		{ "P\xC3\xA1yPal", "hello", "sender" },
		{ "caf\xE9", "hello", "latin" }, /* no UTF-8: read as Latin-1 */
		{ "caf\xC3\xA9", "hello", "latin" },
		{ "1", "hello", "" },
	};
	struct bench *b = bench_open(rules, ACTION_REJECT);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_message(b, cases[i].text);
		b->sms.source.digits = bytes_str(cases[i].sender);
		judge_it(b);
		if (strcmp(rule_of(b), cases[i].rule) != 0) {
			CU_FAIL("views");
			printf("case %zu: %s\n", i, rule_of(b));
		}
	}
	CU_ASSERT_TRUE(b->stats.counter[STAT_scans] >= sizeof(cases) / sizeof(cases[0]));
	CU_ASSERT_EQUAL(b->stats.reason[R_scan_error], 0);
	bench_close(b);
}

static void test_two_bodies(void)
{
	struct bench *b = bench_open("1:/one.two/s\n2:/three/\n", ACTION_REJECT);

	put_message(b, "one");
	put_body(b, (const uint8_t *)"two", 3, TEXT_LATIN1);
	CU_ASSERT_EQUAL(judge_it(b)->action, ACTION_REJECT);
	CU_ASSERT_STRING_EQUAL(rule_of(b), "1");
	put_message(b, "one");
	put_body(b, (const uint8_t *)"three", 5, TEXT_LATIN1);
	CU_ASSERT_EQUAL(judge_it(b)->action, ACTION_REJECT);
	CU_ASSERT_STRING_EQUAL(rule_of(b), "2");
	bench_close(b);
}

static const struct verdict *judge_part(
	struct bench *b, uint16_t reference, uint8_t part, uint8_t total, const char *text)
{
	put_message(b, text);
	b->sms.concat = (struct sms_concat){ reference, 8, part, total };
	return judge_it(b);
}

static void test_parts(void)
{
	struct bench *b = bench_open("p:/free lottery ticket/ status=0x66\n", ACTION_REJECT);
	const struct verdict *v;

	/* the part that completes the match is refused, later and repeated ones as its siblings */
	v = judge_part(b, 1, 3, 4, "y ticket");
	CU_ASSERT_EQUAL(v->action, ACTION_PASS);
	v = judge_part(b, 1, 1, 4, "a free lo");
	CU_ASSERT_EQUAL(v->action, ACTION_PASS);
	v = judge_part(b, 1, 2, 4, "tter");
	CU_ASSERT_EQUAL(v->action, ACTION_REJECT);
	CU_ASSERT_EQUAL(v->reason, R_rule);
	CU_ASSERT_TRUE(b->judge.views.joined);
	CU_ASSERT_EQUAL(b->judge.views.joined_first, 1);
	CU_ASSERT_EQUAL(b->judge.views.joined_last, 3);
	CU_ASSERT_EQUAL(b->judge.views.passed[0], (1 << 1) | (1 << 3));
	v = judge_part(b, 1, 4, 4, "harmless");
	CU_ASSERT_EQUAL(v->action, ACTION_REJECT);
	CU_ASSERT_EQUAL(v->reason, R_sibling);
	CU_ASSERT_EQUAL(v->status, 0x66);
	CU_ASSERT_STRING_EQUAL(v->sibling_rule, "p");
	CU_ASSERT_STRING_EQUAL(rule_of(b), "p");
	/* under another generation the index would name another rule */
	b->generation->number = 2;
	v = judge_part(b, 1, 1, 4, "a free lo");
	CU_ASSERT_EQUAL(v->reason, R_sibling);
	CU_ASSERT_EQUAL(v->rule, VERDICT_NO_RULE);
	CU_ASSERT_STRING_EQUAL(v->sibling_rule, "p");
	/* the benign twin */
	CU_ASSERT_EQUAL(judge_part(b, 2, 1, 2, "a free lo")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(judge_part(b, 2, 2, 2, "ng evening")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(b->stats.counter[STAT_parts], 7);
	bench_close(b);
}

/* every cut of the phrase over 2 and 3 parts, in every order */
static void test_parts_cut_everywhere(void)
{
	static const char phrase[] = "win a free prize";
	static const uint8_t orders[6][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 }, { 2, 3, 1 },
		{ 3, 1, 2 }, { 3, 2, 1 } };
	struct bench *b = bench_open("1:/win a free prize/\n", ACTION_REJECT);
	size_t n = sizeof(phrase) - 1;
	uint16_t reference = 0;
	unsigned wrong = 0;

	for (size_t i = 0; i <= n; i++) {
		for (size_t j = i; j <= n; j++) {
			for (unsigned o = 0; o < 6; o++) {
				char parts[3][32];
				unsigned refused = 0;

				snprintf(parts[0], 32, "%.*s", (int)i, phrase);
				snprintf(parts[1], 32, "%.*s", (int)(j - i), phrase + i);
				snprintf(parts[2], 32, "%s", phrase + j);
				reference++;
				for (unsigned k = 0; k < 3; k++) {
					uint8_t p = orders[o][k];

					refused += judge_part(b, reference, p, 3, parts[p - 1])
					                   ->action == ACTION_REJECT;
				}
				wrong += refused == 0;
				concat_expire(b->concat, 10000000, 1024);
			}
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	bench_close(b);
}

static void test_not_remembered(void)
{
	struct bench *b = bench_open("1:/free prize/\n", ACTION_REJECT);

	bench_publish(b);
	put_message(b, "a free ");
	b->sms.concat = (struct sms_concat){ 9, 8, 1, 2 };
	judge_message(&b->judge, b->generation, &b->sms, 1, false, &b->stats, &b->verdict);
	CU_ASSERT_EQUAL(concat_count(b->concat), 0);
	CU_ASSERT_EQUAL(judge_part(b, 9, 2, 2, "prize")->action, ACTION_PASS);
	put_message(b, "a free ");
	b->sms.concat = (struct sms_concat){ 9, 8, 1, 2 };
	judge_message(&b->judge, b->generation, &b->sms, 1, false, &b->stats, &b->verdict);
	CU_ASSERT_EQUAL(b->verdict.action, ACTION_REJECT); /* read, and not condemned */
	CU_ASSERT_EQUAL(judge_part(b, 9, 2, 2, "prize")->reason, R_none);
	bench_close(b);
}

static void test_alone(void)
{
	struct bench *b = bench_open("1:/free prize/\n", ACTION_REJECT);

	b->judge.concat = NULL;
	CU_ASSERT_EQUAL(judge_part(b, 9, 1, 2, "a free")->reason, R_none);
	CU_ASSERT_EQUAL(judge_part(b, 9, 1, 2, "a free prize")->action, ACTION_REJECT);
	bench_close(b);
}

/* ---- redaction ---- */

static struct judge_span spans[LIMIT_HITS];

/* redacted: judges, redacts and decodes again; body by body into `out`. */
static const char *redacted(struct bench *b, char *out, size_t size)
{
	static uint8_t octets[70000];
	uint32_t n = judge_spans(&b->judge, b->generation, &b->sms, &b->verdict, spans, LIMIT_HITS);
	size_t at = 0;

	for (unsigned i = 0; i < b->sms.n_bodies; i++) {
		const struct sms_body *body = &b->sms.body[i];
		struct text_input in = body->input;
		struct text_stats stats;

		memcpy(octets, body->octets.data, body->octets.len);
		for (uint32_t k = 0; k < n; k++) {
			if (spans[k].body == i) {
				text_blank(&body->input, octets, spans[k].from, spans[k].to);
			}
			CU_ASSERT_TRUE(
				spans[k].from < spans[k].to &&
				spans[k].to <= text_units(&b->sms.body[spans[k].body].input));
		}
		in.data.data = octets;
		if (i != 0) {
			out[at++] = '|';
		}
		at += text_decode(&in, (uint8_t *)out + at, size - at - 1, NULL, &stats);
	}
	out[at] = '\0';
	return out;
}

static void test_redact(void)
{
	static const char rules[] = "card:/[45][0-9]{15}/L action=redact\n"
				    "word:/secret\\w*/ action=redact\n"
				    "fold:/bad +word/L view=folded action=redact\n"
				    "url:/evil/ field=url action=redact\n"
				    "note:/friend/ action=report\n"
				    "who:/^crook$/ field=sender action=redact\n";
	static const struct {
		const char *sender;
		const char *text;
		const char *left;
	} cases[] = {
		{ "1", "pay 4111111111111111 now", "pay                  now" },
		/* every match, not only the first */
		{ "1", "4111111111111111,5111111111111111", "                ,                " },
		/* no start of match: from the beginning to the end of the word */
		{ "1", "my secretary left", "             left" },
		{ "1",
			"say B\xC3\xA1"
			"d   W\xC3\xB3rd, friend",
			"say             , friend" },
		{ "1", "b a d word: no", "          : no" },
		{ "1", "look at http://evil.example/a?b=1 friend",
			"look at                           friend" },
		{ "crook", "hello friend", "            " },
	};
	struct bench *b = bench_open(rules, ACTION_REPORT);
	char out[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_message(b, cases[i].text);
		b->sms.source.digits = bytes_str(cases[i].sender);
		CU_ASSERT_EQUAL(judge_it(b)->action, ACTION_REDACT);
		if (strcmp(redacted(b, out, sizeof(out)), cases[i].left) != 0) {
			CU_FAIL("redact");
			printf("case %zu: \"%s\"\n", i, out);
		}
	}
	bench_close(b);
}

/* the message's own alphabet: TS 23.038 6.2.1 packed and not, UCS-2; ranges are units of it */
static void test_redact_alphabets(void)
{
	static const uint8_t ucs2[] = { 0, 'a', 0, ' ', 0x04, 0x3F, 0x04, 0x38, 0x04, 0x3D, 0, ' ',
		0, 'b' };
	static const uint8_t gsm[] = { 'a', ' ', 0x1B, 0x65, 'x', 0x1B, 0x65, ' ',
		'b' }; /* euro x euro */
	struct bench *b = bench_open("pin:/\\x{43f}\\x{438}\\x{43d}/L action=redact\n"
				     "euro:/\\x{20ac}x\\x{20ac}/L action=redact\n",
		ACTION_REPORT);
	char out[256];

	bench_publish(b);
	b->sms = (struct sms){ .source.digits = bytes_str("1") };
	put_body(b, ucs2, sizeof(ucs2), TEXT_UTF16BE);
	CU_ASSERT_EQUAL(judge_it(b)->action, ACTION_REDACT);
	CU_ASSERT_STRING_EQUAL(redacted(b, out, sizeof(out)), "a     b");
	b->sms = (struct sms){ .source.digits = bytes_str("1") };
	put_body(b, gsm, sizeof(gsm), TEXT_GSM7_UNPACKED);
	CU_ASSERT_EQUAL(judge_it(b)->action, ACTION_REDACT);
	CU_ASSERT_STRING_EQUAL(redacted(b, out, sizeof(out)), "a       b");
	/* two bodies of two alphabets */
	b->sms = (struct sms){ .source.digits = bytes_str("1") };
	put_body(b, gsm, sizeof(gsm), TEXT_GSM7_UNPACKED);
	put_body(b, ucs2, sizeof(ucs2), TEXT_UTF16BE);
	CU_ASSERT_EQUAL(judge_it(b)->action, ACTION_REDACT);
	CU_ASSERT_STRING_EQUAL(redacted(b, out, sizeof(out)), "a       b|a     b");
	bench_close(b);
}

/* only this part's share of the match can still be taken out */
static void test_redact_part(void)
{
	struct bench *b = bench_open("1:/4[0-9]{7}/L action=redact\n", ACTION_REPORT);
	char out[256];

	CU_ASSERT_EQUAL(judge_part(b, 3, 1, 3, "pay 412")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(judge_part(b, 3, 2, 3, "34567 now")->action, ACTION_REDACT);
	CU_ASSERT_STRING_EQUAL(redacted(b, out, sizeof(out)), "      now");
	/* not condemned; and a match that lies in parts that had passed takes nothing from this one */
	CU_ASSERT_EQUAL(judge_part(b, 3, 3, 3, " please")->action, ACTION_REDACT);
	CU_ASSERT_STRING_EQUAL(redacted(b, out, sizeof(out)), " please");
	/* two texts of one neighbour: the part stands beside each */
	CU_ASSERT_EQUAL(judge_part(b, 4, 1, 2, "pay 412")->action, ACTION_PASS);
	CU_ASSERT_EQUAL(judge_part(b, 4, 1, 2, "pay you")->action, ACTION_PASS);
	CU_ASSERT_TRUE(b->judge.views.concat_conflict);
	CU_ASSERT_EQUAL(judge_part(b, 4, 2, 2, "34567 now")->action, ACTION_REDACT);
	CU_ASSERT_STRING_EQUAL(redacted(b, out, sizeof(out)), "      now");
	bench_close(b);
}

/* what cannot be told apart is taken out whole */
static void test_redact_whole(void)
{
	static char text[40000];
	static char out[120000];
	struct bench *b = bench_open("1:/\\d{8}/L action=redact\n", ACTION_REPORT);
	bool blank = true;

	for (size_t i = 0; i < 30000; i++) {
		text[i] = i % 10 == 9 ? 'x' : '1';
	}
	text[30000] = '\0'; /* above JUDGE_SPAN_TEXT_MAX */
	CU_ASSERT_EQUAL(judge_text(b, text)->action, ACTION_REDACT);
	redacted(b, out, sizeof(out));
	for (size_t i = 0; i < 30000; i++) {
		blank = blank && out[i] == ' ';
	}
	CU_ASSERT_TRUE(blank);
	text[2000] = '\0'; /* more matches than rounds */
	blank = true;
	CU_ASSERT_EQUAL(judge_text(b, text)->action, ACTION_REDACT);
	redacted(b, out, sizeof(out));
	for (size_t i = 0; i < 2000; i++) {
		blank = blank && (out[i] == ' ' || out[i] == 'x');
	}
	CU_ASSERT_TRUE(blank);
	bench_close(b);
}

/* rules whose category redacts are found by the category, others stay */
static void test_redact_category(void)
{
	struct bench *b =
		bench_open("1:/alpha/L category=x weight=60\n2:/beta/L category=x weight=60\n"
			   "3:/gamma/L category=y\n",
			ACTION_REPORT);
	char out[256];

	for (unsigned i = 0; i < b->policy.scopes[0].n_categories; i++) {
		if (b->policy.scopes[0].categories[i].name[0] == 'x') {
			b->policy.scopes[0].categories[i].threshold[ACTION_REDACT] = 120;
		}
	}
	CU_ASSERT_EQUAL(judge_text(b, "alpha gamma")->action, ACTION_REPORT);
	CU_ASSERT_EQUAL(judge_text(b, "alpha beta gamma alpha")->action, ACTION_REDACT);
	CU_ASSERT_STRING_EQUAL(redacted(b, out, sizeof(out)), "           gamma      ");
	bench_close(b);
}

/* At each rule that hit: the message, the text it was judged by, its share of the time. */
static void test_counts(void)
{
	struct bench *b =
		bench_open("1:/lottery/\n2:/won/\n3:/quiet/ state=shadow\n", ACTION_REDACT);
	struct rule_count *c;

	b->stats.timed = 64;
	(void)judge_text(b, "you won a quiet lottery");
	c = b->generation->counts[0];
	(void)redacted(b, (char[256]){ 0 }, 256); /* overwrites what was looked at */
	judge_count_rules(&b->judge, b->generation, &b->verdict, 77);
	CU_ASSERT_EQUAL(c[0].hits, 1);
	CU_ASSERT_EQUAL(c[1].hits, 1);
	CU_ASSERT_EQUAL(c[2].hits, 0);
	CU_ASSERT_EQUAL(c[2].shadow, 1);
	CU_ASSERT_EQUAL(c[0].decided + c[1].decided, 1);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(c[i].octets, 23);
		CU_ASSERT_EQUAL(c[i].last_us, 77);
		CU_ASSERT(c[i].cycles > 0);
		CU_ASSERT_EQUAL(c[i].cycles, c[0].cycles);
	}
	b->stats.timed = 0; /* most bursts are not */
	(void)judge_text(b, "the lottery");
	judge_count_rules(&b->judge, b->generation, &b->verdict, 78);
	CU_ASSERT_EQUAL(c[0].hits, 2);
	CU_ASSERT_EQUAL(c[0].octets, 34);
	CU_ASSERT_EQUAL(c[0].cycles, c[1].cycles);
	CU_ASSERT(generation_size(b->generation) > 3 * sizeof(struct rule_count));
	bench_close(b);
}

UNIT_MAIN("verdict/judge", { "bare rule", test_bare_rule }, { "counts", test_counts },
	{ "not looked at", test_not_looked_at }, { "weights", test_weights },
	{ "shadow", test_shadow }, { "views", test_views }, { "two bodies", test_two_bodies },
	{ "parts", test_parts }, { "parts: cut everywhere", test_parts_cut_everywhere },
	{ "not remembered", test_not_remembered }, { "alone", test_alone },
	{ "redact", test_redact }, { "redact: alphabets", test_redact_alphabets },
	{ "redact: a part", test_redact_part }, { "redact: whole", test_redact_whole },
	{ "redact: by category", test_redact_category })
