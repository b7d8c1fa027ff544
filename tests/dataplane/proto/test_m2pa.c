/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/m2pa.h"

#include <stdio.h>

#include "tests/dataplane/proto/bertext.h"
#include "tests/support/unit.h"

static const struct m2pa_case {
	const char *name;
	const char *in;
	enum reason why;
	enum m2pa_type type;
	uint32_t state;
	bool has_data;
	uint8_t si;
	uint8_t ni;
	size_t sif_len;
} cases[] = {
	{ "user data (RFC 4165 2.3.1)", "01000B01 00000017 00000007 00000008 40 83 0102030405",
		R_none, M2PA_USER_DATA, 0, true, 3, 2, 5 },
	{ "an acknowledgement only", "01000B01 00000010 00000008 00000008", R_none, M2PA_USER_DATA,
		0, false, 0, 0, 0 },
	{ "user data without a SIF", "01000B01 00000012 00000008 00000008 00 C5", R_none,
		M2PA_USER_DATA, 0, true, 5, 3, 0 },
	{ "user data of one octet", "01000B01 00000011 00000008 00000008 00", R_m2pa_message, 0, 0,
		0, 0, 0, 0 },
	{ "ready (2.3.2)", "01000B02 00000014 00FFFFFF 00FFFFFF 00000004", R_none, M2PA_LINK_STATUS,
		M2PA_STATE_READY, false, 0, 0, 0 },
	{ "proving with filler", "01000B02 00000018 00FFFFFF 00FFFFFF 00000002 00000000", R_none,
		M2PA_LINK_STATUS, M2PA_STATE_PROVING_NORMAL, false, 0, 0, 0 },
	{ "a state not known", "01000B02 00000014 00FFFFFF 00FFFFFF 0000000A", R_none,
		M2PA_LINK_STATUS, 10, false, 0, 0, 0 },
	{ "link status without a state", "01000B02 00000010 00FFFFFF 00FFFFFF", R_m2pa_message, 0,
		0, 0, 0, 0, 0 },
	{ "another type", "01000B03 00000010 00FFFFFF 00FFFFFF", R_m2pa_message, 0, 0, 0, 0, 0, 0 },
	{ "another class", "01000A01 00000010 00FFFFFF 00FFFFFF", R_xua_header, 0, 0, 0, 0, 0, 0 },
	{ "length one too short", "01000B01 0000000F 00FFFFFF 00FFFFFF", R_xua_header, 0, 0, 0, 0,
		0, 0 },
	{ "length one too long", "01000B01 00000011 00FFFFFF 00FFFFFF", R_xua_header, 0, 0, 0, 0, 0,
		0 },
	{ "length 0", "01000B01 00000000 00FFFFFF 00FFFFFF", R_xua_header, 0, 0, 0, 0, 0, 0 },
	{ "length 1", "01000B01 00000001 00FFFFFF 00FFFFFF", R_xua_header, 0, 0, 0, 0, 0, 0 },
	{ "length 2^32 - 1", "01000B01 FFFFFFFF 00FFFFFF 00FFFFFF", R_xua_header, 0, 0, 0, 0, 0,
		0 },
	{ "no header of its own", "01000B01 0000000C 00FFFFFF", R_m2pa_message, 0, 0, 0, 0, 0, 0 },
};

static void test_messages(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct m2pa_case *t = &cases[i];
		struct bytes b = bertext_exact(t->in);
		struct m2pa_message m = { .bsn = 77 };
		enum reason why = R_none;
		enum parse p = m2pa_message_read(b, &m, &why);
		bool holds = (p == PARSE_OK) == (t->why == R_none) && why == t->why;

		if (p == PARSE_OK) {
			holds = holds && m.type == t->type && m.state == t->state &&
			        m.has_data == t->has_data && m.si == t->si && m.ni == t->ni &&
			        m.sif.len == t->sif_len &&
			        (m.sif.len == 0 || m.sif.data == b.data + m.sif_off);
		} else {
			holds = holds && m.bsn == 77;
		}
		if (!holds) {
			fprintf(stderr, "case '%s': %d %s type %d si %u ni %u sif %zu\n", t->name,
				p, stats_reason_name(why), m.type, m.si, m.ni, m.sif.len);
			CU_FAIL("M2PA");
		}
		bertext_free(b);
	}
}

static void test_sequence_numbers(void)
{
	/* 2.2: the octet before each number is not used */
	struct bytes b = bertext_exact("01000B01 00000013 AA123456 BBABCDEF C0 83 00");
	struct m2pa_message m;
	enum reason why;

	CU_ASSERT_EQUAL_FATAL(m2pa_message_read(b, &m, &why), PARSE_OK);
	CU_ASSERT_EQUAL(m.bsn, 0x123456);
	CU_ASSERT_EQUAL(m.fsn, 0xABCDEF);
	CU_ASSERT_EQUAL(m.priority, 3);
	for (size_t n = 0; n < b.len; n++) { /* the length says whole */
		CU_ASSERT_EQUAL(m2pa_message_read(bytes_slice(b, 0, n), &m, &why), PARSE_BAD);
	}
	bertext_free(b);
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(m2pa_type_name(M2PA_USER_DATA), "user data");
	CU_ASSERT_STRING_EQUAL(m2pa_type_name(M2PA_LINK_STATUS), "link status");
	CU_ASSERT_STRING_EQUAL(m2pa_type_name(0), "unknown");
	CU_ASSERT_STRING_EQUAL(m2pa_state_name(M2PA_STATE_OUT_OF_SERVICE), "out of service");
	CU_ASSERT_STRING_EQUAL(m2pa_state_name(0), "unknown");
}

UNIT_MAIN("m2pa", { "messages", test_messages }, { "sequence numbers", test_sequence_numbers },
	{ "names", test_names })
