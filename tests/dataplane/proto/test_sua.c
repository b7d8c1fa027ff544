/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/sua.h"

#include <stdio.h>

#include "dataplane/proto/ppid.h"
#include "tests/dataplane/proto/bertext.h"
#include "tests/support/unit.h"

static const struct sua_case {
	const char *name;
	const char *in;
	enum reason why;
	unsigned type;
	bool known;
	size_t data_off;
	size_t data_len;
} cases[] = {
	{ "CLDT (RFC 3868 3.2.1)",
		"01000701 00000024 0006 0008 00000001 0115 0008 00000000 010B 000A 620448020102 0000",
		R_none, SUA_CLDT, true, 28, 6 },
	{ "CLDR", "01000702 00000010 010B 0006 6200 0000", R_none, SUA_CLDR, true, 12, 2 },
	{ "connection-oriented: CODT", "01000808 00000010 010B 0006 6200 0000", R_none, SUA_CODT,
		true, 12, 2 },
	{ "management as of M3UA: ASPUP", "01000301 00000008", R_none, M3UA_ASPUP, true, 0, 0 },
	{ "DATA of M3UA has no place (3.1.2)", "01000101 00000008", R_none, M3UA_DATA, false, 0,
		0 },
	{ "an unknown type", "01000703 00000008", R_none, 0x0703, false, 0, 0 },
	{ "the first data of two", "01000701 00000018 010B 0005 AA000000 010B 0006 BBBB 0000",
		R_none, SUA_CLDT, true, 12, 1 },
	{ "a parameter too long", "01000701 00000010 010B 0009 620000", R_xua_parameter, 0, 0, 0,
		0 },
	{ "a parameter too short", "01000701 00000010 010B 0003 62000000", R_xua_parameter, 0, 0, 0,
		0 },
	{ "another version", "00000701 00000008", R_xua_header, 0, 0, 0, 0 },
	{ "no header", "01000701 000000", R_xua_header, 0, 0, 0, 0 },
};

static void test_messages(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct sua_case *t = &cases[i];
		struct bytes b = bertext_exact(t->in);
		struct sua_message m = { .type = 0xAAAA };
		enum reason why = R_none;
		enum parse p = sua_message_read(b, &m, &why);

		if ((p == PARSE_OK) != (t->why == R_none) || why != t->why ||
			(p == PARSE_OK ? m.type != t->type || m.known != t->known ||
						 m.data.len != t->data_len ||
						 m.data_off != t->data_off ||
						 (m.data.len != 0 &&
							 m.data.data != b.data + m.data_off)
				       : m.type != 0xAAAA)) {
			fprintf(stderr, "case '%s': %d %s %x %zu %zu\n", t->name, p,
				stats_reason_name(why), m.type, m.data_off, m.data.len);
			CU_FAIL("SUA");
		}
		bertext_free(b);
	}
}

/* Cut anywhere, a message is refused or, between its parameters, read without those that are gone. */
static void test_truncated(void)
{
	struct bytes b = bertext_exact(cases[0].in);

	for (size_t n = 0; n < b.len; n++) {
		uint8_t *exact = malloc(n != 0 ? n : 1);
		struct sua_message m;
		enum reason why;
		enum parse p;

		memcpy(exact, b.data, n);
		p = sua_message_read(bytes_of(exact, n), &m, &why);
		CU_ASSERT_EQUAL(p == PARSE_OK, n == 8 || n == 16 || n == 24 || n >= 34);
		CU_ASSERT_TRUE(p != PARSE_OK || m.data.len == (n >= 34 ? 6 : 0));
		free(exact);
	}
	bertext_free(b);
}

static void test_parameter_count(void)
{
	uint8_t m[XUA_HEADER_LEN + 4 * (LIMIT_XUA_PARAMETERS + 1)] = { 1, 0, 7, 1 };

	for (unsigned n = LIMIT_XUA_PARAMETERS; n <= LIMIT_XUA_PARAMETERS + 1; n++) {
		struct sua_message out;
		enum reason why = R_none;

		put_be32(m + 4, XUA_HEADER_LEN + 4 * n);
		for (unsigned i = 0; i < n; i++) {
			put_be32(m + XUA_HEADER_LEN + 4 * i, 0x00040004);
		}
		CU_ASSERT_EQUAL(sua_message_read(bytes_of(m, XUA_HEADER_LEN + 4 * n), &out, &why),
			n == LIMIT_XUA_PARAMETERS ? PARSE_OK : PARSE_BAD);
		CU_ASSERT_EQUAL(why, n == LIMIT_XUA_PARAMETERS ? R_none : R_xua_parameter);
	}
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(sua_type_name(SUA_CLDT), "CLDT");
	CU_ASSERT_STRING_EQUAL(sua_type_name(SUA_COIT), "COIT");
	CU_ASSERT_STRING_EQUAL(sua_type_name(M3UA_NTFY), "NTFY");
	CU_ASSERT_STRING_EQUAL(sua_type_name(M3UA_DATA), "unknown");
	CU_ASSERT_STRING_EQUAL(sua_type_name(0x0700), "unknown");
}

static void test_ppids(void)
{
	static const struct {
		uint32_t ppid;
		uint32_t plain;
		const char *name;
		enum reason why;
	} t[] = {
		{ 3, 3, "M3UA", R_none },
		{ 0x03000000, 3, "M3UA", R_none }, /* byte-swapped */
		{ 4, 4, "SUA", R_sua_not_judged },
		{ 0x04000000, 4, "SUA", R_sua_not_judged },
		{ 5, 5, "M2PA", R_m2pa_not_judged },
		{ 2, 2, "M2UA", R_sctp_not_judged },
		{ 46, 46, "Diameter", R_sctp_not_judged },
		{ 0, 0, "none", R_sctp_not_judged },
		{ 999, 999, "other", R_sctp_not_judged },
		{ 0x00030000, 0x00030000, "other", R_sctp_not_judged },
		{ UINT32_MAX, UINT32_MAX, "other", R_sctp_not_judged },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CU_ASSERT_EQUAL(ppid_plain(t[i].ppid), t[i].plain);
		CU_ASSERT_STRING_EQUAL(ppid_name(t[i].ppid), t[i].name);
		CU_ASSERT_EQUAL(ppid_reason(t[i].ppid), t[i].why);
	}
}

UNIT_MAIN("sua", { "messages", test_messages }, { "cut at every octet", test_truncated },
	{ "as many parameters as are looked at", test_parameter_count }, { "names", test_names },
	{ "payload protocol identifiers", test_ppids })
