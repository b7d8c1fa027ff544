/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TPDU and UDH cases of research/reliability.md 3, through the whole pipeline: what each is called,
 * what is read of it, and whether it is refused.
 */
#include "dataplane/pipeline.h"

#include "tests/support/map_case.h"
#include "tests/support/unit.h"

enum { TPDU_SIZE = 180, HEAD_LEN = 18 };

struct part {
	uint8_t first; /* of the TPDU: 0x04 DELIVER, 0x44 with a UDH */
	uint8_t dcs;
	int udl;         /* TP-UDL where it is not the right one; 0: right */
	const char *udh; /* hexadecimal, UDHL included; NULL: none */
	const char *text;
	bool ucs2;
	bool cut; /* the last octet is missing */
};

static uint8_t octet_of(const char *hex)
{
	unsigned value = 0;

	for (unsigned i = 0; i < 2; i++) {
		value = value << 4 | (unsigned)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'A' + 10);
	}
	return (uint8_t)value;
}

/* A DELIVER (TS 23.040 9.2.2.1); its length. */
static size_t put_tpdu(const struct part *p, uint8_t *out)
{
	static const uint8_t head[HEAD_LEN] = { 0x04, 0x0B, 0x91, 0x44, 0x77, 0x00, 0x09, 0x10,
		0xF1, 0, 0, 0x62, 0x11, 0x22, 0x01, 0, 0, 0 };
	size_t n_udh = p->udh == NULL ? 0 : strlen(p->udh) / 2;
	uint8_t *ud = out + HEAD_LEN + 1;
	size_t len = n_udh;
	size_t units;

	memcpy(out, head, HEAD_LEN);
	out[0] = p->first;
	out[10] = p->dcs;
	for (size_t i = 0; i < n_udh; i++) {
		ud[i] = octet_of(p->udh + 2 * i);
	}
	if (p->ucs2) {
		for (const char *c = p->text; *c != 0; c++) {
			ud[len++] = 0;
			ud[len++] = (uint8_t)*c;
		}
		units = len;
	} else {
		size_t septets = (n_udh * 8 + 6) / 7;

		len = map_case_pack(p->text, (unsigned)(septets * 7), ud);
		units = septets + strlen(p->text);
	}
	out[HEAD_LEN] = (uint8_t)(p->udl != 0 ? p->udl : (int)units);
	return HEAD_LEN + 1 + len - (p->cut ? 1 : 0);
}

static bool send(struct lab *lab, const struct part *p)
{
	uint8_t tpdu[TPDU_SIZE] = { 0 };
	struct map_case c = map_case_of_tpdu(bytes_of(tpdu, put_tpdu(p, tpdu)));

	return map_case_send(lab, &c);
}

/* ---- one TPDU ---- */

static void test_one(void)
{
	static const struct {
		const char *name;
		struct part part;
		const char *text; /* what is read; NULL: not compared */
		enum reason reason;
		bool refused;
	} cases[] = {
		{ "plain", { 0x04, 0, 0, NULL, "buy now", false, false }, "buy now", R_none, true },
		{ "a UDH longer than the user data",
			{ 0x44, 0, 0, "7F0003010201", "buy now", false, false }, NULL, R_udh_length,
			true },
		{ "a UDH element longer than the UDH",
			{ 0x44, 0, 0, "0500FF010201", "buy now", false, false }, "buy now",
			R_udh_length, true },
		{ "part 0", { 0x44, 0, 0, "050003010200", "buy now", false, false }, "buy now",
			R_concat_invalid, true },
		{ "part above total", { 0x44, 0, 0, "050003010203", "buy now", false, false },
			"buy now", R_concat_invalid, true },
		{ "total 0", { 0x44, 0, 0, "050003010001", "buy now", false, false }, "buy now",
			R_concat_invalid, true },
		{ "total 255", { 0x44, 0, 0, "05000301FF01", "buy now", false, false }, "buy now",
			R_none, true },
		{ "a reference of 16 bits",
			{ 0x44, 0, 0, "0608040102FF01", "buy now", false, false }, "buy now",
			R_none, true },
		{ "two concatenations that differ",
			{ 0x44, 0, 0, "0B000301020108040102FF01", "buy now", false, false },
			"buy now", R_none, true },
		{ "a locking shift table: Turkish",
			{ 0x44, 0, 0, "03250101", "buy now", false, false }, "buy now", R_none,
			true },
		{ "a single shift table: Spanish",
			{ 0x44, 0, 0, "03240102", "buy now", false, false }, "buy now", R_none,
			true },
		{ "a table that nobody has", { 0x44, 0, 0, "032501FE", "buy now", false, false },
			"buy now", R_none, true },
		{ "UCS-2", { 0x04, 8, 0, NULL, "buy now", true, false }, "buy now", R_none, true },
		{ "UCS-2 of an odd length", { 0x04, 8, 13, NULL, "buy now", true, true }, NULL,
			R_none, false },
		{ "the same, the phrase whole", { 0x04, 8, 15, NULL, "buy now!", true, true }, NULL,
			R_none, true },
		{ "compressed", { 0x04, 0x20, 0, NULL, "buy now", false, false }, NULL,
			R_compressed, false },
		{ "to an application port",
			{ 0x44, 0xF5, 0, "0605040B8423F0", "buy now", true, false }, NULL, R_none,
			false },
		{ "a reserved coding group", { 0x04, 0x80, 0, NULL, "buy now", false, false },
			"buy now", R_none, true },
		{ "a flash message", { 0x04, 0x10, 0, NULL, "buy now", false, false }, "buy now",
			R_none, true },
		{ "a TP-UDL above the user data", { 0x04, 0, 160, NULL, "buy now", false, false },
			NULL, R_tpdu_length, true },
		{ "a TP-UDL of 0", { 0x04, 0, 256, NULL, "buy now", false, false }, NULL,
			R_tpdu_length, false },
	};

	struct generation *rules = lab_rules(MAP_CASE_RULES);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lab *lab = map_case_open_on(rules);
		bool same = send(lab, &cases[i].part);
		const struct lab_event *e = lab_message(lab, 0);

		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		if (same == cases[i].refused ||
			(cases[i].reason != R_none &&
				map_case_counted(lab, cases[i].reason) == 0) ||
			(cases[i].text != NULL && strcmp(e->text, cases[i].text) != 0) ||
			(!same && map_case_left_text(lab, "buy now"))) {
			printf("\n  %s: %s, %s %llu, text \"%s\"\n", cases[i].name,
				same ? "as it came" : "refused", stats_reason_name(cases[i].reason),
				(unsigned long long)map_case_counted(lab, cases[i].reason),
				e->text);
			CU_FAIL();
		}
		map_case_close(lab);
	}
	generation_free(rules);
}

