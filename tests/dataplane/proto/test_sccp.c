/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proto/sccp.h"

#include <stdio.h>

#include "tests/dataplane/proto/bertext.h"
#include "tests/support/unit.h"

/* In these texts ( ) puts a length octet before what it holds. */
#define MSC  "(42 08)" /* by SSN: MSC, five octets less two */
#define HLR  "(43 0100 06)"
#define DATA "(6202 4800)"

static const struct message_case {
	const char *name;
	const char *in;
	enum reason why; /* R_none: it is read */
	enum sccp_type type;
	uint8_t protocol_class;
	bool return_on_error;
	uint8_t hops;
	int importance; /* -1: none */
	int remaining;  /* -1: no segmentation */
	size_t data_off;
	size_t data_len;
	unsigned anomalies;
} message_cases[] = {
	{ "UDT (Q.713 4.10)", "09 80 03 05 09" MSC HLR DATA, R_none, SCCP_UDT, 0, true, 0, -1, -1,
		14, 4, 0 },
	{ "UDT, class 1, discard on error", "09 01 03 05 09" MSC HLR DATA, R_none, SCCP_UDT, 1,
		false, 0, -1, -1, 14, 4, 0 },
	{ "parts in another order (2.3 leaves it open)", "09 00 0D 07 01" DATA HLR MSC, R_none,
		SCCP_UDT, 0, false, 0, -1, -1, 6, 4, 0 },
	{ "octets between the parts", "09 00 03 05 0B" MSC HLR "0000" DATA, R_none, SCCP_UDT, 0,
		false, 0, -1, -1, 16, 4, 0 },
	{ "UDTS (4.11)", "0A 01 03 05 09" MSC HLR DATA, R_none, SCCP_UDTS, 0, false, 0, -1, -1, 14,
		4, 0 },
	{ "XUDT without options (4.18)", "11 81 0F 04 06 0A 00" MSC HLR DATA, R_none, SCCP_XUDT, 1,
		true, 15, -1, -1, 16, 4, 0 },
	{ "XUDT, a segment of three",
		"11 01 0F 04 06 0A 0E" MSC HLR DATA "10 04 C2 010203 12 01 07 00", R_none,
		SCCP_XUDT, 1, false, 15, 7, 2, 16, 4, 0 },
	{ "XUDTS (4.19)", "12 0D 0F 04 06 0A 0E" MSC HLR DATA "12 01 03 00", R_none, SCCP_XUDTS, 0,
		false, 15, 3, -1, 16, 4, 0 },
	{ "LUDT: pointers and length low octet first (4.20, 2.3)",
		"13 01 0A 0700 0800 0B00 0000" MSC HLR "0400 62024800", R_none, SCCP_LUDT, 1, false,
		10, -1, -1, 21, 4, 0 },
	{ "LUDT with options",
		"13 01 0A 0700 0800 0B00 0F00" MSC HLR "0400 62024800 10 04 80 000001 00", R_none,
		SCCP_LUDT, 1, false, 10, -1, 0, 21, 4, 0 },
	{ "LUDTS (4.21)", "14 0A 0A 0700 0800 0B00 0000" MSC HLR "0400 62024800", R_none,
		SCCP_LUDTS, 0, false, 10, -1, -1, 21, 4, 0 },
	{ "no user's octets", "09 00 03 05 09" MSC HLR "()", R_none, SCCP_UDT, 0, false, 0, -1, -1,
		14, 0, 0 },
	{ "class 2 has no place here", "09 02 03 05 09" MSC HLR DATA, R_none, SCCP_UDT, 2, false, 0,
		-1, -1, 14, 4, SCCP_ANOMALY_CLASS },
	{ "hop counter 0", "11 81 00 04 06 0A 00" MSC HLR DATA, R_none, SCCP_XUDT, 1, true, 0, -1,
		-1, 16, 4, SCCP_ANOMALY_HOPS },
	{ "hop counter 16", "11 81 10 04 06 0A 00" MSC HLR DATA, R_none, SCCP_XUDT, 1, true, 16, -1,
		-1, 16, 4, SCCP_ANOMALY_HOPS },
	/* pointers */
	{ "the called address lies in the user's octets", "09 00 0C 05 09" MSC HLR "(01 42 4800)",
		R_none, SCCP_UDT, 0, false, 0, -1, -1, 14, 4,
		SCCP_ANOMALY_POINTER | SCCP_ANOMALY_ADDRESS },
	{ "both addresses are one", "09 00 03 02 09" MSC HLR DATA, R_none, SCCP_UDT, 0, false, 0,
		-1, -1, 14, 4, SCCP_ANOMALY_POINTER },
	{ "called pointer 0", "09 00 00 05 09" MSC HLR DATA, R_none, SCCP_UDT, 0, false, 0, -1, -1,
		14, 4, SCCP_ANOMALY_POINTER | SCCP_ANOMALY_ADDRESS },
	{ "called pointer 1", "09 00 01 05 09" MSC HLR DATA, R_none, SCCP_UDT, 0, false, 0, -1, -1,
		14, 4, SCCP_ANOMALY_POINTER | SCCP_ANOMALY_ADDRESS },
	{ "calling pointer 255", "09 00 03 FF 09" MSC HLR DATA, R_none, SCCP_UDT, 0, false, 0, -1,
		-1, 14, 4, SCCP_ANOMALY_POINTER | SCCP_ANOMALY_ADDRESS },
	{ "data pointer 0", "09 00 03 05 00" MSC HLR DATA, R_sccp_pointer, 0, 0, 0, 0, 0, 0, 0, 0,
		0 },
	{ "data pointer 255", "09 00 03 05 FF" MSC HLR DATA, R_sccp_pointer, 0, 0, 0, 0, 0, 0, 0, 0,
		0 },
	{ "data pointer behind the end", "09 00 03 05 0E" MSC HLR DATA, R_sccp_pointer, 0, 0, 0, 0,
		0, 0, 0, 0, 0 },
	{ "long data pointer 65535", "13 01 0A 0700 0800 FFFF 0000" MSC HLR "0400 62024800",
		R_sccp_pointer, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "long data length one too long", "13 01 0A 0700 0800 0B00 0000" MSC HLR "0500 62024800",
		R_sccp_pointer, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "long data length 65535", "13 01 0A 0700 0800 0B00 0000" MSC HLR "FFFF 62024800",
		R_sccp_pointer, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "data length one too long", "09 00 03 05 09" MSC HLR "05 62024800", R_sccp_pointer, 0, 0,
		0, 0, 0, 0, 0, 0, 0 },
	{ "data length one too short", "09 00 03 05 09" MSC HLR "03 62024800", R_none, SCCP_UDT, 0,
		false, 0, -1, -1, 14, 3, 0 },
	{ "data length 1", "09 00 03 05 09" MSC HLR "01 62", R_none, SCCP_UDT, 0, false, 0, -1, -1,
		14, 1, 0 },
	{ "data length 255", "09 00 03 05 09" MSC HLR "FF 62024800", R_sccp_pointer, 0, 0, 0, 0, 0,
		0, 0, 0, 0 },
	{ "address length 0",
		"09 00 03 03 07"
		"()" HLR DATA,
		R_none, SCCP_UDT, 0, false, 0, -1, -1, 12, 4, SCCP_ANOMALY_ADDRESS },
	{ "address length 1", "09 00 03 04 08 (00)" HLR DATA, R_none, SCCP_UDT, 0, false, 0, -1, -1,
		13, 4, 0 },
	{ "address length 255",
		"09 00 03 05 09"
		"FF 42 08" HLR DATA,
		R_none, SCCP_UDT, 0, false, 0, -1, -1, 14, 4,
		SCCP_ANOMALY_POINTER | SCCP_ANOMALY_ADDRESS },
	/* options */
	{ "the end of the options is missing", "11 81 0F 04 06 0A 0E" MSC HLR DATA "12 01 03",
		R_none, SCCP_XUDT, 1, true, 15, 3, -1, 16, 4, SCCP_ANOMALY_OPTION },
	{ "an option that runs past the message", "11 81 0F 04 06 0A 0E" MSC HLR DATA "12 02 03",
		R_none, SCCP_XUDT, 1, true, 15, -1, -1, 16, 4, SCCP_ANOMALY_OPTION },
	{ "an option of length 255", "11 81 0F 04 06 0A 0E" MSC HLR DATA "10 FF 80 000001 00",
		R_none, SCCP_XUDT, 1, true, 15, -1, -1, 16, 4, SCCP_ANOMALY_OPTION },
	{ "an option that is not known", "11 81 0F 04 06 0A 0E" MSC HLR DATA "F4 02 AABB 00",
		R_none, SCCP_XUDT, 1, true, 15, -1, -1, 16, 4, 0 },
	{ "segmentation of three octets", "11 81 0F 04 06 0A 0E" MSC HLR DATA "10 03 810000 00",
		R_none, SCCP_XUDT, 1, true, 15, -1, -1, 16, 4, SCCP_ANOMALY_OPTION },
	{ "segmentation of five octets", "11 81 0F 04 06 0A 0E" MSC HLR DATA "10 05 81000001FF 00",
		R_none, SCCP_XUDT, 1, true, 15, -1, 1, 16, 4, SCCP_ANOMALY_OPTION },
	{ "segmentation twice: the first counts",
		"11 81 0F 04 06 0A 0E" MSC HLR DATA "10 04 81 000001 10 04 82 000002 00", R_none,
		SCCP_XUDT, 1, true, 15, -1, 1, 16, 4, SCCP_ANOMALY_OPTION },
	{ "importance of no octet", "11 81 0F 04 06 0A 0E" MSC HLR DATA "12 00 00", R_none,
		SCCP_XUDT, 1, true, 15, -1, -1, 16, 4, SCCP_ANOMALY_OPTION },
	{ "only the end of options", "11 81 0F 04 06 0A 0E" MSC HLR DATA "00", R_none, SCCP_XUDT, 1,
		true, 15, -1, -1, 16, 4, 0 },
	{ "options pointer behind the end", "11 81 0F 04 06 0A 0F" MSC HLR DATA "00", R_none,
		SCCP_XUDT, 1, true, 15, -1, -1, 16, 4, SCCP_ANOMALY_POINTER | SCCP_ANOMALY_OPTION },
	{ "options pointer 255", "11 81 0F 04 06 0A FF" MSC HLR DATA "00", R_none, SCCP_XUDT, 1,
		true, 15, -1, -1, 16, 4, SCCP_ANOMALY_POINTER | SCCP_ANOMALY_OPTION },
	{ "options in the user's octets", "11 81 0F 04 06 0A 0A" MSC HLR "(1204 0012 0100)", R_none,
		SCCP_XUDT, 1, true, 15, 0, -1, 16, 6, SCCP_ANOMALY_POINTER | SCCP_ANOMALY_OPTION },
	/* other messages */
	{ "connection request", "01 000001 02 02 06 02 42FE 0F 01 00 00", R_sccp_connection, 0, 0,
		0, 0, 0, 0, 0, 0, 0 },
	{ "inactivity test", "10 00", R_sccp_connection, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "type 0", "00 00 03 05 09" MSC HLR DATA, R_sccp_type, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "type 21", "15 00 03 05 09" MSC HLR DATA, R_sccp_type, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "type 255", "FF", R_sccp_type, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "nothing", "", R_sccp_pointer, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
};

static bool message_is(const struct message_case *t, struct bytes b, const struct sccp_message *m)
{
	bool service = t->type == SCCP_UDTS || t->type == SCCP_XUDTS || t->type == SCCP_LUDTS;

	return m->type == t->type && m->service == service &&
	       (service ? m->return_cause == b.data[1] : m->protocol_class == t->protocol_class) &&
	       m->return_on_error == t->return_on_error && m->hop_counter == t->hops &&
	       (m->has_importance ? m->importance : -1) == t->importance &&
	       (m->segmentation.present ? m->segmentation.remaining : -1) == t->remaining &&
	       m->data_off == t->data_off && m->data.len == t->data_len &&
	       m->data.data == b.data + m->data_off && m->anomalies == t->anomalies;
}

static void test_messages(void)
{
	for (size_t i = 0; i < sizeof(message_cases) / sizeof(message_cases[0]); i++) {
		const struct message_case *t = &message_cases[i];
		struct bytes b = bertext_exact(t->in);
		struct sccp_message m = { .data_off = 7777 };
		enum reason why = R_none;
		enum parse p = sccp_message_read(b, &m, &why);

		if (why != t->why || (p == PARSE_OK) != (why == R_none) ||
			(p == PARSE_OK ? !message_is(t, b, &m) : m.data_off != 7777)) {
			fprintf(stderr,
				"case '%s': %d %s data %zu+%zu hops %u importance %u remaining %u "
				"anomalies %x\n",
				t->name, p, stats_reason_name(why), m.data_off, m.data.len,
				m.hop_counter, m.importance, m.segmentation.remaining, m.anomalies);
			CU_FAIL("message");
		}
		bertext_free(b);
	}
}

static const struct address_case {
	const char *name;
	const char *in;     /* without its length */
	const char *digits; /* NULL: not present */
	bool by_ssn;
	int pc;  /* -1: none */
	int ssn; /* -1: none */
	uint8_t gti;
	uint8_t translation_type;
	uint8_t plan;
	uint8_t encoding;
	uint8_t nature;
	unsigned anomalies;
} address_cases[] = {
	{ "SSN alone", "42 06", "", true, -1, 6, 0, 0, 0, 0, 0, 0 },
	{ "point code: 14 bits, low octet first (3.4.2.1)", "43 FF3F 08", "", true, 0x3FFF, 8, 0, 0,
		0, 0, 0, 0 },
	{ "point code with spare bits set", "43 01C0 08", "", true, 1, 8, 0, 0, 0, 0, 0, 0 },
	{ "GTI 1, even", "06 08 04 44770090", "44770009", false, -1, 8, 1, 0, 0, 2, 4, 0 },
	{ "GTI 1, odd", "06 08 84 44770009", "4477009", false, -1, 8, 1, 0, 0, 1, 4, 0 },
	{ "GTI 2", "0A 06 1F 2143", "1234", false, -1, 6, 2, 0x1F, 0, 0, 0, 0 },
	{ "GTI 3, even", "0E 07 00 12 2143", "1234", false, -1, 7, 3, 0, 1, 2, 0, 0 },
	{ "GTI 3, odd", "0E 07 09 11 2103", "123", false, -1, 7, 3, 9, 1, 1, 0, 0 },
	{ "GTI 4, even: +447700900123", "12 08 00 12 04 447700091032", "447700900123", false, -1, 8,
		4, 0, 1, 2, 4, 0 },
	{ "GTI 4, odd, E.214", "13 0102 06 00 71 04 4477090012F3", "44779000213", false, 0x0201, 6,
		4, 0, 7, 1, 4, 0 },
	{ "GTI 4, the odd filler may be anything", "12 08 00 11 04 21F3", "123", false, -1, 8, 4, 0,
		1, 1, 4, 0 },
	{ "GTI 4, encoding not said", "12 08 00 10 04 2143", "1234", false, -1, 8, 4, 0, 1, 0, 4,
		0 },
	{ "nature with its spare bit set", "12 08 00 12 84 2143", "1234", false, -1, 8, 4, 0, 1, 2,
		4, 0 },
	{ "signals 11 and 12 (3.4.2.3.1)", "12 08 00 12 04 B1C2", "1b2c", false, -1, 8, 4, 0, 1, 2,
		4, 0 },
	{ "an even title closed by ST", "12 08 00 12 04 21F3", "123", false, -1, 8, 4, 0, 1, 2, 4,
		0 },
	{ "ST and filler", "12 08 00 12 04 210F", "12", false, -1, 8, 4, 0, 1, 2, 4, 0 },
	{ "digits behind an ST", "12 08 00 12 04 21F354", "123", false, -1, 8, 4, 0, 1, 2, 4,
		SCCP_ANOMALY_DIGITS },
	{ "no digits", "12 08 00 12 04", "", false, -1, 8, 4, 0, 1, 2, 4, 0 },
	{ "no digits, odd", "12 08 00 11 04", "", false, -1, 8, 4, 0, 1, 1, 4, 0 },
	{ "32 digits", "12 08 00 12 04 21436587092143658709214365870921",
		"12345678901234567890123456789012", false, -1, 8, 4, 0, 1, 2, 4, 0 },
	{ "33 digits", "12 08 00 11 04 2143658709214365870921436587092103",
		"12345678901234567890123456789012", false, -1, 8, 4, 0, 1, 1, 4,
		SCCP_ANOMALY_DIGITS },
	{ "coded for national use", "C3 0100 06", "", true, 1, 6, 0, 0, 0, 0, 0,
		SCCP_ANOMALY_NATIONAL },
	{ "octets without a global title", "42 06 00", NULL, true, -1, 6, 0, 0, 0, 0, 0,
		SCCP_ANOMALY_ADDRESS },
	{ "GTI 5 is spare", "16 08 00 12 04 2143", NULL, false, -1, 8, 5, 0, 0, 0, 0,
		SCCP_ANOMALY_ADDRESS },
	{ "GTI 15 is spare", "3E 08 00 12 04 2143", NULL, false, -1, 8, 15, 0, 0, 0, 0,
		SCCP_ANOMALY_ADDRESS },
	{ "point code cut", "41 01", NULL, true, 1, -1, 0, 0, 0, 0, 0, SCCP_ANOMALY_ADDRESS },
	{ "SSN cut", "42", NULL, true, -1, 0, 0, 0, 0, 0, 0, SCCP_ANOMALY_ADDRESS },
	{ "title cut before the plan", "12 08 00", NULL, false, -1, 8, 4, 0, 0, 0, 0,
		SCCP_ANOMALY_ADDRESS },
	{ "title cut before the nature", "12 08 00 12", NULL, false, -1, 8, 4, 0, 1, 2, 0,
		SCCP_ANOMALY_ADDRESS },
	{ "title cut before its first octet", "06 08", NULL, false, -1, 8, 1, 0, 0, 2, 0,
		SCCP_ANOMALY_ADDRESS },
};

static bool address_is(const struct address_case *t, const struct sccp_address *a)
{
	return a->present == (t->digits != NULL) && a->by_ssn == t->by_ssn &&
	       (a->has_pc ? a->pc : -1) == t->pc && (a->has_ssn ? a->ssn : -1) == t->ssn &&
	       a->gti == t->gti && a->translation_type == t->translation_type &&
	       a->plan == t->plan && a->encoding == t->encoding && a->nature == t->nature &&
	       (t->digits == NULL ||
		       bytes_equal(bytes_of(a->digits, a->n_digits), bytes_str(t->digits)));
}

/* Each address as the called and as the calling one of a UDT. */
static void test_addresses(void)
{
	for (size_t i = 0; i < 2 * sizeof(address_cases) / sizeof(address_cases[0]); i++) {
		const struct address_case *t = &address_cases[i / 2];
		struct sccp_message m = { 0 };
		const struct sccp_address *a = i % 2 == 0 ? &m.called : &m.calling;
		uint8_t octets[64];
		struct bytes address = bertext_write(t->in, octets, sizeof(octets));
		char text[256];
		struct bytes b;
		enum reason why;

		if (i % 2 == 0) {
			snprintf(text, sizeof(text), "09 00 03 %02X %02X (%s)" HLR DATA,
				(unsigned)(3 + address.len), (unsigned)(7 + address.len), t->in);
		} else {
			snprintf(text, sizeof(text), "09 00 03 05 %02X" MSC "(%s)" DATA,
				(unsigned)(5 + address.len), t->in);
		}
		b = bertext_exact(text);
		if (sccp_message_read(b, &m, &why) != PARSE_OK || !address_is(t, a) ||
			m.anomalies != t->anomalies || !bytes_equal(a->octets, address) ||
			a->octets.data != b.data + a->off ||
			!bytes_equal(m.data, bytes_of("\x62\x02\x48\x00", 4))) {
			fprintf(stderr,
				"case '%s': present %d pc %u ssn %u gti %u tt %u np %u es %u "
				"nai %u '%.*s' anomalies %x\n",
				t->name, a->present, a->pc, a->ssn, a->gti, a->translation_type,
				a->plan, a->encoding, a->nature, a->n_digits, a->digits,
				m.anomalies);
			CU_FAIL("address");
		}
		bertext_free(b);
	}
}

static void test_segmentation(void)
{
	struct bytes b =
		bertext_exact("11 01 0F 04 06 0A 0E" MSC HLR DATA "10 04 CF 010203 12 01 07 00");
	struct sccp_message m;
	enum reason why;

	CU_ASSERT_EQUAL_FATAL(sccp_message_read(b, &m, &why), PARSE_OK);
	CU_ASSERT_TRUE(m.segmentation.first && m.segmentation.in_sequence);
	CU_ASSERT_EQUAL(m.segmentation.remaining, 15);
	CU_ASSERT_EQUAL(m.segmentation.reference, 0x030201);
	CU_ASSERT_EQUAL(m.segmentation.reference_off, 23);
	bertext_free(b);
}

/* Cut anywhere, a message is refused, or all that is there is read. */
static void test_truncated(void)
{
	static const char *const whole[] = { "09 80 03 05 09" MSC HLR DATA,
		"11 01 0F 04 06 0A 0E" MSC HLR DATA "10 04 C2 010203 12 01 07 00",
		"14 0A 0A 0700 0800 0B00 0F00" MSC HLR "0400 62024800 10 04 80 000001 00" };
	static const size_t data_end[] = { 18, 20, 25 };

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		struct bytes b = bertext_exact(whole[i]);

		for (size_t n = 0; n <= b.len; n++) {
			uint8_t *exact = malloc(n != 0 ? n : 1);
			struct sccp_message m = { .anomalies = 0 };
			enum reason why = R_none;
			enum parse p;

			memcpy(exact, b.data, n);
			p = sccp_message_read(bytes_of(exact, n), &m, &why);
			CU_ASSERT_EQUAL(p == PARSE_OK, n >= data_end[i]);
			CU_ASSERT_EQUAL(why, p == PARSE_OK ? R_none : R_sccp_pointer);
			CU_ASSERT_EQUAL(m.anomalies != 0, p == PARSE_OK && n < b.len);
			free(exact);
		}
		bertext_free(b);
	}
}

