/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/signalling.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/unit.h"

#define BIT(check) (UINT32_C(1) << SIGNALLING_##check)
#define SEEN(kind) (UINT32_C(1) << SIGNALLING_SEEN_##kind)
#define S          CLOCK_US_PER_S
#define START      (UINT64_C(1700000000) * S)

/* Numbers of the tests: 43664... is home, 35987... a foreign network, 49171... a partner. */
#define HOME_SMSC    "4366400000001"
#define FOREIGN      "359870000001"
#define FOREIGN_TWIN "359870000999" /* of the same network: the first seven digits */
#define PARTNER      "491710000001"

struct bench {
	struct signalling_table_config table_config;
	struct signalling_config config;
	struct signalling_finding out;
	struct signalling *s;
	uint64_t now_us;
	uint32_t otid;
	uint8_t link;
};

static struct bench *bench_new(uint32_t entries)
{
	static const struct signalling_config config = { .gt_digits = 7,
		.window_us = 600 * S,
		.sri_min = 100,
		.sri_per_mt = 10,
		.unused_max = 50,
		.scan_max = 100,
		.scan_percent = 50,
		.scan_run = 20,
		.ber_max = 3,
		.n_home_gt = 1,
		.home_gt = { { "43664" } },
		.n_home_msisdn = 2,
		.home_msisdn = { { "43664" }, { "43680" } },
		.n_roaming_gt = 1,
		.roaming_gt = { { "49171" } } };
	struct bench *b = calloc(1, sizeof(*b));
	void *memory;

	if (b == NULL) {
		abort();
	}
	b->table_config = (struct signalling_table_config){ .entries_max = entries,
		.age_us = 3600 * S,
		.delivery_us = 60 * S,
		.learn_us = 0,
		.hash_key = 7 };
	b->config = config;
	memset(b->config.action, SIGNALLING_REPORT, sizeof(b->config.action));
	memory = aligned_alloc(64, (signalling_size(&b->table_config) + 63) / 64 * 64);
	if (memory == NULL) {
		abort();
	}
	b->s = signalling_init(memory, &b->table_config);
	b->now_us = START;
	return b;
}

static void bench_free(struct bench *b)
{
	free(b->s);
	free(b);
}

/* see: `otid` of the bench becomes the event's otid, or dtid of an answer. */
static uint32_t see(struct bench *b, struct signalling_event e)
{
	uint8_t id[4];
	bool answer = e.component != TCAP_INVOKE;

	put_be32(id, b->otid);
	e.now_us = b->now_us;
	e.link = b->link;
	if (answer) {
		e.dtid = bytes_of(id, sizeof(id));
	} else {
		e.otid = bytes_of(id, sizeof(id));
	}
	return signalling_see(b->s, &b->config, &e, &b->out);
}

static uint32_t sri(struct bench *b, const char *gt, const char *msisdn)
{
	b->otid++;
	return see(b, (struct signalling_event){ .side = SIDE_OUTSIDE,
			      .component = TCAP_INVOKE,
			      .operation = GSMMAP_SEND_ROUTING_INFO,
			      .invoke_id = 1,
			      .calling_gt = bytes_str(gt),
			      .called_gt = bytes_str(msisdn),
			      .msisdn = bytes_str(msisdn),
			      .smsc = bytes_str(gt) });
}

static uint32_t sri_answer(struct bench *b, const char *gt, const char *imsi)
{
	return see(b, (struct signalling_event){ .side = SIDE_INSIDE,
			      .component = TCAP_RESULT_LAST,
			      .operation = TCAP_NO_CODE,
			      .invoke_id = 1,
			      .calling_gt = bytes_str("436640000099"),
			      .called_gt = bytes_str(gt),
			      .imsi = bytes_str(imsi) });
}

static uint32_t error(struct bench *b, const char *gt, int32_t code)
{
	return see(b, (struct signalling_event){ .component = TCAP_ERROR,
			      .operation = TCAP_NO_CODE,
			      .error = code,
			      .invoke_id = 1,
			      .called_gt = bytes_str(gt) });
}

static uint32_t mt(struct bench *b, const char *gt, const char *smsc, const char *imsi)
{
	b->otid++;
	return see(b, (struct signalling_event){ .side = SIDE_OUTSIDE,
			      .component = TCAP_INVOKE,
			      .operation = GSMMAP_MT_FORWARD_SM,
			      .to_mobile = true,
			      .invoke_id = 1,
			      .calling_gt = bytes_str(gt),
			      .called_gt = bytes_str("436640000050"),
			      .smsc = bytes_str(smsc),
			      .imsi = bytes_str(imsi) });
}

