/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/m3ua.h"

#include <stdio.h>

#include "tests/dataplane/proto/bertext.h"
#include "tests/support/unit.h"

#define RC    "0006 0008 00000065"
#define NA    "0200 0008 00000066"
#define CID   "0013 0008 00000007"
#define LABEL "00000001 00003FFF 03 02 00 0F"
#define PD    "0210 0013" LABEL "090003 00" /* three octets of user data and one of padding */

static const struct data_case {
	const char *name;
	const char *in;
	unsigned nth;
	enum reason why; /* R_none: it is read */
	int user_data_off;
	unsigned user_data_len;
	unsigned n_protocol_data;
	unsigned anomalies;
} data_cases[] = {
	{ "all parameters (RFC 4666 3.3.1)", "01000101 00000034" NA RC PD CID, 0, R_none, 40, 3, 1,
		0 },
	{ "protocol data alone", "01000101 0000001C" PD, 0, R_none, 24, 3, 1, 0 },
	{ "reserved octet set (3.1.3: ignored)", "01FF0101 0000001C" PD, 0, R_none, 24, 3, 1, 0 },
	{ "padding not counted in the length (3.1.4)", "01000101 0000001B" PD, 0, R_none, 24, 3, 1,
		0 },
	{ "padding not sent", "01000101 0000001B 0210 0013" LABEL "090003", 0, R_none, 24, 3, 1,
		0 },
	{ "padding counted but not sent", "01000101 0000001C 0210 0013" LABEL "090003", 0, R_none,
		24, 3, 1, 0 },
	{ "context behind the protocol data, as libosmo-sigtran sends it",
		"01000101 00000024" PD RC, 0, R_none, 24, 3, 1, 0 },
	{ "an unknown parameter (3.2: ignored)", "01000101 00000024 7777 0006 ABCD0000" PD, 0,
		R_none, 32, 3, 1, 0 },
	{ "no user data", "01000101 00000018 0210 0010" LABEL, 0, R_none, 24, 0, 1, 0 },
	{ "two protocol data: the first", "01000101 00000030" PD "0210 0014" LABEL "11111111", 0,
		R_none, 24, 3, 2, M3UA_ANOMALY_DUPLICATE },
	{ "two protocol data: the second", "01000101 00000030" PD "0210 0014" LABEL "11111111", 1,
		R_none, 44, 4, 2, M3UA_ANOMALY_DUPLICATE },
	{ "two protocol data: no third", "01000101 00000030" PD "0210 0014" LABEL "11111111", 2,
		R_m3ua_data, 0, 0, 0, 0 },
	{ "octets behind the message", "01000101 0000001C" PD "00000000", 0, R_none, 24, 3, 1,
		M3UA_ANOMALY_LENGTH },
	{ "length 0", "01000101 00000000" PD, 0, R_xua_header, 0, 0, 0, 0 },
	{ "length 1", "01000101 00000001" PD, 0, R_xua_header, 0, 0, 0, 0 },
	{ "length 7", "01000101 00000007" PD, 0, R_xua_header, 0, 0, 0, 0 },
	{ "length of the header alone", "01000101 00000008" PD, 0, R_m3ua_data, 0, 0, 0, 0 },
	{ "length cuts the parameter", "01000101 00000017" PD, 0, R_xua_parameter, 0, 0, 0, 0 },
	{ "length 2^32 - 1", "01000101 FFFFFFFF" PD, 0, R_none, 24, 3, 1, M3UA_ANOMALY_LENGTH },
	{ "length 2^31", "01000101 80000000" PD, 0, R_none, 24, 3, 1, M3UA_ANOMALY_LENGTH },
	{ "parameter length 0", "01000101 0000001C 0210 0000" LABEL "09000300", 0, R_xua_parameter,
		0, 0, 0, 0 },
	{ "parameter length 1", "01000101 0000001C 0210 0001" LABEL "09000300", 0, R_xua_parameter,
		0, 0, 0, 0 },
	{ "parameter length 3", "01000101 0000001C 0210 0003" LABEL "09000300", 0, R_xua_parameter,
		0, 0, 0, 0 },
	{ "parameter length of an empty one", "01000101 0000001C 0210 0004" LABEL "09000300", 0,
		R_xua_parameter, 0, 0, 0, 0 },
	{ "protocol data one octet short of its header", "01000101 00000018 0210 000F" LABEL, 0,
		R_m3ua_data, 0, 0, 0, 0 },
	{ "parameter length one too long", "01000101 0000001B 0210 0014" LABEL "090003", 0,
		R_xua_parameter, 0, 0, 0, 0 },
	{ "parameter length 65535", "01000101 0000001C 0210 FFFF" LABEL "09000300", 0,
		R_xua_parameter, 0, 0, 0, 0 },
	{ "a broken parameter behind the protocol data",
		"01000101 00000024" PD "0006 0009 00000065", 0, R_none, 24, 3, 1,
		M3UA_ANOMALY_PARAMETER },
	{ "a routing context without a number", "01000101 00000020 0006 0004" PD, 0, R_none, 28, 3,
		1, 0 },
	{ "another version (3.1.1)", "02000101 0000001C" PD, 0, R_xua_header, 0, 0, 0, 0 },
	{ "no DATA", "01000301 00000008", 0, R_m3ua_data, 0, 0, 0, 0 },
	{ "type 1 of another class", "01000201 0000001C" PD, 0, R_m3ua_data, 0, 0, 0, 0 },
	{ "nothing", "", 0, R_xua_header, 0, 0, 0, 0 },
};

