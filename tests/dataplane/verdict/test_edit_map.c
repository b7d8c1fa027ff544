/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/verdict/edit_map.h"

#include <stdio.h>

#include "dataplane/sms/from_map.h"
#include "dataplane/verdict/edit_map_ghost.h"
#include "tests/dataplane/proto/bertext.h"
#include "tests/dataplane/sms/septets.h"
#include "tests/support/unit.h"

enum { MESSAGE_MAX = 4096, TEXT_MAX = 2048, COMPONENTS_MAX = 4, POISON_BOTH = 3 };

#define CENTRE "91447700090010"   /* 447700900001 */
#define MSISDN "91447700091011"   /* 447700900111 */
#define IMSI   "32140500005138F8" /* 234150000015838, as in a capture of jSS7 */
#define SCTS   "62112250012000"
#define OA     "0C91447700091022"
#define HELLO  "0AE8329BFD4697D9EC37" /* TP-UDL and "hellohello": TS 23.038 6.1.2.1 */
#define SPACES "0A201008040281402010" /* ten septets of 0x20, two fill bits */

#define DELIVER(ud)      "04" OA "0000" SCTS ud
#define SUBMIT(dcs, ud)  "1107" OA "00" dcs "A7" ud
#define MT(op, imsi, ui) "A1( 02(01) 02(" op ") 30( 80(" imsi ") 84(" CENTRE ") " ui " ) )"
#define MO(op, ui)       "A1( 02(01) 02(" op ") 30( 84(" CENTRE ") 82(" MSISDN ") " ui " ) )"
#define BEGIN(c)         "62( 48(0A) 6C( " c " ) )"
#define CONTINUE(c)      "65( 48(0A) 49(0B) 6C( " c " ) )"

#define MT_BEGIN   BEGIN(MT("2C", IMSI, "04(" DELIVER(HELLO) ")"))
#define MT_BLANKED BEGIN(MT("2C", IMSI, "04(" DELIVER(SPACES) ")"))
#define MT_REJECT  BEGIN(MT("7F", IMSI, "04(" DELIVER(SPACES) ")"))

/* A message as it was read. Static, for it is large. */
static struct input {
	struct bytes b;
	struct tcap_message tcap;
	unsigned n;
	struct component {
		struct tcap_component component;
		struct gsmmap_message map;
		struct map_tpdu tpdu;
		struct sms sms;
		uint8_t text[TEXT_MAX + LIMIT_SCAN_TAIL];
		struct edit_map_target target;
		bool has_sms;
	} c[COMPONENTS_MAX];
} in, again;

static void read_component(struct input *i, struct component *c)
{
	struct sms_buffers buffers = { .text = c->text, .text_size = TEXT_MAX };
	struct gsmmap_context context = gsmmap_context_of(&i->tcap);
	enum reason why;

	c->target = (struct edit_map_target){ .tcap = &i->tcap, .component = &c->component };
	c->has_sms = false;
	if (gsmmap_message_read(&c->component, context, i->b, &c->map, &why) != PARSE_OK) {
		return;
	}
	c->target.map = &c->map;
	if (c->map.has_ui && sms_from_map(&c->map, &c->tpdu, &buffers, &c->sms, &why) == PARSE_OK) {
		c->target.tpdu = &c->tpdu.tpdu;
		c->has_sms = true;
	}
}

static void read_octets(struct input *i, struct bytes b)
{
	struct cursor at;
	enum reason why;

	i->b = b;
	i->n = 0;
	CU_ASSERT_EQUAL_FATAL(tcap_message_read(b, &i->tcap, &why), PARSE_OK);
	at = cursor_of(i->tcap.components);
	while (cursor_left(&at) != 0 && i->n < COMPONENTS_MAX) {
		struct component *c = &i->c[i->n++];

		CU_ASSERT_EQUAL_FATAL(tcap_component_read(&at, b, &c->component, &why), PARSE_OK);
		read_component(i, c);
	}
}

static void read_message(const char *message)
{
	if (in.b.data != NULL) {
		bertext_free(in.b);
	}
	read_octets(&in, bertext_exact(message));
}

/* refuse: component `n` of `in`, into `out`, which holds the message or what became of it. */
static enum edit_style refuse(
	unsigned n, enum edit_style style, unsigned poison, size_t from, uint8_t *out)
{
	return edit_map_refuse(in.b, &in.c[n].target, style, poison, from, out);
}

static bool equals(const uint8_t *out, const char *expected)
{
	static uint8_t octets[MESSAGE_MAX];
	struct bytes e = bertext_write(expected, octets, sizeof(octets));
	bool equal = bytes_equal(bytes_of(out, in.b.len), e);

	for (size_t i = 0; !equal && i < in.b.len && i < e.len; i++) {
		if (out[i] != e.data[i]) {
			fprintf(stderr, "octet %zu: %02x, not %02x (lengths %zu, %zu)\n", i, out[i],
				e.data[i], in.b.len, e.len);
			break;
		}
	}
	return equal;
}

