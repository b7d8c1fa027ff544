/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/probe.h"

#include <string.h>

#include "tests/support/unit.h"

static const struct probe_target target = { .system_id = "t",
	.password = "",
	.system_type = "",
	.source = "Brand",
	.destination = "447700900001" };

static void test_answers_are_judged(void)
{
	const uint32_t resp = SMPP_SUBMIT_SM | SMPP_RESPONSE;
	const struct {
		struct probe_answer a;
		enum probe_outcome outcome;
	} cases[] = {
		{ { true, false, true, true, resp, 0x0B, 16, 1 }, PROBE_REFUSED },
		{ { true, false, true, true, resp, 0x58, 16, 1 }, PROBE_REFUSED },
		{ { true, false, true, true, resp, 0, 20, 1 }, PROBE_ACCEPTED },
		{ { true, false, true, true, resp, 0x03, 16, 1 }, PROBE_UNSUPPORTED },
		{ { true, false, true, true, SMPP_GENERIC_NACK, 0x03, 16, 1 }, PROBE_UNSUPPORTED },
		{ { true, false, true, true, SMPP_GENERIC_NACK, 0x02, 16, 1 }, PROBE_WRONG },
		{ { true, false, true, false, SMPP_GENERIC_NACK, 0x03, 16, 1 }, PROBE_WRONG },
		{ { true, false, true, false, resp, 0x0B, 16, 1 }, PROBE_WRONG },
		{ { true, false, true, true, SMPP_DATA_SM | SMPP_RESPONSE, 0x0B, 16, 1 },
			PROBE_WRONG },
		{ { true, false, false, true, resp, 0x0B, 16, 1 }, PROBE_MUTE },
		{ { true, true, false, true, resp, 0x0B, 16, 1 }, PROBE_CLOSED },
		{ { .answered = false }, PROBE_MUTE },
		{ { .answered = false, .alive = true }, PROBE_MUTE },
		{ { .answered = false, .closed = true }, PROBE_CLOSED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(probe_judge(SMPP_SUBMIT_SM, &cases[i].a), cases[i].outcome);
	}
}

/* What is sent is a whole, legal PDU without any text, and poisoned as it says. */
static void test_what_is_sent(void)
{
	for (unsigned c = 0; c < PROBE_COMMANDS; c++) {
		for (unsigned p = 0; p <= PROBE_POISONS; p++) {
			struct probe_case k = { .command = probe_commands[c],
				.style = p < PROBE_POISONS ? EDIT_SELF_REJECT : EDIT_BLANK,
				.poison = p < PROBE_POISONS ? probe_poisons[p] : 0,
				.large = p % 2 == 1 };
			static struct smpp_message m;
			uint8_t pdu[800];
			uint32_t len = probe_build(&target, &k, 77, pdu, sizeof(pdu));
			struct bytes text;
			enum reason why;

			CU_ASSERT_EQUAL_FATAL(
				smpp_message_read(bytes_of(pdu, len), &m, &why), PARSE_OK);
			CU_ASSERT_EQUAL(m.header.length, len);
			CU_ASSERT_EQUAL(m.header.command, probe_commands[c]);
			CU_ASSERT_EQUAL(m.header.sequence, 77);
			CU_ASSERT_EQUAL(m.registered_delivery, 0);
			CU_ASSERT_EQUAL(m.anomalies, 0);
			CU_ASSERT_EQUAL(
				m.destination.digits.len == 0, (k.poison & POISON_DEST) != 0);
			CU_ASSERT_EQUAL(m.priority == 0xFF,
				(k.poison & POISON_PRIORITY) != 0 && k.command != SMPP_DATA_SM);
			text = m.has_payload ? m.message_payload : m.short_message;
			CU_ASSERT_TRUE(text.len >= 100);
			for (size_t i = 0; i < text.len; i++) {
				CU_ASSERT_EQUAL(text.data[i], ' ');
			}
		}
	}
}

/* An SMSC as a table: outcome by poison bits for each command; [8] is blank. */
enum { BLANK = 8 };
struct smsc {
	const char *outcome[PROBE_COMMANDS]; /* nine letters each: r a u w m c, - not tried */
	bool usable;
	enum edit_style style;
	unsigned poison;
	bool force;
};

static enum probe_outcome outcome_of(char letter)
{
	switch (letter) {
	case 'r':
		return PROBE_REFUSED;
	case 'a':
		return PROBE_ACCEPTED;
	case 'u':
		return PROBE_UNSUPPORTED;
	case 'w':
		return PROBE_WRONG;
	case 'c':
		return PROBE_CLOSED;
	default:
		return PROBE_MUTE;
	}
}

static unsigned fill(const struct smsc *s, struct probe_result *results)
{
	unsigned n = 0;

	for (unsigned c = 0; c < PROBE_COMMANDS; c++) {
		for (unsigned p = 1; p <= BLANK; p++) {
			if (s->outcome[c][p] == '-') {
				continue;
			}
			results[n++] = (struct probe_result){
				.what = { .command = probe_commands[c],
					.style = p == BLANK ? EDIT_BLANK : EDIT_SELF_REJECT,
					.poison = p == BLANK ? 0 : p },
				.outcome = outcome_of(s->outcome[c][p])
			};
		}
	}
	return n;
}

static void test_advice(void)
{
	/* letters by poison: [1] dest, [2] priority, [3] both, [4] esm_class, [5] d+e, [6] p+e, [7] all */
	static const struct smsc smscs[] = {
		/* refuses everything: the default */
		{ { " rrrrrrra", " rrrrrrra", " rrrrrrra" }, true, EDIT_SELF_REJECT, 3, false },
		/* looks at nothing: forced, and nobody gets anything */
		{ { " aaaaaaaa", " aaaaaaaa", " aaaaaaaa" }, true, EDIT_SELF_REJECT, 3, true },
		/* closes on an illegal priority */
		{ { " rccrrrca", " rrrrrrra", " rrrrrrra" }, true, EDIT_SELF_REJECT, 1, false },
		/* refuses by esm_class only; accepts an empty destination */
		{ { " aaarrrra", " aaarrrra", " aaarrrra" }, true, EDIT_SELF_REJECT, 7, false },
		/* does not speak the two others: silently, or by its own word */
		{ { " rrrrrrra", " mmmmmmmm", " uuuuuuuu" }, true, EDIT_SELF_REJECT, 3, false },
		/* mute to one of them only where poisoned: that counts */
		{ { " rrrrrrra", " mmmmmmma", " rrrrrrra" }, true, EDIT_BLANK, 0, false },
		/* wrong answers to all that is poisoned */
		{ { " wwwwwwwa", " rrrrrrra", " rrrrrrra" }, true, EDIT_BLANK, 0, false },
		/* without a recipient: what was not tried is not advised */
		{ { " c-c-c-c-", " r-r-r-r-", " r-r-r-r-" }, false, EDIT_NONE, 0, false },
		/* nothing is answered */
		{ { " mmmmmmmm", " mmmmmmmm", " mmmmmmmm" }, false, EDIT_NONE, 0, false },
	};

	for (size_t i = 0; i < sizeof(smscs) / sizeof(smscs[0]); i++) {
		struct probe_result results[PROBE_RESULTS_MAX];
		struct probe_advice a;

		probe_advise(results, fill(&smscs[i], results), &a);
		CU_ASSERT_EQUAL(a.usable, smscs[i].usable);
		CU_ASSERT_EQUAL(a.style, smscs[i].style);
		CU_ASSERT_EQUAL(a.poison, smscs[i].poison);
		CU_ASSERT_EQUAL(a.force, smscs[i].force);
		if (a.poison != smscs[i].poison || a.style != smscs[i].style) {
			fprintf(stderr, "SMSC %zu: style %d, poison %u\n", i, (int)a.style,
				a.poison);
		}
	}
}

UNIT_MAIN("control/probe", { "answers are judged", test_answers_are_judged },
	{ "what is sent", test_what_is_sent }, { "advice", test_advice })