static void test_data(void)
{
	for (size_t i = 0; i < sizeof(data_cases) / sizeof(data_cases[0]); i++) {
		const struct data_case *t = &data_cases[i];
		struct bytes b = bertext_exact(t->in);
		struct m3ua_data d = { .opc = 77 };
		enum reason why = R_none;
		enum parse p = m3ua_data_read(b, t->nth, &d, &why);
		bool holds = why == t->why && (p == PARSE_OK) == (why == R_none);

		if (p == PARSE_OK) {
			holds = holds && d.opc == 1 && d.dpc == 0x3FFF && d.si == 3 && d.ni == 2 &&
			        d.mp == 0 && d.sls == 15 &&
			        d.user_data_off == (size_t)t->user_data_off &&
			        d.user_data.len == t->user_data_len &&
			        d.user_data.data == b.data + t->user_data_off &&
			        d.n_protocol_data == t->n_protocol_data &&
			        d.anomalies == t->anomalies;
		} else {
			holds = holds && d.opc == 77;
		}
		if (!holds) {
			fprintf(stderr, "case '%s': %d %s off %zu len %zu anomalies %x\n", t->name,
				p, stats_reason_name(why), d.user_data_off, d.user_data.len,
				d.anomalies);
			CU_FAIL("data");
		}
		bertext_free(b);
	}
}

static void test_parameters(void)
{
	struct bytes b = bertext_exact("01000101 00000034" NA RC PD CID);
	struct m3ua_data d;
	enum reason why;

	CU_ASSERT_EQUAL_FATAL(m3ua_data_read(b, 0, &d, &why), PARSE_OK);
	CU_ASSERT_TRUE(d.has_appearance && d.network_appearance == 0x66);
	CU_ASSERT_TRUE(d.has_context && d.routing_context == 0x65);
	CU_ASSERT_TRUE(d.has_correlation && d.correlation_id == 7);
	bertext_free(b);
	b = bertext_exact("01000101 00000020 0006 0004" PD);
	CU_ASSERT_EQUAL_FATAL(m3ua_data_read(b, 0, &d, &why), PARSE_OK);
	CU_ASSERT_FALSE(d.has_appearance || d.has_context || d.has_correlation);
	bertext_free(b);
}