static const struct refuse_case {
	const char *name;
	const char *in;
	enum edit_style style;
	unsigned poison;
	enum edit_style used;
	const char *out;
} refuse_cases[] = {
	{ "map_reject", MT_BEGIN, EDIT_MAP_REJECT, 0, EDIT_MAP_REJECT, MT_REJECT },
	{ "map_reject of MO", BEGIN(MO("2E", "04(" SUBMIT("00", HELLO) ")")), EDIT_MAP_REJECT, 0,
		EDIT_MAP_REJECT, BEGIN(MO("7F", "04(" SUBMIT("00", SPACES) ")")) },
	{ "an operation code of two octets", BEGIN(MT("002C", IMSI, "04(" DELIVER(HELLO) ")")),
		EDIT_MAP_REJECT, 0, EDIT_MAP_REJECT,
		BEGIN(MT("007F", IMSI, "04(" DELIVER(SPACES) ")")) },
	{ "map_reject of an operation without text",
		BEGIN("A1( 02(01) 02(2D) 30( 80(" MSISDN ") 8101FF 82(" CENTRE ") ) )"),
		EDIT_MAP_REJECT, 0, EDIT_MAP_REJECT,
		BEGIN("A1( 02(01) 02(7F) 30( 80(" MSISDN ") 8101FF 82(" CENTRE ") ) )") },
	{ "indefinite lengths stay",
		"62[ 48(0A) 6C[ A1[ 02(01) 02(2C) 30[ 80(" IMSI ") 84(" CENTRE
		") 04(" DELIVER(HELLO) ") ] ] ] ]",
		EDIT_MAP_REJECT, 0, EDIT_MAP_REJECT,
		"62[ 48(0A) 6C[ A1[ 02(01) 02(7F) 30[ 80(" IMSI ") 84(" CENTRE
		") 04(" DELIVER(SPACES) ") ] ] ] ]" },
	{ "blank", MT_BEGIN, EDIT_BLANK, 0, EDIT_BLANK, MT_BLANKED },
	{ "tpdu_refuse: TP-DCS; UCS-2 of 8 octets is 9 septets",
		BEGIN(MO("2E", "04(" SUBMIT("08", "080068006500790021") ")")), EDIT_TPDU_REFUSE,
		MAP_POISON_DCS, EDIT_TPDU_REFUSE,
		BEGIN(MO("2E", "04(" SUBMIT("80", "092010080402814020") ")")) },
	{ "tpdu_refuse: TP-DCS of GSM 7-bit", BEGIN(MO("2E", "04(" SUBMIT("00", HELLO) ")")),
		EDIT_TPDU_REFUSE, MAP_POISON_DCS, EDIT_TPDU_REFUSE,
		BEGIN(MO("2E", "04(" SUBMIT("80", SPACES) ")")) },
	{ "tpdu_refuse: TP-DA", BEGIN(MO("2E", "04(" SUBMIT("00", HELLO) ")")), EDIT_TPDU_REFUSE,
		MAP_POISON_DA, EDIT_TPDU_REFUSE,
		BEGIN(MO("2E", "04(1107 0C91000000000000 0000A7" SPACES ")")) },
	{ "tpdu_refuse: TP-DA of an odd number of digits keeps its filler",
		BEGIN(MO("2E", "04(0107 0B913316020036F7 0000" HELLO ")")), EDIT_TPDU_REFUSE,
		POISON_BOTH, EDIT_TPDU_REFUSE,
		BEGIN(MO("2E", "04(0107 0B910000000000F0 0080" SPACES ")")) },
	{ "tpdu_refuse: a COMMAND has no TP-DCS", BEGIN(MO("2E", "04(0207000101" OA "02AABB)")),
		EDIT_TPDU_REFUSE, MAP_POISON_DCS, EDIT_MAP_REJECT,
		BEGIN(MO("7F", "04(0207000101" OA "022020)")) },
	{ "tpdu_refuse: a COMMAND by TP-DA", BEGIN(MO("2E", "04(0207000101" OA "02AABB)")),
		EDIT_TPDU_REFUSE, POISON_BOTH, EDIT_TPDU_REFUSE,
		BEGIN(MO("2E", "04(0207000101 0C91000000000000 022020)")) },
	{ "tpdu_refuse: not MT", MT_BEGIN, EDIT_TPDU_REFUSE, POISON_BOTH, EDIT_MAP_REJECT,
		MT_REJECT },
	{ "tpdu_refuse: nothing to poison", BEGIN(MO("2E", "04(" SUBMIT("00", HELLO) ")")),
		EDIT_TPDU_REFUSE, 0, EDIT_MAP_REJECT,
		BEGIN(MO("7F", "04(" SUBMIT("00", SPACES) ")")) },
	{ "imsi_unknown keeps the filler", MT_BEGIN, EDIT_IMSI_UNKNOWN, 0, EDIT_IMSI_UNKNOWN,
		BEGIN(MT("2C", "00000000000000F0", "04(" DELIVER(SPACES) ")")) },
	{ "imsi_unknown: not MO", BEGIN(MO("2E", "04(" SUBMIT("00", HELLO) ")")), EDIT_IMSI_UNKNOWN,
		0, EDIT_MAP_REJECT, BEGIN(MO("7F", "04(" SUBMIT("00", SPACES) ")")) },
	{ "imsi_unknown: an LMSI names nobody",
		BEGIN("A1( 02(01) 02(2C) 30( 81(01020304) 84(" CENTRE
		      ") 04(" DELIVER(HELLO) ") ) )"),
		EDIT_IMSI_UNKNOWN, 0, EDIT_MAP_REJECT,
		BEGIN("A1( 02(01) 02(7F) 30( 81(01020304) 84(" CENTRE
		      ") 04(" DELIVER(SPACES) ") ) )") },
	{ "imsi_unknown: no digits", BEGIN(MT("2C", "FFFFFF", "04(" DELIVER(HELLO) ")")),
		EDIT_IMSI_UNKNOWN, 0, EDIT_MAP_REJECT,
		BEGIN(MT("7F", "FFFFFF", "04(" DELIVER(SPACES) ")")) },
	{ "imsi_unknown: digits behind a filler are none",
		BEGIN(MT("2C", "CF2143", "04(" DELIVER(HELLO) ")")), EDIT_IMSI_UNKNOWN, 0,
		EDIT_MAP_REJECT, BEGIN(MT("7F", "CF2143", "04(" DELIVER(SPACES) ")")) },
	{ "tcap_ghost", BEGIN(MT("2C", IMSI, "04(" DELIVER(HELLO) ")")), EDIT_TCAP_GHOST, 0,
		EDIT_TCAP_GHOST,
		"67( 49(00000000) 6B( 28( 06(00118605010101) A0( 64( 80(00) BE( 28( 06(5101) "
		"81(00000000000000000000000000000000000000000000000000000000) ) ) ) ) ) ) )" },
	{ "tcap_ghost: too short a message", BEGIN("A1( 02(01) 02(2C) 30( 8500 8500 04(04) ) )"),
		EDIT_TCAP_GHOST, 0, EDIT_MAP_REJECT,
		BEGIN("A1( 02(01) 02(7F) 30( 8500 8500 04(00) ) )") },
	{ "tcap_ghost: another component would go with it",
		CONTINUE("A2( 02(00) ) " MT("2C", IMSI, "04(" DELIVER(HELLO) ")")), EDIT_TCAP_GHOST,
		0, EDIT_MAP_REJECT,
		CONTINUE("A2( 02(00) ) " MT("7F", IMSI, "04(" DELIVER(SPACES) ")")) },
	{ "a TPDU in pieces",
		BEGIN(MT("2C", IMSI,
			"24( 04(04" OA "0000" SCTS "0AE832) 24[ 04() 04(9B) ] 04(FD4697D9EC37) )")),
		EDIT_MAP_REJECT, 0, EDIT_MAP_REJECT,
		BEGIN(MT("7F", IMSI,
			"24( 04(04" OA "0000" SCTS
			"0A2010) 24[ 04() 04(08) ] 04(040281402010) )")) },
	{ "a TPDU in pieces: TP-DCS",
		BEGIN(MO("2E",
			"24( 04(1107" OA ") 04(00) 04(00) 04(A70A) 04(E8329BFD4697D9EC37) )")),
		EDIT_TPDU_REFUSE, MAP_POISON_DCS, EDIT_TPDU_REFUSE,
		BEGIN(MO("2E",
			"24( 04(1107" OA ") 04(00) 04(80) 04(A70A) 04(201008040281402010) )")) },
	{ "a TPDU that cannot be read", BEGIN(MT("2C", IMSI, "04(44FFAABBCC)")), EDIT_BLANK, 0,
		EDIT_BLANK, BEGIN(MT("2C", IMSI, "04(0000000000)")) },
	{ "a parameter that cannot be read",
		BEGIN("A1( 02(01) 02(2C) 30( 80(" IMSI ") AA(" DELIVER(HELLO) ") ) )"),
		EDIT_MAP_REJECT, 0, EDIT_MAP_REJECT,
		BEGIN("A1( 02(01) 02(7F) 04( 0000000000000000000000000000000000000000000000000000"
		      "0000000000000000000000000000) )") },
	{ "a parameter without its SEQUENCE", BEGIN("A1( 02(01) 02(2C) 8500 8500 04(AABBCCDD) )"),
		EDIT_MAP_REJECT, 0, EDIT_MAP_REJECT,
		BEGIN("A1( 02(01) 02(7F) 04(0000000000000000) )") },
	{ "a report in a result is blanked only",
		"64( 49(0A) 6C( A2( 02(01) 30( 02(2C) 30( 04(00060002E834) ) ) ) ) )",
		EDIT_MAP_REJECT, 0, EDIT_BLANK,
		"64( 49(0A) 6C( A2( 02(01) 30( 02(2C) 30( 04(000600022010) ) ) ) ) )" },
	{ "octets behind the user data", BEGIN(MT("2C", IMSI, "04(" DELIVER("02E834AABBCC") ")")),
		EDIT_BLANK, 0, EDIT_BLANK,
		BEGIN(MT("2C", IMSI, "04(" DELIVER("022010000000") ")")) },
	{ "TP-UDL beyond the end", BEGIN(MT("2C", IMSI, "04(" DELIVER("A0E834") ")")), EDIT_BLANK,
		0, EDIT_BLANK, BEGIN(MT("2C", IMSI, "04(" DELIVER("A02010") ")")) },
	{ "no text at all", BEGIN(MT("2C", IMSI, "04(" DELIVER("00") ")")), EDIT_BLANK, 0,
		EDIT_BLANK, BEGIN(MT("2C", IMSI, "04(" DELIVER("00") ")")) },
	{ "8-bit data", BEGIN(MO("2E", "04(" SUBMIT("04", "03AABBCC") ")")), EDIT_BLANK, 0,
		EDIT_BLANK, BEGIN(MO("2E", "04(" SUBMIT("04", "03202020") ")")) },
	{ "UDH of concatenation is kept, fill bits are 0",
		BEGIN(MT("2C", IMSI, "04(44" OA "0000" SCTS "0A 050003AA0201 FFFFFF)")), EDIT_BLANK,
		0, EDIT_BLANK,
		BEGIN(MT("2C", IMSI, "04(44" OA "0000" SCTS "0A 050003AA0201 402010)")) },
	{ "UDH: an element that can carry text is zeroed",
		BEGIN(MT("2C", IMSI, "04(44" OA "0008" SCTS "09 06 0A04AABBCCDD 0041)")),
		EDIT_BLANK, 0, EDIT_BLANK,
		BEGIN(MT("2C", IMSI, "04(44" OA "0008" SCTS "09 06 0A0400000000 0020)")) },
	{ "UDH longer than the user data",
		BEGIN(MT("2C", IMSI, "04(44" OA "0000" SCTS "09 E832AABBCCDDEEFF)")), EDIT_BLANK, 0,
		EDIT_BLANK, BEGIN(MT("2C", IMSI, "04(44" OA "0000" SCTS "09 0000080402814020)")) },
};