static uint32_t mo(struct bench *b, const char *from_gt, const char *to_gt, const char *smsc,
	const char *msisdn)
{
	b->otid++;
	return see(b, (struct signalling_event){ .side = SIDE_OUTSIDE,
			      .component = TCAP_INVOKE,
			      .operation = GSMMAP_MO_FORWARD_SM,
			      .invoke_id = 1,
			      .calling_gt = bytes_str(from_gt),
			      .called_gt = bytes_str(to_gt),
			      .smsc = bytes_str(smsc),
			      .msisdn = bytes_str(msisdn) });
}

/* number: `n` of them follow no order. */
static const char *number(char *text, size_t size, const char *prefix, uint32_t n)
{
	snprintf(text, size, "%s%08u", prefix, (n * 2654435761u) % 100000000u);
	return text;
}

static void test_smsc_gt(void)
{
	static const struct {
		const char *gt, *smsc;
		bool national, found;
	} cases[] = { { FOREIGN, FOREIGN, false, false }, { FOREIGN, FOREIGN_TWIN, false, false },
		{ FOREIGN, HOME_SMSC, false, true }, { FOREIGN, "35986", false, true },
		{ FOREIGN, "359860000001", false, true }, { "", HOME_SMSC, false, false },
		{ FOREIGN, "", false, false }, { "35987", "35987", false, false },
		{ FOREIGN, "35987", false, true }, { FOREIGN, "0870000001", true, false },
		{ FOREIGN, "870000001", true, false }, { FOREIGN, "0880000001", true, true },
		{ FOREIGN, "0", true, true } };
	struct bench *b = bench_new(1024);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct signalling_event e = { .component = TCAP_INVOKE,
			.operation = GSMMAP_MT_FORWARD_SM,
			.to_mobile = true,
			.calling_gt = bytes_str(cases[i].gt),
			.called_gt = bytes_str("43664"),
			.smsc = bytes_str(cases[i].smsc),
			.smsc_national = cases[i].national };

		CU_ASSERT_EQUAL(see(b, e), cases[i].found ? BIT(SMSC_GT) : 0);
		CU_ASSERT_EQUAL(b->out.fresh, b->out.checks);
		/* v1 and v2 have one code for both ways (TS 29.002 17.5) */
		e.operation = GSMMAP_MO_FORWARD_SM;
		CU_ASSERT_EQUAL(see(b, e), cases[i].found ? BIT(SMSC_GT) : 0);
		/* of a mobile originated message it is whom it is sent to */
		e.to_mobile = false;
		e.calling_gt = bytes_str(PARTNER);
		e.called_gt = bytes_str(cases[i].gt);
		CU_ASSERT_EQUAL(see(b, e), cases[i].found ? BIT(SMSC_GT) : 0);
	}
	b->config.gt_digits = 5;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, "35987", ""), 0);
	bench_free(b);
}

static void test_mt_without_sri(void)
{
	struct bench *b = bench_new(1024);

	/* nobody was told anything so far: the check cannot see */
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), 0);
	CU_ASSERT_EQUAL(sri(b, FOREIGN, "436641111111"), 0);
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), 0);
	b->otid = 2; /* the answer meets the question */
	CU_ASSERT_EQUAL(sri_answer(b, FOREIGN, "232010000000001"), 0);
	CU_ASSERT_EQUAL(signalling_gauges(b->s).told, 1);
	b->otid = 100;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), 0);
	CU_ASSERT_EQUAL(mt(b, FOREIGN_TWIN, FOREIGN_TWIN, "232010000000001"), 0);
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000002"), BIT(MT_WITHOUT_SRI));
	CU_ASSERT_EQUAL(b->out.action, SIGNALLING_REPORT);
	CU_ASSERT_EQUAL(b->out.check, SIGNALLING_MT_WITHOUT_SRI);
	CU_ASSERT_EQUAL(mt(b, PARTNER, PARTNER, "232010000000001"), BIT(MT_WITHOUT_SRI));
	/* a further message of a dialogue names nobody */
	CU_ASSERT_EQUAL(mt(b, PARTNER, PARTNER, ""), 0);
	/* it holds for its age, also across links */
	b->link = 3;
	b->now_us += 3599 * S;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), 0);
	b->now_us += 2 * S;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), BIT(MT_WITHOUT_SRI));
	bench_free(b);
}