/* A message cut anywhere is never read as more than there is; what is before its end may be. */
static void test_truncated(void)
{
	struct bytes b = bertext_exact("01000101 00000034" NA RC PD CID);

	for (size_t n = 0; n < b.len; n++) {
		uint8_t *exact = malloc(n != 0 ? n : 1);
		struct m3ua_data d = { .n_protocol_data = 0 };
		enum reason why = R_none;
		enum parse p;

		memcpy(exact, b.data, n);
		p = m3ua_data_read(bytes_of(exact, n), 0, &d, &why);
		/* the protocol data end at 43, its padding at 44; CID at 52 */
		CU_ASSERT_EQUAL(p == PARSE_OK, n >= 43);
		CU_ASSERT_TRUE(p == PARSE_OK || why != R_none);
		if (p == PARSE_OK) {
			CU_ASSERT_EQUAL(d.user_data.len, 3);
			CU_ASSERT_EQUAL((d.anomalies & M3UA_ANOMALY_LENGTH) != 0, n < 49);
			CU_ASSERT_EQUAL((d.anomalies & M3UA_ANOMALY_PARAMETER) != 0, n > 44);
		}
		free(exact);
	}
	bertext_free(b);
}

static void test_parameter_count(void)
{
	static uint8_t m[XUA_HEADER_LEN + 4 * (LIMIT_XUA_PARAMETERS + 1) + 20];
	static const uint8_t head[] = { 1, 0, 1, 1, 0, 0, 0, 0 };
	struct bytes pd = bertext_exact(PD);

	for (unsigned n = LIMIT_XUA_PARAMETERS - 2; n <= LIMIT_XUA_PARAMETERS + 1; n++) {
		size_t len = XUA_HEADER_LEN + 4 * n + pd.len;
		struct m3ua_data d;
		enum reason why;

		memcpy(m, head, sizeof(head));
		put_be32(m + 4, (uint32_t)len);
		for (unsigned i = 0; i < n; i++) {
			put_be32(m + XUA_HEADER_LEN + 4 * i, 0x00040004); /* INFO, empty */
		}
		memcpy(m + XUA_HEADER_LEN + 4 * n, pd.data, pd.len);
		CU_ASSERT_EQUAL(m3ua_data_read(bytes_of(m, len), 0, &d, &why),
			n < LIMIT_XUA_PARAMETERS ? PARSE_OK : PARSE_BAD);
		CU_ASSERT_EQUAL(why, n < LIMIT_XUA_PARAMETERS ? R_none : R_xua_parameter);
	}
	bertext_free(pd);
}