static void test_refuse(void)
{
	for (size_t i = 0; i < sizeof(refuse_cases) / sizeof(refuse_cases[0]); i++) {
		const struct refuse_case *c = &refuse_cases[i];
		static uint8_t out[MESSAGE_MAX];
		enum edit_style used;
		unsigned last;

		read_message(c->in);
		last = in.n - 1;
		memcpy(out, in.b.data, in.b.len);
		used = refuse(last, c->style, c->poison, 0, out);
		if (used != c->used || !equals(out, c->out)) {
			fprintf(stderr, "%s: %s\n", c->name, edit_style_name(used));
			CU_FAIL("refuse");
		}
	}
}

/* What can still be done when octets have left: by where the editable ones begin. */
static const struct partial_case {
	const char *name;
	const char *in;
	const char *whole;        /* map_reject, nothing has left */
	const char *voided;       /* what it would be with segment_void, nothing having left */
	const char *reject_until; /* the last octet from which on each style is possible */
	const char *void_until;
} partial_cases[] = {
	/* up to the operation code, then up to the tag of the UI */
	{ "the UI is last", MT_BEGIN, MT_REJECT, BEGIN(MT("2C", IMSI, "C4(" DELIVER(SPACES) ")")),
		"2C30", "041C04" OA },
	{ "in pieces", BEGIN(MO("2E", "24( 04(" SUBMIT("00", "0AE832") ") 04(9BFD4697D9EC37) )")),
		BEGIN(MO("7F", "24( 04(" SUBMIT("00", "0A2010") ") 04(08040281402010) )")),
		BEGIN(MO("2E", "E4( 04(" SUBMIT("00", "0A2010") ") 04(08040281402010) )")), "2E30",
		"241B" },
};