/* ---- long messages ---- */

enum { PARTS_MAX = 4 };

static void test_parts(void)
{
	static const struct {
		const char *name;
		struct part parts[PARTS_MAX];
		unsigned n;
		unsigned refused; /* bit i: part i */
		enum reason reason;
	} cases[] = {
		{ "a phrase over two parts",
			{ { 0x44, 0, 0, "050003070201", "to buy", false, false },
				{ 0x44, 0, 0, "050003070202", " now", false, false } },
			2, 2, R_none },
		{ "the other way round",
			{ { 0x44, 0, 0, "050003070202", " now", false, false },
				{ 0x44, 0, 0, "050003070201", "to buy", false, false } },
			2, 2, R_none },
		{ "one part in septets, one in UCS-2",
			{ { 0x44, 0, 0, "050003070201", "to buy", false, false },
				{ 0x44, 8, 0, "050003070202", " now", true, false } },
			2, 2, R_none },
		{ "a part again with other text: told, and both are looked at",
			{ { 0x44, 0, 0, "050003070301", "to buy", false, false },
				{ 0x44, 0, 0, "050003070302", " later", false, false },
				{ 0x44, 0, 0, "050003070302", " now", false, false } },
			3, 4, R_concat_conflict },
		{ "another total is another message's",
			{ { 0x44, 0, 0, "050003070201", "to buy", false, false },
				{ 0x44, 0, 0, "050003070301", "to buy", false, false },
				{ 0x44, 0, 0, "050003070202", " now", false, false } },
			3, 4, R_none },
		{ "after it was condemned: every part",
			{ { 0x44, 0, 0, "050003070301", "buy now", false, false },
				{ 0x44, 0, 0, "050003070302", "the keys", false, false },
				{ 0x44, 0, 0, "050003070303", "are there", false, false } },
			3, 7, R_none },
		{ "the reference of 16 bits is another message",
			{ { 0x44, 0, 0, "050003070201", "to buy", false, false },
				{ 0x44, 0, 0, "06080400070202", " now", false, false } },
			2, 0, R_none },
		{ "255 parts",
			{ { 0x44, 0, 0, "05000307FFFE", "to buy", false, false },
				{ 0x44, 0, 0, "05000307FFFF", " now", false, false } },
			2, 2, R_none },
	};

	struct generation *rules = lab_rules(MAP_CASE_RULES);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lab *lab = map_case_open_on(rules);
		unsigned refused = 0;

		for (unsigned k = 0; k < cases[i].n; k++) {
			refused |= (unsigned)!send(lab, &cases[i].parts[k]) << k;
		}
		if (refused != cases[i].refused ||
			(cases[i].reason != R_none &&
				map_case_counted(lab, cases[i].reason) == 0)) {
			printf("\n  %s: refused %x, %s %llu\n", cases[i].name, refused,
				stats_reason_name(cases[i].reason),
				(unsigned long long)map_case_counted(lab, cases[i].reason));
			CU_FAIL();
		}
		map_case_close(lab);
	}
	generation_free(rules);
}

/* ---- an address of every length, also of those that no TPDU can have ---- */

static void test_address_lengths(void)
{
	struct generation *rules = lab_rules(MAP_CASE_RULES);
	struct lab *lab = map_case_open_on(rules);

	for (unsigned digits = 0; digits < 256; digits++) {
		struct map_case c = map_case_of_text(MAP_CASE_SPAM);
		uint64_t named = map_case_named(lab);
		bool same;

		c.user[MAP_CASE_TPDU + 1] = (uint8_t)digits;
		same = map_case_send(lab, &c);
		CU_ASSERT_TRUE(map_case_named(lab) > named);
		CU_ASSERT_TRUE(digits == 11 || digits == 12 ? !same : true);
		if (digits > 150) {
			CU_ASSERT_TRUE(same);
		}
	}
	CU_ASSERT_TRUE(map_case_counted(lab, R_tpdu_body) > 100);
	map_case_close(lab);
	generation_free(rules);
}

UNIT_MAIN("pipeline/sigtran/tpdu", { "one TPDU", test_one }, { "long messages", test_parts },
	{ "addresses of every length", test_address_lengths })