#define MODE "000B 0008 00000002"
static const struct state_step {
	const char *name;
	unsigned direction;
	const char *in;
	enum reason why;
	enum m3ua_asp_state asp[2];
	enum m3ua_asp_state whole;
} steps[] = {
	{ "an ASP asks to come up", 0, "01000301 00000008", R_none, { M3UA_ASP_DOWN, 0 },
		M3UA_ASP_DOWN },
	{ "granted", 1, "01000304 00000008", R_none, { M3UA_ASP_INACTIVE, 0 }, M3UA_ASP_INACTIVE },
	{ "AS-INACTIVE", 1, "01000001 00000010 000D 0008 0001 0002", R_none,
		{ M3UA_ASP_INACTIVE, 0 }, M3UA_ASP_INACTIVE },
	{ "asks for traffic", 0, "01000401 00000010" MODE, R_none, { M3UA_ASP_INACTIVE, 0 },
		M3UA_ASP_INACTIVE },
	{ "granted", 1, "01000403 00000010" MODE, R_none, { M3UA_ASP_ACTIVE, 0 }, M3UA_ASP_ACTIVE },
	{ "AS-ACTIVE", 1, "01000001 00000010 000D 0008 0001 0003", R_none, { M3UA_ASP_ACTIVE, 0 },
		M3UA_ASP_ACTIVE },
	{ "a cut NTFY changes nothing", 1, "01000001 00000010 000D 0008 0001", R_xua_parameter,
		{ M3UA_ASP_ACTIVE, 0 }, M3UA_ASP_ACTIVE },
	{ "no M3UA", 1, "02000305 00000008", R_xua_header, { M3UA_ASP_ACTIVE, 0 },
		M3UA_ASP_ACTIVE },
	{ "the other side is an ASP, too", 1, "01000301 00000008", R_none,
		{ M3UA_ASP_ACTIVE, M3UA_ASP_DOWN }, M3UA_ASP_ACTIVE },
	{ "granted", 0, "01000304 00000008", R_none, { M3UA_ASP_ACTIVE, M3UA_ASP_INACTIVE },
		M3UA_ASP_ACTIVE },
	{ "overridden: an unasked ASPIA ACK", 1, "01000404 00000008", R_none,
		{ M3UA_ASP_INACTIVE, M3UA_ASP_INACTIVE }, M3UA_ASP_INACTIVE },
	{ "ASPAC ACK again", 1, "01000403 00000008", R_none, { M3UA_ASP_ACTIVE, M3UA_ASP_INACTIVE },
		M3UA_ASP_ACTIVE },
	{ "wants no more traffic", 0, "01000402 00000008", R_none,
		{ M3UA_ASP_INACTIVE, M3UA_ASP_INACTIVE }, M3UA_ASP_INACTIVE },
	{ "goes down", 0, "01000302 00000008", R_none, { M3UA_ASP_DOWN, M3UA_ASP_INACTIVE },
		M3UA_ASP_INACTIVE },
	{ "the other is put down", 0, "01000305 00000008", R_none, { M3UA_ASP_DOWN, M3UA_ASP_DOWN },
		M3UA_ASP_DOWN },
	{ "an error", 1, "01000000 00000010 000C 0008 0000000D", R_none,
		{ M3UA_ASP_DOWN, M3UA_ASP_DOWN }, M3UA_ASP_DOWN },
};

static void test_state(void)
{
	struct m3ua_state s = { 0 };

	CU_ASSERT_STRING_EQUAL(m3ua_notify_name(&s), "none");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct state_step *t = &steps[i];
		struct bytes b = bertext_exact(t->in);
		enum reason why = R_none;
		enum parse p = m3ua_state_message(&s, t->direction, b, &why);

		if ((p == PARSE_OK) != (t->why == R_none) || why != t->why ||
			s.asp[0] != t->asp[0] || s.asp[1] != t->asp[1] ||
			m3ua_state_of(&s) != t->whole) {
			fprintf(stderr, "step '%s': %d %s %u %u\n", t->name, p,
				stats_reason_name(why), s.asp[0], s.asp[1]);
			CU_FAIL("state");
		}
		bertext_free(b);
	}
	CU_ASSERT_EQUAL(s.n_notify, 2);
	CU_ASSERT_EQUAL(s.n_errors, 1);
	CU_ASSERT_EQUAL(s.traffic_mode, 2);
	CU_ASSERT_EQUAL(s.error_code, 0x0D);
	CU_ASSERT_STRING_EQUAL(m3ua_notify_name(&s), "AS-ACTIVE");
}