/* Nobody vouches for himself: an answer counts only where its question was seen. */
static void test_invented_answers(void)
{
	struct bench *b = bench_new(1024);

	(void)sri(b, PARTNER, "436641111111");
	(void)sri_answer(b, PARTNER, "232010000000009");
	b->otid = 77;
	(void)sri_answer(b, FOREIGN, "232010000000001"); /* no question */
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), BIT(MT_WITHOUT_SRI));
	(void)sri(b, FOREIGN, "436641111111");
	(void)sri_answer(b, PARTNER, "232010000000001"); /* of somebody else's */
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), BIT(MT_WITHOUT_SRI));
	b->otid = 500;
	(void)mt(b, FOREIGN, FOREIGN, "232010000000001");
	(void)sri_answer(b, FOREIGN, "232010000000001"); /* to an MT */
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), BIT(MT_WITHOUT_SRI));
	b->otid = 600;
	(void)sri(b, FOREIGN, "436641111111");
	b->now_us += 62 * S; /* too late */
	(void)sri_answer(b, FOREIGN, "232010000000001");
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), BIT(MT_WITHOUT_SRI));
	(void)sri(b, FOREIGN, "436641111111");
	(void)sri_answer(b, FOREIGN, "232010000000001");
	(void)sri_answer(b, FOREIGN, "232010000000002"); /* a second one to the same question */
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001"), 0);
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000002"), BIT(MT_WITHOUT_SRI));
	bench_free(b);
}

static void test_learning(void)
{
	struct bench *b = bench_new(1024);
	void *memory = b->s;

	b->table_config.learn_us = 10 * S;
	b->s = signalling_init(memory, &b->table_config);
	b->now_us += 1000 * S;
	(void)sri(b, FOREIGN, "436641111111");
	(void)sri_answer(b, FOREIGN, "232010000000001");
	b->now_us += 9 * S;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000002"), 0);
	b->now_us += 2 * S;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000002"), BIT(MT_WITHOUT_SRI));
	bench_free(b);
}

/* Originators without a global title are told apart by link and point code. */
static void test_point_codes(void)
{
	struct bench *b = bench_new(1024);
	struct signalling_event question = { .component = TCAP_INVOKE,
		.operation = GSMMAP_SEND_ROUTING_INFO,
		.msisdn = bytes_str("436641111111"),
		.opc = 10,
		.dpc = 20 };
	struct signalling_event answer = { .component = TCAP_RESULT_LAST,
		.imsi = bytes_str("232010000000001"),
		.opc = 20,
		.dpc = 10 };
	struct signalling_event message = { .component = TCAP_INVOKE,
		.operation = GSMMAP_MT_FORWARD_SM,
		.to_mobile = true,
		.imsi = bytes_str("232010000000001"),
		.opc = 10,
		.dpc = 30 };

	b->otid = 5;
	CU_ASSERT_EQUAL(see(b, question), 0);
	CU_ASSERT_EQUAL(see(b, answer), 0);
	CU_ASSERT_EQUAL(see(b, message), 0);
	message.opc = 11;
	CU_ASSERT_EQUAL(see(b, message), BIT(MT_WITHOUT_SRI));
	message.opc = 10;
	b->link = 1;
	CU_ASSERT_EQUAL(see(b, message), BIT(MT_WITHOUT_SRI));
	bench_free(b);
}

/* A table that forgets too early calls nobody unasked; one that forgets in time still sees. */
static void test_forgetting(void)
{
	struct bench *b = bench_new(64);
	char imsi[32];

	for (uint32_t i = 0; i < 64 + 10; i++) {
		(void)sri(b, FOREIGN, "436641111111");
		(void)sri_answer(b, FOREIGN, number(imsi, sizeof(imsi), "2320100", i));
	}
	CU_ASSERT_EQUAL(signalling_gauges(b->s).told, 64);
	CU_ASSERT_EQUAL(signalling_gauges(b->s).forgotten, 10);
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, number(imsi, sizeof(imsi), "2320100", 3)) &
				BIT(MT_WITHOUT_SRI),
		0);
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, number(imsi, sizeof(imsi), "2320100", 40)) &
				BIT(MT_WITHOUT_SRI),
		0);
	b->now_us += 61 * S;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, number(imsi, sizeof(imsi), "2320100", 40)) &
				BIT(MT_WITHOUT_SRI),
		0);
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, number(imsi, sizeof(imsi), "2320100", 3)) &
				BIT(MT_WITHOUT_SRI),
		BIT(MT_WITHOUT_SRI));
	b->now_us += 3600 * S;
	for (unsigned i = 0; i < 20; i++) {
		(void)mt(b, FOREIGN, FOREIGN, "");
	}
	CU_ASSERT_EQUAL(signalling_gauges(b->s).told, 0);
	bench_free(b);
}