static size_t find(struct bytes b, const char *hex)
{
	uint8_t octets[64];
	struct bytes needle = bertext_write(hex, octets, sizeof(octets));

	for (size_t i = 0; i + needle.len <= b.len; i++) {
		if (memcmp(b.data + i, needle.data, needle.len) == 0) {
			return i;
		}
	}
	CU_FAIL_FATAL("the pattern of a test is in its message");
	return 0;
}

static void check_partial(const struct partial_case *c, size_t from)
{
	size_t reject_until = find(in.b, c->reject_until);
	size_t void_until = find(in.b, c->void_until);
	enum edit_style wanted = from <= reject_until     ? EDIT_MAP_REJECT
	                         : from <= void_until + 1 ? EDIT_SEGMENT_VOID
	                                                  : EDIT_BLANK;
	static uint8_t expected[MESSAGE_MAX];
	static uint8_t out[MESSAGE_MAX];
	enum edit_style used;

	bertext_write(from <= reject_until ? c->whole : c->voided, expected, sizeof(expected));
	memcpy(expected, in.b.data, from);
	if (from == void_until + 1) { /* its length is left, which runs beyond the parameter then */
		expected[from] = 0x7F;
	}
	memcpy(out, in.b.data, in.b.len);
	used = refuse(0, EDIT_MAP_REJECT, 0, from, out);
	/* bit for bit, as the octet before what has left is one of the original's */
	if (used != wanted || memcmp(out, expected, in.b.len) != 0) {
		fprintf(stderr, "%s: from %zu: %s\n", c->name, from, edit_style_name(used));
		CU_FAIL("partial");
	}
}

static void test_partial(void)
{
	for (size_t i = 0; i < sizeof(partial_cases) / sizeof(partial_cases[0]); i++) {
		read_message(partial_cases[i].in);
		for (size_t from = 0; from <= in.b.len; from++) {
			check_partial(&partial_cases[i], from);
		}
	}
}

/* An element behind the UI is the last that can be broken; what cannot be, is not. */
static const struct last_case {
	const char *name;
	const char *tail;
	const char *out; /* of the tail */
	size_t last;     /* octets from the end at which it still works; 0: never */
} last_cases[] = {
	{ "more messages to send", "0500", "057F", 1 },
	{ "an extension container", "0500 30(80(0102))", "0500 307F 80020102", 5 },
	{ "an empty element", "30()", "307F", 1 },
	{ "of a long tag", "BF8100(0102)", "BF8100(0102)", 0 },
};

static void test_break_last(void)
{
	static char message[1024];
	static char expected[1024];

	for (size_t i = 0; i < sizeof(last_cases) / sizeof(last_cases[0]); i++) {
		const struct last_case *c = &last_cases[i];
		size_t ui;

		snprintf(message, sizeof(message),
			BEGIN(MT("2C", IMSI, "04(" DELIVER(HELLO) ") %s")), c->tail);
		read_message(message);
		ui = find(in.b, "041C04" OA) + 1;
		snprintf(expected, sizeof(expected), "%s", c->out);
		for (size_t from = ui; from <= in.b.len; from++) {
			bool can = c->last != 0 && from + c->last <= in.b.len;
			uint8_t tail[64];
			struct bytes t =
				bertext_write(can ? expected : c->tail, tail, sizeof(tail));
			static uint8_t out[MESSAGE_MAX];
			enum edit_style used;

			if (from == ui) { /* the UI's own length is no place for it: not the last */
				continue;
			}
			memcpy(out, in.b.data, in.b.len);
			used = refuse(0, EDIT_MAP_REJECT, 0, from, out);
			if (used != (can ? EDIT_SEGMENT_VOID : EDIT_BLANK) ||
				memcmp(out + in.b.len - t.len, t.data, t.len) != 0) {
				fprintf(stderr, "%s: from %zu: %s\n", c->name, from,
					edit_style_name(used));
				CU_FAIL("break last");
			}
		}
	}
}