/* Each type is counted in its place and nowhere else, whatever carries no parameter. */
static void test_counts(void)
{
	static const unsigned counted[] = { M3UA_DUNA, M3UA_DAVA, M3UA_DAUD, M3UA_SCON, M3UA_DUPU,
		M3UA_DRST, M3UA_BEAT, M3UA_BEAT_ACK, M3UA_REG_REQ, M3UA_REG_RSP, M3UA_DEREG_REQ,
		M3UA_DEREG_RSP, M3UA_DATA, 0x0107, 0x0500, 0xFFFF };
	struct m3ua_state s = { 0 };

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		uint8_t m[8] = { 1, 0, (uint8_t)(counted[i] >> 8), (uint8_t)counted[i], 0, 0, 0,
			8 };
		enum reason why;

		CU_ASSERT_EQUAL(m3ua_state_message(&s, 1, bytes_of(m, sizeof(m)), &why), PARSE_OK);
	}
	CU_ASSERT_EQUAL(s.n_unavailable, 1);
	CU_ASSERT_EQUAL(s.n_available, 1);
	CU_ASSERT_EQUAL(s.n_audit, 1);
	CU_ASSERT_EQUAL(s.n_congested, 1);
	CU_ASSERT_EQUAL(s.n_user_part, 1);
	CU_ASSERT_EQUAL(s.n_restricted, 1);
	CU_ASSERT_EQUAL(s.n_beats, 1);
	CU_ASSERT_EQUAL(s.n_beat_acks, 1);
	CU_ASSERT_EQUAL(s.n_registration, 4);
	CU_ASSERT_EQUAL(s.n_data[0], 0);
	CU_ASSERT_EQUAL(s.n_data[1], 1);
	CU_ASSERT_EQUAL(s.n_unknown, 3);
	CU_ASSERT_EQUAL(s.n_errors + s.n_notify, 0);
	CU_ASSERT_EQUAL(m3ua_state_of(&s), M3UA_ASP_ACTIVE); /* DATA with ASPs unknown */
	s.n_beats = UINT32_MAX;
	{
		const uint8_t beat[8] = { 1, 0, 3, 3, 0, 0, 0, 8 };
		enum reason why;

		(void)m3ua_state_message(&s, 0, bytes_of(beat, sizeof(beat)), &why);
	}
	CU_ASSERT_EQUAL(s.n_beats, UINT32_MAX);
}

static void test_names(void)
{
	struct m3ua_state s = { .notify_type = 2, .notify_information = 3 };

	CU_ASSERT_STRING_EQUAL(m3ua_type_name(M3UA_DATA), "DATA");
	CU_ASSERT_STRING_EQUAL(m3ua_type_name(0x0306), "BEAT ACK");
	CU_ASSERT_STRING_EQUAL(m3ua_type_name(0x0100), "unknown");
	CU_ASSERT_TRUE(m3ua_type_known(M3UA_DEREG_RSP));
	CU_ASSERT_FALSE(m3ua_type_known(0x0905));
	CU_ASSERT_STRING_EQUAL(m3ua_asp_state_name(M3UA_ASP_INACTIVE), "inactive");
	CU_ASSERT_STRING_EQUAL(m3ua_notify_name(&s), "ASP failure");
	s.notify_information = 4;
	CU_ASSERT_STRING_EQUAL(m3ua_notify_name(&s), "unknown");
	s = (struct m3ua_state){ .notify_type = 1, .notify_information = 1 }; /* 3.8.2: reserved */
	CU_ASSERT_STRING_EQUAL(m3ua_notify_name(&s), "unknown");
	CU_ASSERT_STRING_EQUAL(m3ua_error_name(1), "invalid version");
	CU_ASSERT_STRING_EQUAL(m3ua_error_name(0x1A), "no configured AS for ASP");
	CU_ASSERT_STRING_EQUAL(m3ua_error_name(2), "unknown");
	CU_ASSERT_STRING_EQUAL(m3ua_error_name(UINT32_MAX), "unknown");
	CU_ASSERT_EQUAL(m3ua_anomaly_reason(0), R_xua_length);
	CU_ASSERT_EQUAL(m3ua_anomaly_reason(1), R_m3ua_duplicate);
	CU_ASSERT_EQUAL(m3ua_anomaly_reason(2), R_xua_parameter);
	CU_ASSERT_EQUAL(m3ua_anomaly_reason(M3UA_ANOMALIES), R_none);
}

UNIT_MAIN("m3ua", { "DATA messages", test_data }, { "parameters of DATA", test_parameters },
	{ "DATA cut at every octet", test_truncated },
	{ "as many parameters as are looked at", test_parameter_count },
	{ "state of an association", test_state }, { "counts of management", test_counts },
	{ "names", test_names })