/* Asking for the same over and over takes no room and hides nobody else's. */
static void test_repetition(void)
{
	struct bench *b = bench_new(64);

	(void)sri(b, PARTNER, "436641111111");
	(void)sri_answer(b, PARTNER, "232010000000009");
	for (uint32_t i = 0; i < 60; i++) {
		(void)sri(b, FOREIGN, "436641111111");
		(void)sri_answer(b, FOREIGN, "232010000000001");
	}
	CU_ASSERT_EQUAL(signalling_gauges(b->s).told, 2);
	CU_ASSERT_EQUAL(mt(b, PARTNER, PARTNER, "232010000000009"), 0);
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, "232010000000001") & BIT(MT_WITHOUT_SRI), 0);
	bench_free(b);
}

static void test_ratio(void)
{
	struct bench *b = bench_new(4096);
	char imsi[32];
	char msisdn[32];

	(void)mt(b, PARTNER, PARTNER, ""); /* messages can be seen here */
	for (uint32_t i = 1; i <= 120; i++) {
		uint32_t found = sri(b, FOREIGN, number(msisdn, sizeof(msisdn), "436640", i));

		CU_ASSERT_EQUAL(found, i >= 100 ? BIT(SRI_RATIO) : 0);
		/* told once a window, acted on each time */
		CU_ASSERT_EQUAL(b->out.fresh, i == 100 ? BIT(SRI_RATIO) : 0);
		CU_ASSERT_EQUAL(b->out.count, i >= 100 ? i : 0);
		(void)sri_answer(b, FOREIGN, number(imsi, sizeof(imsi), "2320100", i));
	}
	/* twelve messages for 120 questions are one for ten */
	for (uint32_t i = 1; i <= 12; i++) {
		CU_ASSERT_EQUAL(
			mt(b, FOREIGN, FOREIGN, number(imsi, sizeof(imsi), "2320100", i)), 0);
	}
	CU_ASSERT_EQUAL(sri(b, FOREIGN, "436641234567"), BIT(SRI_RATIO)); /* 121 */
	(void)mt(b, FOREIGN, FOREIGN, "");
	CU_ASSERT_EQUAL(sri(b, FOREIGN, "436641234569"), 0); /* 122 for 13 */
	/* another one is counted for himself */
	CU_ASSERT_EQUAL(sri(b, PARTNER, "436641234567"), 0);
	/* a new window: from none again, and told again */
	b->now_us += 600 * S;
	for (uint32_t i = 1; i <= 100; i++) {
		uint32_t found = sri(b, FOREIGN, number(msisdn, sizeof(msisdn), "436640", i));

		CU_ASSERT_EQUAL(found & BIT(SRI_RATIO), i >= 100 ? BIT(SRI_RATIO) : 0);
		CU_ASSERT_EQUAL(b->out.fresh & BIT(SRI_RATIO), i == 100 ? BIT(SRI_RATIO) : 0);
	}
	bench_free(b);
}

static void test_ratio_blind(void)
{
	struct bench *b = bench_new(4096);
	char msisdn[32];

	for (uint32_t i = 1; i <= 300; i++) {
		CU_ASSERT_EQUAL(sri(b, FOREIGN, number(msisdn, sizeof(msisdn), "436640", i)), 0);
	}
	bench_free(b);
}

static void test_no_delivery(void)
{
	struct bench *b = bench_new(4096);
	char imsi[32];
	char msisdn[32];

	b->config.action[SIGNALLING_SRI_RATIO] = SIGNALLING_OFF;
	for (uint32_t i = 1; i <= 80; i++) {
		(void)sri(b, FOREIGN, number(msisdn, sizeof(msisdn), "436640", i));
		(void)sri_answer(b, FOREIGN, number(imsi, sizeof(imsi), "2320100", i));
	}
	for (uint32_t i = 1; i <= 29; i++) {
		CU_ASSERT_EQUAL(
			mt(b, FOREIGN, FOREIGN, number(imsi, sizeof(imsi), "2320100", i)), 0);
	}
	b->now_us += 59 * S;
	for (unsigned i = 0; i < 30; i++) {
		CU_ASSERT_EQUAL(mt(b, PARTNER, PARTNER, ""), 0);
	}
	CU_ASSERT_EQUAL(sri(b, FOREIGN, "436641234567"), 0); /* there is still time */
	b->now_us += 3 * S;
	for (unsigned i = 0; i < 30; i++) {
		CU_ASSERT_EQUAL(mt(b, PARTNER, PARTNER, ""), 0);
	}
	CU_ASSERT_EQUAL(sri(b, FOREIGN, "436641234567"), BIT(SRI_NO_DELIVERY));
	CU_ASSERT_EQUAL(b->out.count, 51);
	CU_ASSERT_EQUAL(b->out.fresh, BIT(SRI_NO_DELIVERY));
	CU_ASSERT_EQUAL(sri(b, FOREIGN, "436641234567"), BIT(SRI_NO_DELIVERY));
	CU_ASSERT_EQUAL(b->out.fresh, 0);
	/* they still vouch: used late is used */
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, number(imsi, sizeof(imsi), "2320100", 70)), 0);
	CU_ASSERT_EQUAL(sri(b, PARTNER, "436641234567"), 0);
	bench_free(b);
}