/* The last element's length is not touched where its parameter has none. */
static void test_break_indefinite(void)
{
	static uint8_t out[MESSAGE_MAX];

	read_message(BEGIN("A1( 02(01) 02(2C) 30[ 80(" IMSI ") 84(" CENTRE
			   ") 04(" DELIVER(HELLO) ") 0500 ] )"));
	memcpy(out, in.b.data, in.b.len);
	CU_ASSERT_EQUAL(refuse(0, EDIT_MAP_REJECT, 0, in.b.len - 4, out), EDIT_BLANK);
	CU_ASSERT_EQUAL(memcmp(out, in.b.data, in.b.len), 0);
	CU_ASSERT_EQUAL(
		refuse(0, EDIT_MAP_REJECT, 0, find(in.b, "041C04" OA), out), EDIT_SEGMENT_VOID);
}

/* The styles that need more than the operation code fall back by what has left. */
static void test_partial_styles(void)
{
	static uint8_t out[MESSAGE_MAX];

	read_message(MT_BEGIN);
	memcpy(out, in.b.data, in.b.len);
	CU_ASSERT_EQUAL(refuse(0, EDIT_TCAP_GHOST, 0, 1, out), EDIT_MAP_REJECT);
	memcpy(out, in.b.data, in.b.len);
	CU_ASSERT_EQUAL(refuse(0, EDIT_IMSI_UNKNOWN, 0, find(in.b, IMSI), out), EDIT_IMSI_UNKNOWN);
	memcpy(out, in.b.data, in.b.len);
	CU_ASSERT_EQUAL(
		refuse(0, EDIT_IMSI_UNKNOWN, 0, find(in.b, IMSI) + 1, out), EDIT_SEGMENT_VOID);
	read_message(BEGIN(MO("2E", "04(" SUBMIT("08", "080068006500790021") ")")));
	memcpy(out, in.b.data, in.b.len);
	CU_ASSERT_EQUAL(refuse(0, EDIT_TPDU_REFUSE, MAP_POISON_DCS, find(in.b, "08A708"), out),
		EDIT_TPDU_REFUSE);
	memcpy(out, in.b.data, in.b.len);
	CU_ASSERT_EQUAL(refuse(0, EDIT_TPDU_REFUSE, MAP_POISON_DCS, find(in.b, "08A708") + 1, out),
		EDIT_BLANK);
	CU_ASSERT_EQUAL(out[find(in.b, "08A708")], 0x08);
}

static void test_components(void)
{
	static const char *const parts[] = { "A2( 02(05) )",
		MT("2C", IMSI, "04(" DELIVER(HELLO) ")"), MO("2E", "04(" SUBMIT("00", HELLO) ")"),
		"A4( 02(06) 81(01) )" };
	static char message[2048];
	static uint8_t out[MESSAGE_MAX];

	snprintf(message, sizeof(message), CONTINUE("%s %s %s %s"), parts[0], parts[1], parts[2],
		parts[3]);
	read_message(message);
	CU_ASSERT_EQUAL_FATAL(in.n, 4);
	memcpy(out, in.b.data, in.b.len);
	CU_ASSERT_EQUAL(refuse(2, EDIT_MAP_REJECT, 0, 0, out), EDIT_MAP_REJECT);
	snprintf(message, sizeof(message), CONTINUE("%s %s %s %s"), parts[0], parts[1],
		MO("7F", "04(" SUBMIT("00", SPACES) ")"), parts[3]);
	CU_ASSERT_TRUE(equals(out, message));
	CU_ASSERT_EQUAL(refuse(1, EDIT_IMSI_UNKNOWN, 0, 0, out), EDIT_IMSI_UNKNOWN);
	snprintf(message, sizeof(message), CONTINUE("%s %s %s %s"), parts[0],
		MT("2C", "00000000000000F0", "04(" DELIVER(SPACES) ")"),
		MO("7F", "04(" SUBMIT("00", SPACES) ")"), parts[3]);
	CU_ASSERT_TRUE(equals(out, message));
}

/* The octets of two messages of a live jSS7: mt-forwardSM v3 and mo-forwardSM v3 in UCS-2. */
#define REAL_MT                                                                              \
	"6272 480400000002 6B1E281C060700118605010101A011600F80020780A109060704000001001903" \
	"6C4AA14802010002012C3040 80083214050000 5138F8 840791447700090010 042B"             \
	"040C914477000910200000 62112250012000 1B"                                           \
	"D3B29B0C6A9741F9329D9E3FCD41EE7A5B5C9683E0ECB90B"
#define REAL_MO                                                                                \
	"62818D 480400000038 6B1E281C060700118605010101A011600F80020780A109060704000001001503" \
	"6C65A16302010002012E305B 840791447700090020 820791447700098131 0447"                  \
	"01310B913316020036F700083A"                                                           \
	"004A00650020006E00270061006900200074006F0075006A006F00750072007300200070006100730020" \
	"0076 00E90072006900660069 00E9002E"

static bool only_spaces(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != ' ') {
			return false;
		}
	}
	return true;
}

/* check_real: whatever the style: equal length, the same each time, and no text left to be read. */
static void check_real(const char *message, enum edit_style style)
{
	static uint8_t out[MESSAGE_MAX];
	static uint8_t twice[MESSAGE_MAX];
	enum edit_style used;

	read_message(message);
	CU_ASSERT_TRUE_FATAL(in.c[0].has_sms);
	CU_ASSERT_FALSE(only_spaces(in.c[0].sms.body[0].text));
	memcpy(out, in.b.data, in.b.len);
	used = refuse(0, style, POISON_BOTH, 0, out);
	memcpy(twice, in.b.data, in.b.len);
	CU_ASSERT_EQUAL(refuse(0, style, POISON_BOTH, 0, twice), used);
	CU_ASSERT_EQUAL(memcmp(out, twice, in.b.len), 0);
	if (used == EDIT_TCAP_GHOST) {
		return;
	}
	out[in.c[0].component.code_off] = (uint8_t)in.c[0].component.code;
	read_octets(&again, bytes_of(out, in.b.len));
	CU_ASSERT_TRUE_FATAL(again.n == 1 && again.c[0].has_sms);
	CU_ASSERT_TRUE(only_spaces(again.c[0].sms.body[0].text));
	CU_ASSERT_EQUAL(again.c[0].tpdu.tpdu.anomalies, in.c[0].tpdu.tpdu.anomalies);
	CU_ASSERT_NOT_EQUAL(again.c[0].sms.text_stats.n_characters, 0);
}