/* Parts in the reverse order: what is cut at the end then are the addresses. */
static void test_truncated_addresses(void)
{
	struct bytes b = bertext_exact("09 00 0D 07 01" DATA HLR MSC);

	for (size_t n = 10; n < b.len; n++) {
		uint8_t *exact = malloc(n);
		struct sccp_message m;
		enum reason why;

		memcpy(exact, b.data, n);
		CU_ASSERT_EQUAL(sccp_message_read(bytes_of(exact, n), &m, &why), PARSE_OK);
		CU_ASSERT_EQUAL(m.data.len, 4);
		CU_ASSERT_FALSE(m.called.present);
		CU_ASSERT_EQUAL(m.calling.present, n >= 15);
		free(exact);
	}
	bertext_free(b);
}

static void test_option_count(void)
{
	uint8_t octets[512];
	struct bytes head =
		bertext_write("11 81 0F 04 06 0A 0E" MSC HLR DATA, octets, sizeof(octets));

	for (unsigned n = LIMIT_SCCP_OPTIONS - 1; n <= LIMIT_SCCP_OPTIONS + 1; n++) {
		struct sccp_message m;
		enum reason why;

		for (unsigned i = 0; i < n; i++) {
			put_be16(octets + head.len + 2 * i, 0xF400);
		}
		octets[head.len + 2 * n] = 0;
		CU_ASSERT_EQUAL(sccp_message_read(bytes_of(octets, head.len + 2 * n + 1), &m, &why),
			PARSE_OK);
		CU_ASSERT_EQUAL(m.anomalies, n <= LIMIT_SCCP_OPTIONS ? 0 : SCCP_ANOMALY_OPTION);
	}
}

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(sccp_type_name(SCCP_XUDT), "XUDT");
	CU_ASSERT_STRING_EQUAL(sccp_type_name(SCCP_CR), "CR");
	CU_ASSERT_STRING_EQUAL(sccp_type_name(21), "unknown");
	CU_ASSERT_STRING_EQUAL(sccp_ssn_name(6), "HLR");
	CU_ASSERT_STRING_EQUAL(sccp_ssn_name(7), "VLR");
	CU_ASSERT_STRING_EQUAL(sccp_ssn_name(8), "MSC");
	CU_ASSERT_STRING_EQUAL(sccp_ssn_name(149), "SGSN");
	CU_ASSERT_STRING_EQUAL(sccp_ssn_name(2), "unknown");
	CU_ASSERT_STRING_EQUAL(
		sccp_return_cause_name(0), "no translation for an address of such nature");
	CU_ASSERT_STRING_EQUAL(sccp_return_cause_name(14), "segmentation failure");
	CU_ASSERT_STRING_EQUAL(sccp_return_cause_name(15), "unknown");
	CU_ASSERT_EQUAL(sccp_anomaly_reason(0), R_sccp_pointer);
	CU_ASSERT_EQUAL(sccp_anomaly_reason(1), R_sccp_address);
	CU_ASSERT_EQUAL(sccp_anomaly_reason(2), R_sccp_digits);
	CU_ASSERT_EQUAL(sccp_anomaly_reason(3), R_sccp_national);
	CU_ASSERT_EQUAL(sccp_anomaly_reason(4), R_sccp_class);
	CU_ASSERT_EQUAL(sccp_anomaly_reason(5), R_sccp_option);
	CU_ASSERT_EQUAL(sccp_anomaly_reason(6), R_sccp_hops);
	CU_ASSERT_EQUAL(sccp_anomaly_reason(SCCP_ANOMALIES), R_none);
}

UNIT_MAIN("sccp", { "messages", test_messages }, { "addresses", test_addresses },
	{ "segmentation", test_segmentation }, { "cut at every octet", test_truncated },
	{ "addresses cut at every octet", test_truncated_addresses },
	{ "as many options as are looked at", test_option_count }, { "names", test_names })