static void test_mo_outside(void)
{
	static const struct {
		const char *gt, *msisdn;
		uint8_t side;
		bool found;
	} cases[] = { { "436649999999", "436641234567", SIDE_OUTSIDE, false },
		{ FOREIGN, "436641234567", SIDE_OUTSIDE, true },
		{ FOREIGN, "436641234567", SIDE_INSIDE, true },
		{ FOREIGN, "436801234567", SIDE_OUTSIDE, true },
		{ FOREIGN, "359871234567", SIDE_OUTSIDE, false },
		{ PARTNER, "436641234567", SIDE_OUTSIDE, false },
		{ "", "436641234567", SIDE_OUTSIDE, true },
		{ "", "436641234567", SIDE_INSIDE, false },
		{ "4366", "436641234567", SIDE_OUTSIDE, true },
		{ FOREIGN, "4366", SIDE_OUTSIDE, false }, { FOREIGN, "", SIDE_OUTSIDE, false } };
	struct bench *b = bench_new(1024);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct signalling_event e = { .component = TCAP_INVOKE,
			.operation = GSMMAP_MO_FORWARD_SM,
			.side = cases[i].side,
			.calling_gt = bytes_str(cases[i].gt),
			.called_gt = bytes_str(HOME_SMSC),
			.smsc = bytes_str(HOME_SMSC),
			.msisdn = bytes_str(cases[i].msisdn) };

		CU_ASSERT_EQUAL(see(b, e), cases[i].found ? BIT(MO_OUTSIDE) : 0);
	}
	b->config.n_home_gt = 0; /* who is at home is not known */
	CU_ASSERT_EQUAL(mo(b, FOREIGN, HOME_SMSC, HOME_SMSC, "436641234567"), 0);
	bench_free(b);
}

/* Targets that say they do not exist, or nothing at all. */
static void test_scan(void)
{
	struct bench *b = bench_new(4096);
	uint32_t first_unknown = 0;
	uint32_t first_silent = 0;
	char msisdn[32];

	for (uint32_t i = 1; i <= 200; i++) {
		uint32_t found = sri(b, FOREIGN, number(msisdn, sizeof(msisdn), "436640", i));

		(void)error(b, FOREIGN, 1); /* unknownSubscriber */
		first_unknown = found != 0 && first_unknown == 0 ? i : first_unknown;
	}
	CU_ASSERT(first_unknown >= 98 && first_unknown <= 106);
	for (uint32_t i = 1; i <= 200; i++) {
		CU_ASSERT_EQUAL(sri(b, PARTNER, number(msisdn, sizeof(msisdn), "436640", i)), 0);
	}
	b->now_us += 61 * S;
	for (uint32_t i = 1; i <= 100 && first_silent == 0; i++) {
		uint32_t found = sri(b, PARTNER, "436641234567");

		first_silent = found == BIT(GT_SCAN) ? i : 0;
	}
	CU_ASSERT(first_silent >= 22 && first_silent <= 30); /* four come due with each event */
	bench_free(b);
}

/* Errors about a subscriber who exists are no scan, nor is a big sender's share of dead numbers. */
static void test_no_scan(void)
{
	static const int32_t errors[] = { 6, 11, 13, 27, 31, 32, 33 };
	struct bench *b = bench_new(4096);
	char msisdn[32];

	for (uint32_t i = 1; i <= 700; i++) {
		CU_ASSERT_EQUAL(sri(b, FOREIGN, number(msisdn, sizeof(msisdn), "436640", i)), 0);
		(void)error(b, FOREIGN, errors[i % 7]);
	}
	for (uint32_t i = 1; i <= 700; i++) {
		CU_ASSERT_EQUAL(sri(b, PARTNER, number(msisdn, sizeof(msisdn), "436640", i)), 0);
		if (i % 3 == 0) {
			(void)error(b, PARTNER, 1);
		} else {
			(void)sri_answer(b, PARTNER, "");
		}
	}
	/* the same dead number again and again is one target */
	for (uint32_t i = 1; i <= 700; i++) {
		CU_ASSERT_EQUAL(sri(b, HOME_SMSC, "436641234567"), 0);
		(void)error(b, HOME_SMSC, 1);
	}
	bench_free(b);
}