static void test_real(void)
{
	static const enum edit_style styles[] = { EDIT_MAP_REJECT, EDIT_TPDU_REFUSE,
		EDIT_IMSI_UNKNOWN, EDIT_TCAP_GHOST, EDIT_BLANK };

	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		check_real(REAL_MT, styles[i]);
		check_real(REAL_MO, styles[i]);
	}
}

/* Every length that can be filled is one well-formed U-Abort, and nothing else. */
static void test_ghost(void)
{
	static uint8_t out[70000];
	static uint8_t other[sizeof(out)];
	unsigned wrong = 0;

	for (size_t len = 0; len < sizeof(out); len += len < 2000 ? 1 : 61) {
		struct tcap_message m;
		enum reason why;
		bool done;

		memset(out, 0xA5, len);
		done = edit_map_put_ghost(out, len);
		if (done != (len >= 38 && len <= UINT16_MAX)) {
			wrong++;
		} else if (!done) {
			wrong += len != 0 && out[0] != 0xA5;
		} else if (tcap_message_read(bytes_of(out, len), &m, &why) != PARSE_OK) {
			wrong++;
		} else {
			wrong += m.type != TCAP_ABORT || m.dialogue != TCAP_DIALOGUE_ABORT ||
			         m.anomalies != 0 || m.p_abort_cause != -1 || m.otid.len != 0 ||
			         m.dtid.len != 4 || be32(m.dtid.data) != 0;
			memset(other, 0x5A, len);
			wrong += !edit_map_put_ghost(other, len) || memcmp(out, other, len) != 0;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

/*
 * Redaction: a text of random septets behind a UDH of any length, sent in one piece and in many:
 * exactly the wanted septets become spaces, as an encoder of the test's own would have written them.
 */
static size_t put_tpdu(uint8_t *tpdu, unsigned udh_len, const uint8_t *septets, size_t n)
{
	static const uint8_t head[] = { 0x44, 0x0C, 0x91, 0x44, 0x77, 0x00, 0x09, 0x10, 0x22, 0x00,
		0x00, 0x62, 0x11, 0x22, 0x50, 0x01, 0x20, 0x00 };
	size_t at = sizeof(head);
	size_t skip = ((udh_len + 1) * 8 + 6) / 7;

	memset(tpdu, 0, 255);
	memcpy(tpdu, head, at);
	tpdu[at++] = (uint8_t)(skip + n);
	tpdu[at] = (uint8_t)udh_len;
	if (udh_len >= 2) { /* one element, unknown */
		tpdu[at + 1] = 0x7F;
		tpdu[at + 2] = (uint8_t)(udh_len - 2);
	}
	return at + septets_pack(tpdu + at, skip * 7, septets, n);
}

/* put_message: the TPDU in one piece (piece 0) or in pieces of so many octets. */
static void put_message(const uint8_t *tpdu, size_t len, size_t piece)
{
	static char message[4096];
	size_t at = 0;

	at += (size_t)snprintf(message, sizeof(message),
		"65( 48(0A) 49(0B) 6C( A1( 02(01) 02(2C) 30( 80(" IMSI ") 84(" CENTRE ") %s",
		piece == 0 ? "04(" : "24[");
	for (size_t i = 0; i < len; i++) {
		bool begins = piece != 0 && i % piece == 0;
		bool ends = piece != 0 && (i % piece == piece - 1 || i == len - 1);

		at += (size_t)snprintf(message + at, sizeof(message) - at, "%s%02X%s",
			begins ? "04(" : "", tpdu[i], ends ? ")" : "");
	}
	snprintf(message + at, sizeof(message) - at, "%s ) ) ) )", piece == 0 ? ")" : "]");
	read_message(message);
}

static void check_redact(uint64_t *random)
{
	unsigned udh_len = septets_random(random) % 2 == 0 ? 0 : 2 + septets_random(random) % 12;
	size_t n = 1 + septets_random(random) % 120;
	size_t piece = septets_random(random) % 3 == 0 ? 0 : 1 + septets_random(random) % 40;
	size_t from = septets_random(random) % n;
	size_t to = from + septets_random(random) % (n - from + 1);
	uint8_t septets[160];
	uint8_t tpdu[256];
	static uint8_t out[MESSAGE_MAX];
	size_t len;

	for (size_t i = 0; i < n; i++) {
		septets[i] = (uint8_t)(0x30 + septets_random(random) % 0x40); /* no escape */
	}
	len = put_tpdu(tpdu, udh_len, septets, n);
	put_message(tpdu, len, piece);
	CU_ASSERT_TRUE_FATAL(
		in.c[0].has_sms && in.c[0].map.ui_in_pieces == (piece != 0 && len > piece));
	memcpy(out, in.b.data, in.b.len);
	edit_map_redact(in.b, &in.c[0].target, &in.c[0].sms, from, to, 0, out);
	for (size_t i = from; i < to; i++) {
		septets[i] = ' ';
	}
	len = put_tpdu(tpdu, udh_len, septets, n);
	put_message(tpdu, len, piece);
	CU_ASSERT_EQUAL(memcmp(out, in.b.data, in.b.len), 0);
}

static void test_redact_septets(void)
{
	uint64_t random = 54;

	for (unsigned i = 0; i < 3000; i++) {
		check_redact(&random);
	}
}

static void test_redact_others(void)
{
	static uint8_t out[MESSAGE_MAX];
	size_t text;

	/* "a", a surrogate pair, "b": half of the pair takes the whole */
	read_message(BEGIN(MO("2E", "04(" SUBMIT("08", "080061D83DDE000062") ")")));
	memcpy(out, in.b.data, in.b.len);
	edit_map_redact(in.b, &in.c[0].target, &in.c[0].sms, 4, 6, 0, out);
	CU_ASSERT_TRUE(equals(out, BEGIN(MO("2E", "04(" SUBMIT("08", "080061002000200062") ")"))));
	/* what has left stays, and a second range adds to the first */
	edit_map_redact(in.b, &in.c[0].target, &in.c[0].sms, 0, 8, in.b.len - 1, out);
	CU_ASSERT_TRUE(equals(out, BEGIN(MO("2E", "04(" SUBMIT("08", "080061002000200020") ")"))));
	/* behind a UDH, UCS-2 */
	read_message(BEGIN(MT("2C", IMSI, "04(44" OA "0008" SCTS "0A 050003AA0201 00410042)")));
	memcpy(out, in.b.data, in.b.len);
	edit_map_redact(in.b, &in.c[0].target, &in.c[0].sms, 2, 4, 0, out);
	CU_ASSERT_TRUE(equals(
		out, BEGIN(MT("2C", IMSI, "04(44" OA "0008" SCTS "0A 050003AA0201 00410020)"))));
	text = find(in.b, "050003AA");
	CU_ASSERT_EQUAL(in.c[0].sms.body[0].offset, text);
}

/* A report whose TP-PI has no end in sight: nothing is written where it is not. */
static void test_far_text(void)
{
	static char message[8192];
	size_t at = 0;
	static uint8_t out[MESSAGE_MAX];

	at += (size_t)snprintf(
		message, sizeof(message), "64( 49(0A) 6C( A2( 02(01) 30( 02(2C) 30( 04( 00");
	for (unsigned i = 0; i < 600; i++) {
		at += (size_t)snprintf(message + at, sizeof(message) - at, "84");
	}
	snprintf(message + at, sizeof(message) - at, "0402E834 ) ) ) ) ) )");
	read_message(message);
	CU_ASSERT_TRUE_FATAL(in.c[0].has_sms);
	CU_ASSERT_TRUE(in.c[0].sms.body[0].text.len != 0);
	memcpy(out, in.b.data, in.b.len);
	CU_ASSERT_EQUAL(refuse(0, EDIT_BLANK, 0, 0, out), EDIT_BLANK);
	for (size_t i = in.c[0].map.ui_off; i < in.b.len; i++) {
		CU_ASSERT_EQUAL(out[i], 0);
	}
	memcpy(out, in.b.data, in.b.len);
	edit_map_redact(in.b, &in.c[0].target, &in.c[0].sms, 0, 1, 0, out);
	CU_ASSERT_EQUAL(out[in.b.len - 1], 0);
}

static void test_text_place(void)
{
	size_t off;
	size_t len;

	read_message(MT_BEGIN);
	CU_ASSERT_TRUE(edit_map_text(&in.c[0].target, &off, &len));
	CU_ASSERT_EQUAL(off, find(in.b, HELLO) + 1);
	CU_ASSERT_EQUAL(len, 9);
	read_message(BEGIN(MT("2C", IMSI, "24( 04(04" OA "0000" SCTS ") 04(" HELLO ") )")));
	CU_ASSERT_TRUE(edit_map_text(&in.c[0].target, &off, &len));
	CU_ASSERT_EQUAL(off + len, in.b.len);
	CU_ASSERT_EQUAL(off, find(in.b, "041204" OA));
	read_message(BEGIN(MT("2C", IMSI, "04(44FFAABBCC)")));
	CU_ASSERT_TRUE(edit_map_text(&in.c[0].target, &off, &len));
	CU_ASSERT_EQUAL(len, 5);
	read_message(BEGIN("A1( 02(01) 02(2C) 8500 8500 04(AABBCCDD) )"));
	CU_ASSERT_TRUE(edit_map_text(&in.c[0].target, &off, &len));
	CU_ASSERT_EQUAL(len, 10);
	read_message(BEGIN("A1( 02(01) 02(2D) 30( 80(" MSISDN ") ) )"));
	CU_ASSERT_FALSE(edit_map_text(&in.c[0].target, &off, &len));
	read_message(BEGIN("A1( 02(01) 02(2C) )"));
	CU_ASSERT_FALSE(edit_map_text(&in.c[0].target, &off, &len));
}

#define END(c) "64( 49(0A) 6C( " c " ) )"

static const struct answer_case {
	const char *name;
	const char *in;
	unsigned error;
	enum edit_map_answer answer;
	enum reason why;
	const char *out; /* NULL: as it was */
} answer_cases[] = {
	{ "Reject", END("A4( 02(07) 81(01) )"), 36, MAP_ANSWER_REWRITTEN, R_none,
		END("A3( 02(07) 02(24) )") },
	{ "Reject, general problem", END("A4( 02(07) 80(02) )"), 21, MAP_ANSWER_REWRITTEN, R_none,
		END("A3( 02(07) 02(15) )") },
	{ "Reject with an invoke id of two octets", END("A4( 02(0007) 81(01) )"), 36,
		MAP_ANSWER_REWRITTEN, R_none, END("A3( 02(0007) 02(24) )") },
	{ "Reject of the indefinite form", END("A4[ 02(07) 81(01) ]"), 36, MAP_ANSWER_REWRITTEN,
		R_none, END("A3[ 02(07) 02(24) ]") },
	{ "Reject without invoke id", END("A4( 0500 80(00) )"), 36, MAP_ANSWER_KEPT,
		R_map_answer_kept, NULL },
	{ "Reject with a problem of two octets", END("A4( 02(07) 81(0001) )"), 36, MAP_ANSWER_KEPT,
		R_map_answer_kept, NULL },
	{ "Reject with a problem of a long length", END("A4( 02(07) 81810101 )"), 36,
		MAP_ANSWER_KEPT, R_map_answer_kept, NULL },
	{ "Reject with more behind it", END("A4( 02(07) 81(01) 04(00) )"), 36, MAP_ANSWER_KEPT,
		R_map_answer_kept, NULL },
	{ "Reject of a result", END("A4( 02(07) 82(01) )"), 36, MAP_ANSWER_NONE, R_none, NULL },
	{ "Reject of an error", END("A4( 02(07) 83(01) )"), 36, MAP_ANSWER_NONE, R_none, NULL },
	{ "an error that needs a parameter", END("A4( 02(07) 81(01) )"), 32, MAP_ANSWER_KEPT,
		R_map_answer_kept, NULL },
	{ "no error configured", END("A4( 02(07) 81(01) )"), 0, MAP_ANSWER_KEPT, R_none, NULL },
	{ "ReturnError without parameter", END("A3( 02(07) 02(22) )"), 36, MAP_ANSWER_REWRITTEN,
		R_none, END("A3( 02(07) 02(24) )") },
	{ "ReturnError with an empty one", END("A3( 02(07) 02(05) 3000 )"), 36,
		MAP_ANSWER_REWRITTEN, R_none, END("A3( 02(07) 02(24) 3000 )") },
	{ "ReturnError with one", END("A3( 02(07) 02(22) 0A(00) )"), 36, MAP_ANSWER_KEPT,
		R_map_answer_kept, NULL },
	{ "ReturnError that is right", END("A3( 02(07) 02(24) 30(0500) )"), 36,
		MAP_ANSWER_REWRITTEN, R_none, NULL },
	{ "ReturnError of a global code", END("A3( 02(07) 06(22) )"), 36, MAP_ANSWER_KEPT,
		R_map_answer_kept, NULL },
	{ "result", END("A2( 02(07) )"), 36, MAP_ANSWER_ACCEPTED, R_smsc_accepted, NULL },
	{ "result, not the last", END("A7( 02(07) )"), 36, MAP_ANSWER_ACCEPTED, R_smsc_accepted,
		NULL },
	{ "invoke", END("A1( 02(07) 02(2C) )"), 36, MAP_ANSWER_NONE, R_none, NULL },
};

static void test_answers(void)
{
	for (size_t i = 0; i < sizeof(answer_cases) / sizeof(answer_cases[0]); i++) {
		const struct answer_case *c = &answer_cases[i];
		static uint8_t out[MESSAGE_MAX];
		enum edit_map_answer got;
		enum reason why;

		read_message(c->in);
		memcpy(out, in.b.data, in.b.len);
		got = edit_map_answer(in.b, &in.c[0].component, c->error, 0, out, &why);
		if (got != c->answer || why != c->why ||
			!equals(out, c->out != NULL ? c->out : c->in)) {
			fprintf(stderr, "%s: %d, %s\n", c->name, (int)got, stats_reason_name(why));
			CU_FAIL("answer");
		}
		/* octets that have left: all or nothing */
		memcpy(out, in.b.data, in.b.len);
		got = edit_map_answer(in.b, &in.c[0].component, c->error, in.b.len, out, &why);
		CU_ASSERT_EQUAL(memcmp(out, in.b.data, in.b.len), 0);
		if (c->out != NULL) {
			CU_ASSERT_EQUAL(got, MAP_ANSWER_KEPT);
		}
	}
}

static void test_errors(void)
{
	CU_ASSERT_EQUAL(edit_map_error_code("systemFailure"), 34);
	CU_ASSERT_EQUAL(edit_map_error_code("unexpectedDataValue"), 36);
	CU_ASSERT_EQUAL(edit_map_error_code("systemfailure"), -1);
	CU_ASSERT_STRING_EQUAL(edit_map_error_name(5), "unidentifiedSubscriber");
	CU_ASSERT_STRING_EQUAL(edit_map_error_name(99), "unknown");
	CU_ASSERT_TRUE((edit_map_error_traits(32) & MAP_ERROR_PARAMETER) != 0);
	CU_ASSERT_TRUE((edit_map_error_traits(34) & MAP_ERROR_TEMPORARY) != 0);
	CU_ASSERT_TRUE((edit_map_error_traits(36) & MAP_ERROR_TEMPORARY) == 0);
	CU_ASSERT_EQUAL(edit_map_error_traits(99), 0);
	for (unsigned code = 0; code < 256; code++) {
		const char *name = edit_map_error_name(code);

		CU_ASSERT_TRUE(
			edit_map_error_traits(code) == 0 || edit_map_error_code(name) == (int)code);
	}
}

UNIT_MAIN("edit_map", { "refusals", test_refuse }, { "when octets have left", test_partial },
	{ "what is behind the UI", test_break_last },
	{ "no length, no break", test_break_indefinite },
	{ "styles when octets have left", test_partial_styles },
	{ "several components", test_components }, { "messages of a capture", test_real },
	{ "ghosts of all lengths", test_ghost }, { "septets redacted", test_redact_septets },
	{ "other texts redacted", test_redact_others }, { "a text too far", test_far_text },
	{ "where the text is", test_text_place }, { "answers", test_answers },
	{ "MAP errors", test_errors })
