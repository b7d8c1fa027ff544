/* SPDX-License-Identifier: BSD-3-Clause */
/* What needs no table: names, and what of an event MAP fills. */
#include "dataplane/verdict/signalling.h"

#include <stdio.h>

#include "tests/support/unit.h"

static void test_names(void)
{
	for (unsigned i = 0; i < SIGNALLING_CHECK_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), "sig_%s",
			signalling_check_name((enum signalling_check)i));
		CU_ASSERT_STRING_EQUAL(
			stats_reason_name(signalling_reason((enum signalling_check)i)), name);
		CU_ASSERT_EQUAL(stats_reason_kind(signalling_reason((enum signalling_check)i)),
			REASON_ANOMALY);
	}
	CU_ASSERT_STRING_EQUAL(
		signalling_traffic_name(SIGNALLING_SEEN_MT), "mobile terminated messages");
}

static void test_event_map(void)
{
	struct gsmmap_message m = { .type = TCAP_INVOKE,
		.operation = 46,
		.error = TCAP_NO_CODE,
		.invoke_id = 9,
		.to_mobile = true,
		.service_centre = { .nature = 2, .n_digits = 3, .digits = "123" },
		.msisdn = { .n_digits = 2, .digits = "45" },
		.imsi = { .n_digits = 1, .digits = "6" } };
	struct signalling_event e = { .link = 5 };

	signalling_event_map(&e, &m);
	CU_ASSERT_EQUAL(e.link, 5);
	CU_ASSERT_EQUAL(e.component, TCAP_INVOKE);
	CU_ASSERT_EQUAL(e.operation, 46);
	CU_ASSERT_EQUAL(e.invoke_id, 9);
	CU_ASSERT_TRUE(e.to_mobile);
	CU_ASSERT_TRUE(e.smsc_national);
	CU_ASSERT_TRUE(bytes_equal(e.smsc, bytes_str("123")));
	CU_ASSERT_TRUE(bytes_equal(e.msisdn, bytes_str("45")));
	CU_ASSERT_TRUE(bytes_equal(e.imsi, bytes_str("6")));
}

UNIT_MAIN("verdict/signalling_sight", { "names", test_names }, { "event of MAP", test_event_map })