/* One dialogue id for all questions hides none of them. */
static void test_scan_one_id(void)
{
	struct bench *b = bench_new(4096);
	uint32_t found = 0;
	char msisdn[32];

	(void)sri(b, PARTNER, "436641234567");
	(void)sri_answer(b, PARTNER, "");
	for (uint32_t i = 1; i <= 200; i++) {
		b->otid = 41;
		found = sri(b, FOREIGN, number(msisdn, sizeof(msisdn), "436640", i));
	}
	CU_ASSERT_EQUAL(found, BIT(GT_SCAN));
	bench_free(b);
}

/* One GT tries many service centres: GT scanning in the sense of IR.70. */
static void test_scan_centres(void)
{
	struct bench *b = bench_new(4096);
	uint32_t found = 0;
	char gt[32];

	for (uint32_t i = 1; i <= 200; i++) {
		number(gt, sizeof(gt), "43664", i);
		found = mo(b, FOREIGN, gt, gt, "359871234567");
		(void)error(b, FOREIGN, 21);
	}
	CU_ASSERT_EQUAL(found, BIT(GT_SCAN));
	bench_free(b);
}

static void test_run(void)
{
	struct bench *b = bench_new(4096);
	char msisdn[32];

	for (uint32_t i = 1; i <= 40; i++) {
		snprintf(msisdn, sizeof(msisdn), "43664123%04u", 1000 + i * 3);
		CU_ASSERT_EQUAL(sri(b, FOREIGN, msisdn), i >= 20 ? BIT(GT_SCAN) : 0);
		CU_ASSERT_EQUAL(b->out.count, i >= 20 ? i : 0);
		CU_ASSERT_EQUAL(sri(b, FOREIGN, msisdn), i >= 20 ? BIT(GT_SCAN) : 0);
	}
	/* a jump ends it */
	CU_ASSERT_EQUAL(sri(b, FOREIGN, "436649999999"), 0);
	/* IMSIs in a row, downwards, are their own */
	for (uint32_t i = 1; i <= 25; i++) {
		snprintf(msisdn, sizeof(msisdn), "23201000%04u", 1000 - i);
		CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, msisdn), i >= 20 ? BIT(GT_SCAN) : 0);
	}
	/* what is no number is none */
	for (uint32_t i = 1; i <= 25; i++) {
		snprintf(msisdn, sizeof(msisdn), "4366*%04u", i);
		CU_ASSERT_EQUAL(sri(b, PARTNER, msisdn), 0);
		snprintf(msisdn, sizeof(msisdn), "43664000000000000000%04u", i);
		CU_ASSERT_EQUAL(sri(b, PARTNER, msisdn), 0);
	}
	bench_free(b);
}

static void test_opcode(void)
{
	static const int32_t others[] = { 45, 47, 2, 0, TCAP_NO_CODE, 300 };
	struct bench *b = bench_new(1024);
	struct signalling_event e = { .component = TCAP_INVOKE, .operation = 2 };

	CU_ASSERT_EQUAL(see(b, e), 0); /* none configured: all are expected */
	b->config.operations[0] = 44;
	b->config.operations[1] = 46;
	b->config.n_operations = 2;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		e.operation = others[i];
		CU_ASSERT_EQUAL(see(b, e), BIT(OPCODE));
		CU_ASSERT_EQUAL(b->out.fresh, BIT(OPCODE));
	}
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, ""), 0);
	CU_ASSERT_EQUAL(mo(b, PARTNER, HOME_SMSC, HOME_SMSC, ""), 0);
	e.component = TCAP_RESULT_LAST; /* an answer is no operation */
	CU_ASSERT_EQUAL(see(b, e), 0);
	e.component = 0;
	CU_ASSERT_EQUAL(see(b, e), 0);
	bench_free(b);
}

static void test_ber(void)
{
	struct bench *b = bench_new(1024);
	struct signalling_event e = { .malformed = true, .calling_gt = bytes_str(FOREIGN) };

	for (uint32_t i = 1; i <= 6; i++) {
		CU_ASSERT_EQUAL(see(b, e), i > 3 ? BIT(BER) : 0);
		CU_ASSERT_EQUAL(b->out.fresh, i == 4 ? BIT(BER) : 0);
		CU_ASSERT_EQUAL(b->out.count, i > 3 ? i : 0);
	}
	CU_ASSERT_EQUAL(mt(b, FOREIGN, FOREIGN, ""), 0); /* what can be read is no malformed one */
	e.calling_gt = bytes_str(PARTNER);
	CU_ASSERT_EQUAL(see(b, e), 0);
	bench_free(b);
}

