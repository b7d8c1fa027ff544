/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/diag.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_distance(void)
{
	static const struct {
		const char *a;
		const char *b;
		size_t far;
	} words[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "sender", "sender", 0 },
		{ "Sender", "sEnDeR", 0 },
		{ "sendr", "sender", 1 },
		{ "sneder", "sender", 2 },
		{ "kitten", "sitting", 3 },
	};
	char long_word[DIAG_WORD_MAX + 1];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		CU_ASSERT_EQUAL(diag_distance(words[i].a, words[i].b), words[i].far);
		CU_ASSERT_EQUAL(diag_distance(words[i].b, words[i].a), words[i].far);
	}
	memset(long_word, 'a', DIAG_WORD_MAX);
	long_word[DIAG_WORD_MAX] = '\0';
	CU_ASSERT_EQUAL(diag_distance(long_word, long_word), DIAG_WORD_MAX);
	long_word[DIAG_WORD_MAX - 1] = '\0';
	CU_ASSERT_EQUAL(diag_distance(long_word, ""), DIAG_WORD_MAX - 1);
	CU_ASSERT_EQUAL(diag_distance(long_word, long_word + 1), 1);
}

static void test_meant(void)
{
	static const char *const names[] = { "on", "shadow", "sample", "recipient", "recipients" };
	static const struct {
		const char *word;
		const char *meant;
	} words[] = {
		{ "shaddow", "shadow" },
		{ "SHADOW", "shadow" },
		{ "simple", "sample" },
		{ "no", NULL }, /* two letters, two wrong: another word */
		{ "onn", "on" },
		{ "recipint", "recipient" },
		{ "recipientss", "recipients" },
		{ "weekday", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *meant =
			diag_meant(words[i].word, names, sizeof(names) / sizeof(names[0]));

		if (words[i].meant == NULL) {
			CU_ASSERT_PTR_NULL(meant);
		} else {
			CU_ASSERT_PTR_NOT_NULL_FATAL(meant);
			CU_ASSERT_STRING_EQUAL(meant, words[i].meant);
		}
	}
	CU_ASSERT_PTR_NULL(diag_meant("on", NULL, 0));
}

UNIT_MAIN("base/diag", { "distance", test_distance }, { "meant", test_meant })