static void test_actions(void)
{
	struct bench *b = bench_new(1024);

	b->config.operations[0] = 1;
	b->config.n_operations = 1;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, HOME_SMSC, ""), BIT(SMSC_GT) | BIT(OPCODE));
	CU_ASSERT_EQUAL(b->out.action, SIGNALLING_REPORT);
	CU_ASSERT_EQUAL(b->out.check, SIGNALLING_SMSC_GT);
	b->config.action[SIGNALLING_OPCODE] = SIGNALLING_REFUSE;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, HOME_SMSC, ""), BIT(SMSC_GT) | BIT(OPCODE));
	CU_ASSERT_EQUAL(b->out.action, SIGNALLING_REFUSE);
	CU_ASSERT_EQUAL(b->out.check, SIGNALLING_OPCODE);
	b->config.action[SIGNALLING_SMSC_GT] = SIGNALLING_OFF;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, HOME_SMSC, ""), BIT(OPCODE));
	b->config.action[SIGNALLING_OPCODE] = SIGNALLING_OFF;
	CU_ASSERT_EQUAL(mt(b, FOREIGN, HOME_SMSC, ""), 0);
	CU_ASSERT_EQUAL(b->out.action, SIGNALLING_OFF);
	CU_ASSERT_EQUAL(b->out.check, SIGNALLING_CHECK_COUNT);
	bench_free(b);
}

static void test_from(void)
{
	struct bench *b = bench_new(1024);
	struct signalling_event e = { .component = TCAP_INVOKE,
		.operation = GSMMAP_MT_FORWARD_SM,
		.to_mobile = true,
		.side = SIDE_INSIDE,
		.calling_gt = bytes_str(FOREIGN),
		.smsc = bytes_str(HOME_SMSC) };

	CU_ASSERT_EQUAL(see(b, e), BIT(SMSC_GT));
	b->config.from = SIGNALLING_FROM_OUTSIDE;
	b->link = 1;
	CU_ASSERT_EQUAL(see(b, e), 0);
	CU_ASSERT_EQUAL(signalling_traffic(b->s, 1), 0);
	e.side = SIDE_OUTSIDE;
	CU_ASSERT_EQUAL(see(b, e), BIT(SMSC_GT));
	/* an answer to the outside comes from the inside */
	(void)sri(b, FOREIGN, "436641234567");
	(void)sri_answer(b, FOREIGN, "232010000000001");
	CU_ASSERT_EQUAL(signalling_gauges(b->s).told, 1);
	bench_free(b);
}

/* What was never seen is said, by check and link. */
static void test_blind(void)
{
	struct bench *b = bench_new(1024);
	const struct signalling_config *c = &b->config;

	CU_ASSERT_EQUAL(
		signalling_blind(c, SIGNALLING_SMSC_GT, 0, 0), SEEN(GT) | SEEN(MT) | SEEN(MO));
	CU_ASSERT_EQUAL(signalling_blind(c, SIGNALLING_MT_WITHOUT_SRI, 0, 0),
		SEEN(MT) | SEEN(SRI) | SEEN(SRI_ANSWER));
	CU_ASSERT_EQUAL(signalling_blind(c, SIGNALLING_BER, 0, 0), SEEN(ANY));
	CU_ASSERT_EQUAL(signalling_traffic(b->s, 0), 0);
	(void)mt(b, FOREIGN, FOREIGN, "");
	CU_ASSERT_EQUAL(signalling_traffic(b->s, 0), SEEN(ANY) | SEEN(GT) | SEEN(MT));
	b->link = 1;
	(void)sri(b, FOREIGN, "436641234567");
	CU_ASSERT_EQUAL(signalling_traffic(b->s, 1), SEEN(ANY) | SEEN(GT) | SEEN(SRI));
	(void)error(b, FOREIGN, 1);
	CU_ASSERT_EQUAL(
		signalling_traffic(b->s, 1), SEEN(ANY) | SEEN(GT) | SEEN(SRI) | SEEN(ANSWER));
	for (unsigned link = 0; link < 2; link++) {
		uint32_t seen = signalling_traffic(b->s, link);
		uint32_t all = signalling_traffic(b->s, 0) | signalling_traffic(b->s, 1);
		static const uint32_t blind[2][SIGNALLING_CHECK_COUNT] = {
			{ 0, SEEN(SRI_ANSWER), SEEN(SRI) | SEEN(SRI_ANSWER), SEEN(SRI), SEEN(MO), 0,
				0, 0 },
			{ SEEN(MT) | SEEN(MO), SEEN(MT) | SEEN(SRI_ANSWER), SEEN(SRI_ANSWER), 0,
				SEEN(MO), 0, 0, 0 }
		};

		for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT; i++) {
			CU_ASSERT_EQUAL(signalling_blind(c, (enum signalling_check)i, seen, all),
				blind[link][i]);
		}
	}
	b->config.action[SIGNALLING_MO_OUTSIDE] = SIGNALLING_OFF;
	CU_ASSERT_EQUAL(signalling_blind(c, SIGNALLING_MO_OUTSIDE, 0, 0), 0);
	CU_ASSERT_STRING_EQUAL(signalling_unset(c, SIGNALLING_OPCODE), "operations");
	CU_ASSERT_PTR_NULL(signalling_unset(c, SIGNALLING_MO_OUTSIDE));
	b->config.action[SIGNALLING_MO_OUTSIDE] = SIGNALLING_REFUSE;
	CU_ASSERT_PTR_NULL(signalling_unset(c, SIGNALLING_MO_OUTSIDE));
	b->config.n_home_gt = 0;
	CU_ASSERT_STRING_EQUAL(signalling_unset(c, SIGNALLING_MO_OUTSIDE), "home_gt");
	CU_ASSERT_PTR_NULL(signalling_unset(c, SIGNALLING_BER));
	bench_free(b);
}

/* A day of honest deliveries, 250,000 of 300 senders, raises nothing. */
static void test_clean(void)
{
	struct bench *b = bench_new(16384);
	uint32_t n_found = 0;
	char gt[32];
	char imsi[32];
	char msisdn[32];

	for (uint32_t i = 0; i < 250000; i++) {
		uint32_t who = (i * 2246822519u) >> 8;

		snprintf(gt, sizeof(gt), "%u000001", 3598000 + i % 300);
		number(imsi, sizeof(imsi), "2320100", who);
		number(msisdn, sizeof(msisdn), "436640", who);
		n_found += sri(b, gt, msisdn) != 0;
		if (i % 10 == 3) {
			(void)error(b, gt, 6); /* absent: no message follows */
		} else {
			(void)sri_answer(b, gt, imsi);
			n_found += mt(b, gt, gt, imsi) != 0;
			if (i % 50 != 1) {
				(void)see(
					b, (struct signalling_event){ .component = TCAP_RESULT_LAST,
						   .invoke_id = 1,
						   .called_gt = bytes_str(gt) });
			}
		}
		n_found += mo(b, "436649999999", HOME_SMSC, HOME_SMSC, msisdn) != 0;
		(void)see(b, (struct signalling_event){ .component = TCAP_RESULT_LAST,
				     .invoke_id = 1,
				     .called_gt = bytes_str("436649999999") });
		b->now_us += 345600; /* a day in all */
	}
	CU_ASSERT_EQUAL(n_found, 0);
	CU_ASSERT_EQUAL(signalling_gauges(b->s).gts_forgotten, 0);
	bench_free(b);
}

/* More senders than there is room for: the busy ones stay counted. */
static void test_many_senders(void)
{
	struct bench *b = bench_new(64);
	uint32_t found = 0;
	char gt[32];
	struct signalling_event e = { .malformed = true, .calling_gt = bytes_str(FOREIGN) };

	for (uint32_t i = 0; i < 5000; i++) {
		number(gt, sizeof(gt), "", i);
		(void)mt(b, gt, gt, "");
		b->now_us += S / 10;
		if (i % 5 == 0) {
			found = see(b, e);
		}
	}
	CU_ASSERT_EQUAL(found, BIT(BER));
	CU_ASSERT(signalling_gauges(b->s).gts_forgotten > 4000);
	CU_ASSERT_EQUAL(signalling_gauges(b->s).gts, 64);
	bench_free(b);
}

UNIT_MAIN("verdict/signalling", { "smsc_gt", test_smsc_gt },
	{ "mt_without_sri", test_mt_without_sri }, { "invented answers", test_invented_answers },
	{ "learning", test_learning }, { "point codes", test_point_codes },
	{ "forgetting", test_forgetting }, { "repetition", test_repetition },
	{ "sri_ratio", test_ratio }, { "sri_ratio without MT", test_ratio_blind },
	{ "sri_no_delivery", test_no_delivery }, { "mo_outside", test_mo_outside },
	{ "gt_scan", test_scan }, { "no scan", test_no_scan }, { "one id", test_scan_one_id },
	{ "service centres", test_scan_centres }, { "numbers in a row", test_run },
	{ "opcode", test_opcode }, { "ber", test_ber }, { "actions", test_actions },
	{ "from", test_from }, { "blind", test_blind }, { "clean traffic", test_clean },
	{ "many senders", test_many_senders })
